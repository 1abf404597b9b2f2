"""Duet: the white box writes candidates, the score predictor chooses among the distinct ones (Algorithm 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from duet.pool import Candidate, Pool, ScoredInstruction, feature_rows, prior_rows
from duet.strategies.acquisition import Acquisition, choose
from duet.strategies.strategy import Proposal, Requirements, RewardPredictor, SearchContext
from duet.strategies.writing import AbstractWritingStrategy


@dataclass(frozen=True)
class Duet(AbstractWritingStrategy):
    """Chooses by the score predictor among what is written: the paper's method.

    Args:
        reserve: how many of the best unchosen candidates are reconsidered in the next iteration.
        acquisition: how the predictor chooses.
        beta: weight of exploration.
    """

    reserve: int = 32
    acquisition: Acquisition = "upper_confidence_bound"
    beta: float = 3.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.reserve < 0:
            raise ValueError(f"Expected reserve of at least 0 but got {self.reserve}")

    @property
    def requirements(self) -> Requirements:
        """All candidates are read; the white box writes unless all shares are the black box's."""
        return Requirements(
            self.choose, self.candidates, predictor=True, writing=self.writes_with_white_box, attempts=self.attempts
        )

    def propose(self, pool: Pool, predictor: RewardPredictor | None, context: SearchContext) -> Proposal:
        """Writes, canonicalises, deduplicates, encodes and ranks; one score per text."""
        assert predictor is not None  # it is required
        kept = {candidate.text: candidate for candidate in pool.reserve if candidate.text not in pool.texts}
        new, written = self.new_candidates(pool, context, pool.iteration)
        read = context.encode([candidate for candidate in new if candidate.text not in kept])
        ranked = self._ranked([*read, *kept.values()], pool, predictor, context)
        return Proposal(ranked[: self.choose], written, len(new), ranked[self.choose :])

    def leaders(
        self,
        rows: Sequence[ScoredInstruction],
        pool: Pool,
        predictor: RewardPredictor | None,
        context: SearchContext,
    ) -> Sequence[ScoredInstruction]:
        """Chosen jointly, as candidates are: of those that are alike one is enough."""
        assert predictor is not None  # it is required
        order, _, _ = self._chosen([row.candidate for row in rows], self.choose, pool, predictor, context)
        return [rows[place] for place in order]

    def _ranked(
        self, candidates: Sequence[Candidate], pool: Pool, predictor: RewardPredictor, context: SearchContext
    ) -> tuple[Candidate, ...]:
        """The chosen ones and the reserve, with what was predicted."""
        if not candidates:
            return ()
        count = self.choose + self.reserve
        order, mean, std = self._chosen(candidates, count, pool, predictor, context)
        return tuple(replace(candidates[i], predicted=mean[i].item(), std=std[i].item()) for i in order)

    def _chosen(
        self,
        candidates: Sequence[Candidate],
        count: int,
        pool: Pool,
        predictor: RewardPredictor,
        context: SearchContext,
    ) -> tuple[list[int], Tensor, Tensor]:
        """The places of those chosen jointly, and the mean (n,) and standard deviation (n,) of all."""
        mean, covariance = predictor.predict_joint(feature_rows(candidates), prior_rows(candidates))
        generator = torch.Generator().manual_seed(context.seed * 1_000_003 + pool.iteration)
        best, noise = pool.posterior_mean(pool.best()), expected_noise(pool)
        order = choose(self.acquisition, mean, covariance, count, best, self.beta, noise, generator)
        return order, mean, covariance.diagonal().clamp_min(0.0).sqrt()


def expected_noise(pool: Pool) -> float:
    """The variance by chance of a new instruction's first score, as far as the pool can tell."""
    rate = pool.prior.rate
    return rate * (1 - rate) / min(row.n for row in pool)
