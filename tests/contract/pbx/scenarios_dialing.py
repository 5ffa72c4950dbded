"""Scenarios of campaigns: people, machines and dead numbers that are dialed, nailed-up lines, and
what happens between them.
"""

from __future__ import annotations

from callcenter.domain.attempt import Verdict
from callcenter.domain.commands import HangUp, JoinCall
from callcenter.domain.events import (
    AttemptAnswered,
    AttemptRinging,
    AttemptScreened,
    CallerHeld,
    ChannelHungUp,
    HarbourBegan,
    LegParked,
    MessageEnded,
    OriginateFailed,
)
from tests.contract.pbx.console import Console, attempt, leg
from tests.contract.pbx.scenario import collect
from tests.contract.pbx.sites import (
    ANSWERS,
    ANSWERS_AND_LEAVES,
    HANGS_UP,
    IS_BUSY,
    IS_BUSY_UNRUNG,
    IS_FAX,
    LEAVES_LATER,
    LEAVES_SOON,
    MACHINE,
    NO_LINE,
    NO_NUMBER,
    NOT_THERE,
    PERSON,
    PERSON_TOO,
    REFUSES,
    SAYS_NOTHING,
    SENDS_NOTHING,
)

LONG_S = 8
"""A harbour wait that no scenario waits out."""


async def _dial_in_vain(console: Console, number: str, timeout_s: float = 10.0) -> None:
    assert await console.place(number, attempt(1), timeout_s=timeout_s) == "done"
    await console.fact(ChannelHungUp, attempt(1))
    await console.fact(OriginateFailed, attempt(1))


async def _wait_for_agent(console: Console, number: str = PERSON) -> None:
    """Somebody dialed is in the holding bridge, without screening, and stays there."""
    assert await console.place(number, attempt(1), harbour_s=LONG_S) == "done"
    await console.fact(CallerHeld, attempt(1))


# --- nobody is reached -------------------------------------------------------------------------


async def number_busy(console: Console) -> None:
    await _dial_in_vain(console, IS_BUSY)


async def number_busy_without_ringing(console: Console) -> None:
    await _dial_in_vain(console, IS_BUSY_UNRUNG)


async def number_refuses(console: Console) -> None:
    await _dial_in_vain(console, REFUSES)


async def number_has_no_line(console: Console) -> None:
    await _dial_in_vain(console, NO_LINE)


async def number_unknown(console: Console) -> None:
    await _dial_in_vain(console, NO_NUMBER)


async def number_rings_out(console: Console) -> None:
    await _dial_in_vain(console, NOT_THERE, timeout_s=1.0)


async def service_gives_up_a_ringing_number(console: Console) -> None:
    assert await console.place(NOT_THERE, attempt(1)) == "done"
    await console.fact(AttemptRinging, attempt(1))
    await console.read()
    await console.hang_up(attempt(1))
    await console.fact(OriginateFailed, attempt(1))


async def unknown_trunk(console: Console) -> None:
    assert await console.place(PERSON, attempt(1), trunk="nowhere") == "done"
    await console.fact(OriginateFailed, attempt(1))


async def an_attempt_that_is_over_is_hung_up(console: Console) -> None:
    await _dial_in_vain(console, IS_BUSY)
    assert (await console.do(lambda command: HangUp(command, attempt(1)))).startswith("refused")


# --- screening ---------------------------------------------------------------------------------


async def machine(console: Console) -> None:
    assert await console.place(MACHINE, attempt(1), amd=True) == "done"
    await console.fact(AttemptAnswered, attempt(1))
    await console.read()
    await console.fact(AttemptScreened, attempt(1))
    await console.fact(ChannelHungUp, attempt(1))


async def machine_that_records(console: Console) -> None:
    assert await console.place(MACHINE, attempt(1), amd=True, machine_prompt="we-called") == "done"
    await console.fact(AttemptScreened, attempt(1))
    await console.read()
    assert (await console.fact(MessageEnded, attempt(1))).is_left
    await console.fact(ChannelHungUp, attempt(1))


async def machine_whose_message_is_missing(console: Console) -> None:
    assert await console.place(MACHINE, attempt(1), amd=True, machine_prompt="missing") == "done"
    await console.fact(AttemptScreened, attempt(1))
    assert not (await console.fact(MessageEnded, attempt(1))).is_left
    await console.fact(ChannelHungUp, attempt(1))


async def machine_hung_up_on_before_its_message(console: Console) -> None:
    assert await console.place(MACHINE, attempt(1), amd=True, machine_prompt="we-called") == "done"
    await console.fact(AttemptScreened, attempt(1))
    await console.hang_up(attempt(1))


async def fax(console: Console) -> None:
    assert await console.place(IS_FAX, attempt(1), amd=True) == "done"
    assert (await console.fact(AttemptScreened, attempt(1))).verdict is Verdict.FAX
    await console.fact(ChannelHungUp, attempt(1))


async def person_for_whom_nobody_comes(console: Console) -> None:
    assert await console.place(PERSON, attempt(1), amd=True) == "done"
    await console.fact(CallerHeld, attempt(1))
    await console.read()
    await console.fact(HarbourBegan, attempt(1))
    await console.read()
    await console.fact(ChannelHungUp, attempt(1))


async def person_who_says_nothing(console: Console) -> None:
    assert await console.place(SAYS_NOTHING, attempt(1), amd=True) == "done"
    await console.fact(CallerHeld, attempt(1))
    await console.hang_up(attempt(1))


async def person_of_whom_no_sound_comes(console: Console) -> None:
    assert await console.place(SENDS_NOTHING, attempt(1), amd=True) == "done"
    await console.fact(CallerHeld, attempt(1))
    await console.hang_up(attempt(1))


async def person_hangs_up_while_screened(console: Console) -> None:
    assert await console.place(LEAVES_SOON, attempt(1), amd=True) == "done"
    await console.fact(ChannelHungUp, attempt(1))


async def person_hangs_up_at_once(console: Console) -> None:
    assert await console.place(HANGS_UP, attempt(1), amd=True) == "done"
    await console.fact(ChannelHungUp, attempt(1))


async def service_hangs_up_while_screening(console: Console) -> None:
    assert await console.place(PERSON, attempt(1), amd=True) == "done"
    await console.fact(AttemptAnswered, attempt(1))
    await console.event("OriginateResponse")
    await console.read()
    await console.hang_up(attempt(1))


# --- waiting and the message -------------------------------------------------------------------


async def person_hangs_up_while_waiting(console: Console) -> None:
    await _wait_for_agent(console, LEAVES_SOON)
    await console.fact(ChannelHungUp, attempt(1))


async def person_hangs_up_in_the_message(console: Console) -> None:
    assert await console.place(LEAVES_SOON, attempt(1), harbour_s=0) == "done"
    await console.fact(HarbourBegan, attempt(1))
    await console.fact(ChannelHungUp, attempt(1))


async def message_that_is_missing(console: Console) -> None:
    assert await console.place(PERSON, attempt(1), harbour_s=0, prompt="missing") == "done"
    await console.fact(HarbourBegan, attempt(1))
    await console.fact(ChannelHungUp, attempt(1))


async def the_message_comes_without_a_heartbeat(console: Console) -> None:
    await console.stop_heart(stale=True)
    assert await console.place(PERSON, attempt(1)) == "done"
    await console.fact(HarbourBegan, attempt(1))
    await console.fact(ChannelHungUp, attempt(1))


# --- with a nailed-up line ---------------------------------------------------------------------


async def line_over_two_conversations(console: Console) -> None:
    await console.open_line(ANSWERS, leg(1))
    assert await console.place(LEAVES_LATER, attempt(1), amd=True) == "done"
    await console.fact(AttemptScreened, attempt(1))
    await console.fact(CallerHeld, attempt(1))
    await console.join_line(attempt(1), leg(1))
    await console.read()
    await console.fact(ChannelHungUp, attempt(1))
    await console.fact(LegParked, leg(1), times=2)
    assert await console.place(PERSON_TOO, attempt(2), harbour_s=LONG_S) == "done"
    await console.fact(CallerHeld, attempt(2))
    await console.join_line(attempt(2), leg(1), times=2)
    await console.hang_up(attempt(2))
    await console.fact(LegParked, leg(1), times=3)
    await console.hang_up(leg(1))


async def line_lost_in_a_conversation(console: Console) -> None:
    await _wait_for_agent(console)
    await console.open_line(ANSWERS_AND_LEAVES, leg(1))
    await console.join_line(attempt(1), leg(1))
    await console.fact(ChannelHungUp, leg(1))
    await console.fact(CallerHeld, attempt(1), times=2)
    await console.read()
    await console.hang_up(attempt(1))


async def service_ends_the_line_in_a_conversation(console: Console) -> None:
    await console.open_line(ANSWERS, leg(1))
    await _wait_for_agent(console)
    await console.join_line(attempt(1), leg(1))
    await console.hang_up(leg(1))
    await console.fact(CallerHeld, attempt(1), times=2)
    await console.hang_up(attempt(1))


async def line_hung_up_on_the_parking_place(console: Console) -> None:
    await console.open_line(ANSWERS_AND_LEAVES, leg(1))
    await console.fact(ChannelHungUp, leg(1))


async def person_joined_out_of_the_message(console: Console) -> None:
    await console.open_line(ANSWERS, leg(1))
    assert await console.place(PERSON, attempt(1), harbour_s=0) == "done"
    await console.fact(HarbourBegan, attempt(1))
    await console.join_line(attempt(1), leg(1))
    await console.read()
    await console.hang_up(leg(1))
    await console.fact(CallerHeld, attempt(1))
    await console.hang_up(attempt(1))


async def join_of_a_person_who_has_gone(console: Console) -> None:
    await console.open_line(ANSWERS, leg(1))
    await _wait_for_agent(console, LEAVES_SOON)
    await console.fact(ChannelHungUp, attempt(1))
    result = await console.do(lambda command: JoinCall(command, attempt(1), leg(1)))
    assert result.startswith("refused")
    await console.hang_up(leg(1))


async def join_with_a_line_that_has_gone(console: Console) -> None:
    assert await console.place(PERSON, attempt(1), harbour_s=2) == "done"
    await console.fact(CallerHeld, attempt(1))
    result = await console.do(lambda command: JoinCall(command, attempt(1), leg(1)))
    assert result.startswith("refused")
    await console.fact(HarbourBegan, attempt(1))
    await console.fact(ChannelHungUp, attempt(1))


SCENARIOS = collect(
    number_busy,
    number_busy_without_ringing,
    number_refuses,
    number_has_no_line,
    number_unknown,
    number_rings_out,
    service_gives_up_a_ringing_number,
    unknown_trunk,
    an_attempt_that_is_over_is_hung_up,
    machine,
    machine_that_records,
    machine_whose_message_is_missing,
    machine_hung_up_on_before_its_message,
    fax,
    person_for_whom_nobody_comes,
    person_who_says_nothing,
    person_of_whom_no_sound_comes,
    person_hangs_up_while_screened,
    person_hangs_up_at_once,
    service_hangs_up_while_screening,
    person_hangs_up_while_waiting,
    person_hangs_up_in_the_message,
    message_that_is_missing,
    the_message_comes_without_a_heartbeat,
    line_over_two_conversations,
    line_lost_in_a_conversation,
    service_ends_the_line_in_a_conversation,
    line_hung_up_on_the_parking_place,
    person_joined_out_of_the_message,
    join_of_a_person_who_has_gone,
    join_with_a_line_that_has_gone,
)
