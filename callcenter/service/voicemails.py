"""The files of callers' messages, in the center's folder of voicemails. Asterisk writes them; which
of them somebody has still to deal with is in the machine's state.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class VoicemailFiles:
    """One folder of recordings."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        """Where the file of this name is, or would be. Raises ``ValueError`` for a name that leads
        out of the folder."""
        if Path(name).name != name or name in ("", ".", ".."):
            raise ValueError(f"{name!r} is no name of a voicemail")
        return self._folder / name

    def remove(self, names: Iterable[str]) -> int:
        """Delete these, as far as they are there; returns how many were. Raises ``OSError``."""
        removed = 0
        for name in names:
            path = self.path(name)
            if path.exists():
                path.unlink()
                removed += 1
        return removed
