"""Reads what happened on the wire out of SIPp's message traces, and counts it.

Uses the standard library and nothing of the program, on purpose: what it counts is the measure of
what the program says. A trace is one process: all phones, a number of callers, or the carrier.
``python -m callcenter.demo.sip_counter FOLDER`` counts the folder of a demo that was kept.

What became of somebody who was dialed is told by what happened at that far end alone:

* 486, 603, 503 and 404 speak for themselves; whoever rang until the PBX cancelled did not answer;
* those who talk end the call themselves, after the time that was planned for them, and that is
  longer than any message: whoever hung up was ``connected``;
* the PBX hangs up on machines as soon as it knows them, and on people who have heard the
  safe-harbour message to its end. The wait for an agent and the message together take longer than
  any machine is listened to: so the length of the call tells them apart.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

PLAN, PHONES, CARRIER, CALLERS = "far_ends.json", "phones", "carrier", "callers-*"
"""In a demo's folder: what the counter has to know beforehand, and the folders of SIPp's processes
with a ``messages.log`` in each."""

CLOSE_S = 0.5
"""Two things that happen at different ends within this time may be seen in either order."""
AT_ONCE_S = 1.0
"""Whoever hangs up that soon after answering was still being listened to: detection needs the
greeting's end and 0.8 s."""
SCREENING_S_MAX = 6.0
"""Detection listens for 5 s at most (total_analysis_time). Whoever the PBX hangs up on later than
that, the wait and the message together was hung up on by an agent."""

REFUSALS = {486: "busy", 603: "rejected", 503: "congestion", 404: "invalid_number"}
RESULTS = (
    "connected", "machine", "busy", "no_answer", "rejected", "dropped", "congestion",
    "invalid_number", "hung_up", "failed",
)  # fmt: skip

_HEAD = re.compile(
    r"^-{40,} (\d{4}-\d\d-\d\d)\s(\d\d:\d\d:\d\d\.\d{6})\n\w+ message (sent|received)", re.M
)
_STATUS = re.compile(r"SIP/2\.0 (\d{3}) ")
_NUMBER = re.compile(r"sips?:([^@;>]+)@")


# --- messages and calls ---------------------------------------------------------------------------


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
    pressed_at: float | None = None  # the first key (SIP INFO) that was sent from here

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
        case "INFO", 0 if message.sent:
            call.pressed_at = call.pressed_at or message.at
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


# --- what became of them --------------------------------------------------------------------------


class Span(NamedTuple):
    """A count of which some were too close to call: so many at least, so many at most."""

    least: int
    most: int


def is_ring(call: SipCall) -> bool:
    """Whether a phone was rung for somebody: a phone rung for a line shows no number."""
    return call.received and call.caller.lstrip("+").isdigit()


def judge_caller(call: SipCall, rings: Iterable[SipCall]) -> tuple[tuple[str, ...], str]:
    """What became of somebody who called, and which phone talked with them first.

    ``rings``: all calls at the agents' phones. Two results where either may be told; none for
    whoever was never let in.
    """
    if call.answered_at is None:
        return (), ""
    ended_at = float("inf") if call.ended_at is None else call.ended_at
    talks = [
        (ring.answered_at, ring.called)
        for ring in rings
        if ring.caller == call.caller
        and ring.answered_at is not None
        and call.invited_at <= ring.invited_at <= ended_at
    ]
    if talks:
        talk_at, phone = min(talks)
        is_close = ended_at - talk_at < CLOSE_S
        return ("answered", "abandoned") if is_close else ("answered",), phone
    if call.pressed_at is None:
        return ("left_in_ivr",), ""
    is_close = ended_at - call.pressed_at < CLOSE_S
    return ("abandoned", "left_in_ivr") if is_close else ("abandoned",), ""


def judge_dialed(call: SipCall, wait_s: float, message_s: float) -> str:
    """What became of somebody who was dialed: one of ``RESULTS``, or ``open``.

    ``wait_s``: how long a person waits for an agent; ``message_s``: the message's length.
    """
    if call.refused_with is not None:
        return REFUSALS.get(call.refused_with, "failed")
    if call.answered_at is None:
        if call.cancelled_at is None:
            return "open"
        return "failed" if call.ringing_at is None else "no_answer"
    if call.ended_at is None:
        return "open"
    length_s = call.ended_at - call.answered_at
    if call.ended_here:
        return "hung_up" if length_s < AT_ONCE_S else "connected"
    if length_s < wait_s + message_s:
        return "machine"
    return "dropped" if length_s < wait_s + message_s + SCREENING_S_MAX else "connected"


def count_inbound(
    callers: Iterable[SipCall],
    rings: Sequence[SipCall],
    gold: Container[str],
    seniors: Container[str],
) -> dict[str, Any]:
    """Callers by what became of them. ``gold``: numbers of gold customers; ``seniors``: phones."""
    judged = [(call.caller, *judge_caller(call, rings)) for call in callers]
    of_gold = [results for caller, results, _ in judged if caller in gold]
    by_senior = [results for caller, results, at in judged if caller in gold and at in seniors]
    everybody = [results for _, results, _ in judged]
    return {
        "offered": _count(everybody, "answered", "abandoned"),
        "answered": _count(everybody, "answered"),
        "abandoned": _count(everybody, "abandoned"),
        "left_in_ivr": _count(everybody, "left_in_ivr"),
        "gold": {
            "offered": _count(of_gold, "answered", "abandoned"),
            "answered": _count(of_gold, "answered"),
            "by_senior": _count(by_senior, "answered"),
        },
    }


def _count(judged: Iterable[tuple[str, ...]], *wanted: str) -> Span:
    """How many had one of these results: surely, and perhaps."""
    sure = perhaps = 0
    for results in judged:
        hits = sum(result in wanted for result in results)
        sure += bool(results) and hits == len(results)
        perhaps += bool(hits)
    return Span(sure, perhaps)


def count_outbound(dialed: Sequence[SipCall], wait_s: float, message_s: float) -> dict[str, Any]:
    """Those who were dialed, by what became of them; ``human``: who talked or heard the message."""
    counts = Counter(judge_dialed(call, wait_s, message_s) for call in dialed)
    counts["placed"] = len(dialed)
    counts["human"] = counts["connected"] + counts["dropped"]
    names = ("placed", "human", *RESULTS)
    return {name: Span(counts[name], counts[name]) for name in names}


def count_folder(folder: Path) -> dict[str, Any]:
    """Count everything in a demo's folder."""
    plan = json.loads((folder / PLAN).read_text(encoding="utf-8"))
    rings = [call for call in _calls_in(folder, PHONES) if is_ring(call)]
    return {
        "inbound": count_inbound(
            _calls_in(folder, CALLERS), rings, dict.fromkeys(plan["gold"]), plan["seniors"]
        ),
        "outbound": count_outbound(
            _calls_in(folder, CARRIER), plan["harbour_wait_s"], plan["message_s"]
        ),
    }


def _calls_in(folder: Path, pattern: str) -> list[SipCall]:
    traces = sorted(folder.glob(f"{pattern}/messages.log"))
    return [call for trace in traces for call in read_calls(trace)]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(count_folder(Path(sys.argv[1])), indent=2) + "\n")
