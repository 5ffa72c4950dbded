"""What the chooser learns from its own calls."""

from __future__ import annotations

import msgspec
import pytest

from callcenter.domain.customer import Tier
from routing.learning import JUNIOR, SENIOR, Arrivals, Estimates, Learned, Lending, Mean, loss_at
from routing.settings import Settings, Target

GOLD, STANDARD = Tier.GOLD, Tier.STANDARD


def test_before_any_call_the_start_values_are_used() -> None:
    figures = Estimates(Settings(handling_start_s=200.0)).figures("q", GOLD)

    assert figures.handling_s == [200.0, 200.0]
    assert figures.gain == pytest.approx((0.22 - 0.10) * 5.0 * 60.0)
    assert loss_at(figures, 100.0) == pytest.approx(10.0 * 60.0 / 420.0)
    assert figures.arrivals_per_s == 0.0
    assert figures.lift == 1.0


def test_handling_times_are_learnt_for_each_seniority_and_tier() -> None:
    estimates = Estimates(Settings())
    for _ in range(500):
        estimates.handled("q", GOLD, SENIOR, 90.0, None)
        estimates.handled("q", GOLD, JUNIOR, 240.0, None)

    gold, standard = estimates.figures("q", GOLD), estimates.figures("q", STANDARD)
    assert gold.handling_s == pytest.approx([240.0, 90.0], rel=0.05)
    assert standard.handling_s == [180.0, 180.0]


def test_when_handling_times_double_the_estimate_follows() -> None:
    estimates = Estimates(Settings(memory=200.0))
    for _ in range(1000):
        estimates.handled("q", GOLD, SENIOR, 100.0, None)
    for _ in range(500):
        estimates.handled("q", GOLD, SENIOR, 200.0, None)

    assert 185.0 < estimates.figures("q", GOLD).handling_s[SENIOR] <= 200.0


def test_one_phone_left_off_the_hook_does_not_move_the_mean_much() -> None:
    estimates = Estimates(Settings())
    for _ in range(100):
        estimates.handled("q", GOLD, SENIOR, 100.0, None)

    estimates.handled("q", GOLD, SENIOR, 36_000.0, None)

    assert estimates.figures("q", GOLD).handling_s[SENIOR] < 115.0


def test_calls_that_took_no_time_at_all_count_as_a_second() -> None:
    estimates = Estimates(Settings())
    for _ in range(20_000):
        estimates.handled("q", GOLD, SENIOR, 0.0, None)

    assert estimates.figures("q", GOLD).handling_s[SENIOR] == pytest.approx(1.0)


def test_the_rate_of_coming_free_is_learnt_from_the_same_calls() -> None:
    estimates = Estimates(Settings(handling_start_s=180.0))
    before = estimates.coming_free[SENIOR][0]

    for _ in range(300):
        estimates.handled("q", GOLD, SENIOR, 10.0, None)

    assert estimates.coming_free[SENIOR][0] > 5.0 * before
    assert estimates.coming_free[JUNIOR][0] == before


def test_resolution_is_learnt_only_from_calls_with_a_disposition() -> None:
    estimates = Estimates(Settings())
    before = estimates.figures("q", GOLD).gain

    estimates.handled("q", GOLD, JUNIOR, 100.0, None)
    assert estimates.figures("q", GOLD).gain == before

    for _ in range(300):
        estimates.handled("q", GOLD, JUNIOR, 100.0, False)
        estimates.handled("q", GOLD, SENIOR, 100.0, True)
    assert estimates.figures("q", GOLD).gain > 2.0 * before


def test_seniors_who_resolve_less_are_worth_nothing_more() -> None:
    estimates = Estimates(Settings())

    for _ in range(300):
        estimates.handled("q", GOLD, JUNIOR, 100.0, True)
        estimates.handled("q", GOLD, SENIOR, 100.0, False)

    assert estimates.figures("q", GOLD).gain == 0.0


def test_the_chance_of_hanging_up_is_learnt_by_the_wait() -> None:
    estimates = Estimates(Settings())
    for _ in range(300):
        estimates.waited("q", GOLD, 5.0, hung_up=False)
        estimates.waited("q", GOLD, 20.0, hung_up=True)

    hang_up = estimates.figures("q", GOLD).hang_up

    assert hang_up[1] > 10.0 * hang_up[0]


def test_calls_that_come_faster_are_seen_soon() -> None:
    estimates = Estimates(Settings())
    estimates.arrived("q", GOLD, 1000.0)
    assert estimates.figures("q", GOLD).arrivals_per_s == 0.0

    for number in range(1, 60):
        estimates.arrived("q", GOLD, 1000.0 + 10.0 * number)

    assert estimates.figures("q", GOLD).arrivals_per_s == pytest.approx(0.1)


def test_arrivals_at_one_instant_are_no_trouble() -> None:
    estimates = Estimates(Settings())

    for _ in range(3):
        estimates.arrived("q", GOLD, 1000.0)

    assert estimates.figures("q", GOLD).arrivals_per_s == 0.0


def test_a_queue_below_its_target_gains_weight_up_to_a_bound() -> None:
    estimates = Estimates(Settings(targets=(Target("q", 0.8, 20.0),)))
    figures = estimates.figures("q", GOLD)

    for _ in range(70):
        estimates.waited("q", GOLD, 30.0, hung_up=False)
    low = figures.lift
    for _ in range(3000):
        estimates.waited("q", GOLD, 5.0, hung_up=False)

    assert low == 3.0  # nobody in time: 80 points below, and never more than trebled
    assert figures.lift == 1.0


def test_each_point_below_the_target_adds_five_per_cent() -> None:
    learned = Learned(in_time={"q/gold": Mean(0.70, 100.0)})

    figures = Estimates(Settings(targets=(Target("q", 0.8, 20.0),)), learned).figures("q", GOLD)

    assert figures.lift == pytest.approx(1.5)


def test_a_caller_who_hangs_up_early_was_not_answered_in_time() -> None:
    estimates = Estimates(Settings(targets=(Target("q", 0.8, 20.0),)))

    for _ in range(50):
        estimates.waited("q", GOLD, 5.0, hung_up=True)

    assert estimates.figures("q", GOLD).lift > 1.5


def test_the_target_of_a_tier_goes_before_that_of_its_queue() -> None:
    targets = (Target("q", 0.8), Target("q", 0.9, 10.0, GOLD), Target("q", 0.7), Target("r", 0.5))
    estimates = Estimates(Settings(targets=targets))

    assert estimates.figures("q", GOLD).target == targets[1]
    assert estimates.figures("q", STANDARD).target == targets[0]
    assert estimates.figures("s", STANDARD).target is None


def test_what_was_learnt_is_a_value_that_can_be_stored_and_read_again() -> None:
    settings = Settings(targets=(Target("q"),))
    first = Estimates(settings)
    for number in range(20):
        first.arrived("q", GOLD, 100.0 * number)
        first.handled("q", GOLD, SENIOR, 50.0 + number, number % 2 == 0)
        first.waited("q", GOLD, 3.0 * number, hung_up=number % 3 == 0)
    first.set_lending("q", Lending(0.5, 100.0))

    stored = msgspec.json.encode(first.snapshot())
    second = Estimates(settings, msgspec.json.decode(stored, type=Learned))

    assert second.snapshot() == first.snapshot()
    assert second.lending("q") == Lending(0.5, 100.0)
    assert second.lending("other") == Lending()
    assert second.coming_free == first.coming_free
    ours, theirs = second.figures("q", GOLD), first.figures("q", GOLD)
    for name in ("handling_s", "hang_up", "loss", "gain", "lift", "arrivals_per_s"):
        assert getattr(ours, name) == getattr(theirs, name)


def test_a_stored_value_is_not_changed_by_what_is_learnt_later() -> None:
    estimates = Estimates(Settings())
    estimates.arrived("q", GOLD, 1.0)
    stored = estimates.snapshot()

    estimates.arrived("q", GOLD, 2.0)

    assert stored.arrivals == {"q/gold": Arrivals(1.0, Mean(0.0, 0.0))}


def test_other_costs_are_used_at_once_and_what_was_learnt_stays() -> None:
    estimates = Estimates(Settings())
    figures = estimates.figures("q", GOLD)
    estimates.handled("q", GOLD, SENIOR, 90.0, None)
    handling_s, gain = list(figures.handling_s), figures.gain

    estimates.change_settings(Settings(unresolved_cost=10.0))

    assert figures.handling_s == handling_s
    assert figures.gain == pytest.approx(2.0 * gain)
