"""Actions and their answers, and the traps of panoramisk 1.4 that lie there."""

from __future__ import annotations

import asyncio

import pytest

from callcenter.pbx.ami import session as session_module
from callcenter.pbx.ami.errors import (
    ActionError,
    ActionTimedOut,
    DownKind,
    LinkBusy,
    NotConnected,
    NotSent,
    OutcomeUnknown,
)
from callcenter.pbx.ami.wire import AmiMessage, InvalidActionError, first
from tests.unit.pbx.ami.fake_server import (
    RING,
    FakeAmi,
    Peer,
    hold_actions,
    message,
    wait_until,
)
from tests.unit.pbx.ami.link_probe import LinkProbe, linked, running

# --- trap: panoramisk writes values as they are --------------------------------------------------


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


# --- trap: panoramisk sends unanswered actions again ---------------------------------------------


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


# --- trap: actions while there is no connection --------------------------------------------------


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


# --- trap: no deadlines --------------------------------------------------------------------------


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


# --- traps: answers ------------------------------------------------------------------------------


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
