"""The agents' open desktops: cards go out here before the phone rings, and the machine is told
when a desktop opens and closes.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Protocol

import msgspec
import structlog
from msgspec import Struct

from callcenter.api.cards import CARD_WAIT_S, Cards, Fetch, Whom
from callcenter.api.frames import Card, Shown, encode
from callcenter.api.ports import HubLike
from callcenter.domain.agent import Agent
from callcenter.domain.call import Call
from callcenter.domain.commands import PopCard
from callcenter.domain.events import DesktopClosed, DesktopOpened
from callcenter.domain.ids import AgentId, CallId
from callcenter.service.ports import CardSource, Clock, Overloaded

POP_DEADLINE_S = 0.05
"""From the command to the frame in the operating system's hands: nobody notices a phone that rings
50 ms later. Longer would hold up other calls' commands, which wait behind this one."""
CARD_TIMES_KEPT_MAX = 10_000
"""Calls whose card times are remembered: some hours of a large center."""
TELL_AGAIN_S = 0.1
"""After this a closed desktop is told again to a hub whose inbox was full."""

_LOG = structlog.get_logger("callcenter.api")


class DesktopSocket(Protocol):
    """One open desktop."""

    @property
    def agent(self) -> AgentId:
        """Whose it is."""
        ...

    async def write_now(self, frame: bytes, deadline: float) -> bool:
        """Hand a frame to the operating system before everything queued.

        True when it is handed over by ``deadline`` (the loop's time). A socket that takes nothing
        at all until then is closed.
        """
        ...


class CardTimes(Struct, frozen=True):
    """When a call's card went out and was seen. UTC seconds, 0.0 for "not yet"."""

    agent: AgentId
    sent_at: float
    """When the card was handed to the operating system, of the last agent it was offered to."""
    shown_at: float = 0.0
    """When the desktop's word that it was drawn came in."""
    shown_at_ms: float = 0.0
    """The same moment by the desktop's own clock, UTC milliseconds."""


class LiveDesktops:
    """All open desktops. Implements ``callcenter.service.ports.Desktops``."""

    def __init__(
        self,
        hub: HubLike,
        source: CardSource,
        clock: Clock,
        on_shown: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._hub = hub
        self._cards = Cards(source)
        self._clock = clock
        self._on_shown = on_shown
        self._sockets: dict[AgentId, dict[DesktopSocket, None]] = {}
        self._told: dict[DesktopSocket, None] = {}
        """Sockets that the machine has been told of."""
        self._last: dict[AgentId, Card] = {}
        self._read: dict[AgentId, str] = {}
        """Previews whose cards were fetched, also while they are being dialed."""
        self._times: OrderedDict[CallId, CardTimes] = OrderedDict()
        self._seq = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self.cards_sent = 0
        """Cards handed to at least one desktop."""
        self.cards_unseen = 0
        """Cards that no desktop took."""
        self.cards_incomplete = 0
        """Cards that went out before the customer's fields were there."""
        self.cards_shown = 0

    @property
    def card_failures(self) -> int:
        """Cards that the source did not give."""
        return self._cards.failures

    def times(self, call: CallId) -> CardTimes | None:
        """When this call's card was sent and seen; None when none went out lately."""
        return self._times.get(call)

    # --- cards --------------------------------------------------------------------------------

    async def pop_card(self, card: PopCard) -> bool:
        """Write the card to all open desktops of the agent; False when none has taken it.

        Returns at the latest after ``POP_DEADLINE_S``. What the customer directory has not said
        within ``CARD_WAIT_S`` follows in a frame of its own.
        """
        deadline = asyncio.get_running_loop().time() + POP_DEADLINE_S
        fetch = None
        whom = Whom(card.customer, card.contact)
        if any(whom) and self._is_there(card):
            fetch = self._cards.want(card.call, whom)
        if card.agent in self._sockets and fetch is not None and not fetch.task.done():
            await asyncio.wait({fetch.task}, timeout=max(0.0, min(fetch.left_s, CARD_WAIT_S)))
        complete = fetch is None or fetch.task.done()
        frame = self._frame(card, complete, _result(fetch))
        self._last[card.agent] = frame
        self._note_sending(card)
        taken = await self._write(frame, card.agent, deadline)
        if taken:
            self.cards_sent += 1
            self._note_sent(card)
        else:
            self.cards_unseen += 1
            self._times.pop(card.call, None)
        if not complete and fetch is not None:
            self.cards_incomplete += 1
            self._spawn(self._send_rest(card, fetch))
        return taken > 0

    def _is_there(self, card: PopCard) -> bool:
        """Whether the call is live, or the agent reads the card before it is dialed."""
        return card.call in self._hub.state.calls or card.call in self._in_hand(card.agent)

    def _in_hand(self, agent: AgentId) -> tuple[str, ...]:
        """What the agent's card may belong to: a call, a preview, or the attempt it became."""
        me = self._hub.state.agents.get(agent)
        if me is None:
            return ()
        preview = "" if me.preview is None else me.preview.id
        return tuple(one for one in (me.call, preview, me.dialing) if one)

    async def _send_rest(self, card: PopCard, fetch: Fetch) -> None:
        """Send the whole card once its fields are there, if it is still that agent's."""
        await asyncio.wait({fetch.task})
        last = self._last.get(card.agent)
        if last is not None and last.call == card.call and not fetch.task.cancelled():
            frame = self._frame(card, True, _result(fetch))
            self._last[card.agent] = frame
            deadline = asyncio.get_running_loop().time() + POP_DEADLINE_S
            await self._write(frame, card.agent, deadline)

    def _frame(self, card: PopCard, complete: bool, fields: msgspec.Raw | None) -> Card:
        self._seq += 1
        return Card(
            call=card.call,
            customer=card.customer,
            number=card.caller_number,
            tier=card.tier,
            queue=card.queue,
            campaign=card.campaign,
            contact=card.contact,
            preview=card.preview,
            returned=card.returned,
            waited_s=card.waited_s,
            seq=self._seq,
            at=self._clock.now(),
            complete=complete,
            again=False,
            card=fields,
        )

    async def _write(self, card: Card, agent: AgentId, deadline: float) -> int:
        """Write a card to the agent's desktops; how many took it."""
        sockets = list(self._sockets.get(agent, ()))
        frame = encode(card)
        results = await asyncio.gather(*(socket.write_now(frame, deadline) for socket in sockets))
        taken = sum(results)
        _LOG.info(
            "card_written",
            call=card.call,
            agent=agent,
            seq=card.seq,
            desktops=taken,
            complete=card.complete,
        )
        return taken

    def _note_sending(self, card: PopCard) -> None:
        # Before the write: on a busy machine a desktop's word can come in before we go on after it.
        self._times[card.call] = CardTimes(card.agent, self._clock.now())
        self._times.move_to_end(card.call)
        while len(self._times) > CARD_TIMES_KEPT_MAX:
            self._times.popitem(last=False)

    def _note_sent(self, card: PopCard) -> None:
        times = self._times.get(card.call)
        if times is not None and not times.shown_at:
            self._times[card.call] = CardTimes(card.agent, self._clock.now())

    def note_shown(self, agent: AgentId, shown: Shown) -> None:
        """A desktop says that it has drawn a card.

        The first word counts, and only the word of the agent to whom the card was sent.
        """
        times = self._times.get(shown.call)
        if times is None or times.agent != agent or times.shown_at:
            return
        now = self._clock.now()
        self._times[shown.call] = CardTimes(agent, times.sent_at, now, shown.at_ms)
        self.cards_shown += 1
        self._on_shown(max(0.0, now - times.sent_at))
        _LOG.info(
            "card_shown", call=shown.call, agent=agent, ms=round((now - times.sent_at) * 1000)
        )

    # --- desktops -----------------------------------------------------------------------------

    def open(self, socket: DesktopSocket) -> None:
        """A desktop is there: tell the machine, and show its running call's card again.

        Raises ``Overloaded`` when the machine cannot be told; then the socket is not taken.
        """
        self._tell_opened(socket)
        self._sockets.setdefault(socket.agent, {})[socket] = None
        card = self._last.get(socket.agent)
        if card is not None and card.call in self._in_hand(socket.agent):
            frame = encode(msgspec.structs.replace(card, again=True, at=self._clock.now()))
            self._spawn(self._show_again(socket, frame))

    async def _show_again(self, socket: DesktopSocket, frame: bytes) -> None:
        await socket.write_now(frame, asyncio.get_running_loop().time() + POP_DEADLINE_S)

    def close(self, socket: DesktopSocket) -> None:
        """A desktop is gone."""
        sockets = self._sockets.get(socket.agent, {})
        sockets.pop(socket, None)
        if not sockets:
            self._sockets.pop(socket.agent, None)
        if socket in self._told:
            del self._told[socket]
            self._tell_closed(socket.agent)

    def _tell_opened(self, socket: DesktopSocket) -> None:
        # Somebody whose account is new is told of when the machine knows the agent (on_touched).
        if socket.agent in self._hub.state.agents:
            self._told[socket] = None
            try:
                self._hub.put(DesktopOpened(socket.agent))
            except Overloaded:
                del self._told[socket]
                raise

    def _tell_closed(self, agent: AgentId) -> None:
        if self._stopping:
            # The next start forgets all desktops anyway and gives them time to come back; telling
            # now would make every agent not ready by a restart.
            return
        try:
            self._hub.put(DesktopClosed(agent))
        except Overloaded:
            loop = asyncio.get_running_loop()
            loop.call_later(TELL_AGAIN_S, self._tell_closed, agent)

    def on_touched(self, keys: tuple[str, ...]) -> None:
        """Fetch cards ahead, and tell of desktops whose agent is new; for ``Hub.on_touched``."""
        for key in keys:
            kind, _, name = key.partition(":")
            if kind == "call":
                call = self._hub.state.calls.get(name)
                if call is None:
                    self._cards.forget(name)
                elif any(whom := self._whom(call)):
                    self._cards.want(name, whom)
            elif kind == "agent" and (agent := self._hub.state.agents.get(name)) is not None:
                self._tell_of_untold(name)
                self._fetch_preview(agent)
            elif kind == "agent":
                self._cards.forget(self._read.pop(name, ""))
                # No agent any more, and the machine has forgotten the desktops with the agent.
                for socket in self._sockets.get(name, ()):
                    self._told.pop(socket, None)

    def _fetch_preview(self, agent: Agent) -> None:
        """Fetch the card of who is shown; forget that of who neither is nor is being dialed."""
        read = self._read.get(agent.id, "")
        preview = agent.preview
        now = agent.dialing if preview is None else preview.id
        if read and read != now:
            self._cards.forget(read)
        if now:
            self._read[agent.id] = now
        else:
            self._read.pop(agent.id, None)
        if preview is not None:
            self._cards.want(preview.id, Whom(preview.row.customer, preview.row.contact))

    def _whom(self, call: Call) -> Whom:
        """Whose card goes with this call, as far as is known."""
        attempt = self._hub.state.attempts.get(call.attempt) if call.attempt else None
        return Whom(call.customer, call.contact if attempt is None else attempt.contact)

    def _tell_of_untold(self, agent: AgentId) -> None:
        """Tell of desktops that were open before the machine knew their agent."""
        for socket in self._sockets.get(agent, ()):
            if socket not in self._told:
                try:
                    self._tell_opened(socket)
                except Overloaded:
                    loop = asyncio.get_running_loop()
                    loop.call_later(TELL_AGAIN_S, self._tell_of_untold, agent)

    # --- ending -------------------------------------------------------------------------------

    def stop(self) -> None:
        """The service stops: desktops that close from now on are not told of."""
        self._stopping = True

    async def close_all(self) -> None:
        """Stop what is under way."""
        self.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._cards.close()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _result(fetch: Fetch | None) -> msgspec.Raw | None:
    """The fetched fields, as far as they are there."""
    if fetch is None or not fetch.task.done() or fetch.task.cancelled():
        return None
    return fetch.task.result()
