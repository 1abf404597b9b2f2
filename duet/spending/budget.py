"""Hard caps on what a run may spend."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from duet.models.base import NOT_SENT, AbstractBlackBox, AbstractWrapper, Arrived, Outcome, Request, always
from duet.models.errors import BudgetSpent
from duet.models.prices import Prices

_TEMPLATE_TOKENS = 64  # what a chat template adds to a prompt, at most


@dataclass(frozen=True)
class Budget:
    """Caps of a run, over all its restarts; None is no cap.

    Args:
        max_calls: most requests.
        max_tokens: most tokens, prompts and answers together.
        max_cost_usd: most US dollars; needs the prices of every endpoint.
        max_time: most seconds; no request is sent afterwards.
    """

    max_calls: int | None = None
    max_tokens: int | None = None
    max_cost_usd: float | None = None
    max_time: float | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            cap = getattr(self, field.name)
            if cap is not None and not cap > 0:
                raise ValueError(f"Expected {field.name} to be positive but got {cap}")

    @property
    def caps_purchases(self) -> bool:
        """Whether there is a cap on what is bought; one on time is none."""
        return any(cap is not None for cap in (self.max_calls, self.max_tokens, self.max_cost_usd))


@dataclass(frozen=True)
class Usage:
    """What was spent.

    >>> Usage(1, 10, 2) + Usage(1, 5, 1)
    Usage(calls=2, prompt_tokens=15, completion_tokens=3)
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
        )

    def __mul__(self, times: int) -> Usage:
        return Usage(self.calls * times, self.prompt_tokens * times, self.completion_tokens * times)

    @property
    def tokens(self) -> int:
        """Prompts and answers together."""
        return self.prompt_tokens + self.completion_tokens


class Ledger:
    """Counts what was spent and what is reserved; several black boxes may share one.

    Args:
        budget: the caps.
        clock: seconds of a clock that never goes back.
    """

    def __init__(self, budget: Budget, clock: Callable[[], float] = time.monotonic) -> None:
        self.spent = Usage()
        self._budget = budget
        self._clock = clock
        self._started = clock()
        self._earlier_ms = 0
        self.kept = Usage()  # room that no request may take, such as the final test's
        self._reserved = Usage()
        self._lock = threading.Lock()

    @property
    def remaining_calls(self) -> int | None:
        """Calls that may still be asked; None without a cap."""
        if self._budget.max_calls is None:
            return None
        return max(0, self._budget.max_calls - self.spent.calls - self._reserved.calls - self.kept.calls)

    @property
    def has_time(self) -> bool:
        """Whether a request may still be sent."""
        return self._budget.max_time is None or self._milliseconds() < 1000 * self._budget.max_time

    def reserve(self, bound: Usage) -> None:
        """Sets aside the most that a call can cost.

        Raises:
            BudgetSpent: names the cap, what was spent and what more was asked; nothing is set aside.
        """
        with self._lock:
            held = self.spent + self._reserved
            _check_cap("max_calls", self._budget.max_calls, held.calls, bound.calls, self.kept.calls)
            _check_cap("max_tokens", self._budget.max_tokens, held.tokens, bound.tokens, self.kept.tokens)
            if bound.calls and not self.has_time:
                seconds = self._milliseconds() / 1000
                raise BudgetSpent(f"cap max_time={self._budget.max_time}: {seconds:.0f} seconds spent")
            self._reserved += bound

    def settle(self, bound: Usage, cost: Usage) -> None:
        """Frees what was reserved and counts what the call did cost."""
        with self._lock:
            self._reserved += _negative(bound)
            self.spent += cost

    def _milliseconds(self) -> int:
        return self._earlier_ms + math.floor(1000 * (self._clock() - self._started))

    def state_dict(self) -> dict[str, int]:
        """Plain integers, for a checkpoint; the time of all runs so far is among them."""
        return vars(self.spent) | {"milliseconds": self._milliseconds()}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Goes on counting where ``state_dict`` was taken."""
        self.spent = Usage(state["calls"], state["prompt_tokens"], state["completion_tokens"])
        self._earlier_ms = state["milliseconds"]
        self._started = self._clock()


class BudgetedBlackBox(AbstractWrapper):
    """Reserves the most that its requests can cost before they are sent, and settles with what they did cost.

    A prompt's bound is its bytes in UTF-8, as no tokenizer makes more tokens, and a margin for the chat template. Every
    request counts as one call, however often a client retries it, and every answer counts, one from a cache underneath
    too: so a resumed run, whose first answers come from the cache, counts the same as one that was never interrupted.

    Args:
        inner: the black box that is asked.
        ledger: the caps and the count, maybe shared with another black box.
    """

    def __init__(self, inner: AbstractBlackBox, ledger: Ledger) -> None:
        super().__init__(inner)
        self.ledger = ledger

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """Answers ``requests`` or, where they could exceed a cap, sends none of them; nothing is sent after the time.

        Raises:
            BudgetSpent: names the cap, what was spent and what more was asked.
        """
        bound, cost = most(requests, self._inner.overhead), Usage()
        self.ledger.reserve(bound)
        try:
            for arrived in self._inner.stream(requests, lambda: self.ledger.has_time and may_send()):
                cost += _cost(arrived.values())
                yield arrived
        finally:
            self.ledger.settle(bound, cost)


def _check_cap(name: str, cap: int | None, held: int, more: int, kept: int) -> None:
    if cap is not None and held + more + kept > cap:
        room = f", {kept} kept for the final test" if kept else ""
        raise BudgetSpent(f"cap {name}={cap}: {held} spent, {more} more asked{room}")


def most(requests: Sequence[Request], overhead: int = 0) -> Usage:
    """The most that the requests can cost, each sent with ``overhead`` more bytes."""
    beyond = _TEMPLATE_TOKENS + overhead
    prompts = sum(len(request.prompt.encode(errors="replace")) + beyond for request in requests)
    return Usage(len(requests), prompts, sum(request.max_tokens for request in requests))


def _cost(outcomes: Iterable[Outcome]) -> Usage:
    sent = [outcome for outcome in outcomes if outcome is not NOT_SENT]
    prompts = sum(outcome.prompt_tokens for outcome in sent)
    return Usage(len(sent), prompts, sum(outcome.completion_tokens for outcome in sent))


def _negative(usage: Usage) -> Usage:
    return Usage(-usage.calls, -usage.prompt_tokens, -usage.completion_tokens)


def cost(usage: Usage, prices: Prices) -> int:
    """Picodollars."""
    return prices.cost(usage.prompt_tokens, usage.completion_tokens)
