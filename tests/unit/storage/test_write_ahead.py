"""Switching a database to write ahead while another program does."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy.util import greenlet_spawn

from callcenter.storage import sqlite


class Cursor:
    """Refuses so many times."""

    def __init__(self, refusals: int, words: str = "database is locked") -> None:
        self.refusals, self.words = refusals, words
        self.asked = 0

    def execute(self, statement: str) -> None:
        assert statement == "PRAGMA journal_mode = WAL"
        self.asked += 1
        if self.asked <= self.refusals:
            raise sqlite3.OperationalError(self.words)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "WAL_PAUSES_S", (0.0, 0.0, 0.0))


async def test_a_database_that_is_just_being_switched_is_asked_again() -> None:
    cursor = Cursor(refusals=3)

    await greenlet_spawn(sqlite._use_wal, cursor)

    assert cursor.asked == 4


@pytest.mark.parametrize(
    ("refusals", "words", "asked"), [(9, "database is locked", 4), (9, "disk I/O error", 1)]
)
async def test_a_database_that_stays_locked_or_fails_otherwise_is_given_up(
    refusals: int, words: str, asked: int
) -> None:
    cursor = Cursor(refusals, words)

    with pytest.raises(sqlite3.OperationalError, match=words):
        await greenlet_spawn(sqlite._use_wal, cursor)

    assert cursor.asked == asked
