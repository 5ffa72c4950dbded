"""Plans of the telephone network: what they refuse, and what SIPp is told."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from callcenter.simulator.sip_carrier import CarrierNumber, NumberBehaviour, SippCarrier
from callcenter.simulator.sip_far_ends import SCENARIOS, FarEndError


@pytest.mark.parametrize("number", ["", "12", "1" * 16, "+1202;busy", "+1202\n", "sip:1202", "٣٤٥"])
def test_a_number_that_would_break_the_file_of_plans_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="is no telephone number"):
        CarrierNumber(number)


def test_the_network_has_an_address_of_its_own_so_that_its_calls_are_known(tmp_path: Path) -> None:
    carrier = SippCarrier(tmp_path, [CarrierNumber("+12025550110")], port=15080)

    assert (carrier.address, carrier.port) == ("127.0.0.2", 15080)
    assert carrier.invites() == []


async def test_what_is_written_before_sipp_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    plans = [
        CarrierNumber("+12025550110", ring_ms=300, talk_ms=2000),
        CarrierNumber("12025550111", NumberBehaviour.BUSY),
    ]

    with pytest.raises(FarEndError, match=r"install\.sh --far-ends"):
        await SippCarrier(tmp_path / "new", plans, port=15080).start()

    rows = (tmp_path / "new" / "numbers.csv").read_text(encoding="ascii").splitlines()
    assert rows == [
        "SEQUENTIAL",
        "12025550110;human;300;2000;none;2000;",
        "12025550111;busy;500;86400000;none;2000;",
    ]
    scenario = (tmp_path / "new" / "carrier.xml").read_text(encoding="utf-8")
    assert "@HELLO@" not in scenario
    assert f'rtp_stream="{tmp_path}/new/hello.ulaw,1,0"' in scenario


async def test_a_network_without_numbers_has_a_file_that_sipp_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)

    with pytest.raises(FarEndError):
        await SippCarrier(tmp_path, [], port=15080).start()

    rows = (tmp_path / "numbers.csv").read_text(encoding="ascii").splitlines()
    assert rows == ["SEQUENTIAL", "nobody;human;0;0;none;0;"]


def test_the_scenario_knows_every_behaviour() -> None:
    root = ET.parse(SCENARIOS / "carrier.xml").getroot()

    asked = {node.get("value") for node in root.iter("strcmp")}
    # Whoever is nothing else is human; "none" is the key of who presses none.
    assert asked == {str(one) for one in NumberBehaviour} - {"human"} | {"none"}
