"""People who were promised a call: who promises it, and what the database says of them."""

from __future__ import annotations

from typing import Any

from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.callback import Callback, Promise
from callcenter.domain.campaign import HopperRow
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import RoutingRecord
from callcenter.domain.step import Reply
from tests.builders import Bench, row

HOUR_S = 3600.0


def talked(*names: str, rows: int = 1, **changes: Any) -> tuple[Bench, ChannelRef]:
    """The first of these agents has talked with contact 0 and wraps up; the call's channel."""
    bench = Bench()
    ref = bench.dial(*names, rows=rows, **changes)
    bench.person(ref)
    bench.join(ref)
    bench.part(ref)
    return bench, ref


def promise(bench: Bench, name: str, in_s: float = HOUR_S, *, is_own: bool = True) -> Reply:
    """The agent says that the person of their conversation is to be called again."""
    wanted = Promise(bench.now + in_s, is_own)
    return bench.ask(e.DispositionRequested, name, bench.agent(name).call, "callback", wanted)


def promised(*names: str, is_own: bool = True, **changes: Any) -> Bench:
    """Contact 0 was promised a call in an hour, by the first of these agents; nobody else is on the
    list."""
    bench, _ = talked(*names, **changes)
    assert promise(bench, names[0], is_own=is_own).problem == ""
    return bench


def only(bench: Bench) -> Callback:
    """The one callback there is."""
    [callback] = bench.machine.state.callbacks.values()
    return callback


def fetch(bench: Bench, *rows: HopperRow, held: dict[str, float] | None = None) -> None:
    """The database says which of the contacts asked for may be dialed."""
    asked = bench.last(c.FetchContacts)
    bench.tell(e.ContactsFetched(asked.id, asked.campaign, rows, held or {}))


def come_due(bench: Bench, *rows: HopperRow) -> None:
    """The hour passes, and the database gives these contacts, or contact 0."""
    bench.wait(HOUR_S + 1.0)
    fetch(bench, *(rows or (row(0, made=1),)))


def became(bench: Bench) -> list[str]:
    """What became of callbacks, in order."""
    kinds = [one.kind for one in bench.kept(RoutingRecord)]
    return [kind.removeprefix("callback_") for kind in kinds if kind.startswith("callback_")]


def reserved(bench: Bench) -> str:
    """Whom the newest call placed is for."""
    return bench.attempt(bench.last(c.PlaceCall).channel).reserved


def try_in_vain(bench: Bench, cause: int = 17) -> None:
    """The newest call placed is not answered."""
    bench.tell(e.ChannelHungUp(bench.last(c.PlaceCall).channel, cause))
