"""A center in simulated time: calls arrive, wait, hang up or are served, as a policy says.

Only the policy differs between two runs of the same day: who calls when, how patient they are and
how much work they bring is drawn before (``Day``), so that runs are paired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from heapq import heappop, heappush
from typing import Protocol, TypeAlias

from msgspec import Struct

from callcenter.domain.customer import Tier


class Caller(Struct, frozen=True):
    """One call of the day, with everything about it that no policy can change."""

    number: int
    at: float
    queue: str
    tier: Tier
    size: float
    """How much work it is, as a place between 0 and 1 among all calls."""
    patience_s: float
    """How long the caller waits before hanging up."""


class Desk(Struct, frozen=True):
    """One agent of the day."""

    name: str
    is_senior: bool
    shifts: tuple[tuple[float, float], ...]
    """From when to when the agent takes calls; a call begun is finished."""


class Day(Struct, frozen=True):
    """What happens whoever routes."""

    callers: tuple[Caller, ...]
    """In order of arrival."""
    desks: tuple[Desk, ...]
    handling_s: Callable[[Desk, Caller], float]
    counted_from: float = 0.0
    """Calls that arrive before are served and not counted: the center is still filling."""
    counted_until: float = float("inf")


Pairs: TypeAlias = list[tuple[Caller, Desk]]


class Policy(Protocol):
    """Who gets which call."""

    def call_waits(self, caller: Caller, now: float) -> None:
        """This call waits from now on."""

    def call_hung_up(self, caller: Caller, now: float) -> None:
        """The caller has hung up while waiting."""

    def agent_free(self, desk: Desk, now: float) -> None:
        """This agent is free from now on."""

    def agent_gone(self, desk: Desk, now: float) -> None:
        """This agent has left; was free."""

    def call_ended(self, caller: Caller, desk: Desk, handling_s: float, now: float) -> None:
        """The agent is done with this call; free or gone is told next."""

    def pairs(self, now: float) -> tuple[Pairs, float | None]:
        """Who is put together now, and when to ask again although nothing happens."""


class Served(Struct, frozen=True):
    """What became of one call."""

    caller: Caller
    waited_s: float
    desk: Desk | None
    """None: hung up."""


class Result(Struct, frozen=True):
    """What became of a day."""

    served: list[Served]
    """The counted calls, in the order in which their waits ended."""
    busy_s: dict[str, float]
    """Time at work within the counted part, by agent."""
    present_s: dict[str, float]


class Run:
    """Plays one day through one policy."""

    def __init__(self, day: Day, policy: Policy) -> None:
        self._day, self._policy = day, policy
        self._agenda: list[tuple[float, int, Callable[[float], None]]] = []
        self._count = 0
        self._waiting: dict[int, Caller] = {}
        self._present: dict[str, bool] = {desk.name: False for desk in day.desks}
        self._talking: dict[str, bool] = {desk.name: False for desk in day.desks}
        self._result = Result(
            [], {desk.name: 0.0 for desk in day.desks}, {desk.name: 0.0 for desk in day.desks}
        )
        self._look_at: float | None = None

    def play(self) -> Result:
        """From the first arrival until nobody waits or talks."""
        for desk in self._day.desks:
            for begin, end in desk.shifts:
                self._plan(begin, partial(self._come, desk))
                self._plan(end, partial(self._leave, desk))
        self._next_caller(iter(self._day.callers))
        while self._agenda:
            now, _, do = heappop(self._agenda)
            do(now)
            pairs, look_at = self._policy.pairs(now)
            for caller, desk in pairs:
                self._begin(caller, desk, now)
            if look_at is not None and look_at != self._look_at and self._waiting:
                self._look_at = look_at
                self._plan(max(now, look_at), self._look)
        return self._result

    def _plan(self, at: float, do: Callable[[float], None]) -> None:
        self._count += 1
        heappush(self._agenda, (at, self._count, do))

    def _look(self, now: float) -> None:
        if self._look_at is not None and now >= self._look_at:
            self._look_at = None

    def _next_caller(self, callers: Iterator[Caller]) -> None:
        caller = next(callers, None)
        if caller is not None:
            self._plan(caller.at, partial(self._arrive, caller, callers))

    def _arrive(self, caller: Caller, callers: Iterator[Caller], now: float) -> None:
        self._waiting[caller.number] = caller
        self._policy.call_waits(caller, now)
        self._plan(now + caller.patience_s, partial(self._hang_up, caller))
        self._next_caller(callers)

    def _hang_up(self, caller: Caller, now: float) -> None:
        if self._waiting.pop(caller.number, None) is not None:
            self._policy.call_hung_up(caller, now)
            self._note(Served(caller, now - caller.at, None))

    def _come(self, desk: Desk, now: float) -> None:
        self._present[desk.name] = True
        if not self._talking[desk.name]:
            self._policy.agent_free(desk, now)

    def _leave(self, desk: Desk, now: float) -> None:
        self._present[desk.name] = False
        if not self._talking[desk.name]:
            self._policy.agent_gone(desk, now)

    def _begin(self, caller: Caller, desk: Desk, now: float) -> None:
        del self._waiting[caller.number]
        if self._talking[desk.name] or not self._present[desk.name]:
            raise ValueError(f"{desk.name} was given a call and is not free")
        self._talking[desk.name] = True
        handling_s = self._day.handling_s(desk, caller)
        self._note(Served(caller, now - caller.at, desk))
        self._result.busy_s[desk.name] += self._counted(now, now + handling_s)
        self._plan(now + handling_s, partial(self._end, caller, desk, handling_s))

    def _end(self, caller: Caller, desk: Desk, handling_s: float, now: float) -> None:
        self._talking[desk.name] = False
        self._policy.call_ended(caller, desk, handling_s, now)
        if self._present[desk.name]:
            self._policy.agent_free(desk, now)
        else:
            self._policy.agent_gone(desk, now)

    def _counted(self, begin: float, end: float) -> float:
        return max(0.0, min(end, self._day.counted_until) - max(begin, self._day.counted_from))

    def _note(self, served: Served) -> None:
        if self._day.counted_from <= served.caller.at < self._day.counted_until:
            self._result.served.append(served)


def play(day: Day, policy: Policy) -> Result:
    """Play this day through this policy."""
    result = Run(day, policy).play()
    for desk in day.desks:
        for begin, end in desk.shifts:
            counted = min(end, day.counted_until) - max(begin, day.counted_from)
            result.present_s[desk.name] += max(0.0, counted)
    return result
