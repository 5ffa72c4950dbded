"""What agents ask for, their desktops and wrap-ups."""

from __future__ import annotations

from callcenter.core.agents import DESKTOP_GRACE_S
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile, AgentState, Seniority
from callcenter.domain.records import DispositionRecord
from tests.builders import PBX, Bench


def seated(name: str = "ana") -> Bench:
    """One agent, ready."""
    bench = Bench()
    bench.agents(name)
    return bench


def talking() -> Bench:
    """One agent in a conversation with caller ``a``."""
    bench = seated()
    bench.waiting_caller("a")
    bench.talk("a")
    return bench


def wrapping_up() -> Bench:
    """One agent after a conversation."""
    bench = talking()
    bench.hang_up("a")
    return bench


def test_signing_in_makes_the_phone_a_member_of_the_native_queue() -> None:
    bench = seated()

    member = bench.last(c.AddFallbackMember)

    assert (member.pbx, member.phone, member.agent) == (PBX, "1001", "ana")


def test_signing_in_on_the_same_phone_twice_is_granted_and_done_once() -> None:
    bench = seated()

    assert bench.ask(e.SignInRequested, "ana", "1001").problem == ""
    assert len(bench.sent(c.AddFallbackMember)) == 1


def test_signing_in_is_refused_with_a_reason() -> None:
    bench = seated()
    bench.tell(e.AgentsConfigured((AgentProfile("ana", ("service",)), AgentProfile("jon", ()))))

    assert "phone 1001" in bench.ask(e.SignInRequested, "ana", "1002").problem
    assert "no phone 9" in bench.ask(e.SignInRequested, "jon", "9").problem
    assert "in use by ana" in bench.ask(e.SignInRequested, "jon", "1001").problem
    assert "not an agent" in bench.ask(e.SignInRequested, "eve", "1002").problem


def test_being_ready_needs_a_sign_in_and_a_desktop() -> None:
    bench = Bench()
    bench.tell(e.AgentsConfigured((AgentProfile("ana", ("service",)),)))

    assert "not signed in" in bench.ask(e.ReadyRequested, "ana").problem
    assert "not signed in" in bench.ask(e.NotReadyRequested, "ana", "lunch").problem
    bench.ask(e.SignInRequested, "ana", "1001")
    assert "desktop" in bench.ask(e.ReadyRequested, "ana").problem


def test_requests_of_somebody_who_is_no_agent_are_refused() -> None:
    bench = Bench()

    for make in (e.SignOutRequested, e.ReadyRequested, e.HangUpRequested):
        assert "not an agent" in bench.ask(make, "eve").problem
    assert "not an agent" in bench.ask(e.NotReadyRequested, "eve", "x").problem
    assert "not an agent" in bench.ask(e.DispositionRequested, "eve", "c", "x").problem


def test_signing_out_releases_the_phone() -> None:
    bench = seated()

    assert bench.ask(e.SignOutRequested, "ana").problem == ""
    assert bench.ask(e.SignOutRequested, "ana").problem == ""

    assert bench.agent("ana").state is AgentState.SIGNED_OUT
    assert bench.last(c.RemoveFallbackMember).phone == "1001"
    assert bench.ask(e.SignInRequested, "ana", "1001").problem == ""


def test_a_request_sent_twice_is_done_once_and_answered_the_same() -> None:
    bench = seated()
    first = bench.tell(e.SignOutRequested("same", "ana"))
    bench.tell(e.SignInRequested("in", "ana", "1001"))

    again = bench.tell(e.SignOutRequested("same", "ana"))

    assert again.replies == first.replies
    assert bench.agent("ana").state is AgentState.NOT_READY


def test_a_wish_during_a_call_takes_effect_after_it() -> None:
    bench = talking()

    assert bench.ask(e.NotReadyRequested, "ana", "lunch").problem == ""
    assert bench.agent("ana").state is AgentState.TALKING
    bench.hang_up("a")
    bench.wait(30)

    assert (bench.agent("ana").state, bench.agent("ana").reason) == (
        AgentState.NOT_READY,
        "lunch",
    )


def test_a_wish_is_taken_back_by_asking_for_calls() -> None:
    bench = talking()
    bench.ask(e.NotReadyRequested, "ana", "lunch")

    bench.ask(e.ReadyRequested, "ana")
    bench.hang_up("a")
    bench.wait(30)

    assert bench.agent("ana").state is AgentState.READY


def test_signing_out_during_a_call_takes_effect_after_it() -> None:
    bench = talking()

    bench.ask(e.SignOutRequested, "ana")
    bench.hang_up("a")
    bench.wait(30)

    assert bench.agent("ana").state is AgentState.SIGNED_OUT


def test_a_wish_takes_effect_when_the_offer_comes_to_nothing() -> None:
    for make, args, state in (
        (e.SignOutRequested, (), AgentState.SIGNED_OUT),
        (e.NotReadyRequested, ("lunch",), AgentState.NOT_READY),
    ):
        bench = seated()
        bench.waiting_caller("a")
        bench.ring("a")
        bench.ask(make, "ana", *args)

        bench.hang_up("a")

        assert bench.agent("ana").state is state


def test_a_disposition_ends_the_wrap_up() -> None:
    bench = wrapping_up()
    call = bench.agent("ana").call

    assert bench.ask(e.DispositionRequested, "ana", call, "solved").problem == ""

    assert bench.kept(DispositionRecord)[0].code == "solved"
    assert bench.agent("ana").state is AgentState.READY
    assert "not yours" in bench.ask(e.DispositionRequested, "ana", call, "solved").problem


def test_a_disposition_during_the_call_is_kept_and_the_wrap_up_still_comes() -> None:
    bench = talking()

    bench.ask(e.DispositionRequested, "ana", bench.call("a").id, "callback")
    bench.hang_up("a")

    assert bench.agent("ana").state is AgentState.WRAP_UP


def test_a_disposition_before_any_conversation_is_refused() -> None:
    bench = seated()
    call = bench.waiting_caller("a")

    assert "talk first" in bench.ask(e.DispositionRequested, "ana", call.id, "x").problem


def test_ready_and_not_ready_end_the_wrap_up_early() -> None:
    bench = wrapping_up()
    bench.ask(e.ReadyRequested, "ana")
    assert bench.agent("ana").state is AgentState.READY

    bench = wrapping_up()
    bench.ask(e.NotReadyRequested, "ana", "break")
    assert bench.agent("ana").reason == "break"
    bench.wait(60)
    assert bench.agent("ana").state is AgentState.NOT_READY


def test_an_agent_can_hang_up_the_caller() -> None:
    bench = talking()

    assert bench.ask(e.HangUpRequested, "ana").problem == ""

    assert bench.last(c.HangUp).channel == bench.call("a").channel
    bench.hang_up("a")
    assert "not in a conversation" in bench.ask(e.HangUpRequested, "ana").problem


def test_an_agent_whose_desktop_stays_away_is_made_not_ready_and_gets_no_call_meanwhile() -> None:
    bench = seated()
    bench.tell(e.DesktopClosed("ana"))

    bench.waiting_caller("a")
    assert bench.sent(c.RingAgent) == []
    bench.wait(DESKTOP_GRACE_S + 1)

    assert bench.agent("ana").reason == "desktop_lost"


def test_a_desktop_that_comes_back_in_time_changes_nothing() -> None:
    bench = seated()
    bench.tell(e.DesktopClosed("ana"))
    bench.wait(DESKTOP_GRACE_S - 1)

    bench.tell(e.DesktopOpened("ana"))
    bench.wait(5)

    assert bench.agent("ana").state is AgentState.READY


def test_a_second_desktop_keeps_the_agent_when_the_first_closes() -> None:
    bench = seated()
    bench.tell(e.DesktopOpened("ana"))

    bench.tell(e.DesktopClosed("ana"))
    bench.wait(DESKTOP_GRACE_S + 1)

    assert bench.agent("ana").state is AgentState.READY


def test_nobody_gets_calls_after_a_wrap_up_at_an_empty_desk() -> None:
    bench = wrapping_up()

    bench.tell(e.DesktopClosed("ana"))
    bench.wait(40)

    assert bench.agent("ana").reason == "desktop_lost"


def test_desktops_of_people_who_are_no_agents_change_nothing() -> None:
    bench = Bench()

    bench.tell(e.DesktopOpened("eve"))
    bench.tell(e.DesktopClosed("eve"))

    assert len(bench.machine.state.agents) == 0


def test_a_start_of_the_service_forgets_desktops_and_gives_them_time_to_come_back() -> None:
    bench = Bench()
    bench.agents("ana", "jon")

    bench.tell(e.ServiceStarted(2))
    bench.tell(e.DesktopOpened("ana"))
    bench.wait(DESKTOP_GRACE_S + 1)

    assert bench.agent("ana").state is AgentState.READY
    assert bench.agent("jon").reason == "desktop_lost"


def test_a_second_start_of_the_service_gives_desktops_the_whole_time_again() -> None:
    bench = Bench()
    bench.agents("ana")

    bench.tell(e.ServiceStarted(2))
    bench.wait(DESKTOP_GRACE_S - 1)
    bench.tell(e.ServiceStarted(3))
    bench.wait(DESKTOP_GRACE_S - 1)
    still = bench.agent("ana").state
    bench.wait(2)

    assert still is AgentState.READY
    assert bench.agent("ana").reason == "desktop_lost"


def test_a_change_of_the_accounts_reaches_the_live_agents() -> None:
    bench = Bench()
    bench.agents("ana", "jon", "eva")
    bench.waiting_caller("a")
    bench.talk("a")
    busy = bench.call("a").agent
    assert busy == "ana"
    bench.ask(e.SignOutRequested, "eva")

    bench.tell(e.AgentsConfigured(()))

    assert bench.agent("jon").state is AgentState.SIGNED_OUT
    assert "eva" not in bench.machine.state.agents
    bench.hang_up("a")
    bench.wait(31)
    assert bench.agent("ana").state is AgentState.SIGNED_OUT


def test_seniority_and_queues_can_change_while_signed_in() -> None:
    bench = seated()

    bench.tell(e.AgentsConfigured((AgentProfile("ana", ("service",), Seniority.SENIOR),)))

    assert bench.agent("ana").seniority is Seniority.SENIOR
    assert bench.agent("ana").state is AgentState.READY


def test_a_grace_time_that_ends_after_the_sign_out_changes_nothing() -> None:
    bench = seated()
    bench.tell(e.DesktopClosed("ana"))
    bench.ask(e.SignOutRequested, "ana")
    bench.machine.state.set_timer("desktop:ana", bench.now + 1)

    bench.wait(DESKTOP_GRACE_S)

    assert bench.agent("ana").state is AgentState.SIGNED_OUT
    assert bench.deadlines() == {}


# --- sales ----------------------------------------------------------------------------------------


def sell(bench: Bench, code: str = "agreed", amount_cents: int = 4990) -> str:
    """What is wrong with what Ana says of her campaign's call; empty: nothing."""
    call = bench.agent("ana").call
    return bench.ask(e.DispositionRequested, "ana", call, code, None, amount_cents).problem


def test_a_sale_is_kept_with_its_amount_while_they_talk_and_in_wrap_up() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.person(ref)
    bench.join(ref)

    assert sell(bench, amount_cents=100) == ""
    bench.wait(10)
    bench.part(ref)
    assert sell(bench) == ""

    kept = [(one.sale, one.amount_cents) for one in bench.kept(DispositionRecord)]
    assert kept == [(True, 100), (True, 4990)]


def test_an_amount_belongs_to_a_sale_only() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1, sales=("renewed",))
    bench.person(ref)
    bench.join(ref)

    assert "agreed is no sale" in sell(bench)
    assert sell(bench, amount_cents=0) == ""

    assert [one.sale for one in bench.kept(DispositionRecord)] == [False]


def test_a_caller_who_came_in_buys_nothing_in_a_campaign() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.talk("a")

    assert "no sale" in sell(bench)
