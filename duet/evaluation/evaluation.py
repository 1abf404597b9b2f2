"""The reward: the task black box carries out an instruction on examples and the metric scores its answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from duet.models.base import NOT_SENT, AbstractBlackBox, CallFailure, Completion, Outcome, Request
from duet.models.errors import BudgetSpent
from duet.prompts import ANSWER, answer_prompt
from duet.tasks.example import Example

Metric = Callable[[str, Sequence[str]], float]
MAY_BE_ANSWERED_LATER = {"failed", "not_sent"}


@dataclass(frozen=True)
class EvaluationConfig:
    """How an instruction is put to the task black box.

    Args:
        max_tokens: most tokens of an answer.
        template: the prompt; ``{instruction}`` and ``{input}`` are filled in.
    """

    max_tokens: int = 64
    template: str = ANSWER

    def __post_init__(self) -> None:
        if self.max_tokens < 1:
            raise ValueError("Expected evaluation.max_tokens of at least 1")
        if "{instruction}" not in self.template or "{input}" not in self.template:
            raise ValueError(f"Expected a template with {{instruction}} and {{input}} but got {self.template!r}")

    def request(self, text: str, example: Example) -> Request:
        """The instruction on one example."""
        return Request(answer_prompt(text, example.input, self.template), self.max_tokens)


@dataclass(frozen=True)
class Trial:
    """An instruction on a run of examples.

    Args:
        text: the instruction.
        first: the first example.
        last: the one behind the last.
    """

    text: str
    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first


@dataclass(frozen=True)
class Evaluation:
    """An instruction's scores and answers on a run of examples.

    Args:
        scores: the metric of each answer, in [0, 1].
        outputs: the answers; empty where none can come.
        problems: what was wrong with an answer, such as ``cut``, ``empty``, ``refused``; empty where nothing was.
    """

    scores: tuple[float, ...] = ()
    outputs: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evaluator:
    """Scores instructions on examples.

    An answer that can never come, as it is refused, filtered or rejected, counts as wrong. One that may still come
    makes its trial a failure, which is no score.

    Args:
        black_box: the task model.
        examples: in the order in which every instruction meets them, so that scores are nested and paired.
        metric: (answer, accepted outputs) -> [0, 1].
        config: size and template of a request.
    """

    black_box: AbstractBlackBox
    examples: Sequence[Example]
    metric: Metric
    config: EvaluationConfig

    def requests(self, trials: Sequence[Trial]) -> list[Request]:
        """What the trials send, one after the other."""
        return [
            self.config.request(trial.text, example)
            for trial in trials
            for example in self.examples[trial.first : trial.last]
        ]

    def evaluate(self, trials: Sequence[Trial]) -> list[Evaluation | CallFailure]:
        """Carries out the trials in one stream of requests.

        Returns:
            The evaluation of each; of one whose last answers were not sent, the first ones, if there are any. Why
            there is none, where an answer is missing that may still come.

        Raises:
            ProviderError, BudgetSpent: as the black box.
        """
        outcomes = iter(self.black_box.complete(self.requests(trials)))
        return [self._read(trial, list(islice(outcomes, len(trial)))) for trial in trials]

    def _read(self, trial: Trial, outcomes: list[Outcome]) -> Evaluation | CallFailure:
        if NOT_SENT in outcomes:
            outcomes = outcomes[: outcomes.index(NOT_SENT)]
            if not outcomes:
                return NOT_SENT
        for outcome in outcomes:
            if isinstance(outcome, CallFailure) and outcome.kind in MAY_BE_ANSWERED_LATER:
                return outcome
        examples = self.examples[trial.first : trial.last]
        return Evaluation(
            tuple(self._score(outcome, example) for outcome, example in zip(outcomes, examples, strict=False)),
            tuple(outcome.text if isinstance(outcome, Completion) else "" for outcome in outcomes),
            tuple(map(problem_of, outcomes)),
        )

    def _score(self, outcome: Outcome, example: Example) -> float:
        return float(self.metric(outcome.text, example.outputs)) if isinstance(outcome, Completion) else 0.0

    def score_pairs(self, pairs: Sequence[tuple[str, int]]) -> list[float | None]:
        """The score of an instruction on one example, for each pair; None where the answer may still come.

        The requests are those of a whole score, so that the cache has the answers when it comes to that.

        Raises:
            BudgetSpent: the time was up.
            ProviderError: as the black box.
        """
        outcomes = self.black_box.complete([self.config.request(text, self.examples[place]) for text, place in pairs])
        if NOT_SENT in outcomes:
            raise BudgetSpent("The time was up before an instruction had been tried")
        return [
            None
            if isinstance(outcome, CallFailure) and outcome.kind in MAY_BE_ANSWERED_LATER
            else self._score(outcome, self.examples[place])
            for (_, place), outcome in zip(pairs, outcomes, strict=True)
        ]


def problem_of(outcome: Outcome) -> str:
    """What is wrong with an answer, in a word; empty where nothing is.

    >>> problem_of(Completion("yes", 1, 1)), problem_of(Completion("ye", 1, 1, cut=True))
    ('', 'cut')
    """
    if isinstance(outcome, CallFailure):
        return outcome.kind
    if outcome.cut:
        return "cut"
    return "" if outcome.text.strip() else "empty"
