"""The end of a search: the best instruction on the test examples, next to the best of the initial ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from duet.evaluation.evaluation import Evaluation, EvaluationConfig, Metric, mark
from duet.models.base import NOT_SENT, AbstractBlackBox, CallFailure
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
        examples: the test examples.
        metric: (answer, accepted outputs) -> [0, 1].
        black_box: the task model, cached and within the budget.
        evaluation: sizes and template.
    """

    examples: Sequence[Example]
    metric: Metric
    black_box: AbstractBlackBox
    evaluation: EvaluationConfig

    def marks(self, text: str) -> Evaluation | None:
        """The instruction's marks; None where the budget has no room for them.

        Raises:
            ProviderError: an answer is missing.
        """
        try:
            marks = mark([text], self.examples, self.metric, self.black_box, self.evaluation)[0]
        except BudgetSpent:
            return None
        if marks == NOT_SENT:
            return None
        if isinstance(marks, CallFailure):
            raise ProviderError(f"The final test lacks an answer ({marks.reason}); start again to ask for the rest")
        return marks


def evaluate_both(pool: Pool, test: FinalTest) -> tuple[Evaluation | None, Evaluation | None]:
    """The marks of the best instruction and of the best initial one, which are paid once if they are the same."""
    best, first = pool.best(), pool.initial().best()
    marks = test.marks(best.text)
    return marks, marks if first.text == best.text else test.marks(first.text)


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
        n_test=len(test.examples),
        initial_best_instruction=first.text,
        initial_best_validation_score=first.score,
        initial_best_test_score=_mean(marks[1]),
        baselines=baselines(test.examples, test.metric),
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
