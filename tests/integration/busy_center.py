"""A center at its busiest, to be killed: agents in conversation, callers on hold and in menus.

All phones and five of the callers are ends with sound of our own; they talk until they are told to
hang up, so that a gap in what they hear is seen. All other callers are SIPp's: they go through the
menu, wait, and are hung up on by whoever answers them. They come in batches, as a test wants them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from callcenter.demo.sip_counter import SipCall, read_calls
from callcenter.documents.files import flows_path
from callcenter.domain.customer import Tier
from callcenter.simulator.sip_far_ends import CallerPlan, SippCallers
from tests.far_ends.rtp_end import FLUSH_EVERY_S, Caller, Phone
from tests.far_ends.rtp_process import RtpEnds
from tests.far_ends.verdict import Story, read_stories
from tests.integration.asterisk import LOOPBACK, TRUNK_LOOPBACK, free_port, wait_until
from tests.integration.center_process import (
    DIALED,
    QUEUE,
    CenterProcess,
    Customer,
    Place,
    Site,
    Worker,
    open_site,
    write_config,
)

QUIET: Final = "quiet"
"""A queue that nobody calls: its agents stay as they are."""
WORKERS: Final = (
    Worker("ana", "1001", senior=True),
    Worker("ben", "1002", senior=True),
    Worker("cleo", "1003", senior=True),
    Worker("dan", "1004"),
    Worker("eve", "1005"),
    Worker("finn", "1006"),
    Worker("gus", "1007"),
    Worker("hana", "1008", queue=QUIET),
    Worker("ivan", "1009", queue=QUIET),
)
READY, ON_BREAK = "hana", "ivan"
AGENT_OF: Final = {worker.phone: worker.login for worker in WORKERS}
TALKERS: Final = tuple(f"+354777000{n}" for n in range(1, 6))
"""Callers who talk all the time."""
WAITING_MIN: Final = 10
"""On hold at a kill."""
RING_S: Final = 0.4
FILL_S: Final = 40.0
"""For enough callers to wait and to be in menus."""
FLOOD, FLOOD_EVERY_S = 16, 0.4
"""Callers with whom a test begins."""
TRICKLE, TRICKLE_EVERY_S = 4, 1.0
"""Callers who come after them: some are always in menus, and a few more than can be served."""
STAY_MS: Final = 300_000
"""Callers wait until they are served."""
PRECEDENCE: Final = -10
"""Nice value of a process that other programs must not delay."""
TIERS: Final = (Tier.STANDARD, Tier.GOLD, Tier.SILVER, None)
CALLERS_MAX: Final = 400
QUEUES: Final = (
    {"id": QUEUE, "ring_timeout_s": 5, "wrap_up_s": 8, "senior_hold_s": 4},
    {"id": QUIET},
)


def number_of(n: int) -> str:
    """The caller with this index."""
    return f"+354552{n:04d}"


def tier_of(number: str) -> Tier | None:
    """Callers of all tiers come in turn."""
    return None if number in TALKERS else TIERS[int(number[-4:]) % len(TIERS)]


@dataclass
class BusyCenter:
    """The site and everybody at its ends."""

    site: Site
    ends: RtpEnds
    rng: Random
    batches: list[SippCallers] = field(default_factory=list)
    _called: int = 0
    _coming_until: float = 0.0
    """When the last of the callers that are planned will call, UTC seconds."""

    @property
    def center(self) -> CenterProcess:
        """The service."""
        return self.site.center

    @property
    def folder(self) -> Path:
        """Where everything is written."""
        return self.site.folder

    # --- callers ------------------------------------------------------------------------------

    async def call(self, count: int, every_s: float) -> list[str]:
        """Have so many callers call, one after the other; returns their numbers."""
        numbers = [number_of(self._called + n) for n in range(count)]
        self._called += count
        key_s = self.site.prompt_s("greeting") + 1.0
        plans = [
            CallerPlan(
                number=number,
                dialed=DIALED,
                stay_ms=STAY_MS,
                start_ms=round(1000 * n * every_s),
                key="1",
                key_ms=round(1000 * key_s),
            )
            for n, number in enumerate(numbers)
        ]
        batch = await self.make_batch(self.folder / f"callers-{len(self.batches)}", plans)
        self.batches.append(batch)
        await batch.start()
        self._coming_until = max(self._coming_until, time.time() + (count - 1) * every_s)
        return numbers

    async def make_batch(self, folder: Path, plans: Sequence[CallerPlan]) -> SippCallers:
        """Callers who do not call yet."""
        return SippCallers(folder, plans, pbx=self.site.sip_at)

    async def wait_for_all(self, limit_s: float) -> None:
        """Until every caller of SIPp's has been served and has gone."""
        await asyncio.gather(*(batch.wait(limit_s) for batch in self.batches))

    async def begin_talking(self) -> None:
        """The talkers call, and are in conversation when this returns."""
        self.ends.call()

        async def all_talk() -> bool:
            board = await self.center.board()
            talking = {c["caller_number"] for c in board["calls"] if c["state"] == "connected"}
            return set(TALKERS) <= talking

        await wait_until(all_talk, "the talkers talk", FILL_S)

    # --- what the far ends say ----------------------------------------------------------------

    def stories(self) -> dict[str, Story]:
        """Every caller's story so far, by the far ends' traces."""
        traces = [batch.messages_path for batch in self.batches]
        traces = [trace for trace in [*traces, self.ends.callers_path] if trace.exists()]
        return read_stories(traces, [self.ends.phones_path], unreachable_s=float("inf"))

    def phone_calls(self) -> list[SipCall]:
        """Every call at the phones so far."""
        return read_calls(self.ends.phones_path)

    def talking_phones(self) -> dict[str, SipCall]:
        """Phone -> the call it has been talking on until now."""
        return {
            call.called: call
            for call in self.phone_calls()
            if call.answered_at is not None and call.ended_at is None
        }

    async def worst_gap_s(self, begin: float, end: float) -> float:
        """The longest that a talker or the agent heard nothing between two moments."""
        await wait_until(lambda: time.time() > end + 2 * FLUSH_EVERY_S, "the log is written")
        heard = self.ends.heard()
        ends = [call for call in read_calls(self.ends.callers_path) if call.caller in TALKERS]
        ends += [call for call in self.phone_calls() if call.caller in TALKERS]
        assert len(ends) == 2 * len(TALKERS)
        if heard.late:
            print(f"late themselves, at most {max(late for _, late in heard.late):.3f} s")
        return max(heard.gap_s(call.call_id, begin, end) for call in ends)

    # --- what the board says ------------------------------------------------------------------

    async def wait_until_busy(
        self,
        also: Callable[[dict[str, Any]], bool] = lambda board: True,
        *,
        not_before: float = 0.0,
    ) -> dict[str, Any]:
        """The board of a moment at which enough is going on: the last thing that was asked.

        Callers keep coming until then. ``not_before``: UTC seconds.
        """
        found: dict[str, Any] = {}

        async def is_busy() -> bool:
            if time.time() > self._coming_until:
                await self.call(TRICKLE, TRICKLE_EVERY_S)
            found.update(await self.center.board())
            return time.time() >= not_before and is_enough(found) and also(found)

        await wait_until(is_busy, "callers wait, talk and are in menus", FILL_S)
        return found


def in_state(board: dict[str, Any], *states: str) -> list[dict[str, Any]]:
    """The calls in these states, in the order of arrival."""
    return [call for call in board["calls"] if call["state"] in states]


def is_enough(board: dict[str, Any]) -> bool:
    """Whether the center is as busy as it is to be at a kill."""
    menus = [call for call in in_state(board, "in_ivr") if call["place"] == "menu"]
    talkers = [c for c in in_state(board, "connected") if c["caller_number"] in TALKERS]
    waiting = in_state(board, "waiting", "offered")
    return bool(menus) and len(waiting) >= WAITING_MIN and len(talkers) == len(TALKERS)


def waiting_order(calls: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    """Tier -> the numbers of those who wait, first come first."""
    order: dict[str, list[str]] = {}
    for call in sorted(calls, key=lambda call: float(call["queued_at"])):
        # The tier of who was met a moment ago may still be being looked up: it is known here.
        tier = tier_of(call["caller_number"])
        order.setdefault(tier or Tier.STANDARD, []).append(call["caller_number"])
    return order


async def _have_break(center: CenterProcess, site: Site) -> None:
    """One agent takes a break."""
    token = await center.sign_in(ON_BREAK, site.passwords[ON_BREAK])
    await center.ask("POST", "/agents/me/not-ready", token, {"reason": "break"})


def put_first(site: Site) -> None:
    """Give Asterisk precedence where we may: a PBX does not share its processor with tests."""
    pid = (site.pbx.directory / "pid").read_text().strip()
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, int(thread.name), PRECEDENCE)


def write_flows(folder: Path) -> Path:
    """The shipped flow in which who pressed a key that nobody took is asked again sooner."""
    flows = folder / "flows"
    flows.mkdir()
    service = (flows_path() / "service.yaml").read_text(encoding="utf-8")
    (flows / "service.yaml").write_text(service.replace("timeout_s: 5", "timeout_s: 2"))
    return flows


def list_customers() -> list[Customer]:
    """Those of the callers who are in the directory."""
    numbers = [number_of(n) for n in range(CALLERS_MAX)]
    return [Customer(n, tier) for n in numbers if (tier := tier_of(n)) is not None]


@asynccontextmanager
async def open_busy_center(folder: Path, seed: int, talk_s: float) -> AsyncIterator[BusyCenter]:
    """A center whose talkers talk; nobody else has called yet. ``talk_s``: with all others."""
    place = Place()
    ends = RtpEnds(
        folder / "ends",
        [Phone(worker.phone, ring_s=RING_S, talk_s=talk_s) for worker in WORKERS],
        [Caller(number, DIALED, n * 0.2, key_s=2.5) for n, number in enumerate(TALKERS)],
        phones_at=(LOOPBACK, free_port()),
        callers_at=(TRUNK_LOOPBACK, free_port()),
        pbx=(LOOPBACK, place.ports.sip),
    )
    flows = write_flows(folder)
    contacts = {worker.phone: ends.contact(worker.phone) for worker in WORKERS}
    config = write_config(folder, place, contacts, QUEUES, flows)
    async with ends, open_site(folder, config, WORKERS, list_customers(), seed) as site:
        busy = BusyCenter(site, ends, Random(seed))
        put_first(site)
        await _have_break(site.center, site)
        await busy.begin_talking()
        try:
            yield busy
        finally:
            await asyncio.gather(*(batch.stop() for batch in busy.batches))
