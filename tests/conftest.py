"""What every test gets: the loop it asked for, Hypothesis' profile, and a count of what ran."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import coverage
import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests import parts, stalls
from tests.virtual_time import VirtualLoop

if TYPE_CHECKING:
    from tests.far_ends.postgresql_server import PostgresqlServer

IN_CI = os.environ.get("CI") == "true"

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

PART = "part"
"""The property of a test, and of its report, that names its part (tests/parts.py)."""

_again: list[str] = []
_collected: Counter[str] = Counter()
_ran: Counter[str] = Counter()
_skipped: Counter[str] = Counter()


def pytest_configure(config: pytest.Config) -> None:
    """Play tests against the clock again when the machine stood still in them."""
    config.pluginmanager.register(stalls.Replayer())


@pytest.fixture(scope="session", autouse=True)
def _unmeasured_programs() -> None:
    """Count no covered lines of the programs that tests start.

    It makes each start slower, and one that is killed leaves its count behind by luck.
    """
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)


@pytest.fixture(autouse=True)
def _own_log() -> None:
    """Log to the process's own standard error, which pytest shows of a test that failed.

    A command of the command line sends the log to what its test has for standard error, and that is
    closed when the next test logs.
    """
    structlog.reset_defaults()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))


@pytest.fixture(autouse=True)
def _unmeasured(request: pytest.FixtureRequest) -> Iterator[None]:
    """Count no covered lines in tests that live through hours and thousands of examples.

    Counting makes them four to ten times as slow, and what they pass through is covered by unit
    tests.
    """
    part = dict(request.node.user_properties).get(PART)
    measuring = coverage.Coverage.current() if part in parts.UNMEASURED else None
    if measuring is None:
        yield
        return
    measuring.stop()
    yield
    measuring.start()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """A server for the tests marked ``postgresql``, the same for all of them."""
    from tests.far_ends.postgresql_server import PostgresqlServer

    server = PostgresqlServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Virtual time by marker, asyncio's own loop otherwise."""
    if item.get_closest_marker("virtual_time"):
        return {"virtual": VirtualLoop}
    return {"asyncio": asyncio.new_event_loop}


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
    if report.when == "call":
        _again.extend(str(value) for name, value in report.user_properties if name == stalls.AGAIN)
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped[part] += 1
    elif report.when == "call":
        _ran[part] += 1


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI, fail a whole run in which a part ran no test."""
    if hasattr(session.config, "workerinput"):  # one of several processes: the first one judges
        return
    required = _required(session.config)
    if required is not None and parts.list_parts_without_tests(_ran, _collected, required):
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
    for line in _again:
        terminalreporter.write_line(f"played again: {line}", yellow=True)
    required = _required(config)
    if required is not None:
        for part in parts.list_parts_without_tests(_ran, _collected, required):
            terminalreporter.write_line(f"FAILED: no test of {part} ran (CI=true)", red=True)


def _required(config: pytest.Config) -> Sequence[str] | None:
    """The parts that this run must have run tests of; None for a selection somebody asked for, and
    outside CI."""
    option = config.option
    asked = option.keyword or option.collectonly
    if not IN_CI or asked or config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return None
    return parts.REQUIRED_OF.get(option.markexpr)
