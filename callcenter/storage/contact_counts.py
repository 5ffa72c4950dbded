"""How a campaign's contacts stand at a moment: the same arithmetic for every store of contacts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from callcenter.domain.attempt import ContactStatus
from callcenter.domain.campaign import CallingWindow, ListCounts
from callcenter.domain.ids import ContactId
from dialer.window import is_open, next_open

ZONE_SEPARATOR = ","
"""Between the names in a contact's ``zones``, which stand sorted: equal sets are equal texts."""
OPENINGS_MAX = 2_000
"""Openings remembered: all 315 sets of zones that numbers lead to, for a few campaigns."""
NEVER_HOLDS_S = 7 * 86_400.0
"""``next_open`` looks eight days ahead, so what it does not find does not come for seven."""


class ContactGroup(NamedTuple):
    """Contacts of a campaign that are alike in status and zones."""

    status: ContactStatus
    zones: str
    total: int
    due: int
    """Those whose time of retry has come, or who were never tried."""
    next_at: float | None
    """The earliest time of retry that has not come; None: there is none."""


class Standing(NamedTuple):
    """What the groups come to."""

    counts: ListCounts
    zones: tuple[str, ...]
    """The sets of zones in which somebody may be dialed now."""


class Openings:
    """Knows when the calling window opens for a set of zones, and remembers it: for forty zones the
    search takes 10 ms."""

    def __init__(self) -> None:
        self._found: dict[tuple[CallingWindow, str], tuple[float, float]] = {}

    def opens_at(self, window: CallingWindow, zones: str, now: float) -> float:
        """``now`` when it is open; 0.0 when it opens at no time within a week."""
        names = split_zones(zones)
        if is_open(window, names, now):
            return now
        key = (window, zones)
        asked_at, until = self._found.get(key, (0.0, 0.0))
        if asked_at <= now < (until or asked_at + NEVER_HOLDS_S):
            return until
        until = next_open(window, names, now)
        if len(self._found) >= OPENINGS_MAX:
            self._found.clear()
        self._found[key] = (now, until)
        return until


def count_groups(
    groups: Iterable[ContactGroup], window: CallingWindow, openings: Openings, now: float
) -> Standing:
    """How the contacts of a campaign stand at ``now``."""
    total = due = later = closed = done = used_up = 0
    opens_at: list[float] = []
    next_at: list[float] = []
    zones: list[str] = []
    for group in groups:
        total += group.total
        if group.status is ContactStatus.DONE:
            done += group.total
        elif group.status is ContactStatus.USED_UP:
            used_up += group.total
        else:
            later += group.total - group.due
            if group.next_at is not None:
                next_at.append(group.next_at)
            if not group.due:
                continue
            opens = openings.opens_at(window, group.zones, now)
            if opens == now:
                due += group.due
                zones.append(group.zones)
                continue
            closed += group.due
            if opens:
                opens_at.append(opens)
    return Standing(
        ListCounts(
            at=now,
            total=total,
            due=due,
            later=later,
            next_due_at=min(next_at, default=0.0),
            closed=closed,
            opens_at=min(opens_at, default=0.0),
            done=done,
            used_up=used_up,
        ),
        tuple(zones),
    )


def split_zones(zones: str) -> tuple[str, ...]:
    """The names of the zones in a contact's ``zones``."""
    return tuple(name for name in zones.split(ZONE_SEPARATOR) if name)


def join_zones(zones: Iterable[str]) -> str:
    """The other way round."""
    return ZONE_SEPARATOR.join(sorted(zones))


def row_of(contact: ContactId) -> int | None:
    """The row of the contact with this id; None when no row can have it."""
    is_number = contact.isascii() and contact.isdigit() and len(contact) <= _ID_DIGITS_MAX
    return int(contact) if is_number else None


_ID_DIGITS_MAX = 18
"""More do not fit into the 64 bits of a row's id."""
