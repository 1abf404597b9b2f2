"""What Duet and random search share: where the texts of an iteration's candidates come from."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

import torch

from duet.models.base import Request
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.proposals.black_box_writer import BlackBoxWriter
from duet.proposals.novelty import new_candidates
from duet.proposals.proposal_spec import ProposalSpec
from duet.proposals.soft_prompts import SoftPrompts
from duet.proposals.writers import (
    Writer,
    continuation_specs,
    global_specs,
    local_specs,
    paraphrase_specs,
    parents,
    resample_specs,
)
from duet.strategies.strategy import AbstractStrategy, SearchContext
from duet.tasks.example import Example


@dataclass(frozen=True)
class Shares:
    """How the candidates of one iteration are divided among the sources; weights, not counts.

    Args:
        soft_global: soft prompts spread over the whole latent space.
        soft_local: soft prompts around those of the best instructions.
        continuation: the first words of one of the best instructions, continued anew.
        paraphrase: one of the best instructions, said in other words by the black box: a paid call each.
        resample: written by the black box from demonstrations, as the first ones: a paid call each.
    """

    soft_global: float = 0.4
    soft_local: float = 0.2
    continuation: float = 0.4
    paraphrase: float = 0.0
    resample: float = 0.0

    def counts(self, total: int) -> dict[str, int]:
        """How many of each, summing to ``total``; the largest share takes what rounding leaves."""
        weights = asdict(self)
        if min(weights.values()) < 0 or self._weight <= 0:
            raise ValueError(f"Expected shares of at least 0, not all 0, but got {self}")
        main = max(weights, key=lambda name: weights[name])
        counts = dict.fromkeys(weights, 0)
        for name in weights:
            if name != main:  # two halves may both round up
                counts[name] = min(total - sum(counts.values()), round(total * weights[name] / self._weight))
        return counts | {main: total - sum(counts.values())}

    @property
    def of_white_box(self) -> float:
        """The weight of what the white box writes."""
        return self.soft_global + self.soft_local + self.continuation

    @property
    def of_black_box(self) -> float:
        """The weight of what the black box writes."""
        return self.paraphrase + self.resample

    @property
    def _weight(self) -> float:
        return self.of_white_box + self.of_black_box


@dataclass(frozen=True)
class AbstractWritingStrategy(AbstractStrategy):
    """Writes candidates in batches until one brings new instructions; its children choose among them.

    Args:
        candidates: texts that are written per iteration.
        choose: how many of them are scored per iteration.
        soft_prompts: the latent space of soft prompts.
        position: where a soft prompt stands: before (``prefix``) or after (``suffix``) the demonstrations.
        demonstrations: examples per prompt.
        temperature: of the candidates; 0 is INSTINCT's greedy writing.
        max_new_tokens: most tokens of a candidate.
        fresh_demonstrations: whether each candidate sees demonstrations of its own.
        shares: sources of candidates.
        elite: how many of the best instructions the local moves start from; no two of them give the same answers.
        radius: size of a step in the latent space.
        attempts: batches to write when one brings nothing new.
    """

    candidates: int = 64
    choose: int = 1
    soft_prompts: SoftPrompts = field(default_factory=SoftPrompts)
    position: Literal["prefix", "suffix"] = "prefix"
    demonstrations: int = 5
    temperature: float = 1.0
    max_new_tokens: int = 64
    fresh_demonstrations: bool = True
    shares: Shares = field(default_factory=Shares)
    elite: int = 5
    radius: float = 0.1
    attempts: int = 3

    def __post_init__(self) -> None:
        for name in ("candidates", "choose", "demonstrations", "max_new_tokens", "elite", "attempts"):
            if getattr(self, name) < 1:
                raise ValueError(f"Expected {name} of at least 1 but got {getattr(self, name)}")
        self.shares.counts(self.candidates)

    @property
    def writes_with_white_box(self) -> bool:
        """Whether any share of the candidates is the white box's."""
        return self.shares.of_white_box > 0

    def longest_requests(self, demonstrations: Sequence[Example], longest: str) -> list[Request]:
        """Paraphrases and resamples of all attempts."""
        counts = self.shares.counts(self.candidates)
        paraphrases = [ProposalSpec("paraphrase", parent=longest)] * counts["paraphrase"]
        specs = [*paraphrases, *resample_specs(counts["resample"])]
        return self._black_box_writer.longest_requests(specs, demonstrations, longest) * self.attempts

    def new_candidates(self, pool: Pool, context: SearchContext, iteration: int) -> tuple[list[Candidate], int]:
        """Those of the first batch that has any, and how many texts were written until then.

        Args:
            pool: what is known; the best of it are the parents of the local moves.
            context: who writes.
            iteration: for which they are written; it moves the draws.
        """
        written = 0
        for batch in self._batches(pool, context, iteration):
            written += len(batch)
            if new := new_candidates(batch, pool, context.accepts):
                return new, written
        return [], written

    def _batches(self, pool: Pool, context: SearchContext, iteration: int) -> Iterator[list[Candidate]]:
        """What is written for the pool, one batch per attempt."""
        counts, best = self.shares.counts(self.candidates), parents(pool, self.elite)
        for attempt in range(self.attempts):
            generator = random.Random(f"propose/{context.seed}/{iteration}/{attempt}")
            number = iteration * self.attempts + attempt
            specs = self._white_box_specs(counts, best, number, generator)
            paid = [*paraphrase_specs(best, counts["paraphrase"]), *resample_specs(counts["resample"])]
            yield [
                *self._written(specs, context, generator),
                *self._black_box_writer.write(
                    paid, context.demonstrations, context.proposer, generator, context.instruction_filter
                ),
            ]

    @property
    def _black_box_writer(self) -> BlackBoxWriter:
        return BlackBoxWriter(self.demonstrations, self.temperature, self.max_new_tokens)

    def _white_box_specs(
        self, counts: dict[str, int], best: Sequence[ScoredInstruction], number: int, generator: random.Random
    ) -> list[ProposalSpec]:
        torch_generator = torch.Generator().manual_seed(generator.getrandbits(62))
        return [
            *global_specs(self.soft_prompts, counts["soft_global"], number),
            *local_specs(self.soft_prompts, best, counts["soft_local"], self.radius, torch_generator),
            *continuation_specs(self.soft_prompts, best, counts["continuation"], generator),
        ]

    def _written(
        self, specs: Sequence[ProposalSpec], context: SearchContext, generator: random.Random
    ) -> list[Candidate]:
        """Has the white box write the specs."""
        if not specs:
            return []
        writer = Writer(
            self.soft_prompts,
            self.position,
            self.demonstrations,
            self.temperature,
            self.max_new_tokens,
            self.fresh_demonstrations,
        )
        return writer.write(specs, context.demonstrations, context.white_box, generator)
