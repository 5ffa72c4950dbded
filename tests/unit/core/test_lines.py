"""Nailed-up lines: picked up once, kept from call to call, opened again when lost."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter.core.agents import DESKTOP_GRACE_S
from callcenter.core.lines import LINE_LEASE_S, LINE_RETRY_S, LINE_RING_S, LINE_TRIES
from callcenter.core.queries import LineState, agent_view
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile, AgentState
from callcenter.domain.call import Place
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import RepairRecord
from tests.builders import PBX, Bench


def joined(bench: Bench, *names: str) -> Bench:
    """These agents have joined a campaign without contacts; their phones are being rung."""
    bench.agents(*names)
    bench.campaign()
    bench.fill()
    for name in names:
        assert bench.ask(e.CampaignJoinRequested, name, "renewals").problem == ""
    return bench


def line_of(bench: Bench, name: str = "ana") -> ChannelRef:
    """The agent's line."""
    line = bench.agent(name).line
    assert line is not None
    return line


def shown(bench: Bench, name: str = "ana") -> LineState:
    """What screens show of the agent's line."""
    view = agent_view(bench.machine.state, name)
    assert view is not None
    return view.line


def line_truth(bench: Bench, place: Place = Place.HOLD, **more: Any) -> e.ChannelTruth:
    """The line of ana as a state reading shows it."""
    return e.ChannelTruth(line_of(bench), "1001", place, role="agent", **more)


def test_joining_rings_the_phone_once_and_the_line_stays() -> None:
    bench = joined(Bench(), "ana")
    opening = bench.last(c.OpenLine)
    assert (opening.phone, opening.leg) == ("1001", line_of(bench))
    assert shown(bench) is LineState.OPENING

    bench.pick_up_line("ana")
    bench.wait(600)

    assert shown(bench) is LineState.PARKED
    assert (len(bench.sent(c.OpenLine)), bench.sent(c.HangUp)) == (1, [])
    assert bench.agent("ana").state is AgentState.READY


def test_the_line_is_free_again_for_the_next_person_after_a_conversation() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=2)
    bench.person(ref)
    bench.join(ref)
    assert shown(bench) is LineState.IN_USE
    line = line_of(bench)
    bench.note("ana")

    bench.tell(e.ChannelLeft(line, "b-" + ref.id))
    bench.tell(e.LegParked(line))
    bench.tell(e.ChannelHungUp(ref, 16))
    bench.wait(30)

    assert shown(bench) is LineState.PARKED
    assert bench.placed() == ["0", "1"]
    second = bench.last(c.PlaceCall).channel
    bench.person(second)
    assert bench.last(c.JoinCall).leg == line
    assert len(bench.sent(c.OpenLine)) == 1


def test_a_line_that_looks_at_the_heartbeat_stays_open() -> None:
    bench = joined(Bench(), "ana")
    line = bench.pick_up_line("ana")

    bench.tell(e.LegParked(line))

    assert bench.sent(c.HangUp) == []
    assert shown(bench) is LineState.PARKED


def test_a_line_that_the_agent_hangs_up_is_rung_again() -> None:
    bench = joined(Bench(), "ana")
    line = bench.pick_up_line("ana")

    bench.tell(e.ChannelHungUp(line, 0))
    assert shown(bench) is LineState.NONE
    bench.wait(LINE_RETRY_S - 0.1)
    assert len(bench.sent(c.OpenLine)) == 1
    bench.wait(0.1)

    assert len(bench.sent(c.OpenLine)) == 2
    assert line_of(bench) != line
    assert bench.agent("ana").state is AgentState.READY


@pytest.mark.parametrize("cause", [17, 19, 21])
def test_a_phone_rung_in_vain_three_times_is_left_alone_and_the_agent_not_ready(cause: int) -> None:
    bench = joined(Bench(), "ana")

    for _ in range(LINE_TRIES):
        line = line_of(bench)
        bench.tell(e.LegCreated(line))
        bench.tell(e.LegRinging(line))
        bench.tell(e.OriginateFailed(line))
        bench.tell(e.ChannelHungUp(line, cause))
        bench.wait(LINE_RETRY_S)
    bench.wait(600)

    assert (bench.agent("ana").state, bench.agent("ana").reason) == (
        AgentState.NOT_READY,
        "line_lost",
    )
    assert len(bench.sent(c.OpenLine)) == LINE_TRIES


def test_an_agent_who_asks_for_calls_again_has_all_the_tries_again() -> None:
    bench = joined(Bench(), "ana")
    for _ in range(LINE_TRIES):
        bench.tell(e.OriginateFailed(line_of(bench)))
        bench.wait(LINE_RETRY_S)
    assert bench.ask(e.ReadyRequested, "ana").problem == ""

    bench.tell(e.OriginateFailed(line_of(bench)))

    assert bench.agent("ana").state is AgentState.READY
    bench.wait(LINE_RETRY_S)
    assert len(bench.sent(c.OpenLine)) == LINE_TRIES + 2


def test_who_joins_again_after_tries_in_vain_has_all_the_tries_again() -> None:
    bench = joined(Bench(), "ana")
    for _ in range(LINE_TRIES):
        bench.tell(e.OriginateFailed(line_of(bench)))
        bench.wait(LINE_RETRY_S)

    assert bench.ask(e.CampaignJoinRequested, "ana", "renewals").problem == ""
    bench.tell(e.OriginateFailed(line_of(bench)))
    bench.wait(LINE_RETRY_S)

    assert shown(bench) is LineState.OPENING


def test_a_phone_rung_in_vain_during_a_break_leaves_the_break_as_it_is() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign()
    bench.ask(e.NotReadyRequested, "ana", "lunch")
    bench.ask(e.CampaignJoinRequested, "ana", "renewals")

    for _ in range(LINE_TRIES):
        bench.tell(e.OriginateFailed(line_of(bench)))
        bench.wait(LINE_RETRY_S)

    assert bench.agent("ana").reason == "lunch"
    assert shown(bench) is LineState.NONE


def test_a_line_that_comes_about_forgives_the_tries_before() -> None:
    bench = joined(Bench(), "ana")
    bench.tell(e.CommandFailed(bench.last(c.OpenLine).id, "Extension does not exist"))
    bench.wait(LINE_RETRY_S)
    assert bench.agent("ana").line_failures == 1

    bench.pick_up_line("ana")

    assert bench.agent("ana").line_failures == 0


def test_a_line_of_which_nothing_is_heard_is_given_up_and_rung_again() -> None:
    bench = joined(Bench(), "ana")
    line = line_of(bench)
    bench.tell(e.CommandFailed(bench.last(c.OpenLine).id, "nobody knows", unknown=True))

    bench.wait(LINE_RING_S + LINE_LEASE_S)
    assert bench.last(c.HangUp).channel == line
    bench.wait(LINE_RETRY_S)

    assert line_of(bench) != line
    bench.tell(e.LegCreated(line))
    assert [x.channel for x in bench.sent(c.HangUp)] == [line, line]
    bench.tell(e.ChannelHungUp(line, 16))
    assert shown(bench) is LineState.OPENING


def test_a_line_wanted_while_the_link_is_down_is_opened_when_it_is_back() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign()
    bench.tell(e.PbxLinkLost(PBX, "reset"))
    assert bench.ask(e.CampaignJoinRequested, "ana", "renewals").problem == ""
    bench.wait(3 * LINE_RETRY_S)
    assert bench.sent(c.OpenLine) == []

    bench.tell(e.PbxStateRead(PBX, ()))
    bench.wait(LINE_RETRY_S)

    assert len(bench.sent(c.OpenLine)) == 1


def test_a_line_lost_while_the_desktop_reloads_is_opened_when_the_desktop_is_back() -> None:
    bench = joined(Bench(), "ana")
    line = bench.pick_up_line("ana")
    bench.tell(e.DesktopClosed("ana"))
    bench.tell(e.ChannelHungUp(line, 44))
    bench.wait(2 * LINE_RETRY_S)
    assert len(bench.sent(c.OpenLine)) == 1

    bench.tell(e.DesktopOpened("ana"))
    bench.tell(e.DesktopOpened("ana"))

    assert len(bench.sent(c.OpenLine)) == 2
    assert bench.agent("ana").state is AgentState.READY


def test_a_desktop_that_is_gone_lets_the_line_go_and_being_ready_opens_it_again() -> None:
    bench = joined(Bench(), "ana")
    line = bench.pick_up_line("ana")

    bench.tell(e.DesktopClosed("ana"))
    bench.wait(DESKTOP_GRACE_S)

    assert bench.agent("ana").reason == "desktop_lost"
    assert bench.last(c.HangUp).channel == line
    bench.tell(e.ChannelHungUp(line, 16))
    bench.tell(e.DesktopOpened("ana"))
    assert bench.agent("ana").line is None
    assert bench.ask(e.ReadyRequested, "ana").problem == ""
    assert len(bench.sent(c.OpenLine)) == 2


def test_a_line_that_was_lost_and_is_not_wanted_any_more_is_not_rung_again() -> None:
    bench = joined(Bench(), "ana")
    bench.tell(e.DesktopClosed("ana"))
    bench.wait(DESKTOP_GRACE_S - 1)
    bench.tell(e.OriginateFailed(line_of(bench)))
    bench.wait(1)
    bench.tell(e.DesktopOpened("ana"))

    bench.wait(60)

    assert bench.agent("ana").reason == "desktop_lost"
    assert len(bench.sent(c.OpenLine)) == 1


def test_a_desktop_gone_during_a_conversation_lets_the_line_go_after_it() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.person(ref)
    bench.join(ref)
    bench.tell(e.DesktopClosed("ana"))
    bench.wait(5 * DESKTOP_GRACE_S)
    assert bench.sent(c.HangUp) == []

    bench.tell(e.ChannelHungUp(ref, 16))
    bench.wait(5 * DESKTOP_GRACE_S)

    assert bench.agent("ana").state is AgentState.NOT_READY
    assert bench.agent("ana").line is None


def test_signing_out_lets_the_line_go_and_leaves_the_campaign() -> None:
    bench = joined(Bench(), "ana")
    line = bench.pick_up_line("ana")

    assert bench.ask(e.SignOutRequested, "ana").problem == ""

    assert bench.last(c.HangUp).channel == line
    assert (bench.agent("ana").line, bench.agent("ana").campaign) == (None, "")
    bench.tell(e.LegParked(line))
    bench.tell(e.ChannelHungUp(line, 16))
    assert [x.channel for x in bench.sent(c.HangUp)] == [line, line]
    assert line not in bench.machine.state.legs


def test_a_sign_out_wished_for_while_a_person_is_being_joined_lets_the_line_go() -> None:
    # The wish was granted in the middle of the withdrawal, and the withdrawal put the line back.
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    line = line_of(bench)
    bench.person(ref)
    assert bench.ask(e.SignOutRequested, "ana").problem == ""

    bench.tell(e.ChannelHungUp(ref, 16))

    assert bench.agent("ana").state is AgentState.SIGNED_OUT
    assert line in [x.channel for x in bench.sent(c.HangUp)]
    leg = bench.machine.state.legs[line]
    assert (leg.nailed, leg.call) == (False, "")


def test_a_line_that_does_not_come_back_from_a_conversation_is_rung_again() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.person(ref)
    line = bench.join(ref).leg
    assert line is not None
    bench.tell(e.ChannelLeft(line, "b-" + ref.id))
    bench.tell(e.ChannelHungUp(ref, 16))
    bench.wait(LINE_RING_S)
    assert bench.sent(c.HangUp) == []

    bench.wait(LINE_LEASE_S + LINE_RETRY_S)

    assert bench.last(c.HangUp).channel == line
    assert len(bench.sent(c.OpenLine)) == 2


def test_a_line_that_somebody_else_has_used_has_to_come_back_too() -> None:
    bench = joined(Bench(), "ana")
    line = bench.pick_up_line("ana")
    bench.tell(e.ChannelJoined(line, "b"))
    bench.tell(e.ChannelLeft(line, "b"))

    bench.wait(LINE_RING_S + LINE_LEASE_S)

    assert bench.last(c.HangUp).channel == line


def test_a_line_found_between_two_places_has_an_end() -> None:
    bench = joined(Bench(), "ana")
    line = bench.pick_up_line("ana")
    bench.review(line_truth(bench, Place.DIALPLAN))
    bench.tell(e.PbxStateRead(PBX, (line_truth(bench, Place.DIALPLAN),)))

    bench.wait(LINE_RING_S + LINE_LEASE_S)

    assert bench.last(c.HangUp).channel == line


def test_a_sign_out_wished_for_is_granted_when_the_line_is_lost_in_the_middle_of_a_join() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.person(ref)
    bench.ask(e.SignOutRequested, "ana")

    bench.tell(e.ChannelHungUp(line_of(bench), 44))

    assert "line:ana" not in bench.machine.state.timers
    bench.wait(60)
    assert bench.agent("ana").state is AgentState.SIGNED_OUT
    assert len(bench.sent(c.OpenLine)) == 1


def test_a_deadline_of_a_line_that_is_not_wanted_any_more_changes_nothing() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.machine.state.set_timer("line:ana", bench.now + 1)
    bench.machine.state.set_timer("line:nobody", bench.now + 1)

    bench.wait(2)

    assert (bench.sent(c.OpenLine), bench.sent(c.HangUp)) == ([], [])


def test_an_account_taken_away_lets_the_line_go() -> None:
    bench = joined(Bench(), "ana", "jon")
    line = bench.pick_up_line("ana")

    bench.tell(e.AgentsConfigured((AgentProfile("jon", ("service",)),)))
    bench.tell(e.AgentsConfigured((AgentProfile("jon", ("service",)),)))

    assert bench.last(c.HangUp).channel == line
    bench.tell(e.LegRinging(line))
    bench.tell(e.ChannelHungUp(line, 16))
    assert line not in bench.machine.state.legs


def test_a_line_survives_a_restart_of_the_service() -> None:
    bench = joined(Bench(), "ana")
    line = bench.pick_up_line("ana")

    bench.restart(line_truth(bench))
    bench.tell(e.DesktopOpened("ana"))

    assert line_of(bench) == line
    assert bench.sent(c.OpenLine) == []
    assert shown(bench) is LineState.PARKED


def test_a_line_picked_up_while_the_service_was_away_is_open() -> None:
    bench = joined(Bench(), "ana")
    bench.tell(e.LegCreated(line_of(bench)))

    bench.restart(line_truth(bench))

    assert shown(bench) is LineState.PARKED
    bench.tell(e.DesktopOpened("ana"))
    bench.wait(LINE_RING_S + LINE_LEASE_S)
    assert bench.sent(c.HangUp) == []


def test_a_line_that_still_rings_after_a_restart_may_be_picked_up() -> None:
    bench = joined(Bench(), "ana")
    line = line_of(bench)
    bench.tell(e.LegCreated(line))

    bench.restart(line_truth(bench, Place.DIALPLAN, up=False))
    bench.tell(e.DesktopOpened("ana"))
    bench.tell(e.LegAnswered(line))
    bench.tell(e.LegParked(line))

    assert shown(bench) is LineState.PARKED


def test_a_line_let_go_by_the_dialplan_while_the_service_was_away_is_opened_again() -> None:
    # The park loop lets phones go when the heartbeat is stale. The desktop is back only after the
    # first try to open the line: without one the line is not wanted.
    bench = joined(Bench(), "ana")
    bench.pick_up_line("ana")

    bench.restart()
    bench.wait(2 * LINE_RETRY_S)
    assert bench.sent(c.OpenLine) == []
    bench.tell(e.DesktopOpened("ana"))

    assert len(bench.sent(c.OpenLine)) == 1
    assert bench.agent("ana").state is AgentState.READY


def test_a_line_of_an_agent_who_left_while_the_link_was_down_is_hung_up_after_it() -> None:
    bench = joined(Bench(), "ana")
    line = bench.pick_up_line("ana")
    truth = line_truth(bench)
    bench.tell(e.PbxLinkLost(PBX, "reset"))
    bench.ask(e.CampaignJoinRequested, "ana", "")
    bench.tell(e.CommandFailed(bench.last(c.HangUp).id, "no link"))

    bench.tell(e.PbxStateRead(PBX, (truth,)))

    assert [x.channel for x in bench.sent(c.HangUp)] == [line, line]


def test_a_line_that_nobody_knows_is_hung_up() -> None:
    bench = Bench()

    bench.tell(e.LegParked(ChannelRef(PBX, "leg-old")))

    assert bench.last(c.HangUp).channel.id == "leg-old"
    assert [r.kind for r in bench.kept(RepairRecord)] == ["orphan_leg"]
