"""The first instructions of a search, and what came of the other texts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from duet.pool import Candidate
from duet.proposals.instruction_filter import describe_rejections


@dataclass(frozen=True)
class FirstInstructions:
    """What came of asking.

    Args:
        candidates: distinct instructions, in the order in which they came.
        n_read: texts that the replies held.
        rejected: how many of them are no instruction, by reason.
    """

    candidates: tuple[Candidate, ...]
    n_read: int
    rejected: Counter[str]

    def __str__(self) -> str:
        """In one line.

        >>> str(FirstInstructions((Candidate("Sort it.", "initial"),), 4, Counter({"too short": 2})))
        '1 initial instruction of 4 texts that came; 2 rejected (2 too short)'
        """
        n = len(self.candidates)
        reasons = f" ({describe_rejections(self.rejected)})" if self.rejected else ""
        counted = f"{n} initial instruction{'' if n == 1 else 's'}"
        return f"{counted} of {self.n_read} texts that came; {self.rejected.total()} rejected{reasons}"
