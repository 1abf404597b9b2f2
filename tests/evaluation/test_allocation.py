"""Schedules of successive halving against sums by hand."""

from __future__ import annotations

from itertools import pairwise

import pytest

from duet.evaluation.allocation import Allocation, Rung, affordable_fidelity, next_rung


def test_a_fixed_number_is_the_same_for_all_whatever_there_is_to_spend() -> None:
    fixed = Allocation("fixed", examples=20)
    assert [fixed.first_examples(calls, 40, 500) for calls in (10, 800, 10**6)] == [20, 20, 20]
    assert fixed.first_examples(800, 40, 12) == 12
    assert fixed.calls(165, 500) == 3300
    assert fixed.instructions(10, 165) == 165


@pytest.mark.parametrize(
    ("calls", "instructions", "expected"),
    [(300, 80, 1), (900, 80, 3), (2700, 130, 6), (30, 80, 1), (10**6, 80, 500)],
)
def test_first_scores_take_their_share(calls: int, instructions: int, expected: int) -> None:
    assert Allocation().first_examples(calls, instructions, 500) == expected


def test_few_calls_score_few_instructions() -> None:
    assert Allocation().instructions(100, 80) == 30  # .3 of the calls, an example each
    assert Allocation().instructions(900, 80) == 80
    assert Allocation().instructions(1, 80) == 1


def test_the_rungs_of_nine_hundred_calls_are_those_computed_by_hand() -> None:
    left, survivors, scored, rungs = 660, 80, [3] * 80, []
    for number in range(4):
        rung = next_rung(left, 4 - number, survivors, scored, 500, 0.4)
        left -= sum(rung.fidelity - count for count in scored[: rung.survivors])
        survivors, scored = rung.survivors, [rung.fidelity] * rung.survivors + scored[rung.survivors :]
        rungs.append(rung)
    # 165 calls each: 32 get 5 more; of the 500 left 166 give 13 12 more; of 344 172 give 6 28 more; 176 give 3 58 more
    assert rungs == [Rung(32, 8), Rung(13, 20), Rung(6, 48), Rung(3, 106)]
    assert left == 2


def test_survivors_are_raised_to_one_fidelity_and_not_beyond_what_there_is() -> None:
    assert affordable_fidelity(100, [1, 9, 4], 10) == 10
    assert affordable_fidelity(6, [1, 9, 4], 10) == 5  # 4 + 1 calls; 6 would take 5 + 2
    assert affordable_fidelity(0, [3, 3], 10) == 3
    assert affordable_fidelity(10, [], 10) == 10


def test_at_least_two_are_told_apart_and_never_more_than_there_are() -> None:
    assert next_rung(50, 1, 3, [1, 1, 1], 20, 0.1).survivors == 2
    assert next_rung(50, 1, 1, [1], 20, 0.4).survivors == 1


def test_fewer_survivors_get_more_examples() -> None:
    fidelities, left, survivors, scored = [], 5000, 200, [1] * 200
    for number in range(4):
        rung = next_rung(left, 4 - number, survivors, scored, 10**6, 0.4)
        left -= sum(rung.fidelity - count for count in scored[: rung.survivors])
        survivors, scored = rung.survivors, [rung.fidelity] * rung.survivors + scored[rung.survivors :]
        fidelities.append(rung.fidelity)
    assert all(first < second for first, second in pairwise(fidelities))
    assert left >= 0


@pytest.mark.parametrize(
    "wrong", [{"examples": 0}, {"rungs": 0}, {"first_share": 0.0}, {"first_share": 1.0}, {"keep": 1.0}, {"keep": 0.0}]
)
def test_wrong_arguments_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"Expected allocation.*{next(iter(wrong))}"):
        Allocation(**wrong)  # type: ignore[arg-type]
