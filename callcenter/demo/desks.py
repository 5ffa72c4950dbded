"""Agents at their desktops, as programs: they sign in over the API, watch the WebSocket, and work.

Run as a process of its own (``python -m callcenter.demo.desks PLAN LOG``), so that what it notes
and when is its own: one JSON line for each card and each state, with the time it arrived here, by
the kernel's clock. Comes back by itself when the center was away.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import msgspec
from msgspec import Struct

from callcenter.demo.stamped_socket import StampedSockets

RETRY_S = 0.25
"""Between attempts to reach a center that is away."""
OPERATION_S = 5.0
"""For one request: the center answers in milliseconds."""
BACK_AFTER = (
    "missed",
    "rejected",
    "unreachable",
    "desktop_lost",
    "untouched",
    "line_lost",
    "signed_in",
    "preview_untouched",
    "recovered",
)
"""Reasons after which an agent presses "ready" again by itself."""


class Desk(Struct, frozen=True):
    """One agent's sign-in and habits. Times in seconds."""

    login: str
    password: str
    phone: str
    campaign: str = ""
    """Joined after the sign-in: the phone then stays on the line. Empty: inbound calls."""
    wrap_up_s: tuple[float, float] = (1.0, 4.0)
    """From the end of a conversation to its disposition."""
    back_s: tuple[float, float] = (4.0, 8.0)
    """From a missed call to "ready" again."""
    codes: tuple[str, ...] = ("solved", "callback", "complaint")
    read_s: tuple[float, float] = (1.0, 4.0)
    """In preview: from the card to "dial" or "skip"."""
    skips: tuple[str, ...] = ()
    """Numbers of people whom the agent does not want to call."""


class Plan(Struct, frozen=True):
    """What one process of desks does."""

    url: str
    seed: int
    desks: tuple[Desk, ...]


Note = Callable[[dict[str, Any]], None]


class DeskWorker:
    """One agent. ``run`` works until cancelled."""

    def __init__(self, url: str, desk: Desk, rng: Random, note: Note) -> None:
        self._url = url
        self._desk = desk
        self._rng = rng
        self._note_line = note
        self._state = ""
        self._since = 0.0
        self._preview = ""
        self._job: asyncio.Task[None] | None = None
        self._token = ""
        self._sockets = StampedSockets()

    async def run(self) -> None:
        """Sign in, work, and come back after every interruption."""
        timeout = aiohttp.ClientTimeout(total=OPERATION_S)
        stamped = aiohttp.TCPConnector(socket_factory=self._sockets)
        async with (
            aiohttp.ClientSession(self._url, timeout=timeout) as http,
            aiohttp.ClientSession(self._url, timeout=timeout, connector=stamped) as live,
        ):
            while True:
                try:
                    await self._work(http, live)
                except (aiohttp.ClientError, TimeoutError, OSError) as error:
                    self._note(event="away", why=type(error).__name__)
                finally:
                    self._stop_job()
                await asyncio.sleep(RETRY_S)

    async def _work(self, http: aiohttp.ClientSession, live: aiohttp.ClientSession) -> None:
        if not self._token:
            body = {"login": self._desk.login, "password": self._desk.password, "bearer": True}
            async with http.post("/api/v1/session", json=body) as answer:
                if answer.status != 200:
                    raise aiohttp.ClientError(f"sign-in: {answer.status}")
                self._token = (await answer.json())["token"]
        headers = {"Authorization": f"Bearer {self._token}"}
        async with live.ws_connect("/api/v1/live", headers=headers, heartbeat=10) as socket:
            await socket.send_json({"subscribe": ["me"]})
            self._state = ""
            async for message in socket:
                at = self._sockets.arrived_at
                if message.type is aiohttp.WSMsgType.TEXT:
                    frame = json.loads(message.data)
                    await self._take(frame, at, socket, http)
            if socket.close_code in (4401, 1008):
                self._token = ""

    async def _take(
        self,
        frame: dict[str, Any],
        at: float,
        socket: aiohttp.ClientWebSocketResponse,
        http: aiohttp.ClientSession,
    ) -> None:
        if frame["type"] == "card":
            self._note(
                event="card",
                call=frame["call"],
                at=at,
                customer=frame["customer"],
                tier=frame["tier"],
                complete=frame["complete"],
                again=frame["again"],
                campaign=frame["campaign"],
                seq=frame["seq"],
            )
            await socket.send_json({"shown": {"call": frame["call"], "at_ms": time.time() * 1000}})
        elif frame["type"] in ("snapshot", "delta"):
            mine = frame["data"].get("agent", {}).get(self._desk.login)
            if mine:
                self._see(mine, at, http)

    def _see(self, mine: dict[str, Any], at: float, http: aiohttp.ClientSession) -> None:
        """React to one's own state as the screen shows it."""
        preview = mine["preview"] or {"id": ""}
        is_same = (mine["state"], mine["since"]) == (self._state, self._since)
        if is_same and preview["id"] == self._preview:
            return
        self._state, self._since, self._preview = mine["state"], mine["since"], preview["id"]
        if not is_same:
            self._note(event="state", state=mine["state"], reason=mine["reason"], at=at)
        self._stop_job()
        if self._preview:
            what = "skip" if preview["number"] in self._desk.skips else "dial"
            self._note(event=what, preview=self._preview, number=preview["number"], at=at)
            body = {"preview": self._preview}
            self._job = asyncio.create_task(
                self._press(http, self._desk.read_s, f"preview/{what}", body)
            )
            return
        if mine["state"] == "signed_out":
            self._job = asyncio.create_task(self._sign_in(http))
        elif mine["state"] == "not_ready" and mine["reason"] in BACK_AFTER:
            wait = (0.1, 0.5) if mine["reason"] == "signed_in" else self._desk.back_s
            is_joining = mine["campaign"] != self._desk.campaign
            self._job = asyncio.create_task(self._get_ready(http, wait, is_joining))
        elif mine["state"] == "wrap_up":
            body = {"call": mine["call"], "code": self._rng.choice(self._desk.codes)}
            self._job = asyncio.create_task(
                self._press(http, self._desk.wrap_up_s, "disposition", body)
            )

    async def _sign_in(self, http: aiohttp.ClientSession) -> None:
        await self._press(http, (0.0, 0.3), "sign-in", {"phone": self._desk.phone})

    async def _get_ready(
        self, http: aiohttp.ClientSession, wait_s: tuple[float, float], is_joining: bool
    ) -> None:
        if is_joining:
            body = {"campaign": self._desk.campaign}
            await self._press(http, (0.0, 0.3), "campaign", body)
        await self._press(http, wait_s, "ready", None)

    async def _press(
        self,
        http: aiohttp.ClientSession,
        wait_s: tuple[float, float],
        what: str,
        body: dict[str, Any] | None,
    ) -> None:
        """Press a button after a while; a refusal is noted."""
        await asyncio.sleep(self._rng.uniform(*wait_s))
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            async with http.post(f"/api/v1/agents/me/{what}", json=body, headers=headers) as answer:
                if answer.status >= 400:
                    self._note(event="refused", what=what, text=(await answer.text())[:300])
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._note(event="away", why=type(error).__name__)

    def _stop_job(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _note(self, **fields: Any) -> None:
        desk = self._desk
        self._note_line({"agent": desk.login, "phone": desk.phone, "at": time.time(), **fields})


async def run_desks(plan: Plan, note: Note) -> None:
    """Have all desks of a plan work until cancelled."""
    async with asyncio.TaskGroup() as group:
        for n, desk in enumerate(plan.desks):
            worker = DeskWorker(plan.url, desk, Random(f"{plan.seed}/{n}"), note)
            group.create_task(worker.run())


class DesksProcess:
    """The desks in a process of their own. ``async with`` starts and ends it."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.log_path = folder / "desks.jsonl"
        self._plan_path = folder / "desks.json"
        self._plan = plan
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> DesksProcess:
        self._plan_path.write_bytes(msgspec.json.encode(self._plan))
        self._plan_path.chmod(0o600)  # it holds passwords
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "callcenter.demo.desks",
            str(self._plan_path),
            str(self.log_path),
            stdin=asyncio.subprocess.PIPE,  # its end tells the desks that nobody is left
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    def lines(self) -> list[dict[str, Any]]:
        """What has been noted so far."""
        if not self.log_path.exists():
            return []
        text = self.log_path.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines() if line.endswith("}")]

    def is_everybody_at_work(self) -> bool:
        """Whether every desk has shown its agent as ready at least once."""
        ready = {line["agent"] for line in self.lines() if line.get("state") == "ready"}
        return len(ready) == len(self._plan.desks)


async def run_until_left_alone(plan: Plan, note: Note) -> None:
    """Have all desks work until standard input ends: then whoever started them is gone."""
    left_alone = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(left_alone), sys.stdin
    )
    working = asyncio.create_task(run_desks(plan, note))
    waiting = asyncio.create_task(left_alone.read())
    done, _ = await asyncio.wait((working, waiting), return_when=asyncio.FIRST_COMPLETED)
    working.cancel()
    if working in done:
        working.result()


def main() -> None:
    """Work by the plan in the first argument; note into the file in the second."""
    plan = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Plan)
    with Path(sys.argv[2]).open("a", encoding="utf-8", buffering=1) as log:
        asyncio.run(run_until_left_alone(plan, lambda line: print(json.dumps(line), file=log)))


if __name__ == "__main__":
    main()
