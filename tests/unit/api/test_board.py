"""The board over HTTP."""

from __future__ import annotations

from tests.unit.api.fakes import Center


async def test_the_board_shows_the_whole_center() -> None:
    center = Center().with_agents("ana")
    center.hub.bench.waiting_caller("in1")
    async with center.serve() as caller:
        board = await caller.send("GET", "/api/v1/board", headers=await caller.bearer("sue"))

    assert [queue["id"] for queue in board.body["queues"]] == ["service"]
    assert [agent["id"] for agent in board.body["agents"]] == ["ana"]
    assert [call["state"] for call in board.body["calls"]] == ["waiting"]
    assert board.body["calls_total"] == 1
    assert board.body["links"] == {"main": True}
    assert board.body["position"] == center.hub.state.position
