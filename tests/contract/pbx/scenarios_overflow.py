"""Scenarios of callers who are told something while they wait, leave a message, or are joined with
a number outside.
"""

from __future__ import annotations

from callcenter.domain.call import Place
from callcenter.domain.commands import DialOutside, JoinCall, RecordVoicemail, SayToCaller
from callcenter.domain.events import (
    AnnouncementBegan,
    AnnouncementFailed,
    CallerHeld,
    ChannelHungUp,
    ChannelJoined,
    LegParked,
    LegRinging,
    OriginateFailed,
    VoicemailBegan,
)
from callcenter.domain.ids import ChannelRef
from tests.contract.pbx.console import SHOWN, Console, leg
from tests.contract.pbx.scenario import collect
from tests.contract.pbx.sites import ANSWERS, IS_BUSY, NOT_THERE, PERSON, TRUNK, Call


async def say(console: Console, caller: ChannelRef, *prompts: str, ends_call: bool = False) -> None:
    """Have something said to a caller, and wait until it begins."""
    told = await console.do(lambda command: SayToCaller(command, caller, prompts, ends_call))
    assert told == "done"
    await console.fact(AnnouncementBegan, caller)


async def record(console: Console, caller: ChannelRef, max_s: float = 30.0) -> None:
    """Have a caller leave a message, and wait until it is recorded."""
    told = await console.do(
        lambda command: RecordVoicemail(command, caller, ("welcome",), "call-1", max_s)
    )
    assert told == "done"
    await console.fact(VoicemailBegan, caller)


async def dial_outside(console: Console, number: str) -> None:
    """Dial a number outside for somebody."""
    told = await console.do(
        lambda command: DialOutside(command, leg(1), "call-1", TRUNK, number, SHOWN, 10.0)
    )
    assert told == "done"


async def told_something_while_on_hold(console: Console) -> None:
    caller = await console.call()
    await console.hold(caller)
    await say(console, caller, "welcome", "long")
    assert (await console.read())[caller].place is Place.ANNOUNCEMENT
    await console.fact(CallerHeld, caller, times=2)
    await console.hang_up(caller)


async def told_something_out_of_the_menu_and_hung_up(console: Console) -> None:
    caller = await console.call()
    await say(console, caller, "menu", ends_call=True)
    await console.fact(ChannelHungUp, caller)


async def told_what_has_no_file(console: Console) -> None:
    caller = await console.call()
    await console.hold(caller)
    await say(console, caller, "missing")
    await console.fact(AnnouncementFailed, caller)
    await console.fact(CallerHeld, caller, times=2)
    await console.hang_up(caller)


async def hangs_up_while_told_something(console: Console) -> None:
    caller = await console.call(Call(stay_s=1.2))
    await console.hold(caller)
    await say(console, caller, "long", "long")
    await console.fact(ChannelHungUp, caller)


async def joined_out_of_an_announcement(console: Console) -> None:
    caller = await console.call()
    await console.park(ANSWERS, leg(1))
    await console.hold(caller)
    await say(console, caller, "long", "long")
    await console.join(caller, leg(1))
    await console.hang_up(leg(1))
    await console.fact(CallerHeld, caller, times=2)
    await console.hang_up(caller)


async def leaves_a_message_and_hangs_up(console: Console) -> None:
    caller = await console.call(Call(stay_s=2.0))
    await console.hold(caller)
    await record(console, caller)
    assert (await console.read())[caller].place is Place.VOICEMAIL
    await console.fact(ChannelHungUp, caller)


async def leaves_as_long_a_message_as_may_be(console: Console) -> None:
    caller = await console.call()
    await console.hold(caller)
    await record(console, caller, max_s=1.0)
    await console.fact(ChannelHungUp, caller)


async def joined_with_a_number_outside(console: Console) -> None:
    caller = await console.call()
    await console.hold(caller)
    await dial_outside(console, PERSON)
    await console.fact(LegParked, leg(1))
    assert await console.do(lambda command: JoinCall(command, caller, leg(1))) == "done"
    first = await console.fact(ChannelJoined, caller)
    assert (await console.fact(ChannelJoined, leg(1))).bridge == first.bridge
    await console.hang_up(leg(1))
    await console.fact(CallerHeld, caller, times=2)
    await console.hang_up(caller)


async def a_number_outside_is_busy(console: Console) -> None:
    await dial_outside(console, IS_BUSY)
    await console.fact(ChannelHungUp, leg(1))
    await console.fact(OriginateFailed, leg(1))


async def a_number_outside_is_given_up(console: Console) -> None:
    await dial_outside(console, NOT_THERE)
    await console.fact(LegRinging, leg(1))
    await console.hang_up(leg(1))
    await console.fact(OriginateFailed, leg(1))


SCENARIOS = collect(
    told_something_while_on_hold,
    told_something_out_of_the_menu_and_hung_up,
    told_what_has_no_file,
    hangs_up_while_told_something,
    joined_out_of_an_announcement,
    leaves_a_message_and_hangs_up,
    leaves_as_long_a_message_as_may_be,
    joined_with_a_number_outside,
    a_number_outside_is_busy,
    a_number_outside_is_given_up,
)
