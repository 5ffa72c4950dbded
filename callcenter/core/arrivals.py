"""A call arrives: it is taken in, and asked whose it is."""

from __future__ import annotations

import phonenumbers

from callcenter.core import inbound, returns
from callcenter.core.turn import Turn
from callcenter.domain.call import Call, CallState
from callcenter.domain.commands import FindContact, LookUpCustomer
from callcenter.domain.customer import CustomerFacts
from callcenter.domain.events import CallArrived, CustomerFound
from callcenter.domain.ids import ChannelRef

SEEK_S = 2.5
"""The look-up of a contact has an end by itself after 2 s; then the caller is one like any
other."""


def normalize_number(number: str, region: str) -> str:
    """The number in E.164 if it can be told, else as it came."""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return number
    if not phonenumbers.is_possible_number(parsed):
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def arrive(turn: Turn, event: CallArrived) -> None:
    """A caller was handed to us. Told twice it changes nothing.

    A state reading may have met the caller a moment before, on the way to us.
    """
    call = turn.call_on(event.channel)
    if call is None:
        numbers = event.caller_number, event.dialed_number
        begin(turn, admit(turn, event.channel, *numbers, arrived_at=turn.now))
    elif call.state is CallState.ARRIVING and not call.ending:
        begin(turn, call)


def admit(
    turn: Turn, channel: ChannelRef, caller_number: str, dialed_number: str, arrived_at: float
) -> Call:
    """Open a call and ask the directory who it is."""
    call = Call(
        id=turn.new_id("c"),
        channel=channel,
        arrived_at=arrived_at,
        caller_number=normalize_number(caller_number, turn.state.center.region),
        dialed_number=dialed_number,
    )
    turn.put_call(call)
    turn.state.call_of.put(channel, call.id)
    if call.caller_number:
        turn.send(LookUpCustomer(turn.command_id(), call.id, call.caller_number))
        call = _seek_contact(turn, call)
    return call


def _seek_contact(turn: Turn, call: Call) -> Call:
    """Where a campaign shows the number dialed: ask whether the caller is on its list."""
    dialed = normalize_number(call.dialed_number, turn.state.center.region)
    campaigns = returns.campaigns_of(turn.state, (dialed, f"+{dialed}"))
    if not campaigns:
        return call
    turn.send(FindContact(turn.command_id(), call.id, call.caller_number, campaigns))
    turn.state.set_timer(f"seek:{call.id}", turn.now + SEEK_S)
    return turn.change_call(call, seeks_contact=True)


def begin(turn: Turn, call: Call) -> None:
    """Begin with the menu, unless it is not known yet whose call it is (``return_calls``)."""
    if not call.seeks_contact:
        inbound.start_flow(turn, call)


def know_customer(turn: Turn, event: CustomerFound) -> None:
    """The directory answered: from now on the call is treated by its tier."""
    call = turn.state.calls.get(event.call)
    if call is not None:
        turn.change_call(
            call,
            customer=event.customer,
            tier=event.tier,
            facts=CustomerFacts(
                event.last_agent,
                event.owner,
                event.language,
                float(event.value),
                float(event.churn_risk),
                {name: inbound.plain(value) for name, value in event.attributes.items()},
            ),
            is_stale=True,
        )
