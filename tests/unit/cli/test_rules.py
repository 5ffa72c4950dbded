"""``callcenter rules`` against an API that serves, and without any."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner, Result

from callcenter.api.local_access import local_access_path
from callcenter.cli.app import make_app
from callcenter.cli.rules import app
from callcenter.cli.users import app as users_app
from callcenter.documents.files import config_path
from callcenter.domain import events as e
from callcenter.domain.customer import Tier
from callcenter.domain.records import OfferRecord
from callcenter.service.ports import CallHistory
from callcenter.simulator.asterisk_instance import free_port
from tests.unit.api.fakes import Center
from tests.unit.storage.samples import CALL, T0

CONFIG = """
data_dir: data
http: {{port: {http}}}
pbxs: [{{name: main, ami_port: {ami}, phones: [{{number: "1001"}}]}}]
queues: [{{id: service}}]
default_queue: service
"""
FIRST = "format: 1\nrules:\n  - name: all\n"
SECOND = "format: 1\nrules:\n  - name: everyone\n    then: {weight: 2}\n"
WRONG = """\
format: 1
skills: [cards]
rules:
  - name: gold
    when: customer.teir == "gold"
  - name: all
    then: {skills: {cards: 3}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config file with which nothing has run yet."""
    path = tmp_path / "center.yaml"
    path.write_text(CONFIG.format(http=free_port(), ami=free_port()))
    return path


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """A document of rules that may be published."""
    path = tmp_path / "routing.yaml"
    path.write_text(FIRST)
    return path


def write(document: Path, text: str) -> None:
    """The document says something else from now on."""
    document.write_text(text)


def rules(config: Path, *arguments: str) -> Result:
    """Run the command in this process; what it says must never be a traceback."""
    result = CliRunner().invoke(app, [*arguments, "--config", str(config)])
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


class Running:
    """A center that serves."""

    def __init__(self, config: Path, center: Center) -> None:
        self.config = config
        self.center = center

    async def run(self, *arguments: str) -> Result:
        """The command, in a thread of its own: it has a loop of its own."""
        return await asyncio.to_thread(rules, self.config, *arguments)

    async def ask(self, *arguments: str) -> Any:
        """The command's JSON."""
        result = await self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@asynccontextmanager
async def running(config: Path, center: Center | None = None) -> AsyncIterator[Running]:
    center = center or Center()
    async with center.serve() as caller:
        with center.api.local_access(local_access_path(config.parent / "data"), caller.origin):
            yield Running(config, center)


# --- check: without a center ----------------------------------------------------------------------


def test_the_shipped_rules_are_well(config: Path) -> None:
    result = rules(config, "check", str(config_path("routing.yaml")))

    assert result.exit_code == 0, result.output
    assert "3 rules, all well" in result.stdout
    assert "was not checked: there is no database yet" in result.stdout
    assert not (config.parent / "data").exists()


def test_a_check_tells_each_problem_with_file_and_line(config: Path, document: Path) -> None:
    document.write_text(WRONG)

    told = rules(config, "check", str(document))
    as_json = json.loads(rules(config, "check", str(document), "--json").stdout)

    assert told.exit_code == 1
    assert f"{document}:5: `when`: `customer` has no attribute `teir`" in told.stdout
    assert told.stdout.splitlines()[-2] == "1 problems"
    assert (as_json["ok"], as_json["agents"]) == (False, None)
    assert [problem["line"] for problem in as_json["problems"]] == [5]


def test_a_check_knows_the_agents_of_the_database(config: Path, document: Path) -> None:
    document.write_text(WRONG.replace("teir", "tier"))
    add = ["add", "ana", "--role", "agent", "--skill", "cards=2", "--config", str(config)]
    before = rules(config, "check", str(document))
    CliRunner().invoke(users_app, ["list", "--config", str(config)])
    empty = rules(config, "check", str(document))
    assert CliRunner().invoke(users_app, add).exit_code == 0

    after = json.loads(rules(config, "check", str(document), "--json").stdout)

    assert (before.exit_code, empty.exit_code) == (0, 0)
    assert "there are no agents yet" in empty.stdout
    assert after["agents"] == 1
    assert "no agent can ever answer a call of the rule `all`" in after["problems"][0]["what"]


def test_a_check_says_that_a_database_cannot_be_read(config: Path, document: Path) -> None:
    database = config.parent / "data" / "center.db"
    database.parent.mkdir()
    database.write_bytes(b"no database at all" * 100)

    result = rules(config, "check", str(document))

    assert result.exit_code == 0
    assert "was not checked: " in result.stdout
    assert database.read_bytes() == b"no database at all" * 100


def test_a_check_leaves_a_database_of_another_version_alone(config: Path, document: Path) -> None:
    database = config.parent / "data" / "center.db"
    database.parent.mkdir()
    database.touch()

    result = rules(config, "check", str(document))

    assert "of another version of the program" in result.stdout
    assert database.read_bytes() == b""


def test_a_missing_file_is_told(config: Path, tmp_path: Path) -> None:
    checked = rules(config, "check", str(tmp_path / "none.yaml"))
    published = rules(config, "publish", str(tmp_path / "none.yaml"))

    assert checked.exit_code == published.exit_code == 1
    assert "there is no such file" in checked.output
    assert "there is no such file" in published.output


def test_the_doctor_looks_at_the_file_of_rules(config: Path, document: Path) -> None:
    config.write_text(config.read_text() + f"routing_rules: {document.name}\n")

    def findings() -> list[dict[str, Any]]:
        result = CliRunner().invoke(make_app(), ["doctor", "--config", str(config), "--json"])
        found = json.loads(result.stdout)["findings"]
        return [finding for finding in found if finding["check"] == "rules"]

    good = findings()
    document.write_text(WRONG)
    wrong = findings()

    assert (good[0]["ok"], good[0]["text"]) == (True, f"1 in {document}")
    assert (wrong[0]["ok"], len(wrong)) == (False, 1)
    assert f"{document}:5: " in wrong[0]["text"]


def test_the_schema_is_printed() -> None:
    result = CliRunner().invoke(app, ["schema"])

    assert "rules" in json.loads(result.stdout)["properties"]


# --- a running center -----------------------------------------------------------------------------


async def test_rules_are_published_listed_compared_and_taken_back(
    config: Path, document: Path
) -> None:
    async with running(config) as center:
        none = await center.run("versions")
        first = await center.run("publish", str(document), "--comment", "to begin with")
        write(document, SECOND)
        pending = await center.run("diff", str(document))
        await center.run("publish", str(document))
        last = await center.run("diff")
        files = await center.run("diff", "1", str(document))
        back = await center.run("rollback", "1")
        same = await center.run("diff", "1", "3")
        listed = await center.run("versions")

    assert "no rules yet" in none.stdout
    assert first.stdout == "version 1 is published\n"
    assert pending.stdout.splitlines()[:2] == ["--- version 1", f"+++ {document}"]
    assert last.stdout.splitlines()[:2] == ["--- version 1", "+++ version 2"]
    assert files.stdout.splitlines()[2:] == last.stdout.splitlines()[2:]
    assert back.stdout == "version 3 is published: it says what version 1 says\n"
    assert same.stdout == "version 1 and version 3 say the same\n"
    lines = listed.stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["3", "published"],
        ["2", "replaced"],
        ["1", "replaced"],
    ]
    assert lines[0].endswith("@cli              back to version 1")
    assert lines[2].endswith("to begin with")


async def test_programs_get_json(config: Path, document: Path) -> None:
    async with running(config) as center:
        made = await center.ask("publish", str(document))
        back = await center.ask("rollback", "0", "--comment", "out")
        listed = await center.ask("versions", "--limit", "1")
        compared = await center.ask("diff", "0", "2")

    assert (made["version"], back["version"]) == (1, 2)
    assert [view["comment"] for view in listed["versions"]] == ["out"]
    assert compared == {"from": "the built-in rules", "to": "version 2", "diff": ""}


async def test_what_is_wrong_is_told_with_the_line_of_the_file(
    config: Path, document: Path
) -> None:
    write(document, WRONG)
    async with running(config) as center:
        published = await center.run("publish", str(document))
        tried = await center.run("publish", str(document), "--dry-run")
        unknown = await center.run("rollback", "9")

    assert published.exit_code == tried.exit_code == unknown.exit_code == 1
    for result in (published, tried):
        assert f"{document}:5: `when`: `customer` has no attribute `teir`" in result.output
    assert "There is no version 9" in unknown.output


async def test_who_began_with_an_older_version_is_told_who_was_faster(
    config: Path, document: Path
) -> None:
    async with running(config) as center:
        await center.run("publish", str(document))
        write(document, SECOND)
        await center.run("publish", str(document))
        late = await center.run("publish", str(document), "--based-on", "1")

    assert late.exit_code == 1
    assert "version 2 by @cli is published by now" in late.output


async def test_a_dry_run_tells_who_would_be_treated_differently(
    config: Path, document: Path
) -> None:
    center = Center().with_agents("ana")
    call = center.hub.bench.waiting_caller("in1")
    write(document, SECOND + "preset: gold_first\n")
    async with running(config, center) as running_center:
        told = await running_center.run("publish", str(document), "--dry-run")
        as_json = await running_center.ask("publish", str(document), "--dry-run")

    assert f"{call.id}: everybody -> everyone (weight)" in told.stdout
    assert "1 of 1 waiting calls would be treated differently" in told.stdout
    assert "preset or tier weights differ" in told.stdout
    assert as_json["changed"][0]["differs"] == ["weight"]
    assert center.hub.state.rules.version == 0


async def test_a_waiting_call_is_explained(config: Path, document: Path) -> None:
    center = Center()
    center.hub.bench.agents("ana")
    write(
        document,
        "format: 1\nskills: [cards]\nrules:\n"
        '  - {name: german, when: customer.language == "de"}\n'
        "  - name: rest\n    then: {skills: {cards: 3}, steps: [{after_s: 60}]}\n",
    )
    center.hub.bench.waiting_caller("in0", Tier.GOLD)
    call = center.hub.bench.waiting_caller("in1", Tier.GOLD)
    async with running(config, center) as running_center:
        center.hub.tell(e.AgentsConfigured(()))
        await running_center.run("publish", str(document))
        told = await running_center.run("explain", call.id)
        as_json = await running_center.ask("explain", call.id)

    assert told.stdout.startswith(f"{call.id}: waiting, gold, queue service, weight 1\n")
    assert 'no: german: customer.language == "de" (customer.language is "")' in told.stdout
    assert "takes it: rest (takes every call)" in told.stdout
    assert "after 0 s: cards 3  <- now" in told.stdout
    assert "after 60 s: anybody of the queue\n" in told.stdout
    assert "position 1, nobody can tell how long" in told.stdout
    assert "more agents may take it" in told.stdout
    assert as_json["ended"] is None


async def test_an_ended_call_is_explained_by_what_was_kept(config: Path) -> None:
    center = Center()
    call = replace(CALL, rule="gold", rules_version=4)
    score = (5.0, 0.1, 1.2, 180.0, 0.04)
    offer = OfferRecord("c1", "ana", T0 + 10, T0 + 15, "answered", "longest_idle", score)
    center.records.histories["c1"] = CallHistory(call, offers=(offer,))
    async with running(config, center) as running_center:
        told = await running_center.run("explain", "c1")
        unknown = await running_center.run("explain", "c/9")

    assert told.stdout.splitlines() == [
        "c1: answered by ana, gold, queue service",
        "rule, version 4: gold",
        "  22:13:30 UTC offered to ana, answered: longest idle"
        " (weight 5 x (1 + 0.10) x 1.20 / 180 s)",
    ]
    assert unknown.exit_code == 1
    assert "No call c/9 is live or on record." in unknown.output


def test_without_a_running_center_it_says_how_to_start_one(config: Path, document: Path) -> None:
    result = rules(config, "publish", str(document))

    assert result.exit_code == 1
    assert "callcenter serve" in result.output
