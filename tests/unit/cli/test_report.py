"""``callcenter report``, from a database beside which no center runs."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from callcenter.cli import report as command
from callcenter.cli.app import make_app
from callcenter.domain.agent import AgentState
from callcenter.domain.call import Outcome
from callcenter.domain.records import AgentStateRecord, Record
from callcenter.installation import make_accounts, open_database
from callcenter.service.ports import Role
from callcenter.settings import load_settings
from callcenter.storage.projector import Projector
from callcenter.storage.stores import AccountSettings
from tests.unit.storage.people import CHEAP, PASSWORD
from tests.unit.storage.samples import make_attempt, make_call, make_entry

CONFIG = """
data_dir: data
time_zone: Europe/Berlin
pbxs: [{name: main}]
queues: [{id: service, target_s: 30}]
default_queue: service
"""
NINE = 1_772_438_400.0
"""2 March 2026, 09:00 in Berlin."""
DEADLINE_S = 20.0


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config file with a past: two calls, two hours of an agent, an attempt."""
    folder = tmp_path_factory.mktemp("center")
    path = folder / "center.yaml"
    path.write_text(CONFIG)
    times = {"arrived_at": NINE, "queued_at": NINE + 10}
    signed_out = AgentState.SIGNED_OUT
    keep(
        path,
        AgentStateRecord("ana", signed_out, "", 0.0, NINE - 600),
        make_call("c1", NINE + 60, answered_at=NINE + 40, **times),
        make_call("c2", NINE + 90, answered_at=0.0, outcome=Outcome.ABANDONED, **times),
        make_attempt(placed_at=NINE, ended_at=NINE + 20),
        AgentStateRecord("ana", AgentState.READY, "", NINE - 600, NINE + 6600),
        AgentStateRecord("ben", AgentState.TALKING, "", NINE, NINE + 60),
    )
    add_agent(path, "ana", team="north")
    return path


def add_agent(config: Path, agent: str, *, team: str) -> None:
    """Have this account in the center's database."""

    async def add() -> None:
        async with open_database(load_settings(config)) as database:
            await make_accounts(database, CHEAP).add(
                AccountSettings(agent, agent, (Role.AGENT,), team=team), PASSWORD
            )

    asyncio.run(add())


def keep(config: Path, *records: Record) -> None:
    """Have these records in the center's database."""

    async def write() -> None:
        async with open_database(load_settings(config)) as database:
            projector = Projector(database, "j", lambda _position: (), gather_s=0.0)
            task = asyncio.create_task(projector.run())
            projector.feed([make_entry(1, *records)])
            async with asyncio.timeout(DEADLINE_S):
                await projector.wait_for(1)
            task.cancel()
            await asyncio.wait({task})

    asyncio.run(write())


def report(
    config: Path, *arguments: str, since: str = "2026-03-02", until: str = "2026-03-03"
) -> Result:
    """Run the command; what it says must never be a traceback."""
    period = ("--from", since, "--to", until)
    result = CliRunner().invoke(
        make_app("report"), ["report", *arguments, *period, "--config", str(config)]
    )
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_queues_are_shown_with_their_totals(config: Path) -> None:
    result = report(config, "queues", "--step", "1h")

    head, row, total, everything = result.stdout.splitlines()
    assert head.split()[:4] == ["begin", "queue", "offered", "answered"]
    assert row.split()[:6] == ["2026-03-02", "09:00", "service", "2", "1", "1"]
    assert "50.0%" in row  # 30 s of waiting are in time: the config file says so
    assert total.split()[:3] == ["total", "service", "2"]
    assert everything.split()[:3] == ["total", "(all)", "2"]


def test_agents_and_campaigns_are_shown_too(config: Path) -> None:
    agents = report(config, "agents", "--step", "1h", until="2026-03-02T10:00").stdout
    campaigns = report(config, "campaigns").stdout

    assert [line.split()[:5] for line in agents.splitlines()[1:3]] == [
        ["2026-03-02", "08:00", "ana", "08:50", "-"],
        ["2026-03-02", "09:00", "ana", "-", "-"],
    ]
    assert campaigns.splitlines()[1].split()[:4] == ["2026-03-02", "00:00", "autumn", "1"]


def test_teams_are_shown_too_and_whoever_is_in_none(config: Path) -> None:
    _, *lines = report(config, "teams").stdout.splitlines()

    assert [line.split()[:5] for line in lines] == [
        ["2026-03-02", "00:00", "(no", "team)", "1"],
        ["2026-03-02", "00:00", "north", "1", "7200"],
        ["total", "(no", "team)", "1", "60"],
        ["total", "north", "1", "7200", "7200"],
        ["total", "(all)", "2", "7260", "7200"],
    ]


def test_a_report_goes_into_a_file_for_spreadsheets(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "queues.csv"

    result = report(config, "queues", "--csv", str(file))
    (line,) = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig")))

    assert (result.exit_code, result.stdout) == (0, "")
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    assert (line["queue"], line["begin"]) == ("service", "2026-03-02T00:00:00+01:00")
    assert (line["offered"], line["service_level"]) == ("2", "0.5")


def test_a_report_goes_to_standard_output(config: Path) -> None:
    result = report(config, "agents", "--step", "month", "--csv", "-", "--zone", "UTC")

    line, _ben = csv.DictReader(io.StringIO(result.stdout))
    assert (line["agent"], line["ready_s"]) == ("ana", "7200")
    assert line["signed_in_at"] == "2026-03-02T07:50:00+00:00"


def test_programs_get_json(config: Path) -> None:
    result = report(
        config, "queues", "--json", "--formula", "without_short_abandons", "--threshold", "81"
    )

    said = json.loads(result.stdout)
    assert (said["zone"], said["total"]["offered"]) == ("Europe/Berlin", 2)
    assert (said["total"]["short_abandons"], said["total"]["service_level"]) == (1, 1.0)
    assert json.loads(report(config, "campaigns", "--json").stdout)["total"]["results"] == {
        "no_answer": 1
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"since": "yesterday"}, "--from yesterday is no day and no time: write 2026-03-02"),
        ({"until": "2026-03-01"}, "its end must be later"),
        ({"zone": "Mars/Base"}, "no time zone Mars/Base"),
        ({"csv": "/nowhere/at/all.csv"}, "/nowhere/at/all.csv: No such file"),
    ],
)
def test_what_cannot_be_reported_is_said(config: Path, options: dict[str, str], said: str) -> None:
    period = {name: value for name, value in options.items() if name in ("since", "until")}
    more = [
        part for name in ("zone", "csv") if name in options for part in (f"--{name}", options[name])
    ]

    result = report(config, "queues", *more, **period)

    assert result.exit_code == 1
    assert said in result.stderr


def test_a_report_with_too_many_rows_is_refused(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "ROWS_MAX", 3)

    result = report(config, "queues", "--step", "15m")

    assert result.exit_code == 1
    assert "more than 3 intervals" in result.stderr
