"""Bodies too long for memory: streamed into a file of their own, which is gone after the answer."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

import structlog
from aiohttp import web

from callcenter.api.errors import ProblemError, unavailable

MEBIBYTE = 1024 * 1024
PIECE_BYTES = MEBIBYTE
"""Written at once, in a thread: a slow disk does not hold up calls."""
SILENCE_DEADLINE_S = 10.0
"""Nothing came for so long: the sender is gone."""
UPLOAD_DEADLINE_S = 1800.0
"""For the whole body: 200 MB over a line of 1 Mbit/s."""
UPLOADS_AT_ONCE = 2
"""Bodies being taken or worked on: so much room may they take on the disk."""

_PREFIX = "upload-"

_LOG = structlog.get_logger("callcenter.api")


@dataclass(frozen=True, slots=True)
class UploadKind:
    """What a route takes as a file."""

    media_types: tuple[str, ...]
    """What the body may be, by what the sender says; what it is shows when it is read."""
    bytes_max: int


@dataclass(frozen=True, slots=True)
class Upload:
    """A body in its file."""

    path: Path
    size_bytes: int
    sha256: str
    """Of its content, in hexadecimal digits."""


class Uploads:
    """Takes bodies, a few at a time.

    ``folder`` is where their files are, readable by their owner only; None: the system's folder for
    temporary files.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._count = 0

    def prepare(self) -> None:
        """Make the folder, and remove what a process that was killed left in it."""
        if self._folder is not None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for left in self._folder.glob(f"{_PREFIX}*"):
                left.unlink(missing_ok=True)

    @asynccontextmanager
    async def receive(self, request: web.Request, kind: UploadKind) -> AsyncIterator[Upload]:
        """The request's body, in a file until the block ends. Raises ``ProblemError``."""
        size = request.content_length
        if request.content_type not in kind.media_types:
            raise ProblemError(
                "wrong-type",
                f"Send the body as {' or '.join(kind.media_types)} and say so in Content-Type.",
            )
        if size is not None and size > kind.bytes_max:
            raise _too_large(kind)
        if self._count >= UPLOADS_AT_ONCE:
            raise unavailable("Other files are being taken just now. Try again.", retry_s=10)
        self._count += 1
        path = None
        try:
            path, file = await asyncio.to_thread(self._make_file)
            with file:
                upload = await _save(request, kind, file, path)
            yield upload
        finally:
            self._count -= 1
            if path is not None:
                await asyncio.to_thread(path.unlink, missing_ok=True)

    def _make_file(self) -> tuple[Path, FileIO]:
        handle, name = tempfile.mkstemp(prefix=_PREFIX, dir=self._folder)
        # Unbuffered: what could not be written is told at once, not at the closing.
        return Path(name), FileIO(handle, "wb")


async def _save(request: web.Request, kind: UploadKind, file: FileIO, path: Path) -> Upload:
    """Write the body to the file as it comes."""
    digest = hashlib.sha256()
    size = 0
    try:
        async with asyncio.timeout(UPLOAD_DEADLINE_S):
            while piece := await _next_piece(request):
                size += len(piece)
                if size > kind.bytes_max:
                    raise _too_large(kind)
                digest.update(piece)
                await _append(file, piece)
    except TimeoutError:
        raise ProblemError(
            "too-slow",
            f"Nothing came for {SILENCE_DEADLINE_S:.0f} s, or the whole took longer than"
            f" {UPLOAD_DEADLINE_S / 60:.0f} minutes.",
            headers={"Connection": "close"},
        ) from None
    return Upload(path, size, digest.hexdigest())


async def _append(file: FileIO, piece: bytes) -> None:
    try:
        await asyncio.to_thread(_write_all, file, piece)
    except OSError as error:
        _LOG.error("upload_not_kept", error=str(error))
        raise unavailable(
            "The file cannot be kept: there is no room for it on the server's disk.", retry_s=60
        ) from None


def _write_all(file: FileIO, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[file.write(rest) :]


async def _next_piece(request: web.Request) -> bytes:
    """Some bytes of the body, about a piece; empty at its end."""
    piece = bytearray()
    while len(piece) < PIECE_BYTES:
        try:
            async with asyncio.timeout(SILENCE_DEADLINE_S):
                some = await request.content.readany()
        except (ConnectionError, web.RequestPayloadError):
            raise ProblemError("bad-request", "The file did not come whole.") from None
        if not some:
            break
        piece += some
    return bytes(piece)


def _too_large(kind: UploadKind) -> ProblemError:
    return ProblemError(
        "too-large",
        f"The file is longer than {kind.bytes_max // MEBIBYTE} MB. Split it, and send the parts one"
        " after the other.",
        headers={"Connection": "close"},
    )
