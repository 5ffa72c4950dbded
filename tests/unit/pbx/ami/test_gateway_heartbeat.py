"""The heartbeat in the PBX's time, and the watchdogs of callers in menus."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import AsyncIterator

import pytest

from callcenter.domain.commands import (
    HangUp,
    HoldCaller,
    ReadPbx,
)
from callcenter.domain.events import (
    CallerHeld,
    ChannelJoined,
    IvrLeft,
    PbxEvent,
)
from callcenter.domain.ids import ChannelRef
from callcenter.pbx.ami.errors import LinkBusy
from callcenter.pbx.ami.wire import AmiMessage, first
from tests.unit.pbx.ami.fake_pbx import (
    CALLER,
    EPOCH,
    LEG,
    FakePbx,
    Running,
    arrival,
    bridge_enter,
    hang_up,
    outcome_of,
    quick_pbx,
    running,
    status_row,
)
from tests.unit.pbx.ami.fake_server import message, wait_until


@pytest.fixture
async def pbx(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakePbx]:
    async with quick_pbx(monkeypatch) as peer:
        yield peer


def settings_of(pbx: FakePbx, variable: str) -> list[AmiMessage]:
    """All settings of this variable that came in."""
    return [action for action in pbx.sent("Setvar") if first(action, "Variable") == variable]


def watchdogs(pbx: FakePbx) -> list[AmiMessage]:
    """All settings of a channel's watchdog."""
    return settings_of(pbx, "TIMEOUT(absolute)")


def heartbeats(pbx: FakePbx) -> list[AmiMessage]:
    """All heartbeats."""
    return settings_of(pbx, "CC_HEARTBEAT")


async def test_the_heartbeat_is_in_the_pbxs_own_time(pbx: FakePbx) -> None:
    async with running(pbx) as it:
        it.gateway.beat([])
        await wait_until(lambda: pbx.sent("Setvar"))
        pbx.epoch = str(EPOCH + 3600)  # somebody sets the PBX's clock
        it.gateway.beat([])
        await wait_until(lambda: (it.gateway.pbx_time() or 0) > EPOCH + 3599)
        it.gateway.beat([])
        await wait_until(lambda: len(pbx.sent("Setvar")) == 3)

    assert {action["Variable"] for action in pbx.sent("Setvar")} == {"CC_HEARTBEAT"}
    values = [int(first(action, "Value")) for action in pbx.sent("Setvar")]
    assert 0 <= values[0] - EPOCH <= 5
    assert 0 <= values[2] - EPOCH - 3600 <= 5


async def test_only_callers_in_a_menu_are_renewed(pbx: FakePbx) -> None:
    pbx.channels[CALLER.id] = status_row(CALLER.id, "PJSIP/carrier-00000001")
    async with running(pbx, watchdog_s=7) as it:
        it.gateway.beat([CALLER, ChannelRef("main", "cc-100.99")])
        await wait_until(lambda: watchdogs(pbx))

    [renewal] = watchdogs(pbx)
    assert (renewal["Channel"], renewal["Value"]) == (CALLER.id, "7")


@pytest.mark.parametrize(
    ("leaving", "fact"),
    [
        (message(Event="AsyncAGIEnd", Uniqueid=CALLER.id), IvrLeft(CALLER)),
        (bridge_enter(CALLER.id, "h", "cc-callers"), CallerHeld(CALLER)),
        (bridge_enter(CALLER.id, "talk"), ChannelJoined(CALLER, "talk")),
    ],
)
async def test_a_renewal_that_crossed_a_leaving_caller_is_taken_back(
    pbx: FakePbx, leaving: bytes, fact: PbxEvent
) -> None:
    # Story: the watchdog would fire ten seconds later, in the middle of the conversation.
    async with running(pbx) as it:
        pbx.push(arrival())
        await wait_until(lambda: len(it.facts) == 2)
        it.gateway.beat([CALLER])
        pbx.push(leaving)
        await wait_until(lambda: it.facts[-1] == fact)
        it.gateway.beat([CALLER])  # the machine has not stepped the fact yet
        await wait_until(lambda: len(heartbeats(pbx)) == 2)

    assert [action["Value"] for action in watchdogs(pbx)] == ["10", "0"]


async def test_what_was_never_renewed_or_is_gone_is_left_alone(pbx: FakePbx) -> None:
    async with running(pbx) as it:
        pbx.push(arrival("cc-100.1") + arrival("cc-100.2"))
        await wait_until(lambda: len(it.facts) == 3)
        it.gateway.beat([ChannelRef("main", "cc-100.2")])
        pbx.push(message(Event="AsyncAGIEnd", Uniqueid="cc-100.1") + hang_up("cc-100.2"))
        await wait_until(lambda: len(it.facts) == 5)
        await it.gateway.send(HangUp("cmd-1", LEG))

    assert [action["Value"] for action in watchdogs(pbx)] == ["10"]


async def test_a_caller_sent_to_hold_is_not_renewed_any_more(pbx: FakePbx) -> None:
    async with running(pbx) as it:
        pbx.push(arrival())
        await wait_until(lambda: len(it.facts) == 2)
        it.gateway.beat([CALLER])
        await it.gateway.send(HoldCaller("cmd-1", CALLER))
        it.gateway.beat([CALLER])
        await it.gateway.send(HangUp("cmd-2", LEG))

    assert [action["Value"] for action in watchdogs(pbx)] == ["10"]


async def test_a_reading_that_finds_a_renewed_caller_elsewhere_takes_it_back(
    pbx: FakePbx,
) -> None:
    pbx.channels = {
        uniqueid: status_row(uniqueid, f"PJSIP/carrier-0000000{uniqueid[-1]}")
        for uniqueid in ("cc-100.1", "cc-100.2")
    }
    async with running(pbx) as it:
        it.gateway.beat([CALLER])
        pbx.channels["cc-100.1"]["Context"] = "cc-hold"
        assert await outcome_of(it.gateway.send(ReadPbx("cmd-1", "main"))) == "done"
        await it.gateway.send(HangUp("cmd-2", LEG))

    assert [(action["Channel"], action["Value"]) for action in watchdogs(pbx)] == [
        ("cc-100.1", "10"),
        ("cc-100.1", "0"),
    ]


async def test_a_refused_heartbeat_is_a_fault(pbx: FakePbx) -> None:
    pbx.refusals["Setvar"] = "Permission denied"
    async with running(pbx) as it:
        it.gateway.beat([])
        await wait_until(lambda: it.faults)

    assert "refuses the heartbeat (Permission denied)" in it.faults[0]
    assert "'write = call'" in it.faults[0]


async def test_a_pbx_that_does_not_tell_its_time_gets_no_heartbeat(pbx: FakePbx) -> None:
    pbx.epoch = "(null)"
    it = Running(pbx)
    async with asyncio.TaskGroup() as group:
        group.create_task(it.gateway.run())
        await wait_until(lambda: it.gateway.is_up and it.faults)
        it.gateway.beat([])
        it.gateway.close()

    assert it.faults == ['PBX "main" does not tell its time (Getvar EPOCH)']
    assert pbx.sent("Setvar") == []


async def test_a_beat_into_a_link_that_takes_nothing_is_dropped(
    pbx: FakePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(pbx) as it:

        def busy(*_: object, **__: object) -> Future[AmiMessage]:
            raise LinkBusy("too much in flight")

        monkeypatch.setattr(it.gateway._connection, "start_action", busy)
        it.gateway.beat([])
        monkeypatch.undo()

    assert pbx.sent("Setvar") == []


async def test_unanswered_beats_harm_nobody(pbx: FakePbx) -> None:
    async with running(pbx) as it:
        pbx.silent = ["Setvar", "Getvar"]
        it.gateway.beat([])
        await wait_until(lambda: len(pbx.sent("Getvar")) == 2)
        pbx.cut()
        await wait_until(lambda: len(it.facts) >= 2)

    assert it.faults == []
