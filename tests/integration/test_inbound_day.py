"""Forty callers and eight agents on a real Asterisk: the records say what the telephones say.

What happened is told from SIPp's logs alone (`tests.far_ends.verdict`), and every call's record is
held against it. The day is drawn from a seed, which is printed.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from callcenter.core.offers import UNREACHABLE_S
from callcenter.domain.customer import Tier
from callcenter.simulator.sip_far_ends import (
    Behaviour,
    CallerPlan,
    PhonePlan,
    SippCallers,
    SippPhones,
)
from tests.far_ends.rtp_end import SILENT, Phone
from tests.far_ends.rtp_process import RtpEnds
from tests.far_ends.verdict import Card, Story, find_overlaps, read_rings, read_stories
from tests.far_ends.verdict import rings_without_card as find_rings_without_card
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
    replay,
    write_config,
)

pytestmark = [pytest.mark.asterisk, pytest.mark.alone]

SEED = int(os.environ.get("CALLCENTER_TEST_SEED", "20261121"))

CALLERS = 40
WINDOW_S = 60.0
"""In which they call."""
STAY_MAX_S = 22.0
SEEN_S = 0.15
"""From the card's frame to the desktop that shows it."""
LATE_SHARE = 0.1
"""Of the cards that a desk's process may read after the INVITE, which takes 2 ms."""
LATE_S = 40.0
"""What SIPp's clock runs late in a minute, and what the PBX takes."""
SETTLE_S = 20.0
"""From the last caller's end to all agents ready again: wrap-up, and the longest pause."""

WORKERS = (
    Worker("ana", "1001", senior=True),
    Worker("ben", "1002", senior=True),
    Worker("cleo", "1003", senior=True),
    Worker("dan", "1004"),
    Worker("eve", "1005"),
    Worker("finn", "1006"),
    Worker("gus", "1007"),
    Worker("hana", "1008"),
)
RINGS_OUT, REJECTS, SAYS_NOTHING = "1006", "1007", "1008"
SENIORS = tuple(worker.phone for worker in WORKERS if worker.senior)
PHONES = (
    PhonePlan("1001", ring_ms=600),
    PhonePlan("1002", ring_ms=1200),
    PhonePlan("1003", ring_ms=300, talk_ms=9000),  # hangs up first, now and then
    PhonePlan("1004", ring_ms=900),
    PhonePlan("1005", ring_ms=400, talk_ms=6000),
    PhonePlan(RINGS_OUT, Behaviour.IGNORE),
    PhonePlan(REJECTS, Behaviour.REJECT, ring_ms=500),
)
QUEUES = ({"id": QUEUE, "ring_timeout_s": 5, "wrap_up_s": 8, "senior_hold_s": 4},)


@dataclass(frozen=True)
class Person:
    """Who calls, when, and for how long."""

    number: str
    tier: Tier | None
    at_s: float
    kind: str
    """``patient``, ``hasty`` (gives up on hold) or ``menu`` (gives up before the choice)."""


def draw_people(rng: Random) -> list[Person]:
    """The day: a rush of gold customers in its middle, so that seniors do not suffice."""
    tiers: list[Tier | None] = (
        [Tier.GOLD] * 4 + [Tier.SILVER] * 9 + [Tier.STANDARD] * 9 + [None] * 10
    )
    rng.shuffle(tiers)
    kinds = ["menu"] * 3 + ["hasty"] * 5 + ["patient"] * 24
    rng.shuffle(kinds)
    spread = len(tiers)
    people = [
        Person(f"+35455520{n:02d}", tier, (n + rng.random()) * WINDOW_S / spread, kind)
        for n, (tier, kind) in enumerate(zip(tiers, kinds, strict=True))
    ]
    rush_at = rng.uniform(15.0, 35.0)
    people += [
        Person(f"+35455520{n:02d}", Tier.GOLD, rush_at + rng.uniform(0.0, 3.0), "patient")
        for n in range(spread, CALLERS)
    ]
    return people


def plan_calls(rng: Random, people: list[Person], site: Site) -> list[CallerPlan]:
    """What SIPp is told. A key is pressed while the menu's prompt is said, or soon after it."""
    menu_s = site.prompt_s("greeting") + 0.5
    stays = {"menu": (0.8, menu_s * 0.8), "hasty": (6.0, 8.0), "patient": (13.0, STAY_MAX_S)}
    return [
        CallerPlan(
            number=person.number,
            dialed=DIALED,
            stay_ms=round(1000 * rng.uniform(*stays[person.kind])),
            start_ms=round(1000 * person.at_s),
            key="1",
            key_ms=round(1000 * (menu_s + rng.uniform(0.3, 1.5))),
        )
        for person in people
    ]


def customers_of(people: list[Person]) -> list[Customer]:
    """Those of them who are in the directory."""
    return [Customer(person.number, person.tier) for person in people if person.tier is not None]


async def are_all_ready(center: CenterProcess) -> bool:
    """Whether nobody calls any more and every agent waits for the next call."""
    board = await center.board()
    return not board["calls"] and all(agent["state"] == "ready" for agent in board["agents"])


async def test_the_records_of_a_day_say_what_the_telephones_say(tmp_path: Path) -> None:
    print(f"seed {SEED}")
    rng = Random(SEED)
    people = draw_people(rng)
    place = Place()
    phones = SippPhones(tmp_path / "phones", PHONES)
    silent = RtpEnds(
        tmp_path / "silent",
        [Phone(SAYS_NOTHING, SILENT)],
        [],
        phones_at=(LOOPBACK, free_port()),
        callers_at=(TRUNK_LOOPBACK, free_port()),
        pbx=(LOOPBACK, place.ports.sip),
    )
    contacts = {plan.number: phones.contact(plan.number) for plan in PHONES}
    contacts[SAYS_NOTHING] = silent.contact(SAYS_NOTHING)
    config = write_config(tmp_path, place, contacts, QUEUES)
    async with (
        phones,
        silent,
        open_site(tmp_path, config, WORKERS, customers_of(people), SEED) as site,
    ):
        plans = plan_calls(rng, people, site)
        callers = SippCallers(tmp_path / "callers", plans, pbx=site.sip_at)
        async with callers:
            # Its status says nothing: SIPp answers a BYE that crosses one of its pauses, but counts
            # the call as failed.
            await callers.wait(WINDOW_S + STAY_MAX_S + LATE_S)
        await wait_until(lambda: are_all_ready(site.center), "every agent is ready", SETTLE_S)
        board = await site.center.board()
        faults = await site.center.counts("faults")
        repairs = await site.center.counts("repairs")
        records = {row["caller_number"]: row for row in await site.center.records()}
        offers = await read_offers(site.center, records)
        await site.center.stop()
        cards = read_cards(site)
        frames = [Card(*frame) for frame in site.center.frames_written()]
        journal = site.center.journal

    phone_logs = [phones.messages_path, silent.phones_path]
    stories = read_stories([callers.messages_path], phone_logs, unreachable_s=UNREACHABLE_S)
    show(stories, offers)

    # Nothing broke, and nobody is stuck.
    assert faults == {}
    assert repairs == {}
    assert {agent["state"] for agent in board["agents"]} == {"ready"}
    assert find_overlaps(read_rings(phone_logs)) == []

    # Call by call.
    assert len(stories) == CALLERS
    assert all(story.ended_at for story in stories.values())
    assert records.keys() == stories.keys()
    for number, story in stories.items():
        compare(story, records[number], offers[number])
    assert sum(story.is_close for story in stories.values()) <= 2, "too many answers in doubt"

    # In sum, and everything that was to occur did.
    check_sums(people, stories, records)

    check_cards(stories, records, cards, frames)

    # The journal, stepped again, comes to the same.
    first, second = await asyncio.gather(replay(journal, 1), replay(journal, 4242))
    assert first["equal"]
    assert second["equal"]
    assert first["entries"] > 500
    assert first["state_hash"] == second["state_hash"]


async def read_offers(
    center: CenterProcess, records: dict[str, dict[str, Any]]
) -> dict[str, list[tuple[str, str]]]:
    """Caller's number -> phone and result of each offer, in order."""
    phone_of = {worker.login: worker.phone for worker in WORKERS}
    return {
        number: [
            (phone_of[offer["agent"]], offer["result"])
            for offer in (await center.history(row["call"]))["offers"]
        ]
        for number, row in records.items()
    }


def read_cards(site: Site) -> list[Card]:
    """The cards in the desks' log; one that is sent again, or completed later, counts once."""
    cards: list[Card] = []
    incomplete: dict[tuple[str, str], None] = {}
    for line in site.desks.lines():
        if line["event"] != "card" or line["again"]:
            continue
        key = (line["agent"], line["call"])
        if line["complete"] and key in incomplete:
            del incomplete[key]
            continue
        if not line["complete"]:
            incomplete[key] = None
        cards.append(Card(line["agent"], line["call"], line["at"]))
    return cards


def compare(story: Story, record: dict[str, Any], offers: list[tuple[str, str]]) -> None:
    """One call: the record says what the telephones say."""
    phone_of = {worker.login: worker.phone for worker in WORKERS} | {"": ""}
    who = f"{story.number}: {record} {offers} {story}"
    assert len(offers) == record["offers"] == len(story.rings), who
    for ring, (phone, result) in zip(story.rings, offers, strict=True):
        assert ring.phone == phone, who
        assert result in ring.results, who
    if not story.is_close:
        assert record["outcome"] == story.outcome, who
        assert phone_of[record["answered_by"]] == story.answered_by, who
        assert record["answered_by_senior"] == (story.answered_by in SENIORS), who
    assert bool(record["queue"]) == (story.pressed_at is not None), who


def check_sums(
    people: list[Person], stories: dict[str, Story], records: dict[str, dict[str, Any]]
) -> None:
    """The day's figures by the telephones, those of the records, and that nothing is missing."""
    gold = [person.number for person in people if person.tier is Tier.GOLD]
    told = Counter(story.outcome for story in stories.values() if not story.is_close)
    kept = Counter(
        row["outcome"] for number, row in records.items() if not stories[number].is_close
    )
    assert told == kept
    assert told["answered"] >= CALLERS / 3
    assert told["abandoned"] >= 2
    assert told["left_in_ivr"] == sum(person.kind == "menu" for person in people)
    by_senior = [number for number in gold if stories[number].answered_by in SENIORS]
    assert len(by_senior) >= 3
    # A gold call has overflowed when a junior answered it.
    overflowed = {
        number for number in gold if stories[number].answered_by not in ("", None, *SENIORS)
    }
    assert overflowed == {number for number, row in records.items() if row["overflowed"]}
    assert overflowed
    results = Counter(ring.results[0] for story in stories.values() for ring in story.rings)
    for result in ("answered", "no_answer", "rejected", "unreachable"):
        assert results[result], f"no ring was {result}: {results}"


def check_cards(
    stories: dict[str, Story],
    records: dict[str, dict[str, Any]],
    cards: list[Card],
    frames: list[Card],
) -> None:
    """Card before ring: every INVITE at a phone comes after the frame with that caller's card.

    The frame is at the desk when it is written; when the desk's process notes it is up to the
    machine, which may be busy: mostly before the INVITE, always within SEEN_S.
    """
    rings = [ring for story in stories.values() for ring in story.rings]
    phone_of = {worker.login: worker.phone for worker in WORKERS}
    caller_of = {row["call"]: number for number, row in records.items()}
    assert len(cards) == len(frames) >= len(rings) > CALLERS / 2
    assert find_rings_without_card(rings, frames, phone_of, caller_of) == []
    late = find_rings_without_card(rings, cards, phone_of, caller_of)
    print(f"{len(rings)} rings, {len(late)} cards noted after the INVITE")
    assert len(late) <= LATE_SHARE * len(rings)
    noted = [replace(card, at=card.at - SEEN_S) for card in cards]
    assert find_rings_without_card(rings, noted, phone_of, caller_of) == []


def show(stories: dict[str, Story], offers: dict[str, list[tuple[str, str]]]) -> None:
    """For whoever reads a failure."""
    for story in sorted(stories.values(), key=lambda story: story.arrived_at):
        rings = [(ring.phone, *ring.results) for ring in story.rings]
        print(story.number, story.outcome, story.answered_by, rings, offers.get(story.number))
    outcomes = Counter(story.outcome for story in stories.values())
    print(dict(outcomes), Counter(r.results for s in stories.values() for r in s.rings))
