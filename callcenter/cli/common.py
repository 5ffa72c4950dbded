"""What commands share: the config option, clear endings, JSON."""

from __future__ import annotations

import io
import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import orjson
import structlog
import typer

from callcenter.core.migrations import NoWay
from callcenter.documents.csv_rows import CannotRead
from callcenter.documents.files import ShippedFileError
from callcenter.documents.yaml_lines import DocumentError
from callcenter.journal.errors import ForeignJournal, JournalDamaged, JournalInUse, OpenNumbers
from callcenter.pbx.config import ConfigError
from callcenter.settings import RestoreUnfinished, Settings, load_settings
from callcenter.storage.stores import (
    AccountRefused,
    DatabaseAway,
    DatabaseUnusable,
    ImportConflict,
)

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", envvar="CALLCENTER_CONFIG", help="The config file; default: the example."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

NUMBER = re.compile(r"\+[0-9]{6,15}")
MASKED = "+******"

PEOPLE_CAN_MEND = (
    CannotRead,
    ImportConflict,
    DocumentError,
    ConfigError,
    DatabaseUnusable,
    DatabaseAway,
    AccountRefused,
    JournalInUse,
    JournalDamaged,
    ForeignJournal,
    NoWay,
    OpenNumbers,
    ShippedFileError,
    RestoreUnfinished,
)
"""Errors whose text says what is wrong, where and how to mend it."""


def fail(message: str, code: int = 1) -> NoReturn:
    """End the command with this message on standard error."""
    for line in message.splitlines():
        typer.echo(f"callcenter: {line}", err=True)
    raise typer.Exit(code)


@contextmanager
def clear_errors() -> Iterator[None]:
    """Say what people can mend in their words; everything else is a bug and keeps its traceback."""
    try:
        yield
    except PEOPLE_CAN_MEND as error:
        fail(str(error))
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        if error.filename is None:
            fail(str(error))
        fail(f"{error.filename}: {error.strerror}. Check the path and its rights")


def read_settings(config: Path | None) -> Settings:
    """The settings, or the end of the command with every problem on its line.

    From here on log lines of warnings and worse go to standard error.
    """
    log_to_stderr(logging.WARNING)
    with clear_errors():
        return load_settings(config)


def print_json(data: Any) -> None:
    """One JSON object on standard output."""
    typer.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())


def mask_numbers(
    _logger: object, _level: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """The log line without telephone numbers in E.164: an error's text may hold one that nobody
    thought of, and erasing a person does not reach logs."""
    for name, value in line.items():
        if isinstance(value, str):
            line[name] = NUMBER.sub(MASKED, value)
    return line


class _StandardError(io.StringIO):
    """The standard error of the moment. What it cannot take is lost: a log on a disk that is full,
    or whose reader has gone, must not end the calls it speaks of."""

    def write(self, text: str) -> int:
        with suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()


_STANDARD_ERROR: Final = _StandardError()
"""One for all loggers: structlog keeps a lock for each stream that it has ever seen."""


def log_to_stderr(level: int = logging.INFO) -> None:
    """Structured log lines on standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            mask_numbers,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(_STANDARD_ERROR),
        cache_logger_on_first_use=False,
    )
