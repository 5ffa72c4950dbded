"""Agents who work for several campaigns: each is counted on by one, and takes the people of all."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from callcenter.core.campaign_queries import campaign_view
from callcenter.core.invariants import broken
from callcenter.core.outbound import CAMPAIGNS_MAX
from callcenter.core.queries import agent_view
from callcenter.core.salvage import salvage
from callcenter.core.state import decode_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.campaign import CampaignStep, Pacing
from callcenter.domain.ids import ChannelRef
from callcenter.domain.step import Entry
from tests.builders import Bench, row
from tests.unit.core.return_bench import SHOWN, call_in, on_hold

BOTH = ("renewals", "surveys")


def center(*agents: str, first: int = 0, second: int = 0, **changes: Any) -> Bench:
    """Two running campaigns of these priorities, and agents who are not at work for any."""
    bench = Bench()
    bench.agents(*agents)
    bench.campaign(priority=first, **changes)
    bench.campaign(id="surveys", name="Surveys", priority=second, **changes)
    return bench


def join(bench: Bench, *agents: str, campaign: str = "renewals", also: str = "surveys") -> None:
    """These agents work for both, on one line."""
    for name in agents:
        assert bench.ask(e.CampaignJoinRequested, name, campaign, (also,)).problem == ""
        bench.pick_up_line(name)


def fill(bench: Bench, campaign: str, *contacts: int) -> None:
    """The campaign has these people to dial."""
    bench.tell(e.ContactsChanged(campaign))
    bench.fill(*(row(number) for number in contacts), campaign=campaign)


def counted(bench: Bench, *names: str) -> list[str]:
    """Which campaign counts on each of these agents."""
    return [bench.agent(name).campaign for name in names]


def dialed_by(bench: Bench) -> list[str]:
    """Which campaign placed each call."""
    return [one.campaign for one in bench.sent(c.PlaceCall)]


# --- joining --------------------------------------------------------------------------------------


def test_one_line_serves_all_campaigns_and_stays_when_others_are_chosen() -> None:
    bench = center("ana")
    join(bench, "ana")
    assert len(bench.sent(c.OpenLine)) == 1

    assert bench.ask(e.CampaignJoinRequested, "ana", "surveys").problem == ""

    assert len(bench.sent(c.OpenLine)) == 1
    assert bench.sent(c.HangUp) == []
    assert bench.agent("ana").works_for == ("surveys",)


def test_leaving_leaves_all_of_them_and_the_line() -> None:
    bench = center("ana")
    join(bench, "ana")

    bench.ask(e.CampaignJoinRequested, "ana", "")

    assert bench.agent("ana").works_for == ()
    assert len(bench.sent(c.HangUp)) == 1


@pytest.mark.parametrize(
    ("also", "problem"),
    [
        (("nowhere",), "no campaign nowhere"),
        (tuple(f"c{n}" for n in range(CAMPAIGNS_MAX)), "choose fewer"),
    ],
)
def test_one_that_cannot_be_worked_for_refuses_all(also: tuple[str, ...], problem: str) -> None:
    bench = center("ana")

    assert problem in bench.ask(e.CampaignJoinRequested, "ana", "renewals", also).problem

    assert bench.agent("ana").works_for == ()


def test_signing_out_ends_work_for_all() -> None:
    bench = center("ana")
    join(bench, "ana")

    bench.ask(e.SignOutRequested, "ana")

    assert bench.agent("ana").works_for == ()


# --- sharing out ----------------------------------------------------------------------------------


def test_a_free_agent_is_dialed_for_by_one_campaign_only() -> None:
    bench = center("ana")
    fill(bench, "renewals", 1, 2)
    fill(bench, "surveys", 3, 4)

    join(bench, "ana")

    assert len(bench.sent(c.PlaceCall)) == 1


def test_the_campaign_of_the_higher_priority_gets_who_is_free() -> None:
    bench = center("ana", "bo", second=5)
    fill(bench, "renewals", 1, 2, 3)
    fill(bench, "surveys", 4, 5, 6)

    join(bench, "ana", "bo")

    assert counted(bench, "ana", "bo") == ["surveys", "surveys"]
    assert dialed_by(bench) == ["surveys", "surveys"]


def test_equal_campaigns_share_evenly_and_nobody_is_moved_without_need() -> None:
    bench = center("ana", "bo", "cy", "dee")
    fill(bench, "renewals", 1, 2, 3, 4)
    fill(bench, "surveys", 5, 6, 7, 8)

    join(bench, "ana", "bo", "cy", "dee")

    shares = counted(bench, "ana", "bo", "cy", "dee")
    assert sorted(shares) == ["renewals", "renewals", "surveys", "surveys"]
    bench.tell(e.ContactsChanged("renewals"))
    assert counted(bench, "ana", "bo", "cy", "dee") == shares


def test_who_has_nobody_to_dial_lends_its_agents_whatever_its_priority() -> None:
    bench = center("ana", first=9)
    fill(bench, "surveys", 3)

    join(bench, "ana")

    assert counted(bench, "ana") == ["surveys"]
    assert dialed_by(bench) == ["surveys"]


def test_a_campaign_that_is_paused_or_begins_later_lends_its_agents() -> None:
    bench = center("ana", first=9)
    fill(bench, "renewals", 1, 2)
    fill(bench, "surveys", 3, 4)
    bench.ask(e.CampaignStepRequested, "renewals", CampaignStep.PAUSE, "kim")

    join(bench, "ana")

    assert counted(bench, "ana") == ["surveys"]
    later = msgspec.structs.replace(bench.live("surveys").settings, starts_at=bench.now + 3600)
    bench.tell(e.ChannelHungUp(bench.last(c.PlaceCall).channel, 17))
    bench.ask(e.CampaignSaved, later, "kim")
    bench.ask(e.CampaignStepRequested, "renewals", CampaignStep.START, "kim")
    fill(bench, "renewals", 1, 2)
    assert counted(bench, "ana") == ["renewals"]


def test_a_campaign_whose_trunk_is_in_trouble_lends_its_agents() -> None:
    bench = center("ana", first=9)
    bench.allowed_faults = ("*",)
    other = msgspec.structs.replace(bench.live("surveys").settings, trunk="other")
    bench.ask(e.CampaignSaved, other, "kim")
    fill(bench, "surveys", *range(20, 30))
    join(bench, "ana")
    fill(bench, "renewals", *range(10))

    for _ in range(12):
        placed = bench.last(c.PlaceCall)
        if placed.campaign == "surveys":
            break
        bench.tell(e.AttemptCreated(placed.channel))
        bench.tell(e.ChannelHungUp(placed.channel, 34))
        bench.wait(1.0)

    assert counted(bench, "ana") == ["surveys"]


def test_people_on_the_way_keep_their_agents_although_the_list_is_over() -> None:
    bench = center("ana", first=9)
    fill(bench, "renewals", 1)
    fill(bench, "surveys", 2)

    join(bench, "ana")

    assert bench.live().hopper == ()
    assert counted(bench, "ana") == ["renewals"]
    assert dialed_by(bench) == ["renewals"]


def test_who_reads_a_card_keeps_it_though_a_higher_campaign_begins() -> None:
    bench = center("ana", second=9, pacing=Pacing.PREVIEW)
    fill(bench, "renewals", 1)
    join(bench, "ana")
    assert bench.agent("ana").preview is not None

    fill(bench, "surveys", 2)

    assert counted(bench, "ana") == ["renewals"]
    assert bench.agent("ana").preview is not None


# --- people ---------------------------------------------------------------------------------------


def talk_of_other(bench: Bench) -> ChannelRef:
    """A person of surveys answers, whose campaign counts on nobody any more."""
    fill(bench, "surveys", 3)
    join(bench, "ana")
    ref = bench.last(c.PlaceCall).channel
    fill(bench, "renewals", 1, 2)
    bench.person(ref)
    return ref


def test_a_person_gets_any_free_agent_of_their_campaign_who_is_counted_there_then() -> None:
    bench = center("ana", first=9)

    ref = talk_of_other(bench)
    bench.join(ref)

    assert bench.agent("ana").state is AgentState.TALKING
    assert counted(bench, "ana") == ["surveys"]
    assert bench.attempt(ref).campaign == "surveys"
    bench.part(ref)
    bench.note("ana")
    assert counted(bench, "ana") == ["renewals"]


def test_a_dropped_person_counts_at_the_campaign_that_dialed() -> None:
    bench = center("ana", first=9)
    fill(bench, "surveys", 3)
    join(bench, "ana")
    ref = bench.last(c.PlaceCall).channel
    bench.ask(e.NotReadyRequested, "ana", "lunch")

    bench.person(ref)
    bench.message(ref)
    bench.tell(e.ChannelHungUp(ref, 16))

    assert bench.came_of_it().campaign == "surveys"
    assert bench.live("renewals").people == 0


def test_who_calls_back_gets_an_agent_counted_elsewhere() -> None:
    bench = center("ana")
    shown = msgspec.structs.replace(bench.live("surveys").settings, caller_id=SHOWN)
    bench.ask(e.CampaignSaved, shown, "kim")
    join(bench, "ana")
    call_in(bench)
    asked = bench.last(c.FindContact)
    bench.tell(e.ContactFound(asked.id, asked.call, "surveys", "1"))

    on_hold(bench)

    assert bench.last(c.PopCard).agent == "ana"
    assert counted(bench, "ana") == ["surveys"]


# --- looking and restarting -----------------------------------------------------------------------


def test_views_count_each_agent_once_and_name_who_is_shared() -> None:
    bench = center("ana", first=9)
    fill(bench, "renewals", 1)
    join(bench, "ana")
    state = bench.machine.state

    agent = agent_view(state, "ana")
    views = [campaign_view(state, name) for name in BOTH]

    assert agent is not None
    assert (agent.campaign, agent.campaigns) == ("renewals", BOTH)
    assert [(v.agents, v.agents_elsewhere) for v in views if v is not None] == [(1, 0), (0, 1)]
    assert views[1] is not None
    assert views[1].silence == "Its agents are counted on by other campaigns now; shared: 1."


def test_a_restart_shares_out_as_before() -> None:
    bench = center("ana", "bo")
    fill(bench, "renewals", 1, 2)
    fill(bench, "surveys", 3, 4)
    join(bench, "ana", "bo")

    found = decode_state(bench.machine.state.encode())

    assert found.teams.as_dict() == {"renewals": 1, "surveys": 1}
    assert sorted(found.free_to_share) == sorted(bench.machine.state.free_to_share)


def test_a_foreign_tail_tells_for_whom_agents_work() -> None:
    bench = center("ana")
    join(bench, "ana")
    state = decode_state(bench.machine.state.encode())
    told = e.CampaignJoinRequested("r", "ana", "surveys", ("gone", "renewals"))

    found = salvage(state, [Entry(state.position + 1, bench.now, told, (), ())])

    assert found.agents["ana"].works_for == ("surveys", "renewals")


def test_invariants_see_an_agent_who_works_twice_for_one() -> None:
    bench = center("ana")
    join(bench, "ana")
    state = bench.machine.state

    state.agents.put("ana", msgspec.structs.replace(bench.agent("ana"), also_for=("renewals",)))
    state.teams.put("surveys", 4)

    found = " ".join(broken(state))
    assert "works for 'renewals' and besides for ('renewals',)" in found
    assert "0 agents, counted 4" in found


def test_the_prompt_that_the_agent_hears_first_is_that_of_the_persons_campaign() -> None:
    bench = center("ana", first=9)
    beeps = msgspec.structs.replace(bench.live("surveys").settings, agent_prompt="beep")
    bench.ask(e.CampaignSaved, beeps, "kim")

    talk_of_other(bench)

    assert bench.last(c.JoinCall).agent_prompt == "beep"
