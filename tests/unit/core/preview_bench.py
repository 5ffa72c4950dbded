"""Agents who read cards before they have people dialed: what they press, and what they see."""

from __future__ import annotations

from typing import Any

from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import Preview
from callcenter.domain.campaign import CampaignStep, Pacing
from callcenter.domain.ids import ChannelRef
from callcenter.domain.step import Reply
from tests.builders import Bench


def preview(*names: str, rows: int = 6, **changes: Any) -> Bench:
    """These agents on the line for a campaign in which they read the cards first."""
    bench = Bench()
    bench.work(*names, rows=rows, pacing=Pacing.PREVIEW, **changes)
    return bench


def shown(bench: Bench, name: str) -> Preview:
    """The card that this agent reads."""
    found = bench.agent(name).preview
    assert found is not None
    return found


def dial(bench: Bench, name: str) -> ChannelRef:
    """The agent presses "dial"; the channel of the call placed."""
    before = len(bench.placed())
    assert bench.ask(e.PreviewDialRequested, name, shown(bench, name).id).problem == ""
    assert len(bench.placed()) == before + 1
    return bench.last(c.PlaceCall).channel


def skip(bench: Bench, name: str) -> Reply:
    """The agent presses "skip"."""
    return bench.ask(e.PreviewSkipRequested, name, shown(bench, name).id)


def step(bench: Bench, what: CampaignStep) -> None:
    """The manager starts, pauses or drains the campaign."""
    assert bench.ask(e.CampaignStepRequested, "renewals", what, "kim").problem == ""


def hopper(bench: Bench) -> list[str]:
    """The contacts that are next, in order."""
    return [one.contact for one in bench.live().hopper]


def fields_of(settings: Any) -> dict[str, Any]:
    """All fields of a Struct, by name."""
    return {name: getattr(settings, name) for name in settings.__struct_fields__}
