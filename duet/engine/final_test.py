"""The end of a search: the best instruction on the test examples, next to the best of the initial ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from itertools import chain, repeat

from duet.engine.answer_problems import problem_counts
from duet.engine.left_out import paired
from duet.engine.shortest import lengths_of, shortest
from duet.evaluation.evaluation import Evaluation, Evaluator, Trial
from duet.metrics.intervals import mean_interval
from duet.models.base import NOT_SENT, AbstractBlackBox, CallFailure
from duet.models.errors import BudgetSpent
from duet.pool import Pool, ScoredInstruction
from duet.reporting.records import ExampleRecord, LeftOut, OwnInstruction, PromptRecord, Result
from duet.spending.budget import Usage
from duet.tasks.baselines import baselines
from duet.tasks.splits import Splits
from duet.tasks.task import Task

PACKAGES = ("torch", "lightning", "transformers")


@dataclass(frozen=True)
class Ending:
    """The facts of the run itself in a result.

    Args:
        task: what was to be done.
        method: the strategy's name.
        seed: the run's.
        stop_reason: why it ended.
        splits: the examples.
        model: the task model's name.
        warnings: what makes the scores worth less than they look.
    """

    task: Task
    method: str
    seed: int
    stop_reason: str
    splits: Splits
    model: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Costs:
    """The cost of a run, over all its restarts.

    Args:
        usage: calls and tokens.
        usd: US dollars paid; None if a price is unknown.
        possibly_charged_usd: of attempts that brought no answer, at most; None if a price is unknown.
        seconds: wall time.
    """

    usage: Usage
    usd: float | None
    possibly_charged_usd: float | None
    seconds: float


@dataclass(frozen=True)
class Texts:
    """The texts that were generated, over all restarts.

    Args:
        written: how many.
        rejected: how many of them are no instruction, or not one that is wanted, by reason.
        left_out: validation examples that are left out for all of them.
    """

    written: int
    rejected: dict[str, int]
    left_out: tuple[LeftOut, ...]


@dataclass
class FinalTest:
    """Scores instructions on the test examples.

    Args:
        evaluator: with the test examples.
        leaves_out: whether examples that no answer can come for are left out.
        left_out: those that were.
        problem: why an answer is missing that may still come; empty if none is.
    """

    evaluator: Evaluator
    leaves_out: bool = False
    left_out: tuple[LeftOut, ...] = field(default=(), init=False)
    problem: str = field(default="", init=False)

    def evaluate(self, text: str) -> Evaluation | None:
        """The instruction on all test examples; None if the budget has no room for them or an answer is missing."""
        try:
            found = self.evaluator.evaluate([Trial(text, 0, len(self.evaluator.examples))])[0]
        except BudgetSpent:
            return None
        if isinstance(found, CallFailure):
            self.problem = self.problem if found == NOT_SENT else found.reason
            return None
        return found if len(found.scores) == len(self.evaluator.examples) else None

    def evaluate_all(self, texts: Iterable[str]) -> dict[str, Evaluation | None]:
        """Each text once, all on the same examples."""
        found = {text: self.evaluate(text) for text in dict.fromkeys(texts)}
        if self.leaves_out:
            found, examples, self.left_out = paired(found, self.evaluator.examples, "test")
            self.evaluator = replace(self.evaluator, examples=examples)
        return found


@dataclass(frozen=True)
class Evaluations:
    """The outcome of the final test; None if the budget had no room.

    Args:
        best: of the best instruction.
        initial: of the best initial one.
        own: of the best one of the user's own; None without any.
    """

    best: Evaluation | None
    initial: Evaluation | None
    own: Evaluation | None


def evaluate_chosen(pool: Pool, chosen: ScoredInstruction, test: FinalTest) -> Evaluations:
    """Tests the chosen instruction, the best initial one and the best own one; each text once."""
    rows = [chosen, pool.initial().best(), *own_rows(pool)[:1]]
    found = test.evaluate_all(row.text for row in rows)
    best, initial, *own = (found[row.text] for row in rows)
    return Evaluations(best, initial, own[0] if own else None)


def own_rows(pool: Pool) -> list[ScoredInstruction]:
    """The instructions of the user's own, best first."""
    own = Pool(tuple(row for row in pool if row.candidate.origin == "own"))
    if not len(own):
        return []
    best = own.best()
    return [best, *(row for row in own.ranked() if row is not best)]


def own_instructions(pool: Pool, best: Evaluation | None) -> tuple[OwnInstruction, ...]:
    """Returns what result.json says of them; the best one is tested."""
    tests = chain([_mean(best)], repeat(None))
    return tuple(
        OwnInstruction(row.text, row.score, row.n, score) for row, score in zip(own_rows(pool), tests, strict=False)
    )


def example_records(
    validation: Evaluator, test: Evaluator, evaluations: Evaluations, extract: Callable[[str], str]
) -> list[ExampleRecord]:
    """Builds examples.jsonl: validation examples, then test examples with both answers where there are any."""
    lines = [ExampleRecord("validation", example.input, example.outputs) for example in validation.examples]
    for place, example in enumerate(test.examples):
        (output, score), (first, first_score) = (
            _answer(each, place) for each in (evaluations.best, evaluations.initial)
        )
        scored, first_scored = (None if text is None else extract(text) for text in (output, first))
        lines.append(
            ExampleRecord(
                "test", example.input, example.outputs, output, score, first, first_score, scored, first_scored
            )
        )
    return lines


def _answer(evaluation: Evaluation | None, place: int) -> tuple[str | None, float | None]:
    return (evaluation.outputs[place], evaluation.scores[place]) if evaluation else (None, None)


def model_name(box: AbstractBlackBox) -> str:
    """Returns what the task model is called."""
    if box.endpoint:
        return box.endpoint.model
    return box.identity.partition(":")[2].split("@")[0].rpartition("/")[2] or box.identity


def result(
    pool: Pool,
    best: ScoredInstruction,
    evaluations: Evaluations,
    test: FinalTest,
    ending: Ending,
    costs: Costs,
    texts: Texts,
) -> Result:
    """Returns what result.json says; ``best`` is the instruction that was chosen."""
    first, task = pool.initial().best(), ending.task
    prompt = task.prompt.filled(best.text)
    examples = test.evaluator.examples
    return Result(
        task=task.name,
        task_fingerprint=task.fingerprint,
        method=ending.method,
        seed=ending.seed,
        best_instruction=best.text,
        best_prompt=PromptRecord(prompt.text, [{"role": m.role, "content": m.content} for m in prompt.messages]),
        validation_score=best.score,
        validation_n=best.n,
        validation_posterior=pool.posterior_mean(best),
        validation_interval=_interval(pool, best),
        test_score=_mean(evaluations.best),
        test_interval=mean_interval(evaluations.best.scores) if evaluations.best else None,
        n_test=len(examples),
        shortest_instruction=shortest(pool).text,
        lengths=lengths_of(pool, best),
        initial_best_instruction=first.text,
        initial_best_validation_score=first.score,
        initial_best_validation_n=first.n,
        initial_best_test_score=_mean(evaluations.initial),
        own_instructions=own_instructions(pool, evaluations.own),
        baselines={} if task.judge else baselines(examples, test.evaluator.metric),
        answers=problem_counts(pool),
        left_out=(*texts.left_out, *test.left_out),
        warnings=ending.warnings,
        written=texts.written,
        rejected=texts.rejected,
        model=ending.model,
        metric=task.metric_name,
        splits={
            "demonstrations": len(ending.splits.demonstrations),
            "validation": len(ending.splits.validation),
            "test": len(ending.splits.test),
        },
        calls=costs.usage.calls,
        prompt_tokens=costs.usage.prompt_tokens,
        completion_tokens=costs.usage.completion_tokens,
        cost_usd=costs.usd,
        possibly_charged_usd=costs.possibly_charged_usd,
        iterations=pool.iteration - 1,
        stop_reason=ending.stop_reason,
        is_complete=not test.problem,
        seconds=round(costs.seconds, 1),
        versions={package: version(package) for package in PACKAGES},
    )


def _interval(pool: Pool, row: ScoredInstruction) -> tuple[float, float]:
    """The credible interval of an instruction's accuracy, shrunk as its posterior mean is."""
    return pool.prior.interval(sum(row.scores), row.n)


def _mean(evaluation: Evaluation | None) -> float | None:
    return sum(evaluation.scores) / len(evaluation.scores) if evaluation else None
