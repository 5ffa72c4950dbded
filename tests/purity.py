"""Finds what pure code may not contain: clocks, chance, I/O, and what differs between processes.

Works on the syntax tree of one file, without importing it (docs/adr/0009). What it cannot see (a
set that comes out of a library, say) is held by the replay tests under two hash seeds.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

PROJECT = Path(__file__).resolve().parents[1]

# Third parties that neither read a clock nor do I/O, and where each is allowed.
THIRD_PARTIES = {
    "msgspec": "",
    "phonenumbers": "",
    "holidays": "",
    "rule_engine": "callcenter/domain/conditions.py",
    "numpy": "callcenter/value/",
    "scipy": "callcenter/value/",
    "mlxtend": "callcenter/value/",
}

# Beside the list in pyproject.toml: modules of the standard library that reach outside the process
# or differ between two processes. `urllib.parse` is not among them: it only rewrites text.
MODULES_FORBIDDEN = (
    "concurrent", "ctypes", "email", "fcntl", "gc", "getpass", "glob", "http", "importlib", "io",
    "locale", "multiprocessing", "pathlib", "pickle", "platform", "queue", "sched", "secrets",
    "select", "selectors", "shutil", "signal", "sqlite3", "ssl", "sys", "tempfile",
    "urllib.request", "uuid", "warnings", "weakref",
)  # fmt: skip

CLOCKS = (
    "datetime.date.fromtimestamp",
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "datetime.datetime.utcfromtimestamp",
)

CALLS_FORBIDDEN = (
    "__import__",
    "breakpoint",
    "eval",
    "exec",
    "globals",
    "hash",
    "id",
    "input",
    "open",
    "print",
)


class Impurity(NamedTuple):
    """One finding: the line (from 1), the rule's short name, and a sentence for who mends it."""

    line: int
    rule: str
    reason: str


def load_settings() -> dict[str, Any]:
    """The table ``tool.callcenter.pure`` of pyproject.toml."""
    document = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    settings: dict[str, Any] = document["tool"]["callcenter"]["pure"]
    return settings


def list_pure_files() -> list[Path]:
    """Every Python file of the pure packages and modules that exist."""
    found: list[Path] = []
    for entry in load_settings()["paths"]:
        path = PROJECT / entry
        found.extend([path] if path.is_file() else sorted(path.rglob("*.py")))
    return found


def find_impurities(source: str, file: str) -> list[Impurity]:
    """Check one file's text; ``file`` is its path from the project's root, with slashes."""
    return sorted(Checker(file).check(ast.parse(source, filename=file)))


class Checker:
    """Walks one syntax tree.

    Names are followed through imports: ``from datetime import datetime as d`` hides nothing.
    """

    def __init__(self, file: str) -> None:
        settings = load_settings()
        self._file = file
        self._forbidden = (*settings["imports_forbidden"], *MODULES_FORBIDDEN)
        self._pure = tuple(
            entry.removesuffix(".py").replace("/", ".") for entry in settings["paths"]
        )
        self._imported: dict[str, str] = {}
        self._sets_allowed: dict[ast.Set, None] = {}

    def check(self, tree: ast.Module) -> Iterator[Impurity]:
        """Yield every finding of the tree."""
        nodes = list(ast.walk(tree))
        for node in nodes:
            self._note(node)
        for node in nodes:
            for rule, reason in self._judge(node):
                yield Impurity(getattr(node, "lineno", 1), rule, reason)

    def _note(self, node: ast.AST) -> None:
        """First pass: what each imported name stands for, and which sets are only asked ``in``."""
        match node:
            case ast.Import(names=names):
                for alias in names:
                    self._imported[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            case ast.ImportFrom(module=str(module), names=names):
                for alias in names:
                    self._imported[alias.asname or alias.name] = f"{module}.{alias.name}"
            case ast.Compare(ops=ops, comparators=comparators):
                for operator, right in zip(ops, comparators, strict=True):
                    asked = isinstance(operator, ast.In | ast.NotIn)
                    if asked and isinstance(right, ast.Set) and _are_constant(right.elts):
                        self._sets_allowed[right] = None

    def _judge(self, node: ast.AST) -> Iterator[tuple[str, str]]:
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield from self._judge_import(alias.name)
            case ast.ImportFrom(level=level) if level > 0:
                yield "relative-import", "write the whole name, so that import rules can be read"
            case ast.ImportFrom(module=str(module), names=names):
                for alias in names:
                    yield from self._judge_import(f"{module}.{alias.name}")
            case ast.Call():
                yield from self._judge_call(node)
            case ast.Name() | ast.Set() | ast.SetComp() | ast.BinOp():
                yield from self._judge_set(node)
            case ast.Attribute(attr="__hash__"):
                yield "hash", "hashes of text differ between processes"
            case ast.Attribute() if self._qualified(node) in CLOCKS:
                yield "clock", "the time comes in as an argument"
            case ast.AsyncFunctionDef() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
                yield "async", "pure code waits for nothing: it returns commands and a deadline"
            case ast.Global():
                yield "global", "state lives in the machine, not in modules"

    def _judge_set(self, node: ast.expr) -> Iterator[tuple[str, str]]:
        match node:
            case ast.Name(id="set" | "frozenset", ctx=ast.Load()) | ast.SetComp():
                yield "set", "a set's order differs between processes: use dict[K, None]"
            case ast.Set() if node not in self._sets_allowed:
                yield "set", "a set's order differs between processes: use a tuple or dict[K, None]"
            case ast.BinOp(op=ast.BitAnd() | ast.BitOr() | ast.BitXor() | ast.Sub()):
                if _is_view(node.left) or _is_view(node.right):
                    yield "set", "this makes a set of a dict's keys: loop over the dict instead"

    def _judge_import(self, name: str) -> Iterator[tuple[str, str]]:
        top = name.partition(".")[0]
        if _starts_with(name, self._forbidden):
            yield "import", f"{name} reaches outside, or differs between two processes"
        elif top in ("callcenter", "routing", "dialer"):
            if not _starts_with(name, self._pure):
                yield "import", f"{name} is not pure"
        elif top in THIRD_PARTIES:
            if not self._file.startswith(THIRD_PARTIES[top]):
                yield "import", f"{top} is allowed only in {THIRD_PARTIES[top]}"
        elif top not in sys.stdlib_module_names:
            yield "import", f"{top} is no third party that pure code may use"

    def _judge_call(self, node: ast.Call) -> Iterator[tuple[str, str]]:
        match node.func:
            case ast.Name(id=name) if name in CALLS_FORBIDDEN:
                yield "call", f"{name}() reaches outside, or differs between two processes"
            case ast.Name(id="sum") if not _is_integer_sum(node):
                yield (
                    "sum",
                    "a float shows the order of additions: math.fsum, or sum(int(...) for ...)",
                )
            case ast.Attribute(attr="fromtimestamp") if len(node.args) < 2 and not any(
                k.arg == "tz" for k in node.keywords
            ):
                yield "clock", "without tz this is the time zone of the machine"
            case ast.Attribute(attr="astimezone") if not node.args and not node.keywords:
                yield "clock", "without an argument this is the time zone of the machine"
        functions = [keyword.value for keyword in node.keywords if keyword.arg == "key"]
        if isinstance(node.func, ast.Name) and node.func.id == "map":
            functions.extend(node.args[:1])
        for function in functions:
            if isinstance(function, ast.Name) and function.id in ("hash", "id"):
                yield "call", f"{function.id}() differs between two processes"

    def _qualified(self, node: ast.expr) -> str:
        """The dotted name behind ``dt.datetime.now``; empty for what is no chain of names."""
        match node:
            case ast.Name(id=name):
                return self._imported.get(name, name)
            case ast.Attribute(value=value, attr=attr):
                start = self._qualified(value)
                return f"{start}.{attr}" if start else ""
        return ""


def _starts_with(name: str, modules: tuple[str, ...]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def _are_constant(nodes: list[ast.expr]) -> bool:
    return all(_is_constant(node) for node in nodes)


def _is_constant(node: ast.expr) -> bool:
    """Whether this is a literal, a dotted name (``AgentState.READY``), or a tuple of those."""
    match node:
        case ast.Constant() | ast.Name():
            return True
        case ast.Attribute(value=value):
            return _is_constant(value)
        case ast.Tuple(elts=elements):
            return _are_constant(elements)
    return False


def _is_view(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("keys", "items")
    )


def _is_integer_sum(node: ast.Call) -> bool:
    """Whether what is added is visibly whole: an integer, ``len()``, ``int()``, a comparison."""
    match node.args:
        case [ast.GeneratorExp(elt=element) | ast.ListComp(elt=element), *_]:
            match element:
                case ast.Constant(value=int()) | ast.Compare():
                    return True
                case ast.Call(func=ast.Name(id="len" | "int")):
                    return True
    return False
