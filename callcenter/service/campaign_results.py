"""What campaigns have come to, and new lists made of it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from callcenter.domain.attempt import AttemptResult
from callcenter.domain.customer import Tier
from callcenter.domain.ids import CampaignId
from callcenter.domain.waits import Waits

SALES = ("agreed",)
"""Dispositions that say that somebody bought, unless others are named."""


class ResultsBy(StrEnum):
    """What results are told apart by."""

    LIST = "list"
    """By where the contacts stand now."""
    HOUR = "hour"
    """Of the day in which the call was placed."""
    TIER = "tier"
    """As the list gave it."""
    ATTRIBUTE = "attribute"
    """One column of the lists, e.g. what is offered."""


class ResultRow(Struct, frozen=True):
    """Ended attempts, and answered return calls, that have something in common."""

    key: str
    """The list's name, the hour (``00`` to ``23``), the tier or the attribute's value; empty:
    contacts that have none, or are there no more."""
    contacts: int
    """Who was tried, or talked with us by calling back."""
    attempts: int
    people: int
    """Answered by a person."""
    connected: int
    """Who talked with an agent."""
    dropped: int
    sold: int
    """Contacts, each once, with a disposition that says so; what an agent said anew of a
    conversation holds."""
    dispositions: dict[str, int]
    """Conversations by what agents said of them."""
    revenue_cents: int = 0
    """What they bought for, as agents told it, in hundredths of the center's currency."""
    returned: int = 0
    """Return calls that an agent has answered; not in ``attempts``, ``people`` and what follows
    from them."""


class ListStanding(Struct, frozen=True):
    """How the contacts of one list stand."""

    id: int
    name: str
    priority: int
    """More is dialed earlier."""
    imported_at: float
    """The last time that contacts were added, UTC seconds."""
    total: int
    due: int
    """Open, and not to be tried later; the hour of the day is not looked at."""
    later: int
    """Open, to be tried later."""
    done: int
    used_up: int
    """Given up after all tries."""
    dnc: int
    no_consent: int
    """Open, and refused to be called or, where the campaign needs consent, did not give it."""
    finished: int
    """Tried in the last hour, and done or given up since."""


class Wanted(Struct, frozen=True):
    """Which contacts of a campaign: all that is named must hold. Empty: whatever it is."""

    results: tuple[AttemptResult, ...] = ()
    """One of their attempts ended so."""
    dispositions: tuple[str, ...] = ()
    """An agent said one of these."""
    without: tuple[str, ...] = ()
    """No agent said any of these."""
    tiers: tuple[Tier, ...] = ()
    lists: tuple[str, ...] = ()
    """Names of the lists that they are on."""


class NewList(Struct, frozen=True):
    """A list made of results, or what it would be."""

    campaign: CampaignId
    list: str
    matched: int
    """Contacts of whom all holds that was wanted."""
    taken: int
    refused: int
    """Whom the other campaign has already, or nobody may call."""
    dry_run: bool


class CampaignResults(Protocol):
    """What is kept of campaigns' ended attempts. All methods raise what the store raises."""

    async def rows(
        self,
        campaign: CampaignId,
        by: ResultsBy,
        *,
        attribute: str = "",
        zone: str = "UTC",
        sales: Sequence[str] = SALES,
    ) -> tuple[ResultRow, ...]:
        """A campaign's results by list, hour in ``zone``, tier or ``attribute``."""
        ...

    async def waits(self, campaign: CampaignId) -> Waits:
        """How long the people that it connected had waited for an agent."""
        ...

    async def lists(
        self, campaign: CampaignId, needs_consent: bool, now: float
    ) -> tuple[ListStanding, ...]:
        """A campaign's lists, the first to be dialed first."""
        ...

    async def make_list(
        self,
        campaign: CampaignId,
        wanted: Wanted,
        into: CampaignId,
        name: str,
        *,
        priority: int | None = None,
        dry_run: bool = False,
    ) -> NewList:
        """Put these contacts on a list of the campaign ``into``.

        Of the same campaign they move there and are open again; of another one they are added, each
        number once. Nobody on the do-not-call list is taken.
        """
        ...
