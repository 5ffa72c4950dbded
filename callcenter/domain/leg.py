"""An agent's channel, from dialing to hang-up: of one call, or nailed-up for many."""

from __future__ import annotations

from msgspec import Struct

from callcenter.domain.ids import AgentId, CallId, ChannelRef


class Leg(Struct, frozen=True, omit_defaults=True):
    """The live state of one agent's leg. Times are UTC seconds, 0.0 for "not yet"."""

    channel: ChannelRef
    agent: AgentId
    """Empty for a number outside."""
    call: CallId
    """The call it was dialed for, or, nailed-up, the one it is used for just now; empty once that
    call no longer wants it: then it is hung up, or, nailed-up, kept."""
    offered_at: float
    reason: str = ""
    """Why routing chose this agent."""
    score: tuple[float, ...] = ()
    """The parts of that choice, as ``routing.work.Score`` has them."""
    nailed: bool = False
    """Stays on the line from call to call."""
    created: bool = False
    """The PBX has made the channel: a Hangup will come."""
    ringing_at: float = 0.0
    answered_at: float = 0.0
    parked: bool = False
    """In its holding bridge, may be joined."""
    is_outside: bool = False
    """No agent's: an overflow of the rules leads the caller to a number outside."""
    bridge: str = ""
    """The bridge of two it is in."""
