"""From routing's choice to the conversation and its end: offering, ringing, joining, parting."""

from __future__ import annotations

import msgspec

from callcenter.core import agents, attempts, kept_places, lines, outside, queue_days, returns
from callcenter.core.lessons import Waited
from callcenter.core.line_names import line_of_call
from callcenter.core.turn import UNDER_WAY_S, Turn
from callcenter.domain.agent import Agent, AgentStep, Seniority, Task
from callcenter.domain.call import JOINABLE, Call, CallState, CallStep, Place
from callcenter.domain.commands import HangUp, JoinCall, PopCard, RingAgent
from callcenter.domain.customer import Tier
from callcenter.domain.events import (
    ChannelHungUp,
    ChannelJoined,
    ChannelLeft,
    LegAnswered,
    LegCreated,
    LegParked,
    LegRinging,
    OriginateFailed,
)
from callcenter.domain.ids import LEG_PREFIX, AgentId, CallId, ChannelRef, CustomerId
from callcenter.domain.leg import Leg
from callcenter.domain.records import ConversationRecord, OfferRecord
from routing.work import Match

UNREACHABLE_S = 5.0
"""A phone that does not ring by then is unreachable: SIP over UDP repeats an INVITE after 0.5, 1
and 2 s, so three tries have gone unanswered."""
ORIGINATE_MARGIN_S = 10.0
"""The PBX gives up by itself this long after our own timers should have: only if we are gone."""
PARTED_S = 1.0
"""How long a caller back on hold waits for word of what became of the agent's leg."""
JOIN_REFUSED_S = 1.0
"""After a Bridge that was refused: by then whoever has gone is known to have gone."""
JOIN_PERSON_AGAIN_S = 0.05
"""The same for a person dialed, who has a second: a line that was looking at the heartbeat is back
in its holding bridge by then."""
JOIN_LEASE_S = 5.0
"""An answered leg is joined within milliseconds; after this the PBX is asked what is true."""
DELIBERATE = (0, 16)
"""Causes of an agent's own hang-up. Asterisk 22 gives 0 for a leg made by Originate (FACTS:
"answers, far end hangs up"). Any other means that the phone was lost, and the caller goes back to
the queue."""


LAST_AGENTS_MAX = 10_000
"""Customers of whom it is kept who spoke with them last: a megabyte of the state."""
ACCIDENT_S = 1.0
"""A conversation that the agent ends sooner was none: nobody can have spoken. So ends one whose
agent had picked up while the service was away, and had heard nobody."""


# --- offering ----------------------------------------------------------------------------------


def offer(turn: Turn, match: Match) -> None:
    """Show the card, then ring the agent's phone, or join at once over the agent's open line."""
    call, agent = turn.state.calls[match.call], turn.state.agents[match.agent]
    queue = turn.queue_of(call)
    line = lines.line_of(turn, agent)
    leg = line or Leg(ChannelRef(agent.pbx, turn.new_id(LEG_PREFIX)), agent.id, "", 0.0)
    score = msgspec.structs.astuple(match.score)
    turn.put_leg(leg, call=call.id, offered_at=turn.now, reason=str(match.reason), score=score)
    turn.step_call(
        call,
        CallStep.OFFER,
        agent=agent.id,
        leg=leg.channel,
        offers=call.offers + 1,
    )
    if call.waits_for in agent.also_for:
        agent = agents.give(turn, agent, call.waits_for)
    turn.step_agent(agent, AgentStep.RESERVE, call=call.id, leg=leg.channel)
    turn.send(
        PopCard(
            turn.command_id(),
            agent.id,
            call.id,
            call.customer,
            call.tier,
            call.caller_number,
            call.queue,
            turn.now - call.queued_at,
            call.campaign or call.returned,
            attempts.contact_of(turn, call),
            returned=bool(call.returned),
        )
    )
    if line is not None:
        turn.state.set_timer(f"join:{call.id}", turn.now + JOIN_LEASE_S)
        join_if_possible(turn, turn.state.calls[call.id])
        return
    turn.state.set_timer(f"reserve:{agent.id}", turn.now + UNREACHABLE_S)
    turn.send(
        RingAgent(
            turn.command_id(),
            leg.channel,
            agent.id,
            agent.phone,
            call.id,
            call.caller_number,
            UNREACHABLE_S + queue.ring_timeout_s + ORIGINATE_MARGIN_S,
        )
    )


def offer_of(turn: Turn, leg: Leg) -> tuple[Call, Agent] | None:
    """The call and agent of a leg whose offer still stands."""
    call = turn.state.calls.get(leg.call)
    agent = turn.state.agents.get(leg.agent)
    if call is None or agent is None or call.leg != leg.channel:
        return None
    return (call, agent) if call.state is CallState.OFFERED else None


def _end_offer(turn: Turn, leg: Leg, result: str) -> None:
    turn.state.clear_timer(f"reserve:{leg.agent}")
    turn.state.clear_timer(f"ring:{leg.agent}")
    turn.state.clear_timer(f"join:{leg.call}")
    turn.record(
        OfferRecord(leg.call, leg.agent, leg.offered_at, turn.now, result, leg.reason, leg.score)
    )


def fail_offer(turn: Turn, leg: Leg, result: str, *, blame: bool = True) -> None:
    """The agent did not take the call: the caller keeps the place, the next agent is asked.

    ``blame``: whether the agent is made not ready (a missed ring), or was not at fault.
    """
    if leg.is_outside:
        outside.not_reached(turn, leg)
        return
    found = offer_of(turn, leg)
    if found is None:
        return
    call, agent = found
    _end_offer(turn, leg, result)
    call = turn.step_call(call, CallStep.OFFER_ENDED, agent="", leg=None, joining=False)
    if call.callback:
        kept_places.let_agent_go(turn, call)
        agent = turn.state.agents[agent.id]
    if blame:
        reason = "missed" if result == "no_answer" else result
        agent = turn.step_agent(agent, AgentStep.OFFER_MISSED, reason=reason, call="", leg=None)
    else:
        agent = turn.step_agent(agent, AgentStep.OFFER_WITHDRAWN, call="", leg=None)
    agents.grant_wish(turn, agent)


def drop_leg(turn: Turn, leg: Leg) -> None:
    """No call wants this leg any more: hang it up, its late events change nothing; a line is kept,
    unless its agent has just let it go."""
    leg = turn.state.legs[leg.channel]
    if leg.nailed:
        lines.line_free(turn, leg)
    else:
        turn.put_leg(leg, call="")
        turn.send(HangUp(turn.command_id(), leg.channel))


def withdraw(turn: Turn, call: Call, result: str = "caller_gone") -> None:
    """Take back the running offer, if there is one: no fault of the agent's."""
    leg = turn.state.legs.get(call.leg) if call.leg is not None else None
    if leg is not None and call.state is CallState.OFFERED:
        fail_offer(turn, leg, result, blame=False)
        drop_leg(turn, leg)


# --- what the leg tells ------------------------------------------------------------------------


def _wanted(turn: Turn, channel: ChannelRef) -> Leg | None:
    """The leg, if its call still wants it; otherwise it is hung up (again).

    A Hangup sent before the PBX had made the channel was refused, and an Originate outlives the
    process that sent it: so a leg may appear that nobody waits for.
    """
    leg = turn.state.legs.get(channel)
    if leg is None:
        turn.repair("orphan_leg", str(channel))
    elif leg.call or leg.nailed:
        return leg
    turn.send(HangUp(turn.command_id(), channel))
    return None


def leg_created(turn: Turn, event: LegCreated) -> None:
    """The channel exists: its Hangup will come."""
    leg = _wanted(turn, event.channel)
    if leg is not None:
        turn.put_leg(leg, created=True)


def leg_ringing(turn: Turn, event: LegRinging) -> None:
    """The phone rings: the ring time runs from here. Told twice it runs from the first."""
    leg = turn.state.legs.get(event.channel)
    if leg is None or leg.ringing_at:
        return
    leg = turn.put_leg(leg, ringing_at=turn.now, created=True)
    if leg.is_outside:
        outside.rings(turn, leg)
    found = offer_of(turn, leg)
    if found is not None:
        call, agent = found
        turn.step_agent(agent, AgentStep.RING)
        turn.state.clear_timer(f"reserve:{agent.id}")
        ring_s = turn.queue_of(call).ring_timeout_s
        turn.state.set_timer(f"ring:{agent.id}", turn.now + ring_s)


def leg_answered(turn: Turn, event: LegAnswered) -> None:
    """The phone was picked up: no ring time any more, the join follows when the leg is parked."""
    leg = turn.state.legs.get(event.channel)
    if leg is not None:
        answered(turn, leg)


def answered(turn: Turn, leg: Leg) -> None:
    """The leg is up, by its event or by a state reading."""
    if leg.answered_at:
        return
    leg = turn.put_leg(leg, answered_at=turn.now, created=True)
    call = turn.state.calls.get(leg.call)
    if leg.is_outside and outside.is_live(call, leg):
        outside.answered(turn, leg)
        turn.state.set_timer(f"join:{leg.call}", turn.now + JOIN_LEASE_S)
    if offer_of(turn, leg) is not None:
        turn.state.clear_timer(f"reserve:{leg.agent}")
        turn.state.clear_timer(f"ring:{leg.agent}")
        turn.state.set_timer(f"join:{leg.call}", turn.now + JOIN_LEASE_S)


def leg_parked(turn: Turn, event: LegParked) -> None:
    """The leg may be joined; or it is back from a conversation whose caller has gone."""
    leg = _wanted(turn, event.channel)
    if leg is None:
        return
    leg = turn.put_leg(leg, parked=True, bridge="")
    if leg.nailed:
        lines.line_parked(turn, leg)
    call = turn.state.calls.get(leg.call)
    if call is not None and call.leg == leg.channel and call.state is CallState.OFFERED:
        join_if_possible(turn, call)


def join_if_possible(turn: Turn, call: Call) -> None:
    """Bridge caller and agent once the agent is in its holding bridge and the caller is in its own,
    or hears an announcement."""
    leg = turn.state.legs.get(call.leg) if call.leg is not None else None
    if leg is None or not leg.parked or call.place not in JOINABLE or call.joining:
        return
    turn.change_call(call, joining=True)
    campaign = turn.state.campaigns.get(call.waits_for) if leg.nailed else None
    prompt = "" if campaign is None else campaign.settings.agent_prompt
    turn.send(JoinCall(turn.command_id(), call.channel, leg.channel, prompt))


def join_failed(turn: Turn, command: JoinCall, unknown: bool) -> None:
    """One of the two was gone in that instant: the PBX says which."""
    call = turn.call_on(command.caller)
    if call is None or call.leg != command.leg or call.state is not CallState.OFFERED:
        return
    turn.change_call(call, joining=False)
    if not unknown:  # not at once: a PBX that refuses for ever would be asked without a pause
        is_urgent = bool(call.campaign) and not call.answered_at
        again_s = JOIN_PERSON_AGAIN_S if is_urgent else JOIN_REFUSED_S
        turn.state.set_timer(f"join:{call.id}", turn.now + again_s)


def channel_joined(turn: Turn, event: ChannelJoined) -> None:
    """A channel talks in a bridge: when caller and leg are in the same one, they are connected."""
    call = turn.call_on(event.channel)
    if call is not None:
        call = turn.change_call(call, bridge=event.bridge, place=Place.BRIDGE)
        leg = turn.state.legs.get(call.leg) if call.leg is not None else None
    else:
        leg = turn.state.legs.get(event.channel)
        if leg is None:
            return
        leg = turn.put_leg(leg, bridge=event.bridge, parked=False, created=True)
        call = turn.state.calls.get(leg.call)
    if call is None or leg is None or call.bridge != event.bridge or leg.bridge != event.bridge:
        return
    found = offer_of(turn, leg)
    if found is not None:
        connect(turn, call, found[1], leg)
    elif leg.is_outside and outside.is_live(call, leg):
        outside.joined(turn, call, leg)
        turn.state.clear_timer(f"join:{call.id}")


def channel_left(turn: Turn, event: ChannelLeft) -> None:
    """A channel is out of its bridge; what that means is told by where it appears next.

    Until then no reading is to conclude from the other's being alone in it.
    """
    call = turn.call_on(event.channel)
    if call is not None and call.bridge == event.bridge:
        turn.leave_alone(event.channel, turn.now + UNDER_WAY_S)
        turn.change_call(call, bridge="", place=Place.DIALPLAN)
        return
    leg = turn.state.legs.get(event.channel)
    if leg is not None and leg.bridge == event.bridge:
        turn.leave_alone(event.channel, turn.now + UNDER_WAY_S)
        leg = turn.put_leg(leg, bridge="")
        if leg.nailed and not leg.call:
            lines.line_free(turn, leg)


# --- conversation ------------------------------------------------------------------------------


def connect(turn: Turn, call: Call, agent: Agent, leg: Leg, *, via_fallback: bool = False) -> None:
    """Caller and agent talk."""
    if call.state is CallState.OFFERED:
        _end_offer(turn, leg, "answered")
    first = not call.answered_by
    if first:
        queue_days.count_answered(turn, call)
        if call.queued_at and not call.waits_for:
            waited_s = turn.now - call.queued_at
            turn.lessons.append(Waited(line_of_call(call), call.tier, waited_s, hung_up=False))
    is_senior = agent.seniority is Seniority.SENIOR
    call = turn.step_call(
        call,
        CallStep.CONNECT,
        reserved="",
        agent=agent.id,
        leg=leg.channel,
        joining=False,
        place=Place.BRIDGE,
        connected_at=turn.now,
        answered_at=call.answered_at or turn.now,
        answered_by=agent.id if first else call.answered_by,
        answered_by_senior=is_senior if first else call.answered_by_senior,
        overflowed=call.overflowed
        or (first and call.tier is Tier.GOLD and not is_senior and not call.waits_for),
        via_fallback=call.via_fallback or via_fallback,
        overflow=None,
        ivr_command="",
        ivr_probe="",
    )
    if call.attempt:
        attempts.connected(turn, call.attempt, agent)
    if call.callback:
        kept_places.connected(turn, call, agent)
    if call.contact:
        returns.answered(turn, call)
    turn.clear_lease(call)
    turn.state.clear_timer(f"wrap_up:{agent.id}")
    agent = turn.state.agents[agent.id]  # who is not dialing any more
    if call.customer and not call.campaign:
        remember_agent(turn, call.customer, agent.id)
    turn.step_agent(
        agent,
        AgentStep.TALK,
        call=call.id,
        leg=leg.channel,
        task=Task(line_of_call(call), call.tier),
        spoke=attempts.spoke_in(turn, call),
    )


def remember_agent(turn: Turn, customer: CustomerId, agent: AgentId) -> None:
    """Keep who spoke last with this customer; the customer longest not spoken with is forgotten."""
    known = turn.state.last_agents
    known.remove(customer)
    known.put(customer, agent)
    if len(known) > LAST_AGENTS_MAX:
        known.remove(next(iter(known)))


def part(turn: Turn, call: Call) -> None:
    """The conversation is over: the agent goes into wrap-up."""
    agent = turn.state.agents[call.agent]
    turn.record(ConversationRecord(call.id, agent.id, call.connected_at, turn.now))
    leg = turn.state.legs.get(call.leg) if call.leg is not None else None
    if leg is not None and leg.nailed:
        lines.line_free(turn, leg)
    agents.begin_wrap_up(turn, agent, turn.queue_of(call).wrap_up_s)


def caller_gone(turn: Turn, call: Call) -> None:
    """The caller hung up: free whoever was bound to the call."""
    if call.state is CallState.OFFERED:
        withdraw(turn, call)
    elif call.state is CallState.CONNECTED:
        part_and_drop(turn, call)


def part_and_drop(turn: Turn, call: Call) -> None:
    """End the conversation from the caller's side: the agent's leg is hung up."""
    if call.agent:
        part(turn, call)
    leg = turn.state.legs.get(call.leg) if call.leg is not None else None
    if leg is not None:
        drop_leg(turn, leg)


def caller_returned(turn: Turn, call: Call) -> None:
    """A connected caller is on hold again: the agent's side has left the bridge.

    Whether the agent hung up or was lost is told by the Hangup of the leg, which may come later
    than this: two threads of the PBX report.
    """
    turn.state.set_timer(f"parted:{call.id}", turn.now + PARTED_S)
    turn.leave_alone(call.channel, turn.now + PARTED_S)


def still_parted(turn: Turn, call_id: CallId) -> None:
    """The leg's Hangup did not come: the caller waits again, in front."""
    call = turn.state.calls.get(call_id)
    if call is None or call.state is not CallState.CONNECTED or call.place is not Place.HOLD:
        return
    part_and_drop(turn, call)
    requeue(turn, call)
    turn.repair("parted_without_hangup", call_id)


def requeue(turn: Turn, call: Call) -> Call:
    """The agent's side was lost: the caller waits again, in front."""
    return turn.step_call(
        turn.state.calls[call.id],
        CallStep.RETURN,
        agent="",
        leg=None,
        bridge="",
        joining=False,
        connected_at=0.0,
        led_to="",
        queue=turn.waiting_queue(call),
        queued_at=call.queued_at or call.arrived_at,
    )


def leg_hung_up(turn: Turn, leg: Leg, event: ChannelHungUp) -> None:
    """The agent's channel is gone: rejected, missed, hung up by the agent, or lost."""
    turn.state.legs.remove(leg.channel)
    call = turn.state.calls.get(leg.call)
    if call is not None and call.leg == leg.channel:
        _call_lost_leg(turn, call, leg, event.cause)
    if leg.nailed:
        lines.line_lost(turn, leg)


def _call_lost_leg(turn: Turn, call: Call, leg: Leg, cause: int) -> None:
    """The agent's side of this call is gone."""
    if call.state is CallState.OFFERED:
        if leg.nailed:
            fail_offer(turn, leg, "failed", blame=False)
        else:
            fail_offer(turn, leg, _failure(leg, cause))
        return
    if call.agent:
        part(turn, call)
    is_deliberate = cause in DELIBERATE and turn.now - call.connected_at >= ACCIDENT_S
    if is_deliberate or call.ending:
        turn.end_caller(turn.state.calls[call.id], agent="", leg=None)
    else:
        turn.repair("agent_leg_lost", requeue(turn, call).id)


def _failure(leg: Leg, cause: int) -> str:
    """What became of an offer whose leg was hung up with this cause before it was joined."""
    if cause in (17, 21):
        return "rejected"
    if leg.answered_at:
        return "rejected"  # picked up and put down
    return "no_answer" if leg.ringing_at else "unreachable"


def originate_failed(turn: Turn, event: OriginateFailed) -> None:
    """The PBX could not dial. With a channel the Hangup tells why and comes too; without, this is
    all."""
    leg = turn.state.legs.get(event.channel)
    if leg is not None and not leg.created:
        ring_refused(turn, leg)


def ring_refused(turn: Turn, leg: Leg) -> None:
    """No channel was ever made for this offer, or this line."""
    fail_offer(turn, leg, "unreachable")
    turn.state.legs.remove(leg.channel)
    if leg.nailed:
        lines.line_lost(turn, leg)
