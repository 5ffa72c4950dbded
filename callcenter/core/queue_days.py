"""Counts what each queue has done today: answered, answered in time, abandoned."""

from __future__ import annotations

import msgspec

from callcenter.core.days import day_of
from callcenter.core.state import State
from callcenter.core.turn import Turn
from callcenter.domain.call import Call
from callcenter.domain.ids import QueueId
from callcenter.domain.queue_day import QueueDay


def today(state: State, queue: QueueId) -> QueueDay:
    """The queue's counts since the last midnight of the center's time zone."""
    day = day_of(state)
    known = state.days.get(queue)
    return known if known is not None and known.day == day else QueueDay(day)


def count_answered(turn: Turn, call: Call) -> None:
    """An agent has answered this call for the first time."""
    if call.queue:
        counts = today(turn.state, call.queue)
        in_time = turn.now - call.queued_at <= turn.queue_of(call).target_s
        turn.state.days.put(
            call.queue,
            msgspec.structs.replace(
                counts, answered=counts.answered + 1, in_time=counts.in_time + in_time
            ),
        )


def count_abandoned(turn: Turn, call: Call) -> None:
    """The caller has hung up while waiting."""
    if call.queue:
        counts = today(turn.state, call.queue)
        turn.state.days.put(
            call.queue, msgspec.structs.replace(counts, abandoned=counts.abandoned + 1)
        )
