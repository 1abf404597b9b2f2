"""APE: a black box guesses the instruction behind demonstrations, often; the best guess wins (Zhou et al. 2023)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from datamodules.pool import Candidate, Pool
from llms.base import Request
from search.guards import Guard
from search.novelty import new_candidates
from search.prompts import draw_demonstrations
from search.proposals import BlackBoxWriter, leaders, paraphrase_plans, resample_plans
from search.strategy import AbstractStrategy, Proposal, Resources, RewardPredictor
from tasks.example import Example

SETS, PER_SET, PAPER_TOKENS = 3, 30, 50  # the paper's 90 proposals


@dataclass(frozen=True)
class Ape(AbstractStrategy):
    """Proposes what the black box writes; nothing is learned from the scores but which one is best.

    Args:
        preset: ``default`` shows each proposal demonstrations of its own and goes on as long as the search does;
            ``paper`` has 3 sets of demonstrations with 30 proposals each: one set is an iteration, then it ends.
        variant: ``plain``; ``iterative`` paraphrases the best instruction once there are ``proposals`` of them, for
            which the black box must be able to follow a request.
        per_iteration: proposals or paraphrases of an iteration; 30 in the paper's preset.
        proposals: when ``iterative`` turns to paraphrases; 90 in the paper's preset.
        demonstrations: examples per prompt.
        temperature: of what is written.
        max_new_tokens: most tokens of an instruction; no more than 50 in the paper's preset.
        attempts: how often to ask when an iteration brings nothing new; once in the paper's preset.
        guard: what is no instruction.
    """

    preset: Literal["default", "paper"] = "default"
    variant: Literal["plain", "iterative"] = "plain"
    per_iteration: int = 1
    proposals: int = 90
    demonstrations: int = 5
    temperature: float = 0.9
    max_new_tokens: int = 50
    attempts: int = 3
    guard: Guard = field(default_factory=Guard)

    def __post_init__(self) -> None:
        for name in ("per_iteration", "proposals", "demonstrations", "max_new_tokens", "attempts"):
            if getattr(self, name) < 1:
                raise ValueError(f"Expected {name} of at least 1 but got {getattr(self, name)}")

    @property
    def choose(self) -> int:
        """Most instructions of an iteration."""
        return PER_SET if self.preset == "paper" else self.per_iteration

    def longest_requests(self, demonstrations: Sequence[Example], longest: str) -> list[Request]:
        """All attempts, as paraphrases where there may be some."""
        plan = resample_plans(1) if self.variant == "plain" else [Candidate("", "paraphrase", parent=longest)]
        return self._writer.longest_requests(plan * self.choose * self._attempts, demonstrations, longest)

    def propose(self, pool: Pool, predictor: RewardPredictor, resources: Resources) -> Proposal:
        """Asks the black box; the predictor plays no part."""
        written, black_box = 0, resources.writer or resources.black_box
        for attempt in range(self._attempts):
            generator = random.Random(f"ape/{resources.seed}/{pool.iteration}/{attempt}")
            examples = self._shown(resources.demonstrations, generator)
            batch = self._writer.write(self._plans(pool), examples, black_box, generator)
            written += len(batch)
            if new := new_candidates(batch, pool, self.guard, resources.demonstrations):
                return Proposal(tuple(new), written, len(new))
        return Proposal((), written)

    @property
    def _writer(self) -> BlackBoxWriter:
        longest = min(self.max_new_tokens, PAPER_TOKENS) if self.preset == "paper" else self.max_new_tokens
        return BlackBoxWriter(self.demonstrations, self.temperature, longest)

    @property
    def _attempts(self) -> int:
        return 1 if self.preset == "paper" else self.attempts

    def _shown(self, examples: Sequence[Example], generator: random.Random) -> Sequence[Example]:
        """What the prompts may show: in the paper's preset one set for all of the iteration."""
        return draw_demonstrations(examples, self.demonstrations, generator) if self.preset == "paper" else examples

    def _plans(self, pool: Pool) -> list[Candidate]:
        if not self._has_proposed(pool):
            return resample_plans(self.choose)
        if self.variant == "iterative":
            return paraphrase_plans(leaders(pool, 1), self.choose)
        return [] if self.preset == "paper" else resample_plans(self.choose)

    def _has_proposed(self, pool: Pool) -> bool:
        """Whether all proposals were made; the paper's duplicates count as made."""
        if self.preset == "paper":
            return pool.iteration > SETS
        return sum(row.candidate.origin == "resample" for row in pool) >= self.proposals
