"""The rendered configuration on a real Asterisk: accounts, and how calls go by dialplan alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from callcenter.demo.sip_counter import SipCall, read_calls
from callcenter.pbx.config import Trunk
from callcenter.simulator.asterisk_instance import AsteriskUnavailableError
from callcenter.simulator.sip_far_ends import (
    Behaviour,
    CallerPlan,
    KeyBy,
    PhonePlan,
    SippCallers,
    SippPhones,
)
from tests.integration.asterisk import (
    LOOPBACK,
    PATIENCE_S,
    TRUNK_LOOPBACK,
    AsteriskInstance,
    BareAmi,
    free_port,
    make_config,
    running,
    wait_until,
)

pytestmark = pytest.mark.asterisk

GOLD = "+3545550001"
HOTLINE = "8005550100"


def calling(
    pbx: AsteriskInstance, *plans: CallerPlan, address: str = TRUNK_LOOPBACK
) -> SippCallers:
    where = (LOOPBACK, pbx.config.sip_port)
    return SippCallers(pbx.directory / f"callers-{address}", plans, pbx=where, address=address)


def call_to(phones: SippPhones, number: str) -> SipCall | None:
    return next((call for call in read_calls(phones.messages_path) if call.called == number), None)


async def wait_for_answer(phones: SippPhones, number: str) -> SipCall:
    def is_answered() -> bool:
        call = call_to(phones, number)
        return call is not None and call.answered_at is not None

    await wait_until(is_answered, f"{number} has answered")
    call = call_to(phones, number)
    assert call is not None
    return call


async def test_the_rendered_configuration_boots_without_a_warning(tmp_path: Path) -> None:
    config = replace(make_config(tmp_path), emergency_numbers=("112",), websocket=True)

    async with running(tmp_path, config) as pbx:
        version = await pbx.cli("core show version")
        modules = await pbx.cli("module show like .so")

    assert version.startswith("Asterisk 22.")
    assert "Not Running" not in modules


async def test_two_instances_run_at_once_and_starting_or_stopping_twice_is_safe(
    tmp_path: Path,
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    first = AsteriskInstance(one, make_config(one))

    async with first, running(two, make_config(two)) as second:
        await first.start()
        await first.stop()
        await first.stop()
        uptime = await second.cli("core show uptime")

    assert "uptime" in uptime
    with pytest.raises(AsteriskUnavailableError):
        await second.cli("core show uptime")


async def test_a_port_that_is_in_use_is_said_and_nothing_is_left_running(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"

    async with running(one, make_config(one)) as first:
        second = AsteriskInstance(two, replace(make_config(two), ami_port=first.config.ami_port))
        with pytest.raises(AsteriskUnavailableError, match="port is in use"):
            await second.start()

    with pytest.raises(AsteriskUnavailableError):
        await second.cli("core show uptime")


async def test_leader_commands_calls_and_cannot_change_the_pbx(tmp_path: Path) -> None:
    async with (
        running(tmp_path, make_config(tmp_path)) as pbx,
        BareAmi(pbx.config.ami_port) as ami,
    ):
        assert (await ami.login(pbx.config.leader))["Response"] == "Success"

        refused = [
            await ami.act("Command", Command="core show version"),
            await ami.act("UpdateConfig", SrcFilename="manager.conf", DstFilename="manager.conf"),
            await ami.act("GetConfig", Filename="cc_manager.conf"),
            await ami.act("ModuleLoad", LoadType="reload"),
        ]
        allowed = [
            await ami.act("Ping"),
            await ami.act("Getvar", Variable="EPOCH"),
            await ami.act("Setvar", Variable="CC_HEARTBEAT", Value="1"),
            await ami.act("QueueAdd", Queue="cc-fallback", Interface="PJSIP/1001"),
            await ami.act("QueueRemove", Queue="cc-fallback", Interface="PJSIP/1001"),
            await ami.act("CoreStatus"),
            await ami.act("Status", Variables="CC_ROLE"),
            await ami.act("BridgeList"),
        ]
        originate = await ami.act(
            "Originate", Channel="PJSIP/1001", Context="cc-agents", Exten="none", Priority="1"
        )

    assert [(answer["Response"], answer["Message"]) for answer in refused] == (
        [("Error", "Permission denied")] * 4
    )
    assert [answer["Response"] for answer in allowed] == ["Success"] * 8
    assert originate["Message"] == "Extension does not exist."


async def test_leader_may_originate_bridge_and_speak_agi(tmp_path: Path) -> None:
    async with (
        running(tmp_path, make_config(tmp_path)) as pbx,
        BareAmi(pbx.config.ami_port) as ami,
    ):
        await ami.login(pbx.config.leader)

        answers = [
            await ami.act("Bridge", Channel1="PJSIP/none-1", Channel2="PJSIP/none-2"),
            await ami.act("Redirect", Channel="PJSIP/none-1", Context="cc-hold", Exten="wait"),
            await ami.act("AGI", Channel="PJSIP/none-1", Command="NOOP"),
            await ami.act("AbsoluteTimeout", Channel="PJSIP/none-1", Timeout="10"),
            await ami.act("Hangup", Channel="PJSIP/none-1"),
            await ami.act("UserEvent", UserEvent="CCNothing"),
        ]

    assert "Permission denied" not in [answer.get("Message") for answer in answers]


async def test_fence_may_run_commands_and_nothing_else(tmp_path: Path) -> None:
    async with (
        running(tmp_path, make_config(tmp_path)) as pbx,
        BareAmi(pbx.config.ami_port) as ami,
    ):
        await ami.login(pbx.config.fence)

        # "core show version" is registered some milliseconds after Asterisk says that it is booted.
        command = await ami.act("Command", Command="manager show connected")
        refused = [
            await ami.act("Setvar", Variable="CC_HEARTBEAT", Value="1"),
            await ami.act("Hangup", Channel="PJSIP/none-1"),
            await ami.act("Originate", Channel="PJSIP/1001", Context="cc-hold", Exten="wait"),
            await ami.act("QueueAdd", Queue="cc-fallback", Interface="PJSIP/1001"),
            await ami.act("UpdateConfig", SrcFilename="manager.conf", DstFilename="manager.conf"),
            await ami.act("Status"),
        ]

    assert "fence" in command["Output"]
    assert [answer["Message"] for answer in refused] == ["Permission denied"] * 6


async def test_a_second_leader_is_refused_until_the_fence_has_kicked_the_first(
    tmp_path: Path,
) -> None:
    config = make_config(tmp_path)
    async with AsteriskInstance(tmp_path, config) as pbx, BareAmi(config.ami_port) as old:
        await old.login(config.leader)

        async with BareAmi(config.ami_port) as new:
            refused = await new.login(config.leader)
        async with BareAmi(config.ami_port) as fence:
            await fence.login(config.fence)
            connected = (await fence.act("Command", Command="manager show connected"))["Output"]
            # User, address, start, elapsed, file descriptor.
            rows = [line.split() for line in connected.splitlines()]
            descriptor = next(row[4] for row in rows if row[0] == "leader")
            await fence.act("Command", Command=f"manager kick session {descriptor}")
        await asyncio.wait_for(old.closed.wait(), PATIENCE_S)
        async with BareAmi(config.ami_port) as new:
            accepted = await new.login(config.leader)

        assert refused["Message"] == "Login Already In Use"
        assert accepted["Response"] == "Success"
        assert pbx.warnings() == []


async def test_with_a_fresh_heartbeat_a_call_waits_for_agi_commands(tmp_path: Path) -> None:
    async with (
        running(tmp_path, make_config(tmp_path)) as pbx,
        BareAmi(pbx.config.ami_port) as ami,
    ):
        await ami.login(pbx.config.leader)
        await ami.beat()

        async with calling(pbx, CallerPlan(GOLD, HOTLINE, stay_ms=20_000)):
            start = await ami.expect("AsyncAGIStart", Context="cc-inbound", Exten=HOTLINE)
            channel = start["Channel"]
            variables = {
                name: (await ami.act("Getvar", Channel=channel, Variable=name))["Value"]
                for name in ("CC_ROLE", "CC_DIALED", "CC_CALLER", "CC_ENTERED")
            }
            await ami.act("AGI", Channel=channel, Command="STREAM FILE cc/welcome 0", CommandID="1")
            played = await ami.expect("AsyncAGIExec", CommandId="1")
            await ami.act("Hangup", Channel=channel)

    assert start["Uniqueid"].startswith("main-")
    assert played["Result"].startswith("200%20result%3D0%20endpos%3D")
    entered = int(variables.pop("CC_ENTERED"))
    assert 0 < entered <= float(start["Timestamp"])
    assert variables == {"CC_ROLE": "caller", "CC_DIALED": HOTLINE, "CC_CALLER": GOLD}


@pytest.mark.parametrize("key_by", list(KeyBy))
async def test_a_key_is_heard_however_it_is_sent(tmp_path: Path, key_by: KeyBy) -> None:
    async with (
        running(tmp_path, make_config(tmp_path)) as pbx,
        BareAmi(pbx.config.ami_port) as ami,
    ):
        await ami.login(pbx.config.leader)
        await ami.beat()
        plan = CallerPlan(GOLD, HOTLINE, stay_ms=20_000, key="7", key_by=key_by, key_ms=300)

        async with calling(pbx, plan):
            start = await ami.expect("AsyncAGIStart")
            await ami.act(
                "AGI", Channel=start["Channel"], Command="WAIT FOR DIGIT 9000", CommandID="key"
            )
            heard = await ami.expect("AsyncAGIExec", CommandId="key")
            await ami.act("Hangup", Channel=start["Channel"])

    assert heard["Result"] == f"200%20result%3D{ord('7')}%0A"


async def test_without_a_service_the_queue_of_asterisk_rings_a_signed_in_agent(
    tmp_path: Path,
) -> None:
    phones = SippPhones(tmp_path / "phones", [PhonePlan("1001", talk_ms=500)])
    config = make_config(tmp_path, phones.port)
    async with running(tmp_path, config) as pbx, phones, BareAmi(config.ami_port) as ami:
        await ami.login(config.leader)
        await ami.beat(at=1)
        await ami.act("QueueAdd", Queue="cc-fallback", Interface="PJSIP/1001", MemberName="1001")

        async with calling(pbx, CallerPlan(GOLD, HOTLINE, stay_ms=20_000)) as callers:
            fallen = await ami.expect("UserEvent", UserEvent="CCFallback")
            rung = await wait_for_answer(phones, "1001")
            await callers.wait(PATIENCE_S)

    (caller,) = read_calls(callers.messages_path)
    assert fallen["Call"] == fallen["Uniqueid"]
    assert rung.caller == GOLD
    assert caller.outcome == "answered"
    assert caller.ended_here is False


async def test_the_watchdog_takes_a_menu_that_nobody_renews_to_the_queue(tmp_path: Path) -> None:
    phones = SippPhones(tmp_path / "phones", [PhonePlan("1001", talk_ms=500)])
    config = replace(make_config(tmp_path, phones.port), stale_s=2)
    async with running(tmp_path, config) as pbx, phones, BareAmi(config.ami_port) as ami:
        await ami.login(config.leader)
        await ami.beat()
        await ami.act("QueueAdd", Queue="cc-fallback", Interface="PJSIP/1001")

        async with calling(pbx, CallerPlan(GOLD, HOTLINE, stay_ms=20_000)) as callers:
            start = await ami.expect("AsyncAGIStart")
            await ami.act("AbsoluteTimeout", Channel=start["Channel"], Timeout="3")
            renewed = await ami.act("Getvar", Variable="EPOCH")
            await ami.act("AGI", Channel=start["Channel"], Command="WAIT FOR DIGIT 9000")
            fallen = await ami.expect("UserEvent", UserEvent="CCFallback")
            await wait_for_answer(phones, "1001")
            await callers.wait(PATIENCE_S)

    (caller,) = read_calls(callers.messages_path)
    assert float(fallen["Timestamp"]) - float(renewed["Value"]) >= 3 - 1  # a whole second of EPOCH
    assert caller.ended_here is False


async def test_a_caller_on_hold_and_a_parked_agent_are_let_go_when_the_heartbeat_is_stale(
    tmp_path: Path,
) -> None:
    phones = SippPhones(tmp_path / "phones", [PhonePlan("1001"), PhonePlan("1002", talk_ms=500)])
    config = replace(make_config(tmp_path, phones.port), stale_s=2, hold_look_s=1)
    async with running(tmp_path, config) as pbx, phones, BareAmi(config.ami_port) as ami:
        await ami.login(config.leader)
        await ami.beat()
        async with calling(pbx, CallerPlan(GOLD, HOTLINE, stay_ms=30_000)) as callers:
            start = await ami.expect("AsyncAGIStart")
            await ami.act("AGI", Channel=start["Channel"], Command="ASYNCAGI BREAK")
            await ami.act(
                "Originate",
                Channel="PJSIP/1001",
                Context="cc-agents",
                Exten="park",
                Priority="1",
                ChannelId="leg-1",
                Variable="CC_ROLE=agent\nCC_AGENT=a1",
                Async="true",
            )
            held = await ami.expect("BridgeEnter", BridgeName="cc-callers")
            await ami.expect("BridgeEnter", BridgeName="cc-agents", Uniqueid="leg-1")
            await ami.act("QueueAdd", Queue="cc-fallback", Interface="PJSIP/1002")

            await ami.expect("Hangup", Uniqueid="leg-1")
            fallen = await ami.expect("UserEvent", UserEvent="CCFallback")
            await wait_for_answer(phones, "1002")
            await callers.wait(PATIENCE_S)

    assert held["BridgeTechnology"] == "holding_bridge"
    assert fallen["Uniqueid"] == start["Uniqueid"]


async def test_after_a_bridge_each_side_goes_back_to_its_own_loop(tmp_path: Path) -> None:
    phones = SippPhones(tmp_path / "phones", [PhonePlan("1001"), PhonePlan("1002", talk_ms=1000)])
    config = make_config(tmp_path, phones.port)
    async with running(tmp_path, config) as pbx, phones, BareAmi(config.ami_port) as ami:
        await ami.login(config.leader)
        await ami.beat()

        async with calling(pbx, CallerPlan(GOLD, HOTLINE, stay_ms=30_000)) as callers:
            caller = await park_caller(ami)
            first = await park_agent(ami, "1001")
            second = await park_agent(ami, "1002")
            bridged = len(ami.events)
            await ami.act("Bridge", Channel1=caller, Channel2=second)
            ended = await ami.expect("Hangup", Channel=second)
            held_again = await ami.expect(
                "BridgeEnter", since=bridged, Channel=caller, BridgeName="cc-callers"
            )
            bridged = len(ami.events)
            await ami.act("Bridge", Channel1=caller, Channel2=first)
            await ami.act("Hangup", Channel=caller)
            parked_again = await ami.expect(
                "BridgeEnter", since=bridged, Channel=first, BridgeName="cc-agents"
            )
            await callers.wait(PATIENCE_S)

    assert ended["Uniqueid"] == "leg-1002"
    assert held_again["BridgeTechnology"] == "holding_bridge"
    assert parked_again["Uniqueid"] == "leg-1001"


async def park_caller(ami: BareAmi) -> str:
    start = await ami.expect("AsyncAGIStart")
    await ami.act("AGI", Channel=start["Channel"], Command="ASYNCAGI BREAK")
    await ami.expect("BridgeEnter", BridgeName="cc-callers")
    return start["Channel"]


async def park_agent(ami: BareAmi, phone: str) -> str:
    leg = f"leg-{phone}"
    await ami.act(
        "Originate",
        Channel=f"PJSIP/{phone}",
        Context="cc-agents",
        Exten="park",
        Priority="1",
        ChannelId=leg,
        Async="true",
    )
    return (await ami.expect("BridgeEnter", BridgeName="cc-agents", Uniqueid=leg))["Channel"]


async def test_agents_phones_reach_each_other_without_any_service(tmp_path: Path) -> None:
    phones = SippPhones(
        tmp_path / "phones",
        [PhonePlan("1001", talk_ms=300), PhonePlan("1002", Behaviour.REJECT, ring_ms=50)],
    )
    config = make_config(tmp_path, phones.port)
    async with running(tmp_path, config) as pbx, phones:
        plans = (
            CallerPlan("1004", "1001", stay_ms=20_000),
            CallerPlan("1004", "1002", stay_ms=20_000),
            CallerPlan("1004", "1999", stay_ms=20_000),
        )
        async with calling(pbx, *plans, address=LOOPBACK) as callers:
            await callers.wait(PATIENCE_S)

    outcomes = {call.called: call.outcome for call in read_calls(callers.messages_path)}
    assert outcomes == {"1001": "answered", "1002": "refused", "1999": "refused"}
    rung = call_to(phones, "1001")
    assert rung is not None
    assert rung.caller == "1004"


async def test_an_emergency_call_goes_to_the_next_trunk_when_the_first_is_down(
    tmp_path: Path,
) -> None:
    network = SippPhones(
        tmp_path / "network", [PhonePlan("112", ring_ms=100, talk_ms=300)], address=TRUNK_LOOPBACK
    )
    down = Trunk("down", TRUNK_LOOPBACK, free_port(), match=("127.0.0.3",), qualify_s=1)
    up = Trunk("up", TRUNK_LOOPBACK, network.port, match=("127.0.0.4",), qualify_s=0)
    config = replace(make_config(tmp_path), trunks=(down, up), emergency_numbers=("112",))
    # Asterisk logs an error for the trunk that is down, so the log is not looked at.
    async with AsteriskInstance(tmp_path, config) as pbx, network:

        async def is_known_to_be_down() -> bool:
            return "Unavail" in await pbx.cli("pjsip show contacts")

        await wait_until(is_known_to_be_down, "the first trunk is known to be down")
        plan = CallerPlan("1001", "112", stay_ms=20_000)
        async with calling(pbx, plan, address=LOOPBACK) as callers:
            await callers.wait(PATIENCE_S)

    (call,) = read_calls(callers.messages_path)
    rung = call_to(network, "112")
    assert call.outcome == "answered"
    assert rung is not None
    assert rung.answered_at is not None


async def test_a_caller_from_a_trunk_cannot_pass_for_a_phone(tmp_path: Path) -> None:
    config = replace(make_config(tmp_path), emergency_numbers=("112",))
    async with running(tmp_path, config) as pbx, BareAmi(config.ami_port) as ami:
        await ami.login(config.leader)
        await ami.beat()

        async with calling(pbx, CallerPlan("1001", "112", stay_ms=20_000)):
            start = await ami.expect("AsyncAGIStart")
            await ami.act("Hangup", Channel=start["Channel"])

    assert start["Context"] == "cc-inbound"
    assert start["Channel"].startswith("PJSIP/carrier-")
