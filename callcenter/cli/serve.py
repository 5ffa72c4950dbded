"""``callcenter serve``: run the center until told to stop."""

from __future__ import annotations

import asyncio
import gc
import signal

import typer
import uvloop

from callcenter.bootstrap import open_center
from callcenter.cli.common import ConfigOption, clear_errors, fail, log_to_stderr, read_settings
from callcenter.settings import Settings


def serve(config: ConfigOption = None) -> None:
    """Run the center. Ends cleanly on SIGTERM or Ctrl-C; the PBX's calls live on meanwhile."""
    settings = read_settings(config)
    log_to_stderr()
    with clear_errors():
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_serve(settings))
        except OSError as error:
            where = f"{settings.http.host}:{settings.http.port}"
            fail(f"cannot listen on {where}: {error}. Change http.port, or stop what uses it")


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_center(settings) as center:
        # What is there now stays: the collector does not look through it again and again, which
        # would stop the loop for 50 to 100 ms each time.
        gc.freeze()
        typer.echo(f"callcenter: serving on {center.url}, data in {settings.data_dir}", err=True)
        await stop.wait()
