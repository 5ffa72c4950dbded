"""Seeded people: callers and agents' telephones. How they behave is drawn once, from the seed.

Sans-I/O: they are told what they hear, and act on their stage. Agents at their desktops are in
``callcenter.simulator.desktops``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import StrEnum
from random import Random
from typing import TypeAlias

from msgspec import Struct

from callcenter.simulator.channel import (
    Accepted,
    Ended,
    HearsMusic,
    HearsNothing,
    HearsPerson,
    HearsPrompt,
    Invited,
    Signal,
    Withdrawn,
)
from callcenter.simulator.stage import Deed, Entry, Stage
from callcenter.simulator.timers import Timer

Range: TypeAlias = tuple[float, float]
"""Least and most; drawn evenly between."""


# --- callers -------------------------------------------------------------------------------------


class Leaving(StrEnum):
    """When a caller hangs up before it need be."""

    NEVER = "never"
    """Only when patience or the conversation is over."""
    IN_MENU = "in_menu"
    WHILE_RINGING = "while_ringing"
    """While an agent's phone rings for it."""
    ANY_TIME = "any_time"


class CallerPlan(Struct, frozen=True, omit_defaults=True):
    """What one caller will do. Times in seconds."""

    number: str
    """As the trunk shows it; empty when withheld."""
    dialed: str
    tier: str = ""
    """The customer's tier, for counting; empty for a stranger."""
    name: str = ""
    keys: Mapping[str, str] = {}
    """Prompt -> key pressed when it is heard; nothing is pressed at other prompts."""
    keys_by_info: bool = False
    """The telephone sends keys as SIP INFO, not in the media."""
    think_s: float = 1.0
    """From the beginning of a prompt to the key."""
    patience_s: float = 60.0
    """How long music is borne without a person."""
    talk_s: float = 60.0
    """After so long with a person it says good-bye and hangs up."""
    leaving: Leaving = Leaving.NEVER
    leaves_after_s: float = 0.0
    """From the answer (menu), the first ringing or the dialing (any time)."""
    sends_media: bool = True


class Caller:
    """One caller with a telephone."""

    def __init__(self, name: str, plan: CallerPlan, stage: Stage) -> None:
        self.name = name
        self.plan = plan
        self.stage = stage
        self.channel = ""
        self.is_gone = False
        self.is_talking = False
        self.has_talked = False
        self.has_waited = False
        self._leave: Timer | None = None
        self._patience: Timer | None = None
        self._good_bye: Timer | None = None
        self._key: Timer | None = None

    def dial(self) -> None:
        """Call the center now."""
        plan = self.plan
        self.channel = self.stage.call_in(
            plan.number, plan.dialed, name=plan.name, sends_media=plan.sends_media
        )
        self._record(Deed.DIALED, plan.dialed)
        if plan.leaving is Leaving.ANY_TIME:
            self._leave = self.stage.after(plan.leaves_after_s, self.hang_up)

    def notice(self, signal: Signal) -> None:
        """Something is heard or seen at this telephone."""
        if self.is_gone:
            return
        match signal:
            case Accepted():
                self._record(Deed.ACCEPTED)
                if self.plan.leaving is Leaving.IN_MENU:
                    self._leave = self.stage.after(self.plan.leaves_after_s, self._leave_menu)
            case HearsPrompt():
                self._hear_prompt(signal.prompt)
            case HearsMusic():
                self._hear_music()
            case HearsPerson():
                self._hear_person(signal.endpoint)
            case HearsNothing():
                self.is_talking = False
            case Ended():
                self._finish(Deed.WAS_HUNG_UP, str(signal.cause))

    def notice_ringing(self) -> None:
        """An agent's phone rings for this caller: only the world knows, and tells whom it
        concerns.
        """
        if self.plan.leaving is Leaving.WHILE_RINGING and self._leave is None:
            self._leave = self.stage.after(self.plan.leaves_after_s, self._leave_ringing)

    def hang_up(self) -> None:
        """Put the receiver down."""
        if not self.is_gone:
            self._finish(Deed.HUNG_UP)
            self.stage.hang_up(self.channel)

    def lose_line(self) -> None:
        """The line is dead."""
        if not self.is_gone:
            self._finish(Deed.WAS_HUNG_UP, "restart")

    def _hear_prompt(self, prompt: str) -> None:
        self._record(Deed.HEARD_PROMPT, prompt)
        _cancel(self._key)
        key = self.plan.keys.get(prompt, "")
        if key:
            self._key = self.stage.after(self.plan.think_s, lambda: self._press(key))

    def _press(self, key: str) -> None:
        self._record(Deed.PRESSED, key)
        self.stage.press(self.channel, key, by_info=self.plan.keys_by_info)

    def _hear_music(self) -> None:
        self._record(Deed.HEARD_MUSIC)
        self.has_waited = True
        _cancel(self._key)
        # The music stops and begins anew each time the dialplan looks at the heartbeat: one wait.
        if self._patience is None or not self._patience.is_pending:
            self._patience = self.stage.after(self.plan.patience_s, self._lose_patience)

    def _hear_person(self, endpoint: str) -> None:
        self._record(Deed.HEARD_PERSON, endpoint)
        self.is_talking = self.has_talked = True
        _cancel(self._patience)
        _cancel(self._good_bye)
        self._good_bye = self.stage.after(self.plan.talk_s, self._say_good_bye)

    def _leave_menu(self) -> None:
        if not self.has_waited and not self.has_talked:
            self.hang_up()

    def _leave_ringing(self) -> None:
        if not self.is_talking:
            self.hang_up()

    def _lose_patience(self) -> None:
        if not self.is_talking:
            self.hang_up()

    def _say_good_bye(self) -> None:
        if self.is_talking:
            self.hang_up()

    def _finish(self, deed: Deed, detail: str = "") -> None:
        self.is_gone = True
        self.is_talking = False
        for timer in (self._leave, self._patience, self._good_bye, self._key):
            _cancel(timer)
        self._record(deed, detail)

    def _record(self, deed: Deed, detail: str = "") -> None:
        plan = self.plan
        entry = Entry(self.stage.now, self.name, deed, self.channel, plan.number, detail, plan.tier)
        self.stage.record(entry)


class Customer(Struct, frozen=True, omit_defaults=True):
    """Somebody who may call."""

    number: str
    tier: str = ""
    name: str = ""


class Population(Struct, frozen=True, omit_defaults=True):
    """Where callers come from. Times in seconds, shares between 0 and 1."""

    dialed: tuple[str, ...]
    """Numbers of the center, drawn evenly."""
    rate_per_s: float
    """Calls a second on average; they arrive at random (Poisson)."""
    customers: tuple[Customer, ...] = ()
    stranger_share: float = 0.2
    """Calls from numbers that nobody knows."""
    withheld_share: float = 0.0
    """Calls without a number."""
    menus: Mapping[str, Mapping[str, float]] = {}
    """Prompt -> key -> weight; an empty key is no key."""
    think_s: Range = (0.5, 2.5)
    patience_s: Range = (30.0, 120.0)
    talk_s_mean: float = 60.0
    """Conversations are exponential around this, at least ``talk_s_min``."""
    talk_s_min: float = 3.0
    leave_in_menu_share: float = 0.05
    leave_while_ringing_share: float = 0.03
    leave_any_time_share: float = 0.03
    silent_share: float = 0.0
    """Callers who send no media."""
    calls_max: int = 1_000_000
    """No more than these come; far above what one run makes."""

    def draw_gap(self, rng: Random) -> float:
        """Seconds to the next call."""
        return -math.log(1.0 - rng.random()) / self.rate_per_s

    def draw_plan(self, rng: Random, count: int) -> CallerPlan:
        """The ``count``-th caller's plan."""
        customer = self._draw_customer(rng, count)
        leaving, after_s = self._draw_leaving(rng)
        keys = {}
        for prompt, weights in self.menus.items():
            key = rng.choices(list(weights), list(weights.values()))[0]
            if key:
                keys[prompt] = key
        talk_s = -math.log(1.0 - rng.random()) * self.talk_s_mean
        return CallerPlan(
            number=customer.number,
            dialed=rng.choice(self.dialed),
            tier=customer.tier,
            name=customer.name,
            keys=keys,
            think_s=rng.uniform(*self.think_s),
            patience_s=rng.uniform(*self.patience_s),
            talk_s=max(self.talk_s_min, talk_s),
            leaving=leaving,
            leaves_after_s=after_s,
            sends_media=rng.random() >= self.silent_share,
        )

    def _draw_customer(self, rng: Random, count: int) -> Customer:
        draw = rng.random()
        if draw < self.withheld_share:
            return Customer("")
        if not self.customers or draw < self.withheld_share + self.stranger_share:
            return Customer(f"+1999{count:07d}")
        return rng.choice(self.customers)

    def _draw_leaving(self, rng: Random) -> tuple[Leaving, float]:
        draw = rng.random()
        for leaving, share, times in (
            (Leaving.IN_MENU, self.leave_in_menu_share, (0.5, 4.0)),
            (Leaving.WHILE_RINGING, self.leave_while_ringing_share, (0.1, 2.0)),
            (Leaving.ANY_TIME, self.leave_any_time_share, (0.0, 90.0)),
        ):
            if draw < share:
                return leaving, rng.uniform(*times)
            draw -= share
        return Leaving.NEVER, 0.0


# --- agents' telephones --------------------------------------------------------------------------


class PhoneHabits(Struct, frozen=True, omit_defaults=True):
    """How an agent treats a ringing phone. Times in seconds, shares from 0 to 1 of its calls."""

    ring_after_s: Range = (0.01, 0.05)
    """From INVITE to 180 Ringing."""
    answer_after_s: Range = (1.0, 6.0)
    """From ringing to picking up."""
    reject_share: float = 0.0
    reject_status: int = 486
    ignore_share: float = 0.0
    """Rings, is not picked up."""
    unreachable_share: float = 0.0
    """Nothing is on the address: the INVITE goes into the void."""
    hang_up_first_share: float = 0.2
    """Conversations that the agent ends by hanging up: a nailed-up line, too."""
    talk_s: Range = (5.0, 90.0)
    """After which the agent ends those."""
    tire_share: float = 0.0
    """Conversations after which, the other having gone, the agent hangs up a line that stays."""
    tire_after_s: Range = (0.5, 5.0)
    """From the other's leaving to that."""
    stay_s: Range | None = None
    """From picking up to hanging up, whatever is heard; None: see ``hang_up_first_share``."""


class Phone:
    """One agent's telephone and the hand that picks it up. It takes one call at a time, or a line
    that is nailed up for many.
    """

    def __init__(self, number: str, habits: PhoneHabits, rng: Random, stage: Stage) -> None:
        self.number = number
        self.habits = habits
        self.rng = rng
        self.stage = stage
        self.channel = ""
        self.shown_number = ""
        self.has_rung = False
        self.is_up = False
        self.is_talking = False
        self._next: Timer | None = None
        self._tired: Timer | None = None
        """When the agent ends the conversation, or the line after it."""

    def notice(self, signal: Signal) -> None:
        """Something comes in at this telephone."""
        if isinstance(signal, Invited):
            self._invited(signal)
        elif signal.channel == self.channel:
            match signal:
                case Withdrawn():
                    self._withdrawn()
                case HearsPerson():
                    self._talk(signal)
                case HearsNothing():
                    self._fall_silent()
                case Ended():
                    self._finish(Deed.WAS_HUNG_UP, str(signal.cause))
                case _:
                    pass

    def hang_up(self) -> None:
        """Put the receiver down; harmless when there is no call."""
        if self.channel and self.is_up:
            channel = self.channel
            self._finish(Deed.HUNG_UP)
            self.stage.hang_up(channel)

    def lose_line(self) -> None:
        """The line is dead."""
        if self.channel:
            self._finish(Deed.WAS_HUNG_UP, "restart")

    def _invited(self, call: Invited) -> None:
        if self.channel:
            entry = Entry(self.stage.now, self.number, Deed.REFUSED, call.channel, detail="486")
            self.stage.record(entry)
            self.stage.after(0.01, lambda: self.stage.refuse(call.channel, 486))
            return
        self.channel, self.shown_number = call.channel, call.shown_number
        self.has_rung = self.is_up = False
        self._record(Deed.INVITED)
        habits, draw = self.habits, self.rng.random()
        ring_after_s = self.rng.uniform(*habits.ring_after_s)
        answer_after_s = self.rng.uniform(*habits.answer_after_s)
        if draw < habits.unreachable_share:
            return
        draw -= habits.unreachable_share
        if draw < habits.reject_share:
            then = self._reject
        elif draw < habits.reject_share + habits.ignore_share:
            then = None
        else:
            then = self._pick_up
        self._next = self.stage.after(ring_after_s, lambda: self._ring(answer_after_s, then))

    def _ring(self, after_s: float, then: Callable[[], None] | None) -> None:
        self.has_rung = True
        self._record(Deed.RANG)
        self.stage.ring(self.channel)
        if then is not None:
            self._next = self.stage.after(after_s, then)

    def _reject(self) -> None:
        channel = self.channel
        self._finish(Deed.REFUSED, str(self.habits.reject_status))
        self.stage.refuse(channel, self.habits.reject_status)

    def _pick_up(self) -> None:
        self.is_up = True
        self._record(Deed.PICKED_UP)
        if self.habits.stay_s is not None:
            self._next = self.stage.after(self.rng.uniform(*self.habits.stay_s), self.hang_up)
        self.stage.answer(self.channel)

    def _talk(self, signal: HearsPerson) -> None:
        self._record(Deed.HEARD_PERSON, signal.other)
        self.is_talking = True
        _cancel(self._tired)
        if self.habits.stay_s is None and self.rng.random() < self.habits.hang_up_first_share:
            self._tired = self.stage.after(self.rng.uniform(*self.habits.talk_s), self.hang_up)

    def _fall_silent(self) -> None:
        """The other one has gone, and this line stays: nailed-up, or until the service ends it."""
        if not self.is_talking:
            return
        self.is_talking = False
        _cancel(self._tired)
        self._record(Deed.PERSON_LEFT)
        habits = self.habits
        if habits.tire_share and self.rng.random() < habits.tire_share:
            self._tired = self.stage.after(self.rng.uniform(*habits.tire_after_s), self.hang_up)

    def _withdrawn(self) -> None:
        if not self.has_rung:
            self._finish(Deed.UNREACHED)
        elif self.stage.is_waiting(self.shown_number):
            self._finish(Deed.MISSED)
        else:
            self._finish(Deed.WITHDRAWN)

    def _finish(self, deed: Deed, detail: str = "") -> None:
        self._record(deed, detail)
        _cancel(self._next)
        _cancel(self._tired)
        self.channel = ""
        self.is_up = self.is_talking = False

    def _record(self, deed: Deed, detail: str = "") -> None:
        entry = Entry(self.stage.now, self.number, deed, self.channel, self.shown_number, detail)
        self.stage.record(entry)


def _cancel(timer: Timer | None) -> None:
    if timer is not None:
        timer.cancel()
