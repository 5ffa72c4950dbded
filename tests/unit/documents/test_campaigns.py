"""Reading a campaign's document: what comes out, and what is told of a wrong one."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from callcenter.documents.campaigns import (
    WEEKDAYS,
    CampaignDocument,
    CampaignFields,
    CapFields,
    LegalName,
    RetriedResult,
    Retry,
    Weekday,
    fields_of,
    load_campaign,
)
from callcenter.documents.files import config_path
from callcenter.documents.yaml_lines import DocumentError
from callcenter.domain.attempt import GIVEN_BACK, AttemptResult
from callcenter.domain.campaign import (
    DEFAULT_RETRIES,
    AmdSettings,
    CallingWindow,
    CampaignSettings,
    Cap,
    Counting,
    Of,
    OnMachine,
    Pacing,
    RetryRule,
    Terms,
)
from dialer.compliance import PROFILES

SHORT = "id: renewals\nname: Renewals\npbx: main\ntrunk: carrier\n"


def _load(folder: Path, text: str) -> CampaignDocument:
    file = folder / "campaign.yaml"
    file.write_text(text, encoding="utf-8")
    return load_campaign(file)[0]


def _refusals(folder: Path, text: str) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        _load(folder, text)
    return [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]


def test_what_is_left_out_has_the_machines_own_defaults(tmp_path: Path) -> None:
    document = _load(tmp_path, SHORT)

    assert document.settings(document.id) == CampaignSettings(
        "renewals", "Renewals", "main", "carrier", retries=DEFAULT_RETRIES
    )


def test_every_field_comes_through(tmp_path: Path) -> None:
    text = SHORT + (
        'caller_id: "+3545550100"\npacing: power\nlines_per_agent: 1.5\nmax_lines: 7\nring_s: 20\n'
        "legal: uk-ofcom\ndrop_cap: 0.02\namd: false\n"
        "harbour_wait_s: 2\nharbour_prompt: en/good-bye\nwrap_up_s: 5\n"
        "trunks: [reserve, spare]\nopt_out_key: '9'\n"
        "amd_settings: {greeting: 2000}\non_machine: to_agent\namd_check_every: 50\n"
        "caller_ids: ['+3545550101']\nlist_caller_ids: {gold: ['+3545550102']}\n"
        'window: {opens: "10:30", closes: "24:00", weekdays: [sunday, monday]}\n'
        "retries:\n  busy: {delay_s: 60, max_tries: 3}\n"
    )

    assert _load(tmp_path, text).settings("spring") == CampaignSettings(
        id="spring",
        name="Renewals",
        pbx="main",
        trunk="carrier",
        trunks=("reserve", "spare"),
        opt_out_key="9",
        amd_settings=AmdSettings(greeting=2000),
        on_machine=OnMachine.TO_AGENT,
        amd_check_every=50,
        caller_ids=("+3545550101",),
        list_caller_ids={"gold": ("+3545550102",)},
        caller_id="+3545550100",
        pacing=Pacing.POWER,
        drop_cap=0.02,
        terms=Terms(legal="uk-ofcom"),
        lines_per_agent=1.5,
        max_lines=7,
        ring_s=20,
        amd=False,
        harbour_wait_s=2,
        harbour_prompt="en/good-bye",
        window=CallingWindow(630, 1440, (0, 6)),
        retries={AttemptResult.BUSY: RetryRule(60, 3)},
        wrap_up_s=5,
    )


def test_a_preview_may_be_timed(tmp_path: Path) -> None:
    text = SHORT + "pacing: preview\npreview_s: 20\n"

    settings = _load(tmp_path, text).settings("spring")

    assert (settings.pacing, settings.preview_s) == (Pacing.PREVIEW, 20.0)
    shown = fields_of(CampaignDocument, settings)
    assert (shown.pacing, shown.preview_s) == ("preview", 20.0)


def test_a_message_for_machines_has_a_prompt(tmp_path: Path) -> None:
    text = SHORT + "on_machine: leave_message\n"

    settings = _load(tmp_path, text + "machine_prompt: we-called\n").settings("spring")

    assert (settings.on_machine, settings.machine_prompt) == (OnMachine.LEAVE_MESSAGE, "we-called")
    shown = fields_of(CampaignDocument, settings)
    assert (shown.on_machine, shown.machine_prompt) == ("leave_message", "we-called")
    [said] = _refusals(tmp_path, text)
    assert "`machine_prompt`: there is no message to leave." in said


def test_no_retries_at_all_can_be_asked_for(tmp_path: Path) -> None:
    assert _load(tmp_path, SHORT + "retries: {}\n").settings("x").retries == {}


def test_the_example_shows_every_setting_and_the_rules_that_hold_without_it() -> None:
    document, _ = load_campaign(config_path("campaign.example.yaml"))

    assert set(document.model_fields_set) == set(CampaignDocument.model_fields)
    assert document.settings("x").retries == DEFAULT_RETRIES
    assert document.settings("x").window == CallingWindow()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("caller_id: 5550100", "5: `caller_id` is not text. Put it into quotation marks."),
        (
            'caller_id: "555 0100"',
            "5: `caller_id`: this is no telephone number."
            ' Write it with the country code: "+13125550100".',
        ),
        ("lines_per_agent: 3.5", "5: `lines_per_agent` should be less than or equal to 3."),
        (
            "pacing: progressive\nlines_per_agent: 1.5",
            "6: `lines_per_agent`: several lines for each agent are for power pacing",
        ),
        (
            "pacing: predictive\npreview_s: 20",
            "6: `preview_s`: a time after which a card's contact is dialed is for preview."
            " Set pacing: preview, or leave preview_s out.",
        ),
        (
            "pacing: preview\npreview_s: 2",
            "6: `preview_s`: nobody reads a card in less than 3 s.",
        ),
        ("pacing: guess", "5: `pacing` is none of the values it may have"),
        ("legal: us-tsr\ndrop_cap: 0.04", "6: `drop_cap`: the legal profile allows 0.03 at most"),
        (
            "window: {holidays: [ATLANTIS]}",
            "5: `window.holidays[0]`: there is no such calendar of public holidays",
        ),
        ("window: {closed_days: [2026-02-30]}", "5: `window.closed_days[0]`"),
        ("lines_per_agent: 0.5", "5: `lines_per_agent` should be greater than or equal to 1."),
        ("max_lines: 501", "5: `max_lines` should be less than or equal to 500."),
        ("max_lines: 0", "5: `max_lines` should be greater than or equal to 1."),
        ("ring_s: 14", "5: `ring_s` should be greater than or equal to 15."),
        ("opt_out_key: '10'", "5: `opt_out_key`: this is no key."),
        ("harbour_prompt: ../x", "5: `harbour_prompt`: this is no name of a prompt."),
        ("machine_prompt: ../x", "5: `machine_prompt`: this is no name of a prompt."),
        (
            "machine_prompt: ''\non_machine: leave_message",
            "5: `machine_prompt`: there is no message to leave."
            " Name its prompt, or let on_machine be hang_up or to_agent.",
        ),
        (
            "harbour_wait_s: 2",
            "5: `harbour_wait_s`: after answering machine detection a person may wait 1 s at most."
            " Take 1 or 0, or switch amd off.",
        ),
        ("{amd: false, harbour_wait_s: 3}", "5: `harbour_wait_s` should be less than or equal to"),
        ("window: {opens: 9 am}", "5: `window.opens`: this is no time of day."),
        (
            'window: {opens: "20:00", closes: "09:00"}',
            "5: `window.closes`: the calling hours end before they begin.",
        ),
        ('window: {opens: "24:00"}', "5: `window.opens`: this is no time of day."),
        ("window: {weekdays: []}", "5: `window.weekdays` should have at least 1"),
        ("window: {weekdays: [mon]}", "5: `window.weekdays[0]` is none of the values"),
        (
            "window: {weekdays: [monday, monday]}",
            "5: `window.weekdays`: a weekday is there twice. Name each day once.",
        ),
        (
            "retries: {busy: {delay_s: 1, max_tries: 3}}",
            "5: `retries.busy.delay_s` should be greater than or equal to 10.",
        ),
        (
            "retries: {busy: {delay_s: 60, max_tries: 99}}",
            "5: `retries.busy.max_tries` should be less than or equal to 20.",
        ),
        (
            "retries: {connected: {delay_s: 60, max_tries: 3}}",
            "5: `retries.connected` is none of the values it may have.",
        ),
        ("wrap_up_s: -1", "5: `wrap_up_s` should be greater than or equal to 0."),
        ("trunck: carrier", "5: `trunck` is not known. Did you mean `trunk`?"),
    ],
)
def test_a_wrong_setting_is_told_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    line = line.strip("{}").replace(", ", "\n") if line.startswith("{") else line

    refusals = _refusals(tmp_path, f"{SHORT}{line}\n")

    assert len(refusals) == 1
    wanted = said if not line.startswith("amd") else said.replace("5:", "6:")
    assert refusals[0].startswith(f"campaign.yaml:{wanted}"), refusals


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("id: Renewals", "campaign.yaml:1: `id`: this is no id of a campaign. Take 1 to 31 of"),
        ('name: "a\\u0000b"', "campaign.yaml:2: `name` should match"),
        ('name: ""', "campaign.yaml:2: `name` should have at least 1 character"),
    ],
)
def test_a_wrong_name_is_told(tmp_path: Path, written: str, said: str) -> None:
    key = written.partition(":")[0]
    old = next(line for line in SHORT.splitlines() if line.startswith(key))

    assert _refusals(tmp_path, SHORT.replace(old, written))[0].startswith(said)


def test_all_that_is_missing_is_told_at_once(tmp_path: Path) -> None:
    said = _refusals(tmp_path, "id: x\n")

    assert [line.partition(" ")[2] for line in said] == [
        "`name` is missing. Add `name:`.",
        "`pbx` is missing. Add `pbx:`.",
        "`trunk` is missing. Add `trunk:`.",
    ]


def test_settings_come_back_in_the_words_in_which_they_were_written(tmp_path: Path) -> None:
    document, _ = load_campaign(config_path("campaign.example.yaml"))

    again = fields_of(CampaignFields, document.settings("renewals"))

    assert again.model_dump() == document.model_dump(exclude={"id"}) | {"script": ""}


def test_the_words_are_those_of_the_machine() -> None:
    ending = {AttemptResult.CONNECTED, AttemptResult.INVALID_NUMBER, AttemptResult.FAX}
    others = set(AttemptResult) - ending - set(GIVEN_BACK)

    assert set(get_args(RetriedResult)) == {str(result) for result in others}
    assert get_args(Weekday) == WEEKDAYS


def test_caps_consent_and_profile_go_to_the_machine_and_come_back() -> None:
    fields = CampaignFields(
        name="Renewals",
        pbx="main",
        trunk="carrier",
        needs_consent=True,
        legal="uk-ofcom",
        caps=[CapFields(of="account", counting="conversations", most=1, within_s=604_800.0)],
        retries={"busy": Retry(delay_s=60.0, max_tries=2, other_number=True)},
    )

    settings = fields.settings("renewals")

    cap = Cap(Of.ACCOUNT, Counting.CONVERSATIONS, 1, 604_800.0)
    assert settings.terms == Terms(True, "uk-ofcom", (cap,))
    assert settings.retries == {AttemptResult.BUSY: RetryRule(60.0, 2, other_number=True)}
    assert fields_of(CampaignFields, settings).settings("renewals") == settings


def test_the_profiles_that_may_be_named_are_those_that_there_are() -> None:
    assert get_args(LegalName) == ("", *PROFILES)


@pytest.mark.parametrize(
    "cap",
    [
        {"of": "town", "most": 1, "within_s": 3600.0},
        {"of": "person", "most": 0, "within_s": 3600.0},
        {"of": "person", "most": 1, "within_s": 60.0},
        {"of": "person", "most": 1},
    ],
)
def test_a_cap_that_says_nothing_is_refused(cap: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CapFields.model_validate(cap)
