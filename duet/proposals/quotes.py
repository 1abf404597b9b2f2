"""Whether an instruction repeats a part of an example, as a model that saw it may do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain

from duet.examples.example import Example
from duet.proposals.scripts import WITHOUT_BLANKS

_WORD = re.compile(rf"{WITHOUT_BLANKS.pattern}|\w+")
_WORDS = 8  # in a row that no instruction and example share by chance
_DENSE_WORDS = 16  # where a word is a character


def quotes_a_part(text: str, examples: Sequence[Example]) -> bool:
    """Whether eight words in a row stand in the text and in one example; what several examples hold is their form.

    >>> example = Example("My parcel from the twelfth of May has still not come.", ("delivery",))
    >>> quotes_a_part("Say delivery if a parcel from the twelfth of May has still not come.", [example])
    True
    >>> quotes_a_part("Say delivery if a parcel has not come.", [example])
    False
    """
    own = _runs_of_one_example(tuple(examples))
    return any(run in own for run in _runs(text))


@lru_cache(maxsize=4)
def _runs_of_one_example(examples: tuple[Example, ...]) -> frozenset[str]:
    counts = Counter(run for example in examples for run in set(chain(*map(_runs, (example.input, *example.outputs)))))
    return frozenset(run for run, count in counts.items() if count == 1)


def _runs(text: str) -> Iterator[str]:
    words = _WORD.findall(text.lower())
    size = _DENSE_WORDS if WITHOUT_BLANKS.search(text) else _WORDS
    return (" ".join(words[start : start + size]) for start in range(len(words) - size + 1))
