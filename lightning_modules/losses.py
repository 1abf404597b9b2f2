"""The loss of the score predictor, L = L_reg + lambda * L_sim (section 3.3): pure tensor functions.

The similarity terms act on the network's own representation phi, its last hidden layer: on the frozen embedding z they
would have no gradient in the weights. The registries give each its name in the configuration.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Similarity = Callable[[Tensor, Tensor, Tensor], Tensor]
Weight = Callable[[Tensor, Tensor, float, float, Tensor], Tensor]

CONTRAST_SLOPE = 4.0  # of the sigmoid in reward_contrast: cos = -1 means a reward of .02, cos = 1 one of .98


def regression_loss(predicted: Tensor, rewards: Tensor) -> Tensor:
    """Mean squared error over the scored rows: L_reg of section 3.3.

    Args:
        predicted: (n,).
        rewards: (n,), on the same scale.

    Returns:
        ().

    >>> regression_loss(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
    tensor(2.)
    """
    return (predicted - rewards).square().mean()


def cosine(representation: Tensor, best: Tensor) -> Tensor:
    """Cosine of every row with the best instruction's row; 0 where either is the zero vector.

    Args:
        representation: (n, h), phi of the rows.
        best: (h,), phi of the best instruction; held fixed, so the rows move to it and not it to the rows.

    Returns:
        (n,) in [-1, 1].

    >>> cosine(torch.tensor([[2.0, 0.0], [0.0, 0.0]]), torch.tensor([1.0, 0.0]))
    tensor([1., 0.])
    """
    return functional.cosine_similarity(representation, best.detach(), dim=-1)


def sigmoid_cosine(representation: Tensor, best: Tensor, rewards: Tensor) -> Tensor:
    """``mean(1 - sigmoid(cos))``: L_sim of section 3.3.

    Args:
        representation: (n, h), phi of the rows.
        best: (h,), phi of the best instruction so far.
        rewards: (n,), not used.

    Returns:
        (), 0 without rows.
    """
    return _mean(1 - torch.sigmoid(cosine(representation, best)))


def log_sigmoid_cosine(representation: Tensor, best: Tensor, rewards: Tensor) -> Tensor:
    """``mean(-log sigmoid(cos))``: section 3.3 read as a likelihood. Arguments as for `sigmoid_cosine`."""
    return _mean(-functional.logsigmoid(cosine(representation, best)))


def reward_contrast(representation: Tensor, best: Tensor, rewards: Tensor) -> Tensor:
    """``mean((sigmoid(4 cos) - r)^2)``: closeness to the best follows the reward. Ours, not the paper's.

    Args:
        representation: (n, h), phi of the rows.
        best: (h,), phi of the best instruction so far.
        rewards: (n,), raw, in [0, 1].

    Returns:
        (), 0 without rows.
    """
    return _mean((torch.sigmoid(CONTRAST_SLOPE * cosine(representation, best)) - rewards).square())


def no_similarity(representation: Tensor, best: Tensor, rewards: Tensor) -> Tensor:
    """0: the ablation without the similarity constraint (Table 2, Figures 4 and 6)."""
    return representation.new_zeros(())


def _mean(values: Tensor) -> Tensor:
    """Mean of (n,); 0 for n = 0, where torch's is NaN."""
    return values.sum() / max(len(values), 1)


def balance(regression: Tensor, similarity: Tensor, alpha: float, beta: float, iteration: Tensor) -> Tensor:
    """``alpha * sg(L_reg) / (sg(L_sim) + beta)``, sg = stop-gradient: lambda L_sim is about alpha L_reg (section 3.3).

    Args:
        regression: (), L_reg.
        similarity: (), L_sim.
        alpha: share of the regression loss.
        beta: keeps the quotient small where L_sim vanishes.
        iteration: (), not used.

    Returns:
        (), the weight lambda, without a gradient.

    >>> balance(torch.tensor(2.0), torch.tensor(0.5), alpha=0.1, beta=0.0, iteration=torch.tensor(1))
    tensor(0.4000)
    """
    return _quotient(alpha * regression, similarity + beta)


def exponential(regression: Tensor, similarity: Tensor, alpha: float, beta: float, iteration: Tensor) -> Tensor:
    """``alpha * exp(-beta * iteration)``: the constraint fades while rewards come in. Arguments as for `balance`."""
    return alpha * torch.exp(-beta * iteration)


def clamp(regression: Tensor, similarity: Tensor, alpha: float, beta: float, iteration: Tensor) -> Tensor:
    """``clamp(sg(L_reg) / sg(L_sim), beta, alpha)``: equal parts, within bounds. Arguments as for `balance`."""
    return torch.clamp(_quotient(regression, similarity), beta, alpha)


def constant(regression: Tensor, similarity: Tensor, alpha: float, beta: float, iteration: Tensor) -> Tensor:
    """``alpha``: the fixed weights of Table 5. Arguments as for `balance`."""
    return regression.new_tensor(alpha)


def no_weight(regression: Tensor, similarity: Tensor, alpha: float, beta: float, iteration: Tensor) -> Tensor:
    """0: L_sim is measured but not trained. Arguments as for `balance`."""
    return regression.new_zeros(())


def _quotient(numerator: Tensor, denominator: Tensor) -> Tensor:
    """``sg(numerator / denominator)``, finite where the denominator is 0: infinity times L_sim = 0 would be NaN."""
    return numerator.detach() / denominator.detach().clamp(min=torch.finfo(denominator.dtype).eps)


SIMILARITIES: dict[str, Similarity] = {
    "sigmoid_cosine": sigmoid_cosine,
    "log_sigmoid_cosine": log_sigmoid_cosine,
    "reward_contrast": reward_contrast,
    "none": no_similarity,
}

WEIGHTS: dict[str, Weight] = {
    "balance": balance,
    "exponential": exponential,
    "clamp": clamp,
    "constant": constant,
    "none": no_weight,
}
