"""The part that Duet and random search share: where the texts of an iteration's candidates come from."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch

from duet.bounds import require_counts
from duet.examples.example import Example
from duet.models.base import Request
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.proposals.black_box_writer import BlackBoxWriter
from duet.proposals.exemplars import EXEMPLARS, drawn_exemplars, longest_block, with_exemplars, without_exemplars
from duet.proposals.list_writer import ListWriter, Material
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
from duet.strategies.shares import Shares
from duet.strategies.strategy import AbstractStrategy, SearchContext


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
        per_request: most instructions that one request to the proposer is for, if it follows requests.
        reflected_failures: most wrong answers that a reflection shows.
        exemplars: demonstrations that the source of this name puts behind an instruction.
        exemplar_template: how they stand there; ``{demonstrations}`` is filled in.
    """

    candidates: int = 64
    choose: int = 10
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
    per_request: int = 8
    reflected_failures: int = 5
    exemplars: int = 3
    exemplar_template: str = EXEMPLARS

    def __post_init__(self) -> None:
        require_counts(
            self,
            (
                "candidates", "choose", "demonstrations", "max_new_tokens", "elite", "attempts", "per_request",
                "reflected_failures", "exemplars",
            ),
        )  # fmt: skip
        if "{demonstrations}" not in self.exemplar_template:
            raise ValueError(f"Expected exemplar_template with {{demonstrations}} but got {self.exemplar_template!r}")
        self.shares.counts(self.candidates)

    @property
    def writes_with_white_box(self) -> bool:
        """Whether any share of the candidates is the white box's."""
        return self.shares.of_white_box > 0

    def longest_requests(
        self,
        demonstrations: Sequence[Example],
        longest: str,
        scored: Sequence[Example] = (),
        follows_requests: bool = True,
    ) -> list[Request]:
        """Builds what all attempts send."""
        counts = self.shares.for_proposer(follows_requests).counts(self.candidates)
        if follows_requests:
            return self._list_writer.longest_requests(counts, demonstrations, scored, longest) * self.attempts
        paraphrases = [ProposalSpec("paraphrase", parent=longest)] * counts["paraphrase"]
        specs = [*paraphrases, *resample_specs(counts["resample"])]
        return self._black_box_writer.longest_requests(specs, demonstrations, longest) * self.attempts

    def longest_exemplars(self, demonstrations: Sequence[Example]) -> str:
        """Builds the block of the longest ones, if there may be any."""
        return longest_block(demonstrations, self.exemplars, self.exemplar_template) if self.shares.exemplars else ""

    def new_candidates(self, pool: Pool, context: SearchContext, iteration: int) -> tuple[list[Candidate], int]:
        """Those of the first batch that has any, and how many texts were written until then.

        Args:
            pool: what is known; the best of it are the parents of the local moves.
            context: who writes.
            iteration: for which they are written; it moves the draws.
        """
        written, shown = 0, context.evaluator.examples if self.shares.reflection else ()
        for batch in self._batches(pool, context, iteration):
            written += len(batch)
            if new := new_candidates(batch, pool, lambda text: context.accepts(text, shown)):
                return new, written
        return [], written

    def _batches(self, pool: Pool, context: SearchContext, iteration: int) -> Iterator[list[Candidate]]:
        """Yields what is written for the pool, one batch per attempt; it inherits its parents' exemplars."""
        counts = self.shares.for_proposer(context.proposer.follows_requests).counts(self.candidates)
        best, blocks = without_exemplars(parents(pool, self.elite))
        for attempt in range(self.attempts):
            generator = random.Random(f"propose/{context.seed}/{iteration}/{attempt}")
            number = iteration * self.attempts + attempt
            specs = self._white_box_specs(counts, best, number, generator)
            batch = [
                *self._written(specs, context, generator),
                *self._written_by_proposer(counts, best, context, generator),
            ]
            template = self.exemplar_template
            yield [
                *(with_exemplars(candidate, blocks.get(candidate.parent or "", "")) for candidate in batch),
                *drawn_exemplars(
                    best, counts["exemplars"], self.exemplars, context.demonstrations, template, generator
                ),
            ]

    def _written_by_proposer(
        self,
        counts: dict[str, int],
        best: Sequence[ScoredInstruction],
        context: SearchContext,
        generator: random.Random,
    ) -> list[Candidate]:
        """Several instructions per call where it follows requests, else one."""
        proposer, wanted = context.proposer, context.instruction_filter
        if proposer.follows_requests:
            material = Material(best, context.demonstrations, context.evaluator.examples, wanted)
            return self._list_writer.write(counts, material, proposer, generator)
        specs = [*paraphrase_specs(best, counts["paraphrase"]), *resample_specs(counts["resample"])]
        return self._black_box_writer.write(specs, context.demonstrations, proposer, generator, wanted)

    @property
    def _list_writer(self) -> ListWriter:
        return ListWriter(
            self.demonstrations, self.temperature, self.max_new_tokens, self.per_request, self.reflected_failures
        )

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
            context.preface,
            context.instruction_filter.language,
        )
        return writer.write(specs, context.demonstrations, context.white_box, generator)
