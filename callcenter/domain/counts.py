"""Counts by name, and shares of them."""

from __future__ import annotations


def share(part: float, whole: float) -> float | None:
    """What part it is of the whole; of nothing None."""
    return part / whole if whole else None


def count(counts: dict[str, int], name: str, more: int) -> None:
    """Add so many to those of this name."""
    counts[name] = counts.get(name, 0) + more


def count_all(counts: dict[str, int], others: dict[str, int]) -> None:
    """Add these counts name by name."""
    for name, more in others.items():
        count(counts, name, more)


def in_order(counts: dict[str, int]) -> dict[str, int]:
    """The same by name."""
    return dict(sorted(counts.items()))
