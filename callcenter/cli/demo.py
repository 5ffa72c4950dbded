"""``callcenter demo``: a sample center on this machine, from nothing."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from callcenter.api import static_files
from callcenter.cli.common import JsonOption, clear_errors, fail, log_to_stderr, print_json
from callcenter.demo.manager import RefusedError
from callcenter.demo.run import Demo, make_people, open_demo, run_for, run_on, summarize
from callcenter.demo.sample import AGENTS, VISITOR
from callcenter.demo.screen import watch_on
from callcenter.demo.sip_telephony import AsteriskTelephony
from callcenter.demo.summary import find_problems, is_replay_equal
from callcenter.demo.telephony import SimulatedTelephony, Telephony
from callcenter.installation import journal_folder
from callcenter.simulator.asterisk_instance import AsteriskUnavailableError
from callcenter.simulator.sip_far_ends import FarEndError

DEFAULT_SEED = 7
DEFAULT_PORT = 8080
MARK = "callcenter-demo"
"""A file in every folder that a demo has made: --reset deletes no other. Locked while one runs."""


class Pbx(StrEnum):
    """Where the demo's telephones are."""

    SIMULATED = "simulated"
    ASTERISK = "asterisk"


def demo(
    pbx: Annotated[Pbx, typer.Option("--pbx", help="A real Asterisk needs SIPp too.")] = (
        Pbx.SIMULATED
    ),
    seconds: Annotated[
        float | None, typer.Option("--seconds", min=10, help="End by itself; default: Ctrl-C.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, other people.")] = (
        DEFAULT_SEED
    ),
    port: Annotated[
        int | None, typer.Option("--port", help="Of the page; default: 8080, or free with --json.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Keep data and logs in this empty folder.")
    ] = None,
    reset: Annotated[
        bool, typer.Option("--reset", help="Delete what an earlier demo left in that folder.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Run a small bank: a service line that people call, and a campaign that calls people.

    Every start is fresh. With --seconds it ends by itself and prints what happened; exit 1 if
    anything went wrong, or if the telephones' own logs say otherwise.
    """
    if as_json and seconds is None:
        fail("--json needs --seconds: the object is printed at the end", 2)
    if reset and keep is None:
        fail("--reset needs --keep: it says which folder", 2)
    log_to_stderr(logging.CRITICAL)
    http_port = port if port is not None else 0 if as_json else DEFAULT_PORT
    try:
        with _folder(keep, reset) as folder, clear_errors():
            summary, problems = asyncio.run(_demo(folder, pbx, seconds, seed, http_port, as_json))
    except (AsteriskUnavailableError, FarEndError) as error:
        fail(f"{error}. `make demo PBX=asterisk` installs what is needed, as root on Debian")
    except (RefusedError, TimeoutError) as error:
        fail(f"the demo did not start: {error}")
    except OSError as error:
        fail(f"cannot listen: {error}. Name another port with --port")
    except (KeyboardInterrupt, asyncio.CancelledError):
        return
    if as_json:
        print_json(summary)
    else:
        _print_plain(summary)
    if problems:
        fail("\n".join(problems))


@contextmanager
def _folder(keep: Path | None, reset: bool) -> Iterator[Path]:
    """A folder with nothing in it but our mark, which is locked; a temporary one is deleted."""
    if keep is None:
        folder = Path(tempfile.mkdtemp(prefix=f"{MARK}-"))
    else:
        folder = keep
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not reset and any(folder.iterdir()):
            again = ", or --reset to begin anew in it" if (folder / MARK).exists() else ""
            fail(f"{folder} is not empty: name another folder with --keep{again}")
        if any(folder.iterdir()) and not (folder / MARK).exists():
            fail(f"{folder} was not made by a demo: nothing in it is deleted")
    try:
        with (folder / MARK).open("a") as mark:
            try:
                fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                fail(f"a demo is running in {folder}")
            for entry in folder.iterdir():
                if entry.name != MARK:
                    shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
            yield folder
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


async def _demo(
    folder: Path, pbx: Pbx, seconds: float | None, seed: int, http_port: int, quiet: bool
) -> tuple[dict[str, Any], list[str]]:
    task = asyncio.current_task()
    assert task is not None
    # Told to end, it leaves neither an Asterisk nor a folder behind.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    customers, contacts = make_people(seed)
    agents = (*AGENTS, VISITOR)
    telephony: Telephony
    if pbx is Pbx.ASTERISK:
        telephony = AsteriskTelephony(folder, agents, contacts)
    else:
        telephony = SimulatedTelephony(folder, agents, contacts, seed)
    console = Console(stderr=True)
    watch = None if quiet or not console.is_terminal else watch_on(console)
    if not quiet:
        console.print("Starting a small bank...")
    async with open_demo(
        folder, telephony, customers, contacts, seed=seed, http_port=http_port
    ) as running:
        if not quiet:
            typer.echo(greeting(running))
        if seconds is None:
            await run_on(running, watch)
            return {}, []
        await run_for(running, seconds, watch)
        summary, problems = await summarize(running)
        journal = journal_folder(running.center.settings)
    summary["replay_equal"] = is_replay_equal(journal)
    return summary, find_problems(summary) + problems


def greeting(running: Demo, pages: Path = static_files.FOLDER) -> str:
    """What is printed first: where to look, and who one may be."""
    url = running.center.url
    agent, supervisor, manager = running.visitor
    if (pages / static_files.INDEX).exists():
        lines = [f"Open  {url}/", ""]
    else:
        lines = [f"API and WebSocket: {url}  (OpenAPI: /api/v1/openapi.json)", ""]
        lines.insert(1, "The pages were not built.")
    lines += [
        f"      {sign_in.role:<11} {sign_in.login:<6} {sign_in.password}{more}"
        for sign_in, more in (
            (agent, f"   phone {agent.phone}, which picks up by itself"),
            (supervisor, ""),
            (manager, ""),
        )
    ]
    refused = sum(report["refused"] for report in running.imports)
    accepted = sum(report["accepted"] for report in running.imports)
    lines += ["", f"      {accepted} contacts imported, {refused} rows of the list refused"]
    return "\n".join([*lines, ""])


def _print_plain(figures: dict[str, Any], indent: str = "") -> None:
    for name, value in figures.items():
        if isinstance(value, dict):
            typer.echo(f"{indent}{name}")
            _print_plain(value, indent + "  ")
        else:
            typer.echo(f"{indent}{name:<18} {value}")
