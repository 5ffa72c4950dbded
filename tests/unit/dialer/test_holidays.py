"""Public holidays by country and by part of a country."""

from __future__ import annotations

from datetime import date

import pytest

from dialer.holidays import is_holiday, is_known


@pytest.mark.parametrize("calendar", ["DE", "DE-BY", "US", "US-CA", "AU-NSW", "NP", "WS", "MA"])
def test_countries_and_their_parts_are_known(calendar: str) -> None:
    assert is_known(calendar)


@pytest.mark.parametrize("calendar", ["", "-", "ZZ", "DE-XX", "de", "DE-", "Germany"])
def test_what_is_no_calendar_is_not_known(calendar: str) -> None:
    assert not is_known(calendar)


def test_a_part_of_a_country_has_holidays_of_its_own() -> None:
    corpus_christi = date(2026, 6, 4)

    assert is_holiday("DE-BY", corpus_christi)
    assert not is_holiday("DE-BE", corpus_christi)


def test_a_holiday_kept_on_another_day_counts_too() -> None:
    monday_after_the_fourth_of_july = date(2027, 7, 5)

    assert is_holiday("US", monday_after_the_fourth_of_july)


def test_asking_for_one_year_leaves_the_others_as_they_were() -> None:
    answers = [is_holiday("DE", date(year, 12, 25)) for year in (2027, 2026, 2027, 2040)]

    assert answers == [True] * 4
