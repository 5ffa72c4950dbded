"""Reading YAML: the values, the lines, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError
from yaml import SafeLoader

from callcenter.documents import yaml_lines
from callcenter.documents.yaml_lines import (
    DEPTH_MAX,
    DOCUMENT_BYTES_MAX,
    PROBLEMS_MAX,
    DocumentError,
    DocumentProblem,
    explain,
    load_yaml,
    parse_yaml,
    read_text,
)


def _read(text: str) -> dict[str, Any]:
    return parse_yaml(text, "f.yaml")[0]


def _refusals(text: str) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        parse_yaml(text, "f.yaml")
    assert str(caught.value) == "\n".join(map(str, caught.value.problems))
    return [str(problem) for problem in caught.value.problems]


# --- values --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("5", 5),
        ("-5", -5),
        ("0", 0),
        ("1.50", 1.5),
        ("true", True),
        ("false", False),
        ("~", None),
        ("", None),
        ("null", None),
        ('"5"', "5"),
        ("'true'", "true"),
        ('""', ""),
        ("[1, a]", [1, "a"]),
        ("{a: 1}", {"a": 1}),
    ],
)
def test_plain_words_are_numbers_truth_and_nothing(written: str, value: object) -> None:
    read = _read(f"key: {written}")["key"]

    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    "written",
    [
        "0049",
        "+49",
        "yes",
        "no",
        "on",
        "2024-01-01",
        "12:30",
        "0x10",
        "1_000",
        "1e5",
        ".5",
        "9" * 16,
    ],
)
def test_what_would_lose_something_as_a_number_stays_text(written: str) -> None:
    assert _read(f"key: {written}") == {"key": written}


def test_keys_are_text_as_written() -> None:
    assert _read("1: a\n007: b\ntrue: c\n<<: d") == {"1": "a", "007": "b", "true": "c", "<<": "d"}


@pytest.mark.parametrize("text", ["", "# only a comment", "---", "~"])
def test_an_empty_document_is_an_empty_mapping(text: str) -> None:
    assert _read(text) == {}


def test_the_slower_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a:\n  - b: 1\n    c: [x, {y: 2}]\nd: |\n  long\n  text\n"
    fast, fast_lines = parse_yaml(text, "f")

    monkeypatch.setattr(yaml_lines, "_FAST", SafeLoader)
    slow, slow_lines = parse_yaml(text, "f")

    assert fast == slow
    places: list[tuple[str | int, ...]] = [(), ("a",), ("a", 0), ("a", 0, "c", 1, "y"), ("d",)]
    assert [fast_lines.line(*place) for place in places] == [1, 1, 2, 3, 4]
    assert [slow_lines.line(*place) for place in places] == [1, 1, 2, 3, 4]


# --- lines ---------------------------------------------------------------------------------------


def test_the_line_of_a_key_is_found_and_what_is_not_there_is_passed_over() -> None:
    _, lines = parse_yaml("a:\n  b:\n    - x\n    - y: 1\n", "f.yaml")

    assert lines.line("a", "b", 1, "y") == 4
    assert lines.line("a", "b", "tuple", 1) == 4
    assert lines.line("a", "missing") == 1
    assert lines.line("a", "b", 7) == 2
    assert parse_yaml("", "f.yaml")[1].line("a") == 1
    assert lines.problem(["a", "b"], "is bad", "Mend it.") == DocumentProblem(
        "f.yaml", 2, "is bad", "Mend it."
    )


def test_a_problem_of_a_file_as_a_whole_is_told_without_a_line() -> None:
    assert str(DocumentProblem("f.yaml", 0, "is empty", "Fill it.")) == "f.yaml: is empty. Fill it."
    assert str(DocumentProblem("f.yaml", 3, "is bad", "Mend it.")) == "f.yaml:3: is bad. Mend it."


# --- refused -------------------------------------------------------------------------------------


def test_everything_that_is_not_safe_is_told_at_once_in_order_of_lines() -> None:
    refused = _refusals("a: &x 1\nb: *x\nc: !!int 1\nd: !python/name:os.system x\na: 2\ne: ! y\n")

    assert [line.partition(". ")[0] for line in refused] == [
        "f.yaml:1: `&x` is an anchor",
        "f.yaml:2: `*x` is an alias",
        "f.yaml:3: `!!int` is a tag",
        "f.yaml:4: `!python/name:os.system` is a tag",
        "f.yaml:5: `a` stands here again, first in line 1",
        "f.yaml:6: `!` is a tag",
    ]


def test_a_few_lines_that_would_grow_to_gigabytes_are_refused() -> None:
    laughs = "a: &a [lol, lol]\n" + "".join(
        f"{to}: &{to} [{', '.join([f'*{of}'] * 9)}]\n"
        for of, to in zip("abcdefgh", "bcdefghi", strict=True)
    )

    assert len(_refusals(laughs)) == 9 + 8 * 9


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1\nb: 2\n", "f.yaml:2:"),
        ("a: {b: 1\n", "f.yaml:1: this is no YAML: expected ',' or '}'"),
        ("x: 1\na: 'b\nc: 2\n", "f.yaml:2: this is no YAML: found unexpected end of stream"),
        ("a:\n\t- b", "f.yaml:2: this is no YAML: found character '\\t'"),
        ("a: b: c", "f.yaml:1: this is no YAML: mapping values are not allowed here"),
        ("- a\nb: 1", "begun in line 1. Check the indentation."),
        ("a: 1\nfoo\nbar: 1", "f.yaml:2: this is no YAML: could not find expected ':'"),
        ("*: x", 'Put text that begins with * into quotation marks: "*".'),
        ("a: @b", "Put text that begins with this sign into quotation marks."),
        ("a: 1\nb: \x07", "f.yaml:2: holds the control character U+0007. Remove it."),
        ("a: 1\n---\nb: 2", "f.yaml:2: a second document begins. Keep one in a file."),
        ("a: 1\n...\nb: 2", "Keep one document in a file."),
        ("- 1", "f.yaml:1: the document is no mapping. Write `key: value` lines."),
        ("just words", "f.yaml:1: the document is no mapping."),
        ("? [a]\n: b", "f.yaml:1: this key is no text. Write `key: value`."),
        ('"": b', "f.yaml:1: this key is no text."),
        ("? *a\n: b", "f.yaml:1: `*a` is an alias."),
    ],
)
def test_what_is_no_plain_document_is_refused_with_line_and_a_way_to_mend(
    text: str, said: str
) -> None:
    (refused,) = _refusals(text)

    assert said in refused


def test_depth_is_limited() -> None:
    deepest = "a: " + "[" * (DEPTH_MAX - 1) + "]" * (DEPTH_MAX - 1)

    assert "a" in _read(deepest)
    assert _refusals("a: " + "[" * DEPTH_MAX + "]" * DEPTH_MAX) == [
        f"f.yaml:1: deeper than {DEPTH_MAX} levels. Write it flatter."
    ]
    assert len(_refusals("a: " + "[" * 100_000)) == 1


def test_problems_are_limited() -> None:
    assert len(_refusals("a: [" + "*x, " * 1000 + "]")) == PROBLEMS_MAX


# --- files ---------------------------------------------------------------------------------------


def test_a_file_is_read_with_and_without_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\n")

    data, lines = load_yaml(file)

    assert data == {"a": 1}
    assert lines.file == str(file)


def test_files_that_cannot_be_read_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: caf\xe9\n")
    (tmp_path / "long.yaml").write_bytes(b"#" * (DOCUMENT_BYTES_MAX + 1))
    monkeypatch.chdir(tmp_path)

    def refuse(name: str) -> str:
        with pytest.raises(DocumentError) as caught:
            load_yaml(Path(name))
        return str(caught.value)

    assert refuse("none.yaml") == "none.yaml: there is no such file. Check its name and folder."
    assert refuse("/") == "/: this is no file. Name a file."
    assert refuse("latin.yaml") == "latin.yaml:2: is not written in UTF-8. Save it as UTF-8."
    assert refuse("long.yaml").startswith(f"long.yaml: is longer than {DOCUMENT_BYTES_MAX} bytes")
    assert refuse("a" * 300).startswith(f"{'a' * 300}: cannot be read: ")
    os.mkfifo(tmp_path / "pipe")
    assert refuse("pipe") == "pipe: this is no file. Name a file."


def test_a_smaller_limit_may_be_named(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("12345")

    assert read_text(file, 5) == "12345"
    with pytest.raises(DocumentError):
        read_text(file, 4)


# --- what pydantic found -------------------------------------------------------------------------


def _no_war(word: str) -> str:
    if word == "war":
        raise PydanticCustomError("war", "war is no name", {"mend": "Make peace."})
    if word == "fight":
        raise ValueError("fighting is no name")
    return word


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, AfterValidator(_no_war)] = "x"
    count: int = Field(1, ge=1)
    share: float = 0.5
    on: bool = True
    kind: Literal["a", "b"] = "a"
    words: list[str] = []
    pairs: dict[str, int] = {}


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    inner: Inner | None = None
    inners: list[Inner] = []
    secret: Annotated[str, Field(pattern="^[a-z]+$")] = "a"
    needed: Annotated[tuple[Inner, ...], Field(min_length=1, strict=False)] = (Inner(count=1),)


def _explained(text: str) -> list[str]:
    data, lines = parse_yaml(text, "f.yaml")
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(data)
    return [str(problem) for problem in explain(caught.value, Outer, lines)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("inner:\n  nme: 1", "f.yaml:2: `inner.nme` is not known. Did you mean `name`?"),
        ("inners:\n  - qq: 1", "f.yaml:2: `inners[0].qq` is not known. Known are: name, count,"),
        ("needed: [{count: 0}]", "f.yaml:1: `needed[0].count` should be greater"),
        ("needed: []", "f.yaml:1: `needed` should have at least 1 item, not 0. Change it so."),
        ("iner: 1", "f.yaml:1: `iner` is not known. Did you mean `inner`?"),
        ("inner: 5", "f.yaml:1: `inner` is not a mapping. Write `key: value` lines below it"),
        ("inners: x", "f.yaml:1: `inners` is not a list. Write one line with `- `"),
        ("inner:\n  name: 5", "f.yaml:2: `inner.name` is not text. Put it into quotation marks."),
        ("inner:\n  name:", "f.yaml:2: `inner.name` is not text. Write it after the colon."),
        ("inner:\n  name:\n    a: 1", "is not text. Write it after the colon, on the same line."),
        ("inner:\n  count: x", "`inner.count` is not a whole number. Write digits"),
        ("inner:\n  share: x", "`inner.share` is not a number. Write digits"),
        ("inner:\n  on: yes", "`inner.on` is not true or false. Write true or false"),
        ("inner:\n  kind: c", "`inner.kind` is none of the values it may have. Write 'a' or 'b'."),
        ("inner:\n  count: 0", "`inner.count` should be greater than or equal to 1. Change it so."),
        ("inner:\n  words: [1]", "`inner.words[0]` is not text."),
        ("inner:\n  pairs:\n    a: x", "f.yaml:3: `inner.pairs.a` is not a whole number."),
        ("inner:\n  name: war", "f.yaml:2: `inner.name`: war is no name. Make peace."),
        ("inner:\n  name: fight", "`inner.name` fighting is no name. Change it so."),
    ],
)
def test_what_pydantic_finds_is_told_with_line_and_a_way_to_mend(text: str, said: str) -> None:
    (told,) = _explained(text)

    assert said in told


def test_all_that_pydantic_finds_is_told_and_no_value() -> None:
    told = _explained("inner:\n  count: hunter2\nsecret: HUNTER2\n")

    assert len(told) == 2
    assert "hunter2" not in " ".join(told).lower()


def test_a_missing_key_has_the_line_of_its_mapping_also_inside_a_part_of_the_document() -> None:
    class Needs(BaseModel):
        id: str

    _, lines = parse_yaml("x: 1\nparts:\n  one:\n    name: a\n", "f.yaml")
    with pytest.raises(ValidationError) as caught:
        Needs.model_validate({})

    (problem,) = explain(caught.value, Needs, lines, ("parts", "one"))

    assert str(problem) == "f.yaml:3: `parts.one.id` is missing. Add `id:`."


def test_the_key_of_a_mapping_that_may_not_be_so_is_told_at_its_line() -> None:
    class Keyed(BaseModel):
        parts: dict[Annotated[str, Field(pattern="^[a-z]+$")], int]

    data, lines = parse_yaml("parts:\n  a: 1\n  B: 2\n", "f.yaml")
    with pytest.raises(ValidationError) as caught:
        Keyed.model_validate(data)

    (problem,) = explain(caught.value, Keyed, lines)

    assert (problem.line, problem.what.split()[0]) == (3, "`parts.B`")


def test_a_problem_of_the_whole_document_is_told_in_the_words_of_its_check() -> None:
    error = ValidationError.from_exception_data(
        "Outer",
        [
            {
                "type": PydanticCustomError("clash", "they clash", {"mend": "Part them."}),
                "input": {},
            }
        ],
    )

    (problem,) = explain(error, Outer, parse_yaml("", "f.yaml")[1])

    assert str(problem) == "f.yaml:1: they clash. Part them."
