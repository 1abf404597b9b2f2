"""Compares predictors of the reward: ``python -m benchmarks.predictor``.

Per task: sampled instructions (two temperatures) and plain phrasings; reward on 20 examples, truth on 40 others; the
predictor is fitted on 40 random instructions and judged on all others by its rank correlation with the truth and by the
regret of its first choice. Means over tasks and splits.
"""

from __future__ import annotations

import argparse
import logging
import random
import statistics
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lightning import LightningModule, Trainer
from scipy.stats import spearmanr
from torch import Tensor

from benchmarks.landscape import sample, score
from datamodules.instruction_pool import InstructionPool
from duet.features import FeatureExtractor
from duet.models.huggingface_black_box import HuggingFaceBlackBox
from duet.models.huggingface_white_box import HuggingFaceWhiteBox
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.tasks.task import Task
from lightning_modules.score_predictor import ScorePredictor

TASKS = (
    "longest_word_last_letter", "longest_word_second_letter", "shortest_word_second_letter",
    "longest_word_last_two_letters", "alphabetically_last_word_second_letter", "alphabetically_last_word_reversed",
    "alphabetically_first_word_last_two_letters", "longest_word_first_two_letters",
    "swap_outer_words", "smaller_animal", "animals_in_list", "second_letter",
)  # fmt: skip


@dataclass(frozen=True)
class Variant:
    """One row of the table.

    Args:
        name: what it is called.
        features: a key of the feature table.
        standardise: rewards standardised over the pool, or raw.
        model: settings of the predictor that differ from the defaults.
    """

    name: str
    features: str
    standardise: bool
    model: dict[str, Any]


OFF: dict[str, Any] = {"similarity": "none", "weight": "none", "alpha": 0.0}
VARIANTS = (
    Variant("defaults (O, standardised, similarity)", "O", True, {}),
    Variant("without similarity", "O", True, OFF),
    Variant("reward-contrast similarity", "O", True, {"similarity": "reward_contrast"}),
    Variant("raw rewards", "O", False, {}),
    Variant("raw rewards, without similarity", "O", False, OFF),
    Variant("without output representation (H)", "H", True, {}),
    Variant("mean of H and O (the paper's)", "mean", True, {}),
    Variant("H and O side by side", "concat", True, {}),
    Variant("N(0, 1) initial weights (INSTINCT)", "O", True, {"initial_weights": "normal"}),
)


def features_of(
    texts: Sequence[str],
    task: Task,
    seed: int,
    box: HuggingFaceBlackBox,
    white_box: str = "embedded",
    probes: int = 4,
) -> dict[str, Tensor]:
    """The fused embeddings by kind, each (n, width)."""
    white = HuggingFaceWhiteBox(white_box, batch_tokens=32768)
    inputs = task.splits(seed).demonstrations
    pair = (
        FeatureExtractor("white_box", "concat", probes, max_new_tokens=16).extract(texts, inputs, white, box).features
    )
    instructions, outputs = pair.chunk(2, dim=1)  # (n, d) both
    return {"H": instructions, "O": outputs, "mean": (instructions + outputs) / 2, "concat": pair}


def fit(rows: Sequence[ScoredInstruction], variant: Variant, width: int) -> ScorePredictor:
    """One iteration's fit on the pool of these rows."""
    data = InstructionPool(variant.standardise)
    data.pool = Pool(tuple(rows))
    predictor = ScorePredictor(width, **variant.model)
    trainer = Trainer(max_epochs=1, accelerator="cpu", logger=False, enable_checkpointing=False,
                      enable_progress_bar=False, enable_model_summary=False, log_every_n_steps=1)  # fmt: skip
    trainer.fit(predictor, datamodule=data)
    return predictor


def judge(predictor: LightningModule, features: Tensor, truth: Sequence[float]) -> tuple[float, float] | None:
    """Rank correlation with the truth, and regret of the first choice; None if the truth is constant."""
    assert isinstance(predictor, ScorePredictor)
    predicted, _ = predictor.predict(features)
    if len(set(truth)) == 1:
        return None
    correlation = float(spearmanr(predicted.numpy(), truth).statistic)
    return (0.0 if correlation != correlation else correlation), max(truth) - truth[int(predicted.argmax())]


def measure(
    name: str, box: HuggingFaceBlackBox, count: int, sizes: Sequence[int], splits: int
) -> dict[tuple[str, int], list[tuple[float, float]]]:
    """All variants on one task."""
    task = Task(name)
    texts = list(dict.fromkeys(t for temp in (1.0, 1.5) for t in sample(task, box, count, 1, 0, temp).texts))
    evaluations = score(texts, task, box, 60, 0)
    noisy = [evaluation.scores[:20] for evaluation in evaluations]
    truth = [statistics.fmean(evaluation.scores[20:]) for evaluation in evaluations]
    table = features_of(texts, task, 0, box)
    found: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for variant in VARIANTS:
        features = table[variant.features]
        rows = [
            ScoredInstruction(Candidate(text, "initial", features=features[i]), 0, noisy[i], ("",) * 20)
            for i, text in enumerate(texts)
        ]
        for size in sizes:
            for split in range(splits):
                order = random.Random(split).sample(range(len(rows)), len(rows))
                predictor = fit([rows[i] for i in order[:size]], variant, features.shape[1])
                rest = order[size:]
                if judged := judge(predictor, features[rest], [truth[i] for i in rest]):
                    found.setdefault((variant.name, size), []).append(judged)
    return found


def main(argv: Sequence[str]) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="*", default=list(TASKS))
    parser.add_argument("--count", type=int, default=90)
    parser.add_argument("--sizes", nargs="*", type=int, default=[20, 40])
    parser.add_argument("--splits", type=int, default=4)
    options = parser.parse_args(argv)
    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    box = HuggingFaceBlackBox(batch_tokens=32768)
    by_task = {name: measure(name, box, options.count, options.sizes, options.splits) for name in options.tasks}
    heads = " | ".join(f"{size} rows: rank correlation / regret" for size in options.sizes)
    sys.stdout.write(f"| predictor | {heads} |\n|---|{'---|' * len(options.sizes)}\n")
    for variant in VARIANTS:
        cells = [
            mean_cell([cell for found in by_task.values() for cell in found.get((variant.name, size), [])])
            for size in options.sizes
        ]
        sys.stdout.write(f"| {variant.name} | {' | '.join(cells)} |\n")
    size = options.sizes[-1]
    sys.stdout.write(f"\n| task | defaults, {size} rows |\n|---|---|\n")
    for name, found in by_task.items():
        sys.stdout.write(f"| {name} | {mean_cell(found.get((VARIANTS[0].name, size), []))} |\n")


def mean_cell(pairs: Sequence[tuple[float, float]]) -> str:
    """Mean rank correlation / mean regret."""
    if not pairs:
        return "-"
    return f"{statistics.fmean(p[0] for p in pairs):.2f} / {statistics.fmean(p[1] for p in pairs):.2f}"


if __name__ == "__main__":
    main(sys.argv[1:])
