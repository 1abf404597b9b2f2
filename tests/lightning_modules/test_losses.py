"""The losses against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from lightning_modules import losses

BEST = torch.tensor([3.0, 4.0])
ROWS = torch.tensor([[3.0, 4.0], [-3.0, -4.0], [4.0, -3.0]])  # cosines 1, -1, 0
REWARDS = torch.tensor([1.0, 0.0, 0.5])
SIGMOID_1 = 0.7310585786  # 1 / (1 + e^-1)
SIGMOID_4 = 0.9820137900  # 1 / (1 + e^-4)


def test_regression_is_sklearns_weighted_mean_squared_error() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    predicted, rewards = torch.tensor([0.1, 0.7, 0.4]), torch.tensor([0.3, 0.2, 0.9])
    weights = torch.tensor([0.5, 2.0, 0.5])
    expected = metrics.mean_squared_error(rewards.numpy(), predicted.numpy(), sample_weight=weights.numpy())
    assert losses.regression_loss(predicted, rewards, weights).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sigmoid_cosine", ((1 - SIGMOID_1) + SIGMOID_1 + 0.5) / 3),
        ("log_sigmoid_cosine", (0.3132616875 + 1.3132616875 + math.log(2)) / 3),
        ("reward_contrast", 2 * (1 - SIGMOID_4) ** 2 / 3),
        ("none", 0.0),
    ],
)
def test_each_similarity_has_its_hand_computed_value(name: str, expected: float) -> None:
    assert losses.SIMILARITIES[name](ROWS, BEST, REWARDS).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", losses.SIMILARITIES)
@pytest.mark.parametrize("zeros", ["rows", "best", "both"])
def test_zero_vectors_give_neither_nan_loss_nor_nan_gradient(name: str, zeros: str) -> None:
    rows = (ROWS * float(zeros == "best")).requires_grad_()
    loss = losses.SIMILARITIES[name](rows, BEST * float(zeros == "rows"), REWARDS)
    assert loss.isfinite()
    if name != "none":
        loss.backward()  # type: ignore[no-untyped-call]
        assert rows.grad is not None
        assert rows.grad.isfinite().all()


@pytest.mark.parametrize("name", losses.SIMILARITIES)
def test_no_rows_give_zero(name: str) -> None:
    assert losses.SIMILARITIES[name](ROWS[:0], BEST, REWARDS[:0]).item() == 0


@pytest.mark.parametrize("name", ["sigmoid_cosine", "log_sigmoid_cosine", "reward_contrast"])
def test_the_best_row_is_held_fixed(name: str) -> None:
    rows, best = ROWS.clone().requires_grad_(), torch.tensor([1.0, 2.0], requires_grad=True)
    losses.SIMILARITIES[name](rows, best, REWARDS).backward()  # type: ignore[no-untyped-call]
    assert best.grad is None
    assert rows.grad is not None
    assert rows.grad.abs().sum() > 0


def test_descending_the_similarity_turns_rows_towards_the_best() -> None:
    rows = torch.tensor([[1.0, 0.0]], requires_grad=True)
    losses.sigmoid_cosine(rows, BEST, REWARDS).backward()  # type: ignore[no-untyped-call]
    assert rows.grad is not None
    turned = rows.detach() - rows.grad
    assert functional.cosine_similarity(turned, BEST[None]) > 0.6  # what it was: 3 / 5


def _sizes(regression: float, similarity: float, iteration: int = 0) -> losses.Sizes:
    """With gradients of norm 3 and 4."""
    norms = torch.tensor(3.0), torch.tensor(4.0)
    return losses.Sizes(torch.tensor(regression), torch.tensor(similarity), *norms, torch.tensor(iteration))


def _weight(name: str, regression: float, similarity: float, iteration: int = 0) -> Tensor:
    return losses.WEIGHTS[name](_sizes(regression, similarity, iteration), 0.5, 0.1)


@pytest.mark.parametrize(
    ("name", "regression", "similarity", "iteration", "expected"),
    [
        ("gradient_balance", 0.8, 0.3, 7, 0.375),  # .5 * 3 / 4
        ("balance", 0.8, 0.3, 7, 1.0),  # .5 * .8 / (.3 + .1)
        ("exponential", 0.8, 0.3, 0, 0.5),
        ("exponential", 0.8, 0.3, 10, 0.18393972),  # .5 / e
        ("clamp", 0.06, 0.3, 0, 0.2),
        ("clamp", 0.8, 0.3, 0, 0.5),
        ("clamp", 0.003, 0.3, 0, 0.1),
        ("constant", 0.8, 0.3, 7, 0.5),
        ("none", 0.8, 0.3, 7, 0.0),
    ],
)
def test_each_weight_has_its_hand_computed_value(
    name: str, regression: float, similarity: float, iteration: int, expected: float
) -> None:
    assert _weight(name, regression, similarity, iteration).item() == pytest.approx(expected, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("name", losses.WEIGHTS)
@pytest.mark.parametrize("regression", [0.0, 0.8])
def test_a_vanished_similarity_leaves_the_weighted_loss_finite(name: str, regression: float) -> None:
    zero = torch.tensor(0.0)
    sizes = losses.Sizes(torch.tensor(regression), zero, torch.tensor(regression), zero, torch.tensor(1))
    weight = losses.WEIGHTS[name](sizes, 1.0, 0.0)
    assert (weight * zero).item() == 0
    assert sizes.share(weight).item() == 0


@pytest.mark.parametrize("name", losses.WEIGHTS)
def test_no_gradient_flows_through_a_weight(name: str) -> None:
    regression, similarity = torch.tensor(0.8, requires_grad=True), torch.tensor(0.3, requires_grad=True)
    sizes = losses.Sizes(regression, similarity, regression * 2, similarity * 2, torch.tensor(3))
    assert not losses.WEIGHTS[name](sizes, 0.5, 0.1).requires_grad


def test_the_share_is_of_the_sum_of_both_gradients() -> None:
    assert _sizes(0.8, 0.3).share(torch.tensor(0.75)).item() == 0.5  # 3 of 6


def test_gradient_norms_are_those_of_a_quadratic_and_of_nothing() -> None:
    phi = torch.tensor([[3.0, 4.0]], requires_grad=True)
    assert [norm.item() for norm in losses.gradient_norms((phi.square().sum(), torch.tensor(1.0)), phi)] == [10, 0]
