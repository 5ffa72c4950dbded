"""What the far ends know: counts from their own log, to compare the service's records with.

Looks only at the logs of ``callcenter.simulator.stage`` and of the carrier; nothing of the service
or the PBX.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct, field

from callcenter.simulator.stage import Deed, Entry


class TierCount(Struct):
    """Calls of one tier."""

    offered: int = 0
    """Callers whom the PBX answered."""
    answered: int = 0
    """Callers who heard an agent."""
    abandoned: int = 0
    """Hung up in the music, without having heard an agent."""
    left_in_menu: int = 0
    """Hung up before any music."""
    dropped: int = 0
    """Hung up on by the PBX before they heard an agent."""
    open: int = 0
    """Still on the line, without having heard an agent."""


class Counters(Struct):
    """Everything that can be counted at the far ends."""

    tiers: dict[str, TierCount] = field(default_factory=dict)
    """By tier; strangers under the empty name."""
    rings: int = 0
    """INVITEs to agents' phones."""
    picked_up: int = 0
    missed: int = 0
    withdrawn: int = 0
    rejected: int = 0
    unreached: int = 0

    @property
    def total(self) -> TierCount:
        """All tiers together."""
        result = TierCount()
        for name in TierCount.__struct_fields__:
            setattr(result, name, sum(getattr(tier, name) for tier in self.tiers.values()))
        return result


_OF_PHONES = {
    Deed.INVITED: "rings",
    Deed.PICKED_UP: "picked_up",
    Deed.MISSED: "missed",
    Deed.WITHDRAWN: "withdrawn",
    Deed.REFUSED: "rejected",
    Deed.UNREACHED: "unreached",
}


def count(log: Iterable[Entry]) -> Counters:
    """Count a log of the far ends."""
    counters = Counters()
    callers: dict[str, dict[Deed, Entry]] = {}
    for entry in log:
        if entry.deed in _OF_PHONES:
            name = _OF_PHONES[entry.deed]
            setattr(counters, name, getattr(counters, name) + 1)
        elif entry.deed is Deed.DIALED:
            callers[entry.party] = {entry.deed: entry}
        elif entry.party in callers:
            callers[entry.party].setdefault(entry.deed, entry)
    for deeds in callers.values():
        tier = counters.tiers.setdefault(deeds[Deed.DIALED].tier, TierCount())
        _count_caller(deeds, tier)
    return counters


def _count_caller(deeds: dict[Deed, Entry], tier: TierCount) -> None:
    if Deed.ACCEPTED not in deeds:
        return
    tier.offered += 1
    if Deed.HEARD_PERSON in deeds:
        tier.answered += 1
    elif Deed.WAS_HUNG_UP in deeds:
        tier.dropped += 1
    elif Deed.HUNG_UP not in deeds:
        tier.open += 1
    elif Deed.HEARD_MUSIC in deeds:
        tier.abandoned += 1
    else:
        tier.left_in_menu += 1


# --- numbers that were dialed --------------------------------------------------------------------


class Reached(StrEnum):
    """What became of one dialing, as the person there would say it."""

    TALKED = "talked"
    """With an agent, whatever else."""
    HEARD_MESSAGE = "heard_message"
    """An announcement, and no agent."""
    HEARD_NOBODY = "heard_nobody"
    """Answered, and neither an agent nor an announcement came."""
    REFUSED = "refused"
    RANG_IN_VAIN = "rang_in_vain"
    """The PBX gave up while it rang."""
    UNREACHED = "unreached"
    """It never rang: the PBX gave up, or nothing came of it yet."""


class Talk(Struct):
    """A conversation. Times as in the log."""

    endpoint: str
    """Of the other's channel: an agent's phone."""
    began_at: float
    ended_at: float = 0.0
    """0.0: it goes on."""


class DialedCall(Struct):
    """One call that came in at a number. Times as in the log, 0.0 for what never was."""

    party: str
    channel: str
    number: str
    """The number dialed."""
    shown: str
    """The number on the display."""
    behaviour: str
    """What was planned there."""
    invited_at: float
    ringing_at: float = 0.0
    answered_at: float = 0.0
    refused_with: int = 0
    """SIP status; 0: not refused."""
    withdrawn_at: float = 0.0
    """When the PBX gave up before an answer."""
    talks: list[Talk] = field(default_factory=list)
    message: str = ""
    """The first announcement heard."""
    message_at: float = 0.0
    music_at: float = 0.0
    ended_at: float = 0.0
    ended_here: bool = False
    """Whether this side hung up, or refused."""
    cause: str = ""
    """With which the PBX hung up."""

    @property
    def reached(self) -> Reached:
        """What became of it."""
        if self.talks:
            return Reached.TALKED
        if self.message_at:
            return Reached.HEARD_MESSAGE
        if self.answered_at:
            return Reached.HEARD_NOBODY
        if self.refused_with:
            return Reached.REFUSED
        return Reached.RANG_IN_VAIN if self.ringing_at else Reached.UNREACHED

    @property
    def rang_s(self) -> float:
        """How long it rang until it was answered, refused or given up; 0.0 while it rings."""
        if not self.ringing_at:
            return 0.0
        until = self.answered_at or self.ended_at
        return max(0.0, until - self.ringing_at)


def list_dialed(log: Iterable[Entry]) -> list[DialedCall]:
    """Every call of the carrier's log, in order of their INVITEs."""
    calls: dict[str, DialedCall] = {}
    for entry in log:
        if entry.deed is Deed.INVITED:
            calls[entry.party] = DialedCall(
                entry.party, entry.channel, entry.number, entry.shown, entry.detail, entry.at
            )
        elif call := calls.get(entry.party):
            _tell(call, entry)
    return list(calls.values())


def _tell(call: DialedCall, entry: Entry) -> None:
    match entry.deed:
        case Deed.RANG:
            call.ringing_at = entry.at
        case Deed.PICKED_UP:
            call.answered_at = entry.at
        case Deed.HEARD_PROMPT:
            call.message_at = call.message_at or entry.at
            call.message = call.message or entry.detail
        case Deed.HEARD_MUSIC:
            call.music_at = call.music_at or entry.at
        case Deed.HEARD_PERSON:
            call.talks.append(Talk(entry.detail, entry.at))
        case Deed.PERSON_LEFT:
            call.talks[-1].ended_at = entry.at
        case _:
            _tell_end(call, entry)


def _tell_end(call: DialedCall, entry: Entry) -> None:
    call.ended_at = entry.at
    if call.talks and not call.talks[-1].ended_at:
        call.talks[-1].ended_at = entry.at
    match entry.deed:
        case Deed.REFUSED:
            call.refused_with, call.ended_here = int(entry.detail), True
        case Deed.WITHDRAWN:
            call.withdrawn_at = entry.at
        case Deed.WAS_HUNG_UP:
            call.cause = entry.detail
        case _:
            call.ended_here = True
