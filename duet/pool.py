"""The pool: every scored instruction in order, and what is held in reserve: the memory of the search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from duet.evaluation.evaluation import Evaluation
from duet.evaluation.posterior import AccuracyPrior, fit_prior

SAME = 1e-9  # posterior means that differ by less are equal


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
        exemplars: the end of the text that shows demonstrations; empty if it is all instruction.
        prior: what is known of the reward for nothing: the white box's own score on the probes, if it answered them.
    """

    text: str
    origin: str
    parent: str | None = None
    features: Tensor | None = None
    latent: tuple[float, ...] | None = None
    predicted: float | None = None
    std: float | None = None
    exemplars: str = ""
    prior: tuple[float, ...] = ()

    @property
    def instruction(self) -> str:
        """The text without its exemplars.

        >>> Candidate("Sort it. b a -> a b", "exemplars", exemplars=" b a -> a b").instruction
        'Sort it.'
        """
        return self.text.removesuffix(self.exemplars)


@dataclass(frozen=True)
class ScoredInstruction:
    """A candidate with its reward.

    Args:
        candidate: the instruction; its features are set.
        iteration: 0 for the initial instructions, then 1, 2, ...
        scores: the metric on each validation example, in [0, 1].
        outputs: the black box's answer on each of these examples.
        problems: what was wrong with an answer (cut, empty, refused, ...), per example; empty if nothing was.
        prompt_tokens: of the request with each example, 0 where the provider does not count them.
    """

    candidate: Candidate
    iteration: int
    scores: tuple[float, ...]
    outputs: tuple[str, ...]
    problems: tuple[str, ...] = ()
    prompt_tokens: tuple[int, ...] = ()

    @property
    def n(self) -> int:
        """How many examples it is scored on: the first ones of an order that is the same for all."""
        return len(self.scores)

    @property
    def text(self) -> str:
        """The instruction."""
        return self.candidate.text

    @property
    def score(self) -> float:
        """The reward: mean of the scores."""
        return sum(self.scores) / len(self.scores)

    @property
    def mean_prompt_tokens(self) -> int | None:
        """Tokens of a request, the mean over the examples; None where the provider does not count them."""
        counted = [tokens for tokens in self.prompt_tokens if tokens]
        return round(sum(counted) / len(counted)) if counted else None

    @property
    def evaluation(self) -> Evaluation:
        """All that is known of its examples."""
        return Evaluation(self.scores, self.outputs, self.problems, self.prompt_tokens)

    def extended(self, more: Evaluation) -> ScoredInstruction:
        """The same instruction, scored on further examples."""
        return replace(
            self,
            scores=self.scores + more.scores,
            outputs=self.outputs + more.outputs,
            problems=(self.problems or ("",) * self.n) + more.problems,
            prompt_tokens=(self.prompt_tokens or (0,) * self.n) + more.prompt_tokens,
        )

    def with_candidate(self, candidate: Candidate) -> ScoredInstruction:
        """The same scores under another candidate of the same text, such as another soft prompt."""
        return replace(self, candidate=candidate)


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

    def extended(self, evaluations: Mapping[str, Evaluation]) -> Pool:
        """The pool with further scores for some of its instructions."""
        rows = (row.extended(evaluations[row.text]) if row.text in evaluations else row for row in self)
        return replace(self, observations=tuple(rows))

    @cached_property
    def prior(self) -> AccuracyPrior:
        """What the scored instructions say about one without a score."""
        return fit_prior([row.scores for row in self]) if len(self) else AccuracyPrior()

    def posterior_mean(self, row: ScoredInstruction) -> float:
        """The score to be expected of an instruction on new examples: its own, shrunk towards the pool's."""
        return self.prior.mean(sum(row.scores), row.n)

    def ranked(self) -> list[ScoredInstruction]:
        """The rows by posterior mean, highest first; of equal ones those with more examples, then earlier ones."""
        return sorted(self.observations, key=lambda row: (-self.posterior_mean(row), -row.n))

    def initial(self) -> Pool:
        """The rows of iteration 0."""
        return Pool(tuple(row for row in self if row.iteration == 0))

    def best(self) -> ScoredInstruction:
        """The leader: the highest posterior mean that also stands the comparison with longer scores.

        An instruction with fewer examples than another passes it only if it is also better on the examples that both
        have; the highest posterior mean alone is too often a lucky one (docs/measurements.md). Ties go to more
        examples, then to the earlier instruction.

        Raises:
            ValueError: the pool is empty.
        """
        if not self.observations:
            raise ValueError("Expected at least one scored instruction but the pool is empty")
        leader, *others = self.ranked()
        for row in others:
            if row.n > leader.n and sum(row.scores[: leader.n]) >= sum(leader.scores):
                leader = row
        return leader

    def tied(self) -> list[ScoredInstruction]:
        """The leader, and those that nothing tells from it: they are as good on as many examples."""
        best = self.best()
        mean = self.posterior_mean(best)
        rows = (row for row in self if row.n == best.n and abs(self.posterior_mean(row) - mean) < SAME)
        return list({row.text: row for row in rows}.values())

    @property
    def has_features(self) -> bool:
        """Whether every row has a fused embedding, as a fit needs."""
        return bool(len(self)) and all(row.candidate.features is not None for row in self)

    def features(self) -> Tensor:
        """(n, d), the fused embeddings."""
        return feature_rows([row.candidate for row in self])

    def prior_knowledge(self) -> Tensor:
        """(n, p), what was known of each instruction before it was scored."""
        return prior_rows([row.candidate for row in self])

    def rewards(self) -> Tensor:
        """(n,), float32."""
        return torch.tensor([row.score for row in self])

    def state_dict(self) -> dict[str, Any]:
        """Plain Python values and two tensors, for a checkpoint that loads with ``weights_only``."""
        return {
            "rows": [vars(row) | {"candidate": _plain(row.candidate)} for row in self],
            "features": self.features() if self.has_features else None,
            "reserve": [_plain(candidate) for candidate in self.reserve],
            "reserve_features": feature_rows(self.reserve) if self.reserve else None,
        }

    @classmethod
    def from_state_dict(cls, state: dict[str, Any]) -> Pool:
        """The pool that ``state_dict`` came from, bit for bit."""
        rows = []
        for index, row in enumerate(state["rows"]):
            features = None if state["features"] is None else state["features"][index].clone()
            candidate = _candidate(row["candidate"], features)
            rows.append(
                ScoredInstruction(
                    candidate,
                    row["iteration"],
                    tuple(row["scores"]),
                    tuple(row["outputs"]),
                    tuple(row.get("problems", ())),
                    tuple(row.get("prompt_tokens", ())),
                )
            )
        reserve = [
            _candidate(fields, state["reserve_features"][index].clone())
            for index, fields in enumerate(state.get("reserve", ()))
        ]
        return cls(tuple(rows), tuple(reserve))


def feature_rows(candidates: Iterable[Candidate]) -> Tensor:
    """(n, d), the fused embeddings of candidates that have one; at least one.

    >>> feature_rows([Candidate("Reverse it.", "initial", features=torch.zeros(2))]).shape
    torch.Size([1, 2])
    """
    rows = [candidate.features for candidate in candidates]
    return torch.stack([row for row in rows if row is not None])


def prior_rows(candidates: Sequence[Candidate]) -> Tensor:
    """(n, p), what is known of each candidate for nothing; p is 0 if one of them has nothing.

    >>> prior_rows([Candidate("Reverse it.", "initial", prior=(0.5,))]).tolist()
    [[0.5]]
    """
    width = min((len(candidate.prior) for candidate in candidates), default=0)
    return torch.tensor([candidate.prior[:width] for candidate in candidates]).view(len(candidates), width)


def _plain(candidate: Candidate) -> dict[str, Any]:
    """All but the features."""
    return {name: value for name, value in vars(candidate).items() if name != "features"}


def _candidate(fields: Mapping[str, Any], features: Tensor | None) -> Candidate:
    return Candidate(**{**fields, "prior": tuple(fields.get("prior", ()))}, features=features)
