"""Holding bridges and conversations: who enters and leaves in which order, and where it goes on."""

from __future__ import annotations

import pytest

from callcenter.simulator.channel import Ended, HearsMusic, HearsNothing, HearsPerson
from callcenter.simulator.messages import get
from tests.unit.simulator.rig import CALLER, Rig, keys, pick

BRIDGE_KEYS = [
    "BridgeUniqueid",
    "BridgeType",
    "BridgeTechnology",
    "BridgeCreator",
    "BridgeName",
    "BridgeNumChannels",
    "BridgeVideoSourceMode",
]


def test_a_caller_on_hold_is_in_the_callers_bridge_with_music() -> None:
    rig = Rig()

    caller = rig.hold()

    assert rig.names()[-4:] == ["AsyncAGIEnd", "BridgeCreate", "BridgeEnter", "MusicOnHoldStart"]
    entered = rig.find("BridgeEnter")
    assert keys(entered)[4:11] == BRIDGE_KEYS
    assert pick(entered, *BRIDGE_KEYS[1:]) == {
        "BridgeType": "base",
        "BridgeTechnology": "holding_bridge",
        "BridgeCreator": "BridgeWait",
        "BridgeName": "cc-callers",
        "BridgeNumChannels": "1",
        "BridgeVideoSourceMode": "none",
    }
    assert pick(entered, "Uniqueid", "Context", "Exten", "Priority") == {
        "Uniqueid": caller,
        "Context": "cc-hold",
        "Exten": "wait",
        "Priority": "2",
    }
    assert rig.find("MusicOnHoldStart")[-1] == ("Class", "cc-hold")
    assert HearsMusic(caller) in rig.signals


def test_an_agents_leg_is_parked_in_silence() -> None:
    rig = Rig()

    leg = rig.park()

    assert get(rig.find("BridgeEnter"), "BridgeName") == "cc-agents"
    assert "MusicOnHoldStart" not in rig.names_about(leg)


def test_the_wait_loop_looks_at_the_heartbeat_every_twenty_seconds() -> None:
    rig = Rig()
    caller = rig.hold()
    rig.run_beating(19.8)
    mark = rig.mark()

    rig.run(0.3)

    assert rig.names(mark) == [
        "MusicOnHoldStop",
        "BridgeLeave",
        "BridgeDestroy",
        "BridgeCreate",
        "BridgeEnter",
        "MusicOnHoldStart",
    ]
    assert rig.names_about(caller, mark)[-2:] == ["BridgeEnter", "MusicOnHoldStart"]


def test_the_bridge_stays_while_somebody_else_waits_in_it() -> None:
    rig = Rig()
    rig.hold()
    rig.run_beating(5)
    rig.hold()
    mark = rig.mark()

    rig.run_beating(16)

    looked = rig.names(mark)
    assert looked.count("BridgeLeave") == 1
    assert "BridgeDestroy" not in looked
    assert get(rig.find("BridgeEnter", mark), "BridgeNumChannels") == "2"


def test_a_caller_on_hold_falls_to_the_native_queue_when_nobody_leads() -> None:
    rig = Rig()
    caller = rig.hold()
    mark = rig.mark()

    rig.run(21)

    assert rig.names_about(caller, mark) == [
        "MusicOnHoldStop",
        "BridgeLeave",
        "UserEvent",
        "QueueCallerJoin",
        "MusicOnHoldStart",
    ]


def test_a_parked_leg_is_let_go_when_nobody_leads() -> None:
    rig = Rig()
    leg = rig.park()
    mark = rig.mark()

    rig.run(21)

    assert rig.names_about(leg, mark) == ["BridgeLeave", "SoftHangupRequest", "Hangup"]
    assert pick(rig.find("Hangup"), "Cause", "Cause-txt", "Priority") == {
        "Cause": "16",
        "Cause-txt": "Normal Clearing",
        "Priority": "4",
    }
    assert Ended(leg, 16) in rig.signals


def test_bridge_joins_a_waiting_caller_and_a_parked_leg() -> None:
    rig = Rig()
    caller, leg = rig.hold(), rig.park()
    mark = rig.mark()

    response = rig.act("Bridge", Channel1=caller, Channel2=leg)

    assert get(response, "Message") == "Channels have been bridged"
    assert rig.names(mark) == [
        "BridgeCreate",
        "MusicOnHoldStop",
        "BridgeLeave",
        "BridgeEnter",
        "BridgeLeave",
        "BridgeEnter",
    ]
    create, _, left, entered, _, last = rig.events(mark)
    assert pick(create, "BridgeType", "BridgeTechnology", "BridgeName", "BridgeNumChannels") == {
        "BridgeType": "basic",
        "BridgeTechnology": "simple_bridge",
        "BridgeName": "<unknown>",
        "BridgeNumChannels": "0",
    }
    assert pick(left, "Uniqueid", "BridgeName") == {"Uniqueid": caller, "BridgeName": "cc-callers"}
    assert pick(entered, "Uniqueid", "Linkedid") == {"Uniqueid": caller, "Linkedid": caller}
    # Both get the Linkedid of the older one.
    assert pick(last, "Uniqueid", "Linkedid", "BridgeNumChannels") == {
        "Uniqueid": leg,
        "Linkedid": caller,
        "BridgeNumChannels": "2",
    }
    assert HearsPerson(caller, leg, "1001") in rig.signals
    assert HearsPerson(leg, caller, "trunk") in rig.signals


def test_those_who_talk_show_each_others_numbers_and_their_bridge() -> None:
    rig = Rig()
    caller, leg = rig.talk()

    rows = {get(row, "Uniqueid"): row for row in rig.list_rows("Status", Variables="CC_ROLE,NOPE")}
    bridges = {get(row, "BridgeUniqueid"): row for row in rig.list_rows("BridgeList")}

    assert get(rows[caller], "ConnectedLineNum") == CALLER
    assert get(rows[caller], "BridgeID") == get(rows[leg], "BridgeID")
    assert rows[leg][-3:-1] == [("Variable", "CC_ROLE=agent"), ("Variable", "NOPE=(null)")]
    talk = bridges[get(rows[leg], "BridgeID")]
    assert pick(talk, "BridgeTechnology", "BridgeNumChannels") == {
        "BridgeTechnology": "native_rtp",
        "BridgeNumChannels": "2",
    }
    # Application says what the dialplan runs, not where the channel is.
    assert get(rows[leg], "Application") == "BridgeWait"
    names = {get(row, "BridgeName"): get(row, "BridgeNumChannels") for row in bridges.values()}
    assert names == {"cc-callers": "0", "cc-agents": "0", "<unknown>": "2"}


@pytest.mark.parametrize("seed", range(6))
def test_when_the_caller_hangs_up_the_leg_parks_itself(seed: int) -> None:
    rig = Rig(seed)
    caller, leg = rig.talk()
    mark = rig.mark()

    rig.bye(caller)

    assert rig.names_about(caller, mark) == [
        "HangupRequest",
        "BridgeLeave",
        "SoftHangupRequest",
        "Hangup",
    ]
    assert rig.names_about(leg, mark) == ["BridgeLeave", "BridgeEnter"]
    assert get(rig.find("BridgeEnter", mark), "BridgeName") == "cc-agents"
    assert get(rig.find("Hangup"), "Cause") == "16"
    assert HearsNothing(leg) in rig.signals


@pytest.mark.parametrize("seed", range(6))
def test_when_the_agent_hangs_up_the_caller_is_on_hold_again(seed: int) -> None:
    rig = Rig(seed)
    caller, leg = rig.talk()
    mark = rig.mark()

    rig.bye(leg)

    assert rig.names_about(caller, mark) == ["BridgeLeave", "BridgeEnter", "MusicOnHoldStart"]
    assert rig.names_about(leg, mark)[-1] == "Hangup"


def test_the_hang_up_of_one_and_the_return_of_the_other_race() -> None:
    orders = set()
    for seed in range(12):
        rig = Rig(seed)
        caller, leg = rig.talk()
        mark = rig.mark()
        rig.bye(caller)
        told = [name for name in rig.names(mark) if name in ("Hangup", "BridgeEnter")]
        orders.add(tuple(told))
        assert leg in rig.pbx.exchange.channels

    assert orders == {("Hangup", "BridgeEnter"), ("BridgeEnter", "Hangup")}


def test_a_leg_that_is_hung_up_by_the_service_sends_the_caller_back_to_hold() -> None:
    rig = Rig()
    caller, leg = rig.talk()
    mark = rig.mark()

    rig.act("Hangup", Channel=leg)
    rig.run(0.01)

    assert rig.names_about(leg, mark) == ["BridgeLeave", "SoftHangupRequest", "Hangup"]
    assert rig.names_about(caller, mark)[-1] == "MusicOnHoldStart"


def test_a_caller_bridged_out_of_a_menu_goes_on_behind_it() -> None:
    rig = Rig()
    leg = rig.park()
    caller = rig.call()
    rig.act("Bridge", Channel1=caller, Channel2=leg)
    mark = rig.mark()

    rig.bye(leg)

    assert rig.names_about(caller, mark) == ["BridgeLeave", "BridgeEnter", "MusicOnHoldStart"]
    assert get(rig.find("BridgeEnter", mark), "Context") == "cc-hold"


def test_an_absolute_timeout_in_a_talk_entered_from_a_menu_hangs_up() -> None:
    # Measured on 22.10.1: the dialplan has lost the channel, so its T is not looked up.
    rig = Rig()
    leg = rig.park()
    caller = rig.call()
    rig.act("Bridge", Channel1=caller, Channel2=leg)
    rig.act("AbsoluteTimeout", Channel=caller, Timeout="1")
    mark = rig.mark()

    rig.run(1.1)

    assert rig.names_about(caller, mark) == ["BridgeLeave", "Hangup"]
    assert rig.names_about(leg, mark)[-1] == "BridgeEnter"


def test_an_absolute_timeout_on_hold_goes_to_the_fallback() -> None:
    rig = Rig()
    caller = rig.hold()
    rig.act("Setvar", Channel=caller, Variable="TIMEOUT(absolute)", Value="1")
    mark = rig.mark()

    rig.run(1.1)

    assert "QueueCallerJoin" in rig.names_about(caller, mark)


def test_a_parked_leg_has_no_extension_t_and_is_hung_up_by_its_timeout() -> None:
    rig = Rig()
    leg = rig.park()
    rig.act("AbsoluteTimeout", Channel=leg, Timeout="0.5")

    rig.run(0.6)

    assert leg not in rig.pbx.exchange.channels


def test_a_redirect_out_of_a_conversation_frees_the_leg() -> None:
    rig = Rig()
    caller, leg = rig.talk()
    mark = rig.mark()

    rig.act("Redirect", Channel=caller, Context="cc-hold", Exten="wait", Priority="1")
    rig.run(0.01)

    assert rig.names_about(caller, mark) == ["BridgeLeave", "BridgeEnter", "MusicOnHoldStart"]
    assert rig.names_about(leg, mark) == ["BridgeLeave", "BridgeEnter"]


def test_a_redirect_shows_the_new_place_once_the_music_has_stopped() -> None:
    rig = Rig()
    caller = rig.hold()
    mark = rig.mark()

    rig.act("Redirect", Channel=caller, Context="cc-fallback", Exten="s", Priority="1")

    places = {event[0][1]: pick(event, "Context", "Priority") for event in rig.events(mark)}
    assert places["MusicOnHoldStop"] == {"Context": "cc-hold", "Priority": "2"}
    assert places["BridgeLeave"] == {"Context": "cc-fallback", "Priority": "1"}


def test_a_bridge_whose_one_half_is_bridged_away_is_simple_again() -> None:
    rig = Rig()
    caller, first = rig.talk()
    second = rig.park("1002", "leg-2")
    mark = rig.mark()

    rig.act("Bridge", Channel1=caller, Channel2=second)
    rig.run(0.01)

    left = {
        get(event, "Uniqueid"): get(event, "BridgeTechnology")
        for event in rig.events(mark)
        if event[0][1] == "BridgeLeave" and get(event, "BridgeType") == "basic"
    }
    destroyed = [
        get(event, "BridgeTechnology")
        for event in rig.events(mark)
        if event[0][1] == "BridgeDestroy"
    ]
    assert left == {caller: "native_rtp", first: "simple_bridge"}
    assert destroyed == ["simple_bridge"]


def test_a_talker_can_be_bridged_with_another_leg() -> None:
    rig = Rig()
    caller, first = rig.talk()
    second = rig.park("1002", "leg-2")
    mark = rig.mark()

    rig.act("Bridge", Channel1=caller, Channel2=second)
    rig.run(0.01)
    rig.bye(second)

    assert rig.names_about(caller, mark)[:2] == ["BridgeLeave", "BridgeEnter"]
    assert get(rig.find("BridgeEnter", mark), "BridgeName") == "cc-callers"
    assert rig.names_about(first, mark)[-1] == "BridgeEnter"


@pytest.mark.parametrize("seed", range(4))
def test_two_who_talk_can_be_joined_again(seed: int) -> None:
    rig = Rig(seed)
    caller, leg = rig.talk()

    rig.act("Bridge", Channel1=leg, Channel2=caller)
    rig.run(0.01)

    rows = {get(row, "Uniqueid"): get(row, "BridgeID") for row in rig.list_rows("Status")}
    assert rows[caller] == rows[leg] != ""
    talks = [row for row in rig.list_rows("BridgeList") if get(row, "BridgeType") == "basic"]
    assert [get(row, "BridgeNumChannels") for row in talks] == ["2"]


def test_a_channel_cannot_be_joined_with_itself() -> None:
    rig = Rig()
    leg = rig.park()

    response = rig.act("Bridge", Channel1=leg, Channel2=leg)

    assert get(response, "Message").startswith("Unable to add Channel2 to bridge: PJSIP/1001-")


def test_leaving_a_bridge_sets_the_cause_that_the_far_ends_hang_up_then_shows() -> None:
    rig = Rig()
    caller = rig.hold()
    rig.act("Redirect", Channel=caller, Context="cc-hold", Exten="wait", Priority="1")

    rig.bye(caller)

    assert get(rig.find("HangupRequest"), "Cause") == "16"


def test_a_hang_up_with_a_cause_shows_that_cause() -> None:
    rig = Rig()
    caller = rig.hold()

    rig.act("Hangup", Channel=caller, Cause="21")

    assert pick(rig.find("Hangup"), "Cause", "Cause-txt") == {
        "Cause": "21",
        "Cause-txt": "Call Rejected",
    }


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("nobody", "leg-1", "Channel1 does not exist: nobody"),
        ("leg-1", "nobody", "Channel2 does not exist: nobody"),
        ("leg-1", "", "Missing channel parameter in request"),
    ],
)
def test_bridging_a_dead_channel_is_refused(first: str, second: str, message: str) -> None:
    rig = Rig()
    rig.park()

    response = rig.act("Bridge", Channel1=first, Channel2=second)

    assert get(response, "Response") == "Error"
    assert get(response, "Message") == message


def test_bridge_takes_names_as_prefixes() -> None:
    rig = Rig()
    caller, leg = rig.hold(), rig.park()

    rig.act("Bridge", Channel1="PJSIP/trunk-", Channel2="pjsip/1001")

    assert rig.names_about(caller)[-1] == "BridgeEnter"
    assert rig.names_about(leg)[-1] == "BridgeEnter"


def test_a_channel_that_still_rings_cannot_be_bridged() -> None:
    rig = Rig()
    caller, leg = rig.hold(), rig.ring()

    response = rig.act("Bridge", Channel1=caller, Channel2=leg)

    assert get(response, "Message").startswith("Unable to add Channel2 to bridge: PJSIP/1001-")
