"""A report as CSV: what a spreadsheet gets to see."""

from __future__ import annotations

import csv
import io
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from callcenter.documents import report_csv as module
from callcenter.documents.report_csv import AnyRow, report_csv
from callcenter.domain.attempt import AttemptResult
from callcenter.domain.report import AgentRow, CampaignRow, Measures, QueueRow
from callcenter.domain.report_counting import AgentReport, CampaignReport, QueueReport
from callcenter.domain.report_time import Period

DAY = Period(1_774_735_200.0, 1_774_818_000.0, zone="Europe/Berlin")  # 29 March 2026: 23 hours
QUEUE = QueueReport(DAY, Measures(), 9).rows().total
AGENT = AgentReport(DAY, 9).rows().total
CAMPAIGN = CampaignReport(DAY, 9).rows().total


def lines(kind: type[AnyRow], *rows: AnyRow) -> list[dict[str, str]]:
    """What is read again."""
    text = report_csv(kind, rows, ZoneInfo("Europe/Berlin"))
    return list(csv.DictReader(io.StringIO(text)))


def test_times_are_local_and_numbers_plain() -> None:
    (line,) = lines(QueueRow, replace(QUEUE, queue="service", offered=3, asa_s=10 / 3, wait_s=1e7))

    assert (line["queue"], line["offered"]) == ("service", "3")
    assert line["begin"] == "2026-03-28T23:00:00+01:00"
    assert line["end"] == "2026-03-29T23:00:00+02:00"
    assert (line["asa_s"], line["wait_s"], line["longest_wait_s"]) == ("3.333", "10000000", "0")
    assert line["service_level"] == ""


def test_a_moment_that_never_came_is_empty() -> None:
    (line,) = lines(AgentRow, replace(AGENT, agent="ana", signed_in_at=DAY.since))

    assert (line["signed_in_at"], line["signed_out_at"]) == ("2026-03-28T23:00:00+01:00", "")


def test_each_name_found_has_a_column() -> None:
    first = replace(AGENT, not_ready={"lunch": 60.0}, dispositions={"solved": 2})
    second = replace(AGENT, not_ready={"break": 0.5})

    found = lines(AgentRow, first, second)

    assert list(found[0])[-3:] == ["not_ready: break", "not_ready: lunch", "dispositions: solved"]
    assert [list(line.values())[-3:] for line in found] == [["0", "60", "2"], ["0.5", "0", "0"]]


def test_return_calls_have_columns_of_their_own() -> None:
    row = replace(CAMPAIGN, returns_offered=3, returns_answered=2, returns_opted_out=1)

    (line,) = lines(CampaignRow, row)

    returns = {name: value for name, value in line.items() if name.startswith("returns")}
    assert returns == {"returns_offered": "3", "returns_answered": "2", "returns_opted_out": "1"}


def test_results_are_written_as_their_words() -> None:
    (line,) = lines(CampaignRow, replace(CAMPAIGN, results={AttemptResult.BUSY: 4}))

    assert line["results: busy"] == "4"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_no_name_is_a_formula(name: str) -> None:
    (line,) = lines(QueueRow, replace(QUEUE, queue=name, dispositions={name: 1}))

    assert line["queue"] == f"'{name}"
    assert line[f"dispositions: {name}"] == "1"


def test_a_report_without_rows_has_a_header() -> None:
    text = report_csv(QueueRow, (), ZoneInfo("UTC"))

    assert text.startswith("queue,begin,end,offered,")
    assert text.count("\r\n") == 1


def test_the_rarest_of_too_many_names_share_a_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COLUMNS_MAX", 1)
    rows = [replace(QUEUE, dispositions=said) for said in ({"a": 1}, {"a": 2, "b": 3, "c": 4})]

    found = lines(QueueRow, *rows)

    assert [list(line.items())[-2:] for line in found] == [
        [("dispositions: a", "1"), ("dispositions: (others)", "0")],
        [("dispositions: a", "2"), ("dispositions: (others)", "7")],
    ]
