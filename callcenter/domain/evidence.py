"""The evidence of a campaign: what was done with each call, as a regulator asks it, and the two
seconds within which a person is served.

Made of the attempt's record and of the settings that held when it was placed; nothing is kept
twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from callcenter.domain.attempt import AttemptResult, ContactStatus, Verdict
from callcenter.domain.campaign import CampaignSettings
from callcenter.domain.ids import AgentId, AttemptId, ContactId
from callcenter.domain.records import AttemptRecord

SERVED_WITHIN_S = 2.0
"""From the end of a person's greeting to an agent, or to the message (16 CFR 310.4(b)(4)(iii))."""
_SILENCE_MS = re.compile(r"HUMAN-([0-9]{1,6})-")
"""AMD's word for a person holds the silence that it has measured after their greeting."""


class WaitFrom(StrEnum):
    """Where the wait of a person is counted from."""

    GREETING = "greeting"
    """The end of their greeting, as detection measured it."""
    ANSWER = "answer"
    """The answer: without detection nobody knows when the greeting ended. Stricter."""
    VERDICT = "verdict"
    """Detection could not tell, and says nothing of a greeting."""


class Evidence(Struct, frozen=True):
    """One attempt. Times are UTC seconds, 0.0 for "never"."""

    attempt: AttemptId
    contact: ContactId
    number: str
    """E.164; empty when the person was erased."""
    tries: int
    placed_at: float
    ringing_at: float
    rang_s: float
    """How long it rang; 0.0 when nothing told that it did."""
    answered_at: float
    verdict: Verdict | None
    """Of answering machine detection."""
    verdict_cause: str
    person_at: float
    """When a person was known to be on the line."""
    connected_at: float
    agent: AgentId
    message_at: float
    """When the safe-harbour message began."""
    message: str
    """Its prompt; empty when none was played."""
    waited_s: float | None
    """How long a person waited for an agent or the message; None: no person was served."""
    waited_from: WaitFrom | None
    is_late: bool
    """Whether that was longer than ``SERVED_WITHIN_S``."""
    ended_at: float
    result: AttemptResult
    cause: int
    status: ContactStatus
    """What was to be done with the contact from then on."""
    next_try_at: float
    message_left_at: float = 0.0
    """When a machine had heard the message for machines to its end."""
    message_left: str = ""
    """Its prompt; empty when none was left."""


class SettingsFrom(Struct, frozen=True):
    """Settings of a campaign, and since when they held."""

    at: float
    settings: CampaignSettings


def settings_at(history: Sequence[SettingsFrom], at: float) -> CampaignSettings | None:
    """Those that held then; ``history`` is in order of time. None: it begins later."""
    held = None
    for one in history:
        if one.at > at:
            break
        held = one.settings
    return held


def evidence_of(record: AttemptRecord, settings: CampaignSettings | None) -> Evidence:
    """What happened with this attempt; ``settings`` held when it was placed."""
    waited_s, waited_from = waited(record)
    rang_until = record.answered_at or record.ended_at
    return Evidence(
        attempt=record.attempt,
        contact=record.contact,
        number=record.number,
        tries=record.tries,
        placed_at=record.placed_at,
        ringing_at=record.ringing_at,
        rang_s=max(0.0, rang_until - record.ringing_at) if record.ringing_at else 0.0,
        answered_at=record.answered_at,
        verdict=record.verdict,
        verdict_cause=record.verdict_cause,
        person_at=record.person_at,
        connected_at=record.connected_at,
        agent=record.agent,
        message_at=record.harbour_at,
        message=settings.harbour_prompt if record.harbour_at and settings is not None else "",
        waited_s=waited_s,
        waited_from=waited_from,
        is_late=waited_s is not None and waited_s > SERVED_WITHIN_S,
        ended_at=record.ended_at,
        result=record.result,
        cause=record.cause,
        status=record.status,
        next_try_at=record.next_try_at,
        message_left_at=record.message_left_at,
        message_left=_machine_prompt(settings) if record.message_left_at else "",
    )


def _machine_prompt(settings: CampaignSettings | None) -> str:
    return "" if settings is None else settings.machine_prompt


def waited(record: AttemptRecord) -> tuple[float | None, WaitFrom | None]:
    """How long a person waited until an agent or the message, whichever came first, and from
    where that is counted; None for both where neither came, or there was no person."""
    moments = [at for at in (record.connected_at, record.harbour_at) if at]
    if not moments or not record.person_at:
        return None, None
    return wait_until(
        min(moments), record.answered_at, record.person_at, record.verdict, record.verdict_cause
    )


def wait_until(
    served_at: float, answered_at: float, person_at: float, verdict: Verdict | None, cause: str
) -> tuple[float, WaitFrom]:
    """How long somebody waited who was known as a person at ``person_at``, and from where that is
    counted. Moments are UTC seconds; ``cause`` is AMD's own word."""
    measured = _SILENCE_MS.match(cause)
    if verdict is Verdict.HUMAN and measured is not None:
        greeting_end = person_at - int(measured[1]) / 1000.0
        return max(0.0, served_at - greeting_end), WaitFrom.GREETING
    if verdict is None:
        return max(0.0, served_at - (answered_at or person_at)), WaitFrom.ANSWER
    return max(0.0, served_at - person_at), WaitFrom.VERDICT
