"""What became of people, told from calls at the far ends alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from callcenter.demo import sip_counter
from callcenter.demo.sip_counter import (
    SipCall,
    Span,
    count_inbound,
    count_outbound,
    is_ring,
    judge_caller,
    judge_dialed,
)

FIXTURES = Path(__file__).parents[2] / "fixtures" / "sipp"
CALLER, OTHER = "+3545550001", "+3545550002"
WAIT_S, MESSAGE_S = 1.0, 3.0


def caller(number: str = CALLER, *, left: float, pressed: float | None = 3.0) -> SipCall:
    """Calls at 0, is let in at 0.1."""
    call = SipCall("c-" + number, number, "5550100", received=False, invited_at=0.0)
    call.answered_at, call.pressed_at = 0.1, pressed
    call.ended_at, call.ended_here = left, True
    return call


def ring(
    phone: str = "1001", *, at: float, answered: float | None = None, shows: str = CALLER
) -> SipCall:
    """A phone is rung for somebody."""
    call = SipCall(f"r-{phone}-{at}", shows, phone, received=True, invited_at=at)
    call.answered_at = answered
    return call


def dialed(
    *,
    rang: bool = True,
    answered: float | None = None,
    refused: int | None = None,
    cancelled: float | None = None,
    ended: float | None = None,
    here: bool = False,
) -> SipCall:
    """Somebody is dialed at 0."""
    call = SipCall("d", "+3545550100", CALLER, received=True, invited_at=0.0)
    call.ringing_at = 0.1 if rang else None
    call.answered_at, call.refused_with, call.cancelled_at = answered, refused, cancelled
    call.ended_at, call.ended_here = ended, here if ended is not None else None
    return call


# --- who called -----------------------------------------------------------------------------------


def test_a_caller_is_answered_by_the_first_phone_that_was_picked_up() -> None:
    rings = [
        ring("1001", at=4.0),
        ring("1002", at=9.0, answered=10.0),
        ring("1003", at=20.0, answered=21.0),
    ]

    assert judge_caller(caller(left=30.0), rings) == (("answered",), "1002")


@pytest.mark.parametrize(
    ("left", "pressed", "results"),
    [
        (20.0, 3.0, ("abandoned",)),
        (20.0, None, ("left_in_ivr",)),
        (3.2, 3.0, ("abandoned", "left_in_ivr")),
    ],
)
def test_a_caller_whom_no_phone_answered_has_given_up_or_never_chosen(
    left: float, pressed: float | None, results: tuple[str, ...]
) -> None:
    rings = [ring(at=4.0), ring(at=5.0, answered=6.0, shows=OTHER)]

    assert judge_caller(caller(left=left, pressed=pressed), rings) == (results, "")


def test_a_phone_answered_in_the_moment_the_caller_left_may_be_told_either_way() -> None:
    results, phone = judge_caller(caller(left=10.2), [ring(at=4.0, answered=10.0)])

    assert results == ("answered", "abandoned")
    assert phone == "1001"


def test_a_ring_for_an_earlier_or_later_call_of_the_same_number_does_not_count() -> None:
    rings = [ring(at=-5.0, answered=-4.0), ring(at=40.0, answered=41.0)]

    assert judge_caller(caller(left=30.0), rings) == (("abandoned",), "")


def test_a_caller_who_was_never_let_in_does_not_count() -> None:
    call = caller(left=1.0)
    call.answered_at = None

    assert judge_caller(call, []) == ((), "")
    assert count_inbound([call], [], {}, ())["offered"] == Span(0, 0)


def test_callers_are_counted_with_what_is_too_close_to_call() -> None:
    callers = [
        caller("+1", left=30.0),
        caller("+2", left=10.2),
        caller("+3", left=20.0),
        caller("+4", left=1.0, pressed=None),
    ]
    rings = [
        ring("1001", at=4.0, answered=5.0, shows="+1"),
        ring("1002", at=9.0, answered=10.0, shows="+2"),
    ]

    counts = count_inbound(callers, rings, gold={"+1": None, "+2": None}, seniors=("1001",))

    assert counts == {
        "offered": Span(3, 3),
        "answered": Span(1, 2),
        "abandoned": Span(1, 2),
        "left_in_ivr": Span(1, 1),
        "gold": {"offered": Span(2, 2), "answered": Span(1, 2), "by_senior": Span(1, 1)},
    }


def test_a_phone_that_is_rung_for_a_line_is_not_rung_for_somebody() -> None:
    assert is_ring(ring(at=1.0))
    assert not is_ring(ring(at=1.0, shows="line"))
    assert not is_ring(caller(left=1.0))


# --- who was dialed -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "result"),
    [
        (dialed(refused=486), "busy"),
        (dialed(refused=603), "rejected"),
        (dialed(rang=False, refused=503), "congestion"),
        (dialed(rang=False, refused=404), "invalid_number"),
        (dialed(refused=500), "failed"),
        (dialed(cancelled=15.0), "no_answer"),
        (dialed(rang=False, cancelled=45.0), "failed"),
        (dialed(), "open"),
        (dialed(answered=2.0), "open"),
        (dialed(answered=2.0, ended=2.1, here=True), "hung_up"),
        (dialed(answered=2.0, ended=12.0, here=True), "connected"),
        (dialed(answered=2.0, ended=4.5), "machine"),
        (dialed(answered=2.0, ended=7.7), "dropped"),
        (dialed(answered=2.0, ended=30.0), "connected"),
    ],
)
def test_what_became_of_somebody_dialed_is_told_by_the_far_end(call: SipCall, result: str) -> None:
    assert judge_dialed(call, WAIT_S, MESSAGE_S) == result


def test_those_who_were_dialed_are_counted_by_result() -> None:
    calls = [
        dialed(answered=2.0, ended=12.0, here=True),
        dialed(answered=2.0, ended=7.7),
        dialed(answered=2.0, ended=4.5),
        dialed(refused=486),
        dialed(),
    ]

    counts = count_outbound(calls, WAIT_S, MESSAGE_S)

    assert counts["placed"] == Span(5, 5)
    assert counts["human"] == Span(2, 2)
    told = {name for name, span in counts.items() if span == Span(1, 1)}
    assert told == {"connected", "dropped", "machine", "busy"}


def test_a_folder_that_was_kept_is_counted_by_hand(tmp_path: Path) -> None:
    plan = {"gold": ["+3545550001"], "seniors": ["1001"], "harbour_wait_s": 1, "message_s": 3.0}
    (tmp_path / sip_counter.PLAN).write_text(json.dumps(plan), encoding="utf-8")
    for folder, trace in (("phones", "phones.log"), ("callers-0", "callers.log")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "messages.log").write_bytes((FIXTURES / trace).read_bytes())

    said = subprocess.run(
        [sys.executable, sip_counter.__file__, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=tmp_path,
    )

    counts = json.loads(said.stdout)
    assert counts["inbound"]["offered"] == [1, 1]
    assert counts["inbound"]["left_in_ivr"] == [1, 1]
    assert counts["outbound"]["placed"] == [0, 0]
