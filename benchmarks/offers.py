"""Offers recorded wordings to a search in the places where it would have texts written."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

from duet.models.base import AbstractEncoder, AbstractWhiteBox, Encoding
from duet.models.ngram_encoder import NGramEncoder
from duet.pool import Candidate, Pool
from duet.proposals.first_instructions import FirstInstructions
from duet.proposals.initialisation import Initialisation
from duet.proposals.soft_prompts import SoftPrompts
from duet.strategies.duet import Duet
from duet.strategies.random_search import RandomSearch
from duet.strategies.strategy import SearchContext
from duet.strategies.writing import AbstractWritingStrategy

NEAREST = 3  # wordings of which a soft prompt makes the white box write one, the writing's seed says which


@dataclass(frozen=True)
class Offer(Initialisation):
    """Offers wordings in a random order, the first ones at the start.

    Args:
        wordings: in that order.
        prior: what is known of each for nothing, if anything.
    """

    wordings: tuple[str, ...] = ()
    prior: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def write(self, *_: Any) -> FirstInstructions:
        """The first ones."""
        first = tuple(
            Candidate(text, "initial", prior=self.prior.get(text, ())) for text in self.wordings[: self.count]
        )
        return FirstInstructions(first, len(first), Counter())


@dataclass(frozen=True)
class Offers(AbstractWritingStrategy):
    """The next wordings of an order, in place of what a model would write.

    Args:
        wordings: in that order.
        first: how many of them were offered at the start.
        prior: what is known of each for nothing, if anything.
    """

    wordings: tuple[str, ...] = ()
    first: int = 40
    prior: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def new_candidates(self, pool: Pool, context: SearchContext, iteration: int) -> tuple[list[Candidate], int]:
        """The next ones that are not scored yet."""
        wordings, size = self.wordings, self.candidates
        start = (self.first + (pool.iteration - 1) * size) % max(1, len(wordings))
        window = [wordings[(start + place) % len(wordings)] for place in range(size)]
        new = [text for text in dict.fromkeys(window) if text not in pool.texts]
        return [Candidate(text, "offered", prior=self.prior.get(text, ())) for text in new], size

    @property
    def writes_with_white_box(self) -> bool:
        """Nothing is written."""
        return False


@dataclass(frozen=True)
class OfferedDuet(Offers, Duet):
    """Duet's choice among offered wordings."""


@dataclass(frozen=True)
class OfferedRandom(Offers, RandomSearch):
    """A random choice among offered wordings."""


# For methods that choose soft prompts: a white box that answers a soft prompt with a recorded wording.


@dataclass(frozen=True)
class LatentPoints(SoftPrompts):
    """A latent space whose points are themselves the vectors of the soft prompts."""

    tokens: int = 1

    def vectors(self, points: Tensor, embedding_size: int) -> Tensor:
        """(n, k) points -> (n, 1, k)."""
        return points[:, None, :]


@dataclass(frozen=True)
class ReplayedWhiteBox(AbstractWhiteBox):
    """Writes the name of a wording whose point lies next to the soft prompt.

    Args:
        points: (m, k), of the wordings.
        names: of the wordings, m.
        nearest: of how many of the nearest ones the seed draws one.
    """

    points: Tensor
    names: tuple[str, ...]
    nearest: int = 1

    @property
    def identity(self) -> str:
        """A name."""
        return "replayed wordings"

    @property
    def hidden_size(self) -> int:
        """Width of the n-grams' features."""
        return NGramEncoder().hidden_size

    @property
    def embedding_size(self) -> int:
        """k, as a soft prompt is its point."""
        return self.points.shape[1]

    def encode(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> Encoding:
        """N-grams; no method asks for them."""
        return NGramEncoder().encode(texts, contexts)

    def generate(
        self,
        prompts: Sequence[str],
        *,
        seeds: Sequence[int],
        temperature: float = 0.0,
        max_new_tokens: int = 64,
        soft_prompts: Tensor | None = None,
        soft_prompt_position: Literal["prefix", "suffix"] = "prefix",
    ) -> list[str]:
        """The names of the wordings next to the soft prompts."""
        assert soft_prompts is not None  # who asks has one
        near = self.places(soft_prompts, self.nearest)
        return [self.names[random.Random(seed).choice(row)] for seed, row in zip(seeds, near.tolist(), strict=True)]

    def places(self, soft_prompts: Tensor, count: int) -> Tensor:
        """(n, count), the wordings next to (n, 1, k) soft prompts, the nearest first."""
        distances = torch.cdist(soft_prompts[:, 0].double(), self.points.double())
        return distances.argsort(dim=1, stable=True)[:, :count]


@dataclass(frozen=True)
class WordingReader:
    """Gives the features of the wording that stands at a soft prompt, in place of the white box's state.

    Args:
        features: (m, d), of the wordings.
    """

    features: Tensor

    def check(self, white_box: AbstractEncoder) -> None:
        """Any will do."""

    def states(self, white_box: AbstractEncoder, prompt: str, soft_prompts: Tensor) -> Tensor:
        """(n, 1, k) soft prompts -> (n, d)."""
        assert isinstance(white_box, ReplayedWhiteBox)
        return self.features[white_box.places(soft_prompts, 1)[:, 0]]


def named(wordings: Sequence[str]) -> dict[str, str]:
    """Names by which wordings go through methods that bring texts into one spelling, and the wordings.

    >>> named(["Sort.", "Sort it."])
    {'Do as wording a.': 'Sort.', 'Do as wording b.': 'Sort it.'}
    """
    letters = str.maketrans("0123456789", "abcdefghij")
    return {f"Do as wording {str(place).translate(letters)}.": text for place, text in enumerate(wordings)}


def projected(features: Tensor, dimensions: int) -> Tensor:
    """Points of wordings in a latent space [0, 1]^k: a fixed random projection, spread evenly along every dimension.

    Args:
        features: (m, d).
        dimensions: k.

    Returns:
        (m, k).
    """
    matrix = torch.randn(features.shape[1], dimensions, generator=torch.Generator().manual_seed(0))
    ranks = (features @ matrix).argsort(dim=0, stable=True).argsort(dim=0, stable=True)
    return (ranks + 0.5) / len(features)
