"""What a campaign may dial on."""

from __future__ import annotations

from tests.unit.api.fakes import Center


async def test_every_pbx_is_listed_with_its_trunks() -> None:
    center = Center(trunks={"main": ("carrier", "spare"), "south": ()})
    async with center.serve() as caller:
        answer = await caller.send("GET", "/api/v1/trunks", headers=await caller.bearer("sue"))

    main, south = answer.body["pbxs"]
    assert (main["name"], main["trunks"]) == ("main", ["carrier", "spare"])
    assert (south["name"], south["trunks"], south["live"]) == ("south", [], [])
    assert main["live"][1] == {
        "name": "spare",
        "hindrance": "",
        "calls": 0,
        "channels": 0,
        "calls_per_s": 0.0,
        "in_trouble_since": 0.0,
        "refused": 0,
        "empty": 0,
        "probe_at": 0.0,
        "given_back": 0,
    }


async def test_numbers_that_campaigns_show_are_listed() -> None:
    setup = {
        "name": "Renewals",
        "pbx": "main",
        "trunk": "carrier",
        "caller_id": "+13125550100",
        "caller_ids": ["+13125550101"],
        "list_caller_ids": {"gold": ["+13125550199", "+13125550100"]},
    }
    async with Center().serve() as caller:
        headers = await caller.bearer("mia")
        saved = await caller.send("PUT", "/api/v1/campaigns/renewals", headers=headers, json=setup)
        answer = await caller.send("GET", "/api/v1/caller-ids", headers=headers)

    assert saved.status == 200
    shown = answer.body["numbers"]
    assert [one["number"] for one in shown] == ["+13125550100", "+13125550101", "+13125550199"]
    assert shown[0] == {
        "number": "+13125550100",
        "campaigns": ["renewals"],
        "calls": 0.0,
        "answered": 0.0,
        "usual": 0.0,
        "rests_until": 0.0,
        "why": "",
    }
