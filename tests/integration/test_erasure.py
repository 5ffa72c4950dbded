"""A person who calls, is a customer, is dialed by a campaign and is spoken of is forgotten:
afterwards no byte of the number or the name is left, and nothing else has changed."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from callcenter.bootstrap import Center, open_center
from callcenter.cli.app import make_app
from callcenter.core.erasure import ON_A_CALL
from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile, Seniority
from callcenter.domain.campaign import CallingWindow, CampaignSettings, CampaignStep
from callcenter.domain.ids import ChannelRef
from callcenter.domain.numbers import change_entry, is_erased
from callcenter.domain.report import Measures
from callcenter.domain.report_time import Period
from callcenter.installation import database_path, open_database
from callcenter.journal.reader import read
from callcenter.service.ports import AuditEntry, Role
from callcenter.service.recovery import machine_at, replay
from callcenter.service.reports import Reports
from callcenter.settings import Settings, load_settings
from callcenter.simulator.asterisk_instance import free_port
from callcenter.storage.audit import Audit
from callcenter.storage.passwords import HashCost
from callcenter.storage.report_rows import StoredReports
from callcenter.storage.stores import AccountSettings
from dialer.breaker import EMPTY_S
from tests.fakes import FakeGateway

CONFIG = """
data_dir: data
region: DE
http: {{port: {http}}}
pbxs:
  - name: main
    ami_port: {ami}
    phones: [{{number: "1001", count: 2}}]
    trunks: [{{name: carrier, host: 192.0.2.1}}]
queues: [{{id: service}}]
default_queue: service
"""
DIGITS = "15123456789"
"""Of the person's number: in every way of writing it, +49151..., 0049151..., 0151..."""
NUMBER, AS_THE_PBX_GAVE_IT = f"+49{DIGITS}", f"0{DIGITS}"
NAME = "Zacharias Quellbrunn"
OTHER, OTHER_NAME = "+4930901820", "Berta Andersen"
CHEAP = HashCost(memory_kib=8, rounds=1, lanes=1)
WAIT_S = 20.0


def cli(*arguments: str) -> Result:
    """Run the command line in this process."""
    result = CliRunner().invoke(make_app(arguments[0]), list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A center in which the person is a customer and a contact, and so is somebody else."""
    path = tmp_path / "center.yaml"
    path.write_text(CONFIG.format(http=free_port(), ami=free_port()))
    customers, contacts = tmp_path / "customers.csv", tmp_path / "contacts.csv"
    customers.write_text(
        "id,name,phone,tier,note\n"
        f"k1,{NAME},{NUMBER},gold,{NAME} wants to be called at {NUMBER}\n"
        f"k2,{OTHER_NAME},{OTHER},standard,\n"
    )
    contacts.write_text(
        f"number,name,customer,note,pet\n{NUMBER},{NAME},k1,ask {NAME},Rex of {NAME}\n"
        f"{OTHER},{OTHER_NAME},,,\n"
    )
    (tmp_path / "data").mkdir()
    said = cli("import", "customers", str(customers), "--config", str(path))
    assert said.exit_code == 0, said.output
    said = cli("import", "contacts", str(contacts), "--campaign", "spring", "--config", str(path))
    assert said.exit_code == 0, said.output
    rejects = tmp_path / "data" / "old.rejected.csv"
    rejects.write_text(
        '"reject_row","name","phone"\n'
        f'"2","{NAME}","0151 / 2345 6789"\n"3","{OTHER_NAME}","{OTHER}"\n'
    )
    return path


@asynccontextmanager
async def running(config: Path) -> AsyncIterator[Center]:
    """The real center, over a PBX that does at once what it is told."""
    settings = load_settings(config)
    async with open_center(settings, hash_cost=CHEAP) as center:
        center.gateways["main"] = FakeGateway(center.hub.put, [])  # type: ignore[assignment] # stands in for it
        center.hub.put(e.PbxStateRead("main", ()))
        yield center


async def until(what: str, condition: Any) -> None:
    try:
        async with asyncio.timeout(WAIT_S):
            while not condition():  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.01)
    except TimeoutError:
        pytest.fail(f"waited in vain until {what}")


async def ask(center: Center, request: e.Request) -> None:
    reply = await center.hub.ask(request)
    assert not reply.problem, reply.problem


async def settle(center: Center) -> None:
    """Until all that happened so far is in the database."""
    await until("nothing waits", lambda: not center.hub.inbox_length)
    await center.projector.wait_for(center.hub.position)


async def sign_in(center: Center) -> None:
    """Ana takes calls that come in, Ben those of the campaign."""
    profiles = tuple(
        AgentProfile(login, ("service",), Seniority.SENIOR) for login in ("ana", "ben")
    )
    for login in ("ana", "ben"):
        account = AccountSettings(login, login, (Role.AGENT,), "", Seniority.SENIOR, ("service",))
        await center.accounts.add(account, "a long password")
    center.hub.put(e.AgentsConfigured(profiles))
    for login, phone in (("ana", "1001"), ("ben", "1002")):
        center.hub.put(e.DesktopOpened(login))
        await ask(center, e.SignInRequested(f"in-{login}", login, phone))
    await ask(center, e.ReadyRequested("ready-ana", "ana"))


async def call_in(center: Center) -> ChannelRef:
    """The person calls and talks with Ana."""
    channel = ChannelRef("main", "1767225600.1")
    center.hub.put(e.CallArrived(channel, AS_THE_PBX_GAVE_IT, "7000"))
    await until("the call is known", lambda: len(center.hub.state.calls) == 1)
    center.hub.put(e.IvrLeft(channel))
    center.hub.put(e.CallerHeld(channel))
    await until(
        "the person talks with an agent",
        lambda: any(call.answered_at for call in center.hub.state.calls.values()),
    )
    return channel


async def run_campaign(center: Center) -> None:
    """Both people are dialed by the campaign, one after the other."""
    window = CallingWindow(0, 1440, (0, 1, 2, 3, 4, 5, 6))
    settings = CampaignSettings("spring", "Spring", "main", "carrier", window=window)
    await ask(center, e.CampaignSaved("save", settings, "mia"))
    await ask(center, e.CampaignStepRequested("start", "spring", CampaignStep.START, "mia"))
    await until("the hopper is full", lambda: center.hub.state.campaigns["spring"].hopper)
    await ask(center, e.CampaignJoinRequested("join", "ben", "spring"))
    await ask(center, e.ReadyRequested("ready-ben", "ben"))
    await until(
        "a person is dialed and talks",
        lambda: any(_talking(center)),
    )
    await ask(center, e.CampaignStepRequested("pause", "spring", CampaignStep.PAUSE, "mia"))
    await asyncio.sleep(EMPTY_S + 0.1)  # shorter, and it might be the trunk's fault
    for attempt in list(center.hub.state.attempts.values()):
        center.hub.put(e.ChannelHungUp(attempt.channel, 16))
    await until("the attempt has ended", lambda: not center.hub.state.attempts)


def _talking(center: Center) -> Iterator[bool]:
    for attempt in center.hub.state.attempts.values():
        yield bool(attempt.connected_at)


async def speak_of_the_person(settings: Settings) -> None:
    """Texts that are about the person."""
    async with open_database(settings) as database:
        entry = AuditEntry(
            time.time(),
            "mia",
            "127.0.0.1",
            "PUT /x",
            f"/x/{DIGITS}",
            "r1",
            200,
            json.dumps({"note": f"{NAME}, {NUMBER}"}),
        )
        await Audit(database).write([entry])


async def totals(settings: Settings, period: Period) -> list[Any]:
    """What the reports say."""
    async with open_database(settings) as database:
        reports = Reports(StoredReports(database))
        return [
            (await reports.queues(period, Measures(), 100)),
            (await reports.agents(period, 100)),
            (await reports.campaigns(period, 100)),
        ]


def needles() -> list[bytes]:
    """The number and the name as they can stand in bytes."""
    texts = [DIGITS, NAME, NAME.split()[1]]
    found = [text.encode(code) for text in texts for code in ("utf-8", "utf-16-le", "utf-16-be")]
    # As numbers: msgpack's uint 64 and SQLite's 8-byte integer are both big-endian.
    numbers = [int(f"49{DIGITS}"), int(DIGITS)]
    return found + [n.to_bytes(size, "big") for n in numbers for size in (5, 6, 8) if n < 256**size]


def find_bytes(folder: Path) -> set[str]:
    """The files in and below the folder in which the person is found."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and any(needle in path.read_bytes() for needle in needles())
    }


async def test_nothing_is_left_of_a_person_who_was_erased(config: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    settings = load_settings(config)
    period = Period(time.time() - 3600, time.time() + 3600)
    async with running(config) as center:
        await sign_in(center)
        channel = await call_in(center)
        refused = await asyncio.to_thread(
            cli, "erase", "person", "--number", NUMBER, "--config", str(config)
        )
        await center.hub.save_snapshot_now()  # with the call in it
        center.hub.put(e.ChannelHungUp(channel, 16))
        await until("the call has ended", lambda: not center.hub.state.calls)
        await run_campaign(center)
        await speak_of_the_person(settings)
        await settle(center)
        before, found_before = await totals(settings, period), find_bytes(data)
        erased = await asyncio.to_thread(
            cli, "erase", "person", "--number", "0151 23456789", "--config", str(config), "--json"
        )
        await settle(center)
        after, found_after = await totals(settings, period), find_bytes(data)
        file = tmp_path / "after.backup"
        backed_up = await asyncio.to_thread(cli, "backup", str(file), "--config", str(config))
        knows_other = await center.directory.find_by_number(OTHER)
        audited = await audit_of_erasures(settings)

    assert ON_A_CALL in refused.output
    assert refused.exit_code == 1
    assert "center.db" in {name.removesuffix("-wal") for name in found_before}
    assert "old.rejected.csv" in found_before
    numbers = [name for name in found_before if name.endswith(".numbers")]
    assert {name.split(".")[1] for name in numbers} == {"journal", "snapshot"}
    assert not [name for name in found_before if name.endswith((".journal", ".snapshot"))]
    assert erased.exit_code == 0, erased.output
    counts = json.loads(erased.stdout)
    assert counts["customers"] == counts["contacts"] == counts["rejects"] == 1
    assert counts["calls"] == 2  # one that came in, one that the campaign placed
    assert counts["attempts"] == 1
    assert counts["texts"] >= 1
    assert found_after == set()
    assert backed_up.exit_code == 0, backed_up.output
    content = gzip.decompress(file.read_bytes())
    assert not any(needle in content for needle in needles())
    assert after == before
    assert knows_other is not None
    assert [entry.detail for entry in audited] == ['{"number":"**********","customer":""}'] * 2
    assert find_bytes(data) == set()

    numbers = check_replay(data / "journal")
    assert {OTHER} == {number for number in numbers if not is_erased(number)}
    assert len(numbers) > numbers.count(OTHER)
    async with running(config) as again:
        assert again.notes == []
        assert not any(is_erased(row.number) for row in hopper(again))


def hopper(center: Center) -> Any:
    return center.hub.state.campaigns["spring"].hopper


async def audit_of_erasures(settings: Settings) -> list[AuditEntry]:
    async with open_database(settings) as database:
        found = await Audit(database).entries()
    return [entry for entry in found.items if entry.action.endswith("/people/erase")]


def check_replay(journal: Path) -> list[str]:
    """All that is kept of the journal leads to the same again; returns the numbers in it."""
    found = read(journal)
    replayed = replay(machine_at(found.header.journal, found.snapshot), found.entries)

    assert replayed.entries
    assert replayed.differences == ()
    numbers: list[str] = []

    def note(number: str) -> str:
        numbers.append(number)
        return number

    for entry in found.entries:
        change_entry(entry, note)
    return numbers


async def test_a_person_is_erased_while_the_center_does_not_run(
    config: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    async with running(config) as center:
        await sign_in(center)
        channel = await call_in(center)
        center.hub.put(e.ChannelHungUp(channel, 16))
        await until("the call has ended", lambda: not center.hub.state.calls)
        window = CallingWindow(0, 1440, (0, 1, 2, 3, 4, 5, 6))
        settings = CampaignSettings("spring", "Spring", "main", "carrier", window=window)
        await ask(center, e.CampaignSaved("save", settings, "mia"))
        await ask(center, e.CampaignStepRequested("start", "spring", CampaignStep.START, "mia"))
        await until("the hopper is full", lambda: hopper(center))
        assert NUMBER in {row.number for row in hopper(center)}
    found_before = find_bytes(data)

    erased = await asyncio.to_thread(
        cli, "erase", "person", "--customer", "k1", "--config", str(config)
    )

    assert found_before
    assert erased.exit_code == 0, erased.output
    assert find_bytes(data) == set()
    check_replay(data / "journal")
    async with running(config) as again:
        assert again.notes == []
        assert [row.number for row in hopper(again)] == [OTHER]


async def test_somebody_on_a_call_when_the_center_stopped_is_not_erased(
    config: Path, tmp_path: Path
) -> None:
    async with running(config) as center:
        await sign_in(center)
        await call_in(center)

    refused = await asyncio.to_thread(
        cli, "erase", "person", "--number", NUMBER, "--config", str(config)
    )

    assert refused.exit_code == 1
    assert ON_A_CALL in refused.output
    assert find_bytes(tmp_path / "data")
    assert database_path(load_settings(config)).exists()
