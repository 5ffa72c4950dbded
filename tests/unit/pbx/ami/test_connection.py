"""The life of a link, and each trap of panoramisk 1.4 that it closes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from callcenter.pbx.ami import connection as connection_module
from callcenter.pbx.ami import session as session_module
from callcenter.pbx.ami.connection import AmiConnection, logged_in, stock_parser
from callcenter.pbx.ami.errors import (
    ActionError,
    ActionTimedOut,
    DownKind,
    LinkBusy,
    ListTooLong,
    NotConnected,
    NotSent,
    OutcomeUnknown,
)
from callcenter.pbx.ami.link import LinkDown, LinkUp, Timings
from callcenter.pbx.ami.wire import AmiMessage, InvalidActionError, encode_message, first
from tests.unit.pbx.ami.fake_server import PATIENT, FakeAmi, Peer, message, wait_until
from tests.unit.pbx.ami.link_probe import LinkProbe, linked, running

RING = {"Action": "Originate", "Channel": "PJSIP/1001", "Async": "true"}


@pytest.fixture
async def server() -> Any:
    async with FakeAmi() as fake:
        yield fake


def hold_actions(server: FakeAmi) -> list[tuple[Peer, AmiMessage]]:
    """Let the server keep actions unanswered, for the test to answer; pings too."""
    held: list[tuple[Peer, AmiMessage]] = []

    def hold(peer: Peer, action: AmiMessage) -> bool:
        held.append((peer, action))
        return True

    server.on_action = hold
    return held


# --- up, down, order ---------------------------------------------------------------------------


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


# --- trap: panoramisk writes values as they are ------------------------------------------------


@pytest.mark.parametrize("bad", ["a\r\nCommand: evil", "a\r\n\r\nAction: Originate", "\0"])
async def test_header_injection_is_refused_and_nothing_reaches_the_pbx(
    server: FakeAmi, bad: str
) -> None:
    async with linked(server) as probe:
        before = len(server.received)
        with pytest.raises(InvalidActionError, match="'Value' holds a line break"):
            probe.link.start_action({"Action": "Setvar", "Variable": "X", "Value": bad})
        with pytest.raises(InvalidActionError):
            await probe.link.action({"Action": "Setvar", "Variable": ["A=1", bad]})
        with pytest.raises(InvalidActionError):
            await probe.link.list_action({"Action": "Status", bad: "1"})
        await probe.link.action({"Action": "Getvar", "ActionID": "1"})

    written = server.received[before:]
    assert written.startswith(b"Action: Getvar\r\nActionID: 1\r\n\r\n")


def test_a_secret_that_would_add_headers_is_refused_at_once() -> None:
    with pytest.raises(InvalidActionError, match="'Secret' holds a line break"):
        LinkProbe(1, secret="a\r\nEvents: off")


# --- trap: panoramisk sends unanswered actions again -------------------------------------------


async def test_an_action_unanswered_at_a_cut_has_an_unknown_outcome_and_is_not_sent_again(
    server: FakeAmi,
) -> None:
    async with linked(server) as probe:
        server.is_mute = True
        ring = probe.link.start_action(RING)
        rows = asyncio.ensure_future(probe.link.list_action({"Action": "Status"}))
        await wait_until(lambda: "Status" in server.names)
        server.cut()
        with pytest.raises(OutcomeUnknown, match="Originate: outcome unknown"):
            await ring
        with pytest.raises(OutcomeUnknown):
            await rows
        server.is_mute = False
        await wait_until(lambda: len(probe.ups) == 2)
        await probe.link.action({"Action": "Getvar"})

    assert server.names == ["Login", "Originate", "Status", "Login", "Getvar"]
    assert probe.link.counters.unanswered == 2


async def test_futures_fail_before_the_link_is_told_to_be_down(server: FakeAmi) -> None:
    async with linked(server) as probe:
        server.is_mute = True
        ring = probe.link.start_action(RING)
        ring.add_done_callback(lambda _: probe.told.append({"Event": "the future failed"}))
        server.cut()
        await wait_until(lambda: probe.downs)
        assert probe.events == ["the future failed"]
        assert probe.told.index({"Event": "the future failed"}) < probe.told.index(probe.downs[0])

    assert isinstance(ring.exception(), OutcomeUnknown)


# --- trap: actions while there is no connection ------------------------------------------------


async def test_an_action_without_a_link_is_refused_and_never_sent_later(server: FakeAmi) -> None:
    probe = LinkProbe(server.port)
    with pytest.raises(NotConnected, match="Originate not sent: no link to PBX"):
        probe.link.start_action(RING)

    async with running(probe):
        await wait_until(lambda: probe.ups)
        await server.stop()
        await wait_until(lambda: DownKind.UNREACHABLE in probe.kinds)
        for send in (probe.link.action, probe.link.list_action):
            with pytest.raises(NotConnected):
                await send(RING)
        await server.listen()
        await wait_until(lambda: len(probe.ups) == 2)

    assert server.names == ["Login", "Login"]
    assert probe.link.counters.failed_attempts >= 1


async def test_an_action_between_the_sockets_end_and_its_notice_is_refused(
    server: FakeAmi,
) -> None:
    refused: list[Exception] = []

    def on_message(_: AmiMessage) -> None:
        assert probe.link._session is not None
        assert probe.link._session._exchange is not None
        transport = probe.link._session._exchange.transport
        assert transport is not None
        transport.abort()
        try:
            probe.link.start_action(RING)
        except NotSent as error:
            refused.append(error)

    probe = LinkProbe(server.port, on_message=on_message)
    async with running(probe):
        await wait_until(lambda: refused)

    assert "Originate" not in server.names


# --- trap: no deadlines ------------------------------------------------------------------------


async def test_every_action_has_a_deadline_and_a_late_answer_is_only_counted(
    server: FakeAmi,
) -> None:
    held = hold_actions(server)
    async with linked(server) as probe:
        with pytest.raises(ActionTimedOut, match=r"Setvar: no answer within 0\.01 s from PBX"):
            await probe.link.action({"Action": "Setvar"}, timeout_s=0.01)
        await wait_until(lambda: held)
        peer, action = held[0]
        peer.answer(action)
        await wait_until(lambda: probe.link.counters.responses_late)
        assert probe.link.is_up

    assert probe.link.counters.unanswered == 1


async def test_the_answer_to_an_action_that_was_cancelled_is_only_counted(
    server: FakeAmi,
) -> None:
    held = hold_actions(server)

    async with linked(server) as probe:
        future = probe.link.start_action({"Action": "Setvar"})
        rows = asyncio.ensure_future(probe.link.list_action({"Action": "Status"}))
        await wait_until(lambda: len(held) == 2)
        future.cancel()
        rows.cancel()
        for peer, action in held:
            peer.answer(action)
        await wait_until(lambda: probe.link.counters.responses_late == 2)

    assert probe.link.counters.unanswered == 0


async def test_an_answer_that_comes_as_its_future_is_cancelled_is_dropped(
    server: FakeAmi,
) -> None:
    server.is_mute = True

    def on_message(event: AmiMessage) -> None:
        if event["Event"] == "Now":  # the answers are in the same read
            future.cancel()
            rows.cancel()

    async with linked(server, on_message=on_message) as probe:
        future = probe.link.start_action({"Action": "Setvar", "ActionID": "7"})
        rows = asyncio.ensure_future(probe.link.list_action({"Action": "Status", "ActionID": "8"}))
        await wait_until(lambda: "Status" in server.names)
        server.push(
            message(Event="Now")
            + message(Response="Success", ActionID="7")
            + message(Event="StatusComplete", ActionID="8", EventList="Complete")
            + message(Event="After")
        )
        await wait_until(lambda: "After" in probe.events)

    assert future.cancelled()
    assert rows.cancelled()
    assert probe.events == ["Now", "After"]
    assert probe.faults == []


# --- trap: an exception in a callback closes the connection ------------------------------------


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


# --- traps: answers ----------------------------------------------------------------------------


async def test_answers_find_their_actions_in_any_order(server: FakeAmi) -> None:
    held = hold_actions(server)

    async with linked(server) as probe:
        futures = [probe.link.start_action({"Action": f"A{i}"}) for i in range(5)]
        await wait_until(lambda: len(held) == 5)
        for peer, action in reversed(held):
            peer.answer(action, Message=first(action, "Action"))
        answers = await asyncio.gather(*futures)

    assert [first(action, "Action") for _, action in held] == ["A0", "A1", "A2", "A3", "A4"]
    assert [first(answer, "Message") for answer in answers] == ["A0", "A1", "A2", "A3", "A4"]


async def test_a_refusal_is_a_result_of_the_future_and_an_error_of_the_call(
    server: FakeAmi,
) -> None:
    def refuse(peer: Peer, action: AmiMessage) -> bool:
        peer.answer(action, "Error", Message="No such channel")
        return True

    server.on_action = refuse
    async with linked(server) as probe:
        answer = await probe.link.start_action({"Action": "Hangup"})
        with pytest.raises(ActionError, match="Hangup refused: No such channel") as call:
            await probe.link.action({"Action": "Hangup"})
        with pytest.raises(ActionError, match="Status refused: No such channel"):
            await probe.link.list_action({"Action": "Status"})

    assert first(answer, "Message") == "No such channel"
    assert first(call.value.message, "Response") == "Error"


async def test_what_happens_to_an_originate_is_an_event_though_it_has_the_actions_id(
    server: FakeAmi,
) -> None:
    def originate(peer: Peer, action: AmiMessage) -> bool:
        peer.transport.write(
            message(Event="OriginateResponse", ActionID="ring-1", Response="Failure")
        )
        peer.answer(action, Message="Originate successfully queued")
        peer.transport.write(
            message(Event="OriginateResponse", ActionID="ring-1", Response="Success")
        )
        return True

    server.on_action = originate
    async with linked(server) as probe:
        answer = await probe.link.action({**RING, "ActionID": "ring-1"})
        await wait_until(lambda: len(probe.events) == 2)

    assert first(answer, "Message") == "Originate successfully queued"
    assert probe.events == ["OriginateResponse", "OriginateResponse"]


async def test_an_action_id_in_flight_is_refused_a_second_time(server: FakeAmi) -> None:
    server.is_mute = True

    async with linked(server) as probe:
        probe.link.start_action({**RING, "ActionID": "ring-1"})
        with pytest.raises(InvalidActionError, match="'ring-1' is in flight already"):
            probe.link.start_action({**RING, "ActionID": "ring-1"})


async def test_more_actions_in_flight_than_the_bound_are_not_sent(
    server: FakeAmi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "PENDING_ACTIONS_MAX", 3)
    server.is_mute = True

    async with linked(server) as probe:
        for _ in range(3):
            probe.link.start_action(RING)
        with pytest.raises(LinkBusy, match="3 actions are unanswered"):
            probe.link.start_action(RING)


async def test_a_pbx_that_does_not_read_is_not_written_to_without_end(
    server: FakeAmi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "WRITE_BUFFER_BYTES_MAX", 10_000)
    monkeypatch.setattr(session_module, "PENDING_ACTIONS_MAX", 1_000_000)
    big = {"Action": "Setvar", "Variable": ["x" * 1000] * 100}

    async with linked(server) as probe:
        for peer in server.peers.values():
            peer.transport.pause_reading()

        def write_much() -> None:
            for _ in range(1_000):
                probe.link.start_action(big)

        with pytest.raises(LinkBusy, match="does not read what is sent"):
            write_much()


# --- lists -------------------------------------------------------------------------------------


def rows_of(
    action: AmiMessage, count: int, *, ends: str | None = "Complete", between: bytes = b""
) -> bytes:
    """A list as Asterisk writes it, with something of others in its middle."""
    ident = first(action, "ActionID")
    start = message(Response="Success", ActionID=ident, EventList="start", Message="will follow")
    rows = [message(Event="Status", ActionID=ident, Channel=f"c{i}") for i in range(count)]
    end = message(Event="StatusComplete", ActionID=ident, EventList=ends) if ends else b""
    return start + b"".join(rows[:1]) + between + b"".join(rows[1:]) + end


async def test_a_list_comes_as_its_rows_while_events_go_on(server: FakeAmi) -> None:
    def answer(peer: Peer, action: AmiMessage) -> bool:
        peer.transport.write(rows_of(action, 3, between=message(Event="Hangup")))
        return True

    server.on_action = answer
    async with linked(server, wanted=("Hangup",)) as probe:
        rows = await probe.link.list_action({"Action": "Status"})

    assert [row["Channel"] for row in rows] == ["c0", "c1", "c2"]
    assert probe.events == ["Hangup"]


@pytest.mark.parametrize("ends", ["Complete", "Cancelled"])
async def test_an_empty_list_has_no_rows(server: FakeAmi, ends: str) -> None:
    def answer(peer: Peer, action: AmiMessage) -> bool:
        peer.transport.write(rows_of(action, 0, ends=ends))
        return True

    server.on_action = answer
    async with linked(server) as probe:
        assert await probe.link.list_action({"Action": "Status"}) == []


async def test_success_without_a_list_is_a_list_without_rows(server: FakeAmi) -> None:
    async with linked(server) as probe:
        assert await probe.link.list_action({"Action": "Status"}) == []


async def test_a_list_never_completed_ends_by_its_deadline_and_late_rows_are_no_events(
    server: FakeAmi,
) -> None:
    asked: list[AmiMessage] = []

    def answer(peer: Peer, action: AmiMessage) -> bool:
        asked.append(action)
        peer.transport.write(rows_of(action, 2, ends=None))
        return True

    server.on_action = answer
    async with linked(server) as probe:
        with pytest.raises(ActionTimedOut, match=r"Status: no answer within 0\.05 s"):
            await probe.link.list_action({"Action": "Status"}, timeout_s=0.05)
        await wait_until(lambda: asked)
        ident = first(asked[0], "ActionID")
        server.push(message(Event="Status", ActionID=ident, Channel="late"))
        server.push(message(Event="StatusComplete", ActionID=ident, EventList="Complete"))
        server.push(message(Event="Status", ActionID=ident, Channel="of nobody"))
        await wait_until(lambda: probe.events)
        assert probe.link.is_up

    assert [m["Channel"] for m in probe.told if isinstance(m, dict) and "Channel" in m] == [
        "of nobody"
    ]


async def test_a_list_longer_than_its_bound_is_given_up(server: FakeAmi) -> None:
    def answer(peer: Peer, action: AmiMessage) -> bool:
        peer.transport.write(rows_of(action, 5, between=message(Event="Hangup")))
        return True

    server.on_action = answer
    async with linked(server) as probe:
        with pytest.raises(ListTooLong, match="Status has more than 3 rows"):
            await probe.link.list_action({"Action": "Status"}, rows_max=3)
        server.push(message(Event="After"))
        await wait_until(lambda: "After" in probe.events)

    assert probe.events == ["Hangup", "After"]


async def test_lists_given_up_are_remembered_up_to_a_bound(
    server: FakeAmi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "ABANDONED_LISTS_MAX", 1)
    held = hold_actions(server)

    async with linked(server) as probe:
        for _ in range(2):
            with pytest.raises(ActionTimedOut):
                await probe.link.list_action({"Action": "Status"}, timeout_s=0.001)
        await wait_until(lambda: len(held) == 2)
        asked = [first(action, "ActionID") for _, action in held]
        for ident in reversed(asked):
            server.push(message(Event="Status", ActionID=ident))
        await wait_until(lambda: probe.events)

    assert probe.told[-2] == {"Event": "Status", "ActionID": asked[0]}


# --- watchdog, flood, backpressure -------------------------------------------------------------


async def test_a_peer_that_goes_silent_is_noticed_and_left(server: FakeAmi) -> None:
    quick = Timings(ping_every_s=0.01, ping_s=0.3, retry_first_s=0.01)

    async with linked(server, timings=quick) as probe:
        await wait_until(lambda: len(server.actions) > 3)
        assert probe.downs == []
        server.is_mute = True
        await wait_until(lambda: DownKind.PING_TIMEOUT in probe.kinds)
        server.is_mute = False
        await wait_until(lambda: len(probe.ups) == 2)

    assert "has not answered a ping within 0.3 s" in probe.downs[0].text


async def test_a_refused_ping_is_a_sign_of_life(server: FakeAmi) -> None:
    def refuse(peer: Peer, action: AmiMessage) -> bool:
        peer.answer(action, "Error", Message="Permission denied")
        return True

    server.on_action = refuse
    async with linked(server, timings=Timings(ping_every_s=0.01)) as probe:
        await wait_until(lambda: len(server.actions) > 4)
        assert probe.downs == []


async def test_reading_can_be_paused_so_that_a_flood_waits_at_its_source(
    server: FakeAmi,
) -> None:
    flood = message(Event="Flood", Padding="x" * 900) * 1000
    quick = Timings(ping_every_s=0.01, ping_s=60, pause_s=60)

    async with linked(server, timings=quick) as probe:
        (peer,) = server.peers.values()
        probe.link.pause_reading()
        probe.link.pause_reading()
        while peer.is_writable:
            server.push(flood)
            await asyncio.sleep(0)
        held = probe.link.counters.bytes_received
        pings = len(server.actions)
        await asyncio.sleep(0.1)  # many ping intervals: none may cut the paused link
        assert probe.link.counters.bytes_received == held
        assert len(server.actions) <= pings + 1
        assert probe.downs == []
        probe.link.resume_reading()
        probe.link.resume_reading()
        await wait_until(lambda: peer.is_writable)

    assert probe.kinds == [DownKind.CLOSED]


async def test_a_ping_in_flight_when_reading_is_paused_does_not_cut_the_link(
    server: FakeAmi,
) -> None:
    server.is_mute = True
    quick = Timings(ping_every_s=0.01, ping_s=0.3)

    async with linked(server, timings=quick) as probe:
        await wait_until(lambda: len(server.actions) == 2)
        probe.link.pause_reading()
        await wait_until(lambda: probe.link.counters.unanswered)
        await asyncio.sleep(0)
        assert probe.link.is_up

    assert probe.kinds == [DownKind.CLOSED]


async def test_a_pause_without_end_gives_up_the_session_and_reads_anew(server: FakeAmi) -> None:
    quick = Timings(pause_s=0.02, retry_first_s=0.01)

    async with linked(server, timings=quick) as probe:
        probe.link.pause_reading()
        await wait_until(lambda: len(probe.ups) == 2)
        assert probe.downs[0].kind is DownKind.OVERLOADED
        probe.link.resume_reading()
        probe.link.pause_reading()
        probe.link.resume_reading()
        server.push(message(Event="Fine"))
        await wait_until(lambda: probe.events)

    assert "not taken in for 0.02 s" in probe.downs[0].text


async def test_a_pause_asked_for_while_there_is_no_link_holds_when_it_comes_up(
    server: FakeAmi,
) -> None:
    probe = LinkProbe(server.port)
    probe.link.pause_reading()
    probe.link.resume_reading()
    probe.link.pause_reading()

    async with running(probe):
        await wait_until(lambda: probe.ups)
        server.push(message(Event="Held"))
        with pytest.raises(ActionTimedOut):
            await probe.link.action({"Action": "Getvar"}, timeout_s=0.02)
        assert probe.events == []
        probe.link.resume_reading()
        await wait_until(lambda: probe.events)

    assert probe.events == ["Held"]


async def test_a_flood_without_message_ends_is_dropped_in_bounded_memory(
    server: FakeAmi,
) -> None:
    async with linked(server) as probe:
        server.push(b"Event: Endless\r\nPadding: " + b"x" * 3_000_000)
        await wait_until(lambda: probe.link.counters.bytes_received > 3_000_000)
        server.push(b"\r\n\r\n" + message(Event="Fine"))
        await wait_until(lambda: probe.events)

    assert probe.events == ["Fine"]
    assert len(probe.faults) == 1
    assert "longer than 1048576 bytes (Event: Endless)" in probe.faults[0]


# --- closing and coming back -------------------------------------------------------------------


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


# --- a session for a few actions ---------------------------------------------------------------


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
