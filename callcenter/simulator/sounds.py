"""Sounds of a test or demo center: prompts, music on hold, a caller's speech; 8 kHz u-law files.

Prompts are spoken by espeak-ng where that program is installed. Where it is not, a tone of the same
length stands in, so calls go the same way everywhere.
"""

import math
import shutil
import struct
import subprocess
import tempfile
import wave
from array import array
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, TypeAlias

RATE_HZ: Final = 8000  # what telephone lines carry
_SPEAKER: Final = "espeak-ng"
_SPEAK_LIMIT_S: Final = 20  # espeak-ng needs 20 ms for a sentence
_CHARACTERS_PER_S: Final = 15  # of slow, clear speech: how long a tone stands in for it
_MUSIC_S: Final = 20  # then it starts again
_TEXTS_KEPT: Final = 32  # of some 50 kB each
_CALLER_SAYS: Final = "Yes, this is the customer speaking. I am calling about my order."

# How people and machines answer, for answering machine detection: a word is louder than its
# silence_threshold and longer than its min_word_length, a gap longer than its between_words_silence
# (config/asterisk/cc_amd.conf.in). Made the same everywhere, so that its verdict is the same.
_VOICE_HZ: Final = (140, 420, 710)
_VOICE_VOLUME: Final = 0.3
_HUSH_HZ: Final = (50,)
_HUSH_VOLUME: Final = 0.001  # a line's noise
_BEFORE_S: Final = 0.4  # from lifting the receiver to the first word
_HELLO_S: Final = 0.4
_WORD_S: Final = 0.3
_GAP_S: Final = 0.12
_GREETING_WORDS: Final = 20
_BEEP_HZ: Final = (1000,)
_BEEP_S: Final = 0.5
_BEFORE_FAX_S: Final = 0.2
_FAX_HZ: Final = (2100,)
_FAX_S: Final = 2.6  # ITU-T T.30: the called terminal's tone
_LISTENING_S: Final = 30  # then the line is silent

Samples: TypeAlias = "array[int]"  # 16-bit, at RATE_HZ


def write_sounds(directory: Path, prompts: Mapping[str, str]) -> None:
    """Write `<name>.ulaw` for each prompt (name to text), `talk.ulaw`, `beep.ulaw` (the tone before
    a recording) and `moh/hold.ulaw`.

    Files that are there already stay as they are. Raises OSError when the folder is not writable.
    """
    (directory / "moh").mkdir(parents=True, exist_ok=True)
    for name, text in {"talk": _CALLER_SAYS, **prompts}.items():
        target = directory / f"{name}.ulaw"
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(target, _spoken(text, shutil.which(_SPEAKER)))
    for name, make in {"moh/hold": _music, "beep": _beep}.items():
        target = directory / f"{name}.ulaw"
        if not target.exists():
            _write_whole(target, make())


def write_carrier_sounds(directory: Path) -> dict[str, Path]:
    """Write what is heard when a number answers, and return the files by name.

    `hello`: a person; `greeting`: an answering machine; `quiet`: nobody says a word; `fax`: a fax
    machine's tone.
    """
    paths = {}
    for name, data in _carrier_sounds().items():
        paths[name] = directory / f"{name}.ulaw"
        _write_whole(paths[name], data)
    return paths


@cache
def _carrier_sounds() -> dict[str, bytes]:
    before, listening = _hush(_BEFORE_S), _hush(_LISTENING_S)
    words = (_word(_WORD_S) + _hush(_GAP_S)) * _GREETING_WORDS
    beep = tone(_BEEP_HZ, _BEEP_S, _VOICE_VOLUME)
    sounds = {
        "hello": before + _word(_HELLO_S) + listening,
        "greeting": before + words + beep + listening,
        "quiet": listening,
        "fax": _hush(_BEFORE_FAX_S) + tone(_FAX_HZ, _FAX_S, _VOICE_VOLUME) + listening,
    }
    return {name: to_ulaw(samples) for name, samples in sounds.items()}


def _word(length_s: float) -> Samples:
    return tone(_VOICE_HZ, length_s, _VOICE_VOLUME)


def _hush(length_s: float) -> Samples:
    return tone(_HUSH_HZ, length_s, _HUSH_VOLUME)


# Every group of callers gets a folder of its own, with the same sounds in it.
@lru_cache(maxsize=_TEXTS_KEPT)
def _spoken(text: str, _speaker: str | None) -> bytes:
    return to_ulaw(speech(text))


@cache
def _music() -> bytes:
    return to_ulaw(tone((330, 440), _MUSIC_S, volume=0.15))


@cache
def _beep() -> bytes:
    return to_ulaw(tone(_BEEP_HZ, _BEEP_S, _VOICE_VOLUME))


def speech(text: str) -> Samples:
    """Say a text with espeak-ng, or return a tone about as long where it is missing or fails."""
    speaker = shutil.which(_SPEAKER)
    if speaker is not None:
        with tempfile.TemporaryDirectory() as folder:
            spoken = Path(folder, "speech.wav")
            command = [speaker, "-v", "en", "-s", "150", "-w", str(spoken), "--", text]
            done = subprocess.run(command, check=False, timeout=_SPEAK_LIMIT_S)
            if done.returncode == 0 and spoken.exists():
                return _read_wave(spoken)
    return tone((440,), max(1.0, len(text) / _CHARACTERS_PER_S), volume=0.2)


def tone(frequencies_hz: Sequence[int], length_s: float, volume: float) -> Samples:
    """Make a mix of sine tones of whole hertz; `volume` 1.0 is the loudest that fits."""
    steps = [2 * math.pi * frequency / RATE_HZ for frequency in frequencies_hz]
    loudest = 32767 * volume / len(steps)
    # Tones of whole hertz repeat after a second.
    second = array(
        "h",
        (round(loudest * sum(math.sin(step * at) for step in steps)) for at in range(RATE_HZ)),
    )
    length = round(length_s * RATE_HZ)
    return (second * (length // RATE_HZ + 1))[:length]


def to_ulaw(samples: Samples) -> bytes:
    """Encode 16-bit samples as G.711 u-law."""
    table = _ulaw_table()
    return bytes(table[(sample + 32768) >> 2] for sample in samples)


@cache
def _ulaw_table() -> bytes:
    """The code of every 14-bit sample, from the lowest up (G.711 keeps 14 bits)."""
    return bytes(_ulaw_code((index << 2) - 32768) for index in range(1 << 14))


def _ulaw_code(sample: int) -> int:
    bias, clip = 0x84, 32635
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), clip) + bias
    exponent = magnitude.bit_length() - 8
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    return ~(sign | (exponent << 4) | mantissa) & 0xFF


def _read_wave(path: Path) -> Samples:
    """Read a mono 16-bit WAV at RATE_HZ: averages the samples that each new one stands for."""
    with wave.open(str(path)) as file:
        rate_hz = file.getframerate()
        data = file.readframes(file.getnframes())
    source = struct.unpack(f"<{len(data) // 2}h", data)
    step = rate_hz / RATE_HZ
    out = array("h")
    for at in range(int(len(source) / step)):
        part = source[int(at * step) : max(int(at * step) + 1, int((at + 1) * step))]
        out.append(sum(part) // len(part))
    return out


def _write_whole(target: Path, data: bytes) -> None:
    new = target.with_name(f".{target.name}.new")
    new.write_bytes(data)
    new.replace(target)
