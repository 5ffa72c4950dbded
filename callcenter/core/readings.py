"""When a PBX is read, and what its answer may judge.

What a reading tells was true at some moment between its order and its answer. In a new session, of
which events were missed, that is the best there is, and all is judged. Over a link that stood it
meets what is under way, and there is one rule: **it says nothing of a channel that was being moved
when the reading was ordered, or that anything was ordered or heard of since**; nor of those bound
to it, for a conversation is judged as a whole. Being moved is a channel shortly after a command,
and one that has just left a bridge; a channel is being made until it has had time to appear
(``Turn.leave_alone``, ``MAKING_S``). What is left alone is judged by its own deadline, and by the
next reading.
"""

from __future__ import annotations

from callcenter.core.turn import Turn
from callcenter.domain.commands import Command, ReadPbx, channels_of
from callcenter.domain.events import ChannelTruth, PbxStateRead
from callcenter.domain.ids import ChannelRef, CommandId, PbxName
from callcenter.domain.reading import Reading

UNANSWERED_S = 10.0
"""A reading takes a tenth of a second, of a busy PBX a second or two. One that is not answered by
then does not keep another from being sent."""
MAKING_S = 10.0
"""What an Originate has just ordered may not be in the PBX yet: that takes milliseconds, beside a
slow trunk or on a loaded machine longer."""


def ask(turn: Turn, pbx: PbxName) -> None:
    """Have the PBX read, unless its link is down (then it is read once it is up) or a reading is
    on its way."""
    on_its_way = turn.state.readings.get(pbx)
    if not turn.is_up(pbx):
        return
    if on_its_way is not None and turn.now < on_its_way.asked_at + UNANSWERED_S:
        return
    command = turn.command_id()
    since = turn.now if on_its_way is None else on_its_way.since
    turn.state.readings.put(pbx, Reading(command, since, turn.now))
    turn.send(ReadPbx(command, pbx))


def review_due(turn: Turn, pbx: PbxName) -> None:
    """Time to compare the state with the PBX. This is the lease of conversations, too: it asks and
    ends nothing by itself, for some last three hours."""
    if turn.is_up(pbx):
        ask(turn, pbx)
        await_review(turn, pbx)


def await_review(turn: Turn, pbx: PbxName) -> None:
    """Have the next review come, counted from now."""
    turn.state.set_timer(f"review:{pbx}", turn.now + turn.state.center.review_every_s)


def failed(turn: Turn, pbx: PbxName, command: CommandId, unknown: bool) -> None:
    """A reading was not answered: whoever needs one may ask again.

    ``unknown``: the answer may yet come, and is then as old as its order.
    """
    reading = turn.state.readings.get(pbx)
    if reading is None or reading.command != command:
        return
    if unknown:
        turn.state.readings.put(pbx, Reading(command, reading.since, turn.now - UNANSWERED_S))
    else:
        turn.state.readings.remove(pbx)


def forget(turn: Turn, pbx: PbxName) -> None:
    """The link is gone: no answer will come, and the first of the next session judges all."""
    turn.state.readings.remove(pbx)
    turn.state.clear_timer(f"review:{pbx}")
    for channel in [channel for channel in turn.state.settles if channel.pbx == pbx]:
        turn.state.settles.remove(channel)


def hear(turn: Turn, event: object) -> None:
    """A fact came in. While a reading is on its way it may be newer than what that will tell.

    Of a channel that nobody knows the reading is still to tell.
    """
    channel = getattr(event, "channel", None)
    if channel is None or turn.state.readings.get(channel.pbx) is None:
        return
    if channel in turn.state.call_of or channel in turn.state.legs or turn.attempt_on(channel):
        turn.leave_alone(channel, turn.now)


def refused(turn: Turn, command: Command) -> None:
    """A command came to nothing, and is under way no more: a reading ordered from now on may judge
    its channels at once."""
    for channel in channels_of(command):
        turn.state.settles.put(channel, turn.now)


class Facts:
    """One answer: what was true, and of which channels it may be believed."""

    def __init__(self, turn: Turn, event: PbxStateRead, *, was_up: bool) -> None:
        """``was_up``: no event has been missed before it."""
        self.pbx = event.pbx
        self.was_up = was_up
        self.truth: dict[ChannelRef, ChannelTruth] = {
            channel.channel: channel for channel in event.channels
        }
        self._alone: dict[ChannelRef, None] = {}
        if was_up:
            self._leave_alone(turn)

    def judges(self, channel: ChannelRef) -> bool:
        """Whether these facts are newer than what we know of the channel and those bound to it."""
        return channel not in self._alone

    def _leave_alone(self, turn: Turn) -> None:
        reading = turn.state.readings.get(self.pbx)
        # One that nobody here asked for, or given up before it came, is taken for as old as it
        # can be.
        since = turn.now - UNANSWERED_S if reading is None else reading.since
        under_way = [channel for channel, until in turn.state.settles.items() if until > since]
        made_since = since - MAKING_S
        being_made = [
            *((leg.channel, leg.offered_at) for leg in turn.state.legs.values() if not leg.created),
            *(
                (a.channel, a.placed_at)
                for a in turn.state.attempts.values()
                if not (a.created or a.ended_at)
            ),
        ]
        under_way += [
            channel
            for channel, ordered_at in being_made
            if ordered_at > made_since and channel not in self.truth
        ]
        for channel in under_way:
            self._alone[channel] = None
            leg_on = turn.state.legs.get(channel)
            call = turn.call_on(channel) or turn.state.calls.get(leg_on.call if leg_on else "")
            if call is not None:
                self._alone[call.channel] = None
                if call.leg is not None:
                    self._alone[call.leg] = None
        for channel, until in list(turn.state.settles.items()):
            if channel.pbx == self.pbx and until <= since:
                turn.state.settles.remove(channel)
