"""The AMI session of a simulated day: bytes from the simulated PBX through the product's own parser
and translation, commands the other way. Time passes only between calls: every answer is there at
once, unless the link does not carry it.

What the real one does in time (asking again, waiting for late events) is
``callcenter.pbx.ami.gateway``.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from callcenter.domain import events as e
from callcenter.domain.commands import JoinCall, PbxCommand
from callcenter.pbx.ami.commands import (
    Action,
    InvalidCommand,
    actions_after_refusal,
    actions_for,
    is_done_already,
)
from callcenter.pbx.ami.fence import find_sessions
from callcenter.pbx.ami.state_reading import STATUS_VARIABLES, bridges_read, channel_read
from callcenter.pbx.ami.translate import WANTED, Malformed, translate
from callcenter.pbx.ami.wire import (
    AmiMessage,
    AmiParser,
    InvalidActionError,
    encode_action,
    every,
    first,
    is_refusal,
    pairs_of,
)
from callcenter.simulator.messages import Message, encode, parse_block
from callcenter.simulator.pbx import Delivery
from callcenter.simulator.world import World

Said = Callable[[AmiMessage], None]
WANTED_NAMES = frozenset(WANTED)
"""Events to read, as the gateway has them: those that tell the names of channels are among them."""


def _make_parser() -> AmiParser:
    """A parser as the gateway's: what nobody asked for it drops by its first line."""
    return AmiParser(greeting=False, wanted=WANTED_NAMES)


class Silence(StrEnum):
    """What a link that looks alive does not carry."""

    NONE = "none"
    ANSWERS = "answers"
    """Our actions arrive, nothing comes back."""
    BOTH = "both"
    """Nothing passes in either direction."""


class DayLink:
    """One PBX's link, over which nothing waits.

    ``put`` takes every fact. ``on_lost`` is called when the PBX has closed the session.
    """

    def __init__(
        self,
        pbx: str,
        world: World,
        leader: tuple[str, str],
        put: Callable[[e.Event], None],
        on_lost: Callable[[str], None],
        fence: tuple[str, str] | None = None,
    ) -> None:
        self.silence = Silence.NONE
        self.names: dict[str, str] = {}
        """Channel id -> whole name."""
        self.sessions = 0
        """How many there have been."""
        self.malformed = 0
        """Messages of a kind we use that lacked something."""
        self.on_event: Callable[[Message], list[bytes]] = lambda message: [encode(message)]
        """What an event of the PBX becomes on the wire: a fault's way in."""
        self._pbx = pbx
        self._world = world
        self._leader = leader
        self._fence = fence
        self._put = put
        self._on_lost = on_lost
        self._session: int | None = None
        self._parser = _make_parser()
        self._waiting: dict[str, Said] = {}
        self._rows: dict[str, list[AmiMessage]] = {}
        self._actions = 0
        self._successor: DayLink | None = None

    @property
    def is_up(self) -> bool:
        """Whether there is a session."""
        return self._session is not None

    def connect(self) -> None:
        """End the sessions of whoever led before, open one and log in; refused, there is none."""
        self.sessions += 1
        self._kick_leaders()
        self._session = self._world.connect(self._world.now)
        self._parser = _make_parser()
        self.silence = Silence.NONE
        user, secret = self._leader
        answers: list[AmiMessage] = []
        self.act({"Action": "Login", "Username": user, "Secret": secret}, answers.append)
        if not answers or is_refusal(answers[0]):
            self.close()

    def _kick_leaders(self) -> None:
        """What ``callcenter.pbx.ami.fence`` does in time."""
        if self._fence is None:
            return
        fence = DayLink(
            self._pbx, self._world, self._fence, lambda event: None, lambda reason: None
        )
        fence.connect()
        for descriptor in find_sessions(fence.run("manager show connected"), self._leader[0]):
            fence.run(f"manager kick session {descriptor}")
        fence.close()

    def run(self, command: str) -> list[str]:
        """Run a command of the command line; returns its lines."""
        answers: list[AmiMessage] = []
        self.act({"Action": "Command", "Command": command}, answers.append)
        return [line for answer in answers for line in every(answer, "Output")]

    def hand_over(self) -> DayLink:
        """A link of another process. This one's session stays open until the PBX ends it."""
        other = DayLink(self._pbx, self._world, self._leader, self._put, self._on_lost, self._fence)
        other.sessions, other.malformed = self.sessions, self.malformed
        other.on_event = self.on_event
        self._put, self._on_lost = (lambda event: None), (lambda reason: None)
        self._successor = other
        return other

    def close(self) -> None:
        """The session is over, whoever ended it; what was asked is not answered any more."""
        if self._session is not None:
            session, self._session = self._session, None
            self._world.disconnect(session, self._world.now)
        self._waiting.clear()
        self._rows.clear()
        self.names.clear()

    # --- out --------------------------------------------------------------------------------------

    def act(self, action: Action, answered: Said | None = None) -> None:
        """Send an action; its answer and events are heard at once."""
        if self._session is None or self.silence is Silence.BOTH:
            return
        self._actions += 1
        action_id = f"a{self._actions}"
        if answered is not None:
            self._waiting[action_id] = answered
        wire = encode_action([*pairs_of(action), ("ActionID", action_id)])
        headers = parse_block(wire.removesuffix(b"\r\n\r\n"))
        self.hear(self._world.handle_action(self._session, headers, self._world.now))

    def tell(self, command: PbxCommand) -> e.Event | None:
        """Have the PBX carry out a command; returns its result, None when no answer comes."""
        if self._session is None:
            return e.CommandFailed(command.id, f"no link to PBX {self._pbx} now")
        answers: list[AmiMessage] = []
        try:
            actions = actions_for(command, self.names)
            for action in actions:
                self.act(action, answers.append)
        except (InvalidCommand, InvalidActionError) as error:
            return e.CommandFailed(command.id, str(error))
        if len(answers) < len(actions):
            return None
        if isinstance(command, JoinCall):
            del answers[1:]  # whoever hangs up right behind the Bridge has been joined all the same
        for answer in answers:
            said = first(answer, "Message")
            if is_refusal(answer) and not is_done_already(command, said):
                for action in actions_after_refusal(command):
                    self.act(action)
                return e.CommandFailed(command.id, said)
        return e.CommandSucceeded(command.id)

    def read_state(self) -> e.PbxStateRead | None:
        """What is true now; None when no answer comes."""
        if self._session is None or self.silence is not Silence.NONE:
            return None
        self._rows = {}
        self.act({"Action": "BridgeList"})
        self.act({"Action": "Status", "Variables": STATUS_VARIABLES})
        bridges = bridges_read(self._rows.get("BridgeListItem", []))
        rows = self._rows.get("Status", [])
        self.names |= {first(row, "Uniqueid"): first(row, "Channel") for row in rows}
        found = [channel_read(self._pbx, row, bridges) for row in rows]
        return e.PbxStateRead(self._pbx, tuple(truth for truth in found if truth is not None))

    # --- in ---------------------------------------------------------------------------------------

    def hear(self, deliveries: list[Delivery]) -> None:
        """Take what the PBX wrote to its sessions."""
        wire: list[bytes] = []
        for session, message in deliveries:
            if session != self._session:
                if self._successor is not None:  # whatever one session causes, all are told
                    self._successor.hear([Delivery(session, message)])
            elif message is None:
                self.receive(wire)
                wire = []
                self._on_lost("closed by the PBX")
            elif self.silence is Silence.NONE:
                # Of an answer the first value is its word, which is no event's name.
                if message[0][1] in WANTED_NAMES:
                    wire += self.on_event(message)
                else:
                    wire.append(encode(message))
        self.receive(wire)

    def receive(self, pieces: list[bytes]) -> None:
        """Read bytes that came over the link."""
        if pieces:
            for heard in self._parser.feed(b"".join(pieces)):
                self._take(heard)

    def _take(self, message: AmiMessage) -> None:
        if "Event" not in message:
            answered = self._waiting.pop(first(message, "ActionID"), None)
            if answered is not None:
                answered(message)
            return
        name = first(message, "Event")
        if name in ("Status", "BridgeListItem"):
            self._rows.setdefault(name, []).append(message)
            return
        if name == "Newchannel":
            self.names[first(message, "Uniqueid")] = first(message, "Channel")
        elif name == "Hangup":
            self.names.pop(first(message, "Uniqueid"), None)
        if name in WANTED_NAMES:
            try:
                event = translate(self._pbx, message)
            except Malformed:
                self.malformed += 1
                return
            if event is not None:
                self._put(event)
