"""Whoever is behind the trunk: what they do when they are dialed, and what their log says of it."""

from __future__ import annotations

from collections import Counter

import pytest

from callcenter.simulator.carrier import USUAL_SHARES, CarrierMix
from callcenter.simulator.channel import HearsMusic, HearsNothing
from callcenter.simulator.dialed import Behaviour, DialedPlan
from callcenter.simulator.messages import get
from callcenter.simulator.screening import AmdSettings, screen
from callcenter.simulator.stage import Deed
from callcenter.simulator.truth import DialedCall, Reached, list_dialed
from callcenter.simulator.world import World
from tests.unit.simulator.tiny_dialer import MESSAGE, SHOWN, START, TinyDialer, make_world

B = Behaviour
NUMBER = "+12025550143"


def meet(
    *plans: DialedPlan, seconds: float = 120.0, line: bool = False, amd: bool = True
) -> tuple[TinyDialer, DialedCall]:
    """Dial somebody with this plan once, with an agent's line open or not; what was there."""
    world = make_world()
    world.plan_number(NUMBER, *plans)
    dialer = TinyDialer(world, amd=amd)
    if line:
        dialer.open_line("1001")
        dialer.run(10.0)
    dialer.place(NUMBER)
    dialer.run(seconds)
    return dialer, world.dialed[0]


def deeds(world: World) -> list[Deed]:
    return [entry.deed for entry in world.carrier.log]


# --- each behaviour ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "cause", "refused_with", "reached", "rang_s"),
    [
        (B.BUSY, "17", 486, Reached.REFUSED, 5.0),
        (B.REJECTED, "21", 603, Reached.REFUSED, 5.0),
        (B.CONGESTION, "34", 503, Reached.REFUSED, 0.0),
        (B.UNKNOWN, "1", 404, Reached.REFUSED, 0.0),
        (B.NO_ANSWER, "19", 0, Reached.RANG_IN_VAIN, 39.5),
        (B.LOST, "19", 0, Reached.UNREACHED, 0.0),
        (B.HANGS_UP, "0", 0, Reached.HEARD_NOBODY, 5.0),
        (B.MACHINE, "16", 0, Reached.HEARD_NOBODY, 5.0),
        (B.HUMAN, "16", 0, Reached.HEARD_MESSAGE, 5.0),
        (B.QUIET, "16", 0, Reached.HEARD_MESSAGE, 5.0),
    ],
)
def test_a_number_does_as_its_behaviour_says(
    behaviour: B, cause: str, refused_with: int, reached: Reached, rang_s: float
) -> None:
    dialer, call = meet(DialedPlan(behaviour))

    assert get(dialer.find("Hangup", call.channel), "Cause") == cause
    assert (call.refused_with, call.reached) == (refused_with, reached)
    assert call.rang_s == pytest.approx(rang_s, abs=0.01)
    assert (call.number, call.shown, call.behaviour) == (NUMBER, SHOWN, behaviour)


def test_a_line_without_sound_is_borne_only_for_so_long() -> None:
    dialer, call = meet(DialedPlan(B.SILENT, patience_s=3.0))

    assert call.ended_at - call.answered_at == pytest.approx(3.0)
    assert call.ended_here
    assert "UserEvent" not in dialer.names_about(call.channel)


def test_without_a_ring_time_it_is_answered_or_refused_at_once() -> None:
    dialer, call = meet(DialedPlan(B.BUSY, ring_after_s=1.0, ring_s=0.0))

    assert call.ringing_at == 0.0
    assert call.ended_at - call.invited_at == pytest.approx(1.0)
    assert "Newstate" not in dialer.names_about(call.channel)


def test_a_person_hears_the_message_from_its_beginning_and_is_hung_up() -> None:
    dialer, call = meet(DialedPlan(talk_s=5.0))

    assert deeds(dialer.world) == [
        Deed.INVITED,
        Deed.RANG,
        Deed.PICKED_UP,
        Deed.HEARD_PROMPT,
        Deed.WAS_HUNG_UP,
    ]
    told = dialer.find("UserEvent", call.channel)
    assert call.message == MESSAGE
    assert call.message_at == pytest.approx(float(get(told, "Timestamp")), abs=0.001)
    assert call.message_at - call.answered_at == pytest.approx(1.8 + 1.0, abs=0.05)
    assert (call.cause, call.ended_here) == ("16", False)


def test_a_person_may_hang_up_in_the_message() -> None:
    _, call = meet(DialedPlan(listens_s=1.5))

    assert call.ended_at - call.message_at == pytest.approx(1.5)
    assert call.ended_here


def test_a_person_who_hears_only_silence_hangs_up() -> None:
    _, call = meet(DialedPlan(patience_s=1.0))

    assert call.ended_at - call.answered_at == pytest.approx(1.0)
    assert call.reached is Reached.HEARD_NOBODY


def test_a_person_talks_with_the_agent_whose_line_is_open_and_says_good_bye() -> None:
    dialer, call = meet(DialedPlan(talk_s=20.0), line=True)

    [talk] = call.talks
    assert call.reached is Reached.TALKED
    assert talk.endpoint == "1001"
    assert talk.ended_at - talk.began_at == pytest.approx(20.0)
    assert talk.began_at - call.answered_at == pytest.approx(1.8, abs=0.05)
    assert (call.message_at, call.ended_here) == (0.0, True)
    assert dialer.joined == [(call.channel, "leg-3")]


def test_a_person_without_screening_talks_at_once() -> None:
    _, call = meet(DialedPlan(), line=True, amd=False)

    assert call.talks[0].began_at - call.answered_at == pytest.approx(0.0, abs=0.01)


def test_a_machine_taken_for_a_person_records_the_agent_for_its_own_time() -> None:
    _, call = meet(DialedPlan(B.MACHINE, stay_s=30.0, talk_s=2.0), line=True, amd=False)

    assert call.reached is Reached.TALKED
    assert call.ended_at - call.answered_at == pytest.approx(30.0)
    assert call.talks[0].ended_at == call.ended_at


def test_a_person_whose_agent_is_lost_hears_music_for_so_long() -> None:
    world = make_world()
    world.plan_number(NUMBER, DialedPlan(talk_s=60.0, hold_s=35.0))
    dialer = TinyDialer(world)
    dialer.open_line("1001")
    dialer.run(10.0)
    dialer.place(NUMBER)
    dialer.run(12.0)

    world.phones["1001"].hang_up()
    dialer.run(100.0)

    [call] = world.dialed
    talk = call.talks[0]
    assert talk.ended_at == pytest.approx(call.music_at, abs=0.01)
    assert call.ended_at - call.music_at == pytest.approx(35.0)
    assert deeds(world)[-4:] == [
        Deed.HEARD_PERSON,
        Deed.PERSON_LEFT,
        Deed.HEARD_MUSIC,
        Deed.HUNG_UP,
    ]


def test_an_attempt_hung_up_while_it_rings_is_withdrawn() -> None:
    dialer, call = meet(DialedPlan(ring_s=30.0), seconds=10.0)
    ringing = call.rang_s

    dialer.send("Hangup", Channel=call.channel, Cause="16")
    dialer.run(60.0)

    [call] = dialer.world.dialed
    assert call.withdrawn_at == pytest.approx(START + 10.0)
    assert ringing == 0.0
    assert call.rang_s == pytest.approx(9.5, abs=0.01)
    assert call.reached is Reached.RANG_IN_VAIN


def test_a_call_that_goes_on_says_so() -> None:
    dialer, _ = meet(DialedPlan(talk_s=1000.0), line=True, seconds=20.0)

    [call] = dialer.world.dialed
    assert call.ended_at == call.talks[0].ended_at == 0.0


def test_a_restart_of_the_pbx_ends_every_call() -> None:
    dialer, _ = meet(DialedPlan(talk_s=1000.0), line=True, seconds=20.0)

    dialer.world.restart_pbx(dialer.world.now)

    [call] = dialer.world.dialed
    assert call.cause == "restart"
    assert call.ended_at == dialer.world.now
    assert dialer.world.carrier.log[-1].deed is Deed.WAS_HUNG_UP


# --- plans ---------------------------------------------------------------------------------------


def test_a_number_does_something_else_each_time_and_then_the_last_again() -> None:
    world = make_world()
    world.plan_number(NUMBER, DialedPlan(B.BUSY), DialedPlan(B.UNKNOWN))
    dialer = TinyDialer(world)

    for _ in range(3):
        dialer.place(NUMBER)
        dialer.run(10.0)

    assert [call.behaviour for call in world.dialed] == [B.BUSY, B.UNKNOWN, B.UNKNOWN]


def test_a_number_may_be_dialed_twice_at_once() -> None:
    world = make_world()
    world.plan_number(NUMBER, DialedPlan(B.BUSY), DialedPlan(B.REJECTED))
    dialer = TinyDialer(world)

    dialer.place(NUMBER)
    dialer.place(NUMBER)
    dialer.run(20.0)

    assert [call.refused_with for call in world.dialed] == [486, 603]
    assert [call.party for call in world.dialed] == ["dialed-0001", "dialed-0002"]


def test_a_number_without_a_plan_draws_from_the_mix() -> None:
    world = make_world(mix=CarrierMix(shares={B.REJECTED: 1.0}))
    world.plan_number(NUMBER, DialedPlan(B.BUSY))
    world.plan_number(NUMBER)
    dialer = TinyDialer(world)

    dialer.place(NUMBER)
    dialer.run(60.0)

    assert world.dialed[0].behaviour == B.REJECTED


def draw(mix: CarrierMix, count: int = 4000, tries: int = 0) -> list[DialedPlan]:
    return [mix.draw_plan(1, f"+1202{number:07d}", tries) for number in range(count)]


def test_the_mix_has_the_shares_asked_for() -> None:
    found = Counter(plan.behaviour for plan in draw(CarrierMix()))

    total = sum(USUAL_SHARES.values())
    assert total == pytest.approx(1.0)
    for behaviour, share in USUAL_SHARES.items():
        assert found[behaviour] / 4000 == pytest.approx(share / total, abs=0.02)


def test_shares_are_weights_and_may_be_of_one_kind_alone() -> None:
    unknown = {plan.behaviour for plan in draw(CarrierMix(shares={B.UNKNOWN: 3.0}), 50)}
    people = {plan.behaviour for plan in draw(CarrierMix(shares={B.HUMAN: 7.0}), 50)}

    assert (unknown, people) == ({B.UNKNOWN}, {B.HUMAN})


def test_an_unknown_number_stays_unknown_and_others_change() -> None:
    first, second = draw(CarrierMix(), 500, 0), draw(CarrierMix(), 500, 1)

    pairs = [
        (a.behaviour is B.UNKNOWN, b.behaviour is B.UNKNOWN)
        for a, b in zip(first, second, strict=True)
    ]
    assert all(a is b for a, b in pairs)
    assert any(a for a, _ in pairs)
    assert [a.behaviour for a in first] != [b.behaviour for b in second]


def test_most_people_are_taken_for_people_and_most_machines_for_machines() -> None:
    plans = draw(CarrierMix(shares={B.HUMAN: 0.5, B.MACHINE: 0.5}))

    taken = Counter(
        (plan.behaviour, screen(plan.voice, AmdSettings()).status) for plan in plans if plan.voice
    )
    people = taken[B.HUMAN, "HUMAN"] + taken[B.HUMAN, "MACHINE"]
    machines = taken[B.MACHINE, "HUMAN"] + taken[B.MACHINE, "MACHINE"]
    assert people + machines == len(plans)
    assert taken[B.HUMAN, "MACHINE"] / people == pytest.approx(0.04, abs=0.02)
    assert taken[B.MACHINE, "HUMAN"] / machines == pytest.approx(0.06, abs=0.02)


# --- many ----------------------------------------------------------------------------------------


def campaign(seed: int, numbers: int, order: int = 1) -> TinyDialer:
    """Dial so many numbers, each once."""
    dialer = TinyDialer(make_world(seed))
    for phone in ("1001", "1002", "1003"):
        dialer.open_line(phone)
    dialer.run(10.0)
    dialer.dial([f"+1202{number:07d}" for number in range(numbers)][::order])
    dialer.run_out()
    return dialer


def test_a_campaign_of_many_is_told_alike_by_the_pbx_and_the_far_ends() -> None:
    dialer = campaign(1, 300)

    calls = dialer.world.dialed
    assert len(calls) == len({call.number for call in calls}) == 300
    assert all(call.ended_at for call in calls)
    joined = {person for person, _ in dialer.joined}
    assert {call.channel for call in calls if call.talks} == joined
    messages = {
        get(event, "Call") for event in dialer.events if get(event, "UserEvent") == "CCHarbour"
    }
    assert {call.channel for call in calls if call.message_at} == messages
    answered = {
        get(event, "Uniqueid")
        for event in dialer.events
        if event[0][1] == "Newstate" and get(event, "ChannelStateDesc") == "Up"
    }
    assert {call.channel for call in calls if call.answered_at} == answered - set(dialer.lines)
    assert len(dialer.lines) == 3


def test_the_same_people_are_met_in_whatever_order_they_are_dialed() -> None:
    forth, back = campaign(1, 60), campaign(1, 60, order=-1)

    behaviours = [
        {call.number: (call.behaviour, round(call.rang_s, 3)) for call in one.world.dialed}
        for one in (forth, back)
    ]
    assert behaviours[0] == behaviours[1]


def test_the_same_seed_says_the_same_and_another_something_else() -> None:
    one, again, other = (campaign(seed, 40).world.carrier.log for seed in (1, 1, 2))

    assert one == again
    assert [entry.detail for entry in one] != [entry.detail for entry in other]


# --- odd things ----------------------------------------------------------------------------------


def test_whoever_has_gone_notices_nothing_more() -> None:
    world = make_world()
    world.plan_number(NUMBER, DialedPlan(patience_s=1.0))
    dialer = TinyDialer(world)
    attempt = dialer.place(NUMBER)
    dialer.run(60.0)
    before = len(world.carrier.log)

    noticed = world.carrier.notice(HearsMusic(attempt))

    assert not noticed
    assert len(world.carrier.log) == before


def test_the_log_of_a_call_that_began_elsewhere_is_skipped() -> None:
    dialer, _ = meet(DialedPlan())

    assert list_dialed(dialer.world.carrier.log[1:]) == []


def test_silence_on_a_line_that_was_never_talked_on_is_only_silence() -> None:
    world = make_world()
    world.plan_number(NUMBER, DialedPlan(patience_s=4.0, ring_s=0.0, ring_after_s=0.1))
    dialer = TinyDialer(world)
    attempt = dialer.place(NUMBER)
    dialer.run(2.0)

    world.carrier.notice(HearsNothing(attempt))
    dialer.run(60.0)

    assert Deed.PERSON_LEFT not in deeds(world)
