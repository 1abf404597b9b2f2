"""Sources of new instructions: the white box writes them from demonstrations, under soft prompts or from a good start.

Every row has its own seed and its own draw of demonstrations; a source is a function from a pool to candidates.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from duet.examples.example import Example
from duet.models.base import AbstractWhiteBox
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.prompts import INDUCTION, PREFIX, draw_demonstrations, induction_prompt
from duet.proposals.instruction_filter import canonical
from duet.proposals.preface import with_preface
from duet.proposals.proposal_spec import ProposalSpec
from duet.proposals.soft_prompts import SoftPrompts


@dataclass(frozen=True)
class Writer:
    """Has the white box write instructions.

    Args:
        soft_prompts: the latent space; None writes without a soft prompt.
        position: ``prefix``, before the demonstrations, or ``suffix``, next to the place where writing starts.
        demonstrations: examples per prompt.
        temperature: 0 is greedy (INSTINCT); above, each candidate is a draw with a seed of its own.
        max_new_tokens: most tokens of an instruction.
        fresh_demonstrations: whether each candidate sees demonstrations of its own; else all see the same (INSTINCT).
        preface: sentences before the demonstrations.
        language: of the instructions; None is that of the usual beginning, English.
    """

    soft_prompts: SoftPrompts | None
    position: str
    demonstrations: int
    temperature: float
    max_new_tokens: int
    fresh_demonstrations: bool = True
    preface: tuple[str, ...] = ()
    language: str | None = None

    def write(
        self,
        specs: Sequence[ProposalSpec],
        examples: Sequence[Example],
        white_box: AbstractWhiteBox,
        generator: random.Random,
    ) -> list[Candidate]:
        """Writes each spec's text, which continues the spec's beginning."""
        shared = draw_demonstrations(examples, self.demonstrations, generator, cover_labels=True)
        prompts = []
        for spec in specs:
            shown = shared
            if self.fresh_demonstrations:
                shown = draw_demonstrations(examples, self.demonstrations, generator, cover_labels=True)
            prompts.append(self._prompt(shown, spec.beginning))
        texts = white_box.generate(
            prompts,
            seeds=[generator.getrandbits(31) for _ in specs],
            temperature=self.temperature,
            max_new_tokens=self.max_new_tokens,
            soft_prompts=self._vectors(specs, white_box),
            soft_prompt_position="suffix" if self.position == "suffix" else "prefix",
        )
        return [
            spec.candidate(canonical(f"{'' if self.language else PREFIX} {spec.beginning}{text}"))
            for spec, text in zip(specs, texts, strict=True)
        ]

    def _prompt(self, shown: Sequence[Example], beginning: str) -> str:
        """What the white box continues."""
        template = f"{{demonstrations}}\n\nThe instruction, in {self.language}:" if self.language else INDUCTION
        prompt = with_preface(induction_prompt(shown, template=template), self.preface)
        return f"{prompt} {beginning}" if beginning else prompt

    def _vectors(self, specs: Sequence[ProposalSpec], white_box: AbstractWhiteBox) -> Tensor | None:
        if self.soft_prompts is None:
            return None
        points = torch.tensor([spec.latent for spec in specs], dtype=torch.float32)
        return self.soft_prompts.vectors(points, white_box.embedding_size)


def global_specs(space: SoftPrompts, count: int, iteration: int) -> list[ProposalSpec]:
    """Points spread over the whole latent space; each iteration takes the next ones of the sequence."""
    points = space.global_points(count, skip=count * iteration)
    return [ProposalSpec("global", latent=tuple(point.tolist())) for point in points]


def local_specs(
    space: SoftPrompts, leaders: Sequence[ScoredInstruction], count: int, radius: float, generator: torch.Generator
) -> list[ProposalSpec]:
    """Points around the soft prompts of the leaders; a leader without one has the centre of the space."""
    specs = []
    for leader in _shares(leaders, count):
        centre = torch.tensor(leader.candidate.latent or [0.5] * space.intrinsic_dimension)
        point = space.local_points(centre, 1, radius, generator)[0]
        specs.append(ProposalSpec("local", parent=leader.text, latent=tuple(point.tolist())))
    return specs


def continuation_specs(
    space: SoftPrompts, leaders: Sequence[ScoredInstruction], count: int, generator: random.Random
) -> list[ProposalSpec]:
    """The first words of a leader, to be continued anew: a local move in the space of texts."""
    specs = []
    for leader in _shares(leaders, count):
        words = leader.text.rstrip(".?!").split()
        kept = " ".join(words[: generator.randrange(1, max(2, len(words)))])
        point = tuple(generator.random() for _ in range(space.intrinsic_dimension))
        specs.append(ProposalSpec("continuation", leader.text, kept[0].lower() + kept[1:], point))
    return specs


def paraphrase_specs(leaders: Sequence[ScoredInstruction], count: int) -> list[ProposalSpec]:
    """Leaders, to be put in other words."""
    return [ProposalSpec("paraphrase", parent=leader.text) for leader in _shares(leaders, count)]


def resample_specs(count: int) -> list[ProposalSpec]:
    """Instructions to be written from demonstrations alone, as the first ones were."""
    return [ProposalSpec("resample")] * count


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
