"""The outer loop between fits: one epoch of the trainer is one iteration of the search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lightning import Callback, LightningModule, Trainer

from datamodules.instruction_pool import InstructionPool
from duet.engine.search import Search
from lightning_modules.score_predictor import ScorePredictor


class InstructionSearch(Callback):
    """Calls the search between two fits of the predictor; it has no rule of its own.

    Args:
        search: the search, which grows the pool that the data module hands to the fit.
    """

    def __init__(self, search: Search) -> None:
        self.search = search

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Opens the run folder."""
        self.search.open(Path(trainer.default_root_dir))

    def state_dict(self) -> dict[str, Any]:
        """The search's state beside the pool."""
        return self.search.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes it back, if it is this run's."""
        self.search.load_state_dict(state_dict)

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the search, or resumes it with the pool that a checkpoint brought."""
        data = pool_of(trainer)
        self.search.resume(data.pool)
        if not len(data.pool):
            knows = isinstance(pl_module, ScorePredictor) and pl_module.knows_a_former_task
            self.search.start(pl_module if isinstance(pl_module, ScorePredictor) and knows else None)
            data.pool = self.search.pool

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Takes one step with the fitted predictor."""
        self.search.step(pl_module if isinstance(pl_module, ScorePredictor) else None)
        pool_of(trainer).pool = self.search.pool
        if self.search.stop_reason:
            trainer.should_stop = True

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Finishes the search: the final test and the run folder's results."""
        self.search.finish(Path(trainer.default_root_dir))

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Leaves the best instruction so far, whatever ended the search."""
        self.search.leave(Path(trainer.default_root_dir))


def pool_of(trainer: Trainer) -> InstructionPool:
    """The trainer's data, which must be the growing pool."""
    datamodule = trainer.datamodule  # type: ignore[attr-defined]
    if not isinstance(datamodule, InstructionPool):
        raise TypeError(f"Expected an InstructionPool as data but got {type(datamodule).__name__}")
    return datamodule
