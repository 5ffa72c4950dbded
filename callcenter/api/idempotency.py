"""Names of wishes: the same wish sent twice carries the same request id and is done once.

The machine remembers the answers for 24 hours (in the journal, so over restarts too). Here a key is
only turned into an id, and a key that is used for two different wishes is refused.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict

from callcenter.api.errors import FieldError, ProblemError
from callcenter.domain.ids import RequestId

HEADER = "Idempotency-Key"
KEYS_KEPT_MAX = 10_000
"""Keys remembered to tell a client of its mistake: some minutes of a large center's clicks."""

_KEY = re.compile(r"[\x21-\x7e]{1,128}")
"""Printable, no blanks; 128 characters hold any UUID or hash."""


class Keys:
    """The keys used lately."""

    def __init__(self) -> None:
        self._used: OrderedDict[tuple[str, str], str] = OrderedDict()

    def request_id(self, account: str, key: str, wish: bytes) -> RequestId:
        """The id of this wish of this account.

        ``wish`` is what is asked for: method, path and body. It is part of the id, so that a key
        that comes again for something else never gets the old answer, even after a restart.
        """
        if not _KEY.fullmatch(key):
            raise ProblemError(
                "invalid",
                f"The header {HEADER} takes 1 to 128 printable characters without blanks.",
                errors=[FieldError(f"header.{HEADER}", "1 to 128 printable characters")],
            )
        fingerprint = hashlib.sha256(wish).hexdigest()[:16]
        before = self._used.setdefault((account, key), fingerprint)
        if before != fingerprint:
            raise ProblemError(
                "key-reused",
                f"This {HEADER} named another request before. Make a new key for each wish, and"
                " repeat a key only with the same address and body.",
            )
        self._used.move_to_end((account, key))
        while len(self._used) > KEYS_KEPT_MAX:
            self._used.popitem(last=False)
        return f"{account}:{key}:{fingerprint}"
