"""A key pressed during the safe-harbour message: nobody calls the number any more."""

from __future__ import annotations

import pytest

from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.attempt import AttemptResult, AttemptState, ContactStatus
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import DncRecord, RepairRecord
from tests.builders import PBX, Bench, row


def opt_out(bench: Bench, ref: ChannelRef) -> None:
    """Somebody for whom nobody is free presses the key."""
    bench.person(ref)
    bench.message(ref)
    bench.tell(e.OptedOut(ref))


def test_the_number_is_on_the_do_not_call_list_and_the_contact_is_done() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=3, opt_out_key="9")
    assert bench.last(c.PlaceCall).opt_out_key == "9"
    bench.ask(e.NotReadyRequested, "ana", "lunch")

    opt_out(bench, ref)
    bench.tell(e.OptedOut(ref))
    bench.tell(e.ChannelHungUp(ref, 16))

    [listed] = bench.kept(DncRecord)
    assert (listed.number, listed.source, listed.until) == (row(0).number, "opt_out", 0.0)
    came = bench.came_of_it()
    assert (came.result, came.status) == (AttemptResult.DROPPED, ContactStatus.DONE)
    assert came.next_try_at == 0.0


def test_the_same_number_leaves_the_hoppers_of_other_campaigns_at_once() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1, opt_out_key="9")
    bench.campaign(id="surveys", name="Surveys")
    bench.fill(row(9, number=row(0).number), row(8), campaign="surveys")
    bench.ask(e.NotReadyRequested, "ana", "lunch")

    opt_out(bench, ref)

    assert [one.contact for one in bench.live("surveys").hopper] == ["8"]


def test_a_key_whose_message_was_not_told_of_counts_all_the_same() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1, opt_out_key="9")
    bench.ask(e.NotReadyRequested, "ana", "lunch")
    bench.answer(ref)

    bench.tell(e.OptedOut(ref))

    assert bench.attempt(ref).state is AttemptState.DROPPED
    assert len(bench.kept(DncRecord)) == 1


@pytest.mark.parametrize("name", ["att-OLD-1-1", "c1"])
def test_a_key_of_somebody_whom_nobody_knows_changes_nothing(name: str) -> None:
    bench = Bench()

    bench.tell(e.OptedOut(ChannelRef(PBX, name)))

    assert bench.kept(DncRecord) == []
    assert [one.kind for one in bench.kept(RepairRecord)] == ["orphan_attempt"]


def test_a_person_joined_out_of_the_message_who_pressed_before_is_called_no_more() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1, opt_out_key="9")
    bench.person(ref)
    bench.tell(e.HarbourBegan(ref))
    bench.tell(e.OptedOut(ref))
    bench.tell(e.ChannelHungUp(ref, 16))

    assert len(bench.kept(DncRecord)) == 1
    assert bench.came_of_it().status is ContactStatus.DONE
