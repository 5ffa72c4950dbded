"""What every message that we use means. Fixtures are recordings of a real Asterisk."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.domain.events import (
    CallArrived,
    CallerHeld,
    CallerLeftHold,
    CallFellBack,
    ChannelHungUp,
    ChannelJoined,
    ChannelLeft,
    FallbackAnswered,
    IvrCommandEnded,
    IvrLeft,
    LegAnswered,
    LegCreated,
    LegParked,
    LegRinging,
    OriginateFailed,
    PbxEvent,
)
from callcenter.domain.ids import ChannelRef
from callcenter.pbx.ami.translate import (
    WANTED,
    Malformed,
    translate,
)
from callcenter.pbx.ami.wire import AmiMessage, AmiParser

RECORDINGS = Path(__file__).parents[3] / "fixtures" / "ami"

CALLER = ChannelRef("main", "cc-1795300929.1")
LEG = ChannelRef("main", "leg-j-10-0")


def recorded(name: str) -> list[AmiMessage]:
    """The messages of a recording, read by our own parser."""
    lines = (RECORDINGS / f"{name}.txt").read_text().splitlines()
    text = "\r\n".join(line for line in lines if not line.startswith("#"))
    return AmiParser(greeting=False).feed(f"{text.lstrip()}\r\n\r\n".encode())


def events_of(name: str) -> list[PbxEvent]:
    """What a recording means, in order."""
    translated = [translate("main", message) for message in recorded(name)]
    return [event for event in translated if event is not None]


def channel(uniqueid: str) -> ChannelRef:
    return ChannelRef("main", uniqueid)


def bridge_message(event: str, **headers: str) -> AmiMessage:
    """A message about a bridge, as far as it is looked at."""
    return {
        "Event": event,
        "BridgeUniqueid": "b1",
        "BridgeTechnology": "holding_bridge",
        "BridgeName": "cc-callers",
        "Channel": "PJSIP/carrier-00000001",
        "Uniqueid": CALLER.id,
        **headers,
    }


def agi_result(result: str, command: str = "cmd-j-1-0") -> AmiMessage:
    """The end of a menu command; ``result`` as the wire carries it (URL-encoded)."""
    return {
        "Event": "AsyncAGIExec",
        "Uniqueid": CALLER.id,
        "Result": result,
        "CommandId": command,
    }


# --- recordings --------------------------------------------------------------------------------


def test_a_call_through_a_menu_with_every_outcome_of_a_command() -> None:
    caller = channel("cc-1795300915.0")

    assert events_of("menu") == [
        CallArrived(caller, "+12025550141", "6000"),
        IvrCommandEnded(caller, "cmd-j-1-0", 0),
        IvrCommandEnded(caller, "cmd-j-2-0", 0, "1"),
        IvrCommandEnded(caller, "cmd-j-3-0", 0, timed_out=True),
        IvrCommandEnded(caller, "cmd-j-4-0", -1),  # asked with a prompt that is not there
        IvrCommandEnded(caller, "cmd-j-5-0", -1),  # played a prompt that is not there
        IvrCommandEnded(caller, "cmd-j-6-0", 0),
        IvrCommandEnded(caller, "cmd-j-7-0", -1),  # no AGI command
        IvrCommandEnded(caller, "cmd-j-8-0", -2),  # no application
        IvrLeft(caller),
        CallerHeld(caller),
    ]


def test_ringing_joining_and_parting() -> None:
    events = events_of("ring_join_hangup")
    caller = next(event.channel for event in events if isinstance(event, CallerLeftHold))
    bridge = next(event.bridge for event in events if isinstance(event, ChannelJoined))

    assert events == [
        LegCreated(LEG),
        LegRinging(LEG),
        LegAnswered(LEG),
        LegParked(LEG),
        CallerLeftHold(caller),
        ChannelJoined(caller, bridge),
        ChannelJoined(LEG, bridge),
        ChannelLeft(LEG, bridge),
        ChannelLeft(caller, bridge),
        CallerHeld(caller),
        ChannelHungUp(LEG, 16),
        CallerLeftHold(caller),
        ChannelHungUp(caller, 16),
    ]


def test_a_phone_that_does_not_answer_for_each_reason() -> None:
    unknown, rejected, rang_out, hung_up, unreachable = (
        channel(f"leg-j-{n}-0") for n in (20, 21, 22, 23, 24)
    )

    assert events_of("ring_failures") == [
        OriginateFailed(unknown),  # no channel was made: no Hangup follows
        LegCreated(rejected),
        LegRinging(rejected),
        OriginateFailed(rejected),
        ChannelHungUp(rejected, 17),
        LegCreated(rang_out),
        LegRinging(rang_out),
        OriginateFailed(rang_out, rang_out=True),
        ChannelHungUp(rang_out, 19),
        LegCreated(hung_up),
        LegRinging(hung_up),
        OriginateFailed(hung_up),
        ChannelHungUp(hung_up, 16),
        LegCreated(unreachable),
        OriginateFailed(unreachable, rang_out=True),
        ChannelHungUp(unreachable, 19),
    ]


def test_the_native_queue_connects_a_caller_whose_watchdog_fired() -> None:
    events = events_of("native_queue")
    caller = events[0].channel if isinstance(events[0], CallArrived) else None
    assert caller is not None
    answered = next(event for event in events if isinstance(event, FallbackAnswered))
    bridge = next(event.bridge for event in events if isinstance(event, ChannelJoined))

    assert events == [
        CallArrived(caller, "+12025550141", "6000"),
        IvrLeft(caller),
        CallFellBack(caller),
        FallbackAnswered(caller, "1003", answered.leg),
        ChannelJoined(answered.leg, bridge),
        ChannelJoined(caller, bridge),
        ChannelLeft(caller, bridge),
        ChannelLeft(answered.leg, bridge),
        ChannelHungUp(caller, 16),
        ChannelHungUp(answered.leg, 16),
    ]
    assert answered.leg != caller


def test_a_join_out_of_a_menu_is_told_by_the_bridge_alone() -> None:
    events = events_of("join_from_menu")

    assert not any(isinstance(event, IvrLeft | IvrCommandEnded) for event in events)
    assert sum(int(isinstance(event, ChannelJoined)) for event in events) == 2


def test_every_recorded_event_is_wanted() -> None:
    names = {
        message["Event"]
        for path in RECORDINGS.glob("*.txt")
        if not path.name.startswith("state_")
        for message in recorded(path.stem)
    }

    assert {"AgentConnect", "AsyncAGIStart", "UserEvent"} <= names <= set(WANTED)


# --- what means nothing to us ------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        {"Response": "Success"},
        {"Event": ["Hangup", "Hangup"]},
        {"Event": "PeerStatus"},
        {"Event": "Rename"},
        {"Event": "AsyncAGIStart", "Context": "survey"},
        {"Event": "AsyncAGIExec", "Result": "200%20result%3D0"},
        agi_result("200%20result%3D0", "cmd-j-1-0.run"),
        bridge_message("BridgeEnter", BridgeName="lobby"),
        bridge_message("BridgeLeave", BridgeName="lobby"),
        bridge_message("BridgeLeave", BridgeName="cc-agents"),
        {"Event": "UserEvent", "UserEvent": "Survey"},
        {"Event": "AgentConnect", "Queue": "sales"},
        {"Event": "Newchannel", "Uniqueid": CALLER.id},
        {"Event": "Newstate", "Uniqueid": CALLER.id, "ChannelStateDesc": "Up"},
        {"Event": "Newstate", "Uniqueid": LEG.id, "ChannelStateDesc": "Down"},
        {"Event": "OriginateResponse", "Uniqueid": "<null>", "Response": "Failure"},
        {"Event": "OriginateResponse", "Uniqueid": LEG.id, "Response": "Success"},
        {"Event": "Hangup", "Channel": "Local/s@remote-00000001;1", "Uniqueid": "x", "Cause": "0"},
        {"Event": "Hangup", "Channel": "Surrogate/PJSIP/1001-00000001", "Uniqueid": "x"},
    ],
)
def test_what_is_not_ours_means_nothing(message: AmiMessage) -> None:
    assert translate("main", message) is None


@pytest.mark.parametrize("shown", ["unknown", "anonymous", "Anonymous", ""])
def test_a_withheld_number_is_empty(shown: str) -> None:
    env = f"agi_request%3A%20async%0Aagi_callerid%3A%20{shown}%0Aagi_extension%3A%206000%0A%0A"

    event = translate(
        "main",
        {"Event": "AsyncAGIStart", "Context": "cc-inbound", "Uniqueid": CALLER.id, "Env": env},
    )

    assert event == CallArrived(CALLER, "", "6000")


def test_the_command_id_is_read_in_both_spellings() -> None:
    message = agi_result("200%20result%3D0%0A")
    message["CommandID"] = message.pop("CommandId")

    assert translate("main", message) == IvrCommandEnded(CALLER, "cmd-j-1-0", 0)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ("200%20result%3D-1%0A", IvrCommandEnded(CALLER, "cmd-j-1-0", -1)),
        ("200%20result%3D1%20(HANGUP%2F)%0A", IvrCommandEnded(CALLER, "cmd-j-1-0", -1)),
        # The key "#" ends Read, which then holds nothing.
        ("200%20result%3D1%20(OK%2F)%0A", IvrCommandEnded(CALLER, "cmd-j-1-0", 0, "#")),
        ("200%20result%3D1%20(OK%2F*)%0A", IvrCommandEnded(CALLER, "cmd-j-1-0", 0, "*")),
        ("511%20Command%20Not%20Permitted%0A", IvrCommandEnded(CALLER, "cmd-j-1-0", -1)),
        ("520-Invalid%20syntax%0A520%20End%0A", IvrCommandEnded(CALLER, "cmd-j-1-0", -1)),
    ],
)
def test_results_of_menu_commands(result: str, expected: PbxEvent) -> None:
    assert translate("main", agi_result(result)) == expected


# --- malformed messages ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "what"),
    [
        ({"Event": "AsyncAGIStart"}, "AsyncAGIStart: header Context is missing"),
        (
            {"Event": "AsyncAGIStart", "Context": "cc-inbound", "Env": "agi_callerid%3A%201"},
            "AsyncAGIStart: agi_extension is missing in Env",
        ),
        (agi_result("nonsense"), "AsyncAGIExec: header Result holds no AGI result"),
        (agi_result("200%20result%3D"), "AsyncAGIExec: header Result holds no number"),
        (agi_result("200%20result%3D-"), "AsyncAGIExec: header Result holds no number"),
        ({"Event": "AsyncAGIEnd"}, "AsyncAGIEnd: header Uniqueid is missing"),
        ({"Event": "AsyncAGIEnd", "Uniqueid": ""}, "AsyncAGIEnd: header Uniqueid is empty"),
        ({"Event": "AsyncAGIEnd", "Uniqueid": []}, "AsyncAGIEnd: header Uniqueid is missing"),
        ({"Event": "BridgeEnter", "Uniqueid": "a"}, "header BridgeTechnology is missing"),
        (
            {"Event": "BridgeEnter", "Uniqueid": "a", "BridgeTechnology": "simple_bridge"},
            "BridgeEnter: header BridgeUniqueid is missing",
        ),
        ({"Event": "UserEvent", "UserEvent": "CCFallback"}, "UserEvent: header Call is missing"),
        (
            {"Event": "AgentConnect", "Queue": "cc-fallback", "Interface": "1003"},
            "AgentConnect: header Interface names no phone",
        ),
        (
            {"Event": "Hangup", "Channel": "PJSIP/a-1", "Uniqueid": "a", "Cause": "sixteen"},
            "Hangup: header Cause holds no number",
        ),
        (
            {"Event": "Hangup", "Channel": "PJSIP/a-1", "Uniqueid": "a", "Cause": "9" * 10},
            "Hangup: header Cause holds no number",
        ),
        (
            {"Event": "OriginateResponse", "Uniqueid": "leg-1", "Response": "Failure"},
            "OriginateResponse: header Reason is missing",
        ),
    ],
)
def test_a_malformed_message_says_what_is_wrong(message: AmiMessage, what: str) -> None:
    with pytest.raises(Malformed, match=r".") as told:
        translate("main", message)

    assert what in str(told.value)
    assert told.value.name == message["Event"]


def test_a_repeated_header_counts_once() -> None:
    message: AmiMessage = {"Event": "AsyncAGIEnd", "Uniqueid": [CALLER.id, "other"]}

    assert translate("main", message) == IvrLeft(CALLER)


HEADERS = [
    *("Uniqueid", "DestUniqueid", "Call", "Channel", "Cause", "Reason", "Response", "Interface"),
    *("Status", "Result", "CommandId", "Env", "Context", "UserEvent", "Queue", "ChannelStateDesc"),
    *("BridgeTechnology", "BridgeName", "BridgeUniqueid"),
]
VALUES = st.one_of(
    st.text(),
    st.lists(st.text()),
    st.sampled_from(["leg-1", "att-1", "cc-fallback", "CCScreened", "CCHarbour", "1"]),
)


@given(st.dictionaries(st.sampled_from(HEADERS), VALUES), st.sampled_from(WANTED))
def test_any_message_is_translated_or_malformed(message: AmiMessage, name: str) -> None:
    with contextlib.suppress(Malformed):
        translate("main", {**message, "Event": name})
