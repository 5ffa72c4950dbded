"""The predictive pacer, told of small stories."""

from __future__ import annotations

import msgspec
import pytest

from dialer.pacing.budget import LegalWindow, count
from dialer.pacing.decision import Because, Decision, Hold, PlaceCalls
from dialer.pacing.predictive import (
    AT_ONCE_MAX,
    PRICE_SAFE,
    SILENT_PEOPLE,
    SMALL_TEAM,
    SURPRISE_PEOPLE,
    PredictivePacer,
    Settings,
    State,
    advice,
    factor_of,
    new_state,
)
from dialer.pacing.refusals import REFUSALS_TOLERATED
from dialer.pacing.scene import AgentPhase

T0 = 1_700_000_000.0


class Story:
    """A pacer and the time; every third call is a person, after five seconds of ringing."""

    def __init__(self, agents: int = 4, **settings: float) -> None:
        window = LegalWindow()
        self.pacer = PredictivePacer(new_state(Settings(window, **settings)))  # type: ignore[arg-type]  # figures of several kinds
        self.now = T0
        self.calls = 0
        for number in range(agents):
            self.pacer.agent(f"a{number}", AgentPhase.READY, self.now)

    @property
    def state(self) -> State:
        """What the pacer knows."""
        return self.pacer.state

    def place(self, number: int = 1) -> list[str]:
        """Place calls whether the pacer says so or not."""
        names = [f"c{self.calls + n}" for n in range(number)]
        self.calls += number
        for name in names:
            self.pacer.placed(name, self.now)
        return names

    def one_call(self, *, is_person: bool) -> None:
        """A call from its placing to its end, with a short talk."""
        (name,) = self.place()
        self.pacer.ringing(name, self.now + 2)
        if not is_person:
            self.pacer.ended(name, self.now + 20)
            self.now += 20
            return
        self.pacer.answered(name, self.now + 7)
        self.pacer.classified(name, True, self.now + 8)
        self.pacer.connected(name, self.now + 8)
        self.pacer.agent("a0", AgentPhase.TALKING, self.now + 8)
        self.pacer.agent("a0", AgentPhase.WRAP_UP, self.now + 40)
        self.pacer.agent("a0", AgentPhase.READY, self.now + 50)
        self.now += 50

    def learn(self, calls: int = 60) -> None:
        """Every third is a person."""
        for number in range(calls):
            self.one_call(is_person=number % 3 == 0)
            self.ask()

    def ask(self) -> Decision:
        """Ask, a second later."""
        self.now += 1.0
        return self.pacer.decide(self.now)


def placed(decided: Decision) -> int:
    """How many calls."""
    return decided.count if isinstance(decided, PlaceCalls) else 0


def test_it_begins_carefully_and_dials_further_ahead_when_it_knows_the_list() -> None:
    story = Story(agents=10)
    first = placed(story.ask())

    story.learn()

    assert 10 <= first <= 16
    assert placed(story.ask()) > first + 3


def test_it_dials_for_agents_who_will_come_free() -> None:
    story = Story(agents=4)
    story.learn()
    for number in range(4):
        story.pacer.agent(f"a{number}", AgentPhase.TALKING, story.now)
    just_begun = placed(story.ask())

    story.now += 29.0
    nearly_over = placed(story.ask())

    assert just_begun == 0
    for number in range(4):
        story.pacer.agent(f"a{number}", AgentPhase.WRAP_UP, story.now)
    story.now += 8.0
    assert placed(story.ask()) > nearly_over >= just_begun


def test_a_large_team_is_paced_as_well() -> None:
    story = Story(agents=60)
    story.learn(30)

    decided = story.ask()

    assert 60 < placed(decided) <= AT_ONCE_MAX
    assert decided.reason.because is Because.PRICE
    assert decided.reason.expected_people > 0.0


def test_of_a_large_busy_team_those_who_write_are_soon_expected() -> None:
    story = Story(agents=60)
    story.learn(30)
    for name in story.place(20):
        story.pacer.ringing(name, story.now)
    for number in range(60):
        story.pacer.agent(f"a{number}", AgentPhase.TALKING, story.now - 3.0)
    talking = placed(story.ask())

    for number in range(60):
        story.pacer.agent(f"a{number}", AgentPhase.WRAP_UP, story.now - 8.0)

    assert placed(story.ask()) > talking + 5


def test_a_call_that_rings_for_very_long_is_as_good_as_over() -> None:
    story = Story(agents=4)
    story.learn()
    for name in story.place(3):
        story.pacer.ringing(name, story.now + 2)
    fresh = story.ask().reason.expected_people
    story.state.forecast.ringing[-1] = (0.0, 0.0)  # type: ignore[union-attr]  # made by asking

    story.now += 90.0
    old = story.ask()

    assert old.reason.in_flight == 3
    assert fresh > 0.0
    assert placed(old) > 0


def test_nothing_is_placed_for_nobody() -> None:
    assert Story(agents=0).ask().reason.because is Because.NO_AGENT


def test_no_more_lines_are_used_than_allowed() -> None:
    story = Story(agents=4, max_lines=3)

    decided = story.ask()

    assert (placed(decided), decided.reason.because) == (3, Because.LINES)


def test_with_very_many_agents_only_so_many_calls_go_out_at_once() -> None:
    decided = Story(agents=AT_ONCE_MAX + 50).ask()

    assert (placed(decided), decided.reason.because) == (AT_ONCE_MAX, Because.AT_ONCE)


def test_when_the_allowance_is_used_up_hardly_any_call_may_be_abandoned() -> None:
    story = Story(agents=4)
    story.learn()
    count(story.state.budget, story.now, answered=200.0)
    before = placed(story.ask())

    count(story.state.budget, story.now, abandoned=9.0)
    decided = story.ask()

    assert decided.reason.because is Because.BUDGET
    assert 4 <= placed(decided) < before


def test_an_abandoned_call_is_counted_once() -> None:
    story = Story()
    (name,) = story.place()
    story.pacer.classified(name, True, story.now + 5)

    story.pacer.abandoned(name, story.now + 6)
    story.pacer.abandoned(name, story.now + 6)
    story.pacer.connected(name, story.now + 6)

    assert (story.state.budget.answered, story.state.budget.abandoned) == (1.0, 1.0)


def test_people_whom_detection_loses_are_estimated_where_the_law_wants_it() -> None:
    story = Story(taken_for_machines=0.2)
    (name,) = story.place()
    story.pacer.classified(name, True, story.now + 5)

    story.pacer.connected(name, story.now + 6)

    assert story.state.budget.answered == pytest.approx(1.25)
    assert story.state.budget.abandoned == pytest.approx(0.25)


def test_the_price_follows_what_the_calls_placed_are_expected_to_cost() -> None:
    story = Story(agents=10)
    story.ask()
    odds = [story.state.price_odds]

    for chance in (0.5, 0.0):
        story.state.offered = [chance]
        story.place()
        odds.append(story.state.price_odds)

    assert odds[1] < odds[0]
    assert odds[2] > odds[1]


def test_an_abandoned_call_makes_what_is_foreseen_count_for_more() -> None:
    story = Story(agents=10)
    story.ask()
    calm, warned = msgspec.json.encode(story.state), Story(agents=10)
    warned.ask()
    for name in warned.place(9):
        warned.pacer.classified(name, True, warned.now)
        warned.pacer.abandoned(name, warned.now)
    count(warned.state.budget, warned.now, answered=10_000.0)
    moves = []
    for state in (msgspec.json.decode(calm, type=State), warned.state):
        count(state.budget, story.now, answered=10_000.0)
        before, state.offered = state.price_odds, [0.2]
        PredictivePacer(state).placed("one more", story.now)
        moves.append(state.price_odds - before)

    assert moves[1] < moves[0] < 0.0


def test_the_price_does_not_rise_while_lines_are_what_is_short() -> None:
    story = Story(agents=10, max_lines=5)
    count(story.state.budget, story.now, answered=10_000.0)
    before = story.state.price_odds

    story.place(placed(story.ask()))

    assert story.state.price_odds == before


def test_what_was_foreseen_is_remembered_for_a_while_only() -> None:
    story = Story(agents=10)
    story.state.foreseen = story.state.happened = 500.0

    story.place(placed(story.ask()))

    assert story.state.foreseen == pytest.approx(60.0)
    assert story.state.happened < 61.0


def test_more_people_than_expected_raise_the_chances_until_they_are_learnt() -> None:
    story = Story()
    story.state.evidence = 10_000.0
    story.state.expected = SURPRISE_PEOPLE
    story.state.came = 80.0
    more = factor_of(story.state)

    story.state.came = 15.0
    fewer = factor_of(story.state)
    story.state.came = 45.0

    assert more > 1.7
    assert fewer < 0.8
    assert factor_of(story.state) == pytest.approx(1.01, abs=0.001)


def test_expectations_are_kept_for_some_people_only() -> None:
    story = Story()
    story.state.expected, story.state.came = SURPRISE_PEOPLE * 2, 100.0

    story.ask()

    assert story.state.expected == SURPRISE_PEOPLE
    assert story.state.came == 50.0


def test_a_silent_trunk_gets_one_call_for_each_agent_and_teaches_nothing() -> None:
    story = Story(agents=4)
    story.learn()
    story.state.in_vain = SILENT_PEOPLE
    learnt = story.state.learnt.calls

    decided = story.ask()
    names = story.place(placed(decided))
    story.pacer.ended(names[0], story.now + 30)
    story.now += 100.0
    story.ask()
    story.ask()

    assert (len(names), decided.reason.because) == (4, Because.SILENT_TRUNK)
    assert story.state.learnt.calls <= learnt

    story.pacer.classified(names[1], True, story.now)
    assert story.ask().reason.because is not Because.SILENT_TRUNK


def test_a_trunk_of_which_nothing_is_heard_is_soon_dialed_no_further() -> None:
    story = Story(agents=4)
    story.learn()
    reasons = []

    for _ in range(120):
        decided = story.ask()
        story.place(placed(decided))
        reasons.append(decided.reason.because)

    assert reasons[-1] is Because.SILENT_TRUNK
    assert story.state.scene.in_flight < 60
    story.pacer.ringing(f"c{story.calls - 1}", story.now)
    assert story.ask().reason.because is not Because.SILENT_TRUNK


def test_calls_that_hang_are_not_piled_up() -> None:
    story = Story(agents=4)
    story.learn()
    story.place(60)
    story.state.asked_at = 0.0  # nothing was expected of them meanwhile

    decided = story.ask()

    assert isinstance(decided, Hold)
    assert decided.reason.because is Because.EVIDENCE


def test_a_silent_trunk_never_gets_more_than_it_would_otherwise() -> None:
    story = Story(agents=4, max_lines=1)
    story.state.in_vain = SILENT_PEOPLE

    assert story.ask().reason.because is Because.LINES


def test_refusals_hold_dialing_and_teach_nothing() -> None:
    story = Story(agents=4)
    known = story.state.learnt.calls
    for name in story.place(REFUSALS_TOLERATED):
        story.pacer.ended(name, story.now, refused=True)

    held = story.pacer.decide(story.now + 0.5)

    assert held.reason.because is Because.REFUSED
    assert isinstance(held, Hold)
    assert story.state.learnt.calls == known
    story.pacer.ended("unknown", story.now, refused=True)
    assert placed(story.pacer.decide(story.now + 2.0)) > 0


def test_calls_that_we_have_hung_up_ourselves_teach_nothing() -> None:
    story = Story(agents=4)
    known = story.state.learnt.calls
    for name in story.place(REFUSALS_TOLERATED):
        story.pacer.ended(name, story.now, cancelled=True)

    assert placed(story.pacer.decide(story.now + 0.5)) > 0
    assert story.state.learnt.calls == known
    assert story.state.refusals == 0


def test_a_call_that_ends_without_an_answer_shows_that_the_trunk_works() -> None:
    story = Story()
    first, second, third = story.place(3)
    story.pacer.ended(first, story.now, refused=True)
    story.pacer.ended(second, story.now + 3)
    after_end = story.state.refusals

    story.pacer.ringing(third, story.now + 3)
    story.pacer.ringing(third, story.now + 4)
    story.pacer.answered(third, story.now + 5)
    story.pacer.answered(third, story.now + 5)
    story.pacer.ended(third, story.now + 6)  # hung up before the verdict

    assert (after_end, story.state.refusals) == (0, 0)
    assert not story.state.scene.calls


def test_a_machine_is_over_with_its_verdict() -> None:
    story = Story()
    (name,) = story.place()
    story.pacer.answered(name, story.now + 19)

    story.pacer.classified(name, False, story.now + 21)
    story.pacer.classified(name, False, story.now + 22)
    story.pacer.classified("unknown", True, story.now + 22)

    assert not story.state.scene.calls
    assert story.state.came == 0.0


def test_a_call_that_was_answered_unnoticed_may_still_come_to_an_agent() -> None:
    story = Story()
    (name,) = story.place()
    story.pacer.classified(name, True, story.now + 4)
    story.now += 50.0

    story.ask()  # somebody waits: neither ringing nor screened
    story.pacer.agent("a1", AgentPhase.ACCEPTED, story.now)
    story.pacer.decide(story.now + 10)

    assert story.state.scene.waiting == 1


def test_a_call_being_screened_counts_as_a_likely_person() -> None:
    story = Story(agents=4)
    story.learn()
    idle = placed(story.ask())
    rung, silent = story.place(2)
    story.pacer.ringing(rung, story.now)
    story.pacer.answered(rung, story.now + 6)
    story.pacer.answered(silent, story.now + 6)
    story.now += 6.0

    assert placed(story.ask()) <= idle - 2


def test_a_changed_list_is_begun_carefully_again() -> None:
    story = Story(agents=10)
    story.learn(90)
    before = placed(story.ask())

    story.pacer.list_changed()

    assert placed(story.ask()) < before
    assert story.state.evidence < 10.0


def test_a_restored_pacer_decides_as_the_one_that_went_on() -> None:
    story = Story(agents=6)
    story.learn(30)
    story.place(placed(story.ask()))
    saved = msgspec.json.encode(story.state)
    restored = PredictivePacer(msgspec.json.decode(saved, type=State))

    for second in range(1, 120):
        now = story.now + second
        if second == 8:
            for pacer in (story.pacer, restored):
                pacer.ringing("c30", now)
                pacer.classified("c30", True, now + 0.5)
                pacer.connected("c30", now + 0.5)
                pacer.agent("a1", AgentPhase.TALKING, now + 0.5)
        assert restored.decide(now) == story.pacer.decide(now)

    assert msgspec.json.encode(restored.state) == msgspec.json.encode(story.state)


def test_a_small_team_is_told_that_there_is_little_to_gain() -> None:
    assert advice(SMALL_TEAM) == ""
    assert advice(5).startswith("With 5 agents predictive pacing gains little")


def test_an_allowance_that_the_calls_in_flight_may_spend_counts_as_spent() -> None:
    story = Story(agents=4)
    count(story.state.budget, T0, answered=100.0, abandoned=1.0)
    quiet = story.pacer.decide(T0).reason.price
    story.place(60)

    risky = story.pacer.decide(T0).reason.price

    assert quiet > risky == PRICE_SAFE
