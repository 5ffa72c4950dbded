"""Runs the sample center from the first sign-in to the summary."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

from msgspec import Struct

from callcenter.bootstrap import Center, open_center
from callcenter.core.invariants import BUSY
from callcenter.demo import sample
from callcenter.demo.desks import Desk, DesksProcess, Plan
from callcenter.demo.telephony import Invite, Telephony
from callcenter.domain.call import Outcome
from callcenter.domain.customer import Tier
from callcenter.domain.records import CallRecord
from callcenter.journal.reader import read
from callcenter.service.ports import CallQuery, Role
from callcenter.service.recovery import machine_at, replay
from callcenter.simulator.asterisk_instance import free_port
from callcenter.storage.passwords import HashCost
from callcenter.storage.stores import AccountSettings

CHEAP_HASHES = HashCost(rounds=1, memory_kib=8, lanes=1)
"""Passwords of the demo are random and live for minutes: eight sign-ins need not cost 2 s."""
AT_WORK_S = 20.0
"""For all agents to be ready."""
LAST_CALLERS_S = 30.0
"""The longest a caller stays, with what the PBX takes to answer."""
SETTLE_S = 8.0
"""For what is under way when the last caller has gone: ringing, wrap-up."""
POLL_S = 0.1
RECORDS_PAGE = 500


Watch: TypeAlias = "Callable[[Demo], Coroutine[Any, Any, None]]"


class SignIn(Struct, frozen=True):
    """An account of the demo."""

    login: str
    password: str
    roles: tuple[Role, ...]


class Demo(Struct):
    """A running sample center."""

    center: Center
    telephony: Telephony
    desks: DesksProcess
    sign_ins: tuple[SignIn, ...]
    customers: list[Any]
    rng: Random


@asynccontextmanager
async def open_demo(
    folder: Path,
    telephony: Telephony,
    *,
    seed: int,
    agents: Sequence[sample.SampleAgent] = sample.AGENTS,
    queue: sample.SampleQueue | None = None,
    http_port: int = 0,
) -> AsyncIterator[Demo]:
    """Start everything in ``folder`` and have all agents at work."""
    config = sample.write_config(
        folder,
        http_port=http_port or free_port(),
        ami_port=telephony.ami_port,
        agents=tuple(agents),
        queue=queue,
        pbx=telephony.config(),
    )
    settings = sample.read_config(config)
    rng = Random(seed)
    customers = sample.make_customers(rng)
    try:
        await telephony.start(settings)
        async with open_center(settings, hash_cost=CHEAP_HASHES) as center:
            sign_ins = await _fill(center, agents, customers)
            plan = Plan(
                center.url,
                seed,
                tuple(
                    Desk(agent.login, sign_in.password, agent.phone.number)
                    for agent, sign_in in zip(agents, sign_ins, strict=False)
                ),
            )
            async with DesksProcess(folder, plan) as desks:
                demo = Demo(center, telephony, desks, sign_ins, customers, rng)
                await _wait(desks.is_everybody_at_work, AT_WORK_S, "all agents to be ready")
                yield demo
    finally:
        await telephony.stop()


async def _fill(
    center: Center, agents: Sequence[sample.SampleAgent], customers: list[Any]
) -> tuple[SignIn, ...]:
    """Make the accounts and the customers."""
    people = [(agent.login, agent.name, Role.AGENT, agent.seniority) for agent in agents]
    others = [("sam", "Sam Supervisor", Role.SUPERVISOR), ("max", "Max Manager", Role.MANAGER)]
    sign_ins = []
    for login, name, role, seniority in people:
        password = secrets.token_urlsafe(9)
        await center.accounts.add(
            AccountSettings(login, name, (role,), seniority=seniority, queues=(sample.QUEUE,)),
            password,
        )
        sign_ins.append(SignIn(login, password, (role,)))
    for login, name, role in others:
        password = secrets.token_urlsafe(9)
        await center.accounts.add(AccountSettings(login, name, (role,)), password)
        sign_ins.append(SignIn(login, password, (role,)))
    await center.directory.import_rows(customers)
    return tuple(sign_ins)


async def _wait(is_so: Callable[[], bool], limit_s: float, what: str) -> None:
    """Look again and again until something in another process is so."""
    loop = asyncio.get_running_loop()
    until = loop.time() + limit_s
    while not is_so():
        if loop.time() > until:
            raise TimeoutError(f"waited {limit_s:g} s for {what}")
        await asyncio.sleep(POLL_S)


async def run_for(demo: Demo, seconds: float, watch: Watch | None = None) -> None:
    """Have callers come in so that the last has gone after about ``seconds``; then settle."""
    window_s = max(5.0, seconds - LAST_CALLERS_S)
    count = max(6, round(sample.CALLS_PER_AGENT_MINUTE * len(sample.AGENTS) * window_s / 60))
    await demo.telephony.call(sample.make_callers(demo.rng, demo.customers, window_s, count))
    watching = asyncio.create_task(watch(demo)) if watch is not None else None
    try:
        await asyncio.sleep(window_s)
        await _wait(
            lambda: len(demo.center.hub.state.calls) == 0, LAST_CALLERS_S, "the last caller to go"
        )
        await _wait(lambda: not _busy(demo), SETTLE_S, "the last agent to be done")
    except TimeoutError:
        pass  # whoever is still bound is counted as stuck
    finally:
        if watching is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
    await demo.center.projector.wait_for(demo.center.hub.position)


def _busy(demo: Demo) -> list[str]:
    return [agent.id for agent in demo.center.hub.state.agents.values() if agent.state in BUSY]


async def run_on(demo: Demo, watch: Watch | None = None, window_s: float = 60.0) -> None:
    """Have callers come in until cancelled."""
    watching = asyncio.create_task(watch(demo)) if watch is not None else None
    try:
        while True:
            count = round(sample.CALLS_PER_AGENT_MINUTE * len(sample.AGENTS) * window_s / 60)
            await demo.telephony.call(
                sample.make_callers(demo.rng, demo.customers, window_s, count)
            )
            await asyncio.sleep(window_s)
    finally:
        if watching is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


# --- the summary --------------------------------------------------------------------------------


async def summarize(demo: Demo) -> dict[str, Any]:
    """The figures of a run, without ``replay_equal``: that needs the center to have ended."""
    calls = await read_calls(demo.center)
    queued = [call for call in calls if call.queue]
    gold = [call for call in queued if call.tier is Tier.GOLD]
    return {
        "pbx": demo.telephony.name,
        "asterisk_version": demo.telephony.version,
        "inbound": {
            "offered": len(queued),
            "answered": _answered(queued),
            "abandoned": sum(call.outcome is Outcome.ABANDONED for call in queued),
            "left_in_ivr": sum(call.outcome is Outcome.LEFT_IN_IVR for call in calls),
            "gold": {
                "offered": len(gold),
                "answered": _answered(gold),
                "by_senior": sum(call.answered_by_senior for call in gold),
            },
        },
        "pops": count_pops(demo.desks.lines(), demo.telephony.invites(), phones_of(demo.center)),
        "faults": sum(demo.center.hub.faults.values()),
        "repairs": sum(demo.center.hub.repairs.values()),
        "stuck_agents": len(_busy(demo)),
    }


async def read_calls(center: Center) -> list[CallRecord]:
    """Every ended call, from the database."""
    calls: list[CallRecord] = []
    cursor = ""
    while True:
        page = await center.records.calls(CallQuery(RECORDS_PAGE, cursor))
        calls += page.rows
        cursor = page.next
        if not cursor:
            return calls


def _answered(calls: Sequence[CallRecord]) -> int:
    return sum(call.outcome is Outcome.ANSWERED for call in calls)


def phones_of(center: Center) -> dict[str, str]:
    """Phone -> agent working on it."""
    return {agent.phone: agent.id for agent in center.hub.state.agents.values() if agent.phone}


def count_pops(
    lines: Sequence[dict[str, Any]], invites: Sequence[Invite], agent_of: dict[str, str]
) -> dict[str, int]:
    """How many cards the desktops got, and before how many of them no phone had rung.

    Each INVITE at a phone uses up the earliest card its agent got; a card is late when an INVITE
    comes that finds none. Cards sent again (after a reconnect, or completed later) do not count.
    """
    waiting: dict[str, list[float]] = {}
    seen: dict[tuple[str, str, int], None] = {}
    sent = 0
    for line in lines:
        if line["event"] != "card" or line["again"] or not _is_first(line, seen):
            continue
        waiting.setdefault(line["agent"], []).append(line["at"])
        sent += 1
    late = 0
    for invite in sorted(invites, key=lambda invite: invite.at):
        cards = waiting.get(agent_of.get(invite.phone, ""), [])
        if cards and cards[0] <= invite.at:
            cards.pop(0)
        else:
            late += 1
    return {"sent": sent, "before_ring": sent - late}


def _is_first(line: dict[str, Any], seen: dict[tuple[str, str, int], None]) -> bool:
    """A card that was sent incomplete comes a second time under the same call, complete."""
    key = (line["agent"], line["call"], 0)
    if line["complete"] and key in seen:
        del seen[key]
        return False
    if not line["complete"]:
        seen[key] = None
    return True


def is_replay_equal(journal: Path) -> bool:
    """Whether the journal, stepped again, gives the same commands and records."""
    found = read(journal)
    return not replay(machine_at(found.header.journal, found.snapshot), found.entries).differences
