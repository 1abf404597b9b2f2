"""What a run really pays: every purchase is on disk before its answer is used, and none exceeds the cap."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from duet.models.base import AbstractBlackBox, AbstractWrapper, Arrived, Request, always
from duet.models.errors import BudgetSpent
from duet.models.prices import Prices, dollars, in_picodollars
from duet.spending.budget import most

SPENDING = "spending.jsonl"


class Spending:
    """The money of one run over all its restarts; several black boxes may share it.

    A journal holds the purchases, so neither kill -9 nor a checkpoint that is older than the last one makes the run
    forget what it paid. What was under way at a kill is unknown to anyone but the provider. The cap is on real money:
    where a run was stopped close to it, the answers that are known by then leave room that their bounds had taken.

    Args:
        journal: the file; made at the first purchase. None keeps the count in memory only.
        max_cost_usd: the cap; None is no cap.
    """

    def __init__(self, journal: Path | None = None, max_cost_usd: float | None = None) -> None:
        self.kept = 0  # picodollars that no request may take, such as the final test's
        self._journal = journal
        self._cap_usd = max_cost_usd
        self._spent = _total(journal)
        self._reserved = 0
        self._lock = threading.Lock()

    @property
    def usd(self) -> float:
        """US dollars so far."""
        return dollars(self._spent)

    def reserve(self, bound: int) -> None:
        """Sets aside the most picodollars that requests can cost.

        Raises:
            BudgetSpent: it could exceed the cap; nothing is set aside.
        """
        with self._lock:
            held = self._spent + self._reserved
            if self._cap_usd is not None and held + bound + self.kept > in_picodollars(self._cap_usd):
                raise BudgetSpent(
                    f"cap max_cost_usd={self._cap_usd}: {dollars(held):.6f} spent, up to {dollars(bound):.6f} more "
                    f"asked, {dollars(self.kept):.6f} kept for the final test"
                )
            self._reserved += bound

    def settle(self, bound: int, cost: int, name: str) -> None:
        """Frees what was reserved and writes down what was paid for it to ``name``."""
        with self._lock:
            self._reserved -= bound
            if cost:
                self._append({"picodollars": cost, "paid_for": name})
                self._spent += cost

    def _append(self, purchase: dict[str, object]) -> None:
        if self._journal is None:
            return
        self._journal.parent.mkdir(parents=True, exist_ok=True)
        with self._journal.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(purchase)}\n")
            file.flush()
            os.fsync(file.fileno())


class PaidBlackBox(AbstractWrapper):
    """Reserves the most dollars that its requests can cost before they are sent, and settles with what they did cost.

    It stands within the cache, and a `BudgetedBlackBox` around it: calls and tokens count every answer that a run uses,
    dollars only what this run bought, as an answer that another run paid for costs it nothing.

    Args:
        inner: the black box that is paid.
        prices: what its tokens cost.
        spending: cap and journal, maybe shared with another black box.
    """

    def __init__(self, inner: AbstractBlackBox, prices: Prices, spending: Spending) -> None:
        super().__init__(inner)
        self._prices = prices
        self._spending = spending

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """Answers ``requests`` or, where they could exceed the cap, sends none of them.

        Raises:
            BudgetSpent: names the cap and what more was asked.
        """
        usage = most(requests, self._inner.overhead)
        bound = self._prices.cost(usage.prompt_tokens, usage.completion_tokens)
        self._spending.reserve(bound)
        try:
            for arrived in self._inner.stream(requests, may_send):
                costs = (self._prices.cost(one.prompt_tokens, one.completion_tokens) for one in arrived.values())
                self._spending.settle(0, sum(costs), self.identity)
                yield arrived
        finally:
            self._spending.settle(bound, 0, self.identity)


def _total(journal: Path | None) -> int:
    """The picodollars in the journal; a line that a power cut tore is left out and ended."""
    if journal is None or not journal.is_file():
        return 0
    content = journal.read_bytes()
    if content and not content.endswith(b"\n"):
        with journal.open("ab") as file:
            file.write(b"\n")
    return sum(map(_picodollars, content.splitlines()))


def _picodollars(line: bytes) -> int:
    try:
        return int(json.loads(line)["picodollars"])
    except (ValueError, KeyError, TypeError):
        return 0
