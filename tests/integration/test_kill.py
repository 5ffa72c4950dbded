"""The service is killed while callers are in menus, on hold and in conversation: nobody is lost.

SIGKILL comes at moments drawn from a seed, when the board shows that enough is going on; seed and
moments are printed. What became of the callers is told from the far ends' own logs.

In `make test` two kills and one death as short as the dialplan's looks at the heartbeat allow;
`make soak SUITE=integration` has ten kills and a minute of death.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any, Final

import pytest

from tests.far_ends.verdict import CLOSE_S, Story, find_overlaps
from tests.integration.asterisk import wait_until
from tests.integration.busy_center import (
    AGENT_OF,
    FLOOD,
    FLOOD_EVERY_S,
    ON_BREAK,
    READY,
    TALKERS,
    WORKERS,
    BusyCenter,
    in_state,
    is_enough,
    open_busy_center,
    tier_of,
    waiting_order,
)
from tests.integration.busy_verdict import (
    NativeQueue,
    agents_of,
    check_nobody_lost,
    check_replay,
    talks_of,
    wait_for_desks,
    wait_for_rest,
)

pytestmark = [pytest.mark.asterisk, pytest.mark.alone]

SEED: Final = int(os.environ.get("CALLCENTER_TEST_SEED", "20261121"))

RESTART_S: Final = 1.0
"""From a kill to the next start."""
SPREAD_SHORT_S: Final = 3.0
SPREAD_LONG_S: Final = 8.0
"""Within which a kill's moment is drawn, once enough is going on."""
GAP_MAX_S: Final = 0.2
"""That talkers may hear nothing."""
MENU_S: Final = 4.5
"""Callers are through the menu by then, if nobody is killed meanwhile."""
HEARD_S: Final = 0.3
"""From the key to the queue, at most: a key is sent for a tenth of a second."""
UNDISTURBED_MIN: Final = 5
"""Callers of whose order the far ends alone can tell."""

STALE_S: Final = 11.0
"""After a kill no heartbeat is fresh any more: the dialplan's 10 s, and a second's rounding."""
MENU_FALLS_S: Final = (7.0, 13.0)
"""When callers in menus are seen in the native queue: 10 s after the last renewal."""
HOLD_FALLS_S: Final = 31.5
"""The last look at a fresh heartbeat, and one round of 20 s on hold, and one look of ours."""
LATE_EVERY_S: Final = 6.0
"""For every so many seconds of death one caller calls who finds nobody leading."""
DEAD_SHORT_S: Final = 32.0
DEAD_LONG_S: Final = 60.0
JUST_S: Final = 1.0
STILL_WAITING_MIN: Final = 2
ADOPT_S: Final = 30.0


# --- killed and started again ---------------------------------------------------------------------


async def kill_and_restart(
    busy: BusyCenter, number: int, spread_s: float
) -> tuple[float, float, float]:
    """Kill when enough goes on, start again, and see that nothing changed.

    Returns the time of the kill, the time when all desks were back, and seconds until it led.
    """
    center = busy.center
    await busy.wait_until_busy()
    before = await busy.wait_until_busy(not_before=time.time() + busy.rng.uniform(0.0, spread_s))
    killed_at = center.kill()
    assert is_enough(before)
    await asyncio.sleep(RESTART_S)
    leading_s = await center.start()
    after = await wait_for_desks(center)
    back_at = time.time()
    counts = {state: len(in_state(before, state)) for state in ("in_ivr", "waiting", "offered")}
    repairs = await center.counts("repairs")
    print(f"kill {number} at {killed_at:.3f}: {counts}, leads after {leading_s:.2f} s, {repairs}")

    # Talkers talk on, the same ones with the same agents; who was ready or at rest still is.
    assert talks_of(after) == talks_of(before)
    agents = agents_of(after)
    for agent in agents_of(before).values():
        if agent["state"] == "talking" and agent["call"] in talks_of(before).values():
            assert agents[agent["id"]]["state"] == "talking"
            assert agents[agent["id"]]["call"] == agent["call"]
    if back_at - killed_at < MENU_FALLS_S[0]:  # else the native queue may have rung it
        assert agents[READY]["state"] == "ready"
    assert (agents[ON_BREAK]["state"], agents[ON_BREAK]["reason"]) == ("not_ready", "break")

    # Who waited waits in the same place, or has been served meanwhile.
    places = {call["id"]: call for call in after["calls"]}
    for call in in_state(before, "waiting", "offered"):
        if call["id"] in places:
            assert places[call["id"]]["queued_at"] == call["queued_at"]
    assert await center.counts("faults") == {}
    return killed_at, back_at, leading_s


def check_order(stories: dict[str, Story], order: list[str]) -> None:
    """These callers of one tier were answered in this order (at once counts as in order).

    A phone that was picked up counts, also if nobody was heard there because the service was dead:
    its caller then goes on to another one, after those who came later were answered.
    """
    latest, before = 0.0, ""
    for number in order:
        answered_at = stories[number].talks[0].answered_at
        assert answered_at is not None
        assert answered_at > latest - CLOSE_S, f"{number} was answered before {before}: {order}"
        if answered_at > latest:
            latest, before = answered_at, number


def arrival_order(stories: dict[str, Story], kills: list[tuple[float, float]]) -> list[list[str]]:
    """By the far ends alone: callers of each tier whose way through the menu nobody disturbed, as
    they pressed the key that led them into the queue.

    Of those who pressed at once (a machine that stalls bunches them) nobody outside can tell who
    was heard first: one of them is looked at.
    """
    undisturbed = [
        (story.pressed_at, story.number)
        for story in stories.values()
        if story.number not in TALKERS
        and story.pressed_at is not None
        and not any(
            killed_at - MENU_S < story.arrived_at < back_at
            or killed_at - HEARD_S < story.pressed_at < back_at
            for killed_at, back_at in kills
        )
    ]
    tiers: dict[str, list[str]] = {}
    latest: dict[str, float] = {}
    for pressed_at, number in sorted(undisturbed):
        tier = tier_of(number) or "standard"
        if pressed_at - latest.get(tier, 0.0) > HEARD_S:
            latest[tier] = pressed_at
            tiers.setdefault(tier, []).append(number)
    return list(tiers.values())


async def kill_again_and_again(folder: Path, kills: int, spread_s: float) -> None:
    """The whole test, with so many kills."""
    print(f"seed {SEED}")
    moments: list[tuple[float, float]] = []
    orders: list[dict[str, list[str]]] = []
    async with open_busy_center(folder, SEED, talk_s=2.0) as busy:
        await busy.call(FLOOD, FLOOD_EVERY_S)
        for number in range(kills):
            killed_at, back_at, _ = await kill_and_restart(busy, number + 1, spread_s)
            moments.append((killed_at, back_at))
            board = await busy.center.board()
            orders.append(waiting_order(in_state(board, "waiting", "offered")))
        gaps = [await busy.worst_gap_s(killed - 1.0, back + 1.0) for killed, back in moments]
        board = await wait_for_rest(busy)
        faults = await busy.center.counts("faults")
        await check_replay(busy.center)
        stories = busy.stories()
        heard = busy.ends.heard()
        overlaps = find_overlaps(busy.phone_calls())

    print(f"{len(stories)} callers, largest gaps {[round(gap * 1000) for gap in gaps]} ms")
    assert max(gaps) < GAP_MAX_S
    check_nobody_lost(stories, heard)
    for kept in orders:
        for order in kept.values():
            check_order(stories, order)
    arrived = arrival_order(stories, moments)
    assert sum(map(len, arrived)) >= UNDISTURBED_MIN
    for order in arrived:
        check_order(stories, order)
    assert overlaps == []
    assert faults == {}
    states = {agent["id"]: agent["state"] for agent in board["agents"]}
    assert states == {worker.login: "ready" for worker in WORKERS} | {ON_BREAK: "not_ready"}


async def test_nobody_is_lost_when_the_service_is_killed_twice(tmp_path: Path) -> None:
    await kill_again_and_again(tmp_path, 2, SPREAD_SHORT_S)


@pytest.mark.soak
async def test_nobody_is_lost_when_the_service_is_killed_ten_times(tmp_path: Path) -> None:
    await kill_again_and_again(tmp_path, 10, SPREAD_LONG_S)


# --- left dead ------------------------------------------------------------------------------------


def check_native_queue(
    native: NativeQueue, before: dict[str, Any], killed_at: float, late: list[str]
) -> None:
    """Everybody reached the native queue in time; ``late`` called it in when we were long dead."""
    after_s = {number: at - killed_at for number, at in native.entered_at.items()}
    menus = [call["caller_number"] for call in in_state(before, "in_ivr")]
    held = [call["caller_number"] for call in in_state(before, "waiting")]
    print("native queue, menus:", sorted(round(after_s.get(number, -1), 1) for number in menus))
    print("native queue, holds:", sorted(round(after_s.get(number, -1), 1) for number in held))
    for number in menus:
        assert MENU_FALLS_S[0] <= after_s[number] <= MENU_FALLS_S[1], number
    for number in held:
        assert after_s[number] <= HOLD_FALLS_S, number
    assert set(late) <= native.entered_at.keys()


def native_talks(busy: BusyCenter) -> dict[str, str]:
    """Agent -> the caller the native queue has connected to that agent's phone, now."""
    return {
        AGENT_OF[phone]: call.caller
        for phone, call in busy.talking_phones().items()
        if call.caller not in TALKERS
    }


async def wait_for_adoption(busy: BusyCenter) -> dict[str, str]:
    """Wait until the board shows just the conversations that the phones have; returns them."""
    talks: dict[str, str] = {}

    async def is_adopted() -> bool:
        board = await busy.center.board()
        agents = agents_of(board)
        talks.clear()
        talks.update(native_talks(busy))
        shown = {
            call["agent"]: call["caller_number"]
            for call in in_state(board, "connected")
            if call["via_fallback"] and agents[call["agent"]]["state"] == "talking"
        }
        return bool(talks) and shown == talks

    await wait_until(is_adopted, "the native queue's conversations are adopted", ADOPT_S)
    return talks


async def leave_dead(folder: Path, dead_s: float) -> None:
    """The whole test, with so many seconds of death."""
    print(f"seed {SEED}")
    async with open_busy_center(folder, SEED, talk_s=9.0) as busy:
        center = busy.center
        await busy.call(FLOOD, FLOOD_EVERY_S)
        # Nobody's phone rings: a leg that is picked up now would wait in vain for its caller.
        before = await busy.wait_until_busy(lambda board: not in_state(board, "offered"))
        killed_at = center.kill()
        assert is_enough(before)
        native = NativeQueue(busy)
        early = await busy.call(2, 0.2)  # the heartbeat is still fresh: they get into a dead menu
        await native.look_until(killed_at + STALE_S)
        late = await busy.call(round(dead_s / LATE_EVERY_S), 0.5)
        await native.look_until(killed_at + dead_s)
        check_native_queue(native, before, killed_at, late)
        assert set(early) <= native.entered_at.keys()
        served = [
            c.caller
            for c in busy.phone_calls()
            if c.answered_at and c.answered_at > killed_at + STALE_S
        ]
        assert served, "the native queue connected nobody"

        async def is_between() -> bool:
            """Somebody has just begun to talk, and others still wait."""
            await native.look()
            begun = [call.answered_at or 0.0 for call in busy.talking_phones().values()]
            waiting = [n for n in native.inside if n not in native_talks(busy).values()]
            return max(begun) > time.time() - JUST_S and len(waiting) >= STILL_WAITING_MIN

        await wait_until(is_between, "the native queue has just connected somebody", ADOPT_S)
        leading_s = await center.start()
        adopted = await wait_for_adoption(busy)
        print(f"dead {time.time() - killed_at:.1f} s, {len(served)} served, adopted {adopted}")
        board = await wait_for_desks(center)
        back_at = time.time()
        repairs = await center.counts("repairs")
        print(f"leads after {leading_s:.2f} s, {repairs}")
        taken_back = in_state(board, "waiting", "offered")
        assert talks_of(board) == talks_of(before)
        gap_s = await busy.worst_gap_s(killed_at - 1.0, back_at + 0.5)
        board = await wait_for_rest(busy)
        faults = await center.counts("faults")
        await check_replay(center)
        stories = busy.stories()
        heard = busy.ends.heard()
        overlaps = find_overlaps(busy.phone_calls())

    print(
        f"{len(stories)} callers, {len(taken_back)} taken back, largest gap {gap_s * 1000:.0f} ms"
    )
    assert gap_s < GAP_MAX_S
    assert taken_back
    check_nobody_lost(stories, heard)
    for order in waiting_order(taken_back).values():
        check_order(stories, order)
    known = {call["id"]: call["queued_at"] for call in in_state(before, "waiting")}
    for call in taken_back:
        assert call["queued_at"] == known.get(call["id"], call["queued_at"])
        assert call["queued_at"] < back_at - leading_s or call["id"] not in known
    assert overlaps == []
    assert faults == {}
    states = {agent["id"]: agent["state"] for agent in board["agents"]}
    assert states == {worker.login: "ready" for worker in WORKERS} | {ON_BREAK: "not_ready"}


async def test_a_dead_service_leaves_callers_to_the_native_queue_and_takes_them_back(
    tmp_path: Path,
) -> None:
    await leave_dead(tmp_path, DEAD_SHORT_S)


@pytest.mark.soak
async def test_a_service_dead_for_a_minute_takes_its_callers_back(tmp_path: Path) -> None:
    await leave_dead(tmp_path, DEAD_LONG_S)
