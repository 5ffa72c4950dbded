"""A channel of the simulated PBX: what it is, what it is doing, and how it shows itself in an
event.

Also the signals to the far ends (callers' and agents' telephones). What moves a channel is in
the other modules.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from enum import Enum, IntEnum
from typing import Protocol, TypeAlias

from msgspec import Struct

from callcenter.simulator.dialplan import Location
from callcenter.simulator.messages import Message
from callcenter.simulator.screening import NO_MEDIA, Voice
from callcenter.simulator.timers import Timer


class ChannelState(IntEnum):
    """Asterisk's states of a channel, as far as telephones reach them."""

    DOWN = 0
    RING = 4
    RINGING = 5
    UP = 6


STATE_NAMES = {
    ChannelState.DOWN: "Down",
    ChannelState.RING: "Ring",
    ChannelState.RINGING: "Ringing",
    ChannelState.UP: "Up",
}
CAUSE_NAMES = {
    0: "Unknown",
    1: "Unallocated (unassigned) number",
    16: "Normal Clearing",
    17: "User busy",
    19: "User alerting, no answer",
    20: "Subscriber absent",
    21: "Call Rejected",
    26: "Answered elsewhere",
    34: "Circuit/channel congestion",
    127: "Interworking, unspecified",
}
"""Hang-up causes (Q.850) with Asterisk's words."""


CHOSEN = "(ulaw)"
"""The one codec of an answered call."""


class Stop(Enum):
    """Why a channel is taken out of what it is doing."""

    HANGUP = "hangup"
    MOVED = "moved"
    """By Redirect or because its absolute timeout fired: the dialplan goes on elsewhere."""
    BRIDGED = "bridged"
    """By the Bridge action: the application is left without a word."""


class Activity(Protocol):
    """What a channel is in: a running application or a conversation."""

    def stop(self, channel: Channel, why: Stop) -> None:
        """End it now for this channel and tell what it tells at its end.

        Whoever stops it decides where the channel goes next.
        """
        ...


class Held(ABC):
    """Base of the activities out of which a channel can be bridged without leaving its
    application.
    """

    def find_next(self, channel: Channel, next_step: Location) -> Location | None:
        """Where the channel goes on after a bridge it is taken away to."""
        return next_step

    @abstractmethod
    def stop(self, channel: Channel, why: Stop) -> None:
        """See ``Activity``."""


class Channel:
    """One leg of a call inside the PBX. Times are seconds on the simulation's scale."""

    def __init__(self, name: str, uniqueid: str, state: ChannelState, created_at: float) -> None:
        self.name = name
        self.uniqueid = uniqueid
        self.linkedid = uniqueid
        self.state = state
        self.created_at = created_at
        self.endpoint = ""
        """Name of the PJSIP endpoint: an agent's phone number or a trunk."""
        self.caller_number = ""
        self.caller_name = ""
        self.connected_number = ""
        self.connected_name = ""
        self.dialed_number = ""
        """DNID: the number an incoming call asked for."""
        self.location = Location("", "", 1)
        self.moving_to: Location | None = None
        """Where it is being moved: some of the events of its leaving show that place already."""
        self.variables: dict[str, str] = {}
        self.application = ""
        self.data = ""
        self.activity: Activity | None = None
        self.agi_commands: deque[tuple[str, str]] | None = None
        """AsyncAGI commands not yet run, with their ids; None until the channel has been in
        AsyncAGI once.
        """
        self.bridge_id = ""
        self.formats = CHOSEN
        """Codecs as Status names them: an outgoing channel has a choice until it is answered."""
        self.has_heard_silence = False
        """Whether ``BridgeWait`` has ever played it silence, which is made as slin."""
        self.music_class = ""
        self.hears_music = False
        self.sends_media = True
        """Whether the far end sends RTP: without it ``Answer`` takes half a second."""
        self.voice: Voice = NO_MEDIA
        """What the far end of a call out says when it has answered."""
        self.voice_at = 0.0
        """When it has answered, on the simulation's scale."""
        self.fax_detection: Timer | None = None
        """Leads it to the extension ``fax`` when its far end asks for T.38."""
        self.is_listened_to = False
        """Whether AMD reads its sound, as slin. It stays so when a bridge takes it out of AMD."""
        self.watchdog: Timer | None = None
        """The absolute timeout."""
        self.runs_dialplan = False
        """Whether the dialplan holds it. Not while it is dialed, nor after ``Bridge`` took it out
        of an application.
        """
        self.hangup_cause = 0
        """Set by the far end's answer, by a Hangup with Cause, and to 16 on leaving a bridge."""
        self.tech_cause = ""
        """SIP status that ended it before an answer; empty in all other cases."""
        self.is_gone = False

    def arrive(self) -> None:
        """From now on the channel shows the place it is being moved to, if it is."""
        if self.moving_to is not None:
            self.location, self.moving_to = self.moving_to, None

    @property
    def is_up(self) -> bool:
        """Whether it is answered."""
        return self.state is ChannelState.UP

    def describe(self, prefix: str = "") -> Message:
        """The block of headers by which every event names a channel."""
        where = self.location
        headers = [
            ("Channel", self.name),
            ("ChannelState", str(self.state.value)),
            ("ChannelStateDesc", STATE_NAMES[self.state]),
            ("CallerIDNum", self.caller_number or "<unknown>"),
            ("CallerIDName", self.caller_name or "<unknown>"),
            ("ConnectedLineNum", self.connected_number or "<unknown>"),
            ("ConnectedLineName", self.connected_name or "<unknown>"),
            ("Language", "en"),
            ("AccountCode", ""),
            ("Context", where.context),
            ("Exten", where.exten),
            ("Priority", str(where.priority)),
            ("Uniqueid", self.uniqueid),
            ("Linkedid", self.linkedid),
        ]
        return [(prefix + key, value) for key, value in headers] if prefix else headers

    def describe_tech_cause(self) -> Message:
        """The header that HangupRequest and Hangup have of a call that SIP refused."""
        return [("TechCause", self.tech_cause)] if self.tech_cause else []


# --- signals to the far ends ---------------------------------------------------------------------


class _Signal(Struct, frozen=True):
    """Base: something that the telephone at the other end of this channel notices."""

    channel: str
    """Uniqueid of the channel."""


class Invited(_Signal, frozen=True):
    """The PBX calls an agent's phone, or a number by its trunk (INVITE)."""

    endpoint: str
    shown_number: str
    """The caller's number on the phone's display."""
    number: str = ""
    """The number dialed by a trunk; empty for a phone."""


class Withdrawn(_Signal, frozen=True):
    """The PBX no longer wants the phone to ring (CANCEL)."""


class Accepted(_Signal, frozen=True):
    """The PBX has answered the caller (200 OK)."""


class Ended(_Signal, frozen=True):
    """The PBX hangs up (BYE), or refuses the call."""

    cause: int


class HearsPrompt(_Signal, frozen=True):
    """An announcement begins."""

    prompt: str


class HearsMusic(_Signal, frozen=True):
    """Music on hold begins."""


class HearsPerson(_Signal, frozen=True):
    """The channel talks with another one."""

    other: str
    """Uniqueid of the other channel."""
    endpoint: str
    """The other's endpoint."""


class HearsNothing(_Signal, frozen=True):
    """Silence: the prompt, the music or the conversation is over."""


Signal: TypeAlias = (
    Invited | Withdrawn | Accepted | Ended | HearsPrompt | HearsMusic | HearsPerson | HearsNothing
)
