"""Runs the sample center from the first sign-in to the summary."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import msgspec
import structlog
from msgspec import Struct

from callcenter.bootstrap import Center, open_center
from callcenter.core.invariants import BUSY
from callcenter.demo import arrivals, renewals, sample, summary
from callcenter.demo.desks import Desk, DesksProcess, Plan
from callcenter.demo.manager import Manager, RefusedError
from callcenter.demo.renewals import CAMPAIGN, SampleContact
from callcenter.demo.telephony import Telephony
from callcenter.documents.customers_csv import CustomerRow
from callcenter.domain.records import CallRecord
from callcenter.service.ports import CallQuery, Role
from callcenter.simulator.asterisk_instance import free_port
from callcenter.storage.passwords import HashCost
from callcenter.storage.stores import AccountSettings

CHEAP_HASHES = HashCost(rounds=1, memory_kib=8, lanes=1)
"""Passwords of the demo are random and live for minutes: fifteen sign-ins need not cost 4 s."""
AT_WORK_S = 60.0
"""For all agents to be ready, and for the campaign's lines to be open."""
SETTLE_S = 30.0
"""For what is under way when the last caller should have gone."""
POLL_S = 0.1
RECORDS_PAGE = 500
WRITTEN_TRIES = 20
"""How often the far ends' logs are read until they agree: a call's last message is in them a moment
after its end."""

CALLERS_MIN = 12
LOAD = 1.2
"""Calls for each that the service line's agents can take: there must be waiting to be seen."""
AROUND_S = 4.0
"""What a conversation costs an agent besides: ringing and wrap-up."""
STAY_SHARE = 0.4
"""How long callers stay at most, of a run that ends by itself."""
STAY_S = 12.0, 26.0
"""The bounds of that."""
DIALED_S = 18.0
"""What the last calls of the campaign take from the dialing on: no answer after 15 s, or a talk."""
DIAL_S_MIN = 4.0
"""So long it takes to dial the first contacts, of whom every kind of result comes."""
WINDOW_S_MIN = 5.0
HOUR_S, STAY_IN_HOUR_S = 180.0, 20.0
"""An hour of the sample center, when nobody says when to end; and the longest call in it."""
FAST_S = 8.0
"""So long the campaign dials far ahead; then the manager slows it down."""
LIST_LOW = 40
"""With fewer contacts left another list is imported."""

Watch: TypeAlias = "Callable[[Demo], Coroutine[Any, Any, None]]"


class SignIn(Struct, frozen=True):
    """An account of the demo."""

    login: str
    password: str
    role: Role
    phone: str = ""
    """An agent's."""


class Demo(Struct):
    """A running sample center."""

    center: Center
    telephony: Telephony
    desks: DesksProcess
    manager: Manager
    visitor: tuple[SignIn, ...]
    """The three sign-ins for whoever watches: agent, supervisor, manager. No program plays them."""
    customers: list[CustomerRow]
    lists: Iterator[tuple[str, str]]
    """Lists of contacts that were not imported yet: name and CSV text."""
    began_at: float
    """Before anything had happened, UTC seconds."""
    rng: Random
    log_path: Path
    """What the center logs, one JSON object a line."""
    imports: list[dict[str, Any]] = []
    """Reports of the lists imported so far."""


def make_people(seed: int) -> tuple[list[CustomerRow], list[SampleContact]]:
    """Customers, and those of them whom the campaign dials."""
    customers = sample.make_customers(Random(f"{seed}/customers"))
    return customers, renewals.make_contacts(Random(f"{seed}/contacts"), customers)


@asynccontextmanager
async def open_demo(
    folder: Path,
    telephony: Telephony,
    customers: list[CustomerRow],
    contacts: list[SampleContact],
    *,
    seed: int,
    http_port: int = 0,
) -> AsyncIterator[Demo]:
    """Start everything in ``folder`` and have all agents at work; nobody calls or is dialed yet."""
    config = sample.write_config(
        folder,
        http_port=http_port or free_port(),
        ami_port=telephony.ami_port,
        agents=(*sample.AGENTS, sample.VISITOR),
        pbx=telephony.config(),
    )
    settings = sample.read_config(config)
    log_path = folder / "center.log"
    began_at = time.time()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(telephony.stop)
        await telephony.start(settings)
        stack.enter_context(_logging_to(log_path))
        center = await stack.enter_async_context(open_center(settings, hash_cost=CHEAP_HASHES))
        desks = [_desk(agent, await _add_agent(center, agent)) for agent in sample.AGENTS]
        visitor = (
            await _add_agent(center, sample.VISITOR),
            await _add(center, "sam", "Sam Supervisor", Role.SUPERVISOR),
            await _add(center, "max", "Max Manager", Role.MANAGER),
        )
        await center.directory.import_rows(customers)
        manager = Manager(center.url, visitor[2].login, visitor[2].password)
        demo = Demo(
            center=center,
            telephony=telephony,
            desks=DesksProcess(folder, Plan(center.url, seed, tuple(desks))),
            manager=await stack.enter_async_context(manager),
            visitor=visitor,
            customers=customers,
            lists=renewals.lists(contacts),
            began_at=began_at,
            rng=Random(f"{seed}/callers"),
            log_path=log_path,
        )
        await _make_campaign(demo)
        await stack.enter_async_context(demo.desks)
        await _wait_for_work(demo)
        yield demo


@contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    """Have log lines go into this file."""
    before = structlog.get_config()
    with path.open("a", encoding="utf-8", buffering=1) as file:
        structlog.configure(
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
            logger_factory=structlog.WriteLoggerFactory(file),
            cache_logger_on_first_use=False,
        )
        try:
            yield
        finally:
            structlog.configure(**before)


async def _add_agent(center: Center, agent: sample.SampleAgent) -> SignIn:
    password = secrets.token_urlsafe(9)
    await center.accounts.add(
        AccountSettings(
            agent.login,
            agent.name,
            (Role.AGENT,),
            seniority=agent.seniority,
            queues=(sample.QUEUE,),
            team=agent.team,
        ),
        password,
    )
    return SignIn(agent.login, password, Role.AGENT, agent.phone.number)


async def _add(center: Center, login: str, name: str, role: Role) -> SignIn:
    password = secrets.token_urlsafe(9)
    await center.accounts.add(AccountSettings(login, name, (role,)), password)
    return SignIn(login, password, role)


def _desk(agent: sample.SampleAgent, sign_in: SignIn) -> Desk:
    desk = Desk(sign_in.login, sign_in.password, sign_in.phone, agent.campaign)
    return msgspec.structs.replace(desk, codes=renewals.CODES) if agent.campaign else desk


async def _make_campaign(demo: Demo) -> None:
    """Make it and import its first list, as a manager would."""
    await demo.manager.save(CAMPAIGN, renewals.settings())
    await _import_next(demo)


async def _import_next(demo: Demo) -> None:
    name, text = next(demo.lists, ("", ""))
    if name:
        demo.imports.append(await demo.manager.import_contacts(CAMPAIGN, name, text))


async def _wait_for_work(demo: Demo) -> None:
    workers = sum(1 for agent in sample.AGENTS if agent.campaign)
    await _wait(demo.desks.is_everybody_at_work, AT_WORK_S, "all agents to be ready")
    await demo.manager.wait_until(
        CAMPAIGN,
        lambda view: view["agents_ready"] == view["lines_open"] == workers,
        AT_WORK_S,
        "the campaign's lines to be open",
    )


async def _wait(is_so: Callable[[], bool], limit_s: float, what: str) -> None:
    """Look again and again until something is so; raises ``TimeoutError``."""
    loop = asyncio.get_running_loop()
    until = loop.time() + limit_s
    while not is_so():
        if loop.time() > until:
            raise TimeoutError(f"waited {limit_s:g} s for {what}")
        await asyncio.sleep(POLL_S)


# --- a run --------------------------------------------------------------------------------------


async def run_for(demo: Demo, seconds: float, watch: Watch | None = None) -> None:
    """Have people call and be dialed so that the last has gone after about ``seconds``."""
    stay_s_max = min(max(STAY_S[0], seconds * STAY_SHARE), STAY_S[1])
    window_s = max(WINDOW_S_MIN, seconds - stay_s_max - 2.0)
    dial_s = max(DIAL_S_MIN, seconds - DIALED_S)
    async with _watched(demo, watch):
        await demo.manager.start(CAMPAIGN)
        await demo.telephony.call(_callers(demo, window_s, stay_s_max, LOAD))
        await asyncio.gather(_drain_after(demo, dial_s), asyncio.sleep(window_s))
        with suppress(TimeoutError):  # whoever is still bound is counted as stuck
            limit_s = stay_s_max + SETTLE_S
            await _wait(lambda: not _live(demo), limit_s, "the last call to end")
            await _wait(lambda: not _busy(demo), SETTLE_S, "the last agent to be done")
    await demo.center.projector.wait_for(demo.center.hub.position)


async def _drain_after(demo: Demo, seconds: float) -> None:
    await asyncio.sleep(seconds)
    with suppress(RefusedError):  # it has finished: somebody ended it at the page
        await demo.manager.drain(CAMPAIGN)


async def run_on(demo: Demo, watch: Watch | None = None) -> None:
    """Have people call and be dialed until cancelled, one hour of a day after the other."""
    hour = 0
    async with _watched(demo, watch):
        await demo.manager.start(CAMPAIGN)
        while True:
            load = LOAD * arrivals.DAY[hour % len(arrivals.DAY)]
            await demo.telephony.call(_callers(demo, HOUR_S, STAY_IN_HOUR_S, load))
            if hour == 0:
                await asyncio.sleep(FAST_S)
                slow = renewals.settings(renewals.SLOW_LINES_PER_AGENT)
                await demo.manager.save(CAMPAIGN, slow)
            await _dial_on(demo, HOUR_S)
            hour += 1


async def _dial_on(demo: Demo, seconds: float) -> None:
    """Wait, and see to it that there is always somebody to be dialed."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until:
        counts = (await demo.manager.view(CAMPAIGN))["counts"]
        if counts["at"] and counts["due"] < LIST_LOW:
            await _import_next(demo)
        await asyncio.sleep(min(5.0, max(0.0, until - loop.time())))


def _callers(
    demo: Demo, window_s: float, stay_s_max: float, load: float
) -> list[arrivals.SampleCaller]:
    """The callers of an hour. ``load``: calls for each that those agents can take who answer."""
    takers = sum(1 for a in sample.AGENTS if not a.campaign and a.phone.behaviour == "answer")
    each_s = stay_s_max * (1 + arrivals.PATIENT_SHARE) / 2 + AROUND_S
    count = max(CALLERS_MIN, round(load * takers * window_s / each_s))
    return arrivals.draw_callers(demo.rng, demo.customers, window_s, count, stay_s_max)


@asynccontextmanager
async def _watched(demo: Demo, watch: Watch | None) -> AsyncIterator[None]:
    """Have somebody look on meanwhile."""
    watching = asyncio.create_task(watch(demo)) if watch is not None else None
    try:
        yield
    finally:
        if watching is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


def _live(demo: Demo) -> bool:
    state = demo.center.hub.state
    return len(state.calls) > 0 or len(state.attempts) > 0


def _busy(demo: Demo) -> list[str]:
    return [agent.id for agent in demo.center.hub.state.agents.values() if agent.state in BUSY]


# --- the summary --------------------------------------------------------------------------------


async def summarize(demo: Demo) -> tuple[dict[str, Any], list[str]]:
    """The figures of a run, without ``replay_equal``: that needs the center to have ended.

    Beside them, in words, what the far ends saw differently.
    """
    told = {
        "inbound": summary.count_inbound(await _read_calls(demo.center)),
        "outbound": summary.count_outbound(await demo.manager.attempts(CAMPAIGN)),
    }
    reported = await _read_reports(demo)
    for _ in range(WRITTEN_TRIES):
        counted = demo.telephony.count()
        differences = summary.find_disagreements(told, counted)
        report_differences = summary.find_disagreements(
            reported, summary.in_reports(counted), by="the reports"
        )
        if not differences and not report_differences:
            break
        await asyncio.sleep(POLL_S)
    figures = {
        "pbx": demo.telephony.name,
        "asterisk_version": demo.telephony.version,
        "inbound": told["inbound"],
        "pops": summary.count_pops(
            demo.desks.lines(), demo.telephony.heard(), summary.read_written(demo.log_path)
        ),
        "outbound": told["outbound"],
        "faults": sum(demo.center.hub.faults.values()),
        "repairs": sum(demo.center.hub.repairs.values()),
        "stuck_agents": len(_busy(demo)),
        "logs_agree": not differences,
        "reports_agree": not report_differences,
    }
    return figures, differences + report_differences


async def _read_reports(demo: Demo) -> dict[str, Any]:
    """The totals of the reports of this run, as the API tells them."""
    period = demo.began_at, time.time() + 1.0
    return {
        "inbound": summary.count_reported_calls(await demo.manager.report("queues", *period)),
        "outbound": summary.count_reported_attempts(
            await demo.manager.report("campaigns", *period)
        ),
    }


async def _read_calls(center: Center) -> list[CallRecord]:
    """Every ended call, from the database."""
    calls: list[CallRecord] = []
    cursor = ""
    while True:
        page = await center.records.calls(CallQuery(RECORDS_PAGE, cursor))
        calls += page.rows
        cursor = page.next
        if not cursor:
            return calls
