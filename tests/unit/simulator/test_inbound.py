"""A call comes in, is handed to the service, and leaves the menu in every way there is."""

from __future__ import annotations

from urllib.parse import unquote

from callcenter.simulator.channel import Accepted, Ended
from callcenter.simulator.exchange import PbxSettings
from callcenter.simulator.messages import get
from tests.unit.simulator.rig import (
    CALLER,
    DIALED,
    PHONES,
    Rig,
    enter_menu,
    keys,
    pick,
    read_result,
    send,
)

CHANNEL_KEYS = [
    "Channel",
    "ChannelState",
    "ChannelStateDesc",
    "CallerIDNum",
    "CallerIDName",
    "ConnectedLineNum",
    "ConnectedLineName",
    "Language",
    "AccountCode",
    "Context",
    "Exten",
    "Priority",
    "Uniqueid",
    "Linkedid",
]
HEAD_KEYS = ["Event", "Privilege", "Timestamp", "SystemName"]


def test_a_call_is_answered_and_handed_to_the_service() -> None:
    rig = Rig()

    caller = enter_menu(rig)

    assert rig.names_about(caller) == ["Newchannel", "Newstate", "AsyncAGIStart"]
    began, up, start = (rig.find(name) for name in rig.names_about(caller))
    assert keys(began) == HEAD_KEYS + CHANNEL_KEYS
    assert pick(began, "Privilege", "SystemName", "ChannelStateDesc", "Priority") == {
        "Privilege": "call,all",
        "SystemName": "cc",
        "ChannelStateDesc": "Ring",
        "Priority": "1",
    }
    assert pick(up, "ChannelState", "ChannelStateDesc") == {
        "ChannelState": "6",
        "ChannelStateDesc": "Up",
    }
    assert keys(start) == HEAD_KEYS + CHANNEL_KEYS + ["Env"]
    assert pick(start, "Context", "Exten", "Priority", "CallerIDNum") == {
        "Context": "cc-inbound",
        "Exten": DIALED,
        "Priority": "9",
        "CallerIDNum": CALLER,
    }
    env = unquote(get(start, "Env")).split("\n")
    assert env[0] == "agi_request: async"
    assert f"agi_uniqueid: {caller}" in env
    assert f"agi_callerid: {CALLER}" in env
    assert env[-2:] == ["", ""]
    assert Accepted(caller) in rig.signals


def test_the_uniqueid_holds_the_systemname_and_the_clock_of_the_pbx() -> None:
    rig = Rig(settings=PbxSettings(phones=PHONES, name="cc", clock_offset_s=7.5))

    caller = rig.call()

    assert caller == "cc-1795300007.0"
    assert get(rig.act("Getvar", Variable="EPOCH"), "Value") == "1795300007"


def test_without_media_the_answer_takes_half_a_second() -> None:
    rig = Rig()
    rig.beat()

    rig.call(media=False, run_s=0.4)
    early = "AsyncAGIStart" in rig.names()
    rig.run(0.2)

    assert not early
    assert "AsyncAGIStart" in rig.names()


def test_a_number_that_the_dialplan_does_not_know_is_refused_unseen() -> None:
    rig = Rig()

    caller = rig.pbx.call_in(CALLER, "*99", rig.now)
    rig.run(1)

    assert rig.names_about(caller) == []
    assert rig.signals == [Ended(caller, 1)]


def test_break_leaves_async_agi_between_commands() -> None:
    rig = Rig()
    caller = enter_menu(rig)
    send(rig, caller, "ASYNCAGI BREAK", "c1")
    send(rig, caller, "NOOP", "c2")
    mark = rig.mark()

    rig.run(0.2)

    assert rig.names_about(caller, mark) == [
        "AGIExecStart",
        "AGIExecEnd",
        "AsyncAGIExec",
        "AsyncAGIEnd",
        "BridgeEnter",
        "MusicOnHoldStart",
    ]


def test_hangup_in_the_menu_ends_the_call() -> None:
    rig = Rig()
    caller = enter_menu(rig)
    mark = rig.mark()

    send(rig, caller, "HANGUP")
    rig.run(0.2)

    assert rig.names(mark) == [
        "AGIExecStart",
        "SoftHangupRequest",
        "AGIExecEnd",
        "AsyncAGIExec",
        "AsyncAGIEnd",
        "SoftHangupRequest",
        "Hangup",
    ]


def test_a_caller_who_hangs_up_in_a_prompt_leaves_the_running_command_with_minus_one() -> None:
    rig = Rig()
    caller = enter_menu(rig)
    send(rig, caller, "EXEC Playback cc/welcome")
    rig.run(0.2)
    mark = rig.mark()

    rig.bye(caller)

    assert rig.names(mark) == [
        "HangupRequest",
        "AGIExecEnd",
        "AsyncAGIExec",
        "AsyncAGIEnd",
        "SoftHangupRequest",
        "Hangup",
    ]
    assert read_result(rig) == "200 result=-1\n"
    assert get(rig.find("AGIExecEnd"), "Result") == "Unknown Result"
    assert "Cause" not in keys(rig.find("HangupRequest"))
    assert pick(rig.find("Hangup"), "Cause", "Cause-txt") == {"Cause": "0", "Cause-txt": "Unknown"}


def test_a_hang_up_over_ami_comes_without_hanguprequest() -> None:
    rig = Rig()
    caller = enter_menu(rig)
    mark = rig.mark()

    rig.act("Hangup", Channel=caller)

    assert rig.names(mark) == ["AsyncAGIEnd", "SoftHangupRequest", "Hangup"]
    assert Ended(caller, 0) in rig.signals


def test_a_redirect_takes_the_caller_out_of_a_prompt_at_once() -> None:
    rig = Rig()
    caller = enter_menu(rig)
    send(rig, caller, "EXEC Playback cc/welcome", "c1")
    send(rig, caller, "NOOP", "c2")
    rig.run(0.2)
    mark = rig.mark()

    rig.act("Redirect", Channel=caller, Context="cc-hold", Exten="wait", Priority="1")

    assert rig.names_about(caller, mark) == [
        "AGIExecEnd",
        "AsyncAGIExec",
        "AsyncAGIEnd",
        "BridgeEnter",
        "MusicOnHoldStart",
    ]


def test_a_bridge_takes_the_caller_out_of_a_prompt_without_a_word_of_agi() -> None:
    rig = Rig()
    leg = rig.park()
    caller = enter_menu(rig)
    send(rig, caller, "EXEC Playback cc/welcome")
    rig.run(0.2)
    mark = rig.mark()

    rig.act("Bridge", Channel1=caller, Channel2=leg)
    rig.run(5)

    assert rig.names_about(caller, mark) == ["BridgeEnter"]
    assert get(rig.find("BridgeEnter", mark), "Uniqueid") == leg
    entered = next(e for e in rig.events(mark) if get(e, "Uniqueid") == caller)
    assert pick(entered, "Context", "Priority") == {"Context": "cc-inbound", "Priority": "10"}


def test_a_command_for_a_channel_that_was_never_in_a_menu_is_refused() -> None:
    rig = Rig()
    leg = rig.park()

    never = rig.act("AGI", Channel=leg, Command="NOOP")
    gone = rig.act("AGI", Channel="nobody", Command="NOOP")
    half = rig.act("AGI", Channel=leg)

    assert get(never, "Message").startswith("Failed to add AGI command to channel PJSIP/1001-")
    assert get(gone, "Message") == "Channel nobody does not exist."
    assert get(half, "Message") == "Both, Channel and Command are *required*"


def test_the_watchdog_gives_the_caller_to_the_native_queue() -> None:
    rig = Rig()
    caller = enter_menu(rig)
    send(rig, caller, "GET DATA cc/menu 30000 1")
    rig.run(0.2)
    mark = rig.mark()

    rig.run(10)

    assert rig.names_about(caller, mark) == [
        "AGIExecEnd",
        "AsyncAGIExec",
        "AsyncAGIEnd",
        "UserEvent",
        "QueueCallerJoin",
        "MusicOnHoldStart",
    ]
    event = rig.find("UserEvent")
    assert event[-2:] == [("UserEvent", "CCFallback"), ("Call", caller)]
    assert get(event, "Privilege") == "user,all"


def test_the_watchdog_is_put_off_by_absolute_timeout() -> None:
    rig = Rig()
    caller = enter_menu(rig)

    for _ in range(5):
        rig.run(3)
        answer = rig.act("AbsoluteTimeout", Channel=caller, Timeout="10")

    assert get(answer, "Message") == "Timeout Set"
    assert "AsyncAGIEnd" not in rig.names()
    row = rig.list_rows("Status", Channel=caller)[0]
    assert int(get(row, "TimeToHangup")) == int(rig.now + 10)


def test_a_call_that_comes_with_no_service_alive_goes_to_the_native_queue_at_once() -> None:
    rig = Rig()

    caller = rig.call()

    assert rig.names_about(caller) == [
        "Newchannel",
        "Newstate",
        "UserEvent",
        "QueueCallerJoin",
        "MusicOnHoldStart",
    ]


def test_a_heartbeat_that_is_ten_seconds_old_still_counts_and_an_older_one_does_not() -> None:
    rig = Rig()
    rig.beat()
    rig.run(10)
    fresh = rig.call()
    rig.run(1)

    stale = rig.call()

    assert "AsyncAGIStart" in rig.names_about(fresh)
    assert "AsyncAGIStart" not in rig.names_about(stale)
