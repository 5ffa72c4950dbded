"""Campaigns over HTTP: settings, steps, lists of contacts, and what came of the attempts."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest

from callcenter.api import campaigns as module
from callcenter.documents.contacts_csv import ContactReading
from callcenter.documents.csv_rows import CannotRead
from callcenter.domain import events as e
from callcenter.domain.attempt import AttemptResult, ContactStatus
from callcenter.domain.campaign import (
    DEFAULT_RETRIES,
    CallingWindow,
    CampaignSettings,
    CampaignStep,
    Pacing,
    RetryRule,
    Terms,
)
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import AttemptRecord
from callcenter.service.ports import AttemptPage, Duplicates, ImportProgress
from tests.unit.api.fakes import Answer, Caller, Center, Imported, until

RENEWALS = "/api/v1/campaigns/renewals"
CONTACTS = f"{RENEWALS}/contacts?list=autumn"
SETUP: dict[str, Any] = {"name": "Renewals", "pbx": "main", "trunk": "carrier"}


def with_campaign() -> Center:
    """A center with one draft."""
    center = Center().with_agents("ana")
    settings = CampaignSettings("renewals", "Renewals", "main", "carrier")
    assert center.hub.bench.ask(e.CampaignSaved, settings, "mia").problem == ""
    return center


def attempt() -> AttemptRecord:
    return AttemptRecord(
        attempt="att-1",
        campaign="renewals",
        contact="7",
        number="+3545550100",
        channel=ChannelRef("main", "att-1"),
        tries=1,
        placed_at=1.0,
        ringing_at=2.0,
        answered_at=0.0,
        person_at=0.0,
        connected_at=0.0,
        harbour_at=0.0,
        ended_at=9.0,
        result=AttemptResult.BUSY,
        cause=17,
        verdict=None,
        verdict_cause="",
        agent="",
        call="",
        status=ContactStatus.OPEN,
        next_try_at=609.0,
    )


# --- settings and steps -------------------------------------------------------------------------


async def test_a_managers_day() -> None:
    center = Center().with_agents("ana")
    async with center.serve() as caller:
        mia = await caller.bearer("mia")

        saved = await caller.send("PUT", RENEWALS, json=SETUP, headers=mia)
        started = await caller.send("POST", f"{RENEWALS}/start", headers=mia)
        paused = await caller.send("POST", f"{RENEWALS}/pause", headers=mia)
        again = await caller.send("PUT", RENEWALS, json=SETUP | {"ring_s": 40}, headers=mia)
        ended = await caller.send("POST", f"{RENEWALS}/drain", headers=mia)
        everything = await caller.send("GET", "/api/v1/campaigns", headers=mia)

    assert (saved.status, saved.body["state"], saved.body["changed_by"]) == (200, "draft", "mia")
    assert saved.body["silence"] == "Not started yet."
    assert started.body["state"] == "running"
    assert paused.body["silence"] == "Paused by mia."
    assert (again.body["state"], again.body["settings"]["ring_s"]) == ("paused", 40.0)
    assert ended.body["state"] == "finished"
    assert [view["id"] for view in everything.body["campaigns"]] == ["renewals"]


async def test_settings_reach_the_machine_whole() -> None:
    center = Center().with_agents("ana")
    body = SETUP | {
        "caller_id": "+3545550100",
        "pacing": "power",
        "lines_per_agent": 2,
        "legal": "uk-ofcom",
        "drop_cap": 0.01,
        "max_lines": 30,
        "ring_s": 20,
        "amd": False,
        "harbour_wait_s": 2,
        "harbour_prompt": "sorry",
        "window": {"opens": "10:00", "closes": "18:30", "weekdays": ["friday", "monday"]},
        "retries": {"busy": {"delay_s": 60, "max_tries": 3}},
        "wrap_up_s": 10,
    }
    async with center.serve() as caller:
        mia = await caller.bearer("mia")
        answer = await caller.send("PUT", RENEWALS, json=body, headers=mia)

    assert answer.status == 200, answer.body
    request = center.hub.asked[0]
    assert isinstance(request, e.CampaignSaved)
    assert request.by == "mia"
    assert request.settings == CampaignSettings(
        id="renewals",
        name="Renewals",
        pbx="main",
        trunk="carrier",
        caller_id="+3545550100",
        pacing=Pacing.POWER,
        lines_per_agent=2.0,
        terms=Terms(legal="uk-ofcom"),
        drop_cap=0.01,
        max_lines=30,
        ring_s=20.0,
        amd=False,
        harbour_wait_s=2,
        harbour_prompt="sorry",
        window=CallingWindow(600, 1110, (0, 4)),
        retries={AttemptResult.BUSY: RetryRule(60.0, 3)},
        wrap_up_s=10.0,
    )


async def test_settings_come_back_as_they_are_put() -> None:
    async with with_campaign().serve() as caller:
        mia = await caller.bearer("mia")
        before = await caller.send("GET", f"{RENEWALS}/settings", headers=mia)
        changed = before.body | {"name": "Renewals, spring"}

        answer = await caller.send("PUT", RENEWALS, json=changed, headers=mia)
        after = await caller.send("GET", f"{RENEWALS}/settings", headers=mia)

    assert before.body["window"]["weekdays"][0] == "monday"
    assert answer.status == 200, answer.body
    assert after.body == changed


async def test_a_campaign_without_rules_gets_those_of_the_center() -> None:
    center = Center().with_agents("ana")
    async with center.serve() as caller:
        await caller.send("PUT", RENEWALS, json=SETUP, headers=await caller.bearer("adi"))

    assert center.hub.state.campaigns["renewals"].settings.retries == DEFAULT_RETRIES


@pytest.mark.parametrize(
    ("change", "path", "said"),
    [
        ({"trunk": "moon"}, "body.trunk", "use one of carrier"),
        ({"trunks": ["carrier", "moon"]}, "body.trunks", "has no trunk moon; use one of carrier"),
        ({"pbx": "south"}, "body.pbx", "use one of main"),
        ({"ring_s": 10}, "body.ring_s", "greater than or equal to 15"),
        ({"ring_s": "20"}, "body.ring_s", "valid number"),
        ({"lines_per_agent": 9}, "body.lines_per_agent", "less than or equal to 3"),
        ({"harbour_wait_s": 2}, "body.harbour_wait_s", "Take 1 or 0, or switch amd off."),
        ({"caller_id": "5550100"}, "body.caller_id", "country code"),
        ({"caller_id": "+1555\r\nAction: X"}, "body.caller_id", "telephone number"),
        ({"window": {"opens": "9"}}, "body.window.opens", 'Write it as "09:00"'),
        ({"retries": {"sold": {}}}, "body.retries.sold", "Input should be"),
        ({"speed": 7}, "body.speed", "not permitted"),
        ({"id": "renewals"}, "body.id", "not permitted"),
    ],
)
async def test_wrong_settings_are_refused_with_the_field_and_how_to_mend_it(
    change: dict[str, Any], path: str, said: str
) -> None:
    center = Center().with_agents("ana")
    async with center.serve() as caller:
        answer = await caller.send(
            "PUT", RENEWALS, json=SETUP | change, headers=await caller.bearer("mia")
        )

    assert (answer.status, answer.problem) == (422, "invalid")
    assert answer.body["errors"][0]["path"] == path
    assert said in answer.body["errors"][0]["detail"]
    assert center.hub.asked == []


async def test_a_center_without_a_trunk_says_so() -> None:
    async with Center(trunks={"main": ()}).serve() as caller:
        answer = await caller.send("PUT", RENEWALS, json=SETUP, headers=await caller.bearer("mia"))

    assert "the config file has no trunk" in answer.body["detail"]


async def test_an_id_that_would_not_do_in_an_address_is_refused() -> None:
    async with Center().serve() as caller:
        for name in ("Renewals", "9lives", "a.b", "x" * 32):
            answer = await caller.send(
                "PUT", f"/api/v1/campaigns/{name}", json=SETUP, headers=await caller.bearer("mia")
            )
            assert (answer.status, answer.problem) == (422, "invalid"), name
            assert answer.body["errors"][0]["path"] == "path.campaign"


async def test_what_the_machine_refuses_is_a_conflict_with_its_reason() -> None:
    async with with_campaign().serve() as caller:
        mia = await caller.bearer("mia")
        answer = await caller.send("POST", f"{RENEWALS}/pause", headers=mia)

    assert (answer.status, answer.problem) == (409, "conflict")
    assert "draft" in answer.body["detail"]


@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("GET", ""),
        ("GET", "/settings"),
        ("GET", "/attempts"),
        ("POST", "/start"),
        ("POST", "/pause"),
        ("POST", "/drain"),
    ],
)
async def test_a_campaign_that_is_not_there_is_not_found(method: str, rest: str) -> None:
    async with Center().serve() as caller:
        answer = await caller.send(method, RENEWALS + rest, headers=await caller.bearer("mia"))

    assert (answer.status, answer.problem) == (404, "not-found")


async def test_a_step_sent_twice_is_named_the_same() -> None:
    center = with_campaign()
    async with center.serve() as caller:
        mia = await caller.bearer("mia") | {"Idempotency-Key": "k-1"}
        for _ in range(2):
            await caller.send("POST", f"{RENEWALS}/start", headers=mia)

    assert len({request.request for request in center.hub.asked}) == 1
    assert isinstance(center.hub.asked[0], e.CampaignStepRequested)
    assert center.hub.asked[0].step is CampaignStep.START


async def test_agents_see_campaigns_and_change_none() -> None:
    async with with_campaign().serve() as caller:
        ana = await caller.bearer("ana")
        seen = await caller.send("GET", RENEWALS, headers=ana)
        refused = await caller.send("POST", f"{RENEWALS}/start", headers=ana)

    assert seen.body["name"] == "Renewals"
    assert (refused.status, refused.problem) == (403, "forbidden")


# --- agents -------------------------------------------------------------------------------------


async def test_an_agent_joins_a_campaign_and_leaves_it() -> None:
    center = with_campaign()
    center.hub.tell(e.DesktopOpened("ana"))
    assert center.hub.bench.ask(e.SignInRequested, "ana", "1001").problem == ""
    path = "/api/v1/agents/me/campaign"
    async with center.serve() as caller:
        ana = await caller.bearer("ana")
        joined = await caller.send("POST", path, json={"campaign": "renewals"}, headers=ana)
        unknown = await caller.send("POST", path, json={"campaign": "spring"}, headers=ana)
        left = await caller.send("POST", path, json={"campaign": ""}, headers=ana)

    assert (joined.body["campaign"], joined.body["line"]) == ("renewals", "opening")
    assert (unknown.status, unknown.problem) == (409, "conflict")
    assert (left.body["campaign"], left.body["line"]) == ("", "none")


# --- lists of contacts ----------------------------------------------------------------------------


async def hand_in(
    caller: Caller,
    content: bytes | BytesIO = b"phone\n1\n",
    path: str = CONTACTS,
    kind: str = "text/csv; charset=utf-8",
) -> Answer:
    """Send a list as a manager."""
    who = await caller.bearer("mia") | {"Content-Type": kind}
    return await caller.send("POST", path, data=content, headers=who)


async def test_a_list_is_taken_and_the_hopper_is_told() -> None:
    center = with_campaign()
    async with center.serve() as caller:
        answer = await hand_in(
            caller, b"phone\n555 1234\n???\n", f"{CONTACTS}&priority=5&dry_run=false"
        )

    assert answer.status == 200, answer.body
    assert answer.body == {
        "list": "autumn",
        "rows": 2,
        "accepted": 1,
        "refused": 1,
        "dry_run": False,
        "problems": [
            {
                "row": 3,
                "reason": "the number has too few digits",
                "fix": "Write all digits.",
                "value": "",
            }
        ],
        "columns": [],
        "rejects_kept": 0,
    }
    taken = Imported("renewals", b"phone\n555 1234\n???\n", "autumn", 5, False)
    assert center.contacts.imported == [taken]
    assert e.ContactsChanged("renewals") in center.hub.told


@pytest.mark.parametrize(
    ("query", "content"), [("&dry_run=true", b"phone\n1\n"), ("", b"phone\n?\n")]
)
async def test_the_hopper_is_not_told_of_nothing(query: str, content: bytes) -> None:
    center = with_campaign()
    async with center.serve() as caller:
        answer = await hand_in(caller, content, CONTACTS + query)

    assert answer.status == 200
    assert e.ContactsChanged("renewals") not in center.hub.told


async def test_a_full_inbox_is_told_again_until_it_takes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "TELL_AGAIN_S", 0.001)
    center = with_campaign()
    put = center.hub.put
    tries: list[e.Event] = []

    def refuse_once(event: e.Event) -> None:
        tries.append(event)
        center.hub.full = len(tries) == 1
        put(event)

    monkeypatch.setattr(center.hub, "put", refuse_once)
    async with center.serve() as caller:
        answer = await hand_in(caller)

    assert answer.status == 200
    assert tries == [e.ContactsChanged("renewals")] * 2
    assert center.hub.told == tries[1:]


async def test_how_a_file_is_to_be_read_is_told_with_it() -> None:
    center = with_campaign()
    columns = '[["number","Handy"],["skip","Geburtstag"]]'
    query = (
        f"&columns={quote(columns)}&sheet=Kunden&region=DE&needs_consent=true&duplicates=everywhere"
        "&consent_yes=ja,%20jawohl&consent_no=nie"
    )
    async with center.serve() as caller:
        answer = await hand_in(caller, path=CONTACTS + query)

    assert answer.status == 200, answer.body
    (taken,) = center.contacts.imported
    assert taken.duplicates is Duplicates.EVERYWHERE
    assert taken.reading == ContactReading(
        "DE",
        (("number", "Handy"), ("skip", "Geburtstag")),
        "Kunden",
        ("ja", "jawohl"),
        ("nie",),
        needs_consent=True,
    )


@pytest.mark.parametrize("kind", ["text/csv", module.XLSX])
async def test_a_list_may_be_csv_or_a_workbook(kind: str) -> None:
    center = with_campaign()
    async with center.serve() as caller:
        answer = await hand_in(caller, kind=kind)
        wrong = await hand_in(caller, kind="application/zip")

    assert answer.status == 200, answer.body
    assert (wrong.status, wrong.problem) == (415, "wrong-type")


async def test_how_far_an_import_has_come_can_be_asked() -> None:
    center = with_campaign()
    async with center.serve() as caller:
        mia = await caller.bearer("mia")
        idle = await caller.send("GET", f"{RENEWALS}/contacts/progress", headers=mia)
        center.contacts.progress = ImportProgress("autumn", 0.25, 250_000, dry_run=False)
        under_way = await caller.send("GET", f"{RENEWALS}/contacts/progress", headers=mia)

    assert (idle.status, idle.problem) == (404, "not-found")
    assert under_way.body == {"list": "autumn", "share": 0.25, "rows": 250_000, "dry_run": False}


async def test_the_rows_that_the_last_import_refused_can_be_had_as_a_file() -> None:
    center = with_campaign()
    async with center.serve() as caller:
        mia = await caller.bearer("mia")
        none = await caller.send("GET", f"{RENEWALS}/contacts/rejects", headers=mia)
        center.contacts.refused_rows = b"reject_row,number\n3,12\n"
        some = await caller.send("GET", f"{RENEWALS}/contacts/rejects", headers=mia)

    assert (none.status, none.problem) == (404, "not-found")
    assert some.headers["Content-Type"].startswith("text/csv")
    assert some.headers["Content-Disposition"] == 'attachment; filename="renewals.rejected.csv"'
    assert some.body == "reject_row,number\n3,12\n"


async def test_a_file_that_cannot_be_used_is_told_without_its_place_on_the_server() -> None:
    center = with_campaign()
    async with center.serve() as caller:
        center.contacts.error = CannotRead("has no header: line 1 must name the columns.")
        answer = await hand_in(caller)

    assert (answer.status, answer.problem) == (422, "invalid")
    assert answer.body["detail"] == "The file has no header: line 1 must name the columns."
    assert center.hub.told == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?list=",
        "?list=%20",
        "?list=x&priority=-1",
        "?list=x&priority=101",
        "?list=x&dry_run=maybe",
        "?list=x&duplicates=nowhere",
        "?list=x&columns=number",
        '?list=x&columns=[["number"]]',
        "?list=x&region=us",
        "?list=x&needs_consent=perhaps",
    ],
)
async def test_a_wrong_query_is_told_before_the_list_is_read(query: str) -> None:
    center = with_campaign()
    async with center.serve() as caller:
        answer = await hand_in(caller, path=f"{RENEWALS}/contacts{query}")

    assert (answer.status, answer.problem) == (422, "invalid")
    assert center.contacts.paths == []


async def test_a_list_for_no_campaign_is_not_read() -> None:
    center = Center()
    async with center.serve() as caller:
        answer = await hand_in(caller)

    assert (answer.status, answer.problem) == (404, "not-found")
    assert center.contacts.imported == []


async def test_a_database_that_is_away_is_said_to_be_away() -> None:
    center = with_campaign()
    center.contacts.error = OSError("the database is away")
    async with center.serve() as caller:
        mia = await caller.bearer("mia")
        handed_in = await hand_in(caller)
        attempts = await caller.send("GET", f"{RENEWALS}/attempts", headers=mia)

    for answer in (handed_in, attempts):
        assert (answer.status, answer.problem) == (503, "unavailable")
        assert answer.headers["Retry-After"] == "2"


async def test_auditors_find_which_file_it_was() -> None:
    center = with_campaign()
    async with center.serve() as caller:
        await hand_in(caller, b"phone\n555 1234\n")
        await until(lambda: len(center.audit.entries) == 2)

    entry = center.audit.entries[1]
    assert (entry.account, entry.status) == ("mia", 200)
    assert entry.action == "POST /api/v1/campaigns/{campaign}/contacts"
    assert entry.detail.startswith('{"bytes": 15, "sha256": "')
    assert "555" not in entry.detail


# --- attempts -------------------------------------------------------------------------------------


async def test_evidence_is_read_page_by_page() -> None:
    center = with_campaign()
    center.contacts.page = AttemptPage((attempt(),), "next")
    async with center.serve() as caller:
        sue = await caller.bearer("sue")
        first = await caller.send("GET", f"{RENEWALS}/evidence?limit=1", headers=sue)
        foreign = await caller.send("GET", f"{RENEWALS}/evidence?cursor=x", headers=sue)
        nowhere = await caller.send("GET", "/api/v1/campaigns/none/evidence", headers=sue)

    assert (first.status, first.body["next"]) == (200, "next")
    [row] = first.body["rows"]
    assert (row["result"], row["waited_s"], row["is_late"]) == ("busy", None, False)
    assert (foreign.status, nowhere.status) == (422, 404)


async def test_ended_attempts_are_read_page_by_page() -> None:
    center = with_campaign()
    center.contacts.page = AttemptPage((attempt(),), "next")
    async with center.serve() as caller:
        sue = await caller.bearer("sue")
        first = await caller.send("GET", f"{RENEWALS}/attempts?limit=1", headers=sue)
        await caller.send("GET", f"{RENEWALS}/attempts?cursor=next", headers=sue)
        foreign = await caller.send("GET", f"{RENEWALS}/attempts?cursor=x", headers=sue)

    assert first.body["next"] == "next"
    assert first.body["attempts"][0]["result"] == "busy"
    assert center.contacts.pages[:2] == [("renewals", 1, ""), ("renewals", 100, "next")]
    assert (foreign.status, foreign.problem) == (422, "invalid")
