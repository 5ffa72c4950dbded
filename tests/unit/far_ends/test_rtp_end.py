"""The ends with sound, tried on each other and on messages by hand: no Asterisk is needed."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest

from callcenter.demo.sip_counter import read_calls, read_messages
from tests.far_ends.rtp_end import SILENT, Caller, Phone
from tests.far_ends.rtp_process import Heard, RtpEnds
from tests.far_ends.sip_message import Message, parse

HOST = "127.0.0.1"
PATIENCE_S = 10.0
QUIET_S = 0.3
"""For an answer that must not come."""


def free_port() -> int:
    """A UDP port that is free now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def make_ends(folder: Path, phones: list[Phone], callers: list[Caller]) -> RtpEnds:
    """Ends whose callers call the phones straight, as if these were a PBX."""
    at = (HOST, free_port())
    return RtpEnds(
        folder / "ends", phones, callers, phones_at=at, callers_at=(HOST, free_port()), pbx=at
    )


async def until(is_so: Callable[[], bool]) -> None:
    """Look until it is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


class Pbx:
    """A socket that says to a phone what a PBX says."""

    def __init__(self, ends: RtpEnds) -> None:
        host, port = ends.contact("x").partition("@")[2].split(":")
        self._to = (host, int(port))
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.socket.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def say(self, method: str, phone: str, cseq: str = "7") -> None:
        """Send a request of the one call there is."""
        port = self.socket.getsockname()[1]
        message = Message(
            f"{method} sip:{phone}@{HOST} SIP/2.0",
            [
                ("Via", f"SIP/2.0/UDP {HOST}:{port};branch=z9hG4bK-1"),
                ("From", "<sip:+3545550001@pbx>;tag=a"),
                ("To", f"<sip:{phone}@{HOST}>"),
                ("Contact", f"<sip:pbx@{HOST}:{port}>"),
                ("Call-ID", "one"),
                ("CSeq", f"{cseq} {method}"),
            ],
            f"c=IN IP4 {HOST}\r\nm=audio 9 RTP/AVP 0\r\n" if method == "INVITE" else "",
        )
        self.socket.sendto(message.encode(), self._to)

    async def hear(self) -> Message:
        """The next message from the phone."""
        async with asyncio.timeout(PATIENCE_S):
            return parse(await asyncio.get_running_loop().sock_recv(self.socket, 4096))

    async def hears_nothing(self) -> bool:
        """Whether the phone says nothing for a while."""
        try:
            async with asyncio.timeout(QUIET_S):
                await asyncio.get_running_loop().sock_recv(self.socket, 4096)
        except TimeoutError:
            return True
        return False


async def test_a_caller_and_a_phone_talk_until_the_callers_are_told_to_hang_up(
    tmp_path: Path,
) -> None:
    caller = Caller("+3545550001", "1001", key="5", key_s=0.05)
    ends = make_ends(tmp_path, [Phone("1001", ring_s=0.05, talk_s=0.05)], [caller])
    async with ends:
        ends.call()
        await until(lambda: len(ends.heard().arrivals) == 1)
        await until(lambda: min(map(len, ends.heard().arrivals.values())) > 20)
        assert ends.heard().spoken == {}  # they are silent
        ends.hang_up()
        await until(lambda: any(call.ended_at for call in read_calls(ends.phones_path)))

    (rung,) = read_calls(ends.phones_path)
    (made,) = read_calls(ends.callers_path)
    assert (rung.caller, rung.called, rung.received) == ("+3545550001", "1001", True)
    assert rung.call_id == made.call_id
    assert rung.ringing_at is not None
    assert rung.answered_at is not None
    assert rung.answered_at > rung.ringing_at
    assert (made.ended_here, rung.ended_here) == (True, False)
    pressed = [m for m in read_messages(ends.phones_path) if m.method == "INFO" and not m.status]
    assert len(pressed) == 1


async def test_a_phone_hangs_up_on_others_when_it_has_talked(tmp_path: Path) -> None:
    ends = make_ends(tmp_path, [Phone("1001", ring_s=0.0, talk_s=0.1)], [])
    async with ends:
        with Pbx(ends) as pbx:
            pbx.say("INVITE", "1001")
            said = [await pbx.hear() for _ in range(3)]

    assert [message.status for message in said] == [180, 200, 0]
    assert "m=audio" in said[1].body
    assert said[2].method == "BYE"
    assert said[2]["To"] == "<sip:+3545550001@pbx>;tag=a"


async def test_a_phone_stops_ringing_when_the_caller_gives_up(tmp_path: Path) -> None:
    ends = make_ends(tmp_path, [Phone("1001", ring_s=60.0)], [])
    async with ends:
        with Pbx(ends) as pbx:
            pbx.say("INVITE", "1001")
            await pbx.hear()
            pbx.say("CANCEL", "1001")
            said = [await pbx.hear() for _ in range(2)]

    assert [(m.status, m.method) for m in said] == [(200, "CANCEL"), (487, "INVITE")]
    assert [call.outcome for call in read_calls(ends.phones_path)] == ["cancelled"]


async def test_a_silent_phone_notes_the_call_and_says_nothing(tmp_path: Path) -> None:
    ends = make_ends(tmp_path, [Phone("1001", SILENT)], [])
    async with ends:
        with Pbx(ends) as pbx:
            pbx.say("INVITE", "1001")
            assert await pbx.hears_nothing()

    (call,) = read_calls(ends.phones_path)
    assert (call.called, call.outcome, call.ringing_at) == ("1001", "open", None)


async def test_a_number_that_is_nobody_s_is_not_found(tmp_path: Path) -> None:
    async with make_ends(tmp_path, [], []) as ends:
        with Pbx(ends) as pbx:
            pbx.say("INVITE", "1001")
            assert (await pbx.hear()).status == 404


def test_a_gap_is_seen_inside_and_at_both_edges() -> None:
    assert Heard({"a": [1.0, 1.2, 2.0]}).gap_s("a", 1.0, 2.0) == pytest.approx(0.8)
    assert Heard({"a": [1.5]}).gap_s("a", 1.0, 1.6) == pytest.approx(0.5)
    assert Heard({"a": [1.1, 9.0]}).gap_s("a", 1.0, 3.0) == pytest.approx(1.9)
    assert Heard({"a": []}).gap_s("a", 1.0, 3.0) == pytest.approx(2.0)


def test_what_the_ends_were_late_themselves_is_no_gap_of_the_pbx() -> None:
    heard = Heard({"a": [1.0, 1.3, 1.4]}, late=[(1.28, 0.25), (9.0, 5.0)])
    assert heard.gap_s("a", 1.0, 1.4) == pytest.approx(0.1)  # the one after it
    assert heard.gap_s("a", 1.0, 1.3) == pytest.approx(0.05)


def test_several_stalls_in_one_gap_are_all_left_out_of_it_and_no_others() -> None:
    heard = Heard({"a": [1.0, 3.0, 3.5]}, late=[(1.9, 0.75), (2.75, 0.5), (4.0, 0.4)])
    assert heard.gap_s("a", 1.0, 3.5) == pytest.approx(0.75)


def test_what_is_no_message_is_refused() -> None:
    with pytest.raises(ValueError, match="no header"):
        parse(b"INVITE sip:1001@x SIP/2.0\r\nnonsense\r\n\r\n")
