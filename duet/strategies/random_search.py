"""Random search: Duet's candidates, drawn at random. What a predictor is worth shows against it."""

from __future__ import annotations

import random
from dataclasses import dataclass

from duet.pool import Pool
from duet.strategies.strategy import Proposal, Requirements, RewardPredictor, SearchContext
from duet.strategies.writing import AbstractWritingStrategy


@dataclass(frozen=True)
class RandomSearch(AbstractWritingStrategy):
    """Writes exactly what Duet would write for the same pool, and draws from the new ones without reading them."""

    @property
    def requirements(self) -> Requirements:
        """No features, no predictor."""
        return Requirements(self.choose, writing=self.writes_with_white_box, attempts=self.attempts)

    def propose(self, pool: Pool, predictor: RewardPredictor | None, context: SearchContext) -> Proposal:
        """Writes as Duet does; draws ``choose`` of the new candidates, each equally likely."""
        new, written = self.new_candidates(pool, context, pool.iteration)
        generator = random.Random(f"random/{context.seed}/{pool.iteration}")
        return Proposal(tuple(generator.sample(new, min(self.choose, len(new)))), written, len(new))
