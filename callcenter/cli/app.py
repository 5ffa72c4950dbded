"""The command line. Each command is a file here; what it does is in the layers below."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import typer

COMMANDS = ("serve", "demo", "doctor", "replay", "simulate", "backup", "restore")
"""Each is the function of its name in the file of its name."""
GROUPS = (
    "bench",
    "campaign",
    "dnc",
    "erase",
    "flow",
    "import",
    "records",
    "report",
    "rules",
    "users",
    "voicemail",
    "asterisk",
)
"""Each is the ``app`` in the file of its name."""
FILES = {"import": "imports", "restore": "backup"}
"""Where the file's name is another."""


def make_app(asked: str = "") -> typer.Typer:
    """The command line with the one command that is asked for, or, when it is none of them, all.

    A center that comes back after a crash has callers waiting: it loads what it needs and no more.
    """
    app = typer.Typer(
        name="callcenter",
        help="Call-center routing and outbound dialing backend for Asterisk.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_no_options)  # so that one command alone is still called by its name
    is_known = asked in (*COMMANDS, *GROUPS)
    for name in COMMANDS:
        if not is_known or name == asked:
            function: Callable[..., Any] = getattr(_load(name), name)
            app.command(name)(function)
    for name in GROUPS:
        if not is_known or name == asked:
            app.add_typer(_load(name).app, name=name)
    return app


def _load(name: str) -> Any:
    return import_module(f"callcenter.cli.{FILES.get(name, name)}")


def _no_options() -> None:
    """Call-center routing and outbound dialing backend for Asterisk."""
