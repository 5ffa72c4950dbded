"""The rehearsal's process: its result, its death, and its end when nobody waits any more."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from msgspec.structs import replace

from callcenter.documents.contacts_csv import ContactRow
from callcenter.domain.rehearsal import Progress, RehearsalFailed, RehearsalResult
from callcenter.jobs import rehearsal
from callcenter.rehearsal.process import Line, Order, SubprocessRehearser
from callcenter.service.campaign_plan import CampaignPlan
from callcenter.storage.contacts import Contacts
from callcenter.storage.directory import CustomerDirectory
from callcenter.storage.stores import ContactDestination
from dialer.campaign_pacing import begin
from tests.unit.rehearsal.made_up import GOLD_FIRST, make_agents, make_plan
from tests.unit.rehearsal.test_campaign import make_plan as make_campaign_plan
from tests.unit.service.test_rehearsals import CAMPAIGN_RESULT
from tests.unit.storage.databases import new_database, url_of

PLAN = make_plan(make_agents(3, seniors=1), new=GOLD_FIRST, hours=0.25)
WAIT_S = 30.0


def child(program: str, **options: float) -> SubprocessRehearser:
    """One that runs this program instead."""
    command = (sys.executable, "-c", f"import os, sys, time\nsys.stdin.buffer.read()\n{program}")
    return SubprocessRehearser("sqlite+aiosqlite:///nowhere", 1.0, command=command, **options)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def written_in(path: Path) -> str:
    return path.read_text() if path.exists() else ""


async def pid_in(path: Path) -> int:
    """The number that a child has written."""
    async with asyncio.timeout(WAIT_S):
        while not (text := written_in(path)):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
    return int(text)


async def test_a_process_of_its_own_reads_the_database_and_brings_the_result(
    tmp_path: Path,
) -> None:
    said: list[Progress] = []
    async with new_database(tmp_path) as database:
        result = await SubprocessRehearser(url_of(database), 56.0).rehearse(PLAN, said.append)

    assert isinstance(result, RehearsalResult)
    assert result.tiers[-1].tier == "all"
    assert result.tiers[-1].calls > 0
    assert "no calls to learn from" in result.notes[0]
    assert [one.doing for one in said[:3]] == ["reading", "fitting", "playing"]
    assert said[-1].share == 0.75


async def test_what_cannot_be_rehearsed_comes_back_as_its_sentence(tmp_path: Path) -> None:
    async with new_database(tmp_path) as database:
        with pytest.raises(RehearsalFailed, match="There are no agents"):
            await SubprocessRehearser(url_of(database), 56.0).rehearse(make_plan(()))
    with pytest.raises(RehearsalFailed, match="database"):
        await SubprocessRehearser(f"sqlite+aiosqlite:///{tmp_path}/gone.db", 56.0).rehearse(PLAN)


async def test_a_killed_process_is_told_with_its_signal(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    running = child(f"open({str(mark)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)")
    rehearsal = asyncio.create_task(running.rehearse(PLAN))

    os.kill(await pid_in(mark), signal.SIGKILL)

    with pytest.raises(RehearsalFailed, match="killed by signal 9 before it had a result"):
        await rehearsal


async def test_whoever_waits_no_more_leaves_no_process_behind(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    running = child(f"open({str(mark)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)")
    rehearsal = asyncio.create_task(running.rehearse(PLAN))
    pid = await pid_in(mark)

    rehearsal.cancel()

    with pytest.raises(asyncio.CancelledError):
        await rehearsal
    assert not is_alive(pid)


async def test_one_that_takes_too_long_is_ended() -> None:
    with pytest.raises(RehearsalFailed, match="took longer than 0 minutes and was ended"):
        await child("time.sleep(60)", deadline_s=0.2).rehearse(PLAN)


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("sys.exit(3)", "ended with status 3 and no result"),
        ("raise RuntimeError('x' * 20000)", "ended with status 1 and no result"),
        ("print('hello', flush=True)", "said something that is no result"),
        ("print('1' * 3000000, flush=True)", "said something that is no result"),
    ],
)
async def test_one_that_dies_or_babbles_is_a_failure(program: str, told: str) -> None:
    with pytest.raises(RehearsalFailed, match=told):
        await child(program).rehearse(PLAN)


async def test_one_that_cannot_be_started_is_a_failure() -> None:
    rehearser = SubprocessRehearser("", 1.0, command=("/nowhere/python",))

    with pytest.raises(RehearsalFailed, match="cannot be started"):
        await rehearser.rehearse(PLAN)


async def test_one_that_does_not_read_its_order_is_a_failure() -> None:
    rehearser = SubprocessRehearser("", 1.0, command=(sys.executable, "-c", "pass"))
    long = make_plan(make_agents(20_000))

    with pytest.raises(RehearsalFailed, match="ended with status 0"):
        await rehearser.rehearse(long)


def test_a_campaign_is_read_from_the_database_and_what_it_lacks_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process: that it runs in one of its own is shown above."""

    async def make_database() -> str:
        async with new_database(tmp_path) as database:
            await Contacts(database, CustomerDirectory(database), "US").add(
                [ContactRow(2, "+12025550101", ("UTC",))], ContactDestination("renewals", "first")
            )
            return url_of(database)

    url = asyncio.run(make_database())

    def answer(plan: CampaignPlan) -> list[Line]:
        order = msgspec.json.encode(Order(url, 56.0, campaign=plan))
        said = io.BytesIO()
        monkeypatch.setattr(os, "nice", lambda _more: 0)
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(order)))
        monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=said))
        rehearsal.main()
        return [msgspec.json.decode(line, type=Line) for line in said.getvalue().splitlines()]

    plan = make_campaign_plan(hours=0.25)
    done = answer(replace(plan, pacing=begin(plan.campaign.settings, plan.now, 0, 0)))
    settings = replace(plan.campaign.settings, id="spring")
    failed = answer(replace(plan, campaign=replace(plan.campaign, settings=settings)))

    assert [one.progress.doing for one in done[:2] if one.progress] == ["reading", "fitting"]
    result = done[-1].campaign
    assert result is not None
    assert (result.contacts, result.agents) == (1, 5)
    assert failed[-1].failed == "There is nobody left to be dialed: import a list first."


async def test_a_campaign_is_ordered_and_a_result_of_something_else_is_no_result() -> None:
    result = msgspec.json.encode(Line(campaign=CAMPAIGN_RESULT)).decode()
    program = f"print({result!r})"

    assert await child(program).rehearse_campaign(make_campaign_plan()) == CAMPAIGN_RESULT
    with pytest.raises(RehearsalFailed, match="rehearsed something else"):
        await child(program).rehearse(PLAN)
