"""The setting ``database_url``: what is refused, and commands on a database of a server."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from callcenter.cli.app import make_app
from callcenter.installation import database_url
from callcenter.settings import load_settings
from callcenter.simulator.asterisk_instance import free_port
from callcenter.storage.database import SCHEMA
from tests.far_ends.postgresql_server import PostgresqlServer

CONFIG = """
data_dir: data
http: {{port: {port}}}
pbxs: [{{name: main, ami_port: {ami}}}]
queues: [{{id: service}}]
default_queue: service
"""
ELSEWHERE = "postgresql://center@127.0.0.1:1/center"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "center.yaml"
    path.write_text(CONFIG.format(port=free_port(), ami=free_port()))
    (tmp_path / "data").mkdir(mode=0o700)
    return path


def run(config: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(make_app(), [*arguments, "--config", str(config)])
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def examine(config: Path) -> tuple[bool, str]:
    """What the doctor finds of the database."""
    findings = json.loads(run(config, "doctor", "--json").stdout)["findings"]
    return next((f["ok"], f["text"]) for f in findings if f["check"] == "database")


def test_without_the_setting_the_database_is_a_file_in_the_data_folder(config: Path) -> None:
    url = database_url(load_settings(config))

    assert url == f"sqlite+aiosqlite:///{config.parent / 'data' / 'center.db'}"


def test_the_doctor_says_what_database_there_is(config: Path) -> None:
    before = examine(config)
    run(config, "users", "add", "ana", "--role", "agent")
    after = examine(config)

    assert before == (True, "none yet")
    assert after[0]
    assert after[1].startswith("SQLite 3.")
    assert after[1].endswith(f"center.db, schema {SCHEMA}")


def test_the_doctor_finds_a_file_that_is_no_database(config: Path) -> None:
    (config.parent / "data" / "center.db").write_bytes(b"These are the accounts. " * 100)

    ok, text = examine(config)

    assert not ok
    assert "not an SQLite database" in text


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:////tmp/center.db", "this is not the address of a PostgreSQL database"),
        ("mysql://center@db/center", "Write postgresql://user@host/database"),
        ("postgresql://center:pass-word@db/center", "PGPASSWORD or a password file"),
        ("postgresql://[nonsense/center", "address cannot be read"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_with_its_line(
    config: Path, url: str, said: str
) -> None:
    config.write_text(f'database_url: "{url}"\n{config.read_text()}')

    result = run(config, "doctor")

    assert result.exit_code == 1
    assert said in " ".join(result.output.split())
    assert "pass-word" not in result.output


def test_a_password_in_the_environment_is_taken_and_never_shown(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLCENTER_DATABASE_URL", ELSEWHERE.replace("@", ":pass-word@"))
    settings = load_settings(config)

    ok, text = examine(config)

    assert "pass-word" in database_url(settings)
    assert "pass-word" not in repr(settings)
    assert not ok
    assert "PostgreSQL server does not answer" in text
    assert "center at 127.0.0.1:1 as center" in text
    assert "pass-word" not in run(config, "users", "list").output


def test_without_the_driver_it_is_said_what_to_install(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLCENTER_DATABASE_URL", ELSEWHERE)
    monkeypatch.setitem(sys.modules, "asyncpg", None)

    ok, text = examine(config)

    assert not ok
    assert "callcenter[postgresql]" in text


@pytest.mark.postgresql
def test_commands_work_on_a_database_of_a_server(
    config: Path, monkeypatch: pytest.MonkeyPatch, postgresql_server: PostgresqlServer
) -> None:
    asyncio.run(postgresql_server.create("commands"))
    monkeypatch.setenv("CALLCENTER_DATABASE_URL", postgresql_server.url("commands"))

    before = examine(config)
    added = run(config, "users", "add", "ana", "--role", "agent")
    accounts = json.loads(run(config, "users", "list", "--json").stdout)["accounts"]
    after = examine(config)

    assert before[0]
    assert before[1].endswith("no tables yet: the first start makes them")
    assert added.exit_code == 0, added.output
    assert [account["id"] for account in accounts] == ["ana"]
    assert after[0]
    assert after[1].startswith("PostgreSQL ")
    assert after[1].endswith(f", schema {SCHEMA}")
    assert not (config.parent / "data" / "center.db").exists()
