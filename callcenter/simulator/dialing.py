"""Outgoing calls to agents' phones and to numbers by the trunk, from INVITE to answer or end: what
Originate and the native queue share.

``Leg`` is the ringing channel, whoever wants it. ``Originate`` adds the AMI action's own
``OriginateResponse``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from callcenter.simulator.channel import CHOSEN, Channel, ChannelState, Invited, Stop, Withdrawn
from callcenter.simulator.dialplan import Location
from callcenter.simulator.exchange import Exchange
from callcenter.simulator.messages import Message, Privilege
from callcenter.simulator.runner import Runner
from callcenter.simulator.screening import NO_MEDIA, Voice
from callcenter.simulator.timers import Timer

PHONE_CONTEXT = "cc-internal"
"""The context of phones' endpoints: where an outgoing channel says it is before the answer."""
TRUNK_CONTEXT = "cc-inbound"
"""The context of trunks' endpoints."""
OUTGOING_LINE = "(Outgoing Line)"
"""What Status calls the data of a channel that was dialed and runs no dialplan."""
NO_ANSWER = 19
SIP_CAUSES = {
    404: (1, "NOANSWER"),
    486: (17, "BUSY"),
    503: (34, "CONGESTION"),
    603: (21, "NOANSWER"),
}
"""A phone's refusal -> hang-up cause and DialStatus, as measured."""
OTHER_REFUSAL = (21, "NOANSWER")
RANG_OUT_STATUS = "480"
"""What Asterisk notes for a phone that it gave up itself."""


OFFERED = "(ulaw|alaw)"
"""What ``cc_pjsip.conf`` allows phones; the answer chooses."""


class LegOwner(Protocol):
    """Who dialed, and is told how it ends. Called when the telephone's events are told already."""

    def answered(self, leg: Leg) -> None:
        """The phone was picked up: the channel is Up and in nothing."""
        ...

    def refused(self, leg: Leg, status: str) -> None:
        """The phone said no, or the channel was hung up; ``Hangup`` follows."""
        ...


class Leg:
    """An outgoing channel that is not answered yet."""

    def __init__(
        self,
        exchange: Exchange,
        owner: LegOwner,
        channel: Channel,
        caller: Channel | None,
        number: str = "",
    ) -> None:
        self.exchange = exchange
        self.owner = owner
        self.channel = channel
        self.channel.formats = OFFERED
        self.caller = caller
        """The waiting caller it is dialed for (native queue), None for Originate."""
        self.number = number
        """The number dialed by a trunk; empty for a phone."""

    def emit_dial(self, name: str, extra: Message, channel: Message | None = None) -> None:
        """Send DialBegin, DialState or DialEnd; ``channel``: the leg, where it shows as before."""
        if not self.exchange.is_told(name):
            return
        caller = self.caller.describe() if self.caller else []
        headers = caller + (channel or self.channel.describe("Dest")) + extra
        self.exchange.emit(Privilege.CALL, name, headers)

    def begin(self, shown_number: str) -> None:
        """Send the INVITE."""
        self.channel.activity = self
        channel = self.channel
        self.exchange.signal(Invited(channel.uniqueid, channel.endpoint, shown_number, self.number))

    def ring(self) -> None:
        """180 Ringing came."""
        if self.channel.state is not ChannelState.DOWN:
            return
        told = [("DialStatus", "RINGING")]
        if self.exchange.rng.random() < 0.1:  # Asterisk's two threads race here
            self.emit_dial("DialState", told)
            self.exchange.set_state(self.channel, ChannelState.RINGING)
        else:
            self.exchange.set_state(self.channel, ChannelState.RINGING)
            self.emit_dial("DialState", told)

    def answer(self, voice: Voice = NO_MEDIA) -> None:
        """200 OK came; ``voice``: what is said there from now on."""
        self.channel.activity = None
        self.channel.voice = voice
        self.channel.voice_at = self.exchange.now
        self.channel.formats = CHOSEN
        self.exchange.set_state(self.channel, ChannelState.UP)
        self.owner.answered(self)

    def refuse(self, sip_status: int) -> None:
        """The phone refused with this SIP status."""
        cause, status = SIP_CAUSES.get(sip_status, OTHER_REFUSAL)
        self.channel.activity = None
        self.channel.hangup_cause = cause
        self.channel.tech_cause = str(sip_status)
        told = [("Cause", str(cause)), *self.channel.describe_tech_cause()]
        self.exchange.emit_hangup_request("HangupRequest", self.channel, told)
        self.owner.refused(self, status)

    def cancel(self, cause: int) -> None:
        """Stop the ringing: CANCEL to the phone, ``Hangup`` told."""
        if self.channel.is_gone:
            return
        self.channel.activity = None
        self.channel.hangup_cause = cause
        self.exchange.signal(Withdrawn(self.channel.uniqueid))
        self.exchange.end_channel(self.channel)

    def stop(self, channel: Channel, why: Stop) -> None:
        """Hung up by an AMI client while it rings."""
        self.exchange.signal(Withdrawn(channel.uniqueid))
        self.owner.refused(self, "NOANSWER")


class Order(NamedTuple):
    """What an Originate asked for."""

    dialed: str
    """The dial string: ``<phone>`` or ``<number>@<trunk>``."""
    endpoint: str
    number: str
    """Empty for a phone."""
    target: Location
    timeout_s: float
    channel_id: str
    caller_number: str
    caller_name: str
    variables: dict[str, str]
    action_id: str


class Originate:
    """One asynchronous Originate."""

    def __init__(self, exchange: Exchange, runner: Runner, order: Order) -> None:
        self.exchange = exchange
        self.runner = runner
        self.order = order
        self.timer: Timer | None = None
        self.leg: Leg | None = None

    def begin(self, *, can_dial: bool) -> None:
        """Dial, or refuse where the endpoint is unknown or the ChannelId lives."""
        order = self.order
        if not can_dial or order.channel_id in self.exchange.channels:
            self._respond(0)
            return
        channel = self.exchange.add_channel(order.endpoint, ChannelState.DOWN, order.channel_id)
        if order.number:
            channel.location = Location(TRUNK_CONTEXT, "s", 1)
        else:
            channel.location = Location(PHONE_CONTEXT, "s", 1)
            channel.caller_number = channel.caller_name = order.endpoint
        channel.application, channel.data = "AppDial2", OUTGOING_LINE
        channel.variables.update(order.variables)
        self.exchange.emit_call("Newchannel", channel)
        if order.caller_number or order.caller_name:
            channel.caller_number = channel.connected_number = order.caller_number
            channel.caller_name = channel.connected_name = order.caller_name
        elif order.number:
            channel.connected_number = self.exchange.settings.caller_id
        self.leg = Leg(self.exchange, self, channel, None, order.number)
        shown = channel.connected_number if order.number else order.caller_number
        self.leg.begin(shown)
        self.leg.emit_dial("DialBegin", [("DialString", order.dialed)])
        self.timer = self.exchange.after(order.timeout_s, self._time_out)

    def answered(self, leg: Leg) -> None:
        """Three things race from here: DialEnd before the dialplan, OriginateResponse anywhere."""
        self._forget()
        place = self.exchange.rng.randrange(3)
        if place == 0:
            self._respond(4, leg.channel)
        leg.emit_dial("DialEnd", [("DialStatus", "ANSWER")])
        if place == 1:
            self._respond(4, leg.channel)
        self.runner.start(leg.channel, self.order.target)
        if place == 2:
            self._respond(4, leg.channel)

    def refused(self, leg: Leg, status: str) -> None:
        """``DialEnd``, ``Hangup``, and ``OriginateResponse`` before or after."""
        self._forget()
        leg.emit_dial("DialEnd", [("DialStatus", status)])
        self._end(leg, reason=0)

    def _time_out(self) -> None:
        if self.leg is not None:
            leg = self.leg
            self._forget()
            leg.channel.activity = None
            leg.channel.hangup_cause = NO_ANSWER
            leg.channel.tech_cause = RANG_OUT_STATUS
            self.exchange.signal(Withdrawn(leg.channel.uniqueid))
            self._end(leg, reason=3)

    def _end(self, leg: Leg, reason: int) -> None:
        """``Hangup`` and ``OriginateResponse`` in either order; the channel may be ended by its
        own hang-up.
        """
        steps: list[Callable[[], None]] = [
            lambda: self._respond(reason),
            lambda: None if leg.channel.is_gone else self.exchange.end_channel(leg.channel),
        ]
        if self.exchange.rng.random() < 0.5:
            steps.reverse()
        for step in steps:
            step()

    def _forget(self) -> None:
        self.leg = None
        if self.timer is not None:
            self.timer.cancel()

    def _respond(self, reason: int, channel: Channel | None = None) -> None:
        """Tell the outcome; ``channel``: the answered one, None for a failure."""
        order = self.order
        headers: Message = [("ActionID", order.action_id)] if order.action_id else []
        headers += [
            ("Response", "Success" if channel else "Failure"),
            ("Channel", channel.name if channel else f"PJSIP/{order.dialed}"),
            ("Context", order.target.context),
            ("Exten", order.target.exten),
            ("Reason", str(reason)),
            ("Uniqueid", channel.uniqueid if channel else order.channel_id or "<unknown>"),
            ("CallerIDNum", order.caller_number or "<unknown>"),
            ("CallerIDName", order.caller_name or "<unknown>"),
        ]
        self.exchange.emit(Privilege.CALL, "OriginateResponse", headers)
