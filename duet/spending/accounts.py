"""Who pays for a search: its black boxes with their cache, one budget for all of them, and what was spent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from duet.models.base import AbstractBlackBox
from duet.models.endpoint import prices_of
from duet.models.prices import FREE
from duet.spending.budget import Budget, BudgetedBlackBox, Ledger, Usage, cost
from duet.spending.cache_file import user_cache_path
from duet.spending.cached import CachedBlackBox
from duet.spending.spending import SPENDING, PaidBlackBox, Spending

CACHE = "calls.sqlite"


class Accounts:
    """What is bought is paid, kept in a cache, and counted.

    Calls and tokens count every answer that the search uses, whether or not a cache knew it, so that a resumed run
    counts the same as one that was never interrupted. Dollars are those that this run has paid, over all its restarts:
    what another run has paid for, and this one finds in a shared cache, costs it nothing.

    Args:
        boxes: the task's black box and the one that writes instructions, maybe the same.
        budget: the caps.
        cache: ``auto``, ``user``, ``run``, ``off`` or a path.

    Raises:
        ValueError: a cap in dollars, and an endpoint whose prices are unknown.
    """

    def __init__(self, boxes: tuple[AbstractBlackBox, AbstractBlackBox], budget: Budget, cache: str) -> None:
        self.boxes, self.budget = boxes, budget
        self._cache = cache
        self._ledger, self._spending = Ledger(budget), Spending()
        self._check_prices()

    def _check_prices(self) -> None:
        unknown = next((box.endpoint for box in self.boxes if prices_of(box.endpoint) is None), None)
        if self.budget.max_cost_usd is not None and unknown:
            raise ValueError(
                f"search.budget.max_cost_usd: expected known prices but there are none for {unknown}; "
                "set init_args.prices of the black box to {prompt: P, completion: C}, US dollars per million tokens"
            )

    def open(self, folder: Path) -> tuple[AbstractBlackBox, AbstractBlackBox]:
        """The black boxes to be asked by a run in ``folder``, which may have spent something already."""
        self._spending = Spending(folder / SPENDING, self.budget.max_cost_usd)
        return self._wrapped(self.boxes[0], folder), self._wrapped(self.boxes[1], folder)

    def _wrapped(self, box: AbstractBlackBox, folder: Path) -> AbstractBlackBox:
        prices, path = prices_of(box.endpoint), self.cache_path(box, folder)
        paid = PaidBlackBox(box, prices, self._spending) if prices and prices != FREE else box
        return BudgetedBlackBox(CachedBlackBox(paid, path) if path else paid, self._ledger)

    def cache_path(self, box: AbstractBlackBox, folder: Path) -> Path | None:
        """Where the answers of a black box are kept; None without a cache."""
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
        """Calls and tokens so far, over all restarts."""
        return self._ledger.spent

    @property
    def usd(self) -> float | None:
        """US dollars so far, over all restarts; None where an endpoint's prices are unknown."""
        return self._spending.usd if all(prices_of(box.endpoint) for box in self.boxes) else None

    @property
    def costs_money(self) -> bool:
        """Whether a call is, or may be, paid for."""
        return any(box.endpoint and box.endpoint.costs_money for box in self.boxes)

    @property
    def remaining_calls(self) -> int | None:
        """Calls that may still be asked beside those that are kept; None without a cap."""
        return self._ledger.remaining_calls

    def keep(self, needed: Usage) -> None:
        """Keeps room for what will still be asked of the task's black box; replaces what was kept before."""
        self._ledger.kept = needed
        self._spending.kept = cost(needed, prices_of(self.boxes[0].endpoint) or FREE)

    def state_dict(self) -> dict[str, int]:
        """Calls, tokens and time; the dollars have a journal of their own."""
        return self._ledger.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on counting where ``state_dict`` was taken."""
        self._ledger.load_state_dict(state)
