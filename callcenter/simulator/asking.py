"""``Read`` in the dialplan: a prompt, and one key of whoever hears it."""

from __future__ import annotations

from callcenter.simulator.channel import Channel, HearsNothing, HearsPrompt, Stop
from callcenter.simulator.exchange import DEFAULT_SOUND_S, Exchange
from callcenter.simulator.runner import Runner
from callcenter.simulator.timers import Timer


class Asking:
    """A channel that hears a prompt and may press a key, which ends both."""

    def __init__(
        self, exchange: Exchange, runner: Runner, channel: Channel, variable: str, wait_s: float
    ) -> None:
        self.exchange = exchange
        self.runner = runner
        self.channel = channel
        self.variable = variable
        self.wait_s = wait_s
        self.is_playing = False
        self.timer: Timer | None = None

    def play(self, prompt: str) -> None:
        """Play this, then wait for a key."""
        self.is_playing = True
        self.exchange.signal(HearsPrompt(self.channel.uniqueid, prompt))
        length_s = self.exchange.settings.sounds.get(prompt, DEFAULT_SOUND_S)
        self.timer = self.exchange.after(length_s, self._wait)

    def _wait(self) -> None:
        self._fall_silent()
        self.timer = self.exchange.after(self.wait_s, lambda: self._end("TIMEOUT", ""))

    def press(self, digit: str) -> None:
        """A key ends it; ``#`` without another one is none."""
        if self.timer is not None:
            self.timer.cancel()
        self._fall_silent()
        self._end("OK", digit if digit != "#" else "")

    def stop(self, channel: Channel, why: Stop) -> None:
        """See ``Activity``."""
        if self.timer is not None:
            self.timer.cancel()
        self._fall_silent()

    def _fall_silent(self) -> None:
        if self.is_playing:
            self.is_playing = False
            self.exchange.signal(HearsNothing(self.channel.uniqueid))

    def _end(self, status: str, digit: str) -> None:
        self.channel.variables |= {self.variable: digit, "READSTATUS": status}
        self.runner.proceed(self.channel)
