"""Reads what happened on the wire out of SIPp's message traces.

Imports nothing of the program on purpose: what it counts is the measure of what the program says.
A trace is one process: all phones, or a number of callers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_HEAD = re.compile(
    r"^-{40,} (\d{4}-\d\d-\d\d)\s(\d\d:\d\d:\d\d\.\d{6})\n\w+ message (sent|received)", re.M
)
_STATUS = re.compile(r"SIP/2\.0 (\d{3}) ")
_NUMBER = re.compile(r"sips?:([^@;>]+)@")


@dataclass(frozen=True)
class SipMessage:
    """One message as SIPp sent or received it."""

    at: float  # epoch seconds, exact to the microsecond
    sent: bool  # by SIPp; else received by it
    method: str  # of the request, or of the request that this answers
    status: int  # 0 for a request
    call_id: str
    caller: str  # number in From, of whoever began the dialog or of whoever sends the request
    called: str  # number in To


@dataclass
class SipCall:
    """One call at this far end. Times are epoch seconds; None: that never happened."""

    call_id: str
    caller: str
    called: str
    received: bool  # rung here; else dialed from here
    invited_at: float
    ringing_at: float | None = None
    answered_at: float | None = None
    refused_at: float | None = None
    refused_with: int | None = None  # status such as 486; 487 is a cancelled call, not a refusal
    cancelled_at: float | None = None  # the caller gave up before the answer
    ended_at: float | None = None  # BYE
    ended_here: bool | None = None  # whether this end sent the BYE

    @property
    def outcome(self) -> str:
        """How it went: answered, refused, cancelled, or open while none of these."""
        if self.answered_at is not None:
            return "answered"
        if self.refused_at is not None:
            return "refused"
        return "open" if self.cancelled_at is None else "cancelled"


def read_calls(trace: Path) -> list[SipCall]:
    """All calls in a trace (times written in UTC), by the time of their INVITE."""
    calls: dict[str, SipCall] = {}
    for message in read_messages(trace):
        if message.method == "INVITE" and message.status == 0:
            calls.setdefault(
                message.call_id,
                SipCall(
                    call_id=message.call_id,
                    caller=message.caller,
                    called=message.called,
                    received=not message.sent,
                    invited_at=message.at,
                ),
            )
        elif (call := calls.get(message.call_id)) is not None:
            _note(call, message)
    return sorted(calls.values(), key=lambda call: call.invited_at)


def _note(call: SipCall, message: SipMessage) -> None:
    """Keep the first time of each thing: the rest are repeats of lost packets."""
    match message.method, message.status:
        case "INVITE", 180 | 183:
            call.ringing_at = call.ringing_at or message.at
        case "INVITE", 200:
            call.answered_at = call.answered_at or message.at
        case "INVITE", status if status >= 300 and status != 487:
            call.refused_at = call.refused_at or message.at
            call.refused_with = call.refused_with or status
        case "CANCEL", 0:
            call.cancelled_at = call.cancelled_at or message.at
        case "BYE", 0 if call.ended_at is None:
            call.ended_at = message.at
            call.ended_here = message.sent
        case _:
            pass


def read_messages(trace: Path) -> Iterator[SipMessage]:
    """Every whole message of a trace; the last one may be cut off by a killed process."""
    text = trace.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")
    heads = list(_HEAD.finditer(text))
    for number, head in enumerate(heads):
        end = heads[number + 1].start() if number + 1 < len(heads) else len(text)
        body = text[head.end() : end].partition("\n\n")[2]
        message = _read_message(body, _read_time(head[1], head[2]), sent=head[3] == "sent")
        if message is not None:
            yield message


def _read_time(date: str, clock: str) -> float:
    return datetime.fromisoformat(f"{date}T{clock}").replace(tzinfo=UTC).timestamp()


def _read_message(text: str, at: float, *, sent: bool) -> SipMessage | None:
    start_line, _, rest = text.partition("\n")
    headers: dict[str, str] = {}
    for line in rest.partition("\n\n")[0].split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
    if not {"call-id", "cseq", "from", "to"} <= headers.keys():
        return None
    status = _STATUS.match(start_line)
    return SipMessage(
        at=at,
        sent=sent,
        method=headers["cseq"].split()[-1],
        status=int(status[1]) if status else 0,
        call_id=headers["call-id"],
        caller=_number(headers["from"]),
        called=_number(headers["to"]),
    )


def _number(header: str) -> str:
    found = _NUMBER.search(header)
    return found[1] if found else ""
