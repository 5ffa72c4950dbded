"""What answering machine detection makes of a voice."""

from __future__ import annotations

import re

import pytest

from callcenter.documents.files import config_path
from callcenter.simulator.screening import (
    GREETING,
    HELLO,
    NO_MEDIA,
    QUIET,
    AmdSettings,
    Voice,
    screen,
    silent_after,
)

SETTINGS = AmdSettings()


@pytest.mark.parametrize(
    ("voice", "status", "cause", "after_s"),
    [
        (HELLO, "HUMAN", "HUMAN-800-800", 1.8),
        (Voice(0.4, 0.4), "HUMAN", "HUMAN-800-800", 1.6),
        (GREETING, "MACHINE", "MAXWORDS-4-3", 2.53),
        (Voice(0.4, 8.4, 20), "MACHINE", "MAXWORDS-4-3", 1.76),
        (Voice(0.5, 4.0, 1), "MACHINE", "LONGGREETING-1500-1500", 2.0),
        (Voice(0.5, 4.0, 3), "MACHINE", "LONGGREETING-1500-1500", 2.64),
        (QUIET, "MACHINE", "INITIALSILENCE-2500-2500", 2.5),
        (Voice(2.5, 0.5), "MACHINE", "INITIALSILENCE-2500-2500", 2.5),
        (Voice(2.4, 2.1, 3), "NOTSURE", "TOOLONG-5000", 5.0),
        (NO_MEDIA, "NOTSURE", "TOOLONG-4900", 5.0),
    ],
    ids=str,
)
def test_a_voice_is_judged_by_the_first_rule_it_meets(
    voice: Voice, status: str, cause: str, after_s: float
) -> None:
    screened = screen(voice, SETTINGS)

    assert (screened.status, screened.cause) == (status, cause)
    assert screened.after_s == pytest.approx(after_s, abs=0.01)


def test_the_settings_are_those_that_asterisk_gets() -> None:
    text = config_path("asterisk/cc_amd.conf.in").read_text(encoding="utf-8")
    given = {name: int(value) for name, value in re.findall(r"^(\w+) = (\d+)$", text, re.MULTILINE)}

    own = {name: getattr(SETTINGS, name) for name in SETTINGS.__struct_fields__}

    assert {name: given[name] for name in own} == own


@pytest.mark.parametrize(
    ("voice", "since_s", "after_s"),
    [
        (GREETING, 2.5, 9.0),  # it has 7 s to go
        (GREETING, 12.0, 2.0),
        (Voice(1.0, 3.0, 4), 0.0, 6.0),  # it begins before the silence is long enough
        (Voice(3.0, 3.0, 4), 0.5, 2.0),
        (QUIET, 2.5, 2.0),
        (NO_MEDIA, 5.0, 2.0),
    ],
    ids=str,
)
def test_silence_is_there_when_a_voice_is_over(
    voice: Voice, since_s: float, after_s: float
) -> None:
    assert silent_after(voice, since_s, 2.0) == pytest.approx(after_s)
