"""Duet: the white box writes candidates, the score predictor chooses among the distinct ones (Algorithm 1)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import torch

from datamodules.pool import Candidate, Pool
from search.acquisition import Acquisition, acquisition_value
from search.guards import Guard
from search.proposals import Writer, continuation_plans, global_plans, leaders, local_plans
from search.soft_prompts import SoftPrompts
from search.strategy import AbstractStrategy, Proposal, Resources, RewardPredictor


@dataclass(frozen=True)
class Shares:
    """How the candidates of one iteration are divided among the sources; weights, not counts.

    Args:
        soft_global: soft prompts spread over the whole latent space.
        soft_local: soft prompts around those of the best instructions.
        continuation: the first words of one of the best instructions, continued anew.
    """

    soft_global: float = 0.4
    soft_local: float = 0.2
    continuation: float = 0.4

    def counts(self, total: int) -> tuple[int, int, int]:
        """(global, local, continuation), summing to ``total``."""
        weight = self.soft_global + self.soft_local + self.continuation
        if min(self.soft_global, self.soft_local, self.continuation) < 0 or weight <= 0:
            raise ValueError(f"Expected shares of at least 0, not all 0, but got {self}")
        local = round(total * self.soft_local / weight)
        continued = min(total - local, round(total * self.continuation / weight))  # two halves may both round up
        return total - local - continued, local, continued


@dataclass(frozen=True)
class Duet(AbstractStrategy):
    """The paper's method.

    Args:
        candidates: texts that the white box writes per iteration.
        choose: how many of them are scored per iteration.
        acquisition: how the predictor chooses.
        nu: weight of exploration.
        soft_prompts: the latent space of soft prompts.
        position: where a soft prompt stands: before (``prefix``) or after (``suffix``) the demonstrations.
        demonstrations: examples per prompt.
        temperature: of the candidates; 0 is INSTINCT's greedy writing.
        max_new_tokens: most tokens of a candidate.
        fresh_demonstrations: whether each candidate sees demonstrations of its own.
        shares: sources of candidates.
        elite: how many of the best instructions the local moves start from.
        radius: size of a step in the latent space.
        attempts: batches to write when one brings nothing new.
        guard: what is no instruction.
    """

    candidates: int = 64
    choose: int = 1
    acquisition: Acquisition = "upper_confidence_bound"
    nu: float = 0.5
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
    guard: Guard = field(default_factory=Guard)

    def __post_init__(self) -> None:
        for name in ("candidates", "choose", "demonstrations", "max_new_tokens", "elite", "attempts"):
            if getattr(self, name) < 1:
                raise ValueError(f"Expected {name} of at least 1 but got {getattr(self, name)}")
        self.shares.counts(self.candidates)

    def propose(self, pool: Pool, predictor: RewardPredictor, resources: Resources) -> Proposal:
        """Writes, canonicalises, deduplicates, encodes and ranks; one score per text."""
        written = 0
        for batch in self._batches(pool, resources):
            written += len(batch)
            if new := self._new(batch, pool, resources):
                return Proposal(self._choose(new, pool, predictor, resources), written, len(new))
        return Proposal((), written)

    def _batches(self, pool: Pool, resources: Resources) -> Iterator[list[Candidate]]:
        writer = Writer(
            self.soft_prompts,
            self.position,
            self.demonstrations,
            self.temperature,
            self.max_new_tokens,
            self.fresh_demonstrations,
        )
        for attempt in range(self.attempts):
            generator = random.Random(f"propose/{resources.seed}/{pool.iteration}/{attempt}")
            plans = self._plans(pool, pool.iteration * self.attempts + attempt, generator)
            yield writer.write(plans, resources.demonstrations, resources.white_box, generator)

    def _plans(self, pool: Pool, number: int, generator: random.Random) -> list[Candidate]:
        spread, local, continued = self.shares.counts(self.candidates)
        best = leaders(pool, self.elite)
        torch_generator = torch.Generator().manual_seed(generator.getrandbits(62))
        return [
            *global_plans(self.soft_prompts, spread, number),
            *local_plans(self.soft_prompts, best, local, self.radius, torch_generator),
            *continuation_plans(self.soft_prompts, best, continued, generator),
        ]

    def _new(self, batch: Sequence[Candidate], pool: Pool, resources: Resources) -> list[Candidate]:
        """Distinct candidates that have no score yet and pass the guard."""
        distinct = {one.text: one for one in reversed(batch) if one.text not in pool.texts}
        examples = resources.demonstrations
        return [one for one in reversed(distinct.values()) if self.guard.reason(one.text, examples) is None]

    def _choose(
        self, new: Sequence[Candidate], pool: Pool, predictor: RewardPredictor, resources: Resources
    ) -> tuple[Candidate, ...]:
        inputs = [example.input for example in resources.demonstrations]
        features = resources.extractor.extract(
            [one.text for one in new], inputs, resources.white_box, resources.black_box
        )  # (n, d)
        mean, deviation = predictor.predict(features)
        generator = torch.Generator().manual_seed(resources.seed * 1_000_003 + pool.iteration)
        value = acquisition_value(self.acquisition, mean, deviation, pool.best().score, self.nu, generator)
        order = value.argsort(descending=True, stable=True)[: self.choose].tolist()
        return tuple(
            replace(new[i], features=features[i].clone(), predicted=mean[i].item(), uncertainty=deviation[i].item())
            for i in order
        )
