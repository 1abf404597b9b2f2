"""Learns from the answers so far what requests will cost: far less than they can cost at most."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from duet.spending.budget import Usage

_ENOUGH = 10  # answers, before what was learned replaces the bound


class UsageModel:
    """Expected usage of requests of one black box.

    Requests with the same most tokens of an answer are of one kind: scoring, say, or writing instructions. The sums are
    whole numbers, so a resumed run that has them expects the same as one that was never interrupted.

    >>> model = UsageModel()
    >>> for _ in range(100):
    ...     model.learn(Usage(1, 400, 64), Usage(1, 100, 4))
    >>> model.expected(Usage(10, 4000, 640))
    Usage(calls=10, prompt_tokens=1100, completion_tokens=44)
    """

    def __init__(self) -> None:
        self._kinds: dict[int, tuple[Usage, Usage]] = {}  # most tokens of an answer -> bounds, and what they became

    def learn(self, bound: Usage, used: Usage) -> None:
        """Adds one answer."""
        bounds, usages = self._kinds.get(bound.completion_tokens, (Usage(), Usage()))
        self._kinds[bound.completion_tokens] = (bounds + bound, usages + used)

    def expected(self, bound: Usage) -> Usage:
        """Returns what requests will hardly exceed together; their bound as long as too little is known.

        Args:
            bound: the most that they can cost, all of one kind; others are expected to be like all together.
        """
        bounds, usages = self._seen(bound)
        if bounds.calls < _ENOUGH:
            return bound
        margin = 1 + 1 / math.sqrt(bounds.calls)
        prompt = _share(bound.prompt_tokens, usages.prompt_tokens, bounds.prompt_tokens, margin)
        completion = _share(bound.completion_tokens, usages.completion_tokens, bounds.completion_tokens, margin)
        return Usage(bound.calls, prompt, completion)

    def expected_of(self, bounds: Sequence[Usage]) -> Usage:
        """The same for requests of several kinds, given the bound of each."""
        kinds: dict[int, list[Usage]] = {}
        for bound in bounds:
            kinds.setdefault(bound.completion_tokens, []).append(bound)
        return _sum(self.expected(_sum(kind)) for kind in kinds.values())

    def mean(self, bound: Usage, calls: int) -> Usage | None:
        """Returns what so many requests take on average; None as long as too little is known of their kind.

        Args:
            bound: the most that one of them can cost.
            calls: how many there are.
        """
        bounds, usages = self._kinds.get(bound.completion_tokens, (Usage(), Usage()))
        if bounds.calls < _ENOUGH:
            return None
        prompt, completion = (
            math.ceil(used * calls / bounds.calls) for used in (usages.prompt_tokens, usages.completion_tokens)
        )
        return Usage(calls, prompt, completion)

    def _seen(self, bound: Usage) -> tuple[Usage, Usage]:
        kind = bound.completion_tokens // bound.calls if bound.calls else 0
        found = self._kinds.get(kind)
        if found is None or kind * bound.calls != bound.completion_tokens:
            return _sum(bounds for bounds, _ in self._kinds.values()), _sum(used for _, used in self._kinds.values())
        return found

    def state_dict(self) -> dict[str, list[int]]:
        """Plain values, for a checkpoint."""
        return {
            str(kind): [*vars(bounds).values(), *vars(used).values()] for kind, (bounds, used) in self._kinds.items()
        }

    def load_state_dict(self, state: Mapping[str, list[int]]) -> None:
        """Continues where ``state_dict`` was taken."""
        self._kinds = {int(kind): (Usage(*sums[:3]), Usage(*sums[3:])) for kind, sums in state.items()}


def _share(bound: int, used: int, of: int, margin: float) -> int:
    return min(bound, math.ceil(bound * used * margin / of)) if of else bound


def _sum(usages: Iterable[Usage]) -> Usage:
    counts = [(usage.calls, usage.prompt_tokens, usage.completion_tokens) for usage in usages]
    return Usage(*map(sum, zip(*counts, strict=True)))
