"""What is no whole backup is refused, and what is there is never touched."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from callcenter.installation import UNFINISHED_RESTORE, open_database
from callcenter.journal.errors import ForeignJournal, JournalDamaged
from callcenter.journal.file import FileJournal
from callcenter.settings import RestoreUnfinished, load_settings
from callcenter.storage.stores import DatabaseUnusable
from callcenter.upkeep.archive import FORMAT, ArchiveRefused, Manifest, Member, unpack
from callcenter.upkeep.make import BackupRefused, make_backup
from callcenter.upkeep.restore import RestoreRefused, restore_backup
from tests.builders import T0
from tests.unit.upkeep.little_center import make_center

Members = list[tuple[tarfile.TarInfo, bytes]]
ODD = "x\n"
WRONG_BYTES = 100


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A backup's bytes."""
    folder = tmp_path_factory.mktemp("whole")
    config, _ = make_center(folder / "old", 5)
    make_backup(load_settings(config), config, folder / "backup", T0)
    return (folder / "backup").read_bytes()


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Where a config file shall be that is not there yet."""
    (tmp_path / "new").mkdir()
    return tmp_path / "new" / "center.yaml"


def restore(content: bytes, config: Path) -> None:
    file = config.parent.parent / "backup"
    file.write_bytes(content)
    asyncio.run(restore_backup(file, config))


def list_all(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def rewrite(content: bytes, change: Callable[[Members], None]) -> bytes:
    """The same archive, with its members changed, its checksums right."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        members: Members = []
        for info in archive:
            file = archive.extractfile(info)
            assert file is not None
            members.append((info, file.read()))
    change(members)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def find(members: Members, name: str) -> int:
    return next(i for i, (info, _) in enumerate(members) if info.name.startswith(name))


def with_manifest(change: Callable[[Manifest], Manifest]) -> Callable[[Members], None]:
    def rewritten(members: Members) -> None:
        info, data = members[-1]
        manifest = change(msgspec.json.decode(data, type=Manifest))
        members[-1] = (info, msgspec.json.encode(manifest))

    return rewritten


def planted(name: str, kind: bytes = tarfile.REGTYPE) -> Callable[[Members], None]:
    """A file more, of which the manifest knows."""

    def change(members: Members) -> None:
        info = tarfile.TarInfo(name)
        info.type = kind
        info.linkname = "/etc/passwd"
        data = ODD.encode() if kind == tarfile.REGTYPE else b""
        members.insert(1, (info, data))

    return change


def changed_byte(members: Members) -> None:
    at = find(members, "journal/")
    info, data = members[at]
    members[at] = (info, data[:-1] + bytes([data[-1] ^ 1]))


def taken_away(members: Members) -> None:
    del members[find(members, "database/")]


def doubled(members: Members) -> None:
    members.insert(1, members[0])


def behind_the_manifest(members: Members) -> None:
    members.append((tarfile.TarInfo("config/late.yaml"), b""))


def promised_but_never_put_in(manifest: Manifest) -> Manifest:
    more = Member("sounds/more.wav", 0, "")
    return msgspec.structs.replace(manifest, members=(*manifest.members, more))


def of_the_future(manifest: Manifest) -> Manifest:
    return msgspec.structs.replace(manifest, format=FORMAT + 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (planted("../../evil"), "cannot be in a backup"),
        (planted("journal/../../evil"), "cannot be in a backup"),
        (planted("/etc/evil"), "cannot be in a backup"),
        (planted("sounds//evil"), "cannot be in a backup"),
        (planted("elsewhere/evil"), "cannot be in a backup"),
        (planted("journal"), "cannot be in a backup"),
        (planted("sounds/link", tarfile.SYMTYPE), "only files may be"),
        (planted("sounds/hard", tarfile.LNKTYPE), "only files may be"),
        (planted("sounds/pipe", tarfile.FIFOTYPE), "only files may be"),
        (planted("sounds/more.wav"), "sounds/more.wav is not what was backed up"),
        (changed_byte, "is not what was backed up"),
        (taken_away, "database/center.db is missing"),
        (doubled, "cannot be in a backup"),
        (behind_the_manifest, "behind the manifest"),
        (lambda members: members.pop(), "ends before its manifest"),
        (with_manifest(promised_but_never_put_in), "sounds/more.wav is missing"),
        (with_manifest(of_the_future), "is of format 2, this program reads format 1"),
        (lambda members: members.pop(0), "no backup of this program"),
    ],
)
def test_a_forged_archive_is_refused_and_leaves_nothing(
    whole: bytes, new: Path, change: Callable[[Members], None], said: str
) -> None:
    with pytest.raises(ArchiveRefused, match=said):
        restore(rewrite(whole, change), new)

    assert list_all(new.parent) == []
    assert list_all(new.parent.parent) == ["backup", "new"]


@pytest.mark.parametrize("part", [0.0, 0.001, 0.2, 0.5, 0.9, 0.999])
def test_an_archive_that_is_cut_off_is_refused_and_leaves_nothing(
    whole: bytes, new: Path, part: float
) -> None:
    with pytest.raises(ArchiveRefused):
        restore(whole[: int(len(whole) * part)], new)

    assert list_all(new.parent) == []


def test_a_wrong_byte_is_found_out_or_does_no_harm(whole: bytes, tmp_path: Path) -> None:
    """Some bits of a compressed file mean nothing; all others are found out."""
    (tmp_path / "backup").write_bytes(whole)
    unpack(tmp_path / "backup", tmp_path / "good")
    refused = 0
    for at in range(0, len(whole), len(whole) // WRONG_BYTES):
        harmed = bytearray(whole)
        harmed[at] ^= 0x10
        (tmp_path / "backup").write_bytes(harmed)
        target = tmp_path / f"wrong-{at}"
        try:
            unpack(tmp_path / "backup", target)
        except ArchiveRefused:
            refused += 1
        else:
            for name in list_all(tmp_path / "good"):
                good = tmp_path / "good" / name
                assert good.is_dir() or good.read_bytes() == (target / name).read_bytes()

    assert refused > WRONG_BYTES / 2


def test_a_database_that_was_changed_is_refused_and_leaves_nothing(whole: bytes, new: Path) -> None:
    tar = bytearray(gzip.decompress(whole))
    tar[len(tar) // 2] ^= 0x10

    with pytest.raises(ArchiveRefused, match=r"database/center.db is not what was backed up"):
        restore(gzip.compress(tar), new)

    assert list_all(new.parent) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"a letter\n", gzip.compress(b"a letter\n"), gzip.compress(bytes(20_000))],
    ids=["empty", "letter", "letter under gzip", "zeros under gzip"],
)
def test_a_file_that_is_no_backup_is_refused_and_leaves_nothing(new: Path, content: bytes) -> None:
    with pytest.raises(ArchiveRefused, match="no backup of this program"):
        restore(content, new)

    assert list_all(new.parent) == []


def test_a_folder_with_anything_in_it_is_not_restored_into(
    whole: bytes, tmp_path: Path, new: Path
) -> None:
    (new.parent / "data").mkdir()
    (new.parent / "data" / "center.db").write_text("yesterday's")

    with pytest.raises(RestoreRefused, match=r"is not empty \(center.db\)"):
        restore(whole, new)

    assert list_all(new.parent) == ["data", "data/center.db"]


def test_a_new_file_system_counts_as_empty(whole: bytes, new: Path) -> None:
    (new.parent / "data" / "lost+found").mkdir(parents=True)

    restore(whole, new)

    assert (new.parent / "data" / "center.db").exists()


async def test_where_a_center_runs_it_is_said(whole: bytes, tmp_path: Path, new: Path) -> None:
    (tmp_path / "backup").write_bytes(whole)
    running = FileJournal(new.parent / "data" / "journal", machine_version=1)

    with pytest.raises(RestoreRefused, match=rf"A center runs .*process {os.getpid()}"):
        await restore_backup(tmp_path / "backup", new)

    await running.close()


def test_a_config_file_and_flows_that_are_there_are_kept_and_it_is_said(
    whole: bytes, tmp_path: Path, new: Path
) -> None:
    (tmp_path / "backup").write_bytes(whole)
    restore(whole, new)
    kept = new.read_text() + "# our own\n"
    (new.parent / "data").rename(new.parent / "lost")
    new.write_text(kept)
    (new.parent / "flows/service.yaml").write_text(ODD)

    restored = asyncio.run(restore_backup(tmp_path / "backup", new))

    assert new.read_text() == kept
    assert (new.parent / "flows/service.yaml").read_text() == ODD
    assert sum("kept" in note for note in restored.notes) == 2


def test_a_backup_of_another_version_names_the_version_to_restore_it_with(
    whole: bytes, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter.upkeep.restore.MACHINE_VERSION", 999)

    with pytest.raises(RestoreRefused, match=r"callcenter .* this is machine version 999") as info:
        restore(whole, new)

    assert isinstance(info.value.__cause__, ForeignJournal)
    assert list_all(new.parent) == []


def test_a_damaged_journal_or_database_is_not_backed_up(tmp_path: Path) -> None:
    config, _ = make_center(tmp_path / "old", 5, later=5)
    segment = sorted((tmp_path / "old/data/journal").glob("*.journal"))[-1]
    good = segment.read_bytes()
    segment.write_bytes(good[:200] + bytes([good[200] ^ 1]) + good[201:])

    with pytest.raises(JournalDamaged):
        make_backup(load_settings(config), config, tmp_path / "backup", T0)
    segment.write_bytes(good)
    database = tmp_path / "old/data/center.db"
    content = bytearray(database.read_bytes())
    content[8192:] = os.urandom(len(content) - 8192)
    database.write_bytes(content)
    with pytest.raises(DatabaseUnusable):
        make_backup(load_settings(config), config, tmp_path / "backup", T0)

    assert os.listdir(tmp_path) == ["old"]


async def test_a_center_does_not_start_in_a_folder_whose_restore_was_interrupted(
    tmp_path: Path,
) -> None:
    config, _ = await asyncio.to_thread(make_center, tmp_path / "old", 1)
    (tmp_path / "old/data" / UNFINISHED_RESTORE).mkdir()

    with pytest.raises(RestoreUnfinished, match="interrupted"):
        async with open_database(load_settings(config)):
            raise AssertionError("opened")


def test_what_appears_while_a_backup_is_being_restored_is_not_overwritten(
    whole: bytes, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from callcenter.upkeep import restore as module

    place = module._place

    def late(*arguments: object) -> None:
        (new.parent / "data" / "journal").mkdir()
        place(*arguments)  # type: ignore[arg-type] # passed through as they came

    monkeypatch.setattr(module, "_place", late)

    with pytest.raises(FileExistsError):
        restore(whole, new)

    assert list_all(new.parent / "data") == ["journal"]
    assert not new.exists()


def test_a_database_on_a_server_is_neither_backed_up_nor_restored(whole: bytes, new: Path) -> None:
    old, _ = make_center(new.parent.parent / "old", 1)
    on_server = old.read_text() + "database_url: postgresql://callcenter@db.example.com/center\n"
    old.write_text(on_server)
    new.write_text(on_server)

    with pytest.raises(BackupRefused, match="on a server"):
        make_backup(load_settings(old), old, new.parent / "backup", T0)
    with pytest.raises(RestoreRefused, match="on a server"):
        restore(whole, new)

    assert list_all(new.parent) == ["center.yaml"]
