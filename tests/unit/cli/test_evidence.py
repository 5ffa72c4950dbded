"""``callcenter campaign evidence``: the file, and that its totals are those of the records."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from callcenter.cli.app import make_app
from callcenter.domain.attempt import AttemptResult, Verdict
from callcenter.domain.campaign import CampaignSettings, CampaignState
from callcenter.domain.records import CampaignRecord, Record
from callcenter.storage import evidence
from tests.unit.cli.test_report import CONFIG, NINE, keep
from tests.unit.storage.samples import make_attempt

R = AttemptResult
SETTINGS = CampaignSettings("renewals", "Renewals", "main", "carrier", harbour_prompt="who-called")
RESULTS = [R.CONNECTED] * 3 + [R.DROPPED] * 2 + [R.BUSY] * 5 + [R.UNCOUNTED]


def attempts() -> list[Record]:
    """Eleven attempts of the campaign, and one of another."""
    rows: list[Record] = []
    for n, result in enumerate(RESULTS):
        times = {"answered_at": 0.0, "person_at": 0.0, "connected_at": 0.0, "harbour_at": 0.0}
        if result in (R.CONNECTED, R.DROPPED):
            served = "connected_at" if result is R.CONNECTED else "harbour_at"
            times |= {"answered_at": NINE + n, "person_at": NINE + n + 1.6, served: NINE + n + 2.6}
        rows.append(
            make_attempt(
                f"att-{n}",
                campaign="renewals",
                number=f"+1312555{n:04}",
                placed_at=NINE + n,
                ended_at=NINE + n + 20.5,
                result=result,
                verdict=Verdict.HUMAN if times["person_at"] else None,
                verdict_cause="HUMAN-800-800" if times["person_at"] else "",
                **times,
            )
        )
    return [*rows, make_attempt("att-x", campaign="surveys", placed_at=NINE, ended_at=NINE + 1)]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A center that has dialed."""
    path = tmp_path_factory.mktemp("center") / "center.yaml"
    path.write_text(CONFIG)
    keep(path, CampaignRecord(SETTINGS, CampaignState.RUNNING, "kim", NINE - 60), *attempts())
    return path


def run(config: Path, *arguments: str) -> Result:
    """The command as people write it."""
    return CliRunner().invoke(
        make_app(), ["campaign", "evidence", *arguments, "--config", str(config)]
    )


@pytest.mark.parametrize("page_rows", [3, 2_000])
def test_every_attempt_is_in_the_file_and_the_totals_are_those_of_the_records(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page_rows: int
) -> None:
    monkeypatch.setattr(evidence, "PAGE_ROWS", page_rows)
    out = tmp_path / "evidence.csv"

    done = run(config, "renewals", "--out", str(out))

    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    assert [row["attempt"] for row in rows] == [f"att-{n}" for n in range(len(RESULTS))]
    assert Counter(row["result"] for row in rows) == Counter(str(result) for result in RESULTS)
    assert f"{'in all':<16} {len(RESULTS)}" in done.output
    talked, dropped = rows[0], rows[3]
    assert talked["placed_at"] == "2026-03-02T09:00:00.000+01:00"
    assert (talked["waited_s"], talked["waited_from"], talked["is_late"]) == (
        "1.800",
        "greeting",
        "no",
    )
    assert (talked["message"], dropped["message"]) == ("", "who-called")
    assert dropped["message_at"] == "2026-03-02T09:00:05.600+01:00"
    assert talked["number"] == "'+13125550000"  # as a spreadsheet is to see it


def test_standard_output_has_the_rows_alone(config: Path) -> None:
    done = run(config, "renewals", "--out", "-", "--zone", "America/Chicago")

    assert done.stdout.splitlines()[1].split(",")[4] == "2026-03-02T02:00:00.000-06:00"
    assert len(done.stdout.splitlines()) == 1 + len(RESULTS)


def test_a_campaign_without_attempts_and_a_zone_that_is_none_are_told(
    config: Path, tmp_path: Path
) -> None:
    out = str(tmp_path / "x.csv")
    nobody = run(config, "nowhere", "--out", out)
    lost = run(config, "renewals", "--out", out, "--zone", "Mars/Olympus")

    assert (nobody.exit_code, lost.exit_code) == (1, 1)
    assert "has no attempt of a campaign nowhere" in nobody.output
    assert "Mars/Olympus" in lost.output
