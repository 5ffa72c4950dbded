"""What a pacer answers: so many calls now, or none, and the numbers that explain it."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Because(StrEnum):
    """What settled the number of calls."""

    NO_AGENT = "no_agent"
    """Nobody is signed in and at work."""
    ONE_EACH = "one_each"
    """A call for each agent who is free."""
    ASKED = "asked"
    """A call for each agent who has read the card and asked for it (preview)."""
    RATIO = "ratio"
    """So many lines for each free agent."""
    PRICE = "price"
    """One more call would make it too likely that a person finds nobody."""
    BUDGET = "budget"
    """The allowance of the legal window is used up: only calls that can hardly be abandoned."""
    EVIDENCE = "evidence"
    """Too little is known yet of who answers to dial further ahead."""
    SILENT_TRUNK = "silent_trunk"
    """Many people should have answered and nobody did: one call for each free agent, no more."""
    REFUSED = "refused"
    """The trunk refused several calls in a row: none for a while."""
    LINES = "lines"
    """The campaign's lines are all in use."""
    AT_ONCE = "at_once"
    """As many as are placed in one go; ask again soon."""


SENTENCES: dict[Because, str] = {
    Because.NO_AGENT: "nobody is at work",
    Because.ONE_EACH: "one call for each agent who is free",
    Because.ASKED: "a call when an agent has read the card and asks for it",
    Because.RATIO: "a fixed number of lines for each free agent",
    Because.PRICE: "one more call would too likely find nobody free",
    Because.BUDGET: "the allowance of abandoned calls is used up for now",
    Because.EVIDENCE: "too little is known yet of who answers",
    Because.SILENT_TRUNK: "nobody answers although many should have: is the trunk well?",
    Because.REFUSED: "the trunk refuses calls, it is given a moment",
    Because.LINES: "all lines of the campaign are in use",
    Because.AT_ONCE: "enough for one moment",
}


class Reason(Struct, frozen=True):
    """Why so many calls and not one more. Chances and shares are from 0.0 to 1.0."""

    because: Because
    free: int
    """Agents ready."""
    waiting: int
    """People who have answered and wait for an agent."""
    in_flight: int
    """Calls placed whose outcome is open, without the new ones."""
    expected_people: float = 0.0
    """People among those calls who will answer before a new call would, new ones included."""
    expected_free: float = 0.0
    """Agents who will have come free by then, beside those ready."""
    chance: float = 0.0
    """That the person reached by one more call would find nobody free."""
    price: float = 0.0
    """The chance that is accepted now."""
    answered: float = 0.0
    """People who answered in the legal window."""
    abandoned: float = 0.0
    """Those of them who found nobody."""
    kept: int = 0
    """Agents kept for calls that come in; they are not among those free."""

    def sentence(self) -> str:
        """In words, with the numbers."""
        said = (
            f"{SENTENCES[self.because]}; {self.free} free, {self.waiting} waiting, "
            f"{self.in_flight} calls in flight"
        )
        if self.price:
            said += (
                f", {self.expected_people:.1f} people and {self.expected_free:.1f} agents expected,"
                f" chance of nobody free {self.chance:.1%} against {self.price:.1%} accepted"
            )
        if self.kept:
            said += f"; {self.kept} more kept for calls that come in"
        if self.answered:
            said += f"; {self.abandoned:.0f} of {self.answered:.0f} answered abandoned"
        return said


class PlaceCalls(Struct, frozen=True):
    """Place so many calls now."""

    count: int
    reason: Reason


class Hold(Struct, frozen=True):
    """Place none now."""

    reason: Reason

    @property
    def count(self) -> int:
        """As of ``PlaceCalls``."""
        return 0


Decision = PlaceCalls | Hold


def decision(count: int, reason: Reason) -> Decision:
    """The decision for this number of calls."""
    return PlaceCalls(count, reason) if count > 0 else Hold(reason)
