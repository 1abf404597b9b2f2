"""Duet: the white box writes candidates, the score predictor chooses among the distinct ones (Algorithm 1)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

import torch

from duet.features import require_white_box
from duet.models.base import AbstractEncoder, Request
from duet.pool import Candidate, Pool, ScoredInstruction, feature_rows
from duet.proposals.instruction_filter import Guard
from duet.proposals.soft_prompts import SoftPrompts
from duet.proposals.writers import (
    BlackBoxWriter,
    Writer,
    continuation_plans,
    global_plans,
    local_plans,
    paraphrase_plans,
    parents,
    resample_plans,
)
from duet.strategies.acquisition import Acquisition, acquisition_value
from duet.strategies.strategy import AbstractStrategy, Proposal, RewardPredictor, SearchContext
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
class Duet(AbstractStrategy):
    """The paper's method.

    Args:
        candidates: texts that are written per iteration.
        choose: how many of them are scored per iteration.
        reserve: how many of the others, the best ones, stand for choice again in the next iteration.
        acquisition: how the predictor chooses.
        beta: weight of exploration.
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
        ahead: whether the white box writes and reads the next iteration's candidates while the black box scores, from a
            pool that lacks these scores.
        guard: what is no instruction.
    """

    candidates: int = 64
    choose: int = 1
    reserve: int = 32
    acquisition: Acquisition = "upper_confidence_bound"
    beta: float = 3.0
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
    ahead: bool = False
    guard: Guard = field(default_factory=Guard)

    def __post_init__(self) -> None:
        for name in ("candidates", "choose", "demonstrations", "max_new_tokens", "elite", "attempts"):
            if getattr(self, name) < 1:
                raise ValueError(f"Expected {name} of at least 1 but got {getattr(self, name)}")
        if self.reserve < 0:
            raise ValueError(f"Expected reserve of at least 0 but got {self.reserve}")
        self.shares.counts(self.candidates)
        if self.ahead and self.shares.of_black_box > 0:
            raise ValueError("Expected ahead with shares of the white box alone: the black box is busy with the scores")

    def propose(self, pool: Pool, predictor: RewardPredictor, context: SearchContext) -> Proposal:
        """Writes, canonicalises, deduplicates, encodes and ranks; one score per text."""
        kept = {one.text: one for one in pool.reserve if one.text not in pool.texts}
        was_written = self.ahead and kept
        new, written = ([], 0) if was_written else self.new_candidates(pool, context, pool.iteration)
        read = self._read([one for one in new if one.text not in kept], context)
        ranked = self._rank([*read, *kept.values()], pool, predictor, context)
        last = self.choose + self.reserve
        return Proposal(ranked[: self.choose], written, len(new), ranked[self.choose : last])

    def write_ahead(self, pool: Pool, proposal: Proposal, context: SearchContext) -> Proposal:
        """With ``ahead`` all that the next iteration chooses from, but for this one's reserve."""
        if not self.ahead:
            return Proposal(())
        new, written = self.new_candidates(pool, context, pool.iteration + 1)
        known = {one.text for one in (*proposal.candidates, *proposal.reserve)}
        read = self._read([one for one in new if one.text not in known], context)
        return Proposal((), written, len(new), tuple(read))

    def check(self, white_box: AbstractEncoder) -> None:
        """A white box that writes is needed for all shares but those of the black box."""
        if self.shares.of_white_box > 0:
            purpose = "candidates (or add --config configs/models/no_white_box.yaml)"
            require_white_box(white_box, purpose)

    def longest_requests(self, demonstrations: Sequence[Example], longest: str) -> list[Request]:
        """Paraphrases and resamples of all attempts."""
        counts = self.shares.counts(self.candidates)
        plans = [Candidate("", "paraphrase", parent=longest)] * counts["paraphrase"] + resample_plans(
            counts["resample"]
        )
        return self._black_box_writer.longest_requests(plans, demonstrations, longest) * self.attempts

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
            if new := self._new(batch, pool, context):
                return new, written
        return [], written

    def _batches(self, pool: Pool, context: SearchContext, iteration: int) -> Iterator[list[Candidate]]:
        """What is written for the pool, one batch per attempt."""
        counts, best = self.shares.counts(self.candidates), parents(pool, self.elite)
        for attempt in range(self.attempts):
            generator = random.Random(f"propose/{context.seed}/{iteration}/{attempt}")
            number = iteration * self.attempts + attempt
            plans = self._white_box_plans(counts, best, number, generator)
            asked = [*paraphrase_plans(best, counts["paraphrase"]), *resample_plans(counts["resample"])]
            black_box = context.writer or context.black_box
            yield [
                *self._written(plans, context, generator),
                *self._black_box_writer.write(asked, context.demonstrations, black_box, generator),
            ]

    @property
    def _black_box_writer(self) -> BlackBoxWriter:
        return BlackBoxWriter(self.demonstrations, self.temperature, self.max_new_tokens)

    def _white_box_plans(
        self, counts: dict[str, int], best: Sequence[ScoredInstruction], number: int, generator: random.Random
    ) -> list[Candidate]:
        torch_generator = torch.Generator().manual_seed(generator.getrandbits(62))
        return [
            *global_plans(self.soft_prompts, counts["soft_global"], number),
            *local_plans(self.soft_prompts, best, counts["soft_local"], self.radius, torch_generator),
            *continuation_plans(self.soft_prompts, best, counts["continuation"], generator),
        ]

    def _written(self, plans: Sequence[Candidate], context: SearchContext, generator: random.Random) -> list[Candidate]:
        """What the white box makes of the plans."""
        if not plans:
            return []
        writer = Writer(
            self.soft_prompts,
            self.position,
            self.demonstrations,
            self.temperature,
            self.max_new_tokens,
            self.fresh_demonstrations,
        )
        white_box = require_white_box(context.white_box, "candidates")
        return writer.write(plans, context.demonstrations, white_box, generator)

    def _new(self, batch: Sequence[Candidate], pool: Pool, context: SearchContext) -> list[Candidate]:
        """Distinct candidates that have no score yet and pass the guard."""
        distinct = {one.text: one for one in reversed(batch) if one.text not in pool.texts}
        examples = context.demonstrations
        return [one for one in reversed(distinct.values()) if self.guard.reason(one.text, examples) is None]

    def _read(self, candidates: Sequence[Candidate], context: SearchContext) -> list[Candidate]:
        """With their features."""
        inputs = [example.input for example in context.demonstrations]
        texts = [one.text for one in candidates]
        features = context.extractor.extract(texts, inputs, context.white_box, context.black_box) if texts else ()
        return [replace(one, features=row.clone()) for one, row in zip(candidates, features, strict=True)]

    def _rank(
        self, candidates: Sequence[Candidate], pool: Pool, predictor: RewardPredictor, context: SearchContext
    ) -> tuple[Candidate, ...]:
        """The best by the acquisition first, with what was predicted."""
        if not candidates:
            return ()
        mean, deviation = predictor.predict(feature_rows(candidates))
        generator = torch.Generator().manual_seed(context.seed * 1_000_003 + pool.iteration)
        value = acquisition_value(self.acquisition, mean, deviation, pool.best().score, self.beta, generator)
        order = value.argsort(descending=True, stable=True).tolist()
        return tuple(replace(candidates[i], predicted=mean[i].item(), uncertainty=deviation[i].item()) for i in order)
