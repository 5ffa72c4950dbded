"""What is broken on a running center, how it is mended, and what must be so in between.

Each fault is a function that breaks one thing for a while; what became of everybody is judged
afterwards by `test_faults`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.integration.asterisk import wait_until
from tests.integration.busy_center import put_first
from tests.integration.busy_verdict import NEVER, NativeQueue
from tests.integration.center_process import CenterProcess
from tests.integration.faulty_site import AMI, SIP, FaultySite

RESTART_S: Final = 1.0
"""From the death of something to its next start."""
STOPPED_S: Final = 30.0
LATE_S: Final = 2.0
"""For a service that goes on to read what has happened meanwhile."""
CUT_S: Final = 5.0
NOTICE_S: Final = 20.0
"""For the service to see that a link is dead: 10 s, and what a busy machine adds."""
FROZEN_MORE_S: Final = 2.0
"""That a link stays frozen after the service has seen it: its first new attempts are in vain."""
SIP_FROZEN_S: Final = 20.0
SIP_CUT_S: Final = 8.0
AWAY_S: Final = 10.0
"""Of the database, and of room on the disk."""
BACK_S: Final = 40.0
"""For the service to command a PBX again: its attempts are up to 10 s apart."""
CAUGHT_UP_S: Final = 30.0
CHUNK: Final = 65_536


@dataclass
class Window:
    """When something was broken, and what was seen meanwhile."""

    began_at: float
    mended_at: float
    deaf: tuple[float, float] = NEVER
    """From when until when nobody could be told that their call is over."""
    sip_frozen: tuple[float, float] = NEVER
    """From when until when no SIP reached callers and carrier."""
    undialed: tuple[float, float] = NEVER
    """From when until when nothing may be dialed."""
    says: str = ""
    """For the table: what was seen besides."""


@dataclass(frozen=True)
class Fault:
    """One line of the table."""

    name: str
    do: Callable[[FaultySite], Awaitable[Window]]
    pbx_dies: bool = False
    has_database: bool = False
    """Whether the records are kept by a PostgreSQL server."""
    has_small_disk: bool = False
    faults_named: tuple[str, ...] = field(default=())
    """Kinds of faults that the service may count of it."""


# --- looking --------------------------------------------------------------------------------------


async def has_link(center: CenterProcess) -> bool:
    """Whether the service says that it commands the PBX."""
    return all((await center.health())["links"].values())


async def wait_for_link(center: CenterProcess, is_up: bool, limit_s: float) -> None:
    """Until the service says so."""

    async def is_so() -> bool:
        return await has_link(center) is is_up

    await wait_until(
        is_so, f"the service says that its link is {'up' if is_up else 'down'}", limit_s
    )


async def wait_for_leader(center: CenterProcess, limit_s: float = BACK_S) -> None:
    """Until the service answers and commands the PBX, whatever it said before."""

    async def is_so() -> bool:
        try:
            return await center.is_leading()
        except aiohttp.ClientError:
            return False

    await wait_until(is_so, "the service leads", limit_s)


# --- processes ------------------------------------------------------------------------------------


async def kill_service(site: FaultySite) -> Window:
    """SIGKILL, and a new start."""
    began_at = site.center.kill()
    await asyncio.sleep(RESTART_S)
    mended_at = time.time()
    await site.center.start()
    return Window(began_at, mended_at)


async def stop_service(site: FaultySite) -> Window:
    """SIGSTOP for 30 s: it is dead for everybody but itself. Then it goes on."""
    began_at = site.center.signal(signal.SIGSTOP)
    native = NativeQueue(site)
    try:
        await native.look_until(began_at + STOPPED_S)
    finally:
        mended_at = site.center.signal(signal.SIGCONT)
    assert native.entered_at, "nobody was handed to the native queue"
    # Who had talked heard music until the service went on, and was then hung up on.
    deaf = (began_at, mended_at + LATE_S)
    says = f"{len(native.entered_at)} in the native queue"
    return Window(began_at, mended_at, deaf=deaf, says=says)


async def kill_pbx(site: FaultySite) -> Window:
    """SIGKILL of Asterisk, and a new start. Its calls die with it."""
    pid_file = site.site.pbx.directory / "pid"
    os.kill(int(pid_file.read_text()), signal.SIGKILL)
    began_at = time.time()
    await wait_for_link(site.center, False, NOTICE_S)
    # Nobody tells the far ends: who heard from us is still waiting.
    site.ends.hang_up()
    await asyncio.gather(*(batch.stop() for batch in site.batches))
    board = await site.center.board()
    await site.site.pbx.start()
    put_first(site.site)
    mended_at = time.time()
    await wait_for_link(site.center, True, BACK_S)
    known = {call["id"] for call in board["calls"]}

    async def have_ended() -> bool:
        return not known & {call["id"] for call in (await site.center.board())["calls"]}

    await wait_until(have_ended, "the calls of the dead PBX have ended", BACK_S)
    return Window(began_at, mended_at, undialed=(began_at + 0.5, mended_at))


# --- cables ---------------------------------------------------------------------------------------


async def cut_ami(site: FaultySite) -> Window:
    """The connection is reset, and refused for a while."""
    await site.links.cut(AMI)
    began_at = time.time()
    await wait_for_link(site.center, False, NOTICE_S)
    await asyncio.sleep(CUT_S)
    mended_at = time.time()
    await site.links.mend(AMI)
    await wait_for_link(site.center, True, BACK_S)
    return Window(began_at, mended_at, undialed=(began_at + 0.5, mended_at))


async def freeze_ami(site: FaultySite) -> Window:
    """Nothing comes or goes and nobody is told: the service has to notice by itself, and to end its
    own old session, which Asterisk believes alive."""
    await site.links.freeze(AMI)
    began_at = time.time()
    await wait_for_link(site.center, False, NOTICE_S)
    noticed_s = time.time() - began_at
    await asyncio.sleep(FROZEN_MORE_S)
    mended_at = time.time()
    await site.links.mend(AMI)
    await wait_for_link(site.center, True, BACK_S)
    says = f"noticed after {noticed_s:.1f} s"
    return Window(began_at, mended_at, undialed=(began_at + 0.5, mended_at), says=says)


async def _break_sip(site: FaultySite, how: Callable[[str], Awaitable[None]], s: float) -> Window:
    await how(SIP)
    began_at = time.time()
    before = await site.campaign()
    await asyncio.sleep(s)
    assert await has_link(site.center)
    during = await site.campaign()
    mended_at = time.time()
    await site.links.mend(SIP)
    placed = during["placed"] - before["placed"]
    # Repeats of what was lost come at most 4 s apart (RFC 3261, T2); an INVITE's up to 16 s.
    frozen = (began_at, mended_at + 4.5)
    says = f"{placed} attempts meanwhile"
    return Window(began_at, mended_at, deaf=frozen, sip_frozen=frozen, says=says)


async def freeze_sip(site: FaultySite) -> Window:
    """No SIP reaches callers and carrier, and none comes from them."""
    return await _break_sip(site, site.links.freeze, SIP_FROZEN_S)


async def cut_sip(site: FaultySite) -> Window:
    """The same, and the system says that nobody is there."""
    return await _break_sip(site, site.links.cut, SIP_CUT_S)


# --- what is written ------------------------------------------------------------------------------


async def kill_database(site: FaultySite) -> Window:
    """The records' server dies, and is started again after a while."""
    assert site.database is not None
    site.database.kill()
    began_at = time.time()
    rung = len(site.phone_calls())
    await asyncio.sleep(AWAY_S)
    lag = (await site.center.health())["projector_lag"]
    assert lag, "records were written without a database"
    rung = len(site.phone_calls()) - rung
    assert rung, "no phone was rung while the database was away"
    site.database.start()
    mended_at = time.time()

    async def has_caught_up() -> bool:
        return bool((await site.center.health())["projector_lag"] < lag / 2)

    await wait_until(has_caught_up, "the records catch up", CAUGHT_UP_S)
    caught_up_s = time.time() - mended_at
    says = f"{rung} rings meanwhile, {lag} entries behind, caught up in {caught_up_s:.1f} s"
    return Window(began_at, mended_at, says=says)


async def fill_disk(site: FaultySite) -> Window:
    """Journal, database and log of the service have no room; then they have some again."""
    with _full(site) as made_room:
        health: dict[str, Any] = {}

        async def is_loud() -> bool:
            health.update(await site.center.health())
            return health["journal_ok"] is False

        await wait_until(is_loud, "the service says that it cannot write its journal", NOTICE_S)
        assert health["status"] != "ok"
        began_at = time.time()
        rung = len(site.phone_calls())
        await asyncio.sleep(AWAY_S)
        rung = len(site.phone_calls()) - rung
        assert rung, "no phone was rung while the disk was full"
        assert (await site.center.health())["journal_ok"] is False
        mended_at = time.time()
        made_room()

    async def is_written() -> bool:
        return bool((await site.center.health())["journal_ok"])

    await wait_until(is_written, "the journal is written again", NOTICE_S)
    dialed = sum(began_at < call.invited_at < mended_at for call in site.dialed_calls())
    says = f"{rung} rings meanwhile, {dialed} numbers dialed"
    return Window(began_at, mended_at, undialed=(began_at + 1.0, mended_at), says=says)


class _full(contextlib.AbstractContextManager[Callable[[], None]]):  # noqa: N801 - reads as a word
    """No room for the service until what it gives is called, or it is left.

    On a small disk a file takes all of it. Where nobody may mount one the service's process is not
    allowed to make its files longer: it fails in the same places with EFBIG for ENOSPC.
    """

    def __init__(self, site: FaultySite) -> None:
        self._ballast = site.disk / "ballast"
        self._is_mounted = site.disk.is_mount()
        assert site.center.process is not None
        self._pid = site.center.process.pid
        self._journal = site.center.journal

    def __enter__(self) -> Callable[[], None]:
        if self._is_mounted:
            _fill(self._ballast)
        else:
            longest = max(path.stat().st_size for path in self._journal.iterdir())
            resource.prlimit(self._pid, resource.RLIMIT_FSIZE, (longest, resource.RLIM_INFINITY))
        return self._make_room

    def __exit__(self, *_: object) -> None:
        self._make_room()

    def _make_room(self) -> None:
        self._ballast.unlink(missing_ok=True)
        if not self._is_mounted:
            unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(self._pid, resource.RLIMIT_FSIZE, unlimited)


def _fill(path: Path) -> None:
    """Write until not one byte more has room."""
    with path.open("wb", buffering=0) as file:
        for size in (CHUNK, 4096, 1):
            with contextlib.suppress(OSError):
                while file.write(b"\0" * size) == size:
                    pass


FAULTS: Final = (
    Fault("service killed, started after 1 s", kill_service),
    # Desktops have gone by then, and it is told so after it is told of callers and agents.
    Fault("service stopped for 30 s", stop_service, faults_named=("card_not_shown",)),
    Fault("Asterisk killed, started again", kill_pbx, pbx_dies=True),
    Fault("AMI link cut for 5 s", cut_ami),
    Fault("AMI link frozen until noticed", freeze_ami),
    Fault("SIP cut for 8 s", cut_sip),
    Fault("SIP frozen for 20 s", freeze_sip),
    Fault(
        "PostgreSQL killed, back after 10 s",
        kill_database,
        has_database=True,
        faults_named=("customer_lookup_failed", "contact_lookup_failed", "hopper_not_filled"),
    ),
    Fault(
        "disk full for 10 s",
        fill_disk,
        has_small_disk=True,
        faults_named=("customer_lookup_failed", "contact_lookup_failed", "hopper_not_filled"),
    ),
    Fault(
        "no file may grow for 10 s",
        fill_disk,
        faults_named=("customer_lookup_failed", "contact_lookup_failed", "hopper_not_filled"),
    ),
)
