"""What came of an attempt, and what is to be done with the contact."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from callcenter.domain.attempt import (
    Attempt,
    AttemptResult,
    AttemptState,
    AttemptStep,
    ContactStatus,
    Verdict,
    next_state,
)
from callcenter.domain.campaign import DEFAULT_RETRIES, RetryRule
from callcenter.domain.ids import ChannelRef
from callcenter.domain.transitions import Impossible
from dialer.results import OTHER_NUMBER_S, NextTry, next_try, result_of

R = AttemptResult
NOW = 1_700_000_000.0
PLACED = Attempt("att-1", "renewals", "1", "+3545550001", ChannelRef("main", "att-1"), NOW, 1)


def attempt(**changes: Any) -> Attempt:
    """An attempt that came so far."""
    return msgspec.structs.replace(PLACED, **changes)


@pytest.mark.parametrize(
    ("cause", "result"),
    [
        (1, R.INVALID_NUMBER),
        (17, R.BUSY),
        (18, R.NO_ANSWER),
        (19, R.NO_ANSWER),
        (21, R.REJECTED),
        (22, R.INVALID_NUMBER),
        (34, R.CONGESTION),
        (127, R.FAILED),
        (0, R.FAILED),
    ],
)
def test_what_was_not_answered_is_told_by_its_cause(cause: int, result: AttemptResult) -> None:
    assert result_of(attempt(), cause) is result


@pytest.mark.parametrize(
    ("came", "result"),
    [
        ({"rang_out": True}, R.NO_ANSWER),
        ({"rang_out": True, "answered_at": NOW}, R.HUNG_UP),
        ({"answered_at": NOW}, R.HUNG_UP),
        ({"person_at": NOW}, R.HUNG_UP),
        ({"answered_at": NOW, "verdict": Verdict.MACHINE}, R.MACHINE),
        ({"answered_at": NOW, "verdict": Verdict.MACHINE, "person_at": NOW}, R.HUNG_UP),
        ({"answered_at": NOW, "verdict": Verdict.FAX}, R.FAX),
        ({"answered_at": NOW, "verdict": Verdict.FAX, "person_at": NOW}, R.HUNG_UP),
        ({"answered_at": NOW, "verdict": Verdict.HUMAN, "person_at": NOW}, R.HUNG_UP),
        ({"answered_at": NOW, "person_at": NOW, "harbour_at": NOW}, R.DROPPED),
        ({"person_at": NOW, "harbour_at": NOW, "connected_at": NOW}, R.CONNECTED),
    ],
)
def test_what_happened_latest_on_the_way_counts_whatever_the_cause(
    came: dict[str, Any], result: AttemptResult
) -> None:
    assert result_of(attempt(**came), 17) is result


def test_a_contact_is_tried_again_after_the_delay_until_the_tries_are_used_up() -> None:
    rules = {R.BUSY: RetryRule(600.0, 3)}

    made = [next_try(rules, R.BUSY, number, NOW) for number in (1, 2, 3)]

    again = NextTry(ContactStatus.OPEN, NOW + 600.0)
    assert made == [again, again, NextTry(ContactStatus.USED_UP)]


def test_a_result_without_a_rule_ends_the_contact() -> None:
    assert next_try(DEFAULT_RETRIES, R.CONNECTED, 1, NOW) == NextTry(ContactStatus.DONE)
    assert next_try(DEFAULT_RETRIES, R.INVALID_NUMBER, 1, NOW) == NextTry(ContactStatus.DONE)
    assert next_try(DEFAULT_RETRIES, R.FAX, 1, NOW) == NextTry(ContactStatus.DONE)


def test_an_attempt_that_has_ended_goes_nowhere() -> None:
    assert next_state(AttemptState.DROPPED, AttemptStep.CONNECT) is AttemptState.CONNECTED
    for step in AttemptStep:
        with pytest.raises(Impossible):
            next_state(AttemptState.ENDED, step)


# --- several numbers ------------------------------------------------------------------------------

RULES = {R.BUSY: RetryRule(600.0, 3), R.NO_ANSWER: RetryRule(3600.0, 3, other_number=True)}


def test_a_number_that_does_not_exist_leaves_the_others_of_the_contact() -> None:
    soon = NextTry(ContactStatus.OPEN, NOW + OTHER_NUMBER_S, other_number=True)

    assert next_try(RULES, R.INVALID_NUMBER, 1, NOW, others=1) == soon
    assert next_try(RULES, R.INVALID_NUMBER, 9, NOW, others=1) == soon
    assert next_try(RULES, R.FAX, 1, NOW, others=1) == soon
    assert next_try(RULES, R.INVALID_NUMBER, 1, NOW) == NextTry(ContactStatus.DONE)


def test_the_next_number_is_tried_soon_until_each_was_tried_as_often() -> None:
    soon = NextTry(ContactStatus.OPEN, NOW + OTHER_NUMBER_S, other_number=True)

    assert next_try(RULES, R.NO_ANSWER, 1, NOW, others=2, fresh=1) == soon
    assert next_try(RULES, R.NO_ANSWER, 2, NOW, others=2) == NextTry(ContactStatus.OPEN, NOW + 3600)
    assert next_try(RULES, R.NO_ANSWER, 3, NOW, others=2, fresh=1) == NextTry(ContactStatus.USED_UP)


def test_a_rule_that_does_not_say_so_stays_with_the_number() -> None:
    assert next_try(RULES, R.BUSY, 1, NOW, others=2, fresh=2) == NextTry(
        ContactStatus.OPEN, NOW + 600
    )


def test_the_next_number_never_comes_later_than_the_same_one_would() -> None:
    rules = {R.NO_ANSWER: RetryRule(10.0, 3, other_number=True)}

    assert next_try(rules, R.NO_ANSWER, 1, NOW, others=1, fresh=1).at == NOW + 10
