"""What tests of the storage get."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter.storage.database import Database
from tests.unit.storage.databases import new_database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database with all tables."""
    async with new_database(tmp_path) as made:
        yield made
