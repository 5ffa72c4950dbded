"""Contacts call a dialing campaign back, and the service dies now and then."""

from __future__ import annotations

import msgspec
import pytest

from callcenter.domain.customer import Tier
from callcenter.domain.records import AttemptRecord, CallRecord, DncRecord, ReturnRecord
from callcenter.simulator.people import Customer, Population
from tests.simulation.test_campaign_day import CAMPAIGN, make_day, play

SHOWN = "+3545550000"
RETURNS = msgspec.structs.replace(
    CAMPAIGN, caller_id=SHOWN, opt_out_key="9", return_prompt="menu", agent_prompt="beep"
)
CALLERS = tuple(Customer(f"+3546{n:06}", Tier.STANDARD) for n in range(60))


@pytest.mark.parametrize("kill_every_s", [0.0, 240.0])
def test_who_calls_back_and_talks_or_opts_out_is_dialed_no_more(kill_every_s: float) -> None:
    day = make_day(3, campaign=RETURNS, contacts=400, kill_every_s=kill_every_s)
    day.world.open_lines(
        Population(
            dialed=(SHOWN,),
            rate_per_s=0.05,
            customers=CALLERS,
            menus={"cc/menu": {"9": 1.0, "1": 1.0, "": 4.0}},
            talk_s_mean=30.0,
        )
    )

    play(day, 0.25)

    came = [one for one in day.records if isinstance(one, ReturnRecord)]
    assert sum(1 for one in came if one.answered_at) > 1
    assert sum(one.opted_out for one in came) == sum(
        isinstance(one, DncRecord) for one in day.records
    )
    over = {one.contact: one.ended_at for one in reversed(came) if one.answered_at or one.opted_out}
    placed = [one for one in day.records if isinstance(one, AttemptRecord)]
    assert [one for one in placed if one.placed_at > over.get(one.contact, one.placed_at)] == []
    calls = {one.call: one for one in day.records if isinstance(one, CallRecord)}
    assert {calls[one.call].returned for one in came} == {"renewals"}
