"""All scenarios of the contract."""

from __future__ import annotations

from typing import Final

from tests.contract.pbx import (
    scenarios_call,
    scenarios_dialing,
    scenarios_menu,
    scenarios_overflow,
    scenarios_queue,
    scenarios_session,
)
from tests.contract.pbx.scenario import Scenario

SCENARIOS: Final[tuple[Scenario, ...]] = (
    *scenarios_menu.SCENARIOS,
    *scenarios_call.SCENARIOS,
    *scenarios_queue.SCENARIOS,
    *scenarios_session.SCENARIOS,
    *scenarios_dialing.SCENARIOS,
    *scenarios_overflow.SCENARIOS,
)
