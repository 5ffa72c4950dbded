"""The table of numbers of a long file does what a dictionary does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from callcenter.documents.numbers_seen import NumbersSeen

numbers = st.one_of(st.integers(1, 50), st.integers(1, 999_999_999_999_999), st.just((1 << 64) - 1))


@given(st.lists(st.tuples(numbers, st.integers(1, 4_000_000_000))))
def test_the_row_of_a_number_is_the_last_that_was_told(told: list[tuple[int, int]]) -> None:
    seen, expected = NumbersSeen(), dict[int, int]()

    for number, row in told:
        assert seen.row_of(number) == expected.get(number, 0)
        seen.add(number, row)
        expected[number] = row

    assert seen.count == len(expected)
    assert all(seen.row_of(number) == row for number, row in expected.items())


def test_many_numbers_in_a_row_find_room() -> None:
    seen = NumbersSeen()
    for n in range(50_000):
        seen.add(12_025_550_000 + n, n + 2)

    assert seen.count == 50_000
    assert all(seen.row_of(12_025_550_000 + n) == n + 2 for n in range(50_000))
    assert seen.row_of(12_025_549_999) == seen.row_of(12_025_600_000) == 0
