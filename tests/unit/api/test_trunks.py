"""What a campaign may dial on."""

from __future__ import annotations

from tests.unit.api.fakes import Center


async def test_every_pbx_is_listed_with_its_trunks() -> None:
    center = Center(trunks={"main": ("carrier", "spare"), "south": ()})
    async with center.serve() as caller:
        answer = await caller.send("GET", "/api/v1/trunks", headers=await caller.bearer("sue"))

    assert answer.body == {
        "pbxs": [{"name": "main", "trunks": ["carrier", "spare"]}, {"name": "south", "trunks": []}]
    }
