"""The folder of recordings."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.service.voicemails import VoicemailFiles


def test_recordings_that_are_there_are_deleted_and_counted(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav", "c.wav"):
        (tmp_path / name).write_bytes(b"")

    assert VoicemailFiles(tmp_path).remove(["a.wav", "b.wav", "gone.wav"]) == 2

    assert [path.name for path in tmp_path.iterdir()] == ["c.wav"]


@pytest.mark.parametrize("name", ["", ".", "..", "../a.wav", "x/a.wav", "/etc/passwd"])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name of a voicemail"):
        VoicemailFiles(tmp_path).remove([name])
