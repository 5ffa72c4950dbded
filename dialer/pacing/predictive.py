"""Predictive pacing: dial ahead as long as a person will hardly find nobody free.

One more call is placed while the chance that its person, when they answer, finds no agent stays
under a *price*. The chance comes from distributions: who of those in flight will have answered by
then, which agents will have come free (``forecast``, ``chance``). The price is what holds the
share abandoned: it moves slowly, by what is expected to be abandoned and hardly by each single one,
which would be chance; only when the allowance of the legal window is really used up is nothing
placed that could be abandoned (``budget``).

It is told as little as a dialer sees and assumes nothing of the list: it begins carefully, learns,
forgets slowly, and notices when more or fewer people answer than it expected.
"""

from __future__ import annotations

import math

from msgspec import Struct, field

from dialer.pacing.budget import Budget, LegalWindow, balance, count, is_spent, turn_window
from dialer.pacing.decision import Because, Decision, Reason, decision
from dialer.pacing.forecast import Forecast, make_forecast
from dialer.pacing.learning import (
    Learnt,
    doubt,
    fade,
    learn_agent,
    learn_answer,
    learn_end,
    learn_ringing,
    learn_time,
    learn_verdict,
    persons,
)
from dialer.pacing.outlook import (
    Calls,
    ExactOutlook,
    Group,
    NormalOutlook,
    agent_groups,
    expected,
    scaled,
)
from dialer.pacing.refusals import pause_after
from dialer.pacing.scene import (
    AgentPhase,
    CallPhase,
    Scene,
    see_agent,
    see_over,
    see_phase,
    see_placed,
)

EXACT_MAX = 30
"""Agents at work up to which distributions are computed exactly."""
PRICE_FIRST, PRICE_MIN, PRICE_MAX = 0.10, 0.004, 0.98
"""The price in the beginning and its bounds."""
ODDS_MIN = math.log(PRICE_MIN / (1.0 - PRICE_MIN))
ODDS_MAX = math.log(PRICE_MAX / (1.0 - PRICE_MAX))
PRICE_SAFE = 0.003
"""Accepted when the allowance is used up: an agent is as good as sure."""
PRICE_PER_ABANDONED = 0.25
"""How much the price moves (as a logarithm) for one abandoned call more or less than is due."""
GAIN_AGENTS = 60.0
"""With more agents it moves less for each, in proportion: there are so many more."""
ANSWERS_TO_BALANCE = 300.0
"""What was saved or overdrawn is spent or earned within about so many people who answer."""
SPENT_FASTER, SPENT_SLOWER = 1.5, 0.25
"""Bounds of that, as parts of the cap."""
RESERVE, RESERVE_PER_AGENT = 1.0, 0.04
"""Abandoned calls that are kept in hand: what a bad minute of a team may cost."""
TRUST = 6.0
"""The calibration begins as if so many abandoned calls had been expected, and seen."""
EXPECTATIONS_REMEMBERED = 60.0
SURPRISE_PEOPLE = 40.0
"""Over so many expected people it is watched whether as many come."""
SURPRISE_MIN = 2.0
"""Standard deviations: less is chance and changes nothing."""
SILENT_PEOPLE = 12.0
"""So many people expected and not one came (6 in a million by chance): the trunk is silent."""
SILENT_CALLS = 15.0
"""So many calls should have rung or ended and not one did."""
LINES_FIRST, SERVICES_AHEAD = 10, 1.0
"""Calls in flight at most: these, and so many that each agent at work would get this many people.
Some five times what is needed; calls that hang without a word must not be piled up."""
PERSON_MIN = 0.02
"""A list is not believed to be worse than this, for that bound."""
UNSURE = 1.0
"""Standard errors by which the chance of a person is taken higher than it is estimated."""
REFRESH_S, REFRESH_FIRST_S = 45.0, 5.0
"""The forecast is made anew so often; in the beginning oftener."""
FIRST_PEOPLE = 40.0
"""The beginning lasts until so many people have answered."""
AT_ONCE_MAX = 200
"""Calls placed by one decision, at most."""
SMALL_TEAM = 8
"""With fewer agents there is little to gain, see ``advice``."""


class Settings(Struct, frozen=True):
    """What a campaign sets."""

    window: LegalWindow = LegalWindow()
    patience_s: float = 1.0
    """How long a person waits for an agent before the call counts as abandoned."""
    max_lines: int = 100_000
    """Bound of the calls in flight."""
    taken_for_machines: float = 0.0
    """Share of the people whom detection takes for machines, as agents' dispositions show. They
    are people not connected, too: set it where the law wants them estimated and counted."""


class State(Struct):
    """Everything a predictive pacer knows, plain data: encode it, decode it, and it goes on
    exactly as before."""

    settings: Settings
    budget: Budget
    scene: Scene = field(default_factory=Scene)
    learnt: Learnt = field(default_factory=Learnt)
    forecast: Forecast | None = None
    made_at: float = 0.0
    """When the forecast was made."""
    is_learnt: bool = False
    """The time at risk has been counted for the next one."""
    evidence: float = 0.0
    """People it rests on."""
    price_odds: float = math.log(PRICE_FIRST / (1.0 - PRICE_FIRST))
    """Logarithm of the price's odds."""
    offered: list[float] = field(default_factory=list)
    """The chances of the calls of the last decision that have not been placed yet, last first."""
    is_price_binding: bool = False
    """It was the price that bounded that decision."""
    foreseen: float = TRUST
    """Abandoned calls that the chances foresaw; old ones weigh less."""
    happened: float = TRUST
    """Those that came."""
    expected: float = 0.0
    """People expected of late, and those who came."""
    came: float = 0.0
    mute: float = 0.0
    """Calls expected to ring or end since the last one that did."""
    in_vain: float = 0.0
    """People expected since the last one came."""
    asked_at: float = 0.0
    refusals: int = 0
    """In a row."""
    held_until: float = 0.0


def new_state(settings: Settings) -> State:
    """A pacer that knows nothing yet."""
    return State(settings, Budget(settings.window))


def advice(agents: int) -> str:
    """What to tell who plans a campaign with so many agents; empty when there is nothing to say."""
    if agents >= SMALL_TEAM:
        return ""
    return (
        f"With {agents} agents predictive pacing gains little over progressive, and a single "
        "unlucky hour may use up the allowance of abandoned calls. Progressive abandons nobody."
    )


class PredictivePacer:
    """A ``Pacer``; ``state`` may be saved at any moment and given to a new one."""

    def __init__(self, state: State) -> None:
        self.state = state

    # --- what happened ----------------------------------------------------------------------------

    def placed(self, call: str, now: float) -> None:
        """A call was placed."""
        see_placed(self.state.scene, call, now)
        if self.state.offered:
            self._charge(self.state.offered.pop())

    def ringing(self, call: str, now: float) -> None:
        """The network says that it rings."""
        state = self.state
        before = see_phase(state.scene, call, CallPhase.RINGING, now)
        if before is not None:
            learn_ringing(state.learnt, before, now)
            state.refusals = 0
            state.mute = 0.0

    def answered(self, call: str, now: float) -> None:
        """Somebody or something picked up."""
        before = see_phase(self.state.scene, call, CallPhase.SCREENING, now)
        if before is not None:
            learn_answer(self.state.learnt, before, now)
            self.state.refusals = 0
            self.state.mute = 0.0

    def classified(self, call: str, is_person: bool, now: float) -> None:
        """It is a person, or is taken for one."""
        state = self.state
        seen = state.scene.calls.get(call)
        if seen is not None and seen.phase < CallPhase.SCREENING:
            self.answered(call, now)  # it was not told
        if is_person:
            before = see_phase(state.scene, call, CallPhase.WAITING, now)
        else:
            before = see_over(state.scene, call)
        if before is not None and before.phase is CallPhase.SCREENING:
            learn_verdict(state.learnt, before, is_person=is_person, now=now)
        if before is not None and is_person:
            state.came += 1.0
            state.in_vain = 0.0

    def connected(self, call: str, now: float) -> None:
        """The person talks with an agent."""
        self._count_person(call, now, abandoned=0.0)

    def abandoned(self, call: str, now: float) -> None:
        """The person found no agent in time."""
        if self._count_person(call, now, abandoned=1.0):
            self.state.happened += 1.0

    def _count_person(self, call: str, now: float, *, abandoned: float) -> bool:
        state = self.state
        seen = see_over(state.scene, call)
        if seen is None:
            return False
        lost = state.settings.taken_for_machines
        lost = lost / (1.0 - lost)  # so many for each who was recognised
        count(state.budget, now, answered=1.0 + lost, abandoned=abandoned + lost)
        return True

    def ended(
        self, call: str, now: float, *, refused: bool = False, cancelled: bool = False
    ) -> None:
        """The call is over; one that was refused by the trunk, or cancelled, teaches nothing of the
        list."""
        state = self.state
        seen = see_over(state.scene, call)
        if cancelled:
            return
        if refused and seen is not None:
            state.refusals += 1
            state.held_until = max(state.held_until, now + pause_after(state.refusals))
        elif seen is not None and seen.phase <= CallPhase.RINGING:
            if not self._is_silent():
                learn_end(state.learnt, seen, now)
            state.refusals = 0

    def agent(self, agent: str, phase: AgentPhase, now: float) -> None:
        """An agent does this from now on."""
        before = see_agent(self.state.scene, agent, phase, now)
        if before is not None:
            learn_agent(self.state.learnt, before, phase, now)

    def list_changed(self) -> None:
        """Other people are dialed from now on: begin to learn again, carefully."""
        state = self.state
        doubt(state.learnt, 0.1)
        state.forecast = None
        state.offered = []
        state.expected = state.came = 0.0

    # --- how many ---------------------------------------------------------------------------------

    def decide(self, now: float) -> Decision:
        """How many calls to place now, and why."""
        state = self.state
        turn_window(state.budget, now)
        forecast = self._refresh(now)
        scene = state.scene
        calls = Calls(scene, forecast, now)
        self._watch_surprise(calls, now)
        people = scaled(calls.groups, factor_of(state))
        agents = agent_groups(scene, forecast, now)
        lines = min(state.settings.max_lines - scene.in_flight, AT_ONCE_MAX)
        limit, because = (lines, Because.LINES) if lines < AT_ONCE_MAX else (lines, Because.AT_ONCE)
        sane = LINES_FIRST + SERVICES_AHEAD * len(scene.agents) / max(PERSON_MIN, forecast.person)
        if sane - scene.in_flight < limit:
            limit, because = max(0, int(sane - scene.in_flight)), Because.EVIDENCE
        price = self._price(expected(people))
        if not scene.agents:
            limit, because = 0, Because.NO_AGENT
        elif now < state.held_until:
            limit, because = 0, Because.REFUSED
        elif self._is_silent():
            one_each = scene.free - scene.waiting - scene.in_flight
            if one_each < limit:
                limit, because = max(0, one_each), Because.SILENT_TRUNK
        outlook = self._outlook(people, agents)
        placed, chance = 0, outlook.chance()
        offered: list[float] = []
        while placed < limit:
            if chance >= price:
                because = Because.BUDGET if price == PRICE_SAFE else Because.PRICE
                break
            offered.append(chance)
            outlook.add_call()
            placed += 1
            chance = outlook.chance()
        state.offered = offered[::-1]
        state.is_price_binding = because is Because.PRICE
        reason = Reason(
            because,
            scene.free,
            scene.waiting,
            scene.in_flight,
            expected(people) + placed * forecast.person,
            expected(agents),
            chance,
            price,
            state.budget.answered,
            state.budget.abandoned,
        )
        return decision(placed, reason)

    def _is_silent(self) -> bool:
        """Whether nobody answers, or nothing at all is heard, where a dozen should be."""
        return self.state.in_vain >= SILENT_PEOPLE or self.state.mute >= SILENT_CALLS

    def _refresh(self, now: float) -> Forecast:
        """The forecast, made anew when it is old."""
        state = self.state
        every_s = REFRESH_S if state.evidence >= FIRST_PEOPLE else REFRESH_FIRST_S
        if state.forecast is not None:
            if now < state.made_at + every_s:
                return state.forecast
            if not state.is_learnt:  # one thing at a time: each takes milliseconds
                fade(state.learnt, state.scene.in_flight, len(state.scene.agents))
                if not self._is_silent():
                    learn_time(state.learnt, state.scene, now)
                state.is_learnt = True
                return state.forecast
        state.forecast = make_forecast(state.learnt, state.settings.patience_s)
        state.evidence = persons(state.learnt)
        state.made_at = now
        state.is_learnt = False
        return state.forecast

    def _outlook(self, people: list[Group], agents: list[Group]) -> ExactOutlook | NormalOutlook:
        """How things will stand, by the method that suits the size of the team."""
        state, scene = self.state, self.state.scene
        assert state.forecast is not None
        lead, new = scene.free - scene.waiting, state.forecast.person * factor_of(state)
        if len(scene.agents) <= EXACT_MAX:
            return ExactOutlook(lead, people, agents, new)
        unsure = UNSURE / math.sqrt(state.evidence + 1.0)
        return NormalOutlook(lead, people, agents, new, unsure)

    def _watch_surprise(self, calls: Calls, now: float) -> None:
        """Compare the people who came with those expected since the last question."""
        state = self.state
        passed_s = min(5.0, now - state.asked_at) if state.asked_at else 0.0
        state.asked_at = now
        people = passed_s * calls.people_per_s
        state.mute += passed_s * calls.moves_per_s
        state.expected += people
        state.in_vain += people
        if state.expected > SURPRISE_PEOPLE:
            kept = SURPRISE_PEOPLE / state.expected
            state.expected *= kept
            state.came *= kept

    def _price(self, people: float) -> float:
        """The greatest chance of being abandoned with which a call is placed. ``people``: so many
        are expected of the calls in flight, each placed at about this price."""
        state = self.state
        price = 1.0 / (1.0 + math.exp(-state.price_odds))
        return PRICE_SAFE if is_spent(state.budget, people * price) else price

    def _charge(self, chance: float) -> None:
        """A call was placed that costs this chance: let the price follow.

        It rises only while it is what bounds the calls. Where lines or contacts are short it would
        rise for nothing, and a burst would follow when there are enough again.
        """
        state = self.state
        assert state.forecast is not None
        person = state.forecast.person
        foreseen = person * chance
        state.foreseen += foreseen
        if state.foreseen > EXPECTATIONS_REMEMBERED:
            kept = EXPECTATIONS_REMEMBERED / state.foreseen
            state.foreseen *= kept
            state.happened *= kept
        agents = len(state.scene.agents)
        change = person * self._share_due(agents) - foreseen * state.happened / state.foreseen
        if change > 0.0 and not state.is_price_binding:
            return
        odds = state.price_odds + change * PRICE_PER_ABANDONED / max(1.0, agents / GAIN_AGENTS)
        state.price_odds = min(ODDS_MAX, max(ODDS_MIN, odds))

    def _share_due(self, agents: int) -> float:
        """The share abandoned to aim at: the cap, and what lies above or below it in hand."""
        budget = self.state.budget
        cap = budget.rule.cap
        reserve = RESERVE + RESERVE_PER_AGENT * agents
        share = cap + (balance(budget) - reserve) / ANSWERS_TO_BALANCE
        return min(SPENT_FASTER * cap, max(SPENT_SLOWER * cap, share))


def factor_of(state: State) -> float:
    """By how much the chances of a person are taken higher (or lower) than they are estimated."""
    unsure = 1.0 + UNSURE / math.sqrt(state.evidence + 1.0)
    if state.expected <= 0.0:
        return unsure
    deviation = (state.came - state.expected) / math.sqrt(state.expected)
    if abs(deviation) <= SURPRISE_MIN:
        return unsure
    belief = 1.0 - (SURPRISE_MIN / deviation) ** 2
    return unsure * (1.0 + belief * (state.came / state.expected - 1.0))
