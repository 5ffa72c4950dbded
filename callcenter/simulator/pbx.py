"""The simulated Asterisk: time, AMI actions and telephones' doings go in, AMI messages and signals
come out.

Sans-I/O: no clock, no socket, no thread. Everything that chance decides is drawn from the
``Random`` it is given, so the same seed and the same inputs give the same messages. It knows
what the product uses of Asterisk 22, in the words and the order of a real one;
``callcenter.simulator.world`` puts people at its telephones, ``ami_server`` a socket in front.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from callcenter.simulator.actions import Actions, Request
from callcenter.simulator.agi import AsyncAgi
from callcenter.simulator.applications import Applications
from callcenter.simulator.bridging import Bridges
from callcenter.simulator.channel import Channel, ChannelState, Ended, Signal
from callcenter.simulator.dialing import Leg
from callcenter.simulator.dialplan import (
    DEFAULT_DIALPLAN,
    Dialplan,
    Location,
    parse_dialplan,
)
from callcenter.simulator.endpoints import Endpoints
from callcenter.simulator.exchange import Exchange, PbxSettings
from callcenter.simulator.messages import Message, Privilege, describe, get
from callcenter.simulator.native_queue import NativeQueue, QueueSettings
from callcenter.simulator.runner import Runner
from callcenter.simulator.screening import NO_MEDIA, Voice
from callcenter.simulator.sessions import REFUSAL_S, AmiAccount, Session, Sessions
from callcenter.simulator.timers import Timer

INBOUND_CONTEXT = "cc-inbound"
UNALLOCATED = 1
DTMF_MS = 100
"""How long a key is held."""
INFO_MS = 160
"""How long phones say in SIP INFO that a key was held."""


class Delivery(NamedTuple):
    """Something for one AMI session."""

    session: int
    message: Message | None
    """None: the PBX closes the connection."""


class SimulatedPbx:
    """One simulated Asterisk. Times given to it are seconds and never go backwards."""

    def __init__(
        self,
        rng: Random,
        now: float,
        settings: PbxSettings,
        accounts: tuple[AmiAccount, ...],
        *,
        dialplan: Dialplan | None = None,
        queue: QueueSettings | None = None,
        sessions_before: int = 0,
    ) -> None:
        """``sessions_before``: numbers of sessions already used by the PBX's life before a
        restart.
        """
        self.settings = settings
        self.exchange = Exchange(settings, rng, now)
        self.exchange.on_event = self._deliver_event
        self.sessions = Sessions(accounts, sessions_before)
        self.endpoints = Endpoints(self.exchange)
        self._runner = Runner(self.exchange, dialplan or parse_dialplan(DEFAULT_DIALPLAN))
        self._bridges = Bridges(self.exchange, self._runner)
        self._agi = AsyncAgi(self.exchange, self._runner)
        self._queue = NativeQueue(
            self.exchange, self._runner, self._bridges, self.endpoints, queue or QueueSettings()
        )
        self._runner.applications.update(Applications(self.exchange, self._runner).list_all())
        self._runner.applications["AGI"] = self._agi.enter
        self._runner.applications["BridgeWait"] = self._bridges.bridge_wait
        self._runner.applications["Queue"] = self._queue.enter
        self._actions = Actions(
            self.exchange, self._runner, self._bridges, self._agi, self._queue, self.endpoints
        )
        self._out: list[Delivery] = []
        self._refusals: dict[int, Timer] = {}
        self._started_at = now

    # --- time ---

    def next_deadline(self) -> float | None:
        """When ``advance`` has something to do; None: only when something comes in."""
        return self.exchange.timers.next_deadline()

    def advance(self, now: float) -> list[Delivery]:
        """Let everything happen that is due at ``now``."""
        self._advance(now)
        return self._take()

    def take_signals(self) -> list[Signal]:
        """What the far ends have noticed since the last call, in order."""
        if not (signals := self.exchange.signals):
            return []
        self.exchange.signals = []
        return signals

    def _advance(self, now: float) -> None:
        while timer := self.exchange.timers.pop_due(now):
            self.exchange.now = max(self.exchange.now, timer.at)
            call, timer.call = timer.call, None
            if call is not None:
                call()
        self.exchange.now = max(self.exchange.now, now)

    # --- AMI ---

    def connect(self, now: float, address: str = "127.0.0.1") -> int:
        """A client has connected; the greeting is the server's business. Returns the session's
        number.
        """
        self._advance(now)
        return self.sessions.connect(address, self.exchange.read_clock()).number

    def disconnect(self, session: int, now: float) -> list[Delivery]:
        """The client is gone."""
        self._advance(now)
        known = self.sessions.open.get(session)
        if known is not None:
            self.sessions.close(known)
        return self._take()

    def handle_action(self, session: int, headers: Message, now: float) -> list[Delivery]:
        """An action came in; what it is answered, and every event that follows at once, for all
        sessions.
        """
        self._advance(now)
        known = self.sessions.open.get(session)
        if known is not None and session not in self._refusals:
            self._handle(known, headers)
        return self._take()

    def _handle(self, session: Session, headers: Message) -> None:
        request = Request(headers, lambda message: self._write(session, message))
        name = get(headers, "Action").lower()
        if not name:
            request.refuse("Missing action in request")
        elif session.account is None and name not in ("login", "logoff", "challenge"):
            request.refuse("Permission denied")
        elif name == "login":
            self._log_in(session, request)
        elif name == "logoff":
            request.answer("Goodbye", ("Message", "Thanks for all the fish."))
            self._close(session)
        elif name == "events":
            self._choose_events(session, request)
        elif name == "command":
            self._run_command(session, request)
        elif name in self._actions.table:
            needed, act = self._actions.table[name]
            if session.may_do(needed):
                act(request)
            else:
                request.refuse("Permission denied")
        else:
            request.refuse(
                f"Invalid/unknown command: {get(headers, 'Action')}. "
                "Use Action: ListCommands to show available commands."
            )

    def _log_in(self, session: Session, request: Request) -> None:
        if session.account is not None:
            request.accept("Already authenticated")
            return
        clock = self.exchange.read_clock()
        refusal = self.sessions.log_in(session, request.headers, clock)
        if refusal:
            self._refusals[session.number] = self.exchange.after(
                REFUSAL_S, lambda: self._refuse_login(session, request, refusal)
            )
            return
        request.accept("Authentication accepted")
        if Privilege.SYSTEM in session.mask:
            uptime = str(int(self.exchange.now - self._started_at))
            self._write(
                session,
                [
                    ("Event", "FullyBooted"),
                    ("Privilege", describe(Privilege.SYSTEM)),
                    ("Uptime", uptime),
                    ("LastReload", uptime),
                    ("Status", "Fully Booted"),
                ],
            )

    def _refuse_login(self, session: Session, request: Request, refusal: str) -> None:
        self._refusals.pop(session.number, None)
        if not session.is_closed:
            request.refuse(refusal)
            self._close(session)

    def _choose_events(self, session: Session, request: Request) -> None:
        asked = session.set_mask(request.get("EventMask"))
        if asked is None:
            request.refuse("Invalid event mask")
        else:
            request.answer("Success", ("Events", "On" if asked else "Off"))

    def _run_command(self, session: Session, request: Request) -> None:
        """``Command``: the two lines of Asterisk's console that fencing needs."""
        command = request.get("Command")
        if not session.may_do(Privilege.COMMAND):
            request.refuse("Permission denied")
            return
        if not command:
            request.refuse("No command provided")
            return
        words = command.split()
        victim: Session | None = None
        response = "Success"
        if words == ["manager", "show", "connected"]:
            lines = self.sessions.show_connected(self.exchange.read_clock())
        elif words[:3] == ["manager", "kick", "session"] and len(words) == 4:
            fd = int(words[3]) if words[3].isdigit() else 0
            victim = self.sessions.find_fd(fd) if fd else None
            if not fd:
                response, lines = "Error", [f"Invalid AMI file descriptor: {words[3]}"]
            elif victim is None:
                lines = [f"No manager session found using file descriptor {fd}"]
            else:
                lines = [f"Kicking manager session connected using file descriptor {fd}"]
        else:
            response = "Error"
            help_line = f"(type 'core show help {command}' for other possible commands)"
            lines = [f"No such command '{command}' {help_line}"]
        output = [("Output", line) for line in lines]
        request.answer(response, ("Message", "Command output follows"), *output)
        if victim is not None:
            self._close(victim)

    def _write(self, session: Session, message: Message) -> None:
        if not session.is_closed:
            self._out.append(Delivery(session.number, message))

    def _close(self, session: Session) -> None:
        self.sessions.close(session)
        self._out.append(Delivery(session.number, None))

    def _deliver_event(self, classes: Privilege, message: Message) -> None:
        name = message[0][1]
        for session in self.sessions.open.values():
            if session.may_see(classes, name):
                self._out.append(Delivery(session.number, message))

    def _take(self) -> list[Delivery]:
        if not (out := self._out):
            return []
        self._out = []
        return out

    # --- telephones ---

    def call_in(
        self, number: str, dialed: str, now: float, *, name: str = "", sends_media: bool = True
    ) -> str:
        """A call comes in on the trunk; returns its channel's Uniqueid.

        ``number`` may be empty (withheld). A number that the dialplan does not know is refused:
        ``Ended`` is signalled and no channel is seen.
        """
        self._advance(now)
        if self._runner.dialplan.find(INBOUND_CONTEXT, dialed) is None:
            uniqueid = self.exchange.make_uniqueid()
            self.exchange.signal(Ended(uniqueid, UNALLOCATED))
            return uniqueid
        channel = self.exchange.add_channel(self.settings.trunk, ChannelState.RING)
        channel.caller_number, channel.caller_name = number, name
        channel.dialed_number = dialed
        channel.sends_media = sends_media
        channel.location = Location(INBOUND_CONTEXT, dialed, 1)
        self.exchange.emit_call("Newchannel", channel)
        channel.runs_dialplan = True
        self.exchange.soon(lambda: self._begin(channel))
        return channel.uniqueid

    def _begin(self, channel: Channel) -> None:
        if not channel.is_gone:
            self._runner.start(channel, channel.location)

    def press(self, channel_id: str, digit: str, now: float, *, by_info: bool = False) -> None:
        """The caller presses a key; it is lost where nothing listens.

        ``by_info``: it comes as one SIP INFO. Asterisk tells the key's end at once, and then plays
        the key to the application for as long as the phone says that it was held.
        """
        self._advance(now)
        channel = self.exchange.channels.get(channel_id)
        if channel is None or not channel.is_up:
            return
        if by_info:
            self._tell_key_end(channel, digit, INFO_MS)
            self.exchange.after(INFO_MS / 1000, lambda: self._agi.press(channel, digit))
            return
        key = [("Digit", digit), ("Direction", "Received")]
        self._emit_key("DTMFBegin", channel, key)
        self.exchange.after(DTMF_MS / 1000, lambda: self._release_key(channel, digit))

    def _release_key(self, channel: Channel, digit: str) -> None:
        if not channel.is_gone:
            self._tell_key_end(channel, digit, DTMF_MS)
            self._agi.press(channel, digit)

    def _tell_key_end(self, channel: Channel, digit: str, held_ms: int) -> None:
        held = [("Digit", digit), ("DurationMs", str(held_ms)), ("Direction", "Received")]
        self._emit_key("DTMFEnd", channel, held)

    def _emit_key(self, name: str, channel: Channel, headers: Message) -> None:
        self.exchange.emit(Privilege.DTMF, name, channel.describe() + headers)

    def phone_rings(self, channel_id: str, now: float) -> None:
        """A phone that is called says 180 Ringing."""
        self._advance(now)
        if leg := self._find_leg(channel_id):
            leg.ring()

    def phone_answers(self, channel_id: str, now: float, voice: Voice = NO_MEDIA) -> bool:
        """A phone that was called is picked up, and ``voice`` is heard there; False when the call
        is no longer there.
        """
        self._advance(now)
        leg = self._find_leg(channel_id)
        if leg is not None:
            leg.answer(voice)
        return leg is not None

    def phone_refuses(self, channel_id: str, sip_status: int, now: float) -> bool:
        """A call is refused: 486 busy, 603 declined, 404 unknown number, 503 no line; False when
        it is no longer there.
        """
        self._advance(now)
        leg = self._find_leg(channel_id)
        if leg is not None:
            leg.refuse(sip_status)
        return leg is not None

    def far_end_hangs_up(self, channel_id: str, now: float) -> None:
        """The telephone at the other end of this channel hangs up (BYE, or CANCEL before the
        answer).
        """
        self._advance(now)
        channel = self.exchange.channels.get(channel_id)
        if channel is not None:
            self._runner.hang_up(channel, by_far_end=True)

    def set_registered(self, phone: str, registered: bool, now: float) -> None:
        """A phone registers, or its registration runs out."""
        self._advance(now)
        self.endpoints.set_registered(phone, registered)

    def _find_leg(self, channel_id: str) -> Leg | None:
        channel = self.exchange.channels.get(channel_id)
        activity = channel.activity if channel is not None else None
        return activity if isinstance(activity, Leg) else None
