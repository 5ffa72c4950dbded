"""Who is dialed next: asking the database, placing calls, keeping within window and trunk."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from callcenter.core import outbound
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.campaign import CallingWindow, ListCounts
from callcenter.domain.customer import Tier
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import FaultRecord
from tests.builders import ALWAYS, CENTER, PBX, T0, Bench, row

FULL = 20
"""Rows asked for at first."""


def counts(**more: Any) -> ListCounts:
    """How the list stands."""
    return ListCounts(at=T0, **more)


def busy(bench: Bench, ref: ChannelRef | None = None) -> None:
    """This call, or the newest placed, finds the number busy."""
    ref = ref or bench.last(c.PlaceCall).channel
    bench.tell(e.ChannelHungUp(ref, 17))


# --- asking the database --------------------------------------------------------------------------


def test_a_started_campaign_asks_who_is_next_although_nobody_works_for_it_yet() -> None:
    bench = Bench()

    bench.campaign()

    asked = bench.last(c.RefillHopper)
    assert (asked.campaign, asked.want, asked.window, asked.exclude) == (
        "renewals",
        FULL,
        ALWAYS,
        (),
    )


def test_a_call_says_whom_to_dial_over_what_and_how() -> None:
    bench = Bench()

    bench.dial("ana", rows=1, caller_id="+3545551000", harbour_wait_s=2, amd=False, ring_s=20.0)

    call = bench.last(c.PlaceCall)
    assert (call.trunk, call.number, call.caller_id) == ("carrier", "+3545550000", "+3545551000")
    assert (call.amd, call.harbour_wait_s, call.harbour_prompt) == (False, 2, "safe-harbour")
    assert call.timeout_s == outbound.SETUP_S + 20.0
    assert call.channel.id.startswith("att-")


def test_an_attempt_carries_what_is_known_of_the_contact() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign()
    bench.fill(row(1, made=2, customer="k1", tier=Tier.GOLD))

    bench.open_line("ana")

    attempt = bench.attempt(bench.last(c.PlaceCall).channel)
    assert (attempt.contact, attempt.tries) == ("1", 3)
    assert (attempt.customer, attempt.tier) == ("k1", Tier.GOLD)


def test_the_hopper_is_filled_up_before_it_is_empty_without_those_in_it_or_being_dialed() -> None:
    bench = Bench()
    bench.dial("ana", rows=FULL)
    for _ in range(10):
        busy(bench)

    assert len(bench.refills()) == 2
    asked = bench.refills()[-1]
    assert len(bench.live().hopper) == 9
    assert asked.want == FULL - 9
    assert asked.exclude == tuple(str(number) for number in [*range(11, 20), 10])


def test_more_agents_have_a_larger_hopper() -> None:
    phones = {str(1001 + number): PBX for number in range(20)}
    bench = Bench(center=msgspec.structs.replace(CENTER, phones=phones))
    bench.work(*(f"agent{number}" for number in range(20)), rows=0)

    bench.tell(e.ContactsChanged("renewals"))

    assert bench.refills()[0].want == FULL
    assert bench.refills()[-1].want == 5 * 20


def test_an_exhausted_list_is_looked_at_again_after_half_a_minute() -> None:
    bench = Bench()
    bench.dial("ana", rows=1)
    busy(bench)
    assert len(bench.refills()) == 1

    bench.wait(outbound.LOOK_AGAIN_S)

    assert len(bench.refills()) == 2
    bench.fill(row(5))
    assert bench.placed() == ["0", "5"]


@pytest.mark.parametrize(
    ("says", "waits_s"),
    [
        ({"next_due_at": T0 + 12}, 12.0),
        ({"opens_at": T0 + 12}, 12.0),
        ({"next_due_at": T0 + 15, "opens_at": T0 + 12}, 12.0),
        ({"next_due_at": T0 + 600}, outbound.LOOK_AGAIN_S),
        ({"next_due_at": T0 - 5}, outbound.LOOK_SOON_S),
    ],
)
def test_a_list_is_looked_at_when_the_next_contact_is_due_or_the_window_opens(
    says: dict[str, float], waits_s: float
) -> None:
    bench = Bench()
    bench.campaign()
    bench.fill(counts=counts(total=5, later=5, **says))

    bench.wait(waits_s - 0.1)
    assert len(bench.refills()) == 1
    bench.wait(0.2)

    assert len(bench.refills()) == 2


def test_contacts_that_were_added_are_dialed_at_once() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign()
    bench.fill()
    bench.open_line("ana")

    bench.tell(e.ContactsChanged("renewals"))
    bench.tell(e.ContactsChanged("nowhere"))
    bench.fill(row(1))

    assert bench.placed() == ["1"]


def test_a_database_that_does_not_answer_is_asked_again_and_the_hopper_dialed_meanwhile() -> None:
    bench = Bench(allowed_faults=("hopper_not_filled",))
    bench.dial("ana", rows=FULL)
    for _ in range(10):
        busy(bench)

    bench.tell(e.CommandFailed(bench.refills()[-1].id, "no answer within 10 s"))
    busy(bench)
    assert len(bench.refills()) == 2
    bench.wait(outbound.REFILL_FAILED_S)

    assert len(bench.refills()) == 3
    assert bench.placed()[-1] == "11"
    assert [f.kind for f in bench.kept(FaultRecord)] == ["hopper_not_filled"]


def test_an_answer_that_was_asked_before_the_list_changed_is_not_used() -> None:
    bench = Bench(allowed_faults=("hopper_not_filled",))
    bench.agents("ana")
    bench.campaign()
    first = bench.refills()[0]
    bench.open_line("ana")
    bench.tell(e.ContactsChanged("renewals"))
    second = bench.refills()[1]
    bench.tell(e.ContactsChanged("renewals"))

    bench.tell(e.HopperFilled(first.id, "renewals", (row(1),), counts()))
    bench.tell(e.HopperFilled("x", "nowhere", (row(1),), counts()))
    bench.tell(e.CommandFailed(second.id, "no answer within 10 s"))

    assert bench.placed() == []
    assert bench.live().refill == bench.refills()[2].id


def test_an_answer_told_twice_is_used_once() -> None:
    bench = Bench()
    bench.dial("ana", rows=1)
    assert bench.refills()[0].id not in bench.machine.state.pending

    bench.tell(e.HopperFilled(bench.refills()[0].id, "renewals", (row(0), row(1)), counts()))

    assert bench.live().hopper == ()


def test_a_list_that_gave_all_that_was_asked_for_is_not_looked_at_before_it_is_needed() -> None:
    bench = Bench()
    bench.work("ana", rows=FULL)

    bench.wait(10 * outbound.LOOK_AGAIN_S)

    assert len(bench.refills()) == 1


def test_who_was_dialed_while_the_database_looked_is_not_dialed_again() -> None:
    # The row is of before the end of the attempt: the database did not know of it.
    bench = Bench()
    bench.dial("ana", rows=FULL)
    for _ in range(10):
        busy(bench)
    ended_meanwhile = bench.placed()[-1]
    busy(bench)
    live_meanwhile = bench.placed()[-1]
    in_hopper = bench.live().hopper[0].contact

    late = [row(int(n)) for n in (ended_meanwhile, live_meanwhile, in_hopper)]
    bench.fill(*late, row(77))

    contacts = [x.contact for x in bench.live().hopper]
    assert ended_meanwhile not in contacts
    assert live_meanwhile not in contacts
    assert contacts.count(in_hopper) == 1
    assert contacts[-1] == "77"


def test_who_ended_before_the_database_was_asked_may_come_again() -> None:
    bench = Bench()
    bench.dial("ana", rows=1)
    busy(bench)
    bench.wait(outbound.LOOK_AGAIN_S)

    bench.fill(row(0, made=1))

    assert bench.placed() == ["0", "0"]


def test_a_restart_in_the_middle_of_a_question_asks_again() -> None:
    bench = Bench()
    bench.campaign()
    lost = bench.refills()[0]

    bench.restart()

    assert len(bench.refills()) == 1
    bench.tell(e.HopperFilled(lost.id, "renewals", (row(1),), counts()))
    assert bench.live().hopper == ()


# --- placing --------------------------------------------------------------------------------------


def test_one_call_is_under_way_for_each_free_agent() -> None:
    bench = Bench()
    bench.dial("ana", "jon", rows=10)
    assert len(bench.placed()) == 2

    busy(bench)
    assert len(bench.placed()) == 3
    bench.ask(e.NotReadyRequested, "jon", "lunch")
    busy(bench)

    assert len(bench.placed()) == 3


def test_dialing_ahead_places_more_calls_and_never_more_than_the_lines() -> None:
    bench = Bench()
    bench.dial("ana", "jon", rows=FULL, lines_per_agent=3.0, max_lines=5)

    assert len(bench.placed()) == 5


def test_an_agent_without_a_desktop_or_a_line_is_not_dialed_for() -> None:
    bench = Bench()
    bench.agents("ana", "jon")
    bench.campaign()
    bench.fill(row(1), row(2))
    bench.ask(e.CampaignJoinRequested, "ana", "renewals")
    assert bench.placed() == []
    bench.pick_up_line("ana")
    bench.tell(e.DesktopClosed("ana"))

    busy(bench)

    assert bench.placed() == ["1"]


def test_nobody_is_dialed_while_the_link_is_down() -> None:
    bench = Bench()
    bench.work("ana", rows=0)
    bench.tell(e.PbxLinkLost(PBX, "reset"))
    bench.tell(e.ContactsChanged("renewals"))
    assert len(bench.refills()) == 1

    bench.wait(60)

    assert bench.placed() == []


def test_a_burst_is_spread_whatever_comes_in_meanwhile() -> None:
    bench = Bench()
    bench.work("ana", rows=0)
    lines = 2.0 * outbound.PLACE_AT_ONCE + 5
    bench.campaign(lines_per_agent=lines)
    bench.fill(*(row(number) for number in range(int(lines))))
    assert len(bench.placed()) == outbound.PLACE_AT_ONCE

    for call in bench.sent(c.PlaceCall):
        bench.tell(e.AttemptCreated(call.channel))
    assert len(bench.placed()) == outbound.PLACE_AT_ONCE
    bench.wait(outbound.PLACE_AGAIN_S)
    assert len(bench.placed()) == 2 * outbound.PLACE_AT_ONCE
    bench.wait(1)

    assert len(bench.placed()) == int(lines)


def test_rows_whose_window_has_closed_in_the_hopper_are_not_dialed() -> None:
    # T0 is 22:13 in Reykjavik. The window closes at 22:14.
    closing = CallingWindow(opens=9 * 60, closes=22 * 60 + 14, weekdays=(0, 1, 2, 3, 4, 5, 6))
    bench = Bench()
    bench.dial("ana", rows=FULL, window=closing)
    bench.wait(60)

    busy(bench)

    assert bench.placed() == ["0"]
    assert bench.live().hopper == ()
    bench.wait(outbound.LOOK_SOON_S)
    assert len(bench.refills()) == 2
    bench.fill(counts=counts(total=20, closed=20, opens_at=T0 + 11 * 3600))
    bench.wait(600)
    assert bench.placed() == ["0"]


def test_a_database_that_thinks_a_window_open_which_is_closed_is_asked_once_a_second() -> None:
    never = CallingWindow(opens=0, closes=1)
    bench = Bench()
    bench.work("ana", rows=0)
    bench.campaign(window=never)
    before = len(bench.refills())

    for number in range(3):
        bench.fill(*(row(100 * number + i) for i in range(FULL)))
        bench.wait(outbound.LOOK_SOON_S - 0.1)
        assert len(bench.refills()) == before + number
        bench.wait(0.1)

    assert bench.placed() == []
    assert len(bench.refills()) == before + 3


def test_a_number_that_two_campaigns_have_is_dialed_by_one_at_a_time() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.agents("ana", "jon")
    bench.campaign(id="surveys", name="Surveys")
    bench.fill(row(9, number=row(0).number), row(2), campaign="surveys")

    bench.open_line("jon", campaign="surveys")
    assert bench.placed() == ["0", "2"]
    busy(bench)
    busy(bench, ref)
    bench.wait(outbound.LOOK_AGAIN_S)

    assert [x.contact for x in bench.live("surveys").hopper] == []
    assert bench.attempt(bench.last(c.PlaceCall).channel).contact == "9"


def test_a_switchboard_with_many_contacts_does_not_stop_the_others_nor_storm_the_database() -> None:
    # Every row of the hopper has the number that is being dialed just now.
    same = [row(number, number="+3545559999") for number in range(60)]
    bench = Bench()
    bench.agents("ana", "jon")
    bench.campaign()
    bench.fill(*same[:FULL])
    bench.open_line("ana", "jon")
    assert len(bench.placed()) == 1

    bench.fill(*same[FULL : FULL + bench.refills()[-1].want])
    assert len(bench.placed()) == 1
    bench.fill(row(1000), counts=counts(total=61, due=61))

    assert bench.last(c.PlaceCall).number == row(1000).number
    asked = [x.exclude for x in bench.refills()]
    assert len(bench.refills()) == 3
    assert len(asked[-1]) == len(set(asked[-1])) == 40
    busy(bench, bench.sent(c.PlaceCall)[0].channel)
    assert bench.last(c.PlaceCall).number == "+3545559999"


def test_a_switchboard_with_very_many_contacts_does_not_fill_the_memory() -> None:
    bench = Bench()
    bench.work("ana", "jon", rows=0)
    bench.tell(e.ContactsChanged("renewals"))

    asked, contact = 0, 0
    while len(bench.refills()) > asked:
        asked = len(bench.refills())
        rows = [row(contact + n, number="+1") for n in range(bench.refills()[-1].want)]
        bench.fill(*rows)
        contact += len(rows)

    assert outbound.HOPPER_MAX <= len(bench.live().hopper) < outbound.HOPPER_MAX + FULL
