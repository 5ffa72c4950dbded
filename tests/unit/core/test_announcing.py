"""Position and expected wait, said to who waits."""

from __future__ import annotations

import msgspec
import pytest

from callcenter.core import announcing
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.call import Place
from callcenter.domain.rules import Overflow, Rule, Treatment
from tests.builders import PBX, Bench, channel, truth
from tests.unit.core.rule_bench import caller, find, hold, publish, ruled, rules_of, staff
from tests.unit.core.test_overflows import BYE, hear, leading, said


def announced(every_s: float = 45.0) -> Bench:
    """Who waits is told how long, every so often."""
    return ruled(Rule("all", Treatment(announce_every_s=every_s)))


def back(bench: Bench, name: str) -> None:
    """The announcement has been heard to its end."""
    hear(bench, name)
    bench.tell(e.CallerHeld(channel(name)))


def test_who_waits_is_told_the_position_as_often_as_the_rule_says() -> None:
    bench = announced()
    caller(bench, "a")
    bench.wait(1)
    caller(bench, "b")

    bench.wait(44.5)
    back(bench, "a")
    bench.wait(2)
    back(bench, "b")
    bench.hang_up("a")
    bench.wait(45)

    assert said(bench) == [("position/1",), ("position/2",), ("position/1",)]
    bench.hang_up("b")
    assert bench.deadlines() == {}


def test_the_expected_wait_is_said_when_somebody_is_at_work() -> None:
    bench = announced()
    staff(bench, "ana")
    caller(bench, "first")
    bench.talk("first")
    caller(bench, "a")

    bench.wait(45)

    ((position, expected),) = said(bench)
    assert position == "position/1"
    assert expected.startswith("expected/")
    assert {position, expected} <= set(announcing.list_prompts())


@pytest.mark.parametrize(
    ("position", "expected_s", "prompts"),
    [
        (1, None, ("position/1",)),
        (10, 0.0, ("position/10", "expected/soon")),
        (11, 29.9, ("position/many", "expected/soon")),
        (2, 30.0, ("position/2", "expected/1")),
        (2, 61.0, ("position/2", "expected/2")),
        (2, 360.0, ("position/2", "expected/7")),
        (2, 3600.0, ("position/2", "expected/60")),
        (2, 3601.0, ("position/2", "expected/long")),
    ],
)
def test_waits_are_said_in_whole_minutes(
    position: int, expected_s: float | None, prompts: tuple[str, ...]
) -> None:
    bench = announced()
    caller(bench, "a")
    waiting = bench.machine.chooser.explain(bench.call("a").id, bench.now)
    assert waiting is not None

    waiting = msgspec.structs.replace(waiting, position=position, expected_s=expected_s)

    assert announcing.prompts_of(waiting) == prompts
    assert set(prompts) <= set(announcing.list_prompts())


def test_nothing_is_said_to_who_rings_talks_or_hears_something_else() -> None:
    bench = announced()
    staff(bench, "ana")
    caller(bench, "a")
    bench.talk("a")
    bench.wait(100)
    caller(bench, "b")
    bench.wait(44)
    bench.tell(e.CallerLeftHold(channel("b")))
    bench.wait(2)

    assert said(bench) == []


def test_an_agents_lost_line_brings_announcements_back() -> None:
    bench = announced()
    staff(bench, "ana")
    caller(bench, "a")
    call = bench.talk("a")
    assert call.leg is not None
    bench.wait(20)
    bench.tell(e.ChannelHungUp(call.leg, 38))
    bench.tell(e.CallerHeld(channel("a")))

    bench.wait(26)

    assert [prompts[0] for prompts in said(bench)] == ["position/1"]


def test_other_rules_end_announcements() -> None:
    bench = announced()
    caller(bench, "a")
    publish(bench, rules_of())

    bench.wait(100)

    assert said(bench) == []
    bench.machine.state.set_timer("announce:gone", bench.now)
    bench.tell(e.Tick())


def test_a_caller_on_the_way_to_hold_hears_nothing_until_it_is_there() -> None:
    bench = announced(15.0)
    find(bench, "a")
    ref = channel("a")
    bench.tell(e.IvrCommandEnded(ref, bench.last(c.PlayPrompt).id, 0))
    bench.tell(e.IvrCommandEnded(ref, bench.last(c.AskDigit).id, 1, digits="1"))
    bench.wait(9)
    hold(bench, "a")
    bench.wait(7)

    assert said(bench) == [("position/1",)]


def test_nothing_is_said_over_a_link_that_is_down() -> None:
    bench = announced()
    caller(bench, "a")
    bench.tell(e.PbxLinkLost(PBX, "test"))

    bench.wait(50)

    assert said(bench) == []
    bench.tell(e.PbxStateRead(PBX, (truth("a", Place.HOLD),)))
    bench.wait(45)
    assert said(bench) == [("position/1",)]


def test_other_rules_that_announce_too_keep_the_rhythm() -> None:
    bench = announced()
    caller(bench, "a")
    bench.wait(30)

    publish(bench, rules_of(Rule("new", Treatment(announce_every_s=60.0))))
    bench.wait(16)

    assert said(bench) == [("position/1",)]


def test_a_last_message_that_began_while_we_were_away_is_heard_to_its_end() -> None:
    bench = leading(Overflow(after_s=30.0, message=BYE))
    caller(bench, "a")
    bench.wait(31)  # led there, and no word yet that it is said

    bench.restart(truth("a", Place.ANNOUNCEMENT))

    call = bench.call("a")
    assert (call.place, call.ending) == (Place.ANNOUNCEMENT, True)
    assert bench.deadlines(("lease",)) == {f"lease:{call.id}": bench.now + announcing.SAY_LEASE_S}
    assert bench.sent(c.HangUp) == []
