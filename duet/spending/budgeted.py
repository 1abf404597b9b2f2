"""A black box within a budget: the answers that a run uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from duet.models.base import NOT_SENT, AbstractBlackBox, AbstractWrapper, Arrived, Outcome, Request, always
from duet.models.metering import AbstractMeter, AbstractMeterWrapper, Charge, Verdict, as_meter
from duet.spending.budget import Usage, most_of
from duet.spending.call_budget import CallBudget


class BudgetedBlackBox(AbstractWrapper):
    """Plans with what its requests are expected to cost, and counts what they did cost.

    Every answer counts as one call, one from a cache underneath too: so a resumed run, whose first answers come from
    the cache, counts the same as one that was never interrupted. Retries are counted where they are sent
    (`duet.spending.metered.MeteredBlackBox`).

    Args:
        inner: the black box that answers.
        budget: the caps and the count, maybe shared with another black box.
    """

    def __init__(self, inner: AbstractBlackBox, budget: CallBudget) -> None:
        super().__init__(inner)
        self.budget = budget

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """Answers ``requests`` or, if they are expected to exceed a cap, sends none of them.

        Those that have no room or no time in the end are `NOT_SENT`.

        Raises:
            BudgetSpent: names the cap, what was spent and what more is needed.
        """
        if not requests:
            return
        model = self.budget.models[self.identity]
        expected = model.expected_of([self._bound(request) for request in requests])
        self.budget.plan(expected, self._bound(requests[0]))
        try:
            for arrived in self._inner.stream(requests, _UseMeter(as_meter(may_send), self.budget, self._bound)):
                yield {index: self._counted(requests[index], outcome) for index, outcome in arrived.items()}
        finally:
            self.budget.release(expected)

    def _bound(self, request: Request) -> Usage:
        return most_of(request, self._inner.overhead, self._inner.answer_overhead)

    def _counted(self, request: Request, outcome: Outcome) -> Outcome:
        if outcome is NOT_SENT:
            return outcome
        used = Usage(1, outcome.prompt_tokens, outcome.completion_tokens)
        if not self.budget.use(used):
            return NOT_SENT
        if used.tokens:
            self.budget.models[self.identity].learn(self._bound(request), used)
        return outcome


class _UseMeter(AbstractMeterWrapper):
    """Reserves tokens and time for each request that is sent."""

    def __init__(self, outer: AbstractMeter, budget: CallBudget, bound: Callable[[Request], Usage]) -> None:
        super().__init__(outer)
        self._budget, self._bound = budget, bound

    def __call__(self) -> bool:
        """Unless the time is up."""
        return self._budget.has_time and super().__call__()

    @property
    def seconds_left(self) -> float | None:
        """The budget's, or less."""
        own, other = self._budget.seconds_left, super().seconds_left
        return own if other is None or (own is not None and own < other) else other

    def begin(self, request: Request) -> Verdict:
        """Asks the budget last."""
        verdict = super().begin(request)
        if verdict is not Verdict.SEND:
            return verdict
        verdict = self._budget.begin(self._bound(request))
        if verdict is not Verdict.SEND:
            super().end(request, Charge())
        return verdict

    def end(self, request: Request, charge: Charge | None) -> None:
        """Frees what was reserved."""
        self._budget.end(self._bound(request))
        super().end(request, charge)
