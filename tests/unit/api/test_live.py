"""Live topics: snapshots, deltas, coalescing and resume."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from callcenter.api import live
from callcenter.api.frames import Topic
from callcenter.api.live import LiveTopics
from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile
from callcenter.domain.campaign import CampaignSettings, CampaignStep, Pacing
from callcenter.domain.customer import Tier
from tests.unit.api.fakes import FakeClock, FakeHub
from tests.unit.core.callback_bench import come_due
from tests.unit.core.preview_bench import dial

pytestmark = pytest.mark.virtual_time


class Client:
    """Keeps what it is sent, as a browser would."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.raw: list[bytes] = []
        self.data: dict[str, dict[str, dict[str, Any]]] = {}
        self.woken = 0

    def enqueue(self, frame: bytes) -> None:
        self.raw.append(frame)
        message = json.loads(frame)
        self.frames.append(message)
        if message["type"] == "snapshot":
            self.data[message["topic"]] = message["data"]
            return
        for section, entries in message["data"].items():
            known = self.data[message["topic"]][section]
            for key, entry in entries.items():
                if entry is None:
                    del known[key]
                else:
                    known[key] = entry

    def wake(self) -> None:
        self.woken += 1

    @property
    def kinds(self) -> list[str]:
        return [frame["type"] for frame in self.frames]

    @property
    def seq(self) -> int:
        return int(self.frames[-1]["seq"])


class Stage:
    """Topics over a hub, with agents."""

    def __init__(self) -> None:
        self.hub = FakeHub()
        self.topics = LiveTopics(self.hub, FakeClock())
        self.hub.on_touched.append(self.topics.on_touched)
        self.hub.tell(
            e.AgentsConfigured(tuple(AgentProfile(x, ("service",)) for x in ("ana", "ben")))
        )

    def watch(
        self,
        topic: Topic,
        agent: str = "ana",
        *,
        resume_from: int | None = None,
        knowing: Client | None = None,
    ) -> Client:
        """Subscribe; ``knowing`` what another connection of the same browser was shown."""
        client = Client()
        if knowing is not None:
            client.data = copy.deepcopy(knowing.data)
        self.topics.subscribe(client, topic, agent, resume_from)
        return client

    def fresh(self, topic: Topic, agent: str = "ana") -> Any:
        """What somebody who comes now is shown, over feeds that know nothing."""
        client = Client()
        LiveTopics(self.hub, FakeClock()).subscribe(client, topic, agent, None)
        return client.data[topic]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    stage.topics.start()
    yield stage
    await stage.topics.close()


async def settle() -> None:
    """Let every frame go out, the queues' too."""
    await asyncio.sleep(live.QUEUES_EVERY_S + 3 * live.COALESCE_S)


async def test_a_subscription_begins_with_all_data(stage: Stage) -> None:
    board = stage.watch(Topic.BOARD)
    mine = stage.watch(Topic.ME)

    assert board.kinds == ["snapshot"]
    sections = {"queues", "agents", "calls", "campaigns", "links", "mishaps"}
    assert set(board.data["board"]) == sections
    assert set(board.data["board"]["agents"]) == {"ana", "ben"}
    assert set(mine.data["me"]["agent"]) == {"ana"}
    assert mine.data["me"]["call"] == {}


async def test_campaigns_are_on_the_board_as_they_change(stage: Stage) -> None:
    client = stage.watch(Topic.BOARD)
    settings = CampaignSettings("renewals", "Renewals", "main", "carrier")

    stage.hub.tell(e.CampaignSaved("r1", settings, "mia"))
    await settle()
    stage.hub.tell(e.CampaignStepRequested("r2", "renewals", CampaignStep.START, "mia"))
    await settle()
    stage.hub.tell(e.PbxLinkLost("main", "gone"))
    await settle()

    silences = [
        frame["data"]["campaigns"]["renewals"]["silence_code"] for frame in client.frames[1:]
    ]
    assert silences == ["draft", "no_agents", "pbx_down"]
    assert set(client.frames[2]["data"]) == {"campaigns"}


async def test_an_agent_sees_their_own_campaign_and_line(stage: Stage) -> None:
    settings = CampaignSettings("renewals", "Renewals", "main", "carrier")
    stage.hub.tell(e.CampaignSaved("r1", settings, "mia"))
    stage.hub.tell(e.DesktopOpened("ana"))
    stage.hub.tell(e.SignInRequested("r2", "ana", "1001"))
    client = stage.watch(Topic.ME)

    stage.hub.tell(e.CampaignJoinRequested("r3", "ana", "renewals"))
    await settle()

    me = client.data["me"]["agent"]["ana"]
    assert (me["campaign"], me["line"]) == ("renewals", "opening")


async def test_an_account_that_is_no_agent_has_an_empty_me(stage: Stage) -> None:
    client = stage.watch(Topic.ME, "eve")

    assert client.data["me"] == {"agent": {}, "call": {}, "callbacks": {}}


async def test_a_delta_holds_only_what_changed(stage: Stage) -> None:
    client = stage.watch(Topic.BOARD)

    stage.hub.tell(e.DesktopOpened("ana"))
    await settle()

    assert client.kinds == ["snapshot", "delta"]
    assert set(client.frames[1]["data"]) == {"agents"}
    assert set(client.frames[1]["data"]["agents"]) == {"ana"}
    assert client.frames[1]["seq"] > client.frames[0]["seq"]


async def test_changes_within_a_moment_go_out_as_one_frame(stage: Stage) -> None:
    client = stage.watch(Topic.BOARD)

    for _ in range(50):
        stage.hub.tell(e.DesktopOpened("ana"))
        stage.hub.tell(e.DesktopOpened("ben"))
    await settle()

    assert client.kinds == ["snapshot", "delta"]
    assert client.data["board"]["agents"]["ana"]["desktops"] == 50


async def test_a_change_goes_out_within_the_coalescing_time(stage: Stage) -> None:
    client = stage.watch(Topic.ME)
    stage.hub.tell(e.DesktopOpened("ana"))

    await asyncio.sleep(live.COALESCE_S + 0.01)

    assert client.kinds == ["snapshot", "delta"]


async def test_what_changed_and_changed_back_is_not_told(stage: Stage) -> None:
    client = stage.watch(Topic.ME)

    stage.hub.tell(e.DesktopOpened("ana"))
    stage.hub.tell(e.DesktopClosed("ana"))
    await settle()

    assert client.kinds == ["snapshot"]


async def test_deltas_over_a_busy_while_give_the_same_as_a_fresh_snapshot(stage: Stage) -> None:
    clients = {topic: stage.watch(topic) for topic in Topic}
    bench = stage.hub.bench
    tell = bench.tell

    def told(event: e.Event) -> Any:
        step = tell(event)
        for listener in stage.hub.on_touched:
            listener(step.touched)
        return step

    bench.tell = told  # type: ignore[method-assign]  # so that the builder's events are seen too
    bench.agents("ana", "ben")
    for number in range(6):
        bench.waiting_caller(f"in{number}", Tier.SILVER)
        await asyncio.sleep(0.04)
    bench.talk("in0")
    bench.campaign()
    for contact in ("1", "2"):
        bench.ask(e.CallbackRequested, "renewals", contact, "", bench.now + 3600.0, "ana", "kim")
    await settle()
    kept, gone = bench.machine.state.callbacks
    bench.ask(e.CallbackMoved, kept, bench.now + 60.0, "ben", "kim")
    bench.ask(e.CallbackCancelled, gone, False, "kim")
    bench.hang_up("in0")
    bench.hang_up("in5")
    await asyncio.sleep(0.04)
    stage.hub.tell(e.PbxLinkLost("main", "cut"))
    await settle()

    for topic, client in clients.items():
        assert client.data[topic] == stage.fresh(topic), topic
        assert len(client.kinds) > 2
    assert clients[Topic.BOARD].data["board"]["links"] == {"main": False}


async def test_a_callback_is_followed_from_the_promise_to_the_call_and_no_other_is_told_again(
    stage: Stage,
) -> None:
    bench = stage.hub.bench
    bench.work("ana", rows=0, pacing=Pacing.PREVIEW)
    client = stage.watch(Topic.CALLBACKS)
    for contact, in_s in (("0", 3600.0), ("1", 90_000.0)):
        stage.hub.tell(
            e.CallbackRequested(
                f"promise-{contact}", "renewals", contact, "", bench.now + in_s, "ana", "kim"
            )
        )
    await settle()
    first = next(iter(stage.hub.state.callbacks))

    come_due(bench)
    stage.topics.on_touched((f"callback:{first}",))
    await settle()
    dial(bench, "ana")
    stage.topics.on_touched(("agent:ana",))
    await settle()

    told = [frame["data"]["callbacks"] for frame in client.frames[1:]]
    assert len(told[0]) == 2
    assert [(list(one), one[first]["state"]) for one in told[1:]] == [
        ([first], "read"),
        ([first], "calling"),
    ]


async def test_an_agents_own_call_is_followed_until_it_ends(stage: Stage) -> None:
    client = stage.watch(Topic.ME)
    stage.hub.bench.agents("ana", "ben")
    call = stage.hub.bench.waiting_caller("in1").id
    stage.hub.bench.talk("in1")
    stage.topics.on_touched(("agent:ana", f"call:{call}"))
    await settle()
    talking = dict(client.data["me"]["call"])

    stage.hub.bench.hang_up("in1")
    stage.topics.on_touched((f"call:{call}",))
    await settle()

    assert talking[call]["state"] == "connected"
    assert client.data["me"]["call"] == {}
    assert client.data["me"]["agent"]["ana"]["state"] == "wrap_up"


async def test_each_agent_hears_only_of_herself(stage: Stage) -> None:
    ana, ben = stage.watch(Topic.ME, "ana"), stage.watch(Topic.ME, "ben")

    stage.hub.tell(e.DesktopOpened("ana"))
    await settle()

    assert (ana.kinds, ben.kinds) == (["snapshot", "delta"], ["snapshot"])


async def test_the_queues_go_out_once_a_second_and_the_last_change_is_not_lost(
    stage: Stage,
) -> None:
    client = stage.watch(Topic.QUEUES)

    for number in range(30):
        stage.hub.bench.waiting_caller(f"in{number}")
        stage.topics.on_touched(("queue:service",))
        await asyncio.sleep(0.1)
    await settle()

    assert 3 <= client.kinds.count("delta") <= 6
    assert client.data["queues"]["queues"]["service"]["waiting"] == 30


async def test_a_frame_is_encoded_once_for_all_readers(stage: Stage) -> None:
    clients = [stage.watch(Topic.BOARD) for _ in range(120)]

    stage.hub.tell(e.DesktopOpened("ana"))
    await settle()

    assert len({id(client.raw[-1]) for client in clients}) == 1
    assert all(client.woken == 2 for client in clients)
    assert stage.topics.frames == 1


# --- coming back -------------------------------------------------------------------------------


async def test_who_comes_back_gets_what_was_missed_and_no_snapshot(stage: Stage) -> None:
    client = stage.watch(Topic.BOARD)
    stage.topics.unsubscribe(client, Topic.BOARD, "ana")
    for agent in ("ana", "ben"):
        stage.hub.tell(e.DesktopOpened(agent))
        await settle()

    again = stage.watch(Topic.BOARD, resume_from=client.seq, knowing=client)

    assert client.kinds == ["snapshot"]
    assert again.kinds == ["delta", "delta"]
    assert [list(frame["data"]["agents"]) for frame in again.frames] == [["ana"], ["ben"]]
    assert again.data["board"] == stage.fresh(Topic.BOARD)


async def test_who_missed_nothing_gets_nothing(stage: Stage) -> None:
    client = stage.watch(Topic.BOARD)

    again = stage.watch(Topic.BOARD, resume_from=client.seq)

    assert again.frames == []


async def test_who_was_away_too_long_gets_a_snapshot(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(live.REPLAY_FRAMES, Topic.BOARD, 2)
    client = stage.watch(Topic.BOARD)
    for _ in range(3):
        stage.hub.tell(e.DesktopOpened("ana"))
        await settle()

    again = stage.watch(Topic.BOARD, resume_from=client.frames[0]["seq"])
    almost = stage.watch(Topic.BOARD, resume_from=client.frames[1]["seq"], knowing=client)

    assert again.kinds == ["snapshot"]
    assert again.data == client.data
    assert almost.kinds == ["delta", "delta"]


async def test_frames_kept_for_who_comes_back_are_bounded_in_bytes(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "REPLAY_BYTES_MAX", 10)
    client = stage.watch(Topic.BOARD)
    stage.hub.tell(e.DesktopOpened("ana"))
    await settle()

    again = stage.watch(Topic.BOARD, resume_from=client.frames[0]["seq"])

    assert again.kinds == ["snapshot"]


async def test_a_number_from_the_future_gets_a_snapshot(stage: Stage) -> None:
    assert stage.watch(Topic.BOARD, resume_from=10**9).kinds == ["snapshot"]


async def test_a_feed_that_nobody_reads_is_dropped_and_no_change_is_missed_by_that(
    stage: Stage,
) -> None:
    client = stage.watch(Topic.BOARD)
    stage.topics.unsubscribe(client, Topic.BOARD, "ana")
    await asyncio.sleep(2 * live.LINGER_S + 1)
    assert stage.topics._feeds == {}
    stage.hub.tell(e.DesktopOpened("ana"))

    again = stage.watch(Topic.BOARD, resume_from=client.seq)

    assert again.kinds == ["snapshot"]
    assert again.data["board"]["agents"]["ana"]["desktops"] == 1


async def test_a_feed_of_who_reloads_the_page_is_kept(stage: Stage) -> None:
    client = stage.watch(Topic.ME)
    stage.topics.unsubscribe(client, Topic.ME, "ana")
    await asyncio.sleep(5)

    assert stage.watch(Topic.ME, resume_from=client.seq).frames == []


async def test_unsubscribing_from_what_one_does_not_read_is_no_error(stage: Stage) -> None:
    stage.topics.unsubscribe(Client(), Topic.BOARD, "ana")
    client = stage.watch(Topic.BOARD)
    stage.topics.unsubscribe(client, Topic.BOARD, "ana")
    stage.topics.unsubscribe(client, Topic.BOARD, "ana")
    stage.hub.tell(e.DesktopOpened("ana"))
    await settle()

    assert client.kinds == ["snapshot"]
