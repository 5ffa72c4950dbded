"""Rendering Asterisk's configuration: what is written, what is refused, and the secrets."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from callcenter.domain.campaign import CampaignSettings
from callcenter.pbx.config import (
    AmiAccount,
    ConfigError,
    FallbackQueue,
    PbxConfig,
    Phone,
    Trunk,
    load_or_create_secret,
    render,
    render_standalone,
)
from callcenter.pbx.config_model import check_directory

CONFIG = PbxConfig(
    name="main",
    leader=AmiAccount("leader", "leader-secret-0001"),
    fence=AmiAccount("fence", "fence-secret-00001"),
    sounds_dir=Path("/var/lib/callcenter/sounds"),
    phones=(
        Phone("1001", contact="sip:1001@127.0.0.1:15070"),
        Phone("1002", secret="phone-secret"),
        Phone("1003", secret="phone-secret", webrtc=True),
    ),
    trunks=(
        Trunk("carrier", "192.0.2.10", match=("192.0.2.0/24", "198.51.100.7")),
        Trunk("second", "192.0.2.20", 5080, codecs=("ulaw",), qualify_s=0),
    ),
    emergency_numbers=("112",),
    websocket=True,
)


def sections(path: Path) -> list[tuple[str, list[str]]]:
    """The file as Asterisk sees it: sections in order, without comments."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.split(";")[0].strip()
        if match := re.fullmatch(r"\[([^]]+)\](\(.*\))?", text):
            found.append((match[1] + (match[2] or ""), []))
        elif text:
            found[-1][1].append(text)
    return found


def section(path: Path, name: str) -> list[str]:
    return [line for title, lines in sections(path) if title == name for line in lines]


def test_files_to_include_have_a_prefix_and_those_with_secrets_are_private(tmp_path: Path) -> None:
    written = render(CONFIG, tmp_path / "new")

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in written}
    assert modes == {
        "cc_amd.conf": 0o640,
        "cc_extensions.conf": 0o640,
        "cc_http.conf": 0o640,
        "cc_manager.conf": 0o600,
        "cc_musiconhold.conf": 0o640,
        "cc_pjsip.conf": 0o600,
        "cc_queues.conf": 0o640,
    }
    assert sorted((tmp_path / "new").iterdir()) == sorted(written)


def test_no_rendered_file_has_a_place_that_was_not_filled_in(tmp_path: Path) -> None:
    for path in render_standalone(CONFIG, tmp_path):
        text = path.read_text(encoding="utf-8")
        assert "{{" not in text
        assert ";@" not in text


def test_every_context_and_endpoint_is_the_programs_own(tmp_path: Path) -> None:
    render(CONFIG, tmp_path)

    contexts = [title for title, _ in sections(tmp_path / "cc_extensions.conf") if title]
    assert contexts == [
        "cc-inbound",
        "cc-hold",
        "cc-say",
        "cc-voicemail",
        "cc-agents",
        "cc-dialed",
        "cc-machine",
        "cc-harbour",
        "cc-fallback",
        "cc-internal",
    ]
    assert section(tmp_path / "cc_pjsip.conf", "1001(cc-phone)")[0] == "aors = 1001"
    assert section(tmp_path / "cc_pjsip.conf", "carrier(cc-trunk)") == [
        "aors = carrier",
        "allow = ulaw",
        "allow = alaw",
    ]


def test_the_leader_has_no_class_that_changes_the_pbx_and_may_be_there_once(tmp_path: Path) -> None:
    render(CONFIG, tmp_path)

    leader = section(tmp_path / "cc_manager.conf", "leader")
    assert "allowmultiplelogin = no" in leader
    assert "read = system,call,agent,user,dtmf,agi,reporting,originate" in leader
    assert "write = call,agent,user,reporting,originate,agi" in leader
    assert "permit = 127.0.0.1" in leader


def test_the_fence_has_the_class_command_alone(tmp_path: Path) -> None:
    render(CONFIG, tmp_path)

    fence = section(tmp_path / "cc_manager.conf", "fence")
    assert [line for line in fence if line.startswith(("read", "write ="))] == [
        "read = command",
        "write = command",
    ]


def test_an_inbound_call_has_a_watchdog_of_as_many_seconds_as_make_a_heartbeat_stale(
    tmp_path: Path,
) -> None:
    render(CONFIG, tmp_path)

    inbound = section(tmp_path / "cc_extensions.conf", "cc-inbound")
    assert "same => n,GotoIf($[${EPOCH} - 0${CC_HEARTBEAT} > 10]?cc-fallback,s,1)" in inbound
    assert "same => n,Set(TIMEOUT(absolute)=10)" in inbound
    assert "exten => T,1,Goto(cc-fallback,s,1)" in inbound


def test_after_screening_the_message_begins_within_two_seconds_of_the_greetings_end(
    tmp_path: Path,
) -> None:
    usual = CampaignSettings("renewals", "Renewals", "main", "carrier")
    render(CONFIG, tmp_path)

    amd = (tmp_path / "cc_amd.conf").read_text(encoding="utf-8")
    silence = re.search(r"^after_greeting_silence = (\d+)$", amd, re.M)
    assert silence is not None
    assert usual.harbour_wait_s + int(silence[1]) / 1000 < 2.0
    dialed = section(tmp_path / "cc_extensions.conf", "cc-dialed")
    assert any("S(${CC_HARBOUR_S})" in line for line in dialed)


def test_no_step_of_a_person_dialed_waits_for_the_service(tmp_path: Path) -> None:
    render(CONFIG, tmp_path)
    extensions = tmp_path / "cc_extensions.conf"

    for context in ("cc-dialed", "cc-harbour"):
        steps = section(extensions, context)
        assert steps
        assert not any("CC_HEARTBEAT" in step or "AGI(" in step for step in steps)


def test_a_trunk_shows_its_own_number_where_a_call_brings_none(tmp_path: Path) -> None:
    trunk = Trunk("carrier", "192.0.2.10", caller_id="+12025550100")
    render(replace(CONFIG, trunks=(trunk,)), tmp_path)

    endpoint = section(tmp_path / "cc_pjsip.conf", "carrier(cc-trunk)")
    assert endpoint[-1] == "set_var = CONNECTEDLINE(num,i)=+12025550100"


def test_an_emergency_number_tries_every_trunk_in_order(tmp_path: Path) -> None:
    render(CONFIG, tmp_path)

    internal = section(tmp_path / "cc_extensions.conf", "cc-internal")
    assert internal[internal.index("exten => 112,1,Set(CC_EMERGENCY=112)") + 1 :] == [
        'same => n,ExecIf($["${DIALSTATUS}" != "ANSWER"]?Dial(PJSIP/112@carrier))',
        'same => n,ExecIf($["${DIALSTATUS}" != "ANSWER"]?Dial(PJSIP/112@second))',
        "same => n,Hangup()",
    ]


def test_a_phone_registers_with_its_secret_or_is_at_its_contact(tmp_path: Path) -> None:
    render(CONFIG, tmp_path)
    pjsip = tmp_path / "cc_pjsip.conf"

    assert section(pjsip, "1001(cc-phone-aor)") == ["contact = sip:1001@127.0.0.1:15070"]
    assert section(pjsip, "1001") == []
    assert section(pjsip, "1002(cc-phone-aor)") == []
    assert section(pjsip, "1002") == [
        "type = auth",
        "auth_type = digest",
        "username = 1002",
        "password = phone-secret",
    ]
    assert "webrtc = yes" in section(pjsip, "1003(cc-phone)")


def test_a_trunk_lets_in_its_own_addresses_or_else_its_host(tmp_path: Path) -> None:
    render(CONFIG, tmp_path)
    pjsip = tmp_path / "cc_pjsip.conf"

    carrier, second = section(pjsip, "carrier"), section(pjsip, "second")
    assert carrier[-2:] == ["match = 192.0.2.0/24", "match = 198.51.100.7"]
    assert "contact = sip:192.0.2.10:5060" in carrier
    assert "qualify_frequency = 60" in carrier
    assert second[-1] == "match = 192.0.2.20"
    assert "qualify_frequency = 0" in second


def test_a_standalone_configuration_includes_ours_and_lives_in_its_folder(tmp_path: Path) -> None:
    written = render_standalone(CONFIG, tmp_path)

    etc = tmp_path / "etc"
    assert {path.parent for path in written} == {etc}
    assert '#include "cc_pjsip.conf"' in (etc / "pjsip.conf").read_text(encoding="utf-8")
    assert f"astetcdir => {tmp_path.resolve()}/etc" in section(etc / "asterisk.conf", "directories")
    assert section(etc / "pjsip.conf", "cc-ws")[-1] == '#include "cc_pjsip.conf"'
    assert "transport = cc-udp" in section(etc / "cc_pjsip.conf", "1001(cc-phone)")


def test_rendering_again_replaces_what_was_rendered(tmp_path: Path) -> None:
    render(CONFIG, tmp_path)

    render(replace(CONFIG, stale_s=20), tmp_path)

    assert "> 20]" in (tmp_path / "cc_extensions.conf").read_text(encoding="utf-8")


def test_a_file_that_is_not_ours_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "cc_manager.conf").write_text("[mine]\n", encoding="utf-8")

    with pytest.raises(
        ConfigError, match=r"cc_manager\.conf: the file is there and not ours\. Move"
    ):
        render(CONFIG, tmp_path)

    assert (tmp_path / "cc_manager.conf").read_text(encoding="utf-8") == "[mine]\n"


@pytest.mark.parametrize(
    "bad", ["1;", "1\n[x]", "1\r", "1\x00", "1]", "1[", "", " 1", "1 ", "1=", "é1"]
)
@pytest.mark.parametrize(
    "build",
    [
        lambda bad: Phone(bad, secret="phone-secret"),
        lambda bad: Phone("1001", secret="phone-secret" + bad if bad else bad),
        lambda bad: Phone("1001", contact="sip:1001@127.0.0.1" + bad if bad else bad),
        lambda bad: Trunk(bad, "192.0.2.1"),
        lambda bad: Trunk("carrier", bad),
        lambda bad: Trunk("carrier", "192.0.2.1", match=(bad,)),
        lambda bad: Trunk("carrier", "192.0.2.1", codecs=(bad,)),
        lambda bad: Trunk("carrier", "192.0.2.1", caller_id=bad),
        lambda bad: AmiAccount(bad, "leader-secret-0001"),
        lambda bad: AmiAccount("leader", "leader-secret-0001" + bad if bad else bad),
        lambda bad: replace(CONFIG, name=bad),
        lambda bad: replace(CONFIG, bind_host=bad),
        lambda bad: replace(CONFIG, ami_permit=(bad,)),
        lambda bad: replace(CONFIG, emergency_numbers=(bad,)),
        lambda bad: FallbackQueue(strategy=bad),
    ],
)
def test_no_value_can_bring_configuration_of_its_own(
    build: Callable[[str], object], bad: str
) -> None:
    with pytest.raises(ConfigError):
        build(bad)


@pytest.mark.parametrize("bad", ["a;b", "a\nb", "a\r", "a\x00", "a[b]", "a#b", "${a}", "a ", "a=b"])
def test_a_folder_that_asterisk_would_misread_is_refused(tmp_path: Path, bad: str) -> None:
    with pytest.raises(ConfigError, match=r"sounds_dir .* would misread"):
        replace(CONFIG, sounds_dir=Path("/sounds") / bad)
    with pytest.raises(ConfigError, match=r"standalone Asterisk: folder .* would misread"):
        check_directory("standalone Asterisk", tmp_path / bad)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: Phone("1001"),
            "phone '1001': without a secret anybody could call as this phone. Give it a secret",
        ),
        (lambda: Phone("1001", contact="sip:1001@192.0.2.5"), "without a secret"),
        (lambda: Phone("1001", contact="sip:1001@phone.example"), "without a secret"),
        (
            lambda: Trunk("cc-own", "192.0.2.1"),
            "trunk 'cc-own': names in cc- are the program's own",
        ),
        (lambda: Trunk("carrier", "sip.example"), "says not where calls come from. List addresses"),
        (lambda: Trunk("carrier", "192.0.2.1", 0), "trunk 'carrier': port is 0. Use 1 to 65535"),
        (lambda: Trunk("carrier", "192.0.2.1", codecs=()), "it has no codec"),
        (lambda: AmiAccount("general", "x" * 20), "the name is Asterisk's own"),
        (lambda: AmiAccount("leader", "short"), "the secret must be 16 to 128"),
        (lambda: FallbackQueue(strategy="best"), "strategy 'best' is unknown. Choose one of"),
        (lambda: FallbackQueue(ring_timeout_s=1), "ring_timeout_s is 1. Use 5 to 120"),
        (lambda: replace(CONFIG, stale_s=1), "pbx 'main': stale_s is 1. Use 2 to 60"),
        (lambda: replace(CONFIG, ami_port=8088), "ami_port and http_port are both 8088"),
        (lambda: replace(CONFIG, rtp_start=10001), "RTP ports 10001 to 19999 hold no call"),
        (lambda: replace(CONFIG, rtp_end=10001), "RTP ports 10000 to 10001 hold no call"),
        (lambda: replace(CONFIG, sip_port=10010), "sip_port 10010 lies among the RTP ports"),
        (lambda: replace(CONFIG, fence=CONFIG.leader), "leader and fence are one AMI account"),
        (lambda: replace(CONFIG, trunks=()), "emergency numbers need a trunk. Add a trunk"),
        (lambda: replace(CONFIG, sounds_dir=Path("sounds")), "is not absolute. Start it with /"),
        (
            lambda: replace(CONFIG, phones=(*CONFIG.phones, CONFIG.phones[1])),
            "phone or emergency number '1002' is there twice",
        ),
        (
            lambda: replace(CONFIG, emergency_numbers=("1001",)),
            "phone or emergency number '1001' is there twice",
        ),
    ],
)
def test_a_refusal_says_what_where_and_how_to_mend(
    build: Callable[[], object], message: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        build()


def test_secrets_are_in_no_repr_and_no_message() -> None:
    assert "secret" not in repr(CONFIG).replace("secrets", "")
    for build in (
        lambda: AmiAccount("leader", "hidden;value"),
        lambda: Phone("1001", secret="hidden;value"),
    ):
        with pytest.raises(ConfigError) as refusal:
            build()
        assert "hidden" not in str(refusal.value)


def test_a_secret_is_made_once_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "leader"

    made = load_or_create_secret(path)

    assert load_or_create_secret(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert AmiAccount("leader", made).secret == made
    assert load_or_create_secret(tmp_path / "fence") != made


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "leader"
    load_or_create_secret(path)
    path.chmod(0o644)

    with pytest.raises(ConfigError, match=r"others may read it \(mode 0644\). chmod 600 it"):
        load_or_create_secret(path)


def test_an_empty_secret_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "leader"
    path.touch(mode=0o600)

    with pytest.raises(ConfigError, match=r"it is empty\. Delete it"):
        load_or_create_secret(path)
