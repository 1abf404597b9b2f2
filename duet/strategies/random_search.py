"""Random search: Duet's candidates, and one of them at random. What a predictor is worth shows against it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from duet.models.base import AbstractEncoder, Request
from duet.pool import Pool
from duet.strategies.duet import Duet
from duet.strategies.strategy import AbstractStrategy, Proposal, RewardPredictor, SearchContext
from duet.tasks.example import Example


class RandomSearch(AbstractStrategy):
    """Writes exactly what Duet would write for the same pool, and draws from the new ones without reading them.

    Args:
        writing: settings of Duet; those of its choice (acquisition, beta, ahead) play no part.
    """

    def __init__(self, **writing: Any) -> None:
        self.duet = Duet(**writing)
        self.choose, self.candidates, self.guard = self.duet.choose, self.duet.choose, self.duet.guard

    def check(self, white_box: AbstractEncoder) -> None:
        """As Duet."""
        self.duet.check(white_box)

    def longest_requests(self, demonstrations: Sequence[Example], longest: str) -> list[Request]:
        """As Duet."""
        return self.duet.longest_requests(demonstrations, longest)

    def propose(self, pool: Pool, predictor: RewardPredictor, context: SearchContext) -> Proposal:
        """Writes as Duet does; ``choose`` of the new candidates, each equally likely."""
        new, written = self.duet.new_candidates(pool, context, pool.iteration)
        generator = random.Random(f"random/{context.seed}/{pool.iteration}")
        return Proposal(tuple(generator.sample(new, min(self.choose, len(new)))), written, len(new))
