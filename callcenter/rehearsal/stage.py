"""The stage on which the production machine plays a time that has not been, in virtual time.

It holds the machine, an agenda of what people and the PBX will do, and agents who come and leave.
What kind of day it is, is said by what is built on it: ``floor`` (calls that come in) and
``dialing_floor`` (a campaign). The machine is told what the real adapters would tell it, event by
event, and nothing of it is changed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from heapq import heappop, heappush

import msgspec
from msgspec import Struct

from callcenter.core.machine import Machine
from callcenter.core.state import State
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile, AgentState
from callcenter.domain.center import Center
from callcenter.domain.ids import AgentId, PbxName, Phone
from callcenter.domain.records import Record

JOURNAL = "REHEARSE"
NEVER_S = 10.0 * 365.0 * 86400.0
BY = "rehearsal"


class Presence(Struct, frozen=True):
    """A stretch in which an agent takes calls, UTC seconds."""

    agent: AgentId
    begin: float
    end: float


class Stage(ABC):
    """A machine in virtual time. It begins with ``state`` at ``begin``, UTC seconds."""

    def __init__(
        self,
        center: Center,
        agents: Sequence[AgentProfile],
        pbx: PbxName,
        state: State,
        begin: float,
    ) -> None:
        self._phones: dict[AgentId, Phone] = {
            agent.id: f"{number}" for number, agent in enumerate(agents, 1001)
        }
        self._pbx = pbx
        self._now = begin
        self._machine = Machine(state)
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._planned = 0
        self._todo: deque[e.Event] = deque()
        self._requests = 0
        self._tell(e.ServiceStarted(1))
        phones = dict.fromkeys(self._phones.values(), pbx)
        self._tell(
            e.CenterConfigured(
                msgspec.structs.replace(center, phones=phones, pbxs=(pbx,), review_every_s=NEVER_S)
            )
        )
        self._tell(e.PbxStateRead(pbx, ()))
        self._tell(e.AgentsConfigured(tuple(agents)))

    @abstractmethod
    def _keep(self, record: Record) -> None:
        """Note what the machine wrote down."""

    @abstractmethod
    def _carry_out(self, command: c.Command) -> None:
        """Do it, and tell what a PBX, a person or the database would tell of it."""

    # --- time -------------------------------------------------------------------------------------

    def _at(self, at: float, do: Callable[[], None]) -> None:
        self._planned += 1
        heappush(self._agenda, (max(at, self._now), self._planned, do))

    def _move_on(self) -> None:
        """To the next moment in which anything happens. The agenda must hold something."""
        at = self._agenda[0][0]
        deadline = self._machine.next_deadline()
        if deadline is not None and deadline <= at:
            self._now = max(self._now, deadline)
            self._tell(e.Tick())
        else:
            self._now = max(self._now, at)
            heappop(self._agenda)[2]()
        self._drain()

    def _tell(self, event: e.Event) -> None:
        self._todo.append(event)

    def _drain(self) -> None:
        while self._todo:
            step = self._machine.handle(self._todo.popleft(), self._now)
            for record in step.records:
                self._keep(record)
            for command in step.commands:
                self._carry_out(command)

    def _request(self) -> str:
        self._requests += 1
        return f"r{self._requests}"

    # --- agents -----------------------------------------------------------------------------------

    def _expect(self, presences: Sequence[Presence]) -> None:
        """Have the agents come and leave."""
        for presence in presences:
            if presence.end > self._now and presence.agent in self._phones:
                self._at(presence.begin, partial(self._come, presence.agent))
                self._at(presence.end, partial(self._leave, presence.agent))

    def _come(self, agent: AgentId) -> None:
        state = self._machine.state.agents[agent]
        if state.state is AgentState.SIGNED_OUT:
            if not state.desktops:
                self._tell(e.DesktopOpened(agent))
            self._tell(e.SignInRequested(self._request(), agent, self._phones[agent]))
        self._tell(e.ReadyRequested(self._request(), agent))

    def _leave(self, agent: AgentId) -> None:
        self._tell(e.SignOutRequested(self._request(), agent))
