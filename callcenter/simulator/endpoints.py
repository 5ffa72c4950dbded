"""Agents' phones as endpoints of the PBX: known or not, registered or not, and the device state
queues look at.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from callcenter.simulator.channel import ChannelState
from callcenter.simulator.exchange import Exchange


class DeviceState(IntEnum):
    """Asterisk's device states, as far as they occur here."""

    UNKNOWN = 0
    NOT_INUSE = 1
    BUSY = 3
    INVALID = 4
    UNAVAILABLE = 5


class Endpoints:
    """All phones. A phone with one call is BUSY: ``device_state_busy_at = 1``."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.unregistered: dict[str, None] = {}
        self.on_change: list[Callable[[str], None]] = []
        """Told the phone whose device state changed."""
        self._known: dict[str, DeviceState] = dict.fromkeys(
            exchange.settings.phones, DeviceState.NOT_INUSE
        )
        self._in_use: dict[str, int] = {}
        exchange.on_state.append(self._channels_changed)

    def can_dial(self, phone: str) -> bool:
        """Whether a call can be sent there: the endpoint exists and has an address."""
        return phone in self._known and phone not in self.unregistered

    def read_state(self, phone: str) -> DeviceState:
        """The device state now."""
        return self._known.get(phone, DeviceState.INVALID)

    def set_registered(self, phone: str, registered: bool) -> None:
        """The phone has registered, or its registration has run out."""
        if registered:
            self.unregistered.pop(phone, None)
        else:
            self.unregistered[phone] = None
        self._channels_changed(phone)

    def _channels_changed(self, phone: str) -> None:
        if phone not in self._known:
            return
        state = self._compute(phone)
        if state is not self._known[phone]:
            self._known[phone] = state
            for watcher in self.on_change:
                watcher(phone)

    def _compute(self, phone: str) -> DeviceState:
        for channel in self.exchange.list_channels(phone):
            if channel.state is not ChannelState.DOWN:
                return DeviceState.BUSY
        return DeviceState.UNAVAILABLE if phone in self.unregistered else DeviceState.NOT_INUSE
