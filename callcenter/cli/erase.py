"""``callcenter erase``: forgetting people."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
import typer

from callcenter.api.people import ERASE_DEADLINE_S
from callcenter.cli.common import (
    ConfigOption,
    JsonOption,
    clear_errors,
    fail,
    print_json,
    read_settings,
)
from callcenter.cli.running_center import Refusal, ask_center
from callcenter.installation import journal_folder
from callcenter.service.erasure import ErasureRefused
from callcenter.settings import Settings
from callcenter.upkeep.erasing import erase_offline
from callcenter.upkeep.restore import find_holder

app = typer.Typer(help="Forget people.", no_args_is_help=True)

USAGE = 2
"""Exit code of options that cannot be, as typer has it."""

BACKUPS = "Backups made before keep the person: see docs/howto/erase-a-person.md."


@app.callback()
def _group() -> None:
    """Forget people."""


@app.command("person")
def person(
    number: Annotated[str, typer.Option("--number", help="A telephone number of the person.")] = "",
    customer: Annotated[str, typer.Option("--customer", help="The customer's id.")] = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase somebody from directory, lists, records, texts and journal; what reports count stays.

    Works on a running center and on one that is stopped. Say --number or --customer.
    """
    settings = read_settings(config)
    if bool(number) == bool(customer):
        fail("Say --number or --customer, one of both.", USAGE)
    if number and not any(character.isdecimal() for character in number):
        fail("That is no telephone number.", USAGE)
    erased = _erase(settings, number, customer)
    if as_json:
        print_json(erased)
        return
    typer.echo("erased: " + ", ".join(f"{count} {name}" for name, count in erased.items()))
    typer.echo(BACKUPS)


def _erase(settings: Settings, number: str, customer: str) -> dict[str, Any]:
    try:
        if find_holder(journal_folder(settings)):
            body = {"number": number} if number else {"customer": customer}
            answer: dict[str, Any] = ask_center(
                settings, "POST", "/people/erase", body, deadline_s=ERASE_DEADLINE_S
            )
            return answer
        with clear_errors():
            erased = asyncio.run(erase_offline(settings, number=number, customer=customer))
        found: dict[str, Any] = msgspec.to_builtins(erased)
    except (Refusal, ErasureRefused) as refusal:
        fail(str(refusal))
    return found
