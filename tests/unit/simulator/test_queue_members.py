"""The fallback queue's members: added, rung one after the other, resting, refusing."""

from __future__ import annotations

import pytest

from callcenter.simulator.channel import Withdrawn
from callcenter.simulator.messages import get
from tests.unit.simulator.queue_rig import add, make_rig, pick_up, remove
from tests.unit.simulator.rig import keys, pick

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


def test_a_members_leg_that_is_hung_up_while_it_rings_counts_as_not_answered() -> None:
    rig = make_rig("1001")
    rig.call()
    leg = rig.invites["1001"]

    rig.act("Hangup", Channel=leg)

    assert rig.names().count("AgentRingNoAnswer") == 1
    assert leg not in rig.pbx.exchange.channels
