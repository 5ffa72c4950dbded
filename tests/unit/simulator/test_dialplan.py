"""Reading a dialplan and its expressions; and that the simulator's own is the product's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from callcenter.pbx.config import AmiAccount, PbxConfig, Phone, Trunk, render
from callcenter.simulator.dialplan import DEFAULT_DIALPLAN, Location, parse_dialplan
from callcenter.simulator.expressions import Unmodelled, evaluate, is_set, substitute
from callcenter.simulator.messages import get, parse_classes
from callcenter.simulator.native_queue import QueueSettings
from callcenter.simulator.sessions import fence_account, leader_account
from tests.unit.simulator.rig import Rig


def put_in(text: str, **variables: str) -> str:
    return substitute(text, variables.get, lambda name, argument: f"<{name}:{argument}>")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("10 - 012", "-2"),
        ("7 / 2", "3.5"),
        ("7 % 4", "3"),
        ("-3 + 1", "-2"),
        ("1795300010 - 01795300000 > 10", "0"),
        ("1795300011 - 01795300000 > 10", "1"),
        ("3 <= 3", "1"),
        ("3 >= 4", "0"),
        ("3 < 4", "1"),
        ("3 != 4", "1"),
        ('"a" = "a"', "1"),
        ('"" != "ANSWER"', "1"),
        ("abc < abd", "1"),
        ("0 | 5", "5"),
        ("4 | 5", "4"),
        ("4 & 5", "4"),
        ("4 & 0", "0"),
        ("!0", "1"),
        ("!7", "0"),
        ("x + 1", "1"),
        ("", ""),
    ],
)
def test_an_expression_is_worth_what_asterisk_says(expression: str, value: str) -> None:
    assert evaluate(expression) == value


@pytest.mark.parametrize("expression", ["1 +", "(1", "1 2", ")", '"open'])
def test_an_expression_that_is_not_understood_is_said_to_be_so(expression: str) -> None:
    with pytest.raises(Unmodelled):
        evaluate(expression)


def test_variables_functions_and_parts_are_put_in() -> None:
    assert put_in("a${X}b", X="1") == "a1b"
    assert put_in("${NOPE}") == ""
    assert put_in("${EXTEN:1}", EXTEN="5550") == "550"
    assert put_in("${EXTEN:1:2}", EXTEN="5550") == "55"
    assert put_in("${EXTEN:-2}", EXTEN="5550") == "50"
    assert put_in("${F(${X},y)}", X="1") == "<F:1,y>"
    assert put_in("$[${A} - 0${B} > 10]", A="20", B="5") == "1"
    assert put_in("$x {y}") == "$x {y}"


def test_an_unclosed_brace_is_said_to_be_so() -> None:
    with pytest.raises(Unmodelled):
        put_in("${X")


@pytest.mark.parametrize(("value", "expected"), [("", False), ("0", False), (" 1 ", True)])
def test_a_condition_holds_unless_it_is_empty_or_zero(value: str, expected: bool) -> None:
    assert is_set(value) is expected


DIALPLAN = """\
[general]
static = yes
; a comment
[a]
exten => 100,1,NoOp(first) ; and another
 same => n(again),Wait(1)
 same => n,Goto(again)
exten => _1XX,1,NoOp(pattern)
exten => _N.,1,NoOp(two or more)
exten => _Z!,1,NoOp(one or more)
exten => _[+*]X,1,Hangup
"""


@pytest.mark.parametrize(
    ("number", "pattern"),
    [
        ("100", "100"),
        ("155", "_1XX"),
        ("23", "_N."),
        ("2", "_Z!"),
        ("+7", "_[+*]X"),
        ("0", None),
        ("15", "_Z!"),
    ],
)
def test_an_extension_is_found_literally_or_by_pattern(number: str, pattern: str | None) -> None:
    found = parse_dialplan(DIALPLAN).find("a", number)

    assert (found.pattern if found else None) == pattern


def test_steps_have_numbers_labels_and_arguments() -> None:
    dialplan = parse_dialplan(DIALPLAN)
    here = Location("a", "100", 3)

    step = dialplan.find_step(here)

    assert step is not None
    assert (step.application, step.arguments) == ("Goto", "again")
    assert dialplan.resolve("again", here) == Location("a", "100", 2)
    assert dialplan.resolve("100,1", here) == Location("a", "100", 1)
    assert dialplan.resolve("a,155,1", here) == Location("a", "155", 1)
    assert dialplan.find_step(here._replace(priority=4)) is None
    assert dialplan.find("b", "100") is None
    with pytest.raises(Unmodelled):
        dialplan.resolve("nowhere", here)


@pytest.mark.parametrize("line", ["exten = what", "exten => 1,x,NoOp()", "exten => 1,1,No Op()"])
def test_a_line_that_is_not_understood_is_said_to_be_so(line: str) -> None:
    with pytest.raises(Unmodelled):
        parse_dialplan(f"[a]\n{line}\n")


def render_product(folder: Path) -> dict[str, str]:
    """The product's own files for Asterisk, by name."""
    config = PbxConfig(
        name="main",
        leader=AmiAccount("leader", "l" * 32),
        fence=AmiAccount("fence", "f" * 32),
        sounds_dir=folder / "sounds",
        voicemail_dir=Path("/var/lib/callcenter/voicemails"),
        phones=(Phone("1001", secret="a-secret-word"),),
        trunks=(Trunk("carrier", "127.0.0.2", 5060),),
        emergency_numbers=("112",),
    )
    return {path.name: path.read_text(encoding="utf-8") for path in render(config, folder)}


def test_the_simulators_dialplan_is_the_one_that_asterisk_gets(tmp_path: Path) -> None:
    rendered = parse_dialplan(render_product(tmp_path)["cc_extensions.conf"]).contexts
    own = parse_dialplan(DEFAULT_DIALPLAN).contexts

    assert {name: rendered[name] for name in own} == own


def test_the_simulators_accounts_are_those_that_asterisk_gets(tmp_path: Path) -> None:
    text = render_product(tmp_path)["cc_manager.conf"]

    for account in (leader_account("l" * 32), fence_account("f" * 32)):
        section = text.partition(f"[{account.name}]")[2].partition("\n[")[0]
        settings = dict(re.findall(r"^(\w+) = (.*)$", section, re.MULTILINE))
        excluded = re.findall(r"action\(exclude\),name\((\w+)\)", section)
        assert parse_classes(settings["read"]) == account.read
        assert parse_classes(settings["write"]) == account.write
        assert (settings["allowmultiplelogin"] == "yes") is account.allow_multiple
        assert settings["secret"] == account.secret
        assert frozenset(excluded) == account.excluded


def test_the_simulators_queue_is_the_one_that_asterisk_gets(tmp_path: Path) -> None:
    text = render_product(tmp_path)["cc_queues.conf"]
    settings = dict(re.findall(r"^(\w+) = (.*)$", text, re.MULTILINE))
    own = QueueSettings()

    assert f"[{own.name}]" in text
    assert settings["strategy"] == "leastrecent"
    assert float(settings["timeout"]) == own.ring_timeout_s
    assert float(settings["retry"]) == own.retry_s
    assert float(settings["wrapuptime"]) == own.wrapup_s


def run(*steps: str) -> Rig:
    """One call through a dialplan of these steps."""
    lines = ["[cc-inbound]"]
    for number, step in enumerate(steps, 1):
        lines.append(f"exten => _X.,{number},{step}")
    rig = Rig(dialplan="\n".join(lines))
    rig.call()
    return rig


def test_applications_of_the_dialplan() -> None:
    rig = run(
        "Set(__A=1)",
        "Set(GLOBAL(B)=${A}2)",
        "Set(CALLERID(num)=77)",
        "Set(CALLERID(name)=Ann)",
        "ExecIf($[${A} = 1]?Set(C=yes))",
        "ExecIf($[${A} = 2]?Set(C=no))",
        "GotoIf($[${A} = 2]?99:8)",
        "UserEvent(Seen,C: ${C},N: ${IF($[1 = 1]?one:two)},W: ${CALLERID(name)},X: ${CONTEXT})",
        "Answer()",
        "Answer()",
        "Wait(1)",
        "Hangup(21)",
    )
    seen = rig.find("UserEvent")
    rig.run(2)

    assert seen[-5:] == [
        ("UserEvent", "Seen"),
        ("C", "yes"),
        ("N", "one"),
        ("W", "Ann"),
        ("X", "cc-inbound"),
    ]
    assert get(seen, "CallerIDNum") == "77"
    assert get(rig.act("Getvar", Variable="B"), "Value") == "12"
    assert get(rig.find("Hangup"), "Cause") == "21"


def test_a_dialplan_that_ends_hangs_up() -> None:
    rig = run("NoOp(x)")

    assert get(rig.find("Hangup"), "Cause") == "16"


def test_a_call_that_is_hung_up_while_it_waits_does_not_go_on() -> None:
    rig = run("Answer()", "Wait(5)", "UserEvent(Late)")

    caller = next(iter(rig.pbx.exchange.channels))
    rig.bye(caller)
    rig.run(10)

    assert "UserEvent" not in rig.names()


@pytest.mark.parametrize(
    "step",
    ["Dial(PJSIP/1)", "Goto(1)", "Set(NOPE(x)=1)", "NoOp(${NOPE(x)})", "AGI(agi://somewhere)"],
)
def test_what_the_simulator_would_get_wrong_it_refuses(step: str) -> None:
    with pytest.raises(Unmodelled):
        run(step)


def test_a_caller_who_hangs_up_before_the_dialplan_begins_is_gone() -> None:
    rig = Rig()
    caller = rig.pbx.call_in("1", "5550", rig.now)

    rig.pbx.far_end_hangs_up(caller, rig.now)
    rig.run(1)

    assert rig.names_about(caller) == ["Newchannel", "HangupRequest", "SoftHangupRequest", "Hangup"]
    rig.pbx.press(caller, "1", rig.now)
    rig.pbx.far_end_hangs_up(caller, rig.now)


def test_a_key_held_while_the_call_ends_is_never_let_go() -> None:
    rig = Rig()
    rig.beat()
    caller = rig.call()
    rig.pbx.press(caller, "1", rig.now)

    rig.bye(caller)
    rig.run(1)

    assert "DTMFEnd" not in rig.names()
