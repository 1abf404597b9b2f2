"""The scales on which features and rewards were fitted, so that a checkpoint predicts without its pool."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class Scales(nn.Module):
    """Mean and scale of each feature and of the reward; they change nothing until they are set.

    Args:
        feature_size: d.
    """

    feature_mean: Tensor
    feature_scale: Tensor
    reward_mean: Tensor
    reward_scale: Tensor

    def __init__(self, feature_size: int) -> None:
        super().__init__()
        self.register_buffer("feature_mean", torch.zeros(feature_size))
        self.register_buffer("feature_scale", torch.ones(feature_size))
        self.register_buffer("reward_mean", torch.zeros(()))
        self.register_buffer("reward_scale", torch.ones(()))

    def remember(self, batch: Mapping[str, Tensor]) -> None:
        """Takes the batch's own."""
        for name, value in self.named_buffers():
            value.copy_(batch[name])

    def standardised(self, features: Tensor) -> Tensor:
        """(n, d) raw -> (n, d)."""
        return torch.sub(features, self.feature_mean).div_(self.feature_scale)

    def raw(self, features: Tensor) -> Tensor:
        """(n, d) standardised -> (n, d)."""
        return features * self.feature_scale + self.feature_mean
