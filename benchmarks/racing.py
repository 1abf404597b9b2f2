"""What racing would have saved in finished runs, and what it would have lost: ``python -m benchmarks.racing RUNS...``.

The marks that a run's instructions got are handed out again, round by round, for as long as `Racing` asks for them:
those of the first instructions together, then those of each iteration. What a shorter score does to later choices is
not replayed.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from benchmarks.timing import markdown
from duet.evaluation.racing import Racing
from duet.reporting.run_files import read_candidates
from duet.reporting.runs import find_folders

RULES = tuple(Racing(chance, size) for size in (5, 10) for chance in (0.001, 0.01, 0.05, 0.1))
Evaluation = Sequence[float]


@dataclass(frozen=True)
class Replayed:
    """One run under a rule.

    Args:
        first: share of the calls that the first instructions still cost.
        later: share of those of the iterations.
        missed: iterations that brought a new best, which the race broke off.
        lost: the best score, less the best one that the race found.
    """

    first: float
    later: float
    missed: int
    lost: float


def race(truth: Sequence[Evaluation], best: float, racing: Racing) -> list[list[float]]:
    """The marks that are asked for."""
    total, scores = len(truth[0]), [list[float]() for _ in truth]
    while rounds := racing.next_round(scores, total, best):
        for place, block in rounds.items():
            scores[place] += [truth[place][one] for one in block]
    return scores


def replay(iterations: Sequence[Sequence[Evaluation]], racing: Racing) -> Replayed:
    """One run, the first instructions first."""
    total = len(iterations[0][0])
    best = true_best = 0.0
    paid, missed = [], 0
    for truth in iterations:
        scores = race(truth, best, racing)
        paid.append(sum(map(len, scores)) / total)
        found = max((statistics.fmean(row) for row in scores if len(row) == total), default=0.0)
        reached = max(map(statistics.fmean, truth))
        missed += reached > max(true_best, found)
        best, true_best = max(best, found), max(true_best, reached)
    whole = list(map(len, iterations))
    return Replayed(paid[0] / whole[0], sum(paid[1:]) / max(1, sum(whole[1:])), missed, true_best - best)


def read(folder: Path) -> list[list[Evaluation]]:
    """The marks of each iteration's instructions."""
    rows = sorted(read_candidates(folder), key=lambda row: row.iteration)
    return [
        [[score for score in row.scores if score is not None] for row in group]
        for _, group in groupby(rows, key=lambda row: row.iteration)
    ]


def table(runs: Sequence[Sequence[Sequence[Evaluation]]], rules: Iterable[Racing] = RULES) -> str:
    """One row per rule."""
    rows = []
    for rule in rules:
        replayed = [replay(run, rule) for run in runs]
        first, later, lost = (
            statistics.fmean(getattr(one, name) for one in replayed) for name in ("first", "later", "lost")
        )
        missed = sum(one.missed for one in replayed)
        rows.append([rule.round, rule.least_chance, f"{first:.2f}", f"{later:.2f}", missed, f"{lost:.4f}"])
    heads = ["round", "least chance", "calls of the first", "calls of the others", "new bests missed", "score lost"]
    return markdown(heads, rows)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path, help="run folders, or folders above them")
    folders, problems = find_folders(parser.parse_args().runs)
    runs = [run for run in map(read, folders) if len(run) > 1]
    if problems or not runs:
        parser.error("; ".join(problems) or "expected runs with iterations")
    raced = [run for run in runs if len({len(marks) for group in run for marks in group}) > 1]
    if raced:
        parser.error(f"expected runs without a race but {len(raced)} of {len(runs)} have had one")
    print(
        f"{len(runs)} runs, {sum(len(group) for run in runs for group in run[1:])} instructions after the first ones\n"
    )
    print(table(runs))


if __name__ == "__main__":
    main()
