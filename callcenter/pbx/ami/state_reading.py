"""What lists of bridges and channels (AMI ``BridgeList``, ``Status``) say is true. PURE.

Taking the lists, and joining them with the events that come meanwhile, is ``gateway``'s.

How the place of a channel is told (each case seen on Asterisk 22.10):

* ``BridgeID`` is where a channel is; ``Application`` only what its dialplan runs: a talking leg
  still says BridgeWait. So the bridge is looked at first.
* a caller in a menu shows the application that EXEC runs (Playback, Read) instead of AGI, so the
  context decides. A channel taken by Bridge out of an application shows ``(null)``.
* a dialed channel shows the trunk's own context until it is answered, then cc-dialed and AMD; in
  the message cc-harbour and Playback; a machine that is left one cc-machine.
* a caller who is told something shows cc-say, one who leaves a message cc-voicemail and, from the
  tone on, Record.
* a caller of the native queue shows Queue and its context, before, while and after being
  connected; only the bridge tells whether it talks.
* an unset variable reads ``(null)``; TimeToHangup is a point in time, not a duration.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

from callcenter.domain.call import Place
from callcenter.domain.events import ChannelTruth
from callcenter.domain.ids import ChannelRef, PbxName
from callcenter.pbx.ami.translate import (
    AGENTS_BRIDGE,
    DIALED_CONTEXT,
    FALLBACK_CONTEXT,
    HARBOUR_CONTEXT,
    HOLDING_TECHNOLOGY,
    INBOUND_CONTEXT,
    MACHINE_CONTEXT,
    PEOPLE_BRIDGES,
    SAY_CONTEXT,
    VOICEMAIL_CONTEXT,
    Message,
    endpoint_of,
    is_internal,
    need,
    number_or_withheld,
)

STATUS_VARIABLES: Final = "CC_ROLE,CC_ENTERED,CC_DIALED,CC_CALLER"
"""What to ask Status for beside its own headers."""

_MENU_APPLICATIONS: Final = ("AGI", "Playback", "Read")
"""What a channel under AsyncAGI runs: AGI itself, or what EXEC was told to."""

_UNSET: Final = "(null)"


def bridges_read(rows: Iterable[Message]) -> dict[str, str | None]:
    """Return bridge id -> name for holding bridges, id -> None for those that people talk in.

    ``rows`` are the BridgeListItem events of a list. Raises `Malformed`.
    """
    return {
        need(row, "BridgeUniqueid"): need(row, "BridgeName")
        if need(row, "BridgeTechnology") == HOLDING_TECHNOLOGY
        else None
        for row in rows
    }


def bridge_of(row: Message) -> str:
    """Return the id of the bridge this channel is in, holding or not; empty when in none."""
    return need(row, "BridgeID")


def channel_read(
    pbx: PbxName, row: Message, bridges: Mapping[str, str | None]
) -> ChannelTruth | None:
    """Return what one row of Status says; None for a channel that nobody talks on.

    A bridge that ``bridges`` lacks was made after that list was taken: the channel is taken to
    talk in it, and should be read again. Raises `Malformed`.
    """
    name = need(row, "Channel")
    if is_internal(name):
        return None
    place = _place(row, bridges)
    variables = _variables(row)
    return ChannelTruth(
        channel=ChannelRef(pbx, need(row, "Uniqueid")),
        endpoint=endpoint_of(name),
        place=place,
        up=need(row, "ChannelStateDesc") == "Up",
        bridge=bridge_of(row) if place is Place.BRIDGE else "",
        role=variables.get("CC_ROLE", ""),
        caller_number=number_or_withheld(variables.get("CC_CALLER", "")),
        dialed_number=variables.get("CC_DIALED", ""),
        entered_at=_epoch(variables.get("CC_ENTERED", "")),
    )


def _place(row: Message, bridges: Mapping[str, str | None]) -> Place:
    bridge = bridge_of(row)
    if bridge:
        name = bridges.get(bridge)
        if name is None:
            return Place.BRIDGE
        return Place.HOLD if name in (*PEOPLE_BRIDGES, AGENTS_BRIDGE) else Place.DIALPLAN
    context, application = need(row, "Context"), need(row, "Application")
    if context == FALLBACK_CONTEXT or application == "Queue":
        # The whole context: its UserEvent comes before Queue() runs, and is not told again.
        return Place.NATIVE_QUEUE
    if context == INBOUND_CONTEXT and application in _MENU_APPLICATIONS:
        return Place.MENU
    if context == DIALED_CONTEXT and application == "AMD":
        return Place.SCREENING
    if context == HARBOUR_CONTEXT:
        return Place.HARBOUR
    if context == MACHINE_CONTEXT:
        return Place.MACHINE
    if context == VOICEMAIL_CONTEXT and application == "Record":
        return Place.VOICEMAIL
    if context in (SAY_CONTEXT, VOICEMAIL_CONTEXT):
        return Place.ANNOUNCEMENT
    # Also a channel between two waits of cc-hold or cc-agents, or before the one of cc-dialed:
    # BridgeEnter will tell when it is in. Whoever is joined before that is torn out of the
    # dialplan, which has killed legs.
    return Place.DIALPLAN


def _variables(row: Message) -> dict[str, str]:
    lines = row.get("Variable", [])
    parts = (line.partition("=") for line in ([lines] if isinstance(lines, str) else lines))
    return {name: value for name, _, value in parts if value != _UNSET}


def _epoch(text: str) -> float:
    """Seconds; 0.0 ("unknown") for what is no time: one odd variable must not hide a call."""
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) and seconds >= 0 else 0.0
