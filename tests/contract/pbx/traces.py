"""What one scenario brought about on one PBX, in a form that can be compared with another PBX's.

A trace is a number of streams: the domain events of a channel, its raw AMI events, the results of
commands and so on. Only the order within a stream is compared: Asterisk's threads race between
channels. Ids and times, which no two PBXs have in common, get names: a channel is called by its
endpoint and the number of its appearance (``carrier#1``), what we dialed by the id that we gave.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple
from urllib.parse import unquote

from callcenter.domain.events import PbxEvent, PbxLinkLost, PbxStateRead
from callcenter.domain.ids import ATTEMPT_PREFIX, LEG_PREFIX
from tests.contract.pbx.console import Recording
from tests.contract.pbx.ignored import HOUSEKEEPING, MOMENTS, Housekeeping, Moment
from tests.contract.pbx.recorder import ADDED, Message, Record, get

SESSION: Final = "session"
"""Stream of what concerns no channel."""

SOME_TIME: Final = "<some time>"
SOME_ID: Final = "<some id>"

_MOMENTS: Final = {moment.header: moment for moment in MOMENTS}
_TIME: Final = re.compile(r"[0-9]+(?:[.:][0-9]+)*")
_TOO_LONG: Final = re.compile(r"(?<=^TOOLONG-)[0-9]+$")
"""When detection gives up on a line without sound it has counted silence in steps of its own clock,
some fewer on a machine that is busy."""
_PORT: Final = re.compile(r"(?<=127\.0\.0\.1:)[0-9]+")


class Entry(NamedTuple):
    """One event, answer or result: its name and what it says."""

    name: str
    fields: dict[str, str]


class Trace(dict[str, list[Entry]]):
    """Stream -> its entries in order."""

    def __init__(self) -> None:
        super().__init__()
        self.used: dict[Moment | Housekeeping, None] = {}
        """Entries of the ignore list that the making of it needed."""

    def add(self, stream: str, name: str, fields: dict[str, str]) -> None:
        """Add an entry at the end of a stream, its times made alike."""
        said = {key: self._say(key, value) for key, value in fields.items()}
        self.setdefault(stream, []).append(Entry(name, said))

    def _say(self, header: str, value: str) -> str:
        value = _TOO_LONG.sub(SOME_TIME, value)
        moment = _MOMENTS.get(header)
        if moment is None or not _TIME.fullmatch(value):
            return value
        if not moment.zero_too and not value.strip("0.:"):
            return value
        self.used[moment] = None
        return SOME_TIME

    def is_housekeeping(self, action: Message) -> bool:
        """Whether this action of the gateway's is left out."""
        for entry in HOUSEKEEPING:
            if action[0][1] == entry.action and get(action, "Variable") == entry.variable:
                self.used[entry] = None
                return True
        return False


class Names:
    """Names for ids, given in the order of appearance."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        for record in records:
            match record.message[0]:
                case ("Event", "Newchannel"):
                    channel = record.get("Channel")
                    kind = channel.rpartition("-")[0].rpartition("/")[2]
                    label = self._number(kind)
                    self._names[channel] = f"PJSIP/{label}"
                    uniqueid = record.get("Uniqueid")
                    if not uniqueid.startswith((LEG_PREFIX, ATTEMPT_PREFIX)):
                        self._names[uniqueid] = label
                case ("Event", "BridgeCreate"):
                    kind = record.get("BridgeName").strip("<>")
                    self._names[record.get("BridgeUniqueid")] = self._number(f"bridge-{kind}")
                case ("Event", "AGIExecStart"):
                    self._names[record.get("CommandId")] = self._number("agi")
        longest_first = sorted(self._names, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or "(?!)")

    def _number(self, kind: str) -> str:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return f"{kind}#{self._counts[kind]}"

    def say(self, text: str) -> str:
        """The text with names for ids."""
        return _PORT.sub("PORT", self._pattern.sub(lambda found: self._names[found[0]], text))


def make_trace(recording: Recording) -> Trace:
    """The trace of one scenario on one PBX."""
    names = Names(recording.records)
    trace = Trace()
    for fact in recording.facts:
        _add_fact(trace, fact, names)
    for remark in recording.remarks:
        said = {key: names.say(value) for key, value in remark.said.items()}
        trace.add("results and answers", remark.what, said)
    for record in recording.records:
        if record.kind == "Event":
            _add_event(trace, record.message, names)
    _add_answers(trace, recording.records, names)
    return trace


# --- domain events -------------------------------------------------------------------------------


def _add_fact(trace: Trace, fact: PbxEvent, names: Names) -> None:
    name = type(fact).__name__
    match fact:
        case PbxStateRead():
            trace.add("facts of the PBX", name, {})
            rows = sorted((names.say(row.channel.id), row) for row in fact.channels)
            for channel, row in rows:
                said = {key: names.say(str(getattr(row, key))) for key in row.__struct_fields__}
                trace.add("facts of the PBX", "ChannelTruth", {**said, "channel": channel})
        case PbxLinkLost():
            trace.add("facts of the PBX", name, {"reason": names.say(fact.reason)})
        case _:
            said = {key: names.say(str(getattr(fact, key))) for key in fact.__struct_fields__}
            trace.add(f"facts of {names.say(fact.channel.id)}", name, said)


# --- raw events ----------------------------------------------------------------------------------


def _add_event(trace: Trace, message: Message, names: Names) -> None:
    if get(message, "ActionID") and get(message, "Event") != "OriginateResponse":
        return  # a row of a list: see _add_answers
    said = _spell_out(message[1:], names)
    trace.add(f"events of {names.say(_subject(message))}", message[0][1], said)


def _subject(message: Message) -> str:
    """Whose event it is: a channel's, a bridge's, a queue member's or nobody's."""
    keys = ["Uniqueid", "BridgeUniqueid", "Interface"]
    match message[0][1]:
        case "DialBegin" | "DialState" | "DialEnd":
            keys.insert(0, "DestUniqueid")
        case "AgentComplete":  # by then there may be no channel any more
            keys.insert(0, "Interface")
    return next(filter(None, (get(message, key) for key in keys)), SESSION)


def _spell_out(message: Message, names: Names) -> dict[str, str]:
    """The headers; repeated ones and those that hold lists get a key for each value."""
    said: dict[str, str] = {}
    for key, value in message:
        if key == "Env":
            for line in unquote(value).strip("\n").split("\n"):
                part, _, text = line.partition(": ")
                said[f"Env {part}"] = names.say(text)
        elif key == "ActionID":
            said[key] = SOME_ID
        elif key == "Variable" and "=" in value:
            part, _, text = value.partition("=")
            said[f"Variable {part}"] = names.say(text)
        else:
            at = sum(known.partition(" ")[0] == key for known in said)
            said[f"{key} {at}" if at else key] = names.say(value)
    return said


# --- answers -------------------------------------------------------------------------------------


def _add_answers(trace: Trace, records: list[Record], names: Names) -> None:
    """Each action with its answer and the rows that belong to it."""
    answers: dict[str, list[Message]] = {}
    for record in records:
        action_id = record.get("ActionID")
        if not record.sent and action_id:
            answers.setdefault(action_id, []).append(record.message)
    for record in records:
        action_id = record.get("ActionID")
        if not record.sent:
            continue
        added = action_id.startswith(ADDED)
        if not added and trace.is_housekeeping(record.message):
            continue
        first, *rows = answers.get(action_id) or [[("Response", "none")]]
        asked = _spell_out(record.message, names)
        asked.pop("ActionID", None)
        said = {f"asked {key}": value for key, value in asked.items()}
        trace.add("answers", record.name, {**said, **_spell_out(first, names)})
        listed = [row for row in rows if get(row, "Event") != "OriginateResponse"]
        spelt = [(row[0][1], _spell_out(row[1:], names)) for row in listed]
        for name, row in sorted(spelt, key=lambda one: (one[0], *_identity(one[1]))):
            trace.add("answers", name, row)


def _identity(row: dict[str, str]) -> tuple[str, str]:
    """Rows of a list come in no order: Asterisk keeps channels and bridges in hash tables."""
    return row.get("Uniqueid", ""), row.get("BridgeUniqueid", "")
