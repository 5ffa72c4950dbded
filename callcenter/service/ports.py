"""What the service needs from outside, as small Protocols. Adapters of ``pbx``, ``journal``,
``storage`` and ``api`` fill them in (by ``callcenter.bootstrap``); tests and virtual time use the
in-memory ones that ship beside the real.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from callcenter.domain.call import Outcome
from callcenter.domain.campaign import CallingWindow, HopperRow, ListCounts, Terms
from callcenter.domain.commands import PbxCommand, PopCard
from callcenter.domain.customer import Tier
from callcenter.domain.evidence import Evidence
from callcenter.domain.ids import (
    AgentId,
    CallId,
    CampaignId,
    ChannelRef,
    ContactId,
    CustomerId,
    PbxName,
    QueueId,
    RequestId,
    TeamId,
)
from callcenter.domain.records import (
    AttemptRecord,
    CallRecord,
    ConversationRecord,
    DispositionRecord,
    OfferRecord,
)
from callcenter.domain.rehearsal import (
    CampaignRehearsalResult,
    Plan,
    Progress,
    RehearsalResult,
)
from callcenter.domain.report import ReportedAttempt, ReportedCall, ReportedReturn, ReportedWork
from callcenter.domain.step import Entry
from callcenter.service.campaign_plan import CampaignPlan


class Clock(Protocol):
    """Tells the time. Only the service asks; the machine is told."""

    def now(self) -> float:
        """UTC seconds."""
        ...


class Refused(Exception):  # noqa: N818 - a fact about a command
    """The other side said no; nothing happened."""


class OutcomeUnknown(Exception):  # noqa: N818 - a fact about a command
    """The command may or may not have been carried out: never send it again."""


class PbxGateway(Protocol):
    """Carries commands to one PBX, in the order given. Facts go into the inbox that bootstrap
    hands it."""

    name: PbxName

    def send(self, command: PbxCommand) -> Future[None]:
        """Write this command now and return its result to come.

        The future ends with None, ``Refused`` or ``OutcomeUnknown`` (link lost, deadline passed);
        it always ends.
        """
        ...

    def beat(self, menus: Sequence[ChannelRef]) -> None:
        """Tell the PBX that we live, and renew the watchdog of these channels that are in menus."""
        ...


class Customer(Struct, frozen=True):
    """What the directory answers for a number."""

    id: CustomerId
    tier: Tier
    language: str = ""
    """Its short name in small letters; empty when unknown."""
    owner: AgentId = ""
    """The agent who looks after the customer."""
    last_agent: AgentId = ""
    """Who answered the customer's last call."""
    value: float = 0.0
    """What the customer is worth a year; 0.0: unknown."""
    churn_risk: float = 0.0
    """The chance, 0 to 1, that the customer leaves."""
    attributes: Mapping[str, str] = {}
    """What the center keeps beyond that, as text."""


class CustomerStore(Protocol):
    """The local directory of customers (``CustomerDirectory``)."""

    async def find_by_number(self, number: str) -> Customer | None:
        """The customer with this E.164 number."""
        ...


class Refill(Struct, frozen=True):
    """Contacts to be dialed next, in order, and how the campaign's contacts stand."""

    rows: tuple[HopperRow, ...]
    counts: ListCounts


class Fetched(Struct, frozen=True):
    """Contacts asked for by name. Who is in neither is not to be dialed at all."""

    rows: tuple[HopperRow, ...]
    held: dict[ContactId, float]
    """Whom caps hold back, and until when (UTC seconds)."""


class KnownContact(Struct, frozen=True):
    """Whose contact a caller is."""

    campaign: CampaignId
    contact: ContactId
    customer: CustomerId
    """As the list or the directory has it; empty: not known."""
    tier: Tier


class ContactStore(Protocol):
    """The contacts of all campaigns."""

    async def find_contact(
        self, number: str, campaigns: Sequence[CampaignId]
    ) -> KnownContact | None:
        """Who has this number (E.164) on a list of these campaigns: of several whoever was tried
        last, for that is what a caller calls back."""
        ...

    async def refill(
        self,
        campaign: CampaignId,
        want: int,
        window: CallingWindow,
        exclude: Sequence[ContactId],
        now: float,
        terms: Terms = ...,
    ) -> Refill:
        """At most ``want`` contacts that may be dialed at ``now`` under these terms, without those
        of ``exclude``, in the order in which they are to be dialed."""
        ...

    async def fetch(
        self, campaign: CampaignId, contacts: Sequence[ContactId], now: float, terms: Terms = ...
    ) -> Fetched:
        """These contacts, as far as they may be dialed at ``now`` under these terms, whatever came
        of them before; the calling window is not looked at."""
        ...


class Desktops(Protocol):
    """The agents' open desktops."""

    async def pop_card(self, card: PopCard) -> bool:
        """Write the card's frame to every open desktop of the agent; False when there is none.

        Returns when the frame is handed to the operating system, at most after a short deadline:
        it never waits for an answer.
        """
        ...


class JournalPosition(Struct, frozen=True):
    """Where a journal stands."""

    journal: str
    """The journal's id: 8 characters, new for every new journal."""
    epoch: int
    position: int
    """Position of the last entry; 0 when empty."""


class Journal(Protocol):
    """The only memory of the machine. One writer."""

    @property
    def id(self) -> str:
        """The journal's id."""
        ...

    def append(self, entries: Sequence[Entry]) -> None:
        """Write a batch: on return it survives a kill of this process (not a power cut). Raises
        ``OSError``."""
        ...

    async def sync(self) -> None:
        """Make everything appended so far survive a power cut."""
        ...

    async def save_snapshot(self, position: int, state: bytes) -> None:
        """Keep the state as of ``position``, atomically, and drop what is no longer needed for
        recovery."""
        ...

    def end_segment(self) -> None:
        """Have the next entry begin a new file, so that older ones can go."""
        ...

    async def erase(self, is_erased: Callable[[str], bool]) -> None:
        """Erase the numbers of which this is true, for good. Raises ``OSError``."""
        ...

    def load(self) -> LoadedJournal:
        """The newest whole snapshot and every entry after it; repairs a torn tail."""
        ...

    async def close(self) -> None:
        """Sync and release."""
        ...


class LoadedJournal(Struct, frozen=True):
    """What a journal gave back at start."""

    snapshot: bytes | None
    """The encoded state, or None to begin empty."""
    snapshot_position: int
    entries: tuple[Entry, ...]
    """In order, positions following the snapshot's without a gap."""
    torn_bytes: int
    """Bytes of an unfinished batch that were cut off."""
    snapshot_version: int = 0
    """The machine version that wrote the snapshot; 0 without one."""
    foreign: str = ""
    """Who wrote the entries, or some of them, when it was somebody who may have decided otherwise
    than we do: they must not be stepped again. Empty: a replay is exact."""


class RecordSink(Protocol):
    """Where journaled entries go to become records (the projector). Must not block."""

    def feed(self, entries: Sequence[Entry]) -> None:
        """Take these entries; writing happens later, exactly once."""
        ...


Touched = Callable[[tuple[str, ...]], None]
"""Told which live topics changed, after the journal."""


class Overloaded(Exception):  # noqa: N818 - a fact about a moment
    """The inbox is full: nothing was taken in. Try again after a moment."""


# --- people who sign in ------------------------------------------------------------------------


class Role(StrEnum):
    """What an account may do. An account may have several."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    """Reads everything, changes nothing."""


class Account(Struct, frozen=True):
    """Someone, or a program, that may sign in."""

    id: str
    """The login; of an account with the role agent it is the ``AgentId``."""
    name: str
    """The person's name, for screens; never journaled."""
    roles: tuple[Role, ...]


class SignInRefused(Struct, frozen=True):
    """Why nobody was signed in."""

    reason: str
    """One sentence for the person. It does not tell whether the login or the password was wrong."""
    retry_after_s: float = 0.0
    """Over zero: too many attempts; the next one is looked at after this time."""


class AccountStore(Protocol):
    """Accounts and their sessions. Sessions are opaque random tokens, stored hashed, revocable."""

    async def verify(self, login: str, password: str, address: str) -> Account | SignInRefused:
        """Check a password (argon2id, in a thread).

        ``address`` is the client's, for limits on attempts.
        """
        ...

    async def open_session(self, account: Account) -> str:
        """Start a session and return its token."""
        ...

    async def session(self, token: str) -> Account | None:
        """Whose session this is, with the roles of today; None when unknown, expired or revoked."""
        ...

    async def revoke(self, token: str) -> None:
        """End a session. A token that is not known is no error."""
        ...


class AuditEntry(Struct, frozen=True):
    """One change that somebody asked for through the API, granted or not."""

    at: float
    """UTC seconds."""
    account: str
    """The account's id; for a refused sign-in the login that was tried."""
    address: str
    """Where the request came from."""
    action: str
    """Method and path pattern, e.g. ``POST /api/v1/agents/me/ready``."""
    subject: str
    """The path asked for."""
    request: RequestId
    status: int
    """HTTP status of the answer."""
    detail: str
    """The request's body as JSON, secrets blotted out; empty when it had none."""


class AuditLog(Protocol):
    """Where changes are kept for auditors."""

    async def write(self, entries: Sequence[AuditEntry]) -> None:
        """Append these entries; raises when they were not kept."""
        ...


# --- what has been, and whom we know -----------------------------------------------------------


class CallQuery(Struct, frozen=True):
    """Which ended calls to read. Empty fields do not narrow."""

    limit: int
    """Rows of one page."""
    cursor: str = ""
    """``CallRecordPage.next`` of the page before; empty for the newest."""
    since: float = 0.0
    """Ended at this time or later, UTC seconds."""
    until: float = 0.0
    """Ended before this time, UTC seconds; 0.0: no bound."""
    queue: QueueId = ""
    agent: AgentId = ""
    """Who answered."""
    outcome: Outcome | None = None


class CallRecordPage(Struct, frozen=True):
    """Ended calls, newest first."""

    rows: tuple[CallRecord, ...]
    next: str = ""
    """Cursor of the next page; empty after the last."""


class CallHistory(Struct, frozen=True):
    """All that is kept of one ended call."""

    call: CallRecord
    offers: tuple[OfferRecord, ...] = ()
    conversations: tuple[ConversationRecord, ...] = ()
    dispositions: tuple[DispositionRecord, ...] = ()


class RecordReader(Protocol):
    """Reads what the projector wrote."""

    async def calls(self, query: CallQuery) -> CallRecordPage:
        """One page of ended calls; raises ``ValueError`` for a cursor that is not one of ours."""
        ...

    async def call(self, call: CallId) -> CallHistory | None:
        """One ended call; None when there is none of that id (yet: the projector may lag)."""
        ...


class AttemptPage(Struct, frozen=True):
    """Ended attempts of a campaign, newest first."""

    rows: tuple[AttemptRecord, ...]
    next: str = ""
    """Cursor of the next page; empty after the last."""


class EvidencePage(Struct, frozen=True):
    """Evidence of a campaign's attempts, the last ended first."""

    rows: tuple[Evidence, ...]
    next: str = ""
    """Cursor of the next page; empty after the last."""


class ReportSource(Protocol):
    """Reads what reports are counted from: a piece at a time, in the order it ended. A reader that
    stops early closes the generator."""

    def calls(self, since: float, until: float) -> AsyncGenerator[Sequence[ReportedCall], None]:
        """Ended calls that entered their queue from ``since`` to before ``until``."""
        ...

    def attempts(
        self, since: float, until: float
    ) -> AsyncGenerator[Sequence[ReportedAttempt], None]:
        """Ended attempts that were placed from ``since`` to before ``until``."""
        ...

    def returns(self, since: float, until: float) -> AsyncGenerator[Sequence[ReportedReturn], None]:
        """Ended return calls that came from ``since`` to before ``until``."""
        ...

    def work(self, since: float, until: float) -> AsyncGenerator[Sequence[ReportedWork], None]:
        """What agents did: states that touch the time from ``since`` to before ``until``; offers
        and conversations that began in it; dispositions said in it. One kind after the other."""
        ...

    async def teams(self) -> Mapping[AgentId, TeamId]:
        """The team of every agent who is in one now, disabled accounts too."""
        ...


class CardSource(Protocol):
    """Knows what an agent's screen shows of a customer."""

    async def card(self, customer: CustomerId) -> Mapping[str, object] | None:
        """The card's fields, ready for JSON; None for a customer nobody knows."""
        ...

    async def contact_card(self, contact: ContactId) -> Mapping[str, object] | None:
        """The same of a person whom a campaign dials; None for a contact nobody knows."""
        ...


# --- rehearsals --------------------------------------------------------------------------------


class Rehearser(Protocol):
    """Plays forecast days beside the service: under current and new rules, or of a campaign."""

    async def rehearse(
        self, plan: Plan, on_progress: Callable[[Progress], None]
    ) -> RehearsalResult:
        """Takes minutes, and none of the loop's time. Raises ``RehearsalFailed``; cancelled, it
        leaves nothing behind."""
        ...

    async def rehearse_campaign(
        self, plan: CampaignPlan, on_progress: Callable[[Progress], None]
    ) -> CampaignRehearsalResult:
        """The same for a campaign, as it is and with a change."""
        ...
