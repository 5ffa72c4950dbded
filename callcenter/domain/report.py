"""What reports say: the rows, what they are counted from, and the formulas by name. The counting is
in ``report_counting``; docs/REPORTS.md has the definitions with a worked example.

A row is about one queue, agent, team or campaign in one interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from msgspec import Struct

from callcenter.domain.attempt import AttemptResult
from callcenter.domain.call import Outcome
from callcenter.domain.evidence import WaitFrom
from callcenter.domain.ids import AgentId, CampaignId, QueueId, TeamId
from callcenter.domain.records import (
    AgentStateRecord,
    CallRecord,
    ConversationRecord,
    DispositionRecord,
    OfferRecord,
)

SHORT_ABANDON_S = 5.0
"""Who hangs up sooner has mostly misdialed; no agent could have answered."""
TARGET_S = 20.0
"""Of a queue that the config no longer has: as a new queue's."""

ASKED_FOR_AGENT = (Outcome.ANSWERED, Outcome.ABANDONED)
"""Outcomes that only a call has that was to be answered, even if none of our queues had it."""


class Formula(StrEnum):
    """How the service level is computed; the numerator is always the calls answered within the
    queue's target."""

    ANSWERED_AND_ABANDONED = "answered_and_abandoned"
    """in time / (answered + abandoned): the live board's."""
    OFFERED = "offered"
    """in time / offered."""
    WITHOUT_SHORT_ABANDONS = "without_short_abandons"
    """in time / (offered - short abandons)."""


class Measures(Struct, frozen=True):
    """By what a queue's calls are measured."""

    formula: Formula = Formula.ANSWERED_AND_ABANDONED
    threshold_s: float = SHORT_ABANDON_S
    """A caller who hung up sooner is a short abandon."""
    targets_s: Mapping[QueueId, float] = {}
    """The target of each queue."""


# --- what is read ------------------------------------------------------------------------------


class ReportedCall(Struct, frozen=True):
    """A call that asked for an agent: one, whatever number of agents talked with the caller."""

    queue: QueueId
    """The last one it was in; empty: the PBX's native queue had it before any of ours."""
    entered_at: float
    """When it entered its queue."""
    answered_at: float
    """When it was first answered; 0.0: never."""
    ended_at: float
    outcome: Outcome
    talk_s: float = 0.0
    """Of all its conversations."""
    wrap_up_s: float = 0.0
    """After them, as far as it is over."""
    dispositions: tuple[str, ...] = ()


class ReportedAttempt(Struct, frozen=True):
    """An attempt of a campaign with what came of its call."""

    campaign: CampaignId
    placed_at: float
    person_at: float
    """When a person was known to be on the line; 0.0: never."""
    connected_at: float
    ended_at: float
    result: AttemptResult
    talk_s: float = 0.0
    wrap_up_s: float = 0.0
    dispositions: tuple[str, ...] = ()
    waited_s: float = 0.0
    """For the agent, from where ``waited_from`` says; without one nobody talked with an agent."""
    waited_from: WaitFrom | None = None


class ReportedReturn(Struct, frozen=True):
    """A call of somebody of a campaign's lists to a number that the campaign shows."""

    campaign: CampaignId
    arrived_at: float
    is_answered: bool
    """An agent talked with them."""
    is_opted_out: bool
    """They pressed the key to be called no more."""


ReportedWork = AgentStateRecord | OfferRecord | ConversationRecord | DispositionRecord
"""What is read of agents."""


def entered_at(call: CallRecord) -> float | None:
    """When a call entered its queue; None: it is in no report of queues (it never asked for an
    agent, or a campaign had dialed it)."""
    if call.campaign or not (call.queue or call.outcome in ASKED_FOR_AGENT):
        return None
    return call.queued_at or call.arrived_at


# --- rows --------------------------------------------------------------------------------------


class QueueRow(Struct, frozen=True):
    """One queue in one interval. What is divided by nothing is None."""

    queue: QueueId
    begin: float
    end: float
    offered: int
    """Calls that entered the queue in this interval and have ended."""
    answered: int
    abandoned: int
    short_abandons: int
    """Of those, shorter than the threshold."""
    lost: int
    """Neither answered nor abandoned: gone in a way that nobody chose."""
    in_time: int
    """Answered within the target."""
    service_level: float | None
    asa_s: float | None
    """Mean wait of the answered calls."""
    aht_s: float | None
    """Talk and wrap-up of each answered call."""
    wait_s: float
    """All waiting of the answered calls."""
    longest_wait_s: float
    """Of all calls offered."""
    talk_s: float
    wrap_up_s: float
    dispositions: dict[str, int]


class AgentRow(Struct, frozen=True):
    """One agent in one interval: a time card. Moments are 0.0 where nothing of the kind was."""

    agent: AgentId
    begin: float
    end: float
    signed_in_at: float
    """The first time in this interval."""
    signed_out_at: float
    """The last time in this interval; known when the agent signs in again."""
    signed_in_s: float
    ready_s: float
    offered_s: float
    """While a call was being offered: reserved and ringing."""
    talk_s: float
    wrap_up_s: float
    not_ready_s: float
    not_ready: dict[str, float]
    """Seconds not ready, by reason."""
    occupancy: float | None
    """(talk + wrap-up) / (talk + wrap-up + ready + offered)."""
    offers: int
    missed: int
    """Offers that rang out, were rejected or never rang."""
    conversations: int
    """Begun in this interval."""
    aht_s: float | None
    """Talk and wrap-up for each conversation."""
    dispositions: dict[str, int]


class TeamRow(Struct, frozen=True):
    """What the agents of one team did in one interval: sums of their time cards."""

    team: TeamId
    """Empty: agents who are in no team."""
    begin: float
    end: float
    agents: int
    """Different agents who did anything in this interval."""
    signed_in_s: float
    ready_s: float
    offered_s: float
    """While a call was being offered: reserved and ringing."""
    talk_s: float
    wrap_up_s: float
    not_ready_s: float
    not_ready: dict[str, float]
    """Seconds not ready, by reason."""
    occupancy: float | None
    """(talk + wrap-up) / (talk + wrap-up + ready + offered)."""
    offers: int
    missed: int
    """Offers that rang out, were rejected or never rang."""
    conversations: int
    """Begun in this interval."""
    aht_s: float | None
    """Talk and wrap-up for each conversation."""
    dispositions: dict[str, int]


class CampaignRow(Struct, frozen=True):
    """One campaign in one interval."""

    campaign: CampaignId
    begin: float
    end: float
    attempts: int
    """Placed in this interval, and ended."""
    people: int
    """Attempts that a person answered: what the campaign offered to its agents."""
    connected: int
    dropped: int
    drop_rate: float | None
    """Dropped / people."""
    asa_s: float | None
    """Mean wait of the people connected, from being known as a person."""
    longest_wait_s: float
    """Of the people connected."""
    in_time: int
    """Connected within two seconds of the end of their greeting."""
    in_time_share: float | None
    """In time / connected."""
    wait_p50_s: float | None
    """Half of the people connected waited no longer from the end of their greeting."""
    wait_p95_s: float | None
    """95 of 100 of them waited no longer."""
    aht_s: float | None
    wait_s: float
    talk_s: float
    wrap_up_s: float
    results: dict[AttemptResult, int]
    dispositions: dict[str, int]
    returns_offered: int
    """Contacts' calls to a number of the campaign that came in this interval, and have ended. They
    are in none of the counts above."""
    returns_answered: int
    """Of those, who talked with an agent."""
    returns_opted_out: int
    """Of those, who pressed the key to be called no more."""


Row = TypeVar("Row", QueueRow, AgentRow, TeamRow, CampaignRow)


class Rows(Struct, Generic[Row], frozen=True):
    """A finished report. Rows in which nothing was are left out."""

    rows: tuple[Row, ...]
    """By interval, then by name."""
    totals: tuple[Row, ...]
    """One for each name over the whole period."""
    total: Row
    """Over everything; its name is empty."""
