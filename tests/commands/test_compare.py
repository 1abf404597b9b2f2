"""``compare`` on run folders of literals."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from duet.commands import main as cli
from tests.reporting.conftest import candidate, result, write_lines


def write_run(folder: Path, best: Sequence[float], start: Sequence[float] | None = None, **changes: Any) -> str:
    """A run whose best (and first) instruction got these scores on the test examples t0, t1, ..."""
    folder.mkdir()
    rows = [
        candidate(0, "Say the first word.", 0.5, n=4, scores=[1.0, 0.0, 1.0, 0.0], outputs=["a", "b", "c", "d"]),
        candidate(1, "Say the last word.", 1.0, n=4, scores=[1.0] * 4, outputs=["e", "f", "g", "h"]),
        candidate(2, "Say all.", 0.0, n=1, scores=[0.0], outputs=["i"]),
    ]
    write_lines(folder / "candidates.jsonl", rows)
    examples: list[dict[str, Any]] = [
        {"split": "validation", "input": f"v{place}", "expected": [f"w{place}"]} for place in range(4)
    ]
    for place, score in enumerate(best):
        first = {} if start is None else {"initial_output": f"start {place}", "initial_score": start[place]}
        answer = {"best_output": f"best {place}", "best_score": score}
        examples.append({"split": "test", "input": f"t{place}", "expected": [f"u{place}"], **answer, **first})
    write_lines(folder / "examples.jsonl", examples)
    (folder / "result.json").write_text(json.dumps(result(**changes)))
    return str(folder)


def compared(capfd: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert cli.main(["compare", *arguments]) == 0
    out, err = capfd.readouterr()
    assert err == ""
    return out.splitlines()


def test_two_runs_are_compared_example_by_example(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    a = write_run(tmp_path / "a", [1.0] * 9 + [0.0])
    b = write_run(tmp_path / "b", [0.0] * 9 + [1.0], best_instruction="Say\nnothing.", metric="exact_match")
    lines = compared(capfd, a, b)  # shares 10/12 and 2/12: 0.667 - 1.96 * 0.2152 = 0.245
    assert lines[:2] == [f"A: Say the last word.  ({a}, best)", f"B: Say nothing.  ({b}, best)"]
    assert lines[2:6] == [
        "On the 10 test examples that both were scored on, scored by exact_match:",
        "A 0.900, B 0.100; A - B = +0.800, 95 % interval +0.245 to +1.000",
        "A is better on 9, B is better on 1, equal on 0",
        "Exact McNemar test: p = 0.0215. A is better, and chance alone hardly explains it.",
    ]
    assert lines[6:11] == ["", "A is better: t0", "  expected: u0", "  A (1): best 0", "  B (0): best 0"]
    assert "B is better: t9" in lines


def test_one_run_compares_its_best_instruction_with_its_start(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = compared(capfd, write_run(tmp_path / "a", [1.0, 1.0, 0.0], [1.0, 1.0, 0.0]))
    assert lines[1].startswith("B: Say the first word.")
    assert lines[1].endswith(", start)")
    assert lines[5] == "Exact McNemar test: p = 1. The two score the same on every example."
    assert len(lines) == 6


def test_two_instructions_of_a_run_are_compared_where_both_were_scored(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = compared(capfd, write_run(tmp_path / "a", [1.0]), "--instructions", "2", "Say all.")
    assert lines[0].endswith(", #2)")
    assert lines[1].endswith(", #3)")
    assert lines[2] == "On the 1 validation examples that both were scored on:"
    assert lines[3] == "A 1.000, B 0.000; A - B = +1.000"
    assert lines[6:8] == [
        "A and B were scored on 4 and 1 validation examples, and only those that both share count.",
        "The search chose instructions by these very examples: a chosen one looks better here than it is.",
    ]
    assert lines[8:] == ["", "A is better: v0", "  expected: w0", "  A (1): e", "  B (0): i"]


def test_graded_scores_get_another_test(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    a, b = write_run(tmp_path / "a", [0.5, 0.75, 1.0]), write_run(tmp_path / "b", [0.25, 0.25, 0.25])
    assert "Wilcoxon signed-rank test: p = 0.25. The difference can't be told from chance." in compared(capfd, a, b)


def test_the_split_can_be_chosen(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lines = compared(capfd, write_run(tmp_path / "a", [1.0], [0.0]), "--split", "validation")
    assert lines[2] == "On the 4 validation examples that both were scored on:"


def test_json_has_every_example_that_differs(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    a, b = write_run(tmp_path / "a", [1.0] * 30), write_run(tmp_path / "b", [0.0] * 30)
    found = json.loads("\n".join(compared(capfd, a, b, "--json")))
    assert (found["n"], found["a_better"], found["difference"], found["clear"]) == (30, 30, 1.0, True)
    assert found["p"] == pytest.approx(2 / 2**30)
    assert found["a"] == {"run": a, "name": "best", "instruction": "Say the last word."}
    assert [each["input"] for each in found["differences"]] == [f"t{place}" for place in range(30)]
    assert found["differences"][0]["b"] == {"score": 0.0, "output": "best 0"}
    assert compared(capfd, a, b)[-1] == "... and 20 more examples that differ; --json has them all"


def test_the_same_example_twice_is_two_pairs(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name, scores in (("a", (1.0, 0.0)), ("b", (1.0, 1.0))):
        write_run(tmp_path / name, [])
        answer = {"split": "test", "input": "t", "expected": ["u"], "best_output": "x"}
        write_lines(tmp_path / name / "examples.jsonl", [answer | {"best_score": score} for score in scores])
    lines = compared(capfd, str(tmp_path / "a"), str(tmp_path / "b"))
    assert lines[4] == "A is better on 0, B is better on 1, equal on 1"


def test_an_answer_moves_no_cursor(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    a = write_run(tmp_path / "a", [1.0], [0.0], best_instruction="red\x1b[31m\nblue")
    assert "\x1b" not in "\n".join(compared(capfd, a))


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["a", "other"], "compare: expected instructions that were scored on the same examples, but a (best)"),
        (["a", "f1"], "compare: expected scores of one metric but got exact_match and f1"),
        (["a", "b", "a"], "compare: expected one run or two but got 3"),
        (["gone"], "gone: expected a run folder but it is missing"),
        (["."], ".: expected one run folder but found 4, such as a"),
        (["a", "--instructions", "9", "best"], "a: expected best, start, the number of a line of candidates.jsonl"),
        (["a", "--instructions", "0", "best"], "a: expected best, start, the number of a line of candidates.jsonl"),
        (["a", "--split", "train"], "argument --split: invalid choice: 'train'"),
    ],
)  # fmt: skip
def test_what_can_not_be_compared_gets_one_line(
    arguments: list[str], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "a", [1.0], metric="exact_match")
    write_run(tmp_path / "b", [1.0])
    write_run(tmp_path / "f1", [1.0], metric="f1")
    write_run(tmp_path / "other", [1.0])
    example = {"split": "test", "input": "elsewhere", "expected": ["u"], "best_output": "x", "best_score": 1.0}
    write_lines(tmp_path / "other" / "examples.jsonl", [example])
    assert cli.main(["compare", *arguments]) == 2
    [found] = capfd.readouterr().err.splitlines()
    assert found.startswith(f"duet: {line}")
