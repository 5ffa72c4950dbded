"""What no committed file may hold: registries, paths of one machine, unexplained exceptions.

Looks at what git has or would add (tracked and untracked, without the ignored), so that a breach is
seen before it is committed. Every rule is also tried on a planted breach.
"""

from __future__ import annotations

import io
import re
import subprocess
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcenter.domain.agent import AgentState, Seniority
from callcenter.domain.call import CallState, Outcome
from callcenter.domain.customer import Tier

PROJECT = Path(__file__).resolve().parents[2]

LINES_MAX = 500
"""Lines of one source file: about what a reader can still hold in mind."""

MADE = "// Made by `python scripts/"
"""How a file begins that a program writes and nobody reads from top to bottom."""

SOURCES = (".py", ".sh", ".yaml", ".yml", ".toml", ".ts", ".tsx", ".sql", ".j2", ".conf")

# Written in pieces, so that this file does not name them either.
REGISTRIES = tuple(
    "".join(pieces)
    for pieces in (
        ("pypi", ".org"),
        ("python", "hosted.org"),
        ("npm", "js.org"),
        ("npm", "js.com"),
        ("yarn", "pkg.com"),
        ("deb.", "debian.org"),
        ("security.", "debian.org"),
        ("archive.", "ubuntu.com"),
        ("conda", ".anaconda.org"),
    )
)

INDEX_OPTION = re.compile(r"(--(extra-)?index[-]url|--find[-]links|^\s*registry\s*=)")

# A checkout's own place or a person's home; `/work` as a word in a sentence is none.
MACHINE_PATH = re.compile(r"(^|[^A-Za-z0-9_.])/(work|farm|home)/")

TYPE_IGNORE = re.compile(r"#\s*type:\s*ignore")
TYPE_IGNORE_EXPLAINED = re.compile(r"#\s*type:\s*ignore\[[a-z0-9, -]+\].*\w{3,}")
NOQA = re.compile(r"#\s*noqa", re.IGNORECASE)
NOQA_EXPLAINED = re.compile(r"#\s*noqa:\s*[A-Z]+[0-9]+(,\s*[A-Z]+[0-9]+)*\s.*\w{3,}")
NO_COVER = re.compile(r"#\s*pragma:\s*no (cover|branch)")
NO_COVER_EXPLAINED = re.compile(r"#\s*pragma:\s*no (cover|branch)\W.*\w{3,}")

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/ARCHITECTURE.md", "docs/GLOSSARY.md")

FRAGMENT = re.compile(r"^(\d+|\+[a-z0-9-]+)\.([a-z]+)(\.\d+)?\.md$")


def _list_files() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    if listing.returncode:  # unpacked from an sdist: everything but caches and the environment
        return [
            path
            for path in sorted(PROJECT.rglob("*"))
            if not any(part.startswith(".") for part in path.relative_to(PROJECT).parts)
        ]
    return sorted({PROJECT / name for name in listing.stdout.split("\0") if name})


FILES = [path for path in _list_files() if path.is_file()]


def _name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def _read_texts() -> Iterator[tuple[Path, str]]:
    """Every file that is text; sounds and pictures hold no addresses."""
    for path in FILES:
        content = path.read_bytes()
        if b"\0" not in content[:8192]:
            yield path, content.decode("utf-8", errors="replace")


def find_forbidden_text(text: str) -> list[str]:
    """Lines that name a package registry, an index option or a path of one machine."""
    return [
        line.strip()[:120]
        for line in text.splitlines()
        if any(host in line for host in REGISTRIES)
        or INDEX_OPTION.search(line)
        or MACHINE_PATH.search(line)
    ]


def find_unexplained_exceptions(source: str) -> list[str]:
    """Comments that switch a check off without naming which one and why."""
    rules = (
        (TYPE_IGNORE, TYPE_IGNORE_EXPLAINED),
        (NOQA, NOQA_EXPLAINED),
        (NO_COVER, NO_COVER_EXPLAINED),
    )
    return [
        f"line {token.start[0]}: {token.string}"
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
        for used, explained in rules
        if used.search(token.string) and not explained.search(token.string)
    ]


def find_fragment_faults(name: str, text: str, kinds: list[str]) -> list[str]:
    """What is wrong with a news fragment: its file name, or its text."""
    match = FRAGMENT.match(name)
    faults = []
    if match is None:
        faults.append("the name is <issue>.<kind>.md, or +<words>.<kind>.md without an issue")
    elif match[2] not in kinds:
        faults.append(f"the kind is one of {', '.join(kinds)}")
    if not re.fullmatch(r"[A-Z`].*[.`]", text.strip(), re.DOTALL):
        faults.append("the text is one or more sentences: a capital first, a full stop last")
    return faults


def test_there_are_files_to_look_at() -> None:
    assert PROJECT / "pyproject.toml" in FILES


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    found = {
        _name(path): lines for path, text in _read_texts() if (lines := find_forbidden_text(text))
    }

    assert found == {}


def test_no_lock_file_that_records_addresses_is_committed() -> None:
    assert [_name(path) for path in FILES if path.name == "uv.lock"] == []
    for path in FILES:
        if path.name == "package-lock.json":
            assert '"resolved"' not in path.read_text(encoding="utf-8"), _name(path)


def test_no_source_file_is_longer_than_a_reader_can_hold() -> None:
    lengths = {
        _name(path): len(text.splitlines())
        for path, text in _read_texts()
        if path.suffix in SOURCES and not text.startswith(MADE)
    }

    assert {name: lines for name, lines in lengths.items() if lines > LINES_MAX} == {}


def test_every_exception_from_a_check_names_the_check_and_the_reason() -> None:
    found = {
        _name(path): lines
        for path, text in _read_texts()
        if path.suffix == ".py" and (lines := find_unexplained_exceptions(text))
    }

    assert found == {}


def test_every_news_fragment_is_well_formed() -> None:
    config = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    kinds = [kind["directory"] for kind in config["tool"]["towncrier"]["type"]]
    fragments = [path for path in FILES if path.parent == PROJECT / "changes"]

    faults = {
        path.name: found
        for path in fragments
        if path.name != "README.md"
        and (found := find_fragment_faults(path.name, path.read_text(encoding="utf-8"), kinds))
    }

    assert faults == {}


def find_paths_named(document: str) -> list[str]:
    """Paths of this project that a document names in backticks; no patterns, no placeholders."""
    folders = "callcenter|routing|config|docs|ivr_flows|scripts|tests|changes|[.]ci"
    return re.findall(rf"`((?:{folders})/[A-Za-z0-9_./-]*)`", document)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_that_a_document_names_exists(name: str) -> None:
    named = find_paths_named((PROJECT / name).read_text(encoding="utf-8"))

    assert [path for path in named if not (PROJECT / path).exists()] == []


def test_every_state_of_calls_and_agents_has_a_line_in_the_glossary() -> None:
    glossary = (PROJECT / "docs" / "GLOSSARY.md").read_text(encoding="utf-8")

    states = [*AgentState, *CallState, *Outcome, *Seniority, *Tier]

    assert [state.value for state in states if f"`{state.value}`" not in glossary] == []


def test_every_decision_is_listed() -> None:
    folder = PROJECT / "docs" / "adr"
    index = (folder / "README.md").read_text(encoding="utf-8")

    pages = [page.name for page in folder.glob("[0-9]*.md")]

    assert len(pages) >= 16
    assert [page for page in pages if page not in index] == []


def test_programs_and_scripts_are_executable_where_people_call_them_by_name() -> None:
    assert (PROJECT / ".ci" / "run").stat().st_mode & 0o111


@pytest.mark.parametrize(
    "planted",
    [
        "see https://" + "pypi" + ".org/project/x",
        "pip install --index" + "-url somewhere x",
        "registry" + "=somewhere",
        "cd /" + "work/main",
        'open("/' + 'home/anna/notes")',
    ],
)
def test_a_planted_host_or_machine_path_is_found(planted: str) -> None:
    assert find_forbidden_text(f"fine\n{planted}\nfine") == [planted]


@pytest.mark.parametrize(
    "planted",
    [
        "x = f()  # type: ignore",
        "x = f()  # type: ignore[arg-type]",
        "x = f()  # noqa",
        "x = f()  # noqa: BLE001",
        "x = f()  # pragma: no cover",
    ],
)
def test_a_planted_exception_without_a_reason_is_found(planted: str) -> None:
    assert len(find_unexplained_exceptions(planted)) == 1


@pytest.mark.parametrize(
    "explained",
    [
        "x = f()  # type: ignore[arg-type]  # panoramisk ships no types",
        "x = f()  # noqa: BLE001 - the hub must outlive any handler",
        "x = f()  # noqa: BLE001, S110  # the hub must outlive any handler",
        "x = f()  # pragma: no cover - only on Windows",
        'x = "# type: ignore"',
    ],
)
def test_an_explained_exception_is_accepted(explained: str) -> None:
    assert find_unexplained_exceptions(explained) == []


@pytest.mark.parametrize(
    ("name", "text", "faults"),
    [
        ("2.added.md", "Calls are routed.", 0),
        ("+first-call.added.md", "`make demo` runs.", 0),
        ("2.added.1.md", "Calls are routed.", 0),
        ("2.1.added.md", "Calls are routed.", 1),
        ("2.novelty.md", "Calls are routed.", 1),
        ("2.added.md", "calls are routed", 1),
        ("2.added.md", "", 1),
        ("news.txt", "", 2),
    ],
)
def test_a_news_fragment_is_judged_by_name_and_text(name: str, text: str, faults: int) -> None:
    assert len(find_fragment_faults(name, text, ["added", "fixed"])) == faults
