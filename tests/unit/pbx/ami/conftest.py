"""The fake AMI server for tests of the link."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.unit.pbx.ami.fake_server import FakeAmi


@pytest.fixture
async def server() -> AsyncIterator[FakeAmi]:
    """A server that behaves until it is told not to."""
    async with FakeAmi() as fake:
        yield fake
