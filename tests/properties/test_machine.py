"""Any event in any state: the machine keeps its invariants, raises no fault, and replays the same.

The PBX here is hostile: it loses, doubles and reorders events, and its state readings say anything.
"""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.core.machine import Machine
from callcenter.core.state import decode_state, empty_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.call import Place
from callcenter.domain.customer import Tier
from callcenter.domain.ids import ChannelRef
from callcenter.domain.step import Entry, Step
from callcenter.service.recovery import replay
from tests.builders import PBX, Bench, channel

AGENTS = ("ana", "jon", "eva")
CALLERS = [channel(f"c{i}") for i in range(4)]
BRIDGES = ("b1", "b2")


class Recorder(Bench):
    """A bench that keeps a journal."""

    journal: list[Entry]

    def __post_init__(self) -> None:
        self.journal = []
        super().__post_init__()

    def tell(self, event: e.Event) -> Step:
        step = super().tell(event)
        state = self.machine.state
        self.journal.append(Entry(state.position, state.now, event, step.commands, step.records))
        return step


def a_channel(rng: random.Random, bench: Bench) -> ChannelRef:
    """A caller's channel or any leg ever made."""
    legs = [x.leg for x in bench.sent(c.RingAgent)][-4:]
    return rng.choice([*CALLERS, *legs, channel("q-leg")])


def channel_event(rng: random.Random, bench: Bench) -> e.Event:
    """Any fact about any channel."""
    ref = a_channel(rng, bench)
    bridge = rng.choice(BRIDGES)
    kinds: list[e.Event] = [
        e.CallArrived(ref, rng.choice(["", "5551234"]), "7000"),
        e.IvrLeft(ref),
        e.CallerHeld(ref),
        e.CallerLeftHold(ref),
        e.CallFellBack(ref),
        e.FallbackAnswered(ref, rng.choice(["1001", "1002", "9"]), channel("q-leg")),
        e.ChannelJoined(ref, bridge),
        e.ChannelLeft(ref, bridge),
        e.ChannelHungUp(ref, rng.choice([0, 16, 17, 19, 44])),
        e.OriginateFailed(ref),
    ]
    if ref not in CALLERS:
        kinds += [e.LegCreated(ref), e.LegRinging(ref), e.LegAnswered(ref), e.LegParked(ref)]
    awaited = (bench.sent(c.PlayPrompt) + bench.sent(c.AskDigit))[-3:]
    kinds += [
        e.IvrCommandEnded(x.channel, x.id, rng.choice([0, -1]), digits)
        for x in awaited
        for digits in ("", "1", "9")
    ]
    return rng.choice(kinds)


def result(rng: random.Random, bench: Bench) -> e.Event:
    """Any result of any recent command."""
    if not bench.commands:
        return e.Tick()
    command = rng.choice(bench.commands[-6:])
    if isinstance(command, c.LookUpCustomer):
        tier = rng.choice(list(Tier))
        return e.CustomerFound(command.id, command.call, "k", tier)
    results: list[e.Event] = [
        e.CommandSucceeded(command.id),
        e.CommandFailed(command.id, "no"),
        e.CommandFailed(command.id, "lost", unknown=True),
    ]
    return rng.choice(results)


def request(rng: random.Random, bench: Bench) -> e.Event:
    """Anything an agent can ask for or do with a desktop."""
    agent = rng.choice([*AGENTS, "nobody"])
    bench.requests += 1
    name = f"r{bench.requests - rng.randint(0, 1)}"
    call = rng.choice([*bench.machine.state.calls, "gone"])
    wishes: list[e.Event] = [
        e.SignInRequested(name, agent, rng.choice(["1001", "1002", "9"])),
        e.SignOutRequested(name, agent),
        e.ReadyRequested(name, agent),
        e.NotReadyRequested(name, agent, "lunch"),
        e.DispositionRequested(name, agent, call, "solved"),
        e.HangUpRequested(name, agent),
        e.DesktopOpened(agent),
        e.DesktopClosed(agent),
    ]
    return rng.choice(wishes)


def reading(rng: random.Random, bench: Bench) -> e.Event:
    """A state reading that says anything of any channel."""
    legs = [x.leg for x in bench.sent(c.RingAgent)][-3:]
    rows = []
    known = [*CALLERS, *dict.fromkeys(legs), channel("q")]
    for ref in rng.sample(known, rng.randint(0, len(known))):
        place = rng.choice(list(Place))
        rows.append(
            e.ChannelTruth(
                ref,
                rng.choice(["1001", "1002", "carrier"]),
                place,
                up=rng.random() < 0.5,
                bridge=rng.choice(BRIDGES) if place is Place.BRIDGE else "",
                role="caller" if ref in CALLERS else "",
                dialed_number="7000",
            )
        )
    return e.PbxStateRead(PBX, tuple(rows))


def run(seed: int) -> Recorder:
    """One story, told by its seed."""
    rng = random.Random(seed)
    bench = Recorder(allowed_faults=("card_not_shown", "customer_lookup_failed", "menu_failed"))
    bench.agents(*AGENTS, seniors=("eva",))
    for number in range(rng.randint(0, 3)):
        bench.waiting_caller(CALLERS[number].id, Tier.GOLD if number == 1 else None)
    for _ in range(rng.randint(5, 80)):
        what = rng.randint(0, 19)
        if what < 10:
            bench.tell(channel_event(rng, bench))
        elif what < 13:
            bench.tell(result(rng, bench))
        elif what < 16:
            bench.tell(request(rng, bench))
        elif what < 18:
            bench.wait(rng.choice((0.5, 6.0, 16.0, 31.0)))
        elif what == 18:
            bench.tell(rng.choice((e.PbxLinkLost(PBX, "x"), e.ServiceStarted(2))))
            bench.tell(reading(rng, bench))
        else:
            bench.machine = Machine(decode_state(bench.machine.state.encode()))
    return bench


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_any_event_in_any_state_keeps_the_invariants_and_replays_the_same(seed: int) -> None:
    assert_replays(run(seed))


def assert_replays(bench: Recorder) -> None:
    """The journal stepped again by a fresh machine gives the same commands, records and state."""
    replayed = replay(Machine(empty_state("TEST")), bench.journal)

    assert replayed.differences == ()
    assert replayed.machine.state.encode() == bench.machine.state.encode()
