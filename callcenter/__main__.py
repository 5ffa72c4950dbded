"""``callcenter`` and ``python -m callcenter``."""

import sys

from callcenter.cli.app import make_app


def main() -> None:
    """Run the command line."""
    make_app(sys.argv[1] if len(sys.argv) > 1 else "")()


if __name__ == "__main__":
    main()
