"""Handing in lists of contacts over the API: what is taken, refused, and told of it."""

from __future__ import annotations

from io import BytesIO
from urllib.parse import quote

import pytest

from callcenter.api import campaigns as module
from callcenter.documents.contacts_csv import ContactReading
from callcenter.documents.csv_rows import CannotRead
from callcenter.domain import events as e
from callcenter.service.contact_lists import Duplicates, ImportProgress
from tests.unit.api.fake_contacts import Imported
from tests.unit.api.fakes import Answer, Caller, Center, until
from tests.unit.api.test_campaigns import CONTACTS, RENEWALS, with_campaign


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

    assert idle.body == {"list": "", "share": 0.0, "rows": 0, "dry_run": False}
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
