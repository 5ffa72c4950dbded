"""People's numbers: never in a segment or a snapshot, gone for good when they are erased, on the
disk and in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter.core.state import State, decode_state, empty_state
from callcenter.domain.call import Call
from callcenter.domain.commands import LookUpCustomer
from callcenter.domain.events import CallArrived, Tick
from callcenter.domain.ids import ChannelRef
from callcenter.domain.numbers import is_erased
from callcenter.domain.step import Entry
from callcenter.journal import codec
from callcenter.journal.errors import OpenNumbers
from callcenter.journal.folder import NUMBERS_SUFFIX
from callcenter.service.ports import LoadedJournal
from tests.unit.journal.sites import SMALL, MemorySite, Site, open_loaded, provide_site

ANA, BEN = "+4930111111", "+4930222222"
CHANNEL = ChannelRef("main", "1.1")


@pytest.fixture(params=["disk", "memory"])
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    async for provided in provide_site(request.param, tmp_path):
        yield provided


def call_of(position: int, number: str) -> Entry:
    """Somebody calls; the number stands in the event and in a command."""
    look_up = LookUpCustomer(f"x{position}", f"c{position}", number)
    return Entry(position, float(position), CallArrived(CHANNEL, number, "7000"), (look_up,))


def state_with(number: str, position: int) -> bytes:
    """A state with a call of this number."""
    state: State = empty_state("TEST")
    state.position = position
    state.calls.put("c1", Call("c1", CHANNEL, 1.0, caller_number=number))
    return state.encode()


def numbers_of(loaded: LoadedJournal) -> list[str]:
    return [
        entry.event.caller_number
        for entry in loaded.entries
        if isinstance(entry.event, CallArrived)
    ]


def caller_in(loaded: LoadedJournal) -> str:
    """The number of the call in the snapshot."""
    assert loaded.snapshot is not None
    return decode_state(loaded.snapshot).calls["c1"].caller_number


def files_with(site: Site, number: str) -> list[str]:
    return [name for name in site.list_names() if number.encode() in site.read(name)]


def is_ana(number: str) -> bool:
    return number == ANA


async def test_numbers_are_in_no_segment_and_no_snapshot_and_come_back_all_the_same(
    site: Site,
) -> None:
    journal = open_loaded(site)
    journal.append([call_of(1, ANA), call_of(2, BEN)])
    await journal.save_snapshot(2, state_with(ANA, 2))
    journal.append([call_of(3, ANA)])
    site.kill()

    loaded = site.open().load()

    assert files_with(site, ANA)
    assert all(name.endswith(NUMBERS_SUFFIX) for name in files_with(site, ANA))
    assert caller_in(loaded) == ANA
    assert loaded.entries == (call_of(3, ANA),)


async def test_an_erased_number_is_in_no_file_and_all_else_comes_back(site: Site) -> None:
    journal = open_loaded(site, segment_bytes=SMALL)
    for position in range(1, 30):
        journal.append([call_of(position, (ANA, BEN)[position % 2])])
        await journal.sync()
    await journal.save_snapshot(29, state_with(ANA, 29))
    journal.append([call_of(30, ANA), call_of(31, BEN)])
    assert len(files_with(site, ANA)) > 3

    await journal.erase(is_ana)
    journal.append([call_of(32, BEN)])
    site.kill()
    loaded = site.open().load()

    assert files_with(site, ANA) == []
    assert is_erased(caller_in(loaded))
    first, *others = numbers_of(loaded)
    assert is_erased(first)
    assert others == [BEN, BEN]


async def test_equal_numbers_have_equal_words_when_they_are_erased(site: Site) -> None:
    journal = open_loaded(site)
    journal.append([call_of(1, ANA), call_of(2, ANA)])
    journal.append([call_of(3, "030111111")])

    await journal.erase(lambda number: number in (ANA, "030111111"))
    site.kill()
    ana, again, raw = numbers_of(site.open().load())

    assert ana == again != raw
    assert is_erased(raw)


async def test_who_was_erased_and_calls_again_is_a_person_like_any_other(site: Site) -> None:
    journal = open_loaded(site)
    journal.append([call_of(1, ANA)])
    await journal.erase(is_ana)
    journal.append([call_of(2, ANA)])
    await journal.sync()
    site.kill()

    before, after = numbers_of(site.open().load())

    assert is_erased(before)
    assert after == ANA


async def test_an_empty_journal_can_be_erased_from(site: Site) -> None:
    await open_loaded(site).erase(is_ana)

    assert site.list_names() == []


async def test_erasing_while_a_sync_runs_loses_nothing(site: Site) -> None:
    journal = open_loaded(site)
    journal.append([call_of(1, ANA), call_of(2, BEN)])
    sync = asyncio.create_task(journal.sync())
    await asyncio.sleep(0)

    await journal.erase(is_ana)
    await sync
    await journal.sync()
    site.kill()

    first, second = numbers_of(site.open().load())
    assert (is_erased(first), second) == (True, BEN)


async def test_what_is_synced_has_its_numbers_after_a_power_cut() -> None:
    site = MemorySite()
    journal = site.open()
    journal.load()
    journal.append([call_of(1, ANA)])
    await journal.sync()
    journal.append([call_of(2, BEN)])
    journal.kill(power_cut=True)

    assert numbers_of(site.open().load()) == [ANA]


async def test_the_numbers_of_a_segment_that_is_left_are_synced_with_it() -> None:
    site = MemorySite()
    journal = site.open(segment_bytes=100)
    journal.load()
    journal.append([call_of(1, ANA)])
    journal.append([call_of(2, BEN)])  # leaves the first segment, at twice its size
    journal.kill(power_cut=True)

    assert numbers_of(site.open().load()) == [ANA]


async def test_numbers_without_their_segment_are_removed_at_the_next_start(site: Site) -> None:
    journal = open_loaded(site)
    journal.append([call_of(1, ANA)])
    site.kill()
    site.write(f"{7:020}.journal{NUMBERS_SUFFIX}", site.read(f"{1:020}.journal{NUMBERS_SUFFIX}"))

    site.open().load()

    assert [name for name in site.list_names() if name.startswith(f"{7:020}")] == []


async def test_trimmed_files_take_their_numbers_with_them(site: Site) -> None:
    journal = open_loaded(site, segment_bytes=SMALL)
    for position in range(1, 40):
        journal.append([call_of(position, ANA)])
        await journal.sync()
        if position % 10 == 0:
            await journal.save_snapshot(position, state_with(ANA, position))

    names = site.list_names()

    assert f"{1:020}.journal" not in names
    assert {name.removesuffix(NUMBERS_SUFFIX) for name in names} == {
        name for name in names if not name.endswith(NUMBERS_SUFFIX)
    }


# --- files of the format before, in which numbers stand open ------------------------------------


async def write_old(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal as version 1 of the format has it: a segment, a snapshot, a segment."""
    with monkeypatch.context() as old:
        old.setattr(codec, "FORMAT", 1)
        old.setattr("callcenter.journal.sealing.change_entry", lambda entry, _: entry)
        old.setattr("callcenter.journal.sealing._change_state", lambda state, _: state)
        journal = open_loaded(site, segment_bytes=100)
        journal.append([call_of(1, ANA)])
        await journal.sync()
        await journal.save_snapshot(1, state_with(ANA, 1))
        journal.append([call_of(2, ANA)])
        await journal.sync()
        site.kill()
    for name in site.list_names():
        if name.endswith(NUMBERS_SUFFIX):
            site.remove(name)


async def test_a_journal_of_the_old_format_is_read_and_goes_on_without_open_numbers(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write_old(site, monkeypatch)
    old = files_with(site, ANA)

    journal = site.open()
    loaded = journal.load()
    journal.append([call_of(3, ANA)])
    await journal.save_snapshot(3, state_with(ANA, 3))

    assert len(old) == 3
    assert loaded.snapshot == state_with(ANA, 1)
    assert loaded.entries == (call_of(2, ANA),)
    new = [name for name in files_with(site, ANA) if name not in old]
    assert new
    assert all(name.endswith(NUMBERS_SUFFIX) for name in new)


async def test_old_files_with_open_numbers_are_removed_by_an_erasure(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write_old(site, monkeypatch)
    journal = open_loaded(site)
    journal.append([call_of(3, ANA)])
    await journal.save_snapshot(3, state_with(BEN, 3))

    await journal.erase(is_ana)
    site.kill()
    loaded = site.open().load()

    assert files_with(site, ANA) == []
    assert caller_in(loaded) == BEN


async def test_old_files_that_are_still_needed_are_named(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write_old(site, monkeypatch)
    without_new_snapshot = open_loaded(site)
    with pytest.raises(OpenNumbers, match="snapshot"):
        await without_new_snapshot.erase(is_ana)
    site.kill()

    behind = open_loaded(site, trim_behind=lambda: 1)  # the projector has not come further
    behind.append([Entry(3, 3.0, Tick())])
    await behind.save_snapshot(3, state_with(BEN, 3))

    with pytest.raises(OpenNumbers, match=f"{2:020}.journal"):
        await behind.erase(is_ana)
