"""Callers who left the line, and how they are called back."""

from __future__ import annotations

from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.call import Place
from callcenter.domain.ids import ChannelRef
from callcenter.domain.rules import CALL_BACK_PROMPT, CallBack, Overflow, Rule, Treatment
from tests.builders import Bench
from tests.unit.core.rule_bench import caller, ruled

TERMS = CallBack(CALL_BACK_PROMPT, "carrier", "+3545550000", tries=2, again_s=600.0)
OVER = Overflow(after_s=30.0, callback=TERMS)


def leading(*overflow: Overflow) -> Bench:
    """Everybody is led on so."""
    return ruled(Rule("over", Treatment(overflow=overflow or (OVER,))))


def left(*names: str) -> Bench:
    """These callers have waited for half a minute, heard the message, and were hung up."""
    bench = leading()
    for name in names:
        caller(bench, name)
    bench.wait(31.0)
    for name in names:
        bench.hang_up(name)
    return bench


def dialed(bench: Bench) -> ChannelRef:
    """The channel of the caller who is called back."""
    return bench.last(c.PlaceCall).channel


def answer(bench: Bench, ref: ChannelRef) -> None:
    """The caller picks up, and is taken on hold."""
    bench.answer(ref)
    bench.tell(e.CallerHeld(ref))
    bench.tell(e.CallerLeftHold(ref))
    bench.tell(e.CallerHeld(ref))


def seen(ref: ChannelRef, place: Place, *, up: bool = True) -> e.ChannelTruth:
    """The caller's channel in a state reading."""
    return e.ChannelTruth(ref, "carrier", place, up=up, role="dialed")
