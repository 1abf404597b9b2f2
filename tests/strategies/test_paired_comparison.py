from __future__ import annotations

import itertools
import random

import pytest

from duet.pool import Candidate, ScoredInstruction
from duet.strategies.paired_comparison import common_scores, is_better, ranked


def row(name: str, *scores: float) -> ScoredInstruction:
    return ScoredInstruction(Candidate(name, "x"), 0, scores, ("x",) * len(scores))


def test_two_rows_are_compared_on_the_examples_that_both_have() -> None:
    short, long = row("short", 1.0, 1.0, 0.0), row("long", 1.0, 1.0, 1.0, 0.0, 0.0, 0.0)
    assert short.score > long.score
    assert is_better(long, short)
    assert not is_better(short, long)
    assert not is_better(short, row("equal", 0.0, 1.0, 1.0, 1.0))


def test_sums_that_differ_by_rounding_are_equal() -> None:
    assert not is_better(row("a", 0.1, 0.2, 0.3), row("b", 0.3, 0.2, 0.1))
    assert not is_better(row("b", 0.3, 0.2, 0.1), row("a", 0.1, 0.2, 0.3))


def test_with_equal_numbers_of_examples_the_order_is_that_of_the_scores() -> None:
    generator = random.Random(0)
    rows = [row(f"{i:02}", *(float(generator.random() < 0.5) for _ in range(8))) for i in range(30)]
    assert ranked(rows) == sorted(rows, key=lambda row: (-row.score, row.text))


def test_the_order_does_not_depend_on_that_of_the_rows() -> None:
    rows = [row("a", 1.0), row("b", 1.0, 0.0), row("c", 0.0, 1.0, 1.0), row("long d", 1.0, 0.0)]
    assert len({tuple(row.text for row in ranked(order)) for order in itertools.permutations(rows)}) == 1
    assert [row.text for row in ranked(rows)] == ["a", "c", "b", "long d"]


def test_common_scores_are_over_the_examples_that_all_have() -> None:
    assert common_scores([row("a", 1.0, 0.0, 1.0), row("b", 0.0, 1.0)]) == pytest.approx([0.5, 0.5])
