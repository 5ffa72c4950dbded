"""The one place that says what the comparison of the two PBXs leaves out, and why.

Nothing may stand here that is not needed: the suite ends with a test that every entry was. What
differs in every run (an id, a moment) must have differed; a race between Asterisk's threads cannot
be forced, so an entry that speaks of one (``sometimes``) must only have met what it speaks of.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias


class Moment(NamedTuple):
    """A header that holds a time or a duration: compared as "some time" (and 0 as 0)."""

    header: str
    reason: str
    zero_too: bool = False
    """Whole seconds, of which there may be none or one: 0 counts as some time."""


class Field(NamedTuple):
    """A header of some event, answer or row that is not compared."""

    name: str
    header: str
    """Its name, as a regular expression."""
    reason: str
    scenarios: tuple[str, ...] = ()
    """Only in these; empty for all."""
    sometimes: bool = False
    may_lack: bool = False
    """One of them may lack it; where both have it, it is compared."""


class FreePlace(NamedTuple):
    """An event that may come anywhere among the others of its stream; it itself is compared."""

    stream: str
    """Beginning of the stream's name."""
    name: str
    reason: str


class Housekeeping(NamedTuple):
    """An action that the gateway sends of its own accord, as often as time allows: left out."""

    action: str
    variable: str
    reason: str


Ignored: TypeAlias = Field | FreePlace | Housekeeping | Moment

_SECONDS: Final = "whole seconds: one more or less is chance"

MOMENTS: Final = (
    Moment("Timestamp", "when it was sent"),
    Moment("Value", "EPOCH is the PBX's clock"),
    Moment("entered_at", "when the caller came, by the PBX's clock"),
    Moment("Variable CC_ENTERED", "when the caller came, by the PBX's clock"),
    Moment("TimeToHangup", "when the watchdog will fire"),
    Moment("LoginTime", "when the member was added"),
    Moment("LastCall", "when the member's last call ended"),
    Moment("Seconds", _SECONDS, zero_too=True),
    Moment("Duration", _SECONDS, zero_too=True),
    Moment("HoldTime", _SECONDS, zero_too=True),
    Moment("TalkTime", _SECONDS, zero_too=True),
    Moment("RingTime", _SECONDS, zero_too=True),
    Moment("Uptime", "seconds since the PBX started", zero_too=True),
    Moment("LastReload", "seconds since the PBX started", zero_too=True),
)

_CHANNEL: Final = "|".join(
    (
        "Channel.*",
        "CallerID.*",
        "ConnectedLine.*",
        "Language",
        "AccountCode",
        "Context",
        "Exten",
        "Priority",
        "Uniqueid",
        "Linkedid",
    )
)
"""The headers that describe a channel."""

FIELDS: Final = (
    Field("AsyncAGIStart", "Env agi_version", "the package's build is part of it"),
    Field("AsyncAGIStart", "Env agi_threadid", "an address in Asterisk's memory"),
    Field(
        "DialState",
        "DestChannelState.*",
        "before or after the channel's Newstate: the same race as in FREE_PLACES",
        sometimes=True,
    ),
    Field(
        "BridgeEnter",
        "BridgeNumChannels",
        "one agent's leg is parked while the other's is taken: whichever is first",
        scenarios=("handed_from_one_agent_to_another",),
        sometimes=True,
    ),
    Field(
        "BridgeLeave",
        "BridgeNumChannels",
        "one agent's leg is parked while the other's is taken: whichever is first",
        scenarios=("handed_from_one_agent_to_another",),
        sometimes=True,
    ),
    Field("Login", "asked Secret", "each PBX has its own"),
    Field(
        "AgentComplete",
        f"Dest.*|{_CHANNEL}",
        "told by a thread of its own: by then a channel of the call may be gone",
        sometimes=True,
        may_lack=True,
    ),
)

_THREADS: Final = "the threads of Originate, the channel and the phone race"

FREE_PLACES: Final = (
    FreePlace("events of", "OriginateResponse", _THREADS),
    FreePlace("events of", "DialState", _THREADS),
    FreePlace("events of", "DialEnd", _THREADS),
    FreePlace("facts of", "OriginateFailed", "made of OriginateResponse, see there"),
    FreePlace("events of", "AgentComplete", "app_queue tells it by a thread of its own"),
)

_READING: Final = "how often the gateway looks again depends on events that come meanwhile"

HOUSEKEEPING: Final = (
    Housekeeping("Ping", "", "the link is watched by the clock"),
    Housekeeping("Setvar", "CC_HEARTBEAT", "the heart beats by the clock"),
    Housekeeping("Getvar", "EPOCH", "the heart beats by the clock"),
    Housekeeping("Setvar", "TIMEOUT(absolute)", "the heart beats by the clock"),
    Housekeeping("BridgeList", "", _READING),
    Housekeeping("Status", "", _READING),
)
