"""AsyncAGI's commands: as FACTS and traces of a real Asterisk 22 have them."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from callcenter.simulator.channel import HearsNothing, HearsPrompt
from callcenter.simulator.exchange import PbxSettings
from callcenter.simulator.messages import get
from tests.unit.simulator.rig import (
    CALLER,
    PHONES,
    Rig,
    enter_menu,
    keys,
    pick,
    read_result,
    send,
)


def test_a_command_is_picked_up_within_a_tenth_of_a_second_and_its_end_is_told() -> None:
    rig = Rig(settings=PbxSettings(phones=PHONES, sounds={"cc/welcome": 1.0}))
    caller = enter_menu(rig)
    mark = rig.mark()

    send(rig, caller, "EXEC Playback cc/welcome")
    at_once = rig.names(mark)
    rig.run(0.101)
    begun = rig.names(mark)
    rig.run(1.0)

    assert at_once == []
    assert begun == ["AGIExecStart"]
    assert rig.names(mark) == ["AGIExecStart", "AGIExecEnd", "AsyncAGIExec"]
    end = rig.find("AGIExecEnd")
    assert keys(end)[-4:] == ["CommandId", "Command", "ResultCode", "Result"]
    assert pick(end, "Privilege", "ResultCode", "Result") == {
        "Privilege": "agi,all",
        "ResultCode": "200",
        "Result": "Success",
    }
    result = rig.find("AsyncAGIExec")
    assert result[-2:] == [("Result", "200%20result%3D0%0A"), ("CommandId", "c1")]
    assert HearsPrompt(caller, "cc/welcome") in rig.signals
    assert rig.signals[-1] == HearsNothing(caller)


def test_queued_commands_run_in_order_without_a_pause_between() -> None:
    rig = Rig()
    caller = enter_menu(rig)
    mark = rig.mark()

    for number in range(3):
        send(rig, caller, "NOOP", f"c{number}")
    rig.run(0.101)

    ended = [get(event, "CommandId") for event in rig.events(mark) if keys(event)[-2] == "Result"]
    assert ended == ["c0", "c1", "c2"]
    assert len({get(event, "Timestamp") for event in rig.events(mark)}) == 1


def test_a_key_during_the_prompt_ends_get_data() -> None:
    rig = Rig()
    caller = enter_menu(rig)
    send(rig, caller, "GET DATA cc/menu 3000 1")
    rig.run(0.5)
    mark = rig.mark()

    rig.press(caller, "2")

    assert rig.names(mark) == ["DTMFBegin", "DTMFEnd", "AGIExecEnd", "AsyncAGIExec"]
    assert rig.find("DTMFEnd")[-3:] == [
        ("Digit", "2"),
        ("DurationMs", "100"),
        ("Direction", "Received"),
    ]
    assert read_result(rig) == "200 result=2\n"


def test_several_keys_end_with_the_last_one_wanted_or_a_hash() -> None:
    rig = Rig()
    caller = enter_menu(rig)
    results = []
    for typed in ("23", "4#"):
        send(rig, caller, "GET DATA cc/menu 3000 2")
        rig.run(0.5)
        for key in typed:
            rig.press(caller, key)
        results.append(read_result(rig))

    assert results == ["200 result=23\n", "200 result=4\n"]


def test_get_data_times_out_after_the_prompt_and_after_each_key() -> None:
    rig = Rig(settings=PbxSettings(phones=PHONES, sounds={"cc/menu": 1.0}))
    caller = enter_menu(rig)

    send(rig, caller, "GET DATA cc/menu 3000 4")
    rig.run(4.2)
    silent = read_result(rig)
    send(rig, caller, "GET DATA cc/menu 3000 4")
    rig.run(0.5)
    rig.press(caller, "7")
    rig.run(3.2)

    assert silent == "200 result= (timeout)\n"
    assert read_result(rig) == "200 result=7 (timeout)\n"


def test_a_key_outside_of_get_data_is_lost() -> None:
    rig = Rig(settings=PbxSettings(phones=PHONES, sounds={"cc/welcome": 1.0, "cc/menu": 1.0}))
    caller = enter_menu(rig)
    send(rig, caller, "EXEC Playback cc/welcome")
    rig.run(0.3)

    rig.press(caller, "1")
    send(rig, caller, "GET DATA cc/menu 500 1")
    rig.run(3)

    assert read_result(rig) == "200 result= (timeout)\n"


def test_a_key_by_info_tells_its_end_alone_and_works_when_it_has_been_held() -> None:
    rig = Rig()
    caller = enter_menu(rig)
    send(rig, caller, READ)
    rig.run(0.2)
    mark = rig.mark()

    rig.pbx.press(caller, "5", rig.now, by_info=True)
    rig.run(0.1)
    held = rig.names(mark)
    rig.run(0.1)

    assert held == ["DTMFEnd"]
    assert pick(rig.find("DTMFEnd"), "Digit", "DurationMs") == {"Digit": "5", "DurationMs": "160"}
    assert rig.names(mark) == ["DTMFEnd", "AGIExecEnd", "AsyncAGIExec"]


def test_a_key_by_info_from_a_caller_who_is_gone_is_harmless() -> None:
    rig = Rig()
    caller = enter_menu(rig)

    rig.pbx.press(caller, "5", rig.now, by_info=True)
    rig.bye(caller)
    rig.run(1)
    rig.pbx.press(caller, "5", rig.now, by_info=True)

    assert rig.names().count("DTMFEnd") == 1


def test_stream_file_ends_at_an_escape_digit() -> None:
    rig = Rig()
    caller = enter_menu(rig)
    send(rig, caller, 'STREAM FILE cc/menu "12"')
    rig.run(0.5)

    rig.press(caller, "3")
    rig.press(caller, "2")

    assert read_result(rig).startswith("200 result=50 endpos=")


def test_stream_file_runs_to_its_end() -> None:
    rig = Rig(settings=PbxSettings(phones=PHONES, sounds={"cc/menu": 1.0}))
    caller = enter_menu(rig)
    send(rig, caller, 'STREAM FILE cc/menu ""')

    rig.run(1.2)

    assert read_result(rig) == "200 result=0 endpos=8000\n"


def test_a_missing_file_ends_async_agi_only_in_stream_file() -> None:
    # Measured on 22.10.1: GET DATA and Playback of a missing file answer and AsyncAGI goes on.
    rig = Rig(settings=PbxSettings(phones=PHONES, missing_sounds=frozenset({"cc/nope"})))
    caller = enter_menu(rig)

    send(rig, caller, "GET DATA cc/nope 3000 1")
    rig.run(0.2)
    get_data = read_result(rig)
    send(rig, caller, "EXEC Playback cc/nope")
    send(rig, caller, "GET VARIABLE PLAYBACKSTATUS")
    rig.run(0.2)
    status = read_result(rig)
    still_in = "AsyncAGIEnd" not in rig.names()
    mark = rig.mark()
    send(rig, caller, 'STREAM FILE cc/nope ""')
    rig.run(0.2)

    assert get_data == "200 result=-1\n"
    assert status == "200 result=1 (FAILED)\n"
    assert still_in
    assert read_result(rig) == "200 result=-1 endpos=0\n"
    assert rig.names_about(caller, mark) == [
        "AGIExecStart",
        "AGIExecEnd",
        "AsyncAGIExec",
        "AsyncAGIEnd",
        "BridgeEnter",
        "MusicOnHoldStart",
    ]


@pytest.mark.parametrize(
    ("command", "code", "word", "text"),
    [
        ("EXEC Nope x", "200", "Unknown Result", "200 result=-2\n"),
        ("FOO x", "510", "Invalid or unknown command", "510 Invalid or unknown command\n"),
        ("GET DATA", "520", "Usage", "520-Invalid command syntax."),
        ("STREAM FILE x", "520", "Usage", "520-Invalid command syntax."),
        ("EXEC", "520", "Usage", "520-Invalid command syntax."),
        ("EXEC Playback", "200", "Unknown Result", "200 result=-1\n"),
        ("GET FULL VARIABLE", "520", "Usage", "520-Invalid command syntax."),
        ("GET FULL", "510", "Invalid or unknown command", "510 "),
        ("GET VARIABLE", "520", "Usage", "520-Invalid command syntax."),
        ("GET VARIABLE NOPE", "200", "Success", "200 result=0\n"),
        ("GET VARIABLE CC_ROLE", "200", "Success", "200 result=1 (caller)\n"),
        ("GET VARIABLE CALLERID(num)", "200", "Success", f"200 result=1 ({CALLER})\n"),
        ('SET VARIABLE X "a b"', "200", "Success", "200 result=1\n"),
        ("SET MUSIC on", "200", "Success", "200 result=0\n"),
        ("ANSWER", "200", "Success", "200 result=0\n"),
        ('NOOP "unclosed', "200", "Success", "200 result=0\n"),
    ],
)
def test_a_command_is_answered_as_asterisk_does(
    command: str, code: str, word: str, text: str
) -> None:
    rig = Rig()
    caller = enter_menu(rig)

    send(rig, caller, command)
    rig.run(0.2)

    assert pick(rig.find("AGIExecEnd"), "Command", "ResultCode", "Result") == {
        "Command": command,
        "ResultCode": code,
        "Result": word,
    }
    assert read_result(rig).startswith(text)


READ = "EXEC Read CC_DIGIT,cc/menu,1,,1,3.000"
HOW = "GET FULL VARIABLE ${READSTATUS}/${CC_DIGIT}"


def read_key(rig: Rig, caller: str, key: str, command: str = READ) -> str:
    """Ask for a key as the service does; returns how it went."""
    send(rig, caller, command, "c.run")
    send(rig, caller, HOW, "c")
    rig.run(0.5)
    if key:
        rig.press(caller, key)
    rig.run(6)
    return read_result(rig)


@pytest.mark.parametrize(
    ("key", "command", "said"),
    [
        ("5", READ, "200 result=1 (OK/5)\n"),
        ("", READ, "200 result=1 (TIMEOUT/)\n"),
        ("#", READ, "200 result=1 (OK/)\n"),
        ("", READ.replace("menu", "nope"), "200 result=1 (ERROR/)\n"),
        ("7", READ.replace("cc/menu", ""), "200 result=1 (OK/7)\n"),
        ("", "EXEC Read", "200 result=1 (ERROR/)\n"),
    ],
)
def test_read_has_result_0_and_says_in_a_variable_how_it_went(
    key: str, command: str, said: str
) -> None:
    rig = Rig(settings=PbxSettings(phones=PHONES, missing_sounds=frozenset({"cc/nope"})))
    caller = enter_menu(rig)
    mark = rig.mark()

    assert read_key(rig, caller, key, command) == said

    told = [event for event in rig.events(mark) if event[0][1] == "AsyncAGIExec"]
    assert [get(event, "CommandId") for event in told] == ["c.run", "c"]
    assert unquote(get(told[0], "Result")) == "200 result=0\n"


def test_status_shows_the_application_that_exec_runs() -> None:
    rig = Rig()
    caller = enter_menu(rig)
    send(rig, caller, READ)
    rig.run(0.2)
    running = rig.list_rows("Status", Channel=caller)[0]
    rig.press(caller, "1")
    idle = rig.list_rows("Status", Channel=caller)[0]

    assert pick(running, "Application", "Data", "Context") == {
        "Application": "Read",
        "Data": "CC_DIGIT,cc/menu,1,,1,3.000",
        "Context": "cc-inbound",
    }
    assert pick(idle, "Application", "Data") == {"Application": "AGI", "Data": "agi:async"}


def test_a_redirect_out_of_read_ends_it_with_0_and_leaves_the_next_command_unanswered() -> None:
    rig = Rig()
    caller = enter_menu(rig)
    send(rig, caller, READ, "c.run")
    send(rig, caller, HOW, "c")
    rig.run(0.2)
    mark = rig.mark()

    rig.act("Redirect", Channel=caller, Context="cc-hold", Exten="wait", Priority="1")
    late = rig.act("AGI", Channel=caller, Command="NOOP", CommandID="late")
    rig.run(1)

    assert rig.names_about(caller, mark)[:3] == ["AGIExecEnd", "AsyncAGIExec", "AsyncAGIEnd"]
    assert rig.names(mark).count("AsyncAGIExec") == 1
    assert read_result(rig) == "200 result=0\n"
    assert get(late, "Message") == "Added AGI command to queue"


def test_a_caller_bridged_out_of_a_menu_shows_no_application() -> None:
    rig = Rig()
    leg = rig.park()
    caller = enter_menu(rig)

    rig.act("Bridge", Channel1=caller, Channel2=leg)

    row = rig.list_rows("Status", Channel=caller)[0]
    assert pick(row, "Application", "Data") == {"Application": "(null)", "Data": "(null)"}


def test_a_variable_set_in_the_menu_is_read_over_ami() -> None:
    rig = Rig()
    caller = enter_menu(rig)

    send(rig, caller, 'SET VARIABLE CC_NOTE "a b"')
    rig.run(0.2)

    answer = rig.act("Getvar", Channel=caller, Variable="CC_NOTE")
    assert answer[-2:] == [("Variable", "CC_NOTE"), ("Value", "a b")]
