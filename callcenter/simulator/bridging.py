"""Who is bridged with whom: holding bridges (``BridgeWait``) and conversations of two.

The order of events is that of Asterisk 22: a channel leaves with ``MusicOnHoldStop`` and
``BridgeLeave``, enters with ``BridgeEnter`` and ``MusicOnHoldStart``. A holding bridge lives
while an application uses it, also for a channel that was bridged away from it and will come
back.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from callcenter.simulator.bridge import Bridge
from callcenter.simulator.channel import (
    Channel,
    HearsMusic,
    HearsNothing,
    HearsPerson,
    Held,
    Stop,
)
from callcenter.simulator.dialplan import Location
from callcenter.simulator.exchange import Exchange
from callcenter.simulator.messages import Message, Privilege
from callcenter.simulator.runner import NORMAL_CLEARING, Runner
from callcenter.simulator.timers import Timer

SIMPLE = "simple_bridge"
"""Technology of a bridge of two, until their media flow past it."""


class Bridges:
    """All bridges of the PBX."""

    def __init__(self, exchange: Exchange, runner: Runner) -> None:
        self.exchange = exchange
        self.runner = runner
        self.rooms: dict[str, Room] = {}

    # --- what every bridge does ---

    def create(self, kind: str, technology: str, creator: str = "", name: str = "") -> Bridge:
        """Make a bridge and tell it."""
        bridge = Bridge(self.exchange.make_bridge_id(), kind, technology, creator, name)
        self.exchange.bridges[bridge.id] = bridge
        self.emit("BridgeCreate", bridge)
        return bridge

    def destroy(self, bridge: Bridge) -> None:
        """Take a bridge away and tell it; harmless when it is gone."""
        if self.exchange.bridges.pop(bridge.id, None) is not None:
            self.emit("BridgeDestroy", bridge)

    def enter(self, bridge: Bridge, channel: Channel) -> None:
        """Let a channel in and tell it."""
        bridge.members[channel.uniqueid] = channel
        channel.bridge_id = bridge.id
        self.emit("BridgeEnter", bridge, channel)

    def leave(self, bridge: Bridge, channel: Channel, *, keeps_cause: bool = False) -> None:
        """Let a channel out and tell it. ``keeps_cause``: it moves on to another bridge."""
        del bridge.members[channel.uniqueid]
        channel.bridge_id = ""
        if not keeps_cause and not channel.hangup_cause:
            channel.hangup_cause = NORMAL_CLEARING
        self.emit("BridgeLeave", bridge, channel)

    def emit(self, name: str, bridge: Bridge, channel: Channel | None = None) -> None:
        """Send an event about a bridge, and a channel in it."""
        if self.exchange.is_told(name):
            headers: Message = bridge.describe() + (channel.describe() if channel else [])
            self.exchange.emit(Privilege.CALL, name, headers)

    # --- music ---

    def start_music(self, channel: Channel) -> None:
        """Play music on hold to this channel."""
        channel.hears_music = True
        music = channel.music_class or "default"
        self.exchange.emit_call("MusicOnHoldStart", channel, [("Class", music)])
        self.exchange.signal(HearsMusic(channel.uniqueid))

    def stop_music(self, channel: Channel) -> None:
        """Stop it; harmless when there is none."""
        if channel.hears_music:
            channel.hears_music = False
            self.exchange.emit_call("MusicOnHoldStop", channel)
            self.exchange.signal(HearsNothing(channel.uniqueid))

    # --- BridgeWait ---

    def bridge_wait(self, channel: Channel, arguments: str) -> bool:
        """``BridgeWait(name,participant,e(m|s)S(seconds))``."""
        name, _, rest = arguments.partition(",")
        options = rest.partition(",")[2]
        limit = re.search(r"S\((\d+)\)", options)
        room = self.rooms.get(name)
        if room is None:
            room = Room(self.create("base", "holding_bridge", "BridgeWait", name))
            self.rooms[name] = room
        waiting = Waiting(self, room, channel)
        room.users[channel.uniqueid] = channel
        channel.activity = waiting
        self.enter(room.bridge, channel)
        if "e(m)" in options:
            self.start_music(channel)
        elif "e(s)" in options:
            channel.has_heard_silence = True
        if limit:
            waiting.look = self.exchange.after(float(limit[1]), waiting.go_on)
        return False

    def release(self, channel: Channel) -> None:
        """This channel's BridgeWait has returned: its holding bridge goes when nobody else uses
        it.
        """
        for room in list(self.rooms.values()):
            if room.users.pop(channel.uniqueid, None) is not None and not room.users:
                del self.rooms[room.bridge.name]
                self.destroy(room.bridge)

    # --- conversations ---

    def join(self, first: Channel, second: Channel) -> None:
        """What the AMI action ``Bridge`` does: take both out of what they are in and let them
        talk.
        """
        talk = Conversation(self, self.create("basic", SIMPLE))
        for channel in (first, second):
            talk.add(channel, self.runner.take_out(channel))


class Room:
    """A holding bridge and the channels whose ``BridgeWait`` uses it, in it or bridged away from
    it.
    """

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge
        self.users: dict[str, Channel] = {}


class Waiting(Held):
    """A channel in a holding bridge."""

    def __init__(self, bridges: Bridges, room: Room, channel: Channel) -> None:
        self.bridges = bridges
        self.room = room
        self.channel = channel
        self.look: Timer | None = None
        """When it looks at the heartbeat again."""

    def go_on(self) -> None:
        """The time of ``S()`` is over: back to the dialplan."""
        self._leave()
        self.bridges.release(self.channel)
        self.bridges.runner.proceed(self.channel)

    def stop(self, channel: Channel, why: Stop) -> None:
        """Out of the bridge; a channel that is bridged comes back to this application."""
        if self.look is not None:
            self.look.cancel()
        self._leave(keeps_cause=why is Stop.BRIDGED)
        if why is not Stop.BRIDGED:
            self.bridges.release(channel)

    def _leave(self, *, keeps_cause: bool = False) -> None:
        self.bridges.stop_music(self.channel)
        self.channel.arrive()
        self.bridges.leave(self.room.bridge, self.channel, keeps_cause=keeps_cause)


class Conversation(Held):
    """Two channels that hear each other. When one leaves, the other goes on in the dialplan, or is
    hung up.
    """

    def __init__(self, bridges: Bridges, bridge: Bridge) -> None:
        self.bridges = bridges
        self.bridge = bridge
        self.after: dict[str, Location | None] = {}
        self.on_end: Callable[[], None] = lambda: None
        """Told when the first of the two leaves."""

    def add(self, channel: Channel, after: Location | None) -> None:
        """Let a channel in that will go on at ``after``, or be hung up; the second makes it a
        conversation.
        """
        others = list(self.bridge.members.values())
        self.after[channel.uniqueid] = after
        channel.activity = self
        if others:
            both = (*others, channel)
            eldest = min(both, key=lambda one: one.created_at)
            for one in both:
                one.linkedid = eldest.linkedid
        self.bridges.enter(self.bridge, channel)
        for other in others:
            self._connect(other, channel)

    def find_next(self, channel: Channel, next_step: Location) -> Location | None:
        """Taken to another bridge, it goes on where it would have gone on after this one."""
        after = self.after[channel.uniqueid]
        return next_step if after is None and channel.runs_dialplan else after

    def stop(self, channel: Channel, why: Stop) -> None:
        """This channel leaves, and the other with it, at once or an instant later: Asterisk's
        threads race.
        """
        others = [one for one in self.bridge.members.values() if one is not channel]
        if others:
            self.on_end()
        channel.arrive()
        self.bridges.exchange.signal(HearsNothing(channel.uniqueid))
        self.bridges.leave(self.bridge, channel, keeps_cause=why is Stop.BRIDGED)
        if why is Stop.BRIDGED:
            # The bridge outlives the move for an instant, with one channel in it.
            self.bridge.technology = SIMPLE
        else:
            self.bridges.release(channel)
        if not others:
            self.bridges.destroy(self.bridge)
        for other in others:
            # A Bridge action that joins these two anew still finds the other one here.
            if why is not Stop.BRIDGED and self.bridges.exchange.rng.random() < 0.5:
                self._dismiss(other)
            else:
                self.bridges.exchange.soon(partial(self._dismiss, other), most_ms=0.8)

    def _connect(self, a: Channel, b: Channel) -> None:
        # Both speak one codec: Asterisk lets its RTP engine bridge them.
        self.bridge.technology = "native_rtp"
        for one, other in ((a, b), (b, a)):
            one.connected_number, one.connected_name = other.caller_number, other.caller_name
            self.bridges.exchange.signal(HearsPerson(one.uniqueid, other.uniqueid, other.endpoint))

    def _dismiss(self, channel: Channel) -> None:
        """The other one has left: this one goes on by itself."""
        if channel.activity is not self:
            return
        after = self.after[channel.uniqueid]
        self.bridges.exchange.signal(HearsNothing(channel.uniqueid))
        self.bridges.leave(self.bridge, channel)
        self.bridges.destroy(self.bridge)
        self.bridges.release(channel)
        channel.activity = None
        if after is None:
            self.bridges.runner.hang_up(channel)
        else:
            self.bridges.runner.start(channel, after)
