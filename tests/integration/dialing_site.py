"""A campaign on a real Asterisk: agents on the line, SIPp's carrier behind the trunk, a tap on the
wire; and what the far ends say of every number.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

from callcenter.demo.sip_counter import SipCall, judge_dialed, read_calls
from callcenter.simulator.sip_carrier import CarrierNumber, SippCarrier
from callcenter.simulator.sip_carrier import NumberBehaviour as Behaviour
from callcenter.simulator.sip_far_ends import PhonePlan, SippPhones
from tests.far_ends.wire_tap import Heard, WireTap, listen_to
from tests.integration.asterisk import LOOPBACK, TRUNK_LOOPBACK, wait_until
from tests.integration.center_process import (
    QUEUE,
    CenterProcess,
    Place,
    Site,
    Worker,
    open_site,
    run_command,
    write_config,
)

CAMPAIGN: Final = "renewals"
AGENTS: Final = ("ana", "ben", "cleo", "dan", "eve", "finn")
WORKERS: Final = tuple(
    Worker(login, f"{1001 + n}", campaign=CAMPAIGN) for n, login in enumerate(AGENTS)
)
POWER: Final = {"pacing": "power", "lines_per_agent": 3}
"""Dials so far ahead that some people are dropped for sure."""
UNKNOWN: Final = "unknown"
"""A number that the carrier does not know."""
PEOPLE: Final = ("connected", "dropped")
HEARD_S_MIN: Final = 1.0
"""Of sound: the message has 2.8 s of it; agents are silent, and of a message whose first word was
already out when an agent took the person, a fifth of a second is heard."""
RING_S: Final = 15.0
HARBOUR_WAIT_S: Final = 1
TALK_MS: Final = (9_000, 12_000)
"""From the answer until a person hangs up, talking or not: longer than screening, wait and
message, so that who hears the message hears it out and the PBX hangs up."""
MACHINE_MS: Final = 30_000
SHARES: Final = {
    Behaviour.HUMAN: 10,
    Behaviour.MACHINE: 3,
    Behaviour.NO_ANSWER: 2,
    Behaviour.BUSY: 2,
    Behaviour.REJECTED: 2,
    Behaviour.CONGESTION: 1,
    Behaviour.HANGS_UP: 1,
    Behaviour.QUIET: 1,
    UNKNOWN: 2,
}
"""Of each 24 numbers. Nobody is wholly silent: detection takes so long over them that the carrier's
log cannot tell the message from a talk (tests/integration/test_dialing.py has them)."""
RESULT_OF: Final = {
    Behaviour.BUSY: "busy",
    Behaviour.REJECTED: "rejected",
    Behaviour.CONGESTION: "congestion",
    Behaviour.NO_ANSWER: "no_answer",
    Behaviour.MACHINE: "machine",
    Behaviour.HANGS_UP: "hung_up",
    UNKNOWN: "invalid_number",
}
"""What a behaviour must lead to; people are connected or dropped, as their agents are free."""
_SDP_PORT: Final = re.compile(r"^m=audio (\d+) ", re.M)


def draw_numbers(rng: Random, count: int, prefix: str = "+354611") -> dict[str, str]:
    """So many numbers and what each does, all kinds in their shares, in a random order."""
    kinds = [str(kind) for kind, share in SHARES.items() for _ in range(share)]
    drawn = [kinds[n % len(kinds)] for n in range(count)]
    rng.shuffle(drawn)
    return {f"{prefix}{n:04}": kind for n, kind in enumerate(drawn)}


def plans_of(rng: Random, numbers: dict[str, str]) -> list[CarrierNumber]:
    """What SIPp's carrier is told."""
    return [
        CarrierNumber(
            number,
            Behaviour(kind),
            ring_ms=rng.randint(200, 1500),
            talk_ms=MACHINE_MS if kind == Behaviour.MACHINE else rng.randint(*TALK_MS),
        )
        for number, kind in numbers.items()
        if kind != UNKNOWN
    ]


@dataclass
class DialingSite:
    """The site, its campaign and its far ends."""

    site: Site
    carrier: SippCarrier
    phones: SippPhones
    tap: WireTap
    numbers: dict[str, str]
    """Number -> what it does."""
    desk_phones: Sequence[str]

    @property
    def center(self) -> CenterProcess:
        """The service."""
        return self.site.center

    async def campaign(self) -> dict[str, Any]:
        """The campaign now."""
        view: dict[str, Any] = await self.center.get(f"/campaigns/{CAMPAIGN}")
        return view

    async def step(self, what: str) -> None:
        """Start, pause or drain it, as the manager."""
        token = await self.center.sign_in("sam", self.center.password)
        await self.center.ask("POST", f"/campaigns/{CAMPAIGN}/{what}", token)

    async def set_pacing(self, **settings: object) -> None:
        """Give the campaign these settings, as the manager."""
        token = await self.center.sign_in("sam", self.center.password)
        known = await self.center.ask("GET", f"/campaigns/{CAMPAIGN}/settings", token)
        await self.center.ask("PUT", f"/campaigns/{CAMPAIGN}", token, {**known, **settings})

    async def add_contacts(self, numbers: Sequence[str]) -> None:
        """Hand in a list of these."""
        await import_numbers(self.center.config, numbers)

    async def wait_until_all_dialed(self, limit_s: float) -> dict[str, Any]:
        """Until every number has its result."""
        view: dict[str, Any] = {}

        async def is_over() -> bool:
            view.update(await self.campaign())
            return bool(sum(view["results"].values()) >= len(self.numbers))

        await wait_until(is_over, "every number has a result", limit_s)
        return view

    async def attempts(self) -> list[dict[str, Any]]:
        """Every ended attempt, from the records."""
        rows: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = await self.center.get(
                f"/campaigns/{CAMPAIGN}/attempts", limit="100", cursor=cursor
            )
            rows += page["attempts"]
            cursor = page["next"]
            if not cursor:
                return rows

    # --- what the far ends say ----------------------------------------------------------------

    def calls(self) -> list[SipCall]:
        """Every call that came in at the carrier."""
        return read_calls(self.carrier.messages_path)

    def judge(self, call: SipCall, heard: Heard | None) -> str:
        """The result of a call, by the carrier's log and by what came over the wire.

        A talk may be as short as the message, and a machine without breath stretches the message:
        whether a person was dropped is told by what they heard, not by the length of the call.
        """
        said = judge_dialed(call, HARBOUR_WAIT_S, self.site.prompt_s("safe-harbour"))
        if said not in PEOPLE or heard is None:
            return said
        return "dropped" if heard.loud_s >= HEARD_S_MIN else "connected"

    def heard(self) -> dict[str, Heard]:
        """What was said and heard in each call that was answered, by Call-ID."""
        ports = self._media_ports()
        tapped = self.tap.read()
        return {
            call.call_id: listen_to(
                tapped,
                ports[call.call_id],
                call.answered_at,
                call.ended_at if call.ended_at is not None else float("inf"),
            )
            for call in self.calls()
            if call.answered_at is not None
        }

    def _media_ports(self) -> dict[str, int]:
        """The PBX's port of each call's sound, as its INVITEs say."""
        text = self.carrier.messages_path.read_text(encoding="utf-8", errors="replace")
        found: dict[str, int] = {}
        for block in text.split("-" * 47):
            port = _SDP_PORT.search(block)
            if "message received" in block and port is not None:
                call_id = re.search(r"^Call-ID: *(\S+)", block, re.M | re.I)
                assert call_id is not None
                found.setdefault(call_id[1], int(port[1]))
        return found

    def line_rings(self) -> dict[str, int]:
        """How often each agent's phone was rung."""
        rung = [number for number, _ in self.phones.invites()]
        return {phone: rung.count(phone) for phone in self.desk_phones}


def write_contacts(path: Path, numbers: Sequence[str]) -> None:
    """The list as a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("number", "name", "card"))
        rows.writerows((number, f"Person {number[-4:]}", "credit") for number in numbers)


async def import_numbers(config: Path, numbers: Sequence[str]) -> None:
    """Have the command line import a list of these."""
    path = config.with_name("contacts.csv")
    write_contacts(path, numbers)
    said = await run_command(
        *("import", "contacts", str(path), "--campaign", CAMPAIGN),
        *("--config", str(config), "--json"),
    )
    assert json.loads(said)["accepted"] == len(numbers)


async def add_campaign(
    center: CenterProcess, config: Path, numbers: Sequence[str], pacing: Mapping[str, object]
) -> None:
    """The campaign with its list, as a draft."""
    week = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    settings = {
        "name": "Card renewals",
        "pbx": "main",
        "trunk": "carrier",
        "caller_id": "+3545550100",
        **pacing,
        "ring_s": RING_S,
        "harbour_wait_s": HARBOUR_WAIT_S,
        "window": {"opens": "00:00", "closes": "24:00", "weekdays": week},
        "wrap_up_s": 10,
    }
    token = await center.sign_in("sam", center.password)
    await center.ask("PUT", f"/campaigns/{CAMPAIGN}", token, settings)
    await import_numbers(config, numbers)


@asynccontextmanager
async def open_dialing(
    folder: Path,
    seed: int,
    contacts: int,
    pacing: Mapping[str, object] = POWER,
    *,
    workers: Sequence[Worker] = WORKERS,
    later: Sequence[CarrierNumber] = (),
    people: Sequence[CarrierNumber] = (),
    phones_address: str = LOOPBACK,
) -> AsyncIterator[DialingSite]:
    """A center whose agents are on the line for a campaign that is not started yet. ``later``: what
    the carrier knows besides the list, to be handed in in the middle. ``people``: who is on the
    list, instead of those drawn. ``phones_address``: where agents have their phones, for a tap of
    their own."""
    rng = Random(seed)
    numbers = {one.number: str(one.behaviour) for one in people} or draw_numbers(rng, contacts)
    place = Place()
    plans = [*(people or plans_of(rng, numbers)), *later]
    carrier = SippCarrier(folder / "carrier", plans, port=place.trunk)
    desks = [PhonePlan(worker.phone) for worker in workers]
    phones = SippPhones(folder / "phones", desks, address=phones_address)
    queues = [{"id": QUEUE}]
    at = {worker.phone: phones.contact(worker.phone) for worker in workers}
    config = write_config(folder, place, at, queues)

    async def prepare(center: CenterProcess) -> None:
        await add_campaign(center, config, list(numbers), pacing)

    async with AsyncExitStack() as stack:
        tap = await stack.enter_async_context(WireTap(folder / "wire.log", TRUNK_LOOPBACK))
        await stack.enter_async_context(carrier)
        await stack.enter_async_context(phones)
        site = await stack.enter_async_context(
            open_site(folder, config, workers, [], seed, prepare)
        )
        desk_phones = [worker.phone for worker in workers]
        yield DialingSite(site, carrier, phones, tap, numbers, desk_phones)
