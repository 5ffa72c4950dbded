"""The routing engine: keeps who waits and who is idle, and pairs them.

The rule, until rules are documents: tiers in order of precedence, within a tier who came first. A
gold call goes to the longest idle senior of its queue; while none is idle it is held until
``senior_until`` and then takes the longest idle agent. Every other call takes the longest idle
agent of its queue.

Cost of a decision: queues x tiers, not calls or agents; adding and removing cost a binary search.
"""

from __future__ import annotations

from bisect import bisect_left, insort

from callcenter.domain.customer import TIER_RANK, Tier
from callcenter.domain.ids import AgentId, CallId, QueueId
from routing.types import IdleAgent, Match, Matches, WaitingCall

Place = tuple[float, str]
"""Since when, and whose: the order within a line."""


class Router:
    """The lines of waiting calls and idle agents. Same input in the same order, same output."""

    def __init__(self) -> None:
        self._calls: dict[CallId, WaitingCall] = {}
        self._agents: dict[AgentId, IdleAgent] = {}
        self._waiting: dict[QueueId, dict[Tier, list[Place]]] = {}
        self._seniors: dict[QueueId, list[Place]] = {}
        self._juniors: dict[QueueId, list[Place]] = {}
        self.changed = False
        """Whether anything came or went since the last match: otherwise only time can bring a new
        one."""

    def put_call(self, call: WaitingCall) -> None:
        """This call waits, or waits under other conditions."""
        if self._calls.get(call.id) == call:
            return
        self.remove_call(call.id)
        self._calls[call.id] = call
        lines = self._waiting.setdefault(call.queue, {tier: [] for tier in Tier})
        insort(lines[call.tier], (call.queued_at, call.id))
        self.changed = True

    def remove_call(self, call_id: CallId) -> None:
        """This call waits no longer, if it did."""
        call = self._calls.pop(call_id, None)
        if call is not None:
            _discard(self._waiting[call.queue][call.tier], (call.queued_at, call_id))

    def put_agent(self, agent: IdleAgent) -> None:
        """This agent is idle, or idle under other conditions."""
        if self._agents.get(agent.id) == agent:
            return
        self.remove_agent(agent.id)
        self._agents[agent.id] = agent
        group = self._seniors if agent.is_senior else self._juniors
        for queue in agent.queues:
            insort(group.setdefault(queue, []), (agent.idle_since, agent.id))
        self.changed = True

    def remove_agent(self, agent_id: AgentId) -> None:
        """This agent is not idle any more, if it was."""
        agent = self._agents.pop(agent_id, None)
        if agent is not None:
            group = self._seniors if agent.is_senior else self._juniors
            for queue in agent.queues:
                _discard(group[queue], (agent.idle_since, agent_id))

    def count_idle(self, queue: QueueId) -> int:
        """How many agents of this queue are idle."""
        return len(self._seniors.get(queue, ())) + len(self._juniors.get(queue, ()))

    def count_waiting(self, queue: QueueId) -> int:
        """How many calls of this queue wait."""
        return sum(len(line) for line in self._waiting.get(queue, {}).values())

    def match(self, now: float) -> Matches:
        """Pair whom the rule pairs at ``now``. What is paired leaves the lines."""
        self.changed = False
        offers: list[Match] = []
        while self._agents:
            best = self._best(now)
            if best is None:
                break
            offers.append(best)
            self.remove_call(best.call)
            self.remove_agent(best.agent)
        return Matches(tuple(offers), self._next_look(now))

    def _best(self, now: float) -> Match | None:
        """The most urgent call that somebody idle may take."""
        best: tuple[int, float, str] | None = None
        match: Match | None = None
        for queue, lines in self._waiting.items():
            seniors, juniors = self._seniors.get(queue), self._juniors.get(queue)
            if not seniors and not juniors:
                continue
            for tier, line in lines.items():
                if not line:
                    continue
                key = (TIER_RANK[tier], *line[0])
                if best is not None and best <= key:
                    continue
                call = self._calls[line[0][1]]
                found = _choose_agent(call, seniors or [], juniors or [], now)
                if found is not None:
                    best, match = key, found
        return match

    def _next_look(self, now: float) -> float | None:
        """When the first held gold call may go to a junior who is idle now."""
        holds = [
            self._calls[lines[Tier.GOLD][0][1]].senior_until
            for queue, lines in self._waiting.items()
            if lines[Tier.GOLD] and self._juniors.get(queue)
        ]
        later = [hold for hold in holds if hold > now]
        return min(later, default=None)


def _choose_agent(
    call: WaitingCall, seniors: list[Place], juniors: list[Place], now: float
) -> Match | None:
    """Who of the idle takes this call now, and why; None while it is held for a senior."""
    if call.tier is Tier.GOLD:
        if seniors:
            return Match(call.id, seniors[0][1], "gold_to_senior")
        if now < call.senior_until:
            return None
        return Match(call.id, juniors[0][1], "gold_overflow")
    longest = min(line[0] for line in (seniors, juniors) if line)
    return Match(call.id, longest[1], "longest_idle")


def _discard(line: list[Place], place: Place) -> None:
    del line[bisect_left(line, place)]
