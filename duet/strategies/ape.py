"""APE: a black box guesses the instruction behind demonstrations, often; the best guess wins (Zhou et al. 2023)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from duet.bounds import require_counts
from duet.examples.example import Example
from duet.models.base import Request
from duet.pool import Candidate, Pool
from duet.prompts import INDUCTION, PARAPHRASE, require_fields
from duet.proposals.black_box_writer import BlackBoxWriter
from duet.proposals.novelty import new_candidates
from duet.proposals.proposal_spec import ProposalSpec
from duet.proposals.writers import leaders, paraphrase_specs, resample_specs
from duet.strategies.bandit_selection import BanditSelection
from duet.strategies.strategy import AbstractStrategy, Proposal, Requirements, RewardPredictor, SearchContext

POSITIVE = ("per_iteration", "per_set", "demonstrations", "max_new_tokens", "attempts")


@dataclass(frozen=True)
class Ape(AbstractStrategy):
    """Proposes what the black box writes; nothing is learned from the scores but which one is best.

    The published numbers are in configs/methods/ape_paper.yaml.

    Args:
        variant: ``plain``; ``iterative`` paraphrases the best instruction once all sets are proposed, for which the
            black box must be able to follow a request; ``ucb`` has proposals compete on a few examples at a time and
            scores none but the best of them.
        per_iteration: instructions that an iteration scores.
        sets: how many sets of demonstrations there are, after which the search ends, or ``iterative`` paraphrases; None
            continues as long as the search does.
        per_set: proposals that see the same demonstrations.
        demonstrations: examples per prompt.
        cover_labels: whether every label is shown, where outputs are a small closed set, with more examples if need be.
        temperature: of what is written.
        top_p: probability of the likeliest tokens that are drawn from; 1 draws from all.
        max_new_tokens: most tokens of an instruction.
        attempts: how many batches to request when an iteration brings nothing new.
        template: the prompt of a proposal; ``{demonstrations}`` and ``{count}``, their number, are filled in.
        paraphrase_template: the prompt of a paraphrase; ``{instruction}`` is filled in.
        trials: how the proposals of ``ucb`` compete in an iteration.
    """

    variant: Literal["plain", "iterative", "ucb"] = "plain"
    per_iteration: int = 1
    sets: int | None = None
    per_set: int = 1
    demonstrations: int = 5
    cover_labels: bool = True
    temperature: float = 0.9
    top_p: float = 1.0
    max_new_tokens: int = 50
    attempts: int = 3
    template: str = INDUCTION
    paraphrase_template: str = PARAPHRASE
    trials: BanditSelection = field(default_factory=BanditSelection)

    def __post_init__(self) -> None:
        require_counts(self, POSITIVE)
        if (self.sets is None and self.variant == "iterative") or (self.sets is not None and self.sets < 1):
            raise ValueError(f"Expected sets of at least 1, for variant {self.variant}, but got {self.sets}")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"Expected top_p above 0 and up to 1 but got {self.top_p}")
        require_fields("template", self.template, ("demonstrations",))
        require_fields("paraphrase_template", self.paraphrase_template, ("instruction",))

    @property
    def requirements(self) -> Requirements:
        """Neither predictor nor features; ``ucb`` tries proposals on examples itself."""
        return Requirements(
            self.per_iteration,
            trial_calls=self.trials.most_calls if self.variant == "ucb" else 0,
            attempts=self.attempts,
        )

    def longest_requests(
        self,
        demonstrations: Sequence[Example],
        longest: str,
        scored: Sequence[Example] = (),
        follows_requests: bool = True,
    ) -> list[Request]:
        """All attempts, as paraphrases if there can be some."""
        spec = ProposalSpec("paraphrase", parent=longest) if self.variant == "iterative" else ProposalSpec("resample")
        return self._writer.longest_requests([spec] * self._batch_size * self.attempts, demonstrations, longest)

    def propose(self, pool: Pool, predictor: RewardPredictor | None, context: SearchContext) -> Proposal:
        """Requests instructions of the black box; the predictor plays no part."""
        written = 0
        for attempt in range(self.attempts):
            generator = random.Random(f"ape/{context.seed}/{pool.iteration}/{attempt}")
            batch = self._writer.write(
                self._specs(pool), context.demonstrations, context.proposer, generator, context.instruction_filter
            )
            written += len(batch)
            if new := new_candidates(batch, pool, context.accepts):
                return Proposal(tuple(self._chosen(new, context, generator)), written, len(new))
        return Proposal((), written)

    def _chosen(
        self, new: Sequence[Candidate], context: SearchContext, generator: random.Random
    ) -> Sequence[Candidate]:
        """All of them, or the winners of the trials."""
        if self.variant != "ucb":
            return new
        texts = [candidate.text for candidate in new]
        return [new[place] for place in self.trials.best(texts, self.per_iteration, context.evaluator, generator)]

    @property
    def _writer(self) -> BlackBoxWriter:
        return BlackBoxWriter(
            self.demonstrations, self.temperature, self.max_new_tokens, self.per_set, self.cover_labels, self.top_p,
            self.template, self.paraphrase_template,
        )  # fmt: skip

    @property
    def _batch_size(self) -> int:
        """Texts of one attempt."""
        return self.trials.proposals if self.variant == "ucb" else self.per_iteration

    def _specs(self, pool: Pool) -> list[ProposalSpec]:
        """Returns what to write next; duplicates of former iterations count as proposed."""
        if self.sets is None:
            return resample_specs(self._batch_size)
        missing = self.sets * self.per_set - self._batch_size * (pool.iteration - 1)
        if missing > 0:
            return resample_specs(min(missing, self._batch_size))
        return paraphrase_specs(leaders(pool, 1), self._batch_size) if self.variant == "iterative" else []
