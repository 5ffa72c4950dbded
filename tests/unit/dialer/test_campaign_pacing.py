"""What a campaign's pacer adds to its strategies: how often it is asked."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from callcenter.domain.campaign import Pacing
from dialer.campaign_pacing import OFTEN_AGENTS, SELDOM_S, CampaignPacer, begin
from dialer.pacing.scene import AgentPhase
from tests.builders import CAMPAIGN, T0


def pacer_of(agents: int, pacing: Pacing) -> CampaignPacer:
    """The pacer of a campaign for which so many agents are ready, asked at ``T0``."""
    settings = replace(CAMPAIGN, pacing=pacing)
    pacer = CampaignPacer(begin(settings, T0, 0, 0), settings)
    for number in range(agents):
        pacer.agent(f"a{number}", AgentPhase.READY, T0)
    assert pacer.ask(T0) is not None
    return pacer


@pytest.mark.parametrize(
    ("agents", "pacing", "is_asked"),
    [
        (OFTEN_AGENTS, Pacing.PREDICTIVE, True),
        (OFTEN_AGENTS + 1, Pacing.PREDICTIVE, False),
        (OFTEN_AGENTS + 1, Pacing.PROGRESSIVE, True),
    ],
)
def test_a_predictive_pacer_with_many_agents_is_not_asked_again_at_once(
    agents: int, pacing: Pacing, is_asked: bool
) -> None:
    pacer = pacer_of(agents, pacing)

    assert (pacer.ask(T0 + SELDOM_S / 2) is not None) is is_asked
    assert pacer.ask(T0 + SELDOM_S) is not None
