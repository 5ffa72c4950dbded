"""What is wrong with a flow: names that lead nowhere, and callers who come to no end."""

from __future__ import annotations

import msgspec
import pytest

from callcenter.domain.flow import Flow, HangupNode, MenuNode, Node, PlayNode, QueueNode
from callcenter.ivr.engine import MAX_STEPS
from callcenter.ivr.validate import FlowProblem, find_node_problems, find_problems
from tests.builders import FLOW

PERSON = QueueNode("service")


def _flow(start: str, **nodes: Node) -> Flow:
    return Flow("test", 1, start, nodes, "service")


def _menu(otherwise: str, **choices: str) -> MenuNode:
    """A menu; its choices are named ``k1`` for the key 1."""
    return MenuNode("menu", {key[1:]: to for key, to in choices.items()}, otherwise)


def _told(flow: Flow) -> list[tuple[str, str]]:
    return [(".".join(problem.place), problem.what) for problem in find_problems(flow)]


def test_a_flow_that_may_be_published_has_no_problems() -> None:
    assert find_problems(FLOW, queues=["service"], prompts=["welcome", "menu", "bye"]) == ()


# --- names ---------------------------------------------------------------------------------------


def test_a_name_that_leads_nowhere_is_one_problem_and_the_nearest_name_is_suggested() -> None:
    flow = _flow(
        "greting",
        greeting=PlayNode("p", "mian"),
        main=_menu("serivce", k1="servce", k2="zzz"),
        service=PERSON,
    )

    assert find_problems(flow) == (
        FlowProblem(
            ("nodes", "greeting", "next"), "there is no node `mian`", "Did you mean `main`?"
        ),
        FlowProblem(
            ("nodes", "main", "choices", "1"),
            "there is no node `servce`",
            "Did you mean `service`?",
        ),
        FlowProblem(
            ("nodes", "main", "choices", "2"),
            "there is no node `zzz`",
            "Add it, or name one that is there.",
        ),
        FlowProblem(
            ("nodes", "main", "otherwise"), "there is no node `serivce`", "Did you mean `service`?"
        ),
        FlowProblem(("start",), "there is no node `greting`", "Did you mean `greeting`?"),
    )


def test_a_start_that_is_like_no_node_is_told_and_nothing_is_guessed_from_it() -> None:
    assert find_problems(_flow("zzz", service=PERSON)) == (
        FlowProblem(("start",), "there is no node `zzz`", "Name one of the nodes."),
    )


def test_a_name_that_is_like_no_other_counts_as_an_end_with_a_person() -> None:
    assert _told(_flow("m", m=_menu("zzz", k1="m"))) == [
        ("nodes.m.otherwise", "there is no node `zzz`")
    ]


@pytest.mark.parametrize("key", ["", "10", "a", "otherwise", "next", "²"])
def test_a_choice_by_what_is_no_key_of_a_telephone_is_told(key: str) -> None:
    flow = _flow("m", m=MenuNode("menu", {key: "q"}, "q"), q=PERSON)

    assert _told(flow) == [(f"nodes.m.choices.{key}", f"`{key}` is no key of a telephone")]


def test_every_key_of_a_telephone_is_one() -> None:
    assert not _told(
        _flow("m", m=MenuNode("menu", dict.fromkeys("0123456789*#", "q"), "q"), q=PERSON)
    )


@pytest.mark.parametrize(
    "prompt", ["", "Menu", "a b", "../secret", "/etc/passwd", "a/", "a//b", "menu.wav", "a" * 65]
)
def test_a_prompt_that_is_no_name_is_told(prompt: str) -> None:
    flow = _flow("p", p=PlayNode(prompt, "q"), q=PERSON)

    assert _told(flow) == [("nodes.p.prompt", f"`{prompt}` is no name of a prompt")]


def test_only_a_hang_up_may_be_without_a_prompt() -> None:
    flow = _flow("m", m=_menu("q", k9="h", k8="l"), q=PERSON, h=HangupNode(), l=HangupNode("A"))

    assert _told(flow) == [("nodes.l.prompt", "`A` is no name of a prompt")]


def test_a_prompt_or_queue_that_the_center_lacks_is_told_with_the_nearest_one() -> None:
    flow = msgspec.structs.replace(FLOW, default_queue="sales")

    found = find_problems(flow, queues=["services"], prompts=["welcom", "menu"])

    assert found == (
        FlowProblem(
            ("nodes", "welcome", "prompt"),
            "there is no prompt `welcome`",
            "Did you mean `welcom`?",
        ),
        FlowProblem(
            ("nodes", "service", "queue"),
            "there is no queue `service`",
            "Did you mean `services`?",
        ),
        FlowProblem(
            ("nodes", "bye", "prompt"), "there is no prompt `bye`", "Write the text of `bye`."
        ),
        FlowProblem(
            ("default_queue",),
            "there is no queue `sales`",
            "Add it to the center's queues, or name one of them.",
        ),
    )


def test_nodes_that_could_not_be_read_are_known_by_name() -> None:
    nodes: dict[str, Node] = {"p": PlayNode("p", "broken"), "r": PlayNode("r", "gone")}

    (problem,) = find_node_problems(nodes, ["p", "r", "broken"])

    assert problem.place == ("nodes", "r", "next")


# --- ways ----------------------------------------------------------------------------------------


def test_nodes_that_no_way_leads_to_are_told() -> None:
    flow = _flow("q", q=PERSON, lost=PlayNode("p", "behind"), behind=QueueNode("service"))

    assert _told(flow) == [
        ("nodes.lost", "no way leads to `lost`"),
        ("nodes.behind", "no way leads to `behind`"),
    ]


def test_a_node_further_away_than_a_caller_is_led_is_told() -> None:
    chain: dict[str, Node] = {f"n{i}": PlayNode("p", f"n{i + 1}") for i in range(MAX_STEPS)}
    too_long = _flow("n0", **chain, **{f"n{MAX_STEPS}": PERSON})
    just_right = _flow("n1", **chain, **{f"n{MAX_STEPS}": PERSON})
    del just_right.nodes["n0"]

    assert _told(too_long) == [
        (
            f"nodes.n{MAX_STEPS}",
            f"`n{MAX_STEPS}` is 51 nodes from the start; after 50 a caller is taken to a person",
        )
    ]
    assert _told(just_right) == []


def test_a_circle_without_a_menu_is_told_once() -> None:
    flow = _flow(
        "m",
        m=_menu("q", k1="in"),
        **{"in": PlayNode("p", "a")},
        a=PlayNode("p", "b"),
        b=PlayNode("p", "a"),
        q=PERSON,
    )

    assert _told(flow) == [("nodes.a.next", "a circle without a menu: a -> b -> a")]


def test_a_prompt_that_leads_to_itself_is_a_circle() -> None:
    flow = _flow("m", m=_menu("q", k1="p"), p=PlayNode("p", "p"), q=PERSON)

    assert _told(flow) == [("nodes.p.next", "a circle without a menu: p -> p")]


def test_a_circle_through_a_menu_is_none_to_speak_of() -> None:
    assert not _told(_flow("p", p=PlayNode("p", "m"), m=_menu("q", k1="p"), q=PERSON))


def test_a_menu_without_a_way_to_any_end_is_told() -> None:
    flow = _flow(
        "m", m=_menu("q", k1="trap"), trap=_menu("trap", k1="again"), again=_menu("trap"), q=PERSON
    )

    assert _told(flow) == [
        ("nodes.trap", "no way from the menu `trap` leads to a person or a hang-up"),
        ("nodes.again", "no way from the menu `again` leads to a person or a hang-up"),
    ]


def test_a_flow_without_a_way_to_a_person_is_told() -> None:
    flow = _flow("p", p=PlayNode("p", "bye"), bye=HangupNode("bye"))

    assert find_problems(flow) == (
        FlowProblem(
            ("nodes",),
            "no way leads to a person",
            "Add a node of type queue, and lead a menu to it.",
        ),
    )


def test_two_menus_that_only_lead_to_a_goodbye_offer_nobody() -> None:
    flow = _flow(
        "first",
        first=_menu("second", k1="bye"),
        second=_menu("bye"),
        bye=HangupNode("bye"),
        q=PERSON,
    )

    assert _told(flow) == [
        ("nodes.q", "no way leads to `q`"),
        ("nodes", "no way leads to a person"),
    ]


def test_a_goodbye_behind_a_menu_that_offered_a_person_is_well() -> None:
    flow = _flow(
        "first",
        first=_menu("second", k1="q"),
        second=_menu("bye"),
        bye=HangupNode("bye"),
        q=PERSON,
    )

    assert _told(flow) == []
