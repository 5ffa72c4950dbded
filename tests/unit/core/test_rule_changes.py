"""What supervisors change while calls wait: publishing, priority, the emergency switch."""

from __future__ import annotations

import math

import msgspec
import pytest

from callcenter.core import classification
from callcenter.core.machine import Machine
from callcenter.core.queries import queue_view
from callcenter.core.state import decode_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.call import CallState, Outcome, Place
from callcenter.domain.center import Queue
from callcenter.domain.customer import Tier
from callcenter.domain.records import CallRecord, FaultRecord, RoutingRecord
from callcenter.domain.rules import QueueSwitch, Rule, Rules, SwitchMode, Treatment
from callcenter.domain.step import Reply
from tests.builders import PBX, Bench, channel
from tests.unit.core.rule_bench import (
    TWO_QUEUES,
    caller,
    choose,
    find,
    hold,
    publish,
    ruled,
    rules_of,
    staff,
)

CLOSED = SwitchMode.CLOSED
DIVERTED = SwitchMode.DIVERTED
MESSAGE = SwitchMode.MESSAGE


def switch(
    bench: Bench,
    mode: SwitchMode,
    queue: str = "service",
    *,
    for_s: float = 600.0,
    target: str = "",
    prompt: str = "",
) -> Reply:
    """Set the switch of this queue for so long."""
    wanted = QueueSwitch(mode, bench.now + for_s, target, prompt)
    return bench.ask(e.QueueSwitched, queue, wanted, "sue")


def changes_of(bench: Bench) -> list[tuple[str, str, str]]:
    """What the records say of who changed what."""
    return [(r.kind, r.subject, r.by) for r in bench.kept(RoutingRecord)]


# --- rules ---------------------------------------------------------------------------------------


def test_a_publishing_is_recorded_and_holds_after_a_restart() -> None:
    bench = ruled(Rule("sellers", Treatment(queue="sales"), "customer.known"))

    bench.restart()

    assert changes_of(bench) == [("rules_published", "1", "sue")]
    assert caller(bench, "a", tier=Tier.GOLD).rule == "sellers"


def test_a_version_that_is_not_newer_is_refused() -> None:
    bench = ruled()

    reply = publish(bench, rules_of(Rule("new", Treatment())), version=1)

    assert reply.problem == "Version 1 of the rules holds: publish a newer one."
    assert caller(bench, "a").rule == "rest"


def test_rules_that_cannot_be_used_are_refused_in_a_sentence() -> None:
    bench = ruled()

    assert publish(bench, Rules(())).problem.startswith("There is no rule")
    assert bench.machine.state.rules.version == 1


# --- priority ------------------------------------------------------------------------------------


def test_a_call_whose_priority_is_raised_goes_first() -> None:
    bench = Bench(center=TWO_QUEUES)
    first, second = caller(bench, "a"), caller(bench, "b")

    assert bench.ask(e.CallPriorityRequested, second.id, 50.0, "sue").problem == ""
    staff(bench, "ana")

    assert bench.call("b").agent == "ana"
    assert bench.call("a").agent == ""
    assert first.weight == 1.0
    assert changes_of(bench) == [("priority_set", second.id, "sue")]


@pytest.mark.parametrize("weight", [0.0, -1.0, 1001.0, math.inf, math.nan])
def test_a_weight_that_makes_no_sense_is_refused(weight: float) -> None:
    bench = Bench(center=TWO_QUEUES)
    call = caller(bench, "a")

    assert "weight" in bench.ask(e.CallPriorityRequested, call.id, weight, "sue").problem


def test_a_call_that_does_not_wait_has_no_priority() -> None:
    bench = Bench(center=TWO_QUEUES)
    staff(bench, "ana")
    call = caller(bench, "a")
    bench.talk("a")

    assert bench.ask(e.CallPriorityRequested, call.id, 2.0, "sue").problem
    assert bench.ask(e.CallPriorityRequested, "nothing", 2.0, "sue").problem


# --- divert --------------------------------------------------------------------------------------


def test_a_diverted_queue_sends_who_waits_and_who_comes_to_the_other_one() -> None:
    bench = Bench(center=TWO_QUEUES)
    before = caller(bench, "a")
    bench.now += 5

    assert switch(bench, DIVERTED, target="sales").problem == ""

    call = bench.call("a")
    assert (call.queue, call.queued_at) == ("sales", before.queued_at)
    assert caller(bench, "b").queue == "sales"
    assert changes_of(bench) == [("queue_switched", "service", "sue")]
    assert bench.kept(RoutingRecord)[0].detail.startswith("diverted sales until ")


def test_a_switch_ends_by_itself_and_that_is_recorded() -> None:
    bench = Bench(center=TWO_QUEUES)
    switch(bench, DIVERTED, target="sales", for_s=60.0)

    bench.wait(60)

    assert caller(bench, "a").queue == "service"
    assert changes_of(bench)[-1] == ("switch_ended", "service", "")


def test_a_queue_is_shown_with_its_switch_while_it_is_on() -> None:
    bench = Bench(center=TWO_QUEUES)
    switch(bench, DIVERTED, target="sales", for_s=60.0)

    during = queue_view(bench.machine.state, "service")
    bench.wait(60)
    after = queue_view(bench.machine.state, "service")

    assert during is not None
    assert during.switch == QueueSwitch(DIVERTED, bench.now, "sales")
    assert after is not None
    assert after.switch is None


def test_a_switch_is_put_back_by_hand_once() -> None:
    bench = Bench(center=TWO_QUEUES)
    switch(bench, DIVERTED, target="sales")

    assert bench.ask(e.QueueSwitched, "service", None, "max").problem == ""
    assert changes_of(bench)[-1] == ("switch_ended", "service", "max")
    assert bench.deadlines(("switch",)) == {}
    assert "not switched" in bench.ask(e.QueueSwitched, "service", None, "max").problem


def test_a_queue_diverted_to_one_that_is_no_longer_configured_is_itself_again() -> None:
    bench = Bench(center=TWO_QUEUES)
    switch(bench, DIVERTED, queue="service", target="sales")
    caller(bench, "a")
    smaller = msgspec.structs.replace(TWO_QUEUES, queues=TWO_QUEUES.queues[:1])

    bench.tell(e.CenterConfigured(smaller))

    assert bench.call("a").queue == "service"


@pytest.mark.parametrize(
    ("queue", "mode", "more", "problem"),
    [
        ("moon", CLOSED, {"prompt": "cc/closed"}, "no queue moon"),
        ("service", CLOSED, {}, "prompt"),
        ("service", MESSAGE, {}, "prompt"),
        ("service", DIVERTED, {}, "nowhere"),
        ("service", DIVERTED, {"target": "moon"}, "moon"),
        ("service", DIVERTED, {"target": "service"}, "service"),
    ],
)
def test_a_switch_that_cannot_work_is_refused(
    queue: str, mode: SwitchMode, more: dict[str, str], problem: str
) -> None:
    bench = Bench(center=TWO_QUEUES)

    target, prompt = more.get("target", ""), more.get("prompt", "")

    assert problem in switch(bench, mode, queue, target=target, prompt=prompt).problem


@pytest.mark.parametrize("for_s", [0.0, -1.0, math.nan, math.inf, 8 * 24 * 3600.0])
def test_a_switch_without_a_sensible_end_is_refused(for_s: float) -> None:
    bench = Bench(center=TWO_QUEUES)

    assert "until when" in switch(bench, CLOSED, for_s=for_s, prompt="cc/closed").problem


def test_calls_are_not_diverted_in_a_circle_nor_to_a_closed_queue() -> None:
    more = msgspec.structs.replace(TWO_QUEUES, queues=(*TWO_QUEUES.queues, Queue("third")))
    bench = Bench(center=more)
    switch(bench, DIVERTED, "service", target="sales")
    assert "diverted itself" in switch(bench, DIVERTED, "sales", target="service").problem
    assert "put it back first" in switch(bench, DIVERTED, "sales", target="third").problem
    assert switch(bench, DIVERTED, "third", target="sales").problem == ""
    bench.ask(e.QueueSwitched, "third", None, "sue")
    bench.ask(e.QueueSwitched, "service", None, "sue")

    switch(bench, CLOSED, "sales", prompt="cc/closed")

    assert "closed itself" in switch(bench, DIVERTED, "service", target="sales").problem
    bench.ask(e.QueueSwitched, "sales", None, "sue")
    switch(bench, MESSAGE, "sales", prompt="cc/news")
    assert switch(bench, DIVERTED, "service", target="sales").problem == ""


# --- closed, and messages ------------------------------------------------------------------------


def test_who_comes_to_a_closed_queue_hears_the_message_and_is_hung_up() -> None:
    bench = Bench(center=TWO_QUEUES)
    caller(bench, "before")
    switch(bench, CLOSED, prompt="cc/closed")
    find(bench, "a")

    choose(bench, "a")
    notice = bench.last(c.PlayPrompt)
    assert (notice.prompt, bench.call("a").state) == ("cc/closed", CallState.IN_IVR)
    bench.tell(e.IvrCommandEnded(channel("a"), notice.id, 0))

    assert bench.last(c.HangUp).channel == channel("a")
    bench.hang_up("a")
    assert bench.kept(CallRecord)[0].outcome is Outcome.ENDED_BY_FLOW
    assert bench.call("before").state is CallState.WAITING


def test_who_comes_to_a_queue_with_a_message_hears_it_first_and_once() -> None:
    bench = Bench(center=TWO_QUEUES)
    switch(bench, MESSAGE, prompt="cc/news")
    find(bench, "a")
    choose(bench, "a")

    bench.tell(e.IvrCommandEnded(channel("a"), bench.last(c.PlayPrompt).id, 0))
    hold(bench, "a")

    assert (bench.call("a").state, bench.call("a").queue) == (CallState.WAITING, "service")
    assert [x.prompt for x in bench.sent(c.PlayPrompt)].count("cc/news") == 1


def test_who_waits_already_hears_the_message_once_and_keeps_the_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(classification, "SLICE_CALLS", 2)
    bench = ruled()
    since = {name: caller(bench, name).queued_at for name in "abdc"}
    caller(bench, "other", "2")
    bench.tell(e.CallerLeftHold(channel("c")))

    assert switch(bench, MESSAGE, prompt="storm").problem == ""
    bench.wait(1)
    said = [(x.channel.id, x.prompts, x.ends_call) for x in bench.sent(c.SayToCaller)]
    assert said == [(name, ("storm",), False) for name in "abd"]  # two, then one
    for name in "abdc":
        bench.tell(e.AnnouncementBegan(channel(name)))
        bench.tell(e.CallerHeld(channel(name)))
    bench.machine.state.set_timer("notice:service", bench.now)
    bench.tell(e.Tick())
    assert switch(bench, MESSAGE, prompt="storm").problem == ""

    said = [(x.channel.id, x.prompts, x.ends_call) for x in bench.sent(c.SayToCaller)]
    assert [name for name, _, _ in said] == ["a", "b", "d", "c"]
    assert {name: bench.call(name).queued_at for name in "abdc"} == since
    bench.machine.state.set_timer("notice:sales", bench.now)
    bench.tell(e.Tick())


def test_thousands_are_treated_by_new_rules_in_steps_and_by_the_newest_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(classification, "SLICE_CALLS", 2)
    monkeypatch.setattr(classification, "LOOK_ALONE_CALLS", 3)
    bench = ruled()
    names = "abcdef"
    for name in names:
        caller(bench, name)
        bench.now += 1

    def versions() -> list[int]:
        return [bench.call(name).rules_version for name in names]

    assert publish(bench, rules_of(Rule("new", Treatment()))).problem == ""
    assert versions() == [1] * 6
    for _ in range(2):  # it is looked who waits, then the first are treated
        bench.wait(0.0011)
    assert versions() == [2, 2, 1, 1, 1, 1]
    bench.hang_up("c")
    names = "abdef"
    bench.wait(0.0011)
    assert versions() == [2, 2, 2, 2, 1]
    again = decode_state(bench.machine.state.encode())
    assert publish(bench, rules_of(Rule("newer", Treatment()))).problem == ""
    bench.wait(1)

    assert versions() == [3] * 5
    bench.machine = Machine(again)
    bench.wait(1)
    assert versions() == [2] * 5


def test_a_number_without_a_flow_has_the_message_too() -> None:
    bench = Bench(center=TWO_QUEUES)
    switch(bench, MESSAGE, prompt="cc/news")

    bench.tell(e.CallArrived(channel("a"), "5551234", "9999"))

    assert bench.last(c.PlayPrompt).prompt == "cc/news"
    bench.tell(e.IvrCommandEnded(channel("a"), bench.last(c.PlayPrompt).id, 0))
    assert bench.call("a").queue == "service"


def test_a_caller_who_hangs_up_during_the_message_has_not_waited() -> None:
    bench = Bench(center=TWO_QUEUES)
    switch(bench, MESSAGE, prompt="cc/news")
    find(bench, "a")
    choose(bench, "a")

    bench.hang_up("a")

    assert bench.kept(CallRecord)[0].outcome is Outcome.LEFT_IN_IVR


@pytest.mark.parametrize("mode", [CLOSED, MESSAGE])
def test_a_message_that_cannot_be_played_is_noted_and_passed_over(mode: SwitchMode) -> None:
    bench = Bench(center=TWO_QUEUES, allowed_faults=("notice_failed",))
    switch(bench, mode, prompt="cc/missing")
    find(bench, "a")
    choose(bench, "a")

    bench.tell(e.IvrCommandEnded(channel("a"), bench.last(c.PlayPrompt).id, -1))
    bench.wait(2)

    assert bench.kept(FaultRecord)
    assert bench.call("a").ending is (mode is CLOSED)
    assert (bench.call("a").state is CallState.WAITING) is (mode is MESSAGE)


def test_a_late_result_does_not_end_the_message() -> None:
    bench = Bench(center=TWO_QUEUES)
    switch(bench, MESSAGE, prompt="cc/news")
    find(bench, "a")
    choose(bench, "a")

    bench.tell(e.IvrCommandEnded(channel("a"), "x-old", 0))

    assert bench.call("a").hears_notice


def test_a_message_whose_result_was_lost_is_probed_after_a_restart() -> None:
    bench = Bench(center=TWO_QUEUES)
    switch(bench, MESSAGE, prompt="cc/news")
    find(bench, "a")
    choose(bench, "a")

    bench.restart(e.ChannelTruth(channel("a"), "trunk", Place.MENU, role="caller"))
    bench.tell(e.IvrCommandEnded(channel("a"), bench.last(c.ProbeMenu).id, 0))

    assert bench.call("a").state is CallState.WAITING


def test_who_is_on_hold_already_waits_also_in_a_closed_queue() -> None:
    bench = Bench(center=TWO_QUEUES)
    switch(bench, CLOSED, prompt="cc/closed")
    find(bench, "a")

    bench.tell(e.IvrLeft(channel("a")))
    bench.tell(e.CallerHeld(channel("a")))  # the menu came to nothing

    assert bench.call("a").state is CallState.WAITING
    assert PBX in bench.machine.state.links


def test_switching_touches_the_queue_for_the_boards() -> None:
    bench = Bench(center=TWO_QUEUES)

    step = bench.tell(
        e.QueueSwitched("rx", "sales", QueueSwitch(CLOSED, bench.now + 9, prompt="cc/x"), "sue")
    )

    assert "queue:sales" in step.touched


def test_a_message_that_fails_for_a_caller_who_is_with_the_native_queue_changes_nothing() -> None:
    # The message failed, and before that could be looked at the dialplan had lost our heartbeat.
    bench = Bench(center=TWO_QUEUES)
    switch(bench, MESSAGE, prompt="cc/news")
    find(bench, "a")
    choose(bench, "a")
    bench.tell(e.IvrCommandEnded(channel("a"), bench.last(c.PlayPrompt).id, -1))

    bench.tell(e.CallFellBack(channel("a")))
    bench.wait(90)
    assert bench.call("a").state is CallState.IN_FALLBACK
    bench.tell(e.CallerHeld(channel("a")))

    assert (bench.call("a").state, bench.call("a").hears_notice) == (CallState.WAITING, False)
