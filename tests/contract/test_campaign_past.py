"""What a campaign is rehearsed from, read out of databases of each kind."""

from __future__ import annotations

from msgspec.structs import replace
from sqlalchemy import insert

from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptResult, ContactStatus
from callcenter.domain.campaign import Terms
from callcenter.domain.history import ListedContact
from callcenter.domain.records import AgentStateRecord, ConversationRecord
from callcenter.storage.campaign_past import StoredCampaignPast
from callcenter.storage.stores import ContactDestination
from callcenter.storage.tables import shifts
from tests.contract.contact_stores import AUTUMN, LONDON, NEW_YORK, A, B, C, D, provide_store, row
from tests.unit.storage.databases import Place
from tests.unit.storage.samples import T0, make_attempt, make_entry

WARM = ContactDestination("autumn", "warm", 5)


async def test_who_is_left_and_how_the_last_attempts_went_is_found_again(place: Place) -> None:
    async with provide_store(place) as store:
        database = store.contacts._database
        await store.add(row(A), row(B, LONDON), row(C, consent=False), into=AUTUMN)
        await store.add(row(D), into=WARM)
        listed = (await StoredCampaignPast(database).read("autumn", Terms(), T0)).contacts
        by_place = {(one.zones, one.list): one.id for one in listed}
        places = {A: (NEW_YORK, "first"), B: (LONDON, "first"), D: (NEW_YORK, "warm")}
        ids = {number: by_place[place] for number, place in places.items()}
        attempt = make_attempt(
            contact=ids[A], campaign="autumn", number=A, call="c1", agent="ana",
            placed_at=T0 - 100.0, ringing_at=T0 - 98.0, answered_at=T0 - 90.0,
            person_at=T0 - 89.0, connected_at=T0 - 89.0, ended_at=T0 - 20.0,
            result=AttemptResult.CONNECTED, status=ContactStatus.DONE, next_try_at=0.0,
        )  # fmt: skip
        busy = make_attempt(
            "att-2", contact=ids[B], campaign="autumn", number=B, placed_at=T0 - 50.0,
            ended_at=T0 - 45.0, result=AttemptResult.BUSY, status=ContactStatus.OPEN,
            next_try_at=T0 + 600.0,
        )  # fmt: skip
        store._end += 1
        store._records.feed(
            [
                make_entry(
                    store._end,
                    attempt,
                    busy,
                    ConversationRecord("c1", "ana", T0 - 89.0, T0 - 20.0),
                    AgentStateRecord("ana", AgentState.WRAP_UP, "", T0 - 20.0, T0 - 5.0),
                )
            ]
        )
        await store._records.wait_for(store._end)
        async with database.writing() as connection:
            await connection.execute(
                insert(shifts).values(agent="ana", day="mon", begins_min=480, ends_min=960)
            )

        past = await StoredCampaignPast(database).read("autumn", Terms(), T0)
        few = await StoredCampaignPast(database).read(
            "autumn", Terms(), T0, attempts_max=1, contacts_max=1
        )
        none = await StoredCampaignPast(database).read("spring", Terms(needs_consent=True), T0)

    assert (past.left, past.without_consent, len(past.shifts)) == (2, 1, 1)
    assert {one.id: one for one in past.contacts} == {
        ids[B]: ListedContact(
            ids[B], LONDON, made=busy.tries, next_try_at=T0 + 600.0, list="first"
        ),
        ids[D]: replace(past.contacts[0], id=ids[D], zones=("America/New_York",), made=0,
                        next_try_at=0.0, priority=5, list="warm"),
    }  # fmt: skip
    talked, other = past.attempts
    assert (talked.zone, talked.talk_s, talked.wrap_up_s) == ("America/New_York", 69.0, 15.0)
    assert (talked.agent, talked.person_at, talked.answered_at) == ("ana", T0 - 89.0, T0 - 90.0)
    assert (other.zone, other.talk_s, other.answered_at) == ("Europe/London", -1.0, 0.0)
    assert other.result is AttemptResult.BUSY
    assert len(few.attempts) == 1
    assert few.left == 2
    assert (none.left, none.attempts, none.contacts) == (0, (), ())
