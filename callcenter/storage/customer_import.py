"""What an import of customers changes: decided here for every store, in one pass over the rows.

First every row is judged against what the store knows and the changes are set aside; then the store
makes all of them in one transaction. So an import that is cut off or goes wrong changed nothing,
and the store is locked only for the writing, not for the reading of a long file.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO, Generic, Protocol, TypeVar, cast

import msgspec
from msgspec import UNSET, Struct

from callcenter.documents.customers_csv import CustomerRow
from callcenter.documents.rejects import Reject
from callcenter.domain.ids import CustomerId
from callcenter.storage.stores import CustomerCard, ImportResult

BATCH_ROWS = 500
"""Rows judged with one query each for customers and numbers: SQLite takes some thousand values."""
SPOOL_MEMORY_BYTES = 8_000_000
"""Changes kept in memory, some 40,000; more of them go to an unnamed temporary file."""

T = TypeVar("T", bound=Struct)

OnReject = Callable[[Reject], None]
OnProgress = Callable[[int], None]
"""Told after each batch how many rows have been judged."""


class CustomerChange(Struct, frozen=True, array_like=True):
    """One customer as they shall be."""

    card: CustomerCard
    is_new: bool
    is_renumbered: bool
    """The numbers or their order differ from those known."""


class ImportTarget(Protocol):
    """What a store must do to be imported into."""

    async def find_cards(self, ids: Sequence[CustomerId]) -> Mapping[CustomerId, CustomerCard]:
        """The customers with these ids, as far as there are any."""
        ...

    async def find_owners(self, numbers: Sequence[str]) -> Mapping[str, CustomerId]:
        """Whose these numbers are."""
        ...

    async def apply(self, changes: Changes[CustomerChange]) -> None:
        """Make all of the changes or none."""
        ...


async def import_customers(
    target: ImportTarget,
    rows: Iterable[CustomerRow | Reject],
    *,
    on_reject: OnReject,
    on_progress: OnProgress,
    dry_run: bool,
) -> ImportResult:
    """Take the rows over into the store: new customers are added, known ones changed.

    Each row that comes in as a ``Reject``, or that claims a number of somebody else, is handed to
    ``on_reject``. Customers that are not among the rows stay as they are.
    """
    remaining = iter(rows)
    with Changes(CustomerChange) as changes:
        judge = _Judge(target, changes, on_reject)
        while batch := await asyncio.to_thread(_take, remaining):
            await judge.judge(batch)
            on_progress(judge.rows)
        judge.settle()
        if not dry_run:
            await target.apply(changes)
        return ImportResult(
            rows=judge.rows,
            added=judge.added,
            changed=judge.changed,
            unchanged=judge.unchanged,
            rejected=judge.rejected,
            dry_run=dry_run,
        )


class Changes(Generic[T]):
    """The changes of one import, in order. Of customers: who gives a number up comes before who
    gets it. Leaves nothing behind."""

    def __init__(self, kind: type[T]) -> None:
        self.count = 0
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(kind)

    def __enter__(self) -> Changes[T]:
        """Ready to take changes."""
        spool = tempfile.SpooledTemporaryFile(max_size=SPOOL_MEMORY_BYTES)
        self._file = cast(BinaryIO, spool)
        return self

    def __exit__(self, *_of_the_body: object) -> None:
        """Throw them away."""
        self._file.close()

    def add(self, change: T) -> None:
        """Set a change aside."""
        encoded = self._encoder.encode(change)
        self._file.write(len(encoded).to_bytes(4, "big") + encoded)
        self.count += 1

    def batches(self) -> Iterator[list[T]]:
        """All changes from the first, in handy portions."""
        self._file.seek(0)
        remaining = iter(self._read, None)
        while batch := list(islice(remaining, BATCH_ROWS)):
            yield batch

    def _read(self) -> T | None:
        length = self._file.read(4)
        if not length:
            return None
        return self._decoder.decode(self._file.read(int.from_bytes(length, "big")))


@dataclass(slots=True)
class _Contested:
    """A row that claims numbers which others have: theirs, unless another row
    gives them up."""

    row: CustomerRow
    known: CustomerCard | None
    owners: dict[str, CustomerId]


@dataclass(slots=True)
class _Judge:
    """Says of each row what it changes."""

    target: ImportTarget
    changes: Changes[CustomerChange]
    on_reject: OnReject
    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    contested: list[_Contested] = field(default_factory=list)
    freed: list[str] = field(default_factory=list)
    """Numbers that customers give up by the rows judged so far."""

    async def judge(self, batch: Sequence[CustomerRow | Reject]) -> None:
        """Judge some rows; those whose numbers belong to others wait for ``settle``."""
        rows = [row for row in batch if isinstance(row, CustomerRow)]
        known = await self.target.find_cards([row.id for row in rows])
        owners = await self.target.find_owners([number for row in rows for number in row.numbers])
        for row in batch:
            self.rows += 1
            if isinstance(row, Reject):
                self._reject(row)
                continue
            foreign = {
                number: owners[number]
                for number in row.numbers
                if owners.get(number, row.id) != row.id
            }
            if foreign:
                self.contested.append(_Contested(row, known.get(row.id), foreign))
            else:
                self.freed.extend(self._accept(row, known.get(row.id)))

    def settle(self) -> None:
        """Accept the contested rows whose numbers were given up, reject the others."""
        waiting: dict[str, list[_Contested]] = {}
        for claim in self.contested:
            for number in claim.owners:
                waiting.setdefault(number, []).append(claim)
        freed = list(self.freed)
        while freed:
            number = freed.pop()
            for claim in waiting.pop(number, ()):
                del claim.owners[number]
                if not claim.owners:
                    freed.extend(self._accept(claim.row, claim.known))
        for claim in self.contested:
            if claim.owners:
                number, owner = next(iter(claim.owners.items()))
                reason = f"the number belongs to customer {owner}"
                mend = "Take it from that customer, or leave it out here."
                row = claim.row
                self._reject(Reject(row.row, "phone", number, reason, mend, row.fields))

    def _accept(self, row: CustomerRow, known: CustomerCard | None) -> list[str]:
        """Set the change aside; returns the numbers that the customer gives up."""
        card = _merged(row, known)
        if known == card:
            self.unchanged += 1
            return []
        is_renumbered = known is None or known.numbers != card.numbers
        self.changes.add(CustomerChange(card, known is None, is_renumbered))
        if known is None:
            self.added += 1
            return []
        self.changed += 1
        return [number for number in known.numbers if number not in card.numbers]

    def _reject(self, reject: Reject) -> None:
        self.rejected += 1
        self.on_reject(reject)


def _merged(row: CustomerRow, known: CustomerCard | None) -> CustomerCard:
    """What the row makes of the customer: columns that the file lacks keep what is known."""
    before = known or CustomerCard(row.id, row.name, row.tier, row.numbers)
    return CustomerCard(
        id=row.id,
        name=row.name,
        tier=row.tier,
        numbers=row.numbers,
        value=before.value if row.value is UNSET else row.value,
        since=before.since if row.since is UNSET else row.since,
        notes=before.notes if row.note is UNSET else row.note,
        language=before.language if row.language is UNSET else row.language,
        owner=before.owner if row.owner is UNSET else row.owner,
        churn_risk=before.churn_risk if row.churn_risk is UNSET else row.churn_risk,
        attributes={
            name: text for name, text in {**before.attributes, **row.attributes}.items() if text
        },
    )


def _take(rows: Iterator[CustomerRow | Reject]) -> list[CustomerRow | Reject]:
    return list(islice(rows, BATCH_ROWS))
