"""Dialing again too soon, too often, or where it is not allowed at all is told."""

from __future__ import annotations

from callcenter.domain.attempt import AttemptResult, ContactStatus
from callcenter.domain.campaign import RetryRule
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import AttemptRecord
from callcenter.simulator.caps import find_over_caps
from callcenter.simulator.truth import DialedCall

RULES = {AttemptResult.BUSY: RetryRule(60.0, 2)}


def call(channel: str, at: float) -> DialedCall:
    return DialedCall("p", channel, "+3546000001", "", "busy", at)


def record(channel: str, at: float, result: AttemptResult) -> AttemptRecord:
    return AttemptRecord(
        attempt=channel,
        campaign="c",
        contact="1",
        number="+3546000001",
        channel=ChannelRef("main", channel),
        tries=1,
        placed_at=at,
        ringing_at=0.0,
        answered_at=0.0,
        person_at=0.0,
        connected_at=0.0,
        harbour_at=0.0,
        ended_at=at + 5.0,
        result=result,
        cause=17,
        verdict=None,
        verdict_cause="",
        agent="",
        call="",
        status=ContactStatus.OPEN,
        next_try_at=0.0,
    )


def judge(
    *times: float, result: AttemptResult = AttemptResult.BUSY, is_clock_true: bool = True
) -> list[str]:
    names = [f"a{n}" for n in range(len(times))]
    calls = [call(name, at) for name, at in zip(names, times, strict=True)]
    records = {name: record(name, at, result) for name, at in zip(names, times, strict=True)}
    return find_over_caps(calls, records, RULES, is_clock_true=is_clock_true)


def test_a_pause_that_was_kept_is_all_right() -> None:
    assert judge(0.0, 65.0) == []


def test_a_pause_that_was_not_kept_is_told() -> None:
    assert "dialed again 25.000 s after busy, before 60 s" in judge(0.0, 30.0)[0]


def test_a_try_too_many_is_told() -> None:
    assert "dialed 3 times; after busy 2 are allowed" in judge(0.0, 100.0, 200.0)[0]


def test_a_result_that_ends_the_contact_ends_it() -> None:
    assert "again after connected" in judge(0.0, 900.0, result=AttemptResult.CONNECTED)[0]


def test_by_a_clock_that_was_set_wrong_only_its_own_pauses_are_judged() -> None:
    assert len(judge(0.0, 30.0)) == 2
    assert len(judge(0.0, 30.0, is_clock_true=False)) == 1
