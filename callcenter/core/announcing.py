"""Saying something to a caller who waits: how long it will be, or what an overflow of the rules has
said.

The dialplan plays the prompts and puts the caller back on hold by itself, or hangs up. The caller
keeps its place meanwhile and is offered to agents: one who picks up is joined at once, and the rest
is not heard.
"""

from __future__ import annotations

import math
from typing import Any

from callcenter.core import offers, readings
from callcenter.core.turn import Turn
from callcenter.domain.call import Call, CallState, Place
from callcenter.domain.commands import RecordVoicemail, SayToCaller
from callcenter.domain.events import AnnouncementBegan, AnnouncementFailed
from callcenter.domain.ids import CallId, ChannelRef
from routing.explaining import Waiting

SAY_LEASE_S = 60.0
"""No announcement is longer; after this the PBX is asked where the caller is."""
SAY_REFUSED_S = 1.0
"""After a Redirect that was refused: by then a caller who has gone is known to have gone."""
POSITIONS_SAID = 10
"""The prompts ``position/1`` to this, and ``position/many`` for all behind."""
MINUTES_SAID = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 45, 60)
"""The prompts ``expected/N``, said up to so many minutes; ``expected/soon`` below half a minute,
``expected/long`` beyond the last."""
SOON_S = 30.0


def prompts_of(waiting: Waiting) -> tuple[str, ...]:
    """What is said about this wait. Nothing is promised while nobody is at work."""
    position = waiting.position
    said = [f"position/{position if position <= POSITIONS_SAID else 'many'}"]
    if waiting.expected_s is not None:
        said.append(f"expected/{_minutes(waiting.expected_s)}")
    return tuple(said)


def _minutes(expected_s: float) -> str:
    if expected_s < SOON_S:
        return "soon"
    minutes = math.ceil(expected_s / 60.0)
    return next((str(one) for one in MINUTES_SAID if minutes <= one), "long")


def list_prompts() -> tuple[str, ...]:
    """Every prompt that announcements are made of, by name."""
    positions = [*range(1, POSITIONS_SAID + 1), "many"]
    waits = ["soon", *MINUTES_SAID, "long"]
    return (*(f"position/{one}" for one in positions), *(f"expected/{one}" for one in waits))


# --- saying -------------------------------------------------------------------------------------


def say(turn: Turn, call: Call, prompts: tuple[str, ...], **changes: Any) -> Call:
    """Play these to a caller, and change these fields of the call with it.

    With ``ending`` it is hung up afterwards; else it is on hold again.
    """
    ends_call = bool(changes.get("ending"))
    turn.send(SayToCaller(turn.command_id(), call.channel, prompts, ends_call))
    return _lead_away(turn, call, changes)


def record_voicemail(turn: Turn, call: Call, command: RecordVoicemail, **changes: Any) -> Call:
    """Have the caller leave a message."""
    turn.send(command)
    return _lead_away(turn, call, changes)


def _lead_away(turn: Turn, call: Call, changes: dict[str, Any]) -> Call:
    turn.state.set_timer(f"lease:{call.id}", turn.now + SAY_LEASE_S)
    changes |= {"place": Place.DIALPLAN, "ivr_command": "", "ivr_probe": ""}
    return turn.change_call(call, **changes)


def refused(turn: Turn, channel: ChannelRef) -> None:
    """The Redirect was refused: the caller has gone in that instant, or waits on.

    Not at once is the PBX asked: one that refuses for ever would be asked without a pause.
    """
    call = turn.call_on(channel)
    if call is None:
        return
    call = wait_on(turn, call)
    if call.place is Place.HOLD:
        turn.clear_lease(call)
    else:
        turn.state.set_timer(f"lease:{call.id}", turn.now + SAY_REFUSED_S)


def wait_on(turn: Turn, call: Call) -> Call:
    """What was to end the call has not come about: it waits as before."""
    if not call.led_to:
        return call
    return turn.change_call(call, ending=False, led_to="")


# --- what the PBX tells -------------------------------------------------------------------------


def announcement_began(turn: Turn, event: AnnouncementBegan) -> None:
    """The caller hears it. An agent whose phone was picked up meanwhile may be joined."""
    call = turn.call_on(event.channel)
    if call is None:
        readings.ask(turn, event.channel.pbx)  # a caller we never met
        return
    hears(turn, turn.change_call(call, place=Place.ANNOUNCEMENT))


def hears(turn: Turn, call: Call) -> None:
    """The caller hears an announcement, by its event or by a state reading."""
    turn.state.set_timer(f"lease:{call.id}", turn.now + SAY_LEASE_S)
    if call.state is CallState.OFFERED:
        offers.join_if_possible(turn, call)


def announcement_failed(turn: Turn, event: AnnouncementFailed) -> None:
    """A prompt is missing: the caller is led on as if it had been heard."""
    call = turn.call_on(event.channel)
    turn.fault("announcement_failed", "" if call is None else f"queue {call.queue}")


# --- position and expected wait -----------------------------------------------------------------


def begin(turn: Turn, call: Call) -> None:
    """Have position and expected wait said as often as the call's treatment says."""
    every_s = call.treatment.announce_every_s
    key = f"announce:{call.id}"
    if not every_s:
        turn.state.clear_timer(key)
    elif key not in turn.state.timers:
        turn.state.set_timer(key, turn.now + every_s)


def announcement_due(turn: Turn, call_id: CallId) -> None:
    """Time to say position and expected wait, unless the caller hears something else just now."""
    call = turn.state.calls.get(call_id)
    if call is None or not call.treatment.announce_every_s or call.ending:
        return
    turn.state.set_timer(f"announce:{call_id}", turn.now + call.treatment.announce_every_s)
    if call.state is not CallState.WAITING or call.place is not Place.HOLD:
        return
    waiting = turn.chooser.explain(call_id, turn.now)
    if waiting is not None:  # else the link is down
        say(turn, call, prompts_of(waiting))
