"""AsyncAGI: the queue of commands that a channel runs for its AMI client, and the commands that
menus use.
"""

from __future__ import annotations

import shlex
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from callcenter.simulator.asking import Asking
from callcenter.simulator.channel import Channel, HearsNothing, HearsPrompt, Stop
from callcenter.simulator.exchange import DEFAULT_SOUND_S, Exchange
from callcenter.simulator.expressions import Unmodelled
from callcenter.simulator.functions import read_function, read_variable
from callcenter.simulator.messages import Message, Privilege
from callcenter.simulator.runner import Runner
from callcenter.simulator.timers import Timer

VERSION = "22.10.1"
"""What ``agi_version`` says."""
PICKUP_MS_MAX = 100.0
"""A waiting channel looks for commands when a frame comes, or after this time."""
PICKUP_MS_MIN = 20.0
"""Between two frames of a caller who speaks."""
SAMPLES_PER_S = 8000
DEFAULT_DIGIT_TIMEOUT_S = 2.0
DEFAULT_FIRST_DIGIT_TIMEOUT_S = 6.0
DIGITS_MAX = 1024
COMMANDS_KEPT = 256
"""Commands whose words are kept: menus say the same few again and again."""
_UNRESERVED = "-_.!~*'()"
"""What Asterisk leaves as it is in URL-encoded values, besides letters and digits."""


class Answer(NamedTuple):
    """How a command ended: its line of output, and what ``AGIExecEnd`` says."""

    text: str
    code: int = 200
    word: str = "Success"
    then: str = "next"
    """``next`` command, ``leave`` AsyncAGI for the dialplan's next step, or ``hangup``."""


USAGE = Answer("520-Invalid command syntax.  Proper usage follows:\n", 520, "Usage")
UNKNOWN = Answer("510 Invalid or unknown command\n", 510, "Invalid or unknown command")


def encode(text: str) -> str:
    """The value of ``Env`` and ``Result`` headers."""
    return quote(text, safe=_UNRESERVED)


class AsyncAgi:
    """The application ``AGI(agi:async)`` and the action that feeds it."""

    def __init__(self, exchange: Exchange, runner: Runner) -> None:
        self.exchange = exchange
        self.runner = runner

    def enter(self, channel: Channel, arguments: str) -> bool:
        """``AGI(agi:async)``."""
        if arguments != "agi:async":
            raise Unmodelled(f"AGI({arguments})")
        if channel.agi_commands is None:
            channel.agi_commands = deque()
        control = Control(self, channel)
        channel.activity = control
        self.emit("AsyncAGIStart", channel, [("Env", encode(self._describe(channel)))])
        control.run_next()
        return False

    def add_command(self, channel: Channel, command: str, command_id: str) -> bool:
        """Queue a command; False where the channel has never been in AsyncAGI."""
        if channel.agi_commands is None:
            return False
        channel.agi_commands.append((command, command_id))
        if isinstance(channel.activity, Control):
            channel.activity.wake()
        return True

    def press(self, channel: Channel, digit: str) -> None:
        """The caller pressed a key; counts only where the running command listens."""
        if isinstance(channel.activity, Control | Asking):
            channel.activity.press(digit)

    def emit(self, name: str, channel: Channel, headers: Message) -> None:
        """Send an event of class ``agi``."""
        if self.exchange.is_told(name):
            self.exchange.emit(Privilege.AGI, name, channel.describe() + headers)

    def _describe(self, channel: Channel) -> str:
        where = channel.location
        lines = [
            "agi_request: async",
            f"agi_channel: {channel.name}",
            "agi_language: en",
            "agi_type: PJSIP",
            f"agi_uniqueid: {channel.uniqueid}",
            f"agi_version: {VERSION}",
            f"agi_callerid: {channel.caller_number or 'unknown'}",
            f"agi_calleridname: {channel.caller_name or 'unknown'}",
            "agi_callingpres: 0",
            "agi_callingani2: 0",
            "agi_callington: 0",
            "agi_callingtns: 0",
            f"agi_dnid: {channel.dialed_number or 'unknown'}",
            "agi_rdnis: unknown",
            f"agi_context: {where.context}",
            f"agi_extension: {where.exten}",
            f"agi_priority: {where.priority}",
            "agi_enhanced: 0.0",
            "agi_accountcode: ",
            f"agi_threadid: {140_000_000_000_000 + len(channel.uniqueid)}",
        ]
        return "\n".join([*lines, "", ""])


class Control:
    """A channel under the control of its AMI client."""

    def __init__(self, agi: AsyncAgi, channel: Channel) -> None:
        self.agi = agi
        self.channel = channel
        self.running: tuple[str, str, str] | None = None
        """AsyncAGI's own number, the command and the client's id of it."""
        self._interrupted: Callable[[], Answer] | None = None
        self._timer: Timer | None = None
        self._listener: Callable[[str], None] | None = None
        self._left: tuple[str, str] | None = None
        """The dialplan's application and its data, while EXEC runs another."""

    # --- the queue ---

    def wake(self) -> None:
        """A command has come: an idle channel picks it up at its next look."""
        if self.running is None and (self._timer is None or not self._timer.is_pending):
            exchange = self.agi.exchange
            self._timer = exchange.soon(self.run_next, PICKUP_MS_MIN, PICKUP_MS_MAX)

    def run_next(self) -> None:
        """Run queued commands until one takes its time or the channel goes elsewhere."""
        commands = self.channel.agi_commands
        while self.running is None and commands and self.channel.activity is self:
            command, command_id = commands.popleft()
            number = str(self.agi.exchange.rng.getrandbits(31))
            self.running = (number, command, command_id)
            headers = [("CommandId", number), ("Command", command)]
            self.agi.emit("AGIExecStart", self.channel, headers)
            answer = self._start(command)
            if answer is None:
                return
            self._settle(answer)

    def _end(self, answer: Answer) -> None:
        """A command that took its time has ended by itself."""
        self._settle(answer)
        self.run_next()

    def _settle(self, answer: Answer) -> None:
        self._tell_end(answer)
        match answer.then:
            case "leave":
                self._leave()
                self.agi.runner.proceed(self.channel)
            case "hangup":
                self.agi.runner.hang_up(self.channel)

    def _tell_end(self, answer: Answer) -> None:
        assert self.running is not None
        number, command, command_id = self.running
        self.running = self._interrupted = self._listener = None
        if self._left is not None:
            (self.channel.application, self.channel.data), self._left = self._left, None
        if self._timer is not None:
            self._timer.cancel()
        emit = self.agi.emit
        headers = [
            ("CommandId", number),
            ("Command", command),
            ("ResultCode", str(answer.code)),
            ("Result", answer.word),
        ]
        emit("AGIExecEnd", self.channel, headers)
        result = [("Result", encode(answer.text))]
        if command_id:
            result.append(("CommandId", command_id))
        emit("AsyncAGIExec", self.channel, result)

    def _leave(self) -> None:
        self.agi.emit("AsyncAGIEnd", self.channel, [])

    def stop(self, channel: Channel, why: Stop) -> None:
        """Taken away: a running command ends with -1 and AsyncAGI says so, except when the channel
        is bridged.
        """
        if self._timer is not None:
            self._timer.cancel()
        if self._interrupted is not None:
            self.agi.exchange.signal(HearsNothing(channel.uniqueid))
        if why is Stop.BRIDGED:
            return
        if self._interrupted is not None:
            self._tell_end(self._interrupted())
        self._leave()

    def press(self, digit: str) -> None:
        """A key."""
        if self._listener is not None:
            self._listener(digit)

    # --- the commands ---

    def _start(self, command: str) -> Answer | None:
        """Begin a command; its answer when it has ended at once, None when it takes its time."""
        words = list(_split(command))
        name = " ".join(words[:2]).upper()
        match _name_of(words), name:
            case "NOOP", _:
                return Answer("200 result=0\n")
            case "ANSWER", _:
                return Answer("200 result=0\n")
            case "HANGUP", _:
                # 32 is a flag of Asterisk's (an explicit request), no cause.
                cause = [("Cause", "32")]
                self.agi.exchange.emit_hangup_request("SoftHangupRequest", self.channel, cause)
                return Answer("200 result=1\n", then="hangup")
            case "EXEC", _:
                return self._execute(words[1:])
            case _, "GET DATA":
                return self._get_data(words[2:])
            case _, "STREAM FILE":
                return self._stream_file(words[2:])
            case _, "GET VARIABLE":
                return self._get_variable(words[2:])
            case _, "GET FULL" if _name_of(words[2:]) == "VARIABLE":
                return self._get_full_variable(words[3:])
            case _, "SET VARIABLE" if len(words) == 4:
                self.channel.variables[words[2]] = words[3]
                return Answer("200 result=1\n")
            case _, "SET MUSIC":
                return Answer("200 result=0\n")
            case _, "ASYNCAGI BREAK":
                return Answer("200 result=0\n", then="leave")
        return UNKNOWN

    def _get_variable(self, arguments: list[str]) -> Answer:
        if len(arguments) != 1:
            return USAGE
        name, parenthesis, argument = arguments[0].rstrip(")").partition("(")
        if parenthesis:
            value: str | None = read_function(self.channel, name, argument)
        else:
            value = read_variable(self.agi.exchange, self.channel, name)
        return Answer("200 result=0\n" if value is None else f"200 result=1 ({value})\n")

    def _get_full_variable(self, arguments: list[str]) -> Answer:
        """``GET FULL VARIABLE text``: any text with variables in it."""
        if len(arguments) != 1:
            return USAGE
        value = self.agi.runner.substitute(self.channel, arguments[0])
        return Answer(f"200 result=1 ({value})\n")

    def _execute(self, arguments: list[str]) -> Answer | None:
        """``EXEC`` of Playback or Read; of an application that is unknown the result is -2."""
        if not arguments:
            return USAGE
        name, data = arguments[0], "".join(arguments[1:2])
        run = {"playback": self._playback, "read": self._read}.get(name.lower())
        if run is None:
            return Answer("200 result=-2\n", 200, "Unknown Result")
        self._left = (self.channel.application, self.channel.data)
        self.channel.application, self.channel.data = name, data
        return run(data)

    def _playback(self, data: str) -> Answer | None:
        """``Playback(file&file)``: a missing file only sets PLAYBACKSTATUS."""
        files = data.split(",")[0].split("&")
        known = [file for file in files if file not in self.agi.exchange.settings.missing_sounds]
        status = "SUCCESS" if len(known) == len(files) else "FAILED"
        self.channel.variables["PLAYBACKSTATUS"] = status
        if not data:
            return Answer("200 result=-1\n", 200, "Unknown Result")
        if not known:
            return Answer("200 result=0\n")
        self._interrupted = lambda: Answer("200 result=-1\n", 200, "Unknown Result")
        self._play(known, lambda: self._end(Answer("200 result=0\n")))
        return None

    def _read(self, data: str) -> Answer | None:
        """``Read(variable,file,digits,options,attempts,seconds)`` with one attempt.

        Its result is 0 however it ends; READSTATUS says how.
        """
        variable, file, digits, _, _, seconds = (*data.split(","), *[""] * 6)[:6]
        self.channel.variables["READSTATUS"] = "ERROR"
        if not variable:
            return Answer("200 result=0\n")

        def finish(status: str, typed: str) -> Answer:
            self.channel.variables[variable] = typed
            self.channel.variables["READSTATUS"] = status
            return Answer("200 result=0\n")

        return self._ask(file, int(digits or 0), float(seconds or 0), finish)

    def _play(self, files: list[str], then: Callable[[], None]) -> None:
        """Play files one after the other; at least one."""
        exchange = self.agi.exchange
        exchange.signal(HearsPrompt(self.channel.uniqueid, files[0]))

        def go_on() -> None:
            if files[1:]:
                self._play(files[1:], then)
            else:
                exchange.signal(HearsNothing(self.channel.uniqueid))
                then()

        self._timer = exchange.after(self._length_of(files[0]), go_on)

    def _length_of(self, file: str) -> float:
        return self.agi.exchange.settings.sounds.get(file, DEFAULT_SOUND_S)

    def _stream_file(self, arguments: list[str]) -> Answer | None:
        """``STREAM FILE file "digits"``: a missing file ends AsyncAGI."""
        if not 2 <= len(arguments) <= 3:
            return USAGE
        file, escapes = arguments[:2]
        if file in self.agi.exchange.settings.missing_sounds:
            return Answer("200 result=-1 endpos=0\n", -1, "Failure", "leave")
        began = self.agi.exchange.now

        def position() -> int:
            return int((self.agi.exchange.now - began) * SAMPLES_PER_S)

        def listen(digit: str) -> None:
            if digit in escapes:
                self._silence()
                self._end(Answer(f"200 result={ord(digit)} endpos={position()}\n"))

        self._listener = listen
        self._interrupted = lambda: Answer(f"200 result=-1 endpos={position()}\n", -1, "Failure")
        self._play([file], lambda: self._end(Answer(f"200 result=0 endpos={position()}\n")))
        return None

    def _get_data(self, arguments: list[str]) -> Answer | None:
        """``GET DATA file milliseconds digits``."""
        if not arguments:
            return USAGE

        def finish(status: str, typed: str) -> Answer:
            texts = {"OK": typed, "TIMEOUT": f"{typed} (timeout)"}
            return Answer(f"200 result={texts.get(status, '-1')}\n")

        timeout_s = _read_number(arguments, 1) / 1000
        return self._ask(arguments[0], _read_number(arguments, 2), timeout_s, finish)

    def _ask(
        self,
        file: str,
        digits_max: int,
        timeout_s: float,
        finish: Callable[[str, str], Answer],
    ) -> Answer | None:
        """Play a prompt and take keys; the timeout counts from the prompt's end and from each key.

        ``finish`` makes the answer of the status (OK, TIMEOUT, ERROR, HANGUP) and the keys.
        """
        if file in self.agi.exchange.settings.missing_sounds:
            return finish("ERROR", "")
        typed = ""

        def wait(seconds: float) -> None:
            self._timer = self.agi.exchange.after(
                seconds, lambda: self._end(finish("TIMEOUT", typed))
            )

        def listen(digit: str) -> None:
            nonlocal typed
            self._silence()
            if digit != "#":
                typed += digit
            if digit == "#" or len(typed) >= (digits_max or DIGITS_MAX):
                self._end(finish("OK", typed))
            else:
                wait(timeout_s or DEFAULT_DIGIT_TIMEOUT_S)

        self._listener = listen
        self._interrupted = lambda: finish("HANGUP", typed)
        first_s = timeout_s or DEFAULT_FIRST_DIGIT_TIMEOUT_S
        if file:
            self._play([file], lambda: wait(first_s))
        else:
            wait(first_s)
        return None

    def _silence(self) -> None:
        """Stop the prompt or the wait for a key."""
        if self._timer is not None and self._timer.is_pending:
            self._timer.cancel()
            self.agi.exchange.signal(HearsNothing(self.channel.uniqueid))


def _name_of(words: list[str]) -> str:
    """The first word in capitals; empty when there is none."""
    return words[0].upper() if words else ""


@lru_cache(maxsize=COMMANDS_KEPT)
def _split(command: str) -> tuple[str, ...]:
    """The words of a command: blanks separate, double quotes hold together, a backslash takes the
    next letter.
    """
    lexer = shlex.shlex(command, posix=True)
    lexer.quotes = '"'
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return tuple(lexer)
    except ValueError:  # an unclosed quote: Asterisk takes it to the end
        return tuple(command.replace('"', "").split())


def _read_number(arguments: list[str], place: int) -> int:
    try:
        return int(arguments[place])
    except (IndexError, ValueError):
        return 0
