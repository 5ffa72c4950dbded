"""Runs `rtp_end` as a process of its own, and reads what it noted."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from tests.far_ends.rtp_end import (
    ARRIVALS_LOG,
    CALLERS_LOG,
    LATE_S,
    OURSELVES,
    PHONES_LOG,
    Caller,
    Phone,
)

PROJECT = Path(__file__).resolve().parents[2]
READY_S = 10.0
"""For a process of Python to begin."""
STOP_S = 5.0


class RtpEnds:
    """Phones and callers with sound. ``async with`` runs them; ``call`` starts the callers."""

    def __init__(
        self,
        folder: Path,
        phones: Sequence[Phone],
        callers: Sequence[Caller],
        *,
        phones_at: tuple[str, int],
        callers_at: tuple[str, int],
        pbx: tuple[str, int],
    ) -> None:
        self._folder = folder
        self._phones_at = phones_at
        self._plan = {
            "phones": [asdict(phone) for phone in phones],
            "callers": [asdict(caller) for caller in callers],
            "phones_at": phones_at,
            "callers_at": callers_at,
            "pbx": pbx,
        }
        self._process: asyncio.subprocess.Process | None = None

    @property
    def phones_path(self) -> Path:
        """What the phones sent and received, for ``counter``."""
        return self._folder / PHONES_LOG

    @property
    def callers_path(self) -> Path:
        """What the callers sent and received, for ``counter``."""
        return self._folder / CALLERS_LOG

    def contact(self, number: str) -> str:
        """The SIP address of a phone."""
        return f"sip:{number}@{self._phones_at[0]}:{self._phones_at[1]}"

    async def __aenter__(self) -> Self:
        self._folder.mkdir(parents=True)
        plan = self._folder / "plan.json"
        plan.write_text(json.dumps(self._plan), encoding="utf-8")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.far_ends.rtp_end",
            str(plan),
            str(self._folder),
            cwd=PROJECT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(READY_S):
            said = await self._process.stdout.readline()
        assert said == b"ready\n", "the ends with sound did not start"
        return self

    async def __aexit__(self, *_: object) -> None:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(STOP_S):
                status = await process.wait()
        except TimeoutError:
            process.kill()
            status = await process.wait()
        assert status == 0, f"the ends with sound ended with status {status}"

    def call(self) -> None:
        """Start the clock of the callers."""
        self._tell("call")

    def hang_up(self) -> None:
        """Have every caller hang up."""
        self._tell("hang up")

    def _tell(self, command: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())

    def heard(self) -> Heard:
        """What arrived so far (as far as it is written: ``FLUSH_EVERY_S`` ago)."""
        heard = Heard()
        text = (self._folder / ARRIVALS_LOG).read_text(encoding="ascii")
        for line in text[: text.rfind("\n") + 1].splitlines():
            call_id, at, number, sound = line.split()
            if call_id == OURSELVES:
                heard.late.append((float(at), int(number) / 1000))
                continue
            heard.arrivals.setdefault(call_id, []).append(float(at))
            if sound == "1":
                heard.spoken[call_id] = heard.spoken.get(call_id, 0) + 1
        return heard


@dataclass
class Heard:
    """When sound arrived, and when the machine did not let the ends run."""

    arrivals: dict[str, list[float]] = field(default_factory=dict)
    """By Call-ID; epoch seconds."""
    spoken: dict[str, int] = field(default_factory=dict)
    """Packets that were more than silence, by Call-ID: somebody spoke, or music played."""
    late: list[tuple[float, float]] = field(default_factory=list)
    """When they ran again, and after how many seconds."""

    def stalled_s(self, begin: float, end: float) -> float:
        """For how long, between two moments, the machine let nobody run."""
        return sum(late for at, late in self.late if begin < at <= end + LATE_S)

    def gap_s(self, call_id: str, begin: float, end: float) -> float:
        """The longest time without sound in a call between two moments, their edges counted as
        sound, and without what the machine stood still meanwhile."""
        arrivals = self.arrivals.get(call_id, [])
        times = [begin, *(at for at in arrivals if begin <= at <= end), end]
        return max(
            later - earlier - self.stalled_s(earlier, later)
            for earlier, later in itertools.pairwise(times)
        )
