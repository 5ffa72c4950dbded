"""Phone numbers: what is read plainly is what the library reads."""

from __future__ import annotations

from random import Random

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType
from phonenumbers.timezone import time_zones_for_number
from phonenumbers.tzdata import TIMEZONE_DATA

from callcenter.documents import phone_numbers
from callcenter.documents.people_csv import Wrong
from callcenter.documents.phone_numbers import (
    ZONES,
    Number,
    kind_of,
    read_number,
    type_of,
    zones_of,
)

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
TYPES = sorted(PhoneNumberType.values())
FORMATS = (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL)


def by_the_library(text: str, region: str) -> Number | None:
    """The number as the library reads it; None when it refuses."""
    try:
        parsed = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    assert parsed.country_code is not None
    return Number(parsed.country_code, phonenumbers.national_significant_number(parsed))


def spoilt(rng: Random, text: str, code: int) -> str:
    """The same with digits changed, left out or put in, or with something dialed before."""
    characters = list(text)
    for _ in range(rng.choice((0, 1, 1, 2, 4))):
        place, chance = rng.randrange(len(characters)), rng.random()
        if chance < 0.7:
            if characters[place].isdigit():
                characters[place] = rng.choice("0123456789")
        elif chance < 0.8:
            characters.insert(place, rng.choice("0123456789 -./"))
        elif chance < 0.9 and len(characters) > 1:
            characters.pop(place)
        else:
            characters.insert(0, rng.choice(("0", "1", "00", "011", "+", str(code))))
    return "".join(characters)


@given(seed=st.integers(0, 1 << 32))
def test_what_is_read_plainly_is_what_the_library_reads(seed: int) -> None:
    rng = Random(seed)
    for _ in range(20):
        region = rng.choice(REGIONS)
        example = phonenumbers.example_number_for_type(region, rng.choice(TYPES))
        if example is None:
            continue
        shown = phonenumbers.format_number(example, rng.choice(FORMATS))
        text = spoilt(rng, shown, example.country_code or 0)
        home = rng.choice((region, region, rng.choice(REGIONS)))

        plain = phone_numbers._read_plain(text, home)

        assert plain is None or plain == by_the_library(text, home), (text, home)


@given(seed=st.integers(0, 1 << 32))
def test_types_and_zones_are_those_of_the_library(seed: int) -> None:
    rng = Random(seed)
    for _ in range(20):
        region = rng.choice(REGIONS)
        example = phonenumbers.example_number_for_type(region, rng.choice(TYPES))
        if example is None:
            continue
        text = spoilt(
            rng,
            phonenumbers.format_number(example, PhoneNumberFormat.E164),
            example.country_code or 0,
        )
        number = by_the_library(text, region)
        if number is None:
            continue
        parsed = phonenumbers.parse(text, region)
        expected = phonenumbers.number_type(parsed)

        assert type_of(number) == expected, number
        if expected != PhoneNumberType.UNKNOWN:
            zones = time_zones_for_number(parsed)
            known = () if "Etc/Unknown" in zones else tuple(sorted(zones))
            assert zones_of(number, expected) == known, number


def test_most_numbers_are_read_plainly() -> None:
    """Else the short way would be of no use, and nobody would notice."""
    texts = [
        ("(202) 555-0101", "US"),
        ("12025550101", "US"),
        ("+12025550101", "DE"),
        ("030 123456", "DE"),
        ("+49 151 23456789", "US"),
        ("020 7946 0958", "GB"),
        ("138 1234 5678", "CN"),
        ("0491 570 156", "AU"),
    ]

    assert all(phone_numbers._read_plain(text, region) for text, region in texts)


@pytest.mark.parametrize(
    ("text", "region", "reason"),
    [
        ("", "US", "this is no phone number"),
        ("+", "US", "this is no phone number"),
        ("1.2E+10", "US", "a spreadsheet has turned the number into a rounded one"),
        ("+0202555", "US", "no country has this code"),
        ("12", "US", "the number has too few digits"),
        ("5550101", "US", "the area code is missing"),
        ("2025550101234567", "US", "the number has too many digits"),
        ("٢٠٢٥٥٥٠١٠١x", "US", "this is no phone number"),
    ],
)
def test_what_is_no_number_is_refused(text: str, region: str, reason: str) -> None:
    with pytest.raises(Wrong, match=reason):
        read_number(text, region)


def test_digits_of_other_scripts_are_digits() -> None:
    assert read_number("٢٠٢٥٥٥٠١٠١", "US").e164 == "+12025550101"


def test_leading_zeros_of_italian_numbers_stay() -> None:
    number = read_number("06 1234 5678", "IT")

    assert number.e164 == "+390612345678"
    assert zones_of(number, type_of(number)) == ("Europe/Rome",)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("+4915123456789", "mobile"), ("+4930123456", "landline"), ("+12025550101", "other")],
)
def test_the_number_plan_tells_mobiles_where_it_can(text: str, kind: str) -> None:
    assert kind_of(type_of(read_number(text, "US"))) == kind


def test_every_zone_that_a_number_can_lead_to_is_in_the_time_zone_data() -> None:
    zones = {zone for found in TIMEZONE_DATA.values() for zone in found}

    assert not [zone for zone in zones if zone.casefold() not in ZONES]
