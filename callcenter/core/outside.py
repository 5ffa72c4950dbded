"""A number outside of the center that the rules name: it is dialed for a caller who waits on, and
joined with it when it answers. Not answered, the caller waits in the place it had.

Its leg is one like an agent's, without the agent: what becomes of it is told by the same events
(``offers``).
"""

from __future__ import annotations

from callcenter.core.turn import Turn
from callcenter.domain.call import Call, CallState, CallStep, Place
from callcenter.domain.commands import DialOutside
from callcenter.domain.ids import LEG_PREFIX, CallId, ChannelRef
from callcenter.domain.leg import Leg
from callcenter.domain.records import RoutingRecord
from callcenter.domain.rules import External

SETUP_S = 30.0
"""How long the network may take before it rings or refuses."""
MARGIN_S = 10.0
"""The PBX gives up by itself this long after our own timer should have: only if we are gone."""
AGAIN_S = 1.0
"""Until the overflows behind it are looked at, when it was not answered."""
OUTSIDE = "external"
"""What such a call is ``led_to``."""


def dial(turn: Turn, call: Call, whom: External) -> Call:
    """Dial this number for the caller."""
    channel = ChannelRef(call.channel.pbx, turn.new_id(LEG_PREFIX))
    leg = Leg(channel, "", call.id, turn.now, OUTSIDE, is_outside=True)
    turn.put_leg(leg)
    turn.state.set_timer(f"outside:{call.id}", turn.now + SETUP_S)
    timeout_s = SETUP_S + whom.ring_s + MARGIN_S
    turn.send(
        DialOutside(
            turn.command_id(),
            channel,
            call.id,
            whom.trunk,
            whom.number,
            whom.caller_id,
            timeout_s,
        )
    )
    return turn.step_call(call, CallStep.OFFER, leg=channel)


def is_live(call: Call | None, leg: Leg) -> bool:
    """Whether the caller still waits for this leg."""
    return call is not None and call.leg == leg.channel and call.state is CallState.OFFERED


def rings(turn: Turn, leg: Leg) -> None:
    """It rings: the time for that runs from here."""
    call = turn.state.calls.get(leg.call)
    if call is not None and is_live(call, leg):
        ring_s = _ring_s(call)
        turn.state.set_timer(f"outside:{call.id}", turn.now + ring_s)


def _ring_s(call: Call) -> float:
    taken = call.treatment.overflow[: call.overflows]
    return next((one.external.ring_s for one in reversed(taken) if one.external), 0.0)


def answered(turn: Turn, leg: Leg) -> None:
    """It was picked up; the join follows when the leg is parked."""
    turn.state.clear_timer(f"outside:{leg.call}")


def joined(turn: Turn, call: Call, leg: Leg) -> None:
    """The caller talks with whoever answered there."""
    turn.state.clear_timer(f"outside:{call.id}")
    turn.clear_lease(call)
    call = turn.step_call(
        call,
        CallStep.CONNECT,
        leg=leg.channel,
        joining=False,
        place=Place.BRIDGE,
        connected_at=turn.now,
        led_to=OUTSIDE,
    )
    turn.record(RoutingRecord("led_out", call.id, OUTSIDE, "", turn.now))


def not_reached(turn: Turn, leg: Leg) -> None:
    """Nobody there took the call: the caller waits on, and what else the rules say may follow."""
    call = turn.state.calls.get(leg.call)
    turn.state.clear_timer(f"outside:{leg.call}")
    turn.state.clear_timer(f"join:{leg.call}")
    if call is not None and is_live(call, leg):
        turn.step_call(call, CallStep.OFFER_ENDED, leg=None, joining=False)
        turn.state.set_timer(f"overflow:{call.id}", turn.now + AGAIN_S)


def overdue(turn: Turn, call_id: CallId) -> Leg | None:
    """The leg that did not answer in time, if the caller still waits for it."""
    call = turn.state.calls.get(call_id)
    leg = turn.state.legs.get(call.leg) if call is not None and call.leg is not None else None
    return leg if leg is not None and leg.is_outside and is_live(call, leg) else None
