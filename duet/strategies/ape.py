"""APE: a black box guesses the instruction behind demonstrations, often; the best guess wins (Zhou et al. 2023)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from duet.models.base import Request
from duet.pool import Candidate, Pool
from duet.prompts import draw_demonstrations
from duet.proposals.black_box_writer import BlackBoxWriter
from duet.proposals.novelty import new_candidates
from duet.proposals.writers import leaders, paraphrase_plans, resample_plans
from duet.strategies.bandit_selection import BanditSelection
from duet.strategies.strategy import AbstractStrategy, Proposal, Requirements, RewardPredictor, SearchContext
from duet.tasks.example import Example

SETS, PER_SET, PAPER_TOKENS = 3, 30, 50  # the paper's 90 proposals
PAPER_TRIALS = BanditSelection(proposals=SETS * PER_SET, rounds=20)


@dataclass(frozen=True)
class Ape(AbstractStrategy):
    """Proposes what the black box writes; nothing is learned from the scores but which one is best.

    Args:
        preset: ``default`` shows each proposal demonstrations of its own and goes on as long as the search does;
            ``paper`` has 3 sets of demonstrations with 30 proposals each: one set is an iteration, then it ends.
        variant: ``plain``; ``iterative`` paraphrases the best instruction once there are ``proposals`` of them, for
            which the black box must be able to follow a request; ``ucb`` has proposals compete on a few examples at a
            time and scores none but the best of them: all sets are one iteration of the paper's preset.
        per_iteration: proposals or paraphrases of an iteration; 30 in the paper's preset.
        proposals: when ``iterative`` turns to paraphrases; 90 in the paper's preset.
        demonstrations: examples per prompt.
        temperature: of what is written.
        max_new_tokens: most tokens of an instruction; no more than 50 in the paper's preset.
        attempts: how often to ask when an iteration brings nothing new; once in the paper's preset.
        trials: how the proposals of ``ucb`` compete in an iteration; 90 over 20 rounds in the paper's preset.
    """

    preset: Literal["default", "paper"] = "default"
    variant: Literal["plain", "iterative", "ucb"] = "plain"
    per_iteration: int = 1
    proposals: int = 90
    demonstrations: int = 5
    temperature: float = 0.9
    max_new_tokens: int = 50
    attempts: int = 3
    trials: BanditSelection = field(default_factory=BanditSelection)

    def __post_init__(self) -> None:
        for name in ("per_iteration", "proposals", "demonstrations", "max_new_tokens", "attempts"):
            if getattr(self, name) < 1:
                raise ValueError(f"Expected {name} of at least 1 but got {getattr(self, name)}")

    @property
    def requirements(self) -> Requirements:
        """Neither predictor nor features; ``ucb`` tries proposals on examples itself."""
        if self.variant == "ucb":
            return Requirements(self._best, trial_calls=self._trials.most_calls)
        return Requirements(self._written)

    def longest_requests(self, demonstrations: Sequence[Example], longest: str) -> list[Request]:
        """All attempts, as paraphrases where there may be some."""
        plan = [Candidate("", "paraphrase", parent=longest)] if self.variant == "iterative" else resample_plans(1)
        return self._writer.longest_requests(plan * self._written * self._attempts, demonstrations, longest)

    def propose(self, pool: Pool, predictor: RewardPredictor | None, context: SearchContext) -> Proposal:
        """Asks the black box; the predictor plays no part."""
        written = 0
        for attempt in range(self._attempts):
            generator = random.Random(f"ape/{context.seed}/{pool.iteration}/{attempt}")
            batch = self._batch(pool, context, generator)
            written += len(batch)
            if new := new_candidates(batch, pool, context.accepts):
                return Proposal(tuple(self._chosen(new, context, generator)), written, len(new))
        return Proposal((), written)

    def _batch(self, pool: Pool, context: SearchContext, generator: random.Random) -> list[Candidate]:
        """What the black box writes; in the paper's preset from one set of demonstrations after the other."""
        plans, black_box, wanted = self._plans(pool), context.proposer, context.instruction_filter
        if self.preset == "default":
            return self._writer.write(plans, context.demonstrations, black_box, generator, wanted)
        batch = []
        for start in range(0, len(plans), PER_SET):
            shown = draw_demonstrations(context.demonstrations, self.demonstrations, generator)
            batch += self._writer.write(plans[start : start + PER_SET], shown, black_box, generator, wanted)
        return batch

    def _chosen(
        self, new: Sequence[Candidate], context: SearchContext, generator: random.Random
    ) -> Sequence[Candidate]:
        """All of them, or the winners of the trials."""
        if self.variant != "ucb":
            return new
        places = self._trials.best([one.text for one in new], self._best, context.evaluator, generator)
        return [new[place] for place in places]

    @property
    def _writer(self) -> BlackBoxWriter:
        longest = min(self.max_new_tokens, PAPER_TOKENS) if self.preset == "paper" else self.max_new_tokens
        return BlackBoxWriter(self.demonstrations, self.temperature, longest)

    @property
    def _attempts(self) -> int:
        return 1 if self.preset == "paper" else self.attempts

    @property
    def _trials(self) -> BanditSelection:
        return PAPER_TRIALS if self.preset == "paper" else self.trials

    @property
    def _written(self) -> int:
        """Texts of one attempt."""
        if self.variant == "ucb":
            return self._trials.proposals
        return PER_SET if self.preset == "paper" else self.per_iteration

    @property
    def _best(self) -> int:
        """Winners of the trials."""
        return 1 if self.preset == "paper" else self.per_iteration

    def _plans(self, pool: Pool) -> list[Candidate]:
        if not self._has_proposed(pool):
            return resample_plans(self._written)
        if self.variant == "iterative":
            return paraphrase_plans(leaders(pool, 1), self._written)
        return [] if self.preset == "paper" else resample_plans(self._written)

    def _has_proposed(self, pool: Pool) -> bool:
        """Whether all proposals were made; the paper's duplicates count as made."""
        if self.preset == "paper":
            return pool.iteration > (1 if self.variant == "ucb" else SETS)
        return sum(row.candidate.origin == "resample" for row in pool) >= self.proposals
