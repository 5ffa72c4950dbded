"""Compares what two PBXs did in one scenario, and keeps account of the ignore list's use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from tests.contract.pbx.ignored import (
    FIELDS,
    FREE_PLACES,
    HOUSEKEEPING,
    MOMENTS,
    Field,
    FreePlace,
    Housekeeping,
    Ignored,
    Moment,
)
from tests.contract.pbx.traces import Entry, Trace

DIFFERENCES_MAX: Final = 40
"""Differences shown of one scenario: the first is what matters."""


class Comparison:
    """All comparisons of one run."""

    def __init__(
        self,
        fields: Iterable[Field] = FIELDS,
        free_places: Iterable[FreePlace] = FREE_PLACES,
        others: Iterable[Moment | Housekeeping] = (*MOMENTS, *HOUSEKEEPING),
    ) -> None:
        self.scenarios: dict[str, None] = {}
        """Those that were compared."""
        self._fields = tuple(fields)
        self._free_places = tuple(free_places)
        self._others = tuple(others)
        self._needed: dict[Ignored, None] = {}

    def compare(self, scenario: str, asterisk: Trace, simulated: Trace) -> list[str]:
        """What differs; an empty trace differs from everything, itself included."""
        self.scenarios[scenario] = None
        traces = {"asterisk": asterisk, "simulated": simulated}
        for trace in traces.values():
            self._note_others(trace)
        empty = [site for site, trace in traces.items() if not any(trace.values())]
        if empty:
            return [f"nothing to compare: {' and '.join(empty)} did nothing"]
        left, right = self._free(asterisk), self._free(simulated)
        differences: list[str] = []
        for stream in dict.fromkeys([*left, *right]):
            compare = self._compare_streams(scenario, left.get(stream, []), right.get(stream, []))
            differences += [f"{stream}: {difference}" for difference in compare]
        return differences[:DIFFERENCES_MAX]

    def list_unneeded(self) -> list[str]:
        """Entries of the ignore list that no comparison needed."""
        listed: tuple[Ignored, ...] = (*self._fields, *self._free_places, *self._others)
        return [str(entry) for entry in listed if entry not in self._needed]

    def _note_others(self, trace: Trace) -> None:
        """Moments and housekeeping were dealt with when the trace was made."""
        for entry in self._others:
            if entry in trace.used:
                self._needed[entry] = None

    def _free(self, trace: Trace) -> dict[str, list[Entry]]:
        """The streams, with events that have no fixed place in streams of their own."""
        streams: dict[str, list[Entry]] = {}
        for stream, entries in trace.items():
            for entry in entries:
                free = self._find_free(stream, entry)
                home = stream
                if free is not None:
                    home = f"{stream}: {entry.name}"
                    if len(entries) > 1:
                        self._needed[free] = None
                streams.setdefault(home, []).append(entry)
        return streams

    def _find_free(self, stream: str, entry: Entry) -> FreePlace | None:
        for free in self._free_places:
            if entry.name == free.name and stream.startswith(free.stream):
                return free
        return None

    def _compare_streams(
        self, scenario: str, asterisk: list[Entry], simulated: list[Entry]
    ) -> Iterator[str]:
        names = [entry.name for entry in asterisk], [entry.name for entry in simulated]
        if names[0] != names[1]:
            yield f"in this order\n    asterisk:  {names[0]}\n    simulated: {names[1]}"
            return
        for place, (left, right) in enumerate(zip(asterisk, simulated, strict=True)):
            for difference in self._compare_entries(scenario, left, right):
                yield f"{left.name} (number {place}): {difference}"

    def _compare_entries(self, scenario: str, left: Entry, right: Entry) -> Iterator[str]:
        headers = dict.fromkeys([*left.fields, *right.fields])
        kept: dict[str, None] = {}
        for header in headers:
            mine, theirs = left.fields.get(header), right.fields.get(header)
            ignored = self._find_field(scenario, left.name, header)
            if ignored is not None and (mine != theirs or ignored.sometimes):
                self._needed[ignored] = None
            if ignored is None or (ignored.may_lack and None not in (mine, theirs)):
                kept[header] = None
                if mine != theirs:
                    yield f"{header}: asterisk {mine!r}, simulated {theirs!r}"
        orders = [[key for key in entry.fields if key in kept] for entry in (left, right)]
        if orders[0] != orders[1] and sorted(orders[0]) == sorted(orders[1]):
            yield f"headers in this order: asterisk {orders[0]}, simulated {orders[1]}"

    def _find_field(self, scenario: str, name: str, header: str) -> Field | None:
        for field in self._fields:
            if (
                name == field.name
                and re.fullmatch(field.header, header)
                and scenario in (field.scenarios or (scenario,))
            ):
                return field
        return None
