"""A center that takes calls and dials a campaign at once, with cables that can be cut.

The inbound half is `busy_center`'s: talkers, callers on hold and in menus. The other half is a
campaign of `dialing_site`'s numbers with three agents on the line. Between service and Asterisk,
and between Asterisk and the telephone network, stands `tests.far_ends.link_proxy`. The service's
files are in a folder of its own, which may be a small disk.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from callcenter.demo.sip_counter import SipCall, read_calls
from callcenter.simulator.sip_carrier import SippCarrier
from callcenter.simulator.sip_far_ends import CallerPlan, PhonePlan, SippCallers, SippPhones
from tests.far_ends.link_proxy import LinkProxy
from tests.far_ends.postgresql_server import PostgresqlServer
from tests.far_ends.rtp_end import Caller, Phone
from tests.far_ends.rtp_process import RtpEnds
from tests.far_ends.verdict import Story, read_stories
from tests.integration.asterisk import LOOPBACK, TRUNK_LOOPBACK, free_port
from tests.integration.busy_center import (
    FLOOD,
    FLOOD_EVERY_S,
    QUEUES,
    RING_S,
    TALKERS,
    BusyCenter,
    list_customers,
    put_first,
    write_flows,
)
from tests.integration.center_process import (
    DIALED,
    CenterProcess,
    Place,
    Worker,
    open_site,
    write_config,
)
from tests.integration.dialing_site import CAMPAIGN, add_campaign, draw_numbers, plans_of

AMI: Final = "ami"
SIP: Final = "sip"
"""The cables: service to Asterisk, and Asterisk to the telephone network (callers and carrier)."""
INBOUND: Final = (
    Worker("ana", "1001", senior=True),
    Worker("ben", "1002", senior=True),
    Worker("cleo", "1003", senior=True),
    Worker("dan", "1004"),
    Worker("eve", "1005"),
    Worker("finn", "1006"),
    Worker("gus", "1007"),
)
DIALING: Final = tuple(
    Worker(login, f"{1011 + n}", campaign=CAMPAIGN)
    for n, login in enumerate(("kate", "liam", "mia"))
)
NUMBERS: Final = 300
"""More than are dialed while a test runs."""
PACING: Final = {"pacing": "power", "lines_per_agent": 2.0}
TALK_S: Final = 2.0
UNDER_WAY_MIN: Final = 1
"""Numbers being dialed, ringing or screened when something breaks."""
BUSY_S: Final = 60.0
DISK_BYTES: Final = 48 * 2**20
"""Of a small disk: room for an hour of such a center."""
DATABASE: Final = "center"


@dataclass
class FaultySite(BusyCenter):
    """The busy center, its campaign, and what can be broken."""

    # What `BusyCenter` has comes before, with defaults: so these have some too.
    links: LinkProxy = field(default_factory=LinkProxy)
    carrier: SippCarrier = field(kw_only=True)
    line_phones: SippPhones = field(kw_only=True)
    numbers: dict[str, str] = field(kw_only=True)
    """Number of the campaign's list -> what it does."""
    disk: Path = field(kw_only=True)
    """Where the service writes."""
    database: PostgresqlServer | None = None

    async def make_batch(self, folder: Path, plans: Sequence[CallerPlan]) -> SippCallers:
        """Callers behind the cable."""
        port, shown = free_port(), free_port()
        at = (TRUNK_LOOPBACK, shown)
        await self.links.open_udp(SIP, at, self.site.sip_at, (TRUNK_LOOPBACK, port))
        return SippCallers(folder, plans, pbx=at, port=port)

    async def campaign(self) -> dict[str, Any]:
        """The campaign now."""
        view: dict[str, Any] = await self.center.get(f"/campaigns/{CAMPAIGN}")
        return view

    async def step_campaign(self, what: str) -> None:
        """Start, pause or drain it, as the manager."""
        token = await self.center.sign_in("sam", self.center.password)
        await self.center.ask("POST", f"/campaigns/{CAMPAIGN}/{what}", token)

    async def wait_for_moment(self, not_before: float = 0.0) -> dict[str, Any]:
        """A moment at which callers wait, talk and are in menus, somebody is being dialed and an
        agent talks with somebody who was: the last thing that was asked. Its counts."""
        seen: dict[str, Any] = {}
        deadline = time.time() + BUSY_S
        while True:
            board = await self.wait_until_busy(not_before=not_before)
            view = await self.campaign()
            under_way = view["dialing"] + view["ringing"] + view["screening"]
            seen.update(
                menus=sum(c["state"] == "in_ivr" for c in board["calls"]),
                waiting=sum(c["state"] in ("waiting", "offered") for c in board["calls"]),
                talking=sum(c["state"] == "connected" for c in board["calls"]),
                dialed=under_way,
            )
            if under_way >= UNDER_WAY_MIN and view["agents_talking"]:
                return seen
            assert time.time() < deadline, f"nobody is dialed: {view}"

    # --- what the far ends say ----------------------------------------------------------------

    def stories(self) -> dict[str, Story]:
        """Every caller's story so far, by the far ends' traces."""
        traces = [batch.messages_path for batch in self.batches]
        traces = [trace for trace in [*traces, self.ends.callers_path] if trace.exists()]
        phones = [self.ends.phones_path]
        dialed = dict.fromkeys([*self.numbers, *(number.lstrip("+") for number in self.numbers)])
        return read_stories(traces, phones, unreachable_s=float("inf"), dialed=dialed)

    def dialed_calls(self) -> list[SipCall]:
        """Every call that came in at the carrier."""
        return read_calls(self.carrier.messages_path)

    def line_calls(self) -> list[SipCall]:
        """Every call at the phones of the campaign's agents."""
        return read_calls(self.line_phones.messages_path)


# --- a small disk ---------------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A disk of its own at this folder; says whether there is one: not everybody may mount."""
    folder.mkdir(parents=True)
    options = f"size={DISK_BYTES},mode=700"
    mount = [shutil.which("mount") or "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    is_there = os.geteuid() == 0 and subprocess.run(mount, check=False).returncode == 0
    try:
        yield is_there
    finally:
        if is_there:
            umount = shutil.which("umount") or "umount"
            subprocess.run([umount, "-l", str(folder)], check=True)


# --- the whole site -------------------------------------------------------------------------------


@asynccontextmanager
async def open_faulty_site(
    folder: Path, seed: int, disk: Path, database: PostgresqlServer | None = None
) -> AsyncIterator[FaultySite]:
    """A site at which talkers talk, callers come and the campaign dials. ``disk``: an empty folder
    for the service."""
    rng = Random(seed)
    ami_port = free_port()
    place = Place()
    numbers = draw_numbers(rng, NUMBERS)
    carrier = SippCarrier(folder / "carrier", plans_of(rng, numbers))
    line_phones = SippPhones(folder / "lines", [PhonePlan(worker.phone) for worker in DIALING])
    callers_at, callers_shown = (TRUNK_LOOPBACK, free_port()), (TRUNK_LOOPBACK, free_port())
    ends = RtpEnds(
        folder / "ends",
        [Phone(worker.phone, ring_s=RING_S, talk_s=TALK_S) for worker in INBOUND],
        [Caller(number, DIALED, n * 0.2, key_s=2.5) for n, number in enumerate(TALKERS)],
        phones_at=(LOOPBACK, free_port()),
        callers_at=callers_at,
        pbx=callers_shown,
    )
    contacts = {worker.phone: ends.contact(worker.phone) for worker in INBOUND}
    contacts |= {worker.phone: line_phones.contact(worker.phone) for worker in DIALING}
    url = ""
    if database is not None:
        await database.create(DATABASE)
        url = database.url(DATABASE)
    config = write_config(disk, place, contacts, QUEUES, write_flows(folder), url)

    async def prepare(center: CenterProcess) -> None:
        await add_campaign(center, config, list(numbers), PACING)

    pbx = (LOOPBACK, place.ports.sip)
    async with AsyncExitStack() as stack:
        links = await stack.enter_async_context(LinkProxy())
        await links.open_tcp(AMI, (LOOPBACK, place.ports.ami), (LOOPBACK, ami_port))
        trunk_at, carrier_at = (TRUNK_LOOPBACK, place.trunk), (TRUNK_LOOPBACK, carrier.port)
        await links.open_udp(SIP, trunk_at, pbx, carrier_at)
        await links.open_udp(SIP, callers_shown, pbx, callers_at)
        for far_end in (carrier, line_phones, ends):
            await stack.enter_async_context(far_end)
        workers = [*INBOUND, *DIALING]
        site = await stack.enter_async_context(
            open_site(folder, config, workers, list_customers(), seed, prepare, ami_port)
        )
        faulty = FaultySite(
            site,
            ends,
            rng,
            links=links,
            carrier=carrier,
            line_phones=line_phones,
            numbers=numbers,
            disk=disk,
            database=database,
        )
        put_first(site)
        await faulty.begin_talking()
        await faulty.step_campaign("start")
        await faulty.call(FLOOD, FLOOD_EVERY_S)
        try:
            yield faulty
        finally:
            await asyncio.gather(*(batch.stop() for batch in faulty.batches))
