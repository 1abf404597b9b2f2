"""Comparisons over tasks: literals, and values from tables that others printed."""

from __future__ import annotations

import numpy as np
import pytest

from duet.reporting.statistics import (
    Column,
    MethodScore,
    average_ranks,
    bootstrap_interval,
    common_tasks,
    compare,
    difficulty,
    nested_bootstrap_interval,
    standard_error,
    wilcoxon,
)


def column(calls: float = 10, **tasks: list[float]) -> Column:
    return {
        (task, seed): MethodScore(score, calls) for task, scores in tasks.items() for seed, score in enumerate(scores)
    }


def test_seeds_are_averaged_before_tasks_are_counted() -> None:
    found = compare(column(a=[1.0, 0.0], b=[0.5, 0.5]), column(a=[0.25, 0.25], b=[0.5, 0.5]))
    assert found is not None
    assert (found.tasks, found.difference, found.wins, found.ties, found.losses) == (2, 0.125, 1, 1, 0)


def test_only_what_both_have_is_compared() -> None:
    found = compare(column(a=[1.0, 0.0], b=[0.0]), column(a=[0.5], c=[1.0]))
    assert found is not None
    assert (found.tasks, found.difference) == (1, 0.5)
    assert compare(column(a=[1.0]), column(b=[1.0])) is None


@pytest.mark.parametrize(("calls", "equal"), [(1000, True), (1009, True), (1011, False), (0, False)])
def test_calls_are_equal_within_one_per_cent(calls: float, equal: bool) -> None:
    found = compare(column(1000, a=[1.0]), column(calls, a=[1.0]))
    assert found is not None
    assert found.equal_calls is equal


def test_a_difference_that_is_only_rounding_is_a_tie() -> None:
    found = compare(column(a=[0.1 + 0.2]), column(a=[0.3]))
    assert found is not None
    assert (found.wins, found.ties, found.losses, found.p) == (0, 1, 0, None)


def test_the_signed_rank_test_gives_the_exact_value_of_its_tables() -> None:
    # Two-sided: with n = 6 the rank sum 0 has the probability 2 / 2^6, with n = 5 the rank sum 1 has 4 / 2^5.
    assert wilcoxon([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]) == pytest.approx(2 / 64)
    assert wilcoxon([-1.0, 2.0, 3.0, 4.0, 5.0, 0.0]) == pytest.approx(4 / 32)


def test_fractions_that_are_equal_on_paper_are_equal_ranks() -> None:
    noisy = [0.1 + 0.2 - 0.3 + 0.05, 0.05, -0.05, 0.1, 0.15, 0.2]
    assert wilcoxon(noisy) == wilcoxon([0.05, 0.05, -0.05, 0.1, 0.15, 0.2])


def test_the_bootstrap_is_near_the_normal_interval_and_the_same_each_time() -> None:
    values = np.random.default_rng(1).normal(0.3, 0.1, 400).tolist()
    interval = bootstrap_interval(values)
    assert interval is not None
    half = 1.96 * np.std(values) / 20
    assert interval == pytest.approx((np.mean(values) - half, np.mean(values) + half), abs=half / 10)
    assert interval == bootstrap_interval(values)


def test_an_interval_over_tasks_and_seeds_has_the_variance_of_both() -> None:
    generator = np.random.default_rng(2)
    tasks = generator.normal(0.2, 0.1, 200)
    groups = [(task + generator.normal(0, 0.2, 4)).tolist() for task in tasks]
    found = nested_bootstrap_interval(groups)
    assert found is not None
    # drawing the seeds anew adds the variance of their mean once more, at (m - 1) / m of its size
    variance = np.var([np.mean(group) for group in groups]) + np.mean([np.var(group) for group in groups]) / 4
    half = 1.96 * (variance / 200) ** 0.5
    mean = float(np.mean(groups))
    assert found == pytest.approx((mean - half, mean + half), abs=half / 10)
    assert found == nested_bootstrap_interval(groups)


def test_an_interval_over_tasks_with_one_seed_each_is_that_over_tasks() -> None:
    values = np.random.default_rng(3).normal(0.3, 0.1, 400).tolist()
    plain, nested = bootstrap_interval(values), nested_bootstrap_interval([[value] for value in values])
    assert plain == pytest.approx(nested, abs=0.001)
    assert nested_bootstrap_interval([[0.5, 0.1]]) is None


def test_one_value_has_neither_interval_nor_error() -> None:
    assert bootstrap_interval([0.5]) is None
    assert standard_error([0.5]) is None
    assert bootstrap_interval([0.5, 0.5]) == (0.5, 0.5)


def test_ranks_are_over_the_tasks_that_all_have_with_ties_averaged() -> None:
    columns = {
        "x": column(a=[1.0], b=[0.5], c=[0.0]),
        "y": column(a=[0.5], b=[0.5]),
        "z": column(a=[0.0], b=[1.0]),
    }
    assert common_tasks(columns) == ["a", "b"]
    assert average_ranks(columns) == {"x": 1.75, "y": 2.25, "z": 2.0}
    assert average_ranks({"x": column(a=[1.0]), "y": column(b=[1.0])}) == {}


def test_difficulty_follows_the_papers_formula() -> None:
    scores = [0.2, 0.4, 0.9]
    mean = 0.5
    spread = ((0.3**2 + 0.1**2 + 0.4**2) / 3) ** 0.5
    assert difficulty(scores) == pytest.approx(0.7 * (1 - mean) + 0.3 * spread)
