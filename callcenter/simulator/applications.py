"""The small applications of the dialplan: variables, jumps, answering, hanging up, waiting, user
events, announcements, answering machine detection.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from callcenter.simulator.asking import Asking
from callcenter.simulator.channel import (
    Accepted,
    Channel,
    ChannelState,
    HearsNothing,
    HearsPrompt,
    Stop,
)
from callcenter.simulator.dialplan import Location
from callcenter.simulator.exchange import DEFAULT_SOUND_S, Exchange
from callcenter.simulator.expressions import Unmodelled, is_set
from callcenter.simulator.functions import write_function
from callcenter.simulator.messages import Message, Privilege
from callcenter.simulator.runner import NORMAL_CLEARING, Application, Runner
from callcenter.simulator.screening import screen, silent_after
from callcenter.simulator.timers import Timer

ANSWER_S_WITHOUT_MEDIA = 0.5
"""How long ``Answer`` waits for a first frame of media."""
ANSWER_MS_WITH_MEDIA = (5.0, 20.0)


AMD_ARGUMENTS = (
    "initial_silence",
    "greeting",
    "after_greeting_silence",
    "total_analysis_time",
    "min_word_length",
    "",  # between words: not modelled
    "maximum_number_of_words",
)
"""In the order in which AMD takes them."""
FRAME_S = 0.02
"""Who listens comes to its verdict with a frame of sound: up to so much later."""


class Pause:
    """A channel that waits in an application until a time."""

    def __init__(self, timer: Timer) -> None:
        self.timer = timer

    def stop(self, channel: Channel, why: Stop) -> None:
        """See ``Activity``."""
        self.timer.cancel()


class Announcement:
    """A channel that hears prompts, one after the other."""

    def __init__(self, exchange: Exchange, channel: Channel, then: Callable[[], None]) -> None:
        self.exchange = exchange
        self.channel = channel
        self.then = then
        self.timer: Timer | None = None

    def play(self, prompts: list[str]) -> None:
        """Play these; at least one."""
        length_s = self.exchange.settings.sounds.get(prompts[0], DEFAULT_SOUND_S)
        self.exchange.signal(HearsPrompt(self.channel.uniqueid, prompts[0]))
        self.timer = self.exchange.after(length_s, lambda: self._go_on(prompts[1:]))

    def _go_on(self, prompts: list[str]) -> None:
        if prompts:
            self.play(prompts)
            return
        self.exchange.signal(HearsNothing(self.channel.uniqueid))
        self.then()

    def stop(self, channel: Channel, why: Stop) -> None:
        """See ``Activity``."""
        if self.timer is not None:
            self.timer.cancel()
        self.exchange.signal(HearsNothing(channel.uniqueid))


class Listening:
    """A channel whose sound an application listens to."""

    def __init__(self, timer: Timer, at_end: Mapping[str, str]) -> None:
        """``at_end``: variables that are set when it is ended before the application is done."""
        self.timer = timer
        self.at_end = at_end

    def stop(self, channel: Channel, why: Stop) -> None:
        """See ``Activity``. A bridge takes the channel away without a word, and listening."""
        self.timer.cancel()
        if why is not Stop.BRIDGED:
            channel.is_listened_to = False
            channel.variables |= self.at_end


class Applications:
    """What ``Runner.applications`` is filled with."""

    def __init__(self, exchange: Exchange, runner: Runner) -> None:
        self.exchange = exchange
        self.runner = runner

    def list_all(self) -> dict[str, Application]:
        """Every application here by its name in the dialplan."""
        return {
            "AMD": self.screen,
            "Answer": self.answer,
            "ExecIf": self.exec_if,
            "Goto": self.goto,
            "GotoIf": self.goto_if,
            "Hangup": self.hang_up,
            "NoOp": self.no_op,
            "Playback": self.play,
            "Record": self.record,
            "Read": self.read,
            "Set": self.set_variable,
            "UserEvent": self.user_event,
            "Wait": self.wait,
            "WaitForSilence": self.wait_for_silence,
        }

    def no_op(self, channel: Channel, arguments: str) -> bool:
        """``NoOp(...)``."""
        return True

    def set_variable(self, channel: Channel, arguments: str) -> bool:
        """``Set(NAME=value)``, ``Set(FUNCTION(x)=value)``; a leading ``_`` (inheritance) is
        dropped.
        """
        name, _, value = arguments.partition("=")
        name = name.strip().lstrip("_")
        function = re.fullmatch(r"(\w+)\((.*)\)", name)
        if function is None:
            channel.variables[name] = value
        elif function[1].upper() == "TIMEOUT" and function[2].lower() == "absolute":
            self.runner.set_timeout(channel, float(value or 0))
        elif function[1].upper() == "FAXOPT" and function[2].lower() == "faxdetect":
            self.detect_fax(channel, value)
        elif function[1].upper() == "GLOBAL":
            self.exchange.globals[function[2]] = value
        else:
            write_function(channel, function[1], function[2], value)
        return True

    def detect_fax(self, channel: Channel, value: str) -> None:
        """``Set(FAXOPT(faxdetect)=t38)``, and ``no``."""
        if channel.fax_detection is not None:
            channel.fax_detection.cancel()
            channel.fax_detection = None
        if value == "t38" and channel.voice.t38_after_s:
            delay_s = channel.voice_at + channel.voice.t38_after_s - self.exchange.now
            channel.fax_detection = self.exchange.after(delay_s, lambda: self._is_fax(channel))

    def _is_fax(self, channel: Channel) -> None:
        fax = Location(channel.location.context, "fax", 1)
        if not channel.is_gone and self.runner.dialplan.find(fax.context, fax.exten) is not None:
            self.runner.move(channel, fax)

    def goto(self, channel: Channel, arguments: str) -> Location:
        """``Goto([[context,]exten,]priority)``."""
        return self.runner.dialplan.resolve(arguments, channel.location)

    def goto_if(self, channel: Channel, arguments: str) -> bool | Location:
        """``GotoIf(condition?yes:no)``."""
        condition, _, targets = arguments.partition("?")
        yes, _, no = targets.partition(":")
        target = yes if is_set(condition) else no
        return self.goto(channel, target) if target else True

    def exec_if(self, channel: Channel, arguments: str) -> bool | Location:
        """``ExecIf(condition?application(arguments))``."""
        condition, _, call = arguments.partition("?")
        if not is_set(condition):
            return True
        name, _, rest = call.partition("(")
        return self.runner.applications[name](channel, rest.removesuffix(")"))

    def answer(self, channel: Channel, arguments: str) -> bool:
        """``Answer()``: up at once, then it waits for media."""
        if channel.is_up:
            return True
        self.exchange.signal(Accepted(channel.uniqueid))
        self.exchange.set_state(channel, ChannelState.UP)
        delay_s = ANSWER_S_WITHOUT_MEDIA
        if channel.sends_media:
            delay_s = self.exchange.rng.uniform(*ANSWER_MS_WITH_MEDIA) / 1000
        return self._pause(channel, delay_s)

    def wait(self, channel: Channel, arguments: str) -> bool:
        """``Wait(seconds)``."""
        return self._pause(channel, float(arguments or 0))

    def _pause(self, channel: Channel, delay_s: float) -> bool:
        timer = self.exchange.after(delay_s, lambda: self.runner.proceed(channel))
        channel.activity = Pause(timer)
        return False

    def play(self, channel: Channel, arguments: str) -> bool:
        """``Playback(file&file)`` on an answered channel; a missing file only sets
        PLAYBACKSTATUS.
        """
        files = arguments.partition(",")[0].split("&")
        known = [file for file in files if file not in self.exchange.settings.missing_sounds]
        status = "SUCCESS" if len(known) == len(files) else "FAILED"
        channel.variables["PLAYBACKSTATUS"] = status
        if not known:
            return True
        announcement = Announcement(self.exchange, channel, lambda: self.runner.proceed(channel))
        channel.activity = announcement
        announcement.play(known)
        return False

    def record(self, channel: Channel, arguments: str) -> bool:
        """``Record(file,silence,seconds,options)``. The caller of this world says nothing into it:
        it ends with the silence, or the longest time if that is shorter.
        """
        _, silence, longest, _ = (*arguments.split(","), *[""] * 4)[:4]
        ends = [float(text) for text in (silence, longest) if float(text or 0) > 0]
        if not ends:
            raise Unmodelled(f"Record({arguments}) without an end")
        return self._pause(channel, min(ends))

    def read(self, channel: Channel, arguments: str) -> bool:
        """``Read(variable,file,1,,1,seconds)``; a missing file only sets READSTATUS."""
        variable, file, digits, _, attempts, seconds = (*arguments.split(","), *[""] * 6)[:6]
        if digits != "1" or attempts != "1":
            raise Unmodelled(f"Read({arguments})")
        if file in self.exchange.settings.missing_sounds:
            channel.variables |= {variable: "", "READSTATUS": "ERROR"}
            return True
        asking = Asking(self.exchange, self.runner, channel, variable, float(seconds))
        channel.activity = asking
        asking.play(file)
        return False

    def screen(self, channel: Channel, arguments: str) -> bool:
        """``AMD(...)``: what is not given is as in its file."""
        given = {
            name: int(value)
            for name, value in zip(AMD_ARGUMENTS, arguments.split(","), strict=False)
            if name and value
        }
        settings = msgspec.structs.replace(self.exchange.settings.amd, **given)
        screened = screen(channel.voice, settings)
        said = {"AMDSTATUS": screened.status, "AMDCAUSE": screened.cause}
        return self._listen(
            channel, screened.after_s, said, {"AMDSTATUS": "HANGUP", "AMDCAUSE": ""}
        )

    def wait_for_silence(self, channel: Channel, arguments: str) -> bool:
        """``WaitForSilence(milliseconds,1,seconds)``."""
        silence, times, longest = (*arguments.split(","), *[""] * 3)[:3]
        if times != "1" or not longest:
            raise Unmodelled(f"WaitForSilence({arguments})")
        since_s = self.exchange.now - channel.voice_at
        delay_s = silent_after(channel.voice, since_s, int(silence) / 1000)
        status = "SILENCE" if delay_s <= float(longest) else "TIMEOUT"
        said = {"WAITSTATUS": status}
        return self._listen(channel, min(delay_s, float(longest)), said, {"WAITSTATUS": "HANGUP"})

    def _listen(
        self, channel: Channel, delay_s: float, said: Mapping[str, str], at_end: Mapping[str, str]
    ) -> bool:
        """Keep the channel for so long, then say this."""
        channel.is_listened_to = True
        late_s = self.exchange.rng.uniform(0.0, FRAME_S)
        timer = self.exchange.after(delay_s + late_s, lambda: self._heard(channel, said))
        channel.activity = Listening(timer, at_end)
        return False

    def _heard(self, channel: Channel, said: Mapping[str, str]) -> None:
        channel.is_listened_to = False
        channel.variables |= said
        self.runner.proceed(channel)

    def hang_up(self, channel: Channel, arguments: str) -> bool:
        """``Hangup([cause])``."""
        cause = int(arguments) if arguments.isdigit() else 0
        self.runner.hang_up(channel, cause or channel.hangup_cause or NORMAL_CLEARING)
        return False

    def user_event(self, channel: Channel, arguments: str) -> bool:
        """``UserEvent(name,Header: value,...)``."""
        name, *rest = arguments.split(",")
        headers: Message = [*channel.describe(), ("UserEvent", name)]
        for part in rest:
            key, _, value = part.partition(":")
            headers.append((key.strip(), value.strip()))
        self.exchange.emit(Privilege.USER, "UserEvent", headers)
        return True
