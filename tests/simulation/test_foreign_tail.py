"""Every start of the service finds a journal that another version wrote: nothing is stepped again.

The story: a service is killed, and what is started in its place is another version, which must not
believe that it would have decided the same. Nobody may be dialed twice for it, nobody may be lost.
"""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from callcenter.core.machine import Machine
from callcenter.core.migrations import read_state
from callcenter.core.salvage import salvage
from callcenter.core.state import empty_state
from callcenter.domain import events as e
from callcenter.domain.attempt import AttemptResult
from callcenter.domain.records import CallRecord
from callcenter.domain.step import Entry
from callcenter.service.recovery import replay
from callcenter.simulator.contact_list import ContactList
from callcenter.simulator.day import Setting, SimulatedDay, day_name
from callcenter.simulator.world import World
from tests.builders import T0
from tests.simulation import test_campaign_day, test_day

SNAPSHOT_EVERY = 400
"""Entries. A kill comes somewhere in between."""
PATIENCE_S = 3.0
"""Until agents see that they are not ready, and press the button."""


class UpgradedDay(SimulatedDay):
    """Whoever starts takes the facts of what was written since the last snapshot, and no more."""

    def __init__(self, setting: Setting, world: World, contacts: ContactList | None = None) -> None:
        self.snapshot = (0, empty_state(day_name(setting.seed)).encode())
        self.salvaged = 0
        super().__init__(setting, world, contacts)

    def journal(self, entry: Entry) -> None:
        super().journal(entry)
        if entry.position % SNAPSHOT_EVERY == 0:
            self.snapshot = (entry.position, self.state.encode())

    def recover(self) -> Machine:
        position, data = self.snapshot
        tail = [entry for entry in self.entries if entry.position > position]
        state = salvage(read_state(data), tail)
        self.salvaged += len(tail)
        assert (state.position, state.epoch) == (self.entries[-1].position, self.state.epoch)
        self.snapshot = (state.position, state.encode())
        return Machine(state)

    def connect(self) -> None:
        self.put(e.CenterConfigured(self.setting.center))
        self.put(e.AgentsConfigured(tuple(profile for profile, _, _ in self.setting.agents)))
        super().connect()
        self.after(PATIENCE_S, self._look_again)

    def _look_again(self) -> None:
        for agent in self.state.agents.values() if self.is_alive else ():
            self.world.desktops[agent.id].look_again(agent.state, agent.reason, agent.call)


@pytest.mark.parametrize("seed", range(2))
def test_nobody_is_dialed_twice_by_versions_that_do_not_know_each_other(seed: int) -> None:
    once = msgspec.structs.replace(test_campaign_day.CAMPAIGN, retries={})
    day = test_campaign_day.make_day(seed, kill_every_s=100.0, campaign=once, kind=UpgradedDay)
    assert isinstance(day, UpgradedDay)

    test_campaign_day.play(day, 0.5)

    attempts = test_campaign_day.attempts_of(day)
    numbers = Counter(call.number for call in day.world.dialed)
    assert day.kills > 8
    assert day.salvaged > 300
    assert len(numbers) > 60
    assert max(numbers.values()) == 1
    assert {call.channel for call in day.world.dialed} <= attempts.keys()
    results = Counter(record.result for record in attempts.values())
    assert results[AttemptResult.UNKNOWN] > 0
    assert results[AttemptResult.CONNECTED] > 10
    assert day.stuck_agents() == []
    assert not day.state.attempts
    assert day.state.campaigns[once.id].state == "finished"


def test_no_caller_is_lost_to_a_version_that_has_not_met_them() -> None:
    day = test_day.make_day(1, kill_every_s=100.0, kind=UpgradedDay)

    test_day.play(day, 0.5)

    calls = [record for record in day.records if isinstance(record, CallRecord)]
    total = day.world.counters.total
    assert day.kills > 8
    assert total.open == 0
    assert len({call.call for call in calls}) == len(calls)
    assert total.answered > 80
    assert day.stuck_agents() == []
    assert not day.state.calls


def test_what_was_taken_from_another_version_is_gone_on_from_exactly() -> None:
    once = msgspec.structs.replace(test_campaign_day.CAMPAIGN, retries={})
    day = test_campaign_day.make_day(5, kill_every_s=200.0, campaign=once, kind=UpgradedDay)
    assert isinstance(day, UpgradedDay)
    day.run(T0 + 900.0)

    position, data = day.snapshot
    replayed = replay(
        Machine(read_state(data)), [entry for entry in day.entries if entry.position > position]
    )

    assert replayed.entries > 0
    assert replayed.differences == ()
    assert replayed.machine.state.encode() == day.state.encode()
