"""The smallest service that can run a simulated center: a menu, a hold, first free phone, join.

Enough to see that people and PBX work together; decides nothing well. As a program it prints a
digest of everything that was said and done, to compare two processes.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from urllib.parse import unquote

from callcenter.simulator.exchange import PbxSettings
from callcenter.simulator.messages import Message, get
from callcenter.simulator.pbx import Delivery
from callcenter.simulator.people import Customer, PhoneHabits, Population
from callcenter.simulator.sessions import fence_account, leader_account
from callcenter.simulator.world import World

START = 1_795_300_000.0
BEAT_S = 3.0
RING_MS = 8_000
PHONES = ("1001", "1002", "1003")
MENUS = {"cc/menu": {"1": 0.8, "": 0.2}}
CUSTOMERS = tuple(
    Customer(f"+3545{number:06d}", "gold" if number % 4 == 0 else "standard")
    for number in range(200)
)


class TinyService:
    """One AMI client of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.said: list[Message] = []
        self.waiting: dict[str, str] = {}
        """Caller's channel -> number, in order of waiting."""
        self.free = dict.fromkeys(PHONES)
        self.offers: dict[str, tuple[str, str]] = {}
        """Leg -> phone and caller."""
        self.joined: dict[str, str] = {}
        """Caller -> the leg it was joined with."""
        self._count = 0
        self.session = world.connect(world.now)
        self.send("Login", Username="leader", Secret="right")
        self.beat()

    def send(self, name: str, **headers: str) -> None:
        """Send an action and take in what comes of it."""
        self._count += 1
        action: Message = [("Action", name), ("ActionID", str(self._count)), *headers.items()]
        self.take(self.world.handle_action(self.session, action, self.world.now))

    def beat(self) -> None:
        """Say that the service lives, again and again."""
        self.send("Setvar", Variable="CC_HEARTBEAT", Value=str(int(self.world.now)))
        self.world.after(BEAT_S, self.beat)

    def run(self, seconds: float) -> None:
        """Let the world go on."""
        end = self.world.now + seconds
        while (due := self.world.next_deadline()) is not None and due <= end:
            self.take(self.world.advance(due))
        self.take(self.world.advance(end))

    def take(self, deliveries: list[Delivery]) -> None:
        """Act on events, in their order."""
        for _, message in deliveries:
            if message is None:
                continue
            self.said.append(message)
            act = self._find(message[0][1])
            if message[0][0] == "Event" and act is not None:
                act(message)

    def _find(self, event: str) -> Callable[[Message], None] | None:
        return {
            "AsyncAGIStart": self._ask,
            "AsyncAGIExec": self._choose,
            "BridgeEnter": self._enter,
            "OriginateResponse": self._settle,
            "Hangup": self._end,
        }.get(event)

    def _ask(self, event: Message) -> None:
        channel = get(event, "Channel")
        self.send("AGI", Channel=channel, Command="EXEC Playback cc/welcome", CommandID="w")
        self.send("AGI", Channel=channel, Command="GET DATA cc/menu 2000 1", CommandID="m")

    def _choose(self, event: Message) -> None:
        if get(event, "CommandId") == "m" and "result=-1" not in unquote(get(event, "Result")):
            uniqueid = get(event, "Uniqueid")
            self.send("Redirect", Channel=uniqueid, Context="cc-hold", Exten="wait", Priority="1")

    def _enter(self, event: Message) -> None:
        uniqueid, bridge = get(event, "Uniqueid"), get(event, "BridgeName")
        if bridge == "cc-callers":
            self.joined.pop(uniqueid, None)
            self.waiting.setdefault(uniqueid, get(event, "CallerIDNum"))
            self._match()
        elif bridge == "cc-agents" and uniqueid in self.offers:
            _, caller = self.offers[uniqueid]
            if caller in self.joined or caller not in self.waiting:
                self.send("Hangup", Channel=uniqueid)
            else:
                del self.waiting[caller]
                self.joined[caller] = uniqueid
                self.send("Bridge", Channel1=caller, Channel2=uniqueid)

    def _match(self) -> None:
        offered = {caller for _, caller in self.offers.values()}
        for caller, number in list(self.waiting.items()):
            if caller in offered or not self.free:
                continue
            phone = next(iter(self.free))
            del self.free[phone]
            self._count += 1
            leg = f"leg-{self._count}"
            self.offers[leg] = (phone, caller)
            self.send(
                "Originate",
                Channel=f"PJSIP/{phone}",
                Context="cc-agents",
                Exten="park",
                Priority="1",
                Async="true",
                Timeout=str(RING_MS),
                ChannelId=leg,
                CallerID=number,
            )

    def _settle(self, event: Message) -> None:
        if get(event, "Response") == "Failure":
            self._free_leg(get(event, "Uniqueid"))

    def _end(self, event: Message) -> None:
        uniqueid = get(event, "Uniqueid")
        self.waiting.pop(uniqueid, None)
        self.joined.pop(uniqueid, None)
        self._free_leg(uniqueid)
        for leg, (_, caller) in list(self.offers.items()):
            if caller == uniqueid:
                self.send("Hangup", Channel=leg)

    def _free_leg(self, leg: str) -> None:
        if leg in self.offers:
            phone, _ = self.offers.pop(leg)
            self.free[phone] = None
            self._match()


def make_world(seed: int, **habits: PhoneHabits) -> World:
    """A small center: three phones, a menu."""
    return World(
        seed,
        START,
        PbxSettings(phones=PHONES, name="cc", sounds={"cc/welcome": 1.5, "cc/menu": 2.0}),
        (leader_account("right"), fence_account("right")),
        phones={number.removeprefix("p"): habit for number, habit in habits.items()},
    )


def make_population(**changes: float) -> Population:
    """Callers who keep three agents busy."""
    return Population(
        dialed=("5550",),
        rate_per_s=changes.get("rate_per_s", 0.08),
        customers=CUSTOMERS,
        menus=MENUS,
        patience_s=(10.0, 40.0),
        talk_s_mean=25.0,
        leave_in_menu_share=0.1,
        leave_while_ringing_share=0.1,
        leave_any_time_share=0.1,
    )


BUSY_PHONE = PhoneHabits(reject_share=0.15, ignore_share=0.1, unreachable_share=0.1)


def digest(seed: int, seconds: float) -> str:
    """Run a center and hash everything said over AMI and done at the telephones."""
    world = make_world(seed, p1001=BUSY_PHONE)
    service = TinyService(world)
    world.open_lines(make_population())
    service.run(seconds)
    return hashlib.sha256(repr((service.said, world.log)).encode()).hexdigest()


if __name__ == "__main__":
    sys.stdout.write(digest(int(sys.argv[1]), float(sys.argv[2])))
