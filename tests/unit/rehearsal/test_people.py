"""How people answer, made of a campaign's past: what was seen, and else what is assumed."""

from __future__ import annotations

import math
from random import Random

import pytest

from callcenter.domain.attempt import AttemptResult
from callcenter.domain.history import CampaignPast, PastAttempt
from callcenter.rehearsal.dialing_floor import draw_luck
from callcenter.rehearsal.people import Luck, People, fit_people, hour_at
from dialer.pacing.learning import ENDS, MACHINE, PERSON
from tests.unit.rehearsal.made_up import MONDAY

NOON = MONDAY + 12 * 3600.0
RINGS_S = 2.0
PLAIN = Luck(0.1, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def past(*attempts: PastAttempt) -> CampaignPast:
    return CampaignPast(MONDAY + 86400.0, attempts)


def attempt(
    number: int, result: AttemptResult, after_s: float, *, tries: int = 1, at: float = NOON
) -> PastAttempt:
    """Placed at ``at``; it rang after 2 s, and then for ``after_s`` until the answer or the end."""
    is_person = result is AttemptResult.CONNECTED
    is_answered = is_person or result is AttemptResult.MACHINE
    over_at = at + RINGS_S + after_s
    return PastAttempt(
        contact=f"{number}",
        zone="UTC",
        tries=tries,
        placed_at=at,
        ringing_at=at + RINGS_S,
        answered_at=over_at if is_answered else 0.0,
        person_at=over_at + 1.0 if is_person else 0.0,
        ended_at=over_at,
        result=result,
        cause=17 if result is AttemptResult.BUSY else 16,
        agent="ana" if is_person else "",
        talk_s=100.0 if is_person else -1.0,
        wrap_up_s=12.0 if is_person else -1.0,
    )


def shares(
    people: People, *, hour: int | None = 12, tries: int = 1, ring_s: float = 25.0
) -> list[float]:
    """Of 2,000 calls: which part is answered by a person, by a machine, and ends by itself."""
    counts = dict.fromkeys((PERSON, MACHINE, ENDS), 0)
    for number in range(2000):
        fate = people.meet(draw_luck(1, f"{number}", tries), hour, tries)
        if fate.ends_s <= (fate.rings_s or 0.0) + ring_s:
            counts[fate.outcome] += 1
    return [counts[outcome] / 2000 for outcome in (PERSON, MACHINE, ENDS)]


def many(
    person: int, machine: int, busy: int, no_answer: int, tries: int = 1, at: float = NOON
) -> list[PastAttempt]:
    """So many of a hundred, over and over."""
    chance = Random(7)
    kinds = (
        [AttemptResult.CONNECTED] * person
        + [AttemptResult.MACHINE] * machine
        + [AttemptResult.BUSY] * busy
        + [AttemptResult.NO_ANSWER] * no_answer
    )
    return [
        attempt(
            number,
            kinds[number % len(kinds)],
            25.0
            if kinds[number % len(kinds)] is AttemptResult.NO_ANSWER
            else 3.0 + 15.0 * chance.random(),
            tries=tries,
            at=at,
        )
        for number in range(600)
    ]


def test_without_a_past_people_answer_as_the_pacer_believes_at_first_and_it_is_said() -> None:
    people = fit_people(past())

    person, machine, _ = shares(people)
    assert person == pytest.approx(0.43, abs=0.05)
    assert machine == pytest.approx(0.13, abs=0.04)
    assert people.talk.mean_s == pytest.approx(1.0 / 0.0076, rel=0.01)
    assert people.wrap_up.mean_s == pytest.approx(1.0 / 0.041, rel=0.01)
    assert (people.attempts, people.days, people.later) == (0, 0, 1.0)
    assert "no calls to learn from yet" in people.notes[0]
    assert [note.split(" time is known of 0")[0] for note in people.notes[1:]] == [
        "Talk", "Wrap-up"
    ]  # fmt: skip


def test_people_answer_as_often_as_they_did() -> None:
    people = fit_people(past(*many(20, 30, 10, 40)))

    person, machine, ends = shares(people)
    assert person == pytest.approx(0.20, abs=0.03)
    assert machine == pytest.approx(0.30, abs=0.03)
    assert ends == pytest.approx(0.10, abs=0.03)
    assert people.talk.mean_s == pytest.approx(105.0, abs=6.0)
    assert people.screening.mean_s == pytest.approx(1.0, abs=0.2)
    assert (people.attempts, people.days, people.notes) == (600, 1, ())
    assert 17 in dict(people.causes)


def test_a_shorter_ring_time_reaches_fewer_and_a_longer_one_is_taken_to_go_on_alike() -> None:
    people = fit_people(past(*many(20, 30, 10, 40)))

    short, long = shares(people, ring_s=10.0)[0], shares(people, ring_s=60.0)[0]
    assert short < 0.6 * shares(people)[0]
    assert long >= shares(people)[0]
    assert people.ringing[-1] == people.ringing[-4]  # never seen: as the last age that was


def test_hours_and_later_tries_differ_as_far_as_the_past_shows_it() -> None:
    evening = MONDAY + 18 * 3600.0
    attempts = [*many(10, 30, 10, 50), *many(40, 10, 10, 40, at=evening)]
    again = many(5, 30, 10, 55, tries=2)

    by_hour = fit_people(past(*attempts))
    later = fit_people(past(*many(30, 30, 10, 30), *again))

    assert shares(by_hour, hour=18)[0] > 2.0 * shares(by_hour, hour=12)[0]
    assert by_hour.by_hour[3] == 1.0
    assert later.later < 0.6
    assert shares(later, tries=2)[0] < 0.6 * shares(later, tries=1)[0]


def test_a_thin_past_leans_on_what_is_assumed_and_says_so() -> None:
    people = fit_people(past(*many(0, 0, 100, 0)[:20]))

    assert "told from 20 calls only" in people.notes[0]
    assert shares(people)[0] > 0.0


def test_what_says_nothing_of_the_number_is_not_learnt_from() -> None:
    refused = [attempt(number, AttemptResult.CONGESTION, 0.0) for number in range(50)]

    assert fit_people(past(*refused)).attempts == 0


def test_a_call_that_never_rang_ends_or_is_answered_all_the_same() -> None:
    silent = PastAttempt(
        "1", "", 1, NOON, 0.0, NOON + 4.0, NOON + 5.0, NOON + 90.0, AttemptResult.CONNECTED, 16
    )
    ended = PastAttempt("2", "", 1, NOON, 0.0, 0.0, 0.0, NOON + 4.0, AttemptResult.REJECTED, 21)
    before, after = fit_people(past()), fit_people(past(silent, ended))

    assert after.dialing[4][PERSON] > before.dialing[4][PERSON]
    assert after.dialing[4][ENDS] > before.dialing[4][ENDS]
    assert dict(after.causes)[21] == dict(before.causes)[21] + 1.0


def test_a_fate_hangs_on_luck_alone() -> None:
    people = fit_people(past())
    nobody = People(
        dialing=((0.0,) * 4,) * 20,
        ringing=((0.0,) * 4,) * 20,
        screening=people.screening,
        causes=((17, 1.0), (21, 1.0)),
        by_hour=people.by_hour,
        later=1.0,
        talk=people.talk,
        wrap_up=people.wrap_up,
    )

    assert people.meet(PLAIN, 9, 1) == people.meet(PLAIN, 9, 1)
    assert people.meet(PLAIN, None, 1).rings_s == pytest.approx(0.1 / 0.335)
    assert math.isinf(nobody.meet(PLAIN, 9, 1).ends_s)
    causes = [
        nobody.meet(Luck(0.1, 0.1, 0.0, 0.0, share, 0.0, 0.0, 0.0), 9, 1).cause
        for share in (0.2, 0.7, 1.0)
    ]
    assert causes == [17, 21, 21]
    last_way = people.meet(Luck(0.1, 0.1, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0), 9, 1)
    assert (last_way.rings_s, last_way.outcome) == (None, ENDS)


def test_the_hour_is_the_one_on_the_wall_there() -> None:
    assert hour_at(NOON, "Asia/Tokyo") == 21
    assert hour_at(NOON, "Etc/Unknown") is None
    assert hour_at(NOON, "") is None
