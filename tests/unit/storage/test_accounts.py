"""Accounts: made, changed, and signed in with."""

from __future__ import annotations

import asyncio
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from callcenter.domain.agent import AgentProfile, Seniority
from callcenter.service.ports import Account, AccountStore, Role, SignInRefused
from callcenter.storage.accounts import _check
from callcenter.storage.database import Database
from callcenter.storage.passwords import HashCost, PasswordHasher
from callcenter.storage.stores import AccountRefused, DatabaseAway
from tests.unit.storage.databases import held, outsider
from tests.unit.storage.people import (
    ADMINISTRATOR,
    ANA,
    BO,
    CHEAP,
    HOME,
    PASSWORD,
    Gated,
    Hand,
    make_accounts,
)

WRONG = SignInRefused("Login or password is wrong.")


# --- administration -------------------------------------------------------------------------------


async def test_an_account_is_kept_as_it_was_made(database: Database) -> None:
    clock = Hand()
    accounts = make_accounts(database, clock)

    made = await accounts.add(ANA, PASSWORD)

    assert made == replace(ANA, created_at=clock.now)
    assert await accounts.find("ana") == made
    assert await accounts.find("nobody") is None


async def test_the_password_itself_is_stored_nowhere(database: Database) -> None:
    await make_accounts(database).add(ANA, PASSWORD)

    with outsider(database) as connection:
        (stored,) = connection.execute("SELECT password_hash FROM accounts")[0]
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored


async def test_a_login_is_given_once(database: Database) -> None:
    accounts = make_accounts(database)
    await accounts.add(ANA, PASSWORD)

    with pytest.raises(AccountRefused, match="an account 'ana' already"):
        await accounts.add(replace(ANA, name="Another Ana"), PASSWORD)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (replace(ANA, id=""), "login '' cannot be used"),
        (replace(ANA, id="Ana"), "login 'Ana' cannot be used"),
        (replace(ANA, id="ana\n"), "cannot be used"),
        (replace(ANA, id="../ana"), "cannot be used"),
        (replace(ANA, id="a" * 33), "cannot be used"),
        (replace(ANA, name=" "), "person's name"),
        (replace(ANA, name="x" * 101), "person's name"),
        (replace(ANA, name="Ana\r\nBcc: all"), "control characters"),
        (replace(ANA, roles=()), "one or more different roles"),
        (replace(ANA, roles=(Role.AGENT, Role.AGENT)), "one or more different roles"),
        (replace(ANA, phone="1001\r\nAction: Originate"), "phone .* cannot be used"),
        (replace(ANA, phone="PJSIP/1001"), "phone .* cannot be used"),
        (replace(ANA, queues=("sales\n",)), "queue .* cannot be"),
        (replace(ANA, queues=tuple(f"q{n}" for n in range(101))), "at most 100 queues"),
    ],
)
async def test_settings_that_cannot_be_are_refused(
    sqlite_database: Database, settings: object, said: str
) -> None:
    with pytest.raises(AccountRefused, match=said):
        await make_accounts(sqlite_database).add(settings, PASSWORD)  # type: ignore[arg-type]  # as given


@given(st.text(max_size=40), st.text(max_size=120), st.text(max_size=40))
def test_whatever_is_accepted_is_free_of_line_breaks(login: str, name: str, phone: str) -> None:
    try:
        _check(replace(ANA, id=login, name=name, phone=phone))
    except AccountRefused:
        return
    assert not any(sign in login + name + phone for sign in "\r\n\0")


@pytest.mark.parametrize(
    ("password", "said"), [("short", "10 to 1024"), ("x" * 1_025, "10 to 1024")]
)
async def test_a_password_that_is_too_short_or_too_long_is_refused(
    sqlite_database: Database, password: str, said: str
) -> None:
    with pytest.raises(AccountRefused, match=said):
        await make_accounts(sqlite_database).add(ANA, password)


async def test_the_login_is_no_password(sqlite_database: Database) -> None:
    with pytest.raises(AccountRefused, match="must not be the login"):
        await make_accounts(sqlite_database).add(
            replace(ANA, id="ana.maria.lopez"), "Ana.Maria.Lopez"
        )


async def test_there_is_a_limit_to_accounts(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter.storage.accounts.ACCOUNTS_MAX", 1)
    accounts = make_accounts(database)
    await accounts.add(ANA, PASSWORD)

    with pytest.raises(AccountRefused, match="no more can be"):
        await accounts.add(BO, PASSWORD)


async def test_a_login_that_no_database_can_hold_is_nobodys(database: Database) -> None:
    accounts = make_accounts(database)

    assert await accounts.verify("ana\ud800\0", PASSWORD, "\ud800") == WRONG


async def test_an_account_can_be_changed(database: Database) -> None:
    accounts = make_accounts(database)
    made = await accounts.add(ANA, PASSWORD)

    changed = await accounts.change(
        replace(made, name="Ana Gómez", roles=(Role.SUPERVISOR,), phone="", queues=())
    )

    assert changed == await accounts.find("ana")
    assert (changed.name, changed.roles, changed.phone) == ("Ana Gómez", (Role.SUPERVISOR,), "")


async def test_an_account_that_is_not_there_cannot_be_changed(database: Database) -> None:
    accounts = make_accounts(database)

    with pytest.raises(AccountRefused, match="no account 'ana'"):
        await accounts.change(ANA)
    with pytest.raises(AccountRefused, match="no account 'ana'"):
        await accounts.set_password("ana", PASSWORD)


async def test_the_last_administrator_stays_one(database: Database) -> None:
    accounts = make_accounts(database)
    await accounts.add(ADMINISTRATOR, PASSWORD)
    await accounts.add(replace(ADMINISTRATOR, id="off", disabled=True), PASSWORD)

    for change in (replace(ADMINISTRATOR, disabled=True), replace(ADMINISTRATOR, roles=ANA.roles)):
        with pytest.raises(AccountRefused, match="last administrator"):
            await accounts.change(change)

    kept = await accounts.find("root")
    assert kept is not None
    assert (kept.roles, kept.disabled) == (ADMINISTRATOR.roles, False)
    await accounts.add(replace(ADMINISTRATOR, id="other"), PASSWORD)
    await accounts.change(replace(ADMINISTRATOR, disabled=True))


async def test_a_center_without_administrators_can_be_set_up(database: Database) -> None:
    accounts = make_accounts(database)
    await accounts.add(ANA, PASSWORD)

    await accounts.change(replace(ANA, phone="1002"))


async def test_routing_is_told_of_agents_that_may_work(database: Database) -> None:
    accounts = make_accounts(database)
    for settings in (BO, ANA, ADMINISTRATOR):
        await accounts.add(settings, PASSWORD)
    await accounts.add(replace(ANA, id="gone", disabled=True), PASSWORD)
    await accounts.add(replace(ANA, id="eve", roles=(Role.SUPERVISOR,)), PASSWORD)

    profiles = await accounts.agent_profiles()

    assert profiles == (
        AgentProfile("ana", ("service", "sales"), Seniority.SENIOR),
        AgentProfile("bo", (), Seniority.JUNIOR),
        AgentProfile("root", (), Seniority.JUNIOR),
    )
    names = [one.id for one in await accounts.list_accounts()]
    assert names == ["ana", "bo", "eve", "gone", "root"]


# --- signing in -----------------------------------------------------------------------------------


async def test_login_and_password_open_the_door(database: Database) -> None:
    accounts = make_accounts(database)
    await accounts.add(ANA, PASSWORD)
    store: AccountStore = accounts

    account = await store.verify("ana", PASSWORD, HOME)

    assert account == Account("ana", "Ana López", (Role.AGENT,))


async def test_a_login_is_read_without_regard_to_case_and_spaces(database: Database) -> None:
    accounts = make_accounts(database)
    await accounts.add(ANA, PASSWORD)

    assert isinstance(await accounts.verify(" Ana ", PASSWORD, HOME), Account)


@pytest.mark.parametrize(
    "password", ["", "wrong", PASSWORD + " ", PASSWORD.upper(), "\0", "\ud800"]
)
async def test_a_wrong_password_is_refused(sqlite_database: Database, password: str) -> None:
    accounts = make_accounts(sqlite_database)
    await accounts.add(ANA, PASSWORD)

    assert await accounts.verify("ana", password, HOME) == WRONG


async def test_a_password_of_megabytes_is_wrong_without_being_hashed_whole(
    database: Database,
) -> None:
    accounts = make_accounts(database)
    await accounts.add(ANA, "x" * 1_024)

    assert await accounts.verify("ana", "x" * 5_000_000, HOME) == WRONG
    assert isinstance(await accounts.verify("ana", "x" * 1_024, HOME), Account)


async def test_an_unknown_login_is_refused_in_the_same_words_after_the_same_work(
    database: Database,
) -> None:
    checks: list[str] = []

    class Counting(PasswordHasher):
        def _check(self, password: str, stored: str) -> str:
            checks.append(stored.rpartition("$")[0].rpartition("$")[0])  # kind and cost
            return super()._check(password, stored)

    accounts = make_accounts(database, hasher=Counting(CHEAP))
    await accounts.add(ANA, PASSWORD)

    known = await accounts.verify("ana", "wrong password", HOME)
    unknown = await accounts.verify("nobody", "wrong password", HOME)

    assert known == unknown == WRONG
    assert len(checks) == 2
    assert checks[0] == checks[1]


async def test_a_disabled_account_is_told_so_only_with_its_password(database: Database) -> None:
    accounts = make_accounts(database)
    await accounts.add(replace(ANA, disabled=True), PASSWORD)

    right = await accounts.verify("ana", PASSWORD, HOME)
    wrong = await accounts.verify("ana", "wrong password", HOME)

    assert isinstance(right, SignInRefused)
    assert "disabled" in right.reason
    assert wrong == WRONG


async def test_a_new_password_replaces_the_old(database: Database) -> None:
    accounts = make_accounts(database)
    await accounts.add(ANA, PASSWORD)

    await accounts.set_password("ana", "another password")

    assert await accounts.verify("ana", PASSWORD, HOME) == WRONG
    assert isinstance(await accounts.verify("ana", "another password", HOME), Account)


async def test_a_hash_of_another_cost_is_renewed_at_the_next_sign_in(database: Database) -> None:
    await make_accounts(database).add(ANA, PASSWORD)
    dearer = HashCost(rounds=2, memory_kib=16, lanes=1)
    accounts = make_accounts(database, hasher=PasswordHasher(dearer))

    assert isinstance(await accounts.verify("ana", PASSWORD, HOME), Account)

    with outsider(database) as connection:
        (stored,) = connection.execute("SELECT password_hash FROM accounts")[0]
    assert "m=16,t=2,p=1" in stored
    assert isinstance(await accounts.verify("ana", PASSWORD, HOME), Account)


async def test_a_hash_that_cannot_be_renewed_just_now_keeps_nobody_out(database: Database) -> None:
    await make_accounts(database).add(ANA, PASSWORD)
    hasher = PasswordHasher(HashCost(rounds=2, memory_kib=16, lanes=1))

    with held(database):
        account = await make_accounts(database, hasher=hasher).verify("ana", PASSWORD, HOME)

    assert isinstance(account, Account)


# --- guessing -------------------------------------------------------------------------------------


async def test_guessing_a_login_is_slowed_down_and_told_for_how_long(database: Database) -> None:
    clock = Hand()
    accounts = make_accounts(database, clock)
    await accounts.add(ANA, PASSWORD)
    for _ in range(3):
        assert await accounts.verify("ana", "wrong password", HOME) == WRONG

    blocked = await accounts.verify("ana", PASSWORD, "198.51.100.9")  # from anywhere
    clock.now += 10.0
    again = await accounts.verify("ana", "wrong password", HOME)
    blocked_longer = await accounts.verify("ana", PASSWORD, HOME)
    clock.now += 20.0
    right = await accounts.verify("ana", PASSWORD, HOME)

    assert blocked == SignInRefused(
        "Too many failed sign-ins for this login. Try again in 10 s.", 10.0
    )
    assert again == WRONG
    assert isinstance(blocked_longer, SignInRefused)
    assert blocked_longer.retry_after_s == 20.0
    assert isinstance(right, Account)


async def test_a_hundred_guesses_at_once_are_not_looked_at_all(database: Database) -> None:
    accounts = make_accounts(database)
    await accounts.add(ANA, PASSWORD)

    answers = await asyncio.gather(
        *(accounts.verify("ana", f"guess number {n}", f"192.0.2.{n}") for n in range(100))
    )

    assert answers.count(WRONG) == 3


async def test_guessing_many_logins_from_one_address_is_slowed_down(database: Database) -> None:
    accounts = make_accounts(database)
    for n in range(6):
        assert await accounts.verify(f"agent{n}", PASSWORD, "2001:db8::1") == WRONG

    same_network = await accounts.verify("agent7", PASSWORD, "2001:db8::ffff")
    elsewhere = await accounts.verify("agent7", PASSWORD, "2001:db8:0:1::1")

    assert isinstance(same_network, SignInRefused)
    assert "from this address" in same_network.reason
    assert elsewhere == WRONG


async def test_signing_in_does_not_wipe_out_an_addresss_guesses(database: Database) -> None:
    accounts = make_accounts(database)
    await accounts.add(ANA, PASSWORD)
    for n in range(5):
        await accounts.verify(f"agent{n}", PASSWORD, HOME)
        assert isinstance(await accounts.verify("ana", PASSWORD, HOME), Account)
    await accounts.verify("agent6", PASSWORD, HOME)

    blocked = await accounts.verify("agent7", PASSWORD, HOME)

    assert isinstance(blocked, SignInRefused)
    assert blocked.retry_after_s > 0


async def test_mistyping_now_and_then_never_adds_up(database: Database) -> None:
    accounts = make_accounts(database)
    await accounts.add(ANA, PASSWORD)

    for _ in range(5):
        for _ in range(2):
            assert await accounts.verify("ana", "mistyped password", HOME) == WRONG
        assert isinstance(await accounts.verify("ana", PASSWORD, HOME), Account)


async def test_a_database_that_is_away_counts_as_no_failure(database: Database) -> None:
    accounts = make_accounts(database, of_a_name=1)
    await accounts.add(ANA, PASSWORD)
    with outsider(database) as connection:
        connection.execute("ALTER TABLE accounts RENAME TO away")
        with pytest.raises(DatabaseAway):
            await accounts.verify("ana", PASSWORD, HOME)
        connection.execute("ALTER TABLE away RENAME TO accounts")

    assert isinstance(await accounts.verify("ana", PASSWORD, HOME), Account)


async def test_more_sign_ins_than_can_wait_are_sent_away_uncounted(database: Database) -> None:
    clock = Hand()
    hasher = Gated(at_once_max=1, waiting_max=2)
    accounts = make_accounts(database, clock, hasher=hasher, of_a_name=11, of_an_address=1)
    await accounts.add(ANA, PASSWORD)
    addresses = [f"192.0.2.{n}" for n in range(10)]
    tasks = [asyncio.create_task(accounts.verify("ana", PASSWORD, where)) for where in addresses]

    first = [await answer for answer in islice(asyncio.as_completed(tasks), 7)]
    hasher.gate.set()
    await asyncio.wait(tasks)

    assert {answer.retry_after_s for answer in first if isinstance(answer, SignInRefused)} == {5.0}
    assert sum(isinstance(task.result(), Account) for task in tasks) == 3
    assert {accounts._by_address.wait_s(where, clock.now) for where in addresses} == {0.0}
    assert accounts._by_name.forgive("ana") == 0
