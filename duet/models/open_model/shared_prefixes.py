"""Rows that begin alike: their common beginning goes through the model once and is then there for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

Ids = tuple[int, ...]

LEAST_SHARE = 1 / 6  # of a row that its prefix must make up
LEAST_SAVING = 1 / 5  # of all tokens that sharing must save, as it takes a second forward pass


@dataclass(frozen=True)
class SharedPrefixes:
    """The beginnings of some rows.

    Args:
        prefixes: distinct ones, none empty.
        owner: (b,), the prefix of each row.
    """

    prefixes: tuple[Ids, ...]
    owner: tuple[int, ...]

    @property
    def lengths(self) -> list[int]:
        """(b,), tokens of each row's prefix."""
        return [len(self.prefixes[index]) for index in self.owner]


def find_shared_prefixes(rows: Sequence[Ids], others: int = 0) -> SharedPrefixes | None:
    """Groups of rows with a common beginning, where that saves enough; in time n log n.

    >>> find_shared_prefixes([(1, 2, 3, 4), (7, 8, 9), (1, 2, 3, 5), (7, 8, 9)])
    SharedPrefixes(prefixes=((1, 2, 3), (7, 8, 9)), owner=(0, 1, 0, 1))
    >>> find_shared_prefixes([(1, 2, 3, 4), (5, 6, 7)]) is None
    True

    Args:
        rows: that may be shared.
        others: tokens that go through the model beside them in any case.
    """
    groups: list[tuple[Ids, list[int]]] = []
    for index in sorted(range(len(rows)), key=lambda index: rows[index]):
        row = rows[index]
        prefix, members = groups[-1] if groups else ((), [])
        common = _common_length(prefix, row)
        lost = (len(members) - 1) * (len(prefix) - common)  # tokens that the former members would share no longer
        if common > lost and common >= LEAST_SHARE * len(row):
            groups[-1] = prefix[:common], [*members, index]
        else:
            groups.append((row, [index]))
    saved = sum((len(members) - 1) * len(prefix) for prefix, members in groups)
    every = sum(map(len, rows)) + others
    if saved <= LEAST_SAVING * every or not all(rows):  # attention to nothing at all has no value
        return None
    owner = {index: place for place, (_, members) in enumerate(groups) for index in members}
    return SharedPrefixes(tuple(prefix for prefix, _ in groups), tuple(owner[index] for index in range(len(rows))))


def _common_length(left: Ids, right: Ids) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))
