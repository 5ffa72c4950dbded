"""Preview on a real Asterisk: agents read cards and press "dial" or "skip"; each person talks with
the agent who read their card, by the PBX's own word of who is in which bridge."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from callcenter.domain import events as e
from callcenter.domain.commands import OpenLine
from callcenter.journal.reader import read
from callcenter.simulator.sip_carrier import CarrierNumber, NumberBehaviour
from tests.integration.asterisk import wait_until
from tests.integration.center_process import Worker
from tests.integration.dialing_site import CAMPAIGN, DialingSite, open_dialing
from tests.integration.test_campaign import settle

pytestmark = [pytest.mark.asterisk, pytest.mark.alone]

SEED: Final = 20261130
TALK_MS: Final = 2_500
"""Screening takes one second of it."""
PEOPLE: Final = tuple(
    CarrierNumber(f"+35461155{n:02}", ring_ms=200, talk_ms=TALK_MS) for n in range(7)
)
BUSY: Final = CarrierNumber("+3546115590", NumberBehaviour.BUSY, ring_ms=200)
UNWANTED: Final = PEOPLE[1].number
"""Every agent skips this card."""
TEAM: Final = tuple(
    Worker(login, phone, campaign=CAMPAIGN, skips=(UNWANTED,))
    for login, phone in (("ana", "1001"), ("ben", "1002"), ("cleo", "1003"))
)
DIALED_S: Final = 60.0


async def dial_all(folder: Path) -> tuple[DialingSite, list[dict[str, Any]], dict[str, Any]]:
    """Everybody but the unwanted; the attempts and how the campaign stood then."""
    pacing = {"pacing": "preview", "retries": {}}
    people = [*PEOPLE, BUSY]
    async with open_dialing(
        folder, SEED, len(people), pacing, workers=TEAM, people=people
    ) as dialing:
        await dialing.step("start")
        attempts: list[dict[str, Any]] = []

        async def are_over() -> bool:
            attempts[:] = await dialing.attempts()
            return len(attempts) >= len(people) - 1

        await wait_until(are_over, "everybody wanted was dialed", DIALED_S)
        view = await dialing.campaign()
        await settle(dialing.site)
        assert await dialing.center.counts("faults") == {}
        assert await dialing.center.counts("repairs") == {}
        await dialing.center.stop()
    return dialing, attempts, view


def talked_with(journal: Path) -> dict[str, str]:
    """Who was in the bridge with each person dialed, by the PBX's events."""
    lines: dict[str, str] = {}
    bridges: dict[str, list[str]] = {}
    for entry in read(journal).entries:
        for command in entry.commands:
            if isinstance(command, OpenLine):
                lines[command.leg.id] = command.agent
        if isinstance(entry.event, e.ChannelJoined):
            bridges.setdefault(entry.event.bridge, []).append(entry.event.channel.id)
    found: dict[str, str] = {}
    for channels in bridges.values():
        for person in (channel for channel in channels if channel not in lines):
            [agent] = [lines[channel] for channel in channels if channel in lines]
            assert person not in found
            found[person] = agent
    return found


async def test_each_person_talks_with_the_agent_who_read_their_card_and_nobody_else(
    tmp_path: Path,
) -> None:
    dialing, attempts, view = await dial_all(tmp_path)

    read_by = {
        line["preview"]: (line["agent"], line["number"])
        for line in dialing.site.desks.lines()
        if line["event"] in ("dial", "skip")
    }
    results = {attempt["number"]: attempt["result"] for attempt in attempts}
    assert results == {
        **{one.number: "connected" for one in PEOPLE if one.number != UNWANTED},
        BUSY.number: "busy",
    }
    for attempt in attempts:
        assert read_by[attempt["attempt"]][1] == attempt["number"]
    assert talked_with(dialing.center.journal) == {
        attempt["attempt"]: read_by[attempt["attempt"]][0]
        for attempt in attempts
        if attempt["result"] == "connected"
    }
    assert len(dict.fromkeys(agent for agent, _ in read_by.values())) == len(TEAM)
    assert [number for _, number in read_by.values()].count(UNWANTED) == 1
    assert view["skips"] == 1
    rung = [f"+{call.called.lstrip('+')}" for call in dialing.calls()]
    assert sorted(rung) == sorted(results)
    assert dialing.line_rings() == dict.fromkeys([worker.phone for worker in TEAM], 1)
