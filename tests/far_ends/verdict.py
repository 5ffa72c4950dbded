"""What became of every caller, told from the far ends' traces alone.

Uses nothing of the program but its counter of traces, which itself uses nothing of it: this is what
the records are held against. Who talked with whom is told by the caller's number, which the phone
is shown in the INVITE and with which each caller calls once, and by the times.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from callcenter.demo.sip_counter import SipCall, read_calls, read_messages

CLOSE_S = 0.15
"""Two things that happen at different ends within this time may be seen in either order."""

GONE_S = 0.6
"""A phone whose caller has gone stops ringing within this time."""

ANSWERED, NO_ANSWER, REJECTED = "answered", "no_answer", "rejected"
UNREACHABLE, CALLER_GONE = "unreachable", "caller_gone"


@dataclass(frozen=True)
class Ring:
    """A phone was rung for a caller, once."""

    phone: str
    caller: str
    invited_at: float
    results: tuple[str, ...]
    """What became of it. Two where two things happened in the same moment: either may be told."""
    answered_at: float | None = None
    ended_at: float | None = None
    ended_by_phone: bool = False
    call_id: str = ""
    """Of the phone's side."""

    @property
    def is_close(self) -> bool:
        """Whether two results are right."""
        return len(self.results) > 1


@dataclass
class Story:
    """One caller from the INVITE to the end."""

    number: str
    arrived_at: float
    answered_at: float | None
    """By the PBX."""
    pressed_at: float | None
    ended_at: float | None
    ended_by_caller: bool | None
    rings: list[Ring] = field(default_factory=list)

    @property
    def talks(self) -> list[Ring]:
        """The conversations, in order."""
        return [ring for ring in self.rings if ANSWERED in ring.results]

    @property
    def is_close(self) -> bool:
        """Whether it is a matter of milliseconds whether the caller was answered."""
        talks = self.talks
        return bool(talks) and all(ring.is_close for ring in talks)

    @property
    def answered_by(self) -> str:
        """The first phone that talked with the caller; empty for none."""
        return self.talks[0].phone if self.talks else ""

    @property
    def outcome(self) -> str:
        """``answered``, ``abandoned``, or ``left_in_ivr`` for who went without a choice."""
        if self.talks:
            return "answered"
        return "abandoned" if self.pressed_at is not None else "left_in_ivr"


def read_rings(traces: Iterable[Path]) -> list[SipCall]:
    """Every call at phones, by the time of its INVITE."""
    calls = [call for trace in traces for call in read_calls(trace) if call.received]
    return sorted(calls, key=lambda call: call.invited_at)


def read_stories(
    callers: Iterable[Path],
    phones: Iterable[Path],
    *,
    unreachable_s: float,
    dialed: Container[str] = (),
) -> dict[str, Story]:
    """Caller's number -> story. ``unreachable_s``: how long a phone may be silent.

    ``dialed``: numbers of people who did not call but were called; phones may ring for them too.
    """
    stories: dict[str, Story] = {}
    for trace in callers:
        keys = {
            message.call_id: message.at
            for message in read_messages(trace)
            if message.sent and message.method == "INFO" and not message.status
        }
        for call in read_calls(trace):
            assert call.caller not in stories, f"{call.caller} called twice"
            stories[call.caller] = Story(
                number=call.caller,
                arrived_at=call.invited_at,
                answered_at=call.answered_at,
                pressed_at=keys.get(call.call_id),
                ended_at=call.ended_at,
                ended_by_caller=call.ended_here,
            )
    for call in read_rings(phones):
        if call.caller in dialed:
            continue
        story = stories[call.caller]
        story.rings.append(_judge(call, story.ended_at, unreachable_s))
    return stories


def _judge(call: SipCall, caller_ended_at: float | None, unreachable_s: float) -> Ring:
    """Say what became of a ring."""
    gone_at = float("inf") if caller_ended_at is None else caller_ended_at
    return Ring(
        phone=call.called,
        caller=call.caller,
        invited_at=call.invited_at,
        results=_results(call, gone_at, unreachable_s),
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        ended_by_phone=call.ended_here is True,
        call_id=call.call_id,
    )


def _results(call: SipCall, gone_at: float, unreachable_s: float) -> tuple[str, ...]:
    if call.answered_at is not None:
        return _by_time(call.answered_at, gone_at, ANSWERED)
    if call.refused_at is not None:
        return _by_time(call.refused_at, gone_at, REJECTED)
    if call.ringing_at is None:
        return _by_time(call.invited_at + unreachable_s, gone_at, UNREACHABLE)
    if call.cancelled_at is None:
        return ()  # it rings still
    if 0 <= call.cancelled_at - gone_at <= GONE_S:
        return (CALLER_GONE,)
    return _by_time(call.cancelled_at, gone_at, NO_ANSWER)


def _by_time(at: float, gone_at: float, result: str) -> tuple[str, ...]:
    """The result of a ring that was decided at ``at``, unless the caller had gone by then."""
    if abs(at - gone_at) <= CLOSE_S:
        return (result, CALLER_GONE)
    return (result,) if at < gone_at else (CALLER_GONE,)


def find_overlaps(rings: Sequence[SipCall]) -> list[tuple[str, str, str]]:
    """Phones rung or talking for two callers at a time: phone, the one caller, the other."""
    found = []
    latest: dict[str, SipCall] = {}
    for ring in rings:
        before = latest.get(ring.called)
        if before is not None and _end(before) > ring.invited_at + CLOSE_S:
            found.append((ring.called, before.caller, ring.caller))
        latest[ring.called] = ring
    return found


def _end(call: SipCall) -> float:
    """When the phone was free again; a phone that says nothing is never busy."""
    if call.ringing_at is None:
        return call.invited_at
    ends = (call.ended_at, call.refused_at, call.cancelled_at)
    return min((at for at in ends if at is not None), default=float("inf"))


@dataclass(frozen=True)
class Card:
    """A card as a desk noted it."""

    agent: str
    call: str
    at: float


def rings_without_card(
    rings: Iterable[Ring],
    cards: Iterable[Card],
    phone_of: Mapping[str, str],
    caller_of: Mapping[str, str],
) -> list[Ring]:
    """Rings before which their agent's desk had got no card of that caller.

    ``phone_of``: agent -> phone; ``caller_of``: call -> caller's number. Each card goes with one
    ring.
    """
    waiting: dict[tuple[str, str], list[float]] = {}
    for card in sorted(cards, key=lambda card: card.at):
        key = (phone_of[card.agent], caller_of.get(card.call, ""))
        waiting.setdefault(key, []).append(card.at)
    late = []
    for ring in sorted(rings, key=lambda ring: ring.invited_at):
        times = waiting.get((ring.phone, ring.caller), [])
        if times and times[0] <= ring.invited_at:
            times.pop(0)
        else:
            late.append(ring)
    return late
