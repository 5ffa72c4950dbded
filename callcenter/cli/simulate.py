"""``callcenter simulate``: hours of calls in a faulty world, on virtual time."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from callcenter.cli.common import JsonOption, fail, print_json
from callcenter.simulator.day import Broken
from callcenter.simulator.faults import KINDS
from callcenter.simulator.faulty_day import FaultyDay
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
    as_json: JsonOption = False,
) -> None:
    """Play a center against a simulated PBX, callers, agents and carrier, and check it at every
    step.

    Exit 1 when something breaks, with the seed, the step, the event and the shortest story of it
    that was found.
    """
    if faults not in KINDS:
        fail(f"--faults {faults}: use one of {', '.join(KINDS)}", code=2)
    scenario = Scenario(seed, hours, agents, faults)
    try:
        outcome = play(scenario, progress=_show)
    except Broken as broken:
        _break(scenario, broken, as_json)
    else:
        found = describe(outcome)
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
    fail(
        f"seed {broken.seed} breaks at step {broken.step}: callcenter simulate --seed "
        f"{scenario.seed} --hours {scenario.hours:g} --agents {scenario.agents} --faults "
        f"{scenario.faults}"
    )
