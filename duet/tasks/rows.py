"""Rows of a file, whatever its form, and a random sample of them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")
Row = tuple[str, Mapping[str, Any]]  # (where it stands, its columns)


@dataclass(frozen=True)
class Rows:
    """A file's content, unparsed, so that only the rows that are used cost time.

    Args:
        numbered: the rows as they stand there, each with its number.
        parse: makes columns of one, given where it stands.
        unit: what is numbered: line, item (of a line) or row.
    """

    numbered: Iterator[tuple[int, Any]]
    parse: Callable[[str, Any], Mapping[str, Any]]
    unit: str


def sample(items: Iterable[T], count: int, generator: random.Random) -> tuple[list[T], int]:
    """At most ``count`` of the items, each as likely as any other, in their order, and how many items there are.

    Algorithm L of Li, Reservoir-sampling algorithms of time complexity O(n(1 + log(N/n))), 1994.

    >>> sample("abc", 5, random.Random(0))
    (['a', 'b', 'c'], 3)
    """
    remaining = enumerate(items)
    kept = list(islice(remaining, count))
    total, weight = len(kept), 1.0
    following = count - 1
    if len(kept) == count:
        weight, following = _skip(weight, following, count, generator)
    for index, item in remaining:
        total = index + 1
        if index == following:
            kept[generator.randrange(count)] = (index, item)
            weight, following = _skip(weight, following, count, generator)
    return [item for _, item in sorted(kept, key=lambda pair: pair[0])], total


def _skip(weight: float, index: int, count: int, generator: random.Random) -> tuple[float, int]:
    """The next weight, and the index of the next item that is taken."""
    weight *= math.exp(math.log(1.0 - generator.random()) / count)
    gap = math.log(1.0 - generator.random()) / math.log1p(-weight) if weight > 0 else math.inf
    return weight, index + 1 + (math.floor(gap) if math.isfinite(gap) and gap < 1e15 else 10**15)
