"""Walking a flow document."""

from __future__ import annotations

import msgspec

from callcenter.domain.flow import MenuNode, PlayNode, QueueNode
from callcenter.ivr import engine
from tests.builders import FLOW


def test_a_prompt_leads_to_the_menu_and_a_digit_to_the_queue() -> None:
    move = engine.begin(FLOW)
    assert move == engine.Move("welcome", engine.Say("welcome"), steps=1)

    move = engine.after_prompt(FLOW, "welcome", move.steps)
    assert move == engine.Move("menu", engine.Ask("menu", 5.0), steps=2)
    assert engine.asks(FLOW, "menu")

    move = engine.after_digit(FLOW, "menu", "1", 0, move.steps)
    assert move.action == engine.Enqueue("service")


def test_a_wrong_digit_is_asked_again_until_the_tries_are_used_up() -> None:
    move = engine.after_digit(FLOW, "menu", "5", 0, 2)
    assert (move.action, move.tries) == (engine.Ask("menu", 5.0), 1)

    move = engine.after_digit(FLOW, "menu", "", 1, 2)
    assert move.action == engine.Enqueue("service")


def test_good_bye_is_said_and_then_the_call_ends() -> None:
    move = engine.after_digit(FLOW, "menu", "9", 0, 2)
    assert move.action == engine.Say("bye")

    assert engine.after_prompt(FLOW, "bye", 3).action == engine.End()


def test_a_node_is_repeated_when_its_answer_was_lost() -> None:
    assert engine.again(FLOW, "menu", 1, 5) == engine.Move("menu", engine.Ask("menu", 5.0), 1, 5)


def test_whatever_does_not_fit_the_document_leads_to_a_person() -> None:
    to_person = engine.Enqueue("service")

    assert engine.again(FLOW, "gone", 0, 1).action == to_person
    assert engine.after_digit(FLOW, "welcome", "1", 0, 1).action == to_person
    assert engine.after_prompt(FLOW, "service", 1).action == to_person
    dangling = msgspec.structs.replace(FLOW, start="nowhere")
    assert engine.begin(dangling).action == to_person


def test_a_flow_that_circles_is_broken_off() -> None:
    circle = msgspec.structs.replace(
        FLOW,
        start="a",
        nodes={"a": PlayNode("x", "b"), "b": PlayNode("y", "a"), "q": QueueNode("service")},
    )
    move = engine.begin(circle)
    passed = 0
    while not isinstance(move.action, engine.Enqueue):
        move = engine.after_prompt(circle, move.node, move.steps)
        passed += 1
        assert passed <= engine.MAX_STEPS

    assert passed == engine.MAX_STEPS


def test_hanging_up_without_a_word_is_possible() -> None:
    silent = msgspec.structs.replace(
        FLOW, start="m", nodes={"m": MenuNode("p", {"1": "h"}, "h"), "h": FLOW.nodes["bye"]}
    )
    quiet = msgspec.structs.replace(
        silent, nodes={**silent.nodes, "h": msgspec.structs.replace(FLOW.nodes["bye"], prompt="")}
    )

    assert engine.after_digit(quiet, "m", "1", 0, 1).action == engine.End()
