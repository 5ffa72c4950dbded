"""What was learnt of when people are reached: one model for all campaigns, kept as JSON.

Each attempt's result moves it, in the transaction of its record.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.domain.records import AttemptRecord
from callcenter.storage.contact_counts import row_of, split_zones
from callcenter.storage.contact_numbers import PARAMETERS_MAX, chunks
from callcenter.storage.contact_pasts import read_tries
from callcenter.storage.tables import contact_chances, contacts
from dialer.contact_chance import Chances, learn
from dialer.contact_history import features_at, was_reached

RESULTS_MIN = 100
"""With fewer results they say more of those few people than of the next one: nobody is put before
anybody by them."""
REACHED = "reached"
"""The name of the model that tells whether a person is reached."""


async def read_chances(connection: AsyncConnection) -> Chances:
    """What was learnt so far; nothing while it is too little."""
    model = await _read(connection)
    if model is None:
        return Chances()
    chances = msgspec.json.decode(model, type=Chances)
    return chances if chances.results >= RESULTS_MIN else Chances()


async def learn_chances(connection: AsyncConnection, attempts: Sequence[AttemptRecord]) -> None:
    """Learn from these attempts, whose rows are there. Before ``bring_up_to_date``: it may choose
    another number."""
    told = [
        (row_id, attempt, reached)
        for attempt in attempts
        if (row_id := row_of(attempt.contact)) is not None
        and (reached := was_reached(attempt.result)) is not None
    ]
    ids = list(dict.fromkeys(row_id for row_id, _, _ in told))
    if not ids:
        return
    known: dict[int, tuple[str, str]] = {}
    columns = contacts.c
    for some in chunks(ids, PARAMETERS_MAX):
        query = select(columns.id, columns.zones, columns.kind).where(columns.id.in_(some))
        known |= {row_id: (zones, kind) for row_id, zones, kind in await connection.execute(query)}
    tries = await read_tries(connection, ids, max(attempt.placed_at for _, attempt, _ in told))
    model = await _read(connection)
    chances = Chances() if model is None else msgspec.json.decode(model, type=Chances)
    for row_id, attempt, reached in told:
        if row_id in known:
            zones, kind = known[row_id]
            zone = next(iter(split_zones(zones)), "")
            past = tries.get(row_id, ())
            learn(chances, features_at(attempt.placed_at, zone, past, kind), reached)
    values = {"model": msgspec.json.encode(chances).decode()}
    if model is None:
        await connection.execute(insert(contact_chances).values(name=REACHED, **values))
    else:
        await connection.execute(
            update(contact_chances).where(contact_chances.c.name == REACHED).values(**values)
        )


async def _read(connection: AsyncConnection) -> str | None:
    query = select(contact_chances.c.model).where(contact_chances.c.name == REACHED)
    return await connection.scalar(query)
