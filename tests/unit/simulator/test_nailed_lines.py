"""An agent's phone that is picked up once and stays on the line over many calls."""

from __future__ import annotations

from collections import Counter

import pytest

from callcenter.simulator.dialed import DialedPlan
from callcenter.simulator.people import PhoneHabits
from callcenter.simulator.stage import Deed, Entry
from callcenter.simulator.truth import Reached
from callcenter.simulator.world import World
from tests.unit.simulator.tiny_dialer import TinyDialer, make_world

NUMBER = "+12025550143"
TALK_S = 20.0


def work(habits: PhoneHabits, *, people: int = 3, seconds: float = 150.0) -> TinyDialer:
    """One agent whose line is open, and people dialed one after the other."""
    world = make_world(p1001=habits)
    dialer = TinyDialer(world)
    dialer.open_line("1001")
    dialer.run(10.0)
    for person in range(people):
        world.plan_number(f"{NUMBER}{person}", DialedPlan(ring_s=1.0, talk_s=TALK_S))
    dialer.dial([f"{NUMBER}{person}" for person in range(people)])
    dialer.run(seconds)
    return dialer


def entries(world: World) -> list[Entry]:
    return [entry for entry in world.log if entry.party == "1001"]


def deeds(world: World) -> list[Deed]:
    return [entry.deed for entry in entries(world)]


def test_the_phone_rings_once_and_talks_with_everybody() -> None:
    dialer = work(PhoneHabits(hang_up_first_share=0.0))

    assert deeds(dialer.world) == [
        Deed.INVITED,
        Deed.RANG,
        Deed.PICKED_UP,
        *[Deed.HEARD_PERSON, Deed.PERSON_LEFT] * 3,
    ]
    heard = [entry.detail for entry in entries(dialer.world) if entry.deed is Deed.HEARD_PERSON]
    assert heard == [call.channel for call in dialer.world.dialed]


def test_the_agent_hears_the_customer_go() -> None:
    dialer = work(PhoneHabits(hang_up_first_share=0.0), people=1)

    [call] = dialer.world.dialed
    left = next(entry for entry in entries(dialer.world) if entry.deed is Deed.PERSON_LEFT)
    assert left.at == pytest.approx(call.ended_at, abs=0.002)


def test_an_agent_may_hang_up_the_line_in_a_conversation() -> None:
    dialer = work(PhoneHabits(hang_up_first_share=1.0, talk_s=(7.0, 7.0)), people=1)

    talked = dialer.world.dialed[0].talks[0]
    assert deeds(dialer.world)[3:5] == [Deed.HEARD_PERSON, Deed.HUNG_UP]
    assert talked.ended_at - talked.began_at == pytest.approx(7.0, abs=0.002)
    assert dialer.world.dialed[0].music_at


def test_an_agent_who_meant_to_hang_up_first_does_not_when_the_customer_has_gone() -> None:
    habits = PhoneHabits(hang_up_first_share=1.0, talk_s=(TALK_S + 5.0, TALK_S + 5.0))

    dialer = work(habits, people=1)

    assert deeds(dialer.world)[-1] is Deed.PERSON_LEFT
    assert list(dialer.free) == list(dialer.lines)


def test_an_agent_may_put_the_line_down_after_a_conversation() -> None:
    habits = PhoneHabits(hang_up_first_share=0.0, tire_share=1.0, tire_after_s=(2.0, 2.0))

    dialer = work(habits, people=1)

    left, hung_up = entries(dialer.world)[4:6]
    assert (left.deed, hung_up.deed) == (Deed.PERSON_LEFT, Deed.HUNG_UP)
    assert hung_up.at - left.at == pytest.approx(2.0)
    assert deeds(dialer.world)[6:] == [Deed.INVITED, Deed.RANG, Deed.PICKED_UP]


def test_an_agent_already_in_the_next_conversation_does_not_put_the_line_down() -> None:
    habits = PhoneHabits(hang_up_first_share=0.0, tire_share=1.0, tire_after_s=(10.0, 10.0))

    dialer = work(habits, people=2)

    assert deeds(dialer.world)[3:8] == [
        Deed.HEARD_PERSON,
        Deed.PERSON_LEFT,
        Deed.HEARD_PERSON,
        Deed.PERSON_LEFT,
        Deed.HUNG_UP,
    ]


def test_some_agents_keep_the_line_and_some_put_it_down() -> None:
    habits = PhoneHabits(hang_up_first_share=0.0, tire_share=0.5, tire_after_s=(0.1, 0.1))

    dialer = work(habits, people=12, seconds=600.0)

    reached = Counter(call.reached for call in dialer.world.dialed)
    put_down = deeds(dialer.world).count(Deed.HUNG_UP)
    assert 0 < put_down < reached[Reached.TALKED]
    # Whoever was rung while the line was put down finds nobody.
    assert reached[Reached.TALKED] + reached[Reached.HEARD_MESSAGE] == 12
    assert 0 < reached[Reached.HEARD_MESSAGE] <= put_down
