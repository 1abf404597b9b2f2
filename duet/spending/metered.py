"""A black box whose every attempt is paid for: written down before it is sent, and booked when it has ended."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence

from duet.models.base import AbstractBlackBox, AbstractWrapper, Arrived, Request, always
from duet.models.metering import AbstractMeter, AbstractMeterWrapper, Charge, Verdict, as_meter
from duet.models.prices import Prices, dollars
from duet.spending.budget import Usage, cost, most_of
from duet.spending.call_budget import CallBudget
from duet.spending.cost_journal import Cost
from duet.spending.purchase_budget import PurchaseBudget

_PLAUSIBLE = 10  # times the bound: a server that counts more does not count tokens
log = logging.getLogger("duet")


class MeteredBlackBox(AbstractWrapper):
    """Keeps the caps by the server's count: each attempt counts, whatever becomes of it.

    It stands within the cache, and a `BudgetedBlackBox` around it: an answer that another run paid for costs nothing.

    Args:
        inner: the black box that is paid; it calls its meter before every attempt.
        prices: what its tokens cost; nothing if that is unknown.
        purchases: caps and journal, maybe shared with another black box.
        budget: knows what requests are expected to cost.
    """

    def __init__(self, inner: AbstractBlackBox, prices: Prices, purchases: PurchaseBudget, budget: CallBudget) -> None:
        super().__init__(inner)
        self._prices, self.purchases, self.budget = prices, purchases, budget
        self._model = budget.models[inner.identity]

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """Answers ``requests`` or, if they are expected to exceed a cap, sends none of them.

        The caps are checked at once, before the first outcome is awaited.

        Raises:
            BudgetSpent: names the cap and what more is needed.
        """
        if requests:
            expected = self._model.expected_of([self._bound(request) for request in requests])
            self.purchases.plan(self._cost(expected), self._cost(self._bound(requests[0])))
        return self._metered(requests, _AttemptMeter(as_meter(may_send), self))

    def _metered(self, requests: Sequence[Request], meter: AbstractMeter) -> Iterator[Arrived]:
        before = self.purchases.wasted
        try:
            yield from self._inner.stream(requests, meter)
        finally:
            self.purchases.journal.sync()
            wasted = self.purchases.wasted - before
            if wasted.calls:
                price = dollars(wasted.picodollars)
                money = f", up to ${price:.4f} in addition to what was paid" if price else ""
                log.warning("%d attempts brought no answer and may have been charged%s", wasted.calls, money)

    def begin(self, request: Request) -> Verdict:
        """Writes an attempt down if it has room."""
        return self.purchases.begin(self._cost(self._bound(request)))

    def end(self, request: Request, charge: Charge | None) -> None:
        """Books an attempt."""
        bound, is_answered, used = self._bound(request), charge is not None, None
        if charge and charge.is_counted:
            used = self._cost(Usage(1, charge.prompt_tokens, charge.completion_tokens))
            if used.tokens > _PLAUSIBLE * bound.tokens:
                log.warning(
                    "%s reports more tokens than an answer can have; the answer is charged at its bound", self.endpoint
                )
                used = None
        self.purchases.end(self._cost(bound), used, self.identity, is_answered)

    def _bound(self, request: Request) -> Usage:
        return most_of(request, self._inner.overhead, self._inner.answer_overhead)

    def _cost(self, usage: Usage) -> Cost:
        return Cost(usage.calls, usage.tokens, cost(usage, self._prices))


class _AttemptMeter(AbstractMeterWrapper):
    """Asks the budget of purchases last, so that nothing is written down that is not sent."""

    def __init__(self, outer: AbstractMeter, box: MeteredBlackBox) -> None:
        super().__init__(outer)
        self._box = box

    def begin(self, request: Request) -> Verdict:
        """Returns whether an attempt may be sent now."""
        verdict = super().begin(request)
        if verdict is not Verdict.SEND:
            return verdict
        verdict = self._box.begin(request)
        if verdict is not Verdict.SEND:
            super().end(request, Charge())
        return verdict

    def end(self, request: Request, charge: Charge | None) -> None:
        """Books the attempt."""
        self._box.end(request, charge)
        super().end(request, charge)
