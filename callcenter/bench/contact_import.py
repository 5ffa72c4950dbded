"""How fast a list of contacts is imported, and what it takes: the product's own import, its reading
process and an SQLite file, while something else on the loop wants its turn."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from callcenter.bench.contact_file import REGION, write_file
from callcenter.documents.contacts_csv import ContactReading
from callcenter.service.contact_lists import ContactImport
from callcenter.service.contact_reading import ContactsProcess
from callcenter.storage.contact_files import import_file
from callcenter.storage.contacts import Contacts
from callcenter.storage.database import Database
from callcenter.storage.directory import CustomerDirectory
from callcenter.storage.stores import ContactDestination

ROWS: Final = 1_000_000
SEED: Final = 20_261_130
BUDGET_ROWS_PER_S: Final = 20_000
BUDGET_MEMORY_MB: Final = 300
"""What the design asks for."""
TICK_S: Final = 0.005
"""How often something else wants its turn on the loop."""

LOOK_TICKS: Final = 4
"""Turns between two looks at the memory."""
PAGE_BYTES: Final = resource.getpagesize()


def run(*, rows: int = ROWS, excel: bool = False, tell: Callable[[str], None]) -> dict[str, Any]:
    """Import so many generated rows once.

    ``seconds`` tells reading alone (in another run of the reading process), the import up to the
    last row judged, the writing, and the whole; ``memory_mb`` the most that this process and the
    reading one had in memory, looked at every 20 ms; ``processor_us_per_row`` what the two took of
    the processors, whatever else the machine was busy with; ``loop_late_ms`` how much later than
    wanted something else on the loop got its turn meanwhile.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / ("contacts.xlsx" if excel else "contacts.csv")
        tell(f"writing {rows} rows")
        writer = get_context("spawn").Process(target=write_file, args=(path, rows, SEED))
        writer.start()
        writer.join()
        tell("reading")
        reading_s = asyncio.run(_read(path))
        tell("importing")
        imported = asyncio.run(_import(path))
        file_mb = path.stat().st_size / 1e6
    report, watch = imported.report, imported.watch
    late = sorted(watch.late_ms)
    return {
        "rows": report.rows,
        "file": path.suffix[1:],
        "file_mb": round(file_mb),
        "accepted": report.accepted,
        "refused": report.refused,
        "seconds": {
            "reading_alone": round(reading_s, 1),
            "until_judged": round(imported.judged_s, 1),
            "writing": round(imported.whole_s - imported.judged_s, 1),
            "whole": round(imported.whole_s, 1),
        },
        "rows_per_s": {
            "reading_alone": round(rows / reading_s),
            "import": round(rows / imported.whole_s),
        },
        "budget_rows_per_s": BUDGET_ROWS_PER_S,
        "processor_us_per_row": {
            "center_until_judged": round(imported.judging_cpu_s / rows * 1e6, 1),
            "center_writing": round(imported.writing_cpu_s / rows * 1e6, 1),
            "reading_process": round(imported.reader_cpu_s / rows * 1e6, 1),
        },
        "memory_mb": {
            "before": round(watch.before_mb),
            "center": round(watch.center_mb),
            "reading_process": round(watch.reader_mb),
            "together": round(watch.together_mb),
        },
        "budget_memory_mb": BUDGET_MEMORY_MB,
        "loop_late_ms": {
            "middle": round(median(late), 2),
            "p99": round(late[int(len(late) * 0.99)], 2),
            "most": round(late[-1], 2),
        },
    }


@dataclass
class _Watch:
    """What an import took meanwhile."""

    before_mb: float = 0.0
    center_mb: float = 0.0
    reader_mb: float = 0.0
    together_mb: float = 0.0
    late_ms: list[float] = field(default_factory=list)

    async def run(self) -> None:
        """Look on until cancelled."""
        self.before_mb = _resident_mb("self")
        while True:
            for _ in range(LOOK_TICKS):
                wanted = time.perf_counter() + TICK_S
                await asyncio.sleep(TICK_S)
                self.late_ms.append((time.perf_counter() - wanted) * 1e3)
            center, reader = _resident_mb("self"), sum(map(_resident_mb, _children()))
            self.center_mb = max(self.center_mb, center)
            self.reader_mb = max(self.reader_mb, reader)
            self.together_mb = max(self.together_mb, center + reader)


@dataclass(frozen=True)
class _Imported:
    report: ContactImport
    judged_s: float
    whole_s: float
    judging_cpu_s: float
    writing_cpu_s: float
    reader_cpu_s: float
    watch: _Watch


async def _read(path: Path) -> float:
    """Seconds that the reading process takes for the file, with nobody to wait for."""
    start = time.perf_counter()
    async with ContactsProcess(path, ContactReading(REGION)) as rows:
        async for _ in rows:
            pass
    return time.perf_counter() - start


async def _import(path: Path) -> _Imported:
    database = Database(f"sqlite+aiosqlite:///{path.with_name('center.db')}")
    watch = _Watch()
    try:
        await database.migrate()
        watching = asyncio.create_task(watch.run())
        store = Contacts(database, CustomerDirectory(database), REGION)
        reader_before = _children_cpu_s()
        start = judged = time.perf_counter()
        start_cpu = judged_cpu = time.process_time()

        def note(_share: float, _rows: int) -> None:
            nonlocal judged, judged_cpu
            judged, judged_cpu = time.perf_counter(), time.process_time()

        report = await import_file(
            store,
            path,
            ContactDestination("autumn", "first"),
            ContactReading(REGION),
            rejects=path.with_name("rejected.csv"),
            on_progress=note,
        )
        whole, whole_cpu = time.perf_counter(), time.process_time()
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
    finally:
        await database.close()
    return _Imported(
        report,
        judged - start,
        whole - start,
        judged_cpu - start_cpu,
        whole_cpu - judged_cpu,
        _children_cpu_s() - reader_before,
        watch,
    )


def _children_cpu_s() -> float:
    """What processes that this one started, and that have ended, took of the processors."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _resident_mb(process: str) -> float:
    """What the process has in memory now; 0.0 when it has ended."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * PAGE_BYTES / 1e6


def _children() -> list[str]:
    """The ids of the processes that this one has started."""
    return [
        child
        for task in Path("/proc/self/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
