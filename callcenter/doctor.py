"""Checks an installation: what is wrong, where, and how to mend it. Changes nothing that matters.

May be run beside a running center: the fence's account only looks.
"""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import stat
from collections.abc import AsyncIterator, Iterator

from msgspec import Struct

from callcenter.core.announcing import list_prompts
from callcenter.core.machine import MACHINE_VERSION
from callcenter.core.migrations import MIGRATES_FROM
from callcenter.documents.flows import load_flows
from callcenter.documents.rules import load_rules
from callcenter.documents.yaml_lines import DocumentError
from callcenter.domain.flow import MenuNode, PlayNode
from callcenter.installation import database_url, journal_folder, secret_path
from callcenter.journal.errors import ForeignJournal, JournalDamaged
from callcenter.journal.reader import read
from callcenter.pbx.ami.connection import logged_in
from callcenter.pbx.ami.errors import AmiError, LinkFailed
from callcenter.pbx.ami.fence import FenceError, find_sessions, run_command
from callcenter.pbx.ami.link import Account, Timings
from callcenter.pbx.ami.wire import every
from callcenter.settings import PbxSettings, Settings, flows_folder
from callcenter.storage.database import SCHEMA, Database
from callcenter.storage.stores import DatabaseAway, DatabaseUnusable

FREE_BYTES_MIN = 1024**3
"""A gigabyte: the journal of some weeks."""
HEALTH_S = 2.0
"""For a running center's word on its health."""
TIMINGS = Timings(connect_s=3.0, greeting_s=3.0, login_s=4.0, action_s=4.0)


class Finding(Struct, frozen=True):
    """One check."""

    check: str
    ok: bool
    text: str
    """What was found; if it is wrong, how to mend it."""


async def examine(settings: Settings) -> list[Finding]:
    """Run every check."""
    findings = [*_data_dir(settings), _port(settings)]
    folder = settings.data_dir
    if folder.exists() and not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return findings  # the rest lies in there
    findings += [*_flows(settings), *_rules(settings), *_journal(settings)]
    findings.append(await _database(settings))
    for pbx in settings.pbxs:
        findings += [finding async for finding in _pbx(settings, pbx)]
    return findings


def _data_dir(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    if not folder.exists():
        yield Finding("data folder", True, f"{folder} will be made at the first start")
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding("data folder", False, f"{folder} is not writable: chown it to this user")
        return
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield Finding("data folder", False, f"others may look into {folder}: chmod 700 it")
    else:
        yield Finding("data folder", True, str(folder))
    free = shutil.disk_usage(folder).free
    ok = free >= FREE_BYTES_MIN
    text = f"{free / 1024**3:.1f} GiB free" + ("" if ok else ": make room, or calls go unjournaled")
    yield Finding("disk", ok, text)


def _rules(settings: Settings) -> Iterator[Finding]:
    """The file of rules, where the config names one: what is published is in the database."""
    if settings.routing_rules is None:
        return
    try:
        rules = load_rules(settings.routing_rules, [queue.id for queue in settings.queues])
    except DocumentError as error:
        for problem in error.problems:
            yield Finding("rules", False, str(problem))
        return
    yield Finding("rules", True, f"{len(rules.rules)} in {settings.routing_rules}")


def _flows(settings: Settings) -> Iterator[Finding]:
    folder = flows_folder(settings)
    try:
        flows = load_flows(folder, queues=[queue.id for queue in settings.queues])
    except DocumentError as error:
        for problem in error.problems:
            yield Finding("flows", False, str(problem))
        return
    known = [flow.id for flow in flows]
    missing = [flow for flow in dict.fromkeys(settings.numbers.values()) if flow not in known]
    if missing:
        yield Finding(
            "flows",
            False,
            f"numbers name the flow {missing[0]}, which is not in {folder}; there are "
            f"{', '.join(known) or 'none'}",
        )
    else:
        yield Finding("flows", True, ", ".join(known))
    sounds = settings.data_dir / "sounds"
    played = [
        node.prompt
        for flow in flows
        for node in flow.nodes.values()
        if isinstance(node, PlayNode | MenuNode)
    ]
    silent = [name for name in (*played, *list_prompts()) if not any(sounds.glob(f"{name}.*"))]
    if silent and sounds.is_dir():
        text = f"no sound for {', '.join(silent)} in {sounds}: put them there as 8 kHz files"
        yield Finding("prompts", False, text)


def _journal(settings: Settings) -> Iterator[Finding]:
    folder = journal_folder(settings)
    if not folder.exists():
        yield Finding("journal", True, "none yet")
        return
    try:
        found = read(folder, newest_snapshot=True)
    except FileNotFoundError:
        yield Finding("journal", True, "empty")
    except (JournalDamaged, ForeignJournal, OSError) as error:
        yield Finding("journal", False, str(error))
    else:
        version = found.header.machine_version
        ok = version in (MACHINE_VERSION, *MIGRATES_FROM)
        last = found.entries[-1].position if found.entries else found.snapshot_position
        text = f"{found.header.journal}, position {last}"
        if version != MACHINE_VERSION:
            text += f", written by machine version {version} and this is {MACHINE_VERSION}"
        yield Finding("journal", ok, text)


def _port(settings: Settings) -> Finding:
    host, port = settings.http.host, settings.http.port
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if _is_center(host, port):
                return Finding("http port", True, f"a center serves on {host}:{port}")
            text = f"{host}:{port}: {error.strerror}. Stop what uses it, or change http.port"
            return Finding("http port", False, text)
    return Finding("http port", True, f"{host}:{port} is free")


def _is_center(host: str, port: int) -> bool:
    """Whether what listens there is a center of ours."""
    connection = http.client.HTTPConnection(host, port, timeout=HEALTH_S)
    try:
        connection.request("GET", "/healthz")
        return b'"journal_position"' in connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


async def _database(settings: Settings) -> Finding:
    try:
        database = Database(database_url(settings))
    except DatabaseUnusable as error:
        return Finding("database", False, str(error))
    if database.path is not None and not os.path.exists(database.path):  # noqa: ASYNC240 - one look at a local file
        return Finding("database", True, "none yet")
    try:
        program = await database.program()
        schema = await database.schema_revision()
    except (DatabaseAway, DatabaseUnusable) as error:
        return Finding("database", False, str(error))
    finally:
        await database.close()
    text = f"{program}, {database.place}, "
    if not schema:
        text += "no tables yet: the first start makes them"
    elif schema < SCHEMA:
        text += f"schema {schema}: the next start brings it to {SCHEMA}"
    elif schema > SCHEMA:
        text += f"schema {schema} of a newer program, this one knows {SCHEMA}: install that one"
    else:
        text += f"schema {schema}"
    return Finding("database", schema <= SCHEMA, text)


async def _pbx(settings: Settings, pbx: PbxSettings) -> AsyncIterator[Finding]:
    for user in (pbx.leader, pbx.fence):
        path = secret_path(settings, pbx.name, user)
        if not path.exists():
            text = f"{path} is missing: run `callcenter asterisk config --out DIR` and include them"
            yield Finding(f"pbx {pbx.name}", False, text)
            return
    path = secret_path(settings, pbx.name, pbx.fence)
    fence = Account(
        pbx.name, pbx.host, pbx.ami_port, pbx.fence, path.read_text().strip(), str(path)
    )
    try:
        async with logged_in(fence, timings=TIMINGS) as session:
            answer = await session.action({"Action": "Command", "Command": "core show version"})
            yield Finding(f"pbx {pbx.name}", True, " ".join(every(answer, "Output"))[:80])
            listing = await run_command(session, "manager show connected")
            leading = bool(find_sessions(listing, pbx.leader))
            yield Finding(
                f"pbx {pbx.name} leader", True, "a center leads" if leading else "nobody leads"
            )
            dialplan = await run_command(session, "dialplan show cc-inbound")
            ok = any("AGI" in line for line in dialplan)
            text = "included" if ok else "cc_extensions.conf is not included in extensions.conf"
            yield Finding(f"pbx {pbx.name} dialplan", ok, text)
    except (LinkFailed, FenceError, AmiError) as error:
        yield Finding(f"pbx {pbx.name}", False, str(error))
