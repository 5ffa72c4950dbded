"""Messages that callers have left, over HTTP."""

from __future__ import annotations

from pathlib import Path

from callcenter.domain.customer import Tier
from callcenter.domain.voicemail import VoicemailLeft
from callcenter.service.voicemails import VoicemailFiles
from tests.unit.api.fakes import Center

LEFT = VoicemailLeft("c1", "service", "c1.wav", 1000.5, 12.0, "+3545550001", "k1", Tier.GOLD)


def center_with(folder: Path) -> Center:
    """A center in which a message was left, recorded in this folder."""
    center = Center(voicemails=VoicemailFiles(folder))
    center.hub.bench.machine.state.voicemails.put(LEFT.call, LEFT)
    (folder / LEFT.file).write_bytes(b"sound")
    return center


async def test_messages_are_listed_and_dealt_with(tmp_path: Path) -> None:
    center, recording = center_with(tmp_path), tmp_path / LEFT.file
    async with center.serve() as caller:
        sue = await caller.bearer("sue")
        listed = await caller.send("GET", "/api/v1/voicemails", headers=sue)
        done = await caller.send("DELETE", "/api/v1/voicemails/c1", headers=sue)
        left = await caller.send("GET", "/api/v1/voicemails", headers=sue)
        again = await caller.send("DELETE", "/api/v1/voicemails/c1", headers=sue)

    assert listed.body["voicemails"] == [
        {
            "call": "c1",
            "queue": "service",
            "left_at": 1000.5,
            "seconds": 12.0,
            "caller_number": "+3545550001",
            "customer": "k1",
            "tier": "gold",
            "file": "c1.wav",
        }
    ]
    assert (done.status, again.status) == (204, 404)
    assert left.body["voicemails"] == []
    assert not recording.exists()


async def test_a_recording_that_is_gone_already_is_no_hindrance(tmp_path: Path) -> None:
    center = center_with(tmp_path)
    (tmp_path / LEFT.file).unlink()
    async with center.serve() as caller:
        sue = await caller.bearer("sue")
        done = await caller.send("DELETE", "/api/v1/voicemails/c1", headers=sue)

    assert done.status == 204


async def test_agents_hear_of_no_message_and_auditors_delete_none(tmp_path: Path) -> None:
    center = center_with(tmp_path)
    async with center.serve() as caller:
        ana, aud = await caller.bearer("ana"), await caller.bearer("aud")
        listed = await caller.send("GET", "/api/v1/voicemails", headers=ana)
        done = await caller.send("DELETE", "/api/v1/voicemails/c1", headers=aud)

    assert (listed.status, done.status) == (403, 403)
    assert (tmp_path / LEFT.file).exists()
