"""Reads what is true in a PBX while its events go on, so that both fit together exactly.

A list is no picture of one moment, and rows overtake events: an event comes by a queue inside
Asterisk, a row does not. So a row may show a bridge whose BridgeEnter comes only afterwards: seen
in one of ten rows taken at once after a Bridge, up to 1.1 ms late (Asterisk 22.10, idle). Told in
that order, "on hold" would follow "talks", and a conversation would be taken for ended.

Therefore:

* from the start of a reading no event is told on; all are held;
* BridgeList, then Status, then a wait long enough for every late event;
* a channel of which an event came meanwhile is doubtful: its row is taken anew, and so is newer
  than that event. So on until no channel is doubtful.

Over a link that stood all the time, the events held are told first and the state after them: it
agrees with them. In a new session events have been missed before those held, so what held events
say of a place is dropped: the rows say it. Kept are those that no row shows in full. A call's
arrival, whatever ends something (a hang-up, a failed attempt) and what became of a person dialed
(the verdict, the message) are told before the state: so a call that came and went meanwhile is
known, and an end by its cause. All others are told after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from callcenter.domain.events import (
    AttemptScreened,
    CallArrived,
    ChannelHungUp,
    ChannelTruth,
    FallbackAnswered,
    HarbourBegan,
    IvrCommandEnded,
    MessageEnded,
    OptedOut,
    OriginateFailed,
    PbxEvent,
    PbxLinkLost,
    PbxStateRead,
)
from callcenter.domain.ids import PbxName
from callcenter.pbx.ami.connection import AmiConnection
from callcenter.pbx.ami.errors import ActionError
from callcenter.pbx.ami.state_reading import (
    STATUS_VARIABLES,
    bridge_of,
    bridges_read,
    channel_read,
)
from callcenter.pbx.ami.translate import Malformed, need
from callcenter.pbx.ami.wire import AmiMessage

SETTLE_S: Final = 0.05
"""Seconds until an event that a row has overtaken is here: fifty times the longest seen."""

ROUNDS_MAX: Final = 6
"""Times that doubtful channels are read again. One in thirty channels changes while it is read, so
the third round is rare; what is doubtful after the last is told by its events, late."""

DOUBTFUL_MAX: Final = 100
"""Channels read one by one in a round; above it all are read."""

HELD_MAX: Final = 50_000
"""Events held during a reading, some minutes of a large center; then the oldest are lost."""

_TOLD_FIRST = (
    CallArrived,
    AttemptScreened,
    HarbourBegan,
    OptedOut,
    MessageEnded,
    ChannelHungUp,
    OriginateFailed,
)
_TOLD_LAST = (IvrCommandEnded, FallbackAnswered)
_IN_NO_ROW = (ChannelHungUp, OriginateFailed, OptedOut, MessageEnded, *_TOLD_LAST)
"""Events after which the row of a channel, if there is one, is no other than before."""


class StateReader:
    """One reading. Events that come meanwhile are given to `hold`.

    ``is_first``: events have been missed before it, as at the beginning of a session.
    """

    def __init__(
        self,
        pbx: PbxName,
        connection: AmiConnection,
        names: dict[str, str],
        on_fault: Callable[[str], None],
        *,
        is_first: bool,
    ) -> None:
        self.held: list[PbxEvent] = []
        """Events not told yet, in order."""
        self._pbx = pbx
        self._connection = connection
        self._names = names
        self._on_fault = on_fault
        self._is_first = is_first
        self._truths: dict[str, ChannelTruth] = {}
        self._bridges: dict[str, str | None] = {}
        self._doubtful: dict[str, None] = {}
        self._noted = 0
        """Events at the head of ``held`` that have been looked at."""

    def hold(self, event: PbxEvent) -> None:
        """Keep an event until the state is told."""
        self.held.append(event)
        if len(self.held) > HELD_MAX:
            del self.held[0]
            self._noted = max(0, self._noted - 1)
            self._on_fault(f'PBX "{self._pbx}": {HELD_MAX} events during a reading, one is lost')

    async def read(self) -> list[PbxEvent]:
        """Return the events held that are to be told before the state, the state, and the rest.

        Raises AmiError when the lists cannot be had. It may be called again then, and must be.
        """
        self._doubtful = {}
        await self._read_all()
        for _ in range(ROUNDS_MAX):
            await asyncio.sleep(SETTLE_S)
            self._note_doubtful()
            if not self._doubtful:
                break
            await self._read_doubtful()
        for event in self.held:
            if isinstance(event, ChannelHungUp):
                self._truths.pop(event.channel.id, None)
        noted, later = self.held[: self._noted], self.held[self._noted :]
        if self._is_first:
            noted, later = [], self.held
        first = [*noted, *(event for event in later if isinstance(event, _TOLD_FIRST))]
        last = [event for event in later if not isinstance(event, _TOLD_FIRST)]
        return [*first, PbxStateRead(self._pbx, tuple(self._truths.values())), *last]

    def _note_doubtful(self) -> None:
        """Note whose rows may be older than the events that came; in a first reading drop these."""
        kept: list[PbxEvent] = []
        for event in self.held[self._noted :]:
            if not self._is_first or isinstance(event, _TOLD_FIRST + _TOLD_LAST):
                kept.append(event)
            if not isinstance(event, (*_IN_NO_ROW, PbxStateRead, PbxLinkLost)):
                self._doubtful[event.channel.id] = None
        self.held[self._noted :] = kept
        self._noted = len(self.held)

    async def _read_all(self) -> None:
        self._truths = {}
        await self._read_bridges()
        self._take(await self._list_channels())

    async def _read_doubtful(self) -> None:
        doubtful, self._doubtful = self._doubtful, {}
        if len(doubtful) > DOUBTFUL_MAX:
            await self._read_all()
            return
        for channel_id in doubtful:
            self._truths.pop(channel_id, None)
        await self._read_bridges()
        await asyncio.gather(*(self._read_one(channel_id) for channel_id in doubtful))

    async def _read_one(self, channel_id: str) -> None:
        try:
            rows = await self._list_channels(channel_id)
        except ActionError:
            return  # gone: there is no row, and its Hangup is held or will come
        self._take(rows)

    async def _read_bridges(self) -> None:
        rows = await self._connection.list_action({"Action": "BridgeList"})
        try:
            self._bridges = bridges_read(rows)
        except Malformed as error:
            self._on_fault(f'PBX "{self._pbx}": {error}')

    async def _list_channels(self, channel_id: str = "") -> list[AmiMessage]:
        headers = {"Action": "Status", "Variables": STATUS_VARIABLES}
        if channel_id:
            headers["Channel"] = channel_id
        return await self._connection.list_action(headers)

    def _take(self, rows: list[AmiMessage]) -> None:
        for row in rows:
            try:
                truth = channel_read(self._pbx, row, self._bridges)
                if truth is None:
                    continue
                bridge = bridge_of(row)
                self._names[truth.channel.id] = need(row, "Channel")
            except Malformed as error:
                self._on_fault(f'PBX "{self._pbx}": {error}')
                continue
            self._truths[truth.channel.id] = truth
            if bridge and bridge not in self._bridges:
                self._doubtful[truth.channel.id] = None
