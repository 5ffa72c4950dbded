"""The bench of the order of contacts: what it counts, on lists whose truth is known."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from callcenter.bench.bank_marketing import Contact, read_contacts
from callcenter.bench.contact_order import (
    NoSalesError,
    found,
    log_loss,
    more_than,
    run,
    share_of,
    shares,
    wilson,
)
from dialer.contact_chance import Features
from tests.unit.bench.test_bank_marketing import row, write


def sold(*flags: int) -> list[Contact]:
    """Contacts, sold or not."""
    empty = Features()
    return [Contact(empty, empty, 0, "", None, bool(flag)) for flag in flags]


def made_up(path: Path, count: int, *, telling: bool) -> Path:
    """A list where students buy often, or where nothing tells who buys."""
    draw = random.Random(3)
    months = (("may", "5191"), ("jun", "5228.1"), ("nov", "5195.8"), ("apr", "5099.1"))
    rows = []
    for number in range(count):
        month, employed = months[number * len(months) // count]
        job = draw.choice(("student", "admin.", "services", "retired", "technician"))
        likely = 0.5 if job == "student" else 0.02
        is_sold = draw.random() < (likely if telling else 0.12)
        rows.append(
            row(job=job, y="yes" if is_sold else "no", month=month, nr_employed=employed,
                age=draw.randint(20, 60))
        )  # fmt: skip
    return write(path, *rows)


def test_the_sales_among_the_first_fifth_are_counted() -> None:
    contacts = sold(1, 0, 1, 0, 0, 0, 0, 0, 0, 0)

    assert found(contacts, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]) == [1.0, 0.0]
    assert found(contacts, [9, 0, 9, 0, 0, 0, 0, 0, 0, 0]) == [1.0, 1.0]


def test_rows_with_the_same_score_share_their_places() -> None:
    contacts = sold(1, 0, 1, 0, 0, 0, 0, 0, 0, 0)

    assert found(contacts, [0.5] * 10) == [0.2, 0.2]
    assert found(contacts, [9, 5, 5, 5, 5, 5, 1, 1, 1, 1]) == [1.0, 0.2]


def test_the_interval_is_wilsons() -> None:
    low, high = wilson(0.5, 100)

    assert low == pytest.approx(0.404, abs=0.001)
    assert high == pytest.approx(0.596, abs=0.001)
    assert share_of([1.0, 0.0] * 50) == {"share": 0.5, "least_95": low, "most_95": high}


def test_shares_are_told_over_all_splits() -> None:
    told = shares([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0]])

    assert (told["min"], told["median"], told["max"]) == (0.0, 0.5, 1.0)
    assert told["least_95"] < 0.5 < told["most_95"]


def test_two_orders_are_compared_sale_by_sale() -> None:
    same = more_than([[1.0, 0.0, 1.0]], [[1.0, 0.0, 1.0]])
    better = more_than([[1.0] * 50], [[1.0] * 25 + [0.0] * 25])

    assert same == {"mean": 0.0, "least_95": 0.0, "most_95": 0.0}
    assert better["mean"] == 0.5
    assert 0.3 < better["least_95"] < 0.5


def test_a_chance_that_was_right_costs_less_than_one_that_was_wrong() -> None:
    contacts = sold(1, 0)

    assert log_loss(contacts, [0.9, 0.1]) < log_loss(contacts, [0.5, 0.5])
    assert log_loss(contacts, [0.0, 1.0]) == pytest.approx(6.9, abs=0.01)


def test_where_something_tells_who_buys_the_order_finds_it(tmp_path: Path) -> None:
    result = run(made_up(tmp_path / "list.csv", 1200, telling=True), seeds=3)

    product = result["share_of_sales_in_top"]["product"]
    assert product["median"] > 0.6
    assert result["clearly_more_than_random"]
    assert result["product_more_than_previous_outcome"]["least_95"] > 0.2
    assert result["share_of_sales_in_top"]["previous_outcome_only"]["median"] == pytest.approx(0.2)
    assert result["in_order_of_time"]["product"]["learning_on"]["share"] > 0.6
    assert result["in_order_of_time"]["product"]["within_each_month"]["share"] > 0.6


def test_where_nothing_tells_who_buys_the_order_claims_nothing(tmp_path: Path) -> None:
    result = run(made_up(tmp_path / "list.csv", 1200, telling=False), seeds=3)

    product = result["share_of_sales_in_top"]["product"]
    assert not result["clearly_more_than_random"]
    assert product["least_95"] < 0.2 < product["most_95"]


def test_the_same_file_and_seeds_lead_to_the_same_figures(tmp_path: Path) -> None:
    path = made_up(tmp_path / "list.csv", 300, telling=True)

    first, second = run(path, seeds=2), run(path, seeds=2)

    for result in (first, second):
        del result["learnt_per_s"], result["scored_per_s"]
    assert first == second


def test_a_list_that_does_not_tell_its_time_is_not_played_in_order_of_time(tmp_path: Path) -> None:
    rows = [row(y="yes" if n % 4 == 0 else "no", nr_employed="7") for n in range(60)]

    result = run(write(tmp_path / "list.csv", *rows), seeds=1)

    assert result["in_order_of_time"] == {"possible": False}


def test_nor_one_without_a_later_sale(tmp_path: Path) -> None:
    early = [row(y="yes" if n % 2 else "no", month="may") for n in range(40)]
    late = [row(month="jun", nr_employed="5228.1") for _ in range(60)]

    result = run(write(tmp_path / "list.csv", *early, *late), seeds=1)

    assert result["in_order_of_time"] == {"possible": False}


def test_a_list_of_one_month_has_no_month_before_to_learn_from(tmp_path: Path) -> None:
    rows = [row(y="yes" if n % 3 == 0 else "no") for n in range(60)]

    result = run(write(tmp_path / "list.csv", *rows), seeds=1)

    assert result["in_order_of_time"]["product"]["within_each_month"]["share"] == 0.0


def test_without_sales_nothing_can_be_measured(tmp_path: Path) -> None:
    with pytest.raises(NoSalesError, match="no row with a sale"):
        run(write(tmp_path / "none.csv", *[row() for _ in range(30)]))
    one_sale = [row(y="yes" if n == 0 else "no") for n in range(30)]
    with pytest.raises(NoSalesError, match="more rows"):
        run(write(tmp_path / "one.csv", *one_sale))


def test_lists_read_for_the_bench_keep_their_sales(tmp_path: Path) -> None:
    contacts = read_contacts(made_up(tmp_path / "list.csv", 200, telling=True))

    assert 10 < sum(one.sold for one in contacts) < 60
