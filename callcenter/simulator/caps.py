"""Whether numbers were dialed oftener or sooner than their campaign allows, by the carrier's log.

What the machine decided is not asked: of each call at a number only what came of it is looked up
among the records, for the pause and the cap depend on that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from callcenter.domain.attempt import GIVEN_BACK, AttemptResult
from callcenter.domain.campaign import RetryRule
from callcenter.domain.records import AttemptRecord
from callcenter.simulator.truth import DialedCall
from dialer.results import GIVEN_BACK_S

HAIR_S = 1e-6
"""Times that were turned from one scale into another and back differ by so much at most."""


def find_over_caps(
    dialed: Iterable[DialedCall],
    attempts: Mapping[str, AttemptRecord],
    rules: Mapping[AttemptResult, RetryRule],
    *,
    is_clock_true: bool,
) -> list[str]:
    """One sentence for each call that should not have been made.

    ``attempts`` are by channel. Where the service's clock was set wrong, the pause that it kept is
    none by the carrier's clock: ``is_clock_true`` says whether that one counts, too.
    """
    found: list[str] = []
    last: dict[str, DialedCall] = {}
    counts: dict[str, int] = {}
    for call in dialed:
        made = counts.get(call.number, 0)
        before = attempts.get(last[call.number].channel) if call.number in last else None
        record = attempts.get(call.channel)
        if before is not None and record is not None:
            waited_s = [record.placed_at - before.ended_at]
            if is_clock_true:
                waited_s.append(call.invited_at - last[call.number].invited_at)
            found += _judge(call.number, before.result, made, waited_s, rules.get(before.result))
        is_counted = record is None or record.result not in GIVEN_BACK
        counts[call.number] = made + is_counted
        last[call.number] = call
    return found


def _judge(
    number: str, result: AttemptResult, made: int, waited_s: list[float], rule: RetryRule | None
) -> list[str]:
    """What is wrong with dialing a number again, ``made`` calls and this result after."""
    if result in GIVEN_BACK:  # says nothing of the number, and no try was made
        rule = RetryRule(GIVEN_BACK_S, made + 1)
    if rule is None:
        return [f"{number} was dialed again after {result}"]
    if made >= rule.max_tries:
        return [
            f"{number} was dialed {made + 1} times; after {result} {rule.max_tries} are allowed"
        ]
    return [
        f"{number} was dialed again {pause_s:.3f} s after {result}, before {rule.delay_s:g} s"
        for pause_s in waited_s
        if pause_s < rule.delay_s - HAIR_S
    ]
