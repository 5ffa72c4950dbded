"""Accounts for tests, with passwords that are cheap to hash and a clock that is set by hand."""

from __future__ import annotations

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
