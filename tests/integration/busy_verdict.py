"""What is said of a center that was busy when something broke: who was lost, who waits for whom.

Shared by the tests that kill (`test_kill`) and those that break all else (`test_faults`).
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from tests.far_ends.rtp_process import Heard
from tests.far_ends.verdict import CLOSE_S, Ring, Story
from tests.integration.asterisk import wait_until
from tests.integration.busy_center import TALKERS, BusyCenter, in_state
from tests.integration.center_process import CenterProcess, replay

BACK_S: Final = 10.0
"""For all desks to come back to a service that leads."""
DRAIN_S: Final = 90.0
"""For all who wait to be served."""
SETTLE_S: Final = 20.0
SPOKEN_MIN: Final = 10
"""Packets of a caller's speech in a conversation: a fifth of a second."""
HUNG_UP_S: Final = 1.0
"""From the agent's hang-up to the caller's, without what the machine stood still."""
LOOK_S: Final = 0.2
"""Between two looks at Asterisk's own queue."""
MORE_S: Final = 60.0
"""That a machine may need for a look, at most."""
NEVER: Final = (float("inf"), float("-inf"))
"""From when until when something was so that never was."""


def agents_of(board: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Agents by name."""
    return {agent["id"]: agent for agent in board["agents"]}


async def wait_for_desks(center: CenterProcess) -> dict[str, Any]:
    """The board once every agent's desktop is back."""
    board: dict[str, Any] = {}

    async def are_back() -> bool:
        board.update(await center.board())
        return all(agent["desktops"] for agent in board["agents"])

    await wait_until(are_back, "all desks are back", BACK_S)
    return board


async def wait_for_rest(busy: BusyCenter) -> dict[str, Any]:
    """Have the talkers hang up and everybody be served; the board when nothing goes on."""
    busy.ends.hang_up()
    await busy.wait_for_all(DRAIN_S)
    board: dict[str, Any] = {}

    async def is_quiet() -> bool:
        board.update(await busy.center.board())
        resting = all(agent["state"] in ("ready", "not_ready") for agent in board["agents"])
        return resting and not board["calls"]

    await wait_until(is_quiet, "nothing goes on", SETTLE_S)
    return board


async def check_replay(center: CenterProcess) -> None:
    """The journal of all those lives, stepped again, comes to the same."""
    await center.stop()
    first, second = await asyncio.gather(replay(center.journal, 1), replay(center.journal, 77))
    assert first["equal"], first["differences"]
    assert second["equal"]
    assert first["state_hash"] == second["state_hash"]


def talks_of(board: dict[str, Any]) -> dict[str, str]:
    """Talker -> call, of those who are connected."""
    calls = in_state(board, "connected")
    return {c["caller_number"]: c["id"] for c in calls if c["caller_number"] in TALKERS}


def real_talks(story: Story, heard: Heard) -> list[Ring]:
    """A caller's conversations: those in which the phone heard the caller.

    ``heard.spoken``: packets of speech that a phone got in each of its calls. One that is picked up
    while the service is dead may hear nobody: its caller must have been given another one.
    """
    return [ring for ring in story.talks if heard.spoken.get(ring.call_id, 0) >= SPOKEN_MIN]


def check_nobody_lost(
    stories: dict[str, Story], heard: Heard, deaf: tuple[float, float] = NEVER
) -> None:
    """Every caller was heard by an agent, and was hung up only after the agent had hung up.

    ``deaf``: from when until when nobody could be told that their call is over.
    """
    for number, story in stories.items():
        if number in TALKERS:
            assert len(story.talks) == 1, f"{number} was passed on: {story}"
            assert story.ended_by_caller
            continue
        talks = real_talks(story, heard)
        assert talks, f"{number} never talked: {story}"
        last = talks[-1]
        assert last == story.talks[-1], f"{number} was not heard in the end: {story}"
        assert story.ended_by_caller is False, f"{number}: {story}"
        assert last.ended_by_phone, f"{number} was hung up in conversation: {story}"
        assert story.ended_at is not None
        assert last.ended_at is not None
        late_s = story.ended_at - last.ended_at
        assert late_s >= -CLOSE_S, f"{number}: {story}"
        late_s -= heard.stalled_s(last.ended_at, story.ended_at)
        late_s -= max(0.0, min(story.ended_at, deaf[1]) - max(last.ended_at, deaf[0]))
        assert late_s <= HUNG_UP_S, f"{number}: {story}"


class NativeQueue:
    """Looks at Asterisk itself, again and again: who is in its own queue, and since when."""

    def __init__(self, busy: BusyCenter) -> None:
        self._busy = busy
        self.entered_at: dict[str, float] = {}
        """Caller -> when first seen there."""
        self.inside: dict[str, None] = {}
        """Who was there at the last look."""

    async def look(self) -> None:
        """One look."""
        output = await self._busy.site.pbx.cli("core show channels concise")
        self.inside = {}
        for line in output.splitlines():
            fields = line.split("!")
            if len(fields) > 7 and fields[1] == "cc-fallback":
                self.inside[fields[7]] = None
                self.entered_at.setdefault(fields[7], time.time())

    async def look_until(self, moment: float) -> None:
        """Look until this time, UTC seconds."""

        async def has_come() -> bool:
            await self.look()
            await asyncio.sleep(LOOK_S)
            return time.time() >= moment

        patience_s = moment - time.time() + MORE_S
        await wait_until(has_come, "the time has passed", patience_s)
