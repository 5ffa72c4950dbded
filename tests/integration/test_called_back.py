"""People call a campaign back, and a campaign is stopped while phones ring, on a real Asterisk.

What truly happened is read from SIPp's logs and from the wire at the agents' phones.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest
from typer.testing import CliRunner

from callcenter.cli.campaign import app as campaign_commands
from callcenter.demo.sip_counter import SipCall, read_calls
from callcenter.simulator.sip_carrier import CarrierNumber, NumberBehaviour
from callcenter.simulator.sip_far_ends import CallerPlan, SippCallers
from callcenter.simulator.sounds import to_ulaw, tone
from tests.far_ends.wire_tap import WireTap
from tests.integration.asterisk import wait_until
from tests.integration.center_process import SUPERVISOR, Worker
from tests.integration.dialing_site import CAMPAIGN, RING_S, DialingSite, open_dialing
from tests.integration.test_campaign import settle

pytestmark = pytest.mark.asterisk

SEED: Final = 20261203
ANA: Final = Worker("ana", "1001", campaign=CAMPAIGN)
PHONES: Final = "127.0.0.3"
"""An address of the agents' phones alone: what comes in there is what agents hear."""
SHOWN: Final = "+3545550100"
"""The number that the campaign shows; the trunk brings it as it likes."""
TALKS, OPTS_OUT, TRIED_AGAIN, NEWCOMER = (f"+35461177{n:02}" for n in range(4))
KEY: Final = "9"
RETURN_PROMPT_S: Final = 0.8
TALK_MS: Final = 4_500
"""From the answer: the prompt and the wait for a key take two seconds of it."""
RETRY_S: Final = 10.0
RETURNS: Final = {
    "pacing": "progressive",
    "amd": False,
    "caller_id": SHOWN,
    "opt_out_key": KEY,
    "return_prompt": "called-back",
    "retries": {"busy": {"delay_s": RETRY_S, "max_tries": 2}},
}
CALLS_BACK: Final = (
    CallerPlan(TALKS, SHOWN.removeprefix("+354"), TALK_MS),
    CallerPlan(OPTS_OUT, SHOWN, 60_000, start_ms=300, key=KEY, key_ms=500),
)

SERVED: Final = CarrierNumber("+3546117710", ring_ms=200, talk_ms=4_500)
RINGING: Final = tuple(
    CarrierNumber(f"+35461177{n}", NumberBehaviour.NO_ANSWER) for n in range(11, 13)
)
NEVER_DIALED: Final = CarrierNumber("+3546117713")
RETURNER_MS: Final = 10_000
"""From the answer: five seconds of it wait for the talk before and its wrap-up to be over."""
THREE_AT_ONCE: Final = {
    "pacing": "power",
    "lines_per_agent": 3,
    "amd": False,
    "caller_id": SHOWN,
    "retries": {},
}
AT_ONCE_S: Final = 1.0


def dialed(dialing: DialingSite) -> dict[str, list[SipCall]]:
    """The carrier's calls to each number."""
    found: dict[str, list[SipCall]] = {}
    for call in dialing.calls():
        found.setdefault(f"+{call.called.lstrip('+')}", []).append(call)
    return found


async def mishaps(dialing: DialingSite) -> tuple[dict[str, int], dict[str, int], list[str]]:
    """Faults, repairs and what Asterisk complains of."""
    center = dialing.center
    return (
        await center.counts("faults"),
        await center.counts("repairs"),
        dialing.site.pbx.warnings(),
    )


async def wait_for_attempts(dialing: DialingSite, count: int) -> list[dict[str, Any]]:
    """The ended attempts, when so many are in the records."""
    rows: list[dict[str, Any]] = []

    async def are_there() -> bool:
        rows[:] = await dialing.attempts()
        return len(rows) >= count

    await wait_until(are_there, f"{count} attempts are written")
    return rows


async def have_retries_dialed(dialing: DialingSite) -> None:
    """Wait until the retry of everybody who was busy is due, and have the list looked at again: a
    newcomer does that, it would be half a minute otherwise."""
    refused = [call.refused_at for call in dialing.calls() if call.refused_at is not None]
    due_at = max(refused) + RETRY_S
    await wait_until(lambda: time.time() > due_at, "every retry is due")
    manager = await dialing.center.sign_in(SUPERVISOR, dialing.center.password)
    newcomer = {"numbers": [NEWCOMER]}
    await dialing.center.ask("POST", f"/campaigns/{CAMPAIGN}/contact", manager, newcomer)
    await wait_for_attempts(dialing, len(refused) + 2)
    await settle(dialing.site)


async def test_who_calls_back_talks_with_the_campaigns_agent_or_opts_out_and_is_dialed_no_more(
    tmp_path: Path,
) -> None:
    sounds = tmp_path / "asterisk" / "sounds"
    sounds.mkdir(parents=True)
    prompt = to_ulaw(tone((440,), RETURN_PROMPT_S, volume=0.1))
    (sounds / "called-back.ulaw").write_bytes(prompt)
    *people, later = (
        CarrierNumber(number, NumberBehaviour.BUSY, ring_ms=100)
        for number in (TALKS, OPTS_OUT, TRIED_AGAIN, NEWCOMER)
    )
    async with (
        WireTap(tmp_path / "phones-wire.log", PHONES) as phones_tap,
        open_dialing(
            tmp_path,
            SEED,
            len(people),
            RETURNS,
            workers=(ANA,),
            people=people,
            later=[later],
            phones_address=PHONES,
        ) as dialing,
    ):
        await dialing.step("start")
        await dialing.wait_until_all_dialed(10.0)
        async with SippCallers(
            tmp_path / "callers", CALLS_BACK, pbx=dialing.site.sip_at
        ) as callers:
            assert await callers.wait(15.0)
        await have_retries_dialed(dialing)
        results = (await dialing.center.get(f"/campaigns/{CAMPAIGN}/results"))["rows"]
        view = await dialing.campaign()
        listed = (await dialing.center.get("/dnc"))["entries"]
        told = await mishaps(dialing)

    sip = {call.caller: call for call in read_calls(callers.messages_path)}
    assert {number: len(calls) for number, calls in dialed(dialing).items()} == {
        TALKS: 1,
        OPTS_OUT: 1,
        TRIED_AGAIN: 2,
        NEWCOMER: 1,
    }
    check_talk(dialing, phones_tap, sip[TALKS])
    check_goodbye(dialing, sip[OPTS_OUT])
    assert [(one["number"], one["source"]) for one in listed] == [(OPTS_OUT, "opt_out")]
    assert sorted((row["returned"], row["attempts"]) for row in results) == [(0, 1), (1, 4)]
    assert view["returns"] == {"calls": 2, "answered": 1, "opted_out": 1}
    assert told == ({}, {}, [])


def check_talk(dialing: DialingSite, phones_tap: WireTap, caller: SipCall) -> None:
    """The agent had the card before the first word, and heard the caller until they hung up."""
    [card] = [line for line in dialing.site.desks.lines() if line["event"] == "card"]
    heard = [p.at for p in phones_tap.read().packets if p.loud and not p.sent]
    assert caller.answered_at is not None
    assert caller.ended_at is not None
    assert caller.ended_here
    assert (card["agent"], card["campaign"]) == (ANA.login, CAMPAIGN)
    assert caller.answered_at + RETURN_PROMPT_S < card["at"] < heard[0]
    assert caller.ended_at - 1.0 < heard[-1] < caller.ended_at + 1.0
    assert dialing.line_rings() == {ANA.phone: 1}  # over the open line


def check_goodbye(dialing: DialingSite, caller: SipCall) -> None:
    """Who pressed the key was told so to the end, and then hung up."""
    assert caller.pressed_at is not None
    assert caller.ended_at is not None
    assert not caller.ended_here
    assert caller.ended_at - caller.pressed_at >= dialing.site.prompt_s("opted-out")


async def test_a_campaign_that_is_stopped_lets_ringing_phones_go_and_serves_who_is_on_the_line(
    tmp_path: Path,
) -> None:
    people = [SERVED, *RINGING, NEVER_DIALED]
    returner = RINGING[0].number
    async with (
        WireTap(tmp_path / "phones-wire.log", PHONES) as phones_tap,
        open_dialing(
            tmp_path,
            SEED,
            len(people),
            THREE_AT_ONCE,
            workers=(ANA,),
            people=people,
            phones_address=PHONES,
        ) as dialing,
    ):

        async def are_under_way() -> bool:
            view = await dialing.campaign()
            return bool((view["ringing"], view["talking"]) == (len(RINGING), 1))

        async def has_called_back() -> bool:
            view = await dialing.campaign()
            return bool((view["ringing"], view["returning"]) == (len(RINGING) - 1, 1))

        await dialing.step("start")
        await wait_until(are_under_way, "one talks and the others ring")
        plans = [CallerPlan(returner, SHOWN, RETURNER_MS)]
        async with SippCallers(tmp_path / "callers", plans, pbx=dialing.site.sip_at) as callers:
            await wait_until(has_called_back, "one whose phone rang waits for an agent")
            arguments = ["stop", CAMPAIGN, "--config", str(dialing.center.config), "--json"]
            said = await asyncio.to_thread(CliRunner().invoke, campaign_commands, arguments)
            assert await callers.wait(20.0)
        await settle(dialing.site)

        async def is_finished() -> bool:
            view = await dialing.campaign()
            return bool(view["state"] == "finished" and not view["agents"])

        await wait_until(is_finished, "the campaign is over and its agent has left it")
        attempts = await wait_for_attempts(dialing, 1 + len(RINGING))
        view = await dialing.campaign()
        told = await mishaps(dialing)

    stopped = json.loads(said.output)
    calls = {number: found for number, [found] in dialed(dialing).items()}
    [back] = read_calls(callers.messages_path)
    assert sorted(calls) == sorted(one.number for one in (SERVED, *RINGING))
    check_served(calls[SERVED.number], SERVED.talk_ms)
    check_served(back, RETURNER_MS)
    check_let_go(calls[returner], back.invited_at)
    check_let_go(calls[RINGING[1].number], stopped["since"])
    heard = [p.at for p in phones_tap.read().packets if p.loud and not p.sent]
    assert back.ended_at is not None
    assert back.ended_at - 1.0 < heard[-1] < back.ended_at + 1.0
    assert stopped["state"] == "draining"
    assert view["returns"]["answered"] == 1
    assert Counter(one["result"] for one in attempts) == {
        "connected": 1,
        "no_answer": 1,
        "cancelled": 1,
    }
    assert told == ({}, {}, [])


def check_served(call: SipCall, planned_ms: int) -> None:
    """Answered, and ended by that person when they wanted to."""
    assert call.answered_at is not None
    assert call.ended_at is not None
    assert call.ended_here
    assert call.ended_at - call.answered_at > 0.8 * planned_ms / 1000


def check_let_go(call: SipCall, since: float) -> None:
    """A phone that rang, and was let go at once after this moment."""
    assert call.outcome == "cancelled"
    assert call.ringing_at is not None
    assert call.cancelled_at is not None
    assert call.cancelled_at < call.ringing_at + RING_S
    assert 0.0 < call.cancelled_at - since < AT_ONCE_S
