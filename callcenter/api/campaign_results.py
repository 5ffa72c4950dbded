"""What campaigns have come to: results by list, hour, tier and offer, how lists stand, and new
lists made of results."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from msgspec import Struct
from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from callcenter.api.campaigns import IMPORT_DEADLINE_S, MANAGERS, tell_of_contacts
from callcenter.api.errors import FieldError, ProblemError, unavailable
from callcenter.api.route import OVERSEERS, PRINTABLE, Body, Exchange, Query, route
from callcenter.documents.contacts_csv import PRIORITY_MAX
from callcenter.domain.attempt import AttemptResult
from callcenter.domain.campaign import Campaign
from callcenter.domain.customer import Tier
from callcenter.domain.waits import Waits
from callcenter.service.campaign_results import (
    SALES,
    CampaignResults,
    ListStanding,
    NewList,
    ResultRow,
    ResultsBy,
    Wanted,
)

RESULTS_DEADLINE_S = 60.0
"""For reading a million attempts."""
ROWS_MAX = 500
"""Of one answer: a column with more values is no offer."""
CODES_MAX = 20
LISTS_MAX = 50

_LOG = structlog.get_logger("callcenter.api")

Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=PRINTABLE)]
Codes = Annotated[list[Code], Field(max_length=CODES_MAX, default_factory=list)]
Results = Annotated[
    list[Annotated[AttemptResult, Field(strict=False)]],
    Field(max_length=CODES_MAX, default_factory=list),
]
Tiers = Annotated[
    list[Annotated[Tier, Field(strict=False)]], Field(max_length=len(Tier), default_factory=list)
]
ListName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=PRINTABLE),
]
ListNames = Annotated[list[ListName], Field(max_length=LISTS_MAX, default_factory=list)]


class ResultsQuery(Query):
    """How a campaign's results are told apart."""

    by: ResultsBy = ResultsBy.LIST
    attribute: Annotated[str, Field(max_length=60, pattern=r'^[^"\\\x00-\x1f]*$')] = ""
    """With ``by=attribute``: the column of the lists, by its name, e.g. what is offered."""
    zone: Annotated[str, Field(max_length=64)] = ""
    """With ``by=hour``: whose clock (IANA); empty: the center's."""
    sales: Annotated[str, Field(max_length=400)] = ",".join(SALES)
    """Dispositions that say that somebody bought, separated by commas."""


class CampaignResultsAnswer(Struct, frozen=True):
    """A campaign's ended attempts."""

    rows: tuple[ResultRow, ...]
    sales: tuple[str, ...]
    """The dispositions that were counted as sold."""


class ListStandings(Struct, frozen=True):
    """How a campaign's lists stand."""

    lists: tuple[ListStanding, ...]
    """The first to be dialed first."""


class ListFromResults(Body):
    """A list to be made of contacts whom all of this holds for."""

    list: ListName
    """The new list's name; one that is there gets more contacts."""
    campaign: Annotated[str, Field(max_length=31)] = ""
    """The campaign whose list it is; empty: the same, then contacts move to it and are open again.
    Of another one they are added there, each number once."""
    priority: Annotated[int, Field(ge=0, le=PRIORITY_MAX)] | None = None
    """More is dialed earlier. Left out: as the list has it, 0 for a new one."""
    results: Results
    """One of their attempts ended so."""
    dispositions: Codes
    """An agent said one of these."""
    without: Codes
    """No agent said any of these."""
    tiers: Tiers
    """Of one of these tiers."""
    lists: ListNames
    """The lists that they are on, by name; empty: any."""
    dry_run: bool = False
    """Only count."""

    @model_validator(mode="after")
    def _of_results(self) -> ListFromResults:
        if not self.results and not self.dispositions:
            raise PydanticCustomError(
                "of_results",
                "a list is made of results: name results or dispositions",
                {"mend": 'For everybody who was reached: "results": ["connected"].'},
            )
        return self

    def wanted(self) -> Wanted:
        """The same for the store."""
        return Wanted(
            tuple(self.results),
            tuple(self.dispositions),
            tuple(self.without),
            tuple(self.tiers),
            tuple(self.lists),
        )


@route(
    "GET",
    "/campaigns/{campaign}/results",
    roles=OVERSEERS,
    summary="Results by list, hour, tier or offer",
    problems=("not-found", "unavailable"),
    deadline_s=RESULTS_DEADLINE_S,
)
async def results(exchange: Exchange, query: ResultsQuery) -> CampaignResultsAnswer:
    """Ended attempts: people, conversations, dropped calls, sales and dispositions, told apart by
    list, by hour of the day, by tier or by a column of the lists. Contacts count once in each
    row."""
    name = campaign_of(exchange, exchange.path["campaign"]).settings.id
    sales = tuple(code.strip() for code in query.sales.split(",") if code.strip())
    zone = query.zone or exchange.services.hub.state.center.time_zone
    if query.by is ResultsBy.ATTRIBUTE and not query.attribute:
        _refuse("query.attribute", "name the column whose values results are told apart by")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        _refuse("query.zone", f"there is no time zone {zone}; name one as Europe/Paris")
    with _refusals():
        rows = await _store(exchange).rows(
            name, query.by, attribute=query.attribute, zone=zone, sales=sales
        )
    if len(rows) > ROWS_MAX:
        _refuse(
            "query.attribute",
            f"this column has {len(rows)} values; name one with at most {ROWS_MAX}",
        )
    return CampaignResultsAnswer(rows, sales)


@route(
    "GET",
    "/campaigns/{campaign}/waits",
    roles=OVERSEERS,
    summary="How long people waited for an agent",
    problems=("not-found", "unavailable"),
    deadline_s=RESULTS_DEADLINE_S,
)
async def waits(exchange: Exchange) -> Waits:
    """How long the people whom the campaign connected had waited for an agent since the end of
    their greeting, and how many of them no longer than two seconds. What each waited is in the
    evidence."""
    name = campaign_of(exchange, exchange.path["campaign"]).settings.id
    with _refusals():
        return await _store(exchange).waits(name)


@route(
    "GET",
    "/campaigns/{campaign}/lists/counts",
    roles=OVERSEERS,
    summary="How a campaign's lists stand",
    problems=("not-found", "unavailable"),
    deadline_s=RESULTS_DEADLINE_S,
)
async def list_counts(exchange: Exchange) -> ListStandings:
    """Every list with its priority, and how many of its contacts are due, to be tried later, done,
    given up or spared."""
    settings = campaign_of(exchange, exchange.path["campaign"]).settings
    with _refusals():
        found = await _store(exchange).lists(
            settings.id, settings.terms.needs_consent, exchange.services.clock.now()
        )
    return ListStandings(found)


@route(
    "POST",
    "/campaigns/{campaign}/lists/from-results",
    roles=MANAGERS,
    summary="Make a list of results",
    problems=("not-found", "unavailable"),
    deadline_s=IMPORT_DEADLINE_S,
)
async def list_from_results(exchange: Exchange, body: ListFromResults) -> NewList:
    """Put contacts of this campaign whom all of this holds for on a list of this or another
    campaign. Nobody on the do-not-call list is taken, and no number twice."""
    name = campaign_of(exchange, exchange.path["campaign"]).settings.id
    into = campaign_of(exchange, body.campaign or name).settings.id
    with _refusals():
        made = await _store(exchange).make_list(
            name, body.wanted(), into, body.list, priority=body.priority, dry_run=body.dry_run
        )
    if made.taken and not made.dry_run:
        await tell_of_contacts(exchange, into)
    return made


def campaign_of(exchange: Exchange, name: str) -> Campaign:
    """The campaign of this name; a problem when there is none."""
    campaign = exchange.services.hub.state.campaigns.get(name)
    if campaign is None:
        raise ProblemError("not-found", f"There is no campaign {name}.")
    return campaign


def _store(exchange: Exchange) -> CampaignResults:
    store = exchange.services.campaign_results
    if store is None:
        raise unavailable("This center keeps no results of campaigns.")
    return store


def _refuse(field: str, said: str) -> NoReturn:
    raise ProblemError(
        "invalid", f"{said[:1].upper()}{said[1:]}.", errors=[FieldError(field, said)]
    )


@contextmanager
def _refusals() -> Iterator[None]:
    """While the store is asked: why it does not answer, in words."""
    try:
        yield
    except ProblemError:
        raise
    except Exception as error:  # noqa: BLE001 - any failure of any store
        _LOG.warning("campaign_results_failed", error=repr(error))
        raise unavailable(
            "Results cannot be reached: the database does not answer. Nothing was changed; try"
            " again in a moment."
        ) from None
