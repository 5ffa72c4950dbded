"""Does what an overflow of the rules says beyond another queue: a message, a number outside, a
voicemail, a callback. When one comes true is found by ``classification``.

One thing at a time: the next is looked at when the caller is on hold again.
"""

from __future__ import annotations

from callcenter.core import announcing, kept_places, outside
from callcenter.core.turn import Turn
from callcenter.domain.call import Call, CallState, Place
from callcenter.domain.commands import RecordVoicemail
from callcenter.domain.events import VoicemailBegan, VoicemailDoneRequested
from callcenter.domain.records import RoutingRecord
from callcenter.domain.rules import Message, Voicemail
from callcenter.domain.voicemail import VoicemailLeft, file_of

BEEP = "beep"
"""The prompt that is the tone before a recording."""
VOICEMAILS_MAX = 1_000
"""So many are kept until somebody has dealt with one; meanwhile callers leave no more."""
AGAIN_S = 1.0
"""Until the overflows behind one that was passed are looked at."""


def act(turn: Turn, call: Call) -> Call:
    """Do what an overflow wants done with this caller, who waits and can be moved."""
    overflow = call.overflow
    assert overflow is not None
    call = turn.change_call(call, overflow=None)
    if overflow.message is not None:
        return _say(turn, call, overflow.message)
    if overflow.voicemail is not None:
        return _begin_voicemail(turn, call, overflow.voicemail)
    if overflow.callback is not None:
        turn.record(RoutingRecord("led_out", call.id, kept_places.LED_TO, "", turn.now))
        said = (overflow.callback.prompt,)
        return announcing.say(turn, call, said, ending=True, led_to=kept_places.LED_TO)
    assert overflow.external is not None
    return outside.dial(turn, call, overflow.external)


def act_if_possible(turn: Turn, call: Call) -> None:
    """The same, if the caller is on hold just now; else when it comes back there."""
    is_waiting = call.state is CallState.WAITING and not call.ending
    if call.overflow is not None and is_waiting and call.place is Place.HOLD:
        if turn.is_up(call.channel.pbx):
            act(turn, call)
        else:
            turn.state.set_timer(f"overflow:{call.id}", turn.now + AGAIN_S)


def can_act_at_once(turn: Turn, call: Call) -> bool:
    """Whether a caller who just begins to wait is led on without being put on hold first: whom
    a number outside is dialed for hears music meanwhile."""
    overflow = call.overflow
    if overflow is None or not turn.is_up(call.channel.pbx):
        return False
    return overflow.external is None or call.place is Place.HOLD


def _say(turn: Turn, call: Call, message: Message) -> Call:
    if message.ends_call:
        turn.record(RoutingRecord("led_out", call.id, "message", "", turn.now))
        return announcing.say(turn, call, (message.prompt,), ending=True, led_to="message")
    turn.state.set_timer(f"overflow:{call.id}", turn.now + AGAIN_S)
    return announcing.say(turn, call, (message.prompt,), heard=(*call.heard, message.prompt))


# --- voicemail ----------------------------------------------------------------------------------


def _begin_voicemail(turn: Turn, call: Call, voicemail: Voicemail) -> Call:
    if len(turn.state.voicemails) >= VOICEMAILS_MAX:
        turn.fault("voicemails_full", f"queue {call.queue}")
        turn.state.set_timer(f"overflow:{call.id}", turn.now + AGAIN_S)
        return call
    turn.record(RoutingRecord("led_out", call.id, "voicemail", "", turn.now))
    command = RecordVoicemail(
        turn.command_id(), call.channel, (voicemail.prompt, BEEP), call.id, voicemail.max_s
    )
    return announcing.record_voicemail(turn, call, command, ending=True, led_to="voicemail")


def voicemail_began(turn: Turn, event: VoicemailBegan) -> None:
    """The recording runs."""
    call = turn.call_on(event.channel)
    if call is not None:
        recorded(turn, turn.change_call(call, place=Place.VOICEMAIL))


def recorded(turn: Turn, call: Call) -> None:
    """The caller's message is being recorded, by its event or by a state reading."""
    if not call.recorded_from:
        turn.change_call(call, recorded_from=turn.now)
    turn.state.set_timer(f"lease:{call.id}", turn.now + _longest_s(call) + announcing.SAY_LEASE_S)


def keep_voicemail(turn: Turn, call: Call) -> None:
    """The call has ended: keep the message that was left, if there is one."""
    if not call.recorded_from:
        return
    left = VoicemailLeft(
        call=call.id,
        queue=call.queue,
        file=file_of(call.id),
        left_at=call.recorded_from,
        seconds=min(turn.now - call.recorded_from, _longest_s(call)),
        caller_number=call.caller_number,
        customer=call.customer,
        tier=call.tier,
    )
    turn.state.voicemails.put(call.id, left)
    turn.record(RoutingRecord("voicemail_left", call.id, f"{left.seconds:.1f}", "", turn.now))


def forget_voicemail(turn: Turn, event: VoicemailDoneRequested) -> None:
    """Somebody has dealt with a voicemail."""
    if event.call not in turn.state.voicemails:
        turn.refuse(event.request, "There is no such voicemail: somebody has dealt with it.")
        return
    turn.state.voicemails.remove(event.call)
    turn.record(RoutingRecord("voicemail_done", event.call, "", event.by, turn.now))
    turn.grant(event.request)


def _longest_s(call: Call) -> float:
    taken = [one.voicemail for one in call.treatment.overflow if one.voicemail is not None]
    return max((one.max_s for one in taken), default=0.0)
