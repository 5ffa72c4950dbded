"""Campaigns: what managers and agents ask for, the hopper, and placing calls.

What becomes of a call placed is in ``dialed``; which agent takes a person is routing's.
"""

from __future__ import annotations

from callcenter.core import (
    amd,
    attempts,
    callbacks,
    lines,
    returns,
    shown_numbers,
    sparing,
    stopping,
    trunks,
)
from callcenter.core.agents import is_at_rest
from callcenter.core.turn import Turn
from callcenter.domain.agent import Agent, AgentState
from callcenter.domain.attempt import Attempt
from callcenter.domain.campaign import (
    Campaign,
    CampaignState,
    CampaignStep,
    HopperRow,
    OnMachine,
    Pacing,
    may,
)
from callcenter.domain.commands import PlaceCall, RefillHopper
from callcenter.domain.events import (
    CampaignJoinRequested,
    CampaignSaved,
    CampaignStepRequested,
    ContactsChanged,
    HopperFilled,
    JournalBlocked,
    JournalRestored,
)
from callcenter.domain.ids import (
    ATTEMPT_PREFIX,
    AgentId,
    AttemptId,
    CallbackId,
    CampaignId,
    ChannelRef,
    ContactId,
)
from dialer.campaign_pacing import AGAIN_S, CampaignPacer
from dialer.compliance import lawful_window
from dialer.window import is_open

PLACE_AT_ONCE = 20
"""Calls placed in one step; nothing follows within PLACE_AGAIN_S: a trunk takes a burst badly."""
PLACE_AGAIN_S = 0.1
PLACED_LEASE_S = 10.0
"""Beyond the Originate's own timeout, after which the PBX is asked what became of it."""
SETUP_S = 30.0
"""How long the network may take before it rings or refuses."""
ROWS_PER_AGENT = 5
ROWS_AHEAD = 10
"""The same, of a campaign that dials ahead."""
HOPPER_MIN, HOPPER_MAX = 20, 1000
"""Rows asked for: some five minutes of dialing at most, as agents talk and calls go unanswered."""
LOOK_AGAIN_S = 30.0
"""How often the database is asked again whether somebody is due, when nobody was."""
LOOK_SOON_S = 1.0
"""The soonest it is asked again."""
REFILL_FAILED_S = 5.0
CAMPAIGNS_MAX = 20
"""That one agent works for at once: nobody knows the talk of more."""


# --- what managers ask for ------------------------------------------------------------------------


def save(turn: Turn, event: CampaignSaved) -> None:
    """Make a campaign, or give it other settings."""
    settings = event.settings
    known = turn.state.campaigns.get(settings.id)
    if settings.pbx not in turn.state.center.phones.values():
        turn.refuse(event.request, f"No phone is registered at a PBX {settings.pbx!r}.")
        return
    if settings.returns_to and settings.returns_to not in turn.state.queues:
        turn.refuse(event.request, f"There is no queue {settings.returns_to} for return calls.")
        return
    if known is None:
        campaign = Campaign(settings, since=turn.now, changed_by=event.by)
    elif known.settings.pbx != settings.pbx and _is_in_use(turn, settings.id):
        turn.refuse(
            event.request, "Agents work for it or calls are under way: drain it before moving it."
        )
        return
    else:
        campaign = sparing.without_hopper(turn, known)
    campaign = turn.put_campaign(campaign, settings=settings)
    set_schedule(turn, campaign)
    turn.record_campaign(campaign, event.by)
    turn.grant(event.request)


def _is_in_use(turn: Turn, campaign: CampaignId) -> bool:
    return bool(turn.state.live_attempts.get(campaign)) or any(
        campaign in agent.works_for for agent in turn.state.agents.values()
    )


def take_step(turn: Turn, event: CampaignStepRequested) -> None:
    """Start, pause, drain or stop."""
    campaign = turn.state.campaigns.get(event.campaign)
    if campaign is None:
        turn.refuse(event.request, f"There is no campaign {event.campaign}.")
        return
    if event.step is CampaignStep.FINISH or not may(campaign.state, event.step):
        turn.refuse(event.request, f"A campaign that is {campaign.state} cannot {event.step}.")
        return
    ends_at = campaign.settings.ends_at
    if event.step is CampaignStep.START and 0.0 < ends_at <= turn.now:
        turn.refuse(event.request, "Its time is over: set a later end, or none.")
        return
    campaign = turn.step_campaign(sparing.without_hopper(turn, campaign), event.step, by=event.by)
    stopping.took_step(turn, event.campaign, event.step)
    set_schedule(turn, campaign)
    attempts.finish_if_over(turn, turn.state.campaigns[event.campaign])
    turn.grant(event.request)


# --- what agents ask for --------------------------------------------------------------------------


def join(turn: Turn, event: CampaignJoinRequested) -> None:
    """Work for these campaigns from now on, or, with none named, for inbound calls."""
    agent = turn.state.agents.get(event.agent)
    names = event.works_for
    problem = ""
    if agent is None:
        problem = f"{event.agent} is not an agent: give the account queues to work in."
    elif agent.state is AgentState.SIGNED_OUT:
        problem = "You are not signed in: sign in on a phone first."
    elif not is_at_rest(agent):
        problem = "Finish the running call first."
    elif len(names) > CAMPAIGNS_MAX:
        problem = f"You can work for {CAMPAIGNS_MAX} campaigns at once: choose fewer."
    elif names and agent.desktops == 0:
        problem = "No desktop of yours is connected: open it, then join."
    else:
        problem = next((said for name in names if (said := _not_for(turn, agent, name))), "")
    if problem or agent is None:
        turn.refuse(event.request, problem)
        return
    for name in agent.works_for:
        turn.touch_campaign(name)
    if not names:
        agent = lines.close_line(turn, agent)
    first = "".join(names[:1])
    agent = turn.change_agent(agent, campaign=first, also_for=names[1:], line_failures=0, leaves=())
    lines.open_line(turn, agent)
    turn.grant(event.request)


def _not_for(turn: Turn, agent: Agent, name: CampaignId) -> str:
    """Why the agent cannot work for this campaign, in a sentence."""
    campaign = turn.state.campaigns.get(name)
    if campaign is None:
        return f"There is no campaign {name}."
    settings = campaign.settings
    if settings.pbx == agent.pbx:
        return ""
    problem = f"{settings.name} dials from PBX {settings.pbx}, your phone "
    return f"{problem}{agent.phone} is at {agent.pbx}: sign in on a phone there."


# --- the hopper -----------------------------------------------------------------------------------


def refill(turn: Turn, campaign: Campaign, kept: int = 0) -> Campaign:
    """Ask the database for contacts to dial next; ``kept`` rows of the hopper cannot be dialed
    now."""
    name = campaign.settings.id
    want = _rows_wanted(turn, campaign) - len(campaign.hopper) + kept
    busy = [row.contact for row in campaign.hopper]
    busy += [a.contact for a in turn.state.attempts.values() if a.campaign == name]
    busy += _not_to_be_shown(turn, campaign)
    command = turn.command_id()
    settings = campaign.settings
    window = lawful_window(settings.window, settings.terms)
    turn.send(RefillHopper(command, name, want, window, tuple(busy), settings.terms))
    return turn.put_campaign(
        campaign, refill=command, ended_since_refill=(), spared_since_refill=()
    )


def _not_to_be_shown(turn: Turn, campaign: Campaign) -> list[ContactId]:
    """Whose card an agent of this campaign reads, who was skipped a while ago, who is called at a
    time that was promised, and who has called back and is on the line."""
    shown = [agent.preview for agent in turn.state.readers(campaign.settings.id)]
    read = [one.row.contact for one in shown if one is not None]
    skipped = [key for key, until in campaign.skipped.items() if until > turn.now]
    promised = callbacks.contacts_of(turn, campaign.settings.id)
    return [*read, *skipped, *promised, *turn.state.contacts_on_line]


def _rows_wanted(turn: Turn, campaign: Campaign) -> int:
    """How many rows the hopper has when it is full."""
    known = turn.state.pacings.get(campaign.settings.id)
    agents = 0 if known is None else len(known.learnt.scene.agents)
    is_ahead = campaign.settings.pacing is Pacing.PREDICTIVE
    rows = agents * (ROWS_AHEAD if is_ahead else ROWS_PER_AGENT)
    return max(HOPPER_MIN, min(HOPPER_MAX, rows))


def filled(turn: Turn, event: HopperFilled) -> None:
    """The database answered."""
    asked = turn.state.pending.get(event.command)
    turn.state.pending.remove(event.command)
    campaign = turn.state.campaigns.get(event.campaign)
    if campaign is None or campaign.refill != event.command:
        return  # started anew meanwhile
    busy: dict[str, None] = dict.fromkeys(campaign.ended_since_refill)
    busy |= dict.fromkeys(row.contact for row in campaign.hopper)
    busy |= dict.fromkeys(a.contact for a in turn.state.attempts.values())
    busy |= dict.fromkeys(_not_to_be_shown(turn, campaign))
    rows = tuple(row for row in event.rows if row.contact not in busy)
    rows = sparing.taken(turn, campaign, rows)
    turn.put_campaign(
        campaign,
        hopper=(*campaign.hopper, *rows),
        refill="",
        ended_since_refill=(),
        spared_since_refill=(),
        counts=event.counts,
    )
    if not isinstance(asked, RefillHopper) or len(event.rows) < asked.want:
        counts = event.counts
        soonest = [at for at in (counts.next_due_at, counts.opens_at) if at]
        again = min([turn.now + LOOK_AGAIN_S, *soonest])
        turn.state.set_timer(f"hopper:{event.campaign}", max(again, turn.now + LOOK_SOON_S))


def refill_failed(turn: Turn, command: RefillHopper) -> None:
    """The database did not answer: try again soon; what is in the hopper is dialed meanwhile."""
    campaign = turn.state.campaigns.get(command.campaign)
    if campaign is not None and campaign.refill == command.id:
        turn.put_campaign(campaign, refill="", ended_since_refill=(), spared_since_refill=())
        turn.state.set_timer(f"hopper:{command.campaign}", turn.now + REFILL_FAILED_S)


def contacts_changed(turn: Turn, event: ContactsChanged) -> None:
    """Somebody was added: ask now, not in half a minute."""
    campaign = turn.state.campaigns.get(event.campaign)
    if campaign is not None:
        sparing.without_hopper(turn, campaign)


def hopper_due(turn: Turn, campaign_id: CampaignId) -> None:
    """Time to ask the database again."""
    turn.touch_campaign(campaign_id)


def schedule_due(turn: Turn, campaign_id: CampaignId) -> None:
    """A campaign's time begins or ends."""
    campaign = turn.state.campaigns[campaign_id]
    ends_at = campaign.settings.ends_at
    if ends_at and turn.now >= ends_at and may(campaign.state, CampaignStep.DRAIN):
        campaign = turn.step_campaign(
            sparing.without_hopper(turn, campaign), CampaignStep.DRAIN, by=""
        )
        attempts.finish_if_over(turn, campaign)
    else:
        set_schedule(turn, campaign)
    turn.touch_campaign(campaign_id)


def set_schedule(turn: Turn, campaign: Campaign) -> None:
    """Have its next beginning or end looked at in time."""
    settings = campaign.settings
    times = [at for at in (settings.starts_at, settings.ends_at) if at > turn.now]
    key = f"schedule:{settings.id}"
    if times and campaign.state is CampaignState.RUNNING:
        turn.state.set_timer(key, min(times))
    else:
        turn.state.clear_timer(key)


def decide_due(turn: Turn, campaign_id: CampaignId) -> None:
    """Time has passed, and with it the chances have moved."""
    turn.touch_campaign(campaign_id)


def pace_due(turn: Turn, campaign_id: CampaignId) -> None:
    """Time to place what was left over."""
    turn.touch_campaign(campaign_id)


# --- placing calls --------------------------------------------------------------------------------


def dial(
    turn: Turn, campaign: Campaign, pacer: CampaignPacer, kept: int = 0, stuck: int = 0
) -> None:
    """Place as many calls as the pacer says, and keep the hopper filled. In preview the agents have
    placed their calls by themselves (``previews``).

    ``kept``: free agents who are needed for calls that come in. ``stuck``: rows of the hopper that
    cannot be dialed now.
    """
    settings = campaign.settings
    if campaign.state is not CampaignState.RUNNING or not turn.is_up(settings.pbx):
        return
    if turn.state.blocked:  # who is dialed now would be forgotten, and dialed again
        return
    is_pausing = f"pace:{settings.id}" in turn.state.timers or turn.now < settings.starts_at
    made = None if is_pausing else pacer.ask(turn.now, kept)
    wanted = 0 if made is None else min(made.count, PLACE_AT_ONCE)
    if wanted and settings.pacing is not Pacing.PREVIEW:
        stuck = _place_some(turn, campaign, pacer, wanted)
    if pacer.is_timed and f"decide:{settings.id}" not in turn.state.timers:
        turn.state.set_timer(f"decide:{settings.id}", turn.now + AGAIN_S)
    campaign = turn.state.campaigns[settings.id]
    is_low = len(campaign.hopper) - stuck < _rows_wanted(turn, campaign) // 2
    is_low = is_low and len(campaign.hopper) < HOPPER_MAX
    if is_low and not campaign.refill and f"hopper:{settings.id}" not in turn.state.timers:
        refill(turn, campaign, stuck)


def _place_some(turn: Turn, campaign: Campaign, pacer: CampaignPacer, wanted: int) -> int:
    """Place so many calls, as far as the hopper has somebody for them.

    Rows whose window has closed are dropped, the database tells when it opens. Those whose number
    is being dialed for somebody else stay in front; returns how many they are.
    """
    settings = campaign.settings
    window = lawful_window(settings.window, settings.terms)
    kept: list[HopperRow] = []
    used = placed = 0
    for row in campaign.hopper:
        trunk = trunks.choose(turn, settings)
        if placed == wanted or not trunk:
            break
        used += 1
        if placed and not sparing.is_left(turn, settings.id, row):
            continue
        if row.number in turn.state.dialing or returns.is_on_line(turn.state, row):
            kept.append(row)
        elif is_open(window, row.zones, turn.now):
            attempt = place(turn, campaign, row, trunk, turn.new_id(ATTEMPT_PREFIX))
            pacer.placed(attempt.id, turn.now)
            placed += 1
    if used > placed + len(kept) and f"hopper:{settings.id}" not in turn.state.timers:
        turn.state.set_timer(f"hopper:{settings.id}", turn.now + LOOK_SOON_S)
    if placed == PLACE_AT_ONCE:
        turn.state.set_timer(f"pace:{settings.id}", turn.now + PLACE_AGAIN_S)
    if used > len(kept):
        rest = (row for row in campaign.hopper[used:] if sparing.is_left(turn, settings.id, row))
        hopper = (*kept, *rest)
        turn.put_campaign(turn.state.campaigns[settings.id], hopper=hopper)
    return len(kept)


def place(
    turn: Turn,
    campaign: Campaign,
    row: HopperRow,
    trunk: str,
    attempt_id: AttemptId,
    reserved: AgentId = "",
    callback: CallbackId = "",
) -> Attempt:
    """Dial this contact, for this agent alone if one is named, and to keep this promise. What is
    sent here is never sent again."""
    settings = campaign.settings
    on_machine = amd.on_machine(turn.state.campaigns[settings.id])
    channel = ChannelRef(settings.pbx, attempt_id)
    attempt = Attempt(
        id=channel.id,
        campaign=settings.id,
        contact=row.contact,
        number=row.number,
        channel=channel,
        placed_at=turn.now,
        tries=row.made + 1,
        customer=row.customer,
        tier=row.tier,
        reserved=reserved,
        callback=callback,
        trunk=trunk,
        passes_machine=settings.amd and on_machine is OnMachine.TO_AGENT,
        leaves_message=settings.amd and on_machine is OnMachine.LEAVE_MESSAGE,
        caller_id=shown_numbers.show(turn, settings, row),
        account=row.account,
        others=row.others,
        fresh=row.fresh,
    )
    turn.put_attempt(attempt)
    promised = turn.state.callbacks.get(callback)
    if promised is not None:
        turn.put_callback(promised, attempt=attempt.id)
    trunks.placed(turn, attempt)
    sparing.placed(turn, attempt)
    placed = turn.state.campaigns[settings.id].placed + 1
    turn.put_campaign(turn.state.campaigns[settings.id], placed=placed)
    timeout_s = SETUP_S + settings.ring_s
    turn.state.set_timer(f"attempt:{attempt.id}", turn.now + timeout_s + PLACED_LEASE_S)
    turn.send(
        PlaceCall(
            turn.command_id(),
            channel,
            trunk,
            row.number,
            attempt.caller_id,
            timeout_s,
            settings.amd,
            settings.harbour_wait_s,
            settings.harbour_prompt,
            settings.id,
            row.contact,
            attempt.tries,
            settings.amd_settings,
            on_machine,
            settings.opt_out_key,
            settings.machine_prompt,
        )
    )
    return attempt


def journal_blocked(turn: Turn, event: JournalBlocked) -> None:
    """Dial nobody until the journal can be written again."""
    turn.state.set_blocked(event.reason or "it cannot be written")
    _touch_all(turn)


def journal_restored(turn: Turn, event: JournalRestored) -> None:
    """Everything is on the disk: dial on."""
    turn.state.set_blocked("")
    _touch_all(turn)


def _touch_all(turn: Turn) -> None:
    for campaign_id in turn.state.campaigns:
        turn.touch_campaign(campaign_id)


def forget_refills(turn: Turn) -> None:
    """After a start of the service: no answer of the database is under way."""
    for campaign in list(turn.state.campaigns.values()):
        set_schedule(turn, campaign)
        if campaign.refill:
            turn.put_campaign(campaign, refill="", ended_since_refill=(), spared_since_refill=())
