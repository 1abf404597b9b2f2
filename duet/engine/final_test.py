"""The end of a search: the best instruction on the test examples, next to the best of the initial ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from duet.evaluation.evaluation import Evaluation, Evaluator, Trial
from duet.models.base import NOT_SENT, CallFailure
from duet.models.errors import BudgetSpent, ProviderError
from duet.pool import Pool
from duet.reporting.records import ExampleRecord, Result
from duet.spending.budget import Usage
from duet.tasks.baselines import baselines
from duet.tasks.example import Example
from duet.tasks.metrics import mean_interval

PACKAGES = ("torch", "lightning", "transformers")


@dataclass(frozen=True)
class Ending:
    """What a result says of the run itself.

    Args:
        task: its name.
        method: the strategy's name.
        seed: the run's.
        stop_reason: why it ended.
        fingerprint: the task's content.
    """

    task: str
    method: str
    seed: int
    stop_reason: str
    fingerprint: str


@dataclass(frozen=True)
class FinalTest:
    """Scores instructions on the test examples.

    Args:
        evaluator: with the test examples.
    """

    evaluator: Evaluator

    def evaluate(self, text: str) -> Evaluation | None:
        """The instruction on all test examples; None where the budget has no room for them.

        Raises:
            ProviderError: an answer is missing.
        """
        try:
            found = self.evaluator.evaluate([Trial(text, 0, len(self.evaluator.examples))])[0]
        except BudgetSpent:
            return None
        if found == NOT_SENT:
            return None
        if isinstance(found, CallFailure):
            raise ProviderError(f"The final test lacks an answer ({found.reason}); start again to request the rest")
        return found if len(found.scores) == len(self.evaluator.examples) else None


def evaluate_both(pool: Pool, test: FinalTest) -> tuple[Evaluation | None, Evaluation | None]:
    """Tests the best instruction and the best initial one, once if they are the same."""
    best, first = pool.best(), pool.initial().best()
    found = test.evaluate(best.text)
    return found, found if first.text == best.text else test.evaluate(first.text)


def example_records(
    validation: Sequence[Example], test: Sequence[Example], marks: tuple[Evaluation | None, Evaluation | None]
) -> list[ExampleRecord]:
    """What examples.jsonl says: validation examples, then test examples with both answers where there are any."""
    lines = [ExampleRecord("validation", one.input, one.outputs) for one in validation]
    for place, one in enumerate(test):
        (output, score), (first, first_score) = (_answer(each, place) for each in marks)
        lines.append(ExampleRecord("test", one.input, one.outputs, output, score, first, first_score))
    return lines


def _answer(marks: Evaluation | None, place: int) -> tuple[str | None, float | None]:
    return (marks.outputs[place], marks.scores[place]) if marks else (None, None)


def result(
    pool: Pool,
    marks: tuple[Evaluation | None, Evaluation | None],
    test: FinalTest,
    ending: Ending,
    usage: Usage,
    cost_usd: float | None,
    seconds: float,
) -> Result:
    """What result.json says."""
    best, first = pool.best(), pool.initial().best()
    return Result(
        task=ending.task,
        task_fingerprint=ending.fingerprint,
        method=ending.method,
        seed=ending.seed,
        best_instruction=best.text,
        validation_score=best.score,
        test_score=_mean(marks[0]),
        test_interval=mean_interval(marks[0].scores) if marks[0] else None,
        n_test=len(test.evaluator.examples),
        initial_best_instruction=first.text,
        initial_best_validation_score=first.score,
        initial_best_test_score=_mean(marks[1]),
        baselines=baselines(test.evaluator.examples, test.evaluator.metric),
        calls=usage.calls,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cost_usd=cost_usd,
        iterations=pool.iteration - 1,
        stop_reason=ending.stop_reason,
        seconds=round(seconds, 1),
        versions={package: version(package) for package in PACKAGES},
    )


def _mean(marks: Evaluation | None) -> float | None:
    return sum(marks.scores) / len(marks.scores) if marks else None
