"""The pool: every scored instruction in order, and what is held in reserve: the memory of the search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Candidate:
    """An instruction that has no score yet.

    Args:
        text: the instruction, canonical.
        origin: where it came from, such as ``initial``, ``global`` or ``local``.
        parent: the instruction that it was derived from, if any.
        features: (d,), the fused embedding z; None before the white box has seen it.
        latent: the soft prompt's point in the latent space, if it was written under one.
        predicted: the predictor's mean at the time of choice, on the reward's scale.
        std: its standard deviation at the time of choice, on the reward's scale.
    """

    text: str
    origin: str
    parent: str | None = None
    features: Tensor | None = None
    latent: tuple[float, ...] | None = None
    predicted: float | None = None
    std: float | None = None


@dataclass(frozen=True)
class ScoredInstruction:
    """A candidate with its reward.

    Args:
        candidate: the instruction; its features are set.
        iteration: 0 for the initial instructions, then 1, 2, ...
        scores: the metric on each validation example, in [0, 1].
        outputs: the black box's answer on each of these examples.
    """

    candidate: Candidate
    iteration: int
    scores: tuple[float, ...]
    outputs: tuple[str, ...]

    @property
    def text(self) -> str:
        """The instruction."""
        return self.candidate.text

    @property
    def score(self) -> float:
        """The reward: mean of the scores."""
        return sum(self.scores) / len(self.scores)

    @property
    def expected(self) -> float:
        """The rate of right answers to be expected (Laplace's rule of succession).

        It ranks instructions with marks on different numbers of examples, as after a race; else as the score does.
        """
        return (sum(self.scores) + 1) / (len(self.scores) + 2)


@dataclass(frozen=True)
class Pool:
    """Scored instructions; ``+`` returns a longer pool.

    Args:
        observations: the scored instructions.
        reserve: candidates without a score, with features, that a strategy wants to choose from again.

    >>> candidate = Candidate("Reverse it.", "initial", features=torch.zeros(2))
    >>> (Pool() + [ScoredInstruction(candidate, 0, (1.0, 0.0), ("ba", "dc"))]).best().score
    0.5
    """

    observations: tuple[ScoredInstruction, ...] = ()
    reserve: tuple[Candidate, ...] = ()

    def __len__(self) -> int:
        return len(self.observations)

    def __iter__(self) -> Iterator[ScoredInstruction]:
        return iter(self.observations)

    def __add__(self, more: Sequence[ScoredInstruction]) -> Pool:
        return replace(self, observations=self.observations + tuple(more))

    @property
    def iteration(self) -> int:
        """The iteration that comes next: 0 for an empty pool."""
        return max((row.iteration for row in self), default=-1) + 1

    @property
    def texts(self) -> frozenset[str]:
        """Every instruction that has a score."""
        return frozenset(row.text for row in self)

    def initial(self) -> Pool:
        """The rows of iteration 0."""
        return Pool(tuple(row for row in self if row.iteration == 0))

    def best(self) -> ScoredInstruction:
        """The highest expected score; ties go to the shorter text, then to the earlier one.

        Raises:
            ValueError: the pool is empty.
        """
        if not self.observations:
            raise ValueError("Expected at least one scored instruction but the pool is empty")
        return max(self.observations, key=lambda row: (row.expected, -len(row.text)))

    @property
    def has_features(self) -> bool:
        """Whether every row has a fused embedding, as a fit needs."""
        return bool(len(self)) and all(row.candidate.features is not None for row in self)

    def features(self) -> Tensor:
        """(n, d), the fused embeddings."""
        return feature_rows([row.candidate for row in self])

    def rewards(self) -> Tensor:
        """(n,), float32."""
        return torch.tensor([row.score for row in self])

    def state_dict(self) -> dict[str, Any]:
        """Plain Python values and two tensors, for a checkpoint that loads with ``weights_only``."""
        return {
            "rows": [vars(row) | {"candidate": _plain(row.candidate)} for row in self],
            "features": self.features() if self.has_features else None,
            "reserve": [_plain(one) for one in self.reserve],
            "reserve_features": feature_rows(self.reserve) if self.reserve else None,
        }

    @classmethod
    def from_state_dict(cls, state: dict[str, Any]) -> Pool:
        """The pool that ``state_dict`` came from, bit for bit."""
        rows = []
        for index, row in enumerate(state["rows"]):
            features = None if state["features"] is None else state["features"][index].clone()
            candidate = Candidate(**row["candidate"], features=features)
            rows.append(ScoredInstruction(candidate, row["iteration"], tuple(row["scores"]), tuple(row["outputs"])))
        reserve = [
            Candidate(**one, features=state["reserve_features"][index].clone())
            for index, one in enumerate(state.get("reserve", ()))
        ]
        return cls(tuple(rows), tuple(reserve))


def feature_rows(candidates: Iterable[Candidate]) -> Tensor:
    """(n, d), the fused embeddings of candidates that have one; at least one.

    >>> feature_rows([Candidate("Reverse it.", "initial", features=torch.zeros(2))]).shape
    torch.Size([1, 2])
    """
    rows = [one.features for one in candidates]
    return torch.stack([row for row in rows if row is not None])


def _plain(candidate: Candidate) -> dict[str, Any]:
    """All but the features."""
    return {name: value for name, value in vars(candidate).items() if name != "features"}
