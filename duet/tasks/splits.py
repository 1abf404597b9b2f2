"""Which examples are shown, which are searched on, and which are kept for the end."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from duet.tasks.example import Example, TaskError

MINIMUM = 4
MAX_DEMONSTRATIONS = 100
MAX_TEST = 100


@dataclass(frozen=True)
class Splits:
    """Three sets of examples; no input occurs in two of them.

    Args:
        demonstrations: shown to the model that writes instructions.
        validation: what the search scores instructions on, in a seeded random order: the first k are a sample of any
            size, nested in the first k + 1.
        test: scored once, with the chosen instruction.
    """

    demonstrations: tuple[Example, ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]


def distinct(train: Sequence[Example], test: Sequence[Example]) -> tuple[Example, ...]:
    """The training examples whose input occurs neither earlier nor in the test set, outer blanks aside.

    >>> one, two = Example("1", ("one",)), Example("2", ("two",))
    >>> distinct([one, two, one], [two]) == (one,)
    True
    """
    seen = {example.input.strip() for example in test}
    kept = []
    for example in train:
        key = example.input.strip()
        if key not in seen:
            seen.add(key)
            kept.append(example)
    return tuple(kept)


def held_out(n: int, share: float) -> int:
    """How many of ``n`` distinct training examples become the test set when there is none.

    >>> held_out(50, 0.2), held_out(4, 0.01), held_out(10_000, 0.2)
    (10, 1, 100)
    """
    return min(MAX_TEST, max(1, round(n * share)), n - 2)


def split(train: Sequence[Example], test: Sequence[Example] | None, seed: int, *, test_share: float = 0.2) -> Splits:
    """Divide a task's examples.

    Half of the training examples, at most 100, become demonstrations and the rest validation, both in an order that the
    seed draws. An input that occurs twice is used once. The test set is the first 100 test examples as published.

    Args:
        train: the training (induce) examples.
        test: the test (execute) examples; None holds out a share of the training examples that the seed draws.
        seed: moves the split.
        test_share: the share to hold out.

    Raises:
        TaskError: fewer than 4 usable training examples.
    """
    usable = list(distinct(train, test or ()))
    if len(usable) < MINIMUM:
        raise TaskError(f"expected at least {MINIMUM} usable training examples but found {len(usable)}")
    random.Random(seed).shuffle(usable)
    n_held = held_out(len(usable), test_share) if test is None else 0
    rest = usable[n_held:]
    n_demonstrations = min(len(rest) // 2, MAX_DEMONSTRATIONS)
    return Splits(
        demonstrations=tuple(rest[:n_demonstrations]),
        validation=tuple(rest[n_demonstrations:]),
        test=tuple(usable[:n_held] if test is None else test[:MAX_TEST]),
    )
