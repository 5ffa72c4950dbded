"""Forgetting a person over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter.core.erasure import ON_A_CALL
from callcenter.service.erasure import Erased, Erasure, ErasureRefused
from tests.unit.api.fakes import Answer, Center, until

ERASE = "/api/v1/people/erase"
NUMBER = "+4915123456789"


class FakeErasure(Erasure):
    """Erases nobody, and notes whom it should."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.asked: list[dict[str, str]] = []

    async def erase(self, **asked: str) -> Erased:
        """See ``Erasure``."""
        self.asked.append(asked)
        if self.failure is not None:
            raise self.failure
        return Erased(customers=1, calls=7)


async def erase(center: Center, login: str = "adi", **body: Any) -> Answer:
    async with center.serve() as caller:
        answer = await caller.send("POST", ERASE, headers=await caller.bearer(login), json=body)
        await until(lambda: bool(center.audit.entries))
        return answer


async def test_an_administrator_erases_a_person_and_the_audit_does_not_say_whom() -> None:
    erasure = FakeErasure()
    center = Center(erasure=erasure)

    answer = await erase(center, number=NUMBER)

    assert answer.status == 200
    assert (answer.body["customers"], answer.body["calls"]) == (1, 7)
    (asked,) = erasure.asked
    assert (asked["number"], asked["customer"], asked["by"]) == (NUMBER, "", "adi")
    entry = center.audit.entries[-1]
    assert (entry.account, entry.status) == ("adi", 200)
    assert NUMBER[1:] not in "".join([entry.detail, entry.subject, entry.request])
    assert entry.request.count(":") == 1  # no digest of the body, from which it could be found


async def test_why_a_person_cannot_be_erased_now_is_said() -> None:
    answer = await erase(Center(erasure=FakeErasure(ErasureRefused(ON_A_CALL))), number=NUMBER)

    assert (answer.status, answer.problem) == (409, "conflict")
    assert answer.body["detail"] == ON_A_CALL


async def test_a_database_that_is_away_is_said_without_a_number() -> None:
    answer = await erase(Center(erasure=FakeErasure(OSError(NUMBER))), number=NUMBER)

    assert answer.status == 503
    assert NUMBER not in str(answer.body)


@pytest.mark.parametrize(
    "body",
    [{}, {"number": NUMBER, "customer": "k1"}, {"number": "nobody"}, {"number": "1" * 33}],
)
async def test_one_person_is_to_be_named(body: dict[str, str]) -> None:
    erasure = FakeErasure()

    answer = await erase(Center(erasure=erasure), **body)

    assert answer.status == 422 or answer.status == 400
    assert erasure.asked == []


@pytest.mark.parametrize("login", ["ana", "sue", "mia", "aud"])
async def test_nobody_but_an_administrator_erases_people(login: str) -> None:
    erasure = FakeErasure()

    answer = await erase(Center(erasure=erasure), login, customer="k1")

    assert answer.status == 403
    assert erasure.asked == []


async def test_a_center_without_that_says_so() -> None:
    assert (await erase(Center(), customer="k1")).status == 503
