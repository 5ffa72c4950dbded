"""``callcenter campaign rehearse``: asked of a running center, printed for people and programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from callcenter.cli import rehearse as rehearse_rules
from callcenter.cli.rehearse_campaign import tell
from callcenter.domain import events as e
from callcenter.domain.campaign import CampaignSettings
from callcenter.domain.history import CampaignPast, ListedContact
from callcenter.domain.rehearsal import (
    CampaignRehearsalResult,
    Plan,
    Progress,
    RehearsalResult,
)
from callcenter.rehearsal.campaign import rehearse_campaign
from callcenter.service.campaign_plan import CampaignPlan
from callcenter.service.rehearsals import Rehearsals
from callcenter.simulator.asterisk_instance import free_port
from tests.unit.api.fakes import Center
from tests.unit.cli.test_campaign import CONFIG, running
from tests.unit.service.test_rehearsals import CAMPAIGN_RESULT


class Playing:
    """A rehearser that plays in this process, on a list of its own."""

    async def rehearse(
        self, plan: Plan, on_progress: Callable[[Progress], None]
    ) -> RehearsalResult:
        """As the port's."""
        raise NotImplementedError

    async def rehearse_campaign(
        self, plan: CampaignPlan, on_progress: Callable[[Progress], None]
    ) -> CampaignRehearsalResult:
        """As the port's."""
        zones = ("UTC",) if 9 <= plan.now % 86400.0 / 3600.0 < 19 else ("Asia/Tokyo",)
        contacts = tuple(ListedContact(f"{number}", zones) for number in range(200))
        return rehearse_campaign(
            CampaignPast(plan.now, contacts=contacts, left=200), plan, on_progress
        )


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "center.yaml"
    path.write_text(CONFIG.format(http=free_port(), ami=free_port()))
    return path


def make_center() -> Center:
    center = Center().with_agents("ana", "bob", "cid")
    settings = CampaignSettings("renewals", "Renewals", "main", "carrier")
    assert center.hub.bench.ask(e.CampaignSaved, settings, "mia").problem == ""
    center.rehearsals = Rehearsals(center.hub, Playing(), center.clock)
    center.__post_init__()
    return center


async def test_a_campaign_is_played_and_told_with_the_change_beside_it(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearse_rules, "POLL_S", 0.01)
    async with running(config, make_center()) as center:
        words = ("rehearse", "renewals", "--hours", "0.25", "--seeds", "2")
        found = await center.ask(*words)
        told = await center.run(*words, "--without", "2")
        nobody = await center.run(*words, "--without", "3")
        wrong = await center.run(*words, "--lines-per-agent", "2")
        unknown = await center.run("rehearse", "none")

    assert (found["agents"], found["new_agents"], found["contacts"]) == (3, None, 200)
    assert found["figures"]["reached"]["current"]["mean"] > 3
    assert told.exit_code == 0, told.output
    lines = told.stdout.splitlines()
    assert lines[0].startswith("2 x 0.25 hours of work; 200 contacts left")
    assert "with the change" in lines[2]
    assert lines[3].split() == ["agents", "3", "1"]
    assert [line for line in lines if line.startswith("note: Nobody has worked for it yet")]
    assert [one.exit_code for one in (nobody, wrong, unknown)] == [1, 1, 1]
    assert "Of 3 agents 3 leave: nobody is left." in nobody.stderr
    assert "only power pacing reads it" in wrong.stderr
    assert "There is no campaign none" in unknown.stderr


def test_figures_are_rows_with_their_intervals() -> None:
    lines = list(tell(CAMPAIGN_RESULT))

    assert lines[3].split() == ["agents", "12", "7"]
    assert lines[4].split() == [
        "busy,", "%", "50.0", "(40.0", "to", "60.0)", "60.0", "+10.0", "(+5.0", "to", "+15.0)", "*"
    ]  # fmt: skip
    assert next(one for one in lines if one.startswith("hours until list")).split()[-2:] == [
        ">", "8"
    ]  # fmt: skip
    assert lines[-1] == "note: The past is thin."
