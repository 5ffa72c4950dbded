"""Makes the callbacks of campaigns whose time has come: before anybody else of the list is dialed.

For so long as its own agent is waited for (``Callback.own_for_s``) only that one calls, then
whoever of the campaign has been idle the longest. The agent is reserved: the person goes to them
and to nobody else. Calling window, do-not-call list, consent and caps hold as for any call.
"""

from __future__ import annotations

from callcenter.core import callbacks, calling_back, outbound, previews, returns, trunks
from callcenter.core.pacing import is_open as is_outcome_open
from callcenter.core.turn import Turn
from callcenter.domain.agent import Agent
from callcenter.domain.callback import Callback
from callcenter.domain.campaign import Campaign, CampaignState, HopperRow, Pacing
from callcenter.domain.commands import FetchContacts
from callcenter.domain.ids import ATTEMPT_PREFIX, CallbackId
from dialer.compliance import lawful_window
from dialer.window import is_open, next_open

ROW_KEPT_S = 300.0
"""What the database said of a contact holds for so long, as it does in the hopper."""
ASK_AT_ONCE = 100
"""Contacts of one question."""
TRY_AGAIN_S = 5.0
"""After the trunk, or the campaign's lines, took no call."""
LOOK_AGAIN_S = 3600.0
"""How often it is looked again at a contact whose calling window opens at no time."""


def due(turn: Turn, key: CallbackId) -> None:
    """The time of a callback has come, or it is to be looked at again."""
    callback = turn.state.callbacks.get(key)
    if callback is None:
        return
    if callback.attempt and callback.queue:
        calling_back.look_again(turn, callback)
        return
    if not callback.is_due and callback.at <= turn.now:
        callback = turn.put_callback(callback, is_due=True)
    if callback.campaign:
        turn.touch_campaign(callback.campaign)


def serve(turn: Turn) -> bool:
    """Have whoever is free for it make the due callbacks of the campaigns that this step has
    touched; whether anybody does."""
    before = len(turn.commands)
    for name in list(turn.dirty_campaigns):
        waiting = callbacks.due_of(turn.state, name)
        if waiting:
            _serve(turn, turn.state.campaigns[name], waiting)
    return len(turn.commands) > before


def _serve(turn: Turn, campaign: Campaign, waiting: list[Callback]) -> None:
    settings, state = campaign.settings, turn.state
    known = state.pacings.get(settings.id)
    if campaign.state is not CampaignState.RUNNING or not turn.is_up(settings.pbx):
        return
    if state.blocked or turn.now < settings.starts_at or known is None:
        return
    if not known.learnt.scene.agents:
        return
    spare, free = _free_agents(turn, campaign)
    names = [agent.id for agent in free]
    taken = previews.numbers_shown(turn)
    window = lawful_window(settings.window, settings.terms)
    # Those whose own agent is ready go first: nobody else may take that agent.
    waiting.sort(key=lambda one: (one.agent not in names, one.at, one.id))
    for callback in waiting:
        row = _fresh_row(turn, callback)
        if row is None:
            continue
        agent = _taker(turn, callback, free)
        is_busy = row.number in state.dialing or row.number in taken
        if agent is None or spare <= 0 or is_busy or returns.is_on_line(state, row):
            continue
        if not is_open(window, row.zones, turn.now):
            opens = next_open(window, row.zones, turn.now)
            callbacks.hold_back(turn, callback, opens or turn.now + LOOK_AGAIN_S)
            continue
        if not _take(turn, campaign, callback, row, agent):
            return
        spare -= 1
        free.remove(agent)
        taken[row.number] = None
    _ask(turn, campaign)


def _free_agents(turn: Turn, campaign: Campaign) -> tuple[int, list[Agent]]:
    """How many agents may be taken for callbacks, and those who are free, the longest idle first.

    Nobody is taken whom a call already placed was placed for, nor while somebody waits. Where calls
    are placed ahead of the agents it is not known for whom: there the pacer sees that one is gone.
    """
    state, settings = turn.state, campaign.settings
    known = state.pacings[settings.id]
    scene = known.learnt.scene
    placed = [a for a in state.attempts.values() if a.campaign == settings.id]
    unasked = [a for a in placed if not a.reserved and is_outcome_open(a)]
    reading = sum(its == settings.id for its in state.previewing.values())
    spare = scene.ready - reading - (known.kept if settings.blended else 0)
    if settings.pacing in (Pacing.POWER, Pacing.PREDICTIVE):
        spare -= scene.waiting
    else:
        spare -= len(unasked)
    asked = dict.fromkeys(a.reserved for a in placed)
    at_work = (state.agents.get(key) for key in scene.agents)
    free = [
        agent
        for agent in at_work
        if agent is not None
        and agent.id not in asked
        and previews.is_free(agent, scene.agents[agent.id].phase)
    ]
    return spare, sorted(free, key=previews.idle)


def _taker(turn: Turn, callback: Callback, free: list[Agent]) -> Agent | None:
    """Who of these makes it now; None: it waits for its own agent, or for anybody."""
    own = next((agent for agent in free if agent.id == callback.agent), None)
    own_until = callback.at + callback.own_for_s
    if own is None and callback.agent and turn.now < own_until:
        key = f"callback:{callback.id}"
        if turn.state.timers.get(key) != own_until:
            turn.state.set_timer(key, own_until)
        return None
    return own or next(iter(free), None)


def _fresh_row(turn: Turn, callback: Callback) -> HopperRow | None:
    """The contact as the database had it a short while ago, if so; else it is asked."""
    is_fresh = callback.row is not None and turn.now < callback.row_at + ROW_KEPT_S
    return callback.row if is_fresh else None


def _ask(turn: Turn, campaign: Campaign) -> None:
    """Ask the database about the due ones of whom nothing is known."""
    wanted = [
        one
        for one in callbacks.due_of(turn.state, campaign.settings.id)
        if not one.asked and _fresh_row(turn, one) is None
    ][:ASK_AT_ONCE]
    if not wanted:
        return
    contacts = tuple(one.contact for one in wanted)
    command = turn.command_id()
    turn.send(FetchContacts(command, campaign.settings.id, contacts, campaign.settings.terms))
    for one in wanted:
        turn.put_callback(one, asked=command)


def _take(turn: Turn, campaign: Campaign, callback: Callback, row: HopperRow, agent: Agent) -> bool:
    """Show the agent the card and, unless the campaign's agents read theirs first, dial the person
    at once. False: the campaign can place no call just now."""
    settings = campaign.settings
    if settings.pacing is Pacing.PREVIEW:
        previews.show(turn, agent, campaign, row, callback.id)
        return True
    trunk = trunks.choose(turn, settings)
    in_flight = turn.state.live_attempts.get(settings.id) or 0
    if not trunk or in_flight >= settings.max_lines:
        turn.state.set_timer(f"callback:{callback.id}", turn.now + TRY_AGAIN_S)
        return False
    attempt = turn.new_id(ATTEMPT_PREFIX)
    previews.pop_card(turn, agent, attempt, campaign.settings.id, row)
    turn.change_agent(agent, dialing=attempt, dialed_in_vain=None)
    outbound.place(turn, campaign, row, trunk, attempt, agent.id, callback.id)
    return True
