"""Callbacks of campaigns: who is promised a call, who makes it and when, and how it ends."""

from __future__ import annotations

import pytest

from callcenter.core import callbacks
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptResult
from callcenter.domain.call import Place
from callcenter.domain.callback import CallbackOrigin, Promise
from callcenter.domain.campaign import Cap, Counting, Of, Pacing, Terms
from callcenter.domain.records import AttemptRecord, DispositionRecord, FaultRecord
from dialer.breaker import TOLERATED
from dialer.results import GIVEN_BACK_S
from tests.builders import Bench, leg_truth, row
from tests.unit.core.callback_bench import (
    HOUR_S,
    became,
    come_due,
    fetch,
    only,
    promise,
    promised,
    reserved,
    talked,
    try_in_vain,
)
from tests.unit.core.preview_bench import shown

CAPPED = Terms(caps=(Cap(Of.NUMBER, Counting.ATTEMPTS, 9, 86_400.0),))


# --- promised -------------------------------------------------------------------------------------


def test_a_disposition_promises_the_person_of_the_conversation_a_call() -> None:
    bench, ref = talked("ana")
    said = bench.agent("ana").call

    assert promise(bench, "ana").problem == ""

    one = only(bench)
    assert (one.campaign, one.contact, one.number) == ("renewals", "0", row(0).number)
    assert (one.agent, one.by, one.call) == ("ana", "ana", said)
    assert (one.at, one.origin) == (bench.now + HOUR_S, CallbackOrigin.DISPOSITION)
    assert bench.kept(DispositionRecord)[-1].code == "callback"
    assert became(bench) == ["promised"]
    assert bench.agent("ana").spoke is None
    assert ref.id not in bench.machine.state.attempts


def test_it_may_be_promised_while_they_talk_and_again_at_another_time() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.person(ref)
    bench.join(ref)

    assert promise(bench, "ana").problem == ""
    assert promise(bench, "ana", 2 * HOUR_S, is_own=False).problem == ""

    assert (only(bench).at, only(bench).agent) == (bench.now + 2 * HOUR_S, "")
    bench.part(ref)
    assert only(bench).attempt == ""


@pytest.mark.parametrize(
    ("in_s", "said"), [(-120.0, "That time has passed"), (400 * 86_400.0, "more than a year")]
)
def test_a_time_that_makes_no_sense_is_refused_with_the_disposition(in_s: float, said: str) -> None:
    bench, _ = talked("ana")

    assert said in promise(bench, "ana", in_s).problem

    assert bench.agent("ana").state is AgentState.WRAP_UP
    assert bench.kept(DispositionRecord) == []


def test_nobody_is_promised_a_call_without_a_conversation_of_a_campaign() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.talk("a")
    said = "Only people whom a campaign has dialed"

    assert said in promise(bench, "ana").problem
    wanted = Promise(bench.now + HOUR_S, True)
    assert said in bench.ask(e.DispositionRequested, "bob", "c1", "callback", wanted).problem


def test_a_promise_goes_with_a_disposition_that_is_taken_only() -> None:
    bench, _ = talked("ana")
    spoke = bench.agent("ana").spoke
    assert spoke is not None
    bench.wait(31.0)
    wanted = Promise(bench.now + HOUR_S, True)

    assert bench.ask(e.DispositionRequested, "ana", spoke.call, "callback", wanted).problem

    assert not bench.machine.state.callbacks


def test_no_more_are_taken_than_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks, "CALLBACKS_MAX", 1)
    bench = promised("ana")

    answer = bench.ask(
        e.CallbackRequested, "renewals", "7", row(7).number, bench.now + 60.0, "", "kim"
    )

    assert "1 callbacks are waiting" in answer.problem
    moved = bench.ask(e.CallbackMoved, only(bench).id, bench.now + 60.0, "", "kim")
    assert moved.problem == ""


def test_a_contact_is_put_down_beside_any_call_and_leaves_the_order() -> None:
    bench = Bench()
    bench.work("ana", rows=0)
    bench.wait(31.0)
    bench.campaign(id="other")
    bench.fill(row(1), campaign="other")

    answer = bench.ask(
        e.CallbackRequested, "other", "1", row(1).number, bench.now + HOUR_S, "ana", "kim"
    )

    assert answer.problem == ""
    assert (only(bench).origin, only(bench).by) == (CallbackOrigin.REQUEST, "kim")
    assert bench.live("other").hopper == ()
    bench.wait(31.0)
    assert "1" in bench.refills("other")[-1].exclude
    bench.fill(row(1), campaign="other")
    assert bench.live("other").hopper == ()


def test_what_is_put_down_for_nobody_is_refused() -> None:
    bench = Bench()
    bench.work("ana", rows=0)
    at = bench.now + HOUR_S

    unknown = bench.ask(e.CallbackRequested, "none", "1", "+1", at, "", "kim")
    nobody = bench.ask(e.CallbackRequested, "renewals", "1", "+1", at, "bob", "kim")

    assert unknown.problem == "There is no campaign none."
    assert nobody.problem == "There is no agent bob."


def test_the_card_of_who_is_promised_a_later_call_is_taken_from_the_desk() -> None:
    bench = Bench()
    bench.work("ana", "jon", rows=2, pacing=Pacing.PREVIEW)
    assert shown(bench, "ana").row.contact == "0"

    asked = bench.ask(e.CallbackRequested, "renewals", "0", "+1", bench.now + HOUR_S, "", "kim")

    assert asked.problem == ""
    assert bench.agent("ana").preview is None
    assert shown(bench, "jon").row.contact == "1"
    gone = bench.ask(e.CallbackCancelled, only(bench).id, False, "kim")
    assert (gone.problem, shown(bench, "jon").row.contact) == ("", "1")


# --- what the database says -----------------------------------------------------------------------


def test_who_may_not_be_called_any_more_is_not() -> None:
    bench = promised("ana")
    bench.wait(HOUR_S + 1.0)

    fetch(bench)

    assert became(bench)[-1] == "not_allowed"
    assert len(bench.placed()) == 1


def test_whom_caps_hold_back_is_asked_for_again_when_they_do_not() -> None:
    bench = promised("ana")
    bench.wait(HOUR_S + 1.0)

    fetch(bench, held={"0": bench.now + 600.0})
    assert len(bench.placed()) == 1
    bench.wait(601.0)
    fetch(bench, row(0, made=1))

    assert len(bench.placed()) == 2


def test_a_database_that_does_not_answer_is_asked_again() -> None:
    bench = promised("ana")
    bench.allowed_faults = ("callbacks_not_fetched",)
    bench.wait(HOUR_S + 1.0)
    asked = bench.last(c.FetchContacts)

    bench.tell(e.CommandFailed(asked.id, "away"))
    assert [one.kind for one in bench.kept(FaultRecord)] == ["callbacks_not_fetched"]
    bench.wait(6.0)

    assert bench.last(c.FetchContacts) is not asked
    bench.tell(e.ContactsFetched(asked.id, "renewals", (row(0),), {}))  # late
    assert len(bench.placed()) == 1


def test_a_number_put_on_the_do_not_call_list_is_asked_about_anew() -> None:
    bench = promised("ana", "jon")
    assert bench.ask(e.NotReadyRequested, "ana", "lunch").problem == ""
    come_due(bench)
    assert only(bench).row is not None

    assert bench.ask(e.DncAdded, "+3545559999", "", "agent", "kim").problem == ""
    assert only(bench).row is not None
    assert bench.ask(e.DncAdded, row(0).number, "", "agent", "kim").problem == ""

    assert only(bench).row is None
    fetch(bench)
    assert became(bench)[-1] == "not_allowed"


def test_after_a_list_of_numbers_was_added_everybody_is_asked_about_anew() -> None:
    bench = promised("ana")
    assert bench.ask(e.NotReadyRequested, "ana", "lunch").problem == ""
    bench.wait(HOUR_S + 1.0)
    bench.tell(e.DncListChanged())
    assert bench.ask(e.ReadyRequested, "ana").problem == ""
    asked = bench.last(c.FetchContacts)

    bench.tell(e.DncListChanged())

    assert bench.last(c.FetchContacts) is not asked


def test_a_call_to_the_same_person_has_a_capped_campaign_ask_anew() -> None:
    bench = promised("ana", "jon", terms=CAPPED)
    assert bench.ask(e.NotReadyRequested, "ana", "lunch").problem == ""
    come_due(bench)
    assert only(bench).row is not None

    bench.wait(31.0)
    bench.fill(row(4, account="A7"), row(5, number=row(0).number))

    assert bench.placed() == ["0", "4"]
    assert only(bench).row is not None
    try_in_vain(bench)
    assert bench.placed() == ["0", "4", "0"]
    assert only(bench).row is None


# --- ended ----------------------------------------------------------------------------------------


def test_one_that_nobody_answers_is_tried_again_by_the_retry_rules_of_its_own_tries() -> None:
    bench = promised("ana")
    come_due(bench, row(0, made=3))

    try_in_vain(bench, 17)

    one = only(bench)
    assert (one.tries, one.at, one.attempt) == (1, bench.now + 600.0, "")
    assert became(bench)[-1] == "tried"
    for _ in range(4):
        bench.wait(601.0)
        fetch(bench, row(0, made=4))
        try_in_vain(bench, 17)
    assert became(bench)[-1] == "given_up"
    assert not bench.machine.state.callbacks


def test_a_try_that_does_not_count_is_given_back() -> None:
    bench = promised("ana", "jon")
    bench.allowed_faults = ("trunk_in_trouble",)
    come_due(bench)
    ref = bench.last(c.PlaceCall).channel
    assert bench.attempt(ref).reserved == "ana"
    bench.tell(e.ChannelHungUp(ref, 34))
    assert only(bench).attempt == ref.id  # held for what the trunk's next calls tell

    bench.fill(*(row(number) for number in range(1, 9)))
    for _ in range(TOLERATED):
        try_in_vain(bench, 34)

    assert AttemptResult.UNCOUNTED in [one.result for one in bench.kept(AttemptRecord)]
    assert (only(bench).tries, only(bench).attempt) == (0, "")
    assert only(bench).at == bench.now + GIVEN_BACK_S


def test_one_that_was_cancelled_while_it_is_dialed_has_no_end_of_its_own() -> None:
    bench = promised("ana")
    come_due(bench)
    one = only(bench)
    assert "being called just now" in (
        bench.ask(e.CallbackMoved, one.id, bench.now + 60.0, "", "kim").problem
    )

    assert bench.ask(e.CallbackCancelled, one.id, True, "kim").problem == ""
    try_in_vain(bench)

    assert became(bench) == ["promised", "done"]
    assert bench.came_of_it().result is AttemptResult.BUSY


def test_one_that_is_gone_can_be_neither_moved_nor_cancelled() -> None:
    bench = Bench()
    bench.work("ana", rows=0)

    moved = bench.ask(e.CallbackMoved, "cb-1", bench.now + 60.0, "", "kim")
    cancelled = bench.ask(e.CallbackCancelled, "cb-1", False, "kim")

    assert "There is no such callback" in moved.problem
    assert "There is no such callback" in cancelled.problem


def test_a_timer_of_one_that_is_gone_does_nothing() -> None:
    bench = Bench()
    bench.machine.state.set_timer("callback:cb-1", bench.now)

    bench.tell(e.Tick())

    assert bench.deadlines(("callback",)) == {}


def test_an_erased_person_is_called_back_by_nobody() -> None:
    bench = promised("ana")
    one = only(bench)

    assert bench.ask(e.ErasureRequested, (), "kim", (), (), (one.id, "cb-gone")).problem == ""

    assert not bench.machine.state.callbacks


def test_promises_outlive_a_restart_and_what_was_asked_is_asked_anew() -> None:
    bench = promised("ana")
    bench.wait(HOUR_S + 1.0)
    asked = bench.last(c.FetchContacts)
    line = bench.agent("ana").line
    assert line is not None

    bench.restart(leg_truth(line, Place.HOLD))
    bench.tell(e.DesktopOpened("ana"))

    assert only(bench).asked == bench.last(c.FetchContacts).id != asked.id
    fetch(bench, row(0, made=1))
    assert reserved(bench) == "ana"
