"""Documents of rules: read whole, or refused with every line."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.documents.files import config_path
from callcenter.documents.rules import load_rules, parse_rules, rules_schema
from callcenter.documents.yaml_lines import DocumentError
from callcenter.domain.conditions import Kind
from callcenter.domain.customer import Tier
from callcenter.domain.rules import (
    WEIGHTS,
    AgentStep,
    CallBack,
    External,
    Message,
    Overflow,
    Prefer,
    Preset,
    Rule,
    Rules,
    Target,
    Treatment,
    Voicemail,
)
from routing.rule_checks import Staff

WHOLE = """format: 1
preset: gold_first
skills: [cards]
weights: { gold: 8 }
attributes:
  customer: { segment: text }
  call: { loan: number }
hours: { open: "08:00", close: "20:00", days: [mon], holidays: ["2026-12-25"] }
rules:
  - name: big loans
    when: call.loan > 1000 and customer.segment == "a"
    then:
      queue: service
      skills: { cards: 3 }
      weight: 2
      steps:
        - after_s: 20
          skills: { cards: 1 }
        - after_s: 60
      prefer: { who: owner, for_s: 15 }
      overflow:
        - { queue: loans, after_s: 90, longer_than: 20, without_agents: true }
        - { after_s: 120, message: { prompt: all-busy, then: wait } }
        - { after_s: 180, external: { number: "+3545550001", trunk: carrier, ring_s: 25 } }
        - { after_s: 240, voicemail: { prompt: leave/message, max_s: 60 } }
        - { after_s: 200, callback: { prompt: call-back, trunk: carrier, tries: 2 } }
      target: { within_s: 20, share: 0.8 }
      announce_every_s: 45
  - name: the rest
"""


def test_a_document_is_read_whole() -> None:
    assert parse_rules(WHOLE, "r.yaml") == Rules(
        rules=(
            Rule(
                "big loans",
                Treatment(
                    "service",
                    {"cards": 3},
                    2.0,
                    (AgentStep(20.0, {"cards": 1}), AgentStep(60.0)),
                    Prefer.OWNER,
                    15.0,
                    (
                        Overflow("loans", 90.0, 20, True),
                        Overflow(after_s=120.0, message=Message("all-busy")),
                        Overflow(after_s=180.0, external=External("+3545550001", "carrier", 25.0)),
                        Overflow(after_s=240.0, voicemail=Voicemail("leave/message", 60.0)),
                        Overflow(after_s=200.0, callback=CallBack("call-back", "carrier", tries=2)),
                    ),
                    Target(20.0, 0.8),
                    45.0,
                ),
                'call.loan > 1000 and customer.segment == "a"',
            ),
            Rule("the rest", Treatment()),
        ),
        skills=("cards",),
        attributes={"customer": {"segment": Kind.TEXT}, "call": {"loan": Kind.NUMBER}},
        weights={**WEIGHTS, Tier.GOLD: 8.0},
        preset=Preset.GOLD_FIRST,
        open_from="08:00",
        open_until="20:00",
        open_days=("mon",),
        holidays=("2026-12-25",),
    )


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ("format: 1", "format: 2", "r.yaml:1: `format` is none of the values it may have"),
        ("gold_first", "fast", "r.yaml:2: `preset` is none of the values it may have"),
        ("gold: 8", "gould: 8", "r.yaml:4: `weights.gould` is none of the values it may have"),
        ("loan: number", "dialed: text", "r.yaml:5: `attributes`: `call.dialed` is there already"),
        ('"08:00"', '"8:00"', "r.yaml:8: `hours.open`"),
        ("call.loan > 1000", "call.lone > 1000", "r.yaml:11: `when`: `call` has no attribute"),
        ("cards: 3", "cards: 6", "r.yaml:14: `rules[0].then.skills.cards`"),
        ("after_s: 60", "after: 60", "r.yaml:19: `rules[0].then.steps[1].after_s` is missing"),
        (
            "after_s: 90, longer_than: 20, without_agents: true",
            "longer_than: null",
            "r.yaml:22: `rules[0].then.overflow[0]`: this overflow never happens",
        ),
        ("share: 0.8", "share: 80", "r.yaml:27: `rules[0].then.target.share`"),
        (
            "message: { prompt: all-busy, then: wait }",
            "queue: loans, message: { prompt: all-busy, then: wait }",
            "r.yaml:23: `rules[0].then.overflow[1]`: this overflow leads to queue and message. "
            "Write one of queue, message, external, voicemail, callback.",
        ),
        (
            ", message: { prompt: all-busy, then: wait }",
            "",
            "r.yaml:23: `rules[0].then.overflow[1]`: this overflow leads to nothing",
        ),
        (
            "message: { prompt: all-busy, then: wait }",
            "callback: { prompt: all-busy }",
            "r.yaml:23: `rules[0].then.overflow[1].callback.trunk` is missing",
        ),
        ("then: wait", "then: sing", "r.yaml:23: `rules[0].then.overflow[1].message.then`"),
        ('"+3545550001"', '"+354 555"', "r.yaml:24: `rules[0].then.overflow[2].external.number`"),
        ("leave/message", "Leave", "r.yaml:25: `rules[0].then.overflow[3].voicemail.prompt`"),
        ("queue: service", "queue: servise", "r.yaml:13: there is no queue `servise`"),
        ("cards: 3 }", "card: 3 }", "r.yaml:14: the skill `card` is not known"),
    ],
)
def test_every_problem_is_told_with_its_line_and_how_to_mend_it(
    written: str, instead: str, said: str
) -> None:
    assert written in WHOLE

    with pytest.raises(DocumentError) as refused:
        parse_rules(WHOLE.replace(written, instead, 1), "r.yaml", ("service", "loans"))

    assert str(refused.value).startswith(said)


def test_the_shipped_rules_are_good_for_the_shipped_center(tmp_path: Path) -> None:
    staff = [Staff(("service",), {"german": 3})]

    rules = load_rules(config_path("routing.yaml"), ("service",), staff)

    assert rules.rules[-1].when == ""
    with pytest.raises(DocumentError, match="no such file"):
        load_rules(tmp_path / "routing.yaml")


def test_the_schema_tells_editors_what_may_be_written() -> None:
    schema = rules_schema()

    assert schema["required"] == ["format", "rules"]
    assert {"preset", "weights", "skills", "attributes", "hours"} < schema["properties"].keys()
