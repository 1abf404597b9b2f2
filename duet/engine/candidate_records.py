"""The pool as lines of candidates.jsonl."""

from __future__ import annotations

from collections.abc import Iterator

from duet.pool import Pool
from duet.reporting.records import CandidateRecord
from duet.tasks.task import Task


def candidate_records(pool: Pool, task: Task, first: int = 0) -> Iterator[CandidateRecord]:
    """A line for each scored instruction.

    Args:
        pool: everything known.
        task: says what of an answer is scored.
        first: the first row to write.
    """
    for row in pool.observations[first:]:
        candidate = row.candidate
        extracted = tuple(map(task.answer, row.outputs)) if task.answer.extract else None
        yield CandidateRecord(
            row.iteration, candidate.text, candidate.origin, candidate.parent, row.score, row.n, row.scores,
            row.outputs, candidate.predicted, candidate.std, pool.posterior_mean(row), extracted,
            row.mean_prompt_tokens,
        )  # fmt: skip
