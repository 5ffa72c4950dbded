"""The simulated world: one PBX, the people at its telephones, and one order of time for all of it.

Sans-I/O like its parts: ``advance(now)`` lets everything happen up to a time, ``next_deadline()``
says when something will. The same seed and the same AMI actions at the same times give the same
messages and the same log. Whoever runs it supplies real or virtual time (``ami_server`` does, tests
call it directly) and carries out the agents' intents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from callcenter.domain.agent import AgentState
from callcenter.simulator import truth
from callcenter.simulator.carrier import Carrier, CarrierMix
from callcenter.simulator.channel import Invited, Signal
from callcenter.simulator.desktops import Desktop, DesktopHabits, Intent
from callcenter.simulator.dialed import DialedPlan
from callcenter.simulator.dialplan import Dialplan
from callcenter.simulator.exchange import PbxSettings
from callcenter.simulator.messages import Message
from callcenter.simulator.native_queue import QueueSettings
from callcenter.simulator.pbx import Delivery, SimulatedPbx
from callcenter.simulator.people import Caller, CallerPlan, Phone, PhoneHabits, Population
from callcenter.simulator.screening import NO_MEDIA, Voice
from callcenter.simulator.sessions import AmiAccount
from callcenter.simulator.stage import Deed, Entry
from callcenter.simulator.timers import Timer, Timers

CALLERS_NAMED_MAX = 5
"""Draws for a customer who is not on the line already; then a stranger calls."""


class World:
    """Implements ``Stage`` for its people. Times are seconds on the caller's scale (UTC epoch)."""

    def __init__(
        self,
        seed: int,
        start: float,
        settings: PbxSettings,
        accounts: tuple[AmiAccount, ...],
        *,
        phones: Mapping[str, PhoneHabits] | None = None,
        dialplan: Dialplan | None = None,
        queue: QueueSettings | None = None,
        mix: CarrierMix | None = None,
    ) -> None:
        """``phones``: habits by number; phones of the settings that are missing get the usual.
        ``mix``: what numbers do that are dialed and that nobody planned.
        """
        self.seed = seed
        self.now = start
        self.log: list[Entry] = []
        """The truth of callers and agents' phones, in order of time."""
        self._settings = settings
        self._dialplan = dialplan
        self._queue = queue
        self._lives = 0
        self._timers = Timers()
        self.pbx = SimulatedPbx(
            self._make_rng("pbx-0"), start, settings, accounts, dialplan=dialplan, queue=queue
        )
        habits = phones or {}
        self.phones = {
            number: Phone(
                number,
                habits.get(number, PhoneHabits()),
                self._make_rng(f"phone-{number}"),
                self,
            )
            for number in settings.phones
        }
        self.callers: dict[str, Caller] = {}
        """Those on the line, by channel."""
        self._by_number: dict[str, dict[str, Caller]] = {}
        self._legs: dict[str, Phone] = {}
        """Agents' telephones in calls, by channel."""
        self.carrier = Carrier(seed, mix or CarrierMix(), self)
        """Whoever is dialed by the trunk, with a log of their own."""
        self._population: Population | None = None
        self._arrivals = self._make_rng("arrivals")
        self._callers_made = 0
        self._next_arrival: Timer | None = None
        self.desktops: dict[str, Desktop] = {}
        """Where agents work, by their names."""
        self._intents: list[Intent] = []
        self._out: list[Delivery] = []

    def _make_rng(self, purpose: str) -> Random:
        # Seeding with a string goes through SHA-512: the same in every process.
        return Random(f"{self.seed}/{purpose}")

    # --- time ---

    def next_deadline(self) -> float | None:
        """When ``advance`` has something to do; None: only when something comes in."""
        people, pbx = self._timers.next_deadline(), self.pbx.next_deadline()
        if people is None or pbx is None:
            return pbx if people is None else people
        return min(people, pbx)

    def advance(self, now: float) -> list[Delivery]:
        """Let everything happen that is due at ``now``; returns what goes to AMI sessions."""
        while True:
            due = self.next_deadline()
            if due is None or due > now:
                break
            self.now = max(self.now, due)
            timer = self._timers.pop_due(self.now)
            if timer is not None and timer.call is not None:
                call, timer.call = timer.call, None
                call()
            self._settle()
        self.now = max(self.now, now)
        self._settle()
        out, self._out = self._out, []
        return out

    def _settle(self) -> None:
        """Let the PBX do what is due now, and the far ends notice."""
        while True:
            if delivered := self.pbx.advance(self.now):
                self._out += delivered
            signals = self.pbx.take_signals()
            if not signals:
                return
            for signal in signals:
                self._notice(signal)

    def _notice(self, signal: Signal) -> None:
        caller = self.callers.get(signal.channel)
        if caller is not None:
            caller.notice(signal)
            if caller.is_gone:
                self._forget(caller)
            return
        if self.carrier.notice(signal):
            return
        if isinstance(signal, Invited):
            if signal.number:
                self.carrier.call(signal)
                return
            phone = self.phones.get(signal.endpoint)
            if phone is not None:
                self._legs[signal.channel] = phone
        else:
            phone = self._legs.get(signal.channel)
        if phone is not None:
            phone.notice(signal)
            if phone.channel != signal.channel:
                self._legs.pop(signal.channel, None)

    def _forget(self, caller: Caller) -> None:
        self.callers.pop(caller.channel, None)
        self._by_number.get(caller.plan.number, {}).pop(caller.channel, None)

    # --- AMI ---

    def connect(self, now: float, address: str = "127.0.0.1") -> int:
        """A client has connected; returns its session's number."""
        self._catch_up(now)
        return self.pbx.connect(self.now, address)

    def disconnect(self, session: int, now: float) -> list[Delivery]:
        """The client is gone."""
        self._catch_up(now)
        self._out += self.pbx.disconnect(session, self.now)
        return self.advance(now)

    def handle_action(self, session: int, headers: Message, now: float) -> list[Delivery]:
        """An AMI action came in; returns the answer and whatever follows at once, for all
        sessions.
        """
        self._catch_up(now)
        self._out += self.pbx.handle_action(session, headers, self.now)
        return self.advance(now)

    def _catch_up(self, now: float) -> None:
        # Events of the time until now go out before what the client causes.
        self._out = self.advance(now)

    def restart_pbx(self, now: float) -> list[Delivery]:
        """Asterisk dies and is there again: calls, sessions, queue members and globals are gone."""
        self._catch_up(now)
        old = self.pbx
        self._out += [Delivery(number, None) for number in old.sessions.open]
        self._lives += 1
        self.pbx = SimulatedPbx(
            self._make_rng(f"pbx-{self._lives}"),
            self.now,
            self._settings,
            tuple(old.sessions.accounts.values()),
            dialplan=self._dialplan,
            queue=self._queue,
            sessions_before=old.sessions.made,
        )
        for caller in list(self.callers.values()):
            caller.lose_line()
            self._forget(caller)
        for phone in self._legs.values():
            phone.lose_line()
        self._legs.clear()
        self.carrier.lose_lines()
        return self.advance(now)

    # --- callers ---

    def open_lines(self, population: Population) -> None:
        """From now on callers arrive."""
        self._population = population
        self._plan_arrival()

    def close_lines(self) -> None:
        """No new callers; those on the line stay."""
        if self._next_arrival is not None:
            self._next_arrival.cancel()

    def _plan_arrival(self) -> None:
        population = self._population
        if population is not None and self._callers_made < population.calls_max:
            gap_s = population.draw_gap(self._arrivals)
            self._next_arrival = self.after(gap_s, self._arrive)

    def _arrive(self) -> None:
        assert self._population is not None
        for _ in range(CALLERS_NAMED_MAX):
            plan = self._population.draw_plan(self._arrivals, self._callers_made)
            if not self._by_number.get(plan.number) or not plan.number:
                self.add_caller(plan)
                break
        self._plan_arrival()

    def add_caller(self, plan: CallerPlan, *, after_s: float = 0.0) -> Caller:
        """One caller with this plan dials, now or later."""
        self._callers_made += 1
        caller = Caller(f"caller-{self._callers_made:04d}", plan, self)

        def dial() -> None:
            caller.dial()
            self.callers[caller.channel] = caller
            self._by_number.setdefault(plan.number, {})[caller.channel] = caller

        self.after(after_s, dial)
        return caller

    # --- people who are dialed ---

    def plan_number(self, number: str, *plans: DialedPlan) -> None:
        """Say what a number does each time it is dialed; the last plan holds from then on. Without
        plans, and where nothing was said, it draws from the mix.
        """
        self.carrier.plan(number, *plans)

    # --- agents' desktops ---

    def add_desktop(self, agent: str, phone: str, habits: DesktopHabits | None = None) -> None:
        """An agent who works on this phone sits down now."""
        desktop = Desktop(
            agent,
            phone,
            habits or DesktopHabits(),
            self._make_rng(f"desktop-{agent}"),
            self,
            self._intents.append,
        )
        self.desktops[agent] = desktop
        desktop.start()

    def take_intents(self) -> list[Intent]:
        """What agents have clicked since the last call, in order."""
        if not self._intents:
            return []
        intents, self._intents[:] = list(self._intents), []
        return intents

    def observe_agent(
        self, agent: str, state: AgentState, reason: str = "", call: str = "", preview: str = ""
    ) -> None:
        """Tell an agent's desktop its new state; agents who have none here are skipped."""
        if agent in self.desktops:
            self.desktops[agent].observe(state, reason, call, preview)

    def send_home(self) -> None:
        """Every agent signs out."""
        for desktop in self.desktops.values():
            desktop.leave()

    # --- the truth ---

    @property
    def counters(self) -> truth.Counters:
        """Counts over the whole log."""
        return truth.count(self.log)

    @property
    def dialed(self) -> list[truth.DialedCall]:
        """What truly happened at the numbers dialed: every call there, in order."""
        return truth.list_dialed(self.carrier.log)

    # --- Stage ---

    def after(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """See ``Stage``."""
        return self._timers.add(self.now + delay_s, call)

    def record(self, entry: Entry) -> None:
        """See ``Stage``; the world tells a caller here that a phone rings for it."""
        self.log.append(entry)
        if entry.deed is Deed.RANG:
            for caller in self._by_number.get(entry.number, {}).values():
                caller.notice_ringing()

    def call_in(self, number: str, dialed: str, *, name: str, sends_media: bool) -> str:
        """See ``Stage``."""
        return self.pbx.call_in(number, dialed, self.now, name=name, sends_media=sends_media)

    def press(self, channel: str, digit: str, *, by_info: bool) -> None:
        """See ``Stage``."""
        self.pbx.press(channel, digit, self.now, by_info=by_info)

    def ring(self, channel: str) -> None:
        """See ``Stage``."""
        self.pbx.phone_rings(channel, self.now)

    def answer(self, channel: str, voice: Voice = NO_MEDIA) -> bool:
        """See ``Stage``."""
        return self.pbx.phone_answers(channel, self.now, voice)

    def refuse(self, channel: str, sip_status: int) -> None:
        """See ``Stage``."""
        self._legs.pop(channel, None)
        self.pbx.phone_refuses(channel, sip_status, self.now)

    def hang_up(self, channel: str) -> None:
        """See ``Stage``."""
        caller = self.callers.get(channel)
        if caller is not None:
            self._forget(caller)
        self._legs.pop(channel, None)
        self.pbx.far_end_hangs_up(channel, self.now)

    def is_waiting(self, number: str) -> bool:
        """See ``Stage``."""
        on_line = self._by_number.get(number, {}).values()
        return any(not caller.is_gone and not caller.is_talking for caller in on_line)
