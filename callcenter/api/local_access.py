"""Lets the command line in: the address of this process and a token, in a file that only the owner
of the data folder can read.

The token lives in memory and ends with the process, so it is good also while the database is away
and needs no password. Whoever can read the file could change the database as well.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

from callcenter.api.auth import Sessions
from callcenter.service.ports import Account, Role

ACCOUNT = Account("@cli", "Command line", (Role.MANAGER, Role.ADMINISTRATOR))
"""Who acts; no stored account can have this id."""

_LOG = structlog.get_logger("callcenter.api")


class LocalAccess(Struct, frozen=True):
    """What the file holds."""

    url: str
    token: str


def local_access_path(data_dir: Path) -> Path:
    """Where the file is."""
    return data_dir / "secrets" / "cli.json"


@contextmanager
def local_access(path: Path, url: str, sessions: Sessions) -> Iterator[None]:
    """Keep the file there until the block ends; ``url`` is where this process serves.

    That it cannot be written is logged and keeps nobody from taking calls.
    """
    token = sessions.grant(ACCOUNT)
    try:
        _write(path, LocalAccess(_callable(url), token))
    except OSError as error:
        _LOG.error("cli_access_not_written", path=str(path), error=str(error))
    try:
        yield
    finally:
        sessions.take_back(token)
        found = read_local_access(path)
        if found is not None and found.token == token:  # else it is another process's by now
            path.unlink(missing_ok=True)


def _callable(url: str) -> str:
    """Who listens everywhere is called on loopback."""
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//:::", "//[::1]:")


def _write(path: Path, access: LocalAccess) -> None:
    """All of it or nothing, and never readable by others."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(access))
    beside.replace(path)


def read_local_access(path: Path) -> LocalAccess | None:
    """What a running center wrote; None when there is none. Raises ``PermissionError``."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=LocalAccess)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
