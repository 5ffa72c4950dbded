"""Agents at their desktops: what they click, drawn from the seed.

A desktop emits intents; whoever runs the world carries them out, over the real HTTP API or straight
into the hub, and tells the desktop each new state of its agent.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TypeAlias

from msgspec import Struct

from callcenter.domain.agent import AgentState
from callcenter.simulator.people import Range
from callcenter.simulator.stage import Stage
from callcenter.simulator.timers import Timer


class OpenDesktop(Struct, frozen=True, tag=True):
    """The agent opens the desktop in a browser."""

    agent: str


class SignIn(Struct, frozen=True, tag=True):
    """The agent wants to work on this phone."""

    agent: str
    phone: str


class JoinCampaign(Struct, frozen=True, tag=True):
    """The agent wants to work for a campaign: the phone is to ring once, and stay on the line."""

    agent: str
    campaign: str
    also: tuple[str, ...] = ()
    """More campaigns, at the same time."""


class GoReady(Struct, frozen=True, tag=True):
    """The agent wants calls."""

    agent: str


class GoNotReady(Struct, frozen=True, tag=True):
    """The agent wants a break."""

    agent: str
    reason: str


class Dispose(Struct, frozen=True, tag=True):
    """The agent writes the result of a call."""

    agent: str
    call: str
    code: str


class DialPreview(Struct, frozen=True, tag=True):
    """The agent has read the card and wants the person to be dialed."""

    agent: str
    preview: str


class SkipPreview(Struct, frozen=True, tag=True):
    """The agent has read the card and does not want to call."""

    agent: str
    preview: str


class SignOut(Struct, frozen=True, tag=True):
    """The agent goes home."""

    agent: str


class EndCall(Struct, frozen=True, tag=True):
    """The agent ends the conversation by the desktop's button: the customer is to be hung up."""

    agent: str


Intent: TypeAlias = (
    OpenDesktop
    | SignIn
    | JoinCampaign
    | GoReady
    | GoNotReady
    | DialPreview
    | SkipPreview
    | EndCall
    | Dispose
    | SignOut
)


class DesktopHabits(Struct, frozen=True, omit_defaults=True):
    """How an agent works. Times in seconds, shares between 0 and 1."""

    sign_in_after_s: Range = (0.0, 2.0)
    campaign: str = ""
    """The campaign joined after each signing in; empty: inbound calls only."""
    also: tuple[str, ...] = ()
    """More campaigns, joined with it."""
    join_after_s: Range = (0.2, 1.0)
    """From signing in to joining."""
    ready_after_s: Range = (0.5, 2.0)
    """From signing in, or from joining, to the first "ready"."""
    read_s: Range = (2.0, 12.0)
    """In preview: from the card to the click on "dial" or "skip"."""
    skip_share: float = 0.1
    """Cards that are skipped."""
    untouched_share: float = 0.0
    """Cards that the agent walks away from."""
    end_call_share: float = 0.0
    """Conversations that the agent ends by the desktop's button."""
    end_call_after_s: Range = (5.0, 90.0)
    """From the beginning of those to the click."""
    wrap_up_s: Range = (2.0, 10.0)
    """From the end of a conversation to its disposition."""
    forget_share: float = 0.0
    """Calls whose disposition is never written: the machine's own limit ends the wrap-up."""
    back_after_s: Range = (2.0, 8.0)
    """From having missed a call to "ready" again."""
    break_share: float = 0.0
    """Wrap-ups after which the agent takes a break."""
    break_s: Range = (10.0, 60.0)
    dispositions: tuple[str, ...] = ("done",)


class Desktop:
    """One agent's clicks."""

    def __init__(
        self,
        agent: str,
        phone: str,
        habits: DesktopHabits,
        rng: Random,
        stage: Stage,
        emit: Callable[[Intent], None],
    ) -> None:
        self.agent = agent
        self.phone = phone
        self.habits = habits
        self.rng = rng
        self.stage = stage
        self.emit = emit
        self.state = AgentState.SIGNED_OUT
        self.preview = ""
        """The card to be dialed or skipped."""
        self._untouched = ""
        """The card that the agent has walked away from."""
        self.is_home = False
        """Has signed out for good."""
        self._next: Timer | None = None

    def start(self) -> None:
        """The agent sits down."""
        self.emit(OpenDesktop(self.agent))
        self._later(self.habits.sign_in_after_s, SignIn(self.agent, self.phone))

    def leave(self) -> None:
        """The agent goes home; after the running call, if there is one."""
        self.is_home = True
        if self._next is not None:
            self._next.cancel()
        self.emit(SignOut(self.agent))

    def come_back(self) -> None:
        """The agent sits down again, for the next shift."""
        self.is_home, self.state = False, AgentState.SIGNED_OUT
        self.start()

    def look_again(
        self, state: AgentState, reason: str = "", call: str = "", preview: str = ""
    ) -> None:
        """Look at the page anew: a click that came to nothing is made again."""
        self.observe(state, reason, call, preview)
        if self.is_home or (self._next is not None and self._next.is_pending):
            return
        if state is AgentState.SIGNED_OUT:
            self._later(self.habits.sign_in_after_s, SignIn(self.agent, self.phone))
        elif state is AgentState.NOT_READY:
            self._begin_work()
        elif preview and preview != self._untouched:
            self._read(preview)

    def observe(
        self, state: AgentState, reason: str = "", call: str = "", preview: str = ""
    ) -> None:
        """The desktop shows a new state or card; doubled news change nothing."""
        before, read = self.state, self.preview
        self.state, self.preview = state, preview
        if self.is_home or (state is before and preview == read):
            return
        if self._next is not None:
            self._next.cancel()
        if preview:
            self._read(preview)
        if state is before:
            return
        match state:
            case AgentState.NOT_READY if before is AgentState.SIGNED_OUT:
                self._begin_work()
            case AgentState.NOT_READY if reason == "break":
                self._later(self.habits.break_s, GoReady(self.agent))
            case AgentState.NOT_READY:
                self._later(self.habits.back_after_s, GoReady(self.agent))
            case AgentState.TALKING if self.habits.end_call_share:
                if self.rng.random() < self.habits.end_call_share:
                    self._later(self.habits.end_call_after_s, EndCall(self.agent))
            case AgentState.WRAP_UP:
                self._wrap_up(call)
            case AgentState.SIGNED_OUT:
                self._later(self.habits.sign_in_after_s, SignIn(self.agent, self.phone))
            case _:
                pass

    def _begin_work(self) -> None:
        habits = self.habits
        if not habits.campaign:
            self._later(habits.ready_after_s, GoReady(self.agent))
            return

        def join() -> None:
            self.emit(JoinCampaign(self.agent, habits.campaign, habits.also))
            self._later(habits.ready_after_s, GoReady(self.agent))

        self._next = self.stage.after(self.rng.uniform(*habits.join_after_s), join)

    def _read(self, preview: str) -> None:
        if self.habits.untouched_share and self.rng.random() < self.habits.untouched_share:
            self._untouched = preview
            return
        is_skipped = self.rng.random() < self.habits.skip_share
        click = SkipPreview if is_skipped else DialPreview
        self._later(self.habits.read_s, click(self.agent, preview))

    def _wrap_up(self, call: str) -> None:
        if self.rng.random() < self.habits.forget_share:
            return
        code = self.rng.choice(self.habits.dispositions)
        takes_break = self.rng.random() < self.habits.break_share

        def write() -> None:
            self.emit(Dispose(self.agent, call, code))
            if takes_break:
                self.emit(GoNotReady(self.agent, "break"))

        self._next = self.stage.after(self.rng.uniform(*self.habits.wrap_up_s), write)

    def _later(self, delay_s: Range, intent: Intent) -> None:
        self._next = self.stage.after(self.rng.uniform(*delay_s), lambda: self.emit(intent))
