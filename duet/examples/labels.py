"""Outputs that are a small closed set of labels, such as a router's classes: what they are and how often they come."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from duet.examples.example import Example

MAX_LABELS = 20
_MAX_COMPUTED = 10  # letters and numbers: beyond that they are worked out rather than chosen from a list
_COMPUTED = re.compile(r"[-+]?\d[\d.,]*|\w")


def label_of(example: Example) -> str:
    """The output that demonstrations show."""
    return example.outputs[0]


def label_counts(examples: Sequence[Example]) -> Counter[str]:
    """Returns how often each first output comes, the most frequent first.

    >>> label_counts([Example("a", ("yes",)), Example("b", ("no", "nope")), Example("c", ("no",))])
    Counter({'no': 2, 'yes': 1})
    """
    return Counter(dict(Counter(map(label_of, examples)).most_common()))


def closed_labels(examples: Sequence[Example]) -> tuple[str, ...]:
    """The labels, sorted, where outputs are a small closed set; else nothing.

    At most 20 different outputs, each three times on average; of letters and numbers at most 10.

    >>> closed_labels([Example(str(number), (("even", "odd")[number % 2],)) for number in range(6)])
    ('even', 'odd')
    """
    counts = label_counts(examples)
    computed = all(_COMPUTED.fullmatch(label) for label in counts)
    if not 2 <= len(counts) <= (_MAX_COMPUTED if computed else MAX_LABELS) or len(examples) < 3 * len(counts):
        return ()
    return tuple(sorted(counts))
