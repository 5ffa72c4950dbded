"""Which days are public holidays, by the library ``holidays``.

A calendar is a country (ISO 3166, ``DE``) or a part of one (``DE-BY``, ``US-CA``). Days on which a
holiday is kept instead (a Monday for a Sunday) count too.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

CALENDARS_KEPT = 512
"""More than the countries there are."""
YEARS_KEPT = 1024
"""Of calendars, each with a year; about 20 days in each."""


@lru_cache(maxsize=CALENDARS_KEPT)
def is_known(calendar: str) -> bool:
    """Whether there is such a calendar."""
    import holidays  # loads for a tenth of a second: only where somebody asks for holidays

    country, dash, part = calendar.partition("-")
    supported = holidays.list_supported_countries(include_aliases=True)
    return country in supported and (not dash or part in supported[country])


def is_holiday(calendar: str, day: date) -> bool:
    """Whether this day, at the called person, is a holiday of a calendar that ``is_known``."""
    return day in _days(calendar, day.year)


@lru_cache(maxsize=YEARS_KEPT)
def _days(calendar: str, year: int) -> dict[date, None]:
    """The holidays of one year; the library would else add years while it is asked."""
    import holidays  # see above

    country, _, part = calendar.partition("-")
    found = holidays.country_holidays(country, subdiv=part or None, years=year, expand=False)
    return dict.fromkeys(sorted(found))
