"""Which of a contact's numbers is dialed next."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct


class KnownNumber(Struct, frozen=True):
    """One number of a contact, and how it stands."""

    place: int
    """Its place in the contact's own order, from 0."""
    number: str
    """E.164."""
    made: int = 0
    """Attempts made at it."""
    may_be_dialed: bool = True
    """False: it does not exist, is on the do-not-call list, or is another contact's."""


class Choice(Struct, frozen=True):
    """The number to be dialed next."""

    number: KnownNumber
    others: int
    """Other numbers that may be dialed."""
    fresh: int
    """Those of them that will have been tried less often."""


def choose_number(
    numbers: Iterable[KnownNumber], current: str = "", *, rotate: bool = False
) -> Choice | None:
    """The number to be dialed next; None when none may be.

    The ``current`` one stays while it may be dialed and nobody asks for another (``rotate``);
    otherwise it is the one tried least, by the contact's own order among equals.
    """
    usable = [one for one in numbers if one.may_be_dialed]
    if not usable:
        return None
    kept = [one for one in usable if one.number == current and not rotate]
    chosen = kept[0] if kept else min(usable, key=lambda one: (one.made, one.place))
    others = [one for one in usable if one is not chosen]
    return Choice(chosen, len(others), sum(one.made <= chosen.made for one in others))
