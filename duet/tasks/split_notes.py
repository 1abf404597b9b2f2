"""The splits in words: what will be used, and what about it makes a score say less than it seems."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from duet.examples.example import Example
from duet.examples.labels import closed_labels, label_counts, label_of
from duet.tasks.splits import Splits

_FEW_OF_A_LABEL = 5  # in a part; fewer say nothing about it
_MUCH = 0.9  # share of one output from which on a constant answer looks good
_APART = 0.2  # between the shares of a label in two parts
_LISTED = 6  # labels in a line


def describe_splits(splits: Splits) -> tuple[str, ...]:
    """A line for each part: its size, and how often each label comes where outputs are labels.

    >>> example = Example("1", ("one",))
    >>> describe_splits(Splits((example,), (example,), (example,)))[0]
    'demonstrations: 1 example, shown to the model that writes instructions'
    """
    labels = closed_labels((*splits.demonstrations, *splits.validation, *splits.test))
    purposes = ("shown to the model that writes instructions", "to score instructions on", "for the final score")
    return tuple(
        f"{name}: {_count(len(part))}, {purpose}{_shares(part) if labels else ''}"
        for (name, part), purpose in zip(_named(splits), purposes, strict=True)
    )


def split_warnings(splits: Splits) -> tuple[str, ...]:
    """One line for each thing to know before the scores are trusted; nothing if outputs are no labels."""
    everything = (*splits.demonstrations, *splits.validation, *splits.test)
    labels = closed_labels(everything)
    return (*_missing(splits, labels), *_rare(everything, labels), *_uneven(splits, labels))


def _missing(splits: Splits, labels: Sequence[str]) -> Iterable[str]:
    for name, part in _named(splits):
        lacking = sorted(set(labels) - set(map(label_of, part)))
        if lacking:
            yield f"No example of {_listed(lacking)} in the {name}: {len(lacking)} of {len(labels)} labels"


def _rare(everything: Sequence[Example], labels: Sequence[str]) -> Iterable[str]:
    if not labels:
        return
    counts, n = label_counts(everything), len(everything)
    rare = [label for label in labels if counts[label] < _FEW_OF_A_LABEL]
    common, most = counts.most_common(1)[0]
    if rare:
        found = ", ".join(f"{counts[label]} of {n} are {label!r}" for label in rare[:_LISTED])
        yield f"Few examples: {found}; a score says little about so few"
    if most >= _MUCH * n:
        share = f"{most} of {n} examples ({most / n:.0%})"
        yield f"Always answering {common!r} is right for {share}: compare every score with that"


def _uneven(splits: Splits, labels: Sequence[str]) -> Iterable[str]:
    searched, tested = label_counts(splits.validation), label_counts(splits.test)
    apart = {
        label: (searched[label] / len(splits.validation), tested[label] / len(splits.test))
        for label in labels
        if splits.validation and splits.test
    }
    label = max(apart, key=lambda name: abs(apart[name][0] - apart[name][1]), default="")
    if label and abs(apart[label][0] - apart[label][1]) > _APART:
        left, right = apart[label]
        yield f"The splits differ: {label!r} is {left:.0%} of the validation and {right:.0%} of the test set"


def _named(splits: Splits) -> tuple[tuple[str, tuple[Example, ...]], ...]:
    return (
        ("demonstrations", splits.demonstrations),
        ("validation set", splits.validation),
        ("test set", splits.test),
    )


def _shares(part: Sequence[Example]) -> str:
    counts = label_counts(part)
    listed = ", ".join(f"{label} {n}" for label, n in list(counts.items())[:_LISTED])
    more = f", and {len(counts) - _LISTED} more" if len(counts) > _LISTED else ""
    return f" ({listed}{more})"


def _listed(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - _LISTED} more" if len(labels) > _LISTED else ""
    return ", ".join(map(repr, labels[:_LISTED])) + more


def _count(n: int) -> str:
    return "1 example" if n == 1 else f"{n:,} examples"
