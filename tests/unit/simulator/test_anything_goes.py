"""Whatever clients and telephones do, in whatever order, the simulated PBX stays consistent."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from callcenter.simulator.bridging import Conversation, Waiting
from callcenter.simulator.messages import get
from callcenter.simulator.screening import GREETING, HELLO, NO_MEDIA, QUIET
from tests.unit.simulator.rig import PHONES, Rig

STEPS = 120
COMMANDS = (
    "NOOP",
    "EXEC Playback cc/a&cc/b",
    "GET DATA cc/menu 1500 2",
    "EXEC Read X,cc/menu,1,,1,1",
    'STREAM FILE cc/menu "1"',
    "ASYNCAGI BREAK",
    "HANGUP",
    "FOO",
)
PLACES = (
    {"Context": "cc-hold", "Exten": "wait", "Priority": "1"},
    {"Context": "cc-fallback", "Exten": "s", "Priority": "1"},
    {"Context": "cc-agents", "Exten": "park", "Priority": "1"},
    {"Context": "cc-dialed", "Exten": "s", "Priority": "1"},
    {"Context": "cc-harbour", "Exten": "s", "Priority": "1"},
    {"Context": "cc-hold", "Exten": "nowhere", "Priority": "1"},
)
VOICES = (HELLO, GREETING, QUIET, NO_MEDIA)


def use_telephones(rig: Rig, rng: Random, one: str) -> None:
    """One thing that may happen at a telephone now."""
    match rng.randrange(8):
        case 0 | 1:
            rig.call(run_s=rng.random(), media=rng.random() < 0.5)
        case 2:
            rig.pbx.phone_rings(one, rig.now)
        case 3 | 4:
            rig.pbx.phone_answers(one, rig.now, rng.choice(VOICES))
        case 5:
            rig.pbx.phone_refuses(one, rng.choice([486, 603, 404]), rig.now)
        case 6:
            rig.bye(one)
        case 7:
            rig.press(one, rng.choice("12#"))


def use_ami(rig: Rig, rng: Random, one: str, other: str) -> None:
    """One thing that a client may do now."""
    phone = rng.choice([*PHONES, "7777"])
    match rng.randrange(12):
        case 10 | 11:
            rig.place(
                f"att-{rng.randrange(8)}",
                amd=rng.random() < 0.5,
                harbour_s=rng.randrange(3),
                timeout_ms=rng.choice([500, 3000]),
            )
        case 0 | 1:
            rig.originate(phone, f"leg-{rng.randrange(8)}", rng.choice([500, 3000]))
        case 2:
            rig.act("Bridge", Channel1=one, Channel2=other)
            rig.act("Setvar", Channel=one, Variable="CC_JOINED", Value=rng.choice("01"))
        case 3:
            rig.act("Hangup", Channel=one, Cause=rng.choice(["", "16"]))
        case 4:
            rig.act("Redirect", Channel=one, **rng.choice(PLACES))
        case 5 | 8 | 9:
            menus = [get(event, "Uniqueid") for event in rig.events() if "AsyncAGI" in event[0][1]]
            caller = rng.choice([*menus[-3:], one])
            rig.act("AGI", Channel=caller, Command=rng.choice(COMMANDS), CommandID="c")
        case 6:
            rig.act("AbsoluteTimeout", Channel=one, Timeout=rng.choice(["0.1", "5"]))
        case 7:
            action = rng.choice(["QueueAdd", "QueueRemove"])
            rig.act(action, Queue="cc-fallback", Interface=f"PJSIP/{phone}")
            rig.pbx.set_registered(phone, rng.random() < 0.8, rig.now)


def do_something(rig: Rig, rng: Random) -> None:
    """One thing, and some time."""
    channels = [*rig.pbx.exchange.channels, "nobody"]
    one, other = rng.choice(channels), rng.choice(channels)
    if rng.random() < 0.5:
        use_telephones(rig, rng, one)
    else:
        use_ami(rig, rng, one, other)
    if rng.random() < 0.7:
        rig.beat()
    rig.run(rng.choice([0.0, 0.001, 0.05, 1.0, 6.0, 21.0]))


def check(rig: Rig) -> None:
    """What must be true at any time."""
    exchange = rig.pbx.exchange
    for bridge in exchange.bridges.values():
        assert bridge.is_holding or 1 <= len(bridge.members) <= 2
        for uniqueid, channel in bridge.members.items():
            assert exchange.channels[uniqueid] is channel
            assert channel.bridge_id == bridge.id
    for channel in exchange.channels.values():
        talks = isinstance(channel.activity, Waiting | Conversation)
        assert bool(channel.bridge_id) is talks
        assert channel.hears_music <= channel.is_up
        assert channel.activity is not None or channel.location.priority == 1
    for row in rig.list_rows("Status"):
        assert get(row, "Uniqueid") in exchange.channels


@pytest.mark.parametrize("seed", range(12))
def test_no_order_of_doings_breaks_it(seed: int) -> None:
    rng = Random(seed)
    rig = Rig(seed)
    rig.beat()

    for _ in range(STEPS):
        do_something(rig, rng)
        check(rig)

    for uniqueid in list(rig.pbx.exchange.channels):
        rig.bye(uniqueid)
        rig.act("Hangup", Channel=uniqueid)
    rig.run(60)
    assert rig.pbx.exchange.channels == {}
    assert rig.pbx.exchange.bridges == {}
    assert rig.pbx.next_deadline() is None
    made = Counter(
        (get(event, "Uniqueid"), event[0][1])
        for event in rig.events()
        if event[0][1] in ("Newchannel", "Hangup")
    )
    begun = {uniqueid: n for (uniqueid, name), n in made.items() if name == "Newchannel"}
    ended = {uniqueid: n for (uniqueid, name), n in made.items() if name == "Hangup"}
    assert begun == ended
