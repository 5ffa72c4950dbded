"""What every test gets: the loop it asked for, Hypothesis' profile, and a count of what ran."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer  # type: ignore[import-untyped] # pytest-xdist has no types
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped] # as above

from tests import parts
from tests.virtual_time import VirtualLoop

IN_CI = os.environ.get("CI") == "true"

NO_SOAK = "not soak"
"""The selection that pyproject.toml makes when nobody asks for another."""

EXAMPLES = 50
"""Examples of a property in each run of `make test`: seconds for the whole folder."""

EXAMPLES_SOAK = 5_000
"""Examples of a property in `make soak SUITE=properties`: an hour for the whole folder."""

# No deadline for one example: other programs share the machine, and time is not what is tested.
# In CI always the same examples, so that a red run can be repeated.
settings.register_profile("test", max_examples=EXAMPLES, deadline=None, derandomize=IN_CI)
settings.register_profile(
    "soak",
    max_examples=EXAMPLES_SOAK,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("test")

TOGETHER = {
    "tests/integration/": "asterisk",
    "tests/contract/pbx/": "asterisk",
    "tests/e2e/": "browser",
}
"""Folders whose tests run one after the other, in one process for each group."""
PART = "part"
"""The property of a test, and of its report, that names its part (tests/parts.py)."""

_collected: Counter[str] = Counter()
_ran: Counter[str] = Counter()
_skipped: Counter[str] = Counter()


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Virtual time by marker, asyncio's own loop otherwise."""
    if item.get_closest_marker("virtual_time"):
        return {"virtual": VirtualLoop}
    return {"asyncio": asyncio.new_event_loop}


class OneAfterTheOther(LoadScopeScheduling):  # type: ignore[misc] # pytest-xdist has no types
    """Spreads tests over the processes one by one, but those with an Asterisk stay in one process,
    and those with a browser: they wait more than they compute, and must not disturb each other.

    By path and not by pytest-xdist's own marker, which pytest 9.2 does not heed.
    """

    def _split_scope(self, nodeid: str) -> str:
        found = (group for folder, group in TOGETHER.items() if nodeid.startswith(folder))
        return next(found, nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneAfterTheOther:
    """How ``make test`` divides the tests between its two processes."""
    return OneAfterTheOther(config, log)


@pytest.hookimpl(trylast=True)  # after the long tests were deselected
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests into parts, and skip those whose real program is not here, by name."""
    tests = Path(__file__).parent
    for item in items:
        markers = [mark.name for mark in item.iter_markers()]
        part = parts.name_part(item.path.relative_to(tests), markers)
        item.user_properties.append((PART, part))
    real = [item for item in items if any(item.get_closest_marker(m) for m in parts.REAL_MARKERS)]
    missing = parts.find_missing_programs() if real else []
    for item in real:
        lacking = parts.list_lacking((mark.name for mark in item.iter_markers()), missing)
        if lacking:
            reason = f"not installed here: {', '.join(lacking)} (`make test` installs them as root)"
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count a test as run when its body ran, whatever came of it."""
    part = str(dict(report.user_properties).get(PART, ""))
    _collected[part] += report.when == "setup"
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped[part] += 1
    elif report.when == "call":
        _ran[part] += 1


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI, fail a whole run in which a part ran no test."""
    if hasattr(session.config, "workerinput"):  # one of several processes: the first one judges
        return
    if _is_judged(session.config) and parts.list_parts_without_tests(_ran, _collected):
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print how many tests of each part ran."""
    if config.option.collectonly:
        return
    terminalreporter.section("tests that ran, by part")
    for line in parts.describe(_ran, _skipped):
        terminalreporter.write_line(line)
    if _is_judged(config):
        for part in parts.list_parts_without_tests(_ran, _collected):
            terminalreporter.write_line(f"FAILED: no test of {part} ran (CI=true)", red=True)


def _is_judged(config: pytest.Config) -> bool:
    """Whether this is the whole suite in CI, not a selection that somebody asked for."""
    option = config.option
    selected = option.keyword or option.markexpr != NO_SOAK or option.collectonly
    return IN_CI and not selected and config.args_source is pytest.Config.ArgsSource.TESTPATHS
