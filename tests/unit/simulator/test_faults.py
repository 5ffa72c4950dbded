"""A seed's plan of what goes wrong, and how a story is made short."""

from __future__ import annotations

from random import Random

import pytest

from callcenter.simulator.day import Broken
from callcenter.simulator.faults import (
    CYCLE_S,
    KINDS,
    STORM_S,
    Fault,
    FaultKind,
    mangle,
    plan_faults,
)
from callcenter.simulator.messages import Message, parse_block
from callcenter.simulator.shrinking import RUNS_MAX, shrink

DAY_S = 24 * 3600.0
MESSAGE: Message = [("Event", "Hangup"), ("Uniqueid", "1700000000.1"), ("Cause", "16")]


def test_the_same_seed_is_the_same_plan_and_another_is_another() -> None:
    one, same, other = (plan_faults(seed, 0.0, 3600.0, KINDS["all"]) for seed in (1, 1, 2))

    assert one == same
    assert one != other


def test_a_long_plan_has_every_kind_and_each_cycle_ends_in_a_calm() -> None:
    faults = plan_faults(3, 0.0, DAY_S, KINDS["all"])

    assert {fault.kind for fault in faults} == {*FaultKind}
    assert all(fault.at % CYCLE_S < STORM_S for fault in faults)
    assert all(fault.at <= fault.until for fault in faults)
    assert all(fault.until <= fault.at - fault.at % CYCLE_S + STORM_S for fault in faults)
    assert len({fault.index for fault in faults}) == len(faults)


@pytest.mark.parametrize("level", ["none", "some"])
def test_a_milder_level_has_only_its_kinds(level: str) -> None:
    faults = plan_faults(3, 0.0, DAY_S, KINDS[level])

    assert {fault.kind for fault in faults} == {*KINDS[level]}


def test_a_mangled_message_is_another_one_whose_end_is_left() -> None:
    for seed in range(200):
        wire = mangle(MESSAGE, Random(seed))

        assert wire.endswith(b"\r\n\r\n")
        assert wire.count(b"\r\n\r\n") == 1
        headers = parse_block(wire.removesuffix(b"\r\n\r\n"))
        assert headers[0] == MESSAGE[0]
        assert headers != MESSAGE


# --- shrinking ------------------------------------------------------------------------------------


def fault(index: int, kind: FaultKind = FaultKind.EVENT_LOST) -> Fault:
    """One that happens as many seconds into the day as its index says."""
    return Fault(index, kind, float(index), float(index))


def broken_at(at: float) -> Broken:
    """A break at this time."""
    return Broken(1, int(at), at, "Tick", ["wrong"])


class Plays:
    """Breaks when all of these faults happen."""

    def __init__(self, *needed: int) -> None:
        self.needed = needed
        self.count = 0

    def __call__(self, faults: tuple[Fault, ...]) -> Broken | None:
        """Play with these faults."""
        self.count += 1
        found = {fault.index for fault in faults}
        return broken_at(50.0) if found >= {*self.needed} else None


def test_a_story_keeps_the_faults_that_it_needs() -> None:
    faults = tuple(fault(n, tuple(FaultKind)[n % 5]) for n in range(1, 60))

    shrunk = shrink(Plays(7, 31), broken_at(50.0), faults)

    assert [one.index for one in shrunk.faults] == [7, 31]


def test_what_goes_wrong_after_the_break_is_no_part_of_its_story() -> None:
    plays = Plays()

    shrunk = shrink(plays, broken_at(0.5), tuple(fault(n) for n in range(1, 5)))

    assert shrunk.faults == ()
    assert plays.count == 0


def test_shrinking_ends_after_so_many_plays() -> None:
    faults = tuple(fault(n) for n in range(1, 50))
    plays = Plays(*range(1, 50, 2))

    shrunk = shrink(plays, broken_at(50.0), faults)

    assert plays.count == shrunk.runs == RUNS_MAX
    assert {one.index for one in shrunk.faults} >= {*range(1, 50, 2)}
