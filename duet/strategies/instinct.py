"""INSTINCT: a neural bandit over soft prompts, known by the white box's state before it writes (Lin et al. 2024)."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import torch
from torch import Tensor

from duet.bounds import require_counts
from duet.features import require_white_box
from duet.models.base import AbstractEncoder
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.prompts import INDUCTION, PREFIX, draw_demonstrations, induction_prompt, require_fields
from duet.proposals.instruction_filter import canonical
from duet.proposals.preface import with_preface
from duet.proposals.proposal_spec import ProposalSpec
from duet.proposals.soft_prompts import SoftPrompts
from duet.strategies.strategy import AbstractStrategy, Proposal, Requirements, RewardPredictor, SearchContext

BLOCK = 64  # points that are read together, always the same ones, so that their states are the same bits
GROUP = 8  # texts that are written together


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

    def predict(self, scored: Tensor, rewards: Tensor, drawn: int, candidates: Tensor) -> tuple[Tensor, Tensor]:
        """(n, d), (n,), how many of these were drawn at random, (m, d) -> mean (m,), standard deviation (m,)."""
        ...


@dataclass(frozen=True)
class Instinct(AbstractStrategy):
    """Chooses a soft prompt by its upper confidence bound and scores what the white box writes under it.

    It learns from the instructions that were written under its own soft prompts; others count as what is to be beaten.
    Its features are the states of the white box behind soft prompt and demonstrations, the same for the whole run; no
    text is encoded.

    The published numbers are in configs/methods/instinct_paper.yaml.

    Args:
        reader: where the features come from.
        bandit: the model of the soft prompts.
        starts: soft prompts that are drawn at random before the bandit chooses.
        points: soft prompts to choose from, the first ones of the latent space's sequence.
        ranked: how many of them, drawn anew in each iteration, the bandit ranks.
        soft_prompts: the latent space.
        demonstrations: examples in the prompt.
        template: the prompt; ``{demonstrations}`` is filled in.
        temperature: of the texts; each point has a seed of its own, so a point stands for one text. 0 is greedy.
        max_new_tokens: most tokens of a text.
        first_sentence: whether a text ends with its first sentence.
        beta: weight of exploration.
        attempts: how many of the highest-ranked points, eight at a time, are tried until one gives a new text.
        rescore: whether the first choice is scored as it comes, be its text known or no instruction at all, as
            published; only an empty text is passed over. The points are then tried one at a time.
    """

    reader: PromptReader
    bandit: Bandit
    starts: int = 10
    points: int = 1024
    ranked: int = 1000
    soft_prompts: SoftPrompts = field(default_factory=SoftPrompts)
    demonstrations: int = 5
    template: str = INDUCTION
    temperature: float = 1.0
    max_new_tokens: int = 64
    first_sentence: bool = False
    beta: float = 0.5
    attempts: int = 8
    rescore: bool = False
    _read: dict[tuple[str, str, int], Tensor] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        require_counts(self, ("starts", "points", "ranked", "demonstrations", "max_new_tokens", "attempts"))
        require_fields("template", self.template, ("demonstrations",))

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
            new = [candidate for candidate in texts if self._accepts(candidate, pool, context)]
            if new:
                return Proposal((new[0],), written, len({candidate.text for candidate in new}))
        return Proposal((), written)

    def _groups(self, pool: Pool, context: SearchContext) -> Iterator[list[ProposalSpec]]:
        """Points in the order in which they are tried."""
        generator = random.Random(f"instinct/{context.seed}/{pool.iteration}")
        domain = self.soft_prompts.global_points(self.points, 0)  # (points, k)
        rows = [row for row in pool if row.candidate.latent]
        indices = generator.sample(range(self.points), min(self.ranked, self.points))
        specs = [ProposalSpec("soft_prompt", latent=tuple(domain[index].tolist())) for index in indices]
        if len(rows) >= self.starts:
            specs = self._rank(specs, rows, domain, context)
        size = 1 if self.rescore else GROUP
        for start in range(0, min(self.attempts * size, len(specs)), size):
            yield specs[start : start + size]

    def _rank(
        self, specs: Sequence[ProposalSpec], rows: Sequence[ScoredInstruction], domain: Tensor, context: SearchContext
    ) -> list[ProposalSpec]:
        """The specs by upper confidence bound, highest first, with what was predicted."""
        places = {tuple(point): index for index, point in enumerate(domain.tolist())}
        known = self._states([places[row.candidate.latent] for row in rows if row.candidate.latent], domain, context)
        choices = self._states([places[spec.latent] for spec in specs if spec.latent], domain, context)
        rewards = torch.tensor([row.score for row in rows], dtype=torch.float64)
        mean, std = self.bandit.predict(known, rewards, self.starts, choices)
        order = (mean + self.beta * std).argsort(descending=True, stable=True).tolist()
        return [replace(specs[i], predicted=mean[i].item(), std=std[i].item()) for i in order]

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
        shown = draw_demonstrations(context.demonstrations, self.demonstrations, generator)
        return with_preface(induction_prompt(shown, template=self.template), context.preface)

    def _write(self, specs: Sequence[ProposalSpec], context: SearchContext) -> list[Candidate]:
        """Returns what the white box writes for each."""
        white_box = context.white_box
        points = torch.tensor([spec.latent for spec in specs], dtype=torch.float32)
        texts = white_box.generate(
            [self._prompt(context)] * len(specs),
            seeds=[random.Random(f"{spec.latent}").getrandbits(31) for spec in specs],
            temperature=self.temperature,
            max_new_tokens=self.max_new_tokens,
            soft_prompts=self.soft_prompts.vectors(points, white_box.embedding_size),
        )
        texts = [first_sentence(text) if self.first_sentence else text for text in texts]
        return [spec.candidate(canonical(f"{PREFIX}{text}")) for spec, text in zip(specs, texts, strict=True)]

    def _accepts(self, candidate: Candidate, pool: Pool, context: SearchContext) -> bool:
        if self.rescore:
            return bool(candidate.text)
        return candidate.text not in pool.texts and context.accepts(candidate.text)


def first_sentence(text: str) -> str:
    """Returns what stands before ``Comment:`` and before the end of the first sentence.

    >>> first_sentence(" sort it! Then stop."), first_sentence(" sort it Comment: easy")
    (' sort it', ' sort it ')
    """
    return re.split(r"[.?!]", text.split("Comment:")[0])[0]
