"""What can go wrong on the link to a PBX, told apart by what a caller may do next.

`NotSent`: nothing was written, so it is safe to try again or to tell the user.
`OutcomeUnknown`: it was written and nobody knows what became of it, so it is never sent again;
the PBX's state says later what is true.
`ActionError`: the PBX understood and refused.
`LinkFailed`: there is no link; its kind and text say why, where and how to mend it.
"""

from __future__ import annotations

from enum import Enum

from callcenter.pbx.ami.wire import AmiMessage, first


class DownKind(Enum):
    """Why there is no link to a PBX."""

    UNREACHABLE = "unreachable"
    """No TCP connection: refused, no route, name unknown, or no answer in time."""
    SILENT_PEER = "silent_peer"
    """TCP was accepted and then nothing was said."""
    NOT_AMI = "not_ami"
    """Something else than AMI answers on that port."""
    CLOSED_EARLY = "closed_early"
    """The peer closed before the login was answered."""
    FENCE_FAILED = "fence_failed"
    """The earlier session of this account could not be ended first."""
    LOGIN_REFUSED = "login_refused"
    """User or secret is wrong, or manager.conf does not permit this address."""
    LOGIN_IN_USE = "login_in_use"
    """Another session of this account lives, and the account allows one only."""
    LOGIN_TIMEOUT = "login_timeout"
    """The greeting came but no answer to the login."""
    NOT_BOOTED = "not_booted"
    """Logged in, but Asterisk has not said that it is fully booted."""
    LOST = "lost"
    """The connection was closed or reset by the peer or the network."""
    PBX_STOPPED = "pbx_stopped"
    """Asterisk said that it shuts down, then the connection ended."""
    PING_TIMEOUT = "ping_timeout"
    """The connection stands but pings are not answered: a half-open or hanging peer."""
    OVERLOADED = "overloaded"
    """This service did not read for too long; what is known of the PBX has to be read anew."""
    CLOSED = "closed"
    """Closed by this service."""


class AmiError(Exception):
    """Root of all errors of the link."""


class NotSent(AmiError):  # noqa: N818  # reads as an outcome beside OutcomeUnknown
    """Nothing was written to the PBX."""


class NotConnected(NotSent):
    """There is no logged-in session at the moment."""


class LinkBusy(NotSent):
    """Too much is in flight: the PBX answers or reads more slowly than is asked of it."""


class OutcomeUnknown(AmiError):  # noqa: N818  # the name in the design; not a fault by itself
    """The action was written and no answer came: it may or may not have been carried out."""


class ActionTimedOut(OutcomeUnknown):
    """No answer within the action's deadline."""


class ListTooLong(AmiError):  # noqa: N818  # named after what happened, as its siblings
    """A list had more rows than are taken; the rest of it is dropped."""


class ActionError(AmiError):
    """The PBX refused an action; `message` is its answer."""

    def __init__(self, action: str, message: AmiMessage) -> None:
        self.action = action
        self.message = message
        super().__init__(f"{action} refused: {first(message, 'Message') or 'no reason given'}")


class LinkFailed(AmiError):  # noqa: N818  # named after what happened, as its siblings
    """There is no link; `kind` tells which of the ways it failed, the text how to mend it."""

    def __init__(self, kind: DownKind, text: str) -> None:
        self.kind = kind
        super().__init__(text)


class LoginRefused(LinkFailed):
    """The PBX answered the login with an error: LOGIN_REFUSED or LOGIN_IN_USE."""
