"""What the chooser has learnt from its own calls: plain values that can be stored, and their use.

Learnt are, for each queue and tier: how long agents of either seniority are busy with a call, how
soon callers hang up by how long they have waited, how many matters stay unresolved, how many calls
are answered within the target, and how fast calls come. Every estimate begins at a start value
that weighs as a few observations, and forgets: ``Settings.memory`` observations back it has lost
about two thirds of what was known then.
"""

from __future__ import annotations

from msgspec import Struct, field

from callcenter.domain.customer import Tier
from callcenter.domain.ids import QueueId
from callcenter.domain.survival import Hazard, age_of, observe, rates_of, start_hazard
from routing.settings import Settings, Target

START_WORTH = 10.0
"""How many observations a start value weighs as: ten calls of its own, and half is learnt."""
HANDLING_MIN_S = 1.0
"""No call counts as less: urgency is a quotient by the mean."""
RESOLUTION_WORTH = 100.0
"""The same for resolution: shares need many calls, and most calls have no disposition."""
OUTLIER = 6.0
"""An observation beyond this many means counts as so many means: a phone left off the hook."""
TARGET_GAIN = 5.0
"""Each point (0.01) that a service level is below its target adds 5 % to the weight ..."""
TARGET_MAX = 3.0
"""... but it is never more than trebled: the other queues have targets too."""
GAP_MAX_S = 3600.0
ARRIVALS_MEMORY = 30.0
"""Arrivals change with the hour: so few, and it is followed."""

JUNIOR, SENIOR = 0, 1


class Mean(Struct, frozen=True, array_like=True):
    """A running mean that forgets."""

    value: float
    count: float
    """How many observations it rests on."""


class Arrivals(Struct, frozen=True, array_like=True):
    """How fast calls come."""

    last_at: float
    gap: Mean
    """Seconds between two."""


class Lending(Struct, frozen=True, array_like=True):
    """How worthy a call of this queue must be to go to a senior while juniors are idle."""

    level: float = 0.0
    """Natural logarithm of that weight, slowly moved by the difference of occupancy."""
    at: float = 0.0


class Learned(Struct, frozen=True):
    """Everything learnt. Keys are ``queue/tier``, with ``/senior`` or ``/junior`` where it
    matters."""

    handling: dict[str, Mean] = field(default_factory=dict)
    unresolved: dict[str, Mean] = field(default_factory=dict)
    in_time: dict[str, Mean] = field(default_factory=dict)
    arrivals: dict[str, Arrivals] = field(default_factory=dict)
    patience: dict[str, Hazard] = field(default_factory=dict)
    talk: dict[str, Hazard] = field(default_factory=dict)
    lending: dict[QueueId, Lending] = field(default_factory=dict)


def add(mean: Mean, value: float, memory: float) -> Mean:
    """The mean after one more observation."""
    count = min(mean.count + 1.0, memory)
    return Mean(mean.value + (value - mean.value) / count, count)


class Figures:
    """The estimates of one queue and tier, ready to be used in a choice."""

    __slots__ = ("arrivals_per_s", "gain", "handling_s", "hang_up", "lift", "loss", "target")

    def __init__(self) -> None:
        self.handling_s = [0.0, 0.0]
        """Junior, senior."""
        self.hang_up: tuple[float, ...] = ()
        """Chance per second of hanging up, by age of the wait."""
        self.loss: tuple[float, ...] = ()
        """The same times the cost of a loss: in the cost of a second's wait."""
        self.gain = 0.0
        """What a senior is worth instead of a junior, in seconds' waits."""
        self.lift = 1.0
        """What the service level target makes of the weight."""
        self.target: Target | None = None
        self.arrivals_per_s = 0.0


def side_name(side: int) -> str:
    """How a seniority is called in the keys."""
    return "senior" if side == SENIOR else "junior"


class Estimates:
    """The learnt values and the figures made of them."""

    def __init__(self, settings: Settings, learned: Learned | None = None) -> None:
        self._settings = settings
        stored = learned or Learned()
        self._learned = Learned(
            dict(stored.handling),
            dict(stored.unresolved),
            dict(stored.in_time),
            dict(stored.arrivals),
            dict(stored.patience),
            dict(stored.talk),
            dict(stored.lending),
        )
        self._figures: dict[tuple[QueueId, Tier], Figures] = {}
        self.coming_free: list[tuple[float, ...]] = [(), ()]
        """Junior, senior: the chance per second that a busy one comes free, by age of the work."""
        self._use_talks()

    def snapshot(self) -> Learned:
        """Everything learnt, as a value of its own."""
        one = self._learned
        return Learned(
            dict(one.handling),
            dict(one.unresolved),
            dict(one.in_time),
            dict(one.arrivals),
            dict(one.patience),
            dict(one.talk),
            dict(one.lending),
        )

    def figures(self, queue: QueueId, tier: Tier) -> Figures:
        """The figures of this queue and tier; always the same object, kept up to date."""
        known = self._figures.get((queue, tier))
        if known is None:
            known = self._figures[queue, tier] = Figures()
            self._fill(known, queue, tier)
        return known

    def change_settings(self, settings: Settings) -> None:
        """Other costs, targets or start values: what was learnt stays."""
        self._settings = settings
        for (queue, tier), known in self._figures.items():
            self._fill(known, queue, tier)
        self._use_talks()

    def _fill(self, known: Figures, queue: QueueId, tier: Tier) -> None:
        key = f"{queue}/{tier}"
        known.target, known.lift = None, 1.0
        for target in self._settings.targets:
            if target.queue == queue and (
                target.tier is tier or (target.tier is None and known.target is None)
            ):
                known.target = target
        for side in (JUNIOR, SENIOR):
            known.handling_s[side] = self._handling(f"{key}/{side_name(side)}").value
        self._use_patience(known, self._patience(key))
        self._use_unresolved(known, key)
        self._use_in_time(known, self._learned.in_time.get(key))
        self._use_arrivals(known, self._learned.arrivals.get(key))

    def _use_talks(self) -> None:
        for side in (JUNIOR, SENIOR):
            self.coming_free[side] = rates_of(self._talk(side))

    # --- what happened ------------------------------------------------------------------------

    def arrived(self, queue: QueueId, tier: Tier, at: float) -> None:
        """Such a call came."""
        key = f"{queue}/{tier}"
        known = self._learned.arrivals.get(key)
        if known is None:
            self._learned.arrivals[key] = Arrivals(at, Mean(0.0, 0.0))
            return
        gap = add(known.gap, min(GAP_MAX_S, max(0.0, at - known.last_at)), ARRIVALS_MEMORY)
        known = self._learned.arrivals[key] = Arrivals(max(at, known.last_at), gap)
        self._use_arrivals(self.figures(queue, tier), known)

    def handled(
        self, queue: QueueId, tier: Tier, side: int, handling_s: float, resolved: bool | None
    ) -> None:
        """An agent of this seniority was busy with such a call for so long, wrap-up included.

        ``resolved``: what the disposition says; None where there is none.
        """
        figures, key = self.figures(queue, tier), f"{queue}/{tier}/{side_name(side)}"
        mean = self._handling(key)
        handling_s = max(HANDLING_MIN_S, handling_s)
        mean = add(mean, min(handling_s, OUTLIER * mean.value), self._settings.memory)
        self._learned.handling[key] = mean
        figures.handling_s[side] = mean.value
        keep = 1.0 - 1.0 / self._settings.memory
        talk = observe(self._talk(side), handling_s, ended=True, keep=keep)
        self._learned.talk[side_name(side)] = talk
        self.coming_free[side] = rates_of(talk)
        if resolved is not None:
            self._learned.unresolved[key] = add(
                self._unresolved(key, side), 0.0 if resolved else 1.0, 10.0 * self._settings.memory
            )
            self._use_unresolved(figures, f"{queue}/{tier}")

    def waited(self, queue: QueueId, tier: Tier, waited_s: float, *, hung_up: bool) -> None:
        """A call's wait is over: it was answered, or the caller hung up."""
        figures, key = self.figures(queue, tier), f"{queue}/{tier}"
        keep = 1.0 - 1.0 / self._settings.memory
        patience = observe(self._patience(key), max(0.0, waited_s), ended=hung_up, keep=keep)
        self._learned.patience[key] = patience
        self._use_patience(figures, patience)
        if figures.target is not None:
            in_time = not hung_up and waited_s <= figures.target.within_s
            level = self._learned.in_time.get(key, Mean(figures.target.share, START_WORTH))
            level = add(level, float(in_time), self._settings.memory)
            self._learned.in_time[key] = level
            self._use_in_time(figures, level)

    def arrivals_of(self, queue: QueueId, tier: Tier) -> Arrivals | None:
        """How fast such calls come; None when none has come yet."""
        return self._learned.arrivals.get(f"{queue}/{tier}")

    def lending(self, queue: QueueId) -> Lending:
        """How the lending of this queue's seniors stands."""
        return self._learned.lending.get(queue, Lending())

    def set_lending(self, queue: QueueId, lending: Lending) -> None:
        """Keep it."""
        self._learned.lending[queue] = lending

    # --- stored values, or what they start from --------------------------------------------------

    def _handling(self, key: str) -> Mean:
        return self._learned.handling.get(key, Mean(self._settings.handling_start_s, START_WORTH))

    def _talk(self, side: int) -> Hazard:
        start = start_hazard(self._settings.handling_start_s, START_WORTH)
        return self._learned.talk.get(side_name(side), start)

    def _patience(self, key: str) -> Hazard:
        start = start_hazard(self._settings.patience_start_s, START_WORTH)
        return self._learned.patience.get(key, start)

    def _unresolved(self, key: str, side: int) -> Mean:
        senior, junior = self._settings.unresolved_start
        start = senior if side == SENIOR else junior
        return self._learned.unresolved.get(key, Mean(start, RESOLUTION_WORTH))

    def _use_patience(self, figures: Figures, patience: Hazard) -> None:
        figures.hang_up = rates_of(patience)
        figures.loss = tuple(rate * 60.0 * self._settings.loss_cost for rate in figures.hang_up)

    def _use_arrivals(self, figures: Figures, known: Arrivals | None) -> None:
        if known is not None and known.gap.value > 0.0:
            figures.arrivals_per_s = 1.0 / known.gap.value

    def _use_unresolved(self, figures: Figures, key: str) -> None:
        junior = self._unresolved(f"{key}/junior", JUNIOR).value
        senior = self._unresolved(f"{key}/senior", SENIOR).value
        figures.gain = max(0.0, junior - senior) * 60.0 * self._settings.unresolved_cost

    def _use_in_time(self, figures: Figures, level: Mean | None) -> None:
        if figures.target is not None and level is not None:
            short = max(0.0, figures.target.share - level.value)
            figures.lift = min(TARGET_MAX, 1.0 + TARGET_GAIN * short)


def loss_at(figures: Figures, waited_s: float) -> float:
    """What the chance of losing this caller in the next second costs, in seconds' waits."""
    return figures.loss[age_of(waited_s)]
