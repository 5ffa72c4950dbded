"""One contact as a program hands it in: its numbers, judged as those of a file are."""

from __future__ import annotations

from collections.abc import Sequence

from phonenumbers import PhoneNumberType

from callcenter.documents.contacts_csv import ContactNumber
from callcenter.documents.people_csv import Wrong
from callcenter.documents.phone_numbers import ZONES, kind_of, read_number, type_of, zones_of


def read_numbers(texts: Sequence[str], zone: str, region: str) -> tuple[ContactNumber, ...]:
    """The numbers in their order, each once. ``zone`` (IANA) is where the person is, empty when
    unknown; ``region`` where numbers without a country code are at home. Raises ``Wrong``."""
    own = ""
    if zone:
        own = ZONES.get(zone.casefold(), "")
        if not own:
            raise Wrong(f"there is no time zone {zone}", "Write its name in the IANA data.")
    found: dict[str, ContactNumber] = {}
    for text in texts:
        number = read_number(text, region)
        number_type = type_of(number)
        if number_type == PhoneNumberType.UNKNOWN:
            raise Wrong(f"there can be no number {text}", "Look it up and write it anew.")
        zones = (own,) if own else zones_of(number, number_type)
        if not zones:
            raise Wrong(f"nobody knows the time zone of {text}", "Say the person's own zone.")
        found.setdefault(number.e164, ContactNumber(number.e164, zones, kind_of(number_type)))
    return tuple(found.values())
