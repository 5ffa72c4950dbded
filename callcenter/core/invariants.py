"""What must hold after every step. Tests and simulations check it; a break is a bug of ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from callcenter.core.pacing import is_open, is_undecided, phase_of
from callcenter.core.state import IN_FLIGHT, State, trunk_key
from callcenter.domain.agent import Agent, AgentState
from callcenter.domain.attempt import Attempt, AttemptState
from callcenter.domain.call import Call, CallState, Place
from callcenter.domain.callback import Callback
from callcenter.domain.campaign import Campaign, CampaignState
from callcenter.domain.ids import AgentId, CallId
from dialer.pacing.scene import AgentPhase

BUSY = (AgentState.RESERVED, AgentState.RINGING, AgentState.TALKING)
BOUND = (CallState.OFFERED, CallState.CONNECTED)


def broken(state: State) -> list[str]:
    """Every broken invariant, one sentence each; empty when all is well. Costs a pass over the
    state."""
    return [
        *(line for agent in state.agents.values() for line in _agent(state, agent)),
        *(line for call in state.calls.values() for line in _call(state, call)),
        *(line for attempt in state.attempts.values() for line in _attempt(state, attempt)),
        *_phones(state),
        *(line for campaign in state.campaigns.values() for line in _campaign(state, campaign)),
        *_legs(state),
        *(line for one in state.callbacks.values() for line in _callback(state, one)),
        *_returns(state),
    ]


def broken_in(state: State, touched: Iterable[str]) -> list[str]:
    """The broken invariants of what a step touched (``Step.touched``) and of what is bound to it.

    Costs only what was touched; what must hold of all together is ``broken``'s.
    """
    found: dict[str, None] = {}
    for topic in touched:
        kind, _, name = topic.partition(":")
        if kind == "agent":
            found |= dict.fromkeys(_agent_and_call(state, name))
        elif kind == "call":
            found |= dict.fromkeys(_call_and_bound(state, name))
    return list(found)


def _agent_and_call(state: State, agent_id: AgentId) -> Iterator[str]:
    agent = state.agents.get(agent_id)
    if agent is None:
        return
    yield from _agent(state, agent)
    if agent.phone and state.agent_of_phone.get(agent.phone) != agent_id:
        yield f"agent {agent_id}: phone {agent.phone} is not known for theirs"
    call = state.calls.get(agent.call) if agent.state in BUSY else None
    if call is not None:
        yield from _call(state, call)


def _call_and_bound(state: State, call_id: CallId) -> Iterator[str]:
    call = state.calls.get(call_id)
    if call is None:
        for agent in state.agents.values():
            if agent.call == call_id and agent.state in BUSY:
                yield from _agent(state, agent)
        return
    yield from _call(state, call)
    bound = state.agents.get(call.agent)
    if bound is not None:
        yield from _agent(state, bound)
    attempt = state.attempts.get(call.attempt)
    if attempt is not None:
        yield from _attempt(state, attempt)


def _agent(state: State, agent: Agent) -> Iterator[str]:
    name = f"agent {agent.id} ({agent.state})"
    if agent.state in BUSY:
        call = state.calls.get(agent.call)
        if call is None:
            yield f"{name}: call {agent.call!r} does not exist"
        elif call.agent != agent.id or call.state not in BOUND:
            yield f"{name}: call {call.id} is {call.state} with {call.agent!r}"
        elif call.leg != agent.leg or agent.leg not in state.legs:
            yield f"{name}: leg {agent.leg} is not that of call {call.id}"
    if agent.state is AgentState.RESERVED and not _has_timer(state, agent, "reserve", "join"):
        yield f"{name}: no deadline"
    if agent.state is AgentState.RINGING and not _has_timer(state, agent, "ring", "join"):
        yield f"{name}: no deadline"
    if agent.state is AgentState.WRAP_UP and not _has_timer(state, agent, "wrap_up"):
        yield f"{name}: no deadline"
    if (agent.state is AgentState.SIGNED_OUT) == bool(agent.phone):
        yield f"{name}: phone {agent.phone!r}"
    if agent.also_for and (not agent.campaign or agent.campaign in agent.also_for):
        yield f"{name}: works for {agent.campaign!r} and besides for {agent.also_for}"
    yield from _line(state, agent, name)
    yield from _preview(state, agent, name)


def _line(state: State, agent: Agent, name: str) -> Iterator[str]:
    has_deadline = f"line:{agent.id}" in state.timers
    if agent.line is None:
        is_wanted = agent.campaign and agent.desktops and agent.state is AgentState.READY
        if is_wanted and not has_deadline:
            yield f"{name}: has no line for {agent.campaign}, and none will be opened"
        return
    line = state.legs.get(agent.line)
    if line is None or not line.nailed or line.agent != agent.id or not agent.campaign:
        yield f"{name}: line {agent.line} is not its own"
    elif not (line.parked or line.bridge or line.call or has_deadline):
        yield f"{name}: line {agent.line} is nowhere, without a deadline"


def _preview(state: State, agent: Agent, name: str) -> Iterator[str]:
    """A card is read by a free agent of its campaign, for a time; a call asked for is theirs."""
    preview = agent.preview
    if state.previewing.get(agent.id) != (None if preview is None else preview.campaign):
        yield f"{name}: reads {preview}, known for {state.previewing.get(agent.id)}"
    if preview is not None:
        if agent.state is not AgentState.READY or agent.dialing or agent.line is None:
            yield f"{name}: reads the card of {preview.row.contact} beside something else"
        if agent.campaign != preview.campaign:
            yield f"{name}: reads a card of {preview.campaign}, works for {agent.campaign!r}"
        if f"preview:{agent.id}" not in state.timers:
            yield f"{name}: reads the card of {preview.row.contact} without a deadline"
    attempt = state.attempts.get(agent.dialing)
    promised = state.callbacks.get(state.calling.get(agent.dialing) or "")
    whose = attempt.reserved if attempt is not None else promised and promised.reserved
    if agent.dialing and whose != agent.id:
        yield f"{name}: waits for attempt {agent.dialing}, which is not theirs"


def _has_timer(state: State, agent: Agent, *kinds: str) -> bool:
    return any(
        f"{kind}:{agent.call if kind == 'join' else agent.id}" in state.timers for kind in kinds
    )


def _call(state: State, call: Call) -> Iterator[str]:
    name = f"call {call.id} ({call.state})"
    if call.state is CallState.ENDED:
        yield f"{name}: ended but still kept"
    if state.call_of.get(call.channel) != call.id:
        yield f"{name}: not found by its channel {call.channel}"
    if call.state in BOUND and call.agent:
        agent = state.agents.get(call.agent)
        if agent is None or agent.call != call.id or agent.state not in BUSY:
            yield f"{name}: agent {call.agent} is not bound to it"
    if call.state in (CallState.WAITING, CallState.OFFERED) and not (
        (call.queue in state.queues or call.waits_for in state.campaigns) and call.queued_at
    ):
        yield f"{name}: waits in no queue"
    if call.campaign:
        attempt = state.attempts.get(call.attempt)
        if attempt is None or attempt.call != call.id or attempt.channel != call.channel:
            yield f"{name}: attempt {call.attempt!r} is not its own"
    if call.state is CallState.WAITING and (call.agent or call.leg):
        yield f"{name}: still bound to {call.agent}"
    yield from _deadlines(state, call, name)


def _deadlines(state: State, call: Call, name: str) -> Iterator[str]:
    """What a call waits for has an end."""
    has_lease = f"lease:{call.id}" in state.timers
    if call.state is CallState.IN_IVR and not has_lease:
        yield f"{name}: no deadline"
    if call.ending and not has_lease:
        yield f"{name}: being hung up without a deadline"
    if call.state is CallState.WAITING and call.place is Place.MENU and not has_lease:
        yield f"{name}: being put on hold without a deadline"
    if call.place in (Place.ANNOUNCEMENT, Place.VOICEMAIL) and not has_lease:
        yield f"{name}: hears or says something without a deadline"
    if call.state is CallState.OFFERED and not call.agent:
        leg = state.legs.get(call.leg) if call.leg is not None else None
        if leg is None or not leg.is_outside or leg.call != call.id:
            yield f"{name}: offered to nobody"
        elif f"outside:{call.id}" not in state.timers and f"join:{call.id}" not in state.timers:
            yield f"{name}: a number outside is dialed without a deadline"


def _attempt(state: State, attempt: Attempt) -> Iterator[str]:
    name = f"attempt {attempt.id} ({attempt.state})"
    if attempt.state is AttemptState.ENDED:
        yield f"{name}: ended but still kept"
    if attempt.campaign not in state.campaigns:
        yield f"{name}: campaign {attempt.campaign!r} does not exist"
    if state.dialing.get(attempt.number) != attempt.id:
        yield f"{name}: {attempt.number} is being dialed twice"
    if attempt.state in IN_FLIGHT:
        if attempt.call:
            yield f"{name}: has call {attempt.call} before a person was known"
        if f"attempt:{attempt.id}" not in state.timers:
            yield f"{name}: no deadline"
    elif attempt.state is AttemptState.HELD:
        trunk = state.trunks.get(trunk_key(attempt.channel.pbx, attempt.trunk))
        if f"attempt:{attempt.id}" not in state.timers:
            yield f"{name}: no deadline"
        if trunk is not None and trunk.breaker.is_open:
            yield f"{name}: its trunk is in trouble, and it is not given back"
    else:
        call = state.calls.get(attempt.call)
        if call is None:
            yield f"{name}: call {attempt.call!r} does not exist"
        elif call.place is Place.HARBOUR and call.state is CallState.WAITING and not call.ending:
            yield f"{name}: hears the message, and the call waits"
    if attempt.state is AttemptState.RINGING and not (
        attempt.rang_out or f"ringout:{attempt.id}" in state.timers
    ):
        yield f"{name}: rings without a deadline"


def _campaign(state: State, campaign: Campaign) -> Iterator[str]:
    """What is counted step by step equals what is there, and a running campaign stays awake."""
    name = f"campaign {campaign.settings.id} ({campaign.state})"
    live = [a for a in state.attempts.values() if a.campaign == campaign.settings.id]
    counted = state.live_attempts.get(campaign.settings.id) or 0
    if counted != len(live):
        yield f"{name}: {counted} attempts counted, there are {len(live)}"
    team = sum(a.campaign == campaign.settings.id for a in state.agents.values())
    if team != (state.teams.get(campaign.settings.id) or 0):
        yield f"{name}: {team} agents, counted {state.teams.get(campaign.settings.id)}"
    yield from _pacing(state, campaign, live, name)
    ended = sum(int(count) for count in campaign.results.values())
    if campaign.placed != len(live) + ended:
        yield f"{name}: {campaign.placed} placed, {len(live)} live, {ended} ended"
    if campaign.state is CampaignState.FINISHED and live:
        yield f"{name}: calls are still under way"
    contacts = [*(row.contact for row in campaign.hopper), *(a.contact for a in live)]
    contacts += [
        agent.preview.row.contact
        for agent in state.agents.values()
        if agent.preview is not None and agent.preview.campaign == campaign.settings.id
    ]
    if len(dict.fromkeys(contacts)) < len(contacts):
        yield f"{name}: somebody would be dialed twice"
    if campaign.refill and campaign.refill not in state.pending:
        yield f"{name}: awaits rows that nobody was asked for"
    is_awake = (
        campaign.hopper or campaign.refill or f"hopper:{campaign.settings.id}" in state.timers
    )
    may_dial = state.links.get(campaign.settings.pbx) and not state.blocked
    if campaign.state is CampaignState.RUNNING and may_dial and not is_awake:
        yield f"{name}: nobody to dial, and nobody will be looked up"


def _pacing(state: State, campaign: Campaign, live: list[Attempt], name: str) -> Iterator[str]:
    """The pacer sees the calls and agents that are there, and its timer goes."""
    known = state.pacings.get(campaign.settings.id)
    if known is None:
        return
    scene = known.learnt.scene
    there = [a.id for a in live if is_open(a)]
    # Whoever is being joined out of the message was told as dropped, or is not told yet.
    may_be = dict.fromkeys(a.id for a in live if is_undecided(state, a))
    if not may_be.keys() >= scene.calls.keys() >= dict.fromkeys(there).keys():
        yield f"{name}: the pacer sees {sorted(scene.calls)}, there are {sorted(there)}"
    agents = {
        a.id: phase_of(state, a)
        for a in state.agents.values()
        if a.campaign == campaign.settings.id
    }
    seen = {key: agent.phase for key, agent in scene.agents.items()}
    at_work = {key: phase for key, phase in agents.items() if phase is not AgentPhase.GONE}
    if seen != at_work:
        yield f"{name}: the pacer sees {seen}, there are {at_work}"


def _callback(state: State, callback: Callback) -> Iterator[str]:
    """A promise is being kept by somebody, or comes up some time; nobody else dials its contact."""
    name = f"callback {callback.id}"
    if callback.is_due != (callback.id in state.due):
        yield f"{name}: is due {callback.is_due}, and not known for it"
    attempt = state.attempts.get(callback.attempt)
    is_read = any(
        agent.preview is not None
        and (agent.preview.id, agent.preview.callback) == (callback.attempt, callback.id)
        for agent in state.readers(callback.campaign)
    )
    is_dialed = state.calling.get(callback.attempt) == callback.id
    if attempt is not None:
        is_dialed = attempt.callback == callback.id
    if callback.attempt and not is_read and not is_dialed:
        yield f"{name}: is being made by {callback.attempt}, which is not its own"
    if callback.asked and callback.asked not in state.pending:
        yield f"{name}: awaits an answer that nobody was asked for"
    is_called = any(call.callback == callback.id for call in state.calls.values())
    is_timeless = callback.is_due and not (callback.queue and callback.attempt and not is_called)
    if not is_timeless and f"callback:{callback.id}" not in state.timers:
        yield f"{name}: its time will not come"
    campaign = state.campaigns.get(callback.campaign)
    if campaign is not None and any(row.contact == callback.contact for row in campaign.hopper):
        yield f"{name}: {callback.contact} would be dialed beside it"


def _legs(state: State) -> Iterator[str]:
    for leg in state.legs.values():
        agent = state.agents.get(leg.agent)
        if leg.nailed and (agent is None or agent.line != leg.channel):
            yield f"leg {leg.channel}: {leg.agent} does not know it for a line"


def _returns(state: State) -> Iterator[str]:
    """Who is on the line is counted, for nobody dials them; and who waits for a campaign calls one
    back."""
    contacts: dict[str, int] = {}
    numbers: dict[str, int] = {}
    for call in state.calls.values():
        if call.contact:
            contacts[call.contact] = contacts.get(call.contact, 0) + 1
            numbers[call.caller_number] = numbers.get(call.caller_number, 0) + 1
        if call.at_campaign and not (call.ending or f"return:{call.id}" in state.timers):
            yield f"call {call.id}: waits for agents of {call.returned!r} without an end"
        if call.seeks_contact and f"seek:{call.id}" not in state.timers:
            yield f"call {call.id}: its contact is looked up without a deadline"
    counted = state.contacts_on_line.as_dict(), state.numbers_on_line.as_dict()
    if (contacts, numbers) != counted:
        yield f"{contacts} and {numbers} are on the line, counted are {counted}"


def _phones(state: State) -> Iterator[str]:
    for phone, agent_id in state.agent_of_phone.items():
        agent = state.agents.get(agent_id)
        if agent is None or agent.phone != phone:
            yield f"phone {phone}: {agent_id} does not work on it"
