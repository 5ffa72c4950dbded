"""The chooser's place in the machine: what it is told, what it learns, what of it is stored."""

from __future__ import annotations

import msgspec
import pytest

from callcenter.core import classification, offers
from callcenter.core.choosing import settings_of, steps_of
from callcenter.core.machine import CHOOSE_AGAIN_S, Machine
from callcenter.core.state import State, decode_state
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.call import CallState
from callcenter.domain.customer import Tier
from callcenter.domain.records import CallRecord, OfferRecord
from callcenter.domain.rules import AgentStep, Preset, Rule, Target, Treatment
from routing.settings import Order
from routing.work import AgentStep as Step
from routing.work import Need
from tests.builders import PBX, Bench
from tests.unit.core.rule_bench import TWO_QUEUES, caller, publish, ruled, rules_of, staff

LINE = f"{PBX}/service"
GOLD = 'customer.tier == "gold"'


def state_of(bench: Bench) -> State:
    """The machine's state."""
    return bench.machine.state


def learned(bench: Bench) -> dict[str, float]:
    """How often each handling time was observed, beyond what it starts from."""
    stored = state_of(bench).snapshot().standing.learned.handling
    return {key: mean.count for key, mean in stored.items()}


# --- settings ------------------------------------------------------------------------------------


def test_preset_and_weights_of_the_rules_become_the_choosers() -> None:
    bench = ruled(weights={Tier.GOLD: 4.0, Tier.SILVER: 2.0}, preset=Preset.BALANCED)
    assert settings_of(state_of(bench)).tier_weights == (
        (Tier.GOLD, 4.0),
        (Tier.SILVER, 2.0),
        (Tier.STANDARD, 1.0),
    )

    publish(bench, rules_of(preset=Preset.GOLD_FIRST))
    assert dict(bench.machine.chooser.settings.tier_weights)[Tier.GOLD] == 15.0


@pytest.mark.parametrize(
    ("preset", "order"),
    [(Preset.STRICT_PRIORITY, Order.WEIGHT), (Preset.EQUAL_WAITS, Order.ARRIVAL)],
)
def test_the_order_is_that_of_the_preset(preset: Preset, order: Order) -> None:
    bench = ruled(preset=preset)

    assert bench.machine.chooser.settings.order is order


def test_how_long_a_gold_caller_is_held_at_most_is_the_queues_own() -> None:
    bench = ruled()

    settings = settings_of(state_of(bench))

    assert settings.hold_max_of == ((f"{PBX}/service", 20.0), (f"{PBX}/sales", 20.0))


def test_a_service_level_is_that_of_the_first_rule_that_may_lead_a_call_there() -> None:
    fast, slow, sales = Target(10.0, 0.9), Target(20.0, 0.8), Target(5.0, 0.7)
    bench = ruled(
        Rule("plain", Treatment(), GOLD),
        Rule("gold", Treatment(target=fast), f'{GOLD} and call.queue == "service"'),
        Rule("moved", Treatment(queue="sales", target=sales), "customer.value > 5"),
        Rule("others", Treatment(target=slow)),
    )

    targets = {
        (t.queue, t.tier): (t.within_s, t.share) for t in settings_of(state_of(bench)).targets
    }

    assert targets[f"{PBX}/service", Tier.GOLD] == (10.0, 0.9)
    assert targets[f"{PBX}/service", Tier.SILVER] == (20.0, 0.8)
    assert targets[f"{PBX}/sales", Tier.GOLD] == (5.0, 0.7)


def test_a_queue_without_a_service_level_has_none() -> None:
    assert settings_of(state_of(ruled())).targets == ()


def test_steps_only_ever_ask_for_less() -> None:
    then = Treatment(
        skills={"cards": 3, "german": 1},
        steps=(
            AgentStep(10.0, {"cards": 5}),
            AgentStep(10.0, {"cards": 1}),
            AgentStep(20.0, {"english": 2}),
        ),
    )

    assert steps_of(then) == (
        Step(0.0, (Need("cards", 3), Need("german", 1))),
        Step(10.0, (Need("cards", 3),)),
        Step(20.0, ()),
    )


# --- learning ------------------------------------------------------------------------------------


def test_a_conversation_teaches_handling_time_patience_and_arrivals() -> None:
    bench = Bench(center=TWO_QUEUES)
    staff(bench, "ana", seniors=("ana",))
    caller(bench, "a", tier=Tier.GOLD)
    bench.talk("a")
    bench.now += 60
    bench.hang_up("a")
    bench.wait(40)

    found = state_of(bench).snapshot().standing.learned
    assert found.handling[f"{LINE}/gold/senior"].count == 11.0
    assert found.handling[f"{LINE}/gold/senior"].value < 180.0
    assert list(found.arrivals) == [f"{LINE}/gold"]
    assert list(found.patience) == [f"{LINE}/gold"]
    assert found.unresolved == {}


@pytest.mark.parametrize(("code", "share"), [("solved", "less"), ("complaint", "more")])
def test_a_disposition_teaches_whether_the_matter_was_resolved(code: str, share: str) -> None:
    bench = Bench(center=TWO_QUEUES)
    staff(bench, "ana")
    call = caller(bench, "a")
    bench.talk("a")
    bench.hang_up("a")

    bench.ask(e.DispositionRequested, "ana", call.id, code)

    stored = state_of(bench).snapshot().standing.learned.unresolved[f"{LINE}/standard/junior"]
    assert (stored.value < 0.22) is (share == "less")


def test_a_caller_who_hangs_up_teaches_patience_and_no_handling_time() -> None:
    bench = Bench(center=TWO_QUEUES)
    caller(bench, "a")
    bench.now += 30

    bench.hang_up("a")

    found = state_of(bench).snapshot().standing.learned
    assert max(found.patience[f"{LINE}/standard"].ended) > 10.0 / 7
    assert found.handling == {}


def test_an_offer_that_came_to_nothing_teaches_nothing() -> None:
    bench = Bench(center=TWO_QUEUES)
    staff(bench, "ana")
    caller(bench, "a")

    bench.wait(10)

    assert learned(bench) == {}
    assert bench.agent("ana").busy_since == 0.0


def test_a_second_conversation_from_wrap_up_is_a_piece_of_work_of_its_own() -> None:
    bench = Bench(center=TWO_QUEUES)
    staff(bench, "ana")
    caller(bench, "a")
    bench.talk("a")
    bench.now += 100
    bench.hang_up("a")
    second = caller(bench, "b")
    bench.now += 5

    leg = msgspec.structs.replace(second.channel, id="native-leg")
    bench.tell(e.FallbackAnswered(second.channel, "1001", leg))

    assert bench.agent("ana").busy_since == bench.now
    assert learned(bench) == {f"{LINE}/standard/junior": 11.0}


# --- who answered --------------------------------------------------------------------------------


def test_a_gold_call_that_a_junior_answers_has_overflowed() -> None:
    bench = Bench(center=TWO_QUEUES)
    staff(bench, "jon")
    caller(bench, "a", tier=Tier.GOLD)
    bench.talk("a")
    bench.hang_up("a")

    (record,) = bench.kept(CallRecord)
    assert (record.overflowed, record.answered_by_senior) == (True, False)
    (offer,) = bench.kept(OfferRecord)
    assert offer.reason == "only_side_free"
    assert len(offer.score) == 5


def test_who_spoke_last_with_a_customer_is_kept_for_the_latest_customers_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(offers, "LAST_AGENTS_MAX", 2)
    bench = Bench(center=TWO_QUEUES)
    staff(bench, "ana")
    for name in ("a", "b", "a", "c"):
        caller(bench, name, tier=Tier.STANDARD)
        bench.talk(name)
        bench.hang_up(name)
        bench.wait(31)

    assert state_of(bench).last_agents.as_dict() == {"customer-a": "ana", "customer-c": "ana"}


# --- stopping and going on -----------------------------------------------------------------------


def test_a_machine_made_of_the_snapshot_goes_on_exactly_like_the_other() -> None:
    bench = ruled(Rule("gold", Treatment(weight=2.0), GOLD))
    staff(bench, "ana", "jon", seniors=("ana",))
    for name, tier in (("a", Tier.GOLD), ("b", Tier.GOLD), ("c", Tier.STANDARD)):
        caller(bench, name, tier=tier)
        bench.now += 1
    other = Machine(decode_state(state_of(bench).encode()))

    for _ in range(60):
        bench.now += 5
        other.handle(e.Tick(), bench.now)
        bench.tell(e.Tick())

        assert other.state.encode() == state_of(bench).encode()


def test_a_fault_in_routing_leaves_the_chooser_as_the_state_has_it_and_it_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(center=TWO_QUEUES, allowed_faults=("error",))
    staff(bench, "ana")

    def break_down(*_: object) -> None:
        raise ValueError("a mistake of ours")

    with monkeypatch.context() as patched:
        patched.setattr(offers, "offer", break_down)
        caller(bench, "a")
        bench.tell(e.Tick())
    assert bench.call("a").state is not CallState.OFFERED
    assert state_of(bench).snapshot().restless
    other = Machine(decode_state(state_of(bench).encode()))

    bench.wait(CHOOSE_AGAIN_S)
    other.handle(e.Tick(), bench.now)

    assert not state_of(bench).snapshot().restless
    assert other.state.encode() == state_of(bench).encode()


def test_a_fault_before_routing_leaves_the_chooser_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(center=TWO_QUEUES, allowed_faults=("error",))
    staff(bench, "ana")
    before = bench.machine.chooser

    def break_down(*_: object) -> None:
        raise ValueError("a mistake of ours")

    with monkeypatch.context() as patched:
        patched.setattr(classification, "bring_up_to_date", break_down)
        bench.tell(e.Tick())
        bench.ask(e.NotReadyRequested, "ana", "break")

    assert bench.machine.chooser is before
    assert not state_of(bench).snapshot().restless
    assert bench.agent("ana").state is AgentState.READY


def test_a_conversation_of_which_nothing_is_known_teaches_nothing() -> None:
    bench = Bench(center=TWO_QUEUES)
    staff(bench, "ana")
    call = caller(bench, "a")
    bench.talk("a")
    state_of(bench).agents.put("ana", msgspec.structs.replace(bench.agent("ana"), task=None))

    assert bench.ask(e.DispositionRequested, "ana", call.id, "solved").problem == ""
    bench.hang_up("a")
    bench.wait(31)

    assert learned(bench) == {}
