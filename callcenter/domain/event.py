"""What all events have in common."""

from __future__ import annotations

from msgspec import Struct


class EventBase(Struct, frozen=True, tag=True, omit_defaults=True):
    """Base of all events; the name of the class is its tag."""
