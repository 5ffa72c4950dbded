"""What tests of the storage get."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter.storage.database import Database
from tests.unit.storage.databases import STORED_KINDS, Place, new_database, place_of


@pytest.fixture(params=STORED_KINDS, scope="session")
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Where databases can be made, of each kind."""
    return place_of(request, tmp_path_factory)


@pytest.fixture
async def database(place: Place) -> AsyncIterator[Database]:
    """An empty database with all tables."""
    async with new_database(place) as made:
        yield made


@pytest.fixture
async def sqlite_database(tmp_path: Path) -> AsyncIterator[Database]:
    """The same, for what only SQLite does."""
    async with new_database(tmp_path) as made:
        yield made
