"""How a campaign's contacts stand: the arithmetic, without a store."""

from __future__ import annotations

import pytest

from callcenter.domain.attempt import ContactStatus
from callcenter.domain.campaign import CallingWindow, ListCounts, Terms
from callcenter.storage.contact_counts import (
    AS_THE_LIST,
    NEVER_HOLDS_S,
    Alike,
    ContactGroup,
    Openings,
    Standing,
    count_groups,
    join_zones,
    row_of,
    split_zones,
)
from tests.unit.storage.samples import T0

WINDOW = CallingWindow()
NEW_YORK, LONDON = "America/New_York", "Europe/London"
NEVER = "America/New_York,Asia/Bangkok"
LONDON_OPENS = T0 + 38_800
OPEN = ContactStatus.OPEN
ANY = Terms()


def alike(zones: str, list_id: int = 1, priority: int = AS_THE_LIST, consent: int = -1) -> Alike:
    return Alike(list_id, priority, zones, "mobile", consent)


def count(groups: list[ContactGroup], terms: Terms = ANY) -> Standing:
    return count_groups(groups, {1: 3, 2: 8}, WINDOW, terms, Openings(), T0)


def test_groups_add_up() -> None:
    groups = [
        ContactGroup(OPEN, alike(NEW_YORK), 10, 7, T0 + 50),
        ContactGroup(OPEN, alike(LONDON), 5, 4, T0 + 20),
        ContactGroup(OPEN, alike(NEVER), 2, 2, None),
        ContactGroup(OPEN, alike("America/Chicago"), 3, 0, T0 + 30),
        ContactGroup(ContactStatus.DONE, alike(NEW_YORK), 6, 6, None),
        ContactGroup(ContactStatus.USED_UP, alike(LONDON), 4, 4, None),
        ContactGroup(ContactStatus.DNC, alike(LONDON), 1, 1, None),
        ContactGroup(OPEN, alike(NEW_YORK, consent=0), 8, 8, None),
    ]

    counts, levels = count(groups)

    assert levels == ((3, (alike(NEW_YORK),)),)
    assert counts == ListCounts(
        at=T0,
        total=39,
        due=7,
        later=7,
        next_due_at=T0 + 20,
        closed=6,
        opens_at=LONDON_OPENS,
        done=6,
        used_up=4,
        dnc=1,
        no_consent=8,
    )


def test_groups_stand_by_the_priority_of_the_contact_or_its_list() -> None:
    first, second, own = alike(NEW_YORK, 1), alike(NEW_YORK, 2), alike(NEW_YORK, 2, priority=3)
    unknown = alike(NEW_YORK, 9)

    levels = count([ContactGroup(OPEN, one, 1, 1, None) for one in (first, second, own, unknown)])

    assert levels.callable == ((8, (second,)), (3, (first, own)), (0, (unknown,)))


def test_with_consent_needed_only_who_gave_it_is_called() -> None:
    groups = [
        ContactGroup(OPEN, alike(NEW_YORK, consent=consent), 1, 1, None) for consent in (-1, 0, 1)
    ]

    needed, not_needed = count(groups, Terms(needs_consent=True)), count(groups)

    assert (needed.counts.due, needed.counts.no_consent) == (1, 2)
    assert (not_needed.counts.due, not_needed.counts.no_consent) == (2, 1)


def test_no_groups_count_nothing() -> None:
    assert count([]) == (ListCounts(at=T0), ())


def test_an_opening_is_searched_for_once_and_again_when_it_has_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searched = count_searches(monkeypatch)
    openings = Openings()

    found = [openings.opens_at(WINDOW, LONDON, T0 + after) for after in (0, 60, 38_799)]
    now = openings.opens_at(WINDOW, LONDON, LONDON_OPENS)
    next_evening = openings.opens_at(WINDOW, LONDON, LONDON_OPENS + 11 * 3600)

    assert found == [LONDON_OPENS] * 3
    assert now == LONDON_OPENS
    assert next_evening == LONDON_OPENS + 24 * 3600
    assert searched == [T0, LONDON_OPENS + 11 * 3600]


def test_that_it_never_opens_is_searched_for_again_after_a_week(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searched = count_searches(monkeypatch)
    openings = Openings()

    found = [
        openings.opens_at(WINDOW, NEVER, T0 + after)
        for after in (0.0, NEVER_HOLDS_S - 1, NEVER_HOLDS_S)
    ]

    assert found == [0.0, 0.0, 0.0]
    assert searched == [T0, T0 + NEVER_HOLDS_S]


def test_another_window_has_other_openings() -> None:
    openings = Openings()

    assert openings.opens_at(WINDOW, LONDON, T0) == LONDON_OPENS
    assert openings.opens_at(CallingWindow(opens=600), LONDON, T0) == LONDON_OPENS + 3600


def test_time_that_goes_back_is_searched_for_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    searched = count_searches(monkeypatch)
    openings = Openings()
    openings.opens_at(WINDOW, LONDON, T0)

    openings.opens_at(WINDOW, LONDON, T0 - 60)

    assert searched == [T0, T0 - 60]


def test_openings_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callcenter.storage.contact_counts.OPENINGS_MAX", 2)
    openings = Openings()

    for opens in range(0, 600, 100):
        openings.opens_at(CallingWindow(opens=opens), LONDON, T0)

    assert len(openings._found) == 2


def count_searches(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The times that searches are made for, from now on."""
    from dialer.window import next_open

    searched: list[float] = []

    def search(window: CallingWindow, zones: tuple[str, ...], now: float) -> float:
        searched.append(now)
        return next_open(window, zones, now)

    monkeypatch.setattr("callcenter.storage.contact_counts.next_open", search)
    return searched


def test_sets_of_zones_that_are_alike_are_equal_texts() -> None:
    assert join_zones((LONDON, NEW_YORK)) == join_zones((NEW_YORK, LONDON))
    assert split_zones(join_zones((LONDON, NEW_YORK))) == (NEW_YORK, LONDON)
    assert split_zones("") == ()


@pytest.mark.parametrize(
    ("contact", "row"),
    [("1", 1), ("007", 7), ("9" * 18, 10**18 - 1), ("9" * 19, None), ("", None), ("²", None)],
)
def test_only_ids_that_rows_can_have_lead_to_rows(contact: str, row: int | None) -> None:
    assert row_of(contact) == row
