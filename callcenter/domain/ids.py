"""Names of things: what an id is made of and how new ones are made. Nothing here draws chance or
time."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

AgentId: TypeAlias = str
"""An account's login name, e.g. ``ana``."""
AttemptId: TypeAlias = str
"""One dialing of one number; also the id of the channel dialed."""
CallId: TypeAlias = str
CallbackId: TypeAlias = str
"""One call that somebody was promised."""
CampaignId: TypeAlias = str
CommandId: TypeAlias = str
ContactId: TypeAlias = str
"""One person on one campaign's lists; given by the database."""
CustomerId: TypeAlias = str
FlowId: TypeAlias = str
PbxName: TypeAlias = str
"""The name of a PBX in the config file."""
Phone: TypeAlias = str
"""An agent's phone: the number it is dialed by and the name of its PJSIP endpoint, e.g.
``1001``."""
QueueId: TypeAlias = str
SkillId: TypeAlias = str
TeamId: TypeAlias = str
RequestId: TypeAlias = str
"""Names one wish of one client; the same wish sent twice carries the same id."""

LEG_PREFIX = "leg-"
"""Channel ids that we give to agents' legs begin with this, so that they are known after a
restart."""
ATTEMPT_PREFIX = "att-"
"""Channel ids that we give to the people a campaign dials begin with this."""


class ChannelRef(Struct, frozen=True, array_like=True, gc=False):
    """This channel of this PBX."""

    pbx: PbxName
    id: str
    """Asterisk's Uniqueid, or the ChannelId that we gave it."""

    def __str__(self) -> str:
        return f"{self.pbx}/{self.id}"


def make_id(prefix: str, journal: str, epoch: int, position: int, index: int) -> str:
    """Make an id that is unique over all journals: it names the event that led to it.

    ``position`` is the event's place in the journal ``journal``, ``index`` counts the ids made in
    its step. ``epoch`` is that of the process: what a process did that could not write its journal
    (a full disk) is forgotten with it, and the next one gives the same positions again.
    It ends in a letter so that none is the beginning of another: Asterisk takes the
    beginning of a ChannelId in use for the whole, and refuses it (docs/asterisk-facts.md).
    """
    return f"{prefix}{journal}-{epoch}-{position}-{index}z"
