"""Playing scripts of key presses without a phone."""

from __future__ import annotations

import msgspec

from callcenter.domain.flow import MenuNode, PlayNode, QueueNode
from callcenter.ivr.engine import MAX_STEPS, End, Enqueue
from callcenter.ivr.script import (
    SILENCE,
    Script,
    Walk,
    find_differences,
    find_untaken_ways,
    name_end,
    walk,
)
from callcenter.ivr.ways import NEXT, OTHERWISE, Way, ways_of
from tests.builders import FLOW

PERSON = Enqueue("service")


def test_a_walk_tells_the_nodes_the_ways_and_the_end() -> None:
    assert walk(FLOW, ["1"]) == Walk(
        ("welcome", "menu", "service"),
        PERSON,
        (Way("welcome", NEXT, "menu"), Way("menu", "1", "service")),
        (),
    )


def test_a_caller_whose_keys_are_used_up_stays_silent() -> None:
    walked = walk(FLOW, [])

    assert walked.path == ("welcome", "menu", "menu", "service")
    assert walked.ways[-1] == Way("menu", OTHERWISE, "service")


def test_keys_that_mean_nothing_and_silence_are_asked_again() -> None:
    assert walk(FLOW, ["5", "1"]).ways == walk(FLOW, [SILENCE, "1"]).ways == walk(FLOW, ["1"]).ways
    assert walk(FLOW, ["5", "6"]) == walk(FLOW, [])


def test_a_goodbye_is_heard_before_the_end_and_keys_after_it_are_left() -> None:
    walked = walk(FLOW, ["9", "1"])

    assert (walked.path, walked.end) == (("welcome", "menu", "bye"), End())
    assert walked.keys_left == ("1",)


def test_a_flow_that_breaks_off_ends_with_its_default_queue() -> None:
    nowhere = msgspec.structs.replace(FLOW, start="gone")
    circle = msgspec.structs.replace(
        FLOW, start="a", nodes={"a": PlayNode("x", "a"), "q": QueueNode("service")}
    )

    assert walk(nowhere, []) == Walk((), PERSON, (), ())
    assert walk(circle, []).path == ("a",) * MAX_STEPS
    assert walk(circle, []).end == PERSON


def test_a_menu_may_lead_to_itself() -> None:
    nodes = {**FLOW.nodes, "menu": MenuNode("menu", {"1": "service", "*": "menu"}, "menu")}
    flow = msgspec.structs.replace(FLOW, nodes=nodes)

    walked = walk(flow, ["*", SILENCE, SILENCE, "1"])

    assert walked.path == ("welcome", "menu", "menu", "menu", "menu", "service")
    assert walked.ways[1:3] == (Way("menu", "*", "menu"), Way("menu", OTHERWISE, "menu"))


def test_a_script_that_goes_as_expected_has_no_differences() -> None:
    script = Script("presses 1", ("1",), ("welcome", "menu", "service"), PERSON)

    assert find_differences(FLOW, script) == ()


def test_what_went_otherwise_is_told_in_words() -> None:
    script = Script("is wrong", ("1", "2", "3"), (), End())

    assert find_differences(FLOW, script) == (
        "went welcome -> menu -> service, expected nowhere",
        "ended with queue service, expected hangup",
        "was never asked for the last keys: 2 3",
    )
    assert name_end(End()) == "hangup"


def test_the_ways_that_no_script_takes_are_found() -> None:
    scripts = [Script("", keys, (), PERSON) for keys in (("1",), ("9",))]

    assert find_untaken_ways(FLOW, scripts) == (Way("menu", OTHERWISE, "service"),)
    assert find_untaken_ways(FLOW, []) == ways_of(FLOW)


def test_a_way_is_named_with_its_key_and_knows_its_place_in_the_document() -> None:
    ways = ways_of(FLOW)

    assert [str(way) for way in ways] == [
        "welcome --next--> menu",
        "menu --1--> service",
        "menu --9--> bye",
        "menu --otherwise--> service",
    ]
    assert [way.place for way in ways] == [
        ("nodes", "welcome", "next"),
        ("nodes", "menu", "choices", "1"),
        ("nodes", "menu", "choices", "9"),
        ("nodes", "menu", "otherwise"),
    ]
