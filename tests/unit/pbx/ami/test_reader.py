"""Reading the state of a PBX whose events go on: nothing told twice, nothing lost."""

from __future__ import annotations

from asyncio import Future
from collections.abc import AsyncIterator

import pytest

from callcenter.domain.call import Place
from callcenter.domain.commands import (
    ReadPbx,
)
from callcenter.domain.events import (
    CallArrived,
    ChannelHungUp,
    IvrCommandEnded,
    IvrLeft,
    PbxStateRead,
)
from callcenter.domain.ids import ChannelRef
from callcenter.pbx.ami import reader as reader_module
from callcenter.pbx.ami.wire import first
from tests.unit.pbx.ami.fake_pbx import (
    CALLER,
    LEG,
    FakePbx,
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


async def test_events_that_a_row_overtook_are_not_told_after_it(pbx: FakePbx) -> None:
    # Story: a row showed the talk, and the older "on hold" came after it.
    pbx.bridges = [
        {
            "Event": "BridgeListItem",
            "BridgeUniqueid": "talk",
            "BridgeTechnology": "native_rtp",
            "BridgeName": "<unknown>",
        }
    ]
    pbx.channels[CALLER.id] = status_row(CALLER.id, "PJSIP/carrier-00000001", BridgeID="talk")
    pbx.after["Status"] = lambda: pbx.push(
        bridge_enter(CALLER.id, "hold", "cc-callers") + bridge_enter(CALLER.id, "talk")
    )

    async with running(pbx) as it:
        facts = list(it.facts)

    assert [type(fact) for fact in facts] == [PbxStateRead]
    assert it.state(0).channels[0].place is Place.BRIDGE
    assert [first(action, "Channel") for action in pbx.sent("Status")] == ["", CALLER.id]


async def test_over_a_standing_link_all_events_are_told_and_the_state_after_them(
    pbx: FakePbx,
) -> None:
    pbx.channels[CALLER.id] = status_row(CALLER.id, "PJSIP/carrier-00000001")
    async with running(pbx) as it:

        def leave() -> None:
            pbx.channels[CALLER.id]["Context"] = "cc-fallback"
            pbx.push(message(Event="AsyncAGIEnd", Uniqueid=CALLER.id) + hang_up(LEG.id))

        pbx.after["Status"] = leave
        assert await outcome_of(it.gateway.send(ReadPbx("cmd-1", "main"))) == "done"

        assert it.facts[1:3] == [IvrLeft(CALLER), ChannelHungUp(LEG, 16)]
        assert it.state().channels[0].place is Place.NATIVE_QUEUE
        assert it.facts[3:] == [it.state()]


async def test_what_happens_after_a_row_was_taken_is_not_lost(pbx: FakePbx) -> None:
    pbx.channels[CALLER.id] = status_row(CALLER.id, "PJSIP/carrier-00000001")

    def leave() -> None:
        pbx.channels[CALLER.id]["Context"] = "cc-fallback"
        pbx.push(message(Event="AsyncAGIEnd", Uniqueid=CALLER.id))

    pbx.after["Status"] = leave

    async with running(pbx) as it:
        assert it.state().channels[0].place is Place.NATIVE_QUEUE


async def test_ends_are_told_before_the_state_and_results_after_it(pbx: FakePbx) -> None:
    pbx.channels[CALLER.id] = status_row(CALLER.id, "PJSIP/carrier-00000001")
    pbx.channels[LEG.id] = status_row(LEG.id, "PJSIP/1001-00000002", Context="cc-agents")
    result = message(
        Event="AsyncAGIExec",
        Uniqueid=CALLER.id,
        Result="200%20result%3D0%0A",
        CommandId="cmd-1",
    )
    pbx.after["Status"] = lambda: pbx.push(result + hang_up(LEG.id))

    async with running(pbx) as it:
        await wait_until(lambda: len(it.facts) == 3)

    assert it.facts[0] == ChannelHungUp(LEG, 16)
    assert [truth.channel for truth in it.state().channels] == [CALLER]
    assert it.facts[2] == IvrCommandEnded(CALLER, "cmd-1", 0)


async def test_a_call_that_comes_during_a_reading_is_told_before_it(pbx: FakePbx) -> None:
    def arrive() -> None:
        pbx.channels[CALLER.id] = status_row(CALLER.id, "PJSIP/carrier-00000001")
        pbx.push(arrival())

    pbx.after["Status"] = arrive

    async with running(pbx) as it:
        facts = list(it.facts)

    assert facts[0] == CallArrived(CALLER, "+12025550141", "6000")
    assert [truth.channel for truth in it.state(0).channels] == [CALLER]
    assert len(facts) == 2


async def test_a_leg_that_came_and_went_during_a_reading_is_told_as_gone(pbx: FakePbx) -> None:
    created = message(Event="Newchannel", Channel="PJSIP/1001-00000002", Uniqueid=LEG.id)
    pbx.after["Status"] = lambda: pbx.push(created + hang_up(LEG.id))

    async with running(pbx) as it:
        facts = list(it.facts)

    assert facts == [ChannelHungUp(LEG, 16), PbxStateRead("main", ())]


async def test_a_bridge_made_while_reading_is_looked_up(pbx: FakePbx) -> None:
    pbx.channels[CALLER.id] = status_row(CALLER.id, "PJSIP/carrier-00000001", BridgeID="new")
    pbx.after["BridgeList"] = lambda: pbx.bridges.append(
        {
            "Event": "BridgeListItem",
            "BridgeUniqueid": "new",
            "BridgeTechnology": "holding_bridge",
            "BridgeName": "cc-callers",
        }
    )

    async with running(pbx) as it:
        assert it.state().channels[0].place is Place.HOLD


async def test_a_channel_that_never_rests_is_told_with_its_last_events(
    pbx: FakePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "ROUNDS_MAX", 2)
    pbx.channels[CALLER.id] = status_row(CALLER.id, "PJSIP/carrier-00000001")

    def restless() -> None:
        pbx.after["Status"] = restless
        pbx.push(message(Event="AsyncAGIEnd", Uniqueid=CALLER.id))

    pbx.after["Status"] = restless

    async with running(pbx) as it:
        await wait_until(lambda: len(it.facts) == 2)

    assert [type(fact) for fact in it.facts[:2]] == [PbxStateRead, IvrLeft]
    assert len(pbx.sent("Status")) == 3


async def test_many_doubtful_channels_are_read_together(
    pbx: FakePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "DOUBTFUL_MAX", 2)
    ids = [f"cc-100.{n}" for n in range(3)]
    for n, uniqueid in enumerate(ids):
        pbx.channels[uniqueid] = status_row(uniqueid, f"PJSIP/carrier-0000000{n}")
    pbx.after["Status"] = lambda: pbx.push(b"".join(arrival(uniqueid) for uniqueid in ids))

    async with running(pbx) as it:
        assert len(it.state().channels) == 3

    assert [first(action, "Channel") for action in pbx.sent("Status")] == ["", ""]


async def test_events_are_held_up_to_a_bound(pbx: FakePbx, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "HELD_MAX", 2)
    pbx.after["Status"] = lambda: pbx.push(b"".join(hang_up(f"cc-100.{n}") for n in range(3)))

    async with running(pbx) as it:
        assert it.facts[:2] == [
            ChannelHungUp(ChannelRef("main", f"cc-100.{n}"), 16) for n in (1, 2)
        ]

    assert it.faults == ['PBX "main": 2 events during a reading, one is lost']


async def test_malformed_rows_are_reported_and_the_others_read(pbx: FakePbx) -> None:
    pbx.bridges = [{"Event": "BridgeListItem", "BridgeUniqueid": "x"}]
    pbx.channels["a"] = {"Event": "Status", "Channel": "PJSIP/carrier-00000009"}
    pbx.channels["b"] = status_row("b", "Local/s@x-00000001;1")
    pbx.channels[CALLER.id] = status_row(CALLER.id, "PJSIP/carrier-00000001")

    async with running(pbx) as it:
        assert [truth.channel for truth in it.state().channels] == [CALLER]

    assert len(it.faults) == 2
    assert "BridgeListItem: header BridgeTechnology is missing" in it.faults[0]
    assert "Status: header BridgeID is missing" in it.faults[1]


async def test_asking_for_the_state_reads_it_again(pbx: FakePbx) -> None:
    async with running(pbx) as it:
        asked = [it.gateway.send(ReadPbx(f"cmd-{n}", "main")) for n in (1, 2)]

        assert [await outcome_of(result) for result in asked] == ["done", "done"]
        # One reading serves all who asked before it began.
        assert [type(fact) for fact in it.facts] == [PbxStateRead, PbxStateRead]


async def test_asking_while_it_is_being_read_reads_once_more(pbx: FakePbx) -> None:
    async with running(pbx) as it:
        asked: list[Future[None]] = []
        pbx.after["Status"] = lambda: asked.append(it.gateway.send(ReadPbx("cmd-2", "main")))

        assert await outcome_of(it.gateway.send(ReadPbx("cmd-1", "main"))) == "done"
        assert await outcome_of(asked[0]) == "done"
        assert len([fact for fact in it.facts if isinstance(fact, PbxStateRead)]) == 3
