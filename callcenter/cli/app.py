"""The command line. Each command is a file here; what it does is in the layers below."""

from __future__ import annotations

import typer

from callcenter.cli import (
    asterisk,
    bench,
    demo,
    doctor,
    flow,
    imports,
    replay,
    serve,
    users,
)

app = typer.Typer(
    name="callcenter",
    help="Call-center routing and outbound dialing backend for Asterisk.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)
app.command("replay")(replay.replay)
app.add_typer(bench.app, name="bench")
app.add_typer(flow.app, name="flow")
app.add_typer(imports.app, name="import")
app.add_typer(users.app, name="users")
app.add_typer(asterisk.app, name="asterisk")
