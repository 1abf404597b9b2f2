"""Divides the calls that scores may take: first scores of new instructions, then the rungs of successive halving."""

from __future__ import annotations

import logging
from collections.abc import Sequence, Sized
from pathlib import Path

from duet.engine.estimate import Needs
from duet.engine.likely import INSTRUCTION
from duet.engine.plans import Plans
from duet.engine.scoring import Scorer
from duet.evaluation.allocation import Allocation, affordable_fidelity, next_rung, promotions
from duet.models.errors import BudgetSpent
from duet.pool import Pool, ScoredInstruction
from duet.spending.spend_tracker import SpendTracker

log = logging.getLogger("duet")
TIE_EXAMPLES = 5  # more at a time for leaders that are tied


class ScorePlan:
    """Says on how many examples a new instruction is scored, and how many can be; the same in every start of a run.

    Args:
        allocation: the shares.
        examples: those that are searched on; their number may fall.
        needs: what answers cost at most.
        tracker: what can still be spent.
        folder: the run folder, where decisions are kept that depend on what was paid.
    """

    def __init__(
        self, allocation: Allocation, examples: Sized, needs: Needs, tracker: SpendTracker, folder: Path
    ) -> None:
        self.most_instructions, self.first_examples = 1, 1
        self._allocation, self._examples, self._needs, self._tracker = allocation, examples, needs, tracker
        self._plans, self.calls = Plans(folder), 0

    @property
    def _available(self) -> int:
        return len(self._examples)

    def make(self, wanted: int, pool: Pool) -> None:
        """Divides the calls among this many instructions, or as many as the caps allow."""
        capped = self._tracker.budget.caps_purchases
        calls = most = self._allocation.calls(wanted, self._available, capped)
        if capped:
            name = f"first scores of {wanted} with {self._tracker.budget}"
            calls = self._plans.remember(name, lambda: self._affordable(pool, most))
        self.calls = calls
        self.most_instructions = self._allocation.instructions(calls, wanted)
        self.first_examples = self._allocation.first_examples(calls, self.most_instructions, self._available)

    def promotion_calls(self, new: int) -> int:
        """What leaders may take in this iteration.

        Args:
            new: instructions that were scored in the iteration before.
        """
        left = self.calls - self.first_examples * self.most_instructions
        return self._allocation.promotion_calls(left, self.most_instructions, new)

    def promoted(self, leaders: Sequence[ScoredInstruction], calls: int) -> dict[str, int]:
        """On how many examples leaders are scored in this iteration.

        Args:
            leaders: the most important first.
            calls: that they may take.
        """
        counts = [row.n for row in leaders]
        found = zip(leaders, promotions(calls, counts, self._available), strict=True)
        return {row.text: fidelity for row, fidelity in found if fidelity > row.n}

    def halve(self, pool: Pool, scorer: Scorer) -> Pool:
        """Spends what is left on those that may be the best (successive halving), then tells tied leaders apart.

        Returns the pool with longer rows. With ``fixed`` there are no rungs.
        """
        if self._allocation.kind == "fixed":
            return self._tell_apart(pool, scorer)
        left, survivors, rungs = self._left(pool), len(pool), self._allocation.rungs
        for number in range(rungs):
            ranked = pool.ranked()
            counts = [row.n for row in ranked]
            rung = next_rung(left, rungs - number, survivors, counts, self._available, self._allocation.keep)
            survivors, before = rung.survivors, sum(counts)
            raised = {row.text: rung.fidelity for row in ranked[:survivors] if row.n < rung.fidelity}
            try:
                pool = scorer.score(pool, raised=raised)
            except BudgetSpent:
                break
            left -= _answers(pool) - before
            log.info(
                "final round %d/%d: %d instructions on %d examples%s",
                number + 1, rungs, survivors, rung.fidelity, self._tracker.so_far,
            )  # fmt: skip
        return self._tell_apart(pool, scorer)

    def _tell_apart(self, pool: Pool, scorer: Scorer) -> Pool:
        """Gives leaders that are tied more examples, until one is ahead or the calls are used up.

        What is left is computed anew each time: where tokens or dollars are capped, answers that were cheaper than
        expected have made room.
        """
        start = _answers(pool)
        while len(tied := pool.tied()) > 1:
            left = self._left_for_ties(pool, start)
            fidelity = affordable_fidelity(left, [row.n for row in tied], self._available)
            fidelity = min(fidelity, tied[0].n + TIE_EXAMPLES)
            if fidelity == tied[0].n:
                break
            try:
                pool = scorer.score(pool, raised={row.text: fidelity for row in tied})
            except BudgetSpent:
                break
            log.info("%d instructions were tied: now on %d examples%s", len(tied), fidelity, self._tracker.so_far)
        return pool

    def _left_for_ties(self, pool: Pool, start: int) -> int:
        """Returns the calls that ties may still take; the pool had ``start`` answers before the first of them."""
        fixed, capped = self._allocation.kind == "fixed", self._tracker.budget.caps_purchases
        if capped and not fixed:
            return self._left(pool)
        most = (start if fixed else self.calls) + self._allocation.tie_calls(self.calls) - _answers(pool)
        return min(most, self._left(pool)) if capped else most

    def _left(self, pool: Pool) -> int:
        """Returns the calls that rungs may take."""
        spent = _answers(pool)
        if not self._tracker.budget.caps_purchases:
            return self.calls - spent
        name = f"rungs of {len(pool)} after {spent} with {self._tracker.budget}"
        return self._plans.remember(name, lambda: self._affordable(pool, len(pool) * self._available))

    def _affordable(self, pool: Pool, most: int) -> int:
        """Returns how many answers can be paid for beside the final test."""
        texts = [*pool.texts] or [INSTRUCTION]
        kept, answer = self._needs.final_test(texts), self._needs.scores(max(texts, key=len), 1, 1)
        return self._tracker.affordable(lambda number: answer * number + kept, most)


def _answers(pool: Pool) -> int:
    return sum(row.n for row in pool)
