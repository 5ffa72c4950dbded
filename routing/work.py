"""What the chooser is told of calls and agents, and what it answers. Times are UTC seconds.

What there are thousands of is without ``gc``: frozen, it is in no circle, and a collector need not
look through it.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise

from msgspec import Struct

from callcenter.domain.customer import Tier
from callcenter.domain.ids import AgentId, CallId, QueueId

VOICE = "voice"
"""The channel of which an agent can take only one at a time, and nothing beside it."""


ONE_CALL = ((VOICE, 1),)
"""Room for one voice call."""


class Need(Struct, frozen=True, order=True, array_like=True, gc=False):
    """A skill that a call asks for."""

    skill: str
    level: int = 1
    """The least level that will do."""


class AgentStep(Struct, frozen=True, array_like=True, gc=False):
    """Who may take a call after it has waited some time. The first step begins at 0."""

    after_s: float
    needs: tuple[Need, ...] = ()


ANYBODY = (AgentStep(0.0),)
"""Every agent of the queue, from the beginning."""


class Work(Struct, frozen=True, gc=False):
    """Something that waits for an agent: a call."""

    id: CallId
    queue: QueueId
    tier: Tier
    queued_at: float
    """Its place: the earlier, the sooner, within its class."""
    steps: tuple[AgentStep, ...] = ANYBODY
    """Each step asks for no more than the one before it (``is_widening``)."""
    weight: float = 1.0
    """From the rule, or from a supervisor who changed this call's priority: times the tier's."""
    channel: str = VOICE
    preferred: AgentId = ""
    """The agent whom this call is kept for: who spoke with the customer last, who owns the
    account."""
    preferred_until: float = 0.0


class Profile(Struct, frozen=True, gc=False):
    """What an agent can do. Agents with equal profiles are one group."""

    queues: tuple[tuple[QueueId, float], ...]
    """The queues, each with the agent's preference: 1.0 is a full member, 0.5 takes a call of this
    queue only if it is twice as urgent as one of a queue with 1.0."""
    is_senior: bool = False
    skills: tuple[Need, ...] = ()
    """Each skill once, with the agent's own level."""


class FreeAgent(Struct, frozen=True, gc=False):
    """An agent who may be offered something now."""

    id: AgentId
    profile: Profile
    idle_since: float
    room: tuple[tuple[str, int], ...] = ONE_CALL
    """How many more of each channel the agent may take."""

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels on which there is room."""
        if self.room == ONE_CALL:
            return (VOICE,)
        return tuple(channel for channel, room in self.room if room > 0)


class BusyAgent(Struct, frozen=True, gc=False):
    """An agent who is signed in and at work: talking, ringing, or in wrap-up."""

    id: AgentId
    profile: Profile
    since: float
    """When this piece of work began."""


class Reason(StrEnum):
    """Why this agent got this call."""

    SENIOR = "senior"
    """The call is worth a senior, and one was free."""
    LENT = "senior_lent"
    """A senior was idler than the juniors and took what a junior could have."""
    JUNIOR = "junior"
    """Kept from the seniors for worthier calls."""
    ONLY = "only_side_free"
    """Nobody of the other seniority was free who may take it."""
    URGENT = "most_urgent"
    """The agent came free, and this was the most urgent of the calls waiting."""
    PAST_HELD = "past_held"
    """The same, past calls that are held for a senior."""
    OVERDUE = "overdue"
    """It had waited longer than the bound: then who came first goes first."""
    PREFERRED = "preferred_agent"
    """The call was kept for this agent."""


class HoldReason(StrEnum):
    """Why a call waits although somebody who may take it is idle."""

    FOR_SENIOR = "for_senior"
    """A senior is expected soon enough to be worth the wait."""
    FOR_PREFERRED = "for_preferred"
    """It is kept for the agent it prefers."""


class Score(Struct, frozen=True, array_like=True):
    """The parts of a choice, for the record: urgency = weight x (1 + loss) x growth / handling."""

    weight: float
    """Tier x rule x service level target."""
    loss: float
    """What the chance of losing the caller now adds to the cost of a second, in seconds' costs."""
    growth: float
    """How much the wait so far adds."""
    handling_s: float
    """How long an agent of this seniority is expected to be busy with it."""
    urgency: float


class Match(Struct, frozen=True):
    """Offer this call to this agent."""

    call: CallId
    agent: AgentId
    reason: Reason
    score: Score
    waited_s: float


class Hold(Struct, frozen=True, gc=False):
    """Why calls of one class wait although somebody is idle who may take them."""

    reason: HoldReason
    until: float
    """At that time the hold is over, whatever is expected then."""
    expected_s: float = 0.0
    """When a senior is expected to be free for the last of those held, seconds from then."""
    benefit: float = 0.0
    """What a senior is worth, in the cost of a second of a call with weight 1."""
    cost: float = 0.0
    """What the wait costs, in the same money."""


class Matches(Struct, frozen=True):
    """What to offer now, and when to ask again although nothing has changed."""

    offers: tuple[Match, ...]
    look_again_at: float | None


def is_widening(steps: tuple[AgentStep, ...]) -> bool:
    """Whether the steps begin at once, follow each other, and each asks for no more than before."""
    if not steps or steps[0].after_s != 0.0:
        return False
    for before, after in pairwise(steps):
        levels = {need.skill: need.level for need in before.needs}
        if after.after_s <= before.after_s:
            return False
        if any(levels.get(need.skill, 0) < need.level for need in after.needs):
            return False
    return True
