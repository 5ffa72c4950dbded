"""Reads who of a campaign is to be dialed next, in the order of ``dialer.contact_order``.

Of a million contacts only a few are looked at. Contacts fall into groups that are alike in list,
priority, zones, kind of number and consent; within a group they stand in an index by worth, then by
who was tried less often and waits for longer. So the first of every group of the highest priority
are all that can be next; these candidates are put in order by score, and judged by the caps. What a
list's priority is, is looked up for each group: a change holds at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct
from sqlalchemy import ColumnElement, and_, bindparam, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.domain.attempt import ContactStatus
from callcenter.domain.campaign import CallingWindow, HopperRow, Terms
from callcenter.domain.customer import Tier
from callcenter.domain.ids import CampaignId
from callcenter.storage.contact_counts import Alike, ContactGroup, may_be_asked, split_zones
from callcenter.storage.contact_numbers import chunks, is_barred, read_numbers
from callcenter.storage.contact_pasts import Relation, read_history, read_tries
from callcenter.storage.tables import contact_lists, contacts, customer_numbers
from callcenter.storage.tables import customers as customer_rows
from dialer.compliance import (
    Allowed,
    History,
    NotNow,
    Past,
    Target,
    looks_back_s,
    may_dial,
    profile_of,
)
from dialer.contact_chance import Chances
from dialer.contact_history import Try
from dialer.contact_order import Candidate, Next, order_contacts, rank
from dialer.number_choice import choose_number

CANDIDATES_MAX = 1_000
"""Looked at in one round, when there are many groups."""
SCORED_AT_ONCE = 100
"""Scoring so many holds the loop for 4 ms at most."""
OF_GROUP_MIN = 5
"""Of each group in a round, at least."""
JUDGED_FOR_EACH, JUDGED_MIN = 2, 20
"""Candidates whose history is read, for each contact wanted and besides."""
ROUNDS_MAX = 20
"""Reads of candidates in one refill: whoever is held back by caps makes room for the next."""


class Found(Struct, frozen=True):
    """A contact as the database has it, with what its place in the order hangs on."""

    id: int
    number: str
    zones: str
    kind: str
    made: int
    customer: str
    tier: Tier
    value: float
    """What the customer is worth; 0.0: unknown."""
    account: str
    numbers: int
    priority: int
    """The one that counts: its own, or its list's."""

    @property
    def relation(self) -> Relation:
        """Whom its caps count together."""
        return Relation(self.id, self.number, self.customer, self.account)


class Judged(Struct, frozen=True):
    """What came of a look at candidates."""

    accepted: tuple[Found, ...]
    """In order."""
    held: tuple[tuple[Found, NotNow], ...] = ()
    """Whom the caps hold back."""
    passed_over: tuple[Found, ...] = ()
    """Who shares a cap with somebody accepted: to be judged when that result is there."""


async def read_groups(
    connection: AsyncConnection, campaign: CampaignId, now: float
) -> list[ContactGroup]:
    """Every group of a campaign's contacts, from an index alone."""
    columns = contacts.c
    alike = (columns.list, columns.priority, columns.zones, columns.kind, columns.consent)
    query = (
        select(
            columns.status,
            *alike,
            func.count(),
            func.sum(case((is_due(now), 1), else_=0)),
            func.min(case((columns.next_try_at > now, columns.next_try_at))),
        )
        .where(columns.campaign == campaign)
        .group_by(columns.status, *alike)
    )
    return [
        ContactGroup(ContactStatus(status), Alike(*shared), count, due, next_at)
        for status, *shared, count, due, next_at in await connection.execute(query)
    ]


async def read_priorities(connection: AsyncConnection, campaign: CampaignId) -> dict[int, int]:
    """The priorities of a campaign's lists, by their ids."""
    columns = contact_lists.c
    query = select(columns.id, columns.priority).where(columns.campaign == campaign)
    return {row.id: row.priority for row in await connection.execute(query)}


async def read_candidates(
    connection: AsyncConnection,
    campaign: CampaignId,
    groups: Sequence[Alike],
    priority: int,
    want: int,
    exclude: Collection[int],
    now: float,
) -> tuple[list[Found], bool]:
    """The first of each of these groups, which have this priority; and whether there may be more
    behind them."""
    of_each = max(OF_GROUP_MIN, min(want, CANDIDATES_MAX // len(groups)))
    found: list[Found] = []
    has_more = False
    for group in groups:
        rows = await _read_group(connection, campaign, group, priority, of_each, exclude, now)
        has_more = has_more or len(rows) == of_each
        found += rows
    return found, has_more


async def read_these(
    connection: AsyncConnection, campaign: CampaignId, ids: Sequence[int], terms: Terms, now: float
) -> list[Found]:
    """These contacts of a campaign, without those who may not be called at all."""
    columns = contacts.c
    query = (
        select(*FOUND_COLUMNS, columns.consent)
        .select_from(FROM)
        .where(
            columns.id.in_(bindparam("these", list(ids), expanding=True, literal_execute=True)),
            columns.campaign == campaign,
            columns.status != ContactStatus.DNC.value,
            ~is_barred(columns.number, now),
        )
        .order_by(columns.id)
    )
    return [
        found_of(row[:-1], 0)
        for row in await connection.execute(query)
        if may_be_asked(row.consent, terms)
    ]


async def put_in_order(
    connection: AsyncConnection,
    campaign: CampaignId,
    found: Sequence[Found],
    chances: Chances,
    window: CallingWindow,
    now: float,
) -> list[Found]:
    """The candidates, whoever is to be dialed first in front."""
    tried = [one.id for one in found if one.made]
    tries = await read_tries(connection, tried, now) if tried else {}
    by_id = {str(one.id): one for one in found}
    placed: list[Next] = []
    for some in chunks(found, SCORED_AT_ONCE):
        candidates = [candidate_of(one, campaign, tries.get(one.id, ())) for one in some]
        placed += order_contacts(candidates, now, {campaign: window}, chances).next
        await asyncio.sleep(0)
    placed.sort(key=rank)
    return [by_id[one.contact] for one in placed]


async def judge(
    connection: AsyncConnection,
    ordered: Sequence[Found],
    terms: Terms,
    want: int,
    taken: dict[tuple[str, str], None],
    now: float,
) -> Judged:
    """As many of the first as are wanted whom the terms let be dialed, and those held back before
    them. Of contacts that share a cap only one is taken; ``taken`` keeps whom they concern."""
    back_s = looks_back_s(terms)
    if not back_s:
        return Judged(tuple(ordered[:want]))
    ordered = ordered[: JUDGED_FOR_EACH * want + JUDGED_MIN]
    history = await read_history(connection, [one.relation for one in ordered], now - back_s)
    profile, pasts = profile_of(terms), _ByWhom(history)
    accepted: list[Found] = []
    held: list[tuple[Found, NotNow]] = []
    passed_over: list[Found] = []
    for one in ordered:
        if len(accepted) >= want:
            break
        target = target_of(one.relation, one.zones)
        verdict = may_dial(target, profile, ANY_HOURS, terms.caps, pasts.of(one.relation), now)
        if not isinstance(verdict, Allowed):
            held.append((one, verdict))
        elif any(key in taken for key in _keys(one.relation)):
            passed_over.append(one)
        else:
            accepted.append(one)
            taken |= dict.fromkeys(_keys(one.relation))
    return Judged(tuple(accepted), tuple(held), tuple(passed_over))


async def hopper_rows(
    connection: AsyncConnection, found: Sequence[Found], now: float
) -> tuple[HopperRow, ...]:
    """These contacts as the machine is told of them."""
    several = [one.id for one in found if one.numbers > 1]
    numbers = await read_numbers(connection, several, now) if several else {}
    lists = await _list_names(connection, [one.id for one in found])
    rows = []
    for one in found:
        choice = choose_number(numbers.get(one.id, ()), one.number)
        rows.append(
            HopperRow(
                str(one.id),
                one.number,
                split_zones(one.zones),
                one.made,
                one.customer,
                one.tier,
                one.account,
                choice.others if choice else 0,
                choice.fresh if choice else 0,
                lists[one.id],
            )
        )
    return tuple(rows)


async def _list_names(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, str]:
    """The name of each contact's list."""
    query = (
        select(contacts.c.id, contact_lists.c.name)
        .join(contact_lists, contact_lists.c.id == contacts.c.list)
        .where(contacts.c.id.in_(bindparam("ids", list(ids), expanding=True, literal_execute=True)))
    )
    return {row.id: row.name for row in await connection.execute(query)}


def candidate_of(one: Found, campaign: CampaignId, tries: tuple[Try, ...]) -> Candidate:
    """The contact as the rules of order know it. Whose worth nobody knows counts as worth 1."""
    return Candidate(
        contact=str(one.id),
        campaign=campaign,
        zones=split_zones(one.zones),
        list_priority=one.priority,
        value=max(one.value, 1.0),
        number_type=one.kind,
        tries=tries,
    )


def target_of(relation: Relation, zones: str) -> Target:
    """The contact as the legal rules know it."""
    return Target(relation.number, split_zones(zones), relation.person, relation.account)


def is_due(now: float) -> ColumnElement[bool]:
    """Whether a contact's time of retry has come."""
    return or_(contacts.c.next_try_at.is_(None), contacts.c.next_try_at <= now)


ANY_HOURS = CallingWindow(0, 24 * 60, tuple(range(7)))
"""The calling window was looked at before, with the legal hours."""

_CUSTOMER = case(
    (contacts.c.customer != "", contacts.c.customer),
    else_=func.coalesce(customer_numbers.c.customer, ""),
)

FOUND_COLUMNS = (
    contacts.c.id,
    contacts.c.number,
    contacts.c.zones,
    contacts.c.kind,
    contacts.c.made,
    _CUSTOMER,
    func.coalesce(customer_rows.c.tier, contacts.c.tier),
    func.coalesce(customer_rows.c.value, 0.0),
    contacts.c.account,
    contacts.c.numbers,
)
"""What ``found_of`` makes a ``Found`` of."""
FROM = contacts.outerjoin(
    customer_numbers, customer_numbers.c.number == contacts.c.number
).outerjoin(customer_rows, customer_rows.c.id == _CUSTOMER)
"""Contacts, with their customers where the directory knows them."""


def found_of(row: Sequence[object], priority: int) -> Found:
    """A row of ``FOUND_COLUMNS``."""
    row_id, number, zones, kind, made, customer, tier, value, account, numbers = row
    return Found(
        row_id,  # type: ignore[arg-type]  # as the column is
        str(number),
        str(zones),
        str(kind),
        made,  # type: ignore[arg-type]  # as the column is
        str(customer),
        Tier(str(tier)),
        value,  # type: ignore[arg-type]  # as the column is
        str(account),
        numbers,  # type: ignore[arg-type]  # as the column is
        priority,
    )


async def _read_group(
    connection: AsyncConnection,
    campaign: CampaignId,
    group: Alike,
    priority: int,
    limit: int,
    exclude: Collection[int],
    now: float,
) -> list[Found]:
    """The next contacts of one group, in the order of ``ix_contacts_order``: the database stops at
    the limit."""
    columns = contacts.c
    query = (
        select(*FOUND_COLUMNS)
        .select_from(FROM)
        .where(
            columns.campaign == campaign,
            columns.status == ContactStatus.OPEN.value,
            columns.list == group.list,
            columns.priority == group.priority,
            columns.zones == group.zones,
            columns.kind == group.kind,
            columns.consent == group.consent,
            and_(is_due(now), ~is_barred(columns.number, now)),
            # Written into the statement: there may be more of them than parameters are allowed.
            columns.id.not_in(
                bindparam("not_these", list(exclude), expanding=True, literal_execute=True)
            ),
        )
        .order_by(
            columns.worth.desc(),
            columns.made,
            columns.next_try_at.asc().nulls_first(),
            columns.id,
        )
        .limit(limit)
    )
    return [found_of(row, priority) for row in await connection.execute(query)]


def _keys(one: Relation | Past) -> Iterator[tuple[str, str]]:
    yield "number", one.number
    if one.person:
        yield "person", one.person
    if one.account:
        yield "account", one.account


class _ByWhom:
    """A history, looked up by whom it concerns: each contact is judged by a few attempts, not by
    those of all."""

    def __init__(self, history: History) -> None:
        self._attempts = history.attempts
        self._by: dict[tuple[str, str], list[int]] = {}
        for place, past in enumerate(history.attempts):
            for key in _keys(past):
                self._by.setdefault(key, []).append(place)

    def of(self, relation: Relation) -> History:
        """The attempts that concern this contact."""
        places = {place: None for key in _keys(relation) for place in self._by.get(key, ())}
        return History(tuple(self._attempts[place] for place in places))
