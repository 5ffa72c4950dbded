"""What comes of a call placed: every result, exactly once, and what is to be done with the
contact."""

from __future__ import annotations

import pytest

from callcenter.core import dialed
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.attempt import (
    GIVEN_BACK,
    AttemptResult,
    AttemptState,
    ContactStatus,
    Verdict,
)
from callcenter.domain.campaign import DEFAULT_RETRIES, RetryRule
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import AttemptRecord, CallRecord, RepairRecord
from dialer.breaker import HOLD_S
from tests.builders import PBX, Bench, row

R = AttemptResult
RING_S = 25.0


def repairs(bench: Bench) -> list[str]:
    """Kinds of repairs made, in order."""
    return [r.kind for r in bench.kept(RepairRecord)]


@pytest.mark.parametrize(
    ("cause", "result", "again_s"),
    [
        (17, R.BUSY, 600.0),
        (20, R.NO_ANSWER, 4 * 3600.0),
        (21, R.REJECTED, 24 * 3600.0),
        (34, R.CONGESTION, 300.0),
        (127, R.FAILED, 900.0),
    ],
)
def test_a_call_that_is_not_answered_ends_by_its_cause_and_is_tried_again(
    cause: int, result: AttemptResult, again_s: float
) -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.tell(e.AttemptCreated(ref))
    bench.tell(e.AttemptRinging(ref))
    bench.wait(5)

    bench.tell(e.OriginateFailed(ref))
    bench.tell(e.ChannelHungUp(ref, cause))

    came = bench.came_of_it()
    assert (came.result, came.cause, came.contact, came.tries) == (result, cause, "0", 1)
    assert (came.status, came.next_try_at) == (ContactStatus.OPEN, bench.now + again_s)
    assert came.ringing_at == came.placed_at == bench.now - 5
    assert bench.live().results == {result: 1}
    assert len(bench.kept(AttemptRecord)) == 1
    assert bench.kept(CallRecord) == []


def test_an_unknown_number_is_not_tried_again() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)

    bench.tell(e.ChannelHungUp(ref, 1))

    came = bench.came_of_it()
    assert (came.result, came.status, came.next_try_at) == (
        R.INVALID_NUMBER,
        ContactStatus.DONE,
        0.0,
    )


def test_a_phone_that_nobody_picks_up_is_given_up_when_the_ring_time_is_over() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.tell(e.AttemptCreated(ref))
    bench.wait(10)
    bench.tell(e.AttemptRinging(ref))
    bench.wait(RING_S / 2)
    bench.tell(e.AttemptRinging(ref))
    bench.wait(RING_S / 2 - 0.1)
    assert bench.sent(c.HangUp) == []

    bench.wait(0.1)
    assert bench.last(c.HangUp).channel == ref
    bench.tell(e.OriginateFailed(ref))
    bench.tell(e.ChannelHungUp(ref, 16))

    assert bench.came_of_it().result is R.NO_ANSWER


def test_a_phone_that_was_let_go_and_is_not_gone_has_the_pbx_asked() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.tell(e.AttemptRinging(ref))
    bench.wait(RING_S)
    assert bench.sent(c.ReadPbx) == []

    bench.wait(dialed.HANGUP_LEASE_S)

    assert len(bench.sent(c.ReadPbx)) == 1


def test_a_phone_that_rings_out_in_the_pbx_was_not_answered() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.tell(e.AttemptCreated(ref))

    bench.tell(e.OriginateFailed(ref, rang_out=True))
    bench.tell(e.ChannelHungUp(ref, 0))

    assert bench.came_of_it().result is R.NO_ANSWER


@pytest.mark.parametrize(("rang_out", "result"), [(False, R.FAILED), (True, R.NO_ANSWER)])
def test_a_call_of_which_no_channel_was_made_ends_with_its_response(
    rang_out: bool, result: AttemptResult
) -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)

    bench.tell(e.OriginateFailed(ref, rang_out=rang_out))
    bench.tell(e.OriginateFailed(ref))
    bench.wait(1.0 + HOLD_S)

    assert [r.result for r in bench.kept(AttemptRecord)] == [result]


def test_a_refused_originate_is_a_failed_attempt_and_the_next_contact_is_dialed() -> None:
    bench = Bench()
    bench.dial("ana", rows=2)

    bench.tell(e.CommandFailed(bench.last(c.PlaceCall).id, "Extension does not exist"))

    assert bench.placed() == ["0", "1"]
    bench.wait(HOLD_S)
    assert bench.came_of_it().result is R.FAILED


def test_an_originate_of_which_nobody_knows_waits_for_the_pbx_to_tell() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.tell(e.CommandFailed(bench.last(c.PlaceCall).id, "no answer", unknown=True))
    assert bench.attempt(ref).state is AttemptState.PLACED

    bench.tell(e.AttemptCreated(ref))
    bench.tell(e.ChannelHungUp(ref, 17))

    assert bench.came_of_it().result is R.BUSY


def test_a_late_refusal_of_a_call_that_is_under_way_or_over_changes_nothing() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    placed = bench.last(c.PlaceCall).id
    bench.tell(e.AttemptCreated(ref))
    bench.machine.state.pending.put(placed, bench.last(c.PlaceCall))

    bench.tell(e.CommandFailed(placed, "no"))
    assert bench.attempt(ref).created
    bench.tell(e.ChannelHungUp(ref, 17))
    bench.machine.state.pending.put(placed, bench.last(c.PlaceCall))
    bench.tell(e.CommandFailed(placed, "no"))

    assert len(bench.kept(AttemptRecord)) == 1


def test_an_answering_machine_is_left_to_the_dialplan_and_tried_again() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.answer(ref)
    assert bench.attempt(ref).state is AttemptState.SCREENING

    bench.tell(e.AttemptScreened(ref, Verdict.MACHINE, "MAXWORDS-4-4"))
    bench.tell(e.ChannelHungUp(ref, 16))

    came = bench.came_of_it()
    assert (came.result, came.verdict, came.verdict_cause) == (
        R.MACHINE,
        Verdict.MACHINE,
        "MAXWORDS-4-4",
    )
    assert (bench.sent(c.HangUp), bench.sent(c.PopCard), bench.live().people) == ([], [], 0)


def test_who_hangs_up_before_anybody_could_speak_has_hung_up() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.answer(ref)
    bench.wait(1.5)

    bench.tell(e.ChannelHungUp(ref, 16))

    assert bench.came_of_it().result is R.HUNG_UP


def test_an_answer_without_ringing_is_an_answer() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)

    bench.tell(e.AttemptAnswered(ref))
    bench.tell(e.AttemptAnswered(ref))
    bench.tell(e.AttemptRinging(ref))

    assert bench.attempt(ref).state is AttemptState.SCREENING
    bench.wait(RING_S + 5)
    assert bench.sent(c.HangUp) == []


def test_an_answer_that_crosses_our_hangup_is_what_the_pbx_says_last() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.tell(e.AttemptCreated(ref))
    bench.tell(e.AttemptRinging(ref))
    bench.wait(RING_S)

    bench.tell(e.AttemptAnswered(ref))
    bench.tell(e.ChannelHungUp(ref, 16))
    bench.wait(HOLD_S)

    assert bench.came_of_it().result is R.HUNG_UP


def test_a_call_of_which_nothing_is_heard_has_the_pbx_asked_again_and_again() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.answer(ref)

    bench.wait(2 * dialed.SCREENING_LEASE_S)
    assert len(bench.sent(c.ReadPbx)) == 2
    bench.tell(e.PbxLinkLost(PBX, "reset"))
    bench.wait(2 * dialed.SCREENING_LEASE_S)

    assert len(bench.sent(c.ReadPbx)) == 2


def test_a_call_that_was_placed_and_never_heard_of_has_the_pbx_asked() -> None:
    bench = Bench()
    bench.dial("ana", rows=1)

    bench.wait(70)
    assert len(bench.sent(c.ReadPbx)) == 1
    bench.tell(e.PbxStateRead(PBX, ()))

    assert bench.came_of_it().result is R.UNKNOWN


def test_a_failure_that_overtakes_the_word_of_its_channel_does_not_hide_why() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)

    bench.tell(e.OriginateFailed(ref))
    bench.tell(e.AttemptCreated(ref))
    bench.tell(e.ChannelHungUp(ref, 1))
    bench.wait(2.0)

    assert [r.result for r in bench.kept(AttemptRecord)] == [R.INVALID_NUMBER]


@pytest.mark.parametrize("fact", [e.AttemptRinging, e.AttemptAnswered])
def test_a_channel_that_was_heard_of_ends_with_its_hangup_not_with_the_response(
    fact: type[e.AttemptRinging | e.AttemptAnswered],
) -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.tell(fact(ref))

    bench.tell(e.OriginateFailed(ref))

    assert bench.kept(AttemptRecord) == []
    bench.tell(e.ChannelHungUp(ref, 17))
    bench.wait(HOLD_S)
    assert len(bench.kept(AttemptRecord)) == 1


@pytest.mark.parametrize("fact", [e.AttemptRinging, e.AttemptAnswered])
def test_nothing_is_left_of_an_attempt_that_has_ended(
    fact: type[e.AttemptRinging | e.AttemptAnswered],
) -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.tell(fact(ref))
    bench.tell(e.ChannelHungUp(ref, 16))
    bench.tell(e.ChannelHungUp(ref, 16))
    bench.wait(HOLD_S)

    assert len(bench.machine.state.attempts) == len(bench.machine.state.dialing) == 0
    assert [key for key in bench.machine.state.timers if ref.id in key] == []
    assert len(bench.kept(AttemptRecord)) == 1


def test_the_campaigns_own_rules_say_when_to_try_again() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign(retries={R.BUSY: RetryRule(60.0, 2)})
    bench.fill(row(0), row(1, made=1), row(2))
    bench.open_line("ana")

    for cause in (17, 17, 19):
        bench.tell(e.ChannelHungUp(bench.last(c.PlaceCall).channel, cause))

    came = [(r.status, r.next_try_at) for r in bench.kept(AttemptRecord)]
    assert came == [
        (ContactStatus.OPEN, bench.now + 60.0),
        (ContactStatus.USED_UP, 0.0),
        (ContactStatus.DONE, 0.0),
    ]


def test_the_usual_rules_leave_nobody_without_a_result() -> None:
    final = {R.CONNECTED, R.INVALID_NUMBER, R.FAX}
    given_back = set(GIVEN_BACK)

    assert set(AttemptResult) - set(DEFAULT_RETRIES) == final | given_back


def test_facts_of_a_channel_that_belongs_to_no_attempt_have_it_hung_up() -> None:
    # An Originate outlives the process that sent it.
    bench = Bench()
    ref = ChannelRef(PBX, "att-OLD-1-1")

    for event in (
        e.AttemptCreated(ref),
        e.AttemptRinging(ref),
        e.AttemptAnswered(ref),
        e.AttemptScreened(ref, Verdict.HUMAN),
        e.CallerHeld(ref),
        e.HarbourBegan(ref),
    ):
        bench.tell(event)

    assert [x.channel for x in bench.sent(c.HangUp)] == [ref] * 6
    assert repairs(bench) == ["orphan_attempt"] * 6
    bench.commands.clear()
    bench.tell(e.OriginateFailed(ref))
    bench.tell(e.ChannelHungUp(ref, 16))
    assert bench.commands == []


def test_an_attempt_of_another_pbx_with_the_same_id_is_not_meant() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)

    bench.tell(e.ChannelHungUp(ChannelRef("north", ref.id), 17))

    assert bench.attempt(ref).state is AttemptState.PLACED


def test_a_ring_time_that_runs_out_too_late_changes_nothing() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.machine.state.set_timer(f"ringout:{ref.id}", bench.now + 1)
    bench.machine.state.set_timer("ringout:att-gone", bench.now + 1)
    bench.machine.state.set_timer("attempt:att-gone", bench.now + 1)

    bench.wait(2)

    assert (bench.sent(c.HangUp), bench.sent(c.ReadPbx)) == ([], [])
