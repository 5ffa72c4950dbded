"""What can be wrong with a journal, each said with what to do about it."""

from __future__ import annotations


class JournalDamaged(Exception):  # noqa: N818 - a fact about a journal
    """What is stored is not what was written, and recovery would need it. Nothing was changed."""

    def __init__(self, file: str, offset: int, what: str, mend: str) -> None:
        super().__init__(f"{file}, byte {offset}: {what}. {mend}")
        self.file = file
        """The damaged file."""
        self.offset = offset
        """The first byte that cannot be trusted."""
        self.what = what
        self.mend = mend
        """What the operator can do, in sentences."""


class EntriesTrimmed(JournalDamaged):
    """The entries wanted are older than all that is kept: they were trimmed, or files were lost."""

    def __init__(self, file: str, what: str, mend: str, first_kept: int) -> None:
        super().__init__(file, 0, what, mend)
        self.first_kept = first_kept
        """The first position that is still kept."""


class OpenNumbers(Exception):  # noqa: N818 - a fact about a journal
    """Files of an older version, in which numbers stand open, are still needed."""

    def __init__(self, file: str) -> None:
        super().__init__(
            f"{file} was written by an older version, with numbers that cannot be erased, and is "
            "still needed: the records are not up to date. Try again when they are"
        )


class ForeignJournal(Exception):  # noqa: N818 - a fact about a journal
    """Another version wrote what would have to be replayed. Nothing was changed."""


class JournalInUse(Exception):  # noqa: N818 - a fact about a journal
    """Another process has this journal open. Nothing was changed."""

    def __init__(self, where: str, holder: str) -> None:
        super().__init__(
            f"The journal in {where} is in use by {holder}. Stop that one first; "
            "two services must never write one journal."
        )
        self.holder = holder
        """Who has it, e.g. ``process 4711``."""
