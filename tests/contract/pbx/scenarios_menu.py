"""Scenarios of callers in a menu, and of the service's watchdog over them."""

from __future__ import annotations

from callcenter.domain.commands import AskDigit, HoldCaller, PlayPrompt, ProbeMenu
from callcenter.domain.events import (
    CallerHeld,
    CallFellBack,
    ChannelHungUp,
    IvrLeft,
)
from tests.contract.pbx.console import Console, leg
from tests.contract.pbx.recorder import get
from tests.contract.pbx.scenario import collect
from tests.contract.pbx.sites import ANSWERS, Call


async def prompt_and_digit(console: Console) -> None:
    caller = await console.call(Call(key="5", key_s=1.1))
    played = await console.run_menu(lambda c: PlayPrompt(c, caller, "welcome"))
    asked = await console.run_menu(lambda c: AskDigit(c, caller, "menu", 5.0))
    await console.hang_up(caller)

    assert (played.result, played.digits) == (0, "")
    assert (asked.result, asked.digits, asked.timed_out) == (0, "5", False)


async def digit_during_the_prompt(console: Console) -> None:
    caller = await console.call(Call(key="1", at="long"))
    asked = await console.run_menu(lambda c: AskDigit(c, caller, "long", 5.0))
    await console.hang_up(caller)

    assert asked.digits == "1"


async def the_hash_key_is_a_digit(console: Console) -> None:
    caller = await console.call(Call(key="#", key_s=0.8))
    asked = await console.run_menu(lambda c: AskDigit(c, caller, "menu", 5.0))
    await console.hang_up(caller)

    assert (asked.result, asked.digits, asked.timed_out) == (0, "#", False)


async def wrong_digit_then_no_digit(console: Console) -> None:
    caller = await console.call(Call(key="9", key_s=0.8))
    wrong = await console.run_menu(lambda c: AskDigit(c, caller, "menu", 5.0))
    silent = await console.run_menu(lambda c: AskDigit(c, caller, "welcome", 0.3))
    await console.hang_up(caller)

    assert (wrong.result, wrong.digits) == (0, "9")
    assert (silent.result, silent.digits, silent.timed_out) == (0, "", True)


async def a_key_that_nobody_asked_for_is_lost(console: Console) -> None:
    caller = await console.call(Call(key="3", at="long"))
    played = await console.run_menu(lambda c: PlayPrompt(c, caller, "long"))
    await console.event("DTMFEnd")
    asked = await console.run_menu(lambda c: AskDigit(c, caller, "welcome", 0.3))
    await console.hang_up(caller)

    assert (played.result, asked.timed_out) == (0, True)


async def timeout_twice(console: Console) -> None:
    caller = await console.call()
    for _ in range(2):
        asked = await console.run_menu(lambda c: AskDigit(c, caller, "welcome", 0.3))
        assert (asked.result, asked.digits, asked.timed_out) == (0, "", True)
    await console.hang_up(caller)


async def missing_prompt(console: Console) -> None:
    caller = await console.call()
    unplayed = await console.run_menu(lambda c: PlayPrompt(c, caller, "missing"))
    unasked = await console.run_menu(lambda c: AskDigit(c, caller, "missing", 0.3))
    probed = await console.run_menu(lambda c: ProbeMenu(c, caller))
    await console.hang_up(caller)

    assert (unplayed.result, unasked.result, unasked.timed_out) == (-1, -1, False)
    assert probed.result == 0


async def caller_hangs_up_during_the_question(console: Console) -> None:
    caller = await console.call(Call(stay_s=0.8))
    assert await console.do(lambda c: AskDigit(c, caller, "menu", 10.0)) == "done"
    await console.fact(ChannelHungUp, caller)

    assert (await console.do(lambda c: ProbeMenu(c, caller))).startswith("refused: ")


async def caller_hangs_up_during_the_prompt(console: Console) -> None:
    caller = await console.call(Call(stay_s=0.6))
    assert await console.do(lambda c: PlayPrompt(c, caller, "long")) == "done"
    await console.fact(ChannelHungUp, caller)


async def caller_hangs_up_in_an_idle_menu(console: Console) -> None:
    caller = await console.call(Call(stay_s=0.3))
    await console.fact(ChannelHungUp, caller)

    await console.fact(IvrLeft, caller)


async def service_hangs_up_during_the_question(console: Console) -> None:
    caller = await console.call()
    assert await console.do(lambda c: AskDigit(c, caller, "menu", 10.0)) == "done"
    await console.event("AGIExecStart")
    await console.hang_up(caller)


async def held_out_of_a_question(console: Console) -> None:
    caller = await console.call()
    console.gateway.beat([caller])
    assert await console.do(lambda c: AskDigit(c, caller, "menu", 10.0)) == "done"
    await console.event("AGIExecStart")
    await console.hold(caller)
    await console.hang_up(caller)


async def held_out_of_a_prompt(console: Console) -> None:
    caller = await console.call()
    assert await console.do(lambda c: PlayPrompt(c, caller, "long")) == "done"
    await console.event("AGIExecStart")
    # In its first instant Playback has not begun, and ends well.
    await console.next_beat()
    await console.hold(caller)
    await console.hang_up(caller)


async def joined_out_of_a_question(console: Console) -> None:
    caller = await console.call()
    assert await console.do(lambda c: AskDigit(c, caller, "menu", 10.0)) == "done"
    await console.event("AGIExecStart")
    await console.park(ANSWERS, leg(1))
    await console.join(caller, leg(1))
    await console.hang_up(leg(1))
    await console.fact(CallerHeld, caller)
    await console.hang_up(caller)


async def watchdogs_give_callers_to_the_native_queue(console: Console) -> None:
    await console.stop_heart()
    idle = await console.call()
    asked = await console.call(Call(number="+12025550144"))
    assert await console.do(lambda c: AskDigit(c, asked, "menu", 10.0)) == "done"
    for caller in (idle, asked):
        await console.fact(CallFellBack, caller)
        await console.event("QueueCallerJoin", Uniqueid=caller.id)
    await console.resume_heart()
    await console.hold(idle)
    await console.hang_up(asked)
    await console.hang_up(idle)


async def a_watchdog_set_too_late_is_taken_back(console: Console) -> None:
    caller = await console.call()
    await console.hold(caller)
    act, look = console.recorder.act, console.recorder.list_rows
    await look("Status", Channel=caller.id)
    await act("AbsoluteTimeout", Channel=caller.id, Timeout="9")
    await look("Status", Channel=caller.id)
    await act("AbsoluteTimeout", Channel=caller.id, Timeout="0")
    await look("Status", Channel=caller.id)
    await act("Setvar", Channel=caller.id, Variable="TIMEOUT(absolute)", Value="0")
    rows = await look("Status", Channel=caller.id)
    await console.hang_up(caller)

    assert get(rows[0], "TimeToHangup") == "0"


async def commands_to_a_caller_on_hold_are_refused(console: Console) -> None:
    caller = await console.call()
    await console.hold(caller)
    assert (await console.do(lambda c: ProbeMenu(c, caller))).startswith("refused: ")
    # The gateway knows that; Asterisk takes the command and never runs it.
    await console.recorder.act("AGI", Channel=caller.id, Command="NOOP", CommandID="x")
    assert await console.do(lambda c: HoldCaller(c, caller)) == "done"
    await console.fact(CallerHeld, caller, times=2)
    await console.hang_up(caller)


SCENARIOS = collect(
    prompt_and_digit,
    digit_during_the_prompt,
    the_hash_key_is_a_digit,
    wrong_digit_then_no_digit,
    a_key_that_nobody_asked_for_is_lost,
    timeout_twice,
    missing_prompt,
    caller_hangs_up_during_the_question,
    caller_hangs_up_during_the_prompt,
    caller_hangs_up_in_an_idle_menu,
    service_hangs_up_during_the_question,
    held_out_of_a_question,
    held_out_of_a_prompt,
    joined_out_of_a_question,
    watchdogs_give_callers_to_the_native_queue,
    a_watchdog_set_too_late_is_taken_back,
    commands_to_a_caller_on_hold_are_refused,
)
