"""The files of a run folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from duet.reporting.records import (
    CandidateRecord,
    Lengths,
    PromptRecord,
    Result,
    append_candidates,
    write_candidates,
    write_result,
)

RECORD = CandidateRecord(1, "Répète «le» mot.\u2028", "local", None, 0.5, 2, (1.0, 0.0), ("a", "b"), 0.25, 0.125)
RESULT = Result(
    task="t", task_fingerprint="12ab", method="Duet", seed=0, best_instruction="Do it.",
    best_prompt=PromptRecord("Do it. {input}", [{"role": "user", "content": "Do it. {input}"}]), validation_score=0.5,
    validation_n=20, validation_posterior=0.45, validation_interval=(0.3, 0.6), test_score=None, test_interval=None,
    n_test=9, shortest_instruction="Do it.", lengths=Lengths("words", 2, 2),
    initial_best_instruction="Do.", initial_best_validation_score=0.25, initial_best_validation_n=20,
    initial_best_test_score=None, own_instructions=(), baselines={}, answers={"cut": 1}, warnings=(),
    left_out=(), written=9, rejected={"too short": 2}, model="m",
    metric="exact_match",
    splits={"test": 9}, calls=7, prompt_tokens=10, completion_tokens=3, cost_usd=None, possibly_charged_usd=None,
    iterations=2, stop_reason="budget", is_complete=True, seconds=1.5, versions={"torch": "2"},
)  # fmt: skip


def test_a_line_is_one_instruction_with_all_that_is_known(tmp_path: Path) -> None:
    write_candidates(tmp_path, [RECORD])
    append_candidates(tmp_path, [RECORD, RECORD])
    lines = (tmp_path / "candidates.jsonl").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    assert [json.loads(line)["instruction"] for line in lines] == [RECORD.instruction] * 3
    assert json.loads(lines[0])["scores"] == [1.0, 0.0]
    assert list(json.loads(lines[0])) == [field.name for field in fields(CandidateRecord)]


def test_writing_anew_leaves_no_line_of_before(tmp_path: Path) -> None:
    write_candidates(tmp_path, [RECORD, RECORD])
    write_candidates(tmp_path, [RECORD])
    assert len((tmp_path / "candidates.jsonl").read_text(encoding="utf-8").split("\n")) == 2


def test_the_result_is_the_last_file_that_appears(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    replace = os.replace

    def noted(source: Path, target: Path) -> None:
        order.append(target.name)
        replace(source, target)

    monkeypatch.setattr(os, "replace", noted)
    write_result(tmp_path, RESULT)
    assert order == ["best_instruction.txt", "result.json"]
    content = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert (content["best_instruction"], content["test_score"], content["cost_usd"]) == ("Do it.", None, None)


def test_the_records_are_read_without_torch() -> None:
    code = "import sys, duet.reporting.records; sys.exit('torch' in sys.modules)"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
