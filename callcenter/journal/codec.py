"""How a journal is written in bytes: two kinds of file, and the batches in one of them.

All numbers are big-endian. CRC-32 is zlib's, of everything named; digests are BLAKE2b of 16 bytes.

Segment file ``<first position, 20 digits>.journal``: a header of 84 bytes, then batches back to
back::

     0   8  magic "CCJRNAL\\n"
     8   2  format, 2 (in format 1 people's numbers stand open; all else is the same)
    10   2  Python that wrote it: major, minor
    12   4  machine_version
    16   8  the journal's id, ASCII
    24  16  version of the tzdata package, ASCII, padded with zero bytes
    40   8  epoch: counts the openings of the journal; all batches of the segment have it
    48   8  position of the segment's first entry
    56   8  position of the last entry written before this segment, 0 for none. Smaller than the
            first - 1 where the disk was full for a while: those entries were never written, a
            snapshot holds what they did
    64  16  digest of the last batch before this segment, zero bytes for none
    80   4  CRC-32 of bytes 0 to 79

Batch, one ``write`` each: a header of 48 bytes, then the payload::

     0   4  magic C1 "BAT" (C1 begins nothing in msgpack and is never valid UTF-8)
     4   4  CRC-32 of everything from byte 8 to the payload's end
     8   4  length of the payload in bytes
    12   4  number of entries
    16   8  epoch
    24   8  position of the first entry
    32  16  digest of the batch before, header and payload; in a segment's first batch: of the
            segment's header. So every byte before is vouched for
    48      payload: msgpack, an array of ``Entry`` with tokens for numbers (``sealing``)

Snapshot file ``<position, 20 digits>.snapshot``: a header of 84 bytes, then the state::

     0   8  magic "CCSNAPS\\n"
     8  40  as in a segment's header
    48   8  position of the last entry that the state includes
    56   8  length of the state in bytes
    64  16  digest of the state
    80   4  CRC-32 of bytes 0 to 79

Nothing here touches a file.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from hashlib import blake2b

import msgspec
from msgspec import Struct

from callcenter.domain.step import Entry

FORMAT = 2
"""Rises when a byte here gets another meaning."""

FORMATS_READ = (1, 2)
"""In files of format 1 people's numbers stand open: they are read, and never written again."""

BATCH_BYTES_MAX = 64 * 1024 * 1024
"""The longest payload: a state reading of 100,000 channels has a quarter of it. A longer one is a
fault of ours, and a length field that says more is damage, not a reason to allocate."""

JOURNAL_ID_LENGTH = 8
"""Characters of a journal's id."""

TZDATA_LENGTH_MAX = 16
"""Characters kept of the version of tzdata."""

DIGEST_BYTES = 16
"""Bytes of a digest: no two batches share one by accident."""

NO_DIGEST = bytes(DIGEST_BYTES)
"""Stands before the first batch of a journal."""

SEGMENT_MAGIC = b"CCJRNAL\n"
SNAPSHOT_MAGIC = b"CCSNAPS\n"
BATCH_MAGIC = b"\xc1BAT"

_ORIGIN = struct.Struct(">8sHBBI8s16sQ")
_SEGMENT = struct.Struct(">QQ16s")
_SNAPSHOT = struct.Struct(">QQ16s")
_CRC = struct.Struct(">I")
_BATCH = struct.Struct(">4sIIIQQ16s")
_CRC_BEGINS = 8  # in a batch: behind its magic and the checksum itself

HEADER_BYTES = _ORIGIN.size + _SEGMENT.size + _CRC.size
"""Length of the header of either kind of file."""
BATCH_HEADER_BYTES = _BATCH.size

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[Entry, ...])
_walker = msgspec.msgpack.Decoder(msgspec.Raw)
"""Walks over msgpack and makes nothing of it: a twentieth of the decoding's time. A length that
lies ends it. The decoder would first make room for what was announced: four billion elements."""


class BadBytes(Exception):  # noqa: N818 - a fact about bytes
    """These bytes are not what should be here; the message says in what."""


class OtherFormat(Exception):  # noqa: N818 - a fact about bytes
    """The file is ours, but of a format that this version does not know."""

    def __init__(self, number: int) -> None:
        readable = " and ".join(str(known) for known in FORMATS_READ)
        super().__init__(f"format {number}; this version reads formats {readable}")
        self.format = number


def read_format(data: bytes) -> int:
    """The format of the file that begins with these bytes; 0 where they are too few."""
    return _ORIGIN.unpack_from(data)[1] if len(data) >= _ORIGIN.size else 0


class Origin(Struct, frozen=True):
    """Who wrote a file."""

    journal: str
    """The journal's id."""
    epoch: int
    """Counts the openings of the journal, from 1."""
    machine_version: int
    python: tuple[int, int]
    """Major and minor version."""
    tzdata: str
    """Version of the tzdata package."""

    def decides_like(self, other: Origin) -> bool:
        """Whether a replay of one's entries by the other is exact."""
        mine = (self.machine_version, self.python, self.tzdata)
        return mine == (other.machine_version, other.python, other.tzdata)

    def __str__(self) -> str:
        return (
            f"machine version {self.machine_version} under Python {self.python[0]}."
            f"{self.python[1]} with tzdata {self.tzdata}"
        )


class SegmentHeader(Struct, frozen=True):
    """What a segment begins with."""

    origin: Origin
    first_position: int
    previous_position: int
    """Of the last entry written before; 0 for none."""
    previous_digest: bytes


class SnapshotHeader(Struct, frozen=True):
    """What a snapshot begins with."""

    origin: Origin
    position: int
    """Of the last entry that the state includes."""
    length: int
    """Of the state, in bytes."""
    state_digest: bytes


class Batch(Struct, frozen=True):
    """A whole batch, its checksum proved; the entries still encoded."""

    offset: int
    """Where it begins in its file."""
    end: int
    """The offset behind it."""
    epoch: int
    first_position: int
    count: int
    previous_digest: bytes
    digest: bytes
    payload: memoryview

    @property
    def last_position(self) -> int:
        """Position of its last entry."""
        return self.first_position + self.count - 1


def compute_digest(data: bytes | bytearray | memoryview) -> bytes:
    """The digest that chains and proves."""
    return blake2b(data, digest_size=DIGEST_BYTES).digest()


def encode_segment_header(header: SegmentHeader) -> bytes:
    """The first bytes of a segment."""
    body = _encode_origin(SEGMENT_MAGIC, header.origin) + _SEGMENT.pack(
        header.first_position, header.previous_position, header.previous_digest
    )
    return body + _CRC.pack(zlib.crc32(body))


def decode_segment_header(data: bytes) -> SegmentHeader:
    """Read the first bytes of a segment. Raises ``BadBytes``, ``OtherFormat``."""
    origin = _decode_origin(SEGMENT_MAGIC, data)
    first, previous, digest = _SEGMENT.unpack_from(data, _ORIGIN.size)
    return SegmentHeader(origin, first, previous, digest)


def encode_snapshot_header(origin: Origin, position: int, state: bytes) -> bytes:
    """The first bytes of the snapshot of this state."""
    body = _encode_origin(SNAPSHOT_MAGIC, origin) + _SNAPSHOT.pack(
        position, len(state), compute_digest(state)
    )
    return body + _CRC.pack(zlib.crc32(body))


def decode_snapshot_header(data: bytes) -> SnapshotHeader:
    """Read the first bytes of a snapshot. Raises ``BadBytes``, ``OtherFormat``."""
    origin = _decode_origin(SNAPSHOT_MAGIC, data)
    position, length, digest = _SNAPSHOT.unpack_from(data, _ORIGIN.size)
    return SnapshotHeader(origin, position, length, digest)


def decode_snapshot(data: bytes) -> tuple[SnapshotHeader, bytes]:
    """Read a whole snapshot file. Raises ``BadBytes``, ``OtherFormat``."""
    header = decode_snapshot_header(data)
    state = data[HEADER_BYTES:]
    if len(state) != header.length:
        raise BadBytes(f"the state has {len(state)} bytes instead of {header.length}")
    if compute_digest(state) != header.state_digest:
        raise BadBytes("the state's digest is wrong")
    return header, state


def check_origin(origin: Origin) -> None:
    """Refuse, with ``ValueError``, what does not fit into a header."""
    if not origin.journal.isascii() or len(origin.journal) != JOURNAL_ID_LENGTH:
        raise ValueError(
            f"a journal's id has {JOURNAL_ID_LENGTH} ASCII characters: {origin.journal!r}"
        )
    if not origin.tzdata.isascii() or len(origin.tzdata) > TZDATA_LENGTH_MAX:
        raise ValueError(
            f"tzdata's version has at most {TZDATA_LENGTH_MAX} ASCII characters: {origin.tzdata!r}"
        )


def _encode_origin(magic: bytes, origin: Origin) -> bytes:
    return _ORIGIN.pack(
        magic,
        FORMAT,
        *origin.python,
        origin.machine_version,
        origin.journal.encode("ascii"),
        origin.tzdata.encode("ascii"),
        origin.epoch,
    )


def _decode_origin(magic: bytes, data: bytes) -> Origin:
    if len(data) < HEADER_BYTES:
        raise BadBytes(f"the header is cut off after {len(data)} bytes")
    found, number, major, minor, machine, journal, tzdata, epoch = _ORIGIN.unpack_from(data)
    if found != magic:
        raise BadBytes("the file does not begin as it should")
    if number not in FORMATS_READ:
        raise OtherFormat(number)
    (crc,) = _CRC.unpack_from(data, HEADER_BYTES - _CRC.size)
    if crc != zlib.crc32(data[: HEADER_BYTES - _CRC.size]):
        raise BadBytes("the header's checksum is wrong")
    return Origin(
        journal=journal.decode("ascii", "replace"),
        epoch=epoch,
        machine_version=machine,
        python=(major, minor),
        tzdata=tzdata.rstrip(b"\0").decode("ascii", "replace"),
    )


def encode_batch(entries: Sequence[Entry], *, epoch: int, previous_digest: bytes) -> bytearray:
    """One batch, ready to be written. ``entries`` is not empty. Refuses more than
    ``BATCH_BYTES_MAX``."""
    frame = bytearray(BATCH_HEADER_BYTES)
    listed = entries if isinstance(entries, list | tuple) else list(entries)
    _encoder.encode_into(listed, frame, BATCH_HEADER_BYTES)
    length = len(frame) - BATCH_HEADER_BYTES
    if length > BATCH_BYTES_MAX:
        raise ValueError(f"a batch of {length} bytes; at most {BATCH_BYTES_MAX}")
    fields = (length, len(entries), epoch, entries[0].position, previous_digest)
    _BATCH.pack_into(frame, 0, BATCH_MAGIC, 0, *fields)
    crc = zlib.crc32(memoryview(frame)[_CRC_BEGINS:])
    _CRC.pack_into(frame, len(BATCH_MAGIC), crc)
    return frame


def decode_batch(data: bytes, offset: int) -> Batch:
    """Read the batch at ``offset`` of a segment. Raises ``BadBytes``."""
    room = len(data) - offset
    if room < BATCH_HEADER_BYTES:
        raise BadBytes(f"a batch's header is cut off after {room} bytes")
    magic, crc, length, count, epoch, first, previous = _BATCH.unpack_from(data, offset)
    if magic != BATCH_MAGIC:
        raise BadBytes("no batch begins here")
    if length > BATCH_BYTES_MAX or count == 0:
        raise BadBytes(f"a batch of {length} bytes and {count} entries cannot be")
    end = offset + BATCH_HEADER_BYTES + length
    if end > len(data):
        raise BadBytes(f"a batch of {length} bytes is cut off after {room - BATCH_HEADER_BYTES}")
    frame = memoryview(data)[offset:end]
    if crc != zlib.crc32(frame[_CRC_BEGINS:]):
        raise BadBytes("a batch's checksum is wrong")
    return Batch(
        offset=offset,
        end=end,
        epoch=epoch,
        first_position=first,
        count=count,
        previous_digest=previous,
        digest=compute_digest(frame),
        payload=frame[BATCH_HEADER_BYTES:],
    )


def find_batch(data: bytes, start: int) -> Batch | None:
    """The first whole batch that begins at ``start`` or later."""
    at = data.find(BATCH_MAGIC, start)
    while at >= 0:
        try:
            return decode_batch(data, at)
        except BadBytes:
            at = data.find(BATCH_MAGIC, at + 1)
    return None


def decode_entries(batch: Batch) -> tuple[Entry, ...]:
    """The batch's entries. Raises ``BadBytes`` when they are none of this version's, or not those
    announced."""
    try:
        _walker.decode(batch.payload)
        entries = _decoder.decode(batch.payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        # A text that is no UTF-8, and arrays in each other a thousand deep, come as they are.
        raise BadBytes(f"a batch holds what this version does not know: {error}") from error
    positions = [entry.position for entry in entries]
    # Never so many as the header announces: that number, too, may be a lie.
    if len(positions) != batch.count or positions != list(
        range(batch.first_position, batch.first_position + len(positions))
    ):
        raise BadBytes("a batch's entries are not those that its header announces")
    return entries
