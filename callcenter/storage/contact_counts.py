"""How a campaign's contacts stand at a moment, group by group, and whose turn it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from callcenter.domain.attempt import ContactStatus
from callcenter.domain.campaign import CallingWindow, ListCounts, Terms
from callcenter.domain.ids import ContactId
from dialer.window import is_open, next_open

ZONE_SEPARATOR = ","
"""Between the names in a contact's ``zones``, which stand sorted: equal sets are equal texts."""
OPENINGS_MAX = 2_000
"""Openings remembered: all 315 sets of zones that numbers lead to, for a few campaigns."""
NEVER_HOLDS_S = 7 * 86_400.0
"""``next_open`` looks eight days ahead, so what it does not find does not come for seven."""
AS_THE_LIST = -1
"""A contact's ``priority`` when it has none of its own."""
CONSENT = {True: 1, False: 0, None: -1}
"""Whether somebody agreed to be called, as a contact's row has it."""


class Alike(NamedTuple):
    """What contacts of one group have in common, for the order of dialing."""

    list: int
    priority: int
    """Their own; ``AS_THE_LIST`` when they have none."""
    zones: str
    kind: str
    """Of the number to be dialed next: mobile, landline or other."""
    consent: int


class ContactGroup(NamedTuple):
    """Contacts of a campaign that are alike."""

    status: ContactStatus
    alike: Alike
    total: int
    due: int
    """Those whose time of retry has come, or who were never tried."""
    next_at: float | None
    """The earliest time of retry that has not come; None: there is none."""


class Standing(NamedTuple):
    """What the groups come to."""

    counts: ListCounts
    callable: tuple[tuple[int, tuple[Alike, ...]], ...]
    """The groups in which somebody may be dialed now, by priority, the highest first."""


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


def may_be_asked(consent: int, terms: Terms) -> bool:
    """Whether somebody with this consent may be called under these terms: who refused never."""
    return consent == 1 if terms.needs_consent else consent != 0


def count_groups(
    groups: Iterable[ContactGroup],
    priorities: Mapping[int, int],
    window: CallingWindow,
    terms: Terms,
    openings: Openings,
    now: float,
) -> Standing:
    """How the contacts of a campaign stand at ``now``; ``priorities`` are those of its lists."""
    total = due = later = closed = no_consent = 0
    ended = dict.fromkeys(ContactStatus, 0)
    opens_at: list[float] = []
    next_at: list[float] = []
    levels: dict[int, list[Alike]] = {}
    for group in groups:
        total += group.total
        if group.status is not ContactStatus.OPEN:
            ended[group.status] += group.total
            continue
        alike = group.alike
        if not may_be_asked(alike.consent, terms):
            no_consent += group.total
            continue
        later += group.total - group.due
        if group.next_at is not None:
            next_at.append(group.next_at)
        if not group.due:
            continue
        opens = openings.opens_at(window, alike.zones, now)
        if opens == now:
            due += group.due
            own = alike.priority
            priority = priorities.get(alike.list, 0) if own == AS_THE_LIST else own
            levels.setdefault(priority, []).append(alike)
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
            done=ended[ContactStatus.DONE],
            used_up=ended[ContactStatus.USED_UP],
            dnc=ended[ContactStatus.DNC],
            no_consent=no_consent,
        ),
        tuple((priority, tuple(levels[priority])) for priority in sorted(levels, reverse=True)),
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
