"""Soft prompts: points of a small latent space, projected at random to input embeddings (InstructZero, INSTINCT)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.quasirandom import SobolEngine


@dataclass(frozen=True)
class SoftPrompts:
    """The latent space.

    Args:
        tokens: vectors of a soft prompt, s.
        intrinsic_dimension: k, dimensions of the latent space [0, 1]^k.
        scale: factor on the projected vectors; 1 is INSTINCT's.
        seed: seed of the projection and of the Sobol sequence; INSTINCT uses 0.
    """

    tokens: int = 5
    intrinsic_dimension: int = 10
    scale: float = 1.0
    seed: int = 0

    def global_points(self, count: int, skip: int) -> Tensor:
        """(count, k): the points ``skip`` ... ``skip + count`` of one scrambled Sobol sequence."""
        if count == 0:  # the engine can't draw nothing
            return torch.empty(0, self.intrinsic_dimension)
        engine = SobolEngine(self.intrinsic_dimension, scramble=True, seed=self.seed)  # type: ignore[no-untyped-call]
        if skip:
            engine.fast_forward(skip)  # type: ignore[no-untyped-call]
        return engine.draw(count)

    def local_points(self, centre: Tensor, count: int, radius: float, generator: torch.Generator) -> Tensor:
        """(count, k): normal steps of the given radius around ``centre`` (k,), reflected into the unit cube."""
        steps = radius * torch.randn(count, self.intrinsic_dimension, generator=generator)
        folded = (centre + steps).remainder(2.0)
        return torch.where(folded > 1.0, 2.0 - folded, folded)

    def vectors(self, points: Tensor, embedding_size: int) -> Tensor:
        """(n, k) points -> (n, s, e) input embeddings: a fixed projection with entries from U(-1, 1)."""
        matrix = _projection(self.intrinsic_dimension, self.tokens * embedding_size, self.seed)
        return (self.scale * points @ matrix).view(len(points), self.tokens, embedding_size)


@lru_cache(maxsize=4)
def _projection(rows: int, columns: int, seed: int) -> Tensor:
    return torch.empty(rows, columns).uniform_(-1, 1, generator=torch.Generator().manual_seed(seed))
