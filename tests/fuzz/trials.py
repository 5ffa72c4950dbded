"""Tries a surface with many bad inputs, and says which one broke what.

Each input is drawn from ``SEED``, the surface's name and the input's number, and from nothing else:
one that broke something is had again alone, by ``repeat``. How many there are is a count and not a
time: the same run has the same inputs on every machine.

Three things are looked at beside what the surface itself checks. An input that is not done with
after ``HANG_S`` of the processor's time hangs. Every ``LOOK_EVERY`` th input is watched: the memory
that Python takes for it at most, and the functions it calls, both against a bound that grows
with the input's length and no faster.
"""

from __future__ import annotations

import resource
import signal
import sys
import tracemalloc
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from types import FrameType
from typing import Any, Generic, TypeVar

import pytest

Case = TypeVar("Case")

SEED = 20261130
SOAK_INPUTS = 100_000
LOOK_EVERY = 50
HANG_S = 20.0
SHOWN_CHARS = 1_000
WARM_UP = 5_000
"""From then on growth is counted anew: what is loaded and cached once is none."""
GROWTH_BYTES_MAX = 100_000_000
"""By which the whole process may grow in a run, however long: inputs done with leave nothing."""


class Found(AssertionError):  # noqa: N818 - says what was found, as a fact
    """An input broke something. The cause is beneath."""


class Hang(Exception):  # noqa: N818 - a fact
    """An input was not done with in ``HANG_S`` seconds of the processor."""


ADDRESS_BYTES_MAX = 4_000_000_000
"""Of the process during a run: an input that wants all memory gets an error, and is named, instead
of bringing the machine down."""


@dataclass(frozen=True)
class Bound:
    """What one input may take: so much, and so much more for each of its bytes."""

    least: int
    each: float

    def of(self, size: int) -> int:
        """For an input of this length."""
        return int(self.least + self.each * size)


@dataclass
class Tally:
    """What a run came to."""

    surface: str
    inputs: int = 0
    bytes: int = 0
    peak: int = 0
    """The most memory that one of the inputs watched has taken, in bytes."""
    calls: int = 0
    """The most functions that one of them has called."""
    growth: int = 0
    """By how many bytes the process was larger at its largest than before the first input."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """How often the surface said what: an input that is never taken tests little."""

    def __str__(self) -> str:
        outcomes = ", ".join(f"{name} {count}" for name, count in self.outcomes.most_common(12))
        return (
            f"{self.surface}: seed {SEED}, {self.inputs} inputs, {self.bytes} bytes, "
            f"peak {self.peak / 1e6:.2f} MB, at most {self.calls} calls for one, "
            f"the process grew by {self.growth / 1e6:.0f} MB; {outcomes}"
        )


def inputs(count: int) -> pytest.MarkDecorator:
    """Run a test with so many inputs, and in a soak with ``SOAK_INPUTS``."""
    long = pytest.param(SOAK_INPUTS, marks=pytest.mark.soak)
    return pytest.mark.parametrize("count", [count, long])


def rng_of(surface: str, number: int) -> Random:
    """What this input is drawn from."""
    return Random(f"{SEED}/{surface}/{number}")


@dataclass
class Trials(Generic[Case]):
    """One surface: how its inputs are made, and what each may take."""

    surface: str
    make: Callable[[Random], Case]
    size: Callable[[Case], int]
    memory: Bound
    """Bytes of memory."""
    steps: Bound
    """Calls of functions."""

    def __post_init__(self) -> None:
        self.tally = Tally(self.surface)
        self._size_before = 0

    def repeat(self, number: int) -> Case:
        """The input of this number."""
        return self.make(rng_of(self.surface, number))

    def run(self, count: int, judge: Callable[[Case], str]) -> Tally:
        """Try so many inputs. ``judge`` says in a word what came of one, and raises when it is
        wrong."""
        with _with_limits():
            for number in range(count):
                case = self.repeat(number)
                with self._one(number, case):
                    self.tally.outcomes[judge(case)] += 1
        print(self.tally)
        return self.tally

    async def run_waiting(
        self, count: int, judge: Callable[[Case], Awaitable[str]], first: int = 0
    ) -> Tally:
        """As ``run``, for what is waited for, from the input of number ``first`` on."""
        with _with_limits():
            for number in range(first, first + count):
                case = self.repeat(number)
                with self._one(number, case):
                    self.tally.outcomes[await judge(case)] += 1
        return self.tally

    @contextmanager
    def _one(self, number: int, case: Case) -> Iterator[None]:
        size = self.size(case)
        if self.tally.inputs in (0, WARM_UP):
            self._size_before = _largest_bytes()
        self.tally.inputs += 1
        self.tally.bytes += size
        signal.setitimer(signal.ITIMER_PROF, HANG_S)
        try:
            if number % LOOK_EVERY:
                yield
            else:
                with self._watched(size):
                    yield
                self.tally.growth = _largest_bytes() - self._size_before
                assert self.tally.growth <= GROWTH_BYTES_MAX, f"grown by {self.tally.growth} bytes"
        except Exception as error:
            shown = repr(case)
            if len(shown) > SHOWN_CHARS:
                shown = f"{shown[:SHOWN_CHARS]}... ({len(shown)} characters)"
            raise Found(
                f"{self.surface}: input {number} of seed {SEED} broke it "
                f"({type(error).__name__}: {str(error)[:SHOWN_CHARS]}): {shown}"
            ) from error

    @contextmanager
    def _watched(self, size: int) -> Iterator[None]:
        calls = 0

        def count(frame: FrameType, event: str, argument: Any) -> None:
            nonlocal calls
            calls += event in ("call", "c_call")

        before = sys.getprofile()
        tracemalloc.start()
        sys.setprofile(count)
        try:
            yield
        finally:
            sys.setprofile(before)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        self.tally.peak = max(self.tally.peak, peak)
        self.tally.calls = max(self.tally.calls, calls)
        assert peak <= self.memory.of(size), f"{peak} bytes of memory for an input of {size}"
        assert calls <= self.steps.of(size), f"{calls} calls for an input of {size}"


def _largest_bytes() -> int:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@contextmanager
def _with_limits() -> Iterator[None]:
    """Raise ``Hang`` where one input takes too long, ``MemoryError`` where it takes too much."""

    def hang(number: int, frame: FrameType | None) -> None:
        raise Hang(f"not done after {HANG_S:g} s of the processor")

    before = signal.signal(signal.SIGPROF, hang)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = ADDRESS_BYTES_MAX if hard == resource.RLIM_INFINITY else min(hard, ADDRESS_BYTES_MAX)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)
