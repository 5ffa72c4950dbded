"""``callcenter demo``: a sample center on this machine, from nothing."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from callcenter.bootstrap import journal_folder
from callcenter.cli.common import JsonOption, clear_errors, fail, log_to_stderr, print_json
from callcenter.demo.run import Demo, is_replay_equal, open_demo, run_for, run_on, summarize
from callcenter.demo.sample import AGENTS
from callcenter.demo.screen import watch_on
from callcenter.demo.telephony import AsteriskTelephony, SimulatedTelephony, Telephony
from callcenter.simulator.asterisk_instance import AsteriskUnavailableError
from callcenter.simulator.sip_far_ends import FarEndError

DEFAULT_SEED = 7
DEFAULT_PORT = 8080


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
    seed: Annotated[int, typer.Option("--seed", help="Another seed, other callers.")] = (
        DEFAULT_SEED
    ),
    port: Annotated[
        int | None, typer.Option("--port", help="Of the API; default: 8080, or free with --json.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Keep data and logs in this empty folder.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run a small bank's service line: callers, gold and others, seniors and juniors.

    With --seconds it ends by itself and prints what happened; exit 1 if anything went wrong.
    """
    if as_json and seconds is None:
        fail("--json needs --seconds: the object is printed at the end", 2)
    log_to_stderr(logging.CRITICAL)
    folder = _make_folder(keep)
    http_port = port if port is not None else 0 if as_json else DEFAULT_PORT
    try:
        with clear_errors():
            summary = asyncio.run(_demo(folder, pbx, seconds, seed, http_port, as_json))
    except (AsteriskUnavailableError, FarEndError) as error:
        fail(f"{error}. `make demo PBX=asterisk` installs what is needed, as root on Debian")
    except OSError as error:
        fail(f"cannot listen: {error}. Name another port with --port")
    except KeyboardInterrupt:
        return
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    if as_json:
        print_json(summary)
    else:
        for name, value in summary.items():
            typer.echo(f"{name:<18} {value}")
    if summary["faults"] or summary["stuck_agents"] or not summary["replay_equal"]:
        raise typer.Exit(1)


def _make_folder(keep: Path | None) -> Path:
    if keep is None:
        return Path(tempfile.mkdtemp(prefix="callcenter-demo-"))
    if keep.exists() and any(keep.iterdir()):
        fail(f"{keep} is not empty: name another folder with --keep")
    keep.mkdir(mode=0o700, parents=True, exist_ok=True)
    return keep


async def _demo(
    folder: Path, pbx: Pbx, seconds: float | None, seed: int, http_port: int, quiet: bool
) -> dict[str, Any]:
    telephony: Telephony
    if pbx is Pbx.ASTERISK:
        telephony = AsteriskTelephony(folder, AGENTS, seed)
    else:
        telephony = SimulatedTelephony(AGENTS, seed)
    console = Console(stderr=True)
    watch = None if quiet or not console.is_terminal else watch_on(console)
    async with open_demo(folder, telephony, seed=seed, http_port=http_port) as running:
        if not quiet:
            _greet(running)
        if seconds is None:
            await run_on(running, watch)
            return {}
        await run_for(running, seconds, watch)
        summary = await summarize(running)
        journal = journal_folder(running.center.settings)
    summary["replay_equal"] = is_replay_equal(journal)
    return summary


def _greet(running: Demo) -> None:
    typer.echo(f"API and WebSocket: {running.center.url}  (OpenAPI: /api/v1/openapi.json)")
    for sign_in in running.sign_ins:
        typer.echo(f"  {', '.join(sign_in.roles):<11} {sign_in.login:<6} {sign_in.password}")
