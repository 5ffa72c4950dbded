"""What docs/howto/write-routing-rules.md says is so: its documents can be published, its tables are
whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from callcenter.documents.rules import parse_rules, rules_schema
from callcenter.domain.rules import ATTRIBUTES, Preset

PAGE = (Path(__file__).parents[3] / "docs/howto/write-routing-rules.md").read_text("utf-8")
DOCUMENTS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("text", DOCUMENTS)
def test_a_document_of_the_page_may_be_published(text: str) -> None:
    assert parse_rules(text, "page", ["service", "loans"]).rules


@pytest.mark.parametrize("condition", re.findall(r"^    (\S.*?)   ", PAGE, re.MULTILINE))
def test_a_condition_of_the_page_can_be_read(condition: str) -> None:
    if condition.startswith("callcenter "):
        return
    rules = [{"name": "a", "when": condition}, {"name": "b"}]

    assert parse_rules(yaml.safe_dump({"format": 1, "rules": rules}), "page").rules


def test_the_page_tells_of_every_attribute_with_its_kind() -> None:
    told = dict(re.findall(r"^\| `(\w+\.\w+)` \| (\w+) \|", PAGE, re.MULTILINE))

    assert told == {
        f"{owner}.{name}": str(kind)
        for owner, fields in ATTRIBUTES.items()
        for name, kind in fields.items()
    }


def test_the_page_tells_of_every_preset_and_every_word() -> None:
    schema = rules_schema()
    words = [*schema["properties"], *schema["$defs"]["_Treatment"]["properties"], *Preset]

    assert [word for word in words if f"`{word}" not in PAGE and word != "rules"] == []
