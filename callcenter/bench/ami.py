"""How many AMI events a second are taken in, beside panoramisk's own parsing in the same run.

The stream is generated, and resembles what Asterisk 22 sends of one inbound call to the account
`leader`: a greeting and a digit by AsyncAGI, waiting, an agent rung, a conversation, both hang-ups.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from statistics import median
from typing import Any, Final

from callcenter.pbx.ami.connection import AmiConnection, stock_parser
from callcenter.pbx.ami.translate import WANTED, translate
from callcenter.pbx.ami.wire import AmiMessage, AmiParser

CALLS: Final = 500
"""Calls in a round: some 20,000 events, half a second of the slowest way."""

ROUNDS: Final = 5
"""Rounds; each measures every way once, so that all meet the same machine."""

CHUNK_BYTES: Final = 65_536
"""Bytes handed over at once: what a busy socket gives in one read."""

BUDGET_EVENTS_PER_S: Final = 30_000
"""What the design asks for, parsed, in order and translated."""

TCP_LIMIT_S: Final = 300.0
"""Seconds for one round over TCP; hundreds of times what it takes."""

_LAST: Final = b"Event: Shutdown\r\nShutdown: Cleanly\r\nRestart: False\r\n\r\n"

Figures = dict[str, float]


def run(*, calls: int = CALLS, rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure `calls` calls of events by each way, `rounds` times.

    Rates are events/s that arrive, as ``{"median", "min", "max"}`` over the rounds:

    * ``panoramisk``: its own parsing and dispatch to one callback that takes all.
    * ``parsed``: every event, by our parser.
    * ``wanted``: unwanted events dropped by their first line, as in service.
    * ``translated``: the wanted ones also turned into domain events.
    * ``link``: the same over a loopback connection, through AmiConnection; its sender included.
    """
    stream = b"".join(call_stream(number) for number in range(calls))
    events = stream.count(b"Event: ")
    ways: dict[str, Callable[[], float]] = {
        "panoramisk": lambda: _feed(stock_parser(lambda event: event.event), stream),
        "parsed": lambda: _feed(AmiParser(greeting=False).feed, stream),
        "wanted": lambda: _feed(AmiParser(greeting=False, wanted=frozenset(WANTED)).feed, stream),
        "translated": lambda: _feed(_translating(), stream),
        "link": lambda: asyncio.run(_over_tcp(stream)),
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, measure in ways.items():
            rates[name].append(events / measure())
    figures = {name: _summarise(found) for name, found in rates.items()}
    return {
        "calls": calls,
        "rounds": rounds,
        "events_per_call": events // calls,
        "bytes_per_call": len(stream) // calls,
        "events_per_s": figures,
        "parsed_to_panoramisk": round(
            figures["parsed"]["median"] / figures["panoramisk"]["median"], 2
        ),
        "link_to_panoramisk": round(figures["link"]["median"] / figures["panoramisk"]["median"], 2),
        "budget_events_per_s": BUDGET_EVENTS_PER_S,
    }


def _summarise(rates: list[float]) -> Figures:
    return {"median": round(median(rates)), "min": round(min(rates)), "max": round(max(rates))}


def _feed(take: Callable[[bytes], object], stream: bytes) -> float:
    """Hand the stream over in chunks; return the seconds it took."""
    began = time.perf_counter()
    for start in range(0, len(stream), CHUNK_BYTES):
        take(stream[start : start + CHUNK_BYTES])
    return time.perf_counter() - began


def _translating() -> Callable[[bytes], None]:
    parser = AmiParser(greeting=False, wanted=frozenset(WANTED))

    def take(data: bytes) -> None:
        for message in parser.feed(data):
            translate("main", message)

    return take


async def _over_tcp(stream: bytes) -> float:
    """Send the stream to an AmiConnection; return the seconds to its last event."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[float] = loop.create_future()
    began = 0.0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal began
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        login = AmiParser(greeting=False).feed(await reader.readuntil(b"\r\n\r\n"))[0]
        writer.write(f"Response: Success\r\nActionID: {login['ActionID']}\r\n\r\n".encode())
        writer.write(b"Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n")
        began = time.perf_counter()
        for start in range(0, len(stream), CHUNK_BYTES):
            writer.write(stream[start : start + CHUNK_BYTES])
            await writer.drain()
        writer.write(_LAST)
        await reader.read()
        writer.close()

    def take(message: AmiMessage) -> None:
        translate("main", message)
        if message["Event"] == "Shutdown":
            done.set_result(time.perf_counter() - began)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    link = AmiConnection(
        "main",
        "127.0.0.1",
        server.sockets[0].getsockname()[1],
        "leader",
        "of the benchmark",
        on_message=take,
        on_up=lambda _: None,
        on_down=lambda _: None,
        wanted=frozenset(WANTED),
    )
    async with server, asyncio.TaskGroup() as group:
        group.create_task(link.run())
        try:
            async with asyncio.timeout(TCP_LIMIT_S):
                return await done
        finally:
            link.close()


# What Asterisk 22 says of a channel in each event about it, and of a bridge.
_CHANNEL: Final = (
    "Channel: {channel}\r\nChannelState: {state}\r\nChannelStateDesc: {state_name}\r\n"
    "CallerIDNum: +12025550141\r\nCallerIDName: <unknown>\r\n"
    "ConnectedLineNum: 1001\r\nConnectedLineName: <unknown>\r\nLanguage: en\r\nAccountCode: \r\n"
    "Context: {context}\r\nExten: wait\r\nPriority: 1\r\nUniqueid: {id}\r\nLinkedid: {id}\r\n"
)
_BRIDGE: Final = (
    "BridgeUniqueid: 9f2a0c1e-{n:08x}\r\nBridgeType: basic\r\nBridgeTechnology: {technology}\r\n"
    "BridgeCreator: BridgeWait\r\nBridgeName: {name}\r\nBridgeNumChannels: 1\r\n"
    "BridgeVideoSourceMode: none\r\n"
)
_BRIDGES: Final = {
    "callers": ("holding_bridge", "cc-callers"),
    "agents": ("holding_bridge", "cc-agents"),
    "call": ("simple_bridge", "<unknown>"),
}

# Channel of an event: context, state, its name. The leg's begins with "leg".
_CHANNELS: Final = {
    "arriving": ("cc-inbound", 4, "Ring"),
    "in menu": ("cc-inbound", 6, "Up"),
    "caller": ("cc-hold", 6, "Up"),
    "leg dialed": ("cc-agents", 0, "Down"),
    "leg ringing": ("cc-agents", 5, "Ringing"),
    "leg": ("cc-agents", 6, "Up"),
}
_ENVIRONMENT: Final = "%0A".join(
    (
        "agi_request%3A%20async",
        "agi_channel%3A%20PJSIP%2Fcarrier-00000001",
        "agi_language%3A%20en",
        "agi_type%3A%20PJSIP",
        "agi_uniqueid%3A%20cc-1795300915.1",
        "agi_version%3A%2022.10.1",
        "agi_callerid%3A%20%2B12025550141",
        "agi_calleridname%3A%20unknown",
        "agi_dnid%3A%206000",
        "agi_context%3A%20cc-inbound",
        "agi_extension%3A%206000",
        "agi_priority%3A%209",
        "agi_threadid%3A%20140072978720448",
    )
)

# Event, class, its channel (empty: none), a bridge or further headers.
_CALL: Final = (
    ("Newchannel", "call", "arriving", ""),
    ("Newstate", "call", "in menu", ""),
    ("AsyncAGIStart", "agi", "in menu", f"Env: {_ENVIRONMENT}\r\n"),
    ("AGIExecStart", "agi", "in menu", "Command: EXEC Playback cc/welcome\r\nCommandId: 71\r\n"),
    ("AGIExecEnd", "agi", "in menu", "Command: EXEC Playback cc/welcome\r\nResult: 0\r\n"),
    ("AsyncAGIExec", "agi", "in menu", "Result: 200%20result%3D0%0A\r\nCommandId: a.run\r\n"),
    ("AsyncAGIExec", "agi", "in menu", "Result: 200%20result%3D1%20(SUCCESS)\r\nCommandId: a\r\n"),
    ("AGIExecStart", "agi", "in menu", "Command: EXEC Read CC_DIGIT\r\nCommandId: 72\r\n"),
    ("DTMFBegin", "dtmf", "in menu", "Digit: 1\r\nDirection: Received\r\n"),
    ("DTMFEnd", "dtmf", "in menu", "Digit: 1\r\nDurationMs: 100\r\nDirection: Received\r\n"),
    ("AGIExecEnd", "agi", "in menu", "Command: EXEC Read CC_DIGIT\r\nResult: 0\r\n"),
    ("AsyncAGIExec", "agi", "in menu", "Result: 200%20result%3D1%20(OK%2F1)\r\nCommandId: b\r\n"),
    ("AsyncAGIEnd", "agi", "in menu", ""),
    ("BridgeEnter", "call", "caller", "callers"),
    ("MusicOnHoldStart", "call", "caller", "Class: cc-hold\r\n"),
    ("Newchannel", "call", "leg dialed", ""),
    ("DialBegin", "call", "", "DestChannel: PJSIP/1001-{n:08x}\r\nDialString: 1001\r\n"),
    ("DialState", "call", "", "DestChannel: PJSIP/1001-{n:08x}\r\nDialStatus: RINGING\r\n"),
    ("Newstate", "call", "leg ringing", ""),
    ("Newstate", "call", "leg", ""),
    ("DialEnd", "call", "", "DestChannel: PJSIP/1001-{n:08x}\r\nDialStatus: ANSWER\r\n"),
    (
        "OriginateResponse",
        "call",
        "",
        "ActionID: action/{n}\r\nResponse: Success\r\nChannel: PJSIP/1001-{n:08x}\r\n"
        "Context: cc-agents\r\nExten: park\r\nReason: 4\r\nUniqueid: leg-{n}\r\n"
        "CallerIDNum: +12025550141\r\nCallerIDName: <unknown>\r\n",
    ),
    ("BridgeEnter", "call", "leg", "agents"),
    ("MusicOnHoldStop", "call", "caller", ""),
    ("BridgeCreate", "call", "", "call"),
    ("BridgeLeave", "call", "caller", "callers"),
    ("BridgeEnter", "call", "caller", "call"),
    ("BridgeLeave", "call", "leg", "agents"),
    ("BridgeEnter", "call", "leg", "call"),
    ("HangupRequest", "call", "caller", "Cause: 16\r\n"),
    ("BridgeLeave", "call", "caller", "call"),
    ("Hangup", "call", "caller", "Cause: 16\r\nCause-txt: Normal Clearing\r\n"),
    ("BridgeLeave", "call", "leg", "call"),
    ("BridgeDestroy", "call", "", "call"),
    ("SoftHangupRequest", "call", "leg", "Cause: 16\r\n"),
    ("Hangup", "call", "leg", "Cause: 16\r\nCause-txt: Normal Clearing\r\n"),
)


def call_stream(number: int) -> bytes:
    """Write the events of one call, from its arrival to both hang-ups."""
    parts: list[str] = []
    for place, (event, privilege, channel, further) in enumerate(_CALL):
        parts.append(f"Event: {event}\r\nPrivilege: {privilege},all\r\n")
        parts.append(f"Timestamp: 1795300915.{place:06d}\r\nSystemName: cc\r\n")
        if further in _BRIDGES:
            technology, name = _BRIDGES[further]
            parts.append(_BRIDGE.format(n=number, technology=technology, name=name))
        if channel:
            parts.append(_channel_headers(channel, number))
        if further not in _BRIDGES:
            parts.append(further.format(n=number))
        parts.append("\r\n")
    return "".join(parts).encode()


def _channel_headers(channel: str, number: int) -> str:
    context, state, state_name = _CHANNELS[channel]
    is_leg = channel.startswith("leg")
    return _CHANNEL.format(
        channel=f"PJSIP/{'1001' if is_leg else 'carrier'}-{number:08x}",
        id=f"leg-{number}" if is_leg else f"cc-1795300915.{number}",
        context=context,
        state=state,
        state_name=state_name,
    )
