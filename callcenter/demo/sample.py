"""The sample center: a bank with a service line and a campaign. Everything is drawn from a seed;
nobody here exists."""

from __future__ import annotations

from pathlib import Path
from random import Random

import yaml
from msgspec import Struct

from callcenter.documents.customers_csv import CustomerRow
from callcenter.domain.agent import Seniority
from callcenter.domain.customer import Tier
from callcenter.settings import Settings, load_settings
from callcenter.simulator.asterisk_instance import TRUNK_LOOPBACK

REGION = "IS"
PBX, TRUNK = "main", "carrier"
QUEUE = "service"
DIALED = "5550100"
"""The service line's number."""
CUSTOMERS = 1_000

PROMPTS = {
    "greeting": "Welcome to the bank.",
    "main-menu": "For cards, press one.",
    "opening-hours": "We are open from nine to five.",
    "goodbye": "Good bye.",
    "safe-harbour": "The bank called. Nobody is free just now. Sorry.",
    "opted-out": "We shall not call again.",
}
"""Shorter than the shipped ones: a minute of demo is for queues."""
PROMPT_S = {
    "greeting": 1.3,
    "main-menu": 1.5,
    "opening-hours": 2.0,
    "goodbye": 0.7,
    "safe-harbour": 3.0,
    "opted-out": 1.5,
}
"""How long they are where nobody speaks them."""
MENU = "main-menu"

FIRST_NAMES = ("Anna", "Bjarki", "Dagný", "Einar", "Freyja", "Gunnar", "Hildur", "Ívar", "Katrín")
LAST_NAMES = ("Ösp", "Berg", "Dal", "Foss", "Holt", "Lind", "Strönd", "Vík")
NOTES = ("", "", "asks for statements by post", "prefers mornings", "has moved in spring")


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
    campaign: str = ""
    """The campaign worked for; empty: the service line."""

    @property
    def team(self) -> str:
        """Those on the service line are one team, those who work for the campaign another."""
        return OUTBOUND_TEAM if self.campaign else INBOUND_TEAM


class SampleQueue(Struct, frozen=True):
    """Shorter times than in life, so that much is seen in a minute."""

    ring_timeout_s: float = 6.0
    wrap_up_s: float = 8.0
    senior_hold_s: float = 5.0


INBOUND_TEAM, OUTBOUND_TEAM = "service-line", "outbound"
SENIOR, JUNIOR = Seniority.SENIOR, Seniority.JUNIOR
RENEWALS = "renewals"
AGENTS: tuple[SampleAgent, ...] = (
    SampleAgent("ana", "Ana Berg", SENIOR, Phone("1001", ring_s=0.8)),
    SampleAgent("ben", "Ben Holt", SENIOR, Phone("1002", ring_s=1.5)),
    SampleAgent("cara", "Cara Vík", JUNIOR, Phone("1003", ring_s=0.5)),
    SampleAgent("dan", "Dan Foss", JUNIOR, Phone("1004", ring_s=1.2)),
    SampleAgent("finn", "Finn Dal", JUNIOR, Phone("1005", "ignore")),
    SampleAgent("gus", "Gus Ösp", JUNIOR, Phone("1006", "reject", ring_s=0.6)),
    SampleAgent("hana", "Hana Strönd", JUNIOR, Phone("1007", "unreachable")),
    SampleAgent("eve", "Eve Lind", JUNIOR, Phone("1011", ring_s=0.8), RENEWALS),
    SampleAgent("ivar", "Ívar Holt", SENIOR, Phone("1012", ring_s=0.6), RENEWALS),
    SampleAgent("jana", "Jana Foss", JUNIOR, Phone("1013", ring_s=1.0), RENEWALS),
    SampleAgent("kari", "Kári Dal", JUNIOR, Phone("1014", ring_s=0.7), RENEWALS),
)
"""Played by programs. On the service line one lets it ring, one rejects, one has a phone that is
not there; four work for the campaign."""

VISITOR = SampleAgent("alex", "Alex Visitor", JUNIOR, Phone("1020", ring_s=1.5))
"""For whoever watches the demo: no program plays this one, only the phone picks up by itself."""


def make_customers(rng: Random, count: int = CUSTOMERS) -> list[CustomerRow]:
    """Customers of all tiers: a fifth gold, three tenths silver. Each has two numbers: the first
    they call from, the second, a mobile, is the one they are called at."""
    rows = []
    for n in range(count):
        tier = Tier.GOLD if n % 5 == 0 else Tier.SILVER if n % 10 in (1, 4, 7) else Tier.STANDARD
        value = {Tier.GOLD: 48_000, Tier.SILVER: 12_000, Tier.STANDARD: 1_500}[tier]
        rows.append(
            CustomerRow(
                row=n + 2,
                id=f"K{n:04d}",
                name=f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}",
                numbers=(f"+354555{2000 + n}", f"+354611{n:04d}"),
                tier=tier,
                value=round(value * rng.uniform(0.7, 1.4), 2),
                since=f"{rng.randint(2004, 2024)}-{rng.randint(1, 12):02d}-01",
                note=rng.choice(NOTES),
            )
        )
    return rows


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
    data = {
        "data_dir": "data",
        "region": REGION,
        "http": {"host": "127.0.0.1", "port": http_port},
        "pbxs": [
            {
                "name": PBX,
                "host": "127.0.0.1",
                "ami_port": ami_port,
                "phones": [{"number": agent.phone.number} for agent in agents],
                "trunks": [{"name": TRUNK, "host": TRUNK_LOOPBACK}],
            }
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
