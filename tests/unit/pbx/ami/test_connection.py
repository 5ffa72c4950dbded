"""The life of a link: up, down, back again, closed; and callbacks that fail."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from callcenter.pbx.ami.connection import AmiConnection, logged_in, stock_parser
from callcenter.pbx.ami.errors import (
    DownKind,
)
from callcenter.pbx.ami.link import LinkDown, LinkUp, Timings
from callcenter.pbx.ami.wire import AmiMessage, encode_message
from tests.unit.pbx.ami.fake_server import (
    PATIENT,
    FakeAmi,
    Peer,
    message,
    wait_until,
)
from tests.unit.pbx.ami.link_probe import LinkProbe, linked, running

# --- up, down, order -----------------------------------------------------------------------------


async def test_events_come_in_order_between_up_and_down(server: FakeAmi) -> None:
    server.in_login_answer = b"".join(message(Event=f"E{i}") for i in range(3))

    async with linked(server) as probe:
        server.push(message(Event="E3") + message(Event="E4"))
        await wait_until(lambda: len(probe.events) == 5)
        assert probe.link.is_up

    assert isinstance(probe.told[0], LinkUp)
    assert probe.ups == [LinkUp("main", "Asterisk Call Manager/11.0.0", 1)]
    assert probe.events == ["E0", "E1", "E2", "E3", "E4"]
    assert isinstance(probe.told[-1], LinkDown)
    assert probe.downs == [
        LinkDown("main", DownKind.CLOSED, probe.downs[0].text, was_up=True, retry_in_s=None)
    ]
    assert not probe.link.is_up


async def test_events_before_the_link_is_up_are_not_delivered(server: FakeAmi) -> None:
    server.greeting += message(Event="Early")

    async with linked(server) as probe:
        server.push(message(Event="Later"))
        await wait_until(lambda: probe.events)

    assert probe.events == ["Later"]


async def test_a_link_that_was_cut_comes_back_and_says_so(server: FakeAmi) -> None:
    async with linked(server) as probe:
        server.cut()
        await wait_until(lambda: len(probe.ups) == 2)

    assert probe.kinds == [DownKind.LOST, DownKind.CLOSED]
    assert probe.downs[0].was_up
    assert probe.downs[0].retry_in_s is not None
    assert [up.session for up in probe.ups] == [1, 2]
    assert probe.link.counters.reconnects == 1


async def test_a_message_cut_in_the_middle_is_not_joined_with_the_next_session(
    server: FakeAmi,
) -> None:
    async with linked(server) as probe:
        server.push(message(Event="Whole") + b"Event: Half\r\nChannel: PJ")
        await wait_until(lambda: probe.events)
        server.cut()
        await wait_until(lambda: len(probe.ups) == 2)
        server.push(message(Event="Next"))
        await wait_until(lambda: len(probe.events) == 2)

    assert probe.events == ["Whole", "Next"]
    assert probe.faults == []


async def test_a_character_split_between_two_reads_stays_whole(server: FakeAmi) -> None:
    data = message(Event="X", Name="Þórður")
    cut = data.index("Þ".encode()) + 1

    async with linked(server) as probe:
        server.push(data[:cut])
        before = probe.link.counters.bytes_received
        await wait_until(lambda: probe.link.counters.bytes_received > before)
        server.push(data[cut:])
        await wait_until(lambda: probe.events)

    assert {"Event": "X", "Name": "Þórður"} in probe.told


async def test_asterisks_farewell_is_the_reason_when_it_ends(server: FakeAmi) -> None:
    async with linked(server) as probe:
        server.push(message(Event="Shutdown", Shutdown="Cleanly", Restart="False"))
        await wait_until(lambda: probe.events == ["Shutdown"])
        server.cut()
        await wait_until(lambda: probe.downs)

    assert probe.kinds[0] is DownKind.PBX_STOPPED
    assert "shut down or restarted" in probe.downs[0].text


async def test_an_asterisk_that_shuts_down_is_not_pinged_and_not_waited_for_without_end(
    server: FakeAmi,
) -> None:
    quick = Timings(ping_every_s=0.01, shutdown_s=0.1, retry_first_s=60, retry_max_s=60)
    goodbye = message(Event="Shutdown")
    pings: list[int] = []

    def on_message(_: AmiMessage) -> None:
        pings.append(probe.link.counters.actions)

    probe = LinkProbe(server.port, timings=quick, on_message=on_message)
    async with running(probe):
        await wait_until(lambda: probe.ups)
        server.push(goodbye + message(Event="Hangup") + goodbye)
        await wait_until(lambda: probe.downs)

    assert probe.kinds == [DownKind.PBX_STOPPED]
    assert probe.events == ["Shutdown", "Hangup", "Shutdown"]
    assert probe.link.counters.actions == pings[-1]


async def test_events_that_nobody_wants_are_counted_only(server: FakeAmi) -> None:
    async with linked(server, wanted=("Hangup",)) as probe:
        server.push(message(Event="VarSet") + message(Event="Hangup"))
        await wait_until(lambda: probe.events)

    assert probe.events == ["Hangup"]
    assert probe.link.counters.events_skipped == 1


# --- trap: an exception in a callback closes the connection --------------------------------------


async def test_an_exception_in_the_callback_loses_neither_the_link_nor_the_next_event(
    server: FakeAmi, caplog: pytest.LogCaptureFixture
) -> None:
    def on_message(event: AmiMessage) -> None:
        if event["Event"] == "Boom":
            raise ValueError("bug")

    async with linked(server, on_message=on_message) as probe:
        server.push(message(Event="Boom") + message(Event="Fine"))
        await wait_until(lambda: "Fine" in probe.events)
        assert probe.link.is_up

    assert probe.kinds == [DownKind.CLOSED]
    assert probe.link.counters.handler_errors == 1
    assert probe.faults == [f'PBX "main" (127.0.0.1:{server.port}): handler failed on event Boom']
    assert "ValueError: bug" in caplog.text


async def test_exceptions_in_the_other_callbacks_end_there(server: FakeAmi) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("bug")

    link = AmiConnection(
        "main",
        "127.0.0.1",
        server.port,
        "leader",
        "opensesame",
        on_message=fail,
        on_up=fail,
        on_down=fail,
        on_fault=fail,
        timings=PATIENT,
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(link.run())
        await wait_until(lambda: link.is_up)
        server.cut()
        await wait_until(lambda: link.counters.reconnects and link.is_up)
        link.close()

    assert link.counters.handler_errors >= 4


async def test_a_malformed_message_is_a_fault_and_the_next_is_read(server: FakeAmi) -> None:
    async with linked(server) as probe:
        server.push(b"nonsense\r\n\r\n" + message(Key="Value") + message(Event="Fine"))
        await wait_until(lambda: probe.events)

    assert probe.events == ["Fine"]
    assert probe.link.counters.faults == 2
    assert "line left out: it has no header name (nonsense)" in probe.faults[0]
    assert "neither an event nor an answer" in probe.faults[1]


# --- closing and coming back ---------------------------------------------------------------------


async def test_closing_during_back_off_stays_closed(server: FakeAmi) -> None:
    await server.stop()
    slow = Timings(retry_first_s=60, retry_max_s=60)

    async with running(LinkProbe(server.port, timings=slow)) as probe:
        await wait_until(lambda: probe.downs)
        await server.listen()

    assert probe.kinds == [DownKind.UNREACHABLE]
    assert server.actions == []


async def test_closing_during_the_opening_stays_closed(server: FakeAmi) -> None:
    server.login_mute = True

    async with running(LinkProbe(server.port)):
        await wait_until(lambda: server.actions)

    await wait_until(lambda: not server.peers)
    assert server.names == ["Login"]


async def test_a_link_closed_before_it_runs_does_not_connect(server: FakeAmi) -> None:
    probe = LinkProbe(server.port)
    probe.link.close()

    await probe.link.run()

    assert probe.told == []
    assert server.peers == {}


async def test_a_link_closed_by_its_own_callback_delivers_nothing_more(server: FakeAmi) -> None:
    def on_message(event: AmiMessage) -> None:
        if event["Event"] == "Last":
            probe.link.close()

    probe = LinkProbe(server.port, on_message=on_message)
    async with running(probe):
        await wait_until(lambda: probe.ups)
        server.push(message(Event="Last") + message(Event="One more"))
        await wait_until(lambda: probe.downs)

    assert probe.kinds == [DownKind.CLOSED]
    assert probe.events == ["Last"]


async def test_a_link_runs_once_at_a_time(server: FakeAmi) -> None:
    async with linked(server) as probe:
        with pytest.raises(RuntimeError, match="is running already"):
            await probe.link.run()


async def test_closing_while_a_lost_session_is_cleared_away_tells_that_it_is_down(
    server: FakeAmi,
) -> None:
    async with linked(server) as probe:
        session = probe.link._session
        assert session is not None
        session.ended.add_done_callback(lambda _: probe.link.close())
        server.cut()
        await wait_until(lambda: probe.downs)

    assert len(probe.downs) == 1
    assert probe.downs[0].was_up
    assert probe.downs[0].retry_in_s is None


async def test_fully_booted_said_twice_is_one_up(server: FakeAmi) -> None:
    server.in_login_answer = message(Event="FullyBooted") + message(Event="Next")

    async with linked(server) as probe:
        await wait_until(lambda: probe.events)

    assert len(probe.ups) == 1


async def test_cancelling_the_owner_closes_the_link_and_tells_so(server: FakeAmi) -> None:
    probe = LinkProbe(server.port)
    task = asyncio.create_task(probe.link.run())
    await wait_until(lambda: probe.ups)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert probe.kinds == [DownKind.CLOSED]
    await wait_until(lambda: not server.peers)


async def test_attempts_grow_apart_up_to_a_bound_and_jitter_is_given(server: FakeAmi) -> None:
    await server.stop()
    timings = Timings(retry_first_s=0.001, retry_max_s=0.004)

    async with running(LinkProbe(server.port, timings=timings, jitter=lambda: 0.5)) as probe:
        await wait_until(lambda: len(probe.downs) >= 5)

    waits = [down.retry_in_s for down in probe.downs[:5]]
    assert waits == pytest.approx([0.00075, 0.0015, 0.003, 0.003, 0.003])
    assert not any(down.was_up for down in probe.downs)


async def test_a_refused_login_is_retried_rarely(server: FakeAmi) -> None:
    async with running(LinkProbe(server.port, secret="wrong", timings=Timings())) as probe:
        await wait_until(lambda: probe.downs)

    assert probe.downs[0].kind is DownKind.LOGIN_REFUSED
    assert probe.downs[0].retry_in_s == 30


async def test_the_fence_is_awaited_before_each_login(server: FakeAmi) -> None:
    logins_seen: list[int] = []

    async def fence() -> None:
        logins_seen.append(server.names.count("Login"))

    async with linked(server, before_login=fence) as probe:
        server.cut()
        await wait_until(lambda: len(probe.ups) == 2)

    assert logins_seen == [0, 1]


# --- a session for a few actions -----------------------------------------------------------------


async def test_a_short_session_logs_off_and_gets_no_events(server: FakeAmi) -> None:
    async with logged_in(server.account()) as session:
        assert session.greeted.result() == "Asterisk Call Manager/11.0.0"
        await session.action({"Action": "CoreSettings"})

    assert server.names == ["Login", "CoreSettings", "Logoff"]
    assert server.actions[0]["Events"] == "off"
    assert session.counters.events == 0


async def test_a_peer_that_closes_on_logoff_is_no_error(server: FakeAmi) -> None:
    def close(peer: Peer, _: AmiMessage) -> bool:
        peer.transport.close()
        return True

    async with logged_in(server.account()):
        server.on_action = close

    assert server.names == ["Login", "Logoff"]


def test_panoramisks_own_parser_is_there_to_be_measured() -> None:
    seen: list[Any] = []

    stock_parser(seen.append)(encode_message([("Event", "Hangup"), ("Cause", "16")]))

    assert [(event.event, event.cause) for event in seen] == [("Hangup", "16")]
