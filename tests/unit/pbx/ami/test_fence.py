"""The fence ends earlier sessions of the account that gives orders."""

from __future__ import annotations

from functools import partial

import pytest

from callcenter.pbx.ami import fence as fence_module
from callcenter.pbx.ami.connection import logged_in
from callcenter.pbx.ami.errors import DownKind, LinkFailed, OutcomeUnknown
from callcenter.pbx.ami.fence import FenceError, find_sessions, kick_leader
from callcenter.pbx.ami.wire import AmiMessage
from tests.unit.pbx.ami.fake_server import PATIENT, FakeAmi, Peer, wait_until
from tests.unit.pbx.ami.link_probe import LinkProbe, linked, running

# As Asterisk 22.10 prints it.
LISTING = [
    "  Username         IP Address                                               Start       "
    "Elapsed     FileDes   HttpCnt   ReadPerms   WritePerms",
    "  leader           127.0.0.1                                                1795301784  "
    "0           8         0         0000013155  0000012898",
    "  leader           2001:db8::7                                              1795301784  "
    "12          21        0         0000013155  0000012898",
    "  fence            127.0.0.1                                                1795301784  "
    "0           9         0         0000000016  0000000016",
    "3 users connected.",
]


@pytest.fixture(autouse=True)
def one_session_each(server: FakeAmi) -> None:
    server.one_session_each = True


def test_sessions_are_found_by_user_in_asterisks_listing() -> None:
    assert find_sessions(LISTING, "leader") == ["8", "21"]
    assert find_sessions(LISTING, "fence") == ["9"]
    assert find_sessions(LISTING, "lead") == []


@pytest.mark.parametrize("listing", [[], ["No such command 'manager show connected'"]])
def test_an_answer_that_lists_nothing_is_an_error(listing: list[str]) -> None:
    with pytest.raises(FenceError, match=r"which lists no sessions. Does cli_permissions\.conf"):
        find_sessions(listing, "leader")


async def test_without_an_earlier_session_nothing_is_kicked(server: FakeAmi) -> None:
    kicked = await kick_leader(server.account("fence"), "leader", timings=PATIENT)

    assert kicked == 0
    assert server.names == ["Login", "Command", "Logoff"]


async def test_the_earlier_session_of_the_leader_is_ended_and_no_other(server: FakeAmi) -> None:
    async with (
        logged_in(server.account("other"), timings=PATIENT) as other,
        logged_in(server.account("leader"), timings=PATIENT) as old,
    ):
        kicked = await kick_leader(server.account("fence"), "leader", timings=PATIENT)
        await wait_until(old.ended.done)

        assert kicked == 1
        assert old.ended.result()[0] is DownKind.LOST
        assert other.is_usable


async def test_a_half_open_session_of_our_own_does_not_keep_us_out(server: FakeAmi) -> None:
    """The network was cut: we have noticed, Asterisk has not and refuses a second login."""
    server.keeps_dead_sessions = True
    fence = partial(kick_leader, server.account("fence"), "leader", timings=PATIENT)

    async with linked(server, before_login=fence) as probe:
        server.is_mute = True
        unanswered = probe.link.start_action({"Action": "Originate"})
        await wait_until(lambda: "Originate" in server.names)
        server.cut()
        await wait_until(lambda: probe.downs)
        server.is_mute = False
        await wait_until(lambda: len(probe.ups) == 2)

    assert isinstance(unanswered.exception(), OutcomeUnknown)
    assert probe.kinds == [DownKind.LOST, DownKind.CLOSED]
    assert server.names.count("Originate") == 1


async def test_without_a_fence_the_half_open_session_keeps_us_out(server: FakeAmi) -> None:
    server.keeps_dead_sessions = True

    async with linked(server) as probe:
        server.cut()
        await wait_until(lambda: DownKind.LOGIN_IN_USE in probe.kinds)


async def test_a_second_instance_takes_over_from_the_first(server: FakeAmi) -> None:
    fence = partial(kick_leader, server.account("fence"), "leader", timings=PATIENT)

    async with (
        logged_in(server.account("leader"), timings=PATIENT) as old,
        linked(server, before_login=fence) as new,
    ):
        assert new.link.is_up
        assert not old.is_usable


async def test_sessions_that_do_not_end_are_an_error(
    server: FakeAmi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fence_module, "LOOKS_MAX", 3)
    monkeypatch.setattr(fence_module, "LOOK_EVERY_S", 0)
    server.kick_works = False

    async with logged_in(server.account("leader"), timings=PATIENT):
        with pytest.raises(FenceError, match=r"do not end though kicked \(file descriptors 8\)"):
            await kick_leader(server.account("fence"), "leader", timings=PATIENT)

    kicks = [a for a in server.actions if "kick" in str(a.get("Command"))]
    assert len(kicks) == 1


async def test_an_account_without_the_right_to_command_is_named(server: FakeAmi) -> None:
    server.may_command = False

    with pytest.raises(FenceError, match=r"'fence' may not run .* needs 'write = command'"):
        await kick_leader(server.account("fence"), "leader", timings=PATIENT)


async def test_a_fence_that_cannot_log_in_keeps_the_leader_out_and_says_why(
    server: FakeAmi,
) -> None:
    fence = partial(kick_leader, server.account("fence", "wrong"), "leader", timings=PATIENT)

    async with running(LinkProbe(server.port, before_login=fence)) as probe:
        await wait_until(lambda: probe.downs)

    assert probe.downs[0].kind is DownKind.FENCE_FAILED
    assert "refuses the login of 'fence'" in probe.downs[0].text
    assert {str(a["Username"]) for a in server.actions if a["Action"] == "Login"} == {"fence"}


async def test_a_link_lost_in_mid_command_is_an_unknown_outcome(server: FakeAmi) -> None:
    def cut(_peer: Peer, _action: AmiMessage) -> bool:
        server.cut()
        return True

    server.on_action = cut
    with pytest.raises(OutcomeUnknown):
        await kick_leader(server.account("fence"), "leader", timings=PATIENT)


async def test_a_pbx_that_is_away_is_said_to_be(server: FakeAmi) -> None:
    await server.stop()

    with pytest.raises(LinkFailed, match="cannot be reached"):
        await kick_leader(server.account("fence"), "leader", timings=PATIENT)


async def test_a_name_too_long_to_be_told_apart_is_refused(server: FakeAmi) -> None:
    with pytest.raises(FenceError, match="more than 15 characters"):
        await kick_leader(server.account("fence"), "leader-of-everything", timings=PATIENT)

    assert server.actions == []
