"""Every command as AMI actions, and what is refused because it would say something else."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.core.offers import ORIGINATE_MARGIN_S, UNREACHABLE_S
from callcenter.domain.commands import (
    AddFallbackMember,
    AskDigit,
    HangUp,
    HoldCaller,
    JoinCall,
    PbxCommand,
    PlayPrompt,
    ProbeMenu,
    ReadPbx,
    RemoveFallbackMember,
    RingAgent,
)
from callcenter.domain.ids import ChannelRef
from callcenter.pbx.ami.commands import (
    Action,
    InvalidCommand,
    actions_for,
    heartbeat_action,
    is_done_already,
    watchdog_action,
)
from callcenter.pbx.ami.wire import encode_action, pairs_of
from callcenter.settings import QueueSettings

CALLER = ChannelRef("main", "cc-1795300929.1")
LEG = ChannelRef("main", "leg-j-10-0")
NAMES = {CALLER.id: "PJSIP/carrier-00000001", LEG.id: "PJSIP/1001-00000002"}


RING = RingAgent("cmd-j-10-1", LEG, "ana.b", "1001", "call-j-1-0", "+12025550141", 17.5)


@pytest.mark.parametrize(
    ("command", "actions"),
    [
        (
            PlayPrompt("cmd-1", CALLER, "welcome"),
            [
                {
                    "Action": "AGI",
                    "Channel": CALLER.id,
                    "Command": "EXEC Playback cc/welcome",
                    "CommandID": "cmd-1.run",
                },
                {
                    "Action": "AGI",
                    "Channel": CALLER.id,
                    "Command": "GET VARIABLE PLAYBACKSTATUS",
                    "CommandID": "cmd-1",
                },
            ],
        ),
        (
            AskDigit("cmd-1", CALLER, "en/menu_1-a", 5.0),
            [
                {
                    "Action": "AGI",
                    "Channel": CALLER.id,
                    "Command": "EXEC Read CC_DIGIT,cc/en/menu_1-a,1,,1,5.000",
                    "CommandID": "cmd-1.run",
                },
                {
                    "Action": "AGI",
                    "Channel": CALLER.id,
                    "Command": "GET FULL VARIABLE ${READSTATUS}/${CC_DIGIT}",
                    "CommandID": "cmd-1",
                },
            ],
        ),
        (
            ProbeMenu("cmd-1", CALLER),
            [
                {
                    "Action": "AGI",
                    "Channel": CALLER.id,
                    "Command": "NOOP",
                    "CommandID": "cmd-1",
                }
            ],
        ),
        (
            HoldCaller("cmd-1", CALLER),
            [
                {
                    "Action": "Redirect",
                    "Channel": CALLER.id,
                    "Context": "cc-hold",
                    "Exten": "wait",
                    "Priority": "1",
                }
            ],
        ),
        (
            JoinCall("cmd-1", CALLER, LEG),
            [
                {
                    "Action": "Bridge",
                    "Channel1": "PJSIP/carrier-00000001",
                    "Channel2": "PJSIP/1001-00000002",
                }
            ],
        ),
        (
            HangUp("cmd-1", LEG),
            [{"Action": "Hangup", "Channel": LEG.id, "Cause": "16"}],
        ),
        (
            AddFallbackMember("cmd-1", "main", "1001", "ana"),
            [
                {
                    "Action": "QueueAdd",
                    "Queue": "cc-fallback",
                    "Interface": "PJSIP/1001",
                    "MemberName": "ana",
                }
            ],
        ),
        (
            RemoveFallbackMember("cmd-1", "main", "1001"),
            [{"Action": "QueueRemove", "Queue": "cc-fallback", "Interface": "PJSIP/1001"}],
        ),
        (ReadPbx("cmd-1", "main"), []),
    ],
)
def test_what_a_command_is_on_the_wire(command: PbxCommand, actions: list[dict[str, str]]) -> None:
    written = actions_for(command, NAMES)

    assert written == actions
    assert all(next(iter(action)) == "Action" for action in written)


def test_ringing_an_agent_dials_the_phone_into_the_park_loop() -> None:
    assert actions_for(RING, {}) == [
        {
            "Action": "Originate",
            "Channel": "PJSIP/1001",
            "ChannelId": "leg-j-10-0",
            "Context": "cc-agents",
            "Exten": "park",
            "Priority": "1",
            "Async": "true",
            "Timeout": "17500",
            "CallerID": '"+12025550141" <+12025550141>',
            "Variable": ["CC_ROLE=agent", "CC_AGENT=ana.b", "CC_CALL=call-j-1-0"],
        }
    ]


@pytest.mark.parametrize("number", ["", "x\r\nAction: Logoff", 'a" <b>', "+1 202", "1" * 40])
def test_a_callers_number_that_is_none_is_shown_as_anonymous(number: str) -> None:
    [action] = actions_for(RingAgent("cmd-1", LEG, "ana", "1001", "call-1", number, 15.0), NAMES)

    assert action["CallerID"] == '"anonymous" <anonymous>'


def test_heartbeat_and_watchdog() -> None:
    assert heartbeat_action(1795300127) == {
        "Action": "Setvar",
        "Variable": "CC_HEARTBEAT",
        "Value": "1795300127",
    }
    assert watchdog_action(CALLER, 10) == {
        "Action": "Setvar",
        "Channel": CALLER.id,
        "Variable": "TIMEOUT(absolute)",
        "Value": "10",
    }


def test_what_is_done_already_is_no_refusal() -> None:
    add = AddFallbackMember("cmd-1", "main", "1001", "ana")
    remove = RemoveFallbackMember("cmd-1", "main", "1001")

    assert is_done_already(add, "Unable to add interface: Already there")
    assert not is_done_already(add, "Unable to add interface to queue: No such queue")
    assert is_done_already(remove, "Unable to remove interface: Not there")
    assert not is_done_already(remove, "Member not dynamic")
    assert not is_done_already(HangUp("cmd-1", LEG), "No such channel: Not there")


EVIL = ["a\r\nAction: Logoff", "a,b", "a&b", "a|b", "${SHELL(id)}", "", "a b", 'a"b', "a\0", "ä"]


@pytest.mark.parametrize("evil", [*EVIL, "../etc/passwd", "/etc/passwd", "a//b", "a/", "a" * 65])
def test_a_prompt_that_is_more_than_a_name_is_refused(evil: str) -> None:
    for command in (PlayPrompt("cmd-1", CALLER, evil), AskDigit("cmd-1", CALLER, evil, 5.0)):
        with pytest.raises(InvalidCommand, match="a prompt's name is made of"):
            actions_for(command, NAMES)


@pytest.mark.parametrize("evil", [*EVIL, "1001@carrier", "1001/x", "+1001", "١٠٠١", "1" * 33])
def test_a_phone_that_is_more_than_digits_is_refused(evil: str) -> None:
    commands: list[PbxCommand] = [
        RingAgent("cmd-1", LEG, "ana", evil, "call-1", "", 15.0),
        AddFallbackMember("cmd-1", "main", evil, "ana"),
        RemoveFallbackMember("cmd-1", "main", evil),
    ]
    for command in commands:
        with pytest.raises(InvalidCommand, match="a phone is named by digits alone"):
            actions_for(command, NAMES)


@pytest.mark.parametrize("evil", EVIL)
def test_ids_that_would_say_something_else_are_refused(evil: str) -> None:
    strange = ChannelRef("main", evil)
    commands: list[PbxCommand] = [
        ProbeMenu(evil, CALLER),
        ProbeMenu("cmd-1", strange),
        HoldCaller("cmd-1", strange),
        HangUp("cmd-1", strange),
        JoinCall("cmd-1", strange, LEG),
        JoinCall("cmd-1", CALLER, strange),
        AddFallbackMember("cmd-1", "main", "1001", evil),
        RingAgent("cmd-1", ChannelRef("main", f"leg-{evil} "), "ana", "1001", "c", "", 15.0),
        RingAgent("cmd-1", LEG, evil, "1001", "call-1", "", 15.0),
        RingAgent("cmd-1", LEG, "ana", "1001", evil, "", 15.0),
    ]
    for command in commands:
        with pytest.raises(InvalidCommand):
            actions_for(command, NAMES)
    with pytest.raises(InvalidCommand):
        watchdog_action(strange, 10)


def test_a_join_needs_whole_names_because_bridge_matches_beginnings() -> None:
    # Story: Bridge with Channel2 "leg-j-2" joined the caller to "leg-j-2-0" (Asterisk 22.10).
    with pytest.raises(InvalidCommand, match="no such channel: main/leg-j-1-0"):
        actions_for(JoinCall("cmd-1", CALLER, ChannelRef("main", "leg-j-1-0")), NAMES)


def test_a_leg_that_would_not_be_known_again_is_refused() -> None:
    with pytest.raises(InvalidCommand, match="begins with 'leg-'"):
        actions_for(RingAgent("cmd-1", CALLER, "ana", "1001", "call-1", "", 15.0), NAMES)


@pytest.mark.parametrize("seconds", [0.0, -1.0, 151.0, math.inf, math.nan])
def test_times_out_of_bounds_are_refused(seconds: float) -> None:
    with pytest.raises(InvalidCommand, match="is not between"):
        actions_for(AskDigit("cmd-1", CALLER, "menu", seconds), NAMES)
    with pytest.raises(InvalidCommand, match="is not between"):
        actions_for(RingAgent("cmd-1", LEG, "ana", "1001", "call-1", "", seconds), NAMES)


def test_the_longest_ring_time_that_the_settings_allow_can_be_dialed() -> None:
    longest = QueueSettings.model_validate({"id": "patient", "ring_timeout_s": 120.0})
    longest_s = UNREACHABLE_S + longest.ring_timeout_s + ORIGINATE_MARGIN_S

    actions_for(RingAgent("cmd-1", LEG, "ana", "1001", "call-1", "", longest_s), NAMES)


@given(st.text(), st.text(), st.text())
def test_whatever_comes_in_no_line_is_added(prompt: str, phone: str, number: str) -> None:
    written: list[Action] = []
    for command in (
        PlayPrompt("cmd-1", CALLER, prompt),
        RingAgent("cmd-1", LEG, "ana", phone, "call-1", number, 15.0),
        RingAgent("cmd-1", LEG, "ana", "1001", "call-1", number, 15.0),
    ):
        try:
            written += actions_for(command, NAMES)
        except InvalidCommand:
            continue
    for action in written:
        pairs = pairs_of(action)
        encoded = encode_action(pairs)
        assert encoded.count(b"\n") == encoded.count(b"\r") == len(pairs) + 1
