"""A made-up center whose traffic is known."""

from __future__ import annotations

import math
from collections.abc import Sequence

from callcenter.domain.agent import AgentProfile, Seniority
from callcenter.domain.center import Center, Queue
from callcenter.domain.customer import Tier
from callcenter.domain.rehearsal import Plan
from callcenter.domain.rules import DEFAULT_RULES, Preset, Rule, Rules, Treatment
from callcenter.domain.survival import Hazard, start_hazard
from callcenter.rehearsal.traffic import (
    SLOTS_OF_WEEK,
    CallerKind,
    Duty,
    Lasting,
    Staffing,
    Stream,
    Traffic,
    WorkedDay,
)

QUEUE = "service"
MONDAY = 1_780_272_000.0
"""2026-06-01 00:00 UTC."""
NOW = MONDAY + 12 * 3600.0
EXPONENTIAL = math.sqrt(math.log(2.0))
"""The sigma with which a lognormal varies as much as an exponential does."""
AT_ONCE = Lasting(-7.0, 0.0)
"""A millisecond."""
ENDLESS = Hazard((0.0,) * 7, (1.0,) * 7)
"""Nobody hangs up."""

EQUAL_WAITS = Rules((Rule("everybody", Treatment()),), preset=Preset.EQUAL_WAITS)
GOLD_FIRST = Rules((Rule("everybody", Treatment()),), preset=Preset.GOLD_FIRST)


def make_center(**changes: float) -> Center:
    """One queue, to which every number leads."""
    return Center((Queue(QUEUE, wrap_up_s=30.0, **changes),), (), {}, {}, QUEUE)


def make_agents(count: int, seniors: int = 0) -> tuple[AgentProfile, ...]:
    """So many agents of the queue, the first of them seniors."""
    return tuple(
        AgentProfile(
            f"a{number}", (QUEUE,), Seniority.SENIOR if number < seniors else Seniority.JUNIOR
        )
        for number in range(count)
    )


def make_traffic(
    agents: Sequence[AgentProfile],
    *,
    load: float,
    talk_s: float = 120.0,
    sigma: float = EXPONENTIAL,
    patience: Hazard | None = None,
    tiers: Sequence[Tier] = (Tier.STANDARD,),
    ring: Lasting = AT_ONCE,
    wrap_up: Lasting = AT_ONCE,
) -> Traffic:
    """The same at every hour of the week; everybody works round the clock."""
    rate = load * len(agents) / talk_s
    duties = tuple(Duty(agent.id, 0.0, 86400.0) for agent in agents)
    talk = Lasting(math.log(talk_s) - sigma**2 / 2.0, sigma)
    sides = ("junior", "senior")
    return Traffic(
        streams=(
            Stream(
                "7000",
                QUEUE,
                (rate * 900.0,) * SLOTS_OF_WEEK,
                tuple(CallerKind(tier) for tier in tiers),
            ),
        ),
        talk={f"{QUEUE}/{tier}/{side}": talk for tier in Tier for side in sides},
        wrap_up=dict.fromkeys(sides, wrap_up),
        ring=ring,
        pace={},
        patience={f"{QUEUE}/{tier}": patience or start_hazard(300.0, 10.0) for tier in Tier},
        unresolved={"senior": 0.10, "junior": 0.22},
        staffing=Staffing("history", tuple(WorkedDay(weekday, duties) for weekday in range(7))),
    )


def make_plan(
    agents: Sequence[AgentProfile],
    *,
    new: Rules = DEFAULT_RULES,
    current: Rules = DEFAULT_RULES,
    seeds: int = 2,
    hours: float = 1.0,
    day: str = "",
) -> Plan:
    """A plan for one busy hour."""
    return Plan(make_center(), tuple(agents), current, new, NOW, seeds=seeds, hours=hours, day=day)
