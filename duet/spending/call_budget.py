"""Hard caps on the answers that a run uses, and on its time."""

from __future__ import annotations

import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from duet.models.errors import BudgetSpent
from duet.models.metering import Verdict
from duet.spending.budget import Budget, Usage
from duet.spending.usage_model import UsageModel


class CallBudget:
    """Counts the answers that a run uses, from a cache too, and what is reserved; several black boxes may share it.

    A group of requests is planned with what it is expected to cost; each request is sent only if the most that it can
    cost has room beside those that are in flight. So a cap is used up as far as it allows, and never exceeded.

    Args:
        budget: the caps.
        clock: seconds of a clock that never goes back.
    """

    def __init__(self, budget: Budget, clock: Callable[[], float] = time.monotonic) -> None:
        self.spent = Usage()
        self.kept = Usage()  # room that no request may take, such as the final test's
        self.models: defaultdict[str, UsageModel] = defaultdict(UsageModel)  # by the black box's identity
        self._budget = budget
        self._clock = clock
        self._started = clock()
        self._earlier_ms = 0
        self._planned = Usage()
        self._in_flight = Usage()
        self._lock = threading.Lock()

    @property
    def remaining_calls(self) -> int | None:
        """Calls that may still be planned; None without a cap."""
        if self._budget.max_calls is None:
            return None
        return max(0, self._budget.max_calls - self.spent.calls - self._planned.calls - self.kept.calls)

    @property
    def seconds_left(self) -> float | None:
        """Until no request may be sent any more; None without a cap."""
        if self._budget.max_time is None:
            return None
        return max(0.0, self._budget.max_time - self._milliseconds() / 1000)

    @property
    def has_time(self) -> bool:
        """Whether a request may still be sent."""
        return self.seconds_left is None or self.seconds_left > 0

    def has_room(self, needed: Usage) -> bool:
        """Returns whether this fits beside what was spent and planned; what is kept is not considered."""
        held = self.spent + self._planned + needed
        return _fits(self._budget.max_calls, held.calls) and _fits(self._budget.max_tokens, held.tokens)

    def plan(self, expected: Usage, first: Usage) -> None:
        """Sets aside what requests are expected to cost.

        Args:
            expected: all of them.
            first: the most that the first one can cost.

        Raises:
            BudgetSpent: names the cap, what was spent and what more is needed; nothing is set aside.
        """
        tokens = max(expected.tokens, first.tokens)
        with self._lock:
            held = self.spent + self._planned
            check_cap("max_calls", self._budget.max_calls, held.calls, expected.calls, self.kept.calls)
            check_cap("max_tokens", self._budget.max_tokens, held.tokens, tokens, self.kept.tokens)
            if expected.calls and not self.has_time:
                seconds = self._milliseconds() / 1000
                raise BudgetSpent(f"cap max_time={self._budget.max_time}: {seconds:.0f} seconds spent")
            self._planned += expected

    def release(self, expected: Usage) -> None:
        """Frees what was set aside by ``plan``."""
        with self._lock:
            self._planned -= expected

    def begin(self, bound: Usage) -> Verdict:
        """Reserves the most that a request can cost."""
        with self._lock:
            if not self.has_time:
                return Verdict.STOP
            held = self.spent + self._in_flight + bound + self.kept
            if not _fits(self._budget.max_tokens, held.tokens):
                return Verdict.WAIT if self._in_flight.calls else Verdict.STOP
            self._in_flight += bound
            return Verdict.SEND

    def end(self, bound: Usage) -> None:
        """Frees what was reserved; ``use`` counts what it became."""
        with self._lock:
            self._in_flight -= bound

    def use(self, cost: Usage) -> bool:
        """Counts an answer; False if it would exceed a cap, as one from a cache may, and is not counted."""
        with self._lock:
            after = self.spent + cost
            if not (_fits(self._budget.max_tokens, after.tokens) and _fits(self._budget.max_calls, after.calls)):
                return False
            self.spent = after
            return True

    def _milliseconds(self) -> int:
        return self._earlier_ms + math.floor(1000 * (self._clock() - self._started))

    def state_dict(self) -> dict[str, Any]:
        """Plain values, for a checkpoint; the time of all runs so far is among them."""
        learned = {identity: model.state_dict() for identity, model in self.models.items()}
        return vars(self.spent) | {"milliseconds": self._milliseconds(), "learned": learned}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continues to count where ``state_dict`` was taken."""
        self.spent = Usage(state["calls"], state["prompt_tokens"], state["completion_tokens"])
        self._earlier_ms = state["milliseconds"]
        self._started = self._clock()
        for identity, learned in state.get("learned", {}).items():
            self.models[identity].load_state_dict(learned)


def check_cap(name: str, cap: float | None, held: int, more: int, kept: int) -> None:
    """Checks whether more fits beside what is held and kept.

    Raises:
        BudgetSpent: it does not.
    """
    if not _fits(cap, held + more + kept):
        room = f", {kept} kept for the final test" if kept else ""
        raise BudgetSpent(f"cap {name}={cap}: {held} spent, {more} more needed{room}")


def _fits(cap: float | None, amount: int) -> bool:
    return cap is None or amount <= cap
