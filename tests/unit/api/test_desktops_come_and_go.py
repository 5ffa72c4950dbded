"""Desktops that come and go: on virtual time, sockets in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile
from callcenter.service.ports import Overloaded
from tests.unit.api.desktop_stage import Stage

pytestmark = pytest.mark.virtual_time


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    await stage.desktops.close_all()


async def test_the_machine_is_told_of_every_desktop_that_opens_and_closes(stage: Stage) -> None:
    one, other = stage.open(), stage.open()
    assert stage.hub.bench.agent("ana").desktops == 2

    stage.desktops.close(one)
    stage.desktops.close(other)
    stage.desktops.close(other)

    assert stage.hub.bench.agent("ana").desktops == 0
    assert stage.hub.told == [
        e.DesktopOpened("ana"),
        e.DesktopOpened("ana"),
        e.DesktopClosed("ana"),
        e.DesktopClosed("ana"),
    ]


async def test_a_desktop_whose_account_is_new_is_told_of_when_the_machine_knows_it(
    stage: Stage,
) -> None:
    stage.open("ben")
    assert stage.hub.told == []

    profiles = (AgentProfile("ana", ("service",)), AgentProfile("ben", ("service",)))
    stage.hub.tell(e.AgentsConfigured(profiles))

    assert stage.hub.told == [e.DesktopOpened("ben")]
    assert stage.hub.bench.agent("ben").desktops == 1


async def test_a_desktop_is_told_of_again_when_its_agent_comes_back(stage: Stage) -> None:
    stage.open()
    stage.hub.tell(e.AgentsConfigured(()))
    stage.hub.told.clear()

    stage.hub.tell(e.AgentsConfigured((AgentProfile("ana", ("service",)),)))

    assert stage.hub.told == [e.DesktopOpened("ana")]
    assert stage.hub.bench.agent("ana").desktops == 1


async def test_a_desktop_of_somebody_unknown_closes_quietly(stage: Stage) -> None:
    stage.desktops.close(stage.open("ben"))

    assert stage.hub.told == []


async def test_a_full_inbox_refuses_a_desktop_that_opens(stage: Stage) -> None:
    stage.hub.full = True

    with pytest.raises(Overloaded):
        stage.open()

    stage.hub.full = False
    assert not await stage.desktops.pop_card(stage.pop())


async def test_a_desktop_that_closed_is_told_of_until_the_inbox_has_room(stage: Stage) -> None:
    socket = stage.open()
    stage.hub.full = True

    stage.desktops.close(socket)
    await asyncio.sleep(1)
    assert stage.hub.bench.agent("ana").desktops == 1
    stage.hub.full = False
    await asyncio.sleep(1)

    assert stage.hub.bench.agent("ana").desktops == 0
    assert stage.hub.told.count(e.DesktopClosed("ana")) == 1


async def test_a_new_agents_desktop_is_told_of_until_the_inbox_has_room(stage: Stage) -> None:
    stage.open("ben")
    profiles = (AgentProfile("ana", ("service",)), AgentProfile("ben", ("service",)))
    stage.hub.full = True
    stage.hub.tell(e.AgentsConfigured(profiles))
    await asyncio.sleep(1)

    stage.hub.full = False
    await asyncio.sleep(1)

    assert stage.hub.bench.agent("ben").desktops == 1


async def test_when_the_service_stops_no_agent_is_made_not_ready_by_it(stage: Stage) -> None:
    """A restart forgets desktops and gives them time to come back; telling of each that closes with
    the old process would make every agent not ready."""
    socket = stage.open()

    stage.desktops.stop()
    stage.desktops.close(socket)

    assert stage.hub.told == [e.DesktopOpened("ana")]
