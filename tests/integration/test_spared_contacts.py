"""A center with its real database and journal: who is spared, and who is added.

No PBX is needed: nobody is dialed, but everybody is fetched.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from callcenter.bootstrap import Center, open_center
from callcenter.cli.running_center import Refusal, ask_center
from callcenter.documents.contacts_csv import ContactNumber, ContactRow
from callcenter.domain.campaign import HopperRow
from callcenter.domain.events import PbxStateRead
from callcenter.service.dnc import DncNumber
from callcenter.settings import load_settings
from callcenter.simulator.asterisk_instance import free_port
from callcenter.storage.database import Database
from callcenter.storage.dnc import StoredDnc
from callcenter.storage.stores import ContactDestination

CONFIG = """
data_dir: data
region: US
http: {{port: {http}}}
pbxs:
  - name: main
    ami_port: {ami}
    phones: [{{number: "1001"}}]
    trunks: [{{name: carrier, host: 192.0.2.1}}]
queues: [{{id: service}}]
default_queue: service
"""
ALWAYS = {"opens": "00:00", "closes": "24:00", "weekdays": [
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]}  # fmt: skip
SETUP = {"name": "Renewals", "pbx": "main", "trunk": "carrier", "window": ALWAYS}
A, B, C, D = (f"+1202555010{n}" for n in range(1, 5))
NEW_YORK = ("America/New_York",)
DEADLINE_S = 30.0


class Running:
    """A center that runs, asked over its API."""

    def __init__(self, center: Center) -> None:
        self.center = center

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """The answer's JSON."""
        return await asyncio.to_thread(
            ask_center, self.center.settings, method, path, body, deadline_s=DEADLINE_S
        )

    async def hopper(self, until: Callable[[list[str]], bool]) -> list[str]:
        """The numbers to be dialed next, when they are so."""
        async with asyncio.timeout(DEADLINE_S):
            while not until(found := [row.number for row in self.rows()]):  # noqa: ASYNC110 - polled
                await asyncio.sleep(0.02)
        return found

    def rows(self) -> tuple[HopperRow, ...]:
        """What the machine will dial next."""
        return self.center.hub.state.campaigns["renewals"].hopper


@asynccontextmanager
async def running(config: Path) -> AsyncIterator[Running]:
    async with open_center(load_settings(config)) as center:
        # As if the PBX had been read: only a campaign whose PBX is there has its hopper filled.
        center.hub.put(PbxStateRead("main", ()))
        yield Running(center)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "center.yaml"
    path.write_text(CONFIG.format(http=free_port(), ami=free_port()))
    return path


async def test_a_number_put_on_the_list_leaves_the_hopper_and_stays_out_after_a_restart(
    config: Path,
) -> None:
    async with running(config) as site:
        rows = [
            ContactRow(2, A, NEW_YORK),
            ContactRow(3, B, NEW_YORK, more_numbers=(ContactNumber(C, NEW_YORK),)),
        ]
        await site.center.contacts.add(rows, ContactDestination("renewals", "first"))
        await site.ask("PUT", "/campaigns/renewals", SETUP)
        await site.ask("POST", "/campaigns/renewals/start")
        planned = await site.hopper(lambda found: len(found) == 2)

        await site.ask("POST", "/dnc", {"number": A, "reason": "asked by mail"})
        left_at_once = [row.number for row in site.rows()]
        await site.ask("POST", "/dnc", {"number": "(202) 555-0102"})
        other_number = await site.hopper(lambda found: found == [C])
        why = await site.ask("GET", f"/campaigns/renewals/contacts/{A[2:]}/why")
        listed = await site.ask("GET", "/dnc")

    async with running(config) as site:
        after = await site.hopper(lambda found: found == [C])
        await site.ask("DELETE", f"/dnc/{A}")
        back = await site.hopper(lambda found: len(found) == 2)
        audit = [entry["number"] for entry in (await site.ask("GET", "/dnc"))["entries"]]

    assert planned == [A, B]
    assert left_at_once == [B]
    assert [reason["code"] for reason in why["reasons"]] == ["dnc"]
    assert why["reasons"][0]["sentence"].endswith("because: asked by mail")
    assert [entry["number"] for entry in listed["entries"]] == [A, B]
    assert other_number == after == [C]
    assert sorted(back) == [A, C]
    assert audit == [B]


async def test_somebody_added_is_next_within_moments_and_a_list_of_numbers_is_noticed(
    config: Path,
) -> None:
    async with running(config) as site:
        await site.center.contacts.add(
            [ContactRow(2, A, NEW_YORK), ContactRow(3, B, NEW_YORK)],
            ContactDestination("renewals", "first", 50),
        )
        await site.ask("PUT", "/campaigns/renewals", SETUP)
        await site.ask("POST", "/campaigns/renewals/start")
        await site.hopper(lambda found: found == [A, B])

        await site.ask("POST", "/campaigns/renewals/contact", {"numbers": [D]})
        first = await site.hopper(lambda found: len(found) == 3)
        with pytest.raises(Refusal, match="has this number already"):
            await site.ask("POST", "/campaigns/renewals/contact", {"numbers": [D]})
        lists = (await site.ask("GET", "/campaigns/renewals/lists"))["lists"]
        other = Database(f"sqlite+aiosqlite:///{config.parent / 'data' / 'center.db'}")
        await StoredDnc(other).add([DncNumber(B)], source="register", by="kim")
        await other.close()
        spared = await site.hopper(lambda found: found == [D, A])

    assert first == [D, A, B]
    assert [one["name"] for one in lists] == ["first", "added by program"]
    assert spared == [D, A]
