"""The reward: the task black box carries out an instruction on validation examples and the metric marks it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from duet.evaluation.racing import Racing
from duet.models.base import NOT_SENT, AbstractBlackBox, CallFailure, Completion, Request
from duet.models.errors import BudgetSpent
from duet.pool import Candidate, ScoredInstruction
from duet.prompts import ANSWER, answer_prompt
from duet.tasks.example import Example

log = logging.getLogger("duet")
Metric = Callable[[str, Sequence[str]], float]


@dataclass(frozen=True)
class EvaluationConfig:
    """How an instruction is scored.

    Args:
        examples: validation examples per instruction, the same for all of them so that scores are paired.
        max_tokens: most tokens of an answer.
        template: the prompt; ``{instruction}`` and ``{input}`` are filled in.
        racing: when an instruction needs no further example.
    """

    examples: int = 20
    max_tokens: int = 64
    template: str = ANSWER
    racing: Racing = field(default_factory=Racing)

    def __post_init__(self) -> None:
        if min(self.examples, self.max_tokens) < 1:
            raise ValueError("Expected evaluation.examples and max_tokens of at least 1")
        if "{instruction}" not in self.template or "{input}" not in self.template:
            raise ValueError(f"Expected a template with {{instruction}} and {{input}} but got {self.template!r}")

    def request(self, text: str, example: Example) -> Request:
        """The instruction on one example."""
        return Request(answer_prompt(text, example.input, self.template), self.max_tokens)


@dataclass(frozen=True)
class Evaluation:
    """One instruction on a list of examples: metric and answer for each."""

    scores: tuple[float, ...] = ()
    outputs: tuple[str, ...] = ()


def mark(
    texts: Sequence[str],
    examples: Sequence[Example],
    metric: Metric,
    black_box: AbstractBlackBox,
    evaluation: EvaluationConfig,
) -> list[Evaluation | CallFailure]:
    """Scores each instruction on all examples, in one stream of requests; one with a missing answer has no mark.

    Raises:
        ProviderError, BudgetSpent: as the black box.
    """
    return _mark_each([(text, examples) for text in texts], metric, black_box, evaluation)


def _mark_each(
    trials: Sequence[tuple[str, Sequence[Example]]],
    metric: Metric,
    black_box: AbstractBlackBox,
    evaluation: EvaluationConfig,
) -> list[Evaluation | CallFailure]:
    """The same, with examples of its own for each instruction."""
    requests = [evaluation.request(text, example) for text, examples in trials for example in examples]
    outcomes = iter(black_box.complete(requests))
    marks: list[Evaluation | CallFailure] = []
    for _, examples in trials:
        block = list(islice(outcomes, len(examples)))
        failures = [outcome for outcome in block if isinstance(outcome, CallFailure)]
        if failures:
            marks.append(NOT_SENT if NOT_SENT in failures else failures[0])
            continue
        outputs = tuple(outcome.text for outcome in block if isinstance(outcome, Completion))
        scores = tuple(float(metric(out, example.outputs)) for out, example in zip(outputs, examples, strict=True))
        marks.append(Evaluation(scores, outputs))
    return marks


@dataclass(frozen=True)
class Evaluator:
    """Scores candidates on one fixed block of validation examples.

    Args:
        black_box: the task model.
        examples: the validation block.
        metric: (answer, accepted outputs) -> [0, 1].
        evaluation: sizes and template.
    """

    black_box: AbstractBlackBox
    examples: Sequence[Example]
    metric: Metric
    evaluation: EvaluationConfig

    @property
    def calls_per_instruction(self) -> int:
        """What scoring one instruction costs, on all examples."""
        return len(self.examples)

    def marks(self, trials: Sequence[tuple[str, int]]) -> list[float | None]:
        """The metric of an instruction on one example of the block, for each; None where the answer is missing.

        The requests are those of a whole score, so that the cache has the answers when it comes to that.

        Raises:
            BudgetSpent: the time was up.
            ProviderError: as the black box.
        """
        outcomes = self.black_box.complete(
            [self.evaluation.request(text, self.examples[place]) for text, place in trials]
        )
        if NOT_SENT in outcomes:
            raise BudgetSpent("The time was up before an instruction had been tried")
        return [
            self.metric(one.text, self.examples[place].outputs) if isinstance(one, Completion) else None
            for (_, place), one in zip(trials, outcomes, strict=True)
        ]

    def score(self, candidates: Sequence[Candidate], iteration: int, best: float = 0.0) -> list[ScoredInstruction]:
        """Scores candidates, those of a round in one stream of requests.

        Those with a missing answer are left out, and the log says so.

        Args:
            candidates: instructions without a score.
            iteration: in which they are scored.
            best: the score of the best instruction, with which they race.

        Raises:
            BudgetSpent: the time was up before one had all its answers.
            ProviderError: as the black box.
        """
        marks = self._race([one.text for one in candidates], best)
        failures = [one for one in marks if isinstance(one, CallFailure)]
        if failures:
            log.warning("%d of %d instructions lack an answer (%s)", len(failures), len(marks), failures[0].reason)
        if NOT_SENT in failures and len(failures) == len(marks):
            raise BudgetSpent("The time was up before an instruction had all its answers")
        return [
            ScoredInstruction(candidate, iteration, one.scores, one.outputs)
            for candidate, one in zip(candidates, marks, strict=True)
            if isinstance(one, Evaluation)
        ]

    def _race(self, texts: Sequence[str], best: float) -> list[Evaluation | CallFailure]:
        """The marks of each, or why there are none; what was marked when the room ends is kept.

        Raises:
            BudgetSpent: there was no room for the first round.
        """
        marks: list[Evaluation | CallFailure] = [Evaluation()] * len(texts)
        while rounds := self._next_round(marks, best):
            trials = [(texts[place], [self.examples[one] for one in block]) for place, block in rounds.items()]
            try:
                found = _mark_each(trials, self.metric, self.black_box, self.evaluation)
            except BudgetSpent:
                if not any(isinstance(one, Evaluation) and one.scores for one in marks):
                    raise
                return marks
            for place, more in zip(rounds, found, strict=True):
                marks[place] = _joined(marks[place], more)
            if NOT_SENT in found:
                return marks
        return marks

    def _next_round(self, marks: Sequence[Evaluation | CallFailure], best: float) -> dict[int, range]:
        scores = [one.scores if isinstance(one, Evaluation) else None for one in marks]
        return self.evaluation.racing.next_round(scores, len(self.examples), best)


def _joined(first: Evaluation | CallFailure, more: Evaluation | CallFailure) -> Evaluation | CallFailure:
    """Evaluation on further examples; the first ones where no more were sent; else why there are none."""
    if isinstance(first, CallFailure) or (more == NOT_SENT and first.scores):
        return first
    return (
        Evaluation(first.scores + more.scores, first.outputs + more.outputs) if isinstance(more, Evaluation) else more
    )
