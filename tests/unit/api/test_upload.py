"""Files sent to the API: bounded, on the disk only while they are read, and a few at a time."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import stat
from collections.abc import AsyncIterator
from io import BytesIO, FileIO
from pathlib import Path

import pytest
from aiohttp import web

from callcenter.api import upload as module
from callcenter.api.route import TABLE, Body, Exchange, route
from callcenter.api.upload import Upload, UploadKind
from tests.unit.api.fakes import ACCOUNTS, Answer, Caller, Center, until
from tests.unit.api.test_campaign_lists import hand_in
from tests.unit.api.test_campaigns import CONTACTS, with_campaign

ROUTE = TABLE["POST", "/api/v1/campaigns/{campaign}/contacts"]


def in_folder(folder: Path) -> Center:
    center = with_campaign()
    return Center(hub=center.hub, upload_dir=folder / "uploads")


async def send_for_ever(caller: Caller, *pieces: bytes) -> Answer:
    """Send these pieces, and then nothing."""

    async def body() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece
        await asyncio.Event().wait()

    who = await caller.bearer("mia") | {"Content-Type": "text/csv"}
    return await caller.send("POST", CONTACTS, data=body(), headers=who)


async def test_a_file_is_there_while_it_is_read_for_its_owner_only_and_gone_after(
    tmp_path: Path,
) -> None:
    center = in_folder(tmp_path)
    seen: list[tuple[str, int]] = []

    async def look() -> None:
        path = center.contacts.paths[-1]
        seen.append((str(path.parent), stat.S_IMODE(path.stat().st_mode)))

    center.contacts.gate = look
    async with center.serve() as caller:
        answer = await hand_in(caller)

    assert answer.status == 200
    assert seen == [(str(tmp_path / "uploads"), 0o600)]
    assert stat.S_IMODE((tmp_path / "uploads").stat().st_mode) == 0o700
    assert list((tmp_path / "uploads").iterdir()) == []


async def test_a_file_is_gone_too_when_reading_it_went_wrong(tmp_path: Path) -> None:
    center = in_folder(tmp_path)
    center.contacts.error = OSError("the database is away")
    async with center.serve() as caller:
        await hand_in(caller)

    assert center.contacts.paths
    assert list((tmp_path / "uploads").iterdir()) == []


async def test_what_a_killed_process_left_is_removed_at_the_start(tmp_path: Path) -> None:
    center = in_folder(tmp_path)
    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads" / "upload-old").write_text("phone\n")
    (tmp_path / "uploads" / "other").touch()

    async with center.serve():
        left = [path.name for path in (tmp_path / "uploads").iterdir()]

    assert left == ["other"]


async def test_a_long_file_comes_through_whole(tmp_path: Path) -> None:
    content = b"phone\n" + b"5551234\n" * 400_000  # three pieces
    center = in_folder(tmp_path)
    async with center.serve() as caller:
        answer = await hand_in(caller, BytesIO(content))

    assert answer.body["rows"] == 400_000
    assert hashlib.sha256(center.contacts.imported[0].content).digest() == (
        hashlib.sha256(content).digest()
    )


async def test_a_file_that_is_too_long_is_refused_whether_or_not_it_says_its_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = dataclasses.replace(ROUTE, upload=UploadKind(("text/csv",), 1000))
    monkeypatch.setitem(TABLE, ("POST", ROUTE.path), small)

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x" * 100

    center = with_campaign()
    center = Center(hub=center.hub)  # built anew, of the table as it is now
    async with center.serve() as caller:
        told = await hand_in(caller, b"x" * 1001)
        who = await caller.bearer("mia") | {"Content-Type": "text/csv"}
        untold = await caller.send("POST", CONTACTS, data=chunks(), headers=who)

    assert (told.status, told.problem) == (413, "too-large")
    assert (untold.status, untold.problem) == (413, "too-large")
    assert center.contacts.paths == []


async def test_only_the_kind_asked_for_is_taken() -> None:
    center = with_campaign()
    async with center.serve() as caller:
        for kind in ("text/plain", "application/json", "multipart/form-data; boundary=x"):
            answer = await hand_in(caller, kind=kind)
            assert (answer.status, answer.problem) == (415, "wrong-type"), kind
            assert "text/csv" in answer.body["detail"]

    assert center.contacts.paths == []


async def test_a_sender_who_falls_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENCE_DEADLINE_S", 0.05)
    center = with_campaign()
    async with center.serve() as caller:
        answer = await send_for_ever(caller, b"phone\n")

    assert (answer.status, answer.problem) == (408, "too-slow")
    assert center.contacts.paths == []


async def test_a_sender_who_goes_away_leaves_nothing_behind(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    center = in_folder(tmp_path)
    runner = web.AppRunner(center.api.app)  # unlike the tests' server it cancels no handler
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    token = await center.accounts.open_session(ACCOUNTS["mia"])
    _, writer = await asyncio.open_connection(*runner.addresses[0][:2])
    lines = (
        f"POST {CONTACTS} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {token}",
        "Content-Type: text/csv",
        "Content-Length: 1000",
    )

    writer.write("\r\n".join((*lines, "", "phone\n")).encode())
    await until(lambda: list((tmp_path / "uploads").iterdir()))
    writer.close()
    await until(lambda: center.audit.entries)
    await runner.cleanup()

    assert [entry.status for entry in center.audit.entries] == [400]
    assert list((tmp_path / "uploads").iterdir()) == []
    assert center.contacts.paths == []
    assert caplog.records == []


async def test_only_some_files_are_taken_at_once() -> None:
    center = with_campaign()
    go, waiting = asyncio.Event(), asyncio.Semaphore(0)

    async def wait() -> None:
        waiting.release()
        await go.wait()

    center.contacts.gate = wait
    async with center.serve() as caller:
        first = [asyncio.create_task(hand_in(caller)) for _ in range(module.UPLOADS_AT_ONCE)]
        for _ in first:
            await waiting.acquire()
        refused = await hand_in(caller)
        go.set()
        taken = [await task for task in first]
        later = await hand_in(caller)

    assert (refused.status, refused.problem) == (503, "unavailable")
    assert [answer.status for answer in (*taken, later)] == [200] * (module.UPLOADS_AT_ONCE + 1)


async def test_a_full_disk_is_said_to_be_full(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(FileIO):
        def write(self, piece: object) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "FileIO", Full)
    center = with_campaign()
    async with center.serve() as caller:
        answer = await hand_in(caller)

    assert (answer.status, answer.problem) == (503, "unavailable")
    assert "no room" in answer.body["detail"]


async def test_a_route_says_which_kind_of_file_it_takes_and_takes_no_body_beside() -> None:
    class Words(Body):
        """A body."""

    async def unsaid(exchange: Exchange, upload: Upload) -> None:
        """Do nothing."""

    async def untaken(exchange: Exchange) -> None:
        """Do nothing."""

    async def both(exchange: Exchange, upload: Upload, body: Words) -> None:
        """Do nothing."""

    both.__annotations__["body"] = Words
    kind = UploadKind(("text/csv",), 1)
    with pytest.raises(TypeError, match="a body or an upload"):
        route("POST", "/files", roles=(), summary="Unsaid")(unsaid)
    with pytest.raises(TypeError, match="a body or an upload"):
        route("POST", "/files", roles=(), summary="Untaken", upload=kind)(untaken)
    with pytest.raises(TypeError, match="a body or an upload"):
        route("POST", "/files", roles=(), summary="Both", upload=kind)(both)
