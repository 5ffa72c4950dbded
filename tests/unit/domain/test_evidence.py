"""What the evidence says of an attempt, and how long people waited."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from callcenter.domain.attempt import AttemptResult, Verdict
from callcenter.domain.campaign import CampaignSettings
from callcenter.domain.evidence import (
    SettingsFrom,
    WaitFrom,
    evidence_of,
    settings_at,
    waited,
)
from callcenter.domain.records import AttemptRecord
from tests.unit.storage.samples import make_attempt

SETTINGS = CampaignSettings("c", "C", "main", "carrier", harbour_prompt="who-called")
HELLO = {"verdict": Verdict.HUMAN, "verdict_cause": "HUMAN-800-800"}


def served(**times: Any) -> AttemptRecord:
    """A person who answered at 100.0 and was known for one at 101.6."""
    plain: dict[str, Any] = {"answered_at": 100.0, "person_at": 101.6, "ended_at": 150.0, **HELLO}
    return make_attempt(**{**plain, **times})


@pytest.mark.parametrize(
    ("record", "expected", "since", "is_late"),
    [
        (served(connected_at=101.7), 0.9, WaitFrom.GREETING, False),
        (served(harbour_at=102.6), 1.8, WaitFrom.GREETING, False),
        (served(harbour_at=102.9), 2.1, WaitFrom.GREETING, True),
        (served(harbour_at=102.6, connected_at=103.0), 1.8, WaitFrom.GREETING, False),
        (
            served(connected_at=101.9, verdict=None, verdict_cause=""),
            1.9,
            WaitFrom.ANSWER,
            False,
        ),
        (
            served(harbour_at=103.0, verdict=Verdict.NOT_SURE, verdict_cause="TOOLONG-5000"),
            1.4,
            WaitFrom.VERDICT,
            False,
        ),
        (
            served(harbour_at=103.7, verdict=Verdict.MACHINE, verdict_cause="INITIALSILENCE-2500"),
            2.1,
            WaitFrom.VERDICT,
            True,
        ),
    ],
)
def test_a_wait_is_counted_from_what_is_known_of_the_greeting(
    record: AttemptRecord, expected: float, since: WaitFrom, is_late: bool
) -> None:
    row = evidence_of(record, SETTINGS)

    assert row.waited_s == pytest.approx(expected)
    assert (row.waited_from, row.is_late) == (since, is_late)


@pytest.mark.parametrize("record", [make_attempt(), served(), served(person_at=0.0)])
def test_where_no_person_was_served_there_is_no_wait(record: AttemptRecord) -> None:
    assert waited(record) == (None, None)
    assert not evidence_of(record, None).is_late


def test_the_message_is_that_of_the_settings_that_held() -> None:
    later = replace(SETTINGS, harbour_prompt="other")
    history = [SettingsFrom(10.0, SETTINGS), SettingsFrom(50.0, later)]
    dropped = served(harbour_at=102.6)

    assert evidence_of(dropped, settings_at(history, 49.9)).message == "who-called"
    assert evidence_of(dropped, settings_at(history, 50.0)).message == "other"
    assert settings_at(history, 9.0) is None
    assert evidence_of(dropped, None).message == ""
    assert evidence_of(served(connected_at=102.0), SETTINGS).message == ""


def test_a_message_for_machines_is_told_apart_from_that_for_people() -> None:
    settings = replace(SETTINGS, machine_prompt="we-called")
    machine = make_attempt(result=AttemptResult.MACHINE, message_left_at=120.0)

    row = evidence_of(machine, settings)

    assert (row.message_left_at, row.message_left) == (120.0, "we-called")
    assert (row.message_at, row.message, row.waited_s) == (0.0, "", None)
    assert evidence_of(machine, None).message_left == ""
    assert evidence_of(replace(machine, message_left_at=0.0), settings).message_left == ""


def test_ringing_lasts_until_the_answer_or_the_end() -> None:
    rang = make_attempt(
        ringing_at=10.0, answered_at=0.0, ended_at=35.0, result=AttemptResult.NO_ANSWER
    )

    assert evidence_of(rang, None).rang_s == 25.0
    assert evidence_of(replace(rang, answered_at=14.0), None).rang_s == 4.0
    assert evidence_of(replace(rang, ringing_at=0.0), None).rang_s == 0.0
