"""Whoever is at a number that a campaign dials: people, machines, and all that never becomes a
conversation.

Sans-I/O, as ``callcenter.simulator.people``. Which number does what is ``callcenter.simulator.
carrier``'s.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from callcenter.simulator.channel import (
    Ended,
    HearsMusic,
    HearsNothing,
    HearsPerson,
    HearsPrompt,
    Invited,
    Signal,
    Withdrawn,
)
from callcenter.simulator.screening import FAX, GREETING, HELLO, NO_MEDIA, QUIET, Voice
from callcenter.simulator.stage import Deed, Entry, Stage
from callcenter.simulator.timers import Timer


class Behaviour(StrEnum):
    """What happens when a number is dialed."""

    HUMAN = "human"
    MACHINE = "machine"
    QUIET = "quiet"
    """Somebody answers and says nothing."""
    SILENT = "silent"
    """Answers, and no sound comes at all."""
    HANGS_UP = "hangs_up"
    """Answers and hangs up at once."""
    BUSY = "busy"
    REJECTED = "rejected"
    NO_ANSWER = "no_answer"
    """Rings until the PBX gives up."""
    CONGESTION = "congestion"
    """The network has no line."""
    UNKNOWN = "unknown"
    """There is no such number."""
    LOST = "lost"
    """The network never says a word."""
    FAX = "fax"


REFUSALS = {
    Behaviour.BUSY: 486,
    Behaviour.REJECTED: 603,
    Behaviour.CONGESTION: 503,
    Behaviour.UNKNOWN: 404,
}
"""SIP status of each refusal."""
VOICES = {
    Behaviour.HUMAN: HELLO,
    Behaviour.MACHINE: GREETING,
    Behaviour.QUIET: QUIET,
    Behaviour.SILENT: NO_MEDIA,
    Behaviour.HANGS_UP: NO_MEDIA,
    Behaviour.FAX: FAX,
}
UNRUNG = (Behaviour.CONGESTION, Behaviour.UNKNOWN, Behaviour.LOST)
AT_ONCE_S = 0.005
"""From the answer to the hang-up of whoever hangs up at once."""


class DialedPlan(Struct, frozen=True, omit_defaults=True):
    """What one dialing of a number meets. Times in seconds."""

    behaviour: Behaviour = Behaviour.HUMAN
    ring_after_s: float = 0.5
    """From the INVITE to the first ringing, or to a refusal without any."""
    ring_s: float = 5.0
    """From the first ringing to the answer or the refusal; 0.0: no ringing is told, as by networks
    that send their own ringing tone."""
    voice: Voice | None = None
    """What is said after the answer; None: what is usual of the behaviour."""
    patience_s: float = 5.0
    """How long silence is borne, from the answer or from the last thing heard."""
    listens_s: float = 20.0
    """How long an announcement is listened to."""
    hold_s: float = 30.0
    """How long music on hold is borne."""
    talk_s: float = 60.0
    """After so long with an agent it says good-bye and hangs up."""
    keys: str = ""
    """Pressed one by one, each ``think_s`` after an announcement has begun."""
    think_s: float = 1.0
    stay_s: float = 0.0
    """From the answer to hanging up, whatever is heard; 0.0: as the other times say."""


class Dialed:
    """One call that came in at a number. Its carrier tells it nothing more when it is over."""

    def __init__(
        self,
        name: str,
        plan: DialedPlan,
        call: Invited,
        stage: Stage,
        note: Callable[[Entry], None],
    ) -> None:
        """``note`` writes into the carrier's log."""
        self.name = name
        self.plan = plan
        self.call = call
        self.stage = stage
        self.note = note
        self.is_gone = False
        self.is_up = False
        self.is_talking = False
        self._hears_music = False
        self._keys = plan.keys
        self._key: Timer | None = None
        self._next: Timer | None = None
        """Ringing, answering, or hanging up for what is heard."""
        self._stay: Timer | None = None

    def begin(self) -> None:
        """The INVITE is here."""
        plan = self.plan
        self._record(Deed.INVITED, plan.behaviour, shown=self.call.shown_number)
        if plan.behaviour in UNRUNG:
            then = None if plan.behaviour is Behaviour.LOST else self._refuse
        else:
            then = self._ring if plan.ring_s or plan.behaviour is Behaviour.NO_ANSWER else self._act
        if then is not None:
            self._after(plan.ring_after_s, then)

    def notice(self, signal: Signal) -> None:
        """Something is heard or seen at this telephone."""
        match signal:
            case Withdrawn():
                self._finish(Deed.WITHDRAWN)
            case HearsPrompt():
                self._hear(Deed.HEARD_PROMPT, signal.prompt, self.plan.listens_s)
                if self._keys:
                    self._key = self.stage.after(self.plan.think_s, self._press)
            case HearsPerson():
                self._hear(Deed.HEARD_PERSON, signal.endpoint, self.plan.talk_s)
                self.is_talking = True
            case HearsMusic():
                self._hear_music()
            case HearsNothing():
                self._hear_nothing()
            case Ended():
                self._finish(Deed.WAS_HUNG_UP, str(signal.cause))

    def hang_up(self) -> None:
        """Put the receiver down."""
        self._finish(Deed.HUNG_UP)
        self.stage.hang_up(self.call.channel)

    def lose_line(self) -> None:
        """The line is dead."""
        self._finish(Deed.WAS_HUNG_UP, "restart")

    # --- before the answer --------------------------------------------------------------------

    def _ring(self) -> None:
        self._record(Deed.RANG)
        if self.plan.behaviour is not Behaviour.NO_ANSWER:
            self._after(self.plan.ring_s, self._act)
        self.stage.ring(self.call.channel)

    def _act(self) -> None:
        if self.plan.behaviour in REFUSALS:
            self._refuse()
        else:
            self._pick_up()

    def _refuse(self) -> None:
        status = REFUSALS[self.plan.behaviour]
        self._finish(Deed.REFUSED, str(status))
        self.stage.refuse(self.call.channel, status)

    def _pick_up(self) -> None:
        plan = self.plan
        self.is_up = True
        self._record(Deed.PICKED_UP)
        stay_s = AT_ONCE_S if plan.behaviour is Behaviour.HANGS_UP else plan.stay_s
        if stay_s:
            self._stay = self.stage.after(stay_s, self.hang_up)
        self._after(plan.patience_s, self.hang_up)
        self.stage.answer(self.call.channel, plan.voice or VOICES[plan.behaviour])

    # --- after the answer ---------------------------------------------------------------------

    def _hear(self, deed: Deed, detail: str, bears_s: float) -> None:
        self._hears_music = False
        self._record(deed, detail)
        self._after(bears_s, self.hang_up)

    def _press(self) -> None:
        key, self._keys = self._keys[0], self._keys[1:]
        self._record(Deed.PRESSED, key)
        self.stage.press(self.call.channel, key, by_info=False)

    def _hear_music(self) -> None:
        # It stops and begins anew each time the dialplan looks at the heartbeat: one wait.
        if not self._hears_music:
            self._hear(Deed.HEARD_MUSIC, "", self.plan.hold_s)
            self._hears_music = True

    def _hear_nothing(self) -> None:
        if self._hears_music:
            return
        if self.is_talking:
            self.is_talking = False
            self._record(Deed.PERSON_LEFT)
        self._after(self.plan.patience_s, self.hang_up)

    # --- small things -------------------------------------------------------------------------

    def _after(self, delay_s: float, call: Callable[[], None]) -> None:
        """Do this later, and not what was to be done until now. With ``stay_s`` nothing but that
        ends a call that is up.
        """
        _cancel(self._next)
        self._next = None
        if not (self.is_up and self.plan.stay_s):
            self._next = self.stage.after(delay_s, call)

    def _finish(self, deed: Deed, detail: str = "") -> None:
        self.is_gone = True
        self.is_talking = False
        _cancel(self._next)
        _cancel(self._stay)
        _cancel(self._key)
        self._record(deed, detail)

    def _record(self, deed: Deed, detail: str = "", *, shown: str = "") -> None:
        call, now = self.call, self.stage.now
        self.note(Entry(now, self.name, deed, call.channel, call.number, detail, shown=shown))


def _cancel(timer: Timer | None) -> None:
    if timer is not None:
        timer.cancel()
