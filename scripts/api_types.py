"""Writes web/src/api/types.ts: what the pages and the server say to each other, as types.

Made of the OpenAPI document, of the WebSocket's frames and of what the live topics hold.

python scripts/api_types.py          writes the file
python scripts/api_types.py --check  fails when the file is not what the server says
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from callcenter.api import frames
from callcenter.api.app import api_document
from callcenter.api.errors import TITLES
from callcenter.api.live import SECTIONS
from callcenter.api.openapi import answer_schemas
from callcenter.api.route import JSON

FILE = Path(__file__).resolve().parents[1] / "web" / "src" / "api" / "types.ts"

HEAD = """\
// Made by `python scripts/api_types.py` of the server's routes, frames and views. Do not edit.
// Times are UTC seconds, 0 for "not yet".
"""

SENT_FRAMES = (frames.Hello, frames.Card, frames.Pong, frames.Trouble)
"""What the server sends beside snapshots and deltas, whose data depend on the topic."""

LIVE = """\
/** All data of a topic: `{section: {key: entry}}`. */
export type LiveData<T extends Topic> = {
  [S in keyof LiveEntries[T]]: Record<string, LiveEntries[T][S]>;
};

/** What changed in a topic; null: gone. */
export type LiveChanges<T extends Topic> = {
  [S in keyof LiveEntries[T]]?: Record<string, LiveEntries[T][S] | null>;
};

/** All data of a topic. */
export type Snapshot = {
  [T in Topic]: { type: "snapshot"; topic: T; seq: number; at: number; data: LiveData<T> };
}[Topic];

/** What changed in a topic since the frame before. */
export type Delta = {
  [T in Topic]: { type: "delta"; topic: T; seq: number; at: number; data: LiveChanges<T> };
}[Topic];

/** Everything the server sends over the WebSocket. */
export type ServerFrame = Hello | Snapshot | Delta | Card | Pong | Trouble;
"""

_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}


def render() -> str:
    """The whole file. The same server gives the same text."""
    document = api_document()
    schemas = dict(document["components"]["schemas"])
    entries = [kind for sections in SECTIONS.values() for kind in sections.values()]
    sent = answer_schemas([*SENT_FRAMES, *(kind for kind in entries if kind is not bool)])
    _, received = msgspec.json.schema_components(
        [frames.ClientMessage], ref_template="#/components/schemas/{name}"
    )
    # Defaults are Python's own values: JSON's are compared.
    framed = msgspec.json.decode(msgspec.json.encode({**sent, **received}))
    for name, schema in framed.items():
        if schemas.setdefault(name, schema) != schema:
            raise ValueError(f"two schemas are named {name}: rename one")
    parts = [HEAD]
    parts += [_declaration(name, schemas[name]) for name in sorted(schemas)]
    parts += [_problem_names(), _live_entries(), LIVE, _operations(document["paths"])]
    return "\n".join(parts)


def type_of(schema: Mapping[str, Any]) -> str:
    """A JSON schema as a TypeScript type."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema:
        return json.dumps(schema["const"], ensure_ascii=False)
    if "enum" in schema:
        return " | ".join(json.dumps(value, ensure_ascii=False) for value in schema["enum"])
    for word, sign in (("anyOf", " | "), ("oneOf", " | "), ("allOf", " & ")):
        if word in schema:
            found = dict.fromkeys(type_of(part) for part in schema[word])
            return "unknown" if "unknown" in found else sign.join(found)
    match schema.get("type"):
        case "null":
            return "null"
        case "array" if "prefixItems" in schema:
            return f"[{', '.join(type_of(item) for item in schema['prefixItems'])}]"
        case "array":
            return _list_of(type_of(schema.get("items", {})))
        case "object":
            return _object_type(schema)
        case str() as plain:
            return _PLAIN[plain]
        case _:
            return "unknown"


def _list_of(item: str) -> str:
    return f"{item}[]" if re.fullmatch(r"\w+", item) else f"({item})[]"


def _object_type(schema: Mapping[str, Any]) -> str:
    if "properties" in schema:
        return f"{{ {' '.join(_fields(schema))} }}"
    of_names = tuple(schema.get("patternProperties", {}).values())  # of all that are allowed
    value = of_names[0] if len(of_names) == 1 else schema.get("additionalProperties", True)
    inner = type_of(value) if isinstance(value, dict) else "unknown"
    keys = schema.get("propertyNames", {})
    if "$ref" in keys or "enum" in keys:
        return f"Partial<Record<{type_of(keys)}, {inner}>>"
    return f"Record<string, {inner}>"


def _fields(schema: Mapping[str, Any]) -> list[str]:
    required = schema.get("required", ())
    return [
        f"{_key(name)}{'' if name in required else '?'}: {type_of(field)};"
        for name, field in schema["properties"].items()
    ]


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_]\w*", name) else json.dumps(name)


def _declaration(name: str, schema: Mapping[str, Any]) -> str:
    said = _comment(str(schema.get("description", "")))
    if schema.get("type") == "object" and schema.get("properties"):
        fields = "".join(f"  {field}\n" for field in _fields(schema))
        return f"{said}export interface {name} {{\n{fields}}}\n"
    return f"{said}export type {name} = {type_of(schema)};\n"


def _comment(text: str, indent: str = "") -> str:
    """The first paragraph as a comment of one line."""
    first = " ".join(text.partition("\n\n")[0].split()).replace("*/", "* /").replace("``", "`")
    return f"{indent}/** {first} */\n" if first else ""


def _problem_names() -> str:
    names = "".join(f'\n  | "urn:callcenter:problem:{name}"' for name in sorted(TITLES))
    return f"{_comment('What `Problem.type` may be.')}export type ProblemType ={names};\n"


def _live_entries() -> str:
    lines = [
        _comment("One entry of each section of each topic.") + "export interface LiveEntries {"
    ]
    for topic, sections in SECTIONS.items():
        found = "; ".join(
            f"{name}: {'boolean' if kind is bool else kind.__name__}"
            for name, kind in sections.items()
        )
        lines.append(f"  {topic}: {{ {found} }};")
    return "\n".join([*lines, "}\n"])


def _operations(paths: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [
        _comment("Every route: what it takes and what it answers; undefined: nothing.")
        + "export interface Operations {"
    ]
    for path, methods in sorted(paths.items()):
        for method, operation in sorted(methods.items()):
            lines += [
                _comment(operation["summary"], "  ").rstrip("\n"),
                f'  "{method.upper()} {path}": {{ {_operation(operation)} }};',
            ]
    return "\n".join([*lines, "}\n"])


def _operation(operation: Mapping[str, Any]) -> str:
    parts = {
        "path": _parameters(operation, "path"),
        "query": _parameters(operation, "query"),
        "body": _body(operation),
        "answer": _answer(operation),
    }
    return "; ".join(f"{part}: {kind}" for part, kind in parts.items())


def _parameters(operation: Mapping[str, Any], place: str) -> str:
    found = [item for item in operation["parameters"] if item["in"] == place]
    if not found:
        return "undefined"
    fields = (
        f"{_key(item['name'])}{'' if item['required'] else '?'}: {type_of(item['schema'])}"
        for item in found
    )
    return f"{{ {'; '.join(fields)} }}"


def _body(operation: Mapping[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        return "undefined"
    return type_of(content[JSON]["schema"]) if JSON in content else "BodyInit"


def _answer(operation: Mapping[str, Any]) -> str:
    granted = operation["responses"].get("200")
    if granted is None:
        return "undefined"
    # A file alone comes as its text.
    return type_of(granted["content"][JSON]["schema"]) if JSON in granted["content"] else "string"


def main() -> int:
    """Write the file, or compare it."""
    made = render()
    if "--check" not in sys.argv[1:]:
        FILE.parent.mkdir(parents=True, exist_ok=True)
        FILE.write_text(made, encoding="utf-8")
        return 0
    if FILE.is_file() and FILE.read_text(encoding="utf-8") == made:
        return 0
    print(f"{FILE.name} is not what the server says: run python scripts/api_types.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
