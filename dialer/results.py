"""What came of an attempt, from what the PBX told, and what is to be done with the contact."""

from __future__ import annotations

from msgspec import Struct

from callcenter.domain.attempt import (
    NO_PHONE,
    Attempt,
    AttemptResult,
    ContactStatus,
    Judged,
    Verdict,
)
from callcenter.domain.campaign import RetryRule

R = AttemptResult

BY_CAUSE: dict[int, AttemptResult] = {
    1: R.INVALID_NUMBER,  # unallocated number: SIP 404
    2: R.INVALID_NUMBER,  # no route to the transit network
    3: R.INVALID_NUMBER,  # no route to the destination
    17: R.BUSY,  # SIP 486
    18: R.NO_ANSWER,  # no user responding: SIP 408
    19: R.NO_ANSWER,  # alerting, no answer: SIP 480
    20: R.NO_ANSWER,  # subscriber absent
    21: R.REJECTED,  # SIP 403, 603
    22: R.INVALID_NUMBER,  # number changed: SIP 410
    28: R.INVALID_NUMBER,  # address incomplete: SIP 484
    34: R.CONGESTION,  # no circuit: SIP 503
    38: R.CONGESTION,  # network out of order
    41: R.CONGESTION,  # temporary failure
    42: R.CONGESTION,  # switching equipment congestion
    44: R.CONGESTION,  # requested circuit not available
}
"""Hangup causes (ITU-T Q.850) of calls that were not answered, as Asterisk 22 gives them for SIP
answers (docs/asterisk-facts.md). Others say nothing of the number: ``failed``."""


BY_AGENT: dict[Judged | None, AttemptResult] = {
    Judged.MACHINE: R.MACHINE,
    Judged.ASSISTANT: R.SCREENED,
}
"""What an agent's word makes of a call that was connected."""


def is_person(result: AttemptResult, person_at: float) -> bool:
    """Whether a person answered, as far as that is known in the end."""
    return person_at > 0.0 and result not in (R.MACHINE, R.SCREENED, R.UNCOUNTED)


def result_of(attempt: Attempt, cause: int) -> AttemptResult:
    """The one result of an attempt whose channel was hung up with this cause.

    What happened latest on the way counts: a person who talked is ``connected`` whatever the cause
    says.
    """
    if attempt.connected_at:
        return BY_AGENT.get(attempt.judged, R.CONNECTED)
    if attempt.harbour_at:
        return R.DROPPED
    if attempt.verdict in (Verdict.MACHINE, Verdict.FAX) and not attempt.person_at:
        return R.FAX if attempt.verdict is Verdict.FAX else R.MACHINE
    if attempt.answered_at or attempt.person_at:
        return R.HUNG_UP
    if attempt.cancelled:
        return R.CANCELLED
    if attempt.rang_out:
        return R.NO_ANSWER
    return BY_CAUSE.get(cause, R.FAILED)


OTHER_NUMBER_S = 60.0
"""After this the contact is tried at another number: soon, but who heard the first one ring and
looks for the phone is not rung by both."""


class NextTry(Struct, frozen=True):
    """What is to be done with a contact after an attempt."""

    status: ContactStatus
    at: float = 0.0
    """With status ``open``: not before; 0.0 otherwise."""
    other_number: bool = False
    """With status ``open``: at another of the contact's numbers."""


GIVEN_BACK_S = 60.0
"""After a call that no phone rang for; one call in so long probes a trunk that is in trouble."""
GIVEN_BACK_RUNG_S = 600.0
"""After a call for which somebody's phone rang, or may have."""


def given_back(attempt: Attempt, now: float) -> NextTry:
    """What is to be done with a contact whose attempt does not count."""
    has_rung = attempt.ringing_at or attempt.answered_at or attempt.person_at
    delay_s = GIVEN_BACK_RUNG_S if has_rung else GIVEN_BACK_S
    return NextTry(ContactStatus.OPEN, now + delay_s)


def next_try(
    rules: dict[AttemptResult, RetryRule],
    result: AttemptResult,
    made: int,
    now: float,
    others: int = 0,
    fresh: int = 0,
) -> NextTry:
    """Apply the campaign's retry rules to a contact with ``made`` attempts, this one included.

    ``others``: its other numbers that may be dialed; ``fresh``: those of them that were tried less
    often. A number that does not exist, or is a fax's, says nothing of the others.
    """
    if result in NO_PHONE and others:
        return NextTry(ContactStatus.OPEN, now + OTHER_NUMBER_S, other_number=True)
    rule = rules.get(result)
    if rule is None:
        return NextTry(ContactStatus.DONE)
    if made >= rule.max_tries:
        return NextTry(ContactStatus.USED_UP)
    if rule.other_number and fresh:
        return NextTry(ContactStatus.OPEN, now + min(OTHER_NUMBER_S, rule.delay_s), True)
    return NextTry(ContactStatus.OPEN, now + rule.delay_s)
