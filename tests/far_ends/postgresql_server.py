"""A PostgreSQL server of the tests' own: in a temporary folder, reached by a socket in it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import asyncpg

STARTS_S = 30.0
"""A server starts in half a second; more when everything runs at once."""
PAUSE_S = 0.05
SUPERUSER = "postgres"
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",  # what a test writes need not survive the machine
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "100",
    "shared_buffers": "16MB",
    "log_min_messages": "warning",
}


class PostgresqlServer:
    """A server with databases for tests; ``start`` first, ``remove`` last."""

    def __init__(self) -> None:
        self._bin = find_programs()
        self.folder = Path(tempfile.mkdtemp(prefix="cc-postgresql-"))
        # The server refuses to be the superuser's.
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            entry = pwd.getpwnam(self._user)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        self._process: subprocess.Popen[bytes] | None = None
        self.databases: set[str] = set()
        """Made by ``create``."""
        self._run(
            "initdb", "--no-sync", "--no-instructions", "--auth=trust", "--encoding=UTF8",
            # A language with an order of its own: ours must not depend on it.
            "--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8",
            f"--username={SUPERUSER}", "data",
        )  # fmt: skip

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "log"

    def url(self, database: str) -> str:
        """The address of a database on it."""
        return f"postgresql://{SUPERUSER}@/{database}?host={self.folder}"

    @property
    def is_running(self) -> bool:
        """Whether it was started and not ended."""
        return self._process is not None

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = {**SETTINGS, "unix_socket_directories": str(self.folder)}
        options = [part for pair in settings.items() for part in ("-c", "=".join(pair))]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", "data", *options],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self.folder,
                user=self._user,
                group=self._user,
                extra_groups=[] if self._user else None,
                start_new_session=True,  # an interrupt from the keyboard is ours to pass on
            )  # fmt: skip
        deadline = time.monotonic() + STARTS_S
        while not self._answers():
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(PAUSE_S)

    def kill(self) -> None:
        """As a crash would: every process of it ends at once, nothing is written."""
        self._end(signal.SIGQUIT)

    def stop(self) -> None:
        """End it in order, not waiting for anybody."""
        self._end(signal.SIGINT)

    def remove(self) -> None:
        """End it and throw everything away."""
        self.kill()
        shutil.rmtree(self.folder)

    def pids(self) -> list[int]:
        """The server's process and those of its connections."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return [self._process.pid, *map(int, children.split())]

    async def create(self, database: str, *, template: str = "template0") -> None:
        """Make a database, in the place of one of that name."""
        await self.execute(
            f"DROP DATABASE IF EXISTS {database} WITH (FORCE)",
            f"CREATE DATABASE {database} TEMPLATE {template}",
        )
        self.databases.add(database)

    async def execute(self, *statements: str, database: str = "postgres") -> None:
        """Carry out these statements, each by itself."""
        connection = await asyncpg.connect(self.url(database))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(STARTS_S)
            self._process = None

    def _answers(self) -> bool:
        ready = [str(self._bin / "pg_isready"), "-q", "-h", str(self.folder)]
        return subprocess.run(ready, check=False).returncode == 0

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._bin / program), *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            user=self._user,
            group=self._user,
            extra_groups=[] if self._user else None,
        )
        assert done.returncode == 0, done.stderr


def find_programs() -> Path:
    """The folder of the server's programs: on the path, or where Debian has them."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda it: int(it.parent.name))
    assert found, "PostgreSQL is not installed"
    return found[-1]
