"""The demo's figures: cards before the call, and what the far ends saw differently."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from callcenter.demo.sip_counter import RESULTS, Span
from callcenter.demo.summary import (
    count_outbound,
    count_pops,
    count_reported_attempts,
    count_reported_calls,
    find_disagreements,
    find_problems,
    in_reports,
    read_written,
)
from callcenter.demo.telephony import Heard

NOTHING = {
    "pops": {"sent": 3, "before_ring": 3},
    "faults": 0,
    "repairs": 0,
    "stuck_agents": 0,
    "replay_equal": True,
}


def card(
    at: float,
    call: str = "c1",
    *,
    phone: str = "1001",
    seq: int = 1,
    again: bool = False,
    complete: bool = True,
) -> dict[str, Any]:
    """A desk notes a card."""
    return {
        "event": "card",
        "agent": f"agent-{phone}",
        "phone": phone,
        "call": call,
        "at": at,
        "seq": seq,
        "again": again,
        "complete": complete,
    }


def state(phone: str = "1001") -> dict[str, Any]:
    """A desk notes something else."""
    return {"event": "state", "agent": f"agent-{phone}", "phone": phone, "at": 0.0}


def test_a_card_before_each_call_is_in_time() -> None:
    lines = [state(), card(1.0, "c1"), card(5.0, "c2"), card(6.0, "c3", phone="1002")]

    assert count_pops(lines, [Heard("1001", 1.1), Heard("1001", 5.0), Heard("1002", 6.5)]) == {
        "sent": 3,
        "before_ring": 3,
    }


def test_a_card_that_comes_after_the_call_is_late_and_serves_no_other_call() -> None:
    lines = [card(1.2, "c1"), card(5.0, "c2")]

    counts = count_pops(lines, [Heard("1001", 1.1), Heard("1001", 5.1)])

    assert counts == {"sent": 2, "before_ring": 1}


def test_a_card_whose_phone_was_never_rung_does_not_serve_the_call_after_next() -> None:
    lines = [card(1.0, "c1"), card(5.0, "c2"), card(9.2, "c3")]

    counts = count_pops(lines, [Heard("1001", 5.1), Heard("1001", 9.1)])

    assert counts == {"sent": 3, "before_ring": 2}


def test_a_call_without_any_card_is_late() -> None:
    assert count_pops([state()], [Heard("1001", 1.0)]) == {"sent": 0, "before_ring": -1}


def test_cards_sent_again_or_completed_later_do_not_count() -> None:
    lines = [
        card(1.0, "c1", complete=False),
        card(1.1, "c1"),
        card(1.2, "c1", again=True),
        card(8.0, "c1"),  # offered once more to the same agent
    ]

    assert count_pops(lines, [Heard("1001", 1.05), Heard("1001", 8.1)])["sent"] == 2


def test_nobody_judges_phones_whose_desk_is_not_watched() -> None:
    counts = count_pops([card(1.0)], [Heard("1001", 1.1), Heard("1020", 2.0)])

    assert counts == {"sent": 1, "before_ring": 1}


def test_a_card_that_a_slow_desk_read_late_counts_from_when_it_was_handed_over(
    tmp_path: Path,
) -> None:
    log = tmp_path / "center.log"
    log.write_text(
        "".join(
            json.dumps({"event": event, "seq": seq, "desktops": desktops, "timestamp": at}) + "\n"
            for event, seq, desktops, at in (
                ("card_written", 1, 1, "1970-01-01T00:00:01.000000Z"),
                ("card_written", 2, 0, "1970-01-01T00:00:02.000000Z"),
                ("card_shown", 3, 1, "1970-01-01T00:00:03.000000Z"),
            )
        ),
        encoding="utf-8",
    )

    written = read_written(log)

    assert written == {1: 1.0}
    assert count_pops([card(1.5, seq=1)], [Heard("1001", 1.2)], written)["before_ring"] == 1
    assert count_pops([card(1.5, seq=2)], [Heard("1001", 1.2)], written)["before_ring"] == 0


def test_attempts_are_counted_by_result_and_by_whether_a_person_was_there() -> None:
    attempts = [
        {"person_at": 1.0, "result": "connected"},
        {"person_at": 1.0, "result": "dropped"},
        {"person_at": 0.0, "result": "busy"},
        {"person_at": 0.0, "result": "unknown"},
    ]

    counts = count_outbound(attempts)

    assert (counts["placed"], counts["human"]) == (4, 2)
    assert {name for name, count in counts.items() if count == 1} == {
        "connected",
        "dropped",
        "busy",
        "unknown",
    }


def test_figures_that_the_far_ends_saw_differently_are_named() -> None:
    told = {
        "inbound": {"answered": 5, "abandoned": 2, "gold": {"answered": 1}},
        "outbound": {"busy": 1},
    }
    seen = {
        "inbound": {
            "answered": Span(4, 5),
            "abandoned": Span(3, 4),
            "gold": {"answered": Span(2, 2)},
        },
        "outbound": {"busy": Span(1, 1)},
    }

    assert find_disagreements(told, seen) == [
        "inbound abandoned: 2 by the records, 3 to 4 by the far ends",
        "inbound gold answered: 1 by the records, 2 by the far ends",
    ]


QUEUES = {"total": {"offered": 8, "answered": 5, "abandoned": 2, "lost": 1, "talk_s": 90.0}}
CAMPAIGNS = {"total": {"attempts": 4, "people": 2, "results": {"connected": 2, "busy": 2}}}


def test_totals_of_reports_are_held_against_the_far_ends_too() -> None:
    told = {
        "inbound": count_reported_calls(QUEUES),
        "outbound": count_reported_attempts(CAMPAIGNS),
    }
    dialed = {name: Span(0, 0) for name in RESULTS} | {"placed": Span(4, 4), "human": Span(2, 2)}
    seen = {
        "inbound": {
            "offered": Span(7, 7),
            "answered": Span(5, 6),
            "abandoned": Span(2, 2),
            "left_in_ivr": Span(3, 3),
            "gold": {"answered": Span(1, 1)},
        },
        "outbound": dialed | {"connected": Span(2, 2), "busy": Span(1, 1), "rejected": Span(1, 1)},
    }

    assert find_disagreements(told, in_reports(seen), by="the reports") == [
        "inbound offered: 8 by the reports, 7 by the far ends",
        "outbound busy: 2 by the reports, 1 by the far ends",
        "outbound rejected: 0 by the reports, 1 by the far ends",
    ]


def test_a_run_that_went_well_has_no_problems() -> None:
    assert find_problems(NOTHING) == []


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"pops": {"sent": 3, "before_ring": 2}}, "1 of 3 cards came after the call"),
        ({"faults": 2}, "2 faults"),
        ({"stuck_agents": 1}, "1 agents are stuck"),
        ({"replay_equal": False}, "the journal did not replay the same"),
    ],
)
def test_what_went_wrong_is_named(change: dict[str, Any], text: str) -> None:
    assert find_problems(NOTHING | change) == [text]
