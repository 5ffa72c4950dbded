"""What a reading of a PBX's state tells of one channel."""

from __future__ import annotations

from msgspec import Struct

from callcenter.domain.call import Place
from callcenter.domain.ids import ChannelRef


class ChannelTruth(Struct, frozen=True, omit_defaults=True):
    """One channel as a state reading found it (AMI ``Status`` with variables and
    ``BridgeList``)."""

    channel: ChannelRef
    endpoint: str
    """PJSIP endpoint of the channel's name, e.g. ``1001`` or the trunk's name."""
    place: Place
    up: bool = True
    """False while it rings."""
    bridge: str = ""
    """The bridge it talks in; empty in holding bridges."""
    role: str = ""
    """CC_ROLE: ``caller``, ``agent``, ``dialed`` or empty for a channel that is not ours."""
    caller_number: str = ""
    dialed_number: str = ""
    entered_at: float = 0.0
    """When it came in, by the PBX's clock; 0.0 when unknown."""
