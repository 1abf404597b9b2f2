"""The reward: the task black box carries out an instruction on examples and the metric scores its answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from duet.examples.example import Example
from duet.metrics.custom import ScoreFunction
from duet.metrics.judge import Judge, judged
from duet.models.base import NOT_SENT, AbstractBlackBox, CallFailure, Completion, Outcome, Request
from duet.models.errors import BudgetSpent
from duet.prompts import AnswerPrompt


@dataclass(frozen=True)
class EvaluationConfig:
    """Sets how answers of the task black box are obtained; the prompt is the task's.

    Args:
        max_tokens: most tokens of an answer.
        max_unanswered: the share of a run's first answers that may never come, as they are refused, filtered or
            rejected. Above it the run stops.
        unanswered: what such an answer does: it counts as ``wrong``, or ``leave_out`` leaves the example out for all
            instructions, if half of those that met it have no answer; the result says which examples, and why.
    """

    max_tokens: int = 64
    max_unanswered: float = 0.5
    unanswered: Literal["wrong", "leave_out"] = "wrong"

    def __post_init__(self) -> None:
        if self.max_tokens < 1:
            raise ValueError("Expected evaluation.max_tokens of at least 1")
        if not 0 <= self.max_unanswered <= 1:
            raise ValueError(f"Expected evaluation.max_unanswered from 0 to 1 but got {self.max_unanswered}")


@dataclass(frozen=True)
class Judging:
    """A model that scores the answers.

    Args:
        judge: the rubric.
        black_box: reads it; within the run's budget.
        answer: what of an answer is scored.
    """

    judge: Judge
    black_box: AbstractBlackBox
    answer: Callable[[str], str]


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
        outputs: the answers; empty if none can come.
        problems: what was wrong with an answer, such as ``cut``, ``empty``, ``refused``; empty if nothing was.
        prompt_tokens: of each request, as the provider counts them; 0 where it does not.
    """

    scores: tuple[float, ...] = ()
    outputs: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    prompt_tokens: tuple[int, ...] = ()


@dataclass(frozen=True)
class Evaluator:
    """Scores instructions on examples.

    An answer that can never come, as it is refused, filtered or rejected, counts as wrong. One that may still come
    makes its trial a failure, which is no score.

    Args:
        black_box: the task model.
        examples: in the order in which every instruction meets them, so that scores are nested and paired.
        metric: (answer, accepted outputs) -> [0, 1].
        config: size of an answer.
        prompt: how an instruction is put to the black box.
        judging: the model that scores answers in the metric's place, if any.
    """

    black_box: AbstractBlackBox
    examples: Sequence[Example]
    metric: ScoreFunction
    config: EvaluationConfig
    prompt: AnswerPrompt = AnswerPrompt()
    judging: Judging | None = None

    def requests(self, trials: Sequence[Trial]) -> list[Request]:
        """Returns what the trials send, one after the other."""
        return [
            self.prompt.request(trial.text, example, self.config.max_tokens)
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
        answered = [answered_part(list(islice(outcomes, len(trial)))) for trial in trials]
        pairs = [
            (outcome, example)
            for trial, part in zip(trials, answered, strict=True)
            if not isinstance(part, CallFailure)
            for outcome, example in zip(part, self.examples[trial.first : trial.last], strict=False)
        ]
        scores = iter(self._scores(pairs))
        return [
            part if isinstance(part, CallFailure) else _evaluation(part, list(islice(scores, len(part))))
            for part in answered
        ]

    def _scores(self, pairs: Sequence[tuple[Outcome, Example]]) -> list[float | CallFailure]:
        """The score of each outcome; of one that can never come 0."""
        if self.judging is None:
            return [
                float(self.metric(outcome.text, example.outputs)) if isinstance(outcome, Completion) else 0.0
                for outcome, example in pairs
            ]
        texts = [self.judging.answer(outcome.text) if isinstance(outcome, Completion) else "" for outcome, _ in pairs]
        return judged(self.judging.judge, texts, [example for _, example in pairs], self.judging.black_box)

    def score_pairs(self, pairs: Sequence[tuple[str, int]]) -> list[float | None]:
        """The score of an instruction on one example, for each pair; None if the answer may still come.

        The requests are those of a whole score, so that the cache has the answers when it comes to that.

        Raises:
            BudgetSpent: the time was up.
            ProviderError: as the black box.
        """
        trials = [Trial(text, place, place + 1) for text, place in pairs]
        found = self.evaluate(trials)
        if NOT_SENT in found:
            raise BudgetSpent("Time ran out before an instruction had been tried")
        return [None if isinstance(each, CallFailure) else each.scores[0] for each in found]


def answered_part(outcomes: list[Outcome]) -> list[Outcome] | CallFailure:
    """The outcomes up to the first that was not sent; why there is none, where one may still come."""
    if NOT_SENT in outcomes:
        outcomes = outcomes[: outcomes.index(NOT_SENT)]
        if not outcomes:
            return NOT_SENT
    for outcome in outcomes:
        if isinstance(outcome, CallFailure) and not outcome.is_final:
            return outcome
    return outcomes


def _evaluation(outcomes: Sequence[Outcome], scores: Sequence[float | CallFailure]) -> Evaluation | CallFailure:
    """Returns what was answered, with its scores; a judgement that may still come makes it a failure."""
    for score in scores:
        if isinstance(score, CallFailure) and not score.is_final:
            return score
    problems = [
        "not judged" if isinstance(score, CallFailure) else problem_of(outcome)
        for outcome, score in zip(outcomes, scores, strict=True)
    ]
    return Evaluation(
        tuple(0.0 if isinstance(score, CallFailure) else score for score in scores),
        tuple(outcome.text if isinstance(outcome, Completion) else "" for outcome in outcomes),
        tuple(problems),
        tuple(outcome.prompt_tokens for outcome in outcomes),
    )


def problem_of(outcome: Outcome) -> str:
    """Returns what is wrong with an answer, in a word; empty if nothing is.

    >>> problem_of(Completion("yes", 1, 1)), problem_of(Completion("ye", 1, 1, cut=True))
    ('', 'cut')
    """
    if isinstance(outcome, CallFailure):
        return outcome.kind
    if outcome.cut:
        return "cut"
    return "" if outcome.text.strip() else "empty"
