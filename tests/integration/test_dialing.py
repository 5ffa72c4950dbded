"""Dialing people on a real Asterisk through the gateway: what is told of each number, and when.

The telephone network is played by SIPp; its own log is what truly happened there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from callcenter.demo.sip_counter import read_calls
from callcenter.domain.attempt import Verdict
from callcenter.domain.call import Place
from callcenter.domain.campaign import AmdSettings, OnMachine
from callcenter.domain.commands import HangUp, JoinCall, OpenLine, PlaceCall
from callcenter.domain.events import (
    AttemptAnswered,
    AttemptCreated,
    AttemptRinging,
    AttemptScreened,
    CallerHeld,
    CallerLeftHold,
    CallFellBack,
    ChannelHungUp,
    ChannelJoined,
    ChannelLeft,
    HarbourBegan,
    LegParked,
    OptedOut,
    OriginateFailed,
    PbxEvent,
)
from callcenter.domain.ids import ChannelRef
from callcenter.pbx.config import Phone, Trunk
from callcenter.simulator.asterisk_instance import TRUNK_LOOPBACK, AsteriskInstance, new_config
from callcenter.simulator.sip_carrier import CarrierNumber, NumberBehaviour, SippCarrier
from callcenter.simulator.sip_far_ends import PhonePlan, SippPhones
from tests.integration.asterisk import BareAmi, wait_until
from tests.integration.gateway_center import ANSWERS, STALE_S, Center, leg, running

pytestmark = pytest.mark.asterisk

NUMBERS = {behaviour: f"+120255501{n}" for n, behaviour in enumerate(NumberBehaviour, start=10)}
NOT_ANSWERED = ("busy", "rejected", "no_answer", "congestion")
ANSWERED = [one for one in NumberBehaviour if one not in NOT_ANSWERED]
UNKNOWN = "+12025550199"
PERSON = NUMBERS[NumberBehaviour.HUMAN]
OUT, AGAIN = "+12025550181", "+12025550182"
PRESSES = {OUT: "9", AGAIN: "4"}
"""Numbers of people who press a key while they hear the message."""
OWN_NUMBER, CAMPAIGNS_NUMBER = "+12025550100", "+12025550101"
LINE = leg(1)


class Dialing(Center):
    """A center that dials."""

    carrier: SippCarrier

    async def place(
        self,
        number: str,
        channel: ChannelRef,
        *,
        amd: bool = True,
        wait_s: int = 1,
        timeout_s: float = 10.0,
        trunk: str = "carrier",
        caller_id: str = "",
        opt_out_key: str = "",
        amd_settings: AmdSettings = AmdSettings(),  # noqa: B008 - frozen
        on_machine: OnMachine = OnMachine.HANG_UP,
    ) -> str:
        return await self.do(
            lambda command: PlaceCall(
                command,
                channel,
                trunk,
                number,
                caller_id,
                timeout_s,
                amd,
                wait_s,
                "safe-harbour",
                opt_out_key=opt_out_key,
                amd_settings=amd_settings,
                on_machine=on_machine,
            )
        )

    async def open_line(self) -> None:
        """Ring the agent's phone, to stay on the line; returns when it is open."""
        opened = await self.do(lambda command: OpenLine(command, LINE, "ana", ANSWERS, 10.0))
        assert opened == "done"
        await self.next_fact(LegParked)

    async def hold(self, channel: ChannelRef, *, wait_s: int = 5) -> None:
        """Dial a person who answers, and wait until there."""
        assert await self.place(PERSON, channel, amd=False, wait_s=wait_s) == "done"
        await self.next_fact(CallerHeld, lambda fact: fact.channel == channel)

    async def join(self, channel: ChannelRef) -> str:
        """Join a person with the open line; the bridge they talk in."""
        before = len(self.facts)
        assert await self.do(lambda command: JoinCall(command, channel, LINE)) == "done"
        await wait_until(lambda: self.joined(before) == 2, "both in one bridge")
        [bridge] = {f.bridge for f in self.facts[before:] if isinstance(f, ChannelJoined)}
        return bridge

    def joined(self, since: int) -> int:
        return len([fact for fact in self.facts[since:] if isinstance(fact, ChannelJoined)])


def attempt(name: str) -> ChannelRef:
    return ChannelRef("main", f"att-t-{name}-0")


@pytest.fixture
async def instance(tmp_path: Path) -> AsyncIterator[tuple[AsteriskInstance, SippCarrier]]:
    plans = [CarrierNumber(number, what, ring_ms=200) for what, number in NUMBERS.items()]
    plans += [
        CarrierNumber(number, ring_ms=200, key=key, key_ms=1_000) for number, key in PRESSES.items()
    ]
    async with (
        SippCarrier(tmp_path / "carrier", plans) as carrier,
        SippPhones(tmp_path / "phones", [PhonePlan(ANSWERS, ring_ms=0)]) as phones,
    ):
        trunk = Trunk("carrier", TRUNK_LOOPBACK, carrier.port, qualify_s=0, caller_id=OWN_NUMBER)
        config = replace(
            new_config(tmp_path / "pbx"),
            phones=(Phone(ANSWERS, contact=phones.contact(ANSWERS)),),
            trunks=(trunk,),
            stale_s=STALE_S,
            hold_look_s=1,
        )
        prompts = {
            "safe-harbour": "Sorry.",
            "opted-out": "Never again.",
            "whisper": "For renewals.",
        }
        async with AsteriskInstance(tmp_path / "pbx", config, prompts) as pbx:
            yield pbx, carrier


@pytest.fixture
async def center(instance: tuple[AsteriskInstance, SippCarrier]) -> AsyncIterator[Dialing]:
    pbx, carrier = instance
    it = Dialing(pbx, pbx.config.ami_port)
    it.carrier = carrier
    async with running(pbx, center=it):
        yield it


# --- what each number does -----------------------------------------------------------------------


def rings(channel: ChannelRef, *facts: PbxEvent) -> list[PbxEvent]:
    return [AttemptCreated(channel), AttemptRinging(channel), *facts]


def answers(channel: ChannelRef, *facts: PbxEvent) -> list[PbxEvent]:
    return rings(channel, AttemptAnswered(channel), *facts)


def waits_in_vain(channel: ChannelRef) -> list[PbxEvent]:
    """On hold, out of it, the message, the end: all by the dialplan."""
    return [
        CallerHeld(channel),
        CallerLeftHold(channel),
        HarbourBegan(channel),
        ChannelHungUp(channel, 16),
    ]


async def test_every_number_is_told_as_it_behaves(center: Dialing) -> None:
    of = {behaviour: attempt(behaviour) for behaviour in NumberBehaviour}
    unknown, no_trunk = attempt("unknown"), attempt("no-trunk")

    for behaviour, channel in of.items():
        timeout_s = 1.5 if behaviour is NumberBehaviour.NO_ANSWER else 10.0
        assert await center.place(NUMBERS[behaviour], channel, timeout_s=timeout_s) == "done"
    assert await center.place(UNKNOWN, unknown) == "done"
    # Asterisk says yes to a trunk that it does not know, and tells the failure as an event.
    assert await center.place(PERSON, no_trunk, trunk="nowhere") == "done"
    gone = [ChannelHungUp(channel, 0).channel for channel in (*of.values(), unknown)]
    await wait_until(
        lambda: set(gone) <= {f.channel for f in center.facts if isinstance(f, ChannelHungUp)},
        "every number to be done with",
    )

    ends = {str(channel): cause_of(center, channel) for channel in gone}
    told = {channel: without_failures(center.of(channel)) for channel in gone}
    human, machine = of[NumberBehaviour.HUMAN], of[NumberBehaviour.MACHINE]
    quiet, silent = of[NumberBehaviour.QUIET], of[NumberBehaviour.SILENT]
    [verdict] = verdicts(center, human)
    assert (verdict.verdict, verdict.cause.split("-")[0]) == (Verdict.HUMAN, "HUMAN")
    assert told[human] == answers(human, verdict, *waits_in_vain(human))
    [verdict] = verdicts(center, machine)
    assert (verdict.verdict, verdict.cause.split("-")[0]) == (Verdict.MACHINE, "MAXWORDS")
    assert told[machine] == answers(machine, verdict, ChannelHungUp(machine, 16))
    [verdict] = verdicts(center, quiet)
    assert (verdict.verdict, verdict.cause.split("-")[0]) == (Verdict.MACHINE, "INITIALSILENCE")
    assert told[quiet] == answers(quiet, verdict, *waits_in_vain(quiet))
    [verdict] = verdicts(center, silent)
    assert verdict.verdict is Verdict.NOT_SURE
    assert told[silent] == answers(silent, verdict, *waits_in_vain(silent))
    hangs_up, fax = of[NumberBehaviour.HANGS_UP], of[NumberBehaviour.FAX]
    assert told[hangs_up] == answers(hangs_up, ChannelHungUp(hangs_up, 0))
    is_fax = AttemptScreened(fax, Verdict.FAX, "T38")
    assert told[fax] == answers(fax, is_fax, ChannelHungUp(fax, 16))
    for behaviour, cause in (
        (NumberBehaviour.BUSY, 17),
        (NumberBehaviour.REJECTED, 21),
        (NumberBehaviour.NO_ANSWER, 19),
    ):
        channel = of[behaviour]
        assert told[channel] == rings(channel, ChannelHungUp(channel, cause))
    assert ends[str(of[NumberBehaviour.CONGESTION])] == 34
    assert ends[str(unknown)] == 1
    failed = [fact for fact in center.facts if isinstance(fact, OriginateFailed)]
    assert {fact.channel for fact in failed if fact.rang_out} == {of[NumberBehaviour.NO_ANSWER]}
    assert {fact.channel for fact in failed if not fact.rang_out} == {
        no_trunk,
        unknown,
        *(of[b] for b in (NumberBehaviour.BUSY, NumberBehaviour.REJECTED)),
        of[NumberBehaviour.CONGESTION],
    }
    assert center.of(no_trunk) == [OriginateFailed(no_trunk)]
    await every_number_was_dialed_once(center.carrier)


async def every_number_was_dialed_once(carrier: SippCarrier) -> None:
    expected = {
        **{NUMBERS[one]: ("answered", None) for one in ANSWERED},
        NUMBERS[NumberBehaviour.BUSY]: ("refused", 486),
        NUMBERS[NumberBehaviour.REJECTED]: ("refused", 603),
        NUMBERS[NumberBehaviour.NO_ANSWER]: ("cancelled", None),
        NUMBERS[NumberBehaviour.CONGESTION]: ("refused", 503),
        UNKNOWN: ("refused", 404),
    }
    await wait_until(  # SIPp writes a little later than Asterisk tells
        lambda: all(call.outcome != "open" for call in read_calls(carrier.messages_path)),
        "the network's log to be whole",
    )
    calls = read_calls(carrier.messages_path)
    assert {call.called: (call.outcome, call.refused_with) for call in calls} == expected
    assert sorted(number for number, _ in carrier.invites()) == sorted(expected)
    # The trunk's own number, for no call brought one.
    assert {call.caller for call in calls} == {OWN_NUMBER}


def without_failures(facts: list[PbxEvent]) -> list[PbxEvent]:
    # OriginateResponse and Hangup come from two threads of Asterisk, in either order.
    return [fact for fact in facts if not isinstance(fact, OriginateFailed)]


def cause_of(center: Center, channel: ChannelRef) -> int:
    [end] = [fact for fact in center.of(channel) if isinstance(fact, ChannelHungUp)]
    return end.cause


def verdicts(center: Center, channel: ChannelRef) -> list[AttemptScreened]:
    return [fact for fact in center.of(channel) if isinstance(fact, AttemptScreened)]


async def test_a_number_that_rings_can_be_given_up(center: Dialing) -> None:
    channel = attempt("given-up")
    number = NUMBERS[NumberBehaviour.NO_ANSWER]

    assert await center.place(number, channel, caller_id=CAMPAIGNS_NUMBER) == "done"
    await center.next_fact(AttemptRinging)
    state = (await center.read())[channel]
    assert await center.do(lambda command: HangUp(command, channel)) == "done"
    await center.next_fact(ChannelHungUp)
    await center.next_fact(OriginateFailed)

    assert (state.place, state.up, state.role) == (Place.DIALPLAN, False, "dialed")
    assert without_failures(center.of(channel)) == rings(channel, ChannelHungUp(channel, 16))
    carrier = center.carrier
    await wait_until(
        lambda: [c.outcome for c in read_calls(carrier.messages_path)] == ["cancelled"],
        "the network to know",
    )
    assert [call.caller for call in read_calls(carrier.messages_path)] == [CAMPAIGNS_NUMBER]


# --- people and lines ----------------------------------------------------------------------------


async def test_a_line_stays_open_from_person_to_person_and_each_place_is_read(
    center: Dialing,
) -> None:
    first, second = attempt("first"), attempt("second")
    await center.open_line()

    assert await center.place(PERSON, first, wait_s=5) == "done"
    await center.next_fact(AttemptAnswered)
    await center.settle([first], Place.SCREENING)
    await center.next_fact(CallerHeld)
    await center.settle([first, LINE], Place.HOLD)
    bridge = await center.join(first)
    truths = await center.read()
    assert truths[first].bridge == truths[LINE].bridge == bridge
    assert (truths[first].role, truths[LINE].role) == ("dialed", "agent")
    assert (truths[first].endpoint, truths[first].up) == ("carrier", True)
    before = len(center.facts)
    assert await center.do(lambda command: HangUp(command, first)) == "done"
    await wait_until(lambda: LegParked(LINE) in center.facts[before:], "the line to be free")

    await center.hold(second)
    assert await center.join(second) != bridge
    assert center.of(first)[-3:] == [
        ChannelJoined(first, bridge),
        ChannelLeft(first, bridge),
        ChannelHungUp(first, 16),
    ]
    rung = [fact for fact in center.of(LINE) if isinstance(fact, ChannelHungUp)]
    assert rung == []


async def test_a_person_whose_agent_vanished_is_on_hold_and_never_hears_the_message(
    center: Dialing,
) -> None:
    person = attempt("left-alone")
    await center.open_line()
    await center.hold(person, wait_s=1)
    bridge = await center.join(person)

    assert await center.do(lambda command: HangUp(command, LINE)) == "done"
    await wait_until(lambda: center.of(person)[-1] == CallerHeld(person), "the person on hold")
    await center.settle([person], Place.HOLD)

    assert center.of(person)[-3:-1] == [
        ChannelJoined(person, bridge),
        ChannelLeft(person, bridge),
    ]
    # Nobody leads: who has talked with an agent is rung through like any other caller.
    center.beats = False
    await center.next_fact(CallFellBack)
    await center.settle([person], Place.NATIVE_QUEUE)
    assert HarbourBegan(person) not in center.facts


async def test_a_person_who_is_joined_out_of_the_message_goes_on_hold_afterwards(
    center: Dialing,
) -> None:
    person, listener = attempt("late"), attempt("listener")
    await center.open_line()
    assert await center.place(PERSON, person, amd=False, wait_s=1) == "done"
    assert await center.place(PERSON, listener, amd=False, wait_s=0) == "done"

    await center.next_fact(HarbourBegan, lambda fact: fact.channel == listener)
    await center.settle([listener], Place.HARBOUR)
    await center.next_fact(HarbourBegan, lambda fact: fact.channel == person)
    await center.join(person)
    assert await center.do(lambda command: HangUp(command, LINE)) == "done"
    await wait_until(lambda: center.of(person)[-1] == CallerHeld(person), "the person on hold")
    await center.next_fact(ChannelHungUp, lambda fact: fact.channel == listener)

    await center.settle([person], Place.HOLD)
    assert not any(isinstance(fact, CallerHeld) for fact in center.of(listener))  # 0 s: no wait


async def test_a_person_whose_join_was_refused_hears_the_message_all_the_same(
    center: Dialing,
) -> None:
    # Story: the mark for "was joined" is written with the join; left behind by one that Asterisk
    # refused, it sent the person to music instead of the message.
    person = attempt("refused")
    await center.hold(person, wait_s=1)
    center.gateway._names[LINE.id] = "PJSIP/1001-ffffffff"  # a line that went a moment ago

    refused = await center.do(lambda command: JoinCall(command, person, LINE))
    await center.next_fact(ChannelHungUp)

    assert refused.startswith("refused: Channel2 does not exist")
    assert center.of(person)[-3:] == waits_in_vain(person)[1:]


async def test_a_campaign_listens_in_its_own_way_and_may_pass_machines_on(center: Dialing) -> None:
    own, passed = attempt("own"), attempt("passed")
    machine = NUMBERS[NumberBehaviour.MACHINE]
    settings = AmdSettings(max_words=20, greeting=1_000)

    assert await center.place(machine, own, amd_settings=settings) == "done"
    await center.next_fact(ChannelHungUp)
    assert await center.place(machine, passed, on_machine=OnMachine.TO_AGENT) == "done"
    await center.next_fact(ChannelHungUp, lambda fact: fact.channel == passed)

    [verdict] = verdicts(center, own)
    assert (verdict.verdict, verdict.cause) == (Verdict.MACHINE, "LONGGREETING-1000-1000")
    assert center.of(own) == answers(own, verdict, ChannelHungUp(own, 16))
    [verdict] = verdicts(center, passed)
    assert (verdict.verdict, verdict.cause) == (Verdict.MACHINE, "MAXWORDS-4-3")
    assert center.of(passed) == answers(passed, verdict, *waits_in_vain(passed))


def _is_of(channel: ChannelRef, fact: ChannelHungUp) -> bool:
    return fact.channel == channel


async def test_a_key_pressed_in_the_message_opts_out_and_another_has_it_played_again(
    center: Dialing,
) -> None:
    out, again, silent = attempt("out"), attempt("again"), attempt("silent")
    dialed = {out: OUT, again: AGAIN, silent: PERSON}

    for channel, number in dialed.items():
        placed = await center.place(number, channel, amd=False, wait_s=0, opt_out_key="9")
        assert placed == "done"
    for channel in dialed:
        await center.next_fact(ChannelHungUp, partial(_is_of, channel))

    assert center.of(out) == answers(out, HarbourBegan(out), OptedOut(out), ChannelHungUp(out, 16))
    for channel in (again, silent):
        assert center.of(channel) == answers(
            channel, HarbourBegan(channel), ChannelHungUp(channel, 16)
        )
    log = center.carrier.messages_path
    await wait_until(
        lambda: sum(call.ended_at is not None for call in read_calls(log)) == len(dialed),
        "the network's log to be whole",
    )
    calls = {call.called: call for call in read_calls(log)}
    assert [calls[number].ended_here for number in dialed.values()] == [False] * 3
    assert all(calls[number].pressed_at is not None for number in (OUT, AGAIN))
    lasted_s = {
        number: (calls[number].ended_at or 0.0) - (calls[number].answered_at or 0.0)
        for number in dialed.values()
    }
    # The message, "Sorry.", and 3 s to press a key; with the other key both once more.
    assert lasted_s[AGAIN] > lasted_s[PERSON] + 0.8 > 3.0
    assert lasted_s[OUT] < lasted_s[PERSON]


async def test_a_person_dialed_by_a_service_that_died_hears_the_message(
    instance: tuple[AsteriskInstance, SippCarrier],
) -> None:
    pbx, _ = instance
    person = attempt("orphan")
    service = Dialing(pbx, pbx.config.ami_port)
    async with running(pbx, center=service):
        assert await service.place(PERSON, person, wait_s=5) == "done"
        await service.next_fact(AttemptRinging)

    async def is_gone() -> bool:
        return "leader" not in await pbx.cli("manager show connected")

    await wait_until(is_gone, "the service's session to be over")
    async with BareAmi(pbx.config.ami_port) as witness:
        assert (await witness.login(pbx.config.leader))["Response"] == "Success"
        await witness.expect("UserEvent", UserEvent="CCHarbour", Call=person.id)
        end = await witness.expect("Hangup", Uniqueid=person.id)

    assert end["Cause"] == "16"
    assert pbx.warnings() == []


async def test_many_people_at_once_are_told_in_the_same_order(center: Dialing) -> None:
    people = [attempt(f"many-{n}") for n in range(40)]
    for person in people:
        assert await center.place(PERSON, person, amd=False, wait_s=1) == "done"
    await wait_until(lambda: center.count(ChannelHungUp) == len(people), "all to have gone")

    for person in people:
        assert center.of(person) == answers(person, *waits_in_vain(person))


async def test_the_agent_alone_hears_the_prompt_and_the_person_is_joined_at_once(
    center: Dialing, instance: tuple[AsteriskInstance, SippCarrier]
) -> None:
    pbx, _ = instance
    await pbx.cli("logger add channel heard verbose(3)")
    await center.open_line()
    await center.hold(attempt("beep"))

    join = partial(JoinCall, caller=attempt("beep"), leg=LINE, agent_prompt="beep")
    assert await center.do(join) == "done"
    await wait_until(lambda: center.joined(0) == 2, "both in one bridge")
    await asyncio.sleep(0.3)

    told = (pbx.log_path.parent / "heard").read_text(encoding="utf-8").splitlines()
    agent = f"PJSIP/{ANSWERS}-"
    [joined] = [x for x in told if f"Channel {agent}" in x and "joined 'simple_bridge'" in x]
    [played] = [x for x in told if " Playing '" in x]
    assert f"<{agent}" in played
    assert "'cc/beep." in played
    assert 0.0 <= seconds_of(played) - seconds_of(joined) < 0.1


def seconds_of(line: str) -> float:
    """When Asterisk wrote this, within its hour."""
    minutes, seconds = line.partition("]")[0].split(":")[1:]
    return 60.0 * int(minutes) + float(seconds)
