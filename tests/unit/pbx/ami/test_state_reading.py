"""Where each channel is, told from recorded lists of a real Asterisk."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.domain.call import Place
from callcenter.domain.events import ChannelTruth
from callcenter.domain.ids import ChannelRef
from callcenter.pbx.ami.state_reading import bridge_of, bridges_read, channel_read
from callcenter.pbx.ami.translate import Malformed
from callcenter.pbx.ami.wire import AmiMessage, AmiParser

RECORDINGS = Path(__file__).parents[3] / "fixtures" / "ami"

ROW: AmiMessage = {
    "Event": "Status",
    "Channel": "PJSIP/carrier-00000001",
    "Uniqueid": "cc-1795300929.1",
    "ChannelStateDesc": "Up",
    "Context": "cc-hold",
    "BridgeID": "",
    "Application": "BridgeWait",
    "Variable": ["CC_ROLE=caller", "CC_ENTERED=1795300929", "CC_DIALED=6000", "CC_CALLER=+1202"],
}
BRIDGES = {
    "callers": "cc-callers",
    "agents": "cc-agents",
    "dialed": "cc-dialed",
    "lobby": "lobby",
    "talk": None,
}


def read(name: str) -> dict[str, ChannelTruth]:
    """The channels of a recorded state, by who they are."""
    lines = (RECORDINGS / f"{name}.txt").read_text().splitlines()
    text = "\r\n".join(line for line in lines if not line.startswith("#"))
    rows = AmiParser(greeting=False).feed(f"{text.lstrip()}\r\n\r\n".encode())
    bridges = bridges_read(row for row in rows if row["Event"] == "BridgeListItem")
    truths = (channel_read("main", row, bridges) for row in rows if row["Event"] == "Status")
    return {truth.role or "stranger": truth for truth in truths if truth is not None}


@pytest.mark.parametrize(
    ("recording", "places"),
    [
        ("state_menu", {"caller": Place.MENU}),
        ("state_hold", {"caller": Place.HOLD}),
        ("state_ringing", {"caller": Place.HOLD, "agent": Place.DIALPLAN}),
        ("state_parked", {"caller": Place.HOLD, "agent": Place.HOLD}),
        ("state_talk", {"caller": Place.BRIDGE, "agent": Place.BRIDGE}),
        ("state_talk_from_menu", {"caller": Place.BRIDGE, "agent": Place.BRIDGE}),
        ("state_native_queue", {"caller": Place.NATIVE_QUEUE, "stranger": Place.DIALPLAN}),
        ("state_native_talk", {"caller": Place.BRIDGE, "stranger": Place.BRIDGE}),
        ("state_dialing", {"dialed": Place.DIALPLAN, "agent": Place.HOLD}),
        ("state_screening", {"dialed": Place.SCREENING, "agent": Place.HOLD}),
        ("state_dialed_hold", {"dialed": Place.HOLD, "agent": Place.HOLD}),
        ("state_dialed_talk", {"dialed": Place.BRIDGE, "agent": Place.BRIDGE}),
        ("state_harbour", {"dialed": Place.HARBOUR}),
    ],
)
def test_the_place_of_every_channel_is_told(recording: str, places: dict[str, Place]) -> None:
    assert {who: truth.place for who, truth in read(recording).items()} == places


def test_a_caller_brings_numbers_and_the_time_it_came() -> None:
    caller = read("state_hold")["caller"]

    assert caller.caller_number == "+12025550141"
    assert caller.dialed_number == "6000"
    assert caller.entered_at > 1_795_300_000
    assert caller.bridge == ""
    assert caller.up


def test_a_ringing_leg_is_not_up_and_is_known_by_our_id() -> None:
    leg = read("state_ringing")["agent"]

    assert leg.channel == ChannelRef("main", "leg-j-10-0")
    assert leg.endpoint == "1001"
    assert not leg.up
    assert (leg.caller_number, leg.dialed_number, leg.entered_at) == ("", "", 0.0)


def test_a_number_that_rings_is_not_up_and_is_known_by_our_id() -> None:
    dialed = read("state_dialing")["dialed"]

    assert dialed.channel == ChannelRef("main", "att-j-51-0")
    assert (dialed.endpoint, dialed.up, dialed.bridge) == ("carrier", False, "")


def test_open_lines_and_people_dialed_are_up() -> None:
    truths = [
        truth for name in ("screening", "dialed_hold") for truth in read(f"state_{name}").values()
    ]

    assert [truth.up for truth in truths] == [True] * 4


@pytest.mark.parametrize(
    "recording", ["state_talk", "state_dialed_talk", "state_talk_from_menu", "state_native_talk"]
)
def test_who_talks_with_whom_is_told_by_the_bridge(recording: str) -> None:
    one, other = read(recording).values()

    assert one.bridge == other.bridge != ""


def test_the_native_queues_agent_is_known_by_the_phone() -> None:
    assert read("state_native_talk")["stranger"].endpoint == "1003"


@pytest.mark.parametrize(
    ("headers", "place"),
    [
        ({"BridgeID": "callers"}, Place.HOLD),
        ({"BridgeID": "agents"}, Place.HOLD),
        ({"BridgeID": "lobby"}, Place.DIALPLAN),
        ({"BridgeID": "talk"}, Place.BRIDGE),
        ({"BridgeID": "made-just-now"}, Place.BRIDGE),
        ({}, Place.DIALPLAN),  # between two waits
        ({"Context": "cc-agents"}, Place.DIALPLAN),
        ({"Context": "cc-inbound", "Application": "AGI"}, Place.MENU),
        ({"Context": "cc-inbound", "Application": "Playback"}, Place.MENU),
        ({"Context": "cc-inbound", "Application": "Answer"}, Place.DIALPLAN),
        ({"Context": "survey", "Application": "AGI"}, Place.DIALPLAN),
        ({"Context": "cc-dialed", "Application": "AMD"}, Place.SCREENING),
        ({"Context": "cc-dialed", "Application": "BridgeWait"}, Place.DIALPLAN),  # not in yet
        ({"Context": "cc-dialed", "Application": "BridgeWait", "BridgeID": "dialed"}, Place.HOLD),
        ({"Context": "survey", "Application": "AMD"}, Place.DIALPLAN),
        ({"Context": "cc-harbour", "Application": "UserEvent"}, Place.HARBOUR),
        ({"Context": "cc-harbour", "Application": "(null)", "BridgeID": "talk"}, Place.BRIDGE),
        ({"Context": "cc-machine", "Application": "WaitForSilence"}, Place.MACHINE),
        ({"Context": "cc-machine", "Application": "Playback"}, Place.MACHINE),
        ({"Context": "sales", "Application": "Queue"}, Place.NATIVE_QUEUE),
        ({"Context": "cc-fallback", "Application": "Set"}, Place.NATIVE_QUEUE),
    ],
)
def test_places_that_last_too_short_to_be_recorded(headers: dict[str, str], place: Place) -> None:
    truth = channel_read("main", {**ROW, **headers}, BRIDGES)

    assert truth is not None
    assert truth.place is place
    assert truth.bridge == (headers.get("BridgeID", "") if place is Place.BRIDGE else "")


@pytest.mark.parametrize("name", ["Local/s@remote-00000001;2", "Surrogate/PJSIP/1001-00000001"])
def test_channels_that_nobody_talks_on_are_left_out(name: str) -> None:
    assert channel_read("main", {**ROW, "Channel": name}, BRIDGES) is None


@pytest.mark.parametrize("entered", ["(null)", "", "yesterday", "nan", "inf", "-5"])
def test_an_odd_time_of_entering_hides_no_call(entered: str) -> None:
    truth = channel_read("main", {**ROW, "Variable": f"CC_ENTERED={entered}"}, BRIDGES)

    assert truth is not None
    assert truth.entered_at == 0.0
    assert truth.role == ""


def test_a_channel_without_our_variables_is_a_stranger() -> None:
    row = {header: value for header, value in ROW.items() if header != "Variable"}

    truth = channel_read("main", row, BRIDGES)

    assert truth is not None
    assert truth.role == ""


@pytest.mark.parametrize("header", ["Channel", "Uniqueid", "BridgeID", "Context", "Application"])
def test_a_row_that_lacks_something_is_malformed(header: str) -> None:
    row = {name: value for name, value in ROW.items() if name != header}

    with pytest.raises(Malformed, match=f"Status: header {header} is missing"):
        channel_read("main", row, BRIDGES)


def test_the_bridge_of_a_row_is_its_id() -> None:
    assert bridge_of({**ROW, "BridgeID": "talk"}) == "talk"
