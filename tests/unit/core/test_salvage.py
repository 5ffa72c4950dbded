"""What another version decided: its facts are taken, nothing of it is decided again."""

from __future__ import annotations

import msgspec

from callcenter.core.campaign_queries import campaign_view
from callcenter.core.invariants import broken
from callcenter.core.machine import Machine
from callcenter.core.salvage import RECOVERED, salvage
from callcenter.core.state import State, decode_state, empty_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptResult, AttemptState
from callcenter.domain.call import CallState, Place
from callcenter.domain.campaign import CampaignState, CampaignStep
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import AttemptRecord, CallRecord
from callcenter.domain.rules import (
    QueueSwitch,
    Rule,
    Rules,
    SwitchMode,
    Treatment,
)
from callcenter.domain.step import Entry, Step
from tests.builders import CAMPAIGN, PBX, Bench, channel, row, truth


class Story(Bench):
    """A bench that keeps a journal and a snapshot of some moment of it."""

    def __init__(self, journal: str = "TEST") -> None:
        self.tail: list[Entry] = []
        self.base = empty_state(journal).encode()
        super().__init__(machine=Machine(empty_state(journal)))

    def tell(self, event: e.Event) -> Step:
        step = super().tell(event)
        state = self.machine.state
        self.tail.append(Entry(state.position, state.now, event, step.commands, step.records))
        return step

    def snapshot(self) -> None:
        """What comes from here on is the tail."""
        self.base, self.tail = self.machine.state.encode(), []

    def crash(self) -> State:
        """Another version finds snapshot and tail, and goes on here."""
        state = salvage(decode_state(self.base), self.tail)
        assert (state.position, state.now) == (
            self.machine.state.position,
            self.machine.state.now,
        )
        assert broken(state) == []
        assert broken(decode_state(state.encode())) == []
        self.machine = Machine(decode_state(state.encode()))
        self.now += 1
        self.commands.clear()
        self.records.clear()
        self.tell(e.ServiceStarted(state.epoch + 1))
        self.tell(e.CenterConfigured(self.center))
        return state


def leg_truth(leg: ChannelRef, endpoint: str, place: Place, bridge: str = "") -> e.ChannelTruth:
    """An agent's channel, as a state reading finds it."""
    return e.ChannelTruth(leg, endpoint, place, bridge=bridge, role="agent")


# --- people dialed -------------------------------------------------------------------------------


def test_somebody_dialed_after_the_snapshot_is_unknown_and_not_dialed_again() -> None:
    story = Story()
    story.agents("ana")
    story.campaign()
    story.fill(row(1), row(2))
    story.snapshot()
    story.open_line("ana")
    placed = story.last(c.PlaceCall)
    assert placed.number == row(1).number

    state = story.crash()
    assert state.attempts[placed.channel.id].state is AttemptState.PLACED
    assert state.campaigns["renewals"].hopper == ()
    assert state.dialing.get(placed.number) == placed.channel.id
    story.tell(e.PbxStateRead(PBX, ()))

    record = story.came_of_it()
    assert (record.attempt, record.contact) == (placed.channel.id, "1")
    assert (record.result, record.tries) == (AttemptResult.UNKNOWN, 1)
    assert story.sent(c.PlaceCall) == []
    assert len(story.refills()) == 1
    live = story.live()
    assert (live.placed, live.results) == (1, {AttemptResult.UNKNOWN: 1})


def test_somebody_who_is_still_being_dialed_is_followed_to_the_end() -> None:
    story = Story()
    story.dial("ana")
    placed = story.last(c.PlaceCall)
    story.crash()

    story.tell(
        e.PbxStateRead(
            PBX,
            (e.ChannelTruth(placed.channel, "carrier", Place.DIALPLAN, up=False, role="dialed"),),
        )
    )
    story.tell(e.ChannelHungUp(placed.channel, 17))

    assert story.came_of_it().result is AttemptResult.BUSY
    assert len(story.kept(AttemptRecord)) == 1


def test_an_attempt_that_ended_after_the_snapshot_has_one_result() -> None:
    story = Story()
    ref = story.dial("ana")
    story.snapshot()
    story.person(ref)
    story.join(ref)
    story.part(ref)

    story.crash()
    story.tell(e.PbxStateRead(PBX, ()))

    assert story.kept(AttemptRecord) == []
    assert story.kept(CallRecord) == []
    live = story.live()
    assert (live.people, live.results) == (1, {AttemptResult.CONNECTED: 1})


def test_an_attempt_begun_and_ended_after_the_snapshot_is_counted() -> None:
    story = Story()
    ref = story.dial("ana")
    story.tell(e.AttemptCreated(ref))
    story.tell(e.ChannelHungUp(ref, 17))

    state = story.crash()

    assert ref.id not in state.attempts
    view = campaign_view(state, "renewals")
    assert view is not None
    assert (view.placed, view.people, view.results[AttemptResult.BUSY]) == (2, 0, 1)


def test_a_person_known_at_the_snapshot_is_not_counted_twice() -> None:
    story = Story()
    ref = story.dial("ana")
    story.person(ref)
    story.join(ref)
    story.snapshot()
    story.part(ref)

    assert story.crash().campaigns["renewals"].people == 1


def test_a_conversation_with_a_person_dialed_goes_on() -> None:
    story = Story()
    ref = story.dial("ana")
    story.person(ref)
    story.snapshot()
    line = story.agent("ana").line
    assert line is not None
    story.join(ref)
    story.crash()

    story.tell(
        e.PbxStateRead(
            PBX,
            (
                leg_truth(line, "1001", Place.BRIDGE, "b"),
                e.ChannelTruth(ref, "carrier", Place.BRIDGE, bridge="b", role="dialed"),
            ),
        )
    )

    assert story.sent(c.HangUp) == []
    assert story.agent("ana").state is AgentState.TALKING
    assert story.attempt(ref).state is AttemptState.CONNECTED
    story.tell(e.ChannelHungUp(ref, 16))
    assert story.came_of_it().result is AttemptResult.CONNECTED


def test_version_2_named_nobody_in_its_commands_and_the_rows_tell() -> None:
    story = Story()
    story.dial("ana", rows=1)
    nameless = [
        msgspec.structs.replace(
            entry,
            commands=tuple(
                msgspec.structs.replace(x, campaign="", contact="", tries=0)
                if isinstance(x, c.PlaceCall)
                else x
                for x in entry.commands
            ),
        )
        for entry in story.tail
    ]
    story.tail = nameless

    (attempt,) = story.crash().attempts.values()

    assert (attempt.campaign, attempt.contact, attempt.tries) == ("renewals", "0", 1)


def test_a_call_that_nobody_can_attribute_is_left_to_the_pbx() -> None:
    command = c.PlaceCall("x1", channel("att-1z"), "carrier", "+3545550001", "", 60, True, 1, "")
    tail = [Entry(1, 5.0, e.Tick(), (command,))]

    assert len(salvage(empty_state("TEST"), tail).attempts) == 0


def test_a_person_whose_call_was_closed_without_a_result_is_asked_for() -> None:
    # No version of ours does that; what others did may be anything.
    story = Story()
    ref = story.dial("ana")
    story.person(ref)
    story.snapshot()
    call = story.call(ref.id)
    story.tell(e.ChannelHungUp(ref, 16))
    story.tail = [
        msgspec.structs.replace(
            entry, records=tuple(r for r in entry.records if isinstance(r, CallRecord))
        )
        for entry in story.tail
    ]

    story._under_way[ref.id] = row(0).number

    state = story.crash()

    assert call.id not in state.calls
    assert state.attempts[ref.id].state is AttemptState.PLACED
    story.tell(e.PbxStateRead(PBX, ()))
    assert [record.attempt for record in story.kept(AttemptRecord)].count(ref.id) == 1


def test_a_call_whose_attempt_alone_has_a_result_is_gone_with_it() -> None:
    story = Story()
    ref = story.dial("ana")
    story.person(ref)
    story.snapshot()
    story.tell(e.ChannelHungUp(ref, 16))
    story.tail = [
        msgspec.structs.replace(
            entry, records=tuple(r for r in entry.records if isinstance(r, AttemptRecord))
        )
        for entry in story.tail
    ]

    state = story.crash()

    assert len(state.calls) == 0
    assert ref.id not in state.attempts


# --- campaigns -----------------------------------------------------------------------------------


def test_a_campaign_made_and_one_paused_after_the_snapshot_are_known() -> None:
    story = Story()
    story.campaign()
    since = story.live().since
    story.snapshot()
    story.now += 5
    story.campaign(id="other", name="Other")
    story.ask(e.CampaignSaved, msgspec.structs.replace(CAMPAIGN, name="New name"), "kim")
    story.ask(e.CampaignStepRequested, "other", CampaignStep.PAUSE, "max")

    state = story.crash()

    renamed, other = state.campaigns["renewals"], state.campaigns["other"]
    assert (renamed.settings.name, renamed.state) == ("New name", CampaignState.RUNNING)
    assert renamed.since == since
    assert (other.state, other.changed_by) == (CampaignState.PAUSED, "max")
    assert other.since == story.now - 1


# --- agents --------------------------------------------------------------------------------------


def test_agents_keep_phone_and_campaign_and_are_not_ready() -> None:
    story = Story()
    story.agents("ana", "jon", "zoe")
    story.campaign()
    story.snapshot()
    assert story.ask(e.CampaignJoinRequested, "ana", "renewals").problem == ""
    assert story.ask(e.CampaignJoinRequested, "zoe", "renewals").problem == ""
    story.ask(e.SignOutRequested, "zoe")

    state = story.crash()

    ana, jon, zoe = (state.agents[name] for name in ("ana", "jon", "zoe"))
    assert (ana.state, ana.reason, ana.phone) == (AgentState.NOT_READY, RECOVERED, "1001")
    assert (ana.campaign, ana.line) == ("renewals", None)
    assert (jon.phone, jon.campaign) == ("1002", "")
    assert (zoe.state, zoe.phone, zoe.campaign) == (AgentState.SIGNED_OUT, "", "")
    assert state.agent_of_phone.get("1001") == "ana"


def test_whoever_took_over_a_phone_has_it() -> None:
    story = Story()
    story.agents("ana", "jon")
    story.snapshot()
    story.ask(e.SignOutRequested, "ana")
    story.ask(e.SignOutRequested, "jon")
    story.ask(e.SignInRequested, "jon", "1001")

    state = story.crash()

    assert state.agents["ana"].phone == ""
    assert state.agents["jon"].phone == "1001"


def test_an_agent_unknown_at_the_snapshot_is_at_the_phone_until_the_accounts_come() -> None:
    story = Story()
    story.agents("ana")

    state = story.crash()

    assert (state.agents["ana"].phone, state.agents["ana"].queues) == ("1001", ())


# --- calls ---------------------------------------------------------------------------------------


def test_a_call_that_ended_after_the_snapshot_has_one_record() -> None:
    story = Story()
    story.waiting_caller("a")
    story.snapshot()
    story.hang_up("a")

    story.crash()
    story.tell(e.PbxStateRead(PBX, ()))

    assert story.kept(CallRecord) == []


def test_a_caller_who_waits_keeps_the_place() -> None:
    story = Story()
    waiting = story.waiting_caller("a")
    story.snapshot()
    story.agents("ana")
    assert story.call("a").state is CallState.OFFERED

    story.crash()
    story.tell(e.PbxStateRead(PBX, (truth("a", Place.HOLD),)))

    call = story.call("a")
    assert (call.state, call.queued_at, call.id) == (
        CallState.WAITING,
        waiting.queued_at,
        waiting.id,
    )


def test_a_caller_who_talks_goes_on_talking_although_all_of_it_came_after_the_snapshot() -> None:
    story = Story()
    story.agents("ana")
    story.waiting_caller("a")
    leg = story.talk("a").leg
    assert leg is not None
    story.crash()

    # The agent's channel is listed before the caller's: it is not hung up for an orphan.
    story.tell(
        e.PbxStateRead(
            PBX,
            (
                leg_truth(leg, "1001", Place.BRIDGE, "b"),
                truth("a", Place.BRIDGE, bridge="b"),
            ),
        )
    )

    assert story.sent(c.HangUp) == []
    assert story.agent("ana").state is AgentState.TALKING
    assert story.call("a").state is CallState.CONNECTED


def test_a_talk_of_the_snapshot_is_found_where_it_is_now() -> None:
    story = Story()
    story.agents("ana")
    story.waiting_caller("a")
    leg = story.talk("a").leg
    assert leg is not None
    story.snapshot()

    state = story.crash()
    assert next(state.calls.values()).state is CallState.WAITING
    story.tell(
        e.PbxStateRead(
            PBX, (truth("a", Place.BRIDGE, bridge="b"), leg_truth(leg, "1001", Place.BRIDGE, "b"))
        )
    )

    assert story.agent("ana").state is AgentState.TALKING
    assert story.call("a").leg == leg


def test_a_talk_that_never_was_in_a_queue_begins_anew() -> None:
    story = Story()
    story.tell(e.CallArrived(channel("a"), "5551234", "7000"))
    story.tell(e.PbxLinkLost(PBX, "reset"))
    story.tell(
        e.PbxStateRead(
            PBX,
            (truth("a", Place.BRIDGE, bridge="b"), truth("x", Place.BRIDGE, bridge="b", role="")),
        )
    )
    assert story.call("a").state is CallState.CONNECTED
    story.snapshot()

    assert next(story.crash().calls.values()).state is CallState.ARRIVING


def test_what_is_under_way_is_asked_for_should_no_reading_come() -> None:
    story = Story()
    story.dial("ana", rows=1)
    story.waiting_caller("a")

    state = story.crash()

    assert len(state.pending) == len(state.legs) == 0
    assert list(state.timers) == [f"attempt:{attempt}" for attempt in state.attempts]


# --- what supervisors set ------------------------------------------------------------------------


def test_rules_and_switches_set_after_the_snapshot_hold() -> None:
    story = Story()
    until = story.now + 600.0
    closed = QueueSwitch(SwitchMode.CLOSED, until, prompt="cc/closed")
    story.snapshot()
    rules = Rules((Rule("everybody", Treatment(weight=2.0)),))
    assert story.ask(e.RulesPublished, 1, rules, "sue").problem == ""
    assert story.ask(e.RulesPublished, 1, Rules(()), "sue").problem  # was not done
    assert story.ask(e.QueueSwitched, "service", closed, "sue").problem == ""

    state = story.crash()

    assert (state.rules.version, state.rules.rules) == (1, rules)
    assert state.switches.as_dict() == {"service": closed}
    assert state.timers.get("switch:service") == until


def test_a_switch_that_ended_after_the_snapshot_is_gone() -> None:
    story = Story()
    for for_s in (600.0, 5.0):
        switch = QueueSwitch(SwitchMode.MESSAGE, story.now + for_s, prompt="cc/news")
        assert story.ask(e.QueueSwitched, "service", switch, "sue").problem == ""
    story.snapshot()
    story.wait(6)

    assert story.crash().switches.as_dict() == {}


def test_a_priority_set_after_the_snapshot_is_left_to_be_set_again() -> None:
    story = Story()
    call = story.waiting_caller("a")
    story.snapshot()
    assert story.ask(e.CallPriorityRequested, call.id, 5.0, "sue").problem == ""

    assert story.crash().calls[call.id].weight == 1.0


def test_what_routing_has_learnt_is_kept_and_what_it_held_is_not() -> None:
    story = Story()
    story.waiting_caller("a")
    story.hang_up("a")
    story.snapshot()
    story.waiting_caller("b")

    stored = story.crash().snapshot().standing

    assert list(stored.learned.patience) == [f"{PBX}/service/standard"]
    assert (stored.looks, stored.kept) == ((), ())
