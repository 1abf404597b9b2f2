"""What a search spends: at most, before anything is paid for, and likely, from the task and the answers so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from duet.engine.estimate import Estimate, Needs, estimate
from duet.engine.likely import Likely, LikelyPart, capped, likely, likely_parts
from duet.evaluation.allocation import Allocation
from duet.pool import Pool
from duet.proposals.initialisation import Initialisation
from duet.proposals.instruction_filter import InstructionFilter
from duet.spending.spend_tracker import SpendTracker
from duet.strategies.strategy import AbstractStrategy
from duet.tasks.splits import Splits


@dataclass(frozen=True)
class Forecast:
    """Foretells what a search spends, by the functions that make its requests.

    Args:
        needs: how an instruction is put to the models.
        initialisation: how the first instructions are requested.
        strategy: what is written and scored later.
        instruction_filter: how long an instruction can be.
        allocation: how many answers instructions get.
        iterations: most iterations.
        accounts: the models, the caps, and what was spent.
        preface: sentences that stand before every request to the model that writes.
        seed: of the run.
    """

    needs: Needs
    initialisation: Initialisation
    strategy: AbstractStrategy
    instruction_filter: InstructionFilter
    allocation: Allocation
    iterations: int
    accounts: SpendTracker
    preface: Sequence[str]
    seed: int

    @property
    def most_instructions(self) -> int:
        """How many instructions get a score if nothing ends the search before its time."""
        return self.initialisation.most + self.iterations * self.strategy.requirements.choose

    def most(self, splits: Splits, seed: int) -> Estimate:
        """The most that a search on these splits of a task can spend if no cap ends it."""
        return estimate(
            replace(self.needs, splits=splits), self.initialisation, self.strategy, self.instruction_filter,
            self.accounts.boxes, self.allocation, self.iterations, seed, self.accounts.budget.caps_purchases,
        )  # fmt: skip

    def likely(self, pool: Pool, calls: int) -> Likely:
        """What the search will likely have spent at its end.

        Args:
            pool: what is scored so far.
            calls: answers that all scores together take, as planned; of no matter while the pool is empty.
        """
        accounts = self.accounts
        usd = None if accounts.usd is None else accounts.usd + (accounts.possibly_charged_usd or 0)
        left = self._shares_left(pool, calls) if len(pool) else {}
        whole = likely(self.parts, left, accounts.models, accounts.boxes, Likely(accounts.usage, usd))
        return capped(whole, accounts.budget)

    @cached_property
    def parts(self) -> tuple[LikelyPart, ...]:
        """The parts of the whole search with the requests that each will likely send."""
        available = len(self.needs.splits.validation)
        calls = self.allocation.calls(self.most_instructions, available, self.accounts.budget.caps_purchases)
        return likely_parts(
            self.needs, self.initialisation, self.strategy, self.accounts.boxes, calls, self.iterations, self.preface,
            self.seed,
        )  # fmt: skip

    def _shares_left(self, pool: Pool, calls: int) -> dict[str, float]:
        """The share of each part that is still to come."""
        parts = {part.name: part.calls for part in self.parts}
        iterations = max(0.0, 1 - (pool.iteration - 1) / self.iterations)
        scores = max(0, calls - sum(row.n for row in pool)) / parts["scores"]
        tests, trials = parts["final test"], parts.get("trials", 0)
        left = scores * parts["scores"] + iterations * trials + tests
        return {
            "first instructions": 0.0, "scores": scores, "trials": iterations, "output answers": iterations,
            "candidates": iterations, "judgements": left / (parts["scores"] + trials + tests),
        }  # fmt: skip
