"""Reads a run's result.json, whatever version wrote it: a missing key gets a value that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from duet.reporting import fields

UNFINISHED = "unfinished"


@dataclass(frozen=True)
class OwnInstruction:
    """A starting instruction of the user's own, with its scores where it has them."""

    instruction: str
    validation_score: float | None = None
    n: int | None = None
    test_score: float | None = None


@dataclass(frozen=True)
class Prompt:
    """The whole prompt with ``{input}`` where the input goes, as one text and as chat messages."""

    text: str
    messages: tuple[dict[str, str], ...]


@dataclass(frozen=True)
class RunResult:
    """A run's outcome; ``records.py:Result`` explains the keys. Every score has its number of examples."""

    task: str
    best_instruction: str
    task_fingerprint: str = ""
    method: str = "unknown method"
    seed: int = 0
    best_prompt: Prompt | None = None
    model: str | None = None
    metric: str | None = None
    splits: Mapping[str, int] = field(default_factory=dict)
    validation_score: float | None = None
    validation_n: int | None = None
    validation_posterior: float | None = None
    validation_interval: tuple[float, float] | None = None
    test_score: float | None = None
    test_interval: tuple[float, float] | None = None
    n_test: int = 0
    initial_best_instruction: str | None = None
    initial_best_validation_score: float | None = None
    initial_best_validation_n: int | None = None
    initial_best_test_score: float | None = None
    own_instructions: tuple[OwnInstruction, ...] = ()
    baselines: Mapping[str, float] = field(default_factory=dict)
    answers: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str | None, ...] = ()
    written: int | None = None
    rejected: Mapping[str, int] = field(default_factory=dict)
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None
    possibly_charged_usd: float | None = None
    iterations: int = 0
    stop_reason: str = ""
    seconds: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)


def _prompt(value: Any) -> Prompt:
    found = fields.named(lambda item: item)(value)
    messages = fields.several(fields.named(fields.any_text))(found.get("messages", []))
    whole = fields.text(found["text"]) if "text" in found else "\n\n".join(each.get("content", "") for each in messages)
    return Prompt(whole, tuple(each for each in messages if each) or ({"role": "user", "content": whole},))


_OWN: dict[str, fields.Check] = {
    "instruction": fields.text, "validation_score": fields.score, "n": fields.count, "test_score": fields.score,
}  # fmt: skip


def _own(value: Any) -> OwnInstruction:
    return OwnInstruction(**fields.checked(fields.named(lambda item: item)(value), "", _OWN, ("instruction",)))


CHECKS: dict[str, fields.Check] = {
    "best_prompt": _prompt,
    "splits": fields.named(fields.count),
    "own_instructions": fields.several(_own),
    "baselines": fields.named(fields.score),
    "answers": fields.named(fields.count),
    "rejected": fields.named(fields.count),
    "warnings": fields.several(fields.any_text),
    "versions": fields.named(fields.any_text),
    "seed": fields.whole,
} | {
    name: check
    for check, names in {
        fields.text: (
            "task", "task_fingerprint", "method", "model", "metric", "best_instruction", "initial_best_instruction",
            "stop_reason",
        ),
        fields.score: (
            "validation_score", "validation_posterior", "test_score", "initial_best_validation_score",
            "initial_best_test_score",
        ),
        fields.interval: ("validation_interval", "test_interval"),
        fields.count: (
            "validation_n", "n_test", "initial_best_validation_n", "calls", "prompt_tokens", "completion_tokens",
            "iterations", "written",
        ),
        fields.number: ("cost_usd", "possibly_charged_usd", "seconds"),
    }.items()
    for name in names
}  # fmt: skip


def run_result(raw: Mapping[str, Any], place: str) -> RunResult:
    """The result that a file holds.

    Raises:
        NotReportable: names the first value that is not as expected.
    """
    return RunResult(**fields.checked(raw, place, CHECKS, ("task", "best_instruction")))
