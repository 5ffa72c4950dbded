"""The way of a return call: the contact is looked up, may opt out by a key, and waits for an agent
of the campaign, or where the campaign's settings lead it.

Who calls a campaign's number and is no contact of it, or whose look-up takes too long, is a caller
like any other.
"""

from __future__ import annotations

from callcenter.core import announcing, inbound, returns, sparing
from callcenter.core.turn import Turn
from callcenter.domain.call import Call, CallState
from callcenter.domain.campaign import OPTED_OUT_PROMPT, CampaignSettings
from callcenter.domain.commands import AskDigit
from callcenter.domain.events import ContactFound, IvrCommandEnded
from callcenter.domain.ids import CallId

KEY_S = 1.0
"""How long the key is waited for after the prompt has ended: the caller wants to be connected."""
LOOK_FOR_AGENTS_S = 10.0
"""How often it is looked whether still somebody works for the campaign."""
REASON, SOURCE = "pressed the key in a return call", "opt_out"


# --- whose call it is -----------------------------------------------------------------------------


def found(turn: Turn, event: ContactFound) -> None:
    """The database knows the caller for a contact. Told late it is for the card and the tries."""
    call = turn.state.calls.get(event.call)
    if call is None or call.ending or call.contact or event.campaign not in turn.state.campaigns:
        return
    call = returns.bind(turn, call, event)
    if not call.seeks_contact or call.state is not CallState.ARRIVING:
        return
    settings = turn.state.campaigns[call.returned].settings
    call = _no_longer_sought(turn, call)
    if settings.opt_out_key and settings.return_prompt and inbound.can_hear(turn, call):
        _offer_key(turn, call, settings)
    else:
        lead(turn, call)


def not_found(turn: Turn, call_id: CallId) -> None:
    """No contact, or nobody can say: a caller like any other."""
    call = turn.state.calls.get(call_id)
    if call is None or not call.seeks_contact or call.ending:
        return
    call = _no_longer_sought(turn, call)
    if call.state is CallState.ARRIVING:
        inbound.start_flow(turn, call)


def _no_longer_sought(turn: Turn, call: Call) -> Call:
    turn.state.clear_timer(f"seek:{call.id}")
    return turn.change_call(call, seeks_contact=False)


# --- opting out -----------------------------------------------------------------------------------


def _offer_key(turn: Turn, call: Call, settings: CampaignSettings) -> None:
    """Say who is called and which key to press to be called no more."""
    command = turn.command_id()
    turn.send(AskDigit(command, call.channel, settings.return_prompt, KEY_S))
    inbound.begin_prompt(turn, call, command, may_opt_out=True)


def menu_command_ended(turn: Turn, event: IvrCommandEnded) -> None:
    """A prompt or a question is over: that of a return call, or of the menu."""
    call = turn.call_on(event.channel)
    if call is None or not _hears_offer(call):
        inbound.end_menu_command(turn, event)
    elif event.command in (call.ivr_command, call.ivr_probe):
        settings = turn.state.campaigns[call.returned].settings
        if event.result < 0 and event.command == call.ivr_command:
            inbound.prompt_failed(turn, call)
        elif event.digits and event.digits == settings.opt_out_key:
            _opt_out(turn, call)
        else:
            lead(turn, call)


def _hears_offer(call: Call) -> bool:
    return call.may_opt_out and call.state is CallState.IN_IVR and not call.ending


def _opt_out(turn: Turn, call: Call) -> None:
    """Nobody is to dial the number from now on; the caller is told so, and the call is over."""
    sparing.put_on_dnc(turn, call.caller_number, REASON, SOURCE)
    announcing.say(
        turn,
        call,
        (OPTED_OUT_PROMPT,),
        ending=True,
        led_to="message",
        may_opt_out=False,
        opted_out_at=turn.now,
    )


def lease_ran_out(turn: Turn, call_id: CallId) -> None:
    """Nothing was heard of a call that should have moved: the prompt cannot be played, or as with
    any call."""
    call = turn.state.calls.get(call_id)
    if call is not None and _hears_offer(call) and not call.ivr_command:
        turn.fault("return_prompt_failed", f"campaign {call.returned}")
        lead(turn, call)
    else:
        inbound.lease_ran_out(turn, call_id)


# --- where it goes --------------------------------------------------------------------------------


def lead(turn: Turn, call: Call) -> None:
    """To the queue that the campaign names, else to its agents, else as the dialed number does."""
    call = turn.change_call(call, may_opt_out=False)
    settings = turn.state.campaigns[call.returned].settings
    if settings.returns_to in turn.state.queues:
        inbound.enqueue(turn, call, settings.returns_to)
    elif returns.has_agents(turn.state, call.returned, call.channel.pbx, for_new=True):
        inbound.wait_for_campaign(turn, call)
        turn.state.set_timer(f"return:{call.id}", turn.now + LOOK_FOR_AGENTS_S)
    else:
        inbound.start_flow(turn, call)


def look_for_agents(turn: Turn, call_id: CallId) -> None:
    """Nobody works for the campaign any more: the caller waits with all others, in its place."""
    call = turn.state.calls.get(call_id)
    if call is None or not call.at_campaign or call.ending:
        return
    is_hopeless = not returns.has_agents(turn.state, call.returned, call.channel.pbx)
    if call.state is CallState.WAITING and is_hopeless:
        flow = inbound.flow_of(turn, call)
        queue = turn.state.center.default_queue if flow is None else flow.default_queue
        turn.change_call(call, at_campaign=False, queue=queue, asked_queue=queue, is_stale=True)
        turn.touch_campaign(call.returned)
    else:
        turn.state.set_timer(f"return:{call_id}", turn.now + LOOK_FOR_AGENTS_S)
