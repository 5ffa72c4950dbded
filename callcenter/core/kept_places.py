"""The places of callers who are called back: kept when they leave the line, given up when they have
talked or cannot be reached. How they are called is in ``calling_back``.
"""

from __future__ import annotations

from callcenter.core import agents, callbacks
from callcenter.core.turn import Turn
from callcenter.domain.agent import Agent
from callcenter.domain.call import Call
from callcenter.domain.callback import Callback, CallbackOrigin, QueuePlace
from callcenter.domain.numbers import can_be_dialed
from callcenter.domain.rules import CallBack

LED_TO = "callback"
"""What a caller who is to be called back is ``led_to``."""


def can_take(turn: Turn, call: Call) -> bool:
    """Whether this caller can be called back: a number is known, and it was not tried before."""
    is_room = len(turn.state.callbacks) < callbacks.CALLBACKS_MAX
    return not call.callback and can_be_dialed(call.caller_number) and is_room


def keep_place(turn: Turn, call: Call) -> None:
    """The call has ended: whoever was told so is called back, in the place they had."""
    terms = _terms_of(call)
    if call.led_to != LED_TO or terms is None:
        return
    queued_at = call.queued_at
    for known in list(turn.state.callbacks.values()):
        if (known.queue, known.number) == (call.queue, call.caller_number):
            if known.attempt or known.place is None:  # is being called just now
                return
            queued_at = min(queued_at, known.place.queued_at)
            callbacks.end(turn, known, callbacks.CANCELLED)
    place = QueuePlace(
        pbx=call.channel.pbx,
        queued_at=queued_at,
        terms=terms,
        treatment=call.treatment,
        rule=call.rule,
        rules_version=call.rules_version,
        weight=call.weight,
        preferred=call.preferred,
        facts=call.facts,
        attributes=call.attributes,
    )
    callback = Callback(
        id=turn.new_id("cb-"),
        at=turn.now,
        created_at=turn.now,
        origin=CallbackOrigin.OVERFLOW,
        by="",
        number=call.caller_number,
        customer=call.customer,
        tier=call.tier,
        call=call.id,
        queue=call.queue,
        place=place,
        is_due=True,
    )
    callbacks.note(turn, callbacks.PROMISED, callback, "")
    callbacks.put(turn, callback)


def _terms_of(call: Call) -> CallBack | None:
    taken = call.treatment.overflow[: call.overflows]
    return next((one.callback for one in reversed(taken) if one.callback is not None), None)


# --- the end --------------------------------------------------------------------------------------


def connected(turn: Turn, call: Call, agent: Agent) -> None:
    """They talk: what was promised is kept."""
    callback = turn.state.callbacks.get(call.callback)
    if callback is not None:
        free_agent(turn, callback)
        callbacks.end(turn, turn.state.callbacks[callback.id], callbacks.KEPT, agent.id)


def let_agent_go(turn: Turn, call: Call) -> Call:
    """The agent who was kept for them does not take the call: whoever is free does."""
    callback = turn.state.callbacks.get(call.callback)
    if callback is not None:
        free_agent(turn, callback)
    return turn.change_call(turn.state.calls[call.id], reserved="")


def free_agent(turn: Turn, callback: Callback) -> None:
    """The agent is kept for nobody any more."""
    agent = turn.state.agents.get(callback.reserved)
    if agent is not None and agent.dialing == callback.attempt:
        turn.change_agent(agent, dialing="")
    turn.put_callback(callback, reserved="")


def not_reached(turn: Turn, callback: Callback) -> None:
    """They were not reached, or have hung up before they could talk: again in a while, so often."""
    place, reserved = callback.place, callback.reserved
    assert place is not None
    free_agent(turn, callback)
    callback = turn.state.callbacks[callback.id]
    tries = callback.tries + 1
    if tries >= place.terms.tries:
        callbacks.end(turn, callback, callbacks.GIVEN_UP)
    else:
        callbacks.try_again(turn, callback, turn.now + place.terms.again_s, tries)
    agent = turn.state.agents.get(reserved)
    if agent is not None:
        agents.grant_wish(turn, agent)


def call_ended(turn: Turn, call: Call) -> None:
    """Whoever was called back has hung up; those who had not talked are called again."""
    callback = turn.state.callbacks.get(call.callback)
    if callback is not None and callback.attempt == call.channel.id:
        not_reached(turn, callback)
