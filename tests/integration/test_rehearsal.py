"""Rules rehearsed beside a running center, with the process and the database that it really has."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from callcenter.api.local_access import local_access_path
from callcenter.bootstrap import Center, open_center
from callcenter.cli.running_center import ask_center
from callcenter.domain.agent import Seniority
from callcenter.service.ports import Role
from callcenter.settings import Settings, load_settings
from callcenter.simulator.asterisk_instance import free_port
from callcenter.storage.passwords import HashCost
from callcenter.storage.stores import AccountSettings
from tests.unit.test_rules_at_start import CONFIG

CHEAP = HashCost(rounds=1, memory_kib=8, lanes=1)
TEXT = "format: 1\nrules:\n  - name: all\n"
GOLD_FIRST = "format: 1\npreset: gold_first\nrules:\n  - name: all\n"
PATH = "/rules/rehearsals"
DEADLINE_S = 120.0


@dataclass
class Site:
    """A running center, asked as its command line does."""

    center: Center
    settings: Settings

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """In a thread: the command line has a loop of its own."""
        return await asyncio.to_thread(ask_center, self.settings, method, path, body)

    async def ended(self, rehearsal: str) -> Any:
        """The rehearsal, when it runs no more."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                view = await self.ask("GET", f"{PATH}/{rehearsal}")
                if view["state"] != "running":
                    return view
                await asyncio.sleep(0.05)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Site]:
    """A center with three agents, whose PBX is not there."""
    config = folder / "center.yaml"
    config.write_text(CONFIG.format(http=free_port(), ami=free_port()))
    (folder / "routing.yaml").write_text(TEXT)
    settings = load_settings(config)
    async with open_center(settings, hash_cost=CHEAP) as center:
        for login, seniority in (("ann", Seniority.SENIOR), ("bob", Seniority.JUNIOR)):
            wanted = AccountSettings(
                login, login, (Role.AGENT,), seniority=seniority, queues=("service",)
            )
            await center.accounts.add(wanted, "a long enough password")
        async with asyncio.timeout(DEADLINE_S):
            while not _is_ready(center):  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.05)
        assert local_access_path(settings.data_dir).exists()
        yield Site(center, settings)


def _is_ready(center: Center) -> bool:
    """Whether the machine has been told of the accounts and of the file's rules."""
    return len(center.hub.state.agents) == 2 and center.hub.state.rules.version == 1


def children() -> list[int]:
    """The processes that this one has begun."""
    pid = os.getpid()
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [
        int(child)
        for child in listed.split()
        if b"callcenter.jobs.rehearsal" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


async def begun_process() -> int:
    """The rehearsal's process, once it is there."""
    async with asyncio.timeout(DEADLINE_S):
        while not (found := children()):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
    return found[0]


async def test_a_running_center_rehearses_in_a_process_of_its_own(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        body = {"text": GOLD_FIRST, "seeds": 2, "hours": 0.5}
        begun = await site.ask("POST", PATH, body)
        view = await site.ended(begun["id"])
        is_published = site.center.hub.state.rules.version

    assert view["state"] == "done", view
    assert view["current_version"] == 1
    assert [tier["tier"] for tier in view["result"]["tiers"]] == [
        "gold", "silver", "standard", "all"
    ]  # fmt: skip
    assert {group["group"] for group in view["result"]["agents"]} == {"senior", "junior", "all"}
    assert is_published == 1
    assert children() == []


async def test_a_killed_process_fails_the_rehearsal_and_the_next_one_works(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        body = {"text": GOLD_FIRST, "seeds": 50}
        begun = await site.ask("POST", PATH, body)
        os.kill(await begun_process(), signal.SIGKILL)
        failed = await site.ended(begun["id"])

        again = await site.ask("POST", PATH, body)
        pid = await begun_process()
        cancelled = await site.ask("DELETE", f"{PATH}/{again['id']}")
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

        last = await site.ask("POST", PATH, body)
        pid = await begun_process()
    with pytest.raises(ProcessLookupError):  # the center has ended, and its rehearsal with it
        os.kill(pid, 0)

    assert failed["state"] == "failed"
    assert "killed by signal 9" in failed["problem"]
    assert (cancelled["state"], last["state"]) == ("cancelled", "running")
