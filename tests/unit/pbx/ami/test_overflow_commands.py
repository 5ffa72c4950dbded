"""What is said to callers who wait, voicemails, and numbers outside: as AMI actions, and what the
PBX tells of them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from callcenter.domain.call import Place
from callcenter.domain.commands import DialOutside, RecordVoicemail, SayToCaller
from callcenter.domain.events import AnnouncementBegan, AnnouncementFailed, VoicemailBegan
from callcenter.domain.ids import ChannelRef
from callcenter.pbx.ami.commands import (
    PROMPTS_MAX,
    VOICEMAIL_S_MAX,
    Action,
    InvalidCommand,
    actions_for,
)
from callcenter.pbx.ami.state_reading import channel_read
from callcenter.pbx.ami.translate import translate
from callcenter.pbx.ami.wire import AmiMessage

CALLER = ChannelRef("main", "cc-1795300929.1")
LEG = ChannelRef("main", "leg-j-50-0z")
SAY = SayToCaller("x1", CALLER, ("position/2", "expected/soon"))
RECORD = RecordVoicemail("x1", CALLER, ("leave-a-message", "beep"), "cJ-1-7-1z", 120.4)
OUTSIDE = DialOutside("x1", LEG, "cJ-1-7-1z", "carrier", "+12025550141", "", 60.0)


def variable(name: str, value: str) -> Action:
    return {"Action": "Setvar", "Channel": CALLER.id, "Variable": name, "Value": value}


def redirect(context: str) -> Action:
    where = {"Context": context, "Exten": "s", "Priority": "1"}
    return {"Action": "Redirect", "Channel": CALLER.id, **where}


@pytest.mark.parametrize(("ends_call", "then"), [(False, "hold"), (True, "hangup")])
def test_the_dialplan_is_told_what_to_say_before_the_caller_is_led_there(
    ends_call: bool, then: str
) -> None:
    assert actions_for(replace(SAY, ends_call=ends_call), {}) == [
        variable("CC_SAY", "cc/position/2&cc/expected/soon"),
        variable("CC_SAY_THEN", then),
        redirect("cc-say"),
    ]


def test_the_dialplan_is_told_where_to_record_and_how_long() -> None:
    assert actions_for(RECORD, {}) == [
        variable("CC_SAY", "cc/leave-a-message&cc/beep"),
        variable("CC_FILE", "cJ-1-7-1z"),
        variable("CC_MAX_S", "120"),
        redirect("cc-voicemail"),
    ]


def test_a_number_outside_is_dialed_on_the_trunk_into_the_park_loop() -> None:
    (action,) = actions_for(OUTSIDE, {})

    assert action == {
        "Action": "Originate",
        "Channel": "PJSIP/+12025550141@carrier",
        "ChannelId": LEG.id,
        "Context": "cc-agents",
        "Exten": "park",
        "Priority": "1",
        "Async": "true",
        "Timeout": "60000",
        "Variable": ["CC_ROLE=outside", "CC_CALL=cJ-1-7-1z"],
    }
    (shown,) = actions_for(replace(OUTSIDE, caller_id="+12025550100"), {})
    assert shown["CallerID"] == '"+12025550100" <+12025550100>'


@pytest.mark.parametrize(
    "command",
    [
        replace(SAY, prompts=()),
        replace(SAY, prompts=("a",) * (PROMPTS_MAX + 1)),
        replace(SAY, prompts=("a&/etc/passwd",)),
        replace(SAY, prompts=("../secret",)),
        replace(SAY, channel=ChannelRef("main", "a b")),
        replace(RECORD, file="../../etc/passwd"),
        replace(RECORD, file="a,1,1,x"),
        replace(RECORD, max_s=0.0),
        replace(RECORD, max_s=VOICEMAIL_S_MAX + 1),
        replace(OUTSIDE, leg=CALLER),
        replace(OUTSIDE, outside="1@evil"),
        replace(OUTSIDE, trunk="a/b"),
        replace(OUTSIDE, caller_id="me"),
        replace(OUTSIDE, timeout_s=0.0),
    ],
)
def test_what_would_say_something_else_to_the_pbx_is_refused(
    command: SayToCaller | RecordVoicemail | DialOutside,
) -> None:
    with pytest.raises(InvalidCommand):
        actions_for(command, {})


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("CCSaying", AnnouncementBegan(CALLER)),
        ("CCUnsaid", AnnouncementFailed(CALLER)),
        ("CCRecording", VoicemailBegan(CALLER)),
    ],
)
def test_what_the_dialplan_tells_is_understood(name: str, event: object) -> None:
    said = {"Event": "UserEvent", "UserEvent": name, "Call": CALLER.id}

    assert translate("main", said) == event


@pytest.mark.parametrize(
    ("context", "application", "place"),
    [
        ("cc-say", "Playback", Place.ANNOUNCEMENT),
        ("cc-say", "GotoIf", Place.ANNOUNCEMENT),
        ("cc-voicemail", "Playback", Place.ANNOUNCEMENT),
        ("cc-voicemail", "Record", Place.VOICEMAIL),
    ],
)
def test_a_reading_tells_what_the_caller_hears_or_says(
    context: str, application: str, place: Place
) -> None:
    row: AmiMessage = {
        "Event": "Status",
        "Channel": "PJSIP/carrier-00000001",
        "Uniqueid": CALLER.id,
        "ChannelStateDesc": "Up",
        "Context": context,
        "BridgeID": "",
        "Application": application,
        "Variable": ["CC_ROLE=caller"],
    }

    found = channel_read("main", row, {})

    assert found is not None
    assert found.place is place
