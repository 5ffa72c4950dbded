"""Bytes of AMI, cut anywhere and sometimes broken."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.pbx.ami.wire import (
    ACTION_LINE_BYTES_MAX,
    ACTION_LINES_MAX,
    FAULTS_KEPT_MAX,
    GREETING_BYTES_MAX,
    ActionHeaders,
    AmiMessage,
    AmiParser,
    GreetingError,
    InvalidActionError,
    WireLimits,
    encode_action,
    encode_message,
    every,
    first,
    is_refusal,
    pairs_of,
)

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
TINY = WireLimits(message_bytes_max=40, headers_max=4, line_chars_max=25)


def parse(data: bytes, **options: Any) -> list[AmiMessage]:
    return AmiParser(greeting=False, **options).feed(data)


def test_a_message_becomes_a_dict_of_its_headers_in_order() -> None:
    messages = parse(b"Event: Hangup\r\nChannel: PJSIP/1001-1\r\nCause: 16\r\n\r\n")

    assert messages == [{"Event": "Hangup", "Channel": "PJSIP/1001-1", "Cause": "16"}]
    assert list(messages[0]) == ["Event", "Channel", "Cause"]


def test_a_repeated_header_becomes_a_list_in_order() -> None:
    (status,) = parse(b"Event: Status\r\nVariable: A=1\r\nVariable: B=2\r\nVariable: C=3\r\n\r\n")

    assert status["Variable"] == ["A=1", "B=2", "C=3"]


def test_a_line_without_a_name_is_left_out_beside_repeated_headers_too() -> None:
    parser = AmiParser(greeting=False)

    (status,) = parser.feed(b"Event: Status\r\nVariable: A=1\r\n: x\r\nVariable: B=2\r\n\r\n")

    assert status == {"Event": "Status", "Variable": ["A=1", "B=2"]}
    assert parser.faulty == 1


def test_repeated_headers_of_two_kinds_keep_their_places() -> None:
    (heard,) = parse(b"Event: X\r\nB: 1\r\nA: 1\r\nB: 2\r\nA: 2\r\nA:3\r\n\r\n")
    (same,) = parse(b"Event: X\r\nB: 1\r\nA: 1\r\nB: 2\r\nA: 2\r\nA: 3\r\n\r\n")

    assert heard == same == {"Event": "X", "B": ["1", "2"], "A": ["1", "2", "3"]}
    assert list(same) == ["Event", "B", "A"]


def test_lines_of_output_keep_their_indentation() -> None:
    (answer,) = parse(b"Response: Success\r\nOutput:   two\r\nOutput: \r\nOutput: x: y\r\n\r\n")

    assert every(answer, "Output") == ["  two", "", "x: y"]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b"AccountCode: ", ""),
        (b"AccountCode:", ""),
        (b"AccountCode:none", "none"),
        (b"AccountCode:a: b", "a: b"),
        (b"AccountCode: a: b", "a: b"),
        (b"AccountCode:  two spaces", " two spaces"),
    ],
)
def test_a_value_may_be_empty_hold_colons_or_follow_without_a_space(
    line: bytes, value: str
) -> None:
    assert parse(b"Event: X\r\n" + line + b"\r\n\r\n") == [{"Event": "X", "AccountCode": value}]


def test_a_character_split_between_two_packets_stays_whole() -> None:
    data = "Event: X\r\nName: Þórður Ægisson\r\n\r\n".encode()
    cut = data.index("Þ".encode()) + 1
    parser = AmiParser(greeting=False)

    assert parser.feed(data[:cut]) == []
    assert parser.feed(data[cut:]) == [{"Event": "X", "Name": "Þórður Ægisson"}]


def test_bytes_that_are_no_utf8_do_not_hurt_their_neighbours() -> None:
    messages = parse(b"Event: X\r\nName: a\xffb\xc3\r\nNext: 1\r\n\r\nEvent: Y\r\n\r\n")

    assert messages == [{"Event": "X", "Name": "a\ufffdb\ufffd", "Next": "1"}, {"Event": "Y"}]


def test_a_line_end_too_many_is_no_message() -> None:
    assert parse(b"\r\nEvent: X\r\n\r\n\r\n\r\n\r\nEvent: Y\r\n\r\n\r\n") == [
        {"Event": "X"},
        {"Event": "Y"},
    ]


def test_the_greeting_is_told_apart_from_the_first_message() -> None:
    parser = AmiParser()

    assert parser.feed(GREETING[:10]) == []
    assert parser.greeting is None
    assert parser.feed(GREETING[10:] + b"Event: X\r\n\r\n") == [{"Event": "X"}]
    assert parser.greeting == "Asterisk Call Manager/11.0.0"


@pytest.mark.parametrize(
    "data",
    [b"SSH-2.0-OpenSSH_9.2\r\n", b"H", b"\x16\x03\x01\xff", b"Asterisk Call\r\n", b"\r\n"],
)
def test_another_protocols_first_bytes_are_refused_as_soon_as_they_differ(data: bytes) -> None:
    with pytest.raises(GreetingError, match="first line"):
        AmiParser().feed(data)


def test_a_greeting_without_end_is_refused() -> None:
    parser = AmiParser()
    parser.feed(GREETING.rstrip() + b"x" * (GREETING_BYTES_MAX - len(GREETING.rstrip())))

    with pytest.raises(GreetingError, match="longer than 256 bytes"):
        parser.feed(b"x")


def test_events_that_are_not_wanted_are_left_out_and_counted() -> None:
    parser = AmiParser(greeting=False, wanted=("Hangup",))

    messages = parser.feed(
        b"Event: VarSet\r\nValue: 1\r\n\r\nEvent: Hangup\r\n\r\nResponse: Success\r\n\r\n"
    )

    assert messages == [{"Event": "Hangup"}, {"Response": "Success"}]
    assert (parser.messages, parser.skipped) == (2, 1)


def test_an_event_that_answers_an_action_is_kept_whatever_its_name() -> None:
    (row,) = parse(b"Event: CoreShowChannel\r\nActionID: 7\r\n\r\n", wanted=("Hangup",))

    assert row["ActionID"] == "7"


def test_a_line_without_a_name_is_left_out_with_a_fault_that_shows_no_values() -> None:
    parser = AmiParser(greeting=False)

    messages = parser.feed(b"Event: X\r\nNum: 555\r\n+4930123456\r\n: 2\r\nY: 1\r\n\r\n")

    assert messages == [{"Event": "X", "Num": "555", "Y": "1"}]
    assert parser.take_faults() == ["line left out: it has no header name (Event: X)"] * 2
    assert parser.take_faults() == []
    assert parser.faulty == 2


def test_a_block_without_any_header_is_no_message() -> None:
    parser = AmiParser(greeting=False)

    assert parser.feed(b"hello\r\nworld\r\n\r\nEvent: X\r\n\r\n") == [{"Event": "X"}]
    assert parser.faulty == 2


def test_a_message_with_two_names_is_skipped_beside_a_line_without_one() -> None:
    parser = AmiParser(greeting=False)

    messages = parser.feed(b"Event: a\r\nhello\r\nEvent: b\r\n\r\nEvent: X\r\n\r\n")

    assert messages == [{"Event": "X"}]
    assert parser.take_faults() == [
        "line left out: it has no header name (Event: a)",
        "message skipped: header Event comes more than once (Event: a)",
    ]


@pytest.mark.parametrize("header", ["Event", "Response", "ActionID"])
def test_a_message_with_two_names_is_skipped(header: str) -> None:
    parser = AmiParser(greeting=False)

    messages = parser.feed(f"{header}: a\r\n{header}: b\r\n\r\nEvent: X\r\n\r\n".encode())

    assert messages == [{"Event": "X"}]
    assert parser.take_faults() == [
        f"message skipped: header {header} comes more than once ({header}: a)"
    ]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"Event: Many" + b"\r\nA: 1" * 4, "more than 4 lines (Event: Many)"),
        (b"Event: W\r\nA: " + b"x" * 23, "a line longer than 25 characters (Event: W)"),
        (b"Event: Big\r\nA: 1\r\nB: " + b"x" * 25, "longer than 40 bytes (Event: Big)"),
    ],
)
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_a_message_beyond_a_bound_is_skipped_and_said_so_and_the_next_is_read(
    bad: bytes, why: str, step: int
) -> None:
    parser = AmiParser(greeting=False, limits=TINY)
    data = b"Event: A\r\n\r\n" + bad + b"\r\n\r\nEvent: B\r\n\r\n"

    messages = [m for i in range(0, len(data), step) for m in parser.feed(data[i : i + step])]

    assert messages == [{"Event": "A"}, {"Event": "B"}]
    assert parser.take_faults() == [f"message skipped: {why}"]


def test_many_short_lines_may_be_longer_together_than_one_line_may_be() -> None:
    assert parse(b"Event: X\r\nA: 1\r\nBcdefghij: 2345678901\r\n\r\n", limits=TINY) == [
        {"Event": "X", "A": "1", "Bcdefghij": "2345678901"}
    ]


def test_a_flood_without_end_holds_bounded_memory() -> None:
    parser = AmiParser(greeting=False, limits=WireLimits(message_bytes_max=1000))

    for _ in range(1000):
        parser.feed(b"x" * 997)
        assert parser.buffered < 2000

    assert parser.faulty == 1
    assert parser.feed(b"\r\n\r\nEvent: X\r\n\r\n") == [{"Event": "X"}]


def test_a_flood_of_line_ends_is_neither_a_message_nor_kept() -> None:
    parser = AmiParser(greeting=False, limits=TINY)

    for _ in range(100):
        parser.feed(b"\n" * 50)

    assert parser.buffered <= 50
    assert parser.faulty == 0


def test_faults_are_kept_up_to_a_bound_and_counted_beyond_it() -> None:
    parser = AmiParser(greeting=False)

    parser.feed(b"bad\r\n\r\n" * (FAULTS_KEPT_MAX + 5))

    assert len(parser.take_faults()) == FAULTS_KEPT_MAX
    assert parser.faulty == FAULTS_KEPT_MAX + 5


pieces = st.sampled_from(
    [
        b"Event: Hangup",
        b"Event: VarSet",
        b"Response: Success",
        b"ActionID: 1",
        "Name: Þórður".encode(),
        b"Name:x",
        b"Name: ",
        b"garbage",
        b"\xff\xc3",
        b"Long: " + b"y" * 30,
        b"\r",
        b"\n",
        b"\r\n",
        b"\r\n",
        b"\r\n\r\n",
        b"\r\n\r\n",
    ]
)


@given(
    st.lists(pieces, max_size=60).map(b"".join) | st.binary(max_size=200),
    st.lists(st.integers(1, 30), max_size=60),
    st.booleans(),
)
def test_however_a_stream_is_cut_the_messages_and_faults_are_the_same(
    stream: bytes, steps: list[int], greets: bool
) -> None:
    data = (GREETING if greets else b"") + stream
    whole = AmiParser(greeting=greets, wanted=("Hangup",), limits=TINY)
    expected = whole.feed(data)
    parser = AmiParser(greeting=greets, wanted=("Hangup",), limits=TINY)
    found: list[AmiMessage] = []
    at = 0

    for step in [*steps, len(data)]:
        found += parser.feed(data[at : at + step])
        at += step

    assert found == expected
    assert sorted(parser.take_faults()) == sorted(whole.take_faults())
    assert (parser.messages, parser.skipped) == (whole.messages, whole.skipped)


def test_first_and_every_read_a_header_however_often_it_comes() -> None:
    message: AmiMessage = {"A": "1", "B": ["2", "3"]}

    assert [first(message, key, "-") for key in "ABC"] == ["1", "2", "-"]
    assert (every(message, "A"), every(message, "B"), every(message, "C")) == (
        ["1"],
        ["2", "3"],
        [],
    )


def test_a_refusal_is_told_by_the_response() -> None:
    assert is_refusal({"Response": "Error", "Message": "No such channel"})
    assert not is_refusal({"Response": "Success"})
    assert not is_refusal({"Response": "Goodbye"})


def test_headers_spread_into_lines_in_order() -> None:
    headers: ActionHeaders = {"Action": "Originate", "Timeout": 30_000, "Variable": ["A=1", "B=2"]}

    assert encode_action(pairs_of(headers)) == (
        b"Action: Originate\r\nTimeout: 30000\r\nVariable: A=1\r\nVariable: B=2\r\n\r\n"
    )


@pytest.mark.parametrize("value", [None, True, 1.5, b"x", {"a": "b"}])
def test_a_value_of_another_type_is_refused_by_name(value: Any) -> None:
    with pytest.raises(InvalidActionError, match="'Timeout' has a value of type"):
        pairs_of({"Action": "Originate", "Timeout": value})


@pytest.mark.parametrize("bad", ["\r", "\n", "\0", "\r\nCommand: evil", "a\r\n\r\nAction: X"])
def test_what_would_add_a_header_or_an_action_is_refused_without_showing_it(bad: str) -> None:
    with pytest.raises(InvalidActionError, match="value of header 'Secret' holds") as error:
        encode_action([("Action", "Login"), ("Secret", "hush" + bad)])
    assert "hush" not in str(error.value)

    with pytest.raises(InvalidActionError, match="is no header name"):
        encode_action([("Action", "Login"), ("Secret" + bad, "hush")])


@pytest.mark.parametrize("name", ["", "A:", "A B", ":"])
def test_a_header_name_must_be_one_word(name: str) -> None:
    with pytest.raises(InvalidActionError, match="is no header name"):
        encode_message([(name, "1")])


@pytest.mark.parametrize("pair", [(1, "a"), ("A", 1), ("A", None)])
def test_only_text_is_encoded(pair: Any) -> None:
    with pytest.raises(InvalidActionError, match="must be text"):
        encode_message([pair])


def test_text_that_utf8_cannot_hold_is_refused() -> None:
    with pytest.raises(InvalidActionError, match="lone surrogate at character 3"):
        encode_message([("A", "\ud800")])


@pytest.mark.parametrize("pairs", [[], [("Event", "X")], [("Action", "")]])
def test_an_action_begins_with_its_name(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidActionError, match="must begin with the header 'Action'"):
        encode_action(pairs)


def test_an_action_that_asterisk_would_throw_away_is_refused() -> None:
    name = ("Action", "Setvar")
    longest = "x" * (ACTION_LINE_BYTES_MAX - len("Value: "))

    assert longest.encode() in encode_action([name, ("Value", longest)])
    with pytest.raises(InvalidActionError, match="'Value' is longer than the 1020 bytes"):
        encode_action([name, ("Value", longest + "x")])
    with pytest.raises(InvalidActionError, match="'Value' is longer than the 1020 bytes"):
        encode_action([name, ("Value", "Þ" * 600)])
    assert encode_action([name, *[("A", "x" * 100)] * (ACTION_LINES_MAX - 1)])
    with pytest.raises(InvalidActionError, match="has 129 lines; Asterisk takes 128"):
        encode_action([name, *[("A", "1")] * ACTION_LINES_MAX])


words = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=20)


@given(st.lists(words, min_size=1, max_size=5))
def test_what_is_encoded_is_parsed_as_it_was(values: list[str]) -> None:
    pairs = [("Event", "X"), *((f"Key{i}", value) for i, value in enumerate(values))]

    assert parse(encode_message(pairs)) == [dict(pairs)]
