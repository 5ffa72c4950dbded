"""Plays one day of calls that come in: callers, agents, a PBX that does at once what it is told.

Nothing fails here: what the faults of a PBX do is the simulator's business.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial

from msgspec import Struct

from callcenter.core.state import empty_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile, Seniority
from callcenter.domain.center import Center
from callcenter.domain.customer import Tier
from callcenter.domain.history import KnownCustomer
from callcenter.domain.ids import ATTEMPT_PREFIX, AgentId, CallId, ChannelRef
from callcenter.domain.records import (
    AgentStateRecord,
    CallRecord,
    FaultRecord,
    Record,
    RoutingRecord,
)
from callcenter.domain.rehearsal import RehearsalFailed
from callcenter.domain.rules import Rules
from callcenter.rehearsal.arrivals import Caller
from callcenter.rehearsal.schooling import learned_before
from callcenter.rehearsal.stage import BY, JOURNAL, Presence, Stage
from callcenter.rehearsal.traffic import Traffic, patience_s

PBX = "rehearsal"
RULES_VERSION = 1
PATIENCE_MAX_S = 4 * 3600.0
"""Nobody waits longer, whatever is known of their patience."""
ANONYMOUS = "unknown-"
"""Instead of a number that has been forgotten: its owner must be found all the same."""

SAY_S = 4.0
"""How long a prompt lasts."""
VOICEMAIL_S = 30.0
OUTSIDE_RING_S = 8.0
"""Until a number outside, or who is called back, answers: nothing is known of them, and all do."""
OUTSIDE_SIDE = "junior"
"""How long they talk there: as the center's juniors."""


class Day(Struct, frozen=True):
    """What happens whatever the rules are."""

    begin: float
    """From here on the machine runs."""
    callers: Sequence[Caller]
    presences: Sequence[Presence]


class Played(Struct, frozen=True):
    """What the machine wrote down of a day."""

    calls: list[CallRecord]
    states: list[AgentStateRecord]
    faults: list[FaultRecord]
    led_out: dict[CallId, float]
    """When calls were led to somebody else than our agents."""


class Floor(Stage):
    """One day under one document of rules. ``play`` once."""

    def __init__(
        self,
        center: Center,
        agents: Sequence[AgentProfile],
        rules: Rules,
        traffic: Traffic,
        day: Day,
    ) -> None:
        self._traffic, self._day = traffic, day
        self._seniority: Mapping[AgentId, Seniority] = {one.id: one.seniority for one in agents}
        state = empty_state(JOURNAL)
        state.standing = learned_before(traffic, center, agents, PBX)
        super().__init__(center, agents, PBX, state, day.begin)
        self._callers: dict[ChannelRef, Caller] = {}
        """Those on the line."""
        self._called_from: dict[str, Caller] = {}
        """By number, those who have called: some are called back."""
        self._customers: dict[str, KnownCustomer] = {}
        """By the number that they call from."""
        self._digits: dict[ChannelRef, deque[str]] = {}
        self._rung: dict[ChannelRef, c.RingAgent | c.DialOutside] = {}
        """Legs that exist."""
        self._busy: dict[ChannelRef, None] = {}
        """Callers who talk, or leave a message: their patience is over."""
        self._played = Played([], [], [], {})
        self._begin(rules)

    def play(self) -> Played:
        """Everything from the first arrival until the last caller has gone."""
        while self._agenda:
            self._move_on()
        return self._played

    # --- how it begins ----------------------------------------------------------------------------

    def _begin(self, rules: Rules) -> None:
        self._tell(e.RulesPublished(self._request(), RULES_VERSION, rules, BY))
        self._expect(self._day.presences)
        for number, caller in enumerate(self._day.callers):
            self._at(caller.at, partial(self._call_in, number, caller))
        self._drain()
        if self._machine.state.rules.version != RULES_VERSION:
            raise RehearsalFailed("These rules cannot be used: check them with `rules check`.")

    # --- people -----------------------------------------------------------------------------------

    def _call_in(self, number: int, caller: Caller) -> None:
        channel = ChannelRef(PBX, f"caller-{number}")
        kind = caller.kind
        calls_from = kind.caller_number
        if kind.customer is not None or kind.tier is not Tier.STANDARD:
            calls_from = calls_from or f"{ANONYMOUS}{number}"
            self._customers[calls_from] = kind.customer or KnownCustomer(
                f"{ANONYMOUS}{number}", kind.tier
            )
        self._callers[channel] = self._called_from[calls_from] = caller
        self._digits[channel] = deque(kind.choices)
        self._tell(e.CallArrived(channel, calls_from, caller.dialed_number))

    def _begin_to_wait(self, channel: ChannelRef) -> None:
        caller = self._callers[channel]
        call = self._machine.state.calls[self._machine.state.call_of[channel]]
        hazard = self._traffic.patience[f"{call.asked_queue or call.queue}/{caller.kind.tier}"]
        wait_s = min(PATIENCE_MAX_S, patience_s(hazard, caller.patience))
        self._at(self._now + wait_s, partial(self._lose_patience, channel))

    def _lose_patience(self, channel: ChannelRef) -> None:
        if channel in self._callers and channel not in self._busy:
            self._hang_up_caller(channel)

    def _hang_up_caller(self, channel: ChannelRef) -> None:
        if self._callers.pop(channel, None) is not None:
            self._busy.pop(channel, None)
            self._tell(e.ChannelHungUp(channel, 16))

    def _talk(self, command: c.JoinCall) -> None:
        """They talk for as long as this caller's matter takes this agent."""
        caller, ring = self._callers[command.caller], self._rung[command.leg]
        call = self._machine.state.calls[ring.call]
        agent = "" if isinstance(ring, c.DialOutside) else ring.agent
        side = self._seniority[agent].value if agent else OUTSIDE_SIDE
        lasting = self._traffic.talk[f"{call.queue}/{caller.kind.tier}/{side}"]
        talk_s = lasting.at(caller.size) * self._traffic.pace.get(agent, 1.0)
        self._busy[command.caller] = None
        self._at(self._now + talk_s, partial(self._end_talk, command.caller, ring, caller))

    def _end_talk(
        self, channel: ChannelRef, ring: c.RingAgent | c.DialOutside, caller: Caller
    ) -> None:
        self._hang_up_caller(channel)
        if isinstance(ring, c.DialOutside):
            return
        side = self._seniority[ring.agent].value
        code = "follow_up" if caller.luck < self._traffic.unresolved[side] else "solved"
        wrap_up_s = self._traffic.wrap_up[side].at(caller.wrap_up)
        self._at(
            self._now + wrap_up_s, partial(self._give_disposition, ring.agent, ring.call, code)
        )

    def _give_disposition(self, agent: AgentId, call: CallId, code: str) -> None:
        if self._machine.state.agents[agent].call == call:  # else its time was over before
            self._tell(e.DispositionRequested(self._request(), agent, call, code))

    def _answer(self, leg: ChannelRef) -> None:
        if leg in self._rung:
            self._tell(e.LegAnswered(leg))
            self._tell(e.LegParked(leg))

    # --- the PBX ----------------------------------------------------------------------------------

    def _keep(self, record: Record) -> None:
        match record:
            case CallRecord():
                if not record.channel.id.startswith(
                    ATTEMPT_PREFIX
                ):  # who is called back counts once
                    self._played.calls.append(record)
            case AgentStateRecord():
                self._played.states.append(record)
            case FaultRecord():
                self._played.faults.append(record)
            case RoutingRecord(kind="led_out"):
                self._played.led_out[record.subject] = record.at
            case _:
                pass

    def _carry_out(self, command: c.Command) -> None:
        """Do it at once, and tell what a PBX would tell of it."""
        match command:
            case c.LookUpCustomer():
                self._look_up(command)
                return
            case c.PlayPrompt() | c.ProbeMenu():
                self._tell(e.IvrCommandEnded(command.channel, command.id, 0))
            case c.AskDigit():
                self._press(command)
            case c.HoldCaller() if command.channel in self._callers:
                self._tell(e.IvrLeft(command.channel))
                self._tell(e.CallerHeld(command.channel))
                self._at(self._now, partial(self._hear_music, command.channel))
            case c.SayToCaller() if command.channel in self._callers:
                self._say(command)
            case c.RecordVoicemail() if command.channel in self._callers:
                self._leave_message(command)
            case c.RingAgent() | c.DialOutside():
                self._ring(command)
            case c.JoinCall() if command.caller in self._callers and command.leg in self._rung:
                bridge = command.caller.id
                self._tell(e.CallerLeftHold(command.caller))
                self._tell(e.ChannelJoined(command.caller, bridge))
                self._tell(e.ChannelJoined(command.leg, bridge))
                self._talk(command)
            case c.PlaceCall():
                self._call_back(command)
            case c.HangUp():
                self._hang_up_caller(command.channel)
                if self._rung.pop(command.channel, None) is not None:
                    self._tell(e.ChannelHungUp(command.channel, 16))
            case _:
                pass
        self._tell(e.CommandSucceeded(command.id))

    def _hear_music(self, channel: ChannelRef) -> None:
        """From now on the caller waits: patience runs from the first time only."""
        if channel in self._callers and channel in self._digits:
            del self._digits[channel]
            self._begin_to_wait(channel)

    def _say(self, command: c.SayToCaller) -> None:
        """The caller hears something, then music again or the end."""
        channel = command.channel
        self._tell(e.IvrLeft(channel))
        self._tell(e.AnnouncementBegan(channel))
        self._at(self._now, partial(self._hear_music, channel))
        until = self._now + SAY_S * len(command.prompts)
        self._at(until, partial(self._stop_saying, channel, command.ends_call))

    def _stop_saying(self, channel: ChannelRef, ends_call: bool) -> None:
        if channel not in self._callers or channel in self._busy:
            return
        if ends_call:
            self._hang_up_caller(channel)
        else:
            self._tell(e.CallerHeld(channel))

    def _leave_message(self, command: c.RecordVoicemail) -> None:
        channel = command.channel
        self._busy[channel] = None
        self._tell(e.IvrLeft(channel))
        self._tell(e.VoicemailBegan(channel))
        lasts_s = min(VOICEMAIL_S, command.max_s)
        self._at(self._now + lasts_s, partial(self._hang_up_caller, channel))

    def _call_back(self, command: c.PlaceCall) -> None:
        """Dial somebody who was told that we would."""
        caller = self._called_from[command.number]
        self._tell(e.AttemptCreated(command.channel))
        self._tell(e.AttemptRinging(command.channel))
        self._at(self._now + OUTSIDE_RING_S, partial(self._pick_up, command.channel, caller))

    def _pick_up(self, channel: ChannelRef, caller: Caller) -> None:
        self._callers[channel] = caller
        self._tell(e.AttemptAnswered(channel))
        self._tell(e.CallerHeld(channel))
        self._at(self._now, partial(self._begin_to_wait, channel))

    def _look_up(self, command: c.LookUpCustomer) -> None:
        known = self._customers.get(command.number)
        if known is None:
            self._tell(e.CustomerNotFound(command.id, command.call))
            return
        facts = known.facts
        self._tell(
            e.CustomerFound(
                command.id,
                command.call,
                known.id,
                known.tier,
                last_agent=facts.last_agent,
                owner=facts.owner,
                language=facts.language,
                value=facts.value,
                churn_risk=facts.churn_risk,
                attributes=facts.attributes,
            )
        )

    def _press(self, command: c.AskDigit) -> None:
        digits = self._digits.get(command.channel)
        digit = digits.popleft() if digits else ""
        self._tell(
            e.IvrCommandEnded(
                command.channel,
                command.id,
                1 if digit else 0,
                digits=digit,
                timed_out=not digit,
            )
        )

    def _ring(self, command: c.RingAgent | c.DialOutside) -> None:
        """The phone is answered after a while, in any case before it has rung out."""
        call = self._machine.state.calls.get(command.call)
        caller = None if call is None else self._callers.get(call.channel)
        if call is None or caller is None:
            return
        self._rung[command.leg] = command
        self._tell(e.LegCreated(command.leg))
        self._tell(e.LegRinging(command.leg))
        ring_s = OUTSIDE_RING_S
        if isinstance(command, c.RingAgent):
            rings_s = self._machine.state.queues[call.queue].ring_timeout_s
            ring_s = min(self._traffic.ring.at(caller.ring), 0.9 * rings_s)
        self._at(self._now + ring_s, partial(self._answer, command.leg))
