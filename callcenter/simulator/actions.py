"""AMI actions of the simulated PBX: what each checks, answers and does.

The words of every answer are Asterisk 22's. The answer is given before anything happens, so
that it precedes the events which the action leads to, as it does in the session that sent it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from callcenter.simulator.agi import AsyncAgi
from callcenter.simulator.bridging import Bridges
from callcenter.simulator.channel import Channel
from callcenter.simulator.dialing import Order, Originate
from callcenter.simulator.dialplan import Location
from callcenter.simulator.endpoints import Endpoints
from callcenter.simulator.exchange import Exchange
from callcenter.simulator.functions import read_function, read_variable
from callcenter.simulator.messages import Message, Privilege, get, get_all
from callcenter.simulator.native_queue import NativeQueue
from callcenter.simulator.runner import Runner

DEFAULT_ORIGINATE_MS = 30_000
"""Asterisk's own, where ``Timeout`` is missing."""
Reply = Callable[[Message], None]
"""Writes a message to the session that sent the action, ActionID put in by ``answer``."""


class Request:
    """One action, and how to answer it."""

    def __init__(self, headers: Message, write: Reply) -> None:
        self.headers = headers
        self.write = write
        self.action_id = get(headers, "ActionID")

    def get(self, name: str) -> str:
        """The first header of this name; empty when it is missing."""
        return get(self.headers, name)

    def answer(self, response: str, *rest: tuple[str, str]) -> None:
        """Send the response: ``Success``, ``Error`` or ``Goodbye``."""
        self.write([("Response", response), *self._id(), *rest])

    def accept(self, message: str) -> None:
        """Success with these words."""
        self.answer("Success", ("Message", message))

    def refuse(self, message: str) -> None:
        """Error with these words."""
        self.answer("Error", ("Message", message))

    def begin_list(self, message: str) -> None:
        """Say that a list follows."""
        self.answer("Success", ("EventList", "start"), ("Message", message))

    def end_list(self, event: str, count: int, *rest: tuple[str, str]) -> None:
        """Say that the list is complete."""
        ends = [("EventList", "Complete"), ("ListItems", str(count))]
        self.write([("Event", event), *self._id(), *ends, *rest])

    def _id(self) -> Message:
        return [("ActionID", self.action_id)] if self.action_id else []


class Actions:
    """Every action that has to do with calls."""

    def __init__(
        self,
        exchange: Exchange,
        runner: Runner,
        bridges: Bridges,
        agi: AsyncAgi,
        queue: NativeQueue,
        endpoints: Endpoints,
    ) -> None:
        self.exchange = exchange
        self.runner = runner
        self.bridges = bridges
        self.agi = agi
        self.queue = queue
        self.endpoints = endpoints
        p = Privilege
        self.table: dict[str, tuple[Privilege, Callable[[Request], None]]] = {
            "absolutetimeout": (p.SYSTEM | p.CALL, self.set_absolute_timeout),
            "agi": (p.AGI, self.add_agi_command),
            "bridge": (p.CALL, self.bridge),
            "bridgelist": (p.NONE, self.list_bridges),
            "coreshowchannels": (p.SYSTEM | p.REPORTING, self.list_channels),
            "getvar": (p.CALL | p.REPORTING, self.get_variable),
            "hangup": (p.SYSTEM | p.CALL, self.hang_up),
            "originate": (p.ORIGINATE, self.originate),
            "ping": (p.NONE, self.ping),
            "queueadd": (p.AGENT, self.add_member),
            "queueremove": (p.AGENT, self.remove_member),
            "redirect": (p.CALL, self.redirect),
            "setvar": (p.CALL, self.set_variable),
            "status": (p.SYSTEM | p.CALL | p.REPORTING, self.list_status),
            "userevent": (p.USER, self.user_event),
        }
        """Action in small letters -> classes of which the account needs one, and what it does."""
        self.table |= dict.fromkeys(
            ("createconfig", "getconfig", "getconfigjson", "listcategories", "updateconfig"),
            (p.CONFIG, self.touch_config),
        )

    # --- the PBX itself ---

    def ping(self, request: Request) -> None:
        """``Ping``."""
        clock = f"{self.exchange.read_clock():.6f}"
        request.answer("Success", ("Ping", "Pong"), ("Timestamp", clock))

    def touch_config(self, request: Request) -> None:
        """Actions on Asterisk's files, which no account of ours may use; not modelled."""
        request.refuse("Config file not found")

    def user_event(self, request: Request) -> None:
        """``UserEvent``: sends the event to everybody, with the action's other headers."""
        request.accept("Event Sent")
        skipped = ("userevent", "action")
        rest = [(key, value) for key, value in request.headers if key.lower() not in skipped]
        event = [("UserEvent", request.get("UserEvent")), *rest]
        self.exchange.emit(Privilege.USER, "UserEvent", event)

    def set_variable(self, request: Request) -> None:
        """``Setvar`` of a channel, or without Channel of a global variable."""
        name, value = request.get("Variable"), request.get("Value")
        if not name:
            request.refuse("No variable specified")
            return
        channel = self._find(request)
        if channel is None and request.get("Channel"):
            request.refuse("No such channel")
            return
        request.accept("Variable Set")
        if channel is None:
            self.exchange.globals[name] = value
        elif name.replace(" ", "").lower() == "timeout(absolute)":
            self.runner.set_timeout(channel, float(value or 0))
        else:
            channel.variables[name] = value

    def get_variable(self, request: Request) -> None:
        """``Getvar``: ``EPOCH`` without a channel is the PBX's clock."""
        name = request.get("Variable")
        if not name:
            request.refuse("No variable specified")
            return
        channel = self._find(request)
        if channel is None and request.get("Channel"):
            request.refuse("No such channel")
            return
        request.answer("Success", ("Variable", name), ("Value", self._read(channel, name) or ""))

    # --- channels ---

    def hang_up(self, request: Request) -> None:
        """``Hangup`` by name or Uniqueid. Patterns (``/regex/``) are not modelled."""
        if not request.get("Channel"):
            request.refuse("No channel specified")
            return
        channel = self._find(request)
        if channel is None:
            request.refuse("No such channel")
            return
        cause = request.get("Cause")
        request.accept("Channel Hungup")
        self.runner.hang_up(channel, int(cause) if cause.isdigit() and int(cause) < 128 else 0)

    def redirect(self, request: Request) -> None:
        """``Redirect`` of one channel. ExtraChannel is not modelled."""
        for name in ("Channel", "Context", "Exten", "Priority"):
            if not request.get(name):
                request.refuse(f"{name} not specified")
                return
        context, exten = request.get("Context"), request.get("Exten")
        priority = self.runner.dialplan.find_priority(context, exten, request.get("Priority"))
        channel = self._find(request)
        if not priority:
            request.refuse("Priority is invalid")
        elif channel is None:
            request.refuse(f"Channel does not exist: {request.get('Channel')}")
        elif not channel.is_up:
            request.refuse("Redirect failed")
        else:
            request.accept("Redirect successful")
            self.runner.move(channel, Location(context, exten, priority))

    def set_absolute_timeout(self, request: Request) -> None:
        """``AbsoluteTimeout``: sets the watchdog anew, in seconds; 0 is refused."""
        timeout = re.match(r"\s*\d*\.?\d*", request.get("Timeout"))
        timeout_s = float(timeout[0]) if timeout and timeout[0].strip(" .") else 0.0
        channel = self._find(request)
        if not request.get("Channel"):
            request.refuse("No channel specified")
        elif not timeout_s:
            request.refuse("No timeout specified")
        elif channel is None:
            request.refuse("No such channel")
        else:
            request.accept("Timeout Set")
            self.runner.set_timeout(channel, timeout_s)

    def bridge(self, request: Request) -> None:
        """``Bridge``: names count as prefixes, Uniqueids whole."""
        names = (request.get("Channel1"), request.get("Channel2"))
        if not all(names):
            request.refuse("Missing channel parameter in request")
            return
        found: list[Channel] = []
        for number, name in enumerate(names, 1):
            channel = self.exchange.find_by_prefix(name)
            if channel is None:
                request.refuse(f"Channel{number} does not exist: {name}")
                return
            if not channel.is_up or channel in found:
                request.refuse(f"Unable to add Channel{number} to bridge: {channel.name}")
                return
            found.append(channel)
        request.accept("Channels have been bridged")
        self.bridges.join(found[0], found[1])

    def add_agi_command(self, request: Request) -> None:
        """``AGI``: queues a command."""
        name, command = request.get("Channel"), request.get("Command")
        if not name or not command:
            request.refuse("Both, Channel and Command are *required*")
            return
        channel = self._find(request)
        if channel is None:
            request.refuse(f"Channel {name} does not exist.")
        elif self.agi.add_command(channel, command, request.get("CommandID")):
            request.accept("Added AGI command to queue")
        else:
            request.refuse(f"Failed to add AGI command to channel {channel.name} queue")

    def originate(self, request: Request) -> None:
        """``Originate`` to an extension, always as with Async. Applications are not modelled."""
        tech, slash, dialed = request.get("Channel").partition("/")
        if not tech:
            request.refuse("Channel not specified")
            return
        if not slash:
            request.refuse("Invalid channel")
            return
        context, exten = request.get("Context"), request.get("Exten")
        dialplan = self.runner.dialplan
        priority = dialplan.find_priority(context, exten, request.get("Priority"))
        target = Location(context, exten, priority or 0)
        if priority is None or dialplan.find_step(target) is None:
            request.refuse("Extension does not exist.")
            return
        timeout = request.get("Timeout") or str(DEFAULT_ORIGINATE_MS)
        if not timeout.isdigit():
            request.refuse("Invalid timeout")
            return
        name, number = _parse_caller_id(request.get("CallerID"))
        before, at, after = dialed.partition("@")
        endpoint, called = (after, before) if at else (dialed, "")
        order = Order(
            dialed=dialed,
            endpoint=endpoint,
            number=called,
            target=target,
            timeout_s=int(timeout) / 1000,
            channel_id=request.get("ChannelId"),
            caller_number=number,
            caller_name=name,
            variables=dict(_split_variable(one) for one in get_all(request.headers, "Variable")),
            action_id=request.action_id,
        )
        request.accept("Originate successfully queued")
        attempt = Originate(self.exchange, self.runner, order)
        is_there = (
            endpoint == self.exchange.settings.trunk if at else self.endpoints.can_dial(endpoint)
        )
        can_dial = tech.upper() == "PJSIP" and is_there
        self.exchange.soon(lambda: attempt.begin(can_dial=can_dial))

    # --- lists ---

    def list_status(self, request: Request) -> None:
        """``Status`` of one channel or all, with ``Variables``."""
        channels = list(self.exchange.channels.values())
        if request.get("Channel"):
            channel = self._find(request)
            if channel is None:
                request.refuse("No such channel")
                return
            channels = [channel]
        request.begin_list("Channel status will follow")
        names = [name for name in request.get("Variables").split(",") if name]
        for channel in channels:
            ends = [("ActionID", request.action_id)] if request.action_id else []
            request.write(self._describe_status(channel, names) + ends)
        count = len(channels)
        request.end_list("StatusComplete", count, ("Items", str(count)))

    def _describe_status(self, channel: Channel, names: list[str]) -> Message:
        fires_at = 0
        if channel.watchdog is not None:
            fires_at = int(channel.watchdog.at + self.exchange.settings.clock_offset_s)
        values = [(name, self._read(channel, name)) for name in names]
        return [
            ("Event", "Status"),
            ("Privilege", "Call"),
            *channel.describe(),
            ("Type", "PJSIP"),
            ("DNID", channel.dialed_number),
            ("EffectiveConnectedLineNum", channel.connected_number or "<unknown>"),
            ("EffectiveConnectedLineName", channel.connected_name or "<unknown>"),
            ("TimeToHangup", str(fires_at)),
            ("BridgeID", channel.bridge_id),
            ("Application", channel.application or "(null)"),
            ("Data", channel.data if channel.application else "(null)"),
            ("Nativeformats", channel.formats),
            ("Readformat", "slin" if channel.is_listened_to else "ulaw"),
            ("Readtrans", "(ulaw@8000)->(slin@8000)" if channel.is_listened_to else ""),
            ("Writeformat", "slin" if channel.has_heard_silence else "ulaw"),
            ("Writetrans", "(slin@8000)->(ulaw@8000)" if channel.has_heard_silence else ""),
            ("Callgroup", "0"),
            ("Pickupgroup", "0"),
            ("Seconds", str(int(self.exchange.now - channel.created_at))),
            *[
                ("Variable", f"{name}={'(null)' if value is None else value}")
                for name, value in values
            ],
        ]

    def list_channels(self, request: Request) -> None:
        """``CoreShowChannels``."""
        request.begin_list("Channels will follow")
        channels = list(self.exchange.channels.values())
        for channel in channels:
            age = int(self.exchange.now - channel.created_at)
            row: Message = [("Event", "CoreShowChannel")]
            if request.action_id:
                row.append(("ActionID", request.action_id))
            row += [
                *channel.describe(),
                ("Application", channel.application),
                ("ApplicationData", channel.data),
                ("Duration", f"{age // 3600:02d}:{age // 60 % 60:02d}:{age % 60:02d}"),
                ("BridgeId", channel.bridge_id),
            ]
            request.write(row)
        request.end_list("CoreShowChannelsComplete", len(channels))

    def list_bridges(self, request: Request) -> None:
        """``BridgeList``, all or those of one technology (which Asterisk calls BridgeType)."""
        wanted = request.get("BridgeType")
        request.begin_list("Bridge listing will follow")
        bridges = [
            bridge for bridge in self.exchange.bridges.values() if wanted in ("", bridge.technology)
        ]
        for bridge in bridges:
            row: Message = [("Event", "BridgeListItem")]
            if request.action_id:
                row.append(("ActionID", request.action_id))
            request.write(row + bridge.describe())
        request.end_list("BridgeListComplete", len(bridges))

    # --- the native queue's members ---

    def add_member(self, request: Request) -> None:
        """``QueueAdd``."""
        queue, interface = request.get("Queue"), request.get("Interface")
        if not queue:
            request.refuse("'Queue' not specified.")
        elif not interface:
            request.refuse("'Interface' not specified.")
        elif queue != self.queue.settings.name:
            request.refuse("Unable to add interface to queue: No such queue")
        elif interface in self.queue.members:
            request.refuse("Unable to add interface: Already there")
        else:
            request.accept("Added interface to queue")
            self.queue.add(interface, request.get("MemberName"))

    def remove_member(self, request: Request) -> None:
        """``QueueRemove``."""
        queue, interface = request.get("Queue"), request.get("Interface")
        if not queue or not interface:
            request.refuse("Need 'Queue' and 'Interface' parameters.")
        elif queue != self.queue.settings.name:
            request.refuse("Unable to remove interface from queue: No such queue")
        elif interface not in self.queue.members:
            request.refuse("Unable to remove interface: Not there")
        else:
            request.accept("Removed interface from queue")
            self.queue.remove(interface)

    # --- small things ---

    def _find(self, request: Request) -> Channel | None:
        name = request.get("Channel")
        return self.exchange.find(name) if name else None

    def _read(self, channel: Channel | None, name: str) -> str | None:
        if name.endswith(")") and "(" in name:
            function, _, argument = name[:-1].partition("(")
            return read_function(channel, function, argument)
        return read_variable(self.exchange, channel, name)


def _parse_caller_id(text: str) -> tuple[str, str]:
    """Name and number of ``"Name" <number>`` or of a bare number."""
    match = re.fullmatch(r'\s*"?([^"<]*?)"?\s*<([^>]*)>\s*', text)
    if match:
        return match[1], match[2]
    return "", text.strip()


def _split_variable(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.lstrip("_"), value
