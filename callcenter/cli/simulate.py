"""``callcenter simulate``: hours of calls in a faulty world, on virtual time."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from callcenter.cli.common import JsonOption, fail, print_json
from callcenter.simulator.day import Broken
from callcenter.simulator.faults import KINDS
from callcenter.simulator.faulty_day import FaultyDay
from callcenter.simulator.many_days import Break, Total, command_of, play_seeds
from callcenter.simulator.simulation import (
    BEGIN,
    HOUR_S,
    Scenario,
    describe,
    find_story,
    play,
    tell,
)

AGENTS_MAX = 2000
"""More have no phones: numbers are four digits."""
PROCESSES_MAX = 64
"""More are a slip of the finger: each takes a processor and 60 MB."""


def simulate(
    seed: Annotated[
        int, typer.Option("--seed", help="Draws everything: the same seed is the same.")
    ] = 1,
    hours: Annotated[
        float, typer.Option("--hours", min=0.01, help="Simulated hours of open lines.")
    ] = 1.0,
    agents: Annotated[int, typer.Option("--agents", min=1, max=AGENTS_MAX)] = 20,
    faults: Annotated[
        str, typer.Option("--faults", help="What goes wrong: none, some or all.")
    ] = "all",
    seeds: Annotated[
        int, typer.Option("--seeds", min=1, help="How many seeds, from --seed on.")
    ] = 1,
    processes: Annotated[
        int,
        typer.Option("--processes", min=1, max=PROCESSES_MAX, help="How many seeds at once."),
    ] = 1,
    as_json: JsonOption = False,
) -> None:
    """Play a center against a simulated PBX, callers, agents and carrier, and check it at every
    step.

    Exit 1 when something breaks, with the seed, the step, the event and the shortest story of it
    that was found. Of several seeds all are played, the sum comes at the end, and the first that
    breaks is told with the command that finds its story.
    """
    if faults not in KINDS:
        fail(f"--faults {faults}: use one of {', '.join(KINDS)}", code=2)
    scenario = Scenario(seed, hours, agents, faults)
    if seeds > 1:
        _simulate_many(scenario, seeds, processes, as_json)
        return
    try:
        outcome = play(scenario, progress=_show)
    except Broken as broken:
        _break(scenario, broken, as_json)
    else:
        _print(describe(outcome), as_json)


def _simulate_many(scenario: Scenario, seeds: int, processes: int, as_json: bool) -> None:
    total = Total()
    for played in play_seeds(scenario, seeds, processes):
        total.add(played)
        if isinstance(played, Break):
            told = f"seed {played.scenario.seed} breaks at step {played.step}: {played.problems}"
        else:
            told = f"seed {played.seed}: {played.steps} steps, nothing broken"
        speed = f"{total.hours_per_hour:g} simulated hours in an hour of one processor"
        typer.echo(f"{total.seeds} of {seeds}: {told}; {speed}", err=True)
    _print(total.describe(), as_json)
    if total.breaks:
        first = total.breaks[0]
        fail(
            f"{len(total.breaks)} of {seeds} seeds break; the first, seed {first.scenario.seed}, "
            f"at step {first.step}. For its story: {command_of(first.scenario)}"
        )


def _print(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        for name, value in found.items():
            typer.echo(f"{name:<16} {value}")


def _show(day: FaultyDay) -> None:
    """How far it is, on standard error, for people who wait."""
    if sys.stderr.isatty():
        hours = (day.world.now - BEGIN) / HOUR_S
        done = f"{hours:.2f} h, {day.state.position} steps, {sum(day.done.values())} faults"
        typer.echo(f"\r{done} ", err=True, nl=False)


def _break(scenario: Scenario, broken: Broken, as_json: bool) -> None:
    typer.echo(f"{broken}\nlooking for a shorter story of it", err=True)
    shrunk = find_story(scenario, broken)
    story = tell(shrunk)
    if as_json:
        print_json(
            {
                "seed": scenario.seed,
                "hours": scenario.hours,
                "agents": scenario.agents,
                "step": broken.step,
                "event": broken.event,
                "problems": broken.problems,
                "story": story,
                "faults_needed": [fault.index for fault in shrunk.faults],
            }
        )
    else:
        for line in story:
            typer.echo(line)
    fail(f"seed {broken.seed} breaks at step {broken.step}: {command_of(scenario)}")
