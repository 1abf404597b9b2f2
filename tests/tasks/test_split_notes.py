"""What is said about the splits."""

from __future__ import annotations

from duet.examples.example import Example
from duet.tasks.split_notes import describe_splits, split_warnings
from duet.tasks.splits import Splits


def labelled(part: str, **counts: int) -> tuple[Example, ...]:
    return tuple(Example(f"{part} {label} {number}", (label,)) for label, n in counts.items() for number in range(n))


def test_each_part_is_a_line_with_its_size_and_its_labels() -> None:
    splits = Splits(labelled("d", yes=6, no=4), labelled("v", yes=900, no=600), labelled("t", no=1, yes=2))
    assert describe_splits(splits) == (
        "demonstrations: 10 examples, shown to the model that writes instructions (yes 6, no 4)",
        "validation set: 1,500 examples, to score instructions on (yes 900, no 600)",
        "test set: 3 examples, for the final score (yes 2, no 1)",
    )


def test_many_labels_are_cut_short() -> None:
    part = labelled("d", **{f"class{number}": 9 for number in range(8)})
    assert describe_splits(Splits(part, part, part))[0].endswith("class4 9, class5 9, and 2 more)")


def test_outputs_that_are_no_labels_are_not_listed_and_not_warned_of() -> None:
    part = tuple(Example(str(number), (f"text {number}",)) for number in range(9))
    splits = Splits(part[:3], part[3:6], part[6:])
    assert describe_splits(splits)[2] == "test set: 3 examples, for the final score"
    assert split_warnings(splits) == ()


def test_two_of_sixty_positives_are_said() -> None:
    splits = Splits(labelled("d", no=20, yes=1), labelled("v", no=28), labelled("t", no=10, yes=1))
    assert split_warnings(splits) == (
        "No example of 'yes' in the validation set: 1 of 2 labels",
        "Few examples: 2 of 60 are 'yes'; a score says little about so few",
        "Always answering 'no' is right for 58 of 60 examples (97%): compare every score with that",
    )


def test_labels_that_are_not_shown_or_not_tested_are_said() -> None:
    splits = Splits(labelled("d", a=9), labelled("v", a=9, b=9, c=9), labelled("t", a=9, b=9))
    assert split_warnings(splits)[:2] == (
        "No example of 'b', 'c' in the demonstrations: 2 of 3 labels",
        "No example of 'c' in the test set: 1 of 3 labels",
    )


def test_parts_with_other_shares_are_said() -> None:
    splits = Splits(labelled("d", a=9, b=9), labelled("v", a=9, b=9), labelled("t", a=9, b=1))
    assert split_warnings(splits) == ("The splits differ: 'a' is 50% of the validation and 90% of the test set",)
