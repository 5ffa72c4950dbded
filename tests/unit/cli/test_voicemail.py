"""``callcenter voicemail`` against an API that serves."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from typer.testing import CliRunner, Result

from callcenter.cli.app import make_app
from callcenter.service.voicemails import VoicemailFiles
from tests.unit.api.fakes import Center
from tests.unit.api.test_voicemails import LEFT
from tests.unit.cli.test_campaign import config as config
from tests.unit.cli.test_campaign import running


async def run(config: Path, *arguments: str) -> Result:
    """The command, in a thread of its own: it has a loop of its own."""
    whole = ["voicemail", *arguments, "--config", str(config)]
    return await asyncio.to_thread(CliRunner().invoke, make_app("voicemail"), whole)


async def test_messages_are_listed_with_their_files_and_dealt_with(config: Path) -> None:
    folder = config.parent / "data" / "voicemails"
    folder.mkdir(parents=True)
    (folder / LEFT.file).write_bytes(b"sound")
    center = Center(voicemails=VoicemailFiles(folder))
    center.hub.bench.machine.state.voicemails.put(LEFT.call, LEFT)

    async with running(config, center):
        listed = await run(config, "list")
        as_json = await run(config, "list", "--json")
        done = await run(config, "done", "c1")
        again = await run(config, "done", "c1")
        empty = await run(config, "list")

    for said in ("c1", "service", "12 s", "gold", "+3545550001", str(folder / "c1.wav")):
        assert said in listed.stdout
    assert [one["call"] for one in json.loads(as_json.stdout)["voicemails"]] == ["c1"]
    assert done.stdout == "c1 is done, its recording deleted\n"
    assert not (folder / LEFT.file).exists()
    assert again.exit_code != 0
    assert "has left no voicemail" in again.output
    assert "nobody has left a message" in empty.stdout


async def test_without_a_running_center_it_says_so(config: Path) -> None:
    listed, done = await run(config, "list"), await run(config, "done", "c1")

    assert (listed.exit_code, done.exit_code) == (1, 1)
