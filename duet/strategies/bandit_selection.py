"""APE's bandit: which of many proposals is worth a whole score, found out on a few examples at a time."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from duet.evaluation.evaluation import Evaluator
from duet.models.errors import ProviderError


@dataclass(frozen=True)
class BanditSelection:
    """Rounds in which the proposals with the highest upper confidence bound are tried on examples that are new to them.

    Args:
        proposals: how many compete; 90 in configs/methods/ape_ucb_paper.yaml.
        rounds: how many at most; 20 in that file.
        share: of the proposals, tried in each round.
        examples: for each of them in a round, from the block that scores are of.
        exploration: c of the bound, mean + c sqrt(ln(all trials) / trials).
    """

    proposals: int = 12
    rounds: int = 5
    share: float = 1 / 3
    examples: int = 5
    exploration: float = 1.0

    def __post_init__(self) -> None:
        if min(self.proposals, self.rounds, self.examples) < 1 or not 0 < self.share <= 1 or self.exploration < 0:
            raise ValueError(
                "Expected trials with proposals, rounds and examples of at least 1, a share above 0 and up to 1 and an "
                f"exploration of at least 0 but got {self}"
            )

    @property
    def most_calls(self) -> int:
        """The most calls of a selection."""
        return self.rounds * self._playing(self.proposals) * self.examples

    def _playing(self, proposals: int) -> int:
        return max(1, round(self.share * proposals))

    def best(self, texts: Sequence[str], count: int, evaluator: Evaluator, generator: random.Random) -> list[int]:
        """Tries the texts; the places of the ``count`` with the best means, best first. Untried texts can't win.

        Raises:
            ProviderError, BudgetSpent: as the black box.
        """
        waiting = [generator.sample(range(len(evaluator.examples)), len(evaluator.examples)) for _ in texts]
        scores: list[list[float]] = [[] for _ in texts]
        for _ in range(self.rounds):
            playing = self._next(scores, waiting)
            pairs = [(arm, waiting[arm].pop()) for arm in playing for _ in waiting[arm][: self.examples]]
            found = evaluator.score_pairs([(texts[arm], example) for arm, example in pairs])
            for (arm, _), score in zip(pairs, found, strict=True):
                scores[arm] += [] if score is None else [score]
        tried = [arm for arm in range(len(texts)) if scores[arm]]
        if not tried:
            raise ProviderError("No proposal got an answer; start again to request it")
        return sorted(tried, key=lambda arm: -sum(scores[arm]) / len(scores[arm]))[:count]

    def _next(self, scores: Sequence[Sequence[float]], waiting: Sequence[Sequence[int]]) -> list[int]:
        """Whose turn it is, among those for whom examples are left; ties go to the earlier ones."""
        bounds = upper_confidence_bounds(scores, self.exploration)
        playing = [arm for arm in range(len(scores)) if waiting[arm]]
        return sorted(playing, key=lambda arm: -bounds[arm])[: self._playing(len(scores))]


def upper_confidence_bounds(scores: Sequence[Sequence[float]], exploration: float) -> list[float]:
    """One per row of scores; without limit where there are none.

    >>> upper_confidence_bounds([[1.0, 0.0], [], [0.5]], 0.0)
    [0.5, inf, 0.5]
    """
    total = sum(map(len, scores))
    return [
        sum(row) / len(row) + exploration * math.sqrt(math.log(total) / len(row)) if row else math.inf for row in scores
    ]
