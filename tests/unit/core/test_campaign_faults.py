"""What is counted of campaigns survives a step that is taken back; the invariants find what is
wrong."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from callcenter.core import machine as machine_module
from callcenter.core import outbound
from callcenter.core.invariants import broken
from callcenter.core.turn import Turn
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptState
from callcenter.domain.campaign import CampaignState
from callcenter.domain.records import AttemptRecord, FaultRecord
from tests.builders import Bench, channel, row


def test_a_step_that_is_taken_back_leaves_every_count_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(allowed_faults=("error",))
    ref = bench.dial("ana", rows=3)
    bench.answer(ref)
    bench.now += 1.5
    state = bench.machine.state
    before = state.encode()
    counts = [t.as_dict() for t in (state.live_attempts, state.dialing)]
    real = machine_module._HANDLERS[e.ChannelHungUp]

    def explode(turn: Turn, event: Any) -> None:
        real(turn, event)
        campaign = turn.state.campaigns["renewals"]
        outbound.dial(turn, campaign, bench.machine._pacers.of(campaign))
        raise KeyError("boom")

    monkeypatch.setitem(machine_module._HANDLERS, e.ChannelHungUp, explode)
    bench.tell(e.ChannelHungUp(ref, 16))

    assert [f.kind for f in bench.kept(FaultRecord)] == ["error"]
    assert [t.as_dict() for t in (state.live_attempts, state.dialing)] == counts
    assert bench.kept(AttemptRecord) == []
    after, then = msgspec.msgpack.decode(state.encode()), msgspec.msgpack.decode(before)
    assert list(after["mishaps"]) == ["fault:error"]  # kept, as its record is
    held = {"position": 0, "now": 0.0}
    assert {**after, **held, "mishaps": {}} == {**then, **held}
    monkeypatch.undo()
    bench.tell(e.ChannelHungUp(ref, 16))
    assert len(bench.kept(AttemptRecord)) == 1


def ruin(bench: Bench, kind: str, key: str, **changes: Any) -> list[str]:
    """What is found after this change of a row of a table."""
    table = getattr(bench.machine.state, kind)
    table.put(key, msgspec.structs.replace(table[key], **changes))
    return broken(bench.machine.state)


def ringing() -> tuple[Bench, str]:
    """A call that rings."""
    bench = Bench()
    ref = bench.dial("ana", rows=2)
    bench.tell(e.AttemptCreated(ref))
    bench.tell(e.AttemptRinging(ref))
    return bench, ref.id


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"state": AttemptState.ENDED}, "ended but still kept"),
        ({"campaign": "gone"}, "campaign 'gone' does not exist"),
        ({"number": "+1"}, "+1 is being dialed twice"),
        ({"call": "c1"}, "has call c1 before a person was known"),
        ({"state": AttemptState.FOR_AGENT}, "call '' does not exist"),
    ],
)
def test_an_attempt_in_an_impossible_state_is_found(changes: dict[str, Any], says: str) -> None:
    bench, attempt = ringing()

    assert any(says in line for line in ruin(bench, "attempts", attempt, **changes))


def test_an_attempt_without_a_deadline_is_found() -> None:
    bench, attempt = ringing()

    bench.machine.state.clear_timer(f"attempt:{attempt}")
    bench.machine.state.clear_timer(f"ringout:{attempt}")

    assert [line.partition(": ")[2] for line in broken(bench.machine.state)] == [
        "no deadline",
        "rings without a deadline",
    ]


def test_a_person_in_the_message_whose_call_waits_for_an_agent_is_found() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.ask(e.NotReadyRequested, "ana", "lunch")
    bench.person(ref)
    bench.message(ref)

    lines = ruin(bench, "calls", bench.call(ref.id).id, ending=False)

    assert any("hears the message, and the call waits" in line for line in lines)


def test_a_call_whose_attempt_is_anothers_is_found() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.person(ref)

    lines = ruin(bench, "calls", bench.call(ref.id).id, attempt="att-x")

    assert any("attempt 'att-x' is not its own" in line for line in lines)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"placed": 7}, "7 placed, 1 live, 0 ended"),
        ({"state": CampaignState.FINISHED}, "calls are still under way"),
        ({"hopper": (row(1), row(1))}, "would be dialed twice"),
        ({"hopper": (row(0),)}, "would be dialed twice"),
        ({"refill": "x"}, "awaits rows that nobody was asked for"),
    ],
)
def test_a_campaign_in_an_impossible_state_is_found(changes: dict[str, Any], says: str) -> None:
    bench, _ = ringing()

    assert any(says in line for line in ruin(bench, "campaigns", "renewals", **changes))


def test_a_campaign_that_sleeps_for_ever_is_found() -> None:
    bench = Bench()
    bench.work("ana", rows=0)

    bench.machine.state.clear_timer("hopper:renewals")

    assert any("nobody will be looked up" in line for line in broken(bench.machine.state))


def test_counts_that_have_drifted_are_found() -> None:
    bench, ref = ringing()

    bench.machine.state.live_attempts.put("renewals", 2)
    bench.machine.state.pacings["renewals"].learnt.scene.calls.clear()

    assert [line.partition(": ")[2] for line in broken(bench.machine.state)] == [
        "2 attempts counted, there are 1",
        f"the pacer sees [], there are ['{ref}']",
    ]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"line": None}, "has no line for renewals, and none will be opened"),
        ({"line": channel("leg-x")}, "is not its own"),
        ({"campaign": ""}, "is not its own"),
    ],
)
def test_an_agent_whose_line_is_wrong_is_found(changes: dict[str, Any], says: str) -> None:
    bench = Bench()
    bench.work("ana", rows=0)

    assert any(says in line for line in ruin(bench, "agents", "ana", **changes))


def test_a_line_that_is_being_opened_without_a_deadline_or_that_nobody_knows_is_found() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign()
    bench.ask(e.CampaignJoinRequested, "ana", "renewals")
    bench.machine.state.clear_timer("line:ana")
    assert any("is nowhere, without a deadline" in line for line in broken(bench.machine.state))

    lines = ruin(bench, "agents", "ana", line=None, state=AgentState.NOT_READY)

    assert any("ana does not know it for a line" in line for line in lines)
