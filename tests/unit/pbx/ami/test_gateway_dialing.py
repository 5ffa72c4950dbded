"""The gateway and people dialed: joining them, and what a reading of the state must not lose."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from callcenter.domain.attempt import Verdict
from callcenter.domain.call import Place
from callcenter.domain.commands import JoinCall, PlaceCall
from callcenter.domain.events import (
    AttemptCreated,
    AttemptScreened,
    ChannelHungUp,
    HarbourBegan,
    PbxStateRead,
)
from callcenter.domain.ids import ChannelRef
from callcenter.pbx.ami.wire import first
from tests.unit.pbx.ami.fake_pbx import (
    CALLER,
    LEG,
    FakePbx,
    hang_up,
    outcome_of,
    quick_pbx,
    running,
    status_row,
)
from tests.unit.pbx.ami.fake_server import message, wait_until

PERSON = ChannelRef("main", "att-j-1-0")
PLACE = PlaceCall("cmd-1", PERSON, "carrier", "+12025550141", "", 40.0, True, 1, "safe-harbour")
JOIN = JoinCall("cmd-2", PERSON, LEG)


@pytest.fixture
async def pbx(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakePbx]:
    async with quick_pbx(monkeypatch) as peer:
        for channel, name in ((PERSON, "carrier-00000001"), (LEG, "1001-00000002")):
            peer.channels[channel.id] = status_row(
                channel.id, f"PJSIP/{name}", Context="cc-dialed", Application="BridgeWait"
            )
        yield peer


def user_event(name: str, **headers: str) -> bytes:
    return message(Event="UserEvent", UserEvent=name, Call=PERSON.id, **headers)


def marks(pbx: FakePbx) -> list[tuple[str, str]]:
    """What was said of whether the person was joined: on whom, and what."""
    return [
        (first(action, "Channel"), first(action, "Value"))
        for action in pbx.sent("Setvar")
        if first(action, "Variable") == "CC_JOINED"
    ]


async def test_a_person_dialed_is_joined_and_marked_so_in_one_go(pbx: FakePbx) -> None:
    async with running(pbx) as it:
        assert await outcome_of(it.gateway.send(JOIN)) == "done"

    assert pbx.names[pbx.names.index("Bridge") + 1] == "Setvar"
    assert marks(pbx) == [(PERSON.id, "1")]


async def test_a_join_that_was_refused_leaves_no_mark(pbx: FakePbx) -> None:
    # Story: the line had just gone; the person waited on hold instead of hearing the message.
    pbx.refusals["Bridge"] = "Channel2 does not exist: PJSIP/1001-00000002"
    async with running(pbx) as it:
        outcome = await outcome_of(it.gateway.send(JOIN))
        await wait_until(lambda: len(marks(pbx)) == 2)

    assert outcome == "refused: Channel2 does not exist: PJSIP/1001-00000002"
    assert marks(pbx) == [(PERSON.id, "1"), (PERSON.id, "0")]


async def test_a_caller_whose_join_was_refused_has_no_mark_to_take_back(pbx: FakePbx) -> None:
    pbx.channels[CALLER.id] = status_row(CALLER.id, "PJSIP/carrier-00000003")
    pbx.refusals["Bridge"] = "Channel2 does not exist: PJSIP/1001-00000002"
    async with running(pbx) as it:
        outcome = await outcome_of(it.gateway.send(JoinCall("cmd-1", CALLER, LEG)))

    assert outcome.startswith("refused: ")
    assert marks(pbx) == []


async def test_a_person_who_hangs_up_right_behind_the_join_was_joined(pbx: FakePbx) -> None:
    pbx.refusals["Setvar"] = "No such channel"
    async with running(pbx) as it:
        assert await outcome_of(it.gateway.send(JOIN)) == "done"


async def test_a_call_is_placed_once_even_if_the_link_is_lost_meanwhile(pbx: FakePbx) -> None:
    pbx.silent = ["Originate"]
    async with running(pbx) as it:
        placed = it.gateway.send(PLACE)
        await wait_until(lambda: pbx.sent("Originate"))
        pbx.cut()
        assert await outcome_of(placed) == "unknown"
        await wait_until(lambda: it.gateway.is_up)

    assert len(pbx.sent("Originate")) == 1


async def test_a_number_that_must_not_be_dialed_is_refused_and_not_written(pbx: FakePbx) -> None:
    evil = PlaceCall("cmd-1", PERSON, "carrier", "1\r\nAction: Logoff", "", 40.0, True, 1, "sorry")
    async with running(pbx) as it:
        assert (await outcome_of(it.gateway.send(evil))).startswith("refused: the number")

    assert pbx.sent("Originate") == []


async def test_a_verdict_that_comes_during_the_first_reading_is_told_before_the_state(
    pbx: FakePbx,
) -> None:
    # No row shows a verdict: without it a machine's attempt would end as if somebody hung up.
    verdict = user_event("CCScreened", Status="MACHINE", Cause="MAXWORDS-4-3")
    pbx.after["Status"] = lambda: pbx.push(verdict + hang_up(PERSON.id))

    async with running(pbx) as it:
        facts = list(it.facts)

    assert facts[:2] == [
        AttemptScreened(PERSON, Verdict.MACHINE, "MAXWORDS-4-3"),
        ChannelHungUp(PERSON, 16),
    ]
    assert [truth.channel for truth in it.state(0).channels] == [LEG]


async def test_a_message_that_begins_during_the_first_reading_is_told_and_its_place_read_anew(
    pbx: FakePbx,
) -> None:
    # Story: who hears the message counts as abandoned, also when the service was just back.
    def begin() -> None:
        pbx.channels[PERSON.id]["Context"] = "cc-harbour"
        pbx.push(user_event("CCHarbour"))

    pbx.after["Status"] = begin

    async with running(pbx) as it:
        facts = list(it.facts)

    assert facts[0] == HarbourBegan(PERSON)
    places = {truth.channel: truth.place for truth in it.state(0).channels}
    assert places[PERSON] is Place.HARBOUR


async def test_an_attempt_made_just_now_can_be_joined(pbx: FakePbx) -> None:
    newcomer = ChannelRef("main", "att-j-2-0")
    async with running(pbx) as it:
        created = message(
            Event="Newchannel", Channel="PJSIP/carrier-00000009", Uniqueid="att-j-2-0"
        )
        pbx.push(created)
        await wait_until(lambda: it.facts[-1] == AttemptCreated(newcomer))
        assert await outcome_of(it.gateway.send(JoinCall("cmd-1", newcomer, LEG))) == "done"

    assert isinstance(it.facts[0], PbxStateRead)
    assert [first(action, "Channel1") for action in pbx.sent("Bridge")] == [
        "PJSIP/carrier-00000009"
    ]
