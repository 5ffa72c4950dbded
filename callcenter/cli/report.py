"""``callcenter report``: what has been, by interval, read from the database."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import typer
from msgspec import to_builtins

from callcenter.cli.common import (
    ConfigOption,
    JsonOption,
    clear_errors,
    fail,
    print_json,
    read_settings,
)
from callcenter.documents.report_csv import AnyRow, report_csv
from callcenter.domain.report import (
    SHORT_ABANDON_S,
    AgentRow,
    CampaignRow,
    Formula,
    Measures,
    QueueRow,
    Rows,
    TeamRow,
)
from callcenter.domain.report_time import BadPeriod, Period, ReportStep, local_time, zone_of
from callcenter.installation import open_database
from callcenter.service.reports import Reports
from callcenter.settings import Settings
from callcenter.storage.report_rows import StoredReports

ROWS_MAX = 200_000
"""Two years of hours of a dozen queues; in memory until they are written, some 200 MB."""

app = typer.Typer(
    help="What has been, by interval: docs/REPORTS.md says what is counted.", no_args_is_help=True
)

Kept = TypeVar("Kept", QueueRow, AgentRow, TeamRow, CampaignRow)

FromOption = Annotated[
    str, typer.Option("--from", help="First day, or local time like 2026-03-02T08:00.")
]
ToOption = Annotated[
    str, typer.Option("--to", help="Day or local time that is not in it any more.")
]
StepOption = Annotated[ReportStep, typer.Option("--step", help="How long the intervals are.")]
ZoneOption = Annotated[
    str, typer.Option("--zone", help="Time zone, e.g. Europe/Berlin; default: the center's.")
]
CsvOption = Annotated[
    Path | None, typer.Option("--csv", help="Write CSV into this file; - for standard output.")
]


@app.command("queues")
def queues(
    since: FromOption,
    until: ToOption,
    step: StepOption = ReportStep.DAY,
    zone: ZoneOption = "",
    formula: Annotated[
        Formula, typer.Option("--formula", help="How the service level is computed.")
    ] = Formula.ANSWERED_AND_ABANDONED,
    threshold_s: Annotated[
        float, typer.Option("--threshold", min=0, help="Shorter abandons are short ones, seconds.")
    ] = SHORT_ABANDON_S,
    csv_file: CsvOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Calls by queue: offered, answered, abandoned, service level, waits, handling time."""
    settings = read_settings(config)
    period = _period(settings, since, until, step, zone)
    targets_s = {queue.id: queue.target_s for queue in settings.queues}
    measures = Measures(formula, threshold_s, targets_s)
    found = _make(settings, lambda reports: reports.queues(period, measures, ROWS_MAX))
    _print(QueueRow, found, period, csv_file, as_json)


@app.command("agents")
def agents(
    since: FromOption,
    until: ToOption,
    step: StepOption = ReportStep.DAY,
    zone: ZoneOption = "",
    csv_file: CsvOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Time cards of agents: time in each state, occupancy, offers, conversations."""
    settings = read_settings(config)
    period = _period(settings, since, until, step, zone)
    found = _make(settings, lambda reports: reports.agents(period, ROWS_MAX))
    _print(AgentRow, found, period, csv_file, as_json)


@app.command("teams")
def teams(
    since: FromOption,
    until: ToOption,
    step: StepOption = ReportStep.DAY,
    zone: ZoneOption = "",
    csv_file: CsvOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """What agents did, by the team that each is in now."""
    settings = read_settings(config)
    period = _period(settings, since, until, step, zone)
    found = _make(settings, lambda reports: reports.teams(period, ROWS_MAX))
    _print(TeamRow, found, period, csv_file, as_json)


@app.command("campaigns")
def campaigns(
    since: FromOption,
    until: ToOption,
    step: StepOption = ReportStep.DAY,
    zone: ZoneOption = "",
    csv_file: CsvOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Attempts by campaign: people, connected, dropped, results; and who called back."""
    settings = read_settings(config)
    period = _period(settings, since, until, step, zone)
    found = _make(settings, lambda reports: reports.campaigns(period, ROWS_MAX))
    _print(CampaignRow, found, period, csv_file, as_json)


def _period(settings: Settings, since: str, until: str, step: ReportStep, zone: str) -> Period:
    """The period that was asked for, or the end of the command."""
    name = zone or settings.time_zone
    try:
        place = zone_of(name)
        return Period(_moment("--from", since, place), _moment("--to", until, place), step, name)
    except BadPeriod as problem:
        fail(str(problem))


def _moment(option: str, text: str, zone: ZoneInfo) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{option} {text} is no day and no time: write 2026-03-02 or 2026-03-02T08:00")
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()


def _make(settings: Settings, ask: Callable[[Reports], Awaitable[Rows[Kept]]]) -> Rows[Kept]:
    """The report, from the database alone: a center need not run, and may."""

    async def read() -> Rows[Kept]:
        async with open_database(settings) as database:
            return await ask(Reports(StoredReports(database)))

    with clear_errors():
        try:
            return asyncio.run(read())
        except BadPeriod as problem:
            fail(str(problem))


def _print(
    kind: type[Kept], found: Rows[Kept], period: Period, csv_file: Path | None, as_json: bool
) -> None:
    zone = zone_of(period.zone)
    if csv_file is not None:
        _write(report_csv(kind, found.rows, zone), csv_file)
    elif as_json:
        print_json({"zone": period.zone, **to_builtins(found, str_keys=True)})
    else:
        for line in _table(found, zone):
            typer.echo(line)


def _write(text: str, file: Path) -> None:
    if file == Path("-"):
        sys.stdout.write(text)
        return
    with clear_errors():
        # The byte order mark tells spreadsheets that it is UTF-8.
        file.write_text(text, encoding="utf-8-sig", newline="")


# --- for people ----------------------------------------------------------------------------------


def _table(found: Rows[Kept], zone: ZoneInfo) -> list[str]:
    """Lines of columns: every row, the total of each name, and of all."""
    head = list(_cells(found.total, "", zone))
    lines = [head]
    lines += [list(_cells(row, _at(row, zone), zone).values()) for row in found.rows]
    lines += [list(_cells(row, "total", zone).values()) for row in found.totals]
    lines.append(list(_cells(found.total, "total", zone, "(all)").values()))
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]
    return [
        "  ".join(
            cell.ljust(width) if n < 2 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def _at(row: AnyRow, zone: ZoneInfo) -> str:
    return local_time(row.begin, zone)[:16].replace("T", " ")


def _cells(row: AnyRow, begin: str, zone: ZoneInfo, name: str = "") -> dict[str, str]:
    """The columns that fit a screen; CSV and JSON have all."""
    cells: dict[str, Any]
    match row:
        case QueueRow():
            cells = {
                "queue": name or row.queue or "-",
                "offered": row.offered,
                "answered": row.answered,
                "abandoned": row.abandoned,
                "short": row.short_abandons,
                "lost": row.lost,
                "level": _percent(row.service_level),
                "ASA s": _seconds(row.asa_s),
                "AHT s": _seconds(row.aht_s),
                "longest s": _seconds(row.longest_wait_s),
            }
        case AgentRow():
            cells = {
                "agent": name or row.agent,
                "in": _clock(row.signed_in_at, zone),
                "out": _clock(row.signed_out_at, zone),
                "signed in s": _seconds(row.signed_in_s),
                "ready s": _seconds(row.ready_s),
                "talk s": _seconds(row.talk_s),
                "wrap-up s": _seconds(row.wrap_up_s),
                "not ready s": _seconds(row.not_ready_s),
                "occupancy": _percent(row.occupancy),
                "talks": row.conversations,
                "missed": row.missed,
                "AHT s": _seconds(row.aht_s),
            }
        case TeamRow():
            cells = {
                "team": name or row.team or "(no team)",
                "agents": row.agents,
                "signed in s": _seconds(row.signed_in_s),
                "ready s": _seconds(row.ready_s),
                "talk s": _seconds(row.talk_s),
                "wrap-up s": _seconds(row.wrap_up_s),
                "not ready s": _seconds(row.not_ready_s),
                "occupancy": _percent(row.occupancy),
                "talks": row.conversations,
                "missed": row.missed,
                "AHT s": _seconds(row.aht_s),
            }
        case CampaignRow():
            cells = {
                "campaign": name or row.campaign,
                "attempts": row.attempts,
                "people": row.people,
                "connected": row.connected,
                "dropped": row.dropped,
                "drop rate": _percent(row.drop_rate),
                "in 2 s": _percent(row.in_time_share),
                "p50 s": _hundredths(row.wait_p50_s),
                "p95 s": _hundredths(row.wait_p95_s),
                "AHT s": _seconds(row.aht_s),
                "returns": row.returns_offered,
                "r. answered": row.returns_answered,
                "r. opted out": row.returns_opted_out,
            }
    return {"begin": begin, **{title: str(cell) for title, cell in cells.items()}}


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _hundredths(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _clock(moment: float, zone: ZoneInfo) -> str:
    return local_time(moment, zone)[11:16] if moment else "-"
