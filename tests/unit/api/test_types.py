"""The types of the pages: what is checked in is what the server says."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter.api.frames import Topic
from callcenter.api.live import SECTIONS, Feed, data_of
from scripts.api_types import FILE, render, type_of
from tests.unit.api.fakes import FakeHub


def test_the_types_that_are_checked_in_are_those_of_the_server() -> None:
    assert FILE.read_text(encoding="utf-8") == render(), "run python scripts/api_types.py"


def test_the_types_name_every_kind_of_thing_that_is_said() -> None:
    made = render()

    for line in (
        "export interface AgentView {",
        'export type Tier = "gold" | "silver" | "standard";',
        "  resume?: Resume | null;",  # the client may leave it out
        "  token: string;",  # the server never does
        "export type ChannelRef = [string, string];",
        '  "DELETE /api/v1/session": { path: undefined; query: undefined; body: undefined;'
        " answer: undefined };",
        '  "GET /api/v1/agents/{agent}": { path: { agent: string }; query: undefined;'
        " body: undefined; answer: AgentView };",
        "  queues: { queues: QueueView };",
        "body: BodyInit; answer: ContactImport };",
        '  | "urn:callcenter:problem:conflict"',
    ):
        assert line in made, line


def test_every_topic_holds_the_sections_that_its_types_name() -> None:
    state = FakeHub().state

    for topic in Topic:
        assert list(data_of(Feed(topic, "", 0), state)) == list(SECTIONS[topic])


@pytest.mark.parametrize(
    ("schema", "made"),
    [
        ({}, "unknown"),
        ({"type": "integer"}, "number"),
        ({"$ref": "#/components/schemas/Tier"}, "Tier"),
        ({"const": 'a"b'}, '"a\\"b"'),
        ({"enum": ["x", "y"]}, '"x" | "y"'),
        ({"type": "array", "items": {"enum": ["x", "y"]}}, '("x" | "y")[]'),
        ({"type": "array"}, "unknown[]"),
        ({"anyOf": [{"type": "integer"}, {"type": "number"}, {"type": "null"}]}, "number | null"),
        ({"anyOf": [{}, {"type": "null"}]}, "unknown"),
        ({"allOf": [{"$ref": "#/A"}, {"$ref": "#/B"}]}, "A & B"),
        ({"type": "object"}, "Record<string, unknown>"),
        (
            {"type": "object", "additionalProperties": {"type": "boolean"}},
            "Record<string, boolean>",
        ),
        (
            {
                "type": "object",
                "additionalProperties": {"type": "integer"},
                "propertyNames": {"enum": ["x"]},
            },
            'Partial<Record<"x", number>>',
        ),
        (
            {
                "type": "object",
                "properties": {"a-b": {"type": "string"}, "c": {"type": "null"}},
                "required": ["c"],
            },
            '{ "a-b"?: string; c: null; }',
        ),
    ],
)
def test_a_schema_becomes_a_type(schema: dict[str, Any], made: str) -> None:
    assert type_of(schema) == made
