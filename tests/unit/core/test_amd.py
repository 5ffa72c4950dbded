"""Answering machine detection: how it listens, what is done with machines, and how agents correct
it.
"""

from __future__ import annotations

import pytest

from callcenter.core import campaign_queries
from callcenter.core.amd import taken_for_machines
from callcenter.core.campaign_queries import AmdView
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.attempt import AttemptResult, ContactStatus, Verdict
from callcenter.domain.call import Place
from callcenter.domain.campaign import AmdSettings, OnMachine
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import AttemptRecord
from tests.builders import Bench

R = AttemptResult
MAXWORDS = "MAXWORDS-4-4"


def newest(bench: Bench) -> ChannelRef:
    """The call placed last."""
    return bench.last(c.PlaceCall).channel


def talk(bench: Bench, verdict: Verdict = Verdict.HUMAN, cause: str = "") -> str:
    """The call placed last is joined to ana; its call's id."""
    ref = newest(bench)
    bench.person(ref, verdict, cause)
    return bench.join(ref).id


def say(bench: Bench, call: str, code: str) -> None:
    """Ana gives this disposition."""
    assert bench.ask(e.DispositionRequested, "ana", call, code).problem == ""


def shown(bench: Bench) -> AmdView:
    """What screens show of detection."""
    view = campaign_queries.campaign_view(bench.machine.state, "renewals")
    assert view is not None
    return view.amd


def test_a_call_says_how_to_listen_and_where_a_machine_goes() -> None:
    bench = Bench()
    settings = AmdSettings(greeting=2000, max_words=5)

    bench.dial("ana", rows=1, amd_settings=settings, on_machine=OnMachine.TO_AGENT)

    call = bench.last(c.PlaceCall)
    assert (call.amd_settings, call.on_machine) == (settings, OnMachine.TO_AGENT)


def test_a_machine_that_is_passed_on_goes_to_an_agent_as_a_person_does() -> None:
    bench = Bench()
    bench.dial("ana", rows=1, on_machine=OnMachine.TO_AGENT)

    talk(bench, Verdict.MACHINE, MAXWORDS)

    assert bench.agent("ana").state == "talking"


def test_every_so_many_calls_a_machine_is_passed_on_as_a_check() -> None:
    bench = Bench()
    bench.dial("ana", rows=10, amd_check_every=3)
    for _ in range(6):
        bench.tell(e.ChannelHungUp(newest(bench), 17))

    passed = [x.on_machine is OnMachine.TO_AGENT for x in bench.sent(c.PlaceCall)]
    assert passed == [False, False, True, False, False, True, False]


def test_without_detection_there_is_no_machine_to_pass_on() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1, amd=False, on_machine=OnMachine.TO_AGENT)

    assert not bench.attempt(ref).passes_machine


@pytest.mark.parametrize(("code", "result"), [("machine", R.MACHINE), ("assistant", R.SCREENED)])
def test_an_agent_who_hears_no_person_ends_the_call_and_makes_its_result(
    code: str, result: AttemptResult
) -> None:
    bench = Bench()
    bench.dial("ana", rows=5)
    call = talk(bench)
    assert bench.live().people == 1

    say(bench, call, code)

    ref = bench.sent(c.PlaceCall)[0].channel
    assert bench.last(c.HangUp).channel == ref
    bench.part(ref)
    came = bench.came_of_it()
    assert (came.result, came.status) == (result, ContactStatus.OPEN)
    assert bench.live().people == 0
    assert shown(bench) == AmdView(1, 1.0, 0, 0.0, 0.0)


def test_a_word_in_wrap_up_corrects_detection_and_no_record() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=5)
    call = talk(bench)
    bench.part(ref)
    assert bench.came_of_it().result is R.CONNECTED
    assert list(bench.live().unjudged) == [call]

    say(bench, call, "machine")

    assert shown(bench) == AmdView(1, 1.0, 0, 0.0, 0.0)
    assert bench.live().unjudged == {}
    assert len(bench.kept(AttemptRecord)) == 1


def test_a_disposition_given_twice_counts_once() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=5)
    call = talk(bench)
    say(bench, call, "agreed")
    say(bench, call, "interested")
    bench.part(ref)
    say(bench, call, "agreed")

    assert shown(bench).people == 1
    assert bench.came_of_it().result is R.CONNECTED


def test_what_was_not_screened_is_not_judged() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=5, amd=False)
    bench.answer(ref)
    bench.wait(1.5)
    bench.tell(e.CallerHeld(ref))
    call = bench.join(ref).id
    bench.part(ref)
    say(bench, call, "agreed")

    assert shown(bench) == AmdView(0, 0.0, 0, 0.0, 0.0)


def test_the_share_of_people_taken_for_machines_comes_of_the_machines_that_agents_heard() -> None:
    # Eight machines are hung up on; of four that are passed on agents find one to be a person.
    bench = Bench()
    bench.dial("ana", rows=30, amd_check_every=3, wrap_up_s=5.0)
    codes = iter(["machine", "agreed", "machine", "machine"])
    for _ in range(12):
        ref = newest(bench)
        if bench.attempt(ref).passes_machine:
            say(bench, talk(bench, Verdict.MACHINE, MAXWORDS), next(codes))
            bench.part(ref)
            bench.wait(6.0)
        else:
            bench.answer(ref)
            bench.tell(e.AttemptScreened(ref, Verdict.MACHINE, MAXWORDS))
            bench.tell(e.ChannelHungUp(ref, 16))

    campaign = bench.live()
    assert campaign.results == {R.MACHINE: 11, R.CONNECTED: 1}
    view = shown(bench)
    assert (view.machines, view.wrong_machines) == (4, 0.25)
    missed = 11 * (1 + 0.6) / (4 + 20)  # as if twenty had been heard before, 3 % of them people
    assert view.taken_for_machines == taken_for_machines(campaign)
    assert view.taken_for_machines == pytest.approx(missed / (1 + missed))


def test_a_person_who_picked_up_in_silence_says_nothing_of_machines() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=5, amd_check_every=0)
    say(bench, talk(bench, Verdict.MACHINE, "INITIALSILENCE-2500-2500"), "agreed")
    bench.part(ref)
    bench.wait(40.0)
    late = talk(bench, Verdict.MACHINE, "INITIALSILENCE-2500-2500")
    bench.part(bench.sent(c.PlaceCall)[1].channel)
    say(bench, late, "agreed")

    assert shown(bench) == AmdView(2, 0.0, 0, 0.0, 0.0)


def test_dispositions_that_never_come_do_not_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("callcenter.core.amd.UNJUDGED_MAX", 2)
    bench = Bench()
    bench.dial("ana", rows=10, wrap_up_s=1.0)
    for _ in range(4):
        ref = newest(bench)
        talk(bench)
        bench.part(ref)
        bench.wait(2.0)

    assert len(bench.live().unjudged) == 2


# --- fax machines ---------------------------------------------------------------------------------


@pytest.mark.parametrize("on_machine", list(OnMachine))
def test_a_fax_is_nobody_for_an_agent_and_its_number_is_dialed_no_more(
    on_machine: OnMachine,
) -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=2, on_machine=on_machine, machine_prompt="we-called")
    bench.answer(ref)
    bench.tell(e.AttemptScreened(ref, Verdict.FAX, "T38"))
    assert len(bench.sent(c.PlaceCall)) == 2  # ana is free for the next
    assert not bench.sent(c.PopCard)

    bench.tell(e.ChannelHungUp(ref, 16))

    came = bench.came_of_it()
    assert (came.result, came.status, came.verdict_cause) == (R.FAX, ContactStatus.DONE, "T38")
    assert bench.live().people == 0


def test_a_machine_that_turns_out_to_be_a_fax_while_it_is_to_record_is_one() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1, on_machine=OnMachine.LEAVE_MESSAGE, machine_prompt="we-called")
    bench.answer(ref)
    bench.tell(e.AttemptScreened(ref, Verdict.MACHINE, "LONGGREETING-1500-1500"))
    bench.tell(e.AttemptScreened(ref, Verdict.FAX, "T38"))
    bench.tell(e.ChannelHungUp(ref, 16))

    assert bench.came_of_it().result is R.FAX


def test_a_fax_of_which_no_more_was_heard_is_one() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    line = bench.agent("ana").line
    assert line is not None
    bench.tell(e.AttemptScreened(ref, Verdict.FAX, "T38"))  # the word of the answer was lost

    bench.restart(e.ChannelTruth(line, "1001", Place.HOLD, role="agent"))

    assert bench.came_of_it().result is R.FAX
    assert bench.came_of_it().answered_at > 0.0
