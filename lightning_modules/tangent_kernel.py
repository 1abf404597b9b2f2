"""The tangent kernel of the score predictor's network at infinite width: how alike two instructions are to it.

A network whose weights move little while it is fitted predicts as a Gaussian process whose kernel is the product of its
gradients, g(x) . g(x') (Jacot et al. 2018, arXiv 1806.07572), the kernel of NeuralUCB (Zhou et al. 2020). At infinite
width it no longer depends on the weights that were drawn and has a closed form for ReLU (Cho and Saul 2009; Arora et
al. 2019, arXiv 1904.11955, section 3). It is scaled to a unit diagonal.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

BIAS = 0.25  # variance of a bias beside that of the weights' products: how much all instructions have in common


def tangent_kernel(left: Tensor, right: Tensor, depth: int) -> Tensor:
    """The similarity of every pair of rows.

    Args:
        left: (n, d), standardised.
        right: (m, d), standardised.
        depth: hidden layers.

    Returns:
        (n, m) in [-1, 1], float64; 1 for equal rows.

    >>> rows = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> tangent_kernel(rows, rows, depth=1).round(decimals=3).tolist()
    [[1.0, 0.445], [0.445, 1.0]]
    """
    width, left, right = left.shape[1], left.double(), right.double()  # of equal rows, rounding would be magnified
    mine, theirs = (rows.square().sum(1) / width + BIAS for rows in (left, right))  # (n,), (m,)
    product = left @ right.T / width + BIAS  # (n, m): sums of a layer
    gradient, size = product, (mine[:, None] * theirs).sqrt()
    norms = [mine, theirs]
    for _ in range(depth):
        angle = torch.arccos((product / size).clamp(-1, 1))
        active = 1 - angle / math.pi  # how often both units are on
        product = size * (angle.sin() / math.pi + angle.cos() * active) + BIAS
        gradient = gradient * active + product
        mine, theirs = mine + BIAS, theirs + BIAS
        size = (mine[:, None] * theirs).sqrt()
        norms = [norms[0] + mine, norms[1] + theirs]
    return gradient / (norms[0][:, None] * norms[1]).sqrt()
