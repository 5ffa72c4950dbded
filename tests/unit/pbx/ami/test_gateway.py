"""The gateway against an AMI peer in this process: order, outcomes, losing the link."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from callcenter.domain.call import Place
from callcenter.domain.commands import (
    AddFallbackMember,
    AskDigit,
    HangUp,
    HoldCaller,
    JoinCall,
    PbxCommand,
    PlayPrompt,
    ReadPbx,
    RemoveFallbackMember,
    RingAgent,
)
from callcenter.domain.events import (
    CallArrived,
    CallerLeftHold,
    ChannelHungUp,
    IvrLeft,
    LegCreated,
    PbxLinkLost,
    PbxStateRead,
)
from callcenter.domain.ids import ChannelRef
from callcenter.pbx.ami import gateway as gateway_module
from callcenter.pbx.ami import reader as reader_module
from callcenter.pbx.ami.errors import LinkBusy
from callcenter.pbx.ami.gateway import AmiGateway
from callcenter.pbx.ami.link import LinkDown, LinkUp
from callcenter.pbx.ami.trace import Trace
from callcenter.pbx.ami.wire import AmiMessage
from callcenter.service.ports import PbxGateway
from tests.unit.pbx.ami.fake_pbx import (
    CALLER,
    LEG,
    RING,
    FakePbx,
    Running,
    arrival,
    hang_up,
    outcome_of,
    quick_pbx,
    running,
    status_row,
)
from tests.unit.pbx.ami.fake_server import PATIENT, message, wait_until


@pytest.fixture
async def pbx(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakePbx]:
    async with quick_pbx(monkeypatch) as peer:
        yield peer


# --- coming up ---------------------------------------------------------------------------------


async def test_the_state_is_told_before_any_later_event(pbx: FakePbx) -> None:
    pbx.channels[CALLER.id] = status_row(CALLER.id, "PJSIP/carrier-00000001")

    async with running(pbx) as it:
        pbx.push(hang_up(CALLER.id))
        await wait_until(lambda: len(it.facts) == 2)

    [truth] = it.state().channels
    assert (truth.channel, truth.place, truth.role) == (CALLER, Place.MENU, "caller")
    assert isinstance(it.facts[0], PbxStateRead)
    assert it.facts[1] == ChannelHungUp(CALLER, 16)


async def test_bridges_are_listed_before_channels(pbx: FakePbx) -> None:
    async with running(pbx):
        lists = [name for name in pbx.names if name in ("BridgeList", "Status")]

    assert lists == ["BridgeList", "Status"]
    assert pbx.sent("Status")[0]["Variables"] == "CC_ROLE,CC_ENTERED,CC_DIALED,CC_CALLER"


async def test_older_sessions_are_kicked_before_the_login(pbx: FakePbx) -> None:
    # Story: our own half-open session blocks the login (allowmultiplelogin=no).
    pbx.one_session_each = True
    reader, writer = await asyncio.open_connection("127.0.0.1", pbx.port)
    writer.write(message(Action="Login", Username="leader", Secret=pbx.account().secret))
    await wait_until(lambda: any(peer.user for peer in pbx.peers.values()))
    it = Running(pbx)
    it.gateway = AmiGateway(pbx.account(), pbx.account("fence"), it.facts.append, timings=PATIENT)

    async with asyncio.TaskGroup() as group:
        group.create_task(it.gateway.run())
        await wait_until(lambda: it.gateway.is_up)
        it.gateway.close()

    assert await reader.read() != b""
    assert reader.at_eof()
    writer.close()
    assert isinstance(it.facts[0], PbxStateRead)


async def test_it_is_the_port_that_the_service_knows(pbx: FakePbx) -> None:
    gateway: PbxGateway = Running(pbx).gateway

    assert gateway.name == "main"


async def test_a_state_that_cannot_be_read_is_read_again(pbx: FakePbx) -> None:
    pbx.refusals["Status"] = "Permission denied"
    it = Running(pbx)

    async with asyncio.TaskGroup() as group:
        group.create_task(it.gateway.run())
        await wait_until(lambda: len(it.faults) >= 2)
        assert not it.gateway.is_up
        assert it.facts == []
        pbx.refusals.clear()
        await wait_until(lambda: it.gateway.is_up)
        it.gateway.close()

    assert "could not be read: Status refused: Permission denied" in it.faults[0]
    assert isinstance(it.facts[0], PbxStateRead)


async def test_events_during_a_failed_reading_are_not_lost(pbx: FakePbx) -> None:
    pbx.refusals["Status"] = "Permission denied"
    pbx.before["Status"] = lambda: pbx.push(arrival("cc-100.7") + hang_up("cc-100.7"))
    it = Running(pbx)

    async with asyncio.TaskGroup() as group:
        group.create_task(it.gateway.run())
        await wait_until(lambda: it.faults)
        pbx.refusals.clear()
        await wait_until(lambda: it.gateway.is_up)
        it.gateway.close()

    assert [type(fact) for fact in it.facts[:3]] == [CallArrived, ChannelHungUp, PbxStateRead]


# --- losing the link ---------------------------------------------------------------------------


async def test_a_lost_link_is_told_and_the_state_is_read_again(pbx: FakePbx) -> None:
    async with running(pbx) as it:
        pbx.cut()
        await wait_until(lambda: len(it.facts) == 3)

    kinds = [type(fact) for fact in it.facts]
    assert kinds[:3] == [PbxStateRead, PbxLinkLost, PbxStateRead]
    assert isinstance(it.links[0], LinkUp)
    assert isinstance(it.links[1], LinkDown)


async def test_a_failed_attempt_is_reported_but_changes_nothing(pbx: FakePbx) -> None:
    await pbx.stop()
    it = Running(pbx)

    async with asyncio.TaskGroup() as group:
        group.create_task(it.gateway.run())
        await wait_until(lambda: it.links)
        it.gateway.close()

    assert isinstance(it.links[0], LinkDown)
    assert not it.links[0].was_up
    assert it.facts == []


async def test_commands_under_way_end_as_unknown_when_the_link_is_lost(pbx: FakePbx) -> None:
    pbx.silent = ["Originate", "Hangup"]
    async with running(pbx) as it:
        results = [it.gateway.send(RING), it.gateway.send(HangUp("cmd-2", LEG))]
        await wait_until(lambda: pbx.sent("Hangup"))

        pbx.cut()

        assert [await outcome_of(result) for result in results] == ["unknown", "unknown"]
        await wait_until(lambda: len(it.facts) == 3)
    assert len(pbx.sent("Originate")) == 1


async def test_without_a_link_everything_is_refused_and_nothing_beats(pbx: FakePbx) -> None:
    it = Running(pbx)

    it.gateway.beat([CALLER])
    results = [it.gateway.send(RING), it.gateway.send(ReadPbx("cmd-2", "main"))]

    for result in results:
        assert (await outcome_of(result)).startswith("refused: ")
    assert pbx.actions == []


async def test_a_reading_cut_off_by_the_loss_of_the_link_ends_as_unknown(pbx: FakePbx) -> None:
    async with running(pbx) as it:
        pbx.silent = ["BridgeList"]
        first_asked = it.gateway.send(ReadPbx("cmd-1", "main"))
        await wait_until(lambda: len(pbx.sent("BridgeList")) == 2)
        second_asked = it.gateway.send(ReadPbx("cmd-2", "main"))

        pbx.silent = []
        pbx.cut()

        assert await outcome_of(first_asked) == "unknown"
        assert await outcome_of(second_asked) == "unknown"
        await wait_until(lambda: isinstance(it.facts[-1], PbxStateRead) and len(it.facts) == 3)


async def test_a_reading_cut_off_while_it_waits_for_late_events_ends_as_unknown(
    pbx: FakePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(pbx) as it:
        monkeypatch.setattr(reader_module, "SETTLE_S", 60.0)
        asked = it.gateway.send(ReadPbx("cmd-1", "main"))
        await wait_until(lambda: len(pbx.sent("Status")) == 2)

        pbx.cut()

        assert await outcome_of(asked) == "unknown"


async def test_closing_ends_the_link_and_what_is_under_way(pbx: FakePbx) -> None:
    pbx.silent = ["Originate"]
    async with running(pbx) as it:
        result = it.gateway.send(RING)
        await wait_until(lambda: pbx.sent("Originate"))

    assert await outcome_of(result) == "unknown"
    assert isinstance(it.facts[-1], PbxLinkLost)
    assert not it.gateway.is_up
    assert it.gateway.pbx_time() is None


# --- commands ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "action", "refusal", "outcome"),
    [
        (RING, "Originate", "", "done"),
        (RING, "Originate", "Extension does not exist.", "refused: Extension does not exist."),
        (HangUp("cmd-1", LEG), "Hangup", "No such channel", "refused: No such channel"),
        (HoldCaller("cmd-1", CALLER), "Redirect", "", "done"),
        (
            AddFallbackMember("cmd-1", "main", "1001", "ana"),
            "QueueAdd",
            "Unable to add interface: Already there",
            "done",
        ),
        (
            RemoveFallbackMember("cmd-1", "main", "1001"),
            "QueueRemove",
            "Unable to remove interface: Not there",
            "done",
        ),
        (
            RemoveFallbackMember("cmd-1", "main", "1001"),
            "QueueRemove",
            "Member not dynamic",
            "refused: Member not dynamic",
        ),
    ],
)
async def test_how_a_command_ends(
    pbx: FakePbx, command: PbxCommand, action: str, refusal: str, outcome: str
) -> None:
    if refusal:
        pbx.refusals[action] = refusal
    async with running(pbx) as it:
        assert await outcome_of(it.gateway.send(command)) == outcome

    assert len(pbx.sent(action)) == 1


async def test_an_action_without_an_answer_ends_as_unknown(
    pbx: FakePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    pbx.silent = ["Originate"]
    timings = PATIENT.__class__(action_s=0.05, retry_first_s=0.01)
    async with running(pbx, timings=timings) as it:
        assert await outcome_of(it.gateway.send(RING)) == "unknown"
        assert it.gateway.is_up


async def test_commands_are_written_in_the_order_given(pbx: FakePbx) -> None:
    async with running(pbx) as it:
        results = [
            it.gateway.send(command)
            for command in (
                HangUp("cmd-1", LEG),
                RING,
                HoldCaller("cmd-3", CALLER),
                AddFallbackMember("cmd-4", "main", "1001", "ana"),
            )
        ]
        await asyncio.gather(*results)

    assert [
        name for name in pbx.names if name in ("Hangup", "Originate", "Redirect", "QueueAdd")
    ] == ["Hangup", "Originate", "Redirect", "QueueAdd"]


async def test_what_must_not_be_said_is_refused_and_not_written(pbx: FakePbx) -> None:
    evil = RingAgent("cmd-1", LEG, "ana", "1001\r\nAction: Logoff", "call-1", "", 15.0)
    async with running(pbx) as it:
        assert (await outcome_of(it.gateway.send(evil))).startswith("refused: phone ")

    assert pbx.sent("Originate") == []
    assert b"Logoff" not in pbx.received.replace(b"Action: Logoff\r\nActionID", b"")


async def test_a_result_given_up_by_whoever_asked_harms_nobody(pbx: FakePbx) -> None:
    async with running(pbx) as it:
        result = it.gateway.send(RING)
        result.cancel()

        assert await outcome_of(it.gateway.send(HangUp("cmd-2", LEG))) == "done"


async def test_a_join_says_whole_names(pbx: FakePbx) -> None:
    pbx.channels[CALLER.id] = status_row(CALLER.id, "PJSIP/carrier-00000001")
    join = JoinCall("cmd-1", CALLER, LEG)
    async with running(pbx) as it:
        assert await outcome_of(it.gateway.send(join)) == f"refused: no such channel: {LEG}"
        pbx.push(message(Event="Newchannel", Channel="PJSIP/1001-00000002", Uniqueid=LEG.id))
        await wait_until(lambda: LegCreated(LEG) in it.facts)
        assert await outcome_of(it.gateway.send(join)) == "done"
        pbx.push(
            message(
                Event="Rename",
                Channel="PJSIP/1001-00000002",
                Newname="PJSIP/1001-00000003",
                Uniqueid=LEG.id,
            )
            + hang_up(CALLER.id)
        )
        await wait_until(lambda: ChannelHungUp(CALLER, 16) in it.facts)
        assert await outcome_of(it.gateway.send(join)) == f"refused: no such channel: {CALLER}"
        pbx.push(
            message(Event="Newchannel", Channel="PJSIP/carrier-00000004", Uniqueid=CALLER.id)
            + message(Event="AsyncAGIEnd", Uniqueid=CALLER.id)
        )
        await wait_until(lambda: it.facts[-1] == IvrLeft(CALLER))
        assert await outcome_of(it.gateway.send(join)) == "done"

    assert [(action["Channel1"], action["Channel2"]) for action in pbx.sent("Bridge")] == [
        ("PJSIP/carrier-00000001", "PJSIP/1001-00000002"),
        ("PJSIP/carrier-00000004", "PJSIP/1001-00000003"),
    ]


async def test_names_are_kept_up_to_a_bound(pbx: FakePbx, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_module, "NAMES_MAX", 1)
    async with running(pbx) as it:
        for n in (1, 2):
            leg = f"leg-{n}"
            pbx.push(message(Event="Newchannel", Channel=f"PJSIP/1001-{n}", Uniqueid=leg))
        await wait_until(lambda: len(it.facts) == 3)
        join = JoinCall("cmd-1", ChannelRef("main", "leg-1"), ChannelRef("main", "leg-2"))

        assert await outcome_of(it.gateway.send(join)) == "refused: no such channel: main/leg-1"


async def test_a_menu_command_for_a_caller_who_left_the_menu_is_refused(pbx: FakePbx) -> None:
    # Story: Asterisk says "Added AGI command to queue" for ever after, and never runs it.
    ask = AskDigit("cmd-1", CALLER, "menu", 5.0)
    async with running(pbx) as it:
        assert await outcome_of(it.gateway.send(ask)) == f"refused: {CALLER} is in no menu"
        pbx.push(arrival())
        await wait_until(lambda: len(it.facts) == 2)
        assert await outcome_of(it.gateway.send(ask)) == "done"
        pbx.push(message(Event="AsyncAGIEnd", Uniqueid=CALLER.id))
        await wait_until(lambda: len(it.facts) == 3)
        assert await outcome_of(it.gateway.send(ask)) == f"refused: {CALLER} is in no menu"

    assert [action["CommandID"] for action in pbx.sent("AGI")] == ["cmd-1.run", "cmd-1"]


async def test_a_command_of_which_only_a_part_was_written_ends_as_unknown(
    pbx: FakePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(pbx) as it:
        pbx.push(arrival())
        await wait_until(lambda: len(it.facts) == 2)
        start = it.gateway._connection.start_action
        left = [1]

        def start_once(headers: Any, **options: Any) -> Future[AmiMessage]:
            if not left:
                raise LinkBusy("too much in flight")
            left.pop()
            return start(headers, **options)

        monkeypatch.setattr(it.gateway._connection, "start_action", start_once)

        assert await outcome_of(it.gateway.send(PlayPrompt("c", CALLER, "hello"))) == "unknown"
        busy = await outcome_of(it.gateway.send(PlayPrompt("c", CALLER, "hello")))
        assert busy == "refused: too much in flight"
        monkeypatch.undo()


# --- events ------------------------------------------------------------------------------------


async def test_a_malformed_event_is_reported_and_the_next_one_taken(pbx: FakePbx) -> None:
    async with running(pbx) as it:
        pbx.push(message(Event="Hangup", Uniqueid="cc-100.5", Cause="16") + hang_up("cc-100.6"))
        await wait_until(lambda: len(it.facts) == 2)

    assert it.gateway.malformed == 1
    assert it.faults == ['PBX "main": Hangup: header Channel is missing']
    assert it.gateway.counters.handler_errors == 0


async def test_what_means_nothing_is_not_told(pbx: FakePbx) -> None:
    async with running(pbx) as it:
        pbx.push(
            message(Event="PeerStatus", Peer="PJSIP/1001")
            + message(Event="UserEvent", UserEvent="Other")
            + hang_up("cc-100.6")
        )
        await wait_until(lambda: len(it.facts) == 2)

    assert isinstance(it.facts[1], ChannelHungUp)


async def test_nothing_is_read_while_the_inbox_is_full(pbx: FakePbx) -> None:
    full = [False]
    async with running(pbx, is_full=lambda: full[0]) as it:
        connection = it.gateway._connection
        full[0] = True
        pbx.push(hang_up("cc-100.1"))
        await wait_until(lambda: len(it.facts) == 2)
        received = it.gateway.counters.bytes_received
        pbx.push(hang_up("cc-100.2"))
        await asyncio.sleep(0.03)  # several looks at the inbox
        assert it.gateway.counters.bytes_received == received

        full[0] = False
        await wait_until(lambda: len(it.facts) == 3)
        assert connection.is_up


async def test_a_trace_keeps_what_came(pbx: FakePbx, tmp_path: Path) -> None:
    path = tmp_path / "ami.trace"
    faults: list[str] = []
    async with running(pbx, trace=Trace(path, faults.append)) as it:
        pbx.push(hang_up("cc-100.1") + message(Event="BridgeLeave", Uniqueid="x"))
        await wait_until(lambda: it.faults)

    text = path.read_text()
    assert "Event: Hangup\nChannel: PJSIP/carrier-00000001\nUniqueid: cc-100.1\n" in text
    assert "Event: BridgeLeave\n" in text
    assert faults == []


async def test_callers_leaving_hold_are_told(pbx: FakePbx) -> None:
    async with running(pbx) as it:
        pbx.push(
            message(
                Event="BridgeLeave",
                BridgeUniqueid="h",
                BridgeTechnology="holding_bridge",
                BridgeName="cc-callers",
                Uniqueid=CALLER.id,
            )
        )
        await wait_until(lambda: it.facts[-1] == CallerLeftHold(CALLER))
