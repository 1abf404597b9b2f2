"""The first instructions of a search, and what came of the other texts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from duet.pool import Candidate
from duet.proposals.instruction_filter import describe_rejections


@dataclass(frozen=True)
class FirstInstructions:
    """The first instructions and the account of their requests.

    Args:
        candidates: distinct instructions: own ones, then written ones in the order in which they came.
        n_read: texts that the replies held.
        rejected: how many of them are no instruction, by reason.
        own_rejected: how many own ones the filter would reject; they are kept.
    """

    candidates: tuple[Candidate, ...]
    n_read: int
    rejected: Counter[str]
    own_rejected: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """In one line.

        >>> str(FirstInstructions((Candidate("Sort it.", "initial"),), 4, Counter({"too short": 2})))
        '1 initial instruction of 4 generated texts; 2 rejected (2 too short)'
        """
        n_own = sum(candidate.origin == "own" for candidate in self.candidates)
        n = len(self.candidates) - n_own
        reasons = f" ({describe_rejections(self.rejected)})" if self.rejected else ""
        counted = f"{n} initial instruction{'' if n == 1 else 's'}"
        if n_own:
            kept = f" (kept against the filter: {describe_rejections(self.own_rejected)})" if self.own_rejected else ""
            counted = f"{n_own} of your own{kept}, {counted}"
        return f"{counted} of {self.n_read} generated texts; {self.rejected.total()} rejected{reasons}"
