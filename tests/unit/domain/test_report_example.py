"""The worked example of docs/REPORTS.md, computed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from callcenter.domain.call import Outcome
from callcenter.domain.report import Formula, Measures, QueueRow, ReportedCall, ReportedReturn
from callcenter.domain.report_counting import CampaignReport, QueueReport
from callcenter.domain.report_time import Period, ReportStep

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "REPORTS.md"
BERLIN = ZoneInfo("Europe/Berlin")


def table(*columns: str) -> list[dict[str, str]]:
    """The document's table that begins with these columns."""
    lines = iter(DOCUMENT.read_text(encoding="utf-8").splitlines())
    for line in lines:
        header = cells(line)
        if line.startswith("|") and header[: len(columns)] == list(columns):
            next(lines)
            rows: list[dict[str, str]] = []
            for row in lines:
                if not row.startswith("|"):
                    return rows
                rows.append(dict(zip(header, cells(row), strict=True)))
    raise AssertionError(f"there is no table {columns}")


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def moment(text: str) -> float:
    """UTC seconds of a time of the example's day; 0.0 for none."""
    return (
        datetime.fromisoformat(f"2026-03-02T{text}").replace(tzinfo=BERLIN).timestamp()
        if text
        else 0.0
    )


def computed(formula: Formula = Formula.OFFERED) -> dict[str, QueueRow]:
    """The example's rows by the time they begin, and ``total``."""
    period = Period(moment("09:00"), moment("09:30"), ReportStep.QUARTER_HOUR, BERLIN.key)
    report = QueueReport(period, Measures(formula, 5.0, {"service": 20.0}), 99)
    for call in table("call", "entered"):
        report.add(
            ReportedCall(
                "service",
                moment(call["entered"]),
                moment(call["answered"]),
                moment(call["ended"]),
                Outcome(call["outcome"]),
                float(call["talk s"]),
                float(call["wrap-up s"]),
                (call["disposition"],) if call["disposition"] else (),
            )
        )
    rows = report.rows()
    by_begin = {
        datetime.fromtimestamp(row.begin, BERLIN).strftime("%H:%M"): row for row in rows.rows
    }
    return {**by_begin, "total": rows.total}


def test_the_counts_and_means_of_the_document_are_what_is_computed() -> None:
    rows = computed()
    said = table("begin", "offered", "answered")

    assert [line["begin"] for line in said] == list(rows)
    for line in said:
        row = rows[line.pop("begin")]
        assert {name: float(value) for name, value in line.items()} == {
            "offered": row.offered,
            "answered": row.answered,
            "abandoned": row.abandoned,
            "short abandons": row.short_abandons,
            "lost": row.lost,
            "in time": row.in_time,
            "ASA s": row.asa_s,
            "AHT s": row.aht_s,
            "longest wait s": row.longest_wait_s,
        }
    assert rows["total"].dispositions == {"callback": 1, "solved": 3}


@pytest.mark.parametrize("formula", Formula)
def test_the_service_levels_of_the_document_are_what_is_computed(formula: Formula) -> None:
    rows = computed(formula)
    said = table("begin", "answered_and_abandoned")

    assert list(said[0])[1:] == list(Formula)
    assert [line["begin"] for line in said] == list(rows)
    for line in said:
        in_time, whole = (int(part) for part in line[formula].split("/"))
        assert rows[line["begin"]].service_level == in_time / whole
        assert rows[line["begin"]].in_time == in_time


def test_the_return_calls_of_the_document_are_what_is_computed() -> None:
    period = Period(moment("09:00"), moment("09:30"), ReportStep.QUARTER_HOUR, BERLIN.key)
    report = CampaignReport(period, 99)
    for call in table("return call", "came"):
        report.add_return(
            ReportedReturn(
                "renewals", moment(call["came"]), bool(call["talked from"]), bool(call["pressed"])
            )
        )
    found = report.rows()
    begins = [datetime.fromtimestamp(row.begin, BERLIN).strftime("%H:%M") for row in found.rows]

    assert table("begin", "called back") == [
        {
            "begin": begin,
            "called back": str(row.returns_offered),
            "answered by agents": str(row.returns_answered),
            "opted out": str(row.returns_opted_out),
        }
        for begin, row in zip((*begins, "total"), (*found.rows, found.total), strict=True)
    ]
