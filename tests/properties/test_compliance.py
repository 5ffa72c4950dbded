"""Caps, rests and hours hold for every history."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from callcenter.domain.attempt import AttemptResult
from callcenter.domain.campaign import CallingWindow
from dialer.compliance import (
    PROFILES,
    UNCOUNTED,
    Allowed,
    Cap,
    Counting,
    History,
    LegalProfile,
    NotNow,
    Of,
    Past,
    Target,
    may_dial,
)
from dialer.window import is_open

NOW = datetime(2026, 3, 29, 1, 0, tzinfo=UTC).timestamp()
NUMBERS, PEOPLE, ACCOUNTS = ("+441", "+442"), ("", "p1", "p2"), ("", "a1")
ZONES = ("Europe/London", "America/New_York", "Australia/Sydney")
HOURS = st.builds(
    lambda opens, length: CallingWindow(opens, min(1440, opens + length), (0, 1, 2, 3, 4)),
    st.integers(0, 1200),
    st.integers(60, 1440),
)
PAST = st.builds(
    Past,
    st.integers(0, 400).map(lambda hours: NOW - hours * 1800.0),
    st.sampled_from(NUMBERS),
    st.none() | st.sampled_from(AttemptResult),
    st.sampled_from(PEOPLE),
    st.sampled_from(ACCOUNTS),
)
CAPS = st.lists(
    st.builds(
        Cap,
        st.sampled_from(Of),
        st.sampled_from(Counting),
        st.integers(1, 3),
        st.integers(1, 200).map(lambda hours: hours * 3600.0),
    ),
    max_size=3,
).map(tuple)
HISTORY = st.builds(
    History,
    st.lists(PAST, max_size=10).map(tuple),
    st.just(0.0) | st.integers(1, 200).map(lambda hours: NOW - hours * 3600.0),
)
TARGET = st.builds(
    Target,
    st.sampled_from(NUMBERS),
    st.lists(st.sampled_from(ZONES), max_size=2, unique=True).map(tuple),
    st.sampled_from(PEOPLE),
    st.sampled_from(ACCOUNTS),
    agent_reserved=st.booleans(),
)
PROFILE = st.sampled_from(sorted(PROFILES)).map(lambda name: PROFILES[name])


@settings(max_examples=200)
@given(TARGET, PROFILE, HOURS, CAPS, HISTORY)
def test_whom_it_lets_dial_no_rule_forbids(
    target: Target,
    profile: LegalProfile,
    hours: CallingWindow,
    caps: tuple[Cap, ...],
    history: History,
) -> None:
    answer = may_dial(target, profile, hours, caps, history, NOW)

    if isinstance(answer, Allowed):
        assert is_open(profile.hours, target.zones, NOW)
        assert is_open(hours, target.zones, NOW)
        for cap in caps:
            wanted = getattr(target, cap.of.value)
            counted = [
                past
                for past in history.attempts
                if wanted
                and getattr(past, cap.of.value) == wanted
                and NOW - past.at < cap.within_s
                and past.result not in UNCOUNTED
                and (
                    cap.counting is Counting.ATTEMPTS
                    or past.result in (None, AttemptResult.CONNECTED)
                )
            ]
            assert len(counted) < cap.most


@settings(max_examples=200)
@given(TARGET, PROFILE, HOURS, CAPS, HISTORY, st.floats(0.0, 0.999))
def test_it_may_be_dialed_at_the_time_named_and_at_no_time_before(
    target: Target,
    profile: LegalProfile,
    hours: CallingWindow,
    caps: tuple[Cap, ...],
    history: History,
    part: float,
) -> None:
    answer = may_dial(target, profile, hours, caps, history, NOW)

    if isinstance(answer, NotNow) and answer.until:
        between = NOW + (answer.until - NOW) * part
        assert answer.until > NOW
        assert may_dial(target, profile, hours, caps, history, answer.until) == Allowed()
        assert isinstance(may_dial(target, profile, hours, caps, history, between), NotNow)


@settings(max_examples=100)
@given(TARGET, PROFILE, HOURS, CAPS, HISTORY, PAST)
def test_one_attempt_more_never_lets_anybody_be_dialed_sooner(
    target: Target,
    profile: LegalProfile,
    hours: CallingWindow,
    caps: tuple[Cap, ...],
    history: History,
    past: Past,
) -> None:
    more = replace(history, attempts=(*history.attempts, past))

    before = may_dial(target, profile, hours, caps, history, NOW)
    after = may_dial(target, profile, hours, caps, more, NOW)

    if isinstance(before, NotNow):
        assert isinstance(after, NotNow)
        assert not after.until or after.until >= before.until
