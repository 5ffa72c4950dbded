"""Telephones of our own on UDP, with speech: they note when every packet of sound arrives.

SIPp does not tell when sound arrived, so whether people who talk hear each other without a gap has
to be seen by ends like these. Run as a process of its own (``python -m tests.far_ends.rtp_end PLAN
FOLDER``, see ``rtp_process``), so that nothing a test does delays it. Only the standard library is
used, and nothing of the program.

FOLDER then holds ``phones.log`` and ``callers.log``, every SIP message in the form of SIPp's
traces, and ``arrivals.log``, one line for each packet of sound: Call-ID, time, RTP sequence number,
and 1 if it was more than silence.

Enough of SIP for Asterisk on loopback, where nothing is lost: requests are sent once.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import json
import os
import queue
import re
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from tests.far_ends.rtp_sound import PACKET_S, Sound
from tests.far_ends.sip_message import CALL_ID, CSEQ, FROM, TO, VIA, Message, number_in, parse

FLUSH_EVERY_S = 0.05
"""How late logs are written."""
PHONES_LOG, CALLERS_LOG, ARRIVALS_LOG = "phones.log", "callers.log", "arrivals.log"
LATE_S = 0.03
"""When we are woken later than this it is noted."""
OURSELVES = "late"
"""Stands for the Call-ID in lines that tell how many milliseconds we were late."""
ANSWER, SILENT = "answer", "silent"
"""A phone that is picked up; one that takes every message and never says a word."""

_CONTACT = re.compile(r"<([^>]+)>")


@dataclass(frozen=True)
class Phone:
    """What one phone does when it is rung."""

    number: str
    behaviour: str = ANSWER
    ring_s: float = 0.3
    talk_s: float = 1.0
    """Hangs up that long after it answered; with callers of the same process it talks on."""


@dataclass(frozen=True)
class Caller:
    """One caller. It hangs up when the process is told so."""

    number: str
    dialed: str
    start_s: float = 0.0
    """After the process was told to call."""
    key: str = "1"
    key_s: float = 2.0
    """After the answer."""


# --- signalling -----------------------------------------------------------------------------------


@dataclass
class Call:
    """One call at one of these ends."""

    invite: Message
    tag: str
    peer: tuple[str, int]
    sound: Sound | None = None
    final: Message | None = None
    """Our last answer to the INVITE (phones), or the other's (callers)."""
    timer: asyncio.TimerHandle | None = None
    ended: bool = False
    cseq: Any = field(default_factory=lambda: itertools.count(2))

    def later(self, seconds: float, job: Callable[[], None]) -> None:
        """Do this after a while, unless something else is decided before."""
        self.stop_timer()
        self.timer = asyncio.get_running_loop().call_later(seconds, job)

    def stop_timer(self) -> None:
        """Do nothing later."""
        if self.timer is not None:
            self.timer.cancel()


class SipEnd(asyncio.DatagramProtocol, ABC):
    """What phones and callers share: a socket, a trace, and calls by their Call-ID."""

    def __init__(
        self, address: str, trace: Callable[[str], None], note: Callable[[str], None]
    ) -> None:
        self.calls: dict[str, Call] = {}
        self._address = address
        self._trace = trace
        self._note = note
        self._transport: asyncio.DatagramTransport | None = None
        self._port = 0
        self._count = itertools.count(1)
        self._jobs: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self._transport = cast(asyncio.DatagramTransport, transport)
        self._port = self._transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Take a message; what is none is left out."""
        self._write_trace("received", data)
        try:
            message = parse(data)
        except ValueError:
            return
        call = self.calls.get(message[CALL_ID])
        if message.status:
            if call is not None:
                self.take_response(call, message)
        elif message.method == "BYE" and call is not None:
            self.respond(message, 200, "OK", call.peer)
            self.end(call)
        elif message.method != "ACK":
            self.take_request(call, message, (str(addr[0]), addr[1]))

    def take_request(self, call: Call | None, request: Message, peer: tuple[str, int]) -> None:
        """Whatever is not asked of phones is granted."""
        self.respond(request, 200, "OK", peer)

    def take_response(self, call: Call, response: Message) -> None:
        """Phones ask nothing but to hang up."""

    def begin(self, job: Any) -> None:
        """Run a job beside the socket."""
        task = asyncio.create_task(job)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)

    async def open_sound(self, call_id: str) -> Sound:
        """A socket for the sound of a call."""
        loop = asyncio.get_running_loop()
        _, sound = await loop.create_datagram_endpoint(
            lambda: Sound(call_id, self._note), local_addr=(self._address, 0)
        )
        return sound

    def describe(self, sound: Sound) -> str:
        """Our SDP: u-law only."""
        lines = ["v=0", f"o=end 1 1 IN IP4 {self._address}", "s=-", f"c=IN IP4 {self._address}"]
        lines += ["t=0 0", f"m=audio {sound.port} RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=ptime:20"]
        return "\r\n".join([*lines, "a=sendrecv", ""])

    def respond(
        self,
        request: Message,
        status: int,
        text: str,
        peer: tuple[str, int],
        *,
        tag: str = "",
        body: str = "",
    ) -> Message:
        """Answer a request; the answer is returned, so that it can be repeated."""
        kept = (VIA.lower(), FROM.lower(), TO.lower(), CALL_ID.lower(), CSEQ.lower())
        headers = [(n, v) for n, v in request.headers if n.lower() in kept]
        if tag and "tag=" not in request[TO]:
            headers = [(n, f"{v};tag={tag}" if n.lower() == "to" else v) for n, v in headers]
        if tag:
            headers.append(("Contact", f"<sip:end@{self._address}:{self._port}>"))
        if body:
            headers.append(("Content-Type", "application/sdp"))
        answer = Message(f"SIP/2.0 {status} {text}", headers, body)
        self.send(answer, peer)
        return answer

    def request(self, call: Call, method: str, *, kind: str = "", body: str = "") -> None:
        """Send a request within a call."""
        mine, other, target = self.parties(call)
        headers = [
            (VIA, self.new_via()),
            (FROM, mine),
            (TO, other),
            (CALL_ID, call.invite[CALL_ID]),
            (CSEQ, f"{1 if method == 'ACK' else next(call.cseq)} {method}"),
            ("Max-Forwards", "70"),
        ]
        if kind:
            headers.append(("Content-Type", kind))
        self.send(Message(f"{method} {target} SIP/2.0", headers, body), call.peer)

    @abstractmethod
    def parties(self, call: Call) -> tuple[str, str, str]:
        """Our From, the other's To, and the address for requests within this call."""

    def new_via(self) -> str:
        """Where answers are to go, with a new transaction's name."""
        branch = f"z9hG4bK-{time.time_ns()}-{next(self._count)}"
        return f"SIP/2.0/UDP {self._address}:{self._port};branch={branch};rport"

    def send(self, message: Message, peer: tuple[str, int]) -> None:
        """Send and trace."""
        assert self._transport is not None
        data = message.encode()
        self._transport.sendto(data, peer)
        self._write_trace("sent", data)

    def hang_up(self, call: Call) -> None:
        """Send BYE."""
        if not call.ended and call.sound is not None:
            self.request(call, "BYE")
            self.end(call)

    def end(self, call: Call) -> None:
        """Nothing more will be heard."""
        call.ended = True
        call.stop_timer()
        if call.sound is not None:
            call.sound.close()

    def _write_trace(self, direction: str, data: bytes) -> None:
        stamp = datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        head = f"UDP message {direction} [{len(data)}] bytes :"
        text = data.decode("utf-8", "replace")
        self._trace(f"{'-' * 47} {stamp}\n{head}\n\n{text}\n")


class Phones(SipEnd):
    """Agents' phones, told apart by the number that is rung."""

    def __init__(
        self,
        address: str,
        trace: Callable[[str], None],
        note: Callable[[str], None],
        phones: list[Phone],
        companions: frozenset[str],
    ) -> None:
        """``companions``: callers who hang up themselves, however long that takes."""
        super().__init__(address, trace, note)
        self._phones = {phone.number: phone for phone in phones}
        self._companions = companions

    def take_request(self, call: Call | None, request: Message, peer: tuple[str, int]) -> None:
        """Ring, or be told that the caller gave up."""
        if request.method == "INVITE" and call is None:
            self._ring(request, peer)
        elif request.method == "INVITE" and call is not None and call.final is not None:
            self.send(call.final, peer)  # it did not hear us
        elif request.method == "CANCEL" and call is not None:
            self.respond(request, 200, "OK", peer, tag=call.tag)
            if call.final is None:
                call.final = self.respond(
                    call.invite, 487, "Request Terminated", peer, tag=call.tag
                )
                self.end(call)
        elif request.method != "INVITE":
            super().take_request(call, request, peer)

    def _ring(self, invite: Message, peer: tuple[str, int]) -> None:
        phone = self._phones.get(number_in(invite[TO]))
        call = Call(invite, f"p{next(self._count)}", peer)
        if phone is None:
            self.respond(invite, 404, "Not Found", peer, tag=call.tag)
        elif phone.behaviour == ANSWER:
            self.calls[invite[CALL_ID]] = call
            self.respond(invite, 180, "Ringing", peer, tag=call.tag)
            call.later(phone.ring_s, lambda: self.begin(self._pick_up(call, phone)))

    async def _pick_up(self, call: Call, phone: Phone) -> None:
        sound = await self.open_sound(call.invite[CALL_ID])
        if call.ended:
            sound.close()
            return
        call.sound = sound
        call.final = self.respond(
            call.invite, 200, "OK", call.peer, tag=call.tag, body=self.describe(sound)
        )
        sound.speak_to(call.invite.body)
        if number_in(call.invite[FROM]) not in self._companions:
            call.later(phone.talk_s, lambda: self.hang_up(call))

    def parties(self, call: Call) -> tuple[str, str, str]:
        """See ``SipEnd``: who was rung is ``From`` now."""
        mine = f"{call.invite[TO]};tag={call.tag}"
        target = _CONTACT.search(call.invite["Contact"])
        assert target is not None
        return mine, call.invite[FROM], target[1]


class Callers(SipEnd):
    """Callers, each calling once."""

    def __init__(
        self,
        address: str,
        trace: Callable[[str], None],
        note: Callable[[str], None],
        callers: list[Caller],
        pbx: tuple[str, int],
    ) -> None:
        super().__init__(address, trace, note)
        self._callers = {caller.number: caller for caller in callers}
        self._pbx = pbx

    def start_calling(self) -> None:
        """The clock of all callers begins."""
        for caller in self._callers.values():
            self.begin(self._call(caller))

    def hang_up_all(self) -> None:
        """Everybody has said everything."""
        for call in list(self.calls.values()):
            self.hang_up(call)

    async def _call(self, caller: Caller) -> None:
        await asyncio.sleep(caller.start_s)
        call_id = f"caller-{caller.number.lstrip('+')}-{time.time_ns()}"
        sound = await self.open_sound(call_id)
        headers = [
            (VIA, self.new_via()),
            (FROM, f"<sip:{caller.number}@{self._address}>;tag=c{next(self._count)}"),
            (TO, f"<sip:{caller.dialed}@{self._pbx[0]}:{self._pbx[1]}>"),
            (CALL_ID, call_id),
            (CSEQ, "1 INVITE"),
            ("Contact", f"<sip:{caller.number.lstrip('+')}@{self._address}:{self._port}>"),
            ("Max-Forwards", "70"),
            ("Content-Type", "application/sdp"),
        ]
        target = f"sip:{caller.dialed}@{self._pbx[0]}:{self._pbx[1]}"
        invite = Message(f"INVITE {target} SIP/2.0", headers, self.describe(sound))
        self.calls[call_id] = Call(invite, "", self._pbx, sound)
        self.send(invite, self._pbx)

    def take_response(self, call: Call, response: Message) -> None:
        """The PBX answered or refused."""
        if response.method != "INVITE" or response.status < 200:
            return
        first, call.final = call.final is None, response
        self.request(call, "ACK")
        if response.status >= 300:
            self.end(call)  # its ACK names no transaction: the PBX repeats its refusal for a while
        elif first and call.sound is not None:
            call.sound.speak_to(response.body)
            caller = self._callers[number_in(call.invite[FROM])]
            call.later(caller.key_s, lambda: self._press(call, caller.key))

    def _press(self, call: Call, key: str) -> None:
        if key and not call.ended:
            body = f"Signal={key}\r\nDuration=160\r\n"
            self.request(call, "INFO", kind="application/dtmf-relay", body=body)

    def parties(self, call: Call) -> tuple[str, str, str]:
        """See ``SipEnd``."""
        assert call.final is not None
        target = _CONTACT.search(call.final["Contact"])
        return call.invite[FROM], call.final[TO], target[1] if target else call.invite.start


# --- the process ----------------------------------------------------------------------------------


class Logs:
    """Writes logs in a thread of its own: a disk that is busy must not delay speech."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def note(self, name: str, text: str) -> None:
        """Append to the log of this name, soon."""
        self._lines.put((name, text))

    def close(self) -> None:
        """Write what is left."""
        self._lines.put(None)
        self._thread.join()

    def _write(self) -> None:
        with contextlib.ExitStack() as stack:
            files = {
                name: stack.enter_context((self._folder / name).open("w", encoding="utf-8"))
                for name in (PHONES_LOG, CALLERS_LOG, ARRIVALS_LOG)
            }
            while True:
                batch = [self._lines.get()]
                while not self._lines.empty():
                    batch.append(self._lines.get())
                for line in batch:
                    if line is not None:
                        files[line[0]].write(line[1])
                for file in files.values():
                    file.flush()
                if None in batch:
                    return
                time.sleep(FLUSH_EVERY_S)


async def speak(ends: list[SipEnd], note: Callable[[str], None]) -> None:
    """Keep everybody speaking, by the clock and not by the length of pauses.

    When the machine did not let us run that is noted, each time once, under OURSELVES.
    """
    due = next_at = time.monotonic()
    while True:
        now = time.monotonic()
        if now - due > LATE_S:
            note(f"{OURSELVES} {time.time():.6f} {round((now - due) * 1000)} 0\n")
        for end in ends:
            for call in end.calls.values():
                if call.sound is not None and not call.ended:
                    call.sound.speak(now)
        next_at += PACKET_S
        due = max(next_at, time.monotonic())  # what was missed is made up for without a pause
        await asyncio.sleep(max(0.0, due - time.monotonic()))


def give_up(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """End the process when anything went wrong: a far end that is silent must mean to be."""
    loop.default_exception_handler(context)
    os._exit(1)


async def run(plan: dict[str, Any], folder: Path) -> None:
    """Play the plan's phones and callers until standard input ends.

    Lines on standard input: ``call`` starts the callers' clock, ``hang up`` ends their calls.
    """
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(give_up)
    logs = Logs(folder)
    note_arrival = functools.partial(logs.note, ARRIVALS_LOG)
    callers_of_plan = [Caller(**caller) for caller in plan["callers"]]
    host, port = plan["phones_at"]
    phones = Phones(
        host,
        functools.partial(logs.note, PHONES_LOG),
        note_arrival,
        [Phone(**phone) for phone in plan["phones"]],
        frozenset(caller.number for caller in callers_of_plan),
    )
    await loop.create_datagram_endpoint(lambda: phones, local_addr=(host, port))
    host, port = plan["callers_at"]
    pbx = (plan["pbx"][0], plan["pbx"][1])
    trace = functools.partial(logs.note, CALLERS_LOG)
    callers = Callers(host, trace, note_arrival, callers_of_plan, pbx)
    await loop.create_datagram_endpoint(lambda: callers, local_addr=(host, port))
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    speaking = asyncio.create_task(speak([phones, callers], note_arrival))
    print("ready", flush=True)
    while line := await commands.readline():
        if line.strip() == b"call":
            callers.start_calling()
        elif line.strip() == b"hang up":
            callers.hang_up_all()
    speaking.cancel()
    logs.close()


def main() -> None:
    """Play the plan in the first argument; note into the folder in the second."""
    # A telephone has a processor of its own: where it may, this process goes before all others.
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    plan = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    asyncio.run(run(plan, Path(sys.argv[2])))


if __name__ == "__main__":
    main()
