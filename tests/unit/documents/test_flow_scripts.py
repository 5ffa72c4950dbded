"""Reading scripts of key presses, and trying a folder of flows."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.documents.flow_scripts import ScriptFile, Trial, load_scripts, try_flows
from callcenter.documents.yaml_lines import DocumentError
from callcenter.ivr.engine import End, Enqueue
from callcenter.ivr.script import SILENCE, Script

FLOW = """\
id: main
version: 1
start: menu
default_queue: service
nodes:
  menu: {type: menu, prompt: menu, choices: {"*": menu, 9: bye}, otherwise: service}
  service: {type: queue, queue: service}
  bye: {type: hangup, prompt: bye}
"""

SCRIPTS = """\
flow: main
scripts:
  - name: says nothing
    path: [menu, menu, service]
    end: queue service
  - name: hears it again
    keys: ["*", silence, 9]
    path: [menu, menu, menu, bye]
    end: hangup
"""


def _write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    _write(tmp_path, "main.yaml", FLOW)
    _write(tmp_path, "prompts/en/menu.txt", "Press star or nine.")
    _write(tmp_path, "prompts/en/bye.txt", "Goodbye.")
    _write(tmp_path, "tests/main.yaml", SCRIPTS)
    return tmp_path


def test_scripts_are_read_with_their_lines(folder: Path) -> None:
    file = folder / "tests" / "main.yaml"

    assert load_scripts(file) == ScriptFile(
        file,
        "main",
        1,
        (
            Script("says nothing", (), ("menu", "menu", "service"), Enqueue("service")),
            Script("hears it again", ("*", SILENCE, "9"), ("menu", "menu", "menu", "bye"), End()),
        ),
        (3, 6),
    )


def test_mistakes_in_a_file_of_scripts_are_told_with_their_lines(tmp_path: Path) -> None:
    file = _write(
        tmp_path,
        "s.yaml",
        "flow: 5\nscripts:\n"
        "  - name: x\n    keys: [a, true, 10, 1]\n    end: sleep\n    paht: []\n",
    )

    with pytest.raises(DocumentError) as caught:
        load_scripts(file)

    key = 'this is no key of a telephone. Write 0 to 9, "*", "#" or silence.'
    assert [str(problem).removeprefix(str(tmp_path)) for problem in caught.value.problems] == [
        "/s.yaml:1: `flow` is not text. Put it into quotation marks.",
        "/s.yaml:3: `scripts[0].path` is missing. Add `path:`.",
        f"/s.yaml:4: `scripts[0].keys[0]`: {key}",
        f"/s.yaml:4: `scripts[0].keys[1]`: {key}",
        f"/s.yaml:4: `scripts[0].keys[2]`: {key}",
        "/s.yaml:5: `scripts[0].end` should match pattern '^(hangup|queue \\S.*)$'. Change it so.",
        "/s.yaml:6: `scripts[0].paht` is not known. Did you mean `path`?",
    ]


def test_flows_whose_scripts_all_go_as_expected_have_no_problems(folder: Path) -> None:
    report = try_flows(folder)

    assert report.problems == ()
    assert report.trials == (Trial("main", scripts=2, ways=3, ways_taken=3),)


def test_a_script_that_goes_otherwise_is_told_at_its_line(folder: Path) -> None:
    _write(folder, "tests/main.yaml", SCRIPTS.replace("queue service", "hangup"))

    (problem,) = try_flows(folder).problems

    assert str(problem) == (
        f"{folder}/tests/main.yaml:3: `says nothing` ended with queue service, expected hangup. "
        "Change the flow, or what the script expects."
    )


def test_a_way_that_no_script_takes_is_told_at_its_line_in_the_flow(folder: Path) -> None:
    _write(folder, "tests/main.yaml", SCRIPTS.replace("silence, 9]", "silence]"))

    told = [str(problem) for problem in try_flows(folder).problems]

    assert f"{folder}/main.yaml:6: no script takes menu --9--> bye. Add one to tests/." in told
    assert try_flows(folder).trials == (Trial("main", scripts=2, ways=3, ways_taken=2),)


def test_a_flow_without_any_scripts_is_told_way_by_way(folder: Path) -> None:
    (folder / "tests" / "main.yaml").unlink()
    (folder / "tests").rmdir()

    assert len(try_flows(folder).problems) == 3


def test_scripts_for_a_flow_that_is_not_there_are_told(folder: Path) -> None:
    _write(folder, "tests/more.yaml", SCRIPTS.replace("flow: main", "flow: mian"))

    (problem,) = try_flows(folder).problems

    assert str(problem) == (
        f"{folder}/tests/more.yaml:1: there is no flow `mian`. Name a flow's id."
    )


def test_wrong_flows_prompts_and_scripts_are_refused(folder: Path) -> None:
    _write(folder, "tests/main.yaml", "flow: main\n")
    with pytest.raises(DocumentError, match="`scripts` is missing"):
        try_flows(folder)

    (folder / "prompts" / "en" / "bye.txt").unlink()
    with pytest.raises(DocumentError, match="there is no prompt `bye`"):
        try_flows(folder)
