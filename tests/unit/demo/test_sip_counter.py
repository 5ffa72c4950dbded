"""The counter of SIPp's traces, on recorded ones."""

from __future__ import annotations

import ast
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callcenter.demo import sip_counter
from callcenter.demo.sip_counter import SipCall, read_calls, read_messages

FIXTURES = Path(__file__).parents[2] / "fixtures" / "sipp"


def time_of(clock: str) -> float:
    return datetime.fromisoformat(f"2026-11-21T{clock}").replace(tzinfo=UTC).timestamp()


def test_a_call_that_a_phone_answers_and_ends_has_all_its_times() -> None:
    (call,) = [call for call in read_calls(FIXTURES / "phones.log") if call.called == "1001"]

    assert call == SipCall(
        call_id="4c246364-4b5e-4e7d-bc64-8c651308a3b8",
        caller="+3545550001",
        called="1001",
        received=True,
        invited_at=time_of("22:53:05.597225"),
        ringing_at=time_of("22:53:05.599482"),
        answered_at=time_of("22:53:05.939233"),
        ended_at=time_of("22:53:06.482378"),
        ended_here=True,
    )
    assert call.outcome == "answered"


def test_calls_are_in_the_order_of_their_invites_with_their_outcomes() -> None:
    calls = read_calls(FIXTURES / "phones.log")

    assert [(call.called, call.outcome, call.refused_with) for call in calls] == [
        ("1001", "answered", None),
        ("1002", "refused", 486),
        ("1003", "cancelled", None),
        ("1004", "refused", 404),
    ]
    assert calls[2].cancelled_at == time_of("22:53:06.603198")


def test_callers_are_told_apart_and_have_called_not_been_rung() -> None:
    calls = read_calls(FIXTURES / "callers.log")

    assert [(call.caller, call.received, call.ended_here) for call in calls] == [
        ("+3545550002", False, True),
        ("+3545550001", False, True),
    ]


def test_a_trace_that_is_cut_off_in_a_message_gives_the_messages_before(tmp_path: Path) -> None:
    whole = (FIXTURES / "phones.log").read_bytes()
    cut = tmp_path / "cut.log"
    cut.write_bytes(whole[: whole.rindex(b"Call-ID")])

    assert len(list(read_messages(cut))) == len(list(read_messages(FIXTURES / "phones.log"))) - 1


def test_a_repeated_packet_does_not_move_a_time(tmp_path: Path) -> None:
    whole = (FIXTURES / "phones.log").read_text(encoding="utf-8")
    twice = tmp_path / "twice.log"
    twice.write_text(whole + whole.replace("22:53:", "22:59:"), encoding="utf-8")

    assert read_calls(twice) == read_calls(FIXTURES / "phones.log")


@pytest.mark.parametrize("text", ["", "nothing of the kind\n", "-" * 47 + " 2026-11-21 22:53:05\n"])
def test_a_file_without_a_message_has_no_calls(tmp_path: Path, text: str) -> None:
    trace = tmp_path / "empty.log"
    trace.write_text(text, encoding="utf-8")

    assert read_calls(trace) == []


def test_a_call_that_only_rings_is_open(tmp_path: Path) -> None:
    head, ringing = "-" * 47 + " 2026-11-21 10:00:0", "SIP/2.0 180 Ringing"
    rest = "From: <sip:1@h>\nTo: <sip:2@h>\nCall-ID: c\nCSeq: 1 INVITE\n\n"
    trace = tmp_path / "open.log"
    trace.write_text(
        f"{head}1.000000\nUDP message received [1] bytes :\n\nINVITE sip:2@h SIP/2.0\n{rest}"
        f"{head}2.000000\nUDP message sent (1 bytes):\n\n{ringing}\n{rest}",
        encoding="utf-8",
    )

    (call,) = read_calls(trace)

    assert call.outcome == "open"
    assert call.ringing_at == call.invited_at + 1


def test_the_counter_uses_the_standard_library_and_nothing_of_ours() -> None:
    tree = ast.parse(Path(sip_counter.__file__).read_text(encoding="utf-8"))

    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert "re" in imported
    assert imported <= sys.stdlib_module_names
