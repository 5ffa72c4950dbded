"""An agent: the states, what may follow what, and the state kept of each.

Who sees which facts: requests come from the agent's desktop (API), ring and answer from the PBX,
deadlines from the clock. They can cross on the way, and are settled here:

* the agent presses "not ready" while reserved or ringing: the wish is kept and takes effect after
  that call;
* the phone answers in the moment the ring time runs out: whichever fact is stepped first wins, the
  leg that lost is hung up;
* the agent presses "not ready" while the call they asked for in preview is being dialed: the same,
  after that call;
* a ring or answer of a leg that is no longer the agent's is late and changes nothing here (the leg
  is looked up first, see ``callcenter.core.offers``).
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from callcenter.domain.attempt import AttemptResult
from callcenter.domain.campaign import HopperRow
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
    Phone,
    QueueId,
    SkillId,
    TeamId,
)
from callcenter.domain.transitions import Impossible


class Seniority(StrEnum):
    """How experienced an agent is; gold customers are offered to seniors first."""

    SENIOR = "senior"
    JUNIOR = "junior"


class AgentState(StrEnum):
    """What an agent is doing."""

    SIGNED_OUT = "signed_out"
    NOT_READY = "not_ready"
    READY = "ready"
    RESERVED = "reserved"
    """A call has been chosen for the agent; the phone has been dialed but does not ring yet."""
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"


class AgentStep(StrEnum):
    """What can happen to an agent."""

    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    GO_READY = "go_ready"
    GO_NOT_READY = "go_not_ready"
    RESERVE = "reserve"
    RING = "ring"
    TALK = "talk"
    OFFER_MISSED = "offer_missed"
    """The phone did not ring, rang out or was rejected."""
    OFFER_WITHDRAWN = "offer_withdrawn"
    """The caller went away before the agent answered: no fault of the agent's."""
    CONVERSATION_OVER = "conversation_over"


S, E = AgentState, AgentStep

AGENT_TRANSITIONS: dict[tuple[AgentState, AgentStep], AgentState] = {
    (S.SIGNED_OUT, E.SIGN_IN): S.NOT_READY,
    (S.NOT_READY, E.SIGN_OUT): S.SIGNED_OUT,
    (S.NOT_READY, E.GO_READY): S.READY,
    (S.NOT_READY, E.GO_NOT_READY): S.NOT_READY,  # another reason
    (S.READY, E.SIGN_OUT): S.SIGNED_OUT,
    (S.READY, E.GO_READY): S.READY,  # pressed twice
    (S.READY, E.GO_NOT_READY): S.NOT_READY,
    (S.READY, E.RESERVE): S.RESERVED,
    (S.RESERVED, E.RING): S.RINGING,
    (S.RESERVED, E.TALK): S.TALKING,  # auto-answer: no ringing was seen
    (S.RESERVED, E.OFFER_MISSED): S.NOT_READY,
    (S.RESERVED, E.OFFER_WITHDRAWN): S.READY,
    (S.RINGING, E.RING): S.RINGING,  # doubled by the PBX
    (S.RINGING, E.TALK): S.TALKING,
    (S.RINGING, E.OFFER_MISSED): S.NOT_READY,
    (S.RINGING, E.OFFER_WITHDRAWN): S.READY,
    (S.TALKING, E.CONVERSATION_OVER): S.WRAP_UP,
    (S.WRAP_UP, E.GO_READY): S.READY,
    (S.WRAP_UP, E.GO_NOT_READY): S.NOT_READY,
    (S.WRAP_UP, E.SIGN_OUT): S.SIGNED_OUT,
    # Taken over from the PBX: the native queue rang this agent while we were away, or a restart
    # found a talk.
    (S.NOT_READY, E.TALK): S.TALKING,
    (S.READY, E.TALK): S.TALKING,
    (S.WRAP_UP, E.TALK): S.TALKING,
}


AT_WORK = (S.RESERVED, S.RINGING, S.TALKING, S.WRAP_UP)
"""Busy with a call, and so expected to come free."""


class Task(Struct, frozen=True, omit_defaults=True):
    """The call an agent is busy with, for what routing learns of it. It may have ended."""

    line: QueueId
    """As routing calls it."""
    tier: Tier
    resolved: bool | None = None
    """What the disposition says."""


class Preview(Struct, frozen=True, omit_defaults=True):
    """Somebody of a campaign's list whose card an agent reads, to dial or to skip."""

    id: AttemptId
    """The attempt's, should it be dialed."""
    campaign: CampaignId
    row: HopperRow
    since: float
    dial_at: float = 0.0
    """When it is dialed by itself; 0.0: when the agent says so."""
    callback: CallbackId = ""
    """The promise that it is shown for."""


class Spoke(Struct, frozen=True, omit_defaults=True):
    """A person of a campaign whom an agent has talked with: to be promised another call."""

    call: CallId
    campaign: CampaignId
    contact: ContactId
    number: str
    """E.164."""
    customer: CustomerId = ""
    tier: Tier = Tier.STANDARD


class DialedInVain(Struct, frozen=True):
    """What came of the last call that the agent asked for, when nobody talked."""

    attempt: AttemptId
    contact: ContactId
    result: AttemptResult
    at: float


class AgentProfile(Struct, frozen=True, omit_defaults=True):
    """What routing needs to know of an account that answers calls; comes in with
    ``AgentsConfigured``."""

    id: AgentId
    queues: tuple[QueueId, ...]
    seniority: Seniority = Seniority.JUNIOR
    team: TeamId = ""
    skills: dict[SkillId, int] = {}


class Agent(Struct, frozen=True, omit_defaults=True, gc=False):
    """The live state of one agent."""

    id: AgentId
    queues: tuple[QueueId, ...]
    seniority: Seniority = Seniority.JUNIOR
    team: TeamId = ""
    skills: dict[SkillId, int] = {}
    """Skill -> level: what routing rules ask for."""
    state: AgentState = AgentState.SIGNED_OUT
    since: float = 0.0
    """When the state was entered, UTC seconds."""
    reason: str = ""
    """Why not ready: the agent's own word, or ``missed``, ``rejected``, ``unreachable``,
    ``desktop_lost``, ``line_lost``, ``preview_untouched``, ``untouched`` (wrap-up that ended
    without a click), ``campaign_stopped``, ``recovered`` (a crash with another version of the
    service)."""
    idle_since: float = 0.0
    """When the agent last ended a conversation or signed in: the longest idle is offered the next
    call."""
    busy_since: float = 0.0
    """When the present piece of work began, from the first ring to the end of the wrap-up; 0.0
    without one."""
    task: Task | None = None
    """The conversation of that piece of work."""
    spoke: Spoke | None = None
    """Whom it was with, if a campaign dialed them."""
    wish: AgentState | None = None
    """NOT_READY or SIGNED_OUT, to be entered when the running call is over."""
    wish_reason: str = ""
    pbx: str = ""
    phone: Phone = ""
    """The phone signed in on, and the PBX it is registered at; empty when signed out."""
    call: CallId = ""
    """The call being offered, talked on or wrapped up."""
    leg: ChannelRef | None = None
    """The agent's own channel in that call."""
    campaign: CampaignId = ""
    """The campaign the agent works for; empty: inbound calls. Of several the one that counts on
    them just now (``core.sharing``)."""
    also_for: tuple[CampaignId, ...] = ()
    """The others of several, whose people the agent takes as well."""
    leaves: tuple[CampaignId, ...] = ()
    """Those of them that were stopped: the agent leaves each when they are free and nobody of it
    waits for them."""
    line: ChannelRef | None = None
    """The nailed-up line: the agent's own channel, that stays from call to call."""
    line_failures: int = 0
    """How often in a row the line could not be opened."""
    preview: Preview | None = None
    """Whose card the agent reads, to dial or to skip."""
    dialing: AttemptId = ""
    """The call they asked for in preview, until somebody talks or nobody will."""
    dialed_in_vain: DialedInVain | None = None
    """What came of the one before, until the next."""
    desktops: int = 0
    """Open desktops (WebSockets). Calls are offered only to agents who have one: the card must be
    seen."""
    touched_at: float = 0.0
    """When the agent last asked for anything at a desktop, UTC seconds."""

    @property
    def works_for(self) -> tuple[CampaignId, ...]:
        """Every campaign the agent works for."""
        return (self.campaign, *self.also_for) if self.campaign else ()


def next_state(state: AgentState, step: AgentStep) -> AgentState:
    """This step leads from this state to the one returned; ``Impossible`` where the table has
    none."""
    try:
        return AGENT_TRANSITIONS[state, step]
    except KeyError:
        raise Impossible("agent", state, step) from None


def may(state: AgentState, step: AgentStep) -> bool:
    """Whether the table knows this step from this state."""
    return (state, step) in AGENT_TRANSITIONS
