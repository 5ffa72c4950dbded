"""Rules of the config's file through starts of a whole center; the cases one by one: the service's
tests."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from callcenter.bootstrap import open_center
from callcenter.settings import load_settings
from callcenter.simulator.asterisk_instance import free_port

CONFIG = """
data_dir: data
routing_rules: routing.yaml
http: {{port: {http}}}
pbxs: [{{name: main, ami_port: {ami}, phones: [{{number: "1001"}}]}}]
queues: [{{id: service}}]
default_queue: service
"""
TEXT = "format: 1\nrules:\n  - name: all\n"
CHANGED = "format: 1\nrules:\n  - name: everyone\n"
DEADLINE_S = 20.0


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config file that names a file of rules; its PBX is not there."""
    path = tmp_path / "center.yaml"
    path.write_text(CONFIG.format(http=free_port(), ami=free_port()))
    return path


async def start(config: Path, version: int) -> tuple[str, list[str]]:
    """Start the center, wait until this version holds, stop it; the first rule and what
    ``/healthz`` says of rules."""
    async with open_center(load_settings(config)) as center:
        async with asyncio.timeout(DEADLINE_S):
            while center.hub.state.rules.version != version:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.01)
        async with aiohttp.ClientSession(center.url) as session, session.get("/healthz") as answer:
            health: dict[str, Any] = await answer.json()
        held = await center.rules.published()
        assert held.about.version == version
        return held.rules.rules[0].name, [note for note in health["notes"] if "rules" in note]


async def test_the_files_rules_begin_and_a_later_change_is_only_reported(config: Path) -> None:
    file = config.parent / "routing.yaml"
    file.write_text(TEXT)

    first = await start(config, 1)
    again = await start(config, 1)
    file.write_text(CHANGED)
    changed = await start(config, 1)

    assert first == again == ("all", [])
    assert changed[0] == "all"
    (note,) = changed[1]
    assert "draft 2" in note
    assert str(file) in note


async def test_rules_survive_a_lost_journal(config: Path) -> None:
    file = config.parent / "routing.yaml"
    file.write_text(TEXT)
    await start(config, 1)
    (config.parent / "data" / "journal").rename(config.parent / "lost")

    assert await start(config, 1) == ("all", [])
