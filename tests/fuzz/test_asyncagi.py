"""Whatever AsyncAGI answers to menu commands, the machine goes on and the caller's call ends."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from urllib.parse import quote

import msgspec

from callcenter.core.invariants import broken
from callcenter.core.machine import Machine
from callcenter.core.state import decode_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.records import CallRecord, FaultRecord, Record
from callcenter.pbx.ami.commands import InvalidCommand, actions_for
from callcenter.pbx.ami.translate import Malformed, translate
from callcenter.pbx.ami.wire import AmiParser, InvalidActionError, encode_action, pairs_of
from tests.builders import PBX, Bench
from tests.fuzz.mutation import mutate
from tests.fuzz.trials import Bound, Trials, inputs

READY = Bench().machine.state.encode()
"""A center that has just begun: one flow with a prompt, a menu and a queue."""
NAME, CHANNEL = b"PJSIP/inbound-00000000", b"cc-1795300915.0"
ENVIRONMENT = (
    b"agi_request: async\nagi_channel: PJSIP/inbound-00000000\nagi_language: en\nagi_type: PJSIP\n"
    b"agi_uniqueid: cc-1795300915.0\nagi_callerid: +12025550141\nagi_calleridname: Caller 1\n"
    b"agi_dnid: 7000\nagi_rdnis: unknown\nagi_context: cc-inbound\nagi_extension: 7000\n"
    b"agi_priority: 9\nagi_enhanced: 0.0\nagi_accountcode: \n\n"
)
RESULTS = (
    b"200 result=0\n",
    b"200 result=1 (SUCCESS)\n",
    b"200 result=1 (FAILED)\n",
    b"200 result=1 (OK/1)\n",
    b"200 result=1 (OK/9)\n",
    b"200 result=1 (OK/)\n",
    b"200 result=1 (TIMEOUT/)\n",
    b"200 result=-1\n",
    b"200 result=1 (HANGUP)\n",
    b"510 Invalid or unknown command\n",
    b"200 result=49 endpos=1234\n",
    b"511 Command Not Permitted on a dead channel or intercept routine\n",
    b"520-Invalid command syntax.",
)
TOKENS = (
    b"200 result=",
    b" (",
    b")",
    b"(OK/",
    b"/",
    b"-",
    b"result",
    b"\n",
    b"agi_callerid: ",
    b"agi_extension: ",
    b"agi_extension: 7000\n",
    b": ",
    b"unknown",
    b"+",
    b"5",
    b"99",
    b"(null)",
)


@dataclass(frozen=True)
class Visit:
    """One caller's time in the menus."""

    environment: bytes
    answers: tuple[tuple[bytes, bool], ...]
    """Result and whether it names the command that is under way."""
    is_left: bool
    """Whether AsyncAGIEnd comes before the hang-up."""


def make(rng: Random) -> Visit:
    """A visit with something wrong in what Asterisk says of it."""
    environment = ENVIRONMENT
    if rng.random() < 0.4:
        environment = mutate(rng, environment, TOKENS, (ENVIRONMENT,))
    answers = []
    for _ in range(rng.randrange(5)):
        result = rng.choice(RESULTS)
        if rng.random() < 0.6:
            result = mutate(rng, result, TOKENS, RESULTS)
        answers.append((_quote(rng, result), rng.random() < 0.9))
    return Visit(_quote(rng, environment), tuple(answers), rng.random() < 0.5)


def _quote(rng: Random, text: bytes) -> bytes:
    """As Asterisk does; now and then not at all."""
    if rng.random() < 0.1:
        return text
    return quote(text, safe="/" if rng.random() < 0.5 else "").encode()


class Menus:
    """The machine, and a PBX that can be asked for nothing but menus."""

    def __init__(self) -> None:
        self.machine = Machine(decode_state(READY))
        self.records: list[Record] = []
        self.under_way = b"none"
        self.parser = AmiParser(greeting=False)
        self.malformed = 0

    def hear(self, *lines: bytes) -> None:
        """One message off the wire."""
        head = (b"Channel: " + NAME, b"Uniqueid: " + CHANNEL)
        for message in self.parser.feed(
            b"\r\n".join((*lines[:1], *head, *lines[1:])) + b"\r\n\r\n"
        ):
            try:
                event = translate(PBX, message)
            except Malformed:
                self.malformed += 1
                continue
            if event is not None:
                self.tell(event)

    def tell(self, event: e.Event) -> None:
        """Step, and say to Asterisk what comes of it."""
        step = self.machine.handle(event, self.machine.state.now + 1.0)
        self.records += step.records
        for command in step.commands:
            match command:
                case c.PlayPrompt() | c.AskDigit() | c.ProbeMenu():
                    self.under_way = command.id.encode()
                case c.LookUpCustomer():
                    self.tell(e.CustomerNotFound(command.id, command.call))
                    continue
                case c.RefillHopper() | c.FetchContacts() | c.FindContact():
                    continue
                case c.PopCard() | c.ReadPbx():
                    continue
                case _:
                    pass
            self.say(command)

    def say(self, command: c.PbxCommand) -> None:
        """Write the command as the gateway does; one that cannot be written fails."""
        try:
            for action in actions_for(command, {CHANNEL.decode(): NAME.decode()}):
                encode_action([*pairs_of(action), ("ActionID", "a1")])
        except (InvalidCommand, InvalidActionError) as error:
            self.tell(e.CommandFailed(command.id, str(error)))


def judge(visit: Visit) -> str:
    """Let the caller come, press what they press, and go."""
    menus = Menus()
    menus.hear(b"Event: AsyncAGIStart", b"Context: cc-inbound", b"Env: " + visit.environment)
    came = len(menus.machine.state.calls)
    for result, is_right in visit.answers:
        command = menus.under_way if is_right else b"foreign"
        menus.hear(b"Event: AsyncAGIExec", b"CommandId: " + command, b"Result: " + result)
    if visit.is_left:
        menus.hear(b"Event: AsyncAGIEnd")
    where = [call.state.value for call in menus.machine.state.calls.values()]
    menus.hear(b"Event: Hangup", b"Cause: 16")

    state = menus.machine.state
    faults = [record for record in menus.records if isinstance(record, FaultRecord)]
    assert [fault for fault in faults if fault.kind == "error"] == []
    assert broken(state) == []
    assert len(state.calls) == 0
    assert sum(isinstance(record, CallRecord) for record in menus.records) == came
    assert decode_state(state.encode()).encode() == state.encode()
    assert msgspec.msgpack.encode(menus.records)
    if not came:
        return "no call"
    return "malformed" if menus.malformed else where[0] if where else "gone"


TRIALS = Trials(
    "AsyncAGI results",
    make,
    size=lambda visit: len(visit.environment) + sum(len(result) for result, _ in visit.answers),
    memory=Bound(1_000_000, 60),
    steps=Bound(20_000, 6),
)


@inputs(1_500)
def test_a_menu_whose_results_are_rubbish_ends_like_any_other(count: int) -> None:
    tally = TRIALS.run(count, judge)

    assert min(tally.outcomes[one] for one in ("in_ivr", "waiting", "malformed")) > count / 100
