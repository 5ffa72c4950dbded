"""Whether a number may be dialed, and when again."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from callcenter.domain.attempt import AttemptResult
from callcenter.domain.campaign import CallingWindow, Terms
from dialer.compliance import (
    DAY_S,
    HOUR_S,
    NO_PROFILE,
    PROFILES,
    UK_OFCOM,
    US_TSR,
    Allowed,
    Cap,
    ClockStart,
    Counting,
    History,
    LegalProfile,
    NotNow,
    Of,
    Past,
    Refusal,
    Target,
    connect_by,
    give_up_from,
    lawful_window,
    looks_back_s,
    may_dial,
    profile_of,
)
from dialer.window import Schedule

LONDON = "Europe/London"
NOON = datetime(2026, 6, 3, 12, 0, tzinfo=ZoneInfo(LONDON)).timestamp()  # a Wednesday
ANY_TIME = Schedule((CallingWindow(0, 1440, tuple(range(7))),))
TARGET = Target("+442071234567", (LONDON,), "person-1", "account-1")
R = AttemptResult


def past(hours_ago: float, result: AttemptResult | None = R.NO_ANSWER, **of: str) -> Past:
    """An attempt so long before noon, to our target unless told otherwise."""
    fields = {"number": TARGET.number, "person": TARGET.person, "account": TARGET.account, **of}
    return Past(NOON - hours_ago * HOUR_S, fields["number"], result, fields["person"],
                fields["account"])  # fmt: skip


def ask(
    *attempts: Past,
    caps: tuple[Cap, ...] = (),
    target: Target = TARGET,
    profile: LegalProfile = UK_OFCOM,
    hours: CallingWindow | Schedule = ANY_TIME,
    complete_from: float = 0.0,
    now: float = NOON,
) -> Allowed | NotNow:
    """The answer."""
    return may_dial(target, profile, hours, caps, History(attempts, complete_from), now)


DAILY = Cap(Of.NUMBER, Counting.ATTEMPTS, 2, DAY_S)


def test_with_nothing_in_the_way_it_may_be_dialed() -> None:
    assert ask(past(30.0), caps=(DAILY,)) == Allowed()


def test_the_law_s_hours_count_and_so_do_the_campaigns() -> None:
    at_seven, at_half_past_eight = NOON - 5 * HOUR_S, NOON - 3.5 * HOUR_S

    assert ask(now=at_seven) == NotNow(Refusal.LEGAL_HOURS, at_seven + HOUR_S)
    assert ask(now=at_half_past_eight, hours=CallingWindow()) == NotNow(
        Refusal.CAMPAIGN_HOURS, at_half_past_eight + HOUR_S / 2
    )


def test_the_answer_names_the_time_when_every_rule_is_out_of_the_way() -> None:
    # The law opens at eight, the campaign at nine: not before nine, for the law's sake first.
    at_seven = NOON - 5 * HOUR_S

    assert ask(now=at_seven, hours=CallingWindow()) == NotNow(
        Refusal.LEGAL_HOURS, at_seven + 2 * HOUR_S
    )


def test_where_nobody_knows_the_time_nobody_is_ever_called() -> None:
    assert ask(target=replace(TARGET, zones=())) == NotNow(Refusal.LEGAL_HOURS, 0.0)


def test_hours_that_never_meet_are_given_up() -> None:
    nights = Schedule((CallingWindow(0, 60, tuple(range(7))),))

    assert ask(hours=nights) == NotNow(Refusal.CAMPAIGN_HOURS, 0.0)


def test_an_abandoned_number_rests_unless_an_agent_is_reserved() -> None:
    dropped = past(71.0, R.DROPPED)

    assert ask(dropped) == NotNow(Refusal.ABANDONED, NOON + HOUR_S)
    assert ask(dropped, target=replace(TARGET, agent_reserved=True)) == Allowed()
    assert ask(past(72.0, R.DROPPED)) == Allowed()
    assert ask(past(1.0, R.DROPPED, number="+442079999999")) == Allowed()
    assert ask(dropped, profile=US_TSR) == Allowed()  # that rule knows no rest


def test_the_rest_that_ends_at_night_lasts_until_the_morning() -> None:
    dropped_at_ten_at_night = past(3 * 24.0 - 10.0, R.DROPPED)  # the rest ends at 22:00

    assert ask(dropped_at_ten_at_night) == NotNow(Refusal.ABANDONED, NOON + 20 * HOUR_S)


@pytest.mark.parametrize(
    ("of", "others"),
    [
        (Of.NUMBER, {"number": "+442079999999"}),
        (Of.PERSON, {"person": "person-2"}),
        (Of.ACCOUNT, {"account": "account-2"}),
    ],
)
def test_a_cap_counts_by_person_number_or_account(of: Of, others: dict[str, str]) -> None:
    cap = Cap(of, Counting.ATTEMPTS, 2, DAY_S)

    capped = ask(past(2.0), past(3.0), caps=(cap,))
    free = ask(past(2.0), past(3.0, R.NO_ANSWER, **others), caps=(cap,))

    # Free at nine in the morning, when the older one is a day ago.
    assert capped == NotNow(Refusal.CAP, NOON + 21 * HOUR_S, cap)
    assert free == Allowed()


def test_a_cap_is_free_again_when_the_oldest_that_counts_has_left() -> None:
    answer = ask(past(20.0), past(1.0), past(23.0), caps=(DAILY,))

    assert answer == NotNow(Refusal.CAP, NOON + 4 * HOUR_S, DAILY)


def test_the_cap_that_lasts_longest_decides_the_time() -> None:
    weekly = Cap(Of.PERSON, Counting.ATTEMPTS, 3, 7 * DAY_S)

    answer = ask(past(20.0), past(22.0), past(24.0), caps=(DAILY, weekly))

    assert answer == NotNow(Refusal.CAP, NOON + 6 * DAY_S, DAILY)


def test_a_conversation_is_counted_apart_from_attempts() -> None:
    cap = Cap(Of.PERSON, Counting.CONVERSATIONS, 1, 7 * DAY_S)

    assert ask(past(1.0), past(2.0, R.MACHINE), past(3.0, R.DROPPED), caps=(cap,),
               profile=US_TSR) == Allowed()  # fmt: skip
    assert ask(past(24.0, R.CONNECTED), caps=(cap,)) == NotNow(Refusal.CAP, NOON + 6 * DAY_S, cap)


def test_an_attempt_under_way_counts_as_what_it_may_become() -> None:
    talk = Cap(Of.PERSON, Counting.CONVERSATIONS, 1, DAY_S)

    assert isinstance(ask(past(0.1, None), caps=(talk,)), NotNow)


def test_what_the_trunk_refused_counts_for_nobody() -> None:
    once = Cap(Of.NUMBER, Counting.ATTEMPTS, 1, DAY_S)

    assert ask(past(1.0, R.CONGESTION), past(2.0, R.FAILED), caps=(once,)) == Allowed()
    assert isinstance(ask(past(1.0, R.UNKNOWN), caps=(once,)), NotNow)


def test_a_person_whom_nobody_knows_is_capped_by_number_only() -> None:
    cap = Cap(Of.PERSON, Counting.ATTEMPTS, 1, DAY_S)
    unknown = replace(TARGET, person="")

    assert ask(past(1.0, person=""), caps=(cap,), target=unknown) == Allowed()


def test_a_history_that_reaches_back_too_short_refuses() -> None:
    an_hour_short = NOON - DAY_S + HOUR_S

    capped = ask(caps=(DAILY,), profile=US_TSR, complete_from=an_hour_short)
    rested = ask(complete_from=NOON - 71 * HOUR_S)

    assert capped == NotNow(Refusal.HISTORY_TOO_SHORT, NOON + HOUR_S)
    assert rested == NotNow(Refusal.HISTORY_TOO_SHORT, NOON + HOUR_S)
    assert ask(caps=(DAILY,), profile=US_TSR, complete_from=NOON - DAY_S) == Allowed()


def test_the_profiles_hold_what_the_rules_say() -> None:
    assert PROFILES == {"us-tsr": US_TSR, "uk-ofcom": UK_OFCOM}
    for profile in PROFILES.values():
        assert profile.ring_floor_s == 15.0
        assert profile.abandoned.cap == 0.03
        assert profile.message
    assert US_TSR.abandoned.length_s == 30 * DAY_S


def test_a_call_rings_for_the_floor_at_least_counted_from_its_ringing() -> None:
    assert give_up_from(US_TSR, 10.0, 100.0) == 115.0
    assert give_up_from(US_TSR, 25.0, 100.0) == 125.0
    assert give_up_from(US_TSR, 25.0, 0.0) is None


def test_the_clock_of_the_two_seconds_starts_as_the_profile_says() -> None:
    from_answer = replace(US_TSR, clock_from=ClockStart.ANSWER)

    assert connect_by(US_TSR, 100.0, 0.0) is None
    assert connect_by(US_TSR, 100.0, 103.0) == 105.0
    assert connect_by(from_answer, 100.0, 103.0) == 102.0
    assert connect_by(from_answer, 0.0, 0.0) is None


@pytest.mark.parametrize("refusal", list(Refusal))
def test_every_refusal_is_said_in_a_sentence(refusal: Refusal) -> None:
    assert len(NotNow(refusal, 0.0).sentence()) > 10


def test_a_cap_says_how_many_of_what() -> None:
    assert NotNow(Refusal.CAP, 0.0, DAILY).sentence() == (
        "2 attempts within 24 hours are allowed for each number"
    )


# --- what a campaign's terms come to --------------------------------------------------------------


def test_the_lawful_window_is_what_campaign_and_profile_have_in_common() -> None:
    wide = CallingWindow(6 * 60, 23 * 60, (0, 6))

    assert lawful_window(wide, Terms()) is wide
    assert lawful_window(wide, Terms(legal="us-tsr")) == CallingWindow(8 * 60, 21 * 60, (0, 6))


def test_terms_look_back_as_far_as_the_longest_cap_or_rest() -> None:
    week = Cap(Of.PERSON, Counting.ATTEMPTS, 7, 7 * 86_400.0)

    assert looks_back_s(Terms()) == 0.0
    assert looks_back_s(Terms(legal="us-tsr")) == 0.0
    assert looks_back_s(Terms(legal="uk-ofcom")) == 72 * 3600.0
    assert looks_back_s(Terms(legal="uk-ofcom", caps=(week,))) == 7 * 86_400.0


def test_a_profile_that_nobody_knows_any_more_is_the_strictest() -> None:
    assert profile_of(Terms(legal="gone")) is UK_OFCOM
    assert profile_of(Terms()) is NO_PROFILE
