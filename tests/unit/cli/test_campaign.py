"""``callcenter campaign`` against an API that serves, and against none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from typer.testing import CliRunner, Result

from callcenter.api.local_access import LocalAccess, local_access_path
from callcenter.bootstrap import open_center
from callcenter.cli import running_center
from callcenter.cli.app import make_app
from callcenter.cli.campaign import app
from callcenter.documents.files import config_path
from callcenter.domain import events as e
from callcenter.domain.campaign import CampaignSettings, ListCounts
from callcenter.settings import load_settings
from callcenter.simulator.asterisk_instance import free_port
from tests.unit.api.fakes import Center
from tests.unit.api.test_campaign_results import FakeResults, center_with

CONFIG = """
data_dir: data
http: {{port: {http}}}
pbxs:
  - name: main
    ami_port: {ami}
    phones: [{{number: "1001"}}]
    trunks: [{{name: carrier, host: 192.0.2.1}}]
queues: [{{id: service}}]
default_queue: service
"""
DOCUMENT = "id: renewals\nname: Renewals\npbx: main\ntrunk: carrier\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config file with which nothing has run yet; its PBX is not there."""
    path = tmp_path / "center.yaml"
    path.write_text(CONFIG.format(http=free_port(), ami=free_port()))
    return path


def campaign(config: Path, *arguments: str) -> Result:
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
        return await asyncio.to_thread(campaign, self.config, *arguments)

    async def ask(self, *arguments: str) -> Any:
        """The command's JSON."""
        result = await self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@asynccontextmanager
async def running(config: Path, center: Center | None = None) -> AsyncIterator[Running]:
    center = center or Center().with_agents("ana")
    async with center.serve() as caller:
        with center.api.local_access(local_access_path(config.parent / "data"), caller.origin):
            yield Running(config, center)


async def test_a_campaign_is_made_started_paused_and_ended(config: Path, tmp_path: Path) -> None:
    document = tmp_path / "renewals.yaml"
    document.write_text(DOCUMENT)
    async with running(config) as center:
        none = await center.run("list")
        made = await center.run("create", str(document))
        started = await center.run("start", "renewals")
        listed = await center.run("list")
        paused = await center.run("pause", "renewals")
        again = await center.run("create", str(document))
        ended = await center.run("drain", "renewals")
        await center.run("start", "renewals")
        stopped = await center.run("stop", "renewals")

    assert "callcenter campaign create FILE" in none.stdout
    assert made.stdout == "renewals saved, draft\n"
    assert started.stdout == "renewals             running   No agent works for this campaign.\n"
    assert listed.stdout == started.stdout
    assert "Paused by @cli." in paused.stdout
    assert again.stdout == "renewals saved, paused\n"
    assert "finished" in ended.stdout
    assert "finished" in stopped.stdout
    assert [result.exit_code for result in (none, made, started, paused, ended)] == [0] * 5


async def test_programs_get_json(config: Path) -> None:
    example = str(config_path("campaign.example.yaml"))
    async with running(config) as center:
        made = await center.ask("create", example)
        started = await center.ask("start", "renewals")
        listed = await center.ask("list")
        shown = await center.ask("show", "renewals")

    assert (made["state"], started["state"]) == ("draft", "running")
    assert [view["id"] for view in listed["campaigns"]] == ["renewals"]
    assert shown["settings"]["caller_id"] == "+13125550100"


async def test_one_campaign_is_shown_with_its_counts(config: Path) -> None:
    center = Center().with_agents("ana")
    settings = CampaignSettings("renewals", "Renewals, autumn", "main", "carrier")
    assert center.hub.bench.ask(e.CampaignSaved, settings, "mia").problem == ""
    async with running(config, center) as running_center:
        shown = await running_center.run("show", "renewals")

    assert "Not started yet." in shown.stdout
    for line in (
        "name                   Renewals, autumn",
        "trunk                  carrier of PBX main",
        "agents                 0: 0 ready, 0 talking, 0 in wrap-up",
        "contacts               0: 0 due, 0 later, 0 outside the hours, 0 done, 0 given up",
        "attempts               0; none has ended",
        "dropped                0.0% of 0 people who answered",
    ):
        assert line in shown.stdout, line


async def test_a_campaign_that_dials_says_how_many_ring(config: Path) -> None:
    view = {
        "id": "renewals",
        "state": "running",
        "silence": "",
        "dialing": 1,
        "ringing": 2,
        "talking": 3,
    }

    async def campaigns(_: web.Request) -> web.Response:
        return web.json_response({"campaigns": [view]})

    async with other_server(config, campaigns):
        listed = await asyncio.to_thread(campaign, config, "list")

    assert listed.stdout == "renewals             running   3 ringing, 3 talking\n"


async def test_what_the_center_refuses_is_told_in_its_words(config: Path) -> None:
    async with running(config) as center:
        unknown = await center.run("start", "spring")
        strange = await center.run("show", "../me")

    assert (unknown.exit_code, strange.exit_code) == (1, 1)
    assert "There is no campaign spring." in unknown.output
    assert "no campaign" in strange.output


async def test_what_is_wrong_with_a_document_is_told_with_its_line(
    config: Path, tmp_path: Path
) -> None:
    document = tmp_path / "renewals.yaml"
    async with running(config) as center:
        document.write_text(DOCUMENT.replace("carrier", "moon"))
        by_center = await center.run("create", str(document))
        document.write_text(DOCUMENT + "ring_s: 3\n")
        by_shape = await center.run("create", str(document))
        missing = await center.run("create", str(tmp_path / "none.yaml"))

    assert f"{document}:4: `trunk`: PBX main has no trunk moon; use one of carrier" in (
        by_center.output
    )
    assert f"{document}:5: `ring_s` should be greater than or equal to 15" in by_shape.output
    assert "there is no such file" in missing.output
    assert {by_center.exit_code, by_shape.exit_code, missing.exit_code} == {1}


async def test_a_document_that_the_machine_refuses_is_told_why(
    config: Path, tmp_path: Path
) -> None:
    document = tmp_path / "renewals.yaml"
    document.write_text(DOCUMENT.replace("main", "south"))
    center = Center(trunks={"south": ("carrier",)})
    async with running(config, center) as running_center:
        result = await running_center.run("create", str(document))

    assert result.exit_code == 1
    assert "south" in result.output


async def test_a_center_that_serves_lets_its_own_command_line_in(config: Path) -> None:
    example = str(config_path("campaign.example.yaml"))
    async with open_center(load_settings(config)):
        made = await asyncio.to_thread(campaign, config, "create", example)
        started = await asyncio.to_thread(campaign, config, "start", "renewals")
    after = await asyncio.to_thread(campaign, config, "list")

    assert made.stdout == "renewals saved, draft\n"
    assert "PBX main cannot be reached." in started.stdout
    assert after.exit_code == 1
    assert "no center runs" in after.output


# --- no center ------------------------------------------------------------------------------------


def write_access(config: Path, url: str) -> None:
    path = local_access_path(config.parent / "data")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"url": url, "token": "old"}))


@asynccontextmanager
async def other_server(config: Path, handler: Any) -> AsyncIterator[None]:
    """Something that is no center of ours serves where the file points to."""
    other = web.Application()
    other.router.add_route("*", "/{tail:.*}", handler)
    async with TestServer(other) as server:
        write_access(config, str(server.make_url("")))
        yield


def test_without_a_running_center_it_says_how_to_start_one(config: Path) -> None:
    result = campaign(config, "list")

    assert result.exit_code == 1
    assert "no center runs with this config" in result.output
    assert "callcenter serve" in result.output


def test_a_center_that_was_killed_is_told_from_one_that_runs(config: Path) -> None:
    write_access(config, "http://127.0.0.1:9")

    result = campaign(config, "list")

    assert result.exit_code == 1
    assert "no center answers at http://127.0.0.1:9" in result.output


async def test_another_center_on_the_same_port_is_told(config: Path) -> None:
    async with Center().serve() as caller:
        write_access(config, caller.origin)
        result = await asyncio.to_thread(campaign, config, "list")

    assert result.exit_code == 1
    assert "another center" in result.output


async def test_a_server_that_is_no_center_is_told(config: Path) -> None:
    async def broken(_: web.Request) -> web.Response:
        return web.Response(status=500, text="oops")

    async with other_server(config, broken):
        result = await asyncio.to_thread(campaign, config, "list")

    assert result.exit_code == 1
    assert "HTTP 500" in result.output


async def test_a_center_that_hangs_is_given_up(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running_center, "ANSWER_DEADLINE_S", 0.05)
    go = asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        await go.wait()
        return web.Response()

    async with other_server(config, hang):
        result = await asyncio.to_thread(campaign, config, "list")
        go.set()

    assert result.exit_code == 1
    assert "did not answer" in result.output


def test_the_file_holds_what_the_command_reads(config: Path) -> None:
    write_access(config, "http://127.0.0.1:9")

    content = local_access_path(config.parent / "data").read_text()

    assert set(json.loads(content)) == set(LocalAccess.__struct_fields__)


def test_the_commands_are_part_of_the_command_line() -> None:
    commands = CliRunner().invoke(make_app("campaign"), ["campaign", "--help"]).output

    for name in ("list", "show", "create", "start", "pause", "drain", "stop"):
        assert name in commands


# --- lists made of results ------------------------------------------------------------------------


async def test_a_new_list_is_made_of_results(config: Path) -> None:
    results = FakeResults()
    async with running(config, center_with(results)) as center:
        wish = ("--list", "again", "--to", "spring", "--result", "connected", "--tier", "gold")
        said = await center.run("new-list", "renewals", *wish, "--without", "agreed", "--dry-run")
        told = await center.ask("new-list", "renewals", *wish, "--priority", "4")

    assert said.exit_code == 0, said.output
    assert said.stdout == (
        "3 contacts match: 2 on list again of campaign spring, 1 refused"
        " - dry run, nothing was changed\n"
    )
    assert (told["taken"], told["dry_run"]) == (2, False)
    first, second = results.asked
    _, wanted, into, name, priority, is_dry = first
    assert (wanted.results, wanted.without, wanted.tiers) == (
        ("connected",),
        ("agreed",),
        ("gold",),
    )
    assert (into, name, priority, is_dry) == ("spring", "again", None, True)
    assert second[-2:] == (4, False)


async def test_a_new_list_of_nothing_says_what_to_name(config: Path) -> None:
    async with running(config, center_with(FakeResults())) as center:
        said = await center.run("new-list", "renewals", "--list", "again")

    assert said.exit_code == 1
    assert "name results or dispositions" in said.output


# --- lists and contacts ---------------------------------------------------------------------------


def with_renewals() -> Center:
    center = Center().with_agents("ana")
    settings = CampaignSettings("renewals", "Renewals", "main", "carrier")
    assert center.hub.bench.ask(e.CampaignSaved, settings, "mia").problem == ""
    return center


async def test_a_list_is_given_another_priority_by_its_name_or_id(config: Path) -> None:
    center = with_renewals()
    async with running(config, center) as running_center:
        told = await running_center.run("lists", "renewals")
        by_name = await running_center.run("prioritize", "renewals", "autumn", "9")
        by_id = await running_center.ask("prioritize", "renewals", "3", "8")
        missing = await running_center.run("prioritize", "renewals", "spring", "9")

    line = f"     3 {'autumn':<30} priority   5, 8 of 9 rows taken\n"
    assert told.output == by_name.output == line
    assert by_id["lists"][0]["name"] == "autumn"
    assert missing.exit_code == 1
    assert "campaign renewals has no list spring" in missing.output
    assert center.book is not None
    changes = [asked for asked in center.book.asked if asked[0] == "list"]
    assert changes == [("list", "renewals", 3, 9), ("list", "renewals", 3, 8)]


async def test_why_a_contact_is_next_is_told_in_sentences(config: Path) -> None:
    async with running(config, with_renewals()) as running_center:
        said = await running_center.run("why", "renewals", "+354 555 0007")
        as_json = await running_center.ask("why", "renewals", "7")
        missing = await running_center.run("why", "renewals", "8")

    assert said.output == (
        "contact 7 of list autumn, priority 5, never tried\n  next: was never tried\n"
    )
    assert as_json["reasons"][0]["code"] == "next"
    assert missing.exit_code == 1


async def test_who_may_not_be_called_is_counted_where_there_is_somebody(config: Path) -> None:
    center = with_renewals()
    counts = ListCounts(at=1.0, total=9, dnc=4, no_consent=3, capped=2, later=2)
    bench = center.hub.bench
    bench.campaign(id="winback", name="Winback")
    bench.fill(campaign="winback", counts=counts)
    async with running(config, center) as running_center:
        shown = await running_center.run("show", "winback")

    assert (
        "0 given up, 4 on the do-not-call list, 3 without consent, 2 called as often as they may be"
    ) in shown.output
