"""Two campaigns dial for the same six agents, and the service dies now and then."""

from __future__ import annotations

import msgspec
import pytest

from callcenter.domain.attempt import AttemptResult
from callcenter.domain.campaign import CampaignSettings, HopperRow, Pacing
from callcenter.domain.records import AttemptRecord
from callcenter.simulator.contact_list import ContactList
from callcenter.simulator.day import Setting, SimulatedDay
from callcenter.simulator.world import World
from tests.builders import T0
from tests.simulation.test_campaign_day import CAMPAIGN, HABITS, HOUR_S, make_day

FIRST = msgspec.structs.replace(
    CAMPAIGN, pacing=Pacing.PROGRESSIVE, lines_per_agent=1.0, drop_cap=None
)
SECOND = msgspec.structs.replace(FIRST, id="surveys", name="Surveys", priority=5)
SHARED = msgspec.structs.replace(HABITS, also=(SECOND.id,))
SECOND_CONTACTS = 60


class TwoCampaigns(SimulatedDay):
    """The same day with a second campaign, that goes first and has few people."""

    def __init__(self, setting: Setting, world: World, contacts: ContactList) -> None:
        zone = ("Atlantic/Reykjavik",)
        rows = (HopperRow(f"9{n}", f"+3547{n:06}", zone) for n in range(SECOND_CONTACTS))
        contacts.add(SECOND.id, tuple(rows))
        both: tuple[CampaignSettings, ...] = (*setting.campaigns, SECOND)
        super().__init__(msgspec.structs.replace(setting, campaigns=both), world, contacts)


@pytest.mark.parametrize("kill_every_s", [0.0, 300.0])
def test_the_important_campaign_is_dialed_first_and_the_other_fills_the_time(
    kill_every_s: float,
) -> None:
    day = make_day(
        5, campaign=FIRST, contacts=300, habits=SHARED, kind=TwoCampaigns, kill_every_s=kill_every_s
    )

    day.run(T0 + 0.3 * HOUR_S)

    ended = [one for one in day.records if isinstance(one, AttemptRecord)]
    talked = {
        key: sum(one.campaign == key and one.result is AttemptResult.CONNECTED for one in ended)
        for key in (FIRST.id, SECOND.id)
    }
    assert min(talked.values()) > 3
    first = [one.placed_at for one in ended if one.campaign == FIRST.id]
    second = [one.placed_at for one in ended if one.campaign == SECOND.id]
    assert sorted(second)[20] < sorted(first)[20]
