"""Fakes of what the service needs from outside, for tests on virtual time."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import Callable, Iterator, Sequence

from callcenter.bench.machine import Echo
from callcenter.domain import events as e
from callcenter.domain.attempt import Verdict
from callcenter.domain.campaign import CallingWindow, HopperRow, ListCounts, Terms
from callcenter.domain.commands import OpenLine, PbxCommand, PlaceCall, PopCard
from callcenter.domain.customer import Tier
from callcenter.domain.events import Event
from callcenter.domain.ids import CampaignId, ChannelRef, ContactId
from callcenter.domain.step import Entry
from callcenter.service.ports import Customer, Fetched, KnownContact, LoadedJournal, Refill
from tests.builders import PBX, T0

NO_TERMS = Terms()


class LoopClock:
    """The loop's time as UTC seconds."""

    def now(self) -> float:
        """See ``ports.Clock``."""
        return T0 + asyncio.get_running_loop().time()


class FakeGateway:
    """A PBX that does at once what it is told and tells the events of it; or refuses, or is
    silent."""

    def __init__(self, put: Callable[[Event], None], log: list[str]) -> None:
        self.name = PBX
        self.put = put
        self.log = log
        self.failure: Exception | None = None
        self.silent: tuple[type, ...] = ()
        """Kinds of commands that lead to nothing but their success."""
        self.beats: list[tuple[float, list[ChannelRef]]] = []
        self._echo = Echo()

    def send(self, command: PbxCommand) -> Future[None]:
        """See ``ports.PbxGateway``."""
        self.log.append(type(command).__name__)
        result: Future[None] = asyncio.get_running_loop().create_future()
        if self.failure is not None:
            result.set_exception(self.failure)
            return result
        result.set_result(None)
        if not isinstance(command, self.silent):
            for event in self._answer(command):
                self.put(event)
        return result

    def _answer(self, command: PbxCommand) -> Iterator[Event]:
        """What a phone that is picked up at once leads to; a person answers every campaign."""
        match command:
            case OpenLine():
                yield e.LegCreated(command.leg)
                yield e.LegAnswered(command.leg)
                yield e.LegParked(command.leg)
            case PlaceCall():
                yield e.AttemptCreated(command.channel)
                yield e.AttemptAnswered(command.channel)
                yield e.AttemptScreened(command.channel, Verdict.HUMAN)
                yield e.CallerHeld(command.channel)
            case _:
                yield from list(self._echo.answer(command))[:-1]

    def beat(self, menus: Sequence[ChannelRef]) -> None:
        """See ``ports.PbxGateway``."""
        self.beats.append((asyncio.get_running_loop().time(), list(menus)))


class FakeDesktops:
    """Desktops that show every card, or none."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.open = True

    async def pop_card(self, card: PopCard) -> bool:
        """See ``ports.Desktops``."""
        await asyncio.sleep(0.001)
        self.log.append("card")
        return self.open


class FakeCustomers:
    """A directory with a delay and a failure."""

    def __init__(self) -> None:
        self.known: dict[str, Customer] = {}
        self.delay_s = 0.001
        self.failure: Exception | None = None

    async def find_by_number(self, number: str) -> Customer | None:
        """See ``ports.CustomerStore``."""
        await asyncio.sleep(self.delay_s)
        if self.failure is not None:
            raise self.failure
        return self.known.get(number)


class FakeContacts:
    """Lists of contacts with a delay and a failure; gives each contact once."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.rows: list[HopperRow] = []
        self.known: dict[str, ContactId] = {}
        self.asked_at: list[float] = []
        self.delay_s = 0.001
        self.failure: Exception | None = None

    async def refill(
        self,
        campaign: CampaignId,
        want: int,
        window: CallingWindow,
        exclude: Sequence[ContactId],
        now: float,
        terms: Terms = NO_TERMS,
    ) -> Refill:
        """See ``ports.ContactStore``."""
        self.log.append("refill")
        self.asked_at.append(now)
        await asyncio.sleep(self.delay_s)
        if self.failure is not None:
            raise self.failure
        rows, self.rows = tuple(self.rows[:want]), self.rows[want:]
        return Refill(rows, ListCounts(at=now, total=len(rows), due=len(rows)))

    async def fetch(
        self,
        campaign: CampaignId,
        contacts: Sequence[ContactId],
        now: float,
        terms: Terms = NO_TERMS,
    ) -> Fetched:
        """See ``ports.ContactStore``."""
        self.log.append("fetch")
        await asyncio.sleep(self.delay_s)
        if self.failure is not None:
            raise self.failure
        return Fetched(tuple(row for row in self.rows if row.contact in contacts), {})

    async def find_contact(
        self, number: str, campaigns: Sequence[CampaignId]
    ) -> KnownContact | None:
        """See ``ports.ContactStore``."""
        await asyncio.sleep(self.delay_s)
        if self.failure is not None:
            raise self.failure
        contact = self.known.get(number)
        return None if contact is None else KnownContact(campaigns[0], contact, "", Tier.STANDARD)

    async def written(self) -> None:
        """Every attempt that has ended is in the database."""
        await asyncio.sleep(0.001)
        self.log.append("written")


class FakeJournal:
    """A journal that notes when it is written and synced, and whose disk can be full."""

    id = "FAKE"

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.entries: list[Entry] = []
        self.snapshots: list[tuple[int, bytes]] = []
        self.full = False
        self.unsynced = False
        """Whether it takes what is written, and cannot say that it will keep it."""
        self.refused = 0
        """Syncs that failed."""

    def append(self, entries: Sequence[Entry]) -> None:
        """See ``ports.Journal``."""
        if self.full:
            raise OSError("no space left on device")
        self.entries += entries
        self.log.append("append")

    async def sync(self) -> None:
        """See ``ports.Journal``."""
        if self.full or self.unsynced:
            self.refused += 1
            raise OSError("no space left on device")
        self.log.append("sync")

    async def save_snapshot(self, position: int, state: bytes) -> None:
        """See ``ports.Journal``."""
        if self.full:
            raise OSError("no space left on device")
        self.snapshots.append((position, state))

    def end_segment(self) -> None:
        """See ``ports.Journal``."""
        self.log.append("end segment")

    async def erase(self, is_erased: Callable[[str], bool]) -> None:
        """See ``ports.Journal``."""
        self.log.append("erase")

    def load(self) -> LoadedJournal:
        """See ``ports.Journal``."""
        return LoadedJournal(None, 0, tuple(self.entries), 0)

    async def close(self) -> None:
        """See ``ports.Journal``."""
