"""The contract of a search method: a pool and a predictor in, the instructions to score next out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor

from duet.evaluation.evaluation import Evaluator
from duet.examples.example import Example
from duet.models.base import AbstractBlackBox, AbstractEncoder, AbstractWhiteBox, Request
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.proposals.instruction_filter import InstructionFilter


class RewardPredictor(Protocol):
    """The score predictor as strategies need it: a joint distribution of the rewards, on their own scale."""

    def predict_joint(self, features: Tensor, prior: Tensor) -> tuple[Tensor, Tensor]:
        """(n, d) raw fused embeddings, (n, p) what is known beforehand -> mean (n,), covariance (n, n)."""
        ...


@dataclass(frozen=True)
class Requirements:
    """Declares what a method needs, and the most that one of its proposals spends; the engine holds it to that.

    Args:
        choose: most instructions that one proposal has scored.
        read: most candidates of one proposal whose features are extracted; 0 where no features are needed.
        predictor: whether the score predictor is fitted before each proposal.
        writing: whether the white box writes.
        trial_calls: most calls by which a proposal itself tries instructions on examples.
        attempts: batches of requests that a proposal sends at most; usually the first one brings something new.
    """

    choose: int = 1
    read: int = 0
    predictor: bool = False
    writing: bool = False
    trial_calls: int = 0
    attempts: int = 1

    def __post_init__(self) -> None:
        if self.choose < 1 or min(self.read, self.trial_calls) < 0:
            raise ValueError(f"Expected choose of at least 1, read and trial_calls of at least 0 but got {self}")
        if self.predictor and not self.read:
            raise ValueError("Expected read of at least 1 where the predictor is needed: it predicts from features")


@dataclass(frozen=True)
class SearchContext:
    """The models, examples and seed that a run gives to a strategy.

    Args:
        black_box: the task model, cached and within the budget.
        proposer: the black box that writes instructions, within the same budget.
        encoder: the open model, or an encoder that stands in for it; None if the method needs neither.
        encode: sets the features of candidates; the one place where features are extracted.
        demonstrations: the split's demonstration examples; five of them make an induction prompt.
        evaluator: scores instructions, or tries them on a few examples.
        seed: the run's seed; every random stream derives from it and the pool's iteration.
        instruction_filter: rejects texts that are no instruction.
        about: sentences on the task and its audience, for the model that writes.
        rejections: how many it rejected, by reason; it only counts, for the reader.
    """

    black_box: AbstractBlackBox
    proposer: AbstractBlackBox
    encoder: AbstractEncoder | None
    encode: Callable[[Sequence[Candidate]], list[Candidate]]
    demonstrations: Sequence[Example]
    evaluator: Evaluator
    seed: int
    instruction_filter: InstructionFilter = InstructionFilter()
    about: tuple[str, ...] = ()
    rejections: Counter[str] = field(default_factory=Counter, compare=False)

    def accepts(self, text: str, shown: Sequence[Example] = ()) -> bool:
        """Returns whether a text may be an instruction; what is rejected is counted.

        Args:
            text: the instruction.
            shown: examples, beside the demonstrations, that its writer can have seen.
        """
        reason = self.instruction_filter.rejection_reason(text, (*self.demonstrations, *shown))
        if reason is not None:
            self.rejections[reason] += 1
        return reason is None

    @property
    def preface(self) -> tuple[str, ...]:
        """What a model that writes is told before anything else, a sentence each."""
        return (*self.about, *self.instruction_filter.requirements)

    @property
    def white_box(self) -> AbstractWhiteBox:
        """The open model, for a method that declares ``writing``.

        Raises:
            TypeError: there is none.
        """
        if not isinstance(self.encoder, AbstractWhiteBox):
            raise TypeError(f"Expected a white box that writes but got {type(self.encoder).__name__}")
        return self.encoder


@dataclass(frozen=True)
class Proposal:
    """The proposal of a strategy.

    Args:
        candidates: the instructions to score next, best first; each new to the pool, but for INSTINCT as published;
            empty when nothing new was found. Their features are set where the strategy read them.
        written: texts that were generated for it.
        distinct: how many of them were new, distinct instructions.
        reserve: what may be scored later, with features; the pool holds it until the next proposal.
    """

    candidates: tuple[Candidate, ...]
    written: int = 0
    distinct: int = 0
    reserve: tuple[Candidate, ...] = ()


class AbstractStrategy(ABC):
    """Proposes instructions. The pool is its memory: the same pool and predictor give the same proposal."""

    @property
    @abstractmethod
    def requirements(self) -> Requirements:
        """What it needs, and the most that one proposal spends."""

    def check(self, encoder: AbstractEncoder | None) -> None:  # noqa: B027, for whom any will do
        """Checks what `requirements` can't say, before anything is paid for.

        Raises:
            ValueError: it can't work with this encoder, or a package is missing.
        """

    def longest_requests(
        self,
        demonstrations: Sequence[Example],
        longest: str,
        scored: Sequence[Example] = (),
        follows_requests: bool = True,
    ) -> list[Request]:
        """Builds the largest requests of one proposal to the proposer; nothing if the white box writes.

        Args:
            demonstrations: the split's demonstration examples.
            longest: an instruction as long as one can be.
            scored: the validation examples, where requests show what an instruction got wrong.
            follows_requests: whether the proposer carries out what a prompt says.
        """
        return []

    def longest_exemplars(self, demonstrations: Sequence[Example]) -> str:
        """Builds what can stand behind an instruction at most, as part of a candidate's text; nothing by default.

        Args:
            demonstrations: the split's demonstration examples.
        """
        return ""

    def leaders(
        self,
        rows: Sequence[ScoredInstruction],
        pool: Pool,
        predictor: RewardPredictor | None,
        context: SearchContext,
    ) -> Sequence[ScoredInstruction]:
        """The scored instructions of which to learn more, the most important first; by posterior mean here.

        Args:
            rows: those that can be scored on more examples, by posterior mean; at least one.
            pool: every scored instruction.
            predictor: fitted on the pool; None unless `requirements` declares it.
            context: models, examples, seed.
        """
        return rows

    @abstractmethod
    def propose(self, pool: Pool, predictor: RewardPredictor | None, context: SearchContext) -> Proposal:
        """Names the instructions to score next, given all that is known.

        Args:
            pool: every scored instruction.
            predictor: fitted on the pool; None unless `requirements` declares it.
            context: models, examples, seed.
        """
