"""Writes the run's checkpoint after each iteration."""

from __future__ import annotations

from pathlib import Path

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint


class SearchCheckpoint(Checkpoint):
    """Replaces one file after each iteration, with the grown pool in it: Lightning calls checkpoints last.

    Lightning's ModelCheckpoint writes only where an optimiser has stepped, and some methods fit nothing.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes the file."""
        trainer.save_checkpoint(self.path)
