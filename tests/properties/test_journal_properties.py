"""Whatever happens to its bytes, a journal gives back what was written up to some point, or says
that it cannot."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from callcenter.domain.numbers import change_entry, is_erased
from callcenter.domain.step import Entry
from callcenter.journal.codec import HEADER_BYTES, BadBytes, decode_batch
from callcenter.journal.errors import ForeignJournal, JournalDamaged
from callcenter.journal.file import FileJournal
from callcenter.journal.folder import NUMBERS_SUFFIX
from callcenter.journal.memory import MemoryFile, MemoryFolder, MemoryJournal
from callcenter.journal.segmented import SegmentedJournal
from callcenter.service.ports import LoadedJournal
from tests.unit.journal.entries import make_entries, make_state


class Written(Struct, frozen=True):
    """A journal that was written and let go of."""

    files: dict[str, bytes]
    last: int
    """Position of its last entry."""
    snapshots: tuple[int, ...]
    numbers_harmed: bool = False
    """Whether a file with people's numbers is no longer what was written."""

    @property
    def last_segment(self) -> str:
        return max(name for name in self.files if name.endswith(".journal"))


def write_journal(batches: list[int], snapshots_after: set[int], segment_bytes: int) -> Written:
    """Batches of these sizes, snapshots after these batches (counted from 0)."""
    journal = MemoryJournal(segment_bytes=segment_bytes)
    saved: list[int] = []

    async def main() -> None:
        journal.load()
        position = 0
        for index, size in enumerate(batches):
            journal.append(make_entries(position + 1, position + size))
            position += size
            await journal.sync()
            if index in snapshots_after:
                await journal.save_snapshot(position, make_state(position))
                saved.append(position)

    asyncio.run(main())
    files = {name: journal.folder.read(name) for name in journal.folder.list_names()}
    return Written(files, sum(batches), tuple(saved))


written_journals = st.builds(
    write_journal,
    st.lists(st.integers(1, 5), min_size=1, max_size=14),
    st.sets(st.integers(0, 13), max_size=4),
    st.sampled_from([300, 900, 10_000]),
)


def make_folder(files: dict[str, bytes]) -> MemoryFolder:
    folder = MemoryFolder()
    for name, content in files.items():
        folder.files[name] = MemoryFile()
        folder.files[name].write(content)
    folder.sync()
    return folder


def check_truth(loaded: LoadedJournal, written: Written) -> int:
    """What was loaded is what was written, up to the position returned; of people's numbers, where
    their file was harmed, only that none is another's."""
    first = loaded.snapshot_position
    last = first + len(loaded.entries)
    assert loaded.snapshot == (make_state(first) if first else None)
    expected = make_entries(first + 1, last)
    if written.numbers_harmed:
        assert [with_one_number(entry) for entry in loaded.entries] == [
            with_one_number(entry) for entry in expected
        ]
        found, known = numbers_of(loaded.entries), numbers_of(expected)
        assert all(is_erased(number) or number == known[at] for at, number in enumerate(found))
    else:
        assert loaded.entries == expected
    assert last <= written.last
    return last


def with_one_number(entry: Entry) -> Entry:
    return change_entry(entry, lambda _: "a number")


def numbers_of(entries: Sequence[Entry]) -> list[str]:
    found: list[str] = []

    def note(number: str) -> str:
        found.append(number)
        return number

    for entry in entries:
        change_entry(entry, note)
    return found


def harming(written: Written, name: str) -> Written:
    """The same, with word of what is harmed."""
    return replace(written, numbers_harmed=name.endswith(NUMBERS_SUFFIX))


def end(journal: SegmentedJournal) -> None:
    """Let go of it, the quick way where there is one."""
    if isinstance(journal, MemoryJournal):
        journal.kill()
    else:
        asyncio.run(journal.close())


def check_goes_on(make_journal: Callable[[], SegmentedJournal], written: Written) -> int | None:
    """Load it, write on, load it again.

    None when it was refused, else the last position that the first load gave.
    """
    journal = make_journal()
    try:
        last = check_truth(journal.load(), written)
    except (JournalDamaged, ForeignJournal):
        end(journal)
        return None
    longer = Written({}, last + 7, (), written.numbers_harmed)
    journal.append(make_entries(last + 1, last + 7))
    end(journal)
    again = make_journal()
    assert check_truth(again.load(), longer) == last + 7
    end(again)
    return last


def check_in_memory(files: dict[str, bytes], written: Written) -> int | None:
    folder = make_folder(files)
    last = check_goes_on(lambda: MemoryJournal(folder), written)
    if last is None:  # refused: then nothing was changed
        assert {name: folder.read(name) for name in folder.list_names()} == files
    return last


def check_on_disk(files: dict[str, bytes], written: Written) -> int | None:
    with tempfile.TemporaryDirectory() as root:
        for name, content in files.items():
            (Path(root) / name).write_bytes(content)
        return check_goes_on(lambda: FileJournal(Path(root), machine_version=1), written)


def find_expected_last(written: Written, cut: int) -> int:
    """The last position that the last segment, cut there, or the snapshot still holds."""
    name = written.last_segment
    data = written.files[name][:cut]
    last, offset = int(name.split(".")[0]) - 1, HEADER_BYTES
    try:
        while True:
            batch = decode_batch(data, offset)
            last, offset = batch.last_position, batch.end
    except BadBytes:
        return max([last, *written.snapshots])


FIXED = write_journal([3, 1, 2, 4, 1, 2, 3, 1], {2, 5}, segment_bytes=900)
"""Two snapshots, and segments with batches before and after the newest."""


def test_the_fixed_journal_has_batches_on_both_sides_of_its_snapshot() -> None:
    firsts = [int(name.split(".")[0]) for name in FIXED.files if name.endswith(".journal")]

    assert len(firsts) > 1
    assert FIXED.snapshots[-1] < FIXED.last
    assert check_in_memory(FIXED.files, FIXED) == FIXED.last


def test_the_last_segment_cut_at_any_byte_gives_every_batch_before_the_cut() -> None:
    name = FIXED.last_segment
    for cut in range(len(FIXED.files[name])):
        files = {**FIXED.files, name: FIXED.files[name][:cut]}

        assert check_in_memory(files, FIXED) == find_expected_last(FIXED, cut), cut


def test_a_flip_of_any_byte_of_any_file_is_refused_or_gives_a_clean_prefix() -> None:
    refused = 0
    for name, content in FIXED.files.items():
        for offset in range(len(content)):
            flipped = bytearray(content)
            flipped[offset] ^= 0x41
            files = {**FIXED.files, name: bytes(flipped)}
            refused += check_in_memory(files, harming(FIXED, name)) is None

    assert refused > 0


@given(written=written_journals, data=st.data())
def test_any_journal_cut_anywhere_gives_every_batch_before_the_cut(
    written: Written, data: st.DataObject
) -> None:
    name = written.last_segment
    cut = data.draw(st.integers(0, len(written.files[name]) - 1))
    files = {**written.files, name: written.files[name][:cut]}

    for check in (check_in_memory, check_on_disk):
        assert check(files, written) == find_expected_last(written, cut)


@given(written=written_journals, data=st.data(), rubbish=st.binary(min_size=1, max_size=40))
def test_any_journal_overwritten_anywhere_is_refused_or_gives_a_clean_prefix(
    written: Written, data: st.DataObject, rubbish: bytes
) -> None:
    name = data.draw(st.sampled_from(sorted(written.files)))
    content = written.files[name]
    at = data.draw(st.integers(0, len(content) - 1))
    harmed = content[:at] + rubbish + content[at + len(rubbish) :]

    harmed_one = harming(written, name)
    memory = check_in_memory({**written.files, name: harmed}, harmed_one)

    assert memory == check_on_disk({**written.files, name: harmed}, harmed_one)


@given(written=written_journals, rubbish=st.binary(min_size=1, max_size=200))
def test_rubbish_behind_the_last_batch_is_cut_off_and_nothing_else(
    written: Written, rubbish: bytes
) -> None:
    name = written.last_segment

    files = {**written.files, name: written.files[name] + rubbish}

    assert check_in_memory(files, written) == written.last


@given(written=written_journals, data=st.data())
def test_a_missing_file_is_refused_or_gives_a_clean_prefix(
    written: Written, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(written.files)))
    files = {other: content for other, content in written.files.items() if other != name}

    check_in_memory(files, harming(written, name))


@given(written=written_journals)
def test_no_damaged_snapshot_loses_an_entry(written: Written) -> None:
    snapshots = [name for name in written.files if name.endswith(".snapshot")]
    if not snapshots:
        return
    files = {**written.files, max(snapshots): b"nothing of use"}

    last = check_in_memory(files, written)

    assert last == written.last or (len(snapshots) == 1 and last is None)
