"""``export`` writes a prompt to standard output or to a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from duet.commands import main as cli
from tests.reporting.conftest import MakeRun

PROMPT = {"text": "Sag es: {input}\udfff", "messages": [{"role": "user", "content": "Sag es: {input}"}]}


def test_text_is_the_default_and_goes_to_standard_output(make_run: MakeRun, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["export", str(make_run("a", best_prompt=PROMPT))]) == 0
    assert capfd.readouterr() == ("Sag es: {input}?\n", "")


@pytest.mark.parametrize("name", ["messages", "promptfoo", "dspy"])
def test_each_format_can_go_to_a_file(
    name: str, make_run: MakeRun, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder, file = make_run("a", best_prompt=PROMPT), tmp_path / "deep" / "file"
    assert cli.main(["export", str(folder), "--format", name, "--output", str(file)]) == 0
    assert capfd.readouterr() == ("", "")
    start = {"messages": "[\n", "promptfoo": "# Duet scored by", "dspy": "# DSPy formats"}
    assert file.read_text(encoding="utf-8").startswith(start[name])


def test_messages_are_json(make_run: MakeRun, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["export", str(make_run("a", best_prompt=PROMPT)), "--format", "messages"]) == 0
    assert json.loads(capfd.readouterr().out) == PROMPT["messages"]


def test_a_folder_without_a_prompt_gets_one_line(make_run: MakeRun, capfd: pytest.CaptureFixture[str]) -> None:
    folder = make_run("a")
    assert cli.main(["export", str(folder)]) == 2
    line = f"duet: {folder}: expected best_prompt in result.json or search.evaluation.template in config.yaml\n"
    assert capfd.readouterr().err == line
