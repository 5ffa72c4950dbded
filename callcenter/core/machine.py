"""The whole center as one deterministic state machine: an event and the time go in, a step comes
out.

This file knows the order of things within a step; what events mean is in the modules beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from callcenter.core import (
    adoption,
    agents,
    announcing,
    arrivals,
    blending,
    callback_dialing,
    callbacks,
    calling_back,
    classification,
    dialed,
    erasure,
    failures,
    inbound,
    kept_places,
    lines,
    offer_deadlines,
    offers,
    outbound,
    overflowing,
    previews,
    readings,
    reconcile,
    return_calls,
    rule_changes,
    sharing,
    sparing,
    stopping,
    trunks,
)
from callcenter.core.choosing import Choosing
from callcenter.core.pacing import Pacers
from callcenter.core.state import Answered, State
from callcenter.core.turn import Turn
from callcenter.domain import events as e
from callcenter.domain.commands import (
    FindContact,
    LookUpCustomer,
    RemoveFallbackMember,
)
from callcenter.domain.ids import ATTEMPT_PREFIX, CommandId
from callcenter.domain.step import Step
from callcenter.domain.transitions import Impossible
from routing.chooser import Chooser

MACHINE_VERSION = 6
"""Rises whenever a decision changes: journals are replayed exactly only by the version that wrote
them."""

MAX_TIMERS_PER_TICK = 1000
"""More timers than this are left to the next tick, so that one step stays short."""
MAX_ANSWERED = 10_000
ANSWERED_FOR_S = 24 * 3600.0
"""A request sent again within this time, and not more than MAX_ANSWERED requests later, is
answered as the first time."""

CHOOSE_AGAIN_S = 1.0
"""After a fault in routing: not at once, for it may come again."""

Handler: TypeAlias = Callable[[Turn, Any], None]


class Machine:
    """The center. ``handle`` is the only way in; nothing here waits, asks the time or draws
    chance."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.faults = 0
        """Steps that raised, since this object was made."""
        self._choosing = Choosing(state)
        self._is_choosing = False
        """Whether this step has told the chooser anything yet."""
        self._pacers = Pacers(state)

    @property
    def chooser(self) -> Chooser:
        """Whom routing knows, to be asked only."""
        return self._choosing.chooser

    def next_deadline(self) -> float | None:
        """When the next ``Tick`` must come at the latest, UTC seconds."""
        return self.state.next_due()

    def handle(self, event: e.Event, now: float) -> Step:
        """Take one event. Never raises for what an event says: that becomes a fault in the records.

        ``now`` is UTC seconds; time that went backwards is held at the last one.
        """
        state = self.state
        state.now = now = max(now, state.now)
        state.position += 1
        turn = Turn(state, now, self.chooser)
        if type(event) is e.Tick:
            turn = self._fire_timers(turn)
        elif not self._answer_again(turn, event):
            turn = self._guarded(turn, event, _HANDLERS[type(event)])
        state.commit()
        return Step(
            tuple(turn.commands), tuple(turn.records), tuple(turn.replies), tuple(turn.touched)
        )

    # --- one event ----------------------------------------------------------------------------

    def _guarded(self, turn: Turn, event: Any, handler: Handler) -> Turn:
        """Handle, route and remember the replies; what raises is taken back and becomes a fault."""
        mark = self.state.mark()
        before = turn.checkpoint()
        self._is_choosing = False
        try:
            readings.hear(turn, event)
            handler(turn, event)
            self._settle(turn)
            self._remember_replies(turn)
            self._choosing.learn(turn)
            turn.forget_dirty()
        except Impossible as impossible:
            return self._fault(
                turn, mark, before, event, f"impossible_{impossible.what}", impossible
            )
        except Exception as error:  # noqa: BLE001 - one bad event must not stop the other calls
            return self._fault(turn, mark, before, event, "error", error)
        return turn

    def _fault(
        self,
        turn: Turn,
        mark: int,
        before: tuple[int, ...],
        event: Any,
        kind: str,
        error: Exception,
    ) -> Turn:
        self.faults += 1
        self.state.roll_back(mark)
        turn.back_to(before)
        turn.forget_dirty()
        if self._is_choosing:
            self._choosing.start_anew()
            turn.chooser = self.chooser
            self.state.set_timer("routing:", turn.now + CHOOSE_AGAIN_S)
        self._pacers.start_anew()
        name = type(event).__name__
        turn.fault(kind, f"{name}: {type(error).__name__}: {error}")
        request = getattr(event, "request", None)
        if request is not None:
            turn.refuse(request, "That could not be done in this state; it was noted as a fault.")
        return turn

    def _settle(self, turn: Turn) -> None:
        """Tell routing what changed, offer what it pairs, and dial for those left idle."""
        classification.bring_up_to_date(turn)
        calling_back.review(turn)
        stopping.review(turn)
        self._is_choosing = True
        self._choosing.show(turn)
        if self.chooser.changed:
            self._route(turn)
        previews.review(turn)
        sharing.share_out(turn)
        self._choosing.show(turn)
        self._pacers.show(turn)
        if callback_dialing.serve(turn):
            self._choosing.show(turn)
            self._pacers.show(turn)
        for campaign_id in list(turn.dirty_campaigns):
            stuck = previews.offer(turn, turn.state.campaigns[campaign_id])
            campaign = turn.state.campaigns[campaign_id]
            pacer = self._pacers.of(campaign)
            kept = blending.agents_kept(turn.state, self.chooser, campaign, pacer.known)
            outbound.dial(turn, campaign, pacer, kept, stuck)

    def _route(self, turn: Turn) -> None:
        """Offer until nobody is left to pair: each pair is a change itself."""
        self.chooser.changed = True
        while self.chooser.changed:
            found = self.chooser.match(turn.now)
            for match in found.offers:
                if match.call in self.state.callbacks:
                    calling_back.dial(turn, match)
                else:
                    offers.offer(turn, match)
            self._choosing.show(turn)
        self._choosing.is_restless = False
        if found.look_again_at is None:
            turn.state.clear_timer("routing:")
        else:
            turn.state.set_timer("routing:", found.look_again_at)

    # --- timers -------------------------------------------------------------------------------

    def _fire_timers(self, turn: Turn) -> Turn:
        """Fire what is due, each on its own: a faulty one does not hold up the others."""
        for _ in range(MAX_TIMERS_PER_TICK):
            key = self.state.first_due(turn.now)
            if key is None:
                break
            self.state.clear_timer(key)
            turn = self._guarded(turn, key, self._fire)
        return turn

    def _fire(self, turn: Turn, key: str) -> None:
        kind, _, subject = key.partition(":")
        if kind == "routing":
            self._is_choosing = True
            self._route(turn)
        else:
            _TIMERS[kind](turn, subject)

    # --- requests sent twice --------------------------------------------------------------------

    def _answer_again(self, turn: Turn, event: e.Event) -> bool:
        """Answer a request that was answered before, without doing it again."""
        request = getattr(event, "request", None)
        known = None if request is None else self.state.answered.get(request)
        if known is None:
            return False
        turn.replies.append(known.reply)
        return True

    def _remember_replies(self, turn: Turn) -> None:
        answered = self.state.answered
        for reply in turn.replies:
            answered.put(reply.request, Answered(reply, turn.now))
        while len(answered) > 0 and turn.replies:
            oldest = next(iter(answered))
            if len(answered) <= MAX_ANSWERED and answered[oldest].at > turn.now - ANSWERED_FOR_S:
                break
            answered.remove(oldest)


# --- what each event means ------------------------------------------------------------------------


def _start(turn: Turn, event: e.ServiceStarted) -> None:
    """A process begins to lead: no link is up, no desktop is open, no command is under way."""
    turn.state.set_epoch(event.epoch)
    turn.state.set_blocked("")  # if it still is, we shall be told
    for pbx in list(turn.state.links):
        reconcile.lose_link(turn, pbx)
    agents.forget_desktops(turn)
    outbound.forget_refills(turn)
    callbacks.forget_questions(turn)
    for command_id, command in list(turn.state.pending.items()):
        turn.state.pending.remove(command_id)
        if isinstance(command, LookUpCustomer):  # asking twice does no harm
            turn.send(LookUpCustomer(turn.command_id(), command.call, command.number))
        elif isinstance(command, FindContact):
            turn.send(msgspec.structs.replace(command, id=turn.command_id()))
        elif isinstance(command, RemoveFallbackMember):
            agents.removal_failed(turn, command.phone)


def _configure(turn: Turn, event: e.CenterConfigured) -> None:
    turn.state.set_center(event.center)
    for call in list(turn.state.calls.values()):
        if call.queue and call.queue not in turn.state.queues:
            default = event.center.default_queue  # the place is kept
            turn.change_call(call, queue=default, asked_queue=default, is_stale=True)
        else:
            turn.touch_call(call)
    for callback in list(turn.state.callbacks.values()):
        if callback.queue and callback.queue not in turn.state.queues:
            turn.put_callback(callback, queue=event.center.default_queue)
    reconcile.forget_removed(turn)
    agents.leave_phones(turn)


def _link_lost(turn: Turn, event: e.PbxLinkLost) -> None:
    reconcile.lose_link(turn, event.pbx)


def _succeeded(turn: Turn, event: e.CommandSucceeded) -> None:
    turn.state.pending.remove(event.command)


def _found(turn: Turn, event: e.CustomerFound) -> None:
    turn.state.pending.remove(event.command)
    arrivals.know_customer(turn, event)


def _not_found(turn: Turn, event: e.CustomerNotFound) -> None:
    turn.state.pending.remove(event.command)


def _contact_found(turn: Turn, event: e.ContactFound) -> None:
    turn.state.pending.remove(event.command)
    return_calls.found(turn, event)


def _contact_not_found(turn: Turn, event: e.ContactNotFound) -> None:
    turn.state.pending.remove(event.command)
    return_calls.not_found(turn, event.call)


def _hung_up(turn: Turn, event: e.ChannelHungUp) -> None:
    attempt = turn.attempt_on(event.channel)
    if attempt is not None:
        dialed.hung_up(turn, attempt, event.cause)
        return
    call = turn.call_on(event.channel)
    if call is not None:
        inbound.end_call(turn, call)
        return
    callback = calling_back.callback_on(turn, event.channel)
    if callback is not None:
        kept_places.not_reached(turn, callback)
        return
    leg = turn.state.legs.get(event.channel)
    if leg is not None:
        offers.leg_hung_up(turn, leg, event)


def _held(turn: Turn, event: e.CallerHeld) -> None:
    callback = calling_back.callback_on(turn, event.channel)
    known = turn.call_on(event.channel)
    if callback is not None:
        calling_back.answered(turn, callback)
    elif event.channel.id.startswith(ATTEMPT_PREFIX) and not (known and known.callback):
        dialed.held(turn, event)
    else:
        inbound.caller_held(turn, event)


def _originate_failed(turn: Turn, event: e.OriginateFailed) -> None:
    if event.channel.id.startswith(ATTEMPT_PREFIX):
        dialed.originate_failed(turn, event)
    else:
        offers.originate_failed(turn, event)


_HANDLERS: dict[type, Handler] = {
    e.ServiceStarted: _start,
    e.CenterConfigured: _configure,
    e.AgentsConfigured: agents.configure_agents,
    e.JournalBlocked: outbound.journal_blocked,
    e.JournalRestored: outbound.journal_restored,
    e.PbxStateRead: reconcile.reconcile,
    e.PbxLinkLost: _link_lost,
    e.CallArrived: arrivals.arrive,
    e.IvrCommandEnded: return_calls.menu_command_ended,
    e.IvrLeft: inbound.leave_menu,
    e.CallerHeld: _held,
    e.CallerLeftHold: inbound.caller_left_hold,
    e.AnnouncementBegan: announcing.announcement_began,
    e.AnnouncementFailed: announcing.announcement_failed,
    e.VoicemailBegan: overflowing.voicemail_began,
    e.CallFellBack: inbound.fell_back,
    e.FallbackAnswered: adoption.fallback_answered,
    e.LegCreated: offers.leg_created,
    e.LegRinging: offers.leg_ringing,
    e.LegAnswered: offers.leg_answered,
    e.LegParked: offers.leg_parked,
    e.AttemptCreated: dialed.created,
    e.AttemptRinging: dialed.ringing,
    e.AttemptAnswered: dialed.answered,
    e.AttemptScreened: dialed.screened,
    e.HarbourBegan: dialed.harbour_began,
    e.OptedOut: dialed.opted_out,
    e.MessageEnded: dialed.message_ended,
    e.OriginateFailed: _originate_failed,
    e.ChannelJoined: offers.channel_joined,
    e.ChannelLeft: offers.channel_left,
    e.ChannelHungUp: _hung_up,
    e.CommandSucceeded: _succeeded,
    e.CommandFailed: failures.command_failed,
    e.CustomerFound: _found,
    e.CustomerNotFound: _not_found,
    e.ContactFound: _contact_found,
    e.ContactNotFound: _contact_not_found,
    e.DesktopOpened: previews.desktop_opened,
    e.DesktopClosed: agents.close_desktop,
    e.SignInRequested: agents.sign_in,
    e.SignOutRequested: agents.request_sign_out,
    e.ReadyRequested: agents.request_ready,
    e.NotReadyRequested: agents.request_not_ready,
    e.DispositionRequested: callbacks.give_disposition,
    e.HangUpRequested: agents.request_hang_up,
    e.CampaignJoinRequested: outbound.join,
    e.PreviewDialRequested: previews.dial_requested,
    e.PreviewSkipRequested: previews.skip_requested,
    e.CallbackRequested: callbacks.requested,
    e.CallbackMoved: callbacks.moved,
    e.CallbackCancelled: callbacks.cancelled,
    e.CampaignSaved: outbound.save,
    e.CampaignStepRequested: outbound.take_step,
    e.HopperFilled: outbound.filled,
    e.ContactsFetched: callbacks.fetched,
    e.ContactsChanged: outbound.contacts_changed,
    e.DncListChanged: sparing.dnc_list_changed,
    e.DncAdded: sparing.dnc_added,
    e.DncRemoved: sparing.dnc_removed,
    e.ErasureRequested: erasure.erase,
    e.RulesPublished: rule_changes.publish,
    e.CallPriorityRequested: rule_changes.set_priority,
    e.QueueSwitched: rule_changes.switch_queue,
    e.VoicemailDoneRequested: overflowing.forget_voicemail,
}

_TIMERS: dict[str, Callable[[Turn, str], None]] = {
    "wrap_up": agents.wrap_up_timed_out,
    "desktop": agents.desktop_timed_out,
    "member": agents.remove_again,
    "reserve": offer_deadlines.no_ring,
    "ring": offer_deadlines.rang_out,
    "join": offer_deadlines.join_overdue,
    "parted": offers.still_parted,
    "outside": offer_deadlines.outside_rang_out,
    "announce": announcing.announcement_due,
    "lease": return_calls.lease_ran_out,
    "seek": return_calls.not_found,
    "return": return_calls.look_for_agents,
    "review": readings.review_due,
    "line": lines.line_due,
    "attempt": dialed.lease_ran_out,
    "ringout": dialed.rang_out,
    "hopper": outbound.hopper_due,
    "pace": outbound.pace_due,
    "decide": outbound.decide_due,
    "preview": previews.due,
    "callback": callback_dialing.due,
    "schedule": outbound.schedule_due,
    "trunk": trunks.trunk_due,
    "rules": classification.apply_to_waiting,
    "overflow": classification.overflow_due,
    "switch": rule_changes.switch_due,
    "notice": rule_changes.tell_waiting,
}


def pending_of(state: State) -> tuple[CommandId, ...]:
    """Commands whose results are awaited, oldest first."""
    return tuple(state.pending)
