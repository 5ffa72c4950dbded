"""Promises that another version has noted."""

from __future__ import annotations

import msgspec

from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.callback import Callback, CallbackOrigin, QueuePlace
from callcenter.domain.records import RoutingRecord
from callcenter.domain.rules import CallBack, Overflow, Rule, Rules, Treatment
from tests.unit.core.test_salvage import Story


def test_promises_made_moved_and_kept_after_the_snapshot_are_known() -> None:
    story = Story()
    story.agents("ana")
    story.campaign()
    for contact in ("1", "2"):
        story.ask(e.CallbackRequested, "renewals", contact, "+1", story.now + 60.0, "ana", "kim")
    story.snapshot()
    story.ask(e.CallbackRequested, "renewals", "3", "+3", story.now + 60.0, "ana", "kim")
    first, second, third = story.machine.state.callbacks
    story.ask(e.CallbackMoved, first, story.now + 600.0, "", "kim")
    story.ask(e.CallbackCancelled, second, True, "kim")

    known = story.crash().callbacks

    assert list(known) == [third, first]
    assert (known[first].number, known[first].agent) == ("+1", "")
    assert (known[third].contact, known[third].number) == ("3", "")
    assert story.deadlines(("callback",)) == {
        f"callback:{key}": one.at for key, one in known.items()
    }


def test_a_caller_who_left_after_the_snapshot_is_called_back_at_the_number_of_the_call() -> None:
    over = Overflow(after_s=30.0, callback=CallBack("call-back", "carrier"))
    story = Story()
    rules = Rules((Rule("over", Treatment(overflow=(over,))),))
    assert story.ask(e.RulesPublished, 1, rules, "sue").problem == ""
    story.waiting_caller("a")
    story.waiting_caller("b")
    story.wait(31.0)
    story.snapshot()
    story.hang_up("a")
    [one] = story.machine.state.callbacks.values()

    known = story.crash().callbacks[one.id]

    assert (known.number, known.queue, known.place) == (one.number, "service", one.place)
    assert (known.is_due, known.attempt) == (False, "")


def test_one_who_waits_on_the_line_again_is_not_called_back_besides() -> None:
    over = Overflow(after_s=30.0, callback=CallBack("call-back", "carrier"))
    story = Story()
    rules = Rules((Rule("over", Treatment(overflow=(over,))),))
    assert story.ask(e.RulesPublished, 1, rules, "sue").problem == ""
    story.waiting_caller("a")
    story.wait(31.0)
    story.hang_up("a")
    story.agents("ana")
    ref = story.last(c.PlaceCall).channel
    story.answer(ref)
    story.tell(e.CallerHeld(ref))
    story.snapshot()

    state = story.crash()

    assert not state.callbacks
    assert [call.channel for call in state.calls.values()] == [ref]


def test_one_whose_number_nobody_knows_any_more_is_let_go() -> None:
    story = Story()
    place = QueuePlace("main", 1.0, CallBack("call-back", "carrier"), Treatment())
    lost = Callback("cb-1", 1.0, 1.0, CallbackOrigin.OVERFLOW, "", queue="service", place=place)
    detail = msgspec.json.encode(lost).decode()
    record = RoutingRecord("callback_tried", "cb-1", detail, "", 1.0)
    entry = story.tail[-1]
    story.tail[-1] = msgspec.structs.replace(entry, records=(*entry.records, record))

    assert not story.crash().callbacks
