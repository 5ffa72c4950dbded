"""The chooser: is told of calls and agents as they come and go, and pairs them, with reasons.

Usable alone (docs/howto/use-the-routing-engine.md). It keeps no clock: every question carries
``now``. Between two calls of ``match`` nothing is left to pair but what a stated hold keeps apart,
so each decision looks only at what has changed: an agent who came free looks at the lines that the
group may serve, a call that came looks at the pools of its demand.
"""

from __future__ import annotations

import math
from bisect import insort
from heapq import heapify, heappop, heappush
from typing import TypeAlias

from callcenter.domain.ids import AgentId, CallId, QueueId
from routing.choice import Rank, is_spared, judge_hold, lend, rank_of, score_of
from routing.explaining import Fit, Waiting, explain, fit_of
from routing.learning import JUNIOR, SENIOR, Estimates, Learned
from routing.lines import Demand, Group, Line, LineKey, Lines, Place, key_of
from routing.settings import Order, Settings
from routing.standing import Look, Standing
from routing.work import (
    VOICE,
    BusyAgent,
    FreeAgent,
    Hold,
    Match,
    Matches,
    Reason,
    Work,
)

RECHECK_MIN_S = 1.0
"""A hold is looked at again at the soonest after this: what is expected moves in seconds."""

Candidate: TypeAlias = tuple[Rank, Line, Demand]


class Chooser:
    """Who gets which call. The same calls of the same methods give the same answers."""

    def __init__(self, settings: Settings | None = None, learned: Learned | None = None) -> None:
        self.settings = settings or Settings()
        self.estimates = Estimates(self.settings, learned)
        self.changed = False
        """Whether anything came or went since the last match that may bring a new pair."""
        self._weights = dict(self.settings.tier_weights)
        self._hold_max = dict(self.settings.hold_max_of)
        self._lines = Lines()
        self._calls: dict[CallId, Work] = {}
        self._keys: dict[CallId, LineKey] = {}
        self._free: dict[AgentId, FreeAgent] = {}
        self._busy: dict[AgentId, BusyAgent] = {}
        self._kept: dict[AgentId, list[Place]] = {}
        """Calls that wait for one agent only, for a time."""
        self._fresh: dict[AgentId, None] = {}
        self._stirred: dict[LineKey, None] = {}
        self._wakes: list[tuple[float, str, int]] = []
        """When to look at which line (``_wake_lines``), or release which kept call."""
        self._wake_lines: dict[int, LineKey] = {}
        self._wake_count = 0
        self._waiting: dict[QueueId, int] = {}

    # --- calls ----------------------------------------------------------------------------------

    def put_call(self, work: Work) -> None:
        """This call waits, or waits under other conditions; it keeps its place."""
        if self._calls.get(work.id) == work:
            return
        self.remove_call(work.id)
        self._calls[work.id] = work
        self._waiting[work.queue] = self._waiting.get(work.queue, 0) + 1
        self.changed = True
        agent = work.preferred
        if agent and self._serves(agent, work.queue):
            insort(self._kept.setdefault(agent, []), (work.queued_at, work.id))
            heappush(self._wakes, (work.preferred_until, work.id, 0))
            if agent in self._free:
                self._fresh[agent] = None
        else:
            self._line_up(work)

    def remove_call(self, call_id: CallId) -> None:
        """This call waits no longer, if it did."""
        work = self._calls.pop(call_id, None)
        if work is None:
            return
        self._waiting[work.queue] -= 1
        key = self._keys.pop(call_id, None)
        if key is None:
            self._unkeep(work)
            return
        was_first = self._lines.lines[key].places[0][1] == call_id
        line = self._lines.take_out(work, key)
        if line.places and was_first and (line.hold is not None or len(key[4]) > 1):
            self._stir(key)

    def _serves(self, agent_id: AgentId, queue: QueueId) -> bool:
        """Whether this agent is here and works for this queue."""
        known = self._free.get(agent_id) or self._busy.get(agent_id)
        return known is not None and any(queue == name for name, _ in known.profile.queues)

    def _line_up(self, work: Work) -> None:
        key = self._keys[work.id] = key_of(work)
        figures = self.estimates.figures(work.queue, work.tier)
        self._lines.insert(work, key, self._value_of(work), figures)
        self._stir(key)

    def _stir(self, key: LineKey) -> None:
        self._stirred[key] = None
        self.changed = True

    def _unkeep(self, work: Work) -> None:
        kept = self._kept[work.preferred]
        kept.remove((work.queued_at, work.id))
        if not kept:
            del self._kept[work.preferred]

    # --- agents ---------------------------------------------------------------------------------

    def put_agent(self, agent: FreeAgent) -> None:
        """This agent is idle, or idle under other conditions."""
        if self._free.get(agent.id) == agent:
            return
        self._forget(agent.id)
        self._free[agent.id] = agent
        group = self._lines.group_of(agent.profile)
        self._lines.seat(agent.id, group, agent.idle_since, agent.channels)
        self._fresh[agent.id] = None
        self.changed = True
        self._release_strange(agent.id)

    def put_busy(self, agent: BusyAgent, now: float) -> None:
        """This agent is at work: not to be offered anything, but expected to come free."""
        if self._busy.get(agent.id) == agent:
            return
        self._forget(agent.id)
        self._busy[agent.id] = agent
        self._lines.begin(agent.id, self._lines.group_of(agent.profile), agent.since, now)
        self._release_strange(agent.id)

    def remove_agent(self, agent_id: AgentId) -> None:
        """This agent is neither idle nor at work: gone, or not ready."""
        known = self._free.get(agent_id) or self._busy.get(agent_id)
        if known is None:
            return
        self._forget(agent_id)
        for _, call_id in tuple(self._kept.get(agent_id, ())):
            self._release(call_id)
        for demand, _ in self._lines.group_of(known.profile).demands:
            for key, (line, _) in demand.lines.items():
                if line.hold is not None:
                    self._stir(key)

    def _forget(self, agent_id: AgentId) -> None:
        self._fresh.pop(agent_id, None)
        if self._free.pop(agent_id, None) is not None:
            self._lines.unseat(agent_id)
        if self._busy.pop(agent_id, None) is not None:
            self._lines.end(agent_id)

    def _release_strange(self, agent_id: AgentId) -> None:
        """Let go the calls kept for this agent in queues that it does not work for any more."""
        for _, call_id in tuple(self._kept.get(agent_id, ())):
            if not self._serves(agent_id, self._calls[call_id].queue):
                self._release(call_id)

    def _release(self, call_id: CallId) -> None:
        """The time is over in which this call waited for one agent only."""
        work = self._calls[call_id]
        self._unkeep(work)
        self._line_up(work)

    def change_settings(self, settings: Settings) -> None:
        """Other weights, costs or targets, for those who wait too. Costs as much as there are
        classes; call ``match`` next."""
        self.settings = settings
        self._weights = dict(settings.tier_weights)
        self._hold_max = dict(settings.hold_max_of)
        self.estimates.change_settings(settings)
        for key, line in self._lines.lines.items():
            line.value = self._weights[key[1]] * key[2]
            self._stir(key)

    # --- stopping and going on --------------------------------------------------------------------

    def snapshot(self) -> Standing:
        """What a chooser made anew needs to give the same answers; taken after a ``match``."""
        looks = [
            Look(line.places[0][1], line.wake_at, line.hold)
            for line in self._lines.lines.values()
            if line.wake_at is not None or line.hold is not None
        ]
        kept = [call_id for places in self._kept.values() for _, call_id in places]
        looks.sort(key=_first_call)
        return Standing(self.estimates.snapshot(), tuple(looks), tuple(sorted(kept)))

    def resume(self, standing: Standing) -> None:
        """Go on where another chooser stood.

        This one was made with what it had learnt, and has been told of the same agents, then of the
        same calls. Nobody is paired by this: the other had paired whom it could.
        """
        kept = dict.fromkeys(standing.kept)
        for call_id in tuple(self._calls):
            if call_id not in self._keys and call_id not in kept:
                self._release(call_id)
        for look in standing.looks:
            line = self._lines.lines[self._keys[look.first]]
            line.hold = look.hold
            self._wake_line_at(line, look.wake_at)
        self._fresh.clear()
        self._stirred.clear()
        self.changed = False

    # --- questions ------------------------------------------------------------------------------

    def count_idle(self, queue: QueueId) -> int:
        """How many agents of this queue are idle."""
        return self._lines.idle.get(queue, 0)

    def count_waiting(self, queue: QueueId) -> int:
        """How many calls of this queue wait, those kept for one agent included."""
        return self._waiting.get(queue, 0)

    def waiting_since(self, queue: QueueId) -> float | None:
        """Since when the first of this queue waits; None when nobody does."""
        firsts = [line.places[0][0] for key, line in self._lines.lines.items() if key[0] == queue]
        firsts += [
            place[0]
            for places in self._kept.values()
            for place in places
            if self._calls[place[1]].queue == queue
        ]
        return min(firsts, default=None)

    def explain(self, call_id: CallId, now: float) -> Waiting | None:
        """How this waiting call stands; None if it does not wait."""
        work = self._calls.get(call_id)
        if work is None:
            return None
        key = self._keys.get(call_id)
        line = self._line_for(work) if key is None else self._lines.lines[key]
        lines = self._lines.lines.values()
        served = self._lines.queues_served(line.demand_at(now - work.queued_at))
        known = self.settings, self.estimates
        return explain(*known, work, line, lines, now, served, is_kept=key is None)

    def fit(self, call_id: CallId, agent_id: AgentId, now: float) -> Fit | None:
        """What this agent is to this waiting call, and so why not the one; None if it does not
        wait."""
        work = self._calls.get(call_id)
        if work is None:
            return None
        free = self._free.get(agent_id)
        known = free or self._busy.get(agent_id)
        if known is None:
            return Fit.NOT_HERE
        line = self._line_for(work)
        fit = fit_of(work, line.demand_at(now - work.queued_at), known.profile)
        if fit is not Fit.MAY_TAKE_IT:
            return fit
        if free is None:
            return Fit.AT_WORK
        if dict(free.room).get(work.channel, 0) < 1:
            return Fit.NO_ROOM
        if call_id not in self._keys and work.preferred != agent_id:
            return Fit.KEPT_FOR_ANOTHER
        return fit

    def _line_for(self, work: Work) -> Line:
        """The line that a kept call would wait in."""
        figures = self.estimates.figures(work.queue, work.tier)
        return self._lines.line_for(key_of(work), self._value_of(work), figures)

    def _value_of(self, work: Work) -> float:
        return self._weights[work.tier] * work.weight

    # --- matching -------------------------------------------------------------------------------

    def match(self, now: float) -> Matches:
        """Pair whom the rule pairs at ``now``. Who is paired is gone: call and agent."""
        self.changed = False
        self._lines.advance(now)
        self._wake(now)
        offers: list[Match] = []
        while self._fresh or self._stirred:
            fresh = sorted((self._free[name].idle_since, name) for name in self._fresh)
            self._fresh.clear()
            for _, agent_id in fresh:
                self._serve(self._free[agent_id], now, offers)
            self._serve_lines(now, offers)
        self.changed = False
        return Matches(tuple(offers), self._next_look())

    def _wake(self, now: float) -> None:
        """Stir the lines and release the calls whose time has come."""
        while self._wakes and self._wakes[0][0] <= now:
            at, name, number = heappop(self._wakes)
            if number:
                key = self._wake_lines.pop(number)
                line = self._lines.lines.get(key)
                if line is not None and line.wake_at == at:
                    line.wake_at = None
                    self._stirred[key] = None
            elif self._is_kept(name, at):
                self._release(name)

    def _is_kept(self, call_id: CallId, until: float) -> bool:
        work = self._calls.get(call_id)
        return work is not None and call_id not in self._keys and work.preferred_until == until

    def _next_look(self) -> float | None:
        while self._wakes:
            at, name, number = self._wakes[0]
            if number:
                line = self._lines.lines.get(self._wake_lines[number])
                if line is not None and line.wake_at == at:
                    return at
                del self._wake_lines[number]
            elif self._is_kept(name, at):
                return at
            heappop(self._wakes)
        return None

    def _candidates(self, group: Group, channels: tuple[str, ...], now: float) -> list[Candidate]:
        """The lines whose first an agent of this group may take, the most urgent first."""
        found: dict[LineKey, Candidate] = {}
        for demand, preference in group.demands:
            if demand.key[2] not in channels:
                continue
            for key, (line, after_s) in demand.lines.items():
                waited_s = now - line.places[0][0]
                if key not in found and waited_s >= after_s:
                    rank = rank_of(self.settings, line, now, group.side, preference)
                    found[key] = (rank, line, line.demand_at(waited_s))
        return sorted(found.values(), key=_first)

    def _serve(self, agent: FreeAgent, now: float, offers: list[Match]) -> None:
        """This agent came free: take the most urgent call that is not held for a senior."""
        group = self._lines.group_of(agent.profile)
        candidates = self._candidates(group, agent.channels, now)
        kept = self._kept.get(agent.id)
        if kept and not (candidates and not candidates[0][0][0]):
            work = self._calls[kept[0][1]]
            self._pair(agent, work, Reason.PREFERRED, None, now, offers)
            return
        for number, (rank, line, demand) in enumerate(candidates):
            work = self._calls[line.places[0][1]]
            if not rank[0]:
                self._pair(agent, work, Reason.OVERDUE, line, now, offers)
                return
            if group.side == JUNIOR:
                rest = candidates[number + 1 :]
                instead = rest[0][1] if rest else None
                if self._judge(line, demand, candidates, instead, now) is not None:
                    self._stirred[line.key] = None
                    continue
            reason = Reason.PAST_HELD if number else Reason.URGENT
            self._pair(agent, work, reason, line, now, offers)
            return

    def _judge(
        self,
        line: Line,
        demand: Demand,
        candidates: list[Candidate],
        instead: Line | None,
        now: float,
    ) -> Hold | None:
        """Whether this line's first is held; ``candidates``: all lines that the junior may
        serve."""
        ahead = 0
        for _, one, _ in candidates:
            if one.value >= line.value:
                ahead += len(one.places)
        asked = 0.0
        if instead is None:
            asked = math.exp(self.estimates.lending(line.key[0]).level)
        rates = self.estimates.coming_free[SENIOR]
        longest_s = self._hold_max.get(line.key[0], self.settings.hold_max_s)
        return judge_hold(self.settings, line, demand, ahead, instead, asked, rates, longest_s, now)

    def _serve_lines(self, now: float, offers: list[Match]) -> None:
        """The lines that changed look for an idle agent, the most urgent first."""
        heap = [
            (rank_of(self.settings, line, now, JUNIOR, 1.0), key)
            for key in self._stirred
            if (line := self._lines.lines.get(key)) is not None
        ]
        self._stirred.clear()
        heapify(heap)
        while heap:
            rank, key = heappop(heap)
            line = self._lines.lines[key]
            line.hold = None
            if self._serve_first(line, rank, now, offers):
                if line.places:
                    heappush(heap, (rank_of(self.settings, line, now, JUNIOR, 1.0), key))
            else:
                self._arm(line, now)
        self._stirred.clear()

    def _serve_first(self, line: Line, rank: Rank, now: float, offers: list[Match]) -> bool:
        """Find an idle agent for the first of this line; whether there was one."""
        demand = line.demand_at(now - line.places[0][0])
        juniors, seniors = (pool.idle for pool in demand.pools)
        if not juniors and not seniors:
            return False
        if not seniors:
            side, reason = JUNIOR, Reason.ONLY
            if rank[0]:
                group = self._lines.group_of(self._free[juniors[0][2]].profile)
                candidates = self._candidates(group, (line.key[3],), now)
                line.hold = self._judge(line, demand, candidates, None, now)
                if line.hold is not None:
                    return False
        elif not juniors:
            side, reason = SENIOR, Reason.ONLY
        else:
            side, reason = self._choose_side(line, demand, now)
        agent = self._free[demand.pools[side].idle[0][2]]
        if not rank[0]:
            reason = Reason.OVERDUE
        self._pair(agent, self._calls[line.places[0][1]], reason, line, now, offers)
        return True

    def _choose_side(self, line: Line, demand: Demand, now: float) -> tuple[int, Reason]:
        """Both are idle: the worthiest calls go to the seniors, as many as keep them as busy."""
        if self.settings.order is Order.WEIGHT:
            is_top = line.value >= max(self._weights.values())
            return (SENIOR, Reason.SENIOR) if is_top else (JUNIOR, Reason.JUNIOR)
        queue = line.key[0]
        lending, asked = lend(self.estimates.lending(queue), demand, now)
        self.estimates.set_lending(queue, lending)
        if line.value < asked or self._is_spared(line, demand):
            return JUNIOR, Reason.JUNIOR
        is_least = line.value <= min(self._weights.values())
        return SENIOR, Reason.LENT if is_least else Reason.SENIOR

    def _is_spared(self, line: Line, demand: Demand) -> bool:
        worthier = [
            (value, self.estimates.figures(queue, tier))
            for queue in self._lines.shared_by(demand)
            for tier, value in self._weights.items()
            if value > line.value
        ]
        return is_spared(line, demand, worthier, self.estimates.coming_free[SENIOR])

    def _pair(
        self,
        agent: FreeAgent,
        work: Work,
        reason: Reason,
        line: Line | None,
        now: float,
        offers: list[Match],
    ) -> None:
        side = int(agent.profile.is_senior)
        if line is None:
            line = self._line_for(work)
        waited_s = now - work.queued_at
        score = score_of(self.settings, line, waited_s, side)
        offers.append(Match(work.id, agent.id, reason, score, waited_s))
        self.remove_call(work.id)
        self._forget(agent.id)
        if work.channel == VOICE:
            return
        room = tuple(
            (channel, left - int(channel == work.channel))
            for channel, left in agent.room
            if channel != VOICE
        )
        if any(left > 0 for _, left in room):
            self.put_agent(FreeAgent(agent.id, agent.profile, agent.idle_since, room))

    def _arm(self, line: Line, now: float) -> None:
        """Say when to look at this line again: when a step widens, a hold ends or is judged."""
        at = line.next_step_at(now)
        if line.hold is not None:
            again = now + max(RECHECK_MIN_S, line.hold.expected_s)
            again = min(line.hold.until, again)
            at = again if at is None else min(at, again)
        self._wake_line_at(line, at)

    def _wake_line_at(self, line: Line, at: float | None) -> None:
        if at is not None and at != line.wake_at:
            self._wake_count += 1
            self._wake_lines[self._wake_count] = line.key
            heappush(self._wakes, (at, "", self._wake_count))
        line.wake_at = at


def _first_call(look: Look) -> CallId:
    return look.first


def _first(candidate: Candidate) -> Rank:
    return candidate[0]
