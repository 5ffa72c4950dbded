"""What a queue has done today, and who works for it."""

from __future__ import annotations

import pytest

from callcenter.core.queries import QueueToday, queue_view
from callcenter.domain import commands as c
from callcenter.domain import events as e
from tests.builders import Bench, channel

DAY_S = 24 * 3600.0


def today(bench: Bench) -> QueueToday:
    """The sample queue's counts."""
    view = queue_view(bench.machine.state, "service")
    assert view is not None
    return view.today


def test_a_call_answered_within_the_target_counts_as_in_time() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("in0")
    bench.talk("in0")

    assert (today(bench).answered, today(bench).in_time) == (1, 1)
    assert today(bench).service_level == 1.0


def test_a_call_answered_after_the_target_does_not() -> None:
    bench = Bench()
    bench.waiting_caller("in0")
    bench.wait(21.0)
    bench.agents("ana")
    bench.talk("in0")

    assert (today(bench).answered, today(bench).in_time) == (1, 0)


def test_who_hangs_up_while_waiting_counts_against_the_service_level() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("in0")
    bench.talk("in0")
    bench.waiting_caller("in1")
    bench.hang_up("in1")

    assert today(bench).abandoned == 1
    assert today(bench).service_level == pytest.approx(0.5)


def test_who_leaves_before_any_queue_counts_nowhere() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("in0"), "5551234", "7000"))
    bench.tell(e.CustomerNotFound(bench.last(c.LookUpCustomer).id, bench.call("in0").id))
    bench.tell(e.ChannelHungUp(channel("in0"), 16))

    assert today(bench).abandoned == 0


def test_a_new_day_begins_at_nothing() -> None:
    bench = Bench()
    bench.waiting_caller("in0")
    bench.hang_up("in0")
    assert today(bench).abandoned == 1

    bench.wait(DAY_S)
    bench.tell(e.Tick())

    assert today(bench) == QueueToday(0, 0, 0, 1.0, 20.0)


def test_an_agent_who_works_for_a_campaign_is_not_counted_for_the_queue() -> None:
    bench = Bench()
    bench.agents("ana", "ben")
    bench.campaign()
    bench.open_line("ana")

    view = queue_view(bench.machine.state, "service")

    assert view is not None
    assert (view.signed_in, view.ready) == (1, 1)
