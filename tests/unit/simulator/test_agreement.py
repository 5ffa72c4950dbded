"""Where state and PBX differ, it is said."""

from __future__ import annotations

import pytest

from callcenter.domain import events as e
from callcenter.domain.call import Place
from callcenter.domain.ids import ChannelRef
from callcenter.simulator.agreement import find_disagreement
from tests.builders import PBX, Bench, channel


def truth(ref: ChannelRef, place: Place, bridge: str = "", role: str = "") -> e.ChannelTruth:
    """One channel of the PBX."""
    return e.ChannelTruth(ref, "trunk", place, bridge=bridge, role=role)


def compare(bench: Bench, *channels: e.ChannelTruth) -> list[str]:
    """What differs from a PBX that has these."""
    return find_disagreement(bench.machine.state, e.PbxStateRead(PBX, channels))


def test_who_waits_and_is_on_hold_agrees() -> None:
    bench = Bench()
    bench.waiting_caller("a")

    assert compare(bench, truth(channel("a"), Place.HOLD, role="caller")) == []


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (truth(channel("leg-x"), Place.HOLD), "leg main/leg-x is in the PBX, and nobody wants it"),
        (truth(channel("att-x"), Place.HOLD), "attempt main/att-x is in the PBX"),
        (truth(channel("b"), Place.HOLD, role="caller"), "caller main/b is in the PBX"),
    ],
)
def test_a_channel_that_nobody_knows_is_told(seen: e.ChannelTruth, said: str) -> None:
    found = compare(Bench(), seen)

    assert len(found) == 1
    assert found[0].startswith(said)


def test_a_channel_that_is_not_ours_is_not_told() -> None:
    assert compare(Bench(), truth(channel("fax"), Place.DIALPLAN)) == []


def test_what_the_pbx_does_not_have_is_told() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.talk("a")

    found = compare(bench)

    assert [line.split()[0] for line in found] == ["call", "leg"]


def test_an_attempt_that_the_pbx_does_not_have_is_told() -> None:
    bench = Bench()
    person = bench.dial("ana")
    bench.answer(person)

    assert any(line.startswith(f"attempt {person.id}") for line in compare(bench))


def test_a_caller_in_another_place_is_told() -> None:
    bench = Bench()
    bench.waiting_caller("a")

    found = compare(bench, truth(channel("a"), Place.MENU, role="caller"))

    assert len(found) == 1
    assert found[0].endswith("(waiting) is in menu")


def test_a_caller_who_talks_with_nobody_is_told() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    call = bench.talk("a")
    assert call.leg is not None
    caller = truth(call.channel, Place.BRIDGE, "b1", "caller")

    alone = compare(bench, caller, truth(call.leg, Place.BRIDGE, "b2"))
    together = compare(bench, caller, truth(call.leg, Place.BRIDGE, "b1"))

    assert alone == [f"call {call.id} talks with nobody"]
    assert together == []
