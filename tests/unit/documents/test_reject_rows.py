"""Taking a person out of files with rejected rows."""

from __future__ import annotations

import stat
from pathlib import Path

from callcenter.documents.reject_rows import erase_reject_rows

HEADER = '"reject_row","name","phone"\r\n'
BEN = '"3","Ben Sand","\'+4930222222"\r\n'


def test_the_persons_rows_go_and_the_others_stay(tmp_path: Path) -> None:
    below = tmp_path / "lists"
    below.mkdir()
    file, other = below / "may.rejected.csv", tmp_path / "june.rejected.csv"
    by_number = '"2","","\'0151 / 2345-6789"\r\n'
    by_name = '"4","Ana Berg","?"\r\n'
    file.write_text("\ufeff" + HEADER + by_number + BEN + by_name, newline="")
    other.write_text("\ufeff" + HEADER + BEN, newline="")
    untouched = other.stat().st_ino
    (tmp_path / "list.csv").write_text("Ana Berg")

    gone = erase_reject_rows(tmp_path, "DE", ["+4915123456789"], ["Ana Berg"])

    assert gone == 2
    assert file.read_text(encoding="utf-8-sig").splitlines() == (HEADER + BEN).split("\r\n")[:-1]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert other.stat().st_ino == untouched
    assert sorted(path.name for path in below.iterdir()) == ["may.rejected.csv"]
