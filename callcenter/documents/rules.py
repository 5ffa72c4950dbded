"""Reads documents of routing rules. What rules mean is checked in ``routing.rule_checks``; here is
their shape in YAML, and the line of every problem."""

from __future__ import annotations

from collections.abc import Collection
from difflib import unified_diff
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from callcenter.documents.yaml_lines import (
    DocumentError,
    LineIndex,
    explain,
    parse_yaml,
    read_text,
)
from callcenter.domain.conditions import Kind
from callcenter.domain.customer import Tier
from callcenter.domain.ids import QueueId
from callcenter.domain.rules import (
    ATTRIBUTES,
    DAYS,
    LEVEL_MAX,
    WEIGHTS,
    AgentStep,
    CallBack,
    External,
    Message,
    Overflow,
    Prefer,
    Preset,
    Rule,
    Rules,
    Target,
    Treatment,
    Voicemail,
)
from routing.rule_checks import Staff, find_problems

FORMAT = 1
"""Of the document; rises when a word in it gets another meaning."""
RULES_MAX = 500
SKILLS_MAX = 200
STEPS_MAX = 10
OVERFLOWS_MAX = 5
HOLIDAYS_MAX = 400
WEIGHT_MAX = 1000.0
WAIT_S_MAX = 86_400.0
RING_S_MAX = 90.0
"""Of a number outside: longer, with what the network may take, no Originate is given."""
VOICEMAIL_S_MAX = 600.0
TRIES_MAX = 10

_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
_Attribute = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
_Title = Annotated[str, Field(min_length=1, max_length=100)]
_Queue = Annotated[str, Field(min_length=1, max_length=64)]
_Prompt = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}(/[a-z0-9_-]{1,64}){0,4}$")]
_Number = Annotated[str, Field(pattern=r"^\+?[0-9]{3,15}$")]
_Trunk = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
_Level = Annotated[int, Field(ge=1, le=LEVEL_MAX)]
_Skills = dict[_Name, _Level]
_Seconds = Annotated[float, Field(gt=0, le=WAIT_S_MAX)]
_Weight = Annotated[float, Field(gt=0, le=WEIGHT_MAX)]
_Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
_Day = Annotated[str, Field(pattern=rf"^({'|'.join(DAYS)})$")]
_Date = Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Step(_Shape):
    after_s: _Seconds
    skills: _Skills = {}


class _Prefer(_Shape):
    who: Literal["last_agent", "owner"]
    for_s: _Seconds


class _Message(_Shape):
    prompt: _Prompt
    then: Literal["wait", "hang_up"]


class _External(_Shape):
    number: _Number
    trunk: _Trunk
    ring_s: Annotated[float, Field(ge=5, le=RING_S_MAX)] = External("", "").ring_s
    caller_id: _Number | None = None


class _Voicemail(_Shape):
    prompt: _Prompt
    max_s: Annotated[float, Field(ge=10, le=VOICEMAIL_S_MAX)] = Voicemail("").max_s


class _CallBack(_Shape):
    prompt: _Prompt
    trunk: _Trunk
    caller_id: _Number | None = None
    ring_s: Annotated[float, Field(ge=10, le=RING_S_MAX)] = CallBack("", "").ring_s
    tries: Annotated[int, Field(ge=1, le=TRIES_MAX)] = CallBack("", "").tries
    again_s: Annotated[float, Field(ge=60, le=WAIT_S_MAX)] = CallBack("", "").again_s

    def callback(self) -> CallBack:
        return CallBack(
            self.prompt,
            self.trunk,
            self.caller_id or "",
            self.ring_s,
            self.tries,
            self.again_s,
        )


WHERE_TO = ("queue", "message", "external", "voicemail", "callback")
"""What an overflow may lead to: one of these."""


class _Overflow(_Shape):
    queue: _Queue | None = None
    message: _Message | None = None
    external: _External | None = None
    voicemail: _Voicemail | None = None
    callback: _CallBack | None = None
    after_s: _Seconds | None = None
    longer_than: Annotated[int, Field(ge=1, le=10_000)] | None = None
    without_agents: bool = False

    @model_validator(mode="after")
    def _leads_to_one(self) -> _Overflow:
        leads_to = [name for name in WHERE_TO if getattr(self, name) is not None]
        if len(leads_to) != 1:
            raise PydanticCustomError(
                "where_to",
                "this overflow leads to {what}",
                {
                    "what": " and ".join(leads_to) or "nothing",
                    "mend": f"Write one of {', '.join(WHERE_TO)}.",
                },
            )
        return self

    def overflow(self) -> Overflow:
        message, external, voicemail = self.message, self.external, self.voicemail
        return Overflow(
            self.queue or "",
            self.after_s or 0.0,
            self.longer_than or 0,
            self.without_agents,
            Message(message.prompt, message.then == "hang_up") if message else None,
            External(external.number, external.trunk, external.ring_s, external.caller_id or "")
            if external
            else None,
            Voicemail(voicemail.prompt, voicemail.max_s) if voicemail else None,
            self.callback.callback() if self.callback else None,
        )

    @model_validator(mode="after")
    def _has_a_reason(self) -> _Overflow:
        if self.after_s is None and self.longer_than is None and not self.without_agents:
            raise PydanticCustomError(
                "no_reason",
                "this overflow never happens",
                {"mend": "Add `after_s`, `longer_than` or `without_agents: true`."},
            )
        return self


class _Target(_Shape):
    within_s: _Seconds
    share: Annotated[float, Field(gt=0, lt=1)]


class _Treatment(_Shape):
    queue: _Queue | None = None
    skills: _Skills = {}
    weight: _Weight = 1.0
    steps: Annotated[list[_Step], Field(max_length=STEPS_MAX)] = []
    prefer: _Prefer | None = None
    overflow: Annotated[list[_Overflow], Field(max_length=OVERFLOWS_MAX)] = []
    target: _Target | None = None
    announce_every_s: Annotated[float, Field(ge=15, le=600)] | None = None

    def treatment(self) -> Treatment:
        return Treatment(
            queue=self.queue or "",
            skills=self.skills,
            weight=self.weight,
            steps=tuple(AgentStep(step.after_s, step.skills) for step in self.steps),
            prefer=Prefer(self.prefer.who) if self.prefer else None,
            prefer_for_s=self.prefer.for_s if self.prefer else 0.0,
            overflow=tuple(each.overflow() for each in self.overflow),
            target=Target(self.target.within_s, self.target.share) if self.target else None,
            announce_every_s=self.announce_every_s or 0.0,
        )


class _Rule(_Shape):
    name: _Title
    when: Annotated[str, Field(min_length=1)] | None = None
    then: _Treatment = _Treatment()


class _Hours(_Shape):
    open: _Clock = "00:00"
    close: _Clock = "24:00"
    days: list[_Day] = list(DAYS)
    holidays: Annotated[list[_Date], Field(max_length=HOLIDAYS_MAX)] = []


class _Attributes(_Shape):
    customer: dict[_Attribute, Annotated[Kind, Field(strict=False)]] = {}
    call: dict[_Attribute, Annotated[Kind, Field(strict=False)]] = {}

    @model_validator(mode="after")
    def _are_new(self) -> _Attributes:
        for owner, fields in self:
            for name in fields:
                if name in ATTRIBUTES[owner]:
                    raise PydanticCustomError(
                        "taken",
                        "`{owner}.{name}` is there already",
                        {"owner": owner, "name": name, "mend": "Give yours another name."},
                    )
        return self


class _Document(_Shape):
    format: Literal[1]
    skills: Annotated[list[_Name], Field(max_length=SKILLS_MAX)] = []
    attributes: _Attributes = _Attributes()
    preset: Annotated[Preset, Field(strict=False)] = Preset.BALANCED
    weights: dict[Annotated[Tier, Field(strict=False)], _Weight] = WEIGHTS
    hours: _Hours = _Hours()
    rules: Annotated[list[_Rule], Field(min_length=1, max_length=RULES_MAX)]

    def read(self) -> Rules:
        return Rules(
            rules=tuple(
                Rule(rule.name, rule.then.treatment(), rule.when or "") for rule in self.rules
            ),
            skills=tuple(self.skills),
            attributes={owner: fields for owner, fields in self.attributes if fields},
            weights={**WEIGHTS, **self.weights},
            preset=self.preset,
            open_from=self.hours.open,
            open_until=self.hours.close,
            open_days=tuple(self.hours.days),
            holidays=tuple(self.hours.holidays),
        )


def load_rules(
    path: Path,
    queues: Collection[QueueId] | None = None,
    staff: Collection[Staff] | None = None,
) -> Rules:
    """Read a document of rules that may be published. Raises ``DocumentError`` with every problem.

    ``queues`` are those of the center, ``staff`` its agents; without them these are not checked.
    """
    return parse_rules(read_text(path), str(path), queues, staff)


def parse_rules(
    text: str,
    file: str,
    queues: Collection[QueueId] | None = None,
    staff: Collection[Staff] | None = None,
) -> Rules:
    """As ``load_rules``, of a text that is there already; ``file`` is its name in problems."""
    data, lines = parse_yaml(text, file)
    try:
        rules = _Document.model_validate(data).read()
    except ValidationError as error:
        raise DocumentError(explain(error, _Document, lines)) from error
    _check(rules, lines, queues, staff)
    return rules


def _check(
    rules: Rules,
    lines: LineIndex,
    queues: Collection[QueueId] | None,
    staff: Collection[Staff] | None,
) -> None:
    found = find_problems(rules, queues, staff)
    if found:
        raise DocumentError([lines.problem(each.place, each.what, each.mend) for each in found])


def rules_schema() -> dict[str, Any]:
    """The JSON Schema of a document, for editors."""
    return _Document.model_json_schema()


DIFF_LINES = 3
"""Lines shown around each change."""


def diff_rules(before: str, after: str, before_name: str, after_name: str) -> str:
    """What was changed between two texts, as a unified diff; empty when they say the same."""
    return "".join(
        line if line.endswith("\n") else f"{line}\n"
        for line in unified_diff(
            before.splitlines(keepends=True),
            after.splitlines(keepends=True),
            before_name,
            after_name,
            n=DIFF_LINES,
        )
    )
