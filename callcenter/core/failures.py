"""What follows when a command was not carried out: refused, or nobody knows."""

from __future__ import annotations

from typing import assert_never

from callcenter.core import (
    agents,
    announcing,
    callbacks,
    dialed,
    inbound,
    offers,
    outbound,
    readings,
    return_calls,
)
from callcenter.core.turn import Turn
from callcenter.domain import events as e
from callcenter.domain.commands import (
    AskDigit,
    Command,
    DialOutside,
    FetchContacts,
    FindContact,
    HoldCaller,
    JoinCall,
    LookUpCustomer,
    OpenLine,
    PlaceCall,
    PlayPrompt,
    PopCard,
    ProbeMenu,
    ReadPbx,
    RecordVoicemail,
    RefillHopper,
    RemoveFallbackMember,
    RingAgent,
    SayToCaller,
)
from callcenter.domain.ids import ATTEMPT_PREFIX


def command_failed(turn: Turn, event: e.CommandFailed) -> None:
    """A command was refused, or nobody knows. What the PBX did will be told by its events."""
    command = turn.state.pending.get(event.command)
    turn.state.pending.remove(event.command)
    if command is not None and not event.unknown:
        readings.refused(turn, command)
    match command:
        case RingAgent() | DialOutside() | OpenLine():
            leg = turn.state.legs.get(command.leg)
            if leg is not None and not leg.created and not event.unknown:
                offers.ring_refused(turn, leg)
        case JoinCall():
            offers.join_failed(turn, command, event.unknown)
            if command.caller.id.startswith(ATTEMPT_PREFIX) and not event.unknown:
                dialed.join_refused(turn, command.caller)
        case PlaceCall():
            dialed.place_failed(turn, command, event)
        case ReadPbx():
            readings.failed(turn, command.pbx, command.id, event.unknown)
        case RemoveFallbackMember():
            agents.removal_failed(turn, command.phone)
        case RefillHopper() | FetchContacts() | LookUpCustomer() | FindContact() | PopCard():
            _not_answered(turn, command, event.reason)
        case _ if not event.unknown:
            _not_moved(turn, command)
        case _:
            pass


def _not_answered(
    turn: Turn,
    command: RefillHopper | FetchContacts | LookUpCustomer | FindContact | PopCard,
    reason: str,
) -> None:
    """A database or a desktop did not do its part: go on without."""
    match command:
        case RefillHopper():
            turn.fault("hopper_not_filled", reason)
            outbound.refill_failed(turn, command)
        case FetchContacts():
            turn.fault("callbacks_not_fetched", reason)
            callbacks.fetch_failed(turn, command)
        case LookUpCustomer():
            turn.fault("customer_lookup_failed", reason)
        case FindContact():
            turn.fault("contact_lookup_failed", reason)
            return_calls.not_found(turn, command.call)
        case PopCard():
            turn.fault("card_not_shown", f"{command.agent}: {reason}")
        case _ as never:
            assert_never(never)


def _not_moved(turn: Turn, command: Command | None) -> None:
    """A caller was not led where it should go: it has gone in that instant, or is where it was."""
    match command:
        case HoldCaller():
            inbound.hold_refused(turn, command.channel)
        case SayToCaller() | RecordVoicemail():
            announcing.refused(turn, command.channel)
        case PlayPrompt() | AskDigit() | ProbeMenu():
            inbound.menu_refused(turn, command.channel, command.id)
        case _:
            pass  # the channel's Hangup tells
