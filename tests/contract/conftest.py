"""What contract tests of stores get."""

from __future__ import annotations

import pytest

from tests.unit.storage.databases import ALL_KINDS, STORED_KINDS, Place, place_of


@pytest.fixture(params=STORED_KINDS, scope="session")
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Where databases can be made, of each kind."""
    return place_of(request, tmp_path_factory)


@pytest.fixture(params=ALL_KINDS, scope="session")
def place_or_memory(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Place | None:
    """The same, or None for a store in memory."""
    return None if request.param == "memory" else place_of(request, tmp_path_factory)
