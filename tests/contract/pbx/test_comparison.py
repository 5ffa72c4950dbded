"""What the comparison of two PBXs finds, what it leaves out, and when it fails for want of need."""

from __future__ import annotations

from typing import TypeAlias

from callcenter.domain.events import (
    CallArrived,
    ChannelHungUp,
    PbxEvent,
    PbxLinkLost,
    PbxStateRead,
)
from callcenter.domain.ids import ChannelRef
from tests.contract.pbx.comparison import Comparison
from tests.contract.pbx.console import Recording, Remark
from tests.contract.pbx.ignored import MOMENTS, Field, FreePlace, Housekeeping
from tests.contract.pbx.recorder import ADDED, Message, Record
from tests.contract.pbx.traces import SOME_TIME, Entry, Trace, make_trace

STREAM = "events of leg-1"
Told: TypeAlias = tuple[str, dict[str, str]]


def make(*entries: Told, stream: str = STREAM) -> Trace:
    trace = Trace()
    for name, fields in entries:
        trace.add(stream, name, fields)
    return trace


def bare(fields: tuple[Field, ...] = (), free_places: tuple[FreePlace, ...] = ()) -> Comparison:
    """A comparison with an ignore list of its own."""
    return Comparison(fields, free_places, ())


def event(name: str, *headers: tuple[str, str]) -> Record:
    return Record(sent=False, message=[("Event", name), *headers])


# --- comparing -----------------------------------------------------------------------------------


def test_what_is_the_same_does_not_differ() -> None:
    traces = [make(("Newchannel", {"State": "0"}), ("Hangup", {"Cause": "16"})) for _ in range(2)]

    assert bare().compare("a", *traces) == []


def test_an_empty_trace_differs_even_from_another_empty_one() -> None:
    full = make(("Hangup", {}))

    assert bare().compare("a", Trace(), Trace()) == [
        "nothing to compare: asterisk and simulated did nothing"
    ]
    assert bare().compare("a", full, Trace()) == ["nothing to compare: simulated did nothing"]
    assert bare().compare("a", Trace(), full) == ["nothing to compare: asterisk did nothing"]


def test_another_order_and_a_missing_event_differ() -> None:
    first: Told = ("DialBegin", {})
    second: Told = ("Newstate", {})

    (swapped,) = bare().compare("a", make(first, second), make(second, first))
    (missing,) = bare().compare("a", make(first, second), make(first))

    assert "['DialBegin', 'Newstate']" in swapped
    assert "['Newstate', 'DialBegin']" in swapped
    assert "simulated: ['DialBegin']" in missing


def test_a_stream_that_only_one_of_them_has_differs() -> None:
    both, more = make(("Hangup", {})), make(("Hangup", {}))
    more.add("events of leg-2", "Hangup", {})

    (difference,) = bare().compare("a", both, more)

    assert difference.startswith("events of leg-2: in this order")


def test_values_and_missing_headers_differ() -> None:
    left = make(("Hangup", {"Cause": "17", "TechCause": "486"}))
    right = make(("Hangup", {"Cause": "16"}))

    assert bare().compare("a", left, right) == [
        "events of leg-1: Hangup (number 0): Cause: asterisk '17', simulated '16'",
        "events of leg-1: Hangup (number 0): TechCause: asterisk '486', simulated None",
    ]


def test_headers_in_another_order_differ() -> None:
    left, right = make(("Hangup", {"A": "1", "B": "2"})), make(("Hangup", {"B": "2", "A": "1"}))

    (difference,) = bare().compare("a", left, right)

    assert "headers in this order" in difference


# --- what is left out, and the account of it -----------------------------------------------------


def test_an_ignored_field_is_left_out_and_needed_when_it_differed() -> None:
    field = Field("Hangup", "Cause", "a reason")
    same, other = make(("Hangup", {"Cause": "16"})), make(("Hangup", {"Cause": "17"}))
    comparison = bare((field,))

    assert comparison.compare("a", same, same) == []
    unneeded = comparison.list_unneeded()
    assert comparison.compare("b", same, other) == []

    assert unneeded == [str(field)]
    assert comparison.list_unneeded() == []


def test_a_field_that_differs_sometimes_is_needed_when_it_was_met() -> None:
    comparison = bare((Field("Hangup", "Dest.*", "a race", sometimes=True),))
    left, right = make(("Hangup", {"DestChannel": "x", "DestContext": "y"})), make(("Hangup", {}))

    assert comparison.compare("a", left, right) == []
    assert comparison.list_unneeded() == []


def test_a_field_that_may_be_lacking_is_compared_where_it_is_not() -> None:
    field = Field("Hangup", "Cause|Other", "a race", sometimes=True, may_lack=True)
    left, right = make(("Hangup", {"Cause": "16"})), make(("Hangup", {"Cause": "17"}))
    comparison = bare((field,))

    assert comparison.compare("a", left, make(("Hangup", {}))) == []
    assert comparison.list_unneeded() == []
    assert len(comparison.compare("b", left, right)) == 1


def test_a_field_may_be_ignored_in_one_scenario_only() -> None:
    comparison = bare((Field("Hangup", "Cause", "a reason", scenarios=("a",)),))
    left, right = make(("Hangup", {"Cause": "16"})), make(("Hangup", {"Cause": "17"}))

    assert comparison.compare("a", left, right) == []
    assert len(comparison.compare("b", left, right)) == 1


def test_an_event_with_a_free_place_is_compared_but_for_its_place() -> None:
    free = FreePlace("events of", "OriginateResponse", "a race")
    hangup: Told = ("Hangup", {})
    told = ("OriginateResponse", {"Reason": "0"})
    other = ("OriginateResponse", {"Reason": "3"})
    comparison = bare(free_places=(free,))

    unneeded = comparison.list_unneeded()
    assert comparison.compare("a", make(told, hangup), make(hangup, told)) == []
    (difference,) = comparison.compare("b", make(told, hangup), make(hangup, other))

    assert unneeded == [str(free)]
    assert comparison.list_unneeded() == []
    assert "Reason: asterisk '0', simulated '3'" in difference
    assert len(comparison.compare("c", make(told, hangup), make(hangup))) == 1


def test_moments_and_housekeeping_are_needed_when_a_trace_had_them() -> None:
    entries = (next(one for one in MOMENTS if one.header == "Timestamp"),)
    comparison = Comparison((), (), entries)
    trace = make(("Hangup", {"Timestamp": "1795300932.325953"}))

    unneeded = comparison.list_unneeded()
    comparison.compare("a", trace, trace)

    assert unneeded == [str(entries[0])]
    assert comparison.list_unneeded() == []
    assert comparison.scenarios == {"a": None}


# --- making a trace ------------------------------------------------------------------------------

CALLER = [("Channel", "PJSIP/carrier-0000000a"), ("Uniqueid", "main-1795300932.8")]


def arrive() -> list[Record]:
    return [event("Newchannel", *CALLER), event("Hangup", *CALLER, ("Cause", "16"))]


def test_ids_are_named_by_the_order_of_their_appearance() -> None:
    channel = ChannelRef("main", "main-1795300932.8")
    facts: list[PbxEvent] = [CallArrived(channel, "+1202", "6000"), ChannelHungUp(channel, 16)]
    remarks = [Remark("HangUp", {"channel": str(channel), "result": "done"})]

    trace = make_trace(Recording(facts, remarks, arrive()))

    assert trace["events of carrier#1"] == [
        Entry("Newchannel", {"Channel": "PJSIP/carrier#1", "Uniqueid": "carrier#1"}),
        Entry("Hangup", {"Channel": "PJSIP/carrier#1", "Uniqueid": "carrier#1", "Cause": "16"}),
    ]
    assert [entry.name for entry in trace["facts of carrier#1"]] == ["CallArrived", "ChannelHungUp"]
    assert trace["results and answers"] == [
        Entry("HangUp", {"channel": "main/carrier#1", "result": "done"})
    ]


def test_an_agents_leg_keeps_the_id_that_we_gave() -> None:
    leg = [("Channel", "PJSIP/1001-0000000b"), ("Uniqueid", "leg-c-1-0")]
    dial = event("DialBegin", ("Uniqueid", "main-1795300932.8"), ("DestUniqueid", "leg-c-1-0"))

    trace = make_trace(Recording([], [], [*arrive(), event("Newchannel", *leg), dial]))

    assert [entry.name for entry in trace["events of leg-c-1-0"]] == ["Newchannel", "DialBegin"]


def test_an_events_subject_is_its_channel_its_bridge_its_member_or_nobody() -> None:
    records = [
        event("BridgeCreate", ("BridgeUniqueid", "b-1"), ("BridgeName", "<unknown>")),
        event("QueueMemberStatus", ("Interface", "PJSIP/1001")),
        event("FullyBooted", ("Uptime", "12")),
    ]

    trace = make_trace(Recording([], [], records))

    assert list(trace) == [
        "events of bridge-unknown#1",
        "events of PJSIP/1001",
        "events of session",
    ]
    assert trace["events of session"] == [Entry("FullyBooted", {"Uptime": SOME_TIME})]


def test_a_time_of_zero_is_told_from_another_where_it_matters() -> None:
    trace = make(("Status", {"TimeToHangup": "0", "Seconds": "0"}))
    trace.add(STREAM, "Status", {"TimeToHangup": "1795300932", "Seconds": "3"})

    assert [entry.fields for entry in trace[STREAM]] == [
        {"TimeToHangup": "0", "Seconds": SOME_TIME},
        {"TimeToHangup": SOME_TIME, "Seconds": SOME_TIME},
    ]


def test_an_action_stands_with_its_answer_and_its_rows() -> None:
    asked: Message = [("Action", "Status"), ("ActionID", f"{ADDED}1"), ("Variables", "A")]
    end: Message = [("Event", "StatusComplete"), ("ActionID", f"{ADDED}1"), ("ListItems", "2")]
    rows = [
        event("Status", ("ActionID", f"{ADDED}1"), ("Uniqueid", one), ("Variable", f"A={one}"))
        for one in ("leg-2", "leg-1")
    ]
    start = Record(False, [("Response", "Success"), ("ActionID", f"{ADDED}1")])

    trace = make_trace(Recording([], [], [Record(True, asked), start, *rows, Record(False, end)]))

    assert [(entry.name, entry.fields.get("Uniqueid")) for entry in trace["answers"]] == [
        ("Status", None),
        ("Status", "leg-1"),
        ("Status", "leg-2"),
        ("StatusComplete", None),
    ]
    assert trace["answers"][0].fields["Response"] == "Success"
    assert trace["answers"][1].fields["Variable A"] == "leg-1"


def test_the_gateways_own_housekeeping_is_left_out_and_an_unanswered_action_shows() -> None:
    ping: Message = [("Action", "Ping"), ("ActionID", "p-1")]
    ours: Message = [("Action", "Ping"), ("ActionID", f"{ADDED}1")]

    trace = make_trace(Recording([], [], [Record(True, ping), Record(True, ours)]))

    assert [entry.fields["asked Action"] for entry in trace["answers"]] == ["Ping"]
    assert trace["answers"][0].fields["Response"] == "none"
    assert any(isinstance(one, Housekeeping) for one in trace.used)


def test_facts_of_the_whole_pbx_and_repeated_headers_are_spelt_out() -> None:
    facts: list[PbxEvent] = [PbxLinkLost("main", "lost 127.0.0.1:12345"), PbxStateRead("main", ())]
    env = event("AsyncAGIStart", ("Uniqueid", "leg-1"), ("Env", "agi_a%3A%20b%0Aagi_c%3A%20%0A"))
    output = event("Output", ("Uniqueid", "leg-1"), ("Line", "one"), ("Line", "two"))

    trace = make_trace(Recording(facts, [], [env, output]))

    assert trace["facts of the PBX"] == [
        Entry("PbxLinkLost", {"reason": "lost 127.0.0.1:PORT"}),
        Entry("PbxStateRead", {}),
    ]
    started, printed = trace["events of leg-1"]
    assert started.fields == {"Uniqueid": "leg-1", "Env agi_a": "b", "Env agi_c": ""}
    assert printed.fields == {"Uniqueid": "leg-1", "Line": "one", "Line 1": "two"}
