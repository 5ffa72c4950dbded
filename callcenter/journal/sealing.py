"""Keeps people's numbers out of segments and snapshots: a token stands there for each, and which
number it stands for is in a file beside it. Whoever has the journal without those files learns no
number; a person whose lines are taken out of them is erased from the journal.

Beside a segment or snapshot ``NAME`` lies ``NAME.numbers``, with the same lifetime. A first line
``CCNUMBERS 1``, then one line for each number that stands in ``NAME``: the CRC-32 (8 hexadecimal
digits) of what follows, its count in hexadecimal, and the number as a JSON string. The token of
count 1a is ``~POSITION.1a`` in a segment and ``~sPOSITION.1a`` in a snapshot, POSITION being that
of the file's name in hexadecimal. A line that is cut off or damaged is passed over.

The file is written before the batch that needs it and synced before it, so nothing that was synced
lacks its number. A token without a number stays as it is when the journal is read: all that was
decided is decided again with it, for equal numbers of one file have equal tokens.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from callcenter.domain.numbers import change_entry
from callcenter.domain.step import Entry
from callcenter.journal.folder import (
    NUMBERS_SUFFIX,
    SEGMENT_SUFFIX,
    SNAPSHOT_SUFFIX,
    UNFINISHED_SUFFIX,
    Folder,
    OpenFile,
    ReadFolder,
)

FIRST_LINE = b"CCNUMBERS 1\n"

IsErased = Callable[[str], bool]
"""Whether a number is to be erased."""

_NUMBER_FIELDS = ("caller_number", "number")
"""Of calls, attempts, pending commands, voicemails and rows of the hopper, as
``callcenter.domain.numbers`` has them. Snapshots are changed by these names, not by types: those of
an older version too."""


class Numbers:
    """The numbers of one file, in memory."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._tokens: dict[str, str] = {}
        """By number."""
        self._count = 0
        self._new: list[bytes] = []

    def token(self, number: str) -> str:
        """What stands for this number; a new one has a line in ``take_new``."""
        known = self._tokens.get(number)
        if known is not None:
            return known
        self._count += 1
        token = self._tokens[number] = f"{self._prefix}{self._count:x}"
        text = msgspec.json.encode(number.encode("utf-8", "replace").decode())
        self._new.append(_write_line(self._count, text))
        return token

    def take_new(self) -> bytes:
        """The lines added since this was asked last."""
        lines = b"".join(self._new)
        self._new.clear()
        return lines

    @property
    def has_new(self) -> bool:
        """Whether lines wait to be written."""
        return bool(self._new)

    def forget(self, is_erased: IsErased) -> None:
        """Forget these numbers; should one come again it gets a token of its own."""
        for number in [number for number in self._tokens if is_erased(number)]:
            del self._tokens[number]


class SegmentNumbers:
    """The numbers of the segment that is being written, in memory and in their file."""

    def __init__(self, folder: Folder, segment: str) -> None:
        """Begin the file. Raises ``OSError``, and then it is not there."""
        self._folder = folder
        self.name = segment + NUMBERS_SUFFIX
        self._numbers = Numbers(token_prefix(segment))
        self._unwritten = b""
        self._unsynced = False
        folder.remove(self.name)  # of a segment that could not be begun
        self._file = folder.create(self.name)
        try:
            self._file.write(FIRST_LINE)
        except OSError:
            self.abandon()
            raise

    def seal(self, entries: Sequence[Entry]) -> list[Entry]:
        """The entries with tokens for numbers, whose lines are written. Raises ``OSError``."""
        token = self._numbers.token
        sealed = [change_entry(entry, token) for entry in entries]
        if self._numbers.has_new or self._unwritten:
            self._unwritten += self._numbers.take_new()
            self._file.write(self._unwritten)
            self._unwritten = b""
            self._unsynced = True
        return sealed

    def erase(self, is_erased: IsErased) -> OpenFile:
        """Erase from the file and from memory; returns the file let go of, to be closed when no
        sync holds it. Raises ``OSError``."""
        self._numbers.forget(is_erased)
        lines = self._folder.read(self.name) + self._unwritten
        old, self._file = self._file, _rewrite(self._folder, self.name, lines, is_erased)
        self._unwritten = b""
        return old

    @property
    def file(self) -> OpenFile:
        """To be synced before the segment."""
        return self._file

    def take_unsynced(self) -> OpenFile | None:
        """The file, if lines were added since this was asked last: most syncs find none."""
        taken, self._unsynced = self._unsynced, False
        return self._file if taken else None

    def abandon(self) -> None:
        """Remove the file: the segment could not be begun."""
        self._file.close()
        with suppress(OSError):  # the first error says more
            self._folder.remove(self.name)


def seal_state(folder: Folder, snapshot: str, state: bytes) -> bytes:
    """The state of the snapshot of this name with tokens for numbers, whose file is written and
    synced. Raises ``OSError``."""
    numbers = Numbers(token_prefix(snapshot))
    sealed = _change_state(state, numbers.token)
    _put(folder, snapshot + NUMBERS_SUFFIX, FIRST_LINE + numbers.take_new()).close()
    return sealed


def unseal_state(folder: ReadFolder, snapshot: str, state: bytes) -> bytes:
    """The state as it was before ``seal_state``, but for numbers that are erased."""
    known = read_numbers(folder, snapshot)
    return _change_state(state, lambda token: known.get(token, token)) if known else state


def read_numbers(folder: ReadFolder, name: str) -> dict[str, str]:
    """The numbers of this segment or snapshot by their tokens; empty where there is no file."""
    try:
        data = folder.read(name + NUMBERS_SUFFIX)
    except FileNotFoundError:
        return {}
    prefix = token_prefix(name)
    return {f"{prefix}{count:x}": number for count, number, _ in _lines(data)}


def unseal(entry: Entry, known: dict[str, str]) -> Entry:
    """The entry with its numbers, but for those that are erased."""
    return change_entry(entry, lambda token: known.get(token, token))


def list_numbers(folder: ReadFolder) -> list[str]:
    """The names of the numbers' files of all segments and snapshots."""
    return [name for name in folder.list_names() if name.endswith(NUMBERS_SUFFIX)]


def erase_numbers(folder: Folder, names: Sequence[str], is_erased: IsErased) -> None:
    """Erase from these files, none of which is being written. On return it is on the disk. Raises
    ``OSError``."""
    for name in names:
        with suppress(FileNotFoundError):  # trimmed meanwhile
            _rewrite(folder, name, folder.read(name), is_erased).close()
    folder.sync()


def sync_numbers(folder: Folder, segment: str) -> None:
    """Make the numbers of a segment that was found survive a power cut, if it has any."""
    with suppress(FileNotFoundError):
        folder.sync_file(segment + NUMBERS_SUFFIX)


def remove_orphans(folder: Folder) -> None:
    """Remove numbers whose segment or snapshot is gone. Only while nothing is being written."""
    names = dict.fromkeys(folder.list_names())
    for name in names:
        stem = name.removesuffix(NUMBERS_SUFFIX)
        if stem != name and stem not in names:
            folder.remove(name)


def token_prefix(name: str) -> str:
    """What the tokens in this segment or snapshot begin with."""
    kind = "s" if name.endswith(SNAPSHOT_SUFFIX) else ""
    stem = name.removesuffix(SNAPSHOT_SUFFIX).removesuffix(SEGMENT_SUFFIX)
    return f"~{kind}{int(stem):x}."


def _change_state(state: bytes, change: Callable[[str], str]) -> bytes:
    try:
        tree = msgspec.msgpack.decode(state)
    except msgspec.DecodeError:
        return state  # no state of a machine: no table and no number in it
    if not isinstance(tree, dict):
        return state
    for table in ("calls", "attempts", "pending", "voicemails"):
        for row in tree.get(table, {}).values():
            _change_row(row, change)
    for campaign in tree.get("campaigns", {}).values():
        for row in campaign.get("hopper", ()):
            _change_row(row, change)
    return msgspec.msgpack.encode(tree)


def _change_row(row: dict[str, Any], change: Callable[[str], str]) -> None:
    for name in _NUMBER_FIELDS:
        if row.get(name):
            row[name] = change(row[name])


def _lines(data: bytes) -> list[tuple[int, str, bytes]]:
    """Count, number and the line itself, of every line that is whole."""
    found: list[tuple[int, str, bytes]] = []
    for line in data.split(b"\n")[1:-1]:
        crc, _, said = line.partition(b" ")
        if crc == b"%08x" % zlib.crc32(said):
            count, _, text = said.partition(b" ")
            found.append((int(count, 16), msgspec.json.decode(text, type=str), line))
    return found


def _write_line(count: int, text: bytes) -> bytes:
    said = b"%x %s" % (count, text)
    return b"%08x %s\n" % (zlib.crc32(said), said)


def _rewrite(folder: Folder, name: str, data: bytes, is_erased: IsErased) -> OpenFile:
    """Write the file anew without these numbers; it is open for more lines, and synced."""
    kept = [line + b"\n" for _, number, line in _lines(data) if not is_erased(number)]
    return _put(folder, name, FIRST_LINE + b"".join(kept))


def _put(folder: Folder, name: str, data: bytes) -> OpenFile:
    """Write a file so that at every moment the old or the new one is there; it stays open."""
    unfinished = name + UNFINISHED_SUFFIX
    folder.remove(unfinished)
    file = folder.create(unfinished)
    try:
        file.write(data)
        file.sync()
        folder.rename(unfinished, name)
    except OSError:
        file.close()
        with suppress(OSError):  # the first error says more
            folder.remove(unfinished)
        raise
    return file
