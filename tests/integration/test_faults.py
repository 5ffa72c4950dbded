"""Whatever breaks, nobody is lost, nobody is stuck, nothing happens twice: a table of faults.

On one site callers wait, are in menus and talk, and a campaign dials; then one thing breaks, at a
moment drawn from a seed, and is mended. What became of everybody is told from the far ends' own
logs. Calls of an Asterisk that was killed are lost with it and are not counted.

`make test` has a few lines of the table; `make soak SUITE=integration` has all, and prints it.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from callcenter.demo.sip_counter import SipCall, judge_dialed
from callcenter.simulator.sip_carrier import NumberBehaviour as Behaviour
from tests.far_ends.postgresql_server import PostgresqlServer
from tests.far_ends.verdict import Story, find_overlaps
from tests.integration.asterisk import wait_until
from tests.integration.busy_verdict import (
    SETTLE_S,
    check_nobody_lost,
    check_replay,
    wait_for_desks,
    wait_for_rest,
)
from tests.integration.dialing_site import HARBOUR_WAIT_S, PEOPLE
from tests.integration.faults import FAULTS, Fault, Window, wait_for_leader
from tests.integration.faulty_site import (
    DIALING,
    INBOUND,
    FaultySite,
    open_faulty_site,
    small_disk,
)

pytestmark = [pytest.mark.asterisk, pytest.mark.alone]

SEED: Final = int(os.environ.get("CALLCENTER_TEST_SEED", "20261123"))

SHORT: Final = ("AMI link frozen until noticed", "disk full for 10 s")
"""Lines that each `make test` has, on one site."""
SPREAD_S: Final = 2.0
"""Within which the moment is drawn, once enough goes on."""
AGAIN_S: Final = 45.0
"""For phones to be rung and numbers to be dialed again."""
LAST_CALLERS, LAST_EVERY_S = 10, 0.1
"""Who call when all is well again: enough that every agent gets somebody."""
WORKED_S: Final = 90.0
GAP_MAX_S: Final = 0.2
"""That talkers may hear nothing while their call has nothing to do with what broke."""


@dataclass
class Line:
    """One line of the table."""

    fault: str
    there: dict[str, int]
    """What went on at the moment of the fault."""
    window: Window
    back_s: float = 0.0
    """From the mending until the service commands the PBX and all desks are back."""
    rung_s: float = 0.0
    """From the mending to the first phone that was rung."""
    dialed_s: float = 0.0
    """From the mending to the first number that was dialed."""
    lost: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    doubles: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        there = ", ".join(f"{count} {what}" for what, count in self.there.items())
        cells = [self.fault, there, len(self.lost), len(self.stuck), len(self.doubles)]
        times = [f"{s:.1f}" for s in (self.back_s, self.rung_s, self.dialed_s)]
        return f"| {' | '.join([*map(str, cells), *times, self.window.says])} |"


# --- one fault ------------------------------------------------------------------------------------


async def break_and_mend(site: FaultySite, fault: Fault) -> Line:
    """Break one thing when enough goes on, mend it, and wait until all work again."""
    await site.wait_for_moment()
    moment = time.time() + site.rng.uniform(0.0, SPREAD_S)
    there = await site.wait_for_moment(not_before=moment)
    print(f"{fault.name} at {time.time():.3f}: {there}")
    window = await fault.do(site)
    await wait_for_leader(site.center)
    await wait_for_desks(site.center)
    line = Line(fault.name, there, window, back_s=time.time() - window.mended_at)

    def rung() -> list[float]:
        calls = [*site.phone_calls(), *site.line_calls()]
        return [c.invited_at for c in calls if c.invited_at > window.mended_at]

    def dialed() -> list[float]:
        calls = site.dialed_calls()
        return [c.invited_at for c in calls if c.invited_at > window.mended_at]

    await wait_until(lambda: bool(rung() and dialed()), "phones are rung, numbers dialed", AGAIN_S)
    line.rung_s = min(rung()) - window.mended_at
    line.dialed_s = min(dialed()) - window.mended_at
    return line


# --- what became of everybody ---------------------------------------------------------------------


def talks_begun(site: FaultySite, after: float) -> Iterator[SipCall]:
    """Talks of the campaign's agents with people who hung up themselves, by the carrier's log."""
    message_s = site.site.prompt_s("safe-harbour")
    for call in site.dialed_calls():
        is_over = (call.answered_at or 0.0) > after and call.ended_at is not None
        if is_over and judge_dialed(call, HARBOUR_WAIT_S, message_s) == "connected":
            yield call


def agents_stuck(site: FaultySite, since: float) -> list[str]:
    """Agents whom the far ends did not see at work after everything was mended."""
    picked_up = {
        call.called
        for call in site.phone_calls()
        if call.answered_at is not None and call.answered_at > since
    }
    stuck = [worker.login for worker in INBOUND if worker.phone not in picked_up]
    on_line = {
        call.called
        for call in site.line_calls()
        if call.answered_at is not None and call.ended_at is None
    }
    return stuck + [worker.login for worker in DIALING if worker.phone not in on_line]


def doubles(site: FaultySite, ended_at: float) -> list[str]:
    """Numbers that were dialed twice, and phones that two callers had at a time.

    ``ended_at``: when the calls of a PBX that was killed ended, which nobody told the phones.
    """
    counts = Counter(call.called for call in site.dialed_calls())
    found = [f"{number} dialed {count} times" for number, count in counts.items() if count > 1]
    calls = [*site.phone_calls(), *site.line_calls()]
    for call in calls:
        if call.invited_at < ended_at and call.ended_at is None:
            call.ended_at = ended_at
    calls.sort(key=lambda call: call.invited_at)
    return found + [f"{phone} rung for {a} and {b}" for phone, a, b in find_overlaps(calls)]


def is_within(moment: float, windows: list[Window]) -> bool:
    """Whether the telephone network was broken just then."""
    return any(w.sip_frozen[0] < moment < w.sip_frozen[1] for w in windows)


def callers_lost(site: FaultySite, stories: dict[str, Story], windows: list[Window]) -> list[str]:
    """Callers whom no agent spoke with, or who were hung up on before their agent hung up."""
    begins, ends = zip(*(window.deaf for window in windows), strict=True)
    deaf, heard = (min(begins), max(ends)), site.ends.heard()
    lost = []
    for number, story in stories.items():
        if story.answered_at is None and is_within(story.arrived_at, windows):
            print(f"{number} gave up before the network was mended")
            continue
        try:
            check_nobody_lost({number: story}, heard, deaf)
        except AssertionError as error:
            lost.append(str(error).partition("\n")[0])
    return lost


def people_lost(site: FaultySite, windows: list[Window], died_at: float) -> list[str]:
    """People who were dialed and hung up on before anybody had spoken to them."""
    message_s = site.site.prompt_s("safe-harbour")
    lost = []
    for call in site.dialed_calls():
        kind = site.numbers[f"+{call.called.lstrip('+')}"]
        said = judge_dialed(call, HARBOUR_WAIT_S, message_s)
        if kind != Behaviour.HUMAN or said != "machine" or call.invited_at < died_at:
            continue
        if not is_within(call.answered_at or 0.0, windows):
            lost.append(f"{call.called} was hung up on unheard: {call}")
    return lost


def check_attempts(
    site: FaultySite, attempts: list[dict[str, Any]], windows: list[Window]
) -> Counter[str]:
    """Each number has one attempt with one result; where nothing was broken it is the carrier's."""
    calls = {f"+{call.called.lstrip('+')}": call for call in site.dialed_calls()}
    of_number = Counter(attempt["number"] for attempt in attempts)
    assert not [number for number, count in of_number.items() if count > 1]
    assert len({attempt["attempt"] for attempt in attempts}) == len(attempts)
    assert calls.keys() <= of_number.keys(), "the carrier was called and nobody knows of it"
    message_s = site.site.prompt_s("safe-harbour")
    for attempt in attempts:
        call = calls.get(attempt["number"])
        if call is None:
            continue
        ended_at = call.ended_at or call.cancelled_at or call.refused_at or float("inf")
        if any(call.invited_at < w.mended_at + AGAIN_S and ended_at > w.began_at for w in windows):
            continue
        said = judge_dialed(call, HARBOUR_WAIT_S, message_s)
        both = {attempt["result"], said}
        # Talk and message are told by the sound (tests/integration/test_campaign.py), not here.
        assert len(both) == 1 or both <= set(PEOPLE), f"{attempt}, {call}"
    return Counter(attempt["result"] for attempt in attempts)


async def wait_for_work(site: FaultySite, since: float) -> None:
    """Until every agent of the campaign can have talked with somebody since then."""
    await wait_until(
        lambda: len(list(talks_begun(site, since))) >= len(DIALING),
        "the campaign's agents talk with people again",
        WORKED_S,
    )


async def wait_for_attempts(site: FaultySite) -> list[dict[str, Any]]:
    """Every ended attempt, when the records have caught up and none is under way."""
    rows: list[dict[str, Any]] = []

    async def are_there() -> bool:
        view = await site.campaign()
        rows.clear()
        cursor = ""
        while True:
            page = await site.center.get("/campaigns/renewals/attempts", limit="100", cursor=cursor)
            rows.extend(page["attempts"])
            cursor = page["next"]
            if not cursor:
                break
        return bool(len(rows) == sum(view["results"].values()) == view["placed"])

    await wait_until(are_there, "every attempt has its result in the records", SETTLE_S)
    return rows


def check_dead(records: list[dict[str, Any]], died_at: float) -> None:
    """Who was with a PBX when it died and had talked with nobody is kept as lost."""
    over = [row for row in records if row["arrived_at"] < died_at <= row["ended_at"]]
    outcomes = Counter(row["outcome"] for row in over)
    print(f"calls of the dead PBX: {dict(outcomes)}")
    assert outcomes["lost"]
    assert outcomes.keys() <= {"lost", "answered", "dropped"}
    assert all(row["answered_at"] for row in over if row["outcome"] == "answered")


def check_undialed(site: FaultySite, windows: list[Window]) -> None:
    """Nothing was dialed while nothing could be, or while it could not have been written down."""
    for window in windows:
        begin, end = window.undialed
        dialed = [call.called for call in site.dialed_calls() if begin < call.invited_at < end]
        assert not dialed, f"dialed meanwhile: {dialed}"


def check_records(
    site: FaultySite, records: list[dict[str, Any]], stories: dict[str, Story]
) -> None:
    """Nobody is in the records twice, and nobody is there who neither called nor was dialed."""
    counts = Counter(row["caller_number"] for row in records)
    assert not [number for number, count in counts.items() if count > 1]
    assert counts.keys() <= stories.keys() | site.numbers.keys()


async def run(folder: Path, faults: list[Fault], database: PostgresqlServer | None = None) -> None:
    """Break and mend one after the other on one site, and judge."""
    print(f"seed {SEED}")
    disk = folder / "service"
    with ExitStack() as stack:
        if any(fault.has_small_disk for fault in faults):
            stack.enter_context(small_disk(disk))
        else:
            disk.mkdir()
        async with open_faulty_site(folder, SEED, disk, database) as site:
            lines = [await break_and_mend(site, fault) for fault in faults]
            await finish(site, faults, lines)
    for line in lines:
        print(line)


async def finish(site: FaultySite, faults: list[Fault], lines: list[Line]) -> None:
    """Have everybody served, and say who was not."""
    since = time.time()
    windows = [line.window for line in lines]
    gap_s = 0.0
    if not any(fault.pbx_dies for fault in faults):
        gaps = [await site.worst_gap_s(w.began_at - 1.0, w.mended_at + 1.0) for w in windows]
        gap_s = max(gaps)
    site.ends.hang_up()  # every agent is to get somebody now
    await site.call(LAST_CALLERS, LAST_EVERY_S)
    if len(faults) == 1:  # else there is no time for it
        await wait_for_work(site, since)
    await site.step_campaign("pause")
    board = await wait_for_rest(site)
    attempts = await wait_for_attempts(site)
    records = await site.center.records()
    counted = await site.center.counts("faults")
    repairs = await site.center.counts("repairs")
    idle = agents_stuck(site, since)
    await check_replay(site.center)

    stories = site.stories()
    # Who called a dead PBX, or was with it when it died, was lost with it.
    dead = [w for w, fault in zip(windows, faults, strict=True) if fault.pbx_dies]
    died_at = max((w.began_at for w in dead), default=0.0)
    alive_at = max((w.mended_at for w in dead), default=0.0)
    living = {number: story for number, story in stories.items() if story.arrived_at > alive_at}
    last = lines[-1]
    last.lost = [*callers_lost(site, living, windows), *people_lost(site, windows, died_at)]
    last.stuck = idle + [agent["id"] for agent in board["agents"] if agent["state"] != "ready"]
    last.doubles = doubles(site, died_at)
    print(f"{len(stories)} callers, {repairs}, faults {counted}, gap {gap_s:.3f} s")
    print(last, *last.lost, *last.stuck, *last.doubles, sep="\n")
    results = check_attempts(site, attempts, windows)
    print(dict(results))
    check_records(site, records, stories)
    if died_at:
        check_dead(records, died_at)
    check_undialed(site, windows)
    assert (last.lost, last.stuck, last.doubles) == ([], [], [])
    assert gap_s < GAP_MAX_S
    named = {kind for fault in faults for kind in fault.faults_named}
    assert counted.keys() <= named


async def test_nobody_is_lost_when_a_link_freezes_and_the_disk_is_full(tmp_path: Path) -> None:
    await run(tmp_path, [fault for fault in FAULTS if fault.name in SHORT])


def list_all() -> Iterator[object]:
    """Every line of the table as a test of its own."""
    for fault in FAULTS:
        marks = [pytest.mark.postgresql] if fault.has_database else []
        yield pytest.param(fault, id=fault.name.replace(" ", "-"), marks=marks)


@pytest.mark.soak
@pytest.mark.parametrize("fault", list(list_all()))
async def test_nobody_is_lost_whatever_breaks(
    fault: Fault, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    database = request.getfixturevalue("postgresql_server") if fault.has_database else None
    await run(tmp_path, [fault], database)
