"""Whatever has happened: once the PBX behaves and agents are at work, people are dialed and joined.

The story before is any of ``test_machine``. Then the link is made anew, the PBX has nothing of it
left, and nobody but the agents does anything: a campaign that was running goes on by itself.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.core.queries import LineState, view_of_agent
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.campaign import CampaignState, CampaignStep, Pacing
from callcenter.domain.ids import ChannelRef
from tests.builders import CAMPAIGN, PBX, Bench, row
from tests.properties.test_machine import AGENTS, CAMPAIGNS, CLOSING, assert_replays, run

CALM_S = 90.0
"""Longer than any wrap-up, grace time or lease."""
PATIENCE_S = 150.0
"""Longer than a trunk's longest pause, and a line rung in vain."""
LOOK_S = 0.5


def sit_down(bench: Bench) -> None:
    """Every agent is signed in somewhere, has a desktop and is ready."""
    for name in AGENTS:
        if bench.agent(name).state is AgentState.SIGNED_OUT:
            phones = (p for p in ("1001", "1002", "1003") if not _is_taken(bench, p))
            assert bench.ask(e.SignInRequested, name, next(phones)).problem == ""
        bench.tell(e.DesktopOpened(name))
        assert bench.ask(e.ReadyRequested, name).problem == ""
        assert bench.agent(name).state is AgentState.READY


def _is_taken(bench: Bench, phone: str) -> bool:
    return phone in bench.machine.state.agent_of_phone


def a_running_campaign(bench: Bench) -> str:
    """One that runs already, if there is one whose window is open."""
    for name in CAMPAIGNS:
        campaign = bench.machine.state.campaigns.get(name)
        if campaign is None or campaign.settings.window == CLOSING:
            continue
        if campaign.settings.pacing is Pacing.PREVIEW:  # dials when an agent says so
            continue
        if campaign.state is CampaignState.RUNNING:
            return name
    assert bench.ask(e.CampaignSaved, CAMPAIGN, "kim").problem == ""
    start = CampaignStep.START
    assert bench.ask(e.CampaignStepRequested, CAMPAIGN.id, start, "kim").problem == ""
    return CAMPAIGN.id


class Obedient:
    """A PBX and a database that do what they are asked: phones are picked up, the list is long."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._contacts = 100

    def answer(self) -> None:
        """Pick up the phones that ring for a line; give contacts to whoever asks."""
        state = self.bench.machine.state
        for name in AGENTS:
            if view_of_agent(state, self.bench.agent(name)).line is LineState.OPENING:
                self.bench.pick_up_line(name)
        for command in [x for x in state.pending.values() if isinstance(x, c.RefillHopper)]:
            if state.campaigns[command.campaign].refill == command.id:
                self._contacts += command.want
                rows = (row(self._contacts - number) for number in range(command.want))
                self.bench.fill(*rows, campaign=command.campaign)

    def wait_for_a_call(self, campaign: str) -> ChannelRef:
        """The first call that this campaign places."""
        for _ in range(int(PATIENCE_S / LOOK_S)):
            self.answer()
            for attempt in self.bench.machine.state.attempts.values():
                if attempt.campaign == campaign:
                    return attempt.channel
            self.bench.wait(LOOK_S)
        raise AssertionError(f"no call was placed: {self.bench.live(campaign)}")


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_a_campaign_dials_again_whatever_has_happened_before(seed: int) -> None:
    bench = run(seed)
    bench.tell(e.PbxLinkLost(PBX, "reset"))
    bench.tell(e.PbxStateRead(PBX, ()))
    bench.wait(CALM_S)
    sit_down(bench)
    campaign = a_running_campaign(bench)
    for name in AGENTS:
        assert bench.ask(e.CampaignJoinRequested, name, campaign).problem == ""

    ref = Obedient(bench).wait_for_a_call(campaign)
    bench.person(ref)

    talking = bench.join(ref).agent
    assert bench.agent(talking).state is AgentState.TALKING
    bench.part(ref)
    assert bench.agent(talking).state in (AgentState.WRAP_UP, AgentState.READY)
    assert_replays(bench)
