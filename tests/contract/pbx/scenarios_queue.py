"""Scenarios of Asterisk's own queue, which takes callers while no service leads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from callcenter.domain.commands import AddFallbackMember, JoinCall, RemoveFallbackMember
from callcenter.domain.events import CallerHeld, ChannelHungUp, ChannelJoined, FallbackAnswered
from callcenter.domain.ids import ChannelRef
from tests.contract.pbx.console import Console, leg
from tests.contract.pbx.scenario import collect
from tests.contract.pbx.sites import (
    ANSWERS,
    ANSWERS_AND_LEAVES,
    ANSWERS_TOO,
    IGNORES,
    NAME,
    REJECTS,
    UNREACHABLE,
    Call,
)

NOT_IN_USE = "1"
IN_USE = "3"
"""Device states; a phone of ours is busy with one call."""


async def add(console: Console, phone: str) -> None:
    """Sign a phone in at the native queue."""
    assert await console.do(lambda c: AddFallbackMember(c, NAME, phone, "ana")) == "done"


async def remove(console: Console, phone: str) -> None:
    """Sign it out."""
    assert await console.do(lambda c: RemoveFallbackMember(c, NAME, phone)) == "done"


@asynccontextmanager
async def members(console: Console, *phones: str) -> AsyncIterator[None]:
    """Members of the native queue, and a service that is dead."""
    for phone in phones:
        await add(console, phone)
    await console.stop_heart(stale=True)
    yield
    await console.resume_heart()
    await free(console, *phones)
    for phone in phones:
        await remove(console, phone)


async def free(console: Console, *phones: str) -> None:
    """Wait until nobody rings these members, and the queue knows it."""
    for phone in phones:
        interface = f"PJSIP/{phone}"
        in_use = [
            record
            for record in console.list_events("QueueMemberStatus")
            if record.get("Interface") == interface and record.get("Status") == IN_USE
        ]
        if in_use:
            await console.event(
                "QueueMemberStatus", Interface=interface, Status=NOT_IN_USE, times=len(in_use)
            )


async def answer(console: Console, caller: ChannelRef, phone: str) -> ChannelRef:
    """Wait until a member has answered; its leg."""
    answered = await console.fact(FallbackAnswered, caller)
    assert answered.phone == phone
    await console.event("BridgeEnter", Uniqueid=caller.id)
    await console.event("BridgeEnter", Uniqueid=answered.leg.id)
    return answered.leg


async def members_come_and_go(console: Console) -> None:
    for phone in (ANSWERS, ANSWERS, UNREACHABLE):
        await add(console, phone)
    for phone in (ANSWERS, ANSWERS, UNREACHABLE):
        await remove(console, phone)


async def a_member_is_busy_with_a_call_of_ours(console: Console) -> None:
    async with members(console, ANSWERS):
        await console.resume_heart()
        await console.park(ANSWERS, leg(1))
        await console.hang_up(leg(1))
        await console.event("QueueMemberStatus", Status=IN_USE)


async def nobody_is_signed_in(console: Console) -> None:
    await console.stop_heart(stale=True)
    caller = await console.call_into_queue(Call(stay_s=0.8))
    await console.fact(ChannelHungUp, caller)


async def held_out_of_the_queue_before_it_rings(console: Console) -> None:
    await console.stop_heart(stale=True)
    caller = await console.call_into_queue()
    await console.event("QueueCallerJoin", Uniqueid=caller.id)
    await console.resume_heart()
    await console.hold(caller)
    await console.hang_up(caller)


async def held_out_of_the_queue_while_it_rings(console: Console) -> None:
    async with members(console, IGNORES):
        caller = await console.call_into_queue()
        ringing = await console.event("DialState", DialStatus="RINGING")
        await console.resume_heart()
        await console.hold(caller)
        await console.fact(ChannelHungUp, ChannelRef(NAME, ringing.get("DestUniqueid")))
        await console.hang_up(caller)


async def caller_leaves_while_the_queue_rings(console: Console) -> None:
    async with members(console, IGNORES):
        caller = await console.call_into_queue(Call(stay_s=1.0))
        ringing = await console.event("DialState", DialStatus="RINGING")
        await console.fact(ChannelHungUp, caller)
        await console.fact(ChannelHungUp, ChannelRef(NAME, ringing.get("DestUniqueid")))


async def queue_call_ended_by_the_agent(console: Console) -> None:
    async with members(console, ANSWERS_AND_LEAVES):
        caller = await console.call_into_queue()
        agent = await answer(console, caller, ANSWERS_AND_LEAVES)
        await console.fact(ChannelHungUp, agent)
        await console.fact(ChannelHungUp, caller)


async def queue_call_ended_by_the_caller(console: Console) -> None:
    async with members(console, ANSWERS):
        caller = await console.call_into_queue(Call(stay_s=1.2))
        agent = await answer(console, caller, ANSWERS)
        await console.fact(ChannelHungUp, caller)
        await console.fact(ChannelHungUp, agent)


async def queue_call_ended_by_the_service(console: Console) -> None:
    async with members(console, ANSWERS):
        caller = await console.call_into_queue()
        agent = await answer(console, caller, ANSWERS)
        await console.hang_up(agent)
        await console.fact(ChannelHungUp, caller)


async def joined_out_of_the_queue(console: Console) -> None:
    await console.stop_heart(stale=True)
    caller = await console.call_into_queue()
    await console.event("QueueCallerJoin", Uniqueid=caller.id)
    await console.resume_heart()
    await console.park(ANSWERS, leg(1))
    await console.join(caller, leg(1))
    await console.hang_up(leg(1))
    await console.fact(CallerHeld, caller)
    await console.hang_up(caller)


async def joined_out_of_a_queue_call(console: Console) -> None:
    async with members(console, ANSWERS):
        caller = await console.call_into_queue()
        agent = await answer(console, caller, ANSWERS)
        await console.resume_heart()
        await console.park(ANSWERS_TOO, leg(1))
        assert await console.do(lambda c: JoinCall(c, caller, leg(1))) == "done"
        await console.fact(ChannelJoined, leg(1))
        await console.fact(ChannelHungUp, agent)
        await console.hang_up(leg(1))
        await console.fact(CallerHeld, caller)
        await console.hang_up(caller)


async def held_out_of_a_queue_call(console: Console) -> None:
    async with members(console, ANSWERS):
        caller = await console.call_into_queue()
        agent = await answer(console, caller, ANSWERS)
        await console.resume_heart()
        await console.hold(caller)
        await console.fact(ChannelHungUp, agent)
        await console.hang_up(caller)


async def a_member_rejects(console: Console) -> None:
    async with members(console, REJECTS):
        caller = await console.call_into_queue()
        await console.event("AgentRingNoAnswer")
        await console.event("Hangup", Cause="17")
        await free(console, REJECTS)
        await console.hang_up(caller)


async def a_member_rings_out(console: Console) -> None:
    async with members(console, IGNORES):
        caller = await console.call_into_queue()
        await console.event("AgentRingNoAnswer")
        await console.hang_up(caller)


async def an_unreachable_member(console: Console) -> None:
    async with members(console, UNREACHABLE):
        caller = await console.call_into_queue()
        await console.event("AgentCalled")
        await console.hang_up(caller)


SCENARIOS = collect(
    members_come_and_go,
    a_member_is_busy_with_a_call_of_ours,
    nobody_is_signed_in,
    held_out_of_the_queue_before_it_rings,
    held_out_of_the_queue_while_it_rings,
    caller_leaves_while_the_queue_rings,
    queue_call_ended_by_the_agent,
    queue_call_ended_by_the_caller,
    queue_call_ended_by_the_service,
    joined_out_of_the_queue,
    joined_out_of_a_queue_call,
    held_out_of_a_queue_call,
    a_member_rejects,
    a_member_rings_out,
    an_unreachable_member,
)
