"""Each preset gives the calls that wait to an agent in its own order, on a real Asterisk; and a
switched queue is itself again when the time of the switch is over.

One agent takes one call after the other. That `strict_priority` does is in `test_rules_live`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from callcenter.demo.sip_counter import read_calls
from callcenter.domain.customer import Tier
from callcenter.simulator.sip_far_ends import CallerPlan, PhonePlan, SippCallers, SippPhones
from tests.integration.asterisk import wait_until
from tests.integration.busy_verdict import check_replay
from tests.integration.center_process import (
    DIALED,
    QUEUE,
    SUPERVISOR,
    Customer,
    Place,
    Site,
    Worker,
    open_site,
    write_config,
)
from tests.integration.test_rules_live import write_flow

pytestmark = [pytest.mark.asterisk, pytest.mark.alone, pytest.mark.soak]

SEED: Final = 20261202
SPARE: Final = "spare"
ANA: Final = Worker("ana", "1001")
LOANS: Final = "5550102"
FIRST, LOAN, GOLD = "+3545550001", "+3545550002", "+3545550003"
"""Standard, the first to come; standard, for a loan, which counts eight times; gold."""
CALLERS: Final = ((FIRST, DIALED), (LOAN, LOANS), (GOLD, DIALED))
"""In the order of their coming."""
ORDER: Final = {
    "balanced": (LOAN, GOLD, FIRST),  # 8, 5 and 1 times as much
    "gold_first": (GOLD, LOAN, FIRST),  # gold 15 times
    "equal_waits": (FIRST, LOAN, GOLD),
}
RULES: Final = f"""\
format: 1
preset: PRESET
rules:
  - name: loans
    when: call.dialed == "{LOANS}"
    then: {{ weight: 8 }}
  - name: everybody
"""
SWITCH_S: Final = 12
MOVED, AFTERWARDS = "+3545550011", "+3545550012"
"""Who come while the queue is diverted, and when that is over."""


class Line:
    """Ana's buttons, the supervisor's, and callers."""

    def __init__(self, site: Site, folder: Path, ana: str, sam: str) -> None:
        self.site = site
        self._folder = folder
        self._ana, self._sam = ana, sam
        self._batches = 0

    async def press(self, what: str, body: dict[str, Any] | None = None) -> None:
        """One of Ana's buttons."""
        await self.site.center.ask("POST", f"/agents/me/{what}", self._ana, body)

    async def supervise(self, path: str, body: dict[str, Any]) -> Any:
        """Ask for something as the supervisor."""
        return await self.site.center.ask("POST", path, self._sam, body)

    def call(self, callers: Sequence[tuple[str, str]]) -> SippCallers:
        """These call, one after the other, and stay."""
        self._batches += 1
        plans = [
            CallerPlan(number, dialed, stay_ms=600_000, start_ms=400 * place)
            for place, (number, dialed) in enumerate(callers)
        ]
        folder = self._folder / f"callers-{self._batches}"
        return SippCallers(folder, plans, pbx=self.site.sip_at)

    async def wait_for(self, numbers: Sequence[str], state: str, queue: str) -> None:
        """Until just these callers are so in this queue, and the directory has told of them."""

        async def are_so() -> bool:
            calls = (await self.site.center.board())["calls"]
            found = [
                c["caller_number"] for c in calls if (c["state"], c["queue"]) == (state, queue)
            ]
            tiers = {c["caller_number"]: c["tier"] for c in calls}
            return sorted(found) == sorted(numbers) and tiers.get(GOLD, "gold") == "gold"

        await wait_until(are_so, f"{numbers} are {state} in {queue}")

    async def hang_up_on(self, number: str) -> None:
        """Ana talks with this caller, and hangs up."""
        await self.wait_for([number], "connected", QUEUE)
        await self.press("hang-up")


async def test_presets_and_the_end_of_a_switch(tmp_path: Path) -> None:
    place = Place()
    phones = SippPhones(tmp_path / "phones", [PhonePlan(ANA.phone)])
    queues = ({"id": QUEUE, "wrap_up_s": 0}, {"id": SPARE, "wrap_up_s": 0})
    config = write_config(
        tmp_path, place, {ANA.phone: phones.contact(ANA.phone)}, queues, write_flow(tmp_path)
    )
    customers = [
        Customer(FIRST, Tier.STANDARD),
        Customer(LOAN, Tier.STANDARD),
        Customer(GOLD, Tier.GOLD),
    ]
    async with phones, open_site(tmp_path, config, (ANA,), customers, SEED) as site:
        ana = await site.center.sign_in(ANA.login, site.passwords[ANA.login])
        sam = await site.center.sign_in(SUPERVISOR, site.center.password)
        line = Line(site, tmp_path, ana, sam)
        version = 0
        for preset, order in ORDER.items():
            await line.press("not-ready", {"reason": "break"})
            published = {"text": RULES.replace("PRESET", preset), "based_on": version}
            version = (await line.supervise("/rules/publish", published))["version"]
            async with line.call(CALLERS) as callers:
                await line.wait_for([number for number, _ in CALLERS], "waiting", QUEUE)
                await line.press("ready")
                for number in order:
                    await line.hang_up_on(number)
                await callers.wait(10.0)

        # Diverted for a time: who comes then waits in the other queue, who comes later does not.
        await line.press("not-ready", {"reason": "break"})
        switch = {"mode": "diverted", "for_s": SWITCH_S, "target": SPARE}
        await line.supervise(f"/queues/{QUEUE}/switch", switch)
        async with line.call([(MOVED, DIALED)]):
            await line.wait_for([MOVED], "waiting", SPARE)

            async def is_over() -> bool:
                view = await site.center.get(f"/queues/{QUEUE}/switch")
                return view["switch"] is None

            await wait_until(is_over, "the switch has ended by itself", 3.0 * SWITCH_S)
            async with line.call([(AFTERWARDS, DIALED)]):
                await line.wait_for([AFTERWARDS], "waiting", QUEUE)
                await line.wait_for([MOVED], "waiting", SPARE)
                await line.press("ready")
                await line.hang_up_on(AFTERWARDS)
        faults = await site.center.counts("faults")
        rung = [call.caller for call in read_calls(phones.messages_path)]
        await check_replay(site.center)

    assert rung == [number for order in ORDER.values() for number in order] + [AFTERWARDS]
    assert faults == {}
