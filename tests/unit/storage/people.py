"""Accounts for tests, with passwords that are cheap to hash and a clock that is set by hand."""

from __future__ import annotations

import threading

from callcenter.domain.agent import Seniority
from callcenter.service.ports import Role
from callcenter.storage.accounts import Accounts
from callcenter.storage.database import Database
from callcenter.storage.passwords import HashCost, PasswordHasher
from callcenter.storage.sessions import Sessions
from callcenter.storage.stores import AccountSettings
from callcenter.storage.throttle import Throttle

CHEAP = HashCost(rounds=1, memory_kib=8, lanes=1)
PASSWORD = "correct horse battery"
HOME = "192.0.2.7"
GATE_S = 20.0
"""How long a hash waits to be let, at most: a test that fails should not hang."""

ANA = AccountSettings(
    id="ana",
    name="Ana López",
    roles=(Role.AGENT,),
    phone="1001",
    seniority=Seniority.SENIOR,
    queues=("service", "sales"),
)
BO = AccountSettings(id="bo", name="Bo", roles=(Role.AGENT,))
ADMINISTRATOR = AccountSettings(id="root", name="Ruth", roles=(Role.ADMINISTRATOR, Role.AGENT))


class Hand:
    """A clock set by hand, UTC seconds."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Gated(PasswordHasher):
    """Hashes only when it is let, and tells how many are at it."""

    def __init__(self, *, at_once_max: int, waiting_max: int) -> None:
        super().__init__(CHEAP, at_once_max=at_once_max, waiting_max=waiting_max)
        self.gate = threading.Event()
        self.at_work = 0
        self.at_work_max = 0
        self._lock = threading.Lock()

    def _check(self, password: str, stored: str) -> str:
        with self._lock:
            self.at_work += 1
            self.at_work_max = max(self.at_work_max, self.at_work)
        self.gate.wait(GATE_S)
        try:
            return super()._check(password, stored)
        finally:
            with self._lock:
                self.at_work -= 1


def make_accounts(
    database: Database,
    clock: Hand | None = None,
    *,
    hasher: PasswordHasher | None = None,
    of_a_name: int = 3,
    of_an_address: int = 6,
) -> Accounts:
    """Accounts that let three failures of a name pass, and six of an address."""
    clock = clock or Hand()
    return Accounts(
        database,
        hasher or PasswordHasher(CHEAP),
        Sessions(database, idle_s=600.0, absolute_s=3_600.0, clock=clock),
        by_name=Throttle(of_a_name, wait_first_s=10.0, wait_max_s=60.0, forget_after_s=900.0),
        by_address=Throttle(of_an_address, wait_first_s=10.0, wait_max_s=60.0),
        clock=clock,
    )
