"""Who is called next, and why somebody is not called now."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from callcenter.domain.attempt import AttemptResult
from callcenter.domain.campaign import CallingWindow
from dialer.contact_chance import Chances, Features, learn
from dialer.contact_history import Try, features_at
from dialer.contact_order import (
    OWN_AGENT_WAIT_S,
    Callback,
    Candidate,
    Next,
    NotNow,
    Order,
    Turn,
    Wait,
    explain,
    order_contacts,
)
from dialer.window import Schedule

BERLIN = "Europe/Berlin"
NOON = datetime(2026, 6, 3, 12, 0, tzinfo=ZoneInfo(BERLIN)).timestamp()  # a Wednesday
WINDOWS: dict[str, CallingWindow | Schedule] = {"c": CallingWindow(), "d": CallingWindow()}


def contact(name: str, **changes: object) -> Candidate:
    """A contact in Berlin that may be called now."""
    return replace(Candidate(name, "c", (BERLIN,)), **changes)


def order(*candidates: Candidate, now: float = NOON, ready: tuple[str, ...] = ()) -> Order:
    """The order, with nothing learnt."""
    return order_contacts(candidates, now, WINDOWS, Chances(), ready)


def names(found: Order) -> list[str]:
    """Whom to call, in order."""
    return [one.contact for one in found.next]


def waits(found: Order) -> list[tuple[str, Wait, float]]:
    """Who waits, why and until when."""
    return [(one.contact, one.wait, one.until) for one in found.not_now]


def test_callbacks_come_first_those_of_a_ready_agent_before_all() -> None:
    found = order(
        contact("rich", value=99.0, campaign_priority=9, list_priority=9),
        contact("anybody's", callback=Callback(NOON - 600.0)),
        contact("ana's", callback=Callback(NOON - 60.0, "ana")),
        ready=("ana",),
    )

    assert names(found) == ["ana's", "anybody's", "rich"]
    assert [(one.turn, one.agent) for one in found.next] == [
        (Turn.OWN_CALLBACK, "ana"),
        (Turn.CALLBACK, ""),
        (Turn.SCORE, ""),
    ]


def test_the_callback_that_is_due_longest_comes_first() -> None:
    found = order(
        contact("a", callback=Callback(NOON - 60.0)), contact("b", callback=Callback(NOON - 90.0))
    )

    assert names(found) == ["b", "a"]


def test_a_callback_waits_for_its_own_agent_for_a_while_and_then_for_nobody() -> None:
    due = NOON - OWN_AGENT_WAIT_S + 1.0
    promised = contact("x", callback=Callback(due, "ana"))

    soon, later = order(promised, ready=("ben",)), order(promised, now=NOON + 1.0, ready=("ben",))

    assert soon.not_now == (NotNow("x", Wait.OWN_AGENT, NOON + 1.0, "ana"),)
    assert [(one.contact, one.turn) for one in later.next] == [("x", Turn.CALLBACK)]


def test_an_agent_takes_one_callback_at_a_time_the_older_first() -> None:
    found = order(
        contact("young", callback=Callback(NOON - 10.0, "ana")),
        contact("old", callback=Callback(NOON - 20.0, "ana")),
        ready=("ana",),
    )

    assert names(found) == ["old"]
    assert waits(found) == [("young", Wait.OWN_AGENT, NOON - 10.0 + OWN_AGENT_WAIT_S)]


def test_a_callback_is_not_made_before_its_time_nor_held_back_by_a_retry() -> None:
    found = order(
        contact("later", callback=Callback(NOON + 60.0)),
        contact("now", callback=Callback(NOON), not_before=NOON + 9000.0),
    )

    assert names(found) == ["now"]
    assert waits(found) == [("later", Wait.CALLBACK_LATER, NOON + 60.0)]


def test_campaign_then_list_then_score_decide() -> None:
    found = order(
        contact("poor", value=1.0, list_priority=1),
        contact("rich", value=50.0, list_priority=1),
        contact("list", list_priority=2),
        contact("campaign", campaign="d", campaign_priority=1),
    )

    assert names(found) == ["campaign", "list", "rich", "poor"]


def test_who_is_likelier_to_be_reached_now_comes_first() -> None:
    chances = Chances()
    for n in range(300):
        learn(chances, features_at(NOON, BERLIN, number_type="mobile"), n % 2 == 0)
        learn(chances, features_at(NOON, BERLIN, number_type="fixed"), n % 10 == 0)
    fixed, mobile = contact("a", number_type="fixed"), contact("b", number_type="mobile")

    found = order_contacts((fixed, mobile), NOON, WINDOWS, chances)
    dear = order_contacts((replace(fixed, value=10.0), mobile), NOON, WINDOWS, chances)

    assert names(found) == ["b", "a"]
    assert names(dear) == ["a", "b"]  # ten times the value outweighs it
    assert dear.next[0].score == pytest.approx(10.0 * found.next[1].chance)


def test_of_scores_much_alike_who_was_tried_longest_ago_comes_first() -> None:
    tried = {
        name: (Try(NOON - ago, AttemptResult.FAILED),)  # says nothing of the chance
        for name, ago in (("an hour", 3600.0), ("a day", 86_400.0))
    }
    found = order(
        contact("an hour", tries=tried["an hour"], value=1.01),
        contact("a day", tries=tried["a day"], value=1.0),
        contact("never", value=1.0),
        contact("a never", value=1.0),
    )

    assert names(found) == ["a never", "never", "a day", "an hour"]


def test_what_is_worth_nothing_comes_last() -> None:
    assert names(order(contact("a", value=0.0), contact("b", value=0.01))) == ["b", "a"]


@pytest.mark.parametrize(
    ("changes", "wait", "until"),
    [
        ({"under_way": True}, Wait.UNDER_WAY, 0.0),
        ({"not_before": NOON + 60.0}, Wait.RETRY_LATER, NOON + 60.0),
        ({"zones": ()}, Wait.NO_ZONE, 0.0),
        ({"zones": (BERLIN, "Etc/Unknown")}, Wait.NO_ZONE, 0.0),
        # 06:00 in New York; it opens at nine, three hours later.
        ({"zones": ("America/New_York",)}, Wait.WINDOW_CLOSED, NOON + 3 * 3600.0),
        # 12:00 here and 19:00 in Tokyo: open in both.
        ({"zones": ("Asia/Tokyo", BERLIN)}, None, 0.0),
    ],
)
def test_who_may_not_be_called_now_is_told_why_and_until_when(
    changes: dict[str, object], wait: Wait | None, until: float
) -> None:
    found = order(contact("x", **changes))

    assert waits(found) == ([("x", wait, until)] if wait else [])


def test_nobody_is_called_on_a_holiday_where_they_live() -> None:
    corpus_christi = NOON + 86_400.0

    found = order(contact("b", holidays=("DE-BY",)), contact("p"), now=corpus_christi)

    assert names(found) == ["p"]
    assert waits(found) == [("b", Wait.WINDOW_CLOSED, corpus_christi + 21 * 3600.0)]


def test_who_may_be_called_soonest_stands_first_among_those_who_wait() -> None:
    found = order(
        contact("never", zones=()),
        contact("late", not_before=NOON + 900.0),
        contact("soon", not_before=NOON + 300.0),
    )

    assert [name for name, _, _ in waits(found)] == ["soon", "late", "never"]


def test_every_place_is_explained_in_a_sentence() -> None:
    base = Next("x", Turn.SCORE, "", 0.0, 3, 2, 0.25, 4.0)

    assert base.sentence() == (
        "campaign priority 3, list priority 2, 25% likely to be reached now, worth 4: score 1; "
        "was never tried"
    )
    assert replace(base, tried_at=5.0).sentence().endswith("was tried before")
    assert replace(base, turn=Turn.CALLBACK, due_since_s=600.0).sentence() == (
        "was promised a call 10 minutes ago, anybody may call"
    )
    assert replace(base, turn=Turn.OWN_CALLBACK, agent="ana").sentence() == (
        "was promised a call 0 minutes ago by ana, who is ready"
    )


def test_the_explanation_names_what_says_most_about_the_chance() -> None:
    chances = Chances()
    person = contact("x", columns=Features((("region", "north"),)))
    for n in range(200):
        learn(chances, features_at(NOON, BERLIN, columns=person.columns), n % 10 != 0)
        learn(chances, features_at(NOON, BERLIN), n % 10 == 0)

    known = explain(person, NOON, chances)
    place = order_contacts((person,), NOON, WINDOWS, chances).next[0]

    assert (known[0].column, known[0].value) == ("list:region", "north")
    assert "what counts most: list:region north (for)" in place.sentence(known)
    assert explain(contact("y", zones=()), NOON, Chances()) == ()


def test_what_counts_against_a_contact_is_said_so() -> None:
    chances = Chances()
    for n in range(200):
        learn(chances, features_at(NOON, BERLIN, number_type="fixed"), n % 10 == 0)
    person = contact("x", number_type="fixed")

    place = order_contacts((person,), NOON, WINDOWS, chances).next[0]

    assert "(against)" in place.sentence(explain(person, NOON, chances))


@pytest.mark.parametrize(
    ("wait", "until", "said"),
    [
        (Wait.UNDER_WAY, 0.0, "is being called just now"),
        (Wait.CALLBACK_LATER, NOON + 1800.0, "is promised a call in 30 minutes"),
        (Wait.OWN_AGENT, NOON + 60.0, "waits for ana, who promised to call, 1 minute at most"),
        (Wait.RETRY_LATER, NOON + 3 * 3600.0, "was tried lately and is tried again in 3 hours"),
        (Wait.WINDOW_CLOSED, NOON + 3 * 86_400.0, "there; opens in 3 days"),
        (Wait.NO_ZONE, 0.0, "may be called at no time"),
    ],
)
def test_every_wait_is_explained_in_a_sentence(wait: Wait, until: float, said: str) -> None:
    assert said in NotNow("x", wait, until, "ana").sentence(NOON)
