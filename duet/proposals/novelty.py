"""Which of the texts that were written are instructions that no one has scored yet."""

from __future__ import annotations

from collections.abc import Sequence

from duet.pool import Candidate, Pool
from duet.proposals.instruction_filter import Guard
from duet.tasks.example import Example


def new_candidates(
    batch: Sequence[Candidate], pool: Pool, guard: Guard, examples: Sequence[Example]
) -> list[Candidate]:
    """The distinct ones that are not in the pool and pass the guard, in their order; of equal texts the first.

    >>> batch = [Candidate(text, "a") for text in ("Sort it.", "Stop.", "Sort it.", "Copy it.")]
    >>> [one.text for one in new_candidates(batch, Pool(), Guard(), [])]
    ['Sort it.', 'Copy it.']
    """
    known, new = set(pool.texts), []
    for one in batch:
        if one.text not in known and guard.reason(one.text, examples) is None:
            new.append(one)
        known.add(one.text)
    return new
