"""Plans of SIPp's phones and callers: what they refuse, and what SIPp is told."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from callcenter.simulator.asterisk_instance import free_port
from callcenter.simulator.sip_far_ends import (
    CallerPlan,
    FarEndError,
    PhonePlan,
    SippCallers,
    SippPhones,
)


@pytest.mark.parametrize(
    "build",
    [
        lambda: PhonePlan("1001;reject"),
        lambda: PhonePlan(""),
        lambda: CallerPlan("+354\n", "800", stay_ms=1),
        lambda: CallerPlan("+354", "sip:800", stay_ms=1),
        lambda: CallerPlan("+354", "800", stay_ms=1, key="12"),
        lambda: CallerPlan("+354", "800", stay_ms=1, key=";"),
    ],
)
def test_a_plan_that_would_break_the_file_of_plans_is_refused(build: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="is no"):
        build()


def test_a_phone_is_at_the_port_of_its_process(tmp_path: Path) -> None:
    phones = SippPhones(tmp_path, [PhonePlan("1001")], port=15070)

    assert phones.contact("1001") == "sip:1001@127.0.0.1:15070"


async def test_without_sipp_it_is_said_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)

    with pytest.raises(FarEndError, match=r"install\.sh --far-ends"):
        await SippPhones(tmp_path, [PhonePlan("1001")], port=15070).start()


async def test_callers_that_were_not_started_cannot_be_waited_for(tmp_path: Path) -> None:
    callers = SippCallers(tmp_path, [], pbx=("127.0.0.1", 5060), port=15070)

    await callers.stop()
    with pytest.raises(FarEndError, match="not been started"):
        await callers.wait(limit_s=1)


def test_whether_a_port_is_open_is_told_without_taking_it(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sipp:
        phones = SippPhones(tmp_path, [], port=free_port())
        before = phones._is_open()
        sipp.bind((phones.address, phones.port))

        assert not before
        assert phones._is_open()


def test_another_process_finds_ports_of_its_own() -> None:
    program = (
        "from callcenter.simulator.asterisk_instance import free_port;"
        "print(*(free_port() for _ in range(20)))"
    )
    ours = [free_port() for _ in range(20)]
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    theirs = [int(port) for port in run.stdout.split()]
    assert len(set(theirs)) == 20
    assert not {port // 1000 for port in ours} & {port // 1000 for port in theirs}
