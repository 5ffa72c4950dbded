"""One PBX as the service sees it: commands go out in order, facts come in, the heartbeat is kept.

Fills in `callcenter.service.ports.PbxGateway` over `AmiConnection`. What messages and commands mean
is `translate`; how the PBX's state is read beside the running events is `reader`. Nothing is
decided here, and nothing is ever sent a second time.

The watchdog of callers in menus needs care. A renewal may cross a caller who is leaving the menu
and would then cut a conversation ten seconds later. So only callers are renewed that are in a menu
as far as the PBX has told, and the timeout is taken back from each that is seen leaving after a
renewal.
"""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import Callable, Sequence
from typing import Final

from callcenter.domain.call import Place
from callcenter.domain.commands import (
    AskDigit,
    HoldCaller,
    JoinCall,
    PbxCommand,
    PlayPrompt,
    ProbeMenu,
    ReadPbx,
    RecordVoicemail,
    SayToCaller,
)
from callcenter.domain.events import (
    CallArrived,
    CallerHeld,
    CallFellBack,
    ChannelHungUp,
    ChannelJoined,
    IvrLeft,
    PbxEvent,
    PbxLinkLost,
    PbxStateRead,
)
from callcenter.domain.ids import ChannelRef, PbxName
from callcenter.pbx.ami.commands import (
    WATCHDOG_S,
    Action,
    InvalidCommand,
    actions_after_refusal,
    actions_for,
    heartbeat_action,
    is_done_already,
    watchdog_action,
)
from callcenter.pbx.ami.connection import AmiConnection
from callcenter.pbx.ami.errors import AmiError, NotSent
from callcenter.pbx.ami.fence import kick_leader
from callcenter.pbx.ami.link import Account, Counters, LinkDown, LinkUp, Timings
from callcenter.pbx.ami.reader import StateReader
from callcenter.pbx.ami.trace import Trace
from callcenter.pbx.ami.translate import WANTED, Malformed, translate
from callcenter.pbx.ami.wire import AmiMessage, InvalidActionError, first, is_refusal
from callcenter.service import ports

READ_RETRY_S: Final = 1.0
"""Seconds before the state is read again, where reading failed over a link that stands."""

RELIEF_POLL_S: Final = 0.05
"""Seconds between two looks at an overfull inbox. The hub empties it at 20,000 events a second."""

NAMES_MAX: Final = 100_000
"""Channel names kept; one is dropped at its Hangup. More than this would be a leak."""

_LEAVES_MENU = (IvrLeft, CallerHeld, ChannelJoined, CallFellBack)
"""Facts after which a channel lives on, but not under menu control."""


class AmiGateway:
    """The gateway to one PBX. All methods are for the loop's thread; `run` keeps it going.

    ``leader`` gives orders, ``fence`` kicks its older sessions before each login (None: nobody is
    kicked). ``inbox`` takes every fact, in order, and must not block; while ``is_full`` says so,
    nothing is read from the PBX. ``on_fault`` takes one sentence about something malformed or
    refused, without people's numbers; ``on_link`` every up and down, with the reason.
    ``watchdog_s``: what a renewal grants a caller in a menu; the dialplan's ``stale_s``.
    """

    def __init__(
        self,
        leader: Account,
        fence: Account | None,
        inbox: Callable[[PbxEvent], None],
        *,
        is_full: Callable[[], bool] = lambda: False,
        on_fault: Callable[[str], None] = lambda _: None,
        on_link: Callable[[LinkUp | LinkDown], None] = lambda _: None,
        watchdog_s: int = WATCHDOG_S,
        timings: Timings | None = None,
        trace: Trace | None = None,
    ) -> None:
        self.name: PbxName = leader.pbx
        self.malformed = 0
        """Messages of a kind we use that lacked something."""
        self._leader = leader
        self._fence = fence
        self._inbox = inbox
        self._is_full = is_full
        self._on_fault = on_fault
        self._on_link = on_link
        self._watchdog_s = watchdog_s
        self._timings = timings
        self._trace = trace
        self._connection = AmiConnection(
            leader.pbx,
            leader.host,
            leader.port,
            leader.user,
            leader.secret,
            secret_source=leader.secret_source,
            on_message=self._take_message,
            on_up=self._come_up,
            on_down=self._go_down,
            on_fault=on_fault,
            before_login=None if fence is None else self._kick,
            wanted=frozenset(WANTED),
            timings=timings,
        )
        self._group: asyncio.TaskGroup | None = None
        self._reader: StateReader | None = None
        self._reading: asyncio.Task[None] | None = None
        self._readers: list[Future[None]] = []
        """Whoever waits for a reading that has not begun."""
        self._is_known = False
        """The state has been read in this session."""
        self._names: dict[str, str] = {}
        """Channel id -> whole name, of every live channel."""
        self._menus: dict[str, bool] = {}
        """Channels in menus -> whether their watchdog was renewed by us."""
        self._clock: tuple[float, float] | None = None
        """The PBX's time in epoch seconds, and the loop's time when it was that."""
        self._paused = False

    # --- looking in ---------------------------------------------------------------------------

    @property
    def is_up(self) -> bool:
        """Whether the link stands and the PBX's state is known."""
        return self._connection.is_up and self._is_known

    @property
    def counters(self) -> Counters:
        """What passed over the link."""
        return self._connection.counters

    def pbx_time(self) -> float | None:
        """The PBX's time now, epoch seconds within half a second; None while it is unknown."""
        if self._clock is None:
            return None
        epoch_s, measured_at = self._clock
        return epoch_s + asyncio.get_running_loop().time() - measured_at

    # --- running ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the link until `close`, or until cancelled. Once."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                await self._connection.run()
                self._stop_reading()
        finally:
            if self._trace is not None:
                self._trace.close()

    def close(self) -> None:
        """End the link for good; `run` returns. Outstanding commands end as OutcomeUnknown."""
        self._connection.close()

    async def _kick(self) -> None:
        assert self._fence is not None
        await kick_leader(self._fence, self._leader.user, timings=self._timings)

    def _come_up(self, up: LinkUp) -> None:
        self._names.clear()
        self._measure_clock()
        self._start_reading()
        self._on_link(up)

    def _go_down(self, down: LinkDown) -> None:
        if down.was_up:
            self._stop_reading()
            self._is_known = False
            self._clock = None
            self._names.clear()
            self._menus.clear()
            for waiter in self._readers:
                _settle(waiter, ports.OutcomeUnknown(down.text))
            self._readers.clear()
            self._deliver(PbxLinkLost(self.name, down.text))
        self._on_link(down)

    # --- facts coming in ----------------------------------------------------------------------

    def _take_message(self, message: AmiMessage) -> None:
        if self._trace is not None:
            self._trace.write(message)
        self._note_name(message)
        try:
            event = translate(self.name, message)
        except Malformed as error:
            self.malformed += 1
            self._on_fault(f'PBX "{self.name}": {error}')
            return
        if event is None:
            return
        if self._reader is None:
            self._deliver(event)
        else:
            self._reader.hold(event)

    def _note_name(self, message: AmiMessage) -> None:
        """Bridge needs names: know the name of every channel."""
        names = self._names
        match message.get("Event"):
            case "Newchannel":
                names[first(message, "Uniqueid")] = first(message, "Channel")
                if len(names) > NAMES_MAX:
                    del names[next(iter(names))]
            case "Rename":
                names[first(message, "Uniqueid")] = first(message, "Newname")
            case "Hangup":
                names.pop(first(message, "Uniqueid"), None)

    def _deliver(self, event: PbxEvent) -> None:
        match event:
            case CallArrived():
                self._menus.setdefault(event.channel.id, False)
            case PbxStateRead():
                self._take_menus(event)
            case ChannelHungUp():
                self._menus.pop(event.channel.id, None)
            case _ if isinstance(event, _LEAVES_MENU):
                self._leave_menu(event.channel)
        self._inbox(event)
        if not self._paused and self._is_full():
            self._paused = True
            self._connection.pause_reading()
            self._look_for_relief()

    def _look_for_relief(self) -> None:
        if self._is_full():
            asyncio.get_running_loop().call_later(RELIEF_POLL_S, self._look_for_relief)
        else:
            self._paused = False
            self._connection.resume_reading()

    # --- watchdogs and heartbeat --------------------------------------------------------------

    def _take_menus(self, event: PbxStateRead) -> None:
        renewed = {channel_id for channel_id, was_renewed in self._menus.items() if was_renewed}
        self._menus = {
            truth.channel.id: truth.channel.id in renewed
            for truth in event.channels
            if truth.place is Place.MENU
        }
        for truth in event.channels:
            if truth.channel.id in renewed and truth.place is not Place.MENU:
                self._write(watchdog_action(truth.channel, 0))

    def _leave_menu(self, channel: ChannelRef) -> None:
        if self._menus.pop(channel.id, False):
            self._write(watchdog_action(channel, 0))

    def beat(self, menus: Sequence[ChannelRef]) -> None:
        """Tell the PBX that we live, and renew the watchdog of these channels that are in menus."""
        now = self.pbx_time()
        if now is None:
            return
        answer = self._write(heartbeat_action(int(now)))
        if answer is not None:
            answer.add_done_callback(self._check_heartbeat)
        for channel in menus:
            if channel.id in self._menus:
                self._menus[channel.id] = True
                self._write(watchdog_action(channel, self._watchdog_s))
        self._measure_clock()

    def _check_heartbeat(self, answer: Future[AmiMessage]) -> None:
        if _is_answered(answer) and is_refusal(answer.result()):
            said = first(answer.result(), "Message")
            self._on_fault(
                f'PBX "{self.name}" refuses the heartbeat ({said}): callers will fall to the '
                f"native queue. [{self._leader.user}] in manager.conf needs 'write = call'"
            )

    def _measure_clock(self) -> None:
        answer = self._write({"Action": "Getvar", "Variable": "EPOCH"})
        if answer is not None:
            answer.add_done_callback(self._set_clock)

    def _set_clock(self, answer: Future[AmiMessage]) -> None:
        if not _is_answered(answer):
            return
        value = first(answer.result(), "Value")
        if not (value.isascii() and value.isdigit() and len(value) <= 12):
            self._on_fault(f'PBX "{self.name}" does not tell its time (Getvar EPOCH)')
            return
        # Whole seconds, cut off: half a second more is right on average.
        self._clock = (int(value) + 0.5, asyncio.get_running_loop().time())

    def _write(self, action: Action) -> Future[AmiMessage] | None:
        """Write an action on whose answer nothing depends; None if it could not be written."""
        try:
            return self._connection.start_action(action)
        except (NotSent, InvalidActionError, InvalidCommand):
            return (
                None  # without a link nobody can be told anything, and the loss is told elsewhere
            )

    # --- commands going out -------------------------------------------------------------------

    def send(self, command: PbxCommand) -> Future[None]:
        """Write this command now and return its result to come, see `ports.PbxGateway`."""
        result: Future[None] = asyncio.get_running_loop().create_future()
        if isinstance(command, ReadPbx):
            self._send_reading(result)
            return result
        try:
            answers = self._write_command(command)
        except (NotSent, InvalidActionError, InvalidCommand) as error:
            _settle(result, ports.Refused(str(error)))
            return result
        except AmiError as error:
            _settle(result, ports.OutcomeUnknown(str(error)))
            return result
        together = asyncio.gather(*answers, return_exceptions=True)
        together.add_done_callback(lambda done: self._conclude(command, result, done.result()))
        return result

    def _conclude(
        self,
        command: PbxCommand,
        result: Future[None],
        answers: Sequence[AmiMessage | BaseException],
    ) -> None:
        outcome = _outcome(command, answers)
        if isinstance(outcome, ports.Refused):
            for action in actions_after_refusal(command):
                self._write(action)
        _settle(result, outcome)

    def _write_command(self, command: PbxCommand) -> list[Future[AmiMessage]]:
        actions = actions_for(command, self._names)
        match command:
            case PlayPrompt() | AskDigit() | ProbeMenu() if command.channel.id not in self._menus:
                # Asterisk would say yes and never run it, once the channel has left AsyncAGI.
                raise InvalidCommand(f"{command.channel} is in no menu")
        answers = []
        for action in actions:
            try:
                answers.append(self._connection.start_action(action))
            except (NotSent, InvalidActionError) as error:
                if not answers:
                    raise
                raise AmiError(f"only a part of it was written: {error}") from error
        if isinstance(command, HoldCaller | SayToCaller | RecordVoicemail):
            # The context that the caller is sent to clears the watchdog itself.
            self._menus.pop(command.channel.id, None)
        return answers

    # --- reading the state --------------------------------------------------------------------

    def _send_reading(self, result: Future[None]) -> None:
        if not self._connection.is_up:
            _settle(result, ports.Refused(f'no link to PBX "{self.name}" now'))
            return
        self._readers.append(result)
        if self._reading is None:
            self._start_reading()

    def _start_reading(self) -> None:
        assert self._group is not None
        self._reader = self._make_reader()
        self._reading = self._group.create_task(self._read(), name=f"read {self.name}")

    def _make_reader(self) -> StateReader:
        return StateReader(
            self.name,
            self._connection,
            self._names,
            self._on_fault,
            is_first=not self._is_known,
        )

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        self._reading = self._reader = None

    async def _read(self) -> None:
        """Read until it succeeds and nobody waits for another; events are held meanwhile."""
        while True:
            if await self._read_once():
                if not self._readers:
                    break
                self._reader = self._make_reader()
            else:
                await asyncio.sleep(READ_RETRY_S)
        self._reading = self._reader = None

    async def _read_once(self) -> bool:
        """Read for all who wait by now, and tell the state; says whether it could be read."""
        waiting, self._readers = self._readers, []
        assert self._reader is not None
        try:
            reading = await self._reader.read()
            self._is_known = True
            for event in reading:
                self._deliver(event)
            for waiter in waiting:
                _settle(waiter, None)
        except AmiError as error:
            self._on_fault(f'the state of PBX "{self.name}" could not be read: {error}')
            return False
        else:
            return True
        finally:
            for waiter in waiting:  # failed, or cut off with the link
                _settle(waiter, ports.OutcomeUnknown("the state could not be read"))


def _is_answered(answer: Future[AmiMessage]) -> bool:
    return not answer.cancelled() and answer.exception() is None


def _outcome(
    command: PbxCommand, answers: Sequence[AmiMessage | BaseException]
) -> ports.Refused | ports.OutcomeUnknown | None:
    """What the answers to a command's actions say together; the worst counts."""
    if isinstance(command, JoinCall):
        answers = answers[
            :1
        ]  # whoever hangs up right behind the Bridge has been joined all the same
    refusal: ports.Refused | None = None
    for answer in answers:
        if isinstance(answer, BaseException):
            return ports.OutcomeUnknown(str(answer))
        if is_refusal(answer):
            said = first(answer, "Message") or "no reason given"
            if not is_done_already(command, said):
                refusal = refusal or ports.Refused(said)
    return refusal


def _settle(future: Future[None], outcome: Exception | None) -> None:
    if future.done():  # given up by whoever asked
        return
    if outcome is None:
        future.set_result(None)
    else:
        future.set_exception(outcome)
