"""The fence: ends every session of the account that gives orders, before a new one logs in.

Asterisk lets the account `leader` in once only (allowmultiplelogin=no). So an old leader that still
runs, and our own half-open session after a cut in the network, both block the login, and an old
leader could still give orders. Another account, which may run CLI commands and nothing else, ends
them by `manager kick session`. Nothing is decided here about who may lead.
"""

from __future__ import annotations

import asyncio
import re
from typing import Final

from callcenter.pbx.ami.connection import logged_in
from callcenter.pbx.ami.errors import ActionError, AmiError
from callcenter.pbx.ami.link import Account, Timings
from callcenter.pbx.ami.session import AmiSession
from callcenter.pbx.ami.wire import every

USER_NAME_CHARS_MAX: Final = 15
"""`manager show connected` cuts names to 15 characters: longer ones cannot be told apart."""

LOOKS_MAX: Final = 50
"""How often it is looked whether the sessions are gone; they are within 1 ms, also under load."""

LOOK_EVERY_S: Final = 0.02
"""Seconds between two looks: one second altogether."""

_TITLE: Final = re.compile(r"\s*Username\s+IP Address\s+Start\s+Elapsed\s+FileDes\b")
_ROW: Final = re.compile(r"  (?P<user>\S.{0,14}?) +\S+ +\d+ +\d+ +(?P<fd>\d+) +\d+ +\d+ +\d+\s*$")
"""Username, address, start, elapsed, file descriptor, HTTP uses, read and write classes."""


class FenceError(AmiError):
    """The sessions of an account could not be ended; the text says why and how to mend it."""


async def kick_leader(fence: Account, leader: str, *, timings: Timings | None = None) -> int:
    """End all sessions of user `leader` on a PBX; return how many there were.

    `fence` is the account that does it. Returns when Asterisk lists none any more. Raises
    FenceError when it may not or cannot, LinkFailed when it cannot log in.
    """
    if len(leader) > USER_NAME_CHARS_MAX:
        raise FenceError(
            f"the AMI account {leader!r} has a name of more than {USER_NAME_CHARS_MAX} characters: "
            "Asterisk lists sessions by that much only. Give the account a shorter name"
        )
    async with logged_in(fence, timings=timings) as session:
        kicked: set[str] = set()
        for _ in range(LOOKS_MAX):
            listing = await run_command(session, "manager show connected")
            descriptors = find_sessions(listing, leader)
            if not descriptors:
                return len(kicked)
            for descriptor in descriptors:
                if descriptor not in kicked:
                    await run_command(session, f"manager kick session {descriptor}")
            kicked.update(descriptors)
            await asyncio.sleep(LOOK_EVERY_S)
    listed = ", ".join(descriptors)
    raise FenceError(
        f"{fence.where}: sessions of {leader!r} do not end though kicked (file descriptors "
        f"{listed}). Does something else log in as {leader!r} all the time?"
    )


def find_sessions(listing: list[str], user: str) -> list[str]:
    """Return the file descriptors of a user's sessions in the lines of `manager show connected`.

    Raises FenceError if this is no such listing.
    """
    if not any(_TITLE.match(line) for line in listing):
        shown = " / ".join(listing)[:200] or "nothing"
        raise FenceError(
            f"Asterisk answered 'manager show connected' with {shown!r}, which lists no sessions. "
            "Does cli_permissions.conf forbid it?"
        )
    rows = (_ROW.match(line) for line in listing)
    return [row["fd"] for row in rows if row and row["user"] == user]


async def run_command(session: AmiSession, command: str) -> list[str]:
    """Run a CLI command over the fence's session; return its lines. Raises FenceError."""
    try:
        answer = await session.action({"Action": "Command", "Command": command})
    except ActionError as error:
        account = session.account
        raise FenceError(
            f"{account.where}: {account.user!r} may not run {command!r} ({error}). Its section in "
            "manager.conf needs 'write = command'"
        ) from error
    return every(answer, "Output")
