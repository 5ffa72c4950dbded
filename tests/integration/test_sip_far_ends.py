"""SIPp's phones and callers do on a real Asterisk what their plans say; the counter reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.demo.sip_counter import read_calls
from callcenter.simulator.sip_far_ends import (
    Behaviour,
    CallerPlan,
    FarEndError,
    PhonePlan,
    SippCallers,
    SippPhones,
)
from tests.integration.asterisk import (
    LOOPBACK,
    PATIENCE_S,
    BareAmi,
    make_config,
    running,
    wait_until,
)

pytestmark = [pytest.mark.asterisk, pytest.mark.alone]


async def test_each_phone_does_what_its_plan_says(tmp_path: Path) -> None:
    phones = SippPhones(
        tmp_path / "phones",
        [
            PhonePlan("1001", ring_ms=300, talk_ms=500),
            PhonePlan("1002", Behaviour.REJECT, ring_ms=100),
            PhonePlan("1003", Behaviour.IGNORE),
        ],
    )
    config = make_config(tmp_path, phones.port)
    async with running(tmp_path, config), phones, BareAmi(config.ami_port) as ami:
        await ami.login(config.leader)
        await ami.beat()
        for phone in ("1001", "1002", "1003", "1004"):
            await ami.act(
                "Originate",
                Channel=f"PJSIP/{phone}",
                CallerID="+3545550001",
                Context="cc-agents",
                Exten="park",
                Priority="1",
                ChannelId=f"leg-{phone}",
                Timeout="1000",
                Async="true",
            )
        for phone in ("1001", "1002", "1003", "1004"):
            await ami.expect("Hangup", Uniqueid=f"leg-{phone}")
        await wait_until(  # SIPp writes a little later than Asterisk tells
            lambda: all(call.outcome != "open" for call in read_calls(phones.messages_path)),
            "the phones' log to be whole",
        )

    calls = {call.called: call for call in read_calls(phones.messages_path)}
    outcomes = {number: (call.outcome, call.refused_with) for number, call in calls.items()}
    assert outcomes == {
        "1001": ("answered", None),
        "1002": ("refused", 486),
        "1003": ("cancelled", None),
        "1004": ("refused", 404),  # has no plan
    }
    answered = calls["1001"]
    assert answered.caller == "+3545550001"
    assert answered.ringing_at is not None
    assert answered.answered_at is not None
    assert answered.answered_at - answered.ringing_at >= 0.3
    assert answered.ended_here is True


async def test_callers_call_and_hang_up_at_their_own_times(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    async with running(tmp_path, config), BareAmi(config.ami_port) as ami:
        await ami.login(config.leader)
        await ami.beat()
        plans = [
            CallerPlan("+3545550001", "8005550100", stay_ms=200, start_ms=500),
            CallerPlan("+3545550002", "8005550100", stay_ms=900, start_ms=0, key="1", key_ms=100),
        ]
        callers = SippCallers(tmp_path / "callers", plans, pbx=(LOOPBACK, config.sip_port))
        async with callers:
            went_well = await callers.wait(PATIENCE_S)

    late, early = sorted(read_calls(callers.messages_path), key=lambda call: call.caller)
    assert went_well
    assert late.invited_at - early.invited_at >= 0.4
    for call, stay_s in ((late, 0.2), (early, 0.9)):
        assert call.answered_at is not None
        assert call.ended_at is not None
        assert call.ended_here is True
        assert stay_s <= call.ended_at - call.answered_at < stay_s + 1


async def test_callers_are_stopped_at_any_moment(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    async with running(tmp_path, config), BareAmi(config.ami_port) as ami:
        await ami.login(config.leader)
        await ami.beat()
        plan = CallerPlan("+3545550001", "8005550100", stay_ms=60_000)
        callers = SippCallers(tmp_path / "callers", [plan], pbx=(LOOPBACK, config.sip_port))

        await callers.start()
        await ami.expect("AsyncAGIStart")
        with pytest.raises(TimeoutError):
            await callers.wait(limit_s=0)
        await callers.stop()
        await callers.stop()

        (call,) = read_calls(callers.messages_path)
        assert call.outcome == "answered"
        assert call.ended_at is None


async def test_phones_whose_port_is_in_use_say_so(tmp_path: Path) -> None:
    first = SippPhones(tmp_path / "one", [PhonePlan("1001")])
    async with first:
        second = SippPhones(tmp_path / "two", [PhonePlan("1001")], port=first.port)

        with pytest.raises(FarEndError, match="in use"):
            await second.start()
