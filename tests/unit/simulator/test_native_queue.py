"""Callers in the fallback queue, as traces of app_queue in Asterisk 22.10 show them."""

from __future__ import annotations

import pytest

from callcenter.simulator.channel import Ended, HearsMusic, Withdrawn
from callcenter.simulator.messages import get
from tests.unit.simulator.queue_rig import make_rig, pick_up
from tests.unit.simulator.rig import CALLER, Rig, keys, pick


def test_a_caller_joins_and_waits_with_music() -> None:
    rig = make_rig()

    caller = rig.call()

    joined = rig.find("QueueCallerJoin")
    assert joined[-3:] == [("Queue", "cc-fallback"), ("Position", "1"), ("Count", "1")]
    assert pick(joined, "Context", "Exten", "Priority") == {
        "Context": "cc-fallback",
        "Exten": "s",
        "Priority": "4",
    }
    assert HearsMusic(caller) in rig.signals


def test_a_free_member_is_rung_and_connected() -> None:
    rig = make_rig("1001")
    caller = rig.call()
    rung = rig.names()[-4:]
    mark = rig.mark()

    leg = pick_up(rig)

    assert rung == ["MusicOnHoldStart", "Newchannel", "AgentCalled", "DialBegin"]
    called = rig.find("AgentCalled")
    assert called[-3:] == [
        ("Queue", "cc-fallback"),
        ("Interface", "PJSIP/1001"),
        ("MemberName", "agent-1001"),
    ]
    assert pick(called, "Uniqueid", "DestUniqueid", "DestConnectedLineNum", "DestLinkedid") == {
        "Uniqueid": caller,
        "DestUniqueid": leg,
        "DestConnectedLineNum": CALLER,
        "DestLinkedid": caller,
    }
    assert get(rig.find("DialBegin"), "DialString") == "PJSIP/1001"
    assert rig.names(mark) == [
        "Newstate",
        "DialState",
        "QueueMemberStatus",
        "Newstate",
        "DialEnd",
        "MusicOnHoldStop",
        "QueueCallerLeave",
        "AgentConnect",
        "BridgeCreate",
        "BridgeEnter",
        "BridgeEnter",
    ]
    connected = rig.find("AgentConnect")
    assert keys(connected)[-2:] == ["HoldTime", "RingTime"]
    assert pick(connected, "Uniqueid", "DestUniqueid", "ConnectedLineNum", "Interface") == {
        "Uniqueid": caller,
        "DestUniqueid": leg,
        "ConnectedLineNum": "1001",
        "Interface": "PJSIP/1001",
    }
    assert get(rig.find("QueueMemberStatus"), "Status") == "3"


def test_when_the_caller_hangs_up_the_agent_is_hung_up_too() -> None:
    rig = make_rig("1001")
    caller = rig.call()
    leg = pick_up(rig)
    rig.run(3)
    mark = rig.mark()

    rig.bye(caller)

    names = rig.names(mark)
    assert names[:3] == ["HangupRequest", "AgentComplete", "BridgeLeave"]
    assert names.count("Hangup") == 2
    assert names[-1] == "QueueMemberStatus"
    complete = rig.find("AgentComplete")
    assert complete[-3:] == [("HoldTime", "0"), ("TalkTime", "3"), ("Reason", "caller")]
    assert pick(rig.find("QueueMemberStatus"), "CallsTaken", "Status") == {
        "CallsTaken": "1",
        "Status": "1",
    }
    assert Ended(leg, 16) in rig.signals


def test_when_the_agent_hangs_up_the_caller_is_hung_up_too() -> None:
    rig = make_rig("1001")
    caller = rig.call()
    leg = pick_up(rig)

    rig.bye(leg)

    assert get(rig.find("AgentComplete"), "Reason") == "agent"
    assert rig.names_about(caller)[-2:] == ["SoftHangupRequest", "Hangup"]


def test_a_caller_who_hangs_up_while_a_member_rings_stops_the_ringing() -> None:
    rig = make_rig("1001")
    caller = rig.call()
    leg = rig.invites["1001"]
    rig.pbx.phone_rings(leg, rig.now)
    rig.run(0.1)
    mark = rig.mark()

    rig.bye(caller)

    assert rig.names(mark) == [
        "HangupRequest",
        "MusicOnHoldStop",
        "DialEnd",
        "DialEnd",
        "Hangup",
        "QueueCallerAbandon",
        "QueueCallerLeave",
        "SoftHangupRequest",
        "Hangup",
        "QueueMemberStatus",
    ]
    abandoned = rig.find("QueueCallerAbandon")
    assert keys(abandoned)[-4:] == ["Queue", "Position", "OriginalPosition", "HoldTime"]
    assert Withdrawn(leg) in rig.signals


def test_a_caller_who_hangs_up_while_nobody_is_rung_abandons() -> None:
    rig = make_rig()
    caller = rig.call()
    mark = rig.mark()

    rig.bye(caller)

    assert rig.names(mark) == [
        "HangupRequest",
        "MusicOnHoldStop",
        "QueueCallerAbandon",
        "QueueCallerLeave",
        "SoftHangupRequest",
        "Hangup",
    ]


def test_the_next_caller_moves_up() -> None:
    rig = make_rig()
    first = rig.call()
    second = rig.call()
    place_before = get(rig.find("QueueCallerJoin"), "Position")

    rig.bye(first)
    rig.bye(second)

    assert place_before == "2"
    assert pick(rig.find("QueueCallerAbandon"), "Position", "OriginalPosition") == {
        "Position": "1",
        "OriginalPosition": "2",
    }


def test_bridge_takes_a_caller_back_without_a_word_of_the_queue() -> None:
    rig = make_rig("1002")
    caller = rig.call()
    member_leg = rig.invites["1002"]
    leg = rig.park()
    mark = rig.mark()

    rig.act("Bridge", Channel1=caller, Channel2=leg)
    rig.run(0.1)

    assert rig.names_about(caller, mark) == ["MusicOnHoldStop", "BridgeEnter"]
    entered = next(
        e for e in rig.events(mark) if get(e, "Uniqueid") == caller and "Bridge" in e[0][1]
    )
    assert get(entered, "Priority") == "5"
    assert Withdrawn(member_leg) in rig.signals
    mark = rig.mark()
    rig.beat()
    rig.bye(leg)
    assert rig.names_about(caller, mark)[-2:] == ["BridgeEnter", "MusicOnHoldStart"]
    assert get(rig.find("BridgeEnter", mark), "BridgeName") == "cc-callers"


@pytest.mark.parametrize("answers", [True, False])
def test_a_member_who_reacts_in_the_instant_of_the_taking_back_is_let_go(answers: bool) -> None:
    rig = make_rig("1002")
    caller = rig.call()
    member_leg = rig.invites["1002"]
    rig.pbx.phone_rings(member_leg, rig.now)
    leg = rig.park()
    rig.act("Bridge", Channel1=caller, Channel2=leg)

    if answers:
        assert rig.pbx.phone_answers(member_leg, rig.now)
    else:
        assert rig.pbx.phone_refuses(member_leg, 486, rig.now)
    rig.run(0.1)

    assert member_leg not in rig.pbx.exchange.channels
    assert "AgentConnect" not in rig.names()
    assert rig.names_about(member_leg).count("Hangup") == 1


def test_redirect_takes_a_caller_back_as_an_abandoned_one() -> None:
    rig = make_rig("1001")
    caller = rig.call()
    rig.beat()
    mark = rig.mark()

    rig.act("Redirect", Channel=caller, Context="cc-hold", Exten="wait", Priority="1")

    assert [name for name in rig.names(mark) if name != "QueueMemberStatus"] == [
        "MusicOnHoldStop",
        "DialEnd",
        "DialEnd",
        "Hangup",
        "QueueCallerAbandon",
        "QueueCallerLeave",
        "BridgeCreate",
        "BridgeEnter",
        "MusicOnHoldStart",
    ]


def test_a_caller_who_talks_with_a_member_can_be_taken_over() -> None:
    rig = make_rig("1001")
    caller = rig.call()
    member_leg = pick_up(rig)
    leg = rig.park("1002", "leg-2")

    rig.act("Bridge", Channel1=caller, Channel2=leg)
    rig.run(0.1)

    assert member_leg not in rig.pbx.exchange.channels
    rig.bye(leg)
    assert caller in rig.pbx.exchange.channels


def test_a_call_taken_over_counts_at_once_and_is_complete_when_the_caller_ends() -> None:
    # Story: app_queue listens for requests to hang up, and nobody asks the member's leg.
    rig = make_rig("1001")
    caller = rig.call()
    pick_up(rig)
    rig.beat()
    rig.act("Redirect", Channel=caller, Context="cc-hold", Exten="wait", Priority="1")
    rig.run(3.0)
    member = rig.find("QueueMemberStatus")
    told_before = "AgentComplete" in rig.names()

    rig.bye(caller)

    assert pick(member, "Status", "CallsTaken") == {"Status": "1", "CallsTaken": "1"}
    assert not told_before
    complete = rig.find("AgentComplete")
    assert complete[-2:] == [("TalkTime", "3"), ("Reason", "caller")]
    assert "DestChannel" not in keys(complete)
    assert rig.names().count("AgentComplete") == 1


def test_a_caller_shows_the_number_of_the_member_who_is_rung_for_it() -> None:
    rig = make_rig("1001")

    caller = rig.call()

    assert pick(rig.find("AgentCalled"), "ConnectedLineNum", "DestConnectedLineNum") == {
        "ConnectedLineNum": "<unknown>",
        "DestConnectedLineNum": CALLER,
    }
    # The member's channel is shown as it was made, before it learnt who calls.
    assert pick(rig.find("DialBegin"), "ConnectedLineNum", "DestConnectedLineNum") == {
        "ConnectedLineNum": "<unknown>",
        "DestConnectedLineNum": "<unknown>",
    }
    row = rig.list_rows("Status", Channel=caller)[0]
    assert get(row, "ConnectedLineNum") == "1001"


def test_a_caller_taken_back_shows_its_new_place_once_the_music_has_stopped() -> None:
    rig = make_rig("1001")
    caller = rig.call()
    rig.beat()
    mark = rig.mark()

    rig.act("Redirect", Channel=caller, Context="cc-hold", Exten="wait", Priority="1")

    contexts = [(event[0][1], get(event, "Context")) for event in rig.events(mark)]
    assert contexts[0] == ("MusicOnHoldStop", "cc-fallback")
    for name in ("DialEnd", "QueueCallerAbandon", "QueueCallerLeave"):
        assert (name, "cc-hold") in contexts


def test_another_queue_is_not_there_and_the_dialplan_goes_on() -> None:
    rig = Rig(dialplan="[cc-inbound]\nexten => _X.,1,Queue(other)\n same => n,Hangup(34)\n")

    rig.call()

    assert pick(rig.find("Hangup"), "Cause") == {"Cause": "34"}
