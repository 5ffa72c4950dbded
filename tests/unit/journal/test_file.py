"""What only the journal on the disk has: permissions, a lock, threads, a disk that fails."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import stat
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from callcenter.domain.events import Tick
from callcenter.domain.step import Entry
from callcenter.journal import folder as folder_module
from callcenter.journal.errors import JournalInUse
from callcenter.journal.file import FileJournal
from callcenter.journal.folder import DiskFile, DiskFolder
from tests.unit.journal.entries import make_entries, make_state

THREAD_DEADLINE_S = 20.0
"""A thread that has not come so far by then never will."""


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[FileJournal]:
    opened = FileJournal(tmp_path / "deep" / "journal", machine_version=1)
    opened.load()
    yield opened
    try:
        await opened.close()
    except OSError:
        assert opened.dirty  # the test broke the disk


def find_folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "journal"


def list_segments(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.journal"))


def get_mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_only_the_services_own_account_may_read(tmp_path: Path, journal: FileJournal) -> None:
    journal.append(make_entries(1, 1))
    await journal.save_snapshot(1, make_state(1))

    folder = find_folder(tmp_path)
    assert get_mode(folder) == 0o700
    files = list(folder.iterdir())
    assert len(files) == 5  # the lock; a segment and a snapshot, each with its numbers
    assert {get_mode(path) for path in files} == {0o600}


def test_a_folder_open_to_others_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir(mode=0o755)

    asyncio.run(FileJournal(folder, machine_version=1).close())

    assert get_mode(folder) == 0o700


def test_a_second_process_is_refused_and_told_who_has_the_journal(
    tmp_path: Path, journal: FileJournal
) -> None:
    with pytest.raises(JournalInUse, match=f"in use by process {os.getpid()}") as caught:
        FileJournal(find_folder(tmp_path), machine_version=1)

    assert caught.value.holder == f"process {os.getpid()}"


def test_a_real_second_process_is_refused(tmp_path: Path, journal: FileJournal) -> None:
    script = (
        "import sys, pathlib\n"
        "from callcenter.journal.file import FileJournal\n"
        "FileJournal(pathlib.Path(sys.argv[1]), machine_version=1)\n"
    )

    answer = subprocess.run(
        [sys.executable, "-c", script, str(find_folder(tmp_path))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).resolve().parents[3],
    )

    assert answer.returncode == 1
    assert f"JournalInUse: The journal in {find_folder(tmp_path)} is in use by" in answer.stderr
    assert f"process {os.getpid()}" in answer.stderr


async def test_the_number_of_an_earlier_process_does_not_shine_through(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("9" * 19)
    journal = FileJournal(tmp_path, machine_version=1)

    with pytest.raises(JournalInUse, match=f"in use by process {os.getpid()}\\."):
        FileJournal(tmp_path, machine_version=1)
    await journal.close()


async def test_a_lock_file_without_a_number_refuses_all_the_same(
    tmp_path: Path, journal: FileJournal
) -> None:
    (find_folder(tmp_path) / "lock").write_text("")

    with pytest.raises(JournalInUse, match="process unknown"):
        FileJournal(find_folder(tmp_path), machine_version=1)


async def test_a_folder_that_cannot_be_locked_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(fd: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr("fcntl.flock", refuse)

    with pytest.raises(OSError, match="no locks available"):
        FileJournal(tmp_path, machine_version=1)


async def test_a_journal_that_could_not_be_opened_leaves_no_lock(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="8 ASCII"):
        FileJournal(tmp_path, machine_version=1, journal_id="no")

    await FileJournal(tmp_path, machine_version=1).close()


# --- a disk that fails ---------------------------------------------------------------------------


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """No file of this process may grow beyond ``size``: a write across it is cut, then fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_disk_that_fills_up_in_mid_batch_keeps_the_whole_batches_and_takes_more_later(
    tmp_path: Path, journal: FileJournal
) -> None:
    journal.append(make_entries(1, 3))
    path = find_folder(tmp_path) / f"{1:020d}.journal"
    whole = path.stat().st_size

    with file_size_limit(whole + 100):
        for _ in range(2):
            with pytest.raises(OSError, match="too large"):
                journal.append(make_entries(4, 10))
            assert path.stat().st_size == whole
    assert journal.position.position == 3
    journal.append(make_entries(4, 12))
    await journal.close()

    again = FileJournal(find_folder(tmp_path), machine_version=1)
    loaded = again.load()
    await again.close()
    assert (loaded.entries, loaded.torn_bytes) == (make_entries(1, 12), 0)


async def test_a_disk_that_takes_not_one_byte_more_changes_nothing(
    tmp_path: Path, journal: FileJournal
) -> None:
    journal.append(make_entries(1, 3))
    path = find_folder(tmp_path) / f"{1:020d}.journal"
    whole = path.read_bytes()

    with file_size_limit(len(whole)), pytest.raises(OSError, match="too large"):
        journal.append(make_entries(4, 10))

    assert path.read_bytes() == whole


async def test_a_disk_full_at_the_first_batch_of_a_segment_takes_it_later(
    tmp_path: Path, journal: FileJournal
) -> None:
    with file_size_limit(100), pytest.raises(OSError, match="too large"):
        journal.append(make_entries(1, 3))
    assert not journal.dirty

    journal.append(make_entries(1, 4))

    assert (find_folder(tmp_path) / f"{1:020d}.journal").stat().st_size > 100


async def test_a_disk_that_stays_full_does_not_use_up_file_handles(journal: FileJournal) -> None:
    before = os.listdir("/proc/self/fd")

    with file_size_limit(100):
        for _ in range(3):
            with pytest.raises(OSError, match="too large"):
                journal.append(make_entries(1, 3))

    assert len(os.listdir("/proc/self/fd")) == len(before)


async def test_a_snapshot_that_does_not_fit_leaves_all_as_it_was(
    tmp_path: Path, journal: FileJournal
) -> None:
    journal.append(make_entries(1, 3))
    before = {path.name for path in find_folder(tmp_path).iterdir()}

    with file_size_limit(1_000), pytest.raises(OSError, match="too large"):
        await journal.save_snapshot(3, bytes(2_000))

    assert {path.name for path in find_folder(tmp_path).iterdir()} == before
    journal.append(make_entries(4, 4))
    await journal.save_snapshot(4, bytes(2_000))


def test_a_write_cut_short_goes_on_with_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real_write(fd, bytes(data[:7])))
    file = DiskFile(tmp_path / "file")

    file.write(b"a write of more than seven bytes")
    file.close()

    assert (tmp_path / "file").read_bytes() == b"a write of more than seven bytes"


def test_a_file_that_could_not_be_cut_back_is_cut_before_the_next_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(fd: int, *_: object) -> None:
        raise OSError(errno.EIO, "disk gone")

    file = DiskFile(tmp_path / "file")
    file.write(b"whole")
    with monkeypatch.context() as broken, file_size_limit(8):
        broken.setattr(os, "ftruncate", fail)
        for _ in range(2):
            with pytest.raises(OSError, match="disk gone"):
                file.write(b"too long")
    assert (tmp_path / "file").read_bytes() == b"wholetoo"

    file.write(b" again")
    file.close()

    assert (tmp_path / "file").read_bytes() == b"whole again"


def test_a_cut_is_for_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda fd: sizes.append(os.fstat(fd).st_size))
    (tmp_path / "file").write_bytes(b"whole and torn")

    DiskFolder(tmp_path).truncate("file", 5)

    assert (tmp_path / "file").read_bytes() == b"whole"
    assert sizes == [5]


def test_a_file_with_content_is_never_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"precious")

    with pytest.raises(FileExistsError):
        DiskFolder(tmp_path).create("file")

    assert (tmp_path / "file").read_bytes() == b"precious"


async def test_a_failed_sync_is_never_followed_by_one_that_says_done(
    journal: FileJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(fd: int) -> None:
        raise OSError(errno.EIO, "disk gone")

    journal.append(make_entries(1, 3))
    with monkeypatch.context() as broken:
        broken.setattr(folder_module, "_sync_data", fail)
        results = await asyncio.gather(journal.sync(), journal.sync(), return_exceptions=True)
    assert [str(result) for result in results] == ["[Errno 5] journal not synced: disk gone"] * 2

    journal.append(make_entries(4, 4))
    with pytest.raises(OSError, match="not synced"):
        await journal.sync()
    with pytest.raises(OSError, match="not synced"):
        await journal.save_snapshot(4, make_state(4))
    assert journal.dirty


async def test_a_sync_that_fails_as_a_segment_ends_keeps_the_segment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(fd: int) -> None:
        raise OSError(errno.EIO, "disk gone")

    journal = FileJournal(tmp_path, machine_version=1, segment_bytes=100)
    journal.load()
    journal.append(make_entries(1, 9))
    monkeypatch.setattr(folder_module, "_sync_data", fail)

    with pytest.raises(OSError, match="disk gone"):
        journal.append(make_entries(10, 10))
    journal.append(make_entries(10, 11))  # inbound goes on, in the same file

    assert list_segments(tmp_path) == [f"{1:020d}.journal"]
    with pytest.raises(OSError, match="not synced"):
        await journal.close()
    again = FileJournal(tmp_path, machine_version=1)
    assert again.load().entries == make_entries(1, 11)
    monkeypatch.undo()
    await again.close()


# --- threads -------------------------------------------------------------------------------------


class SlowSync:
    """Stands for ``fdatasync``: in a thread, each one waits until it is let go."""

    def __init__(self, real: Callable[[int], None]) -> None:
        self._real = real
        self.started = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)
        self.count = 0

    def __call__(self, fd: int) -> None:
        if threading.current_thread() is threading.main_thread():
            return self._real(fd)
        self.count += 1
        self.started.release()
        assert self.may_end.acquire(timeout=THREAD_DEADLINE_S)
        return self._real(fd)

    async def wait_started(self) -> None:
        assert await asyncio.to_thread(self.started.acquire, timeout=THREAD_DEADLINE_S)


@pytest.fixture
def slow_sync(monkeypatch: pytest.MonkeyPatch) -> SlowSync:
    slow = SlowSync(folder_module._sync_data)
    monkeypatch.setattr(folder_module, "_sync_data", slow)
    return slow


def make_ticks(first: int, last: int) -> tuple[Entry, ...]:
    """Entries without a number: each sync is of one file."""
    return tuple(Entry(position, 1.0, Tick()) for position in range(first, last + 1))


async def test_callers_share_a_sync_and_those_who_come_later_share_the_next(
    journal: FileJournal, slow_sync: SlowSync
) -> None:
    journal.append(make_ticks(1, 1))
    early = [asyncio.create_task(journal.sync()) for _ in range(3)]
    await slow_sync.wait_started()
    journal.append(make_ticks(2, 2))  # while the sync runs: not covered by it
    late = [asyncio.create_task(journal.sync()) for _ in range(3)]

    slow_sync.may_end.release()
    await asyncio.gather(*early)
    await slow_sync.wait_started()
    assert not any(task.done() for task in late)
    slow_sync.may_end.release()
    await asyncio.gather(*late)

    assert slow_sync.count == 2
    assert not journal.dirty


async def test_a_segment_left_while_its_sync_runs_is_closed_afterwards(
    tmp_path: Path, slow_sync: SlowSync, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder_syncs: list[DiskFolder] = []
    journal = FileJournal(tmp_path, machine_version=1, segment_bytes=100)
    journal.load()
    journal.append(make_ticks(1, 9))
    sync = asyncio.create_task(journal.sync())
    await slow_sync.wait_started()

    journal.append(make_ticks(10, 10))  # leaves the segment, after a sync of its own
    slow_sync.may_end.release()
    await sync

    assert journal.dirty
    monkeypatch.setattr(DiskFolder, "sync", lambda folder: folder_syncs.append(folder))
    slow_sync.may_end.release()
    await journal.sync()
    assert not journal.dirty
    assert len(folder_syncs) == 1  # the new segment's name, which the first sync did not know
    assert len(list_segments(tmp_path)) == 2
    await journal.close()


async def test_closing_waits_for_the_snapshot_that_is_being_written(
    tmp_path: Path, slow_sync: SlowSync
) -> None:
    journal = FileJournal(tmp_path, machine_version=1)
    journal.load()
    slow_sync.may_end.release()
    journal.append(make_ticks(1, 3))
    await journal.sync()
    await slow_sync.wait_started()
    snapshot = asyncio.create_task(journal.save_snapshot(3, make_state(3)))
    await slow_sync.wait_started()

    closing = asyncio.create_task(journal.close())
    slow_sync.may_end.release(2)  # the numbers' file and the snapshot
    await closing

    await snapshot
    assert (tmp_path / f"{3:020d}.snapshot").exists()


async def test_a_sync_that_finds_its_segment_left_syncs_nothing(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path, machine_version=1, segment_bytes=100)
    journal.load()
    journal.append(make_entries(1, 9))
    sync = asyncio.create_task(journal.sync())
    await asyncio.sleep(0)  # the sync is asked for, its task has not begun
    with file_size_limit(10), pytest.raises(OSError, match="too large"):
        journal.append(make_entries(10, 10))

    await sync

    assert not journal.dirty
    await journal.close()
