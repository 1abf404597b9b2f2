"""Permission to send, attempt by attempt, and what each attempt may have been charged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import takewhile

from duet.models.base import NOT_SENT, Arrived, Completion, Outcome, Request, always
from duet.models.errors import ProviderError


class Verdict(Enum):
    """Whether an attempt may be sent: now, maybe when another one has ended, or never."""

    SEND = auto()
    WAIT = auto()
    STOP = auto()


@dataclass(frozen=True)
class Charge:
    """The tokens that the provider has counted for one attempt.

    Args:
        prompt_tokens: of the prompt.
        completion_tokens: of the answer.
        is_counted: whether the provider reported them; else the answer counts as the most that it can cost.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    is_counted: bool = True


UNCHARGED = Charge()


def charge_of(outcome: Outcome) -> Charge:
    """Returns what an outcome says that it cost."""
    is_counted = not (isinstance(outcome, Completion) and outcome.estimated)
    return Charge(outcome.prompt_tokens, outcome.completion_tokens, is_counted)


class AbstractMeter(ABC):
    """Decides before each attempt whether it may be sent, then books its outcome; calling it tells whether more may."""

    @abstractmethod
    def __call__(self) -> bool:
        """Returns whether anything more may be sent at all."""

    @property
    @abstractmethod
    def seconds_left(self) -> float | None:
        """Until nothing more may be sent; None is no limit."""

    @property
    @abstractmethod
    def is_leaving(self) -> bool:
        """Whether nobody waits for answers any more but to store those that are under way."""

    @abstractmethod
    def begin(self, request: Request) -> Verdict:
        """Reserves the most that an attempt can cost; it is sent only if the verdict is SEND."""

    @abstractmethod
    def end(self, request: Request, charge: Charge | None) -> None:
        """Replaces the reservation of one attempt by what it cost; None is unknown: it brought no
        answer, may have been charged, and counts as the most."""


@dataclass(frozen=True)
class Permission(AbstractMeter):
    """Counts nothing.

    Args:
        may_send: whether anything more may be sent.
        leaving: see ``is_leaving``.
    """

    may_send: Callable[[], bool] = always
    leaving: Callable[[], bool] = lambda: False

    def __call__(self) -> bool:
        """Returns whether anything more may be sent at all."""
        return self.may_send()

    @property
    def seconds_left(self) -> float | None:
        """No limit that is known."""
        return None

    @property
    def is_leaving(self) -> bool:
        """Whether the caller has left."""
        return self.leaving()

    def begin(self, request: Request) -> Verdict:
        """Allows it unless nothing may be sent."""
        return Verdict.SEND if self.may_send() else Verdict.STOP

    def end(self, request: Request, charge: Charge | None) -> None:
        """Nothing was reserved."""


class AbstractMeterWrapper(AbstractMeter):
    """A meter that adds something to another one.

    Args:
        outer: the meter that decides first and books last.
    """

    def __init__(self, outer: AbstractMeter) -> None:
        self._outer = outer

    def __call__(self) -> bool:
        """As the outer one."""
        return self._outer()

    @property
    def seconds_left(self) -> float | None:
        """As the outer one."""
        return self._outer.seconds_left

    @property
    def is_leaving(self) -> bool:
        """As the outer one."""
        return self._outer.is_leaving

    def begin(self, request: Request) -> Verdict:
        """As the outer one."""
        return self._outer.begin(request)

    def end(self, request: Request, charge: Charge | None) -> None:
        """As the outer one."""
        self._outer.end(request, charge)


def as_meter(may_send: Callable[[], bool]) -> AbstractMeter:
    """A meter as it is; any other permission as one that counts nothing."""
    return may_send if isinstance(may_send, AbstractMeter) else Permission(may_send)


def in_batches(
    requests: Sequence[Request],
    size: int,
    answer: Callable[[Sequence[Request]], Sequence[Outcome]],
    may_send: Callable[[], bool] = always,
) -> Iterator[Arrived]:
    """The stream of a black box that answers ``size`` requests at a time.

    >>> echo = lambda batch: [Completion(request.prompt, 1, 1) for request in batch]
    >>> [list(arrived) for arrived in in_batches([Request("a"), Request("b"), Request("c")], 2, echo)]
    [[0, 1], [2]]
    """
    meter, start = as_meter(may_send), 0
    while start < len(requests):
        batch = _begun(meter, requests[start : start + size])
        if not batch:
            yield dict.fromkeys(range(start, len(requests)), NOT_SENT)
            return
        yield dict(enumerate(_answered(meter, batch, answer), start))
        start += len(batch)


def _begun(meter: AbstractMeter, batch: Sequence[Request]) -> list[Request]:
    """The first ones, as many as may be sent at once."""
    return list(takewhile(lambda request: meter.begin(request) is Verdict.SEND, batch)) if meter() else []


def _answered(
    meter: AbstractMeter, sent: Sequence[Request], answer: Callable[[Sequence[Request]], Sequence[Outcome]]
) -> Sequence[Outcome]:
    try:
        outcomes = answer(sent)
    except ProviderError:  # it refused
        for request in sent:
            meter.end(request, UNCHARGED)
        raise
    for request, outcome in zip(sent, outcomes, strict=True):
        meter.end(request, charge_of(outcome))
    return outcomes
