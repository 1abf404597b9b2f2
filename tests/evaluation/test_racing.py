"""Who goes on in a race, against sums over every sequence of marks and against scipy."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence

import pytest
from scipy import integrate

from duet.evaluation.racing import Racing, chance_to_reach


@pytest.mark.parametrize(("needed", "scores", "total"), [(9, [1, 0, 1], 12), (5, [0, 0, 0, 1], 9), (7, [1.0] * 5, 10)])
def test_the_chance_is_the_integral_over_the_unknown_rate(needed: int, scores: list[float], total: int) -> None:
    got, left = sum(scores), total - len(scores)

    def weight(rate: float) -> float:  # the rate's density after the marks, but for a constant
        return rate**got * (1 - rate) ** (len(scores) - got)

    def reached(rate: float) -> float:
        futures = (sum(one) for one in itertools.product((0, 1), repeat=left))
        return weight(rate) * sum(rate**more * (1 - rate) ** (left - more) for more in futures if got + more >= needed)

    expected = integrate.quad(reached, 0, 1)[0] / integrate.quad(weight, 0, 1)[0]
    assert chance_to_reach(needed, scores, total) == pytest.approx(expected, rel=1e-6)


def test_what_is_reached_is_certain_and_what_cannot_be_reached_is_not() -> None:
    assert chance_to_reach(1, [1.0], 5) == 1.0
    assert chance_to_reach(5, [0.0], 5) == 0.0
    assert 0 < chance_to_reach(4.5, [0.5], 5) < chance_to_reach(3.5, [0.5], 5) < 1


def test_without_a_least_chance_all_examples_are_one_round() -> None:
    assert Racing(0.0).next_round([[], []], 20, 1.0) == {0: range(20), 1: range(20)}
    assert Racing(0.0).next_round([[0.0] * 20, [1.0] * 20], 20, 0.0) == {}


def test_the_first_round_is_everyones() -> None:
    assert Racing(0.1, 3).next_round([[], None, []], 4, 1.0) == {0: range(3), 2: range(3)}


def test_the_last_round_is_what_is_left() -> None:
    assert Racing(0.01, 3).next_round([[1.0] * 3], 4, 0.0) == {0: range(3, 4)}


def test_who_was_broken_off_goes_on_when_the_leader_falls_behind() -> None:
    racing, behind = Racing(0.05), [1.0, 1.0, 0.0, 0.0, 0.0]
    leader = [1.0] * 5
    assert racing.next_round([leader, behind], 20, 0.0) == {0: range(5, 10)}
    assert racing.next_round([leader + [0.0] * 5, behind], 20, 0.0) == {0: range(10, 15), 1: range(5, 10)}


def _raced(racing: Racing, truth: Sequence[Sequence[float]], best: float) -> list[list[float]]:
    total, scores = len(truth[0]), [list[float]() for _ in truth]
    while rounds := racing.next_round(scores, total, best):
        for place, block in rounds.items():
            scores[place] += [truth[place][one] for one in block]
    return scores


@pytest.mark.parametrize("racing", [Racing(0.01), Racing(0.001, 1), Racing(0.19, 1), Racing(0.1, 7)])
@pytest.mark.parametrize("mark", [lambda rate: float(random.random() < rate), lambda rate: rate])
def test_no_one_who_was_broken_off_is_ahead_of_the_best(racing: Racing, mark: Callable[[float], float]) -> None:
    random.seed(0)
    for _ in range(40):
        total, best = random.choice([1, 6, 20, 90]), random.choice([0.0, 0.5, 1.0])
        truth = [[mark(rate) for _ in range(total)] for rate in (random.random() for _ in range(random.randint(1, 6)))]
        scores = _raced(racing, truth, best)
        assert all(row == whole[: len(row)] for row, whole in zip(scores, truth, strict=True))
        winner = max([best, *(sum(row) / total for row in scores if len(row) == total)])
        assert all(sum(row) / len(row) <= winner + 1e-12 for row in scores)


def test_racing_saves_most_marks_and_seldom_the_best_instruction() -> None:
    random.seed(1)
    paid = lost = 0.0
    for _ in range(100):
        truth = [[float(random.random() < rate) for _ in range(20)] for rate in (random.random() for _ in range(20))]
        scores = _raced(Racing(0.01), truth, 0.0)
        paid += sum(map(len, scores)) / 400 / 100
        lost += max(map(sum, truth)) - max(sum(row) for row in scores if len(row) == 20)
    assert paid < 0.6
    assert lost <= 5  # answers in a hundred races


@pytest.mark.parametrize("options", [{"least_chance": -0.1}, {"least_chance": 0.2}, {"round": 0}])
def test_sizes_are_sensible(options: dict[str, float]) -> None:
    with pytest.raises(
        ValueError, match=r"Expected evaluation\.racing with a least_chance of at least 0 and below 0\.2"
    ):
        Racing(**options)  # type: ignore[arg-type]
