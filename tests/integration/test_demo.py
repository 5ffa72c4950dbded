"""The demo, run as a visitor runs it: on the simulated PBX, and on a real Asterisk with SIPp."""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr
from rich.console import Console

from callcenter.cli.demo import MARK, greeting
from callcenter.demo import sample, sip_counter
from callcenter.demo.arrivals import SampleCaller
from callcenter.demo.run import Demo, make_people, open_demo
from callcenter.demo.screen import draw
from callcenter.demo.telephony import SimulatedTelephony
from callcenter.installation import journal_folder
from callcenter.journal.pinned import PinnedFolder, read_after
from callcenter.simulator.asterisk_instance import free_port
from callcenter.storage.database import Database
from callcenter.storage.record_check import (
    RECORD_TABLES,
    Range,
    compare_records,
    read_positions,
)
from callcenter.upkeep.records import check_records, project
from tests.far_ends.postgresql_server import PostgresqlServer
from tests.unit.storage.databases import (
    STORED_KINDS,
    Place,
    new_database,
    open_database,
    outsider,
    place_of,
    url_of,
)

OF_THE_DAY_BEFORE = "of-the-day-before"
LIMIT_S = 180
"""For a demo of 20 s on a busy machine."""
CARD_S = 30.0
RESULTS = {
    "connected", "machine", "busy", "no_answer", "rejected", "dropped", "congestion",
    "invalid_number", "hung_up",
}  # fmt: skip


def run_demo(folder: Path, *arguments: str) -> dict[str, Any]:
    """Run it to its end; it must go well."""
    said = subprocess.run(
        [
            *(sys.executable, "-m", "callcenter", "demo", "--json", "--keep", str(folder)),
            *arguments,
        ],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": "1"},
    )
    assert said.returncode == 0, said.stdout + said.stderr
    summary: dict[str, Any] = json.loads(said.stdout)
    return summary


def check(summary: dict[str, Any]) -> None:
    """What every run has to show."""
    inbound, outbound, pops = summary["inbound"], summary["outbound"], summary["pops"]
    assert inbound["offered"] == inbound["answered"] + inbound["abandoned"]
    assert inbound["answered"] > 0
    assert inbound["abandoned"] > 0
    assert 0 < inbound["gold"]["by_senior"] <= inbound["gold"]["answered"]
    assert pops["sent"] == pops["before_ring"] > inbound["answered"]
    assert {name for name in RESULTS if outbound[name]} == RESULTS
    assert outbound["human"] == outbound["connected"] + outbound["dropped"]
    ended = [count for name, count in outbound.items() if name not in ("placed", "human")]
    assert outbound["placed"] == sum(ended)
    assert (summary["faults"], summary["repairs"], summary["stuck_agents"]) == (0, 0, 0)
    assert summary["logs_agree"]
    assert summary["reports_agree"]
    assert summary["replay_equal"]


@pytest.fixture(scope="module")
def a_demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A folder in which a demo ran after one of the day before, and its summary."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / MARK).touch()
    (folder / "data").mkdir()
    (folder / "data" / OF_THE_DAY_BEFORE).touch()
    return folder, run_demo(folder, "--reset", "--seconds", "16")


def test_the_demo_begins_anew_in_its_folder_and_replays_the_same_under_any_hash_seed(
    a_demo: tuple[Path, dict[str, Any]],
) -> None:
    folder, summary = a_demo

    check(summary)
    assert (summary["pbx"], summary["asterisk_version"]) == ("simulated", None)
    assert not (folder / "data" / OF_THE_DAY_BEFORE).exists()
    hashes = [
        json.loads(
            subprocess.run(
                [
                    *(sys.executable, "-m", "callcenter", "replay"),
                    *(str(folder / "data" / "journal"), "--json"),
                ],
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
                env={**os.environ, "PYTHONHASHSEED": seed},
            ).stdout
        )["state_hash"]
        for seed in ("7", "8")
    ]
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize("place", STORED_KINDS, indirect=True)
async def test_its_records_made_anew_from_the_journal_are_the_same_bytes(
    place: Place, a_demo: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    shutil.copytree(a_demo[0], tmp_path, dirs_exist_ok=True)
    settings = sample.read_config(tmp_path / "callcenter.yaml")
    async with open_database(tmp_path / "data" / "center.db") as of_the_demo:
        ((journal, last),) = (await read_positions(of_the_demo)).items()
        of = Range(journal, 1, last)
        async with AsyncExitStack() as stack:
            database = of_the_demo
            if isinstance(place, PostgresqlServer):
                database = await stack.enter_async_context(new_database(place))
                with PinnedFolder(journal_folder(settings)) as entries:
                    entries.pin()
                    entries.freeze()
                    await project(database, of, read_after(entries, 0), batch_entries_max=7)
                equal = await compare_records(database, of_the_demo, of)
                assert all(table.is_equal for table in equal)
                address = SecretStr(url_of(database))
                settings = settings.model_copy(update={"database_url": address})
            before = dump_records(database)
            with outsider(database) as other:
                for table in RECORD_TABLES:
                    other.execute(f"DELETE FROM {table.name}")

            found = await check_records(settings, rebuild=True)

            assert found.replaced == {table.table: table.expected for table in found.tables}
            assert sum(found.replaced.values()) == len(before) > 100
            assert dump_records(database) == before
            assert (await check_records(settings)).is_equal


@pytest.mark.asterisk
@pytest.mark.alone
def test_on_a_real_asterisk_the_demo_counts_what_sipp_logged(tmp_path: Path) -> None:
    summary = run_demo(tmp_path, "--pbx", "asterisk", "--seconds", "20")

    check(summary)
    assert summary["pbx"] == "asterisk"
    assert summary["asterisk_version"].startswith("22.")
    counted = subprocess.run(
        [sys.executable, sip_counter.__file__, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    outbound = json.loads(counted.stdout)["outbound"]
    assert {name: [count, count] for name, count in summary["outbound"].items()} == {
        **outbound,
        "unknown": [0, 0],
    }


async def test_a_visitor_signs_in_presses_ready_and_gets_a_call_with_its_card(
    tmp_path: Path,
) -> None:
    customers, contacts = make_people(1)
    agents = (*sample.AGENTS, sample.VISITOR)
    telephony = SimulatedTelephony(tmp_path, agents, contacts, seed=1)
    burst = [
        SampleCaller(customer.numbers[0], customer.tier, at_s=n * 0.1, stay_s=60.0)
        for n, customer in enumerate(customers[:12])
    ]

    async with open_demo(tmp_path, telephony, customers, contacts, seed=1) as demo:
        said = greeting(demo, tmp_path)
        agent = demo.visitor[0]
        async with aiohttp.ClientSession(demo.center.url) as http:
            headers = await sign_in(http, agent.login, agent.password)
            async with http.ws_connect("/api/v1/live", headers=headers) as live:
                await live.send_json({"subscribe": ["me"]})
                await press(http, headers, "sign-in", {"phone": agent.phone})
                await press(http, headers, "ready")
                await demo.telephony.call(burst)
                card, state = await talk(demo, live)
                screen = Console(width=140, record=True, file=io.StringIO())
                screen.print(draw(demo))

    assert "The pages were not built" in said
    assert all(sign_in.password in said for sign_in in demo.visitor)
    assert demo.visitor[0].login not in {line["agent"] for line in demo.desks.lines()}
    assert card["number"] in {caller.number for caller in burst}
    assert state["call"] == card["call"]
    drawn = screen.export_text()
    assert "Campaign Card renewals: draft" in drawn
    assert "Not started yet." in drawn
    assert "≈ talking" in drawn


def test_a_demo_that_is_told_to_end_leaves_nothing_behind(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*(sys.executable, "-m", "callcenter", "demo", "--port", str(free_port()))],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as demo:
        assert demo.stdout is not None
        said = [line.strip() for line in iter(demo.stdout.readline, "\n")]
        (folder,) = tmp_path.iterdir()
        was_marked = (folder / MARK).exists()
        demo.terminate()
        rest = demo.stdout.read()

    assert "http://127.0.0.1:" in said[0]
    roles = [line.split()[0] for line in rest.splitlines() if line.strip()][:3]
    assert roles == ["agent", "supervisor", "manager"]
    assert demo.returncode == 0
    assert was_marked
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Where a database can be made."""
    return place_of(request, tmp_path_factory)


def dump_records(database: Database) -> list[str]:
    """Every row of every table of records, as it is stored."""
    with outsider(database) as connection:
        return [
            f"{table.name} {row!r}"
            for table in RECORD_TABLES
            for row in connection.execute(
                f"SELECT * FROM {table.name} ORDER BY position, record_index"
            )
        ]


async def sign_in(http: aiohttp.ClientSession, login: str, password: str) -> dict[str, str]:
    """As the page does, but with a token."""
    body = {"login": login, "password": password, "bearer": True}
    async with http.post("/api/v1/session", json=body) as answer:
        assert answer.status == 200
        return {"Authorization": f"Bearer {(await answer.json())['token']}"}


async def press(
    http: aiohttp.ClientSession, headers: dict[str, str], what: str, body: Any = None
) -> None:
    """A button that must do what it says."""
    async with http.post(f"/api/v1/agents/me/{what}", json=body, headers=headers) as answer:
        assert answer.status == 200, await answer.text()


async def talk(
    demo: Demo, live: aiohttp.ClientWebSocketResponse
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Watch until the visitor talks; the card and the state then."""
    login, card = demo.visitor[0].login, None
    async with asyncio.timeout(CARD_S):
        while True:
            frame = await live.receive_json()
            if frame["type"] == "card":
                card = frame
            elif frame["type"] in ("snapshot", "delta"):
                mine = frame["data"].get("agent", {}).get(login)
                if mine and mine["state"] == "talking":
                    assert card is not None
                    return card, mine
