"""Own attributes of customers: what a text means as each kind."""

from __future__ import annotations

import pytest

from callcenter.domain.attribute_values import as_kind
from callcenter.domain.conditions import Kind, Value
from callcenter.domain.customer import Attribute


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (None, Kind.TEXT, ""),
        (None, Kind.NUMBER, 0.0),
        (None, Kind.TRUTH, False),
        (None, Kind.TEXTS, ()),
        ("vip", Kind.TEXT, "vip"),
        (12.0, Kind.TEXT, "12"),
        (0.5, Kind.TEXT, "0.5"),
        (True, Kind.TEXT, "true"),
        (("a", "b"), Kind.TEXT, "a|b"),
        ("12.5", Kind.NUMBER, 12.5),
        ("-3", Kind.NUMBER, -3.0),
        ("many", Kind.NUMBER, 0.0),
        ("nan", Kind.NUMBER, 0.0),
        (7.0, Kind.NUMBER, 7.0),
        (True, Kind.NUMBER, 1.0),
        (("1",), Kind.NUMBER, 0.0),
        (True, Kind.TRUTH, True),
        ("Yes", Kind.TRUTH, True),
        ("1", Kind.TRUTH, True),
        (1.0, Kind.TRUTH, True),
        ("no", Kind.TRUTH, False),
        (("a", "b"), Kind.TEXTS, ("a", "b")),
        ("a | b||", Kind.TEXTS, ("a", "b")),
        ("", Kind.TEXTS, ()),
    ],
)
def test_a_value_is_read_as_the_kind_that_rules_declare(
    value: Attribute | None, kind: Kind, expected: Value
) -> None:
    found = as_kind(value, kind)

    assert found == expected
    assert type(found) is type(expected)
