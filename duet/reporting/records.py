"""A run folder's result.json, candidates.jsonl, examples.jsonl, best_instruction.txt: written whole or not at all."""

from __future__ import annotations

import json
from collections import Counter
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
        std: the standard deviation of that prediction.
        posterior: the score to be expected on new examples, shrunk towards the pool's.
        extracted: what was scored of each answer, where that is not all of it.
        tokens: of its prompt with an example, the mean; None where the provider does not count them.
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
    std: float | None
    posterior: float | None = None
    extracted: tuple[str, ...] | None = None
    tokens: int | None = None


@dataclass(frozen=True)
class Lengths:
    """How long the chosen and the shortest instruction are.

    Args:
        unit: ``prompt tokens``, the mean of a prompt with an example, or ``words`` of the instruction, where the
            provider does not count tokens.
        best: of the chosen instruction.
        shortest: of the shortest within one standard error.
    """

    unit: str
    best: int
    shortest: int


@dataclass(frozen=True)
class ExampleRecord:
    """One line of examples.jsonl, so that a report can show answers beside what was expected.

    Args:
        split: ``validation``, in the order of a candidate's ``scores``, or ``test``.
        input: what the black box was given.
        expected: every answer that counts as right.
        best_output: the best instruction's answer to a test example.
        best_score: its score.
        initial_output: the best initial instruction's answer to a test example.
        initial_score: its score.
        best_extracted: what was scored of the best instruction's answer.
        initial_extracted: what was scored of the best initial instruction's answer.
    """

    split: str
    input: str
    expected: tuple[str, ...]
    best_output: str | None = None
    best_score: float | None = None
    initial_output: str | None = None
    initial_score: float | None = None
    best_extracted: str | None = None
    initial_extracted: str | None = None


@dataclass(frozen=True)
class PromptRecord:
    """The whole prompt, ready to paste, with ``{input}`` where the input goes.

    Args:
        text: as one text.
        messages: as a chat, each with role and content.
    """

    text: str
    messages: list[dict[str, str]]


@dataclass(frozen=True)
class LeftOut:
    """An example that no answer can come for, left out for all instructions.

    Args:
        split: ``validation`` or ``test``.
        input: what the black box was given.
        why: ``refused``, ``filtered``, ``rejected``, ``too_long``, ``tool_calls`` or ``empty``.
    """

    split: str
    input: str
    why: str


def describe_left_out(examples: Iterable[LeftOut], file: str) -> list[str]:
    """A line that says how many examples were left out, and why; none if none was.

    Args:
        examples: those that were.
        file: the name of the file that lists them.

    >>> describe_left_out([LeftOut("test", "a", "too_long")], "result.json")
    ['Examples left out for all instructions: 1 of test (too long); result.json names them']
    """
    counts = Counter((example.split, example.why.replace("_", " ")) for example in examples)
    listed = ", ".join(f"{count} of {split} ({why})" for (split, why), count in counts.items())
    return [f"Examples left out for all instructions: {listed}; {file} names them"] if listed else []


@dataclass(frozen=True)
class OwnInstruction:
    """A starting instruction of the user's own.

    Args:
        instruction: the text.
        validation_score: its reward.
        n: validation examples.
        test_score: its mean metric on the test examples; the best own one is tested, the others are not.
    """

    instruction: str
    validation_score: float
    n: int
    test_score: float | None


@dataclass(frozen=True)
class Result:
    """result.json: what a run found and what it cost.

    Args:
        task: the task's name.
        task_fingerprint: sha256 of its examples and metric: scores of another one can't be compared.
        method: the strategy.
        seed: the run's seed.
        best_instruction: highest posterior mean, and not worse than one with more examples on those that both have.
        best_prompt: the whole prompt with it.
        validation_score: its mean score on validation examples, which is biased upwards.
        validation_n: on how many.
        validation_posterior: its score to be expected on new examples, shrunk towards all instructions' scores.
        validation_interval: 95 % credible interval of that.
        test_score: its mean metric on the test examples; None if the budget had no room for the test.
        test_interval: 95 % confidence interval of the test score.
        n_test: test examples.
        shortest_instruction: the shortest within one standard error of the highest posterior mean.
        lengths: of the best and of the shortest instruction.
        initial_best_instruction: the best of the initial instructions.
        initial_best_validation_score: its mean score.
        initial_best_validation_n: on how many examples.
        initial_best_test_score: its mean metric on the same test examples.
        own_instructions: those of the user's own, best first.
        baselines: what needs no search, on the same test examples: ``copy_input``, ``majority_answer``.
        answers: how many validation answers were cut, empty, refused and so on.
        left_out: the examples that are left out for all instructions.
        warnings: what makes the scores worth less than they look, with what to do.
        written: texts that were generated as instructions, over all restarts.
        rejected: how many of them are no instruction, or not one that is wanted, by reason.
        model: the task model's name.
        metric: its name.
        splits: how many examples each has.
        calls: black-box calls, the test's included; those that a cache answered count too.
        prompt_tokens: tokens sent.
        completion_tokens: tokens received.
        cost_usd: what this run paid, over all restarts; None if an endpoint's prices are unknown.
        possibly_charged_usd: for attempts that brought no answer, at most; not part of ``cost_usd``.
        iterations: iterations done.
        stop_reason: ``iterations``, ``threshold``, ``budget`` or ``no new candidates``.
        is_complete: whether the test lacks no answer; else another start requests the rest.
        seconds: wall time, over all restarts.
        versions: of the packages that matter.
    """

    task: str
    task_fingerprint: str
    method: str
    seed: int
    best_instruction: str
    best_prompt: PromptRecord
    validation_score: float
    validation_n: int
    validation_posterior: float
    validation_interval: tuple[float, float]
    test_score: float | None
    test_interval: tuple[float, float] | None
    n_test: int
    shortest_instruction: str
    lengths: Lengths
    initial_best_instruction: str
    initial_best_validation_score: float
    initial_best_validation_n: int
    initial_best_test_score: float | None
    own_instructions: tuple[OwnInstruction, ...]
    baselines: dict[str, float]
    answers: dict[str, int]
    left_out: tuple[LeftOut, ...]
    warnings: tuple[str, ...]
    written: int
    rejected: dict[str, int]
    model: str
    metric: str
    splits: dict[str, int]
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    possibly_charged_usd: float | None
    iterations: int
    stop_reason: str
    is_complete: bool
    seconds: float
    versions: dict[str, str]


def write_best(folder: Path, text: str) -> None:
    """Replaces best_instruction.txt."""
    replace_text(folder / BEST, text + "\n")


def write_result(folder: Path, result: Result) -> None:
    """Writes best_instruction.txt, then result.json: where the latter lies, the run is finished."""
    write_best(folder, result.best_instruction)
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
