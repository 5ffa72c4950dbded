"""A campaign on a real Asterisk: what we say of every number equals what the carrier saw, and who
found no agent heard the message in time; also when the service is killed again and again.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from callcenter.demo.sip_counter import SipCall
from callcenter.simulator.sip_carrier import NumberBehaviour as Behaviour
from tests.integration.asterisk import wait_until
from tests.integration.center_process import Site
from tests.integration.dialing_site import (
    POWER,
    RESULT_OF,
    RING_S,
    WORKERS,
    DialingSite,
    open_dialing,
)

pytestmark = [pytest.mark.asterisk, pytest.mark.alone]

SEED = int(os.environ.get("SEED", "20261122"))
CONTACTS_SHORT, CONTACTS_KILLED, CONTACTS = 24, 24, 200
KILLS_SHORT, KILLS = 2, 10
DIALED_S = 300.0
"""For all of them: some three minutes with six agents."""
HARBOUR_S_MAX = 2.0
"""16 CFR 310.4(b)(4)(iii), from the end of the greeting to the beginning of the message."""
RESTART_S = 0.4
SPREAD_S = 3.0
"""A kill comes at a drawn moment within this, when enough goes on."""
BUSY_S = 60.0


def check_results(
    dialing: DialingSite, attempts: list[dict[str, Any]], *, killed: bool = False
) -> Counter[str]:
    """Call by call: our result is what the carrier's log says. Returns the results' counts."""
    calls: dict[str, list[SipCall]] = {}
    for call in dialing.calls():
        calls.setdefault(f"+{call.called.lstrip('+')}", []).append(call)
    heard = dialing.heard()
    of_number = {attempt["number"]: attempt for attempt in attempts}
    assert len(of_number) == len(attempts) == len({attempt["attempt"] for attempt in attempts})
    assert of_number.keys() == dialing.numbers.keys()
    for number, kind in dialing.numbers.items():
        attempt, at_carrier = of_number[number], calls.get(number, [])
        assert len(at_carrier) <= 1, f"{number} was rung twice"
        if killed and attempt["result"] == "unknown":
            continue
        assert at_carrier, f"{number} was never rung: {attempt}"
        said = dialing.judge(at_carrier[0], heard.get(at_carrier[0].call_id))
        assert attempt["result"] == said, f"{number} ({kind}): {attempt}, {at_carrier[0]}"
        if not killed:
            assert said == RESULT_OF.get(kind, said)
        if said == "no_answer":
            call = at_carrier[0]
            assert call.cancelled_at is not None
            assert call.ringing_at is not None
            assert call.cancelled_at - call.ringing_at >= RING_S - 0.1
    return Counter(attempt["result"] for attempt in attempts)


def check_harbour(dialing: DialingSite) -> list[float]:
    """Everybody who was dropped heard the message in time; returns how long each waited for it."""
    heard = dialing.heard()
    onsets = []
    for call in dialing.calls():
        kind = dialing.numbers.get(f"+{call.called.lstrip('+')}")
        if dialing.judge(call, heard.get(call.call_id)) != "dropped" or kind != Behaviour.HUMAN:
            continue
        onset_s, stalled_s = heard[call.call_id].onset_s, heard[call.call_id].stalled_s
        assert onset_s is not None, f"{call.called} heard nothing"
        onsets.append(onset_s)
        # While the machine lets nobody run, the tap itself included, no PBX can speak.
        said = f"{call.called} waited {onset_s:.3f} s, {stalled_s:.3f} s of them for the machine"
        assert onset_s - stalled_s <= HARBOUR_S_MAX, said
    return onsets


async def wait_for_records(dialing: DialingSite) -> list[dict[str, Any]]:
    """Every attempt, when the records have caught up."""
    rows: list[dict[str, Any]] = []

    async def are_there() -> bool:
        rows[:] = await dialing.attempts()
        return len(rows) >= len(dialing.numbers)

    await wait_until(are_there, "the records are written", 10.0)
    return rows


async def dial_all(folder: Path, contacts: int) -> None:
    """The whole list, once."""
    print(f"seed {SEED}")
    async with open_dialing(folder, SEED, contacts) as dialing:
        await dialing.step("start")
        view = await dialing.wait_until_all_dialed(DIALED_S)
        attempts = await wait_for_records(dialing)
        await settle(dialing.site)
        results = check_results(dialing, attempts)
        onsets = check_harbour(dialing)
        faults, repairs = (
            await dialing.center.counts("faults"),
            await dialing.center.counts("repairs"),
        )
        rings = dialing.line_rings()

    print(f"{dict(results)}, message after {sorted(round(onset, 3) for onset in onsets)} s")
    assert set(RESULT_OF.values()) | {"connected", "dropped"} <= set(results)
    assert onsets
    assert view["placed"] == contacts
    assert view["people"] == results["connected"] + results["dropped"]
    assert faults == repairs == {}
    assert rings == dict.fromkeys(rings, 1)  # nailed-up: each phone was rung once


async def settle(site: Site) -> None:
    """Until nobody is on the line any more."""

    async def is_quiet() -> bool:
        board = await site.center.board()
        return not board["calls"]

    await wait_until(is_quiet, "everybody has gone", 30.0)


@dataclass(frozen=True)
class Killed:
    """A campaign whose service was killed again and again."""

    view: dict[str, Any]
    away: list[tuple[float, float]]
    """From each kill until the service leads again."""
    dropped_at: list[float]
    """When each person answered who was dropped, by the carrier's log."""

    def dropped_beside(self) -> int:
        """How many were dropped although somebody was there to decide: they answered neither while
        the service was away nor so shortly before that it was killed over them."""
        return sum(
            all(not began - HARBOUR_S_MAX <= at <= ended for began, ended in self.away)
            for at in self.dropped_at
        )


async def kill_again_and_again(
    folder: Path, contacts: int, kills: int, pacing: Mapping[str, object] = POWER
) -> Killed:
    """The list once, while the service is killed and started again."""
    print(f"seed {SEED}")
    rng = Random(SEED)
    async with open_dialing(folder, SEED, contacts, pacing) as dialing:
        await dialing.step("start")
        away = [
            await kill_and_restart(dialing, number + 1, rng.uniform(0.0, SPREAD_S))
            for number in range(kills)
        ]
        await dialing.wait_until_all_dialed(DIALED_S)
        attempts = await wait_for_records(dialing)
        await settle(dialing.site)
        results = check_results(dialing, attempts, killed=True)
        onsets = check_harbour(dialing)
        view = await dialing.campaign()
        faults = await dialing.center.counts("faults")
        rings = dialing.line_rings()
        heard = dialing.heard()
        dropped_at = [
            call.answered_at
            for call in dialing.calls()
            if call.answered_at and dialing.judge(call, heard.get(call.call_id)) == "dropped"
        ]

    print(f"{dict(results)}, message after {sorted(round(onset, 3) for onset in onsets)} s")
    assert +Counter(view["results"]) == results
    assert faults == {}
    assert rings == dict.fromkeys(rings, 1)  # every line was found again, none was rung anew
    return Killed(view, away, dropped_at)


async def kill_and_restart(dialing: DialingSite, number: int, wait_s: float) -> tuple[float, float]:
    """Kill while people are being dialed and agents talk; afterwards every line is there. Returns
    when the service was killed, and when it led again."""
    not_before = time.time() + wait_s
    view: dict[str, Any] = {}

    async def is_busy() -> bool:
        view.update(await dialing.campaign())
        under_way = view["dialing"] + view["ringing"] + view["screening"]
        is_enough = under_way >= 2 and view["agents_talking"] >= 1
        # A line on its way back from a conversation is not open for a moment.
        return time.time() >= not_before and is_enough and view["lines_open"] == len(WORKERS)

    await wait_until(is_busy, "calls are under way and somebody talks", BUSY_S)
    killed_at = dialing.center.kill()
    await asyncio.sleep(RESTART_S)
    leading_s = await dialing.center.start()
    led_at = time.time()

    async def all_lines_open() -> bool:
        view.update(await dialing.campaign())
        return bool(view["lines_open"] == len(WORKERS))

    await wait_until(all_lines_open, "every line is found again", 10.0)
    phases = {name: view[name] for name in ("dialing", "ringing", "screening", "talking")}
    print(f"kill {number} at {killed_at:.3f}: {phases}, leads after {leading_s:.2f} s")
    return killed_at, led_at


async def test_every_result_is_what_the_carrier_saw(tmp_path: Path) -> None:
    await dial_all(tmp_path, CONTACTS_SHORT)


async def test_nobody_is_rung_twice_when_the_service_is_killed(tmp_path: Path) -> None:
    await kill_again_and_again(tmp_path, CONTACTS_KILLED, KILLS_SHORT)


@pytest.mark.soak
async def test_two_hundred_results_are_what_the_carrier_saw(tmp_path: Path) -> None:
    await dial_all(tmp_path, CONTACTS)


@pytest.mark.soak
async def test_nobody_is_rung_twice_when_the_service_is_killed_ten_times(tmp_path: Path) -> None:
    await kill_again_and_again(tmp_path, CONTACTS, KILLS)


@pytest.mark.soak
async def test_ten_kills_leave_the_predictive_budget_unbroken(tmp_path: Path) -> None:
    # No agent judges detection: the budget then counts those who were dropped, and no estimate.
    pacing = {"pacing": "predictive", "retries": {}, "amd_check_every": 0}

    killed = await kill_again_and_again(tmp_path, CONTACTS, KILLS, pacing)

    drops, results = killed.view["drops"], killed.view["results"]
    dropped, beside = results.get("dropped", 0), killed.dropped_beside()
    print(f"dropped {dropped}, {beside} of them while the service was there; {drops}")
    assert drops["dropped"] == dropped  # nothing of the budget was forgotten or counted twice
    assert drops["answered"] >= dropped + results["connected"]
    assert beside <= drops["cap"] * drops["answered"]
