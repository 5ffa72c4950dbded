"""Files that travel with the program are found in the repository and in a wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.documents import files


def test_templates_and_scripts_are_found() -> None:
    assert files.config_path("asterisk/cc_pjsip.conf.in").is_file()
    assert files.scripts_path("asterisk/start.sh").is_file()


def test_what_lies_in_the_package_comes_before_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_PACKAGE", tmp_path / "package")
    monkeypatch.setattr(files, "_REPOSITORY", tmp_path)
    for folder in ("package/_config", "config", "package/_scripts", "scripts"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "config" / "a.yaml").touch()
    (tmp_path / "scripts" / "a.sh").touch()

    in_the_repository = files.config_path("a.yaml"), files.scripts_path("a.sh")
    (tmp_path / "package" / "_config" / "a.yaml").touch()
    (tmp_path / "package" / "_scripts" / "a.sh").touch()

    assert in_the_repository == (tmp_path / "config" / "a.yaml", tmp_path / "scripts" / "a.sh")
    assert files.config_path("a.yaml") == tmp_path / "package" / "_config" / "a.yaml"
    assert files.scripts_path("a.sh") == tmp_path / "package" / "_scripts" / "a.sh"


def test_a_missing_file_is_named_with_the_places_looked_at() -> None:
    with pytest.raises(files.ShippedFileError, match=r"none\.yaml is not in .*_config or .*config"):
        files.config_path("none.yaml")
