"""What the native queue did while nobody led is taken over as it is."""

from __future__ import annotations

from callcenter.core.machine import Machine
from callcenter.core.state import decode_state
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptState
from callcenter.domain.call import CallState, Place
from callcenter.domain.customer import Tier
from callcenter.domain.ids import ChannelRef
from tests.builders import PBX, Bench, channel, truth


def restart(bench: Bench, *channels: e.ChannelTruth) -> None:
    """Kill and restart the service, then read this state from the PBX."""
    bench.machine = Machine(decode_state(bench.machine.state.encode()))
    bench.now += 60
    bench.tell(e.ServiceStarted(2))
    bench.tell(e.PbxStateRead(PBX, channels))


def native_leg(phone: str, bridge: str) -> e.ChannelTruth:
    """A phone that the native queue has connected."""
    return e.ChannelTruth(ChannelRef(PBX, f"native-{phone}"), phone, Place.BRIDGE, bridge=bridge)


def test_an_agent_whose_caller_has_gone_is_found_with_one_who_came_before_that_caller() -> None:
    # The order of arrival is not that of answers: gold overtakes.
    bench = Bench()
    bench.waiting_caller("early")
    bench.waiting_caller("gold", Tier.GOLD)
    bench.agents("ana", seniors=("ana",))
    bench.talk("gold")
    assert bench.agent("ana").call == bench.call("gold").id

    restart(bench, truth("early", Place.BRIDGE, bridge="b9"), native_leg("1001", "b9"))

    assert bench.call("early").state is CallState.CONNECTED
    assert (bench.call("early").agent, bench.call("early").via_fallback) == ("ana", True)
    assert bench.agent("ana").state is AgentState.TALKING
    assert bench.agent("ana").call == bench.call("early").id


def test_an_agent_on_a_break_whom_the_native_queue_rang_has_the_break_after_that_call() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.ask(e.NotReadyRequested, "ana", "lunch")
    bench.waiting_caller("a")
    restart(bench, truth("a", Place.BRIDGE, bridge="b9"), native_leg("1001", "b9"))
    assert bench.agent("ana").state is AgentState.TALKING
    bench.tell(e.DesktopOpened("ana"))

    bench.hang_up("a")
    bench.ask(e.DispositionRequested, "ana", bench.agent("ana").call, "solved")

    assert (bench.agent("ana").state, bench.agent("ana").reason) == (AgentState.NOT_READY, "lunch")


def test_two_agents_who_have_changed_callers_are_each_found_with_the_new_one() -> None:
    bench = Bench()
    bench.agents("ana", "ben")
    for name in ("a", "b"):
        bench.waiting_caller(name)
        bench.talk(name)
    assert (bench.call("a").agent, bench.call("b").agent) == ("ana", "ben")

    restart(
        bench,
        truth("a", Place.BRIDGE, bridge="b8"),
        native_leg("1002", "b8"),
        truth("b", Place.BRIDGE, bridge="b9"),
        native_leg("1001", "b9"),
    )

    assert (bench.call("a").agent, bench.call("b").agent) == ("ben", "ana")
    assert [bench.agent(name).state for name in ("ana", "ben")] == [AgentState.TALKING] * 2


def test_an_agent_back_from_the_native_queue_s_call_may_be_ready_at_once_by_asking() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.ask(e.NotReadyRequested, "ana", "lunch")
    bench.waiting_caller("a")
    restart(bench, truth("a", Place.BRIDGE, bridge="b9"), native_leg("1001", "b9"))
    bench.tell(e.DesktopOpened("ana"))

    bench.ask(e.ReadyRequested, "ana")
    bench.hang_up("a")
    bench.ask(e.DispositionRequested, "ana", bench.agent("ana").call, "solved")

    assert bench.agent("ana").state is AgentState.READY


def test_an_agent_who_talks_and_picks_up_on_a_second_line_keeps_the_first_call() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.talk("a")
    bench.waiting_caller("b")
    bench.tell(e.CallFellBack(channel("b")))

    bench.tell(e.FallbackAnswered(channel("b"), "1001", channel("q-1")))

    assert bench.agent("ana").call == bench.call("a").id
    assert (bench.call("b").state, bench.call("b").agent) == (CallState.CONNECTED, "")


def test_a_person_whom_the_native_queue_gave_to_an_agent_has_talked_with_that_agent() -> None:
    # Nobody led for a while: from hold the dialplan goes to the native queue.
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.ask(e.NotReadyRequested, "ana", "lunch")
    bench.person(ref)
    bench.tell(e.CallFellBack(ref))

    bench.tell(e.FallbackAnswered(ref, "1001", channel("q-1")))

    assert bench.agent("ana").state is AgentState.TALKING
    assert bench.attempt(ref).state is AttemptState.CONNECTED
    bench.tell(e.ChannelHungUp(ref, 16))
    assert bench.came_of_it().agent == "ana"
    bench.wait(30)
    assert (bench.agent("ana").state, bench.agent("ana").reason) == (AgentState.NOT_READY, "lunch")
