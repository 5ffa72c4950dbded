"""``callcenter bench``: measure on this machine; nothing here passes or fails."""

from __future__ import annotations

import logging
import os
import platform
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from callcenter.bench import ami as ami_bench
from callcenter.bench import contact_import as contact_import_bench
from callcenter.bench import contact_order as contact_order_bench
from callcenter.bench import journal as journal_bench
from callcenter.bench import machine as machine_bench
from callcenter.bench import routing as routing_bench
from callcenter.bench import routing_replay
from callcenter.bench.bank1999 import LogError
from callcenter.bench.bank_marketing import ContactsError
from callcenter.bench.pacing import run as pacing_bench
from callcenter.bench.replay_costs import Prices
from callcenter.cli.common import JsonOption, fail, log_to_stderr, print_json
from callcenter.domain.customer import Tier

app = typer.Typer(help="Benchmarks: medians and spread.", no_args_is_help=True)


def _report(name: str, result: dict[str, Any], as_json: bool) -> None:
    where = {
        "command": f"callcenter bench {name} --json",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "python": platform.python_version(),
    }
    if as_json:
        print_json({**where, **result})
        return
    for key, value in _flat({**where, **result}):
        typer.echo(f"{key:<48} {value}")
    sys.stdout.flush()


def _flat(data: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for key, value in data.items():
        if isinstance(value, dict):
            lines += _flat(value, f"{prefix}{key}.")
        else:
            shown = f"{value:,.3f}" if isinstance(value, float) else str(value)
            lines.append((prefix + str(key), shown))
    return lines


@app.command("machine")
def machine(as_json: JsonOption = False) -> None:
    """Events per second stepped at 100, 1,000 and 10,000 agents."""
    _report("machine", machine_bench.run(), as_json)


@app.command("journal")
def journal(as_json: JsonOption = False) -> None:
    """Appending, syncing and loading the file journal."""
    _report("journal", journal_bench.run(), as_json)


@app.command("import")
def import_(
    rows: Annotated[
        int, typer.Option("--rows", min=1_000, help="Of the list that is made up.")
    ] = contact_import_bench.ROWS,
    excel: Annotated[bool, typer.Option("--excel", help="A workbook in place of CSV.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Rows per second of an import of contacts, its memory, and how late others get their turn."""
    log_to_stderr(logging.WARNING)
    result = contact_import_bench.run(
        rows=rows, excel=excel, tell=lambda text: typer.echo(text, err=True)
    )
    _report(f"import --rows {rows}{' --excel' if excel else ''}", result, as_json)


@app.command("ami")
def ami(as_json: JsonOption = False) -> None:
    """Events per second parsed, beside panoramisk's own parser."""
    _report("ami", ami_bench.run(), as_json)


@app.command("routing")
def routing(as_json: JsonOption = False) -> None:
    """Routing decisions per second at 100, 1,000 and 10,000 agents, beside a full scan."""
    _report("routing", routing_bench.run(), as_json)


class LogFormat(StrEnum):
    """How a call log is written."""

    BANK1999 = "bank1999"


def _numbers(text: str, what: str, count: int | None = None) -> tuple[float, ...]:
    """Numbers with commas between."""
    try:
        numbers = tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        numbers = ()
    if not numbers and text.strip() and count is None:
        fail(f"{what}: numbers with commas between are wanted, not {text!r}")
    if count is not None and len(numbers) != count:
        fail(f"{what}: {count} numbers with commas between are wanted, not {text!r}")
    if any(number < 0.0 for number in numbers):
        fail(f"{what}: no number may be negative")
    return numbers


@app.command("routing-replay")
def replay(
    calls: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A log of real calls.")
    ] = None,
    format_: Annotated[
        LogFormat, typer.Option("--format", help="How the log is written.")
    ] = LogFormat.BANK1999,
    weights: Annotated[str, typer.Option(help="Of gold, silver, standard.")] = "5,2,1",
    lost: Annotated[float, typer.Option(min=0.0, help="A lost call, in minutes waited.")] = 10.0,
    unresolved: Annotated[
        float, typer.Option(min=0.0, help="An unresolved call, in minutes waited.")
    ] = 5.0,
    unresolved_share: Annotated[
        str, typer.Option(help="Of calls taken by seniors, by juniors.")
    ] = "0.10,0.22",
    agents: Annotated[
        str, typer.Option(help="Sizes of made-up centers; empty: none.")
    ] = "20,200,2000",
    loads: Annotated[str, typer.Option(help="Their loads, per cent.")] = "80,90,98",
    tiers: Annotated[
        str, typer.Option(help="Their shares of gold, silver, standard.")
    ] = "10,20,70",
    seniors: Annotated[
        float, typer.Option(min=1.0, max=99.0, help="Their seniors, per cent.")
    ] = 33.3,
    counted: Annotated[
        int, typer.Option(min=100, help="Calls counted in each made-up center, about.")
    ] = routing_replay.CALLS_COUNTED,
    seeds: Annotated[int, typer.Option(min=1, help="How many; runs are paired over them.")] = 5,
    first_seed: Annotated[int, typer.Option(help="The first of them.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """What routing is worth: the engine beside FIFO, strict priority and rigid agent steps.

    In simulated time, on the days of a real call log and in made-up centers.
    """
    gold, silver, standard = _numbers(weights, "--weights", 3)
    senior, junior = _numbers(unresolved_share, "--unresolved-share", 2)
    shares = _numbers(tiers, "--tiers", 3)
    options = routing_replay.Options(
        Prices(
            {Tier.GOLD: gold, Tier.SILVER: silver, Tier.STANDARD: standard},
            lost,
            unresolved,
            (senior, junior),
        ),
        calls,
        tuple(int(size) for size in _numbers(agents, "--agents")),
        tuple(load / 100.0 for load in _numbers(loads, "--loads")),
        tuple(range(first_seed, first_seed + seeds)),
        seniors / 100.0,
        (shares[0], shares[1], shares[2]),
        counted,
    )
    try:
        result = routing_replay.run(options, lambda text: typer.echo(text, err=True))
    except LogError as error:
        fail(str(error))
    _report("routing-replay", {"format": format_.value, **result}, as_json)


@app.command("pacing")
def pacing(
    as_json: JsonOption = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Two small teams, two seeds, half an hour each.")
    ] = False,
    processes: Annotated[
        int, typer.Option("--processes", min=1, help="Run on so many processors, niced.")
    ] = os.cpu_count() or 1,
    sizes: Annotated[str, typer.Option("--sizes", help="Team sizes, with commas.")] = "",
    lists: Annotated[str, typer.Option("--lists", help="Only these lists, with commas.")] = "",
    seeds: Annotated[int, typer.Option("--seeds", min=1)] = pacing_bench.SEEDS,
    hours_factor: Annotated[
        float, typer.Option("--hours-factor", min=0.01, help="Longer or shorter runs.")
    ] = 1.0,
) -> None:
    """Utilisation and abandonment of the predictive pacer, beside others and the exact optimum."""
    chosen = tuple(int(size) for size in sizes.split(",") if size) or pacing_bench.SIZES
    if quick:
        chosen, seeds, hours_factor = pacing_bench.QUICK_SIZES, 2, pacing_bench.QUICK_FACTOR
    result = pacing_bench.run(
        sizes=chosen,
        seeds=seeds,
        processes=processes,
        hours_factor=hours_factor,
        lists=tuple(name for name in lists.split(",") if name),
        tell=lambda line: typer.echo(line, err=True),
    )
    _report("pacing", result, as_json)


class ContactsFormat(StrEnum):
    """How a list of contacts and what came of them is written."""

    BANK_MARKETING = "bank-marketing"


@app.command("contact-order")
def contact_order(
    contacts: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="Contacts and what came of them.")
    ],
    format_: Annotated[
        ContactsFormat, typer.Option("--format", help="How the file is written.")
    ] = ContactsFormat.BANK_MARKETING,
    seeds: Annotated[
        int, typer.Option(min=1, help="So many splits are drawn.")
    ] = contact_order_bench.SEEDS,
    as_json: JsonOption = False,
) -> None:
    """Share of the sales among the fifth of unseen contacts that the learnt order calls first."""
    try:
        result = contact_order_bench.run(contacts, seeds, lambda text: typer.echo(text, err=True))
    except (ContactsError, contact_order_bench.NoSalesError) as error:
        fail(str(error))
    command = f"contact-order --contacts {contacts.name} --format {format_.value}"
    _report(command, {"format": format_.value, **result}, as_json)
