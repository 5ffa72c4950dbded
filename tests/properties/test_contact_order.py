"""The order of contacts holds its rules whoever is on the list."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.domain.attempt import AttemptResult
from callcenter.domain.campaign import CallingWindow
from dialer.contact_chance import Chances, Features, chance, learn
from dialer.contact_history import Try, features_at
from dialer.contact_order import Callback, Candidate, Turn, order_contacts
from dialer.window import Schedule, is_open

NOW = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()
TIMES = st.integers(-200, 200).map(lambda hours: NOW + hours * 3600.0)
AGENTS = ("ana", "ben", "eva")
WINDOWS: dict[str, CallingWindow | Schedule] = {
    "narrow": CallingWindow(),
    "wide": Schedule((CallingWindow(0, 1440, tuple(range(7))),)),
}
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kathmandu", "Etc/Unknown")

TRIES = st.lists(
    st.builds(Try, TIMES, st.sampled_from(AttemptResult)), max_size=6
).map(lambda tries: tuple(sorted(tries, key=lambda one: one.at)))  # fmt: skip
FEATURES = st.builds(
    Features,
    st.lists(
        st.tuples(st.sampled_from(("town", "job")), st.text(max_size=3)), max_size=3
    ).map(tuple),
    st.lists(st.tuples(st.sampled_from(("age", "town")), st.floats()), max_size=3).map(tuple),
)  # fmt: skip
CANDIDATE = st.builds(
    Candidate,
    contact=st.just(""),
    campaign=st.sampled_from(sorted(WINDOWS)),
    zones=st.lists(st.sampled_from(ZONES), max_size=2, unique=True).map(tuple),
    holidays=st.sampled_from(((), ("DE-BY",), ("ZZ",))),
    campaign_priority=st.integers(0, 2),
    list_priority=st.integers(0, 2),
    value=st.floats(0.0, 1e6),
    callback=st.none() | st.builds(Callback, TIMES, st.sampled_from(("", *AGENTS))),
    not_before=st.just(0.0) | TIMES,
    under_way=st.booleans(),
    number_type=st.sampled_from(("", "mobile", "fixed")),
    tries=TRIES,
    columns=FEATURES,
)


def name_all(many: list[Candidate]) -> list[Candidate]:
    return [
        msgspec.structs.replace(one, contact=f"c{number:02d}") for number, one in enumerate(many)
    ]


CANDIDATES = st.lists(CANDIDATE, max_size=8).map(name_all)
RESULTS = st.lists(st.tuples(FEATURES, st.booleans()), max_size=15)
READY = st.lists(st.sampled_from(AGENTS), unique=True).map(tuple)


def taught(results: list[tuple[Features, bool]]) -> Chances:
    chances = Chances()
    for features, happened in results:
        learn(chances, features_at(NOW, "Europe/Berlin", columns=features), happened)
    return chances


@settings(max_examples=40)
@given(CANDIDATES, RESULTS, READY, st.randoms(use_true_random=False))
def test_the_order_does_not_hang_on_the_order_of_asking(
    candidates: list[Candidate],
    results: list[tuple[Features, bool]],
    ready: tuple[str, ...],
    chance_of_asking: object,
) -> None:
    chances = taught(results)
    shuffled = list(candidates)
    chance_of_asking.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis' own Random

    found = order_contacts(candidates, NOW, WINDOWS, chances, ready)

    assert order_contacts(shuffled, NOW, WINDOWS, chances, ready) == found


@settings(max_examples=60)
@given(CANDIDATES, RESULTS, READY)
def test_everybody_has_one_place_and_nobody_is_called_who_may_not_be(
    candidates: list[Candidate], results: list[tuple[Features, bool]], ready: tuple[str, ...]
) -> None:
    by_name = {one.contact: one for one in candidates}

    found = order_contacts(candidates, NOW, WINDOWS, taught(results), ready)

    placed = [one.contact for one in found.next] + [one.contact for one in found.not_now]
    assert sorted(placed) == sorted(by_name)
    for place in found.next:
        one = by_name[place.contact]
        assert is_open(WINDOWS[one.campaign], one.zones, NOW, one.holidays)
        assert not one.under_way
        assert one.callback is not None or one.not_before <= NOW
        assert one.callback is None or one.callback.at <= NOW
        assert place.sentence()
    for wait in found.not_now:
        assert wait.until == 0.0 or wait.until > NOW
        assert wait.sentence(NOW)


@settings(max_examples=60)
@given(CANDIDATES, RESULTS, READY)
def test_callbacks_go_first_and_an_agent_is_asked_for_one_at_most(
    candidates: list[Candidate], results: list[tuple[Features, bool]], ready: tuple[str, ...]
) -> None:
    found = order_contacts(candidates, NOW, WINDOWS, taught(results), ready)

    turns = [list(Turn).index(one.turn) for one in found.next]
    asked = [one.agent for one in found.next if one.turn is Turn.OWN_CALLBACK]
    ranks = [
        (-one.campaign_priority, -one.list_priority) for one in found.next if one.turn is Turn.SCORE
    ]
    assert turns == sorted(turns)
    assert len(asked) == len(dict.fromkeys(asked))
    assert all(agent in ready for agent in asked)
    assert ranks == sorted(ranks)


@settings(max_examples=60)
@given(RESULTS, RESULTS, FEATURES)
def test_a_learner_restored_from_a_snapshot_learns_exactly_what_the_first_one_does(
    before: list[tuple[Features, bool]], after: list[tuple[Features, bool]], asked: Features
) -> None:
    chances = taught(before)
    restored = msgspec.json.decode(msgspec.json.encode(chances), type=Chances)

    for features, happened in after:
        learn(chances, features, happened)
        learn(restored, features, happened)

    assert restored == chances
    assert chance(restored, asked) == chance(chances, asked)
    assert 0.0 <= chance(chances, asked) <= 1.0
