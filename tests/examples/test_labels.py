"""Which outputs are labels."""

from __future__ import annotations

import pytest

from duet.examples.example import Example
from duet.examples.labels import closed_labels, label_counts


def examples(outputs: list[str]) -> list[Example]:
    return [Example(str(index), (output,)) for index, output in enumerate(outputs)]


@pytest.mark.parametrize(
    ("outputs", "labels"),
    [
        (["yes", "no"] * 3, ("no", "yes")),
        (["A", "B", "C", "D"] * 5, ("A", "B", "C", "D")),
        ([f"class {number}" for number in range(20)] * 3, tuple(sorted(f"class {number}" for number in range(20)))),
        (["spam"] * 58 + ["ham"] * 2, ("ham", "spam")),
        (["yes", "no"] * 2, ()),  # too few to know
        (["yes"] * 9, ()),  # nothing to choose
        ([f"class {number}" for number in range(21)] * 9, ()),
        (list("abcdefghijk") * 9, ()),  # letters that are worked out
        ([str(number) for number in range(11)] * 9, ()),
        ([str(number) for number in range(1, 6)] * 9, ("1", "2", "3", "4", "5")),
        ([f"text {number}" for number in range(60)], ()),
    ],
)
def test_labels_are_few_and_come_often(outputs: list[str], labels: tuple[str, ...]) -> None:
    assert closed_labels(examples(outputs)) == labels


def test_counts_name_the_most_frequent_first() -> None:
    assert list(label_counts(examples(["a", "b", "b", "c", "c", "c"])).items()) == [("c", 3), ("b", 2), ("a", 1)]
