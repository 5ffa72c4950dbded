"""The dialplan: Asterisk's extensions.conf read into steps, and the product's own as the
simulator's default.

Reads what ``callcenter asterisk config`` writes; which channel is where is the runner's
business.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from msgspec import Struct

from callcenter.simulator.expressions import Unmodelled

DEFAULT_DIALPLAN = """\
[cc-inbound]
exten => _[+0-9]!,1,Set(CC_ROLE=caller)
 same => n,Set(CC_ENTERED=${EPOCH})
 same => n,Set(CC_DIALED=${EXTEN})
 same => n,Set(CC_CALLER=${FILTER(+0-9,${CALLERID(num)})})
 same => n,Set(CHANNEL(musicclass)=cc-hold)
 same => n,Answer()
 same => n,GotoIf($[${EPOCH} - 0${CC_HEARTBEAT} > 10]?cc-fallback,s,1)
 same => n,Set(TIMEOUT(absolute)=10)
 same => n,AGI(agi:async)
 same => n,Goto(cc-hold,wait,1)
exten => T,1,Goto(cc-fallback,s,1)

[cc-hold]
exten => wait,1,Set(TIMEOUT(absolute)=0)
 same => n(again),BridgeWait(cc-callers,participant,e(m)S(20))
 same => n,GotoIf($[${EPOCH} - 0${CC_HEARTBEAT} <= 10]?again)
 same => n,Goto(cc-fallback,s,1)
exten => T,1,Goto(cc-fallback,s,1)

[cc-say]
exten => s,1,Set(TIMEOUT(absolute)=0)
 same => n,Set(PLAYBACKSTATUS=)
 same => n,UserEvent(CCSaying,Call: ${UNIQUEID})
 same => n,Playback(${CC_SAY})
 same => n,GotoIf($["${PLAYBACKSTATUS}" != "FAILED"]?said)
 same => n,UserEvent(CCUnsaid,Call: ${UNIQUEID})
 same => n(said),GotoIf($["${CC_SAY_THEN}" != "hangup"]?cc-hold,wait,1)
 same => n,Hangup()

[cc-voicemail]
exten => s,1,Set(TIMEOUT(absolute)=0)
 same => n,UserEvent(CCSaying,Call: ${UNIQUEID})
 same => n,Playback(${CC_SAY})
 same => n,UserEvent(CCRecording,Call: ${UNIQUEID})
 same => n,Record(/var/lib/callcenter/voicemails/${CC_FILE}.wav,10,${CC_MAX_S},kq)
 same => n,Hangup()

[cc-agents]
exten => park,1,GotoIf($[${EPOCH} - 0${CC_HEARTBEAT} > 10]?gone)
 same => n,BridgeWait(cc-agents,participant,e(s)S(20))
 same => n,Goto(park,1)
 same => n(gone),Hangup()

[cc-dialed]
exten => s,1,Set(CHANNEL(musicclass)=cc-hold)
 same => n,GotoIf($["${CC_AMD}" != "yes"]?talks)
 same => n,Set(FAXOPT(faxdetect)=t38)
 same => n,AMD(${CC_AMD_IS},${CC_AMD_GR},${CC_AMD_AS},${CC_AMD_TA},${CC_AMD_WL},,${CC_AMD_MW})
 same => n,UserEvent(CCScreened,Call: ${UNIQUEID},Status: ${AMDSTATUS},Cause: ${AMDCAUSE})
 same => n,GotoIf($["${AMDSTATUS}" != "MACHINE"]?person)
 same => n,GotoIf($["${AMDCAUSE:0:14}" != "INITIALSILENCE"]?machine)
 same => n(person),Set(FAXOPT(faxdetect)=no)
 same => n(talks),GotoIf($[0${CC_HARBOUR_S} < 1]?cc-harbour,s,1)
 same => n,BridgeWait(cc-dialed,participant,e(s)S(${CC_HARBOUR_S}))
 same => n,GotoIf($["${CC_JOINED}" = "1"]?cc-hold,wait,1:cc-harbour,s,1)
 same => n(machine),GotoIf($["${CC_MACHINE}" = "agent"]?person)
 same => n,GotoIf($["${CC_MACHINE}" = "message"]?cc-machine,s,1)
 same => n,Hangup()
exten => fax,1,UserEvent(CCScreened,Call: ${UNIQUEID},Status: FAX,Cause: T38)
 same => n,Hangup()

[cc-machine]
exten => s,1,WaitForSilence(2000,1,40)
 same => n,GotoIf($["${WAITSTATUS}" != "SILENCE"]?bye)
 same => n,Playback(cc/${CC_MESSAGE})
 same => n,UserEvent(CCMessage,Call: ${UNIQUEID},Status: ${PLAYBACKSTATUS})
 same => n(bye),Hangup()
exten => fax,1,Goto(cc-dialed,fax,1)

[cc-harbour]
exten => s,1,UserEvent(CCHarbour,Call: ${UNIQUEID})
 same => n,GotoIf($["${CC_OPTOUT}" != ""]?ask)
 same => n,Playback(cc/${CC_HARBOUR})
 same => n,GotoIf($["${CC_JOINED}" = "1"]?cc-hold,wait,1:bye)
 same => n(again),Set(CC_AGAIN=1)
 same => n(ask),Read(CC_KEY,cc/${CC_HARBOUR},1,,1,3)
 same => n,GotoIf($["${CC_JOINED}" = "1"]?cc-hold,wait,1)
 same => n,GotoIf($["${CC_KEY}" = "${CC_OPTOUT}"]?out)
 same => n,GotoIf($["${CC_KEY}${CC_AGAIN}" = ""]?bye)
 same => n,GotoIf($["${CC_AGAIN}" = ""]?again:bye)
 same => n(out),UserEvent(CCOptOut,Call: ${UNIQUEID})
 same => n,Playback(cc/opted-out)
 same => n(bye),Hangup()

[cc-fallback]
exten => s,1,Set(TIMEOUT(absolute)=0)
 same => n,UserEvent(CCFallback,Call: ${UNIQUEID})
 same => n,Set(CHANNEL(musicclass)=cc-hold)
 same => n(again),Queue(cc-fallback)
 same => n,GotoIf($[${EPOCH} - 0${CC_HEARTBEAT} <= 10]?cc-hold,wait,1)
 same => n,Wait(1)
 same => n,Goto(again)
exten => T,1,Goto(cc-fallback,s,1)
"""
"""What ``config/asterisk/cc_extensions.conf.in`` renders to with its usual settings; a test
compares them.
"""


class Location(NamedTuple):
    """A place in the dialplan."""

    context: str
    exten: str
    priority: int


class Step(Struct, frozen=True):
    """One line of an extension."""

    application: str
    arguments: str
    label: str = ""


class Extension(Struct, frozen=True):
    """All steps of one ``exten``; ``pattern`` begins with ``_`` when it stands for many numbers."""

    pattern: str
    steps: tuple[Step, ...]


_LINE = re.compile(r"(?P<key>exten|same)\s*=>\s*(?P<rest>.*)")
_STEP = re.compile(r"(?P<priority>\d+|n)(?:\((?P<label>[^)]+)\))?\s*,\s*(?P<call>.*)")
_CALL = re.compile(r"(?P<name>\w+)(?:\((?P<arguments>.*)\))?\s*$")
_CLASSES = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*"}


def parse_dialplan(text: str) -> Dialplan:
    """Read an extensions.conf; raises ``Unmodelled`` for a line that it cannot read."""
    contexts: dict[str, dict[str, list[Step]]] = {}
    context = exten = ""
    for line in text.splitlines():
        line = _strip_comment(line)
        if not line:
            continue
        if line.startswith("["):
            context, exten = line.strip("[]"), ""
            contexts.setdefault(context, {})
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            if "=" in line and context in ("general", "globals"):
                continue
            raise Unmodelled(f"dialplan line {line!r}")
        rest = match["rest"]
        if match["key"] == "exten":
            exten, _, rest = rest.partition(",")
        contexts[context].setdefault(exten, []).append(_parse_step(rest))
    return Dialplan(
        {
            name: [Extension(exten, tuple(steps)) for exten, steps in extensions.items()]
            for name, extensions in contexts.items()
        }
    )


def _strip_comment(line: str) -> str:
    return re.sub(r"(?<!\\);.*", "", line).strip()


def _parse_step(text: str) -> Step:
    step = _STEP.fullmatch(text.strip())
    call = step and _CALL.fullmatch(step["call"].strip())
    if not step or not call:
        raise Unmodelled(f"dialplan step {text!r}")
    return Step(call["name"], call["arguments"] or "", step["label"] or "")


class Dialplan:
    """Every context, looked up as Asterisk does: a literal extension first, then patterns in their
    order.
    """

    def __init__(self, contexts: dict[str, list[Extension]]) -> None:
        self.contexts = contexts

    def find(self, context: str, exten: str) -> Extension | None:
        """The extension that ``exten`` leads to in ``context``."""
        extensions = self.contexts.get(context, [])
        for one in extensions:
            if one.pattern == exten:
                return one
        for one in extensions:
            if one.pattern.startswith("_") and _matches(one.pattern, exten):
                return one
        return None

    def find_step(self, location: Location) -> Step | None:
        """The step at this place; None where the extension has ended or does not exist."""
        extension = self.find(location.context, location.exten)
        if extension is None or not 1 <= location.priority <= len(extension.steps):
            return None
        return extension.steps[location.priority - 1]

    def resolve(self, target: str, here: Location) -> Location:
        """The place that the target of a Goto means: ``priority``, ``exten,priority`` or all
        three; labels too.
        """
        parts = [part.strip() for part in target.split(",")]
        context = parts[0] if len(parts) == 3 else here.context
        exten = parts[-2] if len(parts) > 1 else here.exten
        priority = self.find_priority(context, exten, parts[-1])
        if priority is None:
            raise Unmodelled(f"Goto({target}) at {here}")
        return Location(context, exten, priority)

    def find_priority(self, context: str, exten: str, text: str) -> int | None:
        """The number of a priority that is written as a number or a label."""
        if text.isdigit():
            return int(text)
        extension = self.find(context, exten)
        for number, step in enumerate(extension.steps if extension else (), 1):
            if step.label == text:
                return number
        return None


def _matches(pattern: str, exten: str) -> bool:
    """Whether a ``_`` pattern stands for this extension."""
    return _compile(pattern).fullmatch(exten) is not None


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    """The regular expression of a ``_`` pattern: X, Z, N, sets, ``.`` and ``!``."""
    expression = []
    in_set = False
    for letter in pattern[1:]:
        if letter == "[":
            in_set = True
        if in_set:
            expression.append(letter)
            in_set = letter != "]"
        else:
            expression.append(_CLASSES.get(letter.upper(), re.escape(letter)))
    return re.compile("".join(expression))
