"""Makes the OpenAPI 3.1 document from the table of routes. Served at ``/api/v1/openapi.json``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import pydantic
from msgspec import inspect
from pydantic.json_schema import models_json_schema

from callcenter.api.auth import SECURE_COOKIE
from callcenter.api.errors import PROBLEM_TYPE, TITLES, Problem
from callcenter.api.idempotency import HEADER
from callcenter.api.route import CSV, JSON, Query, Route
from callcenter.api.upload import MEBIBYTE

_REF = "#/components/schemas/{name}"
_DESCRIPTION = (
    "Live screens use the WebSocket `/api/v1/live` (frames: module `callcenter.api.frames`)."
    " Times are UTC seconds. Every refusal is problem details (RFC 9457). Browsers sign in by"
    " cookie and must send Origin with writes; programs send `Authorization: Bearer`."
)


def document(routes: Iterable[Route], version: str) -> dict[str, Any]:
    """The OpenAPI document of these routes; ``version`` is the product's."""
    table = sorted(routes, key=lambda route: (route.path, route.method))
    schemas, queries = _schemas(table)
    paths: dict[str, dict[str, Any]] = {}
    for route in table:
        query = queries.get(route.query) if route.query is not None else None
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, query or {})
    made = {
        "openapi": "3.1.0",
        "info": {
            "title": "Call center",
            "version": version,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in sorted({route.tag for route in table})],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": SECURE_COOKIE,
                    "description": "On plain HTTP, which is served on loopback only: `session`.",
                },
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }
    # Defaults are Python's own values here (tuples, enums): make them JSON's.
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(made))
    return plain


def _schemas(table: list[Route]) -> tuple[dict[str, Any], dict[type[Query], dict[str, Any]]]:
    """All schemas by name, and the properties of each query.

    Refuses two schemas of one name: programs generated from the document would mix them up.
    """
    answers = {route.answer: None for route in table if route.answer is not None}
    structs = [kind for kind in answers if not issubclass(kind, pydantic.BaseModel)]
    bodies = {route.body: None for route in table if route.body is not None}
    queries = {route.query: None for route in table if route.query is not None}
    models: list[type[pydantic.BaseModel]] = [*bodies, *queries]
    models += [kind for kind in answers if issubclass(kind, pydantic.BaseModel)]
    _, found = models_json_schema(
        [(model, "validation") for model in models],
        ref_template=_REF.replace("{name}", "{model}"),
    )
    schemas: dict[str, Any] = found.get("$defs", {})
    for name, schema in answer_schemas([*structs, Problem]).items():
        if name in schemas and "enum" not in schema:
            raise ValueError(f"two schemas are named {name}: rename one")
        schemas[name] = schema
    return schemas, {query: schemas.pop(query.__name__) for query in queries}


def answer_schemas(kinds: Iterable[Any]) -> dict[str, Any]:
    """The schemas of what is sent, by name: of these Structs and all that is in them.

    A field that has a default is sent all the same, unless its Struct leaves defaults out: so it is
    required here, and programs need not look whether it is there.
    """
    kinds = list(kinds)
    _, schemas = msgspec.json.schema_components(kinds, ref_template=_REF)
    for struct in _structs_in(inspect.multi_type_info(kinds), {}):
        if struct.array_like:
            continue
        schema = schemas[struct.cls.__name__]
        if not struct.cls.__struct_config__.omit_defaults:
            schema["required"] = list(schema["properties"])
        for field in struct.fields:
            if isinstance(field.type, inspect.DictType):
                schema["properties"][field.encode_name] |= _names_of_keys(field.type.key_type)
    return schemas


def _names_of_keys(key: inspect.Type) -> dict[str, Any]:
    """What the keys of a mapping may be, where it is an enum."""
    if not isinstance(key, inspect.EnumType):
        return {}
    return {"propertyNames": {"enum": sorted(member.value for member in key.cls)}}


def _structs_in(
    types: Iterable[inspect.Type], seen: dict[type[msgspec.Struct], None]
) -> Iterator[inspect.StructType]:
    """Every Struct that these types are made of, each once."""
    for found in types:
        match found:
            case inspect.StructType():
                if found.cls not in seen:
                    seen[found.cls] = None
                    yield found
                    yield from _structs_in((field.type for field in found.fields), seen)
            case inspect.UnionType():
                yield from _structs_in(found.types, seen)
            case inspect.VarTupleType() | inspect.ListType():
                yield from _structs_in((found.item_type,), seen)
            case inspect.DictType():
                yield from _structs_in((found.value_type,), seen)
            case _:
                pass


def _operation(route: Route, query: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "tags": [route.tag],
        "summary": route.summary,
        "description": route.description,
        "parameters": [*_parameters(route), *_query_parameters(query)],
        "responses": _responses(route),
        "security": [{"cookie": []}, {"bearer": []}] if route.roles else [],
        "x-roles": list(route.roles),
    }
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {JSON: {"schema": {"$ref": _REF.format(name=route.body.__name__)}}},
        }
    if route.upload is not None:
        operation["requestBody"] = {
            "required": True,
            "description": f"A file of at most {route.upload.bytes_max // MEBIBYTE} MB.",
            "content": {
                media_type: {"schema": {"type": "string"}}
                for media_type in route.upload.media_types
            },
        }
    return operation


def _operation_id(route: Route) -> str:
    """E.g. ``post_agents_me_ready``."""
    return re.sub(r"\W+", "_", f"{route.method.lower()}{route.path.removeprefix('/api/v1')}").strip(
        "_"
    )


def _parameters(route: Route) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "maxLength": 128},
        }
        for name in route.placeholders
    ]
    if route.writes:
        parameters.append(
            {
                "name": HEADER,
                "in": "header",
                "required": False,
                "description": "Names this wish; sent twice, it is done once. Kept for 24 hours.",
                "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
            }
        )
    return parameters


def _query_parameters(query: dict[str, Any]) -> list[dict[str, Any]]:
    required = query.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": schema}
        for name, schema in query.get("properties", {}).items()
    ]


def _responses(route: Route) -> dict[str, Any]:
    """What comes back: the answer, and every problem by its status."""
    responses: dict[str, Any] = {}
    content: dict[str, Any] = {}
    if route.answer is not None:
        content[JSON] = {"schema": {"$ref": _REF.format(name=route.answer.__name__)}}
    if route.downloads:
        content[CSV] = {"schema": {"type": "string"}}
    if not content:
        responses["204"] = {"description": "Done; nothing to tell"}
    else:
        responses["200"] = {"description": "Granted", "content": content}
    names = dict.fromkeys([*_common_problems(route), *route.problems])
    titles: dict[int, list[str]] = {}
    for name in names:
        status, title = TITLES[name]
        titles.setdefault(status, []).append(f"{title} (`{name}`)")
    problem = {PROBLEM_TYPE: {"schema": {"$ref": _REF.format(name=Problem.__name__)}}}
    for status in sorted(titles):
        responses[str(status)] = {"description": "; ".join(titles[status]), "content": problem}
    responses["default"] = {"description": "Any other problem", "content": problem}
    return responses


def _common_problems(route: Route) -> list[str]:
    names = ["bad-request", "internal", "unavailable"]
    if route.roles:
        names += ["not-signed-in", "forbidden"]
    if route.writes:
        names += ["wrong-origin", "https-needed", "key-reused"]
    if route.body is not None or route.upload is not None:
        names += ["invalid", "too-large", "wrong-type", "too-slow"]
    if route.query is not None:
        names += ["invalid"]
    return names
