"""Times an iteration of a search by the number of scored instructions: ``python -m benchmarks.iteration``.

Everything but the models: the black box and the white box are fakes that cost next to nothing. Predictor, choice,
scores, curves, records and checkpoint are the program's own. Seconds are the processor's, the median of an iteration;
``--profile`` shows where they go with the most instructions.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import logging
import pstats
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import TensorBoardLogger

from benchmarks.timing import Measurement, table
from callbacks.checkpoint_io import AtomicCheckpointIO
from callbacks.instruction_search import InstructionSearch
from callbacks.search_checkpoint import SearchCheckpoint
from callbacks.search_curves import SearchCurves
from datamodules.instruction_pool import InstructionPool
from duet.engine.search import Search
from duet.evaluation.allocation import Allocation
from duet.models.base import Request
from duet.models.fakes import HashingWhiteBox, ScriptedBlackBox
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.strategies.duet import Duet
from duet.tasks.task import Task
from lightning_modules.score_predictor import ScorePredictor

FEATURES, EXAMPLES, ITERATIONS = 512, 20, 4
SIZES = (100, 1_000, 10_000)


class Clock(Callback):
    """Processor seconds from the end of one epoch to that of the next, all callbacks included."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Notes the time: the former epoch is over, with its checkpoint."""
        self.times.append(time.process_time())

    @property
    def seconds(self) -> list[float]:
        """Of each whole iteration but the first, which warms up."""
        return [after - before for before, after in zip(self.times[1:], self.times[2:], strict=False)]


def made_up_pool(rows: int) -> Pool:
    """Scored instructions of an earlier search, with features in which few directions matter."""
    generator = torch.Generator().manual_seed(0)
    latent = torch.randn(rows, 20, generator=generator)
    features = latent @ torch.randn(20, FEATURES, generator=generator)
    scores = torch.bernoulli(torch.sigmoid(latent[:, :1]).expand(rows, EXAMPLES), generator=generator)
    return Pool(
        tuple(
            ScoredInstruction(
                Candidate(f"Write word number {index} of the text.", "initial", features=row), index // 10,
                tuple(row_scores.tolist()), ("answer",) * EXAMPLES,
            )
            for index, (row, row_scores) in enumerate(zip(features, scores, strict=True))
        )
    )  # fmt: skip


def run(rows: int, folder: Path) -> list[float]:
    """Continues a search that has this many scored instructions; processor seconds of each iteration."""
    examples = [json.dumps({"input": f"a{i} b{i}", "output": f"b{i}"}) for i in range(200)]
    (folder / "train.jsonl").write_text("\n".join(examples))
    pool, clock, data = made_up_pool(rows), Clock(), InstructionPool()
    search = Search(
        Task("t", str(folder / "train.jsonl")),
        ScriptedBlackBox(answer),
        Duet(candidates=64, choose=10),
        HashingWhiteBox(FEATURES, 4),
        allocation=Allocation("fixed", examples=EXAMPLES),
        iterations=pool.iteration + ITERATIONS,
        threshold=1.1,
    )
    data.pool = pool
    trainer = Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=ITERATIONS,
        logger=TensorBoardLogger(str(folder), name="", version="", default_hp_metric=False),
        callbacks=[
            InstructionSearch(search),
            SearchCurves(search, {}),
            clock,
            SearchCheckpoint(folder / "checkpoints" / "last.ckpt"),
        ],
        plugins=[AtomicCheckpointIO()],
        default_root_dir=str(folder),
        enable_progress_bar=False,
        enable_model_summary=False,
        log_every_n_steps=1,
    )
    trainer.fit(ScorePredictor(search.feature_size), datamodule=data)
    return clock.seconds


def answer(request: Request) -> str:
    """A word of the prompt."""
    return request.prompt.split()[-2]


def measure(sizes: Sequence[int]) -> list[Measurement]:
    """A row for each size, beside the smallest one."""
    rows: list[Measurement] = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            seconds = statistics.median(run(size, Path(folder)))
        least = rows[0].value if rows else None
        rows.append(Measurement(f"an iteration, {size:,} scored instructions", seconds, "s", least))
    return rows


def main(argv: Sequence[str]) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--profile", action="store_true", help="of the last size")
    options = parser.parse_args(argv)
    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    if options.profile:
        with tempfile.TemporaryDirectory() as folder, cProfile.Profile() as profile:
            run(options.sizes[-1], Path(folder))
        pstats.Stats(profile, stream=sys.stdout).sort_stats("cumulative").print_stats(70)
    else:
        sys.stdout.write(table(measure(options.sizes)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
