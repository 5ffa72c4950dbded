"""Promises that another version has noted."""

from __future__ import annotations

from callcenter.domain import events as e
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
