"""Takes the score predictor's place where a method learns nothing from features."""

from __future__ import annotations

from lightning import LightningModule
from torch import Tensor
from torch.optim import Optimizer


class NoPredictor(LightningModule):
    """Fits nothing, so that every method runs in the same loop with the same checkpoints and curves."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.losses: dict[str, float] = {}

    def configure_optimizers(self) -> list[Optimizer]:
        """None."""
        return []

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        """Does nothing."""
