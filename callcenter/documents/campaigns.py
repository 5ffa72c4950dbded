"""What a manager may set of a campaign: its fields, their bounds, and the YAML document of one.

The API takes the same fields as JSON, so that what is wrong with a campaign is told in the same
words wherever it comes from. Whether its PBX and trunk are there is known by the center only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeVar

from msgspec import structs
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from callcenter.documents.campaign_amd import AmdFields
from callcenter.documents.campaign_script import ScriptText
from callcenter.documents.campaign_texts import (
    CalendarText,
    CallerIdText,
    ClosesText,
    DayText,
    IdText,
    KeyText,
    NameText,
    NumberText,
    OpensText,
    PromptOrNone,
    PromptText,
    QueueText,
)
from callcenter.documents.yaml_lines import DocumentError, LineIndex, explain, load_yaml
from callcenter.domain.attempt import AttemptResult
from callcenter.domain.campaign import (
    DEFAULT_RETRIES,
    CallingWindow,
    CampaignSettings,
    Cap,
    Counting,
    Of,
    OnMachine,
    Pacing,
    RetryRule,
    Terms,
)
from callcenter.domain.ids import CampaignId
from dialer.compliance import PROFILES

LINES_PER_AGENT_MAX = 3.0
"""Above that people would hear the safe-harbour message more often than an agent."""
LINES_MAX = 500
"""Calls dialed at once: more than the trunk of a center of 1,000 agents carries."""
PREVIEW_S_MIN, PREVIEW_S_MAX = 3, 600
"""Nobody reads a card in less; after ten minutes it is no preview."""
DROP_CAP_MAX = 0.05
"""No law known to us allows more; a profile's own cap holds besides."""
RING_S_MIN, RING_S_MAX = 15.0, 120.0
"""The law lets a phone ring 15 s or four rings at least (16 CFR 310.4(b)(4)(ii))."""
HARBOUR_WAIT_S_MAX_AMD, HARBOUR_WAIT_S_MAX = 1, 2
"""A person is connected, or told who calls, within 2 s of the end of the greeting
(16 CFR 310.4(b)(4)(iii)); answering machine detection spends almost one of them."""
RETRY_DELAY_S_MIN, RETRY_DELAY_S_MAX = 10.0, 90 * 86_400.0
"""Who has just pressed "busy" is not rung again at once; after a quarter it is another campaign."""
TRIES_MAX = 20
"""Nobody is rung more often for one campaign."""
AMD_CHECK_EVERY_MAX = 10_000
WRAP_UP_S_MAX = 3600.0
SECONDS_MAX = 4_102_444_800.0
"""The year 2100."""
CALLER_IDS_MAX = 100
LISTS_MAX = 200
"""Lists of one campaign that have numbers of their own."""
TRUNKS_MAX = 8
"""More trunks for one campaign are a route of the PBX's, not of ours."""
CAPS_MAX = 10
PRIORITY_MAX = 100
CAP_MOST_MAX = 1000
CAP_WITHIN_S_MIN, CAP_WITHIN_S_MAX = 3600.0, 90 * 86_400.0
"""Within less than an hour the retry rules hold; beyond a quarter numbers are forgotten."""

HOLIDAYS_MAX, CLOSED_DAYS_MAX = 10, 100

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
)  # fmt: skip

RetriedResult = Literal[
    "busy",
    "congestion",
    "dropped",
    "failed",
    "hung_up",
    "machine",
    "no_answer",
    "rejected",
    "screened",
    "unknown",
]
"""Results after which a contact may be tried again: not after a talk, nor at a wrong number."""

SALES_MAX = 20
SaleCode = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\s,]+$")]
"""A disposition's code; commas separate them where several are named."""

LegalName = Literal["", "us-tsr", "uk-ofcom"]
"""The profiles of ``dialer.compliance``, and none."""

_DEFAULT = CampaignSettings("", "", "", "")


class _Shape(BaseModel):
    # Lists and literals instead of tuples and enums: they are strict for JSON and YAML alike.
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True
    )


class CallingHours(_Shape):
    """When people may be called, in their own local time."""

    opens: OpensText = "09:00"
    """``HH:MM``."""
    closes: ClosesText = "20:00"
    """``HH:MM``, later than ``opens``; ``24:00`` is the end of the day."""
    weekdays: Annotated[list[Weekday], Field(min_length=1, max_length=7)] = list(WEEKDAYS[:6])
    holidays: Annotated[list[CalendarText], Field(max_length=HOLIDAYS_MAX)] = []
    """Calendars of public holidays, as ``DE-BY`` or ``US``: nobody is called on a holiday."""
    closed_days: Annotated[list[DayText], Field(max_length=CLOSED_DAYS_MAX)] = []
    """Other days on which nobody is called, as ``2026-12-24``."""

    @field_validator("closes")
    @classmethod
    def _closes_later(cls, closes: str, info: ValidationInfo) -> str:
        if closes <= info.data.get("opens", ""):
            raise PydanticCustomError(
                "order",
                "the calling hours end before they begin",
                {"mend": "Let closes be later than opens, both on the same day."},
            )
        return closes

    @field_validator("weekdays")
    @classmethod
    def _once_each(cls, weekdays: list[Weekday]) -> list[Weekday]:
        if len(set(weekdays)) < len(weekdays):
            raise PydanticCustomError(
                "doubled", "a weekday is there twice", {"mend": "Name each day once."}
            )
        return weekdays

    def window(self) -> CallingWindow:
        """The same in the machine's terms."""
        days = tuple(sorted(WEEKDAYS.index(day) for day in self.weekdays))
        return CallingWindow(
            _minutes(self.opens),
            _minutes(self.closes),
            days,
            tuple(self.holidays),
            tuple(self.closed_days),
        )


class Retry(_Shape):
    """When to try again after a result, and how often at most."""

    delay_s: Annotated[float, Field(ge=RETRY_DELAY_S_MIN, le=RETRY_DELAY_S_MAX)]
    """Not before so many seconds have passed."""
    max_tries: Annotated[int, Field(ge=1, le=TRIES_MAX)]
    """With so many attempts made in all, a contact with this result is given up."""
    other_number: bool = False
    """Whether a contact of several numbers is tried at the next one, within a minute."""


class CapFields(_Shape):
    """So many attempts or conversations at most within a rolling time, in all campaigns."""

    of: Literal["person", "number", "account"]
    """Whose calls are counted together."""
    counting: Literal["attempts", "conversations"] = "attempts"
    """What is counted."""
    most: Annotated[int, Field(ge=1, le=CAP_MOST_MAX)]
    """So many at most."""
    within_s: Annotated[float, Field(ge=CAP_WITHIN_S_MIN, le=CAP_WITHIN_S_MAX)]
    """Within so many seconds, counted back from each call."""

    def cap(self) -> Cap:
        """The same in the machine's terms."""
        return Cap(Of(self.of), Counting(self.counting), self.most, self.within_s)


class CampaignFields(_Shape):
    """All settings of a campaign but its id. Times are in seconds."""

    name: NameText
    """Shown on screens."""
    pbx: NameText
    """The PBX that dials."""
    trunk: NameText
    """The trunk of that PBX that calls go out on."""
    trunks: Annotated[list[NameText], Field(max_length=TRUNKS_MAX)] = []
    """More trunks of that PBX, in order: each takes the calls that those before it cannot."""
    caller_id: CallerIdText = _DEFAULT.caller_id
    """The number people see, E.164; empty: the trunk's own."""
    pacing: Literal["preview", "progressive", "power", "predictive"] = _DEFAULT.pacing.value
    """How many calls are placed: one when an agent has read the contact's card and says so
    (preview), one for each free agent (progressive), a fixed number for each (power), or ahead of
    those who will come free, as far as the drop cap allows (predictive)."""
    preview_s: Annotated[float, Field(ge=0.0, le=PREVIEW_S_MAX)] = _DEFAULT.preview_s
    """With preview: the contact is dialed by itself after so long, unless the agent skips it; 0:
    only when the agent says so."""
    caller_ids: Annotated[list[NumberText], Field(max_length=CALLER_IDS_MAX)] = []
    """More numbers that people may see, E.164: they and ``caller_id`` take turns, and one that
    fewer people answer than before has a rest."""
    list_caller_ids: Annotated[
        dict[NameText, Annotated[list[NumberText], Field(max_length=CALLER_IDS_MAX)]],
        Field(max_length=LISTS_MAX),
    ] = {}
    """Contact list -> the numbers that its contacts see instead."""
    lines_per_agent: Annotated[float, Field(ge=1.0, le=LINES_PER_AGENT_MAX)] = (
        _DEFAULT.lines_per_agent
    )
    """With power: calls placed for each free agent."""
    starts_at: Annotated[float, Field(ge=0.0, le=SECONDS_MAX)] = _DEFAULT.starts_at
    """Nobody is dialed before, UTC seconds; 0: from its start on."""
    ends_at: Annotated[float, Field(ge=0.0, le=SECONDS_MAX)] = _DEFAULT.ends_at
    """It ends then, UTC seconds: calls under way go on; 0: when a manager says so."""
    blended: bool = _DEFAULT.blended
    """Its agents also take calls that come in; those go first, and agents whom the expected calls
    need are not dialed for."""
    max_lines: Annotated[int, Field(ge=1, le=LINES_MAX)] = _DEFAULT.max_lines
    """Calls being dialed at once, at most."""
    ring_s: Annotated[float, Field(ge=RING_S_MIN, le=RING_S_MAX)] = _DEFAULT.ring_s
    """How long a phone rings before it is given up."""
    amd: bool = _DEFAULT.amd
    """Answering machine detection; without it every answer is taken for a person."""
    amd_settings: AmdFields = AmdFields()
    """How detection listens in this campaign; 0: as in ``cc_amd.conf``."""
    on_machine: Literal["hang_up", "to_agent", "leave_message"] = "hang_up"
    """What is done with a machine."""
    machine_prompt: Annotated[PromptOrNone, Field(validate_default=True)] = _DEFAULT.machine_prompt
    """The message that is left on machines, with ``leave_message``: once their greeting is over."""
    amd_check_every: Annotated[int, Field(ge=0, le=AMD_CHECK_EVERY_MAX)] = _DEFAULT.amd_check_every
    """Every so many calls a machine is passed to an agent, who tells whether it was one; 0: never.
    """
    harbour_wait_s: Annotated[int, Field(ge=0, le=HARBOUR_WAIT_S_MAX)] = _DEFAULT.harbour_wait_s
    """How long a person waits for an agent before the safe-harbour message: 0 or 1, without AMD 2
    at most."""
    harbour_prompt: PromptText = _DEFAULT.harbour_prompt
    """What a person hears when nobody is free: who called and how to reach them."""
    opt_out_key: KeyText = _DEFAULT.opt_out_key
    """The key that puts a person on the do-not-call list who hears that message or calls back, 0 to
    9 or ``*``; empty: none. The prompts have to name it."""
    agent_prompt: PromptOrNone = _DEFAULT.agent_prompt
    """What an agent alone hears on the open line when a person is joined, before their voice:
    ``beep``, or a prompt of your own that is as short; empty: nothing."""
    returns_to: QueueText = _DEFAULT.returns_to
    """The queue of contacts who call one of the numbers back; empty: the campaign's own agents, and
    while there are none, as the dialed number leads anybody."""
    return_prompt: PromptOrNone = _DEFAULT.return_prompt
    """What they hear first where there is an ``opt_out_key``: whom they have called, and the key;
    empty: nothing, and no key."""
    window: CallingHours = CallingHours()
    retries: dict[RetriedResult, Retry] | None = None
    """By result; results not listed end the contact. Left out: the center's own rules."""
    priority: Annotated[int, Field(ge=0, le=PRIORITY_MAX)] = _DEFAULT.priority
    """Free agents who work for several campaigns go to the highest that has somebody to dial; among
    equal ones they are shared out evenly."""
    wrap_up_s: Annotated[float, Field(ge=0, le=WRAP_UP_S_MAX)] = _DEFAULT.wrap_up_s
    """Time for after-call work."""
    needs_consent: bool = False
    """Whether only contacts who agreed to be called are dialed. Who refused never is."""
    legal: LegalName = ""
    """The legal profile to keep: its hours, its rest after a call that found no agent, its cap of
    dropped calls and over which time they are counted. Empty: none, and 3 % of 30 days."""
    drop_cap: Annotated[float, Field(ge=0.0, le=DROP_CAP_MAX)] | None = _DEFAULT.drop_cap
    """Share of the people who answer that may be dropped at most, where the profile's is too
    much."""
    caps: Annotated[list[CapFields], Field(max_length=CAPS_MAX)] = []
    """How often a person, a number or an account may be called, by all campaigns together."""

    sales: Annotated[list[SaleCode], Field(max_length=SALES_MAX)] = list(_DEFAULT.sales)
    """Dispositions that say that somebody bought: with these an agent may tell the amount."""
    script: ScriptText = ""
    """What the agent says, with {name}, {agent} and columns of the lists; no setting of the
    machine's, but a text kept beside them."""

    @field_validator("lines_per_agent")
    @classmethod
    def _of_power(cls, lines: float, info: ValidationInfo) -> float:
        if lines > 1.0 and info.data.get("pacing", "power") != "power":
            raise PydanticCustomError(
                "of_power",
                "several lines for each agent are for power pacing",
                {"mend": "Set pacing: power, or leave lines_per_agent out."},
            )
        return lines

    @field_validator("preview_s")
    @classmethod
    def _of_preview(cls, preview_s: float, info: ValidationInfo) -> float:
        if preview_s > 0.0 and info.data.get("pacing", "preview") != "preview":
            raise PydanticCustomError(
                "of_preview",
                "a time after which a card's contact is dialed is for preview",
                {"mend": "Set pacing: preview, or leave preview_s out."},
            )
        if 0.0 < preview_s < PREVIEW_S_MIN:
            raise PydanticCustomError(
                "no_time_to_read",
                "nobody reads a card in less than {least} s",
                {"least": PREVIEW_S_MIN, "mend": "Take a longer time, or 0 for none."},
            )
        return preview_s

    @field_validator("drop_cap")
    @classmethod
    def _within_the_law(cls, cap: float | None, info: ValidationInfo) -> float | None:
        profile = PROFILES.get(info.data.get("legal", ""))
        if cap is not None and profile is not None and cap > profile.abandoned.cap:
            raise PydanticCustomError(
                "cap",
                "the legal profile allows {most} at most",
                {"most": profile.abandoned.cap, "mend": "Take a lower cap, or leave it out."},
            )
        return cap

    @field_validator("machine_prompt")
    @classmethod
    def _of_message(cls, prompt: str, info: ValidationInfo) -> str:
        if not prompt and info.data.get("on_machine") == "leave_message":
            raise PydanticCustomError(
                "no_message",
                "there is no message to leave",
                {"mend": "Name its prompt, or let on_machine be hang_up or to_agent."},
            )
        return prompt

    @field_validator("harbour_wait_s")
    @classmethod
    def _in_time(cls, wait_s: int, info: ValidationInfo) -> int:
        if info.data.get("amd") and wait_s > HARBOUR_WAIT_S_MAX_AMD:
            raise PydanticCustomError(
                "too_long",
                "after answering machine detection a person may wait {most} s at most",
                {"most": HARBOUR_WAIT_S_MAX_AMD, "mend": "Take 1 or 0, or switch amd off."},
            )
        return wait_s

    def settings(self, campaign: CampaignId) -> CampaignSettings:
        """What the machine is told."""
        return CampaignSettings(
            id=campaign,
            name=self.name,
            pbx=self.pbx,
            trunk=self.trunk,
            caller_id=self.caller_id,
            pacing=Pacing(self.pacing),
            preview_s=self.preview_s,
            lines_per_agent=self.lines_per_agent,
            drop_cap=self.drop_cap,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            blended=self.blended,
            max_lines=self.max_lines,
            ring_s=self.ring_s,
            amd=self.amd,
            harbour_wait_s=self.harbour_wait_s,
            harbour_prompt=self.harbour_prompt,
            window=self.window.window(),
            retries=DEFAULT_RETRIES if self.retries is None else _rules(self.retries),
            wrap_up_s=self.wrap_up_s,
            amd_settings=self.amd_settings.settings(),
            on_machine=OnMachine(self.on_machine),
            machine_prompt=self.machine_prompt,
            amd_check_every=self.amd_check_every,
            opt_out_key=self.opt_out_key,
            agent_prompt=self.agent_prompt,
            returns_to=self.returns_to,
            priority=self.priority,
            return_prompt=self.return_prompt,
            trunks=tuple(self.trunks),
            caller_ids=tuple(self.caller_ids),
            list_caller_ids={name: tuple(ids) for name, ids in self.list_caller_ids.items()},
            sales=tuple(self.sales),
            terms=Terms(self.needs_consent, self.legal, tuple(cap.cap() for cap in self.caps)),
        )


Fields = TypeVar("Fields", bound=CampaignFields)


def fields_of(kind: type[Fields], settings: CampaignSettings) -> Fields:
    """Settings that the machine has, in the words of a document; ``kind`` is whose fields.

    They are not checked again: what holds is shown, also where it could not be set today.
    """
    retries = {
        str(result): Retry.model_construct(
            delay_s=rule.delay_s, max_tries=rule.max_tries, other_number=rule.other_number
        )
        for result, rule in settings.retries.items()
    }
    return kind.model_construct(
        name=settings.name,
        pbx=settings.pbx,
        trunk=settings.trunk,
        caller_id=settings.caller_id,
        pacing=settings.pacing.value,
        preview_s=settings.preview_s,
        lines_per_agent=settings.lines_per_agent,
        drop_cap=settings.drop_cap,
        starts_at=settings.starts_at,
        ends_at=settings.ends_at,
        blended=settings.blended,
        max_lines=settings.max_lines,
        ring_s=settings.ring_s,
        amd=settings.amd,
        harbour_wait_s=settings.harbour_wait_s,
        harbour_prompt=settings.harbour_prompt,
        window=CallingHours.model_construct(
            opens=_clock(settings.window.opens),
            closes=_clock(settings.window.closes),
            weekdays=[WEEKDAYS[day] for day in settings.window.weekdays],
            holidays=list(settings.window.holidays),
            closed_days=list(settings.window.closed_days),
        ),
        retries=retries,
        wrap_up_s=settings.wrap_up_s,
        amd_settings=AmdFields.model_construct(**structs.asdict(settings.amd_settings)),
        on_machine=settings.on_machine.value,
        machine_prompt=settings.machine_prompt,
        amd_check_every=settings.amd_check_every,
        opt_out_key=settings.opt_out_key,
        agent_prompt=settings.agent_prompt,
        returns_to=settings.returns_to,
        priority=settings.priority,
        return_prompt=settings.return_prompt,
        trunks=list(settings.trunks),
        caller_ids=list(settings.caller_ids),
        list_caller_ids={name: list(ids) for name, ids in settings.list_caller_ids.items()},
        sales=list(settings.sales),
        needs_consent=settings.terms.needs_consent,
        legal=settings.terms.legal,
        caps=[
            CapFields.model_construct(
                of=str(cap.of), counting=str(cap.counting), most=cap.most, within_s=cap.within_s
            )
            for cap in settings.terms.caps
        ],
    )


class CampaignDocument(CampaignFields):
    """A campaign as a YAML document."""

    id: IdText


def load_campaign(path: Path) -> tuple[CampaignDocument, LineIndex]:
    """Read a campaign, and where its lines are for what the center says of it.

    Raises ``DocumentError`` with every problem.
    """
    data, lines = load_yaml(path)
    try:
        return CampaignDocument.model_validate(data), lines
    except ValidationError as error:
        raise DocumentError(explain(error, CampaignDocument, lines)) from None


def _minutes(clock: str) -> int:
    """Minutes after midnight."""
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _rules(retries: dict[RetriedResult, Retry]) -> dict[AttemptResult, RetryRule]:
    return {
        AttemptResult(result): RetryRule(retry.delay_s, retry.max_tries, retry.other_number)
        for result, retry in retries.items()
    }
