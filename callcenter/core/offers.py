"""From routing's choice to the conversation and its end: offering, ringing, joining, parting."""

from __future__ import annotations

from callcenter.core import agents
from callcenter.core.turn import Turn
from callcenter.domain.agent import Agent, AgentState, AgentStep, Seniority
from callcenter.domain.call import Call, CallState, CallStep, Place
from callcenter.domain.commands import HangUp, JoinCall, PopCard, ReadPbx, RingAgent
from callcenter.domain.events import (
    ChannelHungUp,
    ChannelJoined,
    ChannelLeft,
    FallbackAnswered,
    LegAnswered,
    LegCreated,
    LegParked,
    LegRinging,
    OriginateFailed,
)
from callcenter.domain.ids import LEG_PREFIX, AgentId, CallId, ChannelRef
from callcenter.domain.leg import Leg
from callcenter.domain.records import ConversationRecord, OfferRecord
from routing.types import Match

UNREACHABLE_S = 5.0
"""A phone that does not ring by then is unreachable: SIP over UDP repeats an INVITE after 0.5, 1
and 2 s, so three tries have gone unanswered."""
ORIGINATE_MARGIN_S = 10.0
"""The PBX gives up by itself this long after our own timers should have: only if we are gone."""
PARTED_S = 1.0
"""How long a caller back on hold waits for word of what became of the agent's leg."""
JOIN_REFUSED_S = 1.0
"""After a Bridge that was refused: by then whoever has gone is known to have gone."""
JOIN_LEASE_S = 5.0
"""An answered leg is joined within milliseconds; after this the PBX is asked what is true."""
DELIBERATE = (0, 16)
"""Causes of an agent's own hang-up. Asterisk 22 gives 0 for a leg made by Originate (FACTS:
"answers, far end hangs up"). Any other means that the phone was lost, and the caller goes back to
the queue."""


# --- offering ----------------------------------------------------------------------------------


def offer(turn: Turn, match: Match) -> None:
    """Show the card, then ring the agent's phone."""
    call, agent = turn.state.calls[match.call], turn.state.agents[match.agent]
    queue = turn.queue_of(call)
    leg = Leg(
        channel=ChannelRef(agent.pbx, turn.new_id(LEG_PREFIX)),
        agent=agent.id,
        call=call.id,
        offered_at=turn.now,
        reason=match.reason,
    )
    turn.put_leg(leg)
    turn.step_call(
        call,
        CallStep.OFFER,
        agent=agent.id,
        leg=leg.channel,
        offers=call.offers + 1,
        overflowed=call.overflowed or match.reason == "gold_overflow",
    )
    turn.step_agent(agent, AgentStep.RESERVE, call=call.id, leg=leg.channel)
    turn.state.set_timer(f"reserve:{agent.id}", turn.now + UNREACHABLE_S)
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
        )
    )
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


def _offer_of(turn: Turn, leg: Leg) -> tuple[Call, Agent] | None:
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
    turn.record(OfferRecord(leg.call, leg.agent, leg.offered_at, turn.now, result, leg.reason))


def fail_offer(turn: Turn, leg: Leg, result: str, *, blame: bool = True) -> None:
    """The agent did not take the call: the caller keeps the place, the next agent is asked.

    ``blame``: whether the agent is made not ready (a missed ring), or was not at fault.
    """
    found = _offer_of(turn, leg)
    if found is None:
        return
    call, agent = found
    _end_offer(turn, leg, result)
    turn.step_call(call, CallStep.OFFER_ENDED, agent="", leg=None, joining=False)
    if blame:
        reason = "missed" if result == "no_answer" else result
        agent = turn.step_agent(agent, AgentStep.OFFER_MISSED, reason=reason, call="", leg=None)
    else:
        agent = turn.step_agent(agent, AgentStep.OFFER_WITHDRAWN, call="", leg=None)
    agents.grant_wish(turn, agent)


def drop_leg(turn: Turn, leg: Leg) -> None:
    """Nobody wants this leg any more: hang it up; its late events change nothing."""
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
    elif leg.call:
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
    turn.put_leg(leg, ringing_at=turn.now, created=True)
    found = _offer_of(turn, leg)
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
    turn.put_leg(leg, answered_at=turn.now, created=True)
    if _offer_of(turn, leg) is not None:
        turn.state.clear_timer(f"reserve:{leg.agent}")
        turn.state.clear_timer(f"ring:{leg.agent}")
        turn.state.set_timer(f"join:{leg.call}", turn.now + JOIN_LEASE_S)


def leg_parked(turn: Turn, event: LegParked) -> None:
    """The leg may be joined; or it is back from a conversation whose caller has gone."""
    leg = _wanted(turn, event.channel)
    if leg is None:
        return
    leg = turn.put_leg(leg, parked=True, bridge="")
    found = _offer_of(turn, leg)
    if found is not None:
        join_if_possible(turn, found[0])


def join_if_possible(turn: Turn, call: Call) -> None:
    """Bridge caller and agent once both are in their holding bridges."""
    leg = turn.state.legs.get(call.leg) if call.leg is not None else None
    if leg is None or not leg.parked or call.place is not Place.HOLD or call.joining:
        return
    turn.change_call(call, joining=True)
    turn.send(JoinCall(turn.command_id(), call.channel, leg.channel))


def join_failed(turn: Turn, command: JoinCall, unknown: bool) -> None:
    """One of the two was gone in that instant: the PBX says which."""
    call = turn.call_on(command.caller)
    if call is None or call.leg != command.leg or call.state is not CallState.OFFERED:
        return
    turn.change_call(call, joining=False)
    if not unknown:  # not at once: a PBX that refuses for ever would be asked without a pause
        turn.state.set_timer(f"join:{call.id}", turn.now + JOIN_REFUSED_S)


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
    found = _offer_of(turn, leg)
    if found is not None:
        connect(turn, call, found[1], leg)


def channel_left(turn: Turn, event: ChannelLeft) -> None:
    """A channel is out of its bridge; what that means is told by where it appears next."""
    call = turn.call_on(event.channel)
    if call is not None and call.bridge == event.bridge:
        turn.change_call(call, bridge="", place=Place.DIALPLAN)
        return
    leg = turn.state.legs.get(event.channel)
    if leg is not None and leg.bridge == event.bridge:
        turn.put_leg(leg, bridge="")


# --- conversation ------------------------------------------------------------------------------


def connect(turn: Turn, call: Call, agent: Agent, leg: Leg, *, via_fallback: bool = False) -> None:
    """Caller and agent talk."""
    if call.state is CallState.OFFERED:
        _end_offer(turn, leg, "answered")
    first = not call.answered_by
    turn.step_call(
        call,
        CallStep.CONNECT,
        agent=agent.id,
        leg=leg.channel,
        joining=False,
        place=Place.BRIDGE,
        connected_at=turn.now,
        answered_at=call.answered_at or turn.now,
        answered_by=agent.id if first else call.answered_by,
        answered_by_senior=(
            agent.seniority is Seniority.SENIOR if first else call.answered_by_senior
        ),
        via_fallback=call.via_fallback or via_fallback,
        ivr_command="",
        ivr_probe="",
    )
    turn.clear_lease(call)
    turn.state.clear_timer(f"wrap_up:{agent.id}")
    turn.step_agent(agent, AgentStep.TALK, call=call.id, leg=leg.channel)


def part(turn: Turn, call: Call) -> None:
    """The conversation is over: the agent goes into wrap-up."""
    agent = turn.state.agents[call.agent]
    turn.record(ConversationRecord(call.id, agent.id, call.connected_at, turn.now))
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
        queue=call.queue or turn.state.center.default_queue,
        queued_at=call.queued_at or call.arrived_at,
    )


def leg_hung_up(turn: Turn, leg: Leg, event: ChannelHungUp) -> None:
    """The agent's channel is gone: rejected, missed, hung up by the agent, or lost."""
    turn.state.legs.remove(leg.channel)
    call = turn.state.calls.get(leg.call)
    if call is None or call.leg != leg.channel:
        return
    if call.state is CallState.OFFERED:
        fail_offer(turn, leg, _failure(leg, event.cause))
        return
    part(turn, call)
    if event.cause in DELIBERATE or call.ending:
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
    """No channel was ever made for this offer."""
    fail_offer(turn, leg, "unreachable")
    turn.state.legs.remove(leg.channel)


# --- deadlines ---------------------------------------------------------------------------------


def no_ring(turn: Turn, agent_id: AgentId) -> None:
    """The phone did not ring in time."""
    _give_up(turn, agent_id, "unreachable")


def rang_out(turn: Turn, agent_id: AgentId) -> None:
    """The agent did not answer in time."""
    _give_up(turn, agent_id, "no_answer")


def _give_up(turn: Turn, agent_id: AgentId, result: str) -> None:
    agent = turn.state.agents.get(agent_id)
    leg = turn.state.legs.get(agent.leg) if agent is not None and agent.leg is not None else None
    if leg is not None and _offer_of(turn, leg) is not None:
        fail_offer(turn, leg, result)
        drop_leg(turn, leg)


def join_overdue(turn: Turn, call_id: CallId) -> None:
    """An answered leg is still not joined: ask the PBX, and go on asking.

    A Bridge may have come to nothing without a word: found side by side on hold they are joined
    again.
    """
    call = turn.state.calls.get(call_id)
    if call is None or call.state is not CallState.OFFERED:
        return
    turn.change_call(call, joining=False)
    turn.state.set_timer(f"join:{call_id}", turn.now + JOIN_LEASE_S)
    if turn.is_up(call.channel.pbx):
        turn.send(ReadPbx(turn.command_id(), call.channel.pbx))


# --- native queue ------------------------------------------------------------------------------


def fallback_answered(turn: Turn, event: FallbackAnswered) -> None:
    """The native queue connected the caller to a signed-in agent."""
    call = turn.call_on(event.channel)
    agent_id = turn.state.agent_of_phone.get(event.phone)
    if call is None or agent_id is None:
        turn.send(ReadPbx(turn.command_id(), event.channel.pbx))
        return
    adopt_conversation(turn, call, turn.state.agents[agent_id], event.leg)


def adopt_conversation(turn: Turn, call: Call, agent: Agent, leg: ChannelRef) -> None:
    """Take over a conversation that somebody else arranged.

    An agent who talks on another call already has picked up on a second line, and a leg of ours
    has a call of its own: whom the caller talks with is then not our business.
    """
    if call.state is CallState.CONNECTED:
        return
    withdraw(turn, call)
    other = turn.state.calls.get(agent.call)
    if other is not None and other.id != call.id:
        withdraw(turn, other)
    agent = turn.state.agents[agent.id]
    call = turn.state.calls[call.id]
    busy = agent.state is AgentState.TALKING or not agent.phone
    if busy or leg in turn.state.legs:
        talk_with_stranger(turn, call)
        return
    if agent.state is AgentState.NOT_READY and agent.wish is None:
        # The native queue rings whoever is signed in: a break goes on after the call.
        agent = turn.change_agent(agent, wish=AgentState.NOT_READY, wish_reason=agent.reason)
    adopted = Leg(leg, agent.id, call.id, turn.now, "native_queue", created=True)
    turn.put_leg(adopted, answered_at=turn.now, bridge=call.bridge)
    connect(turn, call, agent, adopted, via_fallback=True)


def talk_with_stranger(turn: Turn, call: Call) -> None:
    """The caller talks with somebody who is no agent of ours at work: leave them alone."""
    turn.repair("talks_with_stranger", call.id)
    withdraw(turn, call)
    turn.clear_lease(call)
    turn.step_call(
        turn.state.calls[call.id],
        CallStep.CONNECT,
        place=Place.BRIDGE,
        connected_at=turn.now,
        answered_at=call.answered_at or turn.now,
        via_fallback=True,
    )
