"""What agents ask for, and what supervisors see of them."""

from __future__ import annotations

from callcenter.domain import events as e
from callcenter.domain.campaign import Pacing
from callcenter.domain.ids import ChannelRef
from tests.builders import row
from tests.unit.api.fakes import Answer, Caller, Center


async def at_work(caller: Caller, login: str = "ana", phone: str = "1001") -> dict[str, str]:
    """Headers of an agent who has signed in on a phone with a desktop open."""
    who = await caller.bearer(login)
    caller.center.hub.tell(e.DesktopOpened(login))
    answer = await caller.send(
        "POST", "/api/v1/agents/me/sign-in", json={"phone": phone}, headers=who
    )
    assert answer.status == 200, answer.body
    return who


async def test_an_agents_day() -> None:
    center = Center().with_agents("ana")
    async with center.serve() as caller:
        who = await at_work(caller)

        ready = await caller.send("POST", "/api/v1/agents/me/ready", headers=who)
        center.hub.bench.waiting_caller("in1")
        center.hub.bench.talk("in1")
        talking = await caller.send("GET", "/api/v1/agents/me", headers=who)
        call = talking.body["call"]
        hung_up = await caller.send("POST", "/api/v1/agents/me/hang-up", headers=who)
        center.hub.bench.hang_up("in1")
        wrapping = await caller.send("GET", "/api/v1/agents/me", headers=who)
        solved = await caller.send(
            "POST",
            "/api/v1/agents/me/disposition",
            json={"call": call, "code": "solved"},
            headers=who,
        )
        pause = await caller.send(
            "POST", "/api/v1/agents/me/not-ready", json={"reason": "lunch"}, headers=who
        )
        gone = await caller.send("POST", "/api/v1/agents/me/sign-out", headers=who)

    assert ready.body["state"] == "ready"
    assert talking.body["state"] == "talking"
    assert hung_up.status == 200
    assert wrapping.body["state"] == "wrap_up"
    assert solved.body["state"] == "ready"
    assert (pause.body["state"], pause.body["reason"]) == ("not_ready", "lunch")
    assert (gone.body["state"], gone.body["phone"]) == ("signed_out", "")


async def test_a_card_is_dialed_or_skipped_by_its_id_once_for_each_key() -> None:
    center = Center().with_agents("ana")
    bench = center.hub.bench
    async with center.serve() as caller:
        who = await at_work(caller)
        await caller.send("POST", "/api/v1/agents/me/ready", headers=who)
        bench.campaign(pacing=Pacing.PREVIEW, preview_s=60.0)
        bench.fill(*(row(n) for n in range(4)))
        bench.open_line("ana")

        async def press(what: str, preview: str, key: str) -> Answer:
            return await caller.send(
                "POST",
                f"/api/v1/agents/me/preview/{what}",
                json={"preview": preview},
                headers=who | {"Idempotency-Key": key},
            )

        first = (await caller.send("GET", "/api/v1/agents/me", headers=who)).body["preview"]
        skipped = await press("skip", first["id"], "k-1")
        second = skipped.body["preview"]
        late = await press("dial", first["id"], "k-2")
        dialed = await press("dial", second["id"], "k-3")
        again = await press("dial", second["id"], "k-3")
        bench.tell(e.AttemptRinging(ChannelRef("main", second["id"])))
        ringing = await caller.send("GET", "/api/v1/agents/me", headers=who)
        bench.tell(e.ChannelHungUp(ChannelRef("main", second["id"]), 17))
        busy = await caller.send("GET", "/api/v1/agents/me", headers=who)

    assert (first["campaign"], first["contact"], first["number"]) == (
        "renewals",
        "0",
        row(0).number,
    )
    assert first["dial_at"] == first["since"] + 60.0
    assert (skipped.status, second["contact"]) == (200, "1")
    assert (late.status, late.problem) == (409, "conflict")
    assert "not yours any more" in late.body["detail"]
    assert (dialed.body["preview"], dialed.body["dialing"]) == (None, second["id"])
    assert (again.status, bench.placed()) == (200, ["1"])
    assert ringing.body["dial_state"] == "ringing"
    assert busy.body["dialed_in_vain"]["result"] == "busy"
    assert (busy.body["dialing"], busy.body["dial_state"]) == ("", None)
    assert busy.body["preview"]["contact"] == "2"


async def test_what_the_machine_refuses_is_a_conflict_with_its_reason() -> None:
    async with Center().with_agents("ana", "ben").serve() as caller:
        await at_work(caller, "ana", "1001")
        ben = await caller.bearer("ben")

        taken = await caller.send(
            "POST", "/api/v1/agents/me/sign-in", json={"phone": "1001"}, headers=ben
        )
        early = await caller.send("POST", "/api/v1/agents/me/ready", headers=ben)

    assert (taken.status, taken.problem) == (409, "conflict")
    assert "in use by ana" in taken.body["detail"]
    assert (early.status, early.problem) == (409, "conflict")


async def test_an_account_without_queues_is_told_so() -> None:
    async with Center().serve() as caller:
        answer = await caller.send("GET", "/api/v1/agents/me", headers=await caller.bearer("ana"))

    assert (answer.status, answer.problem) == (409, "conflict")
    assert "give the account queues" in answer.body["detail"]


async def test_requests_carry_the_account_of_the_session_and_never_anothers() -> None:
    center = Center().with_agents("ana", "ben")
    async with center.serve() as caller:
        await at_work(caller, "ben", "1002")

    requests = [asked for asked in center.hub.asked if isinstance(asked, e.SignInRequested)]
    assert [request.agent for request in requests] == ["ben"]


async def test_a_phone_that_could_carry_headers_is_refused() -> None:
    center = Center().with_agents("ana")
    async with center.serve() as caller:
        who = await caller.bearer("ana")
        for phone in ("1001\r\nAction: Originate", "PJSIP/1001", "", "1" * 21, "１００１"):
            answer = await caller.send(
                "POST", "/api/v1/agents/me/sign-in", json={"phone": phone}, headers=who
            )
            assert (answer.status, answer.problem) == (422, "invalid"), phone
            assert answer.body["errors"][0]["path"] == "body.phone"

    assert center.hub.asked == []


async def test_supervisors_see_all_agents_or_one() -> None:
    async with Center().with_agents("ana", "ben").serve() as caller:
        await at_work(caller)
        sue = await caller.bearer("sue")

        everybody = await caller.send("GET", "/api/v1/agents", headers=sue)
        one = await caller.send("GET", "/api/v1/agents/ana", headers=sue)
        nobody = await caller.send("GET", "/api/v1/agents/zoe", headers=sue)

    assert [agent["id"] for agent in everybody.body["agents"]] == ["ana", "ben"]
    assert (one.body["state"], one.body["phone"]) == ("not_ready", "1001")
    assert (nobody.status, nobody.problem) == (404, "not-found")


async def test_a_full_inbox_asks_to_come_again() -> None:
    center = Center().with_agents("ana")
    async with center.serve() as caller:
        who = await caller.bearer("ana")
        center.hub.full = True

        answer = await caller.send("POST", "/api/v1/agents/me/ready", headers=who)

    assert (answer.status, answer.problem) == (503, "overloaded")
    assert answer.headers["Retry-After"] == "1"
