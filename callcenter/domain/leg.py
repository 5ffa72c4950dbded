"""An agent's channel in one call, from dialing to hang-up."""

from __future__ import annotations

from msgspec import Struct

from callcenter.domain.ids import AgentId, CallId, ChannelRef


class Leg(Struct, frozen=True, omit_defaults=True):
    """The live state of one agent's leg. Times are UTC seconds, 0.0 for "not yet"."""

    channel: ChannelRef
    agent: AgentId
    call: CallId
    """The call it was dialed for; empty once that call no longer wants it (it is being hung up)."""
    offered_at: float
    reason: str = ""
    """Why routing chose this agent."""
    created: bool = False
    """The PBX has made the channel: a Hangup will come."""
    ringing_at: float = 0.0
    answered_at: float = 0.0
    parked: bool = False
    """In its holding bridge, may be joined."""
    bridge: str = ""
    """The bridge of two it is in."""
