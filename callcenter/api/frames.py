"""The frames of the WebSocket, both ways: JSON text, one object each.

The server sends:

* ``hello`` first: the stream's name, the server's time and how often it pings;
* ``snapshot``: all data of a topic, then ``delta``: what changed in it. Data is
  ``{section: {key: entry}}``; a delta holds the changed sections with the changed keys: an entry
  replaces the old one whole, null means that it is gone;
* ``card``: who is calling, before the phone rings. ``complete`` false: the rest follows under the
  same ``call``. ``again`` true: sent once more to a desktop that came back;
* ``pong``: the answer to a ``ping``;
* ``problem``: what was wrong with a message of the client.

The client sends one object with any of ``subscribe``, ``unsubscribe``, ``resume``, ``shown`` and
``ping``: pages do not see the pings of the protocol, and a quiet topic looks like a dead line.
To resume it names the stream and the highest ``seq`` of a snapshot or delta that it has, and
subscribes to the topics it had: it gets what it missed, or fresh snapshots. ``seq`` grows over all
topics of a stream; the ``seq`` of cards counts cards.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec
from msgspec import Struct

from callcenter.domain.customer import Tier
from callcenter.domain.ids import CallId, CampaignId, ContactId, CustomerId, QueueId

MESSAGE_BYTES_MAX = 4096
"""Bytes of a client's message: a subscription has about a hundred."""

Entry = Struct | bool | None
Data = dict[str, dict[str, Entry]]
"""``{section: {key: entry}}``; None in a delta: gone."""


class Topic(StrEnum):
    """What a client can watch."""

    ME = "me"
    """The agent's own state and call."""
    QUEUES = "queues"
    """All queues' counts, once a second."""
    BOARD = "board"
    """Queues, agents, calls, campaigns and links, for those who oversee the center."""
    CALLBACKS = "callbacks"
    """Calls that were promised and not made yet, for the same."""


class _Frame(Struct, frozen=True, tag_field="type"):
    """Base of what the server sends."""


class Hello(_Frame, frozen=True, tag="hello"):
    """The first frame of every connection."""

    stream: str
    """Names this run of the server: a ``seq`` means something only within it."""
    at: float
    """The server's time, UTC seconds: browsers correct their clocks' offset by it."""
    account: str
    heartbeat_s: float
    """The server pings this often; a client that does not answer within half of it is gone."""


class Snapshot(_Frame, frozen=True, tag="snapshot"):
    """All data of a topic."""

    topic: Topic
    seq: int
    at: float
    data: Data


class Delta(_Frame, frozen=True, tag="delta"):
    """What changed in a topic since the frame before."""

    topic: Topic
    seq: int
    at: float
    data: Data


class Card(_Frame, frozen=True, tag="card"):
    """Who is calling, or was dialed."""

    call: CallId
    """Of a card read in preview: the preview's id."""
    customer: CustomerId
    """Empty: not known."""
    number: str
    """The caller's, or the one that was dialed; empty: withheld."""
    tier: Tier
    queue: QueueId
    campaign: CampaignId
    """The campaign that dialed the person, or that they call back; empty: neither."""
    contact: ContactId
    """Who of its list; empty: nobody."""
    preview: bool
    """The person is not on the line: to be dialed, or to be skipped."""
    returned: bool
    """They call the campaign back."""
    waited_s: float
    seq: int
    """Counts the cards of this run of the server."""
    at: float
    complete: bool
    """False: the customer's fields are still being fetched and follow."""
    again: bool
    card: msgspec.Raw | None
    """What is known of the customer or contact; null: number only."""


class Pong(_Frame, frozen=True, tag="pong"):
    """The connection is alive."""

    at: float


class Trouble(_Frame, frozen=True, tag="problem"):
    """A message of the client was not understood or not allowed."""

    detail: str


class Resume(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a client left off."""

    stream: str
    seq: int


class Shown(Struct, frozen=True, forbid_unknown_fields=True):
    """The desktop has drawn a card."""

    call: CallId
    at_ms: float
    """When, by the desktop's clock, UTC milliseconds."""


class ClientMessage(Struct, frozen=True, forbid_unknown_fields=True):
    """What a client may send."""

    subscribe: tuple[Topic, ...] = ()
    unsubscribe: tuple[Topic, ...] = ()
    resume: Resume | None = None
    shown: Shown | None = None
    ping: bool = False
    """True: answer with ``pong``."""


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(ClientMessage).decode
