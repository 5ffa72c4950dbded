"""What happened in a run of the demo: counted from the center's records, and held against what the
far ends saw."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from callcenter.demo.sip_counter import RESULTS, Span
from callcenter.demo.telephony import Heard
from callcenter.domain.call import Outcome
from callcenter.domain.customer import Tier
from callcenter.domain.records import CallRecord
from callcenter.journal.reader import read
from callcenter.service.recovery import machine_at, replay

UNKNOWN = "unknown"
"""A result that no far end can tell."""


def count_inbound(calls: Sequence[CallRecord]) -> dict[str, Any]:
    """Calls that came in."""
    calls = [call for call in calls if not call.campaign]
    queued = [call for call in calls if call.queue]
    gold = [call for call in queued if call.tier is Tier.GOLD]
    return {
        "offered": len(queued),
        "answered": _answered(queued),
        "abandoned": sum(call.outcome is Outcome.ABANDONED for call in queued),
        "left_in_ivr": sum(call.outcome is Outcome.LEFT_IN_IVR for call in calls),
        "gold": {
            "offered": len(gold),
            "answered": _answered(gold),
            "by_senior": sum(call.answered_by_senior for call in gold),
        },
    }


def _answered(calls: Sequence[CallRecord]) -> int:
    return sum(call.outcome is Outcome.ANSWERED for call in calls)


def count_outbound(attempts: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Calls that went out, as the API tells of them; ``human``: a person was on the line."""
    counts: Counter[str] = Counter()
    for attempt in attempts:
        counts["placed"] += 1
        counts["human"] += bool(attempt["person_at"])
        counts[attempt["result"]] += 1
    return {name: counts[name] for name in ("placed", "human", *RESULTS, UNKNOWN)}


def count_reported_calls(report: Mapping[str, Any]) -> dict[str, int]:
    """The calls of the report of queues, as the API tells of them."""
    total = report["total"]
    return {name: total[name] for name in ("offered", "answered", "abandoned")}


def count_reported_attempts(report: Mapping[str, Any]) -> dict[str, int]:
    """The calls of the report of campaigns, as the API tells of them."""
    total = report["total"]
    results = {name: total["results"].get(name, 0) for name in RESULTS}
    return {"placed": total["attempts"], "human": total["people"], **results}


def in_reports(seen: Mapping[str, Any]) -> dict[str, Any]:
    """Of what the far ends saw, that of which the reports tell too: menus and tiers are in none."""
    inbound = {name: seen["inbound"][name] for name in ("offered", "answered", "abandoned")}
    return {"inbound": inbound, "outbound": seen["outbound"]}


def find_disagreements(
    told: Mapping[str, Any], seen: Mapping[str, Any], by: str = "the records"
) -> list[str]:
    """Figures of the center that the far ends saw differently, in words; ``by``: who told them."""
    found = []
    for name, span in seen.items():
        if isinstance(span, Span):
            if not span.least <= told[name] <= span.most:
                spanned = span.least if span.least == span.most else f"{span.least} to {span.most}"
                found.append(f"{name}: {told[name]} by {by}, {spanned} by the far ends")
        else:
            found += [f"{name} {text}" for text in find_disagreements(told[name], span, by)]
    return found


def count_pops(
    lines: Sequence[Mapping[str, Any]],
    heard: Sequence[Heard],
    written: Mapping[int, float] | None = None,
) -> dict[str, int]:
    """How many cards the desktops got, and how many of them were there before anybody was heard.

    ``lines`` is what the desktops noted. For a call that came in the card has to be at the desk
    before the INVITE is at the phone. A campaign's line is open already and gets no INVITE: there
    the card has to be at the desk before the person and the line are joined, by the PBX's own log,
    for from then on the agent hears the person. Before each of these moments a card must have come
    that was not there at the one before. Cards sent again (after a reconnect, or completed later)
    do not count.

    On a busy machine a desktop may read, and note, a card long after it arrived. ``written`` is
    when the center had handed each card (by its ``seq``) to the system: on loopback it is then at
    the desk, whoever reads it when. That holds for such cards, as long as the desktop got them.
    """
    written = written or {}
    cards: dict[str, list[float]] = {line["phone"]: [] for line in lines}
    seen: dict[tuple[str, str], None] = {}
    sent = 0
    for line in lines:
        if line["event"] == "card" and not line["again"] and _is_first(line, seen):
            at = line["at"]
            cards[line["phone"]].append(min(at, written.get(line["seq"], at)))
            sent += 1
    late = 0
    for moment in sorted(heard, key=lambda moment: moment.at):
        waiting = cards.get(moment.phone)
        if waiting is None:
            continue  # nobody notes what comes to this desk
        early = [at for at in waiting if at <= moment.at]
        late += not early
        del waiting[: max(1, len(early))]  # without one the next is this one, come too late
    return {"sent": sent, "before_ring": sent - late}


def read_written(log: Path) -> dict[int, float]:
    """When each card had been handed to the system, by the center's log: ``seq`` -> UTC seconds."""
    written = {}
    for text in log.read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        if line["event"] == "card_written" and line["desktops"]:
            written[line["seq"]] = datetime.fromisoformat(line["timestamp"]).timestamp()
    return written


def _is_first(line: Mapping[str, Any], seen: dict[tuple[str, str], None]) -> bool:
    """A card that was sent incomplete comes a second time under the same call, complete."""
    key = (line["agent"], line["call"])
    if line["complete"] and key in seen:
        del seen[key]
        return False
    if not line["complete"]:
        seen[key] = None
    return True


def is_replay_equal(journal: Path) -> bool:
    """Whether the journal, stepped again, gives the same commands and records."""
    found = read(journal)
    return not replay(machine_at(found.header.journal, found.snapshot), found.entries).differences


def find_problems(summary: Mapping[str, Any]) -> list[str]:
    """What a run that went well would not show, in words."""
    pops = summary["pops"]
    late = pops["sent"] - pops["before_ring"]
    return [
        text
        for is_so, text in (
            (late, f"{late} of {pops['sent']} cards came after the call"),
            (summary["faults"], f"{summary['faults']} faults"),
            (summary["stuck_agents"], f"{summary['stuck_agents']} agents are stuck"),
            (not summary["replay_equal"], "the journal did not replay the same"),
        )
        if is_so
    ]
