"""A run folder's result.json, candidates.jsonl, examples.jsonl, best_instruction.txt: written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from duet.atomic_files import replace_text

RESULT = "result.json"
CANDIDATES = "candidates.jsonl"
BEST = "best_instruction.txt"
EXAMPLES = "examples.jsonl"
STOPPED = {
    "iterations": "all iterations are done",
    "threshold": "the score reached the threshold",
    "budget": "the budget has no room for more",
    "no new candidates": "no new candidates came up",
}


@dataclass(frozen=True)
class CandidateRecord:
    """One line of candidates.jsonl: an instruction that was scored.

    Args:
        iteration: 0 for the initial instructions.
        instruction: the text.
        origin: where it came from.
        parent: the instruction that it was derived from, if any.
        score: mean of ``scores``.
        n: validation examples.
        scores: per example.
        outputs: the black box's answers, per example.
        predicted: what the predictor expected when it was chosen.
        uncertainty: its standard deviation then.
    """

    iteration: int
    instruction: str
    origin: str
    parent: str | None
    score: float
    n: int
    scores: tuple[float, ...]
    outputs: tuple[str, ...]
    predicted: float | None
    uncertainty: float | None


@dataclass(frozen=True)
class ExampleRecord:
    """One line of examples.jsonl, so that a report can show answers beside what was expected.

    Args:
        split: ``validation``, in the order of a candidate's ``scores``, or ``test``.
        input: what the black box was given.
        expected: every answer that counts as right.
        best_output: the best instruction's answer to a test example.
        best_score: its mark.
        initial_output: the best initial instruction's answer to a test example.
        initial_score: its mark.
    """

    split: str
    input: str
    expected: tuple[str, ...]
    best_output: str | None = None
    best_score: float | None = None
    initial_output: str | None = None
    initial_score: float | None = None


@dataclass(frozen=True)
class Result:
    """result.json: what a run found and what it cost.

    Args:
        task: the task's name.
        task_fingerprint: sha256 of its examples and metric: scores of another one can't be compared.
        method: the strategy.
        seed: the run's seed.
        best_instruction: highest validation score; ties go to the shorter.
        validation_score: its reward.
        test_score: its mean metric on the test examples; None where the budget had no room for the test.
        test_interval: 95 % confidence interval of the test score.
        n_test: test examples.
        initial_best_instruction: the best of the initial instructions.
        initial_best_validation_score: its reward.
        initial_best_test_score: its mean metric on the same test examples.
        baselines: what needs no search, on the same test examples: ``copy_input``, ``majority_answer``.
        calls: black-box calls, the test's included; those that a cache answered count too.
        prompt_tokens: tokens sent.
        completion_tokens: tokens received.
        cost_usd: what this run paid, over all restarts; None where an endpoint's prices are unknown.
        iterations: iterations done.
        stop_reason: ``iterations``, ``threshold``, ``budget`` or ``no new candidates``.
        seconds: wall time, over all restarts.
        versions: of the packages that matter.
    """

    task: str
    task_fingerprint: str
    method: str
    seed: int
    best_instruction: str
    validation_score: float
    test_score: float | None
    test_interval: tuple[float, float] | None
    n_test: int
    initial_best_instruction: str
    initial_best_validation_score: float
    initial_best_test_score: float | None
    baselines: dict[str, float]
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    iterations: int
    stop_reason: str
    seconds: float
    versions: dict[str, str]


def write_result(folder: Path, result: Result) -> None:
    """Writes best_instruction.txt, then result.json: where the latter lies, the run is finished."""
    replace_text(folder / BEST, result.best_instruction + "\n")
    replace_text(folder / RESULT, json.dumps(asdict(result), indent=2, ensure_ascii=False) + "\n")


def write_examples(folder: Path, records: Iterable[ExampleRecord]) -> None:
    """Replaces examples.jsonl."""
    replace_text(folder / EXAMPLES, "".join(_line(record) for record in records))


def write_candidates(folder: Path, records: Iterable[CandidateRecord]) -> None:
    """Replaces candidates.jsonl."""
    replace_text(folder / CANDIDATES, "".join(_line(record) for record in records))


def append_candidates(folder: Path, records: Iterable[CandidateRecord]) -> None:
    """Adds lines to candidates.jsonl."""
    with (folder / CANDIDATES).open("a", encoding="utf-8", errors="replace") as file:
        file.writelines(_line(record) for record in records)


def _line(record: CandidateRecord | ExampleRecord) -> str:
    return json.dumps(asdict(record), ensure_ascii=False) + "\n"
