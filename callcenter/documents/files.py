"""Where the files that travel with the program are: configuration, templates and scripts.

In an installed wheel they lie inside the package; in an editable install they are in the
repository, beside it. This is the only place that knows both.
"""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parents[1]
_REPOSITORY: Final = _PACKAGE.parent


class ShippedFileError(FileNotFoundError):
    """A file that should travel with the program is not there: the installation is broken."""


def config_path(name: str) -> Path:
    """Find a file or folder of `config/`, such as `asterisk/cc_pjsip.conf.in` or `routing.yaml`.

    Raises ShippedFileError, naming the places looked at, when neither has it.
    """
    return _find(name, _PACKAGE / "_config", _REPOSITORY / "config")


def scripts_path(name: str) -> Path:
    """Find a file or folder of `scripts/` that is shipped, such as `asterisk/start.sh`.

    Raises ShippedFileError, naming the places looked at, when neither has it.
    """
    return _find(name, _PACKAGE / "_scripts", _REPOSITORY / "scripts")


def flows_path() -> Path:
    """Find the folder of the shipped flows, with their prompts and tests.

    `ivr_flows` is a package of its own beside this one, in the repository and in a wheel alike.
    Raises ShippedFileError when it is not there.
    """
    return _find("ivr_flows", _REPOSITORY)


def _find(name: str, *roots: Path) -> Path:
    for root in roots:
        if (found := root / name).exists():
            return found
    places = " or ".join(str(root) for root in roots)
    raise ShippedFileError(f"{name} is not in {places}: install the program again")
