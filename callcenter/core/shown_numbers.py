"""The numbers that campaigns show, in the machine; the rules are in ``dialer.caller_ids``."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from callcenter.core.turn import Turn
from callcenter.domain.attempt import Attempt, AttemptResult
from callcenter.domain.campaign import CampaignSettings, HopperRow
from dialer.caller_ids import UNUSED, choose_number, learn, must_rest, next_turn, rest


def numbers_for(settings: CampaignSettings, list_name: str) -> tuple[str, ...]:
    """The numbers that take turns for the contacts of this list."""
    of_list = settings.list_caller_ids.get(list_name)
    if of_list:
        return of_list
    return tuple(dict.fromkeys(one for one in (settings.caller_id, *settings.caller_ids) if one))


def show(turn: Turn, settings: CampaignSettings, row: HopperRow) -> str:
    """The number that the next person sees; empty: the trunk's own."""
    numbers = numbers_for(settings, row.list)
    known = {one: turn.state.shown_numbers.get(one) or UNUSED for one in numbers}
    number = choose_number(numbers, known, turn.now)
    if number:
        used = msgspec.structs.replace(known[number], turn=next_turn(numbers, known))
        turn.state.shown_numbers.put(number, used)
    return number


def ended(turn: Turn, attempt: Attempt, result: AttemptResult) -> None:
    """Learn from a call, and have its number rest if it must."""
    known = turn.state.shown_numbers.get(attempt.caller_id)
    if known is None:
        return
    learnt = learn(known, result)
    if learnt is known:
        return
    settings = turn.state.campaigns[attempt.campaign].settings
    others = [
        turn.state.shown_numbers.get(one) or UNUSED
        for one in all_numbers(settings)
        if one != attempt.caller_id
    ]
    if learnt.rests_until <= turn.now and must_rest(learnt, others):
        learnt = rest(learnt, turn.now)
        turn.touch_campaign(attempt.campaign)
    turn.state.shown_numbers.put(attempt.caller_id, learnt)


def all_numbers(settings: CampaignSettings) -> tuple[str, ...]:
    """Every number that the campaign shows to anybody."""
    of_lists: Iterable[str] = (
        one for numbers in settings.list_caller_ids.values() for one in numbers
    )
    return tuple(dict.fromkeys((*numbers_for(settings, ""), *of_lists)))
