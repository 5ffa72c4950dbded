"""Each invariant is found broken when it is broken."""

from __future__ import annotations

import msgspec
import pytest

from callcenter.core.invariants import broken
from callcenter.core.state import trunk_key
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.call import CallState, Place
from callcenter.domain.campaign import Pacing
from callcenter.domain.rules import Overflow
from tests.builders import PBX, Bench, channel, row
from tests.unit.core.callback_bench import only, promised
from tests.unit.core.test_overflows import BRANCH, dialed_outside, leading


def offered() -> Bench:
    """One call being offered to ana, jon idle."""
    bench = Bench()
    bench.agents("ana", "jon")
    bench.waiting_caller("a")
    return bench


def ruin_agent(bench: Bench, name: str, **changes: object) -> list[str]:
    """What is broken after this change of an agent."""
    state = bench.machine.state
    state.agents.put(name, msgspec.structs.replace(state.agents[name], **changes))
    return broken(state)


def ruin_call(bench: Bench, **changes: object) -> list[str]:
    """What is broken after this change of caller a's call."""
    state, call = bench.machine.state, bench.call("a")
    state.calls.put(call.id, msgspec.structs.replace(call, **changes))
    return broken(state)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"call": "gone"}, "does not exist"),
        ({"leg": channel("x")}, "is not that of call"),
        ({"state": AgentState.READY}, "is not bound to it"),
        ({"phone": ""}, "phone ''"),
    ],
)
def test_an_agent_who_does_not_fit_its_call_is_found(changes: dict[str, object], said: str) -> None:
    assert any(said in line for line in ruin_agent(offered(), "ana", **changes))


def test_an_agent_bound_to_the_call_of_another_is_found() -> None:
    bench = offered()
    call = bench.call("a")

    lines = ruin_agent(bench, "jon", state=AgentState.RESERVED, call=call.id, leg=call.leg)

    assert any("is offered with 'ana'" in line for line in lines)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": CallState.ENDED}, "ended but still kept"),
        ({"channel": channel("x")}, "not found by its channel"),
        ({"agent": "nobody"}, "is not bound to it"),
        ({"queued_at": 0.0}, "waits in no queue"),
        ({"state": CallState.WAITING}, "still bound"),
        ({"state": CallState.IN_IVR, "agent": ""}, "no deadline"),
        ({"ending": True}, "being hung up without a deadline"),
        ({"state": CallState.WAITING, "place": Place.MENU}, "being put on hold without"),
        ({"place": Place.ANNOUNCEMENT}, "hears or says something without a deadline"),
        ({"agent": "", "leg": None}, "offered to nobody"),
    ],
)
def test_a_call_in_an_impossible_state_is_found(changes: dict[str, object], said: str) -> None:
    assert any(said in line for line in ruin_call(offered(), **changes))


def test_a_state_that_waits_without_a_deadline_is_found() -> None:
    bench = offered()
    bench.machine.state.clear_timer("reserve:ana")
    assert broken(bench.machine.state) == ["agent ana (reserved): no deadline"]

    bench = offered()
    bench.ring("a")
    bench.machine.state.clear_timer("ring:ana")
    assert broken(bench.machine.state) == ["agent ana (ringing): no deadline"]

    bench = offered()
    bench.talk("a")
    bench.hang_up("a")
    bench.machine.state.clear_timer("wrap_up:ana")
    assert broken(bench.machine.state) == ["agent ana (wrap_up): no deadline"]


def test_a_number_outside_that_is_dialed_without_a_deadline_is_found() -> None:
    bench = leading(Overflow(after_s=30.0, external=BRANCH))
    dialed_outside(bench)
    call = bench.call("a")

    bench.machine.state.clear_timer(f"outside:{call.id}")

    said = f"call {call.id} (offered): a number outside is dialed without a deadline"
    assert broken(bench.machine.state) == [said]


def test_a_refused_call_that_is_held_for_ever_is_found() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.tell(e.ChannelHungUp(ref, 34))
    state, key = bench.machine.state, trunk_key(PBX, "carrier")
    in_trouble = msgspec.structs.replace(state.trunks[key].breaker, opened_at=bench.now)

    state.trunks.put(key, msgspec.structs.replace(state.trunks[key], breaker=in_trouble))
    state.clear_timer(f"attempt:{ref.id}")

    name = f"attempt {ref.id} (held)"
    assert broken(state) == [
        f"{name}: no deadline",
        f"{name}: its trunk is in trouble, and it is not given back",
    ]


def reading() -> Bench:
    """Ana reads a card."""
    bench = Bench()
    bench.work("ana", rows=3, pacing=Pacing.PREVIEW)
    assert bench.agent("ana").preview is not None
    return bench


def test_a_card_read_beside_something_else_is_found() -> None:
    for changes, said in (
        ({"state": AgentState.NOT_READY}, "beside something else"),
        ({"line": None}, "beside something else"),
        ({"campaign": "surveys"}, "works for 'surveys'"),
        ({"preview": None}, "known for renewals"),
        ({"dialing": "att-gone"}, "which is not theirs"),
    ):
        assert any(said in line for line in ruin_agent(reading(), "ana", **changes))
    bench = reading()
    bench.machine.state.clear_timer("preview:ana")
    assert any("without a deadline" in line for line in broken(bench.machine.state))


def test_somebody_read_and_dialed_next_is_found() -> None:
    bench = reading()
    campaign = bench.live()
    rows = (row(0), *campaign.hopper)
    bench.machine.state.campaigns.put("renewals", msgspec.structs.replace(campaign, hopper=rows))

    assert any("dialed twice" in line for line in broken(bench.machine.state))


def test_a_phone_given_to_two_is_found() -> None:
    bench = offered()

    bench.machine.state.agent_of_phone.put("1002", "ana")

    assert any("phone 1002: ana" in line for line in broken(bench.machine.state))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"is_due": True}, "not known for it"),
        ({"attempt": "att-x"}, "which is not its own"),
        ({"asked": "x-1"}, "nobody was asked for"),
        ({"id": "cb-2"}, "its time will not come"),
    ],
)
def test_a_promise_that_nobody_keeps_is_found(changes: dict[str, object], said: str) -> None:
    bench = promised("ana")
    state, one = bench.machine.state, only(bench)
    changed = msgspec.structs.replace(one, **changes)

    state.callbacks.put(changed.id, changed)

    assert any(said in line for line in broken(state))


def test_somebody_dialed_before_the_time_that_was_promised_is_found() -> None:
    bench = promised("ana")
    campaign = bench.live()

    bench.machine.state.campaigns.put(
        "renewals", msgspec.structs.replace(campaign, hopper=(row(0),))
    )

    assert any("dialed beside it" in line for line in broken(bench.machine.state))
