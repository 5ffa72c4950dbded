"""``callcenter asterisk``: what an Asterisk needs to be told of us."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from callcenter.cli.common import ConfigOption, clear_errors, fail, read_settings
from callcenter.installation import pbx_config, prepare_data_dir
from callcenter.pbx.config import render

app = typer.Typer(help="Asterisk's configuration.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """A group also while it has one command."""


@app.command("config")
def config_files(
    out: Annotated[Path, typer.Option("--out", help="The folder to write into.")],
    pbx: Annotated[str, typer.Option(help="Which PBX; not needed when there is one.")] = "",
    config: ConfigOption = None,
) -> None:
    """Render the cc_*.conf files that an Asterisk includes beside its own configuration.

    Secrets of the AMI accounts and the phones are made on first use and kept in the data folder.
    """
    settings = read_settings(config)
    names = [p.name for p in settings.pbxs]
    if not pbx and len(names) > 1:
        fail(f"there are several PBXs: say which with --pbx, one of {', '.join(names)}")
    wanted = [p for p in settings.pbxs if p.name == (pbx or names[0])]
    if not wanted:
        fail(f"there is no PBX {pbx}; use one of {', '.join(names)}")
    with clear_errors():
        prepare_data_dir(settings)
        written = render(pbx_config(settings, wanted[0]), out)
    typer.echo(f"wrote {', '.join(path.name for path in written)} to {out}")
    for path in written:
        base = path.name.removeprefix("cc_")
        typer.echo(f'  add to {base}:  #include "{path.resolve()}"')
