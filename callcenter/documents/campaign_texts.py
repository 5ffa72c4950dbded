"""The texts in a campaign's settings: what each must look like, and what is said of one that does
not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from dialer.holidays import is_known

NAME_CHARS_MAX = 64

CAMPAIGN_ID = r"^[a-z][a-z0-9-]{0,30}$"
"""What a campaign's id looks like: it stands in addresses and in the names of channels."""
CAMPAIGN_ID_HINT = "1 to 31 of a-z, 0-9 and hyphen, beginning with a letter"

_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_CLOCK_OR_MIDNIGHT = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
_E164 = r"^(\+[1-9][0-9]{6,14})?$"
_ONE_E164 = r"^\+[1-9][0-9]{6,14}$"
_KEY = r"^[0-9*]?$"
_PROMPT = r"^[a-z0-9_-]{1,64}(/[a-z0-9_-]{1,64}){0,4}$"
_MAYBE_PROMPT = r"^([a-z0-9_-]{1,64}(/[a-z0-9_-]{1,64}){0,4})?$"
_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"


def _of_shape(pattern: str, what: str, mend: str) -> Callable[[str], str]:
    """Refuses text of another shape, in words: nobody reads a pattern."""

    def check(value: str) -> str:
        if re.fullmatch(pattern, value) is None:
            raise PydanticCustomError("shape", "this is no {what}", {"what": what, "mend": mend})
        return value

    return check


def _schema(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


IdText = Annotated[
    str,
    AfterValidator(_of_shape(CAMPAIGN_ID, "id of a campaign", f"Take {CAMPAIGN_ID_HINT}.")),
    _schema(CAMPAIGN_ID),
]
OpensText = Annotated[
    str,
    AfterValidator(_of_shape(_CLOCK, "time of day", 'Write it as "09:00".')),
    _schema(_CLOCK),
]
ClosesText = Annotated[
    str,
    AfterValidator(_of_shape(_CLOCK_OR_MIDNIGHT, "time of day", 'Write it as "20:00".')),
    _schema(_CLOCK_OR_MIDNIGHT),
]
CallerIdText = Annotated[
    str,
    AfterValidator(
        _of_shape(_E164, "telephone number", 'Write it with the country code: "+13125550100".')
    ),
    _schema(_E164),
]
NumberText = Annotated[
    str,
    AfterValidator(
        _of_shape(_ONE_E164, "telephone number", 'Write it with the country code: "+13125550100".')
    ),
    _schema(_ONE_E164),
]
KeyText = Annotated[
    str,
    AfterValidator(_of_shape(_KEY, "key", 'Take one of 0 to 9 or "*", or leave it empty.')),
    _schema(_KEY),
]
PromptText = Annotated[
    str,
    AfterValidator(_of_shape(_PROMPT, "name of a prompt", "Take a-z, 0-9, hyphen and underscore.")),
    _schema(_PROMPT),
]
PromptOrNone = Annotated[
    str,
    AfterValidator(
        _of_shape(_MAYBE_PROMPT, "name of a prompt", "Take a-z, 0-9, hyphen and underscore.")
    ),
    _schema(_MAYBE_PROMPT),
]
QueueText = Annotated[str, Field(max_length=NAME_CHARS_MAX, pattern=_PRINTABLE)]
NameText = Annotated[str, Field(min_length=1, max_length=NAME_CHARS_MAX, pattern=_PRINTABLE)]


def _known_calendar(name: str) -> str:
    if not is_known(name):
        raise PydanticCustomError(
            "calendar",
            "there is no such calendar of public holidays",
            {"mend": "Take a country as US, or a part of one as DE-BY."},
        )
    return name


def _real_day(day: str) -> str:
    try:
        date.fromisoformat(day)
    except ValueError:
        raise PydanticCustomError(
            "day", "this is no day", {"mend": 'Write it as "2026-12-24".'}
        ) from None
    return day


CalendarText = Annotated[str, AfterValidator(_known_calendar)]
DayText = Annotated[str, AfterValidator(_real_day), _schema(r"^\d{4}-\d\d-\d\d$")]
