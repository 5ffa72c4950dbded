"""People at the telephones of a simulated PBX: what they do, and what their log says of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from msgspec import structs

from callcenter.simulator.channel import HearsNothing, HearsPrompt
from callcenter.simulator.messages import get
from callcenter.simulator.people import (
    CallerPlan,
    Customer,
    Leaving,
    PhoneHabits,
    Population,
    Range,
)
from callcenter.simulator.stage import Deed, Entry
from callcenter.simulator.truth import TierCount, count
from callcenter.simulator.world import World
from tests.unit.simulator.tiny_service import (
    BUSY_PHONE,
    START,
    TinyService,
    digest,
    make_population,
    make_world,
)

PROJECT = Path(__file__).parents[3]
NUMBER = "+35455501"
NEVER: Range = (1000.0, 1000.0)


PATIENT = CallerPlan(
    number=NUMBER,
    dialed="5550",
    tier="gold",
    keys={"cc/menu": "1"},
    think_s=0.5,
    patience_s=30.0,
    talk_s=10.0,
)


def plan(**changes: object) -> CallerPlan:
    """A patient caller who presses 1 and talks 10 s, with changes."""
    return structs.replace(PATIENT, **changes)


def deeds(world: World, party: str) -> list[Deed]:
    return [entry.deed for entry in world.log if entry.party == party]


def run_caller(
    caller: CallerPlan, seconds: float = 60.0, *, serve: bool = True, **habits: PhoneHabits
) -> World:
    """One caller in a small center; without service it meets the native queue alone."""
    world = make_world(1, **habits)
    world.add_caller(caller)
    if serve:
        TinyService(world).run(seconds)
    else:
        world.advance(START + seconds)
    return world


def test_a_caller_goes_through_menu_and_music_to_an_agent_and_hangs_up() -> None:
    world = run_caller(plan())

    assert deeds(world, "caller-0001") == [
        Deed.DIALED,
        Deed.ACCEPTED,
        Deed.HEARD_PROMPT,
        Deed.HEARD_PROMPT,
        Deed.PRESSED,
        Deed.HEARD_MUSIC,
        Deed.HEARD_PERSON,
        Deed.HUNG_UP,
    ]
    assert deeds(world, "1001") == [
        Deed.INVITED,
        Deed.RANG,
        Deed.PICKED_UP,
        Deed.HEARD_PERSON,
        Deed.WAS_HUNG_UP,
    ]
    assert world.counters.tiers == {"gold": TierCount(offered=1, answered=1)}
    assert world.counters.picked_up == 1


def test_the_log_is_in_order_of_time_and_names_numbers_and_tiers() -> None:
    world = run_caller(plan())

    times = [entry.at for entry in world.log]
    assert times == sorted(times)
    own = [entry for entry in world.log if entry.party == "caller-0001"]
    assert {(entry.number, entry.tier) for entry in own} == {(NUMBER, "gold")}
    shown = {entry.number for entry in world.log if entry.party == "1001"}
    assert shown == {NUMBER}


def test_a_caller_without_patience_abandons() -> None:
    nobody = PhoneHabits(ignore_share=1.0)

    world = run_caller(plan(patience_s=5.0), p1001=nobody, p1002=nobody, p1003=nobody)

    assert world.counters.tiers["gold"] == TierCount(offered=1, abandoned=1)
    assert world.counters.withdrawn == 1
    assert world.counters.missed == 0


def test_patience_counts_through_the_looks_of_the_wait_loop() -> None:
    world = run_caller(plan(patience_s=25.0), 40, serve=False)

    began = next(entry.at for entry in world.log if entry.deed is Deed.HEARD_MUSIC)
    ended = next(entry.at for entry in world.log if entry.deed is Deed.HUNG_UP)
    assert ended - began == pytest.approx(25.0)


def test_a_caller_leaves_in_the_menu() -> None:
    world = run_caller(plan(leaving=Leaving.IN_MENU, leaves_after_s=2.0))

    assert deeds(world, "caller-0001")[-1] is Deed.HUNG_UP
    assert world.counters.tiers["gold"] == TierCount(offered=1, left_in_menu=1)


def test_a_caller_who_would_leave_in_the_menu_but_is_through_stays() -> None:
    world = run_caller(plan(leaving=Leaving.IN_MENU, leaves_after_s=9.0))

    assert world.counters.tiers["gold"].answered == 1


def test_a_caller_leaves_while_an_agents_phone_rings() -> None:
    slow = PhoneHabits(answer_after_s=(5.0, 5.0))

    world = run_caller(plan(leaving=Leaving.WHILE_RINGING, leaves_after_s=1.0), p1001=slow)

    rang = next(entry.at for entry in world.log if entry.deed is Deed.RANG)
    left = next(entry.at for entry in world.log if entry.deed is Deed.HUNG_UP)
    assert left - rang == pytest.approx(1.0)
    assert deeds(world, "1001")[-1] is Deed.WITHDRAWN


def test_a_caller_whose_agent_is_quicker_does_not_leave() -> None:
    quick = PhoneHabits(answer_after_s=(0.1, 0.1), hang_up_first_share=0.0)

    world = run_caller(plan(leaving=Leaving.WHILE_RINGING, leaves_after_s=1.0), p1001=quick)

    assert world.counters.tiers["gold"].answered == 1


def test_a_caller_may_leave_at_any_time() -> None:
    world = run_caller(plan(leaving=Leaving.ANY_TIME, leaves_after_s=0.0))

    assert deeds(world, "caller-0001") == [Deed.DIALED, Deed.HUNG_UP]
    assert world.counters.tiers["gold"] == TierCount()


def test_a_phone_that_is_not_answered_has_missed_the_call() -> None:
    world = run_caller(plan(), 13.0, p1001=PhoneHabits(ignore_share=1.0))

    assert deeds(world, "1001") == [Deed.INVITED, Deed.RANG, Deed.MISSED]
    assert world.counters.missed == 1


def test_a_phone_may_refuse() -> None:
    world = run_caller(plan(), p1001=PhoneHabits(reject_share=1.0, reject_status=603))

    assert deeds(world, "1001") == [Deed.INVITED, Deed.RANG, Deed.REFUSED]
    assert world.counters.rejected == 1
    assert world.counters.tiers["gold"].answered == 1


def test_a_phone_may_be_unreachable() -> None:
    world = run_caller(plan(), p1001=PhoneHabits(unreachable_share=1.0))

    assert deeds(world, "1001") == [Deed.INVITED, Deed.UNREACHED]
    assert world.counters.unreached == 1


def test_an_agent_may_hang_up_first() -> None:
    first = PhoneHabits(hang_up_first_share=1.0, talk_s=(3.0, 3.0))

    world = run_caller(plan(talk_s=60.0), 20.0, p1001=first)

    talked = [entry.at for entry in world.log if entry.party == "1001"][-2:]
    assert talked[1] - talked[0] == pytest.approx(3.0)
    assert deeds(world, "1001")[-1] is Deed.HUNG_UP


def test_an_agent_may_hang_up_after_a_time_whatever_is_heard() -> None:
    stays = PhoneHabits(hang_up_first_share=1.0, talk_s=(1.0, 1.0), stay_s=(4.0, 4.0))

    world = run_caller(plan(talk_s=60.0), 20.0, p1001=stays)

    at = {entry.deed: entry.at for entry in world.log if entry.party == "1001"}
    assert at[Deed.HUNG_UP] - at[Deed.PICKED_UP] == pytest.approx(4.0)


def test_a_caller_may_press_keys_by_info() -> None:
    world = run_caller(plan(keys_by_info=True))

    assert Deed.HEARD_PERSON in deeds(world, "caller-0001")


def test_a_phone_in_a_call_is_busy_for_another() -> None:
    world = make_world(1, p1001=PhoneHabits(answer_after_s=NEVER))
    service = TinyService(world)
    for leg in ("leg-a", "leg-b"):
        service.send(
            "Originate",
            Channel="PJSIP/1001",
            Context="cc-agents",
            Exten="park",
            Priority="1",
            ChannelId=leg,
        )

    service.run(2)

    assert deeds(world, "1001") == [Deed.INVITED, Deed.REFUSED, Deed.RANG]


def test_without_a_service_the_native_queue_brings_people_together() -> None:
    world = make_world(1)
    service = TinyService(world)
    service.send("QueueAdd", Queue="cc-fallback", Interface="PJSIP/1002")
    service.send("Setvar", Variable="CC_HEARTBEAT", Value="0")
    service.send("Logoff")

    world.add_caller(plan(), after_s=1.0)
    world.advance(START + 60)

    assert world.counters.tiers["gold"].answered == 1
    assert deeds(world, "caller-0001")[-1] in (Deed.HUNG_UP, Deed.WAS_HUNG_UP)


def test_a_restart_of_the_pbx_ends_everything_without_a_word() -> None:
    world = make_world(1, p1001=PhoneHabits(hang_up_first_share=0.0))
    service = TinyService(world)
    world.add_caller(plan(talk_s=1000.0))
    world.add_caller(plan(number="+2", patience_s=1000.0))
    service.run(20)

    closed = world.restart_pbx(world.now)

    assert [(one.session, one.message) for one in closed] == [(service.session, None)]
    assert deeds(world, "caller-0001")[-1] is Deed.WAS_HUNG_UP
    assert world.pbx.exchange.channels == {}
    assert world.callers == {}
    again = world.connect(world.now)
    assert again > service.session
    world.add_caller(plan())
    world.advance(world.now + 5)
    assert len(world.callers) == 1


def test_counts_tell_who_was_dropped_and_who_is_still_there() -> None:
    def entry(party: str, deed: Deed) -> Entry:
        return Entry(0.0, party, deed, "c")

    counters = count(
        [
            entry("1001", Deed.HEARD_PERSON),
            *[entry("a", deed) for deed in (Deed.DIALED, Deed.ACCEPTED, Deed.WAS_HUNG_UP)],
            *[entry("b", deed) for deed in (Deed.DIALED, Deed.ACCEPTED)],
            entry("c", Deed.DIALED),
        ]
    )

    assert counters.tiers == {"": TierCount(offered=2, dropped=1, open=1)}
    assert counters.total == TierCount(offered=2, dropped=1, open=1)


def test_in_a_busy_center_every_call_is_counted_once_and_nothing_stays_behind() -> None:
    world = make_world(5, p1001=BUSY_PHONE)
    service = TinyService(world)
    world.open_lines(make_population())
    service.run(1800)
    world.close_lines()
    service.run(300)

    total = world.counters.total
    assert total.offered > 100
    assert total.open == total.dropped == 0
    assert total.offered == total.answered + total.abandoned + total.left_in_menu
    assert min(total.answered, total.abandoned, total.left_in_menu) > 5
    phones = world.counters
    assert min(phones.rejected, phones.unreached, phones.missed, phones.withdrawn) > 0
    assert world.callers == {}
    assert world.pbx.exchange.channels == {}
    assert world.pbx.exchange.bridges == {}
    told = [message for message in service.said if message[0] == ("Event", "Newchannel")]
    inbound = [message for message in told if get(message, "Context") == "cc-inbound"]
    dialed = [entry for entry in world.log if entry.deed is Deed.DIALED]
    assert len(inbound) == len(dialed)


def test_the_same_seed_says_and_does_the_same_in_every_process() -> None:
    here = digest(7, 300.0)

    for hash_seed in ("1", "2"):
        there = subprocess.run(
            [sys.executable, "-m", "tests.unit.simulator.tiny_service", "7", "300"],
            cwd=PROJECT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        assert there == here


def test_another_seed_says_something_else() -> None:
    assert digest(7, 60.0) != digest(8, 60.0)


def test_it_makes_no_difference_in_what_steps_time_passes() -> None:
    logs = []
    for step_s in (0.05, 7.0):
        world = make_world(3)
        world.open_lines(make_population(rate_per_s=0.3))
        now = START
        while now < START + 120:
            now += step_s
            world.advance(now)
        logs.append([entry for entry in world.log if entry.at < START + 115])

    assert logs[0] == logs[1]


# --- where callers come from ---------------------------------------------------------------------


def draw(population: Population, calls: int = 400) -> list[CallerPlan]:
    rng = Random(1)
    return [population.draw_plan(rng, number) for number in range(calls)]


def share(plans: list[CallerPlan], holds: Callable[[CallerPlan], bool]) -> float:
    return sum(map(holds, plans)) / len(plans)


def test_calls_arrive_at_the_rate_asked_for() -> None:
    population = make_population(rate_per_s=0.5)
    rng = Random(1)

    gaps = [population.draw_gap(rng) for _ in range(2000)]

    assert sum(gaps) / len(gaps) == pytest.approx(2.0, rel=0.1)


def test_a_population_draws_customers_strangers_and_withheld_numbers() -> None:
    plans = draw(
        Population(
            dialed=("1", "2"),
            rate_per_s=1.0,
            customers=(Customer("+1", "gold", "Ann"),),
            stranger_share=0.25,
            withheld_share=0.25,
            silent_share=0.5,
        )
    )

    assert share(plans, lambda one: one.tier == "gold") == pytest.approx(0.5, abs=0.1)
    assert share(plans, lambda one: one.number == "") == pytest.approx(0.25, abs=0.1)
    assert share(plans, lambda one: one.number.startswith("+1999")) == pytest.approx(0.25, abs=0.1)
    assert share(plans, lambda one: one.sends_media) == pytest.approx(0.5, abs=0.1)
    assert {one.dialed for one in plans} == {"1", "2"}


def test_a_population_draws_keys_by_weight_and_some_press_none() -> None:
    plans = draw(make_population())

    assert share(plans, lambda one: one.keys == {"cc/menu": "1"}) == pytest.approx(0.8, abs=0.1)
    assert share(plans, lambda one: one.keys == {}) == pytest.approx(0.2, abs=0.1)


def test_no_more_callers_come_than_asked_for() -> None:
    world = make_world(1)
    world.open_lines(Population(dialed=("5550",), rate_per_s=10.0, calls_max=3))

    world.advance(START + 60)

    assert sum(entry.deed is Deed.DIALED for entry in world.log) == 3


def test_a_customer_on_the_line_does_not_call_again() -> None:
    world = make_world(1)
    world.open_lines(
        Population(
            dialed=("5550",),
            rate_per_s=5.0,
            customers=(Customer("+1"),),
            stranger_share=0.0,
            patience_s=NEVER,
            leave_in_menu_share=0.0,
            leave_while_ringing_share=0.0,
            leave_any_time_share=0.0,
        )
    )

    world.advance(START + 60)

    assert sum(entry.deed is Deed.DIALED for entry in world.log) == 1


def test_lines_can_be_closed_before_they_are_open() -> None:
    world = make_world(1)

    world.close_lines()

    assert world.next_deadline() is None


def test_a_caller_who_has_gone_notices_nothing_more() -> None:
    world = make_world(1)
    caller = world.add_caller(plan())
    world.advance(START + 0.1)
    caller.hang_up()
    caller.hang_up()
    before = len(world.log)

    caller.notice(HearsPrompt(caller.channel, "cc/menu"))
    caller.notice(HearsNothing(caller.channel))
    caller.lose_line()

    assert len(world.log) == before


def test_a_phone_without_a_call_has_nothing_to_hang_up() -> None:
    world = make_world(1)

    world.phones["1001"].hang_up()
    world.phones["1001"].lose_line()

    assert world.log == []
