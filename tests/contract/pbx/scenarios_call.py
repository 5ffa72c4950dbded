"""Scenarios of callers on hold, phones that ring, and conversations."""

from __future__ import annotations

import asyncio

from callcenter.domain.commands import HangUp, HoldCaller, JoinCall, RingAgent
from callcenter.domain.events import (
    CallerHeld,
    CallFellBack,
    ChannelHungUp,
    LegParked,
    LegRinging,
    OriginateFailed,
)
from callcenter.domain.ids import ChannelRef
from tests.contract.pbx.console import Console, leg
from tests.contract.pbx.scenario import collect
from tests.contract.pbx.sites import (
    ANSWERS,
    ANSWERS_AND_LEAVES,
    ANSWERS_TOO,
    DECLINES,
    IGNORES,
    NAME,
    REJECTS,
    UNKNOWN,
    UNREACHABLE,
    Call,
)

GONE = ChannelRef(NAME, "main-1.1")
"""A channel that has never been."""


async def hold_and_the_look_at_the_heartbeat(console: Console) -> None:
    caller = await console.call()
    await console.hold(caller)
    await console.park(ANSWERS, leg(1))
    await console.fact(CallerHeld, caller, times=2)
    await console.fact(LegParked, leg(1), times=2)
    await console.hang_up(caller)
    await console.hang_up(leg(1))


async def hold_and_a_stale_heartbeat(console: Console) -> None:
    caller = await console.call()
    await console.hold(caller)
    await console.park(ANSWERS, leg(1))
    await console.stop_heart(stale=True)
    await console.fact(CallFellBack, caller)
    await console.event("QueueCallerJoin")
    await console.fact(ChannelHungUp, leg(1))
    await console.resume_heart()
    await console.hold(caller, times=2)
    await console.hang_up(caller)


async def caller_hangs_up_on_hold(console: Console) -> None:
    caller = await console.call(Call(stay_s=0.6))
    await console.hold(caller)
    await console.fact(ChannelHungUp, caller)


async def caller_hangs_up_in_a_conversation(console: Console) -> None:
    caller = await console.call(Call(stay_s=1.2))
    await console.hold(caller)
    await console.park(ANSWERS, leg(1))
    await console.join(caller, leg(1))
    await console.fact(ChannelHungUp, caller)
    await console.fact(LegParked, leg(1), times=2)
    await console.hang_up(leg(1))


async def agent_hangs_up_in_a_conversation(console: Console) -> None:
    caller = await console.call()
    await console.hold(caller)
    await console.park(ANSWERS_AND_LEAVES, leg(1))
    await console.join(caller, leg(1))
    await console.fact(ChannelHungUp, leg(1))
    await console.fact(CallerHeld, caller, times=2)
    await console.hang_up(caller)


async def service_hangs_up_the_agent(console: Console) -> None:
    caller = await console.call()
    await console.hold(caller)
    await console.park(ANSWERS, leg(1))
    await console.join(caller, leg(1))
    await console.hang_up(leg(1))
    await console.fact(CallerHeld, caller, times=2)
    await console.hang_up(caller)


async def service_hangs_up_the_caller(console: Console) -> None:
    caller = await console.call()
    await console.hold(caller)
    await console.park(ANSWERS, leg(1))
    await console.join(caller, leg(1))
    await console.hang_up(caller)
    await console.fact(LegParked, leg(1), times=2)
    await console.hang_up(leg(1))


async def caller_held_out_of_a_conversation(console: Console) -> None:
    caller = await console.call()
    await console.hold(caller)
    await console.park(ANSWERS, leg(1))
    await console.join(caller, leg(1))
    await console.hold(caller, times=2)
    await console.fact(LegParked, leg(1), times=2)
    await console.hang_up(leg(1))
    await console.hang_up(caller)


async def second_agent_after_the_first(console: Console) -> None:
    caller = await console.call()
    await console.hold(caller)
    await console.park(ANSWERS, leg(1))
    await console.park(ANSWERS_TOO, leg(2))
    await console.join(caller, leg(1))
    await console.hold(caller, times=2)
    await console.fact(LegParked, leg(1), times=2)
    await console.join(caller, leg(2), times=2)
    await console.hang_up(leg(1))
    await console.hang_up(caller)
    await console.fact(LegParked, leg(2), times=2)
    await console.hang_up(leg(2))


async def handed_from_one_agent_to_another(console: Console) -> None:
    caller = await console.call()
    await console.hold(caller)
    await console.park(ANSWERS, leg(1))
    await console.park(ANSWERS_TOO, leg(2))
    await console.join(caller, leg(1))
    await console.join(caller, leg(2), times=2)
    await console.fact(LegParked, leg(1), times=2)
    await console.hang_up(leg(1))
    await console.hang_up(leg(2))
    await console.fact(CallerHeld, caller, times=2)
    await console.hang_up(caller)


async def busy(console: Console) -> None:
    assert await console.ring(REJECTS, leg(1)) == "done"
    await console.fact(OriginateFailed, leg(1))
    assert (await console.fact(ChannelHungUp, leg(1))).cause == 17


async def declined(console: Console) -> None:
    assert await console.ring(DECLINES, leg(1)) == "done"
    await console.fact(OriginateFailed, leg(1))
    assert (await console.fact(ChannelHungUp, leg(1))).cause == 21


async def rings_out(console: Console) -> None:
    assert await console.ring(IGNORES, leg(1), timeout_s=1.0) == "done"
    assert (await console.fact(OriginateFailed, leg(1))).rang_out
    assert (await console.fact(ChannelHungUp, leg(1))).cause == 19


async def unreachable(console: Console) -> None:
    assert await console.ring(UNREACHABLE, leg(1), timeout_s=1.0) == "done"
    assert (await console.fact(OriginateFailed, leg(1))).rang_out
    assert (await console.fact(ChannelHungUp, leg(1))).cause == 19


async def service_hangs_up_a_ringing_leg(console: Console) -> None:
    assert await console.ring(IGNORES, leg(1)) == "done"
    await console.event("DialState", DestUniqueid=leg(1).id)
    await console.fact(LegRinging, leg(1))
    await console.hang_up(leg(1))
    await console.fact(OriginateFailed, leg(1))


async def service_hangs_up_a_leg_before_it_rings(console: Console) -> None:
    assert await console.ring(UNREACHABLE, leg(1)) == "done"
    await console.event("DialBegin", DestUniqueid=leg(1).id)
    await console.hang_up(leg(1))
    await console.fact(OriginateFailed, leg(1))


async def caller_leaves_while_a_phone_rings(console: Console) -> None:
    caller = await console.call(Call(stay_s=0.9))
    await console.hold(caller)
    assert await console.ring(IGNORES, leg(1)) == "done"
    await console.event("DialState", DestUniqueid=leg(1).id)
    await console.fact(ChannelHungUp, caller)
    await console.hang_up(leg(1))
    await console.fact(OriginateFailed, leg(1))


async def agent_hangs_up_on_the_parking_place(console: Console) -> None:
    await console.park(ANSWERS_AND_LEAVES, leg(1))
    await console.fact(ChannelHungUp, leg(1))


async def unknown_endpoint(console: Console) -> None:
    assert await console.ring(UNKNOWN, leg(1)) == "done"
    await console.fact(OriginateFailed, leg(1))


async def channel_id_in_use(console: Console) -> None:
    assert await console.ring(IGNORES, leg(1)) == "done"
    await console.event("DialState", DestUniqueid=leg(1).id)
    assert await console.ring(ANSWERS, leg(1)) == "done"
    await console.fact(OriginateFailed, leg(1))
    await console.hang_up(leg(1))
    await console.fact(OriginateFailed, leg(1), times=2)


async def channel_id_used_again(console: Console) -> None:
    assert await console.ring(REJECTS, leg(1)) == "done"
    await console.fact(ChannelHungUp, leg(1))
    await console.fact(OriginateFailed, leg(1))
    await console.park(ANSWERS, leg(1))
    assert await console.do(lambda c: HangUp(c, leg(1))) == "done"
    await console.fact(ChannelHungUp, leg(1), times=2)


async def dead_channels(console: Console) -> None:
    caller = await console.call()
    await console.hold(caller)
    assert (await console.do(lambda c: JoinCall(c, caller, leg(9)))).startswith("refused: ")
    assert (await console.do(lambda c: JoinCall(c, GONE, leg(9)))).startswith("refused: ")
    assert (await console.do(lambda c: HoldCaller(c, GONE))).startswith("refused: ")
    assert (await console.do(lambda c: HangUp(c, GONE))).startswith("refused: ")
    # The gateway knows which channels live; what it had not heard of yet Asterisk refuses.
    name = (await console.event("Newchannel")).get("Channel")
    act = console.recorder.act
    await act("Bridge", Channel1=name, Channel2="PJSIP/1001-ffffffff")
    await act("Bridge", Channel1="PJSIP/1001-ffffffff", Channel2=name)
    await act("AbsoluteTimeout", Channel=GONE.id, Timeout="2")
    await act("AbsoluteTimeout", Channel=caller.id, Timeout="0")
    await act("AGI", Channel=GONE.id, Command="NOOP", CommandID="x")
    await act("Setvar", Channel=GONE.id, Variable="CC_ROLE", Value="caller")
    await act("Getvar", Channel=GONE.id, Variable="CC_ROLE")
    await act("Status", Channel=GONE.id, Variables="CC_ROLE")
    await console.hang_up(caller)


async def many_legs_at_once(console: Console) -> None:
    phones = (ANSWERS, IGNORES, REJECTS)
    results = await asyncio.gather(
        *(
            console.gateway.send(RingAgent(f"cmd-m-{n}-0", leg(n), "ana", phone, "call-1", "", 9.0))
            for n, phone in enumerate(phones, 1)
        )
    )
    assert results == [None, None, None]
    await console.fact(LegParked, leg(1))
    await console.fact(LegRinging, leg(2))
    await console.fact(ChannelHungUp, leg(3))
    await console.fact(OriginateFailed, leg(3))
    await console.hang_up(leg(2))
    await console.fact(OriginateFailed, leg(2))
    await console.hang_up(leg(1))


SCENARIOS = collect(
    hold_and_the_look_at_the_heartbeat,
    hold_and_a_stale_heartbeat,
    caller_hangs_up_on_hold,
    caller_hangs_up_in_a_conversation,
    agent_hangs_up_in_a_conversation,
    service_hangs_up_the_agent,
    service_hangs_up_the_caller,
    caller_held_out_of_a_conversation,
    second_agent_after_the_first,
    handed_from_one_agent_to_another,
    busy,
    declined,
    rings_out,
    unreachable,
    service_hangs_up_a_ringing_leg,
    service_hangs_up_a_leg_before_it_rings,
    caller_leaves_while_a_phone_rings,
    agent_hangs_up_on_the_parking_place,
    unknown_endpoint,
    channel_id_in_use,
    channel_id_used_again,
    dead_channels,
    many_legs_at_once,
)
