"""The shortest instruction that is as good as the best one, as far as the scores can tell."""

from __future__ import annotations

from duet.pool import Pool, ScoredInstruction
from duet.reporting.pareto import (
    ScoredLength,
    count_words,
    shortest_within_one_standard_error,
    standard_error_of_mean,
)


def shortest(pool: Pool) -> ScoredInstruction:
    """The shortest instruction in words, of those within one standard error of the highest posterior mean.

    Compared are the instructions that were scored on the most examples.

    Raises:
        ValueError: the pool is empty.
    """
    rows = {row.text: row for row in pool}
    lengths = [
        ScoredLength(text, pool.posterior_mean(row), standard_error_of_mean(row.scores), count_words(text), row.n)
        for text, row in rows.items()
    ]
    return rows[shortest_within_one_standard_error(lengths).instruction]
