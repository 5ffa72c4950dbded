"""Forgetting a person, as far as the machine knows one."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from callcenter.core.erasure import (
    BEING_DIALED,
    ON_A_CALL,
    UNDER_WAY,
    agents_of,
    callbacks_of,
    contacts_in_hoppers,
    why_not_erasable,
)
from callcenter.core.outbound import LOOK_AGAIN_S
from callcenter.core.state import State
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.callback import Callback, CallbackOrigin
from callcenter.domain.customer import Tier
from callcenter.domain.ids import ChannelRef
from tests.builders import PBX, T0, Bench, channel, row

NUMBER = "+3545550000"
NOBODY = "+3545559999"


def why_not(state: State, number: str = NOBODY, *customers: str) -> str:
    return why_not_erasable(state, (number,), customers)


def test_who_is_on_a_call_is_known_by_number_and_as_a_customer() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("caller"), NUMBER, "7000"))
    look_up = bench.last(c.LookUpCustomer)
    bench.tell(e.CustomerFound(look_up.id, look_up.call, "k1", Tier.GOLD))
    state = bench.machine.state

    assert why_not(state, NUMBER) == ON_A_CALL
    assert why_not(state, NOBODY, "k1") == ON_A_CALL
    assert why_not(state, NOBODY, "k2") == ""


def test_a_caller_whom_nobody_knows_is_nobodys_customer() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("caller"), NUMBER, "7000"))

    assert why_not(bench.machine.state, NOBODY) == ""


def test_who_is_being_dialed_is_known_by_number_and_as_a_customer() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign()
    bench.fill(replace(row(0), customer="k1"))
    bench.open_line("ana")
    state = bench.machine.state

    assert bench.placed() == ["0"]
    assert why_not(state, NUMBER) == BEING_DIALED
    assert why_not(state, NOBODY, "k1") == BEING_DIALED
    assert why_not(state, NOBODY, "k2") == ""


@pytest.mark.parametrize(
    "command",
    [
        c.PopCard("x", "ana", "c1", "k1", Tier.GOLD, NUMBER, "service", 1.0),
        c.RingAgent("x", ChannelRef(PBX, "leg"), "ana", "1001", "c1", NUMBER, 20.0),
        c.LookUpCustomer("x", "c1", NUMBER),
        c.PlaceCall("x", ChannelRef(PBX, "a"), "t", NUMBER, "", 9.0, True, 1, "p"),
    ],
)
def test_a_command_under_way_names_the_person(command: c.Command) -> None:
    bench = Bench()
    state = bench.machine.state
    state.pending.put("h", c.HangUp("h", ChannelRef(PBX, "other")))
    state.pending.put("x", command)

    assert why_not(state, NUMBER) == UNDER_WAY
    assert why_not(state, NOBODY) == ""


def test_a_person_in_a_hopper_is_taken_out_of_it_and_the_others_stay() -> None:
    bench = Bench()
    bench.campaign()
    bench.fill(row(0), replace(row(1), customer="k1"), row(2))
    state = bench.machine.state

    found = contacts_in_hoppers(state, (NUMBER,), ("k1",))
    granted = bench.ask(e.ErasureRequested, found, "adi")

    assert found == ("0", "1")
    assert granted.problem == ""
    assert [one.contact for one in bench.live().hopper] == ["2"]


def test_a_hopper_without_the_person_is_left_alone() -> None:
    bench = Bench()
    bench.campaign()
    bench.fill(row(0))
    before = bench.live()

    bench.ask(e.ErasureRequested, ("7",), "adi")

    assert bench.live() is before


def test_a_hopper_that_is_empty_now_is_filled_when_it_is_time_to_look_again() -> None:
    bench = Bench()
    bench.campaign()
    bench.fill(row(0))
    bench.tell(e.ServiceStarted(2))
    asked = len(bench.refills())

    bench.ask(e.ErasureRequested, ("0",), "adi")
    bench.tell(e.PbxStateRead(PBX, ()))
    bench.wait(LOOK_AGAIN_S)

    assert len(bench.refills()) == asked + 1


def test_nobody_spoke_last_with_an_erased_customer() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a", Tier.GOLD)
    bench.talk("a")
    bench.hang_up("a")
    known = bench.machine.state.last_agents
    assert known.as_dict() == {"customer-a": "ana"}

    bench.ask(e.ErasureRequested, (), "adi", ("customer-a",))

    assert known.as_dict() == {}


def test_no_agent_knows_an_erased_person_from_their_latest_conversation() -> None:
    bench = Bench()
    ref = bench.dial("ana", "bo", rows=1)
    bench.person(ref)
    bench.join(ref)
    name = next(name for name in ("ana", "bo") if bench.agent(name).call)
    bench.part(ref)
    state = bench.machine.state

    found = agents_of(state, (row(0).number,), ())
    assert found == (name,)
    assert agents_of(state, ("+3545559999",), ("nobody",)) == ()
    assert bench.ask(e.ErasureRequested, (), "adi", (), (), (), found).problem == ""

    assert bench.agent(name).spoke is None


def test_what_a_person_was_promised_is_found_by_number_customer_and_row() -> None:
    bench = Bench()
    bench.campaign()
    plain = Callback("cb-1", T0, T0, CallbackOrigin.REQUEST, "kim", "renewals", "1")
    for one in (
        replace(plain, number=NUMBER),
        replace(plain, id="cb-2", customer="k1"),
        replace(plain, id="cb-3", row=replace(row(1), number=NUMBER)),
        replace(plain, id="cb-4", row=replace(row(1), customer="k1")),
        replace(plain, id="cb-5", number=NOBODY, row=row(7)),
    ):
        bench.machine.state.callbacks.put(one.id, one)

    found = callbacks_of(bench.machine.state, (NUMBER,), ("k1",))

    assert found == ("cb-1", "cb-2", "cb-3", "cb-4")
