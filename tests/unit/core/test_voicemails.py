"""Messages that callers leave when nobody answers."""

from __future__ import annotations

import pytest

from callcenter.core import overflowing
from callcenter.core.state import decode_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.call import CallState, Outcome, Place
from callcenter.domain.customer import Tier
from callcenter.domain.records import RoutingRecord
from callcenter.domain.rules import (
    Overflow,
    Rule,
    Rules,
    Treatment,
    Voicemail,
)
from tests.builders import PBX, Bench, channel, truth
from tests.unit.core.rule_bench import caller, staff
from tests.unit.core.test_overflows import BUSY, MAIL, hear, leading, said
from tests.unit.core.test_salvage import Story


def recording(bench: Bench, name: str = "a") -> None:
    """The caller has heard what is said, and speaks."""
    caller(bench, name, tier=Tier.GOLD)
    bench.wait(31)
    hear(bench, name)
    bench.wait(5)
    bench.tell(e.VoicemailBegan(channel(name)))


def test_a_message_left_is_kept_with_its_length_and_queue() -> None:
    bench = leading(Overflow(after_s=30.0, voicemail=MAIL))
    recording(bench)
    call = bench.call("a")
    command = bench.last(c.RecordVoicemail)
    assert (command.prompts, command.file, command.max_s) == (
        ("leave-a-message", "beep"),
        call.id,
        60.0,
    )

    bench.wait(12)
    bench.hang_up("a")

    (left,) = bench.machine.state.voicemails.values()
    assert (left.call, left.queue, left.file) == (call.id, "service", f"{call.id}.wav")
    assert left.seconds == pytest.approx(12.0)
    assert (left.caller_number, left.customer) == (call.caller_number, "customer-a")
    assert bench.ended().outcome is Outcome.LED_OUT
    kept = [r for r in bench.kept(RoutingRecord) if r.kind == "voicemail_left"]
    assert [(r.subject, r.detail) for r in kept] == [(call.id, "12.0")]
    assert bench.deadlines() == {}
    again = decode_state(bench.machine.state.encode())
    assert list(again.voicemails.values()) == [left]


def test_who_hangs_up_before_the_tone_has_left_nothing() -> None:
    bench = leading(Overflow(after_s=30.0, voicemail=MAIL))
    caller(bench, "a")
    bench.wait(31)
    hear(bench, "a")

    bench.hang_up("a")

    assert len(bench.machine.state.voicemails) == 0
    assert bench.ended().outcome is Outcome.LED_OUT


def test_a_recording_whose_beginning_was_missed_is_kept_too() -> None:
    bench = leading(Overflow(after_s=30.0, voicemail=MAIL))
    caller(bench, "a")
    bench.wait(31)

    bench.restart(truth("a", Place.VOICEMAIL))
    bench.wait(200)
    bench.tell(e.PbxStateRead(PBX, ()))

    (left,) = bench.machine.state.voicemails.values()
    assert left.seconds == 60.0  # no longer than it can be


def test_no_agent_is_offered_a_caller_who_leaves_a_message() -> None:
    bench = leading(Overflow(after_s=30.0, voicemail=MAIL))
    recording(bench)

    staff(bench, "ana")
    bench.review(truth("a", Place.VOICEMAIL))

    assert bench.agent("ana").state == "ready"
    assert bench.sent(c.HangUp) == []


def test_callers_wait_on_while_too_many_messages_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(overflowing, "VOICEMAILS_MAX", 1)
    bench = leading(Overflow(after_s=30.0, voicemail=MAIL), Overflow(after_s=31.0, message=BUSY))
    bench.allowed_faults = ("voicemails_full",)
    recording(bench)
    call = bench.call("a").id
    bench.hang_up("a")
    caller(bench, "b")
    bench.wait(33)
    assert bench.call("b").state is CallState.WAITING
    assert said(bench) == [("all-busy",)]
    bench.hang_up("b")

    assert bench.ask(e.VoicemailDoneRequested, call, "sue").problem == ""
    assert bench.ask(e.VoicemailDoneRequested, call, "sue").problem != ""

    assert len(bench.machine.state.voicemails) == 0
    done = [(r.subject, r.by) for r in bench.kept(RoutingRecord) if r.kind == "voicemail_done"]
    assert done == [(call, "sue")]


def test_messages_left_after_the_snapshot_are_known_but_for_those_dealt_with() -> None:
    story = Story()
    mail = Overflow(without_agents=True, voicemail=Voicemail("leave-a-message"))
    rules = Rules((Rule("everybody", Treatment(overflow=(mail,))),))
    assert story.ask(e.RulesPublished, 1, rules, "sue").problem == ""
    left = {}
    for name in "abc":
        if name == "b":
            story.snapshot()
        call = story.waiting_caller(name).id
        story.tell(e.VoicemailBegan(channel(name)))
        story.wait(5.0)
        story.hang_up(name)
        left[name] = story.machine.state.voicemails[call]
    for name in "ab":
        assert story.ask(e.VoicemailDoneRequested, left[name].call, "sue").problem == ""

    assert list(story.crash().voicemails.values()) == [left["c"]]
