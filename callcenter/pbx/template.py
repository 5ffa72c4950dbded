"""The little language of the templates in `config/asterisk/`: pure text in, text out.

- `{{name}}` is a value. A line with a value of None is left out; with a tuple, the line is repeated
  for each of its entries. True and False are written yes and no.
- `;@each name` ... `;@end` repeats the lines between for every mapping in the list `name`; names of
  the mapping come first, then those outside.
- `;@if name` ... `;@end` keeps the lines between when the value is neither None nor False.

Values are put in as they are: whoever calls has checked them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

Value: TypeAlias = "str | int | tuple[str, ...] | Sequence[Mapping[str, Value]] | None"

_NAME: Final = re.compile(r"\{\{(\w+)\}\}")
_BLOCK: Final = re.compile(r";@(each|if) (\w+)")


class TemplateError(Exception):
    """A template names an unknown value or a block does not end: a defect of the program."""


def fill(template: str, values: Mapping[str, Value]) -> str:
    """Fill in a template; the result ends with a line break.

    Raises TemplateError for a name that `values` lacks and for blocks that do not match up.
    """
    lines = template.splitlines()
    filled = list(_fill_lines(lines, values))
    return "\n".join(filled) + "\n"


def _fill_lines(lines: Sequence[str], values: Mapping[str, Value]) -> Iterator[str]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if block := _BLOCK.fullmatch(line):
            end = _end_of_block(lines, at)
            yield from _fill_block(block[1], block[2], lines[at + 1 : end], values)
            at = end
        elif line == ";@end":
            raise TemplateError(f"line {at + 1}: ;@end without a block")
        else:
            yield from _fill_line(line, values)
        at += 1


def _end_of_block(lines: Sequence[str], start: int) -> int:
    depth = 0
    for at in range(start, len(lines)):
        if _BLOCK.fullmatch(lines[at]):
            depth += 1
        elif lines[at] == ";@end":
            depth -= 1
            if depth == 0:
                return at
    raise TemplateError(f"line {start + 1}: {lines[start]} has no ;@end")


def _fill_block(
    kind: str, name: str, body: Sequence[str], values: Mapping[str, Value]
) -> Iterator[str]:
    value = _look_up(name, values)
    if kind == "if":
        if value is not None and value is not False:
            yield from _fill_lines(body, values)
        return
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise TemplateError(f";@each {name}: not a list")
    for item in value:
        if not isinstance(item, Mapping):
            raise TemplateError(f";@each {name}: an entry is not a mapping")
        yield from _fill_lines(body, {**values, **item})


def _fill_line(line: str, values: Mapping[str, Value]) -> Iterator[str]:
    used = {name: _look_up(name, values) for name in _NAME.findall(line)}
    if any(value is None for value in used.values()):
        return
    repeated = [name for name, value in used.items() if isinstance(value, tuple)]
    if not repeated:
        yield _NAME.sub(lambda match: _as_text(used[match[1]]), line)
        return
    entries = used[repeated[0]]
    assert isinstance(entries, tuple)
    for entry in entries:
        yield from _fill_line(line, {**values, repeated[0]: str(entry)})


def _look_up(name: str, values: Mapping[str, Value]) -> Value:
    if name not in values:
        raise TemplateError(f"no value is called {name}")
    return values[name]


def _as_text(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int):
        return str(value)
    raise TemplateError(f"{value!r} cannot stand in a line")
