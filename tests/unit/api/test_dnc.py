"""The do-not-call list over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from callcenter.domain import events as e
from callcenter.service.dnc import DncEntry
from tests.builders import T0, row
from tests.unit.api.fake_contacts import FakeDnc
from tests.unit.api.fakes import Answer, Center

DNC = "/api/v1/dnc"
A, B, C = "+3545550001", "+3545550002", "+3545550003"


def entry(number: str, **changes: Any) -> DncEntry:
    fields: dict[str, Any] = {
        "reason": "asked",
        "source": "agent",
        "by": "ana",
        "since": T0,
        "until": 0.0,
    }
    return DncEntry(number, **(fields | changes))


async def ask(center: Center, method: str, path: str, who: str = "mia", **options: Any) -> Answer:
    async with center.serve() as caller:
        return await caller.send(method, path, headers=await caller.bearer(who), **options)


async def test_a_number_that_is_added_leaves_the_hopper_at_once() -> None:
    center = Center()
    bench = center.hub.bench
    bench.campaign()
    bench.fill(row(1), row(2))

    answer = await ask(
        center, "POST", DNC, json={"number": "555 0001", "reason": " said so ", "until": T0 + 9}
    )

    assert answer.status == 200
    assert answer.body == {
        "number": A,
        "reason": "said so",
        "source": "manager",
        "by": "mia",
        "since": T0,
        "until": T0 + 9,
    }
    (asked,) = center.hub.asked
    assert isinstance(asked, e.DncAdded)
    assert (asked.number, asked.by, asked.until) == (A, "mia", T0 + 9)
    assert [one.contact for one in bench.live().hopper] == ["2"]


async def test_a_request_id_does_not_tell_the_number() -> None:
    center = Center()

    async with center.serve() as caller:
        headers = await caller.bearer("mia") | {"Idempotency-Key": "k1"}
        await caller.send("POST", DNC, json={"number": A}, headers=headers)

    assert [request.request for request in center.hub.asked] == ["mia:k1"]


async def test_the_change_is_audited() -> None:
    center = Center()

    await ask(center, "POST", DNC, json={"number": A})

    assert [entry.action for entry in center.audit.entries][-1] == "POST /api/v1/dnc"


async def test_a_number_is_taken_off() -> None:
    center = Center(dnc=FakeDnc(entry(A)))

    gone = await ask(center, "DELETE", f"{DNC}/{A}")
    missing = await ask(center, "DELETE", f"{DNC}/{B}")

    assert (gone.status, missing.status) == (204, 404)
    assert [type(request) for request in center.hub.asked] == [e.DncRemoved]


async def test_the_list_comes_page_by_page_and_one_number_alone() -> None:
    center = Center(dnc=FakeDnc(entry(B), entry(A, by="", source="opt_out"), entry(C)))

    first = await ask(center, "GET", f"{DNC}?limit=2", "aud")
    cursor = quote(first.body["next"])
    rest = await ask(center, "GET", f"{DNC}?limit=2&cursor={cursor}")
    one = await ask(center, "GET", f"{DNC}?number=5550001")
    none = await ask(center, "GET", f"{DNC}?number=5559999")

    assert [one["number"] for one in first.body["entries"]] == [A, B]
    assert ([one["number"] for one in rest.body["entries"]], rest.body["next"]) == ([C], "")
    assert (first.body["total"], one.body["total"], none.body["entries"]) == (3, 1, [])
    assert one.body["entries"][0]["source"] == "opt_out"


@pytest.mark.parametrize(
    ("who", "method", "expected"),
    [("ana", "GET", 403), ("sue", "GET", 200), ("sue", "POST", 403), ("adi", "POST", 200)],
)
async def test_who_may(who: str, method: str, expected: int) -> None:
    body = {"json": {"number": A}} if method == "POST" else {}

    assert (await ask(Center(), method, DNC, who, **body)).status == expected


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"number": "none"}, "body.number"),
        ({"number": ""}, "body.number"),
        ({"number": A, "until": T0 - 1}, "body.until"),
        ({"number": A, "reason": "x" * 201}, "body.reason"),
        ({"number": A, "reason": "a\nb"}, "body.reason"),
        ({}, "body.number"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_field(body: dict[str, Any], field: str) -> None:
    center = Center()

    answer = await ask(center, "POST", DNC, json=body)

    assert answer.status == 422
    assert [error["path"] for error in answer.body["errors"]] == [field]
    assert center.hub.asked == []


async def test_a_database_that_is_away_is_said() -> None:
    dnc = FakeDnc(entry(A))
    dnc.away = True
    center = Center(dnc=dnc)

    assert (await ask(center, "GET", DNC)).status == 503
    assert (await ask(center, "DELETE", f"{DNC}/{A}")).status == 503
    assert (await ask(Center(dnc=None), "GET", DNC)).status == 503
