"""The simulated PBX does what a real Asterisk does: the same scenarios on both, in the same run.

The gateway drives both. Compared are the domain events it tells, the results of its commands, and
every AMI message of the leader's session; what is left out is in ``ignored``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio

from tests.contract.pbx.comparison import Comparison
from tests.contract.pbx.console import Console, open_console
from tests.contract.pbx.scenario import Scenario, record
from tests.contract.pbx.scenarios import SCENARIOS
from tests.contract.pbx.sites import AsteriskSite, SimulatedSite

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

PROVOKED: Final = (
    "cc/missing",
    "endpoint '1999' was not found",
    "endpoint 'nowhere' was not found",
    "Channel Unique ID 'leg-c-1-0' already in use",
)
"""What Asterisk is to complain about in these scenarios; it must not complain of anything else."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asterisk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Console]:
    """One Asterisk for all scenarios: each leaves it empty."""
    async with AsteriskSite(tmp_path_factory.mktemp("asterisk")) as site:
        async with open_console(site) as console:
            yield console
        warnings = site.instance.warnings()
        assert [one for one in warnings if not any(words in one for words in PROVOKED)] == []


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return Comparison()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
async def test_the_simulated_pbx_does_what_asterisk_does(
    scenario: Scenario, asterisk: Console, comparison: Comparison, tmp_path: Path
) -> None:
    for last in (False, True):
        # Real time passes, and a machine that stalls for a moment spoils a scenario: what differs
        # is looked at once more. What differs by its nature differs twice.
        folder = tmp_path / ("again" if last else "first")
        async with SimulatedSite(folder) as site, open_console(site) as simulated:
            real, ours = await asyncio.gather(
                record(asterisk, scenario), record(simulated, scenario), return_exceptions=True
            )
        if isinstance(real, BaseException) or isinstance(ours, BaseException):
            broken = [one for one in (real, ours) if isinstance(one, BaseException)]
            if last:
                raise broken[0]
            continue
        different = "\n".join(comparison.compare(scenario.name, real, ours))
        if not different or last:
            assert different == ""
            return


async def test_nothing_is_left_out_of_the_comparison_without_need(comparison: Comparison) -> None:
    missing = [one.name for one in SCENARIOS if one.name not in comparison.scenarios]
    if missing:
        pytest.skip(f"a part of the scenarios says nothing about it: {len(missing)} did not run")

    assert comparison.list_unneeded() == []
