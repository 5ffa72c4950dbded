"""Live topics: what changed is gathered for 100 ms, encoded once per topic and fanned out.

A feed is one topic's stream of frames: ``me`` has one per agent, ``queues`` and ``board`` one each.
A feed keeps what its readers know (their data as of the last frame) and the last frames, so that a
client that comes back gets what it missed.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from typing import Protocol

from callcenter.api.frames import Data, Delta, Entry, Snapshot, Topic, encode
from callcenter.api.ports import HubLike
from callcenter.core.callback_queries import (
    CallbackState,
    CallbackView,
    callback_view,
    callbacks_view,
)
from callcenter.core.campaign_queries import CampaignView, campaigns_view
from callcenter.core.mishaps import MishapView, mishaps_view
from callcenter.core.queries import (
    AgentView,
    CallView,
    QueueView,
    agent_view,
    agents_view,
    call_view,
    live_calls,
    queues_view,
    view_of_call,
)
from callcenter.core.state import State
from callcenter.domain.ids import AgentId, CallId
from callcenter.service.ports import Clock

COALESCE_S = 0.1
"""Changes within this time go out as one frame: an eye does not follow ten frames a second."""
QUEUES_EVERY_S = 1.0
"""The topic ``queues`` goes to every agent's screen: at 1,000 agents each frame costs 10 ms."""
REPLAY_FRAMES = {Topic.ME: 16, Topic.QUEUES: 60, Topic.BOARD: 300, Topic.CALLBACKS: 60}
"""Frames kept for clients that come back: 30 s of the board, a minute of the queues, and of an
agent's own state as many as cost no more than a snapshot."""
REPLAY_BYTES_MAX = 2 * 1024 * 1024
"""Bytes of frames kept per feed: more is dearer than a snapshot of the whole board."""
LINGER_S = 30.0
"""A feed without readers is kept this long, for those who reload the page."""
UNDER_WAY = (CallbackState.READ, CallbackState.CALLING)
WAKE_AT_ONCE = 50
"""Sockets woken in one round of the loop: each write costs about 20 us."""

SECTIONS: dict[Topic, dict[str, type]] = {
    Topic.ME: {"agent": AgentView, "call": CallView, "callbacks": CallbackView},
    Topic.QUEUES: {"queues": QueueView},
    Topic.BOARD: {
        "queues": QueueView,
        "agents": AgentView,
        "calls": CallView,
        "campaigns": CampaignView,
        "links": bool,
        "mishaps": MishapView,
    },
    Topic.CALLBACKS: {"callbacks": CallbackView},
}
"""What a topic's data consist of, by section: for programs, whose types are made of it."""


class Reader(Protocol):
    """A client's end of a feed."""

    def enqueue(self, frame: bytes) -> None:
        """Take a frame to be sent in its turn; never blocks."""
        ...

    def wake(self) -> None:
        """Begin to send what was taken."""
        ...


class Feed:
    """One topic's stream of frames."""

    def __init__(self, topic: Topic, agent: AgentId, seq: int) -> None:
        self.topic = topic
        self.agent = agent
        """Whose feed it is; empty for feeds of everybody."""
        self.data: Data = {}
        """What readers know as of ``seq``."""
        self.readers: dict[Reader, None] = {}
        self.unread_since = 0.0
        self.seq = seq
        self._floor = seq
        """Every frame after this one is in ``_replay``."""
        self._replay: deque[tuple[int, bytes]] = deque()
        self._replay_bytes = 0

    def publish(self, seq: int, frame: bytes) -> None:
        """Keep a frame for those who come back and hand it to all readers."""
        self.seq = seq
        self._replay.append((seq, frame))
        self._replay_bytes += len(frame)
        while (
            len(self._replay) > REPLAY_FRAMES[self.topic] or self._replay_bytes > REPLAY_BYTES_MAX
        ):
            self._floor, old = self._replay.popleft()
            self._replay_bytes -= len(old)
        for reader in list(self.readers):
            reader.enqueue(frame)

    def since(self, seq: int) -> list[bytes] | None:
        """The frames after ``seq``; None when they are not all here."""
        if seq < self._floor:
            return None
        return [frame for at, frame in self._replay if at > seq]


def data_of(feed: Feed, state: State) -> Data:
    """All data of a feed, as it is now."""
    match feed.topic:
        case Topic.ME:
            me = agent_view(state, feed.agent)
            call = call_view(state, me.call) if me is not None else None
            return {
                "agent": {} if me is None else {me.id: me},
                "call": {} if call is None else {call.id: call},
                "callbacks": {one.id: one for one in callbacks_view(state, feed.agent)},
            }
        case Topic.QUEUES:
            return {"queues": {view.id: view for view in queues_view(state)}}
        case Topic.BOARD:
            return {
                "queues": {view.id: view for view in queues_view(state)},
                "agents": {view.id: view for view in agents_view(state)},
                "calls": {call.id: view_of_call(call) for call in live_calls(state)},
                "campaigns": {view.id: view for view in campaigns_view(state)},
                "links": dict(state.links.as_dict()),
                "mishaps": {view.id: view for view in mishaps_view(state)},
            }
        case Topic.CALLBACKS:
            return {"callbacks": {one.id: one for one in callbacks_view(state)}}


def changes_of(feed: Feed, state: State, dirty: dict[str, None]) -> Data:
    """What changed since the feed's data was taken; the data is brought up to date.

    Agents and calls of the board are looked at only if they are in ``dirty`` (``agent:ID``,
    ``call:ID``); campaigns if one of them or a PBX is (``campaign:ID``, ``pbx:NAME``): their views
    are made in one pass over agents and attempts. Of callbacks those in ``dirty``
    (``callback:ID``), and those under way, whose calls tell how far they are.
    """
    if feed.topic is Topic.CALLBACKS:
        return _changed_callbacks(feed.data["callbacks"], state, dirty)
    if feed.topic is not Topic.BOARD:
        return _take_in(feed.data, data_of(feed, state))
    changed: Data = {}
    agents, calls = feed.data["agents"], feed.data["calls"]
    kinds: dict[str, None] = {}
    for key in dirty:
        kind, _, name = key.partition(":")
        kinds[kind] = None
        if kind == "agent":
            _take_in_one(changed, "agents", agents, name, agent_view(state, name))
        elif kind == "call":
            _take_in_one(changed, "calls", calls, name, call_view(state, name))
    whole: Data = {
        "queues": {view.id: view for view in queues_view(state)},
        "links": dict(state.links.as_dict()),
        "mishaps": {view.id: view for view in mishaps_view(state)},
    }
    if "campaign" in kinds or "pbx" in kinds:
        whole["campaigns"] = {view.id: view for view in campaigns_view(state)}
    return changed | _take_in(feed.data, whole)


def _changed_callbacks(known: dict[str, Entry], state: State, dirty: dict[str, None]) -> Data:
    """Not all of them are compared: there may be thousands, and a change of one a second."""
    changed: Data = {}
    names = [key.removeprefix("callback:") for key in dirty if key.startswith("callback:")]
    under_way = [key for key, one in known.items() if getattr(one, "state", "") in UNDER_WAY]
    for name in dict.fromkeys((*names, *under_way)):
        _take_in_one(changed, "callbacks", known, name, callback_view(state, name))
    return changed


def _take_in(old: Data, new: Data) -> Data:
    """Compare whole sections, replace them in ``old`` and return the difference."""
    changed: Data = {}
    for section, entries in new.items():
        before = old[section]
        difference = {key: entry for key, entry in entries.items() if before.get(key) != entry}
        difference |= {key: None for key in before if key not in entries}
        if difference:
            changed[section] = difference
            old[section] = entries
    return changed


def _take_in_one(
    changed: Data, section: str, known: dict[str, Entry], key: str, now: Entry
) -> None:
    """Compare one entry, replace it in ``known`` and note it in ``changed``."""
    if known.get(key) == now:
        return
    if now is None:
        del known[key]
    else:
        known[key] = now
    changed.setdefault(section, {})[key] = now


class LiveTopics:
    """All feeds, and the task that sends them."""

    def __init__(self, hub: HubLike, clock: Clock) -> None:
        self._hub = hub
        self._clock = clock
        self.stream = secrets.token_urlsafe(9)
        """Names this run of the server."""
        self._seq = 0
        self._feeds: dict[tuple[Topic, AgentId], Feed] = {}
        self._call_feeds: dict[CallId, Feed] = {}
        """Which ``me`` feed shows a call."""
        self._dirty: dict[str, None] = {}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._queues_due = 0.0
        self._queues_timer: asyncio.TimerHandle | None = None
        self.frames = 0
        """Deltas made since the start."""

    def start(self) -> None:
        """Begin to send."""
        self._task = asyncio.create_task(self._run(), name="live-topics")

    async def close(self) -> None:
        """Stop sending."""
        if self._queues_timer is not None:
            self._queues_timer.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def on_touched(self, keys: tuple[str, ...]) -> None:
        """Note what changed; for ``Hub.on_touched``."""
        if self._feeds:
            self._dirty.update(dict.fromkeys(keys))
            self._wake.set()

    # --- readers ------------------------------------------------------------------------------

    def subscribe(
        self, reader: Reader, topic: Topic, agent: AgentId, resume_from: int | None
    ) -> None:
        """Let a client read a topic: what it missed since ``resume_from``, or all of it.

        ``agent`` is whose ``me`` it is; of no meaning for the other topics.
        """
        feed = self._feed(topic, agent)
        feed.readers[reader] = None
        missed = None
        if resume_from is not None and resume_from <= self._seq:
            missed = feed.since(resume_from)
        if missed is None:
            missed = [encode(Snapshot(topic, self._seq, self._clock.now(), feed.data))]
        for frame in missed:
            reader.enqueue(frame)
        reader.wake()

    def unsubscribe(self, reader: Reader, topic: Topic, agent: AgentId) -> None:
        """Send this client no more of a topic."""
        feed = self._feeds.get(_key(topic, agent))
        if feed is not None and reader in feed.readers:
            del feed.readers[reader]
            if not feed.readers:
                feed.unread_since = asyncio.get_running_loop().time()
                self._wake.set()  # so that the feed is dropped in its time

    def _feed(self, topic: Topic, agent: AgentId) -> Feed:
        key = _key(topic, agent)
        feed = self._feeds.get(key)
        if feed is None:
            # A number of its own, so that whoever left before the feed was made gets a snapshot.
            self._seq += 1
            feed = self._feeds[key] = Feed(topic, key[1], self._seq)
            feed.data = data_of(feed, self._hub.state)
            self._note_call(feed)
        return feed

    # --- sending ------------------------------------------------------------------------------

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._wait_for_work()
            await asyncio.sleep(COALESCE_S)
            self._drop_unread(loop.time())
            dirty, self._dirty = self._dirty, {}
            if dirty:
                await self._flush(dirty, loop.time())

    async def _wait_for_work(self) -> None:
        """Until something changed, or a feed without readers is to be dropped."""
        lingering = any(not feed.readers for feed in self._feeds.values())
        try:
            async with asyncio.timeout(LINGER_S if lingering else None):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    async def _flush(self, dirty: dict[str, None], now: float) -> None:
        for feed in self._feeds_to_look_at(dirty, now):
            changed = changes_of(feed, self._hub.state, dirty)
            if feed.topic is Topic.ME:
                self._note_call(feed)
            if changed:
                self._seq += 1
                self.frames += 1
                frame = encode(Delta(feed.topic, self._seq, self._clock.now(), changed))
                feed.publish(self._seq, frame)
                await _wake_in_turn(list(feed.readers))

    def _feeds_to_look_at(self, dirty: dict[str, None], now: float) -> list[Feed]:
        found: dict[Feed, None] = {}
        for key in dirty:
            kind, _, name = key.partition(":")
            feed = None
            if kind == "agent":
                feed = self._feeds.get((Topic.ME, name))
            elif kind == "call":
                feed = self._call_feeds.get(name)
            if feed is not None:
                found[feed] = None
        for topic in (Topic.BOARD, Topic.CALLBACKS):
            if (feed := self._feeds.get((topic, ""))) is not None:
                found[feed] = None
        queues = self._feeds.get((Topic.QUEUES, ""))
        if queues is not None:
            if now >= self._queues_due:
                self._queues_due = now + QUEUES_EVERY_S
                found[queues] = None
            elif self._queues_timer is None:
                loop = asyncio.get_running_loop()
                self._queues_timer = loop.call_at(self._queues_due, self._look_at_queues)
        return list(found)

    def _look_at_queues(self) -> None:
        """The queues' frame is due, and something has changed since the last."""
        self._queues_timer = None
        self.on_touched(("queue:",))

    def _note_call(self, feed: Feed) -> None:
        for call in feed.data.get("call", ()):
            self._call_feeds[call] = feed

    def _drop_unread(self, now: float) -> None:
        for key, feed in list(self._feeds.items()):
            if not feed.readers and now - feed.unread_since >= LINGER_S:
                del self._feeds[key]
        self._call_feeds = {
            call: feed
            for call, feed in self._call_feeds.items()
            if call in feed.data["call"] and _key(feed.topic, feed.agent) in self._feeds
        }


def _key(topic: Topic, agent: AgentId) -> tuple[Topic, AgentId]:
    return topic, agent if topic is Topic.ME else ""


async def _wake_in_turn(readers: list[Reader]) -> None:
    """Wake the sockets in slices, so that a wide fan-out does not hold up the loop."""
    for index, reader in enumerate(readers, 1):
        reader.wake()
        if index % WAKE_AT_ONCE == 0:
            await asyncio.sleep(0)
