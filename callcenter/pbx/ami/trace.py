"""An optional, bounded record of what a PBX sent, for finding faults. Off unless asked for.

It holds people's numbers: its files are readable by the service's user alone, and the older half is
dropped when the bound is reached. The journal never holds raw messages.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from callcenter.pbx.ami.translate import Message

TRACE_BYTES_MAX: Final = 67_108_864
"""Bytes in both files together: 1,600 calls of 40 kB."""


class Trace:
    """Writes messages to ``path``; when it is half full, what it held moves to ``path``.1.

    A file that cannot be written (disk full) ends the trace with one fault and nothing else.
    """

    def __init__(
        self, path: Path, on_fault: Callable[[str], None], *, bytes_max: int = TRACE_BYTES_MAX
    ) -> None:
        self._path = path
        self._on_fault = on_fault
        self._half = bytes_max // 2
        self._file: BinaryIO | None = None
        self._size = 0
        self._broken = False

    def write(self, message: Message) -> None:
        """Keep one message, headers in the order they came."""
        if self._broken:
            return
        lines = [
            f"{header}: {value}\n"
            for header, values in message.items()
            for value in ([values] if isinstance(values, str) else values)
        ]
        data = ("".join(lines) + "\n").encode("utf-8", "replace")
        try:
            if self._file is not None and self._size + len(data) > self._half:
                self.close()
                self._path.replace(self._path.with_name(f"{self._path.name}.1"))
            if self._file is None:
                self._open()
            self._file.write(data)  # type: ignore[union-attr]  # _open has set it or raised
        except OSError as error:
            self._broken = True
            self._on_fault(f"the AMI trace {self._path} is switched off: {error}")
        self._size += len(data)

    def close(self) -> None:
        """Write out what is buffered and release the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._file = os.fdopen(descriptor, "ab")
        self._size = self._file.tell()
