"""The process that reads a file of contacts: an order on standard input, frames on standard output.

Parsing a million rows holds Python's lock for a minute, and a file made to do harm may take all
memory: here neither reaches a running center. Run by ``callcenter.service.contact_reading``.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec

from callcenter.documents.contacts_csv import ContactRow, ContactsFile
from callcenter.documents.csv_rows import CannotRead
from callcenter.documents.rejects import Reject
from callcenter.service.contact_reading import Frame, Head, Order, Rows

NICENESS = 10
"""Calls go first."""
MEMORY_BYTES_MAX = 1 << 30
"""Of addresses, most of which are never used: two million rows take a quarter."""
FRAME_ROWS = 100
"""The center takes them in half a millisecond."""

_ENCODER = msgspec.msgpack.Encoder()


def main() -> None:
    """Carry out one order."""
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    order = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Order)
    try:
        with ContactsFile(Path(order.path), order.reading) as file:
            _write(Frame(head=Head(file.header, file.taken_as)))
            for frame in _frames(file):
                _write(frame)
    except CannotRead as problem:
        _write(Frame(failed=str(problem)))
    except MemoryError:
        _write(
            Frame(
                failed=f"{order.path} takes more than {MEMORY_BYTES_MAX >> 20} MB of memory to "
                "read. Split it into several files."
            )
        )


def _frames(file: ContactsFile) -> Iterator[Frame]:
    rows = iter(file)
    while some := list(islice(rows, FRAME_ROWS)):
        taken = [row for row in some if isinstance(row, ContactRow)]
        refused = [row for row in some if isinstance(row, Reject)]
        yield Frame(rows=Rows(taken, refused, file.share))
    yield Frame(examples=file.examples, is_last=True)


def _write(frame: Frame) -> None:
    encoded = _ENCODER.encode(frame)
    sys.stdout.buffer.write(len(encoded).to_bytes(4, "big"))
    sys.stdout.buffer.write(encoded)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
