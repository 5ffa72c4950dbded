"""A call: the states, what may follow what, and the state kept of each.

Facts come from the PBX in its order of sending, but they cross our commands on the way:

* the caller hangs up while an agent's phone rings: the leg is hung up, the offer is withdrawn;
* ``CallerHeld`` comes again every 20 s (the dialplan's wait loop looks at the heartbeat) and after
  every conversation that the agent's side ended: only the step CONNECTED -> RETURN means something;
* a channel that enters the native queue has lost our heartbeat: FALL_BACK from everywhere but the
  end.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from callcenter.domain.customer import NO_FACTS, Attribute, CustomerFacts, Tier
from callcenter.domain.ids import (
    AgentId,
    AttemptId,
    CallbackId,
    CallId,
    CampaignId,
    ChannelRef,
    CommandId,
    ContactId,
    CustomerId,
    FlowId,
    QueueId,
)
from callcenter.domain.rules import Overflow, Treatment
from callcenter.domain.transitions import Impossible


class CallState(StrEnum):
    """Where a call is."""

    ARRIVING = "arriving"
    IN_IVR = "in_ivr"
    WAITING = "waiting"
    OFFERED = "offered"
    """Chosen for an agent whose phone is being rung, or led to a number outside that is; the caller
    still hears music."""
    CONNECTED = "connected"
    IN_FALLBACK = "in_fallback"
    """The PBX's native queue has it."""
    ENDED = "ended"


class CallStep(StrEnum):
    """What can happen to a call."""

    START_FLOW = "start_flow"
    QUEUE = "queue"
    OFFER = "offer"
    OFFER_ENDED = "offer_ended"
    CONNECT = "connect"
    RETURN = "return"
    """The agent's side is gone, the caller is still there: on hold again, in the old place."""
    FALL_BACK = "fall_back"
    TAKE_BACK = "take_back"
    END = "end"


S, E = CallState, CallStep

CALL_TRANSITIONS: dict[tuple[CallState, CallStep], CallState] = {
    (S.ARRIVING, E.START_FLOW): S.IN_IVR,
    (S.ARRIVING, E.QUEUE): S.WAITING,  # also a person whom a campaign has dialed
    (S.ARRIVING, E.FALL_BACK): S.IN_FALLBACK,
    (S.ARRIVING, E.CONNECT): S.CONNECTED,  # found so after a restart
    (S.ARRIVING, E.END): S.ENDED,
    (S.IN_IVR, E.QUEUE): S.WAITING,
    (S.IN_IVR, E.FALL_BACK): S.IN_FALLBACK,
    (S.IN_IVR, E.CONNECT): S.CONNECTED,  # the native queue connected it while we were away
    (S.IN_IVR, E.END): S.ENDED,
    (S.WAITING, E.OFFER): S.OFFERED,
    (S.WAITING, E.FALL_BACK): S.IN_FALLBACK,
    (S.WAITING, E.CONNECT): S.CONNECTED,
    (S.WAITING, E.END): S.ENDED,
    (S.OFFERED, E.OFFER_ENDED): S.WAITING,
    (S.OFFERED, E.CONNECT): S.CONNECTED,
    (S.OFFERED, E.FALL_BACK): S.IN_FALLBACK,
    (S.OFFERED, E.END): S.ENDED,
    (S.CONNECTED, E.RETURN): S.WAITING,
    (S.CONNECTED, E.FALL_BACK): S.IN_FALLBACK,
    (S.CONNECTED, E.END): S.ENDED,
    (S.IN_FALLBACK, E.FALL_BACK): S.IN_FALLBACK,  # told twice: by the event and by a state reading
    (S.IN_FALLBACK, E.CONNECT): S.CONNECTED,
    (S.IN_FALLBACK, E.TAKE_BACK): S.WAITING,
    (S.IN_FALLBACK, E.END): S.ENDED,
}


class Place(StrEnum):
    """Where the caller's channel is in the PBX, as far as we know."""

    DIALPLAN = "dialplan"
    MENU = "menu"
    HOLD = "hold"
    BRIDGE = "bridge"
    SCREENING = "screening"
    """A number dialed has answered; answering machine detection listens."""
    HARBOUR = "harbour"
    """A person dialed hears the safe-harbour message."""
    NATIVE_QUEUE = "native_queue"
    ANNOUNCEMENT = "announcement"
    """A caller who waits hears something by our order, then music again or the end."""
    VOICEMAIL = "voicemail"
    """The caller's message is being recorded."""
    MACHINE = "machine"
    """A machine dialed is left a message, or its greeting is waited out for that."""


JOINABLE = (Place.HOLD, Place.ANNOUNCEMENT)
"""Where an agent may be joined with the caller: who is offered one is not held up by what it
hears."""


class Outcome(StrEnum):
    """How a call ended, for reports. Exactly one for each call."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    """Hung up while waiting in a queue."""
    LEFT_IN_IVR = "left_in_ivr"
    """Hung up in the menu, before any queue."""
    ENDED_BY_FLOW = "ended_by_flow"
    """The flow said good-bye: self service done."""
    LED_OUT = "led_out"
    """An overflow of the rules led it to somebody else than our agents: a voicemail, or a number
    outside."""
    DROPPED = "dropped"
    """A person dialed for whom no agent was free: heard the safe-harbour message."""
    LOST = "lost"
    """Gone in a way that nobody chose: the PBX restarted, or the channel vanished while we were
    away."""


NO_TREATMENT = Treatment()


class Call(Struct, frozen=True, omit_defaults=True, gc=False):
    """The live state of one call. Times are UTC seconds, 0.0 for "not yet".

    Without ``gc``: what is frozen and holds nothing but such is in no circle, and a collector that
    looks through ten thousand calls stops the loop.
    """

    id: CallId
    channel: ChannelRef
    arrived_at: float
    state: CallState = CallState.ARRIVING
    place: Place = Place.DIALPLAN
    caller_number: str = ""
    """E.164 where it could be told, else as the PBX gave it; empty when withheld."""
    dialed_number: str = ""
    customer: CustomerId = ""
    tier: Tier = Tier.STANDARD
    facts: CustomerFacts = NO_FACTS
    flow: FlowId = ""
    node: str = ""
    """The flow's node the caller is at."""
    node_tries: int = 0
    flow_steps: int = 0
    ivr_command: CommandId = ""
    """The menu command whose result is awaited."""
    ivr_probe: CommandId = ""
    """After a restart: the command that tells whether the awaited result was lost."""
    ivr_overdue: bool = False
    """The awaited result did not come in time: the PBX is asked where the caller is."""
    choices: tuple[str, ...] = ()
    """Digits chosen in menus, in order."""
    attributes: dict[str, Attribute] = {}
    """What the menu has found out, for rules: ``intent`` and what the flow declares."""
    queue: QueueId = ""
    queued_at: float = 0.0
    """When it entered its queue; kept over offers, restarts and returns: its place."""
    asked_queue: QueueId = ""
    """The queue that the menu chose; the rule, an overflow or a switch may have led it on."""
    rule: str = ""
    """The rule that took the call; empty before it waited."""
    rules_version: int = 0
    """Of which publishing that rule is."""
    treatment: Treatment = NO_TREATMENT
    """What the rule says."""
    is_stale: bool = False
    """Something that rules may read has changed: the rule is to be found again."""
    weight: float = 1.0
    """What a supervisor made of its priority, beside the rule's weight."""
    preferred: AgentId = ""
    """The agent whom the rule prefers for this caller."""
    overflows: int = 0
    """How many of the treatment's overflows have been taken, or passed."""
    overflow: Overflow | None = None
    """What is to be done next with the caller by one of them, as soon as it can be."""
    heard: tuple[str, ...] = ()
    """Prompts of overflows that the caller has heard: not said again."""
    led_to: str = ""
    """What an overflow led the call to: ``message`` (and the end), ``voicemail``, ``external`` or
    ``callback``."""
    callback: CallbackId = ""
    """The promise for which the caller was called back."""
    place_at: float = 0.0
    """Of one called back: when they first came into the queue, which is their place in it."""
    recorded_from: float = 0.0
    """When the recording of its message began."""
    hears_notice: bool = False
    """The message of a switched queue is being played."""
    heard_notice: bool = False
    offers: int = 0
    agent: AgentId = ""
    leg: ChannelRef | None = None
    """The agent's channel, while offered or connected."""
    joining: bool = False
    """A JoinCall is under way."""
    bridge: str = ""
    """The bridge the caller talks in."""
    campaign: CampaignId = ""
    """The campaign that dialed the person; empty for a call that came in."""
    attempt: AttemptId = ""
    seeks_contact: bool = False
    """The caller dialed a number that a campaign shows: it is looked up whether they are on its
    list."""
    returned: CampaignId = ""
    """The campaign whose contact calls back; empty: no return call."""
    contact: ContactId = ""
    """Who of its list."""
    may_opt_out: bool = False
    """The prompt that names the key to opt out is being played."""
    opted_out_at: float = 0.0
    """When that key was pressed."""
    at_campaign: bool = False
    """A return call that waits for the campaign's agents, in no queue."""
    reserved: AgentId = ""
    """The only agent who may take the person dialed: the one who asked for it in preview, until
    they have talked."""
    ending: bool = False
    """The caller is being hung up, or hears the safe-harbour message: nothing else is to be done
    with the call."""
    ended_by_flow: bool = False
    answered_at: float = 0.0
    """When it was first connected to an agent."""
    connected_at: float = 0.0
    """When the running conversation began."""
    answered_by: AgentId = ""
    answered_by_senior: bool = False
    via_fallback: bool = False
    """The native queue connected it."""
    overflowed: bool = False
    """A gold call that was answered by a junior."""

    @property
    def waits_for(self) -> CampaignId:
        """The campaign whose agents alone it waits for; empty: a queue's."""
        return self.campaign or (self.returned if self.at_campaign else "")


def next_state(state: CallState, step: CallStep) -> CallState:
    """This step leads from this state to the one returned; ``Impossible`` where the table has
    none."""
    try:
        return CALL_TRANSITIONS[state, step]
    except KeyError:
        raise Impossible("call", state, step) from None
