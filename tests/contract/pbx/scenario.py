"""What a scenario is, and the list of them all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeAlias

from tests.contract.pbx.console import Console
from tests.contract.pbx.traces import Trace, make_trace

Play: TypeAlias = Callable[[Console], Awaitable[None]]


class Scenario(NamedTuple):
    """A story that is played on both sites, and leaves no channel behind."""

    name: str
    play: Play


async def record(console: Console, scenario: Scenario) -> Trace:
    """Play a scenario and say what it brought about; tidies up behind one that fails."""
    await console.begin()
    try:
        await scenario.play(console)
        return make_trace(await console.end())
    except BaseException:
        await console.clear_up()
        raise


def collect(*plays: Play) -> list[Scenario]:
    """Make scenarios of functions, named as these are."""
    return [Scenario(getattr(play, "__name__", ""), play) for play in plays]
