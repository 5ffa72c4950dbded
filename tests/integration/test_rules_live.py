"""Rules are changed over the API while twenty callers wait: the right ones are answered next.

Nobody is ready, or everybody talks, whenever something is changed. Then agents come free one at a
time, the next one when the phone before it talks: so the order in the phones' own log is that of
the choices, with more time between two of them than ends can disagree about (``CLOSE_S``).
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from callcenter.demo.sip_counter import SipCall, read_calls
from callcenter.domain.customer import Tier
from callcenter.simulator.sip_far_ends import CallerPlan, SippCallers
from tests.far_ends.rtp_end import Phone
from tests.far_ends.rtp_process import RtpEnds
from tests.far_ends.verdict import CLOSE_S, find_overlaps, read_stories
from tests.integration.asterisk import LOOPBACK, TRUNK_LOOPBACK, free_port, wait_until
from tests.integration.busy_center import STAY_MS, in_state, number_of, tier_of
from tests.integration.busy_verdict import SPOKEN_MIN, agents_of, check_replay
from tests.integration.center_process import (
    DIALED,
    QUEUE,
    SUPERVISOR,
    CenterProcess,
    Customer,
    Place,
    Site,
    Worker,
    open_site,
    write_config,
)

pytestmark = [pytest.mark.asterisk, pytest.mark.alone]

SEED: Final = 20261130
SPARE: Final = "spare"
"""A queue that nobody calls; its agent is free all the time."""
LOGINS: Final = ("ana", "ben", "cleo", "dan", "eve", "finn", "gus", "hana", "ivan", "jon")
"""As many as are to be served by each version of the rules."""
ZOE: Final = "zoe"
WORKERS: Final = (
    *(Worker(login, f"{1001 + n}") for n, login in enumerate(LOGINS)),
    Worker(ZOE, "1099", queue=SPARE),
)
RING_S: Final = 0.2
TALK_S: Final = 600.0
"""Agents hang up when the test has them do so."""
LOANS: Final = "5550102"
CALLERS: Final = range(20)
KNOWN: Final = range(40)
EVERY_S: Final = 0.25
REFUSED_S: Final = 30.0
"""For a caller to be hung up after the prompt of a closed queue: two seconds."""
AT_ONCE_S: Final = 1.0
"""From the reply until every waiting call is treated by the new rules."""

LOAN_CALLERS: Final = (2, 3, 4, 7, 8, 9, 12, 13, 14, 17, 18, 19)
GERMANS: Final = (9, 10, 11, 13, 14, 17, 18)
"""Of all tiers: gold and standard ones are not to go first."""

OLD_RULES: Final = """\
format: 1
preset: strict_priority
rules:
  - name: everybody
"""
NEW_RULES: Final = """\
format: 1
preset: strict_priority
rules:
  - name: silver in German
    when: customer.tier == "silver" and customer.language == "de"
    then: { weight: 100 }
  - name: loans
    when: call.dialed == "5550102"
    then: { weight: 10 }
  - name: everybody
"""
OLD_RULE: Final = dict.fromkeys(CALLERS, "everybody")
NEW_RULE: Final = (
    OLD_RULE
    | dict.fromkeys(LOAN_CALLERS, "loans")
    | dict.fromkeys((10, 14, 18), "silver in German")
)
OLD_ORDER: Final = (1, 5, 9, 13, 17, 2, 6, 10, 14, 18, 0, 3, 4, 7, 8, 11, 12, 15, 16, 19)
"""Gold, silver, and standard with whom nobody knows; each as they came."""
NEW_ORDER: Final = (10, 14, 18, 9, 13, 17, 2, 3, 4, 7, 8, 12, 19, 1, 5, 6, 0, 11, 15, 16)
"""Silver in German; loans: gold, silver, standard; all others: gold, silver, standard."""
SERVED: Final = NEW_ORDER[: len(LOGINS)]
REST: Final = tuple(n for n in OLD_ORDER if n not in SERVED)
"""Otherwise than the new rules would have it."""

DIVERTED: Final = (20, 22, 23)
"""Standard, silver, unknown: who wait as the queue is diverted."""
DIVERTED_ORDER: Final = (22, 20, 23)
MEANWHILE: Final = 24
AFTERWARDS: Final = (26, 25)
"""Silver, then gold."""
REFUSED: Final = 27
WARNED: Final = 28
"""Who come while the queue is closed, and while a message is put in front of it."""
AFTERWARDS_ORDER: Final = (25, 26, WARNED)
EVERYBODY: Final = (*CALLERS, *DIVERTED, MEANWHILE, *AFTERWARDS_ORDER)
"""Who is served."""
CLOSED_PROMPT, MESSAGE_PROMPT = "goodbye", "greeting"


@dataclass
class RulesCenter:
    """The site, and everybody at its ends."""

    site: Site
    ends: RtpEnds
    batches: list[SippCallers] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def center(self) -> CenterProcess:
        """The service."""
        return self.site.center

    async def sign_in(self) -> None:
        """Everybody's token, for buttons that a test presses."""
        for login, password in self.site.passwords.items():
            self.tokens[login] = await self.center.sign_in(login, password)
        self.tokens[SUPERVISOR] = await self.center.sign_in(SUPERVISOR, self.center.password)

    async def supervise(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Ask for something as the supervisor."""
        return await self.center.ask(method, path, self.tokens[SUPERVISOR], body)

    # --- callers ------------------------------------------------------------------------------

    async def call(self, callers: Sequence[int]) -> None:
        """Have these callers call, one after the other."""
        plans = [
            CallerPlan(
                number=number_of(n),
                dialed=LOANS if n in LOAN_CALLERS else DIALED,
                stay_ms=STAY_MS,
                start_ms=round(1000 * place * EVERY_S),
            )
            for place, n in enumerate(callers)
        ]
        folder = self.site.folder / f"callers-{len(self.batches)}"
        batch = SippCallers(folder, plans, pbx=self.site.sip_at)
        self.batches.append(batch)
        await batch.start()

    async def wait_for_waiting(self, callers: Sequence[int], queue: str) -> dict[int, float]:
        """Until just these callers wait in this queue; since when each does."""
        found: dict[int, float] = {}

        async def do_they() -> bool:
            calls = in_state(await self.center.board(), "waiting")
            known = {number_of(n) for n in callers if tier_of(number_of(n)) is not None}
            found.clear()
            found.update({caller_in(c): c["queued_at"] for c in calls if c["queue"] == queue})
            are_known = all(c["customer"] for c in calls if c["caller_number"] in known)
            return sorted(found) == sorted(callers) and are_known

        await wait_until(do_they, f"{callers} wait in {queue}")
        return found

    async def ids(self) -> dict[int, str]:
        """Caller -> the call, of all live ones."""
        return {caller_in(call): call["id"] for call in (await self.center.board())["calls"]}

    async def wait_for_rules(
        self, version: int, calls: Mapping[int, str], rules: Mapping[int, str]
    ) -> None:
        """Until each of these calls is treated by its rule of this version, at once."""
        began = time.monotonic()

        async def are_they() -> bool:
            paths = [f"/calls/{call}/routing" for call in calls.values()]
            views = await asyncio.gather(*(self.center.get(path) for path in paths))
            treated = [(v["live"]["rules_version"], v["live"]["rule"]) for v in views]
            return treated == [(version, rules[n]) for n in calls]

        await wait_until(are_they, f"all are treated by version {version}", AT_ONCE_S)
        print(f"version {version}: {len(calls)} calls seen after {time.monotonic() - began:.3f} s")

    async def records(self, count: int) -> list[dict[str, Any]]:
        """Every call's record, once there are so many: they are written a little after the end."""
        found: list[dict[str, Any]] = []

        async def are_written() -> bool:
            found[:] = await self.center.records()
            return len(found) >= count

        await wait_until(are_written, "every call has its record")
        return found

    # --- agents -------------------------------------------------------------------------------

    async def press(self, login: str, what: str, body: Mapping[str, Any] | None = None) -> None:
        """Press one of an agent's buttons."""
        await self.center.ask("POST", f"/agents/me/{what}", self.tokens[login], body)

    async def hang_up(self, login: str) -> None:
        """End an agent's conversation, once the caller has been heard in it."""
        (phone,) = phones_of([login])

        def is_heard() -> bool:
            spoken = self.ends.heard().spoken
            return any(
                spoken.get(call.call_id, 0) >= SPOKEN_MIN
                for call in self.phone_calls()
                if call.called == phone and call.ended_at is None
            )

        await wait_until(is_heard, f"{login} hears the caller")
        await self.press(login, "hang-up")

    async def wait_for_talk(self, login: str, but: str = "") -> str:
        """Until an agent talks, on another call than this one; on which."""
        call = ""

        async def is_talking() -> bool:
            nonlocal call
            agent = await self.center.get(f"/agents/{login}")
            call = agent["call"] if agent["state"] == "talking" else ""
            return call not in ("", but)

        await wait_until(is_talking, f"{login} talks")
        return call

    async def take_next(self, logins: Sequence[str]) -> None:
        """Each of these who talk hangs up and talks to another caller, one agent at a time."""
        for login in logins:
            before = (await self.center.get(f"/agents/{login}"))["call"]
            await self.hang_up(login)
            await self.wait_for_talk(login, but=before)

    # --- what the far ends say ----------------------------------------------------------------

    def phone_calls(self) -> list[SipCall]:
        """Every call at the phones so far."""
        return read_calls(self.ends.phones_path)

    async def answered(self, known: int, more: int) -> list[tuple[int, str]]:
        """Caller and phone of each conversation after those known, in order, once there are so many
        more: the log is written a little late."""
        found: list[SipCall] = []

        def are_all_written() -> bool:
            found[:] = [call for call in self.phone_calls() if call.answered_at is not None]
            return len(found) >= known + more

        await wait_until(are_all_written, "the phones' log is written")
        found.sort(key=lambda call: call.answered_at or 0.0)
        times = [call.answered_at or 0.0 for call in found]
        assert all(later - earlier > CLOSE_S for earlier, later in itertools.pairwise(times))
        return [(int(call.caller[-4:]), call.called) for call in found[known:]]


def caller_in(call: Mapping[str, Any]) -> int:
    """Which of the callers a live call is of."""
    return int(call["caller_number"][-4:])


def queued_at(board: Mapping[str, Any]) -> dict[int, float]:
    """Caller -> since when the call waits or waited."""
    return {caller_in(call): call["queued_at"] for call in board["calls"]}


def phones_of(logins: Sequence[str]) -> list[str]:
    """The phones on these agents' desks."""
    return [worker.phone for login in logins for worker in WORKERS if worker.login == login]


def list_customers() -> list[Customer]:
    """Those of the callers who are in the directory."""
    numbers = {n: number_of(n) for n in KNOWN}
    tiers: dict[int, Tier | None] = {n: tier_of(number) for n, number in numbers.items()}
    return [
        Customer(numbers[n], tier, "de" if n in GERMANS else "en")
        for n, tier in tiers.items()
        if tier is not None
    ]


def write_flow(folder: Path) -> Path:
    """A flow without a menu: who calls waits at once."""
    flows = folder / "flows"
    flows.mkdir()
    flow = {
        "id": "service",
        "version": 1,
        "start": "line",
        "default_queue": QUEUE,
        "nodes": {"line": {"type": "queue", "queue": QUEUE}},
    }
    (flows / "service.yaml").write_text(yaml.safe_dump(flow, sort_keys=False), encoding="utf-8")
    return flows


@asynccontextmanager
async def open_rules_center(folder: Path) -> AsyncIterator[RulesCenter]:
    """A center in which all agents of the queue have a break."""
    place = Place()
    ends = RtpEnds(
        folder / "ends",
        [Phone(worker.phone, ring_s=RING_S, talk_s=TALK_S) for worker in WORKERS],
        [],
        phones_at=(LOOPBACK, free_port()),
        callers_at=(TRUNK_LOOPBACK, free_port()),
        pbx=(LOOPBACK, place.ports.sip),
    )
    contacts = {worker.phone: ends.contact(worker.phone) for worker in WORKERS}
    queues = ({"id": QUEUE, "wrap_up_s": 0}, {"id": SPARE, "wrap_up_s": 0})
    config = write_config(folder, place, contacts, queues, write_flow(folder))
    async with ends, open_site(folder, config, WORKERS, list_customers(), SEED) as site:
        center = RulesCenter(site, ends)
        await center.sign_in()
        for login in LOGINS:
            await center.press(login, "not-ready", {"reason": "break"})
        try:
            yield center
        finally:
            await asyncio.gather(*(batch.stop() for batch in center.batches))


# --- the test -------------------------------------------------------------------------------------


async def change_rules_and_take_them_back(busy: RulesCenter) -> None:
    """Twenty wait; new rules, ten are served; the old rules again, and the other ten are."""
    old = await busy.supervise("POST", "/rules/publish", {"text": OLD_RULES, "based_on": 0})
    await busy.call(CALLERS)
    since = await busy.wait_for_waiting(CALLERS, QUEUE)
    assert sorted(since, key=lambda n: since[n]) == list(CALLERS)
    calls = await busy.ids()
    await busy.wait_for_rules(old["version"], calls, OLD_RULE)

    # What would be changed is what is changed, for everybody at once.
    preview = await busy.supervise("POST", "/rules/preview", {"text": NEW_RULES})
    numbers = {call: n for n, call in calls.items()}
    told = {numbers[row["call"]]: (row["to_rule"], row["differs"]) for row in preview["changed"]}
    expected = {n: (rule, ["weight"]) for n, rule in NEW_RULE.items() if rule != OLD_RULE[n]}
    assert (preview["waiting"], told) == (len(CALLERS), expected)
    await busy.wait_for_rules(old["version"], calls, OLD_RULE)
    new = await busy.supervise(
        "POST", "/rules/publish", {"text": NEW_RULES, "based_on": old["version"]}
    )
    await busy.wait_for_rules(new["version"], calls, NEW_RULE)
    assert queued_at(await busy.center.board()) == since

    # The right ones are next: each agent who presses "ready" gets one.
    for login in LOGINS:
        await busy.press(login, "ready")
        await busy.wait_for_talk(login)
    served = list(zip(SERVED, phones_of(LOGINS), strict=True))
    assert await busy.answered(0, len(served)) == served

    # All agents talk. Who still waits is treated as before, in the place of the first arrival.
    again = await busy.supervise(
        "POST", "/rules/rollback", {"version": old["version"], "based_on": new["version"]}
    )
    waiting = {n: calls[n] for n in REST}
    await busy.wait_for_rules(again["version"], waiting, OLD_RULE)
    assert await busy.wait_for_waiting(REST, QUEUE) == {n: since[n] for n in REST}
    await busy.take_next(LOGINS)
    rest = list(zip(REST, phones_of(LOGINS), strict=True))
    assert await busy.answered(len(served), len(rest)) == rest


async def divert_and_put_back(busy: RulesCenter) -> None:
    """All agents talk and three wait; the queue is diverted to one whose agent is free."""
    known = len(CALLERS)
    await busy.call(DIVERTED)
    since = await busy.wait_for_waiting(DIVERTED, QUEUE)
    assert agents_of(await busy.center.board())[ZOE]["state"] == "ready"

    switch = {"mode": "diverted", "for_s": 600, "target": SPARE}
    await busy.supervise("POST", f"/queues/{QUEUE}/switch", switch)
    board = await busy.center.board()
    moved = {caller_in(c): c["queue"] for c in board["calls"] if caller_in(c) in DIVERTED}
    assert moved == dict.fromkeys(DIVERTED, SPARE)
    assert {n: queued_at(board)[n] for n in DIVERTED} == since
    await busy.wait_for_talk(ZOE)
    await busy.take_next([ZOE, ZOE])
    await busy.call([MEANWHILE])
    await busy.wait_for_waiting([MEANWHILE], SPARE)
    await busy.take_next([ZOE])
    rung = [(n, phones_of([ZOE])[0]) for n in (*DIVERTED_ORDER, MEANWHILE)]
    assert await busy.answered(known, len(rung)) == rung

    await busy.supervise("DELETE", f"/queues/{QUEUE}/switch")
    await busy.hang_up(ZOE)
    await busy.call(AFTERWARDS)
    await busy.wait_for_waiting(AFTERWARDS, QUEUE)
    assert agents_of(await busy.center.board())[ZOE]["state"] == "ready"
    await close_and_warn(busy)
    logins = LOGINS[: len(AFTERWARDS_ORDER)]
    await busy.take_next(logins)
    usual = list(zip(AFTERWARDS_ORDER, phones_of(logins), strict=True))
    assert await busy.answered(known + len(rung), len(usual)) == usual


async def close_and_warn(busy: RulesCenter) -> None:
    """The queue is closed, then a message is put in front of it: who waits is left alone."""
    since = await busy.wait_for_waiting(AFTERWARDS, QUEUE)
    path = f"/queues/{QUEUE}/switch"
    closed = {"mode": "closed", "for_s": 600, "prompt": CLOSED_PROMPT}
    await busy.supervise("POST", path, closed)
    await busy.call([REFUSED])
    assert await busy.batches[-1].wait(REFUSED_S)
    assert await busy.wait_for_waiting(AFTERWARDS, QUEUE) == since

    message = {"mode": "message", "for_s": 600, "prompt": MESSAGE_PROMPT}
    await busy.supervise("POST", path, message)
    await busy.call([WARNED])
    after = await busy.wait_for_waiting([*AFTERWARDS, WARNED], QUEUE)
    assert {n: after[n] for n in AFTERWARDS} == since
    await busy.supervise("DELETE", path)


async def test_rules_and_the_switch_hold_at_once_for_those_who_wait(tmp_path: Path) -> None:
    async with open_rules_center(tmp_path) as busy:
        await change_rules_and_take_them_back(busy)
        await divert_and_put_back(busy)
        for login in LOGINS:
            await busy.hang_up(login)
        await asyncio.gather(*(batch.wait(10.0) for batch in busy.batches))

        async def is_quiet() -> bool:
            board = await busy.center.board()
            states = {agent["state"] for agent in board["agents"]}
            return states == {"ready"} and not board["calls"]

        await wait_until(is_quiet, "nothing goes on")
        prompts = (CLOSED_PROMPT, MESSAGE_PROMPT)
        prompt_s = {name: busy.site.prompt_s(name) for name in prompts}
        records = await busy.records(len(EVERYBODY) + 1)
        faults = await busy.center.counts("faults")
        await check_replay(busy.center)
        traces = [batch.messages_path for batch in busy.batches]
        stories = read_stories(traces, [busy.ends.phones_path], unreachable_s=float("inf"))
        heard = busy.ends.heard()
        overlaps = find_overlaps(busy.phone_calls())

    # Nobody is lost: everybody was rung for once, was heard, and hung up on when the agent was;
    # but for one, who was told before.
    refused = stories.pop(number_of(REFUSED))
    assert (refused.rings, refused.ended_by_caller) == ([], False)
    assert refused.answered_at is not None
    assert refused.ended_at is not None
    assert refused.ended_at - refused.answered_at >= prompt_s[CLOSED_PROMPT]
    warned = stories[number_of(WARNED)]
    assert warned.answered_at is not None
    assert warned.rings[0].invited_at - warned.answered_at >= prompt_s[MESSAGE_PROMPT]
    for story in stories.values():
        assert [ring.results for ring in story.rings] == [("answered",)], story
        assert heard.spoken[story.rings[0].call_id] >= SPOKEN_MIN, story
        assert story.ended_by_caller is False, story
    assert sorted(stories) == [number_of(n) for n in sorted(EVERYBODY)]
    outcomes = {record["caller_number"]: record["outcome"] for record in records}
    assert len(outcomes) == len(records)
    expected = dict.fromkeys(stories, "answered") | {number_of(REFUSED): "ended_by_flow"}
    assert outcomes == expected
    assert overlaps == []
    assert faults == {}
