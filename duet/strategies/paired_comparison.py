"""Compares instructions that were scored on different numbers of examples.

Rows are nested: the first n scores of two rows are on the same n examples. So two rows are compared on the examples
that both have, never by their bare means: 2 of 3 is no better than 12 of 20 whose first three are all right.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from duet.pool import ScoredInstruction

_SAME = 1e-9  # sums of metrics that differ by less are equal


def is_better(first: ScoredInstruction, second: ScoredInstruction) -> bool:
    """Returns whether the first one has the strictly higher score on the examples that both have."""
    n_common = min(len(first.scores), len(second.scores))
    return fsum(first.scores[:n_common]) > fsum(second.scores[:n_common]) + _SAME


def ranked(rows: Sequence[ScoredInstruction]) -> list[ScoredInstruction]:
    """The rows, those first that are better than the most others (Copeland's rule).

    Ties go to the row with more examples, then to the higher score and the shorter text. With equal numbers of examples
    it is the order of the scores.
    """
    wins = {id(row): sum(is_better(row, other) for other in rows) for row in rows}
    return sorted(rows, key=lambda row: (-wins[id(row)], -row.n, -row.score, len(row.text), row.text))


def common_scores(rows: Sequence[ScoredInstruction]) -> list[float]:
    """The mean of each row over the examples that all rows have; they are at least one row."""
    n_common = min(len(row.scores) for row in rows)
    return [fsum(row.scores[:n_common]) / n_common for row in rows]
