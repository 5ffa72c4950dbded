"""Calls that were promised, over HTTP."""

from __future__ import annotations

from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.ids import CallbackId
from callcenter.service.contact_book import Names
from tests.builders import row
from tests.unit.api.fakes import Answer, Caller, Center
from tests.unit.api.test_agents import at_work
from tests.unit.api.test_contacts import with_campaign
from tests.unit.core.called_back_bench import left


def campaign_with(*contacts: int) -> Center:
    """A center whose campaign has promised these contacts a call by Ana, in an hour."""
    center = Center().with_agents("ana", "ben")
    bench = center.hub.bench
    bench.campaign()
    for contact in contacts:
        bench.ask(
            e.CallbackRequested,
            "renewals",
            str(contact),
            row(contact).number,
            bench.now + 3600.0 + contact,
            "ana",
            "kim",
        )
    return center


async def listed(caller: Caller, login: str) -> list[dict[str, object]]:
    """What this account sees."""
    answer = await caller.send("GET", "/api/v1/callbacks", headers=await caller.bearer(login))
    assert answer.status == 200, answer.body
    return list(answer.body["callbacks"])


def first(center: Center) -> CallbackId:
    return next(iter(center.hub.state.callbacks))


async def test_agents_see_their_own_and_supervisors_all() -> None:
    center = campaign_with(1, 2)
    async with center.serve() as caller:
        anas, bens = await listed(caller, "ana"), await listed(caller, "ben")
        all_of_them = await listed(caller, "sue")

    assert [one["contact"] for one in anas] == ["1", "2"]
    assert bens == []
    assert all_of_them == anas
    assert (anas[0]["state"], anas[0]["number"]) == ("planned", row(1).number)


async def test_an_agent_moves_and_finishes_their_own_and_nobody_elses() -> None:
    center = campaign_with(1)
    at = center.hub.bench.now + 7200.0

    async def move(who: dict[str, str], agent: str) -> Answer:
        body = {"at": at, "agent": agent}
        return await caller.send(
            "PUT", f"/api/v1/callbacks/{first(center)}", json=body, headers=who
        )

    async with center.serve() as caller:
        ana, ben = await caller.bearer("ana"), await caller.bearer("ben")
        moved = await move(ana, "ana")
        handed_on = await move(ana, "ben")
        taken = await move(ben, "ben")
        past = await caller.send(
            "PUT",
            f"/api/v1/callbacks/{first(center)}",
            json={"at": 1.0, "agent": "ana"},
            headers=ana,
        )
        done = await caller.send("POST", f"/api/v1/callbacks/{first(center)}/done", headers=ana)

    assert (moved.status, moved.body["at"], moved.body["agent"]) == (200, at, "ana")
    assert (handed_on.status, taken.status) == (403, 404)
    assert (past.status, past.problem) == (409, "conflict")
    assert done.status == 204
    assert not center.hub.state.callbacks


async def test_a_supervisor_gives_one_to_somebody_else_and_cancels_it() -> None:
    center = campaign_with(1)
    async with center.serve() as caller:
        sue = await caller.bearer("sue")
        where = f"/api/v1/callbacks/{first(center)}"
        body = {"at": center.hub.bench.now + 60.0, "agent": "ben"}
        moved = await caller.send("PUT", where, json=body, headers=sue)
        gone = await caller.send("DELETE", where, headers=sue)
        again = await caller.send("DELETE", where, headers=sue)

    assert moved.body["agent"] == "ben"
    assert (gone.status, again.status) == (204, 404)


async def test_a_disposition_promises_a_call_in_the_agents_name() -> None:
    center = Center().with_agents("ana")
    bench = center.hub.bench
    async with center.serve() as caller:
        who = await at_work(caller)
        await caller.send("POST", "/api/v1/agents/me/ready", headers=who)
        bench.campaign()
        bench.fill(row(0))
        bench.open_line("ana")
        ref = bench.sent(c.PlaceCall)[0].channel
        bench.person(ref)
        bench.join(ref)
        promised = {"at": bench.now + 60.0, "own": True}
        answer = await caller.send(
            "POST",
            "/api/v1/agents/me/disposition",
            json={"call": bench.agent("ana").call, "code": "call_later", "callback": promised},
            headers=who,
        )
        mine = await listed(caller, "ana")

    assert answer.status == 200
    assert [(one["contact"], one["agent"], one["at"]) for one in mine] == [
        ("0", "ana", promised["at"])
    ]


async def test_a_supervisor_promises_a_contact_a_call_found_by_its_number() -> None:
    center = with_campaign()
    center.hub.bench.agents("ana")
    async with center.serve() as caller:
        sue = await caller.bearer("sue")
        wish = {"campaign": "renewals", "contact": "5550007", "at": center.hub.bench.now + 60.0}
        added = await caller.send(
            "POST", "/api/v1/callbacks", json={**wish, "agent": "ana"}, headers=sue
        )
        nobody = await caller.send(
            "POST", "/api/v1/callbacks", json={**wish, "contact": "9"}, headers=sue
        )
        why = await caller.send("GET", "/api/v1/campaigns/renewals/contacts/7/why", headers=sue)

    assert (added.status, added.body["contact"], added.body["agent"]) == (200, "7", "ana")
    assert nobody.status == 404
    assert why.body["reasons"][0]["code"] == "callback"
    assert why.body["reasons"][0]["until"] == wish["at"]


async def test_people_are_called_by_their_names_where_a_list_or_the_directory_has_one() -> None:
    center = campaign_with(1, 2, 3)
    assert center.book is not None
    center.book.known = Names({"1": "Anna Berg", "2": "Ben Moor"}, {})
    first_of_them, second, _ = center.hub.state.callbacks
    async with center.serve() as caller:
        sue = await caller.bearer("sue")
        answer = await caller.send("GET", "/api/v1/callbacks", headers=sue)
        center.book.away = True
        away = await caller.send("GET", "/api/v1/callbacks", headers=sue)

    assert answer.body["names"] == {first_of_them: "Anna Berg", second: "Ben Moor"}
    assert center.book.asked == [("names", ("1", "2", "3"), ())]
    assert (away.status, away.body["names"], len(away.body["callbacks"])) == (200, {}, 3)


async def test_who_waited_in_a_queue_is_moved_but_given_to_nobody() -> None:
    center = Center()
    center.hub.bench = left("a")
    one = first(center)
    at = center.hub.bench.now + 600.0
    async with center.serve() as caller:
        sue = await caller.bearer("sue")
        where = f"/api/v1/callbacks/{one}"
        given = await caller.send("PUT", where, json={"at": at, "agent": "ana"}, headers=sue)
        moved = await caller.send("PUT", where, json={"at": at, "agent": ""}, headers=sue)

    assert (given.status, given.problem) == (409, "conflict")
    assert "called back by whom its rules choose" in given.body["detail"]
    assert (moved.status, moved.body["at"]) == (200, at)


async def test_every_change_is_in_the_audit_log() -> None:
    center = campaign_with(1)
    where = f"/api/v1/callbacks/{first(center)}"
    async with center.serve() as caller:
        sue = await caller.bearer("sue")
        body = {"at": center.hub.bench.now + 60.0, "agent": ""}
        await caller.send("PUT", where, json=body, headers=sue)
        await caller.send("DELETE", where, headers=sue)

    written = [(one.account, one.action) for one in center.audit.entries]
    assert [one for one in written if "callbacks" in one[1]] == [
        ("sue", "PUT /api/v1/callbacks/{callback}"),
        ("sue", "DELETE /api/v1/callbacks/{callback}"),
    ]
