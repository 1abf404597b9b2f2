"""Compares two methods over tasks: difference with its interval, ranks, wins, a paired test, and calls."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVEL = 0.95
RESAMPLES = 10_000
SAME = 1e-9  # scores are fractions: what differs by less is rounding
CALLS_TOLERANCE = 0.01


@dataclass(frozen=True)
class MethodScore:
    """One method on one task with one seed.

    Args:
        score: its test score.
        calls: the calls of its search, without the final test.
    """

    score: float
    calls: float


Column = Mapping[tuple[str, int], MethodScore]  # (task, seed) -> score and calls


@dataclass(frozen=True)
class Comparison:
    """A reference method against another one, on the tasks and seeds that both have.

    Args:
        tasks: tasks compared; seeds are averaged first.
        difference: mean over tasks of reference - other.
        interval: its bootstrap interval over tasks and, within each, over seeds; None for fewer than two tasks.
        wins: tasks on which the reference is ahead.
        ties: tasks on which both are equal.
        losses: the others.
        p: two-sided paired Wilcoxon test over tasks; None if all are ties.
        calls: mean calls of a search: reference, other.
    """

    tasks: int
    difference: float
    interval: tuple[float, float] | None
    wins: int
    ties: int
    losses: int
    p: float | None
    calls: tuple[float, float]

    @property
    def equal_calls(self) -> bool:
        """Whether both searches made as many calls, within one per cent."""
        return math.isclose(*self.calls, rel_tol=CALLS_TOLERANCE)


def compare(reference: Column, other: Column) -> Comparison | None:
    """Compares where both have a score; None if they never meet."""
    common = sorted(reference.keys() & other.keys())
    if not common:
        return None
    pairs = [{key: column[key] for key in common} for column in (reference, other)]
    means = [task_means(column) for column in pairs]
    differences = [means[0][task] - means[1][task] for task in means[0]]
    pairwise = [[a - b for a, b in zip(*seeds, strict=True)] for seeds in zip(*map(_seeds_by_task, pairs), strict=True)]
    signs = [0 if abs(difference) < SAME else math.copysign(1, difference) for difference in differences]
    calls = [math.fsum(entry.calls for entry in column.values()) / len(common) for column in pairs]
    return Comparison(
        tasks=len(differences),
        difference=math.fsum(differences) / len(differences),
        interval=nested_bootstrap_interval(pairwise),
        wins=signs.count(1),
        ties=signs.count(0),
        losses=signs.count(-1),
        p=wilcoxon(differences),
        calls=(calls[0], calls[1]),
    )


def task_means(column: Column) -> dict[str, float]:
    """The mean over seeds, task by task."""
    return {task: mean(scores) for task, scores in by_task(column).items()}


def by_task(column: Column) -> dict[str, list[float]]:
    """The scores of all seeds, task by task, both in order."""
    scores: dict[str, list[float]] = {}
    for task, seed in sorted(column):
        scores.setdefault(task, []).append(column[task, seed].score)
    return scores


def _seeds_by_task(column: Column) -> list[list[float]]:
    return list(by_task(column).values())


def mean(values: Sequence[float]) -> float:
    """The mean of at least one value."""
    return math.fsum(values) / len(values)


def standard_error(values: Sequence[float]) -> float | None:
    """Of the mean; None for a single value.

    >>> standard_error([1.0, 3.0])
    1.0
    """
    return float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else None


def bootstrap_interval(values: Sequence[float], seed: int = 0) -> tuple[float, float] | None:
    """95 % percentile bootstrap interval of the mean; None for fewer than two values."""
    if len(values) < 2:
        return None
    found = stats.bootstrap(
        (np.asarray(values),), np.mean, n_resamples=RESAMPLES, confidence_level=LEVEL, method="percentile",
        rng=np.random.default_rng(seed),
    )  # fmt: skip
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def nested_bootstrap_interval(groups: Sequence[Sequence[float]], seed: int = 0) -> tuple[float, float] | None:
    """95 % percentile bootstrap interval of the mean of the groups' means; None for fewer than two groups.

    Groups are drawn with replacement, and within each drawn one its values: tasks, and the seeds of a task.
    """
    if len(groups) < 2:
        return None
    rng = np.random.default_rng(seed)
    total = np.zeros(RESAMPLES)
    for drawn in rng.integers(len(groups), size=(len(groups), RESAMPLES)):
        for number, group in enumerate(groups):
            places = np.flatnonzero(drawn == number)
            values = np.asarray(group)[rng.integers(len(group), size=(len(places), len(group)))]
            total[places] += values.mean(1)
    low, high = np.quantile(total / len(groups), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's adjustment of the p values that there are, for all comparisons together.

    >>> holm([0.01, None, 0.04, 0.03])
    [0.03, None, 0.06, 0.06]
    """
    order = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, place) in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * p))
        adjusted[place] = highest
    return adjusted


def wilcoxon(differences: Sequence[float]) -> float | None:
    """The signed-rank test's two-sided p value, ties dropped; None if nothing is left.

    Differences are rounded to nine digits, so that equal fractions are equal ranks.
    """
    kept = [round(difference, 9) for difference in differences if abs(difference) >= SAME]
    return float(stats.wilcoxon(kept).pvalue) if kept else None


def average_ranks(columns: Mapping[str, Column]) -> dict[str, float]:
    """Mean rank over the tasks that all columns have, 1 for the best, ties averaged; empty if there is none."""
    means = {label: task_means(column) for label, column in columns.items()}
    tasks = common_tasks(columns)
    if not tasks:
        return {}
    scores = np.array([[-round(means[label][task], 9) for label in means] for task in tasks])
    return dict(zip(means, stats.rankdata(scores, axis=1).mean(0).tolist(), strict=True))


def common_tasks(columns: Mapping[str, Column]) -> list[str]:
    """The tasks that all columns have, in order."""
    sets = [{task for task, _ in column} for column in columns.values()]
    return sorted(set.intersection(*sets)) if sets else []


def difficulty(scores: Sequence[float], weights: tuple[float, float] = (0.7, 0.3)) -> float:
    """Returns how hard a task is: w1 (1 - mean) + w2 std over the methods' scores (A.2.1), std with ddof 0.

    >>> round(difficulty([0.5, 1.0]), 3)
    0.25
    """
    return weights[0] * (1 - mean(scores)) + weights[1] * float(np.std(scores))
