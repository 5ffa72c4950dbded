"""Settings of the center that decisions read; they come in with ``CenterConfigured``."""

from __future__ import annotations

from msgspec import Struct

from callcenter.domain.flow import Flow
from callcenter.domain.ids import FlowId, PbxName, Phone, QueueId

REVIEW_EVERY_S = 60.0
"""How long what a lost event left behind may last: an agent bound to a call that is over. Reading
costs a PBX some milliseconds, and the journal some kilobytes for a hundred channels."""


class Queue(Struct, frozen=True, omit_defaults=True):
    """A queue's settings. All times in seconds."""

    id: QueueId
    ring_timeout_s: float = 15.0
    """How long an agent's phone rings, counted from its first RINGING."""
    wrap_up_s: float = 30.0
    """How long an agent may take for after-call work before being ready again."""
    target_s: float = 20.0
    """The service level's target: a call answered within it was answered in time."""
    senior_hold_s: float = 20.0
    """How long at most a caller is held for a senior who is expected, beside an idle junior."""


class TrunkLine(Struct, frozen=True, omit_defaults=True):
    """A trunk, and what it carries of the calls dialed on it; 0: no limit."""

    pbx: PbxName
    name: str
    channels: int = 0
    """Calls at once."""
    calls_per_s: float = 0.0


class Center(Struct, frozen=True, omit_defaults=True):
    """Everything of the config file that the machine reads."""

    queues: tuple[Queue, ...]
    flows: tuple[Flow, ...]
    numbers: dict[str, FlowId]
    """Dialed number -> flow. ``*`` stands for every number not listed."""
    phones: dict[Phone, PbxName]
    """Agents' phones -> the PBX they are registered at."""
    default_queue: QueueId
    """Where a call goes whose number has no flow."""
    time_zone: str = "UTC"
    """IANA name: where the center's days begin."""
    region: str = "US"
    """Region (ISO 3166) by which national caller numbers are read."""
    pbxs: tuple[PbxName, ...] = ()
    """All PBXs of the config; empty: not told, and none is taken for removed."""
    review_every_s: float = REVIEW_EVERY_S
    """How often each PBX's state is read over a link that stands."""
    trunks: tuple[TrunkLine, ...] = ()
    """Trunks that have limits."""
