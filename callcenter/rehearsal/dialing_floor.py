"""Plays a campaign: its agents, the people on its list, the trunk and the database.

The production machine dials by its own pacer. What each call meets hangs on the seed, the contact
and the try alone, so a changed campaign meets the same people.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from random import Random

from msgspec import Struct, field

from callcenter.core.state import empty_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile, AgentState
from callcenter.domain.attempt import AttemptResult, Verdict
from callcenter.domain.campaign import Campaign, CampaignStep, OnMachine
from callcenter.domain.center import Center
from callcenter.domain.history import ListedContact
from callcenter.domain.ids import AgentId, CallId, ChannelRef, ContactId
from callcenter.domain.records import AgentStateRecord, AttemptRecord, FaultRecord, Record
from callcenter.rehearsal.arrivals import Z_MOST
from callcenter.rehearsal.called_list import CalledList
from callcenter.rehearsal.people import Fate, Luck, People, hour_at
from callcenter.rehearsal.stage import BY, JOURNAL, Presence, Stage
from dialer.campaign_pacing import PacingState
from dialer.compliance import Past
from dialer.pacing.learning import MACHINE, PERSON
from dialer.results import is_person

READING_S = 20.0
"""How long an agent reads a card in preview before having the person dialed: nobody knows."""
MACHINE_S = 8.0
"""How long an agent listens to a machine, or a machine that was taken for one lasts."""
MESSAGE_S = 8.0
"""How long a person listens to the safe-harbour message."""
RECORDING_S = 30.0
"""From detection's verdict until a machine has recorded the message: the rest of its greeting, two
seconds of silence, and the message. No recorded call tells."""
LINGER_S = 75.0
"""At the end of work agents stay so long: who was dialed for them may still answer."""
AFTER_S = 1800.0
"""After the end conversations that go on are waited for, so long at most."""
WRAP_UP_MOST = 0.9
"""Of the time that the campaign gives: then an agent clicks, having nothing better to do."""


class Work(Struct, frozen=True):
    """The time that is played."""

    begin: float
    spans: Sequence[tuple[float, float]]
    """When there is work: in order, apart from each other, UTC seconds."""
    presences: Sequence[Presence]
    seed: int
    calls_max: int
    """After so many calls it ends."""

    def worked_s(self, until: float) -> float:
        """Seconds of work until this moment."""
        return math.fsum(max(0.0, min(end, until) - begin) for begin, end in self.spans)


class Campaigning(Struct, frozen=True):
    """What dials, and whom."""

    center: Center
    campaign: Campaign
    """Nothing is under way in it: no hopper, no attempts."""
    pacing: PacingState | None
    """What its pacer knows, without calls and agents; None: nothing. It is changed."""
    people: People
    contacts: Sequence[ListedContact]
    pasts: dict[ContactId, list[Past]]


class Tally(Struct):
    """What was counted."""

    seconds: dict[AgentState, float] = field(default_factory=dict)
    """Of the agents at work, by state."""
    conversations: int = 0
    placed: int = 0
    people: int = 0
    dropped: int = 0
    reached: dict[ContactId, None] = field(default_factory=dict)
    tried: int = 0
    tried_all_h: float | None = None
    """Hours of work until everybody had been tried."""
    finished_h: float | None = None
    worked_s: float = 0.0
    was_cut: bool = False
    """It ended because so many calls had been placed."""
    faults: list[FaultRecord] = field(default_factory=list)


class _Talk(Struct, frozen=True):
    """Somebody on the line, and who the agent is talking to."""

    agent: AgentId
    leg: ChannelRef
    call: CallId
    bridge: str


class DialingFloor(Stage):
    """One campaign on one seed. ``play`` once."""

    def __init__(self, dialed: Campaigning, agents: Sequence[AgentProfile], work: Work) -> None:
        settings = dialed.campaign.settings
        state = empty_state(JOURNAL)
        state.now = work.begin
        state.campaigns.put(settings.id, dialed.campaign)
        if dialed.pacing is not None:
            state.pacings[settings.id] = dialed.pacing
        state.commit()
        super().__init__(dialed.center, agents, settings.pbx, state, work.begin)
        self._settings, self._people, self._work = settings, dialed.people, work
        self._list = CalledList(dialed.contacts, dialed.pasts)
        self._agent_of: dict[ChannelRef, AgentId] = {}
        """By line."""
        self._calls: dict[ChannelRef, Fate] = {}
        """On the way or on the line."""
        self._talks: dict[ChannelRef, _Talk] = {}
        """By the person's channel."""
        self._end = work.spans[-1][1]
        self._is_over = self._has_left = False
        self._tally = Tally()
        step = e.CampaignStepRequested(self._request(), settings.id, CampaignStep.START, BY)
        self._tell(step)
        self._expect(work.presences)
        self._at(self._end, self._go_home)
        self._drain()

    def play(self) -> Tally:
        """Until the work is over or the list is worked through, and the last call is over."""
        while self._agenda and (not self._has_left or self._calls):
            self._move_on()
            if self._now > self._end + AFTER_S:
                break
        self._tally.tried = self._list.tried()
        self._tally.worked_s = self._work.worked_s(self._end)
        return self._tally

    def _go_home(self) -> None:
        """It is over: nobody is dialed any more."""
        if self._is_over:
            return
        self._is_over = True
        self._end = min(self._end, self._now)
        campaign = self._settings.id
        self._tell(e.CampaignStepRequested(self._request(), campaign, CampaignStep.PAUSE, BY))
        self._at(self._now + LINGER_S, self._leave_all)

    def _leave_all(self) -> None:
        self._has_left = True
        for agent in self._phones:
            if self._machine.state.agents[agent].state is not AgentState.SIGNED_OUT:
                self._leave(agent)

    # --- agents -----------------------------------------------------------------------------------

    def _come(self, agent: AgentId) -> None:
        if self._is_over:
            return
        super()._come(agent)
        if self._machine.state.agents[agent].campaign != self._settings.id:
            self._tell(e.CampaignJoinRequested(self._request(), agent, self._settings.id))

    def _read_card(self, agent: AgentId, preview: CallId) -> None:
        known = self._machine.state.agents[agent].preview
        if known is not None and known.id == preview:
            self._tell(e.PreviewDialRequested(self._request(), agent, preview))

    def _give_disposition(self, agent: AgentId, call: CallId, code: str) -> None:
        if self._machine.state.agents[agent].call == call:
            self._tell(e.DispositionRequested(self._request(), agent, call, code))

    # --- what is written down ---------------------------------------------------------------------

    def _keep(self, record: Record) -> None:
        match record:
            case AttemptRecord():
                self._count(record)
            case AgentStateRecord():
                inside_s = min(record.ended_at, self._end) - record.began_at
                seconds = self._tally.seconds
                if inside_s > 0.0:
                    seconds[record.state] = seconds.get(record.state, 0.0) + inside_s
                self._tally.conversations += record.state is AgentState.TALKING
            case FaultRecord():
                self._tally.faults.append(record)
            case _:
                pass

    def _count(self, record: AttemptRecord) -> None:
        tally = self._tally
        tally.people += is_person(record.result, record.person_at)
        tally.dropped += record.result is AttemptResult.DROPPED
        if record.result is AttemptResult.CONNECTED:
            tally.reached[record.contact] = None
        self._list.note(record)
        hours = self._work.worked_s(record.ended_at) / 3600.0
        if not self._list.untried and tally.tried_all_h is None:
            tally.tried_all_h = hours
        if not self._list.left and tally.finished_h is None:
            tally.finished_h = hours
            self._at(self._now, self._go_home)

    # --- the PBX, the database --------------------------------------------------------------------

    def _carry_out(self, command: c.Command) -> None:
        match command:
            case c.RefillHopper():
                self._tell(self._list.refill(command, self._now))
                return
            case c.JoinCall():
                self._join(command)
                return
            case c.OpenLine():
                self._agent_of[command.leg] = command.agent
                self._tell(e.LegCreated(command.leg))
                self._tell(e.LegRinging(command.leg))
                self._tell(e.LegAnswered(command.leg))
                self._tell(e.LegParked(command.leg))
            case c.PlaceCall():
                self._place(command)
            case c.HangUp():
                self._hang_up(command.channel)
            case c.PopCard() if command.preview:
                read = partial(self._read_card, command.agent, command.call)
                self._at(self._now + READING_S, read)
            case _:
                pass
        self._tell(e.CommandSucceeded(command.id))

    def _hang_up(self, channel: ChannelRef) -> None:
        """We put somebody down."""
        if channel in self._calls:
            self._end_call(channel, 16)
        elif self._agent_of.pop(channel, None) is not None:
            self._tell(e.ChannelHungUp(channel, 16))

    def _place(self, command: c.PlaceCall) -> None:
        channel = command.channel
        self._tally.placed += 1
        if self._tally.placed >= self._work.calls_max and not self._is_over:
            self._tally.was_cut = True
            self._at(self._now, self._go_home)
        zone = next(iter(self._list.zones_of(command.contact)), "")
        luck = draw_luck(self._work.seed, command.contact, command.tries)
        fate = self._people.meet(luck, hour_at(self._now, zone), command.tries)
        self._calls[channel] = fate
        self._tell(e.AttemptCreated(channel))
        if fate.rings_s is not None and fate.rings_s <= command.timeout_s:
            self._at(self._now + fate.rings_s, partial(self._ring, channel))
        if fate.outcome in (PERSON, MACHINE):
            self._at(self._now + fate.ends_s, partial(self._answer, channel, command))
        elif fate.ends_s < command.timeout_s:
            self._at(self._now + fate.ends_s, partial(self._end_call, channel, fate.cause))
        self._at(self._now + command.timeout_s, partial(self._give_up, channel))

    def _ring(self, channel: ChannelRef) -> None:
        if channel in self._calls:
            self._tell(e.AttemptRinging(channel))

    def _give_up(self, channel: ChannelRef) -> None:
        """The Originate's own time is over."""
        fate = self._calls.get(channel)
        attempt = self._machine.state.attempts.get(channel.id)
        if fate is not None and attempt is not None and not attempt.answered_at:
            self._tell(e.OriginateFailed(channel, rang_out=attempt.ringing_at > 0.0))
            self._end_call(channel, 19)

    def _answer(self, channel: ChannelRef, command: c.PlaceCall) -> None:
        fate = self._calls.get(channel)
        if fate is None:
            return
        self._tell(e.AttemptAnswered(channel))
        if command.amd:
            screened = partial(self._screen, channel, command)
            self._at(self._now + fate.screening_s, screened)
        else:
            self._wait_for_agent(channel, command)

    def _screen(self, channel: ChannelRef, command: c.PlaceCall) -> None:
        """Detection speaks: those whom it took for people once are people here."""
        fate = self._calls.get(channel)
        if fate is None:
            return
        is_machine = fate.outcome == MACHINE
        self._tell(e.AttemptScreened(channel, Verdict.MACHINE if is_machine else Verdict.HUMAN))
        if not is_machine or command.on_machine is OnMachine.TO_AGENT:
            self._wait_for_agent(channel, command)
        elif command.on_machine is OnMachine.LEAVE_MESSAGE:
            self._at(self._now + RECORDING_S, partial(self._leave_message, channel))
        else:
            self._end_call(channel, 16)

    def _leave_message(self, channel: ChannelRef) -> None:
        if channel in self._calls:
            self._tell(e.MessageEnded(channel))
            self._end_call(channel, 16)

    def _wait_for_agent(self, channel: ChannelRef, command: c.PlaceCall) -> None:
        self._tell(e.CallerHeld(channel))
        self._at(self._now + command.harbour_wait_s, partial(self._play_message, channel))

    def _play_message(self, channel: ChannelRef) -> None:
        if channel in self._calls and channel not in self._talks:
            self._tell(e.CallerLeftHold(channel))
            self._tell(e.HarbourBegan(channel))
            self._at(self._now + MESSAGE_S, partial(self._end_call, channel, 16))

    def _join(self, command: c.JoinCall) -> None:
        person, leg = command.caller, command.leg
        attempt = self._machine.state.attempts.get(person.id)
        fate = self._calls.get(person)
        if fate is None or attempt is None or attempt.harbour_at or leg not in self._agent_of:
            self._tell(e.CommandFailed(command.id, "one of the two is gone"))
            return
        talk = _Talk(self._agent_of[leg], leg, attempt.call, person.id)
        self._talks[person] = talk
        self._tell(e.CallerLeftHold(person))
        self._tell(e.ChannelJoined(person, talk.bridge))
        self._tell(e.ChannelJoined(leg, talk.bridge))
        self._tell(e.CommandSucceeded(command.id))
        lasts_s = fate.talk_s if fate.outcome == PERSON else MACHINE_S
        self._at(self._now + lasts_s, partial(self._end_call, person, 16))

    def _end_call(self, channel: ChannelRef, cause: int) -> None:
        """Somebody is gone; an agent who talked with them wraps up."""
        fate = self._calls.pop(channel, None)
        if fate is None:
            return
        talk = self._talks.pop(channel, None)
        if talk is None:
            self._tell(e.ChannelHungUp(channel, cause))
            return
        self._tell(e.ChannelLeft(channel, talk.bridge))
        self._tell(e.ChannelHungUp(channel, cause))
        if talk.leg in self._agent_of:
            self._tell(e.ChannelLeft(talk.leg, talk.bridge))
            self._tell(e.LegParked(talk.leg))
        wrap_up_s = min(fate.wrap_up_s, WRAP_UP_MOST * self._settings.wrap_up_s)
        code = "solved" if fate.outcome == PERSON else "machine"
        self._at(
            self._now + wrap_up_s, partial(self._give_disposition, talk.agent, talk.call, code)
        )


def draw_luck(seed: int, contact: ContactId, tries: int) -> Luck:
    """What chance has in store for this try of this contact."""
    chance = Random(f"{seed}/{contact}/{tries}")

    def draw_z() -> float:
        return max(-Z_MOST, min(Z_MOST, chance.gauss(0.0, 1.0)))

    return Luck(
        dialing=chance.expovariate(1.0),
        ringing=chance.expovariate(1.0),
        dialing_way=chance.random(),
        ringing_way=chance.random(),
        cause=chance.random(),
        screening=draw_z(),
        talk=draw_z(),
        wrap_up=draw_z(),
    )
