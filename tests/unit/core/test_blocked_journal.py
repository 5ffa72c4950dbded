"""While the journal cannot be kept: callers are served, nobody is dialed."""

from __future__ import annotations

from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.attempt import AttemptResult
from callcenter.domain.call import CallState
from callcenter.domain.ids import make_id
from callcenter.domain.records import AttemptRecord
from tests.builders import PBX, Bench


def test_callers_are_served_meanwhile() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.tell(e.JournalBlocked(""))
    bench.waiting_caller("a")

    assert bench.talk("a").state is CallState.CONNECTED
    assert bench.machine.state.blocked == "it cannot be written"


def test_a_process_that_begins_does_not_believe_that_it_is_still_so() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign()
    bench.tell(e.JournalBlocked("no space left on device"))
    assert bench.machine.state.blocked == "no space left on device"

    bench.restart()

    assert bench.machine.state.blocked == ""
    assert bench.refills() != []


def test_a_call_that_was_not_sent_has_failed_and_says_nothing_of_the_trunk() -> None:
    bench = Bench()
    bench.dial("ana", rows=30)
    for _ in range(20):
        command = bench.last(c.PlaceCall)
        bench.tell(e.CommandFailed(command.id, "not sent", withheld=True))

    assert {record.result for record in bench.kept(AttemptRecord)} == {AttemptResult.FAILED}
    assert not bench.machine.state.trunks
    assert len(bench.placed()) == 21


def test_a_step_that_raises_leaves_what_is_known_of_the_journal() -> None:
    bench = Bench()
    state = bench.machine.state
    mark = state.mark()
    state.set_blocked("full")

    state.roll_back(mark)

    assert state.blocked == ""


def test_positions_given_again_by_the_next_process_do_not_give_an_id_again() -> None:
    # The story: the disk is full, people are rung, the service dies; the next one knows nothing of
    # it and comes to the same positions.
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    forgotten = bench.call("a").leg
    assert forgotten is not None

    again = Bench()
    again.tell(e.ServiceStarted(bench.machine.state.epoch + 1))
    again.machine.state.position -= 1
    again.tell(e.PbxStateRead(PBX, ()))
    again.agents("ana")
    again.waiting_caller("a")

    leg = again.call("a").leg
    assert leg is not None
    assert again.call("a").id != bench.call("a").id
    assert leg != forgotten
    assert make_id("leg-", "TEST", 1, 9, 2) != make_id("leg-", "TEST", 2, 9, 2)
