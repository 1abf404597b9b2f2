"""Sources of new instructions: the white box writes them from demonstrations, under soft prompts or from a good start.

Every row has its own seed and its own draw of demonstrations; a source is a function from a pool to candidates.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from datamodules.pool import Candidate, Observation, Pool
from llms.base import AbstractWhiteBox
from search.guards import canonical
from search.prompts import PREFIX, draw_demonstrations, induction_prompt
from search.soft_prompts import SoftPrompts
from tasks.example import Example


@dataclass(frozen=True)
class Writer:
    """How the white box writes an instruction.

    Args:
        soft_prompts: the latent space; None writes without a soft prompt.
        position: ``prefix``, before the demonstrations, or ``suffix``, next to the place where writing starts.
        demonstrations: examples per prompt.
        temperature: 0 is greedy (INSTINCT); above, each candidate is a draw with a seed of its own.
        max_new_tokens: most tokens of an instruction.
        fresh_demonstrations: whether each candidate sees demonstrations of its own; else all see the same (INSTINCT).
    """

    soft_prompts: SoftPrompts | None
    position: str
    demonstrations: int
    temperature: float
    max_new_tokens: int
    fresh_demonstrations: bool = True

    def write(
        self,
        plans: Sequence[Candidate],
        examples: Sequence[Example],
        white_box: AbstractWhiteBox,
        generator: random.Random,
    ) -> list[Candidate]:
        """Carries out each plan: a candidate whose text, maybe empty, is the beginning to be continued."""
        shared = draw_demonstrations(examples, self.demonstrations, generator)
        prompts = []
        for plan in plans:
            shown = (
                draw_demonstrations(examples, self.demonstrations, generator) if self.fresh_demonstrations else shared
            )
            prompts.append(induction_prompt(shown) + (f" {plan.text}" if plan.text else ""))
        texts = white_box.generate(
            prompts,
            seeds=[generator.getrandbits(31) for _ in plans],
            temperature=self.temperature,
            max_new_tokens=self.max_new_tokens,
            soft_prompts=self._vectors(plans, white_box),
            soft_prompt_position="suffix" if self.position == "suffix" else "prefix",
        )
        return [
            replace(plan, text=canonical(f"{PREFIX} {plan.text}{text}"))
            for plan, text in zip(plans, texts, strict=True)
        ]

    def _vectors(self, plans: Sequence[Candidate], white_box: AbstractWhiteBox) -> Tensor | None:
        if self.soft_prompts is None:
            return None
        points = torch.tensor([plan.latent for plan in plans], dtype=torch.float32)
        return self.soft_prompts.vectors(points, white_box.embedding_size)


def global_plans(space: SoftPrompts, count: int, iteration: int) -> list[Candidate]:
    """Points spread over the whole latent space; each iteration takes the next ones of the sequence."""
    points = space.global_points(count, skip=count * iteration)
    return [Candidate("", "global", latent=tuple(point.tolist())) for point in points]


def local_plans(
    space: SoftPrompts, leaders: Sequence[Observation], count: int, radius: float, generator: torch.Generator
) -> list[Candidate]:
    """Points around the soft prompts of the leaders; a leader without one has the centre of the space."""
    plans = []
    for leader in _shares(leaders, count):
        centre = torch.tensor(leader.candidate.latent or [0.5] * space.intrinsic_dimension)
        point = space.local_points(centre, 1, radius, generator)[0]
        plans.append(Candidate("", "local", parent=leader.text, latent=tuple(point.tolist())))
    return plans


def continuation_plans(
    space: SoftPrompts, leaders: Sequence[Observation], count: int, generator: random.Random
) -> list[Candidate]:
    """The first words of a leader, to be continued anew: a local move in the space of texts."""
    plans = []
    for leader in _shares(leaders, count):
        words = leader.text.rstrip(".?!").split()
        kept = " ".join(words[: generator.randrange(1, max(2, len(words)))])
        text = kept[0].lower() + kept[1:]
        point = tuple(generator.random() for _ in range(space.intrinsic_dimension))
        plans.append(Candidate(text, "continuation", parent=leader.text, latent=point))
    return plans


def leaders(pool: Pool, count: int) -> list[Observation]:
    """The ``count`` best rows, best first; ties go to the shorter text."""
    return sorted(pool, key=lambda row: (-row.score, len(row.text), row.text))[:count]


def _shares(rows: Sequence[Observation], count: int) -> list[Observation]:
    """``count`` rows in turn, the first ones more often where it does not divide."""
    return [rows[index % len(rows)] for index in range(count)] if rows else []
