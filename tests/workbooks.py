"""Workbooks for tests, written part by part: what spreadsheet programs write, and what harms."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHEET = "xl/worksheets/sheet1.xml"

Cell = str | int | float | bool | None


def parts_of(rows: Sequence[Sequence[Cell]]) -> dict[str, str]:
    """The parts of a workbook with these rows, texts shared as Excel does."""
    texts: dict[str, int] = {}
    lines = []
    for number, row in enumerate(rows, 1):
        cells = [
            _cell(f"{letters(column)}{number}", value, texts)
            for column, value in enumerate(row, 1)
            if value is not None
        ]
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in texts)
    return around("".join(lines), texts=f'<sst xmlns="{MAIN}" count="{len(texts)}">{shared}</sst>')


def around(
    rows: str, *, texts: str = "", styles: str = "", sheets: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The parts of a workbook around the XML of rows; ``sheets`` are the names of sheets and the
    parts they are in."""
    names = sheets or {"Contacts": SHEET}
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="s{n}"/>'
        for n, name in enumerate(names, 1)
    )
    links = "".join(
        _link(f"s{n}", "worksheet", part.removeprefix("xl/"))
        for n, part in enumerate(names.values(), 1)
    )
    links += _link("t", "sharedStrings", "sharedStrings.xml") if texts else ""
    links += _link("y", "styles", "/xl/styles.xml") if styles else ""
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": f'<Relationships xmlns="{LINKS}">'
        f"{_link('w', 'officeDocument', 'xl/workbook.xml')}</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{KINDS}">'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{LINKS}">{links}</Relationships>',
        SHEET: f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>',
    }
    if texts:
        parts["xl/sharedStrings.xml"] = texts
    if styles:
        parts["xl/styles.xml"] = f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>'
    return parts


def pack(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    """Write the parts into a file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return path


def write_workbook(path: Path, rows: Sequence[Sequence[Cell]]) -> Path:
    """A workbook with these rows on its only sheet."""
    return pack(path, parts_of(rows))


def letters(column: int) -> str:
    """The column's name, from 1 on."""
    name = ""
    while column:
        column, letter = divmod(column - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def _cell(reference: str, value: Cell, texts: dict[str, int]) -> str:
    if isinstance(value, bool):
        return f'<c r="{reference}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{reference}"><v>{value!r}</v></c>'
    index = texts.setdefault(value or "", len(texts))
    return f'<c r="{reference}" t="s"><v>{index}</v></c>'


def _link(name: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{name}" Type="{KINDS}/{kind}" Target="{target}"/>'
