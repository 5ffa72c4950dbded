"""What the database's stores take and give back beyond ``service.ports``: plain values and
refusals.

What the API speaks of stands in ``service.ports``; here is what only bootstrap, the command line
and tests need. Nothing here knows SQLAlchemy. All times are UTC seconds; 0.0 stands for "never".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from callcenter.documents.contacts_csv import PRIORITY_MAX
from callcenter.domain.agent import Seniority
from callcenter.domain.call import Outcome
from callcenter.domain.customer import Tier
from callcenter.domain.ids import (
    AgentId,
    CampaignId,
    CustomerId,
    Phone,
    QueueId,
    SkillId,
    TeamId,
)
from callcenter.service.contact_lists import Duplicates
from callcenter.service.ports import Customer, CustomerStore, Role

T = TypeVar("T")

PAGE_ITEMS_DEFAULT = 50
PAGE_ITEMS_MAX = 500
"""Items of one page: some 200 KB of JSON, read in a few milliseconds."""


class DatabaseUnusable(Exception):  # noqa: N818 - a fact, said to the administrator
    """The database cannot be used until somebody mends something; the message says what, where and
    how."""


class DatabaseAway(Exception):  # noqa: N818 - a fact, said to the client
    """The database does not answer just now (locked, gone, disk full): nothing was written, try
    again."""


class BadCursor(ValueError):  # noqa: N818 - a fact about a request
    """The page asked for is not one that this service handed out."""


class Page(Struct, Generic[T], frozen=True):
    """One page of a longer list, newest first."""

    items: tuple[T, ...]
    next: str = ""
    """Ask with this for the following page; empty on the last."""


class PageRequest(Struct, frozen=True, omit_defaults=True):
    """Which page is wanted."""

    after: str = ""
    """``Page.next`` of the page before; empty for the first."""
    size: int = PAGE_ITEMS_DEFAULT
    """Items wanted, 1 to ``PAGE_ITEMS_MAX``; more is cut down to that."""


# --- accounts ----------------------------------------------------------------------------------


class AccountSettings(Struct, frozen=True, omit_defaults=True):
    """All that is kept of an account besides its password; ``service.ports.Account`` is a part."""

    id: AgentId
    """The login, in lower case; for an agent also the ``AgentId``."""
    name: str
    """The person's name."""
    roles: tuple[Role, ...]
    phone: Phone = ""
    """The phone proposed at sign-in; empty when none."""
    seniority: Seniority = Seniority.JUNIOR
    queues: tuple[QueueId, ...] = ()
    team: TeamId = ""
    """The team the agent works in, for supervisors and reports; empty: none."""
    skills: dict[SkillId, int] = {}
    """Skill -> level, 1 to ``LEVEL_MAX``: what routing rules ask for."""
    disabled: bool = False
    created_at: float = 0.0


class AccountRefused(Exception):  # noqa: N818 - a fact about a request
    """The account cannot be made or changed like this; the message says why and how to mend it."""


class Session(Struct, frozen=True):
    """One sign-in of one account on one browser; what may be shown of it."""

    id: str
    """Names the session in lists; not the token and of no use without it."""
    account: AgentId
    created_at: float
    last_seen_at: float
    expires_at: float
    """The end at the latest, however busy it is."""
    address: str
    """Network address it was opened from; empty when not told."""
    client: str
    """What the browser said it is; empty when not told."""


# --- customers ---------------------------------------------------------------------------------


class CustomerCard(Struct, frozen=True):
    """All that is kept of a customer: what is shown when their call comes in (``shown``), and what
    routing rules read."""

    id: CustomerId
    name: str
    tier: Tier
    numbers: tuple[str, ...]
    """E.164, in the order of the import."""
    value: float | None = None
    """What the customer is worth, in the center's currency; None when nobody said."""
    since: str = ""
    """The day (ISO 8601) they became a customer; empty when unknown."""
    notes: str = ""
    language: str = ""
    """Its short name in small letters, ``de``; empty when unknown, as the owner."""
    owner: AgentId = ""
    """The agent who looks after the customer."""
    churn_risk: float | None = None
    """The chance, 0 to 1, that the customer leaves; None when nobody said."""
    attributes: dict[str, str] = {}
    """What the center keeps beyond that, as it stood in the file."""

    def shown(self) -> dict[str, object]:
        """The fields of an agent's screen, ready for JSON."""
        return {name: getattr(self, name) for name in SHOWN}

    def customer(self) -> Customer:
        """What routing knows."""
        return Customer(
            id=self.id,
            tier=self.tier,
            language=self.language,
            owner=self.owner,
            value=self.value or 0.0,
            churn_risk=self.churn_risk or 0.0,
            attributes=self.attributes,
        )


SHOWN = ("id", "name", "tier", "numbers", "value", "since", "notes")
"""Fields of a ``CustomerCard`` that an agent sees; how likely somebody leaves is not among them."""


class ImportResult(Struct, frozen=True):
    """What an import did, or with ``dry_run`` would do. ``rows`` is the sum of the four after
    it."""

    rows: int
    added: int
    changed: int
    unchanged: int
    rejected: int
    dry_run: bool


class ImportConflict(Exception):  # noqa: N818 - a fact about an import
    """Somebody else changed the same rows meanwhile; nothing of this import was written."""


class KnownCustomers(CustomerStore, Protocol):
    """The directory of customers: who has a number, and what is shown of them."""

    async def card(self, customer: CustomerId) -> Mapping[str, object] | None:
        """As ``CardSource``."""
        ...


# --- contacts ----------------------------------------------------------------------------------

PROBLEMS_MAX = 500
"""Refused rows told in a report; the others are counted."""
LIST_CHARS_MAX = 100


class ContactDestination(Struct, frozen=True, omit_defaults=True):
    """Where contacts are taken over to. Raises ``ValueError`` for what cannot be."""

    campaign: CampaignId
    list: str
    """The list's name; one that the campaign has already gets more contacts."""
    priority: int | None = None
    """Higher is dialed first; None: as the list has it, 0 for a new one. Contacts imported earlier
    keep theirs."""
    duplicates: Duplicates = Duplicates.CAMPAIGN
    """Where a number must not be yet."""

    def __post_init__(self) -> None:
        """Refuse what would be found nowhere again."""
        if not self.campaign:
            raise ValueError("Name the campaign.")
        if not self.list.strip() or len(self.list) > LIST_CHARS_MAX:
            raise ValueError(f"Give the list a name of at most {LIST_CHARS_MAX} characters.")
        if self.priority is not None and not 0 <= self.priority <= PRIORITY_MAX:
            raise ValueError(f"A priority is a whole number from 0 to {PRIORITY_MAX}.")


# --- records -----------------------------------------------------------------------------------


class TierCounts(Struct, frozen=True, omit_defaults=True):
    """Ended calls of one tier."""

    calls: int = 0
    queued: int = 0
    """Those that asked for an agent."""
    answered: int = 0
    abandoned: int = 0
    by_senior: int = 0
    """Answered by a senior."""
    overflowed: int = 0


class RecordCounts(Struct, frozen=True):
    """How many records there are of what."""

    calls: int
    queued: int
    outcomes: dict[Outcome, int]
    tiers: dict[Tier, TierCounts]
    via_fallback: int
    offers: dict[str, int]
    """By result."""
    attempts: dict[str, int]
    """By result."""
    conversations: int
    agent_states: int
    dispositions: dict[str, int]
    """By code."""
    faults: dict[str, int]
    """By kind."""
    repairs: dict[str, int]
    """By kind."""


class ProjectorStats(Struct, frozen=True):
    """How the projector is doing, for ``/metrics`` and ``/healthz``."""

    fed_position: int
    """The newest journal position it was told of."""
    written_position: int
    lag_entries: int
    lag_s: float
    """Age of the oldest entry not yet written; 0.0 when there is none."""
    rows_written: int
    retries: int
    """Failed attempts to write or to read again, since start."""
    overflows: int
    """Times that the queue was full and entries were left to be read again."""
    entries_missing: int
    """Entries that were neither fed nor could be read again: their records are lost."""
    last_error: str
    """Why it is not writing at the moment; empty when it is."""


def limited(items: int) -> int:
    """The number of items wanted, inside its limits."""
    return max(1, min(items, PAGE_ITEMS_MAX))


FIRST_PAGE = PageRequest()
