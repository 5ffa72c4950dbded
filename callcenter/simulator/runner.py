"""Runs the dialplan on channels: one step after the other, until an application keeps the channel.

Applications are functions that are registered by name; they answer whether they are done. How a
channel leaves what it is in (redirected, timed out, hung up, bridged) is decided here, so that
every way out looks the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable

from callcenter.simulator.channel import Channel, ChannelState, Ended, Held, Stop
from callcenter.simulator.dialplan import Dialplan, Location
from callcenter.simulator.exchange import Exchange
from callcenter.simulator.expressions import Unmodelled, substitute
from callcenter.simulator.functions import read_function, read_variable

Application = Callable[[Channel, str], bool | Location]
"""Runs on a channel with its arguments. True: done; a location: done, and the dialplan goes on
there; False: it keeps the channel and calls ``Runner.proceed`` when it is done.
"""

NORMAL_CLEARING = 16
STEPS_MAX = 1000
"""Steps that a channel may take without waiting anywhere: more is a loop in the dialplan."""


class Runner:
    """The dialplan at work."""

    def __init__(self, exchange: Exchange, dialplan: Dialplan) -> None:
        self.exchange = exchange
        self.dialplan = dialplan
        self.applications: dict[str, Application] = {}

    def start(self, channel: Channel, location: Location) -> None:
        """Let a channel begin (or go on) in the dialplan here."""
        channel.runs_dialplan = True
        channel.location = location
        channel.activity = None
        self._run(channel)

    def proceed(self, channel: Channel) -> None:
        """The application that kept the channel is done: the next step."""
        channel.activity = None
        channel.location = self._next(channel)
        self._run(channel)

    def move(self, channel: Channel, location: Location) -> None:
        """Take the channel out of whatever it is in and let it go on here (async goto)."""
        if channel.activity is not None:
            channel.moving_to = location
            channel.activity.stop(channel, Stop.MOVED)
            channel.moving_to = None
        self.start(channel, location)

    def take_out(self, channel: Channel) -> Location | None:
        """Take the channel out of what it is in for a bridge; returns where it will go on
        afterwards.

        Out of a holding bridge it only moves. Any other application is left behind for good:
        the channel shows its next step from then on, and the dialplan (with its absolute
        timeout) has lost it until it comes back.
        """
        activity = channel.activity
        if isinstance(activity, Held):
            after = activity.find_next(channel, self._next(channel))
            activity.stop(channel, Stop.BRIDGED)
            return after
        if activity is not None:
            activity.stop(channel, Stop.BRIDGED)
            channel.activity = None
        channel.runs_dialplan = False
        channel.application = channel.data = ""
        channel.location = self._next(channel)
        return channel.location

    def time_out(self, channel: Channel) -> None:
        """The absolute timeout fired: to extension ``T`` of the context the channel is in, or hung
        up.
        """
        channel.watchdog = None
        target = Location(channel.location.context, "T", 1)
        if channel.runs_dialplan and self.dialplan.find(target.context, target.exten) is not None:
            self.move(channel, target)
        else:
            self.hang_up(channel)

    def hang_up(self, channel: Channel, cause: int = 0, *, by_far_end: bool = False) -> None:
        """End a channel: it leaves what it is in, ``Hangup`` is told, the far end gets its BYE.

        ``cause`` 0 leaves the cause as it is. ``by_far_end``: it has hung up itself
        (``HangupRequest`` comes first).
        """
        if channel.is_gone:
            return
        if cause:
            channel.hangup_cause = cause
        if by_far_end:
            asked = [("Cause", str(channel.hangup_cause))] if channel.hangup_cause else []
            self.exchange.emit_hangup_request("HangupRequest", channel, asked)
        elif channel.state in (ChannelState.UP, ChannelState.RING):
            self.exchange.signal(Ended(channel.uniqueid, channel.hangup_cause))
        if channel.activity is not None:
            channel.activity.stop(channel, Stop.HANGUP)
            channel.activity = None
        if channel.is_gone:  # an outgoing leg's owner has ended it already
            return
        if channel.runs_dialplan:
            # Told of every channel that leaves the dialplan for good; 16 is a flag, no cause.
            self.exchange.emit_hangup_request("SoftHangupRequest", channel, [("Cause", "16")])
        self.exchange.end_channel(channel)

    def set_timeout(self, channel: Channel, timeout_s: float) -> None:
        """Set the channel's absolute timeout; 0 takes it away."""
        self.exchange.set_watchdog(channel, timeout_s, lambda: self.time_out(channel))

    def substitute(self, channel: Channel, text: str) -> str:
        """``text`` with the channel's variables in it."""
        return substitute(
            text,
            lambda name: read_variable(self.exchange, channel, name),
            lambda name, argument: read_function(channel, name, argument),
        )

    def _next(self, channel: Channel) -> Location:
        return channel.location._replace(priority=channel.location.priority + 1)

    def _run(self, channel: Channel) -> None:
        for _ in range(STEPS_MAX):
            if channel.is_gone:
                return
            here = channel.location
            step = self.dialplan.find_step(here)
            if step is None:
                # autofallthrough: a channel that runs out of steps is hung up.
                self.hang_up(channel, NORMAL_CLEARING)
                return
            application = self.applications.get(step.application)
            if application is None:
                raise Unmodelled(f"application {step.application} at {here}")
            channel.application = step.application
            channel.data = self.substitute(channel, step.arguments)
            done = application(channel, channel.data)
            if done is False:
                return
            channel.location = self._next(channel) if done is True else done
        raise Unmodelled(f"the dialplan turns in a circle at {channel.location}")
