"""AMI sessions: logging in, being thrown out, what is allowed and seen; and the small actions."""

from __future__ import annotations

import pytest

from callcenter.simulator.exchange import PbxSettings
from callcenter.simulator.messages import Privilege, get, get_all
from callcenter.simulator.sessions import AmiAccount, leader_account
from tests.unit.simulator.rig import CALLER, PHONES, Rig, keys, pick


def answers(rig: Rig, session: int) -> list[str]:
    return [
        get(message, "Message")
        for number, message in rig.messages
        if number == session and message[0][0] == "Response"
    ]


def test_a_login_is_answered_and_told_that_asterisk_is_booted() -> None:
    rig = Rig()

    assert rig.messages[0][1][0] == ("Response", "Success")
    assert rig.messages[0][1][-1] == ("Message", "Authentication accepted")
    booted = rig.messages[1][1]
    assert keys(booted) == ["Event", "Privilege", "Uptime", "LastReload", "Status"]
    assert pick(booted, "Event", "Privilege", "Status") == {
        "Event": "FullyBooted",
        "Privilege": "system,all",
        "Status": "Fully Booted",
    }


def test_a_second_login_of_the_leader_is_refused_after_a_second_and_cut_off() -> None:
    rig = Rig()

    second = rig.log_in("leader")
    rig.run(0.9)
    early = answers(rig, second)
    rig.run(0.2)

    assert early == []
    assert answers(rig, second) == ["Login Already In Use"]
    assert rig.closed == [second]


@pytest.mark.parametrize(("name", "secret"), [("fence", "wrong"), ("nobody", "right")])
def test_a_wrong_login_is_refused_after_a_second_and_cut_off(name: str, secret: str) -> None:
    rig = Rig()

    session = rig.log_in(name, secret)
    rig.act_as(session, "Ping")
    rig.run(1.1)

    assert answers(rig, session) == ["Authentication failed"]
    assert rig.closed == [session]


def test_a_client_that_leaves_before_it_is_refused_gets_nothing() -> None:
    rig = Rig()
    session = rig.log_in("nobody")

    rig.pbx.disconnect(session, rig.now)
    rig.pbx.disconnect(session, rig.now)
    rig.run(2)

    assert answers(rig, session) == []
    assert rig.closed == []


def test_the_fence_kicks_the_leader_who_can_then_log_in_anew() -> None:
    rig = Rig()
    old = rig.leader
    fence = rig.log_in("fence")

    shown = rig.act_as(fence, "Command", Command="manager show connected")
    lines = get_all(shown, "Output")
    row = next(line for line in lines if line.split()[0] == "leader")
    fd = row.split()[4]
    kicked = rig.act_as(fence, "Command", Command=f"manager kick session {fd}")
    rig.leader = rig.log_in("leader")

    assert lines[0].split()[:2] == ["Username", "IP"]
    assert row.split()[6:] == ["0000013155", "0000012898"]
    assert lines[-1] == "2 users connected."
    assert kicked[-2:] == [
        ("Message", "Command output follows"),
        ("Output", f"Kicking manager session connected using file descriptor {fd}"),
    ]
    assert rig.closed == [old]
    assert answers(rig, rig.leader) == ["Authentication accepted"]


@pytest.mark.parametrize(
    ("command", "response", "output"),
    [
        ("manager kick session 99", "Success", "No manager session found using file descriptor 99"),
        ("manager kick session x", "Error", "Invalid AMI file descriptor: x"),
        (
            "nope",
            "Error",
            "No such command 'nope' (type 'core show help nope' for other possible commands)",
        ),
    ],
)
def test_other_commands_are_answered_as_the_console_does(
    command: str, response: str, output: str
) -> None:
    rig = Rig()
    fence = rig.log_in("fence")

    answer = rig.act_as(fence, "Command", Command=command)

    assert pick(answer, "Response", "Output") == {"Response": response, "Output": output}
    assert get(rig.act_as(fence, "Command"), "Message") == "No command provided"


def test_the_leader_may_not_use_commands_and_the_fence_may_nothing_else() -> None:
    rig = Rig()
    fence = rig.log_in("fence")

    leader_said = rig.act("Command", Command="core show channels")
    fence_said = rig.act_as(fence, "Originate", Channel="PJSIP/1001")

    assert get(leader_said, "Message") == "Permission denied"
    assert get(fence_said, "Message") == "Permission denied"
    assert get(rig.act_as(fence, "Ping"), "Ping") == "Pong"


def test_the_fence_sees_no_events() -> None:
    rig = Rig()
    fence = rig.log_in("fence", Events="on")

    rig.call()

    assert rig.events(session=fence) == []
    assert len(rig.events()) > 3


def test_a_session_without_login_may_only_log_in_or_off() -> None:
    rig = Rig()
    session = rig.pbx.connect(rig.now)

    denied = rig.act_as(session, "Ping")
    bye = rig.act_as(session, "Logoff")

    assert get(denied, "Message") == "Permission denied"
    assert pick(bye, "Response", "Message") == {
        "Response": "Goodbye",
        "Message": "Thanks for all the fish.",
    }
    assert rig.closed == [session]


def test_a_closed_session_is_not_heard_any_more() -> None:
    rig = Rig()
    rig.act("Logoff")

    assert rig.act("Ping") == []


def test_logging_in_twice_changes_nothing() -> None:
    rig = Rig()

    again = rig.act("Login", Username="leader", Secret="wrong")

    assert get(again, "Message") == "Already authenticated"


def test_nobody_but_an_account_for_it_may_touch_the_files() -> None:
    rig = Rig()
    rig.pbx.sessions.accounts["root"] = AmiAccount("root", "right")
    root = rig.log_in("root")

    refused = rig.act("GetConfig", Filename="manager.conf")
    allowed = rig.act_as(root, "UpdateConfig", SrcFilename="manager.conf")

    assert get(refused, "Message") == "Permission denied"
    assert get(allowed, "Message") == "Config file not found"


def test_unknown_and_missing_actions_are_said_to_be_so() -> None:
    rig = Rig()

    unknown = rig.act("Nope")
    rig.take(rig.pbx.handle_action(rig.leader, [("ActionID", "x")], rig.now))

    assert get(unknown, "Message") == (
        "Invalid/unknown command: Nope. Use Action: ListCommands to show available commands."
    )
    assert get(rig.messages[-1][1], "Message") == "Missing action in request"


@pytest.mark.parametrize(
    ("mask", "word", "expected"),
    [
        ("off", "Off", []),
        ("on", "On", ["Newchannel", "Newstate", "AsyncAGIStart"]),
        ("agi", "On", ["AsyncAGIStart"]),
        ("call", "On", ["Newchannel", "Newstate"]),
        ("2", "On", ["Newchannel", "Newstate"]),
        ("xyz", "Off", []),
        ("command", "On", []),
        ("all", "On", ["Newchannel", "Newstate", "AsyncAGIStart"]),
    ],
)
def test_an_event_mask_chooses_classes(mask: str, word: str, expected: list[str]) -> None:
    rig = Rig()
    rig.beat()
    mark = rig.mark()

    answer = rig.act("Events", EventMask=mask)
    rig.call()

    assert get(answer, "Events") == word
    assert rig.names(mark) == expected


def test_an_empty_event_mask_is_refused_and_login_takes_one_too() -> None:
    rig = Rig()

    answer = rig.act("Events", EventMask="")
    rig.act("Logoff")
    rig.leader = rig.log_in("leader", Events="off")
    mark = rig.mark()
    rig.call()

    assert get(answer, "Message") == "Invalid event mask"
    assert rig.names(mark) == []


def test_an_account_does_not_see_what_its_filters_exclude() -> None:
    account = leader_account("x")

    assert "VarSet" in account.excluded
    assert account.write & Privilege.COMMAND == 0


def test_a_user_event_goes_to_everybody_with_the_actions_headers() -> None:
    rig = Rig()

    answer = rig.act("UserEvent", UserEvent="Hello", Note="x")

    assert get(answer, "Message") == "Event Sent"
    event = rig.find("UserEvent")
    assert event[4] == ("UserEvent", "Hello")
    assert event[-1] == ("Note", "x")
    assert get(event, "ActionID") == get(answer, "ActionID")


def test_ping_tells_the_clock() -> None:
    rig = Rig(settings=PbxSettings(phones=PHONES, clock_offset_s=-3.0))

    answer = rig.act("Ping")

    assert keys(answer) == ["Response", "ActionID", "Ping", "Timestamp"]
    assert get(answer, "Timestamp") == "1795299997.250000"


def test_global_and_channel_variables_are_set_and_read() -> None:
    rig = Rig(settings=PbxSettings(phones=PHONES, name="cc"))
    caller = rig.call()

    rig.act("Setvar", Variable="CC_X", Value="1")
    rig.act("Setvar", Variable="CC_X", Value="2", Channel=caller)

    def read(variable: str, **headers: str) -> str:
        return get(rig.act("Getvar", Variable=variable, **headers), "Value")

    assert read("CC_X") == "1"
    assert read("CC_X", Channel=caller) == "2"
    assert read("NOPE") == ""
    assert read("CALLERID(num)", Channel=caller) == CALLER
    assert read("CALLERID(name)", Channel=caller) == ""
    assert read("CHANNEL(musicclass)", Channel=caller) == "cc-hold"
    assert read("CHANNEL(state)", Channel=caller) == "Up"
    assert read("UNIQUEID", Channel=caller) == caller
    assert read("SYSTEMNAME") == "cc"


@pytest.mark.parametrize(
    ("action", "headers", "message"),
    [
        ("Setvar", {}, "No variable specified"),
        ("Setvar", {"Variable": "X", "Channel": "nobody"}, "No such channel"),
        ("Getvar", {}, "No variable specified"),
        ("Getvar", {"Variable": "X", "Channel": "nobody"}, "No such channel"),
        ("Hangup", {}, "No channel specified"),
        ("Hangup", {"Channel": "nobody"}, "No such channel"),
        ("AbsoluteTimeout", {"Timeout": "3"}, "No channel specified"),
        ("AbsoluteTimeout", {"Channel": "nobody", "Timeout": "3"}, "No such channel"),
        ("AbsoluteTimeout", {"Channel": "nobody", "Timeout": "0"}, "No timeout specified"),
        ("AbsoluteTimeout", {"Channel": "nobody", "Timeout": "x"}, "No timeout specified"),
        ("Status", {"Channel": "nobody"}, "No such channel"),
        ("Redirect", {}, "Channel not specified"),
        ("Redirect", {"Channel": "x"}, "Context not specified"),
        ("Redirect", {"Channel": "x", "Context": "y"}, "Exten not specified"),
        ("Redirect", {"Channel": "x", "Context": "y", "Exten": "z"}, "Priority not specified"),
        (
            "Redirect",
            {"Channel": "x", "Context": "y", "Exten": "z", "Priority": "no"},
            "Priority is invalid",
        ),
        (
            "Redirect",
            {"Channel": "x", "Context": "y", "Exten": "z", "Priority": "1"},
            "Channel does not exist: x",
        ),
    ],
)
def test_a_wrong_action_is_refused_in_asterisks_words(
    action: str, headers: dict[str, str], message: str
) -> None:
    rig = Rig()

    answer = rig.act(action, **headers)

    assert pick(answer, "Response", "Message") == {"Response": "Error", "Message": message}


def test_a_redirect_takes_labels_and_refuses_a_ringing_leg() -> None:
    rig = Rig()
    rig.beat()
    caller, leg = rig.call(), rig.ring()

    labelled = rig.act(
        "Redirect", Channel=caller, Context="cc-hold", Exten="wait", Priority="again"
    )
    ringing = rig.act("Redirect", Channel=leg, Context="cc-hold", Exten="wait", Priority="1")

    assert get(labelled, "Response") == "Success"
    assert get(rig.find("MusicOnHoldStart"), "Priority") == "2"
    assert get(ringing, "Message") == "Redirect failed"


def test_a_redirect_to_an_extension_that_is_not_there_ends_the_call() -> None:
    rig = Rig()
    caller = rig.hold()

    answer = rig.act("Redirect", Channel=caller, Context="cc-hold", Exten="no", Priority="1")

    assert get(answer, "Response") == "Success"
    assert rig.names()[-1] == "Hangup"


def test_status_and_coreshowchannels_list_every_channel() -> None:
    rig = Rig()
    caller, leg = rig.hold(), rig.park()
    rig.run(3)

    rows = rig.list_rows("Status", Variables="CC_ROLE,CC_AGENT")
    shown = rig.list_rows("CoreShowChannels")

    assert [get(row, "Uniqueid") for row in rows] == [caller, leg]
    assert rows[0][:2] == [("Event", "Status"), ("Privilege", "Call")]
    assert get_all(rows[0], "Variable") == ["CC_ROLE=caller", "CC_AGENT=(null)"]
    assert get_all(rows[1], "Variable") == ["CC_ROLE=agent", "CC_AGENT=agent-1001"]
    assert rows[0][-1][0] == "ActionID"
    assert pick(rows[0], "DNID", "Type", "Application", "Data", "TimeToHangup", "Seconds") == {
        "DNID": "5550",
        "Type": "PJSIP",
        "Application": "BridgeWait",
        "Data": "cc-callers,participant,e(m)S(20)",
        "TimeToHangup": "0",
        "Seconds": "3",
    }
    assert pick(shown[0], "Event", "Duration", "ApplicationData") == {
        "Event": "CoreShowChannel",
        "Duration": "00:00:03",
        "ApplicationData": "cc-callers,participant,e(m)S(20)",
    }


def test_the_bridge_list_can_be_of_one_technology() -> None:
    rig = Rig()
    rig.talk()

    rows = rig.list_rows("BridgeList", BridgeType="holding_bridge")

    assert sorted(get(row, "BridgeName") for row in rows) == ["cc-agents", "cc-callers"]


def test_answers_without_an_action_id_carry_none() -> None:
    rig = Rig()
    rig.hold()
    mark = rig.mark()

    for name in ("Status", "CoreShowChannels", "BridgeList"):
        rig.take(rig.pbx.handle_action(rig.leader, [("Action", name)], rig.now))

    assert all("ActionID" not in keys(message) for _, message in rig.messages[mark:])
