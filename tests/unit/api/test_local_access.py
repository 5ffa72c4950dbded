"""How the command line gets in: the file, what its token may do, and when it ends."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from callcenter.api.auth import Sessions
from callcenter.api.local_access import (
    LocalAccess,
    local_access,
    local_access_path,
    read_local_access,
)
from tests.unit.api.fakes import Center, FakeAccounts

URL = "http://127.0.0.1:8080"


def opened(path: Path, url: str = URL) -> LocalAccess:
    """What the file holds while it is there."""
    with local_access(path, url, Sessions(FakeAccounts())):
        found = read_local_access(path)
    assert found is not None
    return found


async def test_the_token_in_the_file_may_do_what_managers_and_administrators_may(
    tmp_path: Path,
) -> None:
    path = local_access_path(tmp_path)
    center = Center().with_agents("ana")
    async with center.serve() as caller:
        with center.api.local_access(path, URL):
            found = read_local_access(path)
            assert found is not None
            who = {"Authorization": f"Bearer {found.token}"}
            inside = await caller.send("GET", "/api/v1/me", headers=who)
            saved = await caller.send(
                "PUT",
                "/api/v1/campaigns/renewals",
                json={"name": "Renewals", "pbx": "main", "trunk": "carrier"},
                headers=who,
            )
        after = await caller.send("GET", "/api/v1/me", headers=who)

    assert found.url == URL
    assert inside.body["roles"] == ["manager", "administrator"]
    assert (saved.status, saved.body["changed_by"]) == (200, "@cli")
    assert (after.status, after.problem) == (401, "not-signed-in")
    assert not path.exists()


async def test_it_works_while_the_database_is_away(tmp_path: Path) -> None:
    center = Center()
    center.accounts.away = True
    async with center.serve() as caller:
        with center.api.local_access(local_access_path(tmp_path), URL):
            found = read_local_access(local_access_path(tmp_path))
            assert found is not None
            who = {"Authorization": f"Bearer {found.token}"}
            answer = await caller.send("GET", "/api/v1/campaigns", headers=who)

    assert answer.status == 200


async def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    path = local_access_path(tmp_path)
    path.parent.mkdir()
    path.write_text("left by a process that was killed")
    path.chmod(0o644)

    with local_access(path, URL, Sessions(FakeAccounts())):
        mode = stat.S_IMODE(path.stat().st_mode)

    assert mode == 0o600
    assert [left.name for left in path.parent.iterdir()] == []


def test_each_start_has_a_token_of_its_own(tmp_path: Path) -> None:
    assert opened(tmp_path / "a").token != opened(tmp_path / "a").token


@pytest.mark.parametrize(
    ("listens", "called"),
    [
        ("http://0.0.0.0:80", "http://127.0.0.1:80"),
        ("http://:::80", "http://[::1]:80"),
        ("http://10.0.0.5:80", "http://10.0.0.5:80"),
    ],
)
def test_who_listens_everywhere_is_called_on_loopback(
    tmp_path: Path, listens: str, called: str
) -> None:
    assert opened(tmp_path / "a", listens).url == called


def test_the_file_of_a_process_that_took_over_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "cli.json"

    with local_access(path, URL, Sessions(FakeAccounts())):
        with local_access(path, "http://127.0.0.1:9", Sessions(FakeAccounts())):
            newer = path.read_bytes()
        path.write_bytes(newer)

    assert path.read_bytes() == newer


def test_a_folder_that_cannot_be_written_keeps_nobody_from_serving(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text("a file where the folder should be")
    served = False

    with local_access(local_access_path(tmp_path), URL, Sessions(FakeAccounts())):
        served = True

    assert served


@pytest.mark.parametrize("content", ["", "{", '{"url": 7}'])
def test_what_is_no_such_file_is_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "cli.json"
    path.write_text(content)

    assert read_local_access(path) is None
    assert read_local_access(tmp_path / "nothing") is None
