"""Nobody is dialed who asked not to be, and nobody whom caps protect, whatever the hopper holds."""

from __future__ import annotations

import msgspec
import pytest

from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.campaign import Cap, Counting, HopperRow, ListCounts, Of, Party, Terms
from callcenter.domain.records import DncRecord
from tests.builders import CAMPAIGN, T0, Bench, row
from tests.unit.core.preview_bench import dial, preview, shown

ONE_A_DAY = Terms(caps=(Cap(Of.PERSON, Counting.ATTEMPTS, 1, 86_400.0),))


def add(bench: Bench, number: str, reason: str = "asked", until: float = 0.0) -> None:
    """A manager puts a number on the do-not-call list."""
    assert bench.ask(e.DncAdded, number, reason, "manager", "kim", until).problem == ""


def hang_up_busy(bench: Bench) -> None:
    bench.tell(e.ChannelHungUp(bench.last(c.PlaceCall).channel, 17))


def hopper(bench: Bench, campaign: str = "renewals") -> list[str]:
    return [row.contact for row in bench.live(campaign).hopper]


def same_number(contact: int) -> HopperRow:
    """Another contact with this one's number."""
    return msgspec.structs.replace(row(contact), contact="9")


def second_campaign(bench: Bench, **changes: object) -> None:
    bench.campaign(id="winback", name="Winback", **changes)


# --- the do-not-call list ------------------------------------------------------------------------


def test_a_number_put_on_the_list_leaves_every_hopper_at_once_and_is_dialed_no_more() -> None:
    bench = Bench()
    bench.dial("ana", rows=3)
    second_campaign(bench)
    bench.fill(row(7), same_number(1), campaign="winback")

    add(bench, row(1).number)

    assert hopper(bench) == ["2"]
    assert hopper(bench, "winback") == ["7"]
    hang_up_busy(bench)
    hang_up_busy(bench)
    assert bench.placed() == ["0", "2"]


def test_a_record_says_who_put_the_number_on_the_list_and_why() -> None:
    bench = Bench()

    add(bench, "+3545550001", "pressed nine", T0 + 60)

    assert bench.kept(DncRecord) == [
        DncRecord("+3545550001", True, "pressed nine", "manager", T0 + 60, "kim", bench.now)
    ]


def test_an_answer_of_the_database_under_way_cannot_bring_the_number_back() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign()

    add(bench, row(1).number)
    bench.fill(row(1), row(2))
    bench.open_line("ana")

    assert bench.placed() == ["2"]
    assert bench.live().spared_since_refill == ()


def test_the_next_answer_is_asked_after_and_trusted() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign()
    add(bench, row(1).number)
    bench.fill()
    assert bench.ask(e.DncRemoved, row(1).number, "kim").problem == ""
    bench.tell(e.ContactsChanged("renewals"))

    bench.fill(row(1))
    bench.open_line("ana")

    assert bench.placed() == ["1"]
    assert [record.added for record in bench.kept(DncRecord)] == [True, False]


def test_a_call_under_way_to_the_number_goes_on() -> None:
    bench = Bench()
    first = bench.dial("ana", rows=1)

    add(bench, row(0).number)

    assert not any(command.channel == first for command in bench.sent(c.HangUp))


def test_a_row_that_waited_for_the_same_number_on_another_list_is_not_dialed_after_it() -> None:
    bench = Bench()
    bench.dial("ana", rows=1)
    second_campaign(bench)
    bench.fill(same_number(0), campaign="winback")

    add(bench, row(0).number)
    hang_up_busy(bench)

    assert hopper(bench, "winback") == []


def test_a_list_changed_in_the_database_empties_hoppers_and_voids_what_was_asked() -> None:
    bench = Bench()
    bench.dial("ana", rows=3)
    asked = len(bench.refills())
    bench.tell(e.ContactsChanged("renewals"))
    stale = bench.refills()[-1]

    bench.tell(e.DncListChanged())

    assert hopper(bench) == []
    assert len(bench.refills()) == asked + 2
    bench.tell(e.HopperFilled(stale.id, "renewals", (row(5),), ListCounts(at=T0)))
    assert hopper(bench) == []


def test_a_restart_keeps_the_number_out() -> None:
    bench = Bench()
    bench.dial("ana", rows=3)
    add(bench, row(1).number)

    bench.restart()

    assert [one.contact for one in bench.live().hopper] == ["2"]


# --- caps, against what happens meanwhile --------------------------------------------------------


@pytest.mark.parametrize(
    "theirs",
    [
        same_number(0),
        row(9, customer="K1"),
        row(9, account="A7"),
    ],
)
def test_whom_another_campaign_dials_leaves_the_hopper_of_one_with_caps(theirs: HopperRow) -> None:
    bench = Bench()
    second_campaign(bench, terms=ONE_A_DAY)
    bench.fill(theirs, row(8), campaign="winback")
    bench.agents("ana")
    bench.campaign()
    bench.fill(row(0, customer="K1", account="A7"))

    bench.open_line("ana")

    assert bench.placed() == ["0"]
    assert hopper(bench, "winback") == ["8"]


def test_without_caps_the_other_campaign_keeps_its_row() -> None:
    bench = Bench()
    second_campaign(bench)
    bench.fill(row(9, customer="K1"), campaign="winback")
    bench.agents("ana")
    bench.campaign()
    bench.fill(row(0, customer="K1"))

    bench.open_line("ana")

    assert hopper(bench, "winback") == ["9"]


def test_of_two_contacts_of_one_account_in_a_hopper_one_is_dialed() -> None:
    bench = Bench()
    bench.agents("ana", "bo")
    bench.campaign(terms=ONE_A_DAY)
    bench.fill(row(1, account="A7"), row(2, account="A7"), row(3))

    bench.open_line("ana", "bo")

    assert bench.placed() == ["1", "3"]
    assert hopper(bench) == []


def test_of_one_account_one_is_dialed_though_two_calls_are_placed_at_once() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign(terms=ONE_A_DAY, lines_per_agent=2.0)
    bench.fill(row(1, account="A7"), row(2, account="A7"), row(3), row(4))

    bench.open_line("ana")

    assert bench.placed() == ["1", "3"]
    assert hopper(bench) == ["4"]


def test_an_attempt_that_ends_spares_nobody_when_no_answer_is_awaited() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign(terms=ONE_A_DAY)
    bench.fill(row(0, account="A7"))
    bench.open_line("ana")

    hang_up_busy(bench)
    assert (bench.live().refill, bench.live().spared_since_refill) == ("", ())
    bench.tell(e.ContactsChanged("renewals"))
    bench.fill(row(1, account="A7"))

    assert bench.placed() == ["0", "1"]


def test_a_card_of_somebody_else_stays_on_the_desk_when_a_call_is_placed() -> None:
    bench = preview("ana", "jon", "eva", rows=0, terms=ONE_A_DAY)
    bench.tell(e.ContactsChanged("renewals"))
    bench.fill(row(0, account="A7"), row(1), row(2, account="A7"))

    dial(bench, "ana")

    assert shown(bench, "jon").row.contact == "1"
    assert bench.agent("eva").preview is None


def test_an_answer_that_was_asked_before_an_attempt_ended_does_not_bring_its_account_back() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign(terms=ONE_A_DAY)
    bench.fill(row(0, account="A7"))
    bench.open_line("ana")
    bench.tell(e.ContactsChanged("renewals"))

    hang_up_busy(bench)
    bench.fill(row(1, account="A7"), row(2))

    assert bench.placed() == ["0", "2"]


def test_an_answer_does_not_bring_those_whose_account_is_being_dialed() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign(terms=ONE_A_DAY)
    bench.fill(row(0, account="A7"))
    bench.open_line("ana")

    bench.tell(e.ContactsChanged("renewals"))
    bench.fill(row(1, account="A7"), row(2))

    assert hopper(bench) == ["2"]


def test_the_legal_profile_closes_the_calling_window_too() -> None:
    bench = Bench(now=T0 - T0 % 86_400 + 22 * 3600)  # 22:00 in Iceland
    bench.agents("ana")
    bench.campaign(terms=Terms(legal="us-tsr"))
    asked = bench.last(c.RefillHopper)

    bench.fill(row(1))
    bench.open_line("ana")

    assert (asked.window.opens, asked.window.closes) == (8 * 60, 21 * 60)
    assert asked.terms == Terms(legal="us-tsr")
    assert bench.placed() == []


def test_settings_of_a_campaign_can_take_the_terms_away_again() -> None:
    bench = Bench()
    bench.campaign(terms=ONE_A_DAY)

    bench.ask(e.CampaignSaved, msgspec.structs.replace(CAMPAIGN, terms=Terms()), "kim")

    assert bench.last(c.RefillHopper).terms == Terms()


# --- who shares what -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("party", "shares"),
    [
        (Party("+3545550001"), True),
        (Party("+1", "K1"), True),
        (Party("+1", "", "A1"), True),
        (Party("+1", "K2", "A2"), False),
        (Party("+1"), False),
    ],
)
def test_a_party_is_known_by_number_customer_or_account(party: Party, shares: bool) -> None:
    assert party.shares(row(1, customer="K1", account="A1")) is shares
    assert not Party("+1").shares(row(1))


def test_a_number_taken_off_the_list_has_an_exhausted_list_looked_at_at_once() -> None:
    bench = Bench()
    bench.campaign()
    bench.fill()
    asked = len(bench.refills())

    assert bench.ask(e.DncRemoved, row(1).number, "kim").problem == ""

    assert len(bench.refills()) == asked + 1


def test_a_contact_taken_out_may_come_again_at_another_number_without_waiting() -> None:
    bench = Bench()
    bench.campaign()
    bench.fill(row(1, others=1))
    asked = len(bench.refills())

    add(bench, row(1).number)
    bench.fill(msgspec.structs.replace(row(1), number="+3545559999"))

    assert len(bench.refills()) == asked + 1
    assert [one.number for one in bench.live().hopper] == ["+3545559999"]
