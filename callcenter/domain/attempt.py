"""An attempt: one dialing of one contact for a campaign, from Originate to its one final result.

Facts come from the PBX, and cross our commands on the way:

* the far end answers in the moment the ring time runs out: the first fact stepped wins; a Hangup
  that crosses the answer ends the call, and the attempt is what the PBX says last;
* the person hangs up while an agent is being joined: the agent is freed, nobody is blamed;
* the safe-harbour message begins (the dialplan's own clock) while the join is under way: if both
  are joined all the same the person talks with an agent, and the result is ``connected``;
* anything may be told twice, late or never: a state reading settles it, and an attempt of which the
  PBX knows nothing ends as ``unknown``. Nothing is ever dialed again under the same attempt.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from callcenter.domain.customer import Tier
from callcenter.domain.ids import (
    AgentId,
    AttemptId,
    CallbackId,
    CallId,
    CampaignId,
    ChannelRef,
    ContactId,
    CustomerId,
)
from callcenter.domain.transitions import Impossible


class AttemptState(StrEnum):
    """Where an attempt is."""

    PLACED = "placed"
    """The Originate went out."""
    RINGING = "ringing"
    SCREENING = "screening"
    """Answered; the PBX listens whether a person or a machine speaks."""
    FOR_AGENT = "for_agent"
    """A person is on the line and waits for an agent: about a second."""
    CONNECTED = "connected"
    DROPPED = "dropped"
    """Nobody was free: the person hears the safe-harbour message."""
    HELD = "held"
    """Over, without a result yet: it may belong to a burst of failures of its trunk, and then does
    not count (``dialer.breaker``). The channel is gone."""
    ENDED = "ended"


class AttemptStep(StrEnum):
    """What can happen to an attempt."""

    RING = "ring"
    ANSWER = "answer"
    PERSON = "person"
    """A person speaks, or it cannot be told: never leave a person waiting for a machine's sake."""
    CONNECT = "connect"
    DROP = "drop"
    HOLD = "hold"
    """The channel is gone, and what follows tells whether it counts."""
    END = "end"


S, E = AttemptState, AttemptStep

ATTEMPT_TRANSITIONS: dict[tuple[AttemptState, AttemptStep], AttemptState] = {
    (S.PLACED, E.RING): S.RINGING,
    (S.PLACED, E.ANSWER): S.SCREENING,  # answered without ringing
    (S.PLACED, E.PERSON): S.FOR_AGENT,  # answered while we were away
    (S.PLACED, E.DROP): S.DROPPED,
    (S.PLACED, E.CONNECT): S.CONNECTED,
    (S.PLACED, E.HOLD): S.HELD,
    (S.PLACED, E.END): S.ENDED,
    (S.RINGING, E.RING): S.RINGING,  # doubled by the PBX
    (S.RINGING, E.ANSWER): S.SCREENING,
    (S.RINGING, E.PERSON): S.FOR_AGENT,
    (S.RINGING, E.DROP): S.DROPPED,
    (S.RINGING, E.CONNECT): S.CONNECTED,
    (S.RINGING, E.HOLD): S.HELD,
    (S.RINGING, E.END): S.ENDED,
    (S.SCREENING, E.PERSON): S.FOR_AGENT,
    (S.SCREENING, E.DROP): S.DROPPED,  # the verdict was lost
    (S.SCREENING, E.CONNECT): S.CONNECTED,
    (S.SCREENING, E.HOLD): S.HELD,
    (S.SCREENING, E.END): S.ENDED,
    (S.FOR_AGENT, E.PERSON): S.FOR_AGENT,  # told twice: by the verdict and by the holding bridge
    (S.FOR_AGENT, E.CONNECT): S.CONNECTED,
    (S.FOR_AGENT, E.DROP): S.DROPPED,
    (S.FOR_AGENT, E.HOLD): S.HELD,
    (S.FOR_AGENT, E.END): S.ENDED,
    (S.CONNECTED, E.CONNECT): S.CONNECTED,  # passed on to another agent
    (S.CONNECTED, E.HOLD): S.HELD,
    (S.CONNECTED, E.END): S.ENDED,
    (S.DROPPED, E.CONNECT): S.CONNECTED,  # the join crossed the message's beginning
    (S.DROPPED, E.DROP): S.DROPPED,
    (S.DROPPED, E.END): S.ENDED,
    (S.HELD, E.END): S.ENDED,
}


class AttemptResult(StrEnum):
    """What came of an attempt: exactly one for each."""

    CONNECTED = "connected"
    """A person talked with an agent."""
    DROPPED = "dropped"
    """A person answered, nobody was free, the safe-harbour message played: an abandoned call."""
    MACHINE = "machine"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    CONGESTION = "congestion"
    """The network had no line."""
    INVALID_NUMBER = "invalid_number"
    HUNG_UP = "hung_up"
    """Answered, and gone before anybody could speak."""
    FAILED = "failed"
    """The PBX or the trunk refused, for no reason that says anything of the number."""
    UNKNOWN = "unknown"
    """Nobody can say; counted as made, never sent again."""
    SCREENED = "screened"
    """A phone assistant answered and asked who is calling, as an agent told."""
    UNCOUNTED = "uncounted"
    """The trunk was in trouble, which says nothing of the number: the try is given back."""
    CANCELLED = "cancelled"
    """Hung up by us before anybody answered, for the campaign was stopped: the try is given
    back."""
    FAX = "fax"
    """A fax machine answered: the number is dialed no more."""


NO_PHONE = (AttemptResult.INVALID_NUMBER, AttemptResult.FAX)
"""Results after which this number is never dialed again, whatever the contact's others do."""
GIVEN_BACK = (AttemptResult.UNCOUNTED, AttemptResult.CANCELLED)
"""Results after which the contact has as many tries left as before."""


class Verdict(StrEnum):
    """What answering machine detection said (Asterisk's AMD)."""

    HUMAN = "human"
    MACHINE = "machine"
    NOT_SURE = "not_sure"
    """Treated as a person, as is a "machine" whose only sign was silence (INITIALSILENCE)."""
    FAX = "fax"
    """It asked for T.38, as only fax machines do: not AMD's own word, the network's."""


class Judged(StrEnum):
    """Who was on the line, in an agent's word."""

    PERSON = "person"
    MACHINE = "machine"
    ASSISTANT = "assistant"
    """A phone assistant that asks who is calling, for the person."""


class ContactStatus(StrEnum):
    """What is to be done with a contact."""

    OPEN = "open"
    """To be dialed, now or later."""
    DONE = "done"
    USED_UP = "used_up"
    """Every attempt that the rules allow was made."""
    DNC = "dnc"
    """Not to be called at any of its numbers. Comes of the do-not-call list, never of an attempt;
    open again when that ends."""


class Attempt(Struct, frozen=True, omit_defaults=True):
    """The live state of one attempt. Times are UTC seconds, 0.0 for "not yet"."""

    id: AttemptId
    campaign: CampaignId
    contact: ContactId
    number: str
    """E.164."""
    channel: ChannelRef
    placed_at: float
    tries: int
    """Which attempt to reach the contact this is: the first is 1."""
    customer: CustomerId = ""
    tier: Tier = Tier.STANDARD
    account: str = ""
    others: int = 0
    fresh: int = 0
    """As in the row of the hopper, both."""
    state: AttemptState = AttemptState.PLACED
    created: bool = False
    """The PBX has made the channel: a Hangup will come."""
    refused: bool = False
    """The PBX could not dial; if a channel was made all the same, its Hangup tells why."""
    ringing_at: float = 0.0
    rang_out: bool = False
    """The ring time was over: we are hanging up."""
    cancelled: bool = False
    """The campaign was stopped: we are hanging up, unless somebody answers before."""
    answered_at: float = 0.0
    verdict: Verdict | None = None
    verdict_cause: str = ""
    """AMD's own word, e.g. ``MAXWORDS-4-4``."""
    passes_machine: bool = False
    """A machine is passed to an agent, not hung up on."""
    judged: Judged | None = None
    """What the agent said while they were connected."""
    person_at: float = 0.0
    """When a person was known to be on the line."""
    harbour_at: float = 0.0
    """When the safe-harbour message began."""
    opted_out_at: float = 0.0
    """When the person pressed the key for that during the message."""
    connected_at: float = 0.0
    returned: bool = False
    """The contact has called back meanwhile, and talked with an agent."""
    reserved: AgentId = ""
    """The agent who asked for it in preview, and to whom alone the person goes, until they talk."""
    agent: AgentId = ""
    """Who talked with the person first."""
    call: CallId = ""
    """The interaction that waits for an agent, from FOR_AGENT on."""
    callback: CallbackId = ""
    """The promise that it keeps."""
    trunk: str = ""
    """What it was placed on."""
    caller_id: str = ""
    """The number the person sees; empty: the trunk's own."""
    outcome: AttemptResult | None = None
    """While HELD: the result, should it count."""
    cause: int = 0
    """While HELD: of the hang-up."""
    ended_at: float = 0.0
    leaves_message: bool = False
    """A machine is left a message, and hung up on after it."""
    message_left_at: float = 0.0
    """When a machine had heard the message to its end."""


def next_state(state: AttemptState, step: AttemptStep) -> AttemptState:
    """This step leads from this state to the one returned; ``Impossible`` where the table has
    none."""
    try:
        return ATTEMPT_TRANSITIONS[state, step]
    except KeyError:
        raise Impossible("attempt", state, step) from None
