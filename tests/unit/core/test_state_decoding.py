"""A snapshot that is none is refused by one kind of error, and takes no room."""

from __future__ import annotations

import msgspec
import pytest

from callcenter.core.state import decode_state, empty_state


def test_a_state_is_read_back_as_it_was() -> None:
    state = empty_state("TEST")

    assert decode_state(state.encode()).encode() == state.encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x81\xa2\xff\xff\x01",
        b"\x91" * 5000,
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
    ],
    ids=["nothing", "a text that is no UTF-8", "endless depth", "an array that lies", "a map too"],
)
def test_bytes_that_are_no_state_are_refused(data: bytes) -> None:
    """The fuzzer's story: two of these came through as errors that nobody had promised."""
    with pytest.raises(msgspec.MsgspecError):
        decode_state(data)
