"""Contacts one by one over HTTP: priorities, somebody added, why somebody is next."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter.documents.contacts_csv import ContactNumber, ContactRow
from callcenter.domain import events as e
from callcenter.domain.campaign import CallingWindow, CampaignSettings, Terms
from callcenter.domain.customer import Tier
from tests.builders import ALWAYS, CAMPAIGN, T0, row
from tests.unit.api.fake_contacts import FakeBook
from tests.unit.api.fakes import Answer, Center

RENEWALS = "/api/v1/campaigns/renewals"
ICELAND = ("Atlantic/Reykjavik",)


def with_campaign(settings: CampaignSettings = CAMPAIGN) -> Center:
    center = Center().with_agents("ana")
    assert center.hub.bench.ask(e.CampaignSaved, settings, "mia").problem == ""
    return center


def book_of(center: Center) -> FakeBook:
    assert center.book is not None
    return center.book


async def ask(center: Center, method: str, path: str, who: str = "mia", **options: Any) -> Answer:
    async with center.serve() as caller:
        url = f"{RENEWALS}/{path}"
        return await caller.send(method, url, headers=await caller.bearer(who), **options)


async def test_lists_are_told_and_get_another_priority_which_empties_the_hopper() -> None:
    center = with_campaign()

    told = await ask(center, "GET", "lists", "sue")
    changed = await ask(center, "PUT", "lists/3", json={"priority": 9})
    missing = await ask(center, "PUT", "lists/4", json={"priority": 9})
    nonsense = await ask(center, "PUT", "lists/x", json={"priority": 9})

    assert told.body["lists"][0] == {
        "id": 3,
        "name": "autumn",
        "priority": 5,
        "imported_at": 1.0,
        "rows": 9,
        "accepted": 8,
        "refused": 1,
    }
    assert [one.status for one in (told, changed, missing, nonsense)] == [200, 200, 404, 404]
    assert ("list", "renewals", 3, 9) in book_of(center).asked
    assert center.hub.told == [e.ContactsChanged("renewals")]


async def test_a_contact_gets_a_priority_of_its_own() -> None:
    center = with_campaign()

    changed = await ask(center, "PUT", "contacts/7", json={"priority": None})
    missing = await ask(center, "PUT", "contacts/8", json={"priority": 1})

    assert (changed.status, changed.body["contact"], missing.status) == (200, "7", 404)
    assert ("contact", "renewals", "7", None) in book_of(center).asked
    assert center.hub.told == [e.ContactsChanged("renewals")]


async def test_somebody_is_added_with_all_that_is_known_and_before_every_list() -> None:
    center = with_campaign()
    body = {
        "numbers": ["555 1007", "+44 20 7123 4567", "+3545551007"],
        "name": "Ana",
        "customer": "K1",
        "tier": "gold",
        "note": "has just asked",
        "consent": True,
        "account": "A7",
        "attributes": {"City": "Reykjavík"},
    }

    added = await ask(center, "POST", "contact", json=body)

    assert (added.status, added.body) == (200, {"contact": "8", "number": "+3545551007"})
    (asked,) = book_of(center).asked
    assert asked == (
        "add",
        "renewals",
        ContactRow(
            1,
            "+3545551007",
            ICELAND,
            "Ana",
            "K1",
            Tier.GOLD,
            100,
            "has just asked",
            {"City": "Reykjavík"},
            kind="landline",
            more_numbers=(ContactNumber("+442071234567", ("Europe/London",), "landline"),),
            consent=True,
            account="A7",
        ),
        "added by program",
    )
    assert center.hub.told == [e.ContactsChanged("renewals")]


async def test_the_persons_own_zone_stands_for_those_of_the_number() -> None:
    center = with_campaign()
    body = {"numbers": ["+18005550100"], "zone": "america/denver", "list": "web", "priority": None}

    await ask(center, "POST", "contact", json=body)

    _, _, added, name = book_of(center).asked[0]
    assert isinstance(added, ContactRow)
    assert (added.zones, added.zone, added.priority) == (
        ("America/Denver",),
        "America/Denver",
        None,
    )
    assert name == "web"


async def test_who_is_there_already_is_a_conflict_and_changes_nothing() -> None:
    center = with_campaign()
    book_of(center).refusal = "number: the campaign has this number already"

    answer = await ask(center, "POST", "contact", json={"numbers": ["5551007"]})

    assert answer.status == 409
    assert answer.body["detail"] == "Number: the campaign has this number already."
    assert center.hub.told == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"numbers": []}, "body.numbers"),
        ({"numbers": ["12"]}, "body.numbers"),
        ({"numbers": ["+3541111111111"]}, "body.numbers"),
        ({"numbers": ["5551007"], "zone": "Mars/Base"}, "body.numbers"),
        ({"numbers": ["5551007"], "priority": 101}, "body.priority"),
        ({"numbers": ["5551007"], "tier": "lead"}, "body.tier"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_field(body: dict[str, Any], field: str) -> None:
    center = with_campaign()

    answer = await ask(center, "POST", "contact", json=body)

    assert answer.status == 422
    assert [error["path"] for error in answer.body["errors"]] == [field]
    assert book_of(center).asked == []


async def test_why_is_asked_by_id_or_number_within_the_lawful_hours() -> None:
    terms = Terms(legal="us-tsr")
    center = with_campaign(
        CampaignSettings("renewals", "Renewals", "main", "carrier", window=ALWAYS, terms=terms)
    )

    by_id = await ask(center, "GET", "contacts/7/why", "sue")
    by_number = await ask(center, "GET", "contacts/5550007/why", "sue")
    spelled = await ask(center, "GET", "contacts/%2B354 555 0007/why", "sue")
    missing = await ask(center, "GET", "contacts/9/why", "sue")

    assert by_id.body["reasons"] == [{"code": "next", "sentence": "was never tried", "until": 0.0}]
    assert [one.status for one in (by_id, by_number, spelled, missing)] == [200, 200, 200, 404]
    window = CallingWindow(8 * 60, 21 * 60, ALWAYS.weekdays)
    assert book_of(center).asked[0] == ("why", "renewals", "7", window, terms, T0)


async def test_why_tells_what_the_machine_knows_of_the_moment() -> None:
    center = Center()
    bench = center.hub.bench
    bench.agents("ana")
    bench.campaign()
    bench.fill(row(5), row(7), row(8))
    in_hopper = await ask(center, "GET", "contacts/7/why")

    bench.tell(e.ContactsChanged("renewals"))
    bench.fill(row(7))
    bench.open_line("ana")
    being_called = await ask(center, "GET", "contacts/7/why")

    first, second = in_hopper.body["reasons"]
    assert first["sentence"] == "is number 2 of the 3 to be dialed next"
    assert second["code"] == "next"
    assert being_called.body["reasons"][0] == {
        "code": "under_way",
        "sentence": "is being called just now (placed)",
        "until": 0.0,
    }


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "lists", None),
        ("PUT", "lists/3", {"priority": 1}),
        ("PUT", "contacts/7", {"priority": 1}),
        ("POST", "contact", {"numbers": ["5551007"]}),
        ("GET", "contacts/7/why", None),
    ],
)
async def test_a_database_that_is_away_is_said_and_nobody_else_may(
    method: str, path: str, body: dict[str, Any] | None
) -> None:
    center = with_campaign()
    options: dict[str, Any] = {} if body is None else {"json": body}
    forbidden = await ask(center, method, path, "ana", **options)
    book_of(center).away = True
    away = await ask(center, method, path, **options)
    nowhere = await ask(Center(), method, path, **options)

    assert (forbidden.status, away.status, nowhere.status) == (403, 503, 404)
