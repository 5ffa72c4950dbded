"""A whole center drawn from a seed, played for hours in a faulty world, and judged at the end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Struct

from callcenter.core.invariants import broken
from callcenter.domain.agent import AgentProfile, Seniority
from callcenter.domain.attempt import AttemptResult
from callcenter.domain.campaign import (
    CallingWindow,
    CampaignSettings,
    HopperRow,
    Pacing,
    RetryRule,
)
from callcenter.domain.center import REVIEW_EVERY_S, Center, Queue
from callcenter.domain.customer import Tier
from callcenter.domain.flow import Flow, HangupNode, MenuNode, PlayNode, QueueNode
from callcenter.domain.ids import ATTEMPT_PREFIX, LEG_PREFIX
from callcenter.pbx.ami.translate import WANTED
from callcenter.simulator.caps import find_over_caps
from callcenter.simulator.contact_list import ContactList
from callcenter.simulator.day import Broken, Setting
from callcenter.simulator.desktops import DesktopHabits
from callcenter.simulator.exchange import PbxSettings
from callcenter.simulator.faults import KINDS, Fault, FaultKind, plan_faults
from callcenter.simulator.faulty_day import FaultyDay
from callcenter.simulator.people import Customer, PhoneHabits, Population
from callcenter.simulator.sessions import fence_account, leader_account
from callcenter.simulator.shrinking import Shrunk, shrink
from callcenter.simulator.stage import Deed
from callcenter.simulator.world import World

BEGIN = 1_700_000_000.0
"""When every simulated day begins, UTC seconds."""
HOUR_S = 3600.0
CAMPAIGN_SHARE = 0.4
"""Agents who dial; the others answer."""
TALK_S = 120.0
HANDLING_S = 140.0
"""Of a caller: talk, wrap-up and ringing."""
OCCUPANCY = 0.92
"""Callers for so much of the inbound agents' time: with breaks and faults more than they can do."""
CONTACTS_PER_AGENT_HOUR = 150
DRAIN_STEP_S = 60.0
DRAIN_S = 2 * HOUR_S
"""Within this after the last fault everybody has gone: a clock that was set back half an hour ahead
makes every deadline as much later."""
QUIET_S = 240.0
"""After the last call: wrap-ups end, lines are open again."""
GOOD_BYE_KEY = "9"

T = TypeVar("T")
Progress = Callable[[FaultyDay], None]

FLOW = Flow(
    id="main",
    version=1,
    start="welcome",
    nodes={
        "welcome": PlayNode("welcome", "menu"),
        "menu": MenuNode(
            "menu", {"1": "service", "2": "sales", GOOD_BYE_KEY: "bye"}, otherwise="service"
        ),
        "service": QueueNode("service"),
        "sales": QueueNode("sales"),
        "bye": HangupNode("bye"),
    },
    default_queue="service",
)
R = AttemptResult
CAMPAIGN = CampaignSettings(
    id="renewals",
    name="Renewals",
    pbx="main",
    trunk="trunk",
    pacing=Pacing.PREDICTIVE,
    ring_s=18.0,
    window=CallingWindow(0, 1440, tuple(range(7))),
    retries={
        R.BUSY: RetryRule(120.0, 3),
        R.NO_ANSWER: RetryRule(600.0, 2),
        R.MACHINE: RetryRule(900.0, 2),
        R.CONGESTION: RetryRule(60.0, 5),
        R.FAILED: RetryRule(60.0, 5),
        R.UNKNOWN: RetryRule(300.0, 3),
    },
    wrap_up_s=20.0,
)


class Scenario(Struct, frozen=True):
    """What is simulated."""

    seed: int
    hours: float
    agents: int
    faults: str
    """``none``, ``some`` or ``all``."""
    review_every_s: float = REVIEW_EVERY_S
    """How often the machine reads the PBX by itself."""
    contacts: int = 0
    """How many are on the campaign's list; 0: more than can be dialed. Few are dialed again and
    again."""
    pacing: Pacing = CAMPAIGN.pacing

    def plan(self) -> tuple[Fault, ...]:
        """Everything that goes wrong."""
        return plan_faults(self.seed, BEGIN, self.hours * HOUR_S, KINDS[self.faults])


class Outcome(Struct, frozen=True):
    """What came of it. Counts are of the whole run."""

    seed: int
    hours: float
    agents: int
    faults: dict[str, int]
    """Faults that came about, by kind."""
    steps: int
    calls: int
    attempts: int
    readings: int
    """Answers to readings that the machine asked for; those after a connection are not counted."""
    repairs: dict[str, int]
    faults_recorded: dict[str, int]
    stuck_agents: list[str]
    callers: int
    """Who dialed in, by their own log."""
    callers_lost: int
    """Hung up on before they spoke with anybody, although neither the flow nor a restart of the PBX
    ended their call."""
    replay_equal: bool
    processor_s: float
    """Seconds of one processor that it took."""
    hours_per_hour: float
    """Simulated hours in an hour of one processor."""


def make_day(
    scenario: Scenario, faults: tuple[Fault, ...], kind: type[FaultyDay] = FaultyDay
) -> FaultyDay:
    """The center, its people and what goes wrong with them."""
    phones = {
        f"{1001 + n}": PhoneHabits(
            answer_after_s=(1.0, 8.0),
            reject_share=0.02,
            ignore_share=0.03,
            unreachable_share=0.01,
            talk_s=(5.0, 200.0),
            tire_share=0.02,
        )
        for n in range(scenario.agents)
    }
    world = World(
        scenario.seed,
        BEGIN,
        PbxSettings(phones=tuple(phones), told=frozenset(WANTED)),
        (leader_account("secret"), fence_account("secret")),
        phones=phones,
    )
    center = Center(
        queues=(
            Queue("service", ring_timeout_s=12.0, wrap_up_s=20.0, senior_hold_s=20.0),
            Queue("sales", ring_timeout_s=15.0, wrap_up_s=30.0, senior_hold_s=10.0),
        ),
        flows=(FLOW,),
        numbers={"*": FLOW.id},
        phones=dict.fromkeys(phones, "main"),
        default_queue="service",
        region="IS",
        pbxs=("main",),
        review_every_s=scenario.review_every_s,
    )
    dialers = round(scenario.agents * CAMPAIGN_SHARE)
    agents = tuple(_agent(n, phone, n < dialers) for n, phone in enumerate(phones))
    tiers = {f"+354555{n:04d}": tuple(Tier)[n % 3] for n in range(20 * scenario.agents)}
    contacts = ContactList()
    wanted = scenario.contacts or round(CONTACTS_PER_AGENT_HOUR * dialers * scenario.hours) + 100
    zones = ("Atlantic/Reykjavik",)
    contacts.add(
        CAMPAIGN.id, tuple(HopperRow(str(n), f"+3546{n:06}", zones) for n in range(wanted))
    )
    campaign = msgspec.structs.replace(CAMPAIGN, pacing=scenario.pacing)
    campaigns = (campaign,) if dialers else ()
    setting = Setting(scenario.seed, center, agents, tiers, campaigns, fence=("fence", "secret"))
    day = kind(setting, world, contacts, faults)
    world.open_lines(
        Population(
            dialed=("7000", "7001"),
            rate_per_s=OCCUPANCY * (scenario.agents - dialers) / HANDLING_S,
            customers=tuple(Customer(number, tier) for number, tier in tiers.items()),
            withheld_share=0.05,
            menus={"cc/menu": {"1": 6.0, "2": 3.0, GOOD_BYE_KEY: 1.0, "": 1.0, "5": 1.0}},
            talk_s_mean=TALK_S,
        )
    )
    return day


def _agent(n: int, phone: str, dials: bool) -> tuple[AgentProfile, str, DesktopHabits]:
    queues = ("service", "sales") if n % 2 else ("service",)
    seniority = Seniority.SENIOR if n % 3 == 0 else Seniority.JUNIOR
    habits = DesktopHabits(
        campaign=CAMPAIGN.id if dials else "",
        forget_share=0.1,
        break_share=0.05,
        break_s=(20.0, 300.0),
        end_call_share=0.1,
        untouched_share=0.03,
    )
    return AgentProfile(f"agent{n}", queues, seniority), phone, habits


def play(
    scenario: Scenario,
    faults: tuple[Fault, ...] | None = None,
    *,
    progress: Progress = lambda day: None,
    progress_every_s: float = 600.0,
) -> Outcome:
    """Play it to the end; raises ``Broken``. ``faults``: instead of the seed's plan."""
    began = time.process_time()
    faults = scenario.plan() if faults is None else faults
    day = make_day(scenario, faults)
    end = BEGIN + scenario.hours * HOUR_S
    now = BEGIN
    while now < end:
        now = min(end, now + progress_every_s)
        day.run(now)
        progress(day)
    drain(day)
    replay_equal = day.is_replayed()
    problems = find_at_end(day)
    if problems:
        raise day.broken("the end of the day", problems)
    took_s = time.process_time() - began
    return Outcome(
        seed=scenario.seed,
        hours=scenario.hours,
        agents=scenario.agents,
        faults=_by_name(day.done),
        steps=day.state.position,
        calls=day.calls,
        attempts=len(day.attempts),
        readings=day.readings,
        repairs=dict(sorted(day.repaired.items())),
        faults_recorded=dict(sorted(day.faulted.items())),
        stuck_agents=day.stuck_agents(),
        callers=day.world.counters.total.offered,
        callers_lost=len(find_lost(day)),
        replay_equal=replay_equal,
        processor_s=round(took_s, 3),
        hours_per_hour=round(scenario.hours * HOUR_S / took_s, 1),
    )


def _by_name(counts: Counter[FaultKind]) -> dict[str, int]:
    return {kind.value: counts[kind] for kind in FaultKind if counts[kind]}


def drain(day: FaultyDay) -> None:
    """No new calls; let everybody finish, with nothing going wrong any more."""
    day.world.close_lines()
    day.drain()
    end = day.world.now + DRAIN_S
    while day.world.now < end and not _is_quiet(day):
        day.run(day.world.now + DRAIN_STEP_S)
    day.run(day.world.now + QUIET_S)
    day.sync()


def _is_quiet(day: FaultyDay) -> bool:
    is_known = day.is_alive and day.link.is_up
    return is_known and not (day.state.calls or day.state.attempts or day.world.callers)


def find_at_end(day: FaultyDay) -> list[str]:
    """What is wrong after everybody has finished: with the state, the PBX or the far ends' logs."""
    state = day.state
    lines = {agent.line.id for agent in state.agents.values() if agent.line is not None}
    channels = day.world.pbx.exchange.channels
    dialed = [call.channel for call in day.world.dialed]
    rung = [entry.channel for entry in day.world.log if entry.deed is Deed.INVITED]
    ours = [channel for channel in (*dialed, *rung) if _is_ours(channel)]
    return [
        *broken(state),
        *day.take_problems(),
        *(f"call {call.id} ({call.state}) never ended" for call in state.calls.values()),
        *(f"attempt {a.id} ({a.state}) never ended" for a in state.attempts.values()),
        *(f"agent {agent} is stuck" for agent in day.stuck_agents()),
        *(f"channel {one} is left in the PBX" for one in channels if one not in lines),
        *(f"line {line} is not in the PBX" for line in sorted(lines) if line not in channels),
        *(
            f"leg {leg.channel} is left"
            for leg in state.legs.values()
            if leg.channel.id not in lines
        ),
        *(f"{one} was dialed {count} times" for one, count in Counter(ours).items() if count > 1),
        *(f"{one} was dialed, and no entry says so" for one in ours if one not in day.ordered),
        *(f"{one} was dialed and has no result" for one in dialed if one not in day.attempts),
        *(f"{who} was hung up on" for who in find_lost(day)),
        *find_over_caps(
            day.world.dialed,
            {record.channel.id: record for record in day.attempts.values()},
            CAMPAIGN.retries,
            is_clock_true=not day.done[FaultKind.CLOCK_JUMP],
        ),
        *_compare_database(day),
    ]


def _compare_database(day: FaultyDay) -> list[str]:
    """Where the database's counts are not those of the journal."""
    kept = _get(day.database.counts())
    counts: tuple[tuple[str, object, object], ...] = (
        ("calls", kept.calls, day.calls),
        ("attempts", sum(kept.attempts.values()), len(day.attempts)),
        ("faults", kept.faults, dict(day.faulted)),
        ("repairs", kept.repairs, dict(day.repaired)),
    )
    return [
        f"the database has {there} {name}, the journal {ours}"
        for name, there, ours in counts
        if there != ours
    ]


def _get(answer: Coroutine[Any, Any, T]) -> T:
    """What a database in memory, which never waits, answers."""
    try:
        answer.send(None)
    except StopIteration as done:
        return cast(T, done.value)
    raise AssertionError("the database in memory waits for something")


def _is_ours(channel: str) -> bool:
    return channel.startswith((LEG_PREFIX, ATTEMPT_PREFIX))


def find_lost(day: FaultyDay) -> list[str]:
    """Callers whom the PBX hung up on, although they had spoken to nobody, had not chosen the
    good-bye, and the PBX was not restarted."""
    lost: dict[str, None] = {}
    cleared: dict[str, None] = {}
    for entry in day.world.log:
        says_good_bye = entry.deed is Deed.PRESSED and entry.detail == GOOD_BYE_KEY
        if entry.deed is Deed.HEARD_PERSON or says_good_bye:
            cleared[entry.party] = None
        is_hung_up = entry.deed is Deed.WAS_HUNG_UP and entry.detail != "restart"
        if is_hung_up and entry.party.startswith("caller-") and entry.party not in cleared:
            lost[entry.party] = None
    return list(lost)


def find_story(scenario: Scenario, first: Broken) -> Shrunk:
    """The shortest story of a break, by playing the seed again with fewer faults."""

    def play_with(faults: tuple[Fault, ...]) -> Broken | None:
        try:
            play(scenario, faults)
        except Broken as broken:
            return broken
        return None

    return shrink(play_with, first, scenario.plan())


def tell(shrunk: Shrunk) -> list[str]:
    """The story, line by line. Times in seconds since the beginning of the day."""
    broken = shrunk.broken
    return [
        f"broken after {broken.at - BEGIN:.3f} s at step {broken.step}, by {broken.event}:",
        *(f"  {problem}" for problem in broken.problems),
        f"what has to go wrong for it ({len(shrunk.faults)} faults, {shrunk.runs} plays):",
        *(f"  {_tell_fault(fault)}" for fault in shrunk.faults),
        "the steps before it:",
        *(f"  {line}" for line in broken.tail),
    ]


def _tell_fault(fault: Fault) -> str:
    at, until = fault.at - BEGIN, fault.until - BEGIN
    return f"{at:.3f} to {until:.3f} s: {fault.kind} (#{fault.index})"


def describe(outcome: Outcome) -> dict[str, Any]:
    """The outcome as one JSON object."""
    return {name: getattr(outcome, name) for name in Outcome.__struct_fields__}
