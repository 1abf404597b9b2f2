"""Racing: no more is paid for an instruction than it takes to see that it won't be the best.

After Maron and Moore, *Hoeffding Races* (1994), with an exact chance in place of their bound: a mark is right or wrong,
its rate has a uniform prior, so what the marks to come will add has a beta-binomial distribution.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Racing:
    """When the evaluation of an instruction is broken off.

    Args:
        least_chance: of ending no lower than the best instruction, with which another round is paid for; 0 scores every
            instruction on all examples at once.
        round: examples at a time.
    """

    least_chance: float = 0.01
    round: int = 5

    def __post_init__(self) -> None:
        if not 0 <= self.least_chance < 0.2 or self.round < 1:
            raise ValueError(
                "Expected evaluation.racing with a least_chance of at least 0 and below 0.2 and a round of at least 1 "
                f"but got {self}"
            )

    def next_round(self, scores: Sequence[Sequence[float] | None], total: int, best: float) -> dict[int, range]:
        """Who goes on, and with which examples.

        Rivals are the best instruction so far, those that have all their marks, and what is to be expected of the
        others. So who was broken off goes on when the leader falls behind, and at the end no one who was broken off has
        a higher mean than the best.

        Args:
            scores: the marks of each instruction on the first examples; None is out of the race.
            total: examples in all.
            best: the highest mean so far, of an instruction that is not among these.

        Returns:
            The places of the next examples, for each of the instructions that go on.

        >>> Racing(0.01).next_round([[1, 1, 1, 1, 1], [0, 0, 0, 0, 0], []], 20, 0.4)
        {0: range(5, 10), 2: range(0, 5)}
        """
        step = self.round if self.least_chance > 0 else total
        racing = {place: row for place, row in enumerate(scores) if row is not None}
        expected = {place: _expected(row, total) for place, row in racing.items()}
        ranges = {}
        for place, row in racing.items():
            needed = max([best * total, *(other for rival, other in expected.items() if rival != place)])
            if len(row) < total and self._may_win(row, needed, total):
                ranges[place] = range(len(row), min(total, len(row) + step))
        return ranges

    def _may_win(self, row: Sequence[float], needed: float, total: int) -> bool:
        is_ahead = math.fsum(row) * total >= needed * len(row)
        return is_ahead or chance_to_reach(needed, row, total) >= self.least_chance


def chance_to_reach(needed: float, scores: Sequence[float], total: int) -> float:
    """The chance that ``total`` marks of an instruction add up to ``needed``, after the first ones.

    A mark between 0 and 1 counts as that share of a right answer.

    >>> chance_to_reach(2, [1.0], 2), chance_to_reach(2, [0.0], 2), chance_to_reach(1, [1.0], 2)
    (0.6666666666666666, 0.0, 1.0)
    """
    from scipy.stats import betabinom

    got, left = math.fsum(scores), total - len(scores)
    missing = math.ceil(needed - got - 1e-9)
    if missing <= 0 or missing > left:
        return float(missing <= 0)
    return float(betabinom.sf(missing - 1, left, got + 1, len(scores) - got + 1))


def _expected(scores: Sequence[float], total: int) -> float:
    """What the marks will add up to."""
    got = math.fsum(scores)
    return got + (total - len(scores)) * (got + 1) / (len(scores) + 2)
