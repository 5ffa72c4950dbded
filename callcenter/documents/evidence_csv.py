"""The evidence of a campaign as CSV: times local with their offset, what spreadsheets would compute
made harmless."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec.structs import fields

from callcenter.documents.rejects import guarded
from callcenter.domain.evidence import Evidence

COLUMNS = tuple(field.name for field in fields(Evidence))


def evidence_header() -> str:
    """The first line."""
    return _lines([COLUMNS])


def evidence_csv(rows: Iterable[Evidence], zone: ZoneInfo) -> str:
    """A line for each attempt, without the header."""
    return _lines([_cell(name, getattr(row, name), zone) for name in COLUMNS] for row in rows)


def _lines(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _cell(name: str, value: object, zone: ZoneInfo) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float() if name.endswith("_at"):
            if not value:
                return ""
            return datetime.fromtimestamp(value, zone).isoformat(timespec="milliseconds")
        case float():
            return f"{value:.3f}"
        case _:
            return guarded(str(value))
