"""When a rehearsed campaign is worked on, and by whom: pure.

An hour of work is one in which somebody on the list may be called and somebody of the team is
there. The team is there by its shifts, where there are any, else whenever somebody may be called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from callcenter.domain.campaign import CallingWindow
from callcenter.rehearsal.fit_staffing import midnight_of
from callcenter.rehearsal.traffic import SLOT_S, Duty
from dialer.window import is_open

DAYS_MAX = 35
"""So far ahead work is looked for."""

Span = tuple[float, float]
"""From when to when, UTC seconds."""


def open_spans(
    window: CallingWindow, zones: Sequence[tuple[str, ...]], begin: float, hours: float
) -> list[Span]:
    """The first so many hours from ``begin`` on in which somebody in one of these zones may be
    called; windows open and close at quarter-hours, or are taken to."""
    left_s = hours * 3600.0
    found: list[Span] = []
    at = begin
    until = begin + DAYS_MAX * 86400.0
    while at < until and left_s > 0.0:
        end = min((at // SLOT_S + 1.0) * SLOT_S, at + left_s)
        if any(is_open(window, one, at) for one in zones):
            left_s -= end - at
            _add(found, (at, end))
            at = end
        else:
            at = (at // SLOT_S + 1.0) * SLOT_S
    return found


def _add(found: list[Span], span: Span) -> None:
    if found and found[-1][1] >= span[0]:
        found[-1] = (found[-1][0], max(found[-1][1], span[1]))
    else:
        found.append(span)


def duty_spans(
    duties: Callable[[date], Sequence[Duty]], begin: float, zone: ZoneInfo
) -> dict[str, list[Span]]:
    """When each agent is at work from ``begin`` on, by the duties of each local day."""
    found: dict[str, list[Span]] = {}
    first = datetime.fromtimestamp(begin, zone).date()
    for number in range(-1, DAYS_MAX):  # a shift of yesterday may last into today
        day = first + timedelta(days=number)
        midnight = midnight_of(day, zone)
        for duty in duties(day):
            span = (max(begin, midnight + duty.begins_s), midnight + duty.ends_s)
            if span[1] > span[0]:
                _add(found.setdefault(duty.agent, []), span)
    return found


def union(every: Iterable[Sequence[Span]]) -> list[Span]:
    """When at least one of them is there."""
    found: list[Span] = []
    for span in sorted(span for spans in every for span in spans):
        _add(found, span)
    return found


def common(ours: Sequence[Span], theirs: Sequence[Span]) -> list[Span]:
    """When both are there; both in order, without overlaps."""
    found: list[Span] = []
    for begin, end in ours:
        for other_begin, other_end in theirs:
            span = (max(begin, other_begin), min(end, other_end))
            if span[0] < span[1]:
                found.append(span)
    return found


def cut(spans: Sequence[Span], hours: float) -> list[Span]:
    """The first so many hours of them."""
    left_s = hours * 3600.0
    found: list[Span] = []
    for begin, end in spans:
        if left_s <= 0.0:
            break
        found.append((begin, min(end, begin + left_s)))
        left_s -= end - begin
    return found
