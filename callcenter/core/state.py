"""All that the machine knows, with an undo log: a step that raises leaves everything as it was.

Tables are dicts of frozen Structs. What can be worked out from them (indexes, the timers' heap, the
router's lines) is derived: it is rebuilt from a snapshot and never stored.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from callcenter.core.rulebook import Rulebook
from callcenter.domain.agent import Agent, AgentState
from callcenter.domain.attempt import Attempt, AttemptState
from callcenter.domain.call import Call
from callcenter.domain.callback import Callback
from callcenter.domain.campaign import Campaign
from callcenter.domain.center import Center, Queue, TrunkLine
from callcenter.domain.commands import Command
from callcenter.domain.flow import Flow
from callcenter.domain.ids import (
    AgentId,
    AttemptId,
    CallbackId,
    CallId,
    CampaignId,
    ChannelRef,
    CommandId,
    ContactId,
    CustomerId,
    FlowId,
    PbxName,
    Phone,
    QueueId,
    RequestId,
)
from callcenter.domain.leg import Leg
from callcenter.domain.mishap import MishapDay
from callcenter.domain.queue_day import QueueDay
from callcenter.domain.reading import Reading
from callcenter.domain.rules import PublishedRules, QueueSwitch
from callcenter.domain.step import Reply
from callcenter.domain.voicemail import VoicemailLeft
from dialer.caller_ids import CallerNumber
from dialer.campaign_pacing import PacingState
from dialer.trunk import Trunk
from routing.learning import Learned
from routing.standing import Standing

K = TypeVar("K")
V = TypeVar("V")

Undo = Callable[[], None]

IN_FLIGHT = (AttemptState.PLACED, AttemptState.RINGING, AttemptState.SCREENING)
"""Attempts of which nobody knows yet whether a person will need an agent."""


def trunk_key(pbx: PbxName, name: str) -> str:
    """By what a trunk is known in the state."""
    return f"{pbx}/{name}"


class Table(Generic[K, V]):
    """A dict whose changes can be taken back. Iterates in the order of insertion."""

    __slots__ = ("_log", "_rows", "get")

    def __init__(self, log: list[Undo], rows: dict[K, V] | None = None) -> None:
        self._log = log
        self._rows: dict[K, V] = {} if rows is None else rows
        self.get: Callable[[K], V | None] = self._rows.get
        """The row, or None. The dict's own: no other thing is asked so often."""

    def __getitem__(self, key: K) -> V:
        return self._rows[key]

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[K]:
        return iter(self._rows)

    def values(self) -> Iterator[V]:
        """The rows, in order."""
        return iter(self._rows.values())

    def items(self) -> Iterator[tuple[K, V]]:
        """Keys and rows, in order."""
        return iter(self._rows.items())

    def put(self, key: K, value: V) -> None:
        """Add or replace a row."""
        rows = self._rows
        if key in rows:
            old = rows[key]
            self._log.append(lambda: rows.__setitem__(key, old))
        else:
            self._log.append(lambda: rows.__delitem__(key))
        rows[key] = value

    def remove(self, key: K) -> None:
        """Remove a row if it is there. Taking this back puts it at the end of the order."""
        rows = self._rows
        if key in rows:
            old = rows.pop(key)
            self._log.append(lambda: rows.__setitem__(key, old))

    def as_dict(self) -> dict[K, V]:
        """A copy for a snapshot."""
        return dict(self._rows)


class Answered(Struct, frozen=True, array_like=True):
    """A reply kept so that a request sent twice is answered the same."""

    reply: Reply
    at: float


NO_STANDING = Standing(Learned(), (), ())


class Snapshot(Struct, frozen=True):
    """The state as it is stored, without anything derived."""

    journal: str
    position: int
    epoch: int
    now: float
    center: Center | None
    agents: dict[AgentId, Agent]
    calls: dict[CallId, Call]
    legs: dict[str, Leg]
    attempts: dict[AttemptId, Attempt]
    campaigns: dict[CampaignId, Campaign]
    pending: dict[CommandId, Command]
    timers: dict[str, float]
    answered: dict[RequestId, Answered]
    links: dict[PbxName, bool]
    days: dict[QueueId, QueueDay]
    blocked: str
    readings: dict[PbxName, Reading] = {}
    settles: tuple[tuple[ChannelRef, float], ...] = ()
    mishaps: dict[str, MishapDay] = {}
    rules: PublishedRules = PublishedRules()
    switches: dict[QueueId, QueueSwitch] = {}
    last_agents: dict[CustomerId, AgentId] = {}
    standing: Standing = NO_STANDING
    """What routing has learnt, and holds."""
    voicemails: dict[CallId, VoicemailLeft] = {}
    restless: bool = False
    """Routing is to look at everything anew."""
    pacings: dict[CampaignId, PacingState] = {}
    """What the campaigns' pacers know."""
    trunks: dict[str, Trunk] = {}
    shown_numbers: dict[str, CallerNumber] = {}
    callbacks: dict[CallbackId, Callback] = {}


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Snapshot)
_WALKER = msgspec.msgpack.Decoder(msgspec.Raw)

NO_CENTER = Center(queues=(), flows=(), numbers={}, phones={}, default_queue="")


class State:
    """The live state. Only the machine changes it, inside a step."""

    def __init__(self, snapshot: Snapshot) -> None:
        log: list[Undo] = []
        self._log = log
        self.journal = snapshot.journal
        self.position = snapshot.position
        self.epoch = snapshot.epoch
        self.now = snapshot.now
        self.blocked = snapshot.blocked
        """Why the journal cannot be written; empty while it can."""
        self.agents: Table[AgentId, Agent] = Table(log, dict(snapshot.agents))
        self.calls: Table[CallId, Call] = Table(log, dict(snapshot.calls))
        self.legs: Table[ChannelRef, Leg] = Table(
            log, {leg.channel: leg for leg in snapshot.legs.values()}
        )
        self.attempts: Table[AttemptId, Attempt] = Table(log, {})
        self.campaigns: Table[CampaignId, Campaign] = Table(log, dict(snapshot.campaigns))
        self.pending: Table[CommandId, Command] = Table(log, dict(snapshot.pending))
        self.timers: Table[str, float] = Table(log, dict(snapshot.timers))
        self.answered: Table[RequestId, Answered] = Table(log, dict(snapshot.answered))
        self.links: Table[PbxName, bool] = Table(log, dict(snapshot.links))
        self.days: Table[QueueId, QueueDay] = Table(log, dict(snapshot.days))
        self.readings: Table[PbxName, Reading] = Table(log, dict(snapshot.readings))
        """Readings of PBXs that are on their way."""
        self.settles: Table[ChannelRef, float] = Table(log, dict(snapshot.settles))
        """Until when something is under way with a channel: a reading ordered before says nothing
        of it. Kept until the next reading, which is ordered after."""
        self.mishaps: Table[str, MishapDay] = Table(log, dict(snapshot.mishaps))
        """Repairs and faults of the last day that had one of the kind, by ``repair:KIND`` and
        ``fault:KIND``."""
        self.switches: Table[QueueId, QueueSwitch] = Table(log, dict(snapshot.switches))
        self.last_agents: Table[CustomerId, AgentId] = Table(log, dict(snapshot.last_agents))
        """Who spoke last with whom: the latest customers only."""
        self.voicemails: Table[CallId, VoicemailLeft] = Table(log, dict(snapshot.voicemails))
        """Not dealt with yet, the oldest in front."""
        self.trunks: Table[str, Trunk] = Table(log, dict(snapshot.trunks))
        """Trunks that somebody has dialed on, by ``trunk_key``."""
        self.shown_numbers: Table[str, CallerNumber] = Table(log, dict(snapshot.shown_numbers))
        """Numbers that people who were called have seen."""
        self.callbacks: Table[CallbackId, Callback] = Table(log, dict(snapshot.callbacks))
        """Calls promised and not made yet."""
        self.standing, self.restless = snapshot.standing, snapshot.restless
        """How routing stood at the snapshot; how it stands now tells ``tell_standing``."""
        self.tell_standing = self._standing_then
        self.pacings = dict(snapshot.pacings)
        """What the campaigns' pacers know; they change it in place (``core.pacing``)."""
        # Derived.
        self.call_of: Table[ChannelRef, CallId] = Table(
            log, {call.channel: call.id for call in snapshot.calls.values()}
        )
        self.agent_of_phone: Table[Phone, AgentId] = Table(
            log, {a.phone: a.id for a in snapshot.agents.values() if a.phone}
        )
        self.rulebook = Rulebook(snapshot.rules)
        self.teams: Table[CampaignId, int] = Table(log)
        """How many agents each campaign counts on."""
        self.free_to_share: Table[AgentId, None] = Table(log)
        """Agents of several campaigns who are free for any of them. In no order that a snapshot
        keeps."""
        for agent in snapshot.agents.values():
            self._count_agent(None, agent)
        self.previewing: Table[AgentId, CampaignId] = Table(
            log, {a.id: a.preview.campaign for a in snapshot.agents.values() if a.preview}
        )
        """Agents who read a card, to dial or to skip, and the campaign it is of. In no order that
        a snapshot keeps: where that matters, ask ``readers``."""
        self.due: Table[CallbackId, CampaignId] = Table(
            log, {one.id: one.campaign for one in snapshot.callbacks.values() if one.is_due}
        )
        """Callbacks whose time has come. In no order that a snapshot keeps."""
        self.calling: Table[AttemptId, CallbackId] = Table(
            log, {one.attempt: one.id for one in snapshot.callbacks.values() if one.is_dialed}
        )
        """Calls dialed for callbacks of queues."""
        self.to_classify: list[tuple[float, CallId]] = []
        """Whose rules are to be found again, who came first last; empty: look who."""
        self.live_attempts: Table[CampaignId, int] = Table(log)
        """How many attempts of a campaign have not ended."""
        self.on_trunk: Table[str, int] = Table(log)
        """How many calls dialed are on a trunk, by ``trunk_key``."""
        self.dialing: Table[str, AttemptId] = Table(log)
        """Numbers with a live attempt."""
        self.contacts_on_line: Table[ContactId, int] = Table(log)
        """How many return calls of a contact are live."""
        self.numbers_on_line: Table[str, int] = Table(log)
        """The same, by the number that they come from."""
        for call in snapshot.calls.values():
            self.note_return(call, 1)
        for attempt in snapshot.attempts.values():
            self.put_attempt(attempt)
        log.clear()
        self._heap = [(due, key) for key, due in snapshot.timers.items()]
        heapq.heapify(self._heap)
        self.center = NO_CENTER
        self.queues: dict[QueueId, Queue] = {}
        self.flows: dict[FlowId, Flow] = {}
        self.trunk_lines: dict[str, TrunkLine] = {}
        self.configured = snapshot.center is not None
        if snapshot.center is not None:
            self._take_center(snapshot.center)

    def _take_center(self, center: Center) -> None:
        self.center = center
        self.trunk_lines = {trunk_key(one.pbx, one.name): one for one in center.trunks}
        self.queues = {queue.id: queue for queue in center.queues}
        self.flows = {flow.id: flow for flow in center.flows}

    def set_center(self, center: Center) -> None:
        """Take new settings."""
        old, was = self.center, self.configured
        self._take_center(center)
        self.configured = True

        def undo() -> None:
            self._take_center(old)
            self.configured = was

        self._log.append(undo)

    def put_agent(self, agent: Agent) -> None:
        """Add or replace an agent, and count them."""
        old = self.agents.get(agent.id)
        self.agents.put(agent.id, agent)
        self._count_agent(old, agent)

    def _count_agent(self, old: Agent | None, agent: Agent) -> None:
        before = "" if old is None else old.campaign
        if before != agent.campaign:
            for name, change in ((before, -1), (agent.campaign, 1)):
                if name:
                    self._count(self.teams, name, change)
        is_free = agent.state is AgentState.READY and agent.preview is None and not agent.dialing
        if not (agent.also_for and is_free):
            self.free_to_share.remove(agent.id)
        elif agent.id not in self.free_to_share:
            self.free_to_share.put(agent.id, None)

    def put_attempt(self, attempt: Attempt) -> None:
        """Add or replace an attempt, and count it."""
        old = self.attempts.get(attempt.id)
        if old is None:
            self._count(self.live_attempts, attempt.campaign, 1)
            self.dialing.put(attempt.number, attempt.id)
        used = old is not None and old.state is not AttemptState.HELD
        uses = attempt.state is not AttemptState.HELD
        self._count(self.on_trunk, trunk_key(attempt.channel.pbx, attempt.trunk), uses - used)
        self.attempts.put(attempt.id, attempt)

    def remove_attempt(self, attempt: Attempt) -> None:
        """Forget an attempt that has ended."""
        self._count(self.live_attempts, attempt.campaign, -1)
        used = self.attempts[attempt.id].state is not AttemptState.HELD
        self._count(self.on_trunk, trunk_key(attempt.channel.pbx, attempt.trunk), -used)
        self.dialing.remove(attempt.number)
        self.attempts.remove(attempt.id)

    def note_return(self, call: Call, change: int) -> None:
        """Count a return call; one that is none changes nothing."""
        if call.contact:
            self._count_line(self.contacts_on_line, call.contact, change)
            self._count_line(self.numbers_on_line, call.caller_number, change)

    def readers(self, campaign: CampaignId) -> list[Agent]:
        """The agents who read a card of this campaign, to dial or to skip, by their ids."""
        return [self.agents[key] for key, its in sorted(self.previewing.items()) if its == campaign]

    def _count(self, table: Table[str, int], key: str, change: int) -> None:
        if change:
            table.put(key, (table.get(key) or 0) + change)

    def _count_line(self, table: Table[str, int], key: str, change: int) -> None:
        """The same; what is there no more is forgotten: there are as many as people."""
        count = (table.get(key) or 0) + change
        if count:
            table.put(key, count)
        else:
            table.remove(key)

    def set_epoch(self, epoch: int) -> None:
        """Count a start."""
        old = self.epoch
        self.epoch = epoch
        self._log.append(lambda: setattr(self, "epoch", old))

    @property
    def rules(self) -> PublishedRules:
        """The rules that hold."""
        return self.rulebook.published

    def set_rules(self, book: Rulebook) -> None:
        """Have other rules hold."""
        old = self.rulebook
        self.rulebook = book
        self._log.append(lambda: setattr(self, "rulebook", old))

    def set_blocked(self, reason: str) -> None:
        """Note whether the journal can be written."""
        old = self.blocked
        self.blocked = reason
        self._log.append(lambda: setattr(self, "blocked", old))

    # --- timers -----------------------------------------------------------------------------

    def set_timer(self, key: str, due: float) -> None:
        """Fire ``key`` at ``due``; replaces an earlier setting of the same key."""
        self.timers.put(key, due)
        heapq.heappush(self._heap, (due, key))

    def clear_timer(self, key: str) -> None:
        """Forget a timer, if it is set. Its heap entry is skipped when it comes up."""
        self.timers.remove(key)

    def next_due(self) -> float | None:
        """When the earliest timer is due."""
        heap = self._heap
        while heap:
            due, key = heap[0]
            if self.timers.get(key) == due:
                return due
            heapq.heappop(heap)
        return None

    def first_due(self, now: float) -> str | None:
        """The earliest timer that is due by ``now``; among equals the smallest key."""
        due = self.next_due()
        return self._heap[0][1] if due is not None and due <= now else None

    # --- staging ----------------------------------------------------------------------------

    def mark(self) -> int:
        """A point to go back to within a step."""
        return len(self._log)

    def commit(self) -> None:
        """The step stands."""
        self._log.clear()

    def roll_back(self, mark: int = 0) -> None:
        """Take back everything since ``mark``. Timers come back into the heap."""
        log = self._log
        while len(log) > mark:
            log.pop()()
        self.to_classify.clear()
        self._heap = [(due, key) for key, due in self.timers.items()]
        heapq.heapify(self._heap)

    # --- storing ----------------------------------------------------------------------------

    def _standing_then(self) -> tuple[Standing, bool]:
        return self.standing, self.restless

    def snapshot(self) -> Snapshot:
        """The state as it is stored."""
        standing, restless = self.tell_standing()
        return Snapshot(
            journal=self.journal,
            position=self.position,
            epoch=self.epoch,
            now=self.now,
            center=self.center if self.configured else None,
            agents=self.agents.as_dict(),
            calls=self.calls.as_dict(),
            legs={str(ref): leg for ref, leg in self.legs.items()},
            attempts=self.attempts.as_dict(),
            campaigns=self.campaigns.as_dict(),
            pending=self.pending.as_dict(),
            timers=self.timers.as_dict(),
            answered=self.answered.as_dict(),
            links=self.links.as_dict(),
            days=self.days.as_dict(),
            blocked=self.blocked,
            readings=self.readings.as_dict(),
            settles=tuple(self.settles.items()),
            mishaps=self.mishaps.as_dict(),
            rules=self.rules,
            switches=self.switches.as_dict(),
            last_agents=self.last_agents.as_dict(),
            voicemails=self.voicemails.as_dict(),
            standing=standing,
            restless=restless,
            pacings=dict(self.pacings),
            trunks=self.trunks.as_dict(),
            shown_numbers=self.shown_numbers.as_dict(),
            callbacks=self.callbacks.as_dict(),
        )

    def encode(self) -> bytes:
        """The snapshot as bytes (msgpack)."""
        return _ENCODER.encode(self.snapshot())


def empty_state(journal: str) -> State:
    """The state before the first event of a journal."""
    return State(
        Snapshot(
            journal=journal,
            position=0,
            epoch=0,
            now=0.0,
            center=None,
            agents={},
            calls={},
            legs={},
            attempts={},
            campaigns={},
            pending={},
            timers={},
            answered={},
            links={},
            days={},
            blocked="",
        )
    )


def decode_state(data: bytes) -> State:
    """Read a snapshot; ``msgspec.MsgspecError`` says which field is wrong."""
    try:
        _WALKER.decode(data)  # a length that lies ends this; the decoder would make room for it
        return State(_DECODER.decode(data))
    except (UnicodeDecodeError, RecursionError) as error:  # msgspec lets these two through
        raise msgspec.DecodeError(str(error)) from error
