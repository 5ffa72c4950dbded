"""What all parts of the simulated PBX share: clock, timers, chance, channels, bridges, globals,
and the way out.

Events and signals are only collected here; ``callcenter.simulator.pbx`` hands them on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from msgspec import Struct

from callcenter.simulator.bridge import Bridge
from callcenter.simulator.channel import CAUSE_NAMES, Channel, ChannelState, Signal
from callcenter.simulator.messages import Message, Privilege, describe
from callcenter.simulator.screening import AmdSettings
from callcenter.simulator.timers import Timer, Timers

DEFAULT_SOUND_S = 2.0
"""Length of a prompt that nobody gave a length."""


class PbxSettings(Struct, frozen=True):
    """What the simulated PBX is told about itself. Times in seconds."""

    phones: tuple[str, ...] = ()
    """Numbers of the agents' phones: endpoints ``PJSIP/<number>``."""
    trunk: str = "trunk"
    """Endpoint by which calls come in and go out: ``PJSIP/<number>@<trunk>``."""
    caller_id: str = ""
    """The trunk's own number, shown to people who are called where the call brings none."""
    name: str = ""
    """systemname: put before every Uniqueid and into every event; empty for none."""
    clock_offset_s: float = 0.0
    """How far the PBX's clock is ahead of ours."""
    sounds: Mapping[str, float] = {}
    """Lengths of prompts."""
    missing_sounds: frozenset[str] = frozenset()
    """Prompts for which there is no file."""
    amd: AmdSettings = AmdSettings()
    told: frozenset[str] | None = None
    """Names of the only events that are made: for who drops all others unread. None: all."""


class Exchange:
    """The shared state. ``now`` moves only forward, set by the owner before anything happens."""

    def __init__(self, settings: PbxSettings, rng: Random, now: float) -> None:
        self.settings = settings
        self.rng = rng
        self.now = now
        self.timers = Timers()
        self.channels: dict[str, Channel] = {}
        """Living channels by Uniqueid, in the order of their making."""
        self._names: dict[str, Channel] = {}
        self._of_endpoint: dict[str, dict[str, Channel]] = {}
        self.bridges: dict[str, Bridge] = {}
        self.globals: dict[str, str] = {}
        self.signals: list[Signal] = []
        self.on_event: Callable[[Privilege, Message], None] = lambda classes, message: None
        """Told every event; set by the owner."""
        self.on_state: list[Callable[[str], None]] = []
        """Told the endpoint whose channels changed: the native queue watches its members so."""
        self.on_hangup_request: list[Callable[[Channel], None]] = []
        """Told the channel that is about to end: the native queue counts its calls so."""
        self._channels_made = 0

    # --- time ---

    def read_clock(self) -> float:
        """The PBX's own time, epoch seconds."""
        return self.now + self.settings.clock_offset_s

    def after(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Have ``call`` done ``delay_s`` from now."""
        return self.timers.add(self.now + delay_s, call)

    def soon(self, call: Callable[[], None], least_ms: float = 0.2, most_ms: float = 2.0) -> Timer:
        """Have ``call`` done within milliseconds, as another thread of Asterisk would do it."""
        return self.after(self.rng.uniform(least_ms, most_ms) / 1000.0, call)

    # --- what goes out ---

    def emit(self, classes: Privilege, name: str, headers: Message) -> None:
        """Send an event to every session that may see it."""
        if not self.is_told(name):
            return
        event = [
            ("Event", name),
            ("Privilege", describe(classes)),
            ("Timestamp", f"{self.read_clock():.6f}"),
        ]
        if self.settings.name:
            event.append(("SystemName", self.settings.name))
        self.on_event(classes, event + headers)

    def is_told(self, name: str) -> bool:
        """Whether events of this name are made at all."""
        told = self.settings.told
        return told is None or name in told

    def emit_call(self, name: str, channel: Channel, extra: Message | None = None) -> None:
        """Send an event of class ``call`` about one channel."""
        if self.is_told(name):  # asked first: a channel's description is most of the work
            self.emit(Privilege.CALL, name, channel.describe() + (extra or []))

    def emit_hangup_request(self, name: str, channel: Channel, extra: Message) -> None:
        """Send HangupRequest (by the far end) or SoftHangupRequest (by the dialplan's end)."""
        self.emit_call(name, channel, extra)
        for watcher in self.on_hangup_request:
            watcher(channel)

    def signal(self, signal: Signal) -> None:
        """Let a far end notice something."""
        self.signals.append(signal)

    # --- channels and bridges ---

    def make_uniqueid(self) -> str:
        """The next Uniqueid: ``<systemname>-<epoch seconds>.<count>``."""
        prefix = f"{self.settings.name}-" if self.settings.name else ""
        return f"{prefix}{int(self.read_clock())}.{self._channels_made}"

    def add_channel(self, endpoint: str, state: ChannelState, uniqueid: str = "") -> Channel:
        """Make a channel of this endpoint; nothing is told yet."""
        name = f"PJSIP/{endpoint}-{self._channels_made:08x}"
        channel = Channel(name, uniqueid or self.make_uniqueid(), state, self.now)
        self._channels_made += 1
        channel.endpoint = endpoint
        self.channels[channel.uniqueid] = channel
        self._names[name.lower()] = channel
        self._of_endpoint.setdefault(endpoint, {})[channel.uniqueid] = channel
        return channel

    def list_channels(self, endpoint: str) -> list[Channel]:
        """The living channels of one endpoint."""
        return list(self._of_endpoint.get(endpoint, {}).values())

    def end_channel(self, channel: Channel) -> None:
        """Tell ``Hangup`` and forget the channel; it must be out of everything by then."""
        if channel.watchdog is not None:
            channel.watchdog.cancel()
        channel.is_gone = True
        self.channels.pop(channel.uniqueid, None)
        self._names.pop(channel.name.lower(), None)
        self._of_endpoint[channel.endpoint].pop(channel.uniqueid, None)
        cause = channel.hangup_cause
        words = CAUSE_NAMES.get(cause, "Unknown")
        told = [("Cause", str(cause)), ("Cause-txt", words), *channel.describe_tech_cause()]
        self.emit_call("Hangup", channel, told)
        self.tell_state(channel.endpoint)

    def make_bridge_id(self) -> str:
        """An id for a bridge: looks like Asterisk's, comes from the seed."""
        digits = f"{self.rng.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def find(self, name: str) -> Channel | None:
        """The living channel with this name (in any case) or Uniqueid."""
        return self._names.get(name.lower()) or self.channels.get(name)

    def find_by_prefix(self, name: str) -> Channel | None:
        """The first living channel whose name begins so, or with this Uniqueid: how ``Bridge``
        looks.
        """
        exact = self.find(name)
        if exact is not None:
            return exact
        wanted = name.lower()
        for known, channel in self._names.items():
            if known.startswith(wanted):
                return channel
        return None

    def set_state(self, channel: Channel, state: ChannelState) -> None:
        """Change a channel's state and tell it (``Newstate``)."""
        if channel.state is not state:
            channel.state = state
            self.emit_call("Newstate", channel)
            self.tell_state(channel.endpoint)

    def tell_state(self, endpoint: str) -> None:
        """Something changed about this endpoint's channels."""
        for watcher in self.on_state:
            watcher(endpoint)

    def set_watchdog(self, channel: Channel, timeout_s: float, fire: Callable[[], None]) -> None:
        """Set the absolute timeout; 0 takes it away."""
        if channel.watchdog is not None:
            channel.watchdog.cancel()
        channel.watchdog = self.after(timeout_s, fire) if timeout_s > 0 else None
