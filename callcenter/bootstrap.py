"""The composition root: builds a center from its settings and runs it.

The only place that knows every adapter. What belongs together is started together here and ends
together; nothing is decided.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog
from aiohttp import web

from callcenter.api import static_files
from callcenter.api.app import Api
from callcenter.api.local_access import local_access_path
from callcenter.api.ports import Vitals
from callcenter.core.agents import profile_of
from callcenter.core.machine import MACHINE_VERSION
from callcenter.core.migrations import MIGRATES_FROM
from callcenter.core.state import State
from callcenter.documents.flows import load_flows
from callcenter.documents.reject_rows import erase_reject_rows
from callcenter.domain.agent import AgentProfile
from callcenter.domain.events import AgentsConfigured, CenterConfigured, ServiceStarted
from callcenter.domain.ids import AgentId
from callcenter.domain.step import Entry
from callcenter.installation import (
    database_url,
    journal_folder,
    make_accounts,
    open_database,
    read_secret,
    secret_path,
    voicemails_path,
)
from callcenter.journal.errors import EntriesTrimmed
from callcenter.journal.file import FileJournal
from callcenter.journal.folder import Archive
from callcenter.pbx.ami.gateway import AmiGateway
from callcenter.pbx.ami.link import Account, LinkDown, LinkUp
from callcenter.rehearsal.process import SubprocessRehearser
from callcenter.service.dnc import watch_dnc
from callcenter.service.erasure import Erasure
from callcenter.service.executor import Executor
from callcenter.service.hub import MAX_INBOX, Hub
from callcenter.service.recovery import recover, tell_salvage
from callcenter.service.rehearsals import Rehearsals
from callcenter.service.retention import Retention
from callcenter.service.rules import RuleBook
from callcenter.service.voicemails import VoicemailFiles
from callcenter.settings import (
    PbxSettings,
    Settings,
    center_of,
    flows_folder,
)
from callcenter.storage.accounts import Accounts
from callcenter.storage.audit import Audit
from callcenter.storage.campaign_results import StoredResults
from callcenter.storage.campaign_scripts import StoredScripts
from callcenter.storage.contact_book import StoredContactBook
from callcenter.storage.contact_files import ContactFiles
from callcenter.storage.contact_rows import keep_worth
from callcenter.storage.contacts import Contacts
from callcenter.storage.database import Database
from callcenter.storage.directory import CustomerDirectory
from callcenter.storage.dnc import StoredDnc
from callcenter.storage.evidence import StoredEvidence
from callcenter.storage.history import HISTORY_DAYS
from callcenter.storage.passwords import HashCost
from callcenter.storage.people import People
from callcenter.storage.projector import EntriesGone, Projector
from callcenter.storage.records import StoredRecords
from callcenter.storage.report_rows import StoredReports
from callcenter.storage.rule_versions import StoredRuleVersions
from callcenter.storage.stores import DatabaseAway

ACCOUNTS_EVERY_S = 2.0
"""How soon a change of the accounts made by the command line reaches the machine."""
SHUTDOWN_S = 5.0
"""For open requests at the end."""

log = structlog.get_logger(__name__)


class SystemClock:
    """The wall clock."""

    def now(self) -> float:
        """UTC seconds."""
        return time.time()


@dataclass
class Center:
    """A running center: what the command line, the demo and tests look at."""

    settings: Settings
    hub: Hub
    api: Api
    executor: Executor
    projector: Projector
    records: StoredRecords
    accounts: Accounts
    directory: CustomerDirectory
    contacts: Contacts
    gateways: dict[str, AmiGateway]
    journal: FileJournal
    rules: RuleBook
    url: str
    notes: list[str]
    """Sentences for the administrator on what is wrong now."""


@asynccontextmanager
async def open_center(
    settings: Settings,
    *,
    hash_cost: HashCost | None = None,
    on_link: Callable[[LinkUp | LinkDown], None] = lambda _: None,
) -> AsyncIterator[Center]:
    """Run a center until the block ends. Raises what cannot be begun with, in words for people.

    When the block ends the PBX's calls live on; a snapshot is written so that the next start has
    nothing to replay.
    """
    center_settings = center_of(settings, load_flows(flows_folder(settings)))
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings))
        journal, projector = open_journal(settings, database)
        stack.push_async_callback(journal.close)
        notes: list[str] = []
        hub = await _recover_hub(journal, projector, notes)
        stack.push_async_callback(_save_last_snapshot, hub, journal)
        accounts = make_accounts(database, hash_cost)
        directory = CustomerDirectory(database)
        contacts = Contacts(database, directory, settings.region)
        records = StoredRecords(database)
        people = People(database, directory)
        clock = SystemClock()
        retention = Retention(
            people,
            hub.save_snapshot_now,
            clock,
            calls_days=settings.retention.calls_days,
            audit_days=settings.retention.audit_days,
        )

        recordings = VoicemailFiles(voicemails_path(settings))
        gateways: dict[str, AmiGateway] = {}
        executor_of: list[Executor] = []
        dnc = StoredDnc(database)
        rules = RuleBook(hub, StoredRuleVersions(database), clock)
        rehearsals = Rehearsals(
            hub, SubprocessRehearser(database_url(settings), HISTORY_DAYS), clock
        )
        stack.push_async_callback(rehearsals.close)
        api = Api(
            hub=hub,
            accounts=accounts,
            audit=Audit(database),
            records=records,
            cards=contacts,
            contacts=ContactFiles(contacts, settings.data_dir / "rejects"),
            attempts=contacts,
            evidence=StoredEvidence(database),
            report_source=StoredReports(database),
            trunks={pbx.name: tuple(trunk.name for trunk in pbx.trunks) for pbx in settings.pbxs},
            rules=rules,
            erasure=Erasure(
                hub,
                people,
                lambda: projector.wait_for(hub.position),
                lambda person: erase_reject_rows(
                    settings.data_dir, settings.region, person.numbers, person.names
                ),
                recordings.remove,
            ),
            dnc_list=dnc,
            contact_book=StoredContactBook(database, contacts),
            rehearsals=rehearsals,
            voicemail_files=recordings,
            campaign_results=StoredResults(database, contacts),
            scripts=StoredScripts(database),
            upload_dir=settings.data_dir,
            clock=clock,
            vitals=lambda: _vitals(
                hub, gateways, projector, executor_of[0], retention, (*notes, *rules.notes())
            ),
            origins=settings.http.origins,
            behind_proxy=settings.http.behind_proxy,
            pages=static_files.FOLDER,
        )
        gateways |= {
            pbx.name: _make_gateway(settings, pbx, hub, notes, on_link) for pbx in settings.pbxs
        }
        executor = Executor(
            gateways,
            directory,
            api.desktops,
            hub.put,
            contacts,
            lambda: projector.wait_for(hub.position),
            clock,
        )
        executor_of.append(executor)
        stack.push_async_callback(executor.close)
        hub.connect(gateways, executor)

        # By the time: also a start that could write nothing (a full disk) has given away ids.
        hub.put(ServiceStarted(max(hub.state.epoch + 1, int(clock.now()))))
        if not hub.state.configured or hub.state.center != center_settings:
            hub.put(CenterConfigured(center_settings))
        await _tell_accounts(hub, accounts)
        publishing = await rules.begin(
            settings.routing_rules, [queue.id for queue in center_settings.queues]
        )

        url = await _serve_http(stack, settings, api)
        stack.enter_context(api.local_access(local_access_path(settings.data_dir), url))
        tasks = await stack.enter_async_context(_TaskOwner())
        tasks.start(projector.run(), "projector")
        tasks.start(hub.run(), "hub")
        if publishing is not None:
            tasks.start(publishing, "rules")
        tasks.start(_watch_accounts(hub, accounts), "accounts")
        tasks.start(watch_dnc(dnc.imports, hub.put), "do-not-call list")
        tasks.start(keep_worth(database), "worth of contacts")
        tasks.start(retention.run(), "retention")
        for gateway in gateways.values():
            tasks.start(gateway.run(), f"pbx {gateway.name}")
        yield Center(
            settings,
            hub,
            api,
            executor,
            projector,
            records,
            accounts,
            directory,
            contacts,
            gateways,
            journal,
            rules,
            url,
            notes,
        )


class _TaskOwner:
    """Runs tasks until the block ends; one that fails ends the block with its error."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []
        self._owner: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None

    async def __aenter__(self) -> _TaskOwner:
        self._owner = asyncio.current_task()
        return self

    def start(self, job: Coroutine[None, None, None], name: str) -> None:
        """Begin a job."""
        task = asyncio.create_task(job, name=name)
        task.add_done_callback(self._look)
        self._tasks.append(task)

    def _look(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and self._failure is None:
            self._failure = error
            log.error("task_failed", task=task.get_name(), error=repr(error))
            if self._owner is not None:
                self._owner.cancel()

    async def __aexit__(self, *_: object) -> None:
        failure, self._owner = self._failure, None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if failure is not None:
            raise failure


def _archive(settings: Settings) -> Archive | None:
    days = settings.journal_days
    return Archive(settings.data_dir / "journal-archive", days) if days else None


def open_journal(settings: Settings, database: Database) -> tuple[FileJournal, Projector]:
    """The journal, and the projector that reads it again where it fell behind."""
    projectors: list[Projector] = []
    journal = FileJournal(
        journal_folder(settings),
        machine_version=MACHINE_VERSION,
        migrates_from=MIGRATES_FROM,
        trim_behind=lambda: projectors[0].written,
        archive=_archive(settings),
    )

    def read_after(position: int) -> Iterator[Entry]:
        try:
            yield from journal.read_after(position)
        except EntriesTrimmed as gone:
            raise EntriesGone(gone.first_kept) from gone

    projectors.append(Projector(database, journal.id, read_after, sync_journal=journal.sync))
    return journal, projectors[0]


async def _recover_hub(journal: FileJournal, projector: Projector, notes: list[str]) -> Hub:
    loaded = journal.load()
    notes += journal.remarks
    if loaded.torn_bytes:
        notes.append(f"{loaded.torn_bytes} bytes of an unfinished batch were cut off the journal")
    recovered = recover(journal.id, loaded)
    for difference in recovered.differences:
        log.error("replay_differs", position=difference.position)
    if recovered.differences:
        notes.append(
            f"the journal from position {recovered.differences[0].position} did not replay the "
            f"same; keep {journal.id} and report it"
        )
    state = recovered.machine.state
    if loaded.foreign:
        notes.append(tell_salvage(loaded.foreign, str(journal.origin), recovered))
        log.warning("journal_salvaged", by=loaded.foreign, entries=recovered.entries)
    if loaded.foreign or loaded.snapshot_version not in (0, MACHINE_VERSION):
        try:  # once is enough, and the version before this one is not read for ever
            await journal.save_snapshot(state.position, state.encode())
        except OSError as error:
            log.error("snapshot_not_written", error=str(error))
    return Hub(recovered.machine, journal, SystemClock(), [projector])


async def _save_last_snapshot(hub: Hub, journal: FileJournal) -> None:
    """Leave nothing to replay to the next start."""
    if hub.is_journaled and hub.position:
        try:
            await journal.save_snapshot(hub.position, hub.state.encode())
        except OSError as error:
            log.error("snapshot_not_written", error=str(error))


def _make_gateway(
    settings: Settings,
    pbx: PbxSettings,
    hub: Hub,
    notes: list[str],
    on_link: Callable[[LinkUp | LinkDown], None],
) -> AmiGateway:
    def account(user: str) -> Account:
        path = secret_path(settings, pbx.name, user)
        secret = read_secret(settings, pbx.name, user)
        return Account(pbx.name, pbx.host, pbx.ami_port, user, secret, str(path))

    def tell(change: LinkUp | LinkDown) -> None:
        mark = f'PBX "{pbx.name}"'
        notes[:] = [note for note in notes if not note.startswith(mark)]
        if isinstance(change, LinkDown):
            if change.retry_in_s is not None:
                text = change.text
                notes.append(text if text.startswith(mark) else f"{mark}: {text}")
            log.error("pbx_link_down", pbx=pbx.name, kind=change.kind, text=change.text)
        else:
            log.info("pbx_link_up", pbx=pbx.name, greeting=change.greeting)
        on_link(change)

    return AmiGateway(
        account(pbx.leader),
        account(pbx.fence),
        hub.put,
        is_full=lambda: hub.is_full,
        on_fault=lambda text: log.warning("pbx_fault", pbx=pbx.name, text=text),
        on_link=tell,
    )


async def _serve_http(stack: AsyncExitStack, settings: Settings, api: Api) -> str:
    """Listen; returns the address. Raises ``OSError`` when the port is taken."""
    runner = web.AppRunner(api.app, access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    host, port = settings.http.host, settings.http.port
    await web.TCPSite(runner, host, port).start()
    return f"http://{host}:{port}"


# --- accounts -----------------------------------------------------------------------------------


def _profiles_of(state: State) -> dict[AgentId, AgentProfile]:
    return {agent.id: profile_of(agent) for agent in state.agents.values()}


async def _tell_accounts(hub: Hub, accounts: Accounts) -> tuple[AgentProfile, ...]:
    """Send the accounts that may answer calls, if the machine knows others; returns them."""
    profiles = await accounts.agent_profiles()
    if {profile.id: profile for profile in profiles} != _profiles_of(hub.state):
        hub.put(AgentsConfigured(profiles))
    return profiles


async def _watch_accounts(hub: Hub, accounts: Accounts) -> None:
    """Look for changes. What was told once is not told again: an agent taken away in mid-call
    stays in the state until the call is over."""
    told: tuple[AgentProfile, ...] | None = None
    while True:
        await asyncio.sleep(ACCOUNTS_EVERY_S)
        try:
            if await accounts.agent_profiles() != told:
                told = await _tell_accounts(hub, accounts)
        except DatabaseAway as error:
            log.warning("accounts_not_read", error=str(error))


# --- vital signs --------------------------------------------------------------------------------


def _vitals(
    hub: Hub,
    gateways: dict[str, AmiGateway],
    projector: Projector,
    executor: Executor,
    retention: Retention,
    notes: tuple[str, ...],
) -> Vitals:
    stats = projector.stats()
    return Vitals(
        leading=True,
        links={name: gateway.is_up for name, gateway in gateways.items()},
        journal_ok=not hub.journal_problem,
        journal_position=hub.position,
        journal_unsynced=hub.position - hub.synced_position,
        projector_lag=max(0, hub.position - projector.written),
        inbox=hub.inbox_length,
        inbox_limit=MAX_INBOX,
        events=dict(hub.events),
        commands=dict(executor.sent),
        faults=dict(hub.faults),
        repairs=dict(hub.repairs),
        notes=(*notes, *hub.tell_problems(), *([stats.last_error] if stats.last_error else [])),
        forgotten=dict(retention.forgotten),
    )
