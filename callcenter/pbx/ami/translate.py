"""What an AMI message means: one message in, one domain event out, or None. PURE.

How a command is said is `callcenter.pbx.ami.commands`; what a list of channels says is
`callcenter.pbx.ami.state_reading`; when things are sent, and what a refusal means, is `gateway`.

Traps of Asterisk 22 that this file knows (each seen on 22.10):

* a dialing that made no channel still names the id we gave in OriginateResponse's Uniqueid.
* a number that rings by 183 alone (early media) never says Ringing.
* of one dialed channel Newstate Up comes before what the dialplan tells (CCScreened, BridgeEnter,
  CCHarbour), CCScreened before BridgeEnter and before the Hangup of a machine, CCMessage between
  these two; OriginateResponse
  and Hangup come in either order, and OriginateResponse anywhere among them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias
from urllib.parse import unquote

from callcenter.domain.attempt import Verdict
from callcenter.domain.events import (
    AnnouncementBegan,
    AnnouncementFailed,
    AttemptAnswered,
    AttemptCreated,
    AttemptRinging,
    AttemptScreened,
    CallArrived,
    CallerHeld,
    CallerLeftHold,
    CallFellBack,
    ChannelHungUp,
    ChannelJoined,
    ChannelLeft,
    FallbackAnswered,
    HarbourBegan,
    IvrCommandEnded,
    IvrLeft,
    LegAnswered,
    LegCreated,
    LegParked,
    LegRinging,
    MessageEnded,
    OptedOut,
    OriginateFailed,
    PbxEvent,
    VoicemailBegan,
)
from callcenter.domain.ids import ATTEMPT_PREFIX, LEG_PREFIX, ChannelRef, PbxName

Message: TypeAlias = Mapping[str, str | list[str]]
"""One AMI message: header -> value; a repeated header -> list of values."""

# --- names that the rendered dialplan (config/asterisk) and this file share --------------------

INBOUND_CONTEXT: Final = "cc-inbound"
HOLD_CONTEXT: Final = "cc-hold"
PARK_CONTEXT: Final = "cc-agents"
DIALED_CONTEXT: Final = "cc-dialed"
HARBOUR_CONTEXT: Final = "cc-harbour"
MACHINE_CONTEXT: Final = "cc-machine"
SAY_CONTEXT: Final = "cc-say"
VOICEMAIL_CONTEXT: Final = "cc-voicemail"
FALLBACK_CONTEXT: Final = "cc-fallback"
CALLERS_BRIDGE: Final = "cc-callers"
AGENTS_BRIDGE: Final = "cc-agents"
DIALED_BRIDGE: Final = "cc-dialed"
FALLBACK_QUEUE: Final = "cc-fallback"
FALLBACK_USER_EVENT: Final = "CCFallback"
SCREENED_USER_EVENT: Final = "CCScreened"
HARBOUR_USER_EVENT: Final = "CCHarbour"
SAYING_USER_EVENT: Final = "CCSaying"
UNSAID_USER_EVENT: Final = "CCUnsaid"
RECORDING_USER_EVENT: Final = "CCRecording"
OPT_OUT_USER_EVENT: Final = "CCOptOut"
MESSAGE_USER_EVENT: Final = "CCMessage"
OUR_USER_EVENTS: Final = (
    FALLBACK_USER_EVENT,
    SCREENED_USER_EVENT,
    HARBOUR_USER_EVENT,
    OPT_OUT_USER_EVENT,
    MESSAGE_USER_EVENT,
    SAYING_USER_EVENT,
    UNSAID_USER_EVENT,
    RECORDING_USER_EVENT,
)
"""Events of the dialplan that are written for us."""
HOLDING_TECHNOLOGY: Final = "holding_bridge"

PEOPLE_BRIDGES: Final = (CALLERS_BRIDGE, DIALED_BRIDGE)
"""Holding bridges of callers and of people dialed."""

RUNNING_SUFFIX: Final = ".run"
"""Marks the first of a menu command's two AGI commands, whose own result says nothing."""

_VERDICTS: Final = {"HUMAN": Verdict.HUMAN, "MACHINE": Verdict.MACHINE, "FAX": Verdict.FAX}
"""AMDSTATUS, and the dialplan's own word for a fax; all others, also none, leave it open: a person
may be on the line."""

# fullmatch, and [0-9] rather than \d: that would take in other scripts' digits.
_AGI_RESULT: Final = re.compile(r"200 result=(-?[0-9]{0,9})(?: \((.*)\))?", re.DOTALL)
_AGI_ERROR: Final = re.compile(r"5[0-9][0-9][ -].*", re.DOTALL)

_WITHHELD: Final = ("", "unknown", "<unknown>", "anonymous", "restricted", "unavailable")
"""What stands for a number that the caller does not show."""

_INTERNAL_CHANNELS: Final = ("Local/", "Surrogate/", "AsyncGoto/", "Message/")
"""Channels that Asterisk makes for itself; nobody talks on them."""


class Malformed(ValueError):  # noqa: N818 - named after what it says
    """A message lacks something or holds no number where one belongs.

    The text names headers and never shows values, which may be people's numbers.
    """

    def __init__(self, name: str, what: str) -> None:
        self.name = name
        """The message's name, e.g. ``Hangup``."""
        super().__init__(f"{name}: {what}")


# --- what a message means ----------------------------------------------------------------------


def translate(pbx: PbxName, message: Message) -> PbxEvent | None:
    """Say what this message of this PBX means; None when it means nothing to the machine.

    Raises `Malformed` for a message of a kind we use that lacks what it should have.
    """
    name = message.get("Event")
    handler = _HANDLERS.get(name) if isinstance(name, str) else None
    return None if handler is None else handler(pbx, message)


def need(message: Message, header: str) -> str:
    """Return this header's value, the first if it is repeated; raises `Malformed` without it."""
    value = message.get(header)
    if isinstance(value, list):
        value = value[0] if value else None
    if value is None:
        raise Malformed(str(message.get("Event", "message")), f"header {header} is missing")
    return value


def number_or_withheld(number: str) -> str:
    """Return a caller's number, empty for each of the words that stand for a withheld one."""
    return "" if number.lower() in _WITHHELD else number


def is_internal(channel_name: str) -> bool:
    """Whether Asterisk made this channel for itself (Local, Surrogate and the like)."""
    return channel_name.startswith(_INTERNAL_CHANNELS)


def endpoint_of(channel_name: str) -> str:
    """Return the endpoint in a channel's name: ``1001`` of ``PJSIP/1001-0000000a``."""
    return channel_name.partition("/")[2].rpartition("-")[0]


def _channel(pbx: PbxName, message: Message, header: str = "Uniqueid") -> ChannelRef:
    channel = need(message, header)
    if not channel:
        raise Malformed(str(message.get("Event")), f"header {header} is empty")
    return ChannelRef(pbx, channel)


def _whole_number(message: Message, header: str) -> int:
    text = need(message, header)
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Malformed(str(message.get("Event")), f"header {header} holds no number")
    return int(text)


def _on_agi_start(pbx: PbxName, message: Message) -> PbxEvent | None:
    if need(message, "Context") != INBOUND_CONTEXT:
        return None  # somebody else's AsyncAGI
    environment: dict[str, str] = {}
    for line in unquote(need(message, "Env")).split("\n"):
        key, _, value = line.partition(": ")
        environment.setdefault(key, value.strip())
    for key in ("agi_callerid", "agi_extension"):
        if key not in environment:
            raise Malformed("AsyncAGIStart", f"{key} is missing in Env")
    return CallArrived(
        _channel(pbx, message),
        number_or_withheld(environment["agi_callerid"]),
        environment["agi_extension"],
    )


def _on_agi_exec(pbx: PbxName, message: Message) -> PbxEvent | None:
    # Asterisk's documents say CommandID, 22.10 sends CommandId; without it another session asked.
    command = message.get("CommandId", message.get("CommandID", ""))
    if not isinstance(command, str) or not command or command.endswith(RUNNING_SUFFIX):
        return None
    channel = _channel(pbx, message)
    text = unquote(need(message, "Result")).strip()
    if _AGI_ERROR.fullmatch(text):
        return IvrCommandEnded(channel, command, -1)
    found = _AGI_RESULT.fullmatch(text)
    if found is None:
        raise Malformed("AsyncAGIExec", "header Result holds no AGI result")
    code, value = found.groups()
    if value is None:
        if code in ("", "-"):
            raise Malformed("AsyncAGIExec", "header Result holds no number")
        return IvrCommandEnded(channel, command, int(code))
    # The value of PLAYBACKSTATUS, or of READSTATUS/CC_DIGIT.
    status, slash, digits = value.partition("/")
    match status:
        case "OK" | "SUCCESS":
            # Read ends at '#' and leaves it out: a key, and no other, is all that was asked for.
            return IvrCommandEnded(channel, command, 0, digits or ("#" if slash else ""))
        case "TIMEOUT":
            return IvrCommandEnded(channel, command, 0, digits, timed_out=True)
        case _:  # FAILED, ERROR: no such prompt. HANGUP, SKIPPED, INTERRUPTED: the channel is going
            return IvrCommandEnded(channel, command, -1)


def _on_agi_end(pbx: PbxName, message: Message) -> PbxEvent | None:
    return IvrLeft(_channel(pbx, message))


def _on_bridge_enter(pbx: PbxName, message: Message) -> PbxEvent | None:
    channel = _channel(pbx, message)
    if need(message, "BridgeTechnology") != HOLDING_TECHNOLOGY:
        return ChannelJoined(channel, need(message, "BridgeUniqueid"))
    name = need(message, "BridgeName")
    if name in PEOPLE_BRIDGES:
        return CallerHeld(channel)
    return LegParked(channel) if name == AGENTS_BRIDGE else None  # else: a foreign waiting room


def _on_bridge_leave(pbx: PbxName, message: Message) -> PbxEvent | None:
    channel = _channel(pbx, message)
    if need(message, "BridgeTechnology") != HOLDING_TECHNOLOGY:
        return ChannelLeft(channel, need(message, "BridgeUniqueid"))
    # A leg that leaves cc-agents joins a call, looks at the heartbeat or hangs up: each is told.
    return CallerLeftHold(channel) if need(message, "BridgeName") in PEOPLE_BRIDGES else None


_CALLERS_USER_EVENTS: Final[dict[str, Callable[[ChannelRef], PbxEvent]]] = {
    FALLBACK_USER_EVENT: CallFellBack,
    SAYING_USER_EVENT: AnnouncementBegan,
    UNSAID_USER_EVENT: AnnouncementFailed,
    RECORDING_USER_EVENT: VoicemailBegan,
}


def _on_user_event(pbx: PbxName, message: Message) -> PbxEvent | None:
    name = need(message, "UserEvent")
    if name in _CALLERS_USER_EVENTS:
        return _CALLERS_USER_EVENTS[name](_channel(pbx, message, "Call"))
    if name not in OUR_USER_EVENTS:
        return None
    channel = _channel(pbx, message, "Call")
    if not channel.id.startswith(ATTEMPT_PREFIX):
        return None
    if name == HARBOUR_USER_EVENT:
        return HarbourBegan(channel)
    if name == OPT_OUT_USER_EVENT:
        return OptedOut(channel)
    if name == MESSAGE_USER_EVENT:
        return MessageEnded(channel, is_left=need(message, "Status") == "SUCCESS")
    verdict = _VERDICTS.get(need(message, "Status"), Verdict.NOT_SURE)
    return AttemptScreened(channel, verdict, need(message, "Cause"))


def _on_agent_connect(pbx: PbxName, message: Message) -> PbxEvent | None:
    if need(message, "Queue") != FALLBACK_QUEUE:
        return None
    # Channel and Uniqueid are the caller's, DestChannel and DestUniqueid the agent's.
    phone = need(message, "Interface").partition("/")[2]
    if not phone:
        raise Malformed("AgentConnect", "header Interface names no phone")
    return FallbackAnswered(_channel(pbx, message), phone, _channel(pbx, message, "DestUniqueid"))


def _on_new_channel(pbx: PbxName, message: Message) -> PbxEvent | None:
    channel = _channel(pbx, message)
    if channel.id.startswith(LEG_PREFIX):
        return LegCreated(channel)
    return AttemptCreated(channel) if channel.id.startswith(ATTEMPT_PREFIX) else None


def _on_new_state(pbx: PbxName, message: Message) -> PbxEvent | None:
    channel = _channel(pbx, message)
    is_leg = channel.id.startswith(LEG_PREFIX)
    if not is_leg and not channel.id.startswith(ATTEMPT_PREFIX):
        return None
    match need(message, "ChannelStateDesc"):
        case "Ringing":
            return LegRinging(channel) if is_leg else AttemptRinging(channel)
        case "Up":
            return LegAnswered(channel) if is_leg else AttemptAnswered(channel)
        case _:
            return None


def _on_originate_response(pbx: PbxName, message: Message) -> PbxEvent | None:
    channel = _channel(pbx, message)
    if not channel.id.startswith((LEG_PREFIX, ATTEMPT_PREFIX)):
        return None
    if need(message, "Response") != "Failure":
        return None  # answered: Newstate tells
    return OriginateFailed(channel, rang_out=_whole_number(message, "Reason") == 3)


def _on_hangup(pbx: PbxName, message: Message) -> PbxEvent | None:
    if is_internal(need(message, "Channel")):
        return None
    return ChannelHungUp(_channel(pbx, message), _whole_number(message, "Cause"))


_HANDLERS: Final[dict[str, Callable[[PbxName, Message], PbxEvent | None]]] = {
    "AgentConnect": _on_agent_connect,
    "AsyncAGIEnd": _on_agi_end,
    "AsyncAGIExec": _on_agi_exec,
    "AsyncAGIStart": _on_agi_start,
    "BridgeEnter": _on_bridge_enter,
    "BridgeLeave": _on_bridge_leave,
    "Hangup": _on_hangup,
    "Newchannel": _on_new_channel,
    "Newstate": _on_new_state,
    "OriginateResponse": _on_originate_response,
    "UserEvent": _on_user_event,
}

WANTED: Final = (*_HANDLERS, "Rename")
"""Names of the events to read (Rename for the gateway's names); others may be dropped unparsed."""
