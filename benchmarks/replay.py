"""Finds which choice of the next instruction finds the best one soonest: ``python -m benchmarks.replay``.

The instructions of a task are written and scored once. Then searches are replayed over them: each starts from some that
reach at most .6 of the best, and in every iteration chooses one of 13 others. Each is offered once, unless the search
holds it in reserve. What a search writes near its own finds is not replayed.
"""

from __future__ import annotations

import argparse
import logging
import random
import statistics
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from benchmarks.landscape import sample, score
from benchmarks.predictor import VARIANTS, features_of, fit
from benchmarks.timing import markdown
from duet.models.huggingface_black_box import HuggingFaceBlackBox
from duet.pool import Candidate, ScoredInstruction
from duet.strategies.acquisition import Acquisition, acquisition_value
from duet.tasks.task import Task


@dataclass(frozen=True)
class Choice:
    """A way to choose the next instruction.

    Args:
        name: what it is called.
        acquisition: by what value; None is at random.
        beta: weight of exploration.
        uncertainty: the predictor's.
        features: what it sees: O, H, their mean or both side by side (concat).
        reserve: how many of those that were not chosen are reconsidered in the next iteration.
    """

    name: str
    acquisition: Acquisition | None = None
    beta: float = 0.0
    uncertainty: str = "full"
    features: str = "O"
    reserve: int = 0


TASKS = (
    "alphabetically_first_word_last_two_letters", "longest_word_first_two_letters", "longest_word_last_two_letters",
    "alphabetically_last_word_second_letter", "smaller_animal",
)  # fmt: skip
CHOICES = (
    Choice("at random"),
    Choice("diagonal, greedy", "greedy", 0.0, "diagonal"),
    Choice("diagonal, upper confidence bound, beta = 0.5", "upper_confidence_bound", 0.5, "diagonal"),
    Choice("diagonal, Thompson sampling, beta = 0.2", "thompson", 0.2, "diagonal"),
    Choice("full, upper confidence bound, beta = 1", "upper_confidence_bound", 1.0),
    Choice("full, upper confidence bound, beta = 3", "upper_confidence_bound", 3.0),
    Choice("the same, H instead of O", "upper_confidence_bound", 3.0, features="H"),
    Choice("the same, mean of H and O", "upper_confidence_bound", 3.0, features="mean"),
    Choice("the same, O and 32 in reserve (default)", "upper_confidence_bound", 3.0, reserve=32),
    Choice("full, Thompson sampling, beta = 1", "thompson", 1.0),
    Choice("full, expected improvement, deviation x 3", "expected_improvement", 3.0),
)
OFFERED, EXAMPLES, HARD = 13, 20, 0.6


@dataclass(frozen=True)
class Recorded:
    """The instructions of a task.

    Args:
        rows: with rewards, without features.
        features: (n, width) of each kind.
    """

    rows: Sequence[ScoredInstruction]
    features: Mapping[str, Tensor]

    @property
    def best(self) -> float:
        """The highest reward there is."""
        return max(row.score for row in self.rows)


def record(name: str, count: int, white_box: str, probes: int) -> Recorded:
    """Writes about ``count`` instructions, scores them on 20 examples and reads them."""
    task, box = Task(name), HuggingFaceBlackBox()
    texts = sample(task, box, count, 1, 0, 1.0).texts
    evaluations = score(texts, task, box, EXAMPLES, 0)
    rows = [
        ScoredInstruction(Candidate(text, "initial"), 0, evaluation.scores, evaluation.outputs)
        for text, evaluation in zip(texts, evaluations, strict=True)
    ]
    return Recorded(rows, features_of(texts, task, 0, box, white_box, probes))


def replay(recorded: Recorded, choice: Choice, seed: int, iterations: int, initial: int) -> list[float]:
    """The share of the best reward that a search has found after each number of iterations, 0 included."""
    draws, noise = random.Random(seed), torch.Generator().manual_seed(seed)
    poor = [index for index, row in enumerate(recorded.rows) if row.score <= HARD * recorded.best]
    known = draws.sample(poor, min(initial, len(poor)))
    others = [index for index in range(len(recorded.rows)) if index not in known]
    draws.shuffle(others)
    curve, reserve = [max(recorded.rows[index].score for index in known)], list[int]()
    for number in range(iterations):
        offered = [*others[number * OFFERED : (number + 1) * OFFERED], *reserve]
        if offered:
            chosen, *left = ranked(recorded, known, offered, choice, curve[-1], noise)
            known, reserve = [*known, chosen], left[: choice.reserve]
        curve.append(max(curve[-1], recorded.rows[known[-1]].score))
    return [reward / recorded.best for reward in curve]


def ranked(
    recorded: Recorded, known: Sequence[int], offered: list[int], choice: Choice, best: float, noise: torch.Generator
) -> list[int]:
    """Returns what is offered, the next choice first."""
    if choice.acquisition is None:
        order = torch.randperm(len(offered), generator=noise)
    else:
        features = recorded.features[choice.features]
        rows = [with_features(recorded.rows[index], features[index]) for index in known]
        predictor = fit(rows, replace(VARIANTS[0], model={"uncertainty": choice.uncertainty}), features.shape[1])
        mean, deviation = predictor.predict(features[offered])
        order = acquisition_value(choice.acquisition, mean, deviation, best, choice.beta, noise).argsort(
            descending=True
        )
    return [offered[place] for place in order.tolist()]


def with_features(row: ScoredInstruction, features: Tensor) -> ScoredInstruction:
    """The row as a predictor wants it."""
    return replace(row, candidate=replace(row.candidate, features=features))


def main(argv: Sequence[str]) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="*", default=list(TASKS))
    parser.add_argument("--count", type=int, default=300, help="instructions per task")
    parser.add_argument("--seeds", type=int, default=8, help="searches per task and choice")
    parser.add_argument("--iterations", type=int, default=25)
    parser.add_argument("--initial", type=int, default=20, help="instructions that each search starts from")
    parser.add_argument("--white_box", default="embedded", help="who reads them: a model's folder or name")
    parser.add_argument("--probes", type=int, default=4, help="inputs that each is tried on for O")
    options = parser.parse_args(argv)
    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    tasks = [record(name, options.count, options.white_box, options.probes) for name in options.tasks]
    shown = sorted({0, 5, 12, options.iterations} & set(range(options.iterations + 1)))
    lines = []
    for choice in CHOICES:
        curves = [
            replay(task, choice, seed, options.iterations, options.initial)
            for task in tasks
            for seed in range(options.seeds)
        ]
        means = [f"{statistics.fmean(curve[number] for curve in curves):.2f}" for number in shown]
        lines.append([choice.name, *means])
    sys.stdout.write(markdown(["choice", *(f"after {number}" for number in shown)], lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
