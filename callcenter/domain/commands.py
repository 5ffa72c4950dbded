"""Everything the machine wants done outside, in the imperative.

Each stays ``pending`` in the state until an event tells its result; after a crash none is sent
again.
"""

from __future__ import annotations

from typing import TypeAlias, assert_never

from msgspec import Struct

from callcenter.domain.campaign import AmdSettings, CallingWindow, OnMachine, Terms
from callcenter.domain.customer import Tier
from callcenter.domain.ids import (
    AgentId,
    CallId,
    CampaignId,
    ChannelRef,
    CommandId,
    ContactId,
    CustomerId,
    PbxName,
    Phone,
    QueueId,
)


class _Command(Struct, frozen=True, tag=True, omit_defaults=True):
    """Base of all commands."""

    id: CommandId


class PlayPrompt(_Command, frozen=True):
    """Play a prompt to a caller in a menu, to its end."""

    channel: ChannelRef
    prompt: str


class AskDigit(_Command, frozen=True):
    """Play a prompt and wait for one digit."""

    channel: ChannelRef
    prompt: str
    timeout_s: float


class ProbeMenu(_Command, frozen=True):
    """Run an empty menu command: its end tells that everything queued before it has ended."""

    channel: ChannelRef


class HoldCaller(_Command, frozen=True):
    """Take the caller out of whatever it is in and put it on hold with music."""

    channel: ChannelRef


class SayToCaller(_Command, frozen=True):
    """Take the caller out of whatever it is in and play these prompts to it; then it is on hold
    again, or hung up. The dialplan sees to that by itself."""

    channel: ChannelRef
    prompts: tuple[str, ...]
    ends_call: bool = False


class RecordVoicemail(_Command, frozen=True):
    """Take the caller out of whatever it is in, play these prompts, record what it says, and hang
    up."""

    channel: ChannelRef
    prompts: tuple[str, ...]
    file: str
    """The name of the file in the center's folder of voicemails, without its suffix."""
    max_s: float


class LookUpCustomer(_Command, frozen=True):
    """Ask the directory whose number this is."""

    call: CallId
    number: str


class FindContact(_Command, frozen=True):
    """Ask the database whether a caller is a contact of one of these campaigns, whose number was
    dialed."""

    call: CallId
    number: str
    campaigns: tuple[CampaignId, ...]


class PopCard(_Command, frozen=True):
    """Show the customer's card on the agent's desktop; precedes the ringing."""

    agent: AgentId
    call: CallId
    """In preview there is none yet: the preview's id."""
    customer: CustomerId
    tier: Tier
    caller_number: str
    queue: QueueId
    waited_s: float
    campaign: CampaignId = ""
    """The campaign that dialed the person, or that they call back; empty: neither."""
    contact: ContactId = ""
    preview: bool = False
    """The person is not on the line: the agent is to have them dialed, or to skip them."""
    returned: bool = False
    """A contact of the campaign who calls back."""


class RingAgent(_Command, frozen=True):
    """Dial the agent's phone; the leg gets this channel id."""

    leg: ChannelRef
    agent: AgentId
    phone: Phone
    call: CallId
    caller_number: str
    """Shown on the phone."""
    timeout_s: float
    """After this the PBX gives up by itself, counted from dialing."""


class DialOutside(_Command, frozen=True):
    """Dial a number outside of the center for a caller who is on hold; the leg gets this channel
    id. Never sent again."""

    leg: ChannelRef
    call: CallId
    trunk: str
    outside: str
    """E.164: a number that the rules name, no caller's."""
    caller_id: str
    """Shown there; empty: the trunk's own."""
    timeout_s: float
    """After this the PBX gives up by itself, counted from dialing."""


class OpenLine(_Command, frozen=True):
    """Dial the agent's phone once, to stay on the line from then on (nailed-up)."""

    leg: ChannelRef
    agent: AgentId
    phone: Phone
    timeout_s: float
    """After this the PBX gives up by itself, counted from dialing."""


class PlaceCall(_Command, frozen=True):
    """Dial a contact; the channel gets this id. Never sent again."""

    channel: ChannelRef
    trunk: str
    number: str
    """E.164."""
    caller_id: str
    """Shown to the person; empty: the trunk's own."""
    timeout_s: float
    """After this the PBX gives up by itself, counted from dialing."""
    amd: bool
    harbour_wait_s: int
    """How long a person waits for us before the safe-harbour message begins; the dialplan's own
    clock."""
    harbour_prompt: str
    campaign: CampaignId = ""
    contact: ContactId = ""
    tries: int = 0
    """Which attempt to reach the contact this is. With these three the command alone tells, to a
    version that must not step its event again, whom somebody has dialed."""
    amd_settings: AmdSettings = AmdSettings()
    on_machine: OnMachine = OnMachine.HANG_UP
    opt_out_key: str = ""
    """Pressed during the message it means "call me no more"; empty: the message does not listen."""
    machine_prompt: str = ""
    """What a machine is to record, with ``leave_message``."""


class RefillHopper(_Command, frozen=True):
    """Fetch the contacts of a campaign that are to be dialed next, in order."""

    campaign: CampaignId
    want: int
    window: CallingWindow
    exclude: tuple[ContactId, ...]
    """In the hopper or being dialed already."""
    terms: Terms = Terms()


class FetchContacts(_Command, frozen=True):
    """Fetch these contacts of a campaign who were promised a call, as far as they may be dialed."""

    campaign: CampaignId
    contacts: tuple[ContactId, ...]
    terms: Terms = Terms()


class JoinCall(_Command, frozen=True):
    """Bridge the caller, or the person dialed, and the agent's leg.

    A person dialed goes on hold, not to the safe-harbour message, should the agent's side end.
    """

    caller: ChannelRef
    leg: ChannelRef
    agent_prompt: str = ""
    """What the agent alone hears when both are joined, before the person's voice; empty:
    nothing."""


class HangUp(_Command, frozen=True):
    """End a channel."""

    channel: ChannelRef


class AddFallbackMember(_Command, frozen=True):
    """From now on the native queue may ring this phone, should we be gone."""

    pbx: PbxName
    phone: Phone
    agent: AgentId


class RemoveFallbackMember(_Command, frozen=True):
    """The native queue must not ring this phone any more."""

    pbx: PbxName
    phone: Phone


class ReadPbx(_Command, frozen=True):
    """Read the PBX's state again: events may have been missed."""

    pbx: PbxName


PbxCommand: TypeAlias = (
    PlayPrompt
    | AskDigit
    | ProbeMenu
    | HoldCaller
    | SayToCaller
    | RecordVoicemail
    | RingAgent
    | DialOutside
    | OpenLine
    | PlaceCall
    | JoinCall
    | HangUp
    | AddFallbackMember
    | RemoveFallbackMember
    | ReadPbx
)
Command: TypeAlias = (
    PbxCommand | LookUpCustomer | FindContact | RefillHopper | FetchContacts | PopCard
)


def channels_of(command: Command) -> tuple[ChannelRef, ...]:
    """The channels whose place this command changes, or that it makes."""
    match command:
        case PlayPrompt() | AskDigit() | ProbeMenu() | HoldCaller() | HangUp() | PlaceCall():
            return (command.channel,)
        case SayToCaller() | RecordVoicemail():
            return (command.channel,)
        case RingAgent() | DialOutside() | OpenLine():
            return (command.leg,)
        case JoinCall():
            return (command.caller, command.leg)
        case AddFallbackMember() | RemoveFallbackMember() | ReadPbx():
            return ()
        case LookUpCustomer() | FindContact() | RefillHopper() | FetchContacts() | PopCard():
            return ()
        case _ as never:
            assert_never(never)


def pbx_of(command: PbxCommand) -> PbxName:
    """The PBX this command goes to."""
    match command:
        case PlayPrompt() | AskDigit() | ProbeMenu() | HoldCaller() | HangUp() | PlaceCall():
            return command.channel.pbx
        case SayToCaller() | RecordVoicemail():
            return command.channel.pbx
        case RingAgent() | DialOutside() | OpenLine():
            return command.leg.pbx
        case JoinCall():
            return command.caller.pbx
        case AddFallbackMember() | RemoveFallbackMember() | ReadPbx():
            return command.pbx
        case _ as never:
            assert_never(never)
