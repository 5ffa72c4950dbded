"""Any text is a flow or is told with its line; any flow without problems leads to an end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.documents.yaml_lines import DocumentError, DocumentProblem, load_yaml, parse_yaml
from callcenter.domain.flow import Flow, HangupNode, MenuNode, Node, PlayNode, QueueNode
from callcenter.ivr.drawing import draw
from callcenter.ivr.engine import MAX_STEPS, Enqueue
from callcenter.ivr.script import walk
from callcenter.ivr.validate import DIGITS, find_problems

NAMES = ("a", "b", "c", "d", "e", "gone")

names = st.sampled_from(NAMES)
digits = st.sampled_from(DIGITS)
nodes: st.SearchStrategy[Node] = st.one_of(
    st.builds(PlayNode, st.just("p"), names),
    st.builds(
        MenuNode,
        st.just("p"),
        st.dictionaries(digits, names, max_size=4),
        names,
        tries=st.integers(1, 3),
    ),
    st.builds(QueueNode, st.just("q")),
    st.builds(HangupNode, st.sampled_from(["", "p"])),
)
flows = st.builds(
    Flow,
    st.just("f"),
    st.just(1),
    names,
    st.dictionaries(st.sampled_from(NAMES[:-1]), nodes, min_size=1),
    st.just("default"),
)


@given(flows, st.lists(st.one_of(digits, st.just("")), max_size=200))
def test_a_flow_without_problems_leads_every_caller_where_its_author_meant(
    flow: Flow, keys: list[str]
) -> None:
    walked = walk(flow, keys)

    assert len(walked.ways) <= MAX_STEPS
    if not find_problems(flow, queues=["q", "default"]):
        draw(flow)
        broken_off = walked.end == Enqueue("default")
        assert not broken_off or len(walked.ways) + 1 == MAX_STEPS


def _problems(read: Callable[[], object]) -> tuple[DocumentProblem, ...]:
    """What was told when it was read; any other error fails the test."""
    try:
        read()
    except DocumentError as error:
        return error.problems or pytest.fail("refused without a reason")
    return ()


@given(st.text(alphabet="ab:-?[]{}&*!|>'\"%@`#, \n\t0.\x07é~<", max_size=60))
def test_any_text_is_data_or_is_told_with_its_line(text: str) -> None:
    problems = _problems(lambda: parse_yaml(text, "f.yaml"))

    assert all(1 <= each.line <= text.count("\n") + 1 for each in problems)


@given(st.binary(max_size=40))
def test_any_bytes_are_data_or_are_told(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.mktemp("bytes") / "f.yaml"
    file.write_bytes(content)

    assert all(each.file == str(file) for each in _problems(lambda: load_yaml(file)))
