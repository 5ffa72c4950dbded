"""A caller who is told so is hung up and called back by the agent who comes free, on a real
Asterisk."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from callcenter.simulator.sip_carrier import CarrierNumber, NumberBehaviour, SippCarrier
from callcenter.simulator.sip_far_ends import CallerPlan, PhonePlan, SippCallers, SippPhones
from callcenter.simulator.sounds import to_ulaw, tone
from tests.integration.asterisk import wait_until
from tests.integration.busy_verdict import check_replay
from tests.integration.center_process import (
    QUEUE,
    SUPERVISOR,
    Place,
    Worker,
    open_site,
    write_config,
)
from tests.integration.test_rules_live import write_flow

pytestmark = [pytest.mark.asterisk, pytest.mark.alone]

SEED: Final = 20261202
ANA: Final = Worker("ana", "1001")
CALLER, DIALED = "+3545550001", "5550101"
RULES: Final = """\
format: 1
rules:
  - name: everybody
    then:
      overflow: [{ after_s: 1, callback: { prompt: call-back, trunk: carrier } }]
"""


async def test_a_caller_is_hung_up_and_called_back_by_the_agent_who_comes_free(
    tmp_path: Path,
) -> None:
    place = Place()
    sounds = tmp_path / "asterisk" / "sounds"
    sounds.mkdir(parents=True)
    (sounds / "call-back.ulaw").write_bytes(to_ulaw(tone((440,), 0.5, volume=0.1)))
    carrier = SippCarrier(
        tmp_path / "carrier",
        [CarrierNumber(CALLER, NumberBehaviour.HUMAN, 200, 600_000)],
        port=place.trunk,
    )
    phones = SippPhones(tmp_path / "phones", [PhonePlan(ANA.phone)])
    queues = ({"id": QUEUE, "wrap_up_s": 0},)
    config = write_config(
        tmp_path, place, {ANA.phone: phones.contact(ANA.phone)}, queues, write_flow(tmp_path)
    )
    async with carrier, phones, open_site(tmp_path, config, (ANA,), [], SEED) as site:
        center = site.center
        ana = await center.sign_in(ANA.login, site.passwords[ANA.login])
        sam = await center.sign_in(SUPERVISOR, center.password)
        await center.ask("POST", "/agents/me/not-ready", ana, {"reason": "break"})
        await center.ask("POST", "/rules/publish", sam, {"text": RULES, "based_on": 0})
        plans = [CallerPlan(CALLER, DIALED, 600_000)]

        async def is_noted() -> bool:
            return len((await center.get("/callbacks"))["callbacks"]) == 1

        async def talks() -> bool:
            calls = (await center.board())["calls"]
            return [(one["state"], one["agent"]) for one in calls] == [("connected", ANA.login)]

        async def is_over() -> bool:
            return not (await center.board())["calls"]

        async def are_written() -> bool:
            return len(await center.records()) == 2

        async with SippCallers(tmp_path / "callers", plans, pbx=site.sip_at) as callers:
            await wait_until(is_noted, "the caller has left and is to be called back", 20.0)
            await callers.wait(10.0)
        (promised,) = (await center.get("/callbacks"))["callbacks"]
        await center.ask("POST", "/agents/me/ready", ana)
        await wait_until(talks, "the caller talks with Ana", 20.0)
        left = (await center.get("/callbacks"))["callbacks"]
        await center.ask("POST", "/agents/me/hang-up", ana)
        await wait_until(is_over, "the call has ended")
        await wait_until(are_written, "both calls have their records")
        outcomes = sorted(record["outcome"] for record in await center.records())
        faults, repairs = await center.counts("faults"), await center.counts("repairs")
        warnings = site.pbx.warnings()
        await check_replay(center)

    assert (promised["number"], promised["queue"], promised["state"]) == (CALLER, QUEUE, "due")
    assert [number for number, _ in carrier.invites()] == [CALLER]
    assert left == []
    assert outcomes == ["answered", "led_out"]
    assert (faults, repairs, warnings) == ({}, {}, [])
