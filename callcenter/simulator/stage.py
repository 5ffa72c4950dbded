"""What simulated people can do and see: the interface between actors and their world, and the log
of the truth.

Actors know no PBX: they have a clock, a telephone each, and a line in the log.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from callcenter.simulator.screening import NO_MEDIA, Voice
from callcenter.simulator.timers import Timer


class Deed(StrEnum):
    """What happened at a telephone, as the person (or SIP) there would say it."""

    DIALED = "dialed"
    ACCEPTED = "accepted"
    """The PBX answered the caller."""
    PRESSED = "pressed"
    HEARD_PROMPT = "heard_prompt"
    HEARD_MUSIC = "heard_music"
    HEARD_PERSON = "heard_person"
    PERSON_LEFT = "person_left"
    """The person talked with is gone; the line stays."""
    HUNG_UP = "hung_up"
    """This side hung up."""
    WAS_HUNG_UP = "was_hung_up"
    """The PBX hung up, or refused the call."""
    INVITED = "invited"
    RANG = "rang"
    PICKED_UP = "picked_up"
    REFUSED = "refused"
    MISSED = "missed"
    """The PBX stopped the ringing while the caller was still waiting."""
    WITHDRAWN = "withdrawn"
    """The PBX stopped the ringing because the caller had gone; of a number dialed: for any
    reason."""
    UNREACHED = "unreached"
    """The call ended without this telephone ever having said a word."""


class Entry(Struct, frozen=True, omit_defaults=True):
    """One line of the far ends' own log."""

    at: float
    party: str
    """``caller-0001``, ``dialed-0001`` or a phone's number."""
    deed: Deed
    channel: str
    number: str = ""
    """The caller's number: its own, or the one shown on the phone; of somebody dialed: theirs."""
    detail: str = ""
    """Digit, prompt, SIP status, hang-up cause, the endpoint talked with; of an INVITE to somebody
    dialed: what they will do."""
    tier: str = ""
    shown: str = ""
    """The number on the display, of an INVITE to somebody dialed."""


class Stage(Protocol):
    """What the world offers to its actors."""

    @property
    def now(self) -> float:
        """The time."""
        ...

    def after(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Do something later."""
        ...

    def record(self, entry: Entry) -> None:
        """Write a line into the log of the truth."""
        ...

    def call_in(self, number: str, dialed: str, *, name: str, sends_media: bool) -> str:
        """Dial the call center; returns the channel's id."""
        ...

    def press(self, channel: str, digit: str, *, by_info: bool) -> None:
        """Press a key; ``by_info``: sent as SIP INFO."""
        ...

    def ring(self, channel: str) -> None:
        """A phone says that it rings."""
        ...

    def answer(self, channel: str, voice: Voice = NO_MEDIA) -> bool:
        """Pick up, and be heard so; False when the call has gone."""
        ...

    def refuse(self, channel: str, sip_status: int) -> None:
        """Refuse a call."""
        ...

    def hang_up(self, channel: str) -> None:
        """Put the receiver down."""
        ...

    def is_waiting(self, number: str) -> bool:
        """Whether a caller with this number is on the line and talks with nobody."""
        ...
