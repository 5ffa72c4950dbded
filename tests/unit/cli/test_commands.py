"""The command line as an administrator uses it: clear words, right exit codes, no traceback."""

from __future__ import annotations

import asyncio
import fcntl
import json
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from callcenter.cli.app import COMMANDS, GROUPS, make_app
from callcenter.core.machine import MACHINE_VERSION
from callcenter.domain.events import Tick
from callcenter.domain.step import Entry
from callcenter.journal.file import FileJournal
from callcenter.settings import load_settings
from callcenter.simulator.asterisk_instance import free_port

CONFIG = """
data_dir: data
region: IS
http: {{port: {http}}}
pbxs:
  - name: main
    ami_port: {ami}
    phones: [{{number: "1001", count: 3}}]
    trunks: [{{name: carrier, host: 192.0.2.1}}]
queues: [{{id: service}}]
default_queue: service
numbers: {{"*": service}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config file whose PBX is not there."""
    path = tmp_path / "center.yaml"
    path.write_text(CONFIG.format(http=free_port(), ami=free_port()))
    return path


def run(*arguments: str, text: str = "") -> Result:
    """Run a command in this process; what it says must never be a traceback."""
    result = CliRunner().invoke(make_app(), arguments, input=text)
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_accounts_are_added_listed_changed_and_disabled(config: Path) -> None:
    added = run("users", "add", "ana", "--role", "agent", "--config", str(config), "--json")
    assert len(json.loads(added.stdout)["password"]) >= 12
    given = run(
        *("users", "add", "sam", "--role", "supervisor", "--password-stdin"),
        *("--config", str(config)),
        text="a long enough secret\n",
    )
    assert given.exit_code == 0
    assert "secret" not in given.output

    assert (
        run("users", "password", "ana", "--config", str(config), text="quite new 12\n").exit_code
        == 0
    )
    assert run("users", "disable", "ana", "--config", str(config)).exit_code == 0
    accounts = json.loads(run("users", "list", "--config", str(config), "--json").stdout)[
        "accounts"
    ]

    assert [(a["id"], a.get("disabled", False)) for a in accounts] == [
        ("ana", True),
        ("sam", False),
    ]
    assert "disabled" in run("users", "list", "--config", str(config)).output


def test_teams_and_skills_are_given_changed_and_taken_away(config: Path) -> None:
    ana = ("users", "set", "ana", "--config", str(config))
    run(
        *("users", "add", "ana", "--role", "agent", "--team", "north", "--skill", "cards=3"),
        *("--config", str(config)),
    )

    def account() -> dict[str, Any]:
        listed = run("users", "list", "--config", str(config), "--json").stdout
        (found,) = json.loads(listed)["accounts"]
        return dict(found)

    assert (account()["team"], account()["skills"]) == ("north", {"cards": 3})
    assert run(*ana, "--skill", "english=2", "--skill", "cards=4").exit_code == 0
    assert account()["skills"] == {"cards": 4, "english": 2}
    assert account()["team"] == "north"
    assert run(*ana, "--no-skills", "--skill", "german=1", "--team", "").exit_code == 0
    assert account()["skills"] == {"german": 1}
    assert "team" not in account()
    assert run(*ana, "--seniority", "senior", "--phone", "1001").exit_code == 0
    assert "senior" in run("users", "list", "--config", str(config)).output
    assert "german=1" in run("users", "list", "--config", str(config)).output


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--skill", "cards"), "write, say, cards=3"),
        (("--skill", "cards=9"), "a level from 1 to 5"),
        (("--skill", "=3"), "Give the name of a skill"),
        (("--team", "north west"), "The team 'north west' cannot be used"),
        (("--queue", "nowhere"), "there is no queue nowhere"),
    ],
)
def test_a_team_or_skill_that_cannot_be_is_refused_in_words(
    config: Path, option: tuple[str, str], said: str
) -> None:
    run("users", "add", "ana", "--role", "agent", "--config", str(config))

    refused = run("users", "set", "ana", *option, "--config", str(config))

    assert refused.exit_code != 0
    assert said in " ".join(refused.output.split())


def test_an_account_that_cannot_be_is_refused_in_words(config: Path) -> None:
    run("users", "add", "ana", "--role", "agent", "--config", str(config))

    again = run("users", "add", "ana", "--role", "agent", "--config", str(config))
    nowhere = run(
        "users", "add", "jon", "--role", "agent", "--queue", "sales", "--config", str(config)
    )
    nobody = run("users", "disable", "eve", "--config", str(config))

    assert again.exit_code == 1
    assert "already" in again.output
    assert nowhere.exit_code == 2
    assert "no queue sales" in nowhere.output
    assert "no account eve" in nobody.output


def test_customers_are_imported_and_refused_rows_are_kept_with_their_reason(
    config: Path, tmp_path: Path
) -> None:
    rows = tmp_path / "customers.csv"
    rows.write_text("id,name,phone,tier\nK1,Anna,555 1234,gold\nK2,Bob,12,silver\n")

    dry = run("import", "customers", str(rows), "--dry-run", "--config", str(config))
    result = run("import", "customers", str(rows), "--config", str(config), "--json")

    assert dry.exit_code == 1
    assert "nothing was changed" in dry.output
    report = json.loads(result.stdout)
    assert (report["rows"], report["added"], report["rejected"]) == (2, 1, 1)
    refused = Path(report["rejects"]).read_text(encoding="utf-8-sig")
    assert '"3","phone","12","the number has too few digits"' in refused
    missing = run("import", "customers", str(tmp_path / "none.csv"), "--config", str(config))
    assert missing.exit_code == 1
    assert "none.csv" in missing.output


def test_asterisk_files_are_rendered_with_secrets_that_only_the_owner_reads(
    config: Path, tmp_path: Path
) -> None:
    result = run("asterisk", "config", "--out", str(tmp_path / "etc"), "--config", str(config))

    assert result.exit_code == 0
    assert "#include" in result.output
    manager = tmp_path / "etc" / "cc_manager.conf"
    assert stat.S_IMODE(manager.stat().st_mode) == 0o600
    secret = tmp_path / "data" / "secrets" / "main" / "leader"
    assert secret.read_text().strip() in manager.read_text()
    assert stat.S_IMODE(secret.parent.parent.stat().st_mode) == 0o700
    other = run("asterisk", "config", "--out", "x", "--pbx", "south", "--config", str(config))
    assert "no PBX south" in other.output


def test_a_wrong_config_is_told_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "center.yaml"
    path.write_text(
        "regio: IS\npbxs:\n  - name: main\n    ami_port: 99999\nqueues: [{id: service}]\n"
        "default_queue: service\n"
    )

    result = run("doctor", "--config", str(path))

    assert result.exit_code == 1
    assert f"{path}:1: `regio` is not known. Did you mean `region`?" in result.output
    assert f"{path}:4: `pbxs[0].ami_port`" in result.output


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("default_queue: service", "there is no queue sales"),
        ('numbers: {"*": service}', "is not"),
        ("count: 3}]", "the phone 1002 is there twice"),
    ],
)
def test_settings_that_contradict_each_other_are_told(config: Path, change: str, said: str) -> None:
    wrong = {
        "default_queue: service": "default_queue: sales",
        'numbers: {"*": service}': "numbers: 7",
        "count: 3}]": 'count: 3}, {number: "1002"}]',
    }[change]
    config.write_text(config.read_text().replace(change, wrong))

    result = run("doctor", "--config", str(config))

    assert result.exit_code == 1
    assert said in result.output


def test_the_environment_wins_over_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("CALLCENTER_HTTP__PORT", str(port))

    findings = json.loads(run("doctor", "--config", str(config), "--json").stdout)["findings"]

    assert any(f["text"] == f"127.0.0.1:{port} is free" for f in findings)
    monkeypatch.setenv("CALLCENTER_NUMBERS", "{broken")
    assert "CALLCENTER_" in run("doctor", "--config", str(config)).output


def test_the_doctor_finds_what_is_wrong(config: Path, tmp_path: Path) -> None:
    run("asterisk", "config", "--out", str(tmp_path / "etc"), "--config", str(config))
    run("users", "add", "ana", "--role", "agent", "--config", str(config))
    (tmp_path / "data").chmod(0o755)
    config.write_text(config.read_text().replace('"*": service', '"*": sales'))
    port = port_of(config)

    with socket.create_server(("127.0.0.1", port)):
        result = run("doctor", "--config", str(config), "--json")

    wrong = {f["check"]: f["text"] for f in json.loads(result.stdout)["findings"] if not f["ok"]}
    assert result.exit_code == 1
    assert "chmod 700" in wrong["data folder"]
    assert "the flow sales" in wrong["flows"]
    assert f":{port}" in wrong["http port"]
    assert "Connection refused" in wrong["pbx main"]


def test_the_doctor_run_by_the_wrong_user_says_so_and_looks_no_further(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = load_settings(config).data_dir
    folder.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != folder)

    findings = json.loads(run("doctor", "--config", str(config), "--json").stdout)["findings"]

    assert [finding["check"] for finding in findings] == ["data folder", "http port"]
    assert "chown" in findings[0]["text"]


def test_the_doctor_says_when_secrets_have_not_been_made(config: Path) -> None:
    result = run("doctor", "--config", str(config))

    assert "callcenter asterisk config" in result.output


def damage(folder: Path) -> None:
    """Make a journal and spoil a batch in its middle."""
    journal = FileJournal(folder, machine_version=MACHINE_VERSION)
    journal.load()
    for position in range(1, 20):
        journal.append([Entry(position, 1.0 * position, Tick())])
    asyncio.run(journal.close())
    segment = next(folder.glob("*.journal"))
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 0xFF
    segment.write_bytes(content)


def test_the_doctor_finds_a_damaged_journal_and_a_broken_flow(config: Path, tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "service.yaml").write_text(
        "id: service\nversion: 1\nstart: hello\ndefault_queue: service\n"
        "nodes:\n  hello:\n    type: play\n    prompt: hello\n    next: nowhere\n"
    )
    config.write_text(config.read_text() + "flows_dir: flows\n")
    journal = tmp_path / "data" / "journal"
    damage(journal)

    result = run("doctor", "--config", str(config), "--json")

    wrong = [f["text"] for f in json.loads(result.stdout)["findings"] if not f["ok"]]
    assert any("nowhere" in text and "service.yaml:" in text for text in wrong)
    assert any(".journal" in text for text in wrong)


def test_replay_of_something_that_is_no_journal_is_told(tmp_path: Path) -> None:
    assert "there is no journal" in run("replay", str(tmp_path)).output
    assert run("replay", str(tmp_path / "none")).exit_code == 1


def port_of(config: Path) -> int:
    """The API's port in a config file."""
    return int(config.read_text().partition("port: ")[2].partition("}")[0])


def serve_in_vain(config: Path) -> subprocess.CompletedProcess[str]:
    """Serve where it cannot work."""
    return subprocess.run(
        [sys.executable, "-m", "callcenter", "serve", "--config", str(config)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


async def test_serving_without_a_pbx_works_says_so_and_ends_cleanly(
    config: Path, tmp_path: Path
) -> None:
    port = port_of(config)
    serving = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "callcenter", "serve", "--config", str(config)),
        stderr=asyncio.subprocess.PIPE,
    )
    assert serving.stderr is not None
    said = ""
    async with asyncio.timeout(30):
        while "Connection refused" not in said and not serving.stderr.at_eof():
            said += (await serving.stderr.readline()).decode()
    second = await asyncio.to_thread(serve_in_vain, config)
    beside = await asyncio.to_thread(run, "doctor", "--config", str(config))
    serving.send_signal(signal.SIGTERM)
    async with asyncio.timeout(30):
        rest = (await serving.stderr.read()).decode()
        code = await serving.wait()

    assert "Connection refused" in said
    assert f"serving on http://127.0.0.1:{port}" in said
    assert code == 0
    assert "a center serves on" in beside.output
    assert "Traceback" not in said + rest + second.stderr
    assert second.returncode == 1
    assert str(serving.pid) in second.stderr
    replayed = run("replay", str(tmp_path / "data" / "journal"), "--json")
    assert json.loads(replayed.stdout)["equal"] is True
    assert replayed.exit_code == 0


def test_a_taken_port_ends_the_service_in_words(config: Path) -> None:
    port = port_of(config)
    with socket.create_server(("127.0.0.1", port)):
        result = serve_in_vain(config)

    assert result.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_demo_says_what_is_missing() -> None:
    assert "--seconds" in run("demo", "--json").output
    assert "--keep" in run("demo", "--reset", "--seconds", "10").output


def test_the_demo_deletes_nothing_that_it_has_not_made(tmp_path: Path) -> None:
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    for folder in (theirs, ours):
        folder.mkdir()
        (folder / "file").touch()
    (ours / "callcenter-demo").touch()

    refused = run("demo", "--keep", str(theirs), "--seconds", "10")
    reset = run("demo", "--keep", str(theirs), "--reset", "--seconds", "10")
    again = run("demo", "--keep", str(ours), "--seconds", "10")

    assert "not empty: name another folder" in refused.output
    assert "--reset" not in refused.output
    assert "was not made by a demo" in reset.output
    assert "--reset to begin anew" in again.output
    assert {result.exit_code for result in (refused, reset, again)} == {1}
    assert (theirs / "file").exists()
    assert (ours / "file").exists()


def test_a_folder_in_which_a_demo_runs_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (tmp_path / "callcenter-demo").open("a") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)

        result = run("demo", "--keep", str(tmp_path), "--reset", "--seconds", "10")

    assert result.exit_code == 1
    assert "a demo is running" in result.output
    assert (tmp_path / "file").exists()


def test_prompts_are_spoken_once_and_recordings_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "greeting.ulaw").write_bytes(b"a real voice")
    monkeypatch.setenv("PATH", "")

    result = run("flow", "prompts", "--out", str(tmp_path))

    assert result.exit_code == 0
    assert "espeak-ng is not installed" in result.output
    assert (tmp_path / "greeting.ulaw").read_bytes() == b"a real voice"
    assert (tmp_path / "main-menu.ulaw").stat().st_size > 8000
    assert (tmp_path / "moh" / "hold.ulaw").exists()


def test_a_command_that_is_asked_for_is_loaded_alone() -> None:
    only = CliRunner().invoke(make_app("serve"), ["--help"])
    everything = CliRunner().invoke(make_app("--help"), ["--help"])

    assert "doctor" not in only.output
    assert "serve" in only.output
    assert all(name in everything.output for name in (*COMMANDS, *GROUPS))
