"""Between AMI and the domain: what a message means, and how a command is said. PURE.

`translate` turns one AMI message into a domain event, or into None when it means nothing to us.
`actions_for` turns one command into AMI actions. What a list of channels says is
`callcenter.pbx.ami.state_reading`; when things are sent, and what a refusal means, is `gateway`.

Traps of Asterisk 22 that this file knows (each seen on 22.10):

* a failing GET DATA or STREAM FILE (a missing prompt, say) ends AsyncAGI and so takes the caller
  out of the menu; an application run by EXEC does not. So a menu command is two AGI commands: EXEC
  runs Playback or Read, GET VARIABLE fetches what became of it. Both are queued at once, run in
  order, and the second costs no time. When the caller leaves in between, the second is never
  answered: AsyncAGIEnd is the end of it.
* Bridge takes the beginning of a channel's name or id for the whole (``leg-a-1`` finds
  ``leg-a-10``). So it gets whole names, which end in eight hex digits; all other actions here look
  ids up exactly.
* Hangup of a channel that still rings reports cause 0 unless told which.
* an attempt that made no channel still names the id we gave in OriginateResponse's Uniqueid.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias, assert_never
from urllib.parse import unquote

from callcenter.domain.commands import (
    AddFallbackMember,
    AskDigit,
    HangUp,
    HoldCaller,
    JoinCall,
    PbxCommand,
    PlayPrompt,
    ProbeMenu,
    ReadPbx,
    RemoveFallbackMember,
    RingAgent,
)
from callcenter.domain.events import (
    CallArrived,
    CallerHeld,
    CallerLeftHold,
    CallFellBack,
    ChannelHungUp,
    ChannelJoined,
    ChannelLeft,
    FallbackAnswered,
    IvrCommandEnded,
    IvrLeft,
    LegAnswered,
    LegCreated,
    LegParked,
    LegRinging,
    OriginateFailed,
    PbxEvent,
)
from callcenter.domain.ids import LEG_PREFIX, ChannelRef, PbxName

Message: TypeAlias = Mapping[str, str | list[str]]
"""One AMI message: header -> value; a repeated header -> list of values."""

Action: TypeAlias = dict[str, str | list[str]]
"""One AMI action: its headers in order, ``Action`` first, without ActionID; a list is repeated."""

# --- names that the rendered dialplan (config/asterisk) and this file share --------------------

INBOUND_CONTEXT: Final = "cc-inbound"
HOLD_CONTEXT: Final = "cc-hold"
PARK_CONTEXT: Final = "cc-agents"
FALLBACK_CONTEXT: Final = "cc-fallback"
CALLERS_BRIDGE: Final = "cc-callers"
AGENTS_BRIDGE: Final = "cc-agents"
FALLBACK_QUEUE: Final = "cc-fallback"
FALLBACK_USER_EVENT: Final = "CCFallback"
WATCHDOG_VARIABLE: Final = "TIMEOUT(absolute)"
"""The dialplan function that holds a channel's watchdog."""
HEARTBEAT_VARIABLE: Final = "CC_HEARTBEAT"
PROMPT_FOLDER: Final = "cc"
"""Prompts lie in this folder of Asterisk's sounds."""
DIGIT_VARIABLE: Final = "CC_DIGIT"
HOLDING_TECHNOLOGY: Final = "holding_bridge"

# --- limits ------------------------------------------------------------------------------------

WATCHDOG_S: Final = 10
"""Seconds after which a caller in a menu falls to the native queue unless the service renews it."""

ASK_TIMEOUT_S_MIN: Final = 0.1
"""Seconds to wait for a digit, at least: Read takes 0 for "the dialplan's default"."""

ASK_TIMEOUT_S_MAX: Final = 60.0
"""Seconds to wait for a digit, at most: whoever has not pressed a key by then will not."""

RING_TIMEOUT_S_MIN: Final = 1.0
RING_TIMEOUT_S_MAX: Final = 150.0
"""Seconds a phone is dialed, at most: a queue's longest ring time, two minutes, and what the
machine allows before the first ring and beyond the last."""

CAUSE_NORMAL: Final = "16"
"""ISDN cause (Q.850) for "normal call clearing"."""

_RUNNING_SUFFIX: Final = ".run"
"""Marks the first of a menu command's two AGI commands, whose own result says nothing."""

# fullmatch, and [0-9] rather than \d: that would take in other scripts' digits.
_PROMPT: Final = re.compile(r"[A-Za-z0-9_-]{1,64}(?:/[A-Za-z0-9_-]{1,64}){0,4}")
_PHONE: Final = re.compile(r"[0-9]{1,32}")
_CALLER_NUMBER: Final = re.compile(r"\+?[0-9*#]{1,32}")
_CHANNEL_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,149}")
_WORD: Final = re.compile(r"[A-Za-z0-9_.@+-]{1,128}")
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


class InvalidCommand(ValueError):  # noqa: N818 - named after what it says
    """A command that must not be sent: it would mean something else to the PBX, or nothing."""


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
    if not isinstance(command, str) or not command or command.endswith(_RUNNING_SUFFIX):
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
    if name == CALLERS_BRIDGE:
        return CallerHeld(channel)
    return LegParked(channel) if name == AGENTS_BRIDGE else None  # else: a foreign waiting room


def _on_bridge_leave(pbx: PbxName, message: Message) -> PbxEvent | None:
    channel = _channel(pbx, message)
    if need(message, "BridgeTechnology") != HOLDING_TECHNOLOGY:
        return ChannelLeft(channel, need(message, "BridgeUniqueid"))
    # A leg that leaves cc-agents joins a call, looks at the heartbeat or hangs up: each is told.
    return CallerLeftHold(channel) if need(message, "BridgeName") == CALLERS_BRIDGE else None


def _on_user_event(pbx: PbxName, message: Message) -> PbxEvent | None:
    if need(message, "UserEvent") != FALLBACK_USER_EVENT:
        return None
    return CallFellBack(_channel(pbx, message, "Call"))


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
    return LegCreated(channel) if channel.id.startswith(LEG_PREFIX) else None


def _on_new_state(pbx: PbxName, message: Message) -> PbxEvent | None:
    channel = _channel(pbx, message)
    if not channel.id.startswith(LEG_PREFIX):
        return None
    match need(message, "ChannelStateDesc"):
        case "Ringing":
            return LegRinging(channel)
        case "Up":
            return LegAnswered(channel)
        case _:
            return None


def _on_originate_response(pbx: PbxName, message: Message) -> PbxEvent | None:
    channel = _channel(pbx, message)
    if not channel.id.startswith(LEG_PREFIX) or need(message, "Response") != "Failure":
        return None
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


# --- how a command is said ---------------------------------------------------------------------


def actions_for(command: PbxCommand, names: Mapping[str, str]) -> list[Action]:
    """Return the actions that carry out this command, to be written together, in order.

    ``names``: channel id -> the channel's whole name, for the actions that must not be given ids.
    `ReadPbx` has no action of its own: reading takes several, see ``gateway``.
    Raises `InvalidCommand`.
    """
    match command:
        case PlayPrompt():
            playback = f"EXEC Playback {_prompt_path(command.prompt)}"
            return _menu_actions(command, playback, "GET VARIABLE PLAYBACKSTATUS")
        case AskDigit():
            # Read: variable, prompt, digits, options, attempts, seconds after the prompt's end.
            read = (
                f"EXEC Read {DIGIT_VARIABLE},{_prompt_path(command.prompt)},1,,1,"
                f"{_bounded(command.timeout_s, ASK_TIMEOUT_S_MIN, ASK_TIMEOUT_S_MAX):.3f}"
            )
            result = f"GET FULL VARIABLE ${{READSTATUS}}/${{{DIGIT_VARIABLE}}}"
            return _menu_actions(command, read, result)
        case ProbeMenu():
            return [_agi(command.channel, "NOOP", command.id)]
        case HoldCaller():
            channel = _channel_id(command.channel)
            where = {"Context": HOLD_CONTEXT, "Exten": "wait", "Priority": "1"}
            return [_action("Redirect", Channel=channel, **where)]
        case RingAgent():
            return [_originate(command)]
        case JoinCall():
            caller = _channel_name(command.caller, names)
            leg = _channel_name(command.leg, names)
            return [_action("Bridge", Channel1=caller, Channel2=leg)]
        case HangUp():
            return [_action("Hangup", Channel=_channel_id(command.channel), Cause=CAUSE_NORMAL)]
        case AddFallbackMember():
            interface = f"PJSIP/{_phone(command.phone)}"
            who = _word("agent", command.agent)
            return [_action("QueueAdd", Queue=FALLBACK_QUEUE, Interface=interface, MemberName=who)]
        case RemoveFallbackMember():
            interface = f"PJSIP/{_phone(command.phone)}"
            return [_action("QueueRemove", Queue=FALLBACK_QUEUE, Interface=interface)]
        case ReadPbx():
            return []
        case _ as never:
            assert_never(never)


def heartbeat_action(pbx_epoch_s: int) -> Action:
    """Tell the dialplan that the service lives; the time is the PBX's own, in whole seconds."""
    return _action("Setvar", Variable=HEARTBEAT_VARIABLE, Value=str(pbx_epoch_s))


def watchdog_action(channel: ChannelRef, seconds: int) -> Action:
    """Let this channel fall to the native queue after so many seconds; 0 switches that off.

    Not by the action AbsoluteTimeout: Asterisk 22 refuses its 0 ("No timeout specified").
    """
    channel_id = _channel_id(channel)
    return _action("Setvar", Channel=channel_id, Variable=WATCHDOG_VARIABLE, Value=str(seconds))


def is_done_already(command: PbxCommand, refusal: str) -> bool:
    """Whether the PBX refuses (with this text) because what is wanted is so already."""
    match command:
        case AddFallbackMember():
            return refusal.endswith("Already there")
        case RemoveFallbackMember():
            return refusal.endswith("Not there")
        case _:
            return False


def _menu_actions(command: PlayPrompt | AskDigit, run: str, fetch: str) -> list[Action]:
    return [
        _agi(command.channel, run, command.id + _RUNNING_SUFFIX),
        _agi(command.channel, fetch, command.id),
    ]


def _action(name: str, **headers: str | list[str]) -> Action:
    return {"Action": name, **headers}


def _agi(channel: ChannelRef, command: str, command_id: str) -> Action:
    named = _word("command id", command_id)
    return _action("AGI", Channel=_channel_id(channel), Command=command, CommandID=named)


def _originate(command: RingAgent) -> Action:
    if not command.leg.id.startswith(LEG_PREFIX):
        raise InvalidCommand(f"an agent's leg must have an id that begins with {LEG_PREFIX!r}")
    timeout_s = _bounded(command.timeout_s, RING_TIMEOUT_S_MIN, RING_TIMEOUT_S_MAX)
    # Commas part variables, so none may be in a value.
    variables = [
        "CC_ROLE=agent",
        f"CC_AGENT={_word('agent', command.agent)}",
        f"CC_CALL={_word('call', command.call)}",
    ]
    return _action(
        "Originate",
        Channel=f"PJSIP/{_phone(command.phone)}",
        ChannelId=_channel_id(command.leg),
        Context=PARK_CONTEXT,
        Exten="park",
        Priority="1",
        Async="true",
        Timeout=str(round(timeout_s * 1000)),
        CallerID=_caller_id(command.caller_number),
        Variable=variables,
    )


def _caller_id(number: str) -> str:
    """What the phone shows. The number is the caller's own text: what is none is not passed on."""
    shown = number if _CALLER_NUMBER.fullmatch(number) else "anonymous"
    return f'"{shown}" <{shown}>'


def _prompt_path(prompt: str) -> str:
    if not _PROMPT.fullmatch(prompt):
        raise InvalidCommand(
            f"prompt {prompt[:64]!r}: a prompt's name is made of letters, digits, _ and -, "
            "in folders parted by /"
        )
    return f"{PROMPT_FOLDER}/{prompt}"


def _phone(phone: str) -> str:
    if not _PHONE.fullmatch(phone):
        raise InvalidCommand(f"phone {phone[:32]!r}: a phone is named by digits alone")
    return phone


def _word(what: str, text: str) -> str:
    if not _WORD.fullmatch(text):
        raise InvalidCommand(
            f"{what} {text[:64]!r} cannot be said to the PBX: use letters, digits and _ . @ + -"
        )
    return text


def _channel_id(channel: ChannelRef) -> str:
    if not _CHANNEL_ID.fullmatch(channel.id):
        raise InvalidCommand("that is no channel id of Asterisk's")
    return channel.id


def _channel_name(channel: ChannelRef, names: Mapping[str, str]) -> str:
    name = names.get(channel.id)
    if name is None:
        raise InvalidCommand(f"no such channel: {channel}")
    return name


def _bounded(seconds: float, low: float, high: float) -> float:
    if not low <= seconds <= high:  # also not a number
        raise InvalidCommand(f"{seconds} s is not between {low} and {high} s")
    return seconds
