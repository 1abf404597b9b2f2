"""Run folders as a search leaves them, made of literals."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

SETTINGS: dict[str, Any] = {
    "seed_everything": 0,
    "model": {"depth": 3, "weight": "balance", "alpha": 0.1},
    "search": {"iterations": 2, "extractor": {"outputs": "white_box"}},
    "strategy": {"class_path": "duet.strategies.duet.Duet", "init_args": {"beta": 0.5}},
    "black_box": {"class_path": "x.Box", "init_args": {"model": "embedded"}},
    "run_dir": "x",
}


class MakeRun(Protocol):
    """Writes a run folder and returns it."""

    def __call__(
        self,
        name: str,
        *,
        settings: dict[str, Any] | None = None,
        candidates: Sequence[dict[str, Any]] | None = None,
        examples: Sequence[dict[str, Any]] = (),
        **result: Any,
    ) -> Path: ...


def candidate(iteration: int, instruction: str, score: float, **more: Any) -> dict[str, Any]:
    """A line of candidates.jsonl on two examples."""
    known: dict[str, Any] = {
        "iteration": iteration, "instruction": instruction, "score": score, "n": 2, "scores": [score, score],
        "origin": "initial" if iteration == 0 else "global", "parent": None, "outputs": ["a", "b"],
        "predicted": None if iteration == 0 else 0.5, "uncertainty": None,
    }  # fmt: skip
    return known | more


CANDIDATES = (
    candidate(0, "Say the first word.", 0.5, scores=(1.0, 0.0)),
    candidate(0, "Say it.", 0.0),
    candidate(1, "Say the last word.", 1.0),
    candidate(2, "Say nothing.", 0.0),
)


def result(**changes: Any) -> dict[str, Any]:
    """A result.json."""
    known: dict[str, Any] = {
        "task": "last_word", "task_fingerprint": "f" * 64, "method": "Duet", "seed": 0,
        "best_instruction": "Say the last word.", "validation_score": 1.0, "test_score": 0.8,
        "test_interval": (0.7, 0.9), "n_test": 10, "initial_best_instruction": "Say the first word.",
        "initial_best_validation_score": 0.5, "initial_best_test_score": 0.4, "baselines": {}, "calls": 28,
        "prompt_tokens": 1000, "completion_tokens": 100, "cost_usd": 0.0125, "iterations": 2,
        "stop_reason": "iterations", "seconds": 90.0, "versions": {"torch": "2"},
    }  # fmt: skip
    return known | changes


def write_lines(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    """Writes a JSONL file."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Writes run folders below ``tmp_path / "runs"``."""

    def write(
        name: str,
        *,
        settings: dict[str, Any] | None = None,
        candidates: Sequence[dict[str, Any]] | None = None,
        examples: Sequence[dict[str, Any]] = (),
        **changes: Any,
    ) -> Path:
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text(yaml.safe_dump({**SETTINGS, **(settings or {})}))
        write_lines(folder / "candidates.jsonl", CANDIDATES if candidates is None else candidates)
        if examples:
            write_lines(folder / "examples.jsonl", examples)
        (folder / "result.json").write_text(json.dumps(result(**changes)))
        return folder

    return write
