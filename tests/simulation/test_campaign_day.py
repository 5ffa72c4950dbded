"""Seeded hours of dialing on virtual time: the production machine against a simulated carrier."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from callcenter.core.machine import Machine
from callcenter.core.state import empty_state
from callcenter.core.trunks import IN_TROUBLE
from callcenter.domain.agent import AgentProfile
from callcenter.domain.attempt import AttemptResult, ContactStatus
from callcenter.domain.campaign import (
    CallingWindow,
    CampaignSettings,
    HopperRow,
    OnMachine,
    Pacing,
    RetryRule,
)
from callcenter.domain.center import Center, Queue
from callcenter.domain.commands import PlaceCall
from callcenter.domain.events import ContactsChanged, DncAdded
from callcenter.domain.records import AttemptRecord, DncRecord, FaultRecord
from callcenter.service.recovery import replay
from callcenter.simulator.carrier import CarrierMix
from callcenter.simulator.contact_list import ContactList
from callcenter.simulator.day import LOOK_UP_S, Setting, SimulatedDay
from callcenter.simulator.desktops import DesktopHabits
from callcenter.simulator.dialed import Behaviour, DialedPlan
from callcenter.simulator.exchange import PbxSettings
from callcenter.simulator.people import PhoneHabits
from callcenter.simulator.sessions import leader_account
from callcenter.simulator.stage import Deed
from callcenter.simulator.truth import DialedCall, Reached
from callcenter.simulator.world import World
from tests.builders import FLOW, T0

AGENTS = 6
CONTACTS = 900
HOUR_S = 3600.0
QUIET_S = 600.0
"""After the campaign was drained: everybody on the line has gone by then."""
R = AttemptResult
SAME: dict[Reached, tuple[AttemptResult, ...]] = {
    Reached.TALKED: (R.CONNECTED,),
    Reached.HEARD_MESSAGE: (R.DROPPED,),
    Reached.HEARD_NOBODY: (R.HUNG_UP, R.MACHINE, R.DROPPED),
    Reached.REFUSED: (R.BUSY, R.REJECTED, R.CONGESTION, R.INVALID_NUMBER),
    Reached.RANG_IN_VAIN: (R.NO_ANSWER,),
    Reached.UNREACHED: (R.NO_ANSWER,),
}
"""What the person there would say -> the results that say the same. A person who hangs up in the
instant the message begins has heard nothing of it."""
REFUSED_AS = {486: R.BUSY, 603: R.REJECTED, 503: R.CONGESTION, 404: R.INVALID_NUMBER}

CAMPAIGN = CampaignSettings(
    id="renewals",
    name="Renewals",
    pbx="main",
    trunk="trunk",
    pacing=Pacing.POWER,
    drop_cap=1.0,
    lines_per_agent=2.0,
    ring_s=18.0,
    window=CallingWindow(0, 1440, tuple(range(7))),
    retries={
        R.BUSY: RetryRule(120.0, 3),
        R.NO_ANSWER: RetryRule(300.0, 2),
        R.MACHINE: RetryRule(600.0, 2),
        R.UNKNOWN: RetryRule(300.0, 3),
    },
    wrap_up_s=15.0,
)


HABITS = DesktopHabits(campaign=CAMPAIGN.id, forget_share=0.1, break_share=0.05, end_call_share=0.2)


def make_day(
    seed: int,
    *,
    kill_every_s: float = 0.0,
    campaign: CampaignSettings = CAMPAIGN,
    contacts: int = CONTACTS,
    habits: DesktopHabits = HABITS,
    kind: type[SimulatedDay] = SimulatedDay,
) -> SimulatedDay:
    """Six agents on the line for one campaign, who answer, err and take breaks."""
    phones = {
        f"{1001 + n}": PhoneHabits(answer_after_s=(1.0, 4.0), ignore_share=0.1)
        for n in range(AGENTS)
    }
    world = World(
        seed, T0, PbxSettings(phones=tuple(phones)), (leader_account("secret"),), phones=phones
    )
    center = Center(
        queues=(Queue("service"),),
        flows=(FLOW,),
        numbers={"*": "main"},
        phones=dict.fromkeys(phones, "main"),
        default_queue="service",
        region="IS",
    )
    agents = tuple(
        (AgentProfile(f"agent{n}", ("service",)), phone, habits) for n, phone in enumerate(phones)
    )
    people = ContactList()
    rows = tuple(
        HopperRow(str(n), f"+3546{n:06}", ("Atlantic/Reykjavik",)) for n in range(contacts)
    )
    people.add(campaign.id, rows)
    setting = Setting(seed, center, agents, {}, (campaign,), kill_every_s=kill_every_s)
    return kind(setting, world, people)


def play(day: SimulatedDay, hours: float) -> None:
    """Dial for some hours, then drain and let everybody finish."""
    day.run(T0 + hours * HOUR_S)
    day.drain()
    day.run(T0 + hours * HOUR_S + QUIET_S)


def attempts_of(day: SimulatedDay) -> dict[str, AttemptRecord]:
    """Every ended attempt by its channel; one that has two results is an error."""
    found = [record for record in day.records if isinstance(record, AttemptRecord)]
    by_channel = {record.attempt: record for record in found}
    assert len(by_channel) == len(found)
    return by_channel


def dialed_of(day: SimulatedDay) -> dict[str, DialedCall]:
    """Every call that came in at the numbers dialed, by its channel; none rang twice."""
    found = day.world.dialed
    by_channel = {call.channel: call for call in found}
    assert len(by_channel) == len(found)
    return by_channel


def check_same(record: AttemptRecord, call: DialedCall) -> None:
    """Our result says what the person there would say."""
    assert record.number == call.number
    assert record.result in SAME[call.reached], (record, call)
    if call.refused_with:
        assert record.result is REFUSED_AS[call.refused_with]


@pytest.mark.parametrize("seed", range(3))
def test_an_hour_of_dialing_adds_up_to_what_the_people_dialed_saw(seed: int) -> None:
    day = make_day(seed)

    play(day, 1.0)

    attempts, dialed = attempts_of(day), dialed_of(day)
    assert attempts.keys() == dialed.keys()
    assert len(attempts) > 300
    for channel, record in attempts.items():
        check_same(record, dialed[channel])
    results = Counter(record.result for record in attempts.values())
    for result in (R.CONNECTED, R.DROPPED, R.MACHINE, R.BUSY, R.NO_ANSWER, R.REJECTED):
        assert results[result] > 0, results
    assert day.state.campaigns[CAMPAIGN.id].state == "finished"
    assert day.stuck_agents() == []
    assert day.repairs() == {}


def test_progressive_dialing_drops_nobody_but_by_an_agent_who_leaves() -> None:
    progressive = msgspec.structs.replace(CAMPAIGN, pacing=Pacing.PROGRESSIVE)
    day = make_day(7, campaign=progressive)

    play(day, 1.0)

    results = Counter(record.result for record in attempts_of(day).values())
    assert results[R.CONNECTED] > 80
    assert results[R.DROPPED] <= 0.02 * results[R.CONNECTED]


def test_a_person_waits_no_longer_than_the_law_allows() -> None:
    day = make_day(11, campaign=msgspec.structs.replace(CAMPAIGN, lines_per_agent=2.5))

    play(day, 1.0)

    waits = [
        (call.message_at, record.person_at)
        for channel, record in attempts_of(day).items()
        if (call := dialed_of(day)[channel]).message_at
    ]
    assert len(waits) > 3
    assert all(began - person < 1.2 for began, person in waits)  # and 0.8 s of AMD's silence before


def test_nobody_is_dialed_outside_the_window_or_before_the_time_to_retry() -> None:
    day = make_day(13, contacts=200)

    play(day, 1.0)

    not_before: dict[str, float] = {}
    for entry in day.entries:
        for command in entry.commands:
            if isinstance(command, PlaceCall):
                assert entry.now >= not_before.get(command.number, 0.0)
        for record in entry.records:
            if isinstance(record, AttemptRecord):
                not_before[record.number] = record.next_try_at or float("inf")
    tries = Counter(record.tries for record in attempts_of(day).values())
    assert tries[2] > 10
    assert max(tries) <= 3


@pytest.mark.parametrize("seed", range(100, 106))
def test_a_service_that_dies_again_and_again_rings_nobody_twice(seed: int) -> None:
    day = make_day(seed, kill_every_s=120.0)

    play(day, 0.7)

    attempts, dialed = attempts_of(day), dialed_of(day)
    assert day.kills > 5
    for channel, call in dialed.items():
        record = attempts[channel]  # every call that rang somewhere is an attempt with a result
        if record.result is not R.UNKNOWN:
            assert record.result in (*SAME[call.reached], R.HUNG_UP), (record, call)
    unseen = [attempts[channel] for channel in attempts.keys() - dialed.keys()]
    assert all(record.result in (R.UNKNOWN, R.FAILED) for record in unseen)
    assert day.stuck_agents() == []
    assert len(day.state.attempts) == len(day.state.calls) == 0
    assert {leg.channel for leg in day.state.legs.values()} == {
        agent.line for agent in day.state.agents.values() if agent.line is not None
    }


class DeadTrunkDay(SimulatedDay):
    """A day on which the machine may find its trunk dead."""

    def is_allowed(self, fault: FaultRecord) -> bool:
        return fault.kind == IN_TROUBLE


@pytest.mark.parametrize("dead", [Behaviour.CONGESTION, Behaviour.HANGS_UP, Behaviour.REJECTED])
def test_a_trunk_that_is_dead_for_ten_minutes_burns_no_list(dead: Behaviour) -> None:
    day = make_day(17, kind=DeadTrunkDay, contacts=3000)
    usual = day.world.carrier.mix
    day.run(T0 + 600.0)
    day.world.carrier.mix = CarrierMix(shares={dead: 1.0}, ring_after_s=(0.05, 0.2), ring_s=(0, 0))
    day.run(T0 + 1200.0)
    before = len(attempts_of(day))
    day.world.carrier.mix = usual
    play(day, 0.7)

    attempts, dialed = attempts_of(day), dialed_of(day)
    [opened] = [one for one in day.records if isinstance(one, FaultRecord)]
    failed = [one for one in attempts.values() if opened.at < one.placed_at < T0 + 1200]
    given_back = [one for one in attempts.values() if one.result is R.UNCOUNTED]
    assert {one.result for one in failed} == {R.UNCOUNTED}
    assert len(failed) < 20  # one a minute, in the end
    assert len(given_back) < 40
    assert (
        sum(record.kind == IN_TROUBLE for record in day.records if isinstance(record, FaultRecord))
        == 1
    )
    assert attempts.keys() == dialed.keys()
    later = {one.contact for one in attempts.values() if one.result is not R.UNCOUNTED}
    assert {one.contact for one in given_back} <= later
    tries: Counter[str] = Counter()
    for one in sorted(attempts.values(), key=lambda one: one.ended_at):
        tries[one.contact] += one.result is not R.UNCOUNTED
        assert one.tries == tries[one.contact]
    assert len(attempts) - before > 100
    assert day.stuck_agents() == []


def test_who_presses_the_key_in_the_message_is_called_no_more() -> None:
    campaign = msgspec.structs.replace(CAMPAIGN, opt_out_key="9", lines_per_agent=3.0)
    day = make_day(19, campaign=campaign, contacts=300)
    for n in range(300):  # half of them press another key first, and hear the message again
        plan = DialedPlan(ring_s=3.0, listens_s=30.0, keys="9" if n % 2 else "49")
        day.world.carrier.plan(f"+3546{n:06}", plan)

    play(day, 0.5)

    heard = [call for call in day.world.dialed if call.message_at]
    opted_out = {one.number for one in day.records if isinstance(one, DncRecord)}
    dropped = [one for one in attempts_of(day).values() if one.result is R.DROPPED]
    assert len(heard) > 5
    assert {call.number for call in heard} == opted_out == {one.number for one in dropped}
    assert {one.status for one in dropped} == {ContactStatus.DONE}
    assert max(Counter(call.number for call in day.world.dialed).values()) == 1
    prompts = Counter(
        entry.detail for entry in day.world.carrier.log if entry.deed is Deed.HEARD_PROMPT
    )
    assert prompts["cc/safe-harbour"] > len(heard)
    assert prompts["cc/opted-out"] == len(heard)


@pytest.mark.parametrize(("seed", "kill_every_s"), [(41, 0.0), (42, 150.0)])
def test_machines_that_stay_on_the_line_record_the_message_and_nobody_else(
    seed: int, kill_every_s: float
) -> None:
    campaign = msgspec.structs.replace(
        CAMPAIGN, on_machine=OnMachine.LEAVE_MESSAGE, machine_prompt="we-called"
    )
    day = make_day(seed, campaign=campaign, kill_every_s=kill_every_s)

    play(day, 0.7)

    attempts, dialed = attempts_of(day), dialed_of(day)
    recorded = {
        channel
        for channel, call in dialed.items()
        if call.message == "cc/we-called" and call.cause == "16"
    }
    told = {channel for channel, record in attempts.items() if record.message_left_at}
    assert len(told) > 20
    assert told <= recorded
    if not kill_every_s:
        assert told == recorded
    for channel in recorded:
        record, call = attempts[channel], dialed[channel]
        # Of one that answered while the service was away nobody may know what it was.
        unheard = () if channel in told else (R.UNKNOWN, R.HUNG_UP)
        assert record.result in (R.MACHINE, *(unheard if kill_every_s else ()))
        assert (record.person_at, record.connected_at, call.talks) == (0.0, 0.0, [])
        assert call.message_at - call.answered_at > 2.0
        if record.message_left_at:
            assert record.message_left_at == pytest.approx(call.ended_at, abs=0.5)
    heard = {call.message for call in dialed.values()} - {""}
    assert heard == {"cc/we-called", "cc/safe-harbour"}
    assert day.state.campaigns[campaign.id].messages == len(told)
    assert day.stuck_agents() == []
    if not kill_every_s:
        assert day.repairs() == {}
    replayed = replay(Machine(empty_state(day.state.journal)), day.entries)
    assert replayed.differences == ()


def test_a_day_of_dialing_replays_the_same_from_its_journal() -> None:
    day = make_day(5, kill_every_s=200.0)
    play(day, 0.3)

    replayed = replay(Machine(empty_state(day.state.journal)), day.entries)

    assert replayed.differences == ()
    assert replayed.machine.state.encode() == day.state.encode()


@pytest.mark.parametrize(("seed", "kill_every_s"), [(31, 0.0), (32, 150.0)])
def test_who_is_put_on_the_list_is_not_dialed_although_planned_or_just_being_fetched(
    seed: int, kill_every_s: float
) -> None:
    day = make_day(seed, kill_every_s=kill_every_s)
    planned = 0
    for n in range(1, 60):
        day.run(T0 + n * 30)
        hopper = day.state.campaigns[CAMPAIGN.id].hopper
        if n % 2:  # the database is being asked and knows nothing of it
            day.put_later(0.0, ContactsChanged(CAMPAIGN.id))
        for place in range(min(3, len(hopper))):  # the next one, and some from the midst
            row = hopper[place * len(hopper) // 3]
            planned += 1
            name = f"dnc-{n}-{place}"
            day.put_later(LOOK_UP_S / 2, DncAdded(name, row.number, "asked", "manager", "kim"))

    play(day, 1.0)

    listed: dict[str, None] = {}
    for entry in day.entries:
        assert not any(
            command.number in listed for command in entry.commands if isinstance(command, PlaceCall)
        )
        listed |= {record.number: None for record in entry.records if isinstance(record, DncRecord)}
    assert planned > 100
    assert len(listed) > 100
    assert len(attempts_of(day)) > 200
    replayed = replay(Machine(empty_state(day.state.journal)), day.entries)
    assert replayed.differences == ()
