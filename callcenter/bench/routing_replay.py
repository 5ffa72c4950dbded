"""What routing is worth: the product's engine beside three references, on the same days.

Cases are the days of a real call log (``--calls``), and made-up centers of several sizes and loads.
Every policy plays the same days; over several seeds, paired. Weights and prices are options: the
product's engine is told them, the references cannot be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct

from callcenter.bench.bank1999 import make_days, read_log
from callcenter.bench.center_model import Day, Policy, Result, play
from callcenter.bench.policies import Fifo, Product, RigidSteps, StrictPriority
from callcenter.bench.replay_costs import (
    Figures,
    Prices,
    compare,
    error_of,
    figures_of,
    mean_figures,
)
from callcenter.bench.synthetic import Shape, make_day
from routing.settings import Settings, with_weights

REFERENCES: dict[str, Callable[[], Policy]] = {
    "fifo": Fifo,
    "strict_priority": StrictPriority,
    "rigid_steps": RigidSteps,
}
PRODUCT = "product"
CALLS_COUNTED = 6000
"""Made-up centers are counted for about so many calls, and not less than MINUTES_MIN."""
MINUTES_MIN = 30.0
SAVED_MIN, SAVED_FROM_AGENTS = 4.0, 200
LOST_MORE_MAX, OCCUPANCY_APART_MAX = 0.035, 0.05
"""The bars of the summary (``judge``)."""


class Options(Struct, frozen=True):
    """What to play."""

    prices: Prices
    calls: Path | None = None
    sizes: tuple[int, ...] = (20, 200, 2000)
    loads: tuple[float, ...] = (0.80, 0.90, 0.98)
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    seniors: float = 1.0 / 3.0
    tiers: tuple[float, float, float] = (0.10, 0.20, 0.70)
    calls_counted: int = CALLS_COUNTED


class Case(Struct, frozen=True):
    """Days that every policy plays."""

    name: str
    agents: int | None
    """None: a real log, whose agents come and go."""
    days: Callable[[int], Sequence[Day]]
    """The days of a seed."""


def list_cases(options: Options) -> Iterator[Case]:
    """The cases of these options."""
    if options.calls is not None:
        log = read_log(options.calls)
        yield Case("bank1999", None, partial(make_days, log))
    for agents in options.sizes:
        for load in options.loads:
            shape = Shape(agents, load, 0.0, options.seniors, options.tiers)
            hours = options.calls_counted * shape.handling_s / (load * agents * 3600.0)
            shape = Shape(
                agents, load, max(MINUTES_MIN / 60.0, hours), options.seniors, options.tiers
            )
            yield Case(
                f"{agents}_agents_at_{round(100 * load)}",
                agents,
                partial(_one_day, shape),
            )


def _one_day(shape: Shape, seed: int) -> list[Day]:
    return [make_day(shape, seed)]


def settings_of(prices: Prices) -> Settings:
    """The product's settings for these prices."""
    return with_weights(
        Settings(
            loss_cost=prices.lost,
            unresolved_cost=prices.unresolved,
            unresolved_start=prices.unresolved_share,
        ),
        prices.weights,
    )


def run_case(
    case: Case, options: Options, note: Callable[[str], None] = lambda text: None
) -> dict[str, Any]:
    """Play one case over all seeds."""
    figures: dict[str, list[Figures]] = {name: [] for name in (PRODUCT, *REFERENCES)}
    expected: list[tuple[float, float]] = []
    for seed in options.seeds:
        note(f"{case.name}, seed {seed}")
        days = case.days(seed)
        queues = tuple(dict.fromkeys(caller.queue for day in days for caller in day.callers))
        product = Product(settings_of(options.prices), queues)
        for name in figures:
            results: list[tuple[Result, Any]] = []
            for day in days:
                # What was learnt goes on from day to day.
                policy = product if name == PRODUCT else REFERENCES[name]()
                results.append((play(day, policy), day.desks))
            figures[name].append(figures_of(results, options.prices))
        expected += product.expected
    return {
        **{name: mean_figures(values) for name, values in figures.items()},
        "product_costs_more": {
            name: compare(figures[PRODUCT], figures[name]) for name in REFERENCES
        },
        "expected_wait": error_of(expected),
    }


def judge(case: Case, result: dict[str, Any]) -> dict[str, bool]:
    """Which of the bars this case keeps."""
    product, more = result[PRODUCT], result["product_costs_more"]["strict_priority"]
    lost = {
        name: result[name]["tiers"].get("standard", {"abandoned": 0.0})["abandoned"]
        for name in (PRODUCT, "fifo")
    }
    bars = {
        "no_dearer_than_strict_priority": more["least"] <= 0.0,
        "standard_loses_little_more_than_fifo": lost[PRODUCT] - lost["fifo"] <= LOST_MORE_MAX,
    }
    if case.agents is not None:
        apart = abs(product["occupancy"]["senior"] - product["occupancy"]["junior"])
        bars["occupancy_alike"] = apart <= OCCUPANCY_APART_MAX
        if case.agents >= SAVED_FROM_AGENTS:
            bars["saves_4_percent"] = more["percent"] <= -SAVED_MIN
    return bars


def run(options: Options, note: Callable[[str], None] = lambda text: None) -> dict[str, Any]:
    """Play all cases; ``note`` is told how far it is."""
    results: dict[str, Any] = {}
    bars: dict[str, dict[str, bool]] = {}
    for case in list_cases(options):
        results[case.name] = run_case(case, options, note)
        bars[case.name] = judge(case, results[case.name])
    return {
        "bench": "routing-replay",
        "seeds": len(options.seeds),
        "weights": {tier.value: weight for tier, weight in options.prices.weights.items()},
        "seniors_of_the_log": "the fastest third of the agents with 300 calls or more",
        "cases": results,
        "bars": bars,
        "all_bars_kept": all(kept for case in bars.values() for kept in case.values()),
    }
