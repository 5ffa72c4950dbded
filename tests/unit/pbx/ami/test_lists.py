"""Actions that are answered by a list."""

from __future__ import annotations

import pytest

from callcenter.pbx.ami import connection as connection_module
from callcenter.pbx.ami.errors import (
    ActionTimedOut,
    ListTooLong,
)
from callcenter.pbx.ami.wire import AmiMessage, first
from tests.unit.pbx.ami.fake_server import (
    FakeAmi,
    Peer,
    hold_actions,
    message,
    wait_until,
)
from tests.unit.pbx.ami.link_probe import linked


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
