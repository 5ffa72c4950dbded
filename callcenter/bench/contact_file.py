"""A list of contacts made up from a seed, as a campaign's manager hands one in: numbers as people
of several countries write them, some further numbers, and some rows that cannot be taken."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from random import Random
from typing import Final
from xml.sax.saxutils import escape

REGION: Final = "US"
HEADER: Final = (
    *("Phone", "Mobile", "Name", "Customer ID", "Tier", "Opt in", "Priority", "Notes"),
    *("City", "Plan", "Renewal"),
)
SECOND_NUMBERS: Final = 0.2
ABROAD: Final = 0.1
"""Written with their country's code."""
WRONG: Final = 0.01
TWICE: Final = 0.01

_AREAS: Final = (202, 206, 212, 214, 303, 305, 312, 404, 415, 503, 602, 617, 702, 713)
_FORMATS: Final = ("({0}) {1}-{2}", "{0}-{1}-{2}", "{0}{1}{2}", "+1 {0} {1} {2}", "1 {0} {1} {2}")
_CITIES: Final = ("Austin", "Boston", "Chicago", "Denver", "El Paso", "Fargo", "Greensboro")


def contact_rows(count: int, seed: int) -> Iterator[tuple[str, ...]]:
    """So many rows under ``HEADER``."""
    rng = Random(seed)
    for n in range(count):
        number = _number(rng, n)
        chance = rng.random()
        if chance < WRONG:
            number = number[:5]
        elif chance < WRONG + TWICE and n:
            number = _number(rng, rng.randrange(n))
        yield (
            number,
            _american(rng, n + 5_000_000) if rng.random() < SECOND_NUMBERS else "",
            f"Person {n}",
            f"K{n}" if rng.random() < 0.5 else "",
            rng.choice(("", "", "silver", "gold")),
            rng.choice(("yes", "yes", "")),
            rng.choice(("", "", "", "50")),
            "prefers to be called in the evening" if rng.random() < 0.1 else "",
            rng.choice(_CITIES),
            rng.choice(("A", "B", "C")),
            f"2027-{1 + n % 12:02}-{1 + n % 28:02}",
        )


def write_file(path: Path, count: int, seed: int) -> None:
    """Write a file of so many rows: CSV, or Excel by the name's end."""
    write = write_xlsx if path.suffix == ".xlsx" else write_csv
    write(path, contact_rows(count, seed))


def write_csv(path: Path, rows: Iterator[Sequence[str]]) -> None:
    """Write them below the header."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows)


def write_xlsx(path: Path, rows: Iterator[Sequence[str]]) -> None:
    """Write them below the header, as Excel does: every different text once, in a part of its
    own."""
    texts: dict[str, int] = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        for name, content in _AROUND.items():
            book.writestr(name, content)
        with (
            book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as raw,
            io.TextIOWrapper(raw, "utf-8") as part,
        ):
            part.write(f"<worksheet xmlns='{_MAIN}'><sheetData>")
            for number, row in enumerate(chain((HEADER,), rows), 1):
                part.write(_row(number, row, texts))
            part.write("</sheetData></worksheet>")
        with (
            book.open("xl/sharedStrings.xml", "w", force_zip64=True) as raw,
            io.TextIOWrapper(raw, "utf-8") as part,
        ):
            part.write(f"<sst xmlns='{_MAIN}'>")
            part.writelines(f"<si><t>{escape(text)}</t></si>" for text in texts)
            part.write("</sst>")


def _number(rng: Random, n: int) -> str:
    if rng.random() < ABROAD:
        return f"+44 20 7{n // 10_000 % 1_000:03} {n % 10_000:04}"
    return _american(rng, n)


def _american(rng: Random, n: int) -> str:
    """The nth: no two are alike below eleven million."""
    area = _AREAS[n // 8_000_000 % len(_AREAS)]
    return rng.choice(_FORMATS).format(area, 200 + n // 10_000 % 800, f"{n % 10_000:04}")


def _row(number: int, row: Sequence[str], texts: dict[str, int]) -> str:
    cells = (
        f'<c r="{letter}{number}" t="s"><v>{texts.setdefault(text, len(texts))}</v></c>'
        for letter, text in zip("ABCDEFGHIJK", row, strict=True)
        if text
    )
    return f'<row r="{number}">{"".join(cells)}</row>'


_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_KINDS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_LINKS: Final = (
    "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>"
)


def _link(name: str, kind: str, target: str) -> str:
    return f"<Relationship Id='{name}' Type='{_KINDS}/{kind}' Target='{target}'/>"


_AROUND: Final = {
    "_rels/.rels": f"{_LINKS}{_link('w', 'officeDocument', 'xl/workbook.xml')}</Relationships>",
    "xl/workbook.xml": f"<workbook xmlns='{_MAIN}' xmlns:r='{_KINDS}'><sheets>"
    "<sheet name='Contacts' sheetId='1' r:id='s'/></sheets></workbook>",
    "xl/_rels/workbook.xml.rels": f"{_LINKS}{_link('s', 'worksheet', 'worksheets/sheet1.xml')}"
    f"{_link('t', 'sharedStrings', 'sharedStrings.xml')}</Relationships>",
}
