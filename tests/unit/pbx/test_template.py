"""The language of Asterisk's templates."""

from __future__ import annotations

import pytest

from callcenter.pbx.template import TemplateError, Value, fill


@pytest.mark.parametrize(
    ("template", "values", "filled"),
    [
        ("a = {{x}}-{{y}}", {"x": "1", "y": 2}, "a = 1-2\n"),
        ("a = {{x}}\nb = {{y}}", {"x": True, "y": False}, "a = yes\nb = no\n"),
        ("a = {{x}}\nb = 1", {"x": None}, "b = 1\n"),
        ("a = {{x}}", {"x": ("1", "2")}, "a = 1\na = 2\n"),
        ("a = {{x}}\nb = 1", {"x": ()}, "b = 1\n"),
        (
            ";@each xs\n[{{n}}]{{o}}\n;@end",
            {"xs": [{"n": "1"}, {"n": "2"}], "o": "o"},
            "[1]o\n[2]o\n",
        ),
        (";@if x\na\n;@if y\nb\n;@end\n;@end\nc", {"x": "1", "y": None}, "a\nc\n"),
        (";@if x\na\n;@end\nc", {"x": False}, "c\n"),
        (";@each xs\n;@if n\n[{{n}}]\n;@end\n;@end", {"xs": [{"n": "1"}, {"n": None}]}, "[1]\n"),
        ("${EPOCH} ; {not} @one@", {}, "${EPOCH} ; {not} @one@\n"),
    ],
)
def test_a_template_is_filled_in(template: str, values: dict[str, Value], filled: str) -> None:
    assert fill(template, values) == filled


@pytest.mark.parametrize(
    ("template", "values", "message"),
    [
        ("{{x}}", {}, "no value is called x"),
        (";@each x\na", {"x": []}, "line 1: ;@each x has no ;@end"),
        ("a\n;@end", {}, "line 2: ;@end without a block"),
        (";@each x\na\n;@end", {"x": "text"}, ";@each x: not a list"),
        (";@each x\na\n;@end", {"x": ("a",)}, ";@each x: an entry is not a mapping"),
        ("{{x}}", {"x": [{}]}, "cannot stand in a line"),
    ],
)
def test_a_broken_template_is_said(template: str, values: dict[str, Value], message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        fill(template, values)
