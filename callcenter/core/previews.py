"""Preview dialing: a free agent reads the card of who is next, and has them dialed or skips them.

A card is withdrawn when its agent is not ready any more, leaves the campaign or loses the line, and
when the campaign stops dialing this way: then the contact is the next for somebody else. No card is
kept for ever: one that nobody touches makes its agent not ready.
"""

from __future__ import annotations

from collections.abc import Collection

from callcenter.core import agents, callbacks, lines, outbound, returns, trunks
from callcenter.core.pacing import is_open as is_outcome_open
from callcenter.core.turn import Turn
from callcenter.domain.agent import Agent, AgentState, Preview
from callcenter.domain.campaign import Campaign, CampaignState, HopperRow, Pacing
from callcenter.domain.commands import PopCard
from callcenter.domain.events import DesktopOpened, PreviewDialRequested, PreviewSkipRequested
from callcenter.domain.ids import (
    ATTEMPT_PREFIX,
    AgentId,
    AttemptId,
    CallbackId,
    CampaignId,
    ContactId,
)
from dialer.compliance import lawful_window
from dialer.pacing.scene import AgentPhase
from dialer.window import is_open

UNTOUCHED_S = 300.0
"""A card that is neither dialed nor skipped by then has nobody in front of it: reading takes a
minute or two."""
TRY_AGAIN_S = 1.0
"""After a timed preview that could not be dialed when its time had come."""
SKIPPED_FOR_S = 1800.0
"""Who was skipped is not shown to anybody for so long: others would skip them for the same
reason."""
SKIPPED_MAX = 1000
"""So many are kept of a campaign; the one skipped first is forgotten."""
UNTOUCHED = "preview_untouched"


# --- showing --------------------------------------------------------------------------------------


def offer(turn: Turn, campaign: Campaign) -> int:
    """Show the next cards of the hopper to the free agents, the longest idle first.

    Rows whose window has closed are dropped, those whose number is being dialed or shown stay in
    front; returns how many they are.
    """
    free = _free_agents(turn, campaign) if campaign.hopper and _is_shown(campaign) else []
    if not free:
        return 0
    settings, taken = campaign.settings, numbers_shown(turn)
    window = lawful_window(settings.window, settings.terms)
    kept: list[HopperRow] = []
    used = shown = 0
    for row in campaign.hopper:
        if shown == len(free):
            break
        used += 1
        if row.number in taken or _is_busy(turn, row):
            kept.append(row)
        elif is_open(window, row.zones, turn.now):
            taken[row.number] = None
            show(turn, free[shown], campaign, row)
            shown += 1
    if used > shown + len(kept):
        _look_soon(turn, campaign)
    if used > len(kept):
        turn.put_campaign(
            turn.state.campaigns[settings.id], hopper=(*kept, *campaign.hopper[used:])
        )
    return len(kept)


def _is_busy(turn: Turn, row: HopperRow) -> bool:
    """Whether the person is being dialed, or has called back."""
    return row.number in turn.state.dialing or returns.is_on_line(turn.state, row)


def _is_shown(campaign: Campaign) -> bool:
    """Whether agents read cards of this campaign."""
    return campaign.settings.pacing is Pacing.PREVIEW and campaign.state is CampaignState.RUNNING


def _free_agents(turn: Turn, campaign: Campaign) -> list[Agent]:
    """Who has an open line, no card and no call. Nobody, while people are being dialed or wait whom
    nobody asked for: those are taken first."""
    state, name = turn.state, campaign.settings.id
    known = state.pacings.get(name)
    if known is None or state.blocked or not turn.is_up(campaign.settings.pbx):
        return []
    if turn.now < campaign.settings.starts_at:
        return []
    scene = known.learnt.scene
    if scene.ready <= sum(its == name for its in state.previewing.values()):
        return []
    its_attempts = [a for a in state.attempts.values() if a.campaign == name]
    if any(not a.reserved and is_outcome_open(a) for a in its_attempts):
        return []
    asked = dict.fromkeys(a.reserved for a in its_attempts)
    at_work = (state.agents.get(key) for key in scene.agents)
    free = [
        a
        for a in at_work
        if a is not None and a.id not in asked and is_free(a, scene.agents[a.id].phase)
    ]
    return sorted(free, key=idle)


def is_free(agent: Agent, phase: AgentPhase) -> bool:
    """Whether this agent has an open line, no card and no call."""
    is_ready = agent.state is AgentState.READY and phase is AgentPhase.READY
    return is_ready and agent.preview is None and not agent.dialing


def idle(agent: Agent) -> tuple[float, AgentId]:
    """Whoever is idle for longer comes first."""
    return agent.idle_since, agent.id


def numbers_shown(turn: Turn) -> dict[str, None]:
    """The numbers on the cards that agents read."""
    readers = (turn.state.agents[name] for name in turn.state.previewing)
    return {one.preview.row.number: None for one in readers if one.preview is not None}


def show(
    turn: Turn, agent: Agent, campaign: Campaign, row: HopperRow, callback: CallbackId = ""
) -> None:
    """Show the agent this card, to dial or to skip; for this promise, if one is named."""
    wait_s = campaign.settings.preview_s
    preview = Preview(
        turn.new_id(ATTEMPT_PREFIX),
        campaign.settings.id,
        row,
        turn.now,
        turn.now + wait_s if wait_s else 0.0,
        callback,
    )
    turn.change_agent(agent, preview=preview)
    promised = turn.state.callbacks.get(callback)
    if promised is not None:
        turn.put_callback(promised, attempt=preview.id)
    turn.state.set_timer(f"preview:{agent.id}", preview.dial_at or turn.now + UNTOUCHED_S)
    pop_card(turn, agent, preview.id, preview.campaign, row)


def pop_card(
    turn: Turn, agent: Agent, attempt: AttemptId, campaign: CampaignId, row: HopperRow
) -> None:
    """Have the card of somebody who is to be dialed appear at the agent's desk."""
    turn.send(
        PopCard(
            turn.command_id(),
            agent.id,
            attempt,
            row.customer,
            row.tier,
            row.number,
            "",
            0.0,
            campaign,
            row.contact,
            preview=True,
        )
    )


def desktop_opened(turn: Turn, event: DesktopOpened) -> None:
    """A desktop where there was none shows the card again that its agent was reading."""
    agents.open_desktop(turn, event)
    agent = turn.state.agents.get(event.agent)
    if agent is not None and agent.preview is not None and agent.desktops == 1:
        preview = agent.preview
        pop_card(turn, agent, preview.id, preview.campaign, preview.row)


# --- what agents ask for --------------------------------------------------------------------------


def dial_requested(turn: Turn, event: PreviewDialRequested) -> None:
    """The agent wants this person to be dialed."""
    agent = _reader(turn, event)
    if agent is None or agent.preview is None:
        return
    problem = _dial(turn, agent, agent.preview)
    if problem:
        turn.refuse(event.request, problem)
    else:
        turn.grant(event.request)


def skip_requested(turn: Turn, event: PreviewSkipRequested) -> None:
    """The agent does not want to call this person now: nobody is shown them for a while."""
    agent = _reader(turn, event)
    if agent is None or agent.preview is None:
        return
    preview = agent.preview
    campaign = turn.state.campaigns[preview.campaign]
    promised = turn.state.callbacks.get(preview.callback)
    if promised is not None:
        turn.put_campaign(campaign, skips=campaign.skips + 1)
        agents.take_card(turn, agent)
        callbacks.put_off(turn, turn.state.callbacks[promised.id], turn.now + SKIPPED_FOR_S)
        turn.grant(event.request)
        return
    skipped = {key: until for key, until in campaign.skipped.items() if until > turn.now}
    skipped.pop(preview.row.contact, None)
    skipped[preview.row.contact] = turn.now + SKIPPED_FOR_S
    for contact in list(skipped)[:-SKIPPED_MAX]:
        del skipped[contact]
    turn.put_campaign(campaign, skipped=skipped, skips=campaign.skips + 1)
    agents.take_card(turn, agent)
    turn.grant(event.request)


def _reader(turn: Turn, event: PreviewDialRequested | PreviewSkipRequested) -> Agent | None:
    """The agent asking, who reads that card; other requests are refused."""
    agent = turn.state.agents.get(event.agent)
    if agent is None:
        turn.refuse(
            event.request, f"{event.agent} is not an agent: give the account queues to work in."
        )
    elif agent.dialing and agent.dialing == event.preview:
        turn.refuse(event.request, "This person is being dialed already.")
    elif agent.preview is None or agent.preview.id != event.preview:
        turn.refuse(event.request, "That card is not yours any more: look at the one shown now.")
    else:
        return turn.change_agent(agent, touched_at=turn.now)
    return None


def _dial(turn: Turn, agent: Agent, preview: Preview) -> str:
    """Dial the person on the card; otherwise why not, in a sentence.

    The card stays where the reason is no matter of the person.
    """
    campaign = turn.state.campaigns[preview.campaign]
    settings, row = campaign.settings, preview.row
    trunk = trunks.choose(turn, settings)
    problem = _why_not_now(turn, agent, campaign, trunk)
    if problem:
        return problem
    if not is_open(lawful_window(settings.window, settings.terms), row.zones, turn.now):
        agents.take_card(turn, agent)
        _look_soon(turn, campaign)
        return "The calling window of this person has closed: nobody calls them now."
    if row.number in turn.state.dialing:
        withdraw(turn, agent)
        return "This number is being dialed for somebody else just now: take the next card."
    if returns.is_on_line(turn.state, row):
        withdraw(turn, agent)
        return "This person has called us and is on the line: take the next card."
    agent = agents.take_card(turn, agent)
    turn.change_agent(agent, dialing=preview.id, dialed_in_vain=None)
    outbound.place(turn, campaign, row, trunk, preview.id, agent.id, preview.callback)
    return ""


def _why_not_now(turn: Turn, agent: Agent, campaign: Campaign, trunk: str) -> str:
    """What is in the way of any call of this agent just now."""
    settings = campaign.settings
    if turn.state.blocked:
        return "The journal cannot be written: nobody is dialed until it can."
    if not turn.is_up(settings.pbx):
        return f"PBX {settings.pbx} cannot be reached: try again in a moment."
    if lines.line_of(turn, agent) is None:
        return "Your line is not open: pick up your phone, then dial."
    if agent.desktops == 0:
        return "No desktop of yours is connected: open it, then dial."
    if not trunk:
        names = " and ".join(trunks.trunks_of(settings))
        return f"Trunk {names} takes no call just now: try again in a moment."
    known = turn.state.pacings[settings.id]
    if known.kept and known.kept >= known.learnt.scene.ready:
        return "Who is free just now is needed for calls that come in: try again in a moment."
    if known.learnt.scene.in_flight >= settings.max_lines:
        return "All lines of the campaign are in use: try again in a moment."
    return ""


# --- taking back ----------------------------------------------------------------------------------


def review(turn: Turn) -> None:
    """Withdraw the cards that are no longer to be read, as far as this step has changed
    anything."""
    if not len(turn.state.previewing):
        return
    for agent_id in list(turn.dirty_agents):
        agent = turn.state.agents.get(agent_id)
        if agent is not None and agent.preview is not None and not _may_read(agent, agent.preview):
            withdraw(turn, agent)
    for campaign_id in list(turn.dirty_campaigns):
        if _is_shown(turn.state.campaigns[campaign_id]):
            continue
        for agent in turn.state.readers(campaign_id):
            withdraw(turn, agent)


def _may_read(agent: Agent, preview: Preview) -> bool:
    return (
        agent.state is AgentState.READY
        and not agent.dialing  # a caller who is called back
        and agent.campaign == preview.campaign
        and agent.line is not None
    )


def withdraw(turn: Turn, agent: Agent) -> Agent:
    """Take the card away; its contact is the next for somebody else, if the campaign runs."""
    preview = agent.preview
    agent = agents.take_card(turn, agent)
    campaign = turn.state.campaigns[preview.campaign] if preview is not None else None
    if preview is None or campaign is None or campaign.state is not CampaignState.RUNNING:
        return agent
    if preview.callback:  # which is kept beside the hopper
        return agent
    turn.put_campaign(campaign, hopper=(preview.row, *campaign.hopper))
    return agent


def forget_contacts(turn: Turn, contacts: Collection[ContactId]) -> None:
    """These are not to be dialed any more: no card shows them, nothing tells of them."""
    for agent in list(turn.state.agents.values()):
        if agent.preview is not None and agent.preview.row.contact in contacts:
            agent = agents.take_card(turn, agent)
        if agent.dialed_in_vain is not None and agent.dialed_in_vain.contact in contacts:
            turn.change_agent(agent, dialed_in_vain=None)
    for campaign in list(turn.state.campaigns.values()):
        skipped = {key: at for key, at in campaign.skipped.items() if key not in contacts}
        if len(skipped) < len(campaign.skipped):
            turn.put_campaign(campaign, skipped=skipped)


def due(turn: Turn, agent_id: AgentId) -> None:
    """Time to dial a timed preview, or to give up one that nobody touches."""
    agent = turn.state.agents.get(agent_id)
    preview = agent.preview if agent is not None else None
    if agent is None or preview is None:
        return
    if not preview.dial_at:
        agents.make_not_ready(turn, withdraw(turn, agent), UNTOUCHED)
    elif _dial(turn, agent, preview) and turn.state.agents[agent_id].preview is preview:
        turn.state.set_timer(f"preview:{agent_id}", turn.now + TRY_AGAIN_S)


def _look_soon(turn: Turn, campaign: Campaign) -> None:
    """The database tells when the window opens again."""
    key = f"hopper:{campaign.settings.id}"
    if key not in turn.state.timers:
        turn.state.set_timer(key, turn.now + outbound.LOOK_SOON_S)
