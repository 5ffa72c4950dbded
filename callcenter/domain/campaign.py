"""A campaign: its settings, its states, and the live state kept of each.

Who sees which facts: the wishes to start, pause, drain and stop come from the manager (API);
answers and ends of calls from the PBX, see ``attempt``; rows to dial from the database. A pause
stops only the dialing: calls already placed go on, and people who answer are served. A stop drains,
and hangs up what nobody has answered yet (``core.stopping``).
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from callcenter.domain.attempt import AttemptResult, Verdict
from callcenter.domain.customer import Tier
from callcenter.domain.ids import (
    CallId,
    CampaignId,
    CommandId,
    ContactId,
    CustomerId,
    PbxName,
    QueueId,
)
from callcenter.domain.transitions import Impossible


class CampaignState(StrEnum):
    """What a campaign is doing."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    DRAINING = "draining"
    """No new calls; finished when those under way are over."""
    FINISHED = "finished"


class CampaignStep(StrEnum):
    """What can happen to a campaign."""

    START = "start"
    PAUSE = "pause"
    DRAIN = "drain"
    STOP = "stop"
    """As a drain, and calls that nobody has answered are hung up; the agents leave."""
    FINISH = "finish"
    """The last call of a draining campaign is over."""


S, E = CampaignState, CampaignStep

CAMPAIGN_TRANSITIONS: dict[tuple[CampaignState, CampaignStep], CampaignState] = {
    (S.DRAFT, E.START): S.RUNNING,
    (S.RUNNING, E.START): S.RUNNING,  # pressed twice
    (S.RUNNING, E.PAUSE): S.PAUSED,
    (S.RUNNING, E.DRAIN): S.DRAINING,
    (S.RUNNING, E.STOP): S.DRAINING,
    (S.PAUSED, E.START): S.RUNNING,
    (S.PAUSED, E.PAUSE): S.PAUSED,  # pressed twice
    (S.PAUSED, E.DRAIN): S.DRAINING,
    (S.PAUSED, E.STOP): S.DRAINING,
    (S.DRAINING, E.START): S.RUNNING,  # changed their mind
    (S.DRAINING, E.PAUSE): S.PAUSED,
    (S.DRAINING, E.DRAIN): S.DRAINING,  # pressed twice
    (S.DRAINING, E.STOP): S.DRAINING,  # too slow
    (S.DRAINING, E.FINISH): S.FINISHED,
    (S.FINISHED, E.START): S.RUNNING,  # contacts were added
}

MINUTES_PER_DAY = 24 * 60
OPTED_OUT_PROMPT = "opted-out"
"""What a person hears who asked not to be called again; the dialplan names it."""


class CallingWindow(Struct, frozen=True):
    """When people may be called, in their own local time."""

    opens: int = 9 * 60
    """Minutes after midnight."""
    closes: int = 20 * 60
    """Minutes after midnight; later than ``opens``, at most 1440."""
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5)
    """0 is Monday."""
    holidays: tuple[str, ...] = ()
    """Calendars of public holidays, as ``DE-BY`` or ``US``; nobody is called on a holiday."""
    closed_days: tuple[str, ...] = ()
    """Other days on which nobody is called, as ``2026-12-24``; the day at the called person."""


class RetryRule(Struct, frozen=True, omit_defaults=True):
    """What to do after a result: try again after a while, so often at most."""

    delay_s: float
    max_tries: int
    """With so many attempts made in all, a contact with this result is given up."""
    other_number: bool = False
    """A contact of several numbers is tried at the next of them, and soon: the delay holds when
    each was tried equally often."""


class Of(StrEnum):
    """What a cap counts by."""

    PERSON = "person"
    NUMBER = "number"
    ACCOUNT = "account"
    """A contract or debt: several people and numbers may belong to it."""


class Counting(StrEnum):
    """What a cap counts."""

    ATTEMPTS = "attempts"
    CONVERSATIONS = "conversations"


class Cap(Struct, frozen=True):
    """So many at most within a rolling time, in all campaigns together."""

    of: Of
    counting: Counting
    most: int
    """At least 1."""
    within_s: float


class Terms(Struct, frozen=True, omit_defaults=True):
    """What must be so before a contact is dialed, besides the calling window."""

    needs_consent: bool = False
    """Only who agreed to be called."""
    legal: str = ""
    """The legal profile's name (``dialer.compliance``); empty: none."""
    caps: tuple[Cap, ...] = ()


class Pacing(StrEnum):
    """How many calls a campaign places, and when."""

    PREVIEW = "preview"
    """One when an agent has read the contact's card and says so; the person goes to that agent."""
    PROGRESSIVE = "progressive"
    """One call for each free agent: a person always finds the agent it was placed for."""
    POWER = "power"
    """A fixed number of lines for each free agent; one when the drop cap is reached."""
    PREDICTIVE = "predictive"
    """Ahead of the agents who will come free, as far as the drop cap allows."""


class OnMachine(StrEnum):
    """What is done with an answering machine."""

    HANG_UP = "hang_up"
    TO_AGENT = "to_agent"
    """As with a person."""
    LEAVE_MESSAGE = "leave_message"
    """It records ``machine_prompt`` when its greeting is over."""


class AmdSettings(Struct, frozen=True, omit_defaults=True):
    """Settings of Asterisk's AMD, in milliseconds but for the last; 0: as in ``cc_amd.conf``."""

    initial_silence: int = 0
    """So long nobody speaks: a machine. Such a one is taken for a person all the same."""
    greeting: int = 0
    """A greeting as long is a machine's."""
    after_greeting_silence: int = 0
    """So long a silence after a greeting is a person's. Of the 2 s of the law."""
    total_analysis_time: int = 0
    min_word_length: int = 0
    max_words: int = 0
    """More words are a machine's."""


class CampaignSettings(Struct, frozen=True):
    """What a manager sets. Times in seconds."""

    id: CampaignId
    name: str
    """Shown on screens, e.g. ``Renewals, autumn``."""
    pbx: PbxName
    trunk: str
    """The trunk of that PBX that calls go out on."""
    caller_id: str = ""
    """The number people see; empty: the trunk's own."""
    pacing: Pacing = Pacing.PROGRESSIVE
    preview_s: float = 0.0
    """With ``preview``: dialed by itself after so long, unless the agent skips it; 0.0: only when
    the agent says so."""
    lines_per_agent: float = 1.0
    """With ``power``: calls placed for each free agent. More than 1.0 dials ahead, and some people
    will hear the safe-harbour message."""
    drop_cap: float | None = None
    """Share of the people who answer that may be dropped at most; None: as the legal profile of
    the terms says, and 3 % of 30 days without one."""
    starts_at: float = 0.0
    """Nobody is dialed before, UTC seconds; 0.0: from its start on."""
    ends_at: float = 0.0
    """It drains then, UTC seconds; 0.0: when a manager says so."""
    blended: bool = False
    """Its agents also take calls that come in; those go first."""
    max_lines: int = 100
    """Calls being dialed at once, at most."""
    ring_s: float = 25.0
    """How long a phone rings before it is given up, counted from its first RINGING; at least 15
    (16 CFR 310.4(b)(4)(ii))."""
    amd: bool = True
    """Answering machine detection; without it every answer is taken for a person."""
    harbour_wait_s: int = 1
    """How long a person waits for an agent after AMD's verdict. AMD has spent 0.8 s of silence of
    the 2 s allowed after the greeting's end (config/asterisk/cc_amd.conf.in)."""
    harbour_prompt: str = "safe-harbour"
    """What a person hears when nobody is free: who called and how to reach them."""
    window: CallingWindow = CallingWindow()
    retries: dict[AttemptResult, RetryRule] = {}
    """Results not listed end the contact."""
    wrap_up_s: float = 30.0
    amd_settings: AmdSettings = AmdSettings()
    on_machine: OnMachine = OnMachine.HANG_UP
    amd_check_every: int = 0
    """Every so many calls a machine is passed to an agent, who tells whether it was one; 0: never.
    So the share of people taken for machines is known."""
    opt_out_key: str = ""
    """The key, 0 to 9 or ``*``, that puts a person on the do-not-call list who hears the
    safe-harbour message, or calls back; empty: none. The prompts have to name it."""
    trunks: tuple[str, ...] = ()
    """More trunks of that PBX, in order: they take the calls that those before them cannot."""
    caller_ids: tuple[str, ...] = ()
    """More numbers that people may see: they and ``caller_id`` take turns."""
    list_caller_ids: dict[str, tuple[str, ...]] = {}
    """Contact list -> the numbers that its contacts see instead."""
    terms: Terms = Terms()
    sales: tuple[str, ...] = ("agreed",)
    """Dispositions that say that somebody bought: with these an agent may tell the amount."""
    returns_to: QueueId = ""
    """The queue of contacts who call one of the numbers back; empty: the campaign's own agents,
    and while there are none, as the dialed number leads anybody."""
    priority: int = 0
    """Free agents who work for several campaigns go to the highest that has somebody to dial."""
    agent_prompt: str = ""
    """What an agent alone hears on the open line before the person's voice, e.g. ``beep``; empty:
    nothing."""
    return_prompt: str = ""
    """What they hear first where there is an ``opt_out_key``: who they have called, and the key;
    empty: nothing, and no key."""
    machine_prompt: str = ""
    """The message that is left on machines, with ``leave_message``."""


DEFAULT_RETRIES: dict[AttemptResult, RetryRule] = {
    AttemptResult.BUSY: RetryRule(10 * 60.0, 5),
    AttemptResult.NO_ANSWER: RetryRule(4 * 3600.0, 4, other_number=True),
    AttemptResult.MACHINE: RetryRule(6 * 3600.0, 4, other_number=True),
    AttemptResult.REJECTED: RetryRule(24 * 3600.0, 2),
    AttemptResult.CONGESTION: RetryRule(5 * 60.0, 6),
    AttemptResult.HUNG_UP: RetryRule(24 * 3600.0, 2),
    AttemptResult.FAILED: RetryRule(15 * 60.0, 4),
    AttemptResult.UNKNOWN: RetryRule(24 * 3600.0, 3),
    AttemptResult.SCREENED: RetryRule(24 * 3600.0, 2),
    AttemptResult.DROPPED: RetryRule(72 * 3600.0, 2),
}
"""Used for campaigns that give none. A person who heard the safe-harbour message is left alone for
72 hours (Ofcom 2016: no repeat within 72 h without an agent guaranteed)."""


class HopperRow(Struct, frozen=True, omit_defaults=True):
    """A contact ready to be dialed."""

    contact: ContactId
    number: str
    """E.164."""
    zones: tuple[str, ...]
    """Every time zone (IANA name) the number may lie in; the window must be open in all."""
    made: int = 0
    """Attempts made so far."""
    customer: CustomerId = ""
    tier: Tier = Tier.STANDARD
    account: str = ""
    """The contract or debt it is about, whose caps count all of its people together."""
    others: int = 0
    """The contact's other numbers that can be dialed."""
    fresh: int = 0
    """Those of them that were tried less often than this one will have been."""
    list: str = ""
    """The name of its contact list."""


class Party(Struct, frozen=True, omit_defaults=True):
    """Whom a call concerns, as caps count them."""

    number: str
    """E.164."""
    customer: CustomerId = ""
    account: str = ""

    def shares(self, row: HopperRow) -> bool:
        """Whether a call to this contact concerns any of the same."""
        return (
            row.number == self.number
            or bool(self.customer and row.customer == self.customer)
            or bool(self.account and row.account == self.account)
        )


class ListCounts(Struct, frozen=True):
    """How a campaign's contacts stood when the hopper was filled last."""

    at: float = 0.0
    total: int = 0
    due: int = 0
    """To be dialed now, by time of retry and calling window; those handed over included."""
    later: int = 0
    """Open, to be tried again later."""
    next_due_at: float = 0.0
    """When the first of those is due; 0.0: none."""
    closed: int = 0
    """Due, but outside the calling window."""
    opens_at: float = 0.0
    """When the window opens for the first of those; 0.0: none."""
    done: int = 0
    used_up: int = 0
    dnc: int = 0
    """Not to be called at any number they have."""
    no_consent: int = 0
    """Open, but they did not agree to be called."""
    capped: int = 0
    """Of ``later``: held back by caps, or left alone after a call that found no agent."""


class AmdCounts(Struct, frozen=True, omit_defaults=True):
    """What agents said of calls that detection had listened to."""

    people: int = 0
    """Passed for people, and judged by an agent."""
    were_machines: int = 0
    """Of these, machines and assistants."""
    machines: int = 0
    """Taken for machines, passed to an agent all the same, and judged."""
    were_people: int = 0


class ReturnCounts(Struct, frozen=True, omit_defaults=True):
    """Contacts who called a number of the campaign back."""

    calls: int = 0
    answered: int = 0
    """Of these, with whom an agent talked."""
    opted_out: int = 0
    """Of these, who pressed the key to be called no more."""


class Campaign(Struct, frozen=True, omit_defaults=True):
    """The live state of one campaign."""

    settings: CampaignSettings
    state: CampaignState = CampaignState.DRAFT
    since: float = 0.0
    """When the state was entered, UTC seconds."""
    changed_by: str = ""
    """Who brought it into this state: an account's id."""
    hopper: tuple[HopperRow, ...] = ()
    """What is dialed next, in order."""
    refill: CommandId = ""
    """The RefillHopper whose rows are awaited."""
    ended_since_refill: tuple[ContactId, ...] = ()
    """Contacts whose attempt ended after that was asked: its rows may be of before."""
    spared_since_refill: tuple[Party, ...] = ()
    """Whom the database may not have known to be spared when it was asked."""
    skipped: dict[ContactId, float] = {}
    """Whom agents skipped in preview, and until when nobody is shown them again."""
    skips: int = 0
    """How often agents have skipped somebody so far."""
    counts: ListCounts = ListCounts()
    placed: int = 0
    """Attempts placed so far."""
    people: int = 0
    """Attempts that a person answered."""
    results: dict[AttemptResult, int] = {}
    """Ended attempts, by result."""
    returns: ReturnCounts = ReturnCounts()
    """Return calls that have ended."""
    amd_counts: AmdCounts = AmdCounts()
    unjudged: dict[CallId, Verdict] = {}
    """Conversations that are over whose agents have not said who it was."""
    messages: int = 0
    """Messages left on machines."""


def next_state(state: CampaignState, step: CampaignStep) -> CampaignState:
    """This step leads from this state to the one returned; ``Impossible`` where the table has
    none."""
    try:
        return CAMPAIGN_TRANSITIONS[state, step]
    except KeyError:
        raise Impossible("campaign", state, step) from None


def may(state: CampaignState, step: CampaignStep) -> bool:
    """Whether the table knows this step from this state."""
    return (state, step) in CAMPAIGN_TRANSITIONS
