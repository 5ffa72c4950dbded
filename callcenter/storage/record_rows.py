"""Turns records of the domain into rows and back.

A column is named like its field. Four kinds differ: a channel takes two columns (``pbx``,
``channel``), a moment that never came is NULL, a tuple is a JSON list, and a campaign's settings
are a JSON object with the campaign's id in a column of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar, cast, get_args

import msgspec
from msgspec.structs import fields
from sqlalchemy import RowMapping, Table

from callcenter.domain.campaign import CampaignSettings
from callcenter.domain.ids import ChannelRef
from callcenter.domain.numbers import is_erased
from callcenter.domain.records import (
    AgentStateRecord,
    AttemptRecord,
    CallRecord,
    CampaignRecord,
    ConversationRecord,
    DispositionRecord,
    DncRecord,
    FaultRecord,
    OfferRecord,
    Record,
    RepairRecord,
    ReturnRecord,
    RoutingRecord,
)
from callcenter.storage import tables

R = TypeVar("R", bound=Record)
Row = dict[str, object]

MAYBE_NEVER = frozenset(
    {
        "queued_at",
        "answered_at",
        "ringing_at",
        "person_at",
        "connected_at",
        "harbour_at",
        "message_left_at",
        "next_try_at",
    }
)
"""Moments that may not have come: 0.0 in a record, NULL in a row."""

TABLE_OF: dict[type[Any], Table] = {
    CallRecord: tables.calls,
    OfferRecord: tables.offers,
    ConversationRecord: tables.conversations,
    AgentStateRecord: tables.agent_states,
    DispositionRecord: tables.dispositions,
    AttemptRecord: tables.attempts,
    ReturnRecord: tables.return_calls,
    CampaignRecord: tables.campaign_changes,
    DncRecord: tables.dnc_changes,
    RoutingRecord: tables.routing_changes,
    FaultRecord: tables.faults,
    RepairRecord: tables.repairs,
}


def to_row(record: Record, journal: str, position: int, index: int) -> Row:
    """The row of the record that stands ``index``-th in the journal entry at ``position``."""
    row: Row = {"journal": journal, "position": position, "record_index": index}
    for name in _NAMES[type(record)]:
        value = getattr(record, name)
        if isinstance(value, ChannelRef):
            row["pbx"] = storable(value.pbx)
            row["channel"] = storable(value.id)
        elif isinstance(value, CampaignSettings):
            row["campaign"] = storable(value.id)
            row[name] = _storable_tree(msgspec.to_builtins(value))
        elif isinstance(value, str):
            # A person who is erased is so in a table made anew as well.
            row[name] = "" if is_erased(value) else storable(str(value))
        elif isinstance(value, tuple):
            row[name] = [storable(part) if isinstance(part, str) else part for part in value]
        elif name in MAYBE_NEVER and not value:
            row[name] = None
        else:
            row[name] = value
    return row


def from_row(kind: type[R], row: RowMapping) -> R:
    """The record that a row was made of."""
    make: Any = kind
    return cast(R, make(**{name: read(row) for name, read in _READERS[kind].items()}))


def storable(text: str) -> str:
    """The text without what a database refuses: NUL and half surrogates come out of broken PBX
    headers, and one such caller must not keep all later records from being written."""
    if text.isascii():
        return text.replace("\0", "\ufffd")
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _storable_tree(value: Any) -> Any:
    """The same for all texts in what shall become JSON."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(key): _storable_tree(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_storable_tree(part) for part in value]
    return value


def _reader(name: str, kind: Any) -> Callable[[RowMapping], object]:
    if kind is ChannelRef:
        return lambda row: ChannelRef(row["pbx"], row["channel"])
    if kind is CampaignSettings:
        return lambda row: msgspec.convert(row[name], CampaignSettings)
    if name in MAYBE_NEVER:
        return lambda row: row[name] or 0.0
    if type(None) in get_args(kind):
        some = _reader(name, get_args(kind)[0])
        return lambda row: None if row[name] is None else some(row)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return lambda row: kind(row[name])
    if kind in (str, int, float, bool):
        return lambda row: row[name]
    return lambda row: tuple(row[name])


_NAMES = {kind: tuple(field.name for field in fields(kind)) for kind in TABLE_OF}
_READERS = {
    kind: {field.name: _reader(field.name, field.type) for field in fields(kind)}
    for kind in TABLE_OF
}
