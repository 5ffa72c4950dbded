"""The sample center: a bank's service line. Everything is drawn from a seed; nobody here exists."""

from __future__ import annotations

from pathlib import Path
from random import Random

import yaml
from msgspec import Struct

from callcenter.documents.customers_csv import CustomerRow
from callcenter.domain.agent import Seniority
from callcenter.domain.customer import Tier
from callcenter.settings import Settings, load_settings

REGION = "IS"
QUEUE = "service"
DIALED = "5550100"
"""The service line's number."""
CUSTOMERS = 60
KNOWN_SHARE = 0.75
"""Calls from customers; the others are strangers."""
CALLS_PER_AGENT_MINUTE = 2.2
"""Some more than eight agents can take at once: there must be waiting to be seen."""

PROMPTS = {
    "greeting": "Welcome to the bank.",
    "main-menu": "For cards, press one.",
    "opening-hours": "We are open from nine to five.",
    "goodbye": "Good bye.",
}
"""Shorter than the shipped ones: a minute of demo is for queues."""
PROMPT_S = {"greeting": 1.3, "main-menu": 1.5, "opening-hours": 2.0, "goodbye": 0.7}
"""How long they are where nobody speaks them."""
MENU = "main-menu"

FIRST_NAMES = ("Anna", "Bjarki", "Dagný", "Einar", "Freyja", "Gunnar", "Hildur", "Ívar", "Katrín")
LAST_NAMES = ("Ösp", "Berg", "Dal", "Foss", "Holt", "Lind", "Strönd", "Vík")


class Phone(Struct, frozen=True):
    """What an agent's telephone does when it rings."""

    number: str
    behaviour: str = "answer"
    """``answer``, ``reject``, ``ignore`` or ``unreachable``."""
    ring_s: float = 1.0
    """How long it rings before that."""


class SampleAgent(Struct, frozen=True):
    """One agent and the phone on the desk."""

    login: str
    name: str
    seniority: Seniority
    phone: Phone


class SampleCaller(Struct, frozen=True):
    """One call that will come in. Times in seconds."""

    number: str
    tier: Tier | None
    """None: a stranger."""
    at_s: float
    """After the lines have opened."""
    stay_s: float
    """Hangs up that long after the PBX has answered, whatever has happened by then."""
    key: str = "1"
    key_after_s: float = 1.0
    """After the menu's prompt has begun."""


class SampleQueue(Struct, frozen=True):
    """Shorter times than in life, so that much is seen in a minute."""

    ring_timeout_s: float = 6.0
    wrap_up_s: float = 8.0
    senior_hold_s: float = 5.0


AGENTS: tuple[SampleAgent, ...] = (
    SampleAgent("ana", "Ana Berg", Seniority.SENIOR, Phone("1001", ring_s=0.8)),
    SampleAgent("ben", "Ben Holt", Seniority.SENIOR, Phone("1002", ring_s=1.5)),
    SampleAgent("cara", "Cara Vík", Seniority.JUNIOR, Phone("1003", ring_s=0.5)),
    SampleAgent("dan", "Dan Foss", Seniority.JUNIOR, Phone("1004", ring_s=1.2)),
    SampleAgent("eve", "Eve Lind", Seniority.JUNIOR, Phone("1005", ring_s=2.0)),
    SampleAgent("finn", "Finn Dal", Seniority.JUNIOR, Phone("1006", "ignore")),
    SampleAgent("gus", "Gus Ösp", Seniority.JUNIOR, Phone("1007", "reject", ring_s=0.6)),
    SampleAgent("hana", "Hana Strönd", Seniority.JUNIOR, Phone("1008", "unreachable")),
)
"""Eight agents: one lets it ring, one rejects, one has a phone that is not there."""


def make_customers(rng: Random, count: int = CUSTOMERS) -> list[CustomerRow]:
    """Customers of all tiers: a fifth gold, three tenths silver."""
    rows = []
    for n in range(count):
        tier = Tier.GOLD if n % 5 == 0 else Tier.SILVER if n % 10 in (1, 4, 7) else Tier.STANDARD
        value = {Tier.GOLD: 48_000, Tier.SILVER: 12_000, Tier.STANDARD: 1_500}[tier]
        rows.append(
            CustomerRow(
                row=n + 2,
                id=f"K{n:04d}",
                name=f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}",
                numbers=(f"+35455520{n:02d}",),
                tier=tier,
                value=round(value * rng.uniform(0.7, 1.4), 2),
                since=f"{rng.randint(2004, 2024)}-{rng.randint(1, 12):02d}-01",
                note=rng.choice(("", "", "asks for statements by post", "prefers mornings")),
            )
        )
    return rows


def make_callers(
    rng: Random, customers: list[CustomerRow], window_s: float, count: int
) -> list[SampleCaller]:
    """Callers who come within a window; each customer calls at most once in it.

    Some leave in the menu, some lose patience on hold; the others stay long enough for an agent.
    """
    known = rng.sample(customers, min(len(customers), round(count * KNOWN_SHARE)))
    numbers: list[tuple[str, Tier | None]] = [(c.numbers[0], c.tier) for c in known]
    numbers += [(f"+35466610{n:02d}", None) for n in range(count - len(known))]
    rng.shuffle(numbers)
    callers = []
    for n, (number, tier) in enumerate(numbers):
        kind = "menu" if n % 16 == 7 else "hasty" if n % 8 == 3 else "patient"
        stay_s = {"menu": (1.0, 2.5), "hasty": (6.0, 9.0), "patient": (14.0, 26.0)}[kind]
        callers.append(
            SampleCaller(
                number=number,
                tier=tier,
                at_s=round((n + rng.random()) * window_s / count, 3),
                stay_s=round(rng.uniform(*stay_s), 3),
                key_after_s=round(rng.uniform(0.5, 2.0), 3),
            )
        )
    return callers


def write_config(
    folder: Path,
    *,
    http_port: int,
    ami_port: int,
    agents: tuple[SampleAgent, ...] = AGENTS,
    queue: SampleQueue | None = None,
    pbx: dict[str, object] | None = None,
) -> Path:
    """Write the sample center's config file; ``pbx`` adds to the PBX's settings."""
    queue = queue or SampleQueue()
    phones = [{"number": agent.phone.number} for agent in agents]
    data = {
        "data_dir": "data",
        "region": REGION,
        "http": {"host": "127.0.0.1", "port": http_port},
        "pbxs": [
            {"name": "main", "host": "127.0.0.1", "ami_port": ami_port, "phones": phones}
            | (pbx or {})
        ],
        "queues": [
            {
                "id": QUEUE,
                "ring_timeout_s": queue.ring_timeout_s,
                "wrap_up_s": queue.wrap_up_s,
                "senior_hold_s": queue.senior_hold_s,
            }
        ],
        "default_queue": QUEUE,
        "numbers": {"*": "service"},
    }
    path = folder / "callcenter.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return path


def read_config(path: Path) -> Settings:
    """The settings of a written config file."""
    return load_settings(path)
