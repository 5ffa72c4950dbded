"""A healthy call is the same whenever it is read: a reading says nothing of what is under way.

Each call is played again and again, with one reading that is ordered, shows what is true, and is
told at any three moments of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest

from callcenter.core.machine import Machine
from callcenter.core.state import decode_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.attempt import Verdict
from callcenter.domain.call import Place
from callcenter.domain.ids import ChannelRef
from tests.builders import PBX, Bench, channel, leg_truth, truth

Rows: TypeAlias = tuple[e.ChannelTruth, ...]
Moment: TypeAlias = tuple[Callable[[Bench], e.Event], Callable[[Bench], Rows]]
"""What comes in, and what the PBX would show from then on."""
A = channel("a")


def inbound_call() -> Iterator[Moment]:
    """A caller through the menu to an agent, who ends the conversation."""
    legs: list[ChannelRef] = []

    def leg(bench: Bench) -> ChannelRef:
        call = bench.machine.state.call_of.get(A)
        found = None if call is None else bench.machine.state.calls[call].leg
        if found is not None and found not in legs:
            legs.append(found)
        return legs[-1]

    def caller(place: Place, bridge: str = "") -> Callable[[Bench], Rows]:
        return lambda _: (truth("a", place, bridge=bridge),)

    def both(
        place: Place, leg_place: Place, *, up: bool = True, bridge: str = "", leg_bridge: str = ""
    ) -> Callable[[Bench], Rows]:
        return lambda b: (
            truth("a", place, bridge=bridge),
            leg_truth(leg(b), leg_place, up=up, bridge=leg_bridge),
        )

    p = Place
    yield lambda _: e.CallArrived(A, "5551234", "7000"), caller(p.MENU)
    yield lambda b: e.IvrCommandEnded(A, b.last(c.PlayPrompt).id, 0), caller(p.MENU)
    yield lambda b: e.IvrCommandEnded(A, b.last(c.AskDigit).id, 1, "1"), caller(p.MENU)
    yield lambda _: e.IvrLeft(A), caller(p.DIALPLAN)
    yield lambda _: e.CallerHeld(A), caller(p.HOLD)
    yield lambda b: e.LegCreated(leg(b)), both(p.HOLD, p.DIALPLAN, up=False)
    yield lambda b: e.LegRinging(leg(b)), both(p.HOLD, p.DIALPLAN, up=False)
    yield lambda b: e.LegAnswered(leg(b)), both(p.HOLD, p.DIALPLAN)
    yield lambda b: e.LegParked(leg(b)), both(p.HOLD, p.HOLD)
    yield lambda _: e.CallerLeftHold(A), both(p.DIALPLAN, p.HOLD)
    yield lambda _: e.ChannelJoined(A, "b1"), both(p.BRIDGE, p.HOLD, bridge="b1")
    joined = both(p.BRIDGE, p.BRIDGE, bridge="b1", leg_bridge="b1")
    yield lambda b: e.ChannelJoined(leg(b), "b1"), joined
    yield lambda b: e.ChannelLeft(leg(b), "b1"), both(p.BRIDGE, p.DIALPLAN, bridge="b1")
    yield lambda _: e.ChannelLeft(A, "b1"), both(p.DIALPLAN, p.DIALPLAN)
    yield lambda _: e.CallerHeld(A), both(p.HOLD, p.DIALPLAN)
    yield lambda b: e.ChannelHungUp(leg(b), 16), caller(p.HOLD)
    yield lambda _: e.ChannelHungUp(A, 16), lambda _: ()


def dialed_call() -> Iterator[Moment]:
    """A person dialed, who talks with the agent on the line and hangs up."""

    def ref(bench: Bench) -> ChannelRef:
        return bench.sent(c.PlaceCall)[0].channel

    def line(bench: Bench) -> ChannelRef:
        found = bench.agent("ana").line
        assert found is not None
        return found

    def rows(
        place: Place | None,
        line_place: Place = Place.HOLD,
        *,
        up: bool = True,
        bridge: str = "",
        line_bridge: str = "",
    ) -> Callable[[Bench], Rows]:
        def shown(bench: Bench) -> Rows:
            of_line = leg_truth(line(bench), line_place, bridge=line_bridge)
            if place is None:
                return (of_line,)
            person = e.ChannelTruth(
                ref(bench), "carrier", place, up=up, bridge=bridge, role="dialed"
            )
            return (person, of_line)

        return shown

    p = Place
    yield lambda b: e.CommandSucceeded(b.last(c.PlaceCall).id), rows(None)
    yield lambda b: e.AttemptCreated(ref(b)), rows(p.DIALPLAN, up=False)
    yield lambda b: e.AttemptRinging(ref(b)), rows(p.DIALPLAN, up=False)
    yield lambda b: e.AttemptAnswered(ref(b)), rows(p.SCREENING)
    yield lambda b: e.AttemptScreened(ref(b), Verdict.HUMAN, ""), rows(p.DIALPLAN)
    yield lambda b: e.CallerHeld(ref(b)), rows(p.HOLD)
    yield lambda b: e.CallerLeftHold(ref(b)), rows(p.DIALPLAN)
    yield lambda b: e.ChannelJoined(ref(b), "b1"), rows(p.BRIDGE, bridge="b1")
    joined = rows(p.BRIDGE, p.BRIDGE, bridge="b1", line_bridge="b1")
    yield lambda b: e.ChannelJoined(line(b), "b1"), joined
    yield lambda b: e.ChannelLeft(ref(b), "b1"), rows(p.DIALPLAN, p.BRIDGE, line_bridge="b1")
    yield lambda b: e.ChannelLeft(line(b), "b1"), rows(p.DIALPLAN, p.DIALPLAN)
    yield lambda b: e.LegParked(line(b)), rows(p.DIALPLAN, p.HOLD)
    yield lambda b: e.ChannelHungUp(ref(b), 16), rows(None)


def at_a_desk() -> Bench:
    bench = Bench()
    bench.agents("ana")
    return bench


def on_the_line() -> Bench:
    bench = Bench()
    bench.dial("ana", rows=1)
    return bench


def said(bench: Bench) -> tuple[list[str], list[Any]]:
    """What went out and what was kept, but for the readings."""
    commands = [type(x).__name__ for x in bench.commands if not isinstance(x, c.ReadPbx)]
    return commands, [type(x).__name__ for x in bench.records]


def play(
    begin: Bench, moments: list[Moment], ordered: int = -1, shown: int = -1, told: int = -1
) -> tuple[list[str], list[Any]]:
    """Play it; a reading is ordered, shows what is true, and is told after these moments."""
    bench = copy_of(begin)
    rows: Rows = ()
    for number, (event, truths) in enumerate(moments):
        happened = event(bench)
        # Nobody hangs up in the first second: that would be no conversation.
        bench.now += 1.0 if isinstance(happened, e.ChannelLeft) else 0.01
        bench.tell(happened)
        if number == ordered:
            bench.order_reading()
        if number == shown:
            rows = truths(bench)
        if number == told:
            bench.tell(e.PbxStateRead(PBX, rows))
    bench.wait(1.5)
    return said(bench)


def copy_of(bench: Bench) -> Bench:
    """The same bench, to be played on."""
    copy = Bench(center=bench.center, now=bench.now)
    copy.machine = Machine(decode_state(bench.machine.state.encode()))
    copy.commands, copy.records = list(bench.commands), list(bench.records)
    copy._rows, copy._under_way = dict(bench._rows), dict(bench._under_way)
    return copy


@pytest.mark.parametrize(
    ("begin", "story"), [(at_a_desk, inbound_call), (on_the_line, dialed_call)]
)
def test_a_healthy_call_is_the_same_whenever_it_is_read(
    begin: Callable[[], Bench], story: Callable[[], Iterator[Moment]]
) -> None:
    bench = begin()
    count = len(list(story()))
    usual = play(bench, list(story()))

    differing = [
        (ordered, shown, told)
        for ordered in range(count)
        for shown in range(ordered, count)
        for told in dict.fromkeys((shown, min(shown + 1, count - 1), count - 1))
        if play(bench, list(story()), ordered, shown, told) != usual
    ]

    assert differing == []
    assert not [kind for kind in usual[1] if kind == "RepairRecord"]
