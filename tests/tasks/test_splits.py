"""Divisions: disjoint, nested, moved by the seed."""

from __future__ import annotations

import random

import pytest

from duet.tasks.example import Example, TaskError
from duet.tasks.splits import distinct, split


def examples(*inputs: object) -> list[Example]:
    return [Example(str(one), (f"answer {one}",)) for one in inputs]


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
        {one.input.strip() for one in part} for part in (parts.demonstrations, parts.validation, parts.test)
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
    assert sorted(used, key=lambda one: one.input) == sorted(distinct(train, test or ()), key=lambda one: one.input)


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
    assert "t120" not in {one.input for one in parts.demonstrations + parts.validation}


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
    numbers = [int(one.input) for one in validation]
    assert numbers != sorted(numbers)
    assert 350 < sum(numbers[:100]) / 100 < 650


def test_a_seed_means_the_same_division_for_ever() -> None:
    parts = split(examples(*range(8)), None, 0, test_share=0.25)
    order = list(range(8))
    random.Random(0).shuffle(order)
    found = [int(one.input) for one in parts.test + parts.demonstrations + parts.validation]
    assert found == order == [4, 1, 5, 2, 0, 3, 7, 6]


@pytest.mark.parametrize("share", [0.001, 0.2, 0.999])
def test_any_share_leaves_something_to_show_and_to_search_on(share: float) -> None:
    parts = split(examples(*range(4)), None, 0, test_share=share)
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
