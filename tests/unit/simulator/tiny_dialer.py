"""A tiny stand-in for the outbound service, over AMI alone: keeps agents' lines open, dials a list
and joins people with free lines, one call for each free agent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from callcenter.simulator.carrier import CarrierMix
from callcenter.simulator.exchange import PbxSettings
from callcenter.simulator.messages import Message, get
from callcenter.simulator.pbx import Delivery
from callcenter.simulator.people import PhoneHabits
from callcenter.simulator.sessions import fence_account, leader_account
from callcenter.simulator.world import World

START = 1_795_300_000.0
BEAT_S = 3.0
TIMEOUT_MS = 40_000
PHONES = ("1001", "1002", "1003")
SHOWN = "8005550100"
MESSAGE = "cc/safe-harbour"
MESSAGE_S = 4.0
CALM = PhoneHabits(hang_up_first_share=0.0)


class TinyDialer:
    """One AMI client of a world."""

    def __init__(self, world: World, *, amd: bool = True, harbour_s: int = 1) -> None:
        self.world = world
        self.amd = amd
        self.harbour_s = harbour_s
        self.numbers: deque[str] = deque()
        self.events: list[Message] = []
        self.free: dict[str, None] = {}
        """Parked lines."""
        self.flying: dict[str, str] = {}
        """Attempt -> number."""
        self.lines: dict[str, str] = {}
        """Line -> phone."""
        self.joined: list[tuple[str, str]] = []
        self._names: dict[str, str] = {}
        self._count = 0
        self.session = world.connect(world.now)
        self.send("Login", Username="leader", Secret="right")
        self.beat()

    def send(self, name: str, **headers: str | list[str]) -> None:
        """Send an action and take in what comes of it."""
        self._count += 1
        action: Message = [("Action", name), ("ActionID", str(self._count))]
        for key, value in headers.items():
            action += [(key, one) for one in ([value] if isinstance(value, str) else value)]
        self.take(self.world.handle_action(self.session, action, self.world.now))

    def beat(self) -> None:
        """Say that the service lives, again and again."""
        self.send("Setvar", Variable="CC_HEARTBEAT", Value=str(int(self.world.now)))
        self.world.after(BEAT_S, self.beat)

    def open_line(self, phone: str) -> None:
        """Ring a phone that is to stay on the line."""
        self._count += 1
        line = f"leg-{self._count}"
        self.lines[line] = phone
        self._originate(f"PJSIP/{phone}", line, "cc-agents", "park", [], phone)

    def dial(self, numbers: Sequence[str]) -> None:
        """Dial these, each once, as agents are free."""
        self.numbers += numbers
        self._fill()

    def place(self, number: str) -> str:
        """Dial one number now; returns the channel."""
        self._count += 1
        attempt = f"att-{self._count}"
        self.flying[attempt] = number
        variables = [
            f"CC_AMD={'yes' if self.amd else 'no'}",
            f"CC_HARBOUR_S={self.harbour_s}",
            "CC_HARBOUR=safe-harbour",
        ]
        self._originate(f"PJSIP/{number}@trunk", attempt, "cc-dialed", "s", variables, SHOWN)
        return attempt

    def _originate(
        self, channel: str, name: str, context: str, exten: str, variables: list[str], shown: str
    ) -> None:
        self.send(
            "Originate",
            Channel=channel,
            Context=context,
            Exten=exten,
            Priority="1",
            Async="true",
            Timeout=str(TIMEOUT_MS),
            ChannelId=name,
            CallerID=f'"{shown}" <{shown}>',
            Variable=variables,
        )

    def run(self, seconds: float) -> None:
        """Let the world go on."""
        end = self.world.now + seconds
        while (due := self.world.next_deadline()) is not None and due <= end:
            self.take(self.world.advance(due))
        self.take(self.world.advance(end))

    def run_out(self) -> None:
        """Let the world go on until everybody on the list was dialed and has gone."""
        while self.numbers or self.flying:
            self.run(1.0)

    def take(self, deliveries: list[Delivery]) -> None:
        """Act on events, in their order."""
        for _, message in deliveries:
            if message is None or message[0][0] != "Event":
                continue
            self.events.append(message)
            uniqueid = get(message, "Uniqueid")
            match message[0][1]:
                case "Newchannel":
                    self._names[uniqueid] = get(message, "Channel")
                case "BridgeEnter" if get(message, "BridgeName") == "cc-agents":
                    self.free[uniqueid] = None
                    self._fill()
                case "BridgeEnter" if get(message, "BridgeName") == "cc-dialed" and self.free:
                    self._join(uniqueid)
                case "Hangup":
                    self._end(uniqueid)

    def _join(self, person: str) -> None:
        line = next(iter(self.free))
        del self.free[line]
        self.joined.append((person, line))
        self.send("Bridge", Channel1=self._names[person], Channel2=self._names[line])
        self.send("Setvar", Channel=person, Variable="CC_JOINED", Value="1")

    def _end(self, uniqueid: str) -> None:
        self.free.pop(uniqueid, None)
        if uniqueid in self.lines:
            self.open_line(self.lines.pop(uniqueid))
        self.flying.pop(uniqueid, None)
        self._fill()

    def _fill(self) -> None:
        while self.numbers and len(self.flying) < len(self.lines) and self.free:
            self.place(self.numbers.popleft())

    def names_about(self, channel: str) -> list[str]:
        """Names of the events about one channel, in order."""
        return [
            event[0][1]
            for event in self.events
            if channel in (get(event, "Uniqueid"), get(event, "DestUniqueid"))
        ]

    def find(self, name: str, channel: str) -> Message:
        """The last event of this name about this channel."""
        about = [
            event
            for event in self.events
            if event[0][1] == name and get(event, "Uniqueid") == channel
        ]
        return about[-1]


def make_world(seed: int = 1, *, mix: CarrierMix | None = None, **habits: PhoneHabits) -> World:
    """A small center that dials: three phones, one message."""
    own = {number: habits.get(f"p{number}", CALM) for number in PHONES}
    return World(
        seed,
        START,
        PbxSettings(phones=PHONES, name="cc", sounds={MESSAGE: MESSAGE_S}),
        (leader_account("right"), fence_account("right")),
        phones=own,
        mix=mix,
    )
