"""Forgetting a person: the order of things, and what stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from callcenter.core.erasure import BEING_DIALED, ON_A_CALL, UNDER_WAY
from callcenter.core.state import State
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.step import Reply
from callcenter.domain.voicemail import VoicemailLeft
from callcenter.service.erasure import Erased, Erasure, ErasureRefused, Person
from tests.builders import ALWAYS, Bench, channel, row

NUMBER, SECOND = "+3545550000", "+3545550001"


class Stage:
    """A center, a database and files that note what is asked of them."""

    def __init__(self, person: Person) -> None:
        self.bench = Bench(allowed_faults=("*",))
        self.person = person
        self.done: list[str] = []
        self.on_written: Callable[[], object] = lambda: None
        self.forgotten: Callable[[str], bool] = lambda _: False
        self.asked_for: list[tuple[str, str]] = []
        self.recordings: list[str] = []
        self.erasure = Erasure(self, self, self.written, self.erase_rejects, self.erase_recordings)

    # The center.

    @property
    def state(self) -> State:
        return self.bench.machine.state

    async def ask(self, request: e.Request) -> Reply:
        self.done.append("machine")
        (reply,) = self.bench.tell(request).replies
        return reply

    async def erase_numbers(self, is_erased: Callable[[str], bool]) -> None:
        self.done.append("journal")
        self.forgotten = is_erased

    # The database and the files.

    async def find(self, number: str, customer: str) -> Person:
        self.asked_for.append((number, customer))
        return self.person

    async def hold(self, person: Person) -> None:
        self.done.append("hold")

    async def erase(self, person: Person) -> Erased:
        self.done.append("database")
        self.person = person
        return Erased(customers=1)

    async def scrub(self) -> None:
        self.done.append("scrub")

    async def written(self) -> None:
        self.done.append("records")
        self.on_written()

    def erase_rejects(self, person: Person) -> int:
        self.done.append("rejects")
        return 2

    def erase_recordings(self, names: Iterable[str]) -> None:
        assert "machine" not in self.done
        self.recordings += names

    async def forget(self, number: str = "555 0000", customer: str = "") -> Erased:
        return await self.erasure.erase(
            number=number, customer=customer, request="erase-1", by="adi"
        )


@pytest.mark.virtual_time
async def test_the_database_knows_the_person_until_all_else_is_done() -> None:
    stage = Stage(Person((NUMBER, SECOND), ("Ana",), ("k1",)))

    erased = await stage.forget()

    assert stage.asked_for == [(NUMBER, "")]
    assert stage.done == [
        "hold", "machine", "records", "journal", "rejects", "database", "scrub",
    ]  # fmt: skip
    assert erased == Erased(customers=1, rejects=2)
    assert stage.person == Person((NUMBER, SECOND), ("Ana",), ("k1",))
    assert [stage.forgotten(n) for n in (NUMBER, "5550001", "+3545550002")] == [True, True, False]


@pytest.mark.virtual_time
async def test_whom_the_database_does_not_know_is_erased_from_the_journal_all_the_same() -> None:
    stage = Stage(Person(()))

    await stage.forget()

    assert stage.person == Person((NUMBER,))
    assert stage.forgotten("5550000")


@pytest.mark.virtual_time
async def test_a_customer_is_erased_by_id() -> None:
    stage = Stage(Person((NUMBER,)))

    await stage.forget(number="", customer="k1")

    assert stage.asked_for == [("", "k1")]
    assert stage.person == Person((NUMBER,), (), ("k1",))


@pytest.mark.virtual_time
async def test_a_person_is_taken_out_of_the_hopper() -> None:
    stage = Stage(Person((NUMBER,)))
    stage.bench.campaign()
    stage.bench.fill(row(0), row(1))

    await stage.forget()

    assert [one.contact for one in stage.bench.live().hopper] == ["1"]


@pytest.mark.virtual_time
async def test_a_message_that_the_person_left_goes_with_its_recording() -> None:
    stage = Stage(Person((NUMBER,), (), ("k1",)))
    voicemails = stage.state.voicemails
    for call, number, customer in (("c1", NUMBER, ""), ("c2", SECOND, "k1"), ("c3", SECOND, "")):
        left = VoicemailLeft(call, "service", f"{call}.wav", 1.0, 5.0, number, customer)
        voicemails.put(call, left)

    erased = await stage.forget()

    assert stage.recordings == ["c1.wav", "c2.wav"]
    assert list(voicemails) == ["c3"]
    assert erased.voicemails == 2


@pytest.mark.virtual_time
async def test_nothing_is_done_while_the_person_is_on_a_call() -> None:
    stage = Stage(Person(()))
    stage.bench.tell(e.CallArrived(channel("caller"), "5550000", "7000"))

    with pytest.raises(ErasureRefused, match=ON_A_CALL):
        await stage.forget()

    assert stage.done == []


@pytest.mark.virtual_time
async def test_a_call_that_comes_meanwhile_leaves_the_database_as_it_was() -> None:
    stage = Stage(Person(()))
    arrived = e.CallArrived(channel("caller"), "5550000", "7000")
    stage.on_written = lambda: stage.bench.tell(arrived)

    with pytest.raises(ErasureRefused, match=ON_A_CALL):
        await stage.forget()

    assert "database" not in stage.done
    assert "journal" not in stage.done


@pytest.mark.virtual_time
async def test_an_answer_of_the_database_that_may_bring_the_person_back_is_waited_for() -> None:
    stage = Stage(Person(()))
    stage.bench.campaign()
    asked = stage.bench.last(c.RefillHopper)

    with pytest.raises(ErasureRefused, match=UNDER_WAY):
        await stage.forget()
    held = list(stage.done)
    stage.bench.fill(row(0))
    await stage.forget()

    assert asked.window == ALWAYS
    assert held == ["hold"]
    assert stage.bench.live().hopper == ()


@pytest.mark.virtual_time
async def test_who_is_dialed_just_now_is_refused() -> None:
    stage = Stage(Person(()))
    stage.bench.dial("ana", rows=1)

    with pytest.raises(ErasureRefused, match=BEING_DIALED):
        await stage.forget()
