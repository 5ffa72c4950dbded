"""The machine reads each PBX by itself, and a reading says nothing of what is under way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import msgspec
import pytest

from callcenter.core import inbound, readings
from callcenter.core.machine import Machine
from callcenter.core.state import decode_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import Verdict
from callcenter.domain.call import CallState, Outcome, Place
from callcenter.domain.center import REVIEW_EVERY_S
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import RepairRecord
from tests.builders import CENTER, PBX, Bench, channel, truth

Rows: TypeAlias = tuple[e.ChannelTruth, ...]


def repairs(bench: Bench) -> list[str]:
    """Kinds of repairs made, in order."""
    return [r.kind for r in bench.kept(RepairRecord)]


def order(bench: Bench) -> str:
    """The next review is due now; the reading's command."""
    bench.machine.state.set_timer(f"review:{PBX}", bench.now)
    bench.tell(e.Tick())
    return bench.last(c.ReadPbx).id


def leg_row(leg: ChannelRef, place: Place, *, up: bool = True, bridge: str = "") -> e.ChannelTruth:
    return e.ChannelTruth(leg, "1001", place, up=up, bridge=bridge, role="agent")


def leg_of(bench: Bench, name: str = "a") -> ChannelRef:
    leg = bench.call(name).leg
    assert leg is not None
    return leg


def talking() -> tuple[Bench, Rows]:
    """Ana talks with caller a; the rows that say so."""
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.talk("a")
    rows = (
        truth("a", Place.BRIDGE, bridge="b-a"),
        leg_row(leg_of(bench), Place.BRIDGE, bridge="b-a"),
    )
    return bench, rows


# --- when -----------------------------------------------------------------------------------------


def test_a_conversation_whose_end_nobody_told_is_found_over_within_a_minute() -> None:
    bench, _ = talking()

    bench.review()

    assert bench.agent("ana").state is AgentState.WRAP_UP
    assert bench.ended().outcome is Outcome.ANSWERED
    assert "call_gone" in repairs(bench)


def test_a_conversation_of_three_hours_is_looked_at_each_minute_and_let_be() -> None:
    bench, rows = talking()
    said = len(bench.commands), len(bench.records)

    for _ in range(180):
        bench.review(*rows)

    assert bench.agent("ana").state is AgentState.TALKING
    assert len(bench.sent(c.ReadPbx)) == 180
    assert (len(bench.commands) - 180, len(bench.records)) == said


def test_a_reading_that_is_on_its_way_is_not_sent_again() -> None:
    bench = Bench()
    order(bench)

    bench.tell(e.CallerHeld(channel("stranger")))

    assert len(bench.sent(c.ReadPbx)) == 1


def test_a_reading_that_is_never_answered_does_not_keep_the_next_from_being_sent() -> None:
    bench = Bench()
    order(bench)

    bench.wait(2 * REVIEW_EVERY_S)

    assert len(bench.sent(c.ReadPbx)) == 3


def test_no_pbx_is_read_over_a_link_that_is_down() -> None:
    bench = Bench()
    bench.tell(e.PbxLinkLost(PBX, "reset"))
    bench.wait(10 * REVIEW_EVERY_S)
    assert bench.sent(c.ReadPbx) == []

    bench.tell(e.PbxStateRead(PBX, ()))
    bench.wait(REVIEW_EVERY_S)

    assert len(bench.sent(c.ReadPbx)) == 1


def test_a_review_left_over_from_a_link_that_is_down_reads_nothing() -> None:
    bench = Bench()
    bench.tell(e.PbxLinkLost(PBX, "reset"))
    bench.machine.state.set_timer(f"review:{PBX}", bench.now)

    bench.tell(e.Tick())

    assert bench.sent(c.ReadPbx) == []
    assert f"review:{PBX}" not in bench.machine.state.timers


def test_a_reading_that_was_refused_may_be_asked_for_at_once() -> None:
    bench = Bench()
    reading = order(bench)

    bench.tell(e.CommandFailed(reading, "no link"))
    bench.tell(e.CallerHeld(channel("stranger")))

    assert len(bench.sent(c.ReadPbx)) == 2


def test_the_failure_of_a_reading_that_was_given_up_takes_nothing_back() -> None:
    bench = Bench()
    first = order(bench)
    bench.wait(readings.UNANSWERED_S)
    second = order(bench)

    bench.tell(e.CommandFailed(first, "no answer", unknown=True))

    assert bench.machine.state.readings[PBX].command == second


def test_a_reading_on_its_way_is_known_after_a_snapshot() -> None:
    bench, _ = talking()
    order(bench)

    again = decode_state(bench.machine.state.encode())

    assert again.readings[PBX] == bench.machine.state.readings[PBX]
    assert again.settles.as_dict() == bench.machine.state.settles.as_dict() != {}


# --- what it leaves alone -------------------------------------------------------------------------


def test_an_answer_that_comes_late_is_as_old_as_the_first_order_that_it_may_answer() -> None:
    bench = Bench()
    first = order(bench)
    bench.wait(readings.UNANSWERED_S)
    bench.tell(e.CommandFailed(first, "no answer", unknown=True))
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))
    bench.wait(5)
    order(bench)

    bench.tell(e.PbxStateRead(PBX, ()))  # the first one's

    assert bench.call("a").state is CallState.IN_IVR


def test_a_state_that_nobody_asked_for_ends_no_call_that_has_just_come() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))
    bench.wait(1)
    bench.tell(e.PbxStateRead(PBX, ()))
    assert bench.call("a").state is CallState.IN_IVR

    bench.wait(readings.UNANSWERED_S)
    bench.tell(e.PbxStateRead(PBX, ()))

    assert bench.ended().outcome is Outcome.LOST


def test_a_caller_whose_menu_runs_is_probed_only_when_the_result_is_overdue() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))
    bench.wait(5)
    order(bench)
    bench.tell(e.PbxStateRead(PBX, (truth("a", Place.MENU),)))
    assert bench.sent(c.ProbeMenu) == []

    bench.wait(inbound.MENU_LEASE_S)
    bench.tell(e.PbxStateRead(PBX, (truth("a", Place.MENU),)))
    assert len(bench.sent(c.ProbeMenu)) == 1
    order(bench)
    bench.tell(e.PbxStateRead(PBX, (truth("a", Place.MENU),)))

    assert len(bench.sent(c.ProbeMenu)) == 1


def test_a_caller_hung_up_by_us_is_hung_up_again_only_when_the_first_did_nothing() -> None:
    bench, rows = talking()
    order(bench)
    bench.ask(e.HangUpRequested, "ana")
    bench.tell(e.PbxStateRead(PBX, rows))
    assert len(bench.sent(c.HangUp)) == 1
    bench.wait(1)

    order(bench)
    bench.tell(e.PbxStateRead(PBX, rows))

    assert len(bench.sent(c.HangUp)) == 2


def test_a_command_that_was_refused_is_under_way_no_more() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("a"), "5551234", "9999"))
    bench.tell(e.CommandFailed(bench.last(c.HoldCaller).id, "Permission denied"))
    bench.now += 0.01

    order(bench)
    bench.tell(e.PbxStateRead(PBX, (truth("a", Place.MENU),)))

    assert len(bench.sent(c.HoldCaller)) == 2


def test_a_leg_whose_originate_came_to_nothing_without_a_word_is_missed_in_the_end() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    leg = leg_of(bench)
    bench.wait(6)  # the phone did not ring: the offer is over, and the leg is to be hung up
    assert bench.call("a").state is CallState.WAITING

    bench.review(truth("a", Place.HOLD))

    assert leg not in bench.machine.state.legs
    assert repairs(bench) == ["leg_gone"]


def test_a_caller_on_the_way_to_us_is_met_when_it_is_there_and_not_in_the_dialplan() -> None:
    bench = Bench()

    bench.review(truth("a", Place.DIALPLAN))
    assert repairs(bench) == []
    bench.review(truth("a", Place.MENU))  # the word of it was lost

    assert repairs(bench) == ["unknown_caller"]
    assert bench.call("a").state is CallState.IN_IVR


def test_an_open_line_found_where_it_is_known_to_be_is_not_touched() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign()
    bench.open_line("ana")
    line = bench.agent("ana").line
    assert line is not None
    bench.wait(REVIEW_EVERY_S - 5)
    order(bench)

    step = bench.tell(e.PbxStateRead(PBX, (leg_row(line, Place.HOLD),)))

    assert (step.commands, step.records, step.touched) == ((), (), ())


def test_a_message_that_is_known_to_play_goes_on() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    line = bench.agent("ana").line
    assert line is not None
    bench.tell(e.ChannelHungUp(line, 16))
    bench.person(ref)
    bench.message(ref)
    bench.wait(2)
    order(bench)

    rows = (e.ChannelTruth(ref, "carrier", Place.HARBOUR, role="dialed"),)
    step = bench.tell(e.PbxStateRead(PBX, rows))

    assert (step.commands, step.records) == ((), ())
    assert bench.call(ref.id).ending


def test_a_phone_dialed_that_does_not_ring_yet_is_not_taken_for_ringing() -> None:
    # Its ring time would run from the reading, and be over too soon.
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    line = bench.agent("ana").line
    assert line is not None
    bench.tell(e.AttemptCreated(ref))
    bench.wait(1)
    order(bench)

    rows = (
        e.ChannelTruth(ref, "carrier", Place.DIALPLAN, up=False, role="dialed"),
        leg_row(line, Place.HOLD),
    )
    bench.tell(e.PbxStateRead(PBX, rows))

    assert bench.attempt(ref).ringing_at == 0.0
    assert f"ringout:{ref.id}" not in bench.machine.state.timers


# --- a healthy call, read at any moment -----------------------------------------------------------

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
            leg_row(leg(b), leg_place, up=up, bridge=leg_bridge),
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
            of_line = leg_row(line(bench), line_place, bridge=line_bridge)
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
            order(bench)
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


# --- PBXs taken out of the config -----------------------------------------------------------------


def test_what_lived_in_a_pbx_that_is_configured_no_more_ends_as_lost() -> None:
    bench, _ = talking()
    bench.waiting_caller("b")

    elsewhere = msgspec.structs.replace(CENTER, phones={"1001": "new"}, pbxs=("new",))
    bench.tell(e.CenterConfigured(elsewhere))

    state = bench.machine.state
    assert bench.agent("ana").state is AgentState.SIGNED_OUT
    assert [len(x) for x in (state.calls, state.legs, state.links, state.settles)] == [0] * 4
    assert bench.ended().outcome is Outcome.LOST
    assert repairs(bench).count("call_gone") == 2
    assert repairs(bench)[0] == "pbx_removed"
    assert f"review:{PBX}" not in state.timers


def test_a_call_placed_over_a_pbx_that_is_configured_no_more_has_its_result() -> None:
    bench = Bench()
    bench.dial("ana", rows=1)

    bench.tell(e.CenterConfigured(msgspec.structs.replace(CENTER, phones={}, pbxs=("new",))))

    assert bench.came_of_it().result == "unknown"
    assert len(bench.machine.state.attempts) == len(bench.machine.state.legs) == 0
    assert bench.agent("ana").state is AgentState.SIGNED_OUT


def test_settings_that_name_the_pbx_or_none_change_nothing() -> None:
    bench, _ = talking()

    for pbxs in ((PBX, "new"), ()):
        bench.tell(e.CenterConfigured(msgspec.structs.replace(CENTER, pbxs=pbxs)))

    assert bench.agent("ana").state is AgentState.TALKING
    assert repairs(bench) == []
