"""What agents say in a campaign, over HTTP: checked when it is saved, kept beside the settings."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter.domain import events as e
from tests.unit.api.fake_contacts import FakeScripts
from tests.unit.api.fakes import Center
from tests.unit.api.test_campaigns import RENEWALS, SETUP, with_campaign

HELLO = "# Opening\n\nGood day {name}, my name is {agent}."


def scripts_of(center: Center) -> FakeScripts:
    assert center.scripts is not None
    return center.scripts


def with_columns(*columns: str) -> Center:
    """A center with a campaign whose lists have these columns."""
    center = with_campaign()
    scripts_of(center).of_lists = columns
    return center


async def test_a_script_is_saved_with_the_settings_and_comes_back_with_them() -> None:
    center = with_columns("card")
    text = HELLO + "\n- Your {Card} runs out.\n"
    async with center.serve() as caller:
        mia = await caller.bearer("mia")

        saved = await caller.send("PUT", RENEWALS, json=SETUP | {"script": text}, headers=mia)
        settings = await caller.send("GET", f"{RENEWALS}/settings", headers=mia)
        cleared = await caller.send("PUT", RENEWALS, json=SETUP, headers=mia)

    assert saved.status == 200, saved.body
    assert settings.body["script"] == text.strip()
    assert cleared.status == 200
    assert scripts_of(center).scripts == {"renewals": ""}


async def test_the_machine_and_its_views_know_nothing_of_it() -> None:
    center = with_campaign()
    async with center.serve() as caller:
        answer = await caller.send(
            "PUT", RENEWALS, json=SETUP | {"script": HELLO}, headers=await caller.bearer("mia")
        )

    assert isinstance(center.hub.asked[0], e.CampaignSaved)
    assert "Good day" not in repr(center.hub.asked) + repr(answer.body)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("Good day {nmae}", "there is no {nmae}; take {name}, {number}, {agent}, {campaign}"),
        ("{a} and {b}", "there is no {a}, {b}; take"),
        ("{nmae}", "or a column of the lists: {card}, {due date}"),
        ("Good day\n{name", "the brace of '{name' in line 2 is not closed. Write braces only"),
        ("{name {agent}", "the brace of '{name {agent}' in line 1 is not closed"),
        ("Good day\nname}", "in line 2 a } closes what was not opened"),
        ("{}", "in line 1 there is no name of a column between the braces"),
        ("x" * 4001, "at most 4000 characters"),
        ("bell\a", "line 1 has a character that cannot be seen"),
        (7, "valid string"),
    ],
)
async def test_a_wrong_script_is_refused_and_nothing_is_changed(script: Any, said: str) -> None:
    center = with_columns("card", "due date")
    async with center.serve() as caller:
        answer = await caller.send(
            "PUT", RENEWALS, json=SETUP | {"script": script}, headers=await caller.bearer("mia")
        )

    assert (answer.status, answer.problem) == (422, "invalid")
    (error,) = answer.body["errors"]
    assert error["path"] == "body.script"
    assert said in error["detail"]
    assert center.hub.asked == []
    assert scripts_of(center).scripts == {}


async def test_before_a_list_is_imported_it_is_said_how_its_columns_come_to_be_known() -> None:
    center = Center().with_agents("ana")
    async with center.serve() as caller:
        answer = await caller.send(
            "PUT", RENEWALS, json=SETUP | {"script": "{card}"}, headers=await caller.bearer("mia")
        )

    assert "or import the list whose column it is first" in answer.body["errors"][0]["detail"]


async def test_columns_that_went_with_their_list_do_not_hold_up_other_settings() -> None:
    center = with_campaign()
    scripts_of(center).scripts["renewals"] = "{card}"
    async with center.serve() as caller:
        answer = await caller.send(
            "PUT",
            RENEWALS,
            json=SETUP | {"script": "{card}", "ring_s": 40},
            headers=await caller.bearer("mia"),
        )

    assert (answer.status, answer.body["settings"]["ring_s"]) == (200, 40.0)


async def test_what_the_machine_refuses_changes_no_script() -> None:
    center = with_campaign()
    async with center.serve() as caller:
        mia = await caller.bearer("mia")
        center.hub.full = True

        answer = await caller.send("PUT", RENEWALS, json=SETUP | {"script": HELLO}, headers=mia)

    assert answer.problem == "overloaded"
    assert scripts_of(center).scripts == {}


async def test_without_its_database_nothing_is_changed_and_half_a_change_is_told() -> None:
    center = with_campaign()
    scripts_of(center).writes = False
    async with center.serve() as caller:
        mia = await caller.bearer("mia")

        half = await caller.send("PUT", RENEWALS, json=SETUP | {"script": HELLO}, headers=mia)
        scripts_of(center).away = True
        asked = len(center.hub.asked)
        none = await caller.send("PUT", RENEWALS, json=SETUP | {"script": HELLO}, headers=mia)
        read = await caller.send("GET", f"{RENEWALS}/settings", headers=mia)
        names = await caller.send("GET", f"{RENEWALS}/placeholders", headers=mia)

    assert half.problem == "unavailable"
    assert "the settings hold, the script is as before" in half.body["detail"]
    assert (none.problem, read.problem, names.problem) == ("unavailable",) * 3
    assert "Nothing was changed" in none.body["detail"]
    assert len(center.hub.asked) == asked


async def test_what_may_be_named_is_told_to_those_who_look_after_campaigns() -> None:
    async with with_columns("card").serve() as caller:
        mia = await caller.bearer("mia")

        names = await caller.send("GET", f"{RENEWALS}/placeholders", headers=mia)
        nothing = await caller.send("GET", "/api/v1/campaigns/moon/placeholders", headers=mia)
        agent = await caller.send(
            "GET", f"{RENEWALS}/placeholders", headers=await caller.bearer("ana")
        )

    assert names.body == {
        "fields": ["name", "number", "agent", "campaign", "list"],
        "columns": ["card"],
    }
    assert (nothing.problem, agent.problem) == ("not-found", "forbidden")


async def test_a_center_that_keeps_no_scripts_takes_campaigns_without() -> None:
    center = with_campaign()
    center = Center(hub=center.hub, scripts=None)
    async with center.serve() as caller:
        mia = await caller.bearer("mia")

        with_one = await caller.send("PUT", RENEWALS, json=SETUP | {"script": HELLO}, headers=mia)
        without = await caller.send("PUT", RENEWALS, json=SETUP, headers=mia)
        settings = await caller.send("GET", f"{RENEWALS}/settings", headers=mia)
        names = await caller.send("GET", f"{RENEWALS}/placeholders", headers=mia)

    assert with_one.problem == "unavailable"
    assert without.status == 200
    assert settings.body["script"] == ""
    assert names.body["columns"] == []
