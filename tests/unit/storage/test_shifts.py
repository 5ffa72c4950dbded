"""Shifts in the database: what an import replaces, what it refuses, and a dry run."""

from __future__ import annotations

from callcenter.documents.rejects import Reject
from callcenter.documents.shifts_csv import ShiftRow
from callcenter.domain.history import Shift
from callcenter.installation import make_accounts
from callcenter.service.ports import Role
from callcenter.storage.database import Database
from callcenter.storage.passwords import HashCost
from callcenter.storage.shifts import ShiftImport, Shifts
from callcenter.storage.stores import AccountSettings

MONDAY = ShiftRow(2, (Shift("ann", "mon", 480, 960), Shift("ann", "tue", 480, 960)))
BROKEN = Reject(3, "starts", "8", "this is no time of day", "Write one.")
NOBODY = ShiftRow(4, (Shift("zoe", "mon", 480, 960),), ("zoe", "mon"))


async def with_ann(database: Database) -> Shifts:
    """The shifts of a center with one agent."""
    accounts = make_accounts(database, HashCost(1, 8, 1))
    await accounts.add(AccountSettings("ann", "Ann", (Role.AGENT,)), "a long enough password")
    return Shifts(database)


async def test_shifts_are_taken_and_rows_without_an_account_are_refused(
    database: Database,
) -> None:
    shifts = await with_ann(database)
    refused: list[Reject] = []
    progress: list[int] = []

    done = await shifts.import_rows(
        [MONDAY, BROKEN, NOBODY], on_reject=refused.append, on_progress=progress.append
    )

    assert done == ShiftImport(rows=3, accepted=1, refused=2, shifts=2, replaced=0, dry_run=False)
    assert await shifts.all() == MONDAY.shifts
    assert refused[0] is BROKEN
    assert (refused[1].row, refused[1].column, refused[1].value) == (4, "agent", "zoe")
    assert refused[1].fields == NOBODY.fields
    assert progress == [3]


async def test_an_import_replaces_the_days_that_it_names_and_leaves_the_others(
    database: Database,
) -> None:
    shifts = await with_ann(database)
    await shifts.import_rows([MONDAY])
    new = (
        ShiftRow(2, (Shift("ann", "mon", 600, 700),)),
        ShiftRow(3, (Shift("ann", "mon", 800, 900),)),
    )

    dry = await shifts.import_rows(new, dry_run=True)
    unchanged = await shifts.all()
    done = await shifts.import_rows(new)

    assert (dry.replaced, dry.dry_run, unchanged) == (1, True, MONDAY.shifts)
    assert done.replaced == 1
    assert await shifts.all() == (*new[0].shifts, *new[1].shifts, MONDAY.shifts[1])
