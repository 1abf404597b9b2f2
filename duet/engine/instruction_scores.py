"""Scores of given instructions on a split, without a search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from duet.engine.left_out import paired
from duet.engine.search import Search
from duet.evaluation.evaluation import Evaluation, Trial
from duet.metrics.intervals import mean_interval
from duet.models.base import NOT_SENT, CallFailure, Request
from duet.models.endpoint import prices_of
from duet.models.errors import BudgetSpent, ProviderError
from duet.models.prices import dollars
from duet.reporting.records import LeftOut
from duet.spending.budget import Usage, cost

Split = Literal["test", "validation"]


@dataclass(frozen=True)
class InstructionScore:
    """An instruction on all examples of a split.

    Args:
        instruction: the text.
        score: the mean of ``scores``.
        interval: its 95 % confidence interval.
        scores: of each example.
        outputs: the answers.
        problems: what was wrong with an answer, such as ``cut`` or ``refused``; empty if nothing was.
    """

    instruction: str
    score: float
    interval: tuple[float, float]
    scores: tuple[float, ...]
    outputs: tuple[str, ...]
    problems: tuple[str, ...]


def most_spent(search: Search, texts: Sequence[str], split: Split) -> tuple[Usage, float | None]:
    """The most that scoring the texts can spend: calls, tokens and US dollars; None if a price is unknown."""
    requests = list(_requests(search, texts, split))
    usages = search.needs.answers(requests), search.needs.judgements(len(requests))
    prices = [prices_of(box.endpoint) for box in search.accounts.boxes[: 2 if usages[1].calls else 1]]
    known = [price for price in prices if price is not None]
    paid = dollars(sum(cost(usage, price) for usage, price in zip(usages, known, strict=False)))
    return usages[0] + usages[1], paid if len(known) == len(prices) else None


def _requests(search: Search, texts: Sequence[str], split: Split) -> Iterator[Request]:
    for text in texts:
        for example in getattr(search.splits, split):
            yield search.task.prompt.request(text, example, search.evaluation.max_tokens)


def score_instructions(
    search: Search, texts: Sequence[str], split: Split
) -> tuple[list[InstructionScore], tuple[LeftOut, ...]]:
    """Scores each text on all examples of the split, in order, as many as the budget has room for.

    Returns the scores, and the examples that are left out for all of them.

    Raises:
        BudgetSpent: there was no room for one.
        ProviderError: an answer is missing that may still come.
    """
    found: list[InstructionScore] = []
    for text in texts:
        try:
            found.append(_score(search, text, split))
        except BudgetSpent:
            if not found:
                raise
            break
    return _on_the_same_examples(found, search, split)


def _on_the_same_examples(
    found: list[InstructionScore], search: Search, split: Split
) -> tuple[list[InstructionScore], tuple[LeftOut, ...]]:
    """The scores less the examples that no answer can come for, where these are to be left out for all."""
    if search.evaluation.unanswered == "wrong":
        return found, ()
    evaluations = {row.instruction: Evaluation(row.scores, row.outputs, row.problems) for row in found}
    kept, _, left_out = paired(evaluations, search.evaluator(split).examples, split)
    return [_scored(text, evaluation) for text, evaluation in kept.items() if evaluation], left_out


def _score(search: Search, text: str, split: Split) -> InstructionScore:
    evaluator = search.evaluator(split)
    [found] = evaluator.evaluate([Trial(text, 0, len(evaluator.examples))])
    if found == NOT_SENT or (isinstance(found, Evaluation) and len(found.scores) < len(evaluator.examples)):
        raise BudgetSpent("The budget was spent before an instruction had all its answers")
    if isinstance(found, CallFailure):
        raise ProviderError(f"An answer is missing ({found.reason}); start again to request the rest")
    return _scored(text, found)


def _scored(text: str, found: Evaluation) -> InstructionScore:
    mean = sum(found.scores) / len(found.scores)
    return InstructionScore(text, mean, mean_interval(found.scores), found.scores, found.outputs, found.problems)
