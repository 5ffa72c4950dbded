"""Dialing contacts, open lines, and joining people who were dialed: as AMI actions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from callcenter.domain.campaign import CampaignSettings, OnMachine
from callcenter.domain.commands import HangUp, JoinCall, OpenLine, PlaceCall
from callcenter.domain.ids import ChannelRef
from callcenter.pbx.ami.commands import (
    Action,
    InvalidCommand,
    actions_after_refusal,
    actions_for,
    is_done_already,
)
from callcenter.pbx.ami.wire import encode_action, pairs_of

CALLER = ChannelRef("main", "cc-1795300929.1")
PERSON = ChannelRef("main", "att-j-51-0")
LINE = ChannelRef("main", "leg-j-50-0")
NAMES = {
    CALLER.id: "PJSIP/carrier-00000001",
    PERSON.id: "PJSIP/carrier-00000002",
    LINE.id: "PJSIP/1001-00000003",
}
PLACE = PlaceCall(
    "cmd-j-51-1",
    PERSON,
    "carrier",
    "+12025550141",
    "+12025550100",
    40.0,
    amd=True,
    harbour_wait_s=1,
    harbour_prompt="en/safe-harbour",
)
OPEN = OpenLine("cmd-j-50-1", LINE, "ana.b", "1001", 20.0)


def test_a_contact_is_dialed_on_the_trunk_into_the_context_of_people_dialed() -> None:
    assert actions_for(PLACE, {}) == [
        {
            "Action": "Originate",
            "Channel": "PJSIP/+12025550141@carrier",
            "ChannelId": "att-j-51-0",
            "Context": "cc-dialed",
            "Exten": "s",
            "Priority": "1",
            "Async": "true",
            "Timeout": "40000",
            "CallerID": '"+12025550100" <+12025550100>',
            "Variable": [
                "CC_ROLE=dialed",
                "CC_AMD=yes",
                "CC_HARBOUR_S=1",
                "CC_HARBOUR=en/safe-harbour",
            ],
        }
    ]


def test_without_a_caller_id_the_trunks_own_is_shown() -> None:
    [action] = actions_for(replace(PLACE, caller_id=""), {})

    assert "CallerID" not in action


def test_answering_machine_detection_can_be_left_out() -> None:
    [action] = actions_for(replace(PLACE, amd=False, harbour_wait_s=2), {})

    assert action["Variable"][1:3] == ["CC_AMD=no", "CC_HARBOUR_S=2"]


def test_a_machine_goes_to_an_agent_where_the_campaign_wants_it() -> None:
    [action] = actions_for(replace(PLACE, on_machine=OnMachine.TO_AGENT), {})

    assert action["Variable"][4:] == ["CC_MACHINE=agent"]


def test_a_machine_is_left_a_message_where_the_campaign_wants_it() -> None:
    command = replace(PLACE, on_machine=OnMachine.LEAVE_MESSAGE, machine_prompt="en/we-called")

    [action] = actions_for(command, {})

    assert action["Variable"][4:] == ["CC_MACHINE=message", "CC_MESSAGE=en/we-called"]


@pytest.mark.parametrize("evil", ["10", "#", "9,hangup", "a", " ", "٩"])
def test_a_key_to_opt_out_that_no_phone_has_is_refused(evil: str) -> None:
    with pytest.raises(InvalidCommand, match="the key to opt out is none"):
        actions_for(replace(PLACE, opt_out_key=evil), NAMES)


def test_a_line_is_dialed_into_the_park_loop_without_a_call() -> None:
    assert actions_for(OPEN, {}) == [
        {
            "Action": "Originate",
            "Channel": "PJSIP/1001",
            "ChannelId": "leg-j-50-0",
            "Context": "cc-agents",
            "Exten": "park",
            "Priority": "1",
            "Async": "true",
            "Timeout": "20000",
            "CallerID": '"Campaign line" <line>',
            "Variable": ["CC_ROLE=agent", "CC_AGENT=ana.b"],
        }
    ]


def test_what_the_agent_alone_hears_is_set_right_before_the_join_and_taken_back() -> None:
    join = JoinCall("cmd-1", CALLER, LINE, "beep")
    sound = {"Action": "Setvar", "Channel": LINE.id, "Variable": "BRIDGE_PLAY_SOUND"}

    first, then = actions_for(join, NAMES)

    assert first == {**sound, "Value": "cc/beep"}
    assert then["Action"] == "Bridge"
    assert actions_after_refusal(join) == [{**sound, "Value": ""}]
    with pytest.raises(InvalidCommand):
        actions_for(replace(join, agent_prompt="../beep"), NAMES)


def test_a_person_dialed_is_marked_as_joined_right_behind_the_join() -> None:
    assert actions_for(JoinCall("cmd-1", PERSON, LINE), NAMES) == [
        {
            "Action": "Bridge",
            "Channel1": "PJSIP/carrier-00000002",
            "Channel2": "PJSIP/1001-00000003",
        },
        {"Action": "Setvar", "Channel": PERSON.id, "Variable": "CC_JOINED", "Value": "1"},
    ]


def test_the_mark_is_taken_back_from_a_person_whose_join_was_refused() -> None:
    # Story: the line was gone when the join came, and the person went on hold, not to the message.
    assert actions_after_refusal(JoinCall("cmd-1", PERSON, LINE)) == [
        {"Action": "Setvar", "Channel": PERSON.id, "Variable": "CC_JOINED", "Value": "0"}
    ]


@pytest.mark.parametrize("command", [JoinCall("cmd-1", CALLER, LINE), PLACE, HangUp("c", PERSON)])
def test_nothing_else_leaves_anything_behind(command: JoinCall | PlaceCall | HangUp) -> None:
    assert actions_after_refusal(command) == []
    assert not is_done_already(command, "Already there")


def test_a_person_dialed_is_hung_up_by_the_id_we_gave() -> None:
    assert actions_for(HangUp("cmd-1", PERSON), {}) == [
        {"Action": "Hangup", "Channel": PERSON.id, "Cause": "16"}
    ]


EVIL = ["a\r\nAction: Logoff", "1,2", "1&2", "1|2", "${SHELL(id)}", "1 2", '1"2', "1\0", "ä"]


@pytest.mark.parametrize("evil", [*EVIL, "", "12", "+", "1" * 16, "++123", "123@other", "١٢٣"])
def test_what_is_no_number_is_never_dialed_nor_told(evil: str) -> None:
    with pytest.raises(InvalidCommand, match="the number to dial is none") as told:
        actions_for(replace(PLACE, number=evil), NAMES)

    assert evil == "" or evil not in str(told.value)


@pytest.mark.parametrize("evil", [*EVIL, "12", "anonymous"])
def test_a_caller_id_that_is_no_number_is_refused(evil: str) -> None:
    with pytest.raises(InvalidCommand, match="the caller id is no number"):
        actions_for(replace(PLACE, caller_id=evil), NAMES)


@pytest.mark.parametrize("evil", [*EVIL, "", "Carrier", "1st", "a/b", "a@b", "a" * 32])
def test_a_trunk_that_is_more_than_a_name_is_refused(evil: str) -> None:
    with pytest.raises(InvalidCommand, match="a letter first"):
        actions_for(replace(PLACE, trunk=evil), NAMES)


@pytest.mark.parametrize("evil", [*EVIL, "", "../etc/passwd", "/etc", "a" * 65])
def test_a_prompt_that_is_more_than_a_name_is_refused(evil: str) -> None:
    message = replace(PLACE, on_machine=OnMachine.LEAVE_MESSAGE, machine_prompt=evil)
    for command in (replace(PLACE, harbour_prompt=evil), message):
        with pytest.raises(InvalidCommand, match="a prompt's name is made of"):
            actions_for(command, NAMES)


@pytest.mark.parametrize("wait_s", [-1, 11])
def test_nobody_waits_on_a_silent_line_for_longer_than_ten_seconds(wait_s: int) -> None:
    with pytest.raises(InvalidCommand, match="is not between 0 and 10 s"):
        actions_for(replace(PLACE, harbour_wait_s=wait_s), NAMES)


@pytest.mark.parametrize("seconds", [0.0, 151.0, math.inf, math.nan])
def test_ring_times_out_of_bounds_are_refused(seconds: float) -> None:
    for command in (replace(PLACE, timeout_s=seconds), replace(OPEN, timeout_s=seconds)):
        with pytest.raises(InvalidCommand, match="is not between"):
            actions_for(command, NAMES)


def test_channels_that_would_not_be_known_again_are_refused() -> None:
    with pytest.raises(InvalidCommand, match="begins with 'att-'"):
        actions_for(replace(PLACE, channel=LINE), NAMES)
    with pytest.raises(InvalidCommand, match="begins with 'leg-'"):
        actions_for(replace(OPEN, leg=PERSON), NAMES)


@pytest.mark.parametrize("evil", EVIL)
def test_ids_that_would_say_something_else_are_refused(evil: str) -> None:
    for command in (
        replace(PLACE, channel=ChannelRef("main", f"att-{evil}!")),
        replace(OPEN, leg=ChannelRef("main", f"leg-{evil}!")),
        replace(OPEN, agent=f"{evil}!"),
        replace(OPEN, phone=f"{evil}!"),
        JoinCall("cmd-1", ChannelRef("main", f"att-{evil}!"), LINE),
    ):
        with pytest.raises(InvalidCommand):
            actions_for(command, NAMES)


def test_what_a_campaign_has_unless_told_otherwise_can_be_dialed() -> None:
    usual = CampaignSettings("renewals", "Renewals", "main", "carrier")

    actions_for(
        replace(
            PLACE,
            trunk=usual.trunk,
            caller_id=usual.caller_id,
            timeout_s=usual.ring_s,
            harbour_wait_s=usual.harbour_wait_s,
            harbour_prompt=usual.harbour_prompt,
        ),
        {},
    )


@given(st.text(), st.text(), st.text(), st.text())
def test_whatever_comes_in_no_line_is_added(
    number: str, trunk: str, caller_id: str, prompt: str
) -> None:
    written: list[Action] = []
    for command in (
        replace(PLACE, number=number, trunk=trunk, caller_id=caller_id, harbour_prompt=prompt),
        replace(PLACE, harbour_prompt=prompt),
        replace(OPEN, agent=trunk, phone=number),
    ):
        try:
            written += actions_for(command, NAMES)
        except InvalidCommand:
            continue
    for action in written:
        pairs = pairs_of(action)
        encoded = encode_action(pairs)
        assert encoded.count(b"\n") == encoded.count(b"\r") == len(pairs) + 1
