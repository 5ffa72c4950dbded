"""The numbers that people see who are called: they take turns, and rest."""

from __future__ import annotations

from callcenter.core.trunk_queries import shown_numbers_view
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.attempt import Verdict
from dialer.caller_ids import REST_S, CallerNumber
from tests.builders import Bench, row


def test_numbers_take_turns_and_lists_have_their_own() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign(
        caller_id="+1", caller_ids=("+2", "+3"), list_caller_ids={"gold": ("+9",), "none": ()}
    )
    rows = [row(n) for n in range(4)]
    bench.fill(*rows, row(5, list="gold"), row(6, list="none"))
    bench.open_line("ana")
    for _ in range(6):
        bench.tell(e.ChannelHungUp(bench.last(c.PlaceCall).channel, 17))

    shown = [x.caller_id for x in bench.sent(c.PlaceCall)]
    assert shown == ["+1", "+2", "+3", "+1", "+9", "+2"]


def test_a_number_that_nobody_answers_any_more_rests_and_says_why() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign(caller_id="+1", caller_ids=("+2",))
    bench.open_line("ana")
    usual = CallerNumber(recent=150.0, recent_answered=45.0, usual=800.0, usual_answered=240.0)
    for number in ("+1", "+2"):
        bench.machine.state.shown_numbers.put(number, usual)
    people = iter(range(10_000))

    for call in range(500):
        bench.tell(e.ContactsChanged("renewals"))
        bench.fill(row(next(people)))
        ref, shown = bench.last(c.PlaceCall).channel, bench.last(c.PlaceCall).caller_id
        is_answered = shown == "+2" and call % 6 == 1
        if is_answered:
            bench.answer(ref)
            bench.wait(1.5)
            bench.tell(e.AttemptScreened(ref, Verdict.MACHINE, "MAXWORDS-4-4"))
        bench.tell(e.ChannelHungUp(ref, 16 if is_answered else 19))
        if shown_numbers_view(bench.machine.state)[0].why:
            break

    first, second = shown_numbers_view(bench.machine.state)
    assert (first.number, second.why) == ("+1", "")
    assert first.rests_until == bench.now + REST_S
    assert first.why.startswith("Rests for 24 h more: of its last calls ")
    bench.tell(e.ContactsChanged("renewals"))
    bench.fill(row(next(people)), row(next(people)))
    bench.tell(e.ChannelHungUp(bench.last(c.PlaceCall).channel, 17))
    assert [x.caller_id for x in bench.sent(c.PlaceCall)[-2:]] == ["+2", "+2"]


def test_a_call_that_was_never_sent_says_nothing_of_the_number_shown() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1, caller_id="+1")
    known = bench.machine.state.shown_numbers["+1"]

    bench.tell(e.CommandFailed(bench.last(c.PlaceCall).id, "withheld", withheld=True))

    assert bench.came_of_it().attempt == ref.id
    assert bench.machine.state.shown_numbers["+1"] is known
