"""Everything that can come in to the machine, in the past tense. The journal is a list of these.

Raw AMI is translated to them in ``callcenter.pbx.ami.translate``; requests come from
``callcenter.api``. A class here is never renamed or given another meaning without a new
``machine_version``.
"""

from __future__ import annotations

from typing import TypeAlias

from callcenter.domain.agent import AgentProfile
from callcenter.domain.attempt import Verdict
from callcenter.domain.callback import Promise
from callcenter.domain.callers import ContactFound as ContactFound
from callcenter.domain.callers import ContactNotFound as ContactNotFound
from callcenter.domain.callers import CustomerFound as CustomerFound
from callcenter.domain.callers import CustomerNotFound as CustomerNotFound
from callcenter.domain.campaign import HopperRow, ListCounts
from callcenter.domain.center import Center
from callcenter.domain.channel_truth import ChannelTruth as ChannelTruth
from callcenter.domain.event import EventBase
from callcenter.domain.ids import (
    AgentId,
    AttemptId,
    CallId,
    CampaignId,
    ChannelRef,
    CommandId,
    ContactId,
    PbxName,
    Phone,
    RequestId,
)
from callcenter.domain.managing import CallbackCancelled as CallbackCancelled
from callcenter.domain.managing import CallbackMoved as CallbackMoved
from callcenter.domain.managing import CallbackRequested as CallbackRequested
from callcenter.domain.managing import CampaignSaved as CampaignSaved
from callcenter.domain.managing import CampaignStepRequested as CampaignStepRequested
from callcenter.domain.managing import DncAdded as DncAdded
from callcenter.domain.managing import DncRemoved as DncRemoved
from callcenter.domain.managing import ErasureRequested as ErasureRequested
from callcenter.domain.supervising import CallPriorityRequested as CallPriorityRequested
from callcenter.domain.supervising import QueueSwitched as QueueSwitched
from callcenter.domain.supervising import RulesPublished as RulesPublished
from callcenter.domain.supervising import VoicemailDoneRequested as VoicemailDoneRequested

# --- the service itself ------------------------------------------------------------------------


class ServiceStarted(EventBase, frozen=True):
    """A process began to lead: every desktop is gone, every unanswered command is undecided."""

    epoch: int
    """Greater than that of any process before, also of one that could write nothing: the time of
    the start, in whole seconds. It is in every id."""


class CenterConfigured(EventBase, frozen=True):
    """The settings that hold from now on."""

    center: Center


class AgentsConfigured(EventBase, frozen=True):
    """The accounts that may answer calls, all of them."""

    agents: tuple[AgentProfile, ...]


class JournalBlocked(EventBase, frozen=True):
    """What was decided cannot be kept: the disk is full or fails. Nobody may be dialed who would be
    forgotten."""

    reason: str
    """The system's own word."""


class JournalRestored(EventBase, frozen=True):
    """Everything decided is on the disk again."""


class Tick(EventBase, frozen=True):
    """Time has passed: every timer that is due fires."""


# --- facts of the PBX --------------------------------------------------------------------------


class PbxStateRead(EventBase, frozen=True):
    """The link is up and this is what is true: all channels of the PBX."""

    pbx: PbxName
    channels: tuple[ChannelTruth, ...]


class PbxLinkLost(EventBase, frozen=True):
    """The link to this PBX is down; its calls live on, unseen."""

    pbx: PbxName
    reason: str


class CallArrived(EventBase, frozen=True):
    """A caller's channel was handed to us (``AsyncAGIStart``)."""

    channel: ChannelRef
    caller_number: str
    dialed_number: str


class IvrCommandEnded(EventBase, frozen=True):
    """A menu command has run (``AsyncAGIExec``)."""

    channel: ChannelRef
    command: CommandId
    result: int
    """AGI's result code; -1: the channel left AGI or the file is missing."""
    digits: str = ""
    timed_out: bool = False


class IvrLeft(EventBase, frozen=True):
    """The channel is no longer under menu control (``AsyncAGIEnd``)."""

    channel: ChannelRef


class CallerHeld(EventBase, frozen=True):
    """The caller, or the person dialed, is in a holding bridge: may be joined."""

    channel: ChannelRef


class CallerLeftHold(EventBase, frozen=True):
    """The caller is out of the holding bridge: joined, looking at the heartbeat, or leaving."""

    channel: ChannelRef


class AnnouncementBegan(EventBase, frozen=True):
    """The caller begins to hear what we had said to it."""

    channel: ChannelRef


class AnnouncementFailed(EventBase, frozen=True):
    """A prompt of that was missing: the caller heard the others, or nothing."""

    channel: ChannelRef


class VoicemailBegan(EventBase, frozen=True):
    """From now on what the caller says is recorded."""

    channel: ChannelRef


class CallFellBack(EventBase, frozen=True):
    """The dialplan gave the caller to the native queue."""

    channel: ChannelRef


class FallbackAnswered(EventBase, frozen=True):
    """The native queue connected the caller to this phone."""

    channel: ChannelRef
    phone: Phone
    leg: ChannelRef


class LegCreated(EventBase, frozen=True):
    """The PBX has made the agent's channel that we asked for."""

    channel: ChannelRef


class LegRinging(EventBase, frozen=True):
    """The agent's phone rings."""

    channel: ChannelRef


class LegAnswered(EventBase, frozen=True):
    """The agent's phone was picked up."""

    channel: ChannelRef


class LegParked(EventBase, frozen=True):
    """The agent's channel waits in its holding bridge: may be joined."""

    channel: ChannelRef


class AttemptCreated(EventBase, frozen=True):
    """The PBX has made the channel of an attempt."""

    channel: ChannelRef


class AttemptRinging(EventBase, frozen=True):
    """The phone of the person dialed rings."""

    channel: ChannelRef


class AttemptAnswered(EventBase, frozen=True):
    """The person dialed, or a machine, has picked up."""

    channel: ChannelRef


class AttemptScreened(EventBase, frozen=True):
    """Answering machine detection has come to a verdict."""

    channel: ChannelRef
    verdict: Verdict
    cause: str = ""
    """AMD's own word, e.g. ``MAXWORDS-4-4``."""


class HarbourBegan(EventBase, frozen=True):
    """No agent came in time: the person dialed begins to hear the safe-harbour message."""

    channel: ChannelRef


class OptedOut(EventBase, frozen=True):
    """A person pressed the key during the safe-harbour message: they want to be called no more."""

    channel: ChannelRef


class MessageEnded(EventBase, frozen=True):
    """What a machine was to record has been played to its end, or there is no such prompt."""

    channel: ChannelRef
    is_left: bool = True


class OriginateFailed(EventBase, frozen=True):
    """A dialing ended without an answer (``OriginateResponse`` Failure)."""

    channel: ChannelRef
    rang_out: bool = False


class ChannelJoined(EventBase, frozen=True):
    """A channel entered a bridge of two."""

    channel: ChannelRef
    bridge: str


class ChannelLeft(EventBase, frozen=True):
    """A channel left a bridge of two."""

    channel: ChannelRef
    bridge: str


class ChannelHungUp(EventBase, frozen=True):
    """A channel is gone."""

    channel: ChannelRef
    cause: int
    """ISDN cause (Q.850): 16 normal, 17 busy, 19 no answer, 21 rejected."""


# --- results of commands -----------------------------------------------------------------------


class CommandSucceeded(EventBase, frozen=True):
    """This command was carried out."""

    command: CommandId


class CommandFailed(EventBase, frozen=True):
    """This command was refused, or (``unknown``) nobody can say whether it was carried out."""

    command: CommandId
    reason: str
    unknown: bool = False
    withheld: bool = False
    """It was never sent, for its entry could not be kept: nobody refused anything."""


class HopperFilled(EventBase, frozen=True):
    """The database gave contacts to be dialed next, in order."""

    command: CommandId
    campaign: CampaignId
    rows: tuple[HopperRow, ...]
    counts: ListCounts


class ContactsFetched(EventBase, frozen=True):
    """The database gave these contacts of a campaign, as far as they may be called."""

    command: CommandId
    campaign: CampaignId
    rows: tuple[HopperRow, ...]
    held: dict[ContactId, float]
    """Those whom caps hold back, and until when; who is in neither is not to be called at all."""


class ContactsChanged(EventBase, frozen=True):
    """Contacts of this campaign were added or changed: the hopper may be filled anew."""

    campaign: CampaignId


class DncListChanged(EventBase, frozen=True):
    """The do-not-call list was changed in the database, by more numbers than are told: nobody is
    dialed whom it was not asked about since."""


# --- desktops and what agents ask for ----------------------------------------------------------


class DesktopOpened(EventBase, frozen=True):
    """A desktop of this agent is connected (WebSocket)."""

    agent: AgentId


class DesktopClosed(EventBase, frozen=True):
    """A desktop of this agent is gone."""

    agent: AgentId


class SignInRequested(EventBase, frozen=True):
    """The agent wants to work on this phone."""

    request: RequestId
    agent: AgentId
    phone: Phone


class SignOutRequested(EventBase, frozen=True):
    """The agent wants to stop working; after the running call, if there is one."""

    request: RequestId
    agent: AgentId


class ReadyRequested(EventBase, frozen=True):
    """The agent wants calls."""

    request: RequestId
    agent: AgentId


class NotReadyRequested(EventBase, frozen=True):
    """The agent wants no calls, for this reason; after the running call, if there is one."""

    request: RequestId
    agent: AgentId
    reason: str


class DispositionRequested(EventBase, frozen=True):
    """The agent says how the conversation ended; ends the wrap-up of that call."""

    request: RequestId
    agent: AgentId
    call: CallId
    code: str
    callback: Promise | None = None
    """The person of a campaign was promised another call."""
    amount_cents: int = 0
    """What the customer bought for, in hundredths of the center's currency; only with a
    disposition that is a sale."""


class HangUpRequested(EventBase, frozen=True):
    """The agent wants to end the running conversation."""

    request: RequestId
    agent: AgentId


class CampaignJoinRequested(EventBase, frozen=True):
    """The agent wants to work for this campaign: the phone is rung once and stays on the line."""

    request: RequestId
    agent: AgentId
    campaign: CampaignId
    """Empty: to leave the campaign and take inbound calls."""
    also: tuple[CampaignId, ...] = ()
    """More campaigns, to work for at the same time."""

    @property
    def works_for(self) -> tuple[CampaignId, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys(name for name in (self.campaign, *self.also) if name))


class PreviewDialRequested(EventBase, frozen=True):
    """The agent has read the card and wants the person to be dialed."""

    request: RequestId
    agent: AgentId
    preview: AttemptId


class PreviewSkipRequested(EventBase, frozen=True):
    """The agent has read the card and does not want to call this person now."""

    request: RequestId
    agent: AgentId
    preview: AttemptId


PbxEvent: TypeAlias = (
    PbxStateRead
    | PbxLinkLost
    | CallArrived
    | IvrCommandEnded
    | IvrLeft
    | CallerHeld
    | CallerLeftHold
    | AnnouncementBegan
    | AnnouncementFailed
    | VoicemailBegan
    | CallFellBack
    | FallbackAnswered
    | LegCreated
    | LegRinging
    | LegAnswered
    | LegParked
    | AttemptCreated
    | AttemptRinging
    | AttemptAnswered
    | AttemptScreened
    | HarbourBegan
    | OptedOut
    | MessageEnded
    | OriginateFailed
    | ChannelJoined
    | ChannelLeft
    | ChannelHungUp
)
Result: TypeAlias = (
    CommandSucceeded
    | CommandFailed
    | CustomerFound
    | CustomerNotFound
    | ContactFound
    | ContactNotFound
    | HopperFilled
    | ContactsFetched
)
Request: TypeAlias = (
    SignInRequested
    | SignOutRequested
    | ReadyRequested
    | NotReadyRequested
    | DispositionRequested
    | HangUpRequested
    | CampaignJoinRequested
    | PreviewDialRequested
    | PreviewSkipRequested
    | CallbackRequested
    | CallbackMoved
    | CallbackCancelled
    | CampaignSaved
    | CampaignStepRequested
    | DncAdded
    | DncRemoved
    | ErasureRequested
    | RulesPublished
    | CallPriorityRequested
    | QueueSwitched
    | VoicemailDoneRequested
)
Event: TypeAlias = (
    ServiceStarted
    | CenterConfigured
    | AgentsConfigured
    | JournalBlocked
    | JournalRestored
    | Tick
    | PbxEvent
    | Result
    | ContactsChanged
    | DncListChanged
    | DesktopOpened
    | DesktopClosed
    | Request
)
