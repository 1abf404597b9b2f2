"""Finds the instructions among generated texts that have no score yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from duet.pool import Candidate, Pool


def new_candidates(batch: Sequence[Candidate], pool: Pool, accepts: Callable[[str], bool]) -> list[Candidate]:
    """The distinct ones that are not in the pool and whose instruction is accepted; of equal texts the first.

    >>> batch = [Candidate(text, "a") for text in ("Sort it.", "Stop.", "Sort it.", "Copy it.")]
    >>> [candidate.text for candidate in new_candidates(batch, Pool(), lambda text: len(text) > 5)]
    ['Sort it.', 'Copy it.']
    """
    known, new = set(pool.texts), []
    for candidate in batch:
        if candidate.text not in known and accepts(candidate.instruction):
            new.append(candidate)
        known.add(candidate.text)
    return new
