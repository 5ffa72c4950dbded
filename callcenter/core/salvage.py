"""What is kept of entries that another version of the machine decided: the facts alone.

A journal is stepped again only by what decides exactly as its writer did (docs/adr/0007). After a
crash with another version, or under other time zone rules, there is the last snapshot, and a tail
of entries that must not be stepped. The tail still tells whom somebody has dialed, who works on
which phone, what ended, and what people set. All else is as after a lost link: the PBX is asked,
and its word is taken.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from callcenter.core import callbacks, returns
from callcenter.core.pacing import Pacers
from callcenter.core.state import IN_FLIGHT, Snapshot, State
from callcenter.domain.agent import Agent, AgentState
from callcenter.domain.attempt import Attempt, AttemptState
from callcenter.domain.call import Call, CallState
from callcenter.domain.callback import Callback
from callcenter.domain.campaign import Campaign, HopperRow
from callcenter.domain.commands import (
    AddFallbackMember,
    Command,
    PlaceCall,
    RemoveFallbackMember,
)
from callcenter.domain.events import (
    CampaignJoinRequested,
    Event,
    HopperFilled,
    QueueSwitched,
    RulesPublished,
    ServiceStarted,
)
from callcenter.domain.ids import AgentId, AttemptId, CallId, CampaignId, PbxName, Phone
from callcenter.domain.records import (
    AttemptRecord,
    CallRecord,
    CampaignRecord,
    Record,
    ReturnRecord,
    RoutingRecord,
)
from callcenter.domain.rules import PublishedRules
from callcenter.domain.step import Entry
from callcenter.domain.voicemail import VoicemailLeft, file_of
from dialer.campaign_pacing import count_result
from dialer.results import is_person
from routing.standing import Standing

PERSON_COUNTED = (AttemptState.CONNECTED, AttemptState.DROPPED)
"""The campaign's pacer was told of the person."""
RECOVERED = "recovered"
"""Why agents are not ready afterwards."""
ASK_AFTER_S = 10.0
"""When the PBX is asked about what is under way, should its state not have been read by then."""


def salvage(state: State, tail: Iterable[Entry]) -> State:
    """The state that a center can go on from: ``state`` with the facts of ``tail``.

    Attempts without a result are kept, and their numbers with them: the first state reading finds
    them alive, or ends them as ``unknown``. Agents keep their phones and are not ready. Hoppers are
    empty, no command is under way, no link is up.
    """
    facts = _Facts(state.snapshot())
    for entry in tail:
        facts.take(entry)
    found = State(facts.conclude())
    Pacers(found)  # they know another time: they look at what is there now
    return found


class _Facts:
    """Collects what a tail tells."""

    def __init__(self, known: Snapshot) -> None:
        self._known = known
        self._position, self._now = known.position, known.now
        self._epoch = known.epoch
        self._calls = dict(known.calls)
        self._attempts = dict(known.attempts)
        self._campaigns = dict(known.campaigns)
        self._links = dict(known.links)
        self._phones: dict[AgentId, tuple[PbxName, Phone]] = {
            agent.id: (agent.pbx, agent.phone) for agent in known.agents.values() if agent.phone
        }
        self._works_for: dict[AgentId, tuple[CampaignId, ...]] = {
            agent.id: agent.works_for for agent in known.agents.values()
        }
        self._voicemails = dict(known.voicemails)
        self._callbacks = dict(known.callbacks)
        self._rules, self._switches = known.rules, dict(known.switches)
        self._rows: dict[str, tuple[CampaignId, HopperRow]] = {}
        for key, campaign in known.campaigns.items():
            self._take_rows(key, campaign.hopper)

    def take(self, entry: Entry) -> None:
        """One entry: first what was ordered, then what ended."""
        self._position, self._now = entry.position, max(self._now, entry.now)
        self._take_event(entry.event)
        for record in entry.records:
            if isinstance(record, CampaignRecord):
                self._take_campaign(record)
            elif isinstance(record, RoutingRecord):
                self._take_routing(record, entry.event)
                self._take_voicemail(record, entry.records)
                self._take_callback(record, entry.records)
        for command in entry.commands:
            self._take_command(command, entry.now)
        for record in entry.records:
            self._take_end(record)

    def _take_event(self, event: Event) -> None:
        if isinstance(event, ServiceStarted):
            self._epoch = max(self._epoch, event.epoch)
        elif isinstance(event, CampaignJoinRequested):  # what was answered is in no journal
            self._works_for[event.agent] = event.works_for
        elif isinstance(event, HopperFilled):
            self._take_rows(event.campaign, event.rows)

    def _take_routing(self, record: RoutingRecord, event: Event) -> None:
        """What supervisors set, where the record says that it was done."""
        if isinstance(event, RulesPublished):
            self._rules = PublishedRules(event.version, event.rules)
        elif isinstance(event, QueueSwitched) and event.switch is not None:
            self._switches[event.queue] = event.switch
        elif record.kind == "switch_ended":
            self._switches.pop(record.subject, None)

    def _take_voicemail(self, record: RoutingRecord, records: tuple[Record, ...]) -> None:
        """A message left, whose call ended in the same step, or one that was dealt with."""
        if record.kind == "voicemail_done":
            self._voicemails.pop(record.subject, None)
        for call in records if record.kind == "voicemail_left" else ():
            if isinstance(call, CallRecord) and call.call == record.subject:
                seconds = float(record.detail)
                self._voicemails[call.call] = VoicemailLeft(
                    call.call,
                    call.queue,
                    file_of(call.call),
                    record.at - seconds,
                    seconds,
                    call.caller_number,
                    call.customer,
                    call.tier,
                )

    def _take_callback(self, record: RoutingRecord, records: tuple[Record, ...]) -> None:
        """A call that was promised or put off, or one whose promise is over. The number is no part
        of that: a caller's is in the record of the call that ended with it."""
        if not record.kind.startswith("callback_"):
            return
        known = self._callbacks.pop(record.subject, None)
        if record.kind not in callbacks.STILL_WAITS:
            return
        kept = msgspec.json.decode(record.detail, type=Callback)
        numbers = [] if known is None else [known.number]
        numbers += [
            one.caller_number
            for one in records
            if isinstance(one, CallRecord) and one.call == kept.call
        ]
        number = next(iter(numbers), "")
        if kept.campaign or number:
            self._callbacks[kept.id] = msgspec.structs.replace(kept, number=number)

    def _take_rows(self, campaign: CampaignId, rows: tuple[HopperRow, ...]) -> None:
        self._rows |= {row.number: (campaign, row) for row in rows}

    def _take_campaign(self, record: CampaignRecord) -> None:
        settings = record.settings
        campaign = self._campaigns.get(settings.id) or Campaign(settings)
        self._campaigns[settings.id] = msgspec.structs.replace(
            campaign,
            settings=settings,
            state=record.state,
            since=campaign.since if record.state is campaign.state else record.at,
            changed_by=record.by,
        )

    def _take_command(self, command: Command, now: float) -> None:
        match command:
            case AddFallbackMember():
                self._leave(command.phone, but=command.agent)
                self._phones[command.agent] = (command.pbx, command.phone)
            case RemoveFallbackMember():
                self._leave(command.phone)
            case PlaceCall():
                self._place(command, now)
            case _:
                pass  # what became of it the PBX tells

    def _leave(self, phone: Phone, but: AgentId = "") -> None:
        """Nobody works on this phone any more, except ``but``."""
        for agent, (_, theirs) in list(self._phones.items()):
            if theirs == phone and agent != but:
                del self._phones[agent]
                self._works_for.pop(agent, None)

    def _place(self, command: PlaceCall, now: float) -> None:
        """Somebody was dialed: known from now on, never to be dialed for this attempt again."""
        key, contact, tries = command.campaign, command.contact, command.tries
        if not key and command.number in self._rows:  # version 2 did not say it in the command
            key, row = self._rows[command.number]
            contact, tries = row.contact, row.made + 1
        campaign = self._campaigns.get(key)
        if campaign is None:
            return
        self._campaigns[key] = msgspec.structs.replace(campaign, placed=campaign.placed + 1)
        self._attempts[command.channel.id] = Attempt(
            id=command.channel.id,
            campaign=key,
            contact=contact,
            number=command.number,
            channel=command.channel,
            placed_at=now,
            tries=tries,
            trunk=command.trunk,
            caller_id=command.caller_id,
        )

    def _take_end(self, record: Record) -> None:
        match record:
            case CallRecord():
                self._calls.pop(record.call, None)
            case AttemptRecord() if record.attempt in self._attempts:
                self._end_attempt(record, self._attempts.pop(record.attempt))
            case ReturnRecord() if record.campaign in self._campaigns:
                self._end_return(record)
            case _:
                pass

    def _end_attempt(self, record: AttemptRecord, attempt: Attempt) -> None:
        campaign = self._campaigns[record.campaign]
        results = {**campaign.results}
        results[record.result] = results.get(record.result, 0) + 1
        is_news = is_person(record.result, record.person_at) - bool(attempt.person_at)
        self._campaigns[record.campaign] = msgspec.structs.replace(
            campaign, results=results, people=campaign.people + is_news
        )
        known = self._known.pacings.get(record.campaign)
        if known is not None and attempt.state not in PERSON_COUNTED:
            count_result(known, record.result, record.ended_at)

    def _end_return(self, record: ReturnRecord) -> None:
        campaign = self._campaigns[record.campaign]
        self._campaigns[record.campaign] = msgspec.structs.replace(
            campaign, returns=returns.count(campaign.returns, record)
        )
        for key, attempt in self._attempts.items() if record.answered_at else ():
            if attempt.contact == record.contact:
                self._attempts[key] = msgspec.structs.replace(attempt, returned=True)

    # --- the state that comes of it -----------------------------------------------------------

    def conclude(self) -> Snapshot:
        """All of it as a state."""
        agents = {agent.id: self._rest(agent) for agent in self._known.agents.values()}
        for name in self._phones:
            if name not in agents:  # the profile comes with the accounts
                agents[name] = self._rest(Agent(name, ()))
        attempts = {key: _unsure(attempt) for key, attempt in self._attempts.items()}
        calls = {key: _parted(c) for key, c in self._calls.items() if _is_there(c, attempts)}
        attempts = {key: _with_call(attempt, calls) for key, attempt in attempts.items()}
        asked = {f"attempt:{key}": self._now + ASK_AFTER_S for key in attempts}
        asked |= {f"lease:{key}": self._now + ASK_AFTER_S for key in calls}
        waiting = [call.callback for call in calls.values()]
        promised = {key: one for key, one in self._callbacks.items() if key not in waiting}
        asked |= {f"callback:{key}": max(self._now, one.at) for key, one in promised.items()}
        asked |= {f"switch:{key}": one.until for key, one in self._switches.items()}
        return msgspec.structs.replace(
            self._known,
            position=self._position,
            epoch=self._epoch,
            now=self._now,
            agents=agents,
            calls=calls,
            legs={},
            attempts=attempts,
            campaigns={key: _forgetful(one) for key, one in self._campaigns.items()},
            pending={},
            timers=asked,
            links=dict.fromkeys(self._links, False),
            blocked="",
            rules=self._rules,
            switches=self._switches,
            voicemails=self._voicemails,
            callbacks={key: _unasked(one) for key, one in promised.items()},
            trunks={},
            standing=Standing(self._known.standing.learned, (), ()),
        )

    def _rest(self, agent: Agent) -> Agent:
        """On the phone or signed out, and at nothing."""
        pbx, phone = self._phones.get(agent.id, ("", ""))
        named = [self._campaigns.get(name) for name in self._works_for.get(agent.id, ())]
        works_for = [
            campaign.settings.id
            for campaign in named
            if campaign is not None and phone and campaign.settings.pbx == pbx
        ]
        return Agent(
            agent.id,
            agent.queues,
            agent.seniority,
            agent.team,
            agent.skills,
            state=AgentState.NOT_READY if phone else AgentState.SIGNED_OUT,
            reason=RECOVERED if phone else "",
            since=self._now,
            idle_since=agent.idle_since,
            pbx=pbx,
            phone=phone,
            campaign="".join(works_for[:1]),
            also_for=tuple(works_for[1:]),
        )


def _unsure(attempt: Attempt) -> Attempt:
    """Where it is only the PBX knows; what is known for good of it stays."""
    if attempt.state in IN_FLIGHT:
        return msgspec.structs.replace(attempt, state=AttemptState.PLACED)
    return attempt


def _with_call(attempt: Attempt, calls: dict[CallId, Call]) -> Attempt:
    """A person whose call has a record is gone; that the attempt ended comes with the reading."""
    if attempt.call and attempt.call not in calls:
        return msgspec.structs.replace(attempt, state=AttemptState.PLACED, call="")
    return attempt


def _is_there(call: Call, attempts: dict[AttemptId, Attempt]) -> bool:
    return not call.campaign or call.attempt in attempts


def _parted(call: Call) -> Call:
    """The caller is somewhere in the PBX; with whom, it tells."""
    state = call.state
    if state in (CallState.OFFERED, CallState.CONNECTED):
        state = CallState.WAITING if call.queued_at else CallState.ARRIVING
    return msgspec.structs.replace(
        call, state=state, agent="", leg=None, joining=False, bridge="", is_stale=True
    )


def _unasked(callback: Callback) -> Callback:
    """Nobody makes it just now: where somebody is being dialed for it, its number tells."""
    return msgspec.structs.replace(
        callback,
        is_due=False,
        not_before=0.0,
        attempt="",
        asked="",
        row=None,
        row_at=0.0,
        reserved="",
        ringing_at=0.0,
    )


def _forgetful(campaign: Campaign) -> Campaign:
    """The database is asked anew whom to dial."""
    return msgspec.structs.replace(
        campaign,
        hopper=(),
        refill="",
        ended_since_refill=(),
        spared_since_refill=(),
    )
