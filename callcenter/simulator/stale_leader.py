"""A process of the service that stood still, was thought dead, and goes on behind its successor.

A debugger, a machine that was suspended, a disk that did not answer: it may last until another
process leads. Then the old one wakes up and knows nothing of it. It sends what it had still to
send, steps what its clock says is due, and sends what comes of that, all over the session that it
believes to have. Nothing but the PBX can refuse it: the one that leads now has had its session
ended (``callcenter.pbx.ami.fence``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from callcenter.core.machine import Machine
from callcenter.domain import commands as c
from callcenter.domain.events import Tick
from callcenter.pbx.ami.commands import heartbeat_action
from callcenter.pbx.ami.wire import AmiMessage
from callcenter.simulator.day_link import DayLink

ELSEWHERE = (c.PopCard, c.RefillHopper, c.FetchContacts, c.LookUpCustomer, c.FindContact, c.ReadPbx)
"""Commands that change nothing in the PBX."""

STALE_SHARE = 0.5
"""Of the processes killed."""
WAKES_S = (0.05, 5.0)
"""Such a process goes on so long after another one leads."""


class StaleLeader:
    """One such process, with its machine, its link and what it had not sent yet."""

    def __init__(self, machine: Machine, link: DayLink, unsent: Sequence[c.Command]) -> None:
        self._machine = machine
        self._link = link
        self._unsent = tuple(unsent)

    def wake(self, clock: Callable[[], float]) -> list[str]:
        """Go on where it stood still, at the time that its clock shows now. Returns what of it the
        PBX carried out, one sentence each: all of it is wrong."""
        now = clock()
        step = self._machine.handle(Tick(), now)
        obeyed = [
            f"a leader that another one has followed still commands: {command}"
            for command in (*self._unsent, *step.commands)
            if not isinstance(command, ELSEWHERE) and self._link.tell(command) is not None
        ]
        answers: list[AmiMessage] = []
        self._link.act(heartbeat_action(int(now)), answers.append)
        if answers:
            obeyed.append("a leader that another one has followed still keeps the heartbeat going")
        return obeyed


class StaleLeaders:
    """Those that stand still at present."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._standing: list[tuple[StaleLeader, float]] = []

    def may_stand_still(
        self, name: int, machine: Machine, link: DayLink, unsent: Sequence[c.Command]
    ) -> DayLink:
        """Half of the processes that are thought dead are not. Returns the next one's link."""
        rng = Random(f"{self._seed}/stale-{name}")
        if not link.is_up or rng.random() >= STALE_SHARE:
            return link
        self._standing.append((StaleLeader(machine, link, unsent), rng.uniform(*WAKES_S)))
        return link.hand_over()

    def take(self) -> list[tuple[StaleLeader, float]]:
        """All of them, now that another one leads, and how long after that each wakes up."""
        standing, self._standing = self._standing, []
        return standing
