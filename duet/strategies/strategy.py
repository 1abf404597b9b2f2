"""A strategy: a pool and a predictor in, the instructions to score next out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from duet.evaluation.evaluation import Evaluator
from duet.features import FeatureExtractor
from duet.models.base import AbstractBlackBox, AbstractEncoder, Request
from duet.pool import Candidate, Pool
from duet.tasks.example import Example


class RewardPredictor(Protocol):
    """What a strategy asks of the score predictor: a mean and a standard deviation on the reward's scale."""

    def predict(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """(n, d) raw fused embeddings -> mean (n,), standard deviation (n,)."""
        ...


@dataclass(frozen=True)
class SearchContext:
    """What a run puts at a strategy's disposal.

    Args:
        black_box: the task model, cached and within the budget.
        white_box: the open model, or an encoder that stands in for it where the black box writes.
        extractor: turns instructions into fused embeddings.
        demonstrations: the split's demonstration examples; five of them make an induction prompt.
        seed: the run's seed; every random stream derives from it and the pool's iteration.
        writer: the black box that writes instructions, within the same budget; None is ``black_box``.
        evaluator: scores instructions, or tries them on a few examples; None where there are no examples.
    """

    black_box: AbstractBlackBox
    white_box: AbstractEncoder
    extractor: FeatureExtractor
    demonstrations: Sequence[Example]
    seed: int
    writer: AbstractBlackBox | None = None
    evaluator: Evaluator | None = None


@dataclass(frozen=True)
class Proposal:
    """What a strategy came up with.

    Args:
        candidates: the instructions to score next, best first; each new to the pool, but for INSTINCT's preset
            ``paper``; empty when nothing new was found. Their features are set where the strategy computed them.
        written: texts that were generated for it.
        distinct: how many of them were new, distinct instructions.
        reserve: what may be scored later, with features; the pool holds it until the next proposal.
    """

    candidates: tuple[Candidate, ...]
    written: int = 0
    distinct: int = 0
    reserve: tuple[Candidate, ...] = ()


class AbstractStrategy(ABC):
    """Proposes instructions. The pool is its memory: the same pool and predictor give the same proposal.

    ``compares_examples`` says that it compares instructions example by example, so that none may lack a mark; ``ahead``
    that it writes ahead.
    """

    compares_examples = False  # annotated, it would keep jsonargparse from building what a strategy is made of
    ahead = False

    def check(self, white_box: AbstractEncoder) -> None:  # noqa: B027, for whom any encoder will do
        """Whether it can work with this white box; to be asked before anything is paid for.

        Raises:
            ValueError: it can't.
        """

    def longest_requests(self, demonstrations: Sequence[Example], longest: str) -> list[Request]:
        """What one proposal asks a black box to write, at most; nothing where the white box writes.

        Args:
            demonstrations: the split's demonstration examples.
            longest: an instruction as long as one can be.
        """
        return []

    def write_ahead(self, pool: Pool, proposal: Proposal, context: SearchContext) -> Proposal:
        """What can be written for the next proposal while the black box scores this one: its reserve joins the pool's.

        It may run in a thread of its own, beside the black box, so it asks the white box alone.

        Args:
            pool: without the scores that are under way.
            proposal: whose candidates are being scored.
            context: as for ``propose``.
        """
        return Proposal(())

    @abstractmethod
    def propose(self, pool: Pool, predictor: RewardPredictor, context: SearchContext) -> Proposal:
        """The instructions to score next, given all that is known."""
