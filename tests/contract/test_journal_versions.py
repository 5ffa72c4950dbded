"""What every journal makes of what another version has written: given with its name, or refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from callcenter.journal.errors import ForeignJournal
from tests.unit.journal.entries import make_entries, make_state
from tests.unit.journal.sites import Site, fill, open_loaded, provide_site


@pytest.fixture(params=["disk", "memory"])
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    async for provided in provide_site(request.param, tmp_path):
        yield provided


@pytest.mark.parametrize(
    "running", [{"machine_version": 2}, {"python": (3, 99)}, {"tzdata": "2031.1"}]
)
async def test_entries_of_another_version_are_given_with_its_name(
    site: Site, running: dict[str, Any]
) -> None:
    journal = open_loaded(site, machine_version=1, python=(3, 11), tzdata="2025.1")
    await fill(journal, 4)
    await journal.save_snapshot(3, make_state(3))
    site.kill()

    again = site.open(
        **{"machine_version": 1, "python": (3, 11), "tzdata": "2025.1", **running},
        migrates_from=(1,),
    )
    loaded = again.load()

    assert loaded.entries == make_entries(4, 4)
    assert loaded.foreign == "machine version 1 under Python 3.11 with tzdata 2025.1"
    assert loaded.foreign != str(again.origin)


async def test_entries_of_two_versions_are_given_with_the_others_name_alone(site: Site) -> None:
    await fill(open_loaded(site, machine_version=1), 2)
    site.kill()
    again = open_loaded(site, machine_version=2)
    again.append(make_entries(3, 3))
    site.kill()

    loaded = site.open(machine_version=2).load()

    assert loaded.entries == make_entries(1, 3)
    assert "version 1" in loaded.foreign
    assert "version 2" not in loaded.foreign


async def test_an_upgrade_is_handed_a_snapshot_with_nothing_to_replay(site: Site) -> None:
    journal = open_loaded(site, machine_version=1)
    await fill(journal, 4)
    await journal.save_snapshot(4, make_state(4))
    site.kill()

    again = site.open(machine_version=2, migrates_from=(1,), python=(3, 99))
    loaded = again.load()
    again.append(make_entries(5, 5))

    assert (loaded.snapshot, loaded.entries) == (make_state(4), ())
    assert (loaded.snapshot_version, loaded.foreign) == (1, "")


@pytest.mark.parametrize(
    ("written", "mend"), [(1, "Upgrade by one version at a time"), (4, "start that version, or re")]
)
async def test_a_snapshot_that_cannot_be_migrated_is_refused(
    site: Site, written: int, mend: str
) -> None:
    journal = open_loaded(site, machine_version=written)
    await fill(journal, 4)
    await journal.save_snapshot(4, make_state(4))
    site.kill()
    before = {name: site.read(name) for name in site.list_names()}

    with pytest.raises(ForeignJournal, match=rf"position 4.*cannot read it.*{mend}"):
        site.open(machine_version=3, migrates_from=(2,)).load()

    assert {name: site.read(name) for name in site.list_names()} == before
