"""What is made of the packets that were seen on the wire."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.far_ends.wire_tap import Packet, Tapped, listen_to, loudest, read_tap

PORT = 11_000


def said(at: float, *, loud: bool = True, port: int = PORT) -> Packet:
    return Packet(at, port, sent=True, loud=loud)


def heard(at: float, *, loud: bool = True, port: int = PORT) -> Packet:
    return Packet(at, port, sent=False, loud=loud)


def test_the_message_begins_after_the_last_word_of_the_greeting() -> None:
    packets = [said(1.0), said(2.0), said(2.5, loud=False), heard(3.0, loud=False), heard(4.0)]

    call = listen_to(Tapped(packets), PORT, 0.5, 9.0)

    assert (call.greeting_end, call.message_at, call.onset_s) == (2.0, 4.0, 2.0)


def test_what_is_said_into_the_message_is_no_greeting() -> None:
    assert listen_to(Tapped([said(1.0), heard(2.0), said(3.0)]), PORT, 0.5, 9.0).onset_s == 1.0


def test_sound_is_counted_without_its_pauses() -> None:
    packets = [heard(2.0 + 0.02 * n, loud=n % 2 == 0) for n in range(100)]

    assert listen_to(Tapped(packets), PORT, 0.0, 9.0).loud_s == pytest.approx(1.0)


def test_other_calls_and_other_times_are_left_out() -> None:
    packets = [heard(1.0), heard(5.0, port=PORT + 2), heard(9.5)]

    call = listen_to(Tapped(packets), PORT, 2.0, 9.0)

    assert (call.message_at, call.onset_s, call.loud_s) == (None, None, 0.0)


def test_a_stall_counts_where_it_falls_between_greeting_and_message() -> None:
    late = [(1.0, 0.5), (3.0, 0.25), (3.5, 0.125), (5.0, 1.0)]

    call = listen_to(Tapped([said(2.0), heard(4.0)], late), PORT, 0.5, 9.0)

    assert (call.onset_s, call.stalled_s) == (2.0, 0.375)


def test_lines_of_a_tap_are_read_and_a_torn_one_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "wire.log"
    file.write_text("1.500000 11000 1 0\n2.0 0 250000 0\n2.500000 11000 0 1\n3.5", encoding="ascii")

    tapped = read_tap(file)

    assert tapped.packets == [said(1.5, loud=False), heard(2.5)]
    assert tapped.late == [(2.0, 0.25)]


def test_silence_is_not_loud_and_speech_is() -> None:
    assert loudest(b"\xff\x7f\xfe") < 50
    assert loudest(b"\x80\xff") > 30_000
