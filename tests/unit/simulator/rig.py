"""A simulated PBX with an AMI client and telephones that do as a test says."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from urllib.parse import unquote

from callcenter.simulator.channel import Invited, Signal
from callcenter.simulator.dialplan import parse_dialplan
from callcenter.simulator.exchange import PbxSettings
from callcenter.simulator.messages import Message, get
from callcenter.simulator.native_queue import QueueSettings
from callcenter.simulator.pbx import Delivery, SimulatedPbx
from callcenter.simulator.screening import HELLO, Voice
from callcenter.simulator.sessions import fence_account, leader_account

START = 1_795_300_000.25
PHONES = ("1001", "1002", "1003")
CALLER = "+35455501"
DIALED = "5550"
PERSON = "+35455502"
"""Somebody whom a campaign dials."""
SHOWN = "8005550100"


class Rig:
    """One PBX on virtual time. ``events`` holds what the leader's session was sent."""

    def __init__(
        self,
        seed: int = 1,
        *,
        settings: PbxSettings | None = None,
        queue: QueueSettings | None = None,
        dialplan: str = "",
    ) -> None:
        self.now = START
        self.pbx = SimulatedPbx(
            Random(seed),
            START,
            settings or PbxSettings(phones=PHONES, name="cc"),
            (leader_account("right"), fence_account("right")),
            queue=queue,
            dialplan=parse_dialplan(dialplan) if dialplan else None,
        )
        self.messages: list[tuple[int, Message]] = []
        self.closed: list[int] = []
        self.signals: list[Signal] = []
        self.invites: dict[str, str] = {}
        """Phone -> channel of its last INVITE."""
        self._actions = 0
        self.leader = self.log_in("leader")

    # --- AMI ---

    def log_in(self, name: str, secret: str = "right", **headers: str) -> int:
        """Open a session and send Login; its answer is in ``messages``."""
        session = self.pbx.connect(self.now)
        self.act_as(session, "Login", Username=name, Secret=secret, **headers)
        return session

    def act(self, name: str, **headers: str | Sequence[str]) -> Message:
        """Send an action as the leader; returns its response (empty when there is none yet)."""
        return self.act_as(self.leader, name, **headers)

    def act_as(self, session: int, name: str, **headers: str | Sequence[str]) -> Message:
        """Send an action over this session."""
        self._actions += 1
        action_id = f"a{self._actions}"
        sent: Message = [("Action", name), ("ActionID", action_id)]
        for key, value in headers.items():
            for one in (value,) if isinstance(value, str) else value:
                sent.append((key, one))
        began = len(self.messages)
        self.take(self.pbx.handle_action(session, sent, self.now))
        for _, message in self.messages[began:]:
            if message[0][0] == "Response" and get(message, "ActionID") == action_id:
                return message
        return []

    def list_rows(self, name: str, **headers: str) -> list[Message]:
        """Send an action that answers with a list; returns its rows."""
        began = len(self.messages)
        response = self.act(name, **headers)
        action_id = get(response, "ActionID")
        rows = [
            message
            for _, message in self.messages[began:]
            if message[0][0] == "Event" and get(message, "ActionID") == action_id
        ]
        assert get(rows[-1], "EventList") == "Complete"
        assert get(rows[-1], "ListItems") == str(len(rows) - 1)
        return rows[:-1]

    def beat(self) -> None:
        """Tell the PBX that the service lives."""
        epoch = get(self.act("Getvar", Variable="EPOCH"), "Value")
        self.act("Setvar", Variable="CC_HEARTBEAT", Value=epoch)

    # --- time ---

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while True:
            due = self.pbx.next_deadline()
            if due is None or due > end:
                break
            self.now = max(self.now, due)
            self.take(self.pbx.advance(self.now))
        self.now = end
        self.take(self.pbx.advance(self.now))

    def run_beating(self, seconds: float) -> None:
        """Let time pass with a heartbeat every 3 s."""
        while seconds > 0:
            self.beat()
            self.run(min(3.0, seconds))
            seconds -= 3.0

    # --- telephones ---

    def call(self, *, number: str = CALLER, run_s: float = 0.1, media: bool = True) -> str:
        """A caller dials; returns the channel."""
        uniqueid = self.pbx.call_in(number, DIALED, self.now, sends_media=media)
        self.run(run_s)
        return uniqueid

    def hold(self) -> str:
        """A caller who is on hold already."""
        self.beat()
        caller = self.call()
        self.act("Redirect", Channel=caller, Context="cc-hold", Exten="wait", Priority="1")
        return caller

    def originate(self, phone: str, leg: str, timeout_ms: int = 15_000, **headers: str) -> Message:
        """Ring an agent's phone."""
        return self.act(
            "Originate",
            Channel=f"PJSIP/{phone}",
            Context="cc-agents",
            Exten="park",
            Priority="1",
            Async="true",
            Timeout=str(timeout_ms),
            ChannelId=leg,
            CallerID=CALLER,
            Variable=["CC_ROLE=agent", f"CC_AGENT=agent-{phone}"],
            **headers,
        )

    def ring(self, phone: str = "1001", leg: str = "leg-1", timeout_ms: int = 15_000) -> str:
        """Ring an agent's phone until it says 180; returns the channel."""
        self.originate(phone, leg, timeout_ms)
        self.run(0.01)
        self.pbx.phone_rings(leg, self.now)
        self.run(0.01)
        return leg

    def park(self, phone: str = "1001", leg: str = "leg-1") -> str:
        """An agent's leg that waits in its holding bridge."""
        self.beat()
        self.ring(phone, leg)
        self.pbx.phone_answers(leg, self.now)
        self.run(0.01)
        return leg

    def talk(self) -> tuple[str, str]:
        """A caller and an agent's leg in conversation."""
        caller, leg = self.hold(), self.park()
        self.act("Bridge", Channel1=caller, Channel2=leg)
        self.run(0.01)
        return caller, leg

    def place(
        self,
        attempt: str = "att-1",
        *,
        amd: bool = True,
        harbour_s: int = 1,
        timeout_ms: int = 40_000,
        dialed: str = f"{PERSON}@trunk",
        **headers: str,
    ) -> Message:
        """Dial somebody for a campaign."""
        return self.act(
            "Originate",
            Channel=f"PJSIP/{dialed}",
            Context="cc-dialed",
            Exten="s",
            Priority="1",
            Async="true",
            Timeout=str(timeout_ms),
            ChannelId=attempt,
            Variable=[
                "CC_ROLE=dialed",
                f"CC_AMD={'yes' if amd else 'no'}",
                f"CC_HARBOUR_S={harbour_s}",
                "CC_HARBOUR=safe-harbour",
            ],
            **{"CallerID": f'"{SHOWN}" <{SHOWN}>', **headers},
        )

    def reach(
        self, attempt: str = "att-1", voice: Voice = HELLO, *, amd: bool = True, harbour_s: int = 1
    ) -> str:
        """Somebody dialed who has just picked up; returns the channel."""
        self.place(attempt, amd=amd, harbour_s=harbour_s)
        self.run(0.01)
        self.pbx.phone_rings(attempt, self.now)
        self.run(1.0)
        self.pbx.phone_answers(attempt, self.now, voice)
        self.run(0.01)
        return attempt

    def join(self, person: str = "att-1", line: str = "leg-1") -> None:
        """What the service does for somebody dialed: bridge, and say so to the dialplan."""
        names = {get(row, "Uniqueid"): get(row, "Channel") for row in self.list_rows("Status")}
        self.act("Bridge", Channel1=names[person], Channel2=names[line])
        self.act("Setvar", Channel=person, Variable="CC_JOINED", Value="1")
        self.run(0.01)

    def bye(self, channel: str) -> None:
        """The far end hangs up."""
        self.pbx.far_end_hangs_up(channel, self.now)
        self.run(0.01)

    def press(self, channel: str, digit: str) -> None:
        """The caller presses a key."""
        self.pbx.press(channel, digit, self.now)
        self.run(0.2)

    # --- what came ---

    def mark(self) -> int:
        """The place in what came, for ``events``."""
        return len(self.messages)

    def events(self, since: int = 0, *, session: int = 0) -> list[Message]:
        """Events that the session was sent since a mark."""
        wanted = session or self.leader
        return [
            message
            for number, message in self.messages[since:]
            if number == wanted and message[0][0] == "Event"
        ]

    def names(self, since: int = 0) -> list[str]:
        """Names of the events since a mark, in order."""
        return [message[0][1] for message in self.events(since)]

    def find(self, name: str, since: int = 0) -> Message:
        """The last event of this name."""
        return [message for message in self.events(since) if message[0][1] == name][-1]

    def names_about(self, channel: str, since: int = 0) -> list[str]:
        """Names of the events about one channel, in order."""
        return [
            message[0][1]
            for message in self.events(since)
            if channel in (get(message, "Uniqueid"), get(message, "DestUniqueid"))
        ]

    def take(self, deliveries: Sequence[Delivery]) -> None:
        """Keep what the PBX said."""
        for session, message in deliveries:
            if message is None:
                self.closed.append(session)
            else:
                self.messages.append((session, message))
        for signal in self.pbx.take_signals():
            self.signals.append(signal)
            if isinstance(signal, Invited):
                self.invites[signal.endpoint] = signal.channel


def keys(message: Message) -> list[str]:
    """The names of a message's headers, in order."""
    return [key for key, _ in message]


def pick(message: Message, *names: str) -> dict[str, str]:
    """Some headers of a message."""
    return {name: get(message, name) for name in names}


def enter_menu(rig: Rig) -> str:
    """A caller whom the service has been given; returns the channel."""
    rig.beat()
    return rig.call()


def send(rig: Rig, channel: str, command: str, command_id: str = "c1") -> None:
    """Queue an AsyncAGI command."""
    response = rig.act("AGI", Channel=channel, Command=command, CommandID=command_id)
    assert get(response, "Message") == "Added AGI command to queue"


def read_result(rig: Rig, since: int = 0) -> str:
    """What the last AsyncAGI command said."""
    return unquote(get(rig.find("AsyncAGIExec", since), "Result"))
