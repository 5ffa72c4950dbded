"""Callers whom nobody answers are led on as the rules say, on a real Asterisk: a last message, a
voicemail, a number outside that answers and one that is busy; and who waits longest is told its
position, and joined with an agent in the midst of that.
"""

from __future__ import annotations

import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from callcenter.core import announcing
from callcenter.demo.sip_counter import read_calls
from callcenter.simulator.sip_carrier import CarrierNumber, NumberBehaviour, SippCarrier
from callcenter.simulator.sip_far_ends import CallerPlan, PhonePlan, SippCallers, SippPhones
from callcenter.simulator.sounds import to_ulaw, tone
from tests.integration.asterisk import wait_until
from tests.integration.busy_verdict import check_replay
from tests.integration.center_process import (
    QUEUE,
    SUPERVISOR,
    CenterProcess,
    Place,
    Worker,
    open_site,
    write_config,
)
from tests.integration.test_rules_live import write_flow

pytestmark = [pytest.mark.asterisk, pytest.mark.alone]

SEED: Final = 20261201
ANA: Final = Worker("ana", "1001")
MESSAGE, MAIL, BRANCH, BUSY, LONG = "5550101", "5550102", "5550103", "5550104", "5550105"
CALLERS: Final = {dialed: f"+354555{n:04}" for n, dialed in enumerate((MESSAGE, MAIL, BRANCH))} | {
    BUSY: "+3545550100",
    LONG: "+3545550101",
}
OUTSIDE, OUTSIDE_BUSY = "+3545559001", "+3545559002"
SAYS_MS: Final = 6_000
"""Who leaves a message hangs up so long after the answer: some three seconds of it are recorded."""
OUTSIDE_TALK_MS: Final = 1_500
ANNOUNCE_S: Final = 15.0
SAID_S: Final = 20.0
"""How long an announcement is: longer than anything here is waited for."""
SOUNDS: Final = {"all-busy": 0.8, "call-later": 1.0, "leave-a-message": 0.6} | dict.fromkeys(
    announcing.list_prompts(), SAID_S
)
RULES: Final = f"""\
format: 1
rules:
  - name: message
    when: call.dialed == "{MESSAGE}"
    then:
      overflow: [{{ after_s: 1, message: {{ prompt: call-later, then: hang_up }} }}]
  - name: mail
    when: call.dialed == "{MAIL}"
    then:
      overflow: [{{ after_s: 1, voicemail: {{ prompt: leave-a-message, max_s: 30 }} }}]
  - name: branch
    when: call.dialed == "{BRANCH}"
    then:
      overflow: [{{ after_s: 1, external: {{ number: "{OUTSIDE}", trunk: carrier }} }}]
  - name: busy branch
    when: call.dialed == "{BUSY}"
    then:
      weight: 0.1
      overflow:
        - {{ longer_than: 1, message: {{ prompt: all-busy, then: wait }} }}
        - {{ after_s: 1, external: {{ number: "{OUTSIDE_BUSY}", trunk: carrier }} }}
  - name: everybody
    then: {{ announce_every_s: {ANNOUNCE_S:g} }}
"""


def write_sounds(folder: Path) -> None:
    """What callers hear here, as tones of known length."""
    for name, length_s in SOUNDS.items():
        path = folder / f"{name}.ulaw"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(to_ulaw(tone((440,), length_s, volume=0.1)))


async def live(center: CenterProcess, dialed: str) -> Mapping[str, Any]:
    """The live call of whoever dialed this number; empty when there is none."""
    calls = (await center.board())["calls"]
    return next((call for call in calls if call["caller_number"] == CALLERS[dialed]), {})


async def wait_for(center: CenterProcess, dialed: str, **wanted: str) -> Mapping[str, Any]:
    """Until that call is so."""
    call: Mapping[str, Any] = {}

    async def is_so() -> bool:
        nonlocal call
        call = await live(center, dialed)
        return all(call.get(name) == value for name, value in wanted.items())

    await wait_until(is_so, f"the call to {dialed} is {wanted}", ANNOUNCE_S * 2)
    return call


async def test_callers_are_led_on_and_told_as_the_rules_say(tmp_path: Path) -> None:
    place = Place()
    write_sounds(tmp_path / "asterisk" / "sounds")
    carrier = SippCarrier(
        tmp_path / "carrier",
        [
            CarrierNumber(OUTSIDE, NumberBehaviour.HUMAN, 200, OUTSIDE_TALK_MS),
            CarrierNumber(OUTSIDE_BUSY, NumberBehaviour.BUSY, 200),
        ],
        port=place.trunk,
    )
    phones = SippPhones(tmp_path / "phones", [PhonePlan(ANA.phone)])
    queues = ({"id": QUEUE, "wrap_up_s": 0},)
    config = write_config(
        tmp_path, place, {ANA.phone: phones.contact(ANA.phone)}, queues, write_flow(tmp_path)
    )
    plans = [
        CallerPlan(number, dialed, SAYS_MS if dialed == MAIL else 600_000, start_ms=300 * n)
        for n, (dialed, number) in enumerate(reversed(CALLERS.items()))
    ]
    async with carrier, phones, open_site(tmp_path, config, (ANA,), [], SEED) as site:
        center = site.center
        ana = await center.sign_in(ANA.login, site.passwords[ANA.login])
        sam = await center.sign_in(SUPERVISOR, center.password)
        await center.ask("POST", "/agents/me/not-ready", ana, {"reason": "break"})
        rules = {"text": RULES, "based_on": 0}
        await center.ask("POST", "/rules/publish", sam, rules)
        async with SippCallers(tmp_path / "callers", plans, pbx=site.sip_at) as callers:
            # A number outside that answers; one that is busy gives the caller its place back.
            await wait_for(center, BRANCH, state="connected", agent="")
            first = await wait_for(center, BUSY, place="hold")
            # Who waits longest hears where it stands; ana is ready in the midst of that.
            await wait_for(center, LONG, state="waiting", place="announcement")
            assert [number for number, _ in carrier.invites()] == [OUTSIDE_BUSY, OUTSIDE]
            again = await live(center, BUSY)
            assert (again["state"], again["queued_at"]) == ("waiting", first["queued_at"])
            await center.ask("POST", "/agents/me/ready", ana)
            await wait_for(center, LONG, state="connected", agent=ANA.login)
            await center.ask("POST", "/agents/me/hang-up", ana)
            await wait_for(center, BUSY, state="connected", agent=ANA.login)
            await center.ask("POST", "/agents/me/hang-up", ana)

            async def is_over() -> bool:
                return not (await center.board())["calls"]

            await wait_until(is_over, "every call has ended")
            await callers.wait(10.0)  # their log is told of the last end a little late
        (mail,) = (await center.get("/voicemails"))["voicemails"]
        recording = tmp_path / "data" / "voicemails" / mail["file"]
        recorded_s = seconds_of(recording)

        async def are_written() -> bool:
            return len(await center.records()) >= len(CALLERS)

        await wait_until(are_written, "every call has its record")
        records = {record["dialed_number"]: record for record in await center.records()}
        faults, repairs = await center.counts("faults"), await center.counts("repairs")
        await center.ask("DELETE", f"/voicemails/{mail['call']}", sam)
        assert not recording.exists()
        warnings = site.pbx.warnings()
        await check_replay(center)

    assert {dialed: record["outcome"] for dialed, record in records.items()} == {
        MESSAGE: "ended_by_flow",
        MAIL: "led_out",
        BRANCH: "led_out",
        BUSY: "answered",
        LONG: "answered",
    }
    sip = {call.caller: call for call in read_calls(callers.messages_path)}
    told = sip[CALLERS[MESSAGE]]
    assert told.ended_here is False
    assert told.ended_at is not None
    assert told.answered_at is not None
    assert told.ended_at - told.answered_at >= SOUNDS["call-later"]
    assert sip[CALLERS[MAIL]].ended_here is True
    assert sip[CALLERS[BRANCH]].ended_here is False
    assert (mail["caller_number"], mail["queue"]) == (CALLERS[MAIL], QUEUE)
    assert recorded_s > 1.0
    assert abs(mail["seconds"] - recorded_s) < 1.0
    assert (faults, repairs, warnings) == ({}, {}, [])


def seconds_of(recording: Path) -> float:
    """How long a recording is."""
    with wave.open(str(recording)) as file:
        return float(file.getnframes() / file.getframerate())
