"""Pure code holds no clock, no chance, no I/O, and nothing that differs between two processes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.purity import PROJECT, find_impurities, list_pure_files, load_settings

ANYWHERE = "callcenter/core/machine.py"


def _name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def _rules(source: str, file: str = ANYWHERE) -> list[str]:
    return [impurity.rule for impurity in find_impurities(source, file)]


@pytest.mark.parametrize("path", list_pure_files(), ids=_name)
def test_a_pure_module_holds_no_clock_no_chance_no_io_and_no_set(path: Path) -> None:
    found = find_impurities(path.read_text(encoding="utf-8"), _name(path))

    assert [f"{_name(path)}:{line}: {rule}: {reason}" for line, rule, reason in found] == []


def test_the_packages_that_decide_are_among_the_files_read() -> None:
    read = {_name(path).rpartition("/")[0] for path in list_pure_files()}

    assert read >= {"routing", "callcenter/core", "callcenter/domain", "callcenter/ivr"}


@pytest.mark.parametrize(
    ("planted", "rule"),
    [
        ("import asyncio", "import"),
        ("import time as calendar", "import"),
        ("import os.path", "import"),
        ("from random import choice", "import"),
        ("from urllib import request", "import"),
        ("from urllib.request import urlopen", "import"),
        ("import aiohttp", "import"),
        ("import pydantic", "import"),
        ("import numpy", "import"),
        ("import rule_engine", "import"),
        ("import some_third_party", "import"),
        ("from callcenter.service import hub", "import"),
        ("from callcenter.pbx.ami.connection import Connection", "import"),
        ("from callcenter.pbx.ami import connection", "import"),
        ("def f():\n    import subprocess", "import"),
        ("from . import agents", "relative-import"),
        ("import datetime\nx = datetime.datetime.now()", "clock"),
        ("import datetime as dt\nx = dt.date.today()", "clock"),
        ("from datetime import datetime as d\nx = d.utcnow()", "clock"),
        ("from datetime import datetime\nread = datetime.now", "clock"),
        ("from datetime import datetime\nx = datetime.fromtimestamp(1.0)", "clock"),
        ("y = x.astimezone()", "clock"),
        ("x = hash('a')", "call"),
        ("x = id(y)", "call"),
        ("x = sorted(y, key=id)", "call"),
        ("x = list(map(hash, y))", "call"),
        ("x = y.__hash__()", "hash"),
        ("x = open('file')", "call"),
        ("print('x')", "call"),
        ("x = set()", "set"),
        ("x = frozenset(y)", "set"),
        ("x: set[str]", "set"),
        ("x = {1, 2}", "set"),
        ("for x in {1, 2}:\n    f(x)", "set"),
        ("x = {y for y in z}", "set"),
        ("x = y in {f(z)}", "set"),
        ("x = y == {1, 2}", "set"),
        ("x = y.keys() & z.keys()", "set"),
        ("x = sum(y)", "sum"),
        ("x = sum(call.wait_s for call in calls)", "sum"),
        ("x = sum([0.1, 0.2])", "sum"),
        ("async def f(): ...", "async"),
        ("def f():\n    global x", "global"),
    ],
)
def test_a_planted_impurity_is_found(planted: str, rule: str) -> None:
    assert _rules(planted) == [rule]


@pytest.mark.parametrize(
    "honest",
    [
        "import math\nx = math.fsum(y)",
        "import msgspec",
        "from urllib.parse import unquote",
        "from callcenter.pbx.ami.wire import parse",
        "from callcenter.pbx.ami import wire",
        "from callcenter.domain import events",
        "from datetime import UTC, datetime\nx = datetime.fromtimestamp(1.0, UTC)",
        "from datetime import UTC, datetime\nx = datetime.fromtimestamp(1.0, tz=UTC)",
        "y = x.astimezone(zone)",
        "x = state in {AgentState.READY, AgentState.RINGING}",
        "x = pair not in {('a', 1), ('b', 2)}",
        "x = sum(1 for y in z)",
        "x = sum(len(y) for y in z)",
        "x = sum(int(y) for y in z)",
        "x = sum(y > 1 for y in z)",
        "x = event.now",
        "x = dict.fromkeys(y)",
        "x = {'a': 1}",
        "x = 3 - 2 | 1",
    ],
)
def test_honest_pure_code_is_left_alone(honest: str) -> None:
    assert _rules(honest) == []


def test_a_finding_names_its_line() -> None:
    assert find_impurities("x = 1\ny = hash(x)\n", ANYWHERE)[0].line == 2


@pytest.mark.parametrize(
    ("library", "file"),
    [("rule_engine", "callcenter/domain/conditions.py"), ("numpy", "callcenter/value/score.py")],
)
def test_a_library_with_a_place_of_its_own_is_allowed_there_only(library: str, file: str) -> None:
    assert _rules(f"import {library}", file) == []
    assert _rules(f"import {library}", "routing/choice.py") == ["import"]


def _read_pyproject() -> dict[str, Any]:
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_import_rules_and_this_test_mean_the_same_pure_code() -> None:
    contracts = _read_pyproject()["tool"]["importlinter"]["contracts"]
    (contract,) = [each for each in contracts if each["name"].startswith("pure code")]
    # `dialer` has no package before its first module; import-linter refuses what is not there.
    expected = [
        entry
        for entry in load_settings()["paths"]
        if (PROJECT / entry / "__init__.py").exists() or entry != "dialer"
    ]

    named = [module.removesuffix(".**").replace(".", "/") for module in contract["source_modules"]]

    assert sorted(named) == sorted(entry.removesuffix(".py") for entry in expected)
    assert sorted(contract["forbidden_modules"]) == sorted(load_settings()["imports_forbidden"])


def test_ruff_bans_clocks_in_the_same_pure_packages() -> None:
    ignores = _read_pyproject()["tool"]["ruff"]["lint"]["per-file-ignores"]
    (pattern,) = [each for each in ignores if each.startswith("!{")]

    packages = pattern.removeprefix("!{").removesuffix("}/**").split(",")

    assert sorted(packages) == sorted(
        entry for entry in load_settings()["paths"] if not entry.endswith(".py")
    )
