"""Divisions: disjoint, nested, moved by the seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from duet.examples.example import Example, TaskError
from duet.examples.labels import label_counts
from duet.tasks.splits import PUBLISHED, SplitSettings, distinct, split


def examples(*inputs: object) -> list[Example]:
    return [Example(str(each), (f"answer {each}",)) for each in inputs]


def random_sets(seed: int) -> tuple[list[Example], list[Example] | None]:
    """Training and test examples of random sizes, with repeated inputs, inputs in both sets, and blanks around."""
    draw = random.Random(seed)
    train = examples(*range(4), *(draw.randrange(400) for _ in range(draw.randrange(400))))
    test = examples(*(f" {draw.randrange(4, 600)}\n" for _ in range(draw.randrange(1, 150))))
    return train, test if draw.random() < 0.7 else None


@pytest.mark.parametrize("seed", range(40))
def test_no_input_occurs_in_two_parts_and_none_is_empty(seed: int) -> None:
    train, test = random_sets(seed)
    parts = split(train, test, seed)
    shown, searched, kept = (
        {example.input.strip() for example in part} for part in (parts.demonstrations, parts.validation, parts.test)
    )
    assert shown
    assert searched
    assert kept
    assert not shown & searched
    assert not shown & kept
    assert not searched & kept
    assert len(shown) == len(parts.demonstrations)
    assert len(searched) == len(parts.validation)


@pytest.mark.parametrize("seed", range(40))
def test_nothing_is_lost_or_invented(seed: int) -> None:
    train, test = random_sets(seed)
    parts = split(train, test, seed)
    used = parts.demonstrations + parts.validation + (parts.test if test is None else ())
    assert sorted(used, key=lambda each: each.input) == sorted(distinct(train, test or ()), key=lambda each: each.input)


@pytest.mark.parametrize(("n", "demonstrations"), [(4, 2), (17, 8), (199, 99), (200, 100), (5000, 100)])
def test_half_of_the_examples_but_at_most_a_hundred_are_shown(n: int, demonstrations: int) -> None:
    parts = split(examples(*range(n)), examples("test"), 0)
    assert len(parts.demonstrations) == demonstrations
    assert len(parts.validation) == n - demonstrations


def test_the_test_set_is_the_first_hundred_as_published_whatever_the_seed() -> None:
    test = examples(*(f"t{index}" for index in range(150)), "t3")
    assert all(split(examples(*range(9)), test, seed).test == tuple(test[:100]) for seed in range(3))


def test_examples_that_are_tested_beyond_the_first_hundred_are_not_searched_on_either() -> None:
    parts = split(examples(*range(10), "t120"), examples(*(f"t{index}" for index in range(150))), 0)
    assert "t120" not in {example.input for example in parts.demonstrations + parts.validation}


@pytest.mark.parametrize("test", [examples("x"), None])
def test_the_seed_moves_the_split_and_repeats_it(test: list[Example] | None) -> None:
    train = examples(*range(60))
    assert split(train, test, 1) == split(train, test, 1)
    assert set(split(train, test, 0).demonstrations) != set(split(train, test, 1).demonstrations)
    assert split(train, test, 0).validation[:5] != split(train, test, 1).validation[:5]


def test_without_a_test_set_the_seed_moves_what_is_held_out() -> None:
    train = examples(*range(60))
    assert len(split(train, None, 0).test) == 12
    assert set(split(train, None, 0).test) != set(split(train, None, 1).test)


def test_validation_is_in_random_order_so_that_its_beginning_is_a_sample() -> None:
    validation = split(examples(*range(1000)), examples("x"), 0).validation
    numbers = [int(example.input) for example in validation]
    assert numbers != sorted(numbers)
    assert 350 < sum(numbers[:100]) / 100 < 650


def test_a_seed_means_the_same_division_for_ever() -> None:
    parts = split(examples(*range(8)), None, 0, replace(PUBLISHED, test_share=0.25))
    order = list(range(8))
    random.Random(0).shuffle(order)
    found = [int(example.input) for example in parts.test + parts.demonstrations + parts.validation]
    assert found == order == [4, 1, 5, 2, 0, 3, 7, 6]


@pytest.mark.parametrize("share", [0.001, 0.2, 0.999])
def test_any_share_leaves_something_to_show_and_to_search_on(share: float) -> None:
    parts = split(examples(*range(4)), None, 0, replace(PUBLISHED, test_share=share))
    assert parts.test
    assert parts.demonstrations
    assert parts.validation


def test_fewer_than_four_usable_examples_are_refused() -> None:
    with pytest.raises(TaskError, match="at least 4 usable training examples but found 3"):
        split(examples(1, 2, 3, 3, 4), examples(4), 0)


def test_the_arguments_are_left_alone() -> None:
    train, test = examples(3, 1, 2, 0), examples(9)
    split(train, test, 0)
    assert (train, test) == (examples(3, 1, 2, 0), examples(9))


STRATIFIED = SplitSettings()


def labelled(part: str = "train", **counts: int) -> list[Example]:
    """Sorted by label, as an export often is."""
    return [Example(f"{part} {label} {number}", (label,)) for label, n in counts.items() for number in range(n)]


def shares(part: Sequence[Example]) -> dict[str, float]:
    return {label: n / len(part) for label, n in sorted(label_counts(part).items())}


@pytest.mark.parametrize("seed", range(20))
def test_a_file_that_is_sorted_by_label_has_every_label_in_every_part(seed: int) -> None:
    parts = split(
        labelled(billing=240, refund=120, other=40),
        labelled("test", billing=300, refund=150, other=50),
        seed,
        STRATIFIED,
    )
    for part in (parts.demonstrations, parts.validation, parts.test, parts.validation[:20]):
        assert shares(part) == pytest.approx({"billing": 0.6, "other": 0.1, "refund": 0.3}, abs=0.06)
    assert len(parts.test) == 100


@pytest.mark.parametrize("seed", range(20))
def test_a_held_out_test_set_is_stratified_too(seed: int) -> None:
    parts = split(labelled(a=40, b=20), None, seed, STRATIFIED)
    assert label_counts(parts.test) == {"a": 8, "b": 4}


def test_the_seed_draws_the_test_set_of_a_larger_file_and_max_test_says_how_many() -> None:
    train, test = examples(*range(9)), examples(*(f"t{number}" for number in range(500)))
    drawn = [split(train, test, seed, replace(STRATIFIED, max_test=40)).test for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0]) & set(drawn[2])) < 20
    assert all(len(set(each)) == 40 and set(each) <= set(test) for each in drawn)


def test_a_test_set_that_is_small_enough_is_taken_as_it_is_without_repeated_inputs() -> None:
    test = examples("x", "y", "x", "z")
    assert split(examples(*range(9)), test, 0, STRATIFIED).test == tuple(examples("x", "y", "z"))


@pytest.mark.parametrize("seed", range(30))
def test_every_label_that_can_be_shown_is_shown(seed: int) -> None:
    train = labelled(common=150, second=40, rare=2, single=1)
    shown = label_counts(split(train, labelled("test", common=9), seed, STRATIFIED).demonstrations)
    assert set(shown) == {"common", "second", "rare", "single"}


def test_a_validation_file_is_searched_on_and_the_training_file_shown() -> None:
    train, searched, tested = examples(*range(300), "v1"), examples("v0", "v1", "t0"), examples("t0", "t1")
    parts = split(train, tested, 0, STRATIFIED, searched)
    assert set(parts.validation) == set(examples("v0", "v1"))
    assert parts.test == tuple(tested)
    assert len(parts.demonstrations) == 100
    assert not set(parts.demonstrations) & set(searched)


def test_outputs_that_do_not_repeat_are_divided_as_published() -> None:
    train = examples(*range(60))
    assert split(train, None, 3, STRATIFIED) == split(train, None, 3, PUBLISHED)
