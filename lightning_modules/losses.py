"""The loss of the score predictor, L = L_reg + lambda * L_sim (section 3.3): pure tensor functions.

The similarity terms act on the network's own representation phi, its last hidden layer: on the frozen embedding z they
would have no gradient in the weights. The registries give each its name in the configuration.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

Similarity = Callable[[Tensor, Tensor, Tensor], Tensor]


class Sizes(NamedTuple):
    """The quantities that the weight of L_sim can follow, each () and held fixed.

    Args:
        regression: L_reg.
        similarity: L_sim.
        regression_gradient: norm of L_reg's gradient in phi, the representation on which both losses act.
        similarity_gradient: norm of L_sim's.
        iteration: of the search.
    """

    regression: Tensor
    similarity: Tensor
    regression_gradient: Tensor
    similarity_gradient: Tensor
    iteration: Tensor

    def share(self, weight: Tensor) -> Tensor:
        """(), L_sim's share of the gradient in phi if it is weighted so; 0 without any gradient.

        >>> sizes = Sizes(*map(torch.tensor, (0.0, 0.0, 3.0, 2.0, 0.0)))
        >>> sizes.share(torch.tensor(0.5))
        tensor(0.2500)
        """
        mine = weight * self.similarity_gradient
        return _quotient(mine, mine + self.regression_gradient)


Weight = Callable[[Sizes, float, float], Tensor]

CONTRAST_SLOPE = 4.0  # of the sigmoid in reward_contrast: cos = -1 means a reward of .02, cos = 1 one of .98


def regression_loss(predicted: Tensor, rewards: Tensor, weights: Tensor) -> Tensor:
    """Mean squared error over the scored rows, the surer ones first: L_reg of section 3.3.

    Args:
        predicted: (n,).
        rewards: (n,), on the same scale.
        weights: (n,), mean 1; the paper's are all 1.

    Returns:
        ().

    >>> regression_loss(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]), torch.tensor([1.5, 0.5]))
    tensor(1.)
    """
    return (weights * (predicted - rewards).square()).mean()


def gradient_norms(losses: tuple[Tensor, Tensor], representation: Tensor) -> tuple[Tensor, Tensor]:
    """The norm of each loss's gradient in phi, (); 0 for a loss that does not depend on it.

    Args:
        losses: L_reg and L_sim.
        representation: (n, h), phi of the rows, on which both act: the last shared layer, as in GradNorm (Chen et al.
            2018, arXiv 1711.02257).
    """
    first, second = (_gradient_norm(loss, representation) for loss in losses)
    return first, second


def _gradient_norm(loss: Tensor, representation: Tensor) -> Tensor:
    if not (loss.requires_grad and representation.requires_grad):
        return representation.new_zeros(())
    (gradient,) = torch.autograd.grad(loss, representation, retain_graph=True)
    norm: Tensor = gradient.norm()
    return norm


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


def gradient_balance(sizes: Sizes, alpha: float, beta: float) -> Tensor:
    """``alpha |dL_reg/dphi| / |dL_sim/dphi|``: L_sim's share of the gradient in phi stays alpha / (1 + alpha).

    Ours: the paper's balance of the losses vanishes with L_reg, and its gradient sooner.

    Args:
        sizes: of the losses and gradients.
        alpha: L_sim's gradient as a share of L_reg's.
        beta: not used.

    Returns:
        (), the weight lambda, without a gradient.

    >>> gradient_balance(Sizes(*map(torch.tensor, (0.0, 0.0, 3.0, 2.0, 0.0))), alpha=0.1, beta=0.0)
    tensor(0.1500)
    """
    return _quotient(alpha * sizes.regression_gradient, sizes.similarity_gradient)


def balance(sizes: Sizes, alpha: float, beta: float) -> Tensor:
    """``alpha * sg(L_reg) / (sg(L_sim) + beta)``, sg = stop-gradient: lambda L_sim is about alpha L_reg (section 3.3).

    Arguments as for `gradient_balance`.

    >>> balance(Sizes(*map(torch.tensor, (2.0, 0.5, 0.0, 0.0, 1.0))), alpha=0.1, beta=0.0)
    tensor(0.4000)
    """
    return _quotient(alpha * sizes.regression, sizes.similarity + beta)


def exponential(sizes: Sizes, alpha: float, beta: float) -> Tensor:
    """``alpha * exp(-beta * iteration)``: the constraint fades while rewards come in. Arguments as above."""
    return alpha * torch.exp(-beta * sizes.iteration)


def clamp(sizes: Sizes, alpha: float, beta: float) -> Tensor:
    """``clamp(sg(L_reg) / sg(L_sim), beta, alpha)``: equal parts, within bounds. Arguments as above."""
    return torch.clamp(_quotient(sizes.regression, sizes.similarity), beta, alpha)


def constant(sizes: Sizes, alpha: float, beta: float) -> Tensor:
    """``alpha``: the fixed weights of Table 5. Arguments as above."""
    return sizes.regression.new_tensor(alpha)


def no_weight(sizes: Sizes, alpha: float, beta: float) -> Tensor:
    """0: L_sim is measured but not trained. Arguments as above."""
    return torch.zeros_like(sizes.regression)


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
    "gradient_balance": gradient_balance,
    "balance": balance,
    "exponential": exponential,
    "clamp": clamp,
    "constant": constant,
    "none": no_weight,
}
