"""What answering machine detection makes of a voice: Asterisk's application AMD as a pure function.

AMD counts voice and silence, nothing else: it does not know what is said. The settings are those of
``config/asterisk/cc_amd.conf.in``; verdicts and their words are those that Asterisk 22.10 gave.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

VOICED_SHARE = 0.7
"""Of the time somebody speaks without a stop: the rest is gaps between words."""
NO_FRAME_MS = 100
"""Where no sound comes AMD looks at the clock so often; its count is one look behind at the end."""


class Voice(Struct, frozen=True, omit_defaults=True):
    """What the far end says when it has answered. Times in seconds."""

    after_s: float = 0.5
    """From the answer to the first word."""
    length_s: float = 0.5
    """From the first word to the end of the last; 0.0: nobody says a word."""
    words: int = 1
    """Evenly over that length."""
    sends_media: bool = True
    """Whether it sends any sound at all, be it silence."""
    t38_after_s: float = 0.0
    """From the answer until it asks to go on as a fax (T.38); 0.0: never."""


HELLO = Voice()
GREETING = Voice(0.5, 9.0, 14)
"""An answering machine's: far more words than a person says."""
FAX = Voice(0.2, 2.6, 1, t38_after_s=1.0)
"""The tone with which a fax machine answers; the network then asks for T.38."""
QUIET = Voice(0.0, 0.0, 0)
"""The line is open and nobody speaks."""
NO_MEDIA = Voice(0.0, 0.0, 0, sends_media=False)


class AmdSettings(Struct, frozen=True):
    """``cc_amd.conf``. Times in milliseconds, as there."""

    initial_silence: int = 2500
    greeting: int = 1500
    after_greeting_silence: int = 800
    total_analysis_time: int = 5000
    min_word_length: int = 100
    maximum_number_of_words: int = 3


class Screened(NamedTuple):
    """AMD's verdict."""

    after_s: float
    """From AMD's beginning."""
    status: str
    """AMDSTATUS: ``HUMAN``, ``MACHINE`` or ``NOTSURE``."""
    cause: str
    """AMDCAUSE: which rule, what was measured, and its limit."""


def screen(voice: Voice, settings: AmdSettings) -> Screened:
    """What AMD says of this voice, and when: the first rule that is met decides."""
    total = settings.total_analysis_time
    if not voice.sends_media:
        return Screened(total / 1000, "NOTSURE", f"TOOLONG-{total - NO_FRAME_MS}")
    limit = settings.initial_silence
    if not voice.words or voice.after_s >= limit / 1000:
        return Screened(limit / 1000, "MACHINE", f"INITIALSILENCE-{limit}-{limit}")
    return min(
        _screen_words(voice, settings)
        + _screen_length(voice, settings)
        + [Screened(total / 1000, "NOTSURE", f"TOOLONG-{total}")]
    )


def silent_after(voice: Voice, since_s: float, silence_s: float) -> float:
    """In how many seconds from now there has been silence for ``silence_s``, to who begins to
    listen ``since_s`` after the answer. The gaps between words are shorter than that."""
    has_begun = voice.words > 0 and since_s + silence_s > voice.after_s
    end_s = voice.after_s + voice.length_s if has_begun else 0.0
    return max(0.0, end_s - since_s) + silence_s


def _screen_words(voice: Voice, settings: AmdSettings) -> list[Screened]:
    limit = settings.maximum_number_of_words
    if voice.words <= limit:
        return []
    began_s = voice.after_s + voice.length_s * limit / voice.words
    at_s = began_s + settings.min_word_length / 1000
    return [Screened(at_s, "MACHINE", f"MAXWORDS-{limit + 1}-{limit}")]


def _screen_length(voice: Voice, settings: AmdSettings) -> list[Screened]:
    limit, silence = settings.greeting, settings.after_greeting_silence
    voiced_share = VOICED_SHARE if voice.words > 1 else 1.0
    if voice.length_s * voiced_share * 1000 >= limit:
        at_s = voice.after_s + limit / 1000 / voiced_share
        return [Screened(at_s, "MACHINE", f"LONGGREETING-{limit}-{limit}")]
    at_s = voice.after_s + voice.length_s + silence / 1000
    return [Screened(at_s, "HUMAN", f"HUMAN-{silence}-{silence}")]
