"""The sounds of a test center: encoding, and tones where there is no voice."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest

from callcenter.simulator import sounds


@pytest.mark.parametrize(
    ("sample", "code"),
    # From the tables of G.711: silence, the smallest steps, a middle value and both ends.
    [(0, 0xFF), (8, 0xFE), (-8, 0x7E), (1000, 0xCE), (-1000, 0x4E), (32767, 0x80), (-32768, 0x00)],
)
def test_a_sample_is_encoded_as_g711_says(sample: int, code: int) -> None:
    assert sounds.to_ulaw(array("h", [sample])) == bytes([code])


def test_a_tone_has_its_length_and_its_loudness() -> None:
    tone = sounds.tone((330, 440), length_s=1.5, volume=0.5)

    assert len(tone) == 12_000
    assert 0.4 * 32767 < max(tone) <= 0.5 * 32767


def test_without_a_voice_a_tone_of_the_length_of_the_text_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)

    sounds.write_sounds(tmp_path, {"cc-greeting": "x" * 30, "short": "x"})

    sizes = {path.name: path.stat().st_size for path in tmp_path.glob("*.ulaw")}
    assert sizes["cc-greeting.ulaw"] == 16_000
    assert sizes["short.ulaw"] == 8_000
    assert "talk.ulaw" in sizes
    assert (tmp_path / "moh" / "hold.ulaw").stat().st_size > 8_000


def test_a_number_that_answers_is_heard_the_same_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)

    paths = sounds.write_carrier_sounds(tmp_path)

    heard = {name: words_in(path.read_bytes()) for name, path in paths.items()}
    # The last of the greeting is a beep.
    assert heard == {"hello": 1, "greeting": 21, "quiet": 0, "fax": 1}
    assert {path.parent for path in paths.values()} == {tmp_path}


def words_in(data: bytes) -> int:
    """How often somebody begins to speak: u-law codes near 0xFF and 0x7F are next to silence."""
    frames = [data[at : at + 160] for at in range(0, len(data), 160)]
    loud = [min(code & 0x7F for code in frame) < 0x60 for frame in frames]
    return sum(not before and now for before, now in zip([False, *loud], loud, strict=False))


def test_sounds_that_are_there_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "moh").mkdir()
    for name in ("talk.ulaw", "welcome.ulaw", "moh/hold.ulaw"):
        (tmp_path / name).write_bytes(b"mine")

    sounds.write_sounds(tmp_path, {"welcome": "Welcome."})

    assert (tmp_path / "welcome.ulaw").read_bytes() == b"mine"
    assert (tmp_path / "moh" / "hold.ulaw").read_bytes() == b"mine"
