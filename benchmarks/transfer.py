"""Measures what an earlier predictor is worth on another task: ``python -m benchmarks.transfer [--recorded DIR]``.

Per task about 110 sampled instructions, reward on 20 examples and truth on 40 others. A predictor is fitted to all of a
source's, and starts another task as ``model.init_from``; the cold control starts without. Both see the same rows of the
new task, none at first, and are judged on the others by their rank correlation with the truth.
"""

from __future__ import annotations

import argparse
import logging
import math
import random
import statistics
import sys
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning import Trainer
from scipy.stats import spearmanr
from torch import Tensor

from benchmarks.landscape import sample, score
from benchmarks.timing import markdown
from datamodules.instruction_pool import InstructionPool
from duet.models.huggingface_black_box import HuggingFaceBlackBox
from duet.models.huggingface_white_box import HuggingFaceWhiteBox
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.prompts import answer_prompt
from duet.tasks.task import Task
from lightning_modules.score_predictor import ScorePredictor

RELATED = (
    ("longest_word_first_two_letters", "longest_word_last_two_letters"),
    ("longest_word_last_two_letters", "alphabetically_first_word_last_two_letters"),
    ("second_letter", "alphabetically_last_word_second_letter"),
    ("alphabetically_last_word_second_letter", "second_letter"),
)
UNRELATED = (
    ("smaller_animal", "longest_word_last_two_letters"),
    ("smaller_animal", "alphabetically_first_word_last_two_letters"),
    ("longest_word_last_two_letters", "smaller_animal"),
    ("second_letter", "smaller_animal"),
)
TEMPLATE, PROBES, REWARD, TRUTH = "Instruction: {instruction}\n\nInput: {input}\nOutput:", 4, 20, 40
FEATURES = {"O": False, "O and prior": True, "r": False}  # whether the white box's accuracy and |r| are given too
SIZES = (0, 5, 20)


@dataclass(frozen=True)
class Recorded:
    """A task's instructions.

    Args:
        scores: (n, 60), on validation examples.
        outputs: (n, d), O.
        gold: (n, d), states over the right answers.
        accuracy: (n,), the white box's own on the probes.
    """

    scores: Tensor
    outputs: Tensor
    gold: Tensor
    accuracy: Tensor

    def features(self, kind: str) -> Tensor:
        """(n, d)."""
        return gold_relative(self.outputs, self.gold)[0] if kind == "r" else self.outputs

    def prior(self, kind: str) -> Tensor | None:
        """(n, 2), the white box's own accuracy and |r|."""
        return torch.stack([self.accuracy, gold_relative(self.outputs, self.gold)[1]], 1) if FEATURES[kind] else None

    @property
    def truth(self) -> Tensor:
        """(n,)."""
        return self.scores[:, REWARD:].mean(1)

    def pool(self, rows: Sequence[int], kind: str) -> Pool:
        """Some of the instructions, scored."""
        features, prior = self.features(kind), self.prior(kind)
        known = [()] * len(features) if prior is None else [tuple(row) for row in prior.tolist()]
        scored = (tuple(self.scores[row, :REWARD].tolist()) for row in rows)
        return Pool(
            tuple(
                ScoredInstruction(
                    Candidate(str(row), "initial", features=features[row], prior=known[row]), 0, scores, ("",) * REWARD
                )
                for row, scores in zip(rows, scored, strict=True)
            )
        )


def gold_relative(outputs: Tensor, gold: Tensor) -> tuple[Tensor, Tensor]:
    """Compares the white box's outputs with the right answers: r(u) = O(u) - O_gold, and |r(u)|.

    r means the same on every task, 0 being right, where O means the task's own answers; |r| is a number that can serve
    as prior knowledge of the reward.

    Args:
        outputs: (n, d), states over the white box's own answers to the probes.
        gold: (n, d), states over the right answers in the same places, after the same prompts.

    Returns:
        (n, d) and (n,).

    >>> [part.tolist() for part in gold_relative(torch.tensor([[3.0, 5.0]]), torch.tensor([[0.0, 1.0]]))]
    [[[3.0, 4.0]], [5.0]]
    """
    if outputs.shape != gold.shape:
        raise ValueError(
            f"Expected as many states of right answers as of answers but got {gold.shape} and {outputs.shape}"
        )
    relative = outputs - gold
    return relative, relative.norm(dim=1)


def record(name: str, count: int = 60) -> Recorded:
    """Writes instructions, scores and reads them."""
    task, box, white = Task(name), HuggingFaceBlackBox(), HuggingFaceWhiteBox("embedded")
    texts = list(dict.fromkeys(t for heat in (1.0, 1.5) for t in sample(task, box, count, 1, 0, heat).texts))
    scores = [evaluation.scores for evaluation in score(texts, task, box, REWARD + TRUTH, 0)]
    probes = task.splits(0).demonstrations[:PROBES]
    prompts = [answer_prompt(text, probe.input, TEMPLATE) for text in texts for probe in probes]
    answers = white.generate(prompts, seeds=[0] * len(prompts), max_new_tokens=16)
    right = [f" {probe.outputs[0]}" for _ in texts for probe in probes]
    success = [task.metric(answer.strip(), probes[i % PROBES].outputs) for i, answer in enumerate(answers)]
    outputs, gold = (_mean(white, said, prompts, len(texts)) for said in (answers, right))
    return Recorded(torch.tensor(scores), outputs, gold, torch.tensor(success).view(len(texts), -1).mean(1))


def _mean(white: HuggingFaceWhiteBox, answers: list[str], prompts: list[str], count: int) -> Tensor:
    """(count, d), over the tokens of each instruction's answers."""
    read = white.encode(answers, prompts)
    tokens = read.token_counts.view(count, -1, 1)
    return (read.states.view(count, PROBES, -1) * tokens).sum(1) / tokens.sum(1).clamp_min(1)


def fitted(task: Recorded, rows: Sequence[int], kind: str, init_from: str | None) -> tuple[ScorePredictor, Trainer]:
    """The predictor after an iteration on these rows; with none it knows what its source knows."""
    predictor = ScorePredictor(task.outputs.shape[1], init_from=init_from)
    trainer = Trainer(max_epochs=1, accelerator="cpu", logger=False, enable_checkpointing=False,
                      enable_progress_bar=False, enable_model_summary=False, log_every_n_steps=1)  # fmt: skip
    if not rows:
        predictor.setup("fit")
        return predictor, trainer
    data = InstructionPool()
    data.pool = task.pool(rows, kind)
    trainer.fit(predictor, datamodule=data)
    return predictor, trainer


def correlation(task: Recorded, size: int, kind: str, init_from: str | None, seed: int) -> float:
    """Rank correlation on the instructions that were not scored."""
    order = random.Random(seed).sample(range(len(task.truth)), len(task.truth))
    predictor, _ = fitted(task, order[:size], kind, init_from)
    rest, prior = order[size:], task.prior(kind)
    mean, _ = predictor.predict(task.features(kind)[rest], None if prior is None else prior[rest])
    if len(set(mean.tolist())) == 1:  # five equal scores: nothing is known, and scipy has no number for it
        return 0.0
    return float(spearmanr(mean.numpy(), task.truth[rest].numpy()).statistic)


def recorded(name: str, folder: Path | None) -> Recorded:
    """From the folder if it is there; else made, and kept there."""
    file = folder / f"{name}.pt" if folder else None
    if file and file.is_file():
        return Recorded(**torch.load(file, weights_only=True))
    found = record(name)
    if file:
        torch.save(vars(found), file)
    return found


def main(argv: Sequence[str]) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recorded", type=Path, help="a folder where what the tasks' instructions do is kept")
    parser.add_argument("--splits", type=int, default=4)
    options = parser.parse_args(argv)
    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    names = sorted({name for pair in (*RELATED, *UNRELATED) for name in pair})
    tasks = {name: recorded(name, options.recorded) for name in names}
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in FEATURES:
            sources = {}
            for name in sorted({source for source, _ in (*RELATED, *UNRELATED)}):
                predictor, trainer = fitted(tasks[name], range(len(tasks[name].truth)), kind, None)
                sources[name] = str(Path(folder, f"{name}.{kind}.ckpt"))
                trainer.strategy.connect(predictor)
                trainer.save_checkpoint(sources[name])
            for label, pairs in (("related", RELATED), ("unrelated", UNRELATED)):
                for start in ("cold", "warm"):
                    cells = [label, kind, start]
                    for size in SIZES:
                        values = [
                            correlation(tasks[target], size, kind, sources[source] if start == "warm" else None, seed)
                            for source, target in pairs
                            for seed in range(options.splits if size else 1)
                            if size or start == "warm"
                        ]
                        cells.append(shown(values) if values else "-")
                    lines.append(cells)
    sys.stdout.write(markdown(["tasks", "features", "start", *(f"{size} rows" for size in SIZES)], lines) + "\n")


def shown(values: Sequence[float]) -> str:
    """Mean and standard error."""
    return f"{statistics.fmean(values):.2f} ({statistics.stdev(values) / math.sqrt(len(values)):.2f})"


if __name__ == "__main__":
    main(sys.argv[1:])
