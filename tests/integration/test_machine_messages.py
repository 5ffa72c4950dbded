"""A message left on machines, on a real Asterisk: by the sound on the wire it begins when the
machine's greeting and its beep are over; and no agent is kept for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from callcenter.demo.sip_counter import SipCall
from callcenter.simulator.sip_carrier import CarrierNumber
from callcenter.simulator.sip_carrier import NumberBehaviour as Behaviour
from callcenter.simulator.sounds import to_ulaw, tone
from tests.integration.asterisk import wait_until
from tests.integration.dialing_site import MACHINE_MS, WORKERS, DialingSite, open_dialing
from tests.integration.test_campaign import settle, wait_for_records

pytestmark = [pytest.mark.asterisk, pytest.mark.alone]

SEED: Final = 20261203
RECORDS, RECORDS_TOO, GIVES_UP, FAX, PERSON = (f"+354611000{n}" for n in range(1, 6))
PEOPLE: Final = (
    CarrierNumber(RECORDS, Behaviour.MACHINE, 200, MACHINE_MS),
    CarrierNumber(RECORDS_TOO, Behaviour.MACHINE, 900, MACHINE_MS),
    CarrierNumber(GIVES_UP, Behaviour.MACHINE, 200, 6_000),
    CarrierNumber(FAX, Behaviour.FAX, 200, MACHINE_MS),
    CarrierNumber(PERSON, Behaviour.HUMAN, 200, 6_000),
)
"""One machine hangs up in the midst of its greeting, which with the beep lasts 9.3 s."""
MESSAGE: Final = "we-called"
MESSAGE_S: Final = 2.0
SILENCE_S: Final = 2.0
"""What the dialplan takes for the end of a greeting (cc_extensions.conf)."""
SPREAD_S: Final = 0.5
"""Sound reaches Asterisk 60 ms late at most, and it says its first word in the next frame; the rest
is for a machine that stalls."""
LEAVES: Final = {"on_machine": "leave_message", "machine_prompt": MESSAGE, "retries": {}}


def write_message(folder: Path) -> None:
    """The message for machines among Asterisk's sounds."""
    sounds = folder / "asterisk" / "sounds"
    sounds.mkdir(parents=True)
    (sounds / f"{MESSAGE}.ulaw").write_bytes(to_ulaw(tone((440,), MESSAGE_S, volume=0.3)))


def by_number(dialing: DialingSite) -> dict[str, SipCall]:
    """Every call at the carrier."""
    return {f"+{call.called.lstrip('+')}": call for call in dialing.calls()}


async def test_the_message_begins_after_the_greeting_and_no_agent_waits_for_it(
    tmp_path: Path,
) -> None:
    write_message(tmp_path)
    async with open_dialing(
        tmp_path, SEED, 0, {"pacing": "progressive", **LEAVES}, workers=WORKERS[:1], people=PEOPLE
    ) as dialing:
        await dialing.step("start")
        seen: dict[str, Any] = {}

        async def records_while_the_agent_talks() -> bool:
            seen.update(await dialing.campaign())
            return bool(seen["recording"] >= 1 and seen["agents_talking"] == 1)

        # One agent, one line each: the person is dialed while machines are on the line.
        await wait_until(records_while_the_agent_talks, "the agent talks beside a machine", 30.0)
        view = await dialing.wait_until_all_dialed(60.0)
        attempts = {one["number"]: one for one in await wait_for_records(dialing)}
        await settle(dialing.site)
        calls, heard = by_number(dialing), dialing.heard()
        faults = await dialing.center.counts("faults")
        repairs = await dialing.center.counts("repairs")
        warnings = dialing.site.pbx.warnings()

    results = {number: attempt["result"] for number, attempt in attempts.items()}
    machines = dict.fromkeys((RECORDS, RECORDS_TOO, GIVES_UP), "machine")
    assert results == {**machines, FAX: "fax", PERSON: "connected"}
    assert (attempts[FAX]["verdict"], attempts[FAX]["verdict_cause"]) == ("fax", "T38")
    assert (attempts[FAX]["status"], attempts[FAX]["agent"]) == ("done", "")
    assert calls[FAX].ended_here is False
    assert (view["messages"], view["people"]) == (2, 1)
    for number in (RECORDS, RECORDS_TOO):
        call, attempt = calls[number], attempts[number]
        sound = heard[call.call_id]
        assert sound.onset_s is not None
        print(f"{number}: message {sound.onset_s:.3f} s after the beep, {sound.loud_s:.2f} s of it")
        late_s = sound.onset_s - SILENCE_S - sound.stalled_s
        assert -0.05 <= late_s <= SPREAD_S
        assert sound.loud_s == pytest.approx(MESSAGE_S, abs=0.2)  # all of it, and once
        assert call.ended_here is False
        assert call.ended_at is not None
        assert attempt["message_left_at"] == pytest.approx(call.ended_at, abs=SPREAD_S)
        assert (attempt["agent"], attempt["person_at"]) == ("", 0.0)
    assert attempts[GIVES_UP]["message_left_at"] == 0.0
    assert heard[calls[GIVES_UP].call_id].message_at is None
    assert (faults, repairs, warnings) == ({}, {}, [])


async def test_a_machine_records_the_message_although_the_service_has_died(tmp_path: Path) -> None:
    write_message(tmp_path)
    async with open_dialing(
        tmp_path,
        SEED,
        0,
        {"pacing": "progressive", **LEAVES},
        workers=WORKERS[:1],
        people=PEOPLE[:1],
    ) as dialing:
        await dialing.step("start")

        async def is_recording() -> bool:
            return bool((await dialing.campaign())["recording"])

        await wait_until(is_recording, "the machine's greeting is waited out", 20.0)
        dialing.center.kill()

        async def is_over() -> bool:
            return by_number(dialing)[RECORDS].ended_at is not None

        await wait_until(is_over, "the machine has been hung up on", 20.0)
        await dialing.center.start()
        [attempt] = await wait_for_records(dialing)
        call = by_number(dialing)[RECORDS]
        sound = dialing.heard()[call.call_id]

    assert sound.loud_s == pytest.approx(MESSAGE_S, abs=0.2)
    assert call.ended_here is False
    # Known for a machine before, so not dialed anew as one of whom nobody knows; that the message
    # was left nobody has heard.
    assert (attempt["result"], attempt["message_left_at"]) == ("machine", 0.0)
