"""The link on a real Asterisk: login, fence, limits, a PBX that hangs, stops and returns."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from callcenter.pbx.ami.connection import AmiConnection, logged_in
from callcenter.pbx.ami.errors import DownKind, LinkFailed, LoginRefused
from callcenter.pbx.ami.fence import FenceError, kick_leader
from callcenter.pbx.ami.link import Account, LinkDown, LinkUp, Timings
from callcenter.pbx.ami.wire import (
    ACTION_LINE_BYTES_MAX,
    ACTION_LINES_MAX,
    AmiMessage,
    first,
)
from callcenter.pbx.config import AmiAccount, PbxConfig
from tests.integration.asterisk import (
    LOOPBACK,
    AsteriskInstance,
    BareAmi,
    make_config,
    running,
    wait_until,
)

pytestmark = pytest.mark.asterisk

QUICK = Timings(ping_every_s=0.1, ping_s=0.5, retry_first_s=0.05, retry_max_s=0.2)


@pytest.fixture
async def pbx(tmp_path: Path) -> AsyncIterator[AsteriskInstance]:
    async with AsteriskInstance(tmp_path, make_config(tmp_path)) as instance:
        yield instance


def account(config: PbxConfig, of: AmiAccount, secret: str | None = None) -> Account:
    return Account(
        "main", LOOPBACK, config.ami_port, of.user, secret or of.secret, f"secrets/{of.user}"
    )


@dataclass
class Told:
    """What a link has told."""

    ups: list[LinkUp] = field(default_factory=list)
    downs: list[LinkDown] = field(default_factory=list)
    events: list[AmiMessage] = field(default_factory=list)


def leader_link(config: PbxConfig, told: Told, *, fenced: bool = True) -> AmiConnection:
    fence = partial(kick_leader, account(config, config.fence), config.leader.user)
    return AmiConnection(
        "main",
        LOOPBACK,
        config.ami_port,
        config.leader.user,
        config.leader.secret,
        on_message=told.events.append,
        on_up=told.ups.append,
        on_down=told.downs.append,
        before_login=fence if fenced else None,
        timings=QUICK,
    )


@contextmanager
def stopped(pbx: AsteriskInstance) -> Iterator[None]:
    """Asterisk hangs: it holds its connections and answers nothing."""
    pid = int((pbx.directory / "run" / "asterisk.pid").read_text())
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_a_login_is_refused_for_a_wrong_secret_and_for_a_second_session(
    pbx: AsteriskInstance,
) -> None:
    config = pbx.config

    with pytest.raises(LoginRefused, match=r"'leader' \(Authentication failed\)") as wrong:
        async with logged_in(account(config, config.leader, "wrong-secret")):
            pass
    async with logged_in(account(config, config.leader)) as held:
        with pytest.raises(LoginRefused, match="is logged in already") as second:
            async with logged_in(account(config, config.leader)):
                pass
        assert held.is_usable

    assert wrong.value.kind is DownKind.LOGIN_REFUSED
    assert second.value.kind is DownKind.LOGIN_IN_USE


async def test_the_fence_ends_an_old_leader_and_the_new_one_works(pbx: AsteriskInstance) -> None:
    told = Told()
    link = leader_link(pbx.config, told)

    async with BareAmi(pbx.config.ami_port) as old, asyncio.TaskGroup() as group:
        assert (await old.login(pbx.config.leader))["Response"] == "Success"
        group.create_task(link.run())
        await wait_until(lambda: bool(told.ups), "the new leader is up")
        await asyncio.wait_for(old.closed.wait(), 10)
        await link.action({"Action": "Getvar", "Variable": "EPOCH"})
        rows = await link.list_action({"Action": "BridgeList"})
        link.close()

    assert rows == []
    assert [down.kind for down in told.downs] == [DownKind.CLOSED]


async def test_an_account_that_may_not_command_is_no_fence(pbx: AsteriskInstance) -> None:
    with pytest.raises(FenceError, match=r"'leader' may not run .* needs 'write = command'"):
        await kick_leader(account(pbx.config, pbx.config.leader), "somebody")


async def test_the_longest_action_that_we_send_is_the_longest_that_asterisk_takes(
    pbx: AsteriskInstance,
) -> None:
    longest = "x" * (ACTION_LINE_BYTES_MAX - len("Value: "))

    async with logged_in(account(pbx.config, pbx.config.leader)) as session:
        await session.action({"Action": "Setvar", "Variable": "LONG", "Value": longest})
        answer = await session.action({"Action": "Getvar", "Variable": "LONG"})
        many = {"Action": "Ping", "X": ["1"] * (ACTION_LINES_MAX - 2)}  # and the ActionID
        pong = await session.action(many)

    assert first(answer, "Value") == longest
    assert first(pong, "Response") == "Success"


async def test_what_became_of_an_originate_is_an_event_and_its_action_is_answered_at_once(
    pbx: AsteriskInstance,
) -> None:
    told = Told()
    link = leader_link(pbx.config, told)
    ring = {
        "Action": "Originate",
        "ActionID": "ring-1",
        "Channel": "PJSIP/nobody",
        "Context": "cc-agents",
        "Exten": "park",
        "Priority": "1",
        "Async": "true",
    }

    def responses() -> list[AmiMessage]:
        return [event for event in told.events if event["Event"] == "OriginateResponse"]

    async with asyncio.TaskGroup() as group:
        group.create_task(link.run())
        await wait_until(lambda: bool(told.ups), "the link is up")
        answer = await link.action(ring)
        await wait_until(lambda: bool(responses()), "OriginateResponse")
        link.close()

    assert "successfully queued" in first(answer, "Message")
    assert responses()[0]["ActionID"] == "ring-1"
    assert responses()[0]["Response"] == "Failure"


async def test_an_asterisk_that_hangs_is_noticed_and_its_old_session_is_fenced_off(
    pbx: AsteriskInstance,
) -> None:
    told = Told()
    link = leader_link(pbx.config, told)

    async with asyncio.TaskGroup() as group:
        group.create_task(link.run())
        await wait_until(lambda: bool(told.ups), "the link is up")
        with stopped(pbx):
            await wait_until(lambda: bool(told.downs), "the hanging Asterisk is noticed")
            with pytest.raises(LinkFailed, match="says nothing"):
                async with logged_in(
                    account(pbx.config, pbx.config.fence), timings=Timings(greeting_s=0.1)
                ):
                    pass
        await wait_until(lambda: len(told.ups) == 2, "the link is back")
        link.close()

    assert told.downs[0].kind is DownKind.PING_TIMEOUT


async def test_a_link_follows_asterisk_through_a_restart(tmp_path: Path) -> None:
    told = Told()
    config = make_config(tmp_path)
    link = leader_link(config, told)

    async with asyncio.TaskGroup() as group:
        async with running(tmp_path, config):
            group.create_task(link.run())
            await wait_until(lambda: bool(told.ups), "the link is up")
        await wait_until(
            lambda: DownKind.UNREACHABLE in [down.kind for down in told.downs], "it is away"
        )
        async with running(tmp_path, config):
            await wait_until(lambda: len(told.ups) == 2, "the link is back")
            link.close()

    assert told.downs[0].kind is DownKind.PBX_STOPPED
    assert told.downs[0].was_up
