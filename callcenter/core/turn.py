"""One step in the making: the state being changed and what is to go out when the step stands."""

from __future__ import annotations

from typing import Any

import msgspec

from callcenter.core.days import day_of
from callcenter.core.lessons import Lesson, handled
from callcenter.core.state import State
from callcenter.domain import agent as agents
from callcenter.domain import call as calls
from callcenter.domain import campaign as campaigns
from callcenter.domain.agent import AT_WORK, Agent, AgentState, AgentStep
from callcenter.domain.attempt import Attempt
from callcenter.domain.call import Call, CallStep
from callcenter.domain.callback import Callback
from callcenter.domain.campaign import Campaign, CampaignStep
from callcenter.domain.center import Queue
from callcenter.domain.commands import Command, HangUp, channels_of
from callcenter.domain.ids import (
    AgentId,
    AttemptId,
    CallbackId,
    CallId,
    CampaignId,
    ChannelRef,
    CommandId,
    PbxName,
    QueueId,
    RequestId,
    make_id,
)
from callcenter.domain.leg import Leg
from callcenter.domain.mishap import Mishap, MishapDay
from callcenter.domain.records import (
    AgentStateRecord,
    AttemptRecord,
    CampaignRecord,
    FaultRecord,
    Record,
    RepairRecord,
)
from callcenter.domain.step import Reply
from routing.chooser import Chooser

UNDER_WAY_S = 0.5
"""A command takes effect within milliseconds; a loaded PBX is given this long before its state may
speak against the command."""
ENDING_LEASE_S = 10.0
"""A hang-up takes milliseconds; after this the PBX is asked whether the caller is still there."""

UNKNOWN_QUEUE = Queue(id="")
"""Settings used for a call whose queue has been taken out of the config while it waited."""


class Turn:
    """Collects what one event leads to. Thrown away when the step raises."""

    __slots__ = (
        "_ids",
        "attempts_over",
        "chooser",
        "commands",
        "dirty_agents",
        "dirty_attempts",
        "dirty_callbacks",
        "dirty_calls",
        "dirty_campaigns",
        "lessons",
        "now",
        "records",
        "replies",
        "state",
        "touched",
    )

    def __init__(self, state: State, now: float, chooser: Chooser) -> None:
        self.state = state
        self.chooser = chooser
        """To be asked who waits, as of the last step."""
        self.now = now
        self.commands: list[Command] = []
        self.records: list[Record] = []
        self.replies: list[Reply] = []
        self.lessons: list[Lesson] = []
        """What routing learns from this, once it stands."""
        self.touched: dict[str, None] = {}
        self.dirty_agents: dict[AgentId, None] = {}
        self.dirty_calls: dict[CallId, None] = {}
        self.dirty_campaigns: dict[CampaignId, None] = {}
        self.dirty_callbacks: dict[CallbackId, None] = {}
        """Of queues: routing looks at them."""
        self.dirty_attempts: dict[AttemptId, None] = {}
        self.attempts_over: list[AttemptRecord] = []
        """What came of the attempts that ended, for the pacers."""
        self._ids = 0

    def checkpoint(self) -> tuple[int, ...]:
        """How much has been collected: where ``back_to`` returns to."""
        return len(self.commands), len(self.records), len(self.replies)

    def back_to(self, checkpoint: tuple[int, ...]) -> None:
        """Forget what was collected since. Ids are not given out again."""
        commands, records, replies = checkpoint
        del self.commands[commands:], self.records[records:], self.replies[replies:]
        self.lessons.clear()

    def forget_dirty(self) -> None:
        """Routing and dialing have seen what changed so far; the next timer of the step begins
        anew."""
        self.dirty_agents.clear()
        self.dirty_calls.clear()
        self.dirty_campaigns.clear()
        self.dirty_attempts.clear()
        self.dirty_callbacks.clear()
        self.attempts_over.clear()

    # --- going out --------------------------------------------------------------------------

    def new_id(self, prefix: str) -> str:
        """A new id, made from the journal's id, its epoch, the event's position and a count."""
        self._ids += 1
        state = self.state
        return make_id(prefix, state.journal, state.epoch, state.position, self._ids)

    def command_id(self) -> CommandId:
        """An id for the next command."""
        return self.new_id("x")

    def send(self, command: Command) -> None:
        """Have this done outside; it stays pending until its result comes in."""
        self.commands.append(command)
        self.state.pending.put(command.id, command)
        for channel in channels_of(command):
            self.leave_alone(channel, self.now + UNDER_WAY_S)

    def leave_alone(self, channel: ChannelRef, until: float) -> None:
        """Have no reading that was ordered before then judge this channel, see ``readings``."""
        settles = self.state.settles
        settles.put(channel, max(until, settles.get(channel) or 0.0))

    def record(self, record: Record) -> None:
        """Keep this for ever."""
        self.records.append(record)

    def fault(self, kind: str, detail: str) -> None:
        """Note that something came in that could not be."""
        self.records.append(FaultRecord(kind, detail, self.now))
        self._count(Mishap.FAULT, kind)

    def repair(self, kind: str, subject: str) -> None:
        """Note that the PBX's word replaced our belief."""
        self.records.append(RepairRecord(kind, subject, self.now))
        self._count(Mishap.REPAIR, kind)

    def _count(self, mishap: Mishap, kind: str) -> None:
        key, day = f"{mishap}:{kind}", day_of(self.state)
        known = self.state.mishaps.get(key)
        before = known.count if known is not None and known.day == day else 0
        self.state.mishaps.put(key, MishapDay(mishap, kind, day, before + 1))
        self.touched[key] = None

    def grant(self, request: RequestId) -> None:
        """Answer a request: done."""
        self.replies.append(Reply(request))

    def refuse(self, request: RequestId, problem: str) -> None:
        """Answer a request: not done, because of ``problem``."""
        self.replies.append(Reply(request, problem))

    # --- changing ---------------------------------------------------------------------------

    def put_call(self, call: Call) -> Call:
        """Store a call, and mark it as changed, with the attempt that dialed it: for the pacer."""
        self.state.calls.put(call.id, call)
        self.touch_call(call)
        if call.attempt:
            self.dirty_attempts[call.attempt] = None
        return call

    def touch_call(self, call: Call) -> None:
        """Mark a call as changed, for routing and for live screens."""
        self.dirty_calls[call.id] = None
        self.touched[f"call:{call.id}"] = None
        for campaign in (call.campaign, call.returned):
            if campaign:
                self.touch_campaign(campaign)
        if call.queue:
            self.touched[f"queue:{call.queue}"] = None

    def step_call(self, call: Call, step: CallStep, **changes: Any) -> Call:
        """Take a call through its transition table and change these fields with it."""
        state = calls.next_state(call.state, step)
        return self.put_call(msgspec.structs.replace(call, state=state, **changes))

    def change_call(self, call: Call, **changes: Any) -> Call:
        """Change fields of a call within its state."""
        return self.put_call(msgspec.structs.replace(call, **changes))

    def end_caller(self, call: Call, **changes: Any) -> None:
        """Hang up the caller; should the PBX not say that it is gone, it is asked."""
        self.change_call(call, ending=True, **changes)
        self.send(HangUp(self.command_id(), call.channel))
        self.state.set_timer(f"lease:{call.id}", self.now + ENDING_LEASE_S)

    def clear_lease(self, call: Call) -> None:
        """The call is where it should be; one being hung up is still watched until it is gone."""
        if not call.ending:
            self.state.clear_timer(f"lease:{call.id}")

    def put_agent(self, agent: Agent) -> Agent:
        """Store an agent and mark it as changed."""
        self.state.put_agent(agent)
        if agent.preview is not None:
            self.state.previewing.put(agent.id, agent.preview.campaign)
        elif agent.id in self.state.previewing:
            self.state.previewing.remove(agent.id)
        self.dirty_agents[agent.id] = None
        self.touched[f"agent:{agent.id}"] = None
        for campaign in agent.works_for:
            self.touch_campaign(campaign)
        for queue in agent.queues:
            self.touched[f"queue:{queue}"] = None
        return agent

    def step_agent(self, agent: Agent, step: AgentStep, **changes: Any) -> Agent:
        """Take an agent through its transition table; the state left behind is recorded."""
        state = agents.next_state(agent.state, step)
        changes.setdefault("reason", "")
        if state is not agent.state or changes["reason"] != agent.reason:
            self.record(
                AgentStateRecord(agent.id, agent.state, agent.reason, agent.since, self.now)
            )
            changes["since"] = self.now
        ends = agent.state is AgentState.WRAP_UP and state is not AgentState.WRAP_UP
        if agent.state in AT_WORK and (ends or state not in AT_WORK):
            self.lessons += handled(agent, self.now)
            changes["busy_since"] = 0.0
            changes.setdefault("task", None)
            changes.setdefault("spoke", None)
        if state in AT_WORK and (ends or agent.state not in AT_WORK):
            changes["busy_since"] = self.now
        return self.put_agent(msgspec.structs.replace(agent, state=state, **changes))

    def change_agent(self, agent: Agent, **changes: Any) -> Agent:
        """Change fields of an agent within its state."""
        return self.put_agent(msgspec.structs.replace(agent, **changes))

    def put_leg(self, leg: Leg, **changes: Any) -> Leg:
        """Store a leg, changed by these fields."""
        if changes:
            leg = msgspec.structs.replace(leg, **changes)
        self.state.legs.put(leg.channel, leg)
        if leg.nailed:
            self.put_agent(self.state.agents[leg.agent])  # routing and dialing look at the line
        return leg

    def put_attempt(self, attempt: Attempt) -> Attempt:
        """Store an attempt and mark its campaign as changed."""
        self.state.put_attempt(attempt)
        self.dirty_attempts[attempt.id] = None
        if attempt.reserved:
            self.touched[f"agent:{attempt.reserved}"] = None
        self.touch_campaign(attempt.campaign)
        return attempt

    def change_attempt(self, attempt: Attempt, **changes: Any) -> Attempt:
        """Change fields of an attempt within its state."""
        return self.put_attempt(msgspec.structs.replace(attempt, **changes))

    def end_attempt(self, attempt: Attempt, record: AttemptRecord) -> None:
        """Forget an attempt that has ended, and keep what came of it."""
        self.state.remove_attempt(attempt)
        self.attempts_over.append(record)
        self.record(record)
        self.touch_campaign(attempt.campaign)

    def put_callback(self, callback: Callback, **changes: Any) -> Callback:
        """Store a callback, changed by these fields, and mark whom it concerns as changed."""
        before = self.state.callbacks.get(callback.id)
        callback = msgspec.structs.replace(callback, **changes)
        self.state.callbacks.put(callback.id, callback)
        if callback.is_due:
            self.state.due.put(callback.id, callback.campaign)
        else:
            self.state.due.remove(callback.id)
        if before is not None and before.is_dialed:
            self.state.calling.remove(before.attempt)
        if callback.is_dialed:
            self.state.calling.put(callback.attempt, callback.id)
        for one in (callback, before or callback):
            self._touch_callback(one)
        return callback

    def remove_callback(self, callback: Callback) -> None:
        """Forget a callback."""
        self.state.callbacks.remove(callback.id)
        self.state.due.remove(callback.id)
        if callback.is_dialed:
            self.state.calling.remove(callback.attempt)
        self._touch_callback(callback)

    def _touch_callback(self, callback: Callback) -> None:
        self.touched[f"callback:{callback.id}"] = None
        if callback.agent:
            self.touched[f"agent:{callback.agent}"] = None
        if callback.campaign:
            self.touch_campaign(callback.campaign)
        else:
            self.dirty_callbacks[callback.id] = None
            self.touched[f"queue:{callback.queue}"] = None

    def put_campaign(self, campaign: Campaign, **changes: Any) -> Campaign:
        """Store a campaign, changed by these fields, and mark it as changed."""
        campaign = msgspec.structs.replace(campaign, **changes)
        self.state.campaigns.put(campaign.settings.id, campaign)
        self.touch_campaign(campaign.settings.id)
        return campaign

    def step_campaign(self, campaign: Campaign, step: CampaignStep, *, by: str) -> Campaign:
        """Take a campaign through its transition table and keep a record of it."""
        state = campaigns.next_state(campaign.state, step)
        if state is campaign.state:
            return campaign
        campaign = self.put_campaign(campaign, state=state, since=self.now, changed_by=by)
        self.record_campaign(campaign, by)
        return campaign

    def record_campaign(self, campaign: Campaign, by: str) -> None:
        """Keep how the campaign is from now on."""
        self.record(CampaignRecord(campaign.settings, campaign.state, by, self.now))

    def touch_campaign(self, campaign: CampaignId) -> None:
        """Mark a campaign as changed, for dialing and for live screens."""
        self.dirty_campaigns[campaign] = None
        self.touched[f"campaign:{campaign}"] = None

    # --- looking up -------------------------------------------------------------------------

    def call_on(self, channel: ChannelRef) -> Call | None:
        """The call of a caller's channel."""
        call_id = self.state.call_of.get(channel)
        return None if call_id is None else self.state.calls.get(call_id)

    def attempt_on(self, channel: ChannelRef) -> Attempt | None:
        """The attempt whose channel this is."""
        attempt = self.state.attempts.get(channel.id)
        return attempt if attempt is not None and attempt.channel == channel else None

    def queue_of(self, call: Call) -> Queue:
        """The settings of the call's queue; who waits for a campaign's agents has those of the
        campaign."""
        campaign = self.state.campaigns.get(call.waits_for)
        if campaign is not None:
            return Queue(id="", wrap_up_s=campaign.settings.wrap_up_s)
        return self.state.queues.get(call.queue, UNKNOWN_QUEUE)

    def waiting_queue(self, call: Call) -> QueueId:
        """The queue a call goes back to; who waits for a campaign's agents is in none."""
        if call.waits_for:
            return call.queue
        return call.queue or call.asked_queue or self.state.center.default_queue

    def is_up(self, pbx: PbxName) -> bool:
        """Whether the link to this PBX is up."""
        return self.state.links.get(pbx) is True
