"""Opening a session: each way it can fail is told apart, and says where and how to mend it."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from callcenter.pbx.ami.connection import connector, logged_in
from callcenter.pbx.ami.errors import (
    AmiError,
    DownKind,
    LinkBusy,
    LinkFailed,
    LoginRefused,
    NotConnected,
    OutcomeUnknown,
)
from callcenter.pbx.ami.link import Account, Timings
from callcenter.pbx.ami.session import AmiSession, Exchange
from tests.unit.pbx.ami.fake_server import PATIENT, FakeAmi, message, wait_until


async def open_failing(
    server: FakeAmi, *, timings: Timings = PATIENT, secret: str | None = None
) -> LinkFailed:
    """Open a session as the service does, and return how that failed."""
    account = server.account() if secret is None else server.account(secret=secret)
    session = AmiSession(account, on_event=lambda _: None, timings=timings)
    try:
        with pytest.raises(LinkFailed) as failed:
            await session.open(connector())
    finally:
        await session.close()
    assert f'PBX "main" (127.0.0.1:{server.port})' in str(failed.value)
    assert "opensesame" not in str(failed.value)
    return failed.value


async def test_an_unreachable_pbx(server: FakeAmi) -> None:
    await server.stop()

    failed = await open_failing(server)

    assert failed.kind is DownKind.UNREACHABLE
    assert "cannot be reached: Connection refused. Is Asterisk running there" in str(failed)


async def test_a_host_that_has_no_address() -> None:
    account = Account("main", "no such host", 5038, "leader", "opensesame", "secrets/leader")

    with pytest.raises(LinkFailed, match=r"no such host:5038\) cannot be reached") as failed:
        async with logged_in(account):
            pass

    assert failed.value.kind is DownKind.UNREACHABLE


async def test_a_host_name_that_cannot_be_one() -> None:
    account = Account("main", "a" * 70 + ".example", 5038, "leader", "s", "secrets/leader")

    with pytest.raises(LinkFailed, match="cannot be reached") as failed:
        async with logged_in(account):
            pass

    assert failed.value.kind is DownKind.UNREACHABLE


async def test_a_host_that_drops_packets(server: FakeAmi) -> None:
    async def hang(_: AmiSession) -> Exchange:
        never: asyncio.Future[Exchange] = asyncio.get_running_loop().create_future()
        return await never

    session = AmiSession(server.account(), on_event=lambda _: None, timings=Timings(connect_s=0.05))

    with pytest.raises(LinkFailed, match=r"does not answer within 0\.05 s") as failed:
        await session.open(hang)

    assert failed.value.kind is DownKind.UNREACHABLE


async def test_a_peer_that_accepts_and_says_nothing_gets_no_secret(server: FakeAmi) -> None:
    server.greeting = b""

    failed = await open_failing(server, timings=Timings(greeting_s=0.05))

    assert failed.kind is DownKind.SILENT_PEER
    assert "says nothing" in str(failed)
    assert server.received == b""


async def test_something_else_on_the_port_gets_no_secret(server: FakeAmi) -> None:
    server.greeting = b"SSH-2.0-OpenSSH_9.2p1\r\n"

    failed = await open_failing(server)

    assert failed.kind is DownKind.NOT_AMI
    assert "is not Asterisk's manager: its first line is 'SSH-2.0-OpenSSH_9.2p1'" in str(failed)
    assert server.received == b""


async def test_a_peer_that_closes_at_once(server: FakeAmi) -> None:
    server.closes_at_once = True

    failed = await open_failing(server)

    assert failed.kind is DownKind.CLOSED_EARLY
    assert "closed by the peer, before the login was through" in str(failed)
    assert "authlimit" in str(failed)


async def test_a_wrong_secret(server: FakeAmi) -> None:
    failed = await open_failing(server, secret="wrong")

    assert isinstance(failed, LoginRefused)
    assert failed.kind is DownKind.LOGIN_REFUSED
    assert "refuses the login of 'leader' (Authentication failed)" in str(failed)
    assert "Compare the secret in secrets/leader with section [leader]" in str(failed)


async def test_an_account_that_is_logged_in_already(server: FakeAmi) -> None:
    server.one_session_each = True

    async with logged_in(server.account()):
        failed = await open_failing(server)

    assert isinstance(failed, LoginRefused)
    assert failed.kind is DownKind.LOGIN_IN_USE
    assert "logged in already and may be only once" in str(failed)
    assert "manager kick session FD" in str(failed)


async def test_a_login_that_is_not_answered(server: FakeAmi) -> None:
    server.login_mute = True

    failed = await open_failing(server, timings=Timings(login_s=0.05))

    assert failed.kind is DownKind.LOGIN_TIMEOUT
    assert "does not answer the login of 'leader' (waited 0.05 s)" in str(failed)


async def test_a_link_that_ends_while_the_login_is_unanswered(server: FakeAmi) -> None:
    server.login_mute = True
    opening = asyncio.ensure_future(open_failing(server))
    await wait_until(lambda: server.actions)

    server.cut()

    assert (await opening).kind is DownKind.CLOSED_EARLY


async def test_an_asterisk_that_is_still_loading(server: FakeAmi) -> None:
    server.boots = False

    failed = await open_failing(server, timings=Timings(booted_s=0.05))

    assert failed.kind is DownKind.NOT_BOOTED
    assert "has not said FullyBooted" in str(failed)


async def test_fully_booted_before_the_login_is_answered_does_not_count(server: FakeAmi) -> None:
    server.greeting += message(Event="FullyBooted")
    server.boots = False

    failed = await open_failing(server, timings=Timings(booted_s=0.05))

    assert failed.kind is DownKind.NOT_BOOTED


async def test_a_fence_that_fails_prevents_the_login(server: FakeAmi) -> None:
    async def fence() -> None:
        raise AmiError("fence: may not run commands")

    session = AmiSession(server.account(), on_event=lambda _: None, timings=PATIENT)
    with pytest.raises(LinkFailed, match="may still give orders: fence: may not run") as failed:
        await session.open(connector(), fence)
    await session.close()

    assert failed.value.kind is DownKind.FENCE_FAILED
    assert server.received == b""


async def test_a_fence_that_takes_too_long_prevents_the_login(server: FakeAmi) -> None:
    async def fence() -> None:
        await asyncio.get_running_loop().create_future()

    session = AmiSession(server.account(), on_event=lambda _: None, timings=Timings(fence_s=0.05))
    with pytest.raises(LinkFailed, match=r"could not be ended within 0\.05 s") as failed:
        await session.open(connector(), fence)
    await session.close()

    assert failed.value.kind is DownKind.FENCE_FAILED
    assert server.received == b""


async def test_a_link_that_ends_during_the_fence_is_not_logged_in(server: FakeAmi) -> None:
    session = AmiSession(server.account(), on_event=lambda _: None, timings=PATIENT)

    async def fence() -> None:
        server.cut()
        await session.ended

    with pytest.raises(LinkFailed, match="before the login was through"):
        await session.open(connector(), fence)
    await session.close()

    assert server.received == b""


async def test_a_session_is_used_after_opening_and_before_its_end_only(server: FakeAmi) -> None:
    session = AmiSession(server.account(), on_event=lambda _: None, events=False, timings=PATIENT)
    with pytest.raises(NotConnected, match="Getvar not sent: no session"):
        session.start_action({"Action": "Getvar"})
    session.pause_reading()
    session.resume_reading()

    await session.open(connector())
    server.is_mute = True
    pending = session.start_action({"Action": "Getvar"})
    await session.close()

    with pytest.raises(OutcomeUnknown):
        await pending
    with pytest.raises(NotConnected):
        session.start_action({"Action": "Getvar"})
    assert session.ended.result()[0] is DownKind.CLOSED
    await wait_until(lambda: not server.peers)


async def test_closing_does_not_wait_for_a_peer_that_does_not_read(server: FakeAmi) -> None:
    session = AmiSession(server.account(), on_event=lambda _: None, events=False, timings=PATIENT)
    await session.open(connector())
    for peer in server.peers.values():
        peer.transport.pause_reading()
    with contextlib.suppress(LinkBusy):
        for _ in range(1_000):
            session.start_action({"Action": "Setvar", "Variable": ["x" * 1000] * 100})

    await session.close()

    assert session.ended.result()[0] is DownKind.CLOSED


async def test_a_greeting_in_two_packets_is_waited_for(server: FakeAmi) -> None:
    server.greeting = b"Asterisk Call"
    session = AmiSession(server.account(), on_event=lambda _: None, timings=PATIENT)
    opening = asyncio.ensure_future(session.open(connector()))
    await wait_until(lambda: session.counters.bytes_received)

    for peer in server.peers.values():
        peer.transport.write(b" Manager/11.0.0\r\n")
    await opening

    assert session.greeted.result() == "Asterisk Call Manager/11.0.0"
    await session.close()


async def test_a_pause_ends_with_its_session(server: FakeAmi) -> None:
    session = AmiSession(server.account(), on_event=lambda _: None, timings=PATIENT)
    await session.open(connector())
    session.pause_reading()

    await session.close()
    session.resume_reading()

    assert session.ended.result()[0] is DownKind.CLOSED
