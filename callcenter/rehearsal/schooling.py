"""What routing has learnt before a rehearsed day begins: what it would have in a center like this.

A machine that begins with the program's start values would choose otherwise than the real one,
which has learnt for weeks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import NormalDist

from callcenter.core.line_names import line_of
from callcenter.domain.agent import AgentProfile, Seniority
from callcenter.domain.center import Center
from callcenter.domain.customer import Tier
from callcenter.domain.ids import AgentId, PbxName
from callcenter.domain.survival import Hazard, observe, start_hazard
from callcenter.rehearsal.traffic import Lasting, Traffic
from routing.learning import SENIOR, Learned, Mean, side_name
from routing.standing import Standing

CALLS_LEARNT = 200.0
"""What each estimate rests on."""
QUANTILES = tuple(NormalDist().inv_cdf((number + 0.5) / 20) for number in range(20))


def learned_before(
    traffic: Traffic, center: Center, agents: Sequence[AgentProfile], pbx: PbxName
) -> Standing:
    """How routing stands after weeks of this traffic."""
    handling: dict[str, Mean] = {}
    unresolved: dict[str, Mean] = {}
    patience: dict[str, Hazard] = {}
    paces = {
        side: _mean_pace(traffic.pace, [one.id for one in agents if _side(one) == side])
        for side in ("junior", "senior")
    }
    talks = {side: start_hazard(180.0, 1.0) for side in ("junior", "senior")}
    for queue in center.queues:
        line = line_of(pbx, queue.id)
        for tier in Tier:
            key = f"{line}/{tier}"
            patience[key] = traffic.patience[f"{queue.id}/{tier}"]
            for side, pace in paces.items():
                lasting = traffic.talk[f"{queue.id}/{tier}/{side}"]
                wrap_up_s = min(queue.wrap_up_s, traffic.wrap_up[side].mean_s)
                other_s = traffic.ring.mean_s + wrap_up_s
                handling[f"{key}/{side}"] = Mean(lasting.mean_s * pace + other_s, CALLS_LEARNT)
                unresolved[f"{key}/{side}"] = Mean(traffic.unresolved[side], CALLS_LEARNT)
                for lasted_s in _spread(lasting, pace, other_s):
                    talks[side] = observe(talks[side], lasted_s, ended=True)
    learned = Learned(handling=handling, unresolved=unresolved, patience=patience, talk=talks)
    return Standing(learned, (), ())


def _side(agent: AgentProfile) -> str:
    return side_name(SENIOR) if agent.seniority is Seniority.SENIOR else "junior"


def _mean_pace(pace: dict[AgentId, float], agents: Sequence[AgentId]) -> float:
    if not agents:
        return 1.0
    return math.fsum(pace.get(agent, 1.0) for agent in agents) / len(agents)


def _spread(lasting: Lasting, pace: float, other_s: float) -> Iterator[float]:
    return (lasting.at(z) * pace + other_s for z in QUANTILES)
