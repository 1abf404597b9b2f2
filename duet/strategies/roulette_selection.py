"""Fitness-proportional selection: the parents of a genetic algorithm."""

from __future__ import annotations

import random
from collections.abc import Sequence

from duet.pool import ScoredInstruction
from duet.strategies.paired_comparison import common_scores


def roulette_selection(
    members: Sequence[ScoredInstruction], count: int, distinct: bool, generator: random.Random
) -> list[ScoredInstruction]:
    """Draws in proportion to the scores on the examples that all have, or all alike where every score is 0.

    Args:
        members: at least one.
        count: how many.
        distinct: without replacement, as long as there are members left; else with.
        generator: randomness.
    """
    left, weights = list(members), common_scores(members)
    drawn = []
    for _ in range(count):
        [place] = generator.choices(range(len(left)), weights if any(weights) else None)
        drawn.append(left[place])
        if distinct and len(left) > 1:
            del left[place], weights[place]
    return drawn
