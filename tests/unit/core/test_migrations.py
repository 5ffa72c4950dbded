"""An upgrade reads what versions before have left, back to the one released last."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from callcenter.core.invariants import broken
from callcenter.core.machine import MACHINE_VERSION, Machine
from callcenter.core.migrations import MIGRATES_FROM, STEPS, NoWay, read_state
from callcenter.core.state import decode_state
from callcenter.domain import events as e
from callcenter.domain.records import AttemptRecord
from tests.builders import PBX

JOURNALS = Path(__file__).parents[2] / "fixtures" / "journals"


def fixture(version: int) -> bytes:
    """The snapshot kept of a machine version: a campaign at work, calls under way."""
    return (JOURNALS / f"snapshot-of-version-{version}.msgpack").read_bytes()


RELEASED = 2
"""The machine version of the release before this one."""


def test_steps_lead_from_the_version_released_last_to_this_one_without_a_gap() -> None:
    assert tuple(range(RELEASED, MACHINE_VERSION)) == MIGRATES_FROM, (
        "write the step in callcenter/core/migrations.py from the version before; take those out "
        "that begin before the version released last"
    )


@pytest.mark.parametrize("version", [*MIGRATES_FROM, MACHINE_VERSION])
def test_the_snapshot_of_a_version_is_read_and_gone_on_from(version: int) -> None:
    state = read_state(fixture(version), version)
    attempts = [attempt.id for attempt in state.attempts.values()]
    assert attempts
    assert state.campaigns
    assert broken(state) == []
    before = state.position

    machine = Machine(decode_state(state.encode()))
    machine.handle(e.ServiceStarted(state.epoch + 1), state.now + 5)
    step = machine.handle(e.PbxStateRead(PBX, ()), state.now + 6)

    assert machine.state.position == before + 2
    assert [r.attempt for r in step.records if isinstance(r, AttemptRecord)] == attempts
    assert broken(machine.state) == []


@pytest.mark.parametrize("version", MIGRATES_FROM)
def test_a_step_changes_what_it_was_given_in_no_other_way(version: int) -> None:
    old = msgspec.msgpack.decode(fixture(version))
    copy = msgspec.msgpack.decode(fixture(version))

    STEPS[version](copy)

    assert copy == old


@pytest.mark.parametrize("version", [1, MACHINE_VERSION + 1])
def test_other_versions_are_refused(version: int) -> None:
    with pytest.raises(NoWay, match=f"machine version {version}; this is {MACHINE_VERSION} and re"):
        read_state(fixture(MACHINE_VERSION), version)


def test_what_no_version_wrote_is_refused() -> None:
    with pytest.raises(NoWay, match=r"not what that version wrote.*Restore a backup"):
        read_state(msgspec.msgpack.encode({"journal": 7}))
