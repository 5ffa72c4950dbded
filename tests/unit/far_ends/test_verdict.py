"""What became of callers, told from traces written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callcenter.demo.sip_counter import SipCall, read_calls
from tests.far_ends.verdict import (
    Card,
    Ring,
    Story,
    find_overlaps,
    read_rings,
    read_stories,
    rings_without_card,
)

T0 = 1_700_000_000.0
CALLER, PHONE = "+3545550001", "1001"
UNREACHABLE_S = 5.0


class Trace:
    """A trace as SIPp writes it. Times in seconds from T0."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def note(
        self, at: float, direction: str, what: str, call_id: str, numbers: tuple[str, str]
    ) -> None:
        """``what``: ``INVITE``, or ``180/INVITE`` for an answer to one."""
        status, _, method = what.rpartition("/")
        start = f"SIP/2.0 {status} X" if status else f"{method} sip:x SIP/2.0"
        stamp = datetime.fromtimestamp(T0 + at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        with self.path.open("a") as file:
            file.write(
                f"{'-' * 47} {stamp}\nUDP message {direction} [9] bytes:\n\n{start}\n"
                f"Call-ID: {call_id}\nCSeq: 1 {method}\n"
                f"From: <sip:{numbers[0]}@x>\nTo: <sip:{numbers[1]}@x>\n\n\n"
            )


class Day:
    """One caller and phones."""

    def __init__(self, folder: Path) -> None:
        self._callers, self.phones = Trace(folder / "callers"), Trace(folder / "phones")
        self._rings = 0

    def caller(self, *, pressed: bool = True, left: float = 20.0, by_pbx: bool = False) -> None:
        """Calls at 0, presses a key at 3, is gone at ``left``."""
        who = (CALLER, "5550100")
        self._callers.note(0.0, "sent", "INVITE", "c", who)
        self._callers.note(0.1, "received", "200/INVITE", "c", who)
        if pressed:
            self._callers.note(3.0, "sent", "INFO", "c", who)
        self._callers.note(left, "received" if by_pbx else "sent", "BYE", "c", who)

    def ring(self, at: float, *deeds: tuple[float, str], phone: str = PHONE) -> None:
        """A phone is rung; what follows, sent by it if it is an answer."""
        self._rings += 1
        self.phones.note(at, "received", "INVITE", f"r{self._rings}", (CALLER, phone))
        for when, what in deeds:
            direction = "sent" if "/" in what else "received"
            self.phones.note(when, direction, what, f"r{self._rings}", (CALLER, phone))

    def story(self, dialed: Sequence[str] = ()) -> Story:
        """The caller's."""
        traces = [self._callers.path], [self.phones.path]
        return read_stories(*traces, unreachable_s=UNREACHABLE_S, dialed=dialed)[CALLER]

    def rings(self) -> list[SipCall]:
        """All calls at the phones."""
        return read_rings([self.phones.path])


@pytest.fixture
def day(tmp_path: Path) -> Day:
    """A day on which nothing has happened."""
    return Day(tmp_path)


def test_a_caller_who_talked_was_answered_by_that_phone(day: Day) -> None:
    day.caller()
    day.ring(4.0, (4.1, "180/INVITE"), (4.6, "486/INVITE"), phone="1002")
    day.ring(4.7, (4.8, "180/INVITE"), (5.0, "200/INVITE"), (20.0, "BYE"))

    story = day.story()

    assert (story.outcome, story.answered_by, story.is_close) == ("answered", PHONE, False)
    assert [ring.results for ring in story.rings] == [("rejected",), ("answered",)]
    assert story.ended_by_caller
    assert not story.talks[0].ended_by_phone


def test_phones_that_rang_for_somebody_who_was_dialed_belong_to_no_story(day: Day) -> None:
    day.caller()
    day.ring(4.0, (4.1, "180/INVITE"), (5.0, "200/INVITE"), (20.0, "BYE"))
    stranger = ("+3545550099", "1002")
    day.phones.note(4.0, "received", "INVITE", "d", stranger)

    story = day.story(dialed=[stranger[0]])

    assert [ring.phone for ring in story.rings] == [PHONE]


def test_who_leaves_without_a_key_left_the_menu_and_with_one_abandoned(tmp_path: Path) -> None:
    outcomes = []
    for pressed in (False, True):
        folder = tmp_path / str(pressed)
        folder.mkdir()
        day = Day(folder)
        day.caller(pressed=pressed)
        outcomes.append(day.story().outcome)
    assert outcomes == ["left_in_ivr", "abandoned"]


@pytest.mark.parametrize(
    ("cancelled", "result"), [(12.0, "no_answer"), (20.3, "caller_gone"), (20.05, "caller_gone")]
)
def test_a_phone_that_stops_ringing_rang_out_or_lost_its_caller(
    day: Day, cancelled: float, result: str
) -> None:
    day.caller()
    day.ring(4.0, (4.1, "180/INVITE"), (cancelled, "CANCEL"))
    assert day.story().rings[0].results == (result,)


def test_what_happens_in_the_same_moment_may_be_told_either_way(day: Day) -> None:
    day.caller()
    day.ring(15.0, (15.1, "180/INVITE"), (19.95, "200/INVITE"))

    story = day.story()

    assert story.rings[0].results == ("answered", "caller_gone")
    assert story.is_close


def test_a_phone_that_says_nothing_is_unreachable_unless_the_caller_goes_first(day: Day) -> None:
    day.caller()
    day.ring(4.0, phone="1008")
    day.ring(16.0, phone="1008")
    assert [ring.results for ring in day.story().rings] == [("unreachable",), ("caller_gone",)]


def test_a_phone_that_still_rings_has_no_result(day: Day) -> None:
    day.caller()
    day.ring(4.0, (4.1, "180/INVITE"))
    assert day.story().rings[0].results == ()


def test_a_phone_rung_while_it_talks_or_rings_is_found(day: Day) -> None:
    day.caller()
    day.ring(4.0, (4.1, "180/INVITE"), (5.0, "200/INVITE"), (9.0, "BYE"))
    day.ring(9.05, (9.1, "180/INVITE"))
    assert find_overlaps(day.rings()) == []
    day.ring(15.0, (15.1, "180/INVITE"))
    assert find_overlaps(day.rings()) == [(PHONE, CALLER, CALLER)]


def test_a_ring_wants_a_card_of_its_own_before_it(day: Day) -> None:
    rings = [Ring(PHONE, CALLER, at, ("answered",)) for at in (10.0, 20.0)]
    cards = [Card("ana", "c1", 9.0), Card("ana", "c2", 8.0)]
    phone_of, caller_of = {"ana": PHONE}, {"c1": CALLER, "c2": "+3545550002"}
    assert rings_without_card(rings, cards, phone_of, caller_of) == [rings[1]]
    cards.append(Card("ana", "c1", 19.999))
    assert rings_without_card(rings, cards, phone_of, caller_of) == []


def test_a_trace_of_this_test_reads_as_sipp_s_do(day: Day) -> None:
    day.caller(by_pbx=True)
    (call,) = read_calls(day._callers.path)
    assert (call.caller, call.answered_at, call.ended_at, call.ended_here) == (
        CALLER,
        T0 + 0.1,
        T0 + 20.0,
        False,
    )
