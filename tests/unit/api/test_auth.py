"""Sessions remembered, and what is forgotten."""

from __future__ import annotations

import asyncio

import pytest

from callcenter.api import auth
from callcenter.api.auth import Sessions
from callcenter.api.errors import ProblemError
from tests.unit.api.fakes import PASSWORD, FakeAccounts


@pytest.fixture
def store() -> FakeAccounts:
    return FakeAccounts()


@pytest.mark.virtual_time
async def test_a_session_is_looked_up_again_after_a_while(store: FakeAccounts) -> None:
    sessions = Sessions(store)
    _, token = await sessions.sign_in("ana", PASSWORD, "")

    await asyncio.sleep(auth.SESSION_FRESH_S + 1)
    for _ in range(3):
        assert await sessions.account(token)

    assert store.look_ups == 1


@pytest.mark.virtual_time
async def test_a_stuck_store_is_given_up_and_the_session_goes_on(store: FakeAccounts) -> None:
    sessions = Sessions(store)
    _, token = await sessions.sign_in("ana", PASSWORD, "")
    store.stuck = True

    await asyncio.sleep(auth.SESSION_FRESH_S + 1)
    assert await sessions.account(token)

    await asyncio.sleep(auth.SESSION_STALE_S)
    with pytest.raises(ProblemError) as refusal:
        await sessions.account(token)
    assert refusal.value.problem.status == 503


@pytest.mark.virtual_time
async def test_a_sign_in_that_gets_no_answer_is_given_up(store: FakeAccounts) -> None:
    sessions = Sessions(store)
    store.stuck = True

    with pytest.raises(ProblemError) as refusal:
        await sessions.sign_in("ana", PASSWORD, "")

    assert refusal.value.problem.status == 503
    store.stuck = False
    assert await sessions.sign_in("ana", PASSWORD, "")


async def test_sessions_are_forgotten_when_there_are_too_many(
    store: FakeAccounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "SESSIONS_KEPT_MAX", 2)
    sessions = Sessions(store)

    for login in ("ana", "ben", "sue"):
        await sessions.sign_in(login, PASSWORD, "")

    assert len(sessions._kept) == 2


async def test_the_end_of_a_session_is_told_before_the_store_is_asked(
    store: FakeAccounts,
) -> None:
    sessions = Sessions(store)
    _, token = await sessions.sign_in("ana", PASSWORD, "")
    told: list[str] = []
    sessions.on_closed.append(told.append)

    await sessions.close(token)

    assert told == [token]
    assert await sessions.account(token) is None


async def test_tokens_are_not_kept_in_memory_as_they_are(store: FakeAccounts) -> None:
    sessions = Sessions(store)
    _, token = await sessions.sign_in("ana", PASSWORD, "")

    assert token.encode() not in sessions._kept
