"""The routing benchmarks measure what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.bench.center_model import Caller, Desk, Result, Served
from callcenter.bench.publishing import Publishing
from callcenter.bench.replay_costs import Figures, Prices, compare, error_of, figures_of
from callcenter.bench.routing import Load
from callcenter.bench.routing import run as run_speed
from callcenter.bench.routing_replay import Options, judge, list_cases, run, run_case
from callcenter.domain.customer import Tier
from tests.unit.bench.test_bank1999 import row, write

PRICES = Prices({Tier.GOLD: 5.0, Tier.SILVER: 2.0, Tier.STANDARD: 1.0})


def test_every_agent_who_comes_free_is_given_a_call_and_as_many_wait_again() -> None:
    load = Load(50, 8)

    paired = load.decide(200)

    assert paired >= 190  # none of an agent's skills may be asked for
    assert load.chooser.count_waiting("service") == 50


def test_all_sizes_and_the_full_scan_are_measured_in_one_run() -> None:
    result = run_speed(sizes=(20, 40), skills=(4,), decisions=20, rounds=2, scans=2)

    for name in ("decisions_per_s", "full_scans_per_s"):
        assert list(result[name]) == ["4_skills"]
        for figures in result[name]["4_skills"].values():
            assert 0 < figures["min"] <= figures["median"] <= figures["max"]
    assert result["times_dearer_at_most_than_at_least"]["4_skills"] > 0
    assert result["longest_step_ms_when_rules_are_published"]["min"] > 0


def test_publishing_goes_on_until_every_call_is_under_the_new_rules() -> None:
    load = Publishing(250, 4)

    assert len(load.publish()) == 3  # a hundred in each step
    assert load.are_all_under(1)
    assert len(load.publish()) == 3
    assert load.are_all_under(2)


def test_costs_are_added_up_as_they_are_defined() -> None:
    senior, junior = Desk("s", True, ()), Desk("j", False, ())
    served = [
        Served(Caller(1, 0.0, "q", Tier.GOLD, 0.5, 1.0), 60.0, senior),
        Served(Caller(2, 0.0, "q", Tier.GOLD, 0.5, 1.0), 120.0, None),
        Served(Caller(3, 0.0, "q", Tier.STANDARD, 0.5, 1.0), 0.0, junior),
        Served(Caller(4, 0.0, "q", Tier.STANDARD, 0.5, 1.0), 30.0, junior),
    ]
    result = Result(served, {"s": 50.0, "j": 200.0}, {"s": 100.0, "j": 160.0})

    found = figures_of([(result, (senior, junior))], PRICES)

    gold = 5.0 * ((1.0 + 5.0 * 0.10) + (2.0 + 10.0))
    standard = 1.0 * (5.0 * 0.22 + 0.5 + 5.0 * 0.22)
    assert found.cost == pytest.approx((gold + standard) / 4.0)
    assert found.tiers["gold"] == {
        "calls": 2, "asa_s": 60.0, "in_20_s": 0.0, "abandoned": 0.5, "by_seniors": 1.0,
    }  # fmt: skip
    assert found.tiers["standard"]["in_20_s"] == 0.5
    assert found.occupancy == {"senior": 0.5, "junior": 1.0}  # beyond the shift's end: at work


def test_differences_are_paired_over_the_seeds() -> None:
    def costs(*values: float) -> list[Figures]:
        return [Figures(value, {}, {}) for value in values]

    found = compare(costs(9.0, 18.0), costs(10.0, 20.0))
    alone = compare(costs(9.0), costs(10.0))
    spread = compare(costs(*[9.0, 11.0] * 10), costs(*[10.0] * 20))

    assert found == pytest.approx({"percent": -10.0, "least": -10.0, "most": -10.0})
    assert alone["least"] == alone["most"]
    assert spread["most"] == pytest.approx(-spread["least"])
    assert 4.0 < spread["most"] < 6.0


def test_the_error_of_expected_waits_is_told_with_its_sign() -> None:
    assert error_of([(10.0, 20.0), (30.0, 20.0), (25.0, 20.0)]) == pytest.approx(
        {"calls": 3, "mean_wait_s": 20.0, "mean_error_s": 5 / 3, "mean_absolute_error_s": 25 / 3}
    )
    assert error_of([])["calls"] == 0


def test_at_20_and_at_200_agents_the_product_keeps_its_bars() -> None:
    options = Options(PRICES, sizes=(20, 200), loads=(0.9,), seeds=(21, 22, 23), calls_counted=800)

    for case in list_cases(options):
        result = run_case(case, options)
        assert all(judge(case, result).values()), (case.name, result["product_costs_more"])


def test_a_log_and_made_up_centers_are_played_and_judged(tmp_path: Path) -> None:
    rows = [
        row(f"8:{n // 60:02d}:{n % 60:02d}", priority=n % 3, queued_s=n % 2, talk_s=40 + n % 50)
        for n in range(0, 1800, 20)
    ]
    told: list[str] = []
    options = Options(
        PRICES, write(tmp_path / "log.tsv", *rows), (4,), (0.8,), (1, 2), calls_counted=100
    )

    result = run(options, told.append)

    assert list(result["cases"]) == ["bank1999", "4_agents_at_80"]
    assert told[0] == "bank1999, seed 1"
    for case in result["cases"].values():
        for policy in ("product", "fifo", "strict_priority", "rigid_steps"):
            assert case[policy]["cost_per_call"] > 0.0
    assert list(result["bars"]["bank1999"]) == [
        "no_dearer_than_strict_priority",
        "standard_loses_little_more_than_fifo",
    ]
    assert result["all_bars_kept"] is all(
        kept for bars in result["bars"].values() for kept in bars.values()
    )
