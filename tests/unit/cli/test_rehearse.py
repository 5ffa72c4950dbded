"""``callcenter rules rehearse`` and ``callcenter import shifts``: beside a center and without."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from callcenter.cli.app import make_app
from callcenter.domain.rehearsal import (
    CampaignRehearsalResult,
    Plan,
    Progress,
    RehearsalFailed,
    RehearsalResult,
)
from callcenter.service.campaign_plan import CampaignPlan
from callcenter.simulator.asterisk_instance import free_port
from tests.unit.api.test_rehearsals import Stage
from tests.unit.cli.test_rules import CONFIG, WRONG, Running, running, write
from tests.unit.service.test_rehearsals import RESULT
from tests.unit.storage.databases import outsider

GOLD_FIRST = "format: 1\npreset: gold_first\nrules:\n  - name: all\n"
WAIT_S = 60.0


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config file with which nothing has run yet."""
    path = tmp_path / "center.yaml"
    path.write_text(CONFIG.format(http=free_port(), ami=free_port()))
    return path


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "routing.yaml"
    path.write_text(GOLD_FIRST)
    return path


def run(config: Path, *words: str) -> Result:
    """Run a command in this process; what it says must never be a traceback."""
    result = CliRunner().invoke(make_app(), [*words, "--config", str(config)])
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def add_agents(config: Path, *names: str) -> None:
    """Agents of the only queue."""
    assert run(config, "users", "list").exit_code == 0
    with outsider(config.parent / "data" / "center.db") as connection:
        for name in names:
            connection.execute(
                "INSERT INTO accounts (id, name, roles, password_hash, phone, seniority, queues,"
                " disabled, created_at, changed_at)"
                """ VALUES (?, ?, '["agent"]', '', '', 'junior', '["service"]', 0, 0, 0)""",
                (name, name),
            )


def rehearse(config: Path, document: Path, *words: str) -> Result:
    return run(config, "rules", "rehearse", "--rules", str(document), *words)


# --- without a center -----------------------------------------------------------------------------


def test_without_a_center_the_figures_of_both_are_printed_side_by_side(
    config: Path, document: Path
) -> None:
    add_agents(config, "ann", "bob", "cid")

    result = rehearse(config, document, "--seeds", "2", "--hours", "0.5")

    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].startswith("2 days like ")
    assert "current" in lines[2]
    assert "difference (95 % interval)" in lines[2]
    assert [line.split()[0] for line in lines if "mean wait, s" in line] == [
        "gold", "silver", "standard", "all"
    ]  # fmt: skip
    assert [line for line in lines if line.startswith("under the new rules gold waits about ")]
    assert [line for line in lines if line.startswith("note: There are no calls to learn from")]
    assert "playing: 70 %" in result.stderr


def test_the_result_is_one_json_object_and_shifts_say_who_works(
    config: Path, document: Path, tmp_path: Path
) -> None:
    add_agents(config, "ann", "bob")
    shifts = tmp_path / "shifts.csv"
    shifts.write_text("agent,day,starts,ends\nann,mon-sun,8:00,18:00\nzoe,mon,8:00,9:00\n")

    imported = run(config, "import", "shifts", str(shifts), "--json")
    result = rehearse(config, document, "--seeds", "2", "--hours", "0.5", "--json")

    assert imported.exit_code == 1
    assert json.loads(imported.stdout) == {
        "rows": 2, "accepted": 1, "refused": 1, "shifts": 7, "replaced": 0, "dry_run": False,
        "rejects": str(tmp_path / "shifts.rejected.csv"),
    }  # fmt: skip
    assert "there is no account of that name" in (tmp_path / "shifts.rejected.csv").read_text()
    assert json.loads(result.stdout)["staffing"] == "shifts"


def test_a_dry_run_of_shifts_changes_nothing(config: Path, tmp_path: Path) -> None:
    add_agents(config, "ann")
    shifts = tmp_path / "shifts.csv"
    shifts.write_text("agent,day,starts,ends\nann,mon,8:00,18:00\n")

    result = run(config, "import", "shifts", str(shifts), "--dry-run")

    assert result.exit_code == 0
    assert "1 shifts of 1 rows taken in place of 0, 0 rows refused - dry run" in result.stdout
    with outsider(config.parent / "data" / "center.db") as connection:
        assert connection.execute("SELECT count(*) FROM shifts") == [(0,)]


def test_what_cannot_be_rehearsed_is_told_in_a_sentence(config: Path, document: Path) -> None:
    nobody = rehearse(config, document)
    no_date = rehearse(config, document, "--day", "tomorrow")
    document.write_text(WRONG)
    wrong = rehearse(config, document)
    missing = rehearse(config, document.with_name("gone.yaml"))

    assert [one.exit_code for one in (nobody, no_date, wrong, missing)] == [1, 1, 1, 1]
    assert "callcenter: There are no agents" in nobody.stderr
    assert "tomorrow is no date: write one like 2026-12-01" in no_date.stderr
    assert f"{document}:5: " in wrong.stderr
    assert "gone.yaml" in missing.stderr


def test_ctrl_c_ends_it_cleanly_and_leaves_no_process(config: Path, document: Path) -> None:
    add_agents(config, "ann", "bob", "cid")
    words = (
        "rules",
        "rehearse",
        "--rules",
        str(document),
        "--seeds",
        "50",
        "--config",
        str(config),
    )

    with subprocess.Popen(
        [sys.executable, "-m", "callcenter", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # Whoever was started in the background ignores Ctrl-C, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:  # fmt: skip
        assert process.stderr is not None
        first = process.stderr.readline()
        while "playing" not in process.stderr.readline():
            assert process.poll() is None
        (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.send_signal(signal.SIGINT)
        said, told = process.communicate(timeout=WAIT_S)

    assert first == "reading: 0 %\n"
    assert (process.returncode, said) == (130, "")
    assert told.splitlines()[-1] == "callcenter: the rehearsal was ended"
    assert "Traceback" not in told
    with pytest.raises(ProcessLookupError):
        os.kill(int(child), 0)


# --- beside a center ------------------------------------------------------------------------------


class Answering:
    """A rehearser that answers at once."""

    def __init__(self, answer: RehearsalResult | Exception) -> None:
        self.answer = answer

    async def rehearse(
        self, plan: Plan, on_progress: Callable[[Progress], None]
    ) -> RehearsalResult:
        """As the port's."""
        on_progress(Progress(0.5, "playing"))
        await asyncio.sleep(0.05)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def rehearse_campaign(
        self, plan: CampaignPlan, on_progress: Callable[[Progress], None]
    ) -> CampaignRehearsalResult:
        """As the port's."""
        raise NotImplementedError


def center_with(answer: RehearsalResult | Exception) -> Stage:
    """One whose rehearsals come to this."""
    stage = Stage()
    stage.played._rehearser = Answering(answer)
    return stage


async def ask(center: Running, document: Path, *words: str) -> Result:
    return await asyncio.to_thread(rehearse, center.config, document, *words)


async def test_a_running_center_rehearses_and_its_figures_are_printed(
    config: Path, document: Path
) -> None:
    async with running(config, center_with(RESULT)) as center:
        result = await ask(center, document)
        as_json = await ask(center, document, "--json", "--day", "2026-06-02")

    assert result.exit_code == 0, result.output
    assert "under the new rules nobody calls" in result.stdout
    assert json.loads(as_json.stdout)["tiers"][0]["tier"] == "all"


async def test_failures_and_errors_of_a_running_center_are_told(
    config: Path, document: Path
) -> None:
    async with running(config, center_with(RehearsalFailed("Nobody works then."))) as center:
        failed = await ask(center, document)
        write(document, WRONG)
        wrong = await ask(center, document)

    assert (failed.exit_code, wrong.exit_code) == (1, 1)
    assert failed.stderr.endswith("callcenter: Nobody works then.\n")
    assert f"{document}:5: " in wrong.stderr
