"""The flows that travel with the program: right, every way of theirs tried, every prompt spoken."""

from __future__ import annotations

import pytest

from callcenter.core.announcing import list_prompts
from callcenter.documents.files import flows_path
from callcenter.documents.flow_scripts import load_scripts, try_flows
from callcenter.documents.flows import list_documents, load_flows, load_prompts
from callcenter.domain.campaign import OPTED_OUT_PROMPT, CampaignSettings
from callcenter.domain.flow import Flow, QueueNode
from callcenter.domain.rules import CALL_BACK_PROMPT
from callcenter.ivr.script import Script, find_differences, find_untaken_ways

FOLDER = flows_path()
FLOWS = {flow.id: flow for flow in load_flows(FOLDER)}
SCRIPT_FILES = [load_scripts(path) for path in list_documents(FOLDER / "tests")]


def _prompts_of(flow: Flow) -> list[str]:
    return [
        node.prompt
        for node in flow.nodes.values()
        if not isinstance(node, QueueNode) and node.prompt
    ]


def test_the_sample_flow_is_there() -> None:
    assert "service" in FLOWS
    assert (FOLDER / "__init__.py").is_file()


@pytest.mark.parametrize(
    ("flow", "script"),
    [
        pytest.param(FLOWS[file.flow], script, id=f"{file.flow}: {script.name}")
        for file in SCRIPT_FILES
        for script in file.scripts
    ],
)
def test_a_script_goes_as_it_expects(flow: Flow, script: Script) -> None:
    assert find_differences(flow, script) == ()


@pytest.mark.parametrize("flow", list(FLOWS.values()), ids=list(FLOWS))
def test_every_way_of_a_flow_is_taken_by_some_script(flow: Flow) -> None:
    scripts = [script for file in SCRIPT_FILES if file.flow == flow.id for script in file.scripts]

    assert [str(way) for way in find_untaken_ways(flow, scripts)] == []


@pytest.mark.parametrize("language", [path.name for path in (FOLDER / "prompts").iterdir()])
def test_every_prompt_has_a_text_in_every_language_and_every_text_is_used(language: str) -> None:
    used = {prompt for flow in FLOWS.values() for prompt in _prompts_of(flow)}
    of_campaigns = CampaignSettings("renewals", "Renewals", "main", "carrier").harbour_prompt

    expected = {*used, of_campaigns, OPTED_OUT_PROMPT, CALL_BACK_PROMPT, *list_prompts()}
    assert set(load_prompts(FOLDER, language)) == expected


def test_the_command_finds_nothing_to_mend_either() -> None:
    assert try_flows(FOLDER).problems == ()
