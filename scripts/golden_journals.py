"""Makes the golden journals of this machine version: `python scripts/golden_journals.py`.

Plays small seeded stories in the simulator and writes what the machine was told and what it decided
to tests/fixtures/journals/, with a hash of every state on the way; and one snapshot, which later
versions must be able to read. Those of versions that are still read are kept, older ones removed.
Twice the same command writes the same bytes. When to run it: tests/fixtures/journals/README.md.
"""

from __future__ import annotations

import gzip
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from callcenter.core.machine import MACHINE_VERSION
from callcenter.core.migrations import MIGRATES_FROM
from callcenter.domain.agent import AgentProfile
from callcenter.domain.campaign import HopperRow
from callcenter.domain.center import Center, Queue
from callcenter.domain.customer import Tier
from callcenter.domain.events import ServiceStarted
from callcenter.domain.step import Entry
from callcenter.service.recovery import machine_at
from callcenter.simulator.contact_list import ContactList
from callcenter.simulator.day import Setting, SimulatedDay
from callcenter.simulator.desktops import DesktopHabits
from callcenter.simulator.exchange import PbxSettings
from callcenter.simulator.faults import Fault
from callcenter.simulator.faulty_day import FaultyDay
from callcenter.simulator.people import Customer, PhoneHabits, Population
from callcenter.simulator.sessions import leader_account
from callcenter.simulator.simulation import BEGIN, CAMPAIGN, FLOW, Scenario, make_day
from callcenter.simulator.world import World

FOLDER = Path(__file__).parent.parent / "tests" / "fixtures" / "journals"
INDEX = "expected.json"
SNAPSHOT = "snapshot-of-version-{}.msgpack"
STORY_S = 420.0
"""Of the two stories in which nothing goes wrong."""
FAULTY_HOURS = 0.2
STARTS_MIN = 2
FAULTY_SEEDS = range(4, 100)
"""The first in which the service is restarted twice: which it is changes with the decisions."""
SNAPSHOT_AT_S = 300.0
"""The snapshot is of the first second after this, in the campaign's story, in which people are
being dialed and others talk."""


class Recorded(FaultyDay):
    """A faulty day that keeps every entry, those that a power cut took excepted."""

    def __init__(
        self, setting: Setting, world: World, contacts: ContactList, faults: tuple[Fault, ...]
    ) -> None:
        self.kept: list[Entry] = []
        super().__init__(setting, world, contacts, faults)

    def journal(self, entry: Entry) -> None:
        """Keep it; one of its position that was lost is replaced."""
        while self.kept and self.kept[-1].position >= entry.position:
            self.kept.pop()
        self.kept.append(entry)
        super().journal(entry)


def play_calm(seed: int, *, dials: bool, until_s: float = STORY_S) -> SimulatedDay:
    """A little center on a good day: callers and agents, or a campaign."""
    phones = {f"{1001 + n}": PhoneHabits(answer_after_s=(1.0, 6.0)) for n in range(3)}
    world = World(
        seed, BEGIN, PbxSettings(phones=tuple(phones)), (leader_account("secret"),), phones=phones
    )
    center = Center(
        queues=(
            Queue("service", ring_timeout_s=12.0, wrap_up_s=20.0, senior_hold_s=20.0),
            Queue("sales", ring_timeout_s=15.0, wrap_up_s=30.0, senior_hold_s=10.0),
        ),
        flows=(FLOW,),
        numbers={"*": FLOW.id},
        phones=dict.fromkeys(phones, "main"),
        default_queue="service",
        region="IS",
    )
    habits = DesktopHabits(campaign=CAMPAIGN.id if dials else "", forget_share=0.1)
    agents = tuple(
        (AgentProfile(f"agent{n}", ("service", "sales")), phone, habits)
        for n, phone in enumerate(phones)
    )
    tiers = {f"+354555{n:04d}": tuple(Tier)[n % 3] for n in range(30)}
    contacts = ContactList()
    rows = (HopperRow(str(n), f"+3546{n:06}", ("Atlantic/Reykjavik",)) for n in range(60))
    contacts.add(CAMPAIGN.id, tuple(rows))
    setting = Setting(seed, center, agents, tiers, (CAMPAIGN,) if dials else ())
    day = SimulatedDay(setting, world, contacts)
    if not dials:
        world.open_lines(
            Population(
                dialed=("7000",),
                rate_per_s=0.06,
                customers=tuple(Customer(number, tier) for number, tier in tiers.items()),
                menus={"cc/menu": {"1": 6.0, "2": 3.0, "9": 1.0, "": 1.0}},
                talk_s_mean=40.0,
            )
        )
    day.run(BEGIN + until_s)
    return day


def play_faulty() -> Recorded:
    """Callers and a campaign in a world in which everything goes wrong, restarts included."""
    for seed in FAULTY_SEEDS:
        scenario = Scenario(seed, FAULTY_HOURS, 4, "all")
        day = make_day(scenario, scenario.plan(), Recorded)
        assert isinstance(day, Recorded)
        day.run(BEGIN + FAULTY_HOURS * 3600.0)
        if sum(isinstance(entry.event, ServiceStarted) for entry in day.kept) > STARTS_MIN:
            return day
    raise SystemExit(f"no seed of {FAULTY_SEEDS} restarts the service {STARTS_MIN} times")


def play_midst() -> SimulatedDay:
    """The campaign's story, stopped where much is under way."""
    day = play_calm(2, dials=True, until_s=SNAPSHOT_AT_S)
    while not (len(day.state.calls) and len(day.state.attempts) > len(day.state.calls)):
        day.run(day.world.now + 1.0)
    return day


def main() -> int:
    """Write all files; say what was written."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    inbound, campaign = play_calm(1, dials=False), play_calm(2, dials=True)
    faulty = play_faulty()
    stories = {
        "inbound": (inbound.state.journal, inbound.entries),
        "campaign": (campaign.state.journal, campaign.entries),
        "faults": (faulty.state.journal, faulty.kept),
    }
    expected: dict[str, object] = {"machine_version": MACHINE_VERSION}
    for name, (journal, entries) in stories.items():
        data = gzip.compress(msgspec.msgpack.encode(entries), mtime=0)
        (FOLDER / f"{name}.entries.gz").write_bytes(data)
        found = hash_states(journal, entries)
        expected[name] = {
            "journal": journal,
            "entries": len(entries),
            "states_hash": found,
        }
        print(f"{name}: {len(entries)} entries, {len(data)} bytes, states {found}")
    index = msgspec.json.format(msgspec.json.encode(expected), indent=2)
    (FOLDER / INDEX).write_bytes(index + b"\n")
    midst = play_midst()
    kept = [SNAPSHOT.format(version) for version in (*MIGRATES_FROM, MACHINE_VERSION)]
    for old in FOLDER.glob(SNAPSHOT.format("*")):
        if old.name not in kept:
            old.unlink()
    (FOLDER / SNAPSHOT.format(MACHINE_VERSION)).write_bytes(midst.state.encode())
    return 0


def hash_states(journal: str, entries: Sequence[Entry]) -> str:
    """Step these entries; a hash of all states that they lead to, one after the other."""
    machine, digest = machine_at(journal, None), hashlib.blake2b(digest_size=16)
    for entry in entries:
        machine.handle(entry.event, entry.now)
        digest.update(machine.state.encode())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
