"""A trunk in trouble: dialing stops there, its tries are given back, single calls try it again."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from callcenter.core import campaign_queries
from callcenter.core.campaign_queries import Silence
from callcenter.core.machine import Machine
from callcenter.core.state import decode_state
from callcenter.core.trunk_queries import trunks_view
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.attempt import AttemptResult, AttemptState, ContactStatus, Verdict
from callcenter.domain.campaign import CampaignStep
from callcenter.domain.center import TrunkLine
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import AttemptRecord, FaultRecord
from dialer.breaker import HOLD_S, TOLERATED
from dialer.results import GIVEN_BACK_RUNG_S, GIVEN_BACK_S
from tests.builders import CENTER, T0, Bench, row

R = AttemptResult
MANY = 20


def center(**more: Any) -> Bench:
    """A bench on which a trunk may fail."""
    return Bench(allowed_faults=("trunk_in_trouble",), **more)


def newest(bench: Bench) -> ChannelRef:
    """The call placed last."""
    return bench.last(c.PlaceCall).channel


def refuse(bench: Bench, times: int = 1, cause: int = 34) -> None:
    """The trunk refuses the call placed last, and so on."""
    for _ in range(times):
        bench.tell(e.AttemptCreated(newest(bench)))
        bench.tell(e.ChannelHungUp(newest(bench), cause))


def answer_empty(bench: Bench, times: int = 1) -> None:
    """The call placed last rings, is answered, and is over at once; and so on."""
    for _ in range(times):
        ref = newest(bench)
        bench.answer(ref)
        bench.wait(0.2)
        bench.tell(e.ChannelHungUp(ref, 0))


def results(bench: Bench) -> list[AttemptResult]:
    """Of all attempts that have a record, in order."""
    return [record.result for record in bench.kept(AttemptRecord)]


def faults(bench: Bench) -> list[str]:
    """What was recorded of trunks in trouble."""
    return [x.detail for x in bench.kept(FaultRecord) if x.kind == "trunk_in_trouble"]


# --- the burst ------------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", [34, 44, 21, 127])
def test_a_burst_of_refusals_stops_dialing_and_gives_every_try_back(cause: int) -> None:
    bench = center()
    bench.dial("ana", rows=MANY)

    refuse(bench, TOLERATED, cause)
    assert results(bench) == []
    refuse(bench, 1, cause)

    assert len(bench.placed()) == TOLERATED + 1
    assert results(bench) == [R.UNCOUNTED] * (TOLERATED + 1)
    for record in bench.kept(AttemptRecord):
        assert (record.tries, record.status) == (0, ContactStatus.OPEN)
        assert (record.next_try_at, record.cause) == (T0 + 1 + GIVEN_BACK_S, cause)
    assert faults(bench) == [
        "Trunk carrier of PBX main: 5 calls in a row were refused before any phone rang. Nothing "
        "is dialed on it but single probing calls."
    ]


def test_a_burst_of_empty_answers_stops_dialing_and_nobody_of_them_was_a_person() -> None:
    bench = center()
    bench.dial("ana", rows=MANY, amd=False)

    answer_empty(bench, TOLERATED + 1)

    assert results(bench) == [R.UNCOUNTED] * (TOLERATED + 1)
    came = bench.came_of_it()
    assert came.next_try_at == bench.now + GIVEN_BACK_RUNG_S
    assert (came.tries, came.status) == (0, ContactStatus.OPEN)
    assert bench.live().people == 0
    assert "over within a second" in faults(bench)[0]


def test_a_person_who_was_joined_to_an_agent_for_an_instant_is_given_back_too() -> None:
    bench = center()
    bench.dial("ana", rows=MANY, amd=False, wrap_up_s=0.0)
    for _ in range(TOLERATED + 1):
        ref = newest(bench)
        bench.answer(ref)
        bench.tell(e.CallerHeld(ref))
        bench.join(ref)
        bench.part(ref)
        bench.wait(0.1)

    assert results(bench) == [R.UNCOUNTED] * (TOLERATED + 1)
    assert bench.came_of_it().connected_at
    assert bench.live().people == 0


def test_an_open_breaker_ends_all_calls_under_way_that_the_trunk_fails_uncounted() -> None:
    bench = center()
    bench.dial("ana", "jon", rows=MANY, lines_per_agent=3.0)
    refs = [x.channel for x in bench.sent(c.PlaceCall)]
    assert len(refs) == 6

    refuse(bench, TOLERATED + 1)
    before = len(results(bench))
    bench.tell(e.ChannelHungUp(refs[0], 34))
    bench.tell(e.ChannelHungUp(refs[1], 17))

    assert results(bench)[before:] == [R.UNCOUNTED, R.BUSY]
    assert len(faults(bench)) == 1


def test_the_trunks_of_two_campaigns_are_one() -> None:
    bench = center()
    bench.agents("ana", "jon")
    bench.campaign()
    bench.campaign(id="surveys", name="Surveys")
    bench.fill(*(row(n) for n in range(MANY)))
    bench.fill(*(row(100 + n) for n in range(MANY)), campaign="surveys")
    bench.open_line("ana")
    bench.open_line("jon", campaign="surveys")
    first, second = (x.channel for x in bench.sent(c.PlaceCall))

    for _ in range(TOLERATED // 2):
        bench.tell(e.ChannelHungUp(first, 34))
        first = newest(bench)
        bench.tell(e.ChannelHungUp(second, 34))
        second = newest(bench)
    bench.tell(e.ChannelHungUp(first, 34))

    assert len(results(bench)) == TOLERATED + 1
    views = campaign_queries.campaigns_view(bench.machine.state)
    assert [view.silence_code for view in views] == [Silence.TRUNK_REFUSES] * 2


# --- what ends a burst ----------------------------------------------------------------------------


def test_a_phone_that_rings_makes_the_refusals_before_it_count() -> None:
    bench = center()
    bench.dial("ana", rows=MANY)
    refuse(bench, TOLERATED)
    assert results(bench) == []

    bench.tell(e.AttemptRinging(newest(bench)))

    assert results(bench) == [R.CONGESTION] * TOLERATED
    assert [record.tries for record in bench.kept(AttemptRecord)] == [1] * TOLERATED
    assert faults(bench) == []


def test_a_refusal_that_no_other_follows_counts_after_a_minute_from_its_own_end() -> None:
    bench = center()
    ref = bench.dial("ana", rows=1)
    refuse(bench)
    ended_at = bench.now
    assert bench.attempt(ref).state is AttemptState.HELD

    bench.wait(HOLD_S)

    came = bench.came_of_it()
    assert (came.result, came.ended_at, came.tries) == (R.CONGESTION, ended_at, 1)
    assert came.next_try_at == ended_at + 5 * 60.0


def test_who_waits_for_the_trunks_word_is_not_dialed_meanwhile() -> None:
    bench = center()
    ref = bench.dial("ana", rows=1)
    refuse(bench)

    bench.wait(40.0)
    assert bench.refills()[-1].exclude == ("0",)
    bench.fill(row(0), row(7, number=row(0).number), row(8))

    assert bench.placed() == ["0", "8"]
    bench.wait(HOLD_S)
    assert bench.kept(AttemptRecord)[0].attempt == ref.id


def test_an_answer_that_lasts_makes_the_empty_ones_before_it_count() -> None:
    bench = center()
    bench.dial("ana", rows=MANY)
    answer_empty(bench, TOLERATED)
    assert results(bench) == []

    bench.answer(newest(bench))
    bench.wait(1.6)
    bench.tell(e.AttemptScreened(newest(bench), Verdict.HUMAN))

    assert results(bench) == [R.HUNG_UP] * TOLERATED


def test_empty_answers_beside_a_conversation_are_no_trouble_of_the_trunk() -> None:
    bench = center()
    bench.dial("ana", rows=MANY, amd=False)
    bench.agents("ana", "jon")
    answer_empty(bench)
    talks = newest(bench)
    bench.answer(talks)
    bench.tell(e.CallerHeld(talks))
    bench.join(talks)
    bench.open_line("jon")
    bench.wait(1.5)

    answer_empty(bench, TOLERATED)

    assert faults(bench) == []
    assert len(bench.placed()) == TOLERATED + 3


def test_a_conversation_of_before_the_burst_neither_stops_it_nor_ends_it() -> None:
    # Story: it was placed together with the first call of the burst, so all the while somebody
    # talked a dead trunk was dialed on, and its end opened the trunk again.
    bench = center()
    talks = bench.dial("ana", "jon", rows=MANY, amd=False, wrap_up_s=300.0)
    bench.answer(talks)
    bench.tell(e.CallerHeld(talks))
    bench.join(talks)
    bench.wait(3.0)

    answer_empty(bench, TOLERATED + 1)
    assert len(faults(bench)) == 1
    bench.part(talks)
    bench.wait(0.5)

    assert bench.machine.state.trunks["main/carrier"].breaker.is_open


def test_a_channel_that_is_gone_is_told_of_once_more_and_nothing_happens() -> None:
    bench = center()
    ref = bench.dial("ana", rows=1)
    refuse(bench)
    bench.commands.clear()

    bench.tell(e.ChannelHungUp(ref, 34))
    bench.tell(e.OriginateFailed(ref))
    bench.review()
    bench.tell(e.HarbourBegan(ref))

    assert [x.channel for x in bench.sent(c.HangUp)] == [ref]
    assert bench.attempt(ref).state is AttemptState.HELD
    assert results(bench) == []


def test_a_call_held_outlives_a_restart() -> None:
    bench = center()
    bench.dial("ana", rows=1)
    refuse(bench)

    bench.restart()
    bench.wait(HOLD_S)

    assert results(bench) == [R.CONGESTION]


def test_a_draining_campaign_waits_for_the_last_result() -> None:
    bench = center()
    bench.dial("ana", rows=1)
    refuse(bench)
    bench.ask(e.CampaignStepRequested, "renewals", CampaignStep.DRAIN, "kim")
    assert bench.live().state == "draining"

    bench.wait(HOLD_S)

    assert bench.live().state == "finished"


# --- probing --------------------------------------------------------------------------------------


def test_single_calls_try_the_trunk_farther_and_farther_apart() -> None:
    bench = center()
    bench.dial("ana", "jon", rows=MANY)
    refuse(bench)
    for _ in range(TOLERATED):
        refuse(bench)
    first = bench.sent(c.PlaceCall)[0].channel
    bench.tell(e.ChannelHungUp(first, 34))
    before = len(bench.placed())

    pauses = []
    for _ in range(4):
        since = bench.now
        while len(bench.placed()) == before:
            bench.wait(0.5)
        pauses.append(bench.now - since)
        assert len(bench.placed()) == before + 1
        bench.wait(5.0)
        assert len(bench.placed()) == before + 1
        refuse(bench)
        before += 1

    assert pauses == [1.0, 2.0, 4.0, 8.0]
    assert set(results(bench)) == {R.UNCOUNTED}
    assert len(faults(bench)) == 1


def test_a_probe_that_rings_opens_the_trunk_for_all() -> None:
    bench = center()
    bench.dial("ana", "jon", "eva", rows=MANY)
    refuse(bench, TOLERATED + 1)
    for ref in [x.channel for x in bench.sent(c.PlaceCall)][:2]:
        bench.tell(e.ChannelHungUp(ref, 34))
    before = len(bench.placed())
    bench.wait(1.0)
    assert len(bench.placed()) == before + 1

    bench.tell(e.AttemptRinging(newest(bench)))

    assert len(bench.placed()) == before + 3
    view = campaign_queries.campaign_view(bench.machine.state, "renewals")
    assert view is not None
    assert view.silence_code is Silence.NONE


def test_a_probe_of_which_nobody_knows_is_followed_by_another() -> None:
    bench = center()
    bench.dial("ana", rows=MANY)
    refuse(bench, TOLERATED + 1)
    bench.wait(1.0)
    assert len(bench.placed()) == TOLERATED + 2

    bench.restart()

    assert results(bench)[-1] is R.UNKNOWN
    breaker = bench.machine.state.trunks["main/carrier"].breaker
    assert (breaker.is_open, breaker.probe, breaker.probe_at) == (True, "", bench.now)


def test_a_start_pressed_again_does_not_dial_on_a_trunk_in_trouble() -> None:
    bench = center()
    bench.dial("ana", rows=MANY)
    refuse(bench, TOLERATED + 1)

    bench.ask(e.CampaignStepRequested, "renewals", CampaignStep.START, "kim")
    bench.fill(row(50))

    assert len(bench.placed()) == TOLERATED + 1


def test_the_state_of_trunks_is_kept_in_the_snapshot() -> None:
    bench = center()
    bench.dial("ana", rows=MANY)
    refuse(bench, TOLERATED + 1)
    state = bench.machine.state

    bench.machine = Machine(decode_state(state.encode()))

    assert bench.machine.state.trunks.as_dict() == state.trunks.as_dict()
    bench.wait(1.0)
    assert len(bench.placed()) == TOLERATED + 2


# --- other trunks ---------------------------------------------------------------------------------


def test_another_trunk_takes_over_while_the_first_is_in_trouble_and_hands_back() -> None:
    bench = center()
    bench.dial("ana", rows=MANY, trunks=("reserve",))

    refuse(bench, TOLERATED + 1)

    assert bench.last(c.PlaceCall).trunk == "reserve"
    bench.tell(e.ChannelHungUp(newest(bench), 17))
    assert bench.last(c.PlaceCall).trunk == "reserve"
    bench.wait(1.0)
    bench.tell(e.ChannelHungUp(newest(bench), 17))
    assert bench.last(c.PlaceCall).trunk == "carrier"
    bench.tell(e.AttemptRinging(newest(bench)))
    bench.tell(e.ChannelHungUp(newest(bench), 17))
    assert bench.last(c.PlaceCall).trunk == "carrier"
    assert len(faults(bench)) == 1


def test_a_trunk_that_is_back_wakes_the_campaigns_on_it_and_no_others() -> None:
    bench = center()
    bench.dial("ana", rows=MANY)
    bench.campaign(id="surveys", trunk="reserve")
    bench.campaign(id="paused")
    bench.ask(e.CampaignStepRequested, "paused", CampaignStep.PAUSE, "kim")
    refuse(bench, TOLERATED + 1)
    bench.wait(1.0)

    step = bench.tell(e.AttemptRinging(newest(bench)))

    assert [topic for topic in step.touched if topic.startswith("campaign:")] == [
        "campaign:renewals"
    ]


def test_a_campaign_all_of_whose_trunks_fail_names_each() -> None:
    bench = center()
    bench.dial("ana", rows=MANY, trunks=("reserve",))

    refuse(bench, 2 * (TOLERATED + 1))

    view = campaign_queries.campaign_view(bench.machine.state, "renewals")
    assert view is not None
    assert view.silence_code is Silence.TRUNK_REFUSES
    assert view.silence.count("is in trouble") == 2
    assert "Trunk reserve" in view.silence


# --- limits ---------------------------------------------------------------------------------------


def limited(**limits: Any) -> Bench:
    """A bench whose trunk has these limits."""
    line = TrunkLine("main", "carrier", **limits)
    return center(center=msgspec.structs.replace(CENTER, trunks=(line,)))


def test_campaigns_share_the_channels_of_a_trunk_and_conversations_hold_theirs() -> None:
    bench = limited(channels=2)
    bench.agents("ana", "jon", "eva")
    bench.campaign()
    bench.campaign(id="surveys", name="Surveys")
    bench.fill(*(row(n) for n in range(MANY)))
    bench.fill(*(row(100 + n) for n in range(MANY)), campaign="surveys")
    bench.open_line("ana")
    bench.open_line("jon", "eva", campaign="surveys")
    first = bench.sent(c.PlaceCall)[0].channel
    assert bench.placed() == ["0", "100"]

    bench.person(first)
    bench.join(first)
    bench.wait(30.0)
    assert len(bench.placed()) == 2
    bench.note("ana")
    bench.part(first)

    assert bench.placed()[2:] == ["101"]
    view = campaign_queries.campaign_view(bench.machine.state, "renewals")
    assert view is not None
    bench.wait(60.0)
    view = campaign_queries.campaign_view(bench.machine.state, "renewals")
    assert view is not None
    assert (view.silence_code, view.silence) == (
        Silence.TRUNK_FULL,
        "Trunk carrier is full: 2 calls are on its 2 channels.",
    )


def test_a_full_trunk_hands_on_to_the_next() -> None:
    bench = limited(channels=1)
    bench.dial("ana", "jon", rows=MANY, trunks=("reserve",))

    assert [x.trunk for x in bench.sent(c.PlaceCall)] == ["carrier", "reserve"]


def test_calls_go_out_at_the_pace_of_the_trunk() -> None:
    bench = limited(calls_per_s=2.0)
    bench.dial("ana", "jon", "eva", rows=MANY, lines_per_agent=3.0)
    assert len(bench.placed()) == 1

    bench.wait(0.4)
    assert len(bench.placed()) == 1
    bench.wait(0.2)
    assert len(bench.placed()) == 2
    bench.wait(3.0)

    assert len(bench.placed()) == 8
    bench.wait(10.0)
    assert len(bench.placed()) == 9


def test_a_call_that_waits_for_its_result_uses_no_channel() -> None:
    bench = limited(channels=1)
    bench.dial("ana", rows=MANY)

    refuse(bench)

    assert len(bench.placed()) == 2
    assert trunks_view(bench.machine.state, "main", ("carrier",))[0].calls == 1
