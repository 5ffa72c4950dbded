"""The AMI benchmark measures what it says."""

from __future__ import annotations

import pytest

from callcenter.bench.ami import call_stream, run
from callcenter.domain.events import CallArrived, ChannelHungUp, ChannelJoined, LegRinging
from callcenter.pbx.ami.translate import translate
from callcenter.pbx.ami.wire import AmiParser


def test_a_generated_call_is_understood_from_its_arrival_to_both_hang_ups() -> None:
    parser = AmiParser(greeting=False)

    messages = parser.feed(call_stream(7))
    events = [event for event in (translate("main", m) for m in messages) if event is not None]

    assert parser.take_faults() == []
    assert 34 <= len(messages) <= 40
    kinds = [type(event) for event in events]
    assert kinds[0] is CallArrived
    assert LegRinging in kinds
    assert kinds.count(ChannelJoined) == 2
    assert kinds.count(ChannelHungUp) == 2


def test_every_way_is_measured_and_compared() -> None:
    result = run(calls=3, rounds=2)

    assert (result["calls"], result["rounds"]) == (3, 2)
    assert list(result["events_per_s"]) == [
        "panoramisk",
        "parsed",
        "wanted",
        "translated",
        "link",
    ]
    for figures in result["events_per_s"].values():
        assert 0 < figures["min"] <= figures["median"] <= figures["max"]
    ratio = (
        result["events_per_s"]["parsed"]["median"] / result["events_per_s"]["panoramisk"]["median"]
    )
    assert result["parsed_to_panoramisk"] == pytest.approx(ratio, abs=0.01)
