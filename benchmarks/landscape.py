"""Measures how rewards are spread over sampled instructions: ``python -m benchmarks.landscape [--tasks ...]``.

A task has headroom for a search when, in a pool of 200 sampled instructions, few come near the best.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from duet.evaluation.evaluation import Evaluation, EvaluationConfig, Evaluator, Trial
from duet.models.huggingface_black_box import HuggingFaceBlackBox
from duet.proposals.initialisation import Initialisation
from duet.proposals.instruction_filter import InstructionFilter
from duet.tasks.task import Task, own_tasks


@dataclass(frozen=True)
class Landscape:
    """Sampled instructions of one task with their rewards.

    Args:
        texts: n distinct instructions.
        evaluations: of each, on the same validation examples.
    """

    texts: tuple[str, ...]
    evaluations: tuple[Evaluation, ...]

    @property
    def rewards(self) -> list[float]:
        """Mean score of each instruction."""
        return [statistics.fmean(evaluation.scores) for evaluation in self.evaluations]

    def share_near_best(self, ratio: float = 0.9) -> float:
        """Share of the instructions that reach ``ratio`` of the best reward."""
        rewards = self.rewards
        return sum(reward >= ratio * max(rewards) for reward in rewards) / len(rewards)


def sample(task: Task, box: HuggingFaceBlackBox, count: int, examples: int, seed: int, temperature: float) -> Landscape:
    """Draws ``count`` distinct instructions by induction and scores each on ``examples`` validation examples."""
    splits = task.splits(seed)
    source = Initialisation("sample", count, max_rounds=6, temperature=temperature, max_tokens=32)
    texts = [candidate.text for candidate in source.candidates(box, splits.demonstrations, InstructionFilter(), seed)]
    return Landscape(tuple(texts), score(texts, task, box, examples, seed))


def score(
    texts: Sequence[str], task: Task, box: HuggingFaceBlackBox, examples: int, seed: int
) -> tuple[Evaluation, ...]:
    """Scores on the first validation examples."""
    block = task.splits(seed).validation[:examples]
    evaluator = Evaluator(box, block, task.metric, EvaluationConfig(max_tokens=48))
    evaluations: list[Evaluation] = []
    for start in range(0, len(texts), 16):
        evaluations += [
            evaluation
            for evaluation in evaluator.evaluate([Trial(text, 0, len(block)) for text in texts[start : start + 16]])
            if isinstance(evaluation, Evaluation)
        ]
    return tuple(evaluations)


def row(name: str, landscape: Landscape) -> str:
    """One line of the table."""
    rewards = sorted(landscape.rewards)
    deciles = " ".join(f"{rewards[int(q * (len(rewards) - 1))]:.2f}" for q in (0, 0.25, 0.5, 0.75, 0.9, 1))
    best = landscape.texts[landscape.rewards.index(max(rewards))]
    return f"| {name} | {len(rewards)} | {deciles} | {landscape.share_near_best():.1%} | {best} |"


def main(argv: Sequence[str]) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="*", default=own_tasks())
    parser.add_argument("--data")
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--examples", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--temperature", type=float, default=1.0)
    options = parser.parse_args(argv)
    box = HuggingFaceBlackBox(options.model, batch_tokens=32768)
    sys.stdout.write(
        "| task | n | reward: min, quartiles, 9th decile, max | within 90 % of the best | best |\n"
        "|---|---|---|---|---|\n"
    )
    for name in options.tasks:
        task = Task(name, directory=options.data)
        landscape = sample(task, box, options.count, options.examples, options.seed, options.temperature)
        sys.stdout.write(row(name, landscape) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
