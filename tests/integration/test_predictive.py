"""Predictive against progressive on a real Asterisk: same agents, same kind of list, one run.

First the list is dialed predictively, then another with the same people in the same order
progressively: so predictive lives on its own allowance, and none was saved for it before. What is
compared comes from the carrier's log: how long people talked with agents, and who was dropped.
``CONTACTS`` of each list, ``AGENTS`` on the line.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from callcenter.domain import events as e
from callcenter.domain.commands import JoinCall
from callcenter.journal.reader import read
from tests.integration.center_process import Worker
from tests.integration.dialing_site import (
    CAMPAIGN,
    DialingSite,
    draw_numbers,
    open_dialing,
    plans_of,
)
from tests.integration.test_campaign import check_harbour, check_results, settle, wait_for_records

pytestmark = [pytest.mark.asterisk, pytest.mark.alone, pytest.mark.soak]

SEED: Final = int(os.environ.get("SEED", "20261130"))
CONTACTS: Final = int(os.environ.get("CONTACTS", "1000"))
AGENTS: Final = int(os.environ.get("AGENTS", "20"))
CAP: Final = 0.03
BUSIER_BY: Final = 1.1
"""Predictive's agents talk so much more of their time, at least."""
BRIDGED_P99_S: Final = 0.020
"""From the decision to the word that both are in the bridge."""
DIALED_S: Final = 2400.0
STEADY: Final = (0.1, 0.9)
"""The part of a list's calls between which agents' time is looked at: in the beginning nobody is
talking yet, in the end nobody is left to dial."""


def second_list(numbers: dict[str, str]) -> dict[str, str]:
    """Other numbers with the same people behind them, in the same order."""
    return {number.replace("+354611", "+354622"): kind for number, kind in numbers.items()}


def talk_share(dialing: DialingSite, numbers: Sequence[str]) -> float:
    """The part of the agents' time that people talked with them, by the carrier's log."""
    wanted = dict.fromkeys(numbers)
    heard = dialing.heard()
    calls = [call for call in dialing.calls() if f"+{call.called.lstrip('+')}" in wanted]
    begun = sorted(call.invited_at for call in calls)
    first, last = (begun[int(share * (len(begun) - 1))] for share in STEADY)
    talked_s = 0.0
    for call in calls:
        if dialing.judge(call, heard.get(call.call_id)) != "connected":
            continue
        assert call.answered_at is not None
        assert call.ended_at is not None
        talked_s += max(0.0, min(call.ended_at, last) - max(call.answered_at, first))
    return talked_s / (AGENTS * (last - first))


def bridged_after(journal: Path) -> list[float]:
    """Seconds from each decision to join to the word that the person is in the bridge, as far back
    as the journal reaches. Our clock, both ways over the link: no less than the PBX's own."""
    ordered: dict[str, float] = {}
    took: list[float] = []
    for entry in read(journal).entries:
        for command in entry.commands:
            if isinstance(command, JoinCall):
                ordered[command.caller.id] = entry.now
        if isinstance(entry.event, e.ChannelJoined) and entry.event.channel.id in ordered:
            took.append(entry.now - ordered.pop(entry.event.channel.id))
    return sorted(took)


async def dial_both(folder: Path) -> dict[str, Any]:
    """Both lists, one after the other; what came of it."""
    workers = [Worker(f"agent{n:02}", f"{1001 + n}", campaign=CAMPAIGN) for n in range(AGENTS)]
    first = draw_numbers(Random(SEED), CONTACTS)
    second = second_list(first)
    rng = Random(SEED)
    draw_numbers(rng, CONTACTS)  # the same chance for the people of both lists
    later = [
        replace(plan, number=plan.number.replace("+354611", "+354622"))
        for plan in plans_of(rng, first)
    ]
    pacing = {"pacing": "predictive", "retries": {}}
    async with open_dialing(
        folder, SEED, CONTACTS, pacing, workers=workers, later=later
    ) as dialing:
        assert dialing.numbers == first
        await dialing.step("start")
        await dialing.wait_until_all_dialed(DIALED_S)
        await settle(dialing.site)
        before = await dialing.campaign()
        predictive = Counter(before["results"])
        await dialing.set_pacing(pacing="progressive")
        dialing.numbers.update(second)
        await dialing.add_contacts(list(second))
        await asyncio.sleep(0)
        await dialing.wait_until_all_dialed(DIALED_S)
        attempts = await wait_for_records(dialing)
        await settle(dialing.site)
        view = await dialing.campaign()
        results = check_results(dialing, attempts)
        progressive = Counter(view["results"]) - predictive
        onsets = check_harbour(dialing)
        counts = await dialing.center.counts("faults"), await dialing.center.counts("repairs")
        shares = talk_share(dialing, list(first)), talk_share(dialing, list(second))
        rings = dialing.line_rings()
        await dialing.center.stop()
        took = bridged_after(dialing.center.journal)
    assert sum(results.values()) == 2 * CONTACTS
    assert counts == ({}, {})
    assert rings == dict.fromkeys(rings, 1)
    return {
        "predictive": dict(+predictive),
        "progressive": dict(progressive),
        "talk_share": shares,
        "onsets": sorted(onsets),
        "bridged": took,
        "pacing": before["pacing"],
        "drops": before["drops"],
    }


async def test_predictive_keeps_agents_busier_and_the_cap(tmp_path: Path) -> None:
    print(f"seed {SEED}, {CONTACTS} contacts in each list, {AGENTS} agents")

    found = await dial_both(tmp_path)

    shares, took = found["talk_share"], found["bridged"]
    dropped = found["predictive"].get("dropped", 0)
    answered = dropped + found["predictive"]["connected"]
    p99 = took[int(0.99 * (len(took) - 1))]
    print(f"progressive {found['progressive']}, predictive {found['predictive']}")
    print(f"agents talk {shares[0]:.1%} predictively, {shares[1]:.1%} progressively")
    print(f"dropped {dropped} of {answered} ({dropped / answered:.2%}); {found['drops']}")
    print(f"message after {[round(one, 3) for one in found['onsets']]} s")
    print(f"bridged: p50 {took[len(took) // 2]:.4f} s, p99 {p99:.4f} s of {len(took)}")
    print(found["pacing"]["sentence"])
    assert shares[0] >= BUSIER_BY * shares[1]
    assert found["progressive"].get("dropped", 0) == 0
    assert 1 <= dropped <= CAP * answered
    assert found["onsets"]
    assert p99 <= BRIDGED_P99_S
