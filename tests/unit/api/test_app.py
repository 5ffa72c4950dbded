"""Health, metrics and the headers of every answer."""

from __future__ import annotations

import msgspec
import pytest
from structlog.testing import capture_logs

from tests.unit.api.fakes import Center, healthy


@pytest.mark.parametrize(
    ("changes", "status", "word"),
    [
        ({}, 200, "ok"),
        ({"links": {"main": False}}, 200, "degraded"),
        ({"journal_ok": False}, 200, "degraded"),
        ({"leading": False}, 503, "standby"),
    ],
)
async def test_health_tells_whether_this_process_leads(
    changes: dict[str, object], status: int, word: str
) -> None:
    vitals = msgspec.structs.replace(healthy(), notes=("Disk full",), **changes)
    async with Center(vitals=vitals).serve() as caller:
        answer = await caller.send("GET", "/healthz")

    assert answer.status == status
    assert answer.body["status"] == word
    assert answer.body["links"] == vitals.links
    assert answer.body["projector_lag"] == 2
    assert answer.body["notes"] == ["Disk full"]


async def test_metrics_count_without_naming_anybody() -> None:
    center = Center().with_agents("ana")
    call = center.hub.bench.waiting_caller("in1")
    async with center.serve() as caller:
        who = await caller.bearer("ana")
        await caller.send("GET", f"/api/v1/calls/{call.id}", headers=who)
        await caller.send("GET", "/nowhere")
        text = str((await caller.send("GET", "/metrics")).body)

    for line in (
        'callcenter_events_total{kind="Tick"} 5.0',
        'callcenter_commands_total{kind="PopCard"} 1.0',
        'callcenter_faults_total{kind="late_event"} 2.0',
        'callcenter_repairs_total{kind="lost_call"} 1.0',
        'callcenter_calls{state="waiting"} 1.0',
        'callcenter_agents{state="signed_out"} 1.0',
        "callcenter_trunks_in_trouble 0.0",
        'callcenter_pbx_link_up{pbx="main"} 1.0',
        "callcenter_inbox 3.0",
        "callcenter_journal_unsynced 1.0",
        "callcenter_projector_lag 2.0",
        "callcenter_leading 1.0",
        "callcenter_sockets 0.0",
        'callcenter_api_requests_total{route="GET /api/v1/calls/{call}",status="404"} 1.0',
        'callcenter_api_requests_total{route="none",status="404"} 1.0',
    ):
        assert line in text, line
    assert "ana" not in text
    assert call.id not in text
    assert call.caller_number not in text


async def test_two_apps_have_metrics_of_their_own() -> None:
    async with Center().serve() as one, Center().serve() as other:
        await one.send("GET", "/api/v1/me")
        text = str((await other.send("GET", "/metrics")).body)

    assert 'route="GET /api/v1/me"' not in text


async def test_every_answer_carries_the_security_headers() -> None:
    async with Center().serve() as caller:
        for path in ("/healthz", "/api/v1/me", "/nowhere"):
            headers = (await caller.send("GET", path)).headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Cache-Control"] == "no-store"
            assert headers["X-Frame-Options"] == "DENY"
            assert "default-src 'none'" in headers["Content-Security-Policy"]
            assert headers["Referrer-Policy"] == "no-referrer"
            assert headers["Server"] == "callcenter"
            assert "Strict-Transport-Security" not in headers


async def test_requests_are_logged_by_pattern_if_asked() -> None:
    with capture_logs() as logs:
        async with Center(log_requests=True).serve() as caller:
            await caller.send("GET", "/api/v1/calls/secret-call")

    line = next(line for line in logs if line["event"] == "request")
    assert (line["route"], line["status"]) == ("GET /api/v1/calls/{call}", 401)
    assert "secret-call" not in str(logs)
