"""The gateway on a real Asterisk: what each command brings about."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter.domain.call import Place
from callcenter.domain.commands import (
    AskDigit,
    HangUp,
    HoldCaller,
    JoinCall,
    PlayPrompt,
    ProbeMenu,
)
from callcenter.domain.events import (
    CallArrived,
    CallerHeld,
    CallerLeftHold,
    ChannelHungUp,
    ChannelJoined,
    ChannelLeft,
    IvrCommandEnded,
    IvrLeft,
    LegAnswered,
    LegCreated,
    LegParked,
    LegRinging,
    OriginateFailed,
    PbxEvent,
)
from callcenter.simulator.asterisk_instance import AsteriskInstance
from callcenter.simulator.sip_far_ends import (
    KeyBy,
)
from tests.integration.asterisk import wait_until
from tests.integration.gateway_center import (
    IGNORES,
    NO_ENDPOINT,
    NUMBER,
    REJECTS,
    UNREACHABLE,
    Center,
    asterisk,
    leg,
    running,
)

pytestmark = pytest.mark.asterisk


@pytest.fixture
async def instance(tmp_path: Path) -> AsyncIterator[AsteriskInstance]:
    async with asterisk(tmp_path) as it:
        yield it


@pytest.fixture
async def center(instance: AsteriskInstance) -> AsyncIterator[Center]:
    async with running(instance) as it:
        yield it


# --- a call ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key_by",
    [
        KeyBy.INFO,
        pytest.param(
            KeyBy.RFC2833,
            marks=pytest.mark.skipif(os.geteuid() != 0, reason="SIPp plays RFC 2833 as root only"),
        ),
    ],
)
async def test_a_call_from_arrival_to_hang_up(center: Center, key_by: KeyBy) -> None:
    async with center.caller(key="2", key_by=key_by) as caller:
        center.menus = [caller]
        welcome = await center.run_menu(lambda c: PlayPrompt(c, caller, "welcome"))
        digit = await center.run_menu(lambda c: AskDigit(c, caller, "menu", 5.0))
        bridge = await center.talk(caller, leg(1))
        assert await center.do(lambda c: HangUp(c, leg(1))) == "done"
        await center.next_fact(ChannelHungUp, lambda fact: fact.channel == leg(1))
        await wait_until(lambda: center.of(caller)[-1] == CallerHeld(caller), "caller on hold")
    await center.next_fact(ChannelHungUp, lambda fact: fact.channel == caller)

    assert (welcome.result, welcome.digits) == (0, "")
    assert (digit.result, digit.digits, digit.timed_out) == (0, "2", False)
    told = [fact for fact in center.of(caller) if not isinstance(fact, IvrCommandEnded)]
    # Between two looks at the heartbeat a held caller leaves and enters: that is no news.
    held = [CallerHeld(caller), CallerLeftHold(caller)]
    assert [fact for fact in told if fact not in held] == [
        CallArrived(caller, NUMBER, "6000"),
        IvrLeft(caller),
        ChannelJoined(caller, bridge),
        ChannelLeft(caller, bridge),
        ChannelHungUp(caller, 16),
    ]
    assert [fact for fact in center.of(leg(1)) if fact != LegParked(leg(1))] == [
        LegCreated(leg(1)),
        LegRinging(leg(1)),
        LegAnswered(leg(1)),
        ChannelJoined(leg(1), bridge),
        ChannelLeft(leg(1), bridge),
        ChannelHungUp(leg(1), 16),
    ]


async def test_menu_commands_of_every_outcome_leave_the_caller_in_the_menu(
    center: Center,
) -> None:
    async with center.caller() as caller:
        center.menus = [caller]
        silent = await center.run_menu(lambda c: AskDigit(c, caller, "welcome", 0.3))
        unasked = await center.run_menu(lambda c: AskDigit(c, caller, "no-such-prompt", 0.3))
        unplayed = await center.run_menu(lambda c: PlayPrompt(c, caller, "no-such-prompt"))
        probed = await center.run_menu(lambda c: ProbeMenu(c, caller))

        assert (silent.result, silent.digits, silent.timed_out) == (0, "", True)
        assert (unasked.result, unasked.timed_out) == (-1, False)
        assert unplayed.result == -1
        assert probed.result == 0
        assert IvrLeft(caller) not in center.facts
        await center.settle([caller], Place.MENU)


async def test_a_caller_who_hangs_up_in_a_menu_is_told_to_have_left_and_gone(
    center: Center,
) -> None:
    async with center.caller(stay_ms=700) as caller:
        center.menus = [caller]
        assert await center.do(lambda c: AskDigit(c, caller, "menu", 10.0)) == "done"
        await center.next_fact(ChannelHungUp)

        assert not any(isinstance(fact, IvrCommandEnded) for fact in center.facts)
        assert center.of(caller)[1] == IvrLeft(caller)
        assert (await center.do(lambda c: ProbeMenu(c, caller))).startswith("refused: ")
        assert (await center.do(lambda c: HangUp(c, caller))) == "refused: No such channel"


# --- phones that do not answer -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("phone", "timeout_s", "expected"),
    [
        (
            REJECTS,
            10.0,
            [LegCreated(leg(1)), LegRinging(leg(1)), OriginateFailed(leg(1))],
        ),
        (
            IGNORES,
            1.0,
            [LegCreated(leg(1)), LegRinging(leg(1)), OriginateFailed(leg(1), rang_out=True)],
        ),
        (UNREACHABLE, 1.0, [LegCreated(leg(1)), OriginateFailed(leg(1), rang_out=True)]),
        (NO_ENDPOINT, 10.0, [OriginateFailed(leg(1))]),
    ],
)
async def test_a_phone_that_does_not_answer(
    center: Center, phone: str, timeout_s: float, expected: list[PbxEvent]
) -> None:
    assert await center.ring(phone, leg(1), timeout_s) == "done"
    await center.next_fact(OriginateFailed)
    if phone != NO_ENDPOINT:
        await center.next_fact(ChannelHungUp)

    told = center.of(leg(1))
    causes = [fact.cause for fact in told if isinstance(fact, ChannelHungUp)]
    # OriginateResponse and Hangup come from two threads of Asterisk, in either order.
    assert [fact for fact in told if not isinstance(fact, ChannelHungUp)] == expected
    assert causes == {REJECTS: [17], IGNORES: [19], UNREACHABLE: [19], NO_ENDPOINT: []}[phone]


async def test_a_ringing_leg_can_be_hung_up_by_the_id_we_gave(center: Center) -> None:
    assert await center.ring(IGNORES, leg(1)) == "done"
    # Not before: Originate says yes before there is a channel.
    await center.next_fact(LegCreated)
    assert await center.do(lambda c: HangUp(c, leg(1))) == "done"

    assert (await center.next_fact(ChannelHungUp)) == ChannelHungUp(leg(1), 16)
    await center.next_fact(OriginateFailed)


async def test_a_join_whose_leg_is_gone_is_refused(center: Center) -> None:
    async with center.caller() as caller:
        assert await center.do(lambda c: HoldCaller(c, caller)) == "done"
        await center.next_fact(CallerHeld)

        assert await center.do(lambda c: JoinCall(c, caller, leg(9))) == (
            "refused: no such channel: main/leg-t-9-0"
        )
