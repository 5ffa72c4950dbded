"""What supervisors ask for: events, with all others in ``callcenter.domain.events``."""

from __future__ import annotations

from callcenter.domain.event import EventBase
from callcenter.domain.ids import CallId, QueueId, RequestId
from callcenter.domain.rules import QueueSwitch, Rules


class RulesPublished(EventBase, frozen=True):
    """These rules hold from now on, also for those who wait: they keep their place.

    A roll-back is an older document under a new version.
    """

    request: RequestId
    version: int
    """Greater than that of the rules that hold."""
    rules: Rules
    by: str
    """The account that asks."""


class CallPriorityRequested(EventBase, frozen=True):
    """This call is to weigh so much from now on."""

    request: RequestId
    call: CallId
    weight: float
    """Times the weights of tier and rule; 1.0 is normal."""
    by: str
    """The account that asks."""


class QueueSwitched(EventBase, frozen=True):
    """The emergency switch of a queue was set, or put back."""

    request: RequestId
    queue: QueueId
    switch: QueueSwitch | None
    """None: as the rules say."""
    by: str
    """The account that asks."""


class VoicemailDoneRequested(EventBase, frozen=True):
    """Somebody has dealt with this voicemail: it is to be forgotten."""

    request: RequestId
    call: CallId
    """Whose it was."""
    by: str
    """The account that asks."""
