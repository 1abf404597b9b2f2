"""INSTINCT: a neural bandit over soft prompts, known by the white box's state before it writes (Lin et al. 2024)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import torch
from torch import Tensor

from duet.features import require_white_box
from duet.models.base import AbstractEncoder
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.prompts import PREFIX, draw_demonstrations, induction_prompt
from duet.proposals.instruction_filter import canonical
from duet.proposals.soft_prompts import SoftPrompts
from duet.strategies.strategy import AbstractStrategy, Proposal, Requirements, RewardPredictor, SearchContext

BLOCK = 64  # points that are read together, always the same ones, so that their states are the same bits
GROUP = 8  # texts that are written together
PAPER = {
    "starts": 40,
    "points": 10_000,
    "ranked": 1000,
    "demonstrations": 5,
    "temperature": 0.0,
    "max_new_tokens": 64,
    "beta": 1.0,
}


class PromptReader(Protocol):
    """Gives the state of a white box that has read a prompt, such as `duet.models.prompt_states.PromptStates`."""

    def check(self, white_box: AbstractEncoder) -> None:
        """Raises a ValueError if it can't read this white box."""
        ...

    def states(self, white_box: AbstractEncoder, prompt: str, soft_prompts: Tensor) -> Tensor:
        """(n, s, e) soft prompts before one prompt -> (n, d)."""
        ...


class Bandit(Protocol):
    """Predicts rewards of soft prompts, such as `lightning_modules.neural_bandit.NeuralBandit`."""

    def predict(
        self, scored: Tensor, rewards: Tensor, drawn: int, candidates: Tensor, preset: Literal["default", "paper"]
    ) -> tuple[Tensor, Tensor]:
        """(n, d), (n,), how many of these were drawn at random, (m, d) -> mean (m,), standard deviation (m,)."""
        ...


@dataclass(frozen=True)
class Instinct(AbstractStrategy):
    """Chooses a soft prompt by its upper confidence bound and scores what the white box writes under it.

    It learns from the instructions that were written under its own soft prompts; others count as what is to be beaten.
    Its features are the states of the white box behind soft prompt and demonstrations, the same for the whole run; no
    text is encoded.

    Args:
        reader: where the features come from.
        bandit: the model of the soft prompts.
        preset: ``paper`` sets the numbers below as the published code has them, whatever they are here (soft prompts
            aside); it takes the one best soft prompt and scores its text as it comes, again if need be. See
            also the bandit.
        starts: soft prompts that are drawn at random before the bandit is asked.
        points: soft prompts to choose from, the first ones of the latent space's sequence.
        ranked: how many of them, drawn anew in each iteration, the bandit ranks.
        soft_prompts: the latent space.
        demonstrations: examples in the prompt.
        temperature: of the texts; each point has a seed of its own, so a point stands for one text. 0 is greedy.
        max_new_tokens: most tokens of a text.
        beta: weight of exploration.
        attempts: how many of the highest-ranked points, eight at a time, are tried until one gives a new text.
    """

    reader: PromptReader
    bandit: Bandit
    preset: Literal["default", "paper"] = "default"
    starts: int = 10
    points: int = 1024
    ranked: int = 1000
    soft_prompts: SoftPrompts = field(default_factory=SoftPrompts)
    demonstrations: int = 5
    temperature: float = 1.0
    max_new_tokens: int = 64
    beta: float = 0.5
    attempts: int = 8
    _read: dict[tuple[str, str, int], Tensor] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.preset == "paper":
            for name, value in PAPER.items():
                object.__setattr__(self, name, value)
        for name in ("starts", "points", "ranked", "demonstrations", "max_new_tokens", "attempts"):
            if getattr(self, name) < 1:
                raise ValueError(f"Expected {name} of at least 1 but got {getattr(self, name)}")

    @property
    def requirements(self) -> Requirements:
        """The white box writes; the features are the reader's own."""
        return Requirements(writing=True)

    def check(self, encoder: AbstractEncoder | None) -> None:
        """Checks that the reader can read the white box."""
        self.reader.check(require_white_box(encoder, "under soft prompts"))

    def propose(self, pool: Pool, predictor: RewardPredictor | None, context: SearchContext) -> Proposal:
        """The first new text of the ranking; the loop's predictor plays no part."""
        written = 0
        for group in self._groups(pool, context):
            texts = self._write(group, context)
            written += len(texts)
            new = [one for one in texts if self._accepts(one, pool, context)]
            if new:
                return Proposal((new[0],), written, len({one.text for one in new}))
        return Proposal((), written)

    def _groups(self, pool: Pool, context: SearchContext) -> Iterator[list[Candidate]]:
        """Points in the order in which they are tried, as candidates without a text."""
        generator = random.Random(f"instinct/{context.seed}/{pool.iteration}")
        domain = self.soft_prompts.global_points(self.points, 0)  # (points, k)
        rows = [row for row in pool if row.candidate.latent]
        indices = generator.sample(range(self.points), min(self.ranked, self.points))
        plans = [Candidate("", "soft_prompt", latent=tuple(domain[index].tolist())) for index in indices]
        if len(rows) >= self.starts:
            plans = self._rank(plans, rows, domain, context)
        size = 1 if self.preset == "paper" else GROUP
        for start in range(0, min(self.attempts * size, len(plans)), size):
            yield plans[start : start + size]

    def _rank(
        self, plans: Sequence[Candidate], rows: Sequence[ScoredInstruction], domain: Tensor, context: SearchContext
    ) -> list[Candidate]:
        """The plans by upper confidence bound, highest first, with what was predicted."""
        places = {tuple(point): index for index, point in enumerate(domain.tolist())}
        known = self._states([places[row.candidate.latent] for row in rows if row.candidate.latent], domain, context)
        asked = self._states([places[plan.latent] for plan in plans if plan.latent], domain, context)
        rewards = torch.tensor([row.score for row in rows], dtype=torch.float64)
        mean, std = self.bandit.predict(known, rewards, self.starts, asked, self.preset)
        order = (mean + self.beta * std).argsort(descending=True, stable=True).tolist()
        return [replace(plans[i], predicted=mean[i].item(), std=std[i].item()) for i in order]

    def _states(self, indices: Sequence[int], domain: Tensor, context: SearchContext) -> Tensor:
        """(n, d), features of the points; whole blocks are read once and kept."""
        white_box = context.white_box
        prompt, identity = self._prompt(context), white_box.identity
        for block in sorted({index // BLOCK for index in indices}):
            if (identity, prompt, block) not in self._read:
                points = domain[block * BLOCK : (block + 1) * BLOCK]
                vectors = self.soft_prompts.vectors(points, white_box.embedding_size)
                self._read[identity, prompt, block] = self.reader.states(white_box, prompt, vectors)
        return torch.stack([self._read[identity, prompt, index // BLOCK][index % BLOCK] for index in indices])

    def _prompt(self, context: SearchContext) -> str:
        generator = random.Random(f"instinct/{context.seed}")
        shown = induction_prompt(draw_demonstrations(context.demonstrations, self.demonstrations, generator))
        return f"\n{shown}" if self.preset == "paper" else shown

    def _write(self, plans: Sequence[Candidate], context: SearchContext) -> list[Candidate]:
        """The plans with their texts."""
        white_box = context.white_box
        points = torch.tensor([plan.latent for plan in plans], dtype=torch.float32)
        texts = white_box.generate(
            [self._prompt(context)] * len(plans),
            seeds=[random.Random(f"{plan.latent}").getrandbits(31) for plan in plans],
            temperature=self.temperature,
            max_new_tokens=self.max_new_tokens,
            soft_prompts=self.soft_prompts.vectors(points, white_box.embedding_size),
        )
        texts = [first_sentence(text) if self.preset == "paper" else text for text in texts]
        return [replace(plan, text=canonical(f"{PREFIX}{text}")) for plan, text in zip(plans, texts, strict=True)]

    def _accepts(self, one: Candidate, pool: Pool, context: SearchContext) -> bool:
        if self.preset == "paper":
            return bool(one.text)
        return one.text not in pool.texts and context.accepts(one.text)


def first_sentence(text: str) -> str:
    """What stands before ``Comment:`` and before the end of the first sentence.

    >>> first_sentence(" sort it. Then stop."), first_sentence(" sort it Comment: easy")
    (' sort it', ' sort it ')
    """
    return text.split("Comment:")[0].split(".")[0]
