"""Whatever has become of a journal's bytes, reading ends, and gives what was written or says why
not."""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass
from random import Random

import msgspec

from callcenter.core.state import decode_state
from callcenter.domain.numbers import change_entry
from callcenter.domain.step import Entry
from callcenter.journal.codec import (
    BATCH_HEADER_BYTES,
    HEADER_BYTES,
    compute_digest,
    decode_batch,
    find_batch,
)
from callcenter.journal.errors import ForeignJournal, JournalDamaged
from callcenter.journal.folder import NUMBERS_SUFFIX, SEGMENT_SUFFIX, name_segment, name_snapshot
from callcenter.journal.memory import MemoryFile, MemoryFolder, MemoryJournal
from callcenter.journal.scan import find_ending, read_entries, walk_segments
from callcenter.journal.snapshot import find_snapshots
from callcenter.service.ports import LoadedJournal
from tests.builders import Bench
from tests.fuzz.mutation import mutate
from tests.fuzz.trials import Bound, Trials, inputs
from tests.unit.journal.entries import make_entries

LAST = 40
SNAPSHOT_AT = 24
STATE = Bench().machine.state.encode()
ENTRIES = {entry.position: entry for entry in make_entries(1, LAST)}
TOKENS = (
    b"\xc1BAT",
    b"CCJRNAL\n",
    b"CCSNAPS\n",
    b"\x00\x01",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x04\x00\x00\x01",
    b"\x04\x00\x00\x00",
    b"\x00" * 8,
    b"\xdd\xff\xff\xff\xff",
    b"\xdf\xff\xff\xff\xff",
    b"\xc6\xff\xff\xff\xff",
    b"\x91" * 3000,
    b"\x81\xa4type" * 2000,
    b"\xc1",
    b"\xcb\x7f\xf8" + bytes(6),
)
"""Magic words, lengths at their limits, msgpack's headers that promise four billion elements, and
arrays in arrays in arrays."""


async def _write() -> dict[str, bytes]:
    journal = MemoryJournal(segment_bytes=2_000)
    journal.load()
    for first in range(1, LAST + 1, 2):
        journal.append(make_entries(first, first + 1))
        await journal.sync()
        if first + 1 == SNAPSHOT_AT:
            await journal.save_snapshot(SNAPSHOT_AT, STATE)
    await journal.close()
    return {name: bytes(file.content) for name, file in journal.folder.files.items()}


GOOD = asyncio.run(_write())
"""A journal of several segments and a snapshot."""
NUMBERS = [name for name in GOOD if name.endswith(NUMBERS_SUFFIX)]
SEGMENTS = [name for name in GOOD if name.endswith(SEGMENT_SUFFIX)]


@dataclass(frozen=True)
class Damage:
    """A journal as it is found."""

    files: dict[str, bytes]
    lies: bool
    """Whether its checksums were made to fit: nothing tells that it is not as it was written."""


def make(rng: Random) -> Damage:
    """One or two files harmed; now and then with checksums that say that all is well."""
    files = dict(GOOD)
    lies = rng.random() < 0.4
    for _ in range(rng.choice((1, 1, 1, 2))):
        name = rng.choice(list(files))
        match rng.randrange(12):
            case 0 if len(files) > 1:
                del files[name]
            case 1:
                files[name_segment(rng.choice((0, 1, 7, LAST, 2**64, 10**19)))] = files[name]
            case 2:
                files[name_snapshot(rng.choice((0, 1, LAST, 10**19)))] = files[name]
            case _:
                content = files[name]
                begin = rng.choice((0, HEADER_BYTES, rng.randint(0, len(content))))
                changed = mutate(rng, content[begin:], TOKENS, list(GOOD.values()))
                files[name] = content[:begin] + changed
                if lies:
                    files[name] = make_fit(rng, files[name])
    return Damage(files, lies)


def make_fit(rng: Random, content: bytes) -> bytes:
    """The file with every checksum, digest and, mostly, length as it should be."""
    data = bytearray(content)
    if len(data) < HEADER_BYTES:
        return content
    if data.startswith(b"CCSNAPS\n") and rng.random() < 0.8:
        state = data[HEADER_BYTES:]
        data[56:64] = len(state).to_bytes(8)
        data[64:80] = compute_digest(state)
    data[80:84] = zlib.crc32(data[:80]).to_bytes(4)
    digest, at = compute_digest(data[:HEADER_BYTES]), data.find(b"\xc1BAT", HEADER_BYTES)
    while at >= 0 and len(data) - at >= BATCH_HEADER_BYTES:
        following = data.find(b"\xc1BAT", at + 4)
        end = len(data) if following < 0 else following
        if rng.random() < 0.9:
            data[at + 8 : at + 12] = max(0, end - at - BATCH_HEADER_BYTES).to_bytes(4)
        length = int.from_bytes(data[at + 8 : at + 12])
        end = min(end, at + BATCH_HEADER_BYTES + length)
        data[at + 32 : at + 48] = digest
        data[at + 4 : at + 8] = zlib.crc32(data[at + 8 : end]).to_bytes(4)
        digest, at = compute_digest(data[at:end]), following
    return bytes(data)


def folder_of(files: dict[str, bytes]) -> MemoryFolder:
    """A disk with these files."""
    folder = MemoryFolder()
    for name, content in files.items():
        folder.files[name] = MemoryFile()
        folder.files[name].write(content)
    return folder


def read(folder: MemoryFolder) -> tuple[list[Entry], bytes | None]:
    """Everything that the scan finds, from the newest whole snapshot on."""
    snapshot = find_snapshots(folder).newest
    after = snapshot.header.position if snapshot else 0
    ending = find_ending(folder, after)
    found = [
        entry
        for segment in walk_segments(folder, ending, after=after)
        for entry in read_entries(folder, segment, after)
    ]
    return found, snapshot.state if snapshot else None


def judge(damage: Damage) -> str:
    """Scan it, then load it as a start does, which mends it: a second start finds the same."""
    for content in damage.files.values():
        found = find_batch(content, 0)
        while found is not None:
            assert found.end <= len(content)
            found = find_batch(content, found.offset + 1)
    try:
        entries, state = read(folder_of(damage.files))
        folder = folder_of(damage.files)
        first = _load(folder)
        again = _load(folder)
    except (JournalDamaged, ForeignJournal) as told:
        return type(told).__name__
    assert (list(first.entries), first.snapshot) == (entries, state)
    assert (again.entries, again.snapshot) == (first.entries, first.snapshot)
    if not damage.lies:
        bare = [hide_numbers(entry) for entry in entries]
        assert [one for one in bare if hide_numbers(ENTRIES[one.position]) != one] == []
        if all(damage.files.get(name) == GOOD[name] for name in NUMBERS):
            assert [entry for entry in entries if ENTRIES[entry.position] != entry] == []
        assert state in (None, STATE)
    positions = [entry.position for entry in entries]
    assert positions == list(
        range(first.snapshot_position + 1, first.snapshot_position + 1 + len(entries))
    )
    if state is not None and state != STATE:
        try:
            decode_state(state)
        except msgspec.MsgspecError:
            return "no state"
    return "whole" if len(entries) == LAST - first.snapshot_position else "shorter"


def hide_numbers(entry: Entry) -> Entry:
    """The entry without people's numbers: these are in files of their own, and may be lost."""
    return change_entry(entry, lambda number: "")


def _load(folder: MemoryFolder) -> LoadedJournal:
    journal = MemoryJournal(folder)
    try:
        return journal.load()
    finally:
        journal.kill()


TRIALS = Trials(
    "journal bytes",
    make,
    size=lambda damage: sum(map(len, damage.files.values())),
    memory=Bound(2_000_000, 40),
    steps=Bound(40_000, 4),
)


@inputs(1_200)
def test_a_damaged_journal_gives_what_was_written_or_says_what_is_wrong(count: int) -> None:
    tally = TRIALS.run(count, judge)

    assert min(tally.outcomes[one] for one in ("JournalDamaged", "shorter", "whole")) > count / 100


def test_the_journal_that_is_harmed_is_whole_before() -> None:
    assert judge(Damage(GOOD, lies=False)) == "whole"
    assert len(SEGMENTS) > 2
    batch = decode_batch(GOOD[SEGMENTS[0]], HEADER_BYTES)
    assert batch.count == 2
