"""How long a stranger waits: from ``make demo`` in a fresh clone to a page that works.

python scripts/cold_start.py [--without-node] [CLONE]

CLONE is a clone without an environment; without it one is made of this project, in a folder that is
removed. The time runs until the page's own script has been fetched. Prints JSON for
docs/benchmarks. Only the standard library is used: run it with the system's Python, on a machine
as bare as you like.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
LIMIT_S = 600.0
POLL_S = 0.1
_SCRIPT = re.compile(r'src="(/[^"]+\.js)"')


def free_port() -> int:
    """A port of this machine that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def works(url: str) -> bool:
    """Whether the page and its script are served."""
    try:
        with urllib.request.urlopen(url, timeout=5) as page:
            script = _SCRIPT.search(page.read().decode())
        if script is None:
            return False
        with urllib.request.urlopen(url + script[1], timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def measure(clone: Path, environment: dict[str, str]) -> float:
    """Seconds from ``make demo`` to a working page."""
    port = free_port()
    began = time.monotonic()
    with tempfile.TemporaryFile() as log:
        demo = subprocess.Popen(
            ["make", "demo", f"ARGS=--port {port}"],
            cwd=clone,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            while not works(f"http://127.0.0.1:{port}"):
                if demo.poll() is not None or time.monotonic() - began > LIMIT_S:
                    log.seek(0)
                    raise SystemExit(f"no page: {log.read().decode(errors='replace')[-3000:]}")
                time.sleep(POLL_S)
            return time.monotonic() - began
        finally:
            if demo.poll() is None:
                os.killpg(demo.pid, signal.SIGINT)
                demo.wait()


def main() -> int:
    """Measure and print."""
    arguments = [a for a in sys.argv[1:] if a != "--without-node"]
    without_node = len(arguments) < len(sys.argv) - 1
    folder = Path(tempfile.mkdtemp(prefix="cold-start-"))
    try:
        clone = Path(arguments[0]).resolve() if arguments else folder / "clone"
        if not arguments:
            subprocess.run(["git", "clone", "-q", str(PROJECT), str(clone)], check=True)
        environment = dict(os.environ)
        if without_node:
            environment["CALLCENTER_NODE"] = "pypi"
        seconds = measure(clone, environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    result: dict[str, Any] = {
        "command": "python scripts/cold_start.py" + (" --without-node" if without_node else ""),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {_system()}",
        "python": platform.python_version(),
        "node": "none: one from PyPI for the build" if without_node else _node(),
        "make_demo_to_page_s": round(seconds, 1),
    }
    print(json.dumps(result, indent=2))
    return 0


def _node() -> str:
    """The Node on the PATH; where there is none, or it is too old, an install takes PyPI's."""
    node = shutil.which("node")
    if node is None:
        return "none: one from PyPI for the build"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    return f"{version.stdout.strip()} on the PATH"


def _system() -> str:
    """The name of the system, Debian's with its version."""
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()


if __name__ == "__main__":
    raise SystemExit(main())
