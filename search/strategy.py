"""A strategy: a pool and a predictor in, the instructions to score next out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from datamodules.pool import Candidate, Pool
from llms.base import AbstractBlackBox, AbstractWhiteBox
from search.fusion import FeatureExtractor
from tasks.example import Example


class RewardPredictor(Protocol):
    """What a strategy asks of the score predictor: a mean and a standard deviation on the reward's scale."""

    def predict(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """(n, d) raw fused embeddings -> mean (n,), standard deviation (n,)."""
        ...


@dataclass(frozen=True)
class Resources:
    """What a run puts at a strategy's disposal.

    Args:
        black_box: the task model, cached and within the budget.
        white_box: the open model.
        extractor: turns instructions into fused embeddings.
        demonstrations: the split's demonstration examples; five of them make an induction prompt.
        seed: the run's seed; every random stream derives from it and the pool's iteration.
    """

    black_box: AbstractBlackBox
    white_box: AbstractWhiteBox
    extractor: FeatureExtractor
    demonstrations: Sequence[Example]
    seed: int


@dataclass(frozen=True)
class Proposal:
    """What a strategy came up with.

    Args:
        candidates: the instructions to score next, best first; each new to the pool; empty when nothing new was found.
            Their features are set where the strategy computed them.
        written: texts that were generated for it.
        distinct: how many of them were new, distinct instructions.
    """

    candidates: tuple[Candidate, ...]
    written: int = 0
    distinct: int = 0


class AbstractStrategy(ABC):
    """Proposes instructions. The pool is its memory: the same pool and predictor give the same proposal."""

    @abstractmethod
    def propose(self, pool: Pool, predictor: RewardPredictor, resources: Resources) -> Proposal:
        """The instructions to score next, given all that is known."""
