"""The shortest instruction that is as good as the best one, as far as the scores can tell."""

from __future__ import annotations

from duet.pool import Pool, ScoredInstruction
from duet.reporting.pareto import (
    ScoredLength,
    count_words,
    shortest_within_one_standard_error,
    standard_error_of_mean,
)
from duet.reporting.records import Lengths


def shortest(pool: Pool) -> ScoredInstruction:
    """The shortest instruction, of those within one standard error of the highest posterior mean.

    Compared are the instructions that were scored on the most examples, by the tokens of their prompts where the
    provider counts them, else by words.

    Raises:
        ValueError: the pool is empty.
    """
    rows = {row.text: row for row in pool}
    in_tokens = counts_tokens(pool)
    lengths = [
        ScoredLength(text, pool.posterior_mean(row), standard_error_of_mean(row.scores), length(row, in_tokens), row.n)
        for text, row in rows.items()
    ]
    return rows[shortest_within_one_standard_error(lengths).instruction]


def lengths_of(pool: Pool, best: ScoredInstruction) -> Lengths:
    """The lengths of the chosen and of the shortest instruction."""
    in_tokens = counts_tokens(pool)
    unit = "prompt tokens" if in_tokens else "words"
    return Lengths(unit, length(best, in_tokens), length(shortest(pool), in_tokens))


def counts_tokens(pool: Pool) -> bool:
    """Whether the tokens of all prompts are known."""
    return all(row.mean_prompt_tokens is not None for row in pool)


def length(row: ScoredInstruction, in_tokens: bool) -> int:
    """Tokens of the prompt with an example, or words of the instruction."""
    tokens = row.mean_prompt_tokens if in_tokens else None
    return count_words(row.text) if tokens is None else tokens
