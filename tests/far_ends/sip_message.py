"""A SIP message in parts, as the far ends of our own read and write it."""

from __future__ import annotations

import re
from dataclasses import dataclass

VIA, FROM, TO, CALL_ID, CSEQ = "Via", "From", "To", "Call-ID", "CSeq"
_URI = re.compile(r"sips?:([^@;>]+)@")


@dataclass
class Message:
    """A SIP message in parts; headers in their order."""

    start: str
    headers: list[tuple[str, str]]
    body: str = ""

    def __getitem__(self, name: str) -> str:
        """The first header of this name; empty without one."""
        return next((v for n, v in self.headers if n.lower() == name.lower()), "")

    @property
    def status(self) -> int:
        """Of a response; 0 for a request."""
        return int(self.start.split()[1]) if self.start.startswith("SIP/2.0 ") else 0

    @property
    def method(self) -> str:
        """Of the request, or of the one that this answers."""
        return self[CSEQ].split()[-1]

    def encode(self) -> bytes:
        """As it goes out."""
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers)]
        lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", self.body]).encode()


def parse(data: bytes) -> Message:
    """Read a message. Raises ``ValueError`` for what is none."""
    head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
    start, *lines = head.split("\r\n")
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError(f"no header: {line!r}")
        headers.append((name.strip(), value.strip()))
    return Message(start, headers, body)


def number_in(header: str) -> str:
    """The number in a From or To; empty when there is none."""
    found = _URI.search(header)
    return found[1] if found else ""
