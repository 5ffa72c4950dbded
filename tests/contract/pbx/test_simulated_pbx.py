"""Every scenario of the contract on the simulated PBX alone: needs no Asterisk, takes seconds.

What the scenarios themselves expect is checked. Whether Asterisk does the same is
``test_pbx_contract``.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import pytest

from tests.contract.pbx.console import open_console
from tests.contract.pbx.scenario import Scenario, record
from tests.contract.pbx.scenarios import SCENARIOS
from tests.contract.pbx.sites import SimulatedSite
from tests.contract.pbx.traces import Trace

AT_ONCE_MAX: Final = 10
"""Simulated PBXs at a time, each with a world of its own: more would not keep real time."""

pytestmark = pytest.mark.keeps_time


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Trace | BaseException]:
    """What came of each scenario. They take place at the same time, mostly waiting."""
    return asyncio.run(_play_all(tmp_path_factory.mktemp("simulated")))


async def _play_all(directory: Path) -> dict[str, Trace | BaseException]:
    seats = asyncio.Semaphore(AT_ONCE_MAX)

    async def play(scenario: Scenario) -> Trace:
        async with (
            seats,
            SimulatedSite(_new_folder(directory / scenario.name)) as site,
            open_console(site) as console,
        ):
            return await record(console, scenario)

    played = await asyncio.gather(*map(play, SCENARIOS), return_exceptions=True)
    outcomes = {one.name: outcome for one, outcome in zip(SCENARIOS, played, strict=True)}
    for scenario in SCENARIOS:
        if isinstance(outcomes[scenario.name], BaseException):
            # Real time passes, and a machine that stalls spoils a scenario: once more, alone.
            again = await asyncio.gather(play(scenario), return_exceptions=True)
            outcomes[scenario.name] = again[0]
    return outcomes


def _new_folder(path: Path) -> Path:
    """This folder, or if it is taken one beside it."""
    return path if not path.exists() else path.with_name(f"{path.name}-again")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_scenario_goes_as_it_should_on_the_simulated_pbx(
    scenario: Scenario, outcomes: dict[str, Trace | BaseException]
) -> None:
    outcome = outcomes[scenario.name]

    if isinstance(outcome, BaseException):
        raise outcome
    assert any(outcome.values())


def test_scenarios_have_names_of_their_own() -> None:
    names = [scenario.name for scenario in SCENARIOS]

    assert len(names) == len(set(names)) > 0
