"""Routing rules over HTTP: looking, checking, publishing, rolling back, and who may."""

from __future__ import annotations

import json
from typing import Any
from weakref import WeakKeyDictionary

import pytest

from callcenter.domain import events as e
from callcenter.service.rules import DEFAULT_TEXT
from tests.unit.api.fakes import Answer, Caller, Center

RULES = "/api/v1/rules"
FIRST = "format: 1\nrules:\n  - name: all\n"
SECOND = "format: 1\nrules:\n  - name: everyone\n    then: {weight: 2}\n"
WRONG = """\
format: 1
rules:
  - name: gold
    when: customer.teir == "gold"
  - name: all
    then: {queue: nowhere}
"""


_TOKENS: WeakKeyDictionary[Caller, dict[str, dict[str, str]]] = WeakKeyDictionary()


async def signed_in(caller: Caller, login: str) -> dict[str, str]:
    """Headers of this account, which signs in once."""
    known = _TOKENS.setdefault(caller, {})
    if login not in known:
        known[login] = await caller.bearer(login)
    return dict(known[login])


async def publish(caller: Caller, text: str, based_on: int, **options: Any) -> Answer:
    """Publish as the supervisor."""
    headers = await signed_in(caller, options.pop("login", "sue"))
    headers |= options.pop("headers", {})
    body = {"text": text, "based_on": based_on} | options
    return await caller.send("POST", f"{RULES}/publish", json=body, headers=headers)


async def read(caller: Caller, path: str = "", login: str = "sue") -> Answer:
    return await caller.send("GET", f"{RULES}{path}", headers=await signed_in(caller, login))


# --- publishing -----------------------------------------------------------------------------------


async def test_before_any_publishing_the_built_in_rules_hold() -> None:
    async with Center().serve() as caller:
        answer = await read(caller)
        versions = await read(caller, "/versions")

    assert answer.status == 200, answer.body
    assert (answer.body["version"], answer.body["state"]) == (0, "published")
    assert answer.body["text"] == DEFAULT_TEXT
    assert versions.body == {"versions": [], "next": 0}


async def test_published_rules_are_the_machines_and_told_with_their_author() -> None:
    center = Center()
    async with center.serve() as caller:
        done = await publish(caller, FIRST, 0, comment="to begin with")
        held = await read(caller)

    assert done.status == 200, done.body
    assert done.body == held.body
    assert held.body["text"] == FIRST
    assert [held.body[name] for name in ("version", "state", "by", "comment", "based_on")] == [
        1,
        "published",
        "sue",
        "to begin with",
        0,
    ]
    assert held.body["published_at"] == center.clock.time
    assert center.hub.state.rules.version == 1
    assert center.hub.state.rules.rules.rules[0].name == "all"


async def test_a_rollback_publishes_the_older_text_under_a_new_number() -> None:
    center = Center()
    async with center.serve() as caller:
        sue = await caller.bearer("sue")
        await publish(caller, FIRST, 0)
        await publish(caller, SECOND, 1)
        back = await caller.send(
            "POST", f"{RULES}/rollback", json={"version": 1, "based_on": 2}, headers=sue
        )
        built_in = await caller.send(
            "POST",
            f"{RULES}/rollback",
            json={"version": 0, "based_on": 3, "comment": "out"},
            headers=sue,
        )
        versions = await read(caller, "/versions")

    assert (back.body["version"], back.body["text"]) == (3, FIRST)
    assert back.body["comment"] == "back to version 1"
    assert (built_in.body["version"], built_in.body["text"]) == (4, DEFAULT_TEXT)
    assert center.hub.state.rules.version == 4
    found = [(view["version"], view["state"]) for view in versions.body["versions"]]
    assert found == [(4, "published"), (3, "replaced"), (2, "replaced"), (1, "replaced")]


async def test_of_two_who_edit_at_once_the_second_gets_a_conflict() -> None:
    center = Center()
    async with center.serve() as caller:
        await publish(caller, FIRST, 0)
        mine = await publish(caller, SECOND, 1, login="mia")
        theirs = await publish(caller, FIRST + "\n", 1)
        back = await caller.send(
            "POST",
            f"{RULES}/rollback",
            json={"version": 1, "based_on": 1},
            headers=await caller.bearer("sue"),
        )

    assert mine.status == 200
    assert (theirs.status, theirs.problem) == (409, "conflict")
    assert "version 1" in theirs.body["detail"]
    assert "version 2 by mia" in theirs.body["detail"]
    assert back.problem == "conflict"
    assert center.hub.state.rules.version == 2


async def test_a_wish_that_is_sent_again_is_done_once() -> None:
    center = Center()
    async with center.serve() as caller:
        key = {"Idempotency-Key": "once"}
        first = await publish(caller, FIRST, 0, headers=key)
        again = await publish(caller, FIRST, 0, headers=key)
        other = await publish(caller, SECOND, 0, headers=key)

    assert first.status == 200
    assert again.body == first.body
    assert other.problem == "key-reused"
    assert len([one for one in center.hub.asked if isinstance(one, e.RulesPublished)]) == 1


async def test_a_wish_whose_answer_got_lost_is_finished_when_it_is_sent_again() -> None:
    center = Center()
    async with center.serve() as caller:
        key = {"Idempotency-Key": "once"}
        center.hub.full = True
        refused = await publish(caller, FIRST, 0, headers=key)
        center.hub.full = False
        draft = await read(caller, "/versions")
        done = await publish(caller, FIRST, 0, headers=key)

    assert refused.problem == "overloaded"
    assert [view["state"] for view in draft.body["versions"]] == ["draft"]
    assert (done.status, done.body["version"]) == (200, 1)


async def test_what_the_machine_refuses_stays_a_draft_and_is_overtaken() -> None:
    center = Center()
    async with center.serve() as caller:
        center.hub.full = True
        await publish(caller, FIRST, 0)
        center.hub.full = False
        other = await publish(caller, SECOND, 0)
        late = await publish(caller, FIRST, 0, headers={"Idempotency-Key": "late"})
        versions = await read(caller, "/versions")

    assert other.body["version"] == 2
    assert late.problem == "conflict"
    found = [(view["version"], view["state"]) for view in versions.body["versions"]]
    assert found == [(2, "published"), (1, "unused")]


async def test_an_older_wish_that_comes_late_is_refused_by_the_machine() -> None:
    center = Center()
    async with center.serve() as caller:
        key = {"Idempotency-Key": "slow"}
        center.hub.full = True
        await publish(caller, FIRST, 0, headers=key)
        center.hub.full = False
        await publish(caller, SECOND, 0)
        late = await publish(caller, FIRST, 0, headers=key)

    assert (late.status, late.problem) == (409, "conflict")
    assert center.hub.state.rules.version == 2


async def test_rules_that_are_wrong_are_refused_with_their_lines() -> None:
    center = Center()
    async with center.serve() as caller:
        answer = await publish(caller, WRONG, 0)
        versions = await read(caller, "/versions")

    assert (answer.status, answer.problem) == (422, "invalid")
    first, second = answer.body["errors"]
    assert (first["path"], first["line"]) == ("body.text", 4)
    assert "no attribute `teir`" in first["detail"]
    assert first["mend"] == "Did you mean customer.tier?"
    assert (second["line"], second["detail"].partition(".")[0]) == (
        6,
        "there is no queue `nowhere`",
    )
    assert versions.body["versions"] == []
    assert center.hub.asked == []


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"text": FIRST}, "body.based_on"),
        ({"text": FIRST, "based_on": -1}, "body.based_on"),
        ({"text": "", "based_on": 0}, "body.text"),
        ({"text": FIRST, "based_on": 0, "comment": "a\nb"}, "body.comment"),
        ({"text": FIRST, "based_on": 0, "by": "me"}, "body.by"),
    ],
)
async def test_a_body_that_is_wrong_is_refused(body: dict[str, Any], path: str) -> None:
    async with Center().serve() as caller:
        sue = await caller.bearer("sue")
        answer = await caller.send("POST", f"{RULES}/publish", json=body, headers=sue)

    assert answer.problem == "invalid"
    assert [error["path"] for error in answer.body["errors"]] == [path]


@pytest.mark.parametrize("login", ["ana", "aud"])
async def test_agents_and_auditors_publish_nothing(login: str) -> None:
    center = Center()
    async with center.serve() as caller:
        done = await publish(caller, FIRST, 0, login=login)
        back = await caller.send(
            "POST",
            f"{RULES}/rollback",
            json={"version": 0, "based_on": 0},
            headers=await caller.bearer(login),
        )

    assert (done.problem, back.problem) == ("forbidden", "forbidden")
    assert center.hub.state.rules.version == 0


async def test_auditors_read_and_agents_do_not() -> None:
    async with Center().serve() as caller:
        paths = ("", "/versions", "/versions/0", "/schema", "/diff?from=0&to=0")
        auditor = [(await read(caller, path, "aud")).status for path in paths]
        agent = [(await read(caller, path, "ana")).problem for path in paths]

    assert auditor == [200] * 5
    assert agent == ["forbidden"] * 5


async def test_every_publishing_is_audited_by_the_texts_digest() -> None:
    center = Center()
    async with center.serve() as caller:
        await publish(caller, FIRST, 0, comment="first")
        await publish(caller, WRONG, 1)

    entries = [one for one in center.audit.entries if one.action.endswith("/rules/publish")]
    assert [(one.account, one.status) for one in entries] == [("sue", 200), ("sue", 422)]
    detail = json.loads(entries[0].detail)
    assert detail["comment"] == "first"
    assert detail["text"].startswith(f"{len(FIRST)} characters, sha256 ")


# --- looking --------------------------------------------------------------------------------------


async def test_versions_come_page_by_page_and_one_by_one() -> None:
    async with Center().serve() as caller:
        for n in range(3):
            await publish(caller, FIRST + "\n" * n, n)
        first = await read(caller, "/versions?limit=2")
        rest = await read(caller, f"/versions?limit=2&before={first.body['next']}")
        one = await read(caller, "/versions/2")
        none = await read(caller, "/versions/9")
        strange = await read(caller, "/versions/two")

    assert [view["version"] for view in first.body["versions"]] == [3, 2]
    assert ([view["version"] for view in rest.body["versions"]], rest.body["next"]) == ([1], 0)
    assert (one.body["text"], one.body["state"]) == (FIRST + "\n", "replaced")
    assert (none.problem, strange.problem) == ("not-found", "not-found")


async def test_two_versions_are_compared() -> None:
    async with Center().serve() as caller:
        await publish(caller, FIRST, 0)
        await publish(caller, SECOND, 1)
        changed = await read(caller, "/diff?from=1&to=2")
        same = await read(caller, "/diff?from=2&to=2")
        none = await read(caller, "/diff?from=1&to=9")
        incomplete = await read(caller, "/diff?from=1")

    assert changed.body["diff"].splitlines()[:2] == ["--- version 1", "+++ version 2"]
    assert "-  - name: all\n+  - name: everyone\n" in changed.body["diff"]
    assert same.body["diff"] == ""
    assert (none.problem, incomplete.problem) == ("not-found", "invalid")


async def test_the_schema_is_one_of_json() -> None:
    async with Center().serve() as caller:
        answer = await read(caller, "/schema")

    assert answer.body["type"] == "object"
    assert "rules" in answer.body["required"]


async def test_an_unknown_version_cannot_be_gone_back_to() -> None:
    async with Center().serve() as caller:
        answer = await caller.send(
            "POST",
            f"{RULES}/rollback",
            json={"version": 9, "based_on": 0},
            headers=await caller.bearer("sue"),
        )

    assert answer.problem == "not-found"


# --- checking -------------------------------------------------------------------------------------


async def test_a_check_tells_every_problem_and_changes_nothing() -> None:
    center = Center().with_agents("ana")
    skills = "format: 1\nskills: [cards]\nrules:\n  - name: all\n    then: {skills: {cards: 1}}\n"
    async with center.serve() as caller:
        aud = await caller.bearer("aud")
        before = len(center.audit.entries)

        async def check(text: str) -> Answer:
            body = {"text": text}
            return await caller.send("POST", f"{RULES}/check", json=body, headers=aud)

        good, wrong, nobody = await check(FIRST), await check(WRONG), await check(skills)

    assert good.body == {"problems": []}
    assert [problem["line"] for problem in wrong.body["problems"]] == [4, 6, 6]
    assert set(wrong.body["problems"][0]) == {"line", "what", "mend"}
    assert "no agent can ever answer" in nobody.body["problems"][0]["what"]
    assert "Idempotency-Key" not in good.headers
    assert len(center.audit.entries) == before


async def test_a_center_without_agents_may_have_rules_with_skills() -> None:
    text = "format: 1\nskills: [cards]\nrules:\n  - name: all\n    then: {skills: {cards: 1}}\n"
    async with Center().serve() as caller:
        answer = await publish(caller, text, 0)

    assert answer.status == 200, answer.body


async def test_a_long_document_is_taken_and_a_longer_one_is_not() -> None:
    lines = "".join(f'  - name: r{n}\n    when: call.dialed == "{n}"\n' for n in range(499))
    long = f"format: 1\n# {'x' * 100_000}\nrules:\n{lines}  - name: rest\n"
    async with Center().serve() as caller:
        sue = await caller.bearer("sue")
        taken = await publish(caller, long, 0)
        refused = await caller.send(
            "POST", f"{RULES}/check", json={"text": "x" * 600_000}, headers=sue
        )

        async def pieces() -> Any:
            for _ in range(3):
                yield b" " * 30_000

        elsewhere = await caller.send(
            "POST",
            f"{RULES}/rollback",
            data=pieces(),
            headers=sue | {"Content-Type": "application/json"},
        )

    assert taken.status == 200, taken.body
    assert refused.problem == "too-large"
    assert elsewhere.problem == "too-large"


# --- a database that is away ----------------------------------------------------------------------


async def test_while_the_database_is_away_nothing_is_published() -> None:
    center = Center()
    async with center.serve() as caller:
        center.rule_versions.away = True
        done = await publish(caller, FIRST, 0)
        looked = await read(caller, "/versions")

    assert (done.status, done.problem) == (503, "unavailable")
    assert looked.problem == "unavailable"
    assert center.hub.state.rules.version == 0


async def test_rules_that_could_not_be_marked_hold_and_are_marked_by_the_next_publishing() -> None:
    center = Center()
    async with center.serve() as caller:
        center.rule_versions.marks = False
        done = await publish(caller, FIRST, 0)
        held = await read(caller)
        center.rule_versions.marks = True
        second = await publish(caller, SECOND, 1)
        versions = await read(caller, "/versions")

    assert (done.status, done.body["version"]) == (200, 1)
    assert (held.body["version"], held.body["state"]) == (1, "published")
    assert second.status == 200
    found = [(view["version"], view["state"]) for view in versions.body["versions"]]
    assert found == [(2, "published"), (1, "replaced")]
