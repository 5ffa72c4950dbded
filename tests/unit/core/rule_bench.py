"""A center with two queues and rules of the test's own, for the tests of classification."""

from __future__ import annotations

import msgspec

from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile, Seniority
from callcenter.domain.call import Call
from callcenter.domain.center import Queue
from callcenter.domain.customer import Tier
from callcenter.domain.flow import Flow, HangupNode, MenuNode, PlayNode, QueueNode
from callcenter.domain.rules import Rule, Rules, Treatment
from callcenter.domain.step import Reply
from tests.builders import CENTER, Bench, channel

FLOW = Flow(
    id="main",
    version=1,
    start="welcome",
    nodes={
        "welcome": PlayNode("welcome", "menu"),
        "menu": MenuNode("menu", {"1": "service", "2": "sales"}, otherwise="service"),
        "service": QueueNode("service"),
        "sales": QueueNode("sales"),
        "bye": HangupNode("bye"),
    },
    default_queue="service",
)
TWO_QUEUES = msgspec.structs.replace(
    CENTER, queues=(Queue("service"), Queue("sales")), flows=(FLOW,)
)
REST = Rule("rest", Treatment())


def rules_of(*rules: Rule, **changes: object) -> Rules:
    """A document that ends in a rule for all."""
    return msgspec.structs.replace(Rules((*rules, REST)), **changes)


def ruled(*rules: Rule, **changes: object) -> Bench:
    """A center in which these rules hold."""
    bench = Bench(center=TWO_QUEUES)
    assert publish(bench, rules_of(*rules, **changes)).problem == ""
    return bench


def publish(bench: Bench, rules: Rules, version: int = 0) -> Reply:
    """Publish these rules, under the next version unless one is named."""
    version = version or bench.machine.state.rules.version + 1
    return bench.ask(e.RulesPublished, version, rules, "sue")


def staff(
    bench: Bench,
    *names: str,
    queues: tuple[str, ...] = ("service",),
    seniors: tuple[str, ...] = (),
    skills: dict[str, dict[str, int]] | None = None,
) -> None:
    """Have these agents sit ready, each on a phone of their own."""
    skills = skills or {}
    profiles = tuple(
        AgentProfile(
            name,
            queues,
            Seniority.SENIOR if name in seniors else Seniority.JUNIOR,
            skills=skills.get(name, {}),
        )
        for name in names
    )
    bench.tell(e.AgentsConfigured(profiles))
    for number, name in enumerate(names, 1001):
        bench.tell(e.DesktopOpened(name))
        assert bench.ask(e.SignInRequested, name, str(number)).problem == ""
        assert bench.ask(e.ReadyRequested, name).problem == ""
        bench.now += 1


def caller(bench: Bench, name: str, digit: str = "1", tier: Tier | None = None) -> Call:
    """A caller who chose this queue and hears music."""
    find(bench, name, tier)
    choose(bench, name, digit)
    return bench.call(name)


def find(bench: Bench, name: str, tier: Tier | None = None, **facts: object) -> None:
    """Somebody calls whom the directory knows, or does not."""
    bench.tell(e.CallArrived(channel(name), "5551234", "7000"))
    look_up = bench.last(c.LookUpCustomer)
    if tier is None:
        bench.tell(e.CustomerNotFound(look_up.id, look_up.call))
    else:
        found = e.CustomerFound(look_up.id, look_up.call, f"customer-{name}", tier)
        bench.tell(msgspec.structs.replace(found, **facts))


def choose(bench: Bench, name: str, digit: str = "1") -> None:
    """The caller listens, presses this key and, unless a notice is played, comes on hold."""
    ref = channel(name)
    bench.tell(e.IvrCommandEnded(ref, bench.last(c.PlayPrompt).id, 0))
    bench.tell(e.IvrCommandEnded(ref, bench.last(c.AskDigit).id, 1, digits=digit))
    if bench.call(name).state == "waiting":
        hold(bench, name)


def hold(bench: Bench, name: str) -> None:
    """The caller comes on hold."""
    bench.tell(e.IvrLeft(channel(name)))
    bench.tell(e.CallerHeld(channel(name)))
