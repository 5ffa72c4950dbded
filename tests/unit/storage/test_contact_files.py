"""Files of contacts: read in a process of their own, refused rows kept."""

from __future__ import annotations

import asyncio
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter.documents.contacts_csv import ContactReading
from callcenter.documents.csv_rows import CannotRead
from callcenter.service import contact_reading
from callcenter.service.contact_lists import (
    Duplicates,
    ImportColumn,
    ImportProblem,
    ImportProgress,
)
from callcenter.service.contact_reading import ContactsProcess
from callcenter.storage import contact_files
from callcenter.storage.contact_files import ContactFiles
from callcenter.storage.contacts import Contacts
from callcenter.storage.database import Database
from callcenter.storage.directory import CustomerDirectory
from tests.unit.storage.databases import new_database
from tests.workbooks import Cell, write_workbook

DEADLINE_S = 30.0


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with new_database(tmp_path) as database:
        yield database


@pytest.fixture
def files(database: Database, tmp_path: Path) -> ContactFiles:
    return ContactFiles(Contacts(database, CustomerDirectory(database), "US"), tmp_path / "rejects")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Two contacts, one of them without a number."""
    path = tmp_path / "list.csv"
    path.write_text("Phone,Plan\n(202) 555-0101,=a\n12,Bo\n")
    return path


def put(path: Path, content: str | bytes) -> None:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


async def test_a_file_is_read_elsewhere_and_taken_with_the_center_s_region(
    files: ContactFiles, path: Path
) -> None:
    put(path, "Phone,Plan\n(202) 555-0101,A\n12,B\n")

    report = await files.import_contacts("autumn", path, list_name="new", priority=2)
    again = await files.import_contacts("autumn", path, list_name="new")

    assert (report.list, report.accepted, report.refused, report.rejects_kept) == ("new", 1, 1, 1)
    assert report.columns == (
        ImportColumn("Phone", "number", ("(202) 555-0101", "12")),
        ImportColumn("Plan", "attribute", ("A", "B")),
    )
    assert report.problems == (
        ImportProblem(
            3,
            "Phone: the number has too few digits",
            "Write the whole number: as dialed within US, or with + and the country's code.",
            "12",
        ),
    )
    assert (again.accepted, again.refused) == (0, 2)


async def test_a_workbook_is_taken_like_csv(files: ContactFiles, tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "list.xlsx", [["Phone", "Name"], [2025550101, "Ana"]])

    report = await files.import_contacts("autumn", path, list_name="new")

    assert (report.accepted, report.refused) == (1, 0)


async def test_what_is_told_of_the_file_reaches_its_reader(files: ContactFiles, path: Path) -> None:
    reading = ContactReading("GB", (("name", "Plan"),))
    put(path, "Phone,Plan\n020 7946 0958,Ana\n")

    report = await files.import_contacts("autumn", path, list_name="new", reading=reading)
    elsewhere = await files.import_contacts(
        "spring", path, list_name="new", reading=reading, duplicates=Duplicates.EVERYWHERE
    )

    assert [column.taken_as for column in report.columns] == ["number", "name"]
    assert (report.accepted, elsewhere.accepted) == (1, 0)


async def test_refused_rows_are_kept_until_the_next_import(
    files: ContactFiles, path: Path, tmp_path: Path
) -> None:
    assert await files.rejects("autumn") is None
    await files.import_contacts("autumn", path, list_name="new", dry_run=True)

    kept = await files.rejects("autumn")
    assert kept is not None
    lines = kept.decode("utf-8-sig").splitlines()
    assert lines[0] == (
        '"reject_row","reject_column","reject_value","reject_reason","reject_mend","Phone","Plan"'
    )
    assert lines[1].endswith('"(202) 555-0101","\'=a"'), "a formula is no formula any more"
    assert lines[2].startswith('"3","Phone","12","the number has too few digits",')
    assert await files.rejects("spring") is None
    (file,) = (tmp_path / "rejects").iterdir()
    assert file.name == "autumn.rejected.csv"  # the name by which erasing a person finds it
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    put(path, "Phone\n2025550102\n")
    await files.import_contacts("autumn", path, list_name="new")
    assert await files.rejects("autumn") is None


@pytest.mark.parametrize(("rows", "size"), [(2, 10**9), (10**9, 100)])
async def test_of_very_many_refused_rows_the_first_are_kept(
    files: ContactFiles, path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, size: int
) -> None:
    monkeypatch.setattr(contact_files, "REJECTS_KEPT_MAX", rows)
    monkeypatch.setattr(contact_files, "REJECTS_BYTES_MAX", size)
    put(path, "number\n" + "1\n" * 2_000)

    report = await files.import_contacts("autumn", path, list_name="new")
    kept = await files.rejects("autumn")

    assert report.refused == 2_000
    assert kept is not None
    assert 0 < report.rejects_kept < 2_000
    assert kept.count(b"\n") == 1 + report.rejects_kept


async def test_a_file_that_cannot_be_used_changes_nothing_and_leaves_nothing(
    files: ContactFiles, path: Path, tmp_path: Path
) -> None:
    good = "".join(f"202555{n:04d}\n" for n in range(100, 3_000))
    put(path, b"number\n12\n" + good.encode() + b"\xff\n")

    with pytest.raises(CannotRead, match=r"list\.csv, line 2903, byte 1: this is not UTF-8"):
        await files.import_contacts("autumn", path, list_name="new")

    assert list((tmp_path / "rejects").iterdir()) == []
    assert files.import_progress("autumn") is None
    put(path, "number\n" + good)
    assert (await files.import_contacts("autumn", path, list_name="new")).refused == 0


async def test_how_far_it_has_come_is_told_meanwhile(
    files: ContactFiles, path: Path, database: Database
) -> None:
    put(path, "number\n" + "".join(f"202{n:07d}\n" for n in range(2_000_000, 2_020_000)))
    seen: list[ImportProgress] = []
    task = asyncio.create_task(files.import_contacts("autumn", path, list_name="new", dry_run=True))
    async with asyncio.timeout(DEADLINE_S):
        while not task.done():
            if (progress := files.import_progress("autumn")) is not None:
                seen.append(progress)
            await asyncio.sleep(0)
    report = await task

    assert report.accepted + report.refused == 20_000
    middle = [one for one in seen if 0.0 < one.share < 1.0]
    assert middle, "nobody would see a bar"
    assert all(one.list == "new" and one.dry_run and one.rows <= 20_000 for one in middle)
    assert [one.share for one in seen] == sorted(one.share for one in seen)


async def test_a_cancelled_import_ends_the_process_and_changes_nothing(
    files: ContactFiles, path: Path
) -> None:
    put(path, "number\n" + "".join(f"202{n:07d}\n" for n in range(2_000_000, 2_200_000)))
    task = asyncio.create_task(files.import_contacts("autumn", path, list_name="new"))
    async with asyncio.timeout(DEADLINE_S):
        rows = 0
        while not rows:
            await asyncio.sleep(0.01)
            now = files.import_progress("autumn")
            rows = now.rows if now else 0

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert files.import_progress("autumn") is None
    put(path, "number\n2022000000\n")
    assert (await files.import_contacts("autumn", path, list_name="new")).accepted == 1


# --- the process ----------------------------------------------------------------------------------

READING = ContactReading("US")


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "was killed by signal 9"),
        ("raise SystemExit(3)", "ended with status 3"),
        ("import sys; sys.stdout.write('Traceback, no frame')", "cannot be understood"),
        ("import sys; sys.stdout.buffer.write(b'\\0\\0\\0\\1\\x80')", "cannot be understood"),
    ],
)
async def test_a_process_that_dies_or_raves_is_a_file_that_cannot_be_read(
    path: Path, does: str, said: str
) -> None:
    process = ContactsProcess(path, READING, command=(sys.executable, "-c", does))

    with pytest.raises(CannotRead, match=said):
        async with process:
            raise AssertionError("it has no header")


async def test_a_process_that_is_silent_is_ended(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_reading, "SILENCE_DEADLINE_S", 0.05)
    process = ContactsProcess(path, READING, command=("sleep", "60"))

    with pytest.raises(CannotRead, match="stood still"):
        async with process:
            raise AssertionError("it has no header")

    assert process._process.returncode == -9


async def test_a_process_that_cannot_be_started_is_said_so(path: Path) -> None:
    with pytest.raises(CannotRead, match="cannot be started"):
        async with ContactsProcess(path, READING, command=("/no/such/program",)):
            raise AssertionError("it is not there")


async def test_rows_come_in_the_order_of_the_file(path: Path) -> None:
    put(path, "number\n" + "".join(f"202555{n:04d}\n1\n" for n in range(100, 400)))

    async with ContactsProcess(path, READING) as process:
        rows = [row.row async for some in process for row in some]

    assert rows == list(range(2, 602))
    assert process.share == 1.0


async def test_a_process_is_ended_with_its_reader(path: Path) -> None:
    put(path, "number\n" + "2025550100\n" * 300_000)
    async with ContactsProcess(path, READING) as process:
        assert process.header == ("number",)

    assert process._process.returncode == -9


async def test_a_file_that_wants_more_memory_than_it_may_is_said_so(tmp_path: Path) -> None:
    texts: list[list[Cell]] = [[f"{n} {'x' * 10_000}"] for n in range(8_000)]
    path = write_workbook(tmp_path / "list.xlsx", [["number"], *texts])
    little = (
        "from pathlib import Path; import resource, callcenter.jobs.read_contacts as job;"
        "pages = int(Path('/proc/self/statm').read_text().split()[0]);"
        "job.MEMORY_BYTES_MAX = pages * resource.getpagesize() + 40_000_000;"
        "job.main()"
    )

    with pytest.raises(CannotRead, match="MB of memory to read"):
        async with ContactsProcess(path, READING, command=(sys.executable, "-c", little)):
            raise AssertionError("its texts are read before its header")
