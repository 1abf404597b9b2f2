"""Sets the weights at which a fit starts: drawn ones, or those of an earlier predictor."""

from __future__ import annotations

import math
import pickle
import zipfile
from pathlib import Path

import torch
from torch import Tensor, nn

PREFIX = "network."  # of the network's entries in a predictor's checkpoint


def build_network(feature_size: int, depth: int, width: int) -> nn.Sequential:
    """``depth`` hidden layers of ``width`` ReLU units and one output.

    >>> [tuple(weights.shape) for weights in build_network(5, depth=1, width=3).parameters()]
    [(3, 5), (3,), (1, 3), (1,)]
    """
    layers: list[nn.Module] = []
    for inputs in [feature_size] + [width] * (depth - 1):
        layers += [nn.Linear(inputs, width), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, 1))


def default_weights(network: nn.Sequential, seed: int) -> dict[str, Tensor]:
    """PyTorch's own initial weights of linear layers, from a stream of their own; drawn on the CPU for any device."""
    generator = torch.Generator().manual_seed(seed)
    state: dict[str, Tensor] = {}
    for name, layer in network.named_children():
        if isinstance(layer, nn.Linear):
            weight, bias = torch.empty(layer.weight.shape), torch.empty(layer.bias.shape)
            state[f"{name}.weight"] = nn.init.kaiming_uniform_(weight, a=math.sqrt(5), generator=generator)
            bound = 1 / math.sqrt(layer.in_features)
            state[f"{name}.bias"] = nn.init.uniform_(bias, -bound, bound, generator=generator)
    return state


def normal_weights(network: nn.Sequential, seed: int) -> dict[str, Tensor]:
    """N(0, 1) for every weight and bias, as in INSTINCT; on the CPU."""
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(value.shape, generator=generator) for name, value in network.state_dict().items()}


INITIAL_WEIGHTS = {"default": default_weights, "normal": normal_weights}


def former_weights(path: str, network: nn.Sequential) -> dict[str, Tensor]:
    """The weights of a former predictor of the same shape, from its checkpoint.

    Args:
        path: a checkpoint written by Lightning during a fit of `ScorePredictor`.
        network: the network that is to take them.

    Raises:
        ValueError: no such file, not such a checkpoint, or a network of another shape.
    """
    entries = former_state(path)
    state = {name.removeprefix(PREFIX): value for name, value in entries.items() if name.startswith(PREFIX)}
    if state.keys().isdisjoint(network.state_dict()):
        raise ValueError(f"Expected the checkpoint of a score predictor but {path} contains none")
    expected, found = _describe(network.state_dict()), _describe(state)
    if expected != found:
        raise ValueError(f"Expected a predictor with {expected} but {path} has {found}")
    return state


def former_state(path: str) -> dict[str, Tensor]:
    """A former predictor's ``state_dict``, loaded from its checkpoint without running code from it.

    Raises:
        ValueError: no such file, or not a checkpoint.
    """
    if not Path(path).is_file():
        raise ValueError(f"Expected the checkpoint of an earlier predictor but there is no file {path}")
    if not zipfile.is_zipfile(path):  # what torch.save writes
        raise ValueError(f"Expected the checkpoint of an earlier predictor but {path} is not a checkpoint")
    problem = ValueError(f"Expected the checkpoint of an earlier predictor but {path} is not a checkpoint")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    except (RuntimeError, pickle.UnpicklingError, KeyError, TypeError) as error:
        raise problem from error
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise problem
    return state


def _describe(state: dict[str, Tensor]) -> str:
    """The shape of a network in words.

    >>> _describe(build_network(5, depth=2, width=3).state_dict())
    'feature width 5, 2 hidden layers of 3'
    """
    weights = [value for value in state.values() if value.dim() == 2]
    hidden = sorted({value.shape[0] for value in weights[:-1]})
    return f"feature width {weights[0].shape[1]}, {len(weights) - 1} hidden layers of {', '.join(map(str, hidden))}"
