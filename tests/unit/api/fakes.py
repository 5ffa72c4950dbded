"""Stands in for what the API talks to: a hub around a real machine, and stores in memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientWebSocketResponse, CookieJar
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from callcenter.api.app import Api
from callcenter.api.ports import Vitals
from callcenter.core.state import State
from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile
from callcenter.domain.records import Record
from callcenter.domain.step import Reply
from callcenter.service.campaign_results import CampaignResults
from callcenter.service.erasure import Erasure
from callcenter.service.ports import (
    Account,
    AuditEntry,
    CallHistory,
    CallQuery,
    CallRecordPage,
    Overloaded,
    Role,
    SignInRefused,
    Touched,
)
from callcenter.service.rehearsals import Rehearsals
from callcenter.service.rules import RuleBook
from callcenter.service.version_store import NewRules, RulesDocument, RulesVersion
from callcenter.service.voicemails import VoicemailFiles
from callcenter.storage.memory_rule_versions import MemoryRuleVersions
from callcenter.storage.report_rows import MemoryReports
from routing.chooser import Chooser
from tests.builders import T0, Bench
from tests.unit.api.fake_contacts import (
    FakeBook,
    FakeContacts,
    FakeDnc,
    FakeEvidence,
    FakeScripts,
)

PASSWORD = "correct horse"
WAIT_S = 5.0
"""How long a test waits for a frame that must come."""

ACCOUNTS = {
    "ana": Account("ana", "Ana", (Role.AGENT,)),
    "ben": Account("ben", "Ben", (Role.AGENT,)),
    "sue": Account("sue", "Sue", (Role.SUPERVISOR,)),
    "mia": Account("mia", "Mia", (Role.MANAGER,)),
    "adi": Account("adi", "Adi", (Role.ADMINISTRATOR,)),
    "aud": Account("aud", "Aud", (Role.AUDITOR,)),
}
"""One person of each role, and a second agent."""


class FakeClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.time = T0

    def now(self) -> float:
        """The time set."""
        return self.time


class FakeHub:
    """Steps a real machine at once, without a journal."""

    def __init__(self) -> None:
        self.bench = Bench(allowed_faults=("*",))
        self.on_touched: list[Touched] = []
        self.full = False
        self.silent = False
        self.asked: list[e.Request] = []
        self.told: list[e.Event] = []

    @property
    def state(self) -> State:
        """The machine's."""
        return self.bench.machine.state

    @property
    def chooser(self) -> Chooser:
        """The machine's."""
        return self.bench.machine.chooser

    def tell(self, event: e.Event) -> Sequence[Reply]:
        """Step an event and tell of what changed."""
        step = self.bench.tell(event)
        for listener in self.on_touched:
            listener(step.touched)
        return step.replies

    def put(self, event: e.Event) -> None:
        """As the hub's."""
        if self.full:
            raise Overloaded("full")
        self.told.append(event)
        self.tell(event)

    async def ask(self, request: e.Request) -> Reply:
        """As the hub's."""
        if self.full:
            raise Overloaded("full")
        self.asked.append(request)
        if self.silent:
            await asyncio.Event().wait()
        return self.tell(request)[0]


class FakeAccounts:
    """Accounts and sessions in memory; everybody has the same password."""

    def __init__(self) -> None:
        self.accounts = dict(ACCOUNTS)
        self.sessions: dict[str, str] = {}
        self.away = False
        self.stuck = False
        self.look_ups = 0
        self.attempts: list[tuple[str, str]] = []
        """Login and address of every sign-in."""

    async def verify(self, login: str, password: str, address: str) -> Account | SignInRefused:
        """As the store's; after five wrong passwords of a login it asks to wait."""
        if self.stuck:
            await asyncio.Event().wait()
        if self.away:
            raise OSError("the database is away")
        self.attempts.append((login, address))
        if len([who for who, _ in self.attempts if who == login]) > 5:
            return SignInRefused("Too many attempts: wait half a minute.", 29.6)
        if password != PASSWORD or login not in self.accounts:
            return SignInRefused("Login or password is wrong.")
        return self.accounts[login]

    async def open_session(self, account: Account) -> str:
        """As the store's."""
        token = f"token-{account.id}-{len(self.sessions)}"
        self.sessions[token] = account.id
        return token

    async def session(self, token: str) -> Account | None:
        """As the store's."""
        self.look_ups += 1
        if self.stuck:
            await asyncio.Event().wait()
        if self.away:
            raise OSError("the database is away")
        return self.accounts.get(self.sessions.get(token, ""))

    async def revoke(self, token: str) -> None:
        """As the store's."""
        if self.away:
            raise OSError("the database is away")
        self.sessions.pop(token, None)


class FakeAudit:
    """Keeps entries; may be away."""

    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []
        self.writes: Counter[str] = Counter()
        self.away = False

    async def write(self, entries: Sequence[AuditEntry]) -> None:
        """As the log's."""
        self.writes["tried"] += 1
        if self.away:
            raise OSError("the database is away")
        self.entries += entries


class FakeRecords:
    """Answers with what a test put in."""

    def __init__(self) -> None:
        self.page = CallRecordPage(())
        self.histories: dict[str, CallHistory] = {}
        self.queries: list[CallQuery] = []
        self.away = False

    async def calls(self, query: CallQuery) -> CallRecordPage:
        """As the reader's; only the cursor ``next`` is known."""
        self.queries.append(query)
        if self.away:
            raise OSError("the database is away")
        if query.cursor not in ("", "next"):
            raise ValueError("not a cursor")
        return self.page

    async def call(self, call: str) -> CallHistory | None:
        """As the reader's."""
        if self.away:
            raise OSError("the database is away")
        return self.histories.get(call)


class FakeCards:
    """Gives cards after a while that a test sets."""

    def __init__(self) -> None:
        self.cards: dict[str, Mapping[str, object]] = {}
        self.delay_s = 0.0
        self.broken = False
        self.asked: list[str] = []

    async def card(self, customer: str) -> Mapping[str, object] | None:
        """As the source's."""
        self.asked.append(customer)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if self.broken:
            raise OSError("the database is away")
        return self.cards.get(customer)

    async def contact_card(self, contact: str) -> Mapping[str, object] | None:
        """As the source's; contacts' cards are kept under ``contact:ID``."""
        return await self.card(f"contact:{contact}")


class FakeRuleVersions(MemoryRuleVersions):
    """Versions in memory; may be away, from the beginning or only for marks."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.marks = True

    async def save(self, new: NewRules, above: int = 0) -> RulesDocument:
        """As the store's."""
        self._look()
        return await super().save(new, above)

    async def document(self, version: int) -> RulesDocument | None:
        """As the store's."""
        self._look()
        return await super().document(version)

    async def versions(self, limit: int, before: int = 0) -> tuple[RulesVersion, ...]:
        """As the store's."""
        self._look()
        return await super().versions(limit, before)

    async def mark_published(self, version: int, at: float) -> None:
        """As the store's."""
        if not self.marks:
            raise OSError("the database is away")
        await super().mark_published(version, at)

    def _look(self) -> None:
        if self.away:
            raise OSError("the database is away")


def healthy() -> Vitals:
    """The vitals of a service in which all is well."""
    return Vitals(
        leading=True,
        links={"main": True},
        journal_ok=True,
        journal_position=42,
        journal_unsynced=1,
        projector_lag=2,
        inbox=3,
        inbox_limit=20_000,
        events={"Tick": 5},
        commands={"PopCard": 1},
        faults={"late_event": 2},
        repairs={"lost_call": 1},
    )


@dataclass
class Center:
    """An API with everything around it, served on loopback."""

    hub: FakeHub = field(default_factory=FakeHub)
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    audit: FakeAudit = field(default_factory=FakeAudit)
    records: FakeRecords = field(default_factory=FakeRecords)
    cards: FakeCards = field(default_factory=FakeCards)
    contacts: FakeContacts = field(default_factory=FakeContacts)
    trunks: Mapping[str, Sequence[str]] = field(default_factory=lambda: {"main": ("carrier",)})
    rule_versions: FakeRuleVersions = field(default_factory=FakeRuleVersions)
    erasure: Erasure | None = None
    dnc: FakeDnc | None = field(default_factory=lambda: FakeDnc())
    book: FakeBook | None = field(default_factory=FakeBook)
    rehearsals: Rehearsals | None = None
    voicemails: VoicemailFiles | None = None
    results: CampaignResults | None = None
    scripts: FakeScripts | None = field(default_factory=lambda: FakeScripts())
    past: list[Record] = field(default_factory=list)
    """What reports are counted from."""
    teams: dict[str, str] = field(default_factory=dict)
    """Of the agents in reports."""
    upload_dir: Path | None = None
    clock: FakeClock = field(default_factory=FakeClock)
    vitals: Vitals = field(default_factory=healthy)
    origins: tuple[str, ...] = ()
    behind_proxy: bool = False
    log_requests: bool = False
    pages: Path | None = None

    def __post_init__(self) -> None:
        self.api = Api(
            hub=self.hub,
            accounts=self.accounts,
            audit=self.audit,
            records=self.records,
            cards=self.cards,
            contacts=self.contacts,
            attempts=self.contacts,
            evidence=FakeEvidence(self.contacts),
            report_source=MemoryReports(self.past, self.teams),
            trunks=self.trunks,
            rules=RuleBook(self.hub, self.rule_versions, self.clock),
            erasure=self.erasure,
            dnc_list=self.dnc,
            contact_book=self.book,
            rehearsals=self.rehearsals,
            voicemail_files=self.voicemails,
            campaign_results=self.results,
            scripts=self.scripts,
            upload_dir=self.upload_dir,
            clock=self.clock,
            vitals=lambda: self.vitals,
            origins=self.origins,
            behind_proxy=self.behind_proxy,
            log_requests=self.log_requests,
            pages=self.pages,
        )

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[Caller]:
        """Serve on a free port of loopback."""
        server = TestServer(self.api.app)
        async with TestClient(server, cookie_jar=CookieJar(unsafe=True)) as client:
            yield Caller(self, client)

    def with_agents(self, *names: str) -> Center:
        """Configure these agents; nobody is signed in on a phone."""
        profiles = tuple(AgentProfile(name, ("service",)) for name in names)
        self.hub.tell(e.AgentsConfigured(profiles))
        return self


@dataclass
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def problem(self) -> str:
        """The problem's name; fails when it is not problem details."""
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.body["status"] == self.status
        assert self.body["title"]
        assert self.body["detail"]
        return str(self.body["type"]).removeprefix("urn:callcenter:problem:")


class Caller:
    """A client of the API."""

    def __init__(self, center: Center, client: TestClient[Request, Application]) -> None:
        self.center = center
        self.client = client

    @property
    def origin(self) -> str:
        """The server's own origin."""
        return f"http://127.0.0.1:{self.client.port}"

    async def bearer(self, login: str) -> dict[str, str]:
        """Headers with a token of this account."""
        answer = await self.send(
            "POST",
            "/api/v1/session",
            json={"login": login, "password": PASSWORD, "bearer": True},
        )
        assert answer.status == 200, answer.body
        return {"Authorization": f"Bearer {answer.body['token']}"}

    async def send(self, method: str, path: str, **options: Any) -> Answer:
        """Send a request and read the answer."""
        async with self.client.request(method, path, **options) as response:
            text = await response.text()
            is_json = "json" in response.content_type
            body = await response.json(content_type=None) if is_json else text
            return Answer(response.status, body, response.headers)

    async def watch(self, headers: Mapping[str, str], **options: Any) -> Screen:
        """Open a WebSocket and read its first frame."""
        ws = await self.client.ws_connect("/api/v1/live", headers=headers, **options)
        screen = Screen(ws)
        screen.hello = await screen.next("hello")
        return screen


class Screen:
    """An open WebSocket."""

    def __init__(self, ws: ClientWebSocketResponse) -> None:
        self.ws = ws
        self.hello: dict[str, Any] = {}

    async def next(self, kind: str) -> dict[str, Any]:
        """The next frame, which must be of this kind."""
        frame: dict[str, Any] = await self.ws.receive_json(timeout=WAIT_S)
        assert frame["type"] == kind, frame
        return frame

    async def send(self, **message: Any) -> None:
        """Send a message."""
        await self.ws.send_json(message)

    async def end(self) -> int | None:
        """Read until it is closed; the code it was closed with."""
        async with asyncio.timeout(WAIT_S):
            async for _ in self.ws:
                pass
        return self.ws.close_code


async def until(is_true: Callable[[], object]) -> None:
    """Wait until something is true; fails after ``WAIT_S``."""
    async with asyncio.timeout(WAIT_S):
        while not is_true():  # noqa: ASYNC110 - what is waited for knows nothing of events
            await asyncio.sleep(0.005)
