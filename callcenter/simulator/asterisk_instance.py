"""A real Asterisk of our own, for a test or a demo: rendered, started and stopped from Python.

It listens on loopback only, on free ports, in a folder of its own; any number may run at once. The
far ends that call it and are called by it are in `callcenter.simulator.sip_far_ends`.
"""

import asyncio
import os
import random
import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final, Self

from callcenter.documents.files import scripts_path
from callcenter.pbx.config import AmiAccount, PbxConfig, load_or_create_secret, render_standalone
from callcenter.simulator.sounds import write_sounds

LOOPBACK: Final = "127.0.0.1"
# The telephone network's own address: calls from a trunk and from phones differ by address, as they
# do in life.
TRUNK_LOOPBACK: Final = "127.0.0.2"

HARMLESS: Final = "res_musiconhold.c: Failed to write frame"
"""Asterisk says so of somebody who hangs up just as music on hold has a frame for them."""

_START_LIMIT_S: Final = 40.0  # start.sh itself gives up after 30 s
_STOP_LIMIT_S: Final = 10.0  # stop.sh kills after 5 s
_CLI_LIMIT_S: Final = 10.0

# Below the ports that the kernel gives to outgoing connections (32768 up).
_PORTS: Final = range(12000, 22000)
_RTP_BLOCKS: Final = range(22000, 32000)
_RTP_PORTS: Final = 1000  # two per leg: 500 legs
_PORT_TRIES: Final = 200
_SHARES: Final = 10
"""So many processes at once have ports of their own: one looks for a port seconds before it opens
it, and another could find the same one meanwhile."""
_GIVEN_MAX: Final = 200  # of 500: more than half of them are left to choose from


# Given to somebody who may not have opened it yet: not given again, as long as there are others.
_given: dict[int, None] = {}
_claims: list[socket.socket] = []


class AsteriskUnavailableError(RuntimeError):
    """There is no Asterisk to run, or it did not start: the message holds what the script said."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Free ports of one instance."""

    ami: int
    sip: int
    http: int
    rtp_start: int
    rtp_end: int


def find_free_ports() -> Ports:
    """Find ports on loopback that nobody uses now. Raises OSError when there are none."""
    ami, sip, http = (free_port() for _ in range(3))
    rtp_start = free_rtp_ports()
    return Ports(ami, sip, http, rtp_start, rtp_start + _RTP_PORTS - 1)


def free_port() -> int:
    """Find an even port that is free on loopback, for TCP and UDP alike. Raises OSError."""
    return _find(_own_ports(), width=1)


def free_rtp_ports() -> int:
    """Find the first of 1000 ports for RTP. Raises OSError when there are none."""
    return _find(_RTP_BLOCKS, width=_RTP_PORTS)


@cache
def _own_ports() -> range:
    """A share that no other process has, as long as this one lives; all of them where none is left.

    It is claimed by a name that only one socket may have (Linux: the abstract namespace).
    """
    size = len(_PORTS) // _SHARES
    for share in range(_SHARES):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0callcenter-ports-{share}")
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return _PORTS[share * size : (share + 1) * size]
    return _PORTS


def _find(among: range, width: int) -> int:
    if len(_given) > _GIVEN_MAX:
        _given.clear()
    for _ in range(_PORT_TRIES):
        port = random.SystemRandom().randrange(among.start, among.stop - width, 2)
        if port not in _given and _is_free(port) and _is_free(port + width - 1):
            _given[port] = None
            return port
    raise OSError(f"no free ports between {among.start} and {among.stop}")


def _is_free(port: int) -> bool:
    for address in (LOOPBACK, TRUNK_LOOPBACK):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as probe:
                try:
                    probe.bind((address, port))
                except OSError:
                    return False
    return True


async def asterisk_version() -> str | None:
    """Say which Asterisk 22 would be run, such as "22.10.1"; None when there is none."""
    status, output = await _run("install.sh", "--check", limit_s=_CLI_LIMIT_S)
    words = output.split()
    return words[1].partition("+")[0].partition("~")[0] if status == 0 and len(words) > 1 else None


def new_config(directory: Path, *, name: str = "main") -> PbxConfig:
    """Make a configuration with free ports and, in `directory`/secrets, random secrets.

    Add phones, trunks and the rest with `dataclasses.replace`.
    """
    secrets_dir = directory / "secrets"
    secrets_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    ports = find_free_ports()
    return PbxConfig(
        name=name,
        leader=AmiAccount("leader", load_or_create_secret(secrets_dir / "leader")),
        fence=AmiAccount("fence", load_or_create_secret(secrets_dir / "fence")),
        sounds_dir=directory / "sounds",
        bind_host=LOOPBACK,
        ami_port=ports.ami,
        sip_port=ports.sip,
        http_port=ports.http,
        rtp_start=ports.rtp_start,
        rtp_end=ports.rtp_end,
    )


class AsteriskInstance:
    """One running Asterisk.

    Use `async with AsteriskInstance(directory, config)`, or `start` and `stop`. Everything is
    written under `directory`; its prompts are `sounds/<name>.ulaw` there, which Asterisk plays as
    `cc/<name>`.
    """

    def __init__(
        self, directory: Path, config: PbxConfig, prompts: Mapping[str, str] | None = None
    ) -> None:
        """Take a configuration (see `new_config`) and prompts to make: name to spoken text.

        `config.sounds_dir` is replaced by the instance's own.
        """
        self.directory = directory.resolve()
        self.config = replace(config, sounds_dir=self.directory / "sounds")
        self._prompts = dict(prompts or {})

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def log_path(self) -> Path:
        """Asterisk's notices, warnings and errors."""
        return self.directory / "log" / "messages"

    async def start(self) -> None:
        """Render, start, and return when Asterisk is fully booted; nothing if it runs already.

        Raises AsteriskUnavailableError with what the script said, or when a port is in use.
        """
        await asyncio.to_thread(write_sounds, self.config.sounds_dir, self._prompts)
        self.config.voicemails.mkdir(mode=0o700, exist_ok=True)
        render_standalone(self.config, self.directory)
        try:
            status, output = await _run("start.sh", str(self.directory), limit_s=_START_LIMIT_S)
        except (asyncio.CancelledError, AsteriskUnavailableError):
            await self.stop()
            raise
        if status != 0:
            raise AsteriskUnavailableError(output.strip())
        # Asterisk itself goes on without a port that it did not get.
        if busy := [line for line in self.warnings() if "bind" in line.lower()]:
            await self.stop()
            raise AsteriskUnavailableError("a port is in use: " + "; ".join(busy))

    async def stop(self) -> None:
        """Stop it, as an orderly shutdown; nothing if it does not run."""
        await _run("stop.sh", str(self.directory), limit_s=_STOP_LIMIT_S)

    async def cli(self, command: str) -> str:
        """Run one CLI command, such as `core show channels concise`, and return what it printed.

        Raises AsteriskUnavailableError when Asterisk does not run.
        """
        status, output = await _run("cli.sh", str(self.directory), command, limit_s=_CLI_LIMIT_S)
        if status != 0:
            raise AsteriskUnavailableError(output.strip())
        return output

    def warnings(self) -> list[str]:
        """Return the lines of Asterisk's log that are warnings or errors, but for harmless ones."""
        lines = self.log_path.read_text(encoding="utf-8", errors="replace").splitlines()
        told = [line for line in lines if " WARNING[" in line or " ERROR[" in line]
        return [line for line in told if HARMLESS not in line]


async def _run(script: str, *arguments: str, limit_s: float) -> tuple[int, str]:
    """Run one of scripts/asterisk with a time limit; returns its status and all that it printed."""
    shell = shutil.which("sh") or "/bin/sh"
    process = await asyncio.create_subprocess_exec(
        shell,
        str(scripts_path("asterisk") / script),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=os.environ,
    )
    try:
        async with asyncio.timeout(limit_s):
            output, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        raise
    except TimeoutError:
        process.kill()
        await process.wait()
        raise AsteriskUnavailableError(f"{script} was not done after {limit_s:g} s") from None
    return process.returncode or 0, output.decode("utf-8", "replace")
