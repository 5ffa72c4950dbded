"""Sessions: opened, used, over, revoked."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from callcenter.service.ports import Account, Role
from callcenter.storage.database import Database
from callcenter.storage.sessions import SESSIONS_OF_AN_ACCOUNT_MAX
from callcenter.storage.stores import AccountRefused
from tests.unit.storage.databases import count_rows, dump, held, outsider
from tests.unit.storage.people import ANA, BO, HOME, PASSWORD, Hand, make_accounts

ANA_ACCOUNT = Account("ana", "Ana López", (Role.AGENT,))


async def test_a_token_leads_to_its_account(database: Database) -> None:
    accounts = make_accounts(database)
    await accounts.add(ANA, PASSWORD)

    token = await accounts.open_session(ANA_ACCOUNT)

    assert await accounts.session(token) == ANA_ACCOUNT
    assert len(token) >= 43  # 256 bits
    for wrong in ("", token[:-1], token + "x", "nonsense", "\ud800"):
        assert await accounts.session(wrong) is None


async def test_the_token_is_stored_nowhere(database: Database) -> None:
    accounts = make_accounts(database)
    await accounts.add(ANA, PASSWORD)
    token = await accounts.open_session(ANA_ACCOUNT)

    assert "ana" in dump(database)
    assert token not in dump(database)


async def test_roles_are_those_of_today(database: Database) -> None:
    accounts = make_accounts(database)
    await accounts.add(ANA, PASSWORD)
    token = await accounts.open_session(ANA_ACCOUNT)

    await accounts.change(replace(ANA, name="Ana Gómez", roles=(Role.SUPERVISOR,)))

    assert await accounts.session(token) == Account("ana", "Ana Gómez", (Role.SUPERVISOR,))


async def test_a_role_of_a_newer_program_gives_nothing(database: Database) -> None:
    accounts = make_accounts(database)
    await accounts.add(ANA, PASSWORD)
    token = await accounts.open_session(ANA_ACCOUNT)
    with outsider(database) as connection:
        connection.execute("""UPDATE accounts SET roles = '["emperor", "agent"]'""")

    found = await accounts.session(token)

    assert found is not None
    assert found.roles == (Role.AGENT,)


async def test_a_session_that_is_used_lives_on_to_its_end(database: Database) -> None:
    clock = Hand()
    accounts = make_accounts(database, clock)
    await accounts.add(ANA, PASSWORD)
    token = await accounts.open_session(ANA_ACCOUNT)

    for _ in range(6):  # every 9 minutes, at 10 minutes' idle limit
        clock.now += 540.0
        assert await accounts.session(token) is not None
    clock.now += 540.0

    assert await accounts.session(token) is None  # the hour is over


async def test_a_session_that_nobody_uses_is_over(database: Database) -> None:
    clock = Hand()
    accounts = make_accounts(database, clock)
    await accounts.add(ANA, PASSWORD)
    token = await accounts.open_session(ANA_ACCOUNT)

    clock.now += 600.0

    assert await accounts.session(token) is None


async def test_not_every_use_writes(database: Database) -> None:
    clock = Hand()
    accounts = make_accounts(database, clock)
    await accounts.add(ANA, PASSWORD)
    token = await accounts.open_session(ANA_ACCOUNT)

    clock.now += 59.0
    await accounts.session(token)
    (soon,) = await accounts.list_sessions("ana")
    clock.now += 1.0
    await accounts.session(token)
    (later,) = await accounts.list_sessions("ana")

    assert soon.last_seen_at == soon.created_at
    assert later.last_seen_at == clock.now


async def test_a_held_database_does_not_sign_anybody_out(database: Database) -> None:
    clock = Hand()
    accounts = make_accounts(database, clock)
    await accounts.add(ANA, PASSWORD)
    token = await accounts.open_session(ANA_ACCOUNT)
    clock.now += 120.0

    with held(database):
        assert await accounts.session(token) == ANA_ACCOUNT


async def test_a_revoked_session_is_over_at_once(database: Database) -> None:
    accounts = make_accounts(database)
    await accounts.add(ANA, PASSWORD)
    first = await accounts.open_session(ANA_ACCOUNT)
    second = await accounts.open_session(ANA_ACCOUNT)

    await accounts.revoke(first)
    await accounts.revoke("unknown")

    assert await accounts.session(first) is None
    assert await accounts.session(second) == ANA_ACCOUNT


async def test_sessions_are_listed_and_revoked_by_their_id(database: Database) -> None:
    clock = Hand()
    accounts = make_accounts(database, clock)
    await accounts.add(ANA, PASSWORD)
    token = await accounts.open_session(ANA_ACCOUNT, address=HOME, client="Firefox\0" * 100)
    clock.now += 1.0
    await accounts.open_session(ANA_ACCOUNT)

    newer, older = await accounts.list_sessions("ana")

    assert (older.address, older.client[:8], len(older.client)) == (HOME, "Firefox\ufffd", 200)
    assert older.expires_at == older.created_at + 3_600.0
    assert newer.created_at == clock.now
    assert await accounts.revoke_session(older.id)
    assert not await accounts.revoke_session(older.id)
    assert await accounts.session(token) is None


async def test_all_sessions_of_an_account_can_be_ended(database: Database) -> None:
    accounts = make_accounts(database)
    await accounts.add(ANA, PASSWORD)
    await accounts.add(BO, PASSWORD)
    tokens = [await accounts.open_session(ANA_ACCOUNT) for _ in range(3)]
    other = await accounts.open_session(Account("bo", "Bo", (Role.AGENT,)))

    assert await accounts.revoke_all("ana") == 3

    assert [await accounts.session(token) for token in tokens] == [None, None, None]
    assert await accounts.session(other) is not None


@pytest.mark.parametrize("how", ["disabled", "new password"])
async def test_a_disabled_account_and_a_new_password_end_all_sessions(
    database: Database, how: str
) -> None:
    accounts = make_accounts(database)
    await accounts.add(ANA, PASSWORD)
    token = await accounts.open_session(ANA_ACCOUNT)

    if how == "disabled":
        await accounts.change(replace(ANA, disabled=True))
    else:
        await accounts.set_password("ana", "another password")

    assert await accounts.session(token) is None
    assert count_rows(database, "sessions") == 0


async def test_nobody_signs_in_to_a_disabled_or_missing_account(database: Database) -> None:
    accounts = make_accounts(database)
    await accounts.add(replace(ANA, disabled=True), PASSWORD)

    for account in (ANA_ACCOUNT, Account("nobody", "Nobody", ())):
        with pytest.raises(AccountRefused, match="or it is disabled"):
            await accounts.open_session(account)


async def test_an_account_has_so_many_sessions_and_the_least_used_goes(database: Database) -> None:
    clock = Hand()
    accounts = make_accounts(database, clock)
    await accounts.add(ANA, PASSWORD)
    tokens = []
    for _ in range(SESSIONS_OF_AN_ACCOUNT_MAX + 2):
        clock.now += 1.0
        tokens.append(await accounts.open_session(ANA_ACCOUNT))

    alive = [await accounts.session(token) is not None for token in tokens]

    assert alive == [False, False] + [True] * SESSIONS_OF_AN_ACCOUNT_MAX


async def test_sessions_that_are_over_are_cleared_away(database: Database) -> None:
    clock = Hand()
    accounts = make_accounts(database, clock)
    await accounts.add(ANA, PASSWORD)
    for _ in range(3):
        await accounts.open_session(ANA_ACCOUNT)
    clock.now += 601.0

    await accounts.open_session(ANA_ACCOUNT)

    assert count_rows(database, "sessions") == 1


async def test_a_deleted_account_takes_its_sessions_along(database: Database) -> None:
    accounts = make_accounts(database)
    await accounts.add(ANA, PASSWORD)
    await accounts.open_session(ANA_ACCOUNT)

    with outsider(database) as connection:
        connection.execute("DELETE FROM accounts")

    assert count_rows(database, "sessions") == 0
