"""Divides validation examples among instructions: a fixed number each, or successive halving.

Successive halving (Jamieson and Talwalkar 2016, arXiv 1502.07943; with examples as the fidelity, HbBoPs, arXiv
2412.07820): every instruction gets a first few examples, the better share of them moves to the next rung and gets more,
and so on. Scores are nested: a score on more examples holds those on fewer, so no call is lost and any two instructions
are compared on what both have.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Rung:
    """One step of successive halving.

    Args:
        survivors: how many of the best instructions get more examples.
        fidelity: on how many examples each of them is scored afterwards.
    """

    survivors: int
    fidelity: int


@dataclass(frozen=True)
class Allocation:
    """Divides the calls that score instructions.

    Args:
        kind: ``successive_halving``: a few examples for each new instruction, the rest of the calls for those that may
            be the best; ``fixed``: the same examples for all (the paper's way).
        examples: ``fixed``: examples per instruction. ``successive_halving``: where no cap says how many calls there
            are, it spends what ``fixed`` would.
        first_share: the share of the calls that first scores take.
        keep: the share of a rung's instructions that moves to the next one.
        rungs: after the first scores.
        promotion_share: the share of the calls left by first scores with which leaders get more examples between the
            iterations, so that the search does not follow what was lucky on the first few; the rungs take the rest.
        tie_share: the share of the calls that leaders who are tied at the end may take on top, where no cap says how
            many calls there are; with ``fixed`` also where one does.
    """

    kind: Literal["successive_halving", "fixed"] = "successive_halving"
    examples: int = 20
    first_share: float = 0.3
    keep: float = 0.4
    rungs: int = 4
    promotion_share: float = 0.4
    tie_share: float = 0.1

    def __post_init__(self) -> None:
        if self.examples < 1 or self.rungs < 1:
            raise ValueError(
                f"Expected allocation.examples and rungs of at least 1 but got {self.examples}, {self.rungs}"
            )
        if not (0 < self.first_share < 1 and 0 < self.keep < 1):
            raise ValueError(
                f"Expected allocation.first_share and keep between 0 and 1 but got {self.first_share}, {self.keep}"
            )
        for name in ("promotion_share", "tie_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"Expected allocation.{name} from 0 to 1 but got {getattr(self, name)}")

    def calls(self, instructions: int, available: int, capped: bool = False) -> int:
        """The most calls that scores take.

        Args:
            instructions: how many are scored at most.
            available: validation examples.
            capped: whether a cap says how many; successive halving uses it as far as there are examples.
        """
        if capped and self.kind == "successive_halving":
            return instructions * available
        return instructions * min(self.examples, available)

    def tie_calls(self, calls: int, capped: bool = False) -> int:
        """The most calls that tell tied leaders apart, beside those that scores take.

        Args:
            calls: that scores may take.
            capped: whether a cap says how many; successive halving takes them from these.

        >>> Allocation().tie_calls(2400), Allocation().tie_calls(2400, capped=True)
        (240, 0)
        """
        return 0 if capped and self.kind == "successive_halving" else math.ceil(self.tie_share * calls)

    def promotion_calls(self, calls: int, instructions: int, new: int) -> int:
        """Returns what leaders may take in an iteration: in proportion to the instructions that are new since the last.

        Args:
            calls: that first scores leave in all.
            instructions: how many will be scored at most.
            new: how many of them were scored since leaders were promoted.

        >>> Allocation().promotion_calls(660, 120, 10), Allocation("fixed").promotion_calls(660, 120, 10)
        (22, 0)
        """
        return 0 if self.kind == "fixed" else math.floor(self.promotion_share * max(0, calls) * new / instructions)

    def first_examples(self, calls: int, instructions: int, available: int) -> int:
        """Returns how many examples a new instruction is scored on.

        Args:
            calls: that scores may take in all.
            instructions: how many will be scored at most.
            available: validation examples.

        >>> [Allocation().first_examples(calls, n, 500) for calls, n in ((300, 80), (900, 80), (2700, 130))]
        [1, 3, 6]
        """
        if self.kind == "fixed":
            return min(self.examples, available)
        return max(1, min(available, math.floor(self.first_share * calls / instructions)))

    def instructions(self, calls: int, wanted: int) -> int:
        """Counts the instructions that can be scored, so that the first scores leave most calls for the rungs."""
        return wanted if self.kind == "fixed" else max(1, min(wanted, math.floor(self.first_share * calls)))


def next_rung(calls: int, rungs_left: int, survivors: int, scored: Sequence[int], available: int, keep: float) -> Rung:
    """The next rung of successive halving: the best share of the survivors is raised to one fidelity.

    Every rung takes an equal part of the calls that are left. What a rung can't spend, as its survivors have all the
    examples that there are, remains for the next one.

    Args:
        calls: what the rungs may still take.
        rungs_left: this one and those after it.
        survivors: of the rung before; all instructions at first.
        scored: the examples that each instruction has, the best instruction first.
        available: validation examples.
        keep: the share that survives.

    >>> next_rung(660, 4, 80, [3] * 80, 500, 0.4)
    Rung(survivors=32, fidelity=8)
    """
    kept = min(len(scored), max(2, math.ceil(keep * survivors)))
    return Rung(kept, affordable_fidelity(calls // rungs_left, scored[:kept], available))


def promotions(calls: int, scored: Sequence[int], available: int) -> list[int]:
    """On how many examples each leader is scored next: twice as many and two more at least, as far as the calls go.

    Args:
        calls: what that may take.
        scored: the examples that each of them has, the most important first.
        available: validation examples.

    >>> promotions(10, [1, 9, 3, 4], 500), promotions(10, [1, 4, 3, 5], 5)
    ([3, 9, 6, 8], [3, 5, 5, 5])
    """
    found = []
    for count in scored:
        fidelity = max(count, min(2 * count, available), min(count + 2, available))
        found.append(fidelity if fidelity - count <= calls else count)
        calls -= found[-1] - count
    return found


def affordable_fidelity(calls: int, scored: Sequence[int], available: int) -> int:
    """The highest fidelity to which all of them can be raised.

    Args:
        calls: what that may take.
        scored: the examples that each of them has.
        available: validation examples.

    >>> affordable_fidelity(5, [3, 1, 4], 500), affordable_fidelity(5, [3, 1, 4], 2)
    (4, 2)
    """
    fidelity = min(scored, default=available)
    while fidelity < available and sum(max(0, fidelity + 1 - count) for count in scored) <= calls:
        fidelity += 1
    return fidelity
