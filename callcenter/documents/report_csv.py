"""A report's rows as CSV: times local with their offset, names that no spreadsheet computes."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_origin
from zoneinfo import ZoneInfo

from msgspec.structs import fields

from callcenter.documents.rejects import guarded
from callcenter.domain.report import AgentRow, CampaignRow, QueueRow, TeamRow
from callcenter.domain.report_time import local_time

COLUMNS_MAX = 100
"""Columns for what agents may name freely (dispositions, reasons); the rarest share one."""
OTHERS = "(others)"
MOMENTS = ("begin", "end", "signed_in_at", "signed_out_at")
SECONDS_DIGITS = 3
"""Milliseconds: what is behind them is the rest of a division."""

AnyRow = QueueRow | AgentRow | TeamRow | CampaignRow


def report_csv(kind: type[AnyRow], rows: Sequence[AnyRow], zone: ZoneInfo) -> str:
    """The header and one line for each row; without any, the header alone."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    names = {
        field.name: _names(getattr(row, field.name) for row in rows)
        for field in fields(kind)
        if get_origin(field.type) is dict
    }
    plain = [field.name for field in fields(kind) if field.name not in names]
    header = [*plain]
    for name, parts in names.items():
        header += [f"{name}: {part}" for part in parts]
    writer.writerow(map(guarded, header))
    for row in rows:
        cells = [_cell(name, getattr(row, name), zone) for name in plain]
        for name, parts in names.items():
            cells += _spread(getattr(row, name), parts)
        writer.writerow(cells)
    return text.getvalue()


def _names(mappings: Iterator[Mapping[str, Any]]) -> list[str]:
    """The columns for all keys of these mappings, those with the most rows if there are too
    many."""
    found = Counter(name for mapping in mappings for name in mapping)
    kept = sorted(name for name, _ in found.most_common(COLUMNS_MAX))
    return [*kept, OTHERS] if len(found) > COLUMNS_MAX else kept


def _spread(values: Mapping[str, float], names: Sequence[str]) -> list[str]:
    cells = [_cell("", values.get(name, 0), None) for name in names]
    if names and names[-1] == OTHERS:
        known = dict.fromkeys(names)
        rest = sum(value for name, value in values.items() if name not in known)
        cells[-1] = _cell("", rest, None)
    return cells


def _cell(name: str, value: object, zone: ZoneInfo | None) -> str:
    match value:
        case None:
            return ""
        case float() if name in MOMENTS and zone is not None:
            return local_time(value, zone) if value else ""
        case float():
            return f"{value:.{SECONDS_DIGITS}f}".rstrip("0").rstrip(".")
        case _:
            return guarded(str(value))
