"""A call on its way through the menu into a queue, and its end."""

from __future__ import annotations

from typing import Any, assert_never

from callcenter.core import (
    classification,
    kept_places,
    offers,
    overflowing,
    queue_days,
    readings,
    returns,
)
from callcenter.core.lessons import Arrived, Waited
from callcenter.core.line_names import line_of_call
from callcenter.core.turn import Turn
from callcenter.domain.call import Call, CallState, CallStep, Outcome, Place
from callcenter.domain.commands import (
    AskDigit,
    HoldCaller,
    PlayPrompt,
    ProbeMenu,
)
from callcenter.domain.customer import Attribute
from callcenter.domain.events import (
    CallerHeld,
    CallerLeftHold,
    CallFellBack,
    IvrCommandEnded,
    IvrLeft,
)
from callcenter.domain.flow import Flow
from callcenter.domain.ids import CallId, ChannelRef, CommandId, QueueId
from callcenter.domain.records import CallRecord
from callcenter.domain.rules import SwitchMode
from callcenter.ivr import engine

MENU_LEASE_S = 60.0
"""A menu step that says nothing for so long is looked at in the PBX: no shipped prompt is
longer."""
MENU_FAILED_S = 1.0
"""After a menu command that failed: by then a caller who has gone is known to have gone."""
HOLD_REFUSED_S = 1.0
"""After a Redirect that was refused: by then a caller who has gone is known to have gone."""
HOLD_LEASE_S = 10.0
"""A Redirect to hold takes 2 ms; after this the PBX is asked where the caller is."""


# --- menu --------------------------------------------------------------------------------------


def flow_of(turn: Turn, call: Call) -> Flow | None:
    """The menu of the number that was dialed."""
    center = turn.state.center
    flow_id = center.numbers.get(call.dialed_number) or center.numbers.get("*", "")
    return turn.state.flows.get(flow_id)


def start_flow(turn: Turn, call: Call) -> None:
    """Begin the menu of the dialed number; without one the caller goes to the default queue."""
    flow = flow_of(turn, call)
    if flow is None:
        enqueue(turn, call, turn.state.center.default_queue)
        return
    if call.state is CallState.ARRIVING:
        call = turn.step_call(call, CallStep.START_FLOW, place=Place.MENU)
    call = turn.change_call(call, flow=flow.id)
    follow(turn, call, flow, engine.begin(flow))


def plain(value: Attribute) -> Attribute:
    """The same, as it comes out of the journal: numbers are floats."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def follow(turn: Turn, call: Call, flow: Flow, move: engine.Move) -> None:
    """Do what the flow says."""
    action = move.action
    command = ""
    if move.sets:
        known = {name: plain(value) for name, value in move.sets.items()}
        call = turn.change_call(call, attributes={**call.attributes, **known})
    match action:
        case engine.Say():
            command = turn.command_id()
            turn.send(PlayPrompt(command, call.channel, action.prompt))
        case engine.Ask():
            command = turn.command_id()
            turn.send(AskDigit(command, call.channel, action.prompt, action.timeout_s))
        case engine.Enqueue():
            enqueue(turn, call, action.queue)
            return
        case engine.End():
            turn.end_caller(call, ended_by_flow=True)
            return
        case _ as never:
            assert_never(never)
    turn.change_call(
        call,
        node=move.node,
        node_tries=move.tries,
        flow_steps=move.steps,
        ivr_command=command,
        ivr_probe="",
        ivr_overdue=False,
    )
    turn.state.set_timer(f"lease:{call.id}", turn.now + MENU_LEASE_S)


def end_menu_command(turn: Turn, event: IvrCommandEnded) -> None:
    """A prompt or a question is over. Results of commands no longer awaited are late: nothing."""
    call = turn.call_on(event.channel)
    if call is None or call.state is not CallState.IN_IVR or call.ending:
        return
    if call.hears_notice:
        _notice_ended(turn, call, event)
        return
    flow = turn.state.flows.get(call.flow)
    if flow is None:
        enqueue(turn, call, turn.state.center.default_queue)
    elif event.command == call.ivr_probe:
        # Everything queued before the probe has ended and its result was lost while we were away.
        follow(turn, call, flow, engine.again(flow, call.node, call.node_tries, call.flow_steps))
    elif event.command == call.ivr_command and event.result < 0:
        # Either the caller has gone, which the PBX tells in a moment, or the prompt cannot be
        # played.
        prompt_failed(turn, call)
    elif event.command == call.ivr_command:
        if event.digits:
            call = turn.change_call(call, choices=(*call.choices, event.digits))
        follow(turn, call, flow, _next_move(flow, call, event))


def prompt_failed(turn: Turn, call: Call) -> None:
    """Go on soon without it, unless the caller is known to have gone by then."""
    turn.change_call(call, ivr_command="")
    turn.state.set_timer(f"lease:{call.id}", turn.now + MENU_FAILED_S)


def _next_move(flow: Flow, call: Call, event: IvrCommandEnded) -> engine.Move:
    if engine.asks(flow, call.node):
        return engine.after_digit(flow, call.node, event.digits, call.node_tries, call.flow_steps)
    return engine.after_prompt(flow, call.node, call.flow_steps)


def menu_refused(turn: Turn, channel: ChannelRef, command: CommandId) -> None:
    """The PBX would not take a menu command: the caller must not listen to silence."""
    call = turn.call_on(channel)
    if call is None or call.ending or command not in (call.ivr_command, call.ivr_probe):
        return
    if turn.is_up(channel.pbx):  # otherwise the state reading tells where the caller is
        turn.change_call(call, ivr_command="", ivr_probe="")
        turn.state.set_timer(f"lease:{call.id}", turn.now + MENU_FAILED_S)


def leave_menu(turn: Turn, event: IvrLeft) -> None:
    """The channel left AsyncAGI: on its way to hold, by our Redirect or because a command
    failed."""
    call = turn.call_on(event.channel)
    if call is not None and call.place is Place.MENU:
        turn.change_call(call, place=Place.DIALPLAN)


def probe_menu(turn: Turn, call: Call) -> None:
    """A result may have been missed: find out whether the awaited menu command still runs."""
    probe = turn.command_id()
    turn.send(ProbeMenu(probe, call.channel))
    turn.change_call(call, ivr_probe=probe, ivr_overdue=False, place=Place.MENU)
    turn.state.set_timer(f"lease:{call.id}", turn.now + MENU_LEASE_S)


# --- queue -------------------------------------------------------------------------------------


def enqueue(turn: Turn, call: Call, queue: QueueId) -> Call:
    """The call waits in this queue from now on; if it is not on hold yet it is put there.

    A queue that is switched has its message played first, and a closed one nothing after it.
    """
    if queue not in turn.state.queues:
        turn.fault("unknown_queue", f"{queue} (flow {call.flow}, node {call.node})")
        queue = turn.state.center.default_queue
    call = turn.change_call(call, asked_queue=queue, queue=queue)
    call = classification.classify(turn, call)
    switch = turn.state.switches.get(call.queue)
    if switch is not None and switch.prompt and can_hear(turn, call):
        if not call.heard_notice:
            return _play_notice(turn, call, switch.prompt)
        if switch.mode is SwitchMode.CLOSED:
            turn.end_caller(call, queue="", ended_by_flow=True)
            return call
    call = turn.step_call(
        call,
        CallStep.QUEUE,
        queued_at=turn.now,
        hears_notice=False,
        ivr_command="",
        ivr_probe="",
    )
    turn.lessons.append(Arrived(line_of_call(call), call.tier))
    if overflowing.can_act_at_once(turn, call):
        return overflowing.act(turn, call)
    if call.place is Place.HOLD:
        turn.clear_lease(call)
    else:
        hold(turn, call)
    return call


def can_hear(turn: Turn, call: Call) -> bool:
    """Whether a prompt can be played: the caller is under menu control, or has just come there."""
    is_new = call.state is CallState.ARRIVING and call.place is Place.DIALPLAN
    return (is_new or call.place is Place.MENU) and turn.is_up(call.channel.pbx)


def _play_notice(turn: Turn, call: Call, prompt: str) -> Call:
    """Tell the caller what is with the queue; ``end_notice`` goes on."""
    command = turn.command_id()
    turn.send(PlayPrompt(command, call.channel, prompt))
    return begin_prompt(turn, call, command, queue="", hears_notice=True)


def begin_prompt(turn: Turn, call: Call, command: CommandId, **changes: Any) -> Call:
    """The caller hears something outside of a menu, by this command."""
    if call.state is CallState.ARRIVING:
        call = turn.step_call(call, CallStep.START_FLOW, place=Place.MENU)
    call = turn.change_call(call, ivr_command=command, ivr_probe="", ivr_overdue=False, **changes)
    turn.state.set_timer(f"lease:{call.id}", turn.now + MENU_LEASE_S)
    return call


def _notice_ended(turn: Turn, call: Call, event: IvrCommandEnded) -> None:
    if event.command == call.ivr_command and event.result < 0:
        prompt_failed(turn, call)
    elif event.command in (call.ivr_command, call.ivr_probe):
        end_notice(turn, call)


def end_notice(turn: Turn, call: Call) -> None:
    """The message of a switched queue is over, or cannot be played."""
    call = turn.change_call(call, hears_notice=False, heard_notice=True)
    enqueue(turn, call, call.asked_queue)


def wait_for_campaign(turn: Turn, call: Call) -> None:
    """The caller waits for an agent of the campaign that it calls back, in no queue."""
    call = turn.step_call(
        call,
        CallStep.QUEUE,
        queued_at=turn.now,
        at_campaign=True,
        ivr_command="",
        ivr_probe="",
    )
    hold(turn, call)


def hold(turn: Turn, call: Call) -> None:
    """Put the caller on hold; if the PBX does not say so soon, ask where it is."""
    turn.send(HoldCaller(turn.command_id(), call.channel))
    turn.state.set_timer(f"lease:{call.id}", turn.now + HOLD_LEASE_S)


def hold_refused(turn: Turn, channel: ChannelRef) -> None:
    """The Redirect was refused: unless the caller has gone in that instant, ask where it is.

    Not at once: a PBX that refuses for ever (a right is missing) would be asked without a pause.
    """
    call = turn.call_on(channel)
    if call is not None and call.place is not Place.HOLD:
        turn.state.set_timer(f"lease:{call.id}", turn.now + HOLD_REFUSED_S)


def caller_held(turn: Turn, event: CallerHeld) -> None:
    """The caller hears music: what this means depends on where we thought it was."""
    call = turn.call_on(event.channel)
    if call is None:
        # A caller we never met: its arrival was missed. The state reading will bring it in.
        readings.ask(turn, event.channel.pbx)
        return
    call = turn.change_call(call, place=Place.HOLD)
    if call.ending:
        return
    turn.clear_lease(call)
    match call.state:
        case CallState.ARRIVING | CallState.IN_IVR:
            flow = turn.state.flows.get(call.flow)
            enqueue(turn, call, flow.default_queue if flow else turn.state.center.default_queue)
        case CallState.IN_FALLBACK:
            take_back(turn, call)
        case CallState.CONNECTED:
            offers.caller_returned(turn, call)
        case CallState.OFFERED:
            offers.join_if_possible(turn, call)
        case CallState.WAITING | CallState.ENDED:
            pass  # the wait loop has looked at the heartbeat and come back
        case _ as never:
            assert_never(never)


def caller_left_hold(turn: Turn, event: CallerLeftHold) -> None:
    """The caller is between two places: not to be joined just now."""
    call = turn.call_on(event.channel)
    if call is not None and call.place is Place.HOLD:
        turn.change_call(call, place=Place.DIALPLAN)


# --- native queue ------------------------------------------------------------------------------


def fell_back(turn: Turn, event: CallFellBack) -> None:
    """The dialplan had lost our heartbeat. We live: take the caller back at once."""
    call = turn.call_on(event.channel)
    if call is None:
        readings.ask(turn, event.channel.pbx)
    elif not call.ending:
        reclaim(turn, fall_back(turn, call))


def fall_back(turn: Turn, call: Call) -> Call:
    """The native queue has the call: whatever we were doing with it is off."""
    offers.caller_gone(turn, call)
    return turn.step_call(
        turn.state.calls[call.id],
        CallStep.FALL_BACK,
        hears_notice=False,
        agent="",
        leg=None,
        place=Place.NATIVE_QUEUE,
        ivr_command="",
        ivr_probe="",
    )


def reclaim(turn: Turn, call: Call) -> None:
    """Bring a caller out of the native queue back on hold."""
    turn.repair("taken_back_from_native_queue", call.id)
    hold(turn, call)


def take_back(turn: Turn, call: Call) -> None:
    """The caller is out of the native queue: waiting again, in the place it had."""
    queued_at = call.queued_at or call.arrived_at
    turn.step_call(call, CallStep.TAKE_BACK, queue=turn.waiting_queue(call), queued_at=queued_at)


# --- end ---------------------------------------------------------------------------------------


def end_call(turn: Turn, call: Call, *, lost: bool = False) -> None:
    """The caller's channel is gone: free the agent, keep the record, forget the call."""
    outcome = _outcome(turn, call, lost)
    if outcome is Outcome.ABANDONED:
        queue_days.count_abandoned(turn, call)
        if call.queued_at and not call.waits_for:
            waited_s = turn.now - call.queued_at
            turn.lessons.append(Waited(line_of_call(call), call.tier, waited_s, hung_up=True))
    offers.caller_gone(turn, call)
    overflowing.keep_voicemail(turn, call)
    kept_places.keep_place(turn, call)
    kept_places.call_ended(turn, call)
    call = turn.step_call(turn.state.calls[call.id], CallStep.END)
    turn.record(
        CallRecord(
            call=call.id,
            channel=call.channel,
            caller_number=call.caller_number,
            dialed_number=call.dialed_number,
            flow=call.flow,
            choices=call.choices,
            customer=call.customer,
            tier=call.tier,
            queue=call.queue,
            arrived_at=call.arrived_at,
            queued_at=call.queued_at,
            answered_at=call.answered_at,
            ended_at=turn.now,
            outcome=outcome,
            answered_by=call.answered_by,
            answered_by_senior=call.answered_by_senior,
            overflowed=call.overflowed,
            via_fallback=call.via_fallback,
            offers=call.offers,
            campaign=call.campaign,
            attempt=call.attempt,
            rule=call.rule,
            rules_version=call.rules_version,
            returned=call.returned,
        )
    )
    returns.ended(turn, call)
    turn.state.clear_timer(f"overflow:{call.id}")
    turn.state.clear_timer(f"announce:{call.id}")
    turn.state.clear_timer(f"outside:{call.id}")
    turn.state.clear_timer(f"lease:{call.id}")
    turn.state.clear_timer(f"parted:{call.id}")
    turn.state.clear_timer(f"seek:{call.id}")
    turn.state.clear_timer(f"return:{call.id}")
    turn.state.call_of.remove(call.channel)
    turn.state.calls.remove(call.id)


def _outcome(turn: Turn, call: Call, lost: bool) -> Outcome:
    if call.answered_at:
        return Outcome.ANSWERED
    attempt = turn.state.attempts.get(call.attempt)
    if attempt is not None and attempt.harbour_at:
        return Outcome.DROPPED
    if lost:
        return Outcome.LOST
    if call.ended_by_flow or call.led_to == "message":
        return Outcome.ENDED_BY_FLOW
    if call.led_to:
        return Outcome.LED_OUT
    if call.queue or call.waits_for or call.state is CallState.IN_FALLBACK:
        return Outcome.ABANDONED
    return Outcome.LEFT_IN_IVR


def lease_ran_out(turn: Turn, call_id: CallId) -> None:
    """Nothing was heard of a call that should have moved: ask the PBX, and go on asking."""
    call = turn.state.calls.get(call_id)
    if call is None:
        return
    if call.state is CallState.IN_IVR and not call.ivr_command and not call.ending:
        if call.hears_notice:
            turn.fault("notice_failed", f"queue {call.asked_queue}")
            end_notice(turn, call)
            return
        turn.fault("menu_failed", f"flow {call.flow}, node {call.node}")
        flow = turn.state.flows.get(call.flow)
        enqueue(turn, call, flow.default_queue if flow else turn.state.center.default_queue)
        return
    if call.state is CallState.IN_IVR:
        turn.change_call(call, ivr_overdue=True)
    turn.state.set_timer(f"lease:{call_id}", turn.now + MENU_LEASE_S)
    readings.ask(turn, call.channel.pbx)
