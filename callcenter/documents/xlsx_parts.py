"""The parts of an Excel workbook: a ZIP archive of XML files, read as they are unpacked, within
limits. Which sheet there is, its texts and its dates; the rows are read by ``xlsx_rows``.
"""

from __future__ import annotations

import os
import re
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from xml.parsers import expat

from callcenter.documents.csv_rows import CannotRead

PART_BYTES_MAX = 1_000_000_000
"""Unpacked, of one part: a million rows of ten columns have half of it."""
SMALL_PART_BYTES_MAX = 16_000_000
"""Unpacked, of a part that describes the others."""
TEXTS_BYTES_MAX = 200_000_000
"""Of all different texts of a workbook, which stay in memory while its sheet is read."""
TAG_BYTES_MAX = 1_000_000
"""Of one tag: far longer than any spreadsheet writes."""
DIRECTORY_BYTES_MAX = 1_000_000
"""Of the list of parts: some ten thousand."""
PIECE_BYTES = 65_536

TEXT_CHARS_MAX = 32_768
"""Of one text: Excel takes one fewer. The rest of a longer one is not read."""
SAVE_HINT = "Open it in a spreadsheet program and save it anew."

OnStart = Callable[[str, dict[str, str]], None]
"""Told the name of a tag and its attributes."""


class Parts:
    """The files packed into the workbook."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self.path = path
        _check_directory(file, path)
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as problem:
            raise _damaged(path) from problem

    def has(self, name: str) -> bool:
        return name in self._zip.NameToInfo

    def size(self, name: str) -> int:
        """Unpacked, as the file says."""
        return self._zip.getinfo(name).file_size

    def pieces(self, name: str, bytes_max: int = SMALL_PART_BYTES_MAX) -> Iterator[bytes]:
        """The part, unpacked piece by piece. Raises ``CannotRead``."""
        if not self.has(name):
            raise CannotRead(f"{self.path} is no Excel workbook: it lacks {name}. {SAVE_HINT}")
        unpacked = 0
        try:
            with self._zip.open(name) as part:
                while piece := part.read(PIECE_BYTES):
                    unpacked += len(piece)
                    if unpacked > bytes_max:
                        raise CannotRead(
                            f"{self.path} unpacks to more than {bytes_max // 1_000_000} MB of "
                            f"{name}. Split it into several files."
                        )
                    yield piece
        except RuntimeError as problem:
            raise CannotRead(f"{self.path} is protected. Save it without a password.") from problem
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as problem:
            raise _damaged(self.path) from problem

    def parse(self, name: str, on_start: OnStart) -> None:
        """Tell of every tag of a small part, without its namespace."""
        reader = Xml(self.path, name)
        reader.parser.StartElementHandler = lambda tag, attributes: on_start(
            tag.rpartition(":")[2], attributes
        )
        for piece in self.pieces(name):
            reader.feed(piece)
        reader.end()


class Xml:
    """A parser of one part that refuses what no spreadsheet writes."""

    def __init__(self, path: Path, part: str) -> None:
        self._path = path
        self._part = part
        self._fed = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse

    def feed(self, piece: bytes) -> None:
        """Parse some more. Raises ``CannotRead``."""
        self._parse(piece, False)
        self._fed += len(piece)
        if self._fed - self.parser.CurrentByteIndex > TAG_BYTES_MAX:
            raise _damaged(self._path, self._part)

    def end(self) -> None:
        """There is no more. Raises ``CannotRead``."""
        self._parse(b"", True)

    def _parse(self, piece: bytes, is_last: bool) -> None:
        try:
            self.parser.Parse(piece, is_last)
        except (expat.ExpatError, ValueError) as problem:
            raise _damaged(self._path, self._part) from problem

    def _refuse(self, *_declared: object) -> None:
        raise CannotRead(f"{self._path}: {self._part} declares entities. {SAVE_HINT}")


def _check_directory(file: BinaryIO, path: Path) -> None:
    """Refuse a list of parts that is not there, or too long to be taken into memory."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 65_557 - 20))
    tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22:
        raise CannotRead(f"{path} is cut off: its end is missing. Send it again.")
    length = int.from_bytes(tail[end + 12 : end + 16], "little")
    if tail[:end].rfind(b"PK\x06\x07", max(0, end - 20)) >= 0 or length > DIRECTORY_BYTES_MAX:
        raise CannotRead(f"{path} has more parts than a workbook has. {SAVE_HINT}")
    file.seek(0)


def _damaged(path: Path, part: str = "") -> CannotRead:
    where = f", {part}" if part else ""
    return CannotRead(f"{path}{where}: the workbook is damaged or cut off. {SAVE_HINT}")


# --- what stands around the sheet ---------------------------------------------------------------

_DATE_FORMATS = (*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59))
"""Number formats that every spreadsheet program knows as dates or times."""
_NOT_OF_THE_FORMAT = re.compile(r'"[^"]*"|\[[^]]*\]|\\.|_.|\*.')


class Workbook:
    """Where the sheet is, its texts and which of its numbers are dates."""

    def __init__(self, parts: Parts, sheet: str) -> None:
        self.path = parts.path
        main = self._targets(parts, "", "officeDocument")
        if not main:
            raise CannotRead(f"{self.path} is no Excel workbook. Save the sheet as .xlsx or CSV.")
        workbook = next(iter(main.values()))
        sheets: list[tuple[str, str]] = []
        self.epoch = datetime(1899, 12, 30, tzinfo=UTC)

        def on_start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "sheet":
                link = next((v for k, v in attributes.items() if k.endswith(":id")), "")
                sheets.append((attributes.get("name", ""), link))
            elif tag == "workbookPr" and attributes.get("date1904") in ("1", "true"):
                self.epoch = datetime(1904, 1, 1, tzinfo=UTC)

        parts.parse(workbook, on_start)
        targets = self._targets(parts, workbook, "worksheet")
        tables = [(name, targets[link]) for name, link in sheets if link in targets]
        self.sheet = self._find(tables, sheet)
        self.dates = _read_styles(parts, self._targets(parts, workbook, "styles"))
        self.texts = _Texts(parts, self._targets(parts, workbook, "sharedStrings"))

    def _find(self, tables: list[tuple[str, str]], sheet: str) -> str:
        for name, part in tables:
            if not sheet or name.casefold() == sheet.casefold():
                return part
        if not tables:
            raise CannotRead(f"{self.path} has no sheet with rows. {SAVE_HINT}")
        names = ", ".join(repr(name) for name, _ in tables[:20])
        raise CannotRead(f"{self.path} has no sheet {sheet!r}. Name one of {names}.")

    def _targets(self, parts: Parts, part: str, kind: str) -> dict[str, str]:
        """The parts of this kind that a part is linked to, by the names of the links."""
        place = PurePosixPath(part)
        links = str(place.parent / "_rels" / f"{place.name}.rels")
        found: dict[str, str] = {}

        def on_start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "Relationship" and attributes.get("Type", "").endswith(f"/{kind}"):
                target = attributes.get("Target", "")
                whole = target[1:] if target[:1] == "/" else str(place.parent / target)
                found[attributes.get("Id", "")] = os.path.normpath(whole).replace(os.sep, "/")

        if parts.has(links):
            parts.parse(links, on_start)
        return {link: target for link, target in found.items() if parts.has(target)}


def _read_styles(parts: Parts, targets: dict[str, str]) -> list[bool]:
    """Of each style of cells, whether it shows numbers as dates."""
    own: dict[str, bool] = {}
    styles: list[bool] = []
    inside: list[str] = [""]

    def on_start(tag: str, attributes: dict[str, str]) -> None:
        if tag in ("cellXfs", "cellStyleXfs", "dxfs", "cellStyles"):
            inside[0] = tag
        elif tag == "numFmt" and inside[0] == "":
            shown = _NOT_OF_THE_FORMAT.sub("", attributes.get("formatCode", "")).casefold()
            own[attributes.get("numFmtId", "")] = any(letter in shown for letter in "ymdhs")
        elif tag == "xf" and inside[0] == "cellXfs":
            known = attributes.get("numFmtId", "0")
            styles.append(own.get(known, known.isdecimal() and int(known) in _DATE_FORMATS))

    for part in targets.values():
        parts.parse(part, on_start)
    return styles


class _Texts:
    """The different texts of a workbook, which its cells name by number: one beside the other in
    one piece of memory, a quarter of what a list of them takes."""

    def __init__(self, parts: Parts, targets: dict[str, str]) -> None:
        self._path = parts.path
        self._bytes = bytearray()
        self._ends = array("I", [0])
        self._told: list[str] = []
        self._told_chars = 0
        self._depth_unread = 0
        self._in_text = False
        for part in targets.values():
            reader = Xml(parts.path, part)
            reader.parser.StartElementHandler = self._on_start
            reader.parser.EndElementHandler = self._on_end
            reader.parser.CharacterDataHandler = self._on_text
            for piece in parts.pieces(part, PART_BYTES_MAX):
                reader.feed(piece)
            reader.end()

    def __getitem__(self, index: int) -> str:
        """The text of this number. Raises ``IndexError``."""
        if index < 0:
            raise IndexError(index)
        return self._bytes[self._ends[index] : self._ends[index + 1]].decode()

    def _on_start(self, tag: str, _attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "rPh":  # how to pronounce it: not part of the text
            self._depth_unread += 1
        self._in_text = name == "t" and not self._depth_unread

    def _on_end(self, tag: str) -> None:
        self._in_text = False
        name = tag.rpartition(":")[2]
        if name == "rPh":
            self._depth_unread -= 1
        elif name == "si":
            self._bytes += plain("".join(self._told)).encode("utf-8", "surrogatepass")
            self._ends.append(len(self._bytes))
            self._told.clear()
            self._told_chars = 0
            if len(self._bytes) > TEXTS_BYTES_MAX:
                raise CannotRead(
                    f"{self._path} holds more than {TEXTS_BYTES_MAX // 1_000_000} MB of text. "
                    "Split it into several files."
                )

    def _on_text(self, text: str) -> None:
        if self._in_text and self._told_chars <= TEXT_CHARS_MAX:
            self._told.append(text)
            self._told_chars += len(text)


_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def plain(text: str) -> str:
    """Without the way in which Excel writes characters that XML does not have."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
