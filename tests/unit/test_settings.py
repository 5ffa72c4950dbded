"""What the machine is told of the config file."""

from __future__ import annotations

from callcenter.settings import center_of, load_settings


def test_the_machine_knows_every_pbx_so_that_one_taken_out_is_missed() -> None:
    settings = load_settings()

    center = center_of(settings, ())

    assert center.pbxs == tuple(pbx.name for pbx in settings.pbxs) == ("main",)
    assert dict.fromkeys(center.phones.values()) == {"main": None}
