"""Where each command goes, and the channels that it moves."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from msgspec.structs import fields

from callcenter.domain.commands import JoinCall, PbxCommand, channels_of, pbx_of
from callcenter.domain.ids import ChannelRef

ON_CHANNELS = ("channel", "caller", "leg")
"""Fields that name a channel, in whatever command they are."""


def made(kind: type[Any]) -> Any:
    """A command of this kind for PBX ``east``."""
    return kind(
        **{
            field.name: ChannelRef("east", field.name) if field.name in ON_CHANNELS else "east"
            for field in fields(kind)
        }
    )


@pytest.mark.parametrize("kind", get_args(PbxCommand), ids=lambda kind: kind.__name__)
def test_a_command_goes_to_the_pbx_that_has_its_channels(kind: type[Any]) -> None:
    command = made(kind)
    names = [field.name for field in fields(kind) if field.name in ON_CHANNELS]

    assert pbx_of(command) == "east"
    assert [ref.id for ref in channels_of(command)] == names


def test_a_join_moves_both_of_its_sides() -> None:
    join = JoinCall("cmd-1", ChannelRef("main", "a"), ChannelRef("main", "b"))

    assert channels_of(join) == (join.caller, join.leg)
