"""The reward: the task black box carries out an instruction on validation examples and the metric marks it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from datamodules.pool import Candidate, Observation
from llms.base import AbstractBlackBox, CallFailure, Completion, Request
from search.prompts import ANSWER, answer_prompt
from tasks.example import Example

Metric = Callable[[str, Sequence[str]], float]


@dataclass(frozen=True)
class Scoring:
    """How an instruction is scored.

    Args:
        examples: validation examples per instruction, the same for all of them so that scores are paired.
        max_tokens: most tokens of an answer.
        template: the prompt; ``{instruction}`` and ``{input}`` are filled in.
        instructions_per_call: instructions whose prompts go to the black box together; what is bought in one call is
            committed together.
    """

    examples: int = 20
    max_tokens: int = 64
    template: str = ANSWER
    instructions_per_call: int = 8

    def __post_init__(self) -> None:
        if min(self.examples, self.max_tokens, self.instructions_per_call) < 1:
            raise ValueError("Expected scoring.examples, max_tokens and instructions_per_call of at least 1")
        if "{instruction}" not in self.template or "{input}" not in self.template:
            raise ValueError(f"Expected a template with {{instruction}} and {{input}} but got {self.template!r}")


@dataclass(frozen=True)
class Marks:
    """One instruction on a list of examples: metric and answer for each."""

    scores: tuple[float, ...]
    outputs: tuple[str, ...]


def mark(
    texts: Sequence[str], examples: Sequence[Example], metric: Metric, black_box: AbstractBlackBox, scoring: Scoring
) -> list[Marks | CallFailure]:
    """Marks each instruction on all examples, in one call; an instruction with a missing answer is no mark.

    Raises:
        ProviderError, BudgetSpent: as the black box.
    """
    requests = [
        Request(answer_prompt(text, example.input, scoring.template), scoring.max_tokens)
        for text in texts
        for example in examples
    ]
    outcomes = black_box.complete(requests)
    marks: list[Marks | CallFailure] = []
    for start in range(0, len(outcomes), len(examples)):
        block = outcomes[start : start + len(examples)]
        failures = [outcome for outcome in block if isinstance(outcome, CallFailure)]
        if failures:
            marks.append(failures[0])
            continue
        outputs = tuple(outcome.text for outcome in block if isinstance(outcome, Completion))
        scores = tuple(float(metric(out, example.outputs)) for out, example in zip(outputs, examples, strict=True))
        marks.append(Marks(scores, outputs))
    return marks


@dataclass(frozen=True)
class Evaluator:
    """Scores candidates on one fixed block of validation examples.

    Args:
        black_box: the task model.
        examples: the validation block.
        metric: (answer, accepted outputs) -> [0, 1].
        scoring: sizes and template.
    """

    black_box: AbstractBlackBox
    examples: Sequence[Example]
    metric: Metric
    scoring: Scoring

    @property
    def calls_per_instruction(self) -> int:
        """What scoring one instruction costs."""
        return len(self.examples)

    def observe(self, candidates: Sequence[Candidate], iteration: int) -> list[Observation]:
        """Scores one group of candidates in one call; those with a missing answer are left out."""
        marks = mark([one.text for one in candidates], self.examples, self.metric, self.black_box, self.scoring)
        return [
            Observation(candidate, iteration, one.scores, one.outputs)
            for candidate, one in zip(candidates, marks, strict=True)
            if isinstance(one, Marks)
        ]
