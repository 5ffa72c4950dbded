"""How a command is said to Asterisk: one command in, AMI actions out. PURE.

What messages mean is `callcenter.pbx.ami.translate`; when things are sent, and what a refusal
means, is `gateway`.

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
* Originate says yes to a trunk or phone that it does not know, and OriginateResponse tells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, assert_never

from callcenter.domain.campaign import OnMachine
from callcenter.domain.commands import (
    AddFallbackMember,
    AskDigit,
    DialOutside,
    HangUp,
    HoldCaller,
    JoinCall,
    OpenLine,
    PbxCommand,
    PlaceCall,
    PlayPrompt,
    ProbeMenu,
    ReadPbx,
    RecordVoicemail,
    RemoveFallbackMember,
    RingAgent,
    SayToCaller,
)
from callcenter.domain.ids import ATTEMPT_PREFIX, LEG_PREFIX, ChannelRef
from callcenter.pbx.ami.translate import (
    DIALED_CONTEXT,
    FALLBACK_QUEUE,
    HOLD_CONTEXT,
    PARK_CONTEXT,
    RUNNING_SUFFIX,
    SAY_CONTEXT,
    VOICEMAIL_CONTEXT,
)

Action: TypeAlias = dict[str, str | list[str]]
"""One AMI action: its headers in order, ``Action`` first, without ActionID; a list is repeated."""

WATCHDOG_VARIABLE: Final = "TIMEOUT(absolute)"
"""The dialplan function that holds a channel's watchdog."""

HEARTBEAT_VARIABLE: Final = "CC_HEARTBEAT"
JOINED_VARIABLE: Final = "CC_JOINED"
JOIN_SOUND_VARIABLE: Final = "BRIDGE_PLAY_SOUND"
"""Of the PBX's own: what a channel alone hears as soon as its bridge has changed; read once."""

"""Set on a dialed person who was joined with an agent; cc-dialed and cc-harbour read it."""

SAY_VARIABLE: Final = "CC_SAY"
"""What cc-say and cc-voicemail play: paths of prompts with ``&`` between them."""
AFTERWARDS_VARIABLE: Final = "CC_SAY_THEN"
"""``hangup``, or else the caller is on hold again."""
FILE_VARIABLE: Final = "CC_FILE"
LONGEST_VARIABLE: Final = "CC_MAX_S"

PROMPT_FOLDER: Final = "cc"
"""Prompts lie in this folder of Asterisk's sounds."""

DIGIT_VARIABLE: Final = "CC_DIGIT"
LINE_CALLER_ID: Final = '"Campaign line" <line>'
"""What an agent's phone shows that is dialed to stay on the line."""

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

VOICEMAIL_S_MAX: Final = 600.0
"""Seconds of one voicemail, at most: five megabytes."""

PROMPTS_MAX: Final = 10
"""Prompts said in a row."""

HARBOUR_WAIT_S_MAX: Final = 10
"""Seconds a dialed person waits for an agent, at most. The law of most countries says 2; nobody
stays on a silent line for longer than this."""

CAUSE_NORMAL: Final = "16"
"""ISDN cause (Q.850) for "normal call clearing"."""

# fullmatch, and [0-9] rather than \d: that would take in other scripts' digits.
_PROMPT: Final = re.compile(r"[A-Za-z0-9_-]{1,64}(?:/[A-Za-z0-9_-]{1,64}){0,4}")
_FILE: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_PHONE: Final = re.compile(r"[0-9]{1,32}")
_CALLER_NUMBER: Final = re.compile(r"\+?[0-9*#]{1,32}")
_NUMBER: Final = re.compile(r"\+?[0-9]{3,15}")
_TRUNK: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")
_CHANNEL_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,149}")
_KEY: Final = re.compile(r"[0-9*]")
_WORD: Final = re.compile(r"[A-Za-z0-9_.@+-]{1,128}")


class InvalidCommand(ValueError):  # noqa: N818 - named after what it says
    """A command that must not be sent: it would mean something else to the PBX, or nothing."""


def actions_for(command: PbxCommand, names: Mapping[str, str]) -> list[Action]:
    """Return the actions that carry out this command, to be written together, in order.

    ``names``: channel id -> the channel's whole name, for the actions that must not be given ids.
    `ReadPbx` has no action of its own: reading takes several, see ``gateway``.
    Raises `InvalidCommand`.
    """
    match command:
        case PlayPrompt() | AskDigit() | ProbeMenu():
            return _run_in_menu(command)
        case HoldCaller():
            return [_redirect(command.channel, HOLD_CONTEXT, "wait")]
        case SayToCaller():
            return _say(command)
        case RecordVoicemail():
            return _record(command)
        case RingAgent():
            return [_ring(command)]
        case DialOutside():
            return [_dial_outside(command)]
        case OpenLine():
            return [_dial_phone(command, caller_id=LINE_CALLER_ID)]
        case PlaceCall():
            return [_dial_contact(command)]
        case JoinCall():
            caller = _channel_name(command.caller, names)
            leg = _channel_name(command.leg, names)
            bridge = _action("Bridge", Channel1=caller, Channel2=leg)
            actions = [bridge, _mark_joined(command, "1")] if _is_dialed(command) else [bridge]
            if command.agent_prompt:
                prompt = _prompt_path(command.agent_prompt)
                actions.insert(0, _set(command.leg, JOIN_SOUND_VARIABLE, prompt))
            return actions
        case HangUp():
            return [_action("Hangup", Channel=_channel_id(command.channel), Cause=CAUSE_NORMAL)]
        case AddFallbackMember() | RemoveFallbackMember():
            return [_change_member(command)]
        case ReadPbx():
            return []
        case _ as never:
            assert_never(never)


def actions_after_refusal(command: PbxCommand) -> list[Action]:
    """Return the actions that take back what was written with a command that the PBX refused.

    A person who was not joined after all must not go on hold instead of to the message, nor an
    agent hear that somebody comes.
    """
    if not isinstance(command, JoinCall):
        return []
    actions = [_mark_joined(command, "0")] if _is_dialed(command) else []
    if command.agent_prompt:
        actions.append(_set(command.leg, JOIN_SOUND_VARIABLE, ""))
    return actions


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


def _is_dialed(command: JoinCall) -> bool:
    return command.caller.id.startswith(ATTEMPT_PREFIX)


def _mark_joined(command: JoinCall, value: str) -> Action:
    """Tell the dialplan where a dialed person goes when the agent's side ends."""
    channel_id = _channel_id(command.caller)
    return _action("Setvar", Channel=channel_id, Variable=JOINED_VARIABLE, Value=value)


def _change_member(command: AddFallbackMember | RemoveFallbackMember) -> Action:
    interface = f"PJSIP/{_phone(command.phone)}"
    if isinstance(command, RemoveFallbackMember):
        return _action("QueueRemove", Queue=FALLBACK_QUEUE, Interface=interface)
    who = _word("agent", command.agent)
    return _action("QueueAdd", Queue=FALLBACK_QUEUE, Interface=interface, MemberName=who)


def _run_in_menu(command: PlayPrompt | AskDigit | ProbeMenu) -> list[Action]:
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
        case _ as never:
            assert_never(never)


def _redirect(channel: ChannelRef, context: str, exten: str) -> Action:
    where = {"Context": context, "Exten": exten, "Priority": "1"}
    return _action("Redirect", Channel=_channel_id(channel), **where)


def _set(channel: ChannelRef, name: str, value: str) -> Action:
    return _action("Setvar", Channel=_channel_id(channel), Variable=name, Value=value)


def _prompts(prompts: Sequence[str]) -> str:
    if not 1 <= len(prompts) <= PROMPTS_MAX:
        raise InvalidCommand(f"{len(prompts)} prompts: say 1 to {PROMPTS_MAX}")
    return "&".join(_prompt_path(prompt) for prompt in prompts)


def _say(command: SayToCaller) -> list[Action]:
    channel = command.channel
    return [
        _set(channel, SAY_VARIABLE, _prompts(command.prompts)),
        _set(channel, AFTERWARDS_VARIABLE, "hangup" if command.ends_call else "hold"),
        _redirect(channel, SAY_CONTEXT, "s"),
    ]


def _record(command: RecordVoicemail) -> list[Action]:
    channel = command.channel
    if not _FILE.fullmatch(command.file):
        raise InvalidCommand("a voicemail's file is named by letters, digits, _ and - alone")
    longest_s = round(_bounded(command.max_s, 1.0, VOICEMAIL_S_MAX))
    return [
        _set(channel, SAY_VARIABLE, _prompts(command.prompts)),
        _set(channel, FILE_VARIABLE, command.file),
        _set(channel, LONGEST_VARIABLE, str(longest_s)),
        _redirect(channel, VOICEMAIL_CONTEXT, "s"),
    ]


def _menu_actions(command: PlayPrompt | AskDigit, run: str, fetch: str) -> list[Action]:
    return [
        _agi(command.channel, run, command.id + RUNNING_SUFFIX),
        _agi(command.channel, fetch, command.id),
    ]


def _action(name: str, **headers: str | list[str]) -> Action:
    return {"Action": name, **headers}


def _agi(channel: ChannelRef, command: str, command_id: str) -> Action:
    named = _word("command id", command_id)
    return _action("AGI", Channel=_channel_id(channel), Command=command, CommandID=named)


def _ring(command: RingAgent) -> Action:
    return _dial_phone(
        command,
        caller_id=_caller_id(command.caller_number),
        more=[f"CC_CALL={_word('call', command.call)}"],
    )


def _dial_phone(
    command: RingAgent | OpenLine, *, caller_id: str, more: Sequence[str] = ()
) -> Action:
    """Dial an agent's phone into the park loop, where the leg stays until it is joined."""
    if not command.leg.id.startswith(LEG_PREFIX):
        raise InvalidCommand(f"an agent's leg must have an id that begins with {LEG_PREFIX!r}")
    return _originate(
        command.leg,
        f"PJSIP/{_phone(command.phone)}",
        (PARK_CONTEXT, "park"),
        command.timeout_s,
        caller_id,
        ["CC_ROLE=agent", f"CC_AGENT={_word('agent', command.agent)}", *more],
    )


def _dial_outside(command: DialOutside) -> Action:
    if not command.leg.id.startswith(LEG_PREFIX):
        raise InvalidCommand(f"a leg must have an id that begins with {LEG_PREFIX!r}")
    number = _number_to_dial(command.outside)
    return _originate(
        command.leg,
        f"PJSIP/{number}@{_trunk(command.trunk)}",
        (PARK_CONTEXT, "park"),
        command.timeout_s,
        _own_caller_id(command.caller_id),
        ["CC_ROLE=outside", f"CC_CALL={_word('call', command.call)}"],
    )


def _trunk(trunk: str) -> str:
    if not _TRUNK.fullmatch(trunk):
        raise InvalidCommand(f"trunk {trunk[:32]!r}: use a-z, 0-9 and -, a letter first")
    return trunk


def _number_to_dial(number: str) -> str:
    """The number, which no refusal shows: it may be a person's."""
    if not _NUMBER.fullmatch(number):
        raise InvalidCommand("the number to dial is none: 3 to 15 digits, with or without a plus")
    return number


def _own_caller_id(number: str) -> str:
    if number and not _NUMBER.fullmatch(number):
        raise InvalidCommand("the caller id is no number: 3 to 15 digits, with or without a plus")
    return _caller_id(number) if number else ""


def _dial_contact(command: PlaceCall) -> Action:
    if not command.channel.id.startswith(ATTEMPT_PREFIX):
        raise InvalidCommand(
            f"a dialed channel must have an id that begins with {ATTEMPT_PREFIX!r}"
        )
    trunk, number = _trunk(command.trunk), _number_to_dial(command.number)
    caller_id = _own_caller_id(command.caller_id)
    wait_s = round(_bounded(command.harbour_wait_s, 0, HARBOUR_WAIT_S_MAX))
    _prompt_path(command.harbour_prompt)
    if command.opt_out_key and not _KEY.fullmatch(command.opt_out_key):
        raise InvalidCommand("the key to opt out is none: 0 to 9 or *")
    more = [f"CC_OPTOUT={command.opt_out_key}"] if command.opt_out_key else []
    if command.amd:
        more += _amd_variables(command)
    return _originate(
        command.channel,
        f"PJSIP/{number}@{trunk}",
        (DIALED_CONTEXT, "s"),
        command.timeout_s,
        caller_id,
        [
            "CC_ROLE=dialed",
            f"CC_AMD={'yes' if command.amd else 'no'}",
            f"CC_HARBOUR_S={wait_s}",
            f"CC_HARBOUR={command.harbour_prompt}",
            *more,
        ],
    )


def _amd_variables(command: PlaceCall) -> list[str]:
    """How AMD listens, where that is not as in its file; and where a machine goes."""
    settings = command.amd_settings
    times_ms = {
        "IS": settings.initial_silence,
        "GR": settings.greeting,
        "AS": settings.after_greeting_silence,
        "TA": settings.total_analysis_time,
        "WL": settings.min_word_length,
        "MW": settings.max_words,
    }
    set_here = [f"CC_AMD_{name}={int(value)}" for name, value in times_ms.items() if value]
    if command.on_machine is OnMachine.TO_AGENT:
        set_here.append("CC_MACHINE=agent")
    elif command.on_machine is OnMachine.LEAVE_MESSAGE:
        _prompt_path(command.machine_prompt)
        set_here += ["CC_MACHINE=message", f"CC_MESSAGE={command.machine_prompt}"]
    return set_here


def _originate(
    channel: ChannelRef,
    whom: str,
    target: tuple[str, str],
    timeout_s: float,
    caller_id: str,
    variables: list[str],
) -> Action:
    """``target``: context and extension for whoever answers. Commas part variables: none may be in
    a value."""
    context, exten = target
    shown = {"CallerID": caller_id} if caller_id else {}
    return _action(
        "Originate",
        Channel=whom,
        ChannelId=_channel_id(channel),
        Context=context,
        Exten=exten,
        Priority="1",
        Async="true",
        Timeout=str(round(_bounded(timeout_s, RING_TIMEOUT_S_MIN, RING_TIMEOUT_S_MAX) * 1000)),
        **shown,
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
