"""What supervisors change while calls wait: the rules, a call's priority, a queue's switch."""

from __future__ import annotations

import math

from callcenter.core import announcing, classification
from callcenter.core.rulebook import Rulebook
from callcenter.core.turn import Turn
from callcenter.domain.call import Call, CallState, Place
from callcenter.domain.events import CallPriorityRequested, QueueSwitched, RulesPublished
from callcenter.domain.ids import QueueId
from callcenter.domain.records import RoutingRecord
from callcenter.domain.rules import PublishedRules, QueueSwitch, SwitchMode

WEIGHT_MAX = 1000.0
"""More than this only says "before everybody", and this says it too."""
SWITCH_MAX_S = 7 * 24 * 3600.0
"""A queue that is switched for longer wants other rules."""


def publish(turn: Turn, event: RulesPublished) -> None:
    """Have these rules hold, for those who wait too."""
    held = turn.state.rules.version
    if event.version <= held:
        turn.refuse(event.request, f"Version {held} of the rules holds: publish a newer one.")
        return
    book = Rulebook(PublishedRules(event.version, event.rules))
    problem = classification.first_problem(book)
    if problem:
        turn.refuse(event.request, problem)
        return
    turn.state.set_rules(book)
    turn.record(RoutingRecord("rules_published", str(event.version), "", event.by, turn.now))
    classification.start_over(turn)
    turn.grant(event.request)


def set_priority(turn: Turn, event: CallPriorityRequested) -> None:
    """Weigh one call otherwise, at once."""
    call = turn.state.calls.get(event.call)
    if call is None or call.state is CallState.CONNECTED:
        turn.refuse(event.request, "That call is not waiting: it was answered, or has ended.")
    elif not (math.isfinite(event.weight) and 0.0 < event.weight <= WEIGHT_MAX):
        turn.refuse(event.request, f"Give a weight above 0 and up to {WEIGHT_MAX:g}; 1 is normal.")
    else:
        turn.change_call(call, weight=float(event.weight))
        turn.record(RoutingRecord("priority_set", call.id, f"{event.weight:g}", event.by, turn.now))
        turn.grant(event.request)


# --- the emergency switch -----------------------------------------------------------------------


def switch_queue(turn: Turn, event: QueueSwitched) -> None:
    """Close, divert or put a message on a queue for a time, or end that."""
    if event.switch is None:
        if _end(turn, event.queue, event.by):
            turn.grant(event.request)
        else:
            turn.refuse(event.request, f"The queue {event.queue} is not switched.")
        return
    problem = _problem_of(turn, event.queue, event.switch)
    if problem:
        turn.refuse(event.request, problem)
        return
    switch = event.switch
    turn.state.switches.put(event.queue, switch)
    turn.state.set_timer(f"switch:{event.queue}", switch.until)
    turn.touched[f"queue:{event.queue}"] = None
    detail = f"{switch.mode} {switch.target or switch.prompt} until {switch.until:.0f}"
    turn.record(RoutingRecord("queue_switched", event.queue, detail, event.by, turn.now))
    classification.start_over(turn)
    tell_waiting(turn, event.queue)
    turn.grant(event.request)


def tell_waiting(turn: Turn, queue: QueueId) -> None:
    """Have who waits in a queue with a message hear it, too, once and in their place; so many in
    each step."""
    switch = turn.state.switches.get(queue)
    if switch is None or switch.mode is not SwitchMode.MESSAGE:
        return
    told = 0
    for call in turn.state.calls.values():
        if not _is_to_be_told(turn, call, queue):
            continue
        if told == classification.SLICE_CALLS:
            turn.state.set_timer(f"notice:{queue}", turn.now + classification.SLICE_PAUSE_S)
            return
        announcing.say(turn, call, (switch.prompt,), heard_notice=True)
        told += 1


def _is_to_be_told(turn: Turn, call: Call, queue: QueueId) -> bool:
    is_waiting = call.state is CallState.WAITING and call.place is Place.HOLD
    return (
        call.queue == queue
        and is_waiting
        and not (call.heard_notice or call.ending)
        and turn.is_up(call.channel.pbx)
    )


def _problem_of(turn: Turn, queue: QueueId, switch: QueueSwitch) -> str:
    queues, switches = turn.state.queues, turn.state.switches
    if queue not in queues:
        return f"There is no queue {queue}: name one of the center's."
    if not turn.now < switch.until <= turn.now + SWITCH_MAX_S:
        return "Say until when the switch is to hold: a time to come, and within a week."
    if switch.mode is not SwitchMode.DIVERTED:
        return "" if switch.prompt else "Callers would hear nothing: name the prompt to be played."
    if switch.target not in queues or switch.target == queue:
        return f"Calls cannot be diverted to {switch.target or 'nowhere'}: name another queue."
    other = switches.get(switch.target)
    if other is not None and other.mode is not SwitchMode.MESSAGE:
        return f"The queue {switch.target} is {other.mode} itself: name another one."
    for name, known in switches.items():
        if known.mode is SwitchMode.DIVERTED and known.target == queue:
            return f"The queue {name} is diverted to this one: put it back first."
    return ""


def _end(turn: Turn, queue: QueueId, by: str) -> bool:
    if turn.state.switches.get(queue) is None:
        return False
    turn.state.switches.remove(queue)
    turn.state.clear_timer(f"switch:{queue}")
    turn.touched[f"queue:{queue}"] = None
    turn.record(RoutingRecord("switch_ended", queue, "", by, turn.now))
    return True


def switch_due(turn: Turn, queue: QueueId) -> None:
    """The time of a switch is over."""
    _end(turn, queue, "")
