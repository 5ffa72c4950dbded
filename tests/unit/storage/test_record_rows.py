"""Records become rows and come back the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields
from sqlalchemy import RowMapping, create_engine, insert, select

from callcenter.domain.campaign import CampaignSettings
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import FaultRecord, Record
from callcenter.storage.record_rows import TABLE_OF, from_row, storable, to_row
from callcenter.storage.tables import metadata
from tests.unit.storage.samples import RECORD_KINDS, any_record

KEY = {"journal", "position", "record_index"}


@pytest.mark.parametrize("kind", RECORD_KINDS, ids=lambda kind: str(kind.__name__))
def test_each_kind_of_record_has_a_table_with_a_column_for_each_field(kind: type[Any]) -> None:
    table = TABLE_OF[kind]

    columns = set(table.c.keys()) - KEY

    expected = {name for field in fields(kind) for name in _columns_of(field.name, field.type)}
    assert columns == expected
    assert set(table.primary_key.columns.keys()) == KEY


def _columns_of(name: str, kind: object) -> tuple[str, ...]:
    if kind is CampaignSettings:
        return ("campaign", name)
    return ("pbx", "channel") if kind is ChannelRef else (name,)


@given(record=any_record(), position=st.integers(1, 2**62), index=st.integers(0, 50))
def test_any_record_comes_back_from_its_row_as_it_was(
    record: Record, position: int, index: int
) -> None:
    table = TABLE_OF[type(record)]
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        metadata.create_all(connection, tables=[table])
        connection.execute(insert(table), [to_row(record, "j", position, index)])

        rows = connection.execute(select(table)).mappings().all()
    engine.dispose()

    row: RowMapping = rows[0]
    cleaned = to_row(record, "j", position, index)
    assert {key: row[key] for key in KEY} == {
        "journal": "j",
        "position": position,
        "record_index": index,
    }
    assert to_row(from_row(type(record), row), "j", position, index) == cleaned
    if not _is_cleaned(record):
        assert from_row(type(record), row) == record


def _is_cleaned(record: Record) -> bool:
    return "\0" in repr(record) or "\\x00" in repr(record) or "\\ud" in repr(record)


@given(st.text(alphabet=st.characters(codec=None, categories=None), max_size=20))
def test_whatever_text_a_pbx_sends_can_be_stored(text: str) -> None:
    kept = storable(text)

    kept.encode("utf-8")
    assert "\0" not in kept
    assert len(kept) == len(text)


def test_ordinary_text_is_stored_as_it_is() -> None:
    assert storable("Zoë 北京 'quoted' 100 %") == "Zoë 北京 'quoted' 100 %"


def test_a_broken_header_does_not_keep_its_record_from_being_written() -> None:
    row = to_row(FaultRecord("late", "caller \ud800\0", 1.0), "j", 1, 0)

    assert row["detail"] == "caller ?\ufffd"
