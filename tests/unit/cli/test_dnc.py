"""``callcenter dnc`` against an API that serves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from callcenter.api.local_access import local_access_path
from callcenter.cli.dnc import app
from callcenter.domain import events as e
from callcenter.service.dnc import DncEntry
from tests.builders import T0
from tests.unit.api.fake_contacts import FakeDnc
from tests.unit.api.fakes import Center

NUMBER = "+3545550001"
CONFIG = """
data_dir: data
pbxs:
  - name: main
    phones: [{number: "1001"}]
queues: [{id: service}]
default_queue: service
"""

Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "center.yaml"
    path.write_text(CONFIG)
    return path


@asynccontextmanager
async def running(config: Path, center: Center) -> AsyncIterator[Run]:
    def invoke(*arguments: str) -> Result:
        result = CliRunner().invoke(app, [*arguments, "--config", str(config)])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    async with center.serve() as caller:
        with center.api.local_access(local_access_path(config.parent / "data"), caller.origin):
            yield lambda *arguments: asyncio.to_thread(invoke, *arguments)


async def test_a_number_is_added_for_good_or_for_some_days(config: Path) -> None:
    center = Center()
    center.clock.time = 0.0
    async with running(config, center) as run:
        for_good = await run("add", "555 0001", "--reason", "asked by mail")
        ends = await run("add", NUMBER, "--days", "30", "--json")

    assert for_good.exit_code == 0, for_good.output
    assert f"{NUMBER} is not called for good, by @cli (manager)" in for_good.output
    assert "reason: asked by mail" in for_good.output
    assert json.loads(ends.stdout)["until"] > 0.0
    first, second = center.hub.asked
    assert isinstance(first, e.DncAdded)
    assert isinstance(second, e.DncAdded)
    assert (first.until, second.number) == (0.0, NUMBER)


async def test_a_number_is_checked_and_taken_off(config: Path) -> None:
    entry = DncEntry(NUMBER, "", "register", "", T0, T0 + 86_400)
    async with running(config, Center(dnc=FakeDnc(entry))) as run:
        there = await run("check", NUMBER)
        missing = await run("check", "+3545550009")
        gone = await run("remove", NUMBER)
        not_there = await run("remove", "+3545550009")

    assert there.output == (
        f"{NUMBER} is not called until 2023-11-15 22:13 UTC,"
        " by the person (register) on 2023-11-14 22:13 UTC\n"
    )
    assert (missing.exit_code, not_there.exit_code) == (1, 1)
    assert "not on the do-not-call list" in missing.output
    assert gone.output == "taken off the do-not-call list\n"


async def test_what_the_center_refuses_is_said(config: Path) -> None:
    async with running(config, Center()) as run:
        result = await run("add", "nobody")

    assert result.exit_code == 1
    assert "no telephone number" in result.output
