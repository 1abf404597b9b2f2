"""Score against length: literals."""

from __future__ import annotations

import pytest

from duet.reporting.pareto import (
    ScoredLength,
    count_words,
    pareto_front,
    shortest_within_one_standard_error,
    standard_error_of_mean,
)


def row(name: str, score: float, length: int, error: float = 0.1, n: int = 20) -> ScoredLength:
    return ScoredLength(name, score, error, length, n)


def test_the_front_rises_with_length_and_has_no_row_that_another_one_beats() -> None:
    rows = [
        row("a", 0.5, 5),
        row("b", 0.5, 4),
        row("c", 0.4, 6),
        row("d", 0.9, 20),
        row("e", 0.9, 30),
        row("f", 0.7, 9),
    ]
    assert [each.instruction for each in pareto_front(rows)] == ["b", "f", "d"]
    assert pareto_front([]) == []


def test_the_shortest_within_one_standard_error_of_the_best_is_chosen() -> None:
    rows = [row("best", 0.9, 20), row("near", 0.8, 10), row("far", 0.79, 3)]
    assert shortest_within_one_standard_error(rows).instruction == "near"


def test_the_best_one_is_kept_where_no_other_is_near() -> None:
    assert shortest_within_one_standard_error([row("best", 0.9, 20, 0.01), row("b", 0.8, 2)]).instruction == "best"


def test_of_equal_length_the_higher_score_is_chosen() -> None:
    rows = [row("best", 0.9, 20), row("low", 0.85, 5), row("high", 0.88, 5)]
    assert shortest_within_one_standard_error(rows).instruction == "high"


def test_five_of_five_neither_wins_nor_sets_the_bar() -> None:
    rows = [row("lucky", 1.0, 3, 0.0, n=5), row("tested", 0.85, 12, 0.02)]
    assert shortest_within_one_standard_error(rows).instruction == "tested"


def test_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="Expected at least one scored instruction"):
        shortest_within_one_standard_error([])


def test_the_standard_error_is_that_of_the_sample() -> None:
    assert standard_error_of_mean([1.0, 0.0, 1.0, 1.0]) == pytest.approx((0.25) ** 0.5 / 4**0.5)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("Name the city.", 3),
        ("写出城市名", 5),
        ("都市名を answer", 5),
        ("ตอบ", 3),
        ("a  b\n\tc", 3),
        ("don't", 1),
    ],
)
def test_words_are_counted_and_letters_where_a_script_has_no_blanks(text: str, count: int) -> None:
    assert count_words(text) == count
