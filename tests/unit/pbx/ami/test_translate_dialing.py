"""What every message about a dialed number means. Fixtures are recordings of a real Asterisk."""

from __future__ import annotations

import pytest

from callcenter.domain.attempt import Verdict
from callcenter.domain.events import (
    AttemptAnswered,
    AttemptCreated,
    AttemptRinging,
    AttemptScreened,
    CallerHeld,
    CallerLeftHold,
    ChannelHungUp,
    ChannelJoined,
    ChannelLeft,
    HarbourBegan,
    LegAnswered,
    LegCreated,
    LegParked,
    LegRinging,
    MessageEnded,
    OptedOut,
    OriginateFailed,
    PbxEvent,
)
from callcenter.domain.ids import ChannelRef
from callcenter.pbx.ami.translate import Malformed, translate
from callcenter.pbx.ami.wire import AmiMessage
from tests.unit.pbx.ami.test_translate import CALLER, bridge_message, events_of

PERSON = ChannelRef("main", "att-j-51-0")
LINE = ChannelRef("main", "leg-j-50-0")


def attempt(number: int) -> ChannelRef:
    return ChannelRef("main", f"att-j-{number}-0")


def told_of(channel: ChannelRef, *facts: PbxEvent) -> list[PbxEvent]:
    """A dialing that rings, and what follows."""
    return [AttemptCreated(channel), AttemptRinging(channel), *facts]


def screened(verdict: str = "HUMAN", **headers: str) -> AmiMessage:
    return {
        "Event": "UserEvent",
        "UserEvent": "CCScreened",
        "Call": PERSON.id,
        "Status": verdict,
        "Cause": "HUMAN-800-800",
        **headers,
    }


def test_a_number_that_is_not_answered_for_each_reason() -> None:
    busy, rejects, away, jammed, unknown, hangs_up, no_trunk, given_up = (
        attempt(n) for n in range(30, 38)
    )

    assert events_of("dial_failures") == [
        *told_of(busy, OriginateFailed(busy), ChannelHungUp(busy, 17)),
        *told_of(rejects, OriginateFailed(rejects), ChannelHungUp(rejects, 21)),
        *told_of(away, OriginateFailed(away, rang_out=True), ChannelHungUp(away, 19)),
        *(AttemptCreated(jammed), OriginateFailed(jammed), ChannelHungUp(jammed, 34)),
        *(AttemptCreated(unknown), OriginateFailed(unknown), ChannelHungUp(unknown, 1)),
        *told_of(hangs_up, AttemptAnswered(hangs_up), ChannelHungUp(hangs_up, 0)),
        OriginateFailed(no_trunk),  # no channel was made: no Hangup follows
        *told_of(given_up, OriginateFailed(given_up), ChannelHungUp(given_up, 16)),
    ]


def test_whoever_answers_is_screened_and_without_an_agent_hears_the_message() -> None:
    human, machine, no_sound, quiet, unscreened = (attempt(n) for n in range(40, 45))

    def waits_in_vain(channel: ChannelRef) -> list[PbxEvent]:
        return [
            CallerHeld(channel),
            CallerLeftHold(channel),
            HarbourBegan(channel),
            ChannelHungUp(channel, 16),
        ]

    assert events_of("dial_answers") == [
        *told_of(human, AttemptAnswered(human)),
        AttemptScreened(human, Verdict.HUMAN, "HUMAN-800-800"),
        *waits_in_vain(human),
        *told_of(machine, AttemptAnswered(machine)),
        AttemptScreened(machine, Verdict.MACHINE, "MAXWORDS-4-3"),
        ChannelHungUp(machine, 16),
        *told_of(no_sound, AttemptAnswered(no_sound)),
        AttemptScreened(no_sound, Verdict.NOT_SURE, "TOOLONG-4900"),
        *waits_in_vain(no_sound),
        *told_of(quiet, AttemptAnswered(quiet)),
        AttemptScreened(quiet, Verdict.MACHINE, "INITIALSILENCE-2500-2500"),
        *waits_in_vain(quiet),
        *told_of(unscreened, AttemptAnswered(unscreened)),
        *waits_in_vain(unscreened),
    ]


def test_a_person_joined_with_an_open_line_is_on_hold_when_the_agent_has_gone() -> None:
    events = events_of("dial_join_hangup")
    bridge = next(event.bridge for event in events if isinstance(event, ChannelJoined))

    assert events == [
        LegCreated(LINE),
        LegRinging(LINE),
        LegAnswered(LINE),
        LegParked(LINE),
        *told_of(PERSON, AttemptAnswered(PERSON)),
        AttemptScreened(PERSON, Verdict.HUMAN, "HUMAN-800-800"),
        CallerHeld(PERSON),
        CallerLeftHold(PERSON),
        ChannelJoined(PERSON, bridge),
        ChannelJoined(LINE, bridge),
        ChannelLeft(LINE, bridge),
        ChannelLeft(PERSON, bridge),
        CallerHeld(PERSON),
        ChannelHungUp(LINE, 16),
        CallerLeftHold(PERSON),
        ChannelHungUp(PERSON, 16),
    ]


def test_a_fax_is_told_by_the_dialplan_as_a_verdict() -> None:
    event = translate("main", screened("FAX", Cause="T38"))

    assert event == AttemptScreened(PERSON, Verdict.FAX, "T38")


@pytest.mark.parametrize("status", ["NOTSURE", "HANGUP", ""])
def test_a_verdict_that_is_none_leaves_it_open(status: str) -> None:
    event = translate("main", screened(status, Cause=""))

    assert event == AttemptScreened(PERSON, Verdict.NOT_SURE, "")


def test_a_person_who_presses_the_key_to_opt_out_wants_no_more_calls() -> None:
    message: AmiMessage = {"Event": "UserEvent", "UserEvent": "CCOptOut", "Call": PERSON.id}

    assert translate("main", message) == OptedOut(PERSON)


@pytest.mark.parametrize(("status", "is_left"), [("SUCCESS", True), ("FAILED", False), ("", False)])
def test_a_message_for_a_machine_is_left_when_it_was_played(status: str, is_left: bool) -> None:
    message: AmiMessage = {"Event": "UserEvent", "UserEvent": "CCMessage", "Call": PERSON.id}

    assert translate("main", {**message, "Status": status}) == MessageEnded(PERSON, is_left)
    with pytest.raises(Malformed, match="UserEvent: header Status is missing"):
        translate("main", message)


@pytest.mark.parametrize("event", ["BridgeEnter", "BridgeLeave"])
def test_another_bridge_of_the_same_name_is_no_waiting_room(event: str) -> None:
    kinds = {"BridgeEnter": ChannelJoined, "BridgeLeave": ChannelLeft}
    message = bridge_message(event, BridgeTechnology="softmix", BridgeName="cc-dialed")

    assert translate("main", message) == kinds[event](CALLER, "b1")


@pytest.mark.parametrize(
    "message",
    [
        screened(Call=CALLER.id),
        {"Event": "UserEvent", "UserEvent": "CCHarbour", "Call": CALLER.id},
        {"Event": "UserEvent", "UserEvent": "CCMessage", "Call": CALLER.id, "Status": "SUCCESS"},
        {"Event": "Newstate", "Uniqueid": PERSON.id, "ChannelStateDesc": "Down"},
        {"Event": "OriginateResponse", "Uniqueid": PERSON.id, "Response": "Success"},
    ],
)
def test_what_is_no_attempt_of_ours_or_told_elsewhere_means_nothing(message: AmiMessage) -> None:
    assert translate("main", message) is None


@pytest.mark.parametrize("header", ["Call", "Status", "Cause"])
def test_a_verdict_that_lacks_something_is_malformed(header: str) -> None:
    message = {name: value for name, value in screened().items() if name != header}

    with pytest.raises(Malformed, match=f"UserEvent: header {header} is missing"):
        translate("main", message)
