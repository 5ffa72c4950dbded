"""A campaign's contacts in a rehearsal: what the database does for the machine, in memory.

Contacts stand in the order of priority, worth and tries, as the database takes them; the chance to
reach somebody now, which goes into its order too, is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from msgspec import Struct

from callcenter.domain.attempt import ContactStatus
from callcenter.domain.campaign import CallingWindow, HopperRow, ListCounts
from callcenter.domain.commands import RefillHopper
from callcenter.domain.events import HopperFilled
from callcenter.domain.history import ListedContact
from callcenter.domain.ids import ContactId
from callcenter.domain.records import AttemptRecord
from dialer.compliance import (
    Allowed,
    History,
    Past,
    Target,
    looks_back_s,
    may_dial,
    profile_of,
)
from dialer.window import is_open, next_open

NUMBER = "+999{}"
"""A rehearsed contact's number: no country has it, and each contact another."""
HELD_S = 3600.0
"""For whom nobody can say when the caps let them be called."""
NEVER_HOLDS_S = 7 * 86_400.0
"""``next_open`` looks a week ahead at least."""
ANY_HOURS = CallingWindow(0, 24 * 60, tuple(range(7)))

Zones = tuple[str, ...]


class _Standing(Struct):
    """How a contact stands."""

    contact: ContactId
    zones: Zones
    rank: tuple[int, int]
    """Priority and worth, the higher the less."""
    made: int
    numbers: int
    row: HopperRow
    past: list[Past]
    was_tried: bool


class CalledList:
    """The contacts of the rehearsed campaign."""

    def __init__(self, contacts: Iterable[ListedContact], pasts: dict[ContactId, list[Past]]):
        self._due: dict[Zones, list[tuple[tuple[int, int], int, float, int]]] = {}
        """By zones, in order: rank, tries, since when, place."""
        self._later: list[tuple[float, int]] = []
        self._handed: dict[ContactId, int] = {}
        """In the hopper or being dialed."""
        self._places: dict[ContactId, int] = {}
        self._all: list[_Standing] = []
        self._opens: dict[Zones, tuple[float, float]] = {}
        self.left = 0
        """Contacts that may still be dialed."""
        self.untried = 0
        """Those of them that this rehearsal has not dialed yet."""
        self.ended = {ContactStatus.DONE: 0, ContactStatus.USED_UP: 0}
        for one in contacts:
            self._add(one, pasts.get(one.id, []))

    @property
    def zones(self) -> tuple[Zones, ...]:
        """The sets of zones that contacts may live in."""
        return tuple(self._due)

    def tried(self) -> int:
        """Contacts that this rehearsal has dialed."""
        return len(self._all) - self.untried

    def zones_of(self, contact: ContactId) -> Zones:
        """Where this contact may live."""
        return self._all[self._places[contact]].zones

    def _add(self, one: ListedContact, past: list[Past]) -> None:
        number = NUMBER.format(one.id)
        row = HopperRow(
            one.id, number, one.zones, one.made, tier=one.tier, account=one.account, list=one.list
        )
        place = len(self._all)
        rank = (-one.priority, -one.worth)
        self._all.append(
            _Standing(one.id, one.zones, rank, one.made, one.numbers, row, past, False)
        )
        self._places[one.id] = place
        self._due.setdefault(one.zones, [])
        self.left += 1
        self.untried += 1
        self._wait(place, one.next_try_at)

    def _wait(self, place: int, until: float) -> None:
        heappush(self._later, (until, place))

    # --- what the machine asks and tells ----------------------------------------------------------

    def note(self, record: AttemptRecord) -> None:
        """An attempt has ended."""
        place = self._places[record.contact]
        one = self._all[place]
        self._handed.pop(record.contact, None)
        self.untried -= not one.was_tried
        one.was_tried = True
        one.made = record.tries
        one.past.append(
            Past(record.placed_at, one.row.number, record.result, _person(one), one.row.account)
        )
        if record.status is ContactStatus.OPEN:
            self._wait(place, record.next_try_at)
        else:
            self.left -= 1
            self.ended[record.status] += 1

    def refill(self, command: RefillHopper, now: float) -> HopperFilled:
        """Who is to be dialed next, and how the list stands."""
        self._take_back(command.exclude)
        while self._later and self._later[0][0] <= now:
            since, place = heappop(self._later)
            one = self._all[place]
            heappush(self._due[one.zones], (one.rank, one.made, since, place))
        open_now = [zones for zones in self._due if self._opens_at(command, zones, now) == now]
        rows = self._take(command, open_now, now)
        due = sum(len(self._due[zones]) for zones in open_now)
        closed = [zones for zones in self._due if zones not in open_now and self._due[zones]]
        opens = [at for zones in closed if (at := self._opens_at(command, zones, now))]
        counts = ListCounts(
            at=now,
            total=len(self._all),
            due=due + len(rows),
            later=len(self._later),
            next_due_at=self._later[0][0] if self._later else 0.0,
            closed=sum(len(self._due[zones]) for zones in closed),
            opens_at=min(opens, default=0.0),
            done=self.ended[ContactStatus.DONE],
            used_up=self.ended[ContactStatus.USED_UP],
        )
        return HopperFilled(command.id, command.campaign, rows, counts)

    def _take_back(self, exclude: Iterable[ContactId]) -> None:
        """Whom the machine has let go of without dialing is due again."""
        held = dict.fromkeys(exclude)
        lost = [contact for contact in self._handed if contact not in held]
        for contact in lost:
            self._wait(self._handed.pop(contact), 0.0)

    def _take(
        self, command: RefillHopper, open_now: list[Zones], now: float
    ) -> tuple[HopperRow, ...]:
        """So many of the first, whatever their zones; whom the terms hold back waits."""
        rows: list[HopperRow] = []
        fronts = [(self._due[zones][0], zones) for zones in open_now if self._due[zones]]
        heapify(fronts)
        while fronts and len(rows) < command.want:
            (_, _, _, place), zones = heappop(fronts)
            heappop(self._due[zones])
            if self._due[zones]:
                heappush(fronts, (self._due[zones][0], zones))
            one = self._all[place]
            until = self._held_until(command, one, now)
            if until > now:
                self._wait(place, until)
                continue
            self._handed[one.contact] = place
            others = one.numbers - 1
            one.row = HopperRow(
                one.contact,
                one.row.number,
                one.zones,
                one.made,
                tier=one.row.tier,
                account=one.row.account,
                others=others,
                fresh=max(0, others - one.made),
                list=one.row.list,
            )
            rows.append(one.row)
        return tuple(rows)

    def _held_until(self, command: RefillHopper, one: _Standing, now: float) -> float:
        """Until when the terms hold a contact back; ``now``: they do not."""
        terms = command.terms
        if not one.past or not looks_back_s(terms):
            return now
        target = Target(one.row.number, one.zones, _person(one), one.row.account)
        history = History(tuple(one.past))
        verdict = may_dial(target, profile_of(terms), ANY_HOURS, terms.caps, history, now)
        if isinstance(verdict, Allowed):
            return now
        return verdict.until if verdict.until > now else now + HELD_S

    def _opens_at(self, command: RefillHopper, zones: Zones, now: float) -> float:
        """``now`` where the window is open; 0.0 where it opens at no time soon."""
        if is_open(command.window, zones, now):
            return now
        asked_at, opens_at = self._opens.get(zones, (now, now))
        if not asked_at <= now < (opens_at or asked_at + NEVER_HOLDS_S):
            opens_at = next_open(command.window, zones, now)
            self._opens[zones] = (now, opens_at)
        return opens_at


def _person(one: _Standing) -> str:
    return f"contact {one.contact}"
