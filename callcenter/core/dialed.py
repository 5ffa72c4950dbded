"""What becomes of a call placed for a campaign: ringing, screening, a person for an agent, the end.

Also: what a state reading says of attempts, after a restart or a lost link.
"""

from __future__ import annotations

from callcenter.core import (
    amd,
    attempts,
    calling_back,
    inbound,
    kept_places,
    offers,
    readings,
    sparing,
    stopping,
)
from callcenter.core.readings import Facts
from callcenter.core.state import IN_FLIGHT
from callcenter.core.turn import Turn
from callcenter.domain.attempt import (
    Attempt,
    AttemptResult,
    AttemptState,
    AttemptStep,
    Verdict,
)
from callcenter.domain.call import Call, CallState, CallStep, Place
from callcenter.domain.commands import HangUp, PlaceCall
from callcenter.domain.events import (
    AttemptAnswered,
    AttemptCreated,
    AttemptRinging,
    AttemptScreened,
    CallerHeld,
    ChannelTruth,
    CommandFailed,
    HarbourBegan,
    MessageEnded,
    OptedOut,
    OriginateFailed,
)
from callcenter.domain.ids import AttemptId, ChannelRef
from dialer.breaker import Sign
from dialer.results import result_of

SCREENING_LEASE_S = 20.0
"""AMD takes 5 s at most (cc_amd.conf.in); after this the PBX is asked."""
PERSON_LEASE_S = 10.0
"""A person waits a second, then hears the message; after this the PBX is asked."""
HARBOUR_LEASE_S = 60.0
"""No message is longer; after this the PBX is asked."""
MACHINE_LEASE_S = 120.0
"""The dialplan waits 40 s at most for the end of a machine's greeting, and no message is longer
than a minute; after this the PBX is asked."""
HANGUP_LEASE_S = 10.0
UNTOLD_S = 2.0
"""The message begins by the PBX's clock, at most this late. Longer, and it did begin, but whoever
would have told us was not heard: the service or its link was down."""
OPT_OUT_REASON, OPT_OUT_SOURCE = "pressed the key during the safe-harbour message", "opt_out"
REFUSED_S = 1.0
"""How long an Originate that failed waits for word of its channel: that takes milliseconds."""
SEEN = (
    AttemptResult.CONNECTED,
    AttemptResult.DROPPED,
    AttemptResult.MACHINE,
    AttemptResult.FAX,
)
"""What is known for good before the channel is gone. A phone that we were about to let go may still
have been answered."""


def _wanted(turn: Turn, channel: ChannelRef) -> Attempt | None:
    """The attempt on this channel; a channel dialed by us that belongs to none is hung up.

    So ends what an Originate brings whose process died, after its attempt was given up.
    """
    attempt = turn.attempt_on(channel)
    if attempt is None and channel.id in turn.state.calling:
        return None  # a caller who is called back
    if attempt is None or attempt.state is AttemptState.HELD:
        turn.repair("orphan_attempt", str(channel))
        turn.send(HangUp(turn.command_id(), channel))
        return None
    return attempt


# --- on the way to an answer ----------------------------------------------------------------------


def created(turn: Turn, event: AttemptCreated) -> None:
    """The channel exists: its Hangup will come."""
    attempt = _wanted(turn, event.channel)
    if attempt is None:
        return
    if attempt.cancelled and not attempt.created:
        stopping.hang_up(turn, attempt)
        turn.change_attempt(attempt, created=True)
        return
    _stop_if_over(turn, turn.change_attempt(attempt, created=True))


def _stop_if_over(turn: Turn, attempt: Attempt) -> None:
    """The person called us before there was a channel to be hung up."""
    if attempt.rang_out and attempt.state in (AttemptState.PLACED, AttemptState.RINGING):
        turn.send(HangUp(turn.command_id(), attempt.channel))


def ringing(turn: Turn, event: AttemptRinging) -> None:
    """The phone rings: the ring time runs from here."""
    callback = calling_back.callback_on(turn, event.channel)
    if callback is not None:
        calling_back.ringing(turn, callback)
        return
    attempt = _wanted(turn, event.channel)
    if attempt is not None:
        rings(turn, attempt)


def rings(turn: Turn, attempt: Attempt) -> None:
    """It rings, by its event or by a state reading. Told twice it runs from the first."""
    if attempt.state is not AttemptState.PLACED:
        return
    if attempt.cancelled and not attempt.created:  # the word of its channel was lost
        stopping.hang_up(turn, attempt)
    attempt = attempts.step(turn, attempt, AttemptStep.RING, ringing_at=turn.now, created=True)
    attempts.tell_trunk(turn, attempt, Sign.RINGS)
    ring_s = turn.state.campaigns[attempt.campaign].settings.ring_s
    turn.state.set_timer(f"ringout:{attempt.id}", turn.now + ring_s)


def rang_out(turn: Turn, attempt_id: AttemptId) -> None:
    """Nobody picked up in time."""
    attempt = turn.state.attempts.get(attempt_id)
    if attempt is not None and attempt.state is AttemptState.RINGING:
        turn.change_attempt(attempt, rang_out=True)
        turn.send(HangUp(turn.command_id(), attempt.channel))
        turn.state.set_timer(f"attempt:{attempt.id}", turn.now + HANGUP_LEASE_S)


def answered(turn: Turn, event: AttemptAnswered) -> None:
    """Somebody or something picked up."""
    attempt = _wanted(turn, event.channel)
    if attempt is not None:
        is_answered(turn, attempt)


def is_answered(turn: Turn, attempt: Attempt) -> None:
    """Picked up, by its event or by a state reading."""
    if attempt.state in (AttemptState.PLACED, AttemptState.RINGING):
        attempt = attempts.step(
            turn, attempt, AttemptStep.ANSWER, answered_at=turn.now, created=True
        )
        attempts.tell_trunk(turn, attempt, Sign.RINGS)
        turn.state.clear_timer(f"ringout:{attempt.id}")
        turn.state.set_timer(f"attempt:{attempt.id}", turn.now + SCREENING_LEASE_S)


def screened(turn: Turn, event: AttemptScreened) -> None:
    """Answering machine detection has spoken. The dialplan hangs up on a machine, or leaves it a
    message before, and on a fax."""
    attempt = _wanted(turn, event.channel)
    if attempt is None:
        return
    attempt = turn.change_attempt(attempt, verdict=event.verdict, verdict_cause=event.cause)
    attempts.tell_trunk(turn, attempt, Sign.LASTS)
    if event.verdict is Verdict.FAX:
        is_answered(turn, attempt)
    elif not amd.is_machine(attempt) or attempt.passes_machine:
        person(turn, attempt)
    elif attempt.leaves_message:
        _let_record(turn, attempt)


# --- a machine ------------------------------------------------------------------------------------


def _let_record(turn: Turn, attempt: Attempt) -> None:
    """A machine is left a message: it is on the line for longer than the others."""
    turn.state.set_timer(f"attempt:{attempt.id}", turn.now + MACHINE_LEASE_S)


def is_recording(turn: Turn, attempt: Attempt) -> None:
    """A machine is left a message, by a state reading, or by the message's end. No agent is to
    hear it, even where the verdict was lost."""
    is_answered(turn, attempt)
    attempt = turn.state.attempts[attempt.id]
    if attempt.state is AttemptState.SCREENING and attempt.verdict is None:
        attempt = turn.change_attempt(attempt, verdict=Verdict.MACHINE)
        attempts.tell_trunk(turn, attempt, Sign.LASTS)
        _let_record(turn, attempt)


def message_ended(turn: Turn, event: MessageEnded) -> None:
    """The machine has the message; the dialplan hangs up. Told twice it was left the first time."""
    attempt = _wanted(turn, event.channel)
    if attempt is None:
        return
    is_recording(turn, attempt)
    attempt = turn.state.attempts[attempt.id]
    if not event.is_left:
        turn.fault("machine_prompt_failed", f"campaign {attempt.campaign}")
    elif attempt.state is AttemptState.SCREENING and not attempt.message_left_at:
        turn.change_attempt(attempt, message_left_at=turn.now)


# --- a person -------------------------------------------------------------------------------------


def person(turn: Turn, attempt: Attempt) -> Call | None:
    """A person is on the line: from now on a call that waits for an agent.

    Returns the call; None when it is too late for one.
    """
    known = turn.state.calls.get(attempt.call)
    if known is not None or attempt.state not in IN_FLIGHT:
        return known
    call = Call(
        id=turn.new_id("c"),
        channel=attempt.channel,
        arrived_at=turn.now,
        caller_number=attempt.number,
        customer=attempt.customer,
        tier=attempt.tier,
        campaign=attempt.campaign,
        attempt=attempt.id,
        reserved=attempt.reserved,
    )
    turn.put_call(call)
    turn.state.call_of.put(call.channel, call.id)
    attempts.step(
        turn,
        attempt,
        AttemptStep.PERSON,
        person_at=turn.now,
        answered_at=attempt.answered_at or turn.now,
        created=True,
        call=call.id,
    )
    turn.state.clear_timer(f"ringout:{attempt.id}")
    turn.state.clear_timer(f"attempt:{attempt.id}")
    campaign = turn.state.campaigns[attempt.campaign]
    turn.put_campaign(campaign, people=campaign.people + 1)
    turn.state.set_timer(f"lease:{call.id}", turn.now + PERSON_LEASE_S)
    return turn.step_call(call, CallStep.QUEUE, queued_at=turn.now)


def held(turn: Turn, event: CallerHeld) -> None:
    """The person is in the holding bridge: may be joined. Without AMD this is the first we hear."""
    attempt = _wanted(turn, event.channel)
    call = person(turn, attempt) if attempt is not None else None
    if call is None:
        return
    inbound.caller_held(turn, event)
    if turn.state.attempts[call.attempt].state is AttemptState.FOR_AGENT:
        turn.state.set_timer(f"lease:{call.id}", turn.now + PERSON_LEASE_S)


def harbour_began(turn: Turn, event: HarbourBegan) -> None:
    """Nobody came in time."""
    attempt = _wanted(turn, event.channel)
    if attempt is not None:
        drop(turn, attempt)


def drop(turn: Turn, attempt: Attempt, began_at: float | None = None) -> None:
    """The safe-harbour message plays, by its event or by a state reading, or it began then.

    A join that is under way is let be: it either succeeds, or comes back refused.
    """
    if attempt.state in (AttemptState.DROPPED, AttemptState.CONNECTED):
        return
    if attempt.state is not AttemptState.FOR_AGENT:  # the verdict was lost
        person(turn, attempt)
        attempt = turn.state.attempts[attempt.id]
    harbour_at = turn.now if began_at is None else began_at
    attempt = attempts.step(turn, attempt, AttemptStep.DROP, harbour_at=harbour_at)
    call = turn.state.calls.get(attempt.call)
    if call is not None and not call.joining:
        hear_message(turn, call)


def opted_out(turn: Turn, event: OptedOut) -> None:
    """The person wants to be called no more: nobody is to dial the number from now on."""
    attempt = _wanted(turn, event.channel)
    if attempt is None or attempt.opted_out_at:
        return
    drop(turn, attempt)  # the word of the message was lost
    turn.change_attempt(turn.state.attempts[attempt.id], opted_out_at=turn.now)
    sparing.put_on_dnc(turn, attempt.number, OPT_OUT_REASON, OPT_OUT_SOURCE)


def hear_message(turn: Turn, call: Call) -> None:
    """Nothing else is to be done with this call: it ends with the message."""
    offers.withdraw(turn, call)
    if call.state is CallState.CONNECTED:
        offers.part_and_drop(turn, call)
        offers.requeue(turn, call)
    turn.change_call(turn.state.calls[call.id], ending=True, place=Place.HARBOUR)
    turn.state.set_timer(f"lease:{call.id}", turn.now + HARBOUR_LEASE_S)


# --- the end --------------------------------------------------------------------------------------


def hung_up(turn: Turn, attempt: Attempt, cause: int) -> None:
    """The channel is gone."""
    if attempt.state is AttemptState.HELD:  # told twice
        return
    call = turn.state.calls.get(attempt.call)
    if call is not None:
        settings = turn.state.campaigns[attempt.campaign].settings
        message_at = attempt.person_at + settings.harbour_wait_s
        is_waiting = attempt.state is AttemptState.FOR_AGENT and not call.joining
        if is_waiting and turn.now > message_at + UNTOLD_S:
            drop(turn, attempt, message_at)
        inbound.end_call(turn, turn.state.calls[call.id])
    attempts.end(turn, turn.state.attempts[attempt.id], cause)


def originate_failed(turn: Turn, event: OriginateFailed) -> None:
    """The PBX could not dial. With a channel the Hangup tells why; without, this is all.

    It may overtake the word of the channel: two threads of the PBX report.
    """
    attempt = turn.attempt_on(event.channel)
    callback = calling_back.callback_on(turn, event.channel)
    if callback is not None:
        kept_places.not_reached(turn, callback)
    if attempt is None or attempt.state is AttemptState.HELD:
        return
    rang_out = attempt.rang_out or event.rang_out
    turn.change_attempt(attempt, refused=True, rang_out=rang_out)
    if not attempt.created:
        turn.state.set_timer(f"attempt:{attempt.id}", turn.now + REFUSED_S)


def place_failed(turn: Turn, command: PlaceCall, event: CommandFailed) -> None:
    """The Originate was refused, or never sent; or nobody can say, and then the PBX's state
    tells."""
    callback = calling_back.callback_on(turn, command.channel)
    if callback is not None and not event.unknown:
        kept_places.not_reached(turn, callback)
    attempt = turn.attempt_on(command.channel)
    is_over = attempt is None or attempt.state is AttemptState.HELD
    if attempt is not None and not is_over and not attempt.created and not event.unknown:
        attempts.end(turn, attempt, 0, AttemptResult.FAILED, blames_trunk=not event.withheld)


def lease_ran_out(turn: Turn, attempt_id: AttemptId) -> None:
    """Nothing was heard of an attempt that should have moved: ask the PBX, and go on asking."""
    attempt = turn.state.attempts.get(attempt_id)
    if attempt is None:
        return
    if attempt.state is AttemptState.HELD:
        attempts.held_long_enough(turn, attempt)
        return
    if attempt.refused and not attempt.created:
        attempts.end(turn, attempt, 0)
        return
    turn.state.set_timer(f"attempt:{attempt_id}", turn.now + SCREENING_LEASE_S)
    readings.ask(turn, attempt.channel.pbx)


# --- what a state reading says --------------------------------------------------------------------


def reconcile(turn: Turn, facts: Facts) -> None:
    """Bring the attempts of one PBX in line with what it says. Their calls are looked at after."""
    calling_back.reconcile(turn, facts)
    for attempt in [a for a in turn.state.attempts.values() if a.channel.pbx == facts.pbx]:
        if attempt.state is AttemptState.HELD or not facts.judges(attempt.channel):
            continue
        seen = facts.truth.get(attempt.channel)
        if seen is None:
            _gone(turn, attempt)
            continue
        if not attempt.created:
            attempt = turn.change_attempt(attempt, created=True)
        _put_where_it_is(turn, attempt, seen, facts.was_up)


def _gone(turn: Turn, attempt: Attempt) -> None:
    """The PBX does not have it: ended unseen. What was known before counts, else nobody knows."""
    turn.repair("attempt_gone", attempt.id)
    call = turn.state.calls.get(attempt.call)
    if call is not None:
        inbound.end_call(turn, call, lost=True)
    attempt = turn.state.attempts[attempt.id]
    result = result_of(attempt, 0)
    if result not in SEEN:
        result = AttemptResult.UNKNOWN
    attempts.end(turn, attempt, 0, result)


def _put_where_it_is(turn: Turn, attempt: Attempt, seen: ChannelTruth, was_up: bool) -> None:
    match seen.place:
        case Place.SCREENING:
            is_answered(turn, attempt)
        case Place.HOLD | Place.BRIDGE | Place.NATIVE_QUEUE:
            person(turn, attempt)
        case Place.HARBOUR:
            drop(turn, attempt)
        case Place.MACHINE:
            is_recording(turn, attempt)
        case _ if seen.up:
            is_answered(turn, attempt)
        case _:
            # Whether it rings yet no row says: where no event was missed that one will tell, and
            # the ring time does not run before.
            if not was_up:
                rings(turn, attempt)


def meet(turn: Turn, seen: ChannelTruth) -> None:
    """A channel that we dialed and know no attempt of: put it down, unless people talk on it."""
    turn.repair("orphan_attempt", str(seen.channel))
    if seen.place is not Place.BRIDGE:
        turn.send(HangUp(turn.command_id(), seen.channel))


def join_refused(turn: Turn, channel: ChannelRef) -> None:
    """The Bridge came too late: the person hears the message."""
    attempt = turn.attempt_on(channel)
    call = turn.call_on(channel)
    if attempt is not None and attempt.state is AttemptState.DROPPED and call is not None:
        hear_message(turn, call)
