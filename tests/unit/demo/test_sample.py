"""The sample center's people: the same for a seed, and shaped as in life."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from callcenter.demo import renewals, sample
from callcenter.demo.arrivals import draw_callers, draw_times, shape_of_hour
from callcenter.demo.run import make_people
from callcenter.documents.campaigns import CampaignFields
from callcenter.documents.contacts_csv import ContactReading, ContactRow, ContactsFile
from callcenter.documents.rejects import Reject
from callcenter.domain.agent import Seniority
from callcenter.domain.customer import Tier
from callcenter.simulator.sip_carrier import NumberBehaviour

SEEDS = range(20)


def test_people_are_the_same_for_a_seed_and_others_for_another() -> None:
    assert make_people(1) == make_people(1)
    assert make_people(1) != make_people(2)


def test_agents_are_seniors_and_juniors_with_a_phone_each() -> None:
    everybody = (*sample.AGENTS, sample.VISITOR)

    assert len({agent.phone.number for agent in everybody}) == len(everybody)
    assert {agent.seniority for agent in sample.AGENTS} == set(Seniority)
    behaviours = Counter(agent.phone.behaviour for agent in sample.AGENTS)
    assert behaviours == {"answer": 8, "ignore": 1, "reject": 1, "unreachable": 1}
    workers = [agent for agent in sample.AGENTS if agent.campaign]
    assert len(workers) == 4
    assert all(agent.phone.behaviour == "answer" for agent in (*workers, sample.VISITOR))


def test_customers_have_tiers_and_numbers_of_their_own() -> None:
    customers = sample.make_customers(Random(1))

    tiers = Counter(customer.tier for customer in customers)
    assert tiers == {Tier.GOLD: 200, Tier.SILVER: 300, Tier.STANDARD: 500}
    numbers = [number for customer in customers for number in customer.numbers]
    assert len(set(numbers)) == len(numbers)


def test_more_people_call_after_the_full_hour_and_at_the_half_hour() -> None:
    shape = shape_of_hour()

    assert max(shape) == shape[0]
    assert shape[0] > 2 * shape[20]
    assert shape[30] > shape[20]
    assert shape[30] > shape[45]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_first_quarter_of_an_hour_brings_most_callers_but_no_two_hours_are_the_same(
    seed: int,
) -> None:
    times = draw_times(Random(seed), 400, 60.0)

    quarters = Counter(int(at // 15) for at in times)
    assert all(before <= after for before, after in pairwise(times))
    assert max(quarters, key=quarters.__getitem__) == 0
    assert min(times) >= 0.0
    assert max(times) < 60.0
    assert times != draw_times(Random(seed + 1), 400, 60.0)


@pytest.mark.parametrize("seed", SEEDS)
def test_even_few_callers_are_of_all_kinds(seed: int) -> None:
    customers = sample.make_customers(Random(seed))

    callers = draw_callers(Random(seed), customers, 20.0, 16, 12.0)

    assert len({caller.number for caller in callers}) == 16
    assert {caller.tier for caller in callers} >= {None, Tier.GOLD, Tier.STANDARD}
    assert callers[0].tier is Tier.GOLD
    assert [caller.key for caller in callers].count("") == 1
    hasty = [caller for caller in callers if caller.key and caller.stay_s < 5.0]
    assert len(hasty) == 4
    assert all(caller.stay_s <= 12.0 for caller in callers)


def test_strangers_call_when_there_are_no_customers_left() -> None:
    customers = sample.make_customers(Random(1), count=5)

    callers = draw_callers(Random(1), customers, 60.0, 20, 12.0)

    assert [caller.tier for caller in callers].count(None) == 15


# --- the campaign ---------------------------------------------------------------------------------


def test_the_campaign_can_be_put_as_a_manager_would() -> None:
    settings = CampaignFields.model_validate(renewals.settings()).settings(renewals.CAMPAIGN)

    assert settings.ring_s == renewals.RING_S
    assert settings.lines_per_agent > 1
    assert settings.window.weekdays == tuple(range(7))


@pytest.mark.parametrize("seed", SEEDS)
def test_whoever_is_dialed_first_shows_every_kind_of_result(seed: int) -> None:
    _, contacts = make_people(seed)

    workers = sum(1 for agent in sample.AGENTS if agent.campaign)
    at_once = int(workers * renewals.LINES_PER_AGENT)
    opening = contacts[: len(renewals.OPENING)]
    people = [contact for contact in opening if contact.behaviour == NumberBehaviour.HUMAN]
    others = [contact for contact in opening if contact not in people]
    assert {contact.behaviour for contact in others} == {
        "no_answer", "machine", "busy", "rejected", "congestion", "unknown", "hangs_up",
    }  # fmt: skip
    assert len(others) == at_once
    assert len(people) > workers
    stays = [contact.stay_s for contact in contacts]
    assert min(stays) > 2.5 + renewals.HARBOUR_WAIT_S + sample.PROMPT_S[renewals.HARBOUR_PROMPT]


@pytest.mark.parametrize("seed", range(3))
def test_lists_are_imported_but_for_their_bad_rows(seed: int, tmp_path: Path) -> None:
    customers, contacts = make_people(seed)
    known = {customer.id: customer for customer in customers}

    read: list[ContactRow] = []
    for name, text in renewals.lists(contacts):
        path = tmp_path / f"{name}.csv"
        path.write_text(text, encoding="utf-8")
        with ContactsFile(path, ContactReading(sample.REGION)) as rows:
            found = list(rows)
        refused = [row for row in found if isinstance(row, Reject)]
        assert len(refused) == 6
        assert refused[-1].reason == "the same number is in row 2"
        read += [row for row in found if isinstance(row, ContactRow)]

    assert [row.number for row in read] == [contact.number for contact in contacts]
    assert all(row.number in known[row.customer].numbers for row in read if row.customer)
    assert sum(1 for row in read if not row.customer) == len(contacts) // renewals.FORMER_EVERY
    assert read[0].attributes.keys() == {"card", "runs out"}


def test_an_empty_list_has_its_columns() -> None:
    assert renewals.write_csv([]).strip() == ",".join(renewals.COLUMNS)
