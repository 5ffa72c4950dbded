"""AMI sessions and accounts: who may log in, see and do what; how a session ends."""

from __future__ import annotations

from msgspec import Struct

from callcenter.simulator.messages import (
    ALL_CLASSES,
    Message,
    Privilege,
    get,
    parse_classes,
    parse_event_mask,
)

REFUSAL_S = 1.0
"""Asterisk lets a refused login wait so long before it says so and closes."""
NOISE = frozenset(
    {
        "DeviceStateChange",
        "ExtensionStatus",
        "NewCallerid",
        "NewConnectedLine",
        "Newexten",
        "RTCPReceived",
        "RTCPSent",
        "TestEvent",
        "VarSet",
    }
)
"""Events that the leader's ``eventfilter`` lines exclude. The simulated PBX does not even make
them.
"""
_FIRST_FD = 8


class AmiAccount(Struct, frozen=True):
    """One account of manager.conf."""

    name: str
    secret: str
    read: Privilege = ALL_CLASSES
    write: Privilege = ALL_CLASSES
    allow_multiple: bool = True
    """``allowmultiplelogin``."""
    excluded: frozenset[str] = frozenset()
    """Names of events that the account's filters drop."""


def leader_account(secret: str, name: str = "leader") -> AmiAccount:
    """The account that the service commands calls with, as the product's manager.conf has it."""
    return AmiAccount(
        name,
        secret,
        read=parse_classes("system,call,agent,user,dtmf,agi,reporting,originate"),
        write=parse_classes("call,agent,user,reporting,originate,agi"),
        allow_multiple=False,
        excluded=NOISE,
    )


def fence_account(secret: str, name: str = "fence") -> AmiAccount:
    """The account that throws an old leader out: class ``command`` only."""
    return AmiAccount(name, secret, read=Privilege.COMMAND, write=Privilege.COMMAND)


class Session:
    """One AMI connection."""

    def __init__(self, number: int, fd: int, address: str, started_at: float) -> None:
        self.number = number
        self.fd = fd
        """What ``manager show connected`` calls FileDes."""
        self.address = address
        self.started_at = started_at
        self.account: AmiAccount | None = None
        self.mask = Privilege.NONE
        self.is_closed = False

    def may_see(self, classes: Privilege, name: str) -> bool:
        """Whether an event of these classes goes to this session."""
        account = self.account
        if account is None or self.is_closed or name in account.excluded:
            return False
        return int.__and__(self.mask, classes) == classes  # as numbers: flags take ten times longer

    def may_do(self, classes: Privilege) -> bool:
        """Whether an action that needs one of these classes is allowed; NONE: everybody may."""
        return not classes or bool(self.account and self.account.write & classes)

    def set_mask(self, text: str) -> Privilege | None:
        """Choose event classes as ``EventMask`` says; returns what was asked for, None for
        nothing.
        """
        asked = parse_event_mask(text)
        if asked is not None and self.account is not None:
            self.mask = self.account.read & asked
        return asked


class Sessions:
    """All sessions, and the logins."""

    def __init__(self, accounts: tuple[AmiAccount, ...], made_before: int = 0) -> None:
        self.accounts = {account.name: account for account in accounts}
        self.open: dict[int, Session] = {}
        self.made = made_before
        """How many there have been: the last one's number."""

    def connect(self, address: str, now: float) -> Session:
        """A client has connected."""
        self.made += 1
        fds = {session.fd for session in self.open.values()}
        fd = _FIRST_FD
        while fd in fds:
            fd += 1
        session = Session(self.made, fd, address, now)
        self.open[session.number] = session
        return session

    def close(self, session: Session) -> None:
        """The connection is gone."""
        session.is_closed = True
        self.open.pop(session.number, None)

    def find_fd(self, fd: int) -> Session | None:
        """The session with this FileDes."""
        for session in self.open.values():
            if session.fd == fd:
                return session
        return None

    def log_in(self, session: Session, headers: Message, now: float) -> str:
        """Try to log in; empty when it worked, else Asterisk's words of refusal."""
        name = get(headers, "Username")
        account = self.accounts.get(name)
        in_use = any(one.account is account for one in self.open.values())
        if account is not None and not account.allow_multiple and in_use:
            return "Login Already In Use"
        if account is None or get(headers, "Secret") != account.secret:
            return "Authentication failed"
        session.account = account
        session.mask = account.read
        session.started_at = now
        session.set_mask(get(headers, "Events"))
        return ""

    def show_connected(self, now: float) -> list[str]:
        """The lines of ``manager show connected``."""
        row = "  {:<15.15}  {:<55.55}  {:<10}  {:<10}  {:<8}  {:<8}  {:<10}  {:<10}"
        heads = (
            "Username",
            "IP Address",
            "Start",
            "Elapsed",
            "FileDes",
            "HttpCnt",
            "ReadPerms",
            "WritePerms",
        )
        lines = [row.format(*heads)]
        for session in self.open.values():
            account = session.account
            lines.append(
                row.format(
                    account.name if account else "",
                    session.address,
                    int(session.started_at),
                    int(now - session.started_at),
                    session.fd,
                    0,
                    f"{account.read if account else 0:010d}",
                    f"{account.write if account else 0:010d}",
                )
            )
        return [*lines, f"{len(self.open)} users connected."]
