"""What the link to a PBX is told (account, deadlines) and what it tells (up, down, counters)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from callcenter.pbx.ami.errors import DownKind
from callcenter.pbx.ami.wire import encode_action

ACTION_TIMEOUT_S: Final = 5.0
"""Seconds for an answer. Asterisk answers in 1 ms, also under load; a reload may take seconds."""

LIST_TIMEOUT_S: Final = 15.0
"""Seconds for a whole list: Status of 20,000 channels has to be written by Asterisk and read."""

LIST_ROWS_MAX: Final = 50_000
"""Rows in a list: twice the channels of 10,000 calls with 10,000 agents, some 150 MB while read."""

PENDING_ACTIONS_MAX: Final = 10_000
"""Actions in flight. Half a second of what Asterisk answers at full speed (20,000 a second)."""

WRITE_BUFFER_BYTES_MAX: Final = 1_048_576
"""Bytes waiting because the PBX does not read: some 5,000 actions."""

ABANDONED_LISTS_MAX: Final = 64
"""Lists given up whose late rows are still recognised and dropped."""


class Timings(msgspec.Struct, frozen=True):
    """Every deadline and interval of a link, in seconds. Tests pass shorter ones."""

    connect_s: float = 5.0
    """For the TCP connection."""
    greeting_s: float = 5.0
    """For Asterisk's first line, which it sends at once."""
    login_s: float = 5.0
    """For the answer to the login: Asterisk waits 1 s before it says no."""
    fence_s: float = 10.0
    """For ending the account's earlier session; Asterisk drops an idle login after 30 s."""
    booted_s: float = 60.0
    """For FullyBooted after the login: a large configuration loads for half a minute."""
    action_s: float = ACTION_TIMEOUT_S
    """For an action whose caller gives no deadline."""
    list_s: float = LIST_TIMEOUT_S
    """For a whole list whose caller gives no deadline."""
    ping_every_s: float = 5.0
    """Between an answered ping and the next."""
    ping_s: float = 5.0
    """For a ping's answer: then the link is cut. So a dead peer is noticed within 10 s."""
    pause_s: float = 30.0
    """For a pause in reading. After it events are too old to be worth catching up with."""
    shutdown_s: float = 10.0
    """From Asterisk's word that it shuts down to its end; it takes under a second."""
    retry_first_s: float = 0.25
    """Before the first new attempt, doubled for each further one."""
    retry_max_s: float = 10.0
    """Between attempts at most."""
    retry_refused_s: float = 30.0
    """After a refused login: trying often would look like an attack and get this host banned."""
    farewell_s: float = 1.0
    """For the socket to be gone after closing."""


class Account(msgspec.Struct, frozen=True):
    """Where to log in, as whom, and what an error message shall name."""

    pbx: str
    """Name of the PBX in the config file."""
    host: str
    port: int
    user: str
    secret: str
    secret_source: str
    """Where the secret was read from, for messages: a path or a setting's name."""

    def __post_init__(self) -> None:
        """Refuse a user or secret that would not be read as one. Raises InvalidActionError."""
        encode_action((("Action", "Login"), ("Username", self.user), ("Secret", self.secret)))

    def __repr__(self) -> str:
        """Show everything but the secret."""
        return f"Account({self.user!r} at {self.where})"

    @property
    def where(self) -> str:
        """Name the PBX and its address, as messages do."""
        return f'PBX "{self.pbx}" ({self.host}:{self.port})'


class LinkUp(msgspec.Struct, frozen=True):
    """The link is usable: logged in, Asterisk fully booted. Its state has yet to be read."""

    pbx: str
    greeting: str
    """First line of the peer, which names the AMI version."""
    session: int
    """1 for the first session of this process with this PBX, 2 after the first reconnect."""


class LinkDown(msgspec.Struct, frozen=True):
    """There is no link: a session ended, or an attempt to make one failed."""

    pbx: str
    kind: DownKind
    text: str
    """What happened, where, and how to mend it."""
    was_up: bool
    """Whether LinkUp had been told before: only then has anything changed."""
    retry_in_s: float | None
    """Seconds to the next attempt; None when closed for good."""


class Counters(msgspec.Struct):
    """What passed over a link since the process began, all sessions together."""

    bytes_received: int = 0
    events: int = 0
    """Events delivered, rows of lists not among them."""
    events_skipped: int = 0
    """Events whose name is not wanted."""
    responses: int = 0
    actions: int = 0
    unanswered: int = 0
    """Actions that ended as OutcomeUnknown."""
    responses_late: int = 0
    """Answers to actions that were given up before."""
    reconnects: int = 0
    """Sessions after the first."""
    failed_attempts: int = 0
    handler_errors: int = 0
    """Exceptions of the callbacks given to the link."""
    faults: int = 0
    """Malformed messages."""


def retry_delay_s(attempt: int, chance: float, timings: Timings) -> float:
    """Return how long to wait before the next attempt: exponential, bounded, spread out.

    `attempt` counts failures in a row from 1; `chance` in [0, 1) spreads the wait over its upper
    half, so that many services do not come back in the same instant.
    """
    doubled: float = timings.retry_first_s * 2 ** min(attempt - 1, 30)
    return min(doubled, timings.retry_max_s) * (0.5 + 0.5 * chance)


FaultHandler = Callable[[str], None]
"""Takes one sentence about something malformed or a callback that failed."""
