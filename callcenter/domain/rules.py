"""Routing rules as the machine sees them: what a call is, and how it is treated for that.

A document is read, with line numbers, by ``callcenter.documents.rules``; what it means is checked
by ``routing.rule_checks``. Rules are tried in order, the first whose condition holds wins, and the
last one has no condition: every call has a treatment.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, field

from callcenter.domain.conditions import Kind
from callcenter.domain.customer import Tier
from callcenter.domain.ids import QueueId, SkillId

LEVEL_MAX = 5
"""Skills have levels from 1 (learning) to this (teaches others)."""

ATTRIBUTES: dict[str, dict[str, Kind]] = {
    "customer": {
        "known": Kind.TRUTH,
        "tier": Kind.TEXT,
        "value": Kind.NUMBER,
        "churn_risk": Kind.NUMBER,
        "language": Kind.TEXT,
        "last_agent": Kind.TEXT,
        "owner": Kind.TEXT,
    },
    "call": {
        "channel": Kind.TEXT,
        "dialed": Kind.TEXT,
        "caller": Kind.TEXT,
        "queue": Kind.TEXT,
        "intent": Kind.TEXT,
        "choices": Kind.TEXTS,
    },
    "queue": {
        "waiting": Kind.NUMBER,
        "longest_wait_s": Kind.NUMBER,
        "service_level": Kind.NUMBER,
        "agents_ready": Kind.NUMBER,
    },
    "time": {
        "local": Kind.TEXT,
        "weekday": Kind.TEXT,
        "open": Kind.TRUTH,
        "holiday": Kind.TRUTH,
    },
}
"""What every condition may read. ``call.queue`` is the queue that the menu chose, ``queue.*``
speaks of it; ``time.local`` is the center's "HH:MM", ``time.weekday`` "mon" to "sun". A document
may declare more attributes of ``customer`` and ``call``; unknown text is empty, an unknown number
0."""

EXTENDABLE = ("customer", "call")


class Preset(StrEnum):
    """What waiting is taken to cost: in words that a supervisor thinks in."""

    BALANCED = "balanced"
    """By cost: tier, patience and handling time."""
    GOLD_FIRST = "gold_first"
    """By cost, with a gold customer's wait counted three times as much."""
    EQUAL_WAITS = "equal_waits"
    """Every tier alike: who came first is answered first."""
    STRICT_PRIORITY = "strict_priority"
    """Gold before silver before standard, whatever it costs the others."""


class Prefer(StrEnum):
    """An agent who knows this customer."""

    LAST_AGENT = "last_agent"
    OWNER = "owner"


class Message(Struct, frozen=True, omit_defaults=True):
    """Something is said to the caller."""

    prompt: str
    ends_call: bool = False
    """Then the caller is hung up; else it waits on, and has kept its place."""


class External(Struct, frozen=True, omit_defaults=True):
    """The caller is joined with a number outside of the center."""

    number: str
    """E.164."""
    trunk: str
    """Of the PBX that the caller is at."""
    ring_s: float = 20.0
    """So long it rings; then the caller waits on, and has kept its place."""
    caller_id: str = ""
    """The number shown there; empty: the trunk's own."""


class Voicemail(Struct, frozen=True, omit_defaults=True):
    """The caller leaves a message."""

    prompt: str
    """What is said before the tone."""
    max_s: float = 180.0
    """The longest message, seconds."""


CALL_BACK_PROMPT = "call-back"
"""The prompt that we ship for it."""


class CallBack(Struct, frozen=True, omit_defaults=True):
    """The caller is hung up and called back when an agent is free, in the place it had. Whose
    number is not known waits on."""

    prompt: str
    """What is said before the end of the call."""
    trunk: str
    """Of the PBX that the caller is at."""
    caller_id: str = ""
    """The number shown there; empty: the trunk's own."""
    ring_s: float = 25.0
    """So long it rings at the caller's."""
    tries: int = 3
    """So often in all."""
    again_s: float = 600.0
    """Between two tries."""


class Overflow(Struct, frozen=True, omit_defaults=True):
    """What else is done with a call when one of these comes true; a condition that is not set never
    does. It leads to one thing: a queue, or one of those after the conditions."""

    queue: QueueId = ""
    """Agents of this queue answer from then on; the place is kept. A call does not go back."""
    after_s: float = 0.0
    """It has waited so long."""
    longer_than: int = 0
    """More calls than this wait in its queue as it comes in."""
    without_agents: bool = False
    """Nobody is signed in who could take it."""
    message: Message | None = None
    external: External | None = None
    voicemail: Voicemail | None = None
    callback: CallBack | None = None

    @property
    def ends_call(self) -> bool:
        """Whether the caller never waits again after it."""
        return self.voicemail is not None or (self.message is not None and self.message.ends_call)


class AgentStep(Struct, frozen=True, omit_defaults=True):
    """From so many seconds of waiting on, these skills are asked for instead."""

    after_s: float
    skills: dict[SkillId, int] = {}


class Target(Struct, frozen=True):
    """The service level promised: this share of calls within so many seconds."""

    within_s: float
    share: float


class Treatment(Struct, frozen=True, omit_defaults=True):
    """What is done with a call."""

    queue: QueueId = ""
    """Empty: the one that the menu chose."""
    skills: dict[SkillId, int] = {}
    """Skill -> lowest level, of who may answer at first."""
    weight: float = 1.0
    """Times the weight of the customer's tier."""
    steps: tuple[AgentStep, ...] = ()
    """In order of their time."""
    prefer: Prefer | None = None
    prefer_for_s: float = 0.0
    """So long only the preferred agent is offered the call, if signed in."""
    overflow: tuple[Overflow, ...] = ()
    target: Target | None = None
    announce_every_s: float = 0.0
    """Position and expected wait are said so often; 0: never."""

    def skills_at(self, waited_s: float) -> dict[SkillId, int]:
        """The skills asked for after so long a wait."""
        asked = self.skills
        for step in self.steps:
            if waited_s >= step.after_s:
                asked = step.skills
        return asked


class Rule(Struct, frozen=True, omit_defaults=True):
    """One rule; without ``when`` it takes every call."""

    name: str
    then: Treatment
    when: str = ""


WEIGHTS: dict[Tier, float] = {Tier.GOLD: 5.0, Tier.SILVER: 2.0, Tier.STANDARD: 1.0}
"""What a second of waiting costs, by tier, relative to a standard customer's."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Rules(Struct, frozen=True, omit_defaults=True):
    """A whole document."""

    rules: tuple[Rule, ...]
    skills: tuple[SkillId, ...] = ()
    """Those that agents may have, and rules ask for."""
    attributes: dict[str, dict[str, Kind]] = {}
    """Attributes of ``customer`` and ``call`` beyond those of ``ATTRIBUTES``."""
    weights: dict[Tier, float] = field(default_factory=lambda: dict(WEIGHTS))
    preset: Preset = Preset.BALANCED
    open_from: str = "00:00"
    """Local time "HH:MM" at which ``time.open`` becomes true, on ``open_days``."""
    open_until: str = "24:00"
    open_days: tuple[str, ...] = DAYS
    holidays: tuple[str, ...] = ()
    """Local dates, "YYYY-MM-DD", on which ``time.holiday`` is true and ``time.open`` is not."""

    def known_attributes(self) -> dict[str, dict[str, Kind]]:
        """What conditions of this document may read."""
        return {
            owner: {**fields, **self.attributes.get(owner, {})}
            for owner, fields in ATTRIBUTES.items()
        }


DEFAULT_RULE = "everybody"
DEFAULT_RULES = Rules((Rule(DEFAULT_RULE, Treatment()),))
"""What holds until rules are published: the menu's queue, nothing else."""


class PublishedRules(Struct, frozen=True):
    """The rules that hold now."""

    version: int = 0
    """Rises with each publishing, a roll-back included; 0: ``DEFAULT_RULES``."""
    rules: Rules = DEFAULT_RULES


class SwitchMode(StrEnum):
    """What the emergency switch does to a queue."""

    CLOSED = "closed"
    """Who comes hears the message and is hung up; who waits already is still answered."""
    DIVERTED = "diverted"
    """Who comes and who waits goes to another queue; the place is kept."""
    MESSAGE = "message"
    """Who comes hears the message first, who waits hears it at once and keeps the place."""


class QueueSwitch(Struct, frozen=True, omit_defaults=True):
    """How a queue is switched, for a time, without touching the rules."""

    mode: SwitchMode
    until: float
    """Then it ends by itself, UTC seconds."""
    target: QueueId = ""
    """With ``diverted``: where to."""
    prompt: str = ""
    """With ``closed`` and ``message``: what callers hear."""
