"""Serving the built pages, and what is said when there are none."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from callcenter.api import static_files
from callcenter.api.errors import problems
from callcenter.api.static_files import add_to, load
from tests.unit.api.fakes import Center

SCRIPT = b"console.log('call center')"
Client = TestClient[web.Request, web.Application]


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A folder as the build hook leaves it."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_bytes(
        b'<meta property="csp-nonce" nonce="__CSP_NONCE__"><script nonce="__CSP_NONCE__"></script>'
    )
    (folder / "icon.svg").write_bytes(b"<svg/>")
    (folder / ".stamp").write_bytes(b"0123")
    (folder / "assets" / "index-abc123.js").write_bytes(SCRIPT)
    (folder / "assets" / "index-abc123.js.gz").write_bytes(gzip.compress(SCRIPT, mtime=0))
    (folder / "assets" / "page-def456.css").write_bytes(b"body{}")
    (tmp_path / "secret.txt").write_bytes(b"not for anybody")
    return folder


@asynccontextmanager
async def serve(folder: Path) -> AsyncIterator[Client]:
    """Serve only the pages."""
    app = web.Application(middlewares=[problems])
    add_to(app, folder)
    async with TestClient(TestServer(app), auto_decompress=False) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/board", "/campaigns/spring-2026", "/index.html"])
async def test_every_address_of_the_page_gets_the_one_html_page(build: Path, path: str) -> None:
    async with serve(build) as client:
        answer = await client.get(path)
        body = await answer.text()

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "csp-nonce" in body


async def test_the_page_lets_in_its_own_files_and_styles_with_this_answers_nonce(
    build: Path,
) -> None:
    async with serve(build) as client:
        policies, bodies = [], []
        for _ in range(2):
            answer = await client.get("/")
            policies.append(answer.headers["Content-Security-Policy"])
            bodies.append(await answer.text())

    nonce = policies[0].partition("'nonce-")[2].partition("'")[0]
    assert len(nonce) >= 16
    assert bodies[0].count(f'nonce="{nonce}"') == 2
    assert policies[0] != policies[1]
    assert "default-src 'none'" in policies[0]
    assert "script-src 'self';" in policies[0]
    assert "frame-ancestors 'none'" in policies[0]
    assert "unsafe" not in policies[0]
    assert "http" not in policies[0]


async def test_files_with_a_digest_in_their_names_are_kept_for_ever(build: Path) -> None:
    async with serve(build) as client:
        style = await client.get("/assets/page-def456.css")
        icon = await client.get("/icon.svg")

    assert style.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert style.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "Vary" not in style.headers
    assert icon.headers["Cache-Control"] == "public, max-age=3600"
    assert icon.headers["Content-Type"] == "image/svg+xml"


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, br", "gzip"), ("br", None), ("", None)])
async def test_a_compressed_copy_goes_to_who_takes_it(
    build: Path, accepted: str, encoding: str | None
) -> None:
    async with serve(build) as client:
        answer = await client.get("/assets/index-abc123.js", headers={"Accept-Encoding": accepted})
        body = await answer.read()

    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert (gzip.decompress(body) if encoding else body) == SCRIPT


async def test_head_tells_the_headers_without_a_body(build: Path) -> None:
    async with serve(build) as client:
        answer = await client.head("/icon.svg")
        body = await answer.read()

    assert answer.status == 200
    assert answer.headers["Content-Length"] == "6"
    assert body == b""


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/assets/../../secret",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/assets/..%5c..%5csecret.txt",
        "//secret.txt",
        "/.stamp",
        "/assets/index-abc123.js.gz",
        "/assets/index-old.js",
        "/assets/nothing",
        "/old.js",
        "/.git/config",
        "/icon.svg%00.txt",
    ],
)
async def test_nothing_but_the_build_is_served(build: Path, path: str) -> None:
    async with serve(build) as client:
        answer = await _ask_raw(client, path)

    assert answer.split(b" ")[1] == b"404"
    assert b"not for anybody" not in answer


async def _ask_raw(client: Client, path: str) -> bytes:
    """Ask by hand: clients of today clean paths up before they send them."""
    reader, writer = await asyncio.open_connection(client.server.host, client.server.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def test_links_and_hidden_files_are_no_part_of_the_build(build: Path) -> None:
    (build / "linked.txt").symlink_to(build.parent / "secret.txt")

    files = load(build)

    assert sorted(files) == [
        "assets/index-abc123.js",
        "assets/page-def456.css",
        "icon.svg",
        "index.html",
    ]


def test_a_folder_that_is_no_build_is_refused(build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static_files, "FILE_BYTES_MAX", 10)

    with pytest.raises(ValueError, match="it is no build"):
        load(build)


async def test_without_a_build_the_page_says_how_to_make_one(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with serve(tmp_path / "static") as client:
            answer = await client.get("/")
            body = await answer.text()
            script = await client.get("/assets/index.js")

    assert answer.status == 503
    assert "pip install -e ." in body
    assert script.status == 404
    assert [line["event"] for line in logs] == ["pages_not_built"]


async def test_the_api_keeps_its_own_addresses_and_answers(build: Path) -> None:
    async with Center(pages=build).serve() as caller:
        page = await caller.client.get("/board")
        unknown = await caller.send("GET", "/api/v1/nothing")
        health = await caller.send("GET", "/healthz")
        text = str((await caller.send("GET", "/metrics")).body)

    assert page.status == 200
    assert "'nonce-" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"
    assert unknown.problem == "not-found"
    assert health.status == 200
    assert 'route="GET /{path}",status="200"} 1.0' in text
