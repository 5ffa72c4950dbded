"""What agents ask for and what happens to their desktops and wrap-ups."""

from __future__ import annotations

import msgspec

from callcenter.core import amd, lines
from callcenter.core.lessons import RESOLVED
from callcenter.core.turn import Turn
from callcenter.domain.agent import Agent, AgentProfile, AgentState, AgentStep
from callcenter.domain.commands import AddFallbackMember, RemoveFallbackMember
from callcenter.domain.events import (
    AgentsConfigured,
    DesktopClosed,
    DesktopOpened,
    DispositionRequested,
    HangUpRequested,
    NotReadyRequested,
    ReadyRequested,
    SignInRequested,
    SignOutRequested,
)
from callcenter.domain.ids import AgentId, CallId, CampaignId, Phone
from callcenter.domain.records import DispositionRecord

DESKTOP_GRACE_S = 20.0
"""A desktop that is gone longer (a reload takes 2 s, a Wi-Fi change 10 s) makes its agent not
ready."""

REMOVE_AGAIN_S = 10.0
"""Until a phone is taken out of the native queue again: the link is back by then, mostly."""

AT_REST = (AgentState.NOT_READY, AgentState.READY, AgentState.WRAP_UP)
"""States in which a wish takes effect at once, unless a call is being dialed for the agent."""


def is_at_rest(agent: Agent) -> bool:
    """Whether a wish of this agent takes effect at once: no person is on the line, nor about to
    answer a call that the agent asked for."""
    return agent.state in AT_REST and not (agent.state is AgentState.READY and agent.dialing)


def profile_of(agent: Agent) -> AgentProfile:
    """What the machine knows of the account."""
    return AgentProfile(agent.id, agent.queues, agent.seniority, agent.team, agent.skills)


def configure_agents(turn: Turn, event: AgentsConfigured) -> None:
    """Take the list of accounts. Who is no longer listed is signed out when at rest."""
    listed: dict[AgentId, AgentProfile] = {profile.id: profile for profile in event.agents}
    for profile in event.agents:
        known = turn.state.agents.get(profile.id)
        if known is None:
            turn.put_agent(Agent(**msgspec.structs.asdict(profile), since=turn.now))
        elif profile_of(known) != profile:
            turn.change_agent(known, **msgspec.structs.asdict(profile))
    for agent in list(turn.state.agents.values()):
        if agent.id in listed:
            continue
        if agent.state is AgentState.SIGNED_OUT:
            turn.state.agents.remove(agent.id)
            turn.dirty_agents[agent.id] = None
            turn.touched[f"agent:{agent.id}"] = None
        elif is_at_rest(agent):
            sign_out(turn, agent)
        else:
            turn.change_agent(agent, wish=AgentState.SIGNED_OUT, wish_reason="account_removed")


def leave_phones(turn: Turn) -> None:
    """After a change of the settings: nobody works on a phone that is not there any more."""
    for agent in list(turn.state.agents.values()):
        if not agent.phone or turn.state.center.phones.get(agent.phone) == agent.pbx:
            continue
        if is_at_rest(agent):
            sign_out(turn, agent)
        else:
            turn.change_agent(agent, wish=AgentState.SIGNED_OUT, wish_reason="phone_removed")


def take_card(turn: Turn, agent: Agent) -> Agent:
    """Nobody is to be dialed or skipped by this agent any more, should a card have been shown."""
    turn.state.clear_timer(f"preview:{agent.id}")
    promised = turn.state.callbacks.get(agent.preview.callback) if agent.preview else None
    if promised is not None:
        turn.put_callback(promised, attempt="")
    return turn.change_agent(agent, preview=None)


def give(turn: Turn, agent: Agent, campaign: CampaignId) -> Agent:
    """From now on this one of the agent's campaigns counts on them."""
    others = tuple(name for name in agent.works_for if name != campaign)
    return turn.change_agent(agent, campaign=campaign, also_for=others)


# --- requests ----------------------------------------------------------------------------------


UNTOUCHED = "untouched"
"""Why an agent of a campaign is not ready after a wrap-up in which nothing was clicked."""
UNTOUCHED_S_MIN = 5.0
"""In a shorter wrap-up nobody can be expected to click."""


def _known(turn: Turn, request: str, agent_id: AgentId) -> Agent | None:
    """The agent asking; a request of somebody who is no agent is refused."""
    agent = turn.state.agents.get(agent_id)
    if agent is None:
        turn.refuse(request, f"{agent_id} is not an agent: give the account queues to work in.")
        return None
    return turn.change_agent(agent, touched_at=turn.now)


def sign_in(turn: Turn, event: SignInRequested) -> None:
    """Begin work on a phone."""
    agent = _known(turn, event.request, event.agent)
    if agent is None:
        return
    pbx = turn.state.center.phones.get(event.phone)
    holder = turn.state.agent_of_phone.get(event.phone)
    if agent.state is not AgentState.SIGNED_OUT:
        if agent.phone == event.phone:
            turn.grant(event.request)
        else:
            turn.refuse(
                event.request, f"You work on phone {agent.phone}: sign out there before changing."
            )
    elif pbx is None:
        turn.refuse(event.request, f"There is no phone {event.phone}: ask for the right number.")
    elif holder is not None:
        turn.refuse(event.request, f"Phone {event.phone} is in use by {holder}: take another one.")
    else:
        turn.state.agent_of_phone.put(event.phone, agent.id)
        turn.step_agent(
            agent,
            AgentStep.SIGN_IN,
            reason="signed_in",
            pbx=pbx,
            phone=event.phone,
            idle_since=turn.now,
            wish=None,
        )
        if agent.desktops == 0:
            turn.state.set_timer(f"desktop:{agent.id}", turn.now + DESKTOP_GRACE_S)
        turn.send(AddFallbackMember(turn.command_id(), pbx, event.phone, agent.id))
        turn.grant(event.request)


def request_sign_out(turn: Turn, event: SignOutRequested) -> None:
    """Stop work, after the running call if there is one."""
    agent = _known(turn, event.request, event.agent)
    if agent is None:
        return
    if is_at_rest(agent):
        sign_out(turn, agent)
    elif agent.state is not AgentState.SIGNED_OUT:
        turn.change_agent(agent, wish=AgentState.SIGNED_OUT, wish_reason="")
    turn.grant(event.request)


def sign_out(turn: Turn, agent: Agent) -> None:
    """Release the phone. Only for agents at rest."""
    turn.state.clear_timer(f"wrap_up:{agent.id}")
    turn.state.clear_timer(f"desktop:{agent.id}")
    agent = lines.close_line(turn, agent)
    turn.state.agent_of_phone.remove(agent.phone)
    turn.send(RemoveFallbackMember(turn.command_id(), agent.pbx, agent.phone))
    turn.step_agent(
        agent,
        AgentStep.SIGN_OUT,
        pbx="",
        phone="",
        call="",
        leg=None,
        campaign="",
        also_for=(),
        leaves=(),
        dialing="",
        dialed_in_vain=None,
        wish=None,
        wish_reason="",
    )


def removal_failed(turn: Turn, phone: Phone) -> None:
    """The native queue may still ring this phone, and nobody works on it: try again later."""
    turn.state.set_timer(f"member:{phone}", turn.now + REMOVE_AGAIN_S)


def remove_again(turn: Turn, phone: Phone) -> None:
    """Take a phone out of the native queue, unless somebody works on it by now."""
    pbx = turn.state.center.phones.get(phone)
    if pbx is None or phone in turn.state.agent_of_phone:
        return
    if turn.is_up(pbx):
        turn.send(RemoveFallbackMember(turn.command_id(), pbx, phone))
    else:
        removal_failed(turn, phone)


def request_ready(turn: Turn, event: ReadyRequested) -> None:
    """Take calls from now on."""
    agent = _known(turn, event.request, event.agent)
    if agent is None:
        return
    if agent.state is AgentState.SIGNED_OUT:
        turn.refuse(event.request, "You are not signed in: sign in on a phone first.")
    elif agent.desktops == 0:
        turn.refuse(event.request, "No desktop of yours is connected: open it, then be ready.")
    elif is_at_rest(agent):
        make_ready(turn, agent)
        turn.grant(event.request)
    else:
        turn.change_agent(agent, wish=None, wish_reason="")
        turn.grant(event.request)


def make_ready(turn: Turn, agent: Agent) -> None:
    """From a break or from wrap-up to ready."""
    turn.state.clear_timer(f"wrap_up:{agent.id}")
    was_on_break = agent.state is AgentState.NOT_READY
    agent = turn.step_agent(
        agent,
        AgentStep.GO_READY,
        call="",
        leg=None,
        wish=None,
        idle_since=turn.now if was_on_break else agent.idle_since,
        line_failures=0,
    )
    lines.open_line(turn, agent)


def request_not_ready(turn: Turn, event: NotReadyRequested) -> None:
    """Take no calls for this reason, after the running call if there is one."""
    agent = _known(turn, event.request, event.agent)
    if agent is None:
        return
    if agent.state is AgentState.SIGNED_OUT:
        turn.refuse(event.request, "You are not signed in: sign in on a phone first.")
        return
    if is_at_rest(agent):
        make_not_ready(turn, agent, event.reason)
    else:
        turn.change_agent(agent, wish=AgentState.NOT_READY, wish_reason=event.reason)
    turn.grant(event.request)


def make_not_ready(turn: Turn, agent: Agent, reason: str) -> None:
    """From rest to not ready."""
    turn.state.clear_timer(f"wrap_up:{agent.id}")
    turn.step_agent(
        agent, AgentStep.GO_NOT_READY, reason=reason, call="", leg=None, wish=None, wish_reason=""
    )


def give_disposition(turn: Turn, event: DispositionRequested) -> None:
    """Write down how the conversation ended; in wrap-up that ends the wrap-up."""
    agent = _known(turn, event.request, event.agent)
    if agent is None:
        return
    if not event.call or agent.call != event.call:
        turn.refuse(event.request, f"Call {event.call} is not yours now: its wrap-up is over.")
        return
    if agent.state not in (AgentState.TALKING, AgentState.WRAP_UP):
        turn.refuse(event.request, "There was no conversation yet: talk first.")
        return
    is_sale = event.code in _sales_of(turn, agent, event.call)
    if event.amount_cents and not is_sale:
        turn.refuse(event.request, f"{event.code} is no sale: leave the amount out.")
        return
    turn.record(
        DispositionRecord(
            event.call, agent.id, event.code, turn.now, is_sale, max(0, event.amount_cents)
        )
    )
    amd.give_disposition(turn, event.call, event.code)
    if agent.task is not None:
        task = msgspec.structs.replace(agent.task, resolved=RESOLVED.get(event.code))
        agent = turn.change_agent(agent, task=task)
    if agent.state is AgentState.WRAP_UP:
        end_wrap_up(turn, agent)
    turn.grant(event.request)


def _sales_of(turn: Turn, agent: Agent, call: CallId) -> tuple[str, ...]:
    """The dispositions that are sales of the campaign whose call it is; in wrap-up the call may be
    gone, and the agent still knows."""
    spoke = agent.spoke
    if spoke is None or spoke.call != call:
        return ()
    return turn.state.campaigns[spoke.campaign].settings.sales


def request_hang_up(turn: Turn, event: HangUpRequested) -> None:
    """End the conversation by hanging up the caller; the rest follows from the PBX's events."""
    agent = _known(turn, event.request, event.agent)
    if agent is None:
        return
    call = turn.state.calls.get(agent.call)
    if agent.state is not AgentState.TALKING or call is None:
        turn.refuse(event.request, "You are not in a conversation.")
        return
    turn.end_caller(call)
    turn.grant(event.request)


# --- time and desktops -------------------------------------------------------------------------


def end_wrap_up(turn: Turn, agent: Agent) -> None:
    """After-call work is over: ready, unless the agent wished otherwise or nobody sits there."""
    if agent.wish is AgentState.SIGNED_OUT:
        sign_out(turn, agent)
    elif agent.wish is AgentState.NOT_READY:
        make_not_ready(turn, agent, agent.wish_reason)
    elif agent.desktops == 0:
        make_not_ready(turn, agent, "desktop_lost")
    else:
        make_ready(turn, agent)


def grant_wish(turn: Turn, agent: Agent) -> None:
    """An offer came to nothing and the agent is ready or not ready: let a kept wish take effect,
    unless a call is still being dialed for the agent."""
    if not is_at_rest(agent):
        return
    if agent.wish is AgentState.SIGNED_OUT:
        sign_out(turn, agent)
    elif agent.wish is AgentState.NOT_READY:
        make_not_ready(turn, agent, agent.wish_reason)


def begin_wrap_up(turn: Turn, agent: Agent, wrap_up_s: float) -> None:
    """The conversation is over."""
    turn.step_agent(agent, AgentStep.CONVERSATION_OVER, leg=None, idle_since=turn.now)
    turn.state.set_timer(f"wrap_up:{agent.id}", turn.now + wrap_up_s)


def wrap_up_timed_out(turn: Turn, agent_id: AgentId) -> None:
    """The time for after-call work has passed."""
    agent = turn.state.agents.get(agent_id)
    if agent is None or agent.state is not AgentState.WRAP_UP:
        return
    # On an open line the next person is there without anybody picking up: a page that stands open
    # on an empty chair must not get one.
    is_waited = turn.now - agent.since >= UNTOUCHED_S_MIN
    is_untouched = agent.touched_at < agent.busy_since
    if agent.campaign and is_waited and is_untouched and agent.wish is None and agent.desktops:
        make_not_ready(turn, agent, UNTOUCHED)
    else:
        end_wrap_up(turn, agent)


def open_desktop(turn: Turn, event: DesktopOpened) -> None:
    """One more desktop of this agent."""
    agent = turn.state.agents.get(event.agent)
    if agent is not None:
        turn.state.clear_timer(f"desktop:{agent.id}")
        agent = turn.change_agent(agent, desktops=agent.desktops + 1)
        if agent.state is AgentState.READY:  # the line may have been lost meanwhile
            lines.open_line(turn, agent)


def close_desktop(turn: Turn, event: DesktopClosed) -> None:
    """One desktop less; the last one starts the grace time."""
    agent = turn.state.agents.get(event.agent)
    if agent is None or agent.desktops == 0:
        return
    left = agent.desktops - 1
    turn.change_agent(agent, desktops=left)
    if left == 0 and agent.state is not AgentState.SIGNED_OUT:
        turn.state.set_timer(f"desktop:{agent.id}", turn.now + DESKTOP_GRACE_S)


def desktop_timed_out(turn: Turn, agent_id: AgentId) -> None:
    """Nobody came back to the desktop: no customer to an empty chair."""
    agent = turn.state.agents.get(agent_id)
    if agent is None or agent.desktops:
        return
    if agent.state is AgentState.READY:
        make_not_ready(turn, agent, "desktop_lost")
    if agent.state in AT_REST:
        lines.close_line(turn, turn.state.agents[agent_id])
    elif agent.state is not AgentState.SIGNED_OUT:
        # The running offer may yet come to nothing, the conversation ends some time.
        turn.state.set_timer(f"desktop:{agent.id}", turn.now + DESKTOP_GRACE_S)


def forget_desktops(turn: Turn) -> None:
    """After a start of the service: every desktop has to come back within the grace time."""
    for agent in list(turn.state.agents.values()):
        if agent.desktops:
            agent = turn.put_agent(msgspec.structs.replace(agent, desktops=0))
        if agent.state is not AgentState.SIGNED_OUT:
            turn.state.set_timer(f"desktop:{agent.id}", turn.now + DESKTOP_GRACE_S)
