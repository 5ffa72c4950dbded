"""The ways of routing that the replay compares: the product's own engine and three references.

The references are what people use today. **FIFO**: one line, the longest idle agent. **Strict
priority**: a queue per tier, the weightier first, and penalties: seniors before juniors for gold,
juniors before seniors for the others; nobody idle is kept from a caller. **Rigid steps**: only
seniors may take gold for 30 s and silver for 15 s, and only juniors standard for 15 s; then all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left, insort

from callcenter.bench.center_model import Caller, Desk, Pairs
from callcenter.domain.customer import TIER_RANK, Tier
from routing.chooser import Chooser
from routing.learning import JUNIOR, SENIOR
from routing.settings import Settings
from routing.work import BusyAgent, FreeAgent, Profile, Work

STEPS = {Tier.GOLD: (SENIOR, 30.0), Tier.SILVER: (SENIOR, 15.0), Tier.STANDARD: (JUNIOR, 15.0)}
"""For the rigid steps: which side only, and for how long."""
FIRST_SIDE = {Tier.GOLD: SENIOR, Tier.SILVER: JUNIOR, Tier.STANDARD: JUNIOR}
"""For strict priority: whose penalty is less."""


class Reference(ABC):
    """What the three references share: lines of callers, and idle agents of two sides."""

    def __init__(self) -> None:
        self._lines: list[list[tuple[float, int]]] = [[] for _ in Tier]
        self._callers: dict[int, Caller] = {}
        self._idle: tuple[list[tuple[float, str]], ...] = ([], [])
        self._since: dict[str, float] = {}
        self._desks: dict[str, Desk] = {}

    def line_of(self, caller: Caller) -> int:
        """Which line this call waits in; the lower goes first."""
        return TIER_RANK[caller.tier]

    @abstractmethod
    def sides(self, caller: Caller, now: float) -> tuple[tuple[int, ...], float | None]:
        """The sides that may take this call, the better first (all as one: empty), and when that
        changes."""

    def call_waits(self, caller: Caller, now: float) -> None:
        """See ``Policy``."""
        self._callers[caller.number] = caller
        insort(self._lines[self.line_of(caller)], (caller.at, caller.number))

    def call_hung_up(self, caller: Caller, now: float) -> None:
        """See ``Policy``."""
        self._take_out(caller)

    def agent_free(self, desk: Desk, now: float) -> None:
        """See ``Policy``."""
        self._since[desk.name] = now
        self._desks[desk.name] = desk
        insort(self._idle[desk.is_senior], (now, desk.name))

    def agent_gone(self, desk: Desk, now: float) -> None:
        """See ``Policy``."""
        since = self._since.pop(desk.name, None)
        if since is not None:
            idle = self._idle[desk.is_senior]
            del idle[bisect_left(idle, (since, desk.name))]

    def call_ended(self, caller: Caller, desk: Desk, handling_s: float, now: float) -> None:
        """See ``Policy``: a reference learns nothing."""
        return

    def pairs(self, now: float) -> tuple[Pairs, float | None]:
        """See ``Policy``."""
        found: Pairs = []
        look_at: float | None = None
        for line in self._lines:
            for place in tuple(line):
                if not (self._idle[0] or self._idle[1]):
                    break
                caller = self._callers[place[1]]
                sides, changes_at = self.sides(caller, now)
                desk = self._take(sides)
                if desk is not None:
                    found.append((caller, desk))
                    self._take_out(caller)
                elif changes_at is not None:
                    look_at = changes_at if look_at is None else min(look_at, changes_at)
        return found, look_at

    def _take(self, sides: tuple[int, ...]) -> Desk | None:
        """The longest idle of the first of these sides that has one; of all, if none is named."""
        lines = [self._idle[side] for side in sides or (JUNIOR, SENIOR) if self._idle[side]]
        if not lines:
            return None
        line = lines[0] if sides else min(lines)
        _, name = line.pop(0)
        del self._since[name]
        return self._desks[name]

    def _take_out(self, caller: Caller) -> None:
        line = self._lines[self.line_of(caller)]
        del line[bisect_left(line, (caller.at, caller.number))]
        del self._callers[caller.number]


class Fifo(Reference):
    """Who came first, by who has been idle longest."""

    def line_of(self, caller: Caller) -> int:
        """One line for all."""
        return 0

    def sides(self, caller: Caller, now: float) -> tuple[tuple[int, ...], float | None]:
        """Everybody alike."""
        return (), None


class StrictPriority(Reference):
    """The weightier first; penalties say who is asked first, and nobody is kept idle."""

    def sides(self, caller: Caller, now: float) -> tuple[tuple[int, ...], float | None]:
        """The side with the lower penalty, then the other."""
        first = FIRST_SIDE[caller.tier]
        return (first, 1 - first), None


class RigidSteps(Reference):
    """The weightier first; one side only until a fixed time, then all."""

    def sides(self, caller: Caller, now: float) -> tuple[tuple[int, ...], float | None]:
        """One side until its time is over."""
        side, only_s = STEPS[caller.tier]
        until = caller.at + only_s
        return ((side,), until) if now < until else ((), None)


class Product:
    """The product's own engine, told what the machine tells it."""

    def __init__(self, settings: Settings, queues: tuple[str, ...]) -> None:
        self.chooser = Chooser(settings)
        self.expected: list[tuple[float, float]] = []
        """Of calls that had to wait and were answered: the wait expected, and what came."""
        served = tuple((queue, 1.0) for queue in queues)
        self._profiles = {senior: Profile(served, senior) for senior in (False, True)}
        self._callers: dict[str, Caller] = {}
        self._desks: dict[str, Desk] = {}
        self._told: dict[str, float] = {}
        self._newest = ""

    def call_waits(self, caller: Caller, now: float) -> None:
        """See ``Policy``."""
        name = self._newest = f"{caller.number:08d}"
        self._callers[name] = caller
        self.chooser.estimates.arrived(caller.queue, caller.tier, now)
        self.chooser.put_call(Work(name, caller.queue, caller.tier, caller.at))

    def call_hung_up(self, caller: Caller, now: float) -> None:
        """See ``Policy``."""
        name = f"{caller.number:08d}"
        del self._callers[name]
        self._told.pop(name, None)
        self.chooser.remove_call(name)
        self.chooser.estimates.waited(caller.queue, caller.tier, now - caller.at, hung_up=True)

    def agent_free(self, desk: Desk, now: float) -> None:
        """See ``Policy``."""
        self._desks[desk.name] = desk
        self.chooser.put_agent(FreeAgent(desk.name, self._profiles[desk.is_senior], now))

    def agent_gone(self, desk: Desk, now: float) -> None:
        """See ``Policy``."""
        self.chooser.remove_agent(desk.name)

    def call_ended(self, caller: Caller, desk: Desk, handling_s: float, now: float) -> None:
        """See ``Policy``."""
        side = int(desk.is_senior)
        self.chooser.estimates.handled(caller.queue, caller.tier, side, handling_s, None)

    def pairs(self, now: float) -> tuple[Pairs, float | None]:
        """See ``Policy``."""
        matches = self.chooser.match(now)
        found: Pairs = []
        for match in matches.offers:
            caller, desk = self._callers.pop(match.call), self._desks[match.agent]
            busy = BusyAgent(desk.name, self._profiles[desk.is_senior], now)
            self.chooser.put_busy(busy, now)
            self.chooser.estimates.waited(caller.queue, caller.tier, match.waited_s, hung_up=False)
            told = self._told.pop(match.call, None)
            if told is not None:
                self.expected.append((told, match.waited_s))
            found.append((caller, desk))
        if self._newest:
            waiting = self.chooser.explain(self._newest, now)
            if waiting is not None and waiting.expected_s is not None:
                self._told[self._newest] = waiting.expected_s
            self._newest = ""
        return found, matches.look_again_at
