"""Which numbers a long file has had, and where: a table of its own, for a dictionary of a million
numbers takes five times the memory."""

from __future__ import annotations

from array import array

_SLOTS_FIRST = 1 << 12
_FULL = 0.6
"""Above that share of slots in use the search for a free one grows long."""
_SPREAD = 0x9E3779B97F4A7C15
"""2^64 over the golden ratio: numbers in a row come to lie far from each other."""


class NumbersSeen:
    """Numbers above 0 with the row each stands in; 27 to 40 bytes for each."""

    def __init__(self) -> None:
        self.count = 0
        self._bits = _SLOTS_FIRST.bit_length() - 1
        self._make_room()

    def row_of(self, number: int) -> int:
        """The row in which the number stood; 0 when it has not been seen."""
        return self._rows[self._slot(number)]

    def add(self, number: int, row: int) -> None:
        """Note that the number stands in this row, from 1 on."""
        if self.count > _FULL * len(self._rows):
            self._grow()
        slot = self._slot(number)
        self.count += not self._rows[slot]
        self._numbers[slot], self._rows[slot] = number, row

    def _slot(self, number: int) -> int:
        """Where the number is, or would be."""
        numbers = self._numbers
        last = len(numbers) - 1
        slot = (number * _SPREAD >> (64 - self._bits)) & last
        while (found := numbers[slot]) != number and found:
            slot = (slot + 1) & last
        return slot

    def _make_room(self) -> None:
        empty = bytes(8 << self._bits)
        self._numbers = array("Q", empty)
        self._rows = array("I", empty[: 4 << self._bits])

    def _grow(self) -> None:
        numbers, rows = self._numbers, self._rows
        self._bits += 1
        self._make_room()
        for number, row in zip(numbers, rows, strict=True):
            if row:
                slot = self._slot(number)
                self._numbers[slot], self._rows[slot] = number, row
