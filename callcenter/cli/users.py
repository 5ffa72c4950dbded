"""``callcenter users``: the accounts of agents, supervisors and others."""

from __future__ import annotations

import asyncio
import getpass
import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
import typer

from callcenter.cli.common import ConfigOption, JsonOption, clear_errors, print_json, read_settings
from callcenter.domain.agent import Seniority
from callcenter.installation import make_accounts, open_database
from callcenter.service.ports import Role
from callcenter.settings import Settings
from callcenter.storage.accounts import Accounts
from callcenter.storage.stores import AccountSettings

app = typer.Typer(help="Accounts. A running center takes changes over within seconds.")


def _run(settings: Settings, job: Callable[[Accounts], Awaitable[None]]) -> None:
    async def main() -> None:
        async with open_database(settings) as database:
            await job(make_accounts(database))

    with clear_errors():
        asyncio.run(main())


def _read_password() -> str:
    """From standard input: typed unseen, or piped."""
    if sys.stdin.isatty():
        return getpass.getpass("password: ")
    return sys.stdin.readline().rstrip("\n")


@app.command("add")
def add(
    login: str,
    role: Annotated[list[Role], typer.Option("--role", help="May be given several times.")],
    name: Annotated[str, typer.Option("--name", help="The person's name.")] = "",
    queue: Annotated[
        list[str] | None, typer.Option("--queue", help="A queue the agent works in.")
    ] = None,
    seniority: Seniority = Seniority.JUNIOR,
    phone: Annotated[str, typer.Option(help="The phone proposed at sign-in.")] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password instead of making one.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an account. Without --password-stdin a random password is made and printed once."""
    settings = read_settings(config)
    known = [q.id for q in settings.queues]
    for wanted in queue or []:
        if wanted not in known:
            raise typer.BadParameter(f"there is no queue {wanted}; use one of {', '.join(known)}")
    password = _read_password() if password_stdin else secrets.token_urlsafe(12)

    async def job(accounts: Accounts) -> None:
        await accounts.add(
            AccountSettings(
                login, name or login, tuple(role), phone, seniority, tuple(queue or known)
            ),
            password,
        )

    _run(settings, job)
    if as_json:
        print_json({"login": login, **({} if password_stdin else {"password": password})})
    else:
        typer.echo(f"{login} added" + ("" if password_stdin else f", password {password}"))


@app.command("list")
def list_accounts(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """All accounts."""
    settings = read_settings(config)
    found: list[AccountSettings] = []

    async def job(accounts: Accounts) -> None:
        found.extend(await accounts.list_accounts())

    _run(settings, job)
    if as_json:
        print_json({"accounts": [msgspec.to_builtins(account) for account in found]})
        return
    for account in found:
        roles = ", ".join(account.roles)
        state = " (disabled)" if account.disabled else ""
        queues = ", ".join(account.queues)
        typer.echo(f"{account.id:<20} {roles:<20} {account.seniority:<8} {queues}{state}")


@app.command("password")
def password(login: str, config: ConfigOption = None) -> None:
    """Give an account a new password, read from standard input; its sessions end."""
    settings = read_settings(config)
    new = _read_password()

    async def job(accounts: Accounts) -> None:
        await accounts.set_password(login, new)

    _run(settings, job)
    typer.echo(f"{login}: password changed")


@app.command("disable")
def disable(login: str, config: ConfigOption = None) -> None:
    """Lock an account out; an agent in a call finishes it."""
    settings = read_settings(config)

    async def job(accounts: Accounts) -> None:
        account = await accounts.find(login)
        if account is None:
            raise typer.BadParameter(f"there is no account {login}; see `callcenter users list`")
        await accounts.change(msgspec.structs.replace(account, disabled=True))

    _run(settings, job)
    typer.echo(f"{login}: disabled")
