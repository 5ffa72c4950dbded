"""``callcenter campaign rehearse``: what would come of a campaign, as it is and with a change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import quote

import msgspec
import typer

from callcenter.cli.common import ConfigOption, JsonOption, fail, print_json, read_settings
from callcenter.cli.rehearse import INTERRUPTED, rehearse_there, showing_progress
from callcenter.domain.campaign import Pacing
from callcenter.domain.rehearsal import (
    AGENTS_MAX,
    CAMPAIGN_HOURS,
    CAMPAIGN_HOURS_MAX,
    CAMPAIGN_SEEDS,
    SEEDS_MAX,
    SEEDS_MIN,
    CampaignRehearsalResult,
    Estimate,
    RehearsalFailed,
)

NOTHING = "-"


def rehearse(
    campaign: Annotated[str, typer.Argument(help="The campaign's id.")],
    seeds: Annotated[
        int,
        typer.Option(
            "--seeds",
            min=SEEDS_MIN,
            max=SEEDS_MAX,
            help="How often it is played; more make the intervals narrower.",
        ),
    ] = CAMPAIGN_SEEDS,
    hours: Annotated[
        float,
        typer.Option(
            "--hours", min=0.25, max=CAMPAIGN_HOURS_MAX, help="Hours of work; nights do not count."
        ),
    ] = CAMPAIGN_HOURS,
    agents: Annotated[
        int | None,
        typer.Option("--agents", min=1, max=AGENTS_MAX, help="With so many agents."),
    ] = None,
    without: Annotated[
        int, typer.Option("--without", min=0, max=AGENTS_MAX, help="So many agents leave.")
    ] = 0,
    pacing: Annotated[Pacing | None, typer.Option("--pacing", help="With this pacing.")] = None,
    lines_per_agent: Annotated[
        float | None,
        typer.Option("--lines-per-agent", help="With power: calls placed for each free agent."),
    ] = None,
    drop_cap: Annotated[
        float | None,
        typer.Option("--drop-cap", help="With this share of people dropped at most, as 0.02."),
    ] = None,
    ring_s: Annotated[
        float | None, typer.Option("--ring", help="With so many seconds of ringing.")
    ] = None,
    max_lines: Annotated[
        int | None, typer.Option("--max-lines", help="With so many calls dialed at once.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Play the campaign with its list, team and past; print how it goes as it is and, where
    something is to be different, with the change beside it.

    Before launch, or from where it is now. Nothing is changed and nobody is called. Ctrl-C ends it.
    """
    settings = read_settings(config)
    wanted = {
        "agents": agents,
        "without": without or None,
        "pacing": pacing,
        "lines_per_agent": lines_per_agent,
        "drop_cap": drop_cap,
        "ring_s": ring_s,
        "max_lines": max_lines,
    }
    body = {"seeds": seeds, "hours": hours} | {
        name: value for name, value in wanted.items() if value is not None
    }
    place = f"/campaigns/{quote(campaign, safe='')}/rehearsals"
    try:
        with showing_progress() as show:
            said = rehearse_there(settings, place, body, show)
    except RehearsalFailed as failure:
        fail(str(failure))
    except KeyboardInterrupt:
        fail("the rehearsal was ended", INTERRUPTED)
    if as_json:
        print_json(said)
        return
    for line in tell(msgspec.convert(said, CampaignRehearsalResult)):
        typer.echo(line)


def tell(result: CampaignRehearsalResult) -> Iterator[str]:
    """The figures as lines for people."""
    figures = result.figures
    yield (
        f"{result.seeds} x {result.hours:g} hours of work; {result.contacts} contacts left; people"
        f" as in {result.attempts_fitted} calls of {result.days_fitted} days"
    )
    yield ""
    has_change = result.new_agents is not None
    heads = f"{'':26} {'as it is':>24}"
    agents = f"{'agents':26} {result.agents:>24}"
    if has_change:
        heads += f" {'with the change':>24}   difference (95 % interval)"
        agents += f" {result.new_agents:>24}"
    yield heads
    yield agents
    later = f"> {result.hours:g}"
    for name, value, times, digits, nothing in (
        ("busy, %", figures.occupancy, 100.0, 1, NOTHING),
        ("talking, %", figures.talking, 100.0, 1, NOTHING),
        ("idle between calls, s", figures.idle_s, 1.0, 1, NOTHING),
        (f"dropped, % (cap {100.0 * result.cap:g})", figures.dropped, 100.0, 2, NOTHING),
        ("calls an hour", figures.calls_per_h, 1.0, 1, NOTHING),
        ("contacts dialed", figures.tried, 1.0, 0, NOTHING),
        ("contacts reached", figures.reached, 1.0, 0, NOTHING),
        ("hours until all dialed", figures.tried_all_h, 1.0, 1, later),
        ("hours until list is done", figures.finished_h, 1.0, 1, later),
    ):
        line = f"{name:26} {_cell(value.current, times, digits, nothing):>24}"
        if has_change:
            line += f" {_cell(value.new, times, digits, nothing):>24}"
            line += f"   {_difference(value.difference, times, digits)}"
        yield line.rstrip()
    yield ""
    yield from (f"note: {note}" for note in result.notes)


def _difference(value: Estimate | None, times: float, digits: int) -> str:
    if value is None:
        return ""
    said = f"{value.mean * times:+.{digits}f}"
    if value.least is None or value.most is None:
        return said
    mark = "  *" if value.least > 0.0 or value.most < 0.0 else ""
    return f"{said} ({value.least * times:+.{digits}f} to {value.most * times:+.{digits}f}){mark}"


def _cell(value: Estimate | None, times: float, digits: int, nothing: str) -> str:
    if value is None:
        return nothing
    mean = f"{value.mean * times:.{digits}f}"
    if value.least is None or value.most is None:
        return mean
    least, most = max(0.0, value.least * times), value.most * times
    return f"{mean} ({least:.{digits}f} to {most:.{digits}f})"
