"""Whatever comes over an AMI link is read within bounds; what is whole among it is understood."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import msgspec

from callcenter.domain.events import Event
from callcenter.pbx.ami.state_reading import bridges_read, channel_read
from callcenter.pbx.ami.translate import WANTED, Malformed, translate
from callcenter.pbx.ami.wire import (
    FAULTS_KEPT_MAX,
    GREETING_BYTES_MAX,
    AmiMessage,
    AmiParser,
    GreetingError,
    WireLimits,
    first,
)
from tests.fuzz.mutation import cut, mutate
from tests.fuzz.trials import Bound, Trials, inputs

FIXTURES = Path(__file__).parents[1] / "fixtures" / "ami"
GREETING = b"Asterisk Call Manager/11.0.0\r\n"
SMALL = WireLimits(message_bytes_max=700, headers_max=25, line_chars_max=200)
"""So that what is beyond a limit comes often; real messages are on both sides of these."""
AFTER = b"Event: Hangup\r\nChannel: PJSIP/x-00000001\r\nUniqueid: last\r\nCause: 16\r\n\r\n"
TOKENS = (
    b"\r\n\r\n",
    b"\r\n",
    b": ",
    b":",
    b"Event: ",
    b"Response: ",
    b"ActionID: ",
    b"Event: Hangup\r\n",
    b"Uniqueid: ",
    b"\r\nUniqueid: \r\n",
    b"BridgeTechnology: holding_bridge\r\n",
    b"\r\n: x\r\n",
    b"\r\nx\r\n",
    b"Asterisk Call Manager/",
    b"\r\n\r\n\r\n",
    b"\r",
    b"(null)",
    b"leg-",
    b"att-",
    b"Event: Status\r\n",
)
_TAIL = 3
_ANY_EVENT = msgspec.msgpack.Decoder(Event)


def read_traces() -> list[list[bytes]]:
    """The recorded traces, each as its messages."""
    found = []
    for path in sorted(FIXTURES.glob("*.txt")):
        lines = [line for line in path.read_text().split("\n") if not line.startswith("#")]
        blocks = "\n".join(lines).strip("\n").split("\n\n")
        wires = [block.strip("\n").replace("\n", "\r\n").encode() + b"\r\n\r\n" for block in blocks]
        found.append([wire for wire in wires if len(wire) > 4])
    return found


TRACES = read_traces()
MESSAGES = [message for trace in TRACES for message in trace]


@dataclass(frozen=True)
class Stream:
    """Some bytes of a link, and who reads them."""

    pieces: list[bytes]
    has_greeting: bool
    is_selective: bool
    limits: WireLimits

    def parser(self) -> AmiParser:
        """A new reader."""
        wanted = WANTED if self.is_selective else None
        return AmiParser(wanted=wanted, greeting=self.has_greeting, limits=self.limits)


def make(rng: Random) -> Stream:
    """Some messages of a trace in a row, spoilt and cut anywhere."""
    trace = rng.choice(TRACES)
    at = rng.randrange(len(trace))
    wire = b"".join(trace[at : at + rng.randrange(1, 6)])
    has_greeting = rng.random() < 0.2
    if has_greeting:
        wire = GREETING + wire
    wire = mutate(rng, wire, TOKENS, MESSAGES)
    limits = SMALL if rng.random() < 0.4 else WireLimits()
    return Stream(cut(rng, wire), has_greeting, rng.random() < 0.5, limits)


def understand(message: AmiMessage) -> Event | None:
    """What the product makes of a message. Raises ``Malformed``."""
    event: Event | None = translate("main", message)
    match first(message, "Event"):
        case "Status":
            channel_read("main", message, {})
        case "BridgeListItem":
            bridges_read([message])
        case _:
            pass
    if event is not None:  # it can be journaled, and read back
        assert _ANY_EVENT.decode(msgspec.msgpack.encode(event)) == event
    return event


def judge(stream: Stream) -> str:
    """Read it in its pieces and in one; understand what comes; and then a whole message."""
    parser, at_once = stream.parser(), stream.parser()
    most = stream.limits.message_bytes_max + _TAIL + GREETING_BYTES_MAX
    heard: list[AmiMessage] = []
    try:
        for piece in stream.pieces:
            heard += parser.feed(piece)
            assert parser.buffered <= most, f"{parser.buffered} bytes are kept, at most {most}"
        whole = at_once.feed(b"".join(stream.pieces))
    except GreetingError:
        return "no greeting"
    assert heard == whole, "it is told otherwise when cut otherwise"
    faults = parser.take_faults()
    assert len(faults) <= FAULTS_KEPT_MAX
    assert max(map(len, faults), default=0) < 400
    if parser.greeting is None:
        return "no greeting"
    after = parser.feed(b"\r\n\r\n" + AFTER)
    assert after, "what follows is not heard"
    assert first(after[-1], "Uniqueid") == "last"
    outcome = "nothing" if not heard else "told"
    for message in heard:
        try:
            understand(message)
        except Malformed:
            outcome = "malformed"
    return outcome


TRIALS = Trials(
    "AMI bytes",
    make,
    size=lambda stream: sum(map(len, stream.pieces)),
    memory=Bound(400_000, 60),
    steps=Bound(4_000, 4),
)


@inputs(6_000)
def test_a_link_that_brings_rubbish_is_read_on_and_never_grows(count: int) -> None:
    tally = TRIALS.run(count, judge)

    assert min(tally.outcomes[one] for one in ("told", "malformed", "no greeting")) > count / 200


def test_the_recorded_traces_themselves_are_understood() -> None:
    parser = AmiParser(greeting=False)

    heard = parser.feed(b"".join(MESSAGES))

    assert len(heard) == len(MESSAGES)
    assert parser.faulty == 0
    with suppress(GreetingError):
        assert [understand(message) for message in heard]
