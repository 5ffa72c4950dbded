"""The link of a simulated day: what a reading of the PBX's state tells, and what is not made."""

from __future__ import annotations

from callcenter.domain import events as e
from callcenter.pbx.ami.translate import WANTED
from callcenter.simulator.day_link import DayLink
from callcenter.simulator.exchange import PbxSettings
from callcenter.simulator.people import CallerPlan
from callcenter.simulator.sessions import leader_account
from callcenter.simulator.world import World
from tests.builders import T0


def link_to(world: World, put: list[e.Event]) -> DayLink:
    """A session that is logged in."""
    link = DayLink("main", world, ("leader", "secret"), put.append, lambda reason: None)
    link.connect()
    return link


def make_world(told: frozenset[str] | None = None) -> World:
    """A PBX without anybody."""
    return World(1, T0, PbxSettings(told=told), (leader_account("secret"),))


def let_pass(world: World, link: DayLink, seconds: float) -> None:
    """Hear what the PBX tells in that time."""
    link.hear(world.advance(world.now + seconds))


def test_a_reading_tells_who_called_whom() -> None:
    # The names of the variables were once taken apart into letters: for the machine nobody in the
    # simulated PBX was ever a caller, and no lost caller was ever found again.
    world = make_world()
    link = link_to(world, [])
    world.add_caller(CallerPlan("+3545550001", "7000"))
    let_pass(world, link, 1.0)

    read = link.read_state()

    assert read is not None
    (caller,) = read.channels
    assert (caller.role, caller.caller_number, caller.dialed_number) == (
        "caller",
        "+3545550001",
        "7000",
    )
    assert caller.entered_at >= T0


def test_events_that_nobody_reads_change_nothing_for_the_service() -> None:
    def hear(told: frozenset[str] | None) -> list[e.Event]:
        heard: list[e.Event] = []
        world = make_world(told)
        link = link_to(world, heard)
        world.add_caller(CallerPlan("+3545550001", "7000", patience_s=5.0))
        let_pass(world, link, 30.0)
        return heard

    assert hear(None) == hear(frozenset(WANTED)) != []


def test_a_session_that_the_pbx_closes_is_lost_after_what_it_said_before() -> None:
    world = make_world()
    told: list[str] = []
    link = DayLink("main", world, ("leader", "secret"), lambda event: None, told.append)
    link.connect()

    link.hear(world.restart_pbx(world.now))

    assert told == ["closed by the PBX"]
