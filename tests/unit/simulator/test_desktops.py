"""Agents at their desktops: which click follows which state, and when."""

from __future__ import annotations

import pytest
from msgspec import structs

from callcenter.domain.agent import AgentState
from callcenter.simulator.desktops import (
    DesktopHabits,
    DialPreview,
    Dispose,
    EndCall,
    GoNotReady,
    GoReady,
    Intent,
    JoinCampaign,
    OpenDesktop,
    SignIn,
    SignOut,
    SkipPreview,
)
from callcenter.simulator.world import World
from tests.unit.simulator.tiny_service import START, make_world

HABITS = DesktopHabits(
    sign_in_after_s=(1.0, 1.0),
    ready_after_s=(2.0, 2.0),
    wrap_up_s=(5.0, 5.0),
    back_after_s=(4.0, 4.0),
    break_s=(30.0, 30.0),
    dispositions=("sold",),
)
S = AgentState


def sit_down(habits: DesktopHabits = HABITS) -> World:
    """Ana has opened her desktop and has just been signed in."""
    world = make_world(1)
    world.add_desktop("ana", "1001", habits)
    world.advance(START + 1.0)
    world.take_intents()
    world.observe_agent("ana", S.NOT_READY)
    return world


def clicks_after(world: World, seconds: float) -> list[Intent]:
    """What was clicked within these seconds."""
    world.advance(world.now + seconds)
    return world.take_intents()


def test_an_agent_opens_the_desktop_and_signs_in_on_a_phone() -> None:
    world = make_world(1)
    world.add_desktop("ana", "1001", HABITS)

    assert world.take_intents() == [OpenDesktop("ana")]
    assert clicks_after(world, 0.9) == []
    assert clicks_after(world, 0.2) == [SignIn("ana", "1001")]


def test_a_signed_in_agent_goes_ready() -> None:
    world = sit_down()

    assert clicks_after(world, 1.9) == []
    assert clicks_after(world, 0.2) == [GoReady("ana")]


DIALING = structs.replace(HABITS, campaign="renewals", join_after_s=(0.5, 0.5))


def test_an_agent_of_a_campaign_joins_it_and_then_goes_ready() -> None:
    world = sit_down(DIALING)

    assert clicks_after(world, 0.4) == []
    assert clicks_after(world, 0.2) == [JoinCampaign("ana", "renewals")]
    assert clicks_after(world, 1.8) == []
    assert clicks_after(world, 0.2) == [GoReady("ana")]


def test_an_agent_who_is_signed_out_before_joining_joins_after_the_next_signing_in() -> None:
    world = sit_down(DIALING)
    world.observe_agent("ana", S.SIGNED_OUT)
    early = clicks_after(world, 1.1)

    world.observe_agent("ana", S.NOT_READY)

    assert early == [SignIn("ana", "1001")]
    assert clicks_after(world, 2.6) == [JoinCampaign("ana", "renewals"), GoReady("ana")]


def test_an_agent_whose_line_was_lost_goes_ready_again_without_joining_anew() -> None:
    world = sit_down(DIALING)
    clicks_after(world, 3.0)
    world.observe_agent("ana", S.READY)

    world.observe_agent("ana", S.NOT_READY, "line_lost")

    assert clicks_after(world, 4.1) == [GoReady("ana")]


def test_some_end_the_conversation_by_the_button() -> None:
    habits = structs.replace(DIALING, end_call_share=1.0, end_call_after_s=(7.0, 7.0))
    world = sit_down(habits)
    clicks_after(world, 3.0)

    world.observe_agent("ana", S.TALKING, call="call-7")

    assert clicks_after(world, 6.9) == []
    assert clicks_after(world, 0.2) == [EndCall("ana")]


def test_nobody_ends_a_conversation_that_is_over() -> None:
    habits = structs.replace(DIALING, end_call_share=1.0, end_call_after_s=(7.0, 7.0))
    world = sit_down(habits)
    clicks_after(world, 3.0)
    world.observe_agent("ana", S.TALKING, call="call-7")

    world.observe_agent("ana", S.WRAP_UP, call="call-7")

    assert clicks_after(world, 20.0) == [Dispose("ana", "call-7", "sold")]


def test_some_conversations_are_left_to_the_customer() -> None:
    habits = structs.replace(DIALING, end_call_share=0.5, end_call_after_s=(7.0, 7.0))
    world = sit_down(habits)
    clicks_after(world, 3.0)
    ended = 0
    for _ in range(20):
        world.observe_agent("ana", S.TALKING)
        ended += len(clicks_after(world, 8.0))
        world.observe_agent("ana", S.READY)

    assert 0 < ended < 20


def test_news_told_twice_are_one_piece_of_news() -> None:
    world = sit_down()
    clicks_after(world, 1.0)

    world.observe_agent("ana", S.NOT_READY)

    assert clicks_after(world, 1.1) == [GoReady("ana")]


def test_after_a_conversation_the_result_is_written() -> None:
    world = sit_down()
    for state in (S.READY, S.RESERVED, S.RINGING, S.TALKING):
        world.observe_agent("ana", state)
    quiet = clicks_after(world, 60)

    world.observe_agent("ana", S.WRAP_UP, call="call-7")

    assert quiet == []
    assert clicks_after(world, 5.1) == [Dispose("ana", "call-7", "sold")]


def test_some_forget_to_write_the_result() -> None:
    world = sit_down(DesktopHabits(forget_share=1.0))

    world.observe_agent("ana", S.WRAP_UP, call="call-7")

    assert clicks_after(world, 100) == []


def test_some_take_a_break_after_a_call_and_come_back() -> None:
    world = sit_down(DesktopHabits(wrap_up_s=(5, 5), break_share=1.0, break_s=(30.0, 30.0)))
    world.observe_agent("ana", S.WRAP_UP, call="call-7")

    written = clicks_after(world, 5.1)
    world.observe_agent("ana", S.NOT_READY, "break")

    assert written == [Dispose("ana", "call-7", "done"), GoNotReady("ana", "break")]
    assert clicks_after(world, 29.8) == []
    assert clicks_after(world, 0.3) == [GoReady("ana")]


@pytest.mark.parametrize("reason", ["missed", "rejected", "unreachable"])
def test_an_agent_who_missed_a_call_comes_back(reason: str) -> None:
    world = sit_down()
    world.observe_agent("ana", S.RINGING)

    world.observe_agent("ana", S.NOT_READY, reason)

    assert clicks_after(world, 4.1) == [GoReady("ana")]


def test_an_agent_who_was_signed_out_signs_in_again() -> None:
    world = sit_down()

    world.observe_agent("ana", S.SIGNED_OUT)

    assert clicks_after(world, 1.1) == [SignIn("ana", "1001")]


READING = structs.replace(HABITS, read_s=(3.0, 3.0), skip_share=0.0)


def test_a_card_is_read_and_the_person_dialed_once() -> None:
    world = sit_down(READING)
    world.observe_agent("ana", S.READY)

    world.observe_agent("ana", S.READY, preview="att-1")
    world.observe_agent("ana", S.READY, preview="att-1")

    assert clicks_after(world, 2.9) == []
    assert clicks_after(world, 0.2) == [DialPreview("ana", "att-1")]
    world.observe_agent("ana", S.READY)
    world.observe_agent("ana", S.READY, preview="att-2")
    assert clicks_after(world, 3.1) == [DialPreview("ana", "att-2")]


def test_a_card_that_comes_with_being_ready_is_read_too() -> None:
    world = sit_down(structs.replace(READING, skip_share=1.0))

    world.observe_agent("ana", S.READY, preview="att-1")

    assert clicks_after(world, 3.1) == [SkipPreview("ana", "att-1")]


def test_a_card_taken_back_is_not_dialed() -> None:
    world = sit_down(READING)
    world.observe_agent("ana", S.READY, preview="att-1")

    world.observe_agent("ana", S.RESERVED, call="call-7")

    assert clicks_after(world, 10) == []


def test_some_walk_away_from_a_card_and_look_at_it_no_more() -> None:
    world = sit_down(structs.replace(READING, untouched_share=1.0))
    world.observe_agent("ana", S.READY, preview="att-1")

    world.desktops["ana"].look_again(S.READY, preview="att-1")

    assert clicks_after(world, 100) == []


def test_a_click_on_a_card_that_was_lost_is_made_again() -> None:
    world = sit_down(READING)
    world.observe_agent("ana", S.READY, preview="att-1")
    lost = clicks_after(world, 3.1)

    world.desktops["ana"].look_again(S.READY, preview="att-1")

    assert clicks_after(world, 3.1) == lost == [DialPreview("ana", "att-1")]


def test_agents_go_home_and_click_no_more() -> None:
    world = sit_down()

    world.send_home()
    world.observe_agent("ana", S.SIGNED_OUT)

    assert clicks_after(world, 100) == [SignOut("ana")]


def test_news_of_somebody_without_a_desktop_here_are_skipped() -> None:
    world = sit_down()

    world.observe_agent("ben", S.READY)

    assert clicks_after(world, 0.1) == []
