"""Cards before the ringing: on virtual time, sockets in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from callcenter.api import cards as fetching
from callcenter.api import desktops as module
from callcenter.api.frames import Shown
from callcenter.domain.commands import PopCard
from callcenter.domain.customer import Tier
from tests.unit.api.desktop_stage import FakeSocket, Stage

pytestmark = pytest.mark.virtual_time


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    await stage.desktops.close_all()


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_the_card_is_on_every_desktop_of_the_agent_before_the_command_ends(
    stage: Stage,
) -> None:
    one, other = stage.open(), stage.open()

    assert await stage.desktops.pop_card(stage.pop())

    assert one.frames == other.frames
    assert one.frames == [
        {
            "type": "card",
            "call": stage.call.id,
            "customer": stage.call.customer,
            "number": "+15551234",
            "tier": "gold",
            "queue": "service",
            "campaign": "",
            "contact": "",
            "preview": False,
            "returned": False,
            "waited_s": 12.5,
            "seq": 1,
            "at": stage.clock.time,
            "complete": True,
            "again": False,
            "card": {"name": "Zhang Min", "since": 2018},
        }
    ]
    assert stage.desktops.cards_sent == 1


async def test_without_a_desktop_there_is_no_card_and_no_waiting(stage: Stage) -> None:
    stage.source.delay_s = 10
    began = now()

    assert not await stage.desktops.pop_card(stage.pop())

    assert now() == began
    assert stage.desktops.cards_unseen == 1
    assert stage.desktops.times(stage.call.id) is None


async def test_a_card_is_never_sent_to_another_agent(stage: Stage) -> None:
    ben = stage.open("ben")

    assert not await stage.desktops.pop_card(stage.pop())

    assert ben.frames == []


async def test_a_caller_nobody_knows_is_a_number_only(stage: Stage) -> None:
    socket = stage.open()

    assert await stage.desktops.pop_card(stage.pop(customer=""))

    assert (socket.frames[0]["card"], socket.frames[0]["complete"]) == (None, True)
    assert stage.source.asked == []


async def test_a_slow_source_delays_the_card_by_no_more_than_the_constant(stage: Stage) -> None:
    socket = stage.open()
    stage.source.delay_s = 1.0
    began = now()

    assert await stage.desktops.pop_card(stage.pop())

    assert now() - began == pytest.approx(fetching.CARD_WAIT_S)
    assert [(x["complete"], x["card"]) for x in socket.frames] == [(False, None)]
    assert socket.frames[0]["number"] == "+15551234"
    await asyncio.sleep(2)
    assert [x["complete"] for x in socket.frames] == [False, True]
    assert socket.frames[1]["card"] == {"name": "Zhang Min", "since": 2018}
    assert stage.desktops.cards_incomplete == 1


async def test_a_card_that_was_fetched_ahead_waits_for_nothing(stage: Stage) -> None:
    socket = stage.open()
    stage.source.delay_s = 1.0
    stage.desktops.on_touched((f"call:{stage.call.id}",))
    await asyncio.sleep(2)
    began = now()

    assert await stage.desktops.pop_card(stage.pop())

    assert now() == began
    assert socket.frames[0]["complete"]
    assert stage.source.asked == [stage.call.customer]


async def test_a_source_known_to_be_slow_is_not_waited_for_again(stage: Stage) -> None:
    stage.open()
    stage.source.delay_s = 1.0
    stage.desktops.on_touched((f"call:{stage.call.id}",))
    await asyncio.sleep(0.5)
    began = now()

    assert await stage.desktops.pop_card(stage.pop())

    assert now() == began


@pytest.mark.parametrize(
    "card",
    [
        {"what": object()},
        {"notes": "x" * fetching.CARD_BYTES_MAX},
    ],
)
async def test_a_card_that_cannot_be_sent_becomes_a_number_only(
    stage: Stage, card: dict[str, object]
) -> None:
    socket = stage.open()
    stage.source.cards[stage.call.customer] = card

    assert await stage.desktops.pop_card(stage.pop())

    assert (socket.frames[0]["card"], socket.frames[0]["complete"]) == (None, True)
    assert stage.desktops.card_failures == 1


async def test_a_broken_source_is_asked_again_at_the_next_offer(stage: Stage) -> None:
    socket = stage.open()
    stage.source.broken = True
    assert await stage.desktops.pop_card(stage.pop())
    stage.source.broken = False

    assert await stage.desktops.pop_card(stage.pop())

    assert [x["card"] is None for x in socket.frames] == [True, False]


async def test_a_source_that_never_answers_is_given_up(stage: Stage) -> None:
    socket = stage.open()
    stage.source.delay_s = 10**6

    assert await stage.desktops.pop_card(stage.pop())
    await asyncio.sleep(fetching.FETCH_DEADLINE_S + 1)

    assert [x["complete"] for x in socket.frames] == [False, True]
    assert socket.frames[1]["card"] is None
    assert stage.desktops.card_failures == 1


async def test_a_stalled_desktop_holds_the_command_up_for_the_deadline_only(
    stage: Stage,
) -> None:
    stalled = stage.open()
    stalled.stalled = True
    began = now()

    assert not await stage.desktops.pop_card(stage.pop())

    assert now() - began == pytest.approx(module.POP_DEADLINE_S)


async def test_one_stalled_desktop_does_not_spoil_the_other(stage: Stage) -> None:
    stalled, healthy = stage.open(), stage.open()
    stalled.stalled = True

    assert await stage.desktops.pop_card(stage.pop())

    assert len(healthy.frames) == 1


async def test_a_slow_source_and_a_stalled_desktop_together_keep_the_deadline(
    stage: Stage,
) -> None:
    stage.open().stalled = True
    stage.source.delay_s = 1.0
    began = now()

    await stage.desktops.pop_card(stage.pop())

    assert now() - began == pytest.approx(module.POP_DEADLINE_S)


async def test_the_rest_of_a_card_does_not_follow_to_somebody_elses_call(stage: Stage) -> None:
    socket = stage.open()
    stage.source.delay_s = 1.0
    await stage.desktops.pop_card(stage.pop())
    other = stage.hub.bench.waiting_caller("in2")

    await stage.desktops.pop_card(
        PopCard("x2", "ana", other.id, "", Tier.STANDARD, "+1", "service", 1.0)
    )
    await asyncio.sleep(2)

    assert [x["call"] for x in socket.frames] == [stage.call.id, other.id]


async def test_the_end_of_a_call_ends_its_fetch(stage: Stage) -> None:
    socket = stage.open()
    stage.source.delay_s = 1.0
    await stage.desktops.pop_card(stage.pop())

    stage.hub.bench.hang_up("in1")
    stage.desktops.on_touched((f"call:{stage.call.id}",))
    await asyncio.sleep(2)

    assert len(socket.frames) == 1
    await stage.desktops.pop_card(stage.pop())  # late, for a call that is gone: a number only
    assert socket.frames[1]["card"] is None
    assert stage.source.asked == [stage.call.customer]


async def test_a_customer_recognised_anew_is_fetched_anew(stage: Stage) -> None:
    socket = stage.open()
    await stage.desktops.pop_card(stage.pop())
    stage.source.cards["other"] = {"name": "Li Wei"}

    await stage.desktops.pop_card(stage.pop(customer="other"))

    assert [x["card"]["name"] for x in socket.frames] == ["Zhang Min", "Li Wei"]


# --- coming back -------------------------------------------------------------------------------


async def test_a_desktop_that_comes_back_is_shown_the_running_calls_card_again(
    stage: Stage,
) -> None:
    before = stage.open()
    await stage.desktops.pop_card(stage.pop())
    stage.offered()
    stage.desktops.close(before)

    after = stage.open()
    await asyncio.sleep(0)

    assert [(x["call"], x["again"]) for x in after.frames] == [(stage.call.id, True)]
    assert after.frames[0]["card"] == before.frames[0]["card"]


async def test_a_card_that_found_no_desktop_is_shown_to_the_one_that_comes(stage: Stage) -> None:
    await stage.desktops.pop_card(stage.pop())
    stage.offered()

    after = stage.open()
    await asyncio.sleep(0)

    assert [x["again"] for x in after.frames] == [True]


async def test_the_card_of_a_call_that_is_no_longer_the_agents_is_not_shown_again(
    stage: Stage,
) -> None:
    before = stage.open()
    await stage.desktops.pop_card(stage.pop())
    stage.desktops.close(before)

    after = stage.open()
    await asyncio.sleep(0)

    assert after.frames == []


# --- what was seen -----------------------------------------------------------------------------


async def test_the_desktops_word_that_the_card_is_drawn_is_kept_with_the_call(
    stage: Stage,
) -> None:
    stage.open()
    await stage.desktops.pop_card(stage.pop())
    sent_at = stage.clock.time
    stage.clock.time += 0.08

    stage.desktops.note_shown("ana", Shown(stage.call.id, 1234.5))

    times = stage.desktops.times(stage.call.id)
    assert times is not None
    assert (times.agent, times.sent_at, times.shown_at) == ("ana", sent_at, stage.clock.time)
    assert times.shown_at_ms == 1234.5
    assert stage.shown == [pytest.approx(0.08)]
    assert stage.desktops.cards_shown == 1


async def test_a_word_that_comes_in_before_the_sender_goes_on_is_kept(stage: Stage) -> None:
    class QuickSocket(FakeSocket):
        async def write_now(self, frame: bytes, deadline: float) -> bool:
            taken = await super().write_now(frame, deadline)
            stage.clock.time += 0.02
            stage.desktops.note_shown("ana", Shown(stage.call.id, 1234.5))
            stage.clock.time += 0.01
            return taken

    stage.desktops.open(QuickSocket())
    sent_at = stage.clock.time

    await stage.desktops.pop_card(stage.pop())

    times = stage.desktops.times(stage.call.id)
    assert times is not None
    assert (times.sent_at, times.shown_at_ms) == (sent_at, 1234.5)
    assert stage.shown == [pytest.approx(0.02)]


async def test_only_the_first_word_of_the_right_agent_counts(stage: Stage) -> None:
    stage.open()
    await stage.desktops.pop_card(stage.pop())

    stage.desktops.note_shown("ben", Shown(stage.call.id, 1.0))
    stage.desktops.note_shown("ana", Shown("no-such-call", 2.0))
    assert stage.desktops.cards_shown == 0
    stage.desktops.note_shown("ana", Shown(stage.call.id, 3.0))
    stage.desktops.note_shown("ana", Shown(stage.call.id, 4.0))

    times = stage.desktops.times(stage.call.id)
    assert times is not None
    assert times.shown_at_ms == 3.0
    assert stage.desktops.cards_shown == 1


async def test_only_so_many_calls_times_are_remembered(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CARD_TIMES_KEPT_MAX", 1)
    stage.open()
    await stage.desktops.pop_card(stage.pop())
    await stage.desktops.pop_card(
        PopCard("x2", "ana", "c2", "", Tier.STANDARD, "+1", "service", 1.0)
    )

    assert stage.desktops.times(stage.call.id) is None
    assert stage.desktops.times("c2") is not None


# --- telling the machine -----------------------------------------------------------------------
