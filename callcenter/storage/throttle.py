"""Slows down the guessing of passwords. Counts in memory: a restart forgives, an attacker cannot
cause one."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass

KEYS_MAX = 10_000
"""Names and addresses remembered, some 2 MB; the longest untouched is forgotten first."""


@dataclass(slots=True)
class _Failures:
    count: int = 0
    last_at: float = 0.0
    blocked_until: float = 0.0


class Throttle:
    """Lets ``failures_max`` failures pass, then makes each further try wait, twice as long each
    time.

    A try counts as failed until it is forgiven, so that a hundred tries at once are a hundred
    failures.
    """

    def __init__(
        self,
        failures_max: int,
        *,
        wait_first_s: float = 5.0,
        wait_max_s: float = 900.0,
        forget_after_s: float = 3600.0,
        keys_max: int = KEYS_MAX,
    ) -> None:
        self._failures_max = failures_max
        self._wait_first_s = wait_first_s
        self._wait_max_s = wait_max_s
        self._forget_after_s = forget_after_s
        self._keys_max = keys_max
        self._of: OrderedDict[str, _Failures] = OrderedDict()

    def wait_s(self, key: str, now: float) -> float:
        """How long a try must wait; 0.0 when it may go on."""
        failures = self._of.get(key)
        return max(0.0, failures.blocked_until - now) if failures else 0.0

    def charge(self, key: str, now: float) -> None:
        """Count a try that is about to be made."""
        failures = self._of.setdefault(key, _Failures())
        self._of.move_to_end(key)
        if now - failures.last_at > self._forget_after_s:
            failures.count = 0
        failures.count += 1
        failures.last_at = now
        beyond = failures.count - self._failures_max
        if beyond >= 0:
            doublings = min(beyond, 30)  # 2**30 times the first wait is beyond any maximum
            failures.blocked_until = now + min(
                self._wait_first_s * 2.0**doublings, self._wait_max_s
            )
        while len(self._of) > self._keys_max:
            self._of.popitem(last=False)

    def forgive(self, key: str) -> int:
        """The right password was given: start anew. Returns the tries that are forgotten."""
        failures = self._of.pop(key, None)
        return failures.count if failures else 0

    def refund(self, key: str, tries: int = 1) -> None:
        """So many tries were no failures; the others still count."""
        failures = self._of.get(key)
        if failures is None:
            return
        failures.count = max(0, failures.count - tries)
        if failures.count < self._failures_max:
            failures.blocked_until = 0.0


def network_of(address: str) -> str:
    """The key an address is counted under: itself, or for IPv6 its /64, which one person has
    whole."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
