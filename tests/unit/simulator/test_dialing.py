"""Ringing agents' phones by Originate: every row of FACTS' table, and the races it speaks of."""

from __future__ import annotations

import pytest

from callcenter.simulator.channel import Invited, Withdrawn
from callcenter.simulator.messages import get
from tests.unit.simulator.rig import CALLER, Rig, keys, pick


def outcome(rig: Rig) -> dict[str, str]:
    """The figures of FACTS' table."""
    names = rig.names()
    return {
        "DialEnd": get(rig.find("DialEnd"), "DialStatus") if "DialEnd" in names else "",
        "Response": get(rig.find("OriginateResponse"), "Response"),
        "Reason": get(rig.find("OriginateResponse"), "Reason"),
        "Cause": get(rig.find("Hangup"), "Cause") if "Hangup" in names else "",
    }


def test_originate_dials_and_tells_of_the_ringing() -> None:
    rig = Rig()
    rig.beat()
    mark = rig.mark()

    response = rig.originate("1001", "leg-1")
    rig.run(0.01)
    rig.pbx.phone_rings("leg-1", rig.now)
    rig.pbx.phone_rings("leg-1", rig.now)  # a second 180 changes nothing
    rig.run(0.01)

    assert get(response, "Message") == "Originate successfully queued"
    assert rig.names(mark) == ["Newchannel", "DialBegin", "Newstate", "DialState"]
    began, dialed, ringing, state = rig.events(mark)
    assert pick(began, "Uniqueid", "ChannelStateDesc", "Context", "Exten", "CallerIDNum") == {
        "Uniqueid": "leg-1",
        "ChannelStateDesc": "Down",
        "Context": "cc-internal",
        "Exten": "s",
        "CallerIDNum": "1001",
    }
    assert "Channel" not in keys(dialed)
    assert pick(dialed, "DestUniqueid", "DestCallerIDNum", "DialString") == {
        "DestUniqueid": "leg-1",
        "DestCallerIDNum": CALLER,
        "DialString": "1001",
    }
    assert get(ringing, "ChannelStateDesc") == "Ringing"
    assert get(state, "DialStatus") == "RINGING"
    assert Invited("leg-1", "1001", CALLER) in rig.signals


def test_a_ringing_leg_shows_itself_as_an_outgoing_line() -> None:
    rig = Rig()
    rig.ring()

    row = rig.list_rows("Status")[0]

    assert pick(row, "Application", "Data", "ChannelStateDesc", "DNID") == {
        "Application": "AppDial2",
        "Data": "(Outgoing Line)",
        "ChannelStateDesc": "Ringing",
        "DNID": "",
    }


def test_an_answered_leg_runs_into_the_park_loop() -> None:
    rig = Rig()
    rig.beat()
    rig.ring()
    mark = rig.mark()

    assert rig.pbx.phone_answers("leg-1", rig.now)
    rig.run(0.01)

    assert sorted(rig.names(mark)) == [
        "BridgeCreate",
        "BridgeEnter",
        "DialEnd",
        "Newstate",
        "OriginateResponse",
    ]
    assert outcome(rig) == {"DialEnd": "ANSWER", "Response": "Success", "Reason": "4", "Cause": ""}
    answered = rig.find("OriginateResponse")
    assert keys(answered)[4:] == [
        "ActionID",
        "Response",
        "Channel",
        "Context",
        "Exten",
        "Reason",
        "Uniqueid",
        "CallerIDNum",
        "CallerIDName",
    ]
    assert get(answered, "Channel").startswith("PJSIP/1001-")


def test_originateresponse_comes_anywhere_among_the_events_of_the_answer() -> None:
    places = set()
    for seed in range(20):
        rig = Rig(seed)
        rig.beat()
        rig.ring()
        mark = rig.mark()
        rig.pbx.phone_answers("leg-1", rig.now)
        rig.run(0.01)
        places.add(rig.names(mark).index("OriginateResponse"))

    assert places == {1, 2, 4}


@pytest.mark.parametrize(
    ("sip_status", "dial_status", "cause", "words"),
    [
        (486, "BUSY", "17", "User busy"),
        (603, "NOANSWER", "21", "Call Rejected"),
        (404, "NOANSWER", "1", "Unallocated (unassigned) number"),
        (503, "CONGESTION", "34", "Circuit/channel congestion"),
        (480, "NOANSWER", "21", "Call Rejected"),
    ],
)
def test_a_refusal_has_its_dialstatus_and_cause(
    sip_status: int, dial_status: str, cause: str, words: str
) -> None:
    rig = Rig()
    rig.ring()
    mark = rig.mark()

    assert rig.pbx.phone_refuses("leg-1", sip_status, rig.now)
    rig.run(0.01)

    assert outcome(rig) == {
        "DialEnd": dial_status,
        "Response": "Failure",
        "Reason": "0",
        "Cause": cause,
    }
    assert rig.names(mark)[:2] == ["HangupRequest", "DialEnd"]
    assert get(rig.find("HangupRequest"), "Cause") == cause
    assert get(rig.find("Hangup"), "Cause-txt") == words
    for name in ("HangupRequest", "Hangup"):
        assert rig.find(name)[-1] == ("TechCause", str(sip_status))
    assert get(rig.find("OriginateResponse"), "Channel") == "PJSIP/1001"


def test_hangup_and_originateresponse_come_in_either_order() -> None:
    orders = set()
    for seed in range(12):
        rig = Rig(seed)
        rig.ring()
        rig.pbx.phone_refuses("leg-1", 486, rig.now)
        rig.run(0.01)
        orders.add(tuple(rig.names()[-2:]))

    assert orders == {("Hangup", "OriginateResponse"), ("OriginateResponse", "Hangup")}


@pytest.mark.parametrize("rings", [True, False], ids=["rings_out", "nothing_on_the_address"])
def test_a_leg_that_nobody_answers_ends_without_dialend(rings: bool) -> None:
    rig = Rig()
    rig.originate("1001", "leg-1", 500)
    rig.run(0.01)
    if rings:
        rig.pbx.phone_rings("leg-1", rig.now)

    rig.run(1)

    assert outcome(rig) == {"DialEnd": "", "Response": "Failure", "Reason": "3", "Cause": "19"}
    assert "HangupRequest" not in rig.names()
    assert rig.find("Hangup")[-1] == ("TechCause", "480")
    assert Withdrawn("leg-1") in rig.signals


def test_an_ordinary_end_has_no_sip_status() -> None:
    rig = Rig()
    rig.ring()
    rig.act("Hangup", Channel="leg-1", Cause="16")
    rig.park("1002", "leg-2")
    rig.bye("leg-2")

    for event in rig.events():
        assert "TechCause" not in keys(event)


def test_a_leg_has_a_choice_of_codecs_until_it_is_answered() -> None:
    rig = Rig()
    rig.beat()
    leg = rig.ring()

    def formats() -> dict[str, str]:
        row = rig.list_rows("Status", Channel=leg)[0]
        return pick(row, "Nativeformats", "Writeformat", "Writetrans")

    ringing = formats()
    rig.pbx.phone_answers(leg, rig.now)
    rig.run(0.01)

    assert ringing == {"Nativeformats": "(ulaw|alaw)", "Writeformat": "ulaw", "Writetrans": ""}
    # Parked in silence, which Asterisk makes as slin.
    assert formats() == {
        "Nativeformats": "(ulaw)",
        "Writeformat": "slin",
        "Writetrans": "(slin@8000)->(ulaw@8000)",
    }


def test_the_ring_time_counts_from_dialing() -> None:
    rig = Rig()
    rig.originate("1001", "leg-1", 1000)
    rig.run(0.9)
    rig.pbx.phone_rings("leg-1", rig.now)

    rig.run(0.2)

    assert get(rig.find("OriginateResponse"), "Reason") == "3"


def test_hanging_up_a_ringing_leg_stops_the_ringing() -> None:
    rig = Rig()
    rig.ring()
    mark = rig.mark()

    response = rig.act("Hangup", Channel="leg-1")

    assert get(response, "Message") == "Channel Hungup"
    assert rig.names(mark)[0] == "DialEnd"
    # Measured on 22.10.1: the cause is 0, not the 16 of older notes.
    assert outcome(rig) == {
        "DialEnd": "NOANSWER",
        "Response": "Failure",
        "Reason": "0",
        "Cause": "0",
    }
    assert rig.names().count("Hangup") == 1
    assert Withdrawn("leg-1") in rig.signals


def test_an_answer_after_the_end_is_too_late() -> None:
    rig = Rig()
    rig.ring()
    rig.act("Hangup", Channel="leg-1")

    assert not rig.pbx.phone_answers("leg-1", rig.now)
    assert not rig.pbx.phone_refuses("leg-1", 486, rig.now)
    rig.pbx.phone_rings("leg-1", rig.now)
    rig.run(1)

    assert rig.names()[-1] in ("Hangup", "OriginateResponse")


@pytest.mark.parametrize("phone", ["7777", "1002"], ids=["unknown", "not_registered"])
def test_an_endpoint_that_cannot_be_dialed_fails_without_a_channel(phone: str) -> None:
    rig = Rig()
    rig.pbx.set_registered("1002", False, rig.now)

    response = rig.originate(phone, "leg-1")
    rig.run(0.01)

    assert get(response, "Response") == "Success"
    assert rig.names()[-1] == "OriginateResponse"
    assert outcome(rig) == {"DialEnd": "", "Response": "Failure", "Reason": "0", "Cause": ""}
    assert get(rig.find("OriginateResponse"), "Uniqueid") == "leg-1"


def test_a_channel_id_in_use_is_refused_and_can_be_used_again_afterwards() -> None:
    rig = Rig()
    rig.park()
    mark = rig.mark()

    rig.originate("1002", "leg-1")
    rig.run(0.01)
    refused = rig.names(mark)
    rig.bye("leg-1")
    mark = rig.mark()
    rig.originate("1002", "leg-1")
    rig.run(0.01)

    assert refused == ["OriginateResponse"]
    assert rig.names(mark) == ["Newchannel", "DialBegin"]


def test_an_unknown_extension_is_refused_at_once() -> None:
    rig = Rig()
    mark = rig.mark()

    response = rig.act(
        "Originate",
        Channel="PJSIP/1001",
        Context="cc-agents",
        Exten="nope",
        Priority="1",
        Async="true",
    )
    rig.run(1)

    assert pick(response, "Response", "Message") == {
        "Response": "Error",
        "Message": "Extension does not exist.",
    }
    assert rig.names(mark) == []


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "Channel not specified"),
        ({"Channel": "1001"}, "Invalid channel"),
        (
            {
                "Channel": "PJSIP/1001",
                "Context": "cc-agents",
                "Exten": "park",
                "Priority": "1",
                "Timeout": "soon",
            },
            "Invalid timeout",
        ),
    ],
)
def test_a_half_originate_is_refused(headers: dict[str, str], message: str) -> None:
    rig = Rig()

    assert get(rig.act("Originate", **headers), "Message") == message


def test_without_a_channel_id_the_pbx_makes_one_and_the_caller_id_may_have_a_name() -> None:
    rig = Rig()

    rig.act(
        "Originate",
        Channel="PJSIP/1001",
        Context="cc-agents",
        Exten="park",
        Priority="1",
        CallerID='"Ann" <5551>',
        Variable="_CC_CALL=7",
    )
    rig.run(0.01)

    began = rig.find("DialBegin")
    assert pick(began, "DestCallerIDNum", "DestCallerIDName") == {
        "DestCallerIDNum": "5551",
        "DestCallerIDName": "Ann",
    }
    uniqueid = get(began, "DestUniqueid")
    assert uniqueid.startswith("cc-")
    assert get(rig.act("Getvar", Channel=uniqueid, Variable="CC_CALL"), "Value") == "7"


def test_an_originate_outlives_the_session_that_sent_it() -> None:
    rig = Rig()
    rig.beat()
    rig.ring()

    rig.pbx.disconnect(rig.leader, rig.now)
    rig.leader = rig.log_in("leader")
    rig.pbx.phone_answers("leg-1", rig.now)
    rig.run(0.01)

    assert get(rig.find("OriginateResponse"), "ActionID").startswith("a")


def test_a_parked_agent_who_hangs_up_has_cause_16() -> None:
    rig = Rig()
    rig.park()

    rig.bye("leg-1")

    assert get(rig.find("Hangup"), "Cause") == "16"
