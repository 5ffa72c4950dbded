"""Asterisk's own queue (app_queue), as the fallback needs it: one queue, members added over AMI,
``leastrecent``.

A caller whose turn it is tries the best free member, then the next; when nobody answers it
waits a moment and tries again. Both sides of a call that it connected are hung up when one
hangs up.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from msgspec import Struct

from callcenter.simulator.bridging import SIMPLE, Bridges, Conversation
from callcenter.simulator.channel import Channel, ChannelState, Stop
from callcenter.simulator.dialing import OUTGOING_LINE, PHONE_CONTEXT, Leg
from callcenter.simulator.dialplan import Location
from callcenter.simulator.endpoints import DeviceState, Endpoints
from callcenter.simulator.exchange import Exchange
from callcenter.simulator.messages import Message, Privilege
from callcenter.simulator.runner import Runner
from callcenter.simulator.timers import Timer

RECHECK_S = 1.0
"""A caller who is not yet at the head looks again after this."""
LEAST_TIME_LEFT_S = 0.5
"""With less of its ring time left, the queue tries no further member."""


class QueueSettings(Struct, frozen=True):
    """One queue of queues.conf. Times in seconds."""

    name: str = "cc-fallback"
    ring_timeout_s: float = 15.0
    retry_s: float = 1.0
    wrapup_s: float = 5.0


class Member:
    """An agent's phone in the queue."""

    def __init__(self, interface: str, name: str, logged_in_at: int) -> None:
        self.interface = interface
        self.name = name
        self.logged_in_at = logged_in_at
        self.calls_taken = 0
        self.last_call = 0
        self.is_called = False
        """A caller of this queue is ringing it."""
        self.told_state = DeviceState.UNKNOWN

    @property
    def phone(self) -> str:
        """The endpoint's name."""
        return self.interface.partition("/")[2]


class Entry:
    """A caller in the queue."""

    def __init__(self, queue: NativeQueue, channel: Channel) -> None:
        self.queue = queue
        self.channel = channel
        self.joined_at = queue.exchange.now
        self.place = 0
        self.first_place = 0
        self.attempt: Attempt | None = None
        self.timer: Timer | None = None

    def stop(self, channel: Channel, why: Stop) -> None:
        """See ``Activity``."""
        self.queue.give_up(self, why)


class Attempt:
    """One round of trying members."""

    def __init__(self, deadline: float, began: float) -> None:
        self.deadline = deadline
        self.began = began
        self.tried: dict[str, None] = {}
        self.leg: Leg | None = None
        self.member: Member | None = None


class QueueTalk(NamedTuple):
    """A call that the queue has connected and not yet told complete."""

    caller: Channel
    agent: Channel
    member: Member
    hold_s: int
    began: float


class NativeQueue:
    """The application ``Queue`` and the actions on its members."""

    def __init__(
        self,
        exchange: Exchange,
        runner: Runner,
        bridges: Bridges,
        endpoints: Endpoints,
        settings: QueueSettings,
    ) -> None:
        self.exchange = exchange
        self.runner = runner
        self.bridges = bridges
        self.endpoints = endpoints
        self.settings = settings
        self.members: dict[str, Member] = {}
        self.entries: list[Entry] = []
        self._talks: list[QueueTalk] = []
        endpoints.on_change.append(self._device_changed)
        exchange.on_hangup_request.append(self._complete)

    # --- members ---

    def add(self, interface: str, name: str) -> bool:
        """``QueueAdd``; False when it is there already."""
        if interface in self.members:
            return False
        member = Member(interface, name or interface, int(self.exchange.read_clock()))
        self.members[interface] = member
        self._emit_member("QueueMemberAdded", member)
        return True

    def remove(self, interface: str) -> bool:
        """``QueueRemove``; False when it is not there. A call on it goes on."""
        member = self.members.pop(interface, None)
        if member is None:
            return False
        self._emit_member("QueueMemberRemoved", member)
        return True

    def _device_changed(self, phone: str) -> None:
        member = self.members.get(f"PJSIP/{phone}")
        if member is not None:
            # Device states take a way of their own through Asterisk: they come a little later.
            self.exchange.soon(lambda: self._tell_state(member))

    def _tell_state(self, member: Member) -> None:
        still_there = self.members.get(member.interface) is member
        if still_there and self.endpoints.read_state(member.phone) is not member.told_state:
            self._emit_member("QueueMemberStatus", member)

    def _emit_member(self, name: str, member: Member) -> None:
        member.told_state = self.endpoints.read_state(member.phone)
        headers = [
            ("Queue", self.settings.name),
            ("MemberName", member.name),
            ("Interface", member.interface),
            ("StateInterface", member.interface),
            ("Membership", "dynamic"),
            ("Penalty", "0"),
            ("CallsTaken", str(member.calls_taken)),
            ("LastCall", str(member.last_call)),
            ("LastPause", "0"),
            ("LoginTime", str(member.logged_in_at)),
            ("InCall", "0"),
            ("Status", str(member.told_state.value)),
            ("Paused", "0"),
            ("PausedReason", ""),
            ("Ringinuse", "0"),
            ("Wrapuptime", "0"),
        ]
        self.exchange.emit(Privilege.AGENT, name, headers)

    def _is_free(self, member: Member) -> bool:
        state = self.endpoints.read_state(member.phone)
        if member.is_called or state not in (DeviceState.NOT_INUSE, DeviceState.UNKNOWN):
            return False
        rested_at = member.last_call + self.settings.wrapup_s
        return not member.last_call or int(self.exchange.read_clock()) >= rested_at

    # --- callers ---

    def enter(self, channel: Channel, arguments: str) -> bool:
        """``Queue(name)``."""
        if arguments.split(",")[0] != self.settings.name:
            return True  # no such queue: the application returns at once
        entry = Entry(self, channel)
        self.entries.append(entry)
        entry.place = entry.first_place = len(self.entries)
        channel.activity = entry
        self._emit_caller("QueueCallerJoin", entry, self._count())
        self.bridges.start_music(channel)
        self._look(entry)
        return False

    def give_up(self, entry: Entry, why: Stop) -> None:
        """The caller is taken out: hung up, moved, or bridged (then app_queue says nothing at
        all).
        """
        if entry.timer is not None:
            entry.timer.cancel()
        self.bridges.stop_music(entry.channel)
        entry.channel.arrive()
        attempt, entry.attempt = entry.attempt, None
        leg = attempt.leg if attempt else None
        if why is Stop.BRIDGED:
            self._drop(entry)
            if leg is not None and attempt is not None:
                self._release(attempt)
                self.exchange.soon(lambda: leg.cancel(0))
            return
        if leg is not None and attempt is not None:
            self._release(attempt)
            # Asterisk 22 says it twice.
            leg.emit_dial("DialEnd", [("DialStatus", "CANCEL")])
            leg.emit_dial("DialEnd", [("DialStatus", "CANCEL")])
            leg.cancel(0)
        position = entry.place
        held = [
            ("Queue", self.settings.name),
            ("Position", str(position)),
            ("OriginalPosition", str(entry.first_place)),
            ("HoldTime", str(self._held_s(entry))),
        ]
        self._emit("QueueCallerAbandon", entry.channel, held)
        self._leave(entry)

    def _leave(self, entry: Entry) -> None:
        place = entry.place
        self._drop(entry)
        entry.place = place
        self._emit_caller("QueueCallerLeave", entry, self._count())

    def _drop(self, entry: Entry) -> None:
        if entry in self.entries:
            self.entries.remove(entry)
        for place, other in enumerate(self.entries, 1):
            other.place = place

    def _count(self) -> Message:
        return [("Count", str(len(self.entries)))]

    def _held_s(self, entry: Entry) -> int:
        offset = self.exchange.settings.clock_offset_s
        return int(self.exchange.now + offset) - int(entry.joined_at + offset)

    # --- trying members ---

    def _look(self, entry: Entry) -> None:
        """Try members when it is this caller's turn (autofill: as many callers as members are
        free).
        """
        ahead = 0
        for other in self.entries:
            if other is entry:
                break
            ahead += other.attempt is None
        free = sum(1 for member in self.members.values() if self._is_free(member))
        if ahead < free:
            now = self.exchange.now
            entry.attempt = Attempt(now + self.settings.ring_timeout_s, now)
            self._try_next(entry, entry.attempt)
        else:
            entry.timer = self.exchange.after(RECHECK_S, lambda: self._look(entry))

    def _try_next(self, entry: Entry, attempt: Attempt) -> None:
        """Ring the free member whose last call is longest ago; nobody left: wait and look again."""
        while True:
            free = [
                member
                for member in self.members.values()
                if member.interface not in attempt.tried and self._is_free(member)
            ]
            if not free:
                self._retry(entry)
                return
            member = min(free, key=lambda one: one.last_call)
            attempt.tried[member.interface] = None
            if self.endpoints.can_dial(member.phone):
                self._ring(entry, attempt, member)
                return

    def _retry(self, entry: Entry) -> None:
        entry.attempt = None
        entry.timer = self.exchange.after(self.settings.retry_s, lambda: self._look(entry))

    def _ring(self, entry: Entry, attempt: Attempt, member: Member) -> None:
        caller = entry.channel
        channel = self.exchange.add_channel(member.phone, ChannelState.DOWN)
        channel.location = Location(PHONE_CONTEXT, "s", 1)
        channel.linkedid = caller.linkedid
        channel.application, channel.data = "AppQueue", OUTGOING_LINE
        channel.caller_number = channel.caller_name = member.phone
        self.exchange.emit_call("Newchannel", channel)
        as_made = channel.describe("Dest")
        channel.connected_number, channel.connected_name = caller.caller_number, caller.caller_name
        attempt.member, attempt.leg = (
            member,
            Leg(self.exchange, Ringing(entry, attempt), channel, caller),
        )
        attempt.began = self.exchange.now
        member.is_called = True
        attempt.leg.begin(caller.caller_number)
        self._emit_agent("AgentCalled", attempt, [])
        attempt.leg.emit_dial("DialBegin", [("DialString", member.interface)], as_made)
        caller.connected_number, caller.connected_name = channel.caller_number, channel.caller_name
        left = attempt.deadline - self.exchange.now
        entry.timer = self.exchange.after(left, lambda: self._rung_out(entry, attempt))

    def _release(self, attempt: Attempt) -> None:
        attempt.leg = None
        if attempt.member is not None:
            attempt.member.is_called = False

    def _rung_out(self, entry: Entry, attempt: Attempt) -> None:
        leg = attempt.leg
        assert leg is not None
        ring_ms = int(self.settings.ring_timeout_s * 1000)
        self._emit_agent("AgentRingNoAnswer", attempt, [("RingTime", str(ring_ms))])
        leg.emit_dial("DialEnd", [("DialStatus", "NOANSWER")])
        leg.emit_dial("DialEnd", [("DialStatus", "CANCEL")])
        self._release(attempt)
        leg.cancel(0)
        self._retry(entry)

    def refused(self, entry: Entry, attempt: Attempt, leg: Leg) -> None:
        """The member's phone said no: the next member, while there is ring time left."""
        if entry.timer is not None:
            entry.timer.cancel()
        leg.emit_dial("DialEnd", [("DialStatus", "NOANSWER")])
        rang_s = int(self.exchange.now) - int(attempt.began)
        self._emit_agent("AgentRingNoAnswer", attempt, [("RingTime", str(rang_s * 1000))])
        self._release(attempt)
        self.exchange.end_channel(leg.channel)
        if attempt.deadline - self.exchange.now > LEAST_TIME_LEFT_S:
            self._try_next(entry, attempt)
        else:
            self._retry(entry)

    def answered(self, entry: Entry, attempt: Attempt, leg: Leg) -> None:
        """The member picked up: caller and agent talk."""
        if entry.timer is not None:
            entry.timer.cancel()
        caller, agent, member = entry.channel, leg.channel, attempt.member
        assert member is not None
        leg.emit_dial("DialEnd", [("DialStatus", "ANSWER")])
        self.bridges.stop_music(caller)
        entry.attempt = None
        self._leave(entry)
        hold_s, began = self._held_s(entry), self.exchange.now
        rang_s = int(began - attempt.began)
        times = [("HoldTime", str(hold_s)), ("RingTime", str(rang_s))]
        self._emit_agent("AgentConnect", attempt, times)
        self._release(attempt)
        self._talks.append(QueueTalk(caller, agent, member, hold_s, began))
        conversation = Conversation(self.bridges, self.bridges.create("basic", SIMPLE))
        conversation.on_end = partial(self._count_call, member)
        conversation.add(agent, None)
        conversation.add(caller, None)

    def _count_call(self, member: Member) -> None:
        member.calls_taken += 1
        member.last_call = int(self.exchange.read_clock())

    def _complete(self, first: Channel) -> None:
        """One of two whom the queue connected is about to end: say so.

        app_queue listens for such requests and for nothing else. So a caller taken out of the
        conversation completes it when it ends, long after the agent's channel.
        """
        for talk in self._talks:
            if first in (talk.caller, talk.agent):
                self._talks.remove(talk)
                agent = [] if talk.agent.is_gone else talk.agent.describe("Dest")
                told = [
                    ("HoldTime", str(talk.hold_s)),
                    ("TalkTime", str(int(self.exchange.now - talk.began))),
                    ("Reason", "caller" if first is talk.caller else "agent"),
                ]
                headers = [*agent, *self._describe_member(talk.member), *told]
                self._emit("AgentComplete", talk.caller, headers)
                return

    # --- events ---

    def _emit(self, name: str, channel: Channel, headers: Message) -> None:
        self.exchange.emit(Privilege.AGENT, name, channel.describe() + headers)

    def _emit_caller(self, name: str, entry: Entry, extra: Message) -> None:
        place = [("Queue", self.settings.name), ("Position", str(entry.place))]
        self._emit(name, entry.channel, place + extra)

    def _emit_agent(self, name: str, attempt: Attempt, extra: Message) -> None:
        leg, member = attempt.leg, attempt.member
        assert leg is not None
        assert member is not None
        assert leg.caller is not None
        headers = leg.channel.describe("Dest") + self._describe_member(member) + extra
        self._emit(name, leg.caller, headers)

    def _describe_member(self, member: Member) -> Message:
        return [
            ("Queue", self.settings.name),
            ("Interface", member.interface),
            ("MemberName", member.name),
        ]


class Ringing:
    """The owner of a leg that the queue rings."""

    def __init__(self, entry: Entry, attempt: Attempt) -> None:
        self.entry = entry
        self.attempt = attempt

    def answered(self, leg: Leg) -> None:
        """See ``LegOwner``. The caller may have been taken away in that very instant."""
        queue = self.entry.queue
        if self.attempt.leg is leg:
            queue.answered(self.entry, self.attempt, leg)
        else:
            queue.runner.hang_up(leg.channel)

    def refused(self, leg: Leg, status: str) -> None:
        """See ``LegOwner``."""
        queue = self.entry.queue
        if self.attempt.leg is leg:
            queue.refused(self.entry, self.attempt, leg)
        else:
            queue.exchange.end_channel(leg.channel)
