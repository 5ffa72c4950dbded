"""Takes the PBX's word: after every (re)connection, and every minute since, the state is compared
with what is true.

A restart of the service, a lost link, a lost event and a restarted PBX are all this one path. Every
difference is repaired and counted. Commands that were under way when the link was lost are decided
anew from the truth, never sent again blindly; those under way over a link that stood are left
alone, see ``readings``.
"""

from __future__ import annotations

from typing import assert_never

from callcenter.core import (
    adoption,
    agents,
    announcing,
    arrivals,
    dialed,
    inbound,
    lines,
    offers,
    outside,
    overflowing,
    readings,
)
from callcenter.core.readings import Facts
from callcenter.core.turn import Turn
from callcenter.domain.agent import Agent, AgentState, AgentStep
from callcenter.domain.call import Call, CallState, Place
from callcenter.domain.commands import AddFallbackMember, HangUp
from callcenter.domain.events import ChannelHungUp, ChannelTruth, PbxStateRead
from callcenter.domain.ids import ATTEMPT_PREFIX, LEG_PREFIX, PbxName

UNKNOWN_CAUSE = 127
"""Q.850 "interworking, unspecified": given to legs that vanished unseen, so that no agent is blamed
for a hang-up and the caller is not."""


def reconcile(turn: Turn, event: PbxStateRead) -> None:
    """Bring the state of one PBX in line with what it says."""
    was_up = turn.is_up(event.pbx)
    facts = Facts(turn, event, was_up=was_up)
    turn.state.readings.remove(event.pbx)
    readings.await_review(turn, event.pbx)
    if not was_up:
        turn.state.links.put(event.pbx, True)
        _wake(turn, event.pbx)
    _take(turn, facts)
    if not was_up:
        for agent in turn.state.agents.values():
            if agent.pbx == event.pbx and agent.phone:
                turn.send(AddFallbackMember(turn.command_id(), agent.pbx, agent.phone, agent.id))


def _is_leg(seen: ChannelTruth) -> bool:
    return seen.channel.id.startswith(LEG_PREFIX)


def _take(turn: Turn, facts: Facts) -> None:
    """Attempts first, their calls are bound to them; agents last, by what is left."""
    dialed.reconcile(turn, facts)
    _remove_dead_legs(turn, facts)
    for call, seen in _end_what_is_over(turn, facts):
        call = turn.state.calls[call.id]
        if not facts.was_up:
            call = turn.change_call(call, joining=False)
        _reconcile_call(turn, call, seen, facts)
    for seen in sorted(facts.truth.values(), key=_is_leg):  # callers first: a leg may talk with one
        _meet(turn, seen, facts)
    _free_agents(turn, facts.pbx)


def lose_link(turn: Turn, pbx: PbxName) -> None:
    """Events of this PBX are being missed: offer nothing there until its state is read."""
    turn.state.links.put(pbx, False)
    readings.forget(turn, pbx)
    _wake(turn, pbx)


def forget_removed(turn: Turn) -> None:
    """PBXs taken out of the config: nothing will ever be heard of what lived there."""
    state = turn.state
    if not state.center.pbxs:
        return
    channels = [
        *(call.channel for call in state.calls.values()),
        *state.legs,
        *(attempt.channel for attempt in state.attempts.values()),
    ]
    known = dict.fromkeys([*state.links, *(channel.pbx for channel in channels)])
    for pbx in [pbx for pbx in known if pbx not in state.center.pbxs]:
        turn.repair("pbx_removed", pbx)
        lose_link(turn, pbx)
        _take(turn, Facts(turn, PbxStateRead(pbx, ()), was_up=False))
        state.links.remove(pbx)


def _wake(turn: Turn, pbx: PbxName) -> None:
    """Have routing look at everybody of this PBX again."""
    turn.touched[f"pbx:{pbx}"] = None
    for campaign in turn.state.campaigns.values():
        if campaign.settings.pbx == pbx:
            turn.touch_campaign(campaign.settings.id)
    for call in turn.state.calls.values():
        if call.channel.pbx == pbx:
            turn.touch_call(call)
    for agent in turn.state.agents.values():
        if agent.pbx == pbx:
            turn.dirty_agents[agent.id] = None
    for callback in turn.state.callbacks.values():
        if callback.place is not None and callback.place.pbx == pbx:
            turn.dirty_callbacks[callback.id] = None


def _remove_dead_legs(turn: Turn, facts: Facts) -> None:
    """Legs that the PBX does not have: their offers or conversations are over."""
    for leg in list(turn.state.legs.values()):
        is_there = leg.channel in facts.truth or leg.channel.pbx != facts.pbx
        if is_there or not facts.judges(leg.channel):
            continue
        call = turn.state.calls.get(leg.call)
        if call is not None and call.channel not in facts.truth:  # the call ends in a moment
            offers.fail_offer(turn, leg, "caller_gone", blame=False)
            turn.state.legs.remove(leg.channel)
            if leg.nailed:
                lines.line_lost(turn, leg)
            continue
        if call is not None and call.state is CallState.OFFERED:
            offers.fail_offer(turn, leg, "failed", blame=False)
            turn.repair("offer_gone", leg.call)
        elif call is None:
            turn.repair("leg_gone", str(leg.channel))
        offers.leg_hung_up(turn, leg, ChannelHungUp(leg.channel, UNKNOWN_CAUSE))


def _end_what_is_over(turn: Turn, facts: Facts) -> list[tuple[Call, ChannelTruth]]:
    """End and part first: an agent may be found with another caller than the state knows.

    Returns the calls that live, those in conversation last, for the same reason.
    """
    living: list[tuple[Call, ChannelTruth]] = []
    for call in [c for c in turn.state.calls.values() if c.channel.pbx == facts.pbx]:
        if not facts.judges(call.channel):
            continue
        seen = facts.truth.get(call.channel)
        if seen is None:
            turn.repair("call_gone", call.id)
            inbound.end_call(turn, call, lost=True)
        else:
            living.append((call, seen))
            if seen.place is Place.BRIDGE and _talks_with_another(call, seen, facts):
                offers.part_and_drop(turn, call)
                offers.requeue(turn, call)
    return sorted(living, key=lambda pair: pair[1].place is Place.BRIDGE)


def _talks_with_another(call: Call, seen: ChannelTruth, facts: Facts) -> bool:
    """Whether a connected caller talks, but not on the leg that the state knows."""
    if call.state is not CallState.CONNECTED or call.leg is None or call.ending:
        return False
    leg = facts.truth.get(call.leg)
    return leg is None or leg.bridge != seen.bridge


def _reconcile_call(turn: Turn, call: Call, seen: ChannelTruth, facts: Facts) -> None:
    """One call that lives in the PBX: put it where the PBX has it."""
    is_known_there = (call.place, call.bridge) == (seen.place, seen.bridge)
    if not is_known_there:
        call = turn.change_call(call, place=seen.place, bridge=seen.bridge)
    if seen.place is Place.HARBOUR:
        # A join under way succeeds, or comes back refused.
        if not (call.joining or (is_known_there and call.ending)):
            dialed.hear_message(turn, call)
        return
    if call.led_to and call.ending:
        if seen.place in (Place.ANNOUNCEMENT, Place.VOICEMAIL):
            _reconcile_last_words(turn, call, seen, is_known_there=is_known_there)
            return
        if seen.place is Place.DIALPLAN:  # on the way there
            turn.state.set_timer(f"lease:{call.id}", turn.now + inbound.HOLD_LEASE_S)
            return
        call = announcing.wait_on(turn, call)  # what was to end it has not come about
    if call.ending:
        turn.end_caller(call)
        return
    match seen.place:
        case Place.BRIDGE:
            _reconcile_talk(turn, call, seen, facts)
        case Place.HOLD:
            _reconcile_held(turn, call)
        case Place.NATIVE_QUEUE:
            inbound.reclaim(turn, inbound.fall_back(turn, call))
        case Place.MENU:
            _reconcile_menu(turn, call, facts)
        case Place.ANNOUNCEMENT:
            _reconcile_held(turn, call)
            announcing.hears(turn, turn.state.calls[call.id])
        case Place.DIALPLAN | Place.SCREENING | Place.HARBOUR | Place.VOICEMAIL | Place.MACHINE:
            turn.state.set_timer(f"lease:{call.id}", turn.now + inbound.HOLD_LEASE_S)
        case _ as never:
            assert_never(never)


def _reconcile_last_words(
    turn: Turn, call: Call, seen: ChannelTruth, *, is_known_there: bool
) -> None:
    """The caller hears a message or leaves one, and then the dialplan hangs it up."""
    if seen.place is Place.VOICEMAIL:
        overflowing.recorded(turn, call)
    elif not is_known_there:
        announcing.hears(turn, call)


def _reconcile_talk(turn: Turn, call: Call, seen: ChannelTruth, facts: Facts) -> None:
    """The caller talks with somebody: know with whom."""
    if call.state is CallState.CONNECTED:
        return
    others = [
        t for t in facts.truth.values() if t.bridge == seen.bridge and t.channel != seen.channel
    ]
    leg = turn.state.legs.get(call.leg) if call.leg is not None else None
    agent = turn.state.agents.get(leg.agent) if leg is not None else None
    if leg is not None and agent is not None and any(t.channel == leg.channel for t in others):
        turn.repair("was_connected", call.id)
        leg = turn.put_leg(leg, bridge=seen.bridge, parked=False, created=True)
        offers.connect(turn, call, agent, leg)
        return
    if leg is not None and leg.is_outside and any(t.channel == leg.channel for t in others):
        turn.repair("was_connected", call.id)
        outside.joined(
            turn, call, turn.put_leg(leg, bridge=seen.bridge, parked=False, created=True)
        )
        return
    for other in others:
        agent_id = turn.state.agent_of_phone.get(other.endpoint)
        if agent_id is not None:
            turn.repair("adopted_conversation", call.id)
            adoption.adopt_conversation(turn, call, turn.state.agents[agent_id], other.channel)
            return
    adoption.talk_with_stranger(turn, call)


def _reconcile_held(turn: Turn, call: Call) -> None:
    """The caller hears music."""
    turn.clear_lease(call)
    match call.state:
        case CallState.CONNECTED:
            offers.part_and_drop(turn, call)
            offers.requeue(turn, call)
            turn.repair("was_parted", call.id)
        case CallState.IN_FALLBACK:
            inbound.take_back(turn, call)
        case CallState.ARRIVING | CallState.IN_IVR:
            flow = turn.state.flows.get(call.flow)
            inbound.enqueue(
                turn, call, flow.default_queue if flow else turn.state.center.default_queue
            )
        case CallState.OFFERED:
            offers.join_if_possible(turn, call)
        case CallState.WAITING | CallState.ENDED:
            pass
        case _ as never:
            assert_never(never)


def _reconcile_menu(turn: Turn, call: Call, facts: Facts) -> None:
    """The caller is under menu control. A result that is not overdue may not have been missed."""
    match call.state:
        case CallState.IN_IVR:
            if call.ivr_overdue or not facts.was_up:
                inbound.probe_menu(turn, call)
        case CallState.ARRIVING:
            arrivals.begin(turn, call)
        case CallState.WAITING | CallState.OFFERED:
            inbound.hold(turn, call)  # our Redirect did not arrive
        case CallState.IN_FALLBACK | CallState.CONNECTED | CallState.ENDED:
            turn.repair("menu_after_queue", call.id)
            inbound.hold(turn, call)
        case _ as never:
            assert_never(never)


def _meet(turn: Turn, seen: ChannelTruth, facts: Facts) -> None:
    """A channel of ours that the state does not know: a caller to take in, or a leg to put down."""
    if not facts.judges(seen.channel):
        return
    if turn.call_on(seen.channel) is not None or seen.channel in turn.state.legs:
        _note_leg(turn, seen)
        return
    if seen.channel.id.startswith(LEG_PREFIX):
        turn.repair("orphan_leg", str(seen.channel))
        turn.send(HangUp(turn.command_id(), seen.channel))
    elif seen.channel.id.startswith(ATTEMPT_PREFIX):
        if turn.attempt_on(seen.channel) is None and seen.channel.id not in turn.state.calling:
            dialed.meet(turn, seen)
    elif seen.role == "caller" and not (facts.was_up and seen.place is Place.DIALPLAN):
        # One in the dialplan is on the way to us, and where no event was missed it will be told.
        turn.repair("unknown_caller", str(seen.channel))
        arrived_at = min(seen.entered_at, turn.now) if seen.entered_at else turn.now
        call = arrivals.admit(
            turn, seen.channel, seen.caller_number, seen.dialed_number, arrived_at=arrived_at
        )
        _reconcile_call(turn, call, seen, facts)


def _note_leg(turn: Turn, seen: ChannelTruth) -> None:
    """What the truth says of a known leg: ringing, waiting to be joined, unwanted."""
    leg = turn.state.legs.get(seen.channel)
    if leg is None:
        return
    parked = seen.place is Place.HOLD
    is_known_there = leg.created and (leg.parked, leg.bridge) == (parked, seen.bridge)
    if not is_known_there:
        leg = turn.put_leg(leg, created=True, parked=parked, bridge=seen.bridge)
    call = turn.state.calls.get(leg.call)
    if leg.nailed and call is None:
        if leg.call or not (is_known_there and parked):
            lines.line_free(turn, leg)
    elif call is None or call.leg != leg.channel:
        turn.send(HangUp(turn.command_id(), leg.channel))
    elif call.state is CallState.OFFERED:
        if seen.up:
            offers.answered(turn, leg)
        offers.join_if_possible(turn, call)


def _free_agents(turn: Turn, pbx: PbxName) -> None:
    """Agents bound to a call or leg that is not there are let go."""
    for agent in list(turn.state.agents.values()):
        if agent.pbx != pbx or not _bound_to_nothing(turn, agent):
            continue
        turn.repair("agent_freed", agent.id)
        if agent.state is AgentState.TALKING:
            agents.begin_wrap_up(turn, agent, 0.0)
        else:
            agent = turn.step_agent(agent, AgentStep.OFFER_WITHDRAWN, call="", leg=None)
            agents.grant_wish(turn, agent)


def _bound_to_nothing(turn: Turn, agent: Agent) -> bool:
    if agent.state not in (AgentState.RESERVED, AgentState.RINGING, AgentState.TALKING):
        return False
    call = turn.state.calls.get(agent.call)
    return call is None or call.agent != agent.id or call.leg != agent.leg
