"""The files of a run folder: result.json, candidates.jsonl, best_instruction.txt. Written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

RESULT = "result.json"
CANDIDATES = "candidates.jsonl"
BEST = "best_instruction.txt"


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
class Result:
    """result.json: what a run found and what it cost.

    Args:
        task: the task's name.
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
        calls: black-box calls, the test's included.
        prompt_tokens: tokens sent.
        completion_tokens: tokens received.
        cost_usd: None where no prices are known.
        iterations: iterations done.
        stop_reason: ``iterations``, ``threshold``, ``budget`` or ``no new candidates``.
        seconds: wall time, over all restarts.
        versions: of the packages that matter.
    """

    task: str
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


def write_candidates(folder: Path, records: Iterable[CandidateRecord]) -> None:
    """Replaces candidates.jsonl."""
    replace_text(folder / CANDIDATES, "".join(_line(record) for record in records))


def append_candidates(folder: Path, records: Iterable[CandidateRecord]) -> None:
    """Adds lines to candidates.jsonl."""
    with (folder / CANDIDATES).open("a", encoding="utf-8") as file:
        file.writelines(_line(record) for record in records)


def _line(record: CandidateRecord) -> str:
    return json.dumps(asdict(record), ensure_ascii=False) + "\n"


def replace_text(path: Path, text: str) -> None:
    """Writes beside the target, syncs and renames."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
