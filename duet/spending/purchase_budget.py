"""Hard caps on what a run may have been charged, by the server's count: calls, tokens and dollars of every attempt."""

from __future__ import annotations

import threading
from collections import defaultdict

from duet.models.errors import BudgetSpent
from duet.models.metering import Verdict
from duet.models.prices import dollars, in_picodollars
from duet.spending.budget import Budget
from duet.spending.call_budget import check_cap
from duet.spending.cost_journal import Cost, CostJournal


class PurchaseBudget:
    """Allows an attempt only if the most that it can cost has room; several black boxes may share it.

    Args:
        budget: the caps.
        journal: of the run's attempts, over all its restarts.
    """

    def __init__(self, budget: Budget, journal: CostJournal | None = None) -> None:
        self.kept = Cost()  # room that no request may take, such as the final test's
        self.journal = journal or CostJournal()
        self.wasted = Cost()  # attempts of this process that may have been charged and brought no answer
        self._answered = 0
        self._budget = budget
        self._in_flight: defaultdict[Cost, list[str]] = defaultdict(list)  # attempts by their bound
        self._count = 0
        self._lock = threading.Lock()

    @property
    def attempts_per_answer(self) -> float:
        """How often a request had to be sent, on average."""
        return 1 + self.wasted.calls / self._answered if self._answered else 1.0

    def has_room(self, needed: Cost) -> bool:
        """Returns whether this fits beside what was charged; what is kept is not considered."""
        return self._fits(self.journal.total + needed)

    def plan(self, expected: Cost, first: Cost) -> None:
        """Checks whether requests can be sent; nothing is set aside.

        Args:
            expected: all of them.
            first: the most that the first one can cost.

        Raises:
            BudgetSpent: names the cap, what was spent and what more is needed.
        """
        held, kept = self.journal.total, self.kept
        tokens, price = max(expected.tokens, first.tokens), max(expected.picodollars, first.picodollars)
        check_cap("max_calls", self._budget.max_calls, held.calls, expected.calls, kept.calls)
        check_cap("max_tokens", self._budget.max_tokens, held.tokens, tokens, kept.tokens)
        usd = self._budget.max_cost_usd
        if usd is not None and held.picodollars + price + kept.picodollars > in_picodollars(usd):
            raise BudgetSpent(f"cap max_cost_usd={usd}: {self._spent()}, {_usd(price)} more needed{_room(kept)}")

    def begin(self, bound: Cost) -> Verdict:
        """Writes an attempt down if it has room."""
        with self._lock:
            if not self._fits(self.journal.total + bound + self.kept):
                return Verdict.WAIT if self._count else Verdict.STOP
            self._in_flight[bound].append(self.journal.begin(bound))
            self._count += 1
            return Verdict.SEND

    def end(self, bound: Cost, cost: Cost | None, paid_for: str, is_answered: bool = True) -> None:
        """Counts an attempt that began with this bound; None is unknown, and stays booked at its bound."""
        with self._lock:
            name = self._in_flight[bound].pop()
            self._count -= 1
            self.journal.end(name, cost, paid_for)
            if is_answered:
                self._answered += 1
            else:
                self.wasted += bound

    def _fits(self, held: Cost) -> bool:
        budget = self._budget
        return (
            (budget.max_calls is None or held.calls <= budget.max_calls)
            and (budget.max_tokens is None or held.tokens <= budget.max_tokens)
            and (budget.max_cost_usd is None or held.picodollars <= in_picodollars(budget.max_cost_usd))
        )

    def _spent(self) -> str:
        possible = self.journal.possible.picodollars
        beside = f" and {_usd(possible)} possibly charged" if possible else ""
        return f"{_usd(self.journal.paid.picodollars)} paid{beside}"


def _usd(picodollars: int) -> str:
    return f"{dollars(picodollars):.6f}"


def _room(kept: Cost) -> str:
    return f", {_usd(kept.picodollars)} kept for the final test" if kept.picodollars else ""
