"""Where the command line logs to."""

from __future__ import annotations

import errno
import io
import sys

import pytest
import structlog

from callcenter.cli.common import log_to_stderr


def test_it_logs_to_the_standard_error_of_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = io.StringIO(), io.StringIO()
    log = structlog.get_logger("test")
    monkeypatch.setattr(sys, "stderr", first)
    log_to_stderr()
    log.info("one")
    said = first.getvalue()

    monkeypatch.setattr(sys, "stderr", second)
    first.close()
    log.info("two")

    assert "event='one'" in said
    assert "event='two'" in second.getvalue()


def test_a_telephone_number_does_not_get_into_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    log_to_stderr()

    structlog.get_logger("test").info("fault", detail="no answer from +4930123456", position=7)

    assert "detail='no answer from +******'" in said.getvalue()
    assert "position=7" in said.getvalue()


class FullDisk(io.StringIO):
    """Standard error that goes into a file on a disk without room."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_log_on_a_full_disk_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk of journal and log was full: the hub said that it could not write the journal, the
    saying failed too, and the service ended with all its calls."""
    log_to_stderr()
    log = structlog.get_logger("test")
    later = io.StringIO()

    monkeypatch.setattr(sys, "stderr", FullDisk())
    log.error("journal_not_written")
    monkeypatch.setattr(sys, "stderr", later)
    log.info("room again")

    assert later.getvalue().count("\n") == 1
