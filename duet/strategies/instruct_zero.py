"""InstructZero: Bayesian optimisation over soft prompts, under which the white box writes (Chen et al. 2023)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec

import torch
from torch import Tensor

from duet.bounds import require_counts
from duet.models.base import AbstractEncoder
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.prompts import INDUCTION, draw_demonstrations, induction_prompt, require_fields
from duet.proposals.instruction_filter import canonical
from duet.proposals.novelty import new_candidates
from duet.proposals.preface import with_preface
from duet.proposals.proposal_spec import ProposalSpec
from duet.proposals.soft_prompts import SoftPrompts
from duet.proposals.writers import global_specs
from duet.strategies.acquisition import acquisition_value
from duet.strategies.strategy import AbstractStrategy, Proposal, Requirements, RewardPredictor, SearchContext

POSITIVE = ("initial_points", "starts", "choose", "demonstrations", "max_new_tokens", "generations", "attempts")
EXTRA = ("cmaes", "gpytorch")


@dataclass(frozen=True)
class InstructZero(AbstractStrategy):
    """Bayesian optimisation over soft prompts, with an instruction-coupled kernel.

    Its model of the latent space is fitted anew in each iteration, on the scored instructions that were written under a
    soft prompt; others count as what is to be improved on. It needs the extra ``instruct-zero``.

    The published numbers are in configs/methods/instruct_zero_paper.yaml.

    Args:
        initial_points: soft prompts spread over the latent space that are scored before the model is fitted.
        starts: how many of the best soft prompts the acquisition is maximised from; a text is written for each maximum.
        choose: how many of these texts are scored per iteration.
        soft_prompts: the latent space.
        demonstrations: examples per prompt.
        fresh_demonstrations: whether each candidate sees demonstrations of its own; else all of a run see the same.
        temperature: of the candidates; 0 is greedy.
        max_new_tokens: most tokens of a candidate.
        template: the prompt; ``{demonstrations}`` is filled in.
        residual: whether the kernel keeps what is uncertain away from the scored soft prompts; without, nothing is.
        low: lower end of every latent dimension that is searched; the upper one is 1.
        sigma: standard deviation of CMA-ES in its first generation.
        population: points per generation of CMA-ES.
        generations: of CMA-ES.
        attempts: batches to write while there are fewer than ``choose`` new texts.
    """

    initial_points: int = 10
    starts: int = 10
    choose: int = 1
    soft_prompts: SoftPrompts = field(default_factory=SoftPrompts)
    demonstrations: int = 10
    fresh_demonstrations: bool = True
    temperature: float = 1.0
    max_new_tokens: int = 64
    template: str = INDUCTION
    residual: bool = True
    low: float = 0.0
    sigma: float = 0.2
    population: int = 50
    generations: int = 10
    attempts: int = 3

    def __post_init__(self) -> None:
        require_counts(self, POSITIVE)
        if self.population < 2 or self.sigma <= 0 or self.low >= 1:
            raise ValueError(
                "Expected population of at least 2, sigma above 0 and low below 1 "
                f"but got {self.population}, {self.sigma}, {self.low}"
            )
        require_fields("template", self.template, ("demonstrations",))

    @property
    def requirements(self) -> Requirements:
        """The white box writes; what is modelled are soft prompts."""
        return Requirements(self.choose, writing=True)

    def check(self, encoder: AbstractEncoder | None) -> None:
        """Checks that the packages of the extra are installed."""
        if missing := [name for name in EXTRA if find_spec(name) is None]:
            raise ValueError(
                f"strategy: InstructZero needs the package {' and '.join(missing)}, which is not installed; "
                "pip install --constraint constraints.txt --editable '.[instruct-zero]'"
            )

    def propose(self, pool: Pool, predictor: RewardPredictor | None, context: SearchContext) -> Proposal:
        """Points, the texts that the white box writes under them, and the first new ones of these.

        A point whose text has a score already is as good as scored: the model learns it before the next attempt.
        """
        scored = {row.text: row for row in pool}
        rows = [row for row in pool if row.candidate.latent]
        written: list[Candidate] = []
        new: list[Candidate] = []
        for attempt in range(self.attempts):
            generator = random.Random(f"propose/{context.seed}/{pool.iteration}/{attempt}")
            batch = self._write(self._specs(pool, rows, attempt, generator), context, generator)
            written += batch
            new = new_candidates([*new, *batch], pool, context.accepts)
            if len(new) >= self.choose:
                break
            rows += [replace(scored[copy.text], candidate=copy) for copy in batch if copy.text in scored]
        return Proposal(tuple(new[: self.choose]), len(written), len(new))

    def _specs(
        self, pool: Pool, rows: Sequence[ScoredInstruction], attempt: int, generator: random.Random
    ) -> list[ProposalSpec]:
        """The points to write under."""
        former, design = pool.iteration - 1, -(-self.initial_points // self.choose)  # iterations
        if former < design or len(rows) < 2:
            return global_specs(self.soft_prompts, self.choose, former + attempt * design)
        return self._acquired(rows, pool.best().score, generator)

    def _acquired(self, rows: Sequence[ScoredInstruction], best: float, generator: random.Random) -> list[ProposalSpec]:
        """The points that promise the largest improvement over ``best``, largest first."""
        from duet.strategies.latent_surrogate import LatentSurrogate, maximise  # the extra

        ranked = sorted(rows, key=lambda row: -row.score)
        latents = torch.tensor([row.candidate.latent for row in ranked], dtype=torch.float64)  # (n, k)
        rewards = torch.tensor([row.score for row in ranked], dtype=torch.float64)  # (n,)
        n_common = min(len(row.scores) for row in ranked)  # rows are nested, so these are the same examples
        scores = torch.tensor([row.scores[:n_common] for row in ranked])  # (n, n_common)
        surrogate = LatentSurrogate(latents, rewards, scores, self.residual)

        def improvement(points: Tensor) -> Tensor:
            return acquisition_value("expected_improvement", *surrogate.predict(points), best, 1.0, torch.Generator())

        points, _ = maximise(
            improvement,
            latents[torch.arange(self.starts) % len(latents)],
            low=self.low,
            sigma=self.sigma,
            population=self.population,
            generations=self.generations,
            generator=generator,
        )
        mean, std = surrogate.predict(points)
        return [
            ProposalSpec("expected_improvement", latent=tuple(point), predicted=mean[i].item(), std=std[i].item())
            for i, point in enumerate(points.tolist())
        ]

    def _write(
        self, specs: Sequence[ProposalSpec], context: SearchContext, generator: random.Random
    ) -> list[Candidate]:
        """Returns what the white box writes for each."""
        white_box = context.white_box
        points = torch.tensor([spec.latent for spec in specs], dtype=torch.float32)
        texts = white_box.generate(
            [self._prompt(context, generator) for _ in specs],
            seeds=[generator.getrandbits(31) for _ in specs],
            temperature=self.temperature,
            max_new_tokens=self.max_new_tokens,
            soft_prompts=self.soft_prompts.vectors(points, white_box.embedding_size),
        )
        return [spec.candidate(canonical(text)) for spec, text in zip(specs, texts, strict=True)]

    def _prompt(self, context: SearchContext, generator: random.Random) -> str:
        if not self.fresh_demonstrations:
            generator = random.Random(f"demonstrations/{context.seed}")
        shown = draw_demonstrations(context.demonstrations, self.demonstrations, generator)
        return with_preface(induction_prompt(shown, template=self.template), context.preface)
