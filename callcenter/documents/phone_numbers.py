"""Phone numbers as people write them, read by the world's number plans (libphonenumber's data).

A list of a million numbers is read number by number. So ``read_number`` reads what is written
plainly by itself, asking the same number plan in the same way, and leaves everything else to the
library; a test holds both to the same answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple

import phonenumbers
from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberDesc,
    PhoneNumberType,
    ValidationResult,
)
from phonenumbers.phonenumberutil import is_number_type_geographical
from phonenumbers.timezone import (
    UNKNOWN_TIMEZONE,
    time_zones_for_geographical_number,
    time_zones_for_number,
)
from phonenumbers.tzdata import TIMEZONE_LONGEST_PREFIX

from callcenter.documents.people_csv import Wrong

NumberKind = Literal["mobile", "landline", "other"]
"""What a number is, as far as its number plan tells: in North America nobody can (other)."""

ZONES = {name.casefold(): name for name in (files("tzdata") / "zones").read_text("ascii").split()}
"""The zones of the pinned time zone data, which the calling window is looked up in, by their names
in small letters."""

_PREFIXES_KEPT = 32_768
"""Prefixes whose zones are remembered: those of a large country, in some 10 MB."""


class Number(NamedTuple):
    """A number in its parts."""

    code: int
    """The country's."""
    national: str
    """The digits after it."""

    @property
    def e164(self) -> str:
        """As it is stored and dialed."""
        return f"+{self.code}{self.national}"


def read_number(text: str, region: str) -> Number:
    """The number, judged by its length only. Raises ``Wrong``.

    ``region`` (ISO 3166, one of ``phonenumbers.SUPPORTED_REGIONS``) is where numbers without a
    country code are at home.
    """
    return _read_plain(text, region) or _read_any(text, region)


def type_of(number: Number) -> int:
    """A ``PhoneNumberType``; ``UNKNOWN`` for one that no number plan has room for."""
    national = number.national
    for leading_digits, type_in in _plans_of(number.code):
        # Countries that share a code are told apart by the first digits, or by who has room.
        if leading_digits is None:
            found = type_in(national)
            if found != PhoneNumberType.UNKNOWN:
                return found
        elif leading_digits.match(national):
            return type_in(national)
    return int(PhoneNumberType.UNKNOWN)


def kind_of(number_type: int) -> NumberKind:
    """What a number of this ``PhoneNumberType`` is for those who dial it."""
    if number_type == PhoneNumberType.MOBILE:
        return "mobile"
    return "landline" if number_type == PhoneNumberType.FIXED_LINE else "other"


def zones_of(number: Number, number_type: int) -> tuple[str, ...]:
    """Every zone the number may lie in (IANA, sorted): those of its prefix, or of the whole country
    where the prefix says nothing of the place (mobile numbers of most countries, freephone).

    Empty when nobody knows.
    """
    if is_number_type_geographical(number_type, number.code):
        return _zones_of_prefix(number.e164[1 : 1 + TIMEZONE_LONGEST_PREFIX], number.code)
    return _zones_of_country(number)


# --- numbers that are written plainly -----------------------------------------------------------

_SEPARATORS = str.maketrans("", "", " ()./-")
_NATIONAL_DIGITS_MIN = 4
"""Shorter ones are read by the library; so are those that no number plan has."""
_NATIONAL_DIGITS_MAX = 15


class _Plan(NamedTuple):
    """What parsing needs of a number plan."""

    code: int
    code_digits: str
    international_prefix: re.Pattern[str]
    national_prefix: re.Pattern[str] | None
    is_prefix_rewritten: bool
    """Some are not left out but put in place of others."""
    has_room: Callable[[str], re.Match[str] | None]
    lengths: tuple[int, ...]
    """Of whole national numbers."""


def _read_plain(text: str, region: str) -> Number | None:
    """The number where nothing is open to doubt; None: let the library judge."""
    digits = text.translate(_SEPARATORS)
    if digits[:1] == "+":
        digits = digits[1:]
        if not (digits.isascii() and digits.isdigit()) or digits[0] == "0":
            return None
        length = next((n for n in (1, 2, 3) if int(digits[:n]) in COUNTRY_CODE_TO_REGION_CODE), 0)
        if not length:
            return None
        plan = _plan_of(COUNTRY_CODE_TO_REGION_CODE[int(digits[:length])][0])
        digits = digits[length:]
    else:
        if not (digits.isascii() and digits.isdigit()):
            return None
        plan = _plan_of(region)
        if plan is None or plan.international_prefix.match(digits):
            return None
        if digits.startswith(plan.code_digits) and not plan.has_room(digits):
            digits = digits[len(plan.code_digits) :]  # the country's code without +
            if not plan.has_room(digits) or _begins_with_prefix(plan, digits):
                return None
    if plan is None or not _NATIONAL_DIGITS_MIN <= len(digits) <= _NATIONAL_DIGITS_MAX:
        return None
    if plan.national_prefix is not None and (prefix := plan.national_prefix.match(digits)):
        digits = digits[prefix.end() :]
        if plan.is_prefix_rewritten or not plan.has_room(digits):
            return None
    if len(digits) not in plan.lengths or digits[0] == "0":
        return None
    return Number(plan.code, digits)


def _begins_with_prefix(plan: _Plan, digits: str) -> bool:
    return plan.national_prefix is not None and plan.national_prefix.match(digits) is not None


@cache
def _plan_of(region: str) -> _Plan | None:
    data = PhoneMetadata.metadata_for_region(region)
    if data is None or not (data.country_code and data.international_prefix and data.general_desc):
        return None
    prefix = data.national_prefix_for_parsing
    return _Plan(
        data.country_code,
        str(data.country_code),
        re.compile(data.international_prefix),
        re.compile(prefix) if prefix else None,
        bool(data.national_prefix_transform_rule),
        re.compile(data.general_desc.national_number_pattern or "").fullmatch,
        tuple(data.general_desc.possible_length),
    )


# --- numbers of any other shape -----------------------------------------------------------------

_SCIENTIFIC = re.compile(r"\d+([.,]\d+)?[eE]\+?\d+")
_DIALABLE = re.compile(r"[+＋]?[\d\s()./\-\u2010-\u2015\u2212]+")


def _read_any(text: str, region: str) -> Number:
    """As ``read_number``, by the library."""
    if _SCIENTIFIC.fullmatch(text):
        raise Wrong(
            "a spreadsheet has turned the number into a rounded one",
            "Format the column as text and fill the number in again.",
        )
    if not _DIALABLE.fullmatch(text):
        raise Wrong(
            "this is no phone number",
            "Write digits, perhaps with + before; leave out letters and extensions.",
        )
    try:
        parsed = phonenumbers.parse(text, region)
    except NumberParseException as problem:
        if problem.error_type == NumberParseException.INVALID_COUNTRY_CODE:
            raise Wrong("no country has this code", "Write + and the country's code.") from None
        raise Wrong("the number has too few or too many digits", _whole_number(region)) from None
    verdict = phonenumbers.is_possible_number_with_reason(parsed)
    if verdict != ValidationResult.IS_POSSIBLE:
        raise Wrong(
            _VERDICTS.get(verdict, "the number has a wrong number of digits"), _whole_number(region)
        )
    return Number(parsed.country_code or 0, phonenumbers.national_significant_number(parsed))


_VERDICTS = {
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "the area code is missing",
    ValidationResult.TOO_SHORT: "the number has too few digits",
    ValidationResult.TOO_LONG: "the number has too many digits",
    ValidationResult.INVALID_COUNTRY_CODE: "no country has this code",
}


def _whole_number(region: str) -> str:
    return f"Write the whole number: as dialed within {region}, or with + and the country's code."


# --- types and zones ----------------------------------------------------------------------------

_TypeIn = Callable[[str], int]


@cache
def _plans_of(code: int) -> tuple[tuple[re.Pattern[str] | None, _TypeIn], ...]:
    """The number plans of a country code, each with the digits that its numbers begin with where
    that is said, in the order in which the library asks them."""
    plans = []
    regions = COUNTRY_CODE_TO_REGION_CODE.get(code, ())
    for region in regions:
        data = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
        if data is not None:
            # A code of one country needs no telling apart.
            digits = data.leading_digits if len(regions) > 1 else None
            plans.append((re.compile(digits) if digits else None, _type_in(data)))
    return tuple(plans)


def _type_in(plan: PhoneMetadata) -> _TypeIn:
    """Says of a national number what type this plan makes it."""
    has_room = _fits(plan.general_desc)
    special = [
        (_fits(description), int(number_type))
        for description, number_type in (
            (plan.premium_rate, PhoneNumberType.PREMIUM_RATE),
            (plan.toll_free, PhoneNumberType.TOLL_FREE),
            (plan.shared_cost, PhoneNumberType.SHARED_COST),
            (plan.voip, PhoneNumberType.VOIP),
            (plan.personal_number, PhoneNumberType.PERSONAL_NUMBER),
            (plan.pager, PhoneNumberType.PAGER),
            (plan.uan, PhoneNumberType.UAN),
            (plan.voicemail, PhoneNumberType.VOICEMAIL),
        )
        if description is not None and description.national_number_pattern
    ]
    is_landline, is_mobile = _fits(plan.fixed_line), _fits(plan.mobile)
    are_alike = bool(plan.same_mobile_and_fixed_line_pattern)

    def type_in(national: str) -> int:
        if not has_room(national):
            return int(PhoneNumberType.UNKNOWN)
        for fits, number_type in special:
            if fits(national):
                return number_type
        if is_landline(national):
            both = are_alike or is_mobile(national)
            return int(PhoneNumberType.FIXED_LINE_OR_MOBILE if both else PhoneNumberType.FIXED_LINE)
        if not are_alike and is_mobile(national):
            return int(PhoneNumberType.MOBILE)
        return int(PhoneNumberType.UNKNOWN)

    return type_in


def _fits(description: PhoneNumberDesc | None) -> Callable[[str], bool]:
    """Whether a national number is of this description."""
    if description is None or not description.national_number_pattern:
        return lambda _national: False
    lengths = tuple(description.possible_length)
    pattern = re.compile(description.national_number_pattern).fullmatch
    if lengths:
        return lambda national: len(national) in lengths and pattern(national) is not None
    return lambda national: pattern(national) is not None


@lru_cache(_PREFIXES_KEPT)
def _zones_of_prefix(digits: str, code: int) -> tuple[str, ...]:
    """Of a number that begins with these digits: longer ones tell no more."""
    national = digits[len(str(code)) :]
    return _known(time_zones_for_geographical_number(_parsed(Number(code, national or "0"))))


def _zones_of_country(number: Number) -> tuple[str, ...]:
    return _known(time_zones_for_number(_parsed(number)))


def _parsed(number: Number) -> PhoneNumber:
    zeros = len(number.national) - len(number.national.lstrip("0"))
    return PhoneNumber(
        country_code=number.code,
        national_number=int(number.national),
        italian_leading_zero=zeros > 0 or None,
        number_of_leading_zeros=zeros if zeros > 1 else None,
    )


def _known(zones: tuple[str, ...]) -> tuple[str, ...]:
    if UNKNOWN_TIMEZONE in zones or any(zone.casefold() not in ZONES for zone in zones):
        return ()
    return tuple(sorted(zones))
