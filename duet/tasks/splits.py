"""Splits examples into those to show, those to search on, and those kept for the end."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from duet.examples.example import Example, TaskError
from duet.examples.labels import closed_labels, label_counts, label_of

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

    @cached_property
    def longest_first(self) -> tuple[Example, ...]:
        """The validation examples, that with the longest input first."""
        return tuple(sorted(self.validation, key=_input_size, reverse=True))


@dataclass(frozen=True)
class SplitSettings:
    """Sets how a task's examples are divided.

    Args:
        test_share: the share of the training examples to hold out where there is no test file.
        max_test: most test examples.
        stratified: whether each part has as much of each output as the whole, where outputs repeat. False is the
            published protocol: parts in a random order, and the first test examples.
    """

    test_share: float = 0.2
    max_test: int = MAX_TEST
    stratified: bool = True


PUBLISHED = SplitSettings(stratified=False)


def _input_size(example: Example) -> int:
    """Bytes of what a prompt holds of it: its input and the columns of it."""
    return sum(len(text.encode(errors="replace")) for text in (example.input, *example.fields.values()))


def distinct(examples: Sequence[Example], others: Sequence[Example] = ()) -> tuple[Example, ...]:
    """The examples whose input occurs neither earlier nor among the others, outer blanks aside.

    >>> one, two = Example("1", ("one",)), Example("2", ("two",))
    >>> distinct([one, two, one], [two]) == (one,)
    True
    """
    seen = {example.input.strip() for example in others}
    kept = []
    for example in examples:
        key = example.input.strip()
        if key not in seen:
            seen.add(key)
            kept.append(example)
    return tuple(kept)


def held_out(n: int, settings: SplitSettings) -> int:
    """Returns how many of ``n`` distinct training examples become the test set when there is none.

    >>> held_out(50, SplitSettings()), held_out(4, SplitSettings(0.01)), held_out(10_000, SplitSettings())
    (10, 1, 100)
    """
    return min(settings.max_test, max(1, round(n * settings.test_share)), n - 2)


def split(
    train: Sequence[Example],
    test: Sequence[Example] | None,
    seed: int,
    settings: SplitSettings = PUBLISHED,
    validation: Sequence[Example] | None = None,
) -> Splits:
    """Divide a task's examples.

    Half of the training examples, at most 100, become demonstrations and the rest validation, both in an order that the
    seed draws. An input that occurs twice is used once. The test set of more than ``max_test`` examples is drawn by the
    seed, or as published the first of them.

    Args:
        train: the training (induce) examples.
        test: the test (execute) examples; None holds out a share of the training examples that the seed draws.
        seed: moves the split.
        settings: how to divide.
        validation: validation examples; None takes them from the training examples.

    Raises:
        TaskError: fewer than 4 usable training examples.
    """
    usable = list(distinct(train, (*(test or ()), *(validation or ()))))
    if len(usable) < MINIMUM:
        raise TaskError(f"expected at least {MINIMUM} usable training examples but found {len(usable)}")
    ordered = _ordered(usable, seed, settings)
    n_held = held_out(len(usable), settings) if test is None else 0
    tested = ordered[:n_held] if test is None else _drawn_test(test, seed, settings)
    rest = ordered[n_held:]
    if validation is not None:
        shown = _covering(rest, MAX_DEMONSTRATIONS, settings)[0]
        return Splits(shown, tuple(_ordered(distinct(validation, test or ()), seed, settings)), tuple(tested))
    shown, searched = _covering(rest, min(len(rest) // 2, MAX_DEMONSTRATIONS), settings)
    return Splits(shown, searched, tuple(tested))


def _drawn_test(test: Sequence[Example], seed: int, settings: SplitSettings) -> Sequence[Example]:
    """The test examples; as published the first of them, else a stratified draw where there are more than wanted."""
    if not settings.stratified:
        return test[: settings.max_test]
    different = distinct(test)
    return (
        different if len(different) <= settings.max_test else _ordered(different, seed, settings)[: settings.max_test]
    )


def _ordered(examples: Sequence[Example], seed: int, settings: SplitSettings) -> list[Example]:
    """A random order; where outputs repeat one of which any stretch has as much of each output as the whole.

    Systematic sampling: the examples of an output stand at equal distances, from a start that is drawn.
    """
    generator = random.Random(seed)
    shuffled = list(examples)
    generator.shuffle(shuffled)
    if not settings.stratified or not outputs_repeat(examples):
        return shuffled
    classes = defaultdict(list)
    for example in shuffled:
        classes[label_of(example)].append(example)
    placed = []
    for label in sorted(classes):
        start = generator.random()
        placed += [((rank + start) / len(classes[label]), example) for rank, example in enumerate(classes[label])]
    return [example for _, example in sorted(placed, key=lambda pair: pair[0])]


def outputs_repeat(examples: Sequence[Example]) -> bool:
    """Returns whether outputs come three times on average, so that the parts can have equal shares of them."""
    return len(examples) >= 3 * len(label_counts(examples))


def _covering(
    ordered: Sequence[Example], count: int, settings: SplitSettings
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """The first ``count`` and the rest; a label without an example gets the place of the most frequent label's last."""
    shown, rest = list(ordered[:count]), list(ordered[count:])
    missing = set(closed_labels(ordered) if settings.stratified else ()) - set(map(label_of, shown))
    for label in sorted(missing):
        (common, n), *_ = label_counts(shown).most_common(1) or [("", 0)]
        if n < 2:
            break
        here = max(index for index, example in enumerate(shown) if label_of(example) == common)
        there = next(index for index, example in enumerate(rest) if label_of(example) == label)
        shown[here], rest[there] = rest[there], shown[here]
    return tuple(shown), tuple(rest)
