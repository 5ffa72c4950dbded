"""The telephone network behind the trunk: which number does what when it is dialed, and the log of
what truly happened there.

Numbers that somebody planned do as planned; all others draw from a mix. What is drawn depends on
the seed, the number and how often it was dialed before, and on nothing else: two ways of dialing
the same list meet the same people.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from random import Random

from msgspec import Struct, field

from callcenter.simulator.channel import Invited, Signal
from callcenter.simulator.dialed import Behaviour, Dialed, DialedPlan
from callcenter.simulator.people import Range
from callcenter.simulator.screening import NO_MEDIA, QUIET, Voice
from callcenter.simulator.stage import Entry, Stage

B = Behaviour

WORDS_PER_S = 2.0
"""Of slow, clear speech."""
USUAL_SHARES: Mapping[Behaviour, float] = {
    B.HUMAN: 0.30,
    B.MACHINE: 0.22,
    B.NO_ANSWER: 0.30,
    B.BUSY: 0.05,
    B.REJECTED: 0.04,
    B.HANGS_UP: 0.02,
    B.QUIET: 0.01,
    B.SILENT: 0.005,
    B.CONGESTION: 0.01,
    B.LOST: 0.005,
    B.UNKNOWN: 0.04,
}
"""Of a list of customers; a cold list has a third of these people, and more machines."""


class CarrierMix(Struct, frozen=True, omit_defaults=True):
    """What numbers do that nobody planned. Times in seconds, shares between 0 and 1."""

    shares: Mapping[Behaviour, float] = field(default_factory=lambda: dict(USUAL_SHARES))
    """Weights. Whether a number is unknown is the number's own and never changes; all else is drawn
    for each dialing."""
    ring_after_s: Range = (0.5, 3.0)
    """From the INVITE to the first ringing, or to a refusal without any."""
    ring_s: Range = (2.0, 16.0)
    """Of people, whether they answer or refuse."""
    machine_ring_s: Range = (12.0, 24.0)
    hello_after_s: Range = (0.3, 0.9)
    """From the answer to the first word, of people and machines."""
    hello_s: Range = (0.3, 1.2)
    """How long a person's greeting is."""
    talkative_share: float = 0.04
    """People whose greeting is as long as a machine's."""
    terse_share: float = 0.06
    """Machines whose greeting is as short as a person's."""
    greeting_s: Range = (5.0, 20.0)
    """How long a machine's greeting is."""
    patience_s: Range = (2.5, 8.0)
    """How long a person bears silence."""
    listens_s: Range = (1.0, 20.0)
    """How long a person listens to an announcement."""
    hold_s: Range = (10.0, 60.0)
    """How long a person bears music on hold."""
    talk_s_mean: float = 90.0
    """Conversations are exponential around this, at least ``talk_s_min``."""
    talk_s_min: float = 4.0
    records_s: Range = (20.0, 60.0)
    """How long a machine records before it hangs up, from the answer."""

    def draw_plan(self, seed: int, number: str, dialed_before: int) -> DialedPlan:
        """What this dialing of the number meets."""
        shares = dict(self.shares)
        unknown = shares.pop(B.UNKNOWN, 0.0)
        everybody = unknown + sum(shares.values())
        own = Random(f"{seed}/number-{number}")
        rng = Random(f"{seed}/number-{number}/{dialed_before}")
        if own.random() * everybody < unknown:
            behaviour = B.UNKNOWN
        else:
            behaviour = rng.choices(list(shares), list(shares.values()))[0]
        is_machine = behaviour is B.MACHINE
        talk_s = -math.log(1.0 - rng.random()) * self.talk_s_mean
        return DialedPlan(
            behaviour=behaviour,
            ring_after_s=rng.uniform(*self.ring_after_s),
            ring_s=rng.uniform(*(self.machine_ring_s if is_machine else self.ring_s)),
            voice=self._draw_voice(behaviour, rng),
            patience_s=rng.uniform(*self.patience_s),
            listens_s=rng.uniform(*self.listens_s),
            hold_s=rng.uniform(*self.hold_s),
            talk_s=max(self.talk_s_min, talk_s),
            stay_s=rng.uniform(*self.records_s) if is_machine else 0.0,
        )

    def _draw_voice(self, behaviour: Behaviour, rng: Random) -> Voice:
        draw = rng.random()
        after_s = rng.uniform(*self.hello_after_s)
        hello_s, greeting_s = rng.uniform(*self.hello_s), rng.uniform(*self.greeting_s)
        match behaviour:
            case B.HUMAN if draw >= self.talkative_share:
                return Voice(after_s, hello_s)
            case B.MACHINE if draw < self.terse_share:
                return Voice(after_s, hello_s)
            case B.HUMAN | B.MACHINE:
                return Voice(after_s, greeting_s, max(1, round(greeting_s * WORDS_PER_S)))
            case B.QUIET:
                return QUIET
            case _:
                return NO_MEDIA


class Carrier:
    """Everybody behind the trunk."""

    def __init__(self, seed: int, mix: CarrierMix, stage: Stage) -> None:
        self.mix = mix
        self.log: list[Entry] = []
        """The truth about every call that came in here, in order of time."""
        self._seed = seed
        self._stage = stage
        self._plans: dict[str, tuple[DialedPlan, ...]] = {}
        self._dialed: dict[str, int] = {}
        """How often each number was dialed."""
        self._on_line: dict[str, Dialed] = {}
        """By channel."""
        self._calls = 0

    def plan(self, number: str, *plans: DialedPlan) -> None:
        """Say what this number does: the first time it is dialed, the second, and so on; the last
        plan holds from then on. None: it draws from the mix again.
        """
        self._plans[number] = plans

    def call(self, invited: Invited) -> None:
        """A call comes in."""
        self._calls += 1
        before = self._dialed.get(invited.number, 0)
        self._dialed[invited.number] = before + 1
        dialed = Dialed(
            f"dialed-{self._calls:04d}",
            self._find_plan(invited.number, before),
            invited,
            self._stage,
            self._note,
        )
        self._on_line[invited.channel] = dialed
        dialed.begin()

    def _find_plan(self, number: str, before: int) -> DialedPlan:
        plans = self._plans.get(number)
        if plans:
            return plans[min(before, len(plans) - 1)]
        return self.mix.draw_plan(self._seed, number, before)

    def _note(self, entry: Entry) -> None:
        self.log.append(entry)
        if self._on_line[entry.channel].is_gone:
            del self._on_line[entry.channel]

    def notice(self, signal: Signal) -> bool:
        """Tell whoever is on this line; False when nobody here is."""
        dialed = self._on_line.get(signal.channel)
        if dialed is not None:
            dialed.notice(signal)
        return dialed is not None

    def lose_lines(self) -> None:
        """Every line is dead."""
        for dialed in list(self._on_line.values()):
            dialed.lose_line()
