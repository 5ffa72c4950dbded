"""Scenarios of what the state says in every place, and of AMI sessions."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from callcenter.domain.call import Place
from callcenter.domain.commands import AddFallbackMember, AskDigit, RemoveFallbackMember
from callcenter.domain.events import (
    ChannelHungUp,
    FallbackAnswered,
    LegRinging,
    PbxLinkLost,
    PbxStateRead,
)
from callcenter.domain.ids import ChannelRef
from callcenter.pbx.config import AmiAccount
from tests.contract.pbx.console import Console, leg
from tests.contract.pbx.scenario import collect
from tests.contract.pbx.scenarios_queue import NOT_IN_USE
from tests.contract.pbx.sites import ANSWERS, IGNORES, NAME

VARIABLES = "CC_ROLE,CC_ENTERED,CC_DIALED,CC_CALLER"


async def look(console: Console, **places: Place) -> None:
    """Read the state, by the gateway and row by row; ``places``: what must come of it."""
    truths = await console.read()
    found = {channel.id: truth.place for channel, truth in truths.items()}
    assert sorted(found.values()) == sorted(places.values())
    await console.recorder.list_rows("BridgeList")
    await console.recorder.list_rows("Status", Variables=VARIABLES)
    await console.recorder.list_rows("CoreShowChannels")


async def the_state_of_a_call(console: Console) -> None:
    await look(console)
    caller = await console.call()
    await look(console, caller=Place.MENU)
    assert await console.do(lambda c: AskDigit(c, caller, "menu", 10.0)) == "done"
    await console.event("AGIExecStart")
    await look(console, caller=Place.MENU)
    await console.hold(caller)
    await look(console, caller=Place.HOLD)
    assert await console.ring(IGNORES, leg(1)) == "done"
    await console.fact(LegRinging, leg(1))
    await look(console, caller=Place.HOLD, leg=Place.DIALPLAN)
    await console.hang_up(leg(1))
    await console.park(ANSWERS, leg(2))
    await look(console, caller=Place.HOLD, leg=Place.HOLD)
    await console.join(caller, leg(2))
    await look(console, caller=Place.BRIDGE, leg=Place.BRIDGE)
    await console.hang_up(caller)
    await console.hang_up(leg(2))
    await look(console)


async def the_state_of_the_native_queue(console: Console) -> None:
    await console.stop_heart(stale=True)
    caller = await console.call_into_queue()
    await console.event("QueueCallerJoin", Uniqueid=caller.id)
    await look(console, caller=Place.NATIVE_QUEUE)
    assert await console.do(lambda c: AddFallbackMember(c, NAME, ANSWERS, "ana")) == "done"
    ringing = await console.event("DialState", DialStatus="RINGING")
    agent = ChannelRef(NAME, ringing.get("DestUniqueid"))
    await look(console, caller=Place.NATIVE_QUEUE, leg=Place.DIALPLAN)
    await console.fact(FallbackAnswered, caller)
    await console.event("BridgeEnter", Uniqueid=caller.id)
    await look(console, caller=Place.BRIDGE, leg=Place.BRIDGE)
    await console.hang_up(agent)
    await console.fact(ChannelHungUp, caller)
    await console.event("QueueMemberStatus", Status=NOT_IN_USE)
    assert await console.do(lambda c: RemoveFallbackMember(c, NAME, ANSWERS)) == "done"


async def actions_of_the_leader(console: Console) -> None:
    act = console.recorder.act
    await act("Ping")
    await act("Getvar", Variable="EPOCH")
    await act("Getvar", Variable="CC_NEVER_SET")
    await act("Getvar")
    await act("Setvar", Variable="CC_TEST", Value="a b, c")
    await act("Getvar", Variable="CC_TEST")
    await act("Setvar", Value="1")
    await act("Command", Command="core show channels")
    await act("GetConfig", Filename="manager.conf")
    await act("NoSuchAction", Channel="x")
    await act("Hangup")
    await act("Redirect", Channel="x", Context="cc-hold", Exten="wait")
    await act("Redirect", Channel="x", Context="cc-hold", Exten="wait", Priority="nowhere")
    await act("Bridge", Channel1="x")
    await act("AbsoluteTimeout", Timeout="3")
    await act("AbsoluteTimeout", Channel="x", Timeout="0")
    await act("AGI", Channel="x")
    await act("Originate", Context="cc-agents", Exten="park", Priority="1")
    await act("Originate", Channel="PJSIP", Context="cc-agents", Exten="park", Priority="1")
    await act(
        "Originate",
        Channel="PJSIP/1001",
        Context="cc-agents",
        Exten="none",
        Priority="1",
        Async="true",
    )
    await act("QueueAdd", Interface="PJSIP/1001")
    await act("QueueAdd", Queue="cc-fallback")
    await act("QueueAdd", Queue="none", Interface="PJSIP/1001")
    await act("QueueRemove", Queue="none", Interface="PJSIP/1001")
    await act("QueueRemove", Queue="cc-fallback")
    await act("Events", EventMask="on")
    await act("UserEvent", UserEvent="CCTest", Call="1")
    await console.event("UserEvent")


async def logins_are_refused(console: Console) -> None:
    again = console.site.leader
    nobody = replace(again, user="nobody")
    wrong = replace(console.site.fence, secret="wrong-wrong-wrong-wrong")
    answers: dict[str, dict[str, str]] = {}

    async def knock(account: AmiAccount) -> None:
        async with console.session() as other:
            answers[account.user] = await other.login(account)
            await asyncio.wait_for(other.closed.wait(), 5)

    await asyncio.gather(*map(knock, (again, nobody, wrong)))
    for user, answer in sorted(answers.items()):
        console.remark(f"login of {user}", answer)
    assert console.gateway.is_up


async def a_session_without_login_may_do_nothing(console: Console) -> None:
    async with console.session() as other:
        console.remark("greeting", {"": other.banner})
        for action in ("Ping", "NoSuchAction", "Status", "Command"):
            console.remark(action, await other.act(action))


async def the_fence_kicks_the_leader(console: Console) -> None:
    async with console.session() as fence:
        console.remark("fence", await fence.login(console.site.fence))
        console.remark("fence", await fence.act("Ping"))
        console.remark("fence", await fence.act("Setvar", Variable="CC_TEST", Value="1"))
        console.remark("fence", await fence.act("Status"))
        listing = await fence.act("Command", Command="manager show connected")
        rows = [line.split() for line in listing["Output"].split("\n")]
        console.remark("who is logged in", {row[0]: row[1] for row in rows})
        column = rows[0].index("FileDes") - len(rows[0])
        number = next(row[column] for row in rows if row[0] == "leader")
        kicked = await fence.act("Command", Command=f"manager kick session {number}")
        console.remark("kicked", {**kicked, "Output": kicked["Output"].replace(number, "N")})
    await console.fact(PbxLinkLost)
    await console.fact(PbxStateRead)
    assert console.gateway.is_up


SCENARIOS = collect(
    the_state_of_a_call,
    the_state_of_the_native_queue,
    actions_of_the_leader,
    logins_are_refused,
    a_session_without_login_may_do_nothing,
    the_fence_kicks_the_leader,
)
