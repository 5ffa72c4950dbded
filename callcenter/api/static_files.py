"""Serves the built pages (``web/``): files as they are, and one HTML page for every other address.

All files are read at the start and kept in memory, about a megabyte: a request only looks up a name
among them, so no path leads out of the folder. Without a build the API works as ever and ``/`` says
how to make one.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import structlog
from aiohttp import web
from msgspec import Struct

from callcenter.api.errors import Handler

FOLDER = Path(__file__).with_name("static")
"""Where the build hook puts the pages (``hatch_build.py``)."""
FILE_BYTES_MAX = 64 * 1024 * 1024
"""Of all files together: the pages have a fiftieth; a folder named by mistake may have more."""

INDEX = "index.html"
ASSETS = "assets/"
"""Files below it carry a digest of their content in their names."""
NONCE_MARK = b"__CSP_NONCE__"
"""Stands in index.html for the nonce (``web/vite.config.ts``)."""
NONCE_BYTES = 16

FOREVER = "public, max-age=31536000, immutable"
FOR_AN_HOUR = "public, max-age=3600"
ASK_AGAIN = "no-cache"

NOT_PAGES = r"(?!api/|healthz$|metrics$)"
"""Addresses of the API keep their own answers, refusals included."""

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mp3": "audio/mpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wav": "audio/wav",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""Of our own, because the system's table differs from machine to machine."""

NOT_BUILT = """\
<!doctype html>
<html lang="en">
<title>Call center: no pages</title>
<h1>The pages were not built</h1>
<p>The service runs, and so does its API (<a href="/api/v1/openapi.json">OpenAPI</a>). To get the
pages, build them where the service was installed, and start it again:</p>
<pre>pip install -e .</pre>
<p>from the source tree, without CALLCENTER_SKIP_WEB in the environment. It takes Node 20.19 or
newer, or fetches one for the build.</p>
"""

_LOG = structlog.get_logger("callcenter.api")


class StaticFile(Struct, frozen=True):
    """One file, ready to be sent."""

    content: bytes
    media_type: str
    cache: str
    """Its Cache-Control."""
    gzipped: bytes | None = None
    """The same, compressed when it was built."""


def add_to(app: web.Application, folder: Path = FOLDER) -> None:
    """Serve this folder's files, and its index.html for every address that is no file.

    To be called after all other routes: it takes what is left.
    """
    files = load(folder)
    if INDEX not in files:
        _LOG.warning("pages_not_built", folder=str(folder))
    app.router.add_get(f"/{{path:{NOT_PAGES}.*}}", handler(files))


def load(folder: Path) -> dict[str, StaticFile]:
    """All files of a folder by their addresses; empty when there is no such folder.

    Names with a leading dot and links are left out. Raises ``ValueError`` when they are too large
    to be kept.
    """
    files: dict[str, StaticFile] = {}
    total = 0
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_file() or path.suffix == ".gz" or _is_hidden(name):
            continue
        content = path.read_bytes()
        packed = path.with_name(f"{path.name}.gz")
        gzipped = packed.read_bytes() if packed.is_file() else None
        total += len(content) + len(gzipped or b"")
        if total > FILE_BYTES_MAX:
            raise ValueError(f"{folder} holds more than {FILE_BYTES_MAX} bytes: it is no build")
        media_type = MEDIA_TYPES.get(path.suffix, "application/octet-stream")
        files[name] = StaticFile(content, media_type, _cache(name), gzipped)
    return files


def handler(files: Mapping[str, StaticFile]) -> Handler:
    """The framework's handler for these files."""

    async def handle(request: web.Request) -> web.StreamResponse:
        name = request.match_info["path"]
        file = files.get(name)
        if name == INDEX or (file is None and _is_page(name)):
            return _page(files.get(INDEX))
        if file is None:
            raise web.HTTPNotFound
        return _file(request, file)

    return handle


def _file(request: web.Request, file: StaticFile) -> web.Response:
    headers = {"Content-Type": file.media_type, "Cache-Control": file.cache}
    if file.gzipped is None:
        return web.Response(body=file.content, headers=headers)
    headers["Vary"] = "Accept-Encoding"
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return web.Response(body=file.gzipped, headers=headers)
    return web.Response(body=file.content, headers=headers)


def _page(index: StaticFile | None) -> web.Response:
    """The one HTML page, with a nonce of its own."""
    headers = {"Content-Type": MEDIA_TYPES[".html"]}
    if index is None:
        return web.Response(status=503, text=NOT_BUILT, headers=headers)
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    headers["Cache-Control"] = ASK_AGAIN
    headers["Content-Security-Policy"] = page_policy(nonce)
    return web.Response(body=index.content.replace(NONCE_MARK, nonce.encode()), headers=headers)


def page_policy(nonce: str) -> str:
    """What the page may load: its own files, and the styles that carry this nonce."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data:",
            "font-src 'self'",
            "media-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _is_page(name: str) -> bool:
    """Whether an address without a file is one of the page's own, e.g. ``campaigns/spring``.

    A file that is not there must not come as HTML: a browser that asks for the script of an older
    build would run it.
    """
    path = PurePosixPath(name)
    return not (name.startswith(ASSETS) or path.suffix or _is_hidden(name) or "\0" in name)


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in PurePosixPath(name).parts)


def _cache(name: str) -> str:
    return FOREVER if name.startswith(ASSETS) else FOR_AN_HOUR
