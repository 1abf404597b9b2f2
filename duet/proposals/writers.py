"""Sources of new instructions: the white box writes them from demonstrations, under soft prompts or from a good start.

Every row has its own seed and its own draw of demonstrations; a source is a function from a pool to candidates.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from duet.models.base import AbstractWhiteBox
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.prompts import PREFIX, draw_demonstrations, induction_prompt
from duet.proposals.instruction_filter import canonical
from duet.proposals.soft_prompts import SoftPrompts
from duet.tasks.example import Example


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
        shared = draw_demonstrations(examples, self.demonstrations, generator, cover_labels=True)
        prompts = []
        for plan in plans:
            shown = shared
            if self.fresh_demonstrations:
                shown = draw_demonstrations(examples, self.demonstrations, generator, cover_labels=True)
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
    space: SoftPrompts, leaders: Sequence[ScoredInstruction], count: int, radius: float, generator: torch.Generator
) -> list[Candidate]:
    """Points around the soft prompts of the leaders; a leader without one has the centre of the space."""
    plans = []
    for leader in _shares(leaders, count):
        centre = torch.tensor(leader.candidate.latent or [0.5] * space.intrinsic_dimension)
        point = space.local_points(centre, 1, radius, generator)[0]
        plans.append(Candidate("", "local", parent=leader.text, latent=tuple(point.tolist())))
    return plans


def continuation_plans(
    space: SoftPrompts, leaders: Sequence[ScoredInstruction], count: int, generator: random.Random
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


def paraphrase_plans(leaders: Sequence[ScoredInstruction], count: int) -> list[Candidate]:
    """Leaders, to be said in other words."""
    return [Candidate("", "paraphrase", parent=leader.text) for leader in _shares(leaders, count)]


def resample_plans(count: int) -> list[Candidate]:
    """Instructions to be written from demonstrations alone, as the first ones were."""
    return [Candidate("", "resample")] * count


def leaders(pool: Pool, count: int) -> list[ScoredInstruction]:
    """The ``count`` best rows, best first."""
    return pool.ranked()[:count]


def parents(pool: Pool, count: int) -> list[ScoredInstruction]:
    """Up to ``count`` of the best rows that do different things: of rows that answer alike the best one alone.

    Wordings of one behaviour would else take all local moves of a search that is stuck with it.
    """
    chosen: list[ScoredInstruction] = []
    for row in leaders(pool, len(pool)):
        if len(chosen) < count and not any(_answers_alike(row, other) for other in chosen):
            chosen.append(row)
    return chosen


def _answers_alike(one: ScoredInstruction, other: ScoredInstruction) -> bool:
    """On the examples that both have."""
    return all(left == right for left, right in zip(one.outputs, other.outputs, strict=False))


def _shares(rows: Sequence[ScoredInstruction], count: int) -> list[ScoredInstruction]:
    """``count`` rows in turn, the first ones more often where it does not divide."""
    return [rows[index % len(rows)] for index in range(count)] if rows else []
