"""Calls out by the trunk: how they end, how they are screened, and what the dialplan does with
people.
"""

from __future__ import annotations

import pytest

from callcenter.simulator.channel import HearsPrompt, Invited, Withdrawn
from callcenter.simulator.exchange import PbxSettings
from callcenter.simulator.messages import get
from callcenter.simulator.screening import FAX, GREETING, HELLO, NO_MEDIA, QUIET, Voice
from tests.unit.simulator.rig import CALLER, PERSON, PHONES, SHOWN, Rig, pick

MESSAGE_S = 4.0
MESSAGE = "cc/safe-harbour"
SETTINGS = PbxSettings(phones=PHONES, name="cc", sounds={MESSAGE: MESSAGE_S})


def make_rig(seed: int = 1) -> Rig:
    """A PBX whose service lives."""
    rig = Rig(seed, settings=SETTINGS)
    rig.beat()
    return rig


def place_of(rig: Rig, channel: str) -> dict[str, str]:
    """Where Status says that the channel is."""
    rows = {get(row, "Uniqueid"): row for row in rig.list_rows("Status")}
    return pick(rows[channel], "Context", "Application", "Data")


# --- dialing ---------------------------------------------------------------------------------


def test_a_number_is_dialed_by_the_trunk() -> None:
    rig = make_rig()
    mark = rig.mark()

    response = rig.place()
    rig.run(0.01)
    rig.pbx.phone_rings("att-1", rig.now)
    rig.run(0.01)

    assert get(response, "Message") == "Originate successfully queued"
    made, dialed, ringing = (rig.find(name) for name in ("Newchannel", "DialBegin", "Newstate"))
    assert sorted(rig.names(mark)) == ["DialBegin", "DialState", "Newchannel", "Newstate"]
    assert pick(made, "Uniqueid", "Context", "Exten", "CallerIDNum", "ConnectedLineNum") == {
        "Uniqueid": "att-1",
        "Context": "cc-inbound",
        "Exten": "s",
        "CallerIDNum": "<unknown>",
        "ConnectedLineNum": "<unknown>",
    }
    assert get(made, "Channel").startswith("PJSIP/trunk-")
    assert get(dialed, "DialString") == f"{PERSON}@trunk"
    assert pick(ringing, "ChannelStateDesc", "CallerIDNum", "CallerIDName") == {
        "ChannelStateDesc": "Ringing",
        "CallerIDNum": SHOWN,
        "CallerIDName": SHOWN,
    }
    assert Invited("att-1", "trunk", SHOWN, PERSON) in rig.signals


def test_without_a_number_to_show_none_is_shown() -> None:
    rig = make_rig()

    rig.place(CallerID="")
    rig.run(0.01)
    rig.pbx.phone_rings("att-1", rig.now)

    assert Invited("att-1", "trunk", "", PERSON) in rig.signals
    assert get(rig.list_rows("Status")[0], "CallerIDNum") == "<unknown>"


def test_the_trunks_own_number_is_shown_where_the_call_brings_none() -> None:
    rig = Rig(settings=PbxSettings(phones=PHONES, caller_id="+18005550199"))

    rig.place("att-1", CallerID="")
    rig.place("att-2")
    rig.run(0.01)

    shown = [signal.shown_number for signal in rig.signals if isinstance(signal, Invited)]
    assert sorted(shown) == ["+18005550199", SHOWN]
    rows = {get(row, "Uniqueid"): row for row in rig.list_rows("Status")}
    assert pick(rows["att-1"], "CallerIDNum", "ConnectedLineNum", "ConnectedLineName") == {
        "CallerIDNum": "<unknown>",
        "ConnectedLineNum": "+18005550199",
        "ConnectedLineName": "<unknown>",
    }


@pytest.mark.parametrize(
    ("sip_status", "rings", "dial_status", "cause"),
    [
        (486, True, "BUSY", "17"),
        (603, True, "NOANSWER", "21"),
        (404, False, "NOANSWER", "1"),
        (503, False, "CONGESTION", "34"),
    ],
)
def test_a_refusal_says_why(sip_status: int, rings: bool, dial_status: str, cause: str) -> None:
    rig = make_rig()
    rig.place()
    rig.run(0.01)
    if rings:
        rig.pbx.phone_rings("att-1", rig.now)

    rig.pbx.phone_refuses("att-1", sip_status, rig.now)
    rig.run(0.01)

    assert get(rig.find("DialEnd"), "DialStatus") == dial_status
    assert pick(rig.find("Hangup"), "Cause", "TechCause", "Context") == {
        "Cause": cause,
        "TechCause": str(sip_status),
        "Context": "cc-inbound",
    }
    assert pick(rig.find("OriginateResponse"), "Response", "Reason", "Channel", "Context") == {
        "Response": "Failure",
        "Reason": "0",
        "Channel": f"PJSIP/{PERSON}@trunk",
        "Context": "cc-dialed",
    }


def test_a_number_that_nobody_answers_is_given_up_in_time() -> None:
    rig = make_rig()
    rig.place(timeout_ms=3000)
    rig.run(0.01)
    rig.pbx.phone_rings("att-1", rig.now)

    rig.run(3.0)

    assert get(rig.find("OriginateResponse"), "Reason") == "3"
    assert get(rig.find("Hangup"), "Cause") == "19"
    assert Withdrawn("att-1") in rig.signals


@pytest.mark.parametrize("dialed", [f"{PERSON}@nowhere", "trunk", f"{PERSON}@1001"])
def test_what_is_no_trunk_is_not_dialed(dialed: str) -> None:
    rig = make_rig()
    mark = rig.mark()

    rig.place(dialed=dialed)
    rig.run(0.1)

    assert rig.names(mark) == ["OriginateResponse"]
    assert pick(rig.find("OriginateResponse"), "Response", "Reason", "Uniqueid", "Channel") == {
        "Response": "Failure",
        "Reason": "0",
        "Uniqueid": "att-1",
        "Channel": f"PJSIP/{dialed}",
    }


def test_an_attempt_is_hung_up_while_it_rings() -> None:
    rig = make_rig()
    rig.place()
    rig.run(0.01)
    rig.pbx.phone_rings("att-1", rig.now)

    rig.act("Hangup", Channel="att-1", Cause="16")
    rig.run(0.01)

    assert Withdrawn("att-1") in rig.signals
    assert get(rig.find("Hangup"), "Cause") == "16"
    assert not rig.pbx.phone_answers("att-1", rig.now)


# --- screening -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("voice", "status", "after_s", "then"),
    [
        (HELLO, "HUMAN", 1.8, "BridgeWait"),
        (QUIET, "MACHINE", 2.5, "BridgeWait"),
        (NO_MEDIA, "NOTSURE", 5.0, "BridgeWait"),
        (GREETING, "MACHINE", 2.53, ""),
    ],
)
def test_whoever_answers_is_screened(voice: Voice, status: str, after_s: float, then: str) -> None:
    rig = make_rig()
    rig.reach(voice=voice)
    answered = float(get(rig.find("DialEnd"), "Timestamp"))
    while_screened = place_of(rig, "att-1")

    rig.run(after_s + 0.1)

    screened = rig.find("UserEvent")
    assert while_screened == {"Context": "cc-dialed", "Application": "AMD", "Data": ",,,,,,"}
    assert pick(screened, "UserEvent", "Call", "Status", "Uniqueid") == {
        "UserEvent": "CCScreened",
        "Call": "att-1",
        "Status": status,
        "Uniqueid": "att-1",
    }
    assert float(get(screened, "Timestamp")) - answered == pytest.approx(after_s, abs=0.03)
    left = [get(row, "Application") for row in rig.list_rows("Status")]
    assert left == [then] * bool(then)


def test_a_machine_is_hung_up() -> None:
    rig = make_rig()
    rig.reach(voice=GREETING)

    rig.run(3.0)

    assert rig.names()[-2:] == ["SoftHangupRequest", "Hangup"]
    assert get(rig.find("Hangup"), "Cause") == "16"


def test_somebody_who_hangs_up_while_screened_is_gone_without_a_verdict() -> None:
    rig = make_rig()
    rig.reach()
    mark = rig.mark()

    rig.bye("att-1")
    rig.run(5)

    assert rig.names(mark) == ["HangupRequest", "SoftHangupRequest", "Hangup"]
    assert get(rig.find("Hangup"), "Cause") == "0"


def test_amd_reads_what_it_hears_as_slin_until_it_is_done() -> None:
    rig = make_rig()
    rig.reach()
    heard = [get(rig.list_rows("Status")[0], "Readformat")]

    rig.run(2.0)
    heard.append(get(rig.list_rows("Status")[0], "Readformat"))

    assert heard == ["slin", "ulaw"]


def test_a_fax_that_asks_for_t38_while_screened_is_told_and_hung_up_on() -> None:
    rig = make_rig()
    rig.reach(voice=FAX)

    rig.run(1.5)

    assert pick(rig.find("UserEvent"), "UserEvent", "Call", "Status", "Cause") == {
        "UserEvent": "CCScreened",
        "Call": "att-1",
        "Status": "FAX",
        "Cause": "T38",
    }
    assert get(rig.find("Hangup"), "Cause") == "16"


@pytest.mark.parametrize("amd", [True, False])
def test_nobody_listens_for_a_fax_in_who_is_taken_for_a_person(amd: bool) -> None:
    rig = make_rig()
    mark = rig.mark()
    rig.reach(voice=Voice(0.1, 0.1, t38_after_s=1.5), amd=amd, harbour_s=5)

    rig.run(3.0)

    assert place_of(rig, "att-1")["Application"] == "BridgeWait"
    assert "Hangup" not in rig.names(mark)


def test_somebody_taken_out_of_screening_goes_on_behind_it() -> None:
    rig = make_rig()
    rig.reach()

    rig.act("Redirect", Channel="att-1", Context="cc-hold", Exten="wait", Priority="1")

    status = rig.act("Getvar", Channel="att-1", Variable="AMDSTATUS")
    assert get(status, "Value") == "HANGUP"
    assert get(rig.list_rows("Status")[0], "Readformat") == "ulaw"
    assert get(rig.find("BridgeEnter"), "BridgeName") == "cc-callers"


def test_somebody_joined_while_screened_is_on_hold_after_the_conversation() -> None:
    rig = make_rig()
    rig.park()
    rig.reach()
    rig.join()
    talking = place_of(rig, "att-1")

    rig.act("Hangup", Channel="leg-1", Cause="16")
    rig.run(2.0)

    assert talking["Application"] == talking["Data"] == "(null)"
    assert pick(rig.find("UserEvent"), "UserEvent", "Status") == {
        "UserEvent": "CCScreened",
        "Status": "",
    }
    assert get(rig.find("BridgeEnter"), "BridgeName") == "cc-callers"


# --- people ----------------------------------------------------------------------------------


def test_somebody_for_whom_nobody_comes_hears_the_message_and_is_hung_up() -> None:
    rig = make_rig()
    mark = rig.mark()
    rig.reach(amd=False)
    waited = rig.find("BridgeEnter")
    rig.run(1.0)
    told = rig.find("UserEvent")
    hearing = place_of(rig, "att-1")

    rig.run(MESSAGE_S)

    assert get(waited, "BridgeName") == "cc-dialed"
    assert pick(told, "UserEvent", "Call", "Context") == {
        "UserEvent": "CCHarbour",
        "Call": "att-1",
        "Context": "cc-harbour",
    }
    waited_s = float(get(told, "Timestamp")) - float(get(waited, "Timestamp"))
    assert waited_s == pytest.approx(1.0, abs=0.01)
    assert hearing == {"Context": "cc-harbour", "Application": "Playback", "Data": MESSAGE}
    assert HearsPrompt("att-1", MESSAGE) in rig.signals
    ended = rig.find("Hangup")
    heard_s = float(get(ended, "Timestamp")) - float(get(told, "Timestamp"))
    assert heard_s == pytest.approx(MESSAGE_S, abs=0.01)
    assert get(ended, "Cause") == "16"
    assert "MusicOnHoldStart" not in rig.names(mark)


def test_with_no_wait_allowed_the_message_begins_at_once() -> None:
    rig = make_rig()

    rig.reach(amd=False, harbour_s=0)

    assert "BridgeEnter" not in rig.names()
    assert place_of(rig, "att-1")["Application"] == "Playback"


def test_a_message_that_is_missing_ends_the_call() -> None:
    rig = Rig(settings=PbxSettings(phones=PHONES, missing_sounds=frozenset({MESSAGE})))
    rig.reach(amd=False, harbour_s=0)

    assert get(rig.find("UserEvent"), "UserEvent") == "CCHarbour"
    assert get(rig.find("Hangup"), "Cause") == "16"


def test_somebody_who_hangs_up_in_the_message_is_gone() -> None:
    rig = make_rig()
    rig.reach(amd=False, harbour_s=0)
    mark = rig.mark()

    rig.bye("att-1")
    rig.run(10)

    assert rig.names(mark) == ["HangupRequest", "SoftHangupRequest", "Hangup"]


def test_two_prompts_are_played_one_after_the_other() -> None:
    plan = "[cc-dialed]\nexten => s,1,Playback(cc/a&cc/b)\n same => n,Hangup()\n"
    rig = Rig(settings=PbxSettings(phones=PHONES, sounds={"cc/b": 3.0}), dialplan=plan)
    rig.reach()

    rig.run(2.0)
    heard = [signal.prompt for signal in rig.signals if isinstance(signal, HearsPrompt)]
    rig.run(2.5)
    still_there = bool(rig.list_rows("Status"))
    rig.run(1.0)

    assert heard == ["cc/a", "cc/b"]
    assert still_there
    assert rig.list_rows("Status") == []


# --- with a nailed-up line -------------------------------------------------------------------


def test_a_line_stays_from_call_to_call() -> None:
    rig = make_rig()
    rig.park()
    ends = []
    for number in (1, 2, 3):
        rig.reach(f"att-{number}")
        rig.run_beating(1.9)
        rig.join(f"att-{number}")
        rig.run_beating(20.0)
        mark = rig.mark()
        rig.bye(f"att-{number}")
        ends.append(rig.names_about("leg-1", mark))

    assert ends == [["BridgeLeave", "BridgeEnter"]] * 3
    assert get(rig.find("BridgeEnter"), "BridgeName") == "cc-agents"
    assert [get(row, "Uniqueid") for row in rig.list_rows("Status")] == ["leg-1"]


def test_joined_each_knows_the_others_number() -> None:
    rig = make_rig()
    rig.park()
    rig.reach(amd=False, harbour_s=5)

    rig.join()

    rows = {get(row, "Uniqueid"): row for row in rig.list_rows("Status")}
    assert pick(rows["att-1"], "ConnectedLineNum", "Linkedid", "Application") == {
        "ConnectedLineNum": CALLER,
        "Linkedid": "leg-1",
        "Application": "BridgeWait",
    }
    assert pick(rows["leg-1"], "ConnectedLineNum", "ConnectedLineName") == {
        "ConnectedLineNum": SHOWN,
        "ConnectedLineName": SHOWN,
    }


@pytest.mark.parametrize("amd", [True, False])
def test_somebody_whose_agent_is_lost_waits_with_music(amd: bool) -> None:
    rig = make_rig()
    rig.park()
    rig.reach(amd=amd, harbour_s=5)
    rig.run(2.0)
    rig.join()
    mark = rig.mark()

    rig.bye("leg-1")
    rig.run(10.0)

    assert rig.names_about("att-1", mark) == ["BridgeLeave", "BridgeEnter", "MusicOnHoldStart"]
    assert pick(rig.find("MusicOnHoldStart"), "Class", "Context") == {
        "Class": "cc-hold",
        "Context": "cc-hold",
    }


def test_a_join_that_crosses_the_message_takes_the_person_out_of_it() -> None:
    rig = make_rig()
    rig.park()
    rig.reach(amd=False, harbour_s=0)
    rig.run(1.0)
    rig.join()

    rig.run(MESSAGE_S)
    still_talks = {get(row, "Uniqueid") for row in rig.list_rows("Status")}
    rig.act("Hangup", Channel="leg-1", Cause="16")
    rig.run(0.1)

    assert still_talks == {"att-1", "leg-1"}
    assert get(rig.find("BridgeEnter"), "BridgeName") == "cc-callers"
