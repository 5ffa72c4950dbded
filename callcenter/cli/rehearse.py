"""``callcenter rules rehearse``: what new rules would come to, on days like those to come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress as Bar

from callcenter.api.local_access import local_access_path
from callcenter.cli.common import (
    ConfigOption,
    JsonOption,
    clear_errors,
    fail,
    print_json,
    read_settings,
)
from callcenter.cli.running_center import Refusal, ask_center
from callcenter.documents.flows import load_flows
from callcenter.documents.rules import parse_rules
from callcenter.documents.yaml_lines import read_text
from callcenter.domain.rehearsal import (
    SEEDS,
    SEEDS_MAX,
    SEEDS_MIN,
    Paired,
    Plan,
    Progress,
    RehearsalFailed,
    RehearsalResult,
)
from callcenter.domain.rules import DEFAULT_RULES, Rules
from callcenter.installation import database_url, make_accounts, open_database
from callcenter.rehearsal.process import SubprocessRehearser
from callcenter.settings import Settings, center_of, flows_folder
from callcenter.storage.history import HISTORY_DAYS
from callcenter.storage.rule_versions import StoredRuleVersions
from routing.rule_checks import Staff

POLL_S = 0.5
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

OnProgress = Callable[[Progress], None]

RulesOption = Annotated[Path, typer.Option("--rules", help="The new rules: a document in YAML.")]
SeedsOption = Annotated[
    int,
    typer.Option(
        "--seeds",
        min=SEEDS_MIN,
        max=SEEDS_MAX,
        help="Forecast days played under each rules; more make the intervals narrower.",
    ),
]
HoursOption = Annotated[
    float,
    typer.Option("--hours", min=0.0, max=24.0, help="The busiest so many hours; 0: the whole day."),
]
DayOption = Annotated[
    str, typer.Option("--day", help="The date to play, e.g. 2026-12-01; default: a working day.")
]


def rehearse(
    rules: RulesOption,
    seeds: SeedsOption = SEEDS,
    hours: HoursOption = 0.0,
    day: DayOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Play forecast days under the current and the new rules; print both side by side, by tier.

    The forecast is fitted from the center's own records. Works beside a running center and without
    one. Nothing is published. Ctrl-C ends it.
    """
    settings = read_settings(config)
    with clear_errors():
        text = read_text(rules)
    try:
        day = day and date.fromisoformat(day).isoformat()
    except ValueError:
        fail(f"{day} is no date: write one like 2026-12-01")
    try:
        with showing_progress() as show:
            if local_access_path(settings.data_dir).exists():
                body = {"text": text, "seeds": seeds, "hours": hours, "day": day}
                said = rehearse_there(settings, "/rules/rehearsals", body, show, rules)
                result = msgspec.convert(said, RehearsalResult)
            else:
                result = _rehearse_here(settings, text, rules, (seeds, hours, day), show)
    except RehearsalFailed as failure:
        fail(str(failure))
    except KeyboardInterrupt:
        fail("the rehearsal was ended", INTERRUPTED)
    if as_json:
        print_json(msgspec.to_builtins(result))
        return
    for line in tell(result, ZoneInfo(settings.time_zone)):
        typer.echo(line)


# --- beside a running center ----------------------------------------------------------------------


def rehearse_there(
    settings: Settings, place: str, body: dict[str, Any], show: OnProgress, file: Path | None = None
) -> Any:
    """The result as the center gives it. Raises ``RehearsalFailed``, ``KeyboardInterrupt``."""
    view = _ask(settings, "POST", place, body, file)
    path = f"{place}/{view['id']}"
    try:
        while view["state"] == "running":
            show(Progress(view["share"], view["doing"]))
            time.sleep(POLL_S)
            view = _ask(settings, "GET", path)
    except KeyboardInterrupt:
        _ask(settings, "DELETE", path)
        raise
    if view["state"] != "done":
        raise RehearsalFailed(view["problem"] or "Somebody cancelled the rehearsal.")
    return view["result"]


def _ask(
    settings: Settings, method: str, path: str, body: object = None, file: Path | None = None
) -> Any:
    try:
        return ask_center(settings, method, path, body)
    except Refusal as refusal:
        said = [
            f"{file}:{error.line}: {error.detail}"
            if file and error.line
            else f"{error.path.removeprefix('body.')}: {error.detail}"
            for error in refusal.errors
        ]
        fail("\n".join(said) or str(refusal))


# --- without one ----------------------------------------------------------------------------------


def _rehearse_here(
    settings: Settings,
    text: str,
    file: Path,
    asked: tuple[int, float, str],
    show: OnProgress,
) -> RehearsalResult:
    with clear_errors():
        plan = asyncio.run(_make_plan(settings, text, file, asked))
    rehearser = SubprocessRehearser(database_url(settings), HISTORY_DAYS)
    return asyncio.run(rehearser.rehearse(plan, show))


async def _make_plan(
    settings: Settings, text: str, file: Path, asked: tuple[int, float, str]
) -> Plan:
    """The center as its settings and its database have it."""
    center = center_of(settings, load_flows(flows_folder(settings)))
    queues = [queue.id for queue in center.queues]
    async with open_database(settings) as database:
        agents = await make_accounts(database).agent_profiles()
        published = await StoredRuleVersions(database).published()
    staff = [Staff(agent.queues, agent.skills) for agent in agents]
    new = parse_rules(text, str(file), queues, staff or None)
    seeds, hours, day = asked
    return Plan(
        center=center,
        agents=agents,
        current=_of_file(settings, queues) if published is None else published.rules,
        new=new,
        now=time.time(),
        seeds=seeds,
        hours=hours,
        day=day,
    )


def _of_file(settings: Settings, queues: list[str]) -> Rules:
    """What a center that has never run would begin with."""
    file = settings.routing_rules
    return DEFAULT_RULES if file is None else parse_rules(read_text(file), str(file), queues)


# --- what people see ------------------------------------------------------------------------------


@contextmanager
def showing_progress() -> Iterator[OnProgress]:
    """A bar on a terminal; elsewhere a line on standard error for each tenth."""
    console = Console(stderr=True)
    if not console.is_terminal:
        tenths = -1

        def say(progress: Progress) -> None:
            nonlocal tenths
            if int(progress.share * 10) > tenths:
                tenths = int(progress.share * 10)
                console.print(f"{progress.doing}: {tenths * 10} %")

        yield say
        return
    with Bar(console=console) as bar:
        task = bar.add_task("reading", total=1.0)
        yield lambda progress: bar.update(
            task, completed=progress.share, description=progress.doing
        )


def tell(result: RehearsalResult, zone: ZoneInfo) -> Iterator[str]:
    """The figures as lines for people."""
    begin, end = (
        datetime.fromtimestamp(at, UTC).astimezone(zone) for at in (result.begin, result.end)
    )
    hours = f"{begin:%H:%M} to {end:%H:%M}" if begin.date() == end.date() else "all day"
    yield (
        f"{result.seeds} days like {result.day}, {hours}; forecast from"
        f" {result.calls_fitted} calls of {result.days_fitted} days; staff: {result.staffing}"
    )
    yield ""
    yield f"{'':16} {'':14} {'current':>9} {'new':>9}   difference (95 % interval)"
    for tier in result.tiers:
        name = f"{tier.tier} ({tier.calls:.0f})"
        yield _row(name, "mean wait, s", tier.wait_s, 1.0, 1)
        yield _row("", "in target, %", tier.in_time, 100.0, 1)
        yield _row("", "abandoned, %", tier.abandoned, 100.0, 1)
        yield _row("", "by seniors, %", tier.by_seniors, 100.0, 1)
        if tier.led_out.current or tier.led_out.new:
            yield _row("", "led out, %", tier.led_out, 100.0, 1)
    for group in result.agents:
        yield _row(group.group, "occupancy, %", group.occupancy, 100.0, 1)
    yield ""
    yield f"under the new rules {result.summary}"
    yield from (f"note: {note}" for note in result.notes)


def _row(name: str, what: str, value: Paired, times: float, digits: int) -> str:
    interval = "unknown"
    if value.least is not None and value.most is not None:
        interval = f"{value.least * times:+.{digits}f} to {value.most * times:+.{digits}f}"
    mark = "  *" if value.is_clear else ""
    return (
        f"{name:16} {what:14} {value.current * times:>9.{digits}f} {value.new * times:>9.{digits}f}"
        f"   {value.difference * times:+.{digits}f} ({interval}){mark}"
    )
