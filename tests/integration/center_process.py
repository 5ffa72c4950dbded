"""The product as its users run it: a real Asterisk, ``callcenter serve`` in a process of its own,
accounts and customers put in by the command line's means, desks in another process.

A test sees it from outside only: by the API, by the far ends' logs, and by SIGKILL.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import json
import os
import re
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

import aiohttp
import yaml

from callcenter.demo.desks import Desk, DesksProcess, Plan
from callcenter.demo.sample import PROMPTS
from callcenter.domain.agent import Seniority
from callcenter.domain.customer import Tier
from callcenter.installation import journal_folder, make_accounts, open_database, pbx_config
from callcenter.service.ports import Role
from callcenter.settings import Settings, load_settings
from callcenter.simulator.asterisk_instance import (
    LOOPBACK,
    TRUNK_LOOPBACK,
    AsteriskInstance,
    Ports,
    find_free_ports,
    free_port,
)
from callcenter.storage.passwords import HashCost
from callcenter.storage.stores import AccountSettings
from tests.integration.asterisk import wait_until

PROJECT: Final = Path(__file__).resolve().parents[2]
DIALED: Final = "5550100"
QUEUE: Final = "service"

START_S: Final = 20.0
"""For the service to answer with its link up. It takes two; the machine may be busy."""
STOP_S: Final = 10.0
COMMAND_S: Final = 60.0
"""For one command of the command line."""
AT_WORK_S: Final = 45.0
"""For all desks to have signed in and be ready: two seconds, on a machine that is free."""
REQUEST_S: Final = 5.0

CHEAP_HASHES: Final = HashCost(rounds=1, memory_kib=8, lanes=1)
SUPERVISOR: Final = "sam"


@dataclass(frozen=True)
class Worker:
    """An agent of a test and the phone on the desk."""

    login: str
    phone: str
    senior: bool = False
    queue: str = QUEUE
    campaign: str = ""
    """Works for it, on the line all day; empty: takes inbound calls."""
    skips: tuple[str, ...] = ()
    """Numbers of people whom the agent does not want to call, in preview."""


@dataclass(frozen=True)
class Customer:
    """A row of the customers' file."""

    number: str
    tier: Tier
    language: str = ""

    @property
    def id(self) -> str:
        """Made of the number."""
        return f"K{self.number.lstrip('+')}"


async def run_command(*arguments: str, stdin: str = "", **environment: str) -> str:
    """Run the command line and return what it printed; it must succeed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "callcenter",
        *arguments,
        cwd=PROJECT,
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(COMMAND_S):
        out, err = await process.communicate(stdin.encode())
    assert process.returncode == 0, f"{' '.join(arguments)}: {err.decode()} {out.decode()[:2000]}"
    return out.decode()


async def replay(journal: Path, hash_seed: int) -> dict[str, Any]:
    """What ``callcenter replay`` says of a journal that nobody writes."""
    said = await run_command("replay", str(journal), "--json", PYTHONHASHSEED=str(hash_seed))
    report: dict[str, Any] = json.loads(said)
    return report


@dataclass
class CenterProcess:
    """``callcenter serve``: started, killed, started again."""

    config: Path
    settings: Settings
    password: str = field(repr=False, default="")
    process: asyncio.subprocess.Process | None = None
    _http: aiohttp.ClientSession | None = None
    _token: str = field(repr=False, default="")

    @property
    def log_path(self) -> Path:
        """What all its processes said."""
        return self.config.with_name("serve.log")

    @property
    def journal(self) -> Path:
        """The journal's folder."""
        return journal_folder(self.settings)

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=REQUEST_S)
        http = self.settings.http
        self._http = aiohttp.ClientSession(f"http://{http.host}:{http.port}", timeout=timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        if self._http is not None:
            await self._http.close()

    async def start(self) -> float:
        """Start it; returns the seconds until its link to the PBX stood."""
        began = time.monotonic()
        with self.log_path.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "callcenter", "serve", "--config", str(self.config)),
                cwd=PROJECT,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        await wait_until(self.is_leading, "the service leads", START_S)
        return time.monotonic() - began

    def kill(self) -> float:
        """SIGKILL, now. Returns the time of it, UTC seconds."""
        return self.signal(signal.SIGKILL)

    def signal(self, what: signal.Signals) -> float:
        """Send a signal, now. Returns the time of it, UTC seconds."""
        assert self.process is not None
        os.kill(self.process.pid, what)
        return time.time()

    async def stop(self) -> None:
        """Have it end as it should; nothing if it has ended."""
        process = self.process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise AssertionError("the service did not end when it was told to") from None

    def frames_written(self) -> list[tuple[str, str, float]]:
        """Agent, call and time of each card whose frame has been handed to the system.

        On loopback it is then at the desk, whenever the desk's process gets to read it.
        """
        found = []
        for line in self.log_path.read_text(encoding="utf-8").splitlines():
            if "event='card_written'" in line:
                said = dict(re.findall(r"(\w+)='([^']*)'", line))
                at = datetime.fromisoformat(said["timestamp"]).timestamp()
                found.append((said["agent"], said["call"], at))
        return found

    # --- the API ------------------------------------------------------------------------------

    async def is_leading(self) -> bool:
        """Whether it answers and its link to the PBX stands."""
        assert self.process is not None
        assert self.process.returncode is None, self.log_path.read_text()[-3000:]
        try:
            board = await self.board()
        except (aiohttp.ClientConnectionError, TimeoutError):
            return False
        return bool(board["links"]) and all(board["links"].values())

    async def get(self, path: str, **query: str) -> Any:
        """Read something as the supervisor. Raises aiohttp's errors while nobody answers."""
        if not self._token:
            self._token = await self.sign_in(SUPERVISOR, self.password)
        return await self.ask("GET", path, self._token, **query)

    async def ask(self, method: str, path: str, token: str, body: Any = None, **query: str) -> Any:
        """One request with somebody's token; it must be granted."""
        assert self._http is not None
        headers = {"Authorization": f"Bearer {token}"}
        call = self._http.request(
            method, f"/api/v1{path}", json=body, params=query, headers=headers
        )
        async with call as answer:
            text = await answer.text()
            assert answer.status < 300, f"{method} {path}: {answer.status} {text}"
            return json.loads(text) if text else None

    async def sign_in(self, login: str, password: str) -> str:
        """A token."""
        assert self._http is not None
        body = {"login": login, "password": password, "bearer": True}
        async with self._http.post("/api/v1/session", json=body) as answer:
            assert answer.status == 200, await answer.text()
            return str((await answer.json())["token"])

    async def board(self) -> dict[str, Any]:
        """The whole center now."""
        board: dict[str, Any] = await self.get("/board")
        return board

    async def records(self) -> list[dict[str, Any]]:
        """Every ended call."""
        rows: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = await self.get("/records/calls", limit="100", cursor=cursor)
            rows += page["calls"]
            cursor = page["next"]
            if not cursor:
                return rows

    async def history(self, call: str) -> dict[str, Any]:
        """One ended call with its offers and conversations."""
        history: dict[str, Any] = await self.get(f"/records/calls/{call}")
        return history

    async def health(self) -> dict[str, Any]:
        """What it says of itself to whoever watches it."""
        assert self._http is not None
        async with self._http.get("/healthz") as answer:
            health: dict[str, Any] = await answer.json()
            return health

    async def counts(self, name: str) -> dict[str, int]:
        """Counts of ``/metrics`` since this process began, by kind: ``faults`` or ``repairs``."""
        assert self._http is not None
        async with self._http.get("/metrics") as answer:
            text = await answer.text()
        found = re.findall(rf'^callcenter_{name}_total{{kind="(\w+)"}} (\S+)', text, re.M)
        return {kind: int(float(count)) for kind, count in found}


# --- the whole site -------------------------------------------------------------------------------


@dataclass
class Site:
    """A running center with its Asterisk and everybody at work."""

    folder: Path
    center: CenterProcess
    pbx: AsteriskInstance
    desks: DesksProcess
    passwords: Mapping[str, str]

    @property
    def sip_at(self) -> tuple[str, int]:
        """Where callers call."""
        return LOOPBACK, self.pbx.config.sip_port

    def prompt_s(self, name: str) -> float:
        """How long a prompt is."""
        return (self.pbx.config.sounds_dir / f"{name}.ulaw").stat().st_size / 8000


@dataclass(frozen=True)
class Place:
    """Free ports, taken before the config is written."""

    ports: Ports = field(default_factory=find_free_ports)
    http: int = field(default_factory=free_port)
    trunk: int = field(default_factory=free_port)


def write_config(
    folder: Path,
    place: Place,
    contacts: Mapping[str, str],
    queues: Sequence[Mapping[str, object]],
    flows_dir: Path | None = None,
    database_url: str = "",
) -> Path:
    """The config file of a center. ``contacts``: phone -> SIP address."""
    ports = place.ports
    data: dict[str, object] = {
        "data_dir": "data",
        "region": "IS",
        "http": {"host": LOOPBACK, "port": place.http},
        "pbxs": [
            {
                "name": "main",
                "host": LOOPBACK,
                "ami_port": ports.ami,
                "sip_port": ports.sip,
                "http_port": ports.http,
                "rtp_start": ports.rtp_start,
                "rtp_end": ports.rtp_end,
                "phones": [{"number": n, "contact": at} for n, at in contacts.items()],
                "trunks": [{"name": "carrier", "host": TRUNK_LOOPBACK, "port": place.trunk}],
            }
        ],
        "queues": [dict(queue) for queue in queues],
        "default_queue": QUEUE,
        "numbers": {"*": "service"},
    }
    if flows_dir is not None:
        data["flows_dir"] = str(flows_dir)
    if database_url:
        data["database_url"] = database_url
    path = folder / "callcenter.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return path


async def add_accounts(settings: Settings, workers: Sequence[Worker]) -> dict[str, str]:
    """Make the agents' accounts, with cheap hashes; returns their passwords."""
    passwords = {worker.login: secrets.token_urlsafe(12) for worker in workers}
    async with open_database(settings) as database:
        accounts = make_accounts(database, CHEAP_HASHES)
        for worker in workers:
            seniority = Seniority.SENIOR if worker.senior else Seniority.JUNIOR
            await accounts.add(
                AccountSettings(
                    worker.login,
                    worker.login.title(),
                    (Role.AGENT,),
                    seniority=seniority,
                    queues=(worker.queue,),
                ),
                passwords[worker.login],
            )
    return passwords


async def import_customers(config: Path, customers: Sequence[Customer]) -> None:
    """Write a CSV file and have the command line import it."""
    path = config.with_name("customers.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("id", "name", "phone", "tier", "language"))
        for one in customers:
            rows.writerow((one.id, f"Customer {one.id}", one.number, one.tier, one.language))
    said = await run_command("import", "customers", str(path), "--config", str(config), "--json")
    assert json.loads(said)["added"] == len(customers)


@asynccontextmanager
async def open_site(
    folder: Path,
    config: Path,
    workers: Sequence[Worker],
    customers: Sequence[Customer],
    seed: int,
    prepare: Callable[[CenterProcess], Awaitable[None]] | None = None,
    ami_port: int | None = None,
) -> AsyncIterator[Site]:
    """Start everything but the far ends, and have every agent ready. Ends it in the right order.

    ``prepare`` runs when the service leads and no agent is there yet. ``ami_port``: where Asterisk
    itself listens, if the config names a cable to it.
    """
    settings = load_settings(config)
    passwords = await add_accounts(settings, workers)
    password = secrets.token_urlsafe(12)
    await run_command(
        *("users", "add", SUPERVISOR, "--role", "supervisor", "--role", "manager"),
        "--password-stdin",
        *("--config", str(config)),
        stdin=f"{password}\n",
    )
    await import_customers(config, customers)
    wanted = pbx_config(settings, settings.pbxs[0])
    # Nobody qualifies the far end: SIPp's callers answer no OPTIONS.
    trunks = tuple(replace(trunk, qualify_s=0) for trunk in wanted.trunks)
    told = replace(wanted, trunks=trunks, ami_port=ami_port or wanted.ami_port)
    async with AsyncExitStack() as stack:
        pbx = await stack.enter_async_context(AsteriskInstance(folder / "asterisk", told, PROMPTS))
        center = await stack.enter_async_context(CenterProcess(config, settings, password))
        await center.start()
        if prepare is not None:
            await prepare(center)
        desks = [
            Desk(
                worker.login,
                passwords[worker.login],
                worker.phone,
                campaign=worker.campaign,
                wrap_up_s=(0.5, 1.5),
                back_s=(3.0, 5.0),
                read_s=(0.3, 1.5),
                skips=worker.skips,
            )
            for worker in workers
        ]
        url = f"http://{settings.http.host}:{settings.http.port}"
        desk_process = await stack.enter_async_context(
            DesksProcess(folder, Plan(url, seed, tuple(desks)))
        )
        await wait_until(desk_process.is_everybody_at_work, "every agent is ready", AT_WORK_S)
        yield Site(folder, center, pbx, desk_process, passwords)
