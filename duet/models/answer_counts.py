"""Counts how answers came: whole, cut, empty, or not at all and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from duet.models.base import AbstractBlackBox, AbstractWrapper, Arrived, Completion, Outcome, Request, always


@dataclass(frozen=True)
class AnswerCounts:
    """Counts the answers, and those of them that say little.

    >>> str(AnswerCounts.of([Completion("a", 1, 1), Completion("", 1, 0)]))
    '1 of 2 answers empty'

    Args:
        answers: that came, cut and empty ones included.
        cut: that ended at their limit of tokens.
        empty: without a letter, digit or sign.
        failures: of each kind, such as ``refused`` or ``filtered``.
    """

    answers: int = 0
    cut: int = 0
    empty: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> AnswerCounts:
        """Counts outcomes."""
        outcomes = list(outcomes)
        answers = [outcome for outcome in outcomes if isinstance(outcome, Completion)]
        failures = Counter(outcome.kind for outcome in outcomes if not isinstance(outcome, Completion))
        cut, empty = sum(answer.cut for answer in answers), sum(answer.is_empty for answer in answers)
        return cls(len(answers), cut, empty, dict(sorted(failures.items())))

    def __add__(self, other: AnswerCounts) -> AnswerCounts:
        failures = dict(sorted((Counter(self.failures) + Counter(other.failures)).items()))
        return AnswerCounts(self.answers + other.answers, self.cut + other.cut, self.empty + other.empty, failures)

    def __str__(self) -> str:
        """Returns what is remarkable in one line; nothing if every answer came whole."""
        requests = self.answers + sum(self.failures.values())
        named = {"cut": self.cut, "empty": self.empty, **self.failures}
        parts = [f"{count:,} {name.replace('_', ' ')}" for name, count in named.items() if count]
        if not parts:
            return ""
        first, _, word = parts[0].partition(" ")
        return ", ".join([f"{first} of {requests:,} answers {word}", *parts[1:]])


class CountingBlackBox(AbstractWrapper):
    """Counts the outcomes of everything that passes; put it outside of a cache, so that stored answers count, too.

    Args:
        inner: the black box that answers.
    """

    def __init__(self, inner: AbstractBlackBox) -> None:
        super().__init__(inner)
        self.counts = AnswerCounts()

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """Hands on what arrives."""
        for arrived in self._inner.stream(requests, may_send):
            self.counts += AnswerCounts.of(arrived.values())
            yield arrived
