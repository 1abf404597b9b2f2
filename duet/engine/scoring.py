"""Scores within the budget, beside what the end of the run will need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from duet.engine.estimate import Needs
from duet.evaluation.evaluation import Evaluator
from duet.models.errors import BudgetSpent
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.spending.spend_tracker import SpendTracker


@dataclass(frozen=True)
class Scorer:
    """Has candidates scored, and keeps room for the final test.

    Args:
        evaluator: asks and marks.
        accounts: what may still be spent.
        needs: what each part of a run asks at most.
    """

    evaluator: Evaluator
    accounts: SpendTracker
    needs: Needs

    def score(self, candidates: Sequence[Candidate], pool: Pool) -> list[ScoredInstruction]:
        """Scores as many of the candidates, from the first one on, as there is room for beside the final test.

        The most that a call can cost is more than it does cost, so what does not fit at once may fit afterwards.

        Raises:
            BudgetSpent: there is no room for one.
        """
        rows: list[ScoredInstruction] = []
        waiting = list(candidates)
        while waiting:
            try:
                count, found = self._score_some(waiting, pool.iteration, pool + rows)
            except BudgetSpent:
                if len(waiting) == len(candidates):
                    raise
                break
            rows += found
            waiting = waiting[count:]
        return rows

    def keep_room(self, texts: Iterable[str], unread: Iterable[str] = ()) -> None:
        """Keeps what the final test of two of these texts, and the output answers of the unread ones, may need."""
        self.accounts.keep(self.needs.final_test(texts) + self.needs.outputs(unread))

    def _score_some(
        self, candidates: Sequence[Candidate], iteration: int, pool: Pool
    ) -> tuple[int, list[ScoredInstruction]]:
        """The largest group of first candidates that fits now, and its rows."""
        best = pool.best().score if len(pool) else 0.0
        for count in range(len(candidates), 0, -1):
            group = candidates[:count]
            unread = [one.text for one in group if one.features is None] + ([] if iteration else [*pool.texts])
            self.keep_room([*pool.texts, *(one.text for one in group)], unread)
            try:
                return count, self.evaluator.score(group, iteration, best)
            except BudgetSpent:
                if count == 1:
                    raise
        return 0, []
