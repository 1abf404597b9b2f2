"""Scores within the budget, beside what the end of the run will need."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from duet.engine.estimate import Needs
from duet.engine.left_out import ValidationExamples
from duet.evaluation.evaluation import Evaluation, Evaluator, Trial
from duet.models.base import NOT_SENT, CallFailure
from duet.models.errors import BudgetSpent
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.spending.budget import Usage
from duet.spending.spend_tracker import SpendTracker

log = logging.getLogger("duet")


@dataclass(frozen=True)
class Scorer:
    """Has instructions scored, and keeps room for the final test.

    Args:
        evaluator: sends requests and scores the answers.
        tracker: what can still be spent.
        needs: what each part of a run requests at most.
        validation: the examples, which can leave some out; None if all count.
    """

    evaluator: Evaluator
    tracker: SpendTracker
    needs: Needs
    validation: ValidationExamples | None = None

    def score(
        self,
        pool: Pool,
        candidates: Sequence[Candidate] = (),
        fidelity: int = 0,
        raised: Mapping[str, int] | None = None,
    ) -> Pool:
        """Scores new candidates and raises known instructions to more examples, in one stream of requests.

        Args:
            pool: what is known.
            candidates: new instructions, best first; as many are scored as there is room for beside the final test.
            fidelity: on how many examples each of them is scored.
            raised: known instructions, most important first, with the number of examples that they are to have.

        Returns:
            The pool with longer and with new rows.

        Raises:
            BudgetSpent: there is no room for one, or the time was up.
        """
        known = {row.text: row for row in pool}
        trials = [Trial(candidate.text, 0, fidelity) for candidate in candidates if candidate.text not in known]
        trials += [Trial(text, known[text].n, examples) for text, examples in (raised or {}).items()]
        trials = [trial for trial in trials if len(trial) > 0]
        again = [  # a method may propose a text anew: it has its score, and that is its iteration
            replace(row, candidate=candidate, iteration=pool.iteration)
            for candidate in candidates
            if (row := known.get(candidate.text))
        ]
        if not trials:
            return pool + again
        count = self.tracker.affordable(lambda number: self._needed(trials[:number], pool, candidates), len(trials))
        if not count:
            raise BudgetSpent("there is no room for one more score beside the final test")
        self.keep_room(pool, [trial.text for trial in trials[:count]])
        found = self.evaluator.evaluate(trials[:count])
        self._explain(found)
        evaluations = {
            trial.text: evaluation
            for trial, evaluation in zip(trials, found, strict=False)
            if isinstance(evaluation, Evaluation)
        }
        new = [
            ScoredInstruction(candidate, pool.iteration, **vars(evaluation))
            for candidate in candidates
            if (evaluation := evaluations.get(candidate.text)) and candidate.text not in known
        ]
        wanted = {trial.text: trial.last for trial in trials[:count]}
        return self._settled(pool.extended(evaluations) + new, wanted) + again

    def _settled(self, pool: Pool, wanted: Mapping[str, int]) -> Pool:
        """The pool less the examples that no answer can come for; in their place other examples are scored.

        Args:
            pool: what is known.
            wanted: the number of examples that each instruction was to have.
        """
        if self.validation is None or (settled := self.validation.settled(pool)) is pool:
            return pool
        short = {
            row.text: most
            for row in settled
            if row.n < (most := min(max(1, wanted.get(row.text, 0)), len(self.validation)))
        }
        if not short:
            return settled
        try:
            return self.score(settled, raised=short)
        except BudgetSpent:
            return replace(settled, observations=tuple(row for row in settled if row.n))

    def keep_room(self, pool: Pool, texts: Sequence[str] = ()) -> None:
        """Keeps what the final test of two of all these instructions may need."""
        self.tracker.keep(self.needs.final_test([*pool.texts, *texts] or [""]))

    def _needed(self, trials: Sequence[Trial], pool: Pool, candidates: Sequence[Candidate]) -> Usage:
        """The most that these trials, the output answers of their candidates and the final test cost together."""
        texts = [trial.text for trial in trials]
        unread = {candidate.text for candidate in candidates if candidate.features is None} & set(texts)
        return (
            self.needs.trials(self.evaluator.requests(trials))
            + self.needs.outputs(unread)
            + self.needs.final_test([*pool.texts, *texts])
        )

    def _explain(self, found: Sequence[Evaluation | CallFailure]) -> None:
        """Says how many answers are missing, and why.

        Raises:
            BudgetSpent: the time was up before one instruction had an answer.
        """
        failures = [outcome for outcome in found if isinstance(outcome, CallFailure)]
        if failures:
            log.warning("%d of %d instructions lack an answer (%s)", len(failures), len(found), failures[0].reason)
        if NOT_SENT in failures and len(failures) == len(found):
            raise BudgetSpent("Time ran out before an instruction had an answer")
