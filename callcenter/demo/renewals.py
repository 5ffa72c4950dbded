"""The sample campaign: the bank calls customers whose card runs out. Nobody here exists."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from msgspec import Struct

from callcenter.demo.sample import DIALED, PBX, RENEWALS, TRUNK
from callcenter.documents.customers_csv import CustomerRow
from callcenter.domain.customer import Tier
from callcenter.simulator.sip_carrier import NumberBehaviour as Behaviour

CAMPAIGN = RENEWALS
NAME = "Card renewals"
SCRIPT = """# Opening
Good day {name}, this is {agent} about {campaign}. Do you have two minutes?

# The renewal
- Say when the card runs out, and that the new one costs nothing.
- Ask where to send it.

# Closing
Thank you, and goodbye."""
HARBOUR_PROMPT = "safe-harbour"
RING_S = 15.0
"""The shortest that the law allows: a minute of demo is to show calls that nobody answers."""
HARBOUR_WAIT_S = 1
LINES_PER_AGENT = 1.75
"""Dials ahead, so that now and then somebody hears the safe-harbour message: four free agents place
seven calls, one agent places one."""
SLOW_LINES_PER_AGENT = 1.25
"""Where time allows the manager slows down after the beginning: four agents place five calls."""

CONTACTS = 800
"""Half an hour of dialing for four agents."""
ROWS_PER_LIST = 200
"""Imported at once; more when these are used up."""
FORMER_EVERY = 12
"""Each twelfth contact was a customer once: the directory does not know them any more."""

UNKNOWN_NUMBER = "unknown"
"""Nobody planned that number at the carrier: 404."""
OPENING: tuple[str, ...] = (
    Behaviour.NO_ANSWER, Behaviour.MACHINE, Behaviour.BUSY, Behaviour.REJECTED,
    Behaviour.CONGESTION, UNKNOWN_NUMBER, Behaviour.HANGS_UP,
    *(Behaviour.HUMAN,) * 6,
)  # fmt: skip
"""The first who are dialed. The first seven fill every line that four agents have; five of those
end at once and make room for people, who then answer together: one more than there are agents."""
OPENING_RING_S, OPENING_TALK_S = 1.0, (9.0, 12.0)
SHARES: dict[str, float] = {
    Behaviour.HUMAN: 0.46,
    Behaviour.MACHINE: 0.20,
    Behaviour.NO_ANSWER: 0.12,
    Behaviour.BUSY: 0.07,
    Behaviour.REJECTED: 0.05,
    Behaviour.CONGESTION: 0.03,
    UNKNOWN_NUMBER: 0.03,
    Behaviour.HANGS_UP: 0.02,
    Behaviour.QUIET: 0.02,
}
"""Those after them. More people answer than in life: nobody wants to watch a phone that rings."""
RING_S_OF: dict[str, float] = {
    Behaviour.BUSY: 0.3,
    Behaviour.REJECTED: 0.5,
    Behaviour.HANGS_UP: 0.5,
}
PICK_UP_S = (1.0, 3.5)
"""When people and machines answer."""
TALK_S = (9.0, 18.0)
"""From the answer to the end. Longer than detection, wait and message together: whoever hears the
message hears it to its end, and does not hang up before the PBX does."""
MACHINE_S = 25.0
"""How long a machine records, unless it is hung up on."""

CODES = ("renewed", "thinks-it-over", "no-interest")
"""What agents write down."""
CARDS = ("debit", "credit", "credit gold")
COLUMNS = ("number", "name", "customer id", "tier", "card", "runs out", "priority", "note")
OPENING_PRIORITY = 100
"""Of the first; each after them has one less. The others stand behind them, the worthiest first."""
BAD_ROWS = (
    ("12", "Nobody Short", "", "standard", "debit", "2027-01", "", "half a number"),
    ("+354 611 0000 x", "Nobody Letter", "", "standard", "debit", "2027-01", "", ""),
    ("", "Nobody Blank", "", "silver", "credit", "2027-02", "", ""),
    ("+354 611 9999", "Nobody Tier", "", "platinum", "credit gold", "2027-02", "", ""),
)
"""Lists are never clean: rows that the import has to refuse and to tell of."""


class SampleContact(Struct, frozen=True):
    """Somebody on the list, and what happens when they are dialed. Times in seconds."""

    number: str
    """E.164."""
    name: str
    customer: str
    """Empty: not in the directory."""
    tier: Tier
    card: str
    runs_out: str
    behaviour: str
    """A ``NumberBehaviour``, or ``unknown``."""
    ring_s: float
    """Until it is answered or refused."""
    stay_s: float
    """Hangs up that long after the answer."""
    priority: str
    """As the list has it; empty: the list's own."""


def settings(lines_per_agent: float = LINES_PER_AGENT) -> dict[str, Any]:
    """The campaign as a manager would put it. Dialed around the clock: a demo has no night."""
    week = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return {
        "name": NAME,
        "pbx": PBX,
        "trunk": TRUNK,
        "caller_id": f"+354{DIALED}",
        "pacing": "power",
        "lines_per_agent": lines_per_agent,
        "max_lines": 20,
        "ring_s": RING_S,
        "amd": True,
        "harbour_wait_s": HARBOUR_WAIT_S,
        "harbour_prompt": HARBOUR_PROMPT,
        "window": {"opens": "00:00", "closes": "24:00", "weekdays": list(week)},
        "retries": {
            "busy": {"delay_s": 60, "max_tries": 3},
            "no_answer": {"delay_s": 120, "max_tries": 2},
            "machine": {"delay_s": 180, "max_tries": 2},
            "congestion": {"delay_s": 60, "max_tries": 3},
        },
        "wrap_up_s": 8,
        "script": SCRIPT,
    }


def make_contacts(
    rng: Random, customers: Sequence[CustomerRow], count: int = CONTACTS
) -> list[SampleContact]:
    """Everybody on the list; the opening is dialed first, in this order."""
    mixed = iter(rng.sample(customers, len(customers)))
    kinds = [*OPENING, *rng.choices(list(SHARES), list(SHARES.values()), k=count)][:count]
    contacts = []
    for n, kind in enumerate(kinds):
        is_former = n % FORMER_EVERY == FORMER_EVERY - 1
        customer = next(mixed)
        number = f"+354620{n:04d}" if is_former else customer.numbers[1]
        contacts.append(
            SampleContact(
                number=number,
                name=customer.name,
                customer="" if is_former else customer.id,
                tier=customer.tier,
                card=rng.choice(CARDS),
                runs_out=f"2027-{rng.randint(1, 6):02d}",
                behaviour=str(kind),
                ring_s=_draw_ring_s(rng, kind, n),
                stay_s=_draw_stay_s(rng, kind, n),
                priority=str(OPENING_PRIORITY - n) if n < len(OPENING) else "",
            )
        )
    return contacts


def _draw_ring_s(rng: Random, kind: str, n: int) -> float:
    drawn = round(rng.uniform(*PICK_UP_S), 2)
    return RING_S_OF.get(kind, OPENING_RING_S if n < len(OPENING) else drawn)


def _draw_stay_s(rng: Random, kind: str, n: int) -> float:
    drawn = round(rng.uniform(*(OPENING_TALK_S if n < len(OPENING) else TALK_S)), 2)
    return MACHINE_S if kind == Behaviour.MACHINE else drawn


def lists(contacts: Sequence[SampleContact]) -> Iterator[tuple[str, str]]:
    """Name and text of the CSV files that these contacts come in."""
    for part, first in enumerate(range(0, len(contacts), ROWS_PER_LIST)):
        yield f"{NAME}, part {part + 1}", write_csv(contacts[first : first + ROWS_PER_LIST])


def write_csv(contacts: Sequence[SampleContact]) -> str:
    """The file as somebody made it by hand: bad rows in between, and one number twice."""
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    bad = iter(BAD_ROWS)
    for n, contact in enumerate(contacts):
        row = (contact.number, contact.name, contact.customer, contact.tier)
        rows.writerow((*row, contact.card, contact.runs_out, contact.priority, ""))
        if n % 40 == 20:  # the order of the others stays as it is
            rows.writerow(next(bad, BAD_ROWS[0]))
    if contacts:
        rows.writerow((contacts[0].number, contacts[0].name, "", "standard", "", "", "", "twice"))
    return text.getvalue()
