"""A small center for a browser to look at: one service line, one campaign.

Nobody works here who was not asked to, so every call goes where the test says.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from callcenter.bootstrap import Center, open_center
from callcenter.demo import sample
from callcenter.demo.arrivals import SampleCaller
from callcenter.demo.desks import Desk, Plan, run_desks
from callcenter.demo.manager import Manager
from callcenter.demo.renewals import SampleContact
from callcenter.demo.renewals import settings as campaign_settings
from callcenter.demo.run import CHEAP_HASHES
from callcenter.demo.sample import Phone, SampleAgent
from callcenter.demo.telephony import Heard, Telephony
from callcenter.documents.customers_csv import CustomerRow
from callcenter.domain.agent import Agent, AgentState, Seniority
from callcenter.domain.customer import Tier
from callcenter.installation import make_accounts, open_database
from callcenter.service.ports import Role
from callcenter.settings import Settings
from callcenter.simulator.asterisk_instance import free_port
from callcenter.simulator.sip_carrier import NumberBehaviour
from callcenter.storage.directory import CustomerDirectory
from callcenter.storage.stores import AccountSettings
from tests.integration.asterisk import wait_until

PASSWORD: Final = "a good password"
CAMPAIGN: Final = "spring"
CAMPAIGN_NAME: Final = "Spring renewals"

ALEX: Final = SampleAgent("alex", "Alex Berg", Seniority.SENIOR, Phone("1020", ring_s=0.3))
"""Whose desk the browser is. A senior: gold customers need not wait for another one."""
DAN: Final = SampleAgent("dan", "Dan Foss", Seniority.JUNIOR, Phone("1021", "ignore"))
"""Is away; nobody picks up the phone on this desk."""
WORKERS: Final = tuple(
    SampleAgent(login, name, Seniority.JUNIOR, Phone(number, ring_s=0.2), CAMPAIGN)
    for login, name, number in (("eve", "Eve Lind", "1011"), ("ivar", "Ívar Holt", "1012"))
)
"""Played by programs when a test asks for it: they dial for the campaign."""
OVERSEERS: Final = (
    ("sam", "Sam Dal", Role.SUPERVISOR),
    ("max", "Max Vík", Role.MANAGER),
)

NOTE: Final = "prefers mornings"
ANNA: Final = CustomerRow(
    row=2,
    id="K0001",
    name="Anna Ösp",
    numbers=("+3545552001",),
    tier=Tier.GOLD,
    value=48_000.0,
    since="2011-03-01",
    note=NOTE,
)
"""A customer who calls."""

STRANGER: Final = "+3546660001"
"""Calls too, and nobody knows who it is."""

STAYS_S: Final = 120.0
"""Longer than any test: whoever calls or is called stays until somebody ends it."""
BRIEF_S: Final = 1.6
"""A conversation of somebody who is called and has no time. Clearly longer than ``EMPTY_S`` of the
carrier breaker: an answer as short as that is held, as the last call of a campaign for a minute."""

PROMPT: Final = min(sample.PROMPT_S, key=lambda prompt: sample.PROMPT_S[prompt])
"""The shortest one."""
FLOW: Final = {
    "id": "service",
    "version": 1,
    "start": "prompt",
    "default_queue": sample.QUEUE,
    "nodes": {
        "prompt": {"type": "play", "prompt": PROMPT, "next": "line"},
        "line": {"type": "queue", "queue": sample.QUEUE},
    },
}
"""Every caller hears a prompt, during which it is looked up who that is, and is in the queue."""


CONTACTS: Final = 60
"""People whom the carrier knows."""
PATIENT: Final = 10
"""So many of them, the first, stay until the agent ends the call; the others have no time."""


def contact(n: int) -> SampleContact:
    """Somebody who may be on the campaign's list, and picks up at once."""
    assert n < CONTACTS
    return SampleContact(
        number=f"+354611{n:04d}",
        name=f"Katrín Foss {n}",
        customer="",
        tier=Tier.SILVER,
        card="credit gold",
        runs_out="2027-03",
        behaviour=NumberBehaviour.HUMAN,
        ring_s=0.3,
        stay_s=STAYS_S if n < PATIENT else BRIEF_S,
        priority="",
    )


def write_list(contacts: Sequence[SampleContact]) -> str:
    """The contacts as a CSV file."""
    rows = [f"{c.number},{c.name},{c.tier},{c.card},{c.runs_out}" for c in contacts]
    return "\n".join(["number,name,tier,card,runs out", *rows, ""])


AT_WORK: Final = (AgentState.READY, AgentState.RINGING, AgentState.TALKING, AgentState.WRAP_UP)
"""A call may come as soon as somebody is ready."""

MakeTelephony = Callable[[Path, Sequence[SampleAgent], Sequence[SampleContact]], Telephony]


@dataclass
class Site:
    """A running center with its telephones."""

    settings: Settings
    telephony: Telephony
    url: str
    _center: AsyncExitStack
    center: Center

    @classmethod
    @asynccontextmanager
    async def open(
        cls, folder: Path, make_telephony: MakeTelephony, contacts: Sequence[SampleContact] = ()
    ) -> AsyncIterator[Site]:
        """Start everything; nobody is signed in, and nothing is dialed."""
        agents = (ALEX, DAN, *WORKERS)
        telephony = make_telephony(folder, agents, contacts)
        settings = _write_settings(folder, agents, telephony)
        await _fill_database(settings, agents)
        try:
            await telephony.start(settings)
            stack = AsyncExitStack()
            center = await stack.enter_async_context(open_center(settings, hash_cost=CHEAP_HASHES))
            site = cls(settings, telephony, center.url, stack, center)
            try:
                await site._wait_for_pbx()
                yield site
            finally:
                await site._center.aclose()
        finally:
            await telephony.stop()

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """The service is stopped, and started again after the block; the telephones go on."""
        await self._center.aclose()
        yield
        self._center = AsyncExitStack()
        opened = open_center(self.settings, hash_cost=CHEAP_HASHES)
        self.center = await self._center.enter_async_context(opened)
        await self._wait_for_pbx()

    async def _wait_for_pbx(self) -> None:
        links = self.center.hub.state.links
        await wait_until(lambda: links.get(sample.PBX) is True, "the PBX is linked")

    # --- people -----------------------------------------------------------------------------------

    async def call(self, number: str, *, stay_s: float = STAYS_S) -> None:
        """Somebody with this number calls the service line now."""
        await self.telephony.call([SampleCaller(number, None, 0.0, stay_s, key="")])

    def rings(self, phone: str) -> list[Heard]:
        """When INVITEs arrived at this phone, by the telephones' own log."""
        return [heard for heard in self.telephony.heard() if heard.phone == phone]

    @asynccontextmanager
    async def manager(self) -> AsyncIterator[Manager]:
        """The manager, as a program."""
        async with Manager(self.url, "max", PASSWORD) as manager:
            yield manager

    async def make_campaign(
        self, contacts: Sequence[SampleContact] = (), **settings: object
    ) -> None:
        """Make the campaign, with this list if there is one; it is not started."""
        changes = {"name": CAMPAIGN_NAME, "amd": False, "lines_per_agent": 1, "wrap_up_s": 8}
        changes |= settings
        async with self.manager() as manager:
            await manager.save(CAMPAIGN, campaign_settings() | changes)
            if contacts:
                await manager.import_contacts(CAMPAIGN, "first", write_list(contacts))

    @asynccontextmanager
    async def at_work(self, *agents: SampleAgent) -> AsyncIterator[None]:
        """These agents are at their desks, as programs, and ready: for the campaign those who
        belong to it."""
        desks = tuple(
            Desk(a.login, PASSWORD, a.phone.number, a.campaign, wrap_up_s=(0.1, 0.3))
            for a in agents
        )
        working = asyncio.create_task(run_desks(Plan(self.url, 1, desks), lambda _: None))
        known = self.center.hub.state.agents
        try:
            await wait_until(
                lambda: all(_is_at_work(known.get(agent.login)) for agent in agents),
                "the agents are at work",
            )
            yield
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)


def _is_at_work(agent: Agent | None) -> bool:
    return agent is not None and agent.state in AT_WORK


def _write_settings(
    folder: Path, agents: tuple[SampleAgent, ...], telephony: Telephony
) -> Settings:
    config = sample.write_config(
        folder,
        http_port=free_port(),
        ami_port=telephony.ami_port,
        agents=agents,
        queue=sample.SampleQueue(wrap_up_s=20.0),
        pbx=telephony.config(),
    )
    written = yaml.safe_load(config.read_text(encoding="utf-8")) | {"flows_dir": "flows"}
    config.write_text(yaml.safe_dump(written), encoding="utf-8")
    (folder / "flows").mkdir()
    (folder / "flows" / "service.yaml").write_text(yaml.safe_dump(FLOW), encoding="utf-8")
    return sample.read_config(config)


async def _fill_database(settings: Settings, agents: tuple[SampleAgent, ...]) -> None:
    """Accounts and customers, before the center starts: so it knows them at once."""
    async with open_database(settings) as database:
        accounts = make_accounts(database, CHEAP_HASHES)
        for agent in agents:
            account = AccountSettings(
                agent.login,
                agent.name,
                (Role.AGENT,),
                seniority=agent.seniority,
                queues=(sample.QUEUE,),
            )
            await accounts.add(account, PASSWORD)
        for login, name, role in OVERSEERS:
            await accounts.add(AccountSettings(login, name, (role,)), PASSWORD)
        await CustomerDirectory(database).import_rows([ANNA])
