"""Any event in any state: the machine keeps its invariants, raises no fault, and replays the same.

The PBX here is hostile: it loses, doubles and reorders events, and its state readings say anything.
"""

from __future__ import annotations

import random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.core.machine import Machine
from callcenter.core.state import decode_state, empty_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.attempt import Verdict
from callcenter.domain.call import Place
from callcenter.domain.campaign import (
    CallingWindow,
    CampaignSettings,
    CampaignStep,
    ListCounts,
    OnMachine,
    Pacing,
)
from callcenter.domain.customer import Tier
from callcenter.domain.ids import LEG_PREFIX, ChannelRef
from callcenter.domain.rules import (
    AgentStep,
    External,
    Message,
    Overflow,
    Prefer,
    Preset,
    QueueSwitch,
    Rule,
    Rules,
    SwitchMode,
    Target,
    Treatment,
    Voicemail,
)
from callcenter.domain.step import Entry, Step
from callcenter.service.recovery import replay
from tests.builders import ALWAYS, CAMPAIGN, PBX, Bench, channel, row
from tests.unit.core.rule_bench import TWO_QUEUES

AGENTS = ("ana", "jon", "eva")
CALLERS = [channel(f"c{i}") for i in range(4)]
BRIDGES = ("b1", "b2")
CAMPAIGNS = ("renewals", "surveys")
SEVERAL: tuple[tuple[str, ...], ...] = ((), ("surveys",), CAMPAIGNS)
CONTACTS = 12
NUMBERS = 7
"""Fewer than contacts: some share a number, also across campaigns."""
CLOSING = CallingWindow(opens=9 * 60, closes=22 * 60 + 20, weekdays=ALWAYS.weekdays)
"""Closes a few minutes after the story has begun."""


PLAIN = Rule("plain", Treatment())
RULES = (
    Rules((PLAIN,)),
    Rules((Rule("gold", Treatment(queue="sales", weight=3.0), 'customer.tier == "gold"'), PLAIN)),
    Rules(
        (
            Rule(
                "own",
                Treatment(prefer=Prefer.LAST_AGENT, prefer_for_s=20.0, target=Target(20.0, 0.8)),
                "customer.known and queue.waiting < 3",
            ),
            Rule(
                "over",
                Treatment(
                    overflow=(
                        Overflow("sales", after_s=5.0),
                        Overflow("service", longer_than=1),
                        Overflow(after_s=6.0, message=Message("busy")),
                        Overflow(after_s=16.0, external=External("+3545550001", "carrier")),
                        Overflow(after_s=30.0, voicemail=Voicemail("mail")),
                    ),
                    announce_every_s=15.0,
                    skills={"cards": 2},
                    steps=(AgentStep(10.0, {"cards": 1}), AgentStep(15.0, {})),
                ),
                "queue.longest_wait_s < 100",
            ),
            Rule(
                "rest",
                Treatment(
                    overflow=(
                        Overflow("sales", without_agents=True),
                        Overflow(longer_than=1, message=Message("bye", ends_call=True)),
                    )
                ),
            ),
        ),
        preset=Preset.GOLD_FIRST,
    ),
    Rules((Rule("odd", Treatment(), "customer.shoe == 4"), PLAIN)),
)
"""The last one cannot be used."""


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


def legs(bench: Bench) -> list[ChannelRef]:
    """The agents' channels asked for last."""
    rung = c.RingAgent | c.OpenLine | c.DialOutside
    asked = [x.leg for x in bench.commands if isinstance(x, rung)]
    lines = [agent.line for agent in bench.machine.state.agents.values() if agent.line is not None]
    return [*asked[-4:], *lines]


def dialed(bench: Bench) -> list[ChannelRef]:
    """The people dialed last, and one whom nobody knows."""
    live = [attempt.channel for attempt in bench.machine.state.attempts.values()]
    return [*live, *(x.channel for x in bench.sent(c.PlaceCall)[-2:]), channel("att-OLD-1-1")]


def channel_event(rng: random.Random, bench: Bench) -> e.Event:
    """Any fact about any caller's channel or agent's leg."""
    ref = rng.choice([*CALLERS, *legs(bench), channel("q-leg")])
    kinds = [*facts_of_any(rng, ref), e.IvrLeft(ref)]
    if not ref.id.startswith(LEG_PREFIX):
        kinds.append(e.CallArrived(ref, rng.choice(["", "5551234", "+12125550001"]), "7000"))
        kinds += [e.AnnouncementBegan(ref), e.AnnouncementFailed(ref), e.VoicemailBegan(ref)]
    if ref not in CALLERS:
        kinds += [e.LegCreated(ref), e.LegRinging(ref), e.LegAnswered(ref), e.LegParked(ref)]
    awaited = (bench.sent(c.PlayPrompt) + bench.sent(c.AskDigit))[-3:]
    kinds += [
        e.IvrCommandEnded(x.channel, x.id, rng.choice([0, -1]), digits)
        for x in awaited
        for digits in ("", "1", "9")
    ]
    return rng.choice(kinds)


def facts_of_any(rng: random.Random, ref: ChannelRef) -> list[e.Event]:
    """What may be told of callers and of people dialed alike."""
    bridge = rng.choice(BRIDGES)
    return [
        e.CallerHeld(ref),
        e.CallerLeftHold(ref),
        e.CallFellBack(ref),
        e.FallbackAnswered(ref, rng.choice(["1001", "1002", "9"]), channel("q-leg")),
        e.ChannelJoined(ref, bridge),
        e.ChannelLeft(ref, bridge),
        e.ChannelHungUp(ref, rng.choice([0, 1, 16, 17, 19, 34, 44])),
        e.OriginateFailed(ref, rang_out=rng.random() < 0.3),
    ]


def attempt_event(rng: random.Random, bench: Bench) -> e.Event:
    """Any fact about anybody dialed."""
    ref = rng.choice(dialed(bench))
    cause = rng.choice(["", "MAXWORDS-4-4", "INITIALSILENCE-2500"])
    kinds: list[e.Event] = [
        e.AttemptCreated(ref),
        e.AttemptRinging(ref),
        e.AttemptAnswered(ref),
        e.AttemptScreened(ref, rng.choice(list(Verdict)), cause),
        e.CallerHeld(ref),
        e.HarbourBegan(ref),
        e.OptedOut(ref),
        e.MessageEnded(ref, rng.random() < 0.8),
    ]
    return rng.choice([*kinds, *kinds, *facts_of_any(rng, ref)])


def orderly(rng: random.Random, bench: Bench) -> None:
    """What a PBX that behaves does next: a line or a join ordered comes about, a person speaks."""
    for name in AGENTS:
        line = bench.agent(name).line
        if line is not None and rng.random() < 0.5:
            bench.tell(e.LegParked(line))
    state = bench.machine.state
    for name in AGENTS:
        preview = bench.agent(name).preview
        if preview is not None and rng.random() < 0.5:
            bench.requests += 1
            dials = rng.random() < 0.8
            wish = e.PreviewDialRequested if dials else e.PreviewSkipRequested
            bench.tell(wish(f"r{bench.requests}", name, preview.id))
    for attempt in list(state.attempts.values()):
        what = rng.randint(0, 3)
        call = state.calls.get(attempt.call)
        if what == 0:
            bench.tell(e.AttemptScreened(attempt.channel, Verdict.HUMAN))
            bench.tell(e.CallerHeld(attempt.channel))
        elif what == 1 and call is not None and call.joining:
            bench.join(attempt.channel)
        elif what == 2:
            bench.tell(e.ChannelHungUp(attempt.channel, rng.choice([16, 34])))


def campaign_event(rng: random.Random, bench: Bench) -> e.Event:
    """Anything a manager asks for, or the database says."""
    campaign = rng.choice([*CAMPAIGNS, "nowhere"])
    bench.requests += 1
    name = f"r{bench.requests - rng.randint(0, 1)}"
    asked = bench.sent(c.RefillHopper)[-3:]
    kinds: list[e.Event] = [
        e.CampaignSaved(name, a_campaign(rng, rng.choice(CAMPAIGNS)), "kim"),
        e.CampaignStepRequested(name, campaign, rng.choice(list(CampaignStep)), "kim"),
        e.CampaignStepRequested(name, campaign, CampaignStep.START, "kim"),
        e.ContactsChanged(campaign),
        *(rows_for(rng, bench, command) for command in asked),
        *(rows_for(rng, bench, command) for command in asked),
        *(e.CommandFailed(command.id, "no answer within 10 s") for command in asked[-1:]),
    ]
    return rng.choice(kinds)


def a_campaign(rng: random.Random, campaign: str) -> CampaignSettings:
    """Settings that a manager may choose."""
    return msgspec.structs.replace(
        CAMPAIGN,
        id=campaign,
        pacing=rng.choice([*Pacing, Pacing.PREVIEW]),
        preview_s=rng.choice([0.0, 0.0, 10.0]),
        lines_per_agent=rng.choice([1.0, 2.5]),
        max_lines=rng.choice([2, 100]),
        amd=rng.random() < 0.5,
        on_machine=rng.choice(list(OnMachine)),
        machine_prompt="we-called",
        window=rng.choice([ALWAYS, CLOSING]),
        wrap_up_s=rng.choice([0.0, 30.0]),
        caller_id=rng.choice(["", "7000"]),
        opt_out_key=rng.choice(["", "1"]),
        return_prompt="you-called",
        returns_to=rng.choice(["", "", "sales"]),
        priority=rng.choice([0, 0, 5]),
    )


def rows_for(rng: random.Random, bench: Bench, command: c.RefillHopper) -> e.Event:
    """Contacts that may have been dialed since the question, or be dialed just now."""
    contacts = rng.sample(range(CONTACTS), min(rng.randint(0, CONTACTS), command.want))
    rows = tuple(
        row(n, number=f"+1212555{n % NUMBERS:04}", made=rng.randint(0, 5)) for n in contacts
    )
    soon = rng.choice([0.0, bench.now - 5, bench.now + 40])
    counts = ListCounts(at=bench.now, total=CONTACTS, due=len(rows), next_due_at=soon)
    return e.HopperFilled(command.id, command.campaign, rows, counts)


def result(rng: random.Random, bench: Bench) -> e.Event:
    """Any result of any recent command."""
    if not bench.commands:
        return e.Tick()
    command = rng.choice(bench.commands[-6:])
    if isinstance(command, c.LookUpCustomer):
        tier = rng.choice(list(Tier))
        owner = rng.choice(("", *AGENTS))
        return e.CustomerFound(command.id, command.call, "k", tier, last_agent=owner)
    if isinstance(command, c.FindContact):
        contact = str(rng.randrange(CONTACTS))
        found = e.ContactFound(command.id, command.call, command.campaigns[0], contact)
        return rng.choice((found, e.ContactNotFound(command.id, command.call)))
    if isinstance(command, c.RefillHopper):
        return rows_for(rng, bench, command)
    results: list[e.Event] = [
        e.CommandSucceeded(command.id),
        e.CommandFailed(command.id, "no"),
        e.CommandFailed(command.id, "lost", unknown=True),
    ]
    return rng.choice(results)


def request(rng: random.Random, bench: Bench) -> e.Event:
    """Anything an agent can ask for or do with a desktop."""
    also = rng.choice(SEVERAL)
    agent = rng.choice([*AGENTS, "nobody"])
    bench.requests += 1
    name = f"r{bench.requests - rng.randint(0, 1)}"
    call = rng.choice([*bench.machine.state.calls, "gone"])
    known = bench.machine.state.agents.get(agent)
    shown = known.preview.id if known is not None and known.preview is not None else "gone"
    wishes: list[e.Event] = [
        e.SignInRequested(name, agent, rng.choice(["1001", "1002", "9"])),
        e.SignOutRequested(name, agent),
        e.ReadyRequested(name, agent),
        e.NotReadyRequested(name, agent, "lunch"),
        e.DispositionRequested(name, agent, call, "solved"),
        e.HangUpRequested(name, agent),
        e.CampaignJoinRequested(name, agent, rng.choice([*CAMPAIGNS, "", "nowhere"]), also),
        *[e.PreviewDialRequested(name, agent, shown)] * 2,
        e.PreviewSkipRequested(name, agent, rng.choice([shown, shown, "gone"])),
        e.DesktopOpened(agent),
        e.DesktopClosed(agent),
    ]
    return rng.choice(wishes)


def supervision(rng: random.Random, bench: Bench) -> e.Event:
    """Anything a supervisor asks for."""
    bench.requests += 1
    name = f"r{bench.requests - rng.randint(0, 1)}"
    version = bench.machine.state.rules.version + rng.randint(0, 2)
    queue, other = rng.choice(("service", "sales", "moon")), rng.choice(("service", "sales"))
    call = rng.choice([*bench.machine.state.calls, "gone"])
    until = bench.now + rng.choice((-1.0, 8.0, 300.0))
    switch = QueueSwitch(rng.choice(list(SwitchMode)), until, other, rng.choice(("", "cc/closed")))
    wishes: list[e.Event] = [
        e.RulesPublished(name, version, rng.choice(RULES), "sue"),
        e.CallPriorityRequested(name, call, rng.choice((0.0, 0.5, 20.0)), "sue"),
        e.QueueSwitched(name, queue, rng.choice((switch, switch, None)), "sue"),
    ]
    return rng.choice(wishes)


def reading(rng: random.Random, bench: Bench) -> e.Event:
    """A state reading that says anything of any channel."""
    rows = []
    people = dialed(bench)
    known = list(dict.fromkeys([*CALLERS, *legs(bench), *people, channel("q")]))
    for ref in rng.sample(known, rng.randint(0, len(known))):
        place = rng.choice(list(Place))
        rows.append(
            e.ChannelTruth(
                ref,
                rng.choice(["1001", "1002", "carrier"]),
                place,
                up=rng.random() < 0.5,
                bridge=rng.choice(BRIDGES) if place is Place.BRIDGE else "",
                role="caller" if ref in CALLERS else "dialed" if ref in people else "",
                dialed_number="7000",
            )
        )
    return e.PbxStateRead(PBX, tuple(rows))


FAULTS = (
    "announcement_failed",
    "card_not_shown",
    "contact_lookup_failed",
    "machine_prompt_failed",
    "return_prompt_failed",
    "customer_lookup_failed",
    "menu_failed",
    "hopper_not_filled",
    "notice_failed",
    "trunk_in_trouble",
)


def run(seed: int) -> Recorder:
    """One story, told by its seed."""
    rng = random.Random(seed)
    bench = Recorder(center=TWO_QUEUES, allowed_faults=FAULTS)
    bench.agents(*AGENTS, seniors=("eva",))
    for number in range(rng.randint(0, 3)):
        bench.waiting_caller(CALLERS[number].id, Tier.GOLD if number == 1 else None)
    if rng.random() < 0.7:
        start_campaigns(rng, bench)
    for _ in range(rng.randint(5, 80)):
        go_on(rng, bench)
    return bench


def start_campaigns(rng: random.Random, bench: Bench) -> None:
    """Both run, have contacts, and some agents have joined."""
    for campaign in CAMPAIGNS:
        settings = a_campaign(rng, campaign)
        bench.ask(e.CampaignSaved, settings, "kim")
        bench.ask(e.CampaignStepRequested, campaign, CampaignStep.START, "kim")
        bench.tell(rows_for(rng, bench, bench.refills(campaign)[-1]))
    for name in AGENTS[: rng.randint(0, 3)]:
        also = rng.choice(SEVERAL)
        if bench.ask(e.CampaignJoinRequested, name, rng.choice(CAMPAIGNS), also).problem == "":
            bench.pick_up_line(name)


def go_on(rng: random.Random, bench: Recorder) -> None:
    """Something happens."""
    what = rng.randint(0, 32)
    if what < 8:
        bench.tell(channel_event(rng, bench))
    elif what < 14:
        bench.tell(attempt_event(rng, bench))
    elif what < 17:
        orderly(rng, bench)
    elif what < 20:
        bench.tell(result(rng, bench))
    elif what < 23:
        bench.tell(request(rng, bench))
    elif what < 25:
        bench.tell(campaign_event(rng, bench))
    elif what < 28:
        bench.wait(rng.choice((0.1, 1.0, 6.0, 16.0, 31.0)))
    elif what < 31:
        bench.tell(supervision(rng, bench))
    elif what == 31:
        bench.tell(rng.choice((e.PbxLinkLost(PBX, "x"), e.ServiceStarted(2))))
        bench.tell(reading(rng, bench))
    else:
        bench.machine = Machine(decode_state(bench.machine.state.encode()))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_any_event_in_any_state_keeps_the_invariants_and_replays_the_same(seed: int) -> None:
    assert_replays(run(seed))


def assert_replays(bench: Recorder) -> None:
    """The journal stepped again by a fresh machine gives the same commands, records and state."""
    replayed = replay(Machine(empty_state("TEST")), bench.journal)

    assert replayed.differences == ()
    assert replayed.machine.state.encode() == bench.machine.state.encode()
