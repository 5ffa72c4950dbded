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

TeamOption = Annotated[str, typer.Option(help="The agent's team.")]
SkillOption = Annotated[
    list[str] | None,
    typer.Option("--skill", help="NAME=LEVEL, level 1 to 5; may be given several times."),
]

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
    team: TeamOption = "",
    skill: SkillOption = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password instead of making one.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an account. Without --password-stdin a random password is made and printed once."""
    settings = read_settings(config)
    known = _check_queues(settings, queue or [])
    skills = _read_skills(skill or [])
    password = _read_password() if password_stdin else secrets.token_urlsafe(12)

    async def job(accounts: Accounts) -> None:
        await accounts.add(
            AccountSettings(
                login,
                name or login,
                tuple(role),
                phone,
                seniority,
                tuple(queue or known),
                team,
                skills,
            ),
            password,
        )

    _run(settings, job)
    if as_json:
        print_json({"login": login, **({} if password_stdin else {"password": password})})
    else:
        typer.echo(f"{login} added" + ("" if password_stdin else f", password {password}"))


@app.command("set")
def set_(
    login: str,
    queue: Annotated[
        list[str] | None, typer.Option("--queue", help="Works in these queues, and no others.")
    ] = None,
    seniority: Annotated[Seniority | None, typer.Option()] = None,
    phone: Annotated[str | None, typer.Option(help="The phone proposed at sign-in.")] = None,
    team: Annotated[str | None, typer.Option(help="The agent's team; '' for none.")] = None,
    skill: SkillOption = None,
    no_skills: Annotated[bool, typer.Option("--no-skills", help="Take all skills away.")] = False,
    config: ConfigOption = None,
) -> None:
    """Change what is given, and nothing else; --skill adds to the skills or changes a level."""
    settings = read_settings(config)
    _check_queues(settings, queue or [])
    changes: dict[str, object] = {
        name: value
        for name, value in (("seniority", seniority), ("phone", phone), ("team", team))
        if value is not None
    }
    if queue:
        changes["queues"] = tuple(queue)
    skills = _read_skills(skill or [])

    async def job(accounts: Accounts) -> None:
        account = await _find(accounts, login)
        if skills or no_skills:
            changes["skills"] = {**({} if no_skills else account.skills), **skills}
        await accounts.change(msgspec.structs.replace(account, **changes))

    _run(settings, job)
    typer.echo(f"{login}: changed")


def _check_queues(settings: Settings, queues: list[str]) -> list[str]:
    """All queues there are; refuses one that is not."""
    known = [q.id for q in settings.queues]
    for wanted in queues:
        if wanted not in known:
            raise typer.BadParameter(f"there is no queue {wanted}; use one of {', '.join(known)}")
    return known


def _read_skills(written: list[str]) -> dict[str, int]:
    skills: dict[str, int] = {}
    for each in written:
        name, _, level = each.partition("=")
        if not level.isdecimal():
            raise typer.BadParameter(f"{each!r} is no skill with a level; write, say, cards=3")
        skills[name] = int(level)
    return skills


async def _find(accounts: Accounts, login: str) -> AccountSettings:
    account = await accounts.find(login)
    if account is None:
        raise typer.BadParameter(f"there is no account {login}; see `callcenter users list`")
    return account


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
        skills = ", ".join(f"{name}={level}" for name, level in account.skills.items())
        typer.echo(
            f"{account.id:<20} {roles:<20} {account.seniority:<8} {account.team:<12} {queues}  "
            f"{skills}{state}"
        )


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
        account = await _find(accounts, login)
        await accounts.change(msgspec.structs.replace(account, disabled=True))

    _run(settings, job)
    typer.echo(f"{login}: disabled")
