"""Writes the run's checkpoint as the pool grows."""

from __future__ import annotations

from pathlib import Path

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint

from callbacks.instruction_search import pool_of

_GROWTH = 0.01  # of the pool: a smaller one is not worth writing all of it anew


class SearchCheckpoint(Checkpoint):
    """Replaces one file when the pool in it has grown by a hundredth, and at the end: Lightning calls checkpoints last.

    With ten new instructions in each iteration that is after each one until the pool has a thousand. A run that is
    killed repeats the iterations since then from its stored answers. Lightning's ModelCheckpoint writes only where an
    optimiser has stepped, and some methods fit nothing.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written = 0

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes the file if it is worth it."""
        size = len(pool_of(trainer).pool)
        is_last = trainer.should_stop or trainer.current_epoch + 1 == trainer.max_epochs
        if is_last or size - self._written >= _GROWTH * size:
            trainer.save_checkpoint(self.path)
            self._written = size
