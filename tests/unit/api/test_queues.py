"""Queues over HTTP."""

from __future__ import annotations

from tests.unit.api.fakes import Center


async def test_everybody_signed_in_sees_how_many_wait() -> None:
    center = Center()
    call = center.hub.bench.waiting_caller("in1")
    async with center.serve() as caller:
        ana = await caller.bearer("ana")
        all_of_them = await caller.send("GET", "/api/v1/queues", headers=ana)
        one = await caller.send("GET", "/api/v1/queues/service", headers=ana)
        none = await caller.send("GET", "/api/v1/queues/nowhere", headers=ana)

    assert all_of_them.body == {"queues": [one.body]}
    assert one.body["waiting"] == 1
    assert one.body["waiting_by_tier"] == {"gold": 0, "silver": 0, "standard": 1}
    assert one.body["longest_waiting_since"] == call.queued_at
    assert (none.status, none.problem) == (404, "not-found")
