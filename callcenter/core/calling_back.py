"""Callers who are called back: they have left the line, and keep their place in the queue.

Routing matches them as it matches who waits. The agent is shown the card and kept for them while
they are dialed; whoever answers is a caller like any other, first offered to that agent. Should
that one be lost meanwhile, the caller waits on in the old place.
"""

from __future__ import annotations

from callcenter.core import callbacks, inbound, kept_places, readings
from callcenter.core.readings import Facts
from callcenter.core.turn import Turn
from callcenter.domain.agent import AgentState
from callcenter.domain.call import Call, CallStep
from callcenter.domain.callback import Callback
from callcenter.domain.commands import HangUp, PlaceCall, PopCard
from callcenter.domain.ids import ATTEMPT_PREFIX, ChannelRef
from routing.work import Match

SETUP_S = 30.0
"""How long the network may take before it rings or refuses."""
LEASE_S = 10.0
"""Beyond that, after which the PBX is asked what became of it."""
TRY_AGAIN_S = 5.0
"""Until it is matched again, when nobody could be dialed just now."""
HELD_S = 10
"""How long the dialplan lets the person wait for us: we take them on hold at once."""
GIVEN_UP_S = 24 * 3600.0
"""Nobody wants to be called back for a call of the day before."""
NO_HARBOUR = "safe-harbour"


# --- dialing --------------------------------------------------------------------------------------


def dial(turn: Turn, match: Match) -> None:
    """Show the agent the card, keep the agent, and dial the caller."""
    callback, agent = turn.state.callbacks[match.call], turn.state.agents[match.agent]
    place = callback.place
    assert place is not None
    if turn.now >= callback.created_at + GIVEN_UP_S:
        callbacks.end(turn, callback, callbacks.GIVEN_UP)
        return
    is_dialed = callback.number in turn.state.dialing
    if turn.state.blocked or is_dialed or not turn.is_up(place.pbx):
        callbacks.put(turn, callback, is_due=False, at=turn.now + TRY_AGAIN_S)
        return
    terms, channel = place.terms, ChannelRef(place.pbx, turn.new_id(ATTEMPT_PREFIX))
    turn.change_agent(agent, dialing=channel.id, dialed_in_vain=None)
    turn.put_callback(callback, attempt=channel.id, reserved=agent.id, ringing_at=0.0)
    turn.send(
        PopCard(
            turn.command_id(),
            agent.id,
            channel.id,
            callback.customer,
            callback.tier,
            callback.number,
            callback.queue,
            turn.now - place.queued_at,
            preview=True,
        )
    )
    timeout_s = SETUP_S + terms.ring_s
    turn.state.set_timer(f"callback:{callback.id}", turn.now + timeout_s + LEASE_S)
    turn.send(
        PlaceCall(
            turn.command_id(),
            channel,
            terms.trunk,
            callback.number,
            terms.caller_id,
            timeout_s,
            False,
            HELD_S,
            NO_HARBOUR,
        )
    )


def callback_on(turn: Turn, channel: ChannelRef) -> Callback | None:
    """The callback whose caller is dialed on this channel and has not answered yet."""
    callback = turn.state.callbacks.get(turn.state.calling.get(channel.id) or "")
    is_answered = callback is None or turn.call_on(channel) is not None
    return None if is_answered else callback


def ringing(turn: Turn, callback: Callback) -> None:
    """Their phone rings: the time for that runs from here. Told twice it runs from the first."""
    if not callback.ringing_at and callback.place is not None:
        turn.put_callback(callback, ringing_at=turn.now)
        due = turn.now + callback.place.terms.ring_s
        turn.state.set_timer(f"callback:{callback.id}", due)


def look_again(turn: Turn, callback: Callback) -> None:
    """It has rung for long enough, or nothing was heard of it: it is hung up, or looked for."""
    place = callback.place
    assert place is not None
    channel = ChannelRef(place.pbx, callback.attempt)
    turn.state.set_timer(f"callback:{callback.id}", turn.now + LEASE_S)
    if callback.ringing_at:
        turn.send(HangUp(turn.command_id(), channel))
        turn.put_callback(callback, ringing_at=0.0)
    else:
        readings.ask(turn, place.pbx)


def answered(turn: Turn, callback: Callback) -> Call:
    """They are on the line: from now on a caller who waits, in the place they had."""
    place = callback.place
    assert place is not None
    agent = turn.state.agents.get(callback.reserved)
    is_kept = agent is not None and agent.state is AgentState.READY
    call = Call(
        id=turn.new_id("c"),
        channel=ChannelRef(place.pbx, callback.attempt),
        arrived_at=turn.now,
        caller_number=callback.number,
        customer=callback.customer,
        tier=callback.tier,
        facts=place.facts,
        attributes=place.attributes,
        queue=callback.queue,
        asked_queue=callback.queue,
        rule=place.rule,
        rules_version=place.rules_version,
        treatment=place.treatment,
        overflows=len(place.treatment.overflow),
        weight=place.weight,
        preferred=place.preferred,
        callback=callback.id,
        place_at=place.queued_at,
        reserved=callback.reserved if is_kept else "",
    )
    turn.put_call(call)
    turn.state.call_of.put(call.channel, call.id)
    turn.state.clear_timer(f"callback:{callback.id}")
    call = turn.step_call(call, CallStep.QUEUE, queued_at=turn.now)
    inbound.hold(turn, call)
    return call


def review(turn: Turn) -> None:
    """Agents who are no longer ready are kept for nobody, as far as this step has changed any."""
    if not len(turn.state.calling):
        return
    for name in list(turn.dirty_agents):
        agent = turn.state.agents.get(name)
        key = turn.state.calling.get(agent.dialing) if agent is not None else None
        if agent is None or key is None or agent.state in KEPT_WHILE:
            continue
        callback = turn.state.callbacks[key]
        place = callback.place
        kept_places.free_agent(turn, callback)
        call = turn.call_on(ChannelRef(place.pbx, callback.attempt)) if place else None
        if call is not None:
            turn.change_call(call, reserved="")


KEPT_WHILE = (AgentState.READY, AgentState.RESERVED, AgentState.RINGING)


# --- what a state reading says --------------------------------------------------------------------


def reconcile(turn: Turn, facts: Facts) -> None:
    """Bring who is being called back in line with what one PBX says."""
    for key in list(turn.state.calling):
        callback = turn.state.callbacks[turn.state.calling[key]]
        place = callback.place
        assert place is not None
        channel = ChannelRef(place.pbx, key)
        is_known = turn.call_on(channel) is not None
        if place.pbx != facts.pbx or is_known or not facts.judges(channel):
            continue
        seen = facts.truth.get(channel)
        if seen is None:
            turn.repair("callback_gone", callback.id)
            kept_places.not_reached(turn, callback)
        elif seen.up:
            answered(turn, callback)
