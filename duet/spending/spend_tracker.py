"""Wires a search's black boxes to their cache, their caps and the journal of what they cost."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from duet.amounts import usd
from duet.models.base import AbstractBlackBox
from duet.models.endpoint import prices_of
from duet.models.prices import FREE, dollars
from duet.spending.budget import Budget, Usage, cost
from duet.spending.budgeted import BudgetedBlackBox
from duet.spending.cache_file import CACHE, user_cache_path
from duet.spending.cached import CachedBlackBox
from duet.spending.call_budget import CallBudget
from duet.spending.cost_journal import SPENDING, Cost, CostJournal
from duet.spending.metered import MeteredBlackBox
from duet.spending.progress import ProgressBlackBox
from duet.spending.purchase_budget import PurchaseBudget
from duet.spending.usage_model import UsageModel


class SpendTracker:
    """Pays for what is bought, keeps it in a cache, and counts it.

    Calls and tokens count every answer that the search uses, whether or not a cache knew it, so that a resumed run
    counts the same as one that was never interrupted. Dollars are those that this run has paid, over all its restarts:
    what another run has paid for, and this one finds in a shared cache, costs it nothing. What may have been charged
    without an answer counts against every cap, and is shown beside what was paid.

    Args:
        boxes: the task's black box and the one that writes instructions, maybe the same.
        budget: the caps.
        cache: ``auto``, ``user``, ``run``, ``off`` or a path.
        judges: whether the second one also scores answers, so that room is kept at the dearer of their prices.

    Raises:
        ValueError: a cap in dollars, and an endpoint whose prices are unknown.
    """

    def __init__(
        self, boxes: tuple[AbstractBlackBox, AbstractBlackBox], budget: Budget, cache: str, judges: bool = False
    ) -> None:
        self.boxes, self.budget = boxes, budget
        self._planned = boxes if judges else boxes[:1]
        self._cache = cache
        self._calls, self._purchases = CallBudget(budget), PurchaseBudget(budget)
        self._check_prices()

    def _check_prices(self) -> None:
        unknown = next((box.endpoint for box in self.boxes if prices_of(box.endpoint) is None), None)
        if self.budget.max_cost_usd is not None and unknown:
            raise ValueError(
                f"search.budget.max_cost_usd: expected known prices but there are none for {unknown}; "
                "set init_args.prices of the black box to {prompt: P, completion: C}, US dollars per million tokens"
            )

    def open(self, folder: Path) -> tuple[AbstractBlackBox, AbstractBlackBox]:
        """The black boxes for a run in ``folder``, which may have spent something already."""
        self._purchases = PurchaseBudget(self.budget, CostJournal(folder / SPENDING))
        return self._wrapped(self.boxes[0], folder), self._wrapped(self.boxes[1], folder)

    def _wrapped(self, box: AbstractBlackBox, folder: Path) -> AbstractBlackBox:
        path, prices = self.cache_path(box, folder), prices_of(box.endpoint) or FREE
        metered = MeteredBlackBox(box, prices, self._purchases, self._calls) if box.endpoint else box
        budgeted = BudgetedBlackBox(CachedBlackBox(metered, path) if path else metered, self._calls)
        return ProgressBlackBox(budgeted, lambda: self.so_far)

    def cache_path(self, box: AbstractBlackBox, folder: Path) -> Path | None:
        """Returns where the answers of a black box are kept; None without a cache."""
        if not box.keeps_answers:
            return None
        paid = box.endpoint is not None and box.endpoint.costs_money
        place = self._cache if self._cache != "auto" else "user" if paid else "run"
        known = {"off": None, "run": folder / CACHE, "user": user_cache_path()}
        return known[place] if place in known else Path(place).expanduser()

    @property
    def named(self) -> dict[str, AbstractBlackBox]:
        """The black boxes by their names in the settings, each once."""
        task, writer = self.boxes
        return {"black_box": task} if writer is task else {"black_box": task, "proposer": writer}

    @property
    def usage(self) -> Usage:
        """Calls and tokens of the answers used so far, over all restarts."""
        return self._calls.spent

    @property
    def usd(self) -> float | None:
        """US dollars paid so far, over all restarts; None if an endpoint's prices are unknown."""
        return dollars(self._purchases.journal.paid.picodollars) if self._knows_prices else None

    @property
    def so_far(self) -> str:
        """What was paid, as the end of a line; empty if nothing was."""
        return f", {usd(self.usd)} so far" if self.usd else ""

    @property
    def possibly_charged(self) -> Cost:
        """Attempts that may have been charged and brought no answer, over all restarts, at the most that they cost."""
        return self._purchases.journal.possible

    @property
    def possibly_charged_usd(self) -> float | None:
        """The same in US dollars; None if an endpoint's prices are unknown."""
        return dollars(self.possibly_charged.picodollars) if self._knows_prices else None

    @property
    def _knows_prices(self) -> bool:
        return all(prices_of(box.endpoint) for box in self.boxes)

    @property
    def models(self) -> list[UsageModel]:
        """What was learned of the answers of each box."""
        return [self._calls.models[box.identity] for box in self.boxes]

    @property
    def costs_money(self) -> bool:
        """Whether a call is, or may be, paid for."""
        return any(box.endpoint and box.endpoint.costs_money for box in self.boxes)

    @property
    def remaining_calls(self) -> int | None:
        """Answers that can still be used beside those that are kept; None without a cap."""
        left = self._calls.remaining_calls
        return None if left is None else max(0, left - self.possibly_charged.calls)

    def keep(self, needed: Usage) -> None:
        """Keeps room for what the task's black box will still be needed for; replaces what was kept before.

        Args:
            needed: the most that it can cost; as much is kept as it is expected to cost.
        """
        expected = self._expected(needed)
        self._calls.kept, self._purchases.kept = expected, self._cost(expected)

    def affordable(self, needed: Callable[[int], Usage], count: int) -> int:
        """Returns how many things can be paid for, by bisection: ``needed`` is called about log2(``count``) times.

        Args:
            needed: the most that the task's black box can cost for the first k of them, with what has to be kept
                beside; k is from 1 to ``count``. What it is expected to cost is learned from the answers so far.
            count: of the things.
        """
        return bisect_left(range(1, count + 1), True, key=lambda number: not self._has_room(needed(number)))

    def _has_room(self, needed: Usage) -> bool:
        expected = self._expected(needed)
        bought = self._purchases.has_room(self._cost(expected)) if self.boxes[0].endpoint else True
        return bought and self._calls.has_room(expected)

    def _expected(self, needed: Usage) -> Usage:
        return self._calls.models[self.boxes[0].identity].expected(needed)

    def _cost(self, usage: Usage) -> Cost:
        """Of purchases, with as many retries as there were so far."""
        price = max(cost(usage, prices_of(box.endpoint) or FREE) for box in self._planned)
        return Cost(
            *(math.ceil(part * self._purchases.attempts_per_answer) for part in (usage.calls, usage.tokens, price))
        )

    def state_dict(self) -> dict[str, Any]:
        """Calls, tokens, time and what was learned; the dollars have a journal of their own."""
        return self._calls.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continues to count where ``state_dict`` was taken."""
        self._calls.load_state_dict(state)
