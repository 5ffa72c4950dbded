"""Reading flow documents and prompts: what comes out, and what is told of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.documents.flows import (
    NODES_MAX,
    PROMPT_BYTES_MAX,
    find_prompts,
    list_documents,
    load_flow,
    load_flows,
    load_prompts,
)
from callcenter.documents.yaml_lines import DocumentError
from callcenter.domain.conditions import Kind
from callcenter.domain.flow import Flow, HangupNode, MenuNode, PlayNode, QueueNode

GOOD = """\
id: main
version: 3
start: welcome
default_queue: service
nodes:
  welcome: {type: play, prompt: welcome, next: menu}
  menu:
    type: menu
    prompt: menu
    choices:
      1: service
      "#": bye
    otherwise: service
    timeout_s: 2.5
    tries: 3
  service: {type: queue, queue: service}
  bye: {type: hangup, prompt: bye}
"""


def _write(folder: Path, text: str, name: str = "main.yaml") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def _refusals(folder: Path, text: str, **known: list[str]) -> list[str]:
    file = _write(folder, text)
    with pytest.raises(DocumentError) as caught:
        load_flow(file, **known)
    return [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]


def _declaring(attributes: str) -> str:
    """The good flow, with these attributes."""
    queue = "default_queue: service"
    return GOOD.replace(queue, f"{queue}\nattributes: {{{attributes}}}")


def test_nodes_may_say_what_is_known_of_a_call(tmp_path: Path) -> None:
    text = GOOD.replace(
        "default_queue: service", "default_queue: service\nattributes: {loan: number}"
    )
    text = text.replace("queue: service}", "queue: service, set: {intent: cards, loan: 5}}")

    flow = load_flow(_write(tmp_path, text))

    assert flow.attributes == {"loan": Kind.NUMBER}
    assert flow.nodes["service"] == QueueNode("service", {"intent": "cards", "loan": 5.0})


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "set: {lone: 5}",
            "main.yaml:17: the attribute `lone` is not declared. Did you mean `loan`?",
        ),
        ("set: {loan: much}", "main.yaml:17: `loan` is declared as number. Write a number here"),
        ("set: {intent: 5}", "main.yaml:17: `intent` is declared as text. Write a text here"),
        ("set: {zzz: 5}", "main.yaml:17: the attribute `zzz` is not declared. Declare it under"),
        (
            "set: {loan: [1]}",
            "main.yaml:17: `nodes.service.set.loan`: this is no text, number or truth",
        ),
    ],
)
def test_what_a_node_sets_is_checked(tmp_path: Path, written: str, said: str) -> None:
    text = GOOD.replace(
        "default_queue: service", "default_queue: service\nattributes: {loan: number}"
    )

    found = _refusals(tmp_path, text.replace("queue: service}", f"queue: service, {written}}}"))

    assert found[0].startswith(said)


def test_the_intent_is_not_declared(tmp_path: Path) -> None:
    text = GOOD.replace(
        "default_queue: service", "default_queue: service\nattributes: {intent: text}"
    )

    assert _refusals(tmp_path, text) == [
        "main.yaml:5: `intent` is there already. Take it out: it is text."
    ]


def test_a_flow_is_read_with_all_its_fields(tmp_path: Path) -> None:
    assert load_flow(_write(tmp_path, GOOD), queues=["service"]) == Flow(
        id="main",
        version=3,
        start="welcome",
        nodes={
            "welcome": PlayNode("welcome", "menu"),
            "menu": MenuNode("menu", {"1": "service", "#": "bye"}, "service", 2.5, 3),
            "service": QueueNode("service"),
            "bye": HangupNode("bye"),
        },
        default_queue="service",
    )


def test_what_may_be_left_out_has_a_default(tmp_path: Path) -> None:
    text = GOOD.replace("    timeout_s: 2.5\n    tries: 3\n", "").replace(", prompt: bye", "")

    nodes = load_flow(_write(tmp_path, text)).nodes

    assert nodes["menu"] == MenuNode("menu", {"1": "service", "#": "bye"}, "service", 5.0, 2)
    assert nodes["bye"] == HangupNode("")


def test_a_dangling_node_is_told_with_its_line_and_the_nearest_name(tmp_path: Path) -> None:
    text = GOOD.replace("1: service", "1: servise").replace("next: menu", "next: mneu")

    assert _refusals(tmp_path, text) == [
        "main.yaml:6: there is no node `mneu`. Did you mean `menu`?",
        "main.yaml:11: there is no node `servise`. Did you mean `service`?",
    ]


def test_all_mistakes_of_shape_and_name_are_told_at_once(tmp_path: Path) -> None:
    text = """\
id: the main flow
version: 0
begin: welcome
default_queue: service
nodes:
  welcome: {type: play, promt: welcome, next: menu}
  menu: {type: menu, prompt: Menu, choices: {12: service}, otherwise: servce, tries: 9}
  other: {type: menu, prompt: Menu, choices: {12: service}, otherwise: servce}
  service: {queue: service}
  bye: {type: hang up}
  silent: bye
  queued: {type: queue, queue: 5}
"""

    assert _refusals(tmp_path, text) == [
        "main.yaml:1: `id` should match pattern '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$'. Change it so.",
        "main.yaml:1: `start` is missing. Add `start:`.",
        "main.yaml:2: `version` should be greater than or equal to 1. Change it so.",
        "main.yaml:3: `begin` is not known. Known are: nodes, id, version, start, default_queue, "
        "attributes.",
        "main.yaml:6: `nodes.welcome.prompt` is missing. Add `prompt:`.",
        "main.yaml:6: `nodes.welcome.promt` is not known. Did you mean `prompt`?",
        "main.yaml:7: `nodes.menu.tries` should be less than or equal to 5. Change it so.",
        "main.yaml:8: `Menu` is no name of a prompt. "
        "Use small letters, digits, _ and -, with / between folders.",
        "main.yaml:8: `12` is no key of a telephone. "
        "Use one of 0 to 9, * and #, the last two in quotation marks.",
        "main.yaml:8: there is no node `servce`. Did you mean `service`?",
        "main.yaml:9: `nodes.service.type` is missing. Add `type:`.",
        "main.yaml:10: `nodes.bye.type` is none of the values it may have. "
        "Write 'play', 'menu', 'queue' or 'hangup'.",
        "main.yaml:11: `nodes.silent` is not a mapping. "
        "Write `key: value` lines below it, indented.",
        "main.yaml:12: `nodes.queued.queue` is not text. Put it into quotation marks.",
    ]


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("version: 3", "version: true", "main.yaml:2: `version` is not a whole number."),
        ("version: 3", "version: 1.0", "main.yaml:2: `version` is not a whole number."),
        ("tries: 3", "tries: yes", "main.yaml:15: `nodes.menu.tries` is not a whole number."),
        ("timeout_s: 2.5", "timeout_s: 0", "main.yaml:14: `nodes.menu.timeout_s` should be"),
        ("timeout_s: 2.5", "timeout_s: 31", "main.yaml:14: `nodes.menu.timeout_s` should be"),
        ("1: service", "1: 5", "main.yaml:11: `nodes.menu.choices.1` is not text."),
        ("  bye: {", "  a b: {", "main.yaml:17: `nodes.a b` should match pattern"),
        ("{type: hangup, prompt: bye}", "{type: [hangup]}", "main.yaml:17: `nodes.bye.type`"),
        ("default_queue: service", 'default_queue: ""', "main.yaml:4: `default_queue` should"),
    ],
)
def test_a_field_that_may_not_be_so_is_told(
    tmp_path: Path, was: str, becomes: str, said: str
) -> None:
    assert said in "\n".join(_refusals(tmp_path, GOOD.replace(was, becomes)))


def test_a_menu_without_choices_and_a_flow_without_nodes_are_told(tmp_path: Path) -> None:
    menu = "nodes: {m: {type: menu, prompt: p, choices: {}, otherwise: m}}"
    top = "id: a\nversion: 1\nstart: m\ndefault_queue: q\n"

    assert "`nodes.m.choices` should have at least 1 item" in _refusals(tmp_path, top + menu)[0]
    assert "`nodes` should have at least 1 item" in _refusals(tmp_path, top + "nodes: {}")[0]
    assert "`nodes` is not a mapping" in _refusals(tmp_path, top + "nodes: [m]")[0]
    assert "main.yaml:1: `nodes` is missing" in _refusals(tmp_path, top)[0]
    assert len(_refusals(tmp_path, "")) == 5


def test_a_flow_with_more_nodes_than_anybody_reads_is_refused(tmp_path: Path) -> None:
    many = "".join(f"  n{i}: {{type: queue, queue: q}}\n" for i in range(NODES_MAX + 1))

    refused = _refusals(tmp_path, f"id: a\nversion: 1\nstart: n0\ndefault_queue: q\nnodes:\n{many}")

    assert refused[0].startswith(f"main.yaml:5: `nodes` should have at most {NODES_MAX} items")


def test_ways_are_judged_with_the_line_of_the_node(tmp_path: Path) -> None:
    text = GOOD.replace('      "#": bye\n', "")

    assert _refusals(tmp_path, text) == [
        "main.yaml:16: no way leads to `bye`. Lead one to it, or remove it."
    ]


def test_queues_and_prompts_are_judged_when_they_are_known(tmp_path: Path) -> None:
    refused = _refusals(tmp_path, GOOD, queues=["sales"], prompts=["welcome", "menu", "by"])

    assert refused == [
        "main.yaml:4: there is no queue `service`. "
        "Add it to the center's queues, or name one of them.",
        "main.yaml:16: there is no queue `service`. "
        "Add it to the center's queues, or name one of them.",
        "main.yaml:17: there is no prompt `bye`. Did you mean `by`?",
    ]


# --- folders -------------------------------------------------------------------------------------


def test_the_flows_of_a_folder_come_in_the_order_of_their_files(tmp_path: Path) -> None:
    _write(tmp_path, GOOD, "b.yaml")
    _write(tmp_path, GOOD.replace("id: main", "id: other"), "a.yml")
    _write(tmp_path, "not a flow", "tests/b.yaml")
    _write(tmp_path, "not a flow", "README.md")

    assert [flow.id for flow in load_flows(tmp_path, queues=["service"])] == ["other", "main"]


def test_the_problems_of_all_flows_of_a_folder_are_told(tmp_path: Path) -> None:
    _write(tmp_path, GOOD.replace("next: menu", "next: mneu"), "a.yaml")
    _write(tmp_path, GOOD, "b.yaml")
    _write(tmp_path, "# the same again\n" + GOOD, "c.yaml")

    with pytest.raises(DocumentError) as caught:
        load_flows(tmp_path)

    assert [str(problem) for problem in caught.value.problems] == [
        f"{tmp_path}/a.yaml:6: there is no node `mneu`. Did you mean `menu`?",
        f"{tmp_path}/c.yaml:2: the id `main` is taken by {tmp_path}/b.yaml. "
        "Give each flow an id of its own.",
    ]


def test_a_folder_without_flows_is_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"there is no flow in this folder. Put flows into it"):
        load_flows(tmp_path)
    with pytest.raises(DocumentError, match="there is no such folder"):
        load_flows(tmp_path / "none")
    assert list_documents(tmp_path / "none") == ()


# --- prompts -------------------------------------------------------------------------------------


def test_prompts_are_read_by_name_with_their_line_breaks_taken_out(tmp_path: Path) -> None:
    _write(tmp_path, "For cards,\npress 1.\n", "prompts/en/menu.txt")
    _write(tmp_path, "Bye.\n", "prompts/en/night/bye.txt")
    _write(tmp_path, "no prompt", "prompts/en/README.md")

    assert load_prompts(tmp_path) == {"menu": "For cards, press 1.", "night/bye": "Bye."}


def test_prompts_that_cannot_be_spoken_are_told(tmp_path: Path) -> None:
    _write(tmp_path, " \n", "prompts/en/empty.txt")
    _write(tmp_path, "x" * (PROMPT_BYTES_MAX + 1), "prompts/en/long.txt")

    with pytest.raises(DocumentError) as caught:
        load_prompts(tmp_path)

    assert [problem.what for problem in caught.value.problems] == [
        "is empty",
        f"is longer than {PROMPT_BYTES_MAX} bytes",
    ]
    with pytest.raises(DocumentError, match="there is no such folder of prompts"):
        load_prompts(tmp_path, "is")


def test_a_prompt_is_known_when_it_has_a_text_in_every_language(tmp_path: Path) -> None:
    assert find_prompts(tmp_path) is None
    for name in ("en/a", "en/b", "is/b", "is/c"):
        _write(tmp_path, "Text.", f"prompts/{name}.txt")

    assert find_prompts(tmp_path) == ("b",)
