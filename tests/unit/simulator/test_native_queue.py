"""The fallback queue, as traces of app_queue in Asterisk 22.10 show it."""

from __future__ import annotations

import pytest

from callcenter.simulator.channel import Ended, HearsMusic, Withdrawn
from callcenter.simulator.messages import get
from callcenter.simulator.native_queue import QueueSettings
from tests.unit.simulator.rig import CALLER, Rig, keys, pick

QUEUE = QueueSettings(ring_timeout_s=5.0, wrapup_s=1.0)
MEMBER_KEYS = [
    "Queue",
    "MemberName",
    "Interface",
    "StateInterface",
    "Membership",
    "Penalty",
    "CallsTaken",
    "LastCall",
    "LastPause",
    "LoginTime",
    "InCall",
    "Status",
    "Paused",
    "PausedReason",
    "Ringinuse",
    "Wrapuptime",
]


def make_rig(*members: str) -> Rig:
    """A PBX without a living service, these phones in its queue."""
    rig = Rig(queue=QUEUE)
    for phone in members:
        add(rig, phone)
    return rig


def add(rig: Rig, phone: str) -> str:
    response = rig.act(
        "QueueAdd", Queue="cc-fallback", Interface=f"PJSIP/{phone}", MemberName=f"agent-{phone}"
    )
    return get(response, "Message")


def remove(rig: Rig, phone: str) -> str:
    response = rig.act("QueueRemove", Queue="cc-fallback", Interface=f"PJSIP/{phone}")
    return get(response, "Message")


def pick_up(rig: Rig, phone: str = "1001") -> str:
    """The phone rings and is answered; returns its channel."""
    leg = rig.invites[phone]
    rig.pbx.phone_rings(leg, rig.now)
    rig.run(0.1)
    assert rig.pbx.phone_answers(leg, rig.now)
    rig.run(0.1)
    return leg


def test_members_are_added_and_removed_with_events() -> None:
    rig = make_rig()

    assert add(rig, "1001") == "Added interface to queue"
    added = rig.find("QueueMemberAdded")
    assert keys(added)[4:] == MEMBER_KEYS
    assert pick(added, "Privilege", "Interface", "MemberName", "Membership", "Status") == {
        "Privilege": "agent,all",
        "Interface": "PJSIP/1001",
        "MemberName": "agent-1001",
        "Membership": "dynamic",
        "Status": "1",
    }
    assert add(rig, "1001") == "Unable to add interface: Already there"
    assert remove(rig, "1001") == "Removed interface from queue"
    assert rig.names()[-1] == "QueueMemberRemoved"
    assert remove(rig, "1001") == "Unable to remove interface: Not there"


def test_a_member_that_no_endpoint_stands_for_is_invalid_and_never_rung() -> None:
    rig = make_rig("7777")

    rig.call()
    rig.run(5)

    assert get(rig.find("QueueMemberAdded"), "Status") == "4"
    assert "AgentCalled" not in rig.names()


def test_a_member_that_is_not_registered_is_not_rung() -> None:
    rig = make_rig()
    rig.pbx.set_registered("1001", False, rig.now)
    add(rig, "1001")
    rig.call()
    rig.run(3)
    before = "AgentCalled" in rig.names()

    rig.pbx.set_registered("1001", True, rig.now)
    rig.run(1.1)

    assert get(rig.find("QueueMemberAdded"), "Status") == "5"
    assert not before
    assert "AgentCalled" in rig.names()


@pytest.mark.parametrize(
    ("action", "headers", "message"),
    [
        ("QueueAdd", {"Interface": "PJSIP/1"}, "'Queue' not specified."),
        ("QueueAdd", {"Queue": "cc-fallback"}, "'Interface' not specified."),
        (
            "QueueAdd",
            {"Queue": "other", "Interface": "PJSIP/1"},
            "Unable to add interface to queue: No such queue",
        ),
        ("QueueRemove", {"Queue": "x"}, "Need 'Queue' and 'Interface' parameters."),
        (
            "QueueRemove",
            {"Queue": "other", "Interface": "PJSIP/1"},
            "Unable to remove interface from queue: No such queue",
        ),
    ],
)
def test_a_wrong_member_action_is_refused(
    action: str, headers: dict[str, str], message: str
) -> None:
    rig = make_rig()

    response = rig.act(action, **headers)

    assert pick(response, "Response", "Message") == {"Response": "Error", "Message": message}


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


def test_a_refusing_member_is_tried_again_after_the_retry_time() -> None:
    rig = make_rig("1001")
    rig.call()
    leg = rig.invites["1001"]
    rig.pbx.phone_rings(leg, rig.now)
    rig.run(0.1)
    mark = rig.mark()

    rig.pbx.phone_refuses(leg, 486, rig.now)
    rig.run(0.1)
    told = rig.names(mark)
    rig.run(1.0)

    assert told == [
        "HangupRequest",
        "DialEnd",
        "AgentRingNoAnswer",
        "Hangup",
        "QueueMemberStatus",
    ]
    assert get(rig.find("DialEnd"), "DialStatus") == "NOANSWER"
    assert rig.invites["1001"] != leg


def test_after_a_refusal_the_next_member_is_rung_at_once() -> None:
    rig = make_rig("1001", "1002")
    rig.call()

    rig.pbx.phone_refuses(rig.invites["1001"], 486, rig.now)
    rig.run(0.01)

    assert "1002" in rig.invites


def test_a_refusal_at_the_very_end_of_the_ring_time_waits_for_the_next_round() -> None:
    rig = make_rig("1001", "1002")
    rig.call()
    rig.run(4.6)

    rig.pbx.phone_refuses(rig.invites["1001"], 486, rig.now)
    rig.run(0.1)
    at_once = "1002" in rig.invites
    rig.run(1)

    assert not at_once
    assert rig.names().count("AgentCalled") == 2


def test_a_member_who_does_not_answer_is_given_up_after_the_ring_time() -> None:
    rig = make_rig("1001")
    rig.call()
    leg = rig.invites["1001"]
    rig.pbx.phone_rings(leg, rig.now)
    rig.run(4.0)
    mark = rig.mark()

    rig.run(1.2)

    assert rig.names(mark) == [
        "AgentRingNoAnswer",
        "DialEnd",
        "DialEnd",
        "Hangup",
        "QueueMemberStatus",
    ]
    assert get(rig.find("AgentRingNoAnswer"), "RingTime") == "5000"
    assert [get(event, "DialStatus") for event in rig.events(mark)[1:3]] == ["NOANSWER", "CANCEL"]
    assert get(rig.find("Hangup"), "Cause") == "0"
    assert Withdrawn(leg) in rig.signals


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


def test_as_many_callers_are_tried_as_members_are_free() -> None:
    rig = make_rig("1001", "1002")

    rig.call()
    rig.call()
    rig.call()
    rig.run(1.5)

    assert sorted(rig.invites) == ["1001", "1002"]
    assert rig.names().count("AgentCalled") == 2


def test_a_member_rests_after_a_call_and_the_least_recently_called_is_next() -> None:
    rig = make_rig("1001", "1002")
    first = rig.call()
    pick_up(rig, "1001")
    rig.bye(first)
    rig.run(5)
    rig.invites.clear()

    rig.call()
    rig.run(0.1)

    assert list(rig.invites) == ["1002"]


def test_a_member_added_while_callers_wait_is_rung_within_a_second() -> None:
    rig = make_rig()
    rig.call()

    add(rig, "1001")
    rig.run(1.01)

    assert "1001" in rig.invites


def test_a_phone_that_is_in_a_call_of_ours_is_not_rung() -> None:
    rig = make_rig()
    rig.park("1001", "leg-1")
    rig.run_beating(1)
    add(rig, "1001")
    rig.act("Setvar", Variable="CC_HEARTBEAT", Value="0")
    rig.invites.clear()

    rig.call()
    rig.run(3)

    assert rig.invites == {}
    assert get(rig.find("QueueMemberAdded"), "Status") == "3"


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


def test_a_members_leg_that_is_hung_up_while_it_rings_counts_as_not_answered() -> None:
    rig = make_rig("1001")
    rig.call()
    leg = rig.invites["1001"]

    rig.act("Hangup", Channel=leg)

    assert rig.names().count("AgentRingNoAnswer") == 1
    assert leg not in rig.pbx.exchange.channels


def test_another_queue_is_not_there_and_the_dialplan_goes_on() -> None:
    rig = Rig(dialplan="[cc-inbound]\nexten => _X.,1,Queue(other)\n same => n,Hangup(34)\n")

    rig.call()

    assert pick(rig.find("Hangup"), "Cause") == {"Cause": "34"}
