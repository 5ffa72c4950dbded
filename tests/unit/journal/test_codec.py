"""The bytes of a journal: documented, proved by checksums, refused when they are others."""

from __future__ import annotations

import typing
import zlib
from typing import Any

import msgspec
import pytest

from callcenter.domain import commands, events, records
from callcenter.domain.step import Entry
from callcenter.journal import codec
from callcenter.journal.codec import (
    BATCH_HEADER_BYTES,
    HEADER_BYTES,
    NO_DIGEST,
    BadBytes,
    Batch,
    Origin,
    OtherFormat,
    SegmentHeader,
)
from tests.unit.journal.entries import make_entries, make_entry

ORIGIN = Origin("abcd1234", 3, 7, (3, 11), "2026.6")
SEGMENT = SegmentHeader(ORIGIN, 101, 100, b"0123456789abcdef")


def encode(first: int = 1, last: int = 3, previous: bytes = NO_DIGEST, epoch: int = 3) -> bytes:
    frame = codec.encode_batch(make_entries(first, last), epoch=epoch, previous_digest=previous)
    return bytes(frame)


def test_a_segment_header_has_the_documented_layout() -> None:
    data = codec.encode_segment_header(SEGMENT)

    assert len(data) == HEADER_BYTES == 84
    assert data[:8] == b"CCJRNAL\n"
    assert data[8:12] == b"\x00\x02\x03\x0b"
    assert data[12:16] == b"\x00\x00\x00\x07"
    assert data[16:24] == b"abcd1234"
    assert data[24:40] == b"2026.6" + bytes(10)
    assert data[40:64] == b"".join(n.to_bytes(8, "big") for n in (3, 101, 100))
    assert data[64:80] == b"0123456789abcdef"
    assert data[80:84] == zlib.crc32(data[:80]).to_bytes(4, "big")
    assert codec.decode_segment_header(data) == SEGMENT


def test_a_batch_has_the_documented_layout() -> None:
    data = encode(5, 7, previous=b"0123456789abcdef")

    assert data[:4] == b"\xc1BAT"
    assert data[4:8] == zlib.crc32(data[8:]).to_bytes(4, "big")
    assert data[8:12] == (len(data) - 48).to_bytes(4, "big")
    assert data[12:16] == (3).to_bytes(4, "big")
    assert data[16:32] == b"".join(n.to_bytes(8, "big") for n in (3, 5))
    assert data[32:48] == b"0123456789abcdef"
    assert msgspec.msgpack.decode(data[48:])[0][0] == 5


def test_a_snapshot_has_the_documented_layout() -> None:
    data = codec.encode_snapshot_header(ORIGIN, 100, b"state") + b"state"

    assert data[:8] == b"CCSNAPS\n"
    assert data[48:64] == b"".join(n.to_bytes(8, "big") for n in (100, 5))
    assert data[64:80] == codec.compute_digest(b"state")
    assert data[80:84] == zlib.crc32(data[:80]).to_bytes(4, "big")
    header, state = codec.decode_snapshot(data)
    assert (header.origin, header.position, state) == (ORIGIN, 100, b"state")


def test_a_batch_comes_back_as_it_was() -> None:
    data = b"before" + encode(1, 20)

    batch = codec.decode_batch(data, 6)

    assert codec.decode_entries(batch) == make_entries(1, 20)
    assert (batch.first_position, batch.last_position, batch.end) == (1, 20, len(data))
    assert batch.digest == codec.compute_digest(data[6:])


def test_any_sequence_of_entries_makes_the_same_batch() -> None:
    class Lazy(list[Entry]):
        pass

    entries = make_entries(1, 3)

    for sequence in (list(entries), Lazy(entries), _Sequence(entries)):
        frame = codec.encode_batch(sequence, epoch=3, previous_digest=NO_DIGEST)
        assert bytes(frame) == encode()


class _Sequence(typing.Sequence[Entry]):
    """Neither list nor tuple."""

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        self._entries = entries

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: Any) -> Any:
        return self._entries[index]


def test_every_flipped_bit_of_a_batch_is_noticed() -> None:
    data = encode()

    for offset in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[offset] ^= 1 << bit
            with pytest.raises(BadBytes):
                codec.decode_batch(bytes(flipped), 0)


def test_every_flipped_bit_of_a_header_is_noticed() -> None:
    data = codec.encode_segment_header(SEGMENT)

    for offset in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[offset] ^= 1 << bit
            with pytest.raises((BadBytes, OtherFormat)):
                codec.decode_segment_header(bytes(flipped))


def test_every_cut_of_a_batch_or_a_header_is_noticed() -> None:
    batch, header = encode(), codec.encode_segment_header(SEGMENT)

    for length in range(len(batch)):
        with pytest.raises(BadBytes):
            codec.decode_batch(batch[:length], 0)
    for length in range(len(header)):
        with pytest.raises(BadBytes, match="cut off"):
            codec.decode_segment_header(header[:length])


def test_a_batch_too_long_to_be_is_refused_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode()
    monkeypatch.setattr(codec, "BATCH_BYTES_MAX", len(data) - BATCH_HEADER_BYTES - 1)

    with pytest.raises(ValueError, match="at most"):
        encode()
    with pytest.raises(BadBytes, match="cannot be"):
        codec.decode_batch(data, 0)


def test_another_format_is_named() -> None:
    data = bytearray(codec.encode_segment_header(SEGMENT))
    data[9] = 3

    with pytest.raises(OtherFormat, match="format 3; this version reads formats 1 and 2"):
        codec.decode_segment_header(bytes(data))


def test_a_snapshot_is_no_segment() -> None:
    with pytest.raises(BadBytes, match="begin"):
        codec.decode_segment_header(codec.encode_snapshot_header(ORIGIN, 1, b""))


@pytest.mark.parametrize("state", [b"stat", b"state!", b"stXte"])
def test_a_snapshot_with_another_state_is_refused(state: bytes) -> None:
    header = codec.encode_snapshot_header(ORIGIN, 100, b"state")

    with pytest.raises(BadBytes, match="state"):
        codec.decode_snapshot(header + state)


def test_the_next_whole_batch_is_found_behind_rubbish() -> None:
    false_start = b"\xc1BAT" + bytes(60)
    data = b"rubbish" + false_start + encode(9, 9)

    batch = codec.find_batch(data, 0)

    assert batch is not None
    assert (batch.first_position, batch.offset) == (9, 7 + len(false_start))
    assert codec.find_batch(data, batch.offset + 1) is None


def test_entries_other_than_announced_are_refused() -> None:
    batch = codec.decode_batch(encode(1, 3), 0)

    with pytest.raises(BadBytes, match="announces"):
        codec.decode_entries(msgspec.structs.replace(batch, first_position=2))


@pytest.mark.parametrize(
    "payload", [b"\xc1", b"\x91\x95\x01\xcb" + bytes(8) + b"\x81\xa4type\xa3New\x90\x90"]
)
def test_entries_of_another_vocabulary_are_refused(payload: bytes) -> None:
    batch = Batch(0, 0, 1, 1, 1, NO_DIGEST, NO_DIGEST, memoryview(payload))

    with pytest.raises(BadBytes, match="does not know"):
        codec.decode_entries(batch)


@pytest.mark.parametrize(
    "origin",
    [
        msgspec.structs.replace(ORIGIN, journal="short"),
        msgspec.structs.replace(ORIGIN, journal="ümlaut88"),
        msgspec.structs.replace(ORIGIN, tzdata="2026.6-with-a-long-suffix"),
        msgspec.structs.replace(ORIGIN, tzdata="2026·6"),
    ],
)
def test_what_does_not_fit_into_a_header_is_refused(origin: Origin) -> None:
    with pytest.raises(ValueError, match="ASCII"):
        codec.check_origin(origin)


def test_an_origin_says_who_it_is_and_whether_it_decides_alike() -> None:
    later = msgspec.structs.replace(ORIGIN, epoch=9)

    assert str(ORIGIN) == f"machine version 7 under Python 3.11 with tzdata {ORIGIN.tzdata}"
    assert ORIGIN.decides_like(later)
    assert not ORIGIN.decides_like(msgspec.structs.replace(ORIGIN, python=(3, 12)))
    assert not ORIGIN.decides_like(msgspec.structs.replace(ORIGIN, machine_version=8))
    assert not ORIGIN.decides_like(msgspec.structs.replace(ORIGIN, tzdata="2027.1"))


def _list_classes(union: Any) -> list[Any]:
    return list(typing.get_args(union))


@pytest.mark.parametrize(
    "kind",
    [
        *_list_classes(events.Event),
        *_list_classes(commands.Command),
        *_list_classes(records.Record),
    ],
    ids=lambda kind: kind.__name__,
)
def test_every_word_of_the_vocabulary_comes_back_as_it_was(kind: Any) -> None:
    word = build(kind)
    place = {events.Event: "event", commands.Command: "commands", records.Record: "records"}
    field = next(name for union, name in place.items() if kind in _list_classes(union))
    value = word if field == "event" else (word,)
    entry = msgspec.structs.replace(make_entry(4), **{field: value})

    frame = codec.encode_batch([entry], epoch=1, previous_digest=NO_DIGEST)

    assert codec.decode_entries(codec.decode_batch(bytes(frame), 0)) == (entry,)


def build(kind: Any) -> Any:
    """Any value of this type, with every field of every Struct filled in."""
    origin = typing.get_origin(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = typing.get_type_hints(kind)
        return kind(**{name: build(hints[name]) for name in kind.__struct_fields__})
    if origin is tuple:
        return (build(typing.get_args(kind)[0]),) * 2
    if origin is dict:
        key, value = typing.get_args(kind)
        return {build(key): build(value)}
    if origin is not None:  # a union: its last member that is not None
        return build([member for member in typing.get_args(kind) if member is not type(None)][-1])
    if isinstance(kind, type) and issubclass(kind, bool | int | float):
        return kind(True) if kind is bool else kind(12_345)
    if kind is str:
        return "zoë ☎"
    return next(iter(kind))  # an enum


def test_a_batch_that_announces_four_billion_entries_takes_no_room_for_them() -> None:
    """The fuzzer's story: a header whose count lied, with a checksum that fitted, made the reader
    write out four billion positions to compare with; the machine had no memory left."""
    batch = codec.decode_batch(encode(), 0)
    lying = msgspec.structs.replace(batch, count=2**32 - 1)

    with pytest.raises(BadBytes, match="announces"):
        codec.decode_entries(lying)


@pytest.mark.parametrize(
    "payload",
    [b"\xdd\xff\xff\xff\xff", b"\x91\x95\x01\xcb" + bytes(8) + b"\xdd\xff\xff\xff\xff"],
    ids=["the batch", "a field"],
)
def test_a_length_in_a_batch_that_lies_takes_no_room_for_what_it_promises(payload: bytes) -> None:
    """The decoder makes room for as many elements as an array's header says before it reads them:
    four billion pointers, 32 GB."""
    batch = codec.decode_batch(encode(), 0)

    with pytest.raises(BadBytes, match="truncated"):
        codec.decode_entries(msgspec.structs.replace(batch, payload=memoryview(payload)))


@pytest.mark.parametrize(
    "payload", [b"\x91\x95\x01\xcb" + bytes(8) + b"\x81\xa4\xff\xff\xff\xff", b"\x91" * 5000]
)
def test_texts_that_are_no_utf8_and_endless_depth_are_damage(payload: bytes) -> None:
    """msgspec tells of these by UnicodeDecodeError and RecursionError, which are none of its own
    errors: a start of the service died of them without a word on which file it was."""
    batch = codec.decode_batch(encode(), 0)

    with pytest.raises(BadBytes, match="does not know"):
        codec.decode_entries(msgspec.structs.replace(batch, payload=memoryview(payload)))
